/* Two ends in one program: the order of events, the pieces, the ends, over memory and over sockets. */
#include "harness.h"

static plait_reactor reactor;

/* An end: notes what it hears under its letter, and does what the test says. */
struct end {
    char letter;
    const char *greeting, *second; /* written when connected, each by itself */
    int echoes, closes, aborts, half_closes, reads_on;
    plait_conn conn;
};

static void on_connected(void *user, plait_conn conn) {
    struct end *end = user;

    end->conn = conn;
    note("%c connected", end->letter);
    /* one that ends before it began is told so, but can say nothing */
    if (end->greeting) plait_conn_write(conn, (const uint8_t *)end->greeting, strlen(end->greeting));
    if (end->second) plait_conn_write(conn, (const uint8_t *)end->second, strlen(end->second));
    if (end->closes) OK(plait_conn_close(conn));
    if (end->half_closes) OK(plait_conn_close_write(conn));
}
static void on_data(void *user, plait_conn conn, const uint8_t *data, size_t len) {
    struct end *end = user;

    note("%c %.*s", end->letter, (int)len, (const char *)data);
    if (end->echoes) OK(plait_conn_write(conn, data, len));
    if (end->aborts) OK(plait_conn_abort(conn));
}
static void on_read_closed(void *user, plait_conn conn) {
    struct end *end = user;

    note("%c read_closed", end->letter);
    if (!end->reads_on) {
        OK(plait_conn_write(conn, (const uint8_t *)"last", 4));
        OK(plait_conn_close(conn));
    }
}
static void on_disconnected(void *user, plait_conn conn, const plait_reason *reason) {
    struct end *end = user;

    (void)conn;
    note("%c disconnected %s", end->letter, reason->status ? plait_err_name(reason->status) : "0");
    if (reason->os_error) SAME(reason->os_error, ECONNRESET);
}
static void on_done(void *user, plait_call call, const plait_reason *server, const plait_reason *client) {
    (void)call;
    CHECK(user == &reactor);
    note("done %s %s", server->status ? plait_err_name(server->status) : "0",
         client->status ? plait_err_name(client->status) : "0");
}

static plait_factory factory_of(struct end *end, int half) {
    plait_raw_handler handler = PLAIT_RAW_HANDLER_INIT;
    plait_factory factory = {0};

    handler.connected = on_connected;
    handler.disconnected = on_disconnected;
    handler.data = on_data;
    if (half) handler.read_closed = on_read_closed;
    OK(plait_raw_factory_new(&factory, &handler, end));
    return factory;
}
static plait_call begin_on(plait_reactor chosen, struct end *server, struct end *client, int half,
                           const plait_loopback_options *options) {
    plait_factory one = factory_of(server, half), two = factory_of(client, half);
    plait_call call = {0};

    server->letter = 'S';
    client->letter = 'C';
    OK(plait_loopback(chosen, one, two, options, on_done, &reactor, &call));
    OK(plait_factory_release(one));
    OK(plait_factory_release(two));
    return call;
}
static plait_call begin(struct end *server, struct end *client, int half, const plait_loopback_options *options) {
    return begin_on(reactor, server, client, half, options);
}
static void turn(void) { OK(plait_reactor_poll(reactor, 0)); }
static plait_loopback_options cut_by(uint32_t cut) {
    plait_loopback_options options = PLAIT_LOOPBACK_OPTIONS_INIT;

    options.cut = cut;
    return options;
}

