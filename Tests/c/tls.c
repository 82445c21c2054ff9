/* TLS: both roles over TCP, UNIX and memory; every check that fails; STARTTLS; what was agreed on; reloading; misuse.
 */
#include "harness.h"

static plait_reactor reactor;
static char directory[64];
static char path_room[16][128];

static const char *file(const char *name) {
    static int next;
    char *room = path_room[next++ % 16];

    snprintf(room, 128, "%s/%s", directory, name);
    return room;
}

static plait_bytes contents(const char *name) {
    static uint8_t room[4][16384];
    static int next;
    plait_bytes bytes;
    FILE *in = fopen(file(name), "rb");

    CHECK(in);
    bytes.data = room[next % 4];
    bytes.len = fread(room[next++ % 4], 1, sizeof room[0], in);
    fclose(in);
    return bytes;
}

static plait_tls_config config_of(const plait_tls_options *options) {
    plait_tls_config config = {0};
    plait_reason reason = PLAIT_REASON_INIT;
    int status = plait_tls_config_new(&config, options, &reason);

    if (status != 0) DIE("no configuration: %s: %s", plait_err_name(status), reason.text);
    return config;
}

static plait_tls_config server_of(const char *pem) {
    plait_tls_identity identity = PLAIT_TLS_IDENTITY_INIT;
    plait_tls_options options = PLAIT_TLS_OPTIONS_INIT;

    identity.cert_file = file(pem);
    options.identities = &identity;
    options.identity_count = 1;
    return config_of(&options);
}

static plait_tls_config client_config(void) {
    plait_tls_options options = PLAIT_TLS_OPTIONS_INIT;

    options.ca_file = file("root.pem");
    return config_of(&options);
}

static plait_factory over(plait_factory inner, plait_tls_config config, const plait_tls_conn_options *options) {
    plait_factory factory = {0};

    OK(plait_tls_factory_new(&factory, inner, config, options));
    return factory;
}

static int done_count;
static plait_conn done_conn;
static char done_text[512];
static int done_status;
static void on_done(void *user, plait_call call, plait_conn conn, const plait_reason *reason) {
    (void)user, (void)call;
    done_count++;
    done_conn = conn;
    done_status = reason->status;
    snprintf(done_text, sizeof done_text, "%s", reason->text);
}

/* Connects with a client's configuration to a server's, and has the reason at hand. */
static int meet(plait_tls_config server, plait_tls_config client, const char *name) {
    plait_factory lines = line_factory(echo_line), serving = over(lines, server, NULL), calling;
    plait_tls_conn_options options = PLAIT_TLS_CONN_OPTIONS_INIT;
    plait_listener listener = {0};
    char endpoint[64];
    int before = done_count;

    options.server_name = name;
    calling = over(lines, client, &options);
    OK(plait_listen(reactor, "tcp:0:interface=127.0.0.1", serving, NULL, &listener));
    snprintf(endpoint, sizeof endpoint, "tcp:127.0.0.1:%d", plait_listener_get_port(listener));
    OK(plait_connect(reactor, endpoint, calling, NULL, on_done, NULL, NULL));
    UNTIL(reactor, done_count > before);
    OK(plait_listener_close(listener));
    OK(plait_factory_release(serving));
    OK(plait_factory_release(calling));
    OK(plait_factory_release(lines));
    journal[0] = 0;
    return done_status;
}

static void close_all(void) {
    if (done_status == 0) OK(plait_conn_close(done_conn));
    UNTIL(reactor, connected_count == disconnected_count);
    journal[0] = 0;
}

#define REFUSED(pem, client, name, status, words)                                                                      \
    do {                                                                                                               \
        plait_tls_config bad_ = server_of(pem);                                                                        \
        STATUS(meet(bad_, client, name), status);                                                                      \
        if (!strstr(done_text, words)) DIE("says: %s", done_text);                                                     \
        OK(plait_tls_config_release(bad_));                                                                            \
        close_all();                                                                                                   \
    } while (0)

