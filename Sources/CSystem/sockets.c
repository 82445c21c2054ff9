#define _GNU_SOURCE
#include "CSystem.h"
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

_Static_assert(sizeof(struct sockaddr_un) <= sizeof(((struct csystem_address *)0)->storage), "room for any address");
_Static_assert(EADDRINUSE == CSYSTEM_EADDRINUSE && EINPROGRESS == CSYSTEM_EINPROGRESS && EAGAIN == CSYSTEM_EAGAIN &&
                   ECONNREFUSED == CSYSTEM_ECONNREFUSED && ENOSPC == CSYSTEM_ENOSPC && EPIPE == CSYSTEM_EPIPE,
               "Linux");

static int result(int status) { return status < 0 ? -errno : status; }
static struct sockaddr *raw(struct csystem_address *address) { return (struct sockaddr *)address->storage; }
static const struct sockaddr *raw_const(const struct csystem_address *address) {
    return (const struct sockaddr *)address->storage;
}

static uint32_t family_of(int domain) {
    switch (domain) {
    case AF_INET: return CSYSTEM_INET;
    case AF_INET6: return CSYSTEM_INET6;
    case AF_UNIX: return CSYSTEM_UNIX;
    default: return CSYSTEM_OTHER;
    }
}

/* The system has filled in an address. */
static void found(struct csystem_address *address, socklen_t len) {
    address->length = len;
    address->family = family_of(raw(address)->sa_family);
}

int csystem_address_parse(struct csystem_address *out, const char *host, uint32_t family, uint16_t port) {
    memset(out, 0, sizeof *out);
    struct sockaddr_in *v4 = (struct sockaddr_in *)out->storage;
    if (family != CSYSTEM_INET6 && inet_pton(AF_INET, host, &v4->sin_addr) == 1) {
        v4->sin_family = AF_INET;
        v4->sin_port = htons(port);
        out->length = sizeof *v4;
        out->family = CSYSTEM_INET;
        return 0;
    }
    struct sockaddr_in6 *v6 = (struct sockaddr_in6 *)out->storage;
    char text[80];
    const char *percent = strchr(host, '%');
    size_t len = percent ? (size_t)(percent - host) : strlen(host);
    if (family == CSYSTEM_INET || len >= sizeof text) return -EINVAL;
    memcpy(text, host, len);
    text[len] = 0;
    memset(out, 0, sizeof *out);
    if (inet_pton(AF_INET6, text, &v6->sin6_addr) != 1) return -EINVAL;
    if (percent) {
        char *end;
        v6->sin6_scope_id = if_nametoindex(percent + 1);
        if (!v6->sin6_scope_id) {
            v6->sin6_scope_id = (uint32_t)strtoul(percent + 1, &end, 10);
            if (end == percent + 1 || *end) return -EINVAL;
        }
    }
    v6->sin6_family = AF_INET6;
    v6->sin6_port = htons(port);
    out->length = sizeof *v6;
    out->family = CSYSTEM_INET6;
    return 0;
}

int csystem_address_unix(struct csystem_address *out, const char *path) {
    memset(out, 0, sizeof *out);
    struct sockaddr_un *un = (struct sockaddr_un *)out->storage;
    size_t len = strlen(path);
    if (len == 0 || len >= sizeof un->sun_path) return -ENAMETOOLONG;
    un->sun_family = AF_UNIX;
    memcpy(un->sun_path, path, len);
    if (path[0] == '@') un->sun_path[0] = 0; /* abstract: the length is part of the name */
    out->length = (uint32_t)(offsetof(struct sockaddr_un, sun_path) + len + (path[0] == '@' ? 0 : 1));
    out->family = CSYSTEM_UNIX;
    return 0;
}

int csystem_address_copy(struct csystem_address *out, const void *sockaddr, uint32_t length, uint16_t port) {
    const struct sockaddr *from = sockaddr;
    memset(out, 0, sizeof *out);
    if (length > sizeof out->storage || (from->sa_family != AF_INET && from->sa_family != AF_INET6))
        return -EAFNOSUPPORT;
    memcpy(out->storage, sockaddr, length);
    out->length = length;
    out->family = family_of(from->sa_family);
    if (out->family == CSYSTEM_INET)
        ((struct sockaddr_in *)out->storage)->sin_port = htons(port);
    else
        ((struct sockaddr_in6 *)out->storage)->sin6_port = htons(port);
    return 0;
}

static const uint8_t mapped[12] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};

