/* A server's side of IRC: however its bytes are cut, a client hears and answers the same, one by one and in rows; and
 * what it knows of channels is in order. */
#include "fuzz.h"

struct host {
    struct journal heard, answered;
    uint8_t sent[1 << 16];
    size_t sent_len;
    plait_conn conn;
};

static size_t keep(void *user, plait_conn conn, const uint8_t *data, size_t len) {
    struct host *host = user;
    (void)conn;
    if (len > sizeof host->sent - host->sent_len) len = sizeof host->sent - host->sent_len;
    memcpy(host->sent + host->sent_len, data, len);
    host->sent_len += len;
    return len;
}

/* What is known of a channel: asked for in a callback. */
static void look(struct host *host, plait_conn conn, plait_bytes channel) {
    static uint8_t room[1 << 16];
    size_t len = 0;
    int (*const ask[])(plait_conn, const uint8_t *, size_t, uint8_t *, size_t, size_t *) = {
        plait_irc_get_members, plait_irc_get_topic, plait_irc_get_modes, plait_irc_get_feature};
    for (size_t index = 0; index < sizeof ask / sizeof *ask; index++) {
        int status = ask[index](conn, channel.data, channel.len, room, sizeof room, &len);
        MUST(status == 0 || status == PLAIT_ERR_ABSENT || status == PLAIT_ERR_OVERFLOW || status == PLAIT_ERR_INVALID);
        if (status == 0) write_down(&host->heard, 'k', room, len);
    }
}

static void on_answer(void *user, plait_conn conn, const plait_irc_answer *answer, const plait_reason *reason) {
    struct host *host = user;
    uint32_t numbers[4] = {answer->question, (uint32_t)answer->count, (uint32_t)-reason->status,
                           (uint32_t)reason->code};
    (void)conn;
    MUST(reason->status == 0 || answer->count == 0);
    write_down(&host->answered, 'a', (const uint8_t *)numbers, sizeof numbers);
    write_down(&host->answered, 'l', answer->lines.data, answer->lines.len);
    for (size_t index = 0; index < answer->count; index++) {
        const plait_bytes *part = &answer->entries[index].nick;
        for (int field = 0; field < 9; field++) write_down(&host->answered, 'f', part[field].data, part[field].len);
    }
}

static void write_event(struct host *host, const uint32_t *numbers, const plait_bytes *parts) {
    write_down(&host->heard, 'n', (const uint8_t *)numbers, 16);
    for (int index = 0; index < 6; index++) write_down(&host->heard, 'p', parts[index].data, parts[index].len);
}
static void on_event(void *user, plait_conn conn, const plait_irc_event *event) {
    struct host *host = user;
    uint32_t numbers[4] = {event->kind, event->flags, event->kind == PLAIT_IRC_ON_PONG ? 0 : event->number,
                           event->batch};
    plait_bytes parts[6] = {event->source, event->nick, event->target, event->text, event->argument, event->line};
    write_event(host, numbers, parts);
    look(host, conn, event->target);
    if (event->kind == PLAIT_IRC_ON_PRIVMSG && event->nick.len) {
        int status =
            plait_irc_say(conn, PLAIT_IRC_NOTICE, event->nick.data, event->nick.len, event->text.data, event->text.len);
        MUST(status >= 0 || status == PLAIT_ERR_VALUE || status == PLAIT_ERR_TOO_LONG || status == PLAIT_ERR_LIMIT ||
             status == PLAIT_ERR_CLOSED);
        status = plait_irc_call(conn, event->flags % 4 ? PLAIT_IRC_WHOIS : (uint32_t)event->text.len % 4,
                                event->nick.data, event->nick.len, 0, on_answer, host, NULL);
        MUST(status == 0 || status == PLAIT_ERR_VALUE || status == PLAIT_ERR_INVALID || status == PLAIT_ERR_TOO_LONG ||
             status == PLAIT_ERR_LIMIT || status == PLAIT_ERR_CLOSED || status == PLAIT_ERR_BOUND);
    }
}
static void on_events(void *user, plait_conn conn, const uint8_t *data, size_t len, const uint32_t *rows,
                      size_t count) {
    struct host *host = user;
    (void)conn;
    for (size_t index = 0; index < count; index++, rows += PLAIT_IRC_ROW_LENGTH) {
        uint32_t numbers[4] = {rows[0], rows[1], rows[0] == PLAIT_IRC_ON_PONG ? 0 : rows[2], rows[14]};
        plait_bytes parts[6] = {{data + rows[4], rows[5]}, {data + rows[4], rows[3]},   {data + rows[6], rows[7]},
                                {data + rows[8], rows[9]}, {data + rows[10], rows[11]}, {data + rows[12], rows[13]}};
        for (int part = 4; part < 14; part += 2) MUST((size_t)rows[part] + rows[part + 1] <= len);
        MUST(rows[3] <= rows[5]);
        write_event(host, numbers, parts);
    }
}
static void disconnected(void *user, plait_conn conn, const plait_reason *reason) {
    struct host *host = user;
    uint8_t words[2] = {(uint8_t)-reason->status, (uint8_t)reason->code};
    (void)conn;
    write_down(&host->heard, 'e', words, sizeof words);
    host->heard.ended = 1;
}

