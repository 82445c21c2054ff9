/* The IRC client, fed by hand: registration, SASL, events one by one and in rows, state, sending, ends. */
#include "attached.h"

#define BYTES(text) (const uint8_t *)(text), strlen(text)

static int ended_with = 1;
static char heard[4096];
static char long_line[512];

static plait_bytes bytes(const char *text) {
    plait_bytes part;
    part.data = (const uint8_t *)text;
    part.len = strlen(text);
    return part;
}

static void on_event(void *user, plait_conn conn, const plait_irc_event *event) {
    size_t used = strlen(heard);
    (void)user;
    (void)conn;
    SAME(event->struct_size, sizeof *event);
    snprintf(heard + used, sizeof heard - used, "%u %.*s %.*s %.*s;", (unsigned)event->kind, (int)event->nick.len,
             (const char *)event->nick.data, (int)event->target.len, (const char *)event->target.data,
             (int)event->text.len, (const char *)event->text.data);
}
static void on_events(void *user, plait_conn conn, const uint8_t *data, size_t len, const uint32_t *rows,
                      size_t count) {
    size_t index;
    (void)user;
    (void)conn;
    for (index = 0; index < count; index++, rows += PLAIT_IRC_ROW_LENGTH) {
        size_t used = strlen(heard);
        CHECK(rows[12] + rows[13] <= len);
        snprintf(heard + used, sizeof heard - used, "%u %.*s %.*s %.*s;", (unsigned)rows[0], (int)rows[3],
                 (const char *)data + rows[4], (int)rows[7], (const char *)data + rows[6], (int)rows[9],
                 (const char *)data + rows[8]);
    }
}
static void on_disconnected(void *user, plait_conn conn, const plait_reason *reason) {
    (void)user;
    (void)conn;
    ended_with = reason->status;
}

static plait_conn attach(plait_factory factory) {
    plait_transport_ops ops = PLAIT_TRANSPORT_OPS_INIT;
    plait_conn conn = {0};
    ops.write = on_write;
    sent[0] = heard[0] = 0;
    ended_with = 1;
    OK(plait_conn_attach(reactor, factory, &ops, NULL, &conn));
    OK(plait_reactor_poll(reactor, 0));
    return conn;
}
static void feed(plait_conn conn, const char *text) {
    OK(plait_conn_feed(conn, BYTES(text)));
    OK(plait_reactor_poll(reactor, 0));
}
static int wrote(const char *text) {
    int same = !strcmp(sent, text);
    if (!same) fprintf(stderr, "wrote: %s\n", sent);
    sent[0] = 0;
    return same;
}

static plait_irc_handler all_events(void) {
    plait_irc_handler handler = PLAIT_IRC_HANDLER_INIT;
    plait_irc_event_fn *entry = &handler.signed_on;
    int kind;
    for (kind = PLAIT_IRC_ON_SIGNED_ON; kind <= PLAIT_IRC_ON_TOO_LONG; kind++) entry[kind] = on_event;
    CHECK(&entry[PLAIT_IRC_ON_OTHER] == &handler.other && &entry[PLAIT_IRC_ON_PONG] == &handler.pong);
    handler.disconnected = on_disconnected;
    return handler;
}

