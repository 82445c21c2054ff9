/* Protocols of states: strings by named states, bytes by handlers and counts; every two-way split, and byte by byte. */
#include "harness.h"

static plait_reactor reactor;

static size_t take_all(void *user, plait_conn conn, const uint8_t *data, size_t len) {
    (void)user;
    (void)conn;
    note("sent %.*s", (int)len, (const char *)data);
    return len;
}
static plait_conn attach(plait_factory factory) {
    plait_transport_ops ops = PLAIT_TRANSPORT_OPS_INIT;
    plait_conn conn = {0};

    ops.write = take_all;
    OK(plait_conn_attach(reactor, factory, &ops, NULL, &conn));
    return conn;
}
static void feed(plait_conn conn, const char *text) { OK(plait_conn_feed(conn, (const uint8_t *)text, strlen(text))); }
static void finish(plait_conn conn) {
    plait_conn_abort(conn);
    OK(plait_reactor_poll(reactor, 0));
    journal[0] = 0;
}

/* ---- Strings by named states ----------------------------------------------------------------- */

static const char *on_init(void *user, plait_conn conn, const uint8_t *string, size_t len) {
    const char *name = NULL;

    (void)user;
    OK(plait_stateful_string_get_state(conn, &name));
    note("%s %.*s", name, (int)len, (const char *)string);
    if (len == 4 && !memcmp(string, "auth", 4)) return "user";
    if (len == 4 && !memcmp(string, "lost", 4)) return "nowhere";
    return NULL;
}
static const char *on_user(void *user, plait_conn conn, const uint8_t *string, size_t len) {
    char name[16]; /* what a handler returns need not be the table's own words */

    (void)user;
    (void)conn;
    note("user %.*s", (int)len, (const char *)string);
    snprintf(name, sizeof name, "pass");
    return strcmp(name, "pass") ? NULL : "pass";
}
static const char *on_pass(void *user, plait_conn conn, const uint8_t *string, size_t len) {
    (void)user;
    note("pass %.*s", (int)len, (const char *)string);
    OK(plait_string_send(conn, (const uint8_t *)"ok", 2));
    return "done";
}

static plait_factory states_factory(uint32_t format) {
    static char init[] = "init", user[] = "user", pass[] = "pass";
    plait_state states[3];
    plait_string_options options = PLAIT_STRING_OPTIONS_INIT;
    plait_stateful_string_handler handler = PLAIT_STATEFUL_STRING_HANDLER_INIT;
    plait_factory factory = {0};

    strcpy(user, "user"); /* spoilt below, by an earlier call */
    states[0].name = user, states[0].handler = on_user;
    states[1].name = init, states[1].handler = on_init;
    states[2].name = pass, states[2].handler = on_pass;
    options.format = format;
    handler.connected = note_connected;
    handler.disconnected = note_disconnected;
    handler.release = note_release;
    handler.states = states;
    handler.state_count = 3;
    OK(plait_stateful_string_factory_new(&factory, &options, &handler, NULL));
    strcpy(user, "gone"); /* it has its own */
    memset(states, 0xff, sizeof states);
    return factory;
}

static void conversation(uint32_t format, const char *input, size_t len, const char *answer) {
    plait_factory factory = states_factory(format);
    char wanted[128];
    plait_conn conn;
    size_t i;

    snprintf(wanted, sizeof wanted, "connected|init |init hi|init auth|user bob|pass secret|sent %s|disconnected 0|",
             answer);
    for (i = 0; i <= len; i++) {
        conn = attach(factory);
        OK(plait_conn_feed(conn, (const uint8_t *)input, i));
        if (i < len) OK(plait_conn_feed(conn, (const uint8_t *)input + i, len - i));
        HEARD(wanted);
    }
    conn = attach(factory);
    for (i = 0; i < len; i++) plait_conn_feed(conn, (const uint8_t *)input + i, 1);
    HEARD(wanted);
    OK(plait_factory_release(factory));
    OK(plait_reactor_poll(reactor, 0));
    HEARD("release|");
}

