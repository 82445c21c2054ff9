/* What a host lets go of while the reactor waits, it holds again in every callback. */
#include "harness.h"
#include <pthread.h>

static int held = 1, waits, ends;
static plait_reactor reactor;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

static void *let_go(void *user) {
    SAME(held, 1);
    held = 0;
    waits++;
    OK(pthread_mutex_unlock(&lock));
    return user;
}

static void take_again(void *token) {
    OK(pthread_mutex_lock(&lock));
    CHECK(token == &waits);
    SAME(held, 0);
    held = 1;
    ends++;
}

static void opened(void *user, plait_conn conn) {
    (void)user, (void)conn;
    SAME(held, 1);
    note("opened");
}

static void echo_held(void *user, plait_conn conn, const uint8_t *line, size_t len) {
    (void)user;
    SAME(held, 1);
    OK(plait_line_send(conn, line, len));
}

static void closed(void *user, plait_conn conn, const plait_reason *reason) {
    (void)user, (void)conn, (void)reason;
    SAME(held, 1);
    note("closed");
}

/* A run ends when it has seen both. */
static void seen(const char *what, const char *other) {
    SAME(held, 1);
    note(what);
    if (strstr(journal, other)) OK(plait_reactor_stop(reactor));
}

static void fired(void *user, plait_timer timer) {
    (void)user, (void)timer;
    seen("fired", "posted|");
}

static void posted(void *user) {
    (void)user;
    seen("posted", "fired|");
}

static void connected(void *user, plait_call call, plait_conn conn, const plait_reason *reason) {
    (void)user, (void)call, (void)conn;
    SAME(held, 1);
    note("connected %d", reason->status);
}

/* Another thread gets the lock, since the reactor waits without it. */
static void *elsewhere(void *user) {
    OK(pthread_mutex_lock(&lock));
    note("elsewhere");
    OK(plait_reactor_post(*(plait_reactor *)user, posted, NULL));
    OK(pthread_mutex_unlock(&lock));
    return NULL;
}

static void refusals(plait_reactor_options *options) {
    plait_reactor none = {0};

    options->before_wait = NULL;
    STATUS(plait_reactor_new(&none, options), PLAIT_ERR_INVALID);
    options->before_wait = let_go;
    options->after_wait = NULL;
    STATUS(plait_reactor_new(&none, options), PLAIT_ERR_INVALID);
    options->after_wait = take_again;
}

int main(void) {
    plait_reactor_options options = PLAIT_REACTOR_OPTIONS_INIT;
    plait_line_handler handler = PLAIT_LINE_HANDLER_INIT;
    plait_factory factory;
    plait_listener listener;
    plait_call call;
    struct peer peer;
    pthread_t thread;
    char where[64];
    int port, before;

    options.before_wait = let_go;
    options.after_wait = take_again;
    options.wait_user = &waits;
    refusals(&options);
    OK(pthread_mutex_lock(&lock));
    OK(plait_reactor_new(&reactor, &options));

    handler.connected = opened;
    handler.disconnected = closed;
    handler.line = echo_held;
    OK(plait_line_factory_new(&factory, NULL, &handler, NULL));
    port = listen_on(reactor, factory, &listener);

    /* Accepting, reading, writing what the kernel does not take at once, and ending. */
    peer_dial(&peer, port);
    UNTIL(reactor, strcmp(journal, "opened|") == 0);
    HEARD("opened|");
    peer_say(&peer, "one\r\ntwo\r\n");
    UNTIL(reactor, peer_heard(&peer, "one\r\ntwo\r\n"));
    peer_close(&peer);
    UNTIL(reactor, journal[0]);
    HEARD("closed|");

    /* A look-up, connecting, and a time limit. */
    snprintf(where, sizeof where, "tcp:localhost:%d", port);
    OK(plait_connect(reactor, where, factory, NULL, connected, NULL, &call));
    UNTIL(reactor, strstr(journal, "connected 0|") && strstr(journal, "opened|opened|"));
    journal[0] = 0;

    /* A run waits without the lock: another thread gets in, and wakes it. */
    OK(plait_timer_start(reactor, 3, 0, fired, NULL, NULL));
    OK(pthread_create(&thread, NULL, elsewhere, &reactor));
    SAME(plait_reactor_run(reactor), 0);
    OK(pthread_join(thread, NULL));
    CHECK(strstr(journal, "elsewhere|"));
    journal[0] = 0;

    /* What does not wait keeps it. */
    before = waits;
    OK(plait_reactor_poll(reactor, 0));
    SAME(waits, before);

    OK(plait_factory_release(factory));
    OK(plait_reactor_free(reactor));
    HEARD("closed|closed|");
    SAME(held, 1);
    CHECK(waits > 3);
    SAME(waits, ends);
    OK(pthread_mutex_unlock(&lock));
    PASSED();
}
