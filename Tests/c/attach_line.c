/* Lines, fed by hand: every two-way split of the input, modes, pauses, partial takes, lines that are too long. */
#include "harness.h"

static plait_reactor reactor;

/* What an attached conn writes. */
static char written[1 << 16];
static size_t taken_at_once = SIZE_MAX;

static size_t ops_write(void *user, plait_conn conn, const uint8_t *data, size_t len) {
    size_t used = strlen(written);

    (void)user;
    (void)conn;
    if (len > taken_at_once) len = taken_at_once;
    memcpy(written + used, data, len);
    written[used + len] = 0;
    return len;
}
static void ops_set_reading(void *user, plait_conn conn, int on) {
    (void)user;
    (void)conn;
    note("reading %d", on);
}
static void ops_close_write(void *user, plait_conn conn) {
    (void)user;
    (void)conn;
    note("ops close_write");
}
static void ops_close(void *user, plait_conn conn, int status) {
    (void)user;
    (void)conn;
    note("ops close %s", status == 0 ? "0" : plait_err_name(status));
}
static void ops_release(void *user) {
    (void)user;
    note("ops release");
}

static plait_conn attach(plait_factory factory) {
    plait_conn conn = {0};
    plait_transport_ops ops = PLAIT_TRANSPORT_OPS_INIT;

    ops.write = ops_write;
    OK(plait_conn_attach(reactor, factory, &ops, NULL, &conn));
    written[0] = 0;
    return conn;
}
static void feed(plait_conn conn, const char *text) { OK(plait_conn_feed(conn, (const uint8_t *)text, strlen(text))); }
static void finish(plait_conn conn) {
    OK(plait_conn_abort(conn));
    OK(plait_reactor_poll(reactor, 0));
    journal[0] = 0;
}

static void splits(void) {
    static const char input[] = "one\r\n\r\ntwo\rhalf\r\n\nthree\r\r\nrest";
    plait_factory factory = line_factory(note_bytes);
    size_t len = sizeof input - 1, i;
    plait_conn conn;

    for (i = 0; i <= len; i++) {
        conn = attach(factory);
        OK(plait_conn_feed(conn, (const uint8_t *)input, i));
        OK(plait_conn_feed(conn, (const uint8_t *)input + i, len - i));
        HEARD("connected|one||two\rhalf|\nthree\r|");
        OK(plait_conn_eof(conn, 0)); /* a line without its end is none */
        HEARD("disconnected 0|");
        STATUS(plait_conn_feed(conn, NULL, 0), PLAIT_ERR_STALE);
    }
    conn = attach(factory);
    for (i = 0; i < len; i++) OK(plait_conn_feed(conn, (const uint8_t *)input + i, 1));
    HEARD("connected|one||two\rhalf|\nthree\r|");
    OK(plait_conn_eof(conn, PLAIT_ERR_SYSTEM - ECONNRESET));
    HEARD("disconnected PLAIT_ERR_SYSTEM|");
    OK(plait_factory_release(factory));
}

/* Modes: a line "raw" turns to raw mode, in which a "." goes back, giving what is behind it as extra. */
static void on_mode_line(void *user, plait_conn conn, const uint8_t *line, size_t len) {
    note_bytes(user, conn, line, len);
    if (len == 3 && memcmp(line, "raw", 3) == 0) OK(plait_line_set_raw_mode(conn));
    if (len == 4 && memcmp(line, "semi", 4) == 0) OK(plait_line_set_delimiter(conn, (const uint8_t *)";", 1));
    if (len == 5 && memcmp(line, "pause", 5) == 0) OK(plait_conn_pause(conn));
    if (len == 5 && memcmp(line, "close", 5) == 0) OK(plait_conn_close(conn));
    if (len == 5 && memcmp(line, "clear", 5) == 0) {
        uint8_t dropped[64];
        size_t count = 0;

        OK(plait_line_clear_buffer(conn, dropped, sizeof dropped, &count));
        note("dropped %.*s", (int)count, (char *)dropped);
    }
}
static void on_mode_raw(void *user, plait_conn conn, const uint8_t *data, size_t len) {
    const uint8_t *dot = (const uint8_t *)memchr(data, '.', len);

    note_raw(user, conn, data, dot ? (size_t)(dot - data) : len);
    if (dot) OK(plait_line_set_line_mode(conn, dot + 1, len - (size_t)(dot + 1 - data)));
}

