/* load: a closed-loop load generator for 127.0.0.1, on one thread.
 *
 *   load MODE --port P --pid SERVER [--conns N] [--depth D] [--size L] [--secs T] [--warmup T] [--count K]
 *
 *   line-echo, int32-echo, netstring-echo
 *                 N connections keep D messages of L bytes in flight; every byte that comes back is compared.
 *   amp-sum       the same with calls of Sum(a, b) and its answers.
 *   line-sink     N connections send lines as fast as the server takes them; then each sends COUNT and checks the
 * number that it is answered. connect-churn N slots: connect, send a line, await its echo, close; K times. idle-hold
 * opens K connections and tells the server's memory, before each has echoed a line and after.
 *
 * It prints one JSON object, with the CPU time that the server used meanwhile; a wrong byte or a lost answer ends it
 * with 1. */
#define _GNU_SOURCE
#include "load.h"

struct options opt = {.conns = 1, .depth = 1, .size = 64, .secs = 1, .warmup = 0.3, .count = 10000};

/* The messages: PERIOD different ones, one after another, each of message_len bytes with its framing; and what comes
 * back, which is the same unless it is an answer. */
enum { PERIOD = 64, CHUNK = 256 * 1024 };
static char *pattern, *answers;
static size_t message_len, period, pattern_len, answer_len, answers_len;

static void make_messages(void) {
    char head[16] = "", tail[3] = "";
    size_t head_len = 0, tail_len = 0, size = (size_t)opt.size;
    if (size < 8) die("--size must be at least 8");
    if (!strncmp(opt.mode, "netstring", 9)) {
        head_len = (size_t)snprintf(head, sizeof head, "%zu:", size);
        tail_len = 1;
        tail[0] = ',';
    } else if (!strncmp(opt.mode, "int32", 5)) {
        uint32_t length = htonl((uint32_t)size);
        head_len = 4;
        memcpy(head, &length, 4);
    } else {
        tail_len = 2;
        memcpy(tail, "\r\n", 2);
    }
    message_len = head_len + size + tail_len;
    period = message_len * PERIOD;
    size_t messages = PERIOD + (size_t)opt.depth;
    while (messages * message_len < CHUNK + period) messages++;
    pattern_len = messages * message_len;
    pattern = malloc(pattern_len);
    for (size_t i = 0; i < messages; i++) {
        char *at = pattern + i * message_len, number[16];
        memcpy(at, head, head_len);
        for (size_t j = 0; j < size; j++) at[head_len + j] = (char)('a' + (i % PERIOD * 7 + j) % 26);
        snprintf(number, sizeof number, "%06zu:", i % PERIOD);
        memcpy(at + head_len, number, 7);
        memcpy(at + head_len + size, tail, tail_len);
    }
    answers = pattern;
    answer_len = message_len;
    answers_len = pattern_len;
}

static size_t put_field(char *to, const char *key, const char *value) {
    size_t key_len = strlen(key), len = strlen(value);
    to[0] = to[2 + key_len] = 0;
    to[1] = (char)key_len;
    memcpy(to + 2, key, key_len);
    to[3 + key_len] = (char)len;
    memcpy(to + 4 + key_len, value, len);
    return 4 + key_len + len;
}

/* Calls whose numbers have three digits each, so that all are as long; the tags come again, which a server need not
 * mind. */
static void make_calls(void) {
    size_t messages = CHUNK / 32 + PERIOD * 3 + (size_t)opt.depth;
    char *call = pattern = calloc(messages, 96), *answer = answers = calloc(messages, 96);
    for (size_t i = 0; i < messages; i++) {
        char tag[8], a[8], b[8], total[8];
        unsigned number = (unsigned)(i % PERIOD);
        snprintf(tag, sizeof tag, "%x", 16 + number);
        snprintf(a, sizeof a, "%u", 100 + number);
        snprintf(b, sizeof b, "%u", 200 + 3 * number);
        snprintf(total, sizeof total, "%u", 300 + 4 * number);
        char *at = call;
        at += put_field(at, "_ask", tag);
        at += put_field(at, "_command", "Sum");
        at += put_field(at, "a", a);
        at += put_field(at, "b", b);
        message_len = (size_t)(at + 2 - call);
        call = at + 2;
        at = answer;
        at += put_field(at, "_answer", tag);
        at += put_field(at, "total", total);
        answer_len = (size_t)(at + 2 - answer);
        answer = at + 2;
    }
    period = message_len * PERIOD;
    pattern_len = (size_t)(call - pattern);
    answers_len = (size_t)(answer - answers);
}

