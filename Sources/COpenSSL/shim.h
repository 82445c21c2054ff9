/* OpenSSL 3 for Swift: its macros as functions, its variadic functions with fixed arguments, and the BIO between a
 * connection's buffers and the library. Nothing here holds state: a static in a header is one copy for each Swift
 * module. */
#ifndef COPENSSL_SHIM_H
#define COPENSSL_SHIM_H
#define OPENSSL_NO_FILENAMES /* where the library was built is nobody's business */
#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/ocsp.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <openssl/x509_vfy.h>
#include <openssl/x509v3.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

/* ---- The pipe: what SSL reads from and writes to, during one call. ----------------------------------------------- */

/* in: bytes of the peer's that are read in place. out: memory of malloc's that grows as it is written, up to limit. */
struct copenssl_pipe {
    const uint8_t *in;
    size_t in_len;
    uint8_t *out;
    size_t out_start, out_len, out_room, out_limit;
    int failed; /* there was no memory, or the limit was reached */
};

static inline int copenssl_pipe_read(BIO *bio, char *out, int len) {
    struct copenssl_pipe *pipe = (struct copenssl_pipe *)BIO_get_data(bio);
    size_t count = len > 0 ? (size_t)len : 0;
    BIO_clear_retry_flags(bio);
    if (!pipe || pipe->in_len == 0) {
        BIO_set_retry_read(bio);
        return -1;
    }
    if (count > pipe->in_len) count = pipe->in_len;
    memcpy(out, pipe->in, count);
    pipe->in += count;
    pipe->in_len -= count;
    return (int)count;
}

static inline int copenssl_pipe_grow(struct copenssl_pipe *pipe, size_t more) {
    size_t end = pipe->out_start + pipe->out_len, wanted = pipe->out_room * 2;
    uint8_t *moved;
    if (more > pipe->out_limit || pipe->out_len > pipe->out_limit - more) return 0;
    if (wanted < end + more) wanted = end + more;
    if (wanted < 512) wanted = 512;
    if (wanted > UINT32_MAX / 2 && end + more <= UINT32_MAX / 2) wanted = UINT32_MAX / 2;
    if (wanted > UINT32_MAX / 2 || !(moved = (uint8_t *)realloc(pipe->out, wanted))) return 0;
    pipe->out = moved;
    pipe->out_room = wanted;
    return 1;
}

static inline int copenssl_pipe_write(BIO *bio, const char *data, int len) {
    struct copenssl_pipe *pipe = (struct copenssl_pipe *)BIO_get_data(bio);
    size_t count = len > 0 ? (size_t)len : 0;
    BIO_clear_retry_flags(bio);
    if (!pipe) return -1;
    if (count > pipe->out_room - pipe->out_start - pipe->out_len && !copenssl_pipe_grow(pipe, count)) {
        pipe->failed = 1;
        return -1;
    }
    if (count > 0) memcpy(pipe->out + pipe->out_start + pipe->out_len, data, count);
    pipe->out_len += count;
    return (int)count;
}

static inline long copenssl_pipe_ctrl(BIO *bio, int command, long number, void *pointer) {
    (void)bio, (void)number, (void)pointer;
    return command == BIO_CTRL_FLUSH || command == BIO_CTRL_DUP; /* nothing else applies */
}

static inline BIO_METHOD *copenssl_pipe_method(void) {
    BIO_METHOD *method = BIO_meth_new(BIO_TYPE_SOURCE_SINK | 127, "plait");
    if (!method) return NULL;
    BIO_meth_set_read(method, copenssl_pipe_read);
    BIO_meth_set_write(method, copenssl_pipe_write);
    BIO_meth_set_ctrl(method, copenssl_pipe_ctrl);
    return method;
}

/* One BIO serves both directions. */
static inline int copenssl_attach_pipe(SSL *ssl, BIO_METHOD *method) {
    BIO *bio = BIO_new(method);
    if (!bio) return 0;
    BIO_set_init(bio, 1);
    SSL_set_bio(ssl, bio, bio);
    return 1;
}
static inline void copenssl_set_pipe(SSL *ssl, struct copenssl_pipe *pipe) { BIO_set_data(SSL_get_rbio(ssl), pipe); }

/* ---- Macros. ------------------------------------------------------------------------------------------------------
 */

