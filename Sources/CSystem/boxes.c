/* AMP's boxes as nearly all of them are: the fields that a command has, each there, in their order. They are found and
 * written as a whole; what is otherwise is left to who knows AMP. What is seldom so is out of line: it would take
 * registers from the rest. */
#include "CSystem.h"

#define INLINE static inline __attribute__((always_inline))
#define SELDOM static __attribute__((noinline))
#define EIGHT(byte) (0x0101010101010101u * (byte))

INLINE uint64_t eight(const uint8_t *at) {
    uint64_t value;
    memcpy(&value, at, 8);
    return value;
}

/* Are these the same but for the last eight of their bytes, which are more than eight? */
INLINE int begins(const uint8_t *one, const uint8_t *other, size_t len) {
    size_t at = 0;
    for (; at + 16 <= len; at += 16)
        if ((eight(one + at) ^ eight(other + at)) | (eight(one + at + 8) ^ eight(other + at + 8))) return 0;
    return at + 8 >= len || eight(one + at) == eight(other + at);
}

SELDOM int rare_integer(const uint8_t *at, size_t len, int64_t *out) {
    const uint8_t *end = at + len;
    int64_t value = 0;
    int is_negative;
    if (len == 0 || len > 18) return 0; /* what is no longer can't overflow */
    is_negative = *at == '-';
    at += is_negative;
    if (at == end) return 0;
    do {
        uint8_t digit = (uint8_t)(*at - '0');
        if (digit > 9) return 0;
        value = value * 10 + digit;
    } while (++at < end);
    *out = is_negative ? -value : value;
    return 1;
}

#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
/* By how many digits there are: which of eight bytes they are, and zeros for the others. */
static const uint64_t kept[] = {0,
                                0xff00000000000000,
                                0xffff000000000000,
                                0xffffff0000000000,
                                0xffffffff00000000,
                                0xffffffffff000000,
                                0xffffffffffff0000,
                                0xffffffffffffff00,
                                0xffffffffffffffff};

/* The one to eight digits in front of an end, eight bytes of which can be read; not 0: they are none. */
INLINE uint64_t digits_of(const uint8_t *end, size_t len, int64_t *out) {
    uint64_t digits = (eight(end - 8) ^ EIGHT('0')) & kept[len], over = digits + EIGHT(0x7f - 9);
    over = (digits | over) & EIGHT(0x80);
    digits = digits * 10 + (digits >> 8); /* pairs, then all at once */
    *out = (int64_t)(((digits & 0x000000ff000000ffu) * 0x000f424000000064u +
                      (digits >> 16 & 0x000000ff000000ffu) * 0x0000271000000001u) >>
                     32);
    return over;
}
enum { AT_ONCE = 8 };
#else
INLINE uint64_t digits_of(const uint8_t *end, size_t len, int64_t *out) {
    (void)end;
    (void)len;
    (void)out;
    return 1;
}
enum { AT_ONCE = 0 };
#endif

/* An integer in its plain form. The eight bytes in front of its end can be read, too. */
INLINE int integer(const uint8_t *at, size_t len, int64_t *out) {
    if (__builtin_expect(len - 1 < AT_ONCE, 1) && __builtin_expect(!digits_of(at + len, len, out), 1)) return 1;
    return rare_integer(at, len, out);
}

/* The box that was found has a shape, and the one before had the same. */
SELDOM void learn(struct csystem_shape *shape, const struct csystem_pattern *pattern, const uint8_t *bytes,
                  struct csystem_box box, const struct csystem_value *values) {
    size_t count = pattern->count - (box.tag != UINT32_MAX);
    shape->pattern = NULL;
    if (box.length < 16 || box.length > CSYSTEM_SHAPE || count > CSYSTEM_SHAPE_VALUES) return;
    memset(shape->mask, 0xff, box.length);
    memcpy(shape->text, bytes, box.length);
    if (box.tag != UINT32_MAX) memset(shape->mask + box.tag, 0, box.tag_length);
    for (size_t i = 0; i < count; i++) {
        if (values[i].length - 1 >= AT_ONCE) return;
        shape->values[i] = values[i];
        memset(shape->mask + values[i].offset, 0, values[i].length);
    }
    shape->known = shape->lengths;
    shape->count = (uint32_t)count;
    shape->box = box;
    shape->box.is_odd = 0;
    shape->pattern = pattern;
}

