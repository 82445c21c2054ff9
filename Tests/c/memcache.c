/* memcached's client at the border: what goes over the wire, and each way in which a call ends. */
#include "harness.h"

static plait_reactor reactor;
static plait_factory factory;
static plait_conn conn;
static char sent[1 << 16];
static size_t sent_len, told;

static size_t take_sent(void *user, plait_conn where, const uint8_t *data, size_t len) {
    (void)user;
    (void)where;
    CHECK(sent_len + len < sizeof sent);
    memcpy(sent + sent_len, data, len);
    sent_len += len;
    return len;
}
/* The conn has sent these bytes since the last time, and nothing else. */
#define SENT(wanted)                                                                                                   \
    do {                                                                                                               \
        OK(plait_reactor_poll(reactor, 0));                                                                            \
        sent[sent_len] = 0;                                                                                            \
        if (strcmp(sent, wanted)) DIE("sent:\n  %s\nwanted:\n  %s", sent, wanted);                                     \
        sent_len = 0;                                                                                                  \
    } while (0)
#define FEED(text) OK(plait_conn_feed(conn, (const uint8_t *)(text), strlen(text)))
#define BYTES(text) ((const uint8_t *)(text)), strlen(text)

static void note_answers(const char *who, const plait_memcache_answer *answers, size_t count) {
    size_t i;

    told++;
    for (i = 0; i < count; i++) {
        const plait_memcache_answer *answer = &answers[i];
        if (answer->status < 0 && answer->result == 0) {
            CHECK(answer->value.len > 0);
            note("%s%s %s", who, (const char *)answer->user, plait_err_name(answer->status));
            continue;
        }
        note("%s%s %d %.*s=%.*s%s%.*s %u %llu", who, (const char *)answer->user, (int)answer->result,
             (int)answer->key.len, (const char *)answer->key.data, (int)answer->value.len,
             (const char *)answer->value.data, answer->meta.len ? ";" : "", (int)answer->meta.len,
             (const char *)answer->meta.data, answer->flags, (unsigned long long)answer->number);
    }
}
static void on_answers(void *user, plait_conn where, const plait_memcache_answer *answers, size_t count) {
    CHECK(user == (void *)&factory);
    SAME(where.id, conn.id);
    note_answers("", answers, count);
}
static void on_answer(void *user, plait_conn where, const plait_memcache_answer *answers, size_t count) {
    CHECK(user == answers->user);
    SAME(where.id, conn.id);
    note_answers("f", answers, count);
}

static void open_conn(plait_memcache_options *options, int block) {
    plait_memcache_handler handler = PLAIT_MEMCACHE_HANDLER_INIT;
    plait_transport_ops ops = PLAIT_TRANSPORT_OPS_INIT;

    ops.write = take_sent;
    handler.connected = note_connected;
    handler.disconnected = note_disconnected;
    handler.release = note_release;
    if (block) handler.answers = on_answers;
    OK(plait_memcache_factory_new(&factory, options, &handler, &factory));
    OK(plait_conn_attach(reactor, factory, &ops, NULL, &conn));
    OK(plait_factory_release(factory));
    OK(plait_reactor_poll(reactor, 0));
    HEARD("connected|");
}

static void ask(uint32_t command, const char *key, const char *name, plait_memcache_answer_fn done, plait_call *call) {
    plait_memcache_request request = PLAIT_MEMCACHE_REQUEST_INIT;
    plait_bytes bytes;

    bytes.data = (const uint8_t *)key;
    bytes.len = key ? strlen(key) : 0;
    request.command = command;
    if (key) {
        request.keys = &bytes;
        request.count = 1;
    }
    OK(plait_memcache_call(conn, &request, done, (void *)name, call));
}

