/* TLS: a client and a server, and somebody in between who cuts, changes, drops and adds what they send. Whatever he
 * does, what either side is delivered was said by the other, in that order. The input says what happens, a step at a
 * time. */
#include "fuzz.h"

/* A certificate of nobody's. */
static const char pem[] = "-----BEGIN CERTIFICATE-----\n"
                          "MIIBhjCCASygAwIBAgIUC1uvWRuFpiADvy9cT2KJXxXsxogwCgYIKoZIzj0EAwIw\n"
                          "DzENMAsGA1UEAwwEZnV6ejAgFw0yNjExMjUxOTA5MDRaGA8yMTI2MTEwMTE5MDkw\n"
                          "NFowDzENMAsGA1UEAwwEZnV6ejBZMBMGByqGSM49AgEGCCqGSM49AwEHA0IABByy\n"
                          "6bLNYmV7jBEopFADvWTsYTS/rCnONsJUSNGqGXkOQj+bs+5KbQDVLz1vvVY0hOO6\n"
                          "C9407Id07uWJoKH566mjZDBiMB0GA1UdDgQWBBTQc84farYukniZnZXZr1e4HEUx\n"
                          "QTAfBgNVHSMEGDAWgBTQc84farYukniZnZXZr1e4HEUxQTAPBgNVHRMBAf8EBTAD\n"
                          "AQH/MA8GA1UdEQQIMAaCBGZ1enowCgYIKoZIzj0EAwIDSAAwRQIhAPWSYlLzvQ+D\n"
                          "8JxR3v5Y/DMXWo6Vjt8w7D4MCCGRTeEGAiBvl8sFhXP1OcW4VeqLYs+FA194sPJz\n"
                          "K/DcpTIWw1CWHg==\n"
                          "-----END CERTIFICATE-----\n"
                          "-----BEGIN PRIVATE KEY-----\n"
                          "MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgQWOU9TEgN8r+53CZ\n"
                          "hvgPfR+vu9Rrms0Sz4EoMfXWJ6uhRANCAAQcsumyzWJle4wRKKRQA71k7GE0v6wp\n"
                          "zjbCVEjRqhl5DkI/m7PuSm0A1S89b71WNITjugveNOyHdO7liaCh+eup\n"
                          "-----END PRIVATE KEY-----\n";

struct side {
    plait_conn conn;
    uint8_t *queue; /* sent, and not yet carried over */
    size_t len, cap;
    uint64_t said, heard; /* bytes of the pattern */
    int connected, ended, started;
};

/* What a side says is a pattern, so that a byte tells its place. */
static uint8_t said_at(uint64_t place) { return (uint8_t)(place * 31 + (place >> 8)); }

static size_t on_write(void *user, plait_conn conn, const uint8_t *data, size_t len) {
    struct side *side = user;
    (void)conn;
    if (side->len + len > side->cap) {
        side->cap = 2 * (side->len + len);
        side->queue = realloc(side->queue, side->cap);
    }
    memcpy(side->queue + side->len, data, len);
    side->len += len;
    return len;
}
static struct side sides[2]; /* the client, the server */
static struct side *of(plait_conn conn) { return conn.id == sides[0].conn.id ? &sides[0] : &sides[1]; }

static void on_connected(void *user, plait_conn conn) {
    struct side *side = of(conn);
    (void)user;
    MUST(!side->connected && !side->ended);
    side->connected = 1;
}
static void on_data(void *user, plait_conn conn, const uint8_t *data, size_t len) {
    struct side *side = of(conn), *other = side == &sides[0] ? &sides[1] : &sides[0];
    plait_tls_info info = PLAIT_TLS_INFO_INIT;
    (void)user;
    MUST(side->connected && !side->ended);
    MUST(plait_conn_get_tls(conn, &info) == 0);
    MUST(side->heard + len <= other->said);
    for (size_t i = 0; i < len; i++) MUST(data[i] == said_at(side->heard++));
}
static void on_end(void *user, plait_conn conn, const plait_reason *reason) {
    struct side *side = of(conn);
    (void)user;
    MUST(!side->ended && reason->text);
    side->ended = 1;
}
static void on_started(void *user, plait_conn conn, const plait_reason *reason) {
    (void)user, (void)reason;
    MUST(!of(conn)->started++);
}

static void carry(struct side *from, struct side *to, size_t most) {
    size_t len = from->len < most ? from->len : most;
    if (!len) return;
    feed(to->conn, from->queue, len);
    memmove(from->queue, from->queue + len, from->len - len);
    from->len -= len;
}

