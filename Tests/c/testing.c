/* The test kit itself: string transports, a reactor by hand, accumulating protocols, every way of cutting. */
#include "harness.h"

static plait_reactor reactor;

static void turn(void) { OK(plait_reactor_poll(reactor, 0)); }
static void feed(plait_conn conn, const char *text) { OK(plait_conn_feed(conn, (const uint8_t *)text, strlen(text))); }

#define VALUE(transport, wanted)                                                                                       \
    do {                                                                                                               \
        const uint8_t *data_ = NULL;                                                                                   \
        size_t len_ = 0;                                                                                               \
        OK(plait_string_transport_get_value(transport, &data_, &len_));                                                \
        if (len_ != strlen(wanted) || (len_ && memcmp(data_, wanted, len_)))                                           \
            DIE("the value is %.*s", (int)len_, (const char *)data_);                                                  \
    } while (0)

static plait_string_transport_state state_of(plait_string_transport transport) {
    plait_string_transport_state state = PLAIT_STRING_TRANSPORT_STATE_INIT;

    OK(plait_string_transport_get_state(transport, &state));
    return state;
}

static void note_bytes_and_echo(void *user, plait_conn conn, const uint8_t *data, size_t len) {
    note_bytes(user, conn, data, len);
    plait_line_send(conn, data, len);
}

static void string_transports(void) {
    plait_string_transport transport = {0}, other = {0};
    plait_string_transport_options options = PLAIT_STRING_TRANSPORT_OPTIONS_INIT;
    plait_conn_limits limits = PLAIT_CONN_LIMITS_INIT;
    plait_factory factory = line_factory(note_bytes_and_echo);
    plait_address address = PLAIT_ADDRESS_INIT;
    plait_conn conn = {0}, second = {0};
    size_t len = 0;

    OK(plait_string_transport_new(&transport, reactor, NULL));
    SAME(state_of(transport).flags, 0);
    VALUE(transport, "");
    OK(plait_string_transport_attach(transport, factory, &conn));
    STATUS(plait_string_transport_attach(transport, factory, &second), PLAIT_ERR_INVALID);
    feed(conn, "one\r\ntwo\r\n");
    HEARD("connected|one|two|");
    VALUE(transport, "one\r\ntwo\r\n");
    SAME(state_of(transport).flags, PLAIT_STRING_TRANSPORT_ATTACHED | PLAIT_STRING_TRANSPORT_READING);
    SAME(state_of(transport).writes, 1);
    CHECK(state_of(transport).conn.id == conn.id);
    OK(plait_string_transport_clear(transport));
    VALUE(transport, "");
    OK(plait_conn_get_peer(conn, &address));
    CHECK(!strcmp(address.host, "192.168.1.1") && address.port == 54321);
    OK(plait_conn_get_local(conn, &address));
    CHECK(!strcmp(address.host, "10.0.0.1") && address.port == 12345);
    OK(plait_conn_pause(conn));
    SAME(state_of(transport).flags, PLAIT_STRING_TRANSPORT_ATTACHED);
    OK(plait_conn_resume(conn));
    STATUS(plait_conn_writable(conn), PLAIT_ERR_UNSUPPORTED);

    /* a peer that does not read: the marks tell, and a close waits */
    limits.high_water = 4;
    limits.low_water = 2;
    OK(plait_conn_set_limits(conn, &limits));
    OK(plait_string_transport_set_room(transport, 3));
    OK(plait_line_send(conn, (const uint8_t *)"abcdef", 6));
    turn();
    VALUE(transport, "abc");
    SAME(state_of(transport).waiting, 5);
    OK(plait_conn_close(conn));
    turn();
    CHECK(state_of(transport).flags & PLAIT_STRING_TRANSPORT_DISCONNECTING);
    HEARD("");
    OK(plait_string_transport_set_room(transport, 1));
    turn();
    VALUE(transport, "abcd");
    OK(plait_string_transport_set_room(transport, 0));
    turn();
    HEARD("disconnected 0|");
    VALUE(transport, "abcdef\r\n");
    SAME(state_of(transport).flags, PLAIT_STRING_TRANSPORT_ATTACHED | PLAIT_STRING_TRANSPORT_DISCONNECTED);
    SAME(state_of(transport).status, 0);
    OK(plait_string_transport_free(transport));
    STATUS(plait_string_transport_clear(transport), PLAIT_ERR_STALE);

    /* addresses, a half-close, an abort; freed before its conn */
    options.peer = "::1";
    options.peer_port = 7;
    options.local = "127.0.0.2";
    options.room = 2;
    OK(plait_string_transport_new(&other, reactor, &options));
    OK(plait_string_transport_attach(other, factory, &second));
    turn();
    OK(plait_conn_get_peer(second, &address));
    CHECK(!strcmp(address.host, "::1") && address.port == 7 && address.family == PLAIT_FAMILY_IPV6);
    OK(plait_conn_write(second, (const uint8_t *)"abcd", 4));
    turn();
    VALUE(other, "ab");
    OK(plait_string_transport_set_room(other, 0));
    OK(plait_conn_close_write(second));
    turn();
    CHECK(state_of(other).flags & PLAIT_STRING_TRANSPORT_HALF_CLOSED);
    OK(plait_conn_abort(second));
    turn();
    SAME(state_of(other).status, PLAIT_ERR_ABORTED);
    HEARD("connected|disconnected PLAIT_ERR_ABORTED|");
    OK(plait_string_transport_new(&transport, reactor, NULL));
    OK(plait_string_transport_attach(transport, factory, &conn));
    OK(plait_string_transport_free(transport));
    feed(conn, "still\r\n");
    HEARD("connected|still|");
    OK(plait_conn_abort(conn));
    turn();
    journal[0] = 0;

    STATUS(plait_string_transport_get_value(other, NULL, NULL), PLAIT_ERR_INVALID);
    OK(plait_string_transport_get_value(other, NULL, &len));
    SAME(len, 4);
    options.peer = "not an address";
    STATUS(plait_string_transport_new(&transport, reactor, &options), PLAIT_ERR_INVALID);
    options.peer = NULL;
    options.peer_port = 65536;
    STATUS(plait_string_transport_new(&transport, reactor, &options), PLAIT_ERR_INVALID);
    OK(plait_factory_release(factory));
}

