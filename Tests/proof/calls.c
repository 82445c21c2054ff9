/* Many calls in flight: calls IN_FLIGHT CONNECTIONS
 *
 * So many on one connection, and one on each of so many connections, between two processes: all are answered, by a
 * server that waits until it has them all, and afterwards memory is what it was on both sides. */
#include "peers.h"
#include <malloc.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>

/* Twice for what is made once: tables have grown to what they keep. The spare buffers of a busy reactor, 16 of 128 KiB
 * at most, are now longer and now shorter; when it is freed, not a byte is left. */
enum { WARM = 2, POOL = 16 << 17 };

static plait_reactor reactor;
static plait_amp_command hold, report, leave;
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
static long served;
static void on_served(void *user, plait_conn conn) {
    (void)user;
    (void)conn;
    served++;
}
static void on_left(void *user, plait_conn conn, const plait_reason *reason) {
    (void)user;
    (void)conn;
    (void)reason;
    served--;
}
static void on_report(void *user, plait_conn conn, plait_amp_box request) {
    plait_amp_value values[2];
    (void)user;
    (void)conn;
    memset(values, 0, sizeof values);
    values[0].integer = (int64_t)allocated();
    values[1].integer = served;
    CHECK(plait_amp_answer(request, values, 2) == 0);
}

static void on_leave(void *user, plait_conn conn, plait_amp_box request) {
    (void)user;
    (void)conn;
    (void)request;
    plait_reactor_stop(reactor);
}

static void many_files(void) {
    struct rlimit limit;
    getrlimit(RLIMIT_NOFILE, &limit);
    limit.rlim_cur = limit.rlim_max;
    setrlimit(RLIMIT_NOFILE, &limit);
}

static void serve(int out, long room) {
    plait_amp_handler handler = PLAIT_AMP_HANDLER_INIT;
    plait_factory factory = {0};
    plait_listener listener = {0};
    size_t before;
    int port;

    /* What is made once for the process: the commands' own memory, too. */
    CHECK(plait_reactor_new(&reactor, NULL) == 0 && plait_reactor_free(reactor) == 0);
    CHECK(plait_amp_factory_new(&factory, NULL, NULL, NULL) == 0);
    CHECK(plait_amp_factory_add_responder(factory, hold, on_hold) == 0);
    CHECK(plait_amp_factory_add_responder(factory, report, on_report) == 1);
    CHECK(plait_amp_factory_add_responder(factory, leave, on_leave) == 2);
    CHECK(plait_factory_release(factory) == 0);
    handler.connected = on_served;
    handler.disconnected = on_left;
    kept_room = room;
    kept = calloc((size_t)room, sizeof *kept);
    before = allocated();
    CHECK(plait_reactor_new(&reactor, NULL) == 0);
    CHECK(plait_amp_factory_new(&factory, NULL, &handler, NULL) == 0);
    CHECK(plait_amp_factory_add_responder(factory, hold, on_hold) == 0);
    CHECK(plait_amp_factory_add_responder(factory, report, on_report) == 1);
    CHECK(plait_listen(reactor, "tcp:0:interface=127.0.0.1", factory, NULL, &listener) == 0);
    port = plait_listener_get_port(listener);
    CHECK(write(out, &port, sizeof port) == sizeof port);
    CHECK(plait_amp_factory_add_responder(factory, leave, on_leave) == 2);
    CHECK(plait_reactor_run(reactor) == 0);
    CHECK(plait_reactor_free(reactor) == 0 && plait_factory_release(factory) == 0);
    if (allocated() != before) fprintf(stderr, "calls: %zd bytes are left\n", (ssize_t)(allocated() - before));
    CHECK(allocated() == before);
}

/* The client. */
static long opened, ended;
static int64_t reported, others;
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
    CHECK(plait_amp_get_int(answer, 1, &others) == 0);
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

/* Once it has heard that all the others are gone. */
static int64_t server_bytes(plait_factory factory, const char *endpoint) {
    double limit = seconds() + 60;

    open_conns(factory, endpoint, 1);
    do {
        reported = -1;
        CHECK(plait_amp_call(conns[0], report, NULL, 0, 0, on_bytes, NULL, NULL) == 0);
        UNTIL(reported >= 0);
        CHECK(seconds() < limit);
    } while (others > 1);
    close_conns();
    return reported;
}

int main(int argc, char **argv) {
    long many = argc > 1 ? atol(argv[1]) : 100000, connections = argc > 2 ? atol(argv[2]) : 10000;
    plait_amp_handler handler = PLAIT_AMP_HANDLER_INIT;
    plait_factory factory = {0};
    char endpoint[64];
    int ends[2], port, status;
    pid_t child;

    many_files();
    leave = command_of("Leave() oneway");
    hold = command_of("Hold(wanted: Integer) -> (number: Integer)");
    report = command_of("Report() -> (bytes: Integer, open: Integer)");
    CHECK(pipe(ends) == 0);
    child = fork();
    CHECK(child >= 0);
    if (child == 0) {
        serve(ends[1], many > connections ? many : connections);
        return 0;
    }
    close(ends[1]); /* so that the end of the child is one of this, too */
    CHECK(read(ends[0], &port, sizeof port) == sizeof port);
    snprintf(endpoint, sizeof endpoint, "tcp:127.0.0.1:%d", port);
    conns = calloc((size_t)connections + 1, sizeof *conns);
    handler.connected = on_connected;
    handler.disconnected = on_disconnected;
    CHECK(plait_reactor_new(&reactor, NULL) == 0);
    CHECK(plait_amp_factory_new(&factory, NULL, &handler, NULL) == 0);
    for (int round = 0; round <= WARM; round++) {
        size_t mine = allocated();
        int64_t theirs = server_bytes(factory, endpoint);
        double start = seconds();
        in_flight(factory, endpoint, 1, many);
        double middle = seconds();
        in_flight(factory, endpoint, connections, 1);
        if (round < WARM) continue;
        int64_t more = server_bytes(factory, endpoint) - theirs;
        ssize_t here = (ssize_t)(allocated() - mine);
        printf("calls: %ld in flight on one connection in %.2f s, one on each of %ld connections in %.2f s\n", many,
               middle - start, connections, seconds() - middle);
        printf("calls: %zd bytes more than before here, %lld at the other side, of spare buffers\n", here,
               (long long)more);
        CHECK(here == 0 && more <= POOL);
    }
    open_conns(factory, endpoint, 1);
    CHECK(plait_amp_call(conns[0], leave, NULL, 0, 0, NULL, NULL, NULL) == 0);
    UNTIL(ended == 1);
    CHECK(waitpid(child, &status, 0) == child && status == 0);
    CHECK(plait_reactor_free(reactor) == 0 && plait_factory_release(factory) == 0);
    CHECK(plait_amp_command_release(leave) == 0);
    CHECK(plait_amp_command_release(hold) == 0 && plait_amp_command_release(report) == 0);
    return 0;
}
