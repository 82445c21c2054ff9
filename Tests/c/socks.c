/* SOCKS at the border and over TCP: a proxy that asks its host, its rules, tunnels that are slow on either side, BIND;
 * and conns by way of it. */
#include "harness.h"

static plait_reactor reactor;
static plait_conn client;
static uint64_t last_question;
static uint32_t verdict; /* 99: later */
static int failure, code;
static plait_socks_tunnel seen;

static void on_login(void *user, plait_conn conn, uint64_t question, const plait_socks_request *request) {
    (void)user;
    SAME(request->struct_size, sizeof *request);
    note("login %.*s %.*s", (int)request->user.len, (const char *)request->user.data, (int)request->password.len,
         (const char *)request->password.data);
    OK(plait_socks_server_answer(conn, question,
                                 request->password.len == 6 ? PLAIT_SOCKS_GRANTED : PLAIT_SOCKS_DENIED));
}
static void on_request(void *user, plait_conn conn, uint64_t question, const plait_socks_request *request) {
    (void)user;
    client = conn;
    last_question = question;
    note("request %u %u %.*s %.*s", request->version, request->command, (int)request->host.len,
         (const char *)request->host.data, (int)request->user.len, (const char *)request->user.data);
    if (verdict != 99) OK(plait_socks_server_answer(conn, question, verdict));
}
static void on_opened(void *user, plait_conn conn, const plait_socks_request *request) {
    (void)user;
    client = conn;
    note("opened %u", request->command);
}
static void on_data(void *user, plait_conn conn, int to_client, const uint8_t *data, size_t len) {
    (void)user;
    SAME(conn.id, client.id);
    note("%s %.*s", to_client ? "<" : ">", (int)len, (const char *)data);
}
static void on_gone(void *user, plait_conn conn, const plait_reason *reason) {
    (void)user;
    seen.struct_size = sizeof seen;
    OK(plait_socks_server_get_tunnel(conn, &seen));
    note("gone %s %d", reason->status ? plait_err_name(reason->status) : "0", reason->code);
}
static void on_connect(void *user, plait_call call, plait_conn conn, const plait_reason *reason) {
    (void)user;
    (void)call;
    (void)conn;
    failure = reason->status;
    code = reason->code;
    note("connect %s %d", reason->status ? plait_err_name(reason->status) : "0", reason->code);
}

enum { ASKS = 1, LOGS_IN = 2, HEARS = 4 };
static int proxy(plait_socks_server_options *options, int what, plait_listener *listener) {
    plait_factory factory = {0};
    plait_socks_server_handler handler = PLAIT_SOCKS_SERVER_HANDLER_INIT;
    int port;

    if (what & ASKS) handler.request = on_request;
    if (what & LOGS_IN) handler.login = on_login;
    if (what & HEARS) handler.data = on_data;
    handler.opened = on_opened;
    handler.disconnected = on_gone;
    handler.release = note_release;
    OK(plait_socks_server_factory_new(&factory, options, &handler, NULL));
    port = listen_on(reactor, factory, listener);
    OK(plait_factory_release(factory));
    return port;
}
static void dial(const char *kind, int by, const char *host, int port, const char *more, plait_factory factory) {
    char endpoint[256];

    failure = 1;
    snprintf(endpoint, sizeof endpoint, "%s:proxy=tcp\\:127.0.0.1\\:%d:host=%s:port=%d%s", kind, by, host, port, more);
    OK(plait_connect(reactor, endpoint, factory, NULL, on_connect, NULL, NULL));
}

