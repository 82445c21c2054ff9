/**
 * @file plait/conn.h
 * @brief Conns: what can be done with a conversation, whatever is spoken on it.
 *
 * `connected` comes once, then any number of deliveries, then `disconnected` exactly once. Nothing is
 * delivered after close or abort was asked for.
 *
 * **Writing.** Writes are gathered: what a conn's own callbacks write leaves when their delivery is
 * done, the rest at the turn's end, as few system calls as may be. The marks are compared when all that was
 * written has been offered to the kernel, not inside a write: if more than the high-water mark is still waiting
 * then, `write_paused` comes, and when it is down to the low one, `write_resumed`. If the kernel took it all, neither
 * comes. So a producer writes a bounded piece, lets the turn end (a timer of 0 ms), and goes on unless it was
 * paused. At the cap the write fails with #PLAIT_ERR_OVERFLOW and the conn is aborted with that reason.
 */
#ifndef PLAIT_CONN_H
#define PLAIT_CONN_H

#include "bytes.h"
#include "handle.h"
#include "status.h"

#ifdef __cplusplus
extern "C" {
#endif

/** plait_address::family */
enum {
    PLAIT_FAMILY_NONE = 0,   /**< there is none: an attached conn, a pipe */
    PLAIT_FAMILY_IPV4 = 4,
    PLAIT_FAMILY_IPV6 = 6,
    PLAIT_FAMILY_UNIX = 1,
    PLAIT_FAMILY_MEMORY = 2
};

/** Where one end of a connection is. */
typedef struct plait_address {
    uint32_t struct_size; /**< set by #PLAIT_ADDRESS_INIT */
    uint32_t family;      /**< PLAIT_FAMILY_ */
    uint32_t port;        /**< TCP's, else 0 */
    uint32_t scope;       /**< an IPv6 link's number, else 0 */
    char host[112];       /**< a numeric address, a UNIX path ("@name" for an abstract one) or a memory name; empty for an
                               end of a UNIX socket without a name; NUL-terminated */
} plait_address;
#define PLAIT_ADDRESS_INIT { sizeof(plait_address), 0, 0, 0, { 0 } }

/** The limits of a conn's output. Zero means the default. */
typedef struct plait_conn_limits {
    uint32_t struct_size;
    uint32_t high_water;  /**< waiting bytes above which `write_paused` comes; 64 KiB */
    uint32_t low_water;   /**< waiting bytes at or below which `write_resumed` comes; a quarter of high_water */
    uint32_t cap;         /**< the most bytes that may wait; 128 MiB, at most #PLAIT_BYTES_MAX */
    uint64_t close_ms;    /**< how long a close waits for the peer to take what was written, then it aborts with
                               #PLAIT_ERR_TIMEOUT; 30 seconds */
} plait_conn_limits;
#define PLAIT_CONN_LIMITS_INIT { sizeof(plait_conn_limits), 0, 0, 0, 0 }

/** What a conn has done so far. */
typedef struct plait_conn_counters {
    uint32_t struct_size; /**< set by #PLAIT_CONN_COUNTERS_INIT */
    uint32_t reserved;
    uint64_t bytes_in;    /**< received from the transport */
    uint64_t bytes_out;   /**< handed to the transport */
    uint64_t waiting;     /**< written, and not yet taken by the transport */
    uint64_t held;        /**< received, and not yet delivered */
} plait_conn_counters;
#define PLAIT_CONN_COUNTERS_INIT { sizeof(plait_conn_counters), 0, 0, 0, 0, 0 }

/**
 * @brief Writes bytes as they are, beside whatever framing the conn's protocol does.
 * @param conn [in]
 * @param data [in] copied before the call returns.
 * @param len [in] bytes.
 * @return 0.
 * @errors those of a handle; #PLAIT_ERR_INVALID, #PLAIT_ERR_CLOSED, #PLAIT_ERR_OVERFLOW, #PLAIT_ERR_NOMEM.
 * @thread the reactor's.
 * @callbacks none.
 * @lifetime nothing of the host's is kept.
 * @since 0.1.0
 * @twisted `ITransport.write`
 */
PLAIT_API int plait_conn_write(plait_conn conn, const uint8_t *data, size_t len);

/**
 * @brief Writes several pieces as if they were one; all of them or, on failure, none.
 * @param conn [in]
 * @param parts [in] the pieces, copied before the call returns.
 * @param count [in] how many.
 * @return 0.
 * @errors those of a handle; #PLAIT_ERR_INVALID, #PLAIT_ERR_CLOSED, #PLAIT_ERR_OVERFLOW, #PLAIT_ERR_NOMEM.
 * @thread the reactor's.
 * @callbacks none.
 * @lifetime nothing of the host's is kept.
 * @since 0.1.0
 * @twisted `ITransport.writeSequence`
 */
PLAIT_API int plait_conn_write_many(plait_conn conn, const plait_bytes *parts, size_t count);

/**
 * @brief Stops deliveries and reading until plait_conn_resume(). What arrives waits in the kernel.
 * @param conn [in]
 * @return 0; pausing twice is pausing once.
 * @errors those of a handle; #PLAIT_ERR_CLOSED.
 * @thread the reactor's.
 * @callbacks none.
 * @lifetime inside a block's callback, what it does not take is kept and delivered after resuming.
 * @since 0.1.0
 * @twisted `IPushProducer.pauseProducing`
 */
PLAIT_API int plait_conn_pause(plait_conn conn);

/**
 * @brief Goes on with deliveries and reading.
 * @param conn [in]
 * @return 0, also when it was not paused.
 * @errors those of a handle; #PLAIT_ERR_CLOSED.
 * @thread the reactor's.
 * @callbacks none now: what was held is delivered at the turn's end.
 * @lifetime nothing is kept.
 * @since 0.1.0
 * @twisted `IPushProducer.resumeProducing`
 */
PLAIT_API int plait_conn_resume(plait_conn conn);

/**
 * @brief Ends the conversation once everything written has left, or when the limit for that passes
 *   (plait_conn_limits::close_ms).
 * @param conn [in]
 * @return 0; closing twice is closing once.
 * @errors those of a handle.
 * @thread the reactor's.
 * @callbacks none now; `disconnected` with status 0 later. Nothing else is delivered meanwhile.
 * @lifetime the handle is valid until `disconnected` has returned.
 * @since 0.1.0
 * @twisted `ITransport.loseConnection`
 */
PLAIT_API int plait_conn_close(plait_conn conn);

/**
 * @brief Half-closes: the peer is told, after everything written, that nothing more will come; reading goes on.
 * @param conn [in]
 * @return 0.
 * @errors those of a handle; #PLAIT_ERR_CLOSED, also when it was half-closed before; #PLAIT_ERR_UNSUPPORTED by the transport.
 * @thread the reactor's.
 * @callbacks none.
 * @lifetime writes fail with #PLAIT_ERR_CLOSED afterwards.
 * @since 0.1.0
 * @twisted `IHalfCloseableProtocol`, `ITCPTransport.loseWriteConnection`
 */
PLAIT_API int plait_conn_close_write(plait_conn conn);

/**
 * @brief Ends the conversation at the turn's end and drops what was not yet sent; over TCP the peer sees a reset.
 * @param conn [in]
 * @return 0; aborting twice is aborting once.
 * @errors those of a handle.
 * @thread the reactor's.
 * @callbacks none now; `disconnected` with #PLAIT_ERR_ABORTED at the turn's end.
 * @lifetime the handle is valid until `disconnected` has returned.
 * @since 0.1.0
 * @twisted `ITCPTransport.abortConnection`
 */
PLAIT_API int plait_conn_abort(plait_conn conn);

/**
 * @brief Has another factory build the protocol that is spoken from the next delivery on.
 *
 * What was received and not yet delivered goes to the new protocol. The table of the new factory gets
 * `connected` first, and `disconnected` in the end; the former table hears nothing more. The policies of the former
 * factory stay in force, those of the new one come on top of them.
 * @param conn [in]
 * @param factory [in] what builds the new protocol.
 * @return 0.
 * @errors those of a handle; #PLAIT_ERR_CLOSED, #PLAIT_ERR_BOUND, #PLAIT_ERR_REFUSED by the factory.
 * @thread the reactor's.
 * @callbacks none now; the new table's `connected` when the current callback has returned.
 * @lifetime the conn's user becomes the new factory's, unless plait_conn_set_user() had set one. The
 *   former factory is let go.
 * @since 0.1.0
 * @twisted assigning `transport.protocol`; AMP's `ProtocolSwitchCommand`
 */
PLAIT_API int plait_conn_set_factory(plait_conn conn, plait_factory factory);

/**
 * @brief Sets the user that the conn's callbacks get.
 * @param conn [in]
 * @param user [in] anything.
 * @return 0.
 * @errors those of a handle.
 * @thread the reactor's.
 * @callbacks none.
 * @lifetime the host's: `disconnected` is where it may be freed.
 * @since 0.1.0
 * @twisted attributes of the Protocol instance
 */
PLAIT_API int plait_conn_set_user(plait_conn conn, void *user);

/**
 * @brief Gets the user that the conn's callbacks get.
 * @param conn [in]
 * @param user [out]
 * @return 0.
 * @errors those of a handle; #PLAIT_ERR_INVALID.
 * @thread the reactor's.
 * @callbacks none.
 * @lifetime the host's.
 * @since 0.1.0
 * @twisted attributes of the Protocol instance
 */
PLAIT_API int plait_conn_get_user(plait_conn conn, void **user);

/**
 * @brief Tells where the other end is. To be asked early: after a reset the system knows it no more.
 * @param conn [in]
 * @param out [out] with its struct_size set.
 * @return 0.
 * @errors those of a handle; #PLAIT_ERR_INVALID, #PLAIT_ERR_STRUCT_SIZE, the operating system's.
 * @thread the reactor's.
 * @callbacks none.
 * @lifetime a copy.
 * @since 0.1.0
 * @twisted `ITransport.getPeer`
 */
PLAIT_API int plait_conn_get_peer(plait_conn conn, plait_address *out);

/**
 * @brief Tells where this end is.
 * @param conn [in]
 * @param out [out] with its struct_size set.
 * @return 0.
 * @errors those of a handle; #PLAIT_ERR_INVALID, #PLAIT_ERR_STRUCT_SIZE, the operating system's.
 * @thread the reactor's.
 * @callbacks none.
 * @lifetime a copy.
 * @since 0.1.0
 * @twisted `ITransport.getHost`
 */
PLAIT_API int plait_conn_get_local(plait_conn conn, plait_address *out);

/**
 * @brief Lends the descriptor of a conn's socket, to ask for options and to set them: SO_PEERCRED, TCP_INFO, IP_TOS.
 *
 * Whatever reads, writes, shuts down or closes it, or makes it block, breaks the conn.
 * @param conn [in]
 * @param fd [out] the descriptor.
 * @return 0.
 * @errors those of a handle; #PLAIT_ERR_INVALID; #PLAIT_ERR_UNSUPPORTED when there is none: a pipe, in memory, attached.
 * @thread the reactor's.
 * @callbacks none.
 * @lifetime lent until the conn ends: the number may belong to something else then.
 * @since 0.1.0
 * @twisted `transport.getHandle`
 */
PLAIT_API int plait_conn_get_fd(plait_conn conn, int *fd);

/**
 * @brief Tells how much the conn has moved and how much is waiting.
 * @param conn [in]
 * @param out [out] with its struct_size set.
 * @return 0.
 * @errors those of a handle; #PLAIT_ERR_INVALID, #PLAIT_ERR_STRUCT_SIZE.
 * @thread the reactor's.
 * @callbacks none.
 * @lifetime a copy.
 * @since 0.1.0
 * @twisted none.
 */
PLAIT_API int plait_conn_get_counters(plait_conn conn, plait_conn_counters *out);

/**
 * @brief Sets the limits of the conn's output.
 * @param conn [in]
 * @param limits [in] copied; NULL restores the defaults.
 * @return 0.
 * @errors those of a handle; #PLAIT_ERR_INVALID when low_water is above high_water or high_water above cap;
 *   #PLAIT_ERR_STRUCT_SIZE.
 * @thread the reactor's.
 * @callbacks none now; the marks are compared at the turn's end.
 * @lifetime until the conn ends.
 * @since 0.1.0
 * @twisted `transport.bufferSize`
 */
PLAIT_API int plait_conn_set_limits(plait_conn conn, const plait_conn_limits *limits);

/**
 * @brief Sets TCP_NODELAY, which is on unless turned off.
 * @param conn [in]
 * @param on [in] 0: the kernel may delay small segments (Nagle's algorithm).
 * @return 0.
 * @errors those of a handle; #PLAIT_ERR_UNSUPPORTED when it is not TCP; the operating system's.
 * @thread the reactor's.
 * @callbacks none.
 * @lifetime until the conn ends.
 * @since 0.1.0
 * @twisted `ITCPTransport.setTcpNoDelay`, which is off unless turned on
 */
PLAIT_API int plait_conn_set_no_delay(plait_conn conn, int on);

/**
 * @brief Sets TCP keep-alive probes.
 * @param conn [in]
 * @param idle_s [in] seconds without traffic before the first probe; 0: no probes.
 * @return 0.
 * @errors those of a handle; #PLAIT_ERR_INVALID above 32,767; #PLAIT_ERR_UNSUPPORTED when it is not TCP; the operating system's.
 * @thread the reactor's.
 * @callbacks none.
 * @lifetime until the conn ends.
 * @since 0.1.0
 * @twisted `ITCPTransport.setTcpKeepAlive`
 */
PLAIT_API int plait_conn_set_keep_alive(plait_conn conn, unsigned int idle_s);

#ifdef __cplusplus
}
#endif
#endif
