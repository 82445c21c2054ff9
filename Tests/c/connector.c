/* Connectors: the waits on a manual clock, retries, reset, stop; and a server that comes, goes and comes back. */
#include "harness.h"

static plait_reactor reactor;
static int stopped;

static void on_connected(void *user, plait_connector connector, plait_conn conn) {
    (void)user;
    (void)connector;
    CHECK(conn.id);
    note("up");
}
static void on_waiting(void *user, plait_connector connector, const plait_reason *reason, uint64_t delay_ms) {
    (void)user;
    (void)connector;
    note("waiting %llu %s", (unsigned long long)delay_ms, reason->status ? plait_err_name(reason->status) : "0");
}
static void on_stopped(void *user, plait_connector connector, const plait_reason *reason) {
    (void)user;
    (void)connector;
    stopped++;
    note("stopped %s", reason->status ? plait_err_name(reason->status) : "0");
}

static plait_connector_handler handler_of(void) {
    plait_connector_handler handler = PLAIT_CONNECTOR_HANDLER_INIT;

    handler.connected = on_connected;
    handler.waiting = on_waiting;
    handler.stopped = on_stopped;
    handler.release = note_release;
    return handler;
}

/* In memory, without a loop: every wait is exact. */
static void on_a_manual_clock(void) {
    plait_factory client = {0}, server = {0};
    plait_raw_handler raw = PLAIT_RAW_HANDLER_INIT;
    plait_connector_handler handler = handler_of();
    plait_connector_options options = PLAIT_CONNECTOR_OPTIONS_INIT;
    plait_connector connector = {0};
    plait_listener listener = {0};
    plait_conn conn = {0};

    reactor = new_reactor(PLAIT_REACTOR_WITHOUT_LOOP);
    OK(plait_raw_factory_new(&client, &raw, NULL));
    raw.connected = note_connected;
    raw.disconnected = note_disconnected;
    OK(plait_raw_factory_new(&server, &raw, NULL));
    options.flags = PLAIT_CONNECTOR_WITHOUT_JITTER;
    options.initial_ms = 100;
    options.maximum_ms = 350;
    options.factor = 2.0;
    OK(plait_connector_start(reactor, "memory:there", client, &options, &handler, NULL, &connector));
    HEARD("");
    OK(plait_reactor_advance(reactor, 0));
    HEARD("waiting 100 PLAIT_ERR_REFUSED|");
    OK(plait_reactor_advance(reactor, 99));
    HEARD("");
    OK(plait_reactor_advance(reactor, 1));
    HEARD("waiting 200 PLAIT_ERR_REFUSED|");
    OK(plait_reactor_advance(reactor, 200));
    HEARD("waiting 350 PLAIT_ERR_REFUSED|"); /* no longer than the maximum */
    OK(plait_reactor_advance(reactor, 350));
    HEARD("waiting 350 PLAIT_ERR_REFUSED|");
    OK(plait_connector_get_conn(connector, &conn));
    SAME(conn.id, 0);
    STATUS(plait_connector_get_conn(connector, NULL), PLAIT_ERR_INVALID);

    /* reset tries at once and starts over */
    OK(plait_connector_reset(connector));
    HEARD("");
    OK(plait_reactor_advance(reactor, 0));
    HEARD("waiting 100 PLAIT_ERR_REFUSED|");

    OK(plait_listen(reactor, "memory:there", server, NULL, &listener));
    OK(plait_reactor_advance(reactor, 100));
    CHECK(strstr(journal, "up|") && strstr(journal, "connected|"));
    journal[0] = 0;
    OK(plait_connector_get_conn(connector, &conn));
    CHECK(conn.id);

    /* the connection ends: it waits again */
    OK(plait_conn_close(last_conn));
    OK(plait_reactor_advance(reactor, 0));
    CHECK(strstr(journal, "waiting ") && strstr(journal, "disconnected 0|"));
    journal[0] = 0;
    OK(plait_connector_stop(connector));
    OK(plait_connector_stop(connector));
    OK(plait_reactor_advance(reactor, 0));
    HEARD("stopped 0|release|");
    STATUS(plait_connector_stop(connector), PLAIT_ERR_STALE);

    /* it gives up after max_retries */
    OK(plait_listener_close(listener));
    options.max_retries = 2;
    OK(plait_connector_start(reactor, "memory:there", client, &options, &handler, NULL, &connector));
    OK(plait_reactor_advance(reactor, 10000));
    CHECK(strncmp(journal, "waiting 100 PLAIT_ERR_REFUSED|", 30) == 0);
    CHECK(strstr(journal, "stopped PLAIT_ERR_REFUSED|release|"));
    STATUS(plait_connector_reset(connector), PLAIT_ERR_STALE);
    journal[0] = 0;

    /* jitter, from the seed, varies the waits; the defaults are Twisted's */
    OK(plait_connector_start(reactor, "memory:there", client, NULL, &handler, NULL, &connector));
    OK(plait_reactor_advance(reactor, 0));
    CHECK(strncmp(journal, "waiting ", 8) == 0 && strtoul(journal + 8, NULL, 10) > 300 &&
          strtoul(journal + 8, NULL, 10) < 6000);
    journal[0] = 0;

    options.factor = 0.5;
    STATUS(plait_connector_start(reactor, "memory:there", client, &options, &handler, NULL, &connector),
           PLAIT_ERR_INVALID);
    options.factor = 0;
    options.flags = 0;
    options.jitter = 1.0;
    STATUS(plait_connector_start(reactor, "memory:there", client, &options, &handler, NULL, &connector),
           PLAIT_ERR_INVALID);
    options.jitter = 0;
    STATUS(plait_connector_start(reactor, "memory", client, &options, &handler, NULL, &connector), PLAIT_ERR_ENDPOINT);

    OK(plait_reactor_free(reactor));
    HEARD("stopped PLAIT_ERR_ABORTED|release|");
    OK(plait_factory_release(client));
    OK(plait_factory_release(server));
}

