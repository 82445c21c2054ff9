/* Lines: any delimiter and limit, with and without skipping what is too long. */
#define SEND plait_line_send
#define SEND_MANY plait_line_send_many
#include "framer.h"

static plait_factory make_factory(struct input *input, int block, struct host *host) {
    plait_line_handler handler = PLAIT_LINE_HANDLER_INIT;
    plait_line_options options = PLAIT_LINE_OPTIONS_INIT;
    static const char *const delimiters[] = {"\r\n", "\n", "aab", "--", ";", "aaaa"};
    plait_factory factory = {0};

    unsigned which = take(input);
    options.delimiter.data = (const uint8_t *)delimiters[which % 6];
    options.delimiter.len = strlen(delimiters[which % 6]);
    options.max_length = 1 + take(input) + (take(input) & 15) * 256u;
    handler.line = on_message;
    if (block) handler.lines = on_block;
    handler.disconnected = on_end;
    MUST(plait_line_factory_new(&factory, &options, &handler, host) == 0);
    return factory;
}
