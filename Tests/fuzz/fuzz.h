/* What the fuzzers share: input taken a number at a time, a reactor without a loop, and a journal of what was
 * delivered. */
#ifndef FUZZ_H
#define FUZZ_H

#include <plait/plait.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MUST(condition)                                                                                                \
    do {                                                                                                               \
        if (!(condition)) {                                                                                            \
            fprintf(stderr, "%s:%d: not so: %s\n", __FILE__, __LINE__, #condition);                                    \
            abort();                                                                                                   \
        }                                                                                                              \
    } while (0)

/* The input: what decides is taken from its front, so that the rest reads as what a peer sends. */
struct input {
    const uint8_t *data;
    size_t len;
};
static inline unsigned take(struct input *input) {
    if (!input->len) return 0;
    input->len--;
    return *input->data++;
}
static inline struct input take_bytes(struct input *input, size_t most) {
    struct input part = {input->data, input->len < most ? input->len : most};
    input->data += part.len;
    input->len -= part.len;
    return part;
}

/* All that a conn's callbacks were given, one after another; runs of the same bytes must write the same journal. */
struct journal {
    uint8_t *data;
    size_t len, cap;
    int ended; /* disconnected came */
};
static inline void write_down(struct journal *journal, char kind, const uint8_t *data, size_t len) {
    uint32_t size = (uint32_t)len;
    if (journal->len + len + 5 > journal->cap) {
        journal->cap = 2 * (journal->len + len + 5);
        journal->data = realloc(journal->data, journal->cap);
    }
    journal->data[journal->len++] = (uint8_t)kind;
    memcpy(journal->data + journal->len, &size, 4);
    if (len) memcpy(journal->data + journal->len + 4, data, len);
    journal->len += 4 + len;
}

static inline plait_reactor new_reactor(uint32_t flags) {
    plait_reactor_options options = PLAIT_REACTOR_OPTIONS_INIT;
    plait_reactor reactor = {0};
    options.flags = flags;
    MUST(plait_reactor_new(&reactor, &options) == 0);
    return reactor;
}

/* Feeds a copy that ends where the bytes end and is gone afterwards, so that reading beyond or later is seen. */
static inline int feed(plait_conn conn, const uint8_t *data, size_t len) {
    uint8_t *copy = malloc(len ? len : 1);
    if (len) memcpy(copy, data, len);
    int status = plait_conn_feed(conn, copy, len);
    free(copy);
    return status;
}

#endif
