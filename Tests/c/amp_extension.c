/* What goes beyond AMP, between two sides that know it and with one that does not; the wire format is that of
 * docs/amp-extension.md. */
#include "amp_harness.h"

static plait_reactor reactor;
static plait_amp_command echo, wait;
static plait_amp_box later;
static plait_conn ends[2]; /* who has announced, who answered */
static size_t answered;

static void on_connected(void *user, plait_conn conn) { ends[*(int *)user] = conn; }
static void on_extended(void *user, plait_conn conn, uint64_t large) {
    (void)conn;
    note("%d extended %llu", *(int *)user, (unsigned long long)large);
}
static void on_cancelled(void *user, plait_conn conn, plait_amp_box request, const uint8_t *tag, size_t len) {
    (void)conn;
    SAME(request.id, later.id);
    note("%d cancelled %.*s", *(int *)user, (int)len, tag);
}
static void on_echo(void *user, plait_conn conn, plait_amp_box request) {
    plait_amp_value text;

    (void)user;
    (void)conn;
    OK(plait_amp_get_value(request, 0, &text));
    OK(plait_amp_answer(request, &text, 1));
}
static void on_wait(void *user, plait_conn conn, plait_amp_box request) {
    uint64_t limit = 1;
    int wanted = 0;

    (void)user;
    (void)conn;
    OK(plait_amp_get_waiting(request, &wanted, &limit));
    note("waits %d %lld", wanted, (long long)limit);
    later = request;
}
static void on_answer(void *user, plait_conn conn, plait_amp_box answer, const plait_reason *reason) {
    plait_bytes text = {NULL, 0};
    size_t i;

    (void)user;
    (void)conn;
    if (reason->status == 0 && plait_amp_get_bytes(answer, 0, &text) == 0)
        for (i = 0; i < text.len; i++) CHECK(text.data[i] == (uint8_t)(i % 251));
    answered = text.len;
    note("answer %s %zu", reason->status ? plait_err_name(reason->status) : "0", text.len);
}

static plait_factory factory_of(uint32_t flags, int *side, uint32_t large) {
    plait_amp_options options = PLAIT_AMP_OPTIONS_INIT;
    plait_amp_handler handler = PLAIT_AMP_HANDLER_INIT;
    plait_factory factory = {0};

    options.flags = flags;
    options.max_large = large;
    handler.connected = on_connected;
    handler.disconnected = note_disconnected;
    handler.extended = on_extended;
    handler.cancelled = on_cancelled;
    OK(plait_amp_factory_new(&factory, &options, &handler, side));
    SAME(plait_amp_factory_add_responder(factory, echo, on_echo), 0);
    SAME(plait_amp_factory_add_responder(factory, wait, on_wait), 1);
    return factory;
}

static int ask(size_t size) {
    static uint8_t text[3 << 20];
    plait_amp_value value;
    size_t i;

    CHECK(size <= sizeof text);
    for (i = 0; i < size; i++) text[i] = (uint8_t)(i % 251);
    memset(&value, 0, sizeof value);
    value.bytes.data = text;
    value.bytes.len = size;
    return plait_amp_call(ends[0], echo, &value, 1, 0, on_answer, NULL, NULL);
}

static void settle(void) {
    int i;
    for (i = 0; i < 400; i++) OK(plait_reactor_poll(reactor, 0));
}

/* Two sides in memory. */
static void both(void) {
    static int first, second = 1;
    plait_factory asking = factory_of(PLAIT_AMP_ANNOUNCE, &first, 0),
                  answering = factory_of(PLAIT_AMP_EXTENSION, &second, 1 << 20);
    plait_listener listener = {0};
    plait_call call = {0};

    OK(plait_listen(reactor, "memory:both", answering, NULL, &listener));
    OK(plait_connect(reactor, "memory:both", asking, NULL, NULL, NULL, NULL));
    settle();
    HEARD("1 extended 16777216|0 extended 1048576|");
    OK(ask(10));
    OK(ask(65535));
    OK(ask(65536));
    OK(ask(1000000));
    settle();
    HEARD("answer 0 10|answer 0 65535|answer 0 65536|answer 0 1000000|");
    STATUS(ask(1048576), PLAIT_ERR_TOO_LONG); /* with its key, more than the other side takes */
    OK(plait_amp_call(ends[0], wait, NULL, 0, 500, on_answer, NULL, &call));
    OK(plait_reactor_advance(reactor, 0));
    settle();
    HEARD("waits 1 500|");
    OK(plait_call_cancel(call));
    settle();
    HEARD("answer PLAIT_ERR_CANCELLED 0|1 cancelled 6|");
    OK(plait_amp_answer(later, NULL, 0)); /* swallowed */
    OK(plait_amp_call(ends[0], wait, NULL, 0, 0, on_answer, NULL, &call));
    settle();
    HEARD("waits 1 -1|");
    OK(plait_amp_answer(later, NULL, 0));
    settle();
    HEARD("answer 0 0|");
    OK(plait_amp_call(ends[0], wait, NULL, 0, 20, on_answer, NULL, &call));
    settle();
    OK(plait_reactor_advance(reactor, 20));
    settle();
    HEARD("waits 1 20|answer PLAIT_ERR_TIMEOUT 0|1 cancelled 8|");
    OK(plait_listener_close(listener));
    OK(plait_conn_close(ends[0]));
    settle();
    HEARD("disconnected 0|disconnected 0|");
    OK(plait_factory_release(asking));
    OK(plait_factory_release(answering));
}

