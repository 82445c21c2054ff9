/**
 * @file plait/memcache.h
 * @brief memcached: the client's side of a conn, with the classic text commands and the meta commands.
 *
 *     static void on_value(void *user, plait_conn conn, const plait_memcache_answer *answer, size_t count) {
 *         if (answer->result == PLAIT_MEMCACHE_HIT) printf("%.*s\n", (int)answer->value.len, (const char *)answer->value.data);
 *     }
 *     ...
 *     plait_memcache_factory_new(&factory, NULL, NULL, NULL);
 *     plait_connect(reactor, "tcp:localhost:11211", factory, NULL, on_connected, NULL, NULL);
 *     ...
 *     plait_memcache_set(conn, key, 3, value, len, 0, 60, on_stored, NULL, NULL);
 *     plait_memcache_get(conn, key, 3, on_value, NULL, NULL);
 *
 * **Calls.** Any number may be under way; they leave in one write, and the server answers in their order, by which answers find their calls. Each
 * call ends in exactly one answer, never before the function that began it has returned: also when its time limit passes, when it is
 * cancelled (plait_call_cancel()) and when the connection ends. The late answer to a call that has ended is swallowed. A call for several keys, and
 * #PLAIT_MEMCACHE_STATS, are told of what they find as it comes, in blocks of answers with the results #PLAIT_MEMCACHE_VALUE
 * and #PLAIT_MEMCACHE_STAT; these are not its end, which is one of another result.
 *
 * **Answers** point into what was received: nothing is copied, and the bytes are valid until the callback returns. A call that was made
 * with `done` NULL is told to the table's `answers`, together with all others that the same read has ended: that
 * saves a slow language most callbacks. Where there is no such callback, nobody is told.
 *
 * **Hit and miss** are told apart by plait_memcache_answer::result, as are a value that was changed meanwhile (#PLAIT_MEMCACHE_EXISTS)
 * and one that is not there (#PLAIT_MEMCACHE_NOT_FOUND). plait_memcache_answer::status is 0 for all of these. It is #PLAIT_ERR_REMOTE where the server says
 * that the request is wrong (#PLAIT_MEMCACHE_CLIENT_ERROR) or that it failed (#PLAIT_MEMCACHE_SERVER_ERROR), #PLAIT_ERR_UNHANDLED where
 * it knows no such command; then `value` has its words. #PLAIT_ERR_TIMEOUT, #PLAIT_ERR_CANCELLED, or how the conn ended (#PLAIT_ERR_CLOSED where it ended
 * in good order), with words in `value`, too.
 *
 * **What cannot be sent, is not sent.** Keys have 1 to 250 bytes, the prefix counted, and neither blanks nor control bytes: so no key can be read as
 * a command. Values have at most plait_memcache_options::max_value bytes.
 *
 * **What does not fit ends the connection.** An answer that is none, that is too long, that is for another key or another command,
 * or for which nobody waits: the conn is closed with #PLAIT_ERR_PROTOCOL or #PLAIT_ERR_TOO_LONG and a text that says what was wrong, and so end its calls.
 *
 * **Quiet calls** are meta commands with the flag `q`, to which the server answers only what is unusual. Their answers are told
 * apart by an opaque that the library adds, where the host has given none, and takes away again. A quiet call that got no answer ends when a later one got its own: so a
 * batch of them is closed by one that is not quiet, such as #PLAIT_MEMCACHE_META_NOOP. It ends with #PLAIT_MEMCACHE_MISS (`mg`), #PLAIT_MEMCACHE_STORED
 * (`ms`) or #PLAIT_MEMCACHE_OK (the others). An error, which carries no opaque, ends the connection where it might be for one of several quiet calls.
 *
 * **Authentication** is memcached's own for text (its option `-Y`): with plait_memcache_options::username it is the first that is sent, and calls may be made at
 * once. Where the server does not agree, the conn is closed with #PLAIT_ERR_REFUSED. SASL belongs to the binary protocol, which
 * memcached gives up, and is not built.
 */
