/**
 * @file plait/wrapper.h
 * @brief A host's own policies: a table of hooks around any factory's connections.
 *
 * plait_wrapper_factory_new() makes a factory around a factory. Each connection that it builds has a *wrapper* with a
 * handle and a user of its own, between what stands around it (nearer to the transport) and what it goes around (nearer to the
 * protocol). Wrapped twice, a connection has two; the outer one is built first, hears `received` first and `written` last.
 *
 * A hook that only looks returns 0: the bytes go on as they are, without a copy. One that changes them returns
 * #PLAIT_WRAPPER_TAKEN: the bytes are its own then, and what it gives to plait_wrapper_feed(), towards the protocol, or
 * plait_wrapper_write(), towards the peer, goes in their place, when the hook has returned or at any time later.
 *
 * Hooks run inside driving calls only, but `built` also inside what builds: plait_conn_attach() and plait_conn_set_factory();
 * if those then fail, `disconnected` comes inside them, too.
 */
#ifndef PLAIT_WRAPPER_H
#define PLAIT_WRAPPER_H

#include "conn.h"
#include "factory.h"

#ifdef __cplusplus
extern "C" {
#endif

/** What hooks answer. */
enum {
    PLAIT_WRAPPER_PASS = 0, /**< go on as if the hook were not there */
    PLAIT_WRAPPER_TAKEN = 1 /**< it goes on when, and as, the host says */
};

/** plait_wrapper_handler::flags */
enum {
    PLAIT_WRAPPER_INHERITED = 1 /**< the connections that a wrapped one's protocol opens itself get a wrapper, too */
};

/** The hooks. Any may be NULL. `user` is the wrapper's, which is the factory's until plait_wrapper_set_user() replaces it. */
typedef struct plait_wrapper_handler {
    uint32_t struct_size;
    uint32_t flags; /**< PLAIT_WRAPPER_INHERITED */
    /** Once, first: a connection is being built; plait_wrapper_get_conn() tells it, plait_conn_get_peer() whose. What is
     *  fed or written now waits until it is connected. Returns 0, or the connection is refused. */
    int (*built)(void *user, plait_wrapper wrapper);
    /** What is below is ready. #PLAIT_WRAPPER_TAKEN keeps `connected` from the protocol until plait_wrapper_open(). */
    int (*connected)(void *user, plait_wrapper wrapper);
    /** Bytes from the peer. */
    int (*received)(void *user, plait_wrapper wrapper, const uint8_t *data, size_t len);
    /** Bytes to the peer: all that was written since the last flush. */
    int (*written)(void *user, plait_wrapper wrapper, const uint8_t *data, size_t len);
    /** The peer will send no more. */
    void (*read_closed)(void *user, plait_wrapper wrapper);
    /** This side closes, and all that was written has come by: the place for last words. */
    void (*closing)(void *user, plait_wrapper wrapper);
    /** Once, last; the wrapper is stale afterwards. For a connection that was refused further in, too: #PLAIT_ERR_REFUSED. */
    void (*disconnected)(void *user, plait_wrapper wrapper, const plait_reason *reason);
    /** Once, when the factory and its last connection are gone; gets the factory's user. */
    void (*release)(void *user);
} plait_wrapper_handler;
#define PLAIT_WRAPPER_HANDLER_INIT { sizeof(plait_wrapper_handler), 0, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL }

/**
 * @brief Makes a factory that puts a host's own policy around another.
 * @param out [out] the factory.
 * @param factory [in] what it goes around; it keeps a reference.
 * @param handler [in] copied.
 * @param user [in] the first argument of its hooks.
 * @return 0.
 * @errors #PLAIT_ERR_INVALID, #PLAIT_ERR_STRUCT_SIZE, #PLAIT_ERR_STALE, #PLAIT_ERR_TYPE, #PLAIT_ERR_LIMIT, #PLAIT_ERR_NOMEM.
 * @thread any.
 * @callbacks none.
 * @lifetime until plait_factory_release(), and as long as something uses it.
 * @since 0.1.0
 * @twisted `policies.WrappingFactory`, `policies.ProtocolWrapper`
 */
PLAIT_API int plait_wrapper_factory_new(plait_factory *out, plait_factory factory, const plait_wrapper_handler *handler,
                                        void *user);

/**
 * @brief Tells whose wrapper it is.
 * @param wrapper [in]
 * @param conn [out]
 * @return 0.
 * @errors those of a handle; #PLAIT_ERR_INVALID.
 * @thread the reactor's.
 * @callbacks none.
 * @lifetime a copy; the conn ends with the wrapper.
 * @since 0.1.0
 * @twisted `ProtocolWrapper.transport`
 */
PLAIT_API int plait_wrapper_get_conn(plait_wrapper wrapper, plait_conn *conn);

/**
 * @brief Gives the wrapper a user of its own, for its next hooks.
 * @param wrapper [in]
 * @param user [in]
 * @return 0.
 * @errors those of a handle.
 * @thread the reactor's.
 * @callbacks none.
 * @lifetime `disconnected` is where the host frees it.
 * @since 0.1.0
 * @twisted attributes of a `ProtocolWrapper`
 */
PLAIT_API int plait_wrapper_set_user(plait_wrapper wrapper, void *user);

/**
 * @brief Tells the wrapper's user.
 * @param wrapper [in]
 * @param user [out]
 * @return 0.
 * @errors those of a handle; #PLAIT_ERR_INVALID.
 * @thread the reactor's.
 * @callbacks none.
 * @lifetime nothing is kept.
 * @since 0.1.0
 * @twisted attributes of a `ProtocolWrapper`
 */
PLAIT_API int plait_wrapper_get_user(plait_wrapper wrapper, void **user);

/**
 * @brief Has what is within the wrapper hear `connected`, which its hook kept back.
 * @param wrapper [in]
 * @return 0, also when it was not kept back, or was opened before.
 * @errors those of a handle; #PLAIT_ERR_CLOSED.
 * @thread the reactor's.
 * @callbacks none now: it is told when the hook has returned, or in the reactor's next turn.
 * @lifetime nothing is kept.
 * @since 0.1.0
 * @twisted `IProtocol.makeConnection`
 */
PLAIT_API int plait_wrapper_open(plait_wrapper wrapper);

/**
 * @brief Gives bytes to what is within the wrapper, as if the peer had sent them.
 * @param wrapper [in]
 * @param data [in] copied.
 * @param len [in] bytes.
 * @return 0.
 * @errors those of a handle; #PLAIT_ERR_INVALID, #PLAIT_ERR_CLOSED, #PLAIT_ERR_NOMEM; #PLAIT_ERR_OVERFLOW when more would wait than
 *   the conn's cap (plait_conn_limits::cap): the conn is aborted then.
 * @thread the reactor's.
 * @callbacks none now: they are delivered when the hook has returned, or in the reactor's next turn.
 * @lifetime nothing of the host's is kept.
 * @since 0.1.0
 * @twisted `ProtocolWrapper.dataReceived`
 */
PLAIT_API int plait_wrapper_feed(plait_wrapper wrapper, const uint8_t *data, size_t len);

/**
 * @brief Sends bytes to the peer, from where the wrapper stands.
 * @param wrapper [in]
 * @param data [in] copied.
 * @param len [in] bytes.
 * @return 0.
 * @errors those of a handle; #PLAIT_ERR_INVALID, #PLAIT_ERR_CLOSED, #PLAIT_ERR_NOMEM; #PLAIT_ERR_OVERFLOW when more would wait than
 *   the conn's cap: the conn is aborted then.
 * @thread the reactor's.
 * @callbacks none now.
 * @lifetime nothing of the host's is kept.
 * @since 0.1.0
 * @twisted `ProtocolWrapper.write`
 */
PLAIT_API int plait_wrapper_write(plait_wrapper wrapper, const uint8_t *data, size_t len);

/**
 * @brief Says whether the wrapper still holds something that is to be sent: then nothing more comes to `written`, but
 *   waits in the conn, and a close waits too, as long as its time limit allows.
 * @param wrapper [in]
 * @param on [in] 1: it does; 0: it does no more.
 * @return 0.
 * @errors those of a handle; #PLAIT_ERR_CLOSED.
 * @thread the reactor's.
 * @callbacks none now.
 * @lifetime until it is changed.
 * @since 0.1.0
 * @twisted none.
 */
PLAIT_API int plait_wrapper_set_busy(plait_wrapper wrapper, int on);

/**
 * @brief Has the conn not read until plait_wrapper_resume(), whatever else wants it to.
 * @param wrapper [in]
 * @return 0; pausing twice is pausing once.
 * @errors those of a handle; #PLAIT_ERR_CLOSED.
 * @thread the reactor's.
 * @callbacks none.
 * @lifetime what was read already is still received.
 * @since 0.1.0
 * @twisted `ProtocolWrapper.pauseProducing`
 */
PLAIT_API int plait_wrapper_pause(plait_wrapper wrapper);

/**
 * @brief Ends a pause of plait_wrapper_pause(); the host's own, plait_conn_pause(), is another.
 * @param wrapper [in]
 * @return 0, also when it was not paused.
 * @errors those of a handle; #PLAIT_ERR_CLOSED.
 * @thread the reactor's.
 * @callbacks none now.
 * @lifetime nothing is kept.
 * @since 0.1.0
 * @twisted `ProtocolWrapper.resumeProducing`
 */
PLAIT_API int plait_wrapper_resume(plait_wrapper wrapper);

#ifdef __cplusplus
}
#endif
#endif
