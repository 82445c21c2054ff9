/* Policies from C: each around a line protocol, a tower of them, a host's own; on the manual clock. */
#include "harness.h"

static plait_reactor reactor;
static char sent[1 << 16];

static size_t take(void *user, plait_conn conn, const uint8_t *data, size_t len) {
    (void)user;
    (void)conn;
    strncat(sent, (const char *)data, len);
    return len;
}

/* A conn of somebody at that address. */
static int come(plait_factory factory, const char *host, plait_conn *conn) {
    plait_transport_ops ops = PLAIT_TRANSPORT_OPS_INIT;
    plait_address peer = PLAIT_ADDRESS_INIT;
    int status;

    ops.write = take;
    ops.peer = &peer;
    peer.family = host ? PLAIT_FAMILY_IPV4 : PLAIT_FAMILY_NONE;
    if (host) strcpy(peer.host, host);
    status = plait_conn_attach(reactor, factory, &ops, NULL, conn);
    if (status == 0) OK(plait_reactor_poll(reactor, 0));
    return status;
}
static void feed(plait_conn conn, const char *text) { OK(plait_conn_feed(conn, (const uint8_t *)text, strlen(text))); }

static int which;
static int last_words(void *user, plait_conn conn, int limit) {
    which = limit;
    CHECK(user == &which);
    OK(plait_line_send(conn, (const uint8_t *)"too slow", 8));
    return 0;
}

static void timeouts(plait_factory lines) {
    plait_factory guarded;
    plait_timeout_options options = PLAIT_TIMEOUT_OPTIONS_INIT;
    plait_conn conn;
    uint64_t former = 7;

    STATUS(plait_timeout_factory_new(&guarded, lines, &options), PLAIT_ERR_INVALID);
    STATUS(plait_timeout_factory_new(&guarded, lines, NULL), PLAIT_ERR_INVALID);
    options.idle_ms = 1000;
    options.expired = last_words;
    options.user = &which;
    OK(plait_timeout_factory_new(&guarded, lines, &options));
    OK(come(guarded, NULL, &conn));
    OK(plait_reactor_advance(reactor, 900));
    OK(plait_timeout_reset(conn));
    OK(plait_timeout_set_ready(conn));
    OK(plait_timeout_set_idle(conn, 500, &former));
    SAME(former, 1000);
    sent[0] = 0;
    OK(plait_reactor_advance(reactor, 499));
    HEARD("connected|");
    OK(plait_reactor_advance(reactor, 1));
    HEARD("disconnected PLAIT_ERR_TIMEOUT|");
    SAME(which, PLAIT_TIMEOUT_IDLE);
    SAME(strcmp(sent, "too slow\r\n"), 0);
    OK(come(lines, NULL, &conn));
    STATUS(plait_timeout_reset(conn), PLAIT_ERR_UNSUPPORTED);
    OK(plait_conn_abort(conn));
    OK(plait_reactor_poll(reactor, 0));
    OK(plait_factory_release(guarded));
    journal[0] = 0;
}

