/* What a message costs: no allocation in the steady state, and time that grows with the bytes alone, however they come.
 *
 * Allocations are counted by standing in for the allocator. Time is the CPU's, and compared with itself: eight times
 * the bytes may take at most three times as long per byte, where a quadratic parser takes eight. */
#include "peers.h"

static long allocations;
extern void *__libc_malloc(size_t), *__libc_calloc(size_t, size_t), *__libc_realloc(void *, size_t),
    *__libc_memalign(size_t, size_t);
void *malloc(size_t size) { return allocations++, __libc_malloc(size); }
void *calloc(size_t count, size_t size) { return allocations++, __libc_calloc(count, size); }
void *realloc(void *memory, size_t size) { return allocations++, __libc_realloc(memory, size); }
void *memalign(size_t alignment, size_t size) { return allocations++, __libc_memalign(alignment, size); }
void *aligned_alloc(size_t alignment, size_t size) { return memalign(alignment, size); }
int posix_memalign(void **out, size_t alignment, size_t size) {
    return (*out = memalign(alignment, size)) ? 0 : ENOMEM;
}

static plait_reactor reactor;
static size_t messages, bytes_written;
static int answering, most_taken, failed;

static void on_message(void *user, plait_conn conn, const uint8_t *data, size_t len) {
    (void)user;
    messages++;
    if (answering == 1) plait_line_send(conn, data, len);
    if (answering == 2) plait_string_send(conn, data, len);
}
static size_t on_block(void *user, plait_conn conn, const uint8_t *data, size_t len, const uint32_t *table,
                       size_t count) {
    (void)user;
    if (most_taken && count > (size_t)most_taken) count = (size_t)most_taken;
    messages += count;
    if (answering == 1) plait_line_send_many(conn, data, len, table, count);
    if (answering == 2) plait_string_send_many(conn, data, len, table, count);
    return count;
}
static size_t on_write(void *user, plait_conn conn, const uint8_t *data, size_t len) {
    (void)user;
    (void)conn;
    (void)data;
    bytes_written += len;
    return len;
}

enum kind { LINES, INT32, NETSTRINGS };

static plait_factory make_factory(enum kind kind, int block) {
    plait_line_handler lines = PLAIT_LINE_HANDLER_INIT;
    plait_string_handler strings = PLAIT_STRING_HANDLER_INIT;
    plait_string_options options = PLAIT_STRING_OPTIONS_INIT;
    plait_factory factory = {0};
    lines.line = strings.string = on_message;
    if (block) lines.lines = strings.strings = on_block;
    if (kind == NETSTRINGS) options.format = PLAIT_STRING_NETSTRING;
    if (kind == LINES)
        CHECK(plait_line_factory_new(&factory, NULL, &lines, NULL) == 0);
    else
        CHECK(plait_string_factory_new(&factory, &options, &strings, NULL) == 0);
    return factory;
}

/* Messages of ten bytes, with their framing as long as it is. */
static uint8_t *make_stream(enum kind kind, size_t wanted, size_t *len) {
    static const char *const units[] = {"0123456789\r\n", "\0\0\0\n0123456789", "10:0123456789,"};
    size_t unit = kind == LINES ? 12 : 14;
    uint8_t *stream = malloc(wanted + unit);
    for (*len = 0; *len + unit <= wanted; *len += unit) memcpy(stream + *len, units[kind], unit);
    return stream;
}

static plait_conn attach(plait_factory factory) {
    plait_transport_ops ops = PLAIT_TRANSPORT_OPS_INIT;
    plait_conn conn = {0};
    ops.write = on_write;
    CHECK(plait_conn_attach(reactor, factory, &ops, NULL, &conn) == 0);
    return conn;
}

/* Feeds that end in the middle of messages, answered. */
static void without_allocations(enum kind kind, int block) {
    plait_factory factory = make_factory(kind, block);
    plait_conn conn = attach(factory);
    size_t len;
    uint8_t *stream = make_stream(kind, 1 << 20, &len);

    answering = kind == LINES ? 1 : 2;
    for (int round = 0; round < 3; round++) {
        long before = allocations;
        for (size_t at = 0; at < len; at += 1000)
            CHECK(plait_conn_feed(conn, stream + at, len - at < 1000 ? len - at : 1000) == 0);
        if (round == 2 && allocations != before) {
            printf("kind %d, %s: %ld allocations for %zu messages\n", kind, block ? "blocks" : "one by one",
                   allocations - before, len / 12);
            failed = 1;
        }
    }
    answering = 0;
    free(stream);
    plait_conn_abort(conn);
    CHECK(plait_reactor_poll(reactor, 0) == 0 && plait_factory_release(factory) == 0);
}

