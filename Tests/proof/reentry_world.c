/* The play of the re-entry matrix. Its steps ignore what they are answered: the call that is under test may have ended
 * whatever they work on. What must hold whatever it did is looked at in tear_down. */
#include "reentry.h"

static struct world *world_of(void *user) { return user; }

/* The conn that is the callback's own is the one that conn functions are tried on. */
#define ON_CONN(name)                                                                                                  \
    static void name(void *user, plait_conn conn) {                                                                    \
        world_of(user)->conn = conn;                                                                                   \
        came(user, K_##name);                                                                                          \
    }
#define ON_BYTES(name)                                                                                                 \
    static void name(void *user, plait_conn conn, const uint8_t *data, size_t len) {                                   \
        world_of(user)->conn = conn;                                                                                   \
        came(user, K_##name);                                                                                          \
        if (len && data[len - 1] == 255) abort(); /* the bytes are still there */                                      \
    }
#define ON_BLOCK(name)                                                                                                 \
    static size_t name(void *user, plait_conn conn, const uint8_t *data, size_t len, const uint32_t *table,            \
                       size_t count) {                                                                                 \
        world_of(user)->conn = conn;                                                                                   \
        came(user, K_##name);                                                                                          \
        for (size_t i = 0; i < count; i++)                                                                             \
            if (table[2 * i] + table[2 * i + 1] > len || data[table[2 * i]] == 255) abort();                           \
        return count;                                                                                                  \
    }
ON_CONN(read_closed)
ON_CONN(write_paused)
ON_CONN(write_resumed)
ON_CONN(op_close_write)
ON_BYTES(line)
ON_BYTES(raw)
ON_BYTES(line_too_long)
ON_BYTES(data)
ON_BYTES(string)
ON_BYTES(counted)
ON_BYTES(box)
ON_BLOCK(lines)
ON_BLOCK(strings)
ON_BLOCK(boxes)

static void connected(void *user, plait_conn conn) {
    world_of(user)->opened++;
    world_of(user)->conn = conn;
    came(user, K_connected);
}
static void disconnected(void *user, plait_conn conn, const plait_reason *reason) {
    struct world *w = user;
    w->ended++;
    w->conn = conn;
    came(w, w->freeing ? K_on_free : K_disconnected);
    if (!reason->text[0]) abort();
}
static void spare_connected(void *user, plait_conn conn) {
    (void)conn;
    world_of(user)->opened++;
}
static void spare_disconnected(void *user, plait_conn conn, const plait_reason *reason) {
    (void)conn;
    (void)reason;
    world_of(user)->ended++;
}
static void string_too_long(void *user, plait_conn conn, uint64_t length) {
    (void)length;
    world_of(user)->conn = conn;
    came(user, K_string_too_long);
}
static const char *state(void *user, plait_conn conn, const uint8_t *data, size_t len) {
    world_of(user)->conn = conn;
    came(user, K_state);
    if (len && data[len - 1] == 255) abort();
    return NULL;
}
static void requests(void *user, plait_conn conn, const uint8_t *data, size_t len, const uint32_t *rows, size_t count) {
    world_of(user)->conn = conn;
    came(user, K_requests);
    if (count != 1 || rows[0] != 14 || rows[4] + rows[5] > len || data[rows[4]] == 255) abort();
}
static void responder(void *user, plait_conn conn, plait_amp_box request) {
    world_of(user)->conn = conn;
    world_of(user)->box = request;
    came(user, K_responder);
}
static void answered(void *user, plait_conn conn, plait_amp_box answer, const plait_reason *reason) {
    world_of(user)->conn = conn;
    if (reason->status == 0) world_of(user)->box = answer;
    came(user, K_answered);
}
static void memcache_done(void *user, plait_conn conn, const plait_memcache_answer *answers, size_t count) {
    world_of(user)->conn = conn;
    came(user, K_memcache_done);
    if (count != 1 || !answers->value.len || answers->value.data[answers->value.len - 1] == 255) abort();
}
static void memcache_answers(void *user, plait_conn conn, const plait_memcache_answer *answers, size_t count) {
    world_of(user)->conn = conn;
    came(user, K_memcache_answers);
    if (count < 1 || !answers->value.len || answers->value.data[answers->value.len - 1] == 255) abort();
}
static void irc_event(void *user, plait_conn conn, const plait_irc_event *event) {
    world_of(user)->conn = conn;
    came(user, K_irc_event);
    if (!event->line.len || event->line.data[event->line.len - 1] == 255) abort();
}
static void irc_events(void *user, plait_conn conn, const uint8_t *data, size_t len, const uint32_t *rows,
                       size_t count) {
    world_of(user)->conn = conn;
    came(user, K_irc_events);
    if (!len || count < 1 || rows[12] + rows[13] > len || data[rows[12]] == 255) abort();
}
static void ident_lookup(void *user, plait_conn conn, uint64_t query, uint32_t local, uint32_t remote) {
    world_of(user)->conn = conn;
    if (query != 1 || local != 1 || remote != 2) abort();
    came(user, K_ident_lookup);
}
static void ident_reply(void *user, plait_conn conn, const plait_ident_reply *reply) {
    world_of(user)->conn = conn;
    came(user, K_ident_reply);
    if (!reply->user_id.len || reply->user_id.data[0] == 255) abort();
}
static void ftp_login(void *user, plait_conn conn, plait_ftp_request request, const plait_ftp_login *login) {
    world_of(user)->conn = conn;
    world_of(user)->request = request;
    came(user, K_ftp_login);
    if (strcmp(login->name, "me") || strcmp(login->password, "secret")) abort();
    plait_ftp_request_refuse(request);
}
static void ftp_admit(void *user, plait_conn conn, plait_ftp_request request, const plait_ftp_login *login) {
    plait_ftp_avatar avatar = PLAIT_FTP_AVATAR_INIT;
    (void)user;
    (void)conn;
    (void)login;
    avatar.flags = PLAIT_FTP_SHELL;
    if (plait_ftp_request_accept(request, &avatar)) abort();
}
static void ftp_ask(void *user, plait_conn conn, plait_ftp_request request, const plait_ftp_question *question) {
    world_of(user)->conn = conn;
    world_of(user)->request = request;
    came(user, K_ftp_ask);
    if (question->action != PLAIT_FTP_ASK_LIST || question->path.len != 2 || question->path.data[1] != 'a') abort();
    plait_ftp_request_finish(request, 0);
}
static void ftp_command(void *user, plait_conn conn, plait_ftp_request request, const char *name, const uint8_t *params,
                        size_t len) {
    world_of(user)->conn = conn;
    world_of(user)->request = request;
    came(user, K_ftp_command);
    if (strcmp(name, "HELLO") || len != 3 || params[2] == 255) abort();
    plait_ftp_request_answer(request, 200, NULL, 0);
}
static void socks_asked(void *user, plait_conn conn, uint64_t question, enum kind kind) {
    struct world *w = user;
    w->conn = conn;
    w->socks_question = question;
    came(w, kind);
    plait_socks_server_answer(conn, question, PLAIT_SOCKS_GRANTED);
}
static void socks_login(void *user, plait_conn conn, uint64_t question, const plait_socks_request *request) {
    socks_asked(user, conn, question, K_socks_login);
    if (request->user.len != 1 || request->password.data[0] != 'b') abort();
}
static void socks_request(void *user, plait_conn conn, uint64_t question, const plait_socks_request *request) {
    socks_asked(user, conn, question, K_socks_request);
    if (request->user.len != 1 || request->host.data[0] != '1') abort();
}
static void socks_opened(void *user, plait_conn conn, const plait_socks_request *request) {
    world_of(user)->conn = conn;
    came(user, K_socks_opened);
    if (request->user.len != 1 || request->host.data[0] != '1') abort();
}
static void socks_data(void *user, plait_conn conn, int to_client, const uint8_t *data, size_t len) {
    world_of(user)->conn = conn;
    came(user, K_socks_data);
    if (to_client || !len || data[0] != 'd') abort();
}
static void ftp_ready(void *user, plait_conn conn, const uint8_t *greeting, size_t len) {
    world_of(user)->conn = conn;
    came(user, K_ftp_ready);
    if (len != 4 || greeting[len - 1] != 10) abort();
}
static void ftp_done(void *user, plait_conn conn, const plait_reason *reason, const plait_ftp_client_result *result) {
    world_of(user)->conn = conn;
    came(user, K_ftp_done);
    if (!reason->text[0] || (result->reply.len && result->reply.data[result->reply.len - 1] != 10)) abort();
}
static int ftp_sink(void *user, plait_conn conn, const uint8_t *data, size_t len) {
    world_of(user)->conn = conn;
    came(user, K_ftp_sink);
    if (!len || data[len - 1] == 255) abort();
    return 0;
}
static int ftp_source(void *user, plait_conn conn, uint8_t *room, size_t len, size_t *count) {
    world_of(user)->conn = conn;
    came(user, K_ftp_source);
    if (len) room[len - 1] = 0;
    *count = 0;
    return 0;
}
static void ftp_progress(void *user, plait_conn conn, uint64_t moved, uint64_t total) {
    (void)total;
    world_of(user)->conn = conn;
    came(user, K_ftp_progress);
    if (!moved) abort();
}
/* As much of a server as the client needs. */
static void ftp_greet(void *user, plait_conn conn) {
    (void)user;
    plait_conn_write(conn, (const uint8_t *)"220\r\n", 5);
}
static void ftp_serve(void *user, plait_conn conn, const uint8_t *data, size_t len) {
    const char *reply = "200\r\n";
    (void)user;
    if (len > 4 && !memcmp(data, "USER", 4)) reply = "230\r\n";
    if (len > 4 && !memcmp(data, "EPSV", 4)) reply = "229 (|||7|)\r\n";
    if (len > 4 && (!memcmp(data, "LIST", 4) || !memcmp(data, "STOR", 4))) reply = "150\r\n226\r\n";
    plait_conn_write(conn, (const uint8_t *)reply, strlen(reply));
}
static void ftp_give(void *user, plait_conn conn) {
    (void)user;
    plait_conn_write(conn, (const uint8_t *)"abc", 3);
    plait_conn_close(conn);
}
static void release(void *user) { came(user, K_release); }
static void release_outside(void *user) { came(user, K_release_outside); }
static void post(void *user) { came(user, K_post); }
static void timer(void *user, plait_timer timer) {
    world_of(user)->timer = timer;
    came(user, K_timer);
}
static void timer_repeating(void *user, plait_timer timer) {
    world_of(user)->timer = timer;
    came(user, K_timer_repeating);
}
static void connect_done(void *user, plait_call call, plait_conn conn, const plait_reason *reason) {
    struct world *w = user;
    w->call = call;
    if (conn.id) w->conn = conn;
    came(w, reason->status ? K_connect_failed : K_connect_done);
}
static void drain_done(void *user, plait_call call, const plait_reason *reason) {
    (void)reason;
    world_of(user)->call = call;
    came(user, K_drain_done);
}
static void connector_connected(void *user, plait_connector connector, plait_conn conn) {
    world_of(user)->connector = connector;
    world_of(user)->conn = conn;
    came(user, K_connector_connected);
}
static void connector_waiting(void *user, plait_connector connector, const plait_reason *reason, uint64_t delay) {
    (void)reason;
    (void)delay;
    world_of(user)->connector = connector;
    came(user, K_connector_waiting);
}
static void connector_stopped(void *user, plait_connector connector, const plait_reason *reason) {
    (void)reason;
    world_of(user)->connector = connector;
    came(user, K_connector_stopped);
}
static void connector_release(void *user) { came(user, K_connector_release); }
static size_t op_write(void *user, plait_conn conn, const uint8_t *data, size_t len) {
    struct world *w = user;
    size_t taken = len < w->taken_most ? len : w->taken_most;
    (void)data;
    w->conn = conn;
    came(w, K_op_write);
    return taken;
}
static void op_set_reading(void *user, plait_conn conn, int on) {
    (void)on;
    world_of(user)->conn = conn;
    came(user, K_op_set_reading);
}
static void op_close(void *user, plait_conn conn, int status) {
    (void)status;
    world_of(user)->conn = conn;
    came(user, K_op_close);
}
static void op_release(void *user) { came(user, K_op_release); }
static size_t hear(void *user, plait_conn conn, const uint8_t *data, size_t len) {
    struct world *w = user;
    (void)conn;
    if (len < sizeof w->heard - strlen(w->heard)) strncat(w->heard, (const char *)data, len);
    return len;
}

static plait_factory line_factory(struct world *w, int block, void (*on_release)(void *)) {
    plait_line_handler handler = PLAIT_LINE_HANDLER_INIT;
    plait_factory factory = {0};
    handler.connected = connected;
    handler.disconnected = disconnected;
    handler.write_paused = write_paused;
    handler.write_resumed = write_resumed;
    handler.release = on_release;
    handler.line = line;
    if (block) handler.lines = lines;
    handler.raw = raw;
    handler.line_too_long = line_too_long;
    if (plait_line_factory_new(&factory, NULL, &handler, w)) abort();
    return factory;
}
static plait_factory string_factory(struct world *w, int block) {
    plait_string_handler handler = PLAIT_STRING_HANDLER_INIT;
    plait_string_options options = PLAIT_STRING_OPTIONS_INIT;
    plait_factory factory = {0};
    options.prefix_length = 1;
    options.max_length = 100;
    handler.connected = connected;
    handler.disconnected = disconnected;
    handler.string = string;
    if (block) handler.strings = strings;
    handler.string_too_long = string_too_long;
    if (plait_string_factory_new(&factory, &options, &handler, w)) abort();
    return factory;
}
static void stateful_factories(struct world *w) {
    static const plait_state states[] = {{"init", state}};
    plait_stateful_string_handler named = PLAIT_STATEFUL_STRING_HANDLER_INIT;
    plait_stateful_handler counting = PLAIT_STATEFUL_HANDLER_INIT;
    named.states = states;
    named.state_count = 1;
    w->no_states = named;
    counting.initial = counted;
    counting.initial_len = 2;
    w->no_stateful = counting;
    named.connected = counting.connected = connected;
    named.disconnected = counting.disconnected = disconnected;
    if (plait_stateful_string_factory_new(&w->states, NULL, &named, w)) abort();
    if (plait_stateful_factory_new(&w->counts, &counting, w)) abort();
}
static plait_factory amp_factory(struct world *w, plait_amp_handler handler) {
    plait_factory factory = {0};
    handler.connected = connected;
    handler.disconnected = disconnected;
    if (plait_amp_factory_new(&factory, NULL, &handler, w)) abort();
    if (plait_amp_factory_add_responder(factory, w->command, handler.requests ? NULL : responder) < 0) abort();
    return factory;
}
static void amp_factories(struct world *w) {
    plait_amp_command none = {0};
    plait_amp_handler handler = PLAIT_AMP_HANDLER_INIT, one = handler, many = handler, rows = handler;
    if (plait_amp_command_parse(&w->command, none, "Sum(a: Integer, r: Float?) -> (total: Integer?)", NULL) ||
        plait_amp_command_parse(&w->switching, none, "Switch(a: Integer?) switch", NULL) ||
        plait_amp_command_parse(&w->fresh, none, "Fresh()", NULL))
        abort();
    one.box = box;
    many.boxes = boxes;
    rows.requests = requests;
    w->calls = amp_factory(w, handler);
    w->boxed = amp_factory(w, one);
    w->box_blocks = amp_factory(w, many);
    w->rows = amp_factory(w, rows);
    w->pair_of_bytes[0] = w->pair_of_bytes[1] = w->part;
}
static void ident_factories(struct world *w) {
    plait_ident_server_handler server = PLAIT_IDENT_SERVER_HANDLER_INIT;
    plait_ident_handler client = PLAIT_IDENT_HANDLER_INIT;
    server.connected = client.connected = connected;
    server.disconnected = client.disconnected = disconnected;
    server.lookup = ident_lookup;
    if (plait_ident_server_factory_new(&w->ident_server, NULL, &server, w)) abort();
    if (plait_ident_factory_new(&w->ident_client, NULL, &client, w)) abort();
}
static void socks_factory(struct world *w) {
    plait_socks_server_handler server = PLAIT_SOCKS_SERVER_HANDLER_INIT;
    plait_socks_server_options options = PLAIT_SOCKS_SERVER_OPTIONS_INIT;
    plait_socks_options target = PLAIT_SOCKS_OPTIONS_INIT;
    plait_socks_tunnel tunnel = PLAIT_SOCKS_TUNNEL_INIT;
    server.connected = connected;
    server.disconnected = disconnected;
    server.login = socks_login;
    server.request = socks_request;
    server.opened = socks_opened;
    server.data = socks_data;
    options.allow = "127.0.0.1";
    target.host = "a";
    target.port = 1;
    w->socks_target = target;
    w->socks_tunnel = tunnel;
    if (plait_socks_server_factory_new(&w->socks, &options, &server, w)) abort();
}
static plait_factory memcache_factory(struct world *w) {
    plait_memcache_handler handler = PLAIT_MEMCACHE_HANDLER_INIT;
    plait_memcache_request question = PLAIT_MEMCACHE_REQUEST_INIT;
    plait_factory factory = {0};
    handler.connected = connected;
    handler.disconnected = disconnected;
    handler.answers = memcache_answers;
    question.command = PLAIT_MEMCACHE_GET;
    question.keys = &w->part;
    question.count = 1;
    w->question = question;
    if (plait_memcache_factory_new(&factory, NULL, &handler, w)) abort();
    w->server = (plait_memcache_server)PLAIT_MEMCACHE_SERVER_INIT;
    w->server.endpoint = "memory:nobody";
    return factory;
}
static void elements(struct world *w) {
    static const char document[] = "<a a='1'>t<b/></a>";
    w->jid.domain.data = (const uint8_t *)"x";
    w->jid.domain.len = 1;
    if (plait_element_new(&w->element, "a", NULL) || plait_element_new(&w->gone_element, "a", NULL) ||
        plait_element_parse(&w->other_element, (const uint8_t *)document, sizeof document - 1, NULL, NULL))
        abort();
    w->element_table.struct_size = sizeof w->element_table;
    w->xmpp_session.struct_size = sizeof w->xmpp_session;
    w->contact.struct_size = sizeof w->contact;
    w->saying.struct_size = sizeof w->saying;
    w->showing.struct_size = sizeof w->showing;
    w->account.struct_size = sizeof w->account;
    w->account.jid = "example.org";
    if (plait_xmpp_factory_new(&w->accounts, &w->account, NULL, NULL)) abort();
}
static plait_factory irc_factory(struct world *w, int in_rows) {
    plait_irc_handler handler = PLAIT_IRC_HANDLER_INIT;
    plait_factory factory = {0};
    w->nick = (plait_irc_options)PLAIT_IRC_OPTIONS_INIT;
    w->nick.nick.data = (const uint8_t *)"me";
    w->nick.nick.len = 2;
    handler.connected = connected;
    handler.disconnected = disconnected;
    handler.privmsg = irc_event;
    if (in_rows) handler.events = irc_events;
    if (plait_irc_factory_new(&factory, &w->nick, &handler, w)) abort();
    return factory;
}
static plait_factory ftp_shell_factory(struct world *w) {
    plait_ftp_server_handler handler = PLAIT_FTP_SERVER_HANDLER_INIT;
    plait_ftp_entry entry = PLAIT_FTP_ENTRY_INIT;
    plait_factory factory = {0};
    handler.connected = connected;
    handler.disconnected = disconnected;
    handler.login = ftp_admit;
    handler.ask = ftp_ask;
    entry.name.data = (const uint8_t *)"a";
    entry.name.len = 1;
    w->entry = entry;
    if (plait_ftp_server_factory_new(&factory, NULL, &handler, w)) abort();
    return factory;
}
static plait_factory ftp_factory(struct world *w) {
    plait_ftp_server_handler handler = PLAIT_FTP_SERVER_HANDLER_INIT;
    plait_ftp_session session = PLAIT_FTP_SESSION_INIT;
    plait_ftp_avatar avatar = PLAIT_FTP_AVATAR_INIT;
    plait_factory factory = {0};
    handler.connected = connected;
    handler.disconnected = disconnected;
    handler.login = ftp_login;
    avatar.root.data = (const uint8_t *)"/";
    avatar.root.len = 1;
    w->session = session;
    w->avatar = avatar;
    if (plait_ftp_server_factory_new(&factory, NULL, &handler, w)) abort();
    if (plait_ftp_server_factory_add_command(factory, "HELLO", PLAIT_FTP_COMMAND_PUBLIC, ftp_command)) abort();
    return factory;
}
static void ftp_client_factories(struct world *w) {
    plait_ftp_client_handler handler = PLAIT_FTP_CLIENT_HANDLER_INIT;
    plait_ftp_client_request wish = PLAIT_FTP_CLIENT_REQUEST_INIT;
    plait_ftp_line listed = PLAIT_FTP_LINE_INIT;
    plait_raw_handler talk = PLAIT_RAW_HANDLER_INIT, data = PLAIT_RAW_HANDLER_INIT;
    handler.connected = connected;
    handler.disconnected = disconnected;
    handler.ready = ftp_ready;
    wish.command = PLAIT_FTP_NOOP;
    w->wish = wish;
    w->listed = listed;
    talk.connected = ftp_greet;
    talk.data = ftp_serve;
    data.connected = ftp_give;
    if (plait_ftp_client_factory_new(&w->ftp_client, NULL, &handler, w)) abort();
    if (plait_raw_factory_new(&w->ftp_talk, &talk, w) || plait_raw_factory_new(&w->ftp_data, &data, w)) abort();
}
static plait_conn attach(struct world *w, plait_factory factory) {
    plait_conn conn = {0};
    plait_conn_attach(w->reactor, factory, &w->ops, w, &conn);
    return conn;
}

static int make(void *user, plait_reactor reactor, plait_factory *out) {
    (void)user;
    (void)reactor;
    return plait_accumulating_factory_new(out);
}
/* What the test kit has: most of it on a reactor of its own, which another one's callbacks may use. */
static void test_kit(struct world *w) {
    plait_reactor_options options = PLAIT_REACTOR_OPTIONS_INIT;
    plait_loopback_options by_hand = PLAIT_LOOPBACK_OPTIONS_INIT;
    plait_line_handler lines = PLAIT_LINE_HANDLER_INIT;
    plait_string_transport transport = {0};
    plait_conn conn = {0};
    w->accumulated = (plait_accumulated)PLAIT_ACCUMULATED_INIT;
    w->loopback_state = (plait_loopback_state)PLAIT_LOOPBACK_STATE_INIT;
    w->place = (plait_memory_place)PLAIT_MEMORY_PLACE_INIT;
    w->transport_state = (plait_string_transport_state)PLAIT_STRING_TRANSPORT_STATE_INIT;
    w->splits = (plait_splits_options)PLAIT_SPLITS_OPTIONS_INIT;
    w->message = (plait_irc_message)PLAIT_IRC_MESSAGE_INIT;
    w->message.command.data = (const uint8_t *)"PING";
    w->message.command.len = 4;
    w->source = (plait_irc_source)PLAIT_IRC_SOURCE_INIT;
    w->dcc = (plait_irc_dcc)PLAIT_IRC_DCC_INIT;
    w->splits.data = w->part;
    w->splits.make = make;
    by_hand.flags = PLAIT_LOOPBACK_BY_HAND;
    options.flags = PLAIT_REACTOR_WITHOUT_LOOP | PLAIT_REACTOR_BY_HAND;
    if (plait_reactor_new(&w->hand, &options) || plait_line_factory_new(&w->hand_lines, NULL, &lines, NULL) ||
        plait_accumulating_factory_new(&w->accumulating) ||
        plait_listen(w->hand, "tcp:80", w->hand_lines, NULL, &w->hand_listener) ||
        plait_connect(w->hand, "tcp:a:80", w->hand_lines, NULL, NULL, NULL, &w->hand_call) ||
        plait_string_transport_new(&w->transport, w->hand, NULL) ||
        plait_string_transport_new(&transport, w->reactor, NULL) ||
        plait_string_transport_attach(transport, w->accumulating, &conn) ||
        plait_loopback(w->reactor, w->spare, w->spare, &by_hand, NULL, NULL, &w->loopback))
        abort();
}

void set_up(struct world *w) {
    plait_reactor_options options = PLAIT_REACTOR_OPTIONS_INIT;
    plait_raw_handler raws = PLAIT_RAW_HANDLER_INIT;
    plait_transport_ops ops = PLAIT_TRANSPORT_OPS_INIT;
    plait_line_handler spare = PLAIT_LINE_HANDLER_INIT;

    spare.connected = spare_connected;
    spare.disconnected = spare_disconnected;
    w->no_lines = (plait_line_handler)PLAIT_LINE_HANDLER_INIT;
    w->no_data = (plait_raw_handler)PLAIT_RAW_HANDLER_INIT;
    w->no_strings = (plait_string_handler)PLAIT_STRING_HANDLER_INIT;
    w->counters = (plait_conn_counters)PLAIT_CONN_COUNTERS_INIT;
    w->sum = (plait_factory_counters)PLAIT_FACTORY_COUNTERS_INIT;
    w->address = (plait_address)PLAIT_ADDRESS_INIT;
    w->as_client = (plait_tls_conn_options)PLAIT_TLS_CONN_OPTIONS_INIT;
    w->as_client.role = PLAIT_TLS_ROLE_CLIENT;
    w->as_client.server_name = "localhost";
    w->agreed = (plait_tls_info)PLAIT_TLS_INFO_INIT;
    if (plait_tls_config_new(&w->config, NULL, NULL)) abort();
    w->part.data = (const uint8_t *)"x";
    w->part.len = w->pair[1] = 1;
    w->taken_most = (size_t)-1;
    w->quiet = ops;
    w->quiet.write = hear;
    w->ops = ops;
    w->ops.write = op_write;
    w->ops.set_reading = op_set_reading;
    w->ops.close_write = op_close_write;
    w->ops.close = op_close;
    w->ops.release = op_release;
    raws.connected = connected;
    raws.disconnected = disconnected;
    raws.read_closed = read_closed;
    raws.data = data;
    options.flags = PLAIT_REACTOR_MANUAL_CLOCK;
    if (plait_reactor_new(&w->reactor, &options)) abort();
    w->lines = line_factory(w, 0, NULL);
    w->blocks = line_factory(w, 1, release);
    w->strings = string_factory(w, 0);
    w->string_blocks = string_factory(w, 1);
    stateful_factories(w);
    amp_factories(w);
    w->memcache = memcache_factory(w);
    ident_factories(w);
    socks_factory(w);
    elements(w);
    w->irc = irc_factory(w, 0);
    w->irc_rows = irc_factory(w, 1);
    w->ftp = ftp_factory(w);
    w->ftp_shell = ftp_shell_factory(w);
    ftp_client_factories(w);
    if (plait_raw_factory_new(&w->raws, &raws, w) || plait_line_factory_new(&w->spare, NULL, &spare, w)) abort();
    if (plait_memcache_pool_open(w->reactor, w->memcache, &w->server, 1, NULL, &w->pool)) abort();
    w->conn = w->standing.conn = attach(w, w->lines);
    plait_timer_start(w->reactor, 1000000, 0, timer, w, &w->timer);
    w->standing.timer = w->timer;
    plait_listen(w->reactor, "memory:here", w->lines, NULL, &w->listener);
    plait_connector_start(w->reactor, "memory:nobody", w->lines, NULL, NULL, NULL, &w->connector);
    w->standing.connector = w->connector;
    test_kit(w);
    set_up_policies(w);
}

#define FEED(conn, text) plait_conn_feed(conn, (const uint8_t *)(text), sizeof(text) - 1)

#define REQUEST "\0\4_ask\0\0011\0\10_command\0\3Sum\0\1a\0\0011\0\0"

static void talk_amp(struct world *w) {
    plait_conn caller = attach(w, w->calls), one = attach(w, w->boxed), many = attach(w, w->box_blocks);
    plait_conn rows = attach(w, w->rows);

    plait_reactor_poll(w->reactor, 0);
    plait_amp_call(caller, w->command, w->values, 1, 0, answered, w, NULL);
    FEED(caller, "\0\7_answer\0\0011\0\0");
    FEED(caller, REQUEST);
    FEED(one, REQUEST);
    FEED(many, REQUEST);
    FEED(rows, REQUEST);
    plait_conn_close(one);
    plait_conn_close(many);
    plait_conn_close(rows);
    plait_conn_close(caller);
}

static void talk_irc(struct world *w, plait_factory factory) {
    plait_conn client = attach(w, factory);

    plait_reactor_poll(w->reactor, 0);
    FEED(client, ":s 005 me NETWORK=n :are supported\r\n:me JOIN #c\r\n:s PRIVMSG me :x\r\n");
    plait_conn_close(client);
}

static void talk_ident(struct world *w) {
    plait_conn server = attach(w, w->ident_server), client = attach(w, w->ident_client);

    plait_reactor_poll(w->reactor, 0);
    FEED(server, "1, 2\r\n");
    plait_ident_call(client, 1, 2, 0, ident_reply, w, NULL);
    FEED(client, "1, 2 : USERID : UNIX : root\r\n");
    plait_conn_close(server);
    plait_conn_close(client);
}

/* A tunnel needs sockets: there is one only where its callbacks are looked at. */
static void talk_socks(struct world *w) {
    plait_conn client = attach(w, w->socks);
    plait_listener at = {0};
    uint8_t request[] = {5, 1, 2, 1, 1, 'a', 1, 'b', 5, 1, 0, 1, 10, 0, 0, 1, 0, 1, 'd'};
    int port, turns;

    if (w->kind == K_socks_opened || w->kind == K_socks_data) {
        if (plait_listen(w->reactor, "tcp:0:interface=127.0.0.1", w->spare, NULL, &at)) abort();
        port = plait_listener_get_port(at);
        request[12] = 127;
        request[16] = (uint8_t)(port >> 8);
        request[17] = (uint8_t)port;
    }
    plait_reactor_poll(w->reactor, 0);
    plait_conn_feed(client, request, sizeof request);
    for (turns = at.id ? 20 : 1; turns > 0; turns--) plait_reactor_poll(w->reactor, 0);
    plait_conn_close(client);
    plait_reactor_poll(w->reactor, 0);
    if (at.id) plait_listener_close(at);
}

static void talk_memcache(struct world *w) {
    plait_conn asker = attach(w, w->memcache);

    plait_reactor_poll(w->reactor, 0);
    plait_memcache_get(asker, (const uint8_t *)"k", 1, memcache_done, w, NULL);
    plait_memcache_get(asker, (const uint8_t *)"k", 1, NULL, NULL, NULL);
    FEED(asker, "VALUE k 0 1\r\nx\r\nEND\r\nVALUE k 0 1\r\ny\r\nEND\r\n");
    plait_conn_close(asker);
}

static void talk_ftp(struct world *w) {
    plait_conn session = attach(w, w->ftp), shell = attach(w, w->ftp_shell);

    plait_reactor_poll(w->reactor, 0);
    FEED(session, "HELLO you\r\nUSER me\r\nPASS secret\r\n");
    FEED(shell, "USER me\r\nPASS secret\r\n");
    FEED(shell, "STAT a\r\n");
    plait_conn_close(session);
    plait_conn_close(shell);
}

static void ftp_connected(void *user, plait_call call, plait_conn conn, const plait_reason *reason) {
    (void)call;
    (void)reason;
    world_of(user)->asker = conn;
}
static void talk_ftp_client(struct world *w) {
    plait_ftp_client_request wish = w->wish;
    plait_listener control = {0}, data = {0};
    int turn;

    plait_listen(w->reactor, "memory:ftp", w->ftp_talk, NULL, &control);
    plait_listen(w->reactor, "memory:ftp-data-7", w->ftp_data, NULL, &data);
    w->asker.id = 0;
    plait_connect(w->reactor, "memory:ftp", w->ftp_client, NULL, ftp_connected, w, NULL);
    for (turn = 0; turn < 20; turn++) plait_reactor_poll(w->reactor, 0);
    wish.command = PLAIT_FTP_LIST_LONG;
    wish.sink = ftp_sink;
    wish.progress = ftp_progress;
    plait_ftp_client_call(w->asker, &wish, ftp_done, w, NULL);
    for (turn = 0; turn < 20; turn++) plait_reactor_poll(w->reactor, 0);
    wish.command = PLAIT_FTP_PUT;
    wish.path.data = (const uint8_t *)"x";
    wish.path.len = 1;
    wish.sink = NULL;
    wish.source = ftp_source;
    plait_ftp_client_call(w->asker, &wish, ftp_done, w, NULL);
    for (turn = 0; turn < 20; turn++) plait_reactor_poll(w->reactor, 0);
    plait_conn_abort(w->asker);
    plait_listener_close(control);
    plait_listener_close(data);
    plait_reactor_poll(w->reactor, 0);
}

static void talk(struct world *w) {
    static char much[20000];
    plait_conn one = attach(w, w->lines), many = attach(w, w->blocks), plain = attach(w, w->raws);
    plait_conn short_ones = attach(w, w->strings), short_block = attach(w, w->string_blocks);
    plait_conn named = attach(w, w->states), counting = attach(w, w->counts);
    plait_conn_limits limits = PLAIT_CONN_LIMITS_INIT;

    plait_reactor_poll(w->reactor, 0);
    FEED(one, "first\r\nsecond\r\nthird");
    FEED(many, "first\r\nsecond\r\nthird");
    FEED(plain, "bytes");
    FEED(short_ones, "\5first\6second\5t");
    FEED(short_block, "\5first\6second\5t");
    FEED(short_block, "hird\310 much");
    FEED(named, "\0\0\0\4this\0\0\0\4that");
    FEED(counting, "more");
    plait_conn_close(named);
    plait_conn_close(counting);
    memset(much, 'm', sizeof much);
    plait_conn_feed(one, (const uint8_t *)much, sizeof much);
    plait_line_set_raw_mode(one);
    FEED(one, "raw bytes");
    plait_line_set_line_mode(one, NULL, 0);
    limits.high_water = 4;
    limits.low_water = 2;
    plait_conn_set_limits(one, &limits);
    w->taken_most = 1;
    plait_line_send(one, (const uint8_t *)"waits for the peer", 18);
    plait_reactor_poll(w->reactor, 0);
    w->taken_most = (size_t)-1;
    plait_conn_writable(one);
    plait_conn_pause(one);
    plait_reactor_poll(w->reactor, 0);
    plait_conn_resume(one);
    plait_conn_eof(plain, 0);
    plait_conn_close_write(plain);
    plait_reactor_poll(w->reactor, 0);
    plait_factory_release(w->blocks); /* the conn holds the last reference now */
    plait_conn_close(many);
    plait_conn_close(short_ones);
    plait_conn_eof(short_block, PLAIT_ERR_CLOSED);
    plait_reactor_poll(w->reactor, 0);
    talk_amp(w);
    talk_memcache(w);
    talk_irc(w, w->irc);
    talk_irc(w, w->irc_rows);
    talk_ident(w);
    talk_ftp(w);
    talk_socks(w);
    talk_ftp_client(w);
    plait_reactor_poll(w->reactor, 0);
}

void play(struct world *w) {
    plait_connector_handler handler = PLAIT_CONNECTOR_HANDLER_INIT;
    plait_connector idle = {0}, up = {0};
    plait_timer other = {0}, ticking = {0};

    talk(w);
    play_policies(w);
    plait_factory_release(line_factory(w, 0, release_outside));
    plait_timer_start(w->reactor, 5, 0, timer, w, &other);
    plait_timer_start(w->reactor, 5, 5, timer_repeating, w, &ticking);
    plait_reactor_advance(w->reactor, 10);
    plait_timer_cancel(ticking);
    plait_reactor_post(w->reactor, post, w);
    plait_reactor_poll(w->reactor, 0);
    plait_connect(w->reactor, "memory:here", w->lines, NULL, connect_done, w, NULL);
    plait_connect(w->reactor, "memory:nobody", w->lines, NULL, connect_done, w, NULL);
    plait_reactor_poll(w->reactor, 0);
    plait_reactor_poll(w->reactor, 0);
    handler.connected = connector_connected;
    handler.waiting = connector_waiting;
    handler.stopped = connector_stopped;
    handler.release = connector_release;
    plait_connector_start(w->reactor, "memory:nobody", w->lines, NULL, &handler, w, &idle);
    plait_connector_start(w->reactor, "memory:here", w->lines, NULL, &handler, w, &up);
    plait_reactor_poll(w->reactor, 0);
    plait_reactor_poll(w->reactor, 0);
    plait_connector_stop(idle);
    plait_connector_stop(up);
    plait_reactor_poll(w->reactor, 0);
    plait_reactor_drain(w->reactor, 100, drain_done, w, NULL);
    plait_reactor_advance(w->reactor, 200);
    plait_reactor_poll(w->reactor, 0);
    attach(w, w->lines);
    plait_reactor_poll(w->reactor, 0);
}

static void echo(void *user, plait_conn conn, const uint8_t *data, size_t len) {
    (void)user;
    plait_line_send(conn, data, len);
}

const char *tear_down(struct world *w) {
    plait_line_handler handler = PLAIT_LINE_HANDLER_INIT;
    plait_factory factory = {0};
    plait_conn conn = {0};
    int gone = plait_reactor_timeout(w->reactor, &w->wait) == PLAIT_ERR_STALE;
    const char *wrong = NULL;

    handler.line = echo;
    w->heard[0] = 0;
    if (!gone) {
        if (plait_line_factory_new(&factory, NULL, &handler, NULL) ||
            plait_conn_attach(w->reactor, factory, &w->quiet, w, &conn) || FEED(conn, "ping\r\n"))
            wrong = "a new conn is refused";
        else if (strcmp(w->heard, "ping\r\n"))
            wrong = "a new conn is not answered";
        plait_conn_close(conn);
        plait_factory_release(factory);
        w->freeing = 1;
        tear_down_policies(w);
        if (plait_reactor_free(w->reactor)) wrong = "the reactor cannot be freed";
    } else {
        tear_down_policies(w);
    }
    if (plait_reactor_timeout(w->reactor, &w->wait) != PLAIT_ERR_STALE) wrong = "the reactor is not stale";
    plait_factory_release(w->lines);
    plait_factory_release(w->blocks);
    plait_factory_release(w->raws);
    plait_factory_release(w->strings);
    plait_factory_release(w->string_blocks);
    plait_factory_release(w->states);
    plait_factory_release(w->counts);
    plait_reactor_free(w->hand);
    plait_factory_release(w->hand_lines);
    plait_factory_release(w->accumulating);
    plait_factory_release(w->calls);
    plait_factory_release(w->boxed);
    plait_factory_release(w->box_blocks);
    plait_factory_release(w->rows);
    plait_factory_release(w->memcache);
    plait_factory_release(w->irc);
    plait_factory_release(w->irc_rows);
    plait_factory_release(w->ident_server);
    plait_factory_release(w->socks);
    plait_factory_release(w->ident_client);
    plait_factory_release(w->ftp);
    plait_factory_release(w->ftp_shell);
    plait_factory_release(w->ftp_client);
    plait_factory_release(w->ftp_talk);
    plait_factory_release(w->ftp_data);
    while (plait_amp_command_release(w->command) == 0) continue;
    plait_amp_command_release(w->fresh);
    plait_amp_command_release(w->switching);
    plait_amp_command_release(w->new_command);
    plait_factory_release(w->accounts);
    plait_element_free(w->element);
    plait_element_free(w->other_element);
    plait_element_free(w->new_element);
    plait_element_free(w->gone_element);
    while (plait_factory_release(w->spare) == 0) continue; /* one call retains it */
    plait_factory_release(w->new_factory);
    while (plait_tls_config_release(w->config) == 0) continue; /* one call retains it */
    plait_tls_config_release(w->new_config);
    plait_reactor_free(w->new_reactor);
    return wrong;
}
