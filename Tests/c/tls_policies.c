/* Policies above TLS and beneath it, in memory and on a manual clock: what they see, count, delay and cut off. */
#include "harness.h"

static plait_reactor reactor;
static char directory[64];
static plait_tls_config server_config, client_config;

/* ---- What both ends do */

static char logged[1 << 20];
static void log_lines(void *user, uint64_t number, const char *lines, size_t len) {
    size_t used = strlen(logged);
    (void)user, (void)number;
    if (used + len < sizeof logged) memcpy(logged + used, lines, len), logged[used + len] = 0;
}

static plait_conn server_conn;
static int server_status;
static void server_connected(void *user, plait_conn conn) {
    (void)user;
    server_conn = conn;
}
static void server_disconnected(void *user, plait_conn conn, const plait_reason *reason) {
    (void)user, (void)conn;
    server_conn.id = 0;
    server_status = reason->status;
}

static plait_conn client_conn;
static uint64_t heard;
static int client_status;
static void client_connected(void *user, plait_conn conn) {
    (void)user;
    client_conn = conn;
}
static void client_heard(void *user, plait_conn conn, const uint8_t *data, size_t len) {
    (void)user, (void)conn, (void)data;
    heard += len;
}
static void client_disconnected(void *user, plait_conn conn, const plait_reason *reason) {
    (void)user, (void)conn;
    client_conn.id = 0;
    client_status = reason->status;
}

static void wrap(plait_factory *factory, int status, plait_factory made) {
    STATUS(status, 0);
    OK(plait_factory_release(*factory));
    *factory = made;
}

/* ---- Conversations */

struct guard {
    uint64_t idle_ms, handshake_ms, write_rate;
    uint32_t max_connections;
};
enum { ABOVE, BENEATH, BOTH };

/* The outermost is made last. */
static void put_guard(plait_factory *factory, const struct guard *guard) {
    plait_traffic_options log = PLAIT_TRAFFIC_OPTIONS_INIT;
    plait_throttle_options rates = PLAIT_THROTTLE_OPTIONS_INIT;
    plait_timeout_options times = PLAIT_TIMEOUT_OPTIONS_INIT;
    plait_factory made = {0};

    times.idle_ms = guard->idle_ms;
    times.handshake_ms = guard->handshake_ms;
    if (times.idle_ms || times.handshake_ms) wrap(factory, plait_timeout_factory_new(&made, *factory, &times), made);
    rates.write_each.limit = guard->write_rate;
    rates.max_connections = guard->max_connections;
    wrap(factory, plait_throttle_factory_new(&made, *factory, &rates), made);
    log.lines = log_lines;
    wrap(factory, plait_traffic_factory_new(&made, *factory, &log), made);
}

static plait_factory server_of(int where, const struct guard *guard) {
    plait_line_handler handler = PLAIT_LINE_HANDLER_INIT;
    plait_factory factory = {0}, made = {0};

    handler.connected = server_connected;
    handler.disconnected = server_disconnected;
    handler.line = echo_line;
    OK(plait_line_factory_new(&factory, NULL, &handler, NULL));
    if (where != BENEATH) put_guard(&factory, guard);
    wrap(&factory, plait_tls_factory_new(&made, factory, server_config, NULL), made);
    if (where != ABOVE) put_guard(&factory, guard);
    return factory;
}

static plait_factory client_of(int is_secure) {
    plait_tls_conn_options name = PLAIT_TLS_CONN_OPTIONS_INIT;
    plait_raw_handler handler = PLAIT_RAW_HANDLER_INIT;
    plait_factory factory = {0}, made = {0};

    handler.connected = client_connected;
    handler.disconnected = client_disconnected;
    handler.data = client_heard;
    OK(plait_raw_factory_new(&factory, &handler, NULL));
    name.server_name = "localhost";
    if (is_secure) wrap(&factory, plait_tls_factory_new(&made, factory, client_config, &name), made);
    return factory;
}

static int over;
static void on_over(void *user, plait_call call, const plait_reason *server, const plait_reason *client) {
    (void)user, (void)call, (void)server, (void)client;
    over = 1;
}

static int begin(plait_factory server, int is_secure) {
    plait_factory client = client_of(is_secure);
    int status;

    over = 0;
    heard = 0;
    logged[0] = 0;
    server_conn.id = client_conn.id = 0;
    server_status = client_status = 1;
    status = plait_loopback(reactor, server, client, NULL, on_over, NULL, NULL);
    OK(plait_factory_release(client));
    if (status == 0) OK(plait_reactor_poll(reactor, 0));
    return status;
}
static void say(const char *text) { OK(plait_conn_write(client_conn, (const uint8_t *)text, strlen(text))); }
static void turn(uint64_t milliseconds) { OK(plait_reactor_advance(reactor, milliseconds)); }
static void finish(plait_factory server) {
    if (client_conn.id) OK(plait_conn_close(client_conn));
    turn(1);
    CHECK(over && !server_conn.id && !client_conn.id);
    OK(plait_factory_release(server));
}

/* ---- What is seen of it */

static plait_factory_counters counters_of(plait_factory factory) {
    plait_factory_counters sum = PLAIT_FACTORY_COUNTERS_INIT;
    OK(plait_factory_get_counters(factory, &sum));
    return sum;
}

