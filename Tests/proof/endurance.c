/* Many connections and bad peers: endurance [CONNECTIONS]
 *
 * After 10,000 connections, and after descriptors ran out, memory and descriptors are what they were; peers that stop,
 * reset, half-close, trickle and flood hurt nobody but themselves. */
#include "peers.h"
#include <malloc.h>
#include <sys/resource.h>

static plait_reactor reactor;
static plait_listener listener;
static int port;
static long opened, ended, lines, bytes, warned;

static void on_connected(void *user, plait_conn conn) {
    plait_conn_limits limits = PLAIT_CONN_LIMITS_INIT;
    (void)user;
    opened++;
    limits.cap = 4u << 20;
    CHECK(plait_conn_set_limits(conn, &limits) == 0);
}
static void on_disconnected(void *user, plait_conn conn, const plait_reason *reason) {
    (void)user;
    (void)conn;
    (void)reason;
    ended++;
}
static void on_line(void *user, plait_conn conn, const uint8_t *line, size_t len) {
    (void)user;
    lines++;
    bytes += (long)len;
    plait_line_send(conn, line, len);
}
static void on_log(void *user, int level, const char *subsystem, const char *message) {
    (void)user;
    (void)subsystem;
    (void)message;
    warned += level == PLAIT_LOG_WARNING;
}

static size_t allocated(void) {
    struct mallinfo2 info = mallinfo2();
    return info.uordblks + info.hblkhd;
}

/* Opened, used and closed, in groups, ended now by the peer, now with bytes under way, now by a reset. */
static void churn(long connections) {
    enum { GROUP = 50 };
    int fds[GROUP];

    for (long done = 0; done < connections; done += GROUP) {
        long first = opened;
        for (int i = 0; i < GROUP; i++) {
            fds[i] = dial(port);
            say(fds[i], i % 3 ? "hello\r\nunfinished" : "hello\r\n");
        }
        for (int i = 0; i < GROUP; i++) {
            size_t got = 0;
            if (i % 5) UNTIL((hear(fds[i], &got), got == 7)); /* the others end without having read */
            if (i % 2)
                reset(fds[i]);
            else
                close(fds[i]);
        }
        UNTIL(opened == first + GROUP && ended == opened);
    }
}

static void many(long connections) {
    churn(1000); /* tables and pools have grown to what they keep */
    size_t before = allocated();
    int open_before = descriptors();
    churn(connections);
    size_t after = allocated();
    printf("%ld connections: %zd bytes more than before\n", connections, (ssize_t)(after - before));
    CHECK(after <= before + 1024);
    CHECK(descriptors() == open_before);
}

/* Descriptors run out while peers come: they wait in the kernel, the host is warned, and all of them are served later.
 */
static void exhausted(void) {
    enum { PEERS = 20 };
    struct rlimit limit, low;
    int fds[PEERS];
    long before = opened;

    CHECK(getrlimit(RLIMIT_NOFILE, &limit) == 0);
    for (int i = 0; i < PEERS; i++) fds[i] = dial(port);
    low = limit;
    low.rlim_cur = (rlim_t)descriptors() + 5; /* room for a few of them; a number too low for the next descriptor */
    CHECK(setrlimit(RLIMIT_NOFILE, &low) == 0);
    UNTIL(warned > 0);
    CHECK(opened < before + PEERS);
    CHECK(setrlimit(RLIMIT_NOFILE, &limit) == 0);
    UNTIL(opened == before + PEERS);
    for (int i = 0; i < PEERS; i++) {
        size_t got = 0;
        say(fds[i], "still there\r\n");
        UNTIL((hear(fds[i], &got), got == 13));
        close(fds[i]);
    }
    UNTIL(opened == ended);
}

/* One byte at a time. */
static void trickling(void) {
    const char *text = "a line in pieces\r\n";
    int fd = dial(port);
    long before = lines;
    size_t got = 0;

    for (const char *at = text; *at; at++) {
        CHECK(send(fd, at, 1, MSG_NOSIGNAL) == 1);
        CHECK(plait_reactor_poll(reactor, 0) == 0);
        CHECK(lines == before || !at[1]);
    }
    UNTIL((hear(fd, &got), got == strlen(text)));
    close(fd);
    UNTIL(opened == ended);
}