/* A connection of the echo and sink modes. */
struct conn {
    int fd, armed;           /* armed: waiting for room to write */
    size_t at, left;         /* the place in the pattern, and how many bytes are to be written */
    size_t heard_at, partly; /* the place in the pattern of what comes back, and how far into a message */
    uint64_t sent, done;     /* messages begun, messages that came back */
    uint64_t *when;          /* when each that is in flight was sent */
    int asked;               /* sink: COUNT was sent */
    char answer[64];
    size_t answer_len;
};

static char room[CHUNK];
static uint64_t completed;
static int stopping, measuring;

static void arm(struct conn *c, int on) {
    if (c->armed == on) return;
    c->armed = on;
    watch(c->fd, EPOLL_CTL_MOD, EPOLLIN | (on ? EPOLLOUT : 0), c);
}

static size_t write_some(struct conn *c, const char *data, size_t len) {
    ssize_t written = write(c->fd, data, len);
    if (written < 0 && errno != EAGAIN) die("write: %s", strerror(errno));
    return written < 0 ? 0 : (size_t)written;
}

static void echo_flush(struct conn *c) {
    while (c->left) {
        size_t len = c->left < pattern_len - c->at ? c->left : pattern_len - c->at;
        size_t written = write_some(c, pattern + c->at, len);
        c->at = (c->at + written) % period;
        c->left -= written;
        if (written < len) break;
    }
    arm(c, c->left != 0);
}

static void echo_send(struct conn *c, uint64_t messages, uint64_t now) {
    for (uint64_t i = 0; i < messages; i++) c->when[c->sent++ % (uint64_t)opt.depth] = now;
    c->left += messages * message_len;
    echo_flush(c);
}

static void echo_read(struct conn *c) {
    ssize_t len = read(c->fd, room, sizeof room);
    if (len < 0 && errno == EAGAIN) return;
    if (len <= 0) die("read: %s", len ? strerror(errno) : "the server closed the connection");
    uint64_t now = now_ns();
    for (size_t at = 0; at < (size_t)len;) {
        size_t part = (size_t)len - at < answers_len - c->heard_at ? (size_t)len - at : answers_len - c->heard_at;
        if (memcmp(room + at, answers + c->heard_at, part)) die("other bytes came back");
        c->heard_at = (c->heard_at + part) % (answer_len * PERIOD);
        at += part;
    }
    c->partly += (size_t)len;
    uint64_t messages = c->partly / answer_len;
    c->partly %= answer_len;
    if (c->done + messages > c->sent) die("more came back than was sent");
    for (uint64_t i = 0; i < messages; i++) {
        uint64_t sent = c->when[c->done++ % (uint64_t)opt.depth];
        if (measuring) note_latency(now - sent);
    }
    if (measuring) completed += messages;
    if (!stopping && messages) echo_send(c, messages, now);
}

/* Lines leave from a file in memory: as no byte is copied here, the server is never the one that waits. */
static size_t sink_some(struct conn *c, size_t len) {
    static int file = -1;
    off_t from = (off_t)c->at;
    if (file < 0) {
        file = memfd_create("lines", MFD_CLOEXEC);
        if (file < 0 || write(file, pattern, pattern_len) != (ssize_t)pattern_len) die("memfd: %s", strerror(errno));
    }
    ssize_t sent = sendfile(c->fd, file, &from, len);
    if (sent < 0 && errno != EAGAIN) die("sendfile: %s", strerror(errno));
    return sent < 0 ? 0 : (size_t)sent;
}

