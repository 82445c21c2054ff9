/* An FTP session's commands: however a client's bytes are cut, the same is answered. Users see a directory that cannot
 * be changed. */
#include "fuzz.h"
#include <sys/stat.h>

static char root[] = "/tmp/plait-fuzz-ftp";

struct seen {
    uint8_t bytes[1 << 20];
    size_t len;
    int connected, ended;
};

static void on_login(void *user, plait_conn conn, plait_ftp_request request, const plait_ftp_login *login) {
    plait_ftp_avatar avatar = PLAIT_FTP_AVATAR_INIT;

    (void)user;
    (void)conn;
    avatar.root.data = (const uint8_t *)root;
    avatar.root.len = strlen(root);
    avatar.flags = PLAIT_FTP_READ_ONLY;
    if (login->password[0] == 'n')
        MUST(plait_ftp_request_refuse(request) == 0);
    else
        MUST(plait_ftp_request_accept(request, &avatar) == 0);
}
static void on_command(void *user, plait_conn conn, plait_ftp_request request, const char *name, const uint8_t *params,
                       size_t len) {
    (void)user;
    (void)conn;
    (void)name;
    if (len > 0 && params[0] == 'p')
        MUST(plait_ftp_request_pass(request, params, len) == 0);
    else
        MUST(plait_ftp_request_answer(request, 200, params, len) == 0);
}
static void connected(void *user, plait_conn conn) {
    (void)conn;
    ((struct seen *)user)->connected++;
}
static void disconnected(void *user, plait_conn conn, const plait_reason *reason) {
    (void)conn;
    (void)reason;
    ((struct seen *)user)->ended++;
}
static size_t take_reply(void *user, plait_conn conn, const uint8_t *bytes, size_t len) {
    struct seen *seen = user;

    (void)conn;
    MUST(seen->len + len <= sizeof seen->bytes);
    memcpy(seen->bytes + seen->len, bytes, len);
    seen->len += len;
    return len;
}

static void run(struct input input, size_t step, struct seen *seen) {
    plait_reactor reactor = new_reactor(PLAIT_REACTOR_WITHOUT_LOOP);
    plait_factory factory = {0};
    plait_conn conn = {0};
    plait_ftp_server_options options = PLAIT_FTP_SERVER_OPTIONS_INIT;
    plait_ftp_server_handler handler = PLAIT_FTP_SERVER_HANDLER_INIT;
    plait_transport_ops ops = PLAIT_TRANSPORT_OPS_INIT;

    options.max_line = 64;
    handler.connected = connected;
    handler.disconnected = disconnected;
    handler.login = on_login;
    ops.write = take_reply;
    MUST(plait_ftp_server_factory_new(&factory, &options, &handler, seen) == 0);
    MUST(plait_ftp_server_factory_add_command(factory, "SITE", PLAIT_FTP_COMMAND_PUBLIC, on_command) == 0);
    MUST(plait_conn_attach(reactor, factory, &ops, seen, &conn) == 0);
    while (input.len) {
        struct input part = take_bytes(&input, step);
        int status = feed(conn, part.data, part.len);
        MUST(status == 0 || status == PLAIT_ERR_STALE);
    }
    MUST(plait_reactor_advance(reactor, 2000000) == 0);
    MUST(plait_reactor_free(reactor) == 0);
    plait_factory_release(factory);
    MUST(seen->connected == 1 && seen->ended == 1);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len) {
    static struct seen whole, cut;
    struct input input = {bytes, len};
    size_t step = 1 + take(&input) % 8;

    mkdir(root, 0755);
    memset(&whole, 0, sizeof whole);
    memset(&cut, 0, sizeof cut);
    run(input, input.len ? input.len : 1, &whole);
    run(input, step, &cut);
    MUST(whole.len == cut.len);
    MUST(!memcmp(whole.bytes, cut.bytes, cut.len));
    return 0;
}