typedef uint64_t part __attribute__((vector_size(16), aligned(1), may_alias));

INLINE part differs(const uint8_t *bytes, const uint8_t *text, const uint8_t *mask) {
    return (*(const part *)bytes ^ *(const part *)text) & *(const part *)mask;
}

/* Sixteen bytes at a time; the last ones may have been looked at before, so that nothing behind the box is read. */
INLINE int has_shape(const struct csystem_shape *shape, const uint8_t *bytes) {
    size_t at = 0, last = shape->box.length - 16;
    part other = differs(bytes + last, shape->text + last, shape->mask + last);
#if defined(__clang__)
#pragma clang loop unroll(disable)
#endif
    for (; at < last; at += 16)
        other |= differs(bytes + at, __builtin_assume_aligned(shape->text + at, 16),
                         __builtin_assume_aligned(shape->mask + at, 16));
    return !(other[0] | other[1]);
}

static __attribute__((noinline)) struct csystem_box match_any(const struct csystem_pattern *pattern,
                                                              struct csystem_shape *shape, const uint8_t *bytes,
                                                              size_t len, struct csystem_value *values) {
    const struct csystem_box none = {0, 0, 0, 0};
    struct csystem_box found = {0, (uint32_t)pattern->has_others, UINT32_MAX, 0};
    const uint8_t *at = bytes, *text = pattern->text;
    const struct csystem_field *field = pattern->fields, *last = field + pattern->count;
    size_t slack = len - pattern->least; /* all but the values is there */
    uint32_t lengths = 0;
    if (len < pattern->least) return none;
    for (; field < last; field++) {
        size_t size = field->length;
        if ((eight(at + field->back) ^ field->word) & field->mask) return none;
        if (size > 8 && !begins(at, text, size)) return none;
        text += size;
        at += size;
        size = (size_t)at[0] << 8 | at[1];
        at += 2;
        if (size > slack) return none;
        slack -= size;
        lengths = lengths * 31 + (uint32_t)size;
        if (field->place < 0) {
            found.tag = (uint32_t)(at - bytes);
            found.tag_length = (uint32_t)size;
        } else {
            struct csystem_value *value = values + field->place;
            value->offset = (uint32_t)(at - bytes);
            value->length = (uint32_t)size;
            memcpy(&value->is_large, &field->is_large, 2);
            if (field->is_integer && !integer(at, size, &value->number)) found.is_odd = 1;
        }
        at += size;
    }
    if (pattern->tail == 2 ? at[0] | at[1] : memcmp(at, text, pattern->tail)) return none;
    found.length = (uint32_t)((size_t)(at - bytes) + pattern->tail);
    if (!pattern->has_others && shape->lengths == lengths && (shape->known != lengths || shape->pattern != pattern))
        learn(shape, pattern, bytes, found, values);
    shape->lengths = lengths;
    return found;
}

struct csystem_box csystem_match_box(const struct csystem_pattern *pattern, struct csystem_shape *shape,
                                     const uint8_t *bytes, size_t len, struct csystem_value *values) {
    if (shape->pattern == pattern && len >= shape->box.length && has_shape(shape, bytes)) {
        uint64_t odd = 0;
        const struct csystem_value *value = shape->values, *last = value + shape->count;
        struct csystem_value *out = values;
        for (; value < last; value++, out++) {
            out->offset = value->offset;
            out->length = value->length;
            memcpy(&out->is_large, &value->is_large, 2);
            odd |= digits_of(bytes + value->offset + value->length, value->length, &out->number);
        }
        if (!odd) return shape->box;
    }
    return match_any(pattern, shape, bytes, len, values);
}