static void say(struct side *side, size_t len) {
    uint8_t bytes[256];
    for (size_t i = 0; i < len; i++) bytes[i] = said_at(side->said + i);
    if (plait_conn_write(side->conn, bytes, len) == 0) side->said += len;
}

static void step(struct input *input) {
    struct side *side = &sides[take(input) & 1], *other = side == &sides[0] ? &sides[1] : &sides[0];
    switch (take(input) % 12) {
    case 0: carry(side, other, 1 + take(input)); break;
    case 1: /* change a byte */
        if (side->len) side->queue[(take(input) | take(input) << 8) % side->len] ^= (uint8_t)(take(input) | 1);
        break;
    case 2: { /* put bytes in */
        struct input part = take_bytes(input, take(input));
        feed(other->conn, part.data, part.len);
        break;
    }
    case 3: side->len -= side->len < 7 ? side->len : take(input) % 8; break; /* lose the end */
    case 4: say(side, take(input)); break;
    case 5: plait_conn_close(side->conn); break;
    case 6: plait_conn_close_write(side->conn); break;
    case 7: plait_conn_eof(side->conn, take(input) & 1 ? -1104 : 0); break;
    case 8: plait_conn_pause(side->conn); break;
    case 9: plait_conn_resume(side->conn); break;
    case 10: plait_conn_abort(side->conn); break;
    default: carry(side, other, (size_t)-1); carry(other, side, (size_t)-1);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len) {
    plait_tls_config configs[2] = {{0}, {0}};
    plait_tls_identity identity = PLAIT_TLS_IDENTITY_INIT;
    plait_tls_options options = PLAIT_TLS_OPTIONS_INIT;
    struct input input = {data, len};
    plait_raw_handler handler = PLAIT_RAW_HANDLER_INIT;
    plait_transport_ops ops = PLAIT_TRANSPORT_OPS_INIT;
    plait_reactor reactor = new_reactor(PLAIT_REACTOR_WITHOUT_LOOP);
    unsigned flags = take(&input);

    options.ca_pem.data = identity.cert_pem.data = (const uint8_t *)pem;
    options.ca_pem.len = identity.cert_pem.len = sizeof pem - 1;
    MUST(plait_tls_config_new(&configs[0], &options, NULL) == 0);
    options.identities = &identity;
    options.identity_count = 1;
    MUST(plait_tls_config_new(&configs[1], &options, NULL) == 0);
    handler.connected = on_connected;
    handler.data = on_data;
    handler.disconnected = on_end;
    ops.write = on_write;
    ops.close_write = NULL;
    for (int i = 0; i < 2; i++) {
        plait_tls_conn_options use = PLAIT_TLS_CONN_OPTIONS_INIT;
        plait_factory raw = {0}, tls = {0};
        free(sides[i].queue);
        memset(&sides[i], 0, sizeof sides[i]);
        use.role = i == 0 ? PLAIT_TLS_ROLE_CLIENT : PLAIT_TLS_ROLE_SERVER;
        use.server_name = i == 0 ? "fuzz" : NULL;
        MUST(plait_raw_factory_new(&raw, &handler, NULL) == 0);
        if (flags & 1) { /* begun on a conversation that is under way */
            MUST(plait_conn_attach(reactor, raw, &ops, &sides[i], &sides[i].conn) == 0);
            plait_reactor_poll(reactor, 0);
            MUST(plait_conn_start_tls(sides[i].conn, configs[i], &use, on_started, NULL) == 0);
        } else {
            MUST(plait_tls_factory_new(&tls, raw, configs[i], &use) == 0);
            MUST(plait_conn_attach(reactor, tls, &ops, &sides[i], &sides[i].conn) == 0);
            plait_factory_release(tls);
        }
        plait_factory_release(raw);
    }
    plait_reactor_poll(reactor, 0);
    if (flags & 2)
        for (int i = 0; i < 6; i++) { /* the handshake, so that the input is about what follows */
            carry(&sides[0], &sides[1], (size_t)-1);
            carry(&sides[1], &sides[0], (size_t)-1);
        }
    while (input.len) step(&input);
    MUST(plait_reactor_free(reactor) == 0);
    MUST(plait_tls_config_release(configs[0]) == 0 && plait_tls_config_release(configs[1]) == 0);
    for (int i = 0; i < 2; i++) {
        MUST(sides[i].ended == sides[i].connected);
        MUST(!(flags & 1) || sides[i].started == 1);
    }
    return 0;
}
