/**
 * @file plait/socks.h
 * @brief SOCKS 4, 4a and 5 (RFC 1928, RFC 1929): a proxy, and connections by way of a proxy.
 *
 *     plait_socks_server_factory_new(&factory, NULL, NULL, NULL);
 *     plait_listen(reactor, "tcp:1080:interface=127.0.0.1", factory, NULL, &listener);
 *
 * is a proxy. By way of one, any protocol connects with an endpoint string (endpoint.h):
 *
 *     socks5:proxy=tcp\:10.0.0.1\:1080:host=example.org:port=80:user=me:password=secret
 *
 * or with plait_socks_factory_new() around its factory and a conn to the proxy, however that came to be.
 *
 * **The server.** CONNECT and BIND, for names and for addresses of IPv4 and IPv6; UDP ASSOCIATE is refused as a command that is not
 * known, with reply 7 (#PLAIT_SOCKS_BAD_COMMAND): this proxy relays no datagrams. Under BIND the first to come decides: where it does not come
 * from the host that was asked for, by any of the addresses that its name has and the rules allow, it is refused, and so is the client. Who may do what is said, in this order, by
 * plait_socks_server_handler::login, plait_socks_server_handler::request, now or later by plait_socks_server_answer(), and by the rules.
 *
 * **Rules.** No request reaches this host, its networks or what is set aside (loopback, link-local, private, shared, multicast and
 * reserved ranges, those of IPv4 inside of IPv6, too), unless #PLAIT_SOCKS_ALLOW_PRIVATE is set, or a network of `allow` that lies within
 * such a range has the address. They hold for each address that a name resolves to, of which those that are left are tried, and never
 * for the name.
 *
 * **A tunnel.** What comes at one end leaves at the other as it comes, bytes behind the request included. An end that takes no more
 * makes the other one rest; that one end has no more to send is passed on, and the other direction goes on; when one is cut off, so is the
 * other. The connection to the target belongs to the client's conversation (plait_connect_options::parent): policies around the
 * server's factory hold for both, and count both.
 *
 * **The client.** The host's name is resolved at the proxy, but for SOCKS 4, which knows no names. `connected` comes when the proxy has
 * granted the request; else a connect fails with #PLAIT_ERR_REMOTE, with the proxy's reply as the reason's code. For TLS with the host
 * behind the proxy, put plait_tls_factory_new() around the protocol's factory.
 */
#ifndef PLAIT_SOCKS_H
#define PLAIT_SOCKS_H

#include "bytes.h"
#include "conn.h"
#include "factory.h"

