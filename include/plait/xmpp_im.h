/**
 * @file plait/xmpp_im.h
 * @brief XMPP among people: messages, presence, the roster and rooms as structs, where xmpp.h has elements.
 *
 * The structs here are filled in to be sent, and filled in from stanzas that came:
 *
 *     static int on_message(void *user, plait_conn conn, plait_element stanza) {
 *         plait_xmpp_message message = PLAIT_XMPP_MESSAGE_INIT, answer = PLAIT_XMPP_MESSAGE_INIT;
 *         if (plait_xmpp_read_message(conn, stanza, &message) == 0 && message.type == PLAIT_XMPP_MESSAGE_CHAT && !message.node && message.body.len) {
 *             answer.to = message.from;
 *             answer.type = message.type;
 *             answer.body = message.body;
 *             plait_xmpp_send_message(conn, &answer);
 *         }
 *         return 1;
 *     }
 *
 * What a struct does not have is said with elements: both go over the same conn.
 *
 * **Presence.** After `ready`, a presence as #PLAIT_XMPP_PRESENCE_INIT makes it says that this side is there; nobody sends it messages before that. Where the options name the
 * software (plait_xmpp_options::software), it says what that can do (XEP-0115), and the library answers who asks (XEP-0030, XEP-0092).
 *
 * **The roster** (RFC 6121 §2). With #PLAIT_XMPP_ROSTER it is asked for at `ready`, and kept as the server tells of changes: `contact` hears of each, and of all of them, one by one,
 * when it comes the first time; `roster` is told then, with #PLAIT_ERR_LIMIT where it has more than 50,000, or 16 MiB of names. It lives as long as the factory; where the server has versions of it, only what has changed comes over the next connection.
 *
 * **Copies** (XEP-0280). With #PLAIT_XMPP_CARBONS this account's other clients' messages come too; plait_xmpp_read_message() reads what is in the copy, where the
 * server of this account has made it, and says so.
 *
 * **Rooms** (XEP-0045). To join is to send a presence to `room@service/nick` with #PLAIT_XMPP_PRESENCE_JOIN; to leave, one of the type unavailable. What is said has the type
 * groupchat; a message of that type with a subject and nothing else sets the subject. Whoever comes, goes or changes is a presence from `room@service/nick`, with
 * his role and affiliation.
 */
#ifndef PLAIT_XMPP_IM_H
#define PLAIT_XMPP_IM_H

#include "xmpp.h"

