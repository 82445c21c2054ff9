/* An FTP server over TCP, with a client of plain sockets on another thread. */
#include "ftp_talk.h"
#include <pthread.h>
#include <sys/stat.h>

static plait_reactor reactor;
static plait_factory factory;
static char root[64];
static int is_done;
static plait_ftp_request late;
static plait_ftp_session session = PLAIT_FTP_SESSION_INIT;

static plait_bytes bytes(const char *text) {
    plait_bytes made = {(const uint8_t *)text, strlen(text)};
    return made;
}

static void on_login(void *user, plait_conn conn, plait_ftp_request request, const plait_ftp_login *login) {
    plait_ftp_avatar avatar = PLAIT_FTP_AVATAR_INIT, bad = PLAIT_FTP_AVATAR_INIT;

    SAME(user, &is_done);
    note("login %s %s %u", login->name, login->password, login->flags);
    avatar.root = bytes(root);
    avatar.directory = bytes("/sub");
    avatar.file_mode = 0600;
    STATUS(plait_ftp_request_answer(request, 200, NULL, 0), PLAIT_ERR_TYPE);
    STATUS(plait_ftp_request_pass(request, NULL, 0), PLAIT_ERR_TYPE);
    STATUS(plait_ftp_request_accept(request, &bad), PLAIT_ERR_INVALID);
    bad.root = bytes(root);
    bad.file_mode = 07777;
    STATUS(plait_ftp_request_accept(request, &bad), PLAIT_ERR_INVALID);
    if (!strcmp(login->password, "right")) {
        OK(plait_ftp_request_accept(request, &avatar));
        STATUS(plait_ftp_request_refuse(request), PLAIT_ERR_STALE);
    } else {
        OK(plait_ftp_request_refuse(request));
    }
    OK(plait_ftp_server_get_session(conn, &session));
    SAME(session.flags, 0);
    SAME(session.name.len, strlen(login->name));
}

static void on_transferred(void *user, plait_conn conn, const plait_ftp_transfer *transfer) {
    (void)user;
    (void)conn;
    note("%u %.*s %llu+%llu %d %u", transfer->kind, (int)transfer->path.len, (const char *)transfer->path.data,
         (unsigned long long)transfer->offset, (unsigned long long)transfer->moved, transfer->status, transfer->code);
}

static void answer_late(void *user, plait_timer timer) {
    (void)user;
    (void)timer;
    OK(plait_ftp_request_answer(late, 211, (const uint8_t *)"at\nlast", 7));
}

static void on_command(void *user, plait_conn conn, plait_ftp_request request, const char *name, const uint8_t *params,
                       size_t len) {
    plait_timer timer;

    (void)user;
    note("%s %.*s", name, (int)len, (const char *)params);
    OK(plait_ftp_server_get_session(conn, &session));
    note("%u %.*s", session.flags, (int)session.directory.len, (const char *)session.directory.data);
    if (!strcmp(name, "SIZE")) {
        STATUS(plait_ftp_request_pass(request, (const uint8_t *)"a\nb", 3), PLAIT_ERR_INVALID);
        OK(plait_ftp_request_pass(request, (const uint8_t *)"file", 4));
        return;
    }
    STATUS(plait_ftp_request_answer(request, 99, NULL, 0), PLAIT_ERR_INVALID);
    late = request;
    OK(plait_timer_start(reactor, 1, 0, answer_late, NULL, &timer));
}

/* ---- the client ---- */

static void *client(void *nothing) {
    int fd = dial(port), data;

    (void)nothing;
    reply(fd, 220);
    say(fd, 331, "USER me");
    say(fd, 530, "PASS wrong");
    say(fd, 331, "USER me");
    say(fd, 230, "PASS right");
    CHECK(!strcmp(say(fd, 257, "PWD"), "257 \"/sub\"\r"));
    data = passive(fd);
    say(fd, 125, "STOR file");
    send_block(data, sizeof block);
    reply(fd, 226);
    CHECK(!strcmp(say(fd, 213, "SIZE whatever"), "213 600000\r"));
    say(fd, 211, "HELLO you");
    data = passive(fd);
    CHECK(send(fd, "RETR file\r\n", 11, 0) == 11);
    SAME(read_all(data), sizeof block);
    CHECK(!memcmp(read_back, block, sizeof block));
    reply(fd, 125);
    reply(fd, 226);
    say(fd, 350, "REST 599998");
    data = passive(fd);
    say(fd, 125, "RETR file");
    SAME(read_all(data), 2);
    reply(fd, 226);
    data = passive(fd);
    say(fd, 550, "RETR ../../etc/passwd");
    close(data);
    say(fd, 504, "PORT 127,0,0,2,200,1");
    data = passive(fd);
    say(fd, 125, "NLST");
    SAME(read_all(data), 6);
    reply(fd, 226);
    /* A reset in the midst of an upload is no upload. */
    data = passive(fd);
    say(fd, 125, "STOR broken");
    CHECK(send(data, block, 1000, 0) == 1000);
    {
        struct linger hard = {1, 0};
        setsockopt(data, SOL_SOCKET, SO_LINGER, &hard, sizeof hard);
    }
    close(data);
    reply(fd, 426);
    say(fd, 221, "QUIT");
    close(fd);
    __atomic_store_n(&is_done, 1, __ATOMIC_RELEASE);
    return NULL;
}

