/* XMPP without a network: an account, logged in by a script; requests both ways; what hears what; a component and its
 * host in one reactor. */
#include "xmpp_talk.h"

static const char *xml(plait_element element) {
    static char text[4096];
    size_t len;

    OK(plait_element_write(element, 0, "jabber:client", (uint8_t *)text, sizeof text - 1, &len));
    text[len] = 0;
    return text;
}
static int on_message(void *user, plait_conn conn, plait_element stanza) {
    (void)user;
    (void)conn;
    note("message %s", xml(stanza));
    return 1;
}
static int on_other(void *user, plait_conn conn, plait_element stanza) {
    (void)user;
    (void)conn;
    note("other %s", xml(stanza));
    return 0;
}
static int on_urgent(void *user, plait_conn conn, plait_element stanza) {
    (void)user;
    (void)conn;
    note("urgent");
    return plait_element_match(stanza, 0, "/message[@type='headline']");
}
static plait_element kept;
static int on_request(void *user, plait_conn conn, plait_element stanza) {
    plait_element answer = {0};

    (void)user;
    if (plait_element_match(stanza, 0, "/iq/mine")) {
        OK(plait_element_new(&answer, "result", "urn:mine"));
        OK(plait_xmpp_answer(conn, stanza, answer, 0));
        OK(plait_element_free(answer));
        return 1;
    }
    if (plait_element_match(stanza, 0, "/iq/later")) return plait_element_copy(&kept, stanza, 0) == 0;
    return 0;
}
static void on_answer(void *user, plait_conn conn, plait_element answer, const plait_reason *reason) {
    (void)user;
    (void)conn;
    note("answer %d %d %s", (int)reason->status, (int)reason->code, answer.id ? xml(answer) : "-");
}

static plait_conn account(plait_factory *factory) {
    plait_xmpp_options options = PLAIT_XMPP_OPTIONS_INIT;
    plait_xmpp_handler handler = PLAIT_XMPP_HANDLER_INIT;
    plait_transport_ops ops = PLAIT_TRANSPORT_OPS_INIT;
    plait_conn conn = {0};

    handler.connected = note_connected;
    handler.disconnected = note_disconnected;
    handler.release = note_release;
    handler.ready = on_ready;
    handler.message = on_message;
    handler.request = on_request;
    handler.other = on_other;
    ops.write = on_write;
    STATUS(plait_xmpp_factory_new(factory, &options, &handler, NULL), PLAIT_ERR_VALUE);
    options.jid = "a@b@c";
    STATUS(plait_xmpp_factory_new(factory, &options, &handler, NULL), PLAIT_ERR_VALUE);
    options.jid = "example.org";
    options.role = PLAIT_XMPP_COMPONENT;
    STATUS(plait_xmpp_factory_new(factory, &options, &handler, NULL), PLAIT_ERR_VALUE);
    options.role = PLAIT_XMPP_CLIENT;
    options.flags = PLAIT_XMPP_WITHOUT_TLS;
    OK(plait_xmpp_factory_new(factory, &options, &handler, NULL));
    STATUS(plait_xmpp_factory_add_handler(*factory, "message", on_urgent), PLAIT_ERR_INVALID);
    OK(plait_xmpp_factory_add_handler(*factory, "/message/urgent", on_urgent));
    OK(plait_conn_attach(reactor, *factory, &ops, NULL, &conn));
    OK(plait_reactor_poll(reactor, 0));
    return conn;
}

static void begin(plait_conn conn) {
    plait_element early = {0};

    OK(plait_element_new(&early, "message", "jabber:client"));
    STATUS(plait_xmpp_send(conn, early, 0), PLAIT_ERR_BOUND);
    OK(plait_element_free(early));
    log_in(conn, "");
    HEARD("connected|ready 0|");
    sent[0] = 0;
}