static void checks(void) {
    plait_tls_options options = PLAIT_TLS_OPTIONS_INIT;
    plait_tls_config client = client_config(), listing, stapled, server;
    plait_tls_identity identity = PLAIT_TLS_IDENTITY_INIT;
    plait_tls_info info = PLAIT_TLS_INFO_INIT;

    REFUSED("expired.pem", client, "localhost", PLAIT_ERR_TLS_EXPIRED,
            "\"CN = expired\": certificate has expired, on Feb  1");
    REFUSED("other.pem", client, "localhost", PLAIT_ERR_TLS_NAME, "it is not for localhost");
    REFUSED("good.pem", client, "127.0.0.9", PLAIT_ERR_TLS_NAME, "it is not for 127.0.0.9");
    REFUSED("self.pem", client, "localhost", PLAIT_ERR_TLS_SELF_SIGNED, "self-signed");
    REFUSED("stranger.pem", client, "localhost", PLAIT_ERR_TLS_UNTRUSTED, "issuer");
    REFUSED("good.pem", client, "localhost", 0, "no error");
    REFUSED("good.pem", client, "127.0.0.1", 0, "");

    options.ca_file = file("root.pem");
    options.crl_file = file("list.crl");
    listing = config_of(&options);
    REFUSED("revoked.pem", listing, "localhost", PLAIT_ERR_TLS_REVOKED, "\"CN = revoked\": certificate revoked");
    REFUSED("good.pem", listing, "localhost", 0, "");
    OK(plait_tls_config_release(listing));

    options.crl_file = NULL;
    options.flags = PLAIT_TLS_OCSP_REQUIRED | PLAIT_TLS_NO_TICKETS;
    stapled = config_of(&options);
    REFUSED("good.pem", stapled, "localhost", PLAIT_ERR_TLS_OCSP, "no OCSP answer came");
    options = (plait_tls_options)PLAIT_TLS_OPTIONS_INIT;
    options.identities = &identity;
    options.identity_count = 1;
    identity.cert_file = file("revoked.pem");
    identity.ocsp_file = file("revoked.ocsp");
    server = config_of(&options);
    STATUS(meet(server, stapled, "localhost"), PLAIT_ERR_TLS_REVOKED);
    OK(plait_tls_config_release(server));
    identity.cert_file = file("good.pem");
    server = config_of(&options); /* somebody else's answer */
    STATUS(meet(server, stapled, "localhost"), PLAIT_ERR_TLS_OCSP);
    OK(plait_tls_config_release(server));
    identity.ocsp_file = NULL;
    identity.ocsp = contents("good.ocsp");
    server = config_of(&options);
    OK(meet(server, stapled, "localhost"));
    OK(plait_conn_get_tls(done_conn, &info));
    SAME(info.flags, PLAIT_TLS_INFO_VERIFIED | PLAIT_TLS_INFO_STAPLED);
    OK(plait_tls_config_release(server));
    OK(plait_tls_config_release(stapled));
    OK(plait_tls_config_release(client));
    close_all();
}