static plait_factory mode_factory(void) {
    plait_factory factory = {0};
    plait_line_handler handler = PLAIT_LINE_HANDLER_INIT;

    handler.connected = note_connected;
    handler.disconnected = note_disconnected;
    handler.line = on_mode_line;
    handler.raw = on_mode_raw;
    OK(plait_line_factory_new(&factory, NULL, &handler, NULL));
    return factory;
}

static void modes(void) {
    plait_factory factory = mode_factory();
    plait_conn conn = attach(factory);
    plait_conn_counters counters = PLAIT_CONN_COUNTERS_INIT;

    feed(conn, "a\r\nraw\r\nx\r\ny");
    HEARD("connected|a|raw|raw x\r\ny|");
    feed(conn, "z.b\r\nc\r\n");
    HEARD("raw z|b|c|");

    /* the delimiter changes for the next line, received or sent */
    feed(conn, "semi\r\nd;e;\r\n;");
    HEARD("semi|d|e|\r\n|");
    OK(plait_line_send(conn, (const uint8_t *)"out", 3));
    OK(plait_reactor_poll(reactor, 0));
    CHECK(strcmp(written, "out;") == 0);
    OK(plait_line_set_delimiter(conn, (const uint8_t *)"\r\n", 2));
    STATUS(plait_line_set_delimiter(conn, (const uint8_t *)"", 0), PLAIT_ERR_INVALID);
    STATUS(plait_line_set_delimiter(conn, NULL, 1), PLAIT_ERR_INVALID);

    /* a pause inside a callback holds what is behind the line */
    feed(conn, "pause\r\nf\r\n");
    HEARD("pause|");
    feed(conn, "g\r\n");
    HEARD("");
    OK(plait_conn_get_counters(conn, &counters));
    SAME(counters.held, 6);
    OK(plait_conn_resume(conn));
    HEARD("");
    OK(plait_reactor_poll(reactor, 0));
    HEARD("f|g|");
    OK(plait_conn_get_counters(conn, &counters));
    SAME(counters.held, 0);

    feed(conn, "clear\r\nh\r\ni");
    HEARD("clear|dropped h\r\ni|");
    feed(conn, "j\r\n");
    HEARD("j|");

    /* nothing is delivered after a close */
    feed(conn, "close\r\nk\r\n");
    HEARD("close|disconnected 0|");
    STATUS(plait_line_send(conn, NULL, 0), PLAIT_ERR_STALE);
    OK(plait_factory_release(factory));
}

/* Blocks: how many of them the callback takes is set by the test. */
static size_t to_take = SIZE_MAX;

static size_t on_lines(void *user, plait_conn conn, const uint8_t *data, size_t len, const uint32_t *table,
                       size_t count) {
    size_t i, took = count < to_take ? count : to_take;

    (void)user;
    (void)conn;
    SAME(table[0], 0);
    CHECK(table[2 * count - 2] + table[2 * count - 1] + 2 == len);
    note("block of %u", (unsigned)count);
    for (i = 0; i < took; i++) note("%.*s", (int)table[2 * i + 1], (const char *)data + table[2 * i]);
    return took;
}
static void never(void *user, plait_conn conn, const uint8_t *line, size_t len) {
    (void)user;
    (void)conn;
    (void)line;
    (void)len;
    DIE("the block's callback should win");
}

static void blocks(void) {
    plait_factory factory = {0};
    plait_line_handler handler = PLAIT_LINE_HANDLER_INIT;
    plait_conn conn;
    uint32_t table[] = {4, 1, 0, 3, 0, 0, 2, 3};
    uint32_t beyond[] = {0, 1, 3, 3};

    handler.lines = on_lines;
    handler.line = never;
    OK(plait_line_factory_new(&factory, NULL, &handler, NULL));
    conn = attach(factory);
    feed(conn, "a\r\nbb\r\n\r\nrest");
    HEARD("block of 3|a|bb||");
    feed(conn, "\r\n");
    HEARD("block of 1|rest|");

    /* what is not taken comes again: blocks begin small and double as long as they are taken */
    to_take = 1;
    feed(conn, "1\r\n2\r\n3\r\n4\r\n");
    HEARD("block of 4|1|block of 1|2|block of 2|3|block of 1|4|");
    /* taking none pauses */
    to_take = 0;
    feed(conn, "5\r\n6\r\n");
    HEARD("block of 2|");
    OK(plait_reactor_poll(reactor, 0));
    HEARD("");
    to_take = SIZE_MAX;
    OK(plait_conn_resume(conn));
    HEARD("");
    OK(plait_reactor_poll(reactor, 0));
    HEARD("block of 1|5|block of 1|6|");

    OK(plait_line_send_many(conn, (const uint8_t *)"abcde", 5, table, 4));
    OK(plait_reactor_poll(reactor, 0));
    CHECK(strcmp(written, "e\r\nabc\r\n\r\ncde\r\n") == 0);
    STATUS(plait_line_send_many(conn, (const uint8_t *)"abcde", 5, beyond, 2), PLAIT_ERR_INVALID);
    OK(plait_reactor_poll(reactor, 0));
    CHECK(strcmp(written, "e\r\nabc\r\n\r\ncde\r\n") == 0); /* all of them or none */
    finish(conn);
    OK(plait_factory_release(factory));
}

