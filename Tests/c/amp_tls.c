/* AMP's StartTLS: either side asks, in either part of TLS; what is sent meanwhile; refusals, failures and limits. */
#include "amp_harness.h"

static plait_reactor reactor;
static char directory[64];
static plait_tls_config shown, trusting, doubting;
static plait_amp_command echo, start, other;

static plait_tls_config config_of(const char *identity, const char *authority, uint32_t flags) {
    plait_tls_identity one = PLAIT_TLS_IDENTITY_INIT;
    plait_tls_options options = PLAIT_TLS_OPTIONS_INIT;
    plait_tls_config config = {0};
    char paths[2][128];

    snprintf(paths[0], sizeof paths[0], "%s/%s", directory, identity ? identity : "");
    snprintf(paths[1], sizeof paths[1], "%s/%s", directory, authority ? authority : "");
    one.cert_file = paths[0];
    options.identities = &one;
    options.identity_count = identity != NULL;
    if (authority) options.ca_file = paths[1];
    options.flags = flags;
    OK(plait_tls_config_new(&config, &options, NULL));
    return config;
}

/* "s" or "p": by whether the conn is secure or plain. */
static const char *how(plait_conn conn) {
    plait_tls_info info = PLAIT_TLS_INFO_INIT;

    return plait_conn_get_tls(conn, &info) == 0 ? "s" : "p";
}

static void on_echo(void *user, plait_conn conn, plait_amp_box request) {
    plait_amp_value value = {0};

    OK(plait_amp_get_int(request, 0, &value.integer));
    note("%s asked %lld %s", (const char *)user, (long long)value.integer, how(conn));
    OK(plait_amp_answer(request, &value, 1));
}

static void on_echoed(void *user, plait_conn conn, plait_amp_box answer, const plait_reason *reason) {
    int64_t value = -1;

    if (reason->status == 0) OK(plait_amp_get_int(answer, 0, &value));
    note("%s got %lld %s %s", (const char *)user, (long long)value, how(conn),
         reason->status ? plait_err_name(reason->status) : "0");
    if (value == 2) OK(plait_conn_close(conn));
}

static void on_tls(void *user, plait_conn conn, plait_amp_box answer, const plait_reason *reason) {
    plait_bytes code = {(const uint8_t *)"", 0}, text = code;

    if (answer.id) OK(plait_amp_get_error(answer, &code, &text));
    note("%s tls %s %s %.*s%s%.*s", (const char *)user, how(conn),
         reason->status ? plait_err_name(reason->status) : "0", (int)code.len, code.data, code.len ? ":" : "",
         (int)text.len, text.data);
}

static void on_handshake(void *user, plait_conn conn, const plait_reason *reason) {
    note("%s handshake %s %s", (const char *)user, how(conn), reason->status ? plait_err_name(reason->status) : "0");
}

static void call(plait_conn conn, const char *who, int64_t number) {
    plait_amp_value value = {0};

    value.integer = number;
    OK(plait_amp_call(conn, echo, &value, 1, 0, on_echoed, (void *)(uintptr_t)who, NULL));
}

/* Asks for TLS, and for two echoes right behind that. */
static plait_tls_config asking;
static void ask(void *user, plait_conn conn) {
    plait_tls_conn_options use = PLAIT_TLS_CONN_OPTIONS_INIT;
    plait_call made = {0};

    use.server_name = "localhost";
    OK(plait_amp_start_tls(conn, asking, &use, 0, on_tls, user, &made));
    CHECK(made.id != 0);
    STATUS(plait_amp_start_tls(conn, asking, &use, 0, on_tls, user, NULL), PLAIT_ERR_INVALID);
    call(conn, (const char *)user, 1);
    call(conn, (const char *)user, 2);
}

static plait_tls_config answering;
static void on_start(void *user, plait_conn conn, plait_amp_box request) {
    plait_tls_conn_options use = PLAIT_TLS_CONN_OPTIONS_INIT;

    (void)conn;
    use.server_name = "localhost";
    STATUS(plait_amp_answer(request, NULL, 0), PLAIT_ERR_INVALID);
    STATUS(plait_amp_answer_box(request, NULL, 0), PLAIT_ERR_INVALID);
    OK(plait_amp_answer_tls(request, answering, &use, on_handshake, user));
    STATUS(plait_amp_answer_tls(request, answering, &use, on_handshake, user), PLAIT_ERR_STALE);
}

/* Who answers a close_notify to somebody who has gone may hear of that. */
static void on_end(void *user, plait_conn conn, const plait_reason *reason) {
    plait_reason good = *reason;

    if (reason->status == PLAIT_ERR_SYSTEM - ECONNRESET || reason->status == PLAIT_ERR_SYSTEM - EPIPE) good.status = 0;
    note_disconnected(user, conn, &good);
}