/* Endpoint strings, over TCP; and what was agreed on. */
static void endpoints(void) {
    plait_factory factory = line_factory(echo_line);
    plait_listener listener = {0};
    plait_tls_info info = PLAIT_TLS_INFO_INIT;
    char endpoint[256];
    uint8_t der[4096], first[PLAIT_TLS_BINDING_MAX], second[PLAIT_TLS_BINDING_MAX];
    size_t len = 0, more = 0;
    int port;

    snprintf(endpoint, sizeof endpoint, "ssl:0:privateKey=%s:certKey=%s:interface=127.0.0.1", file("good.key"),
             file("good.cert"));
    OK(plait_listen(reactor, endpoint, factory, NULL, &listener));
    port = plait_listener_get_port(listener);
    snprintf(endpoint, sizeof endpoint, "tls:host=127.0.0.1:port=%d:trustRoots=%s", port, file("root.pem"));
    OK(plait_connect(reactor, endpoint, factory, NULL, on_done, NULL, NULL));
    done_status = -1;
    UNTIL(reactor, done_status == 0 && connected_count == disconnected_count + 2);
    OK(plait_conn_get_tls(done_conn, &info));
    SAME(info.version, PLAIT_TLS_1_3);
    SAME(info.flags, PLAIT_TLS_INFO_VERIFIED);
    SAME(info.certificates, 1);
    SAME(info.alpn_len, 0);
    CHECK(info.bits >= 128 && !strncmp(info.cipher, "TLS_", 4) && info.group[0] && !info.server_name[0]);
    OK(plait_conn_get_peer_certificate(done_conn, 0, NULL, 0, &len));
    CHECK(len > 200 && len < sizeof der);
    STATUS(plait_conn_get_peer_certificate(done_conn, 0, der, len - 1, &more), PLAIT_ERR_OVERFLOW);
    OK(plait_conn_get_peer_certificate(done_conn, 0, der, sizeof der, &more));
    CHECK(more == len && der[0] == 0x30);
    STATUS(plait_conn_get_peer_certificate(done_conn, 1, der, sizeof der, &more), PLAIT_ERR_INVALID);
    OK(plait_conn_get_channel_binding(done_conn, PLAIT_TLS_BINDING_EXPORTER, first, sizeof first, &len));
    SAME(len, 32);
    OK(plait_conn_get_channel_binding(done_conn, PLAIT_TLS_BINDING_END_POINT, second, sizeof second, &len));
    SAME(len, 32);
    STATUS(plait_conn_get_channel_binding(done_conn, PLAIT_TLS_BINDING_UNIQUE, first, sizeof first, &len),
           PLAIT_ERR_INVALID);
    STATUS(plait_conn_get_channel_binding(done_conn, 9, first, sizeof first, &len), PLAIT_ERR_INVALID);
    STATUS(plait_conn_get_channel_binding(done_conn, 1, first, 31, &len), PLAIT_ERR_OVERFLOW);
    close_all();

    /* another name to check; a directory that has no authority */
    snprintf(endpoint, sizeof endpoint, "ssl:host=127.0.0.1:port=%d:caCertsDir=%s:hostname=other.test", port,
             file("root.pem"));
    OK(plait_connect(reactor, endpoint, factory, NULL, on_done, NULL, NULL));
    done_status = 1;
    UNTIL(reactor, done_status != 1);
    STATUS(done_status, PLAIT_ERR_TLS_NAME);
    snprintf(endpoint, sizeof endpoint, "tls:127.0.0.1:%d:trustRoots=/proc/self", port);
    STATUS(plait_connect(reactor, endpoint, factory, NULL, on_done, NULL, NULL), PLAIT_ERR_TLS_CONFIG);
    snprintf(endpoint, sizeof endpoint, "tls:127.0.0.1:%d", port); /* the system does not know our authority */
    OK(plait_connect(reactor, endpoint, factory, NULL, on_done, NULL, NULL));
    done_status = 1;
    UNTIL(reactor, done_status != 1);
    STATUS(done_status, PLAIT_ERR_TLS_UNTRUSTED);
    OK(plait_listener_close(listener));
    snprintf(endpoint, sizeof endpoint, "ssl:0:privateKey=%s", file("nothing.pem"));
    STATUS(plait_listen(reactor, endpoint, factory, NULL, &listener), PLAIT_ERR_TLS_CONFIG);
    OK(plait_factory_release(factory));
    close_all();
}

