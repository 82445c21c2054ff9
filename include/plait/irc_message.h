/**
 * @file plait/irc_message.h
 * @brief IRC's messages, usable alone: lines taken apart and put together, masks, names, formatting, CTCP, modes, numerics.
 *
 * No conn is needed: these are functions of bytes. (A client that does the rest is in irc.h.) A message is
 *
 *     [@tags BLANK] [:source BLANK] COMMAND {BLANK parameter} [BLANK :last parameter]
 *
 * **Reading is lenient**: what a server sends is bytes in any encoding, and only a line without a command is none. **Writing is
 * strict**: what would not arrive as one message with just these parameters is refused, so that nobody who can choose a
 * channel's name or a text can send commands of his own. A blank, CR, LF or NUL in a parameter that is not the last, CR, LF or NUL
 * in the last, or a message beyond the limits is an error.
 *
 * Spans that these functions answer point into what was given to them. Functions that make bytes take `out`, `cap` and `len`: with
 * `out` NULL they answer the length alone; with too little room they answer #PLAIT_ERR_OVERFLOW and write nothing.
 *
 * **Formatting** is mIRC's: bold 0x02, italics 0x1d, underline 0x1f, strike-through 0x1e, monospace 0x11, reverse 0x16, colours of the
 * palette 0x03, of 24 bits 0x04, and 0x0f, which ends them all.
 */
#ifndef PLAIT_IRC_MESSAGE_H
#define PLAIT_IRC_MESSAGE_H

#include "bytes.h"
#include "status.h"