static void named(void) {
    static const char binary[] = "\0\0\0\0\0\0\0\2hi\0\0\0\4auth\0\0\0\3bob\0\0\0\6secret";
    static const char netstrings[] = "0:,2:hi,4:auth,3:bob,6:secret,";
    plait_factory factory, raw;
    const char *name = NULL;
    plait_conn conn, plain;

    conversation(PLAIT_STRING_NETSTRING, netstrings, sizeof netstrings - 1, "2:ok,");
    /* the answer's length is not printable: only its beginning is noted */
    conversation(PLAIT_STRING_BIG_ENDIAN, binary, sizeof binary - 1, "");

    /* nothing is delivered behind "done", in the same block too */
    factory = states_factory(PLAIT_STRING_NETSTRING);
    conn = attach(factory);
    feed(conn, "4:auth,3:bob,1:p,4:more,");
    HEARD("connected|init auth|user bob|pass p|sent 2:ok,|disconnected 0|");

    /* a state that is not in the table */
    conn = attach(factory);
    feed(conn, "4:lost,4:more,");
    HEARD("connected|init lost|disconnected PLAIT_ERR_INVALID|");

    /* from outside of the handlers */
    conn = attach(factory);
    feed(conn, "1:a,");
    OK(plait_stateful_string_set_state(conn, "user"));
    OK(plait_stateful_string_get_state(conn, &name));
    CHECK(!strcmp(name, "user"));
    STATUS(plait_stateful_string_set_state(conn, "nowhere"), PLAIT_ERR_INVALID);
    STATUS(plait_stateful_string_set_state(conn, "done"), PLAIT_ERR_INVALID);
    STATUS(plait_stateful_string_set_state(conn, NULL), PLAIT_ERR_INVALID);
    STATUS(plait_stateful_string_get_state(conn, NULL), PLAIT_ERR_INVALID);
    feed(conn, "1:b,");
    HEARD("connected|init a|user b|");
    OK(plait_conn_close(conn));
    STATUS(plait_stateful_string_set_state(conn, "user"), PLAIT_ERR_CLOSED);
    finish(conn);

    raw = raw_factory(note_bytes);
    plain = attach(raw);
    OK(plait_factory_release(raw));
    STATUS(plait_stateful_string_set_state(plain, "user"), PLAIT_ERR_TYPE);
    STATUS(plait_stateful_set_state(plain, NULL, 1), PLAIT_ERR_INVALID);
    finish(plain);
    OK(plait_factory_release(factory));
    journal[0] = 0;
}

static void bad_tables(void) {
    static const plait_state good[] = {{"init", on_init}, {"next", on_user}};
    static const plait_state bad[][2] = {
        {{"first", on_init}, {"next", on_user}},
        {{"init", on_init}, {"init", on_user}},
        {{"init", on_init}, {"done", on_user}},
        {{"init", on_init}, {"", on_user}},
        {{"init", on_init}, {NULL, on_user}},
        {{"init", on_init}, {"next", NULL}},
        {{"init", on_init}, {"this name is longer than any state's name may be, by one: it is 64", on_user}},
    };
    plait_stateful_string_handler handler = PLAIT_STATEFUL_STRING_HANDLER_INIT;
    plait_factory factory = {0};
    size_t i;

    STATUS(plait_stateful_string_factory_new(&factory, NULL, &handler, NULL), PLAIT_ERR_INVALID);
    for (i = 0; i < sizeof bad / sizeof *bad; i++) {
        handler.states = bad[i];
        handler.state_count = 2;
        STATUS(plait_stateful_string_factory_new(&factory, NULL, &handler, NULL), PLAIT_ERR_INVALID);
    }
    handler.states = good;
    handler.state_count = PLAIT_STATES_MAX + 1;
    STATUS(plait_stateful_string_factory_new(&factory, NULL, &handler, NULL), PLAIT_ERR_INVALID);
    handler.state_count = 2;
    STATUS(plait_stateful_string_factory_new(NULL, NULL, &handler, NULL), PLAIT_ERR_INVALID);
    SAME(factory.id, 0);
}

/* ---- Bytes by count -------------------------------------------------------------------------- */

static void on_body(void *user, plait_conn conn, const uint8_t *data, size_t len);