/* A peer that knows nothing of it; and one whose bytes are those of the documentation. */
static void on_the_wire(void) {
    static int side;
    plait_factory factory = factory_of(PLAIT_AMP_ANNOUNCE, &side, 0), plain = factory_of(0, &side, 0);
    plait_factory knowing = factory_of(PLAIT_AMP_EXTENSION, &side, 100);
    static const uint8_t part[] = "\0\5_data\0\34\0\7_answer\0\0\0\0011\0\5total\0\0\0\0017\0\0\0\5_part\0\0011\0";
    plait_conn conn = amp_attach(reactor, factory);
    uint8_t box[4096];
    size_t len;

    SENT("_ask=1 _command=plait.extend large=16777216 version=1 /");
    STATUS(ask(65536), PLAIT_ERR_TOO_LONG);
    amp_feed(conn, "_error=1 _error_code=UNHANDLED _error_description=what");
    STATUS(ask(65536), PLAIT_ERR_TOO_LONG);
    HEARD("");
    amp_feed(conn, "_cancel=1");
    HEARD("disconnected PLAIT_ERR_PROTOCOL|");

    conn = amp_attach(reactor, plain);
    amp_feed(conn, "_ask=1 _command=plait.extend large=1000 version=1");
    SENT("_error=1 _error_code=UNHANDLED _error_description=Unhandled Command: plait.extend /");
    amp_feed(conn, "_ask=2 _command=Wait _deadline=5");
    HEARD("waits 1 -1|");
    OK(plait_conn_abort(conn));
    settle();
    HEARD("disconnected PLAIT_ERR_ABORTED|");

    conn = amp_attach(reactor, knowing);
    amp_feed(conn, "_ask=1 _command=plait.extend large=1000 version=1");
    SENT("_answer=1 large=100 version=1 /");
    HEARD("0 extended 1000|");
    OK(plait_amp_call_string(conn, (const uint8_t *)"X", 1, NULL, 0, 0, 0, on_answer, NULL, NULL));
    OK(plait_conn_feed(conn, part, sizeof part)); /* its end is the NUL of the text and one more zero */
    HEARD("answer 0 0|");
    amp_feed(conn, "_part=2 _more= _data=12345");
    amp_feed(conn, "_part=2 _data=123");
    HEARD("disconnected PLAIT_ERR_PROTOCOL|");

    conn = amp_attach(reactor, knowing);
    amp_feed(conn, "_ask=1 _command=plait.extend large=1000 version=1");
    memset(box, 'x', sizeof box);
    len = box_of("_part=1 _more=", box);
    memcpy(box + len - 2, "\0\5_data\0\144", 9);
    memset(box + len + 7, 0, 102);
    OK(plait_conn_feed(conn, box, len + 7 + 102));
    amp_feed(conn, "_part=2 _data=1");
    HEARD("0 extended 1000|disconnected PLAIT_ERR_TOO_LONG|");
    OK(plait_factory_release(factory));
    OK(plait_factory_release(plain));
    OK(plait_factory_release(knowing));
}

int main(void) {
    echo = command_of("Echo(text: String) -> (text: String)");
    wait = command_of("Wait()");
    reactor = new_reactor(PLAIT_REACTOR_WITHOUT_LOOP | PLAIT_REACTOR_MANUAL_CLOCK);
    both();
    on_the_wire();
    OK(plait_reactor_free(reactor));
    OK(plait_amp_command_release(echo));
    OK(plait_amp_command_release(wait));
    PASSED();
}
