/* libc for Swift: what it cannot import in Embedded mode, or cannot see (errno, flags, macros).
 * Functions answer 0 or a count, or -errno. */
#ifndef CSYSTEM_H
#define CSYSTEM_H
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>

/* ---- records.c: reactors, as seen by every thread ------------------------------------------- */

/* What runs for every message is inlined, also where a caller is built for size. */
#define CSYSTEM_HOT static inline __attribute__((always_inline))

typedef void (*csystem_post_fn)(void *user);
typedef void (*csystem_wake_fn)(void *argument);
struct csystem_post;

/* The immortal records of the process's reactors. The owner is compared before anything else of a
 * reactor is touched; after fork the child owns none. The lock guards the fields below it. */
struct csystem_record {
    uintptr_t owner; /* a thread's identity, or one of the three below */
    void *context;
    uint64_t speaking;   /* the conn whose messages are being delivered, by handle, or 0: the owner's alone */
    void *speaker;       /* ...and itself */
    void *spoken;        /* ...its protocol */
    uint32_t tag;        /* ...and what that is, or 0 where it has another one by now */
    uint64_t shown;      /* the request that is under the host's eyes, by handle, or 0: the owner's alone */
    void *shown_box;     /* ...and itself */
    uint64_t id;         /* the reactor's handle */
    uint32_t generation; /* a free record goes on with its slots' generations */
    int signalled;       /* something was posted, or stop was asked for */
    int stop;
    int driving; /* a driving call is under way */
    struct csystem_post *first, *last;
    csystem_wake_fn wake; /* wakes the loop from any thread */
    void *wake_argument;
} __attribute__((aligned(128))); /* threads that each have a reactor do not share a line of the cache */
enum { CSYSTEM_RECORDS = 1024, CSYSTEM_FREE = 0, CSYSTEM_FORKED = 1, CSYSTEM_RETIRED = 2 };
extern struct csystem_record csystem_records[CSYSTEM_RECORDS];

CSYSTEM_HOT uintptr_t csystem_thread(void) { return (uintptr_t)__builtin_thread_pointer(); }

CSYSTEM_HOT uintptr_t csystem_owner(uint32_t index) {
    return __atomic_load_n(&csystem_records[index & (CSYSTEM_RECORDS - 1)].owner, __ATOMIC_RELAXED);
}

/* Is this a process that was forked while the record was in use? What is under way in it is to end without a trace: all
 * that it has open is its parent's. */
CSYSTEM_HOT int csystem_forked(uint32_t index) { return csystem_owner(index) == CSYSTEM_FORKED; }

/* The context of a record that this thread owns, else NULL. */
CSYSTEM_HOT void *csystem_context(uint32_t index) {
    struct csystem_record *record = &csystem_records[index & (CSYSTEM_RECORDS - 1)];
    return __atomic_load_n(&record->owner, __ATOMIC_RELAXED) == csystem_thread() ? record->context : NULL;
}

/* The conn of that handle, if its messages are being delivered by this thread: what a callback does to its own conn,
 * most of all calls, is spared the table. NULL says nothing about it. */
CSYSTEM_HOT void *csystem_speaker(uint64_t id) {
    struct csystem_record *record = &csystem_records[id >> 50 & (CSYSTEM_RECORDS - 1)]; /* Id.reactor */
    int is_owner = __atomic_load_n(&record->owner, __ATOMIC_RELAXED) == csystem_thread();
    return is_owner && record->speaking == id ? record->speaker : NULL;
}

/* The same, with its protocol, and the tag of what that is, or 0. All is in one line of the cache: conn and protocol
 * need not be asked one after the other. */
struct csystem_speaking {
    void *speaker, *spoken;
    uint32_t tag;
};
CSYSTEM_HOT struct csystem_speaking csystem_speaks(uint64_t id) {
    struct csystem_record *record = &csystem_records[id >> 50 & (CSYSTEM_RECORDS - 1)];
    struct csystem_speaking found = {NULL, NULL, 0};
    if (__atomic_load_n(&record->owner, __ATOMIC_RELAXED) != csystem_thread() || record->speaking != id) return found;
    found.speaker = record->speaker;
    found.spoken = record->spoken;
    found.tag = record->tag;
    return found;
}

