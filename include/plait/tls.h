/**
 * @file plait/tls.h
 * @brief TLS 1.2 and 1.3 for every transport and protocol, by OpenSSL.
 *
 * A configuration says who this side is and whom it trusts. It is used in three ways: an endpoint string (`tls:`, `ssl:`; see
 * endpoint.h) makes one of its fields; plait_tls_factory_new() has every connection of a factory speak TLS, over whatever transport,
 * with policies above or below; plait_conn_start_tls() begins TLS on a conversation that is under way (STARTTLS). The
 * protocol does not know: its `connected` comes when the handshake is over, and a connect fails with the reason for
 * which that did not succeed.
 *
 * **What is checked.** A client checks the server's chain against the system's trust store, or against what
 * `ca_file`, `ca_dir` and `ca_pem` name instead, and the certificate's names against the server's name or address: nothing needs to be turned on for that. A
 * server asks for no certificate unless told to. A check that fails ends the conn with a status of its own; the reason names
 * the check and the certificate, and its `code` is OpenSSL's X509_V_ERR_ number, or that of the alert which the peer sent.
 *
 * **How it ends.** Closing says so to the peer (close_notify). A connection that ends without the peer's saying so is
 * #PLAIT_ERR_TLS_TRUNCATED, unless this side had asked to close. A close while the handshake is under way waits for it only if something was
 * written. `read_closed` comes for the peer's close_notify; half-closing works. A renegotiation is refused.
 *
 * **Without TLS.** A library that was built without it has all of these functions, and they answer #PLAIT_ERR_UNSUPPORTED.
 */
#ifndef PLAIT_TLS_H
#define PLAIT_TLS_H

#include "bytes.h"
#include "conn.h"
#include "handle.h"
#include "status.h"

