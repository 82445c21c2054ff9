/* Many calls in flight: calls IN_FLIGHT CONNECTIONS
 *
 * So many on one connection, and one on each of so many connections, between two processes: all are answered, by a
 * server that waits until it has them all, and afterwards memory is what it was on both sides. */
#include "peers.h"
#include <malloc.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>

/* A reactor keeps spare buffers, 16 of 128 KiB at most; a word for each call would be more. */
enum { POOL = 17 << 17 };

static plait_reactor reactor;
static plait_amp_command hold, report;
static long answered, failed;

static size_t allocated(void) {
    struct mallinfo2 info = mallinfo2();
    return info.uordblks + info.hblkhd;
}

static plait_amp_command command_of(const char *signature) {
    plait_amp_command command = {0}, none = {0};
    CHECK(plait_amp_command_parse(&command, none, signature, NULL) == 0);
    return command;
}

/* The server: keeps every request until it has as many as the request says. */
static plait_amp_box *kept;
static long kept_count, kept_room;

static void on_hold(void *user, plait_conn conn, plait_amp_box request) {
    int64_t wanted;
    (void)user;
    (void)conn;
    CHECK(plait_amp_get_int(request, 0, &wanted) == 0 && wanted <= kept_room);
    kept[kept_count++] = request;
    if (kept_count < wanted) return;
    while (kept_count > 0) {
        plait_amp_value number;
        memset(&number, 0, sizeof number);
        number.integer = --kept_count;
        CHECK(plait_amp_answer(kept[kept_count], &number, 1) == 0);
    }
}
static void on_report(void *user, plait_conn conn, plait_amp_box request) {
    plait_amp_value bytes;
    (void)user;
    (void)conn;
    memset(&bytes, 0, sizeof bytes);
    bytes.integer = (int64_t)allocated();
    CHECK(plait_amp_answer(request, &bytes, 1) == 0);
}

static void many_files(void) {
    struct rlimit limit;
    getrlimit(RLIMIT_NOFILE, &limit);
    limit.rlim_cur = limit.rlim_max;
    setrlimit(RLIMIT_NOFILE, &limit);
}

static void serve(int out, long room) {
    plait_factory factory = {0};
    plait_listener listener = {0};
    int port;

    kept_room = room;
    kept = calloc((size_t)room, sizeof *kept);
    CHECK(plait_reactor_new(&reactor, NULL) == 0);
    CHECK(plait_amp_factory_new(&factory, NULL, NULL, NULL) == 0);
    CHECK(plait_amp_factory_add_responder(factory, hold, on_hold) == 0);
    CHECK(plait_amp_factory_add_responder(factory, report, on_report) == 1);
    CHECK(plait_listen(reactor, "tcp:0:interface=127.0.0.1", factory, NULL, &listener) == 0);
    port = plait_listener_get_port(listener);
    CHECK(write(out, &port, sizeof port) == sizeof port);
    plait_reactor_run(reactor);
}

/* The client. */
static long opened, ended;
static int64_t reported;
static plait_conn *conns;

static void on_connected(void *user, plait_conn conn) {
    (void)user;
    conns[opened++] = conn;
}
static void on_disconnected(void *user, plait_conn conn, const plait_reason *reason) {
    (void)user;
    (void)conn;
    (void)reason;
    ended++;
}
static void on_number(void *user, plait_conn conn, plait_amp_box answer, const plait_reason *reason) {
    int64_t number;
    (void)user;
    (void)conn;
    answered++;
    if (reason->status || plait_amp_get_int(answer, 0, &number) || number < 0) failed++;
}
static void on_bytes(void *user, plait_conn conn, plait_amp_box answer, const plait_reason *reason) {
    (void)user;
    (void)conn;
    CHECK(reason->status == 0 && plait_amp_get_int(answer, 0, &reported) == 0);
}

