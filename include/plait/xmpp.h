/**
 * @file plait/xmpp.h
 * @brief XMPP: clients and components, from the stream's header to stanzas that go on over the next connection.
 *
 * A *factory* is one account (or one component): its options say who it is and how it logs in. Its conns do the rest by themselves: the stream, STARTTLS,
 * SASL, the binding of a resource, stream management; then `ready` comes, and stanzas go both ways. A stanza is a `plait_element` (element.h).
 *
 *     static int on_message(void *user, plait_conn conn, plait_element stanza) {
 *         plait_bytes body;
 *         int node = plait_element_get_child(stanza, 0, "body", NULL);
 *         if (node >= 0 && plait_element_get_text(stanza, (uint32_t)node, &body) == 0) ...
 *         return 1;
 *     }
 *     ...
 *     options.jid = "juliet@example.com/balcony";
 *     options.password = "…";
 *     options.tls = config;
 *     handler.ready = on_ready;
 *     handler.message = on_message;
 *     plait_xmpp_factory_new(&factory, &options, &handler, NULL);
 *     plait_connector_start(reactor, "tcp:host=example.com:port=5222", factory, NULL, NULL, NULL, &connector);
 *
 * **TLS.** STARTTLS is begun where the server offers it, with the configuration of the options and the account's domain as the name that the certificate has to have.
 * `tcp:host=example.org:port=5222:srv=xmpp-client` connects to where the domain's records say that its server is, and
 * `tls:host=example.org:port=5223:srv=xmpps-client` with TLS from the start (XEP-0368).
 *
 * Over an endpoint that begins with `tls:`, or within plait_tls_factory_new(), all is hidden from the start, and STARTTLS is not asked for. What neither hides is
 * ended with #PLAIT_ERR_UNSUPPORTED, unless #PLAIT_XMPP_WITHOUT_TLS allows it; a password is never sent in the clear even then.
 *
 * **Logging in.** The safest mechanism that both sides have: SCRAM-SHA-256 and SCRAM-SHA-1, with -PLUS, which binds to the channel, where the server has it
 * (`tls-exporter`, `tls-unique`, `tls-server-end-point`); EXTERNAL, by a certificate of this side's, where there is no password; PLAIN within TLS alone; ANONYMOUS for a jid
 * without a node. That a server whose offer was changed on the way has them, SCRAM finds out. The server has to prove that it knows the password.
 *
 * **Requests** (iq). plait_xmpp_call() sends one and ends in one completion, when it is answered by whom it asked, when the time limit passes, when it is cancelled
 * or when the session ends. Requests of others come to `request`; those that nobody takes are answered: a ping (XEP-0199) as it should be, all others with
 * service-unavailable.
 *
 * **Handlers.** A stanza goes to the handlers whose query it fits, in their order, and then to the table's callback for its kind, until one answers 1: it has taken it.
 * Answers to requests of this side's go to their completions alone.
 *
 * **Sessions outlive connections.** Where the server manages streams (XEP-0198), stanzas (message, presence and iq; what else is sent, is gone with its connection) are kept
 * until it has acknowledged them, and when a connection is lost, the next
 * conn of the same factory takes the session up: `ready` comes with 1, nothing is lost and nothing comes twice. Where the server has forgotten the session, a
 * new one begins, `ready` comes with 0, and `returned` gets each stanza that may not have arrived. A connector (connector.h) makes the next conn.
 * plait_xmpp_close() ends a session in good order. Stanzas that wait to be returned stay with the factory, whatever becomes of its conns, until `returned` has had
 * each of them once; plait_xmpp_factory_give_up() has those told for which no conn will come. (Requests are not among them: they end in their completions.)
 *
 * **Another host.** Where a server says see-other-host, the conn ends with #PLAIT_ERR_SWITCHED, and the factory's next connection goes there, which a connector makes
 * at once; it has to show the certificate that was wanted here. That is done five times in a row; then the status is #PLAIT_ERR_REMOTE. (What ends the row is a conn that was ready for a minute,
 * or ended for another reason after it was ready.) It holds for connections to `tcp:` and
 * `tls:` endpoints, which it leaves as they are but for the host and the port; #PLAIT_XMPP_WITHOUT_REDIRECTS has it done by the host, if at all.
 * A server that is far away sends nobody to this machine or its links: addresses of the loopback, unspecified ones and those of a link are refused (#PLAIT_ERR_REFUSED), also
 * where a name has them. Other addresses of this side's network are not told from those of others: where that matters, have no redirects.
 *
 * **Why it ended.** The reason of `disconnected` has the status #PLAIT_ERR_REMOTE when the server said why; plait_reason::code is then one of PLAIT_XMPP_STREAM_ or
 * PLAIT_XMPP_LOGIN_, and its text has the condition and the server's words: `conflict: replaced by a new connection`. (The text of
 * see-other-host has where to go.) Codes of PLAIT_XMPP_STANZA_ are those of requests, and of a resource that was not bound.
 *
 * **Components** (XEP-0114): #PLAIT_XMPP_COMPONENT is one, whose options have its domain and its secret; #PLAIT_XMPP_COMPONENT_HOST is what they connect to.
 * Their streams have no TLS of their own: put TLS around the endpoint, or stay on the machine. The stanzas of a component have to say whom they are from.
 */
