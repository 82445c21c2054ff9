/* AMP, the side that is asked: what a responder gets, and what goes over the wire for each way of answering. */
#include "amp_harness.h"

static plait_reactor reactor;
static plait_factory factory;
static plait_conn conn;
static plait_amp_box later;

static void on_sum(void *user, plait_conn where, plait_amp_box request) {
    int64_t a, b;
    plait_amp_value total = {0};

    (void)user;
    SAME(where.id, conn.id);
    OK(plait_amp_get_int(request, 0, &a));
    OK(plait_amp_get_int(request, 1, &b));
    note("sum %lld %lld", (long long)a, (long long)b);
    total.integer = a + b;
    OK(plait_amp_answer(request, &total, 1));
    STATUS(plait_amp_answer(request, &total, 1), PLAIT_ERR_STALE);
}

static void on_divide(void *user, plait_conn where, plait_amp_box request) {
    int64_t by;
    plait_amp_value result = {0};

    (void)user;
    (void)where;
    OK(plait_amp_get_int(request, 1, &by));
    if (by == 0) {
        OK(plait_amp_answer_error(request, "ZERO_DIVISION", (const uint8_t *)"by zero", 7, 0));
    } else if (by == 1) {
        OK(plait_amp_answer_error(request, "BROKEN", (const uint8_t *)"gone", 4, 0));
    } else if (by == 2) {
        OK(plait_amp_answer_error(request, "OTHER", NULL, 0, 0));
    } else if (by == 3) {
        OK(plait_amp_answer_error(request, NULL, NULL, 0, 0));
    } else {
        result.form = PLAIT_AMP_ABSENT;
        STATUS(plait_amp_answer(request, &result, 1), PLAIT_ERR_VALUE);
        result.form = PLAIT_AMP_NATURAL;
        result.real = 1.0 / (double)by;
        OK(plait_amp_answer(request, &result, 1));
    }
}

static void on_wait(void *user, plait_conn where, plait_amp_box request) {
    plait_bytes text;
    int64_t number;

    (void)user;
    (void)where;
    OK(plait_amp_get_bytes(request, 0, &text));
    STATUS(plait_amp_get_int(request, 0, &number), PLAIT_ERR_INVALID);
    note("wait %.*s", (int)text.len, text.data);
    if (text.len == 4) OK(plait_amp_box_retain(request));
    later = request;
}

static void on_name(void *user, plait_conn where, plait_amp_box request) {
    plait_bytes value, pairs[2];
    plait_amp_value nothing = {0};
    int64_t number;

    (void)user;
    (void)where;
    OK(plait_amp_get_field(request, (const uint8_t *)"_command", 8, &value));
    note("raw %.*s", (int)value.len, value.data);
    STATUS(plait_amp_get_field(request, (const uint8_t *)"nothing", 7, &value), PLAIT_ERR_ABSENT);
    OK(plait_amp_get_field(request, NULL, 0, &value));
    STATUS(plait_amp_get_int(request, 0, &number), PLAIT_ERR_INVALID);
    STATUS(plait_amp_answer(request, &nothing, 1), PLAIT_ERR_INVALID);
    pairs[0].data = (const uint8_t *)"_ask";
    pairs[0].len = 4;
    pairs[1] = pairs[0];
    STATUS(plait_amp_answer_box(request, pairs, 1), PLAIT_ERR_INVALID);
    pairs[0].data = (const uint8_t *)"Z";
    pairs[0].len = 1;
    OK(plait_amp_answer_box(request, pairs, 1));
}

static int locate(void *user, plait_conn where, const uint8_t *name, size_t len, plait_amp_responder *out) {
    (void)user;
    (void)where;
    if (len != 3 || memcmp(name, "raw", 3)) return 0;
    out->function = on_name;
    return 1;
}

static void open_conn(void) {
    conn = amp_attach(reactor, factory);
    HEARD("connected|");
}

static void answers_at_once(void) {
    open_conn();
    amp_feed(conn, "_ask=1 _command=Sum a=1 b=2");
    HEARD("sum 1 2|");
    SENT("_answer=1 total=3 /");
    CHECK(1);
    amp_feed(conn, "b=-2 a=10 _command=Sum _ask=xyz extra=1 a=11");
    HEARD("sum 11 -2|");
    SENT("_answer=xyz total=9 /");
    amp_feed(conn, "_command=Sum a=1 b=2"); /* nobody waits for that */
    HEARD("sum 1 2|");
    SENT("");
    amp_feed(conn, "_ask=2 _command=Divide a=1 b=8");
    SENT("_answer=2 result=0.125 /");
    amp_feed(conn, "_ask=3 _command=raw");
    HEARD("raw raw|");
    SENT("Z=_ask _answer=3 /");
    OK(plait_conn_close(conn));
    OK(plait_reactor_poll(reactor, 0));
    HEARD("disconnected 0|");
}

