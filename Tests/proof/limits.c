/* Ten thousand connections against the limits, from another process, with every count exact: limits
 *
 * The server takes 10,000 connections at a time and 1,000 from one address. The other process comes from twelve
 * addresses, each of which tries more than it may; in the end everybody who was let in has been answered, and everybody
 * else was closed without a byte. */
#include "peers.h"
#include <poll.h>
#include <netinet/in.h>
#include <sys/resource.h>
#include <sys/wait.h>

enum { ALL = 10000, EACH = 1000, DESCRIPTORS = 10100 };

/* What the server asks the other process to do; it answers with a number. */
struct order {
    char what; /* o: open, c: close, s: say and hear, e: who was closed without a byte?, q: quit */
    int source, count, port;
};

/* ---- The other process: it knows nothing of Plait. */

static struct { int fd, source; } dialled[ALL + 500];
static int dialled_count;

static void open_some(const struct order *order) {
    struct sockaddr_in from = loopback(0), to = loopback(order->port);
    int on = 1;

    from.sin_addr.s_addr = htonl(INADDR_LOOPBACK + (unsigned)order->source);
    for (int i = 0; i < order->count; i++) {
        int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
        CHECK(fd >= 0 && dialled_count < (int)(sizeof dialled / sizeof dialled[0]));
        CHECK(setsockopt(fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &on, sizeof on) == 0);
        CHECK(bind(fd, (struct sockaddr *)&from, sizeof from) == 0);
        CHECK(connect(fd, (struct sockaddr *)&to, sizeof to) == 0);
        CHECK(fcntl(fd, F_SETFL, O_NONBLOCK) == 0);
        dialled[dialled_count].fd = fd;
        dialled[dialled_count++].source = order->source;
    }
}

static void forget(int index) {
    close(dialled[index].fd);
    dialled[index] = dialled[--dialled_count];
}

/* Those of a source, or of all for 0. */
static int close_some(const struct order *order) {
    int closed = 0;
    for (int i = dialled_count - 1; i >= 0 && closed < order->count; i--)
        if (!order->source || dialled[i].source == order->source) forget(i), closed++;
    return closed;
}

/* How many were closed without a byte; they are forgotten. */
static int count_ended(void) {
    int ended = 0;
    for (int i = dialled_count - 1; i >= 0; i--) {
        char byte;
        ssize_t got = recv(dialled[i].fd, &byte, 1, 0);
        CHECK(got == 0 || (got < 0 && errno == EAGAIN)); /* in good order, and nothing was said */
        if (got == 0) forget(i), ended++;
    }
    return ended;
}

/* How many were answered with what they said, to the byte. */
static int converse(void) {
    int answered = 0;
    for (int i = 0; i < dialled_count; i++) say(dialled[i].fd, "hello\r\n");
    for (int i = 0; i < dialled_count; i++) {
        struct pollfd one = {dialled[i].fd, POLLIN, 0};
        char room[16];
        CHECK(poll(&one, 1, 30000) == 1);
        answered += recv(dialled[i].fd, room, sizeof room, 0) == 7 && !memcmp(room, "hello\r\n", 7);
    }
    return answered;
}

static void obey(int orders, int answers) {
    struct order order;
    while (read(orders, &order, sizeof order) == (ssize_t)sizeof order && order.what != 'q') {
        int answer = 0;
        if (order.what == 'o') open_some(&order);
        if (order.what == 'c') answer = close_some(&order);
        if (order.what == 's') answer = converse();
        if (order.what == 'e') answer = count_ended();
        CHECK(write(answers, &answer, sizeof answer) == (ssize_t)sizeof answer);
    }
    exit(0);
}

/* ---- The server. */

static plait_reactor reactor;
static plait_factory guarded;
static int orders, answers, port;

/* Serves until the other process has done it. */
static int ask(char what, int source, int count) {
    struct order order = {what, source, count, port};
    struct pollfd answered = {answers, POLLIN, 0};
    int answer = -1;
    CHECK(write(orders, &order, sizeof order) == (ssize_t)sizeof order);
    UNTIL(poll(&answered, 1, 0) == 1);
    CHECK(read(answers, &answer, sizeof answer) == (ssize_t)sizeof answer); /* less: it has died, and said why */
    return answer;
}

static plait_factory_counters counted(void) {
    plait_factory_counters sum = PLAIT_FACTORY_COUNTERS_INIT;
    CHECK(plait_factory_get_counters(guarded, &sum) == 0);
    return sum;
}

