/* XMPP among people, without a network: what structs become and what stanzas are read as, a roster and its changes,
 * copies, receipts, what this side is to who asks. */
#include "xmpp_talk.h"

static plait_bytes text(const char *words) {
    plait_bytes made = {(const uint8_t *)words, strlen(words)};
    return made;
}
static const char *words(plait_bytes bytes) {
    static char made[8][256];
    static unsigned next;
    char *out = made[next++ % 8];
    size_t at;

    CHECK(bytes.len < sizeof made[0]);
    for (at = 0; at < bytes.len; at++) out[at] = bytes.data[at] ? (char)bytes.data[at] : ',';
    out[at] = 0;
    return out;
}
static int on_message(void *user, plait_conn conn, plait_element stanza) {
    plait_xmpp_message message = PLAIT_XMPP_MESSAGE_INIT;
    plait_xmpp_presence presence = PLAIT_XMPP_PRESENCE_INIT;

    (void)user;
    STATUS(plait_xmpp_read_presence(conn, stanza, &presence), PLAIT_ERR_INVALID);
    OK(plait_xmpp_read_message(conn, stanza, &message));
    note("message flags=%u type=%u state=%u error=%d copy=%d from=%s id=%s subject=%s body=%s thread=%s receipt=%s",
         message.flags, message.type, message.state, (int)message.error, message.node != 0, words(message.from),
         words(message.id), words(message.subject), words(message.body), words(message.thread), words(message.receipt));
    return 1;
}
static int on_presence(void *user, plait_conn conn, plait_element stanza) {
    plait_xmpp_presence presence = PLAIT_XMPP_PRESENCE_INIT;

    (void)user;
    OK(plait_xmpp_read_presence(conn, stanza, &presence));
    note("presence flags=%u type=%u show=%u priority=%d error=%d from=%s status=%s", presence.flags, presence.type,
         presence.show, (int)presence.priority, (int)presence.error, words(presence.from), words(presence.status));
    if (presence.flags)
        note("room role=%u affiliation=%u jid=%s nick=%s reason=%s", presence.role, presence.affiliation,
             words(presence.jid), words(presence.nick), words(presence.reason));
    if (presence.caps_ver.len) note("caps %s %s", words(presence.caps_node), words(presence.caps_ver));
    return 1;
}
static void show(const char *what, const plait_xmpp_contact *contact) {
    note("%s flags=%u subscription=%u jid=%s name=%s groups=%s", what, contact->flags, contact->subscription,
         words(contact->jid), words(contact->name), words(contact->groups));
}
static void on_contact(void *user, plait_conn conn, const plait_xmpp_contact *contact) {
    plait_xmpp_contact other = PLAIT_XMPP_CONTACT_INIT;

    (void)user;
    (void)plait_xmpp_get_contact(conn, 0, &other); /* what is shown stays as it is */
    show("contact", contact);
}
static void on_roster(void *user, plait_conn conn, int status) {
    (void)user;
    (void)conn;
    note("roster %d", status);
}
static void on_answer(void *user, plait_conn conn, plait_element answer, const plait_reason *reason) {
    (void)user;
    (void)conn;
    (void)answer;
    note("answer %d %d", (int)reason->status, (int)reason->code);
}

/* Feeds it: what has been sent before does not count. */
static void hear(plait_conn conn, const char *xml) {
    sent[0] = 0;
    feed(conn, xml);
    OK(plait_reactor_poll(reactor, 0));
}
/* What has been sent since the last time. */
static void said(const char *wanted) {
    OK(plait_reactor_poll(reactor, 0));
    if (strcmp(sent, wanted)) fprintf(stderr, "sent %s\nnot  %s\n", sent, wanted);
    CHECK(strcmp(sent, wanted) == 0);
    sent[0] = 0;
}

static plait_conn account(plait_factory factory) {
    plait_transport_ops ops = PLAIT_TRANSPORT_OPS_INIT;
    plait_conn conn = {0};

    ops.write = on_write;
    OK(plait_conn_attach(reactor, factory, &ops, NULL, &conn));
    OK(plait_reactor_poll(reactor, 0));
    log_in(conn, "<ver xmlns='urn:xmpp:features:rosterver'/>");
    OK(plait_reactor_poll(reactor, 0));
    HEARD("ready 0|");
    return conn;
}

