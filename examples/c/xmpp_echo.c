/* An echo bot: logs in, says that it is there, and sends every message back.
 *
 *     cc xmpp_echo.c $(pkg-config --cflags --libs plait) -o xmpp_echo
 *     ./xmpp_echo tcp:host=example.com:port=5222 juliet@example.com PASSWORD [CA.pem]
 *
 * When the connection is lost, the connector makes another one, and the session goes on. */
#include <plait/plait.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const uint8_t *bytes(const char *text) { return (const uint8_t *)text; }

static void on_ready(void *user, plait_conn conn, int resumed) {
    plait_element presence = {0};
    plait_xmpp_session session = PLAIT_XMPP_SESSION_INIT;

    (void)user;
    if (resumed) return;
    if (plait_xmpp_get_session(conn, &session) == 0)
        printf("ready as %.*s\n", (int)session.jid.len, (const char *)session.jid.data);
    fflush(stdout);
    if (plait_element_new(&presence, "presence", "jabber:client") == 0) {
        plait_xmpp_send(conn, presence, 0);
        plait_element_free(presence);
    }
}

static int on_message(void *user, plait_conn conn, plait_element stanza) {
    plait_element answer = {0};
    plait_bytes from, text;
    int body = plait_element_get_child(stanza, 0, "body", NULL);

    (void)user;
    if (body < 0 || plait_element_get_attribute(stanza, 0, "from", NULL, &from)) return 0;
    if (plait_element_get_text(stanza, (uint32_t)body, &text)) return 1;
    printf("%.*s: %.*s\n", (int)from.len, (const char *)from.data, (int)text.len, (const char *)text.data);
    fflush(stdout);
    if (plait_element_new(&answer, "message", "jabber:client")) return 1;
    plait_element_set_attribute(answer, 0, "type", NULL, bytes("chat"), 4);
    plait_element_set_attribute(answer, 0, "to", NULL, from.data, from.len);
    body = plait_element_add(answer, 0, "body", NULL);
    plait_element_add_text(answer, (uint32_t)body, text.data, text.len);
    plait_xmpp_send(conn, answer, 0);
    plait_element_free(answer);
    return 1;
}

/* Whoever is asked to be seen says yes. */
static int on_subscribe(void *user, plait_conn conn, plait_element stanza) {
    plait_element answer = {0};
    plait_bytes from;

    (void)user;
    if (plait_element_get_attribute(stanza, 0, "from", NULL, &from)) return 0;
    if (plait_element_new(&answer, "presence", "jabber:client")) return 1;
    plait_element_set_attribute(answer, 0, "type", NULL, bytes("subscribed"), 10);
    plait_element_set_attribute(answer, 0, "to", NULL, from.data, from.len);
    plait_xmpp_send(conn, answer, 0);
    plait_element_free(answer);
    return 1;
}

static void on_disconnected(void *user, plait_conn conn, const plait_reason *reason) {
    plait_connector *connector = (plait_connector *)user;

    (void)conn;
    printf("disconnected: %s\n", reason->text);
    fflush(stdout);
    /* Who is not let in comes to no end by asking again. */
    if (reason->status == PLAIT_ERR_REMOTE && reason->code > 100) plait_connector_stop(*connector);
}

int main(int argc, char **argv) {
    plait_reactor reactor = {0};
    plait_factory factory = {0};
    plait_connector connector = {0};
    plait_tls_config config = {0};
    plait_tls_options trust = PLAIT_TLS_OPTIONS_INIT;
    plait_xmpp_options options = PLAIT_XMPP_OPTIONS_INIT;
    plait_xmpp_handler handler = PLAIT_XMPP_HANDLER_INIT;
    plait_reason reason = PLAIT_REASON_INIT;
    int status;

    if (argc < 4) {
        fprintf(stderr, "usage: xmpp_echo ENDPOINT JID PASSWORD [CA]\n");
        return 2;
    }
    if (argc > 4) trust.ca_file = argv[4];
    handler.ready = on_ready;
    handler.message = on_message;
    handler.disconnected = on_disconnected;
    options.jid = argv[2];
    options.password = argv[3];
    options.keep_alive_ms = 60000;
    if ((status = plait_tls_config_new(&config, &trust, &reason)) == 0) {
        options.tls = config;
        if ((status = plait_reactor_new(&reactor, NULL)) == 0 &&
            (status = plait_xmpp_factory_new(&factory, &options, &handler, &connector)) == 0 &&
            (status = plait_xmpp_factory_add_handler(factory, "/presence[@type='subscribe']", on_subscribe)) == 0 &&
            (status = plait_connector_start(reactor, argv[1], factory, NULL, NULL, NULL, &connector)) == 0)
            status = plait_reactor_run(reactor);
    }
    if (status < 0) fprintf(stderr, "%s\n", plait_strerror(status));
    plait_reactor_free(reactor);
    plait_factory_release(factory);
    plait_tls_config_release(config);
    return status < 0;
}
