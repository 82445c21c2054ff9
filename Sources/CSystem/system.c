#define _GNU_SOURCE
#include "CSystem.h"
#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <locale.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/random.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

const void *csystem_find(const void *in, size_t len, const void *what, size_t count) {
    return memmem(in, len, what, count);
}

uint64_t csystem_now_ms(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

int64_t csystem_wall_s(void) { return (int64_t)time(NULL); }

uint64_t csystem_random(void) {
    uint64_t value = 0;
    if (getrandom(&value, sizeof value, GRND_NONBLOCK) != (ssize_t)sizeof value)
        value = csystem_now_ms() * 0x9e3779b97f4a7c15u;
    return value;
}

/* Swift's dictionaries ask for seeds by this name, which glibc has only since 2.36: ours, hidden, lowers the floor. */
void arc4random_buf(void *buffer, size_t len) {
    uint8_t *at = buffer;
    while (len > 0) {
        ssize_t got = getrandom(at, len < 256 ? len : 256, 0);
        if (got < 0) continue; /* EINTR: the rest of the errors can't be with these arguments */
        at += got;
        len -= (size_t)got;
    }
}

const char *csystem_error_text(int error) {
    static _Thread_local char text[160];
    return strerror_r(error, text, sizeof text); /* GNU's: never NULL */
}

double csystem_real(const char *text) {
    static locale_t plain; /* made once, and kept: whoever comes first */
    locale_t known = __atomic_load_n(&plain, __ATOMIC_ACQUIRE);
    if (!known) {
        locale_t made = newlocale(LC_ALL_MASK, "C", (locale_t)0);
        if (!made) return strtod(text, NULL);
        if (__atomic_compare_exchange_n(&plain, &known, made, 0, __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE))
            known = made;
        else
            freelocale(made);
    }
    return strtod_l(text, NULL, known);
}

const char *csystem_keep_text(const char *text) {
    static _Thread_local char kept[1024];
    size_t len = strnlen(text, sizeof kept - 1);
    memcpy(kept, text, len);
    kept[len] = 0;
    return kept;
}

int csystem_each_file(const char *directory, const char *ending, int (*each)(void *user, const char *path),
                      void *user) {
    char path[PATH_MAX];
    size_t tail = strlen(ending);
    struct dirent *entry;
    int status = 0;
    DIR *opened = opendir(directory);
    if (!opened) return errno == ENOTDIR ? 1 : -errno;
    while (status == 0 && (entry = readdir(opened))) {
        size_t len = strlen(entry->d_name);
        if (len < tail || strcmp(entry->d_name + len - tail, ending) != 0) continue;
        if (snprintf(path, sizeof path, "%s/%s", directory, entry->d_name) < (int)sizeof path)
            status = each(user, path);
    }
    closedir(opened);
    return status;
}

static int is_pending(void) {
    sigset_t pending;
    sigpending(&pending);
    return sigismember(&pending, SIGPIPE);
}

/* sigprocmask is this thread's alone on Linux, and older than glibc 2.32, of which pthread_sigmask is. */
void csystem_shield_begin(struct csystem_shield *shield) {
    sigset_t pipe, mask;
    sigemptyset(&pipe);
    sigaddset(&pipe, SIGPIPE);
    shield->pending = is_pending();
    sigprocmask(SIG_BLOCK, &pipe, &mask);
    shield->blocked = sigismember(&mask, SIGPIPE);
}

/* Only what was done is undone: a callback may have changed the rest of the mask. */
void csystem_shield_end(struct csystem_shield *shield) {
    sigset_t pipe;
    sigemptyset(&pipe);
    sigaddset(&pipe, SIGPIPE);
    if (!shield->pending && is_pending()) {
        const struct timespec at_once = {0, 0};
        while (sigtimedwait(&pipe, NULL, &at_once) < 0 && errno == EINTR) {
        }
    }
    if (!shield->blocked) sigprocmask(SIG_UNBLOCK, &pipe, NULL);
}

static int watch(int epoll, int fd, uint32_t events) {
    struct epoll_event event = {.events = events, .data = {.fd = fd}};
    return epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event);
}

int csystem_enlist(int epoll, int fd, int readable) {
    if (watch(epoll, fd, readable ? EPOLLIN : 0) == 0) return 1;
    return errno == EEXIST ? 0 : -errno;
}

int csystem_outer_open(struct csystem_outer *outer, int inner) {
    int error = 0;
    outer->epoll = epoll_create1(EPOLL_CLOEXEC);
    outer->timer = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
    outer->event = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (outer->epoll < 0 || outer->timer < 0 || outer->event < 0 || watch(outer->epoll, inner, EPOLLIN) ||
        watch(outer->epoll, outer->timer, EPOLLIN) || watch(outer->epoll, outer->event, EPOLLIN)) {
        error = errno;
        csystem_outer_close(outer);
    }
    return -error;
}

void csystem_outer_close(struct csystem_outer *outer) {
    if (outer->epoll >= 0) close(outer->epoll);
    if (outer->timer >= 0) close(outer->timer);
    if (outer->event >= 0) close(outer->event);
    outer->epoll = outer->timer = outer->event = -1;
}

void csystem_outer_arm(struct csystem_outer *outer, int64_t delay_ms) {
    struct itimerspec when = {{0, 0}, {0, 0}};
    if (delay_ms >= 0) {
        when.it_value.tv_sec = (time_t)(delay_ms / 1000);
        when.it_value.tv_nsec = (long)(delay_ms % 1000) * 1000000;
        if (delay_ms == 0) when.it_value.tv_nsec = 1;
    }
    timerfd_settime(outer->timer, 0, &when, NULL);
}

void csystem_outer_raise(struct csystem_outer *outer) {
    const uint64_t one = 1;
    if (write(outer->event, &one, sizeof one) < 0) return; /* it is raised already */
}

int csystem_is_readable(int fd) {
    struct pollfd watched = {.fd = fd, .events = POLLIN};
    return poll(&watched, 1, 0) != 0; /* one that fails may have missed something */
}

void csystem_outer_clear(struct csystem_outer *outer) {
    uint64_t count;
    if (read(outer->event, &count, sizeof count) < 0) return; /* it was not raised */
}
