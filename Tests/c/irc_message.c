/* IRC's messages without a conn. */
#include "harness.h"

#define BYTES(text) (const uint8_t *)(text), sizeof(text) - 1

static uint8_t room[8704];
static size_t made;

static int is(const uint8_t *data, size_t len, const char *text) {
    return len == strlen(text) && !memcmp(data, text, len);
}
static int part_is(plait_bytes part, const char *text) { return is(part.data, part.len, text); }
static plait_bytes bytes(const char *text) {
    plait_bytes part = {(const uint8_t *)text, strlen(text)};
    return part;
}

static void reading(void) {
    plait_irc_message message = PLAIT_IRC_MESSAGE_INIT;
    plait_irc_source source = PLAIT_IRC_SOURCE_INIT;
    plait_irc_tag tags[2];
    size_t count = 0;

    CHECK(plait_irc_message_parse(BYTES("@time=12:00;+x=a\\sb :nick!user@host PRIVMSG #c :hello \xff\r\n"), &message) ==
          0);
    CHECK(message.count == 2 && message.numeric == 0);
    CHECK(message.flags == (PLAIT_IRC_HAS_SOURCE | PLAIT_IRC_TRAILING));
    CHECK(part_is(message.command, "PRIVMSG") && part_is(message.parameters[0], "#c"));
    CHECK(part_is(message.parameters[1], "hello \xff"));
    CHECK(plait_irc_source_parse(message.source.data, message.source.len, &source) == 0);
    CHECK(part_is(source.nick, "nick") && part_is(source.user, "user") && part_is(source.host, "host"));
    CHECK(plait_irc_tag_parse(message.tags.data, message.tags.len, tags, 2, &count) == 0 && count == 2);
    CHECK(part_is(tags[0].key, "time") && part_is(tags[1].value, "a\\sb"));
    CHECK(plait_irc_tag_get(message.tags.data, message.tags.len, BYTES("+x"), room, sizeof room, &made) == 0);
    CHECK(is(room, made, "a b"));
    CHECK(plait_irc_tag_get(message.tags.data, message.tags.len, BYTES("x"), room, sizeof room, &made) ==
          PLAIT_ERR_ABSENT);
    CHECK(plait_irc_message_parse(BYTES(":s 433 me :taken"), &message) == 0 && message.numeric == 433);
    CHECK(!strcmp(plait_irc_numeric_get(message.numeric), "ERR_NICKNAMEINUSE"));
    CHECK(plait_irc_numeric_parse(BYTES("ERR_NICKNAMEINUSE")) == 433 && plait_irc_numeric_get(999) == NULL);
    CHECK(plait_irc_message_parse(BYTES(":only"), &message) == PLAIT_ERR_PROTOCOL && message.numeric == 433);
}

static void making(void) {
    plait_irc_message message = PLAIT_IRC_MESSAGE_INIT;
    message.command = bytes("PRIVMSG");
    message.count = 2;
    message.parameters[0] = bytes("#c");
    message.parameters[1] = bytes("hello you");
    CHECK(plait_irc_message_make(&message, NULL, 0, &made) == 0 && made == strlen("PRIVMSG #c :hello you"));
    CHECK(plait_irc_message_make(&message, room, made - 1, &made) == PLAIT_ERR_OVERFLOW);
    CHECK(plait_irc_message_make(&message, room, made, &made) == 0 && is(room, made, "PRIVMSG #c :hello you"));
    message.parameters[1] = bytes("hello\r\nQUIT");
    CHECK(plait_irc_message_make(&message, room, sizeof room, &made) == PLAIT_ERR_VALUE);
    message.parameters[1] = bytes("x");
    message.flags = PLAIT_IRC_TRAILING;
    CHECK(plait_irc_tag_make(BYTES("k"), BYTES("a;b"), room, sizeof room, &made) == 0 && is(room, made, "k=a\\:b"));
    message.tags = bytes("k=a\\:b");
    CHECK(plait_irc_message_make(&message, room, sizeof room, &made) == 0 && is(room, made, "@k=a\\:b PRIVMSG #c :x"));
}