static void throttle(plait_factory lines) {
    plait_factory guarded, busy = line_factory(NULL), none = {0};
    plait_throttle_options options = PLAIT_THROTTLE_OPTIONS_INIT;
    plait_throttle_counters counters = PLAIT_THROTTLE_COUNTERS_INIT;
    plait_factory_counters sum = PLAIT_FACTORY_COUNTERS_INIT;
    plait_conn conn, other;

    OK(plait_throttle_factory_new(&guarded, lines, NULL)); /* no limits: it counts */
    OK(come(guarded, "10.0.0.1", &conn));
    OK(plait_factory_get_counters(guarded, &sum));
    SAME(sum.open, 1);
    OK(plait_conn_abort(conn));
    OK(plait_reactor_poll(reactor, 0));
    OK(plait_factory_release(guarded));
    options.max_per_peer = 1;
    options.max_connections = 2;
    options.overflow = busy;
    options.deny_ms = 1000;
    options.write_each.limit = 100;
    OK(plait_throttle_factory_new(&guarded, lines, &options));
    OK(plait_factory_release(busy)); /* the throttle has its own reference */
    OK(come(guarded, "10.0.0.1", &conn));
    STATUS(come(guarded, "10.0.0.1", &other), PLAIT_ERR_REFUSED);
    OK(come(guarded, "10.0.0.2", &other));
    OK(come(guarded, "10.0.0.3", &other));
    OK(plait_throttle_get_counters(guarded, &counters));
    CHECK(counters.peers == 3 && counters.refused_peer == 1 && counters.overflowed == 1);
    OK(plait_factory_get_counters(guarded, &sum));
    CHECK(sum.open == 3 && sum.refused == 1 && sum.total == 3);
    STATUS(plait_throttle_get_counters(lines, &counters), PLAIT_ERR_TYPE);
    sent[0] = 0;
    feed(conn, "0123456789012345678901234567890123456789\r\n");
    SAME(strlen(sent), 10); /* the burst, a tenth of a second's */
    OK(plait_reactor_advance(reactor, 320));
    SAME(strlen(sent), 42);
    options.overflow = none;
    OK(plait_conn_abort(conn));
    OK(plait_reactor_poll(reactor, 0));
    STATUS(come(guarded, "10.0.0.1", &conn), PLAIT_ERR_REFUSED); /* denied for a while */
    OK(plait_factory_release(guarded));
    journal[0] = 0;
}

static void access_lists(plait_factory lines) {
    plait_factory guarded;
    plait_access_options options = PLAIT_ACCESS_OPTIONS_INIT;
    plait_reason reason = PLAIT_REASON_INIT;
    plait_conn conn;

    OK(plait_access_factory_new(&guarded, lines, NULL, NULL)); /* everybody */
    OK(come(guarded, "10.0.0.1", &conn));
    OK(plait_factory_release(guarded));
    options.allow = "10.0.0.0/8, ::1";
    options.deny = "10.1.0.0/16 x";
    STATUS(plait_access_factory_new(&guarded, lines, &options, &reason), PLAIT_ERR_INVALID);
    SAME(reason.offset, 12);
    options.deny = "10.1.0.0/16";
    OK(plait_access_factory_new(&guarded, lines, &options, NULL));
    OK(come(guarded, "10.2.0.1", &conn));
    STATUS(come(guarded, "10.1.0.1", &conn), PLAIT_ERR_REFUSED);
    STATUS(come(guarded, "11.0.0.1", &conn), PLAIT_ERR_REFUSED);
    OK(come(guarded, NULL, &conn));
    OK(plait_factory_release(guarded));
    journal[0] = 0;
}

static char logged[4096];
static void log_lines(void *user, uint64_t number, const char *lines, size_t len) {
    CHECK(user == logged && number > 0);
    strncat(logged, lines, len);
}