static void conversation(void) {
    plait_memcache_request request = PLAIT_MEMCACHE_REQUEST_INIT;
    plait_bytes keys[3] = {{(const uint8_t *)"a", 1}, {(const uint8_t *)"b", 1}, {(const uint8_t *)"c", 1}};
    plait_bytes token;
    size_t calls = 0, late = 9;

    open_conn(NULL, 1);
    OK(plait_memcache_get(conn, BYTES("key"), NULL, "g", NULL));
    OK(plait_memcache_set(conn, BYTES("key"), BYTES("va\r\nlue"), 7, 60, NULL, "s", NULL));
    request.command = PLAIT_MEMCACHE_GETS;
    request.keys = keys;
    request.count = 3;
    OK(plait_memcache_call(conn, &request, NULL, "m", NULL));
    OK(plait_memcache_get_pending(conn, &calls, &late));
    SAME(calls, 3);
    SAME(late, 0);
    SENT("get key\r\nset key 7 60 7\r\nva\r\nlue\r\ngets a b c\r\n");
    FEED("VALUE key 5 2\r\nhi\r\nEND\r\nSTORED\r\nVALUE a 0 1 9\r\n1\r\nVALUE c 0 1 8\r\n3\r\nEND\r\n");
    HEARD("g 1 key=hi 5 0|s 6 = 0 0|m 3 a=1 0 9|m 3 c=3 0 8|m 5 = 0 0|");
    SAME(told, 1); /* all in one call */

    /* the same by functions, one by one */
    OK(plait_memcache_get(conn, BYTES("key"), on_answer, "g", NULL));
    OK(plait_memcache_call(conn, &request, on_answer, "m", NULL));
    ask(PLAIT_MEMCACHE_STATS, NULL, "t", on_answer, NULL);
    FEED("END\r\nVALUE a 0 1 9\r\n1\r\nEND\r\nSTAT pid 5\r\nEND\r\n");
    HEARD("fg 2 = 0 0|fm 3 a=1 0 9|fm 5 = 0 0|ft 4 pid=5 0 0|ft 5 = 0 0|");
    SAME(told, 4);
    sent_len = 0;

    /* several keys as one text */
    OK(plait_memcache_get_many(conn, BYTES("a b c"), NULL, "m", NULL));
    OK(plait_memcache_get_many(conn, BYTES("a"), on_answer, "o", NULL));
    SENT("get a b c\r\nget a\r\n");
    FEED("VALUE b 3 1\r\n2\r\nEND\r\nVALUE a 0 1\r\n1\r\nEND\r\n");
    HEARD("m 3 b=2 3 0|m 5 = 0 0|fo 1 a=1 0 0|");

    /* meta commands */
    request = (plait_memcache_request)PLAIT_MEMCACHE_REQUEST_INIT;
    request.command = PLAIT_MEMCACHE_META_GET;
    request.keys = keys;
    request.count = 1;
    request.meta.data = (const uint8_t *)"v t";
    request.meta.len = 3;
    OK(plait_memcache_call(conn, &request, on_answer, "mg", NULL));
    SENT("mg a v t\r\n");
    FEED("VA 2 t-1 c77\r\nhi\r\n");
    HEARD("fmg 1 =hi;t-1 c77 0 0|");
    OK(plait_memcache_parse_flag(BYTES("t-1 c77 W"), 'c', &token));
    CHECK(token.len == 2 && !memcmp(token.data, "77", 2));
    OK(plait_memcache_parse_flag(BYTES("t-1 c77 W"), 'W', &token));
    SAME(token.len, 0);
    OK(plait_memcache_parse_flag(BYTES("W"), 'W', NULL));
    STATUS(plait_memcache_parse_flag(BYTES("t-1 c77"), '1', NULL), PLAIT_ERR_ABSENT);
    STATUS(plait_memcache_parse_flag(NULL, 0, 'c', &token), PLAIT_ERR_ABSENT);
    STATUS(plait_memcache_parse_flag(BYTES("c"), ' ', &token), PLAIT_ERR_INVALID);

    /* errors of the server's */
    ask(PLAIT_MEMCACHE_DELETE, "k", "a", on_answer, NULL);
    ask(PLAIT_MEMCACHE_VERSION, NULL, "b", on_answer, NULL);
    ask(PLAIT_MEMCACHE_FLUSH_ALL, NULL, "c", on_answer, NULL);
    FEED("SERVER_ERROR out of memory\r\nERROR\r\nCLIENT_ERROR no\r\n");
    /* ERROR has no result of its own: it is told by its status */
    HEARD("fa 16 =out of memory 0 0|fb PLAIT_ERR_UNHANDLED|fc 15 =no 0 0|");
}

