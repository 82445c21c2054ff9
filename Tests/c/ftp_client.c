/* An FTP client over TCP, against the library's own server on the same reactor. */
#include "harness.h"
#include <fcntl.h>
#include <sys/stat.h>

static plait_reactor reactor;
static plait_factory server, factory;
static plait_conn conn;
static char root[64], here[64], taken[1 << 20], given[600000];
static size_t taken_len, given_at;
static int ended, later, lasts, pid;
static plait_call running;

static plait_bytes bytes(const char *text) {
    plait_bytes made = {(const uint8_t *)text, strlen(text)};
    return made;
}

static void on_login(void *user, plait_conn who, plait_ftp_request request, const plait_ftp_login *login) {
    plait_ftp_avatar avatar = PLAIT_FTP_AVATAR_INIT;
    (void)user;
    (void)who;
    avatar.root = bytes(root);
    if (strcmp(login->password, "right"))
        OK(plait_ftp_request_refuse(request));
    else
        OK(plait_ftp_request_accept(request, &avatar));
}

/* ---- what the client's callbacks note ---- */

static void on_ready(void *user, plait_conn who, const uint8_t *greeting, size_t len) {
    SAME(user, &conn);
    note("ready %.*s", (int)len - 1, (const char *)greeting);
    conn = who;
}
static void on_done(void *user, plait_conn who, const plait_reason *reason, const plait_ftp_client_result *result) {
    SAME(who.id, conn.id);
    CHECK(result->struct_size == sizeof *result && reason->text[0]);
    CHECK(result->reply.len == 0 || result->reply.data[result->reply.len - 1] == '\n');
    if (reason->status)
        note("%s %s %d %s", (char *)user, plait_err_name(reason->status), reason->code, reason->text);
    else
        note("%s %u %.*s %lld %llu+%llu", (char *)user, result->code, (int)result->value.len,
             (const char *)result->value.data, (long long)result->number, (unsigned long long)result->offset,
             (unsigned long long)result->moved);
    ended++;
}
static int on_bytes(void *user, plait_conn who, const uint8_t *data, size_t len) {
    SAME(who.id, conn.id);
    CHECK(user != NULL && taken_len + len <= sizeof taken);
    memcpy(taken + taken_len, data, len);
    taken_len += len;
    return later-- > 0;
}
static int on_room(void *user, plait_conn who, uint8_t *room, size_t len, size_t *count) {
    SAME(who.id, conn.id);
    CHECK(user != NULL);
    if (later-- > 0) return 1;
    *count = sizeof given - given_at < len ? sizeof given - given_at : len;
    memcpy(room, given + given_at, *count);
    given_at += *count;
    return 0;
}
static int on_bad(void *user, plait_conn who, const uint8_t *data, size_t len) {
    (void)user;
    (void)who;
    (void)data;
    (void)len;
    return PLAIT_ERR_VALUE;
}
static void on_progress(void *user, plait_conn who, uint64_t moved, uint64_t total) {
    (void)user;
    (void)who;
    CHECK(moved > 0 && (total == 0 || moved <= total));
    lasts = moved == total;
}

static plait_ftp_client_request wish(uint32_t command, const char *path) {
    plait_ftp_client_request made = PLAIT_FTP_CLIENT_REQUEST_INIT;
    made.command = command;
    made.path = bytes(path);
    return made;
}

/* Begins a call and waits for its end. */
static void ask(plait_ftp_client_request request, const char *name) {
    int before = ended;
    OK(plait_ftp_client_call(conn, &request, on_done, (void *)name, &running));
    UNTIL(reactor, ended > before);
    STATUS(plait_call_cancel(running), PLAIT_ERR_STALE);
}

static char *at(const char *directory, const char *name) {
    static char path[2][160];
    static int which;
    which = !which;
    snprintf(path[which], sizeof path[0], "%s/%s", directory, name);
    return path[which];
}
static void file_is(const char *path, const char *wanted, size_t len) {
    static char found[1 << 20];
    FILE *file = fopen(path, "rb");
    CHECK(file != NULL);
    SAME(fread(found, 1, sizeof found, file), len);
    CHECK(!memcmp(found, wanted, len));
    fclose(file);
}
static void make(const char *path, const char *text, size_t len) {
    FILE *file = fopen(path, "wb");
    CHECK(file != NULL && fwrite(text, 1, len, file) == len);
    fclose(file);
}

