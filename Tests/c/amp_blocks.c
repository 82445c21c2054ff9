/* AMP for hosts that want much at once: requests as a table of numbers, boxes one by one and in blocks; boxes and
 * values alone. */
#include "amp_harness.h"

static plait_reactor reactor;

static void on_requests(void *user, plait_conn conn, const uint8_t *data, size_t len, const uint32_t *rows,
                        size_t count) {
    uint8_t answers[4096];
    char text[128];
    size_t i, size = 0;

    (void)user;
    note("%zu requests", count);
    for (i = 0; i < count; i++, rows += rows[0]) {
        CHECK(rows[4] + rows[5] <= len && rows[9] == 2);
        if (rows[1] == PLAIT_AMP_NONE) {
            note("?%.*s", (int)rows[7], data + rows[6]);
            SAME(rows[0], 10);
            continue;
        }
        SAME(rows[0], 14);
        note("%u%s %.*s %s%.*s", rows[1], rows[2] == PLAIT_AMP_NONE ? "-" : "", (int)rows[11], data + rows[10],
             rows[12] == PLAIT_AMP_NONE ? "none" : "", rows[12] == PLAIT_AMP_NONE ? 0 : (int)rows[13],
             rows[12] == PLAIT_AMP_NONE ? data : data + rows[12]);
        if (rows[2] == PLAIT_AMP_NONE) continue;
        snprintf(text, sizeof text, "_answer=%.*s", (int)rows[3], data + rows[2]);
        size += box_of(text, answers + size);
    }
    if (size) CHECK(plait_amp_send_boxes(conn, answers, size) > 0);
}

static void requests(void) {
    plait_amp_handler handler = PLAIT_AMP_HANDLER_INIT;
    plait_amp_options options = PLAIT_AMP_OPTIONS_INIT;
    plait_factory factory = {0};
    plait_amp_command both = command_of("Both(b: Integer, a: Integer?)"),
                      change = command_of("Change(b: Integer, a: Integer?) switch");
    plait_conn conn;
    uint8_t stream[4096];
    size_t len = 0;

    handler.requests = on_requests;
    handler.disconnected = note_disconnected;
    options.flags = PLAIT_AMP_ALL_REQUESTS;
    OK(plait_amp_factory_new(&factory, &options, &handler, NULL));
    SAME(plait_amp_factory_add_responder(factory, both, NULL), 0);
    SAME(plait_amp_factory_add_responder(factory, change, NULL), 1);
    conn = amp_attach(reactor, factory);
    len += box_of("_ask=1 _command=Both a=5 b=6", stream + len);
    len += box_of("_ask=2 _command=Both b=x z=1", stream + len);
    len += box_of("_command=Both", stream + len);
    OK(plait_conn_feed(conn, stream, len));
    HEARD("3 requests|0 6 5|0 x none|0-  none|");
    SENT("_answer=1 / _answer=2 /");
    len = box_of("_ask=3 _command=Change b=1", stream);
    len += box_of("_ask=4 _command=Other", stream + len);
    len += box_of("_ask=5 _command=Both b=2", stream + len);
    OK(plait_conn_feed(conn, stream, len));
    HEARD("1 requests|1 1 none|1 requests|?Other|1 requests|0 2 none|");
    OK(plait_conn_close(conn));
    OK(plait_reactor_poll(reactor, 0));
    HEARD("disconnected 0|");
    OK(plait_factory_release(factory));
    OK(plait_amp_command_release(both));
    OK(plait_amp_command_release(change));
}

static size_t taken = 100;
static size_t on_boxes(void *user, plait_conn conn, const uint8_t *data, size_t len, const uint32_t *table,
                       size_t count) {
    size_t i, most = count < taken ? count : taken;

    (void)user;
    (void)conn;
    for (i = 0; i < most; i++) {
        CHECK(table[2 * i] + table[2 * i + 1] + 2 <= len);
        note("%u", table[2 * i + 1]);
    }
    note("of %zu", count);
    return most;
    (void)data;
}
static void on_box(void *user, plait_conn conn, const uint8_t *box, size_t len) {
    uint8_t whole[4096];

    (void)user;
    memcpy(whole, box, len);
    memset(whole + len, 0, 2);
    note("%s", boxes_text(whole, len + 2));
    SAME(plait_amp_send_boxes(conn, whole, len + 2), 1);
}