static void refusals(void) {
    plait_memcache_request request = PLAIT_MEMCACHE_REQUEST_INIT;
    plait_bytes keys[2] = {{(const uint8_t *)"a", 1}, {NULL, 1}};
    plait_call call = {77};
    char key[252];

    memset(key, 'k', sizeof key);
    sent_len = 0;
    STATUS(plait_memcache_get(conn, BYTES("a b"), on_answer, "x", &call), PLAIT_ERR_INVALID);
    STATUS(plait_memcache_get(conn, BYTES(""), on_answer, "x", &call), PLAIT_ERR_INVALID);
    STATUS(plait_memcache_get(conn, NULL, 1, on_answer, "x", &call), PLAIT_ERR_INVALID);
    STATUS(plait_memcache_get(conn, (const uint8_t *)key, 251, on_answer, "x", &call), PLAIT_ERR_TOO_LONG);
    STATUS(plait_memcache_get_many(conn, BYTES("a  b"), on_answer, "x", &call), PLAIT_ERR_INVALID);
    STATUS(plait_memcache_get_many(conn, BYTES("a b "), on_answer, "x", &call), PLAIT_ERR_INVALID);
    STATUS(plait_memcache_get_many(conn, BYTES("a\nb c"), on_answer, "x", &call), PLAIT_ERR_INVALID);
    STATUS(plait_memcache_get_many(conn, (const uint8_t *)key, 251, on_answer, "x", &call), PLAIT_ERR_TOO_LONG);
    STATUS(plait_memcache_set(conn, BYTES("a\r\nflush_all"), BYTES("v"), 0, 0, NULL, "x", &call), PLAIT_ERR_INVALID);
    STATUS(plait_memcache_call(conn, &request, on_answer, "x", &call), PLAIT_ERR_INVALID);
    request.command = 24;
    STATUS(plait_memcache_call(conn, &request, on_answer, "x", &call), PLAIT_ERR_INVALID);
    request.command = PLAIT_MEMCACHE_GET;
    request.keys = keys;
    request.count = 2;
    STATUS(plait_memcache_call(conn, &request, on_answer, "x", &call), PLAIT_ERR_INVALID);
    request.count = 1;
    request.flags = PLAIT_MEMCACHE_NOREPLY;
    STATUS(plait_memcache_call(conn, &request, on_answer, "x", &call), PLAIT_ERR_INVALID);
    SAME(call.id, 77);
    SENT("");

    request.command = PLAIT_MEMCACHE_DELETE;
    OK(plait_memcache_call(conn, &request, on_answer, "x", &call)); /* nobody hears of it */
    SAME(call.id, 77);
    SENT("delete a noreply\r\n");
    OK(plait_conn_close(conn));
    STATUS(plait_memcache_get(conn, BYTES("a"), on_answer, "x", &call), PLAIT_ERR_CLOSED);
    OK(plait_reactor_poll(reactor, 0));
    STATUS(plait_memcache_get(conn, BYTES("a"), on_answer, "x", &call), PLAIT_ERR_STALE);
    HEARD("disconnected 0|release|");
}