static inline uint64_t copenssl_options(int client_order) {
    uint64_t options = SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION | SSL_OP_ALL;
    return client_order ? options : options | SSL_OP_CIPHER_SERVER_PREFERENCE | SSL_OP_PRIORITIZE_CHACHA;
}
static inline void copenssl_set_modes(SSL_CTX *context) {
    SSL_CTX_set_mode(context, SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER | SSL_MODE_AUTO_RETRY);
}
static inline int copenssl_set_versions(SSL_CTX *context, int least, int most) {
    return SSL_CTX_set_min_proto_version(context, least) && SSL_CTX_set_max_proto_version(context, most);
}
static inline int copenssl_set_default_ciphers(SSL_CTX *context) {
    return SSL_CTX_set_cipher_list(context, "ECDHE+AESGCM:ECDHE+CHACHA20") == 1;
}
static inline BIO *copenssl_open(const char *path) { return BIO_new_file(path, "rb"); }
static inline int copenssl_set_groups(SSL_CTX *context, const char *groups) {
    return SSL_CTX_set1_groups_list(context, groups) == 1;
}
static inline void copenssl_set_cache(SSL_CTX *context, int client) {
    long mode = SSL_SESS_CACHE_NO_INTERNAL | SSL_SESS_CACHE_NO_AUTO_CLEAR;
    SSL_CTX_set_session_cache_mode(context, client ? mode | SSL_SESS_CACHE_CLIENT : SSL_SESS_CACHE_OFF);
}
/* A server's sessions are kept, for clients without tickets. */
static inline void copenssl_keep_sessions(SSL_CTX *context, long most) {
    SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_BOTH | SSL_SESS_CACHE_NO_AUTO_CLEAR);
    SSL_CTX_sess_set_cache_size(context, most);
}
static inline int copenssl_set_server_name(SSL *ssl, const char *name) {
    return SSL_set_tlsext_host_name(ssl, name) == 1;
}
static inline void copenssl_ask_for_ocsp(SSL *ssl) { SSL_set_tlsext_status_type(ssl, TLSEXT_STATUSTYPE_ocsp); }
static inline long copenssl_ocsp_answer(SSL *ssl, const unsigned char **out) {
    return SSL_get_tlsext_status_ocsp_resp(ssl, out);
}
/* SSL frees what it is given. */
static inline int copenssl_staple(SSL *ssl, const void *answer, size_t len) {
    void *copy = OPENSSL_memdup(answer, len);
    if (!copy) return 0;
    SSL_set_tlsext_status_ocsp_resp(ssl, copy, (long)len);
    return 1;
}
typedef int (*copenssl_status_fn)(SSL *ssl, void *argument);
static inline void copenssl_set_status_callback(SSL_CTX *context, copenssl_status_fn function) {
    SSL_CTX_set_tlsext_status_cb(context, function);
}
static inline void copenssl_set_layer(SSL *ssl, void *layer) { SSL_set_app_data(ssl, layer); }
static inline void *copenssl_layer(const SSL *ssl) { return SSL_get_app_data(ssl); }
static inline SSL *copenssl_ssl(X509_STORE_CTX *store) {
    return (SSL *)X509_STORE_CTX_get_ex_data(store, SSL_get_ex_data_X509_STORE_CTX_idx());
}
static inline int copenssl_is_pkey_pair(X509 *certificate, EVP_PKEY *key) {
    return X509_check_private_key(certificate, key) == 1;
}
static inline const char *copenssl_group(SSL *ssl) {
    int id = SSL_get_negotiated_group(ssl);
    return id == NID_undef ? NULL : SSL_group_to_name(ssl, id);
}
static inline int copenssl_error_reason(unsigned long error) { return ERR_GET_REASON(error); }
/* The errno inside, or 0. */
static inline int copenssl_error_system(unsigned long error) {
    return ERR_SYSTEM_ERROR(error) ? ERR_GET_REASON(error) : 0;
}
static inline int copenssl_error_is_ssl(unsigned long error) { return ERR_GET_LIB(error) == ERR_LIB_SSL; }
static inline int copenssl_is_end_of_pem(unsigned long error) {
    return ERR_GET_LIB(error) == ERR_LIB_PEM && ERR_GET_REASON(error) == PEM_R_NO_START_LINE;
}
/* Was what there should be in a text not found in it? */
static inline int copenssl_is_absence(unsigned long error) {
    return copenssl_is_end_of_pem(error) || ERR_GET_REASON(error) == ERR_R_UNSUPPORTED;
}
/* What was written into memory, and lets go of it; too much of it is cut at a character of UTF-8. */
static inline void copenssl_take(BIO *bio, int written, char *out, size_t room) {
    char *data = NULL;
    long len = written ? BIO_get_mem_data(bio, &data) : 0;
    if (len < 0) len = 0;
    if ((size_t)len >= room)
        for (len = (long)room - 1; len > 0 && (data[len] & 0xc0) == 0x80; len--) continue;
    if (len > 0) memcpy(out, data, (size_t)len);
    out[len] = 0;
    BIO_free(bio);
}
static inline void copenssl_name(X509_NAME *name, char *out, size_t room) {
    BIO *bio = BIO_new(BIO_s_mem());
    out[0] = 0;
    if (!bio) return;
    copenssl_take(bio, X509_NAME_print_ex(bio, name, 0, XN_FLAG_ONELINE & ~ASN1_STRFLGS_ESC_MSB) >= 0, out, room);
}
static inline void copenssl_time(const ASN1_TIME *time, char *out, size_t room) {
    BIO *bio = BIO_new(BIO_s_mem());
    out[0] = 0;
    if (!bio) return;
    copenssl_take(bio, ASN1_TIME_print(bio, time), out, room);
}

