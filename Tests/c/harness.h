/* What the C tests share. Each test is a program: it runs to its end and prints its verdict, or says what is wrong and
 * fails. Nothing sleeps for a fixed time: UNTIL turns the reactor until something is so, with a limit. */
#ifndef HARNESS_H
#define HARNESS_H

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <plait/plait.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

/* How long anything may take, in seconds; valgrind is slow. And how long a program may: after that it says where it was
 * last. */
#define LIMIT_SECONDS 30
#define PROGRAM_SECONDS 100

static const char *last_file = "before the first check";
static int last_line;
static inline void note_place(const char *file, int line) { /* by any thread */
    __atomic_store_n(&last_file, file, __ATOMIC_RELAXED);
    __atomic_store_n(&last_line, line, __ATOMIC_RELAXED);
}
#define HERE() note_place(__FILE__, __LINE__)

#define DIE(...) die(__FILE__, __LINE__, __VA_ARGS__)
static inline void die(const char *file, int line, const char *format, ...) {
    va_list arguments;

    fprintf(stderr, "%s:%d: ", file, line);
    va_start(arguments, format);
    vfprintf(stderr, format, arguments);
    va_end(arguments);
    fprintf(stderr, "\n");
    exit(1);
}

#define CHECK(condition)                                                                                               \
    do {                                                                                                               \
        HERE();                                                                                                        \
        if (!(condition)) DIE("not so: %s", #condition);                                                               \
    } while (0)

/* Two numbers are the same. */
#define SAME(actual, wanted)                                                                                           \
    do {                                                                                                               \
        long long actual_, wanted_;                                                                                    \
        HERE();                                                                                                        \
        actual_ = (long long)(actual), wanted_ = (long long)(wanted);                                                  \
        if (actual_ != wanted_) DIE("%s is %lld, not %lld", #actual, actual_, wanted_);                                \
    } while (0)

/* A call answers this status. */
#define STATUS(call, wanted)                                                                                           \
    do {                                                                                                               \
        int status_;                                                                                                   \
        HERE();                                                                                                        \
        status_ = (call);                                                                                              \
        if (status_ != (wanted))                                                                                       \
            DIE("%s gave %d (%s), not %d (%s)", #call, status_, plait_err_name(status_), (int)(wanted),                \
                plait_err_name(wanted));                                                                               \
    } while (0)
#define OK(call) STATUS(call, 0)

static inline double seconds(void) {
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

/* Turns the reactor until the condition holds. The condition may look at sockets, so no turn waits long. */
#define UNTIL(reactor, condition)                                                                                      \
    do {                                                                                                               \
        double deadline_ = seconds() + LIMIT_SECONDS;                                                                  \
        while (!(condition)) {                                                                                         \
            OK(plait_reactor_poll(reactor, 5));                                                                        \
            if (seconds() > deadline_) DIE("never so: %s; journal: %s", #condition, journal);                          \
        }                                                                                                              \
    } while (0)

/* What the callbacks below have seen, a word or more for each event, separated by bars. */
static char journal[1 << 16];

/* A program that hangs ends, and says where. */
static void it_hangs(int number) {
    char said[256];
    int len = snprintf(said, sizeof said, "%s:%d: it hangs there, or behind it; journal: %.150s\n", last_file,
                       last_line, journal);

    (void)number;
    if (write(2, said, (size_t)len) < 0) _exit(2);
    _exit(1);
}
__attribute__((constructor)) static void limit_the_program(void) {
    signal(SIGALRM, it_hangs);
    alarm(PROGRAM_SECONDS);
}

static inline void note(const char *format, ...) {
    va_list arguments;
    size_t used = strlen(journal);

    va_start(arguments, format);
    used += (size_t)vsnprintf(journal + used, sizeof journal - used, format, arguments);
    va_end(arguments);
    if (used + 2 > sizeof journal) DIE("the journal is full");
    strcat(journal, "|");
}

/* The journal holds this and nothing else; it is empty afterwards. */
#define HEARD(wanted)                                                                                                  \
    do {                                                                                                               \
        if (strcmp(journal, wanted)) DIE("journal:\n  %s\nwanted:\n  %s", journal, wanted);                            \
        journal[0] = 0;                                                                                                \
    } while (0)

/* Callbacks that note what they get. */
static plait_conn last_conn;
static int connected_count, disconnected_count, released_count;

static inline void note_connected(void *user, plait_conn conn) {
    (void)user;
    last_conn = conn;
    connected_count++;
    note("connected");
}
static inline void note_disconnected(void *user, plait_conn conn, const plait_reason *reason) {
    (void)user;
    (void)conn;
    if (!reason->text) DIE("a reason without text");
    disconnected_count++;
    note("disconnected %s", reason->status == 0 ? "0" : plait_err_name(reason->status));
}
static inline void note_read_closed(void *user, plait_conn conn) {
    (void)user;
    (void)conn;
    note("read_closed");
}
static inline void note_write_paused(void *user, plait_conn conn) {
    (void)user;
    (void)conn;
    note("write_paused");
}
static inline void note_write_resumed(void *user, plait_conn conn) {
    (void)user;
    (void)conn;
    note("write_resumed");
}
static inline void note_release(void *user) {
    (void)user;
    released_count++;
    note("release");
}
static inline void note_bytes(void *user, plait_conn conn, const uint8_t *data, size_t len) {
    (void)user;
    (void)conn;
    note("%.*s", (int)len, (const char *)data);
}
static inline void note_raw(void *user, plait_conn conn, const uint8_t *data, size_t len) {
    (void)user;
    (void)conn;
    note("raw %.*s", (int)len, (const char *)data);
}
static inline void note_too_long(void *user, plait_conn conn, const uint8_t *data, size_t len) {
    (void)user;
    (void)conn;
    note("too long %.*s", (int)len, (const char *)data);
}

/* Answers with what came. */
static inline void echo_bytes(void *user, plait_conn conn, const uint8_t *data, size_t len) {
    (void)user;
    plait_conn_write(conn, data, len);
}
static inline void echo_line(void *user, plait_conn conn, const uint8_t *line, size_t len) {
    (void)user;
    plait_line_send(conn, line, len);
}

static inline plait_factory raw_factory(void (*data)(void *, plait_conn, const uint8_t *, size_t)) {
    plait_factory factory = {0};
    plait_raw_handler handler = PLAIT_RAW_HANDLER_INIT;

    handler.connected = note_connected;
    handler.disconnected = note_disconnected;
    handler.data = data;
    OK(plait_raw_factory_new(&factory, &handler, NULL));
    return factory;
}
static inline plait_factory line_factory(void (*line)(void *, plait_conn, const uint8_t *, size_t)) {
    plait_factory factory = {0};
    plait_line_handler handler = PLAIT_LINE_HANDLER_INIT;

    handler.connected = note_connected;
    handler.disconnected = note_disconnected;
    handler.raw = note_raw;
    handler.line = line;
    OK(plait_line_factory_new(&factory, NULL, &handler, NULL));
    return factory;
}

static inline plait_reactor new_reactor(uint32_t flags) {
    plait_reactor reactor = {0};
    plait_reactor_options options = PLAIT_REACTOR_OPTIONS_INIT;

    options.flags = flags;
    OK(plait_reactor_new(&reactor, &options));
    CHECK(reactor.id != 0);
    return reactor;
}

static inline int listen_on(plait_reactor reactor, plait_factory factory, plait_listener *listener) {
    int port;

    OK(plait_listen(reactor, "tcp:0:interface=127.0.0.1", factory, NULL, listener));
    port = plait_listener_get_port(*listener);
    CHECK(port > 0 && port < 65536);
    return port;
}

/* The other side, as a plain socket that never blocks. */
struct peer {
    int fd;
    char heard[1 << 16];
    size_t len;
    int ended; /* 0, 1 at the end, or -errno */
};

static inline void peer_open(struct peer *peer, int fd) {
    memset(peer, 0, sizeof *peer);
    peer->fd = fd;
    CHECK(fd >= 0);
    fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK);
}
static inline void peer_dial(struct peer *peer, int port) {
    struct sockaddr_in address;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    memset(&address, 0, sizeof address);
    address.sin_family = AF_INET;
    address.sin_port = htons((uint16_t)port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (connect(fd, (struct sockaddr *)&address, sizeof address)) DIE("connect: %s", strerror(errno));
    peer_open(peer, fd);
}
static inline void peer_dial_unix(struct peer *peer, const char *path) {
    struct sockaddr_un address;
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    socklen_t len = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + strlen(path));

    memset(&address, 0, sizeof address);
    address.sun_family = AF_UNIX;
    memcpy(address.sun_path, path, strlen(path));
    if (path[0] == '@')
        address.sun_path[0] = 0;
    else
        len++;
    if (connect(fd, (struct sockaddr *)&address, len)) DIE("connect: %s", strerror(errno));
    peer_open(peer, fd);
}
static inline void peer_say(struct peer *peer, const char *text) {
    size_t len = strlen(text);

    if (send(peer->fd, text, len, MSG_NOSIGNAL) != (ssize_t)len) DIE("send: %s", strerror(errno));
}
/* Takes what is there. */
static inline void peer_turn(struct peer *peer) {
    ssize_t count;

    while (!peer->ended && peer->len < sizeof peer->heard - 1) {
        count = recv(peer->fd, peer->heard + peer->len, sizeof peer->heard - 1 - peer->len, 0);
        if (count > 0)
            peer->len += (size_t)count;
        else if (count == 0)
            peer->ended = 1;
        else if (errno == EAGAIN || errno == EINTR)
            break;
        else
            peer->ended = -errno;
    }
    peer->heard[peer->len] = 0;
}
static inline int peer_heard(struct peer *peer, const char *text) {
    peer_turn(peer);
    return strcmp(peer->heard, text) == 0;
}
static inline int peer_ended(struct peer *peer) {
    peer_turn(peer);
    return peer->ended;
}
static inline void peer_close(struct peer *peer) { close(peer->fd); }
/* Ends the peer so that the other side sees a reset. */
static inline void peer_reset(struct peer *peer) {
    struct linger linger = {1, 0};

    setsockopt(peer->fd, SOL_SOCKET, SO_LINGER, &linger, sizeof linger);
    close(peer->fd);
}

/* How many descriptors this process has, but for the two that libuv opens with the first loop and keeps. */
static inline int descriptors(void) {
    static int warm;
    int fd, count = 0;

    if (!warm) OK(plait_reactor_free(new_reactor(0)));
    warm = 1;
    for (fd = 0; fd < 1024; fd++) count += fcntl(fd, F_GETFD) != -1;
    return count;
}

#define PASSED()                                                                                                       \
    do {                                                                                                               \
        printf("ok\n");                                                                                                \
        return 0;                                                                                                      \
    } while (0)

#endif
