/* What the programs below share: a reactor with an echo of lines on TCP, and peers that are plain sockets. */
#ifndef PEERS_H
#define PEERS_H

#include <arpa/inet.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <plait/plait.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define CHECK(condition)                                                                                               \
    do {                                                                                                               \
        if (!(condition)) {                                                                                            \
            printf("%s:%d: not so: %s\n", __FILE__, __LINE__, #condition);                                             \
            exit(1);                                                                                                   \
        }                                                                                                              \
    } while (0)

static inline double seconds(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

/* Seconds of the processor's time that this process has used. */
static inline double cpu(void) {
    struct timespec now;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

/* Turns the reactor until the condition holds. */
#define UNTIL(condition)                                                                                               \
    for (double limit_ = seconds() + 30; !(condition);) {                                                              \
        CHECK(plait_reactor_poll(reactor, 5) == 0);                                                                    \
        CHECK(seconds() < limit_ && #condition);                                                                       \
    }

static inline int entries(const char *path) {
    DIR *folder = opendir(path);
    int count = -2; /* . and .. */
    CHECK(folder);
    while (readdir(folder)) count++;
    closedir(folder);
    return count;
}
static inline int descriptors(void) { return entries("/proc/self/fd") - 1; }
static inline int threads(void) { return entries("/proc/self/task"); }

static inline struct sockaddr_in loopback(int port) {
    struct sockaddr_in address;
    memset(&address, 0, sizeof address);
    address.sin_family = AF_INET;
    address.sin_port = htons((uint16_t)port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    return address;
}
static inline int dial(int port) {
    struct sockaddr_in address = loopback(port);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    CHECK(fd >= 0);
    CHECK(connect(fd, (struct sockaddr *)&address, sizeof address) == 0);
    CHECK(fcntl(fd, F_SETFL, O_NONBLOCK) == 0);
    return fd;
}
static inline void say(int fd, const char *text) {
    CHECK(send(fd, text, strlen(text), MSG_NOSIGNAL) == (ssize_t)strlen(text));
}
/* Takes what is there: the sum so far in *got; -1 once the other side has ended, however it did. */
static inline int hear(int fd, size_t *got) {
    static char room[1 << 16];
    for (;;) {
        ssize_t count = recv(fd, room, sizeof room, 0);
        if (count > 0) *got += (size_t)count;
        if (count < 0 && errno == EAGAIN) return 0;
        if (count <= 0) return -1;
    }
}
/* Ends so that the other side sees a reset. */
static inline void reset(int fd) {
    struct linger hard = {1, 0};
    setsockopt(fd, SOL_SOCKET, SO_LINGER, &hard, sizeof hard);
    close(fd);
}

#endif