static void logs(int where) {
    const struct guard guard = {0, 0, 0, 0};
    plait_factory server = server_of(where, &guard);
    int plain, secret;

    OK(begin(server, 1));
    say("hello\r\n");
    turn(0);
    SAME(heard, 7);
    plain = strstr(logged, "C 1: \"hello\\r\\n\"\n") && strstr(logged, "S 1: \"hello\\r\\n\"\n");
    secret = strstr(logged, "C 1: \"\\x16\\x03\\x01") != NULL; /* a ClientHello's record */
    SAME(plain, where != BENEATH);
    SAME(secret, where != ABOVE);
    SAME(counters_of(server).open, 1);
    finish(server);
    SAME(server_status, 0);
    SAME(client_status, 0);
}

/* Both hear an end in good order: the policy's close lets TLS say close_notify. */
static void silence(int where) {
    const struct guard guard = {1000, 0, 0, 0};
    plait_factory server = server_of(where, &guard);

    OK(begin(server, 1));
    turn(900);
    say("x\r\n");
    turn(0);
    turn(999);
    CHECK(server_conn.id && client_conn.id);
    turn(2);
    turn(0);
    STATUS(server_status, PLAIT_ERR_TIMEOUT);
    STATUS(client_status, 0);
    finish(server);
}

/* Who never begins a handshake is cut off by the limit beneath TLS, or by TLS's own, which is longer. */
static void stalled(int where) {
    const struct guard guard = {0, 300, 0, 0};
    plait_factory server = server_of(where, &guard);

    OK(begin(server, 0));
    CHECK(client_conn.id);
    turn(299);
    CHECK(client_conn.id);
    turn(2);
    turn(0);
    SAME(client_conn.id == 0, where != ABOVE);
    turn(700);
    turn(0);
    CHECK(!client_conn.id);
    CHECK(!server_conn.id && server_status == 1); /* its protocol never heard of it */
    finish(server);
}

/* 100,000 bytes at 10,000 a second: exact above; beneath, what TLS adds is counted, too. */
static void rates(int where) {
    const struct guard guard = {0, 0, 10000, 0};
    plait_factory server = server_of(where, &guard);
    static uint8_t much[100000];
    uint64_t at_first, after;

    OK(begin(server, 1));
    for (int i = 0; i < 20 && !server_conn.id; i++) turn(200); /* beneath, the handshake is slowed, too */
    CHECK(server_conn.id && client_conn.id);
    turn(5000);
    OK(plait_conn_write(server_conn, much, sizeof much));
    turn(0);
    at_first = heard;
    CHECK(at_first <= 1000);
    for (int i = 0; i < 400; i++) turn(10);
    after = heard - at_first;
    if (where == ABOVE)
        CHECK(after >= 39200 && after <= 40800);
    else
        CHECK(after >= 16384 && after <= 40800); /* whole records of TLS alone reach the protocol */
    CHECK(server_conn.id && client_conn.id);
    for (int i = 0; i < 800; i++) turn(10);
    SAME(heard, sizeof much);
    finish(server);
}

/* One too many is refused, above TLS before a handshake as well as beneath. */
static void limits(int where) {
    const struct guard guard = {0, 0, 0, 1};
    plait_factory server = server_of(where, &guard), second;
    plait_conn first;

    OK(begin(server, 1));
    first = client_conn;
    CHECK(first.id);
    second = client_of(1);
    STATUS(plait_loopback(reactor, server, second, NULL, NULL, NULL, NULL), PLAIT_ERR_REFUSED);
    OK(plait_factory_release(second));
    SAME(counters_of(server).refused + counters_of(server).refused_within, 1);
    SAME(counters_of(server).open, 1);
    client_conn = first;
    finish(server);
}

int main(void) {
    plait_tls_options options = PLAIT_TLS_OPTIONS_INIT;
    plait_tls_identity identity = PLAIT_TLS_IDENTITY_INIT;
    char command[160], pem[128], root[128];

    snprintf(directory, sizeof directory, "/tmp/plait-tls-policies-%d", (int)getpid());
    snprintf(command, sizeof command, "Tests/certificates %s", directory);
    SAME(system(command), 0);
    snprintf(pem, sizeof pem, "%s/good.pem", directory);
    snprintf(root, sizeof root, "%s/root.pem", directory);
    identity.cert_file = pem;
    options.identities = &identity;
    options.identity_count = 1;
    options.handshake_ms = 1000;
    OK(plait_tls_config_new(&server_config, &options, NULL));
    options.identity_count = 0;
    options.handshake_ms = 0;
    options.ca_file = root;
    OK(plait_tls_config_new(&client_config, &options, NULL));
    reactor = new_reactor(PLAIT_REACTOR_WITHOUT_LOOP);
    for (int where = ABOVE; where <= BOTH; where++) {
        logs(where);
        silence(where);
        stalled(where);
        rates(where);
        limits(where);
    }
    OK(plait_reactor_free(reactor));
    OK(plait_tls_config_release(server_config));
    OK(plait_tls_config_release(client_config));
    snprintf(command, sizeof command, "rm -r %s", directory);
    SAME(system(command), 0);
    PASSED();
}
