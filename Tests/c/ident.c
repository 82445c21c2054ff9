/* ident at the border: a server whose answers come from the host, a fixed one, and the kernel's; and a client that asks
 * it. */
#include "harness.h"
#include <pwd.h>

static plait_reactor reactor;
static plait_conn served, asking;
static uint64_t waiting[4];
static int waiting_count;

static void lookup(void *user, plait_conn conn, uint64_t query, uint32_t local, uint32_t remote) {
    (void)user;
    served = conn;
    note("lookup %u %u", local, remote);
    if (local == 1)
        OK(plait_ident_answer(conn, query, (const uint8_t *)"root", 4));
    else if (local == 2)
        OK(plait_ident_answer_error(conn, query, PLAIT_IDENT_HIDDEN_USER));
    else
        waiting[waiting_count++] = query;
}
static void on_reply(void *user, plait_conn conn, const plait_ident_reply *reply) {
    SAME(conn.id, asking.id);
    SAME(reply->struct_size, sizeof *reply);
    note("%s %d %u %.*s/%.*s/%.*s", (const char *)user, (int)reply->status, reply->error, (int)reply->system.len,
         (const char *)reply->system.data, (int)reply->charset.len, (const char *)reply->charset.data,
         (int)reply->user_id.len, (const char *)reply->user_id.data);
}
static void on_open(void *user, plait_conn conn) {
    (void)user;
    asking = conn;
}

static plait_factory server(plait_ident_server_options *options, int asks) {
    plait_factory factory = {0};
    plait_ident_server_handler handler = PLAIT_IDENT_SERVER_HANDLER_INIT;

    if (asks) handler.lookup = lookup;
    handler.release = note_release;
    OK(plait_ident_server_factory_new(&factory, options, &handler, NULL));
    return factory;
}
static plait_factory client(void) {
    plait_factory factory = {0};
    plait_ident_handler handler = PLAIT_IDENT_HANDLER_INIT;

    handler.connected = on_open;
    handler.disconnected = note_disconnected;
    OK(plait_ident_factory_new(&factory, NULL, &handler, NULL));
    return factory;
}
static plait_listener meet(plait_factory factory) {
    plait_listener listener = {0};
    char endpoint[64];
    plait_factory asker = client();

    asking.id = 0;
    snprintf(endpoint, sizeof endpoint, "tcp:127.0.0.1:%d", listen_on(reactor, factory, &listener));
    OK(plait_connect(reactor, endpoint, asker, NULL, NULL, NULL, NULL));
    OK(plait_factory_release(asker));
    OK(plait_factory_release(factory));
    UNTIL(reactor, asking.id);
    return listener;
}
static void ask(uint32_t there, uint32_t here, const char *name, plait_call *call) {
    OK(plait_ident_call(asking, there, here, 0, on_reply, (void *)name, call));
}

static void by_the_host(void) {
    plait_listener listener = meet(server(NULL, 1));
    plait_call call = {0};

    STATUS(plait_ident_call(asking, 0, 5, 0, on_reply, NULL, NULL), PLAIT_ERR_INVALID);
    STATUS(plait_ident_call(asking, 5, 65536, 0, on_reply, NULL, NULL), PLAIT_ERR_INVALID);
    STATUS(plait_ident_call(asking, 5, 5, 0, NULL, NULL, NULL), PLAIT_ERR_INVALID);
    ask(1, 10, "a", NULL);
    ask(2, 10, "b", NULL);
    UNTIL(reactor, strstr(journal, "b "));
    HEARD("lookup 1 10|lookup 2 10|a 0 0 UNIX//root|b -60 3 //HIDDEN-USER|");
    ask(3, 10, "c", NULL);
    ask(4, 10, "d", &call);
    UNTIL(reactor, waiting_count == 2);
    HEARD("lookup 3 10|lookup 4 10|");
    STATUS(plait_ident_answer(served, waiting[0], (const uint8_t *)"a\r\nb", 4), PLAIT_ERR_INVALID);
    STATUS(plait_ident_answer(served, waiting[0], (const uint8_t *)"", 0), PLAIT_ERR_INVALID);
    STATUS(plait_ident_answer_error(served, waiting[0], PLAIT_IDENT_OTHER), PLAIT_ERR_INVALID);
    STATUS(plait_ident_answer(served, 99, (const uint8_t *)"x", 1), PLAIT_ERR_ABSENT);
    OK(plait_call_cancel(call));
    OK(plait_ident_answer(served, waiting[1], (const uint8_t *)"late", 4));
    OK(plait_ident_answer(served, waiting[0], (const uint8_t *)"two words: x", 12));
    STATUS(plait_ident_answer(served, waiting[0], (const uint8_t *)"x", 1), PLAIT_ERR_ABSENT);
    UNTIL(reactor, strstr(journal, "c "));
    HEARD("d -33 0 //cancelled|c 0 0 UNIX//two words: x|");
    ask(5, 10, "e", NULL);
    UNTIL(reactor, waiting_count == 3);
    OK(plait_conn_abort(served));
    UNTIL(reactor, strstr(journal, "disconnected"));
    CHECK(strstr(journal, "lookup 5 10|e -"));
    OK(plait_listener_close(listener));
    journal[0] = 0;
}

