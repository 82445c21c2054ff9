/* Strings behind binary lengths of 1 to 8 bytes, and netstrings; those that are too long end the conn or are skipped.
 */
#define SEND plait_string_send
#define SEND_MANY plait_string_send_many
#include "framer.h"

static void too_long(void *user, plait_conn conn, uint64_t length) {
    struct host *host = user;
    (void)conn;
    write_down(&host->journal, 't', (const uint8_t *)&length, sizeof length);
}

static plait_factory make_factory(struct input *input, int block, struct host *host) {
    plait_string_handler handler = PLAIT_STRING_HANDLER_INIT;
    plait_string_options options = PLAIT_STRING_OPTIONS_INIT;
    plait_factory factory = {0};

    options.format = take(input) % 3;
    if (options.format != PLAIT_STRING_NETSTRING) options.prefix_length = 1 + take(input) % 8;
    options.max_length = 1 + take(input) + (take(input) & 15) * 256u;
    handler.string = on_message;
    if (block) handler.strings = on_block;
    if (take(input) & 1) handler.string_too_long = too_long;
    handler.disconnected = on_end;
    MUST(plait_string_factory_new(&factory, &options, &handler, host) == 0);
    return factory;
}
