/**
 * @file plait/throttle.h
 * @brief Limits for how many connections there are, how fast they come, and how fast they read and write.
 *
 * A policy: a factory around a factory. A connection above a limit is refused, which its peer sees as a connection that is closed
 * in good order without a byte; above max_connections it can get another factory's protocol instead, to be told why.
 *
 * **Peers.** IPv4 peers are told apart by their address, also when it comes as an IPv6 one (mapped), IPv6 peers by the
 * first 64 bits of theirs, since that is what one customer is given. Peers without an IP address (UNIX, memory, attached
 * conns without one) count in all, and never by peer or subnet. Behind a load balancer, put plait_proxy_factory_new() around
 * this: then the addresses that it tells are counted.
 *
 * **Rates** are token buckets: `limit` bytes a second on average, `burst` bytes at once after a rest. Reading is slowed by delivering no
 * more than the limit and not reading on meanwhile, so that the kernel slows the peer; writing by keeping the rest back: it counts as
 * waiting, so `write_paused` comes as with a slow peer. Nothing is delivered or sent above the limit, not even once.
 * Connections that wait for one bucket get equal shares of it.
 * While a limit keeps output back, the time limit of a close (plait_conn_limits::close_ms) begins anew with each part that leaves.
 *
 * A connection that a protocol opens itself shares the buckets of the one that opened it, and is not counted as another one.
 */
#ifndef PLAIT_THROTTLE_H
#define PLAIT_THROTTLE_H

#include "factory.h"

#ifdef __cplusplus
extern "C" {
#endif

/** A rate: a token bucket. */
typedef struct plait_rate {
    uint64_t limit; /**< bytes a second; 0: no limit; at most 2^40 */
    uint64_t burst; /**< bytes at once; 0: a tenth of a second's worth; at least a hundredth's is used, and at least 1 */
} plait_rate;

/** The limits; 0: no such limit, or the default that is named. */
typedef struct plait_throttle_options {
    uint32_t struct_size;
    uint32_t max_connections; /**< at a time, in all */
    uint32_t max_per_peer;    /**< at a time, from one peer */
    uint32_t max_per_subnet;  /**< at a time, from one subnet */
    uint32_t ipv6_peer_bits;  /**< how many bits of an IPv6 address tell peers apart; 64 */
    uint32_t ipv4_subnet_bits; /**< 24 */
    uint32_t ipv6_subnet_bits; /**< 48 */
    uint32_t accept_rate;     /**< connections a second; those above are refused */
    uint32_t accept_burst;    /**< at once; accept_rate if 0 */
    uint32_t max_overflow;    /**< at a time, with the overflow factory's protocol; max_connections if 0 */
    uint64_t deny_ms;         /**< a peer that was refused for max_per_peer or max_per_subnet is refused for so long, whatever
                                   it closes meanwhile; what it tries meanwhile does not prolong that */
    plait_rate read;          /**< of all connections together */
    plait_rate write;
    plait_rate read_each;     /**< of each connection */
    plait_rate write_each;
    plait_factory overflow;   /**< builds the protocol of a connection above max_connections; the throttle keeps a reference;
                                   {0}: such a connection is refused */
} plait_throttle_options;
#define PLAIT_THROTTLE_OPTIONS_INIT { sizeof(plait_throttle_options), 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, { 0, 0 }, { 0, 0 }, { 0, 0 }, { 0, 0 }, { 0 } }

/** What a throttle has done so far; what it counts in common with all factories: plait_factory_get_counters(). */
typedef struct plait_throttle_counters {
    uint32_t struct_size; /**< set by #PLAIT_THROTTLE_COUNTERS_INIT */
    uint32_t reserved;
    uint64_t peers;               /**< how many different peers it knows now: connected, or denied */
    uint64_t refused_connections; /**< above max_connections */
    uint64_t refused_peer;        /**< above max_per_peer */
    uint64_t refused_subnet;      /**< above max_per_subnet */
    uint64_t refused_rate;        /**< above accept_rate */
    uint64_t refused_denied;      /**< within deny_ms */
    uint64_t overflowed;          /**< got the overflow factory's protocol */
    uint64_t read_waits;          /**< how often reading was held back */
    uint64_t write_waits;         /**< how often writing was held back */
} plait_throttle_counters;
#define PLAIT_THROTTLE_COUNTERS_INIT { sizeof(plait_throttle_counters), 0, 0, 0, 0, 0, 0, 0, 0, 0, 0 }

/**
 * @brief Makes a factory that limits another's connections.
 * @param out [out] the factory.
 * @param factory [in] what it goes around; it keeps a reference.
 * @param options [in] copied; or NULL: no limits, so that it only counts.
 * @return 0.
 * @errors #PLAIT_ERR_INVALID, #PLAIT_ERR_STRUCT_SIZE, #PLAIT_ERR_STALE, #PLAIT_ERR_TYPE, #PLAIT_ERR_LIMIT, #PLAIT_ERR_NOMEM.
 * @thread any.
 * @callbacks none.
 * @lifetime until plait_factory_release(), and as long as something uses it.
 * @since 0.1.0
 * @twisted `policies.ThrottlingFactory`, `policies.LimitTotalConnectionsFactory`, `policies.LimitConnectionsByPeer`
 */
PLAIT_API int plait_throttle_factory_new(plait_factory *out, plait_factory factory, const plait_throttle_options *options);

/**
 * @brief Tells which limits were hit, and how often.
 * @param factory [in] one of plait_throttle_factory_new().
 * @param out [out] with its struct_size set.
 * @return 0.
 * @errors #PLAIT_ERR_STALE; #PLAIT_ERR_TYPE, also for a factory of another kind; #PLAIT_ERR_THREAD, #PLAIT_ERR_INVALID,
 *   #PLAIT_ERR_STRUCT_SIZE.
 * @thread the reactor's that the factory serves; any as long as it serves none.
 * @callbacks none.
 * @lifetime a copy.
 * @since 0.1.0
 * @twisted `ThrottlingFactory.connectionCount`, `LimitTotalConnectionsFactory.connectionCount`
 */
PLAIT_API int plait_throttle_get_counters(plait_factory factory, plait_throttle_counters *out);

#ifdef __cplusplus
}
#endif
#endif