static void traffic(plait_factory lines) {
    plait_factory guarded;
    plait_traffic_options options = PLAIT_TRAFFIC_OPTIONS_INIT;
    plait_traffic_counters counters = PLAIT_TRAFFIC_COUNTERS_INIT;
    char path[] = "/tmp/plait-traffic-XXXXXX", name[64], text[256] = "";
    plait_conn conn;
    FILE *file;
    int pipes[2], fd = mkstemp(path);

    options.lines = log_lines;
    options.user = logged;
    options.fd = 1;
    STATUS(plait_traffic_factory_new(&guarded, lines, &options), PLAIT_ERR_INVALID);
    options.fd = 0;
    OK(plait_traffic_factory_new(&guarded, lines, &options));
    OK(come(guarded, "10.0.0.1", &conn));
    feed(conn, "hi\r\n");
    OK(plait_conn_close(conn));
    OK(plait_reactor_poll(reactor, 0));
    OK(plait_traffic_reset(guarded));
    OK(come(guarded, NULL, &conn));
    if (strcmp(logged, "* 1 10.0.0.1:0\nC 1: \"hi\\r\\n\"\nS 1: \"hi\\r\\n\"\nS 1: *\nC 1: no error\n* 1\n"))
        DIE("logged: %s", logged);
    OK(plait_conn_abort(conn));
    OK(plait_factory_release(guarded));
    /* A file for each, and a pipe that nobody reads: lines are lost, the connection goes on. */
    options.lines = NULL;
    options.prefix = path;
    OK(plait_traffic_factory_new(&guarded, lines, &options));
    OK(come(guarded, NULL, &conn));
    feed(conn, "hi\r\n");
    snprintf(name, sizeof name, "%s-1", path);
    CHECK((file = fopen(name, "r")) && fread(text, 1, sizeof text - 1, file) > 0);
    SAME(strcmp(text, "* 1\nC 1: \"hi\\r\\n\"\nS 1: \"hi\\r\\n\"\n"), 0);
    fclose(file);
    unlink(name);
    OK(plait_conn_abort(conn));
    OK(plait_factory_release(guarded));
    options.prefix = NULL;
    SAME(pipe(pipes), 0);
    close(pipes[0]);
    options.fd = pipes[1];
    OK(plait_traffic_factory_new(&guarded, lines, &options));
    OK(come(guarded, NULL, &conn));
    sent[0] = 0;
    feed(conn, "hi\r\n");
    SAME(strcmp(sent, "hi\r\n"), 0);
    OK(plait_traffic_get_counters(guarded, &counters));
    CHECK(counters.lost > 0 && counters.written == 0);
    SAME(counters.last_error, PLAIT_ERR_SYSTEM - EPIPE);
    OK(plait_factory_release(guarded));
    close(pipes[1]);
    close(fd);
    unlink(path);
    journal[0] = 0;
}

static void proxy(plait_factory lines) {
    plait_factory guarded, per_peer;
    plait_throttle_options limits = PLAIT_THROTTLE_OPTIONS_INIT;
    plait_proxy_options options = PLAIT_PROXY_OPTIONS_INIT;
    plait_reason reason = PLAIT_REASON_INIT;
    plait_address found = PLAIT_ADDRESS_INIT;
    plait_conn conn, second;
    const char *header = "PROXY TCP4 192.0.2.1 192.0.2.2 4000 80\r\n";

    limits.max_per_peer = 1;
    options.trusted = "10.0.0.0/33";
    OK(plait_throttle_factory_new(&per_peer, lines, &limits));
    STATUS(plait_proxy_factory_new(&guarded, per_peer, &options, &reason), PLAIT_ERR_INVALID);
    SAME(reason.offset, 9);
    options.trusted = "10.0.0.0/8";
    OK(plait_proxy_factory_new(&guarded, per_peer, &options, NULL));
    STATUS(come(guarded, "11.0.0.1", &conn), PLAIT_ERR_REFUSED);
    OK(come(guarded, "10.0.0.1", &conn));
    for (size_t at = 0; at < strlen(header); at++) {
        HEARD("");
        OK(plait_conn_feed(conn, (const uint8_t *)header + at, 1));
    }
    HEARD("connected|");
    OK(plait_conn_get_peer(conn, &found));
    CHECK(!strcmp(found.host, "192.0.2.1") && found.port == 4000);
    OK(plait_conn_get_local(conn, &found));
    CHECK(!strcmp(found.host, "192.0.2.2") && found.port == 80);
    OK(come(guarded, "10.0.0.1", &second));
    feed(second, header);
    STATUS(plait_conn_resume(second), PLAIT_ERR_STALE); /* the client's second */
    HEARD("");
    OK(plait_factory_release(guarded));
    OK(plait_factory_release(per_peer));
}

