/* The border: an input is a program that calls the API in any order, from outside and inside callbacks.
 *
 * Reactors have no loop, so that nothing waits and nothing leaves the process; endpoints are memory:. A byte picks the
 * operation, the next ones its arguments. Handles come from one drawer in which all kinds lie mixed, the dead ones too.
 * In the end everything is freed, and what must hold of any program is looked at: no crash, no leak, each conn ended
 * once. */
#include "fuzz.h"
#include <arpa/inet.h>
#include <sys/socket.h>
#include <unistd.h>
#ifndef WITH_LOOP
#define WITH_LOOP 0
#endif

enum { DRAWER = 32, DEPTH = 3 };

static struct input program;
static uint64_t drawer[DRAWER];
static unsigned drawer_next;
static int depth; /* of callbacks inside callbacks */
static long opened, ended, made, released;
static plait_reactor reactors[64];
static plait_factory factories[4096];
static unsigned reactor_count, factory_count;

static void step(void);

/* Reads bytes that the library promises to be there. */
static volatile unsigned touched;
static void touch(const uint8_t *data, size_t len) {
    if (len) touched += (unsigned)data[0] + data[len - 1];
}

static void put(uint64_t id) { drawer[drawer_next++ % DRAWER] = id; }
static uint64_t any(void) { return drawer[take(&program) % DRAWER]; }
#define ANY(type) ((type){any()})

/* Every callback runs some of the program. */
static void inside(void) {
    if (depth == DEPTH) return;
    depth++;
    for (unsigned steps = take(&program) % 4; steps; steps--) step();
    depth--;
}

static void on_conn(void *user, plait_conn conn) {
    (void)user;
    put(conn.id);
    inside();
}
static void on_connected(void *user, plait_conn conn) {
    opened++;
    on_conn(user, conn);
}
static void on_disconnected(void *user, plait_conn conn, const plait_reason *reason) {
    MUST(reason->struct_size == sizeof *reason && reason->text && reason->text[0]);
    ended++;
    on_conn(user, conn);
}
static void on_bytes(void *user, plait_conn conn, const uint8_t *data, size_t len) {
    on_conn(user, conn);
    touch(data, len);
}
static size_t on_block(void *user, plait_conn conn, const uint8_t *data, size_t len, const uint32_t *table,
                       size_t count) {
    unsigned taken = take(&program);
    on_conn(user, conn);
    for (size_t i = 0; i < count; i++) {
        MUST((size_t)table[2 * i] + table[2 * i + 1] <= len);
        touch(data + table[2 * i], table[2 * i + 1]);
    }
    return taken & 1 ? count : taken % 5; /* more than there are, sometimes */
}
static void on_too_long(void *user, plait_conn conn, uint64_t length) {
    (void)length;
    on_conn(user, conn);
}
static void on_release(void *user) {
    (void)user;
    released++;
    inside();
}
static void on_post(void *user) {
    (void)user;
    inside();
}
static void on_timer(void *user, plait_timer timer) {
    (void)user;
    put(timer.id);
    inside();
}
static void on_done(void *user, plait_call call, plait_conn conn, const plait_reason *reason) {
    MUST((reason->status == 0) == (conn.id != 0));
    put(call.id);
    on_conn(user, conn);
}
static void on_drained(void *user, plait_call call, const plait_reason *reason) {
    (void)user;
    MUST(reason->text);
    put(call.id);
    inside();
}
static void on_up(void *user, plait_connector connector, plait_conn conn) {
    put(connector.id);
    on_conn(user, conn);
}
static void on_waiting(void *user, plait_connector connector, const plait_reason *reason, uint64_t delay) {
    (void)user;
    (void)delay;
    MUST(reason->status != PLAIT_ERR_STALE);
    put(connector.id);
    inside();
}
static void on_stopped(void *user, plait_connector connector, const plait_reason *reason) {
    on_waiting(user, connector, reason, 0);
}
static size_t op_write(void *user, plait_conn conn, const uint8_t *data, size_t len) {
    unsigned taken = take(&program);
    (void)user;
    put(conn.id);
    touch(data, len);
    inside();
    return taken & 1 ? len : taken; /* nothing, part, or more than there is */
}
static void op_reading(void *user, plait_conn conn, int on) {
    MUST(on == 0 || on == 1);
    on_conn(user, conn);
}
static void op_close(void *user, plait_conn conn, int status) {
    MUST(status <= 0);
    on_conn(user, conn);
}