static void sink_flush(struct conn *c) {
    while (!c->asked) {
        if (!c->left && !stopping) {
            c->left = (pattern_len - c->at) / message_len * message_len;
            c->sent += c->left / message_len;
        }
        size_t len = c->left;
        if (!len) break;
        size_t written = sink_some(c, len);
        c->at = (c->at + written) % period;
        c->left -= written;
        if (written < len) return arm(c, 1);
        if (!stopping) return; /* other connections have a turn */
    }
    if (!c->asked && write(c->fd, "COUNT\r\n", 7) != 7) return arm(c, 1);
    c->asked = 1;
    arm(c, 0);
}

static void sink_read(struct conn *c) {
    ssize_t len = read(c->fd, c->answer + c->answer_len, sizeof c->answer - 1 - c->answer_len);
    if (len < 0 && errno == EAGAIN) return;
    if (len <= 0) die("read: %s", len ? strerror(errno) : "the server closed the connection");
    c->answer_len += (size_t)len;
    if (!memchr(c->answer, '\n', c->answer_len)) return;
    uint64_t counted = strtoull(c->answer, NULL, 10);
    if (!c->asked || counted != c->sent)
        die("the server counted %llu lines of %llu", (unsigned long long)counted, (unsigned long long)c->sent);
    c->done = c->sent;
}

static int busy(struct conn *conns, int sink) {
    int count = 0;
    for (int i = 0; i < opt.conns; i++) count += conns[i].done != conns[i].sent || (sink && !conns[i].answer_len);
    return count;
}

static void run_stream(void) {
    int sink = !strcmp(opt.mode, "line-sink");
    struct conn *conns = calloc((size_t)opt.conns, sizeof *conns);
    uint64_t start = now_ns(), begin = start, end = 0, limit = 0;

    if (!strcmp(opt.mode, "amp-sum"))
        make_calls();
    else
        make_messages();
    for (int i = 0; i < opt.conns; i++) {
        conns[i].fd = open_socket(0);
        fcntl(conns[i].fd, F_SETFL, O_NONBLOCK);
        conns[i].when = calloc((size_t)opt.depth, sizeof *conns[i].when);
        watch(conns[i].fd, EPOLL_CTL_ADD, EPOLLIN, &conns[i]);
    }
    for (int i = 0; i < opt.conns; i++) {
        if (sink)
            arm(&conns[i], 1);
        else
            echo_send(&conns[i], (uint64_t)opt.depth, start);
    }
    while (!stopping || busy(conns, sink)) {
        uint64_t now = now_ns();
        if (!measuring && !stopping && (double)(now - start) >= (sink ? 0 : opt.warmup) * 1e9) {
            measuring = 1;
            begin = now;
            usage_start();
        }
        if (measuring && (double)(now - begin) >= opt.secs * 1e9) {
            if (!sink) {
                end = now;
                usage_stop();
            }
            measuring = 0;
            stopping = 1;
            limit = now + 20000000000ull;
            for (int i = 0; sink && i < opt.conns; i++) arm(&conns[i], 1);
        }
        if (stopping && now > limit) die("%d connections never got their last answers", busy(conns, sink));
        struct epoll_event events[256];
        int count = epoll_wait(epoll, events, 256, 100);
        for (int i = 0; i < count; i++) {
            struct conn *c = events[i].data.ptr;
            if (events[i].events & ~(uint32_t)(EPOLLIN | EPOLLOUT)) die("a connection was lost");
            if (events[i].events & EPOLLOUT) (sink ? sink_flush : echo_flush)(c);
            if (events[i].events & EPOLLIN) (sink ? sink_read : echo_read)(c);
        }
    }
    if (sink) { /* it has taken what was sent only when it has counted it */
        end = now_ns();
        usage_stop();
        for (int i = 0; i < opt.conns; i++) completed += conns[i].done;
    }
    tell((double)(end - begin) / 1e9, (double)completed, !sink);
}