static void conversation(void) {
    plait_factory factory = {0};
    plait_conn conn = account(&factory);
    plait_xmpp_session session = PLAIT_XMPP_SESSION_INIT;
    plait_element request = {0};
    plait_call call = {0};

    begin(conn);
    OK(plait_xmpp_get_session(conn, &session));
    SAME(session.flags, PLAIT_XMPP_READY);
    SAME(session.mechanism, PLAIT_XMPP_ANONYMOUS);
    CHECK(session.jid.len == 16 && memcmp(session.jid.data, "me@example.org/r", 16) == 0);

    feed(conn, "<message from='x'><body>hi</body></message><message><urgent/></message><message "
               "type='headline'><urgent/></message><presence/>");
    HEARD("message <message from='x'><body>hi</body></message>|urgent|message <message><urgent/></message>|urgent|");
    feed(conn, "<iq type='result' id='strange'/>");
    HEARD("other <iq type='result' id='strange'/>|");

    feed(conn, "<iq type='get' id='1' from='x@y'><mine xmlns='urn:mine'/></iq><iq type='set' id='2' from='x@y'><no "
               "xmlns='u'/></iq>"
               "<iq type='get' id='3' from='x@y'><later xmlns='u'/></iq>");
    CHECK(strstr(sent, "<iq type='result' id='1' to='x@y'><result xmlns='urn:mine'/></iq>") == sent);
    CHECK(strstr(sent, "<iq type='error' id='2' to='x@y'><error type='cancel'><service-unavailable ") != NULL);
    CHECK(strstr(sent, "id='3'") == NULL);
    sent[0] = 0;
    STATUS(plait_xmpp_answer_error(conn, kept, 5, NULL), PLAIT_ERR_INVALID);
    OK(plait_xmpp_answer_error(conn, kept, PLAIT_XMPP_STANZA_FORBIDDEN, "no <you>"));
    OK(plait_reactor_poll(reactor, 0));
    CHECK(strcmp(sent, "<iq type='error' id='3' to='x@y'><error type='auth'><forbidden "
                       "xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/>"
                       "<text xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'>no &lt;you&gt;</text></error></iq>") == 0);
    OK(plait_element_free(kept));
    sent[0] = 0;

    OK(plait_element_parse(&request,
                           (const uint8_t *)"<iq xmlns='jabber:client' type='get' to='a@b'><q xmlns='u'/></iq>", 65,
                           NULL, NULL));
    OK(plait_xmpp_call(conn, request, 0, 0, on_answer, NULL, NULL));
    OK(plait_xmpp_call(conn, request, 0, 0, on_answer, NULL, &call));
    OK(plait_xmpp_call(conn, request, 0, 0, on_answer, NULL, NULL));
    OK(plait_xmpp_get_session(conn, &session));
    SAME(session.calls, 3);
    feed(conn, "<iq type='result' id='p1' from='evil@b'/><iq type='result' id='p1' from='a@b'><r xmlns='u'/></iq>");
    HEARD("other <iq type='result' id='p1' from='evil@b'/>|answer 0 0 <iq type='result' id='p1' from='a@b'><r "
          "xmlns='u'/></iq>|");
    OK(plait_call_cancel(call));
    OK(plait_reactor_poll(reactor, 0));
    HEARD("answer -33 0 -|");
    OK(plait_element_free(request));

    OK(plait_xmpp_close(conn));
    OK(plait_reactor_poll(reactor, 0));
    CHECK(strstr(sent, "</stream:stream>") != NULL);
    HEARD("answer -30 0 -|disconnected 0|");
    OK(plait_factory_release(factory));
    HEARD("release|");
}

/* A component and what it connects to. */
static void component(void) {
    plait_xmpp_options options = PLAIT_XMPP_OPTIONS_INIT;
    plait_xmpp_handler handler = PLAIT_XMPP_HANDLER_INIT;
    plait_factory here = {0}, there = {0};
    plait_listener listener = {0};
    plait_element message = {0};

    handler.ready = on_ready;
    handler.message = on_message;
    handler.disconnected = note_disconnected;
    options.role = PLAIT_XMPP_COMPONENT_HOST;
    options.password = "secret";
    OK(plait_xmpp_factory_new(&there, &options, &handler, NULL));
    OK(plait_listen(reactor, "memory:components", there, NULL, &listener));
    options.role = PLAIT_XMPP_COMPONENT;
    options.jid = "comp.example.org";
    OK(plait_xmpp_factory_new(&here, &options, &handler, NULL));
    OK(plait_connect(reactor, "memory:components", here, NULL, NULL, NULL, NULL));
    UNTIL(reactor, strcmp(journal, "ready 0|ready 0|") == 0);
    journal[0] = 0;
    OK(plait_element_new(&message, "message", "jabber:component:accept"));
    OK(plait_xmpp_send(last_conn, message, 0));
    OK(plait_element_free(message));
    UNTIL(reactor, strstr(journal, "message <message"));
    journal[0] = 0;
    OK(plait_xmpp_close(last_conn));
    UNTIL(reactor, strcmp(journal, "disconnected 0|disconnected 0|") == 0);
    journal[0] = 0;
    OK(plait_listener_close(listener));
    OK(plait_factory_release(here));
    OK(plait_factory_release(there));
}

int main(void) {
    reactor = new_reactor(0);
    conversation();
    component();
    OK(plait_reactor_free(reactor));
    printf("ok\n");
    return 0;
}
