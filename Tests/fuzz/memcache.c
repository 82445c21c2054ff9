/* Answers of memcached's: fed at once and in pieces, the same must come of them; every call ends once; what no server
 * says ends the conversation. */
#include "fuzz.h"

enum { MOST = 64 };

struct host {
    struct journal journal;
    int begun, ended[MOST], open;
};

static void on_answers(void *user, plait_conn conn, const plait_memcache_answer *answers, size_t count) {
    struct host *host = user;
    (void)conn;
    for (size_t i = 0; i < count; i++) {
        const plait_memcache_answer *answer = &answers[i];
        size_t which = (size_t)answer->user - 1;
        uint32_t numbers[4] = {(uint32_t)answer->status, answer->result, answer->flags, answer->index};
        MUST(which < MOST && !host->ended[which]);
        if (answer->result != PLAIT_MEMCACHE_VALUE && answer->result != PLAIT_MEMCACHE_STAT) host->ended[which] = 1;
        write_down(&host->journal, 'a', (const uint8_t *)&which, sizeof which);
        write_down(&host->journal, 'n', (const uint8_t *)numbers, sizeof numbers);
        write_down(&host->journal, 'u', (const uint8_t *)&answer->number, sizeof answer->number);
        write_down(&host->journal, 'k', answer->key.data, answer->key.len);
        write_down(&host->journal, 'v', answer->value.data, answer->value.len);
        write_down(&host->journal, 'm', answer->meta.data, answer->meta.len);
    }
}
/* The user of a conn is its host; that of a call a number. */
static struct host *current;
static void on_answer(void *user, plait_conn conn, const plait_memcache_answer *answers, size_t count) {
    MUST(user == answers->user);
    on_answers(current, conn, answers, count);
}
static void disconnected(void *user, plait_conn conn, const plait_reason *reason) {
    struct host *host = user;
    (void)conn;
    host->open = 0;
    write_down(&host->journal, 'e', (const uint8_t *)&reason->status, sizeof reason->status);
}
static size_t swallow(void *user, plait_conn conn, const uint8_t *bytes, size_t len) {
    (void)user;
    (void)conn;
    (void)bytes;
    return len;
}

static void ask(struct host *host, plait_conn conn, unsigned what) {
    static const char *const names[] = {"a", "bb", "ccc"}, *const flags[] = {"", "v", "v q", "q", "q Ox"};
    plait_memcache_request request = PLAIT_MEMCACHE_REQUEST_INIT;
    plait_bytes keys[3];
    plait_memcache_answer_fn done = what & 128 ? on_answer : NULL;
    int status;

    for (int i = 0; i < 3; i++) keys[i] = (plait_bytes){(const uint8_t *)names[i], strlen(names[i])};
    request.command = 1 + what % 23;
    request.keys = keys;
    request.count = 1;
    if (request.command <= PLAIT_MEMCACHE_GATS) request.count = 1 + (what >> 5) % 3;
    if ((request.command >= PLAIT_MEMCACHE_STATS && request.command <= PLAIT_MEMCACHE_FLUSH_ALL) ||
        request.command == PLAIT_MEMCACHE_META_NOOP)
        request.count = 0;
    if (request.command >= PLAIT_MEMCACHE_META_GET && request.command != PLAIT_MEMCACHE_META_NOOP) {
        request.meta.data = (const uint8_t *)flags[(what >> 5) % 3 + (what >> 6) % 3];
        request.meta.len = strlen((const char *)request.meta.data);
    }
    if (host->begun >= MOST) return;
    if (request.command == PLAIT_MEMCACHE_GET && what & 64) /* the same keys as one text */
        status = plait_memcache_get_many(conn, (const uint8_t *)"a bb ccc", request.count * (request.count + 3) / 2 - 1,
                                         done, (void *)(size_t)(host->begun + 1), NULL);
    else
        status = plait_memcache_call(conn, &request, done, (void *)(size_t)(host->begun + 1), NULL);
    MUST(status == 0);
    host->begun++;
}

static void run(struct input asked, struct input input, size_t step, struct host *host) {
    plait_reactor reactor = new_reactor(PLAIT_REACTOR_WITHOUT_LOOP);
    plait_factory factory = {0};
    plait_conn conn = {0};
    plait_memcache_handler handler = PLAIT_MEMCACHE_HANDLER_INIT;
    plait_memcache_options options = PLAIT_MEMCACHE_OPTIONS_INIT;
    plait_transport_ops ops = PLAIT_TRANSPORT_OPS_INIT;

    current = host;
    handler.answers = on_answers;
    handler.disconnected = disconnected;
    options.max_value = 1000;
    ops.write = swallow;
    MUST(plait_memcache_factory_new(&factory, &options, &handler, host) == 0);
    MUST(plait_conn_attach(reactor, factory, &ops, NULL, &conn) == 0);
    host->open = 1;
    MUST(plait_reactor_poll(reactor, 0) == 0);
    while (asked.len) ask(host, conn, take(&asked));
    while (input.len) {
        struct input part = take_bytes(&input, step);
        int status = feed(conn, part.data, part.len);
        MUST(status == 0 || status == PLAIT_ERR_STALE);
    }
    MUST(plait_reactor_free(reactor) == 0);
    MUST(!host->open);
    for (int i = 0; i < host->begun; i++) MUST(host->ended[i]);
    plait_factory_release(factory);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len) {
    struct input input = {bytes, len}, asked;
    static struct host whole, cut;
    size_t step = 1 + take(&input) % 8;

    memset(&whole, 0, sizeof whole);
    memset(&cut, 0, sizeof cut);
    asked = take_bytes(&input, 1 + take(&input) % MOST);
    run(asked, input, input.len ? input.len : 1, &whole);
    run(asked, input, step, &cut);
    MUST(whole.journal.len == cut.journal.len);
    MUST(!memcmp(whole.journal.data, cut.journal.data, cut.journal.len));
    free(whole.journal.data);
    free(cut.journal.data);
    return 0;
}
