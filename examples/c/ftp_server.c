/* An FTP server:  ftp_server [ENDPOINT [DIRECTORY]]
 *
 * Anonymous users read the directory; "me" with the password "secret" may change it, too, and asks for the time by a
 * command that no other server has. Then: curl ftp://127.0.0.1:2121/ curl -T FILE ftp://me:secret@127.0.0.1:2121/ -Q
 * TIME */
#include <plait/plait.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

static plait_bytes bytes(const char *text) {
    plait_bytes made = {NULL, 0};

    made.data = (const uint8_t *)text;
    made.len = strlen(text);
    return made;
}

/* `user` is the directory. The answer could also come later: when somebody else was asked, say. */
static void on_login(void *user, plait_conn conn, plait_ftp_request request, const plait_ftp_login *login) {
    plait_ftp_avatar avatar = PLAIT_FTP_AVATAR_INIT;

    (void)conn;
    avatar.root = bytes((const char *)user);
    if (!strcmp(login->name, "me") && !strcmp(login->password, "secret"))
        plait_ftp_request_accept(request, &avatar);
    else
        plait_ftp_request_refuse(request);
}

static void on_time(void *user, plait_conn conn, plait_ftp_request request, const char *name, const uint8_t *params,
                    size_t len) {
    char text[64];
    int size = snprintf(text, sizeof text, "It is %lld", (long long)time(NULL));

    (void)user;
    (void)conn;
    (void)name;
    (void)params;
    (void)len;
    plait_ftp_request_answer(request, 200, (const uint8_t *)text, (size_t)size);
}

static void on_transferred(void *user, plait_conn conn, const plait_ftp_transfer *transfer) {
    (void)user;
    (void)conn;
    printf("%.*s: %d bytes, %s\n", (int)transfer->path.len, (const char *)transfer->path.data, (int)transfer->moved,
           transfer->status == 0 ? "done" : "failed");
    fflush(stdout);
}

int main(int argc, char **argv) {
    plait_reactor reactor = {0};
    plait_factory factory = {0};
    plait_listener listener = {0};
    plait_ftp_server_options options = PLAIT_FTP_SERVER_OPTIONS_INIT;
    plait_ftp_server_handler handler = PLAIT_FTP_SERVER_HANDLER_INIT;
    const char *endpoint = argc > 1 ? argv[1] : "tcp:2121:interface=127.0.0.1";
    const char *directory = argc > 2 ? argv[2] : ".";
    int status;

    options.anonymous_root = bytes(directory);
    handler.login = on_login;
    handler.transferred = on_transferred;
    if ((status = plait_reactor_new(&reactor, NULL)) == 0 &&
        (status = plait_ftp_server_factory_new(&factory, &options, &handler, (void *)directory)) == 0 &&
        (status = plait_ftp_server_factory_add_command(factory, "TIME", 0, on_time)) == 0 &&
        (status = plait_listen(reactor, endpoint, factory, NULL, &listener)) == 0) {
        printf("listening on port %d\n", plait_listener_get_port(listener));
        fflush(stdout);
        status = plait_reactor_run(reactor);
    }
    if (status < 0) fprintf(stderr, "%s\n", plait_strerror(status));
    plait_reactor_free(reactor);
    plait_factory_release(factory);
    return status < 0;
}
