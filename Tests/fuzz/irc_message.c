/* IRC's messages: what is read can be made again and means the same; what is made is one message; texts that are
 * quoted, escaped, formatted or split come back whole. */
#include "fuzz.h"

static uint8_t room[65536], again[65536], third[65536];

static void check_message(const uint8_t *data, size_t len) {
    plait_irc_message message = PLAIT_IRC_MESSAGE_INIT, other = PLAIT_IRC_MESSAGE_INIT;
    plait_irc_source source = PLAIT_IRC_SOURCE_INIT;
    plait_irc_tag tags[8];
    size_t made = 0, count = 0;
    if (plait_irc_message_parse(data, len, &message) < 0) return;
    MUST(message.command.len > 0 && message.count <= 32 && message.numeric < 1000);
    for (uint32_t index = 0; index < message.count; index++) {
        const plait_bytes *part = &message.parameters[index];
        MUST(part->data >= data && part->data + part->len <= data + len);
    }
    MUST(plait_irc_source_parse(message.source.data, message.source.len, &source) == 0);
    MUST(plait_irc_tag_parse(message.tags.data, message.tags.len, tags, 8, &count) == 0);
    for (size_t index = 0; index < count && index < 8; index++)
        MUST(plait_irc_tag_get(message.tags.data, message.tags.len, tags[index].key.data, tags[index].key.len, room,
                               sizeof room, &made) == 0);
    if (plait_irc_message_make(&message, room, sizeof room, &made) < 0) return;
    MUST(!memchr(room, '\n', made) && !memchr(room, '\r', made) && !memchr(room, 0, made));
    MUST(plait_irc_message_parse(room, made, &other) == 0);
    MUST(other.count == message.count && other.command.len == message.command.len);
    for (uint32_t index = 0; index < message.count; index++) {
        const plait_bytes *one = &message.parameters[index], *two = &other.parameters[index];
        MUST(one->len == two->len && !memcmp(one->data, two->data, one->len));
    }
}

static void check_quoting(const uint8_t *data, size_t len) {
    size_t made = 0, back = 0;
    for (uint32_t level = 0; level < 2; level++) {
        MUST(plait_irc_quote_make(level, data, len, room, sizeof room, &made) == 0);
        MUST(plait_irc_quote_read(level, room, made, again, sizeof again, &back) == 0);
        MUST(back == len && (!len || !memcmp(again, data, len)));
        MUST(plait_irc_quote_read(level, data, len, again, sizeof again, &back) == 0 && back <= len);
    }
    if (plait_irc_tag_make((const uint8_t *)"k", 1, data, len, room, sizeof room, &made) == 0 && made > 2) {
        MUST(plait_irc_tag_read(room + 2, made - 2, again, sizeof again, &back) == 0);
        MUST(back == len && !memcmp(again, data, len));
    }
}

static void check_format(const uint8_t *data, size_t len) {
    static plait_irc_run runs[4096], others[4096];
    size_t count = 0, made = 0, plain = 0, other_count = 0;
    MUST(plait_irc_format_parse(data, len, runs, 4096, &count) == 0 && count <= 4096);
    MUST(plait_irc_format_clear(data, len, again, sizeof again, &plain) == 0 && plain <= len);
    for (size_t index = 0; index < count; index++) runs[index].reserved = 0;
    if (plait_irc_format_make(runs, count, room, sizeof room, &made) < 0) return;
    MUST(plait_irc_format_parse(room, made, others, 4096, &other_count) == 0);
    MUST(plait_irc_format_clear(room, made, third, sizeof third, &made) == 0);
    MUST(made == plain && (!plain || !memcmp(third, again, plain)));
    MUST(other_count <= count);
}

static void check_splitting(const uint8_t *data, size_t len, size_t most) {
    static uint32_t table[8192];
    size_t count = 0, end = 0;
    MUST(plait_irc_split(data, len, most, table, 4096, &count) == 0 && count <= 4096);
    for (size_t index = 0; index < count; index++) {
        MUST(table[index * 2] >= end && table[index * 2 + 1] > 0 && table[index * 2 + 1] <= most);
        end = table[index * 2] + table[index * 2 + 1];
        MUST(end <= len);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len) {
    struct input input = {data, len};
    unsigned kind = take(&input);
    uint8_t *copy = malloc(input.len ? input.len : 1);
    plait_bytes command, argument, parameters[2];
    plait_irc_mode modes[64];
    size_t count = 0, made = 0;

    if (input.len) memcpy(copy, input.data, input.len);
    data = copy;
    len = input.len;
    check_message(data, len);
    check_quoting(data, len);
    check_format(data, len);
    check_splitting(data, len, 4 + kind % 60);
    if (plait_irc_ctcp_parse(data, len, &command, &argument) == 1 &&
        plait_irc_ctcp_make(command.data, command.len, argument.data, argument.len, room, sizeof room, &made) == 0)
        MUST(made <= len + 1);
    parameters[0].data = parameters[1].data = data;
    parameters[0].len = parameters[1].len = len;
    plait_irc_modes_parse(data, len, parameters, kind % 3, (const uint8_t *)"bovkl", 5, (const uint8_t *)"bovk", 4,
                          modes, 64, &count);
    plait_irc_mask_check(kind % 3, data, len / 2, data + len / 2, len - len / 2);
    plait_irc_host_check(data, len);
    plait_irc_numeric_parse(data, len);
    free(copy);
    return 0;
}
