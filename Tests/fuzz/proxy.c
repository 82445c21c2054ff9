/* PROXY headers, version 1 and 2: however a peer's bytes are cut, the same conversation comes of them, with the same
 * addresses; what is no header is never delivered. */
#include "fuzz.h"

struct seen {
    uint8_t bytes[8192]; /* more than an input has */
    size_t len;
    char peer[112];
    uint32_t port;
    int connected, ended;
};

static void connected(void *user, plait_conn conn) {
    struct seen *seen = user;
    plait_address address = PLAIT_ADDRESS_INIT;
    MUST(plait_conn_get_peer(conn, &address) == 0);
    memcpy(seen->peer, address.host, sizeof seen->peer);
    seen->port = address.port;
    seen->connected++;
}
static void data(void *user, plait_conn conn, const uint8_t *bytes, size_t len) {
    (void)conn;
    struct seen *seen = user;
    MUST(seen->connected == 1);
    if (seen->len + len > sizeof seen->bytes) len = sizeof seen->bytes - seen->len;
    memcpy(seen->bytes + seen->len, bytes, len);
    seen->len += len;
}
static void disconnected(void *user, plait_conn conn, const plait_reason *reason) {
    (void)conn;
    (void)reason;
    ((struct seen *)user)->ended++;
}
static size_t swallow(void *user, plait_conn conn, const uint8_t *bytes, size_t len) {
    (void)user;
    (void)conn;
    (void)bytes;
    return len;
}

static void run(struct input input, size_t step, struct seen *seen) {
    plait_reactor reactor = new_reactor(PLAIT_REACTOR_WITHOUT_LOOP);
    plait_factory raw = {0}, proxy = {0};
    plait_conn conn = {0};
    plait_raw_handler handler = PLAIT_RAW_HANDLER_INIT;
    plait_transport_ops ops = PLAIT_TRANSPORT_OPS_INIT;

    handler.connected = connected;
    handler.data = data;
    handler.disconnected = disconnected;
    ops.write = swallow;
    MUST(plait_raw_factory_new(&raw, &handler, seen) == 0);
    MUST(plait_proxy_factory_new(&proxy, raw, NULL, NULL) == 0);
    MUST(plait_conn_attach(reactor, proxy, &ops, NULL, &conn) == 0);
    while (input.len) {
        struct input part = take_bytes(&input, step);
        int status = feed(conn, part.data, part.len);
        MUST(status == 0 || status == PLAIT_ERR_STALE);
    }
    MUST(plait_reactor_advance(reactor, 10000) == 0);
    MUST(plait_reactor_free(reactor) == 0);
    plait_factory_release(proxy);
    plait_factory_release(raw);
    MUST(seen->connected == seen->ended && seen->connected <= 1);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len) {
    struct input input = {bytes, len};
    struct seen whole = {0}, cut = {0};
    size_t step = 1 + take(&input) % 8;

    run(input, input.len ? input.len : 1, &whole);
    run(input, step, &cut);
    MUST(whole.connected == cut.connected && whole.port == cut.port && !strcmp(whole.peer, cut.peer));
    MUST(whole.len == cut.len);
    MUST(!memcmp(whole.bytes, cut.bytes, cut.len));
    return 0;
}
