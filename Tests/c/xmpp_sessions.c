/* XMPP when connections end: stanzas that may not have arrived are the host's again; a server sends its client
 * somewhere else; a host says where servers are; and a password that takes long to hash keeps nobody waiting. */
#include "xmpp_talk.h"

#define SM "<sm xmlns='urn:xmpp:sm:3'/>"
#define ENABLED "<enabled xmlns='urn:xmpp:sm:3' id='m1' resume='true'/>"
#define BOUND                                                                                                          \
    "<iq type='result' id='bind'><bind "                                                                               \
    "xmlns='urn:ietf:params:xml:ns:xmpp-bind'><jid>me@example.org/r</jid></bind></iq>"

static int closes;
static void on_returned(void *user, plait_conn conn, plait_element stanza) {
    plait_bytes body;

    CHECK(user == (void *)&closes);
    OK(plait_element_get_text(stanza, (uint32_t)plait_element_get_child(stanza, 0, "body", NULL), &body));
    note("returned %.*s%s", (int)body.len, (const char *)body.data, conn.id ? "" : " to nobody");
    if (closes) OK(plait_conn_abort(conn));
}

static plait_factory account(const char *jid, const char *password, uint32_t flags) {
    plait_xmpp_options options = PLAIT_XMPP_OPTIONS_INIT;
    plait_xmpp_handler handler = PLAIT_XMPP_HANDLER_INIT;
    plait_factory made = {0};

    handler.connected = note_connected;
    handler.disconnected = note_disconnected;
    handler.ready = on_ready;
    handler.returned = on_returned;
    options.jid = jid;
    options.password = password;
    options.flags = flags | PLAIT_XMPP_WITHOUT_TLS;
    OK(plait_xmpp_factory_new(&made, &options, &handler, &closes));
    return made;
}

static plait_conn attached(plait_factory factory, const char *answer) {
    plait_transport_ops ops = PLAIT_TRANSPORT_OPS_INIT;
    plait_conn conn = {0};

    ops.write = on_write;
    OK(plait_conn_attach(reactor, factory, &ops, NULL, &conn));
    OK(plait_reactor_poll(reactor, 0));
    feed(conn,
         HEADER FEATURES(
             "<mechanisms xmlns='urn:ietf:params:xml:ns:xmpp-sasl'><mechanism>ANONYMOUS</mechanism></mechanisms>"));
    feed(conn, "<success xmlns='urn:ietf:params:xml:ns:xmpp-sasl'/>");
    feed(conn, HEADER FEATURES("<bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'/>" SM));
    if (answer) feed(conn, answer);
    return conn;
}
static void say(plait_conn conn, const char *body) {
    plait_element message = {0};

    OK(plait_element_new(&message, "message", "jabber:client"));
    CHECK(plait_element_add(message, 0, "body", NULL) > 0);
    CHECK(plait_element_add_text(message, 1, (const uint8_t *)body, strlen(body)) > 0);
    OK(plait_xmpp_send(conn, message, 0));
    OK(plait_element_free(message));
}

static void returning(void) {
    plait_factory factory = account("example.org", NULL, 0), others = {0};
    plait_conn conn = attached(factory, BOUND ENABLED);
    plait_line_handler lines = PLAIT_LINE_HANDLER_INIT;
    plait_reactor other;

    say(conn, "1");
    say(conn, "2");
    say(conn, "3");
    OK(plait_conn_abort(conn));
    OK(plait_reactor_poll(reactor, 0));
    HEARD("connected|ready 0|disconnected PLAIT_ERR_ABORTED|");
    /* Forgotten, and cut off before it is ready; then a host that closes; then the rest. */
    conn = attached(factory, "<failed xmlns='urn:xmpp:sm:3'/>");
    OK(plait_conn_abort(conn));
    OK(plait_reactor_poll(reactor, 0));
    HEARD("connected|disconnected PLAIT_ERR_ABORTED|");
    closes = 1;
    attached(factory, BOUND ENABLED);
    HEARD("connected|ready 0|returned 1|disconnected PLAIT_ERR_ABORTED|");
    closes = 0;
    conn = attached(factory, "<resumed xmlns='urn:xmpp:sm:3' previd='m1' h='0'/>");
    HEARD("connected|ready 1|returned 2|returned 3|");
    say(conn, "4");
    OK(plait_conn_abort(conn));
    OK(plait_reactor_poll(reactor, 0));
    HEARD("disconnected PLAIT_ERR_ABORTED|");
    OK(plait_xmpp_factory_give_up(reactor, factory));
    HEARD("");
    OK(plait_reactor_poll(reactor, 0));
    HEARD("returned 4 to nobody|");
    OK(plait_xmpp_factory_give_up(reactor, factory));
    OK(plait_reactor_poll(reactor, 0));
    HEARD("");
    /* One that has served nobody is nobody's afterwards. */
    OK(plait_factory_release(factory));
    factory = account("example.org", NULL, 0);
    OK(plait_xmpp_factory_give_up(reactor, factory));
    other = new_reactor(PLAIT_REACTOR_WITHOUT_LOOP);
    OK(plait_xmpp_factory_give_up(other, factory));
    OK(plait_reactor_free(other));
    OK(plait_line_factory_new(&others, NULL, &lines, NULL));
    STATUS(plait_xmpp_factory_give_up(reactor, others), PLAIT_ERR_TYPE);
    OK(plait_factory_release(others));
    OK(plait_factory_release(factory));
}

