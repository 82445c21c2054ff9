/* AMP, the side that asks: what goes over the wire, and each way in which a call ends. */
#include "amp_harness.h"

static plait_reactor reactor;
static plait_factory factory;
static plait_conn conn;
static plait_amp_command sum, divide, quiet, upgrade;
static int ended;

static void on_answer(void *user, plait_conn where, plait_amp_box answer, const plait_reason *reason) {
    int64_t total = -1;
    plait_bytes code = {NULL, 0}, text = {NULL, 0};

    SAME(where.id, conn.id);
    CHECK(reason->text);
    ended++;
    if (reason->status == 0) {
        STATUS(plait_amp_get_int(answer, 1, &total), PLAIT_ERR_INVALID);
        if (strcmp(user, "up")) OK(plait_amp_get_int(answer, 0, &total)); /* that one answers without values */
        STATUS(plait_amp_answer(answer, NULL, 0), PLAIT_ERR_TYPE);
        STATUS(plait_amp_box_retain(answer), PLAIT_ERR_TYPE);
        STATUS(plait_amp_get_error(answer, &code, &text), PLAIT_ERR_ABSENT);
        note("%s=%lld", (const char *)user, (long long)total);
    } else if (answer.id) {
        OK(plait_amp_get_error(answer, &code, &text));
        note("%s %s %d %.*s %s", (const char *)user, plait_err_name(reason->status), reason->code, (int)code.len,
             code.data, reason->text);
    } else {
        note("%s %s", (const char *)user, plait_err_name(reason->status));
    }
}

static plait_call ask(plait_amp_command command, int64_t a, int64_t b, const char *name, uint64_t limit) {
    plait_amp_value values[2];
    plait_call call = {0};

    memset(values, 0, sizeof values);
    values[0].integer = a;
    values[1].integer = b;
    OK(plait_amp_call(conn, command, values, 2, limit, on_answer, (void *)name, &call));
    CHECK(call.id != 0);
    return call;
}

static void turn(void) { OK(plait_reactor_poll(reactor, 0)); }

static void open_conn(void) {
    conn = amp_attach(reactor, factory);
    HEARD("connected|");
}

static void answers(void) {
    plait_call call;
    plait_amp_value many[3];
    size_t calls;
    int i;

    open_conn();
    memset(many, 0, sizeof many);
    STATUS(plait_amp_call(conn, sum, many, 3, 0, NULL, NULL, NULL), PLAIT_ERR_INVALID);
    STATUS(plait_amp_call(conn, sum, many, 1, 0, NULL, NULL, NULL), PLAIT_ERR_VALUE);
    ask(sum, 1, 2, "x", 0);
    turn();
    SENT("_ask=1 _command=Sum a=1 b=2 /");
    call = ask(divide, 1, 0, "y", 0);
    ask(sum, 10, -20, "z", 0);
    OK(plait_amp_get_pending(conn, &calls, NULL));
    SAME(calls, 3);
    turn();
    SENT("_ask=2 _command=Divide a=1 b=0 / _ask=3 _command=Sum a=10 b=-20 /");
    amp_feed(conn, "_answer=3 total=-10");
    amp_feed(conn, "total=3 _answer=1 more=1");
    HEARD("z=-10|x=3|");
    amp_feed(conn, "_error=2 _error_code=ZERO_DIVISION _error_description=no");
    HEARD("y PLAIT_ERR_REMOTE 1 ZERO_DIVISION no|");
    STATUS(plait_call_cancel(call), PLAIT_ERR_STALE);
    ask(divide, 1, 0, "a", 0);
    ask(divide, 1, 0, "b", 0);
    ask(divide, 1, 0, "c", 0);
    ask(divide, 1, 0, "d", 0);
    amp_feed(conn, "_error=4 _error_code=OTHER _error_description=");
    amp_feed(conn, "_error=5 _error_code=UNHANDLED _error_description=what");
    amp_feed(conn, "_answer=6");
    amp_feed(conn, "_answer=7 result=x");
    HEARD(
        "a PLAIT_ERR_REMOTE 0 OTHER OTHER|b PLAIT_ERR_UNHANDLED 0 UNHANDLED what|c PLAIT_ERR_VALUE|d PLAIT_ERR_VALUE|");
    sent_len = 0;
    for (i = 0; i < 3; i++) OK(plait_amp_call(conn, quiet, NULL, 0, 0, on_answer, "q", NULL));
    ask(sum, 0, 0, "e", 0);
    turn();
    SENT("_command=Quiet / _command=Quiet / _command=Quiet / _ask=b _command=Sum a=0 b=0 /");
    amp_feed(conn, "_answer=b total=0");
    HEARD("e=0|");
    amp_feed(conn, "_answer=b total=0");
    HEARD("disconnected PLAIT_ERR_PROTOCOL|");
    STATUS(plait_amp_call(conn, quiet, NULL, 0, 0, NULL, NULL, NULL), PLAIT_ERR_STALE);
}