#ifdef __cplusplus
extern "C" {
#endif

/** plait_xmpp_message::type (RFC 6121 §5.2.2) */
enum {
    PLAIT_XMPP_MESSAGE_NORMAL = 0,
    PLAIT_XMPP_MESSAGE_CHAT = 1,
    PLAIT_XMPP_MESSAGE_GROUPCHAT = 2, /**< in a room */
    PLAIT_XMPP_MESSAGE_HEADLINE = 3,
    PLAIT_XMPP_MESSAGE_ERROR = 4 /**< one of this side's has come back: plait_xmpp_message::error says why */
};

/** plait_xmpp_message::flags */
enum {
    PLAIT_XMPP_MESSAGE_WANTS_RECEIPT = 1,  /**< the sender wants to know that it has arrived (XEP-0184); needs an id */
    PLAIT_XMPP_MESSAGE_PRIVATE = 2,        /**< not to be copied to other clients */
    PLAIT_XMPP_MESSAGE_COPY_SENT = 4,      /**< read only: another client of this account has sent it */
    PLAIT_XMPP_MESSAGE_COPY_RECEIVED = 8,  /**< read only: another client of this account has received it */
    PLAIT_XMPP_MESSAGE_DELAYED = 16        /**< read only: it waited on the way (XEP-0203), as a room's earlier messages do */
};

/** plait_xmpp_message::state (XEP-0085) */
enum {
    PLAIT_XMPP_STATE_NONE = 0, /**< not said */
    PLAIT_XMPP_STATE_ACTIVE = 1,
    PLAIT_XMPP_STATE_COMPOSING = 2,
    PLAIT_XMPP_STATE_PAUSED = 3,
    PLAIT_XMPP_STATE_INACTIVE = 4,
    PLAIT_XMPP_STATE_GONE = 5
};

/** A message. What is empty is not said; texts are UTF-8. */
typedef struct plait_xmpp_message {
    uint32_t struct_size;
    uint32_t flags;       /**< PLAIT_XMPP_MESSAGE_ */
    uint32_t type;        /**< one of PLAIT_XMPP_MESSAGE_NORMAL to PLAIT_XMPP_MESSAGE_ERROR; only read: the latter */
    uint32_t state;       /**< one of PLAIT_XMPP_STATE_ */
    int32_t error;        /**< read only, of the type error: one of PLAIT_XMPP_STANZA_; else 0 */
    uint32_t node;        /**< read only: the message in the stanza; not 0 in a copy */
    plait_bytes to;       /**< an address */
    plait_bytes from;     /**< an address; a client need not say it */
    plait_bytes id;
    plait_bytes language; /**< of its texts, as in `en` */
    plait_bytes subject;
    plait_bytes body;     /**< of several, that in the message's language, or else the first */
    plait_bytes thread;
    plait_bytes receipt;  /**< the id of a message of the other side's that has arrived */
} plait_xmpp_message;
#define PLAIT_XMPP_MESSAGE_INIT { sizeof(plait_xmpp_message), 0, 0, 0, 0, 0, { NULL, 0 }, { NULL, 0 }, { NULL, 0 }, { NULL, 0 }, { NULL, 0 }, { NULL, 0 }, { NULL, 0 }, { NULL, 0 } }

/** plait_xmpp_presence::type (RFC 6121 §4.7.1) */
enum {
    PLAIT_XMPP_PRESENCE_AVAILABLE = 0,
    PLAIT_XMPP_PRESENCE_UNAVAILABLE = 1,
    PLAIT_XMPP_PRESENCE_SUBSCRIBE = 2,    /**< may this side see the other's presence? */
    PLAIT_XMPP_PRESENCE_SUBSCRIBED = 3,   /**< it may */
    PLAIT_XMPP_PRESENCE_UNSUBSCRIBE = 4,  /**< it does not want to any more */
    PLAIT_XMPP_PRESENCE_UNSUBSCRIBED = 5, /**< it may not, or not any more */
    PLAIT_XMPP_PRESENCE_PROBE = 6,
    PLAIT_XMPP_PRESENCE_ERROR = 7         /**< read only */
};

/** plait_xmpp_presence::show */
enum {
    PLAIT_XMPP_SHOW_NONE = 0,
    PLAIT_XMPP_SHOW_CHAT = 1,
    PLAIT_XMPP_SHOW_AWAY = 2,
    PLAIT_XMPP_SHOW_XA = 3,
    PLAIT_XMPP_SHOW_DND = 4
};

/** plait_xmpp_presence::role, in a room */
enum {
    PLAIT_XMPP_ROLE_UNSAID = 0,
    PLAIT_XMPP_ROLE_NONE = 1,
    PLAIT_XMPP_ROLE_VISITOR = 2,
    PLAIT_XMPP_ROLE_PARTICIPANT = 3,
    PLAIT_XMPP_ROLE_MODERATOR = 4
};

/** plait_xmpp_presence::affiliation, with a room */
enum {
    PLAIT_XMPP_AFFILIATION_UNSAID = 0,
    PLAIT_XMPP_AFFILIATION_NONE = 1,
    PLAIT_XMPP_AFFILIATION_OUTCAST = 2,
    PLAIT_XMPP_AFFILIATION_MEMBER = 3,
    PLAIT_XMPP_AFFILIATION_ADMIN = 4,
    PLAIT_XMPP_AFFILIATION_OWNER = 5
};

/** plait_xmpp_presence::flags: what a room says, by the numbers of its status codes (XEP-0045 §15.6). All but #PLAIT_XMPP_PRESENCE_JOIN are read only. */
enum {
    PLAIT_XMPP_PRESENCE_JOIN = 1,      /**< this side enters the room */
    PLAIT_XMPP_PRESENCE_ROOM = 2,      /**< it says what rooms say. Anybody can: look whether `from` is the room's */
    PLAIT_XMPP_PRESENCE_SELF = 4,      /**< 110: it is of this side itself */
    PLAIT_XMPP_PRESENCE_CREATED = 8,   /**< 201: the room is new */
    PLAIT_XMPP_PRESENCE_RENAMED = 16,  /**< 303: he is called plait_xmpp_presence::nick from now on */
    PLAIT_XMPP_PRESENCE_KICKED = 32,   /**< 307 */
    PLAIT_XMPP_PRESENCE_BANNED = 64,   /**< 301 */
    PLAIT_XMPP_PRESENCE_REMOVED = 128, /**< 321, 322, 332: he may not be there any more, or the service goes */
    PLAIT_XMPP_PRESENCE_ASSIGNED = 256 /**< 210: the service has chosen another nick */
};

/** A presence. What is empty is not said, and what has no place in what is sent does not count. */
typedef struct plait_xmpp_presence {
    uint32_t struct_size;
    uint32_t flags;       /**< PLAIT_XMPP_PRESENCE_JOIN to PLAIT_XMPP_PRESENCE_ASSIGNED */
    uint32_t type;        /**< one of PLAIT_XMPP_PRESENCE_AVAILABLE to PLAIT_XMPP_PRESENCE_ERROR */
    uint32_t show;        /**< one of PLAIT_XMPP_SHOW_ */
    int32_t priority;     /**< -128 to 127; below 0: this client gets no messages that are for the account as a whole */
    int32_t error;        /**< read only, of the type error: one of PLAIT_XMPP_STANZA_; else 0 */
    uint32_t role;        /**< one of PLAIT_XMPP_ROLE_ */
    uint32_t affiliation; /**< one of PLAIT_XMPP_AFFILIATION_ */
    uint32_t history;     /**< to join: how many earlier messages are wanted at most; 0: as many as the room likes; above 0x7fffffff: none */
    uint32_t reserved;
    plait_bytes to;       /**< an address */
    plait_bytes from;     /**< an address; a client need not say it */
    plait_bytes id;
    plait_bytes language; /**< of its status, as in `en` */
    plait_bytes status;   /**< for people */
    plait_bytes password; /**< to join: the room's */
    plait_bytes jid;      /**< who that is in a room, where it says so */
    plait_bytes nick;     /**< the new nick */
    plait_bytes reason;   /**< why somebody was sent away, or may not enter */
    plait_bytes caps_node; /**< read only: what the other side's software is (XEP-0115) */
    plait_bytes caps_ver;  /**< read only: the digest of what it can do; plait_xmpp_get_caps() makes the same of what it answers */
} plait_xmpp_presence;
#define PLAIT_XMPP_PRESENCE_INIT { sizeof(plait_xmpp_presence), 0, 0, 0, 0, 0, 0, 0, 0, 0, { NULL, 0 }, { NULL, 0 }, { NULL, 0 }, { NULL, 0 }, { NULL, 0 }, { NULL, 0 }, { NULL, 0 }, { NULL, 0 }, { NULL, 0 }, { NULL, 0 }, { NULL, 0 } }

/**
 * @brief Sends a message.
 * @param conn [in] one that speaks XMPP, and is ready.
 * @param message [in] what it says.
 * @return 0.
 * @errors those of a handle; #PLAIT_ERR_INVALID, also for a type that is only read, and a receipt that is wanted for a message without an id; #PLAIT_ERR_STRUCT_SIZE; #PLAIT_ERR_VALUE for what is no address, and
 *   what XML can't say; #PLAIT_ERR_TOO_LONG for an address; #PLAIT_ERR_BOUND before `ready`; #PLAIT_ERR_LIMIT when too many wait to be acknowledged; #PLAIT_ERR_CLOSED, #PLAIT_ERR_OVERFLOW,
 *   #PLAIT_ERR_NOMEM; #PLAIT_ERR_UNSUPPORTED by a library without XMPP.
 * @thread the reactor's.
 * @callbacks none.
 * @lifetime nothing of the host's is kept.
 * @since 0.1.0
 * @twisted `XmlStream.send` of a message
 */
PLAIT_API int plait_xmpp_send_message(plait_conn conn, const plait_xmpp_message *message);

/**
 * @brief Reads a message: of a copy for another client of this account, that which was copied.
 * @param conn [in] one that speaks XMPP.
 * @param stanza [in] what came.
 * @param out [out] with its struct_size set.
 * @return 0.
 * @errors those of a handle, also of the element; #PLAIT_ERR_INVALID when it is no message; #PLAIT_ERR_STRUCT_SIZE; #PLAIT_ERR_UNSUPPORTED by a library without XMPP.
 * @thread the reactor's.
 * @callbacks none.
 * @lifetime its bytes are the stanza's.
 * @since 0.1.0
 * @twisted none.
 */
PLAIT_API int plait_xmpp_read_message(plait_conn conn, plait_element stanza, plait_xmpp_message *out);

/**
 * @brief Sends a presence: to everybody who may see it, or to one.
 * @param conn [in] one that speaks XMPP, and is ready.
 * @param presence [in] what it says; as #PLAIT_XMPP_PRESENCE_INIT makes it: this side is there.
 * @return 0.
 * @errors as those of plait_xmpp_send_message(); #PLAIT_ERR_RANGE for a priority.
 * @thread the reactor's.
 * @callbacks none.
 * @lifetime nothing of the host's is kept.
 * @since 0.1.0
 * @twisted `XmlStream.send` of a presence
 */
PLAIT_API int plait_xmpp_send_presence(plait_conn conn, const plait_xmpp_presence *presence);

/**
 * @brief Reads a presence, a room's too.
 * @param conn [in] one that speaks XMPP.
 * @param stanza [in] what came.
 * @param out [out] with its struct_size set.
 * @return 0.
 * @errors as those of plait_xmpp_read_message(); #PLAIT_ERR_VALUE for a type that there is none of.
 * @thread the reactor's.
 * @callbacks none.
 * @lifetime its bytes are the stanza's.
 * @since 0.1.0
 * @twisted none.
 */
PLAIT_API int plait_xmpp_read_presence(plait_conn conn, plait_element stanza, plait_xmpp_presence *out);

/**
 * @brief Tells a contact of the roster.
 * @param conn [in] one that speaks XMPP, with #PLAIT_XMPP_ROSTER.
 * @param index [in] which, from 0 on; their order changes when they do.
 * @param out [out] with its struct_size set.
 * @return 0.
 * @errors those of a handle; #PLAIT_ERR_INVALID, #PLAIT_ERR_STRUCT_SIZE; #PLAIT_ERR_ABSENT when there are no more, and before the roster came; #PLAIT_ERR_UNSUPPORTED without the option, and
 *   by a library without XMPP.
 * @thread the reactor's.
 * @callbacks none.
 * @lifetime its bytes are valid until the callback returns, or until the next contact is asked for.
 * @since 0.1.0
 * @twisted none.
 */
PLAIT_API int plait_xmpp_get_contact(plait_conn conn, uint32_t index, plait_xmpp_contact *out);

/**
 * @brief Adds a contact to the roster on the server, or changes one; with #PLAIT_XMPP_SUBSCRIPTION_REMOVE takes it away. (Its presence is asked for by a presence of the type subscribe.)
 * @param conn [in] one that speaks XMPP, and is ready.
 * @param contact [in] its address, name and groups.
 * @param done [in] how it ended; may be NULL.
 * @param user [in] the first argument of done.
 * @param call [out] the call, for plait_call_cancel(); may be NULL.
 * @return 0.
 * @errors those of a handle; #PLAIT_ERR_INVALID, also when nothing says whom it is about; #PLAIT_ERR_STRUCT_SIZE; #PLAIT_ERR_VALUE for what is no address, and what XML can't say; #PLAIT_ERR_TOO_LONG
 *   for an address; #PLAIT_ERR_BOUND before `ready`; #PLAIT_ERR_LIMIT when too many wait; #PLAIT_ERR_CLOSED, #PLAIT_ERR_ABORTED, #PLAIT_ERR_OVERFLOW, #PLAIT_ERR_NOMEM; #PLAIT_ERR_UNSUPPORTED by a library
 *   without XMPP.
 * @thread the reactor's.
 * @callbacks none now; done in a later delivery or turn.
 * @lifetime nothing of the host's is kept but the user.
 * @since 0.1.0
 * @twisted none.
 */
PLAIT_API int plait_xmpp_set_contact(plait_conn conn, const plait_xmpp_contact *contact, plait_xmpp_answer_fn done, void *user, plait_call *call);

/**
 * @brief Changes somebody's role in a room, by his nick, or his affiliation with it, by his address (XEP-0045 §§8 to 10): to kick is the role none, to ban the affiliation outcast.
 * @param conn [in] one that speaks XMPP, and is ready.
 * @param occupant [in] `to` is the room; `nick` and `role`, or `jid` and `affiliation`; `reason`.
 * @param done [in] how it ended; may be NULL.
 * @param user [in] the first argument of done.
 * @param call [out] the call, for plait_call_cancel(); may be NULL.
 * @return 0.
 * @errors those of a handle; #PLAIT_ERR_INVALID, also when nothing says whom it is about, or what he is to be; #PLAIT_ERR_STRUCT_SIZE; #PLAIT_ERR_VALUE for what is no address, and what XML can't say;
 *   #PLAIT_ERR_TOO_LONG for an address; #PLAIT_ERR_BOUND before `ready`; #PLAIT_ERR_LIMIT when too many wait; #PLAIT_ERR_CLOSED, #PLAIT_ERR_ABORTED, #PLAIT_ERR_OVERFLOW, #PLAIT_ERR_NOMEM; #PLAIT_ERR_UNSUPPORTED by
 *   a library without XMPP.
 * @thread the reactor's.
 * @callbacks none now; done in a later delivery or turn.
 * @lifetime nothing of the host's is kept but the user.
 * @since 0.1.0
 * @twisted none.
 */
PLAIT_API int plait_xmpp_set_occupant(plait_conn conn, const plait_xmpp_presence *occupant, plait_xmpp_answer_fn done, void *user, plait_call *call);

/**
 * @brief Asks by an iq of the type get whose element has no more than a name: `query` in `http://jabber.org/protocol/disco#info` for what an entity can do, in `disco#items` for what it has,
 *   in `jabber:iq:version` for its software; `ping` in `urn:xmpp:ping` for whether it is there.
 * @param conn [in] one that speaks XMPP, and is ready.
 * @param to [in] whom; NUL-terminated, or NULL for the server.
 * @param name [in] the element's name; NUL-terminated.
 * @param space [in] its namespace; NUL-terminated.
 * @param node [in] its attribute `node`; NUL-terminated, or NULL.
 * @param limit_ms [in] how long it may take; 0: plait_xmpp_options::call_ms.
 * @param done [in] how it ended; may be NULL.
 * @param user [in] the first argument of done.
 * @param call [out] the call, for plait_call_cancel(); may be NULL.
 * @return 0.
 * @errors as those of plait_xmpp_call(); #PLAIT_ERR_VALUE for what is no name, no namespace, or no text.
 * @thread the reactor's.
 * @callbacks none now; done in a later delivery or turn.
 * @lifetime nothing of the host's is kept but the user.
 * @since 0.1.0
 * @twisted `xmlstream.IQ.send`
 */
PLAIT_API int plait_xmpp_query(plait_conn conn, const char *to, const char *name, const char *space, const char *node, uint64_t limit_ms, plait_xmpp_answer_fn done,
                               void *user, plait_call *call);

/**
 * @brief Makes the digest of what an entity says that it can do (XEP-0115 §5), to be compared with plait_xmpp_presence::caps_ver: who keeps what a digest stands for need not ask again, and nobody can
 *   lie about another's with it. Of more than 2,000 features, of a name with `<` and of a category or a type with `/` there is none: they could be read in two ways.
 * @param element [in] the answer to a query of `disco#info`.
 * @param node [in] its element `query`.
 * @param out [out] the digest.
 * @param cap [in] the room in it, in bytes; 28 are enough.
 * @param len [out] how many bytes it has.
 * @return 0.
 * @errors those of a handle; #PLAIT_ERR_INVALID for a node that is no element; #PLAIT_ERR_VALUE for such an answer, and for one that names something twice, as no honest one does; #PLAIT_ERR_OVERFLOW; #PLAIT_ERR_NOMEM; #PLAIT_ERR_UNSUPPORTED by a library
 *   without XMPP or TLS, whose digests these are.
 * @thread any.
 * @callbacks none.
 * @lifetime nothing of the host's is kept.
 * @since 0.1.0
 * @twisted none.
 */
PLAIT_API int plait_xmpp_get_caps(plait_element element, uint32_t node, uint8_t *out, size_t cap, size_t *len);

#ifdef __cplusplus
}
#endif
#endif
