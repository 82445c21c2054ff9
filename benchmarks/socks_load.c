/* What keeps SOCKS proxies busy:
 *
 *   socks_load source PORT                        sends as many bytes as it is asked for
 *   socks_load fetch PROXY SOURCE BYTES           fetches so many by way of a proxy, or straight if that is 0
 *   socks_load tunnels PROXY SOURCE COUNT CONNS   opens tunnels, so many at a time, fetches a byte by each
 *   socks_load idle PROXY SOURCE COUNT            opens tunnels, says so, and waits for its input to end
 *
 * All on 127.0.0.1, by SOCKS 5, step by step as the specification has it. It prints the seconds that it took. Both ends
 * of a relay share a CPU, so that they copy nothing: what is sent leaves from a file in memory, and what is received is
 * dropped in the kernel. Else they would be slower than a proxy, and it would be them that are measured. */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static void die(const char *what) {
    perror(what);
    exit(1);
}

static double now(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

static struct sockaddr_in place(int port) {
    struct sockaddr_in made;
    memset(&made, 0, sizeof made);
    made.sin_family = AF_INET;
    made.sin_port = htons((uint16_t)port);
    made.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    return made;
}

static int dial(int port) {
    struct sockaddr_in to = place(port);
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    if (fd < 0 || connect(fd, (struct sockaddr *)&to, sizeof to)) die("connect");
    return fd;
}

static void say(int fd, const void *bytes, size_t len) {
    if (send(fd, bytes, len, MSG_NOSIGNAL) != (ssize_t)len) die("send");
}

static void hear(int fd, uint8_t *bytes, size_t len) {
    ssize_t count;
    for (; len; bytes += count, len -= (size_t)count)
        if ((count = recv(fd, bytes, len, 0)) <= 0) die("recv");
}

/* A connection to the source, by way of the proxy. */
static int tunnel(int proxy, int source) {
    uint8_t request[10] = {5, 1, 0, 1, 127, 0, 0, 1, (uint8_t)(source >> 8), (uint8_t)source}, answer[10];
    int fd = dial(proxy ? proxy : source);
    if (!proxy) return fd;
    say(fd, "\5\1\0", 3);
    hear(fd, answer, 2);
    say(fd, request, 10);
    hear(fd, answer, 10);
    if (answer[1] != 0) die("the proxy refused");
    return fd;
}

static void ask(int fd, uint64_t bytes) { say(fd, &bytes, sizeof bytes); }

enum { BLOCK = 1 << 20 };

/* What is sent, again and again. */
static int file;

static void serve_one(int fd) {
    uint64_t wanted;
    if (recv(fd, &wanted, sizeof wanted, MSG_WAITALL) == sizeof wanted) {
        while (wanted) {
            off_t at = 0;
            ssize_t sent = sendfile(fd, file, &at, wanted < BLOCK ? wanted : BLOCK);
            if (sent <= 0) break;
            wanted -= (uint64_t)sent;
        }
    }
    close(fd);
}

static int serve(int port) {
    struct sockaddr_in at = place(port);
    int listener = socket(AF_INET, SOCK_STREAM, 0), one = 1, fd;
    static char page[4096];
    setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
    if (bind(listener, (struct sockaddr *)&at, sizeof at) || listen(listener, 4096)) die("listen");
    signal(SIGCHLD, SIG_IGN);
    signal(SIGPIPE, SIG_IGN);
    file = memfd_create("source", 0);
    if (file < 0 || ftruncate(file, BLOCK)) die("memfd_create");
    for (size_t at = 0; at < BLOCK; at += sizeof page)
        if (pwrite(file, page, sizeof page, (off_t)at) != sizeof page) die("pwrite");
    while ((fd = accept(listener, NULL, NULL)) >= 0) {
        struct pollfd asks = {fd, POLLIN, 0};
        uint64_t wanted;
        /* What soon asks for a byte has it at once; others have a process of their own. */
        if (poll(&asks, 1, 20) == 1 && recv(fd, &wanted, sizeof wanted, MSG_PEEK) == sizeof wanted && wanted == 1) {
            serve_one(fd);
        } else if (fork() == 0) {
            close(listener);
            serve_one(fd);
            _exit(0);
        } else {
            close(fd);
        }
    }
    return 1;
}

static int fetch(int proxy, int source, uint64_t bytes) {
    int fd = tunnel(proxy, source);
    double start = now();
    uint64_t left = bytes;
    ask(fd, bytes);
    while (left) {
        ssize_t count = recv(fd, NULL, BLOCK, MSG_TRUNC);
        if (count <= 0) die("recv");
        left -= (uint64_t)count;
    }
    printf("%.6f\n", now() - start);
    return 0;
}

static int tunnels(int proxy, int source, int count, int conns) {
    double start = now();
    int i, status, failed = 0;
    for (i = 0; i < conns; i++) {
        if (fork()) continue;
        for (int left = count / conns; left > 0; left--) {
            uint8_t byte;
            int fd = tunnel(proxy, source);
            ask(fd, 1);
            hear(fd, &byte, 1);
            close(fd);
        }
        _exit(0);
    }
    while (wait(&status) > 0) failed |= status;
    printf("%.6f\n", now() - start);
    return failed != 0;
}

static int idle(int proxy, int source, int count) {
    char byte;
    while (count-- > 0) tunnel(proxy, source);
    printf("ready\n");
    fflush(stdout);
    return read(0, &byte, 1) < 0;
}

int main(int argc, char **argv) {
    int a = argc > 2 ? atoi(argv[2]) : 0, b = argc > 3 ? atoi(argv[3]) : 0;
    if (argc == 3 && !strcmp(argv[1], "source")) return serve(a);
    if (argc == 5 && !strcmp(argv[1], "fetch")) return fetch(a, b, strtoull(argv[4], NULL, 10));
    if (argc == 6 && !strcmp(argv[1], "tunnels")) return tunnels(a, b, atoi(argv[4]), atoi(argv[5]));
    if (argc == 5 && !strcmp(argv[1], "idle")) return idle(a, b, atoi(argv[4]));
    fprintf(stderr, "usage: socks_load source|fetch|tunnels|idle ...\n");
    return 2;
}