/* Raw servers: what each says to whoever comes, as often as it comes. */
static plait_listener here, there;
static char sends_on[512];
static const char *other_host = "127.0.0.1";
static int came_here, came_there, sends_back;

static void write_text(plait_conn conn, const char *text) {
    OK(plait_conn_write(conn, (const uint8_t *)text, strlen(text)));
}
static void see_other(plait_conn conn, plait_listener other) {
    snprintf(sends_on, sizeof sends_on,
             HEADER "<stream:error><see-other-host xmlns='urn:ietf:params:xml:ns:xmpp-streams'>%s:%d"
                    "</see-other-host></stream:error></stream:stream>",
             other_host, plait_listener_get_port(other));
    write_text(conn, sends_on);
}
static void on_here(void *user, plait_conn conn) {
    (void)user;
    came_here++;
    see_other(conn, sends_back ? here : there);
}
static void on_there(void *user, plait_conn conn) {
    (void)user;
    came_there++;
    write_text(conn,
               HEADER FEATURES("<mechanisms xmlns='urn:ietf:params:xml:ns:xmpp-sasl'><mechanism>ANONYMOUS</mechanism>"
                               "</mechanisms>"));
    write_text(conn, "<success xmlns='urn:ietf:params:xml:ns:xmpp-sasl'/>");
    write_text(conn, HEADER FEATURES("<bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'/>") BOUND);
}
static void ignore(void *user, plait_conn conn, const uint8_t *data, size_t len) {
    (void)user;
    (void)conn;
    (void)data;
    (void)len;
}
static plait_listener listening(void (*connected)(void *, plait_conn), const char *where) {
    plait_raw_handler handler = PLAIT_RAW_HANDLER_INIT;
    plait_factory factory = {0};
    plait_listener listener = {0};

    handler.connected = connected;
    handler.data = ignore;
    OK(plait_raw_factory_new(&factory, &handler, NULL));
    OK(plait_listen(reactor, where, factory, NULL, &listener));
    OK(plait_factory_release(factory));
    return listener;
}
static plait_listener served(void (*connected)(void *, plait_conn)) {
    return listening(connected, "tcp:0:interface=127.0.0.1");
}

static void elsewhere(void) {
    plait_factory factory = account("example.org", NULL, 0), staying, timed = {0};
    plait_timeout_options times = PLAIT_TIMEOUT_OPTIONS_INIT;
    plait_connector_options options = PLAIT_CONNECTOR_OPTIONS_INIT;
    plait_connector connector = {0};
    char where[96];

    here = served(on_here);
    there = served(on_there);
    snprintf(where, sizeof where, "tcp:host=127.0.0.1:port=%d", plait_listener_get_port(here));
    /* A connector goes there at once, also behind a policy. */
    times.idle_ms = 60000;
    OK(plait_timeout_factory_new(&timed, factory, &times));
    OK(plait_connector_start(reactor, where, timed, NULL, NULL, NULL, &connector));
    UNTIL(reactor, strstr(journal, "ready 0|"));
    HEARD("connected|disconnected PLAIT_ERR_SWITCHED|connected|ready 0|");
    CHECK(came_here == 1 && came_there == 1);
    OK(plait_connector_stop(connector));
    OK(plait_xmpp_close(last_conn));
    UNTIL(reactor, strstr(journal, "disconnected"));
    journal[0] = 0;
    /* The next connection begins where it should; round in circles it goes five times. */
    sends_back = 1;
    options.max_retries = 1; /* to be sent on is none */
    OK(plait_connector_start(reactor, where, factory, &options, NULL, NULL, &connector));
    UNTIL(reactor, strstr(journal, "disconnected PLAIT_ERR_REMOTE|"));
    SAME(came_here, 7);
    OK(plait_connector_stop(connector));
    OK(plait_reactor_poll(reactor, 0));
    journal[0] = 0;
    sends_back = 0;
    /* Where the host does not want it, it is told alone. */
    staying = account("example.org", NULL, PLAIT_XMPP_WITHOUT_REDIRECTS);
    for (int times_over = 0; times_over < 2; times_over++) {
        OK(plait_connect(reactor, where, staying, NULL, NULL, NULL, NULL));
        UNTIL(reactor, strstr(journal, "disconnected"));
        HEARD("connected|disconnected PLAIT_ERR_REMOTE|");
    }
    SAME(came_there, 1);
    OK(plait_factory_release(staying));
    OK(plait_factory_release(timed));
    OK(plait_factory_release(factory));
}