static void asked(plait_factory lines, int target) {
    plait_socks_server_options options = PLAIT_SOCKS_SERVER_OPTIONS_INIT;
    plait_factory say = line_factory(note_bytes);
    plait_listener listener;
    plait_address peer = PLAIT_ADDRESS_INIT;
    int by;

    (void)lines;
    options.allow = "127.0.0.0/8";
    by = proxy(&options, ASKS | LOGS_IN | HEARS, &listener);
    dial("socks5", by, "127.0.0.1", target, ":user=me:password=secret", say);
    UNTIL(reactor, failure == 0);
    CHECK(strstr(journal, "login me secret|request 5 1 127.0.0.1 me|"));
    CHECK(strstr(journal, "opened 1|") && strstr(journal, "connect 0 0|"));
    journal[0] = 0;
    OK(plait_line_send(last_conn, (const uint8_t *)"hello", 5));
    UNTIL(reactor, strstr(journal, "|hello|"));
    HEARD("> hello\r\n|< hello\r\n|hello|");
    seen.struct_size = sizeof seen;
    OK(plait_socks_server_get_tunnel(client, &seen));
    SAME(seen.state, PLAIT_SOCKS_OPEN);
    SAME(seen.version, 5);
    SAME(seen.command, PLAIT_SOCKS_CONNECT);
    SAME(seen.bytes_out, 7);
    SAME(seen.bytes_back, 7);
    OK(plait_conn_get_peer(seen.target, &peer));
    SAME(peer.port, target);
    STATUS(plait_socks_server_answer(client, last_question, 0), PLAIT_ERR_ABSENT);
    OK(plait_conn_close(last_conn));
    UNTIL(reactor, strstr(journal, "gone 0 0"));
    SAME(seen.bytes_back, 7);
    journal[0] = 0;

    dial("socks5", by, "127.0.0.1", target, ":user=me:password=wrong!!", say);
    UNTIL(reactor, failure != 1 && strstr(journal, "gone"));
    CHECK(strstr(journal, "connect PLAIT_ERR_REMOTE 255") && strstr(journal, "gone PLAIT_ERR_REFUSED 0"));
    journal[0] = 0;
    verdict = 99;
    dial("socks4a", by, "127.0.0.1", target, ":user=me", say);
    UNTIL(reactor, strstr(journal, "request 4 1 127.0.0.1 me"));
    STATUS(plait_socks_server_answer(client, last_question, 9), PLAIT_ERR_INVALID);
    STATUS(plait_socks_server_answer(client, last_question + 1, 0), PLAIT_ERR_ABSENT);
    OK(plait_socks_server_answer(client, last_question, PLAIT_SOCKS_EXPIRED));
    STATUS(plait_socks_server_answer(client, last_question, 0), PLAIT_ERR_CLOSED);
    UNTIL(reactor, failure != 1 && strstr(journal, "gone"));
    CHECK(strstr(journal, "connect PLAIT_ERR_REMOTE 91") && strstr(journal, "gone PLAIT_ERR_REFUSED 6"));
    verdict = 0;
    OK(plait_factory_release(say));
    OK(plait_listener_close(listener));
    journal[0] = 0;
}

/* What is private is refused by the address, whatever the name. */
static void rules(int target) {
    static const struct {
        const char *allow, *host;
        int wrong_port, wanted;
    } cases[] = {
        {NULL, "127.0.0.1", 0, PLAIT_SOCKS_DENIED},
        {NULL, "localhost", 0, PLAIT_SOCKS_DENIED},
        {NULL, "0.0.0.0", 0, PLAIT_SOCKS_DENIED},
        {NULL, "127.1", 0, PLAIT_SOCKS_DENIED},
        {NULL, "2130706433", 0, PLAIT_SOCKS_DENIED},
        {NULL, "\\:\\:ffff\\:127.0.0.1", 0, PLAIT_SOCKS_DENIED},
        {NULL, "\\:\\:1", 0, PLAIT_SOCKS_DENIED},
        {"0.0.0.0/0", "localhost", 0, PLAIT_SOCKS_DENIED},
        {"127.0.0.0/8", "localhost", 0, 0},
        {"127.0.0.0/8", "127.1", 0, 0},
        {"127.0.0.0/8", "no.such.host.invalid", 0, PLAIT_SOCKS_NO_HOST},
        {"127.0.0.0/8", "127.0.0.1", 1, PLAIT_SOCKS_REFUSED},
    };
    plait_factory say = line_factory(note_bytes);
    size_t i;

    for (i = 0; i < sizeof cases / sizeof *cases; i++) {
        plait_socks_server_options options = PLAIT_SOCKS_SERVER_OPTIONS_INIT;
        plait_listener listener;

        options.allow = cases[i].allow;
        dial("socks5", proxy(&options, 0, &listener), cases[i].host, cases[i].wrong_port ? 1 : target, "", say);
        UNTIL(reactor, failure != 1);
        if (failure != (cases[i].wanted ? PLAIT_ERR_REMOTE : 0) || code != cases[i].wanted)
            DIE("%s by %s: %d %d", cases[i].host, cases[i].allow ? cases[i].allow : "-", failure, code);
        if (!failure) OK(plait_conn_abort(last_conn));
        OK(plait_listener_close(listener));
    }
    OK(plait_factory_release(say));
    UNTIL(reactor, !strcmp(strrchr(journal, 'r') ? strrchr(journal, 'r') : "", "release|"));
    journal[0] = 0;
}