int csystem_address_ip(const struct csystem_address *address, uint8_t *ip, uint16_t *port) {
    if (address->family == CSYSTEM_INET) {
        const struct sockaddr_in *v4 = (const struct sockaddr_in *)address->storage;
        memcpy(ip, mapped, 12);
        memcpy(ip + 12, &v4->sin_addr, 4);
        *port = ntohs(v4->sin_port);
        return 1;
    }
    if (address->family != CSYSTEM_INET6) return 0;
    const struct sockaddr_in6 *v6 = (const struct sockaddr_in6 *)address->storage;
    memcpy(ip, &v6->sin6_addr, 16);
    *port = ntohs(v6->sin6_port);
    return 1;
}

void csystem_address_make(struct csystem_address *out, const uint8_t *ip, uint16_t port) {
    memset(out, 0, sizeof *out);
    if (memcmp(ip, mapped, 12) == 0) {
        struct sockaddr_in *v4 = (struct sockaddr_in *)out->storage;
        v4->sin_family = AF_INET;
        v4->sin_port = htons(port);
        memcpy(&v4->sin_addr, ip + 12, 4);
        out->length = sizeof *v4;
        out->family = CSYSTEM_INET;
        return;
    }
    struct sockaddr_in6 *v6 = (struct sockaddr_in6 *)out->storage;
    v6->sin6_family = AF_INET6;
    v6->sin6_port = htons(port);
    memcpy(&v6->sin6_addr, ip, 16);
    out->length = sizeof *v6;
    out->family = CSYSTEM_INET6;
}

/* As inet_ntop, which goes by printf, and each connection that is accepted is asked for its peer. */
static void dotted(const unsigned char *bytes, char *out) {
    for (int i = 0; i < 4; i++) {
        unsigned value = bytes[i];
        if (value >= 100) *out++ = (char)('0' + value / 100);
        if (value >= 10) *out++ = (char)('0' + value / 10 % 10);
        *out++ = (char)('0' + value % 10);
        *out++ = i < 3 ? '.' : 0;
    }
}

void csystem_address_text(const struct csystem_address *address, char *host, uint32_t *port, uint32_t *scope) {
    host[0] = 0;
    *port = *scope = 0;
    if (address->family == CSYSTEM_INET) {
        const struct sockaddr_in *v4 = (const struct sockaddr_in *)address->storage;
        dotted((const unsigned char *)&v4->sin_addr, host);
        *port = ntohs(v4->sin_port);
    } else if (address->family == CSYSTEM_INET6) {
        const struct sockaddr_in6 *v6 = (const struct sockaddr_in6 *)address->storage;
        inet_ntop(AF_INET6, &v6->sin6_addr, host, 112);
        *port = ntohs(v6->sin6_port);
        *scope = v6->sin6_scope_id;
    } else if (address->family == CSYSTEM_UNIX && address->length > offsetof(struct sockaddr_un, sun_path)) {
        const struct sockaddr_un *un = (const struct sockaddr_un *)address->storage;
        size_t len = address->length - offsetof(struct sockaddr_un, sun_path);
        if (un->sun_path[0]) len = strnlen(un->sun_path, len);
        if (len > sizeof un->sun_path) len = sizeof un->sun_path;
        memcpy(host, un->sun_path, len);
        host[len] = 0;
        if (!un->sun_path[0]) host[0] = '@';
    }
}

size_t csystem_address_print(const struct csystem_address *address, char *out) {
    char host[112], link[16] = "";
    uint32_t port, scope;
    csystem_address_text(address, host, &port, &scope);
    if (scope) snprintf(link, sizeof link, "%%%u", (unsigned)scope);
    int len = address->family == CSYSTEM_INET    ? snprintf(out, 160, "%s:%u", host, (unsigned)port)
              : address->family == CSYSTEM_INET6 ? snprintf(out, 160, "[%s%s]:%u", host, link, (unsigned)port)
                                                 : snprintf(out, 160, "%s", host);
    return len < 0 ? 0 : (size_t)len;
}