/* ---- A certificate that nobody has given: of a new key, for ten years, signed by itself; or NULL. -------- */

static inline X509 *copenssl_make_up(EVP_PKEY **out) {
    EVP_PKEY *key = EVP_EC_gen("P-256");
    X509 *made = key ? X509_new() : NULL;
    X509_NAME *name = made ? X509_get_subject_name(made) : NULL;
    uint64_t serial = 0;
    if (name && X509_set_version(made, 2) && RAND_bytes((unsigned char *)&serial, sizeof serial) == 1 &&
        ASN1_INTEGER_set_uint64(X509_get_serialNumber(made), serial >> 1 | 1) &&
        X509_gmtime_adj(X509_getm_notBefore(made), -24 * 3600) &&
        X509_time_adj_ex(X509_getm_notAfter(made), 3650, 0, NULL) &&
        X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, (const unsigned char *)"made up", -1, -1, 0) &&
        X509_set_issuer_name(made, name) && X509_set_pubkey(made, key) && X509_sign(made, key, EVP_sha256())) {
        *out = key;
        return made;
    }
    X509_free(made);
    EVP_PKEY_free(key);
    return NULL;
}

/* ---- Stacks, which are macros all the way down. ---------------------------------------------------------------------
 */

typedef STACK_OF(X509) copenssl_chain;
static inline void *copenssl_chain_new(void) { return sk_X509_new_null(); }
static inline int copenssl_chain_push(void *chain, X509 *certificate) {
    return sk_X509_push((copenssl_chain *)chain, certificate) > 0;
}
static inline int copenssl_chain_count(const void *chain) {
    return chain ? sk_X509_num((const copenssl_chain *)chain) : 0;
}
static inline X509 *copenssl_chain_at(const void *chain, int index) {
    return sk_X509_value((const copenssl_chain *)chain, index);
}
static inline void copenssl_chain_free(void *chain) { sk_X509_pop_free((copenssl_chain *)chain, X509_free); }
static inline const void *copenssl_peer_chain(const SSL *ssl) { return SSL_get_peer_cert_chain(ssl); }
static inline const void *copenssl_verified_chain(const SSL *ssl) { return SSL_get0_verified_chain(ssl); }
static inline const void *copenssl_store_chain(X509_STORE_CTX *store) { return X509_STORE_CTX_get0_chain(store); }
static inline const void *copenssl_store_untrusted(X509_STORE_CTX *store) {
    return X509_STORE_CTX_get0_untrusted(store);
}
static inline int copenssl_use(SSL *ssl, X509 *certificate, EVP_PKEY *key, void *chain) {
    return SSL_use_cert_and_key(ssl, certificate, key, (copenssl_chain *)chain, 1) == 1;
}
static inline int copenssl_use_default(SSL_CTX *context, X509 *certificate, EVP_PKEY *key, void *chain) {
    return SSL_CTX_use_cert_and_key(context, certificate, key, (copenssl_chain *)chain, 1) == 1;
}
/* Adds what a client is told: whose certificates are wanted. */
static inline void copenssl_tell_authority(SSL_CTX *context, X509 *certificate) {
    SSL_CTX_add_client_CA(context, certificate);
}

/* ---- Tickets. -------------------------------------------------------------------------------------------------------
 */

