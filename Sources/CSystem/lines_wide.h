/* The lines of a block, 64 bytes at a time. lines.c includes this once for each way to compare them:
 *     WIDE(NAME)   a name for it
 *     WIDE_TARGET  what the processor has to know, as an attribute
 * and there is a WIDE(hits)(at, wanted): which of 64 bytes are wanted; bit 0 is the first. */

WIDE_TARGET static inline __attribute__((always_inline)) void
WIDE(scan)(struct csystem_lines *lines, const uint8_t *bytes, size_t len, uint8_t last, int is_pair) {
    struct csystem_lines found = *lines;
    size_t at = 0, before = 0; /* the last hit */
    while (len - at >= 64) {
        for (uint64_t mask = WIDE(hits)(bytes + at, last); mask; mask &= mask - 1) {
            before = at + (size_t)__builtin_ctzll(mask);
            if (!take(&found, bytes, before, is_pair)) goto done;
        }
        at += 64;
        for (size_t gap = at - before; gap > LONG;) {
            const uint8_t *hit = memchr(bytes + at, last, len - at);
            if (!hit || !take(&found, bytes, (size_t)(hit - bytes), is_pair)) goto done;
            at = (size_t)(hit - bytes) + 1;
            gap = at - before;
            before = at;
        }
    }
    each(&found, bytes, len, at, last, is_pair);
done:
    *lines = found;
}

WIDE_TARGET static void WIDE(lines)(struct csystem_lines *lines, const uint8_t *bytes, size_t len) {
    if (lines->is_pair)
        WIDE(scan)(lines, bytes, len, '\n', 1);
    else
        WIDE(scan)(lines, bytes, len, lines->last, 0);
}
#undef WIDE
#undef WIDE_TARGET