/* What is wrong with an endpoint, or with a factory to listen with, is told in words. */
static void words(void) {
    plait_factory lines = line_factory(echo_line), serving = {0}, guarded = {0};
    plait_tls_config nobody = client_config();
    plait_tls_conn_options use = PLAIT_TLS_CONN_OPTIONS_INIT;
    plait_traffic_options log = PLAIT_TRAFFIC_OPTIONS_INIT;
    plait_listen_options listening = PLAIT_LISTEN_OPTIONS_INIT;
    plait_connect_options connecting = PLAIT_CONNECT_OPTIONS_INIT;
    plait_connector_options keeping = PLAIT_CONNECTOR_OPTIONS_INIT;
    plait_reason reason = PLAIT_REASON_INIT, small = PLAIT_REASON_INIT;
    plait_listener listener = {0};
    plait_connector connector = {0};
    char endpoint[256];
    FILE *out;

#define TOLD(call, code, said)                                                                                         \
    do {                                                                                                               \
        reason.status = 0;                                                                                             \
        STATUS(call, code);                                                                                            \
        STATUS(reason.status, code);                                                                                   \
        if (!strstr(reason.text, said)) DIE("says: %s", reason.text);                                                  \
    } while (0)
    listening.reason = connecting.reason = keeping.reason = &reason;
    snprintf(endpoint, sizeof endpoint, "ssl:0:privateKey=%s", file("nothing.pem"));
    TOLD(plait_listen(reactor, endpoint, lines, &listening, &listener), PLAIT_ERR_TLS_CONFIG,
         "nothing.pem: No such file");
    snprintf(endpoint, sizeof endpoint, "ssl:0:privateKey=%s:certKey=%s", file("good.key"), file("other.cert"));
    TOLD(plait_listen(reactor, endpoint, lines, &listening, &listener), PLAIT_ERR_TLS_CONFIG, "not the certificate's");
    snprintf(endpoint, sizeof endpoint, "tls:127.0.0.1:1:trustRoots=%s", file("nothing.pem"));
    TOLD(plait_connect(reactor, endpoint, lines, &connecting, on_done, NULL, NULL), PLAIT_ERR_TLS_CONFIG,
         "nothing.pem: No such file");
    TOLD(plait_connector_start(reactor, endpoint, lines, &keeping, NULL, NULL, &connector), PLAIT_ERR_TLS_CONFIG,
         "nothing.pem: No such file");
    TOLD(plait_connect(reactor, "tls:127.0.0.1:1:trustRoots=/proc/self", lines, &connecting, on_done, NULL, NULL),
         PLAIT_ERR_TLS_CONFIG, "/proc/self: no file in it ends in .pem");
    TOLD(plait_connect(reactor, "tls:127.0.0.1:x", lines, &connecting, on_done, NULL, NULL), PLAIT_ERR_ENDPOINT,
         "port");
    SAME(reason.offset, 14);
    TOLD(plait_listen(reactor, "udp:1", lines, &listening, &listener), PLAIT_ERR_ENDPOINT, "unknown kind");
    small.struct_size = 4;
    listening.reason = &small;
    STATUS(plait_listen(reactor, "memory:x", lines, &listening, &listener), PLAIT_ERR_STRUCT_SIZE);
    listening.reason = &reason;

    /* a server that has no certificate, also behind a policy; a client needs none */
    use.role = PLAIT_TLS_ROLE_SERVER;
    STATUS(plait_tls_factory_new(&serving, lines, nobody, &use), PLAIT_ERR_TLS_CONFIG);
    serving = over(lines, nobody, NULL);
    OK(plait_traffic_factory_new(&guarded, serving, &log));
    TOLD(plait_listen(reactor, "memory:nobody", serving, &listening, &listener), PLAIT_ERR_TLS_CONFIG,
         "no certificate");
    TOLD(plait_listen(reactor, "memory:nobody", guarded, &listening, &listener), PLAIT_ERR_TLS_CONFIG,
         "no certificate");
    use.role = PLAIT_TLS_ROLE_CLIENT;
    use.server_name = "localhost";
    OK(plait_factory_release(guarded));
    OK(plait_factory_release(serving));
    OK(plait_tls_factory_new(&serving, lines, nobody, &use));
    OK(plait_listen(reactor, "memory:nobody", serving, &listening,
                    &listener)); /* whoever listens may still be the client */
    OK(plait_listener_close(listener));

    /* of a directory those files count that have certificates; some must */
    snprintf(endpoint, sizeof endpoint, "mkdir %s", file("roots"));
    SAME(system(endpoint), 0);
    out = fopen(file("roots/empty.pem"), "w");
    CHECK(out && fputs("not a certificate\n", out) >= 0 && fclose(out) == 0);
    snprintf(endpoint, sizeof endpoint, "tls:127.0.0.1:1:trustRoots=%s", file("roots"));
    TOLD(plait_connect(reactor, endpoint, lines, &connecting, on_done, NULL, NULL), PLAIT_ERR_TLS_CONFIG,
         "empty.pem: there is no certificate in it");
    OK(plait_factory_release(serving));
    OK(plait_factory_release(lines));
    OK(plait_tls_config_release(nobody));
    lines = line_factory(echo_line);
    snprintf(endpoint, sizeof endpoint, "cp %s %s", file("root.pem"), file("roots"));
    SAME(system(endpoint), 0);
    snprintf(endpoint, sizeof endpoint, "ssl:0:privateKey=%s:interface=127.0.0.1", file("good.pem"));
    OK(plait_listen(reactor, endpoint, lines, &listening, &listener));
    snprintf(endpoint, sizeof endpoint, "tls:127.0.0.1:%d:trustRoots=%s", plait_listener_get_port(listener),
             file("roots"));
    OK(plait_connect(reactor, endpoint, lines, &connecting, on_done, NULL, NULL));
    done_status = 1;
    UNTIL(reactor, done_status != 1);
    SAME(done_status, 0);
    OK(plait_listener_close(listener));
    OK(plait_factory_release(lines));
    close_all();
}

