/**
 * @file plait/ident.h
 * @brief The Identification Protocol (RFC 1413): whose connection is it? A server, a client, and the kernel's own answer.
 *
 *     plait_ident_server_factory_new(&factory, NULL, NULL, NULL);
 *     plait_listen(reactor, "tcp:113", factory, NULL, &listener);
 *
 * answers for the connections of this machine what the kernel knows. On the other side
 * `plait_ident_call(conn, port_there, port_here, 0, on_reply, user, NULL)` asks on a conn of plait_ident_factory_new() to port 113 of the
 * machine from where a connection was accepted. Where that is this machine, plait_ident_get_uid() asks the kernel, without a server.
 *
 * **The server.** A query has two ports: that on this machine, and that on the one that asks; the addresses are those of the
 * connection that the query comes by. Who answers is, in this order: `lookup`, now or later, by plait_ident_answer() or
 * plait_ident_answer_error(); plait_ident_server_options::fixed; the kernel, by sock_diag (IPv4 and IPv6; no privileges are needed) and
 * the system's list of users. A port that is none is answered `INVALID-PORT`; a line that is no query closes the connection without a
 * word. A conn serves any number of queries, and reading rests while #PLAIT_IDENT_OPEN_MAX of them wait. How long
 * a connection may last is for timeout.h to say.
 *
 * **The client.** Any number of queries may be under way on a conn. Replies are matched by their ports, and one for which nobody waits is dropped;
 * a line that is no reply closes the conn with #PLAIT_ERR_PROTOCOL, and so ends its queries. Each ends in one completion, never
 * before the function that began it has returned.
 *
 * What a peer says of itself is no proof of anything: it is worth as much as the peer's administrator is.
 */
#ifndef PLAIT_IDENT_H
#define PLAIT_IDENT_H

#include "bytes.h"
#include "conn.h"
#include "factory.h"