static void order(void) {
    struct end server = {0}, client = {0};
    plait_loopback_state state = PLAIT_LOOPBACK_STATE_INIT;
    plait_call call;

    server.greeting = "hello";
    client.greeting = "hi";
    client.second = "there";
    client.echoes = 1;
    call = begin(&server, &client, 0, NULL);
    OK(plait_loopback_get_state(call, &state));
    SAME(state.established, 0);
    HEARD("");
    turn();
    HEARD("S connected|C connected|C hello|S hi|S there|S hello|");
    OK(plait_loopback_get_state(call, &state));
    SAME(state.established, 1);
    SAME(state.bytes_to_server, 12);
    SAME(state.bytes_to_client, 5);
    CHECK(state.server.id == server.conn.id && state.client.id == client.conn.id);
    /* a write from outside waits for the next turn */
    OK(plait_conn_write(server.conn, (const uint8_t *)"more", 4));
    HEARD("");
    client.echoes = 0;
    turn();
    HEARD("C more|");
    /* the closing side's output arrives, the other's does not; the server hears the end first */
    OK(plait_conn_write(client.conn, (const uint8_t *)"bye", 3));
    OK(plait_conn_close(client.conn));
    turn();
    HEARD("S bye|S disconnected 0|C disconnected 0|done 0 0|");
    STATUS(plait_loopback_get_state(call, &state), PLAIT_ERR_STALE);
    STATUS(plait_loopback_pump(call, 1), PLAIT_ERR_STALE);
}

static void ends(void) {
    struct end server = {0}, client = {0};
    plait_call call;

    /* both ways of closing at once, with something on its way */
    server.greeting = "from the server";
    client.greeting = "from the client";
    server.closes = client.closes = 1;
    begin(&server, &client, 0, NULL);
    turn();
    CHECK(strstr(journal, "S disconnected 0|C disconnected 0|done 0 0|"));
    journal[0] = 0;
    /* the one who closes is heard */
    client.closes = 0;
    begin(&server, &client, 0, NULL);
    turn();
    HEARD("S connected|C connected|C from the server|S disconnected 0|C disconnected 0|done 0 0|");

    /* an abort */
    memset(&server, 0, sizeof server);
    memset(&client, 0, sizeof client);
    server.greeting = "hello";
    client.aborts = 1;
    client.echoes = 1; /* is dropped */
    begin(&server, &client, 1, NULL);
    turn();
    HEARD("S connected|C connected|C hello|S disconnected PLAIT_ERR_SYSTEM|C disconnected PLAIT_ERR_ABORTED|"
          "done PLAIT_ERR_SYSTEM PLAIT_ERR_ABORTED|");

    /* a half-close: the other end goes on */
    client.aborts = client.echoes = 0;
    client.greeting = "all I have";
    client.half_closes = 1;
    begin(&server, &client, 1, NULL);
    turn();
    HEARD("S connected|C connected|C hello|S all I have|S read_closed|C last|S disconnected 0|C disconnected 0|done 0 "
          "0|");

    /* cancelled, and freed with the reactor */
    memset(&client, 0, sizeof client);
    call = begin(&server, &client, 1, NULL);
    turn();
    OK(plait_call_cancel(call));
    turn();
    CHECK(strstr(journal, "disconnected PLAIT_ERR_CANCELLED|") && strstr(journal, "|done "));
    journal[0] = 0;
}

static size_t by_threes(void *user, int to_client, const uint8_t *data, size_t len, size_t first) {
    (void)data;
    CHECK(user == &reactor && first <= len);
    if (to_client) return 0; /* held back until the server closes */
    return len < 3 ? len : 3;
}

