/* memcache_client: what it costs to ask memcached.
 *
 *   memcache_client LIBRARY LOAD --port P [--size BYTES] [--secs T]
 *
 *   LIBRARY  plait, libmemcached, or raw: blocking sockets, written by hand for each load
 *   LOAD     get     one get after the other
 *            set     one set after the other
 *            flight  100 gets at a time, each a request of its own; a hundred more when they are answered
 *            many    gets of 100 keys
 *
 * Every value is compared. It prints one JSON object: operations a second, and this process's CPU time for each. */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <libmemcached/memcached.h>
#include <netinet/tcp.h>
#include <plait/plait.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { KEYS = 100, MOST = 1 << 20 };

static const char *load;
static char names[KEYS][8], *values[KEYS];
static size_t lengths[KEYS], size = 100;
static int port;
static double until, secs = 1;
static long done;

static void die(const char *why) {
    fprintf(stderr, "memcache_client: %s\n", why);
    exit(1);
}
static double now(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}
static void compare(int key, const void *value, size_t len) {
    if (len != size || memcmp(value, values[key], size)) die("another value");
}

/* By hand */

static int fd;
static char in[2 * MOST], out[2 * MOST];
static size_t have, at;

static void fill(size_t more) {
    while (have - at < more) {
        ssize_t got;
        memmove(in, in + at, have -= at);
        at = 0;
        got = read(fd, in + have, sizeof in - have);
        if (got <= 0) die("the connection is lost");
        have += (size_t)got;
    }
}
static char *line(size_t *len) {
    char *start, *end;
    while (!(end = memchr(in + at, '\n', have - at))) fill(have - at + 1);
    start = in + at;
    *len = (size_t)(end - start) - 1;
    at += *len + 2;
    return start;
}
static void expect(const char *words) {
    size_t len;
    char *got = line(&len);
    if (len != strlen(words) || memcmp(got, words, len)) die("another answer");
}
static void value_of(int key) {
    char head[64];
    snprintf(head, sizeof head, "VALUE %s 0 %zu", names[key], size);
    expect(head);
    fill(size + 2);
    compare(key, in + at, size);
    at += size + 2;
}
static void say(size_t len) {
    size_t sent = 0;
    while (sent < len) {
        ssize_t more = write(fd, out + sent, len - sent);
        if (more <= 0) die("write");
        sent += (size_t)more;
    }
}

