/* A client that says the input, to a server that echoes its lines: whatever the pieces, both hear the same; and both
 * hear one end. */
#include "fuzz.h"

struct ends {
    struct journal server, client;
    struct input said;
    unsigned each, closes, made, lost, done; /* the length of a write; after so many lines the server closes */
};

static void server_connected(void *user, plait_conn conn) {
    (void)conn;
    MUST(((struct ends *)user)->made++ == 0); /* the server first */
}
static void client_connected(void *user, plait_conn conn) {
    struct ends *ends = user;

    MUST(ends->made++ == 1);
    for (struct input rest = ends->said; rest.len;) {
        struct input piece = take_bytes(&rest, ends->each);
        plait_conn_write(conn, piece.data, piece.len);
    }
}
static void server_line(void *user, plait_conn conn, const uint8_t *data, size_t len) {
    struct ends *ends = user;

    write_down(&ends->server, 'l', data, len);
    MUST(!ends->lost && plait_line_send(conn, data, len) == 0);
    if (ends->closes && --ends->closes == 0) plait_conn_close(conn);
}
static void client_data(void *user, plait_conn conn, const uint8_t *data, size_t len) {
    struct ends *ends = user;

    (void)conn;
    MUST(!ends->lost);
    for (size_t i = 0; i < len; i++) write_down(&ends->client, 'b', data + i, 1); /* however it is cut */
}
static void server_lost(void *user, plait_conn conn, const plait_reason *reason) {
    struct ends *ends = user;

    (void)conn;
    MUST(ends->lost++ == 0);
    write_down(&ends->server, 'e', (const uint8_t *)&reason->status, sizeof reason->status);
}
static void client_lost(void *user, plait_conn conn, const plait_reason *reason) {
    struct ends *ends = user;

    (void)conn;
    MUST(ends->lost++ == 1);
    write_down(&ends->client, 'e', (const uint8_t *)&reason->status, sizeof reason->status);
}
static void over(void *user, plait_call call, const plait_reason *server, const plait_reason *client) {
    (void)call;
    MUST(((struct ends *)user)->done++ == 0 && server->text && client->text);
}
static size_t pump(void *user, int to_client, const uint8_t *data, size_t len, size_t first) {
    (void)to_client;
    MUST(first <= len && len);
    return data[0] % 4 ? len : (size_t) * (unsigned *)user; /* sometimes more than there is, sometimes nothing */
}

static struct ends run(const plait_loopback_options *options, struct input said, unsigned each, unsigned closes) {
    struct ends ends = {{NULL, 0, 0, 0}, {NULL, 0, 0, 0}, said, each, closes, 0, 0, 0};
    plait_reactor reactor = new_reactor(PLAIT_REACTOR_WITHOUT_LOOP);
    plait_line_handler server = PLAIT_LINE_HANDLER_INIT;
    plait_raw_handler client = PLAIT_RAW_HANDLER_INIT;
    plait_line_options lines = PLAIT_LINE_OPTIONS_INIT;
    plait_loopback_state state = PLAIT_LOOPBACK_STATE_INIT;
    plait_factory one = {0}, two = {0};
    plait_call call = {0};
    int turns = 0;

    lines.delimiter.data = (const uint8_t *)"\n";
    lines.delimiter.len = 1;
    server.connected = server_connected;
    server.line = server_line;
    server.disconnected = server_lost;
    client.connected = client_connected;
    client.data = client_data;
    client.disconnected = client_lost;
    MUST(plait_line_factory_new(&one, &lines, &server, &ends) == 0);
    MUST(plait_raw_factory_new(&two, &client, &ends) == 0);
    MUST(plait_loopback(reactor, one, two, options, over, &ends, &call) == 0);
    do {
        MUST(plait_reactor_advance(reactor, 7) == 0);
        if (options->flags) plait_loopback_pump(call, 3);
    } while (++turns < 200 && !ends.done);
    MUST(ends.made == 2);
    if (!ends.done) { /* nobody has closed: the client does, once all has arrived */
        MUST(plait_loopback_get_state(call, &state) == 0 && state.established);
        plait_conn_close(state.client);
        for (turns = 0; turns < 200 && !ends.done; turns++) {
            plait_reactor_advance(reactor, 1000);
            if (options->flags) plait_loopback_pump(call, 3);
        }
    }
    MUST(ends.done && ends.lost == 2);
    MUST(plait_reactor_free(reactor) == 0 && plait_factory_release(one) == 0 && plait_factory_release(two) == 0);
    return ends;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len) {
    struct input input = {data, len};
    plait_loopback_options plain = PLAIT_LOOPBACK_OPTIONS_INIT, other = PLAIT_LOOPBACK_OPTIONS_INIT;
    struct ends one, two;
    unsigned each, closes, held;

    other.flags = take(&input) & 1;
    other.cut = take(&input) % 6;
    other.size = 1 + take(&input) % 32;
    other.seed = take(&input);
    other.delay_ms = take(&input) % 30;
    held = take(&input) % 8;
    each = 1u + take(&input);
    closes = take(&input) % 8;
    if (other.cut == PLAIT_LOOPBACK_HOST) {
        other.pump = pump;
        other.pump_user = &held;
    }
    plain.cut = PLAIT_LOOPBACK_COLLAPSING;
    one = run(&plain, input, each, closes);
    two = run(&other, input, each, closes);
    /* What the server hears does not depend on the pieces; what comes back does, where an end came before it. */
    MUST(one.server.len == two.server.len && !memcmp(one.server.data, two.server.data, one.server.len));
    free(one.server.data);
    free(two.server.data);
    free(one.client.data);
    free(two.client.data);
    return 0;
}