static plait_factory factory_of(const char *who, void (*connected)(void *, plait_conn), plait_tls_config tls,
                                plait_amp_responder_fn starting) {
    plait_amp_options options = PLAIT_AMP_OPTIONS_INIT;
    plait_amp_handler handler = PLAIT_AMP_HANDLER_INIT;
    plait_factory factory = {0};

    options.tls = tls;
    handler.connected = connected;
    handler.disconnected = on_end;
    OK(plait_amp_factory_new(&factory, &options, &handler, (void *)(uintptr_t)who));
    SAME(plait_amp_factory_add_responder(factory, echo, on_echo), 0);
    if (starting) SAME(plait_amp_factory_add_responder(factory, start, starting), 1);
    return factory;
}

/* A listener and one that connects to it, until both have ended. */
static void meet(const char *where, plait_factory serving, plait_factory calling) {
    plait_listener listener = {0};
    char endpoint[128];

    disconnected_count = 0;
    OK(plait_listen(reactor, where, serving, NULL, &listener));
    snprintf(endpoint, sizeof endpoint, "%s", where);
    if (!strncmp(where, "tcp", 3))
        snprintf(endpoint, sizeof endpoint, "tcp:127.0.0.1:%d", plait_listener_get_port(listener));
    OK(plait_connect(reactor, endpoint, calling, NULL, NULL, NULL, NULL));
    UNTIL(reactor, disconnected_count == 2);
    OK(plait_listener_close(listener));
    OK(plait_factory_release(serving));
    OK(plait_factory_release(calling));
}

static int heard(const char *event) {
    char *at = strstr(journal, event);

    if (!at) return 0;
    memset(at, '#', strlen(event));
    return 1;
}
#define EVENT(event)                                                                                                   \
    do {                                                                                                               \
        if (!heard(event)) DIE("not heard: %s; journal: %s", event, journal);                                          \
    } while (0)

static const plait_tls_config no_config = {0};

/* The client asks; the server's factory agrees by itself, or a responder does. */
static void clients_ask(const char *where) {
    asking = trusting;
    meet(where, factory_of("server", NULL, shown, NULL), factory_of("client", ask, no_config, NULL));
    HEARD("client tls s 0 |server asked 1 s|server asked 2 s|client got 1 s 0|client got 2 s 0|disconnected "
          "0|disconnected 0|");
    answering = shown;
    meet(where, factory_of("server", NULL, no_config, on_start), factory_of("client", ask, no_config, NULL));
    EVENT("server handshake s 0|");
    EVENT("client tls s 0 |");
    EVENT("server asked 2 s|");
    EVENT("client got 2 s 0|disconnected 0|disconnected 0|");
    journal[0] = 0;
}

/* The server asks; the client's handshake lies right behind its answer. */
static void servers_ask(const char *where) {
    asking = shown;
    answering = trusting;
    meet(where, factory_of("server", ask, no_config, NULL), factory_of("client", NULL, no_config, on_start));
    EVENT("client handshake s 0|");
    EVENT("server tls s 0 |");
    EVENT("client asked 1 s|");
    EVENT("server got 2 s 0|disconnected 0|disconnected 0|");
    journal[0] = 0;
}

static void refusals(void) {
    asking = trusting;
    meet("memory:a", factory_of("server", NULL, no_config, NULL), factory_of("client", ask, no_config, NULL));
    EVENT("client tls p PLAIT_ERR_REMOTE TLS_ERROR:TLS not available|");
    EVENT("server asked 1 p|");
    EVENT("client got 2 p 0|");
    journal[0] = 0;
    /* Both ask at once, and neither can go on before the other answers. */
    asking = shown;
    meet("memory:a", factory_of("server", ask, shown, NULL), factory_of("client", ask, shown, NULL));
    EVENT("client tls p PLAIT_ERR_REMOTE TLS_ERROR:TLS was asked for by the other side, too|");
    EVENT("server tls p PLAIT_ERR_REMOTE TLS_ERROR:TLS was asked for by the other side, too|");
    EVENT("client asked 1 p|");
    EVENT("server asked 1 p|");
    journal[0] = 0;
}

