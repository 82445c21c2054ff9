/* Preloaded: fails the n-th system call of a kind, once.
 *
 * PLAIT_FAULT=accept4:2:24 fails the second accept4 with errno 24. Calls count only while the program says so by
 * plait_fault_watch(1), that is, while it is inside the library: the peers that it plays itself are left alone.
 * plait_fault_counts() prints how many calls of each kind there were. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/timerfd.h>
#include <sys/uio.h>
#include <unistd.h>

// clang-format off
#define CALLS(CALL) \
    CALL(accept4) CALL(connect) CALL(socket) CALL(bind) CALL(listen) CALL(read) CALL(read_event) CALL(readv) CALL(recv) CALL(recvmsg) \
    CALL(send) CALL(sendmsg) CALL(write) CALL(write_event) CALL(writev) CALL(epoll_ctl) CALL(epoll_create1) CALL(timerfd_create) \
    CALL(timerfd_settime) CALL(eventfd) CALL(getsockopt) CALL(setsockopt) CALL(getsockname) CALL(getpeername) \
    CALL(fcntl) CALL(ioctl) CALL(pipe2) CALL(shutdown) CALL(poll) CALL(epoll_wait) CALL(flock) CALL(open) CALL(chmod) \
    CALL(statx) CALL(unlink)
// clang-format on

enum {
#define CALL(name) C_##name,
    CALLS(CALL)
#undef CALL
        CALL_COUNT
};
static const char *const names[] = {
#define CALL(name) #name,
    CALLS(CALL)
#undef CALL
};

static int watching, chosen = -1, left, fault;
static int counts[CALL_COUNT];

__attribute__((constructor)) static void read_wish(void) {
    const char *wish = getenv("PLAIT_FAULT");
    char name[32];
    if (!wish || sscanf(wish, "%31[^:]:%d:%d", name, &left, &fault) != 3) return;
    for (int i = 0; i < CALL_COUNT; i++)
        if (!strcmp(names[i], name)) chosen = i;
}

void plait_fault_watch(int on) { watching = on; }
int plait_fault_done(void) { return chosen >= 0 && left <= 0; }
void plait_fault_counts(void) {
    for (int i = 0; i < CALL_COUNT; i++)
        if (counts[i]) printf("%s %d\n", names[i], counts[i]);
}

/* Is this the call that fails? */
static int fails(int call) {
    if (!watching) return 0;
    counts[call]++;
    if (call != chosen || --left != 0) return 0;
    errno = fault;
    return 1;
}

