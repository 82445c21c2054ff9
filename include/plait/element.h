/**
 * @file plait/element.h
 * @brief XML elements: trees that are parsed, built, walked, matched and written. What XMPP says is made of them.
 *
 * A `plait_element` is a whole tree. Its *nodes*, elements and texts, are numbered in the order in which they came, and 0 is the root; a function
 * takes the tree and the number. Numbers stay what they are as long as the tree lives.
 *
 *     plait_element message = {0};
 *     plait_bytes body;
 *     int node;
 *     plait_element_new(&message, "message", "jabber:client");
 *     plait_element_set_attribute(message, 0, "to", NULL, (const uint8_t *)"juliet@example.com", 18);
 *     node = plait_element_add(message, 0, "body", NULL);
 *     plait_element_add_text(message, (uint32_t)node, (const uint8_t *)"Wherefore?", 10);
 *     ...
 *     node = plait_element_get_child(message, 0, "body", NULL);
 *     if (node >= 0 && plait_element_get_text(message, (uint32_t)node, &body) == 0) ...
 *     plait_element_free(message);
 *
 * Trees that a host makes are process-wide, used by any thread, and live until plait_element_free(). Those that a callback
 * is given are valid until it returns; plait_element_copy() keeps one.
 *
 * **Names** are NUL-terminated. A *space* is a namespace: NULL for an element's means its parent's when it is made, and any when it is
 * looked for; NULL for an attribute's means none, as nearly all have. `xml:lang` is the attribute `lang` of the space #PLAIT_XML_SPACE.
 *
 * **Written** trees are always the same for the same content: attributes in the order in which they were set and quoted by ', spaces declared where
 * they change, and neither comments nor CDATA. Text is UTF-8; what XML can't say, such as U+0001, is #PLAIT_ERR_VALUE.
 *
 * **Queries** are a part of XPath, as Twisted has it: `/message[@type="chat"]/body`, `//item`, with `*` for any name, a final `/@name`, and in
 * brackets `@name`, `@name="x"`, `@name!="x"`, `@xmlns="space"`, `text()="x"`, `name()="x"`, a position (`2`), `not(…)`, `and`, `or` and parentheses. The first step is
 * compared with the node itself. Names match in every space.
 *
 * Documents with a DTD, and so with entities of their own, are refused, and so are comments and processing instructions (RFC 6120 §11.1).
 */
#ifndef PLAIT_ELEMENT_H
#define PLAIT_ELEMENT_H

#include "bytes.h"
#include "status.h"

