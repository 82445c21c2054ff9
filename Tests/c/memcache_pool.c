/* A pool at the border: calls go where their keys belong, end when their server does, and end before the pool. */
#include "harness.h"

static plait_reactor reactor;
static plait_conn pool, servers[2];
static int opened, ended, ups, downs;

/* A server that finds nothing, but for what is asked with "slow" in it: that is never answered. */
static void answer(void *user, plait_conn conn, const uint8_t *line, size_t len) {
    int number = (int)(intptr_t)user;

    servers[number] = conn;
    if (len > 4 && !memcmp(line, "get ", 4) && !memmem(line, len, "slow", 4))
        plait_line_send(conn, (const uint8_t *)"END", 3);
    if (len == 9 && !memcmp(line, "flush_all", 9)) plait_line_send(conn, (const uint8_t *)"OK", 2);
}
static plait_listener serve(int number) {
    plait_line_handler handler = PLAIT_LINE_HANDLER_INIT;
    plait_factory factory = {0};
    plait_listener listener = {0};

    handler.line = answer;
    OK(plait_line_factory_new(&factory, NULL, &handler, (void *)(intptr_t)number));
    OK(plait_listen(reactor, number ? "memory:one" : "memory:zero", factory, NULL, &listener));
    OK(plait_factory_release(factory));
    return listener;
}

static void connected(void *user, plait_conn conn) {
    (void)user;
    SAME(conn.id, pool.id);
    opened++;
}
static void disconnected(void *user, plait_conn conn, const plait_reason *reason) {
    (void)user;
    SAME(conn.id, pool.id);
    CHECK(reason->text);
    ended++;
    note("ended");
}
static void on_server(void *user, plait_conn conn, uint32_t index, int up, const plait_reason *reason) {
    CHECK(user == (void *)&pool && conn.id == pool.id && index < 2 && reason->text);
    if (up)
        ups++;
    else
        downs++;
}
static void on_answers(void *user, plait_conn conn, const plait_memcache_answer *answers, size_t count) {
    size_t i;

    SAME(conn.id, pool.id);
    for (i = 0; i < count; i++) note("%s %d %d", (const char *)user, (int)answers[i].result, answers[i].status);
}

static const char *key_of(uint32_t wanted, const char *word) {
    static char keys[8][32];
    static int next;
    char *key = keys[next++ % 8];
    uint32_t index;
    int i;

    for (i = 0; i < 1000; i++) {
        snprintf(key, 32, "%s%d", word, i);
        OK(plait_memcache_pool_get_server(pool, (const uint8_t *)key, strlen(key), &index));
        if (index == wanted) return key;
    }
    DIE("no key belongs to %u", wanted);
    return NULL;
}
static void get(const char *key, const char *name, plait_call *call) {
    OK(plait_memcache_get(pool, (const uint8_t *)key, strlen(key), on_answers, (void *)name, call));
}