static void conversation(int in_rows) {
    plait_irc_options options = PLAIT_IRC_OPTIONS_INIT;
    plait_irc_handler handler = all_events();
    plait_factory factory = {0};
    plait_conn conn;
    plait_bytes parameters[2];
    uint8_t room[256];
    uint64_t lag = 0;
    size_t len = 0;

    if (in_rows) handler.events = on_events;
    options.nick = bytes("me");
    options.password = bytes("secret");
    OK(plait_irc_factory_new(&factory, &options, &handler, NULL));
    conn = attach(factory);
    CHECK(wrote("CAP LS 302\r\nPASS secret\r\nNICK me\r\nUSER me 0 * :me\r\n"));
    feed(conn, ":s CAP * LS :away-notify unknown\r\n");
    CHECK(wrote("CAP REQ :away-notify\r\n"));
    feed(conn, ":s CAP * ACK :away-notify\r\n:s 001 me :Welcome\r\n:s 005 me NETWORK=Net PREFIX=(ov)@+ :are\r\n");
    CHECK(wrote("CAP END\r\n"));
    SAME(plait_irc_get_capability(conn, BYTES("away-notify")), 1);
    SAME(plait_irc_get_capability(conn, BYTES("unknown")), 0);
    OK(plait_irc_get_feature(conn, BYTES("NETWORK"), room, sizeof room, &len));
    CHECK(len == 3 && !memcmp(room, "Net", 3));
    STATUS(plait_irc_get_feature(conn, BYTES("NONE"), room, sizeof room, &len), PLAIT_ERR_ABSENT);
    heard[0] = 0;
    feed(conn, ":me!u@h JOIN #c\r\n:s 353 me = #c :@me bob\r\n:bob!b@h PRIVMSG #c :hi \xff\r\nPING :x\r\n");
    CHECK(wrote("PONG :x\r\n"));
    CHECK(!strcmp(heard, "6 me #c ;21 s #c @me bob;1 bob #c hi \xff;"));
    OK(plait_irc_get_members(conn, BYTES("#C"), NULL, 0, &len));
    SAME(len, strlen("@me bob"));
    STATUS(plait_irc_get_members(conn, BYTES("#d"), NULL, 0, &len), PLAIT_ERR_ABSENT);
    OK(plait_irc_get_channels(conn, room, sizeof room, &len));
    CHECK(len == 2 && !memcmp(room, "#c", 2));
    OK(plait_irc_get_modes(conn, BYTES("#c"), NULL, 0, &len));
    SAME(len, 0);
    feed(conn, ":s 324 me #c +nk key\r\n:bob MODE #c +tob-n me *!*@*\r\n");
    heard[0] = 0;
    OK(plait_irc_get_modes(conn, BYTES("#c"), room, sizeof room, &len));
    CHECK(len == 7 && !memcmp(room, "+kt key", 7));
    STATUS(plait_irc_get_modes(conn, BYTES("#d"), NULL, 0, &len), PLAIT_ERR_ABSENT);
    feed(conn, ":bob TOPIC #c :new\r\n");
    OK(plait_irc_get_topic(conn, BYTES("#c"), room, sizeof room, &len));
    CHECK(len == 3 && !memcmp(room, "new", 3));
    OK(plait_irc_get_nick(conn, room, sizeof room, &len));
    SAME(len, 2);
    STATUS(plait_irc_get_lag(conn, &lag, NULL), PLAIT_ERR_ABSENT);
    OK(plait_irc_get_lag(conn, NULL, &len));
    SAME(len, 0);

    SAME(plait_irc_say(conn, PLAIT_IRC_ACTION, BYTES("#c"), BYTES("waves")), 1);
    parameters[0] = bytes("#d");
    parameters[1] = bytes("key");
    OK(plait_irc_send(conn, BYTES("JOIN"), parameters, 2, PLAIT_IRC_QUEUED));
    parameters[1] = bytes("x\r\nQUIT");
    STATUS(plait_irc_send(conn, BYTES("TOPIC"), parameters, 2, PLAIT_IRC_QUEUED), PLAIT_ERR_VALUE);
    parameters[0] = bytes("#d e");
    STATUS(plait_irc_send(conn, BYTES("TOPIC"), parameters, 2, PLAIT_IRC_QUEUED), PLAIT_ERR_VALUE);
    STATUS(plait_line_send(conn, BYTES("QUIT")), PLAIT_ERR_TYPE);
    STATUS(plait_irc_send_line(conn, BYTES("@label=7 :x A"), PLAIT_IRC_QUEUED), PLAIT_ERR_VALUE);
    STATUS(plait_irc_send_line(conn, BYTES(""), PLAIT_IRC_QUEUED), PLAIT_ERR_VALUE);
    STATUS(plait_irc_send_line(conn, BYTES("A\nB"), PLAIT_IRC_QUEUED), PLAIT_ERR_VALUE);
    STATUS(plait_irc_send_line(conn, BYTES(":me A"), PLAIT_IRC_QUEUED), PLAIT_ERR_VALUE);
    STATUS(plait_irc_send_line(conn, BYTES(" A"), PLAIT_IRC_QUEUED), PLAIT_ERR_VALUE);
    STATUS(plait_irc_send_line(conn, BYTES("A"), 2), PLAIT_ERR_INVALID);
    memset(long_line, 'A', sizeof long_line);
    STATUS(plait_irc_send_line(conn, (const uint8_t *)long_line, 511, PLAIT_IRC_QUEUED), PLAIT_ERR_TOO_LONG);
    OK(plait_reactor_poll(reactor, 0));
    CHECK(wrote("PRIVMSG #c :\x01"
                "ACTION waves\x01\r\nJOIN #d key\r\n"));
    OK(plait_irc_send_line(conn, BYTES("@label=7;+a/b TAGMSG #c"), PLAIT_IRC_QUEUED));
    OK(plait_irc_send_line(conn, BYTES("JOIN #e key"), PLAIT_IRC_URGENT));
    OK(plait_reactor_poll(reactor, 0));
    CHECK(wrote("@label=7;+a/b TAGMSG #c\r\nJOIN #e key\r\n"));
    OK(plait_irc_close(conn, BYTES("bye")));
    STATUS(plait_irc_say(conn, PLAIT_IRC_MESSAGE, BYTES("#c"), BYTES("x")), PLAIT_ERR_CLOSED);
    OK(plait_reactor_poll(reactor, 0));
    CHECK(wrote("QUIT :bye\r\n"));
    SAME(ended_with, 0);
    OK(plait_factory_release(factory));
}

