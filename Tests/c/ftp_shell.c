/* A shell of the host's: one directory in memory, with answers now, later, by descriptor, and never. */
#include "ftp_talk.h"
#include <errno.h>
#include <fcntl.h>

static plait_reactor reactor;
static plait_factory factory;
static char stored[1 << 20];
static size_t stored_len;
static int is_done, opened, closed;
static plait_ftp_request late, never;
static uint64_t late_at;

static plait_bytes bytes(const char *text) {
    plait_bytes made = {(const uint8_t *)text, strlen(text)};
    return made;
}

static int is(plait_bytes bytes, const char *text) {
    return bytes.len == strlen(text) && !memcmp(bytes.data, text, bytes.len);
}

static void on_login(void *user, plait_conn conn, plait_ftp_request request, const plait_ftp_login *login) {
    plait_ftp_avatar avatar = PLAIT_FTP_AVATAR_INIT;

    (void)user;
    (void)conn;
    (void)login;
    avatar.flags = PLAIT_FTP_SHELL;
    avatar.root = bytes("/");
    STATUS(plait_ftp_request_accept(request, &avatar), PLAIT_ERR_INVALID);
    avatar.root.len = 0;
    STATUS(plait_ftp_request_finish(request, 0), PLAIT_ERR_TYPE);
    OK(plait_ftp_request_accept(request, &avatar));
}

static int entry(plait_ftp_request request, const char *name, uint32_t kind, uint64_t size) {
    plait_ftp_entry made = PLAIT_FTP_ENTRY_INIT;

    made.name = bytes(name);
    made.owner = bytes("somebody else");
    made.kind = kind;
    made.file_size = size;
    made.modified = 1600000000;
    return plait_ftp_request_add_entry(request, &made);
}

static void on_time(void *user, plait_timer timer) {
    size_t left = stored_len - (size_t)late_at;

    (void)user;
    (void)timer;
    OK(plait_ftp_request_add_data(late, (uint8_t *)stored + late_at, left < 100000 ? left : 100000));
    OK(plait_ftp_request_finish(late, 0));
    STATUS(plait_ftp_request_finish(late, 0), PLAIT_ERR_STALE);
}

static void open_file(plait_ftp_request request, const plait_ftp_question *question) {
    STATUS(plait_ftp_request_finish(request, 0), PLAIT_ERR_INVALID);
    STATUS(plait_ftp_request_set_descriptor(request, -1), PLAIT_ERR_INVALID);
    STATUS(plait_ftp_request_add_data(request, NULL, 0), PLAIT_ERR_INVALID);
    if (is(question->path, "/none")) {
        OK(plait_ftp_request_finish(request, -1000 - ENOENT));
        return;
    }
    if (is(question->path, "/given")) {
        char name[] = "/tmp/plait-ftp-shell-XXXXXX";
        int fd = mkstemp(name);
        CHECK(fd >= 0 && write(fd, "a file", 6) == 6 && unlink(name) == 0);
        OK(plait_ftp_request_set_descriptor(request, fd));
        STATUS(plait_ftp_request_set_descriptor(request, fd), PLAIT_ERR_INVALID);
    } else {
        OK(plait_ftp_request_set_file(request, &opened));
        STATUS(plait_ftp_request_set_file(request, &opened), PLAIT_ERR_INVALID);
        if (question->action == PLAIT_FTP_ASK_OPEN_WRITE) stored_len = (size_t)question->number;
    }
    opened++;
    OK(plait_ftp_request_finish(request, 0));
}

static void on_ask(void *user, plait_conn conn, plait_ftp_request request, const plait_ftp_question *question) {
    plait_timer timer;

    (void)user;
    (void)conn;
    switch (question->action) {
    case PLAIT_FTP_ASK_STAT:
        if (is(question->path, "/stored")) {
            OK(entry(request, "", PLAIT_FTP_FILE, stored_len));
            STATUS(entry(request, "", PLAIT_FTP_FILE, 1), PLAIT_ERR_INVALID);
        }
        OK(plait_ftp_request_finish(request, is(question->path, "/stored") ? 0 : -1000 - ENOENT));
        break;
    case PLAIT_FTP_ASK_LIST:
        STATUS(entry(request, "a/b", PLAIT_FTP_FILE, 1), PLAIT_ERR_INVALID);
        STATUS(entry(request, "", PLAIT_FTP_FILE, 1), PLAIT_ERR_INVALID);
        STATUS(entry(request, "a", 3, 1), PLAIT_ERR_INVALID);
        OK(entry(request, "stored", PLAIT_FTP_FILE, stored_len));
        OK(entry(request, "sub", PLAIT_FTP_DIRECTORY, 0));
        OK(plait_ftp_request_finish(request, 0));
        break;
    case PLAIT_FTP_ASK_OPEN_READ:
    case PLAIT_FTP_ASK_OPEN_WRITE: open_file(request, question); break;
    case PLAIT_FTP_ASK_READ:
        CHECK(question->file == &opened);
        if (is(question->path, "/never")) {
            never = request;
            return;
        }
        late = request;
        late_at = question->number;
        OK(plait_timer_start(reactor, 0, 0, on_time, NULL, &timer));
        break;
    case PLAIT_FTP_ASK_WRITE:
        SAME(question->number, stored_len);
        CHECK(stored_len + question->data.len <= sizeof stored);
        memcpy(stored + stored_len, question->data.data, question->data.len);
        stored_len += question->data.len;
        OK(plait_ftp_request_finish(request, is(question->path, "/full") ? -1000 - ENOSPC : 0));
        break;
    case PLAIT_FTP_ASK_CLOSE:
        closed++;
        if (question->status < 0) SAME(request.id, 0);
        if (request.id) OK(plait_ftp_request_finish(request, 0));
        break;
    default:
        note("%u %.*s %.*s %llu", question->action, (int)question->path.len, (const char *)question->path.data,
             (int)question->other.len, (const char *)question->other.data, (unsigned long long)question->number);
        OK(plait_ftp_request_finish(request, 0));
    }
}

