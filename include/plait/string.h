/**
 * @file plait/string.h
 * @brief Strings behind their length: binary prefixes of 1 to 8 bytes, and netstrings.
 *
 * Memory grows with the bytes that arrive, never with the length that a peer announces.
 *
 * **Strings that are too long.** One longer than max_length calls `string_too_long` with the announced length; without
 * that callback the conn is closed with #PLAIT_ERR_TOO_LONG. If the callback does not close, the string is skipped and reading
 * goes on behind it. A netstring that is malformed closes the conn with #PLAIT_ERR_PROTOCOL.
 */
#ifndef PLAIT_STRING_H
#define PLAIT_STRING_H

#include "bytes.h"
#include "conn.h"
#include "factory.h"

#ifdef __cplusplus
extern "C" {
#endif

/** plait_string_options::format */
enum {
    PLAIT_STRING_BIG_ENDIAN = 0,    /**< a binary length, most significant byte first */
    PLAIT_STRING_LITTLE_ENDIAN = 1, /**< a binary length, least significant byte first */
    PLAIT_STRING_NETSTRING = 2      /**< a decimal length, a colon, the string, a comma */
};

/** How strings are told apart; 0 means the default. */
typedef struct plait_string_options {
    uint32_t struct_size;
    uint32_t format;        /**< PLAIT_STRING_; big-endian */
    uint32_t prefix_length; /**< bytes of a binary length, 1 to 8; 4. Not for netstrings. */
    uint32_t reserved;
    uint64_t max_length;    /**< of a string, in bytes; 99,999,999; at most #PLAIT_BYTES_MAX */
} plait_string_options;
#define PLAIT_STRING_OPTIONS_INIT { sizeof(plait_string_options), 0, 0, 0, 0 }

/** The callbacks of a string protocol. The first eight fields are those of every table: see factory.h. */
typedef struct plait_string_handler {
    uint32_t struct_size;
    uint32_t reserved;
    void (*connected)(void *user, plait_conn conn);
    void (*disconnected)(void *user, plait_conn conn, const plait_reason *reason);
    void (*read_closed)(void *user, plait_conn conn);
    void (*write_paused)(void *user, plait_conn conn);
    void (*write_resumed)(void *user, plait_conn conn);
    void (*release)(void *user);
    /** A string, without its length. */
    void (*string)(void *user, plait_conn conn, const uint8_t *string, size_t len);
    /** All whole strings at hand: `data` begins with the first one's length and ends behind the last; `table` has `count` pairs of
     *  offset and length. Returns how many it took, as the `lines` of line.h does. */
    size_t (*strings)(void *user, plait_conn conn, const uint8_t *data, size_t len, const uint32_t *table, size_t count);
    /** A string was too long: see the head of this file. NULL: the conn is closed with #PLAIT_ERR_TOO_LONG. */
    void (*string_too_long)(void *user, plait_conn conn, uint64_t length);
} plait_string_handler;
#define PLAIT_STRING_HANDLER_INIT { sizeof(plait_string_handler), 0, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL }

/**
 * @brief Makes a factory of string protocols.
 * @param out [out] the factory.
 * @param options [in] copied; or NULL for 32-bit big-endian lengths.
 * @param handler [in] copied.
 * @param user [in] the first argument of its callbacks.
 * @return 0.
 * @errors #PLAIT_ERR_INVALID, #PLAIT_ERR_STRUCT_SIZE, #PLAIT_ERR_LIMIT, #PLAIT_ERR_NOMEM.
 * @thread any.
 * @callbacks none.
 * @lifetime until plait_factory_release(), and as long as something uses it.
 * @since 0.1.0
 * @twisted `Factory.forProtocol(Int32StringReceiver)`, `Factory.forProtocol(NetstringReceiver)`
 */
PLAIT_API int plait_string_factory_new(plait_factory *out, const plait_string_options *options,
                                       const plait_string_handler *handler, void *user);

/**
 * @brief Sends a string behind its length.
 * @param conn [in] one that speaks strings.
 * @param string [in] copied.
 * @param len [in] bytes; max_length is the receiver's matter and not looked at.
 * @return 0.
 * @errors those of a handle; #PLAIT_ERR_INVALID, #PLAIT_ERR_TOO_LONG when the prefix cannot hold the length; #PLAIT_ERR_CLOSED,
 *   #PLAIT_ERR_OVERFLOW, #PLAIT_ERR_NOMEM.
 * @thread the reactor's.
 * @callbacks none.
 * @lifetime nothing of the host's is kept.
 * @since 0.1.0
 * @twisted `IntNStringReceiver.sendString`, `NetstringReceiver.sendString`
 */
PLAIT_API int plait_string_send(plait_conn conn, const uint8_t *string, size_t len);

/**
 * @brief Sends many strings, each behind its length; all of them or, on failure, none.
 *
 * Runs that already lie framed in `data`, as those of a block that was received do, go in one copy.
 * @param conn [in] one that speaks strings.
 * @param data [in] copied.
 * @param len [in] bytes.
 * @param table [in] pairs of offset and length into `data`, in any order, overlapping or not.
 * @param count [in] how many pairs.
 * @return 0.
 * @errors those of a handle; #PLAIT_ERR_INVALID also when a pair reaches beyond `len`; #PLAIT_ERR_TOO_LONG,
 *   #PLAIT_ERR_CLOSED, #PLAIT_ERR_OVERFLOW, #PLAIT_ERR_NOMEM.
 * @thread the reactor's.
 * @callbacks none.
 * @lifetime nothing of the host's is kept.
 * @since 0.1.0
 * @twisted `IntNStringReceiver.sendString`, many times
 */
PLAIT_API int plait_string_send_many(plait_conn conn, const uint8_t *data, size_t len, const uint32_t *table, size_t count);

/**
 * @brief Changes the longest string that is accepted.
 * @param conn [in] one that speaks strings.
 * @param max_length [in] bytes, at most #PLAIT_BYTES_MAX.
 * @return 0.
 * @errors those of a handle; #PLAIT_ERR_INVALID, #PLAIT_ERR_CLOSED.
 * @thread the reactor's.
 * @callbacks none.
 * @lifetime for this conn alone.
 * @since 0.1.0
 * @twisted `IntNStringReceiver.MAX_LENGTH`
 */
PLAIT_API int plait_string_set_max_length(plait_conn conn, size_t max_length);

#ifdef __cplusplus
}
#endif
#endif
