/* `memory:`: both sides in one reactor, with a loop and without. */
#include "harness.h"

static void try_in(plait_reactor reactor) {
    plait_factory server = line_factory(echo_line), client = line_factory(note_bytes);
    plait_listener listener = {0}, second = {0};
    plait_address address = PLAIT_ADDRESS_INIT;
    plait_conn first;

    connected_count = disconnected_count = 0;
    OK(plait_listen(reactor, "memory:chat", server, NULL, &listener));
    STATUS(plait_listen(reactor, "memory:chat", server, NULL, &second), PLAIT_ERR_IN_USE);
    OK(plait_listener_get_local(listener, &address));
    SAME(address.family, PLAIT_FAMILY_MEMORY);
    CHECK(strcmp(address.host, "chat") == 0);
    SAME(plait_listener_get_port(listener), 0);
    OK(plait_connect(reactor, "memory:chat", client, NULL, NULL, NULL, NULL));
    UNTIL(reactor, connected_count == 2);
    first = last_conn;
    /* whichever side was told last: both speak lines, the server echoes what it hears */
    OK(plait_line_send(first, (const uint8_t *)"hello", 5));
    OK(plait_reactor_poll(reactor, 0));
    OK(plait_reactor_poll(reactor, 0));
    CHECK(strstr(journal, "hello|"));
    OK(plait_conn_get_peer(first, &address));
    SAME(address.family, PLAIT_FAMILY_MEMORY);
    OK(plait_conn_close(first));
    UNTIL(reactor, disconnected_count == 2);
    CHECK(strstr(journal, "disconnected 0|disconnected 0|"));
    journal[0] = 0;
    OK(plait_listener_close(listener));
    OK(plait_listen(reactor, "memory:chat", server, NULL, &listener));
    OK(plait_connect(reactor, "memory:chat", client, NULL, NULL, NULL, NULL));
    UNTIL(reactor, connected_count == 4);
    OK(plait_conn_abort(last_conn));
    UNTIL(reactor, disconnected_count == 4);
    CHECK(strstr(journal, "disconnected PLAIT_ERR_ABORTED|"));
    OK(plait_reactor_free(reactor));
    OK(plait_factory_release(server));
    OK(plait_factory_release(client));
    journal[0] = 0;
}

int main(void) {
    try_in(new_reactor(PLAIT_REACTOR_WITHOUT_LOOP));
    try_in(new_reactor(0));
    PASSED();
}