static void bind_for(int other, const char *name) {
    char request[64] = "\4\2\0\120\177\0\0\1\0";
    size_t len = 9;
    plait_socks_server_options options = PLAIT_SOCKS_SERVER_OPTIONS_INIT;
    plait_listener listener;
    struct peer one, two;
    int port;

    options.allow = other ? "127.0.0.9" : "127.0.0.1";
    peer_dial(&one, proxy(&options, 0, &listener));
    if (other) request[7] = 9;
    if (name) { /* 4a */
        memset(request + 4, 0, 3);
        strcpy(request + len, name);
        len += strlen(name) + 1;
    }
    CHECK(send(one.fd, request, len, 0) == (ssize_t)len);
    UNTIL(reactor, (peer_turn(&one), one.len == 8));
    CHECK(!memcmp(one.heard, "\0\132", 2) && !memcmp(one.heard + 4, "\177\0\0\1", 4));
    port = (uint8_t)one.heard[2] << 8 | (uint8_t)one.heard[3];
    seen.struct_size = sizeof seen;
    peer_dial(&two, port);
    UNTIL(reactor, (peer_turn(&one), one.len == 16));
    CHECK(one.heard[9] == (other ? 91 : 90));
    if (other) {
        UNTIL(reactor, peer_ended(&one) && peer_ended(&two));
    } else {
        peer_say(&two, "from there");
        UNTIL(reactor, (peer_turn(&one), one.len == 26));
        peer_say(&one, "from here");
        UNTIL(reactor, peer_heard(&two, "from here"));
        peer_close(&one);
        UNTIL(reactor, peer_ended(&two));
    }
    peer_close(&two);
    if (other) peer_close(&one);
    UNTIL(reactor, strstr(journal, "gone"));
    OK(plait_listener_close(listener));
    journal[0] = 0;
}

/* A name that has no address, or none that the rules allow. */
static void bind_to_nobody(void) {
    plait_socks_server_options options = PLAIT_SOCKS_SERVER_OPTIONS_INIT;
    plait_listener listener;
    static const char *const names[] = {"a..b", "localhost"};
    int i;

    for (i = 0; i < 2; i++) {
        char request[64] = "\4\2\0\120\0\0\0\1\0";
        struct peer peer;
        peer_dial(&peer, proxy(&options, 0, &listener));
        strcpy(request + 9, names[i]);
        CHECK(send(peer.fd, request, 10 + strlen(names[i]), 0) == (ssize_t)(10 + strlen(names[i])));
        UNTIL(reactor, peer_ended(&peer));
        CHECK(peer.len == 8 && !memcmp(peer.heard, "\0\133", 2));
        peer_close(&peer);
        UNTIL(reactor, strstr(journal, "gone"));
        OK(plait_listener_close(listener));
        journal[0] = 0;
    }
}

/* Much, from an end that is quick to one that is slow: it is all there, and the quick one waits. */
enum { MUCH = 8 << 20 };
static size_t sent, most_waiting;
static void pour(void *user, plait_conn conn) {
    static uint8_t block[4096];
    size_t i;

    (void)user;
    for (; sent < MUCH; sent += sizeof block) {
        for (i = 0; i < sizeof block; i += 4) {
            block[i] = (uint8_t)((sent + i) >> 24);
            block[i + 1] = (uint8_t)((sent + i) >> 16);
            block[i + 2] = (uint8_t)((sent + i) >> 8);
            block[i + 3] = (uint8_t)(sent + i);
        }
        OK(plait_conn_write(conn, block, sizeof block));
    }
    plait_conn_close(conn);
}
static void much(void) {
    plait_raw_handler handler = PLAIT_RAW_HANDLER_INIT;
    plait_socks_server_options options = PLAIT_SOCKS_SERVER_OPTIONS_INIT;
    plait_factory source = {0};
    plait_listener listener, at;
    struct peer peer;
    char request[] = "\4\1\0\0\177\0\0\1";
    size_t got = 0;
    int port;

    handler.connected = pour;
    OK(plait_raw_factory_new(&source, &handler, NULL));
    port = listen_on(reactor, source, &at);
    OK(plait_factory_release(source));
    options.flags = PLAIT_SOCKS_ALLOW_PRIVATE;
    peer_dial(&peer, proxy(&options, 0, &listener));
    request[2] = (char)(port >> 8);
    request[3] = (char)port;
    CHECK(send(peer.fd, request, 9, 0) == 9);
    UNTIL(reactor, strstr(journal, "opened"));
    for (int turns = 0; turns < 50; turns++) OK(plait_reactor_poll(reactor, 0)); /* nobody reads */
    seen.struct_size = sizeof seen;
    OK(plait_socks_server_get_tunnel(client, &seen));
    plait_conn_counters counters = PLAIT_CONN_COUNTERS_INIT;
    OK(plait_conn_get_counters(client, &counters));
    most_waiting = counters.waiting;
    if (most_waiting >= 1 << 19) DIE("%zu bytes wait", most_waiting);
    UNTIL(reactor, (peer_turn(&peer), peer.len >= 8));
    memmove(peer.heard, peer.heard + 8, peer.len -= 8);
    while (got < MUCH) {
        size_t i;
        UNTIL(reactor, (peer_turn(&peer), peer.len >= 4 || peer.ended));
        CHECK(peer.len >= 4);
        for (i = 0; i + 4 <= peer.len; i += 4) {
            uint32_t wanted = (uint32_t)(got + i);
            uint8_t *part = (uint8_t *)peer.heard + i;
            SAME((uint32_t)part[0] << 24 | (uint32_t)part[1] << 16 | (uint32_t)part[2] << 8 | part[3], wanted);
        }
        got += i;
        memmove(peer.heard, peer.heard + i, peer.len -= i);
    }
    UNTIL(reactor, peer_ended(&peer));
    peer_close(&peer);
    UNTIL(reactor, strstr(journal, "gone 0"));
    SAME(seen.bytes_back, MUCH);
    SAME(seen.bytes_out, 0);
    OK(plait_listener_close(listener));
    OK(plait_listener_close(at));
    journal[0] = 0;
}

