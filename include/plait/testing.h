/**
 * @file plait/testing.h
 * @brief What a host tests its protocols with: no socket, and no waiting.
 *
 * All of it works on a reactor made with #PLAIT_REACTOR_WITHOUT_LOOP, whose clock moves by plait_reactor_advance().
 *
 *  - A *string transport* is the bottom of a conn that keeps what is written to it. It is attached to a factory, and what was sent is read
 *    back, after the end too. Its conn is fed by the two functions of attach.h: `plait_conn_feed(conn, data, len)`, and
 *    `plait_conn_eof(conn, status)` for the peer's end, whose status is 0 in good order, or says how the connection broke.
 *  - A reactor made with #PLAIT_REACTOR_BY_HAND as well records what it is asked to listen at and to connect to, at endpoints of every
 *    kind, and nothing comes of it but what the test does: plait_memory_accept(), plait_memory_connect(), plait_memory_refuse().
 *  - An *accumulating factory* builds protocols that keep what they receive.
 *  - plait_splits_run() has one conversation under every way of cutting what is received, and compares what came of it.
 *
 * loopback.h has two ends talk with each other.
 */
#ifndef PLAIT_TESTING_H
#define PLAIT_TESTING_H

#include "bytes.h"
#include "conn.h"
#include "factory.h"
#include "reactor.h"

