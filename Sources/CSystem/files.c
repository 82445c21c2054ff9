/* What is in files, and moving it between them and sockets. */
#define _GNU_SOURCE
#include "CSystem.h"
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/file.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

static int result(int status) { return status < 0 ? -errno : status; }

ssize_t csystem_read_at(int fd, void *data, size_t len, uint64_t at) {
    size_t done = 0;
    while (done < len) {
        ssize_t got = pread(fd, (char *)data + done, len - done, (off_t)(at + done));
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) return done > 0 ? (ssize_t)done : -errno;
        if (got == 0) break;
        done += (size_t)got;
    }
    return (ssize_t)done;
}

ssize_t csystem_write_at(int fd, const void *data, size_t len, uint64_t at) {
    size_t done = 0;
    while (done < len) {
        ssize_t put = pwrite(fd, (const char *)data + done, len - done, (off_t)(at + done));
        if (put < 0 && errno == EINTR) continue;
        if (put < 0) return -errno;
        done += (size_t)put;
    }
    return (ssize_t)done;
}

int csystem_open_file(const char *path, int how, uint32_t mode) {
    static const int flags[] = {O_RDONLY, O_RDONLY, O_WRONLY | O_CREAT | O_TRUNC, O_WRONLY | O_CREAT};
    struct stat found;
    /* What is no file must not keep anybody waiting, nor be changed. */
    int fd = open(path, flags[how] | O_CLOEXEC | O_NONBLOCK | O_NOCTTY, (mode_t)mode);

    if (fd < 0) return -errno;
    if (fstat(fd, &found) == 0 && S_ISREG(found.st_mode)) return fd;
    close(fd);
    return S_ISDIR(found.st_mode) ? -EISDIR : -EINVAL;
}

int64_t csystem_position(int fd) {
    off_t position = lseek(fd, 0, SEEK_CUR);
    return position < 0 ? -errno : position;
}

int csystem_cut(int fd, uint64_t size) { return result(ftruncate(fd, (off_t)size)); }
int csystem_lock_file(int fd) { return result(flock(fd, LOCK_EX | LOCK_NB)); }
int csystem_unlock_file(int fd) { return result(flock(fd, LOCK_UN)); }

static int wait_for(int fd, short events, int wait_ms) {
    struct pollfd ready = {.fd = fd, .events = events};
    return wait_ms > 0 && poll(&ready, 1, wait_ms) > 0;
}

int csystem_send_file(int socket, int file, uint64_t *at, uint64_t most, int wait_ms) {
    struct csystem_shield shield = {0, 0};
    uint64_t left = most;
    int status = 0;
    csystem_shield_begin(&shield);
    while (left > 0 && status == 0) {
        off_t from = (off_t)*at;
        ssize_t sent = sendfile(socket, file, &from, left < (1u << 30) ? (size_t)left : (1u << 30));
        if (sent > 0) {
            *at += (uint64_t)sent;
            left -= (uint64_t)sent;
        } else if (sent == 0) {
            status = 1;
        } else if (errno != EINTR && !(errno == EAGAIN && wait_for(socket, POLLOUT, wait_ms))) {
            status = -errno;
        }
    }
    csystem_shield_end(&shield);
    return status;
}

/* A pipe between a socket and a file: what goes through it is copied once, not twice. It is made when much comes at
 * once. */
struct passage {
    int ends[2];
    int is_open; /* -1: not on this system, or not now */
};

static void open_passage(struct passage *way) {
    way->is_open = pipe2(way->ends, O_CLOEXEC | O_NONBLOCK) < 0 ? -1 : 1;
    if (way->is_open > 0) (void)fcntl(way->ends[1], F_SETPIPE_SZ, 1 << 20); /* or what a pipe has anyway */
}

static void close_passage(struct passage *way) {
    if (way->is_open > 0) {
        close(way->ends[0]);
        close(way->ends[1]);
    }
    way->is_open = -1;
}

/* What is in the pipe goes into the file; where it can't go by itself, it is carried. */
static int drain_passage(struct passage *way, int file, size_t held, uint64_t *at, void *room, size_t len) {
    while (held > 0) {
        loff_t to = (loff_t)*at;
        ssize_t put = splice(way->ends[0], NULL, file, &to, held, SPLICE_F_MOVE);
        if (put < 0 && errno == EINVAL) {
            ssize_t got = read(way->ends[0], room, held < len ? held : len);
            put = got > 0 ? csystem_write_at(file, room, (size_t)got, *at) : -EIO;
            if (put < 0) return (int)put;
        } else if (put <= 0) {
            if (put < 0 && errno == EINTR) continue;
            return put < 0 ? -errno : -EIO;
        }
        *at += (uint64_t)put;
        held -= (size_t)put;
    }
    return 0;
}

int csystem_receive_file(int socket, int file, uint64_t *at, uint64_t most, int wait_ms, void *room, size_t len,
                         int *is_file) {
    struct passage way = {{-1, -1}, 0};
    const uint64_t end = *at + most;
    int status = 0;

    while (*at < end && status == 0) {
        ssize_t got = way.is_open > 0
                          ? splice(socket, NULL, way.ends[1], NULL, 1 << 20, SPLICE_F_MOVE | SPLICE_F_NONBLOCK)
                          : recv(socket, room, len, MSG_DONTWAIT);
        if (got == 0) {
            status = 1;
        } else if (got < 0 && errno == EINVAL && way.is_open > 0) {
            close_passage(&way);
        } else if (got < 0) {
            if (errno != EINTR && !(errno == EAGAIN && wait_for(socket, POLLIN, wait_ms))) status = -errno;
        } else {
            ssize_t put = 0;
            if (way.is_open > 0) {
                put = drain_passage(&way, file, (size_t)got, at, room, len);
            } else if ((put = csystem_write_at(file, room, (size_t)got, *at)) >= 0) {
                *at += (uint64_t)got;
                if (way.is_open == 0 && got >= 1 << 16) open_passage(&way);
            }
            if (put < 0) {
                *is_file = 1;
                status = (int)put;
            }
        }
    }
    close_passage(&way);
    return status;
}