#ifdef __cplusplus
extern "C" {
#endif

/** plait_tls_options::min_version, plait_tls_options::max_version, plait_tls_info::version */
enum {
    PLAIT_TLS_1_2 = 0x0303,
    PLAIT_TLS_1_3 = 0x0304
};

/** plait_tls_options::flags */
enum {
    PLAIT_TLS_NO_VERIFY = 1,        /**< clients: take any certificate. Whoever is in between can read and change everything */
    PLAIT_TLS_NO_NAME_CHECK = 2,    /**< clients: the chain is checked, the names are not */
    PLAIT_TLS_SYSTEM_TRUST = 4,     /**< trust the system's store beside the host's own authorities */
    PLAIT_TLS_NO_TICKETS = 8,       /**< servers give none out, clients keep none: every handshake is a full one */
    PLAIT_TLS_CRL_CHECK_ALL = 16,   /**< a revocation list is wanted for every certificate of the chain, not for the first alone */
    PLAIT_TLS_OCSP = 32,            /**< clients: ask for a stapled OCSP answer, and check it if one comes */
    PLAIT_TLS_OCSP_REQUIRED = 64,   /**< ...and fail with #PLAIT_ERR_TLS_OCSP if none does */
    PLAIT_TLS_CLIENT_ORDER = 128,   /**< servers: the client's order of ciphers counts, not ours */
    PLAIT_TLS_SELF_SIGNED = 256     /**< servers without identities: a certificate is made up for this configuration, which no peer can check */
};

/** plait_tls_options::client_certificate: what a server asks of its clients. */
enum {
    PLAIT_TLS_CLIENT_NONE = 0,
    PLAIT_TLS_CLIENT_OPTIONAL = 1, /**< ask; one that comes must be good */
    PLAIT_TLS_CLIENT_REQUIRED = 2  /**< without one the handshake fails with #PLAIT_ERR_TLS_NO_CERTIFICATE */
};

/** plait_tls_conn_options::role */
enum {
    PLAIT_TLS_ROLE_AUTO = 0,   /**< as the connection came about; #PLAIT_ERR_INVALID, or refused, where that does not tell: an attached conn */
    PLAIT_TLS_ROLE_CLIENT = 1,
    PLAIT_TLS_ROLE_SERVER = 2
};

/** plait_tls_conn_options::flags */
enum {
    PLAIT_TLS_CLIENT_IS_READY = 1 /**< plait_conn_start_tls() of a server that has asked for TLS and was just told that the client begins: what lies behind the
                                       client's message is its handshake, and no injection */
};

/** plait_tls_info::flags */
enum {
    PLAIT_TLS_INFO_SERVER = 1,   /**< this side is the server */
    PLAIT_TLS_INFO_RESUMED = 2,  /**< an earlier session was resumed: no certificates were exchanged */
    PLAIT_TLS_INFO_VERIFIED = 4, /**< the peer has shown a certificate that passed all checks */
    PLAIT_TLS_INFO_STAPLED = 8   /**< an OCSP answer came with it, and says that it is good */
};

/** What a channel is told from others by. */
enum {
    PLAIT_TLS_BINDING_EXPORTER = 1,   /**< tls-exporter (RFC 9266), 32 bytes; every version */
    PLAIT_TLS_BINDING_UNIQUE = 2,     /**< tls-unique (RFC 5929); TLS 1.2 alone */
    PLAIT_TLS_BINDING_END_POINT = 3   /**< tls-server-end-point (RFC 5929): a digest of the server's certificate */
};

/** The most bytes of a channel binding. */
#define PLAIT_TLS_BINDING_MAX 64

/** The size of a ticket key: a name of 16 bytes, a key of 32 for encryption, one of 32 for authentication. */
#define PLAIT_TLS_TICKET_KEY_SIZE 80

/** A certificate that this side shows, with its key: in files, or in memory. PEM. */
typedef struct plait_tls_identity {
    uint32_t struct_size;
    uint32_t reserved;
    const char *cert_file;  /**< the certificate, and behind it the rest of its chain, if any */
    const char *key_file;   /**< its key; NULL: it is in cert_file */
    const char *chain_file; /**< the rest of the chain, if that lies elsewhere */
    plait_bytes cert_pem;   /**< the same in memory; files win */
    plait_bytes key_pem;    /**< empty: it is in cert_pem */
    plait_bytes chain_pem;
    const char *names;      /**< the host names that it is for, separated by commas, "*.example.org" for all directly below; NULL: those in the certificate */
    const char *ocsp_file;  /**< servers: an OCSP answer to be stapled, DER; or NULL */
    plait_bytes ocsp;       /**< the same in memory */
} plait_tls_identity;
#define PLAIT_TLS_IDENTITY_INIT { sizeof(plait_tls_identity), 0, NULL, NULL, NULL, { NULL, 0 }, { NULL, 0 }, { NULL, 0 }, NULL, NULL, { NULL, 0 } }

/** Whom plait_tls_options::verify is asked about. */
typedef struct plait_tls_peer {
    uint32_t struct_size;
    uint32_t count;           /**< how many certificates the chain has; 0: the peer has shown none */
    const plait_bytes *chain; /**< DER, the peer's own first; checked as far as the verdict says */
    const char *server_name;  /**< clients: the name that was connected to, or NULL */
} plait_tls_peer;
#define PLAIT_TLS_PEER_INIT { sizeof(plait_tls_peer), 0, NULL, NULL }

/** What a configuration says. Zero or NULL means the default. */
typedef struct plait_tls_options {
    uint32_t struct_size;
    uint32_t flags;                       /**< PLAIT_TLS_ */
    uint32_t min_version;                 /**< #PLAIT_TLS_1_2 */
    uint32_t max_version;                 /**< the newest */
    const char *ciphers;                  /**< TLS 1.2: OpenSSL's names and notation; forward secrecy and AEAD alone */
    const char *cipher_suites;            /**< TLS 1.3: names separated by colons */
    const char *groups;                   /**< for the key exchange: names separated by colons */
    const plait_tls_identity *identities; /**< what this side can show; servers choose by the name that the client asks for, the first is for all others */
    size_t identity_count;                /**< at most 1000; a server needs one, a client may have one */
    const plait_bytes *alpn;              /**< protocols in order of preference, 1 to 255 bytes each */
    size_t alpn_count;                    /**< at most 32; a server that shares none with the client ends the handshake */
    const char *ca_file;                  /**< PEM: whom to trust instead of the system's store */
    const char *ca_dir;                   /**< a directory with such files under hashed names */
    plait_bytes ca_pem;                   /**< such certificates in memory */
    const char *crl_file;                 /**< PEM: what was revoked; a list of the peer's issuer must be there then */
    plait_bytes crl_pem;                  /**< the same in memory */
    const plait_bytes *pins;              /**< SHA-256 digests, 32 bytes each, of public keys (SubjectPublicKeyInfo) of which one must be in the peer's chain */
    size_t pin_count;                     /**< at most 64 */
    const uint8_t *ticket_keys;           /**< servers: keys of #PLAIT_TLS_TICKET_KEY_SIZE bytes one behind the other, see plait_tls_config_set_ticket_keys(); NULL: made up, for this process alone */
    size_t ticket_keys_len;               /**< in bytes */
    uint64_t handshake_ms;                /**< a handshake that takes longer fails with #PLAIT_ERR_TIMEOUT; 30 seconds */
    uint32_t client_certificate;          /**< PLAIT_TLS_CLIENT_ */
    uint32_t verify_depth;                /**< the most certificates between the peer's own and one that is trusted; 10 */
    void *user;                           /**< the first argument of the callbacks */
    /** Writes the passphrase of an encrypted key; returns its length, or a negative number: there is none. Inside plait_tls_config_new() and
     *  plait_tls_config_reload() alone. */
    int (*passphrase)(void *user, const char *key_file, char *out, size_t cap);
    /** Has the last word on a peer: the verdict's status is 0, or why the library would refuse it. Returns 0 to accept it; else the
     *  handshake fails, with a negative status that it returns, or with #PLAIT_ERR_TLS_UNTRUSTED. On a resumed session nobody is asked. Runs inside a driving call, in the midst of
     *  the handshake: of the conn, only its user may be read. */
    int (*verify)(void *user, plait_conn conn, const plait_tls_peer *peer, const plait_reason *verdict);
    /** Gets the secrets of every connection, as lines of NSS's key log format: whoever has them can read all. */
    void (*key_log)(void *user, plait_conn conn, const char *line);
    /** Once, last: `user` may be freed. */
    void (*release)(void *user);
} plait_tls_options;
#define PLAIT_TLS_OPTIONS_INIT { sizeof(plait_tls_options), 0, 0, 0, NULL, NULL, NULL, NULL, 0, NULL, 0, NULL, NULL, { NULL, 0 }, NULL, { NULL, 0 }, NULL, 0, NULL, 0, 0, 0, 0, NULL, NULL, NULL, NULL, NULL }

/** How one connection, or those of one factory, use a configuration. */
typedef struct plait_tls_conn_options {
    uint32_t struct_size;
    uint32_t role;           /**< PLAIT_TLS_ROLE_ */
    const char *server_name; /**< clients: whom to ask for and to check the certificate against, a host name or a numeric address; NULL: what the endpoint says */
    uint32_t flags;          /**< PLAIT_TLS_CLIENT_IS_READY */
    uint32_t reserved;       /**< 0 */
} plait_tls_conn_options;
#define PLAIT_TLS_CONN_OPTIONS_INIT { sizeof(plait_tls_conn_options), 0, NULL, 0, 0 }

/** What was agreed on. Texts are NUL-terminated, and empty where there is nothing to say. */
typedef struct plait_tls_info {
    uint32_t struct_size;      /**< set by #PLAIT_TLS_INFO_INIT */
    uint32_t flags;            /**< PLAIT_TLS_INFO_ */
    uint32_t version;          /**< PLAIT_TLS_1_ */
    uint32_t bits;             /**< of the cipher's key */
    uint32_t certificates;     /**< how many the peer has shown */
    uint32_t alpn_len;         /**< in bytes: a protocol's name may have any byte */
    char cipher[64];           /**< as RFCs name it: TLS_AES_256_GCM_SHA384 */
    char group[32];            /**< of the key exchange: x25519 */
    char alpn[256];            /**< the protocol that was chosen */
    char server_name[256];     /**< that the client asked for */
} plait_tls_info;
#define PLAIT_TLS_INFO_INIT { sizeof(plait_tls_info), 0, 0, 0, 0, 0, { 0 }, { 0 }, { 0 }, { 0 } }

/**
 * Ends plait_conn_start_tls(): the handshake is over (`reason->status` is 0), or the conn ends with this reason. The reason is
 * valid until the callback returns.
 */
typedef void (*plait_tls_started_fn)(void *user, plait_conn conn, const plait_reason *reason);

/**
 * @brief Makes a configuration, and reads the files that it names.
 *
 * It never changes, but for plait_tls_config_reload() and plait_tls_config_set_ticket_keys(), and may be used by any number of reactors, for
 * both roles. Clients that use it share the sessions that servers let them resume.
 * @param out [out] the configuration.
 * @param options [in] copied, with all that it points at; NULL: a client's defaults.
 * @param reason [out] what could not be used, in words; or NULL. Written when the answer is #PLAIT_ERR_TLS_CONFIG or
 *   #PLAIT_ERR_UNSUPPORTED, else left alone.
 * @return 0.
 * @errors #PLAIT_ERR_INVALID, #PLAIT_ERR_STRUCT_SIZE, #PLAIT_ERR_TLS_CONFIG, #PLAIT_ERR_LIMIT, #PLAIT_ERR_NOMEM, #PLAIT_ERR_UNSUPPORTED.
 * @thread any; files are read meanwhile.
 * @callbacks `passphrase`; no `release` on failure.
 * @lifetime until plait_tls_config_release(); what uses it keeps references of its own. The reason's text is valid until this
 *   thread's next call that takes a reason.
 * @since 0.1.0
 * @twisted `ssl.CertificateOptions`
 */
PLAIT_API int plait_tls_config_new(plait_tls_config *out, const plait_tls_options *options, plait_reason *reason);

/**
 * @brief Adds a reference to a configuration.
 * @param config [in]
 * @return 0.
 * @errors #PLAIT_ERR_STALE, #PLAIT_ERR_TYPE, #PLAIT_ERR_UNSUPPORTED.
 * @thread any.
 * @callbacks none.
 * @lifetime to be given back by plait_tls_config_release().
 * @since 0.1.0
 * @twisted none: Python counts by itself.
 */
PLAIT_API int plait_tls_config_retain(plait_tls_config config);

/**
 * @brief Gives a reference back; the last one makes the handle stale.
 * @param config [in]
 * @return 0.
 * @errors #PLAIT_ERR_STALE, #PLAIT_ERR_TYPE, #PLAIT_ERR_UNSUPPORTED.
 * @thread any.
 * @callbacks `release`, if nothing else uses the configuration.
 * @lifetime connections and factories that use it go on.
 * @since 0.1.0
 * @twisted none: Python counts by itself.
 */
PLAIT_API int plait_tls_config_release(plait_tls_config config);

/**
 * @brief Reads the files of a configuration again: new certificates, keys, authorities and revocation lists.
 *
 * Handshakes that begin afterwards use what was read; connections go on as they are. If anything
 * cannot be used, all stays as it was. Sessions that clients have kept are forgotten.
 * @param config [in]
 * @param reason [out] what could not be used, in words; or NULL. Written when the answer is #PLAIT_ERR_TLS_CONFIG, else left alone.
 * @return 0.
 * @errors #PLAIT_ERR_STALE, #PLAIT_ERR_TYPE, #PLAIT_ERR_STRUCT_SIZE, #PLAIT_ERR_TLS_CONFIG, #PLAIT_ERR_NOMEM, #PLAIT_ERR_UNSUPPORTED.
 * @thread any; files are read meanwhile.
 * @callbacks `passphrase`.
 * @lifetime the reason's text is valid until this thread's next call that takes a reason.
 * @since 0.1.0
 * @twisted the reloading of `tls:` server endpoints (txsni)
 */
PLAIT_API int plait_tls_config_reload(plait_tls_config config, plait_reason *reason);

/**
 * @brief Sets the keys of the tickets by which clients resume sessions.
 *
 * The first one encrypts new tickets, all are tried on tickets that come back. Workers that are given the same keys
 * resume each other's sessions. To rotate: put a new key in front, and drop the last one; whoever has these keys can read
 * what was said on resumed connections, so they should not live longer than a day.
 * @param config [in]
 * @param keys [in] one or more, up to 16, of #PLAIT_TLS_TICKET_KEY_SIZE random bytes each. Copied.
 * @param len [in] of all of them, in bytes.
 * @return 0.
 * @errors #PLAIT_ERR_STALE, #PLAIT_ERR_TYPE, #PLAIT_ERR_INVALID, #PLAIT_ERR_UNSUPPORTED.
 * @thread any.
 * @callbacks none.
 * @lifetime until they are set again.
 * @since 0.1.0
 * @twisted none: contexts of several processes can't share keys there.
 */
PLAIT_API int plait_tls_config_set_ticket_keys(plait_tls_config config, const uint8_t *keys, size_t len);

/**
 * @brief Makes a factory whose connections speak TLS, and over it what another factory builds.
 *
 * Around a policy it encrypts what the policy has passed; inside one, what it counts and delays is encrypted already.
 * @param out [out] the factory.
 * @param inner [in] builds what is spoken; kept.
 * @param config [in] kept.
 * @param options [in] or NULL.
 * @return 0.
 * @errors those of a handle; #PLAIT_ERR_INVALID, #PLAIT_ERR_STRUCT_SIZE; #PLAIT_ERR_TLS_CONFIG when the role is a server's and the configuration
 *   has no certificate (with #PLAIT_TLS_ROLE_AUTO plait_listen() answers that); #PLAIT_ERR_LIMIT, #PLAIT_ERR_NOMEM, #PLAIT_ERR_UNSUPPORTED.
 * @thread any.
 * @callbacks none.
 * @lifetime until plait_factory_release(), and for its connections.
 * @since 0.1.0
 * @twisted `tls.TLSMemoryBIOFactory`, `endpoints.wrapClientTLS`
 */
PLAIT_API int plait_tls_factory_new(plait_factory *out, plait_factory inner, plait_tls_config config,
                                    const plait_tls_conn_options *options);

/**
 * @brief Begins TLS on a conversation that is under way.
 *
 * What was written before leaves in plain, what is written from now on is encrypted, and nothing is delivered before
 * the handshake is over. Bytes that the peer has sent behind what was delivered so far are not its handshake but somebody's
 * injection: if the protocol holds any, the conn ends with #PLAIT_ERR_TLS_PLAINTEXT (but see #PLAIT_TLS_CLIENT_IS_READY). A callback that takes a block must therefore take no more
 * of it than the message that asks for TLS, and see that it is the last. A client calls this when the server has agreed, never right after asking: its
 * first bytes would lie behind the message.
 * @param conn [in] one that does not speak TLS by this call already.
 * @param config [in] kept by the conn.
 * @param options [in] or NULL.
 * @param done [in] the completion, or NULL. `connected` has come long ago, and does not come again.
 * @param user [in] given to it.
 * @return 0: the completion will come.
 * @errors those of a handle; #PLAIT_ERR_INVALID, also when it speaks TLS by this call already; #PLAIT_ERR_STRUCT_SIZE; #PLAIT_ERR_CLOSED, also when
 *   one of the two directions has ended; #PLAIT_ERR_TLS_CONFIG when a server has no certificate, or a client no name to check;
 *   #PLAIT_ERR_NOMEM; #PLAIT_ERR_UNSUPPORTED.
 * @thread the reactor's.
 * @callbacks none now; `done` once, before `disconnected` if it failed.
 * @lifetime the time limit of the handshake begins now, and includes what is still to be sent in plain.
 * @since 0.1.0
 * @twisted `ITLSTransport.startTLS`
 */
PLAIT_API int plait_conn_start_tls(plait_conn conn, plait_tls_config config, const plait_tls_conn_options *options,
                                   plait_tls_started_fn done, void *user);

/**
 * @brief Tells what the two sides have agreed on.
 * @param conn [in] one that speaks TLS; the layer next to its protocol answers.
 * @param out [out] with its struct_size set.
 * @return 0.
 * @errors those of a handle; #PLAIT_ERR_INVALID, #PLAIT_ERR_STRUCT_SIZE; #PLAIT_ERR_UNSUPPORTED where there is no TLS, or not yet.
 * @thread the reactor's.
 * @callbacks none.
 * @lifetime a copy.
 * @since 0.1.0
 * @twisted `transport.negotiatedProtocol`, `IHandshakeListener`
 */
PLAIT_API int plait_conn_get_tls(plait_conn conn, plait_tls_info *out);

/**
 * @brief Copies a certificate that the peer has shown.
 * @param conn [in] one that speaks TLS.
 * @param index [in] 0 is the peer's own, the others follow in the order in which it sent them.
 * @param out [out] gets the DER; or NULL.
 * @param cap [in] the room in `out`.
 * @param len [out] how many bytes there are; or NULL.
 * @return 0.
 * @errors those of a handle; #PLAIT_ERR_INVALID when there is no such certificate (a resumed session may have the first
 *   alone); #PLAIT_ERR_OVERFLOW when `out` is given and too small; #PLAIT_ERR_UNSUPPORTED where there is no TLS, or not yet.
 * @thread the reactor's.
 * @callbacks none.
 * @lifetime a copy.
 * @since 0.1.0
 * @twisted `ITLSTransport.getPeerCertificate`
 */
PLAIT_API int plait_conn_get_peer_certificate(plait_conn conn, size_t index, uint8_t *out, size_t cap, size_t *len);

/**
 * @brief Gives what tells this channel from all others: authentication that names it cannot be relayed.
 * @param conn [in] one that speaks TLS.
 * @param binding [in] PLAIT_TLS_BINDING_
 * @param out [out] gets the bytes; #PLAIT_TLS_BINDING_MAX is always room enough.
 * @param cap [in] the room in `out`.
 * @param len [out] how many bytes it has got.
 * @return 0.
 * @errors those of a handle; #PLAIT_ERR_INVALID for an unknown binding, or one that this connection does not have
 *   (tls-unique is TLS 1.2's); #PLAIT_ERR_OVERFLOW when `out` is too small; #PLAIT_ERR_UNSUPPORTED where there is no TLS, or not yet.
 * @thread the reactor's.
 * @callbacks none.
 * @lifetime a copy.
 * @since 0.1.0
 * @twisted none.
 */
PLAIT_API int plait_conn_get_channel_binding(plait_conn conn, uint32_t binding, uint8_t *out, size_t cap, size_t *len);

#ifdef __cplusplus
}
#endif
#endif