CSYSTEM_HOT void csystem_record_speak(uint32_t index, uint64_t id, void *speaker, void *spoken, uint32_t tag) {
    struct csystem_record *record = &csystem_records[index];
    record->speaking = id;
    record->speaker = speaker;
    record->spoken = spoken;
    record->tag = tag;
}

/* It has got another protocol. */
static inline void csystem_record_respeak(uint32_t index, uint64_t id) {
    if (csystem_records[index].speaking == id) csystem_records[index].tag = 0;
}

/* The request of that handle, if a callback has been called for it by this thread; NULL says nothing about it. */
CSYSTEM_HOT void *csystem_shown(uint32_t index, uint64_t id) {
    struct csystem_record *record = &csystem_records[index & (CSYSTEM_RECORDS - 1)];
    int is_owner = __atomic_load_n(&record->owner, __ATOMIC_RELAXED) == csystem_thread();
    return is_owner && record->shown == id ? record->shown_box : NULL;
}

CSYSTEM_HOT void csystem_record_show(uint32_t index, uint64_t id, void *box) {
    csystem_records[index].shown = id;
    csystem_records[index].shown_box = box;
}

CSYSTEM_HOT int csystem_signalled(uint32_t index) {
    return __atomic_load_n(&csystem_records[index & (CSYSTEM_RECORDS - 1)].signalled, __ATOMIC_ACQUIRE);
}

/* The index of a record that this thread now owns, or -1 when all are taken. */
int csystem_record_take(void);
static inline uint32_t csystem_record_generation(uint32_t index) { return csystem_records[index].generation; }
void csystem_record_set(uint32_t index, void *context, uint64_t id, csystem_wake_fn wake, void *argument);
void csystem_record_free(uint32_t index, uint32_t generation);
/* Is this the handle of a reactor that lives? */
int csystem_record_lives(uint64_t id, uint32_t index);
/* Any thread. 1: done; 0: the id is not this record's; -ENOMEM; CSYSTEM_FORKED is answered as 2. */
int csystem_record_post(uint32_t index, uint64_t id, csystem_post_fn function, void *user);
int csystem_record_stop(uint32_t index, uint64_t id);
int csystem_record_adopt(uint32_t index, uint64_t id); /* 3: it is being driven */
void csystem_record_drive(uint32_t index, int driving);
/* No more posts are accepted. */
void csystem_record_end(uint32_t index);
/* Runs the posts that are there, each once, with the lock open; returns how many. */
int csystem_record_run_posts(uint32_t index);
int csystem_record_has_posts(uint32_t index);
/* Was stop asked for since the last time? */
int csystem_record_take_stop(uint32_t index);

/* One lock for what is process-wide. */
void csystem_lock(void);
void csystem_unlock(void);
/* How often something process-wide has ended. Where that is as before, what was found before is still there. */
extern uint64_t csystem_shared_count;
CSYSTEM_HOT uint64_t csystem_shared_changes(void) { return __atomic_load_n(&csystem_shared_count, __ATOMIC_ACQUIRE); }
static inline void csystem_shared_changed(void) { __atomic_add_fetch(&csystem_shared_count, 1, __ATOMIC_RELEASE); }

/* ---- lines.c: memory, and the lines of a block */

/* memcpy out of line, in a way that leaves the caller's registers alone. */
#if defined(__clang__) && (defined(__x86_64__) || defined(__aarch64__))
__attribute__((preserve_most))
#endif
void csystem_copy_long(void *to, const void *from, size_t len);

/* The same for Swift, which does not know of such ways to call, and would call it as it calls all others. */
CSYSTEM_HOT void csystem_copy_rare(void *to, const void *from, size_t len) { csystem_copy_long(to, from, len); }