int csystem_socket(uint32_t family) {
    int domain = family == CSYSTEM_INET ? AF_INET : family == CSYSTEM_INET6 ? AF_INET6 : AF_UNIX;
    return result(socket(domain, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
}

int csystem_bind(int fd, const struct csystem_address *address) {
    return result(bind(fd, raw_const(address), address->length));
}

/* What stands at the beginning of a file of the system's, as text; 0 where it can't be read. */
static int read_setting(const char *path, char *out, size_t room) {
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t got = fd < 0 ? -1 : read(fd, out, room - 1);
    if (fd >= 0) close(fd);
    out[got < 0 ? 0 : got] = 0;
    return got >= 0;
}

uint16_t csystem_draw_port(void) {
    static uint32_t range; /* the first and the last; 1: none. Read once, by whoever comes first */
    uint32_t known = __atomic_load_n(&range, __ATOMIC_RELAXED);
    if (!known) {
        char text[64];
        unsigned first = 32768, last = 60999;
        if (read_setting("/proc/sys/net/ipv4/ip_local_port_range", text, sizeof text) &&
            (sscanf(text, "%u %u", &first, &last) != 2 || first < 1024 || first > last || last > 65535))
            known = 1;
        /* What is reserved is for somebody who comes later: the kernel leaves it out, and the list may be long. */
        if (read_setting("/proc/sys/net/ipv4/ip_local_reserved_ports", text, sizeof text) && text[0] >= '0') known = 1;
        if (!known) known = (uint32_t)first << 16 | (uint32_t)last;
        __atomic_store_n(&range, known, __ATOMIC_RELAXED);
    }
    if (known == 1) return 0;
    uint32_t first = known >> 16, count = (known & 0xffff) - first + 1;
    return (uint16_t)(first + csystem_random() % count);
}

int csystem_listen(int fd, int backlog) { return result(listen(fd, backlog)); }
int csystem_accept(int fd, struct csystem_address *peer) {
    socklen_t len = sizeof peer->storage;
    int accepted = accept4(fd, raw(peer), &len, SOCK_CLOEXEC | SOCK_NONBLOCK);
    if (accepted < 0) return -errno;
    found(peer, len);
    return accepted;
}
int csystem_connect(int fd, const struct csystem_address *address) {
    return result(connect(fd, raw_const(address), address->length));
}

int csystem_socket_error(int fd) {
    int error = 0;
    socklen_t len = sizeof error;
    if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &len) < 0) return -errno;
    return -error;
}

static int name(int fd, struct csystem_address *out, int (*get)(int, struct sockaddr *, socklen_t *)) {
    memset(out, 0, sizeof *out);
    socklen_t len = sizeof out->storage;
    if (get(fd, raw(out), &len) < 0) return -errno;
    found(out, len);
    return 0;
}
static int get_local(int fd, struct sockaddr *address, socklen_t *len) { return getsockname(fd, address, len); }
static int get_peer(int fd, struct sockaddr *address, socklen_t *len) { return getpeername(fd, address, len); }
int csystem_local(int fd, struct csystem_address *out) { return name(fd, out, get_local); }
int csystem_peer(int fd, struct csystem_address *out) { return name(fd, out, get_peer); }

ssize_t csystem_send(int fd, const void *data, size_t len) {
    ssize_t sent;
    do sent = send(fd, data, len, MSG_NOSIGNAL | MSG_DONTWAIT);
    while (sent < 0 && errno == EINTR);
    return sent < 0 ? -errno : sent;
}

ssize_t csystem_write(int fd, const void *data, size_t len) {
    struct csystem_shield shield;
    ssize_t sent;
    csystem_shield_begin(&shield);
    do sent = write(fd, data, len);
    while (sent < 0 && errno == EINTR);
    if (sent < 0) sent = -errno;
    csystem_shield_end(&shield);
    return sent;
}

ssize_t csystem_read(int fd, void *data, size_t len) {
    ssize_t got;
    do got = read(fd, data, len);
    while (got < 0 && errno == EINTR);
    return got < 0 ? -errno : got;
}

/* What descriptors travel in. */
union control {
    struct cmsghdr head;
    char room[CMSG_SPACE(CSYSTEM_DESCRIPTORS * sizeof(int))];
};

ssize_t csystem_send_with(int fd, const void *data, size_t len, const int *fds, size_t count) {
    union control control;
    struct iovec bytes = {(void *)(uintptr_t)data, len};
    struct msghdr message;
    ssize_t sent;

    memset(&control, 0, sizeof control);
    memset(&message, 0, sizeof message);
    message.msg_iov = &bytes;
    message.msg_iovlen = 1;
    message.msg_control = control.room;
    message.msg_controllen = CMSG_SPACE(count * sizeof(int));
    struct cmsghdr *head = CMSG_FIRSTHDR(&message);
    head->cmsg_level = SOL_SOCKET;
    head->cmsg_type = SCM_RIGHTS;
    head->cmsg_len = CMSG_LEN(count * sizeof(int));
    memcpy(CMSG_DATA(head), fds, count * sizeof(int));
    do sent = sendmsg(fd, &message, MSG_NOSIGNAL | MSG_DONTWAIT);
    while (sent < 0 && errno == EINTR);
    return sent < 0 ? -errno : sent;
}

