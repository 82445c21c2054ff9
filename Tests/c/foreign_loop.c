/* Other event loops: the one descriptor wakes them for sockets, timers, posts and what was started outside a turn. */
#include "harness.h"
#include <poll.h>
#include <pthread.h>
#include <sys/epoll.h>

static plait_reactor reactor;
static int loop_fd, edge, reactor_fd;
static int fired;

/* One round of the host's loop, as long as it takes to wake. */
static int with_epoll;
static void wait_and_poll(void) {
    int woken;

    if (with_epoll) {
        struct epoll_event event;
        woken = epoll_wait(loop_fd, &event, 1, LIMIT_SECONDS * 1000);
    } else {
        struct pollfd watched;
        watched.fd = reactor_fd;
        watched.events = POLLIN;
        woken = poll(&watched, 1, LIMIT_SECONDS * 1000);
    }
    if (woken != 1) DIE("the loop was not woken (epoll %d, edge %d); journal: %s", with_epoll, edge, journal);
    OK(plait_reactor_poll(reactor, 0));
}
/* Wakes until the condition holds: if the descriptor stays silent, the wait above ends the test. */
#define WAKE_UNTIL(condition)                                                                                          \
    while (!(condition)) wait_and_poll()

static void quiet(void) {
    struct pollfd watched;
    int i;

    watched.fd = reactor_fd;
    watched.events = POLLIN;
    for (i = 0; i < 50 && poll(&watched, 1, 0) == 1; i++) OK(plait_reactor_poll(reactor, 0));
    if (i == 50) DIE("the descriptor never falls silent: a host's loop would spin");
}

static void fire(void *user, plait_timer timer) {
    (void)user;
    (void)timer;
    fired++;
}
static void posted(void *user) { (*(int *)user)++; }
static void *post_from_thread(void *argument) {
    OK(plait_reactor_post(reactor, posted, argument));
    return NULL;
}

/* A peer that blocks, in a thread of its own: so the loop is woken by nothing but the reactor. */
static void *blocking_peer(void *argument) {
    struct peer peer;
    struct pollfd readable = {.events = POLLIN};
    double deadline = seconds() + LIMIT_SECONDS;

    peer_dial(&peer, *(int *)argument);
    peer_say(&peer, "hello\r\n");
    readable.fd = peer.fd;
    while (!peer_heard(&peer, "hello\r\n") && seconds() < deadline) poll(&readable, 1, LIMIT_SECONDS * 1000);
    CHECK(peer_heard(&peer, "hello\r\n"));
    peer_close(&peer);
    return NULL;
}

static void rounds(void) {
    plait_factory factory = line_factory(echo_line);
    plait_listener listener = {0};
    plait_timer far = {0};
    pthread_t thread;
    char endpoint[64];
    int64_t timeout;
    int port, posts = 0;

    reactor = new_reactor(0);
    OK(plait_reactor_fd(reactor, &reactor_fd));
    if (with_epoll) {
        struct epoll_event event;

        memset(&event, 0, sizeof event);
        event.events = EPOLLIN | (edge ? (uint32_t)EPOLLET : 0u);
        loop_fd = epoll_create1(EPOLL_CLOEXEC);
        SAME(epoll_ctl(loop_fd, EPOLL_CTL_ADD, reactor_fd, &event), 0);
    }
    quiet();

    /* timers, started outside a turn; an earlier one after a later one */
    fired = 0;
    OK(plait_timer_start(reactor, 3600000, 0, fire, NULL, &far));
    OK(plait_reactor_poll(reactor, 0));
    OK(plait_timer_start(reactor, 3, 0, fire, NULL, NULL));
    OK(plait_reactor_timeout(reactor, &timeout));
    CHECK(timeout >= 0 && timeout <= 3);
    WAKE_UNTIL(fired == 1);
    OK(plait_timer_reset(far, 2));
    WAKE_UNTIL(fired == 2);
    quiet();

    /* posts, from this thread and another */
    OK(plait_reactor_post(reactor, posted, &posts));
    WAKE_UNTIL(posts == 1);
    SAME(pthread_create(&thread, NULL, post_from_thread, &posts), 0);
    WAKE_UNTIL(posts == 2);
    pthread_join(thread, NULL);
    quiet();

    /* sockets */
    connected_count = disconnected_count = 0;
    port = listen_on(reactor, factory, &listener);
    SAME(pthread_create(&thread, NULL, blocking_peer, &port), 0);
    WAKE_UNTIL(disconnected_count == 1);
    pthread_join(thread, NULL);

    /* what was started outside a turn: connect, write, close; name look-up */
    snprintf(endpoint, sizeof endpoint, "tcp:127.0.0.1:%d", port);
    OK(plait_connect(reactor, endpoint, factory, NULL, NULL, NULL, NULL));
    WAKE_UNTIL(connected_count == 3);
    quiet();
    OK(plait_conn_write(last_conn, (const uint8_t *)"x", 1));
    OK(plait_conn_close(last_conn));
    WAKE_UNTIL(disconnected_count == 3);
    snprintf(endpoint, sizeof endpoint, "tcp:host=localhost:port=%d", port);
    OK(plait_connect(reactor, endpoint, factory, NULL, NULL, NULL, NULL));
    WAKE_UNTIL(connected_count == 5);
    OK(plait_conn_abort(last_conn));
    WAKE_UNTIL(disconnected_count == 5);

    OK(plait_listener_close(listener));
    quiet();
    OK(plait_reactor_timeout(reactor, &timeout));
    SAME(timeout, -1);
    if (with_epoll) close(loop_fd);
    OK(plait_reactor_free(reactor));
    OK(plait_factory_release(factory));
    journal[0] = 0;
}

int main(void) {
    with_epoll = 1;
    rounds();
    edge = 1;
    rounds();
    with_epoll = 0;
    rounds();
    PASSED();
}
