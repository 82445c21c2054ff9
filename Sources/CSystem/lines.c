/* The lines of a block. Where memchr is called for each, the call costs more than the search: here 64 bytes are
 * compared at once, and all ends among them taken. */
#include "CSystem.h"
#if defined(__SSE2__)
#include <cpuid.h>
#include <immintrin.h>
#elif defined(__aarch64__) && defined(__ARM_NEON)
#include <arm_neon.h>
#endif

#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
#define HEAD(a, b, c, d) ((uint32_t)(a) | (uint32_t)(b) << 8 | (uint32_t)(c) << 16 | (uint32_t)(d) << 24)
#else
#define HEAD(a, b, c, d) ((uint32_t)(a) << 24 | (uint32_t)(b) << 16 | (uint32_t)(c) << 8 | (uint32_t)(d))
#endif
#define ONE(n) HEAD('0' + (n), ':', 0, 0)
#define TWO(n, m) HEAD('0' + (n), '0' + (m), ':', 0)
#define THREE(n, m) HEAD('1', '0' + (n), '0' + (m), ':')
#define TEN(of, n) of(n, 0), of(n, 1), of(n, 2), of(n, 3), of(n, 4), of(n, 5), of(n, 6), of(n, 7), of(n, 8), of(n, 9)
const uint32_t csystem_heads[CSYSTEM_SHORT + 1] = {
    ONE(0),      ONE(1),      ONE(2),      ONE(3),        ONE(4),        ONE(5),      ONE(6),      ONE(7),
    ONE(8),      ONE(9),      TEN(TWO, 1), TEN(TWO, 2),   TEN(TWO, 3),   TEN(TWO, 4), TEN(TWO, 5), TEN(TWO, 6),
    TEN(TWO, 7), TEN(TWO, 8), TEN(TWO, 9), TEN(THREE, 0), TEN(THREE, 1), THREE(2, 0), THREE(2, 1), THREE(2, 2),
    THREE(2, 3), THREE(2, 4), THREE(2, 5), THREE(2, 6),   THREE(2, 7),   THREE(2, 8)};

uint32_t csystem_blanks_each(const uint8_t *at, size_t len) {
    uint32_t found = 0;
    while (len-- > 0) found = found << 1 | (uint32_t)(at[len] == ' ');
    return found;
}

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

/* Lines above this length are looked for by memchr, which finds a far end faster. */
enum { LONG = 128 };

#if defined(__SSE2__)
static inline __attribute__((always_inline)) uint64_t hits_sse2(const uint8_t *at, uint8_t wanted) {
    const __m128i byte = _mm_set1_epi8((char)wanted);
    uint64_t found = 0;
    for (int i = 0; i < 4; i++) {
        __m128i part = _mm_loadu_si128((const __m128i *)(at + 16 * i));
        found |= (uint64_t)(uint32_t)_mm_movemask_epi8(_mm_cmpeq_epi8(part, byte)) << (16 * i);
    }
    return found;
}
#define WIDE(name) name##_sse2
#define WIDE_TARGET
#include "lines_wide.h"

__attribute__((target("avx2"))) static inline __attribute__((always_inline)) uint64_t hits_avx2(const uint8_t *at,
                                                                                                uint8_t wanted) {
    const __m256i byte = _mm256_set1_epi8((char)wanted);
    __m256i low = _mm256_cmpeq_epi8(_mm256_loadu_si256((const __m256i *)at), byte);
    __m256i high = _mm256_cmpeq_epi8(_mm256_loadu_si256((const __m256i *)(at + 32)), byte);
    return (uint64_t)(uint32_t)_mm256_movemask_epi8(low) | (uint64_t)(uint32_t)_mm256_movemask_epi8(high) << 32;
}
#define WIDE(name) name##_avx2
#define WIDE_TARGET __attribute__((target("avx2")))
#include "lines_wide.h"

/* Has the processor AVX2, and does the system keep its registers? (Not by the compiler's own way, which would want
 * another library.) */
static int has_avx2(void) {
    enum { SAVED = 1 << 27, AVX2 = 1 << 5 };
    unsigned a, b, c, d, low, high;
    if (!__get_cpuid(1, &a, &b, &c, &d) || !(c & SAVED)) return 0;
    __asm__("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
    return (low & 6) == 6 && __get_cpuid_count(7, 0, &a, &b, &c, &d) && b & AVX2;
}

static void lines(struct csystem_lines *lines, const uint8_t *bytes, size_t len) {
    static int avx2; /* 1: it has, -1: it has not, 0: nobody has looked; whoever looks finds the same */
    int known = __atomic_load_n(&avx2, __ATOMIC_RELAXED);
    if (!known) {
        known = has_avx2() ? 1 : -1;
        __atomic_store_n(&avx2, known, __ATOMIC_RELAXED);
    }
    if (known > 0)
        lines_avx2(lines, bytes, len);
    else
        lines_sse2(lines, bytes, len);
}
#elif defined(__aarch64__) && defined(__ARM_NEON)
static inline __attribute__((always_inline)) uint64_t hits_neon(const uint8_t *at, uint8_t wanted) {
    static const uint8_t places[16] = {1, 2, 4, 8, 16, 32, 64, 128, 1, 2, 4, 8, 16, 32, 64, 128};
    const uint8x16_t byte = vdupq_n_u8(wanted), place = vld1q_u8(places);
    uint8x16_t part[4];
    for (int i = 0; i < 4; i++) part[i] = vandq_u8(vceqq_u8(vld1q_u8(at + 16 * i), byte), place);
    uint8x16_t sum = vpaddq_u8(vpaddq_u8(part[0], part[1]), vpaddq_u8(part[2], part[3]));
    return vgetq_lane_u64(vreinterpretq_u64_u8(vpaddq_u8(sum, sum)), 0);
}
#define WIDE(name) name##_neon
#define WIDE_TARGET
#include "lines_wide.h"
static void lines(struct csystem_lines *lines, const uint8_t *bytes, size_t len) { lines_neon(lines, bytes, len); }
#else
static void lines(struct csystem_lines *lines, const uint8_t *bytes, size_t len) {
    if (lines->is_pair)
        each(lines, bytes, len, 0, '\n', 1);
    else
        each(lines, bytes, len, 0, lines->last, 0);
}
#endif

void csystem_find_lines(struct csystem_lines *found, const uint8_t *bytes, size_t len) {
    found->line = 0;
    found->excess = 0;
    if (found->count < found->most) lines(found, bytes, len);
}