/* ---- STARTTLS -------------------------------------------------------------------------------------------------- */

static plait_tls_config server_side, client_side;
static int server_started, client_started;
static void on_server_started(void *user, plait_conn conn, const plait_reason *reason) {
    (void)user, (void)conn;
    server_started = reason->status == 0 ? 1 : reason->status;
}
static void on_client_started(void *user, plait_conn conn, const plait_reason *reason) {
    (void)user;
    client_started = reason->status == 0 ? 1 : reason->status;
    if (reason->status == 0) OK(plait_line_send(conn, (const uint8_t *)"secret", 6));
}
static void server_line(void *user, plait_conn conn, const uint8_t *line, size_t len) {
    (void)user;
    note("server %.*s", (int)len, (const char *)line);
    if (len == 8 && !memcmp(line, "STARTTLS", 8)) {
        OK(plait_line_send(conn, (const uint8_t *)"ready", 5));
        OK(plait_conn_start_tls(conn, server_side, NULL, on_server_started, NULL));
        STATUS(plait_conn_start_tls(conn, server_side, NULL, on_server_started, NULL), PLAIT_ERR_INVALID);
    } else {
        OK(plait_conn_close(conn));
    }
}
static void client_line(void *user, plait_conn conn, const uint8_t *line, size_t len) {
    plait_tls_conn_options options = PLAIT_TLS_CONN_OPTIONS_INIT;

    (void)user;
    note("client %.*s", (int)len, (const char *)line);
    options.server_name = "localhost";
    OK(plait_conn_start_tls(conn, client_side, &options, on_client_started, NULL));
}
static void client_connected(void *user, plait_conn conn) {
    const char *words = (const char *)user;
    OK(plait_conn_write(conn, (const uint8_t *)words, strlen(words)));
}

static void starting(const char *where, const char *words) {
    plait_line_handler handler = PLAIT_LINE_HANDLER_INIT;
    plait_factory serving = {0}, calling = {0};
    plait_listener listener = {0};
    char endpoint[128];

    handler.line = server_line;
    handler.disconnected = note_disconnected;
    OK(plait_line_factory_new(&serving, NULL, &handler, NULL));
    handler.line = client_line;
    handler.disconnected = NULL;
    handler.connected = client_connected;
    OK(plait_line_factory_new(&calling, NULL, &handler, (void *)(uintptr_t)words));
    server_started = client_started = 0;
    OK(plait_listen(reactor, where, serving, NULL, &listener));
    snprintf(endpoint, sizeof endpoint, "%s", where);
    if (!strncmp(where, "tcp", 3))
        snprintf(endpoint, sizeof endpoint, "tcp:127.0.0.1:%d", plait_listener_get_port(listener));
    disconnected_count = 0;
    OK(plait_connect(reactor, endpoint, calling, NULL, NULL, NULL, NULL));
    UNTIL(reactor, disconnected_count == 1);
    OK(plait_listener_close(listener));
    OK(plait_factory_release(serving));
    OK(plait_factory_release(calling));
    OK(plait_reactor_poll(reactor, 0));
}

static void start_tls(void) {
    char where[64];

    server_side = server_of("good.pem");
    client_side = client_config();
    starting("tcp:0:interface=127.0.0.1", "STARTTLS\r\n");
    HEARD("server STARTTLS|client ready|server secret|disconnected 0|");
    SAME(server_started, 1);
    SAME(client_started, 1);
    snprintf(where, sizeof where, "unix:%s", file("socket"));
    starting(where, "STARTTLS\r\n");
    HEARD("server STARTTLS|client ready|server secret|disconnected 0|");
    starting("memory:start", "STARTTLS\r\n");
    HEARD("server STARTTLS|client ready|server secret|disconnected 0|");
    starting("tcp:0:interface=127.0.0.1", "STARTTLS\r\nEVIL\r\n");
    CHECK(strstr(journal, "disconnected PLAIT_ERR_TLS_PLAINTEXT") && !strstr(journal, "EVIL"));
    SAME(server_started, PLAIT_ERR_TLS_PLAINTEXT);
    CHECK(client_started != 1);
    journal[0] = 0;
    disconnected_count = connected_count;
    OK(plait_tls_config_release(server_side));
    OK(plait_tls_config_release(client_side));
}

