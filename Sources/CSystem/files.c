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

int csystem_receive_file(int socket, int file, uint64_t *at, uint64_t most, int wait_ms, void *room, size_t len,
                         int *is_file) {
    uint64_t left = most;
    while (left > 0) {
        ssize_t got = recv(socket, room, len, MSG_DONTWAIT);
        if (got == 0) return 1;
        if (got < 0) {
            if (errno == EINTR || (errno == EAGAIN && wait_for(socket, POLLIN, wait_ms))) continue;
            return -errno;
        }
        ssize_t put = csystem_write_at(file, room, (size_t)got, *at);
        if (put < 0) {
            *is_file = 1;
            return (int)put;
        }
        *at += (uint64_t)got;
        left -= (uint64_t)got < left ? (uint64_t)got : left;
    }
    return 0;
}