/* So many try from there: so many are taken; the others are refused, and see it. */
static void come(int source, int count, int taken) {
    plait_factory_counters before = counted(), now;
    int ended = 0;
    ask('o', source, count);
    UNTIL((now = counted(), now.total + now.refused >= before.total + before.refused + (uint64_t)count));
    CHECK(now.total == before.total + (uint64_t)taken && now.refused == before.refused + (uint64_t)(count - taken));
    UNTIL((ended += ask('e', 0, 0), ended >= count - taken));
    CHECK(ended == count - taken);
}

static void echo(void *user, plait_conn conn, const uint8_t *line, size_t len) {
    (void)user;
    plait_line_send(conn, line, len);
}

static void enough_descriptors(void) {
    struct rlimit files;
    CHECK(getrlimit(RLIMIT_NOFILE, &files) == 0);
    files.rlim_cur = files.rlim_max;
    CHECK(setrlimit(RLIMIT_NOFILE, &files) == 0);
    if (files.rlim_cur < DESCRIPTORS) {
        printf("limits: %d descriptors are needed, and this process may have %lu (ulimit -H -n)\n", DESCRIPTORS,
               (unsigned long)files.rlim_cur);
        exit(1);
    }
}

/* The other process, which is made before there is a reactor. */
static pid_t begin_other(void) {
    int down[2], up[2];
    pid_t other;
    CHECK(pipe(down) == 0 && pipe(up) == 0);
    other = fork();
    CHECK(other >= 0);
    if (other == 0) {
        close(down[1]);
        close(up[0]);
        obey(down[0], up[1]);
    }
    close(down[0]);
    close(up[1]);
    orders = down[1];
    answers = up[0];
    return other;
}

static void exact(void) {
    plait_throttle_counters refused = PLAIT_THROTTLE_COUNTERS_INIT;
    plait_factory_counters sum;

    for (int source = 1; source <= 9; source++) come(source, EACH + 5, EACH);
    come(10, EACH - 5, EACH - 5);
    come(11, 5, 5);  /* the last places */
    come(12, 20, 0); /* nobody had one before from here, and there is none left */
    CHECK(counted().open == ALL);
    CHECK(ask('c', 1, 100) == 100);
    UNTIL(counted().open == ALL - 100);
    come(1, 101, 100); /* the address has its places back, and no more */
    CHECK(ask('s', 0, 0) == ALL);
    CHECK(plait_throttle_get_counters(guarded, &refused) == 0);
    sum = counted();
    CHECK(sum.open == ALL && sum.total == ALL + 100 && sum.refused == 45 + 20 + 1 && sum.refused_within == 0);
    CHECK(sum.bytes_in == 7 * ALL && sum.bytes_out == 7 * ALL);
    CHECK(refused.peers == 11 && refused.refused_peer == 45 + 1 && refused.refused_connections == 20);
    CHECK(ask('c', 0, ALL) == ALL);
    UNTIL(counted().open == 0);
    CHECK(plait_throttle_get_counters(guarded, &refused) == 0);
    CHECK(refused.peers == 0 && counted().total == ALL + 100);
}

int main(void) {
    plait_throttle_options options = PLAIT_THROTTLE_OPTIONS_INIT;
    plait_line_handler handler = PLAIT_LINE_HANDLER_INIT;
    plait_factory lines = {0};
    plait_listener listener = {0};
    struct order quit = {'q', 0, 0, 0};
    double start = seconds();
    int status = 1;
    pid_t other;

    enough_descriptors();
    other = begin_other();
    handler.line = echo;
    options.max_connections = ALL;
    options.max_per_peer = EACH;
    CHECK(plait_reactor_new(&reactor, NULL) == 0);
    CHECK(plait_line_factory_new(&lines, NULL, &handler, NULL) == 0);
    CHECK(plait_throttle_factory_new(&guarded, lines, &options) == 0);
    CHECK(plait_listen(reactor, "tcp:0:interface=127.0.0.1:backlog=1024", guarded, NULL, &listener) == 0);
    port = plait_listener_get_port(listener);
    exact();
    CHECK(write(orders, &quit, sizeof quit) == (ssize_t)sizeof quit);
    CHECK(waitpid(other, &status, 0) == other && status == 0);
    CHECK(plait_reactor_free(reactor) == 0);
    CHECK(plait_factory_release(guarded) == 0 && plait_factory_release(lines) == 0);
    printf("limits: %d connections from 12 addresses, all counts exact, %.1f s\n", ALL, seconds() - start);
    return 0;
}
