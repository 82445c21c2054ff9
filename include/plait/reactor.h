/**
 * @file plait/reactor.h
 * @brief The reactor: a loop that one thread turns.
 *
 * A reactor turns by plait_reactor_run(), or a turn at a time by plait_reactor_poll(). In another
 * event loop, watch plait_reactor_fd() for reading and call `plait_reactor_poll(reactor, 0)` when it is
 * readable. A process may have many reactors, each on its thread, 1,023 at a time.
 *
 * The library starts no thread, except that libuv's pool looks up host names (its at most
 * four threads start with the first name that is not numeric), and touches no signal disposition. SIGPIPE
 * never reaches the host: the reactor writes with MSG_NOSIGNAL, and blocks the signal in its thread for those
 * turns in which libuv writes what a slow peer did not take.
 */
#ifndef PLAIT_REACTOR_H
#define PLAIT_REACTOR_H

#include "handle.h"
#include "status.h"

#ifdef __cplusplus
extern "C" {
#endif

/** plait_reactor_options::flags */
enum {
    PLAIT_REACTOR_WITHOUT_LOOP = 1, /**< no libuv and no descriptors: conns are attached and fed, or in memory; the clock is manual */
    PLAIT_REACTOR_MANUAL_CLOCK = 2, /**< time stands still but for plait_reactor_advance() */
    PLAIT_REACTOR_BY_HAND = 4       /**< without a loop: listeners and attempts to connect are recorded, for a test: testing.h */
};

/** What a log message is about; a reactor logs those up to its level. */
enum {
    PLAIT_LOG_OFF = 0,
    PLAIT_LOG_ERROR = 1,   /**< something was lost */
    PLAIT_LOG_WARNING = 2, /**< something is wrong, and was survived */
    PLAIT_LOG_INFO = 3,    /**< listeners and connectors come and go, and clients whose TLS handshake fails */
    PLAIT_LOG_DEBUG = 4    /**< connections come and go */
};

/**
 * Gets a log message, inside any call on the reactor. It must not call the library.
 * `subsystem` is one word ("reactor", "listener", "connector", "conn", "tls"); `message` is valid
 * until the callback returns, and NUL-terminated.
 */
typedef void (*plait_log_fn)(void *user, int level, const char *subsystem, const char *message);

/** What plait_reactor_post() calls. */
typedef void (*plait_post_fn)(void *user);

/**
 * The reactor begins to wait: a host whose code runs under one lock lets go of it. What it returns is given to the
 * plait_after_wait_fn. It must not call the library.
 */
typedef void *(*plait_before_wait_fn)(void *user);

/** The wait is over, and no callback has come yet: the lock is taken again. It must not call the library. */
typedef void (*plait_after_wait_fn)(void *token);

/** Ends plait_reactor_drain(). */
typedef void (*plait_drain_fn)(void *user, plait_call call, const plait_reason *reason);

/** How a reactor is made; 0 and NULL mean the default. */
typedef struct plait_reactor_options {
    uint32_t struct_size;
    uint32_t flags;      /**< PLAIT_REACTOR_ */
    uint32_t turn_bytes; /**< the most that is read from one connection in a turn before others get theirs; 1 MiB */
    uint32_t log_level;  /**< PLAIT_LOG_ */
    plait_log_fn log;    /**< none: silent */
    void *log_user;
    uint64_t seed;       /**< of the random numbers (jitter) under a manual clock; 1 */
    /**
     * For hosts whose code runs under one lock, as Python's and OCaml's does: called in the owner's thread, in turn,
     * around whatever may wait in plait_reactor_run() and plait_reactor_poll(), so that the lock is taken once for all
     * callbacks of a turn. plait_reactor_free(), which may wait for a look-up, holds it. Python's `PyEval_SaveThread` and
     * `PyEval_RestoreThread` fit as they are. Both or neither.
     */
    plait_before_wait_fn before_wait;
    plait_after_wait_fn after_wait;
    void *wait_user; /**< for before_wait */
} plait_reactor_options;
#define PLAIT_REACTOR_OPTIONS_INIT { sizeof(plait_reactor_options), 0, 0, 0, NULL, NULL, 0, NULL, NULL, NULL }

/**
 * @brief Makes a reactor that the calling thread owns.
 * @param out [out] the reactor.
 * @param options [in] or NULL for the defaults.
 * @return 0.
 * @errors #PLAIT_ERR_INVALID, #PLAIT_ERR_STRUCT_SIZE, #PLAIT_ERR_LIMIT (1,023 reactors), #PLAIT_ERR_NOMEM,
 *   the operating system's (no descriptors).
 * @thread any; the caller becomes the owner.
 * @callbacks none.
 * @lifetime until plait_reactor_free().
 * @since 0.1.0
 * @twisted `twisted.internet.reactor`; with #PLAIT_REACTOR_WITHOUT_LOOP `MemoryReactorClock`
 */
PLAIT_API int plait_reactor_new(plait_reactor *out, const plait_reactor_options *options);

/**
 * @brief Closes all that the reactor has, tells the host of each end, and frees it.
 *
 * Conns are aborted (#PLAIT_ERR_ABORTED), calls end with #PLAIT_ERR_CANCELLED, posts run, timers do not
 * fire. A name look-up that the system's resolver has already begun is waited for.
 * @param reactor [in]
 * @return 0.
 * @errors those of a handle; #PLAIT_ERR_REENTRANT inside a callback of this reactor.
 * @thread the owner.
 * @callbacks every end that is still due: `disconnected`, completions, `stopped`, posts, `release`.
 * @lifetime all handles of the reactor are stale afterwards.
 * @since 0.1.0
 * @twisted none: Twisted's reactor lasts as long as the process.
 */
PLAIT_API int plait_reactor_free(plait_reactor reactor);

/**
 * @brief Turns until plait_reactor_stop() is called or nothing is left to wait for.
 *
 * What is waited for: listeners, conns (paused ones too), timers, calls, connectors, posts.
 * @param reactor [in]
 * @return 0 when stopped, 1 when nothing was left.
 * @errors those of a handle; #PLAIT_ERR_REENTRANT; #PLAIT_ERR_UNSUPPORTED without a loop.
 * @thread the owner.
 * @callbacks all.
 * @lifetime nothing is kept.
 * @since 0.1.0
 * @twisted `reactor.run`, which cannot be called twice; this can
 */
PLAIT_API int plait_reactor_run(plait_reactor reactor);

/**
 * @brief Turns once.
 * @param reactor [in]
 * @param timeout_ms [in] how long to wait for something to happen: 0 not at all, negative without limit.
 *   If something was due already, and a reactor without a loop, never waits.
 * @return 0.
 * @errors those of a handle; #PLAIT_ERR_REENTRANT.
 * @thread the owner.
 * @callbacks all.
 * @lifetime nothing is kept.
 * @since 0.1.0
 * @twisted `reactor.iterate`
 */
PLAIT_API int plait_reactor_poll(plait_reactor reactor, int64_t timeout_ms);

/**
 * @brief Makes plait_reactor_run() return at the end of its turn; if it is not running, the next run
 *   returns after one turn.
 * @param reactor [in]
 * @return 0.
 * @errors #PLAIT_ERR_STALE, #PLAIT_ERR_TYPE, #PLAIT_ERR_FORKED.
 * @thread any; not inside a signal handler: there, write to a pipe or use signalfd.
 * @callbacks none.
 * @lifetime nothing is closed: the reactor can be run again.
 * @since 0.1.0
 * @twisted `reactor.crash`, or `reactor.callFromThread(reactor.stop)`
 */
PLAIT_API int plait_reactor_stop(plait_reactor reactor);

/**
 * @brief Has a function called by the reactor's thread, in a coming turn.
 *
 * Posts run in the order in which they were accepted, each exactly once; on plait_reactor_free() too. One that is made
 * inside a callback may run in the same turn.
 * @param reactor [in]
 * @param function [in] what to call.
 * @param user [in] given to it.
 * @return 0.
 * @errors #PLAIT_ERR_STALE, #PLAIT_ERR_TYPE, #PLAIT_ERR_FORKED, #PLAIT_ERR_INVALID, #PLAIT_ERR_NOMEM.
 * @thread any.
 * @callbacks the function, in a driving call of the reactor's owner.
 * @lifetime `user` must be valid until the function is called.
 * @since 0.1.0
 * @twisted `reactor.callFromThread`
 */
PLAIT_API int plait_reactor_post(plait_reactor reactor, plait_post_fn function, void *user);

/**
 * @brief Makes the calling thread the owner.
 *
 * The host sees to it that the former owner is in no call on the reactor, and that it handed over by
 * something that orders memory (a mutex, pthread_create).
 * @param reactor [in]
 * @return 0.
 * @errors #PLAIT_ERR_STALE, #PLAIT_ERR_TYPE, #PLAIT_ERR_FORKED; #PLAIT_ERR_REENTRANT while it is being driven.
 * @thread the new owner.
 * @callbacks none.
 * @lifetime nothing is kept.
 * @since 0.1.0
 * @twisted none: Twisted's reactor belongs to the thread that runs it.
 */
PLAIT_API int plait_reactor_adopt(plait_reactor reactor);

/**
 * @brief Closes the listeners, stops the connectors, and waits for the conns to end by themselves.
 *
 * When the time limit passes, the conns that are left are aborted and the completion tells
 * #PLAIT_ERR_TIMEOUT.
 * @param reactor [in]
 * @param limit_ms [in] the time limit; 0: 30 seconds.
 * @param done [in] the completion, or NULL.
 * @param user [in] given to it.
 * @param call [out] the call, or NULL.
 * @return 0.
 * @errors those of a handle; #PLAIT_ERR_INVALID for more than 2^62 ms; #PLAIT_ERR_LIMIT, #PLAIT_ERR_NOMEM.
 * @thread the owner.
 * @callbacks `done` once, in a later driving call, never before this returns.
 * @lifetime the call ends with its completion; cancelled, it stops waiting, and reopens nothing.
 * @since 0.1.0
 * @twisted the "before shutdown" triggers
 */
PLAIT_API int plait_reactor_drain(plait_reactor reactor, uint64_t limit_ms, plait_drain_fn done, void *user, plait_call *call);

/**
 * @brief Gives the one descriptor that is readable whenever the reactor has something to do.
 *
 * It covers sockets, timers, posts, and what was started outside a turn. When it is readable call
 * `plait_reactor_poll(reactor, 0)`, and do nothing else with it. Level- and edge-triggered watching
 * both work.
 * @param reactor [in]
 * @param fd [out] the descriptor; close-on-exec.
 * @return 0.
 * @errors those of a handle; #PLAIT_ERR_INVALID; #PLAIT_ERR_UNSUPPORTED without a loop; the operating system's.
 * @thread the owner.
 * @callbacks none.
 * @lifetime owned by the reactor and closed with it; the same at every call.
 * @since 0.1.0
 * @twisted none.
 */
PLAIT_API int plait_reactor_fd(plait_reactor reactor, int *fd);

/**
 * @brief Tells how long a host's own loop may wait before it polls the reactor.
 *
 * For hosts that cannot watch plait_reactor_fd() alone: wait at most this long for libuv's descriptor, which
 * plait_reactor_fd() includes.
 * @param reactor [in]
 * @param timeout_ms [out] milliseconds; 0: poll now; -1: no limit.
 * @return 0.
 * @errors those of a handle; #PLAIT_ERR_INVALID.
 * @thread the owner.
 * @callbacks none.
 * @lifetime valid until the next call on the reactor.
 * @since 0.1.0
 * @twisted `reactor.timeout`
 */
PLAIT_API int plait_reactor_timeout(plait_reactor reactor, int64_t *timeout_ms);

/**
 * @brief Tells the reactor's time: monotonic, or as far as a manual clock was advanced.
 * @param reactor [in]
 * @param now_ms [out] milliseconds since an unspecified moment; since 0 under a manual clock.
 * @return 0.
 * @errors those of a handle; #PLAIT_ERR_INVALID.
 * @thread the owner.
 * @callbacks none.
 * @lifetime nothing is kept.
 * @since 0.1.0
 * @twisted `reactor.seconds`
 */
PLAIT_API int plait_reactor_now(plait_reactor reactor, uint64_t *now_ms);

/**
 * @brief Moves a manual clock on, and runs what falls due, each at its own time and in order.
 * @param reactor [in] one with a manual clock.
 * @param ms [in] milliseconds; 0 runs what is due now.
 * @return 0.
 * @errors those of a handle; #PLAIT_ERR_REENTRANT; #PLAIT_ERR_UNSUPPORTED when the clock is the system's;
 *   #PLAIT_ERR_INVALID when it would run beyond 2^62.
 * @thread the owner.
 * @callbacks timers, and whatever they lead to.
 * @lifetime nothing is kept.
 * @since 0.1.0
 * @twisted `task.Clock.advance`
 */
PLAIT_API int plait_reactor_advance(plait_reactor reactor, uint64_t ms);

/**
 * @brief Sets where log messages go.
 * @param reactor [in]
 * @param level [in] PLAIT_LOG_: the least important messages that are wanted.
 * @param log [in] the receiver, or NULL for none.
 * @param user [in] given to it.
 * @return 0.
 * @errors those of a handle; #PLAIT_ERR_INVALID for an unknown level.
 * @thread the owner.
 * @callbacks none now.
 * @lifetime `user` must be valid until it is replaced or the reactor is freed.
 * @since 0.1.0
 * @twisted `log.addObserver`
 */
PLAIT_API int plait_reactor_set_log(plait_reactor reactor, int level, plait_log_fn log, void *user);

#ifdef __cplusplus
}
#endif
#endif