/* memcpy of at most 128 bytes, without a call: two or more moves that may overlap. */
enum { CSYSTEM_SHORT = 128 };
CSYSTEM_HOT void csystem_copy_short(void *to, const void *from, size_t len) {
    uint8_t *out = (uint8_t *)to;
    const uint8_t *in = (const uint8_t *)from;
    if (len > 32) {
        if (len > 64) {
            __builtin_memcpy(out + 32, in + 32, 32);
            __builtin_memcpy(out + len - 64, in + len - 64, 32);
        }
        __builtin_memcpy(out, in, 32);
        __builtin_memcpy(out + len - 32, in + len - 32, 32);
    } else if (len >= 16) {
        __builtin_memcpy(out, in, 16);
        __builtin_memcpy(out + len - 16, in + len - 16, 16);
    } else if (len >= 8) {
        __builtin_memcpy(out, in, 8);
        __builtin_memcpy(out + len - 8, in + len - 8, 8);
    } else if (len >= 4) {
        __builtin_memcpy(out, in, 4);
        __builtin_memcpy(out + len - 4, in + len - 4, 4);
    } else if (len > 0) {
        out[0] = in[0];
        out[len / 2] = in[len / 2];
        out[len - 1] = in[len - 1];
    }
}

/* A short netstring's length and its colon, as they lie in memory: so many bytes of four. */
extern const uint32_t csystem_heads[CSYSTEM_SHORT + 1];
CSYSTEM_HOT uint32_t csystem_head(uint32_t len) { return csystem_heads[len < CSYSTEM_SHORT ? len : CSYSTEM_SHORT]; }

/* memcpy, without a call for what is short. */
CSYSTEM_HOT void csystem_copy(void *to, const void *from, size_t len) {
    if (len > CSYSTEM_SHORT)
        csystem_copy_long(to, from, len);
    else
        csystem_copy_short(to, from, len);
}

/* ---- lines.c: the lines of a block --------------------------------------------------------- */

struct csystem_lines {
    uint8_t last;    /* the byte that ends a line */
    uint8_t is_pair; /* it is LF, and counts behind a CR alone */
    size_t longest;
    uint32_t *pairs; /* of offset and length */
    size_t count, most;
    size_t line;   /* out: where the first line begins that is not whole, or was not taken */
    size_t excess; /* out: its length, when it is too long, else 0 */
};
/* Appends the lines of these bytes to the pairs, until there are `most`. */
void csystem_find_lines(struct csystem_lines *lines, const uint8_t *bytes, size_t len);

/* ---- boxes.c: AMP's boxes, where they are as expected ---------------------------------------- */

/* A value in a box that is expected, behind a text of so many bytes. */
struct csystem_field {
    uint64_t word, mask; /* eight bytes at the end of the text, and which of them count */
    int32_t back; /* where those are, from the text's first byte: before it where it is short, but for the first */
    uint32_t length;
    int32_t place;   /* which value; negative: the tag */
    uint32_t offset; /* how far that lies from the first value of a box that is written */
    uint8_t is_large, is_integer;
};
/* The texts, one behind the other, and 16 bytes more to be read; behind the last value `tail` bytes, of which the last
 * two are the empty key. `least` is how long a box without values is, and 8 or more. */
struct csystem_pattern {
    const uint8_t *text;
    const struct csystem_field *fields;
    size_t count, tail, least;
    size_t before;  /* how many come before the tag */
    int has_others; /* some are no integers */
};
struct csystem_value {
    uint32_t offset, length; /* from the box's first byte */
    int64_t number;          /* of an integer */
    uint8_t is_large, is_number;
};
struct csystem_box {
    uint32_t length; /* 0: it is another one, or not whole */
    uint32_t is_odd; /* a value is still to be looked at, since it is no integer or not in the plain form of one */
    uint32_t tag, tag_length; /* UINT32_MAX and 0: it has none */
};
/* What boxes of one pattern looked like that came one behind the other: in calls of one kind values are mostly as long
 * as those before, and all but the values is compared at once. Zeros to begin with, and where the pattern is gone. */
