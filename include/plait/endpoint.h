/**
 * @file plait/endpoint.h
 * @brief Endpoint strings, listening and connecting.
 *
 * An endpoint string says where, as Twisted's do: fields separated by colons, the first the kind, the
 * rest positional or `key=value`; a backslash takes the meaning from the colon, equals sign or backslash behind it.
 *
 * To listen:
 *
 *     tcp:8080:interface=127.0.0.1:backlog=128     IPv4; interface "localhost" or numeric; all if left out
 *     tcp6:8080:interface=\:\:1                    IPv6; all if left out
 *     unix:/run/chat.sock:mode=660:backlog=128     mode octal, 666 if left out; "@name" is abstract
 *     fd:3                                         a listening socket that was inherited
 *     memory:chat                                  a name in this reactor
 *     ssl:443:privateKey=key.pem:certKey=cert.pem  TLS over IPv4; the certificate may lie in the key's file, its chain in
 *                                                  extraCertChain=; interface and backlog as for tcp. `tls:` is the same
 *     haproxy:tcp:8080                             any of these; each connection begins with a PROXY header (proxy.h)
 *     haproxy:trusted=10.0.0.0/8,192.0.2.7:timeout=3:tcp:8080     ...which only these may send, within 3 seconds
 *
 * To connect:
 *
 *     tcp:host=example.org:port=80:timeout=5:bindAddress=192.0.2.1
 *     tcp:example.org:80                           timeouts are in seconds, 30 if left out
 *     tcp:host=example.org:port=5222:srv=xmpp-client    where the domain's SRV records say that the service is (RFC 2782), one after the other;
 *                                                  without any, there; with `tls:`, the name that is checked is the domain's.
 *                                                  A host may have records of its own: service.h
 *     unix:/run/chat.sock:timeout=5
 *     fd:3                                         a connected socket, a pipe or a terminal
 *     memory:chat
 *     tls:host=example.org:port=443:timeout=5      TLS; the name is checked, by the system's trust store, or by
 *                                                  trustRoots= (PEM: a file, or a directory of .pem files); hostname= is
 *                                                  another name to check; certificate= and privateKey= are shown to a server
 *                                                  that asks. `ssl:` is the same, certKey= is certificate=, caCertsDir= trustRoots=
 *
 *     socks5:proxy=tcp\:10.0.0.1\:1080:host=example.org:port=80:timeout=5:user=me:password=secret
 *                                                  by way of a proxy, which any of these endpoints may lead to and which resolves
 *                                                  the name (socks.h); `socks4a:` without a password, `socks4:` for addresses of
 *                                                  IPv4 alone
 *
 * Port 0 listens on a port that the kernel picks; plait_listener_get_port() tells which. A UNIX
 * socket that nobody listens on any more is replaced (`lockfile=` is accepted, and not needed), and removed when the
 * listener closes. Host names connect by RFC 8305: addresses of both families in turn, 250 ms or a
 * failure apart, the first to answer wins. With TLS a connect ends when the handshake is over; all that such an endpoint cannot
 * say, a `tcp:` one can with plait_tls_factory_new(). `tls:` and `ssl:` give #PLAIT_ERR_UNSUPPORTED in a library without TLS.
 */
#ifndef PLAIT_ENDPOINT_H
#define PLAIT_ENDPOINT_H

#include "conn.h"
#include "handle.h"
#include "status.h"