static void failures(void) {
    plait_tls_config made_up = config_of(NULL, NULL, PLAIT_TLS_SELF_SIGNED);

    asking = doubting;
    meet("tcp:0:interface=127.0.0.1", factory_of("server", NULL, shown, NULL),
         factory_of("client", ask, no_config, NULL));
    EVENT("client tls p PLAIT_ERR_TLS_UNTRUSTED |");
    EVENT("client got -1 p PLAIT_ERR_TLS_UNTRUSTED|");
    EVENT("disconnected PLAIT_ERR_TLS_UNTRUSTED|");
    EVENT("disconnected PLAIT_ERR_TLS_ALERT|");
    journal[0] = 0;
    /* A certificate that was made up is none that can be checked; who does not check it is served. */
    meet("memory:a", factory_of("server", NULL, made_up, NULL), factory_of("client", ask, no_config, NULL));
    EVENT("client tls p PLAIT_ERR_TLS_SELF_SIGNED |");
    journal[0] = 0;
    asking = config_of(NULL, NULL, PLAIT_TLS_NO_VERIFY);
    meet("memory:a", factory_of("server", NULL, made_up, NULL), factory_of("client", ask, no_config, NULL));
    EVENT("client tls s 0 |");
    journal[0] = 0;
    OK(plait_tls_config_release(asking));
    OK(plait_tls_config_release(made_up));
}

/* Alone, with what would come from the peer. */
static plait_conn attached(plait_factory factory, int client, plait_call *made, uint64_t limit) {
    plait_tls_conn_options use = PLAIT_TLS_CONN_OPTIONS_INIT;
    plait_conn conn = amp_attach(reactor, factory);

    STATUS(plait_amp_start_tls(conn, trusting, NULL, 0, NULL, NULL, NULL), PLAIT_ERR_INVALID); /* in which part? */
    use.role = client ? PLAIT_TLS_ROLE_CLIENT : PLAIT_TLS_ROLE_SERVER;
    STATUS(plait_amp_start_tls(conn, trusting, &use, 0, NULL, NULL, NULL), PLAIT_ERR_TLS_CONFIG);
    use.server_name = client ? "localhost" : NULL;
    OK(plait_amp_start_tls(conn, client ? trusting : shown, &use, limit, on_tls, (void *)(uintptr_t) "alone", made));
    call(conn, "alone", 1);
    OK(plait_reactor_poll(reactor, 0));
    SENT("_ask=1 _command=StartTLS /");
    return conn;
}

static void limits(void) {
    plait_factory factory = factory_of("alone", NULL, no_config, NULL);
    plait_call made = {0};
    plait_conn conn = attached(factory, 1, &made, 50);

    OK(plait_reactor_advance(reactor, 50));
    HEARD("alone tls p PLAIT_ERR_TIMEOUT |alone got -1 p PLAIT_ERR_CANCELLED|disconnected PLAIT_ERR_CANCELLED|");
    attached(factory, 1, &made, 0);
    OK(plait_call_cancel(made));
    OK(plait_reactor_poll(reactor, 0));
    HEARD("alone tls p PLAIT_ERR_CANCELLED |alone got -1 p PLAIT_ERR_CANCELLED|disconnected PLAIT_ERR_CANCELLED|");
    /* Cancelled in the midst of the handshake. */
    conn = attached(factory, 1, &made, 50);
    amp_feed(conn, "_answer=1");
    OK(plait_reactor_advance(reactor, 50)); /* the limit is the answer's */
    HEARD("");
    CHECK(sent_len > 100 && sent[0] == 22); /* a hello */
    STATUS(plait_amp_start_tls(conn, trusting, NULL, 0, NULL, NULL, NULL), PLAIT_ERR_INVALID);
    OK(plait_call_cancel(made));
    OK(plait_reactor_poll(reactor, 0));
    CHECK(heard("alone tls p PLAIT_ERR_CANCELLED |"));
    journal[0] = 0;
    /* The peer goes away: before its answer, and behind it. */
    conn = attached(factory, 1, &made, 0);
    OK(plait_conn_eof(conn, 0));
    CHECK(heard("alone tls p PLAIT_ERR_CLOSED |"));
    conn = attached(factory, 0, &made, 0);
    amp_feed(conn, "_answer=1");
    OK(plait_conn_eof(conn, 0));
    OK(plait_reactor_poll(reactor, 0));
    EVENT("alone tls p PLAIT_ERR_TLS_TRUNCATED |");
    journal[0] = 0;
    /* A server that answers has nothing to say behind that. */
    conn = attached(factory, 1, &made, 0);
    {
        uint8_t bytes[64];
        size_t len = box_of("_answer=1", bytes);

        len += box_of("a=b", bytes + len);
        OK(plait_conn_feed(conn, bytes, len));
    }
    OK(plait_reactor_poll(reactor, 0));
    EVENT("alone tls p PLAIT_ERR_TLS_PLAINTEXT |");
    EVENT("disconnected PLAIT_ERR_TLS_PLAINTEXT|");
    journal[0] = 0;
    /* What is no hello is found out by TLS. */
    conn = attached(factory, 0, &made, 0);
    {
        uint8_t bytes[64];
        size_t len = box_of("_answer=1", bytes);

        len += box_of("a=b", bytes + len);
        OK(plait_conn_feed(conn, bytes, len));
    }
    OK(plait_reactor_poll(reactor, 0));
    EVENT("alone tls p PLAIT_ERR_TLS |");
    journal[0] = 0;
    /* Freed in the midst. */
    attached(factory, 1, &made, 0);
    OK(plait_factory_release(factory));
}

