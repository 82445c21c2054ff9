/* A component, and what it connects to, in one program: a service that answers every message. With a server the second
 * half is all that is needed:
 *
 *     cc xmpp_component.c $(pkg-config --cflags --libs plait) -o xmpp_component
 *     ./xmpp_component                                             both sides, in memory
 *     ./xmpp_component tcp:host=127.0.0.1:port=5347 echo.example.com SECRET      with a server */
#include <plait/plait.h>
#include <stdio.h>
#include <string.h>

static plait_reactor reactor;

static const uint8_t *bytes(const char *text) { return (const uint8_t *)text; }

static void send_message(plait_conn conn, plait_bytes from, plait_bytes to, plait_bytes text) {
    plait_element message = {0};
    int body;

    if (plait_element_new(&message, "message", "jabber:component:accept")) return;
    plait_element_set_attribute(message, 0, "from", NULL, from.data, from.len);
    plait_element_set_attribute(message, 0, "to", NULL, to.data, to.len);
    body = plait_element_add(message, 0, "body", NULL);
    plait_element_add_text(message, (uint32_t)body, text.data, text.len);
    plait_xmpp_send(conn, message, 0);
    plait_element_free(message);
}

/* The service: whoever says something hears it again, from whom it was said to. */
static int on_message(void *user, plait_conn conn, plait_element stanza) {
    plait_bytes from, to, text;
    int body = plait_element_get_child(stanza, 0, "body", NULL);

    (void)user;
    if (body < 0 || plait_element_get_attribute(stanza, 0, "from", NULL, &from) ||
        plait_element_get_attribute(stanza, 0, "to", NULL, &to) ||
        plait_element_get_text(stanza, (uint32_t)body, &text))
        return 0;
    printf("%.*s says: %.*s\n", (int)from.len, (const char *)from.data, (int)text.len, (const char *)text.data);
    fflush(stdout);
    send_message(conn, to, from, text);
    return 1;
}
static void on_ready(void *user, plait_conn conn, int resumed) {
    (void)user;
    (void)conn;
    (void)resumed;
    printf("the component is there\n");
    fflush(stdout);
}

/* The other side: says something to the component that has come, and ends when it is answered. */
static void on_component(void *user, plait_conn conn, int resumed) {
    plait_xmpp_session session = PLAIT_XMPP_SESSION_INIT;
    plait_bytes from, text;

    (void)user;
    (void)resumed;
    if (plait_xmpp_get_session(conn, &session)) return;
    from.data = bytes("juliet@example.com");
    from.len = 18;
    text.data = bytes("Wherefore art thou?");
    text.len = 19;
    send_message(conn, from, session.component, text);
}
static int on_echo(void *user, plait_conn conn, plait_element stanza) {
    plait_bytes text;
    int body = plait_element_get_child(stanza, 0, "body", NULL);

    (void)user;
    (void)conn;
    if (body >= 0 && plait_element_get_text(stanza, (uint32_t)body, &text) == 0)
        printf("the component answers: %.*s\n", (int)text.len, (const char *)text.data);
    plait_reactor_stop(reactor);
    return 1;
}

int main(int argc, char **argv) {
    plait_factory component = {0}, host = {0};
    plait_listener listener = {0};
    plait_connector connector = {0};
    plait_xmpp_options options = PLAIT_XMPP_OPTIONS_INIT;
    plait_xmpp_handler handler = PLAIT_XMPP_HANDLER_INIT, other = PLAIT_XMPP_HANDLER_INIT;
    const char *place = argc > 1 ? argv[1] : "memory:components";
    int status;

    other.ready = on_component;
    other.message = on_echo;
    handler.ready = on_ready;
    handler.message = on_message;
    options.password = argc > 3 ? argv[3] : "secret";
    options.role = PLAIT_XMPP_COMPONENT_HOST;
    if ((status = plait_reactor_new(&reactor, NULL)) == 0 &&
        (status = plait_xmpp_factory_new(&host, &options, &other, NULL)) == 0 && argc < 2)
        status = plait_listen(reactor, place, host, NULL, &listener);
    options.role = PLAIT_XMPP_COMPONENT;
    options.jid = argc > 2 ? argv[2] : "echo.example.com";
    if (status == 0 && (status = plait_xmpp_factory_new(&component, &options, &handler, NULL)) == 0 &&
        (status = plait_connector_start(reactor, place, component, NULL, NULL, NULL, &connector)) == 0)
        status = plait_reactor_run(reactor);
    if (status < 0) fprintf(stderr, "%s\n", plait_strerror(status));
    plait_reactor_free(reactor);
    plait_factory_release(component);
    plait_factory_release(host);
    return status < 0;
}
