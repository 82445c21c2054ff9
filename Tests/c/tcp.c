/* TCP: echo, addresses, counters, half-close, close, abort, a peer that resets. */
#include "harness.h"
#include <netinet/tcp.h>

static plait_reactor reactor;

static void echo(void) {
    plait_factory factory = line_factory(echo_line);
    plait_listener listener = {0};
    plait_address local = PLAIT_ADDRESS_INIT, far = PLAIT_ADDRESS_INIT;
    plait_conn_counters counters = PLAIT_CONN_COUNTERS_INIT;
    int port = listen_on(reactor, factory, &listener), fd = -1, kind = 0;
    socklen_t len = sizeof kind;
    struct peer a, b;

    OK(plait_listener_get_local(listener, &local));
    SAME(local.family, PLAIT_FAMILY_IPV4);
    SAME(local.port, port);
    CHECK(strcmp(local.host, "127.0.0.1") == 0);

    peer_dial(&a, port);
    peer_dial(&b, port);
    UNTIL(reactor, connected_count == 2);
    HEARD("connected|connected|");
    peer_say(&a, "hel");
    peer_say(&b, "one\r\ntwo\r\n");
    UNTIL(reactor, peer_heard(&b, "one\r\ntwo\r\n"));
    peer_say(&a, "lo\r\n");
    UNTIL(reactor, peer_heard(&a, "hello\r\n"));

    OK(plait_conn_get_local(last_conn, &local));
    OK(plait_conn_get_peer(last_conn, &far));
    SAME(local.port, port);
    SAME(far.family, PLAIT_FAMILY_IPV4);
    CHECK(far.port != 0 && far.port != (uint32_t)port);
    far.struct_size = 2;
    STATUS(plait_conn_get_peer(last_conn, &far), PLAIT_ERR_STRUCT_SIZE);
    STATUS(plait_conn_get_peer(last_conn, NULL), PLAIT_ERR_INVALID);
    OK(plait_conn_get_fd(last_conn, &fd));
    OK(getsockopt(fd, SOL_SOCKET, SO_TYPE, &kind, &len));
    SAME(kind, SOCK_STREAM);
    OK(getsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &kind, &len));
    SAME(kind, 1);
    STATUS(plait_conn_get_fd(last_conn, NULL), PLAIT_ERR_INVALID);
    OK(plait_conn_get_counters(last_conn, &counters));
    CHECK(counters.bytes_in == counters.bytes_out && counters.bytes_in > 0 && counters.waiting == 0 &&
          counters.held == 0);
    OK(plait_conn_set_no_delay(last_conn, 0));
    OK(plait_conn_set_no_delay(last_conn, 1));
    OK(plait_conn_set_keep_alive(last_conn, 60));
    OK(plait_conn_set_keep_alive(last_conn, 0));
    STATUS(plait_conn_set_keep_alive(last_conn, 32768), PLAIT_ERR_INVALID);
    STATUS(plait_conn_feed(last_conn, (const uint8_t *)"x", 1), PLAIT_ERR_UNSUPPORTED);
    STATUS(plait_conn_eof(last_conn, 0), PLAIT_ERR_UNSUPPORTED);
    STATUS(plait_conn_writable(last_conn), PLAIT_ERR_UNSUPPORTED);

    /* one ends in good order, the other by a reset */
    peer_close(&a);
    UNTIL(reactor, disconnected_count == 1);
    HEARD("disconnected 0|");
    peer_reset(&b);
    UNTIL(reactor, disconnected_count == 2);
    HEARD("disconnected PLAIT_ERR_SYSTEM|");
    OK(plait_listener_close(listener));
    STATUS(plait_listener_close(listener), PLAIT_ERR_STALE);
    SAME(plait_reactor_run(reactor), 1); /* nothing is left */
    OK(plait_factory_release(factory));
}

/* Writes gathered, then closed: all of it arrives before the end. */
static char large[3000001];

