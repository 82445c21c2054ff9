/* Strings behind their length, fed by hand: every prefix, both byte orders, netstrings, every two-way split. */
#include "harness.h"

static plait_reactor reactor;
static uint8_t written[1 << 12];
static size_t written_len;

static size_t ops_write(void *user, plait_conn conn, const uint8_t *data, size_t len) {
    (void)user;
    (void)conn;
    memcpy(written + written_len, data, len);
    written_len += len;
    return len;
}

static void note_string_too_long(void *user, plait_conn conn, uint64_t length) {
    (void)user;
    (void)conn;
    note("too long %llu", (unsigned long long)length);
}

static plait_conn attach(const plait_string_options *options, int with_too_long) {
    plait_conn conn = {0};
    plait_factory factory = {0};
    plait_transport_ops ops = PLAIT_TRANSPORT_OPS_INIT;
    plait_string_handler handler = PLAIT_STRING_HANDLER_INIT;

    handler.disconnected = note_disconnected;
    handler.string = note_bytes;
    if (with_too_long) handler.string_too_long = note_string_too_long;
    OK(plait_string_factory_new(&factory, options, &handler, NULL));
    ops.write = ops_write;
    OK(plait_conn_attach(reactor, factory, &ops, NULL, &conn));
    OK(plait_factory_release(factory));
    written_len = 0;
    return conn;
}
static void feed(plait_conn conn, const char *text) { OK(plait_conn_feed(conn, (const uint8_t *)text, strlen(text))); }
static void finish(plait_conn conn) {
    OK(plait_conn_abort(conn));
    OK(plait_reactor_poll(reactor, 0));
    journal[0] = 0;
}

/* What one conn sends, another takes, whatever the split. */
static void there_and_back(uint32_t format, uint32_t prefix) {
    static const char *const strings[] = {"a", "", "hello", "seven77"};
    plait_string_options options = PLAIT_STRING_OPTIONS_INIT;
    plait_conn sender, taker;
    uint8_t sent[256];
    size_t i, len;

    options.format = format;
    options.prefix_length = prefix;
    sender = attach(&options, 0);
    for (i = 0; i < 4; i++) OK(plait_string_send(sender, (const uint8_t *)strings[i], strlen(strings[i])));
    OK(plait_reactor_poll(reactor, 0));
    len = written_len;
    memcpy(sent, written, len);
    if (format != PLAIT_STRING_NETSTRING) {
        SAME(len, 13 + 4 * prefix);
        SAME(sent[format == PLAIT_STRING_BIG_ENDIAN ? prefix - 1 : 0], 1);
    }
    finish(sender);
    for (i = 0; i <= len; i++) {
        taker = attach(&options, 0);
        OK(plait_conn_feed(taker, sent, i));
        OK(plait_conn_feed(taker, sent + i, len - i));
        HEARD("a||hello|seven77|");
        finish(taker);
    }
    taker = attach(&options, 0);
    for (i = 0; i < len; i++) OK(plait_conn_feed(taker, sent + i, 1));
    HEARD("a||hello|seven77|");
    finish(taker);
}

static void lengths(void) {
    static const uint8_t huge[] = {0, 0, 0, 9, 'a', 'b', 'c', 'd', 'e', 'f', 'g', 'h', 'i', 0, 0, 0, 1, 'x'};
    static const uint8_t negative[] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff};
    plait_string_options options = PLAIT_STRING_OPTIONS_INIT;
    plait_factory factory = {0};
    plait_string_handler handler = PLAIT_STRING_HANDLER_INIT;
    plait_conn conn;
    size_t i;

    options.max_length = 8;
    conn = attach(&options, 0);
    OK(plait_conn_feed(conn, huge, 4)); /* the announced length is enough to know */
    HEARD("disconnected PLAIT_ERR_TOO_LONG|");

    /* skipped, whatever the split */
    for (i = 0; i <= sizeof huge; i++) {
        conn = attach(&options, 1);
        OK(plait_conn_feed(conn, huge, i));
        OK(plait_conn_feed(conn, huge + i, sizeof huge - i));
        HEARD("too long 9|x|");
        finish(conn);
    }
    conn = attach(&options, 1);
    OK(plait_string_set_max_length(conn, 9));
    OK(plait_conn_feed(conn, huge, sizeof huge));
    HEARD("abcdefghi|x|");
    STATUS(plait_string_set_max_length(conn, (size_t)PLAIT_BYTES_MAX + 1), PLAIT_ERR_INVALID);
    finish(conn);

    options.prefix_length = 8;
    conn = attach(&options, 0);
    OK(plait_conn_feed(conn, negative, 8));
    HEARD("disconnected PLAIT_ERR_TOO_LONG|");
    conn = attach(&options, 1);
    OK(plait_conn_feed(conn, negative, 8));
    HEARD("too long 18446744073709551615|");
    finish(conn);

    /* the sender's prefix must hold the length */
    options.prefix_length = 1;
    options.max_length = 0;
    conn = attach(&options, 0);
    STATUS(plait_string_send(conn, written, 256), PLAIT_ERR_TOO_LONG);
    OK(plait_string_send(conn, written, 255));
    OK(plait_reactor_poll(reactor, 0));
    SAME(written_len, 256);
    finish(conn);

    options.prefix_length = 9;
    STATUS(plait_string_factory_new(&factory, &options, &handler, NULL), PLAIT_ERR_INVALID);
    options.prefix_length = 4;
    options.format = 3;
    STATUS(plait_string_factory_new(&factory, &options, &handler, NULL), PLAIT_ERR_INVALID);
}