static void pieces(void) {
    struct end server = {0}, client = {0};
    plait_loopback_options options = cut_by(PLAIT_LOOPBACK_COLLAPSING);
    char first[4096];

    client.greeting = "abc";
    client.second = "defg";
    begin(&server, &client, 0, &options);
    turn();
    HEARD("S connected|C connected|S abcdefg|");
    OK(plait_conn_close(client.conn));
    turn();
    journal[0] = 0;
    options = cut_by(PLAIT_LOOPBACK_BYTE_BY_BYTE);
    begin(&server, &client, 0, &options);
    turn();
    HEARD("S connected|C connected|S a|S b|S c|S d|S e|S f|S g|");
    OK(plait_conn_close(client.conn));
    turn();
    journal[0] = 0;
    options = cut_by(PLAIT_LOOPBACK_FIXED);
    options.size = 4;
    begin(&server, &client, 0, &options);
    turn();
    HEARD("S connected|C connected|S abcd|S efg|");
    OK(plait_conn_close(client.conn));
    turn();
    journal[0] = 0;

    /* at random, the same for the same seed */
    options = cut_by(PLAIT_LOOPBACK_RANDOM);
    options.size = 3;
    options.seed = 7;
    begin(&server, &client, 0, &options);
    turn();
    strcpy(first, journal);
    OK(plait_conn_close(client.conn));
    turn();
    journal[0] = 0;
    begin(&server, &client, 0, &options);
    turn();
    HEARD(first);
    OK(plait_conn_close(client.conn));
    turn();
    journal[0] = 0;

    /* a host's own */
    options = cut_by(PLAIT_LOOPBACK_HOST);
    options.pump = by_threes;
    options.pump_user = &reactor;
    server.greeting = "held";
    begin(&server, &client, 0, &options);
    turn();
    HEARD("S connected|C connected|S abc|S def|S g|");
    OK(plait_conn_close(server.conn));
    turn();
    HEARD("C held|S disconnected 0|C disconnected 0|done 0 0|");

    /* under way for a while; a close waits for it */
    server.greeting = NULL;
    options = cut_by(PLAIT_LOOPBACK_IDENTITY);
    options.delay_ms = 100;
    begin(&server, &client, 0, &options);
    turn();
    HEARD("S connected|C connected|");
    OK(plait_reactor_advance(reactor, 99));
    OK(plait_conn_write(client.conn, (const uint8_t *)"late", 4));
    OK(plait_conn_close(client.conn));
    turn();
    HEARD("");
    OK(plait_reactor_advance(reactor, 1));
    HEARD("S abc|S defg|");
    OK(plait_reactor_advance(reactor, 98));
    HEARD("");
    OK(plait_reactor_advance(reactor, 1));
    HEARD("S late|S disconnected 0|C disconnected 0|done 0 0|");
}

/* A reader that rests holds the other back, by its marks. */
static void pausing(void) {
    struct end server = {0}, client = {0};
    plait_conn_counters counters = PLAIT_CONN_COUNTERS_INIT;

    begin(&server, &client, 0, NULL);
    turn();
    journal[0] = 0;
    OK(plait_conn_pause(server.conn));
    OK(plait_conn_write(client.conn, (const uint8_t *)"abc", 3));
    turn();
    HEARD("");
    OK(plait_conn_get_counters(client.conn, &counters));
    SAME(counters.waiting, 3);
    OK(plait_conn_resume(server.conn));
    turn();
    HEARD("S abc|");
    OK(plait_conn_get_counters(client.conn, &counters));
    SAME(counters.waiting, 0);
    OK(plait_conn_close(server.conn));
    turn();
    journal[0] = 0;
}

static void by_hand(void) {
    struct end server = {0}, client = {0};
    plait_loopback_options options = PLAIT_LOOPBACK_OPTIONS_INIT;
    plait_call call;

    options.flags = PLAIT_LOOPBACK_BY_HAND;
    server.greeting = "s1";
    client.greeting = "c1";
    server.echoes = client.echoes = 1;
    call = begin(&server, &client, 0, &options);
    turn();
    HEARD("S connected|C connected|");
    SAME(plait_loopback_pump(call, 0), 0);
    HEARD("");
    SAME(plait_loopback_pump(call, 1), 1);
    HEARD("C s1|S c1|");
    SAME(plait_loopback_pump(call, 1), 1);
    HEARD("C c1|S s1|");
    server.echoes = client.echoes = 0;
    SAME(plait_loopback_pump(call, 1000), 1);
    HEARD("C s1|S c1|");
    SAME(plait_loopback_pump(call, 1000), 0);
    OK(plait_conn_write(client.conn, (const uint8_t *)"end", 3));
    OK(plait_conn_close(client.conn));
    turn();
    HEARD("");
    SAME(plait_loopback_pump(call, 1000), 1);
    HEARD("S end|S disconnected 0|C disconnected 0|done 0 0|");
    call = begin(&server, &client, 0, NULL);
    STATUS(plait_loopback_pump(call, 1), PLAIT_ERR_UNSUPPORTED);
    OK(plait_call_cancel(call));
    turn();
    journal[0] = 0;
}

