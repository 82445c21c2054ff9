/* Strict transport security of IRC: a server without TLS names its port for it, and the connector goes there at once;
 * the policy is kept, obeyed by the next connection, also behind policies, and forgotten. */
#include "harness.h"

static plait_reactor reactor;
static char directory[64];
static uint32_t secure_port, kept_port, plain_conns, secure_conns, asked;
static const char *secure_words = "sts=duration=100,preload";
static uint64_t kept_seconds;
static uint32_t kept_times;
static int is_in, ended_with = 1;

static void on_plain(void *user, plait_conn conn) {
    char line[128];
    (void)user;
    plain_conns++;
    snprintf(line, sizeof line, ":s CAP * LS :batch sts=duration=5,port=%u x", (unsigned)secure_port);
    OK(plait_line_send(conn, (const uint8_t *)line, strlen(line)));
}
static void on_secure(void *user, plait_conn conn) {
    char line[128];
    (void)user;
    secure_conns++;
    snprintf(line, sizeof line, ":s CAP * LS :%s\r\n:s 001 me :Hi", secure_words);
    OK(plait_line_send(conn, (const uint8_t *)line, strlen(line)));
}

static uint32_t get_policy(void *user, const uint8_t *name, size_t len) {
    CHECK(user == (void *)&reactor && len == 9 && !memcmp(name, "localhost", 9));
    asked++;
    return kept_port;
}
static void set_policy(void *user, const uint8_t *name, size_t len, uint32_t port, uint64_t time) {
    CHECK(user == (void *)&reactor && len == 9 && !memcmp(name, "localhost", 9));
    kept_port = time ? port : 0;
    kept_seconds = time;
    kept_times++;
}
static void signed_on(void *user, plait_conn conn, const plait_irc_event *event) {
    (void)user;
    (void)event;
    is_in = 1;
    OK(plait_irc_close(conn, (const uint8_t *)"bye", 3));
}
static void on_disconnected(void *user, plait_conn conn, const plait_reason *reason) {
    (void)user;
    (void)conn;
    ended_with = reason->status;
}

static plait_listener served(plait_factory factory) {
    plait_listener listener = {0};
    OK(plait_listen(reactor, "tcp:0:interface=127.0.0.1", factory, NULL, &listener));
    return listener;
}

static void once(plait_factory factory, const char *where, int wanted) {
    is_in = 0;
    ended_with = 1;
    OK(plait_connect(reactor, where, factory, NULL, NULL, NULL, NULL));
    UNTIL(reactor, ended_with != 1);
    SAME(ended_with, wanted);
    SAME(is_in, wanted == 0);
}

