/**
 * @file plait/irc.h
 * @brief IRC, the client's side: registration, capabilities, SASL, who is where, and messages that fit and do not flood.
 *
 *     static void on_privmsg(void *user, plait_conn conn, const plait_irc_event *event) {
 *         plait_irc_say(conn, PLAIT_IRC_NOTICE, event->nick.data, event->nick.len, event->text.data, event->text.len);
 *     }
 *     ...
 *     options.nick.data = (const uint8_t *)"parrot";
 *     options.nick.len = 6;
 *     handler.privmsg = on_privmsg;
 *     plait_irc_factory_new(&factory, &options, &handler, NULL);
 *     plait_connector_start(reactor, "tls:irc.example.org:6697", factory, NULL, NULL, NULL, &connector);
 *
 * A conn registers by itself once it is connected, and answers the server's PINGs. Everything that a server says comes as an *event*, by
 * the callback of its kind; one that is NULL misses nothing else. What is state (the nick, who is in which channel, topics, what
 * the server said of itself) is kept up to date before the callback runs, and read by plait_irc_get_...
 *
 * **Who one is.** With `mechanisms`, SASL comes before everything else; if the server does not offer one of them, or does not let this
 * side in, the conn ends (#PLAIT_ERR_UNSUPPORTED, #PLAIT_ERR_REMOTE), unless #PLAIT_IRC_SASL_OPTIONAL. #PLAIT_ERR_PROTOCOL means
 * that it is the server who could not prove that it knows the password. SCRAM needs a build with OpenSSL.
 *
 * **Nicks.** One that is in use gets an underscore, up to sixteen times; one that the server does not like is replaced by `fallback_nick`.
 * With #PLAIT_IRC_REGAIN the one that was wanted is taken when it is to be had.
 *
 * **Sending.** `burst` messages may leave at once, and one in each `interval_ms` afterwards; the others wait, up to `max_waiting`. Answers to
 * PING, registration, and what is sent as #PLAIT_IRC_URGENT do not wait. What would be more than one message, or none, is refused: see irc_message.h.
 * So is what is not UTF-8, where the server wants nothing else (UTF8ONLY).
 *
 * **Questions** that a server answers in several messages (WHOIS, NAMES, LIST, WHO) have one result each: plait_irc_call(). Where the server
 * has labeled-response, each is told by a label which of them a message answers; else by what it is about.
 *
 * **Batches.** What the server says belongs together has one number, plait_irc_event::batch; `batch` tells where each begins and ends, and
 * #PLAIT_IRC_SPLIT and #PLAIT_IRC_REJOINED tell who leaves and comes because a network falls apart or is whole again.
 *
 * **Strict transport security.** With `get_policy` and `set_policy`, which keep what must outlive the program, a server's `sts` is obeyed wherever its name is known: by
 * plait_connect() and connectors to `tcp:` endpoints, but those with SOCKS or SRV. Where a server wants TLS, the conn ends with #PLAIT_ERR_SWITCHED; the factory's next connection to that host
 * goes to the port that it has named, over TLS with the system's authorities, and never falls back. A connector makes it at once.
 *
 * **Silence.** After `ping_ms` the server is asked for a sign of life; if it gives none within `pong_ms` the conn ends with #PLAIT_ERR_TIMEOUT.
 *
 * **Reconnecting** is a connector's (connector.h). With #PLAIT_IRC_REJOIN, what the factory builds next joins the channels again that
 * the conn before was in, with their keys.
 *
 * A line that is longer than `max_line` is dropped alone, which `too_long` tells; no line ends a conn, in whatever encoding it is.
 */
#ifndef PLAIT_IRC_H
#define PLAIT_IRC_H

#include "conn.h"
#include "factory.h"
#include "irc_message.h"