static plait_amp_box kept;
static void keep(void *user, plait_conn conn, plait_amp_box request) {
    (void)user, (void)conn;
    kept = request;
}

static void misuse(void) {
    plait_factory factory = factory_of("alone", NULL, no_config, keep);
    plait_tls_conn_options use = PLAIT_TLS_CONN_OPTIONS_INIT;
    plait_amp_options options = PLAIT_AMP_OPTIONS_INIT;
    plait_conn conn = amp_attach(reactor, factory);
    plait_factory none = {0};

    SAME(plait_amp_factory_add_responder(factory, other, keep), 2);
    use.role = PLAIT_TLS_ROLE_SERVER;
    STATUS(plait_amp_call(conn, start, NULL, 0, 0, NULL, NULL, NULL), PLAIT_ERR_INVALID);
    STATUS(plait_amp_start_tls(conn, no_config, &use, 0, NULL, NULL, NULL), PLAIT_ERR_STALE);
    use.flags = 2;
    STATUS(plait_amp_start_tls(conn, shown, &use, 0, NULL, NULL, NULL), PLAIT_ERR_INVALID);
    use.flags = 0;
    amp_feed(conn, "_ask=1 _command=StartTLS");
    STATUS(plait_amp_answer_tls(kept, no_config, &use, NULL, NULL), PLAIT_ERR_STALE);
    STATUS(plait_amp_answer_tls(kept, shown, NULL, NULL, NULL), PLAIT_ERR_INVALID);
    STATUS(plait_amp_answer_tls(kept, trusting, &use, NULL, NULL), PLAIT_ERR_TLS_CONFIG);
    STATUS(plait_amp_answer(kept, NULL, 0), PLAIT_ERR_INVALID);
    OK(plait_amp_answer_error(kept, "NO", NULL, 0, 0));
    OK(plait_reactor_poll(reactor, 0));
    SENT("_error=1 _error_code=NO _error_description= /");
    amp_feed(conn, "_ask=2 _command=Other");
    STATUS(plait_amp_answer_tls(kept, shown, &use, NULL, NULL), PLAIT_ERR_INVALID);
    OK(plait_amp_answer(kept, NULL, 0));
    amp_feed(conn, "_command=StartTLS");
    STATUS(plait_amp_answer_tls(kept, shown, &use, NULL, NULL), PLAIT_ERR_INVALID);
    OK(plait_conn_close(conn));
    OK(plait_reactor_poll(reactor, 0));
    OK(plait_factory_release(factory));
    options.tls.id = factory.id;
    STATUS(plait_amp_factory_new(&none, &options, NULL, NULL), PLAIT_ERR_STALE);
    options.tls.id = start.id;
    STATUS(plait_amp_factory_new(&none, &options, NULL, NULL), PLAIT_ERR_TYPE);
}

int main(void) {
    char line[160];

    snprintf(directory, sizeof directory, "/tmp/plait-amp-tls-%d", (int)getpid());
    snprintf(line, sizeof line, "Tests/certificates %s", directory);
    SAME(system(line), 0);
    reactor = new_reactor(PLAIT_REACTOR_MANUAL_CLOCK);
    shown = config_of("good.pem", NULL, 0);
    trusting = config_of(NULL, "root.pem", 0);
    doubting = config_of(NULL, "other.pem", 0);
    echo = command_of("Echo(n: Integer) -> (n: Integer)");
    start = command_of("StartTLS() raises NO");
    other = command_of("Other()");
    snprintf(line, sizeof line, "unix:%s/socket", directory);
    clients_ask("tcp:0:interface=127.0.0.1");
    clients_ask(line);
    clients_ask("memory:a");
    servers_ask("tcp:0:interface=127.0.0.1");
    servers_ask(line);
    servers_ask("memory:a");
    refusals();
    failures();
    limits();
    misuse();
    OK(plait_reactor_free(reactor));
    OK(plait_amp_command_release(echo));
    OK(plait_amp_command_release(start));
    OK(plait_amp_command_release(other));
    OK(plait_tls_config_release(shown));
    OK(plait_tls_config_release(trusting));
    OK(plait_tls_config_release(doubting));
    snprintf(line, sizeof line, "rm -r %s", directory);
    SAME(system(line), 0);
    PASSED();
}
