/* The body of a framer's fuzzer: the same stream at once and in pieces, one by one and in blocks, must come to the
 * same. Who includes this has `make_factory`, which takes what it needs from the input's front. */
#ifndef FRAMER_H
#define FRAMER_H

#include "fuzz.h"

/* How the host behaves; the same in every run of one input. */
struct host {
    struct journal journal, sent;
    unsigned turn, pause_each, partial; /* pauses at every so manieth message; takes a part of each block */
    unsigned paused;
};

static void heard(struct host *host, plait_conn conn, const uint8_t *data, size_t len) {
    write_down(&host->journal, 'm', data, len);
    MUST(!host->journal.ended && !host->paused);
    if (host->pause_each && ++host->turn % host->pause_each == 0) host->paused = plait_conn_pause(conn) == 0;
}
/* What cannot be sent, because it fits no prefix or the conn is closing, cannot be in any run. */
static void on_message(void *user, plait_conn conn, const uint8_t *data, size_t len) {
    heard(user, conn, data, len);
    SEND(conn, data, len);
}
static size_t on_block(void *user, plait_conn conn, const uint8_t *data, size_t len, const uint32_t *table,
                       size_t count) {
    struct host *host = user;
    size_t most = host->partial && count > host->partial ? host->partial : count;
    MUST(count > 0 && count <= PLAIT_BLOCK_MAX);
    for (size_t i = 0; i < most; i++) {
        MUST((size_t)table[2 * i] + table[2 * i + 1] <= len);
        heard(host, conn, data + table[2 * i], table[2 * i + 1]);
        if (host->paused) most = i + 1;
    }
    /* In two runs, of which the second begins behind a message. */
    SEND_MANY(conn, data, len, table, most / 3);
    SEND_MANY(conn, data, len, table + most / 3 * 2, most - most / 3);
    return most;
}
static void on_end(void *user, plait_conn conn, const plait_reason *reason) {
    struct host *host = user;
    (void)conn;
    MUST(!host->journal.ended);
    host->journal.ended = 1;
    write_down(&host->journal, 'e', (const uint8_t *)&reason->status, sizeof reason->status);
}
static size_t on_write(void *user, plait_conn conn, const uint8_t *data, size_t len) {
    struct journal *sent = &((struct host *)user)->sent;
    (void)conn;
    if (sent->len + len > sent->cap) {
        sent->cap = 2 * (sent->len + len);
        sent->data = realloc(sent->data, sent->cap);
    }
    memcpy(sent->data + sent->len, data, len);
    sent->len += len;
    return len;
}

static plait_factory make_factory(struct input *input, int block, struct host *host);

/* One run: `cuts` says how long the pieces are, none: all at once. */
static struct journal run(struct input head, struct input stream, struct input cuts, int block, unsigned pause_each,
                          unsigned partial) {
    struct host host = {{NULL, 0, 0, 0}, {NULL, 0, 0, 0}, 0, pause_each, partial, 0};
    plait_transport_ops ops = PLAIT_TRANSPORT_OPS_INIT;
    plait_reactor reactor = new_reactor(PLAIT_REACTOR_WITHOUT_LOOP);
    plait_factory factory = make_factory(&head, block, &host);
    plait_conn conn = {0};

    ops.write = on_write;
    MUST(plait_conn_attach(reactor, factory, &ops, &host, &conn) == 0);
    for (size_t turn = 0; stream.len; turn++) {
        size_t size = cuts.len ? 1u + cuts.data[turn % cuts.len] : stream.len;
        struct input piece = take_bytes(&stream, size);
        feed(conn, piece.data, piece.len);
        while (host.paused && !host.journal.ended) {
            host.paused = 0;
            plait_conn_resume(conn);
            plait_reactor_poll(reactor, 0);
        }
    }
    plait_conn_eof(conn, 0);
    MUST(plait_reactor_free(reactor) == 0 && plait_factory_release(factory) == 0);
    MUST(host.journal.ended);
    write_down(&host.journal, 's', host.sent.data, host.sent.len);
    free(host.sent.data);
    return host.journal;
}

static void same(struct journal *a, struct journal b) {
    MUST(a->len == b.len && !memcmp(a->data, b.data, a->len));
    free(b.data);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len) {
    struct input input = {data, len};
    struct input head = take_bytes(&input, 8), cuts = take_bytes(&input, 4), whole = {NULL, 0};
    unsigned pause_each = take(&input) % 8, partial = take(&input) % 5;
    struct journal first = run(head, input, whole, 0, 0, 0);

    same(&first, run(head, input, cuts, 0, pause_each, 0));
    same(&first, run(head, input, whole, 1, 0, partial));
    same(&first, run(head, input, cuts, 1, pause_each, partial));
    free(first.data);
    return 0;
}

#endif