/* ---- Callbacks of a configuration ---------------------------------------------------------------------------------
 */

static int passphrase(void *user, const char *key_file, char *out, size_t cap) {
    (void)key_file;
    CHECK(cap >= 6);
    memcpy(out, user, strlen((const char *)user));
    return (int)strlen((const char *)user);
}
static int verify_answer;
static int verify(void *user, plait_conn conn, const plait_tls_peer *peer, const plait_reason *verdict) {
    (void)user;
    CHECK(conn.id && peer->count >= 1 && peer->chain[0].data[0] == 0x30 && !strcmp(peer->server_name, "localhost"));
    note("verify %s", plait_err_name(verdict->status));
    return verify_answer;
}
static int key_lines, releases;
static void key_log(void *user, plait_conn conn, const char *line) {
    (void)user, (void)conn;
    CHECK(strchr(line, ' '));
    key_lines++;
}
static void released(void *user) { (void)user, releases++; }

static void callbacks(void) {
    plait_tls_identity identity = PLAIT_TLS_IDENTITY_INIT;
    plait_tls_options options = PLAIT_TLS_OPTIONS_INIT, client = PLAIT_TLS_OPTIONS_INIT;
    plait_reason reason = PLAIT_REASON_INIT;
    plait_tls_config server, calling, none = {0};

    identity.cert_pem = contents("good.cert");
    identity.key_pem = contents("good.enc");
    options.identities = &identity;
    options.identity_count = 1;
    STATUS(plait_tls_config_new(&none, &options, &reason), PLAIT_ERR_TLS_CONFIG);
    CHECK(strstr(reason.text, "private key"));
    options.passphrase = passphrase;
    options.release = released;
    options.user = (void *)(uintptr_t) "wrong";
    STATUS(plait_tls_config_new(&none, &options, NULL), PLAIT_ERR_TLS_CONFIG);
    SAME(none.id, 0);
    SAME(releases, 0);
    options.user = (void *)(uintptr_t) "secret";
    server = config_of(&options);

    client.ca_pem = contents("unknown.pem");
    client.verify = verify;
    client.key_log = key_log;
    client.flags = PLAIT_TLS_NO_TICKETS;
    calling = config_of(&client);
    verify_answer = PLAIT_ERR_REFUSED;
    STATUS(meet(server, calling, "localhost"), PLAIT_ERR_TLS_UNTRUSTED);
    close_all();
    verify_answer = 0;
    OK(meet(server, calling, "localhost"));
    CHECK(key_lines >= 4);
    close_all();
    OK(plait_tls_config_release(calling));
    OK(plait_tls_config_release(server));
    OK(plait_reactor_poll(reactor, 0));
    SAME(releases, 1);
    STATUS(plait_tls_config_release(server), PLAIT_ERR_STALE);
}

/* A server's files change while it serves. */
static void copy_file(const char *from, const char *to) {
    plait_bytes bytes = contents(from);
    FILE *out = fopen(file(to), "wb");

    CHECK(out && fwrite(bytes.data, 1, bytes.len, out) == bytes.len);
    fclose(out);
}
static void reloading(void) {
    plait_tls_config server, client = client_config();
    plait_reason reason = PLAIT_REASON_INIT;
    uint8_t keys[PLAIT_TLS_TICKET_KEY_SIZE * 2] = {1};

    copy_file("expired.pem", "current.pem");
    server = server_of("current.pem");
    STATUS(meet(server, client, "localhost"), PLAIT_ERR_TLS_EXPIRED);
    copy_file("good.pem", "current.pem");
    OK(plait_tls_config_reload(server, &reason));
    OK(meet(server, client, "localhost"));
    close_all();
    copy_file("config", "current.pem");
    STATUS(plait_tls_config_reload(server, &reason), PLAIT_ERR_TLS_CONFIG);
    CHECK(strstr(reason.text, "certificate") && strstr(reason.text, "current.pem"));
    OK(meet(server, client, "localhost")); /* as it was */
    close_all();
    OK(plait_tls_config_set_ticket_keys(server, keys, sizeof keys));
    STATUS(plait_tls_config_set_ticket_keys(server, keys, 79), PLAIT_ERR_INVALID);
    STATUS(plait_tls_config_set_ticket_keys(server, NULL, 80), PLAIT_ERR_INVALID);
    OK(plait_tls_config_release(server));
    OK(plait_tls_config_release(client));
}

