/* ident, both sides: whatever comes, cut in whatever way, the same is said and heard; every query ends once. */
#include "fuzz.h"

struct host {
    struct journal journal, sent;
    int asked, ended;
    int open;
};
static struct host *current;

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
static void lookup(void *user, plait_conn conn, uint64_t query, uint32_t local, uint32_t remote) {
    (void)user;
    MUST(local >= 1 && local <= 65535 && remote >= 1 && remote <= 65535);
    int status = local % 2 ? plait_ident_answer(conn, query, (const uint8_t *)"user", 4)
                           : plait_ident_answer_error(conn, query, 1 + local % 4);
    MUST(status == 0 || status == PLAIT_ERR_CLOSED);
}
static void on_reply(void *user, plait_conn conn, const plait_ident_reply *reply) {
    (void)user;
    (void)conn;
    current->ended++;
    write_down(&current->journal, 's', (const uint8_t *)&reply->status, 4);
    write_down(&current->journal, 'e', (const uint8_t *)&reply->error, 4);
    write_down(&current->journal, 'o', reply->system.data, reply->system.len);
    write_down(&current->journal, 'c', reply->charset.data, reply->charset.len);
    write_down(&current->journal, 'u', reply->user_id.data, reply->user_id.len);
}

static void run(struct input input, size_t step, int serves, struct host *host) {
    plait_reactor reactor = new_reactor(PLAIT_REACTOR_WITHOUT_LOOP);
    plait_factory factory = {0};
    plait_conn conn = {0};
    plait_transport_ops ops = PLAIT_TRANSPORT_OPS_INIT;
    plait_ident_server_handler handler = PLAIT_IDENT_SERVER_HANDLER_INIT;

    current = host;
    ops.write = keep;
    handler.lookup = lookup;
    if (serves)
        MUST(plait_ident_server_factory_new(&factory, NULL, &handler, host) == 0);
    else
        MUST(plait_ident_factory_new(&factory, NULL, NULL, host) == 0);
    MUST(plait_conn_attach(reactor, factory, &ops, host, &conn) == 0);
    MUST(plait_reactor_poll(reactor, 0) == 0);
    for (uint32_t port = 1; !serves && port < 6; port++) {
        MUST(plait_ident_call(conn, port, 9, 0, on_reply, NULL, NULL) == 0);
        host->asked++;
    }
    while (input.len) {
        struct input part = take_bytes(&input, step);
        int status = feed(conn, part.data, part.len);
        MUST(status == 0 || status == PLAIT_ERR_STALE);
    }
    MUST(plait_reactor_free(reactor) == 0);
    MUST(host->asked == host->ended);
    plait_factory_release(factory);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len) {
    struct input input = {bytes, len};
    struct host whole = {0}, cut = {0};
    int serves = take(&input) & 1;
    size_t step = 1 + take(&input) % 8;

    run(input, input.len ? input.len : 1, serves, &whole);
    run(input, step, serves, &cut);
    MUST(whole.journal.len == cut.journal.len && whole.sent.len == cut.sent.len);
    MUST(!whole.journal.len || !memcmp(whole.journal.data, cut.journal.data, cut.journal.len));
    MUST(!whole.sent.len || !memcmp(whole.sent.data, cut.sent.data, cut.sent.len));
    free(whole.journal.data);
    free(cut.journal.data);
    free(whole.sent.data);
    free(cut.sent.data);
    return 0;
}