/* A digit tells how long the body is. */
static void on_head(void *user, plait_conn conn, const uint8_t *data, size_t len) {
    (void)user;
    SAME(len, 1);
    if (*data == 'p') OK(plait_conn_pause(conn));
    if (*data == 'x') OK(plait_conn_close(conn));
    if (*data == 'k') {
        note("kept");
        return;
    }
    if (*data >= '0' && *data <= '9') OK(plait_stateful_set_state(conn, on_body, (size_t)(*data - '0')));
}
static void on_body(void *user, plait_conn conn, const uint8_t *data, size_t len) {
    (void)user;
    note("body %.*s", (int)len, (const char *)data);
    OK(plait_stateful_set_state(conn, on_head, 1));
}
static void for_ever(void *user, plait_conn conn, const uint8_t *data, size_t len) {
    (void)user;
    (void)data;
    SAME(len, 0);
    OK(plait_stateful_set_state(conn, for_ever, 0));
}

static void counted(void) {
    static const char input[] = "3abc0k2de9123456789";
    static const char wanted[] = "connected|body abc|body |kept|body de|body 123456789|";
    plait_stateful_handler handler = PLAIT_STATEFUL_HANDLER_INIT;
    plait_conn_counters counters = PLAIT_CONN_COUNTERS_INIT;
    plait_factory factory = {0}, lines;
    plait_conn conn;
    size_t i, len = sizeof input - 1;

    handler.connected = note_connected;
    handler.disconnected = note_disconnected;
    STATUS(plait_stateful_factory_new(&factory, &handler, NULL), PLAIT_ERR_INVALID);
    handler.initial = on_head;
    handler.initial_len = (uint64_t)PLAIT_BYTES_MAX + 1;
    STATUS(plait_stateful_factory_new(&factory, &handler, NULL), PLAIT_ERR_INVALID);
    handler.initial_len = 1;
    OK(plait_stateful_factory_new(&factory, &handler, NULL));
    for (i = 0; i <= len; i++) {
        conn = attach(factory);
        OK(plait_conn_feed(conn, (const uint8_t *)input, i));
        OK(plait_conn_feed(conn, (const uint8_t *)input + i, len - i));
        HEARD(wanted);
        finish(conn);
    }
    conn = attach(factory);
    for (i = 0; i < len; i++) OK(plait_conn_feed(conn, (const uint8_t *)input + i, 1));
    HEARD(wanted);

    /* a pause holds what is behind it; another state may be set meanwhile */
    feed(conn, "p1a2bc");
    OK(plait_conn_get_counters(conn, &counters));
    SAME(counters.held, 5);
    feed(conn, "k");
    HEARD("");
    OK(plait_stateful_set_state(conn, on_body, 4));
    OK(plait_conn_resume(conn));
    OK(plait_reactor_poll(reactor, 0));
    HEARD("body 1a2b|kept|"); /* "c" is nothing */
    /* ...and outside of deliveries without one */
    feed(conn, "9ab");
    OK(plait_stateful_set_state(conn, on_body, 2));
    OK(plait_reactor_poll(reactor, 0));
    HEARD("body ab|");
    feed(conn, "x1a");
    HEARD("disconnected 0|");

    /* what was held goes to the protocol that follows */
    conn = attach(factory);
    feed(conn, "9ab\r\n");
    lines = line_factory(note_bytes);
    OK(plait_conn_set_factory(conn, lines));
    OK(plait_factory_release(lines));
    OK(plait_reactor_poll(reactor, 0));
    HEARD("connected|connected|ab|");
    STATUS(plait_stateful_set_state(conn, on_head, 1), PLAIT_ERR_TYPE);
    finish(conn);

    /* states of no bytes must lead somewhere */
    conn = attach(factory);
    feed(conn, "k");
    STATUS(plait_stateful_set_state(conn, NULL, 1), PLAIT_ERR_INVALID);
    STATUS(plait_stateful_set_state(conn, on_head, (size_t)PLAIT_BYTES_MAX + 1), PLAIT_ERR_INVALID);
    OK(plait_stateful_set_state(conn, for_ever, 0));
    OK(plait_reactor_poll(reactor, 0));
    HEARD("connected|kept|disconnected PLAIT_ERR_INVALID|");
    OK(plait_factory_release(factory));
}

int main(void) {
    reactor = new_reactor(PLAIT_REACTOR_WITHOUT_LOOP);
    named();
    bad_tables();
    counted();
    OK(plait_reactor_free(reactor));
    PASSED();
}