static void *client(void *nothing) {
    int fd = dial(port), data;

    (void)nothing;
    reply(fd, 220);
    say(fd, 331, "USER me");
    say(fd, 230, "PASS x");
    data = passive(fd);
    say(fd, 125, "STOR stored");
    send_block(data, 500000);
    reply(fd, 226);
    CHECK(!strcmp(say(fd, 213, "SIZE stored"), "213 500000\r"));
    data = passive(fd);
    CHECK(send(fd, "RETR stored\r\n", 13, 0) == 13);
    SAME(read_all(data), 500000);
    CHECK(!memcmp(read_back, block, 500000));
    reply(fd, 125);
    reply(fd, 226);
    data = passive(fd);
    say(fd, 125, "RETR given");
    SAME(read_all(data), 6);
    reply(fd, 226);
    data = passive(fd);
    say(fd, 125, "NLST s*b");
    SAME(read_all(data), 5);
    reply(fd, 226);
    close(passive(fd));
    say(fd, 550, "RETR none");
    /* What stands in a file is read out of it. */
    CHECK(!strcmp(say(fd, 213, "HASH stored"),
                  "213 SHA-256 0-500000 de1cf834a5990ca4fdc87bb84a1921ddeacfa9b95b3a7200efa709c62c78d5f4 stored\r"));
    CHECK(!strcmp(say(fd, 213, "HASH given"),
                  "213 SHA-256 0-6 7365d029861e32c521f8089b00a6fb32daf0615025b69b599d1ce53501b845c2 given\r"));
    say(fd, 550, "HASH none");
    say(fd, 200, "TYPE A");
    CHECK(!strcmp(say(fd, 213, "SIZE stored"), "213 501960\r"));
    CHECK(!strcmp(say(fd, 213, "SIZE given"), "213 6\r"));
    say(fd, 550, "SIZE none");
    say(fd, 200, "TYPE I");
    data = passive(fd);
    say(fd, 125, "STOR full");
    CHECK(send(data, block, 1000, 0) == 1000);
    reply(fd, 552);
    close(data);
    data = passive(fd);
    say(fd, 125, "RETR never");
    say(fd, 426, "ABOR");
    reply(fd, 226);
    close(data);
    say(fd, 257, "MKD d");
    say(fd, 250, "CWD d");
    say(fd, 250, "RMD e");
    say(fd, 250, "DELE f");
    say(fd, 550, "RNFR f");
    say(fd, 350, "RNFR /stored");
    say(fd, 250, "RNTO g");
    say(fd, 200, "SITE CHMOD 600 f");
    say(fd, 213, "MFMT 20200913122640 f");
    /* The session ends while a file is read. */
    data = passive(fd);
    say(fd, 125, "RETR /never");
    close(fd);
    close(data);
    __atomic_store_n(&is_done, 1, __ATOMIC_RELEASE);
    return NULL;
}

int main(void) {
    plait_ftp_server_handler handler = PLAIT_FTP_SERVER_HANDLER_INIT;
    plait_listener listener;
    pthread_t thread;

    OK(plait_reactor_new(&reactor, NULL));
    handler.login = on_login;
    handler.ask = on_ask;
    OK(plait_ftp_server_factory_new(&factory, NULL, &handler, NULL));
    OK(plait_listen(reactor, "tcp:0:interface=127.0.0.1", factory, NULL, &listener));
    port = plait_listener_get_port(listener);
    CHECK(pthread_create(&thread, NULL, client, NULL) == 0);
    UNTIL(reactor, __atomic_load_n(&is_done, __ATOMIC_ACQUIRE));
    CHECK(pthread_join(thread, NULL) == 0);
    UNTIL(reactor, opened == closed);
    SAME(opened, 12);
    STATUS(plait_ftp_request_finish(never, 0), PLAIT_ERR_STALE);
    HEARD("4 /d  0|2 /d  0|5 /d/e  0|6 /d/f  0|7 /stored /d/g 0|8 /d/f  384|9 /d/f  1600000000|");
    OK(plait_reactor_free(reactor));
    OK(plait_factory_release(factory));
    printf("ok\n");
    return 0;
}