#define NEXT(name, ...)                                                                                                \
    static __typeof__(&name) next;                                                                                     \
    if (!next) next = (__typeof__(&name))dlsym(RTLD_NEXT, #name);                                                      \
    return fails(C_##name) ? -1 : next(__VA_ARGS__);

/* An eventfd is no stream: what can fail is another list. */
static int is_event(int fd) {
    char path[64], target[32] = "";
    snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    return readlink(path, target, sizeof target - 1) > 0 && !strcmp(target, "anon_inode:[eventfd]");
}
#define EITHER(name, ...)                                                                                              \
    static __typeof__(&name) next;                                                                                     \
    if (!next) next = (__typeof__(&name))dlsym(RTLD_NEXT, #name);                                                      \
    return watching && fails(is_event(fd) ? C_##name##_event : C_##name) ? -1 : next(__VA_ARGS__);

int accept4(int fd, __SOCKADDR_ARG address, socklen_t *len, int flags) { NEXT(accept4, fd, address, len, flags) }
int connect(int fd, __CONST_SOCKADDR_ARG address, socklen_t len) { NEXT(connect, fd, address, len) }
int socket(int domain, int type, int protocol) { NEXT(socket, domain, type, protocol) }
int bind(int fd, __CONST_SOCKADDR_ARG address, socklen_t len) { NEXT(bind, fd, address, len) }
int listen(int fd, int backlog){NEXT(listen, fd, backlog)} ssize_t
    read(int fd, void *data, size_t len){EITHER(read, fd, data, len)} ssize_t
    readv(int fd, const struct iovec *parts, int count){NEXT(readv, fd, parts, count)} ssize_t
    recv(int fd, void *data, size_t len, int flags){NEXT(recv, fd, data, len, flags)} ssize_t
    recvmsg(int fd, struct msghdr *message, int flags){NEXT(recvmsg, fd, message, flags)} ssize_t
    send(int fd, const void *data, size_t len, int flags){NEXT(send, fd, data, len, flags)} ssize_t
    sendmsg(int fd, const struct msghdr *message, int flags){NEXT(sendmsg, fd, message, flags)} ssize_t
    write(int fd, const void *data, size_t len){EITHER(write, fd, data, len)} ssize_t
    writev(int fd, const struct iovec *parts, int count) {
    NEXT(writev, fd, parts, count)
}
/* Only an addition takes memory, and only one of what is not there yet: all else the kernel does without fail. */
int epoll_ctl(int epoll, int what, int fd, struct epoll_event *event) {
    static __typeof__(&epoll_ctl) next;
    if (!next) next = (__typeof__(&epoll_ctl))dlsym(RTLD_NEXT, "epoll_ctl");
    int status = next(epoll, what, fd, event);
    if (status < 0 || what != EPOLL_CTL_ADD || !fails(C_epoll_ctl)) return status;
    next(epoll, EPOLL_CTL_DEL, fd, event);
    errno = fault;
    return -1;
}
int epoll_create1(int flags) { NEXT(epoll_create1, flags) }
int timerfd_create(int clock, int flags) { NEXT(timerfd_create, clock, flags) }
int timerfd_settime(int fd, int flags, const struct itimerspec *time, struct itimerspec *old) {
    NEXT(timerfd_settime, fd, flags, time, old)
}
int eventfd(unsigned int count, int flags) { NEXT(eventfd, count, flags) }
int getsockopt(int fd, int level, int name, void *value, socklen_t *len) {
    NEXT(getsockopt, fd, level, name, value, len)
}
int setsockopt(int fd, int level, int name, const void *value, socklen_t len) {
    NEXT(setsockopt, fd, level, name, value, len)
}
int getsockname(int fd, __SOCKADDR_ARG address, socklen_t *len) { NEXT(getsockname, fd, address, len) }
int getpeername(int fd, __SOCKADDR_ARG address, socklen_t *len) { NEXT(getpeername, fd, address, len) }
int pipe2(int fds[2], int flags) { NEXT(pipe2, fds, flags) }
int shutdown(int fd, int how) { NEXT(shutdown, fd, how) }
int poll(struct pollfd *watched, nfds_t count, int wait) { NEXT(poll, watched, count, wait) }
int epoll_wait(int epoll, struct epoll_event *events, int most, int wait) {
    NEXT(epoll_wait, epoll, events, most, wait)
}
int flock(int fd, int what) { NEXT(flock, fd, what) }
int chmod(const char *path, mode_t mode) { NEXT(chmod, path, mode) }
int statx(int fd, const char *path, int flags, unsigned mask, struct statx *about) {
    NEXT(statx, fd, path, flags, mask, about)
}
int unlink(const char *path) { NEXT(unlink, path) }

/* Those with an argument that may be there. */
int open(const char *path, int flags, ...) {
    va_list rest;
    va_start(rest, flags);
    mode_t mode = va_arg(rest, mode_t);
    va_end(rest);
    NEXT(open, path, flags, mode)
}
int fcntl(int fd, int command, ...) {
    va_list rest;
    va_start(rest, command);
    void *argument = va_arg(rest, void *);
    va_end(rest);
    NEXT(fcntl, fd, command, argument)
}
int fcntl64(int fd, int command, ...) {
    va_list rest;
    va_start(rest, command);
    void *argument = va_arg(rest, void *);
    va_end(rest);
    NEXT(fcntl, fd, command, argument)
}
int ioctl(int fd, unsigned long request, ...) {
    va_list rest;
    va_start(rest, request);
    void *argument = va_arg(rest, void *);
    va_end(rest);
    NEXT(ioctl, fd, request, argument)
}