static void on_connect(void *user, plait_call call, plait_conn conn, const plait_reason *reason) {
    (void)user;
    (void)call;
    note("connect %d %s", conn.id != 0, reason->status ? plait_err_name(reason->status) : "0");
}

static void by_hand(void) {
    plait_reactor hand = new_reactor(PLAIT_REACTOR_WITHOUT_LOOP | PLAIT_REACTOR_BY_HAND);
    plait_factory factory = line_factory(note_bytes_and_echo);
    plait_memory_place place = PLAIT_MEMORY_PLACE_INIT;
    plait_string_transport one = {0}, two = {0};
    plait_listener listener = {0}, second = {0}, found = {0};
    plait_connector connector = {0};
    plait_call call = {0}, attempt = {0};
    plait_conn conn = {0};

    STATUS(plait_memory_get_listener(hand, 0, &place, &found), PLAIT_ERR_INVALID);
    OK(plait_listen(hand, "tcp:8080:interface=127.0.0.1:backlog=7", factory, NULL, &listener));
    OK(plait_listen(hand, "unix:/run/x.sock", factory, NULL, &second));
    OK(plait_memory_get_listener(hand, 0, &place, &found));
    CHECK(found.id == listener.id);
    SAME(place.kind, PLAIT_PLACE_TCP);
    SAME(place.port, 8080);
    SAME(place.backlog, 7);
    CHECK(!strcmp(place.interface, "127.0.0.1") && !place.host[0]);
    OK(plait_memory_get_listener(hand, 1, &place, &found));
    CHECK(place.kind == PLAIT_PLACE_UNIX && !strcmp(place.host, "/run/x.sock"));
    STATUS(plait_memory_get_listener(hand, 2, &place, &found), PLAIT_ERR_INVALID);
    OK(plait_listener_close(second));
    STATUS(plait_memory_get_listener(hand, 1, &place, &found), PLAIT_ERR_INVALID);
    STATUS(plait_memory_get_listener(hand, 0, NULL, &found), PLAIT_ERR_INVALID);
    STATUS(plait_memory_get_listener(reactor, 0, &place, &found), PLAIT_ERR_UNSUPPORTED);
    STATUS(plait_memory_get_attempt(reactor, 0, &place, &attempt), PLAIT_ERR_UNSUPPORTED);

    /* a client comes */
    OK(plait_string_transport_new(&one, hand, NULL));
    OK(plait_memory_accept(listener, one, &conn));
    STATUS(plait_memory_accept(listener, one, &conn), PLAIT_ERR_INVALID);
    HEARD("");
    feed(conn, "hello\r\n");
    HEARD("connected|hello|");
    VALUE(one, "hello\r\n");
    OK(plait_conn_eof(conn, 0));
    HEARD("disconnected 0|");

    /* attempts: one succeeds, one fails, one is cancelled, one takes too long */
    OK(plait_connect(hand, "tcp:example.org:80:timeout=5", factory, NULL, on_connect, NULL, &call));
    OK(plait_memory_get_attempt(hand, 0, &place, &attempt));
    CHECK(attempt.id == call.id && !strcmp(place.host, "example.org"));
    SAME(place.timeout_ms, 5000);
    STATUS(plait_memory_get_attempt(hand, 1, &place, &attempt), PLAIT_ERR_INVALID);
    OK(plait_string_transport_new(&two, hand, NULL));
    STATUS(plait_memory_connect(call, one), PLAIT_ERR_INVALID);
    OK(plait_memory_connect(call, two));
    STATUS(plait_memory_connect(call, two), PLAIT_ERR_INVALID);
    STATUS(plait_memory_refuse(call, PLAIT_ERR_REFUSED), PLAIT_ERR_UNSUPPORTED);
    HEARD("");
    OK(plait_reactor_poll(hand, 0));
    HEARD("connected|connect 1 0|");
    feed(state_of(two).conn, "hi\r\n");
    VALUE(two, "hi\r\n");
    HEARD("hi|");
    OK(plait_connect(hand, "tcp:example.org:80", factory, NULL, on_connect, NULL, &call));
    STATUS(plait_memory_refuse(call, 0), PLAIT_ERR_INVALID);
    OK(plait_memory_refuse(call, PLAIT_ERR_SYSTEM - ECONNREFUSED));
    OK(plait_reactor_poll(hand, 0));
    HEARD("connect 0 PLAIT_ERR_REFUSED|");
    OK(plait_connect(hand, "tcp:example.org:80", factory, NULL, on_connect, NULL, &call));
    OK(plait_call_cancel(call));
    STATUS(plait_memory_refuse(call, PLAIT_ERR_REFUSED), PLAIT_ERR_UNSUPPORTED);
    OK(plait_reactor_poll(hand, 0));
    HEARD("connect 0 PLAIT_ERR_CANCELLED|");
    OK(plait_connect(hand, "tcp:example.org:80:timeout=5", factory, NULL, on_connect, NULL, &call));
    OK(plait_reactor_advance(hand, 5000));
    HEARD("connect 0 PLAIT_ERR_TIMEOUT|");
    STATUS(plait_memory_refuse(call, PLAIT_ERR_REFUSED), PLAIT_ERR_STALE);

    /* a connector goes on trying */
    OK(plait_connector_start(hand, "tcp:example.org:80", factory, NULL, NULL, NULL, &connector));
    OK(plait_reactor_poll(hand, 0));
    OK(plait_memory_get_attempt(hand, 0, &place, &attempt));
    OK(plait_memory_refuse(attempt, PLAIT_ERR_REFUSED));
    OK(plait_reactor_poll(hand, 0));
    STATUS(plait_memory_get_attempt(hand, 0, &place, &attempt), PLAIT_ERR_INVALID);
    OK(plait_reactor_advance(hand, 60000));
    OK(plait_memory_get_attempt(hand, 0, &place, &attempt));
    OK(plait_connector_stop(connector));
    OK(plait_connect(hand, "tcp:a:1", factory, NULL, on_connect, NULL, &call));
    OK(plait_string_transport_new(&one, hand, NULL));
    OK(plait_memory_connect(call, one)); /* and it never gets to it */
    OK(plait_reactor_free(hand));
    journal[0] = 0;
    STATUS(plait_string_transport_clear(one), PLAIT_ERR_STALE);
    OK(plait_factory_release(factory));
}

