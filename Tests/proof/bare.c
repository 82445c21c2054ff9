/* A library that was built without TLS: what needs OpenSSL says so, and all else works. */
#include "peers.h"

static plait_reactor reactor;
static plait_conn made;
static int completed;

static void on_line(void *user, plait_conn conn, const uint8_t *line, size_t len) {
    (void)user;
    plait_line_send(conn, line, len);
}
static void on_done(void *user, plait_call call, plait_conn conn, const plait_reason *reason) {
    (void)user, (void)call;
    made = conn;
    completed = 1 + (reason->status != 0);
}

#define UNSUPPORTED(call) CHECK((call) == PLAIT_ERR_UNSUPPORTED)

/* Every function of tls.h, with handles that would be good ones. */
static void functions(plait_factory lines) {
    plait_tls_config config = {0};
    plait_factory factory = {0};
    plait_tls_info info = PLAIT_TLS_INFO_INIT;
    plait_reason reason = PLAIT_REASON_INIT;
    uint8_t room[256] = {0};
    size_t len = 0;

    UNSUPPORTED(plait_tls_config_new(&config, NULL, &reason));
    CHECK(config.id == 0 && reason.status == PLAIT_ERR_UNSUPPORTED && reason.text && *reason.text);
    UNSUPPORTED(plait_tls_config_retain(config));
    UNSUPPORTED(plait_tls_config_release(config));
    UNSUPPORTED(plait_tls_config_reload(config, NULL));
    UNSUPPORTED(plait_tls_config_set_ticket_keys(config, room, 80));
    UNSUPPORTED(plait_tls_factory_new(&factory, lines, config, NULL));
    UNSUPPORTED(plait_conn_start_tls(made, config, NULL, NULL, NULL));
    UNSUPPORTED(plait_conn_get_tls(made, &info));
    UNSUPPORTED(plait_conn_get_peer_certificate(made, 0, room, sizeof room, &len));
    UNSUPPORTED(plait_conn_get_channel_binding(made, PLAIT_TLS_BINDING_EXPORTER, room, sizeof room, &len));
    CHECK(factory.id == 0 && len == 0);
}

/* An AMP session's own way into TLS. */
static void amp(void) {
    plait_amp_handler handler = PLAIT_AMP_HANDLER_INIT;
    plait_tls_config config = {0};
    plait_factory sessions = {0};
    plait_listener listener = {0};
    plait_call call = {0};

    CHECK(plait_amp_factory_new(&sessions, NULL, &handler, NULL) == 0);
    CHECK(plait_listen(reactor, "memory:amp", sessions, NULL, &listener) == 0);
    completed = 0;
    CHECK(plait_connect(reactor, "memory:amp", sessions, NULL, on_done, NULL, NULL) == 0);
    UNTIL(completed);
    CHECK(completed == 1);
    UNSUPPORTED(plait_amp_start_tls(made, config, NULL, 0, NULL, NULL, &call));
    CHECK(plait_factory_release(sessions) == 0);
}

/* Endpoint strings: told apart from what is malformed, at the word that asks for TLS. */
static void strings(plait_factory lines) {
    plait_reason reason = PLAIT_REASON_INIT;
    plait_listen_options options = PLAIT_LISTEN_OPTIONS_INIT;
    plait_listener listener = {0};
    plait_connector connector = {0};

    UNSUPPORTED(plait_endpoint_check("tls:example.org:443", PLAIT_ENDPOINT_CONNECT, &reason));
    CHECK(reason.offset == 0 && strstr(reason.text, "without TLS"));
    UNSUPPORTED(plait_endpoint_check("haproxy:ssl:443:key.pem", PLAIT_ENDPOINT_LISTEN, &reason));
    CHECK(reason.offset == 8);
    options.reason = &reason;
    reason.status = 0;
    UNSUPPORTED(plait_listen(reactor, "ssl:443:key.pem", lines, &options, &listener));
    CHECK(reason.status == PLAIT_ERR_UNSUPPORTED && strstr(reason.text, "without TLS"));
    UNSUPPORTED(plait_connect(reactor, "tls:example.org:443", lines, NULL, on_done, NULL, NULL));
    UNSUPPORTED(plait_connector_start(reactor, "tls:example.org:443", lines, NULL, NULL, NULL, &connector));
}

int main(void) {
    plait_line_handler handler = PLAIT_LINE_HANDLER_INIT;
    plait_factory lines = {0};
    plait_listener listener = {0};
    size_t got = 0;
    int fd;

    handler.line = on_line;
    CHECK(plait_reactor_new(&reactor, NULL) == 0);
    CHECK(plait_line_factory_new(&lines, NULL, &handler, NULL) == 0);
    CHECK(plait_listen(reactor, "tcp:0:interface=127.0.0.1", lines, NULL, &listener) == 0);
    fd = dial(plait_listener_get_port(listener));
    say(fd, "hello\r\n");
    UNTIL((hear(fd, &got), got == 7));
    close(fd);
    CHECK(plait_listen(reactor, "memory:x", lines, NULL, &listener) == 0);
    CHECK(plait_connect(reactor, "memory:x", lines, NULL, on_done, NULL, NULL) == 0);
    UNTIL(completed);
    CHECK(completed == 1);
    functions(lines);
    strings(lines);
    amp();
    CHECK(plait_reactor_free(reactor) == 0 && plait_factory_release(lines) == 0);
    printf("bare: all of tls.h is unsupported, and lines are spoken\n");
    return 0;
}