/* A host's own policy: turns letters to capitals on the way up, and counts. */
struct own {
    int built, connected, closing, disconnected, released;
};
static int own_built(void *user, plait_wrapper wrapper) {
    plait_conn conn = {0};
    plait_address peer = PLAIT_ADDRESS_INIT;

    OK(plait_wrapper_get_conn(wrapper, &conn));
    OK(plait_conn_get_peer(conn, &peer));
    STATUS(plait_reactor_poll(reactor, 0), PLAIT_ERR_REENTRANT);
    STATUS(plait_reactor_free(reactor), PLAIT_ERR_REENTRANT);
    ((struct own *)user)->built++;
    return !strcmp(peer.host, "10.0.0.9");
}
static int own_connected(void *user, plait_wrapper wrapper) {
    void *found = NULL;

    OK(plait_wrapper_get_user(wrapper, &found));
    CHECK(found == user);
    OK(plait_wrapper_set_user(wrapper, user));
    ((struct own *)user)->connected++;
    return PLAIT_WRAPPER_PASS;
}
static int own_received(void *user, plait_wrapper wrapper, const uint8_t *data, size_t len) {
    (void)user;
    for (size_t at = 0; at < len; at++) {
        uint8_t byte = data[at] >= 'a' && data[at] <= 'z' ? (uint8_t)(data[at] - 32) : data[at];
        OK(plait_wrapper_feed(wrapper, &byte, 1));
    }
    return PLAIT_WRAPPER_TAKEN;
}
static int own_written(void *user, plait_wrapper wrapper, const uint8_t *data, size_t len) {
    (void)user;
    (void)data;
    (void)len;
    OK(plait_wrapper_write(wrapper, (const uint8_t *)"> ", 2));
    return PLAIT_WRAPPER_PASS;
}
static void own_closing(void *user, plait_wrapper wrapper) {
    ((struct own *)user)->closing++;
    OK(plait_wrapper_write(wrapper, (const uint8_t *)"bye", 3));
}
static void own_disconnected(void *user, plait_wrapper wrapper, const plait_reason *reason) {
    STATUS(plait_wrapper_write(wrapper, (const uint8_t *)"x", 1), PLAIT_ERR_CLOSED);
    CHECK(reason->text);
    ((struct own *)user)->disconnected++;
}
static void own_release(void *user) { ((struct own *)user)->released++; }

static void wrapper(plait_factory lines) {
    plait_factory guarded;
    plait_wrapper_handler hooks = PLAIT_WRAPPER_HANDLER_INIT;
    struct own own = {0};
    plait_conn conn;

    hooks.built = own_built;
    hooks.connected = own_connected;
    hooks.received = own_received;
    hooks.written = own_written;
    hooks.closing = own_closing;
    hooks.disconnected = own_disconnected;
    hooks.release = own_release;
    OK(plait_wrapper_factory_new(&guarded, lines, &hooks, &own));
    STATUS(come(guarded, "10.0.0.9", &conn), PLAIT_ERR_REFUSED);
    SAME(own.disconnected, 1);
    OK(come(guarded, "10.0.0.1", &conn));
    sent[0] = 0;
    feed(conn, "hello\r\n");
    SAME(strcmp(sent, "> HELLO\r\n"), 0);
    OK(plait_conn_close(conn));
    OK(plait_reactor_poll(reactor, 0));
    SAME(strcmp(sent, "> HELLO\r\nbye"), 0);
    CHECK(own.built == 2 && own.connected == 1 && own.closing == 1 && own.disconnected == 2 && own.released == 0);
    OK(plait_factory_release(guarded));
    SAME(own.released, 1);
    journal[0] = 0;
}

int main(void) {
    plait_factory lines = line_factory(echo_line);

    reactor = new_reactor(PLAIT_REACTOR_WITHOUT_LOOP);
    timeouts(lines);
    throttle(lines);
    access_lists(lines);
    traffic(lines);
    proxy(lines);
    wrapper(lines);
    OK(plait_factory_release(lines));
    OK(plait_reactor_free(reactor));
    PASSED();
}