static void run_raw(void) {
    struct sockaddr_in address = {
        .sin_family = AF_INET, .sin_port = htons((uint16_t)port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int one = 1;

    fd = socket(AF_INET, SOCK_STREAM, 0);
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    if (connect(fd, (struct sockaddr *)&address, sizeof address)) die("connect");
    for (int key = 0; now() < until; key = (key + 1) % KEYS) {
        size_t len = 0;
        if (!strcmp(load, "get")) {
            say((size_t)sprintf(out, "get %s\r\n", names[key]));
            value_of(key);
            expect("END");
            done++;
        } else if (!strcmp(load, "set")) {
            len = (size_t)sprintf(out, "set %s 0 0 %zu\r\n", names[key], size);
            memcpy(out + len, values[key], size);
            memcpy(out + len + size, "\r\n", 2);
            say(len + size + 2);
            expect("STORED");
            done++;
        } else if (!strcmp(load, "flight")) {
            for (int i = 0; i < KEYS; i++) len += (size_t)sprintf(out + len, "get %s\r\n", names[i]);
            say(len);
            for (int i = 0; i < KEYS; i++) {
                value_of(i);
                expect("END");
            }
            done += KEYS;
        } else {
            len = (size_t)sprintf(out, "get");
            for (int i = 0; i < KEYS; i++) len += (size_t)sprintf(out + len, " %s", names[i]);
            len += (size_t)sprintf(out + len, "\r\n");
            say(len);
            for (int i = 0; i < KEYS; i++) value_of(i);
            expect("END");
            done += KEYS;
        }
    }
    close(fd);
}

/* libmemcached */

static void run_libmemcached(void) {
    memcached_st *servers = memcached_create(NULL);
    const char *keys[KEYS];

    memcached_server_add(servers, "127.0.0.1", (in_port_t)port);
    memcached_behavior_set(servers, MEMCACHED_BEHAVIOR_TCP_NODELAY, 1);
    for (int i = 0; i < KEYS; i++) keys[i] = names[i];
    for (int key = 0; now() < until; key = (key + 1) % KEYS) {
        memcached_return_t status;
        if (!strcmp(load, "get")) {
            size_t len;
            uint32_t flags;
            char *value = memcached_get(servers, names[key], lengths[key], &len, &flags, &status);
            if (status) die("get");
            compare(key, value, len);
            free(value);
            done++;
        } else if (!strcmp(load, "set")) {
            if (memcached_set(servers, names[key], lengths[key], values[key], size, 0, 0)) die("set");
            done++;
        } else if (!strcmp(load, "many")) {
            memcached_result_st result, *found;
            int count = 0;
            if (memcached_mget(servers, keys, lengths, KEYS)) die("mget");
            memcached_result_create(servers, &result);
            while ((found = memcached_fetch_result(servers, &result, &status))) {
                compare(atoi(memcached_result_key_value(found) + 1), memcached_result_value(found),
                        memcached_result_length(found));
                count++;
            }
            memcached_result_free(&result);
            if (count != KEYS) die("keys are missing");
            done += KEYS;
        } else {
            die("libmemcached has no gets in flight");
        }
    }
    memcached_free(servers);
}

/* Plait */

static plait_reactor reactor;
static plait_bytes keys[KEYS];
static int awaited;

static void ask(plait_conn conn);

static void on_one(void *user, plait_conn conn, const plait_memcache_answer *answer, size_t count) {
    (void)count;
    if (answer->status || answer->result != (load[0] == 's' ? PLAIT_MEMCACHE_STORED : PLAIT_MEMCACHE_HIT)) die("plait");
    if (answer->result == PLAIT_MEMCACHE_HIT) compare((int)(intptr_t)user, answer->value.data, answer->value.len);
    done++;
    if (--awaited == 0) ask(conn);
}
static void on_many(void *user, plait_conn conn, const plait_memcache_answer *answers, size_t count) {
    (void)user;
    for (size_t i = 0; i < count; i++) {
        if (answers[i].result == PLAIT_MEMCACHE_VALUE) {
            compare((int)answers[i].index, answers[i].value.data, answers[i].value.len);
            done++;
        } else if (answers[i].result == PLAIT_MEMCACHE_END) {
            ask(conn);
        } else {
            die("plait");
        }
    }
}
static void ask(plait_conn conn) {
    static int key;
    plait_memcache_request request = PLAIT_MEMCACHE_REQUEST_INIT;
    int status = 0;

    if (now() >= until) {
        plait_reactor_stop(reactor);
        return;
    }
    key = (key + 1) % KEYS;
    if (!strcmp(load, "get")) {
        awaited = 1;
        status = plait_memcache_get(conn, (uint8_t *)names[key], lengths[key], on_one, (void *)(intptr_t)key, NULL);
    } else if (!strcmp(load, "set")) {
        awaited = 1;
        status = plait_memcache_set(conn, (uint8_t *)names[key], lengths[key], (uint8_t *)values[key], size, 0, 0,
                                    on_one, NULL, NULL);
    } else if (!strcmp(load, "flight")) {
        awaited = KEYS;
        for (int i = 0; i < KEYS && !status; i++)
            status = plait_memcache_get(conn, (uint8_t *)names[i], lengths[i], on_one, (void *)(intptr_t)i, NULL);
    } else {
        request.command = PLAIT_MEMCACHE_GET;
        request.keys = keys;
        request.count = KEYS;
        status = plait_memcache_call(conn, &request, on_many, NULL, NULL);
    }
    if (status) die(plait_strerror(status));
}
static void on_connected(void *user, plait_conn conn) {
    (void)user;
    ask(conn);
}

static void run_plait(void) {
    plait_factory factory = {0};
    plait_memcache_handler handler = PLAIT_MEMCACHE_HANDLER_INIT;
    char endpoint[64];

    for (int i = 0; i < KEYS; i++) keys[i] = (plait_bytes){(uint8_t *)names[i], lengths[i]};
    handler.connected = on_connected;
    snprintf(endpoint, sizeof endpoint, "tcp:127.0.0.1:%d", port);
    if (plait_reactor_new(&reactor, NULL) || plait_memcache_factory_new(&factory, NULL, &handler, NULL) ||
        plait_connect(reactor, endpoint, factory, NULL, NULL, NULL, NULL) || plait_reactor_run(reactor))
        die("plait");
    plait_reactor_free(reactor);
    plait_factory_release(factory);
}

static void prepare(void) {
    memcached_st *server = memcached_create(NULL);
    memcached_server_add(server, "127.0.0.1", (in_port_t)port);
    for (int i = 0; i < KEYS; i++) {
        lengths[i] = (size_t)sprintf(names[i], "k%d", i);
        values[i] = malloc(size);
        memset(values[i], 'a' + i % 26, size);
        if (memcached_set(server, names[i], lengths[i], values[i], size, 0, 0)) die("cannot store");
    }
    memcached_free(server);
}

int main(int argc, char **argv) {
    struct rusage before, used;
    double start, cpu;

    if (argc < 5) die("usage: memcache_client LIBRARY LOAD --port P [--size BYTES] [--secs T]");
    load = argv[2];
    for (int i = 3; i + 1 < argc; i += 2) {
        if (!strcmp(argv[i], "--port")) port = atoi(argv[i + 1]);
        if (!strcmp(argv[i], "--size")) size = (size_t)atol(argv[i + 1]);
        if (!strcmp(argv[i], "--secs")) secs = atof(argv[i + 1]);
    }
    if (size > MOST) die("too large");
    prepare();
    getrusage(RUSAGE_SELF, &before);
    start = now();
    until = start + secs;
    if (!strcmp(argv[1], "plait"))
        run_plait();
    else if (!strcmp(argv[1], "raw"))
        run_raw();
    else
        run_libmemcached();
    secs = now() - start;
    getrusage(RUSAGE_SELF, &used);
    cpu = (double)(used.ru_utime.tv_sec + used.ru_stime.tv_sec - before.ru_utime.tv_sec - before.ru_stime.tv_sec) +
          (double)(used.ru_utime.tv_usec + used.ru_stime.tv_usec - before.ru_utime.tv_usec - before.ru_stime.tv_usec) /
              1e6;
    printf("{\"per_s\": %.0f, \"us_per_op\": %.4f}\n", (double)done / secs, cpu * 1e6 / (double)done);
    return 0;
}
