/* A day in the life of a reactor, to be run with faults_shim.so preloaded: faults [counts]
 *
 * It listens on TCP and UNIX, echoes for peers, connects to itself, writes more than a socket takes, and frees itself.
 * One system call fails somewhere (PLAIT_FAULT). Whatever is refused for it is tried once more, which must succeed: the
 * loop goes on. In the end each connection has ended once, each call has completed once, and no descriptor is left. */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <execinfo.h>
#include <fcntl.h>
#include <plait/plait.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

static void (*watch)(int);
static int (*fault_done)(void);
/* A call of the library's; only inside it do system calls count. */
#define LIB(call) (watch(1), result = (call), watch(0), result)
static int result;

static plait_reactor reactor;
static plait_factory factory;
static long opened, ended, completed, refused, posted, fired, heard;
static char path[64];

static void fail(const char *what) {
    printf("%s\n", what);
    exit(1);
}
/* Says whose abort it is: the caller of abort() is behind this handler, the signal's trampoline and libc's own frames.
 */
static void on_abort(int number) {
    void *frames[12];
    int count = backtrace(frames, 12);
    Dl_info info;

    (void)number;
    for (int i = 1; i < count; i++) {
        if (!dladdr(frames[i], &info) || strstr(info.dli_fname, "libc.so")) continue;
        printf("aborted by %s\n", info.dli_fname);
        fflush(stdout);
        break;
    }
    _exit(134);
}
static double seconds(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}
static int descriptors(void) {
    DIR *folder = opendir("/proc/self/fd");
    int count = -1; /* the folder's own */
    while (readdir(folder)) count++;
    closedir(folder);
    return count;
}

/* Turns until the condition holds; the limit is what an accept that rests may take, and more. */
#define UNTIL(condition, what)                                                                                         \
    for (double limit_ = seconds() + 10; !(condition);) {                                                              \
        if (LIB(plait_reactor_poll(reactor, 5)) < 0) fail("a poll failed");                                            \
        if (seconds() > limit_) fail(what);                                                                            \
    }

static void on_connected(void *user, plait_conn conn) {
    (void)user;
    (void)conn;
    opened++;
}
static void on_disconnected(void *user, plait_conn conn, const plait_reason *reason) {
    (void)user;
    (void)conn;
    if (!reason->text[0]) fail("a reason without words");
    ended++;
}
static void on_line(void *user, plait_conn conn, const uint8_t *line, size_t len) {
    (void)user;
    heard++;
    if (len == 4 && !memcmp(line, "much", 4)) { /* more than the socket takes at once */
        static uint8_t much[1 << 20];
        for (int i = 0; i < 8; i++) plait_conn_write(conn, much, sizeof much);
        plait_conn_close(conn);
    } else if (len && line[0] != '>') {
        plait_conn_write(conn, (const uint8_t *)">", 1);
        plait_line_send(conn, line, len);
    }
}
static void on_done(void *user, plait_call call, plait_conn conn, const plait_reason *reason) {
    (void)user;
    (void)call;
    completed++;
    if ((reason->status == 0) != (conn.id != 0)) fail("a completion that contradicts itself");
    if (reason->status < 0) refused++;
    if (conn.id) plait_line_send(conn, (const uint8_t *)"over here", 9);
}
static void on_post(void *user) {
    (void)user;
    posted++;
}
static void on_timer(void *user, plait_timer timer) {
    (void)user;
    (void)timer;
    fired++;
}

/* Once more after a failure, which must be one that the system's refusal explains. */
#define TWICE(call, what)                                                                                              \
    if (LIB(call) < 0) {                                                                                               \
        if (!fault_done()) fail(what ": refused without a fault");                                                     \
        if (result > PLAIT_ERR_SYSTEM && result != PLAIT_ERR_NOMEM && result != PLAIT_ERR_UNSUPPORTED)                 \
            fail(what ": an error that tells something else");                                                         \
        if (LIB(call) < 0) fail(what ": still refused when the fault was over");                                       \
    }

static int dial(int port) {
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (connect(fd, (struct sockaddr *)&address, sizeof address)) fail("the peer cannot connect");
    fcntl(fd, F_SETFL, O_NONBLOCK);
    return fd;
}

/* Reads what is there: 1 when `wanted` bytes have come, -1 at the end, 0 when there is more to wait for. */
static int drain(int fd, size_t wanted, size_t *got) {
    static char room[1 << 16];
    for (;;) {
        ssize_t count = recv(fd, room, sizeof room, 0);
        if (count > 0) *got += (size_t)count;
        if (*got >= wanted) return 1;
        if (count == 0 || (count < 0 && errno != EAGAIN)) return -1;
        if (count < 0) return 0;
    }
}