#define COMMON(handler)                                                                                                \
    (handler).connected = on_connected;                                                                                \
    (handler).disconnected = on_disconnected;                                                                          \
    (handler).release = on_release;                                                                                    \
    if (mask & 1) (handler).read_closed = on_conn;                                                                     \
    if (mask & 2) (handler).write_paused = on_conn;                                                                    \
    if (mask & 2) (handler).write_resumed = on_conn;

static void new_factory(void) {
    plait_raw_handler raw = PLAIT_RAW_HANDLER_INIT;
    plait_line_handler line = PLAIT_LINE_HANDLER_INIT;
    plait_string_handler string = PLAIT_STRING_HANDLER_INIT;
    plait_line_options lines = PLAIT_LINE_OPTIONS_INIT;
    plait_string_options strings = PLAIT_STRING_OPTIONS_INIT;
    plait_factory factory = {0};
    unsigned kind = take(&program), mask = take(&program);

    if (factory_count == sizeof factories / sizeof *factories) return;
    COMMON(raw)
    COMMON(line)
    COMMON(string)
    raw.data = line.line = line.raw = string.string = on_bytes;
    if (mask & 4) line.lines = string.strings = on_block;
    if (mask & 8) line.line_too_long = on_bytes, string.string_too_long = on_too_long;
    lines.flags = mask >> 4 & 1;
    lines.max_length = strings.max_length = kind >> 4;
    strings.format = mask >> 5 & 3;
    strings.prefix_length = strings.format == PLAIT_STRING_NETSTRING ? 0 : kind >> 2 & 7;
    int status = kind % 3 == 0   ? plait_raw_factory_new(&factory, &raw, NULL)
                 : kind % 3 == 1 ? plait_line_factory_new(&factory, &lines, &line, NULL)
                                 : plait_string_factory_new(&factory, &strings, &string, NULL);
    if (status) return;
    made++;
    factories[factory_count++] = factory;
    put(factory.id);
}

static void attach(void) {
    plait_transport_ops ops = PLAIT_TRANSPORT_OPS_INIT;
    plait_conn conn = {0};
    unsigned mask = take(&program);
    ops.write = op_write;
    ops.set_reading = mask & 1 ? op_reading : NULL;
    ops.close_write = mask & 2 ? on_conn : NULL;
    ops.close = mask & 4 ? op_close : NULL;
    ops.release = on_release;
    if (plait_conn_attach(ANY(plait_reactor), ANY(plait_factory), &ops, NULL, &conn)) return;
    made++;
    put(conn.id);
}

/* Fields of strings that are made once: a port that is free, and an abstract UNIX name of this process. */
static char tcp_listen[64], tcp_connect[64], unix_name[64];

static void make_endpoints(void) {
#if WITH_LOOP
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof address;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    MUST(bind(fd, (struct sockaddr *)&address, len) == 0 && getsockname(fd, (struct sockaddr *)&address, &len) == 0);
    close(fd);
    snprintf(tcp_listen, sizeof tcp_listen, "tcp:%d:interface=127.0.0.1", ntohs(address.sin_port));
    snprintf(tcp_connect, sizeof tcp_connect, "tcp:127.0.0.1:%d", ntohs(address.sin_port));
#endif
    snprintf(unix_name, sizeof unix_name, "unix:@plait-fuzz-%d", (int)getpid());
}

static const char *endpoint(int listening) {
    const char *const texts[] = {"memory:a",
                                 WITH_LOOP ? unix_name : "memory:b",
                                 WITH_LOOP ? (listening ? tcp_listen : tcp_connect) : "memory:c",
                                 WITH_LOOP ? "memory:b" : "tcp:1",
                                 WITH_LOOP ? unix_name : "unix:/nowhere",
                                 "tls:1",
                                 "",
                                 "memory:"};
    return texts[take(&program) % 8];
}

