/* A server's side of XMPP: however its bytes are cut, a client hears and answers the same; a component host likewise.
 */
#include "fuzz.h"

struct host {
    struct journal heard;
    uint8_t sent[1 << 16];
    size_t sent_len;
    unsigned takes;
};

static size_t keep(void *user, plait_conn conn, const uint8_t *data, size_t len) {
    struct host *host = user;
    (void)conn;
    if (len > sizeof host->sent - host->sent_len) len = sizeof host->sent - host->sent_len;
    memcpy(host->sent + host->sent_len, data, len);
    host->sent_len += len;
    return len;
}
static void ready(void *user, plait_conn conn, int resumed) {
    plait_element request = {0};
    write_down(&((struct host *)user)->heard, 'r', NULL, (size_t)0);
    MUST(resumed == 0);
    MUST(plait_element_parse(&request, (const uint8_t *)"<iq xmlns='jabber:client' type='get'/>", 38, NULL, NULL) == 0);
    int status = plait_xmpp_call(conn, request, 0, 0, NULL, NULL, NULL);
    MUST(status == 0 || status == PLAIT_ERR_CLOSED);
    plait_element_free(request);
}
/* What was read can be said again, but for what only a server may say. */
static void as_people_read_it(struct host *host, plait_conn conn, plait_element element) {
    plait_xmpp_message message = PLAIT_XMPP_MESSAGE_INIT;
    plait_xmpp_presence presence = PLAIT_XMPP_PRESENCE_INIT;
    uint8_t caps[28];
    size_t len;
    if (plait_xmpp_read_message(conn, element, &message) == 0) {
        write_down(&host->heard, 'm', message.body.data, message.body.len);
        message.flags = 0;
        message.node = 0;
        message.error = 0;
        message.type &= 3;
        plait_xmpp_send_message(conn, &message);
    }
    if (plait_xmpp_read_presence(conn, element, &presence) == 0) {
        write_down(&host->heard, 'p', (const uint8_t *)&presence.flags, sizeof presence.flags);
        presence.flags &= PLAIT_XMPP_PRESENCE_JOIN;
        presence.error = 0;
        plait_xmpp_send_presence(conn, &presence);
        plait_xmpp_set_occupant(conn, &presence, NULL, NULL, NULL);
    }
    plait_xmpp_get_caps(element, 0, caps, sizeof caps, &len);
}
static void contact(void *user, plait_conn conn, const plait_xmpp_contact *contact) {
    plait_xmpp_contact first = PLAIT_XMPP_CONTACT_INIT;
    struct host *host = user;
    write_down(&host->heard, 'c', contact->groups.data, contact->groups.len);
    plait_xmpp_get_contact(conn, 0, &first);
}
static int stanza(void *user, plait_conn conn, plait_element element) {
    struct host *host = user;
    uint8_t text[8192];
    size_t len;
    MUST(plait_element_write(element, 0, NULL, text, sizeof text, &len) == 0 || (len = 0) == 0);
    write_down(&host->heard, 's', text, len);
    MUST(plait_element_free(element) == PLAIT_ERR_BOUND);
    as_people_read_it(host, conn, element);
    int status = plait_xmpp_send(conn, element, 0);
    MUST(status == 0 || status == PLAIT_ERR_CLOSED);
    return host->takes++ & 1;
}
static void disconnected(void *user, plait_conn conn, const plait_reason *reason) {
    struct host *host = user;
    uint8_t words[8] = {(uint8_t)-reason->status, (uint8_t)reason->code};
    (void)conn;
    write_down(&host->heard, 'e', words, sizeof words);
    host->heard.ended = 1;
}

static void run(struct host *host, unsigned role, const uint8_t *data, size_t len, size_t piece) {
    plait_reactor reactor = new_reactor(PLAIT_REACTOR_WITHOUT_LOOP | PLAIT_REACTOR_MANUAL_CLOCK);
    plait_xmpp_options options = PLAIT_XMPP_OPTIONS_INIT;
    plait_xmpp_handler handler = PLAIT_XMPP_HANDLER_INIT;
    plait_transport_ops ops = PLAIT_TRANSPORT_OPS_INIT;
    plait_factory factory = {0};
    plait_conn conn = {0};
    size_t at = 0;

    memset(host, 0, sizeof *host);
    options.role = role;
    options.flags = PLAIT_XMPP_WITHOUT_TLS | PLAIT_XMPP_RECEIPTS;
    if (role == PLAIT_XMPP_CLIENT) options.flags |= PLAIT_XMPP_ROSTER | PLAIT_XMPP_CARBONS;
    options.software = "Probe";
    options.jid = role == PLAIT_XMPP_COMPONENT_HOST ? NULL : "example.org";
    options.password = role == PLAIT_XMPP_CLIENT ? NULL : "secret";
    options.max_stanza = 2000;
    options.max_depth = 20;
    handler.ready = ready;
    handler.message = handler.presence = handler.request = handler.other = stanza;
    handler.contact = contact;
    handler.disconnected = disconnected;
    ops.write = keep;
    MUST(plait_xmpp_factory_new(&factory, &options, &handler, host) == 0);
    MUST(plait_conn_attach(reactor, factory, &ops, host, &conn) == 0);
    while (at < len && !host->heard.ended) {
        size_t more = len - at < piece ? len - at : piece;
        int status = feed(conn, data + at, more);
        MUST(status >= 0 || status == PLAIT_ERR_STALE || status == PLAIT_ERR_CLOSED);
        at += more;
    }
    plait_reactor_free(reactor);
    plait_factory_release(factory);
    MUST(host->heard.ended);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len) {
    static struct host one, other;
    struct input input = {data, len};
    unsigned role = take(&input) % 3;

    run(&one, role, input.data, input.len, input.len);
    run(&other, role, input.data, input.len, 1);
    MUST(one.heard.len == other.heard.len &&
         (!one.heard.len || memcmp(one.heard.data, other.heard.data, one.heard.len) == 0));
    /* A component host's stream has an id of its own each time. */
    if (role != PLAIT_XMPP_COMPONENT_HOST)
        MUST(one.sent_len == other.sent_len && memcmp(one.sent, other.sent, one.sent_len) == 0);
    free(one.heard.data);
    free(other.heard.data);
    return 0;
}