#ifdef __cplusplus
extern "C" {
#endif

/** The two uses of an endpoint string. */
enum {
    PLAIT_ENDPOINT_LISTEN = 1,
    PLAIT_ENDPOINT_CONNECT = 2
};

/** plait_listen_options::flags */
enum {
    PLAIT_LISTEN_REUSE_PORT = 1, /**< several listeners, in other reactors too, share the port: SO_REUSEPORT */
    PLAIT_LISTEN_DUAL_STACK = 2  /**< tcp6: IPv4 peers too, as mapped addresses */
};

/** How to listen; 0 means the default. What the endpoint string says wins. */
typedef struct plait_listen_options {
    uint32_t struct_size;
    uint32_t flags;   /**< PLAIT_LISTEN_ */
    uint32_t backlog; /**< connections the kernel holds for us; 1024 */
    uint32_t reserved;
    plait_conn parent; /**< what is accepted belongs to this conn's conversation: it is under the limits of the policies around it,
                            counted and logged with it, and its activity; when it has ended, what comes is refused; {0}: none */
    plait_reason *reason; /**< [out] with its struct_size set; or NULL. What is wrong, in words, where the call itself fails with
                                #PLAIT_ERR_ENDPOINT, #PLAIT_ERR_TLS_CONFIG or #PLAIT_ERR_UNSUPPORTED; `offset` says where in the endpoint string. The text
                                is valid until this thread's next call that takes a reason */
} plait_listen_options;
#define PLAIT_LISTEN_OPTIONS_INIT { sizeof(plait_listen_options), 0, 0, 0, { 0 }, NULL }

/** How to connect; 0 means the default. What the endpoint string says wins. */
typedef struct plait_connect_options {
    uint32_t struct_size;
    uint32_t attempt_delay_ms; /**< before the next address is tried beside those that are under way; 250 */
    uint64_t timeout_ms;       /**< for all of it, name look-up included; 30 seconds */
    plait_conn parent;         /**< the connection belongs to this conn's conversation: it is under the limits of the policies around it,
                                    counted and logged with it, and its activity; when it ends first, this ends with #PLAIT_ERR_CLOSED;
                                    {0}: none */
    plait_reason *reason;      /**< as in plait_listen_options; all other failures have a reason in the completion */
} plait_connect_options;
#define PLAIT_CONNECT_OPTIONS_INIT { sizeof(plait_connect_options), 0, 0, { 0 }, NULL }

/**
 * Ends plait_connect(). On success `reason->status` is 0, the factory's `connected` has run, and the conn is
 * valid (unless that closed it). Else conn is `{0}`, and the reason, valid until the callback returns, says why.
 */
typedef void (*plait_connect_fn)(void *user, plait_call call, plait_conn conn, const plait_reason *reason);

/**
 * @brief Checks an endpoint string without using it.
 * @param endpoint [in] NUL-terminated.
 * @param use [in] #PLAIT_ENDPOINT_LISTEN or #PLAIT_ENDPOINT_CONNECT.
 * @param reason [out] what is wrong, and `offset`: where in the string the bad part begins; or NULL. Written when the
 *   answer is #PLAIT_ERR_ENDPOINT or #PLAIT_ERR_UNSUPPORTED, else left alone.
 * @return 0.
 * @errors #PLAIT_ERR_INVALID, #PLAIT_ERR_STRUCT_SIZE, #PLAIT_ERR_ENDPOINT, #PLAIT_ERR_UNSUPPORTED for a kind that this build lacks.
 * @thread any.
 * @callbacks none.
 * @lifetime the reason's text is static.
 * @since 0.1.0
 * @twisted `endpoints.serverFromString`, `endpoints.clientFromString`
 */
PLAIT_API int plait_endpoint_check(const char *endpoint, int use, plait_reason *reason);

/**
 * @brief Accepts connections at an endpoint, and has the factory build a protocol for each.
 *
 * When descriptors run out, accepting rests (a tenth of a second, doubling up to five) and a warning
 * is logged; nothing is lost but time.
 * @param reactor [in]
 * @param endpoint [in] NUL-terminated.
 * @param factory [in] the listener keeps a reference.
 * @param options [in] or NULL.
 * @param out [out] the listener.
 * @return 0: from now on connections are accepted.
 * @errors those of a handle; #PLAIT_ERR_INVALID, #PLAIT_ERR_STRUCT_SIZE, #PLAIT_ERR_ENDPOINT, #PLAIT_ERR_UNSUPPORTED,
 *   #PLAIT_ERR_TLS_CONFIG when a file of a `tls:` endpoint cannot be used, or the factory is a TLS server's without a certificate;
 *   #PLAIT_ERR_BOUND, #PLAIT_ERR_IN_USE, #PLAIT_ERR_CLOSED when the parent is closing, #PLAIT_ERR_LIMIT, #PLAIT_ERR_NOMEM, the
 *   operating system's.
 * @thread the reactor's.
 * @callbacks none now.
 * @lifetime until plait_listener_close() or the reactor is freed. `fd:` takes the descriptor over on success.
 * @since 0.1.0
 * @twisted `IStreamServerEndpoint.listen`, `reactor.listenTCP`
 */
PLAIT_API int plait_listen(plait_reactor reactor, const char *endpoint, plait_factory factory,
                           const plait_listen_options *options, plait_listener *out);

/**
 * @brief Tells the port a listener has.
 * @param listener [in]
 * @return the port, 0 when it has none (UNIX, memory).
 * @errors those of a handle; the operating system's.
 * @thread the reactor's.
 * @callbacks none.
 * @lifetime nothing is kept.
 * @since 0.1.0
 * @twisted `IListeningPort.getHost().port`
 */
PLAIT_API int plait_listener_get_port(plait_listener listener);

/**
 * @brief Tells where a listener listens.
 * @param listener [in]
 * @param out [out] with its struct_size set.
 * @return 0.
 * @errors those of a handle; #PLAIT_ERR_INVALID, #PLAIT_ERR_STRUCT_SIZE, the operating system's.
 * @thread the reactor's.
 * @callbacks none.
 * @lifetime a copy.
 * @since 0.1.0
 * @twisted `IListeningPort.getHost`
 */
PLAIT_API int plait_listener_get_local(plait_listener listener, plait_address *out);

/**
 * @brief Stops accepting until plait_listener_resume(); peers wait in the kernel's backlog.
 * @param listener [in]
 * @return 0; pausing twice is pausing once.
 * @errors those of a handle.
 * @thread the reactor's.
 * @callbacks none.
 * @lifetime connections that were accepted go on.
 * @since 0.1.0
 * @twisted `Port.pauseProducing`
 */
PLAIT_API int plait_listener_pause(plait_listener listener);

/**
 * @brief Goes on accepting.
 * @param listener [in]
 * @return 0, also when it was not paused.
 * @errors those of a handle.
 * @thread the reactor's.
 * @callbacks none now.
 * @lifetime nothing is kept.
 * @since 0.1.0
 * @twisted `Port.resumeProducing`
 */
PLAIT_API int plait_listener_resume(plait_listener listener);

/**
 * @brief Stops listening; the handle is stale and the port free at once.
 * @param listener [in]
 * @return 0.
 * @errors those of a handle.
 * @thread the reactor's.
 * @callbacks none, but the factory's `release` if nothing else uses it.
 * @lifetime connections that were accepted go on.
 * @since 0.1.0
 * @twisted `IListeningPort.stopListening`
 */
PLAIT_API int plait_listener_close(plait_listener listener);

/**
 * @brief Connects to an endpoint, and has the factory build the protocol.
 * @param reactor [in]
 * @param endpoint [in] NUL-terminated; copied.
 * @param factory [in] kept until the completion, and by the conn.
 * @param options [in] or NULL.
 * @param done [in] the completion, or NULL.
 * @param user [in] given to it.
 * @param call [out] the call, or NULL.
 * @return 0: the completion will come.
 * @errors those of a handle; #PLAIT_ERR_INVALID, #PLAIT_ERR_STRUCT_SIZE, #PLAIT_ERR_ENDPOINT, #PLAIT_ERR_UNSUPPORTED,
 *   #PLAIT_ERR_TLS_CONFIG when a file of a `tls:` endpoint cannot be used, #PLAIT_ERR_BOUND, #PLAIT_ERR_CLOSED when the parent is closing, #PLAIT_ERR_LIMIT, #PLAIT_ERR_NOMEM. Everything else is told by the completion: #PLAIT_ERR_NO_NAME,
 *   #PLAIT_ERR_NAME_AGAIN, #PLAIT_ERR_TIMEOUT, #PLAIT_ERR_CANCELLED, #PLAIT_ERR_REFUSED, those of TLS, the operating system's.
 * @thread the reactor's.
 * @callbacks `done` once, in a later driving call: after the factory's `connected`, or alone.
 * @lifetime the call ends with its completion. `fd:` takes the descriptor over when the function returns 0.
 * @since 0.1.0
 * @twisted `IStreamClientEndpoint.connect`, `reactor.connectTCP`
 */
PLAIT_API int plait_connect(plait_reactor reactor, const char *endpoint, plait_factory factory,
                            const plait_connect_options *options, plait_connect_fn done, void *user, plait_call *call);

#ifdef __cplusplus
}
#endif
#endif