enum { CSYSTEM_SHAPE = 128, CSYSTEM_SHAPE_VALUES = 8 };
struct csystem_shape {
    const struct csystem_pattern *pattern; /* NULL: there is none yet */
    uint32_t count;                        /* of values */
    uint32_t lengths;                      /* a hash of the values' lengths in the box before */
    uint32_t known;                        /* the same of the box whose shape this is */
    struct csystem_box box;
    struct csystem_value values[CSYSTEM_SHAPE_VALUES];
    uint8_t text[CSYSTEM_SHAPE] __attribute__((aligned(16)));
    uint8_t mask[CSYSTEM_SHAPE] __attribute__((aligned(16)));
};
/* The box that these bytes, at most 2 GiB, begin with. */
struct csystem_box csystem_match_box(const struct csystem_pattern *pattern, struct csystem_shape *shape,
                                     const uint8_t *bytes, size_t len, struct csystem_value *values);
/* Writes a box of integers, whose pattern has a tag; how long it is. Up to 32 bytes behind it are written, too.
 * `has_eight`: of the tag's memory eight bytes can be read, however long it is. */
size_t csystem_write_box(const struct csystem_pattern *pattern, uint8_t *out, const uint8_t *tag, size_t tag_len,
                         int has_eight, const uint8_t *values);

/* ---- system.c ----------------------------------------------------------------------------- */

/* Which of the up to 32 bytes of a line that lie between `at` and its end are blanks: a bit for each, the first one's
 * the lowest. It reads nothing outside of [0, end). Where a word is short, the call of memchr costs more than the
 * search. */
#if defined(__SSE2__)
typedef char csystem_bytes16 __attribute__((vector_size(16)));
CSYSTEM_HOT uint32_t csystem_blanks16(const uint8_t *at) {
    const csystem_bytes16 blanks = {32, 32, 32, 32, 32, 32, 32, 32, 32, 32, 32, 32, 32, 32, 32, 32};
    csystem_bytes16 bytes;
    memcpy(&bytes, at, sizeof bytes);
    return (uint32_t)__builtin_ia32_pmovmskb128((csystem_bytes16)(bytes == blanks));
}
#endif
uint32_t csystem_blanks_each(const uint8_t *at, size_t len); /* one by one */
CSYSTEM_HOT uint32_t csystem_blanks(const uint8_t *line, size_t at, size_t end) {
    size_t left = end - at;
#if defined(__SSE2__)
    if (left >= 32) return csystem_blanks16(line + at) | csystem_blanks16(line + at + 16) << 16;
    if (left > 16) return csystem_blanks16(line + at) | csystem_blanks16(line + end - 16) << (left - 16);
    if (end >= 16) return csystem_blanks16(line + end - 16) >> (16 - left);
#endif
    return csystem_blanks_each(line + at, left < 32 ? left : 32);
}

/* memmem, which Swift sees only with the GNU macro. */
const void *csystem_find(const void *in, size_t len, const void *what, size_t count);
uint64_t csystem_now_ms(void);
int64_t csystem_wall_s(void); /* since 1970 */
uint64_t csystem_random(void);
/* strtod with a point as the decimal point, whatever the host's locale. */
double csystem_real(const char *text);
const char *csystem_error_text(int error);
/* This thread's copy of a text, cut at 1,023 bytes, until the next one. */
const char *csystem_keep_text(const char *text);
/* Calls `each` for every file of a directory whose name ends so, until it answers nothing but 0. 1: it is no directory;
 * or -errno. */
int csystem_each_file(const char *directory, const char *ending, int (*each)(void *user, const char *path), void *user);

/* Blocks SIGPIPE in this thread; end undoes that, and takes a SIGPIPE that came meanwhile. */
struct csystem_shield {
    int blocked, pending;
};
void csystem_shield_begin(struct csystem_shield *shield);
void csystem_shield_end(struct csystem_shield *shield);