/* More lines than a block may hold. */
static size_t block_count, block_lines;
static size_t count_lines(void *user, plait_conn conn, const uint8_t *data, size_t len, const uint32_t *table,
                          size_t count) {
    (void)user;
    (void)conn;
    (void)data;
    (void)len;
    (void)table;
    CHECK(count <= PLAIT_BLOCK_MAX);
    block_count++;
    block_lines += count;
    return count;
}

static void large_blocks(void) {
    enum { LINES = 10000 };
    static char input[3 * LINES];
    plait_factory factory = {0};
    plait_line_handler handler = PLAIT_LINE_HANDLER_INIT;
    plait_conn conn;
    int i;

    for (i = 0; i < LINES; i++) memcpy(input + 3 * i, "x\r\n", 3);
    handler.lines = count_lines;
    OK(plait_line_factory_new(&factory, NULL, &handler, NULL));
    conn = attach(factory);
    OK(plait_conn_feed(conn, (const uint8_t *)input, sizeof input));
    UNTIL(reactor, block_lines == LINES);
    CHECK(block_count >= 3);
    finish(conn);
    OK(plait_factory_release(factory));
}

static void too_long(void) {
    plait_factory factory = {0};
    plait_line_options options = PLAIT_LINE_OPTIONS_INIT;
    plait_line_handler handler = PLAIT_LINE_HANDLER_INIT;
    plait_conn conn;

    /* without the callback it closes */
    options.max_length = 4;
    handler.connected = note_connected;
    handler.disconnected = note_disconnected;
    handler.line = note_bytes;
    OK(plait_line_factory_new(&factory, &options, &handler, NULL));
    conn = attach(factory);
    feed(conn, "1234\r\n12345\r\nx\r\n");
    HEARD("connected|1234|disconnected PLAIT_ERR_TOO_LONG|");
    conn = attach(factory);
    feed(conn, "1234567");
    HEARD("connected|disconnected PLAIT_ERR_TOO_LONG|");
    OK(plait_factory_release(factory));

    /* with it all that is at hand goes */
    handler.line_too_long = note_too_long;
    OK(plait_line_factory_new(&factory, &options, &handler, NULL));
    conn = attach(factory);
    feed(conn, "a\r\n12345\r\nb\r\n");
    HEARD("connected|a|too long 12345\r\nb\r\n|");
    feed(conn, "c\r\n");
    HEARD("c|");
    OK(plait_line_set_max_length(conn, 5, 0));
    feed(conn, "12345\r\n");
    HEARD("12345|");

    /* or only the line */
    OK(plait_line_set_max_length(conn, 4, PLAIT_LINE_SKIP_TOO_LONG));
    feed(conn, "12345\r\nd\r\n");
    CHECK(strncmp(journal, "too long 12345", 14) == 0 && strstr(journal, "|d|"));
    journal[0] = 0;
    feed(conn, "1234567");
    feed(conn, "89\r");
    feed(conn, "\ne\r\n");
    CHECK(strncmp(journal, "too long 12345", 14) == 0 && strstr(journal, "|e|") && strlen(journal) < 24);
    journal[0] = 0;
    STATUS(plait_line_set_max_length(conn, (size_t)PLAIT_BYTES_MAX + 1, 0), PLAIT_ERR_INVALID);
    finish(conn);
    OK(plait_factory_release(factory));

    options.max_length = (uint64_t)PLAIT_BYTES_MAX + 1;
    STATUS(plait_line_factory_new(&factory, &options, &handler, NULL), PLAIT_ERR_INVALID);
}