int main(void) {
    plait_line_handler lines = PLAIT_LINE_HANDLER_INIT;
    plait_irc_options options = PLAIT_IRC_OPTIONS_INIT;
    plait_irc_handler handler = PLAIT_IRC_HANDLER_INIT;
    plait_tls_identity identity = PLAIT_TLS_IDENTITY_INIT;
    plait_tls_options tls = PLAIT_TLS_OPTIONS_INIT;
    plait_tls_config config = {0}, trusting = {0};
    plait_timeout_options times = PLAIT_TIMEOUT_OPTIONS_INIT;
    plait_factory plain = {0}, over = {0}, secure = {0}, client = {0}, guarded = {0}, hidden = {0};
    uint32_t seen;
    plait_listener in_the_clear, in_tls;
    plait_connector connector = {0};
    char command[160], where[96], place[96];

    snprintf(directory, sizeof directory, "/tmp/plait-strict-%d", (int)getpid());
    snprintf(command, sizeof command, "Tests/certificates %s", directory);
    SAME(system(command), 0);
    snprintf(place, sizeof place, "%s/root.pem", directory);
    setenv("SSL_CERT_FILE", place, 1); /* the system's authorities */
    snprintf(place, sizeof place, "%s/good.pem", directory);
    reactor = new_reactor(0);
    identity.cert_file = place;
    tls.identities = &identity;
    tls.identity_count = 1;
    OK(plait_tls_config_new(&config, &tls, NULL));
    lines.connected = on_plain;
    OK(plait_line_factory_new(&plain, NULL, &lines, NULL));
    lines.connected = on_secure;
    OK(plait_line_factory_new(&over, NULL, &lines, NULL));
    OK(plait_tls_factory_new(&secure, over, config, NULL));
    in_the_clear = served(plain);
    in_tls = served(secure);
    secure_port = (uint32_t)plait_listener_get_port(in_tls);
    snprintf(where, sizeof where, "tcp:host=LocalHost:port=%d", plait_listener_get_port(in_the_clear));

    options.nick.data = (const uint8_t *)"me";
    options.nick.len = 2;
    handler.signed_on = signed_on;
    handler.disconnected = on_disconnected;
    handler.get_policy = get_policy;
    STATUS(plait_irc_factory_new(&client, &options, &handler, &reactor), PLAIT_ERR_INVALID); /* who keeps it? */
    handler.set_policy = set_policy;
    OK(plait_irc_factory_new(&client, &options, &handler, &reactor));
    times.idle_ms = 60000;
    OK(plait_timeout_factory_new(&guarded, client, &times));

    /* A connector, behind a policy: in the clear, and then at once over TLS. */
    OK(plait_connector_start(reactor, where, guarded, NULL, NULL, NULL, &connector));
    UNTIL(reactor, is_in);
    OK(plait_connector_stop(connector));
    UNTIL(reactor, kept_times == 2); /* said, and said anew when the conversation ended */
    CHECK(plain_conns == 1 && secure_conns == 1 && kept_port == secure_port && kept_seconds == 100);

    /* It is kept: by the next one, too, until the server wants it no longer. */
    once(guarded, where, 0);
    CHECK(plain_conns == 1 && secure_conns == 2);
    secure_words = "sts=duration=0";
    once(client, where, 0);
    CHECK(plain_conns == 1 && secure_conns == 3 && kept_port == 0 && kept_seconds == 0);
    secure_words = "batch";
    once(client, where, PLAIT_ERR_SWITCHED);
    CHECK(plain_conns == 2 && asked > 3);
    once(client, where, 0);
    once(client, where, PLAIT_ERR_SWITCHED); /* nothing was to be kept */
    CHECK(plain_conns == 3 && secure_conns == 4);
    once(client, where, 0);

    /* Who has put TLS around it has no second one within, whatever a policy says. */
    tls.identities = NULL;
    tls.identity_count = 0;
    OK(plait_tls_config_new(&trusting, &tls, NULL));
    OK(plait_tls_factory_new(&hidden, client, trusting, NULL));
    kept_port = secure_port;
    seen = secure_conns;
    snprintf(place, sizeof place, "tcp:host=localhost:port=%u", (unsigned)secure_port);
    once(hidden, place, 0);
    SAME(secure_conns, seen + 1);
    OK(plait_factory_release(hidden));
    OK(plait_tls_config_release(trusting));

    /* Never without TLS where there is a policy; an address has none. */
    kept_port = (uint32_t)plait_listener_get_port(in_the_clear);
    is_in = 0;
    ended_with = 1;
    OK(plait_connect(reactor, where, client, NULL, NULL, NULL, NULL));
    UNTIL(reactor, plain_conns == 4);
    kept_port = 0;
    asked = 0;
    snprintf(where, sizeof where, "tcp:host=127.0.0.1:port=%d", plait_listener_get_port(in_the_clear));
    OK(plait_connect(reactor, where, client, NULL, NULL, NULL, NULL));
    UNTIL(reactor, plain_conns == 5);
    CHECK(!is_in && asked == 0);

    OK(plait_reactor_free(reactor));
    OK(plait_factory_release(guarded));
    OK(plait_factory_release(client));
    OK(plait_factory_release(plain));
    OK(plait_factory_release(secure));
    OK(plait_factory_release(over));
    OK(plait_tls_config_release(config));
    snprintf(command, sizeof command, "rm -r %s", directory);
    SAME(system(command), 0);
    PASSED();
}