static void errors(void) {
    open_conn();
    amp_feed(conn, "_ask=1 _command=Divide a=1 b=0");
    SENT("_error=1 _error_code=ZERO_DIVISION _error_description=by zero /");
    amp_feed(conn, "_ask=2 _command=Nope a=1 b=0");
    SENT("_error=2 _error_code=UNHANDLED _error_description=Unhandled Command: Nope /");
    amp_feed(conn, "_ask=2a _command=StartTLS");
    SENT("_error=2a _error_code=TLS_ERROR _error_description=TLS not available /");
    amp_feed(conn, "_ask=3 _command=Sum a=x b=0");
    SENT("_error=3 _error_code=UNKNOWN _error_description=a bad argument: a /");
    amp_feed(conn, "_ask=4 _command=Sum a=1");
    SENT("_error=4 _error_code=UNKNOWN _error_description=a missing argument: b /");
    HEARD("");
    amp_feed(conn, "_ask=5 _command=Divide a=1 b=1");
    SENT("_error=5 _error_code=BROKEN _error_description=gone /");
    HEARD("disconnected 0|");
    open_conn();
    amp_feed(conn, "_ask=5 _command=Divide a=1 b=2");
    SENT("_error=5 _error_code=OTHER _error_description= /");
    HEARD("disconnected 0|");
    open_conn();
    amp_feed(conn, "_ask=5 _command=Divide a=1 b=3");
    SENT("_error=5 _error_code=UNKNOWN _error_description=Unknown Error /");
    HEARD("disconnected 0|");
    open_conn();
    amp_feed(conn, "_command=Divide a=1 b=0");
    SENT("");
    HEARD("disconnected PLAIT_ERR_REMOTE|");
    open_conn();
    amp_feed(conn, "_command=Nope");
    HEARD("disconnected PLAIT_ERR_UNHANDLED|");
    open_conn();
    amp_feed(conn, "_command=Sum a=1");
    HEARD("disconnected PLAIT_ERR_VALUE|");
}

static void bad_boxes(void) {
    open_conn();
    amp_feed(conn, "a=1");
    HEARD("disconnected PLAIT_ERR_PROTOCOL|");
    open_conn();
    amp_feed(conn, "_answer=1");
    HEARD("disconnected PLAIT_ERR_PROTOCOL|");
    open_conn();
    amp_feed(conn, "_error=1");
    HEARD("disconnected PLAIT_ERR_PROTOCOL|");
    open_conn();
    OK(plait_conn_feed(conn, (const uint8_t *)"\1", 1));
    HEARD("disconnected PLAIT_ERR_PROTOCOL|");
    open_conn();
    OK(plait_conn_feed(conn, (const uint8_t *)"\0\0", 2));
    HEARD("disconnected PLAIT_ERR_PROTOCOL|");
}

static void answers_later(void) {
    plait_amp_box first, second;
    plait_bytes text;
    size_t requests;

    open_conn();
    amp_feed(conn, "_ask=0 _command=Sum a=1 b=2"); /* of which nothing is left in what comes now */
    HEARD("sum 1 2|");
    SENT("_answer=0 total=3 /");
    amp_feed(conn, "_ask=1 _command=Wait text=keep");
    first = later;
    amp_feed(conn, "_ask=2 _command=Wait text=no");
    second = later;
    HEARD("wait keep|wait no|");
    OK(plait_amp_get_pending(conn, NULL, &requests));
    SAME(requests, 2);
    OK(plait_amp_get_bytes(first, 0, &text));
    CHECK(text.len == 4 && !memcmp(text.data, "keep", 4));
    STATUS(plait_amp_get_bytes(second, 0, &text), PLAIT_ERR_STALE);
    OK(plait_amp_answer(second, NULL, 0));
    STATUS(plait_amp_answer(second, NULL, 0), PLAIT_ERR_STALE);
    OK(plait_amp_answer(first, NULL, 0));
    OK(plait_reactor_poll(reactor, 0));
    SENT("_answer=2 / _answer=1 /");
    amp_feed(conn, "_ask=3 _command=Wait text=keep");
    first = later;
    OK(plait_conn_abort(conn));
    STATUS(plait_amp_answer(first, NULL, 0), PLAIT_ERR_CLOSED);
    OK(plait_reactor_poll(reactor, 0));
    STATUS(plait_amp_answer(first, NULL, 0), PLAIT_ERR_STALE);
    HEARD("wait keep|disconnected PLAIT_ERR_ABORTED|");
}

int main(void) {
    plait_amp_handler handler = PLAIT_AMP_HANDLER_INIT;
    plait_amp_command sum = command_of("Sum(a: Integer, b: Integer) -> (total: Integer)");
    plait_amp_command divide =
        command_of("Divide(a: Integer, b: Integer) -> (result: Float) raises ZERO_DIVISION, BROKEN fatal");
    plait_amp_command wait = command_of("Wait(text: Unicode)");

    reactor = new_reactor(PLAIT_REACTOR_WITHOUT_LOOP);
    handler.connected = note_connected;
    handler.disconnected = note_disconnected;
    OK(plait_amp_factory_new(&factory, NULL, &handler, NULL));
    SAME(plait_amp_factory_add_responder(factory, sum, on_sum), 0);
    SAME(plait_amp_factory_add_responder(factory, divide, on_divide), 1);
    SAME(plait_amp_factory_add_responder(factory, wait, on_wait), 2);
    SAME(plait_amp_factory_add_responder(factory, sum, on_sum), 0);
    STATUS(plait_amp_factory_add_responder(factory, sum, NULL), PLAIT_ERR_INVALID);
    STATUS(plait_amp_command_add_error(sum, (const uint8_t *)"X", 1, 1, 0), PLAIT_ERR_BOUND);
    OK(plait_amp_factory_add_locator(factory, locate));
    OK(plait_amp_command_release(sum));
    OK(plait_amp_command_release(divide));
    STATUS(plait_amp_command_release(divide), PLAIT_ERR_STALE);
    OK(plait_amp_command_release(wait));

    answers_at_once();
    errors();
    bad_boxes();
    answers_later();
    OK(plait_reactor_free(reactor));
    OK(plait_factory_release(factory));
    PASSED();
}