static void endings(void) {
    plait_call call;
    size_t calls;

    open_conn();
    call = ask(sum, 1, 2, "cancelled", 0);
    ask(sum, 1, 2, "late", 50);
    OK(plait_call_cancel(call));
    STATUS(plait_call_cancel(call), PLAIT_OK);
    HEARD("");
    OK(plait_reactor_advance(reactor, 0));
    HEARD("cancelled PLAIT_ERR_CANCELLED|");
    OK(plait_reactor_advance(reactor, 49));
    HEARD("");
    OK(plait_reactor_advance(reactor, 1));
    HEARD("late PLAIT_ERR_TIMEOUT|");
    OK(plait_amp_get_pending(conn, &calls, NULL));
    SAME(calls, 0);
    amp_feed(conn, "_answer=1 total=1"); /* swallowed, once */
    amp_feed(conn, "_error=2 _error_code=X _error_description=x");
    HEARD("");
    ask(sum, 1, 2, "lost", 1000);
    ask(sum, 1, 2, "gone", 0);
    OK(plait_conn_eof(conn, 0));
    HEARD("lost PLAIT_ERR_CLOSED|gone PLAIT_ERR_CLOSED|disconnected 0|");
    open_conn();
    ask(sum, 1, 2, "lost", 0);
    OK(plait_conn_eof(conn, PLAIT_ERR_SYSTEM - ECONNRESET));
    HEARD("lost PLAIT_ERR_SYSTEM|disconnected PLAIT_ERR_SYSTEM|");
    open_conn();
    ask(sum, 1, 2, "freed", 0);
    amp_feed(conn, "_answer=2 total=1");
    HEARD("freed PLAIT_ERR_PROTOCOL|disconnected PLAIT_ERR_PROTOCOL|");
}

static void by_name(void) {
    plait_bytes pairs[4];
    plait_call call = {0};

    open_conn();
    memset(pairs, 0, sizeof pairs);
    pairs[0].data = (const uint8_t *)"x";
    pairs[0].len = 1;
    pairs[1].data = (const uint8_t *)"1";
    pairs[1].len = 1;
    pairs[2].data = (const uint8_t *)"X";
    pairs[2].len = 1;
    pairs[3] = pairs[1];
    OK(plait_amp_call_string(conn, (const uint8_t *)"Any", 3, pairs, 2, 0, 0, on_answer, "s", &call));
    OK(plait_amp_call_string(conn, (const uint8_t *)"Any", 3, pairs, 1, PLAIT_AMP_ONEWAY, 0, on_answer, "s", NULL));
    OK(plait_amp_send(conn, pairs, 2));
    pairs[2] = pairs[0];
    STATUS(plait_amp_send(conn, pairs, 2), PLAIT_ERR_INVALID);
    pairs[2].len = 0;
    STATUS(plait_amp_send(conn, pairs, 2), PLAIT_ERR_INVALID);
    SAME(plait_amp_send_boxes(conn, (const uint8_t *)"\0\1a\0\1b\0\0\0\0", 10), 2);
    STATUS(plait_amp_send_boxes(conn, (const uint8_t *)"\0\1a\0\1b\0\0\0", 9), PLAIT_ERR_INVALID);
    turn();
    SENT("X=1 _ask=1 _command=Any x=1 / _command=Any x=1 / X=1 x=1 / a=b / /");
    OK(plait_call_cancel(call));
    turn();
    HEARD("s PLAIT_ERR_CANCELLED|");
    OK(plait_conn_close(conn));
    turn();
    HEARD("disconnected 0|");
}

static void on_line(void *user, plait_conn where, const uint8_t *line, size_t len) {
    (void)user;
    note("line %.*s", (int)len, line);
    plait_line_send(where, line, len);
}