static plait_factory make(uint32_t flags) {
    plait_xmpp_options options = PLAIT_XMPP_OPTIONS_INIT;
    plait_xmpp_handler handler = PLAIT_XMPP_HANDLER_INIT;
    plait_factory factory = {0};

    handler.ready = on_ready;
    handler.message = on_message;
    handler.presence = on_presence;
    handler.roster = on_roster;
    handler.contact = on_contact;
    options.jid = "example.org";
    options.flags = PLAIT_XMPP_WITHOUT_TLS | flags;
    options.features = "urn:x";
    STATUS(plait_xmpp_factory_new(&factory, &options, &handler, NULL), PLAIT_ERR_INVALID);
    options.software = "Exodus 0.9.1";
    options.software_version = "0.9.1";
    options.identity = "client";
    STATUS(plait_xmpp_factory_new(&factory, &options, &handler, NULL), PLAIT_ERR_INVALID);
    options.identity = "client/bot";
    OK(plait_xmpp_factory_new(&factory, &options, &handler, NULL));
    options.role = PLAIT_XMPP_COMPONENT;
    if (flags & PLAIT_XMPP_ROSTER) {
        plait_factory none = {0};
        options.password = "s";
        STATUS(plait_xmpp_factory_new(&none, &options, &handler, NULL), PLAIT_ERR_INVALID);
    }
    return factory;
}

static void messages(plait_conn conn) {
    plait_xmpp_message message = PLAIT_XMPP_MESSAGE_INIT;

    message.to = text("romeo@example.net/x");
    message.type = PLAIT_XMPP_MESSAGE_CHAT;
    message.state = PLAIT_XMPP_STATE_ACTIVE;
    message.id = text("m1");
    message.language = text("en");
    message.subject = text("To <be>");
    message.body = text("or & not");
    message.thread = text("t");
    message.flags = PLAIT_XMPP_MESSAGE_WANTS_RECEIPT | PLAIT_XMPP_MESSAGE_PRIVATE;
    sent[0] = 0;
    OK(plait_xmpp_send_message(conn, &message));
    said("<message type='chat' to='romeo@example.net/x' id='m1' xml:lang='en'><subject>To &lt;be&gt;</subject><body>or "
         "&amp; not</body>"
         "<thread>t</thread><active xmlns='http://jabber.org/protocol/chatstates'/><request xmlns='urn:xmpp:receipts'/>"
         "<private xmlns='urn:xmpp:carbons:2'/></message>");
    message.flags = PLAIT_XMPP_MESSAGE_COPY_SENT;
    STATUS(plait_xmpp_send_message(conn, &message), PLAIT_ERR_INVALID);
    message.flags = PLAIT_XMPP_MESSAGE_WANTS_RECEIPT;
    message.id.len = 0;
    STATUS(plait_xmpp_send_message(conn, &message), PLAIT_ERR_INVALID);
    message.flags = 0;
    message.to = text("a@b@c");
    STATUS(plait_xmpp_send_message(conn, &message), PLAIT_ERR_VALUE);
    message.to = text("a@b");
    message.body = text("\x01");
    STATUS(plait_xmpp_send_message(conn, &message), PLAIT_ERR_VALUE);
    message.body = text("\xff");
    STATUS(plait_xmpp_send_message(conn, &message), PLAIT_ERR_VALUE);
    message.body.data = NULL;
    STATUS(plait_xmpp_send_message(conn, &message), PLAIT_ERR_INVALID);
    said("");

    hear(conn, "<message from='a@b/c' type='chat' id='7' xml:lang='en'><body "
               "xml:lang='de'>ja</body><body>yes</body><subject>s</subject>"
               "<thread>t</thread><composing xmlns='http://jabber.org/protocol/chatstates'/><request "
               "xmlns='urn:xmpp:receipts'/>"
               "<delay xmlns='urn:xmpp:delay' stamp='x'/></message>");
    HEARD("message flags=17 type=1 state=2 error=0 copy=0 from=a@b/c id=7 subject=s body=yes thread=t receipt=|");
    said("<message to='a@b/c' type='chat'><received xmlns='urn:xmpp:receipts' id='7'/></message>");
    hear(conn, "<message from='a@b/c' type='strange'><received xmlns='urn:xmpp:receipts' id='m1'/><body "
               "xml:lang='fr'>oui</body></message>");
    HEARD("message flags=0 type=0 state=0 error=0 copy=0 from=a@b/c id= subject= body=oui thread= receipt=m1|");
    hear(conn, "<message from='a@b' type='error' id='9'><request xmlns='urn:xmpp:receipts'/><error "
               "type='cancel'><service-unavailable "
               "xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></message>");
    HEARD("message flags=1 type=4 state=0 error=219 copy=0 from=a@b id=9 subject= body= thread= receipt=|");
    said("");

    /* Copies are the account's own server's alone. */
#define COPY(from)                                                                                                     \
    "<message from='" from                                                                                             \
    "'><sent xmlns='urn:xmpp:carbons:2'><forwarded xmlns='urn:xmpp:forward:0'><message xmlns='jabber:client' "         \
    "from='me@example.org/other' to='a@b' type='chat'><body>from "                                                     \
    "elsewhere</body></message></forwarded></sent></message>"
    hear(conn, COPY("me@example.org") COPY("evil@example.org"));
    HEARD("message flags=4 type=1 state=0 error=0 copy=1 from=me@example.org/other id= subject= body=from elsewhere "
          "thread= receipt=|"
          "message flags=0 type=0 state=0 error=0 copy=0 from=evil@example.org id= subject= body= thread= receipt=|");
}