static void on_any(void *user, plait_conn conn, const uint8_t *data, size_t len) {
    plait_bytes parts[2];

    (void)user;
    note("%.*s", (int)len, (const char *)data);
    parts[0].data = (const uint8_t *)"begin";
    parts[0].len = 5;
    parts[1].data = (const uint8_t *)large;
    parts[1].len = sizeof large - 1;
    OK(plait_conn_write_many(conn, parts, 2));
    OK(plait_conn_write(conn, (const uint8_t *)"end", 3));
    OK(plait_conn_close(conn));
    OK(plait_conn_close(conn));
    STATUS(plait_conn_write(conn, (const uint8_t *)"x", 1), PLAIT_ERR_CLOSED);
}

static void closing(void) {
    plait_factory factory = raw_factory(on_any);
    plait_listener listener = {0};
    int port = listen_on(reactor, factory, &listener);
    struct peer peer;
    size_t heard = 0;

    memset(large, 'x', sizeof large - 1);
    disconnected_count = 0;
    peer_dial(&peer, port);
    peer_say(&peer, "go");
    while (!peer.ended) {
        OK(plait_reactor_poll(reactor, 1));
        peer.len = 0; /* counted, not kept */
        peer_turn(&peer);
        heard += peer.len;
        if (peer.len) memcpy(large, peer.heard, 1);
    }
    SAME(peer.ended, 1);
    SAME(heard, 5 + sizeof large - 1 + 3);
    UNTIL(reactor, disconnected_count == 1);
    HEARD("connected|go|disconnected 0|");
    peer_close(&peer);
    OK(plait_listener_close(listener));
    OK(plait_factory_release(factory));
}

static void aborting(void) {
    plait_factory factory = raw_factory(note_bytes);
    plait_listener listener = {0};
    int port = listen_on(reactor, factory, &listener);
    struct peer peer;

    connected_count = disconnected_count = 0;
    peer_dial(&peer, port);
    UNTIL(reactor, connected_count == 1);
    OK(plait_conn_write(last_conn, (const uint8_t *)"dropped", 7));
    OK(plait_conn_abort(last_conn));
    OK(plait_conn_abort(last_conn));
    UNTIL(reactor, disconnected_count == 1);
    HEARD("connected|disconnected PLAIT_ERR_ABORTED|");
    STATUS(plait_conn_abort(last_conn), PLAIT_ERR_STALE);
    UNTIL(reactor, peer_ended(&peer));
    SAME(peer.ended, -ECONNRESET);
    SAME(peer.len, 0);
    peer_close(&peer);
    OK(plait_listener_close(listener));
    OK(plait_factory_release(factory));
}

/* The peer ends its side and still hears; this side ends its own and still hears. */
static void half_closing(void) {
    plait_raw_handler handler = PLAIT_RAW_HANDLER_INIT;
    plait_factory factory = {0};
    plait_listener listener = {0};
    struct peer peer;
    int port;

    handler.connected = note_connected;
    handler.disconnected = note_disconnected;
    handler.read_closed = note_read_closed;
    handler.data = note_bytes;
    OK(plait_raw_factory_new(&factory, &handler, NULL));
    port = listen_on(reactor, factory, &listener);
    connected_count = disconnected_count = 0;

    peer_dial(&peer, port);
    peer_say(&peer, "question");
    shutdown(peer.fd, SHUT_WR);
    UNTIL(reactor, strstr(journal, "read_closed"));
    HEARD("connected|question|read_closed|");
    OK(plait_conn_write(last_conn, (const uint8_t *)"answer", 6));
    OK(plait_conn_close(last_conn));
    UNTIL(reactor, peer_ended(&peer));
    CHECK(strcmp(peer.heard, "answer") == 0);
    SAME(peer.ended, 1);
    UNTIL(reactor, disconnected_count == 1);
    HEARD("disconnected 0|");
    peer_close(&peer);

    peer_dial(&peer, port);
    UNTIL(reactor, connected_count == 2);
    OK(plait_conn_write(last_conn, (const uint8_t *)"question", 8));
    OK(plait_conn_close_write(last_conn));
    STATUS(plait_conn_close_write(last_conn), PLAIT_ERR_CLOSED);
    STATUS(plait_conn_write(last_conn, (const uint8_t *)"x", 1), PLAIT_ERR_CLOSED);
    UNTIL(reactor, peer_ended(&peer));
    CHECK(strcmp(peer.heard, "question") == 0);
    peer_say(&peer, "answer");
    UNTIL(reactor, strstr(journal, "answer"));
    HEARD("connected|answer|");
    peer_close(&peer);
    UNTIL(reactor, disconnected_count == 2);
    journal[0] = 0;
    OK(plait_listener_close(listener));
    OK(plait_factory_release(factory));
}

