/**
 * @file plait/bytes.h
 * @brief Bytes, and the bounds of what crosses the border.
 *
 * Functions take bytes as a pointer and a length; the pointer may be NULL when the length is 0.
 * Bytes given to a function are copied before it returns; bytes given to a callback are valid
 * until it returns, and are not NUL-terminated.
 *
 * A *block* is many messages at once: one buffer, and a table of `count` pairs of `uint32_t`,
 * the offset and the length of each message measured from the buffer's first byte.
 */
#ifndef PLAIT_BYTES_H
#define PLAIT_BYTES_H

#include "version.h"

/** The most bytes that one call, one message or one buffer may have: 1 GiB. */
#define PLAIT_BYTES_MAX 1073741824

/** The most messages that a block which is delivered has. */
#define PLAIT_BLOCK_MAX 4096

/** Bytes inside a struct; never owned by it. */
typedef struct plait_bytes {
    const uint8_t *data; /**< NULL only when len is 0 */
    size_t len;          /**< in bytes */
} plait_bytes;

#endif
