/**
 * @file plait/stateful.h
 * @brief Protocols that are in one of several states.
 *
 * **Strings by named states.** plait_stateful_string_factory_new() makes protocols that receive strings, framed as string.h has them, and
 * hand each to the handler of the state that the conn is in. A conn begins in the state "init"; what a handler returns is the next
 * state's name: NULL keeps the state, "done" closes the conn, and a name that is not in the table
 * closes it with #PLAIT_ERR_INVALID. Strings are sent by plait_string_send().
 *
 *     static const char *on_init(void *user, plait_conn conn, const uint8_t *string, size_t len) { … return "body"; }
 *     static const char *on_body(void *user, plait_conn conn, const uint8_t *string, size_t len) { … return "done"; }
 *     static const plait_state states[] = { { "init", on_init }, { "body", on_body } };
 *
 * **Bytes by count.** plait_stateful_factory_new() makes protocols whose state is a handler and how many bytes it gets: exactly
 * that many, whatever pieces they arrive in. The handler asks for something else by plait_stateful_set_state(), or stays. Bytes are sent by
 * plait_conn_write().
 */
#ifndef PLAIT_STATEFUL_H
#define PLAIT_STATEFUL_H

#include "string.h"

#ifdef __cplusplus
extern "C" {
#endif

/** The most states of a table, and the most bytes of a state's name. */
#define PLAIT_STATES_MAX 1024
#define PLAIT_STATE_NAME_MAX 63

/** Handles a string in one state; returns the next state's name, or NULL to stay. The name is looked at before anything else runs. */
typedef const char *(*plait_state_fn)(void *user, plait_conn conn, const uint8_t *string, size_t len);

/** Handles exactly the bytes that were asked for. */
typedef void (*plait_stateful_fn)(void *user, plait_conn conn, const uint8_t *data, size_t len);

/** One state of a table. */
typedef struct plait_state {
    const char *name;       /**< 1 to #PLAIT_STATE_NAME_MAX bytes, NUL-terminated; "done" is no state of a table */
    plait_state_fn handler; /**< gets the strings that arrive in this state */
} plait_state;

/** The callbacks of a protocol of named states. The first eight fields are those of every table: see factory.h. */
typedef struct plait_stateful_string_handler {
    uint32_t struct_size;
    uint32_t reserved;
    void (*connected)(void *user, plait_conn conn);
    void (*disconnected)(void *user, plait_conn conn, const plait_reason *reason);
    void (*read_closed)(void *user, plait_conn conn);
    void (*write_paused)(void *user, plait_conn conn);
    void (*write_resumed)(void *user, plait_conn conn);
    void (*release)(void *user);
    /** The states, of which one is called "init" and no two have the same name. Copied, the names too. */
    const plait_state *states;
    uint64_t state_count; /**< 1 to #PLAIT_STATES_MAX */
    /** A string was too long: see string.h. NULL: the conn is closed with #PLAIT_ERR_TOO_LONG. */
    void (*string_too_long)(void *user, plait_conn conn, uint64_t length);
} plait_stateful_string_handler;
#define PLAIT_STATEFUL_STRING_HANDLER_INIT { sizeof(plait_stateful_string_handler), 0, NULL, NULL, NULL, NULL, NULL, NULL, NULL, 0, NULL }

/** The callbacks of a protocol of handlers and counts. The first eight fields are those of every table: see factory.h. */
typedef struct plait_stateful_handler {
    uint32_t struct_size;
    uint32_t reserved;
    void (*connected)(void *user, plait_conn conn);
    void (*disconnected)(void *user, plait_conn conn, const plait_reason *reason);
    void (*read_closed)(void *user, plait_conn conn);
    void (*write_paused)(void *user, plait_conn conn);
    void (*write_resumed)(void *user, plait_conn conn);
    void (*release)(void *user);
    plait_stateful_fn initial; /**< gets the first bytes */
    uint64_t initial_len;      /**< so many of them; at most #PLAIT_BYTES_MAX */
} plait_stateful_handler;
#define PLAIT_STATEFUL_HANDLER_INIT { sizeof(plait_stateful_handler), 0, NULL, NULL, NULL, NULL, NULL, NULL, NULL, 0 }

/**
 * @brief Makes a factory of protocols that receive strings by named states.
 * @param out [out] the factory.
 * @param options [in] how strings are framed, copied; or NULL for 32-bit big-endian lengths.
 * @param handler [in] copied.
 * @param user [in] the first argument of its callbacks.
 * @return 0.
 * @errors #PLAIT_ERR_INVALID, also for a table without "init", with "done", or with a name twice; #PLAIT_ERR_STRUCT_SIZE,
 *   #PLAIT_ERR_LIMIT, #PLAIT_ERR_NOMEM.
 * @thread any.
 * @callbacks none.
 * @lifetime until plait_factory_release(), and as long as something uses it.
 * @since 0.1.0
 * @twisted `StatefulStringProtocol`, whose states are methods `proto_<STATE>`
 */
PLAIT_API int plait_stateful_string_factory_new(plait_factory *out, const plait_string_options *options,
                                                const plait_stateful_string_handler *handler, void *user);

/**
 * @brief Puts a conn of named states into another state; for what happens outside of its handlers.
 * @param conn [in] one of named states.
 * @param name [in] a name of its table. Inside a handler the name that the handler returns counts, if it returns one.
 * @return 0.
 * @errors those of a handle; #PLAIT_ERR_INVALID for a name that is not in the table, "done" too; #PLAIT_ERR_CLOSED.
 * @thread the reactor's.
 * @callbacks none.
 * @lifetime nothing of the host's is kept.
 * @since 0.1.0
 * @twisted assigning `StatefulStringProtocol.state`
 */
PLAIT_API int plait_stateful_string_set_state(plait_conn conn, const char *name);

/**
 * @brief Tells the state that a conn of named states is in.
 * @param conn [in] one of named states.
 * @param name [out] the name, "done" after the end; NUL-terminated.
 * @return 0.
 * @errors those of a handle; #PLAIT_ERR_INVALID.
 * @thread the reactor's.
 * @callbacks none.
 * @lifetime the name is valid as long as the conn.
 * @since 0.1.0
 * @twisted `StatefulStringProtocol.state`
 */
PLAIT_API int plait_stateful_string_get_state(plait_conn conn, const char **name);

/**
 * @brief Makes a factory of protocols whose states are a handler and a count of bytes.
 * @param out [out] the factory.
 * @param handler [in] copied.
 * @param user [in] the first argument of its callbacks.
 * @return 0.
 * @errors #PLAIT_ERR_INVALID, #PLAIT_ERR_STRUCT_SIZE, #PLAIT_ERR_LIMIT, #PLAIT_ERR_NOMEM.
 * @thread any.
 * @callbacks none.
 * @lifetime until plait_factory_release(), and as long as something uses it.
 * @since 0.1.0
 * @twisted `StatefulProtocol`, whose `getInitialState` the handler's last two fields are
 */
PLAIT_API int plait_stateful_factory_new(plait_factory *out, const plait_stateful_handler *handler, void *user);

/**
 * @brief Asks for the bytes that come next.
 *
 * Zero bytes are there at once: the handler is called behind the current callback. A thousand of those in a row, with no byte taken
 * in between, close the conn with #PLAIT_ERR_INVALID.
 * @param conn [in] one of handlers and counts.
 * @param handler [in] what gets them, and those after them until another state is set.
 * @param len [in] how many; at most #PLAIT_BYTES_MAX. Memory grows with what arrives, not with this.
 * @return 0.
 * @errors those of a handle; #PLAIT_ERR_INVALID, #PLAIT_ERR_CLOSED.
 * @thread the reactor's.
 * @callbacks none now.
 * @lifetime nothing is kept.
 * @since 0.1.0
 * @twisted what a state of `StatefulProtocol` returns
 */
PLAIT_API int plait_stateful_set_state(plait_conn conn, plait_stateful_fn handler, size_t len);

#ifdef __cplusplus
}
#endif
#endif
