/* What an FTP server replies, and what it lists: however the bytes are cut, the calls come to the same. */
#include "fuzz.h"

struct seen {
    char words[1 << 16];
    size_t len;
    int ended, done, begun;
};

static void note(struct seen *seen, long long number) {
    if (seen->len + 32 < sizeof seen->words) seen->len += (size_t)sprintf(seen->words + seen->len, "%lld ", number);
}
static void on_done(void *user, plait_conn conn, const plait_reason *reason, const plait_ftp_client_result *result) {
    struct seen *seen = user;
    size_t i;

    (void)conn;
    MUST(reason->text && reason->text[0]);
    seen->done++;
    note(seen, reason->status);
    note(seen, result->code);
    note(seen, result->number);
    for (i = 0; i < result->value.len; i++) note(seen, result->value.data[i]);
    for (i = 0; i < result->reply.len; i += 16) note(seen, result->reply.data[i]);
}
static void on_end(void *user, plait_conn conn, const plait_reason *reason) {
    (void)conn;
    note(user, reason->status);
    ((struct seen *)user)->ended++;
}
static size_t take_said(void *user, plait_conn conn, const uint8_t *data, size_t len) {
    (void)user;
    (void)conn;
    MUST(len > 1 && data[len - 1] == '\n');
    return len;
}

static void ask(plait_conn conn, uint32_t command, struct seen *seen) {
    plait_ftp_client_request request = PLAIT_FTP_CLIENT_REQUEST_INIT;
    int status;

    request.command = command;
    request.path.data = (const uint8_t *)"x";
    request.path.len = command == PLAIT_FTP_PWD || command == PLAIT_FTP_FEAT ? 0 : 1;
    status = plait_ftp_client_call(conn, &request, on_done, seen, NULL);
    MUST(status == 0 || status == PLAIT_ERR_STALE || status == PLAIT_ERR_CLOSED);
    if (status == 0) seen->begun++;
}

static void run(struct input input, size_t step, int logs_in, struct seen *seen) {
    plait_reactor reactor = new_reactor(PLAIT_REACTOR_WITHOUT_LOOP);
    plait_factory factory = {0};
    plait_conn conn = {0};
    plait_ftp_client_options options = PLAIT_FTP_CLIENT_OPTIONS_INIT;
    plait_ftp_client_handler handler = PLAIT_FTP_CLIENT_HANDLER_INIT;
    plait_transport_ops ops = PLAIT_TRANSPORT_OPS_INIT;

    options.max_line = 64;
    options.max_reply = 256;
    if (!logs_in) options.flags = PLAIT_FTP_CLIENT_WITHOUT_LOGIN;
    handler.disconnected = on_end;
    ops.write = take_said;
    MUST(plait_ftp_client_factory_new(&factory, &options, &handler, seen) == 0);
    MUST(plait_conn_attach(reactor, factory, &ops, seen, &conn) == 0);
    ask(conn, PLAIT_FTP_PWD, seen);
    ask(conn, PLAIT_FTP_SIZE, seen);
    ask(conn, PLAIT_FTP_MDTM, seen);
    ask(conn, PLAIT_FTP_MLST, seen);
    ask(conn, PLAIT_FTP_FEAT, seen);
    ask(conn, PLAIT_FTP_LIST_LONG, seen);
    ask(conn, PLAIT_FTP_MKD, seen);
    while (input.len) {
        struct input part = take_bytes(&input, step);
        int status = feed(conn, part.data, part.len);
        MUST(status == 0 || status == PLAIT_ERR_STALE);
    }
    MUST(plait_reactor_free(reactor) == 0);
    plait_factory_release(factory);
    MUST(seen->ended == 1 && seen->done == seen->begun);
}

static void list(struct input input) {
    while (input.len) {
        plait_ftp_line entry = PLAIT_FTP_LINE_INIT;
        size_t used = 0;

        MUST(plait_ftp_line_parse(input.data, input.len, 1795435200, &entry, &used) == 0);
        MUST(used > 0 && used <= input.len);
        MUST(entry.name.len <= used && entry.target.len <= used && entry.facts.len <= used);
        MUST(!entry.name.len ||
             (entry.name.data >= input.data && entry.name.data + entry.name.len <= input.data + used));
        input.data += used;
        input.len -= used;
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len) {
    static struct seen whole, cut;
    struct input input = {bytes, len};
    size_t how = take(&input), step = 1 + how % 8;

    if (how >= 192) {
        list(input);
        return 0;
    }
    memset(&whole, 0, sizeof whole);
    memset(&cut, 0, sizeof cut);
    run(input, input.len ? input.len : 1, how & 8, &whole);
    run(input, step, how & 8, &cut);
    MUST(whole.len == cut.len && !memcmp(whole.words, cut.words, cut.len));
    return 0;
}