static void simple(void) {
    plait_ftp_client_request request = wish(PLAIT_FTP_RENAME, "new");

    ask(wish(PLAIT_FTP_MKD, "new"), "mkd");
    request.other = bytes("a \"b\"");
    ask(request, "rename");
    ask(wish(PLAIT_FTP_CWD, "a \"b\""), "cwd");
    ask(wish(PLAIT_FTP_PWD, ""), "pwd");
    ask(wish(PLAIT_FTP_CDUP, ""), "cdup");
    ask(wish(PLAIT_FTP_RMD, "a \"b\""), "rmd");
    ask(wish(PLAIT_FTP_COMMAND, "SYST"), "syst");
    ask(wish(PLAIT_FTP_NOOP, ""), "noop");
    HEARD("mkd 257 /new 0 0+0|rename 250  0 0+0|cwd 250  0 0+0|pwd 257 /a \"b\" 0 0+0|cdup 250  0 0+0|rmd 250  0 0+0|"
          "syst 215  0 0+0|noop 200  0 0+0|");
    ask(wish(PLAIT_FTP_DELE, "nothing"), "dele");
    HEARD("dele PLAIT_ERR_REMOTE 550 DELE nothing: 550 nothing: No such file or directory.|");
}

static void files(void) {
    plait_ftp_client_request request;
    struct stat stat_of;
    int fd;

    make(at(here, "up"), given, sizeof given);
    request = wish(PLAIT_FTP_PUT, "big");
    request.local = bytes(at(here, "up"));
    request.progress = on_progress;
    ask(request, "put");
    CHECK(lasts);
    file_is(at(root, "big"), given, sizeof given);
    ask(wish(PLAIT_FTP_SIZE, "big"), "size");
    request = wish(PLAIT_FTP_GET, "big");
    request.local = bytes(at(here, "down"));
    request.mode = 0600;
    request.flags = PLAIT_FTP_TELL_SIZE;
    request.progress = on_progress;
    lasts = 0;
    ask(request, "get");
    CHECK(lasts);
    file_is(at(here, "down"), given, sizeof given);
    CHECK(stat(at(here, "down"), &stat_of) == 0 && (stat_of.st_mode & 0777) == 0600);
    CHECK(truncate(at(here, "down"), 599990) == 0);
    request.flags = PLAIT_FTP_RESUME;
    ask(request, "resume");
    file_is(at(here, "down"), given, sizeof given);
    HEARD("put 226  0 0+600000|size 213  600000 0+0|get 226  0 0+600000|resume 226  0 599990+10|");

    /* by descriptors, which stay where they are */
    fd = open(at(here, "up"), O_RDONLY);
    CHECK(fd >= 0 && lseek(fd, 599995, SEEK_SET) == 599995);
    request = wish(PLAIT_FTP_PUT, "end");
    request.descriptor = fd;
    ask(request, "descriptor");
    CHECK(lseek(fd, 0, SEEK_CUR) == 599995);
    close(fd);
    file_is(at(root, "end"), given + 599995, 5);
    fd = open(at(here, "end"), O_RDWR | O_CREAT, 0644);
    CHECK(fd >= 0);
    request = wish(PLAIT_FTP_GET, "end");
    request.descriptor = fd;
    ask(request, "into");
    close(fd);
    file_is(at(here, "end"), given + 599995, 5);
    request = wish(PLAIT_FTP_APPEND_TO, "end");
    request.local = bytes(at(here, "end"));
    ask(request, "append");
    CHECK(stat(at(root, "end"), &stat_of) == 0);
    SAME(stat_of.st_size, 10);
    /* one that the system lets nobody write in the midst of */
    fd = open(at(here, "log"), O_WRONLY | O_CREAT | O_APPEND, 0644);
    CHECK(fd >= 0);
    request = wish(PLAIT_FTP_GET, "big");
    request.descriptor = fd;
    ask(request, "behind");
    close(fd);
    file_is(at(here, "log"), given, sizeof given);
    HEARD("descriptor 226  0 0+5|into 226  0 0+5|append 226  0 0+5|behind 226  0 0+600000|");
}

