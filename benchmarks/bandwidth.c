/* Are limits of bandwidth held on real TCP?  bandwidth [SECONDS]
 *
 * A server behind plait_throttle_factory_new() floods, or is flooded by, another process that is as fast as it can be.
 * What arrives is counted where it arrives, from half a second after the beginning, when the burst is over, for so many
 * seconds (3). Fails when a rate is missed by more than a twentieth. */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <plait/plait.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { MOST = 16, BLOCK = 1 << 16 };
static const double warm = 0.5, allowed = 0.05;

#define CHECK(condition)                                                                                               \
    do {                                                                                                               \
        if (!(condition)) {                                                                                            \
            fprintf(stderr, "%s:%d: not so: %s (%s)\n", __FILE__, __LINE__, #condition, strerror(errno));              \
            exit(1);                                                                                                   \
        }                                                                                                              \
    } while (0)

static double now(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

/* Bytes that came while the window was open. */
struct window {
    double start, end;
    double bytes[MOST];
};
static void count(struct window *window, int which, size_t bytes) {
    double time = now();
    if (time >= window->start && time < window->end) window->bytes[which] += (double)bytes;
}
static struct window open_window(double secs) {
    struct window window;
    memset(&window, 0, sizeof window);
    window.start = now() + warm;
    window.end = window.start + secs;
    return window;
}

/* ---- The other process: reads, or writes, as fast as it can. */

static void other_side(int port, int conns, int writes, double secs, int answers) {
    struct sockaddr_in address;
    struct pollfd fds[MOST];
    static char block[BLOCK];
    struct window window = open_window(secs);

    memset(&address, 0, sizeof address);
    address.sin_family = AF_INET;
    address.sin_port = htons((uint16_t)port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    for (int i = 0; i < conns; i++) {
        fds[i].fd = socket(AF_INET, SOCK_STREAM, 0);
        fds[i].events = writes ? POLLOUT : POLLIN;
        CHECK(connect(fds[i].fd, (struct sockaddr *)&address, sizeof address) == 0);
        CHECK(fcntl(fds[i].fd, F_SETFL, O_NONBLOCK) == 0);
    }
    while (now() < window.end + 0.1) {
        CHECK(poll(fds, (nfds_t)conns, 50) >= 0);
        for (int i = 0; i < conns; i++) {
            ssize_t done;
            if (!fds[i].revents) continue;
            if (writes) {
                done = send(fds[i].fd, block, sizeof block, MSG_NOSIGNAL);
            } else {
                done = recv(fds[i].fd, block, sizeof block, 0);
                if (done > 0) count(&window, i, (size_t)done);
            }
            CHECK(done > 0 || errno == EAGAIN);
        }
    }
    CHECK(write(answers, &window, sizeof window) == (ssize_t)sizeof window);
    exit(0);
}

/* ---- The server. */

static plait_conn members[MOST];
static int member_count;
static struct window arrived;
static char flood[BLOCK];

static void on_connected(void *user, plait_conn conn) {
    plait_conn_limits limits = PLAIT_CONN_LIMITS_INIT;
    const int *floods = (const int *)user;
    limits.high_water = 4 * BLOCK;
    CHECK(member_count < MOST && plait_conn_set_limits(conn, &limits) == 0);
    /* More than a burst and the mark together: from then on `write_resumed` asks for more. */
    for (int i = 0; *floods && i < 32; i++) CHECK(plait_conn_write(conn, (const uint8_t *)flood, sizeof flood) == 0);
    members[member_count++] = conn;
}
static void on_data(void *user, plait_conn conn, const uint8_t *data, size_t len) {
    (void)user, (void)data;
    for (int i = 0; i < member_count; i++)
        if (members[i].id == conn.id) count(&arrived, i, len);
}
static void on_resumed(void *user, plait_conn conn) {
    (void)user;
    for (int i = 0; i < 8; i++) CHECK(plait_conn_write(conn, (const uint8_t *)flood, sizeof flood) == 0);
}

struct trial {
    const char *name;
    int conns, reads, shared;
    uint64_t limit;
};

/* How far the rate is off, as a part of it. */
static double measure(const struct trial *trial, double secs) {
    plait_raw_handler handler = PLAIT_RAW_HANDLER_INIT;
    plait_throttle_options options = PLAIT_THROTTLE_OPTIONS_INIT;
    plait_reactor reactor = {0};
    plait_factory raw = {0}, guarded = {0};
    plait_listener listener = {0};
    int pipes[2], floods = !trial->reads, status = 1, port;
    double sum = 0, least = HUGE_VAL, most = 0, wanted, end = now() + warm + secs + 20;
    pid_t other;

    handler.connected = on_connected;
    handler.data = on_data;
    handler.write_resumed = on_resumed;
    if (trial->reads)
        *(trial->shared ? &options.read : &options.read_each) = (plait_rate){trial->limit, 0};
    else
        *(trial->shared ? &options.write : &options.write_each) = (plait_rate){trial->limit, 0};
    member_count = 0;
    CHECK(plait_reactor_new(&reactor, NULL) == 0 && plait_raw_factory_new(&raw, &handler, &floods) == 0);
    CHECK(plait_throttle_factory_new(&guarded, raw, &options) == 0);
    CHECK(plait_listen(reactor, "tcp:0:interface=127.0.0.1", guarded, NULL, &listener) == 0);
    port = plait_listener_get_port(listener);
    CHECK(pipe(pipes) == 0);
    fflush(stdout);
    other = fork();
    CHECK(other >= 0);
    if (other == 0) other_side(port, trial->conns, trial->reads, secs, pipes[1]);
    close(pipes[1]);
    fcntl(pipes[0], F_SETFL, O_NONBLOCK);
    arrived = open_window(secs);
    while (waitpid(other, &status, WNOHANG) == 0) {
        CHECK(plait_reactor_poll(reactor, 10) == 0);
        CHECK(now() < end);
    }
    CHECK(status == 0);
    if (!trial->reads) CHECK(read(pipes[0], &arrived, sizeof arrived) == (ssize_t)sizeof arrived);
    close(pipes[0]);
    CHECK(plait_reactor_free(reactor) == 0 && plait_factory_release(guarded) == 0 && plait_factory_release(raw) == 0);
    for (int i = 0; i < trial->conns; i++) {
        sum += arrived.bytes[i];
        if (arrived.bytes[i] < least) least = arrived.bytes[i];
        if (arrived.bytes[i] > most) most = arrived.bytes[i];
    }
    wanted = (double)trial->limit * secs * (trial->shared ? 1 : trial->conns);
    printf("| %s | %d | %.0f | %.0f | %+.2f %% | %.2f |\n", trial->name, trial->conns, wanted / secs, sum / secs,
           100 * (sum / wanted - 1), least / most);
    fflush(stdout);
    return fabs(sum / wanted - 1);
}

int main(int argc, char **argv) {
    static const struct trial trials[] = {
        {"writing, each", 1, 0, 0, 10000},   {"writing, each", 1, 0, 0, 1000000},
        {"writing, each", 8, 0, 0, 1000000}, {"writing, shared", 8, 0, 1, 10000000},
        {"reading, each", 1, 1, 0, 10000},   {"reading, each", 1, 1, 0, 1000000},
        {"reading, each", 8, 1, 0, 1000000}, {"reading, shared", 8, 1, 1, 10000000},
    };
    double secs = argc > 1 ? atof(argv[1]) : 3;
    int missed = 0;

    CHECK(secs >= 0.5);
    printf("| limit | connections | bytes a second wanted | held | off by | least share by most |\n");
    printf("| --- | --- | --- | --- | --- | --- |\n");
    for (size_t i = 0; i < sizeof trials / sizeof trials[0]; i++) missed += measure(&trials[i], secs) > allowed;
    if (missed) fprintf(stderr, "bandwidth: %d limits were missed by more than %.0f %%\n", missed, 100 * allowed);
    return missed > 0;
}