int main(void) {
    plait_memcache_handler handler = PLAIT_MEMCACHE_HANDLER_INIT;
    plait_memcache_pool_options options = PLAIT_MEMCACHE_POOL_OPTIONS_INIT;
    char both[600];
    plait_memcache_server places[2] = {PLAIT_MEMCACHE_SERVER_INIT, PLAIT_MEMCACHE_SERVER_INIT};
    plait_memcache_request request = PLAIT_MEMCACHE_REQUEST_INIT;
    plait_bytes keys[2];
    plait_factory factory = {0};
    plait_listener zero, one;
    plait_conn alone = {0};
    plait_call call = {0};

    reactor = new_reactor(PLAIT_REACTOR_MANUAL_CLOCK);
    zero = serve(0);
    one = serve(1);
    handler.connected = connected;
    handler.disconnected = disconnected;
    OK(plait_memcache_factory_new(&factory, NULL, &handler, NULL));
    places[0].endpoint = "memory:zero";
    places[1].endpoint = "memory:one";
    options.server = on_server;
    options.user = &pool;
    options.initial_ms = 100;
    places[1].name = "";
    STATUS(plait_memcache_pool_open(reactor, factory, places, 2, &options, &pool), PLAIT_ERR_INVALID);
    places[1].name = NULL;
    places[1].endpoint = "nonsense";
    STATUS(plait_memcache_pool_open(reactor, factory, places, 2, &options, &pool), PLAIT_ERR_ENDPOINT);
    places[1].endpoint = "memory:one";
    STATUS(plait_memcache_pool_open(reactor, factory, places, 0, &options, &pool), PLAIT_ERR_INVALID);
    SAME(pool.id, 0);
    OK(plait_memcache_pool_open(reactor, factory, places, 2, &options, &pool));
    OK(plait_factory_release(factory));
    STATUS(plait_memcache_pool_get_conn(pool, 0, &alone), PLAIT_ERR_CLOSED);
    STATUS(plait_conn_feed(pool, (const uint8_t *)"x", 1), PLAIT_ERR_UNSUPPORTED);
    UNTIL(reactor, opened);
    SAME(ups, 2);
    OK(plait_memcache_pool_get_conn(pool, 1, &alone));
    STATUS(plait_memcache_pool_get_conn(pool, 2, &alone), PLAIT_ERR_INVALID);

    get(key_of(0, "k"), "a", NULL);
    get(key_of(1, "k"), "b", NULL);
    HEARD("");
    UNTIL(reactor, strstr(journal, "a ") && strstr(journal, "b "));
    journal[0] = 0;
    keys[0].data = (const uint8_t *)key_of(0, "k");
    keys[1].data = (const uint8_t *)key_of(1, "k");
    keys[0].len = strlen((const char *)keys[0].data);
    keys[1].len = strlen((const char *)keys[1].data);
    request.command = PLAIT_MEMCACHE_GET;
    request.keys = keys;
    request.count = 2;
    OK(plait_memcache_call(pool, &request, on_answers, "m", &call));
    UNTIL(reactor, strstr(journal, "m "));
    HEARD("m 5 0|");
    STATUS(plait_call_cancel(call), PLAIT_ERR_STALE);
    snprintf(both, sizeof both, "%.*s %.*s", (int)keys[0].len, (const char *)keys[0].data, (int)keys[1].len,
             (const char *)keys[1].data);
    OK(plait_memcache_get_many(pool, (const uint8_t *)both, strlen(both), on_answers, "b", NULL));
    UNTIL(reactor, strstr(journal, "b "));
    HEARD("b 5 0|");
    request = (plait_memcache_request)PLAIT_MEMCACHE_REQUEST_INIT;
    request.command = PLAIT_MEMCACHE_FLUSH_ALL;
    OK(plait_memcache_call(pool, &request, on_answers, "f", NULL));
    UNTIL(reactor, strstr(journal, "f "));
    HEARD("f 14 0|");
    request.command = PLAIT_MEMCACHE_VERSION;
    STATUS(plait_memcache_call(pool, &request, on_answers, "v", NULL), PLAIT_ERR_INVALID);
    OK(plait_memcache_call(alone, &request, on_answers, "v", &call));
    OK(plait_call_cancel(call));
    UNTIL(reactor, strstr(journal, "v "));
    HEARD("v 0 -33|");

    /* a server that goes, and comes back */
    get(key_of(0, "slow"), "s", &call);
    get(key_of(1, "slow"), "t", NULL);
    UNTIL(reactor, servers[1].id);
    OK(plait_reactor_poll(reactor, 0));
    OK(plait_listener_close(one));
    OK(plait_conn_abort(servers[1]));
    UNTIL(reactor, downs == 1);
    CHECK(strstr(journal, "t 0 -"));
    journal[0] = 0;
    get(key_of(1, "k"), "u", NULL);
    UNTIL(reactor, strstr(journal, "u "));
    HEARD("u 0 -30|");
    one = serve(1);
    OK(plait_reactor_advance(reactor, 1000));
    UNTIL(reactor, ups == 3);
    get(key_of(1, "k"), "w", NULL);
    UNTIL(reactor, strstr(journal, "w "));
    HEARD("w 2 0|");

    /* what waits ends before the pool does */
    get(key_of(1, "slow"), "x", NULL);
    OK(plait_conn_close(pool));
    STATUS(plait_memcache_get(pool, (const uint8_t *)"k", 1, on_answers, "y", NULL), PLAIT_ERR_CLOSED);
    UNTIL(reactor, ended);
    HEARD("s 0 -30|x 0 -30|ended|");
    STATUS(plait_call_cancel(call), PLAIT_ERR_STALE);
    OK(plait_listener_close(zero));
    OK(plait_listener_close(one));
    OK(plait_reactor_free(reactor));
    PASSED();
}
