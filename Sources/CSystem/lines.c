/* The lines of a block. Where memchr is called for each, the call costs more than the search: here 64 bytes are
 * compared at once, and all ends among them taken. */
#include "CSystem.h"
#if defined(__SSE2__)
#include <emmintrin.h>
#define WIDE 64
#elif defined(__aarch64__) && defined(__ARM_NEON)
#include <arm_neon.h>
#define WIDE 64
#endif

void csystem_copy_long(void *to, const void *from, size_t len) {
    if (len > 0) memcpy(to, from, len);
}

/* An end of a line, or what looks like one. 0: the scan is over. */
static inline __attribute__((always_inline)) int take(struct csystem_lines *lines, const uint8_t *bytes, size_t hit,
                                                      int is_pair) {
    size_t line = lines->line;
    if (is_pair && (hit == 0 || bytes[hit - 1] != '\r')) return 1; /* part of the line */
    size_t length = hit - line - (size_t)is_pair; /* the CR is part of this line: in front of it is an LF */
    if (length > lines->longest) {
        lines->excess = length;
        return 0;
    }
    lines->pairs[2 * lines->count] = (uint32_t)line;
    lines->pairs[2 * lines->count + 1] = (uint32_t)length;
    lines->line = hit + 1;
    return ++lines->count < lines->most;
}

static inline __attribute__((always_inline)) void each(struct csystem_lines *lines, const uint8_t *bytes, size_t len,
                                                       size_t at, uint8_t last, int is_pair) {
    const uint8_t *hit;
    while (at < len && (hit = memchr(bytes + at, last, len - at))) {
        if (!take(lines, bytes, (size_t)(hit - bytes), is_pair)) return;
        at = (size_t)(hit - bytes) + 1;
    }
}

#ifdef WIDE
/* Which of 64 bytes are wanted: bit 0 is the first. */
static inline __attribute__((always_inline)) uint64_t hits(const uint8_t *at, uint8_t wanted) {
#ifdef __SSE2__
    const __m128i byte = _mm_set1_epi8((char)wanted);
    uint64_t found = 0;
    for (int i = 0; i < 4; i++) {
        __m128i part = _mm_loadu_si128((const __m128i *)(at + 16 * i));
        found |= (uint64_t)(uint32_t)_mm_movemask_epi8(_mm_cmpeq_epi8(part, byte)) << (16 * i);
    }
    return found;
#else
    static const uint8_t places[16] = {1, 2, 4, 8, 16, 32, 64, 128, 1, 2, 4, 8, 16, 32, 64, 128};
    const uint8x16_t byte = vdupq_n_u8(wanted), place = vld1q_u8(places);
    uint8x16_t part[4];
    for (int i = 0; i < 4; i++) part[i] = vandq_u8(vceqq_u8(vld1q_u8(at + 16 * i), byte), place);
    uint8x16_t sum = vpaddq_u8(vpaddq_u8(part[0], part[1]), vpaddq_u8(part[2], part[3]));
    return vgetq_lane_u64(vreinterpretq_u64_u8(vpaddq_u8(sum, sum)), 0);
#endif
}

/* Lines above this length are looked for by memchr, which finds a far end faster. */
enum { LONG = 2 * WIDE };

static inline __attribute__((always_inline)) void wide(struct csystem_lines *lines, const uint8_t *bytes, size_t len,
                                                       uint8_t last, int is_pair) {
    struct csystem_lines found = *lines;
    size_t at = 0, before = 0; /* the last hit */
    while (len - at >= WIDE) {
        for (uint64_t mask = hits(bytes + at, last); mask; mask &= mask - 1) {
            before = at + (size_t)__builtin_ctzll(mask);
            if (!take(&found, bytes, before, is_pair)) goto done;
        }
        at += WIDE;
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
#endif

void csystem_find_lines(struct csystem_lines *lines, const uint8_t *bytes, size_t len) {
    lines->line = 0;
    lines->excess = 0;
    if (lines->count >= lines->most) return;
#ifdef WIDE
    if (lines->is_pair)
        wide(lines, bytes, len, '\n', 1);
    else
        wide(lines, bytes, len, lines->last, 0);
#else
    if (lines->is_pair)
        each(lines, bytes, len, 0, '\n', 1);
    else
        each(lines, bytes, len, 0, lines->last, 0);
#endif
}