static void run(struct host *host, unsigned how, int in_rows, const uint8_t *data, size_t len, size_t piece) {
    plait_reactor reactor = new_reactor(PLAIT_REACTOR_WITHOUT_LOOP | PLAIT_REACTOR_MANUAL_CLOCK);
    plait_irc_options options = PLAIT_IRC_OPTIONS_INIT;
    plait_irc_handler handler = PLAIT_IRC_HANDLER_INIT;
    plait_transport_ops ops = PLAIT_TRANSPORT_OPS_INIT;
    plait_irc_event_fn *entry = &handler.signed_on;
    plait_factory factory = {0};
    size_t at = 0;

    memset(host, 0, sizeof *host);
    options.flags = how & 1 ? PLAIT_IRC_REGAIN | PLAIT_IRC_REJOIN : PLAIT_IRC_SASL_OPTIONAL;
    options.nick.data = (const uint8_t *)"me";
    options.nick.len = 2;
    options.max_line = 600;
    options.max_waiting = 100;
    if (how & 2) {
        options.mechanisms = PLAIT_IRC_PLAIN | PLAIT_IRC_SCRAM_SHA_256;
        options.sasl_name = options.sasl_password = options.nick;
    }
    for (int kind = PLAIT_IRC_ON_SIGNED_ON; kind <= PLAIT_IRC_ON_TOO_LONG; kind++) entry[kind] = on_event;
    if (in_rows) handler.events = on_events;
    handler.disconnected = disconnected;
    ops.write = keep;
    MUST(plait_irc_factory_new(&factory, &options, &handler, host) == 0);
    MUST(plait_conn_attach(reactor, factory, &ops, host, &host->conn) == 0);
    while (at < len && !host->heard.ended) {
        size_t more = len - at < piece ? len - at : piece;
        int status = feed(host->conn, data + at, more);
        MUST(status >= 0 || status == PLAIT_ERR_STALE || status == PLAIT_ERR_CLOSED);
        at += more;
    }
    plait_reactor_free(reactor);
    plait_factory_release(factory);
    MUST(host->heard.ended);
}

static void same(struct host *one, struct host *other, int nonce) {
    MUST(one->heard.len == other->heard.len &&
         (!one->heard.len || memcmp(one->heard.data, other->heard.data, one->heard.len) == 0));
    MUST(nonce || (one->sent_len == other->sent_len && memcmp(one->sent, other->sent, one->sent_len) == 0));
    MUST(one->answered.len == other->answered.len &&
         (!one->answered.len || memcmp(one->answered.data, other->answered.data, one->answered.len) == 0));
    free(one->answered.data);
    free(other->answered.data);
    free(one->heard.data);
    free(other->heard.data);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len) {
    static struct host one, other;
    struct input input = {data, len};
    unsigned how = take(&input) % 4;

    /* SCRAM says something else each time. */
    run(&one, how, 0, input.data, input.len, input.len);
    run(&other, how, 0, input.data, input.len, 1);
    same(&one, &other, (how & 2) != 0);
    run(&one, how, 1, input.data, input.len, input.len);
    run(&other, how, 1, input.data, input.len, 7);
    same(&one, &other, (how & 2) != 0);
    return 0;
}
