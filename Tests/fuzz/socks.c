/* SOCKS, both sides: whatever comes, cut in whatever way, the same is asked, said and heard. */
#include "fuzz.h"

struct host {
    struct journal journal, sent;
};

static size_t keep(void *user, plait_conn conn, const uint8_t *bytes, size_t len) {
    struct host *host = user;
    (void)conn;
    if (host->sent.len + len > host->sent.cap) {
        host->sent.cap = 2 * (host->sent.len + len);
        host->sent.data = realloc(host->sent.data, host->sent.cap);
    }
    memcpy(host->sent.data + host->sent.len, bytes, len);
    host->sent.len += len;
    return len;
}
static void note(struct host *host, char kind, const plait_socks_request *request) {
    MUST(request->host.len <= 255 && request->user.len <= 255 && request->password.len <= 255);
    MUST(request->port <= 65535);
    write_down(&host->journal, kind, request->host.data, request->host.len);
    write_down(&host->journal, 'u', request->user.data, request->user.len);
    write_down(&host->journal, 'p', request->password.data, request->password.len);
    write_down(&host->journal, 'n', (const uint8_t *)&request->version, 12); /* version, command, port */
}
static void login(void *user, plait_conn conn, uint64_t question, const plait_socks_request *request) {
    note(user, 'l', request);
    MUST(plait_socks_server_answer(conn, question, request->user.len == 1) == 0);
}
static void request(void *user, plait_conn conn, uint64_t question, const plait_socks_request *request) {
    note(user, 'r', request);
    if (request->port % 4) MUST(plait_socks_server_answer(conn, question, request->port % 4) == 0);
    MUST(plait_socks_server_answer(conn, question + 1, 0) < 0);
}
static void opened(void *user, plait_conn conn) {
    struct host *host = user;
    (void)conn;
    write_down(&host->journal, 'o', NULL, 0);
}
static void data(void *user, plait_conn conn, const uint8_t *bytes, size_t len) {
    struct host *host = user;
    (void)conn;
    for (size_t i = 0; i < len; i++) write_down(&host->journal, 'd', bytes + i, 1);
}

static plait_factory make(int serves, uint8_t how, struct host *host) {
    plait_factory factory = {0}, by = {0};
    plait_socks_server_handler server = PLAIT_SOCKS_SERVER_HANDLER_INIT;
    plait_socks_server_options options = PLAIT_SOCKS_SERVER_OPTIONS_INIT;
    plait_socks_options target = PLAIT_SOCKS_OPTIONS_INIT;
    plait_raw_handler raw = PLAIT_RAW_HANDLER_INIT;

    if (serves) {
        options.flags = how & 1 ? PLAIT_SOCKS_NEEDS_LOGIN : 0;
        if (how & 2) server.login = login;
        server.request = request;
        MUST(plait_socks_server_factory_new(&factory, &options, &server, host) == 0);
        return factory;
    }
    raw.connected = opened;
    raw.data = data;
    target.host = how & 1 ? "1.2.3.4" : "a.example";
    target.port = 80;
    target.version = how & 2 ? PLAIT_SOCKS_4A : PLAIT_SOCKS_5;
    if (how & 4) target.user = "me";
    MUST(plait_raw_factory_new(&factory, &raw, host) == 0);
    MUST(plait_socks_factory_new(&by, factory, &target, NULL) == 0);
    plait_factory_release(factory);
    return by;
}

static void run(struct input input, size_t step, int serves, uint8_t how, struct host *host) {
    plait_reactor reactor = new_reactor(PLAIT_REACTOR_WITHOUT_LOOP);
    plait_factory factory = make(serves, how, host);
    plait_conn conn = {0};
    plait_transport_ops ops = PLAIT_TRANSPORT_OPS_INIT;

    ops.write = keep;
    MUST(plait_conn_attach(reactor, factory, &ops, host, &conn) == 0);
    MUST(plait_reactor_poll(reactor, 0) == 0);
    while (input.len) {
        struct input part = take_bytes(&input, step);
        int status = feed(conn, part.data, part.len);
        MUST(status == 0 || status == PLAIT_ERR_STALE);
    }
    MUST(plait_reactor_free(reactor) == 0);
    plait_factory_release(factory);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len) {
    struct input input = {bytes, len};
    struct host whole = {0}, cut = {0};
    uint8_t how = take(&input);
    size_t step = 1 + take(&input) % 8;

    run(input, input.len ? input.len : 1, how & 1, how >> 1, &whole);
    run(input, step, how & 1, how >> 1, &cut);
    MUST(whole.journal.len == cut.journal.len && whole.sent.len == cut.sent.len);
    MUST(!whole.journal.len || !memcmp(whole.journal.data, cut.journal.data, cut.journal.len));
    MUST(!whole.sent.len || !memcmp(whole.sent.data, cut.sent.data, cut.sent.len));
    free(whole.journal.data);
    free(cut.journal.data);
    free(whole.sent.data);
    free(cut.sent.data);
    return 0;
}