static void accumulating(void) {
    plait_accumulated got = PLAIT_ACCUMULATED_INIT;
    plait_factory factory = {0}, lines = line_factory(note_bytes);
    plait_string_transport transport = {0};
    plait_conn conn = {0};

    OK(plait_accumulating_factory_new(&factory));
    STATUS(plait_accumulating_factory_new(NULL), PLAIT_ERR_INVALID);
    STATUS(plait_accumulating_get(factory, 0, &got), PLAIT_ERR_INVALID);
    STATUS(plait_accumulating_get(lines, 0, &got), PLAIT_ERR_TYPE);
    OK(plait_string_transport_new(&transport, reactor, NULL));
    OK(plait_string_transport_attach(transport, factory, &conn));
    OK(plait_accumulating_get(factory, 0, &got));
    CHECK(!got.connected && !got.lost && got.len == 0 && got.conn.id == conn.id);
    feed(conn, "some");
    feed(conn, " more");
    OK(plait_accumulating_get(factory, 0, &got));
    CHECK(got.connected && got.len == 9 && !memcmp(got.data, "some more", 9));
    OK(plait_conn_eof(conn, PLAIT_ERR_TIMEOUT));
    OK(plait_accumulating_get(factory, 0, &got));
    CHECK(got.lost && !got.ended && got.status == PLAIT_ERR_TIMEOUT && got.len == 9);
    OK(plait_factory_release(factory));
    OK(plait_factory_release(lines));
    OK(plait_string_transport_free(transport));
}

