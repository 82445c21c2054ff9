/* A host that watches the reactor's descriptor for edges, polls once for each, and changes its signal mask meanwhile.
 */
#include "harness.h"
#include <sys/epoll.h>

enum { SIZE = 4 << 20 };

static plait_reactor reactor;
static size_t received;

static void count(void *user, plait_conn conn, const uint8_t *data, size_t len) {
    (void)user;
    (void)conn;
    (void)data;
    received += len;
}

/* Sends all it can from outside, then polls for edges alone: none may be missing. */
static void all_arrives(struct peer *peer) {
    struct epoll_event event = {.events = EPOLLIN | EPOLLET};
    int fd, edges = epoll_create1(EPOLL_CLOEXEC);
    static char piece[65536];
    size_t sent = 0;
    ssize_t went;

    OK(plait_reactor_fd(reactor, &fd));
    SAME(epoll_ctl(edges, EPOLL_CTL_ADD, fd, &event), 0);
    received = 0;
    for (;;) {
        while (sent < SIZE && (went = send(peer->fd, piece, sizeof piece, MSG_NOSIGNAL)) > 0) sent += (size_t)went;
        if (sent >= SIZE && received == sent) break;
        if (epoll_wait(edges, &event, 1, LIMIT_SECONDS * 1000) != 1)
            DIE("no edge after %zu of %zu bytes", received, sent);
        OK(plait_reactor_poll(reactor, 0));
    }
    close(edges);
}

static void block_a_signal(void *user, plait_conn conn, const uint8_t *data, size_t len) {
    sigset_t set;

    count(user, conn, data, len);
    sigemptyset(&set);
    sigaddset(&set, SIGUSR1);
    sigprocmask(SIG_BLOCK, &set, NULL);
}

/* While libuv has bytes in hand SIGPIPE is blocked for a turn: the rest of the mask is the host's. */
static void the_mask_is_the_hosts(void) {
    plait_factory factory = raw_factory(block_a_signal);
    plait_listener listener;
    struct peer slow, other;
    sigset_t mask;
    uint8_t *much = calloc(1, 16 << 20);
    int port = listen_on(reactor, factory, &listener), fd, small = 65536;

    connected_count = 0;
    peer_dial(&slow, port);
    UNTIL(reactor, connected_count == 1);
    OK(plait_conn_get_fd(last_conn, &fd));
    SAME(setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &small, sizeof small), 0);
    OK(plait_conn_write(last_conn, much, 16 << 20));
    OK(plait_reactor_poll(reactor, 0));
    peer_dial(&other, port);
    UNTIL(reactor, connected_count == 2);
    received = 0;
    peer_say(&other, "x");
    UNTIL(reactor, received == 1);
    sigprocmask(SIG_BLOCK, NULL, &mask);
    SAME(sigismember(&mask, SIGUSR1), 1);
    SAME(sigismember(&mask, SIGPIPE), 0);
    peer_close(&slow);
    peer_close(&other);
    OK(plait_listener_close(listener));
    OK(plait_factory_release(factory));
    free(much);
}

int main(void) {
    plait_reactor_options options = PLAIT_REACTOR_OPTIONS_INIT;
    plait_factory factory = raw_factory(count);
    plait_listener tcp, un;
    struct peer peer;
    char path[64], endpoint[80];
    int port;

    options.turn_bytes = 65536;
    OK(plait_reactor_new(&reactor, &options));
    port = listen_on(reactor, factory, &tcp);
    peer_dial(&peer, port);
    UNTIL(reactor, connected_count == 1);
    all_arrives(&peer);
    peer_close(&peer);

    snprintf(path, sizeof path, "@plait-edges-%d", (int)getpid());
    snprintf(endpoint, sizeof endpoint, "unix:%s", path);
    OK(plait_listen(reactor, endpoint, factory, NULL, &un));
    peer_dial_unix(&peer, path);
    UNTIL(reactor, connected_count == 2);
    all_arrives(&peer);
    peer_close(&peer);

    the_mask_is_the_hosts();
    OK(plait_reactor_free(reactor));
    OK(plait_factory_release(factory));
    PASSED();
}
