/* The CPU of stanzas that are parsed and dispatched, beside that of bare expat on the same bytes: xmpp_parse
 * plait|expat [ROUNDS]
 *
 * One conn without a loop is fed blocks of 16 KiB, as a reactor would; expat gets the same blocks, with namespaces and
 * handlers that count. Prints nanoseconds of CPU for each stanza.
 *
 * xmpp_parse plait-idle|expat-idle [SESSIONS]: accounts, each logged in, managed, with two stanzas behind it; or
 * parsers that have read as much. Prints how many bytes of the process' memory one has. */
#include <expat.h>
#include <plait/plait.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define HEADER                                                                                                         \
    "<stream:stream xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams' id='s1' version='1.0'>"
#define STANZAS                                                                                                        \
    "<message from='romeo@example.net/orchard' to='juliet@example.com/balcony' type='chat' id='ktx72v49' "             \
    "xml:lang='en'><body>Art thou not Romeo, and a Montague?</body><active "                                           \
    "xmlns='http://jabber.org/protocol/chatstates'/></message>"                                                        \
    "<presence from='romeo@example.net/orchard' to='juliet@example.com'><show>away</show><status>be right "            \
    "back</status><priority>0</priority></presence>"
enum { BLOCK = 16384, PAIRS = 2000 };

static long long seen;
static char *stanzas;
static size_t stanzas_len;