ssize_t csystem_receive(int fd, void *data, size_t len, int *fds, size_t *count) {
    union control control;
    struct iovec bytes = {data, len};
    struct msghdr message;
    ssize_t got;

    *count = 0;
    memset(&message, 0, sizeof message);
    message.msg_iov = &bytes;
    message.msg_iovlen = 1;
    message.msg_control = control.room;
    message.msg_controllen = sizeof control.room;
    do got = recvmsg(fd, &message, MSG_CMSG_CLOEXEC);
    while (got < 0 && errno == EINTR);
    if (got < 0) return -errno;
    for (struct cmsghdr *head = CMSG_FIRSTHDR(&message); head; head = CMSG_NXTHDR(&message, head)) {
        if (head->cmsg_level != SOL_SOCKET || head->cmsg_type != SCM_RIGHTS) continue;
        size_t more = (head->cmsg_len - CMSG_LEN(0)) / sizeof(int);
        for (size_t i = 0; i < more && *count < CSYSTEM_DESCRIPTORS; i++, ++*count)
            memcpy(&fds[*count], CMSG_DATA(head) + i * sizeof(int), sizeof(int));
    }
    return got;
}

void csystem_blind(int fd) {
    int nowhere = open("/dev/null", O_RDWR | O_CLOEXEC);
    if (nowhere < 0) return;
    dup3(nowhere, fd, O_CLOEXEC);
    close(nowhere);
}

int csystem_duplicate(int fd) { return result(fcntl(fd, F_DUPFD_CLOEXEC, 0)); }

int csystem_shutdown_write(int fd) { return result(shutdown(fd, SHUT_WR)); }
int csystem_close(int fd) { return result(close(fd)); }

static int set(int fd, int level, int name, int value) {
    return result(setsockopt(fd, level, name, &value, sizeof value));
}
int csystem_reuse_address(int fd) { return set(fd, SOL_SOCKET, SO_REUSEADDR, 1); }
int csystem_reuse_port(int fd) { return set(fd, SOL_SOCKET, SO_REUSEPORT, 1); }
int csystem_only_v6(int fd, int on) { return set(fd, IPPROTO_IPV6, IPV6_V6ONLY, on); }
void csystem_urgent_inline(int fd) {
    int on = 1;
    (void)setsockopt(fd, SOL_SOCKET, SO_OOBINLINE, &on, sizeof on); /* at worst an abort is heard late */
}

int csystem_shutdown(int fd) { return result(shutdown(fd, SHUT_RDWR)); }

int csystem_no_delay(int fd, int on) { return set(fd, IPPROTO_TCP, TCP_NODELAY, on); }

int csystem_keep_alive(int fd, unsigned idle_s) {
    int status = set(fd, SOL_SOCKET, SO_KEEPALIVE, idle_s != 0);
    if (status == 0 && idle_s) status = set(fd, IPPROTO_TCP, TCP_KEEPIDLE, (int)idle_s);
    return status;
}

int csystem_reset_on_close(int fd) {
    struct linger linger = {1, 0};
    return result(setsockopt(fd, SOL_SOCKET, SO_LINGER, &linger, sizeof linger));
}

int csystem_not_blocking(int fd) {
    int flags = fcntl(fd, F_GETFL);
    if (flags < 0 || fcntl(fd, F_SETFL, flags | O_NONBLOCK) < 0) return -errno;
    flags = fcntl(fd, F_GETFD);
    return result(flags < 0 ? flags : fcntl(fd, F_SETFD, flags | FD_CLOEXEC));
}

int csystem_would_block(ssize_t status) { return status == -EAGAIN || status == -EWOULDBLOCK; }
int csystem_is_peers_fault(ssize_t status) {
    switch (-status) {
    case ECONNABORTED:
    case EPROTO:
    case EPERM:
    case EINTR:
    case ENETDOWN:
    case ENETUNREACH:
    case EHOSTDOWN:
    case EHOSTUNREACH:
    case ENOPROTOOPT:
    case ENONET:
    case EOPNOTSUPP: return 1;
    default: return 0;
    }
}

int csystem_unread(int fd) {
    int count = 0;
    return ioctl(fd, FIONREAD, &count) < 0 ? 0 : count;
}

