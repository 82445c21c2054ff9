/**
 * @file plait/jid.h
 * @brief Addresses of XMPP: `node@domain/resource`, prepared and compared as RFC 6122 says, escaped as XEP-0106 does.
 *
 * An address is a value, without a handle. To *prepare* one is to bring it into the one form in which it is compared byte by byte: the node
 * and the domain in lower case, compatible characters of Unicode made one, what can't be in an address refused (stringprep with the
 * profiles nodeprep, nameprep and resourceprep, of Unicode 3.2). Each part has at most 1,023 bytes.
 *
 *     uint8_t room[PLAIT_JID_MAX];
 *     plait_jid jid;
 *     if (plait_jid_parse((const uint8_t *)text, strlen(text), room, sizeof room, &jid) == 0)
 *         printf("%.*s\n", (int)jid.bare.len, (const char *)jid.bare.data);
 */
#ifndef PLAIT_JID_H
#define PLAIT_JID_H

#include "bytes.h"

#ifdef __cplusplus
extern "C" {
#endif

/** The most bytes that an address has. */
#define PLAIT_JID_MAX 3071

/** The most bytes that a part of one has. */
#define PLAIT_JID_PART_MAX 1023

/** plait_jid_compare() */
enum {
    PLAIT_JID_BARE = 1 /**< the resources may differ */
};

/** The parts of an address that was prepared; they lie in the room that was given. What is not there has length 0. */
typedef struct plait_jid {
    plait_bytes full;     /**< all of it */
    plait_bytes bare;     /**< without the resource */
    plait_bytes node;     /**< in front of the @ */
    plait_bytes domain;   /**< always there */
    plait_bytes resource; /**< behind the / */
} plait_jid;

/**
 * @brief Cuts an address into its parts, and prepares them.
 * @param text [in] UTF-8.
 * @param len [in] bytes.
 * @param out [out] room for the prepared address.
 * @param cap [in] how much room there is; #PLAIT_JID_MAX is always enough.
 * @param parts [out] where the parts are in `out`.
 * @return 0.
 * @errors #PLAIT_ERR_INVALID; #PLAIT_ERR_VALUE when it is no address; #PLAIT_ERR_TOO_LONG when a part of it has too many bytes;
 *   #PLAIT_ERR_OVERFLOW when the room is too small; #PLAIT_ERR_NOMEM; #PLAIT_ERR_UNSUPPORTED by a library without XMPP.
 * @thread any.
 * @callbacks none.
 * @lifetime nothing of the host's is kept; the parts live as long as the room.
 * @since 0.1.0
 * @twisted `jid.parse`, `jid.JID(str)`
 */
PLAIT_API int plait_jid_parse(const uint8_t *text, size_t len, uint8_t *out, size_t cap, plait_jid *parts);

/**
 * @brief Makes an address of its parts, and prepares them.
 * @param given [in] node, domain and resource are read; each may have any characters that its part may have.
 * @param out [out] room for the prepared address.
 * @param cap [in] how much room there is; #PLAIT_JID_MAX is always enough.
 * @param parts [out] where the parts are in `out`.
 * @return 0.
 * @errors as those of plait_jid_parse().
 * @thread any.
 * @callbacks none.
 * @lifetime nothing of the host's is kept; the parts live as long as the room.
 * @since 0.1.0
 * @twisted `jid.prep`, `jid.JID(tuple)`
 */
PLAIT_API int plait_jid_make(const plait_jid *given, uint8_t *out, size_t cap, plait_jid *parts);

/**
 * @brief Tells whether two addresses, prepared or not, are the same.
 * @param first [in] UTF-8.
 * @param first_len [in] bytes.
 * @param second [in] UTF-8.
 * @param second_len [in] bytes.
 * @param flags [in] 0 or PLAIT_JID_BARE.
 * @return 1 when they are, else 0.
 * @errors #PLAIT_ERR_INVALID; #PLAIT_ERR_VALUE, #PLAIT_ERR_TOO_LONG when one of them is no address; #PLAIT_ERR_NOMEM; #PLAIT_ERR_UNSUPPORTED
 *   by a library without XMPP.
 * @thread any.
 * @callbacks none.
 * @lifetime nothing is kept.
 * @since 0.1.0
 * @twisted `JID.__eq__`
 */
PLAIT_API int plait_jid_compare(const uint8_t *first, size_t first_len, const uint8_t *second, size_t second_len, uint32_t flags);

/**
 * @brief Writes any text so that it can be a node: characters that nodes can't have are escaped, a space as `\20`, an @ as `\40`.
 * @param text [in] UTF-8.
 * @param len [in] bytes.
 * @param out [out] room for the node.
 * @param cap [in] how much room there is; three times as many bytes as the text has are always enough.
 * @param out_len [out] how long the node is.
 * @return 0.
 * @errors #PLAIT_ERR_INVALID; #PLAIT_ERR_VALUE when it begins or ends with a space; #PLAIT_ERR_OVERFLOW when the room is too small;
 *   #PLAIT_ERR_UNSUPPORTED by a library without XMPP.
 * @thread any.
 * @callbacks none.
 * @lifetime nothing is kept.
 * @since 0.1.0
 * @twisted none.
 */
PLAIT_API int plait_jid_escape(const uint8_t *text, size_t len, uint8_t *out, size_t cap, size_t *out_len);

/**
 * @brief Gives back the text of a node that was escaped. It is for the eye: addresses are compared as they are, escaped.
 * @param node [in] UTF-8.
 * @param len [in] bytes.
 * @param out [out] room for the text.
 * @param cap [in] how much room there is; as many bytes as the node has are always enough.
 * @param out_len [out] how long the text is.
 * @return 0.
 * @errors #PLAIT_ERR_INVALID; #PLAIT_ERR_OVERFLOW when the room is too small; #PLAIT_ERR_UNSUPPORTED by a library without XMPP.
 * @thread any.
 * @callbacks none.
 * @lifetime nothing is kept.
 * @since 0.1.0
 * @twisted none.
 */
PLAIT_API int plait_jid_unescape(const uint8_t *node, size_t len, uint8_t *out, size_t cap, size_t *out_len);

#ifdef __cplusplus
}
#endif
#endif
