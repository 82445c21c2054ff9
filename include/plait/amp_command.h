/**
 * @file plait/amp_command.h
 * @brief AMP's commands: what is asked, with which arguments, answers and errors; and values, as they are on the wire.
 *
 * A command is declared once, by a signature or piece by piece, and shared by all reactors and threads:
 *
 *     Sum(a: Integer, b: Integer) -> (total: Integer) raises ZERO_DIVISION, GONE fatal
 *
 * **Signatures.** `NAME(ARGUMENT: TYPE, ...) -> (RESULT: TYPE, ...) raises CODE, CODE fatal, ... FLAG`. All behind the
 * arguments may be left out: no arrow means an answer without values. The flag is `oneway` (no answer is wanted:
 * Twisted's `requiresAnswer = False`) or `switch` (once it is answered the conn speaks something else). `fatal` behind a code: the
 * connection is closed once that error was sent. Names are what stands on the wire, 1 to 255 bytes, of any characters but
 * blanks, `(`, `)`, `:`, `,` and `?`; what has others is declared piece by piece. A name of a command may be up to 65,535 bytes.
 *
 * **Types.** A `?` behind a type makes the argument optional. On the wire, to the byte as Twisted's:
 *
 *  - `Integer`: decimal, of any size; up to 4,300 digits are read.
 *  - `String`: bytes. `Unicode`: UTF-8, checked. `Boolean`: `True` or `False`.
 *  - `Float`: the shortest decimal that reads back as the same number; `nan`, `inf`, `-inf`.
 *  - `Decimal`: a decimal number as Python's `decimal` writes it; its digits and exponent are kept.
 *  - `DateTime`: 32 characters, `2012-01-23T12:34:56.054321-00:00`.
 *  - `Path`: UTF-8; where this side makes it, absolute and without `.` and `..`: what is relative is so to the working directory.
 *  - `Descriptor`: an open file of this process goes to the other; over UNIX sockets alone.
 *  - `ListOf(TYPE)`: any number of a type, nested as deep as 16. `AmpList(NAME: TYPE, ...)`: any number of rows.
 *    (An element of a ListOf is neither an AmpList nor a Descriptor.)
 *  - a type of the host's own, by the name that plait_amp_command_add_type() gave it: bytes, checked by the host.
 *
 * **Values.** A #plait_amp_value holds a value of any type. With `form` 0 the field that is natural for the type is used:
 *
 *  - Integer, Boolean (0 or not) and Descriptor (the file's descriptor): `integer`. Float: `real`.
 *  - DateTime: `integer`, microseconds since 1970-01-01 00:00 UTC, and `offset_minutes`, the zone's distance to UTC.
 *  - String, Unicode, Path, Decimal and the host's own: `bytes`. (A Decimal's text is written as Python would.)
 *  - ListOf: `items`, `count` values. AmpList: `items`, row after row; `count` is rows times columns.
 *
 * #PLAIT_AMP_TEXT: `bytes` is what goes on the wire, if the type can read it: an Integer beyond 64 bits, a list from
 * elsewhere. #PLAIT_AMP_ABSENT: an optional value that is not given. What the library fills in has `bytes` set to the text on the wire in
 * any case, and the natural field where there is one; a list has `count` and, in place of `items`, plait_amp_get_items().
 *
 * A value that can't be of its type is #PLAIT_ERR_VALUE, a required one that is missing too.
 */
#ifndef PLAIT_AMP_COMMAND_H
#define PLAIT_AMP_COMMAND_H

#include "bytes.h"
#include "status.h"

