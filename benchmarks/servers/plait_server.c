/* plait_server MODE PORT [one|block]: Plait from C, as the load generator wants it.
 * MODE: line-echo line-sink int32-echo netstring-echo amp-sum; line-tower is line-echo behind six policies */
#include <plait/plait.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static uint64_t lines;

static void echo_line(void *user, plait_conn conn, const uint8_t *line, size_t len) {
    (void)user;
    plait_line_send(conn, line, len);
}

static size_t echo_lines(void *user, plait_conn conn, const uint8_t *data, size_t len, const uint32_t *table,
                         size_t count) {
    (void)user;
    plait_line_send_many(conn, data, len, table, count);
    return count;
}

static void sink_line(void *user, plait_conn conn, const uint8_t *line, size_t len) {
    (void)user;
    if (len == 5 && !memcmp(line, "COUNT", 5)) {
        char text[32];
        int digits = snprintf(text, sizeof text, "%llu", (unsigned long long)lines);
        plait_line_send(conn, (const uint8_t *)text, (size_t)digits);
        lines = 0;
    } else {
        lines++;
    }
}

static size_t sink_lines(void *user, plait_conn conn, const uint8_t *data, size_t len, const uint32_t *table,
                         size_t count) {
    (void)len;
    for (size_t i = 0; i < count; i++) sink_line(user, conn, data + table[2 * i], table[2 * i + 1]);
    return count;
}

static void echo_string(void *user, plait_conn conn, const uint8_t *string, size_t len) {
    (void)user;
    plait_string_send(conn, string, len);
}

static size_t echo_strings(void *user, plait_conn conn, const uint8_t *data, size_t len, const uint32_t *table,
                           size_t count) {
    (void)user;
    plait_string_send_many(conn, data, len, table, count);
    return count;
}

static void on_sum(void *user, plait_conn conn, plait_amp_box request) {
    int64_t a = 0, b = 0;
    plait_amp_value total = {0};
    (void)user;
    (void)conn;
    plait_amp_get_int(request, 0, &a);
    plait_amp_get_int(request, 1, &b);
    total.integer = a + b;
    plait_amp_answer(request, &total, 1);
}

static int make_amp(plait_factory *out) {
    plait_amp_command sum = {0}, none = {0};
    int status = plait_amp_command_parse(&sum, none, "Sum(a: Integer, b: Integer) -> (total: Integer)", NULL);
    if (status == 0) status = plait_amp_factory_new(out, NULL, NULL, NULL);
    if (status == 0) status = plait_amp_factory_add_responder(*out, sum, on_sum);
    return status;
}

static int look(void *user, plait_wrapper wrapper, const uint8_t *data, size_t len) {
    (void)user;
    (void)wrapper;
    (void)data;
    (void)len;
    return PLAIT_WRAPPER_PASS;
}

/* Lists of addresses, limits of connections, of bandwidth for all and each, of time, and two of the host's own. */
static int make_tower(plait_factory *factory) {
    plait_wrapper_handler hooks = PLAIT_WRAPPER_HANDLER_INIT;
    plait_timeout_options times = PLAIT_TIMEOUT_OPTIONS_INIT;
    plait_throttle_options rates = PLAIT_THROTTLE_OPTIONS_INIT, counts = PLAIT_THROTTLE_OPTIONS_INIT;
    plait_access_options lists = PLAIT_ACCESS_OPTIONS_INIT;
    int status;
    hooks.received = hooks.written = look;
    times.idle_ms = 60000;
    times.min_rate = 10;
    rates.read.limit = rates.write.limit = rates.read_each.limit = rates.write_each.limit = 1ull << 36;
    counts.max_connections = 100000;
    counts.max_per_peer = 100000;
    lists.allow = "127.0.0.0/8";
    status = plait_wrapper_factory_new(factory, *factory, &hooks, NULL);
    if (status == 0) status = plait_wrapper_factory_new(factory, *factory, &hooks, NULL);
    if (status == 0) status = plait_timeout_factory_new(factory, *factory, &times);
    if (status == 0) status = plait_throttle_factory_new(factory, *factory, &rates);
    if (status == 0) status = plait_throttle_factory_new(factory, *factory, &counts);
    if (status == 0) status = plait_access_factory_new(factory, *factory, &lists, NULL);
    return status;
}

static int make_factory(plait_factory *out, const char *mode, int block) {
    if (!strcmp(mode, "amp-sum")) return make_amp(out);
    if (!strcmp(mode, "line-tower")) {
        int status = make_factory(out, "line-echo", block);
        return status == 0 ? make_tower(out) : status;
    }
    if (!strcmp(mode, "line-echo") || !strcmp(mode, "line-sink")) {
        plait_line_handler handler = PLAIT_LINE_HANDLER_INIT;
        int sink = !strcmp(mode, "line-sink");
        if (block)
            handler.lines = sink ? sink_lines : echo_lines;
        else
            handler.line = sink ? sink_line : echo_line;
        return plait_line_factory_new(out, NULL, &handler, NULL);
    }
    plait_string_handler handler = PLAIT_STRING_HANDLER_INIT;
    plait_string_options options = PLAIT_STRING_OPTIONS_INIT;
    if (!strcmp(mode, "netstring-echo"))
        options.format = PLAIT_STRING_NETSTRING;
    else if (strcmp(mode, "int32-echo"))
        return PLAIT_ERR_INVALID;
    if (block)
        handler.strings = echo_strings;
    else
        handler.string = echo_string;
    return plait_string_factory_new(out, &options, &handler, NULL);
}

int main(int argc, char **argv) {
    plait_reactor reactor = {0};
    plait_factory factory = {0};
    plait_listener listener = {0};
    char endpoint[64];
    int status;
    if (argc < 3) {
        fprintf(stderr, "usage: plait_server MODE PORT [one|block]\n");
        return 2;
    }
    snprintf(endpoint, sizeof endpoint, "tcp:%d:interface=127.0.0.1", atoi(argv[2]));
    if ((status = make_factory(&factory, argv[1], argc > 3 && !strcmp(argv[3], "block"))) == 0 &&
        (status = plait_reactor_new(&reactor, NULL)) == 0 &&
        (status = plait_listen(reactor, endpoint, factory, NULL, &listener)) == 0)
        status = plait_reactor_run(reactor);
    fprintf(stderr, "plait_server: %s\n", plait_strerror(status));
    plait_reactor_free(reactor);
    plait_factory_release(factory);
    return status < 0;
}
