/* Where libmemcached and a pool of Plait's put the same keys: placement KEYS
 *
 * For several sets of servers, with and without weights, each key's server is compared. It prints how many were the
 * same. */
#include <libmemcached/memcached.h>
#include <plait/plait.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct server {
    const char *host;
    int port;
    uint32_t weight;
};
struct set {
    int weighted, count;
    struct server servers[8];
};
static const struct set sets[] = {
    {0, 1, {{"127.0.0.1", 11211, 1}}},
    {0, 3, {{"127.0.0.1", 11211, 1}, {"127.0.0.1", 11212, 1}, {"10.1.2.3", 11211, 1}}},
    {0,
     8,
     {{"a.example", 1, 1},
      {"b.example", 2, 1},
      {"c.example", 3, 1},
      {"d.example", 11211, 1},
      {"e.example", 5, 1},
      {"f.example", 6, 1},
      {"g.example", 7, 1},
      {"h.example", 8, 1}}},
    {1, 2, {{"127.0.0.1", 11211, 1}, {"127.0.0.1", 11212, 1}}},
    {1,
     5,
     {{"10.0.0.1", 11211, 600},
      {"10.0.0.2", 11211, 300},
      {"10.0.0.3", 11211, 200},
      {"10.0.0.4", 4711, 350},
      {"10.0.0.5", 11211, 1000}}},
    {1, 4, {{"w.example", 11211, 1}, {"x.example", 11211, 2}, {"y.example", 11211, 3}, {"z.example", 9, 7}}},
};

int main(int argc, char **argv) {
    int keys = argc > 1 ? atoi(argv[1]) : 10000;
    plait_reactor reactor = {0};
    plait_factory factory = {0};
    long same = 0, all = 0;

    if (plait_reactor_new(&reactor, NULL) || plait_memcache_factory_new(&factory, NULL, NULL, NULL)) return 2;
    for (size_t i = 0; i < sizeof sets / sizeof *sets; i++) {
        const struct set *set = &sets[i];
        plait_memcache_server servers[8];
        plait_memcache_pool_options options = PLAIT_MEMCACHE_POOL_OPTIONS_INIT;
        plait_conn pool = {0};
        char endpoints[8][64];
        memcached_st *theirs = memcached_create(NULL);

        memcached_behavior_set(theirs, set->weighted ? MEMCACHED_BEHAVIOR_KETAMA_WEIGHTED : MEMCACHED_BEHAVIOR_KETAMA,
                               1);
        for (int s = 0; s < set->count; s++) {
            const struct server *server = &set->servers[s];
            memcached_server_add_with_weight(theirs, server->host, (in_port_t)server->port,
                                             set->weighted ? server->weight : 0);
            snprintf(endpoints[s], sizeof endpoints[s], "tcp:%s:%d", server->host, server->port);
            servers[s] = (plait_memcache_server)PLAIT_MEMCACHE_SERVER_INIT;
            servers[s].endpoint = endpoints[s];
            servers[s].weight = server->weight;
        }
        options.distribution = set->weighted ? PLAIT_MEMCACHE_KETAMA_WEIGHTED : PLAIT_MEMCACHE_KETAMA;
        if (plait_memcache_pool_open(reactor, factory, servers, (size_t)set->count, &options, &pool)) return 2;
        for (int k = 0; k < keys; k++) {
            char key[32];
            uint32_t ours = 99;
            size_t len = (size_t)snprintf(key, sizeof key,
                                          k % 3 == 0   ? "k\xc3\xa9y:%d"
                                          : k % 3 == 1 ? "key:%d"
                                                       : "%x",
                                          k * 7919);
            if (plait_memcache_pool_get_server(pool, (const uint8_t *)key, len, &ours)) return 2;
            all++;
            if (ours == memcached_generate_hash(theirs, key, len))
                same++;
            else if (all - same < 5)
                fprintf(stderr, "set %d: %s is with %u, not %u\n", (int)i, key, ours,
                        memcached_generate_hash(theirs, key, len));
        }
        memcached_free(theirs);
    }
    printf("%ld of %ld\n", same, all);
    plait_reactor_free(reactor);
    plait_factory_release(factory);
    return same != all;
}
