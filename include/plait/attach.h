/**
 * @file plait/attach.h
 * @brief Conns over a host's own input and output: no socket, no loop of ours.
 *
 * What the host receives, by whatever means, it feeds in; what is to be sent, the conn hands to the
 * host's functions. This serves parsers, tests, fuzzers, other event loops and other transports.
 * It works with any reactor; one made with #PLAIT_REACTOR_WITHOUT_LOOP has nothing else to it. Turns
 * happen inside plait_conn_feed() and plait_conn_eof(); what was written or resumed outside of them takes effect in the next
 * one, or in `plait_reactor_poll(reactor, 0)`.
 */
#ifndef PLAIT_ATTACH_H
#define PLAIT_ATTACH_H

#include "conn.h"
#include "handle.h"

#ifdef __cplusplus
extern "C" {
#endif

/** The host's side of an attached conn. Called inside driving calls only. All but write may be NULL. */
typedef struct plait_transport_ops {
    uint32_t struct_size;
    uint32_t reserved;
    /** Sends; returns how many bytes it took. If fewer than len, the rest waits for plait_conn_writable(). */
    size_t (*write)(void *user, plait_conn conn, const uint8_t *data, size_t len);
    /** Reading should rest (on 0) or go on (on 1). */
    void (*set_reading)(void *user, plait_conn conn, int on);
    /** Everything was written: tell the peer. NULL: half-closing is unsupported. */
    void (*close_write)(void *user, plait_conn conn);
    /** The conversation is over, in good order (0) or abruptly; the conn is stale by then. */
    void (*close)(void *user, plait_conn conn, int status);
    /** Once, last: `user` may be freed. */
    void (*release)(void *user);
    const plait_address *peer;  /**< where the other end is, for plait_conn_get_peer() and the policies; copied; or NULL: unknown */
    const plait_address *local; /**< where this end is; copied; or NULL: unknown */
} plait_transport_ops;
#define PLAIT_TRANSPORT_OPS_INIT { sizeof(plait_transport_ops), 0, NULL, NULL, NULL, NULL, NULL, NULL, NULL }

/**
 * @brief Makes a conn whose input and output are the host's.
 * @param reactor [in]
 * @param factory [in] builds the protocol; the conn keeps a reference.
 * @param ops [in] copied.
 * @param user [in] the first argument of the ops.
 * @param out [out] the conn.
 * @return 0.
 * @errors those of a handle; #PLAIT_ERR_INVALID, #PLAIT_ERR_STRUCT_SIZE, #PLAIT_ERR_BOUND, #PLAIT_ERR_REFUSED by the factory,
 *   #PLAIT_ERR_LIMIT, #PLAIT_ERR_NOMEM.
 * @thread the reactor's.
 * @callbacks none now; the factory's `connected` comes first in the next driving call.
 * @lifetime until `disconnected`, as any conn.
 * @since 0.1.0
 * @twisted `IProtocol.makeConnection`
 */
PLAIT_API int plait_conn_attach(plait_reactor reactor, plait_factory factory, const plait_transport_ops *ops, void *user,
                                plait_conn *out);

/**
 * @brief Gives an attached conn bytes that its peer sent; a driving call.
 * @param conn [in] an attached one.
 * @param data [in] used only during the call.
 * @param len [in] bytes.
 * @return 0. Bytes for a conn that is closing are dropped.
 * @errors those of a handle; #PLAIT_ERR_INVALID, #PLAIT_ERR_REENTRANT, #PLAIT_ERR_UNSUPPORTED for a conn that reads by itself;
 *   #PLAIT_ERR_CLOSED after plait_conn_eof().
 * @thread the reactor's.
 * @callbacks what the bytes lead to, and all else that is due.
 * @lifetime what is not delivered is copied.
 * @since 0.1.0
 * @twisted `IProtocol.dataReceived`
 */
PLAIT_API int plait_conn_feed(plait_conn conn, const uint8_t *data, size_t len);

/**
 * @brief Tells an attached conn that nothing more will come; a driving call.
 * @param conn [in] an attached one.
 * @param status [in] 0: the peer ended in good order; else the reason for which the connection was lost, a PLAIT_ERR_ code.
 * @return 0.
 * @errors those of a handle; #PLAIT_ERR_INVALID for a positive status, #PLAIT_ERR_REENTRANT, #PLAIT_ERR_UNSUPPORTED for a conn
 *   that reads by itself; #PLAIT_ERR_CLOSED after an earlier eof.
 * @thread the reactor's.
 * @callbacks `read_closed` or `disconnected`, and all else that is due.
 * @lifetime with `disconnected` the conn is stale.
 * @since 0.1.0
 * @twisted `IProtocol.connectionLost`, `IHalfCloseableProtocol.readConnectionLost`
 */
PLAIT_API int plait_conn_eof(plait_conn conn, int status);

/**
 * @brief Tells an attached conn that its `write` would take more now; a driving call.
 * @param conn [in] an attached one.
 * @return 0.
 * @errors those of a handle; #PLAIT_ERR_REENTRANT, #PLAIT_ERR_UNSUPPORTED for a conn that writes by itself.
 * @thread the reactor's.
 * @callbacks the ops, and all else that is due.
 * @lifetime nothing is kept.
 * @since 0.1.0
 * @twisted `IPullProducer.resumeProducing`
 */
PLAIT_API int plait_conn_writable(plait_conn conn);

#ifdef __cplusplus
}
#endif
#endif
