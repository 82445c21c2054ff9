/**
 * @file plait/status.h
 * @brief Status codes and reasons.
 *
 * Functions return `int`: 0 or a count on success, a negative code on failure. A function that
 * fails has written none of its outputs and never calls back (a driving call, see handle.h, may have run what
 * was due before it looked at its arguments). The numbers are part of the ABI:
 * none is ever reused. An error of the operating system is `PLAIT_ERR_SYSTEM - errno`.
 *
 * Every function that takes a handle can answer #PLAIT_ERR_STALE, #PLAIT_ERR_TYPE,
 * #PLAIT_ERR_THREAD and #PLAIT_ERR_FORKED; their comments call these four "those of a handle".
 */
#ifndef PLAIT_STATUS_H
#define PLAIT_STATUS_H

#include "version.h"

#ifdef __cplusplus
extern "C" {
#endif

/** What a function or a completion can answer. */
enum {
    PLAIT_OK = 0,

    /* Misuse: the program has a mistake. */
    PLAIT_ERR_INVALID = -1,      /**< an argument is NULL, out of range or malformed */
    PLAIT_ERR_STALE = -2,        /**< the handle is zero, or names something that has ended */
    PLAIT_ERR_TYPE = -3,         /**< the handle is of another kind, or the conn speaks another protocol */
    PLAIT_ERR_THREAD = -4,       /**< the reactor belongs to another thread */
    PLAIT_ERR_FORKED = -5,       /**< the reactor was made before fork, in the parent */
    PLAIT_ERR_REENTRANT = -6,    /**< a driving call inside a callback of the same reactor */
    PLAIT_ERR_STRUCT_SIZE = -7,  /**< struct_size is too small, or what this library does not know is not zero */
    PLAIT_ERR_UNSUPPORTED = -8,  /**< this build, reactor or transport cannot do it */
    PLAIT_ERR_BOUND = -9,        /**< the factory already serves another reactor */

    /* Resources. */
    PLAIT_ERR_NOMEM = -20,       /**< no memory */
    PLAIT_ERR_LIMIT = -21,       /**< too many reactors, handles or names */
    PLAIT_ERR_OVERFLOW = -22,    /**< a connection's buffer reached its cap, or a host's room is too small: then nothing is written to it */

    /* How a conversation or a call ends. */
    PLAIT_ERR_CLOSED = -30,      /**< the conn is closing: nothing more can be written */
    PLAIT_ERR_ABORTED = -31,     /**< ended by this side at once: abort, or its reactor was freed */
    PLAIT_ERR_TIMEOUT = -32,     /**< a time limit passed */
    PLAIT_ERR_CANCELLED = -33,   /**< the host cancelled the call */
    PLAIT_ERR_REFUSED = -34,     /**< the factory, or nobody at the other end, wanted the connection */

    /* Names. */
    PLAIT_ERR_ENDPOINT = -40,    /**< an endpoint string is malformed; plait_endpoint_check() tells where */
    PLAIT_ERR_NO_NAME = -41,     /**< a host name does not exist or has no address */
    PLAIT_ERR_NAME_AGAIN = -42,  /**< name resolution failed for now */
    PLAIT_ERR_IN_USE = -43,      /**< the `memory:` name is taken */

    /* What a peer sent. */
    PLAIT_ERR_TOO_LONG = -50,    /**< a line or string is longer than the limit */
    PLAIT_ERR_PROTOCOL = -51,    /**< bytes that no valid peer sends */

    /* Remote calls (amp.h). */
    PLAIT_ERR_REMOTE = -60,      /**< the peer answered with an error */
    PLAIT_ERR_UNHANDLED = -61,   /**< the peer knows no such command */
    PLAIT_ERR_VALUE = -62,       /**< a value is missing, or cannot be of its type */
    PLAIT_ERR_RANGE = -63,       /**< a number does not fit */
    PLAIT_ERR_ABSENT = -64,      /**< what was asked for is not there */
    PLAIT_ERR_SWITCHED = -65,    /**< another protocol is spoken, or about to be */

    /* TLS. */
    PLAIT_ERR_TLS = -100,                /**< the two sides found no common ground, or broke the protocol */
    PLAIT_ERR_TLS_ALERT = -101,          /**< the peer ended it with an alert: the reason's code */
    PLAIT_ERR_TLS_CONFIG = -102,         /**< a certificate, key, list or name that cannot be used, or is missing */
    PLAIT_ERR_TLS_TRUNCATED = -103,      /**< the connection ended, and the peer had not said so: something may be missing */
    PLAIT_ERR_TLS_PLAINTEXT = -104,      /**< plain bytes lay behind the message that asked for TLS */
    PLAIT_ERR_TLS_UNTRUSTED = -105,      /**< the peer's certificate leads to nobody who is trusted, or is not good for this */
    PLAIT_ERR_TLS_SELF_SIGNED = -106,    /**< ...because it, or its root, is signed by itself */
    PLAIT_ERR_TLS_EXPIRED = -107,        /**< a certificate of the peer's is not valid any more, or not yet */
    PLAIT_ERR_TLS_NAME = -108,           /**< the peer's certificate is for another name */
    PLAIT_ERR_TLS_REVOKED = -109,        /**< the peer's certificate was revoked */
    PLAIT_ERR_TLS_CRL = -110,            /**< a revocation list is missing, too old or bad */
    PLAIT_ERR_TLS_OCSP = -111,           /**< the stapled OCSP answer is missing, too old or bad */
    PLAIT_ERR_TLS_PIN = -112,            /**< none of the pinned keys is in the peer's chain */
    PLAIT_ERR_TLS_NO_CERTIFICATE = -113, /**< the client has shown no certificate */

    PLAIT_ERR_SYSTEM = -1000     /**< `PLAIT_ERR_SYSTEM - errno`: an error of the operating system */
};

/** The value of plait_reason::offset when no position is known. */
#define PLAIT_NO_OFFSET UINT64_MAX

/** Why something ended or failed. */
typedef struct plait_reason {
    uint32_t struct_size; /**< set by #PLAIT_REASON_INIT where the host supplies the struct */
    int32_t status;       /**< 0 for a clean end, else a PLAIT_ERR_ code */
    int32_t os_error;     /**< the errno behind it, or 0 */
    int32_t code;         /**< the protocol's own code, or 0 */
    uint64_t offset;      /**< where in the input the fault lies, or #PLAIT_NO_OFFSET */
    const char *text;     /**< what happened, in words; never NULL where the library fills it in; see the function or callback for how long it lives */
} plait_reason;
#define PLAIT_REASON_INIT { sizeof(plait_reason), 0, 0, 0, PLAIT_NO_OFFSET, NULL }

/**
 * @brief Describes a status in a sentence.
 * @param status [in] any number: unknown ones get a sentence too.
 * @return a NUL-terminated English sentence without a full stop; never NULL.
 * @errors none: it cannot fail.
 * @thread any.
 * @callbacks none.
 * @lifetime the text is static; those of the operating system are valid until this thread's next call.
 * @since 0.1.0
 * @twisted `str(failure.value)`
 */
PLAIT_API const char *plait_strerror(int status);

/**
 * @brief Names a status.
 * @param status [in] any number.
 * @return the constant's name, for example "PLAIT_ERR_STALE"; "PLAIT_ERR_SYSTEM" for errors of the
 *   operating system, "PLAIT_OK" for 0 and above, "PLAIT_ERR_UNKNOWN" for the rest; never NULL.
 * @errors none: it cannot fail.
 * @thread any.
 * @callbacks none.
 * @lifetime the text is static.
 * @since 0.1.0
 * @twisted `failure.type.__name__`
 */
PLAIT_API const char *plait_err_name(int status);

/**
 * @brief Gives the errno inside a status.
 * @param status [in] any number.
 * @return the errno, or 0 when the status is none of the operating system's.
 * @errors none: it cannot fail.
 * @thread any.
 * @callbacks none.
 * @lifetime nothing is kept.
 * @since 0.1.0
 * @twisted `failure.value.osError`
 */
PLAIT_API int plait_err_errno(int status);

#ifdef __cplusplus
}
#endif
#endif