#ifdef __cplusplus
extern "C" {
#endif

/** A command; process-wide, counted, immutable once it is used. */
typedef struct plait_amp_command { uint64_t id; } plait_amp_command;

/** plait_amp_value::form */
enum {
    PLAIT_AMP_NATURAL = 0, /**< the field that is natural for the type */
    PLAIT_AMP_ABSENT = 1,  /**< an optional value that is not there */
    PLAIT_AMP_TEXT = 2     /**< `bytes`, as on the wire */
};

/** plait_amp_command_new(): what kind of command; plait_amp_command_add_error(): what kind of error. */
enum {
    PLAIT_AMP_ONEWAY = 1, /**< a command that is not answered */
    PLAIT_AMP_SWITCH = 2, /**< a command after whose answer the conn speaks something else */
    PLAIT_AMP_FATAL = 4   /**< an error that closes the connection once it was sent */
};

/** In a table of offsets: nothing is there. */
#define PLAIT_AMP_NONE 4294967295u

/** A value of any type: see the head of this file. */
typedef struct plait_amp_value {
    uint32_t form;                       /**< PLAIT_AMP_NATURAL, PLAIT_AMP_ABSENT or PLAIT_AMP_TEXT */
    int32_t offset_minutes;              /**< DateTime: east of UTC is positive */
    int64_t integer;                     /**< Integer, Boolean, Descriptor, DateTime */
    double real;                         /**< Float */
    plait_bytes bytes;                   /**< all else; and the text on the wire */
    const struct plait_amp_value *items; /**< given to the library: a list's elements */
    uint32_t count;                      /**< how many of them */
    uint32_t type;                       /**< filled in by the library: which of the command's types it is of */
} plait_amp_value;

/** Checks a value of the host's own type: 0, or anything else when the bytes are none. `user` is what came with it. */
typedef int (*plait_amp_check_fn)(void *user, const uint8_t *data, size_t len);

/**
 * @brief Declares a command by a signature.
 * @param out [out] the command.
 * @param base [in] a command whose errors and own types this one has, too; or {0}.
 * @param signature [in] NUL-terminated, UTF-8: see the head of this file.
 * @param reason [out] with its struct_size set, or NULL. Written when the answer is #PLAIT_ERR_INVALID, with the offset of what is
 *   wrong and a static text that says what.
 * @return 0.
 * @errors #PLAIT_ERR_INVALID, #PLAIT_ERR_STRUCT_SIZE, #PLAIT_ERR_LIMIT, #PLAIT_ERR_NOMEM; for the base #PLAIT_ERR_STALE,
 *   #PLAIT_ERR_TYPE.
 * @thread any.
 * @callbacks none.
 * @lifetime until plait_amp_command_release(), and as long as something uses it.
 * @since 0.1.0
 * @twisted `class Sum(amp.Command)`
 */
PLAIT_API int plait_amp_command_parse(plait_amp_command *out, plait_amp_command base, const char *signature,
                                      plait_reason *reason);

/**
 * @brief Declares a command without arguments, answers and errors, to which they are then added.
 * @param out [out] the command.
 * @param base [in] a command whose errors and own types this one has, too; or {0}.
 * @param name [in] copied.
 * @param len [in] 1 to 65,535 bytes.
 * @param flags [in] 0, PLAIT_AMP_ONEWAY or PLAIT_AMP_SWITCH.
 * @return 0.
 * @errors #PLAIT_ERR_INVALID, #PLAIT_ERR_LIMIT, #PLAIT_ERR_NOMEM; for the base #PLAIT_ERR_STALE, #PLAIT_ERR_TYPE.
 * @thread any.
 * @callbacks none.
 * @lifetime until plait_amp_command_release(), and as long as something uses it.
 * @since 0.1.0
 * @twisted `Command.commandName`, `Command.requiresAnswer`
 */
PLAIT_API int plait_amp_command_new(plait_amp_command *out, plait_amp_command base, const uint8_t *name, size_t len, uint32_t flags);

/**
 * @brief Adds an argument behind those that the command has.
 * @param command [in] one that nothing has used yet.
 * @param name [in] copied.
 * @param len [in] 1 to 255 bytes.
 * @param type [in] NUL-terminated: a type, as in a signature.
 * @return the argument's index: 0, 1, ...
 * @errors #PLAIT_ERR_STALE, #PLAIT_ERR_TYPE; #PLAIT_ERR_INVALID for an unknown type or a name that is there already or reserved (`_command`,
 *   `_ask`); #PLAIT_ERR_BOUND when the command is in use; #PLAIT_ERR_LIMIT above 255 arguments; #PLAIT_ERR_NOMEM.
 * @thread any, one at a time.
 * @callbacks none.
 * @lifetime nothing of the host's is kept.
 * @since 0.1.0
 * @twisted `Command.arguments`
 */
PLAIT_API int plait_amp_command_add_argument(plait_amp_command command, const uint8_t *name, size_t len, const char *type);

/**
 * @brief Adds a value of the answer behind those that the command has.
 * @param command [in] one that nothing has used yet.
 * @param name [in] copied.
 * @param len [in] 1 to 255 bytes.
 * @param type [in] NUL-terminated: a type, as in a signature.
 * @return the value's index: 0, 1, ...
 * @errors as those of plait_amp_command_add_argument().
 * @thread any, one at a time.
 * @callbacks none.
 * @lifetime nothing of the host's is kept.
 * @since 0.1.0
 * @twisted `Command.response`
 */
PLAIT_API int plait_amp_command_add_response(plait_amp_command command, const uint8_t *name, size_t len, const char *type);

/**
 * @brief Adds an error that the command can end with; one of that code which came from the base is replaced.
 * @param command [in] one that nothing has used yet.
 * @param code [in] copied: what stands on the wire.
 * @param len [in] 1 to 255 bytes.
 * @param number [in] what plait_reason::code is when a call ends with it; those of a signature are numbered 1, 2, ... behind
 *   the base's.
 * @param flags [in] 0 or PLAIT_AMP_FATAL.
 * @return 0.
 * @errors #PLAIT_ERR_STALE, #PLAIT_ERR_TYPE, #PLAIT_ERR_INVALID, #PLAIT_ERR_BOUND when the command is in use; #PLAIT_ERR_LIMIT above 255
 *   errors; #PLAIT_ERR_NOMEM.
 * @thread any, one at a time.
 * @callbacks none.
 * @lifetime nothing of the host's is kept.
 * @since 0.1.0
 * @twisted `Command.errors`, `Command.fatalErrors`
 */
PLAIT_API int plait_amp_command_add_error(plait_amp_command command, const uint8_t *code, size_t len, int32_t number,
                                          uint32_t flags);

/**
 * @brief Names a type of the host's own, for the arguments and answers that are added afterwards, and for commands based on this one.
 * @param command [in] one that nothing has used yet.
 * @param name [in] NUL-terminated; none of the library's.
 * @param check [in] looks at every value that is sent or received; NULL: any bytes will do. Called from any thread that uses the
 *   command, in the call that needs it; it may not call the library.
 * @param user [in] the first argument of check; it has to live as long as the command.
 * @return 0.
 * @errors #PLAIT_ERR_STALE, #PLAIT_ERR_TYPE, #PLAIT_ERR_INVALID, #PLAIT_ERR_BOUND when the command is in use; #PLAIT_ERR_LIMIT above 255
 *   types; #PLAIT_ERR_NOMEM.
 * @thread any, one at a time.
 * @callbacks none.
 * @lifetime the user is kept.
 * @since 0.1.0
 * @twisted a subclass of `amp.Argument` with `toString` and `fromString`
 */
PLAIT_API int plait_amp_command_add_type(plait_amp_command command, const char *name, plait_amp_check_fn check, void *user);

/**
 * @brief Adds a reference to a command.
 * @param command [in]
 * @return 0.
 * @errors #PLAIT_ERR_STALE, #PLAIT_ERR_TYPE.
 * @thread any.
 * @callbacks none.
 * @lifetime to be given back by plait_amp_command_release().
 * @since 0.1.0
 * @twisted none: Python counts by itself.
 */
PLAIT_API int plait_amp_command_retain(plait_amp_command command);

/**
 * @brief Gives a reference back; the last one makes the handle stale.
 * @param command [in]
 * @return 0.
 * @errors #PLAIT_ERR_STALE, #PLAIT_ERR_TYPE.
 * @thread any.
 * @callbacks none.
 * @lifetime factories that have a responder for it, calls and commands based on it keep what they need.
 * @since 0.1.0
 * @twisted none: Python counts by itself.
 */
PLAIT_API int plait_amp_command_release(plait_amp_command command);

/**
 * @brief Writes a command's arguments as a box, apart from any conn. Descriptors can't be written so.
 * @param command [in]
 * @param values [in] one for each argument, in their order; missing ones at the end are absent.
 * @param count [in] how many.
 * @param out [out] gets the box: keys in order, the two zero bytes at the end.
 * @param cap [in] the room in `out`.
 * @param len [out] how long the box is.
 * @return 0.
 * @errors #PLAIT_ERR_STALE, #PLAIT_ERR_TYPE; #PLAIT_ERR_VALUE; #PLAIT_ERR_TOO_LONG for a value above 65,535 bytes; #PLAIT_ERR_INVALID;
 *   #PLAIT_ERR_OVERFLOW when the room is too small; #PLAIT_ERR_UNSUPPORTED for a Descriptor; #PLAIT_ERR_NOMEM.
 * @thread any.
 * @callbacks those of own types.
 * @lifetime nothing of the host's is kept.
 * @since 0.1.0
 * @twisted `Command.makeArguments`
 */
PLAIT_API int plait_amp_make_arguments(plait_amp_command command, const plait_amp_value *values, size_t count, uint8_t *out,
                                       size_t cap, size_t *len);

/**
 * @brief Reads a command's arguments from a box. Keys that are no argument are passed over.
 * @param command [in]
 * @param data [in] a box, as plait_amp_make_arguments() writes it.
 * @param len [in] bytes.
 * @param values [out] one for each argument.
 * @param count [in] how many there is room for: as many as the command has arguments.
 * @return how many arguments the command has.
 * @errors #PLAIT_ERR_STALE, #PLAIT_ERR_TYPE; #PLAIT_ERR_VALUE; #PLAIT_ERR_PROTOCOL when it is no box; #PLAIT_ERR_INVALID.
 * @thread any.
 * @callbacks those of own types.
 * @lifetime the values point into `data`.
 * @since 0.1.0
 * @twisted `Command.parseArguments`
 */
PLAIT_API int plait_amp_parse_arguments(plait_amp_command command, const uint8_t *data, size_t len, plait_amp_value *values,
                                        size_t count);

/**
 * @brief Writes the values of a command's answer as a box, apart from any conn.
 * @param command [in]
 * @param values [in] one for each, in their order; missing ones at the end are absent.
 * @param count [in] how many.
 * @param out [out] gets the box.
 * @param cap [in] the room in `out`.
 * @param len [out] how long the box is.
 * @return 0.
 * @errors as those of plait_amp_make_arguments().
 * @thread any.
 * @callbacks those of own types.
 * @lifetime nothing of the host's is kept.
 * @since 0.1.0
 * @twisted `Command.makeResponse`
 */
PLAIT_API int plait_amp_make_response(plait_amp_command command, const plait_amp_value *values, size_t count, uint8_t *out,
                                      size_t cap, size_t *len);

/**
 * @brief Reads the values of a command's answer from a box. Keys that are none are passed over.
 * @param command [in]
 * @param data [in] a box.
 * @param len [in] bytes.
 * @param values [out] one for each.
 * @param count [in] how many there is room for: as many as the answer has values.
 * @return how many values the command's answer has.
 * @errors as those of plait_amp_parse_arguments().
 * @thread any.
 * @callbacks those of own types.
 * @lifetime the values point into `data`.
 * @since 0.1.0
 * @twisted `Command.parseResponse`
 */
PLAIT_API int plait_amp_parse_response(plait_amp_command command, const uint8_t *data, size_t len, plait_amp_value *values,
                                       size_t count);

/**
 * @brief Reads the elements of a list: of a ListOf its elements, of an AmpList its columns, row after row.
 * @param command [in] the command that the list is a value of.
 * @param list [in] a value that the library filled in; or an element which is a list itself.
 * @param values [out] its elements; or NULL for a list that has none.
 * @param count [in] how many there is room for: as many as plait_amp_value::count of the list.
 * @return how many elements the list has.
 * @errors #PLAIT_ERR_STALE, #PLAIT_ERR_TYPE; #PLAIT_ERR_INVALID when it is no list of this command's; #PLAIT_ERR_VALUE.
 * @thread any.
 * @callbacks those of own types.
 * @lifetime the values point into the list's bytes.
 * @since 0.1.0
 * @twisted `ListOf.fromString`, `AmpList.fromString`
 */
PLAIT_API int plait_amp_get_items(plait_amp_command command, const plait_amp_value *list, plait_amp_value *values, size_t count);

/**
 * @brief Writes any box: pairs of key and value, ordered by key.
 * @param pairs [in] key, value, key, value, ...; keys of 1 to 255 bytes, each once; values up to 65,535 bytes.
 * @param count [in] how many pairs.
 * @param out [out] gets the box, the two zero bytes at its end included.
 * @param cap [in] the room in `out`.
 * @param len [out] how long the box is.
 * @return 0.
 * @errors #PLAIT_ERR_INVALID for a key that is empty or there twice; #PLAIT_ERR_TOO_LONG for a key or a value; #PLAIT_ERR_OVERFLOW when the
 *   room is too small; #PLAIT_ERR_NOMEM.
 * @thread any.
 * @callbacks none.
 * @lifetime nothing of the host's is kept.
 * @since 0.1.0
 * @twisted `Box.serialize`
 */
PLAIT_API int plait_amp_box_write(const plait_bytes *pairs, size_t count, uint8_t *out, size_t cap, size_t *len);

/**
 * @brief Finds the fields of any number of boxes, one behind the other.
 *
 * `table` gets four numbers for each field: offset and length of the key, offset and length of the value; the end of a box
 * is a row whose key has length 0.
 * @param data [in] boxes; an unfinished one at the end is passed over.
 * @param len [in] bytes.
 * @param table [out] rows of four numbers.
 * @param cap [in] how many rows there is room for; len / 2 is always enough.
 * @param rows [out] how many rows there are.
 * @param used [out] how many bytes the whole boxes take; or NULL.
 * @return 0.
 * @errors #PLAIT_ERR_INVALID, #PLAIT_ERR_PROTOCOL for a key above 255 bytes, #PLAIT_ERR_OVERFLOW when the room is too small.
 * @thread any.
 * @callbacks none.
 * @lifetime nothing is kept.
 * @since 0.1.0
 * @twisted `amp.parseString`
 */
PLAIT_API int plait_amp_box_read(const uint8_t *data, size_t len, uint32_t *table, size_t cap, size_t *rows, size_t *used);

#ifdef __cplusplus
}
#endif
#endif