/* A pause leaves bytes in the kernel; after it they come. */
static void pausing(void) {
    plait_factory factory = raw_factory(note_bytes);
    plait_listener listener = {0};
    int port = listen_on(reactor, factory, &listener), i;
    struct peer peer;

    connected_count = disconnected_count = 0;
    peer_dial(&peer, port);
    UNTIL(reactor, connected_count == 1);
    OK(plait_conn_pause(last_conn));
    peer_say(&peer, "late");
    for (i = 0; i < 5; i++) OK(plait_reactor_poll(reactor, 2));
    HEARD("connected|");
    OK(plait_conn_resume(last_conn));
    UNTIL(reactor, journal[0]);
    HEARD("late|");
    /* freed while it is open */
    OK(plait_reactor_free(reactor));
    HEARD("disconnected PLAIT_ERR_ABORTED|");
    STATUS(plait_conn_resume(last_conn), PLAIT_ERR_STALE);
    peer_close(&peer);
    OK(plait_factory_release(factory));
}

static void version_six(void) {
    plait_factory factory = line_factory(echo_line);
    plait_listener listener = {0};
    plait_address local = PLAIT_ADDRESS_INIT;
    plait_call call = {0};
    char endpoint[64];
    int status = plait_listen(reactor, "tcp6:0:interface=\\:\\:1", factory, NULL, &listener);

    if (status != 0) { /* machines without IPv6 */
        CHECK(plait_err_errno(status) == EADDRNOTAVAIL || plait_err_errno(status) == EAFNOSUPPORT);
        OK(plait_factory_release(factory));
        return;
    }
    OK(plait_listener_get_local(listener, &local));
    SAME(local.family, PLAIT_FAMILY_IPV6);
    CHECK(strcmp(local.host, "::1") == 0);
    snprintf(endpoint, sizeof endpoint, "tcp:host=\\:\\:1:port=%d", plait_listener_get_port(listener));
    connected_count = disconnected_count = 0;
    OK(plait_connect(reactor, endpoint, factory, NULL, NULL, NULL, &call));
    UNTIL(reactor, connected_count == 2);
    OK(plait_conn_close(last_conn));
    UNTIL(reactor, disconnected_count == 2);
    OK(plait_listener_close(listener));
    OK(plait_factory_release(factory));
    journal[0] = 0;
}

static void on_bytes(void *user, plait_conn conn, const uint8_t *data, size_t len) {
    (void)user;
    (void)conn;
    note("%.*s", (int)len, (const char *)data);
}

/* Peers that were reset before they are looked at: an end that came in front of it is a good one. */
static void resets(void) {
    static const struct {
        const char *said;
        int ends;
        const char *heard;
    } peers[] = {
        {"", 0, "disconnected PLAIT_ERR_SYSTEM|"},
        {"x", 0, "x|disconnected PLAIT_ERR_SYSTEM|"},
        {"", 1, "disconnected 0|"},
        {"x", 1, "x|disconnected 0|"},
    };
    plait_factory factory = raw_factory(on_bytes);
    plait_listener listener = {0};
    int port = listen_on(reactor, factory, &listener);

    for (size_t i = 0; i < sizeof peers / sizeof *peers; i++) {
        struct peer peer;

        connected_count = disconnected_count = 0;
        peer_dial(&peer, port);
        UNTIL(reactor, connected_count == 1);
        journal[0] = 0;
        if (*peers[i].said) peer_say(&peer, peers[i].said);
        if (peers[i].ends) OK(shutdown(peer.fd, SHUT_WR));
        peer_reset(&peer);
        UNTIL(reactor, disconnected_count == 1);
        HEARD(peers[i].heard);
    }
    OK(plait_listener_close(listener));
    OK(plait_factory_release(factory));
}

int main(void) {
    int before = descriptors();

    reactor = new_reactor(0);
    echo();
    closing();
    aborting();
    half_closing();
    version_six();
    resets();
    pausing();
    SAME(descriptors(), before);
    PASSED();
}