static void presences(plait_conn conn) {
    plait_xmpp_presence presence = PLAIT_XMPP_PRESENCE_INIT;
    plait_call call = {0};

    sent[0] = 0;
    presence.show = PLAIT_XMPP_SHOW_AWAY;
    presence.status = text("lunch");
    presence.priority = -5;
    presence.type = PLAIT_XMPP_PRESENCE_SUBSCRIBE;
    presence.to = text("a@b");
    OK(plait_xmpp_send_presence(conn, &presence));
    said("<presence type='subscribe' "
         "to='a@b'><show>away</show><status>lunch</status><priority>-5</priority></presence>");
    presence.priority = 128;
    STATUS(plait_xmpp_send_presence(conn, &presence), PLAIT_ERR_RANGE);
    memset(&presence, 0, sizeof presence);
    presence.struct_size = sizeof presence;
    presence.flags = PLAIT_XMPP_PRESENCE_JOIN;
    presence.to = text("room@rooms.example.org/me");
    presence.type = PLAIT_XMPP_PRESENCE_UNAVAILABLE;
    presence.password = text("open");
    presence.history = 20;
    OK(plait_xmpp_send_presence(conn, &presence));
    said("<presence type='unavailable' to='room@rooms.example.org/me'><x "
         "xmlns='http://jabber.org/protocol/muc'><password>open</password>"
         "<history maxstanzas='20'/></x></presence>");

    hear(conn, "<presence from='a@b/c'><show>dnd</show><priority>-128</priority><status>no</status><c "
               "xmlns='http://jabber.org/protocol/caps' hash='sha-1' node='n' ver='v'/></presence><presence from='a@b' "
               "type='subscribe'/>"
               "<presence><priority>200</priority><show>strange</show></presence>");
    HEARD("presence flags=0 type=0 show=4 priority=-128 error=0 from=a@b/c status=no|caps n v|"
          "presence flags=0 type=2 show=0 priority=0 error=0 from=a@b status=|presence flags=0 type=0 show=0 "
          "priority=0 error=0 from= status=|");
    hear(conn, "<presence from='r@s/n' type='unavailable'><x xmlns='http://jabber.org/protocol/muc#user'><item "
               "affiliation='outcast' "
               "role='none' jid='x@y' nick='new'><reason>rude</reason></item><status code='110'/><status "
               "code='301'/></x></presence>");
    HEARD("presence flags=70 type=1 show=0 priority=0 error=0 from=r@s/n status=|room role=1 affiliation=2 jid=x@y "
          "nick=new reason=rude|");
    hear(conn,
         "<presence from='r@s/n' type='error'><x xmlns='http://jabber.org/protocol/muc'/><error type='auth'><forbidden "
         "xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></presence>");
    HEARD("presence flags=0 type=7 show=0 priority=0 error=204 from=r@s/n status=|");

    memset(&presence, 0, sizeof presence);
    presence.struct_size = sizeof presence;
    STATUS(plait_xmpp_set_occupant(conn, &presence, on_answer, NULL, NULL), PLAIT_ERR_INVALID);
    presence.to = text("r@s");
    presence.nick = text("n");
    presence.role = PLAIT_XMPP_ROLE_NONE;
    presence.reason = text("bye");
    OK(plait_xmpp_set_occupant(conn, &presence, on_answer, NULL, NULL));
    said("<iq type='set' to='r@s' id='p1'><query xmlns='http://jabber.org/protocol/muc#admin'><item nick='n' "
         "role='none'><reason>bye</reason>"
         "</item></query></iq>");
    presence.role = 0;
    presence.jid = text("n@s");
    presence.affiliation = PLAIT_XMPP_AFFILIATION_OUTCAST;
    OK(plait_xmpp_set_occupant(conn, &presence, on_answer, NULL, &call));
    said("<iq type='set' to='r@s' id='p2'><query xmlns='http://jabber.org/protocol/muc#admin'><item jid='n@s' "
         "affiliation='outcast'>"
         "<reason>bye</reason></item></query></iq>");
    hear(conn, "<iq type='result' id='p1' from='r@s'/><iq type='error' id='p2' from='r@s'><error><not-allowed "
               "xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></iq>");
    HEARD("answer 0 0|answer -60 210|");
}

