/* What both tests of XMPP begin with: an account whose server is a script. */
#include "attached.h"

static void on_ready(void *user, plait_conn conn, int resumed) {
    (void)user;
    last_conn = conn;
    note("ready %d", resumed);
}
static void feed(plait_conn conn, const char *text) { OK(plait_conn_feed(conn, (const uint8_t *)text, strlen(text))); }

#define HEADER                                                                                                         \
    "<stream:stream xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams' id='s1' version='1.0'>"
#define FEATURES(inner) "<stream:features>" inner "</stream:features>"

/* Anonymously, up to where stanzas may be sent; what has been sent since then is kept alone. */
static inline void log_in(plait_conn conn, const char *features) {
    feed(conn,
         HEADER FEATURES(
             "<mechanisms xmlns='urn:ietf:params:xml:ns:xmpp-sasl'><mechanism>ANONYMOUS</mechanism></mechanisms>"));
    feed(conn, "<success xmlns='urn:ietf:params:xml:ns:xmpp-sasl'/>");
    feed(conn, HEADER "<stream:features><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'/>");
    feed(conn, features);
    feed(conn, "</stream:features>");
    OK(plait_reactor_poll(reactor, 0));
    sent[0] = 0;
    feed(conn, "<iq type='result' id='bind'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'><jid>me@example.org/r</jid>"
               "</bind></iq>");
}