/* A lock on the directory leaves no file behind. Somebody else's lock on it is not waited for long. */
int csystem_lock_beside(const char *path) {
    char directory[128];
    const char *slash = strrchr(path, '/');
    size_t len = slash ? (size_t)(slash - path) : 0;
    if (len >= sizeof directory) return -1;
    memcpy(directory, path, len);
    directory[len] = 0;
    int fd = open(len ? directory : slash ? "/" : ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    for (int tries = 0; fd >= 0 && flock(fd, LOCK_EX | LOCK_NB) < 0; tries++) {
        const struct timespec millisecond = {0, 1000000};
        if (tries == 200) {
            close(fd);
            return -1;
        }
        nanosleep(&millisecond, NULL);
    }
    return fd;
}

/* statx, because glibc's stat and fstat are of 2.33. */
static int look(int fd, const char *path, int flags, struct statx *out) {
    return statx(fd, path, flags, STATX_TYPE | STATX_INO, out) < 0 ? -errno : 0;
}

int csystem_descriptor_kind(int fd, struct csystem_kind *out) {
    struct statx about;
    memset(out, 0, sizeof *out);
    int flags = fcntl(fd, F_GETFL);
    if (flags < 0) return -errno;
    out->is_readable = (flags & O_ACCMODE) != O_WRONLY;
    int status = look(fd, "", AT_EMPTY_PATH, &about);
    if (status < 0) return status;
    if (!S_ISSOCK(about.stx_mode)) {
        out->is_stream = S_ISFIFO(about.stx_mode) || S_ISCHR(about.stx_mode);
        return 0;
    }
    int value = 0;
    socklen_t len = sizeof value;
    out->is_socket = 1;
    if (getsockopt(fd, SOL_SOCKET, SO_TYPE, &value, &len) < 0) return -errno;
    out->is_stream = value == SOCK_STREAM;
    if (getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &value, &len) < 0) return -errno;
    out->family = family_of(value);
    if (getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &value, &len) < 0) return -errno;
    out->is_listening = value != 0;
    return 0;
}

int csystem_create(const char *prefix, uint64_t number, uint32_t mode) {
    char path[4096];
    int len = snprintf(path, sizeof path, "%s-%llu", prefix, (unsigned long long)number);
    if (len < 0 || (size_t)len >= sizeof path) return -ENAMETOOLONG;
    return result(open(path, O_WRONLY | O_CREAT | O_TRUNC | O_APPEND | O_CLOEXEC | O_NOFOLLOW, (mode_t)mode));
}

ssize_t csystem_working_directory(void *out, size_t room) {
    return getcwd((char *)out, room) ? (ssize_t)strlen((const char *)out) : -errno;
}
int csystem_chmod(const char *path, uint32_t mode) { return result(chmod(path, (mode_t)mode)); }
int csystem_unlink(const char *path) { return result(unlink(path)); }

int csystem_path_identity(const char *path, uint64_t *device, uint64_t *inode) {
    struct statx about;
    *device = *inode = 0;
    if (look(AT_FDCWD, path, AT_SYMLINK_NOFOLLOW, &about) < 0 || !S_ISSOCK(about.stx_mode)) return -ENOENT;
    *device = (uint64_t)about.stx_dev_major << 32 | about.stx_dev_minor;
    *inode = about.stx_ino;
    return 0;
}

int csystem_is_stale_socket(const char *path) {
    struct csystem_address address;
    uint64_t device, inode;
    if (csystem_path_identity(path, &device, &inode) < 0 || csystem_address_unix(&address, path) < 0) return 0;
    int fd = csystem_socket(CSYSTEM_UNIX);
    if (fd < 0) return 0;
    int stale = csystem_connect(fd, &address) == -ECONNREFUSED;
    close(fd);
    return stale;
}

#ifdef __linux__
int csystem_pipe(int ends[2]) { return result(pipe2(ends, O_NONBLOCK | O_CLOEXEC)); }

ssize_t csystem_relay(int from, int to, const int ends[2], size_t most, size_t *stuck, int *why) {
    const unsigned flags = SPLICE_F_NONBLOCK | SPLICE_F_MOVE;
    ssize_t came, left, sent = 0;

    *stuck = 0;
    *why = 0;
    do came = splice(from, NULL, ends[1], NULL, most, flags);
    while (came < 0 && errno == EINTR);
    if (came <= 0) return came == 0 ? 0 : -errno;
    for (left = came; left > 0; left -= sent) {
        do sent = splice(ends[0], NULL, to, NULL, (size_t)left, flags);
        while (sent < 0 && errno == EINTR);
        if (sent <= 0) {
            *why = sent == 0 ? -EPIPE : -errno;
            break;
        }
    }
    *stuck = (size_t)left;
    return came;
}
#else
int csystem_pipe(int ends[2]) {
    (void)ends;
    return -ENOSYS;
}
ssize_t csystem_relay(int from, int to, const int ends[2], size_t most, size_t *stuck, int *why) {
    (void)from, (void)to, (void)ends, (void)most, (void)stuck, (void)why;
    return -ENOSYS;
}
#endif