static void roster(void) {
    plait_factory factory = make(PLAIT_XMPP_ROSTER | PLAIT_XMPP_CARBONS | PLAIT_XMPP_RECEIPTS);
    plait_conn conn = account(factory);
    plait_xmpp_contact contact = PLAIT_XMPP_CONTACT_INIT;

    said("<iq type='get' id='plait-roster'><query xmlns='jabber:iq:roster' ver=''/></iq>"
         "<iq type='set' id='plait-copies'><enable xmlns='urn:xmpp:carbons:2'/></iq>");
    STATUS(plait_xmpp_get_contact(conn, 0, &contact), PLAIT_ERR_ABSENT);
    hear(conn, "<iq type='result' id='plait-copies'/><iq type='result' id='plait-roster' from='evil@x'/>");
    hear(conn, "<iq type='result' id='plait-roster'><query xmlns='jabber:iq:roster' ver='v1'><item "
               "jid='Romeo@Example.net' name='Romeo' "
               "subscription='both'><group>Friends</group><group>Lovers</group></item><item jid='nurse@example.com' "
               "ask='subscribe' "
               "approved='true'/><item/></query></iq>");
    HEARD("contact flags=0 subscription=3 jid=Romeo@Example.net name=Romeo groups=Friends,Lovers,|contact flags=3 "
          "subscription=0 "
          "jid=nurse@example.com name= groups=|roster 0|");
    OK(plait_xmpp_get_contact(conn, 0, &contact));
    show("0", &contact);
    STATUS(plait_xmpp_get_contact(conn, 2, &contact), PLAIT_ERR_ABSENT);
    HEARD("0 flags=0 subscription=3 jid=romeo@example.net name=Romeo groups=Friends,Lovers,|");

    /* Changes: the server's word alone. */
#define PUSH(from, item) "<iq type='set' id='x'" from "><query xmlns='jabber:iq:roster' ver='v2'>" item "</query></iq>"
    hear(conn, PUSH("", "<item jid='romeo@example.net' name='R'/>")
                   PUSH(" from='me@example.org'", "<item jid='nurse@example.com' subscription='remove'/>"));
    said("<iq type='result' id='x'></iq><iq type='result' id='x' to='me@example.org'></iq>");
    HEARD("contact flags=0 subscription=0 jid=romeo@example.net name=R groups=|contact flags=0 subscription=4 "
          "jid=nurse@example.com name= groups=|");
    hear(conn, PUSH(" from='evil@example.org'", "<item jid='mallory@example.org' subscription='both'/>"));
    CHECK(strstr(sent, "service-unavailable") != NULL);
    STATUS(plait_xmpp_get_contact(conn, 1, &contact), PLAIT_ERR_ABSENT);
    for (int round = 0; round < 200; round++)
        hear(conn, PUSH("", "<item jid='a@b'/>") PUSH("", "<item jid='a@b' subscription='remove'/>"));
    CHECK(strlen(journal) > 0);
    journal[0] = 0;
    OK(plait_xmpp_get_contact(conn, 0, &contact));
    STATUS(plait_xmpp_get_contact(conn, 1, &contact), PLAIT_ERR_ABSENT);

    sent[0] = 0;
    contact.flags = contact.subscription = 0;
    contact.jid = text("new@example.org");
    contact.name = text("New");
    contact.groups.data = (const uint8_t *)"One\0Two\0";
    contact.groups.len = 7;
    STATUS(plait_xmpp_set_contact(conn, &contact, on_answer, NULL, NULL), PLAIT_ERR_INVALID);
    contact.groups.len = 8;
    OK(plait_xmpp_set_contact(conn, &contact, on_answer, NULL, NULL));
    said("<iq type='set' id='p1'><query xmlns='jabber:iq:roster'><item jid='new@example.org' "
         "name='New'><group>One</group><group>Two</group>"
         "</item></query></iq>");
    contact.subscription = PLAIT_XMPP_SUBSCRIPTION_REMOVE;
    OK(plait_xmpp_set_contact(conn, &contact, NULL, NULL, NULL));
    said("<iq type='set' id='p2'><query xmlns='jabber:iq:roster'><item jid='new@example.org' "
         "subscription='remove'/></query></iq>");
    hear(conn, "<iq type='result' id='p1'/><iq type='result' id='p2'/>");
    HEARD("answer 0 0|");

    messages(conn);
    OK(plait_conn_abort(conn));
    OK(plait_reactor_poll(reactor, 0));

    /* The next connection: the server says what has changed; then another one that has forgotten all versions. */
    conn = account(factory);
    CHECK(strstr(sent, "<query xmlns='jabber:iq:roster' ver='v2'/>") != NULL);
    hear(conn, "<iq type='result' id='plait-roster'/>");
    HEARD("roster 0|");
    OK(plait_xmpp_get_contact(conn, 0, &contact));
    OK(plait_conn_abort(conn));
    OK(plait_reactor_poll(reactor, 0));
    conn = account(factory);
    hear(conn, "<iq type='result' id='plait-roster'><query xmlns='jabber:iq:roster'><item jid='z@z'/></query></iq>");
    HEARD("contact flags=0 subscription=0 jid=z@z name= groups=|contact flags=0 subscription=4 jid=romeo@example.net "
          "name=R groups=|roster 0|");
    OK(plait_conn_abort(conn));
    OK(plait_reactor_poll(reactor, 0));
    conn = account(factory);
    hear(conn, "<iq type='error' id='plait-roster'/>");
    HEARD("roster -60|");
    OK(plait_conn_abort(conn));
    OK(plait_reactor_poll(reactor, 0));
    OK(plait_factory_release(factory));
}

