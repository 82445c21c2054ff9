/* Boxes, one by one and in blocks, for a host that takes them as they are. */
#include "fuzz.h"

static int send_box(plait_conn conn, const uint8_t *data, size_t len) {
    uint8_t *box = calloc(1, len + 2);
    int status;
    memcpy(box, data, len);
    status = plait_amp_send_boxes(conn, box, len + 2);
    free(box);
    MUST(status == 1 || status == PLAIT_ERR_CLOSED || status == PLAIT_ERR_STALE);
    return status;
}
static int send_boxes(plait_conn conn, const uint8_t *data, size_t len, const uint32_t *table, size_t count) {
    (void)len;
    for (size_t i = 0; i < count; i++) send_box(conn, data + table[2 * i], table[2 * i + 1]);
    return 0;
}
#define SEND send_box
#define SEND_MANY send_boxes
#include "framer.h"

static plait_factory make_factory(struct input *input, int block, struct host *host) {
    plait_amp_handler handler = PLAIT_AMP_HANDLER_INIT;
    plait_amp_options options = PLAIT_AMP_OPTIONS_INIT;
    plait_factory factory = {0};

    options.max_box = 1 + take(input) + (take(input) & 15) * 256u;
    handler.box = on_message;
    if (block) handler.boxes = on_block;
    handler.disconnected = on_end;
    MUST(plait_amp_factory_new(&factory, &options, &handler, host) == 0);
    return factory;
}