/* Makes a descriptor known to an epoll, for reading or for no event yet: 1, or 0 where it was there, and stays as it
 * was. */
int csystem_enlist(int epoll, int fd, int readable);

/* One descriptor that becomes readable for an inner epoll, a time and a wake-up. */
struct csystem_outer {
    int epoll, timer, event;
};
int csystem_outer_open(struct csystem_outer *outer, int inner);
void csystem_outer_close(struct csystem_outer *outer);
void csystem_outer_arm(struct csystem_outer *outer, int64_t delay_ms); /* -1: never */
void csystem_outer_raise(struct csystem_outer *outer);
void csystem_outer_clear(struct csystem_outer *outer);
int csystem_is_readable(int fd);

/* ---- sockets.c ---------------------------------------------------------------------------- */

enum { CSYSTEM_INET = 4, CSYSTEM_INET6 = 6, CSYSTEM_UNIX = 1, CSYSTEM_OTHER = 0 };

/* A socket address of any family. */
struct csystem_address {
    uint32_t length;
    uint32_t family; /* CSYSTEM_ */
    uint64_t storage[16];
};
/* A numeric address; family 0 takes either. -EINVAL when it is none. */
int csystem_address_parse(struct csystem_address *out, const char *host, uint32_t family, uint16_t port);
int csystem_address_unix(struct csystem_address *out, const char *path);
/* From what getaddrinfo gives. */
int csystem_address_copy(struct csystem_address *out, const void *sockaddr, uint32_t length, uint16_t port);
/* The 16 bytes of an IP address, an IPv4 one as mapped into IPv6, and its port; 0 when it is none. */
int csystem_address_ip(const struct csystem_address *address, uint8_t *ip, uint16_t *port);
/* The other way round. */
void csystem_address_make(struct csystem_address *out, const uint8_t *ip, uint16_t port);
/* Fills at most 160 bytes with the address and its port, as a person writes them; how many, without the NUL. */
size_t csystem_address_print(const struct csystem_address *address, char *out);
/* Fills host (112 bytes), port and scope. */
void csystem_address_text(const struct csystem_address *address, char *host, uint32_t *port, uint32_t *scope);

int csystem_socket(uint32_t family); /* a stream; close-on-exec, does not block */
int csystem_bind(int fd, const struct csystem_address *address);
/* One of the ports that the system gives to who does not ask for one, by lot; 0 where it keeps some of them back. */
uint16_t csystem_draw_port(void);
int csystem_listen(int fd, int backlog);
int csystem_accept(int fd, struct csystem_address *peer);
int csystem_connect(int fd, const struct csystem_address *address);
int csystem_socket_error(int fd);
int csystem_local(int fd, struct csystem_address *out);
int csystem_peer(int fd, struct csystem_address *out);
ssize_t csystem_send(int fd, const void *data, size_t len);  /* never SIGPIPE, never blocks */
ssize_t csystem_write(int fd, const void *data, size_t len); /* for what is no socket; shielded */
ssize_t csystem_read(int fd, void *data, size_t len);
/* Over UNIX sockets, with descriptors beside the bytes: at most CSYSTEM_DESCRIPTORS at once. */
enum { CSYSTEM_DESCRIPTORS = 64 };
ssize_t csystem_send_with(int fd, const void *data, size_t len, const int *fds, size_t count);
ssize_t csystem_receive(int fd, void *data, size_t len, int *fds, size_t *count);
/* A pipe that does not block; -ENOSYS where bytes cannot be moved by one. */
int csystem_pipe(int ends[2]);
/* Moves at most `most` bytes from one socket to another by way of an empty pipe, without copying them: how many came, 0
 * at the end, or -errno. `stuck`: so many of them lie in the pipe, since the other socket did not take them, for this
 * reason. Whoever calls holds SIGPIPE back. */