int main(void) {
    plait_ftp_server_options options = PLAIT_FTP_SERVER_OPTIONS_INIT;
    plait_ftp_server_handler handler = PLAIT_FTP_SERVER_HANDLER_INIT;
    plait_listener listener;
    pthread_t thread;
    struct stat stat_of;
    char path[128], *broken;

    snprintf(root, sizeof root, "/tmp/plait-ftp-c-%d", (int)getpid());
    CHECK(mkdir(root, 0755) == 0);
    snprintf(path, sizeof path, "%s/sub", root);
    CHECK(mkdir(path, 0755) == 0);
    OK(plait_reactor_new(&reactor, NULL));
    options.passive_first = 2;
    STATUS(plait_ftp_server_factory_new(&factory, &options, NULL, NULL), PLAIT_ERR_INVALID);
    options.passive_first = 0;
    options.welcome = bytes("two\nlines");
    STATUS(plait_ftp_server_factory_new(&factory, &options, NULL, NULL), PLAIT_ERR_INVALID);
    options.welcome = bytes("hello");
    options.passive_address = bytes("::1");
    STATUS(plait_ftp_server_factory_new(&factory, &options, NULL, NULL), PLAIT_ERR_INVALID);
    options.passive_address = bytes("10.0.0.1");
    options.delay_ms = 1;
    handler.login = on_login;
    handler.transferred = on_transferred;
    handler.release = note_release;
    OK(plait_ftp_server_factory_new(&factory, &options, &handler, &is_done));
    STATUS(plait_ftp_server_factory_add_command(factory, "TOO LONG", 0, on_command), PLAIT_ERR_INVALID);
    STATUS(plait_ftp_server_factory_add_command(factory, "HELLO", 2, on_command), PLAIT_ERR_INVALID);
    OK(plait_ftp_server_factory_add_command(factory, "hello", PLAIT_FTP_COMMAND_PUBLIC, on_command));
    OK(plait_ftp_server_factory_add_command(factory, "SIZE", 0, on_command));
    OK(plait_ftp_server_factory_add_command(factory, "NOOP", 0, on_command));
    OK(plait_ftp_server_factory_add_command(factory, "NOOP", 0, NULL));
    OK(plait_listen(reactor, "tcp:0:interface=127.0.0.1", factory, NULL, &listener));
    port = plait_listener_get_port(listener);
    CHECK(pthread_create(&thread, NULL, client, NULL) == 0);
    UNTIL(reactor, __atomic_load_n(&is_done, __ATOMIC_ACQUIRE));
    CHECK(pthread_join(thread, NULL) == 0);
    broken = strstr(journal, "2 /sub/broken 0+1000 ");
    CHECK(broken && strstr(broken, " 426|"));
    *broken = 0;
    HEARD("login me wrong 0|login me right 0|2 /sub/file 0+600000 0 226|SIZE whatever|1 /sub|HELLO you|1 /sub|"
          "1 /sub/file 0+600000 0 226|1 /sub/file 599998+2 0 226|4 /sub 0+6 0 226|");
    snprintf(path, sizeof path, "%s/sub/file", root);
    CHECK(stat(path, &stat_of) == 0);
    SAME(stat_of.st_mode & 0777, 0600);
    unlink(path);
    snprintf(path, sizeof path, "%s/sub/broken", root);
    unlink(path);
    snprintf(path, sizeof path, "%s/sub", root);
    CHECK(rmdir(path) == 0 && rmdir(root) == 0);
    OK(plait_reactor_free(reactor));
    OK(plait_factory_release(factory));
    SAME(released_count, 1);
    printf("ok\n");
    return 0;
}