SELDOM uint8_t *put_rare(uint8_t *to, int64_t number) {
    uint64_t rest = number < 0 ? 0 - (uint64_t)number : (uint64_t)number;
    uint8_t digits[20];
    size_t size = 0;
    do digits[19 - size++] = (uint8_t)('0' + rest % 10);
    while (rest /= 10);
    to[0] = 0;
    to[1] = (uint8_t)(size + (number < 0));
    to[2] = '-';
    to += 2 + (number < 0);
    memcpy(to, digits + 20 - size, size);
    return to + size;
}

/* A number in decimal, behind its length. */
INLINE uint8_t *put_integer(uint8_t *to, int64_t number) {
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
    size_t is_negative = number < 0;
    uint64_t rest = is_negative ? 0 - (uint64_t)number : (uint64_t)number;
    if (__builtin_expect(rest < 100000000, 1)) { /* halves, fourths, digits: each time all at once */
        uint64_t front = rest / 10000, digits = front | (rest - front * 10000) << 32;
        size_t zeros, size;
        front = digits * 10486 >> 20 & 0x0000007f0000007fu; /* by 100 */
        digits = front | (digits - front * 100) << 16;
        front = digits * 103 >> 10 & 0x000f000f000f000fu; /* by 10 */
        digits = front | (digits - front * 10) << 8;
        zeros = (size_t)__builtin_ctzll(digits | (uint64_t)1 << 56) & ~(size_t)7; /* in bits; the last digit stays */
        size = 8 - zeros / 8;
        digits = (digits | EIGHT('0')) >> zeros;
        to[0] = 0;
        to[1] = (uint8_t)(size + is_negative);
        to[2] = '-';
        to += 2 + is_negative;
        memcpy(to, &digits, 8);
        return to + size;
    }
#endif
    return put_rare(to, number);
}

SELDOM void put_tag(uint8_t *to, const uint8_t *tag, size_t len) { memcpy(to, tag, len); }

/* A text, and up to 15 bytes behind it. */
INLINE void put_text(uint8_t *to, const uint8_t *text, size_t len) {
    size_t at = 0;
    do {
        memcpy(to + at, text + at, 16);
        at += 16;
    } while (at < len);
}

/* Integers behind the texts of so many fields. */
INLINE uint8_t *put_integers(uint8_t *to, const uint8_t **text, const struct csystem_field **from,
                             const struct csystem_field *end, const uint8_t *values) {
    const struct csystem_field *field = *from;
    for (; field < end; field++) {
        int64_t number;
        put_text(to, *text, field->length);
        *text += field->length;
        memcpy(&number, values + field->offset, sizeof number);
        to = put_integer(to + field->length, number);
    }
    *from = field;
    return to;
}

size_t csystem_write_box(const struct csystem_pattern *pattern, uint8_t *out, const uint8_t *tag, size_t tag_len,
                         int has_eight, const uint8_t *values) {
    uint8_t *to = out;
    const uint8_t *text = pattern->text;
    const struct csystem_field *field = pattern->fields;
    to = put_integers(to, &text, &field, field + pattern->before, values);
    put_text(to, text, field->length);
    text += field->length;
    to += field->length;
    field++;
    to[0] = (uint8_t)(tag_len >> 8);
    to[1] = (uint8_t)tag_len;
    to += 2;
    if (__builtin_expect(has_eight && tag_len <= 8, 1))
        memcpy(to, tag, 8);
    else
        put_tag(to, tag, tag_len);
    to = put_integers(to + tag_len, &text, &field, pattern->fields + pattern->count, values);
    put_text(to, text, pattern->tail);
    return (size_t)(to - out) + pattern->tail;
}