ssize_t csystem_relay(int from, int to, const int ends[2], size_t most, size_t *stuck, int *why);
/* What is written to it goes nowhere, in this process. */
void csystem_blind(int fd);
int csystem_duplicate(int fd);
int csystem_shutdown_write(int fd);
int csystem_reset_on_close(int fd);
int csystem_close(int fd);
int csystem_reuse_address(int fd);
int csystem_reuse_port(int fd);
int csystem_only_v6(int fd, int on);
void csystem_urgent_inline(int fd);
int csystem_no_delay(int fd, int on);
int csystem_keep_alive(int fd, unsigned idle_s);
int csystem_not_blocking(int fd); /* and close-on-exec */
int csystem_would_block(ssize_t status);
int csystem_is_peers_fault(ssize_t status); /* accept: of one connection, not of the listener */
/* Bytes that nobody has read. */
int csystem_unread(int fd);
/* One process at a time may look for a stale socket and take its place; -1: nobody can be kept out. */
int csystem_lock_beside(const char *path);

struct csystem_kind {
    int is_socket, is_stream, is_listening, is_readable;
    uint32_t family;
};
int csystem_descriptor_kind(int fd, struct csystem_kind *out);

/* A file "PREFIX-NUMBER", empty, for writing; its descriptor. What is no file of ours is not followed. */
int csystem_create(const char *prefix, uint64_t number, uint32_t mode);
/* The working directory's length, without a NUL. */
ssize_t csystem_working_directory(void *out, size_t room);
int csystem_chmod(const char *path, uint32_t mode);
/* The identity of the socket at a path, so that only our own is removed. 0 when there is none. */
int csystem_path_identity(const char *path, uint64_t *device, uint64_t *inode);
int csystem_unlink(const char *path);
/* Is there a socket at the path on which nobody listens? */
int csystem_is_stale_socket(const char *path);

/* ---- tree.c: files beneath a directory, wherever names and links lead --------------------------- */

/* Paths are relative to the root, which is a descriptor, without "..": "a/b", or "." for the root itself. Nothing that
 * is done leaves the root: a link out of it, an absolute one included, answers -EXDEV. */
struct csystem_tree {
    int root;
    int walks; /* openat2 is not there, or not to be used: links are followed by hand */
};
struct csystem_stat {
    uint64_t size, device, inode;
    int64_t modified; /* seconds */
    uint32_t mode, uid, gid, links;
};
enum {                         /* how a file is opened */
       CSYSTEM_TREE_FIND = 0,  /* to look at it alone */
       CSYSTEM_TREE_READ = 1,  /* a plain file */
       CSYSTEM_TREE_WRITE = 2, /* the same; made, with that mode, if it is not there */
       CSYSTEM_TREE_LIST = 3,  /* a directory */
       CSYSTEM_TREE_NEW = 4,   /* a plain file that is not there yet */
};
int csystem_tree_open_root(struct csystem_tree *tree, const char *path);
int csystem_tree_open(const struct csystem_tree *tree, const char *path, int how, uint32_t mode);
int csystem_tree_stat(int fd, struct csystem_stat *out);
/* Of the name itself, should it be a link. */
int csystem_tree_look(const struct csystem_tree *tree, const char *path, struct csystem_stat *out);
int csystem_tree_make(const struct csystem_tree *tree, const char *path, uint32_t mode); /* with those above it */
int csystem_tree_remove(const struct csystem_tree *tree, const char *path, int directory);
int csystem_tree_rename(const struct csystem_tree *tree, const char *from, const char *to);
int csystem_tree_chmod(const struct csystem_tree *tree, const char *path, uint32_t mode);
int csystem_tree_touch(const struct csystem_tree *tree, const char *path, int64_t seconds);
/* May this process read (4), write (2) or search (1) it? */
int csystem_tree_may(const struct csystem_tree *tree, const char *path, int mode);
/* Calls `each` for what is in an open directory, which it closes, until it answers nothing but 0; the target of a link
 * is told, too. */
