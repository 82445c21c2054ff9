/* AMP as a whole: a conn that answers and asks, fed the same bytes at once and in pieces, must say the same; and
 * signatures and texts of every type, which must be refused, or read and written back to something that reads the same.
 */
#include "fuzz.h"

static const char *const types[] = {"Integer",
                                    "String",
                                    "Unicode",
                                    "Boolean",
                                    "Float",
                                    "Decimal",
                                    "DateTime",
                                    "Path",
                                    "ListOf(Integer)",
                                    "ListOf(ListOf(Unicode))",
                                    "AmpList(a: Integer, b: Unicode?)",
                                    "Integer?",
                                    "AmpList(l: ListOf(Float))"};
enum { TYPES = sizeof types / sizeof *types };
static const plait_amp_command none;

static int same_values(plait_amp_command command, const plait_amp_value *one, const plait_amp_value *other) {
    plait_amp_value items[2][64];
    int i, count;

    if (one->form != other->form || one->integer != other->integer || one->count != other->count) return 0;
    if (memcmp(&one->real, &other->real, sizeof one->real) && (one->real == one->real || other->real == other->real))
        return 0;
    if (one->count == 0 || one->count > 64) return 1;
    count = plait_amp_get_items(command, one, items[0], 64);
    MUST(count == (int)one->count && plait_amp_get_items(command, other, items[1], 64) == count);
    for (i = 0; i < count; i++)
        if (!same_values(command, &items[0][i], &items[1][i])) return 0;
    return 1;
}

/* A text of a type: what can be read, can be written, and reads the same. */
static void try_type(struct input *input) {
    unsigned which = take(input) % TYPES;
    struct input text = take_bytes(input, 600);
    char signature[128];
    uint8_t box[1024], again[1024];
    size_t len = 7 + text.len, written = 0;
    plait_amp_command command = {0};
    plait_amp_value value, back;
    int status;

    snprintf(signature, sizeof signature, "T(v: %s) -> (v: %s)", types[which], types[which]);
    MUST(plait_amp_command_parse(&command, none, signature, NULL) == 0);
    memcpy(box, "\0\1v", 3);
    box[3] = (uint8_t)(text.len >> 8);
    box[4] = (uint8_t)text.len;
    memcpy(box + 5, text.data, text.len);
    box[5 + text.len] = box[6 + text.len] = 0;
    status = plait_amp_parse_arguments(command, box, len, &value, 1);
    MUST(status == 1 || status == PLAIT_ERR_VALUE);
    if (status == 1) {
        MUST(value.bytes.data >= box && value.bytes.data + value.bytes.len <= box + len);
        back = value;
        back.form = PLAIT_AMP_TEXT;
        status = plait_amp_make_response(command, &back, 1, again, sizeof again, &written);
        if (which == 7) {
            MUST(status == 0 || status == PLAIT_ERR_VALUE); /* a path may be relative where it came from */
        } else if (which == 5) {
            MUST(status == 0 || status == PLAIT_ERR_OVERFLOW); /* a few digits may be many zeros */
        } else {
            MUST(status == 0);
        }
        if (status == 0) {
            MUST(plait_amp_parse_response(command, again, written, &back, 1) == 1);
            MUST(same_values(command, &value, &back));
        }
        if (value.form == PLAIT_AMP_NATURAL && (which == 0 || which == 3 || which == 4 || which == 6)) {
            value.bytes.data = NULL;
            value.bytes.len = 0;
            status = plait_amp_make_response(command, &value, 1, again, sizeof again, &written);
            MUST(status == 0 || (which == 6 && status == PLAIT_ERR_VALUE)); /* a zone may lead out of the years */
            if (status == 0) {
                MUST(plait_amp_parse_response(command, again, written, &back, 1) == 1);
                MUST(same_values(command, &value, &back) && value.offset_minutes == back.offset_minutes);
            }
        }
    }
    MUST(plait_amp_command_release(command) == 0);
}

static void try_signature(struct input *input) {
    struct input text = take_bytes(input, 2000);
    char *signature = malloc(text.len + 1);
    plait_amp_command command = {0};
    plait_reason reason = PLAIT_REASON_INIT;
    int status;

    memcpy(signature, text.data, text.len);
    signature[text.len] = 0;
    status = plait_amp_command_parse(&command, none, signature, &reason);
    MUST(status == 0 || status == PLAIT_ERR_INVALID || status == PLAIT_ERR_LIMIT);
    if (status == PLAIT_ERR_INVALID)
        MUST(reason.text && (reason.offset <= text.len || reason.offset == PLAIT_NO_OFFSET));
    if (status == 0) MUST(plait_amp_command_release(command) == 0);
    free(signature);
}

/* A side of a conversation. */
struct host {
    struct journal journal, sent;
    plait_amp_box later;
    unsigned requests;
};