/* The same over TLS from the start: wherever it goes, the certificate is for the name that was wanted. */
static void on_waiting(void *user, plait_connector connector, const plait_reason *reason, uint64_t delay) {
    (void)user;
    (void)connector;
    note("waiting %s%s", plait_err_name(reason->status), delay == 0 ? " not" : "");
}
static void elsewhere_over_tls(void) {
    plait_factory factory = account("example.org", NULL, 0);
    plait_connector connector = {0};
    plait_connector_handler handler = PLAIT_CONNECTOR_HANDLER_INIT;
    plait_listener open_here = here, open_there = there;
    char directory[64], command[160], where[256];

    snprintf(directory, sizeof directory, "/tmp/plait-elsewhere-%d", (int)getpid());
    snprintf(command, sizeof command, "Tests/certificates %s", directory);
    SAME(system(command), 0);
    came_here = came_there = 0;
    handler.waiting = on_waiting;
    other_host = "127.0.0.2"; /* of which no certificate says anything */
    snprintf(where, sizeof where, "ssl:0:privateKey=%s/good.pem:interface=127.0.0.1", directory);
    here = listening(on_here, where);
    for (int is_wrong = 0; is_wrong < 2; is_wrong++) {
        snprintf(where, sizeof where, "ssl:0:privateKey=%s/%s.pem:interface=127.0.0.2", directory,
                 is_wrong ? "other" : "good");
        there = listening(on_there, where);
        snprintf(where, sizeof where, "tls:host=localhost:port=%d:trustRoots=%s/root.pem",
                 plait_listener_get_port(here), directory);
        OK(plait_connector_start(reactor, where, factory, NULL, &handler, NULL, &connector));
        UNTIL(reactor, strstr(journal, is_wrong ? "PLAIT_ERR_TLS_NAME" : "ready 0|"));
        if (is_wrong) {
            HEARD(
                "connected|disconnected PLAIT_ERR_SWITCHED|waiting PLAIT_ERR_SWITCHED not|waiting PLAIT_ERR_TLS_NAME|");
        } else {
            HEARD("connected|disconnected PLAIT_ERR_SWITCHED|waiting PLAIT_ERR_SWITCHED not|connected|ready 0|");
            OK(plait_xmpp_close(last_conn));
            UNTIL(reactor, strstr(journal, "disconnected"));
        }
        OK(plait_connector_stop(connector));
        OK(plait_listener_close(there));
        OK(plait_reactor_poll(reactor, 0));
        journal[0] = 0;
    }
    CHECK(came_there == 1);
    OK(plait_listener_close(here));
    OK(plait_factory_release(factory));
    (here = open_here, there = open_there, other_host = "127.0.0.1");
    snprintf(command, sizeof command, "rm -r %s", directory);
    SAME(system(command), 0);
}

