/* AMP: a request to speak something else, from the side that is asked. It may be refused, by the host or by the factory
 * that would build; then the conversation goes on as before. */
#include "amp_harness.h"

static plait_reactor reactor;
static plait_factory factory, lines, unwilling;
static plait_amp_box asked;

static void on_upgrade(void *user, plait_conn conn, plait_amp_box request) {
    (void)user;
    (void)conn;
    note("upgrade");
    asked = request;
}

static void on_sum(void *user, plait_conn conn, plait_amp_box request) {
    int64_t a, b;
    plait_amp_value total = {0};

    (void)user;
    (void)conn;
    OK(plait_amp_get_int(request, 0, &a));
    OK(plait_amp_get_int(request, 1, &b));
    total.integer = a + b;
    OK(plait_amp_answer(request, &total, 1));
}

static void on_line(void *user, plait_conn conn, const uint8_t *line, size_t len) {
    (void)user;
    note("line %.*s", (int)len, line);
    OK(plait_line_send(conn, line, len));
}

static int refuse(void *user, plait_wrapper wrapper) {
    (void)user;
    (void)wrapper;
    note("refused");
    return -1;
}

static plait_conn open_conn(void) {
    plait_conn conn = amp_attach(reactor, factory);

    HEARD("connected|");
    return conn;
}

/* Nothing but its own answer, or an error, ends such a request. */
static void wrong_answers(plait_amp_box request, plait_factory foreign) {
    plait_amp_value value = {0};
    plait_bytes pair[2];

    memset(pair, 0, sizeof pair);
    pair[0].data = (const uint8_t *)"x";
    pair[0].len = 1;
    STATUS(plait_amp_answer(request, NULL, 0), PLAIT_ERR_INVALID);
    STATUS(plait_amp_answer(request, &value, 1), PLAIT_ERR_INVALID);
    STATUS(plait_amp_answer_box(request, pair, 1), PLAIT_ERR_INVALID);
    STATUS(plait_amp_answer_switch(request, unwilling), PLAIT_ERR_REFUSED);
    HEARD("refused|");
    STATUS(plait_amp_answer_switch(request, foreign), PLAIT_ERR_BOUND);
    HEARD("");
}

int main(void) {
    plait_amp_handler handler = PLAIT_AMP_HANDLER_INIT;
    plait_line_handler line = PLAIT_LINE_HANDLER_INIT;
    plait_wrapper_handler wrapper = PLAIT_WRAPPER_HANDLER_INIT;
    plait_amp_command upgrade = command_of("Upgrade() -> () raises NO switch");
    plait_amp_command sum = command_of("Sum(a: Integer, b: Integer) -> (total: Integer)");
    plait_reactor other = new_reactor(PLAIT_REACTOR_WITHOUT_LOOP);
    plait_factory foreign;
    plait_conn conn;
    uint8_t box[256];
    size_t len;

    reactor = new_reactor(PLAIT_REACTOR_WITHOUT_LOOP);
    handler.connected = line.connected = note_connected;
    handler.disconnected = line.disconnected = note_disconnected;
    line.line = on_line;
    wrapper.built = refuse;
    OK(plait_amp_factory_new(&factory, NULL, &handler, NULL));
    SAME(plait_amp_factory_add_responder(factory, upgrade, on_upgrade), 0);
    SAME(plait_amp_factory_add_responder(factory, sum, on_sum), 1);
    OK(plait_line_factory_new(&lines, NULL, &line, NULL));
    OK(plait_wrapper_factory_new(&unwilling, lines, &wrapper, NULL));
    foreign = raw_factory(note_bytes);
    OK(plait_conn_abort(amp_attach(other, foreign)));
    OK(plait_reactor_poll(other, 0));
    journal[0] = 0;

    /* Refused by an error that the command lists: the conversation goes on. */
    conn = open_conn();
    amp_feed(conn, "_ask=1 _command=Upgrade");
    HEARD("upgrade|");
    wrong_answers(asked, foreign);
    SENT("");
    amp_feed(conn, "_ask=2 _command=Sum a=1 b=2"); /* which is answered while that waits */
    SENT("_answer=2 total=3 /");
    OK(plait_amp_answer_error(asked, "NO", (const uint8_t *)"not now", 7, 0));
    STATUS(plait_amp_answer_switch(asked, lines), PLAIT_ERR_STALE);
    OK(plait_reactor_poll(reactor, 0));
    SENT("_error=1 _error_code=NO _error_description=not now /");
    amp_feed(conn, "_ask=3 _command=Sum a=3 b=4");
    SENT("_answer=3 total=7 /");

    /* Agreed: the answer is the last box, and what is behind the request is lines. */
    len = box_of("_ask=4 _command=Upgrade", box);
    OK(plait_conn_feed(conn, box, len));
    HEARD("upgrade|");
    wrong_answers(asked, foreign);
    OK(plait_amp_answer_switch(asked, lines));
    STATUS(plait_amp_send(conn, NULL, 0), PLAIT_ERR_TYPE);
    OK(plait_reactor_poll(reactor, 0));
    SENT("_answer=4 /");
    HEARD("connected|");
    OK(plait_conn_feed(conn, (const uint8_t *)"hello\r\n", 7));
    HEARD("line hello|");
    CHECK(sent_len == 7 && !memcmp(sent, "hello\r\n", 7));
    OK(plait_conn_close(conn));
    OK(plait_reactor_poll(reactor, 0));
    HEARD("disconnected 0|");

    /* An error that it does not list ends the conversation. */
    conn = open_conn();
    amp_feed(conn, "_ask=1 _command=Upgrade");
    HEARD("upgrade|");
    OK(plait_amp_answer_error(asked, "OTHER", NULL, 0, 0));
    OK(plait_reactor_poll(reactor, 0));
    SENT("_error=1 _error_code=OTHER _error_description= /");
    HEARD("disconnected 0|");

    OK(plait_amp_command_release(upgrade));
    OK(plait_amp_command_release(sum));
    OK(plait_reactor_free(reactor));
    OK(plait_reactor_free(other));
    OK(plait_factory_release(factory));
    OK(plait_factory_release(unwilling));
    OK(plait_factory_release(lines));
    OK(plait_factory_release(foreign));
    PASSED();
}