static void misuse(void) {
    plait_tls_options options = PLAIT_TLS_OPTIONS_INIT;
    plait_tls_conn_options use = PLAIT_TLS_CONN_OPTIONS_INIT;
    plait_tls_info info = PLAIT_TLS_INFO_INIT;
    plait_tls_config config = {0}, good = client_config();
    plait_factory lines = line_factory(echo_line), made = {0};
    size_t len;
    uint8_t byte;
    plait_bytes long_name;
    uint8_t room[256] = {0};

    STATUS(plait_tls_config_new(NULL, NULL, NULL), PLAIT_ERR_INVALID);
    options.flags = 512;
    STATUS(plait_tls_config_new(&config, &options, NULL), PLAIT_ERR_INVALID);
    options.flags = 0;
    options.min_version = 0x0301;
    STATUS(plait_tls_config_new(&config, &options, NULL), PLAIT_ERR_INVALID);
    options.min_version = PLAIT_TLS_1_3;
    options.max_version = PLAIT_TLS_1_2;
    STATUS(plait_tls_config_new(&config, &options, NULL), PLAIT_ERR_INVALID);
    options.min_version = options.max_version = 0;
    long_name.data = room;
    long_name.len = 256;
    options.alpn = &long_name;
    options.alpn_count = 1;
    STATUS(plait_tls_config_new(&config, &options, NULL), PLAIT_ERR_INVALID);
    options.alpn_count = 0;
    options.identity_count = 1;
    STATUS(plait_tls_config_new(&config, &options, NULL), PLAIT_ERR_INVALID);
    options.identity_count = 0;
    options.struct_size = 8;
    STATUS(plait_tls_config_new(&config, &options, NULL), PLAIT_ERR_STRUCT_SIZE);
    STATUS(plait_tls_config_retain(config), PLAIT_ERR_STALE);
    config.id = lines.id;
    STATUS(plait_tls_config_retain(config), PLAIT_ERR_TYPE);
    STATUS(plait_tls_factory_new(&made, lines, config, NULL), PLAIT_ERR_TYPE);
    STATUS(plait_tls_factory_new(NULL, lines, good, NULL), PLAIT_ERR_INVALID);
    use.role = 3;
    STATUS(plait_tls_factory_new(&made, lines, good, &use), PLAIT_ERR_INVALID);
    made.id = good.id;
    STATUS(plait_factory_retain(made), PLAIT_ERR_TYPE);

    OK(plait_listen(reactor, "memory:plain", lines, NULL, &(plait_listener){0}));
    OK(plait_connect(reactor, "memory:plain", lines, NULL, on_done, NULL, NULL));
    done_status = 1;
    UNTIL(reactor, done_status == 0);
    STATUS(plait_conn_get_tls(done_conn, &info), PLAIT_ERR_UNSUPPORTED);
    STATUS(plait_conn_get_peer_certificate(done_conn, 0, NULL, 0, &len), PLAIT_ERR_UNSUPPORTED);
    STATUS(plait_conn_get_channel_binding(done_conn, 1, &byte, 1, &len), PLAIT_ERR_UNSUPPORTED);
    STATUS(plait_conn_start_tls(done_conn, good, NULL, NULL, NULL), PLAIT_ERR_TLS_CONFIG); /* no name */
    OK(plait_conn_close(done_conn));
    STATUS(plait_conn_start_tls(done_conn, good, NULL, NULL, NULL), PLAIT_ERR_CLOSED);
    UNTIL(reactor, connected_count == disconnected_count);
    OK(plait_factory_release(lines));
    OK(plait_tls_config_release(good));
}

int main(void) {
    char command[160];

    snprintf(directory, sizeof directory, "/tmp/plait-tls-%d", (int)getpid());
    snprintf(command, sizeof command, "Tests/certificates %s", directory);
    SAME(system(command), 0);
    reactor = new_reactor(0);
    checks();
    endpoints();
    words();
    start_tls();
    callbacks();
    reloading();
    misuse();
    OK(plait_reactor_free(reactor));
    snprintf(command, sizeof command, "rm -r %s", directory);
    SAME(system(command), 0);
    PASSED();
}
