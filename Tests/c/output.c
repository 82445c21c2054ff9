/* Output that a peer does not take: water marks, the cap, the limit of a close. */
#include "harness.h"

static plait_reactor reactor;
static plait_factory factory;
static plait_listener listener;
static uint8_t bytes[1 << 20];

static void dial(struct peer *peer) {
    int small = 65536, fd;

    connected_count = disconnected_count = 0;
    peer_dial(peer, plait_listener_get_port(listener));
    setsockopt(peer->fd, SOL_SOCKET, SO_RCVBUF, &small, sizeof small);
    UNTIL(reactor, connected_count == 1);
    /* What the kernel takes is little, however much it would like to. */
    OK(plait_conn_get_fd(last_conn, &fd));
    SAME(setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &small, sizeof small), 0);
    journal[0] = 0;
}

static size_t waiting(void) {
    plait_conn_counters counters = PLAIT_CONN_COUNTERS_INIT;

    OK(plait_conn_get_counters(last_conn, &counters));
    return (size_t)counters.waiting;
}

static void marks(void) {
    struct peer peer;
    plait_conn_limits limits = PLAIT_CONN_LIMITS_INIT;
    size_t written = 0, heard = 0;

    dial(&peer);
    limits.high_water = 2000000; /* more than the kernel takes by and by */
    limits.low_water = 20000;
    OK(plait_conn_set_limits(last_conn, &limits));
    while (!journal[0]) {
        OK(plait_conn_write(last_conn, bytes, 100000));
        written += 100000;
        OK(plait_reactor_poll(reactor, 0));
        CHECK(written < 100 << 20);
    }
    HEARD("write_paused|");
    CHECK(waiting() > 1000000);
    OK(plait_conn_write(last_conn, bytes, 100000));
    written += 100000;
    OK(plait_reactor_poll(reactor, 0));
    HEARD(""); /* told once */
    while (!journal[0]) {
        OK(plait_reactor_poll(reactor, 1));
        peer.len = 0;
        peer_turn(&peer);
        heard += peer.len;
    }
    HEARD("write_resumed|");
    CHECK(waiting() <= 20000);
    OK(plait_conn_close(last_conn));
    while (!peer.ended) {
        OK(plait_reactor_poll(reactor, 1));
        peer.len = 0;
        peer_turn(&peer);
        heard += peer.len;
    }
    SAME(heard, written);
    UNTIL(reactor, disconnected_count == 1);
    HEARD("disconnected 0|");
    peer_close(&peer);
}

static void cap(void) {
    struct peer peer;
    plait_conn_limits limits = PLAIT_CONN_LIMITS_INIT;
    int i, status = 0;

    dial(&peer);
    limits.high_water = 1000;
    limits.cap = 500000;
    OK(plait_conn_set_limits(last_conn, &limits));
    for (i = 0; i < 100000 && status == 0; i++) {
        status = plait_conn_write(last_conn, bytes, 100000);
        if (status == 0) CHECK(waiting() <= 500000);
        if (status == 0) OK(plait_reactor_poll(reactor, 0));
    }
    SAME(status, PLAIT_ERR_OVERFLOW);
    UNTIL(reactor, disconnected_count == 1);
    /* The kernel may have taken all for a while, so that it went on once more. */
    CHECK(!strncmp(journal, "write_paused|", 13) && strstr(journal, "|disconnected PLAIT_ERR_OVERFLOW|"));
    journal[0] = 0;
    peer_close(&peer);
}

static void close_limit(void) {
    struct peer peer;
    plait_conn_limits limits = PLAIT_CONN_LIMITS_INIT;

    dial(&peer);
    limits.close_ms = 50;
    OK(plait_conn_set_limits(last_conn, &limits));
    OK(plait_conn_write(last_conn, bytes, sizeof bytes));
    OK(plait_conn_write(last_conn, bytes, sizeof bytes));
    OK(plait_conn_write(last_conn, bytes, sizeof bytes));
    OK(plait_conn_write(last_conn, bytes, sizeof bytes));
    OK(plait_conn_write(last_conn, bytes, sizeof bytes));
    OK(plait_conn_write(last_conn, bytes, sizeof bytes));
    OK(plait_conn_write(last_conn, bytes, sizeof bytes));
    OK(plait_conn_write(last_conn, bytes, sizeof bytes));
    OK(plait_conn_close(last_conn));
    UNTIL(reactor, disconnected_count == 1); /* the peer never reads */
    CHECK(strstr(journal, "disconnected PLAIT_ERR_TIMEOUT|"));
    journal[0] = 0;
    peer_close(&peer);
}

static void refusals(void) {
    struct peer peer;
    plait_conn_limits limits = PLAIT_CONN_LIMITS_INIT;

    dial(&peer);
    limits.high_water = 10;
    limits.low_water = 11;
    STATUS(plait_conn_set_limits(last_conn, &limits), PLAIT_ERR_INVALID);
    limits.low_water = 0;
    limits.cap = 9;
    STATUS(plait_conn_set_limits(last_conn, &limits), PLAIT_ERR_INVALID);
    limits.struct_size = 4;
    STATUS(plait_conn_set_limits(last_conn, &limits), PLAIT_ERR_STRUCT_SIZE);
    OK(plait_conn_set_limits(last_conn, NULL));
    peer_close(&peer);
    UNTIL(reactor, disconnected_count == 1);
}

int main(void) {
    plait_raw_handler handler = PLAIT_RAW_HANDLER_INIT;

    reactor = new_reactor(0);
    handler.connected = note_connected;
    handler.disconnected = note_disconnected;
    handler.write_paused = note_write_paused;
    handler.write_resumed = note_write_resumed;
    OK(plait_raw_factory_new(&factory, &handler, NULL));
    listen_on(reactor, factory, &listener);
    marks();
    cap();
    close_limit();
    refusals();
    OK(plait_reactor_free(reactor));
    OK(plait_factory_release(factory));
    PASSED();
}
