/* An FTP server whose files are this program's:  ftp_shell [ENDPOINT]
 *
 * There is no directory behind it: each question of a session comes to on_ask(), which answers from a table in memory.
 * "readme" is there, and what is uploaded stays until the program ends. Then: curl ftp://127.0.0.1:2121/ -T FILE; curl
 * ftp://127.0.0.1:2121/readme */
#include <plait/plait.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { MOST_FILES = 16, MOST_BYTES = 1 << 20 };

struct file {
    char name[64]; /* none: the place is free */
    uint8_t *data;
    size_t len;
    int64_t modified;
};
static struct file files[MOST_FILES];

/* A path is "/name" here: there are no directories but the root. */
static int is_root(plait_bytes path) { return path.len == 1; }

static struct file *find(plait_bytes path) {
    size_t i;

    for (i = 0; i < MOST_FILES; i++)
        if (files[i].name[0] && strlen(files[i].name) == path.len - 1 &&
            !memcmp(files[i].name, path.data + 1, path.len - 1))
            return &files[i];
    return NULL;
}

static struct file *make(plait_bytes path) {
    size_t i;

    if (path.len - 1 >= sizeof files[0].name || memchr(path.data + 1, '/', path.len - 1)) return NULL;
    for (i = 0; i < MOST_FILES; i++) {
        if (files[i].name[0]) continue;
        memcpy(files[i].name, path.data + 1, path.len - 1);
        return &files[i];
    }
    return NULL;
}

static void drop(struct file *file) {
    struct file none = {"", NULL, 0, 0};

    free(file->data);
    *file = none;
}

/* Puts bytes at a place of a file; what is behind them goes. */
static int put(struct file *file, uint64_t place, const uint8_t *data, size_t len) {
    uint8_t *grown;

    if (place > file->len || len > MOST_BYTES - place) return ENOSPC;
    grown = (uint8_t *)realloc(file->data, (size_t)place + len + 1);
    if (!grown) return ENOMEM;
    file->data = grown;
    if (len) memcpy(grown + place, data, len);
    file->len = (size_t)place + len;
    file->modified = (int64_t)time(NULL);
    return 0;
}

static int tell(plait_ftp_request request, const struct file *file) {
    plait_ftp_entry entry = PLAIT_FTP_ENTRY_INIT;

    entry.kind = file ? PLAIT_FTP_FILE : PLAIT_FTP_DIRECTORY;
    entry.name.data = (const uint8_t *)(file ? file->name : "");
    entry.name.len = file ? strlen(file->name) : 0;
    entry.file_size = file ? file->len : 0;
    entry.modified = file ? file->modified : 0;
    return plait_ftp_request_add_entry(request, &entry);
}

/* Does what was asked, and says 0 or what is wrong, as errno has it. What takes long would keep the request, and answer
 * later. */
static int answer(plait_ftp_request request, const plait_ftp_question *question) {
    struct file *file = is_root(question->path) ? NULL : find(question->path);
    uint64_t left;
    size_t i;

    switch (question->action) {
    case PLAIT_FTP_ASK_ENTER: return is_root(question->path) ? 0 : ENOTDIR;
    case PLAIT_FTP_ASK_STAT:
        if (!file && !is_root(question->path)) return ENOENT;
        tell(request, file);
        return 0;
    case PLAIT_FTP_ASK_LIST:
        if (!file && !is_root(question->path)) return ENOENT;
        for (i = 0; i < MOST_FILES; i++)
            if (file ? &files[i] == file : files[i].name[0] != 0) tell(request, &files[i]);
        return 0;
    case PLAIT_FTP_ASK_REMOVE_FILE:
        if (!file) return ENOENT;
        drop(file);
        return 0;
    case PLAIT_FTP_ASK_OPEN_READ:
        if (!file) return is_root(question->path) ? EISDIR : ENOENT;
        tell(request, file);
        return plait_ftp_request_set_file(request, file) ? EINVAL : 0;
    case PLAIT_FTP_ASK_OPEN_WRITE:
        if (is_root(question->path) || question->flags & PLAIT_FTP_WRITE_UNIQUE) return EACCES;
        if (!file && question->number) return ENOENT; /* nothing to go on with */
        if (!file) file = make(question->path);
        if (!file) return EACCES;
        if (!(question->flags & PLAIT_FTP_WRITE_APPEND) && put(file, question->number, NULL, 0)) return EINVAL;
        tell(request, file); /* APPE begins where it ends */
        return plait_ftp_request_set_file(request, file) ? EINVAL : 0;
    case PLAIT_FTP_ASK_READ:
        if (!file || question->number >= file->len) return 0; /* nothing: the end */
        left = file->len - question->number;
        plait_ftp_request_add_data(request, file->data + question->number, left < 65536 ? (size_t)left : 65536);
        return 0;
    case PLAIT_FTP_ASK_WRITE: return file ? put(file, question->number, question->data.data, question->data.len) : EIO;
    case PLAIT_FTP_ASK_CLOSE:
        if (question->status && file && file->len == 0) drop(file); /* an upload that has not come about */
        return 0;
    default: return EPERM;
    }
}

static void on_ask(void *user, plait_conn conn, plait_ftp_request request, const plait_ftp_question *question) {
    int wrong = answer(request, question);

    (void)user;
    (void)conn;
    /* At some ends of a file nobody waits for an answer: the request is {0} then. */
    if (request.id) plait_ftp_request_finish(request, wrong ? -1000 - wrong : 0);
}

static void on_login(void *user, plait_conn conn, plait_ftp_request request, const plait_ftp_login *login) {
    plait_ftp_avatar avatar = PLAIT_FTP_AVATAR_INIT;

    (void)user;
    (void)conn;
    (void)login; /* whoever it is */
    avatar.flags = PLAIT_FTP_SHELL;
    plait_ftp_request_accept(request, &avatar);
}

int main(int argc, char **argv) {
    static const char hello[] = "Nothing of this is on a disk.\n";
    plait_reactor reactor = {0};
    plait_factory factory = {0};
    plait_listener listener = {0};
    plait_ftp_server_handler handler = PLAIT_FTP_SERVER_HANDLER_INIT;
    plait_bytes readme = {(const uint8_t *)"/readme", 7};
    const char *endpoint = argc > 1 ? argv[1] : "tcp:2121:interface=127.0.0.1";
    size_t i;
    int status;

    put(make(readme), 0, (const uint8_t *)hello, sizeof hello - 1);
    handler.login = on_login;
    handler.ask = on_ask;
    if ((status = plait_reactor_new(&reactor, NULL)) == 0 &&
        (status = plait_ftp_server_factory_new(&factory, NULL, &handler, NULL)) == 0 &&
        (status = plait_listen(reactor, endpoint, factory, NULL, &listener)) == 0) {
        printf("listening on port %d\n", plait_listener_get_port(listener));
        fflush(stdout);
        status = plait_reactor_run(reactor);
    }
    if (status < 0) fprintf(stderr, "%s\n", plait_strerror(status));
    plait_reactor_free(reactor);
    plait_factory_release(factory);
    for (i = 0; i < MOST_FILES; i++) drop(&files[i]);
    return status < 0;
}