typedef int (*copenssl_ticket_fn)(SSL *ssl, unsigned char *name, unsigned char *iv, EVP_CIPHER_CTX *cipher,
                                  EVP_MAC_CTX *mac, int encrypting);
static inline void copenssl_set_ticket_callback(SSL_CTX *context, copenssl_ticket_fn function) {
    SSL_CTX_set_tlsext_ticket_key_evp_cb(context, function);
}
/* key: 16 bytes of name, 32 of AES-256, 32 of HMAC-SHA256. */
static inline int copenssl_ticket_begin(const uint8_t *key, unsigned char *iv, EVP_CIPHER_CTX *cipher, EVP_MAC_CTX *mac,
                                        int encrypting) {
    OSSL_PARAM parameters[3];
    parameters[0] = OSSL_PARAM_construct_octet_string(OSSL_MAC_PARAM_KEY, (void *)(key + 48), 32);
    parameters[1] = OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, (char *)"SHA256", 0);
    parameters[2] = OSSL_PARAM_construct_end();
    if (!EVP_MAC_CTX_set_params(mac, parameters)) return 0;
    return encrypting ? EVP_EncryptInit_ex(cipher, EVP_aes_256_cbc(), NULL, key + 16, iv)
                      : EVP_DecryptInit_ex(cipher, EVP_aes_256_cbc(), NULL, key + 16, iv);
}

/* ---- OCSP: 0 the certificate is good, 1 it was revoked, -1 the answer is no good.
 * ------------------------------------- */

static inline int copenssl_check_ocsp(const unsigned char *data, long len, X509 *certificate, X509 *issuer,
                                      const void *chain, X509_STORE *store) {
    OCSP_RESPONSE *response = d2i_OCSP_RESPONSE(NULL, &data, len);
    OCSP_BASICRESP *basic = NULL;
    OCSP_CERTID *id = NULL;
    ASN1_GENERALIZEDTIME *this_update = NULL, *next_update = NULL;
    int status = -1, reason = 0, answer = -1;
    if (response && OCSP_response_status(response) == OCSP_RESPONSE_STATUS_SUCCESSFUL &&
        (basic = OCSP_response_get1_basic(response)) &&
        OCSP_basic_verify(basic, (copenssl_chain *)(uintptr_t)chain, store, 0) == 1) {
        const EVP_MD *digests[2];
        size_t index;
        digests[0] = EVP_sha1();
        digests[1] = EVP_sha256();
        for (index = 0; index < 2; index++) {
            id = OCSP_cert_to_id(digests[index], certificate, issuer);
            if (id && OCSP_resp_find_status(basic, id, &status, &reason, NULL, &this_update, &next_update) == 1 &&
                OCSP_check_validity(this_update, next_update, 300, -1) == 1) {
                answer = status == V_OCSP_CERTSTATUS_GOOD ? 0 : status == V_OCSP_CERTSTATUS_REVOKED ? 1 : -1;
                OCSP_CERTID_free(id);
                break;
            }
            OCSP_CERTID_free(id);
        }
    }
    OCSP_BASICRESP_free(basic);
    OCSP_RESPONSE_free(response);
    return answer;
}

/* ---- Digests of certificates.
 * ---------------------------------------------------------------------------------------- */

/* The SHA-256 digest of its public key's SubjectPublicKeyInfo. */
static inline int copenssl_key_digest(X509 *certificate, uint8_t *out) {
    unsigned char *der = NULL;
    int len = i2d_X509_PUBKEY(X509_get_X509_PUBKEY(certificate), &der), done = 0;
    if (len > 0) done = EVP_Digest(der, (size_t)len, out, NULL, EVP_sha256(), NULL);
    OPENSSL_free(der);
    return done;
}

/* The digest that tls-server-end-point wants (RFC 5929 section 4.1): its signature's, but SHA-256 for MD5 and SHA-1. */
static inline int copenssl_end_point(X509 *certificate, uint8_t *out) {
    int digest = NID_undef, key = NID_undef;
    unsigned int len = 0;
    const EVP_MD *md;
    if (!OBJ_find_sigid_algs(X509_get_signature_nid(certificate), &digest, &key)) return 0;
    if (digest == NID_md5 || digest == NID_sha1 || digest == NID_undef) digest = NID_sha256;
    md = EVP_get_digestbynid(digest);
    return md && X509_digest(certificate, md, out, &len) ? (int)len : 0;
}

#endif
