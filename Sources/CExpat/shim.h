/* expat for Swift. Nothing here holds state. */
#ifndef CEXPAT_SHIM_H
#define CEXPAT_SHIM_H
#include <expat.h>
#include <stdint.h>
#include <string.h>

/* What stands between a namespace and a name: no document can have it. */
#define CEXPAT_SEPARATOR '\f'

/* Expat 2.6 puts off what may be unfinished until more has come, which a conversation can't wait for; earlier ones
 * don't know the call. */
#pragma weak XML_SetReparseDeferralEnabled
extern XML_Bool XML_SetReparseDeferralEnabled(XML_Parser parser, XML_Bool enabled);

static inline void cexpat_wait_for_nothing(XML_Parser parser) {
    if (&XML_SetReparseDeferralEnabled) XML_SetReparseDeferralEnabled(parser, XML_FALSE);
}
static inline XML_Parser cexpat_new(void) { return XML_ParserCreateNS("UTF-8", CEXPAT_SEPARATOR); }
static inline int cexpat_reset(XML_Parser parser) { return XML_ParserReset(parser, "UTF-8"); }

/* Where the event that is being told ends, counted from the first byte of the document. */
static inline int64_t cexpat_end(XML_Parser parser) {
    return (int64_t)XML_GetCurrentByteIndex(parser) + XML_GetCurrentByteCount(parser);
}

/* How many bytes of a name belong to its namespace, or -1. */
static inline int64_t cexpat_split(const char *name, size_t length) {
    const char *found = (const char *)memchr(name, CEXPAT_SEPARATOR, length);
    return found ? found - name : -1;
}

static inline int cexpat_is_utf8(const char *name) {
    return (name[0] | 32) == 'u' && (name[1] | 32) == 't' && (name[2] | 32) == 'f' && name[3] == '-' &&
           name[4] == '8' && !name[5];
}
#endif