static void sasl(void) {
    plait_irc_options options = PLAIT_IRC_OPTIONS_INIT;
    plait_irc_handler handler = PLAIT_IRC_HANDLER_INIT;
    plait_factory factory = {0};
    plait_conn conn;

    handler.disconnected = on_disconnected;
    options.nick = bytes("me");
    options.mechanisms = PLAIT_IRC_PLAIN;
    STATUS(plait_irc_factory_new(&factory, &options, &handler, NULL), PLAIT_ERR_VALUE); /* whose password? */
    options.sasl_name = bytes("user");
    options.sasl_password = bytes("pencil");
    OK(plait_irc_factory_new(&factory, &options, &handler, NULL));
    conn = attach(factory);
    sent[0] = 0;
    feed(conn, ":s CAP * LS :sasl=PLAIN\r\n:s CAP * ACK :sasl\r\nAUTHENTICATE +\r\n:s 903 me :done\r\n");
    CHECK(wrote("CAP REQ :sasl\r\nAUTHENTICATE PLAIN\r\nAUTHENTICATE AHVzZXIAcGVuY2ls\r\nCAP END\r\n"));
    OK(plait_conn_abort(conn));
    OK(plait_reactor_poll(reactor, 0));
    conn = attach(factory);
    feed(conn, ":s CAP * LS :sasl=PLAIN\r\n:s CAP * ACK :sasl\r\nAUTHENTICATE +\r\n:s 904 me :failed\r\n");
    SAME(ended_with, PLAIT_ERR_REMOTE);
    OK(plait_factory_release(factory));
}

/* The host registers, or finds its nicks, or wants the one back that it asked for. */
static void nicks(void) {
    plait_irc_options options = PLAIT_IRC_OPTIONS_INIT;
    plait_factory factory = {0};
    plait_conn conn;
    options.nick = bytes("me");
    options.flags = PLAIT_IRC_NO_LOGIN;
    OK(plait_irc_factory_new(&factory, &options, NULL, NULL));
    conn = attach(factory);
    CHECK(wrote(""));
    feed(conn, ":s 001 other :Welcome\r\nPING x\r\n");
    CHECK(wrote("PONG :x\r\n"));
    OK(plait_conn_abort(conn));
    OK(plait_reactor_poll(reactor, 0));
    OK(plait_factory_release(factory));
    options.mechanisms = PLAIT_IRC_EXTERNAL;
    STATUS(plait_irc_factory_new(&factory, &options, NULL, NULL), PLAIT_ERR_INVALID);
    options.mechanisms = 0;

    options.flags = PLAIT_IRC_NO_CAPABILITIES | PLAIT_IRC_NO_OTHER_NICK | PLAIT_IRC_REGAIN;
    OK(plait_irc_factory_new(&factory, &options, NULL, NULL));
    conn = attach(factory);
    CHECK(wrote("NICK me\r\nUSER me 0 * :me\r\n"));
    feed(conn, ":s 433 * me :in use\r\n");
    CHECK(wrote(""));
    feed(conn, ":s 001 other :Welcome\r\n:somebody NICK else\r\n");
    CHECK(wrote(""));
    feed(conn, ":me NICK else\r\n");
    CHECK(wrote("NICK me\r\n"));
    feed(conn, ":other NICK me\r\n:me!u@h QUIT\r\n");
    CHECK(wrote(""));
    OK(plait_conn_abort(conn));
    OK(plait_reactor_poll(reactor, 0));
    OK(plait_factory_release(factory));
}

int main(void) {
    plait_reactor_options options = PLAIT_REACTOR_OPTIONS_INIT;
    options.flags = PLAIT_REACTOR_WITHOUT_LOOP;
    OK(plait_reactor_new(&reactor, &options));
    conversation(0);
    conversation(1);
    sasl();
    nicks();
    OK(plait_reactor_free(reactor));
    CHECK(offsetof(plait_irc_handler, signed_on) == 56);
    return 0;
}