static void misuse(void) {
    struct end server = {0};
    plait_factory factory = factory_of(&server, 0);
    plait_loopback_options options = cut_by(6);
    plait_loopback_state state = PLAIT_LOOPBACK_STATE_INIT;
    plait_call call = {0};

    STATUS(plait_loopback(reactor, factory, factory, &options, NULL, NULL, NULL), PLAIT_ERR_INVALID);
    options = cut_by(PLAIT_LOOPBACK_HOST);
    STATUS(plait_loopback(reactor, factory, factory, &options, NULL, NULL, NULL), PLAIT_ERR_INVALID);
    options = cut_by(0);
    options.delay_ms = 1;
    options.endpoint = "memory:x";
    STATUS(plait_loopback(reactor, factory, factory, &options, NULL, NULL, NULL), PLAIT_ERR_INVALID);
    options.delay_ms = 0;
    options.endpoint = "nonsense";
    STATUS(plait_loopback(reactor, factory, factory, &options, NULL, NULL, NULL), PLAIT_ERR_ENDPOINT);
    options.endpoint = "tcp:0";
    STATUS(plait_loopback(reactor, factory, factory, &options, NULL, NULL, NULL), PLAIT_ERR_UNSUPPORTED);
    OK(plait_reactor_drain(reactor, 1, NULL, NULL, &call));
    STATUS(plait_loopback_get_state(call, &state), PLAIT_ERR_TYPE);
    STATUS(plait_loopback_pump(call, 1), PLAIT_ERR_TYPE);
    OK(plait_factory_release(factory));
    turn();
    HEARD("");
}

/* Over whatever can be listened at. */
static void over(plait_reactor loop, const char *endpoint) {
    struct end server = {0}, client = {0};
    plait_loopback_options options = PLAIT_LOOPBACK_OPTIONS_INIT;
    plait_loopback_state state = PLAIT_LOOPBACK_STATE_INIT;
    plait_call call;

    options.endpoint = endpoint;
    client.greeting = "ping";
    server.echoes = 1;
    call = begin_on(loop, &server, &client, 0, &options);
    HEARD("");
    UNTIL(loop, strstr(journal, "C ping|"));
    OK(plait_loopback_get_state(call, &state));
    SAME(state.established, 1);
    SAME(state.bytes_to_client, 4);
    CHECK(state.server.id == server.conn.id && state.client.id == client.conn.id);
    OK(plait_conn_close(client.conn));
    UNTIL(loop, strstr(journal, "done"));
    CHECK(strstr(journal, "S ping|") && strstr(journal, "done 0 0|"));
    journal[0] = 0;
}

int main(void) {
    struct end server = {0}, client = {0};
    plait_reactor loop;
    char path[128];
    int before;

    reactor = new_reactor(PLAIT_REACTOR_WITHOUT_LOOP);
    order();
    ends();
    pieces();
    pausing();
    by_hand();
    misuse();
    /* the reactor's end is theirs */
    begin(&server, &client, 0, NULL);
    turn();
    begin(&server, &client, 0, NULL);
    OK(plait_reactor_free(reactor));
    CHECK(strstr(journal, "done "));
    journal[0] = 0;

    before = descriptors();
    loop = new_reactor(0);
    over(loop, "tcp:0:interface=127.0.0.1");
    over(loop, "tcp6:0:interface=\\:\\:1");
    over(loop, "memory:somewhere");
    snprintf(path, sizeof path, "unix:/tmp/plait-loopback-%d", (int)getpid());
    over(loop, path);
    CHECK(access(path + 5, F_OK) != 0);
    reactor = loop;
    order();
    OK(plait_reactor_free(loop));
    SAME(descriptors(), before);
    PASSED();
}
