/**
 * @file plait/handle.h
 * @brief Handles: what names a reactor, a conn and everything else that has a life of its own.
 *
 * A handle is a number in a struct, copied and compared freely. `{0}` is never valid. A handle
 * whose object has ended gives #PLAIT_ERR_STALE from every function, for ever: it is never reused
 * for another object. So no order of freeing, closing and calling back can touch dead memory.
 *
 * **Threads.** A reactor, and everything that belongs to it, is used by one thread: the one that
 * made it, until plait_reactor_adopt(). Others get #PLAIT_ERR_THREAD. Only plait_reactor_post(),
 * plait_reactor_stop(), plait_reactor_adopt() and what makes, retains and releases factories may be called from any thread. After fork, the child gets #PLAIT_ERR_FORKED,
 * also from the call that drives, if it comes back from a callback that forked: nothing that is the parent's is touched.
 *
 * **Callbacks** run only inside *driving* calls: plait_reactor_run(), plait_reactor_poll(),
 * plait_reactor_advance(), plait_conn_feed(), plait_conn_eof(), plait_conn_writable() and
 * plait_reactor_free(). Inside a callback a driving call on the same reactor answers
 * #PLAIT_ERR_REENTRANT; every other function is legal there, and what it changes (mode, pause, close,
 * write) takes effect before the next delivery. Exceptions, besides the log and what says so itself: `release` runs in
 * whatever call drops the last reference to its owner: where that is no driving call, as plait_factory_release() outside of all
 * callbacks, nothing is being driven, and a driving call inside `release` is an ordinary one. While a reactor is being freed, functions that would begin
 * something answer #PLAIT_ERR_ABORTED.
 *
 * **User.** The `void *user` that a callback gets first is never touched by the library.
 */
#ifndef PLAIT_HANDLE_H
#define PLAIT_HANDLE_H

#include "version.h"

/** A loop with all that lives on it. */
typedef struct plait_reactor { uint64_t id; } plait_reactor;
/** What is spoken on connections, and with which policies; process-wide, counted. */
typedef struct plait_factory { uint64_t id; } plait_factory;
/** A place where connections are accepted. */
typedef struct plait_listener { uint64_t id; } plait_listener;
/** One conversation. */
typedef struct plait_conn { uint64_t id; } plait_conn;
/** A timer. */
typedef struct plait_timer { uint64_t id; } plait_timer;
/** An asynchronous call that has not yet ended in its completion. */
typedef struct plait_call { uint64_t id; } plait_call;
/** A client that keeps a connection up. */
typedef struct plait_connector { uint64_t id; } plait_connector;
/** What keeps the output of a conn for a test: testing.h. */
typedef struct plait_string_transport { uint64_t id; } plait_string_transport;
/** Who this side is in TLS, and whom it trusts; process-wide, counted. */
typedef struct plait_tls_config { uint64_t id; } plait_tls_config;
/** A host's own policy, on one conn. */
typedef struct plait_wrapper { uint64_t id; } plait_wrapper;

#ifdef __cplusplus
extern "C" {
#endif

/**
 * @brief Cancels an asynchronous call: its completion comes with #PLAIT_ERR_CANCELLED.
 * @param call [in] what a function such as plait_connect() gave out.
 * @return 0.
 * @errors those of a handle; a call that has ended is stale.
 * @thread the reactor's.
 * @callbacks none now; the completion runs in the reactor's next turn.
 * @lifetime the call ends with its completion.
 * @since 0.1.0
 * @twisted `Deferred.cancel`
 */
PLAIT_API int plait_call_cancel(plait_call call);

#ifdef __cplusplus
}
#endif
#endif