/* Ends its side first: what it asked for still reaches it. */
static void half_closed(void) {
    int fd = dial(port);
    size_t got = 0;

    say(fd, "last words\r\n");
    CHECK(shutdown(fd, SHUT_WR) == 0);
    UNTIL(hear(fd, &got) < 0);
    CHECK(got == 12);
    close(fd);
    UNTIL(opened == ended);
}

/* Sends and never reads: its own connection is ended when its cap is reached; another peer is served meanwhile. */
static void stopped(void) {
    static char flood[1 << 16];
    int fd = dial(port), other = dial(port);
    long before, ends = ended;
    size_t got = 0, line;

    for (line = 0; line < sizeof flood; line++) flood[line] = line % 64 == 62 ? '\r' : line % 64 == 63 ? '\n' : 'x';
    UNTIL(opened == ends + 2);
    before = bytes;
    for (double limit = seconds() + 30; ended == ends;) {
        ssize_t count = send(fd, flood, sizeof flood, MSG_NOSIGNAL);
        CHECK(count > 0 || errno == EAGAIN || errno == ECONNRESET || errno == EPIPE);
        CHECK(plait_reactor_poll(reactor, 0) == 0);
        CHECK(seconds() < limit);
    }
    CHECK(bytes > before);
    say(other, "and I?\r\n");
    UNTIL((hear(other, &got), got == 8));
    close(fd);
    close(other);
    UNTIL(opened == ended);
}

/* Floods and reads, while another peer has a short question each turn: it waits for no more than some turns. */
static void flooding(void) {
    static char flood[1 << 16];
    int fd = dial(port), other = dial(port);
    size_t got = 0, answered = 0, questions = 0;

    memset(flood, 'x', sizeof flood);
    for (size_t at = 62; at + 1 < sizeof flood; at += 64) memcpy(flood + at, "\r\n", 2);
    for (double limit = seconds() + 30; questions < 50;) {
        send(fd, flood, sizeof flood, MSG_NOSIGNAL);
        if (answered == questions * 4) {
            say(other, "ok\r\n");
            questions++;
        }
        for (int i = 0; i < 4 && answered < questions * 4; i++) {
            CHECK(plait_reactor_poll(reactor, 0) == 0);
            CHECK(hear(fd, &got) == 0 && hear(other, &answered) == 0);
        }
        CHECK(seconds() < limit);
    }
    reset(fd);
    close(other);
    UNTIL(opened == ended);
}

int main(int argc, char **argv) {
    plait_line_handler handler = PLAIT_LINE_HANDLER_INIT;
    plait_reactor_options options = PLAIT_REACTOR_OPTIONS_INIT;
    plait_factory factory = {0};
    int open_before;

    handler.connected = on_connected;
    handler.disconnected = on_disconnected;
    handler.line = on_line;
    options.log = on_log;
    options.log_level = PLAIT_LOG_WARNING;
    CHECK(plait_reactor_new(&reactor, NULL) == 0 && plait_reactor_free(reactor) == 0);
    open_before = descriptors();
    CHECK(plait_reactor_new(&reactor, &options) == 0);
    CHECK(plait_line_factory_new(&factory, NULL, &handler, NULL) == 0);
    CHECK(plait_listen(reactor, "tcp:0:interface=127.0.0.1", factory, NULL, &listener) == 0);
    port = plait_listener_get_port(listener);
    trickling();
    half_closed();
    stopped();
    flooding();
    exhausted();
    many(argc > 1 ? atol(argv[1]) : 10000);
    CHECK(plait_reactor_free(reactor) == 0 && plait_factory_release(factory) == 0);
    CHECK(descriptors() == open_before);
    printf("endurance: %ld connections, %ld lines\n", opened, lines);
    return 0;
}
