/* Threads and processes: another thread's calls are refused, adopting moves a reactor, a fork's child is refused. */
#include "harness.h"
#include <pthread.h>
#include <sys/wait.h>

static plait_reactor reactor;
static plait_factory factory;
static plait_listener listener;
static plait_timer timer;
static plait_conn conn;
static plait_connector connector;
static plait_call call;

static void nothing(void *user) { (void)user; }
static void no_tick(void *user, plait_timer t) {
    (void)user;
    (void)t;
}
static size_t no_write(void *user, plait_conn c, const uint8_t *data, size_t len) {
    (void)user;
    (void)c;
    (void)data;
    return len;
}

/* Every function that takes a handle of the reactor, but post, stop and adopt. */
static void all_answer(int wanted) {
    uint64_t number;
    int64_t signed_number;
    int fd;
    void *user;
    size_t len;
    plait_conn out;
    plait_timer timer_out;
    plait_call call_out;
    plait_listener listener_out;
    plait_connector connector_out;
    plait_address address = PLAIT_ADDRESS_INIT;
    plait_conn_counters counters = PLAIT_CONN_COUNTERS_INIT;
    plait_transport_ops ops = PLAIT_TRANSPORT_OPS_INIT;
    uint8_t byte = 0;
    uint32_t pair[2] = {0, 1};
    plait_bytes part;

    ops.write = no_write;
    part.data = &byte;
    part.len = 1;
    STATUS(plait_reactor_free(reactor), wanted);
    STATUS(plait_reactor_run(reactor), wanted);
    STATUS(plait_reactor_poll(reactor, 0), wanted);
    STATUS(plait_reactor_drain(reactor, 1, NULL, NULL, &call_out), wanted);
    STATUS(plait_reactor_fd(reactor, &fd), wanted);
    STATUS(plait_reactor_timeout(reactor, &signed_number), wanted);
    STATUS(plait_reactor_now(reactor, &number), wanted);
    STATUS(plait_reactor_advance(reactor, 1), wanted);
    STATUS(plait_reactor_set_log(reactor, 0, NULL, NULL), wanted);
    STATUS(plait_timer_start(reactor, 1, 0, no_tick, NULL, &timer_out), wanted);
    STATUS(plait_timer_cancel(timer), wanted);
    STATUS(plait_timer_reset(timer, 1), wanted);
    STATUS(plait_timer_delay(timer, 1), wanted);
    STATUS(plait_timer_get_due(timer, &number), wanted);
    STATUS(plait_call_cancel(call), wanted);
    STATUS(plait_listen(reactor, "tcp:0", factory, NULL, &listener_out), wanted);
    STATUS(plait_listener_get_port(listener), wanted);
    STATUS(plait_listener_get_local(listener, &address), wanted);
    STATUS(plait_listener_pause(listener), wanted);
    STATUS(plait_listener_resume(listener), wanted);
    STATUS(plait_listener_close(listener), wanted);
    STATUS(plait_connect(reactor, "tcp:127.0.0.1:1", factory, NULL, NULL, NULL, &call_out), wanted);
    STATUS(plait_connector_start(reactor, "tcp:127.0.0.1:1", factory, NULL, NULL, NULL, &connector_out), wanted);
    STATUS(plait_connector_reset(connector), wanted);
    STATUS(plait_connector_stop(connector), wanted);
    STATUS(plait_connector_get_conn(connector, &out), wanted);
    STATUS(plait_conn_attach(reactor, factory, &ops, NULL, &out), wanted);
    STATUS(plait_conn_feed(conn, &byte, 1), wanted);
    STATUS(plait_conn_eof(conn, 0), wanted);
    STATUS(plait_conn_writable(conn), wanted);
    STATUS(plait_conn_write(conn, &byte, 1), wanted);
    STATUS(plait_conn_write_many(conn, &part, 1), wanted);
    STATUS(plait_conn_pause(conn), wanted);
    STATUS(plait_conn_resume(conn), wanted);
    STATUS(plait_conn_close(conn), wanted);
    STATUS(plait_conn_close_write(conn), wanted);
    STATUS(plait_conn_abort(conn), wanted);
    STATUS(plait_conn_set_factory(conn, factory), wanted);
    STATUS(plait_conn_set_user(conn, NULL), wanted);
    STATUS(plait_conn_get_user(conn, &user), wanted);
    STATUS(plait_conn_get_peer(conn, &address), wanted);
    STATUS(plait_conn_get_local(conn, &address), wanted);
    STATUS(plait_conn_get_fd(conn, &fd), wanted);
    STATUS(plait_conn_get_counters(conn, &counters), wanted);
    STATUS(plait_conn_set_limits(conn, NULL), wanted);
    STATUS(plait_conn_set_no_delay(conn, 1), wanted);
    STATUS(plait_conn_set_keep_alive(conn, 1), wanted);
    STATUS(plait_line_send(conn, &byte, 1), wanted);
    STATUS(plait_line_send_many(conn, &byte, 1, pair, 1), wanted);
    STATUS(plait_line_set_raw_mode(conn), wanted);
    STATUS(plait_line_set_line_mode(conn, NULL, 0), wanted);
    STATUS(plait_line_set_delimiter(conn, &byte, 1), wanted);
    STATUS(plait_line_set_max_length(conn, 1, 0), wanted);
    STATUS(plait_line_clear_buffer(conn, NULL, 0, &len), wanted);
}

