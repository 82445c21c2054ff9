/**
 * @file plait/amp.h
 * @brief AMP, the Asynchronous Messaging Protocol: calls and answers in both directions of one conn, as Twisted speaks it.
 *
 * **How the pieces go together.** A *command* says what can be asked (amp_command.h). A *factory* has *responders*, each for a
 * command; its conns answer with them. Either side calls: plait_amp_call() sends a command and ends in one completion. A *box* is what
 * a message is on the wire: keys and values.
 *
 *     static void on_sum(void *user, plait_conn conn, plait_amp_box request) {
 *         int64_t a, b;
 *         plait_amp_value total = {0};
 *         if (plait_amp_get_int(request, 0, &a) < 0 || plait_amp_get_int(request, 1, &b) < 0) {
 *             plait_amp_answer_error(request, NULL, NULL, 0, 0);
 *             return;
 *         }
 *         total.integer = a + b;
 *         plait_amp_answer(request, &total, 1);
 *     }
 *     ...
 *     plait_amp_command_parse(&sum, none, "Sum(a: Integer, b: Integer) -> (total: Integer)", NULL);
 *     plait_amp_factory_new(&factory, NULL, NULL, NULL);
 *     plait_amp_factory_add_responder(factory, sum, on_sum);
 *     plait_listen(reactor, "tcp:8750", factory, NULL, &listener);
 *
 * and on the other side `plait_amp_call(conn, sum, values, 2, 0, on_answer, user, &call)`.
 *
 * **Requests.** A responder answers in its callback or, from any turn of the loop, later: it keeps the handle. (Worker threads
 * hand what they found to plait_reactor_post().) A handle that was answered, or whose conn is gone, is stale. Arguments were checked against
 * their types before the responder runs: if one is missing or bad, that request alone is answered `UNKNOWN`, with a text that names it, and the
 * conversation goes on. A command that nobody answers is `UNHANDLED`, and the conversation goes on; so does it after an error that the command lists.
 * A responder that returns and never answers leaves the request open, and its caller waiting.
 * An error that it does not list is sent as it is, or as `UNKNOWN`, and closes the connection, as a fatal one does. Where the
 * caller wants no answer, an error can't be told: the connection is closed.
 *
 * **Calls** are never lost: the completion comes once, also when the time limit passes, when the call is cancelled
 * (plait_call_cancel()), and when the connection ends. The late answer to a call that has ended is swallowed.
 * Its status is 0; #PLAIT_ERR_REMOTE for an error, with the text that came with it (or its code, if none did), and in plait_reason::code the number that the
 * command gives to that error, or 0; #PLAIT_ERR_UNHANDLED; #PLAIT_ERR_VALUE when the answer misses a value or has one that is none; #PLAIT_ERR_TIMEOUT,
 * #PLAIT_ERR_CANCELLED, or how the conn ended (#PLAIT_ERR_CLOSED where it ended in good order).
 *
 * **What is read from a box.** The getters below work on requests and on answers, by the index of an argument or result in its command. They
 * hand out spans of what was received, valid until the callback returns; those of a request that was retained, until it is
 * answered. They are functions of the box, not of objects: nothing is allocated.
 *
 * **Slow languages.** `requests` gets all requests at hand in one call, located and cut into arguments, as a table of
 * numbers; their answers go back as whole boxes, many at a time, by plait_amp_send_boxes(). `boxes` gets all that arrives, answers to calls
 * included, for a host that does the rest itself (a custom box receiver); plait_amp_box_read() cuts a whole block into fields. `box` is the same, one by one.
 *
 * **Switching.** After the answer to a command of the kind #PLAIT_AMP_SWITCH the conn speaks what another factory builds. The caller
 * says so with plait_amp_call_switch(), and can send no more boxes meanwhile (#PLAIT_ERR_SWITCHED) unless it ends in an error; the responder
 * with plait_amp_answer_switch(). What follows the last box goes to the new protocol.
 *
 * **StartTLS** is a command after whose answer both sides go on under TLS. Either side asks, by plait_amp_start_tls(), whatever part in TLS it will have: that is
 * settled by who has connected. What is sent meanwhile, by callbacks and by the library, is held back, and leaves under TLS, or in plain if the
 * peer refuses. The other side agrees by plait_amp_options::tls, or has a responder for a command of that name, which ends in
 * plait_amp_answer_tls() or an error. Whom a side trusts is said by its plait_tls_config, as everywhere.
 *
 * **Beyond Twisted** (docs/amp-extension.md). Conns of factories with #PLAIT_AMP_EXTENSION understand values above 65,535 bytes, cancellations and
 * deadlines from each other; one that has #PLAIT_AMP_ANNOUNCE says so at once, by a command that Twisted answers with
 * `UNHANDLED`. When both sides know, `extended` comes. Until then large values are #PLAIT_ERR_TOO_LONG, and nothing unusual is sent.
 *
 * Calls that stream are not part of AMP and not built: a value is held whole by both sides.
 */