#ifdef __cplusplus
extern "C" {
#endif

/** plait_string_transport_state::flags */
enum {
    PLAIT_STRING_TRANSPORT_ATTACHED = 1,     /**< it has, or had, a conn */
    PLAIT_STRING_TRANSPORT_READING = 2,      /**< its conn wants to read: it is neither paused nor closing */
    PLAIT_STRING_TRANSPORT_HALF_CLOSED = 4,  /**< its conn has said that nothing more will come */
    PLAIT_STRING_TRANSPORT_DISCONNECTING = 8, /**< its conn is closing, with something still to send */
    PLAIT_STRING_TRANSPORT_DISCONNECTED = 16 /**< its conn has ended; `status` says how */
};

/** How a string transport is made; 0 and NULL mean the default. */
typedef struct plait_string_transport_options {
    uint32_t struct_size;
    uint32_t reserved;
    const char *peer;  /**< where the other end is said to be, a numeric address; "192.168.1.1" */
    const char *local; /**< where this end is said to be; "10.0.0.1" */
    uint32_t peer_port;  /**< 54321; at most 65,535 */
    uint32_t local_port; /**< 12345; at most 65,535 */
    uint64_t room;     /**< how many bytes it takes before plait_string_transport_set_room(), as a peer that does not read; 0: all */
} plait_string_transport_options;
#define PLAIT_STRING_TRANSPORT_OPTIONS_INIT { sizeof(plait_string_transport_options), 0, NULL, NULL, 0, 0, 0 }

/** What has become of a string transport. */
typedef struct plait_string_transport_state {
    uint32_t struct_size; /**< set by #PLAIT_STRING_TRANSPORT_STATE_INIT */
    uint32_t flags;       /**< PLAIT_STRING_TRANSPORT_ */
    int32_t status;       /**< how its conn ended, once it has: 0 or a PLAIT_ERR_ code */
    uint32_t reserved;
    plait_conn conn;      /**< its conn, or {0} */
    uint64_t writes;      /**< how often something was handed to it */
    uint64_t waiting;     /**< bytes for which there was no room */
} plait_string_transport_state;
#define PLAIT_STRING_TRANSPORT_STATE_INIT { sizeof(plait_string_transport_state), 0, 0, 0, { 0 }, 0, 0 }

/** The kinds of endpoints: plait_memory_place::kind. */
enum {
    PLAIT_PLACE_TCP = 1,
    PLAIT_PLACE_TCP6 = 2,
    PLAIT_PLACE_UNIX = 3,
    PLAIT_PLACE_FD = 4,
    PLAIT_PLACE_MEMORY = 5
};

/** Where a reactor by hand was asked to listen, or to connect to. Texts that are longer are cut off. */
typedef struct plait_memory_place {
    uint32_t struct_size;  /**< set by #PLAIT_MEMORY_PLACE_INIT */
    uint32_t kind;         /**< PLAIT_PLACE_ */
    uint32_t port;         /**< or the descriptor's number */
    uint32_t backlog;      /**< of a listener */
    uint64_t timeout_ms;   /**< of an attempt to connect */
    char host[112];        /**< the host, the path or the name; NUL-terminated, as the next */
    char interface[112];   /**< the interface, or the address to bind */
} plait_memory_place;
#define PLAIT_MEMORY_PLACE_INIT { sizeof(plait_memory_place), 0, 0, 0, 0, { 0 }, { 0 } }

/** What one protocol of an accumulating factory has received. */
typedef struct plait_accumulated {
    uint32_t struct_size; /**< set by #PLAIT_ACCUMULATED_INIT */
    uint32_t connected;   /**< 1 once `connected` came */
    uint32_t ended;       /**< 1 once the peer has said that it will send no more */
    uint32_t lost;        /**< 1 once `disconnected` came */
    int32_t status;       /**< its reason's status */
    uint32_t reserved;
    plait_conn conn;      /**< its conn, stale after the end */
    const uint8_t *data;  /**< all bytes so far; valid until more come, or the factory goes */
    size_t len;
} plait_accumulated;
#define PLAIT_ACCUMULATED_INIT { sizeof(plait_accumulated), 0, 0, 0, 0, 0, { 0 }, NULL, 0 }

/** plait_splits_options::flags */
enum {
    PLAIT_SPLITS_WITHOUT_END = 1 /**< the peer does not end the conversation */
};

/** How bytes are cut: plait_splits_result::cut. */
enum {
    PLAIT_SPLITS_WHOLE = 1,  /**< all in one: what the others are compared with */
    PLAIT_SPLITS_BYTES = 2,  /**< byte by byte */
    PLAIT_SPLITS_TWO = 3,    /**< in two, behind `parameter` bytes */
    PLAIT_SPLITS_FIXED = 4,  /**< in pieces of `parameter` bytes */
    PLAIT_SPLITS_RANDOM = 5  /**< at random, by the seed `parameter` */
};

/** A conversation whose received bytes are cut in every way. */
typedef struct plait_splits_options {
    uint32_t struct_size;
    uint32_t flags;     /**< PLAIT_SPLITS_WITHOUT_END */
    plait_bytes data;   /**< what the peer sends: one byte at least */
    uint64_t most_two;  /**< how many ways of cutting in two, evenly spread; 0: all */
    uint64_t randoms;   /**< how many random ways; 32 */
    uint64_t seed;      /**< of the first of them; 1 */
    /** Makes the factory under test, for a reactor of its own without a loop, which the run feeds; gives it over. Returns 0; else
     *  the run ends: with what is negative, and with #PLAIT_ERR_INVALID for a positive number, which would say that something differs. */
    int (*make)(void *user, plait_reactor reactor, plait_factory *out);
    /** The conversation is over: gives what the host has written down of its events, valid until the next call. NULL: what was sent is all
     *  that is compared. */
    void (*events)(void *user, plait_bytes *out);
    void *user;         /**< the first argument of both */
} plait_splits_options;
#define PLAIT_SPLITS_OPTIONS_INIT { sizeof(plait_splits_options), 0, { NULL, 0 }, 0, 0, 0, NULL, NULL, NULL }

/** What came of it: which way of cutting made a difference, if any did. */
typedef struct plait_splits_result {
    uint32_t struct_size; /**< set by #PLAIT_SPLITS_RESULT_INIT */
    uint32_t cut;         /**< PLAIT_SPLITS_: the way that made a difference */
    uint64_t parameter;   /**< see there */
    uint64_t runs;        /**< how many conversations there were */
    uint32_t in_events;   /**< 1: the events differ; 0: what was sent does */
    uint32_t reserved;
    uint64_t offset;      /**< the first byte that differs */
} plait_splits_result;
#define PLAIT_SPLITS_RESULT_INIT { sizeof(plait_splits_result), 0, 0, 0, 0, 0, 0 }

/**
 * @brief Makes a string transport.
 * @param out [out] the transport.
 * @param reactor [in] any, best one without a loop.
 * @param options [in] or NULL.
 * @return 0.
 * @errors those of a handle; #PLAIT_ERR_INVALID, #PLAIT_ERR_STRUCT_SIZE, #PLAIT_ERR_ABORTED while the reactor is being freed,
 *   #PLAIT_ERR_LIMIT.
 * @thread the reactor's.
 * @callbacks none.
 * @lifetime until plait_string_transport_free() or the reactor is freed.
 * @since 0.1.0
 * @twisted `proto_helpers.StringTransport`
 */
PLAIT_API int plait_string_transport_new(plait_string_transport *out, plait_reactor reactor,
                                         const plait_string_transport_options *options);

/**
 * @brief Makes a conn whose output the string transport keeps.
 * @param transport [in] one that has no conn yet.
 * @param factory [in] builds the protocol.
 * @param conn [out] the conn, which is fed by plait_conn_feed() and plait_conn_eof().
 * @return 0.
 * @errors those of a handle; #PLAIT_ERR_INVALID also when it has a conn already; #PLAIT_ERR_BOUND, #PLAIT_ERR_REFUSED by the factory,
 *   #PLAIT_ERR_ABORTED while the reactor is being freed, #PLAIT_ERR_LIMIT.
 * @thread the reactor's.
 * @callbacks none now; `connected` comes first in the next driving call.
 * @lifetime until `disconnected`, as any conn.
 * @since 0.1.0
 * @twisted `IProtocol.makeConnection`
 */
PLAIT_API int plait_string_transport_attach(plait_string_transport transport, plait_factory factory, plait_conn *conn);

/**
 * @brief Gives what was written to the string transport since it was made, or cleared.
 * @param transport [in]
 * @param data [out] the bytes, or NULL.
 * @param len [out] how many.
 * @return 0.
 * @errors those of a handle; #PLAIT_ERR_INVALID.
 * @thread the reactor's.
 * @callbacks none.
 * @lifetime the bytes are valid until the next call on the reactor, or on anything that lives on it.
 * @since 0.1.0
 * @twisted `StringTransport.value`
 */
PLAIT_API int plait_string_transport_get_value(plait_string_transport transport, const uint8_t **data, size_t *len);

/**
 * @brief Forgets what was written.
 * @param transport [in]
 * @return 0.
 * @errors those of a handle.
 * @thread the reactor's.
 * @callbacks none.
 * @lifetime nothing is kept.
 * @since 0.1.0
 * @twisted `StringTransport.clear`
 */
PLAIT_API int plait_string_transport_clear(plait_string_transport transport);

/**
 * @brief Says how many more bytes the string transport takes: the peer reads on.
 * @param transport [in]
 * @param room [in] bytes; 0: all.
 * @return 0.
 * @errors those of a handle.
 * @thread the reactor's.
 * @callbacks none now: what waits is taken in the next turn.
 * @lifetime nothing is kept.
 * @since 0.1.0
 * @twisted `StringTransport.producer`, whose `resumeProducing` a test calls
 */
PLAIT_API int plait_string_transport_set_room(plait_string_transport transport, uint64_t room);

/**
 * @brief Tells what has become of the string transport.
 * @param transport [in]
 * @param out [out] with its struct_size set.
 * @return 0.
 * @errors those of a handle; #PLAIT_ERR_INVALID, #PLAIT_ERR_STRUCT_SIZE.
 * @thread the reactor's.
 * @callbacks none.
 * @lifetime a copy.
 * @since 0.1.0
 * @twisted `StringTransport.disconnecting`, `disconnected`, `producerState`
 */
PLAIT_API int plait_string_transport_get_state(plait_string_transport transport, plait_string_transport_state *out);

/**
 * @brief Frees the string transport; its conn, if it still has one, goes on, and what it writes is dropped.
 * @param transport [in]
 * @return 0.
 * @errors those of a handle.
 * @thread the reactor's.
 * @callbacks none.
 * @lifetime the handle is stale afterwards.
 * @since 0.1.0
 * @twisted none.
 */
PLAIT_API int plait_string_transport_free(plait_string_transport transport);

/**
 * @brief Gives one of the listeners of a reactor by hand.
 * @param reactor [in] one made with #PLAIT_REACTOR_BY_HAND.
 * @param index [in] from 0 on, in the order in which they were opened; those that were closed do not count.
 * @param place [out] where it listens, with its struct_size set.
 * @param listener [out]
 * @return 0.
 * @errors those of a handle; #PLAIT_ERR_INVALID also when there are not so many; #PLAIT_ERR_STRUCT_SIZE, #PLAIT_ERR_UNSUPPORTED.
 * @thread the reactor's.
 * @callbacks none.
 * @lifetime a copy.
 * @since 0.1.0
 * @twisted `MemoryReactor.tcpServers`, `unixServers`
 */
PLAIT_API int plait_memory_get_listener(plait_reactor reactor, size_t index, plait_memory_place *place,
                                        plait_listener *listener);

/**
 * @brief Gives one of the attempts to connect that a reactor by hand has under way.
 * @param reactor [in] one made with #PLAIT_REACTOR_BY_HAND.
 * @param index [in] from 0 on, in the order in which they were begun; those that have ended do not count.
 * @param place [out] where it goes, with its struct_size set.
 * @param call [out] the call. For a connector, that of its present attempt.
 * @return 0.
 * @errors those of a handle; #PLAIT_ERR_INVALID also when there are not so many; #PLAIT_ERR_STRUCT_SIZE, #PLAIT_ERR_UNSUPPORTED.
 * @thread the reactor's.
 * @callbacks none.
 * @lifetime a copy.
 * @since 0.1.0
 * @twisted `MemoryReactor.tcpClients`, `unixClients`
 */
PLAIT_API int plait_memory_get_attempt(plait_reactor reactor, size_t index, plait_memory_place *place, plait_call *call);

/**
 * @brief Has a listener of a reactor by hand accept a connection.
 * @param listener [in]
 * @param transport [in] one that has no conn yet: what the server writes is read there.
 * @param conn [out] the conn, which is fed by plait_conn_feed() and plait_conn_eof().
 * @return 0.
 * @errors those of a handle; #PLAIT_ERR_INVALID also when the transport has a conn already; #PLAIT_ERR_UNSUPPORTED for a listener
 *   that is not by hand, #PLAIT_ERR_BOUND when the transport is another reactor's, #PLAIT_ERR_REFUSED by the factory, #PLAIT_ERR_ABORTED while the reactor is being freed, #PLAIT_ERR_LIMIT.
 * @thread the reactor's.
 * @callbacks none now; `connected` comes first in the next driving call.
 * @lifetime until `disconnected`, as any conn.
 * @since 0.1.0
 * @twisted `factory.buildProtocol` of a `MemoryReactor.tcpServers` entry
 */
PLAIT_API int plait_memory_accept(plait_listener listener, plait_string_transport transport, plait_conn *conn);

/**
 * @brief Has an attempt to connect succeed.
 * @param call [in] one that plait_memory_get_attempt() gave, or plait_connect() on such a reactor.
 * @param transport [in] one that has no conn yet: what the client writes is read there; plait_string_transport_get_state() tells its conn.
 * @return 0.
 * @errors those of a handle; #PLAIT_ERR_INVALID when the transport has a conn already, #PLAIT_ERR_BOUND when it is another reactor's;
 *   #PLAIT_ERR_UNSUPPORTED for a call that is no attempt by
 *   hand, or has been decided.
 * @thread the reactor's.
 * @callbacks none now; `connected` and the completion come in the next driving call.
 * @lifetime the call ends with its completion.
 * @since 0.1.0
 * @twisted `iosim.ConnectionCompleter.succeedOnce`
 */
PLAIT_API int plait_memory_connect(plait_call call, plait_string_transport transport);

/**
 * @brief Has an attempt to connect fail.
 * @param call [in] one that plait_memory_get_attempt() gave, or plait_connect() on such a reactor.
 * @param status [in] a PLAIT_ERR_ code, such as #PLAIT_ERR_REFUSED or `PLAIT_ERR_SYSTEM - EHOSTUNREACH`.
 * @return 0.
 * @errors those of a handle; #PLAIT_ERR_INVALID for a status that is none of a failure; #PLAIT_ERR_UNSUPPORTED for a call that is no
 *   attempt by hand, or has been decided.
 * @thread the reactor's.
 * @callbacks none now; the completion comes in the next driving call.
 * @lifetime the call ends with its completion.
 * @since 0.1.0
 * @twisted `iosim.ConnectionCompleter.failOnce`
 */
PLAIT_API int plait_memory_refuse(plait_call call, int status);

/**
 * @brief Makes a factory of protocols that keep what they receive.
 * @param out [out] the factory.
 * @return 0.
 * @errors #PLAIT_ERR_INVALID, #PLAIT_ERR_LIMIT.
 * @thread any.
 * @callbacks none.
 * @lifetime until plait_factory_release(), and as long as something uses it; what was received, as long.
 * @since 0.1.0
 * @twisted `Factory.forProtocol(proto_helpers.AccumulatingProtocol)`
 */
PLAIT_API int plait_accumulating_factory_new(plait_factory *out);

/**
 * @brief Tells what a protocol of an accumulating factory has received.
 * @param factory [in] an accumulating one.
 * @param index [in] from 0 on, in the order in which they were built.
 * @param out [out] with its struct_size set.
 * @return 0.
 * @errors #PLAIT_ERR_STALE, #PLAIT_ERR_TYPE, #PLAIT_ERR_INVALID also when there were not so many; #PLAIT_ERR_STRUCT_SIZE.
 * @thread that of the reactor that the factory serves.
 * @callbacks none.
 * @lifetime see plait_accumulated::data.
 * @since 0.1.0
 * @twisted `AccumulatingProtocol.data`, `made`, `closed`, `closedReason`
 */
PLAIT_API int plait_accumulating_get(plait_factory factory, size_t index, plait_accumulated *out);

/**
 * @brief Has one conversation under every way of cutting what is received, and compares what came of it.
 *
 * Each run has a new reactor without a loop, a new factory and a string transport. The first run gets everything in one piece; then come byte
 * by byte, every cut in two, pieces of 2 to 17 bytes, and random ones. What was sent and what the host wrote down must be what they
 * were in the first run.
 * @param options [in]
 * @param result [out] with its struct_size set; or NULL.
 * @return 0 when it was always the same, 1 when some way made a difference: `result` tells which.
 * @errors #PLAIT_ERR_INVALID, also when `make` answers a positive number; #PLAIT_ERR_STRUCT_SIZE, #PLAIT_ERR_LIMIT, #PLAIT_ERR_NOMEM; whatever `make` answers that is negative, and those of
 *   plait_string_transport_attach().
 * @thread any; the reactors are the caller's.
 * @callbacks `make` and `events` for each run, and all that the factory's tables have.
 * @lifetime nothing is kept.
 * @since 0.1.0
 * @twisted none.
 */
PLAIT_API int plait_splits_run(const plait_splits_options *options, plait_splits_result *result);

#ifdef __cplusplus
}
#endif
#endif