static void on_request(void *user, plait_conn conn, plait_amp_box request) {
    struct host *host = user;
    plait_amp_value values[3], total;
    plait_bytes field;
    int64_t number = 0;

    (void)conn;
    memset(&total, 0, sizeof total);
    MUST(plait_amp_get_value(request, 0, &values[0]) == 0 && plait_amp_get_value(request, 1, &values[1]) == 0);
    MUST(plait_amp_get_field(request, NULL, 0, &field) == 0);
    write_down(&host->journal, 'r', values[0].bytes.data, values[0].bytes.len);
    plait_amp_get_int(request, 0, &number);
    total.integer = number;
    switch (++host->requests % 5) {
    case 0: plait_amp_answer_error(request, "LISTED", values[0].bytes.data, values[0].bytes.len, 0); break;
    case 1: plait_amp_box_retain(request); break;
    case 2:
        plait_amp_answer(host->later, &total, 1);
        host->later = request;
        break;
    default: plait_amp_answer(request, &total, 1);
    }
}
static void on_answer(void *user, plait_conn conn, plait_amp_box answer, const plait_reason *reason) {
    struct host *host = user;
    int64_t total = 0;

    (void)conn;
    if (reason->status == 0) MUST(plait_amp_get_int(answer, 0, &total) == 0 || total == 0);
    write_down(&host->journal, 'a', (const uint8_t *)&reason->status, sizeof reason->status);
}
static void on_connected(void *user, plait_conn conn) {
    plait_amp_command sum = {0};
    plait_amp_value values[2];

    memset(values, 0, sizeof values);
    MUST(plait_amp_command_parse(&sum, none, "Sum(a: Integer, b: Unicode) -> (total: Integer) raises LISTED", NULL) ==
         0);
    for (int i = 0; i < 4; i++) MUST(plait_amp_call(conn, sum, values, 2, 0, on_answer, user, NULL) == 0);
    plait_amp_command_release(sum);
}
static void on_end(void *user, plait_conn conn, const plait_reason *reason) {
    struct host *host = user;
    (void)conn;
    host->journal.ended = 1;
    write_down(&host->journal, 'e', (const uint8_t *)&reason->status, sizeof reason->status);
}
static void on_cancelled(void *user, plait_conn conn, plait_amp_box request, const uint8_t *tag, size_t len) {
    (void)conn;
    (void)request;
    write_down(&((struct host *)user)->journal, 'c', tag, len);
}
static void on_extended(void *user, plait_conn conn, uint64_t most) {
    (void)conn;
    write_down(&((struct host *)user)->journal, 'x', (const uint8_t *)&most, sizeof most);
}
static size_t on_write(void *user, plait_conn conn, const uint8_t *data, size_t len) {
    (void)conn;
    write_down(&((struct host *)user)->sent, 'w', data, len);
    return len;
}

static void converse(struct input bytes, unsigned piece, unsigned flags, struct host *host) {
    plait_reactor reactor = new_reactor(PLAIT_REACTOR_WITHOUT_LOOP | PLAIT_REACTOR_MANUAL_CLOCK);
    plait_amp_handler handler = PLAIT_AMP_HANDLER_INIT;
    plait_amp_options options = PLAIT_AMP_OPTIONS_INIT;
    plait_transport_ops ops = PLAIT_TRANSPORT_OPS_INIT;
    plait_amp_command sum = {0};
    plait_factory factory = {0};
    plait_conn conn = {0};

    options.flags = flags & 3;
    options.max_large = 100000;
    options.max_requests = 3;
    handler.connected = on_connected;
    handler.disconnected = on_end;
    handler.cancelled = on_cancelled;
    handler.extended = on_extended;
    ops.write = on_write;
    MUST(plait_amp_factory_new(&factory, &options, &handler, host) == 0);
    MUST(plait_amp_command_parse(&sum, none, "Sum(a: Integer, b: Unicode) -> (total: Integer) raises LISTED", NULL) ==
         0);
    MUST(plait_amp_factory_add_responder(factory, sum, on_request) == 0);
    MUST(plait_conn_attach(reactor, factory, &ops, host, &conn) == 0);
    MUST(plait_reactor_poll(reactor, 0) == 0);
    while (bytes.len) {
        struct input part = take_bytes(&bytes, piece);
        if (feed(conn, part.data, part.len) < 0) break;
    }
    MUST(plait_reactor_free(reactor) == 0);
    plait_factory_release(factory);
    plait_amp_command_release(sum);
    MUST(host->journal.ended);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len) {
    struct input input = {data, len};
    unsigned what = take(&input), flags, piece;

    if (what % 4 == 0) {
        try_type(&input);
    } else if (what % 4 == 1) {
        try_signature(&input);
    } else {
        struct host whole = {0}, cut = {0};
        flags = take(&input);
        piece = 1 + take(&input) % 16;
        converse(input, 4096, flags, &whole);
        converse(input, piece, flags, &cut);
        MUST(whole.journal.len == cut.journal.len && !memcmp(whole.journal.data, cut.journal.data, whole.journal.len));
        free(whole.journal.data);
        free(whole.sent.data);
        free(cut.journal.data);
        free(cut.sent.data);
    }
    return 0;
}