static double cpu(void) {
    struct timespec now;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static int on_stanza(void *user, plait_conn conn, plait_element stanza) {
    plait_bytes from;
    (void)user;
    (void)conn;
    seen += plait_element_get_attribute(stanza, 0, "from", NULL, &from) == 0;
    return 1;
}
static size_t swallow(void *user, plait_conn conn, const uint8_t *data, size_t len) {
    (void)user;
    (void)conn;
    (void)data;
    return len;
}
static void feed(plait_conn conn, const char *text) {
    if (plait_conn_feed(conn, (const uint8_t *)text, strlen(text)) < 0) abort();
}
static plait_reactor without_loop(void) {
    plait_reactor reactor = {0};
    plait_reactor_options how = PLAIT_REACTOR_OPTIONS_INIT;

    how.flags = PLAIT_REACTOR_WITHOUT_LOOP;
    if (plait_reactor_new(&reactor, &how)) abort();
    return reactor;
}
/* An account, logged in. */
static plait_conn account(plait_reactor reactor, plait_factory *factory, const char *management) {
    plait_xmpp_options options = PLAIT_XMPP_OPTIONS_INIT;
    plait_xmpp_handler handler = PLAIT_XMPP_HANDLER_INIT;
    plait_transport_ops ops = PLAIT_TRANSPORT_OPS_INIT;
    plait_conn conn = {0};

    options.jid = "example.org";
    options.flags = PLAIT_XMPP_WITHOUT_TLS;
    handler.message = handler.presence = on_stanza;
    ops.write = swallow;
    if (plait_xmpp_factory_new(factory, &options, &handler, NULL) ||
        plait_conn_attach(reactor, *factory, &ops, NULL, &conn))
        abort();
    feed(conn, HEADER "<stream:features><mechanisms xmlns='urn:ietf:params:xml:ns:xmpp-sasl'>"
                      "<mechanism>ANONYMOUS</mechanism></mechanisms></stream:features>");
    feed(conn, "<success xmlns='urn:ietf:params:xml:ns:xmpp-sasl'/>");
    feed(conn, HEADER "<stream:features><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'/>");
    feed(conn, management);
    feed(conn, "</stream:features>");
    feed(conn, "<iq type='result' id='bind'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'>"
               "<jid>me@example.org/r</jid></bind></iq>");
    return conn;
}
static double with_plait(int rounds) {
    plait_reactor reactor = without_loop();
    plait_factory factory = {0};
    plait_conn conn = account(reactor, &factory, "");
    double start = cpu();

    for (int round = 0; round < rounds; round++)
        for (size_t at = 0; at < stanzas_len; at += BLOCK)
            if (plait_conn_feed(conn, (const uint8_t *)stanzas + at,
                                stanzas_len - at < BLOCK ? stanzas_len - at : BLOCK) < 0)
                abort();
    start = cpu() - start;
    plait_reactor_free(reactor);
    plait_factory_release(factory);
    return start;
}

static int depth;
static void began(void *user, const char *name, const char **attributes) {
    (void)user;
    (void)name;
    (void)attributes;
    depth++;
}
static void ended(void *user, const char *name) {
    (void)user;
    (void)name;
    if (--depth == 1) seen++;
}
static void said(void *user, const char *text, int len) {
    (void)user;
    (void)text;
    (void)len;
}
static double with_expat(int rounds) {
    XML_Parser parser = XML_ParserCreateNS("UTF-8", '\f');
    double start;

    XML_SetElementHandler(parser, began, ended);
    XML_SetCharacterDataHandler(parser, said);
    XML_Parse(parser, HEADER, (int)strlen(HEADER), 0);
    start = cpu();
    for (int round = 0; round < rounds; round++)
        for (size_t at = 0; at < stanzas_len; at += BLOCK)
            if (!XML_Parse(parser, stanzas + at, (int)(stanzas_len - at < BLOCK ? stanzas_len - at : BLOCK), 0))
                abort();
    start = cpu() - start;
    XML_ParserFree(parser);
    return start;
}

static long memory(void) {
    long pages = 0, unused;
    FILE *file = fopen("/proc/self/statm", "r");

    if (!file || fscanf(file, "%ld %ld", &unused, &pages) != 2) abort();
    fclose(file);
    return pages * sysconf(_SC_PAGESIZE);
}
static void idle_account(plait_reactor reactor) {
    plait_factory factory = {0};
    plait_conn conn = account(reactor, &factory, "<sm xmlns='urn:xmpp:sm:3'/>");

    feed(conn, "<enabled xmlns='urn:xmpp:sm:3' id='m1' resume='true'/>");
    feed(conn, STANZAS);
    plait_factory_release(factory); /* the conn keeps it */
}
static void idle_parser(void) {
    XML_Parser parser = XML_ParserCreateNS("UTF-8", '\f');

    XML_SetElementHandler(parser, began, ended);
    XML_SetCharacterDataHandler(parser, said);
    if (!XML_Parse(parser, HEADER, (int)strlen(HEADER), 0) || !XML_Parse(parser, STANZAS, (int)strlen(STANZAS), 0))
        abort();
}
/* What one has; what the first ones have beside is everybody's. */
static int idle(int is_plait, int count) {
    enum { FIRST = 200 };
    plait_reactor reactor = without_loop();
    long before = 0;

    for (int i = 0; i < FIRST + count; i++) {
        if (i == FIRST) before = memory();
        if (is_plait)
            idle_account(reactor);
        else
            idle_parser();
    }
    printf("%ld\n", (memory() - before) / count);
    if (is_plait && seen != 2LL * (FIRST + count)) return 1;
    plait_reactor_free(reactor);
    return 0;
}

int main(int argc, char **argv) {
    int rounds = argc > 2 ? atoi(argv[2]) : 10;
    double spent;

    if (argc > 1 && strstr(argv[1], "-idle")) return idle(!strcmp(argv[1], "plait-idle"), argc > 2 ? rounds : 5000);
    stanzas = malloc(sizeof STANZAS * PAIRS);
    for (int i = 0; i < PAIRS; i++) memcpy(stanzas + i * (sizeof STANZAS - 1), STANZAS, sizeof STANZAS);
    stanzas_len = PAIRS * (sizeof STANZAS - 1);
    spent = argc > 1 && !strcmp(argv[1], "expat") ? with_expat(rounds) : with_plait(rounds);
    if (seen != 2LL * PAIRS * rounds) {
        fprintf(stderr, "%lld stanzas of %lld\n", seen, 2LL * PAIRS * rounds);
        return 1;
    }
    printf("%.0f\n", spent * 1e9 / (double)seen);
    free(stanzas);
    return 0;
}