/* The factory, around one that anything else could be around. */
static void by_factory(int target) {
    plait_socks_server_options rules = PLAIT_SOCKS_SERVER_OPTIONS_INIT;
    plait_socks_options options = PLAIT_SOCKS_OPTIONS_INIT;
    plait_factory say = line_factory(note_bytes), by = {0};
    plait_reason reason = PLAIT_REASON_INIT;
    plait_listener listener;
    char endpoint[64];

    options.port = (uint32_t)target;
    STATUS(plait_socks_factory_new(&by, say, &options, &reason), PLAIT_ERR_INVALID);
    options.host = "localhost";
    options.version = 6;
    STATUS(plait_socks_factory_new(&by, say, &options, &reason), PLAIT_ERR_INVALID);
    options.version = PLAIT_SOCKS_4;
    STATUS(plait_socks_factory_new(&by, say, &options, &reason), PLAIT_ERR_INVALID);
    CHECK(strstr(reason.text, "SOCKS 4"));
    options.version = PLAIT_SOCKS_5;
    options.password = "x";
    STATUS(plait_socks_factory_new(&by, say, &options, NULL), PLAIT_ERR_INVALID);
    options.user = "me";
    options.port = 0;
    STATUS(plait_socks_factory_new(&by, say, &options, &reason), PLAIT_ERR_INVALID);
    options.port = (uint32_t)target;
    STATUS(plait_socks_factory_new(NULL, say, &options, &reason), PLAIT_ERR_INVALID);
    OK(plait_socks_factory_new(&by, say, &options, NULL));
    rules.flags = PLAIT_SOCKS_ALLOW_PRIVATE;
    snprintf(endpoint, sizeof endpoint, "tcp:127.0.0.1:%d", proxy(&rules, 0, &listener));
    failure = 1;
    OK(plait_connect(reactor, endpoint, by, NULL, on_connect, NULL, NULL));
    UNTIL(reactor, failure == 0);
    OK(plait_line_send(last_conn, (const uint8_t *)"hello", 5));
    UNTIL(reactor, strstr(journal, "|hello|"));
    OK(plait_conn_abort(last_conn));
    UNTIL(reactor, strstr(journal, "gone"));
    OK(plait_listener_close(listener));
    OK(plait_factory_release(by));
    OK(plait_factory_release(say));

    rules.allow = "nonsense";
    rules.reason = &reason;
    STATUS(plait_socks_server_factory_new(&by, &rules, NULL, NULL), PLAIT_ERR_INVALID);
    CHECK(strstr(reason.text, "an address is expected") && reason.offset == 0);
    rules.allow = NULL;
    rules.interface = "eth0";
    STATUS(plait_socks_server_factory_new(&by, &rules, NULL, NULL), PLAIT_ERR_INVALID);
    rules.interface = NULL;
    rules.flags = 32;
    STATUS(plait_socks_server_factory_new(&by, &rules, NULL, NULL), PLAIT_ERR_INVALID);
    journal[0] = 0;
}

int main(void) {
    plait_listener listener;
    plait_factory lines;
    int target;

    reactor = new_reactor(0);
    lines = line_factory(echo_line);
    target = listen_on(reactor, lines, &listener);
    asked(lines, target);
    rules(target);
    bind_for(0, NULL);
    bind_for(1, NULL);
    bind_for(0, "localhost");
    bind_to_nobody();
    much();
    by_factory(target);
    OK(plait_factory_release(lines));
    OK(plait_reactor_free(reactor));
    PASSED();
}