static void over_tcp_without_allocations(void) {
    plait_factory factory = make_factory(LINES, 0);
    plait_listener listener = {0};
    CHECK(plait_listen(reactor, "tcp:0:interface=127.0.0.1", factory, NULL, &listener) == 0);
    int fd = dial(plait_listener_get_port(listener));
    long before = 0;

    answering = 1;
    for (int round = 0; round < 2000; round++) {
        size_t got = 0;
        if (round == 1000) before = allocations;
        say(fd, "a question\r\nand half");
        say(fd, " a question\r\n");
        UNTIL(hear(fd, &got) == 0 && got == 33);
    }
    if (allocations != before) failed = printf("over TCP: %ld allocations for 2000 lines\n", allocations - before);
    answering = 0;
    close(fd);
    CHECK(plait_listener_close(listener) == 0 && plait_factory_release(factory) == 0);
}

static void on_sum(void *user, plait_conn conn, plait_amp_box request) {
    int64_t a, b;
    plait_amp_value total;
    (void)user;
    (void)conn;
    memset(&total, 0, sizeof total);
    CHECK(plait_amp_get_int(request, 0, &a) == 0 && plait_amp_get_int(request, 1, &b) == 0);
    total.integer = a + b;
    CHECK(plait_amp_answer(request, &total, 1) == 0);
}
static void on_total(void *user, plait_conn conn, plait_amp_box answer, const plait_reason *reason) {
    int64_t total;
    (void)user;
    (void)conn;
    CHECK(reason->status == 0 && plait_amp_get_int(answer, 0, &total) == 0 && total == 3);
    messages++;
}
static void on_other_end(void *user, plait_connector connector, plait_conn conn) {
    (void)connector;
    *(plait_conn *)user = conn;
}

/* Both sides of calls: a thousand at a time, on one conn in memory. */
static void calls_without_allocations(void) {
    plait_amp_command sum = {0}, none = {0};
    plait_factory factory = {0};
    plait_listener listener = {0};
    plait_connector connector = {0};
    plait_connector_handler handler = PLAIT_CONNECTOR_HANDLER_INIT;
    plait_conn conn = {0};
    plait_amp_value values[2];

    memset(values, 0, sizeof values);
    values[0].integer = 1;
    values[1].integer = 2;
    handler.connected = on_other_end;
    CHECK(plait_amp_command_parse(&sum, none, "Sum(a: Integer, b: Integer) -> (total: Integer)", NULL) == 0);
    CHECK(plait_amp_factory_new(&factory, NULL, NULL, NULL) == 0);
    CHECK(plait_amp_factory_add_responder(factory, sum, on_sum) == 0);
    CHECK(plait_listen(reactor, "memory:sums", factory, NULL, &listener) == 0);
    CHECK(plait_connector_start(reactor, "memory:sums", factory, NULL, &handler, &conn, &connector) == 0);
    UNTIL(conn.id != 0);
    for (int round = 0; round < 6; round++) {
        long before = allocations;
        messages = 0;
        for (int i = 0; i < 1000; i++)
            CHECK(plait_amp_call(conn, sum, values, 2, i % 2 ? 1000 : 0, on_total, NULL, NULL) == 0);
        UNTIL(messages == 1000);
        if (round == 5 && allocations != before)
            failed = printf("AMP: %ld allocations for 1000 calls and their answers\n", allocations - before);
    }
    CHECK(plait_connector_stop(connector) == 0 && plait_listener_close(listener) == 0);
    CHECK(plait_factory_release(factory) == 0 && plait_amp_command_release(sum) == 0);
    CHECK(plait_conn_abort(conn) == 0);
    UNTIL(plait_conn_pause(conn) == PLAIT_ERR_STALE);
}

