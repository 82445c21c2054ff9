/* libidn for Swift: the profiles of stringprep that XMPP addresses have (RFC 6122 2). Nothing here holds state. */
#ifndef CIDN_SHIM_H
#define CIDN_SHIM_H
#include <stdint.h>
#include <string.h>
#include <stringprep.h>

#define CIDN_NODE 0
#define CIDN_NAME 1
#define CIDN_RESOURCE 2
#define CIDN_PASSWORD 3

/* Prepares a text that ends in NUL, in room for so many bytes: 0, or what is wrong with it. */
static inline int cidn_prepare(char *text, size_t room, int profile) {
    return stringprep(text, room, STRINGPREP_NO_UNASSIGNED,
                      profile == CIDN_NODE       ? stringprep_xmpp_nodeprep
                      : profile == CIDN_NAME     ? stringprep_nameprep
                      : profile == CIDN_PASSWORD ? stringprep_saslprep
                                                 : stringprep_xmpp_resourceprep);
}
/* Had it no room? */
static inline int cidn_is_too_long(int status) { return status == STRINGPREP_TOO_SMALL_BUFFER; }
static inline int cidn_is_memory(int status) { return status == STRINGPREP_MALLOC_ERROR; }
#endif