#ifdef __cplusplus
extern "C" {
#endif

/** plait_irc_options::flags */
enum {
    PLAIT_IRC_SASL_OPTIONAL = 1,   /**< where SASL fails, go on without */
    PLAIT_IRC_REJOIN = 2,          /**< join again what the conn before was in */
    PLAIT_IRC_NO_CAPABILITIES = 4, /**< do not ask the server for any; not with SASL */
    PLAIT_IRC_NO_LOGIN = 8,        /**< send nothing at the beginning: NICK and USER are the host's; not with SASL */
    PLAIT_IRC_NO_OTHER_NICK = 16,  /**< where a nick is refused, another one is the host's to find: see `numeric` */
    PLAIT_IRC_REGAIN = 32,         /**< called otherwise, try for `nick` when whoever has it goes, and after each sign of life */
    PLAIT_IRC_BOT = 64             /**< it is a program, and says so where the server has a mode for that */
};

/** plait_irc_options::mechanisms; the best one that the server offers is used, in this order. */
enum {
    PLAIT_IRC_SCRAM_SHA_256_PLUS = 1, /**< bound to the TLS that is spoken: nobody can be between */
    PLAIT_IRC_SCRAM_SHA_256 = 2,
    PLAIT_IRC_SCRAM_SHA_1_PLUS = 4,
    PLAIT_IRC_SCRAM_SHA_1 = 8,
    PLAIT_IRC_EXTERNAL = 16,  /**< by the client's certificate */
    PLAIT_IRC_PLAIN = 32      /**< tells the server the password: over TLS alone */
};

/** plait_irc_event::flags */
enum {
    PLAIT_IRC_FROM_ME = 1, /**< this side's own doing */
    PLAIT_IRC_TO_ME = 2,   /**< the target, or whom it happens to, is this side and not a channel */
    PLAIT_IRC_REPLY = 4,   /**< the answer to a question, and no news */
    PLAIT_IRC_SPLIT = 8,   /**< it happens because a network has fallen apart */
    PLAIT_IRC_REJOINED = 16, /**< it happens because that is mended */
    PLAIT_IRC_ENDED = 32   /**< of `batch`: it ends */
};

/** plait_irc_send(): how. */
enum {
    PLAIT_IRC_QUEUED = 0,  /**< when its turn has come */
    PLAIT_IRC_URGENT = 1   /**< at once */
};

/** plait_irc_say(): what. */
enum {
    PLAIT_IRC_MESSAGE = 0, /**< PRIVMSG */
    PLAIT_IRC_NOTICE = 1,  /**< NOTICE */
    PLAIT_IRC_ACTION = 2   /**< CTCP ACTION */
};

/** plait_irc_event::kind, and the first number of a row: in the order of the callbacks. */
enum {
    PLAIT_IRC_ON_SIGNED_ON = 0,
    PLAIT_IRC_ON_PRIVMSG = 1,
    PLAIT_IRC_ON_NOTICED = 2,
    PLAIT_IRC_ON_ACTION = 3,
    PLAIT_IRC_ON_CTCP_QUERY = 4,
    PLAIT_IRC_ON_CTCP_REPLY = 5,
    PLAIT_IRC_ON_JOINED = 6,
    PLAIT_IRC_ON_LEFT = 7,
    PLAIT_IRC_ON_KICKED_FROM = 8,
    PLAIT_IRC_ON_NICK_CHANGED = 9,
    PLAIT_IRC_ON_MODE_CHANGED = 10,
    PLAIT_IRC_ON_TOPIC_UPDATED = 11,
    PLAIT_IRC_ON_USER_JOINED = 12,
    PLAIT_IRC_ON_USER_LEFT = 13,
    PLAIT_IRC_ON_USER_QUIT = 14,
    PLAIT_IRC_ON_USER_KICKED = 15,
    PLAIT_IRC_ON_USER_RENAMED = 16,
    PLAIT_IRC_ON_INVITED = 17,
    PLAIT_IRC_ON_NAMES = 18,
    PLAIT_IRC_ON_CHANGED = 19,
    PLAIT_IRC_ON_PONG = 20,
    PLAIT_IRC_ON_NUMERIC = 21,
    PLAIT_IRC_ON_OTHER = 22,
    PLAIT_IRC_ON_BATCH = 23,
    PLAIT_IRC_ON_TOO_LONG = 24
};

#define PLAIT_IRC_ROW_LENGTH 15 /**< numbers of a row: see plait_irc_handler::events */

/** How a client behaves. Zero means the default. */
typedef struct plait_irc_options {
    uint32_t struct_size;
    uint32_t flags;             /**< PLAIT_IRC_SASL_OPTIONAL and so on */
    plait_bytes nick;           /**< needed */
    plait_bytes user;           /**< the nick */
    plait_bytes real_name;      /**< the nick */
    plait_bytes password;       /**< of the server; none */
    plait_bytes fallback_nick;  /**< `guest` */
    plait_bytes capabilities;   /**< wanted beside those that the client makes use of, with blanks between them */
    plait_bytes sasl_name;      /**< whose account it is */
    plait_bytes sasl_password;
    plait_bytes sasl_authority; /**< whom to act for, if that is somebody else */
    uint32_t mechanisms;        /**< PLAIT_IRC_PLAIN and so on; none: nobody authenticates */
    uint32_t burst;             /**< messages that may leave at once; 5 */
    uint64_t interval_ms;       /**< for each one afterwards; 2,000 */
    uint64_t ping_ms;           /**< 120,000 */
    uint64_t pong_ms;           /**< 60,000 */
    uint64_t registration_ms;   /**< how long the server may take to let this side in; 60,000 */
    uint32_t max_line;          /**< of a line that comes, in bytes; 16,384 */
    uint32_t max_waiting;       /**< messages that wait; 10,000 */
} plait_irc_options;
#define PLAIT_IRC_OPTIONS_INIT { sizeof(plait_irc_options), 0, { NULL, 0 }, { NULL, 0 }, { NULL, 0 }, { NULL, 0 }, { NULL, 0 }, { NULL, 0 }, { NULL, 0 }, { NULL, 0 }, { NULL, 0 }, 0, 0, 0, 0, 0, 0, 0, 0 }

/** What happened. Valid until the callback returns. */
typedef struct plait_irc_event {
    uint32_t struct_size;
    uint32_t kind;           /**< PLAIT_IRC_ON_ */
    uint32_t flags;          /**< PLAIT_IRC_FROM_ME and so on */
    uint32_t number;         /**< a numeric; of `pong`, milliseconds */
    plait_bytes line;        /**< the message that said so, for plait_irc_message_parse() */
    plait_bytes source;      /**< `nick!user@host`, or a server */
    plait_bytes nick;        /**< its nick */
    plait_bytes target;
    plait_bytes text;
    plait_bytes argument;
    uint32_t batch;          /**< the number of the batch that it is part of, the innermost one; 0: none */
    uint32_t reserved;
} plait_irc_event;
#define PLAIT_IRC_EVENT_INIT { sizeof(plait_irc_event), 0, 0, 0, { NULL, 0 }, { NULL, 0 }, { NULL, 0 }, { NULL, 0 }, { NULL, 0 }, { NULL, 0 }, 0, 0 }

/** Hears of an event. `user` is the conn's. */
typedef void (*plait_irc_event_fn)(void *user, plait_conn conn, const plait_irc_event *event);

/** The callbacks of a client. The first eight fields are those of every table: see factory.h. All may be NULL. */
typedef struct plait_irc_handler {
    uint32_t struct_size;
    uint32_t reserved;
    void (*connected)(void *user, plait_conn conn);
    void (*disconnected)(void *user, plait_conn conn, const plait_reason *reason);
    void (*read_closed)(void *user, plait_conn conn);
    void (*write_paused)(void *user, plait_conn conn);
    void (*write_resumed)(void *user, plait_conn conn);
    void (*release)(void *user);
    /** The server has let this side in, by the nick that plait_irc_get_nick() says (001). */
    plait_irc_event_fn signed_on;
    /** A message: `target` is this side or a channel, `text` what was said. */
    plait_irc_event_fn privmsg;
    /** The same, which nobody should answer by itself. */
    plait_irc_event_fn noticed;
    /** What somebody does: CTCP ACTION. */
    plait_irc_event_fn action;
    /** Another CTCP: `text` is its command, `argument` what is behind it. */
    plait_irc_event_fn ctcp_query;
    /** The answer to one. */
    plait_irc_event_fn ctcp_reply;
    /** This side is in the channel `target`. */
    plait_irc_event_fn joined;
    /** This side has left the channel `target`. */
    plait_irc_event_fn left;
    /** This side was thrown out of the channel `target` by `nick`, for the reason `text`. */
    plait_irc_event_fn kicked_from;
    /** This side is called `text` now. */
    plait_irc_event_fn nick_changed;
    /** The modes of `target` have changed: `text`, and their parameters `argument`, as on the wire. */
    plait_irc_event_fn mode_changed;
    /** The topic of the channel `target` is `text`; #PLAIT_IRC_REPLY: it was already. */
    plait_irc_event_fn topic_updated;
    /** Somebody has joined the channel `target`; `argument` is the account and `text` the name, where the server says so. */
    plait_irc_event_fn user_joined;
    /** Somebody has left the channel `target`, for the reason `text`. */
    plait_irc_event_fn user_left;
    /** Somebody has left the server, for the reason `text`. */
    plait_irc_event_fn user_quit;
    /** `argument` was thrown out of the channel `target` by `nick`, for the reason `text`. */
    plait_irc_event_fn user_kicked;
    /** Somebody is called `text` now. */
    plait_irc_event_fn user_renamed;
    /** `argument` is invited to the channel `target`. */
    plait_irc_event_fn invited;
    /** All who are in the channel `target` are known: plait_irc_get_members(). */
    plait_irc_event_fn names;
    /** Somebody is AWAY, has an ACCOUNT or none, another host (CHGHOST) or name (SETNAME): `target` is that word, `text` and `argument` what follows it. */
    plait_irc_event_fn changed;
    /** The server has answered a question for a sign of life; `number` is how many milliseconds it took. */
    plait_irc_event_fn pong;
    /** Any other numeric: `number`; `target` is its first parameter behind the nick, `text` the last one. */
    plait_irc_event_fn numeric;
    /** Any other message: `target` is its first parameter, `text` the last one. */
    plait_irc_event_fn other;
    /** A batch begins: `number` is its own, `target` its type, such as `netsplit`, and `text` its parameters, as on the wire. Or, #PLAIT_IRC_ENDED, it ends. */
    plait_irc_event_fn batch;
    /** A line was dropped that is longer than plait_irc_options::max_line: `text` has so much of it. */
    plait_irc_event_fn too_long;
    /** All events of what has arrived at once, in place of those above, for hosts to which calls are dear. `rows` has `count` rows of
     *  #PLAIT_IRC_ROW_LENGTH numbers: kind, flags, number, length of the nick; then offset into `data` and length of the source (which the nick
     *  begins), target, text, argument and line; then the batch. What is state is what it was after the last of them. */
    void (*events)(void *user, plait_conn conn, const uint8_t *data, size_t len, const uint32_t *rows, size_t count);
    /** Strict transport security: the port at which the host of that name, in small letters, is to be connected to by TLS alone; 0: there is no such
     *  policy, or not any more. Needs `set_policy`. `user` is the factory's. Called when a connection is begun, also inside plait_connect(). */
    uint32_t (*get_policy)(void *user, const uint8_t *name, size_t len);
    /** Keep such a policy for so many seconds from now on; 0: forget it. Needs `get_policy`. `user` is the factory's. */
    void (*set_policy)(void *user, const uint8_t *name, size_t len, uint32_t port, uint64_t seconds);
} plait_irc_handler;
#define PLAIT_IRC_HANDLER_INIT { sizeof(plait_irc_handler), 0, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL }

/**
 * @brief Makes a factory of clients.
 * @param out [out] the factory.
 * @param options [in] copied.
 * @param handler [in] copied; or NULL.
 * @param user [in] the first argument of the callbacks.
 * @return 0.
 * @errors #PLAIT_ERR_INVALID, #PLAIT_ERR_STRUCT_SIZE; #PLAIT_ERR_VALUE: a text that cannot be sent, a nick that is none, or credentials that a mechanism cannot carry; #PLAIT_ERR_UNSUPPORTED: SCRAM in a build without OpenSSL; #PLAIT_ERR_LIMIT, #PLAIT_ERR_NOMEM.
 * @thread any.
 * @callbacks none.
 * @lifetime until plait_factory_release(), and as long as something uses it.
 * @since 0.1.0
 * @twisted `Factory.forProtocol(IRCClient)`
 */
PLAIT_API int plait_irc_factory_new(plait_factory *out, const plait_irc_options *options, const plait_irc_handler *handler, void *user);

/**
 * @brief Sends a message of any kind.
 * @param conn [in] one that speaks IRC.
 * @param command [in] letters, or three digits.
 * @param len [in] bytes.
 * @param parameters [in] the last one may be anything that fits a line.
 * @param count [in] how many, at most 15.
 * @param how [in] PLAIT_IRC_QUEUED or PLAIT_IRC_URGENT.
 * @return 0.
 * @errors those of a handle; #PLAIT_ERR_INVALID; #PLAIT_ERR_VALUE: it would not arrive as it is; #PLAIT_ERR_TOO_LONG, #PLAIT_ERR_CLOSED; #PLAIT_ERR_LIMIT: too many wait; #PLAIT_ERR_OVERFLOW, #PLAIT_ERR_NOMEM.
 * @thread the reactor's.
 * @callbacks none.
 * @lifetime nothing is kept.
 * @since 0.1.0
 * @twisted `IRCClient.join`, `leave`, `kick`, `topic`, `mode`, `setNick`, `away`, `whois` and so on
 */
PLAIT_API int plait_irc_send(plait_conn conn, const uint8_t *command, size_t len, const plait_bytes *parameters, size_t count,
                             uint32_t how);

/**
 * @brief Sends a line as it is, tags and all.
 * @param conn [in] one that speaks IRC.
 * @param line [in] a message without a source, and without CR LF.
 * @param len [in] bytes.
 * @param how [in] PLAIT_IRC_QUEUED or PLAIT_IRC_URGENT.
 * @return 0.
 * @errors those of a handle; #PLAIT_ERR_INVALID; #PLAIT_ERR_VALUE: it is no message, or more than one; #PLAIT_ERR_TOO_LONG, #PLAIT_ERR_CLOSED; #PLAIT_ERR_LIMIT: too many wait; #PLAIT_ERR_OVERFLOW, #PLAIT_ERR_NOMEM.
 * @thread the reactor's.
 * @callbacks none.
 * @lifetime nothing is kept.
 * @since 0.1.0
 * @twisted `IRCClient.sendLine`
 */
PLAIT_API int plait_irc_send_line(plait_conn conn, const uint8_t *line, size_t len, uint32_t how);

/**
 * @brief Says something to somebody or to a channel, in as many messages as it takes: at line ends, between words, never inside a character.
 * Each is so short that it arrives whole, with this side's name before it.
 * @param conn [in] one that speaks IRC.
 * @param what [in] PLAIT_IRC_MESSAGE, PLAIT_IRC_NOTICE or PLAIT_IRC_ACTION.
 * @param target [in] a nick or a channel.
 * @param target_len [in] bytes.
 * @param text [in] without NUL; of an action, without 0x01, too.
 * @param len [in] bytes.
 * @return how many messages; 0 for a text without any.
 * @errors those of a handle; #PLAIT_ERR_INVALID, #PLAIT_ERR_VALUE, #PLAIT_ERR_TOO_LONG, #PLAIT_ERR_CLOSED; #PLAIT_ERR_LIMIT: too many wait, and none was sent; #PLAIT_ERR_OVERFLOW, #PLAIT_ERR_NOMEM.
 * @thread the reactor's.
 * @callbacks none.
 * @lifetime nothing is kept.
 * @since 0.1.0
 * @twisted `IRCClient.msg`, `notice`, `describe`
 */
PLAIT_API int plait_irc_say(plait_conn conn, uint32_t what, const uint8_t *target, size_t target_len, const uint8_t *text, size_t len);

/** plait_irc_call(): what is asked. */
enum {
    PLAIT_IRC_WHOIS = 0, /**< who somebody is: a nick, or a server and a nick; one entry */
    PLAIT_IRC_NAMES = 1, /**< who is in a channel; an entry for each */
    PLAIT_IRC_LIST = 2,  /**< which channels there are: nothing, or those that are wanted, with commas between them; an entry for each */
    PLAIT_IRC_WHO = 3    /**< who is in a channel, or fits a mask; an entry for each */
};

/** plait_irc_entry::flags */
enum {
    PLAIT_IRC_IS_AWAY = 1,     /**< as it says (WHOIS, WHO) */
    PLAIT_IRC_IS_OPERATOR = 2, /**< of the network (WHOIS, WHO) */
    PLAIT_IRC_IS_SECURE = 4,   /**< connected by TLS (WHOIS) */
    PLAIT_IRC_IS_BOT = 8       /**< a program (WHOIS, WHO) */
};

/** Somebody or something that an answer tells of. Where `data` is NULL, the server has not said so. Its layout is fixed: it will not grow. */
typedef struct plait_irc_entry {
    uint32_t flags;      /**< PLAIT_IRC_IS_AWAY and so on */
    uint32_t hops;       /**< servers between the two (WHO) */
    uint64_t number;     /**< how many are in the channel (LIST); seconds without a word (WHOIS) */
    uint64_t since;      /**< when the connection was made, in seconds since 1970; 0: not told (WHOIS) */
    plait_bytes nick;
    plait_bytes user;
    plait_bytes host;
    plait_bytes name;    /**< the real name (WHOIS, WHO) */
    plait_bytes account; /**< empty: none (WHOIS, and WHO where the server has WHOX) */
    plait_bytes server;  /**< WHOIS, WHO */
    plait_bytes channel; /**< of WHOIS all of them, with blanks between them, and what the nick has there before each */
    plait_bytes prefix;  /**< what the nick has in the channel (NAMES); `H` or `G` and so on, as on the wire (WHO) */
    plait_bytes text;    /**< the topic (LIST); why somebody is away (WHOIS) */
} plait_irc_entry;

/** What a question has come to. Valid until the callback returns. */
typedef struct plait_irc_answer {
    uint32_t struct_size;
    uint32_t question;              /**< PLAIT_IRC_WHOIS and so on */
    const plait_irc_entry *entries;
    size_t count;
    plait_bytes lines;              /**< the messages that said so, as they came but for tags, each with LF behind it */
} plait_irc_answer;
#define PLAIT_IRC_ANSWER_INIT { sizeof(plait_irc_answer), 0, NULL, 0, { NULL, 0 } }

/** A question has ended. The status is 0 when there is an answer, else `answer` has no entries: #PLAIT_ERR_REMOTE where the server refuses it, with the numeric
 *  in plait_reason::code (0: FAIL, without one), and its message in plait_irc_answer::lines; #PLAIT_ERR_TIMEOUT, #PLAIT_ERR_CANCELLED, #PLAIT_ERR_TOO_LONG above 64 MiB, or how the conn ended
 *  (#PLAIT_ERR_CLOSED where it ended in good order). */
typedef void (*plait_irc_answer_fn)(void *user, plait_conn conn, const plait_irc_answer *answer, const plait_reason *reason);

/**
 * @brief Asks the server something that it answers in several messages, which make one result. They are told to the table's callbacks, too.
 * @param conn [in] one that speaks IRC, and is signed on.
 * @param question [in] PLAIT_IRC_WHOIS, PLAIT_IRC_NAMES, PLAIT_IRC_LIST or PLAIT_IRC_WHO.
 * @param about [in] what is behind the command. WHO asks for accounts by itself where the server has WHOX.
 * @param len [in] bytes; 0 for LIST alone.
 * @param limit_ms [in] how long it may take, its turn to be sent included; 0: 60,000.
 * @param done [in] how it ended; may be NULL.
 * @param user [in] the first argument of done.
 * @param call [out] the call, for plait_call_cancel(); may be NULL.
 * @return 0.
 * @errors those of a handle; #PLAIT_ERR_INVALID; #PLAIT_ERR_VALUE: it would not arrive as it is; #PLAIT_ERR_TOO_LONG; #PLAIT_ERR_BOUND before `signed_on`; #PLAIT_ERR_LIMIT: too many wait; #PLAIT_ERR_CLOSED, #PLAIT_ERR_ABORTED, #PLAIT_ERR_OVERFLOW, #PLAIT_ERR_NOMEM.
 * @thread the reactor's.
 * @callbacks none now; done once, in a later delivery or turn: also where the conn ends, then before `disconnected`.
 * @lifetime nothing is kept but the user.
 * @since 0.1.0
 * @twisted `IRCClient.whois`, whose answers are not put together
 */
PLAIT_API int plait_irc_call(plait_conn conn, uint32_t question, const uint8_t *about, size_t len, uint64_t limit_ms,
                             plait_irc_answer_fn done, void *user, plait_call *call);

/**
 * @brief Leaves the server: QUIT, before whatever waits, which is forgotten; then the conn closes.
 * @param conn [in] one that speaks IRC.
 * @param words [in] what others read.
 * @param len [in] bytes.
 * @return 0.
 * @errors those of a handle; #PLAIT_ERR_INVALID, #PLAIT_ERR_VALUE, #PLAIT_ERR_TOO_LONG, #PLAIT_ERR_CLOSED.
 * @thread the reactor's.
 * @callbacks none now.
 * @lifetime nothing is kept.
 * @since 0.1.0
 * @twisted `IRCClient.quit`
 */
PLAIT_API int plait_irc_close(plait_conn conn, const uint8_t *words, size_t len);

/**
 * @brief How the server calls this side.
 * @param conn [in] one that speaks IRC.
 * @param out [out] room for the bytes; NULL: only their number is wanted.
 * @param cap [in] how much room.
 * @param len [out] how many there are.
 * @return 0.
 * @errors those of a handle; #PLAIT_ERR_INVALID; #PLAIT_ERR_OVERFLOW when the room is too small.
 * @thread the reactor's.
 * @callbacks none.
 * @lifetime nothing is kept.
 * @since 0.1.0
 * @twisted `IRCClient.nickname`
 */
PLAIT_API int plait_irc_get_nick(plait_conn conn, uint8_t *out, size_t cap, size_t *len);

/**
 * @brief What the server says of itself: a value of its ISUPPORT.
 * @param conn [in] one that speaks IRC.
 * @param key [in] such as `NETWORK`.
 * @param key_len [in] bytes.
 * @param out [out] room for the bytes; NULL: only their number is wanted.
 * @param cap [in] how much room.
 * @param len [out] how many there are.
 * @return 0.
 * @errors those of a handle; #PLAIT_ERR_ABSENT: it has not said so; #PLAIT_ERR_INVALID; #PLAIT_ERR_OVERFLOW when the room is too small.
 * @thread the reactor's.
 * @callbacks none.
 * @lifetime nothing is kept.
 * @since 0.1.0
 * @twisted `ServerSupportedFeatures.getFeature`
 */
PLAIT_API int plait_irc_get_feature(plait_conn conn, const uint8_t *key, size_t key_len, uint8_t *out, size_t cap, size_t *len);

/**
 * @brief Is a capability of IRCv3 in use?
 * @param conn [in] one that speaks IRC.
 * @param name [in] such as `server-time`.
 * @param len [in] bytes.
 * @return 1 or 0.
 * @errors those of a handle; #PLAIT_ERR_INVALID.
 * @thread the reactor's.
 * @callbacks none.
 * @lifetime nothing is kept.
 * @since 0.1.0
 * @twisted none
 */
PLAIT_API int plait_irc_get_capability(plait_conn conn, const uint8_t *name, size_t len);

/**
 * @brief The channels that this side is in, with blanks between them.
 * @param conn [in] one that speaks IRC.
 * @param out [out] room for the bytes; NULL: only their number is wanted.
 * @param cap [in] how much room.
 * @param len [out] how many there are.
 * @return 0.
 * @errors those of a handle; #PLAIT_ERR_INVALID; #PLAIT_ERR_OVERFLOW when the room is too small.
 * @thread the reactor's.
 * @callbacks none.
 * @lifetime nothing is kept.
 * @since 0.1.0
 * @twisted none
 */
PLAIT_API int plait_irc_get_channels(plait_conn conn, uint8_t *out, size_t cap, size_t *len);

/**
 * @brief Who is in a channel, with blanks between them; what a nick has there, such as `@`, stands before it.
 * @param conn [in] one that speaks IRC.
 * @param channel [in] one that this side is in.
 * @param channel_len [in] bytes.
 * @param out [out] room for the bytes; NULL: only their number is wanted.
 * @param cap [in] how much room.
 * @param len [out] how many there are.
 * @return 0.
 * @errors those of a handle; #PLAIT_ERR_ABSENT: it is in none of that name; #PLAIT_ERR_INVALID;
 *   #PLAIT_ERR_OVERFLOW when the room is too small.
 * @thread the reactor's.
 * @callbacks none.
 * @lifetime nothing is kept.
 * @since 0.1.0
 * @twisted none
 */
PLAIT_API int plait_irc_get_members(plait_conn conn, const uint8_t *channel, size_t channel_len, uint8_t *out, size_t cap, size_t *len);

/**
 * @brief The topic of a channel, as far as it is known.
 * @param conn [in] one that speaks IRC.
 * @param channel [in] one that this side is in.
 * @param channel_len [in] bytes.
 * @param out [out] room for the bytes; NULL: only their number is wanted.
 * @param cap [in] how much room.
 * @param len [out] how many there are.
 * @return 0.
 * @errors those of a handle; #PLAIT_ERR_ABSENT: it is in none of that name; #PLAIT_ERR_INVALID;
 *   #PLAIT_ERR_OVERFLOW when the room is too small.
 * @thread the reactor's.
 * @callbacks none.
 * @lifetime nothing is kept.
 * @since 0.1.0
 * @twisted none
 */
PLAIT_API int plait_irc_get_topic(plait_conn conn, const uint8_t *channel, size_t channel_len, uint8_t *out, size_t cap, size_t *len);

/**
 * @brief The modes of a channel, as far as the server has told them: `+ntk key`. Lists, such as that of bans, are no part of them, and neither are members' modes.
 * @param conn [in] one that speaks IRC.
 * @param channel [in] one that this side is in. Ask for its modes by MODE: servers tell changes alone.
 * @param channel_len [in] bytes.
 * @param out [out] room for the bytes; NULL: only their number is wanted.
 * @param cap [in] how much room.
 * @param len [out] how many there are.
 * @return 0.
 * @errors those of a handle; #PLAIT_ERR_ABSENT: it is in none of that name; #PLAIT_ERR_INVALID; #PLAIT_ERR_OVERFLOW when the room is too small.
 * @thread the reactor's.
 * @callbacks none.
 * @lifetime nothing is kept.
 * @since 0.1.0
 * @twisted none
 */
PLAIT_API int plait_irc_get_modes(plait_conn conn, const uint8_t *channel, size_t channel_len, uint8_t *out, size_t cap, size_t *len);

/**
 * @brief How long the last sign of life took, and how many messages wait.
 * @param conn [in] one that speaks IRC.
 * @param lag_ms [out] milliseconds; or NULL.
 * @param waiting [out] messages; or NULL.
 * @return 0.
 * @errors those of a handle; #PLAIT_ERR_ABSENT: there was none yet, and lag_ms is asked for.
 * @thread the reactor's.
 * @callbacks none.
 * @lifetime nothing is kept.
 * @since 0.1.0
 * @twisted `IRCClient.pong`
 */
PLAIT_API int plait_irc_get_lag(plait_conn conn, uint64_t *lag_ms, size_t *waiting);

#ifdef __cplusplus
}
#endif

#endif
