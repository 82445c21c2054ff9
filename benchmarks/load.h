/* What the load generator needs besides its modes: options, time, latencies, sockets, and the server as /proc shows it.
 */
#ifndef LOAD_H
#define LOAD_H

#include <arpa/inet.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

extern struct options {
    const char *mode;
    int port, conns, depth, size, pid;
    long count;
    double secs, warmup;
} opt;

static struct sockaddr_in server;
static int epoll;

__attribute__((noreturn)) static void die(const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    fprintf(stderr, "load %s: ", opt.mode ? opt.mode : "");
    vfprintf(stderr, format, arguments);
    fputc('\n', stderr);
    exit(1);
}

static void read_options(int argc, char **argv) {
    if (argc < 2)
        die("usage: load MODE --port P --pid SERVER [--conns N] [--depth D] [--size L] [--secs T] [--count K]");
    opt.mode = argv[1];
    for (int i = 2; i + 1 < argc; i += 2) {
        const char *name = argv[i], *value = argv[i + 1];
        if (!strcmp(name, "--port"))
            opt.port = atoi(value);
        else if (!strcmp(name, "--pid"))
            opt.pid = atoi(value);
        else if (!strcmp(name, "--conns"))
            opt.conns = atoi(value);
        else if (!strcmp(name, "--depth"))
            opt.depth = atoi(value);
        else if (!strcmp(name, "--size"))
            opt.size = atoi(value);
        else if (!strcmp(name, "--secs"))
            opt.secs = atof(value);
        else if (!strcmp(name, "--warmup"))
            opt.warmup = atof(value);
        else if (!strcmp(name, "--count"))
            opt.count = atol(value);
        else
            die("what is %s?", name);
    }
    server.sin_family = AF_INET;
    server.sin_port = htons((uint16_t)opt.port);
    server.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    epoll = epoll_create1(EPOLL_CLOEXEC);
}

static uint64_t now_ns(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000ull + (uint64_t)now.tv_nsec;
}

/* Latencies: 64 linear steps to a power of two, an error below 1.6 %. */
static uint64_t latencies[64 * 64], latency_count;

static void note_latency(uint64_t ns) {
    int power = ns < 64 ? 0 : 63 - __builtin_clzll(ns) - 5;
    latencies[power * 64 + (int)(ns >> power)]++;
    latency_count++;
}
static double latency_us(double part) {
    uint64_t wanted = (uint64_t)(part * (double)latency_count), seen = 0;
    for (int i = 0; i < 64 * 64; i++) {
        seen += latencies[i];
        if (latencies[i] && seen > wanted) return (double)((uint64_t)(i % 64) << (i / 64)) / 1e3;
    }
    return 0;
}

/* What a process has used: seconds on a CPU, and seconds in which it would have run but waited for one; all its
 * threads. */
struct usage {
    double cpu, wait;
};
static struct usage usage_of(int pid) {
    struct usage usage = {0, 0};
    char path[300];
    snprintf(path, sizeof path, "/proc/%d/task", pid);
    DIR *folder = opendir(path);
    if (!folder) return usage;
    for (struct dirent *entry; (entry = readdir(folder));) {
        unsigned long long cpu, wait;
        if (entry->d_name[0] == '.') continue;
        snprintf(path, sizeof path, "/proc/%d/task/%.20s/schedstat", pid, entry->d_name);
        FILE *file = fopen(path, "r");
        if (file && fscanf(file, "%llu %llu", &cpu, &wait) == 2) {
            usage.cpu += (double)cpu / 1e9;
            usage.wait += (double)wait / 1e9;
        }
        if (file) fclose(file);
    }
    closedir(folder);
    return usage;
}
static struct usage theirs, ours;
static void usage_start(void) {
    theirs = usage_of(opt.pid);
    ours = usage_of(getpid());
}
static void usage_stop(void) {
    struct usage their_end = usage_of(opt.pid), our_end = usage_of(getpid());
    theirs = (struct usage){their_end.cpu - theirs.cpu, their_end.wait - theirs.wait};
    ours = (struct usage){our_end.cpu - ours.cpu, our_end.wait - ours.wait};
}

static void tell(double secs, double operations, int latency) {
    if (operations <= 0) die("nothing came back in %.1f s", secs);
    printf("{\"secs\":%.3f,\"ops\":%.0f,\"per_s\":%.0f,\"us_per_op\":%.5f,\"server_cpu\":%.3f,\"load_cpu\":%.3f,"
           "\"server_wait\":%.3f,\"load_wait\":%.3f",
           secs, operations, operations / secs, theirs.cpu * 1e6 / operations, theirs.cpu / secs, ours.cpu / secs,
           theirs.wait / secs, ours.wait / secs);
    if (latency) printf(",\"p50_us\":%.1f,\"p99_us\":%.1f", latency_us(0.5), latency_us(0.99));
    printf("}\n");
}

static long server_memory(void) {
    char path[64], line[256];
    long kib = -1;
    snprintf(path, sizeof path, "/proc/%d/status", opt.pid);
    FILE *file = fopen(path, "r");
    while (file && fgets(line, sizeof line, file))
        if (sscanf(line, "VmRSS: %ld", &kib) == 1) break;
    if (file) fclose(file);
    return kib;
}
static long server_descriptors(void) {
    char path[64];
    long count = 0;
    snprintf(path, sizeof path, "/proc/%d/fd", opt.pid);
    DIR *folder = opendir(path);
    if (!folder) die("there is no process %d", opt.pid);
    while (readdir(folder)) count++;
    closedir(folder);
    return count;
}
/* Until the server has accepted so many. */
static void await_descriptors(long wanted) {
    uint64_t limit = now_ns() + 20000000000ull;
    while (server_descriptors() < wanted) {
        if (now_ns() > limit) die("the server does not accept");
        usleep(1000);
    }
}

static int open_socket(int without_waiting) {
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | (without_waiting ? SOCK_NONBLOCK : 0), 0), one = 1;
    if (fd < 0) die("socket: %s", strerror(errno));
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    if (connect(fd, (struct sockaddr *)&server, sizeof server) && errno != EINPROGRESS)
        die("connect: %s", strerror(errno));
    return fd;
}
static void watch(int fd, int what, uint32_t events, void *pointer) {
    struct epoll_event event = {.events = events, .data.ptr = pointer};
    if (epoll_ctl(epoll, what, fd, &event)) die("epoll_ctl: %s", strerror(errno));
}

#endif