/* The transport's side: partial writes, reading on and off, half-close, ends, release. */
static void transport(void) {
    plait_factory factory = {0};
    plait_line_handler handler = PLAIT_LINE_HANDLER_INIT;
    plait_transport_ops ops = PLAIT_TRANSPORT_OPS_INIT;
    plait_conn conn = {0};
    plait_address address = PLAIT_ADDRESS_INIT;
    plait_conn_counters counters = PLAIT_CONN_COUNTERS_INIT;

    handler.connected = note_connected;
    handler.disconnected = note_disconnected;
    handler.read_closed = note_read_closed;
    handler.line = echo_line;
    handler.release = note_release;
    OK(plait_line_factory_new(&factory, NULL, &handler, NULL));
    ops.write = ops_write;
    ops.set_reading = ops_set_reading;
    ops.close_write = ops_close_write;
    ops.close = ops_close;
    ops.release = ops_release;
    OK(plait_conn_attach(reactor, factory, &ops, NULL, &conn));
    HEARD("");
    OK(plait_factory_release(factory)); /* the conn keeps it */
    written[0] = 0;
    taken_at_once = 2;
    feed(conn, "abc\r\n");
    HEARD("connected|");
    CHECK(strcmp(written, "ab") == 0);
    OK(plait_conn_writable(conn));
    CHECK(strcmp(written, "abc\r") == 0);
    OK(plait_conn_get_counters(conn, &counters));
    SAME(counters.bytes_in, 5);
    SAME(counters.bytes_out, 4);
    SAME(counters.waiting, 1);
    taken_at_once = SIZE_MAX;
    OK(plait_conn_writable(conn));
    CHECK(strcmp(written, "abc\r\n") == 0);

    OK(plait_conn_get_peer(conn, &address));
    SAME(address.family, PLAIT_FAMILY_NONE);
    STATUS(plait_conn_set_no_delay(conn, 1), PLAIT_ERR_UNSUPPORTED);

    OK(plait_conn_pause(conn));
    OK(plait_reactor_poll(reactor, 0));
    HEARD("reading 0|");
    OK(plait_conn_resume(conn));
    OK(plait_reactor_poll(reactor, 0));
    HEARD("reading 1|");

    OK(plait_conn_eof(conn, 0));
    HEARD("read_closed|"); /* it may still write */
    STATUS(plait_conn_feed(conn, (const uint8_t *)"x", 1), PLAIT_ERR_CLOSED);
    STATUS(plait_conn_eof(conn, 0), PLAIT_ERR_CLOSED);
    STATUS(plait_conn_eof(conn, 1), PLAIT_ERR_INVALID);
    OK(plait_line_send(conn, (const uint8_t *)"more", 4));
    OK(plait_conn_close_write(conn));
    STATUS(plait_conn_close_write(conn), PLAIT_ERR_CLOSED);
    STATUS(plait_line_send(conn, (const uint8_t *)"x", 1), PLAIT_ERR_CLOSED);
    OK(plait_reactor_poll(reactor, 0));
    CHECK(strcmp(written, "abc\r\nmore\r\n") == 0);
    CHECK(strncmp(journal, "ops close_write|", 16) == 0);
    journal[0] = 0;
    if (plait_conn_close(conn) == 0) OK(plait_reactor_poll(reactor, 0));
    CHECK(released_count == 1);
    journal[0] = 0;
}

/* Inside callbacks everything but driving is legal. */
static void on_reentrant(void *user, plait_conn conn, const uint8_t *line, size_t len) {
    (void)user;
    STATUS(plait_conn_feed(conn, line, len), PLAIT_ERR_REENTRANT);
    STATUS(plait_conn_eof(conn, 0), PLAIT_ERR_REENTRANT);
    STATUS(plait_conn_writable(conn), PLAIT_ERR_REENTRANT);
    STATUS(plait_reactor_free(reactor), PLAIT_ERR_REENTRANT);
    STATUS(plait_reactor_advance(reactor, 1), PLAIT_ERR_REENTRANT);
    OK(plait_conn_abort(conn));
    note("aborted");
}

static void reentrancy(void) {
    plait_factory factory = line_factory(on_reentrant);
    plait_conn conn = attach(factory);

    feed(conn, "a\r\nb\r\n");
    HEARD("connected|aborted|disconnected PLAIT_ERR_ABORTED|");
    STATUS(plait_conn_abort(conn), PLAIT_ERR_STALE);
    OK(plait_factory_release(factory));
}

/* Another protocol takes over in the middle of the stream. */
static plait_factory second;
static void on_switch(void *user, plait_conn conn, const uint8_t *line, size_t len) {
    note_bytes(user, conn, line, len);
    OK(plait_conn_set_factory(conn, second));
}

