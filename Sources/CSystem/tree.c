/* Files beneath a directory. The kernel sees to it that nothing leaves the root, by openat2; where that is missing,
 * each component is opened from the one before it without following links, and what links say is put into the path by
 * hand: ".." never reaches the kernel. */
#define _GNU_SOURCE
#include "CSystem.h"
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <fnmatch.h>
#include <limits.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

_Static_assert(EXDEV == CSYSTEM_EXDEV && ENOTDIR == CSYSTEM_ENOTDIR && EISDIR == CSYSTEM_EISDIR &&
                   EDQUOT == CSYSTEM_EDQUOT && ELOOP == CSYSTEM_ELOOP && ENOTEMPTY == CSYSTEM_ENOTEMPTY &&
                   ENAMETOOLONG == CSYSTEM_ENAMETOOLONG,
               "Linux");

static int result(int status) { return status < 0 ? -errno : status; }

/* ---- opening --------------------------------------------------------------------------------- */

enum { LINKS = 40 };

static int by_kernel(int root, const char *path, int flags, mode_t mode) {
    struct open_how how = {.flags = (uint64_t)(unsigned)flags | O_CLOEXEC,
                           .resolve = RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS};
    if (flags & O_CREAT) how.mode = mode;
    for (int tries = 0;; tries++) {
        int fd = (int)syscall(SYS_openat2, root, path, &how, sizeof how);
        if (fd >= 0) return fd;
        if (errno == EINTR) continue;
        if (errno != EAGAIN || tries == 64) return -errno; /* something was renamed meanwhile: it looks again */
    }
}

/* A walk by hand: what lies behind it, as plain directories below the root, and what lies before it. */
struct walk {
    int at; /* the directory that it has come to */
    int links;
    char done[PATH_MAX], rest[PATH_MAX];
};

/* The next component, cut out of the rest; NULL at the end. */
static const char *next(struct walk *walk, char *name) {
    const char *from = walk->rest + strspn(walk->rest, "/");
    size_t len = strcspn(from, "/");
    if (len == 0 || len > NAME_MAX) return NULL;
    memcpy(name, from, len);
    name[len] = 0;
    from += len;
    from += strspn(from, "/");
    memmove(walk->rest, from, strlen(from) + 1);
    return name;
}

static int step_down(struct walk *walk, int fd, const char *name) {
    size_t done = strlen(walk->done), len = strlen(name);
    if (done + len + 2 > sizeof walk->done) return -ENAMETOOLONG;
    if (done > 0) walk->done[done++] = '/';
    memcpy(walk->done + done, name, len + 1);
    close(walk->at);
    walk->at = fd;
    return 0;
}