static void start_connector(void) {
    plait_connector_options options = PLAIT_CONNECTOR_OPTIONS_INIT;
    plait_connector_handler handler = PLAIT_CONNECTOR_HANDLER_INIT;
    plait_connector connector = {0};
    options.initial_ms = take(&program);
    options.max_retries = take(&program) % 8;
    handler.connected = on_up;
    handler.waiting = on_waiting;
    handler.stopped = on_stopped;
    handler.release = on_release;
    if (plait_connector_start(ANY(plait_reactor), endpoint(0), ANY(plait_factory), &options, &handler, NULL,
                              &connector))
        return;
    made++;
    put(connector.id);
}

static void make_reactor(void) {
    if (reactor_count == sizeof reactors / sizeof *reactors) return;
    reactors[reactor_count] = new_reactor(WITH_LOOP ? PLAIT_REACTOR_MANUAL_CLOCK : PLAIT_REACTOR_WITHOUT_LOOP);
    put(reactors[reactor_count++].id);
}

/* Bytes of the program as an argument; they end where they end. */
static int with_bytes(int (*call)(plait_conn, const uint8_t *, size_t), size_t most) {
    plait_conn conn = ANY(plait_conn);
    struct input bytes = take_bytes(&program, take(&program) % (most + 1));
    uint8_t *copy = malloc(bytes.len ? bytes.len : 1);
    if (bytes.len) memcpy(copy, bytes.data, bytes.len);
    int status = call(conn, copy, bytes.len);
    free(copy);
    return status;
}

static int send_table(int (*call)(plait_conn, const uint8_t *, size_t, const uint32_t *, size_t)) {
    uint32_t table[8];
    plait_conn conn = ANY(plait_conn);
    struct input bytes = take_bytes(&program, take(&program) % 64);
    size_t count = take(&program) % 5;
    for (size_t i = 0; i < 2 * count; i++) table[i] = take(&program) % 40;
    return call(conn, bytes.data, bytes.len, table, count);
}

static void limits(void) {
    plait_conn_limits limits = PLAIT_CONN_LIMITS_INIT;
    limits.high_water = take(&program);
    limits.low_water = take(&program) / 4u;
    limits.cap = 16u * take(&program);
    limits.close_ms = take(&program);
    plait_conn_set_limits(ANY(plait_conn), &limits);
}

static void look(void) {
    plait_conn_counters counters = PLAIT_CONN_COUNTERS_INIT;
    plait_address address = PLAIT_ADDRESS_INIT;
    plait_conn conn = ANY(plait_conn);
    uint64_t time;
    int64_t wait;
    void *user;
    if (plait_conn_get_counters(conn, &counters) == 0) MUST(counters.held <= PLAIT_BYTES_MAX);
    if (plait_conn_get_peer(conn, &address) == 0) MUST(memchr(address.host, 0, sizeof address.host));
    plait_conn_get_local(conn, &address);
    plait_conn_get_user(conn, &user);
    plait_listener_get_port(ANY(plait_listener));
    plait_listener_get_local(ANY(plait_listener), &address);
    plait_reactor_now(ANY(plait_reactor), &time);
    plait_reactor_timeout(ANY(plait_reactor), &wait);
    plait_timer_get_due(ANY(plait_timer), &time);
    plait_connector_get_conn(ANY(plait_connector), &conn);
}

static void clear(void) {
    uint8_t out[64];
    size_t len = 0;
    unsigned cap = take(&program) % 65;
    if (plait_line_clear_buffer(ANY(plait_conn), cap ? out : NULL, cap, &len) == 0 && cap) MUST(len <= cap);
}

#include "border_steps.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len) {
    if (!unix_name[0]) make_endpoints();
    program.data = data;
    program.len = len;
    memset(drawer, 0, sizeof drawer);
    drawer_next = reactor_count = factory_count = 0;
    opened = ended = made = released = 0;
    depth = 0;
    make_reactor();
    for (int steps = 0; program.len && steps < 2000; steps++) step();
    program.len = 0;
    /* What a release does may free more: until nothing answers any longer. */
    for (unsigned i = 0; i < reactor_count; i++) {
        int status = plait_reactor_free(reactors[i]);
        MUST(status == 0 || status == PLAIT_ERR_STALE);
    }
    for (unsigned i = 0; i < factory_count; i++)
        while (plait_factory_release(factories[i]) == 0) continue;
    MUST(made == released);
    return 0;
}
