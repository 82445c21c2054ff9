/* Spreads values over several memcached servers, as libmemcached would, and gets all of them back at once:
 *     memcache_pool COUNT ENDPOINT [ENDPOINT...]
 * A server that is not there costs its own keys alone: run it again when one has been stopped. */
#include <plait/plait.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MOST_KEYS = 1000, MOST_SERVERS = 16 };

struct client {
    plait_reactor reactor;
    char names[MOST_KEYS][16];
    plait_bytes keys[MOST_KEYS];
    size_t count, stored, found, servers, held[MOST_SERVERS];
};

/* One that is not stored belongs to a server that is not there. */
static void on_stored(void *user, plait_conn conn, const plait_memcache_answer *answer, size_t count) {
    (void)conn;
    (void)count;
    if (answer->result == PLAIT_MEMCACHE_STORED) ((struct client *)user)->stored++;
}

/* What each server has comes as it arrives; the end is told once, when all have answered. */
static void on_values(void *user, plait_conn conn, const plait_memcache_answer *answers, size_t count) {
    struct client *client = (struct client *)user;
    size_t i;

    for (i = 0; i < count; i++) {
        uint32_t server;
        if (answers[i].result == PLAIT_MEMCACHE_VALUE) {
            client->found++;
            if (plait_memcache_pool_get_server(conn, answers[i].key.data, answers[i].key.len, &server) == 0)
                client->held[server]++;
        } else {
            plait_conn_close(conn);
        }
    }
}

/* All servers have been tried. Calls leave together, each to the server that its key belongs to. */
static void on_connected(void *user, plait_conn conn) {
    struct client *client = (struct client *)user;
    plait_memcache_request request = PLAIT_MEMCACHE_REQUEST_INIT;
    int status = 0;
    size_t i;

    for (i = 0; i < client->count && status == 0; i++)
        status = plait_memcache_set(conn, client->keys[i].data, client->keys[i].len, client->keys[i].data,
                                    client->keys[i].len, 0, 60, on_stored, client, NULL);
    request.command = PLAIT_MEMCACHE_GET;
    request.keys = client->keys;
    request.count = client->count;
    request.limit_ms = 5000;
    if (status == 0) status = plait_memcache_call(conn, &request, on_values, client, NULL);
    if (status == 0) return;
    fprintf(stderr, "memcache_pool: %s\n", plait_strerror(status));
    plait_conn_close(conn);
}

static void on_disconnected(void *user, plait_conn conn, const plait_reason *reason) {
    (void)conn;
    (void)reason;
    plait_reactor_stop(((struct client *)user)->reactor);
}

static void on_server(void *user, plait_conn conn, uint32_t index, int up, const plait_reason *reason) {
    (void)user;
    (void)conn;
    if (!up) fprintf(stderr, "memcache_pool: server %u: %s\n", (unsigned)index, reason->text);
}

int main(int argc, char **argv) {
    static struct client client;
    plait_memcache_handler handler = PLAIT_MEMCACHE_HANDLER_INIT;
    plait_memcache_server servers[MOST_SERVERS];
    plait_memcache_pool_options options = PLAIT_MEMCACHE_POOL_OPTIONS_INIT;
    const plait_memcache_server unset = PLAIT_MEMCACHE_SERVER_INIT;
    plait_factory factory = {0};
    plait_conn pool;
    int status;
    size_t i;

    client.count = argc > 2 ? (size_t)strtoul(argv[1], NULL, 10) : 0;
    if (client.count < 2 || client.count > MOST_KEYS || argc > 2 + MOST_SERVERS) {
        fprintf(stderr, "usage: memcache_pool COUNT ENDPOINT [ENDPOINT...]\n");
        return 2;
    }
    for (i = 0; i < client.count; i++) {
        client.keys[i].data = (const uint8_t *)client.names[i];
        client.keys[i].len = (size_t)sprintf(client.names[i], "item:%u", (unsigned)i);
    }
    client.servers = (size_t)argc - 2;
    for (i = 0; i < client.servers; i++) {
        servers[i] = unset;
        servers[i].endpoint = argv[2 + i];
    }
    handler.connected = on_connected;
    handler.disconnected = on_disconnected;
    options.timeout_ms = 5000;
    options.server = on_server;
    if ((status = plait_reactor_new(&client.reactor, NULL)) == 0 &&
        (status = plait_memcache_factory_new(&factory, NULL, &handler, &client)) == 0 &&
        (status = plait_memcache_pool_open(client.reactor, factory, servers, client.servers, &options, &pool)) == 0)
        status = plait_reactor_run(client.reactor);
    if (status < 0) fprintf(stderr, "memcache_pool: %s\n", plait_strerror(status));
    plait_reactor_free(client.reactor);
    plait_factory_release(factory);
    printf("stored %u, found %u:", (unsigned)client.stored, (unsigned)client.found);
    for (i = 0; i < client.servers; i++) printf(" %u", (unsigned)client.held[i]);
    printf("\n");
    return status < 0 || client.found != client.count;
}