/* What is said of this side, and the digests that the specification has. */
static void discovery(void) {
    plait_factory factory = make(0);
    plait_conn conn = account(factory);
    plait_xmpp_presence presence = PLAIT_XMPP_PRESENCE_INIT;
    plait_element info = {0};
    char ver[29] = "", *at, own[29];
    size_t len;
    static const char simple[] =
        "<query xmlns='http://jabber.org/protocol/disco#info'><identity category='client' name='Exodus 0.9.1' "
        "type='pc'/>"
        "<feature var='http://jabber.org/protocol/caps'/><feature var='http://jabber.org/protocol/disco#items'/>"
        "<feature var='http://jabber.org/protocol/disco#info'/><feature var='http://jabber.org/protocol/muc'/></query>";
    static const char complex[] =
        "<query xmlns='http://jabber.org/protocol/disco#info'><identity xml:lang='en' category='client' name='Psi "
        "0.11' type='pc'/>"
        "<identity xml:lang='el' category='client' name='\xce\xa8 0.11' type='pc'/>"
        "<feature var='http://jabber.org/protocol/caps'/><feature var='http://jabber.org/protocol/disco#info'/>"
        "<feature var='http://jabber.org/protocol/disco#items'/><feature var='http://jabber.org/protocol/muc'/>"
        "<x xmlns='jabber:x:data' type='result'><field var='FORM_TYPE' "
        "type='hidden'><value>urn:xmpp:dataforms:softwareinfo</value></field>"
        "<field var='ip_version'><value>ipv4</value><value>ipv6</value></field><field "
        "var='os'><value>Mac</value></field>"
        "<field var='os_version'><value>10.5.1</value></field><field var='software'><value>Psi</value></field>"
        "<field var='software_version'><value>0.11</value></field></x></query>";

    said("");
    OK(plait_element_parse(&info, (const uint8_t *)simple, sizeof simple - 1, NULL, NULL));
    STATUS(plait_xmpp_get_caps(info, 0, (uint8_t *)ver, 27, &len), PLAIT_ERR_OVERFLOW);
    OK(plait_xmpp_get_caps(info, 0, (uint8_t *)ver, 28, &len));
    CHECK(strcmp(ver, "QgayPKawpkPSDYmwT/WM94uAlu0=") == 0);
    OK(plait_element_free(info));
    OK(plait_element_parse(&info, (const uint8_t *)complex, sizeof complex - 1, NULL, NULL));
    OK(plait_xmpp_get_caps(info, 0, (uint8_t *)ver, 28, &len));
    CHECK(strcmp(ver, "q07IKJEyjvHSyhy//CH0CxmKi8w=") == 0);
    OK(plait_element_free(info));

    OK(plait_xmpp_send_presence(conn, &presence));
    OK(plait_reactor_poll(reactor, 0));
    at = strstr(sent, " ver='");
    CHECK(at && strstr(sent, "node='Exodus 0.9.1'"));
    memcpy(own, at + 6, 28);
    own[28] = 0;
    hear(conn, "<iq type='get' id='1' from='x@y'><query xmlns='http://jabber.org/protocol/disco#info'/></iq>");
    at = strstr(sent, "<query");
    CHECK(at && strstr(at, "<feature var='urn:x'/>") && strstr(at, "category='client' type='bot'"));
    *strstr(at, "</iq>") = 0;
    OK(plait_element_parse(&info, (const uint8_t *)at, strlen(at), NULL, NULL));
    OK(plait_xmpp_get_caps(info, 0, (uint8_t *)ver, 28, &len));
    CHECK(strcmp(ver, own) == 0);
    OK(plait_element_free(info));
    hear(conn,
         "<iq type='get' id='2' from='x@y'><query xmlns='http://jabber.org/protocol/disco#info' node='other'/></iq>"
         "<iq type='set' id='2' from='x@y'><query xmlns='http://jabber.org/protocol/disco#info'/></iq>");
    CHECK(strstr(sent, "disco#info") == NULL && strstr(sent, "service-unavailable") != NULL);
    hear(conn, "<iq type='get' id='3' from='x@y'><query xmlns='jabber:iq:version'/></iq>");
    said("<iq type='result' id='3' to='x@y'><query xmlns='jabber:iq:version'><name>Exodus "
         "0.9.1</name><version>0.9.1</version></query></iq>");
    presences(conn);

    STATUS(plait_xmpp_query(conn, "a@b", "query", NULL, NULL, 0, on_answer, NULL, NULL), PLAIT_ERR_INVALID);
    STATUS(plait_xmpp_query(conn, "a@b", "no name", "u", NULL, 0, on_answer, NULL, NULL), PLAIT_ERR_VALUE);
    OK(plait_xmpp_query(conn, NULL, "ping", "urn:xmpp:ping", NULL, 0, on_answer, NULL, NULL));
    said("<iq type='get' id='p3'><ping xmlns='urn:xmpp:ping'/></iq>");
    hear(conn, "<iq type='result' id='p3'/>");
    UNTIL(reactor, strcmp(journal, "answer 0 0|") == 0);
    OK(plait_xmpp_query(conn, "a@b", "query", "http://jabber.org/protocol/disco#items", "n", 1, on_answer, NULL, NULL));
    said("<iq type='get' to='a@b' id='p4'><query xmlns='http://jabber.org/protocol/disco#items' node='n'/></iq>");
    UNTIL(reactor, strcmp(journal, "answer 0 0|answer -32 0|") == 0);
    journal[0] = 0;
    OK(plait_conn_abort(conn));
    OK(plait_reactor_poll(reactor, 0));
    OK(plait_factory_release(factory));
}

int main(void) {
    reactor = new_reactor(0);
    roster();
    discovery();
    OK(plait_reactor_free(reactor));
    printf("ok\n");
    return 0;
}