static void callbacks(void) {
    plait_ftp_client_request request = wish(PLAIT_FTP_GET, "big");
    int before = ended;

    request.sink = on_bytes;
    later = 1;
    OK(plait_ftp_client_call(conn, &request, on_done, "sink", NULL));
    UNTIL(reactor, taken_len > 0);
    OK(plait_ftp_client_resume(conn));
    UNTIL(reactor, ended > before);
    SAME(taken_len, sizeof given);
    CHECK(!memcmp(taken, given, sizeof given));
    request = wish(PLAIT_FTP_PUT, "up");
    request.source = on_room;
    later = 1;
    OK(plait_ftp_client_call(conn, &request, on_done, "source", NULL));
    UNTIL(reactor, later == 0);
    OK(plait_ftp_client_resume(conn));
    before = ended;
    UNTIL(reactor, ended > before);
    file_is(at(root, "up"), given, sizeof given);
    request = wish(PLAIT_FTP_GET, "big");
    request.sink = on_bad;
    ask(request, "bad");
    HEARD("sink 226  0 0+600000|source 226  0 0+600000|bad PLAIT_ERR_VALUE 0 RETR big: it failed|");
}

static void listings(void) {
    plait_ftp_line entry = PLAIT_FTP_LINE_INIT;
    plait_ftp_client_request request = wish(PLAIT_FTP_LIST_NAMES, "");
    const char *line = "-rw-r--r-- 1 me us 5 Nov 23 2020 a b\r\ntotal 4\n";
    size_t used = 0;

    ask(request, "names");
    HEARD("names 226 big\r\nend\r\nup\r\n 0 0+14|");
    ask(wish(PLAIT_FTP_MLST, "big"), "mlst");
    CHECK(strstr(journal, "mlst 250 type=file;size=600000;modify="));
    journal[0] = 0;
    OK(plait_ftp_line_parse((const uint8_t *)line, strlen(line), 0, &entry, &used));
    SAME(used, 38);
    SAME(entry.kind, PLAIT_FTP_LINE_FILE);
    SAME(entry.flags, PLAIT_FTP_LINE_HAS_SIZE | PLAIT_FTP_LINE_HAS_TIME | PLAIT_FTP_LINE_HAS_MODE);
    SAME(entry.size, 5);
    SAME(entry.mode, 0644);
    SAME(entry.modified, 1606089600);
    CHECK(entry.name.len == 3 && !memcmp(entry.name.data, "a b", 3));
    CHECK(entry.owner.len == 2 && entry.group.len == 2 && entry.target.data == NULL);
    OK(plait_ftp_line_parse((const uint8_t *)line + used, strlen(line) - used, 0, &entry, NULL));
    SAME(entry.kind, PLAIT_FTP_LINE_NONE);
    STATUS(plait_ftp_line_parse((const uint8_t *)line, 0, 0, &entry, NULL), PLAIT_ERR_INVALID);
    STATUS(plait_ftp_line_parse((const uint8_t *)line, 1, 0, NULL, NULL), PLAIT_ERR_INVALID);
}

static void refuse(plait_ftp_client_request request, int status) {
    STATUS(plait_ftp_client_call(conn, &request, on_done, NULL, NULL), status);
}

