/**
 * @file plait/factory.h
 * @brief What all factories have in common.
 *
 * A factory builds one protocol for each connection. plait_raw_factory_new(),
 * plait_line_factory_new() and plait_string_factory_new() make the basic ones. Factories are
 * counted: who makes one releases it once; a listener, a connector, a conn and a factory around it keep
 * references of their own. A factory belongs to the first reactor that uses it.
 *
 * The callback tables of all protocols begin with the same fields:
 *
 *  - `connected(user, conn)`: once, first.
 *  - `disconnected(user, conn, reason)`: once, last; afterwards the conn is stale. The reason and
 *    its text are valid until the callback returns.
 *  - `read_closed(user, conn)`: the peer will send no more, but may still read. Without this callback
 *    the connection is closed once what was written has left.
 *  - `write_paused(user, conn)`, `write_resumed(user, conn)`: more than the high-water mark is
 *    waiting to be sent; no more than the low one. See conn.h, Writing.
 *  - `release(user)`: once, when the factory and its last connection are gone: after the last callback that
 *    can mention the factory's user.
 *
 * A callback, of these and of all others, ends by returning: no exception of C++ and no longjmp() may leave it, for the
 * library's own frames lie beneath. What failed is kept, and told by plait_conn_abort() or by whatever the callback returns.
 *
 * Any of them may be NULL. `user` is the connection's, which is the factory's until
 * plait_conn_set_user() replaces it: `disconnected` of a conn that ended before that gets the factory's. Where a table has a callback for one message and one for a block, the
 * block's wins.
 *
 * **Policies** are factories around a factory, in any order and depth: wrapper.h (a host's own), timeout.h, throttle.h,
 * access.h, traffic.h, proxy.h. The outermost is asked first when a connection comes, and sees its bytes first; if any refuses, the
 * connection is closed in good order. The user of a connection is that of the factory which builds its protocol.
 */
#ifndef PLAIT_FACTORY_H
#define PLAIT_FACTORY_H

#include "handle.h"
#include "status.h"

#ifdef __cplusplus
extern "C" {
#endif

/**
 * @brief Adds a reference to a factory.
 * @param factory [in] a factory of any kind.
 * @return 0.
 * @errors #PLAIT_ERR_STALE, #PLAIT_ERR_TYPE.
 * @thread any.
 * @callbacks none.
 * @lifetime to be given back by plait_factory_release().
 * @since 0.1.0
 * @twisted none: Python counts by itself.
 */
PLAIT_API int plait_factory_retain(plait_factory factory);

/**
 * @brief Gives a reference back; the last one makes the handle stale.
 * @param factory [in] a factory of any kind.
 * @return 0.
 * @errors #PLAIT_ERR_STALE, #PLAIT_ERR_TYPE.
 * @thread any, as long as no reactor uses the factory; afterwards that reactor's.
 * @callbacks the table's `release`, if nothing else uses the factory.
 * @lifetime connections and listeners that use the factory go on, in any order of freeing.
 * @since 0.1.0
 * @twisted `Factory.doStop`
 */
PLAIT_API int plait_factory_release(plait_factory factory);

/** What the connections of a factory, and those of the factories around which it goes, have done so far. */
typedef struct plait_factory_counters {
    uint32_t struct_size;    /**< set by #PLAIT_FACTORY_COUNTERS_INIT */
    uint32_t reserved;
    uint64_t open;           /**< connections that there are now */
    uint64_t total;          /**< connections that were built */
    uint64_t refused;        /**< connections that this factory itself refused */
    uint64_t refused_within; /**< connections that it let pass, and one further in refused */
    uint64_t closed;         /**< connections that this policy ended: a time limit, a wrong PROXY header */
    uint64_t children;       /**< connections that the protocols of these opened themselves; not among the above */
    uint64_t bytes_in;       /**< received from transports, by children too */
    uint64_t bytes_out;      /**< handed to transports, by children too */
} plait_factory_counters;
#define PLAIT_FACTORY_COUNTERS_INIT { sizeof(plait_factory_counters), 0, 0, 0, 0, 0, 0, 0, 0, 0 }

/**
 * @brief Tells how many connections a factory has and had, and how much they moved. It looks at each open connection of the
 *   reactor: meant for a monitor, not for each message.
 * @param factory [in] a factory of any kind: a policy, or one that is wrapped.
 * @param out [out] with its struct_size set.
 * @return 0.
 * @errors #PLAIT_ERR_STALE, #PLAIT_ERR_TYPE, #PLAIT_ERR_THREAD, #PLAIT_ERR_FORKED, #PLAIT_ERR_INVALID, #PLAIT_ERR_STRUCT_SIZE.
 * @thread the reactor's that the factory serves; any when it serves none, or that one was freed.
 * @callbacks none.
 * @lifetime a copy.
 * @since 0.1.0
 * @twisted `WrappingFactory.protocols`
 */
PLAIT_API int plait_factory_get_counters(plait_factory factory, plait_factory_counters *out);

#ifdef __cplusplus
}
#endif
#endif