#ifdef __cplusplus
extern "C" {
#endif

#define PLAIT_IRC_PARAMETERS_MAX 32 /**< of a message that is read: what follows is part of the last one */
#define PLAIT_IRC_LINE_MAX 510      /**< bytes of a message without its tags and CR LF */
#define PLAIT_IRC_TAGS_MAX 8191     /**< bytes of its tags, with `@` and blank */

/** plait_irc_message::flags */
enum {
    PLAIT_IRC_HAS_SOURCE = 1, /**< there is a source, which may be empty */
    PLAIT_IRC_TRAILING = 2    /**< the last parameter is marked by a colon; to be made: is to be marked, even if it need not be */
};

/** Which letters are the same: a server's CASEMAPPING. */
enum {
    PLAIT_IRC_RFC1459 = 0, /**< `{` `}` `|` `^` are the small ones of `[` `]` `\` `~` */
    PLAIT_IRC_STRICT = 1,  /**< the same without `^` and `~` */
    PLAIT_IRC_ASCII = 2    /**< a to z alone */
};

/** Of plait_irc_quote_make() and plait_irc_quote_read(). */
enum {
    PLAIT_IRC_QUOTE_LOW = 0, /**< 0x10 before `0`, `n`, `r` and itself, for NUL, LF, CR */
    PLAIT_IRC_QUOTE_CTCP = 1 /**< a backslash before `a` and itself, for 0x01 */
};

/** plait_irc_dcc::kind */
enum {
    PLAIT_IRC_DCC_SEND = 0,   /**< a file is offered, of `number` bytes */
    PLAIT_IRC_DCC_CHAT = 1,   /**< a conversation is offered */
    PLAIT_IRC_DCC_RESUME = 2, /**< who was offered a file wants it from byte `number` on */
    PLAIT_IRC_DCC_ACCEPT = 3  /**< who has offered it agrees */
};

/** plait_irc_run::flags */
enum {
    PLAIT_IRC_BOLD = 1,
    PLAIT_IRC_ITALICS = 2,
    PLAIT_IRC_UNDERLINE = 4,
    PLAIT_IRC_STRIKE = 8,
    PLAIT_IRC_MONOSPACE = 16,
    PLAIT_IRC_REVERSE = 32
};

/** Colours of a plait_irc_run. */
enum {
    PLAIT_IRC_NO_COLOUR = -1,        /**< whatever the reader has */
    PLAIT_IRC_HEX_COLOUR = 16777216  /**< and three bytes: red, green, blue */
};

/** A message in its parts. */
typedef struct plait_irc_message {
    uint32_t struct_size;
    uint32_t flags;       /**< PLAIT_IRC_HAS_SOURCE, PLAIT_IRC_TRAILING */
    uint32_t numeric;     /**< 1 to 999 where the command is three digits; not read when a message is made */
    uint32_t count;       /**< of parameters */
    plait_bytes tags;     /**< as on the wire, without `@` */
    plait_bytes source;   /**< without the colon */
    plait_bytes command;  /**< a word, or three digits */
    plait_bytes parameters[32]; /**< the first `count` of them */
} plait_irc_message;
#define PLAIT_IRC_MESSAGE_INIT { sizeof(plait_irc_message), 0, 0, 0, { NULL, 0 }, { NULL, 0 }, { NULL, 0 }, { { NULL, 0 } } }

/** What is in a CTCP DCC. Its parts lie in the text that was read. */
typedef struct plait_irc_dcc {
    uint32_t struct_size;
    uint32_t kind;       /**< PLAIT_IRC_DCC_SEND and so on */
    uint32_t port;       /**< 0: who answers is to listen, and tells where with the same token */
    uint32_t has_number; /**< 1 or 0: the size of a file may be missing */
    uint64_t number;     /**< bytes */
    plait_bytes name;    /**< of the file, as it was sent: what stands in it before `/` is not to be followed */
    plait_bytes token;   /**< or nothing */
    char address[48];    /**< IPv4 or IPv6, with NUL behind it; empty, where the kind has none */
} plait_irc_dcc;
#define PLAIT_IRC_DCC_INIT { sizeof(plait_irc_dcc), 0, 0, 0, 0, { NULL, 0 }, { NULL, 0 }, { 0 } }

/** Who says something: `nick!user@host`; of a server, its name is the nick. What is missing is empty. */
typedef struct plait_irc_source {
    uint32_t struct_size;
    uint32_t reserved;
    plait_bytes nick;
    plait_bytes user;
    plait_bytes host;
} plait_irc_source;
#define PLAIT_IRC_SOURCE_INIT { sizeof(plait_irc_source), 0, { NULL, 0 }, { NULL, 0 }, { NULL, 0 } }

/** A tag as on the wire: plait_irc_tag_read() says what its value means. */
typedef struct plait_irc_tag {
    plait_bytes key;
    plait_bytes value;
} plait_irc_tag;

/** A run of text that looks the same. */
typedef struct plait_irc_run {
    plait_bytes text;
    uint32_t flags;     /**< PLAIT_IRC_BOLD and so on */
    int32_t foreground; /**< 0 to 98; #PLAIT_IRC_NO_COLOUR; or #PLAIT_IRC_HEX_COLOUR and what is added to it */
    int32_t background; /**< likewise */
    uint32_t reserved;
} plait_irc_run;

/** A change of one mode. */
typedef struct plait_irc_mode {
    uint32_t letter;
    uint32_t is_set;       /**< 1 for `+`, 0 for `-` */
    uint32_t has_parameter; /**< 1 if it has one */
    uint32_t reserved;
    plait_bytes parameter;
} plait_irc_mode;

/**
 * @brief Takes a line apart.
 * @param line [in] with or without CR LF at its end.
 * @param len [in] bytes.
 * @param out [out] its parts.
 * @return 0.
 * @errors #PLAIT_ERR_INVALID, #PLAIT_ERR_STRUCT_SIZE; #PLAIT_ERR_PROTOCOL: there is no command in it.
 * @thread any.
 * @callbacks none.
 * @lifetime the parts point into the line.
 * @since 0.1.0
 * @twisted `parsemsg`
 */
PLAIT_API int plait_irc_message_parse(const uint8_t *line, size_t len, plait_irc_message *out);

/**
 * @brief Puts a message together, without CR LF.
 * @param message [in] its parts.
 * @param out [out] room for the bytes; NULL: only their number is wanted.
 * @param cap [in] how much room.
 * @param len [out] how many there are.
 * @return 0.
 * @errors #PLAIT_ERR_INVALID, #PLAIT_ERR_STRUCT_SIZE; #PLAIT_ERR_VALUE: a part that would not arrive as it is; #PLAIT_ERR_TOO_LONG;
 *   #PLAIT_ERR_OVERFLOW when the room is too small.
 * @thread any.
 * @callbacks none.
 * @lifetime nothing is kept.
 * @since 0.1.0
 * @twisted `IRC.sendCommand`
 */
PLAIT_API int plait_irc_message_make(const plait_irc_message *message, uint8_t *out, size_t cap, size_t *len);

/**
 * @brief Takes a source apart.
 * @param source [in] a message's.
 * @param len [in] bytes.
 * @param out [out] its parts.
 * @return 0.
 * @errors #PLAIT_ERR_INVALID, #PLAIT_ERR_STRUCT_SIZE.
 * @thread any.
 * @callbacks none.
 * @lifetime the parts point into the source.
 * @since 0.1.0
 * @twisted `user.split("!")`
 */
PLAIT_API int plait_irc_source_parse(const uint8_t *source, size_t len, plait_irc_source *out);

/**
 * @brief Reads a tag by its key; of several with that key the last one counts.
 * @param tags [in] a message's, as on the wire.
 * @param tags_len [in] bytes.
 * @param key [in] with its `+` and vendor, if it has them.
 * @param key_len [in] bytes.
 * @param out [out] room for the bytes; NULL: only their number is wanted.
 * @param cap [in] how much room.
 * @param len [out] how many there are.
 * @return 0.
 * @errors #PLAIT_ERR_ABSENT: there is none; #PLAIT_ERR_INVALID; #PLAIT_ERR_OVERFLOW when the room is too small.
 * @thread any.
 * @callbacks none.
 * @lifetime nothing is kept.
 * @since 0.1.0
 * @twisted none
 */
PLAIT_API int plait_irc_tag_get(const uint8_t *tags, size_t tags_len, const uint8_t *key, size_t key_len, uint8_t *out, size_t cap,
                                size_t *len);

/**
 * @brief Takes tags apart.
 * @param tags [in] a message's, as on the wire.
 * @param len [in] bytes.
 * @param out [out] room for `most` of them; NULL: only their number is wanted.
 * @param most [in] how much room; what has none is left out.
 * @param count [out] how many there are.
 * @return 0.
 * @errors #PLAIT_ERR_INVALID.
 * @thread any.
 * @callbacks none.
 * @lifetime the parts point into the tags.
 * @since 0.1.0
 * @twisted none
 */
PLAIT_API int plait_irc_tag_parse(const uint8_t *tags, size_t len, plait_irc_tag *out, size_t most, size_t *count);

/**
 * @brief What a tag's value says, of the one on the wire.
 * @param value [in] escaped.
 * @param value_len [in] bytes.
 * @param out [out] room for the bytes; NULL: only their number is wanted.
 * @param cap [in] how much room.
 * @param len [out] how many there are.
 * @return 0.
 * @errors #PLAIT_ERR_INVALID; #PLAIT_ERR_OVERFLOW when the room is too small.
 * @thread any.
 * @callbacks none.
 * @lifetime nothing is kept.
 * @since 0.1.0
 * @twisted none
 */
PLAIT_API int plait_irc_tag_read(const uint8_t *value, size_t value_len, uint8_t *out, size_t cap, size_t *len);

/**
 * @brief A tag as it goes on the wire: `key`, or `key=value` with the value escaped. Several are joined by `;`.
 * @param key [in] `[+][vendor/]name`: letters, digits and hyphens, and dots in the vendor.
 * @param key_len [in] bytes.
 * @param value [in] anything without NUL; none and an empty one are the same.
 * @param value_len [in] bytes.
 * @param out [out] room for the bytes; NULL: only their number is wanted.
 * @param cap [in] how much room.
 * @param len [out] how many there are.
 * @return 0.
 * @errors #PLAIT_ERR_VALUE: the key or the value cannot be; #PLAIT_ERR_INVALID; #PLAIT_ERR_OVERFLOW when the room is too small.
 * @thread any.
 * @callbacks none.
 * @lifetime nothing is kept.
 * @since 0.1.0
 * @twisted `IRC.sendCommand` with tags
 */
PLAIT_API int plait_irc_tag_make(const uint8_t *key, size_t key_len, const uint8_t *value, size_t value_len, uint8_t *out, size_t cap,
                                 size_t *len);

/**
 * @brief Does a text fit a mask? `*` is any bytes, `?` is one.
 * @param mapping [in] PLAIT_IRC_RFC1459, PLAIT_IRC_STRICT or PLAIT_IRC_ASCII.
 * @param mask [in] for instance `*!*@*.example`.
 * @param mask_len [in] bytes.
 * @param text [in] for instance a source.
 * @param text_len [in] bytes.
 * @return 1 or 0.
 * @errors #PLAIT_ERR_INVALID.
 * @thread any.
 * @callbacks none.
 * @lifetime nothing is kept.
 * @since 0.1.0
 * @twisted none
 */
PLAIT_API int plait_irc_mask_check(uint32_t mapping, const uint8_t *mask, size_t mask_len, const uint8_t *text, size_t text_len);

/**
 * @brief Is it a host's name with a dot in it?
 * @param name [in] text.
 * @param len [in] bytes.
 * @return 1 or 0.
 * @errors #PLAIT_ERR_INVALID.
 * @thread any.
 * @callbacks none.
 * @lifetime nothing is kept.
 * @since 0.1.0
 * @twisted none
 */
PLAIT_API int plait_irc_host_check(const uint8_t *name, size_t len);

/**
 * @brief The small letters of a nick or channel: two names are the same when these are.
 * @param mapping [in] PLAIT_IRC_RFC1459, PLAIT_IRC_STRICT or PLAIT_IRC_ASCII.
 * @param name [in] text.
 * @param name_len [in] bytes.
 * @param out [out] room for the bytes; NULL: only their number is wanted.
 * @param cap [in] how much room.
 * @param len [out] how many there are.
 * @return 0.
 * @errors #PLAIT_ERR_INVALID; #PLAIT_ERR_OVERFLOW when the room is too small.
 * @thread any.
 * @callbacks none.
 * @lifetime nothing is kept.
 * @since 0.1.0
 * @twisted `str.lower`
 */
PLAIT_API int plait_irc_name_make(uint32_t mapping, const uint8_t *name, size_t name_len, uint8_t *out, size_t cap, size_t *len);

/**
 * @brief Cuts a text into pieces that fit messages: at line ends, then at blanks, then anywhere but inside a UTF-8 sequence. Blanks at a cut and
 *   empty lines are dropped.
 * @param text [in] of any length.
 * @param len [in] bytes.
 * @param room [in] the most bytes of a piece, at least 4.
 * @param table [out] room for `most` pairs of offset and length; NULL: only their number is wanted.
 * @param most [in] how many pairs; what has no room is left out.
 * @param count [out] how many pieces there are.
 * @return 0.
 * @errors #PLAIT_ERR_INVALID.
 * @thread any.
 * @callbacks none.
 * @lifetime nothing is kept.
 * @since 0.1.0
 * @twisted `split`
 */
PLAIT_API int plait_irc_split(const uint8_t *text, size_t len, size_t room, uint32_t *table, size_t most, size_t *count);

/**
 * @brief Quotes what a message, or a CTCP, cannot hold.
 * @param level [in] PLAIT_IRC_QUOTE_LOW or PLAIT_IRC_QUOTE_CTCP.
 * @param text [in] bytes.
 * @param text_len [in] how many.
 * @param out [out] room for the bytes; NULL: only their number is wanted.
 * @param cap [in] how much room.
 * @param len [out] how many there are.
 * @return 0.
 * @errors #PLAIT_ERR_INVALID; #PLAIT_ERR_OVERFLOW when the room is too small.
 * @thread any.
 * @callbacks none.
 * @lifetime nothing is kept.
 * @since 0.1.0
 * @twisted `lowQuote`, `ctcpQuote`
 */
PLAIT_API int plait_irc_quote_make(uint32_t level, const uint8_t *text, size_t text_len, uint8_t *out, size_t cap, size_t *len);

/**
 * @brief The text that was quoted.
 * @param level [in] PLAIT_IRC_QUOTE_LOW or PLAIT_IRC_QUOTE_CTCP.
 * @param text [in] bytes.
 * @param text_len [in] how many.
 * @param out [out] room for the bytes; NULL: only their number is wanted.
 * @param cap [in] how much room.
 * @param len [out] how many there are.
 * @return 0.
 * @errors #PLAIT_ERR_INVALID; #PLAIT_ERR_OVERFLOW when the room is too small.
 * @thread any.
 * @callbacks none.
 * @lifetime nothing is kept.
 * @since 0.1.0
 * @twisted `lowDequote`, `ctcpDequote`
 */
PLAIT_API int plait_irc_quote_read(uint32_t level, const uint8_t *text, size_t text_len, uint8_t *out, size_t cap, size_t *len);

/**
 * @brief Takes a CTCP DCC apart. What it offers comes from a stranger: ask before connecting to where it says.
 * @param text [in] the argument of the CTCP, such as `SEND name 2130706433 4000 100`.
 * @param len [in] bytes.
 * @param out [out] struct_size is set by the caller.
 * @return 0.
 * @errors #PLAIT_ERR_INVALID, #PLAIT_ERR_STRUCT_SIZE; #PLAIT_ERR_PROTOCOL: it is none of those kinds, or lacks something.
 * @thread any.
 * @callbacks none.
 * @lifetime the parts point into the text.
 * @since 0.1.0
 * @twisted `IRCClient.dcc_SEND`, `dcc_CHAT`, `dcc_RESUME`, `dcc_ACCEPT`, `dccParseAddress`
 */
PLAIT_API int plait_irc_dcc_parse(const uint8_t *text, size_t len, plait_irc_dcc *out);

/**
 * @brief Is the text of a message a CTCP? Its command and argument.
 * @param text [in] of a PRIVMSG or NOTICE.
 * @param len [in] bytes.
 * @param command [out] its command; not written when it is none.
 * @param argument [out] what is behind it, or nothing.
 * @return 1 or 0.
 * @errors #PLAIT_ERR_INVALID.
 * @thread any.
 * @callbacks none.
 * @lifetime the parts point into the text.
 * @since 0.1.0
 * @twisted `ctcpExtract`
 */
PLAIT_API int plait_irc_ctcp_parse(const uint8_t *text, size_t len, plait_bytes *command, plait_bytes *argument);

/**
 * @brief The text that carries a CTCP.
 * @param command [in] for instance `ACTION`.
 * @param command_len [in] bytes.
 * @param argument [in] what is behind it, or nothing.
 * @param argument_len [in] bytes.
 * @param out [out] room for the bytes; NULL: only their number is wanted.
 * @param cap [in] how much room.
 * @param len [out] how many there are.
 * @return 0.
 * @errors #PLAIT_ERR_VALUE: a blank in the command; 0x01, CR, LF or NUL anywhere; #PLAIT_ERR_INVALID;
 *   #PLAIT_ERR_OVERFLOW when the room is too small.
 * @thread any.
 * @callbacks none.
 * @lifetime nothing is kept.
 * @since 0.1.0
 * @twisted `ctcpStringify`
 */
PLAIT_API int plait_irc_ctcp_make(const uint8_t *command, size_t command_len, const uint8_t *argument, size_t argument_len, uint8_t *out,
                                  size_t cap, size_t *len);

/**
 * @brief Cuts a text into runs that look the same, without the codes.
 * @param text [in] with mIRC's codes.
 * @param len [in] bytes.
 * @param out [out] room for `most` of them; NULL: only their number is wanted.
 * @param most [in] how much room; what has none is left out.
 * @param count [out] how many there are.
 * @return 0.
 * @errors #PLAIT_ERR_INVALID.
 * @thread any.
 * @callbacks none.
 * @lifetime the texts point into the text.
 * @since 0.1.0
 * @twisted `parseFormattedText`
 */
PLAIT_API int plait_irc_format_parse(const uint8_t *text, size_t len, plait_irc_run *out, size_t most, size_t *count);

/**
 * @brief The text that looks as the runs say.
 * @param runs [in] without codes in their texts. A foreground and a background are of the same kind; one of 24 bits has both or a foreground.
 * @param count [in] how many.
 * @param out [out] room for the bytes; NULL: only their number is wanted.
 * @param cap [in] how much room.
 * @param len [out] how many there are.
 * @return 0.
 * @errors #PLAIT_ERR_VALUE: a run that no codes can say; #PLAIT_ERR_INVALID; #PLAIT_ERR_OVERFLOW when the room is too small.
 * @thread any.
 * @callbacks none.
 * @lifetime nothing is kept.
 * @since 0.1.0
 * @twisted `assembleFormattedText`
 */
PLAIT_API int plait_irc_format_make(const plait_irc_run *runs, size_t count, uint8_t *out, size_t cap, size_t *len);

/**
 * @brief The text without codes.
 * @param text [in] with mIRC's codes.
 * @param text_len [in] bytes.
 * @param out [out] room for the bytes; NULL: only their number is wanted.
 * @param cap [in] how much room.
 * @param len [out] how many there are.
 * @return 0.
 * @errors #PLAIT_ERR_INVALID; #PLAIT_ERR_OVERFLOW when the room is too small.
 * @thread any.
 * @callbacks none.
 * @lifetime nothing is kept.
 * @since 0.1.0
 * @twisted `stripFormatting`
 */
PLAIT_API int plait_irc_format_clear(const uint8_t *text, size_t text_len, uint8_t *out, size_t cap, size_t *len);

/**
 * @brief Takes a change of modes apart: `+ov-k`, and its parameters.
 * @param text [in] letters and signs.
 * @param len [in] bytes.
 * @param parameters [in] what follows.
 * @param parameter_count [in] how many.
 * @param when_set [in] the letters that have one when they are set.
 * @param when_set_len [in] bytes.
 * @param when_unset [in] those that have one when they are taken away.
 * @param when_unset_len [in] bytes.
 * @param out [out] room for `most` of them; NULL: only their number is wanted.
 * @param most [in] how much room; what has none is left out.
 * @param count [out] how many there are.
 * @return 0.
 * @errors #PLAIT_ERR_VALUE: nothing behind a sign, or too few or too many parameters; #PLAIT_ERR_INVALID.
 * @thread any.
 * @callbacks none.
 * @lifetime the parameters are those that were given.
 * @since 0.1.0
 * @twisted `parseModes`
 */
PLAIT_API int plait_irc_modes_parse(const uint8_t *text, size_t len, const plait_bytes *parameters, size_t parameter_count,
                                    const uint8_t *when_set, size_t when_set_len, const uint8_t *when_unset, size_t when_unset_len,
                                    plait_irc_mode *out, size_t most, size_t *count);

/**
 * @brief The name of a numeric, such as `RPL_WELCOME`.
 * @param number [in] 1 to 999.
 * @return the name, which is static; NULL: it has none.
 * @errors none.
 * @thread any.
 * @callbacks none.
 * @lifetime nothing is kept.
 * @since 0.1.0
 * @twisted `numeric_to_symbolic`
 */
PLAIT_API const char *plait_irc_numeric_get(uint32_t number);

/**
 * @brief The number of a name; of names that two numbers share, the lower one.
 * @param name [in] such as `ERR_NICKNAMEINUSE`.
 * @param len [in] bytes.
 * @return the number.
 * @errors #PLAIT_ERR_ABSENT: nobody uses that name; #PLAIT_ERR_INVALID.
 * @thread any.
 * @callbacks none.
 * @lifetime nothing is kept.
 * @since 0.1.0
 * @twisted `symbolic_to_numeric`
 */
PLAIT_API int plait_irc_numeric_parse(const uint8_t *name, size_t len);

#ifdef __cplusplus
}
#endif

#endif
