/**
 * @file plait/line.h
 * @brief Lines: text between delimiters, and raw bytes in between where a protocol wants them.
 *
 * A conn begins in line mode. plait_line_set_raw_mode() inside a callback has everything behind the line under
 * delivery go to `raw`; plait_line_set_line_mode() goes back.
 *
 * **Lines that are too long.** A line longer than max_length calls `line_too_long` with all bytes that are at hand,
 * the delimiter and what is behind it included, and drops them; without that callback the conn is
 * closed with #PLAIT_ERR_TOO_LONG. If the callback does not close, reading goes on with what arrives next. With
 * #PLAIT_LINE_SKIP_TOO_LONG only the line itself is dropped: reading goes on behind its delimiter, and
 * `line_too_long` gets the part of it that is at hand, once.
 */
#ifndef PLAIT_LINE_H
#define PLAIT_LINE_H

#include "bytes.h"
#include "conn.h"
#include "factory.h"

#ifdef __cplusplus
extern "C" {
#endif

/** plait_line_options::flags */
enum {
    PLAIT_LINE_SKIP_TOO_LONG = 1 /**< drop a line that is too long, and go on behind it */
};

/** How lines are told apart; 0 means the default. */
typedef struct plait_line_options {
    uint32_t struct_size;
    uint32_t flags;          /**< PLAIT_LINE_ */
    plait_bytes delimiter;   /**< 1 to 255 bytes; CR LF */
    uint64_t max_length;     /**< of a line without its delimiter, in bytes; 16,384; at most #PLAIT_BYTES_MAX */
} plait_line_options;
#define PLAIT_LINE_OPTIONS_INIT { sizeof(plait_line_options), 0, { NULL, 0 }, 0 }

/** The callbacks of a line protocol. The first eight fields are those of every table: see factory.h. */
typedef struct plait_line_handler {
    uint32_t struct_size;
    uint32_t reserved;
    void (*connected)(void *user, plait_conn conn);
    void (*disconnected)(void *user, plait_conn conn, const plait_reason *reason);
    void (*read_closed)(void *user, plait_conn conn);
    void (*write_paused)(void *user, plait_conn conn);
    void (*write_resumed)(void *user, plait_conn conn);
    void (*release)(void *user);
    /** A line, without its delimiter. */
    void (*line)(void *user, plait_conn conn, const uint8_t *line, size_t len);
    /** All whole lines at hand: `data` begins with the first and ends behind the last one's delimiter; `table` has
     *  `count` pairs of offset and length. Returns how many it took: the rest is framed and delivered again, by the mode
     *  set meanwhile, or after a pause. Taking none without a pause, a close or a
     *  change of mode pauses the conn; so does taking none a thousand times in a row. */
    size_t (*lines)(void *user, plait_conn conn, const uint8_t *data, size_t len, const uint32_t *table, size_t count);
    /** Bytes in raw mode. */
    void (*raw)(void *user, plait_conn conn, const uint8_t *data, size_t len);
    /** A line was too long: see the head of this file. NULL: the conn is closed with #PLAIT_ERR_TOO_LONG. */
    void (*line_too_long)(void *user, plait_conn conn, const uint8_t *data, size_t len);
} plait_line_handler;
#define PLAIT_LINE_HANDLER_INIT { sizeof(plait_line_handler), 0, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL }

/**
 * @brief Makes a factory of line protocols.
 * @param out [out] the factory.
 * @param options [in] copied; or NULL.
 * @param handler [in] copied.
 * @param user [in] the first argument of its callbacks.
 * @return 0.
 * @errors #PLAIT_ERR_INVALID, #PLAIT_ERR_STRUCT_SIZE, #PLAIT_ERR_LIMIT, #PLAIT_ERR_NOMEM.
 * @thread any.
 * @callbacks none.
 * @lifetime until plait_factory_release(), and as long as something uses it.
 * @since 0.1.0
 * @twisted `Factory.forProtocol(LineReceiver)`
 */
PLAIT_API int plait_line_factory_new(plait_factory *out, const plait_line_options *options, const plait_line_handler *handler,
                                     void *user);

/**
 * @brief Sends a line and its delimiter.
 * @param conn [in] one that speaks lines.
 * @param line [in] copied. It is not searched for the delimiter: a host that passes on what it got from elsewhere does that.
 * @param len [in] bytes.
 * @return 0.
 * @errors those of a handle; #PLAIT_ERR_INVALID, #PLAIT_ERR_CLOSED, #PLAIT_ERR_OVERFLOW, #PLAIT_ERR_NOMEM.
 * @thread the reactor's.
 * @callbacks none.
 * @lifetime nothing of the host's is kept.
 * @since 0.1.0
 * @twisted `LineReceiver.sendLine`
 */
PLAIT_API int plait_line_send(plait_conn conn, const uint8_t *line, size_t len);

/**
 * @brief Sends many lines, each with its delimiter; all of them or, on failure, none.
 *
 * Runs that already lie framed in `data`, as those of a block that was received do, go in one copy.
 * @param conn [in] one that speaks lines.
 * @param data [in] copied.
 * @param len [in] bytes.
 * @param table [in] pairs of offset and length into `data`, in any order, overlapping or not.
 * @param count [in] how many pairs.
 * @return 0.
 * @errors those of a handle; #PLAIT_ERR_INVALID also when a pair reaches beyond `len`; #PLAIT_ERR_CLOSED, #PLAIT_ERR_OVERFLOW,
 *   #PLAIT_ERR_NOMEM.
 * @thread the reactor's.
 * @callbacks none.
 * @lifetime nothing of the host's is kept.
 * @since 0.1.0
 * @twisted `LineReceiver.sendLine`, many times
 */
PLAIT_API int plait_line_send_many(plait_conn conn, const uint8_t *data, size_t len, const uint32_t *table, size_t count);

/**
 * @brief Has what was received and not yet delivered, and all that follows, go to `raw`.
 * @param conn [in] one that speaks lines.
 * @return 0.
 * @errors those of a handle; #PLAIT_ERR_CLOSED.
 * @thread the reactor's.
 * @callbacks none now.
 * @lifetime until plait_line_set_line_mode().
 * @since 0.1.0
 * @twisted `LineReceiver.setRawMode`
 */
PLAIT_API int plait_line_set_raw_mode(plait_conn conn);

/**
 * @brief Goes back to lines.
 * @param conn [in] one that speaks lines.
 * @param extra [in] bytes to be read as if they came now, behind what is held: what a raw callback did not want. Copied.
 * @param len [in] bytes.
 * @return 0.
 * @errors those of a handle; #PLAIT_ERR_INVALID, #PLAIT_ERR_CLOSED, #PLAIT_ERR_OVERFLOW, #PLAIT_ERR_NOMEM.
 * @thread the reactor's.
 * @callbacks none now.
 * @lifetime nothing of the host's is kept.
 * @since 0.1.0
 * @twisted `LineReceiver.setLineMode`
 */
PLAIT_API int plait_line_set_line_mode(plait_conn conn, const uint8_t *extra, size_t len);

/**
 * @brief Changes the delimiter, for the next line that is received or sent.
 * @param conn [in] one that speaks lines.
 * @param delimiter [in] copied.
 * @param len [in] 1 to 255 bytes.
 * @return 0.
 * @errors those of a handle; #PLAIT_ERR_INVALID, #PLAIT_ERR_CLOSED, #PLAIT_ERR_NOMEM.
 * @thread the reactor's.
 * @callbacks none.
 * @lifetime for this conn alone.
 * @since 0.1.0
 * @twisted `LineReceiver.delimiter`
 */
PLAIT_API int plait_line_set_delimiter(plait_conn conn, const uint8_t *delimiter, size_t len);

/**
 * @brief Changes the longest line that is accepted.
 * @param conn [in] one that speaks lines.
 * @param max_length [in] bytes, at most #PLAIT_BYTES_MAX.
 * @param flags [in] PLAIT_LINE_
 * @return 0.
 * @errors those of a handle; #PLAIT_ERR_INVALID, #PLAIT_ERR_CLOSED.
 * @thread the reactor's.
 * @callbacks none.
 * @lifetime for this conn alone.
 * @since 0.1.0
 * @twisted `LineReceiver.MAX_LENGTH`
 */
PLAIT_API int plait_line_set_max_length(plait_conn conn, size_t max_length, uint32_t flags);

/**
 * @brief Drops what was received and not yet delivered.
 *
 * Inside a callback that is what lies behind the line, or the block, under delivery; what the callback does not take of its
 * block is dropped too.
 * @param conn [in] one that speaks lines.
 * @param out [out] gets the bytes; or NULL.
 * @param cap [in] the room in `out`.
 * @param len [out] how many bytes there were; or NULL.
 * @return 0.
 * @errors those of a handle; #PLAIT_ERR_CLOSED; #PLAIT_ERR_INVALID; #PLAIT_ERR_OVERFLOW when `out` is given and
 *   too small: then nothing is dropped, and plait_conn_counters::held tells what it takes.
 * @thread the reactor's.
 * @callbacks none.
 * @lifetime a copy.
 * @since 0.1.0
 * @twisted `LineReceiver.clearLineBuffer`
 */
PLAIT_API int plait_line_clear_buffer(plait_conn conn, uint8_t *out, size_t cap, size_t *len);

#ifdef __cplusplus
}
#endif
#endif