/* ---- Every way of cutting -------------------------------------------------------------------- */

static char written[512];
static int counts_reads;

static void write_down(void *user, plait_conn conn, const uint8_t *data, size_t len) {
    (void)user;
    if (strlen(written) + len + 2 > sizeof written) return;
    strncat(written, (const char *)data, len);
    strcat(written, "|");
    plait_line_send(conn, data, len);
}
static void write_down_raw(void *user, plait_conn conn, const uint8_t *data, size_t len) {
    write_down(user, conn, counts_reads ? (const uint8_t *)"read" : data, counts_reads ? 4 : len);
}
static int make(void *user, plait_reactor chosen, plait_factory *out) {
    plait_line_handler lines = PLAIT_LINE_HANDLER_INIT;
    plait_raw_handler raw = PLAIT_RAW_HANDLER_INIT;

    CHECK(chosen.id != 0);
    written[0] = 0;
    lines.line = write_down;
    raw.data = write_down_raw;
    if (user) return *(int *)user;
    return counts_reads ? plait_raw_factory_new(out, &raw, NULL) : plait_line_factory_new(out, NULL, &lines, NULL);
}
static void events(void *user, plait_bytes *out) {
    (void)user;
    out->data = (const uint8_t *)written;
    out->len = strlen(written);
}

static int made_too_much(void *user, plait_reactor owner, plait_factory *out) {
    (void)user, (void)owner, (void)out;
    return 1;
}

static void splits(void) {
    static const char stream[] = "one\r\ntwo\r\n\r\nthree and more\r\nrest";
    plait_splits_options options = PLAIT_SPLITS_OPTIONS_INIT;
    plait_splits_result result = PLAIT_SPLITS_RESULT_INIT;
    int wrong = PLAIT_ERR_NOMEM;

    options.data.data = (const uint8_t *)stream;
    options.data.len = sizeof stream - 1;
    STATUS(plait_splits_run(&options, &result), PLAIT_ERR_INVALID);
    options.make = make;
    options.events = events;
    OK(plait_splits_run(&options, &result));
    SAME(result.runs, 1 + 1 + (sizeof stream - 2) + 16 + 32);
    SAME(result.cut, 0);
    CHECK(!strcmp(written, "one|two||three and more|"));
    options.most_two = 5;
    options.randoms = 3;
    OK(plait_splits_run(&options, &result));
    SAME(result.runs, 1 + 1 + 5 + 16 + 3);
    options.events = NULL;
    OK(plait_splits_run(&options, NULL));

    /* one that is not the same */
    counts_reads = 1;
    options.events = events;
    SAME(plait_splits_run(&options, &result), 1);
    SAME(result.runs, 2);
    SAME(result.cut, PLAIT_SPLITS_BYTES);
    counts_reads = 0;

    /* one byte has no cut in two */
    options.data.len = 1;
    options.most_two = 0;
    OK(plait_splits_run(&options, &result));
    SAME(result.runs, 1 + 1 + 16 + 3);
    options.user = &wrong;
    STATUS(plait_splits_run(&options, &result), PLAIT_ERR_NOMEM);
    options.make = made_too_much;
    STATUS(plait_splits_run(&options, &result), PLAIT_ERR_INVALID);
    wrong = 7;
    STATUS(plait_splits_run(&options, &result), PLAIT_ERR_INVALID);
    options.data.len = 0;
    STATUS(plait_splits_run(&options, &result), PLAIT_ERR_INVALID);
}

int main(void) {
    plait_reactor hand = {0};
    plait_reactor_options options = PLAIT_REACTOR_OPTIONS_INIT;

    options.flags = PLAIT_REACTOR_BY_HAND;
    STATUS(plait_reactor_new(&hand, &options), PLAIT_ERR_INVALID);
    reactor = new_reactor(PLAIT_REACTOR_WITHOUT_LOOP);
    string_transports();
    by_hand();
    accumulating();
    splits();
    OK(plait_reactor_free(reactor));
    PASSED();
}