#ifndef PLAIT_AMP_H
#define PLAIT_AMP_H

#include "amp_command.h"
#include "conn.h"
#include "factory.h"
#include "tls.h"

#ifdef __cplusplus
extern "C" {
#endif

/** A request, or the answer to a call, that is under a callback; a request lives on until it is answered. */
typedef struct plait_amp_box { uint64_t id; } plait_amp_box;

/** plait_amp_options::flags */
enum {
    PLAIT_AMP_EXTENSION = 1,   /**< understand what goes beyond Twisted, if the peer does */
    PLAIT_AMP_ANNOUNCE = 2,    /**< say so when the connection is made; implies #PLAIT_AMP_EXTENSION */
    PLAIT_AMP_ALL_REQUESTS = 4 /**< `requests` gets those that no responder is there for, too; else they are UNHANDLED */
};

/** How AMP is spoken. Zero means the default. */
typedef struct plait_amp_options {
    uint32_t struct_size;
    uint32_t flags;         /**< PLAIT_AMP_ */
    uint32_t max_box;       /**< of a box that is received, in bytes; 4 MiB; a longer one closes the conn with #PLAIT_ERR_TOO_LONG */
    uint32_t max_large;     /**< of a box with large values, in bytes; 16 MiB; at most #PLAIT_BYTES_MAX. All that is in the making counts. */
    uint32_t max_calls;     /**< of this side's in flight on a conn, those included whose late answer is still to come; 131,072 */
    uint32_t max_requests;  /**< of the peer's, unanswered; 131,072. When there are so many, reading pauses until one is answered. */
    uint64_t call_ms;       /**< how long calls that say nothing else may take; none */
    uint64_t keep_alive_ms; /**< after so long a silence the peer is asked for a sign of life, and after another the conn ends with
                                 #PLAIT_ERR_TIMEOUT; none */
    plait_tls_config tls;   /**< with what StartTLS is agreed to, in the part that the conn came about in; kept by the factory; {0}: it is refused, unless a
                                 responder or a locator is there for it */
} plait_amp_options;
#define PLAIT_AMP_OPTIONS_INIT { sizeof(plait_amp_options), 0, 0, 0, 0, 0, 0, 0, { 0 } }

/** The callbacks of AMP. The first eight fields are those of every table: see factory.h. All may be NULL. */
typedef struct plait_amp_handler {
    uint32_t struct_size;
    uint32_t reserved;
    void (*connected)(void *user, plait_conn conn);
    void (*disconnected)(void *user, plait_conn conn, const plait_reason *reason);
    void (*read_closed)(void *user, plait_conn conn);
    void (*write_paused)(void *user, plait_conn conn);
    void (*write_resumed)(void *user, plait_conn conn);
    void (*release)(void *user);
    /** A box, whatever it is, without the two zero bytes at its end: the host is the box receiver, and nothing else below happens. */
    void (*box)(void *user, plait_conn conn, const uint8_t *box, size_t len);
    /** All whole boxes at hand: `data` begins with the first one; `table` has `count` pairs of offset and length, without the zero bytes.
     *  Returns how many it took, as the `lines` of line.h does. */
    size_t (*boxes)(void *user, plait_conn conn, const uint8_t *data, size_t len, const uint32_t *table, size_t count);
    /** Requests, in place of the responders' functions. `rows` has `count` rows, one for each, behind one another:
     *   - [0] how many numbers this row has;
     *   - [1] the responder: what plait_amp_factory_add_responder() answered; or #PLAIT_AMP_NONE, with #PLAIT_AMP_ALL_REQUESTS;
     *   - [2] [3] offset and length of the tag, which `_answer` or `_error` has to repeat; offset #PLAIT_AMP_NONE: no answer is wanted;
     *   - [4] [5] offset and length of the box, without the zero bytes;
     *   - [6] [7] offset and length of the command's name;
     *   - [8] how many milliseconds the caller waits, or #PLAIT_AMP_NONE;
     *   - [9] how many bytes a value's length takes in the box: 2, or 4 in one with large values;
     *   - then for each argument of the command two: offset and length of its value, offset #PLAIT_AMP_NONE where it is absent.
     *  Offsets are into `data`. Nothing was checked: neither that required arguments are there, nor what they look like. All of
     *  them are the host's to answer, by plait_amp_send_boxes() or plait_amp_send(). A request for a command that switches is the last of its block. */
    void (*requests)(void *user, plait_conn conn, const uint8_t *data, size_t len, const uint32_t *rows, size_t count);
    /** The caller waits no longer; answering is still allowed. `request` is {0} where `requests` had it; `tag` tells which. */
    void (*cancelled)(void *user, plait_conn conn, plait_amp_box request, const uint8_t *tag, size_t len);
    /** Both sides understand more than Twisted; the peer takes boxes with large values up to `max_large` bytes. */
    void (*extended)(void *user, plait_conn conn, uint64_t max_large);
} plait_amp_handler;
#define PLAIT_AMP_HANDLER_INIT { sizeof(plait_amp_handler), 0, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL }

/** Answers a request, now or later. `user` is the conn's. */
typedef void (*plait_amp_responder_fn)(void *user, plait_conn conn, plait_amp_box request);

/** What a locator found. */
typedef struct plait_amp_responder {
    uint32_t struct_size;
    uint32_t reserved;
    plait_amp_command command;       /**< the command, by which arguments are read; {0}: the responder reads them by name */
    plait_amp_responder_fn function; /**< what answers */
} plait_amp_responder;
#define PLAIT_AMP_RESPONDER_INIT { sizeof(plait_amp_responder), 0, { 0 }, NULL }

/** Looks for who answers a command: 1 when `out` was filled in, else 0. `user` is the conn's. */
typedef int (*plait_amp_locator_fn)(void *user, plait_conn conn, const uint8_t *name, size_t len, plait_amp_responder *out);

/** A call has ended. `answer` has what was answered when the status is 0, the error for #PLAIT_ERR_REMOTE and #PLAIT_ERR_UNHANDLED, and is {0}
 *  else. The reason is valid until the callback returns. */
typedef void (*plait_amp_answer_fn)(void *user, plait_conn conn, plait_amp_box answer, const plait_reason *reason);

/**
 * @brief Makes a factory of AMP conns.
 * @param out [out] the factory.
 * @param options [in] copied; or NULL.
 * @param handler [in] copied; or NULL.
 * @param user [in] the first argument of the callbacks.
 * @return 0.
 * @errors #PLAIT_ERR_INVALID, #PLAIT_ERR_STRUCT_SIZE, #PLAIT_ERR_LIMIT, #PLAIT_ERR_NOMEM; for a configuration of TLS #PLAIT_ERR_STALE,
 *   #PLAIT_ERR_TYPE, #PLAIT_ERR_UNSUPPORTED.
 * @thread any.
 * @callbacks none.
 * @lifetime until plait_factory_release(), and as long as something uses it.
 * @since 0.1.0
 * @twisted `Factory.forProtocol(AMP)`
 */
PLAIT_API int plait_amp_factory_new(plait_factory *out, const plait_amp_options *options, const plait_amp_handler *handler,
                                    void *user);

/**
 * @brief Has requests for a command answered by a function. One of that name which was added before is replaced.
 * @param factory [in] of AMP conns.
 * @param command [in] it is in use from now on.
 * @param function [in] what answers; may be NULL where `requests` does.
 * @return the responder's number: 0, 1, ...
 * @errors #PLAIT_ERR_STALE, #PLAIT_ERR_TYPE, #PLAIT_ERR_INVALID, #PLAIT_ERR_LIMIT, #PLAIT_ERR_NOMEM.
 * @thread any, as long as no reactor uses the factory; afterwards that reactor's.
 * @callbacks none.
 * @lifetime the factory keeps a reference to the command.
 * @since 0.1.0
 * @twisted `Command.responder`, `CommandLocator`
 */
PLAIT_API int plait_amp_factory_add_responder(plait_factory factory, plait_amp_command command, plait_amp_responder_fn function);

/**
 * @brief Has a function look for responders, when neither those of the factory nor the locators added before have one.
 * @param factory [in] of AMP conns.
 * @param locator [in] what looks.
 * @return 0.
 * @errors #PLAIT_ERR_STALE, #PLAIT_ERR_TYPE, #PLAIT_ERR_INVALID, #PLAIT_ERR_LIMIT above 255 locators; #PLAIT_ERR_NOMEM.
 * @thread any, as long as no reactor uses the factory; afterwards that reactor's.
 * @callbacks none.
 * @lifetime as long as the factory.
 * @since 0.1.0
 * @twisted `IResponderLocator`, `SimpleStringLocator`
 */
PLAIT_API int plait_amp_factory_add_locator(plait_factory factory, plait_amp_locator_fn locator);

/**
 * @brief Calls a command of the peer's.
 * @param conn [in] one that speaks AMP.
 * @param command [in] it is in use from now on.
 * @param values [in] one for each argument, in their order; missing ones at the end are absent. Descriptors are sent, and stay the host's.
 * @param count [in] how many.
 * @param limit_ms [in] how long it may take; 0: plait_amp_options::call_ms.
 * @param done [in] how it ended; may be NULL. Not called for a command without answers.
 * @param user [in] the first argument of done.
 * @param call [out] the call, for plait_call_cancel(); may be NULL; not written for a command without answers.
 * @return 0.
 * @errors those of a handle; #PLAIT_ERR_INVALID, also for a command that switches and for `StartTLS`, which have calls of their own; #PLAIT_ERR_VALUE,
 *   #PLAIT_ERR_TOO_LONG, #PLAIT_ERR_CLOSED, #PLAIT_ERR_SWITCHED, #PLAIT_ERR_LIMIT
 *   when too many are in flight; #PLAIT_ERR_UNSUPPORTED for a Descriptor; #PLAIT_ERR_OVERFLOW, #PLAIT_ERR_NOMEM.
 * @thread the reactor's.
 * @callbacks none now; done in a later delivery or turn.
 * @lifetime nothing of the host's is kept but the user.
 * @since 0.1.0
 * @twisted `AMP.callRemote`
 */
PLAIT_API int plait_amp_call(plait_conn conn, plait_amp_command command, const plait_amp_value *values, size_t count,
                             uint64_t limit_ms, plait_amp_answer_fn done, void *user, plait_call *call);

/**
 * @brief Calls a command by its name, with arguments as they are on the wire. The answer is read by name, and nothing but an answer: what
 *   commands that change the connection do besides is left to the host.
 * @param conn [in] one that speaks AMP.
 * @param name [in] the command's.
 * @param len [in] 1 to 65,535 bytes.
 * @param pairs [in] key, value, key, value, ...
 * @param count [in] how many pairs.
 * @param flags [in] 0 or PLAIT_AMP_ONEWAY.
 * @param limit_ms [in] how long it may take; 0: plait_amp_options::call_ms.
 * @param done [in] how it ended; may be NULL. Not called for PLAIT_AMP_ONEWAY.
 * @param user [in] the first argument of done.
 * @param call [out] the call; may be NULL; not written for PLAIT_AMP_ONEWAY.
 * @return 0.
 * @errors as those of plait_amp_call(); #PLAIT_ERR_INVALID also for a key that is reserved, empty or there twice.
 * @thread the reactor's.
 * @callbacks none now; done in a later delivery or turn.
 * @lifetime nothing of the host's is kept but the user.
 * @since 0.1.0
 * @twisted `AMP.callRemoteString`
 */
PLAIT_API int plait_amp_call_string(plait_conn conn, const uint8_t *name, size_t len, const plait_bytes *pairs, size_t count,
                                    uint32_t flags, uint64_t limit_ms, plait_amp_answer_fn done, void *user, plait_call *call);

/**
 * @brief Calls a command after whose answer the conn speaks what a factory builds. Nothing else can be sent meanwhile.
 * @param conn [in] one that speaks AMP.
 * @param command [in] of the kind PLAIT_AMP_SWITCH.
 * @param values [in] one for each argument, in their order.
 * @param count [in] how many.
 * @param factory [in] builds what is spoken then; a reference is kept meanwhile.
 * @param limit_ms [in] how long it may take; 0: plait_amp_options::call_ms. When it passes, or the call is cancelled, the conn is aborted: what the
 *   peer speaks is not known.
 * @param done [in] how it ended, before the new protocol's `connected`; may be NULL.
 * @param user [in] the first argument of done.
 * @param call [out] the call; may be NULL.
 * @return 0.
 * @errors as those of plait_amp_call(); #PLAIT_ERR_INVALID for a command of another kind; #PLAIT_ERR_BOUND.
 * @thread the reactor's.
 * @callbacks none now; done in a later delivery or turn.
 * @lifetime the factory is let go when the call ends.
 * @since 0.1.0
 * @twisted `ProtocolSwitchCommand`
 */
PLAIT_API int plait_amp_call_switch(plait_conn conn, plait_amp_command command, const plait_amp_value *values, size_t count,
                                    plait_factory factory, uint64_t limit_ms, plait_amp_answer_fn done, void *user,
                                    plait_call *call);

/**
 * @brief Asks the peer to go on under TLS. What is sent meanwhile is held back until its answer, and leaves in any case.
 * @param conn [in] one that speaks AMP, and no TLS by an earlier call.
 * @param config [in] what this side shows, and whom it trusts; kept meanwhile.
 * @param options [in] the part that this side has, and the name to check; or NULL.
 * @param limit_ms [in] how long the answer may take; 0: plait_amp_options::call_ms. (The handshake behind it has the configuration's own limit.) When it
 *   passes, or the call is cancelled, the conn is aborted: what the peer speaks is not known.
 * @param done [in] how it ended; may be NULL. Its `answer` is {0} but for an error of the peer's. With status 0 the handshake is over, and the peer has passed
 *   all checks; when the peer refuses, the conversation goes on in plain; when the handshake fails, the conn ends with the same reason.
 * @param user [in] the first argument of done.
 * @param call [out] the call; may be NULL.
 * @return 0.
 * @errors as those of plait_amp_call(); #PLAIT_ERR_INVALID when TLS is spoken or asked for already; #PLAIT_ERR_STRUCT_SIZE;
 *   #PLAIT_ERR_TLS_CONFIG when a server has no certificate, or a client no name to check; #PLAIT_ERR_UNSUPPORTED without TLS.
 * @thread the reactor's.
 * @callbacks none now; done in a later delivery or turn.
 * @lifetime nothing of the host's is kept but the user.
 * @since 0.1.0
 * @twisted `StartTLS`
 */
PLAIT_API int plait_amp_start_tls(plait_conn conn, plait_tls_config config, const plait_tls_conn_options *options, uint64_t limit_ms,
                                  plait_amp_answer_fn done, void *user, plait_call *call);

/**
 * @brief Answers a request. Where the caller wants no answer, it only ends the request.
 * @param request [in]
 * @param values [in] one for each value of the command's answer, in their order; missing ones at the end are absent.
 * @param count [in] how many.
 * @return 0.
 * @errors those of a handle, #PLAIT_ERR_STALE also when it was answered before; #PLAIT_ERR_VALUE, #PLAIT_ERR_TOO_LONG, #PLAIT_ERR_INVALID (also for a command that
 *   switches and for `StartTLS`, which have answers of their own): then the request is still to be answered; #PLAIT_ERR_CLOSED, #PLAIT_ERR_SWITCHED, #PLAIT_ERR_UNSUPPORTED for a Descriptor; #PLAIT_ERR_OVERFLOW, #PLAIT_ERR_NOMEM.
 * @thread the reactor's.
 * @callbacks none.
 * @lifetime the request ends.
 * @since 0.1.0
 * @twisted what a responder returns
 */
PLAIT_API int plait_amp_answer(plait_amp_box request, const plait_amp_value *values, size_t count);

/**
 * @brief Answers a request with fields as they are on the wire.
 * @param request [in]
 * @param pairs [in] key, value, key, value, ...
 * @param count [in] how many pairs.
 * @return 0.
 * @errors as those of plait_amp_answer(); #PLAIT_ERR_INVALID also for a key that is reserved, empty or there twice.
 * @thread the reactor's.
 * @callbacks none.
 * @lifetime the request ends.
 * @since 0.1.0
 * @twisted the Box that an `amp_NAME` method returns
 */
PLAIT_API int plait_amp_answer_box(plait_amp_box request, const plait_bytes *pairs, size_t count);

/**
 * @brief Answers a request with an error. If its command does not list it, or lists it as fatal, or the caller wants no answer,
 *   the connection is closed once that has left.
 * @param request [in]
 * @param code [in] NUL-terminated: what stands on the wire; NULL: `UNKNOWN`, which hides what it was.
 * @param description [in] UTF-8; NULL with length 0: for `UNKNOWN` "Unknown Error", else empty.
 * @param len [in] bytes, up to 65,535.
 * @param flags [in] 0 or PLAIT_AMP_FATAL.
 * @return 0.
 * @errors those of a handle, #PLAIT_ERR_STALE also when it was answered before; #PLAIT_ERR_INVALID, #PLAIT_ERR_TOO_LONG, #PLAIT_ERR_CLOSED,
 *   #PLAIT_ERR_SWITCHED, #PLAIT_ERR_OVERFLOW, #PLAIT_ERR_NOMEM.
 * @thread the reactor's.
 * @callbacks none.
 * @lifetime the request ends.
 * @since 0.1.0
 * @twisted what a responder raises
 */
PLAIT_API int plait_amp_answer_error(plait_amp_box request, const char *code, const uint8_t *description, size_t len,
                                     uint32_t flags);

/**
 * @brief Answers a request for a command that switches: that is the last box, and the conn then speaks what a factory builds.
 * @param request [in] for a command of the kind PLAIT_AMP_SWITCH.
 * @param factory [in] builds what is spoken then.
 * @return 0.
 * @errors as those of plait_amp_answer(); #PLAIT_ERR_INVALID for a command of another kind; #PLAIT_ERR_BOUND, #PLAIT_ERR_REFUSED by
 *   the factory: then the request is still to be answered.
 * @thread the reactor's.
 * @callbacks none now; the calls of this side that are in flight end with #PLAIT_ERR_SWITCHED at the turn's end, then the new
 *   protocol is connected.
 * @lifetime the request ends.
 * @since 0.1.0
 * @twisted the protocol that the responder of a `ProtocolSwitchCommand` returns
 */
PLAIT_API int plait_amp_answer_switch(plait_amp_box request, plait_factory factory);

/**
 * @brief Agrees to StartTLS: that is the last box in plain, and the conversation goes on under TLS.
 * @param request [in] for a command of the name `StartTLS`.
 * @param config [in] what this side shows, and whom it trusts; kept by the conn.
 * @param options [in] the part that this side has, and the name to check; or NULL.
 * @param done [in] how the handshake ended, as of plait_conn_start_tls(); may be NULL.
 * @param user [in] the first argument of done.
 * @return 0.
 * @errors as those of plait_amp_answer(); #PLAIT_ERR_INVALID for another command, when the caller wants no answer, and when TLS is spoken
 *   already; #PLAIT_ERR_STRUCT_SIZE; #PLAIT_ERR_TLS_CONFIG when a server has no certificate, or a client no name to check: then the request is still
 *   to be answered.
 * @thread the reactor's.
 * @callbacks none now; done once, before `disconnected` if it failed.
 * @lifetime the request ends.
 * @since 0.1.0
 * @twisted the responder of `StartTLS`
 */
PLAIT_API int plait_amp_answer_tls(plait_amp_box request, plait_tls_config config, const plait_tls_conn_options *options,
                                   plait_tls_started_fn done, void *user);

/**
 * @brief Keeps a request's arguments beyond the callback, until it is answered.
 * @param request [in] one that is under its callback.
 * @return 0; also when it was retained before.
 * @errors those of a handle; #PLAIT_ERR_TYPE for an answer; #PLAIT_ERR_NOMEM.
 * @thread the reactor's.
 * @callbacks none.
 * @lifetime a copy is kept; what the getters give out is valid until the request is answered.
 * @since 0.1.0
 * @twisted none: Python keeps what is referred to.
 */
PLAIT_API int plait_amp_box_retain(plait_amp_box request);

/**
 * @brief Gets an Integer, a Boolean (as 0 or 1) or a DateTime (as microseconds since 1970 UTC).
 * @param box [in] a request or an answer.
 * @param index [in] which argument or result of its command.
 * @param value [out]
 * @return 0.
 * @errors those of a handle; #PLAIT_ERR_INVALID for an index or a type that does not fit; #PLAIT_ERR_ABSENT for an optional one that is
 *   not there; #PLAIT_ERR_RANGE for an Integer beyond 64 bits.
 * @thread the reactor's.
 * @callbacks none.
 * @lifetime a copy.
 * @since 0.1.0
 * @twisted `Integer.fromString`
 */
PLAIT_API int plait_amp_get_int(plait_amp_box box, uint32_t index, int64_t *value);

/**
 * @brief Gets a Float.
 * @param box [in] a request or an answer.
 * @param index [in] which argument or result of its command.
 * @param value [out]
 * @return 0.
 * @errors those of a handle; #PLAIT_ERR_INVALID for an index or a type that does not fit; #PLAIT_ERR_ABSENT for an optional one that is
 *   not there.
 * @thread the reactor's.
 * @callbacks none.
 * @lifetime a copy.
 * @since 0.1.0
 * @twisted `Float.fromString`
 */
PLAIT_API int plait_amp_get_real(plait_amp_box box, uint32_t index, double *value);

/**
 * @brief Gets the text on the wire of a value of any type: of a String, Unicode, Decimal or Path that is the value itself.
 * @param box [in] a request or an answer.
 * @param index [in] which argument or result of its command.
 * @param bytes [out]
 * @return 0.
 * @errors those of a handle; #PLAIT_ERR_INVALID for an index that does not fit; #PLAIT_ERR_ABSENT for an optional one that is not there.
 * @thread the reactor's.
 * @callbacks none.
 * @lifetime the bytes are valid until the callback returns: see the head of this file.
 * @since 0.1.0
 * @twisted `String.fromString`, `Unicode.fromString`, `Decimal.fromString`
 */
PLAIT_API int plait_amp_get_bytes(plait_amp_box box, uint32_t index, plait_bytes *bytes);

/**
 * @brief Gets a value of any type; the elements of a list by plait_amp_get_items(). A Descriptor is the host's from then on, once.
 * @param box [in] a request or an answer.
 * @param index [in] which argument or result of its command.
 * @param value [out] with form #PLAIT_AMP_ABSENT where it is not there, #PLAIT_AMP_TEXT for an Integer beyond 64 bits.
 * @return 0.
 * @errors those of a handle; #PLAIT_ERR_INVALID for an index that does not fit; #PLAIT_ERR_VALUE for a Descriptor that did not come or was taken.
 * @thread the reactor's.
 * @callbacks none.
 * @lifetime its bytes are valid until the callback returns.
 * @since 0.1.0
 * @twisted `Argument.fromBox`
 */
PLAIT_API int plait_amp_get_value(plait_amp_box box, uint32_t index, plait_amp_value *value);

/**
 * @brief Gets any field of a box by its key; the last one, where there are several.
 * @param box [in] a request or an answer.
 * @param key [in]
 * @param len [in] bytes; 0: the whole box, without its two zero bytes.
 * @param bytes [out]
 * @return 0.
 * @errors those of a handle; #PLAIT_ERR_INVALID, #PLAIT_ERR_ABSENT when there is none.
 * @thread the reactor's.
 * @callbacks none.
 * @lifetime the bytes are valid until the callback returns.
 * @since 0.1.0
 * @twisted `box[key]`
 */
PLAIT_API int plait_amp_get_field(plait_amp_box box, const uint8_t *key, size_t len, plait_bytes *bytes);

/**
 * @brief Gets the code and the description of an error.
 * @param box [in] an answer under #PLAIT_ERR_REMOTE or #PLAIT_ERR_UNHANDLED.
 * @param code [out] may be NULL.
 * @param description [out] as it came: UTF-8 from most peers; may be NULL.
 * @return 0.
 * @errors those of a handle; #PLAIT_ERR_ABSENT when it is no error.
 * @thread the reactor's.
 * @callbacks none.
 * @lifetime the bytes are valid until the callback returns.
 * @since 0.1.0
 * @twisted `RemoteAmpError.errorCode`, `RemoteAmpError.description`
 */
PLAIT_API int plait_amp_get_error(plait_amp_box box, plait_bytes *code, plait_bytes *description);

/**
 * @brief Tells how the caller waits for a request's answer.
 * @param box [in] a request.
 * @param answer [out] 0 where it wants none, else 1; may be NULL.
 * @param limit_ms [out] how many milliseconds it waits from now on, 0 when it does no longer, UINT64_MAX when it said nothing; may be NULL.
 * @return 0.
 * @errors those of a handle; #PLAIT_ERR_TYPE for an answer.
 * @thread the reactor's.
 * @callbacks none.
 * @lifetime nothing is kept.
 * @since 0.1.0
 * @twisted none.
 */
PLAIT_API int plait_amp_get_waiting(plait_amp_box box, int *answer, uint64_t *limit_ms);

/**
 * @brief Sends a box of any fields, ordered by key; with large values if the peer understands them.
 * @param conn [in] one that speaks AMP.
 * @param pairs [in] key, value, key, value, ...; keys of 1 to 255 bytes, each once.
 * @param count [in] how many pairs.
 * @return 0.
 * @errors those of a handle; #PLAIT_ERR_INVALID for a key that is empty or there twice; #PLAIT_ERR_TOO_LONG, #PLAIT_ERR_CLOSED, #PLAIT_ERR_SWITCHED,
 *   #PLAIT_ERR_OVERFLOW, #PLAIT_ERR_NOMEM.
 * @thread the reactor's.
 * @callbacks none.
 * @lifetime nothing of the host's is kept.
 * @since 0.1.0
 * @twisted `IBoxSender.sendBox`
 */
PLAIT_API int plait_amp_send(plait_conn conn, const plait_bytes *pairs, size_t count);

/**
 * @brief Sends whole boxes, as they are on the wire, one behind the other; all of them or, on failure, none.
 * @param conn [in] one that speaks AMP.
 * @param data [in] boxes, each with its two zero bytes.
 * @param len [in] bytes.
 * @return how many boxes there are.
 * @errors those of a handle; #PLAIT_ERR_INVALID when it is no whole number of boxes; #PLAIT_ERR_CLOSED, #PLAIT_ERR_SWITCHED,
 *   #PLAIT_ERR_OVERFLOW, #PLAIT_ERR_NOMEM.
 * @thread the reactor's.
 * @callbacks none.
 * @lifetime nothing of the host's is kept.
 * @since 0.1.0
 * @twisted `IBoxSender.sendBox`, many times
 */
PLAIT_API int plait_amp_send_boxes(plait_conn conn, const uint8_t *data, size_t len);

/**
 * @brief Sends an open file, for a box that mentions its number; before that box.
 * @param conn [in] one that speaks AMP over a UNIX socket.
 * @param fd [in] stays the host's: a duplicate is sent.
 * @param number [out] what stands for it in a box: 0, 1, ...
 * @return 0.
 * @errors those of a handle; #PLAIT_ERR_UNSUPPORTED by the transport; #PLAIT_ERR_INVALID, #PLAIT_ERR_CLOSED, #PLAIT_ERR_SWITCHED,
 *   #PLAIT_ERR_NOMEM; the operating system's.
 * @thread the reactor's.
 * @callbacks none.
 * @lifetime the duplicate is closed once it was sent.
 * @since 0.1.0
 * @twisted `IUNIXTransport.sendFileDescriptor`
 */
PLAIT_API int plait_amp_send_descriptor(plait_conn conn, int fd, uint64_t *number);

/**
 * @brief Takes an open file that came, by its number.
 * @param conn [in] one that speaks AMP.
 * @param number [in] what stands for it in a box.
 * @param fd [out] the host's to close from now on.
 * @return 0.
 * @errors those of a handle; #PLAIT_ERR_INVALID, #PLAIT_ERR_ABSENT when it did not come or was taken.
 * @thread the reactor's.
 * @callbacks none.
 * @lifetime those that are not taken are closed with the conn.
 * @since 0.1.0
 * @twisted `IFileDescriptorReceiver.fileDescriptorReceived`
 */
PLAIT_API int plait_amp_take_descriptor(plait_conn conn, uint64_t number, int *fd);

/**
 * @brief Tells how many of a conn's calls and requests are under way.
 * @param conn [in] one that speaks AMP.
 * @param calls [out] of this side's, not yet ended; may be NULL.
 * @param requests [out] of the peer's, not yet answered; may be NULL.
 * @return 0.
 * @errors those of a handle.
 * @thread the reactor's.
 * @callbacks none.
 * @lifetime nothing is kept.
 * @since 0.1.0
 * @twisted none.
 */
PLAIT_API int plait_amp_get_pending(plait_conn conn, size_t *calls, size_t *requests);

#ifdef __cplusplus
}
#endif
#endif
