/* How conversations end when the kernel, the peer and the host are not of one mind; and that calls end once. */
#include "harness.h"

static plait_reactor reactor;
static plait_factory lines;

/* A close in good order delivers all, although the peer has sent what nobody read. */
static void close_with_unread_input(void) {
    enum { SIZE = 1 << 18 };
    plait_factory raw = raw_factory(echo_bytes);
    plait_listener listener;
    struct peer peer;
    uint8_t *much = calloc(1, SIZE);
    size_t got = 0;
    int small = 4096, port = listen_on(reactor, raw, &listener);

    peer_dial(&peer, port);
    setsockopt(peer.fd, SOL_SOCKET, SO_RCVBUF, &small, sizeof small);
    UNTIL(reactor, connected_count == 1);
    OK(plait_conn_pause(last_conn));
    peer_say(&peer, "nobody reads this");
    OK(plait_conn_write(last_conn, much, SIZE));
    OK(plait_conn_close(last_conn));
    while (!peer.ended) {
        OK(plait_reactor_poll(reactor, 1));
        peer_turn(&peer);
        got += peer.len;
        peer.len = 0;
    }
    SAME(peer.ended, 1);
    SAME(got, SIZE);
    peer_close(&peer);
    UNTIL(reactor, disconnected_count == 1);
    HEARD("connected|disconnected 0|");
    OK(plait_listener_close(listener));
    OK(plait_factory_release(raw));
    free(much);
}

/* Bytes and a reset that arrive together are no good end. */
static void reset_behind_bytes(void) {
    plait_factory raw = raw_factory(note_bytes);
    plait_listener listener;
    struct peer peer;
    int port = listen_on(reactor, raw, &listener);

    connected_count = disconnected_count = 0;
    peer_dial(&peer, port);
    UNTIL(reactor, connected_count == 1);
    peer_say(&peer, "x");
    peer_reset(&peer);
    UNTIL(reactor, disconnected_count == 1);
    HEARD("connected|x|disconnected PLAIT_ERR_SYSTEM|");
    OK(plait_listener_close(listener));
    OK(plait_factory_release(raw));
}

static void replace(void *user, plait_conn conn) {
    (void)user;
    note("read_closed");
    OK(plait_conn_set_factory(conn, lines));
}

static size_t swallow(void *user, plait_conn conn, const uint8_t *data, size_t len) {
    (void)user;
    (void)conn;
    (void)data;
    return len;
}

/* Who takes over at the end hears of it; who takes over before the beginning hears of that once. */
static void replaced_at_the_edges(void) {
    plait_transport_ops ops = PLAIT_TRANSPORT_OPS_INIT;
    plait_raw_handler handler = PLAIT_RAW_HANDLER_INIT;
    plait_reactor fed = new_reactor(PLAIT_REACTOR_WITHOUT_LOOP);
    plait_factory first = {0}, second = line_factory(note_bytes);
    plait_conn conn;

    ops.write = swallow;
    handler.connected = note_connected;
    handler.disconnected = note_disconnected;
    handler.read_closed = replace;
    OK(plait_raw_factory_new(&first, &handler, NULL));
    lines = second;
    OK(plait_conn_attach(fed, first, &ops, NULL, &conn));
    OK(plait_conn_eof(conn, 0));
    OK(plait_reactor_poll(fed, 0));
    HEARD("connected|read_closed|connected|disconnected 0|");
    OK(plait_conn_attach(fed, first, &ops, NULL, &conn));
    OK(plait_conn_set_factory(conn, second));
    OK(plait_conn_feed(conn, (const uint8_t *)"a\r\n", 3));
    HEARD("connected|a|");
    OK(plait_reactor_free(fed));
    HEARD("disconnected PLAIT_ERR_ABORTED|");
    OK(plait_factory_release(first));
    OK(plait_factory_release(second));
}

static plait_call calling;

static void cancel_it(void *user, plait_conn conn) {
    note_connected(user, conn);
    OK(plait_call_cancel(calling));
}

static void done(void *user, plait_call call, plait_conn conn, const plait_reason *reason) {
    (void)user;
    (void)call;
    note("done %s %s", plait_err_name(reason->status), conn.id ? "conn" : "none");
}

/* A connect that has succeeded can't be cancelled any more: its completion and its conn say the same. */
static void cancelled_too_late(void) {
    plait_raw_handler handler = PLAIT_RAW_HANDLER_INIT;
    plait_factory server = raw_factory(echo_bytes), client = {0};
    plait_listener listener;

    handler.connected = cancel_it;
    OK(plait_raw_factory_new(&client, &handler, NULL));
    OK(plait_listen(reactor, "memory:late", server, NULL, &listener));
    OK(plait_connect(reactor, "memory:late", client, NULL, done, NULL, &calling));
    OK(plait_reactor_poll(reactor, 0));
    HEARD("connected|connected|done PLAIT_OK conn|");
    OK(plait_factory_release(server));
    OK(plait_factory_release(client));
}

int main(void) {
    reactor = new_reactor(0);
    close_with_unread_input();
    reset_behind_bytes();
    replaced_at_the_edges();
    cancelled_too_late();
    OK(plait_reactor_free(reactor));
    HEARD("disconnected PLAIT_ERR_ABORTED|");
    PASSED();
}