static void boxes(void) {
    plait_amp_handler handler = PLAIT_AMP_HANDLER_INIT;
    plait_factory factory = {0};
    plait_conn conn;
    uint8_t stream[4096];
    size_t len, i;

    handler.boxes = on_boxes;
    OK(plait_amp_factory_new(&factory, NULL, &handler, NULL));
    conn = amp_attach(reactor, factory);
    len = box_of("_answer=1", stream);
    len += box_of("a=1 b=2", stream + len);
    len += box_of("", stream + len);
    OK(plait_conn_feed(conn, stream, len + 1 > len ? len : 0));
    HEARD("12|12|0|of 3|");
    taken = 1;
    OK(plait_conn_feed(conn, stream, len));
    HEARD("12|of 3|12|of 1|0|of 1|");
    OK(plait_conn_abort(conn));
    OK(plait_reactor_poll(reactor, 0));
    OK(plait_factory_release(factory));

    handler.boxes = NULL;
    handler.box = on_box;
    OK(plait_amp_factory_new(&factory, NULL, &handler, NULL));
    conn = amp_attach(reactor, factory);
    for (i = 0; i < len; i++) OK(plait_conn_feed(conn, stream + i, 1));
    HEARD("_answer=1 /|a=1 b=2 /|/|");
    SENT("_answer=1 / a=1 b=2 / /");
    OK(plait_conn_abort(conn));
    OK(plait_reactor_poll(reactor, 0));
    OK(plait_factory_release(factory));
}

static void alone(void) {
    plait_amp_command command =
        command_of("C(l: ListOf(Integer), r: AmpList(a: Integer, b: Unicode?), d: Decimal) -> (f: Float?)");
    plait_amp_value values[3], cells[4], items[3], read[3];
    uint8_t box[256], same[256];
    uint32_t table[64];
    size_t len, rows, used, again;
    plait_bytes pairs[4];

    memset(values, 0, sizeof values);
    memset(cells, 0, sizeof cells);
    memset(items, 0, sizeof items);
    items[0].integer = 1;
    items[1].integer = 20;
    items[2].integer = -500;
    values[0].items = items;
    values[0].count = 3;
    cells[0].integer = 7;
    cells[1].bytes.data = (const uint8_t *)"x";
    cells[1].bytes.len = 1;
    cells[2].integer = 8;
    cells[3].form = PLAIT_AMP_ABSENT;
    values[1].items = cells;
    values[1].count = 4;
    values[2].bytes.data = (const uint8_t *)"150E-2";
    values[2].bytes.len = 6;
    OK(plait_amp_make_arguments(command, values, 3, box, sizeof box, &len));
    STATUS(plait_amp_make_arguments(command, values, 3, box, len - 1, &len), PLAIT_ERR_OVERFLOW);
    STATUS(plait_amp_make_arguments(command, values, 2, box, sizeof box, &len), PLAIT_ERR_VALUE);
    SAME(plait_amp_parse_arguments(command, box, len, read, 3), 3);
    CHECK(read[0].count == 3 && read[1].count == 4 && read[2].bytes.len == 4 && !memcmp(read[2].bytes.data, "1.50", 4));
    SAME(plait_amp_get_items(command, &read[0], items, 3), 3);
    CHECK(items[2].integer == -500);
    SAME(plait_amp_get_items(command, &read[1], cells, 4), 4);
    CHECK(cells[0].integer == 7 && cells[1].bytes.len == 1 && cells[2].integer == 8 &&
          cells[3].form == PLAIT_AMP_ABSENT);
    STATUS(plait_amp_get_items(command, &read[1], cells, 3), PLAIT_ERR_INVALID);
    STATUS(plait_amp_get_items(command, &read[2], cells, 3), PLAIT_ERR_INVALID);
    STATUS(plait_amp_parse_arguments(command, box, len - 1, read, 3), PLAIT_ERR_PROTOCOL);
    OK(plait_amp_box_read(box, len, table, 16, &rows, &used));
    CHECK(rows == 4 && used == len && table[4 * 3 + 1] == 0);
    STATUS(plait_amp_box_read(box, len, table, 3, &rows, &used), PLAIT_ERR_OVERFLOW);
    OK(plait_amp_make_response(command, NULL, 0, box, sizeof box, &len));
    SAME(len, 2);
    pairs[0].data = (const uint8_t *)"b";
    pairs[2].data = (const uint8_t *)"Z";
    pairs[0].len = pairs[2].len = 1;
    pairs[1] = pairs[3] = pairs[0];
    OK(plait_amp_box_write(pairs, 2, box, sizeof box, &len));
    again = box_of("Z=b b=b", same);
    CHECK(len == again && !memcmp(box, same, len));
    OK(plait_amp_command_release(command));
}

int main(void) {
    reactor = new_reactor(PLAIT_REACTOR_WITHOUT_LOOP | PLAIT_REACTOR_MANUAL_CLOCK);
    requests();
    boxes();
    alone();
    OK(plait_reactor_free(reactor));
    PASSED();
}