static plait_call asked;
static int how, times_asked;
static int on_lookup(void *user, plait_call lookup, const char *service, const char *domain) {
    char unreached[16];

    CHECK(user == (void *)&how && strcmp(service, "chat") == 0);
    times_asked++;
    note("%s", domain);
    asked = lookup;
    if (how == 0 || how == 5) return 0;
    if (how == 6) {
        OK(plait_service_add(lookup, "127.0.0.2", 1, 0, 0));
        OK(plait_service_add(lookup, ".", 0, 0, 0));
        OK(plait_call_cancel(lookup));
        return 1;
    }
    if (how == 2) return 1;
    STATUS(plait_service_add(lookup, NULL, 1, 0, 0), PLAIT_ERR_INVALID);
    STATUS(plait_service_add(lookup, "a", 65536, 0, 0), PLAIT_ERR_INVALID);
    snprintf(unreached, sizeof unreached, "127.0.0.%d", 2); /* nobody listens there */
    if (how == 1) {
        OK(plait_service_add(lookup, "127.0.0.1", (uint32_t)plait_listener_get_port(there), 20, 0));
        OK(plait_service_add(lookup, unreached, (uint32_t)plait_listener_get_port(there), 10, 0));
        OK(plait_service_add(lookup, ".", 0, 0, 0));
    }
    if (how == 3) OK(plait_service_add(lookup, ".", 0, 0, 0));
    OK(plait_service_answer(lookup));
    STATUS(plait_service_add(lookup, "a", 1, 0, 0), PLAIT_ERR_CLOSED);
    STATUS(plait_service_answer(lookup), PLAIT_ERR_CLOSED);
    return 1;
}
static void on_connect(void *user, plait_call call, plait_conn conn, const plait_reason *reason) {
    (void)user;
    (void)call;
    note("ended %s", reason->status == 0 ? "0" : plait_err_name(reason->status));
    if (conn.id) OK(plait_conn_abort(conn));
}
static plait_call go(plait_factory factory, const char *host, int manner) {
    char where[96];
    plait_call call = {0};

    how = manner;
    snprintf(where, sizeof where, "tcp:host=%s:port=%d:srv=chat", host, plait_listener_get_port(there));
    OK(plait_connect(reactor, where, factory, NULL, on_connect, NULL, &call));
    return call;
}

static void services(void) {
    plait_factory factory = {0};
    plait_line_handler lines = PLAIT_LINE_HANDLER_INIT;
    plait_call call;
    plait_reactor without = new_reactor(PLAIT_REACTOR_WITHOUT_LOOP);

    STATUS(plait_reactor_set_service_lookup(without, on_lookup, &how), PLAIT_ERR_UNSUPPORTED);
    OK(plait_reactor_free(without));
    OK(plait_line_factory_new(&factory, NULL, &lines, NULL));
    OK(plait_reactor_set_service_lookup(reactor, on_lookup, &how));
    /* At once: the first one is not there. */
    go(factory, "example.test", 1);
    HEARD("");
    UNTIL(reactor, strstr(journal, "ended"));
    HEARD("example.test|ended 0|");
    /* Later. */
    go(factory, "example.test", 2);
    UNTIL(reactor, strstr(journal, "example.test"));
    OK(plait_reactor_poll(reactor, 10));
    OK(plait_service_add(asked, "127.0.0.1", (uint32_t)plait_listener_get_port(there), 0, 5));
    OK(plait_service_answer(asked));
    UNTIL(reactor, strstr(journal, "ended"));
    HEARD("example.test|ended 0|");
    STATUS(plait_service_answer(asked), PLAIT_ERR_STALE);
    /* It is not offered; nothing is known, so that it is at the domain; the same by cancelling. */
    go(factory, "example.test", 3);
    UNTIL(reactor, strstr(journal, "ended"));
    HEARD("example.test|ended PLAIT_ERR_NO_NAME|");
    go(factory, "localhost", 4);
    UNTIL(reactor, strstr(journal, "ended"));
    HEARD("localhost|ended 0|");
    go(factory, "localhost", 2);
    UNTIL(reactor, strstr(journal, "localhost"));
    OK(plait_call_cancel(asked));
    UNTIL(reactor, strstr(journal, "ended"));
    HEARD("localhost|ended 0|");
    go(factory, "localhost", 6); /* with hosts that were added already */
    UNTIL(reactor, strstr(journal, "ended"));
    HEARD("localhost|ended 0|");
    go(factory, "localhost", 5); /* while the system is asked */
    UNTIL(reactor, strstr(journal, "localhost"));
    SAME(plait_service_add(asked, "127.0.0.2", 1, 0, 0) < 0, 1);
    (void)plait_call_cancel(asked); /* it may be over already */
    UNTIL(reactor, strstr(journal, "ended"));
    HEARD("localhost|ended 0|");
    /* Nobody waits any more. */
    call = go(factory, "example.test", 2);
    UNTIL(reactor, strstr(journal, "example.test"));
    STATUS(plait_service_answer(call), PLAIT_ERR_TYPE);
    OK(plait_call_cancel(call));
    UNTIL(reactor, strstr(journal, "ended"));
    HEARD("example.test|ended PLAIT_ERR_CANCELLED|");
    STATUS(plait_service_answer(asked), PLAIT_ERR_STALE);
    /* An address has no services, and nobody is asked where nobody wants to be. */
    times_asked = 0;
    go(factory, "127.0.0.1", 1);
    UNTIL(reactor, strstr(journal, "ended"));
    OK(plait_reactor_set_service_lookup(reactor, NULL, NULL));
    SAME(times_asked, 0);
    HEARD("ended 0|");
    OK(plait_reactor_set_service_lookup(reactor, on_lookup, &how));
    go(factory, "example.test", 2); /* the reactor's end */
    UNTIL(reactor, times_asked == 1);
    journal[0] = 0;
    OK(plait_factory_release(factory));
}