static void misuse(void) {
    static char much[5000];
    plait_ftp_client_request request = wish(PLAIT_FTP_CWD, "a\nDELE b");

    refuse(request, PLAIT_ERR_INVALID);
    memset(much, 'x', sizeof much - 1);
    refuse(wish(PLAIT_FTP_CWD, much), PLAIT_ERR_TOO_LONG);
    refuse(wish(PLAIT_FTP_GET, "x"), PLAIT_ERR_INVALID); /* to where? */
    refuse(wish(PLAIT_FTP_PUT, "x"), PLAIT_ERR_INVALID);
    refuse(wish(0, "x"), PLAIT_ERR_INVALID);
    refuse(wish(99, "x"), PLAIT_ERR_INVALID);
    refuse(wish(PLAIT_FTP_PWD, "x"), PLAIT_ERR_INVALID);
    request = wish(PLAIT_FTP_GET, "x");
    request.sink = on_bytes;
    request.descriptor = 0;
    refuse(request, PLAIT_ERR_INVALID);
    request.sink = NULL;
    request.descriptor = 99999;
    refuse(request, -1000 - 9); /* EBADF */
    request.descriptor = -1;
    request.sink = on_bytes;
    request.flags = PLAIT_FTP_RESUME;
    refuse(request, PLAIT_ERR_INVALID);
    request.flags = PLAIT_FTP_TEXT;
    request.offset = 1;
    refuse(request, PLAIT_ERR_INVALID);
}

static void cancelling(void) {
    plait_ftp_client_request request = wish(PLAIT_FTP_GET, "big");
    int before = ended;

    taken_len = 0;
    later = 1000;
    request.sink = on_bytes;
    OK(plait_ftp_client_call(conn, &request, on_done, "cancelled", &running));
    UNTIL(reactor, taken_len > 0);
    OK(plait_call_cancel(running));
    UNTIL(reactor, ended > before);
    HEARD("cancelled PLAIT_ERR_CANCELLED 0 RETR big: cancelled|");
    later = 0;
    ask(wish(PLAIT_FTP_PWD, ""), "pwd");
    HEARD("pwd 257 / 0 0+0|");
}

static void log_in(const char *password, const char *endpoint) {
    plait_ftp_client_options options = PLAIT_FTP_CLIENT_OPTIONS_INIT;
    plait_ftp_client_handler handler = PLAIT_FTP_CLIENT_HANDLER_INIT;
    size_t before = strlen(journal);

    options.username = "me";
    options.password = password;
    handler.ready = on_ready;
    handler.disconnected = note_disconnected;
    handler.release = note_release;
    OK(plait_ftp_client_factory_new(&factory, &options, &handler, &conn));
    OK(plait_connect(reactor, endpoint, factory, NULL, NULL, NULL, NULL));
    OK(plait_factory_release(factory));
    UNTIL(reactor, strlen(journal) > before);
}

int main(void) {
    plait_ftp_server_options options = PLAIT_FTP_SERVER_OPTIONS_INIT;
    plait_ftp_server_handler handler = PLAIT_FTP_SERVER_HANDLER_INIT;
    plait_listener listener;
    char endpoint[64], command[200];
    size_t i;

    pid = (int)getpid();
    for (i = 0; i < sizeof given; i++) given[i] = (char)(i * 7 + i / 251);
    snprintf(root, sizeof root, "/tmp/plait-ftpc-%d", pid);
    snprintf(here, sizeof here, "/tmp/plait-ftpc-%d-here", pid);
    CHECK(mkdir(root, 0755) == 0 && mkdir(here, 0755) == 0);
    OK(plait_reactor_new(&reactor, NULL));
    options.delay_ms = 1;
    handler.login = on_login;
    OK(plait_ftp_server_factory_new(&server, &options, &handler, NULL));
    OK(plait_listen(reactor, "tcp:0:interface=127.0.0.1", server, NULL, &listener));
    snprintf(endpoint, sizeof endpoint, "tcp:host=127.0.0.1:port=%d", plait_listener_get_port(listener));
    log_in("wrong", endpoint);
    UNTIL(reactor, released_count == 1);
    HEARD("disconnected PLAIT_ERR_REMOTE|release|");
    log_in("right", endpoint);
    HEARD("ready 220 Welcome to FTP server|");
    simple();
    files();
    callbacks();
    listings();
    misuse();
    cancelling();
    ask(wish(PLAIT_FTP_QUIT, ""), "quit");
    UNTIL(reactor, released_count == 2);
    HEARD("quit 221  0 0+0|disconnected 0|release|");
    snprintf(command, sizeof command, "rm -r %s %s", root, here);
    CHECK(system(command) == 0);
    OK(plait_reactor_free(reactor));
    OK(plait_factory_release(server));
    printf("ok\n");
    return 0;
}
