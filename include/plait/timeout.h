/**
 * @file plait/timeout.h
 * @brief Time limits for connections: idle, handshake, absolute, and a least rate.
 *
 * A policy: a factory around a factory, in any order and depth with the others, for what is accepted, connected and attached.
 * Each limit that is set holds for each connection by itself:
 *
 *  - *idle*: nothing came from the peer and nothing left for it for so long. What is written and stays with us, because the
 *    peer does not read, is no activity.
 *  - *handshake*: the peer has not yet sent one whole message (raw: one byte), or, with #PLAIT_TIMEOUT_UNTIL_READY, the
 *    host has not yet called plait_timeout_set_ready().
 *  - *absolute*: since it was connected, whatever happens on it.
 *  - *least rate*: the peer has begun a message and does not go on with it (a slow loris): over each `rate_ms` in which it owes
 *    the rest of a message it has to send `min_rate` bytes a second. With #PLAIT_TIMEOUT_RATE_ALWAYS that holds whether it has
 *    begun one or not, as a raw protocol needs it. Time in which the host, or a policy, does not read is not counted.
 *
 * A connection whose time is up is closed with #PLAIT_ERR_TIMEOUT; the reason's code and text say which limit it was. If something that was
 * written has still not been taken by then, or is not taken within `grace_ms`, it is aborted: a peer that stops reading is not waited for.
 *
 * Traffic of the connections that a protocol opens itself is activity of the one that opened them.
 */
#ifndef PLAIT_TIMEOUT_H
#define PLAIT_TIMEOUT_H

#include "conn.h"
#include "factory.h"

#ifdef __cplusplus
extern "C" {
#endif

/** plait_timeout_options::flags */
enum {
    PLAIT_TIMEOUT_UNTIL_READY = 1, /**< the handshake lasts until plait_timeout_set_ready() */
    PLAIT_TIMEOUT_RATE_ALWAYS = 2  /**< the least rate holds between messages, too */
};

/** The limits, as plait_timeout_options::expired is told. */
enum {
    PLAIT_TIMEOUT_IDLE = 1,
    PLAIT_TIMEOUT_HANDSHAKE = 2,
    PLAIT_TIMEOUT_ABSOLUTE = 3,
    PLAIT_TIMEOUT_RATE = 4
};

/** The limits; 0: no such limit. */
typedef struct plait_timeout_options {
    uint32_t struct_size;
    uint32_t flags;        /**< PLAIT_TIMEOUT_UNTIL_READY, PLAIT_TIMEOUT_RATE_ALWAYS */
    uint64_t idle_ms;
    uint64_t handshake_ms;
    uint64_t absolute_ms;
    uint64_t min_rate;     /**< bytes a second */
    uint64_t rate_ms;      /**< over which the rate is taken; 10 seconds if 0 */
    uint64_t grace_ms;     /**< for what was written to leave once the time is up; 5 seconds if 0 */
    /** A limit (PLAIT_TIMEOUT_IDLE…) has passed: the place for last words. Returns 0: the connection is closed; else it goes
     *  on: idle and rate begin anew, the others are over. NULL: it is closed. A connection that the host itself closes or aborts in here
     *  ends as that says (status 0, #PLAIT_ERR_ABORTED) whatever is returned, and does not count as closed by this policy. */
    int (*expired)(void *user, plait_conn conn, int limit);
    void *user;            /**< given to expired; the host frees it when the factory is gone */
} plait_timeout_options;
#define PLAIT_TIMEOUT_OPTIONS_INIT { sizeof(plait_timeout_options), 0, 0, 0, 0, 0, 0, 0, NULL, NULL }

/**
 * @brief Makes a factory that puts time limits around another.
 * @param out [out] the factory.
 * @param factory [in] what it goes around; it keeps a reference.
 * @param options [in] copied; at least one limit must be set, so there is no default for NULL.
 * @return 0.
 * @errors #PLAIT_ERR_INVALID, #PLAIT_ERR_STRUCT_SIZE, #PLAIT_ERR_STALE, #PLAIT_ERR_TYPE, #PLAIT_ERR_LIMIT, #PLAIT_ERR_NOMEM.
 * @thread any.
 * @callbacks none.
 * @lifetime until plait_factory_release(), and as long as something uses it.
 * @since 0.1.0
 * @twisted `policies.TimeoutFactory`, `policies.TimeoutMixin`
 */
PLAIT_API int plait_timeout_factory_new(plait_factory *out, plait_factory factory, const plait_timeout_options *options);

/**
 * @brief Says that the peer has done something useful: the handshake is over.
 * @param conn [in] one with time limits around it; with several, the nearest to the protocol is meant.
 * @return 0, also when it was over.
 * @errors those of a handle; #PLAIT_ERR_UNSUPPORTED when there are no time limits around it.
 * @thread the reactor's.
 * @callbacks none.
 * @lifetime until the conn ends.
 * @since 0.1.0
 * @twisted none.
 */
PLAIT_API int plait_timeout_set_ready(plait_conn conn);

/**
 * @brief Changes the idle limit of one connection, and begins it anew from now.
 * @param conn [in] one with time limits around it; with several, the nearest to the protocol is meant.
 * @param idle_ms [in] 0: no limit.
 * @param former_ms [out] the limit that it had, 0 for none; or NULL.
 * @return 0.
 * @errors those of a handle; #PLAIT_ERR_INVALID for more than 2^62 ms; #PLAIT_ERR_UNSUPPORTED when there are no time limits around
 *   it; #PLAIT_ERR_CLOSED, #PLAIT_ERR_NOMEM.
 * @thread the reactor's.
 * @callbacks none now.
 * @lifetime until the conn ends.
 * @since 0.1.0
 * @twisted `TimeoutMixin.setTimeout`
 */
PLAIT_API int plait_timeout_set_idle(plait_conn conn, uint64_t idle_ms, uint64_t *former_ms);

/**
 * @brief Begins the idle limit of one connection anew: something happened that is no traffic.
 * @param conn [in] one with time limits around it; with several, the nearest to the protocol is meant.
 * @return 0.
 * @errors those of a handle; #PLAIT_ERR_UNSUPPORTED when there are no time limits around it.
 * @thread the reactor's.
 * @callbacks none.
 * @lifetime nothing is kept.
 * @since 0.1.0
 * @twisted `TimeoutMixin.resetTimeout`
 */
PLAIT_API int plait_timeout_reset(plait_conn conn);

#ifdef __cplusplus
}
#endif
#endif