static void texts(void) {
    uint32_t table[8];
    plait_bytes command, argument;
    plait_irc_run runs[2];
    size_t count = 0;

    CHECK(plait_irc_split(BYTES("one two\nthree"), 5, table, 4, &count) == 0 && count == 3);
    CHECK(table[2] == 4 && table[3] == 3);
    CHECK(plait_irc_ctcp_parse(BYTES("\x01"
                                     "ACTION waves\x01"),
                               &command, &argument) == 1);
    CHECK(part_is(command, "ACTION") && part_is(argument, "waves"));
    CHECK(plait_irc_ctcp_parse(BYTES("plain"), &command, &argument) == 0);
    CHECK(plait_irc_ctcp_make(BYTES("PING"), BYTES("1"), room, sizeof room, &made) == 0 &&
          is(room, made, "\x01PING 1\x01"));
    CHECK(plait_irc_quote_make(PLAIT_IRC_QUOTE_LOW, BYTES("a\nb"), room, sizeof room, &made) == 0);
    CHECK(is(room, made, "a\x10nb"));
    CHECK(plait_irc_format_parse(BYTES("\x02"
                                       "bold\x0f plain"),
                                 runs, 2, &count) == 0 &&
          count == 2);
    CHECK(runs[0].flags == PLAIT_IRC_BOLD && part_is(runs[0].text, "bold") && runs[1].flags == 0);
    CHECK(plait_irc_format_make(runs, 2, room, sizeof room, &made) == 0 && is(room, made,
                                                                              "\x02"
                                                                              "bold\x0f plain"));
    CHECK(plait_irc_format_clear(BYTES("\x02"
                                       "bold\x0f plain"),
                                 room, sizeof room, &made) == 0 &&
          is(room, made, "bold plain"));
}

static void names(void) {
    plait_bytes parameters[2];
    plait_irc_mode modes[4];
    size_t count = 0;

    CHECK(plait_irc_mask_check(PLAIT_IRC_RFC1459, BYTES("*!*@*.ORG"), BYTES("[n]!u@h.org")) == 1);
    CHECK(plait_irc_mask_check(PLAIT_IRC_ASCII, BYTES("{n}"), BYTES("[n]")) == 0);
    CHECK(plait_irc_mask_check(3, BYTES("a"), BYTES("a")) == PLAIT_ERR_INVALID);
    CHECK(plait_irc_host_check(BYTES("irc.example.org")) == 1 && plait_irc_host_check(BYTES("-x.org")) == 0);
    CHECK(plait_irc_name_make(PLAIT_IRC_RFC1459, BYTES("#[C]"), room, sizeof room, &made) == 0 &&
          is(room, made, "#{c}"));
    parameters[0] = bytes("nick");
    parameters[1] = bytes("10");
    CHECK(plait_irc_modes_parse(BYTES("+ol-t"), parameters, 2, BYTES("ol"), BYTES("o"), modes, 4, &count) == 0 &&
          count == 3);
    CHECK(modes[0].letter == 'o' && modes[0].is_set && part_is(modes[1].parameter, "10") && !modes[2].is_set);
    CHECK(plait_irc_modes_parse(BYTES("+o"), NULL, 0, BYTES("o"), BYTES("o"), modes, 4, &count) == PLAIT_ERR_VALUE);
}

static void dcc(void) {
    plait_irc_dcc offer = PLAIT_IRC_DCC_INIT;
    const char *text = "SEND \"a b\" 2130706433 4000 100 t";
    OK(plait_irc_dcc_parse((const uint8_t *)text, strlen(text), &offer));
    CHECK(offer.kind == PLAIT_IRC_DCC_SEND && offer.port == 4000 && offer.has_number == 1 && offer.number == 100);
    CHECK(offer.name.len == 3 && !memcmp(offer.name.data, "a b", 3) && offer.token.len == 1);
    CHECK(!strcmp(offer.address, "127.0.0.1"));
    STATUS(plait_irc_dcc_parse((const uint8_t *)"SEND x", 6, &offer), PLAIT_ERR_PROTOCOL);
    CHECK(offer.port == 4000);
    STATUS(plait_irc_dcc_parse((const uint8_t *)text, strlen(text), NULL), PLAIT_ERR_INVALID);
    offer.struct_size = 4;
    STATUS(plait_irc_dcc_parse((const uint8_t *)text, strlen(text), &offer), PLAIT_ERR_STRUCT_SIZE);
}

int main(void) {
    reading();
    making();
    texts();
    names();
    dcc();
    CHECK(offsetof(plait_irc_message, parameters) == 16 + 3 * sizeof(plait_bytes));
    return 0;
}