/* Nanoseconds of CPU per byte, the best of three where that does not take seconds. */
static double cost(enum kind kind, int block, size_t size, size_t piece) {
    int rounds = size / piece > 16 << 20 ? 1 : 3;
    double best = 1e9;
    size_t len;
    uint8_t *stream = make_stream(kind, size, &len);
    for (int round = 0; round < rounds; round++) {
        plait_factory factory = make_factory(kind, block);
        plait_conn conn = attach(factory);
        messages = 0;
        double start = cpu();
        for (size_t at = 0; at < len; at += piece)
            CHECK(plait_conn_feed(conn, stream + at, len - at < piece ? len - at : piece) == 0);
        while (most_taken && messages < len / 12) CHECK(plait_reactor_poll(reactor, 0) == 0);
        double spent = (cpu() - start) * 1e9 / (double)len;
        if (spent < best) best = spent;
        CHECK(messages == len / (kind == LINES ? 12 : 14));
        plait_conn_abort(conn);
        CHECK(plait_reactor_poll(reactor, 0) == 0 && plait_factory_release(factory) == 0);
    }
    free(stream);
    return best;
}

/* Others may want the processor's caches: what is so is so in one of a few tries. */
enum { TRIES = 4 };

static void linear(const char *what, enum kind kind, int block, size_t size, size_t piece) {
    double few = 0, many = 1;
    for (int try = 0; try < TRIES && many > 3 * few; try++)
        few = cost(kind, block, size / 8, piece), many = cost(kind, block, size, piece);
    printf("%-40s %7.2f ns a byte, an eighth of them %7.2f\n", what, many, few);
    if (many > 3 * few) failed = 1;
}

/* One line that comes in pieces of a few bytes, and is too long in the end. */
static int long_line(size_t size) {
    double times[2];
    for (int big = 0; big < 2; big++) {
        plait_line_handler handler = PLAIT_LINE_HANDLER_INIT;
        plait_line_options options = PLAIT_LINE_OPTIONS_INIT;
        plait_factory factory = {0};
        size_t len = big ? size : size / 8;
        handler.line = on_message;
        options.max_length = PLAIT_BYTES_MAX;
        CHECK(plait_line_factory_new(&factory, &options, &handler, NULL) == 0);
        plait_conn conn = attach(factory);
        double start = cpu();
        for (size_t at = 0; at < len; at += 16)
            CHECK(plait_conn_feed(conn, (const uint8_t *)"sixteen letters.", 16) == 0);
        times[big] = (cpu() - start) * 1e9 / (double)len;
        plait_conn_abort(conn);
        CHECK(plait_reactor_poll(reactor, 0) == 0 && plait_factory_release(factory) == 0);
    }
    printf("%-40s %7.2f ns a byte, an eighth of them %7.2f\n", "one line in pieces of 16 bytes", times[1], times[0]);
    return times[1] <= 3 * times[0];
}

int main(void) {
    enum { MIB = 1 << 20 };
    setvbuf(stdout, NULL, _IOLBF, 4096);
    CHECK(plait_reactor_new(&reactor, NULL) == 0);
    for (int kind = LINES; kind <= NETSTRINGS; kind++)
        for (int block = 0; block < 2; block++) without_allocations((enum kind)kind, block);
    over_tcp_without_allocations();
    calls_without_allocations();
    linear("64 MiB of lines in one feed", LINES, 0, 64 * MIB, 64 * MIB);
    linear("64 MiB of lines in one feed, in blocks", LINES, 1, 64 * MIB, 64 * MIB);
    linear("64 MiB of lines byte by byte", LINES, 0, 64 * MIB, 1);
    linear("64 MiB of strings in one feed", INT32, 0, 64 * MIB, 64 * MIB);
    linear("8 MiB of strings byte by byte", INT32, 0, 8 * MIB, 1);
    linear("64 MiB of netstrings in one feed", NETSTRINGS, 0, 64 * MIB, 64 * MIB);
    linear("8 MiB of netstrings byte by byte", NETSTRINGS, 0, 8 * MIB, 1);
    most_taken = 1;
    linear("4 MiB of lines, one taken of each block", LINES, 1, 4 * MIB, 4 * MIB);
    most_taken = 0;
    int is_linear = 0;
    for (int try = 0; try < TRIES && !is_linear; try++) is_linear = long_line(16 * MIB);
    if (!is_linear) failed = 1;
    CHECK(plait_reactor_free(reactor) == 0);
    printf("costs: %s\n", failed ? "NOT as promised" : "no allocation a message, time by the byte");
    return failed != 0;
}