static void netstrings(void) {
    static const char *const malformed[] = {"x:", ":,", "1x", "3:abcd", "01:a,", "-1:", " 1:a,", "1;a,"};
    plait_string_options options = PLAIT_STRING_OPTIONS_INIT;
    plait_conn conn;
    size_t i;

    options.format = PLAIT_STRING_NETSTRING;
    conn = attach(&options, 0);
    feed(conn, "0:,3:abc,5:a,b:c,");
    HEARD("|abc|a,b:c|");
    OK(plait_string_send(conn, (const uint8_t *)"hello", 5));
    OK(plait_reactor_poll(reactor, 0));
    CHECK(written_len == 8 && memcmp(written, "5:hello,", 8) == 0);
    finish(conn);

    for (i = 0; i < sizeof malformed / sizeof *malformed; i++) {
        conn = attach(&options, 0);
        feed(conn, malformed[i]);
        if (strcmp(journal, "disconnected PLAIT_ERR_PROTOCOL|")) DIE("%s gave %s", malformed[i], journal);
        journal[0] = 0;
    }

    options.max_length = 5;
    conn = attach(&options, 0);
    feed(conn, "6:");
    HEARD("disconnected PLAIT_ERR_TOO_LONG|");
    conn = attach(&options, 1);
    feed(conn, "6:abcdef,2:ok,");
    HEARD("too long 6|ok|");
    finish(conn);
    /* a length that no string can have: refused without waiting for its end */
    conn = attach(&options, 0);
    feed(conn, "99999999999999999999999999999999");
    CHECK(strncmp(journal, "disconnected PLAIT_ERR_", 23) == 0);
    journal[0] = 0;
}

static size_t on_strings(void *user, plait_conn conn, const uint8_t *data, size_t len, const uint32_t *table,
                         size_t count) {
    size_t i;

    (void)user;
    (void)len;
    note("block of %u", (unsigned)count);
    for (i = 0; i < count; i++) note("%.*s", (int)table[2 * i + 1], (const char *)data + table[2 * i]);
    OK(plait_string_send_many(conn, data, len, table, count));
    return count;
}

static void blocks(void) {
    static const uint8_t input[] = {0, 2, 'h', 'i', 0, 0, 0, 1, 'x', 0, 3, 'p'};
    plait_string_options options = PLAIT_STRING_OPTIONS_INIT;
    plait_string_handler handler = PLAIT_STRING_HANDLER_INIT;
    plait_transport_ops ops = PLAIT_TRANSPORT_OPS_INIT;
    plait_factory factory = {0};
    plait_conn conn = {0};

    options.prefix_length = 2;
    handler.strings = on_strings;
    OK(plait_string_factory_new(&factory, &options, &handler, NULL));
    ops.write = ops_write;
    OK(plait_conn_attach(reactor, factory, &ops, NULL, &conn));
    written_len = 0;
    OK(plait_conn_feed(conn, input, sizeof input));
    HEARD("block of 3|hi||x|");
    SAME(written_len, 9);
    CHECK(memcmp(written, input, 9) == 0);
    OK(plait_conn_feed(conn, (const uint8_t *)"qr", 2));
    HEARD("block of 1|pqr|");
    OK(plait_factory_release(factory));
    finish(conn);
}

int main(void) {
    uint32_t prefix;

    reactor = new_reactor(PLAIT_REACTOR_WITHOUT_LOOP);
    for (prefix = 1; prefix <= 8; prefix++) {
        there_and_back(PLAIT_STRING_BIG_ENDIAN, prefix);
        there_and_back(PLAIT_STRING_LITTLE_ENDIAN, prefix);
    }
    there_and_back(PLAIT_STRING_NETSTRING, 0);
    lengths();
    netstrings();
    blocks();
    OK(plait_reactor_free(reactor));
    PASSED();
}