static void with_a_server(void) {
    plait_factory client = line_factory(note_bytes), server = line_factory(echo_line);
    plait_connector_handler handler = handler_of();
    plait_connector_options options = PLAIT_CONNECTOR_OPTIONS_INIT;
    plait_connector connector = {0};
    plait_listener listener = {0};
    plait_conn conn = {0};
    char connect_to[64], listen_at[64];
    int port;

    reactor = new_reactor(0);
    port = listen_on(reactor, server, &listener);
    snprintf(connect_to, sizeof connect_to, "tcp:127.0.0.1:%d", port);
    snprintf(listen_at, sizeof listen_at, "tcp:%d:interface=127.0.0.1", port);
    options.initial_ms = 5;
    options.maximum_ms = 10;
    OK(plait_connector_start(reactor, connect_to, client, &options, &handler, NULL, &connector));
    UNTIL(reactor, strstr(journal, "up|") && connected_count == 2);
    journal[0] = 0;
    OK(plait_connector_get_conn(connector, &conn));
    OK(plait_line_send(conn, (const uint8_t *)"hello", 5));
    UNTIL(reactor, strstr(journal, "hello|"));
    journal[0] = 0;

    /* the server goes, and comes back on the same port */
    OK(plait_listener_close(listener));
    OK(plait_conn_abort(conn));
    UNTIL(reactor, strstr(journal, "waiting ") && strstr(journal, "PLAIT_ERR_REFUSED"));
    journal[0] = 0;
    connected_count = 0;
    OK(plait_listen(reactor, listen_at, server, NULL, &listener));
    UNTIL(reactor, strstr(journal, "up|") && connected_count == 2);
    journal[0] = 0;

    /* stopping leaves the connection alone */
    OK(plait_connector_get_conn(connector, &conn));
    OK(plait_connector_stop(connector));
    stopped = 0;
    UNTIL(reactor, stopped);
    HEARD("stopped 0|release|");
    OK(plait_line_send(conn, (const uint8_t *)"still", 5));
    UNTIL(reactor, strstr(journal, "still|"));
    OK(plait_reactor_free(reactor));
    OK(plait_factory_release(client));
    OK(plait_factory_release(server));
}

int main(void) {
    on_a_manual_clock();
    journal[0] = 0;
    connected_count = disconnected_count = 0;
    with_a_server();
    PASSED();
}