static void fixed(void) {
    plait_ident_server_options options = PLAIT_IDENT_SERVER_OPTIONS_INIT;
    plait_listener listener;
    plait_factory factory;

    options.fixed = "a\nb";
    STATUS(plait_ident_server_factory_new(&factory, &options, NULL, NULL), PLAIT_ERR_INVALID);
    options.fixed = "nobody";
    options.system = "OTHER:X";
    STATUS(plait_ident_server_factory_new(&factory, &options, NULL, NULL), PLAIT_ERR_INVALID);
    options.system = "OTHER , UTF-8";
    options.rate = 2;
    listener = meet(server(&options, 0));
    ask(7, 8, "f", NULL);
    ask(9, 8, "g", NULL);
    ask(10, 8, "h", NULL);
    UNTIL(reactor, strstr(journal, "h "));
    CHECK(strstr(journal, "f 0 0 OTHER/UTF-8/nobody|g 0 0 OTHER/UTF-8/nobody|h "));
    OK(plait_conn_close(asking));
    UNTIL(reactor, strstr(journal, "disconnected"));
    OK(plait_listener_close(listener));
    journal[0] = 0;
}

/* Who has the client's own connection, by its server and by the kernel. */
static void by_the_kernel(void) {
    plait_ident_server_options options = PLAIT_IDENT_SERVER_OPTIONS_INIT;
    plait_listener listener = meet(server(NULL, 0));
    plait_address local = PLAIT_ADDRESS_INIT, peer = PLAIT_ADDRESS_INIT;
    struct passwd *self = getpwuid(getuid());
    char wanted[300];
    uint32_t uid = 12345;

    OK(plait_conn_get_local(asking, &local));
    OK(plait_conn_get_peer(asking, &peer));
    ask(peer.port, local.port, "k", NULL);
    ask(peer.port, 1, "n", NULL);
    UNTIL(reactor, strstr(journal, "n "));
    snprintf(wanted, sizeof wanted, "k 0 0 UNIX//%s|n -60 2 //NO-USER|", self ? self->pw_name : "?");
    if (self && !strstr(journal, wanted)) DIE("%s, not %s", journal, wanted);
    OK(plait_ident_get_uid(&local, &peer, &uid));
    SAME(uid, getuid());
    local.port = 1;
    STATUS(plait_ident_get_uid(&local, &peer, &uid), PLAIT_ERR_ABSENT);
    local.family = 77;
    STATUS(plait_ident_get_uid(&local, &peer, &uid), PLAIT_ERR_INVALID);
    STATUS(plait_ident_get_uid(NULL, &peer, &uid), PLAIT_ERR_INVALID);
    OK(plait_conn_close(asking));
    UNTIL(reactor, strstr(journal, "disconnected"));
    OK(plait_listener_close(listener));

    options.flags = PLAIT_IDENT_HIDE;
    listener = meet(server(&options, 0));
    journal[0] = 0;
    OK(plait_conn_get_local(asking, &local));
    OK(plait_conn_get_peer(asking, &peer));
    ask(peer.port, local.port, "k", NULL);
    UNTIL(reactor, strstr(journal, "k "));
    CHECK(strstr(journal, "k -60 3 //HIDDEN-USER|"));
    OK(plait_listener_close(listener));
}

int main(void) {
    reactor = new_reactor(0);
    by_the_host();
    fixed();
    by_the_kernel();
    OK(plait_reactor_free(reactor));
    PASSED();
}