static void *in_another_thread(void *argument) {
    (void)argument;
    all_answer(PLAIT_ERR_THREAD);
    OK(plait_reactor_post(reactor, nothing, NULL));
    OK(plait_reactor_stop(reactor));
    return NULL;
}

static void *adopt(void *argument) {
    (void)argument;
    OK(plait_reactor_adopt(reactor));
    OK(plait_reactor_poll(reactor, 0));
    OK(plait_conn_feed(conn, (const uint8_t *)"adopted\r\n", 9));
    return NULL;
}

static void in_thread(void *(*function)(void *)) {
    pthread_t thread;

    SAME(pthread_create(&thread, NULL, function, NULL), 0);
    SAME(pthread_join(thread, NULL), 0);
}

static void in_a_fork(void) {
    plait_reactor mine = {0};
    char verdict = 0;
    int ends[2];
    pid_t child;

    SAME(pipe(ends), 0);
    child = fork();
    if (child == 0) {
        all_answer(PLAIT_ERR_FORKED);
        STATUS(plait_reactor_post(reactor, nothing, NULL), PLAIT_ERR_FORKED);
        STATUS(plait_reactor_stop(reactor), PLAIT_ERR_FORKED);
        STATUS(plait_reactor_adopt(reactor), PLAIT_ERR_FORKED);
        OK(plait_reactor_new(&mine, NULL)); /* a reactor of its own is fine */
        OK(plait_reactor_poll(mine, 0));
        OK(plait_reactor_free(mine));
        CHECK(write(ends[1], "y", 1) == 1);
        _exit(0);
    }
    close(ends[1]);
    SAME(waitpid(child, NULL, 0), child);
    /* not by its exit code: valgrind changes that, for what the parent has not yet freed */
    CHECK(read(ends[0], &verdict, 1) == 1 && verdict == 'y');
    close(ends[0]);
}

static pid_t child_of_a_callback;

static void forks(void *user) {
    (void)user;
    note("forks");
    child_of_a_callback = fork();
}

static void stops(void *user) {
    note("stops");
    OK(plait_reactor_stop(*(plait_reactor *)user));
}

/* A child that comes back from a callback leaves the loop at once: the rest of the turn is the parent's. */
static void in_a_callback(void) {
    plait_reactor own = new_reactor(0);
    char verdict = 0;
    int ends[2], status;

    SAME(pipe(ends), 0);
    OK(plait_reactor_post(own, forks, NULL));
    OK(plait_reactor_post(own, stops, &own));
    OK(plait_timer_start(own, 0, 0, no_tick, NULL, NULL));
    status = plait_reactor_run(own);
    if (child_of_a_callback == 0) {
        CHECK(status == PLAIT_ERR_FORKED && strcmp(journal, "forks|") == 0);
        STATUS(plait_reactor_poll(own, 0), PLAIT_ERR_FORKED);
        CHECK(write(ends[1], "y", 1) == 1);
        _exit(0);
    }
    SAME(status, 0);
    HEARD("forks|stops|");
    close(ends[1]);
    SAME(waitpid(child_of_a_callback, NULL, 0), child_of_a_callback);
    CHECK(read(ends[0], &verdict, 1) == 1 && verdict == 'y');
    close(ends[0]);
    OK(plait_reactor_free(own));
}

int main(void) {
    plait_transport_ops ops = PLAIT_TRANSPORT_OPS_INIT;

    reactor = new_reactor(0);
    factory = line_factory(note_bytes);
    listen_on(reactor, factory, &listener);
    ops.write = no_write;
    OK(plait_conn_attach(reactor, factory, &ops, NULL, &conn));
    OK(plait_timer_start(reactor, 3600000, 0, no_tick, NULL, &timer));
    OK(plait_connector_start(reactor, "tcp:192.0.2.1:1", factory, NULL, NULL, NULL, &connector));
    OK(plait_connect(reactor, "tcp:192.0.2.1:1", factory, NULL, NULL, NULL, &call));

    in_thread(in_another_thread);
    in_a_fork();
    in_a_callback();
    OK(plait_conn_feed(conn, (const uint8_t *)"mine\r\n", 6)); /* the parent goes on */
    HEARD("connected|mine|");
    in_thread(adopt);
    HEARD("adopted|");
    STATUS(plait_conn_feed(conn, (const uint8_t *)"x\r\n", 3), PLAIT_ERR_THREAD);
    OK(plait_reactor_adopt(reactor)); /* and back */
    OK(plait_reactor_free(reactor));
    HEARD("disconnected PLAIT_ERR_ABORTED|");
    all_answer(PLAIT_ERR_STALE);
    OK(plait_factory_release(factory));
    PASSED();
}
