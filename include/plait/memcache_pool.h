/**
 * @file plait/memcache_pool.h
 * @brief Many memcached servers as one conn: each key goes to the server that it belongs to.
 *
 *     plait_memcache_server servers[2] = { PLAIT_MEMCACHE_SERVER_INIT, PLAIT_MEMCACHE_SERVER_INIT };
 *     servers[0].endpoint = "tcp:10.0.0.1:11211";
 *     servers[1].endpoint = "tcp:10.0.0.2:11211";
 *     plait_memcache_pool_open(reactor, factory, servers, 2, NULL, &conn);
 *
 * The conn is used as one to a single server is: the factory is one of plait_memcache_factory_new(), its callbacks come, and calls
 * are those of memcache.h. `connected` comes when the first attempt to reach each server is over, whether it
 * succeeded or not; closing the conn closes all connections. Nothing can be read from it or written to it as bytes; it has no
 * address, and pausing it does not hold answers back.
 *
 * **Where a key belongs** is decided as other clients do, so that they can share servers: by points on a circle as libmemcached has
 * them (#PLAIT_MEMCACHE_KETAMA, and with weights #PLAIT_MEMCACHE_KETAMA_WEIGHTED), or by rendezvous as pymemcache's HashClient does with
 * keys that are text (#PLAIT_MEMCACHE_RENDEZVOUS). The key is taken without the prefix. plait_memcache_request::hash_key takes its place,
 * so that what belongs together can be kept on one server.
 *
 * **Several keys** are asked for at all servers that they belong to at the same time; what comes is told under the keys' numbers in the
 * whole, in no order, and then #PLAIT_MEMCACHE_END once. Its status is 0, or how the first part that failed did. flush_all and `mn` go to all
 * servers and end when all have answered; stats and version are #PLAIT_ERR_INVALID: ask one server, by plait_memcache_pool_get_conn().
 *
 * **Servers that are not there** are connected to again and again, with growing waits. Meanwhile calls that belong to them end with
 * #PLAIT_ERR_CLOSED. With plait_memcache_pool_options::eject_after a server that has failed so often in a row is left out: its keys
 * belong to the others, until it is back.
 */
#ifndef PLAIT_MEMCACHE_POOL_H
#define PLAIT_MEMCACHE_POOL_H

#include "memcache.h"

#ifdef __cplusplus
extern "C" {
#endif

/** The most servers of a pool. */
#define PLAIT_MEMCACHE_SERVERS_MAX 1024

/** plait_memcache_pool_options::distribution */
enum {
    PLAIT_MEMCACHE_KETAMA = 0,          /**< libmemcached's MEMCACHED_BEHAVIOR_KETAMA */
    PLAIT_MEMCACHE_KETAMA_WEIGHTED = 1, /**< libmemcached's MEMCACHED_BEHAVIOR_KETAMA_WEIGHTED */
    PLAIT_MEMCACHE_RENDEZVOUS = 2       /**< pymemcache's */
};

/** A server of a pool's. */
typedef struct plait_memcache_server {
    uint32_t struct_size;
    uint32_t weight;      /**< of #PLAIT_MEMCACHE_KETAMA_WEIGHTED; 1 */
    const char *endpoint; /**< NUL-terminated; copied. Not `fd:`. */
    const char *name;     /**< what stands for it where keys are placed, up to 255 bytes; NULL: what the other client makes of the endpoint:
                               `host:port`, in ketama `host` alone at port 11211; a path of UNIX, in ketama with `:0` */
} plait_memcache_server;
#define PLAIT_MEMCACHE_SERVER_INIT { sizeof(plait_memcache_server), 0, NULL, NULL }

/** How a pool behaves; 0 means the default. */
typedef struct plait_memcache_pool_options {
    uint32_t struct_size;
    uint32_t distribution; /**< PLAIT_MEMCACHE_KETAMA, ... */
    uint32_t eject_after;  /**< failures in a row after which a server's keys belong to the others; 0: never */
    uint32_t reserved;
    uint64_t initial_ms;   /**< the first wait before a server is connected to again; 1,000 */
    uint64_t maximum_ms;   /**< the longest; 60,000 */
    uint64_t timeout_ms;   /**< for an attempt to connect; 30,000 */
    void *user;            /**< the first argument of `server` */
    /** A server is there (`up` is 1), or is not: an attempt has failed, or its connection ended, for this reason. May be NULL. */
    void (*server)(void *user, plait_conn conn, uint32_t index, int up, const plait_reason *reason);
} plait_memcache_pool_options;
#define PLAIT_MEMCACHE_POOL_OPTIONS_INIT { sizeof(plait_memcache_pool_options), 0, 0, 0, 0, 0, 0, NULL, NULL }

/**
 * @brief Opens a pool: a conn that speaks memcached with many servers.
 * @param reactor [in]
 * @param factory [in] of plait_memcache_factory_new(): the callbacks, the options for each server, and the conn's user.
 * @param servers [in] copied.
 * @param count [in] how many, 1 to #PLAIT_MEMCACHE_SERVERS_MAX.
 * @param options [in] copied; or NULL.
 * @param conn [out] the pool.
 * @return 0.
 * @errors those of a handle; #PLAIT_ERR_INVALID, #PLAIT_ERR_STRUCT_SIZE, #PLAIT_ERR_ENDPOINT, #PLAIT_ERR_UNSUPPORTED, #PLAIT_ERR_TLS_CONFIG,
 *   #PLAIT_ERR_BOUND, #PLAIT_ERR_ABORTED, #PLAIT_ERR_LIMIT, #PLAIT_ERR_NOMEM; the operating system's.
 * @thread the reactor's.
 * @callbacks none now.
 * @lifetime until it is closed, or its reactor is freed.
 * @since 0.1.0
 * @twisted none; pymemcache's `HashClient`
 */
PLAIT_API int plait_memcache_pool_open(plait_reactor reactor, plait_factory factory, const plait_memcache_server *servers,
                                       size_t count, const plait_memcache_pool_options *options, plait_conn *conn);

/**
 * @brief Tells which server a key belongs to now.
 * @param conn [in] a pool.
 * @param key [in] without the prefix.
 * @param len [in] bytes.
 * @param index [out] the server's place among those of the pool.
 * @return 0.
 * @errors those of a handle; #PLAIT_ERR_INVALID; #PLAIT_ERR_ABSENT when all servers are left out.
 * @thread the reactor's.
 * @callbacks none.
 * @lifetime nothing is kept.
 * @since 0.1.0
 * @twisted none.
 */
PLAIT_API int plait_memcache_pool_get_server(plait_conn conn, const uint8_t *key, size_t len, uint32_t *index);

/**
 * @brief Gets the connection to one server of a pool, to ask it alone. Its callbacks are the pool's.
 * @param conn [in] a pool.
 * @param index [in] the server's place among those of the pool.
 * @param server [out] a conn that speaks memcached.
 * @return 0.
 * @errors those of a handle; #PLAIT_ERR_INVALID; #PLAIT_ERR_CLOSED when there is no connection now.
 * @thread the reactor's.
 * @callbacks none.
 * @lifetime until that connection ends: the next one is another conn.
 * @since 0.1.0
 * @twisted none.
 */
PLAIT_API int plait_memcache_pool_get_conn(plait_conn conn, uint32_t index, plait_conn *server);

#ifdef __cplusplus
}
#endif
#endif