#ifdef __cplusplus
extern "C" {
#endif

/** A tree of elements and texts. */
typedef struct plait_element { uint64_t id; } plait_element;

/** The namespace of `xml:lang`. */
#define PLAIT_XML_SPACE "http://www.w3.org/XML/1998/namespace"

/** In a table: nothing is there. */
#define PLAIT_ELEMENT_NONE 4294967295u

/** What a document, or a stanza of a stream, may have. Zero means the default. */
typedef struct plait_element_limits {
    uint32_t struct_size;
    uint32_t max_bytes;      /**< bytes of XML; 10 MiB */
    uint32_t max_depth;      /**< elements within one another; 256 */
    uint32_t max_elements;   /**< elements in all; 100,000 */
    uint32_t max_attributes; /**< attributes of one element; 256 */
} plait_element_limits;
#define PLAIT_ELEMENT_LIMITS_INIT { sizeof(plait_element_limits), 0, 0, 0, 0 }

/** A whole tree as numbers, for languages to which each call is dear. Offsets are into `data`; pairs are an offset and a length. */
typedef struct plait_element_table {
    uint32_t struct_size;
    uint32_t reserved;
    const uint8_t *data;        /**< all names and texts */
    size_t len;                 /**< in bytes */
    /** A row of ten numbers for each node: the pair of its name, or of its text; the pair of its space; the numbers of its parent, its first and its last child and
     *  its next sibling; the number of its first attribute; 1 for a text, 0 for an element. Numbers are #PLAIT_ELEMENT_NONE where there is none. */
    const uint32_t *nodes;
    size_t node_count;          /**< how many */
    const uint32_t *attributes; /**< a row of seven for each: the pairs of name, space and value; the number of the next one of the same element */
    size_t attribute_count;     /**< how many */
} plait_element_table;
#define PLAIT_ELEMENT_TABLE_INIT { sizeof(plait_element_table), 0, NULL, 0, NULL, 0, NULL, 0 }

/**
 * @brief Makes an element without anything in it.
 * @param out [out] the tree.
 * @param name [in] NUL-terminated.
 * @param space [in] NUL-terminated; NULL: none.
 * @return 0.
 * @errors #PLAIT_ERR_INVALID; #PLAIT_ERR_VALUE for a name or a space that XML can't have; #PLAIT_ERR_LIMIT, #PLAIT_ERR_NOMEM; #PLAIT_ERR_UNSUPPORTED by a
 *   library without XMPP.
 * @thread any.
 * @callbacks none.
 * @lifetime until plait_element_free().
 * @since 0.1.0
 * @twisted `domish.Element`
 */
PLAIT_API int plait_element_new(plait_element *out, const char *name, const char *space);

/**
 * @brief Parses a document.
 * @param out [out] the tree.
 * @param data [in] UTF-8; an XML declaration may stand in front.
 * @param len [in] bytes.
 * @param limits [in] what it may have; or NULL.
 * @param reason [out] with its struct_size set, or NULL. Written when the answer is #PLAIT_ERR_PROTOCOL or #PLAIT_ERR_TOO_LONG, with the offset of what is wrong.
 * @return 0.
 * @errors #PLAIT_ERR_INVALID, #PLAIT_ERR_STRUCT_SIZE; #PLAIT_ERR_PROTOCOL when it is no XML, or XML that is refused; #PLAIT_ERR_TOO_LONG beyond a limit; #PLAIT_ERR_LIMIT,
 *   #PLAIT_ERR_NOMEM; #PLAIT_ERR_UNSUPPORTED by a library without XMPP.
 * @thread any.
 * @callbacks none.
 * @lifetime until plait_element_free().
 * @since 0.1.0
 * @twisted `domish.elementStream`
 */
PLAIT_API int plait_element_parse(plait_element *out, const uint8_t *data, size_t len, const plait_element_limits *limits,
                                  plait_reason *reason);

/**
 * @brief Makes a tree of a part of another: a stanza outlives its callback so.
 * @param out [out] the tree, whose root is a copy of the node.
 * @param element [in] any tree.
 * @param node [in] an element of it.
 * @return 0.
 * @errors those of a handle; #PLAIT_ERR_INVALID for a node that is no element; #PLAIT_ERR_LIMIT, #PLAIT_ERR_NOMEM; #PLAIT_ERR_UNSUPPORTED by a library without XMPP.
 * @thread any; the reactor's for a tree of a callback's.
 * @callbacks none.
 * @lifetime until plait_element_free().
 * @since 0.1.0
 * @twisted none: Python counts by itself.
 */
PLAIT_API int plait_element_copy(plait_element *out, plait_element element, uint32_t node);

/**
 * @brief Frees a tree that was made by plait_element_new(), plait_element_parse() or plait_element_copy().
 * @param element [in]
 * @return 0.
 * @errors those of a handle; #PLAIT_ERR_BOUND for a tree of a callback's; #PLAIT_ERR_UNSUPPORTED by a library without XMPP.
 * @thread any.
 * @callbacks none.
 * @lifetime the handle is stale.
 * @since 0.1.0
 * @twisted none: Python counts by itself.
 */
PLAIT_API int plait_element_free(plait_element element);

/**
 * @brief Adds an element behind the children of another.
 * @param element [in] any tree.
 * @param parent [in] an element of it.
 * @param name [in] NUL-terminated.
 * @param space [in] NUL-terminated; NULL: the parent's.
 * @return the number of the new node.
 * @errors those of a handle; #PLAIT_ERR_INVALID for a node that is no element; #PLAIT_ERR_VALUE for a name or a space that XML can't have; #PLAIT_ERR_OVERFLOW when the tree
 *   is full, #PLAIT_ERR_NOMEM; #PLAIT_ERR_UNSUPPORTED by a library without XMPP.
 * @thread any; the reactor's for a tree of a callback's.
 * @callbacks none.
 * @lifetime nothing of the host's is kept; what plait_element_get_text() and others gave out is not valid any more.
 * @since 0.1.0
 * @twisted `Element.addElement`
 */
PLAIT_API int plait_element_add(plait_element element, uint32_t parent, const char *name, const char *space);

/**
 * @brief Adds text behind the children of an element.
 * @param element [in] any tree.
 * @param parent [in] an element of it.
 * @param text [in] UTF-8, not escaped.
 * @param len [in] bytes.
 * @return the number of the new node.
 * @errors as those of plait_element_add(); #PLAIT_ERR_VALUE for what XML can't say.
 * @thread any; the reactor's for a tree of a callback's.
 * @callbacks none.
 * @lifetime as of plait_element_add().
 * @since 0.1.0
 * @twisted `Element.addContent`
 */
PLAIT_API int plait_element_add_text(plait_element element, uint32_t parent, const uint8_t *text, size_t len);

/**
 * @brief Adds a copy of an element, with all that is in it, behind the children of another.
 * @param element [in] any tree.
 * @param parent [in] an element of it.
 * @param from [in] any tree but the first.
 * @param node [in] an element of that.
 * @return the number of the new node.
 * @errors as those of plait_element_add(); #PLAIT_ERR_INVALID when both trees are the same.
 * @thread any; the reactor's for a tree of a callback's.
 * @callbacks none.
 * @lifetime as of plait_element_add().
 * @since 0.1.0
 * @twisted `Element.addChild`
 */
PLAIT_API int plait_element_add_copy(plait_element element, uint32_t parent, plait_element from, uint32_t node);

/**
 * @brief Sets an attribute, or takes it away.
 * @param element [in] any tree.
 * @param node [in] an element of it.
 * @param name [in] NUL-terminated, without a prefix.
 * @param space [in] NUL-terminated; NULL: none.
 * @param value [in] UTF-8, not escaped; NULL takes the attribute away.
 * @param len [in] bytes.
 * @return 0.
 * @errors as those of plait_element_add(); #PLAIT_ERR_VALUE for what XML can't say, and for the name xmlns.
 * @thread any; the reactor's for a tree of a callback's.
 * @callbacks none.
 * @lifetime as of plait_element_add().
 * @since 0.1.0
 * @twisted `Element.__setitem__`
 */
PLAIT_API int plait_element_set_attribute(plait_element element, uint32_t node, const char *name, const char *space,
                                          const uint8_t *value, size_t len);

/**
 * @brief Gets an attribute.
 * @param element [in] any tree.
 * @param node [in] an element of it.
 * @param name [in] NUL-terminated.
 * @param space [in] NUL-terminated; NULL: none.
 * @param value [out]
 * @return 0.
 * @errors those of a handle; #PLAIT_ERR_INVALID for a node that is no element; #PLAIT_ERR_ABSENT; #PLAIT_ERR_UNSUPPORTED by a library without XMPP.
 * @thread any; the reactor's for a tree of a callback's.
 * @callbacks none.
 * @lifetime the value is valid as long as the tree lives and nothing is added to it.
 * @since 0.1.0
 * @twisted `Element.getAttribute`
 */
PLAIT_API int plait_element_get_attribute(plait_element element, uint32_t node, const char *name, const char *space,
                                          plait_bytes *value);

/**
 * @brief Gets the name of an element.
 * @param element [in] any tree.
 * @param node [in] an element of it.
 * @param name [out] may be NULL.
 * @param space [out] empty where it is in none; may be NULL.
 * @return 0.
 * @errors those of a handle; #PLAIT_ERR_INVALID for a node that is no element; #PLAIT_ERR_UNSUPPORTED by a library without XMPP.
 * @thread any; the reactor's for a tree of a callback's.
 * @callbacks none.
 * @lifetime the bytes are valid as long as the tree lives and nothing is added to it.
 * @since 0.1.0
 * @twisted `Element.name`, `Element.uri`
 */
PLAIT_API int plait_element_get_name(plait_element element, uint32_t node, plait_bytes *name, plait_bytes *space);

/**
 * @brief Gets a text: that of a text node, or the first one directly in an element.
 * @param element [in] any tree.
 * @param node [in] a node of it.
 * @param text [out]
 * @return 0.
 * @errors those of a handle; #PLAIT_ERR_INVALID for a number that is no node; #PLAIT_ERR_ABSENT when there is none; #PLAIT_ERR_UNSUPPORTED by a library without XMPP.
 * @thread any; the reactor's for a tree of a callback's.
 * @callbacks none.
 * @lifetime the bytes are valid as long as the tree lives and nothing is added to it.
 * @since 0.1.0
 * @twisted `Element.__str__`
 */
PLAIT_API int plait_element_get_text(plait_element element, uint32_t node, plait_bytes *text);

/**
 * @brief Gets the first child of an element that is one itself and fits.
 * @param element [in] any tree.
 * @param node [in] an element of it.
 * @param name [in] NUL-terminated; NULL: any.
 * @param space [in] NUL-terminated; NULL: any.
 * @return the number of the child.
 * @errors those of a handle; #PLAIT_ERR_INVALID for a node that is no element; #PLAIT_ERR_ABSENT; #PLAIT_ERR_UNSUPPORTED by a library without XMPP.
 * @thread any; the reactor's for a tree of a callback's.
 * @callbacks none.
 * @lifetime nothing is kept.
 * @since 0.1.0
 * @twisted `Element.firstChildElement`, `Element.elements`
 */
PLAIT_API int plait_element_get_child(plait_element element, uint32_t node, const char *name, const char *space);

/**
 * @brief Gets the next sibling of a node that is an element and fits.
 * @param element [in] any tree.
 * @param node [in] a node of it.
 * @param name [in] NUL-terminated; NULL: any.
 * @param space [in] NUL-terminated; NULL: any.
 * @return the number of the sibling.
 * @errors those of a handle; #PLAIT_ERR_INVALID for a number that is no node; #PLAIT_ERR_ABSENT; #PLAIT_ERR_UNSUPPORTED by a library without XMPP.
 * @thread any; the reactor's for a tree of a callback's.
 * @callbacks none.
 * @lifetime nothing is kept.
 * @since 0.1.0
 * @twisted `Element.elements`
 */
PLAIT_API int plait_element_get_next(plait_element element, uint32_t node, const char *name, const char *space);

/**
 * @brief Gets a whole tree as tables of numbers.
 * @param element [in] any tree.
 * @param table [out] with its struct_size set.
 * @return 0.
 * @errors those of a handle; #PLAIT_ERR_INVALID, #PLAIT_ERR_STRUCT_SIZE; #PLAIT_ERR_UNSUPPORTED by a library without XMPP.
 * @thread any; the reactor's for a tree of a callback's.
 * @callbacks none.
 * @lifetime what it points to is valid as long as the tree lives and nothing is added to it or set in it.
 * @since 0.1.0
 * @twisted none: there, elements are Python's.
 */
PLAIT_API int plait_element_get_table(plait_element element, plait_element_table *table);

/**
 * @brief Tells whether a query finds anything.
 * @param element [in] any tree.
 * @param node [in] an element of it, with which the first step is compared.
 * @param query [in] NUL-terminated: see the head of this file.
 * @return 1 when it does, else 0.
 * @errors those of a handle; #PLAIT_ERR_INVALID for a query that is none and for a node that is no element; #PLAIT_ERR_UNSUPPORTED by a library without XMPP.
 * @thread any; the reactor's for a tree of a callback's.
 * @callbacks none.
 * @lifetime nothing is kept.
 * @since 0.1.0
 * @twisted `xpath.matches`
 */
PLAIT_API int plait_element_match(plait_element element, uint32_t node, const char *query);

/**
 * @brief Finds all elements that a query fits, in their order; with a final `/@name` those that have the attribute.
 * @param element [in] any tree.
 * @param node [in] an element of it, with which the first step is compared.
 * @param query [in] NUL-terminated: see the head of this file.
 * @param nodes [out] room for their numbers; may be NULL where cap is 0.
 * @param cap [in] for how many.
 * @return how many there are, which may be more than there was room for.
 * @errors as those of plait_element_match().
 * @thread any; the reactor's for a tree of a callback's.
 * @callbacks none.
 * @lifetime nothing is kept.
 * @since 0.1.0
 * @twisted `xpath.queryForNodes`
 */
PLAIT_API int plait_element_query(plait_element element, uint32_t node, const char *query, uint32_t *nodes, size_t cap);

/**
 * @brief Writes an element, with all that is in it, as XML.
 * @param element [in] any tree.
 * @param node [in] an element of it.
 * @param space [in] NUL-terminated: the namespace that is declared where it will stand, and need not be again; NULL: none.
 * @param out [out] room for it; NULL where only its length is wanted.
 * @param cap [in] how much room there is.
 * @param len [out] how long it is.
 * @return 0.
 * @errors those of a handle; #PLAIT_ERR_INVALID for a node that is no element; #PLAIT_ERR_OVERFLOW when the room is too small; #PLAIT_ERR_NOMEM; #PLAIT_ERR_UNSUPPORTED by a
 *   library without XMPP.
 * @thread any; the reactor's for a tree of a callback's.
 * @callbacks none.
 * @lifetime nothing is kept.
 * @since 0.1.0
 * @twisted `Element.toXml`
 */
PLAIT_API int plait_element_write(plait_element element, uint32_t node, const char *space, uint8_t *out, size_t cap, size_t *len);

#ifdef __cplusplus
}
#endif
#endif