static void other_protocol(void) {
    plait_factory first = line_factory(on_switch);
    plait_conn conn = attach(first);

    second = raw_factory(note_raw);
    feed(conn, "go\r\nbytes\r\n");
    HEARD("connected|go|connected|raw bytes\r\n|");
    STATUS(plait_line_send(conn, NULL, 0), PLAIT_ERR_TYPE); /* it speaks no lines any more */
    OK(plait_conn_write(conn, (const uint8_t *)"raw", 3));
    OK(plait_conn_eof(conn, 0));
    HEARD("disconnected 0|");
    CHECK(strcmp(written, "raw") == 0);
    OK(plait_factory_release(first));
    OK(plait_factory_release(second));
}

static void users(void) {
    plait_factory factory = line_factory(note_bytes);
    plait_conn conn = attach(factory);
    void *user = &user;
    int mine;

    OK(plait_conn_get_user(conn, &user));
    CHECK(user == NULL);
    OK(plait_conn_set_user(conn, &mine));
    OK(plait_conn_get_user(conn, &user));
    CHECK(user == &mine);
    STATUS(plait_conn_get_user(conn, NULL), PLAIT_ERR_INVALID);
    finish(conn);
    OK(plait_factory_release(factory));
}

static void refusals(void) {
    plait_factory factory = {0}, lines = line_factory(note_bytes), raws = raw_factory(note_bytes);
    plait_line_handler handler = PLAIT_LINE_HANDLER_INIT;
    plait_line_options options = PLAIT_LINE_OPTIONS_INIT;
    plait_transport_ops ops = PLAIT_TRANSPORT_OPS_INIT;
    plait_reactor other = new_reactor(PLAIT_REACTOR_WITHOUT_LOOP);
    plait_conn conn = {0}, speaks_raw = attach(raws), zero = {0};

    STATUS(plait_line_factory_new(NULL, NULL, &handler, NULL), PLAIT_ERR_INVALID);
    STATUS(plait_line_factory_new(&factory, NULL, NULL, NULL), PLAIT_ERR_INVALID);
    handler.struct_size = 1;
    STATUS(plait_line_factory_new(&factory, NULL, &handler, NULL), PLAIT_ERR_STRUCT_SIZE);
    handler.struct_size = sizeof handler;
    options.delimiter.len = 256;
    options.delimiter.data = (const uint8_t *)written;
    STATUS(plait_line_factory_new(&factory, &options, &handler, NULL), PLAIT_ERR_INVALID);
    STATUS(plait_conn_attach(reactor, factory, &ops, NULL, &conn), PLAIT_ERR_STALE);
    STATUS(plait_conn_attach(reactor, lines, &ops, NULL, &conn), PLAIT_ERR_INVALID); /* it has no write */
    STATUS(plait_conn_attach(reactor, lines, NULL, NULL, &conn), PLAIT_ERR_INVALID);
    ops.write = ops_write;
    STATUS(plait_conn_attach(reactor, lines, &ops, NULL, NULL), PLAIT_ERR_INVALID);
    STATUS(plait_line_send(zero, NULL, 0), PLAIT_ERR_STALE);
    STATUS(plait_line_send(speaks_raw, NULL, 0), PLAIT_ERR_TYPE);
    STATUS(plait_string_send(speaks_raw, NULL, 0), PLAIT_ERR_TYPE);
    STATUS(plait_conn_write(speaks_raw, NULL, 1), PLAIT_ERR_INVALID);
    STATUS(plait_conn_write(speaks_raw, (const uint8_t *)written, SIZE_MAX), PLAIT_ERR_INVALID);
    OK(plait_conn_write(speaks_raw, NULL, 0));
    /* a factory belongs to the first reactor that uses it */
    conn = attach(lines);
    STATUS(plait_conn_attach(other, lines, &ops, NULL, &conn), PLAIT_ERR_BOUND);
    finish(conn);
    finish(speaks_raw);
    OK(plait_factory_release(lines));
    STATUS(plait_factory_release(lines), PLAIT_ERR_STALE);
    OK(plait_factory_retain(raws));
    OK(plait_factory_release(raws));
    OK(plait_factory_release(raws));
    STATUS(plait_factory_retain(raws), PLAIT_ERR_STALE);
    OK(plait_reactor_free(other));
}

int main(void) {
    reactor = new_reactor(PLAIT_REACTOR_WITHOUT_LOOP);
    splits();
    modes();
    blocks();
    large_blocks();
    too_long();
    transport();
    reentrancy();
    other_protocol();
    users();
    refusals();
    OK(plait_reactor_free(reactor));
    PASSED();
}