#ifdef __cplusplus
extern "C" {
#endif

/** The most queries of a conn that wait for the host's answer. */
#define PLAIT_IDENT_OPEN_MAX 64

/** Why there is no user. */
enum {
    PLAIT_IDENT_INVALID_PORT = 1,  /**< INVALID-PORT: a port is none */
    PLAIT_IDENT_NO_USER = 2,       /**< NO-USER: there is no such connection, or nobody's */
    PLAIT_IDENT_HIDDEN_USER = 3,   /**< HIDDEN-USER: the user does not want it known */
    PLAIT_IDENT_UNKNOWN_ERROR = 4, /**< UNKNOWN-ERROR: it is not known, or not said, why */
    PLAIT_IDENT_OTHER = 5          /**< something else that the peer says: only in replies */
};

/** plait_ident_server_options::flags */
enum {
    PLAIT_IDENT_HIDE = 1 /**< where the kernel knows a user, answer HIDDEN-USER; who has no connection is told so nevertheless */
};

/** How the server answers; 0 means the default. */
typedef struct plait_ident_server_options {
    uint32_t struct_size;
    uint32_t flags;     /**< PLAIT_IDENT_HIDE */
    uint32_t rate;      /**< queries a second, of all conns together; more are answered UNKNOWN-ERROR; 0: any number */
    uint32_t reserved;
    const char *system; /**< the operating system, as in replies; "UNIX"; up to 100 bytes, no colon and no control bytes */
    const char *fixed;  /**< a user for all connections, whoever has them; up to 512 bytes without control bytes; NULL: none */
} plait_ident_server_options;
#define PLAIT_IDENT_SERVER_OPTIONS_INIT { sizeof(plait_ident_server_options), 0, 0, 0, NULL, NULL }

/** The callbacks of the server. The first eight fields are those of every table: see factory.h. All may be NULL. */
typedef struct plait_ident_server_handler {
    uint32_t struct_size;
    uint32_t reserved;
    void (*connected)(void *user, plait_conn conn);
    void (*disconnected)(void *user, plait_conn conn, const plait_reason *reason);
    void (*read_closed)(void *user, plait_conn conn);
    void (*write_paused)(void *user, plait_conn conn);
    void (*write_resumed)(void *user, plait_conn conn);
    void (*release)(void *user);
    /** A query with ports that can be: `local` is the one on this machine. `query` is its number, to answer it by. */
    void (*lookup)(void *user, plait_conn conn, uint64_t query, uint32_t local, uint32_t remote);
} plait_ident_server_handler;
#define PLAIT_IDENT_SERVER_HANDLER_INIT { sizeof(plait_ident_server_handler), 0, NULL, NULL, NULL, NULL, NULL, NULL, NULL }

/** How the client asks; 0 means the default. */
typedef struct plait_ident_options {
    uint32_t struct_size;
    uint32_t max_queries; /**< in flight on a conn; 1,024 */
    uint64_t query_ms;    /**< how long a query may take that says nothing else; 30,000 */
} plait_ident_options;
#define PLAIT_IDENT_OPTIONS_INIT { sizeof(plait_ident_options), 0, 0 }

/** The callbacks of the client. The first eight fields are those of every table: see factory.h. All may be NULL. */
typedef struct plait_ident_handler {
    uint32_t struct_size;
    uint32_t reserved;
    void (*connected)(void *user, plait_conn conn);
    void (*disconnected)(void *user, plait_conn conn, const plait_reason *reason);
    void (*read_closed)(void *user, plait_conn conn);
    void (*write_paused)(void *user, plait_conn conn);
    void (*write_resumed)(void *user, plait_conn conn);
    void (*release)(void *user);
} plait_ident_handler;
#define PLAIT_IDENT_HANDLER_INIT { sizeof(plait_ident_handler), 0, NULL, NULL, NULL, NULL, NULL, NULL }

/** What a query has come to. */
typedef struct plait_ident_reply {
    uint32_t struct_size;
    int32_t status;      /**< 0: there is a user; #PLAIT_ERR_REMOTE: the peer says why not; else how the query or its connection ended */
    uint32_t error;      /**< PLAIT_IDENT_INVALID_PORT, ... under #PLAIT_ERR_REMOTE, else 0 */
    uint32_t reserved;
    plait_bytes system;  /**< the operating system, or "OTHER" */
    plait_bytes charset; /**< what the user is written in; none: US-ASCII */
    plait_bytes user_id; /**< without blanks around it; under another status than 0 what happened, in words */
} plait_ident_reply;
#define PLAIT_IDENT_REPLY_INIT { sizeof(plait_ident_reply), 0, 0, 0, { NULL, 0 }, { NULL, 0 }, { NULL, 0 } }

/** A query has ended. The reply is valid until the callback returns. */
typedef void (*plait_ident_fn)(void *user, plait_conn conn, const plait_ident_reply *reply);

/**
 * @brief Makes a factory of conns that answer queries.
 * @param out [out] the factory.
 * @param options [in] copied; or NULL.
 * @param handler [in] copied; or NULL.
 * @param user [in] the first argument of the callbacks.
 * @return 0.
 * @errors #PLAIT_ERR_INVALID, #PLAIT_ERR_STRUCT_SIZE, #PLAIT_ERR_LIMIT, #PLAIT_ERR_NOMEM.
 * @thread any.
 * @callbacks none.
 * @lifetime until plait_factory_release(), and as long as something uses it.
 * @since 0.1.0
 * @twisted `IdentServer`, `ProcServerMixin`
 */
PLAIT_API int plait_ident_server_factory_new(plait_factory *out, const plait_ident_server_options *options,
                                             const plait_ident_server_handler *handler, void *user);

/**
 * @brief Answers a query with a user.
 * @param conn [in] one that serves queries.
 * @param query [in] the number that `lookup` got.
 * @param user_id [in] 1 to 512 bytes without NUL, CR and LF.
 * @param len [in] bytes.
 * @return 0.
 * @errors those of a handle; #PLAIT_ERR_INVALID, #PLAIT_ERR_ABSENT when there is no such query, or it was answered; #PLAIT_ERR_CLOSED,
 *   #PLAIT_ERR_OVERFLOW, #PLAIT_ERR_NOMEM.
 * @thread the reactor's.
 * @callbacks none.
 * @lifetime nothing of the host's is kept.
 * @since 0.1.0
 * @twisted what `IdentServer.lookup` returns
 */
PLAIT_API int plait_ident_answer(plait_conn conn, uint64_t query, const uint8_t *user_id, size_t len);

/**
 * @brief Answers a query with why there is no user.
 * @param conn [in] one that serves queries.
 * @param query [in] the number that `lookup` got.
 * @param error [in] 1 to 4: PLAIT_IDENT_INVALID_PORT to PLAIT_IDENT_UNKNOWN_ERROR.
 * @return 0.
 * @errors as those of plait_ident_answer().
 * @thread the reactor's.
 * @callbacks none.
 * @lifetime nothing is kept.
 * @since 0.1.0
 * @twisted the `IdentError` that `IdentServer.lookup` raises
 */
PLAIT_API int plait_ident_answer_error(plait_conn conn, uint64_t query, uint32_t error);

/**
 * @brief Makes a factory of conns that ask.
 * @param out [out] the factory.
 * @param options [in] copied; or NULL.
 * @param handler [in] copied; or NULL.
 * @param user [in] the first argument of the callbacks.
 * @return 0.
 * @errors #PLAIT_ERR_INVALID, #PLAIT_ERR_STRUCT_SIZE, #PLAIT_ERR_LIMIT, #PLAIT_ERR_NOMEM.
 * @thread any.
 * @callbacks none.
 * @lifetime until plait_factory_release(), and as long as something uses it.
 * @since 0.1.0
 * @twisted `IdentClient`
 */
PLAIT_API int plait_ident_factory_new(plait_factory *out, const plait_ident_options *options, const plait_ident_handler *handler,
                                      void *user);

/**
 * @brief Asks for the user of a connection between the peer's machine and this one.
 * @param conn [in] one of plait_ident_factory_new().
 * @param remote [in] the connection's port on the peer's machine, 1 to 65,535.
 * @param local [in] its port on this machine, 1 to 65,535.
 * @param limit_ms [in] how long it may take; 0: plait_ident_options::query_ms.
 * @param done [in] what hears of the reply.
 * @param user [in] the first argument of done.
 * @param call [out] the query, for plait_call_cancel(); may be NULL.
 * @return 0.
 * @errors those of a handle; #PLAIT_ERR_INVALID, #PLAIT_ERR_CLOSED, #PLAIT_ERR_LIMIT when too many are in flight;
 *   #PLAIT_ERR_OVERFLOW, #PLAIT_ERR_NOMEM.
 * @thread the reactor's.
 * @callbacks none now; done in a later delivery or turn.
 * @lifetime nothing of the host's is kept but the user.
 * @since 0.1.0
 * @twisted `IdentClient.lookup`
 */
PLAIT_API int plait_ident_call(plait_conn conn, uint32_t remote, uint32_t local, uint64_t limit_ms, plait_ident_fn done,
                               void *user, plait_call *call);

/**
 * @brief Asks the kernel whose socket it is that has these two ends: of a connection of this machine's.
 * @param local [in] the socket's own end: an IP address and a port.
 * @param remote [in] the other end.
 * @param uid [out] the user's number.
 * @return 0.
 * @errors #PLAIT_ERR_INVALID, #PLAIT_ERR_STRUCT_SIZE, #PLAIT_ERR_ABSENT when there is no such connection, or it has nobody any more;
 *   #PLAIT_ERR_UNSUPPORTED where there is no sock_diag; the operating system's.
 * @thread any.
 * @callbacks none.
 * @lifetime nothing is kept.
 * @since 0.1.0
 * @twisted `ProcServerMixin.lookup`
 */
PLAIT_API int plait_ident_get_uid(const plait_address *local, const plait_address *remote, uint32_t *uid);

#ifdef __cplusplus
}
#endif
#endif