#ifndef PLAIT_MEMCACHE_H
#define PLAIT_MEMCACHE_H

#include "bytes.h"
#include "conn.h"
#include "factory.h"

#ifdef __cplusplus
extern "C" {
#endif

/** The longest key, with its prefix. */
#define PLAIT_MEMCACHE_KEY_MAX 250

/** plait_memcache_request::command */
enum {
    PLAIT_MEMCACHE_GET = 1,              /**< the values of keys */
    PLAIT_MEMCACHE_GETS = 2,             /**< the same, each with its unique number */
    PLAIT_MEMCACHE_GAT = 3,              /**< get and touch: with a new expiry */
    PLAIT_MEMCACHE_GATS = 4,             /**< the same, each with its unique number */
    PLAIT_MEMCACHE_SET = 5,              /**< store a value */
    PLAIT_MEMCACHE_ADD = 6,              /**< ...if there is none */
    PLAIT_MEMCACHE_REPLACE = 7,          /**< ...if there is one */
    PLAIT_MEMCACHE_APPEND = 8,           /**< put bytes behind the value that is there */
    PLAIT_MEMCACHE_PREPEND = 9,          /**< ...or in front of it */
    PLAIT_MEMCACHE_CAS = 10,             /**< store a value if the one that is there still has this unique number */
    PLAIT_MEMCACHE_INCR = 11,            /**< add to a value that is a number in decimal; it goes on at 0 behind 2^64 - 1 */
    PLAIT_MEMCACHE_DECR = 12,            /**< subtract; it stops at 0 */
    PLAIT_MEMCACHE_TOUCH = 13,           /**< a new expiry */
    PLAIT_MEMCACHE_DELETE = 14,          /**< forget a value */
    PLAIT_MEMCACHE_STATS = 15,           /**< the server's statistics; a key says which */
    PLAIT_MEMCACHE_VERSION = 16,         /**< the server's version */
    PLAIT_MEMCACHE_FLUSH_ALL = 17,       /**< forget everything, after `expiry` seconds */
    PLAIT_MEMCACHE_META_GET = 18,        /**< `mg` */
    PLAIT_MEMCACHE_META_SET = 19,        /**< `ms` */
    PLAIT_MEMCACHE_META_DELETE = 20,     /**< `md` */
    PLAIT_MEMCACHE_META_ARITHMETIC = 21, /**< `ma` */
    PLAIT_MEMCACHE_META_NOOP = 22,       /**< `mn`: an answer, and nothing else */
    PLAIT_MEMCACHE_META_DEBUG = 23       /**< `me`: what the server knows of an item, as text in plait_memcache_answer::meta */
};

/** plait_memcache_request::flags */
enum {
    PLAIT_MEMCACHE_NOREPLY = 1 /**< the server does not answer: nobody hears whether it was done. Of set, add, replace, append, prepend, cas,
                                    incr, decr, touch, delete and flush_all. */
};

/** plait_memcache_answer::result */
enum {
    PLAIT_MEMCACHE_NONE = 0,          /**< there was no answer: see the status */
    PLAIT_MEMCACHE_HIT = 1,           /**< the value of the only key; of `mg` without the flag `v`: it is there; of `me`: what is known of it */
    PLAIT_MEMCACHE_MISS = 2,          /**< the only key has no value */
    PLAIT_MEMCACHE_VALUE = 3,         /**< one of the values of several keys; more follows */
    PLAIT_MEMCACHE_STAT = 4,          /**< a statistic: its name is the key; more follows */
    PLAIT_MEMCACHE_END = 5,           /**< all that there was of several keys, or of statistics, was told */
    PLAIT_MEMCACHE_STORED = 6,        /**< as it says */
    PLAIT_MEMCACHE_NOT_STORED = 7,    /**< the condition of add, replace, append or prepend did not hold */
    PLAIT_MEMCACHE_EXISTS = 8,        /**< the value has another unique number by now */
    PLAIT_MEMCACHE_NOT_FOUND = 9,     /**< there is nothing under that key */
    PLAIT_MEMCACHE_DELETED = 10,      /**< as it says */
    PLAIT_MEMCACHE_TOUCHED = 11,      /**< as it says */
    PLAIT_MEMCACHE_NUMBER = 12,       /**< the new number */
    PLAIT_MEMCACHE_VERSION_TEXT = 13, /**< the version, in `value` */
    PLAIT_MEMCACHE_OK = 14,           /**< it was done */
    PLAIT_MEMCACHE_CLIENT_ERROR = 15, /**< the request is wrong, says the server, in `value` */
    PLAIT_MEMCACHE_SERVER_ERROR = 16  /**< the server cannot do it, and says why in `value` */
};

/** A part of what a call comes to. Its layout is fixed: it will not grow. */
typedef struct plait_memcache_answer {
    void *user;        /**< the call's */
    int32_t status;    /**< 0, or a PLAIT_ERR_ code */
    uint32_t result;   /**< PLAIT_MEMCACHE_ */
    uint32_t flags;    /**< that the value was stored with */
    uint32_t index;    /**< which of the call's keys, counted from 0 */
    uint64_t number;   /**< the value's unique number (gets, gats), or the new number (incr, decr, `ma` with the flag `v`) */
    plait_bytes key;   /**< of a value, without the prefix; or a statistic's name */
    plait_bytes value; /**< as it was stored; or words: see the result and the status */
    plait_bytes meta;  /**< the flags behind the answer to a meta command, separated by blanks; plait_memcache_parse_flag() finds one */
} plait_memcache_answer;

/** What has come of a call, or a part of it: `count` answers that all belong to it. */
typedef void (*plait_memcache_answer_fn)(void *user, plait_conn conn, const plait_memcache_answer *answers, size_t count);

/** A command with all that can be said to it. What a command has no use for must be as #PLAIT_MEMCACHE_REQUEST_INIT has it. */
typedef struct plait_memcache_request {
    uint32_t struct_size;
    uint32_t command;        /**< PLAIT_MEMCACHE_GET, ... */
    uint32_t flags;          /**< PLAIT_MEMCACHE_NOREPLY */
    uint32_t value_flags;    /**< of the host's own, stored with the value */
    const plait_bytes *keys; /**< one; several of get, gets, gat and gats; of stats one or none; none of version, flush_all and `mn` */
    size_t count;            /**< how many keys, at most 65,536 */
    plait_bytes value;       /**< what is stored */
    plait_bytes meta;        /**< the flags of a meta command, separated by single blanks: "v t f c" */
    plait_bytes hash_key;    /**< in a pool the server is chosen by this instead of the key; else without effect */
    int64_t expiry;          /**< in seconds, 0: never; above 30 days a time since 1970; negative: at once. Of flush_all a delay. */
    uint64_t number;         /**< what is added or subtracted, or the unique number of cas */
    uint64_t limit_ms;       /**< how long it may take; 0: plait_memcache_options::call_ms */
} plait_memcache_request;
#define PLAIT_MEMCACHE_REQUEST_INIT { sizeof(plait_memcache_request), 0, 0, 0, NULL, 0, { NULL, 0 }, { NULL, 0 }, { NULL, 0 }, 0, 0, 0 }

/** How memcached is spoken; 0 means the default. */
typedef struct plait_memcache_options {
    uint32_t struct_size;
    uint32_t max_calls;   /**< in flight on a conn, those included whose late answer is still to come; 131,072 */
    uint64_t max_value;   /**< of a value, sent or received, in bytes; 16 MiB; at most #PLAIT_BYTES_MAX */
    uint64_t call_ms;     /**< how long calls that say nothing else may take; none */
    uint64_t silence_ms;  /**< when calls wait and nothing comes for so long, the conn ends with #PLAIT_ERR_TIMEOUT, and they do; none */
    plait_bytes prefix;   /**< in front of every key; answers come without it; up to 249 bytes */
    const char *username; /**< with `password`: authenticate; up to 250 bytes without blanks and control bytes */
    const char *password; /**< the same */
} plait_memcache_options;
#define PLAIT_MEMCACHE_OPTIONS_INIT { sizeof(plait_memcache_options), 0, 0, 0, 0, { NULL, 0 }, NULL, NULL }

/** The callbacks of memcached. The first eight fields are those of every table: see factory.h. All may be NULL. */
typedef struct plait_memcache_handler {
    uint32_t struct_size;
    uint32_t reserved;
    void (*connected)(void *user, plait_conn conn);
    void (*disconnected)(void *user, plait_conn conn, const plait_reason *reason);
    void (*read_closed)(void *user, plait_conn conn);
    void (*write_paused)(void *user, plait_conn conn);
    void (*write_resumed)(void *user, plait_conn conn);
    void (*release)(void *user);
    /** What has come of calls that were made without a `done`: all that is at hand, of any of them. */
    void (*answers)(void *user, plait_conn conn, const plait_memcache_answer *answers, size_t count);
} plait_memcache_handler;
#define PLAIT_MEMCACHE_HANDLER_INIT { sizeof(plait_memcache_handler), 0, NULL, NULL, NULL, NULL, NULL, NULL, NULL }

/**
 * @brief Makes a factory of conns that speak memcached, as clients.
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
 * @twisted `Factory.forProtocol(MemCacheProtocol)`
 */
PLAIT_API int plait_memcache_factory_new(plait_factory *out, const plait_memcache_options *options,
                                         const plait_memcache_handler *handler, void *user);

/**
 * @brief Begins a call.
 * @param conn [in] one that speaks memcached.
 * @param request [in] copied.
 * @param done [in] what hears of the answers; NULL: the table's `answers`, if there are any. Not called for #PLAIT_MEMCACHE_NOREPLY.
 * @param user [in] the first argument of done, and plait_memcache_answer::user.
 * @param call [out] the call, for plait_call_cancel(); may be NULL, which is quicker; not written for #PLAIT_MEMCACHE_NOREPLY.
 * @return 0.
 * @errors those of a handle; #PLAIT_ERR_INVALID, #PLAIT_ERR_STRUCT_SIZE, #PLAIT_ERR_TOO_LONG for a key or a value, #PLAIT_ERR_CLOSED,
 *   #PLAIT_ERR_LIMIT when too many are in flight; #PLAIT_ERR_OVERFLOW, #PLAIT_ERR_NOMEM.
 * @thread the reactor's.
 * @callbacks none now; done in a later delivery or turn.
 * @lifetime nothing of the host's is kept but the user.
 * @since 0.1.0
 * @twisted the methods of `MemCacheProtocol`
 */
PLAIT_API int plait_memcache_call(plait_conn conn, const plait_memcache_request *request, plait_memcache_answer_fn done, void *user,
                                  plait_call *call);

/**
 * @brief Gets the value of a key: #PLAIT_MEMCACHE_HIT or #PLAIT_MEMCACHE_MISS.
 * @param conn [in] one that speaks memcached.
 * @param key [in]
 * @param len [in] bytes, 1 to 250 with the prefix.
 * @param done [in] what hears of the answer; NULL: the table's `answers`, if there are any.
 * @param user [in] the first argument of done, and plait_memcache_answer::user.
 * @param call [out] the call, for plait_call_cancel(); may be NULL, which is quicker.
 * @return 0.
 * @errors as those of plait_memcache_call().
 * @thread the reactor's.
 * @callbacks none now; done in a later delivery or turn.
 * @lifetime nothing of the host's is kept but the user.
 * @since 0.1.0
 * @twisted `MemCacheProtocol.get`
 */
PLAIT_API int plait_memcache_get(plait_conn conn, const uint8_t *key, size_t len, plait_memcache_answer_fn done, void *user,
                                 plait_call *call);

/**
 * @brief Gets the values of several keys, which stand as they do on the wire: separated by single blanks, "a b c". It is
 *   #PLAIT_MEMCACHE_GET by plait_memcache_call(), for hosts that have one string sooner than a list of them.
 *
 * The answers come in blocks: #PLAIT_MEMCACHE_VALUE for each value that is there, with the number of its key, and #PLAIT_MEMCACHE_END behind the
 * last. On a pool, each server is asked for the keys that belong to it, and the answers are joined. One key alone is plait_memcache_get().
 *
 * @param conn [in] one that speaks memcached.
 * @param keys [in] at most 65,536 of them.
 * @param len [in] bytes of all, with the blanks in between.
 * @param done [in] what hears of the answers; NULL: the table's `answers`, if there are any.
 * @param user [in] the first argument of done, and plait_memcache_answer::user.
 * @param call [out] the call, for plait_call_cancel(); may be NULL, which is quicker.
 * @return 0.
 * @errors as those of plait_memcache_call(); #PLAIT_ERR_INVALID also for a blank too many.
 * @thread the reactor's.
 * @callbacks none now; done in a later delivery or turn.
 * @lifetime nothing of the host's is kept but the user.
 * @since 0.1.0
 * @twisted `MemCacheProtocol.getMultiple`
 */
PLAIT_API int plait_memcache_get_many(plait_conn conn, const uint8_t *keys, size_t len, plait_memcache_answer_fn done, void *user,
                                      plait_call *call);

/**
 * @brief Stores a value under a key: #PLAIT_MEMCACHE_STORED.
 * @param conn [in] one that speaks memcached.
 * @param key [in]
 * @param len [in] bytes, 1 to 250 with the prefix.
 * @param value [in] copied.
 * @param value_len [in] bytes.
 * @param value_flags [in] stored with it.
 * @param expiry [in] in seconds: see plait_memcache_request::expiry.
 * @param done [in] what hears of the answer; NULL: the table's `answers`, if there are any.
 * @param user [in] the first argument of done, and plait_memcache_answer::user.
 * @param call [out] the call, for plait_call_cancel(); may be NULL, which is quicker.
 * @return 0.
 * @errors as those of plait_memcache_call().
 * @thread the reactor's.
 * @callbacks none now; done in a later delivery or turn.
 * @lifetime nothing of the host's is kept but the user.
 * @since 0.1.0
 * @twisted `MemCacheProtocol.set`
 */
PLAIT_API int plait_memcache_set(plait_conn conn, const uint8_t *key, size_t len, const uint8_t *value, size_t value_len,
                                 uint32_t value_flags, int64_t expiry, plait_memcache_answer_fn done, void *user,
                                 plait_call *call);

/**
 * @brief Tells how many calls of a conn are in flight.
 * @param conn [in] one that speaks memcached.
 * @param calls [out] those that have not ended; may be NULL.
 * @param late [out] those that have ended, and whose answers are still to come; may be NULL.
 * @return 0.
 * @errors those of a handle.
 * @thread the reactor's.
 * @callbacks none.
 * @lifetime nothing is kept.
 * @since 0.1.0
 * @twisted none.
 */
PLAIT_API int plait_memcache_get_pending(plait_conn conn, size_t *calls, size_t *late);

/**
 * @brief Finds a flag among those of a meta command's answer.
 * @param meta [in] plait_memcache_answer::meta.
 * @param len [in] bytes.
 * @param letter [in] the flag's, in ASCII, such as 't'.
 * @param token [out] what stands behind the letter; may be NULL.
 * @return 0.
 * @errors #PLAIT_ERR_INVALID, #PLAIT_ERR_ABSENT when it is not there.
 * @thread any.
 * @callbacks none.
 * @lifetime the token points into `meta`.
 * @since 0.1.0
 * @twisted none.
 */
PLAIT_API int plait_memcache_parse_flag(const uint8_t *meta, size_t len, int letter, plait_bytes *token);

#ifdef __cplusplus
}
#endif
#endif
