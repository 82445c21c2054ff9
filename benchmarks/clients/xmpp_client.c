/* An account that counts stanzas, by Plait or by libstrophe: xmpp_client plait|strophe PORT COUNT
 * Prints the CPU time of one, in nanoseconds, from the first to the last. */
#include <plait/plait.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strophe.h>
#include <time.h>

static long seen, wanted;
static double began;

static double cpu(void) {
    struct timespec now;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}
/* Is it the last one? What comes behind it does not count. */
static int count(void) {
    if (seen++ == 0) began = cpu();
    if (seen != wanted) return 0;
    printf("%.0f\n", (cpu() - began) / (double)(wanted - 1) * 1e9);
    return 1;
}

static plait_reactor reactor;

static int on_stanza(void *user, plait_conn conn, plait_element stanza) {
    plait_bytes from;
    (void)user;
    (void)conn;
    if (plait_element_get_attribute(stanza, 0, "from", NULL, &from) == 0 && count()) plait_reactor_stop(reactor);
    return 1;
}
static void on_ready(void *user, plait_conn conn, int resumed) {
    plait_xmpp_presence presence = PLAIT_XMPP_PRESENCE_INIT;
    (void)user;
    (void)resumed;
    plait_xmpp_send_presence(conn, &presence);
}
static int by_plait(const char *port) {
    plait_xmpp_options options = PLAIT_XMPP_OPTIONS_INIT;
    plait_xmpp_handler handler = PLAIT_XMPP_HANDLER_INIT;
    plait_tls_options tls = PLAIT_TLS_OPTIONS_INIT;
    plait_factory factory = {0};
    char where[64];

    tls.flags = PLAIT_TLS_NO_VERIFY;
    options.jid = "juliet@localhost/balcony";
    options.password = "secret";
    handler.ready = on_ready;
    handler.message = handler.presence = on_stanza;
    snprintf(where, sizeof where, "tcp:127.0.0.1:%s", port);
    return plait_reactor_new(&reactor, NULL) || plait_tls_config_new(&options.tls, &tls, NULL) ||
           plait_xmpp_factory_new(&factory, &options, &handler, NULL) ||
           plait_connect(reactor, where, factory, NULL, NULL, NULL, NULL) || plait_reactor_run(reactor);
}

static int on_strophe_stanza(xmpp_conn_t *conn, xmpp_stanza_t *stanza, void *context) {
    (void)conn;
    if (xmpp_stanza_get_attribute(stanza, "from") && count()) xmpp_stop(context);
    return 1;
}
static void on_strophe(xmpp_conn_t *conn, xmpp_conn_event_t event, int error, xmpp_stream_error_t *said,
                       void *context) {
    (void)error;
    (void)said;
    if (event != XMPP_CONN_CONNECT) {
        xmpp_stop(context);
        return;
    }
    xmpp_stanza_t *presence = xmpp_presence_new(context);
    xmpp_handler_add(conn, on_strophe_stanza, NULL, NULL, NULL, context);
    xmpp_send(conn, presence);
    xmpp_stanza_release(presence);
}
static int by_strophe(const char *port) {
    xmpp_ctx_t *context;
    xmpp_conn_t *conn;

    xmpp_initialize();
    context = xmpp_ctx_new(NULL, NULL);
    conn = xmpp_conn_new(context);
    xmpp_conn_set_flags(conn, XMPP_CONN_FLAG_TRUST_TLS);
    xmpp_conn_set_jid(conn, "juliet@localhost/balcony");
    xmpp_conn_set_pass(conn, "secret");
    if (xmpp_connect_client(conn, "127.0.0.1", (unsigned short)atoi(port), on_strophe, context)) return 1;
    xmpp_run(context);
    return 0;
}

int main(int argc, char **argv) {
    int is_plait;
    if (argc != 4) return 2;
    wanted = atol(argv[3]);
    is_plait = !strcmp(argv[1], "plait");
    if (is_plait ? by_plait(argv[2]) : by_strophe(argv[2])) return 1;
    return seen < wanted;
}