int csystem_tree_each(int fd,
                      int (*each)(void *user, const char *name, const char *target, const struct csystem_stat *stat),
                      void *user);
int csystem_match(const char *pattern, const char *name); /* fnmatch: 1 or 0 */
/* Bytes at a place; all of them unless the file ends. */
ssize_t csystem_read_at(int fd, void *data, size_t len, uint64_t at);
ssize_t csystem_write_at(int fd, const void *data, size_t len, uint64_t at);
/* A plain file of this system's, wherever it is. To be looked at it must be there; to be stored into it is made. */
enum {
    CSYSTEM_FILE_READ = 0,
    CSYSTEM_FILE_LOOK = 1,
    CSYSTEM_FILE_STORE = 2, /* and what is in it goes */
    CSYSTEM_FILE_GO_ON = 3  /* and what is in it stays */
};
int csystem_open_file(const char *path, int how, uint32_t mode);
int64_t csystem_position(int fd); /* where a file stands */
int csystem_cut(int fd, uint64_t size);
int csystem_lock_file(int fd); /* for this descriptor alone; -EAGAIN: somebody else has */
int csystem_unlock_file(int fd);
/* Moves bytes from file to socket, at most `most` of them; waits at most so many milliseconds when the socket is full.
 * Moves `at` on. 0: done; -EAGAIN; 1: the file is at its end. No SIGPIPE. */
int csystem_send_file(int socket, int file, uint64_t *at, uint64_t most, int wait_ms);
/* The other way, by way of `room`. 0: done; -EAGAIN; 1: the peer is at its end; a failure of the file's sets *is_file.
 */
int csystem_receive_file(int socket, int file, uint64_t *at, uint64_t most, int wait_ms, void *room, size_t len,
                         int *is_file);
int csystem_shutdown(int fd);

/* ---- names.c ------------------------------------------------------------------------------ */

enum { CSYSTEM_NAME = 256, CSYSTEM_SERVICES = 32 };
struct csystem_service {
    uint16_t priority, weight, port;
};
/* The SRV records of a question such as `_xmpp-client._tcp.example.org`, at most `room`; `names` has CSYSTEM_NAME bytes
 * for each one's host, which is "." or nothing where the service is decidedly not offered. How many; 0: there are none;
 * -EAGAIN: nobody answers. It blocks. */
int csystem_services(const char *question, struct csystem_service *out, char *names, int room);

enum {
    CSYSTEM_EPERM = 1,
    CSYSTEM_ENOENT = 2,
    CSYSTEM_EACCES = 13,
    CSYSTEM_EXDEV = 18,
    CSYSTEM_EEXIST = 17,
    CSYSTEM_ENOTDIR = 20,
    CSYSTEM_EISDIR = 21,
    CSYSTEM_EINVAL = 22,
    CSYSTEM_EFBIG = 27,
    CSYSTEM_EROFS = 30,
    CSYSTEM_EPIPE = 32,
    CSYSTEM_ENAMETOOLONG = 36,
    CSYSTEM_ENOTEMPTY = 39,
    CSYSTEM_ENOSYS = 38,
    CSYSTEM_ELOOP = 40,
    CSYSTEM_EDQUOT = 122,
    CSYSTEM_EADDRINUSE = 98,
    CSYSTEM_EINPROGRESS = 115,
    CSYSTEM_EAGAIN = 11,
    CSYSTEM_ENOMEM = 12,
    CSYSTEM_ENOSPC = 28,
    CSYSTEM_ECONNREFUSED = 111
};
/* ---- owners.c: whose socket is it? ------------------------------------------------------------ */

/* The user of the TCP socket with these ends, by the kernel: -ENOENT when there is none, -ENOSYS where it cannot be
 * asked. */
int csystem_socket_owner(const struct csystem_address *local, const struct csystem_address *remote, uint32_t *uid);
/* A user's name, with its NUL; its length, or -ENOENT. It may ask whatever the system's list of users asks. */
int csystem_user_name(uint32_t uid, char *out, size_t room);

#endif