static void endings(void) {
    plait_memcache_options options = PLAIT_MEMCACHE_OPTIONS_INIT;
    plait_call first = {0}, second = {0};
    size_t calls, late;

    options.call_ms = 1000;
    options.prefix.data = (const uint8_t *)"p:";
    options.prefix.len = 2;
    open_conn(&options, 1);
    OK(plait_memcache_get(conn, BYTES("a"), on_answer, "1", &first));
    OK(plait_memcache_get(conn, BYTES("b"), NULL, "2", &second));
    OK(plait_memcache_get(conn, BYTES("c"), NULL, "3", NULL));
    OK(plait_call_cancel(first));
    OK(plait_call_cancel(second));
    HEARD("");
    SENT("get p:a\r\nget p:b\r\nget p:c\r\n");
    HEARD("f1 PLAIT_ERR_CANCELLED|2 PLAIT_ERR_CANCELLED|");
    STATUS(plait_call_cancel(first), PLAIT_ERR_STALE);
    OK(plait_memcache_get_pending(conn, &calls, &late));
    SAME(calls, 1);
    SAME(late, 2);
    OK(plait_reactor_advance(reactor, 999));
    HEARD("");
    OK(plait_reactor_advance(reactor, 1));
    HEARD("3 PLAIT_ERR_TIMEOUT|");
    FEED("VALUE p:a 0 1\r\na\r\nEND\r\nEND\r\nEND\r\n");
    HEARD("");
    /* the handle of an answered call is stale inside its callback, too */
    OK(plait_memcache_get(conn, BYTES("a"), on_answer, "4", &first));
    FEED("VALUE p:a 0 1\r\nx\r\nEND\r\n");
    HEARD("f4 1 a=x 0 0|");
    STATUS(plait_call_cancel(first), PLAIT_ERR_STALE);
    OK(plait_memcache_get(conn, BYTES("a"), on_answer, "5", &first));
    OK(plait_memcache_get(conn, BYTES("a"), NULL, "6", NULL));
    OK(plait_conn_abort(conn));
    OK(plait_reactor_poll(reactor, 0));
    HEARD("f5 PLAIT_ERR_ABORTED|6 PLAIT_ERR_ABORTED|disconnected PLAIT_ERR_ABORTED|release|");
    STATUS(plait_call_cancel(first), PLAIT_ERR_STALE);

    /* an answer that does not fit */
    open_conn(NULL, 0);
    OK(plait_memcache_get(conn, BYTES("a"), on_answer, "7", NULL));
    OK(plait_memcache_get(conn, BYTES("a"), NULL, "nobody hears", NULL));
    FEED("VALUE b 0 1\r\nx\r\nEND\r\n");
    HEARD("f7 PLAIT_ERR_PROTOCOL|disconnected PLAIT_ERR_PROTOCOL|release|");

    /* who one is */
    options = (plait_memcache_options)PLAIT_MEMCACHE_OPTIONS_INIT;
    options.username = "user";
    STATUS(plait_memcache_factory_new(&factory, &options, NULL, NULL), PLAIT_ERR_INVALID);
    options.password = "p w";
    STATUS(plait_memcache_factory_new(&factory, &options, NULL, NULL), PLAIT_ERR_INVALID);
    options.password = "pw";
    sent_len = 0;
    open_conn(&options, 0);
    OK(plait_memcache_get(conn, BYTES("a"), on_answer, "8", NULL));
    SENT("set auth 0 0 7\r\nuser pw\r\nget a\r\n");
    FEED("CLIENT_ERROR authentication failure\r\n");
    HEARD("f8 PLAIT_ERR_REFUSED|disconnected PLAIT_ERR_REFUSED|release|");

    /* the reactor's end */
    open_conn(NULL, 1);
    OK(plait_memcache_get(conn, BYTES("a"), on_answer, "9", &first));
    OK(plait_memcache_get(conn, BYTES("a"), on_answer, "10", &second));
    OK(plait_call_cancel(second));
    OK(plait_reactor_free(reactor));
    CHECK(strstr(journal, "f9 PLAIT_ERR_ABORTED|") && strstr(journal, "f10 PLAIT_ERR_CANCELLED|"));
    CHECK(strstr(journal, "disconnected PLAIT_ERR_ABORTED|release|"));
}

int main(void) {
    reactor = new_reactor(PLAIT_REACTOR_WITHOUT_LOOP);
    conversation();
    refusals();
    endings();
    PASSED();
}