#ifndef PLAIT_XMPP_H
#define PLAIT_XMPP_H

#include "conn.h"
#include "element.h"
#include "factory.h"
#include "tls.h"

#ifdef __cplusplus
extern "C" {
#endif

/** plait_xmpp_options::role */
enum {
    PLAIT_XMPP_CLIENT = 0,        /**< an account's */
    PLAIT_XMPP_COMPONENT = 1,     /**< a component's */
    PLAIT_XMPP_COMPONENT_HOST = 2 /**< what components connect to */
};

/** plait_xmpp_options::flags */
enum {
    PLAIT_XMPP_WITHOUT_TLS = 1,        /**< go on where TLS is not to be had; components need it not */
    PLAIT_XMPP_WITHOUT_MANAGEMENT = 2, /**< sessions end with their connections */
    PLAIT_XMPP_ROSTER = 4,             /**< clients: ask for the roster, and keep it: xmpp_im.h. It has to fit into max_stanza and max_elements. */
    PLAIT_XMPP_CARBONS = 8,            /**< clients: have copies of what this account's other clients send and receive: xmpp_im.h */
    PLAIT_XMPP_RECEIPTS = 16,          /**< tell senders that want to know that their messages have arrived (XEP-0184) */
    PLAIT_XMPP_WITHOUT_REDIRECTS = 32  /**< clients: see-other-host is told alone, and not obeyed. Else servers say where this side connects to next, though not to loopback or link-local addresses. */
};

/** plait_xmpp_options::mechanisms */
enum {
    PLAIT_XMPP_SCRAM_SHA_256_PLUS = 1,
    PLAIT_XMPP_SCRAM_SHA_256 = 2,
    PLAIT_XMPP_SCRAM_SHA_1_PLUS = 4,
    PLAIT_XMPP_SCRAM_SHA_1 = 8,
    PLAIT_XMPP_EXTERNAL = 16,
    PLAIT_XMPP_PLAIN = 32,
    PLAIT_XMPP_ANONYMOUS = 64
};

/** plait_reason::code: what was wrong with a stream (RFC 6120 §4.9.3). */
enum {
    PLAIT_XMPP_STREAM_BAD_FORMAT = 1,
    PLAIT_XMPP_STREAM_BAD_NAMESPACE_PREFIX = 2,
    PLAIT_XMPP_STREAM_CONFLICT = 3,
    PLAIT_XMPP_STREAM_CONNECTION_TIMEOUT = 4,
    PLAIT_XMPP_STREAM_HOST_GONE = 5,
    PLAIT_XMPP_STREAM_HOST_UNKNOWN = 6,
    PLAIT_XMPP_STREAM_IMPROPER_ADDRESSING = 7,
    PLAIT_XMPP_STREAM_INTERNAL_SERVER_ERROR = 8,
    PLAIT_XMPP_STREAM_INVALID_FROM = 9,
    PLAIT_XMPP_STREAM_INVALID_NAMESPACE = 10,
    PLAIT_XMPP_STREAM_INVALID_XML = 11,
    PLAIT_XMPP_STREAM_NOT_AUTHORIZED = 12,
    PLAIT_XMPP_STREAM_NOT_WELL_FORMED = 13,
    PLAIT_XMPP_STREAM_POLICY_VIOLATION = 14,
    PLAIT_XMPP_STREAM_REMOTE_CONNECTION_FAILED = 15,
    PLAIT_XMPP_STREAM_RESET = 16,
    PLAIT_XMPP_STREAM_RESOURCE_CONSTRAINT = 17,
    PLAIT_XMPP_STREAM_RESTRICTED_XML = 18,
    PLAIT_XMPP_STREAM_SEE_OTHER_HOST = 19,
    PLAIT_XMPP_STREAM_SYSTEM_SHUTDOWN = 20,
    PLAIT_XMPP_STREAM_UNDEFINED_CONDITION = 21,
    PLAIT_XMPP_STREAM_UNSUPPORTED_ENCODING = 22,
    PLAIT_XMPP_STREAM_UNSUPPORTED_FEATURE = 23,
    PLAIT_XMPP_STREAM_UNSUPPORTED_STANZA_TYPE = 24,
    PLAIT_XMPP_STREAM_UNSUPPORTED_VERSION = 25
};

/** plait_reason::code: why logging in failed (RFC 6120 §6.5). */
enum {
    PLAIT_XMPP_LOGIN_ABORTED = 101,
    PLAIT_XMPP_LOGIN_ACCOUNT_DISABLED = 102,
    PLAIT_XMPP_LOGIN_CREDENTIALS_EXPIRED = 103,
    PLAIT_XMPP_LOGIN_ENCRYPTION_REQUIRED = 104,
    PLAIT_XMPP_LOGIN_INCORRECT_ENCODING = 105,
    PLAIT_XMPP_LOGIN_INVALID_AUTHZID = 106,
    PLAIT_XMPP_LOGIN_INVALID_MECHANISM = 107,
    PLAIT_XMPP_LOGIN_MALFORMED_REQUEST = 108,
    PLAIT_XMPP_LOGIN_MECHANISM_TOO_WEAK = 109,
    PLAIT_XMPP_LOGIN_NOT_AUTHORIZED = 110,
    PLAIT_XMPP_LOGIN_TEMPORARY_FAILURE = 111
};

/** plait_reason::code, and plait_xmpp_answer_error(): what is wrong with a stanza (RFC 6120 §8.3.3). */
enum {
    PLAIT_XMPP_STANZA_BAD_REQUEST = 201,
    PLAIT_XMPP_STANZA_CONFLICT = 202,
    PLAIT_XMPP_STANZA_FEATURE_NOT_IMPLEMENTED = 203,
    PLAIT_XMPP_STANZA_FORBIDDEN = 204,
    PLAIT_XMPP_STANZA_GONE = 205,
    PLAIT_XMPP_STANZA_INTERNAL_SERVER_ERROR = 206,
    PLAIT_XMPP_STANZA_ITEM_NOT_FOUND = 207,
    PLAIT_XMPP_STANZA_JID_MALFORMED = 208,
    PLAIT_XMPP_STANZA_NOT_ACCEPTABLE = 209,
    PLAIT_XMPP_STANZA_NOT_ALLOWED = 210,
    PLAIT_XMPP_STANZA_NOT_AUTHORIZED = 211,
    PLAIT_XMPP_STANZA_POLICY_VIOLATION = 212,
    PLAIT_XMPP_STANZA_RECIPIENT_UNAVAILABLE = 213,
    PLAIT_XMPP_STANZA_REDIRECT = 214,
    PLAIT_XMPP_STANZA_REGISTRATION_REQUIRED = 215,
    PLAIT_XMPP_STANZA_REMOTE_SERVER_NOT_FOUND = 216,
    PLAIT_XMPP_STANZA_REMOTE_SERVER_TIMEOUT = 217,
    PLAIT_XMPP_STANZA_RESOURCE_CONSTRAINT = 218,
    PLAIT_XMPP_STANZA_SERVICE_UNAVAILABLE = 219,
    PLAIT_XMPP_STANZA_SUBSCRIPTION_REQUIRED = 220,
    PLAIT_XMPP_STANZA_UNDEFINED_CONDITION = 221,
    PLAIT_XMPP_STANZA_UNEXPECTED_REQUEST = 222
};

/** Who this side is, and how XMPP is spoken. Zero means the default. Texts are NUL-terminated and copied. */
typedef struct plait_xmpp_options {
    uint32_t struct_size;
    uint32_t flags;           /**< PLAIT_XMPP_WITHOUT_TLS to PLAIT_XMPP_WITHOUT_REDIRECTS */
    uint32_t role;            /**< #PLAIT_XMPP_CLIENT, #PLAIT_XMPP_COMPONENT or #PLAIT_XMPP_COMPONENT_HOST */
    uint32_t mechanisms;      /**< those that may be used; all */
    const char *jid;          /**< the account, with the resource that is wanted, or without; a component's domain. A component host needs none. */
    const char *password;     /**< the account's, or the components' secret */
    const char *language;     /**< of what people will read, as in `en`; none */
    plait_tls_config tls;     /**< for STARTTLS; {0}: it is not begun */
    uint32_t max_stanza;      /**< bytes of one that comes; 1 MiB */
    uint32_t max_depth;       /**< elements within one another; 256 */
    uint32_t max_elements;    /**< elements of a stanza; 100,000 */
    uint32_t max_attributes;  /**< attributes of an element; 256 */
    uint32_t max_calls;       /**< requests of this side's that wait for their answers; 10,000 */
    uint32_t max_waiting;     /**< stanzas that wait to be acknowledged; 10,000. Sending more answers #PLAIT_ERR_LIMIT. (As many again may wait to be returned.) */
    uint64_t login_ms;        /**< how long it may take up to `ready`; 30 s */
    uint64_t call_ms;         /**< how long requests that say nothing else may take; none */
    uint64_t keep_alive_ms;   /**< a sign of life goes out so often; none */
    const char *software;     /**< what it is called to who asks (XEP-0030, XEP-0092, XEP-0115); NULL: nobody is told */
    const char *software_version; /**< its version; none */
    const char *identity;     /**< what it is, as in `client/bot` (the registrar's categories); `client/pc` */
    const char *features;     /**< namespaces of what it can do beyond what the library does, with blanks between them; none */
} plait_xmpp_options;
#define PLAIT_XMPP_OPTIONS_INIT { sizeof(plait_xmpp_options), 0, 0, 0, NULL, NULL, NULL, { 0 }, 0, 0, 0, 0, 0, 0, 0, 0, 0, NULL, NULL, NULL, NULL }

/** Gets a stanza: 1 when it has taken it, else 0. It is valid until the callback returns. */
typedef int (*plait_xmpp_stanza_fn)(void *user, plait_conn conn, plait_element stanza);

/** A request of this side's has ended. The status is 0 when `answer` has the result; #PLAIT_ERR_REMOTE when it has an error, whose condition is in plait_reason::code; else `answer` is {0}.
 *  `conn` is the one on which it was answered, or {0}. Both the answer and the reason are valid until the callback returns. */
typedef void (*plait_xmpp_answer_fn)(void *user, plait_conn conn, plait_element answer, const plait_reason *reason);

/** plait_xmpp_contact::subscription (RFC 6121 §2.1.2.5) */
enum {
    PLAIT_XMPP_SUBSCRIPTION_NONE = 0,
    PLAIT_XMPP_SUBSCRIPTION_TO = 1,    /**< this side sees the contact's presence */
    PLAIT_XMPP_SUBSCRIPTION_FROM = 2,  /**< the contact sees this side's */
    PLAIT_XMPP_SUBSCRIPTION_BOTH = 3,
    PLAIT_XMPP_SUBSCRIPTION_REMOVE = 4 /**< the contact is on the roster no more */
};

/** plait_xmpp_contact::flags */
enum {
    PLAIT_XMPP_CONTACT_ASKED = 1,   /**< this side has asked to see the contact's presence, and waits */
    PLAIT_XMPP_CONTACT_APPROVED = 2 /**< the contact may see this side's as soon as it asks */
};

/** One of the roster: see xmpp_im.h. */
typedef struct plait_xmpp_contact {
    uint32_t struct_size;
    uint32_t flags;        /**< PLAIT_XMPP_CONTACT_; read only */
    uint32_t subscription; /**< one of PLAIT_XMPP_SUBSCRIPTION_; to be set: #PLAIT_XMPP_SUBSCRIPTION_REMOVE, or it does not count */
    uint32_t reserved;
    plait_bytes jid;
    plait_bytes name;      /**< how this account calls it */
    plait_bytes groups;    /**< the names of its groups, each ended by a NUL */
} plait_xmpp_contact;
#define PLAIT_XMPP_CONTACT_INIT { sizeof(plait_xmpp_contact), 0, 0, 0, { NULL, 0 }, { NULL, 0 }, { NULL, 0 } }

/** The callbacks of XMPP. The first eight fields are those of every table: see factory.h. All may be NULL. */
typedef struct plait_xmpp_handler {
    uint32_t struct_size;
    uint32_t reserved;
    void (*connected)(void *user, plait_conn conn);
    void (*disconnected)(void *user, plait_conn conn, const plait_reason *reason);
    void (*read_closed)(void *user, plait_conn conn);
    void (*write_paused)(void *user, plait_conn conn);
    void (*write_resumed)(void *user, plait_conn conn);
    void (*release)(void *user);
    /** Stanzas may be sent from now on. `resumed` is 1 when the session is the one that was there before. */
    void (*ready)(void *user, plait_conn conn, int resumed);
    int (*message)(void *user, plait_conn conn, plait_element stanza);
    int (*presence)(void *user, plait_conn conn, plait_element stanza);
    /** An iq of the type get or set. 1: it was answered, or will be: keep a copy of it (plait_element_copy()) for that. */
    int (*request)(void *user, plait_conn conn, plait_element stanza);
    /** What is none of these: answers that nobody waits for, and elements of other namespaces. */
    int (*other)(void *user, plait_conn conn, plait_element stanza);
    /** A stanza of this side's that may not have arrived: the server has forgotten the session in which it was sent. The conn is {0}, and the user the factory's, where
     *  nobody is there any more: plait_xmpp_factory_give_up(). */
    void (*returned)(void *user, plait_conn conn, plait_element stanza);
    /** The roster is there, or could not be had: then the status is not 0. What has changed in it was told before. */
    void (*roster)(void *user, plait_conn conn, int status);
    /** A contact was added to the roster, changed, or removed. It is valid until the callback returns. */
    void (*contact)(void *user, plait_conn conn, const plait_xmpp_contact *contact);
} plait_xmpp_handler;
#define PLAIT_XMPP_HANDLER_INIT { sizeof(plait_xmpp_handler), 0, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL }

/** plait_xmpp_session::flags */
enum {
    PLAIT_XMPP_READY = 1,    /**< stanzas may be sent */
    PLAIT_XMPP_MANAGED = 2,  /**< stanzas are acknowledged */
    PLAIT_XMPP_RESUMABLE = 4 /**< it can go on over another connection */
};

/** What is known of a session. */
typedef struct plait_xmpp_session {
    uint32_t struct_size;
    uint32_t flags;        /**< PLAIT_XMPP_READY, PLAIT_XMPP_MANAGED, PLAIT_XMPP_RESUMABLE */
    uint32_t mechanism;    /**< by which this side has logged in: one of plait_xmpp_options::mechanisms, or 0 */
    uint32_t calls;        /**< requests of this side's that wait for their answers */
    uint32_t waiting;      /**< stanzas that wait to be acknowledged */
    uint32_t reserved;
    plait_bytes jid;       /**< this side's address, with its resource; empty before it is bound */
    plait_bytes stream_id; /**< as in the header of who was connected to */
    plait_bytes component; /**< of a component host's conn: who has come */
} plait_xmpp_session;
#define PLAIT_XMPP_SESSION_INIT { sizeof(plait_xmpp_session), 0, 0, 0, 0, 0, { NULL, 0 }, { NULL, 0 }, { NULL, 0 } }

/**
 * @brief Makes a factory of XMPP conns: an account, a component, or what components connect to.
 * @param out [out] the factory.
 * @param options [in] copied.
 * @param handler [in] copied; or NULL.
 * @param user [in] the first argument of the callbacks.
 * @return 0.
 * @errors #PLAIT_ERR_INVALID; #PLAIT_ERR_VALUE for a jid that is none, or does not fit the role, and for a password that can't be one; #PLAIT_ERR_STRUCT_SIZE, #PLAIT_ERR_LIMIT,
 *   #PLAIT_ERR_NOMEM; for the TLS configuration #PLAIT_ERR_STALE, #PLAIT_ERR_TYPE; #PLAIT_ERR_UNSUPPORTED by a library without XMPP.
 * @thread any.
 * @callbacks none.
 * @lifetime until plait_factory_release(), and as long as something uses it.
 * @since 0.1.0
 * @twisted `client.XMPPClientFactory`, `component.componentFactory`, `component.XMPPComponentServerFactory`
 */
PLAIT_API int plait_xmpp_factory_new(plait_factory *out, const plait_xmpp_options *options, const plait_xmpp_handler *handler,
                                     void *user);

/**
 * @brief Gives up the session that a factory's next conn would have taken up: its requests end, and `returned` gets each stanza that may not have arrived, also those
 *   that still wait for a conn that is ready. For when no conn will come: a connector has stopped, the program is about to end.
 * @param reactor [in] the one that the factory serves, or served last.
 * @param factory [in] of XMPP conns.
 * @return 0.
 * @errors those of a handle; #PLAIT_ERR_TYPE; #PLAIT_ERR_BOUND when it serves another reactor; #PLAIT_ERR_ABORTED, #PLAIT_ERR_LIMIT; #PLAIT_ERR_UNSUPPORTED by a library without XMPP.
 * @thread the reactor's.
 * @callbacks none now; completions of requests, and `returned` with the conn {0}, at the turn's end.
 * @lifetime nothing of the host's is kept. Sessions whose conns are up are left alone.
 * @since 0.1.0
 * @twisted none: what was sent is lost with its connection.
 */
PLAIT_API int plait_xmpp_factory_give_up(plait_reactor reactor, plait_factory factory);

/**
 * @brief Has stanzas that a query fits given to a function, before those that were added later and before the table's callbacks.
 * @param factory [in] of XMPP conns.
 * @param query [in] NUL-terminated, copied: see element.h. The first step is compared with the stanza.
 * @param function [in] what gets them; its first argument is the conn's user.
 * @return 0.
 * @errors #PLAIT_ERR_STALE, #PLAIT_ERR_TYPE; #PLAIT_ERR_INVALID for a query that is none; #PLAIT_ERR_LIMIT above 1,000; #PLAIT_ERR_NOMEM; #PLAIT_ERR_UNSUPPORTED by a library
 *   without XMPP.
 * @thread any, as long as no reactor uses the factory; afterwards that reactor's.
 * @callbacks none.
 * @lifetime as long as the factory.
 * @since 0.1.0
 * @twisted `XmlStream.addObserver`, `XmlStreamFactory.addBootstrap`
 */
PLAIT_API int plait_xmpp_factory_add_handler(plait_factory factory, const char *query, plait_xmpp_stanza_fn function);

/**
 * @brief Sends an element: a message, a presence, an iq that is tracked by the host, or anything else.
 * @param conn [in] one that speaks XMPP, and is ready.
 * @param element [in] any tree.
 * @param node [in] an element of it.
 * @return 0.
 * @errors those of a handle, also of the element; #PLAIT_ERR_INVALID for a node that is no element; #PLAIT_ERR_BOUND before `ready`; #PLAIT_ERR_LIMIT when too many wait to be acknowledged;
 *   #PLAIT_ERR_CLOSED, #PLAIT_ERR_OVERFLOW, #PLAIT_ERR_NOMEM; #PLAIT_ERR_UNSUPPORTED by a library without XMPP.
 * @thread the reactor's.
 * @callbacks none.
 * @lifetime nothing of the host's is kept.
 * @since 0.1.0
 * @twisted `XmlStream.send`
 */
PLAIT_API int plait_xmpp_send(plait_conn conn, plait_element element, uint32_t node);

/**
 * @brief Sends a request, an iq of the type get or set, and waits for its answer. The iq's attribute `id` is set.
 * @param conn [in] one that speaks XMPP, and is ready.
 * @param element [in] any tree.
 * @param node [in] the iq.
 * @param limit_ms [in] how long it may take; 0: plait_xmpp_options::call_ms.
 * @param done [in] how it ended; may be NULL.
 * @param user [in] the first argument of done.
 * @param call [out] the call, for plait_call_cancel(); may be NULL.
 * @return 0.
 * @errors those of a handle, also of the element; #PLAIT_ERR_INVALID when it is no such iq; #PLAIT_ERR_VALUE for a `to` that is no address; #PLAIT_ERR_TOO_LONG for one that is too long;
 *   #PLAIT_ERR_BOUND before `ready`; #PLAIT_ERR_LIMIT when too many wait; #PLAIT_ERR_CLOSED, #PLAIT_ERR_ABORTED, #PLAIT_ERR_OVERFLOW, #PLAIT_ERR_NOMEM; #PLAIT_ERR_UNSUPPORTED by a library
 *   without XMPP.
 * @thread the reactor's.
 * @callbacks none now; done in a later delivery or turn.
 * @lifetime nothing of the host's is kept but the user.
 * @since 0.1.0
 * @twisted `xmlstream.IQ.send`
 */
PLAIT_API int plait_xmpp_call(plait_conn conn, plait_element element, uint32_t node, uint64_t limit_ms, plait_xmpp_answer_fn done,
                              void *user, plait_call *call);

/**
 * @brief Answers a request with a result.
 * @param conn [in] one that speaks XMPP, and is ready.
 * @param request [in] the request, or a copy of it.
 * @param payload [in] a tree with what the result has in it; or {0}.
 * @param node [in] an element of that.
 * @return 0.
 * @errors those of a handle, also of the elements; #PLAIT_ERR_INVALID for a node that is no element, and when both are one tree; #PLAIT_ERR_BOUND before `ready`; #PLAIT_ERR_LIMIT when too many
 *   wait to be acknowledged; #PLAIT_ERR_CLOSED, #PLAIT_ERR_OVERFLOW, #PLAIT_ERR_NOMEM; #PLAIT_ERR_UNSUPPORTED by a library without XMPP.
 * @thread the reactor's.
 * @callbacks none.
 * @lifetime nothing of the host's is kept.
 * @since 0.1.0
 * @twisted `xmlstream.toResponse`
 */
PLAIT_API int plait_xmpp_answer(plait_conn conn, plait_element request, plait_element payload, uint32_t node);

/**
 * @brief Answers a request with an error.
 * @param conn [in] one that speaks XMPP, and is ready.
 * @param request [in] the request, or a copy of it.
 * @param condition [in] one of PLAIT_XMPP_STANZA_.
 * @param text [in] NUL-terminated, for people; or NULL.
 * @return 0.
 * @errors those of a handle, also of the element; #PLAIT_ERR_INVALID for a condition that is none; #PLAIT_ERR_VALUE for a text that XML can't have; #PLAIT_ERR_BOUND before `ready`;
 *   #PLAIT_ERR_LIMIT when too many wait to be acknowledged; #PLAIT_ERR_CLOSED, #PLAIT_ERR_OVERFLOW, #PLAIT_ERR_NOMEM; #PLAIT_ERR_UNSUPPORTED by a library without XMPP.
 * @thread the reactor's.
 * @callbacks none.
 * @lifetime nothing of the host's is kept.
 * @since 0.1.0
 * @twisted `error.StanzaError.toResponse`
 */
PLAIT_API int plait_xmpp_answer_error(plait_conn conn, plait_element request, int32_t condition, const char *text);

/**
 * @brief Ends a session in good order: the stream is closed, and then the connection. It is not taken up again; one that was about to be, is over, and what may not have arrived of it
 *   waits to be returned.
 * @param conn [in] one that speaks XMPP.
 * @return 0.
 * @errors those of a handle; #PLAIT_ERR_CLOSED; #PLAIT_ERR_UNSUPPORTED by a library without XMPP.
 * @thread the reactor's.
 * @callbacks none now; `disconnected` once all has left.
 * @lifetime the conn is stale after `disconnected`.
 * @since 0.1.0
 * @twisted `XmlStream.sendFooter`
 */
PLAIT_API int plait_xmpp_close(plait_conn conn);

/**
 * @brief Tells what is known of a session.
 * @param conn [in] one that speaks XMPP.
 * @param out [out] with its struct_size set.
 * @return 0.
 * @errors those of a handle; #PLAIT_ERR_INVALID, #PLAIT_ERR_STRUCT_SIZE; #PLAIT_ERR_UNSUPPORTED by a library without XMPP.
 * @thread the reactor's.
 * @callbacks none.
 * @lifetime its bytes are valid until the callback returns.
 * @since 0.1.0
 * @twisted `XmlStream.thisEntity`, `XmlStream.otherEntity`, `XmlStream.sid`
 */
PLAIT_API int plait_xmpp_get_session(plait_conn conn, plait_xmpp_session *out);

#ifdef __cplusplus
}
#endif
#endif
