/* What the tests of AMP share: a conn over memory that is fed boxes and whose output is looked at, as text:
 * keys and values, "key=value", boxes separated by " / ". */
#ifndef AMP_HARNESS_H
#define AMP_HARNESS_H

#include "harness.h"

static const plait_amp_command no_command = {0};

/* What the conn has sent. */
static uint8_t sent[1 << 20];
static size_t sent_len;

static size_t take_sent(void *user, plait_conn conn, const uint8_t *data, size_t len) {
    (void)user;
    (void)conn;
    CHECK(sent_len + len <= sizeof sent);
    memcpy(sent + sent_len, data, len);
    sent_len += len;
    return len;
}

static inline plait_conn amp_attach(plait_reactor reactor, plait_factory factory) {
    plait_conn conn = {0};
    plait_transport_ops ops = PLAIT_TRANSPORT_OPS_INIT;

    ops.write = take_sent;
    sent_len = 0;
    OK(plait_conn_attach(reactor, factory, &ops, NULL, &conn));
    OK(plait_reactor_poll(reactor, 0));
    return conn;
}

/* A box from "key=value key=value", appended to out; returns its length. */
static inline size_t box_of(const char *text, uint8_t *out) {
    size_t at = 0;

    while (*text) {
        size_t key = strcspn(text, "="), value;
        const char *start = text + key + 1;

        value = strcspn(start, " ");
        out[at++] = 0;
        out[at++] = (uint8_t)key;
        memcpy(out + at, text, key);
        at += key;
        out[at++] = (uint8_t)(value >> 8);
        out[at++] = (uint8_t)value;
        memcpy(out + at, start, value);
        at += value;
        text = start + value;
        if (*text == ' ') text++;
    }
    out[at++] = 0;
    out[at++] = 0;
    return at;
}

static inline void amp_feed(plait_conn conn, const char *text) {
    uint8_t box[4096];

    OK(plait_conn_feed(conn, box, box_of(text, box)));
}

/* Boxes as text; spaces in values are shown as underscores. */
static inline const char *boxes_text(const uint8_t *data, size_t len) {
    static char text[1 << 16];
    uint32_t table[4096];
    size_t rows = 0, used = 0, row, at = 0;

    OK(plait_amp_box_read(data, len, table, 1024, &rows, &used));
    SAME(used, len);
    text[0] = 0;
    for (row = 0; row < rows; row++) {
        uint32_t *field = table + 4 * row;
        if (field[1] == 0) {
            at += (size_t)snprintf(text + at, sizeof text - at, "/ ");
        } else {
            at += (size_t)snprintf(text + at, sizeof text - at, "%.*s=%.*s ", (int)field[1], data + field[0],
                                   (int)field[3], data + field[2]);
        }
    }
    for (at = 0; text[at]; at++) {
    }
    if (at > 0) text[at - 1] = 0;
    return text;
}

/* The conn has sent these boxes since the last time, and nothing else. */
#define SENT(wanted)                                                                                                   \
    do {                                                                                                               \
        const char *text_ = boxes_text(sent, sent_len);                                                                \
        if (strcmp(text_, wanted)) DIE("sent:\n  %s\nwanted:\n  %s", text_, wanted);                                   \
        sent_len = 0;                                                                                                  \
    } while (0)

static inline plait_amp_command command_of(const char *signature) {
    plait_amp_command command = {0};
    plait_reason reason = PLAIT_REASON_INIT;
    int status = plait_amp_command_parse(&command, no_command, signature, &reason);

    if (status != 0) DIE("%s: %d at %d: %s", signature, status, (int)reason.offset, reason.text);
    return command;
}

#endif
