/* Strings by named states: which one is next, whether it is one at all, and when it is over, is what the strings say.
 */
#define SEND plait_string_send
#define SEND_MANY plait_string_send_many
#include "framer.h"

static const char *next_of(const uint8_t *data, size_t len) {
    static const char *const names[] = {NULL, "init", "two", "three", "two", NULL, "three", "init"};

    if (!len || data[0] % 16 < 12) return NULL;
    if (data[0] == 255) return "done";
    return data[0] == 254 ? "nowhere" : names[data[0] / 16 % 8];
}
#define STATE(name, letter)                                                                                            \
    static const char *name(void *user, plait_conn conn, const uint8_t *data, size_t len) {                            \
        const char *state = NULL;                                                                                      \
        MUST(plait_stateful_string_get_state(conn, &state) == 0 && state[0] == letter);                                \
        write_down(&((struct host *)user)->journal, letter, NULL, 0);                                                  \
        on_message(user, conn, data, len);                                                                             \
        return next_of(data, len);                                                                                     \
    }
STATE(init, 'i')
STATE(two, 't')
STATE(three, 't')

static plait_factory make_factory(struct input *input, int block, struct host *host) {
    static const plait_state states[] = {{"two", two}, {"init", init}, {"three", three}};
    plait_stateful_string_handler handler = PLAIT_STATEFUL_STRING_HANDLER_INIT;
    plait_string_options options = PLAIT_STRING_OPTIONS_INIT;
    plait_factory factory = {0};

    (void)block;
    (void)on_block;
    options.format = take(input) % 3;
    if (options.format != PLAIT_STRING_NETSTRING) options.prefix_length = 1 + take(input) % 8;
    options.max_length = 1 + take(input);
    handler.states = states;
    handler.state_count = 3;
    handler.disconnected = on_end;
    MUST(plait_stateful_string_factory_new(&factory, &options, &handler, host) == 0);
    return factory;
}