/* A peer says something and is answered; a connection that broke for the fault is a fair answer, once. */
static void converse(int port, const char *text, size_t wanted) {
    for (int round = 0;; round++) {
        int fd = dial(port), answer;
        size_t got = 0;
        if (send(fd, text, strlen(text), MSG_NOSIGNAL) < 0) fail("the peer cannot send");
        UNTIL((answer = drain(fd, wanted, &got)) != 0, "a peer waits for ever");
        close(fd);
        if (answer > 0) return;
        if (round || !fault_done()) fail("a peer was turned away without need");
    }
}

static void connect_out(const char *endpoint) {
    for (int round = 0;; round++) {
        long completions = completed + 1, failures = refused, echoes = heard, first = opened, alive = opened - ended;
        double limit = seconds() + 10;
        int status = LIB(plait_connect(reactor, endpoint, factory, NULL, on_done, NULL, NULL));
        if (status == 0) {
            UNTIL(completed == completions, "a connect never completes");
            /* Both ends are ours: the server's hears us, then the client's hears the answer. */
            if (refused == failures)
                while (heard < echoes + 2 && (opened == first || opened - ended > alive) && seconds() < limit)
                    if (LIB(plait_reactor_poll(reactor, 5)) < 0) fail("a poll failed");
            if (heard >= echoes + 2) return;
        }
        if (round || !fault_done()) fail("a connect failed without need");
    }
}

/* How many descriptors an exec would leave open. */
static int inherited(void) {
    int count = 0;
    for (int fd = 0; fd < 256; fd++) {
        int flags = fcntl(fd, F_GETFD);
        count += flags >= 0 && !(flags & FD_CLOEXEC);
    }
    return count;
}
static int inherited_before;

static void a_day(void) {
    plait_listener tcp = {0}, local = {0};
    char endpoint[128];
    int fd, port = -1;

    TWICE(plait_reactor_new(&reactor, NULL), "reactor_new");
    TWICE(plait_reactor_fd(reactor, &fd), "reactor_fd");
    TWICE(plait_listen(reactor, "tcp:0:interface=127.0.0.1", factory, NULL, &tcp), "listen tcp");
    TWICE(port = plait_listener_get_port(tcp), "get_port");
    snprintf(endpoint, sizeof endpoint, "unix:%s", path);
    TWICE(plait_listen(reactor, endpoint, factory, NULL, &local), "listen unix");
    if (inherited() != inherited_before) fail("a descriptor would be inherited over exec");
    converse(port, "hello\r\n", 8);
    connect_out(endpoint);
    snprintf(endpoint, sizeof endpoint, "tcp:127.0.0.1:%d", port);
    connect_out(endpoint);
    converse(port, "much\r\n", 8u << 20);
    TWICE(plait_timer_start(reactor, 1, 0, on_timer, NULL, NULL), "timer_start");
    TWICE(plait_reactor_post(reactor, on_post, NULL), "post");
    UNTIL(posted && fired, "a timer or a post never comes");
    converse(port, "hello\r\n", 8);
    if (LIB(plait_reactor_free(reactor)) < 0) fail("free failed");
    if (opened != ended) fail("not every connection was ended once");
}

int main(int argc, char **argv) {
    plait_line_handler handler = PLAIT_LINE_HANDLER_INIT;
    int before;

    watch = (void (*)(int))dlsym(RTLD_DEFAULT, "plait_fault_watch");
    fault_done = (int (*)(void))dlsym(RTLD_DEFAULT, "plait_fault_done");
    if (!watch || !fault_done) fail("faults_shim.so is not preloaded");
    signal(SIGABRT, on_abort);
    snprintf(path, sizeof path, "/tmp/plait-faults-%d.sock", (int)getpid());
    handler.connected = on_connected;
    handler.disconnected = on_disconnected;
    handler.line = on_line;
    /* What libuv opens with the first loop and keeps is not counted. */
    if (plait_reactor_new(&reactor, NULL) || plait_reactor_free(reactor)) fail("no reactor");
    before = descriptors();
    inherited_before = inherited();
    if (plait_line_factory_new(&factory, NULL, &handler, NULL)) fail("no factory");
    a_day();
    if (descriptors() != before) fail("a descriptor is left open");
    if (access(path, F_OK) == 0) fail("the UNIX socket's file is left");
    plait_factory_release(factory);
    if (argc > 1 && !strcmp(argv[1], "counts")) ((void (*)(void))dlsym(RTLD_DEFAULT, "plait_fault_counts"))();
    return 0;
}