/* From the root, through what was plain directories before: should one be a link by now, that is an end. */
static int step_up(struct walk *walk, int root) {
    char *slash = strrchr(walk->done, '/');
    if (!walk->done[0]) return -EXDEV;
    *(slash ? slash : walk->done) = 0;
    int fd = openat(root, ".", O_PATH | O_DIRECTORY | O_CLOEXEC);
    for (const char *from = walk->done; fd >= 0 && *from;) {
        char name[NAME_MAX + 1];
        size_t len = strcspn(from, "/");
        memcpy(name, from, len);
        name[len] = 0;
        from += len + (from[len] == '/');
        int further = openat(fd, name, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
        int error = errno;
        close(fd);
        errno = error;
        fd = further;
    }
    if (fd < 0) return -errno;
    close(walk->at);
    walk->at = fd;
    return 0;
}

/* Puts what a link says before the rest. */
static int follow(struct walk *walk, int link) {
    char target[PATH_MAX];
    ssize_t len = readlinkat(link, "", target, sizeof target);
    if (len < 0) return -errno;
    if (len == 0 || target[0] == '/') return -EXDEV;
    size_t rest = strlen(walk->rest);
    if (++walk->links > LINKS) return -ELOOP;
    if ((size_t)len + rest + 2 > sizeof walk->rest) return -ENAMETOOLONG;
    memmove(walk->rest + len + 1, walk->rest, rest + 1);
    memcpy(walk->rest, target, (size_t)len);
    walk->rest[len] = '/';
    return 0;
}

/* 0 says that the walk goes on: where the standard input is closed, a file must not get its number. */
static int not_zero(int fd) {
    if (fd != 0) return fd;
    int other = result(fcntl(fd, F_DUPFD_CLOEXEC, 3));
    close(fd);
    return other;
}

/* One component: a descriptor when it was the last, 0 when the walk goes on, or -errno. */
static int step(struct walk *walk, int root, const char *name, int flags, mode_t mode) {
    int is_last = walk->rest[strspn(walk->rest, "/")] == 0;
    if (!strcmp(name, "..")) return step_up(walk, root);
    if (!strcmp(name, ".")) return 0;
    if (is_last && (flags & O_EXCL))
        return not_zero(result(openat(walk->at, name, flags | O_NOFOLLOW | O_CLOEXEC, mode)));
    int fd = openat(walk->at, name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
    if (fd == 0) fd = not_zero(fd);
    if (fd < 0 && errno == ENOENT && is_last && (flags & O_CREAT))
        return not_zero(result(openat(walk->at, name, flags | O_NOFOLLOW | O_CLOEXEC, mode)));
    if (fd < 0) return -errno;
    struct csystem_stat stat;
    int status = csystem_tree_stat(fd, &stat);
    if (status == 0 && S_ISLNK(stat.mode)) {
        if (!is_last || !(flags & O_NOFOLLOW))
            status = follow(walk, fd);
        else if (flags & O_PATH)
            return fd;
        else
            status = -ELOOP;
    } else if (status == 0 && !is_last) {
        status = S_ISDIR(stat.mode) ? step_down(walk, fd, name) : -ENOTDIR;
        if (status == 0) return 0;
    } else if (status == 0) {
        if ((flags & O_DIRECTORY) && !S_ISDIR(stat.mode))
            status = -ENOTDIR;
        else if ((flags & ~O_DIRECTORY & ~O_NOFOLLOW) == O_PATH)
            return fd;
        else
            status = not_zero(result(openat(walk->at, name, flags | O_NOFOLLOW | O_CLOEXEC, mode)));
    }
    close(fd);
    return status;
}

static int by_hand(int root, const char *path, int flags, mode_t mode) {
    struct walk *walk = calloc(1, sizeof *walk);
    char name[NAME_MAX + 1];
    int status = 0;
    if (!walk) return -ENOMEM;
    walk->at = openat(root, ".", O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (walk->at < 0)
        status = -errno;
    else if (strlen(path) >= sizeof walk->rest)
        status = -ENAMETOOLONG;
    else
        strcpy(walk->rest, path);
    while (status == 0 && next(walk, name)) status = step(walk, root, name, flags, mode);
    if (status == 0) { /* it has come to a directory, the root or one above: there is no name to open */
        if (walk->rest[0])
            status = -ENAMETOOLONG;
        else
            status = result(openat(walk->at, ".", (flags & ~(O_CREAT | O_NOFOLLOW)) | O_CLOEXEC));
    }
    if (walk->at >= 0) close(walk->at);
    free(walk);
    return status;
}

static int below(const struct csystem_tree *tree, const char *path, int flags, mode_t mode) {
    if (!tree->walks) {
        int fd = by_kernel(tree->root, path, flags, mode);
        if (fd != -ENOSYS && fd != -EPERM) return fd; /* which is what seccomp answers, too */
    }
    return by_hand(tree->root, path, flags, mode);
}

/* The directory that a path's last name is in; the name is what no operation follows. */
static int parent(const struct csystem_tree *tree, const char *path, const char **name) {
    const char *slash = strrchr(path, '/');
    char above[PATH_MAX];
    *name = slash ? slash + 1 : path;
    if (!**name || !strcmp(*name, ".") || !strcmp(*name, "..")) return -EPERM; /* the root itself */
    if (!slash) return below(tree, ".", O_PATH | O_DIRECTORY, 0);
    if ((size_t)(slash - path) >= sizeof above) return -ENAMETOOLONG;
    memcpy(above, path, (size_t)(slash - path));
    above[slash - path] = 0;
    return below(tree, above, O_PATH | O_DIRECTORY, 0);
}

int csystem_tree_open_root(struct csystem_tree *tree, const char *path) {
    tree->root = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
    return tree->root < 0 ? -errno : 0;
}

static int plain(int fd) {
    struct csystem_stat stat;
    int status = fd < 0 ? fd : csystem_tree_stat(fd, &stat);
    if (status == 0 && S_ISREG(stat.mode)) return fd;
    if (status == 0) status = S_ISDIR(stat.mode) ? -EISDIR : -EACCES;
    if (fd >= 0) close(fd);
    return status;
}

/* One that is made has just that mode, whatever the process's mask says. */
static int create(const struct csystem_tree *tree, const char *path, uint32_t mode) {
    int fd = below(tree, path, O_RDWR | O_NONBLOCK | O_NOCTTY | O_CREAT | O_EXCL, mode);
    if (fd >= 0) (void)fchmod(fd, mode);
    return fd;
}

int csystem_tree_open(const struct csystem_tree *tree, const char *path, int how, uint32_t mode) {
    int flags = O_NONBLOCK | O_NOCTTY;
    switch (how) {
    case CSYSTEM_TREE_FIND: return below(tree, path, O_PATH, 0);
    case CSYSTEM_TREE_LIST: return below(tree, path, O_RDONLY | O_DIRECTORY, 0);
    case CSYSTEM_TREE_READ: return plain(below(tree, path, O_RDONLY | flags, 0));
    case CSYSTEM_TREE_NEW: return create(tree, path, mode);
    default: break;
    }
    int fd = below(tree, path, O_WRONLY | flags, 0);
    if (fd == -ENOENT) {
        fd = create(tree, path, mode);
        if (fd == -EEXIST) fd = below(tree, path, O_WRONLY | flags, 0);
    }
    return plain(fd);
}

/* ---- looking --------------------------------------------------------------------------------- */

/* statx, because glibc's stat and fstat are of 2.33. */
static int look(int fd, const char *name, int flags, struct csystem_stat *out) {
    struct statx stat;
    if (statx(fd, name, flags, STATX_BASIC_STATS, &stat) < 0) return -errno;
    out->size = stat.stx_size;
    out->device = (uint64_t)stat.stx_dev_major << 32 | stat.stx_dev_minor;
    out->inode = stat.stx_ino;
    out->modified = stat.stx_mtime.tv_sec;
    out->mode = stat.stx_mode;
    out->uid = stat.stx_uid;
    out->gid = stat.stx_gid;
    out->links = stat.stx_nlink;
    return 0;
}

int csystem_tree_stat(int fd, struct csystem_stat *out) { return look(fd, "", AT_EMPTY_PATH, out); }

int csystem_tree_look(const struct csystem_tree *tree, const char *path, struct csystem_stat *out) {
    int fd = below(tree, path, O_PATH | O_NOFOLLOW, 0);
    if (fd < 0) return fd;
    int status = csystem_tree_stat(fd, out);
    close(fd);
    return status;
}

int csystem_tree_may(const struct csystem_tree *tree, const char *path, int mode) {
    char link[40];
    int fd = below(tree, path, O_PATH, 0);
    if (fd < 0) return fd;
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    int status = result(faccessat(AT_FDCWD, link, mode, AT_EACCESS));
    close(fd);
    return status;
}

int csystem_tree_each(int fd,
                      int (*each)(void *user, const char *name, const char *target, const struct csystem_stat *stat),
                      void *user) {
    DIR *directory = fdopendir(fd);
    int status = directory ? 0 : -errno;
    if (!directory) close(fd);
    while (status == 0) {
        struct csystem_stat out;
        char target[1024];
        errno = 0;
        struct dirent *entry = readdir(directory);
        if (!entry) {
            status = -errno;
            break;
        }
        if (!strcmp(entry->d_name, ".") || !strcmp(entry->d_name, "..")) continue;
        if (look(dirfd(directory), entry->d_name, AT_SYMLINK_NOFOLLOW, &out) < 0) continue; /* it is gone */
        ssize_t len = S_ISLNK(out.mode) ? readlinkat(dirfd(directory), entry->d_name, target, sizeof target - 1) : -1;
        if (len >= 0) target[len] = 0;
        status = each(user, entry->d_name, len >= 0 ? target : NULL, &out);
    }
    if (directory) closedir(directory);
    return status;
}

int csystem_match(const char *pattern, const char *name) {
    return fnmatch(pattern, name, FNM_PERIOD | FNM_NOESCAPE) == 0;
}

/* ---- changing -------------------------------------------------------------------------------- */

static int make_one(const struct csystem_tree *tree, const char *path, uint32_t mode) {
    const char *name;
    int at = parent(tree, path, &name);
    if (at < 0) return at == -EPERM ? -EEXIST : at;
    int status = result(mkdirat(at, name, mode));
    if (status == 0) {
        int made = openat(at, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
        if (made >= 0) {
            (void)fchmod(made, mode);
            close(made);
        }
    }
    close(at);
    return status;
}

int csystem_tree_make(const struct csystem_tree *tree, const char *path, uint32_t mode) {
    int status = make_one(tree, path, mode);
    if (status != -ENOENT) return status;
    char above[PATH_MAX];
    if (strlen(path) >= sizeof above) return -ENAMETOOLONG;
    strcpy(above, path);
    for (char *slash = strchr(above, '/'); slash; slash = strchr(slash + 1, '/')) {
        *slash = 0;
        status = make_one(tree, above, mode);
        if (status != 0 && status != -EEXIST) return status;
        *slash = '/';
    }
    return make_one(tree, path, mode);
}

int csystem_tree_remove(const struct csystem_tree *tree, const char *path, int directory) {
    const char *name;
    int at = parent(tree, path, &name);
    if (at < 0) return at;
    int status = result(unlinkat(at, name, directory ? AT_REMOVEDIR : 0));
    close(at);
    return status;
}

int csystem_tree_rename(const struct csystem_tree *tree, const char *from, const char *to) {
    const char *old_name, *new_name;
    int old = parent(tree, from, &old_name);
    if (old < 0) return old;
    int new = parent(tree, to, &new_name);
    int status = new < 0 ? new : result(renameat(old, old_name, new, new_name));
    if (new >= 0) close(new);
    close(old);
    return status;
}

/* What is found is not opened: not every file of one's own may be read. /proc has a name for it. */
int csystem_tree_chmod(const struct csystem_tree *tree, const char *path, uint32_t mode) {
    char link[40];
    int fd = below(tree, path, O_PATH, 0);
    if (fd < 0) return fd;
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    int status = result(fchmodat(AT_FDCWD, link, mode, 0));
    close(fd);
    return status;
}

int csystem_tree_touch(const struct csystem_tree *tree, const char *path, int64_t seconds) {
    struct timespec times[2] = {{.tv_nsec = UTIME_OMIT}, {.tv_sec = seconds}};
    char link[40];
    int fd = below(tree, path, O_PATH, 0);
    if (fd < 0) return fd;
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    int status = result(utimensat(AT_FDCWD, link, times, 0));
    close(fd);
    return status;
}
