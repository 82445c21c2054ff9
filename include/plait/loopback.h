/**
 * @file plait/loopback.h
 * @brief Two factories talk with each other: a conversation with both of its ends in one program.
 *
 * The server's factory builds one end, the client's the other, and what one writes the other gets. In memory that is
 * exact and repeatable, and needs no descriptor: on a reactor without a loop a whole conversation runs inside
 * `plait_reactor_poll(reactor, 0)` and plait_reactor_advance().
 *
 * The order of events in memory: the server is connected, then the client. A write never delivers: rounds do, at a turn's end. In each
 * what the server has written goes to the client, then what the client has to the server. Rounds follow each other until nothing is left;
 * then a write begins the next one. When one end closes, what it wrote is delivered, and what the other had still to send is
 * dropped; then the server hears `disconnected`, then the client. A half-close is a `read_closed` at the other end. An abort drops what was not delivered: the
 * other end hears an error of the system's, ECONNRESET. The call ends when both have heard the end.
 */
#ifndef PLAIT_LOOPBACK_H
#define PLAIT_LOOPBACK_H

#include "factory.h"

#ifdef __cplusplus
extern "C" {
#endif

/** plait_loopback_options::flags */
enum {
    PLAIT_LOOPBACK_BY_HAND = 1 /**< there is a round only when plait_loopback_pump() makes one */
};

/** plait_loopback_options::cut: the pieces in which the bytes that were written arrive. */
enum {
    PLAIT_LOOPBACK_IDENTITY = 0,     /**< one for each write; behind a policy, for each time that it passes something on */
    PLAIT_LOOPBACK_COLLAPSING = 1,   /**< all that is there in one */
    PLAIT_LOOPBACK_BYTE_BY_BYTE = 2, /**< one for each byte */
    PLAIT_LOOPBACK_FIXED = 3,        /**< of `size` bytes; the last one of a round may be shorter */
    PLAIT_LOOPBACK_RANDOM = 4,       /**< of 1 to `size` bytes, by `seed` */
    PLAIT_LOOPBACK_HOST = 5          /**< as `pump` says */
};

/**
 * A host's own policy: tells how many of the bytes that are on their way come next, in one piece. 0: none in this round; it is asked
 * again when something more is written. `first` is the length of the first write among them. When the end that wrote them closes, all of
 * them are delivered whatever it says.
 */
typedef size_t (*plait_pump_fn)(void *user, int to_client, const uint8_t *data, size_t len, size_t first);

/** Ends plait_loopback(): why the server's end and the client's ended. */
typedef void (*plait_loopback_fn)(void *user, plait_call call, const plait_reason *server, const plait_reason *client);

/** How a loopback is made; 0 and NULL mean the default. */
typedef struct plait_loopback_options {
    uint32_t struct_size;
    uint32_t flags;       /**< PLAIT_LOOPBACK_BY_HAND */
    uint32_t cut;         /**< PLAIT_LOOPBACK_IDENTITY and so on */
    uint32_t reserved;
    uint64_t size;        /**< of #PLAIT_LOOPBACK_FIXED and #PLAIT_LOOPBACK_RANDOM; 16; at most #PLAIT_BYTES_MAX */
    uint64_t seed;        /**< of #PLAIT_LOOPBACK_RANDOM; 1 */
    uint64_t delay_ms;    /**< how long each write is under way, by the reactor's clock */
    plait_pump_fn pump;   /**< of #PLAIT_LOOPBACK_HOST */
    void *pump_user;      /**< its first argument */
    const char *endpoint; /**< NULL: in memory. Else where to listen, and to connect to: `tcp:0:interface=127.0.0.1`,
                               `unix:/path`, `memory:name`; then the pieces are the kernel's, and the fields above must be 0 */
} plait_loopback_options;
#define PLAIT_LOOPBACK_OPTIONS_INIT { sizeof(plait_loopback_options), 0, 0, 0, 0, 0, 0, NULL, NULL, NULL }

/** How far a loopback is. */
typedef struct plait_loopback_state {
    uint32_t struct_size;     /**< set by #PLAIT_LOOPBACK_STATE_INIT */
    uint32_t established;     /**< 1: both ends have heard `connected` */
    plait_conn server;        /**< {0} before it was accepted; stale after its end */
    plait_conn client;        /**< the same */
    uint64_t bytes_to_server; /**< delivered so far */
    uint64_t bytes_to_client; /**< delivered so far */
} plait_loopback_state;
#define PLAIT_LOOPBACK_STATE_INIT { sizeof(plait_loopback_state), 0, { 0 }, { 0 }, 0, 0 }

/**
 * @brief Has two factories talk with each other.
 * @param reactor [in]
 * @param server [in] builds the end that is connected first; kept as long as its conn.
 * @param client [in] builds the other; may be the same.
 * @param options [in] or NULL: in memory, a piece for each write.
 * @param done [in] the completion, or NULL.
 * @param user [in] given to it.
 * @param call [out] the call, or NULL.
 * @return 0.
 * @errors those of a handle; #PLAIT_ERR_INVALID, #PLAIT_ERR_STRUCT_SIZE, #PLAIT_ERR_BOUND, #PLAIT_ERR_REFUSED by a factory,
 *   #PLAIT_ERR_ABORTED while the reactor is being freed, #PLAIT_ERR_LIMIT, #PLAIT_ERR_NOMEM; with an endpoint those of plait_listen().
 * @thread the reactor's.
 * @callbacks none now; `connected` of both in the next turn, and in the end `done` once. Cancelled, both ends are aborted first,
 *   with #PLAIT_ERR_CANCELLED.
 * @lifetime the call ends with its completion.
 * @since 0.1.0
 * @twisted `loopback.loopbackAsync`; with an endpoint `loopback.loopbackTCP` and `loopback.loopbackUNIX`
 */
PLAIT_API int plait_loopback(plait_reactor reactor, plait_factory server, plait_factory client,
                             const plait_loopback_options *options, plait_loopback_fn done, void *user, plait_call *call);

/**
 * @brief Makes rounds of a loopback by hand, until nothing moves or there were so many; a driving call.
 *
 * Such a round delivers what both had written before it: what the client answers to it waits for the next one.
 * @param call [in] a loopback made with #PLAIT_LOOPBACK_BY_HAND.
 * @param rounds [in] the most; 0: only what is due otherwise happens.
 * @return how many rounds moved something.
 * @errors those of a handle; #PLAIT_ERR_REENTRANT; #PLAIT_ERR_UNSUPPORTED when it goes by itself.
 * @thread the reactor's.
 * @callbacks whatever the bytes lead to, and all else that is due.
 * @lifetime the call ends with its completion, which may come in here.
 * @since 0.1.0
 * @twisted `iosim.IOPump.pump`, `iosim.IOPump.flush`
 */
PLAIT_API int plait_loopback_pump(plait_call call, uint32_t rounds);

/**
 * @brief Tells how far a loopback is, and which conns are its ends.
 * @param call [in] what plait_loopback() gave out.
 * @param out [out] with its struct_size set.
 * @return 0.
 * @errors those of a handle; #PLAIT_ERR_INVALID, #PLAIT_ERR_STRUCT_SIZE.
 * @thread the reactor's.
 * @callbacks none.
 * @lifetime a copy.
 * @since 0.1.0
 * @twisted none.
 */
PLAIT_API int plait_loopback_get_state(plait_call call, plait_loopback_state *out);

#ifdef __cplusplus
}
#endif
#endif