static void switches(void) {
    plait_line_handler handler = PLAIT_LINE_HANDLER_INIT;
    plait_factory lines = {0};
    plait_call call = {0};
    uint8_t box[256];
    size_t len;

    handler.connected = note_connected;
    handler.disconnected = note_disconnected;
    handler.line = on_line;
    OK(plait_line_factory_new(&lines, NULL, &handler, NULL));
    open_conn();
    ask(sum, 1, 1, "other", 0);
    STATUS(plait_amp_call_switch(conn, sum, NULL, 0, lines, 0, on_answer, "up", &call), PLAIT_ERR_INVALID);
    STATUS(plait_amp_call(conn, upgrade, NULL, 0, 0, on_answer, "up", &call), PLAIT_ERR_INVALID);
    OK(plait_amp_call_switch(conn, upgrade, NULL, 0, lines, 0, on_answer, "up", &call));
    STATUS(plait_amp_call(conn, quiet, NULL, 0, 0, NULL, NULL, NULL), PLAIT_ERR_SWITCHED);
    amp_feed(conn, "_error=2 _error_code=NO _error_description=no");
    HEARD("up PLAIT_ERR_REMOTE 0 NO no|");
    OK(plait_amp_call(conn, quiet, NULL, 0, 0, NULL, NULL, NULL));
    OK(plait_amp_call_switch(conn, upgrade, NULL, 0, lines, 0, on_answer, "up", &call));
    turn();
    sent_len = 0;
    len = box_of("_answer=4", box);
    memcpy(box + len, "hello\r\nrest", 11);
    ended = 0;
    OK(plait_conn_feed(conn, box, len + 11));
    SAME(ended, 2);
    HEARD("up=-1|other PLAIT_ERR_SWITCHED|connected|line hello|");
    OK(plait_conn_feed(conn, (const uint8_t *)"\r\n", 2));
    CHECK(sent_len == 13 && !memcmp(sent, "hello\r\nrest\r\n", 13));
    STATUS(plait_amp_call(conn, quiet, NULL, 0, 0, NULL, NULL, NULL), PLAIT_ERR_TYPE);
    OK(plait_conn_close(conn));
    turn();
    journal[0] = 0;

    open_conn();
    OK(plait_amp_call_switch(conn, upgrade, NULL, 0, lines, 0, on_answer, "up", &call));
    OK(plait_call_cancel(call));
    turn();
    HEARD("up PLAIT_ERR_CANCELLED|disconnected PLAIT_ERR_CANCELLED|");
    OK(plait_factory_release(lines));
}

static void limits(void) {
    plait_amp_options options = PLAIT_AMP_OPTIONS_INIT;
    plait_amp_handler handler = PLAIT_AMP_HANDLER_INIT;
    plait_factory small = {0};

    options.max_calls = 2;
    options.max_box = 100;
    options.call_ms = 10;
    options.keep_alive_ms = 30;
    handler.disconnected = note_disconnected;
    OK(plait_amp_factory_new(&small, &options, &handler, NULL));
    conn = amp_attach(reactor, small);
    ask(sum, 1, 1, "a", 0);
    ask(sum, 1, 1, "b", 0);
    STATUS(plait_amp_call_string(conn, (const uint8_t *)"C", 1, NULL, 0, 0, 0, on_answer, "c", NULL), PLAIT_ERR_LIMIT);
    OK(plait_reactor_advance(reactor, 10));
    HEARD("a PLAIT_ERR_TIMEOUT|b PLAIT_ERR_TIMEOUT|");
    STATUS(plait_amp_call_string(conn, (const uint8_t *)"C", 1, NULL, 0, 0, 0, on_answer, "c", NULL), PLAIT_ERR_LIMIT);
    amp_feed(conn, "_answer=1 total=1");
    sent_len = 0;
    ask(sum, 1, 1, "c", 1000);
    OK(plait_reactor_advance(reactor, 20));
    SENT("_ask=3 _command=Sum a=1 b=1 /");
    OK(plait_reactor_advance(reactor, 30));
    SENT("_ask=4 _command=plait.alive /");
    amp_feed(conn, "_error=4 _error_code=UNHANDLED _error_description=x");
    OK(plait_reactor_advance(reactor, 30));
    OK(plait_reactor_advance(reactor, 30));
    HEARD("");
    OK(plait_reactor_advance(reactor, 30));
    HEARD("c PLAIT_ERR_TIMEOUT|disconnected PLAIT_ERR_TIMEOUT|");
    conn = amp_attach(reactor, small);
    amp_feed(
        conn,
        "a=aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa");
    HEARD("disconnected PLAIT_ERR_TOO_LONG|");
    OK(plait_factory_release(small));
}

int main(void) {
    plait_amp_handler handler = PLAIT_AMP_HANDLER_INIT;

    sum = command_of("Sum(a: Integer, b: Integer) -> (total: Integer)");
    divide = command_of("Divide(a: Integer, b: Integer) -> (result: Float) raises ZERO_DIVISION");
    quiet = command_of("Quiet() oneway");
    upgrade = command_of("Upgrade() -> () switch");
    reactor = new_reactor(PLAIT_REACTOR_WITHOUT_LOOP | PLAIT_REACTOR_MANUAL_CLOCK);
    handler.connected = note_connected;
    handler.disconnected = note_disconnected;
    OK(plait_amp_factory_new(&factory, NULL, &handler, NULL));
    answers();
    endings();
    by_name();
    switches();
    limits();
    open_conn();
    ask(sum, 1, 2, "freed", 0);
    OK(plait_reactor_free(reactor));
    HEARD("freed PLAIT_ERR_ABORTED|disconnected PLAIT_ERR_ABORTED|");
    OK(plait_factory_release(factory));
    OK(plait_amp_command_release(sum));
    OK(plait_amp_command_release(divide));
    OK(plait_amp_command_release(quiet));
    OK(plait_amp_command_release(upgrade));
    PASSED();
}
