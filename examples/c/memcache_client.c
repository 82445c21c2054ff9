/* Stores a value in memcached and gets it back, together with what else there is:
 *     memcache_client ENDPOINT KEY VALUE [KEY...] */
#include <plait/plait.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MOST = 16 };

struct client {
    plait_reactor reactor;
    plait_bytes value, keys[MOST];
    size_t count;
    int failed;
};

static void fail(struct client *client, const plait_memcache_answer *answer) {
    fprintf(stderr, "memcache_client: %.*s\n", (int)answer->value.len, (const char *)answer->value.data);
    client->failed = 1;
}

static void on_stored(void *user, plait_conn conn, const plait_memcache_answer *answer, size_t count) {
    (void)conn;
    (void)count;
    if (answer->result != PLAIT_MEMCACHE_STORED) fail((struct client *)user, answer);
}

/* The values that there are come as they arrive, in blocks; those of the first key with it, if it is the only one. */
static void on_values(void *user, plait_conn conn, const plait_memcache_answer *answers, size_t count) {
    struct client *client = (struct client *)user;
    size_t i;

    for (i = 0; i < count; i++) {
        const plait_memcache_answer *answer = &answers[i];
        if (answer->result == PLAIT_MEMCACHE_VALUE || answer->result == PLAIT_MEMCACHE_HIT)
            printf("%.*s = %.*s\n", (int)answer->key.len, (const char *)answer->key.data, (int)answer->value.len,
                   (const char *)answer->value.data);
        if (answer->status) fail(client, answer);
        if (answer->result != PLAIT_MEMCACHE_VALUE) plait_conn_close(conn); /* that was all */
    }
}

/* Both leave in one write: the server answers in order. */
static void on_connected(void *user, plait_conn conn) {
    struct client *client = (struct client *)user;
    plait_memcache_request request = PLAIT_MEMCACHE_REQUEST_INIT;
    int status;

    request.command = PLAIT_MEMCACHE_GET;
    request.keys = client->keys;
    request.count = client->count;
    request.limit_ms = 5000;
    status = plait_memcache_set(conn, client->keys[0].data, client->keys[0].len, client->value.data, client->value.len,
                                0, 60, on_stored, client, NULL);
    if (status == 0) status = plait_memcache_call(conn, &request, on_values, client, NULL);
    if (status == 0) return;
    fprintf(stderr, "memcache_client: %s\n",
            plait_strerror(status)); /* a key with a blank in it, say: nothing is sent */
    client->failed = 1;
    plait_conn_close(conn);
}

static void on_disconnected(void *user, plait_conn conn, const plait_reason *reason) {
    (void)conn;
    (void)reason;
    plait_reactor_stop(((struct client *)user)->reactor);
}

static void on_connect(void *user, plait_call call, plait_conn conn, const plait_reason *reason) {
    struct client *client = (struct client *)user;

    (void)call;
    (void)conn;
    if (reason->status == 0) return;
    fprintf(stderr, "memcache_client: cannot connect: %s\n", reason->text);
    client->failed = 1;
    plait_reactor_stop(client->reactor);
}

int main(int argc, char **argv) {
    struct client client;
    plait_memcache_handler handler = PLAIT_MEMCACHE_HANDLER_INIT;
    plait_memcache_options options = PLAIT_MEMCACHE_OPTIONS_INIT;
    plait_factory factory = {0};
    int i, status;

    if (argc < 4 || argc > 3 + MOST) {
        fprintf(stderr, "usage: memcache_client ENDPOINT KEY VALUE [KEY...]\n");
        return 2;
    }
    memset(&client, 0, sizeof client);
    client.value.data = (const uint8_t *)argv[3];
    client.value.len = strlen(argv[3]);
    for (i = 2; i < argc; i++) {
        if (i == 3) continue;
        client.keys[client.count].data = (const uint8_t *)argv[i];
        client.keys[client.count++].len = strlen(argv[i]);
    }
    handler.connected = on_connected;
    handler.disconnected = on_disconnected;
    options.silence_ms = 10000;
    if ((status = plait_reactor_new(&client.reactor, NULL)) == 0 &&
        (status = plait_memcache_factory_new(&factory, &options, &handler, &client)) == 0 &&
        (status = plait_connect(client.reactor, argv[1], factory, NULL, on_connect, &client, NULL)) == 0)
        status = plait_reactor_run(client.reactor);
    if (status < 0) fprintf(stderr, "memcache_client: %s\n", plait_strerror(status));
    plait_reactor_free(client.reactor);
    plait_factory_release(factory);
    return status < 0 || client.failed;
}