#ifdef __cplusplus
extern "C" {
#endif

/** The versions: plait_socks_options::version. */
enum {
    PLAIT_SOCKS_4 = 4,   /**< addresses of IPv4 alone */
    PLAIT_SOCKS_5 = 5,   /**< names, IPv4, IPv6; user and password */
    PLAIT_SOCKS_4A = 74  /**< 4, with names */
};

/** plait_socks_request::command */
enum {
    PLAIT_SOCKS_CONNECT = 1, /**< a connection to a host */
    PLAIT_SOCKS_BIND = 2     /**< a connection from a host */
};

/** How a request is answered (RFC 1928, section 6). SOCKS 4 says granted or not. */
enum {
    PLAIT_SOCKS_GRANTED = 0,
    PLAIT_SOCKS_FAILED = 1,
    PLAIT_SOCKS_DENIED = 2,      /**< the rules do not allow it */
    PLAIT_SOCKS_NO_NETWORK = 3,  /**< the network is not reached */
    PLAIT_SOCKS_NO_HOST = 4,     /**< the host is not reached, or has no address */
    PLAIT_SOCKS_REFUSED = 5,     /**< nobody listens there */
    PLAIT_SOCKS_EXPIRED = 6,     /**< it took too long */
    PLAIT_SOCKS_BAD_COMMAND = 7, /**< the command is not known */
    PLAIT_SOCKS_BAD_ADDRESS = 8  /**< the kind of address is not known */
};

/** plait_socks_server_options::flags */
enum {
    PLAIT_SOCKS_WITHOUT_4 = 1,      /**< SOCKS 4 and 4a are not spoken */
    PLAIT_SOCKS_WITHOUT_5 = 2,      /**< SOCKS 5 is not spoken */
    PLAIT_SOCKS_WITHOUT_BIND = 4,   /**< BIND is refused */
    PLAIT_SOCKS_ALLOW_PRIVATE = 8,  /**< addresses that are not the whole world's may be reached, too */
    PLAIT_SOCKS_NEEDS_LOGIN = 16    /**< who does not log in is refused, and so is SOCKS 4 */
};

/** plait_socks_tunnel::state */
enum {
    PLAIT_SOCKS_READING = 1,    /**< the request is not there yet */
    PLAIT_SOCKS_ASKING = 2,     /**< the host has to answer */
    PLAIT_SOCKS_CONNECTING = 3, /**< the target is being connected to */
    PLAIT_SOCKS_BOUND = 4,      /**< somebody is waited for */
    PLAIT_SOCKS_OPEN = 5        /**< bytes are passed on */
};

/** How requests are answered; 0 means the default. */
typedef struct plait_socks_server_options {
    uint32_t struct_size;
    uint32_t flags;        /**< PLAIT_SOCKS_WITHOUT_4, ... */
    uint64_t handshake_ms; /**< until a request is there and granted; 30,000 */
    uint64_t connect_ms;   /**< for a connection to the target, look-up included, and for that of BIND; 30,000 */
    uint64_t bind_ms;      /**< until somebody has come; 120,000 */
    uint64_t idle_ms;      /**< how long a tunnel may be without a byte; 0: for ever */
    const char *allow;     /**< addresses that may be reached, as access.h writes them; NULL: all */
    const char *deny;      /**< addresses that may not be reached; the longest match decides, of two alike, this; NULL: none */
    const char *interface; /**< a numeric address of this machine's: from where it connects, and where BIND listens; NULL: the kernel's
                                choice, and the address that the client has come to */
    plait_reason *reason;  /**< [out] with its struct_size set; or NULL: what is wrong with a list, and where */
} plait_socks_server_options;
#define PLAIT_SOCKS_SERVER_OPTIONS_INIT { sizeof(plait_socks_server_options), 0, 0, 0, 0, 0, NULL, NULL, NULL, NULL }

/** What a client wants. It is valid until the callback returns. */
typedef struct plait_socks_request {
    uint32_t struct_size;
    uint32_t version;     /**< #PLAIT_SOCKS_4 or #PLAIT_SOCKS_5 */
    uint32_t command;     /**< #PLAIT_SOCKS_CONNECT or #PLAIT_SOCKS_BIND; of a login 0 */
    uint32_t port;        /**< of the target */
    plait_bytes host;     /**< a name or a numeric address; of a login none */
    plait_bytes user;     /**< who has logged in, or under SOCKS 4 what the client calls itself; or none */
    plait_bytes password; /**< of a login alone */
} plait_socks_request;
#define PLAIT_SOCKS_REQUEST_INIT { sizeof(plait_socks_request), 0, 0, 0, { NULL, 0 }, { NULL, 0 }, { NULL, 0 } }

/** The callbacks of the server, whose conns are those of clients. The first eight fields are those of every table: see factory.h.
 *  All may be NULL. */
typedef struct plait_socks_server_handler {
    uint32_t struct_size;
    uint32_t reserved;
    void (*connected)(void *user, plait_conn conn);
    /** Under #PLAIT_ERR_REFUSED the reason's code is the reply that the client got. */
    void (*disconnected)(void *user, plait_conn conn, const plait_reason *reason);
    void (*read_closed)(void *user, plait_conn conn);
    void (*write_paused)(void *user, plait_conn conn);
    void (*write_resumed)(void *user, plait_conn conn);
    void (*release)(void *user);
    /** Somebody logs in, with user and password. NULL: nobody needs to. `question` is the number to answer it by. */
    void (*login)(void *user, plait_conn conn, uint64_t question, const plait_socks_request *request);
    /** A request; NULL: all are granted that the rules allow. What is granted has still to keep to the rules. */
    void (*request)(void *user, plait_conn conn, uint64_t question, const plait_socks_request *request);
    /** The tunnel is open: what was asked for. */
    void (*opened)(void *user, plait_conn conn, const plait_socks_request *request);
    /** What is passed on, before it is: to the target, or (`to_client` is 1) to the client. */
    void (*data)(void *user, plait_conn conn, int to_client, const uint8_t *data, size_t len);
} plait_socks_server_handler;
#define PLAIT_SOCKS_SERVER_HANDLER_INIT { sizeof(plait_socks_server_handler), 0, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL }

/** How a client's conn is doing. */
typedef struct plait_socks_tunnel {
    uint32_t struct_size;
    uint32_t state;      /**< PLAIT_SOCKS_READING, ... */
    uint32_t version;    /**< 4, 5, or 0: not known yet */
    uint32_t command;    /**< #PLAIT_SOCKS_CONNECT, #PLAIT_SOCKS_BIND, or 0: not known yet */
    plait_conn target;   /**< the conn at the other end, for plait_conn_get_peer() and the like; {0} before there is one */
    uint64_t bytes_out;  /**< passed on to the target */
    uint64_t bytes_back; /**< passed on to the client */
} plait_socks_tunnel;
#define PLAIT_SOCKS_TUNNEL_INIT { sizeof(plait_socks_tunnel), 0, 0, 0, { 0 }, 0, 0 }

/** What to ask a proxy for; 0 means the default. */
typedef struct plait_socks_options {
    uint32_t struct_size;
    uint32_t version;      /**< #PLAIT_SOCKS_5, #PLAIT_SOCKS_4A or #PLAIT_SOCKS_4; 5 */
    uint32_t port;         /**< the host's, 1 to 65,535 */
    uint32_t reserved;
    uint64_t handshake_ms; /**< until the proxy has answered; 30,000 */
    const char *host;      /**< a name or a numeric address; up to 255 bytes */
    const char *user;      /**< 1 to 255 bytes; NULL: none */
    const char *password;  /**< 1 to 255 bytes, SOCKS 5 alone; NULL: none */
} plait_socks_options;
#define PLAIT_SOCKS_OPTIONS_INIT { sizeof(plait_socks_options), 0, 0, 0, 0, NULL, NULL, NULL }

/**
 * @brief Makes a factory of a proxy's conns with its clients.
 * @param out [out] the factory.
 * @param options [in] copied; or NULL.
 * @param handler [in] copied; or NULL.
 * @param user [in] the first argument of the callbacks.
 * @return 0.
 * @errors #PLAIT_ERR_INVALID, also for a list that is none; #PLAIT_ERR_STRUCT_SIZE, #PLAIT_ERR_LIMIT, #PLAIT_ERR_NOMEM.
 * @thread any.
 * @callbacks none.
 * @lifetime until plait_factory_release(), and as long as something uses it.
 * @since 0.1.0
 * @twisted `SOCKSv4Factory`
 */
PLAIT_API int plait_socks_server_factory_new(plait_factory *out, const plait_socks_server_options *options,
                                             const plait_socks_server_handler *handler, void *user);

/**
 * @brief Answers a login or a request.
 * @param conn [in] a client's.
 * @param question [in] the number that the callback got.
 * @param reply [in] 0 to 8: #PLAIT_SOCKS_GRANTED, or why not; a login knows yes or no.
 * @return 0.
 * @errors those of a handle; #PLAIT_ERR_INVALID, #PLAIT_ERR_CLOSED, #PLAIT_ERR_ABSENT when there is no such question, or it was answered.
 * @thread the reactor's.
 * @callbacks none now.
 * @lifetime nothing is kept.
 * @since 0.1.0
 * @twisted what `SOCKSv4.authorize` returns
 */
PLAIT_API int plait_socks_server_answer(plait_conn conn, uint64_t question, uint32_t reply);

/**
 * @brief How a client's conn is doing, and how many bytes were passed on; in `disconnected`, too.
 * @param conn [in] a client's.
 * @param out [out] with its struct_size set.
 * @return 0.
 * @errors those of a handle; #PLAIT_ERR_INVALID, #PLAIT_ERR_STRUCT_SIZE.
 * @thread the reactor's.
 * @callbacks none.
 * @lifetime the target's handle is valid as long as that conn.
 * @since 0.1.0
 * @twisted `SOCKSv4.otherConn`
 */
PLAIT_API int plait_socks_server_get_tunnel(plait_conn conn, plait_socks_tunnel *out);

/**
 * @brief Puts a request to a proxy in front of what a factory's conns say.
 * @param out [out] the factory, for conns to the proxy.
 * @param factory [in] what is spoken with the host; a reference is kept.
 * @param options [in] copied.
 * @param reason [out] what is wrong, in words, when the answer is #PLAIT_ERR_INVALID for another reason than a NULL; or NULL.
 * @return 0.
 * @errors those of a handle; #PLAIT_ERR_INVALID, #PLAIT_ERR_STRUCT_SIZE, #PLAIT_ERR_LIMIT, #PLAIT_ERR_NOMEM.
 * @thread any.
 * @callbacks none.
 * @lifetime until plait_factory_release(), and as long as something uses it.
 * @since 0.1.0
 * @twisted none; an endpoint around an endpoint
 */
PLAIT_API int plait_socks_factory_new(plait_factory *out, plait_factory factory, const plait_socks_options *options,
                                      plait_reason *reason);

#ifdef __cplusplus
}
#endif
#endif