static void open_conns(plait_factory factory, const char *endpoint, long count) {
    opened = ended = 0;
    while (opened < count) {
        long group = count - opened < 100 ? count - opened : 100, wanted = opened + group;
        for (long i = 0; i < group; i++) CHECK(plait_connect(reactor, endpoint, factory, NULL, NULL, NULL, NULL) == 0);
        UNTIL(opened == wanted);
    }
}
static void close_conns(void) {
    for (long i = 0; i < opened; i++) CHECK(plait_conn_close(conns[i]) == 0);
    UNTIL(ended == opened);
}

static void in_flight(plait_factory factory, const char *endpoint, long connections, long each) {
    plait_amp_value total;

    memset(&total, 0, sizeof total);
    total.integer = connections * each;
    open_conns(factory, endpoint, connections);
    answered = failed = 0;
    for (long i = 0; i < connections; i++) {
        for (long j = 0; j < each; j++) {
            CHECK(plait_amp_call(conns[i], hold, &total, 1, j % 100 ? 0 : 60000, on_number, NULL, NULL) == 0);
            if (j % 1000 == 999) CHECK(plait_reactor_poll(reactor, 0) == 0);
        }
    }
    UNTIL(answered == connections * each);
    CHECK(failed == 0);
    close_conns();
}

static int64_t server_bytes(plait_factory factory, const char *endpoint) {
    open_conns(factory, endpoint, 1);
    reported = -1;
    CHECK(plait_amp_call(conns[0], report, NULL, 0, 0, on_bytes, NULL, NULL) == 0);
    UNTIL(reported >= 0);
    close_conns();
    return reported;
}

int main(int argc, char **argv) {
    long many = argc > 1 ? atol(argv[1]) : 100000, connections = argc > 2 ? atol(argv[2]) : 10000;
    plait_amp_handler handler = PLAIT_AMP_HANDLER_INIT;
    plait_factory factory = {0};
    char endpoint[64];
    int ends[2], port;
    pid_t child;

    many_files();
    hold = command_of("Hold(wanted: Integer) -> (number: Integer)");
    report = command_of("Report() -> (bytes: Integer)");
    CHECK(pipe(ends) == 0);
    child = fork();
    CHECK(child >= 0);
    if (child == 0) {
        serve(ends[1], many > connections ? many : connections);
        return 0;
    }
    CHECK(read(ends[0], &port, sizeof port) == sizeof port);
    snprintf(endpoint, sizeof endpoint, "tcp:127.0.0.1:%d", port);
    conns = calloc((size_t)connections + 1, sizeof *conns);
    handler.connected = on_connected;
    handler.disconnected = on_disconnected;
    CHECK(plait_reactor_new(&reactor, NULL) == 0);
    CHECK(plait_amp_factory_new(&factory, NULL, &handler, NULL) == 0);
    /* Once for what is made once: tables have grown to what they keep. */
    for (int round = 0; round < 2; round++) {
        size_t mine = allocated();
        int64_t theirs = server_bytes(factory, endpoint);
        double start = seconds();
        in_flight(factory, endpoint, 1, many);
        double middle = seconds();
        in_flight(factory, endpoint, connections, 1);
        if (round == 0) continue;
        int64_t more = server_bytes(factory, endpoint) - theirs;
        printf("calls: %ld in flight on one connection in %.2f s, one on each of %ld connections in %.2f s\n", many,
               middle - start, connections, seconds() - middle);
        printf("calls: %zd bytes more than before here, %lld at the other side\n", (ssize_t)(allocated() - mine),
               (long long)more);
        CHECK(allocated() <= mine + POOL && more <= POOL);
    }
    kill(child, SIGTERM);
    CHECK(waitpid(child, NULL, 0) == child);
    CHECK(plait_reactor_free(reactor) == 0 && plait_factory_release(factory) == 0);
    CHECK(plait_amp_command_release(hold) == 0 && plait_amp_command_release(report) == 0);
    return 0;
}