struct slot {
    int fd, sent;
    size_t got;
    uint64_t begun;
};

static void begin_slot(struct slot *slot) {
    *slot = (struct slot){.fd = open_socket(1), .begun = now_ns()};
    watch(slot->fd, EPOLL_CTL_ADD, EPOLLOUT, slot);
}

/* True when the line has come back. */
static int go_on(struct slot *slot) {
    if (!slot->sent) {
        if (write(slot->fd, pattern, message_len) != (ssize_t)message_len) die("write: %s", strerror(errno));
        slot->sent = 1;
        watch(slot->fd, EPOLL_CTL_MOD, EPOLLIN, slot);
        return 0;
    }
    ssize_t len = read(slot->fd, room, sizeof room);
    if (len <= 0) die("read: %s", len ? strerror(errno) : "closed");
    if (slot->got + (size_t)len > message_len || memcmp(room, pattern + slot->got, (size_t)len))
        die("other bytes came back");
    slot->got += (size_t)len;
    return slot->got == message_len;
}

static void run_churn(void) {
    struct slot *slots = calloc((size_t)opt.conns, sizeof *slots);
    long started = 0, finished = 0;

    make_messages();
    usage_start();
    uint64_t begin = now_ns();
    for (int i = 0; i < opt.conns && started < opt.count; i++, started++) begin_slot(&slots[i]);
    while (finished < opt.count) {
        struct epoll_event events[256];
        int count = epoll_wait(epoll, events, 256, 20000);
        if (count <= 0) die("nothing for 20 s after %ld connections", finished);
        for (int i = 0; i < count; i++) {
            struct slot *slot = events[i].data.ptr;
            if (!go_on(slot)) continue;
            close(slot->fd);
            note_latency(now_ns() - slot->begun);
            finished++;
            if (started < opt.count) {
                started++;
                begin_slot(slot);
            }
        }
    }
    double secs = (double)(now_ns() - begin) / 1e9;
    usage_stop();
    tell(secs, (double)finished, 1);
}

static void run_idle(void) {
    int *fds = calloc((size_t)opt.count, sizeof *fds);
    struct rlimit limit;

    getrlimit(RLIMIT_NOFILE, &limit);
    limit.rlim_cur = limit.rlim_max;
    setrlimit(RLIMIT_NOFILE, &limit);
    make_messages();
    /* A first connection, used and closed, so that what a server makes once is not counted as a connection's. */
    int first = open_socket(0);
    if (write(first, pattern, message_len) != (ssize_t)message_len || read(first, room, sizeof room) <= 0)
        die("no echo");
    close(first);
    long base = server_memory(), descriptors = server_descriptors();
    for (long i = 0; i < opt.count; i++) {
        fds[i] = open_socket(0);
        if (i % 256 == 255 || i == opt.count - 1) await_descriptors(descriptors + i); /* within any backlog */
    }
    long opened = server_memory();
    for (long i = 0; i < opt.count; i++) {
        size_t got = 0;
        if (write(fds[i], pattern, message_len) != (ssize_t)message_len) die("write: %s", strerror(errno));
        while (got < message_len) {
            ssize_t len = read(fds[i], room + got, message_len - got);
            if (len <= 0) die("connection %ld: %s", i, len ? strerror(errno) : "closed");
            got += (size_t)len;
        }
        if (memcmp(room, pattern, message_len)) die("other bytes came back");
    }
    long used = server_memory();
    printf("{\"base_kb\":%ld,\"fresh_bytes\":%.0f,\"used_bytes\":%.0f}\n", base,
           (double)(opened - base) * 1024 / (double)opt.count, (double)(used - base) * 1024 / (double)opt.count);
}

int main(int argc, char **argv) {
    read_options(argc, argv);
    if (!strcmp(opt.mode, "connect-churn"))
        run_churn();
    else if (!strcmp(opt.mode, "idle-hold"))
        run_idle();
    else
        run_stream();
    return 0;
}