/* SCRAM with many rounds: other things go on, and the conn may end meanwhile. */
static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
static void decode64(const char *text, char *out, size_t room) {
    uint32_t bits = 0;
    int count = 0;
    size_t used = 0;

    for (; *text && strchr(letters, *text); text++) {
        bits = bits << 6 | (uint32_t)(strchr(letters, *text) - letters);
        if (++count % 4 == 1) continue;
        CHECK(used + 1 < room);
        out[used++] = (char)(bits >> (6 - 2 * ((count - 1) % 4)));
    }
    out[used] = 0;
}
static void encode64(const char *data, size_t len, char *out) {
    for (size_t at = 0; at < len; at += 3) {
        uint32_t bits = 0;

        for (size_t index = at; index < at + 3; index++) bits = bits << 8 | (index < len ? (uint8_t)data[index] : 0);
        for (int index = 0; index < 4; index++)
            *out++ = at + (size_t)index > len ? '=' : letters[bits >> (18 - 6 * index) & 63];
    }
    *out = 0;
}
static int ticks;
static void on_tick(void *user, plait_timer timer) {
    (void)user;
    (void)timer;
    ticks++;
}
static plait_conn challenged(plait_factory factory, int rounds) {
    plait_transport_ops ops = PLAIT_TRANSPORT_OPS_INIT;
    plait_conn conn = {0};
    char nonce[128], said[256], coded[512];
    const char *start;
    size_t len = 0;

    ops.write = on_write;
    sent[0] = 0;
    OK(plait_conn_attach(reactor, factory, &ops, NULL, &conn));
    OK(plait_reactor_poll(reactor, 0));
    feed(conn, HEADER FEATURES("<mechanisms xmlns='urn:ietf:params:xml:ns:xmpp-sasl'><mechanism>SCRAM-SHA-1</mechanism>"
                               "</mechanisms>"));
    OK(plait_reactor_poll(reactor, 0));
    start = strstr(sent, "SCRAM-SHA-1'>");
    CHECK(start);
    decode64(start + 13, said, sizeof said);
    start = strstr(said, ",r=");
    CHECK(start);
    snprintf(nonce, sizeof nonce, "%.100s", start + 3);
    len = (size_t)snprintf(said, sizeof said, "r=%sx,s=QSXCR+Q6sek8bf92,i=%d", nonce, rounds);
    encode64(said, len, coded);
    sent[0] = 0;
    feed(conn, "<challenge xmlns='urn:ietf:params:xml:ns:xmpp-sasl'>");
    feed(conn, coded);
    feed(conn, "</challenge>");
    return conn;
}

static void many_rounds(void) {
    plait_factory factory = account("me@example.org", "secret", 0);
    plait_timer timer = {0};
    plait_conn conn;

    OK(plait_timer_start(reactor, 1, 1, on_tick, NULL, &timer));
    challenged(factory, 40000);
    SAME(strlen(sent), 0); /* it is being made, by another thread */
    UNTIL(reactor, strstr(sent, "</response>"));
    CHECK(ticks > 0);
    journal[0] = 0;
    /* The server gives up, or the host. */
    conn = challenged(factory, 40000);
    feed(conn, "<failure xmlns='urn:ietf:params:xml:ns:xmpp-sasl'><temporary-auth-failure/></failure>");
    HEARD("connected|disconnected PLAIT_ERR_REMOTE|");
    conn = challenged(factory, 40000);
    OK(plait_conn_abort(conn));
    OK(plait_reactor_poll(reactor, 0));
    HEARD("connected|disconnected PLAIT_ERR_ABORTED|");
    challenged(factory, 999999999); /* more than anybody may want */
    HEARD("connected|disconnected PLAIT_ERR_RANGE|");
    challenged(factory, 40000); /* the reactor's end */
    OK(plait_timer_cancel(timer));
    OK(plait_factory_release(factory));
}

int main(void) {
    reactor = new_reactor(0);
    returning();
    elsewhere();
    elsewhere_over_tls();
    services();
    many_rounds();
    OK(plait_reactor_free(reactor));
    printf("ok\n");
    return 0;
}
