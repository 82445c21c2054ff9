/* AMP's boxes as nearly all of them are: the fields that a command has, each there, in their order. They are found and
 * written as a whole; what is otherwise is left to who knows AMP. */
#include "CSystem.h"

static inline __attribute__((always_inline)) uint64_t eight(const uint8_t *at) {
    uint64_t value;
    memcpy(&value, at, 8);
    return value;
}

/* Are these the same? Both have that many bytes. */
static inline __attribute__((always_inline)) int same(const uint8_t *one, const uint8_t *other, size_t len) {
    if (len >= 8) {
        size_t at = 0;
        for (; at + 8 < len; at += 8)
            if (eight(one + at) != eight(other + at)) return 0;
        return eight(one + len - 8) == eight(other + len - 8);
    }
    for (size_t at = 0; at < len; at++)
        if (one[at] != other[at]) return 0;
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
#define ZEROS 0x3030303030303030u
#endif

/* The plain form of an integer, which can't overflow. The eight bytes in front of its end can be read, too. */
static inline __attribute__((always_inline)) int integer(const uint8_t *at, size_t len, int64_t *out) {
    const uint8_t *end = at + len;
    int64_t value = 0;
    int is_negative;
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
    if (__builtin_expect(len - 1 < 8, 1)) { /* all digits at once */
        uint64_t digits = ((eight(end - 8) ^ ZEROS) & kept[len]), over = digits + 0x7676767676767676u;
        if (__builtin_expect(((digits | over) & 0x8080808080808080u) == 0, 1)) {
            digits = digits * 10 + (digits >> 8);
            *out = (int64_t)(((digits & 0x000000ff000000ffu) * 0x000f424000000064u +
                              (digits >> 16 & 0x000000ff000000ffu) * 0x0000271000000001u) >>
                             32);
            return 1;
        }
        if (*at != '-') return 0;
    }
#endif
    if (len == 0 || len > 18) return 0;
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

size_t csystem_match_box(const struct csystem_pattern *pattern, const uint8_t *bytes, size_t len,
                         struct csystem_value *tag, struct csystem_value *values, int *is_odd) {
    static const uint8_t small_number[2] = {0, 1};
    const uint8_t *at = bytes, *text = pattern->text;
    const struct csystem_field *field = pattern->fields, *last = field + pattern->count;
    size_t slack = len - pattern->least; /* all but the values is there */
    int odd = pattern->has_others;
    if (len < pattern->least) return 0;
    for (; field < last; field++) {
        size_t size = field->length;
        uint64_t word = eight(at == bytes ? at : at + size - 8);
        struct csystem_value *value = field->place < 0 ? tag : values + field->place;
        if ((word ^ field->word) & field->mask) return 0;
        if (size > 8 && !same(at, text, size)) return 0;
        text += size;
        at += size;
        size = (size_t)at[0] << 8 | at[1];
        at += 2;
        if (size > slack) return 0;
        slack -= size;
        value->offset = (uint32_t)(at - bytes);
        value->length = (uint32_t)size;
        if (field->is_integer) {
            memcpy(&value->is_large, small_number, 2);
            odd |= !integer(at, size, &value->number);
        }
        at += size;
    }
    if (pattern->tail == 2 ? at[0] | at[1] : !same(at, text, pattern->tail)) return 0;
    *is_odd = odd;
    return (size_t)(at - bytes) + pattern->tail;
}

static const char pairs[] =
    "00010203040506070809101112131415161718192021222324252627282930313233343536373839404142434445464748"
    "4950515253545556575859606162636465666768697071727374757677787980818283848586878889909192939495969798"
    "99";

/* A number in decimal, behind its length. */
static inline __attribute__((always_inline)) uint8_t *put_integer(uint8_t *to, int64_t number) {
    uint64_t rest = number < 0 ? 0 - (uint64_t)number : (uint64_t)number, bound = 10;
    size_t size = 1;
    uint8_t *at;
    while (size < 20 && rest >= bound) {
        size++;
        if (size == 20) break;
        bound *= 10;
    }
    to[0] = 0;
    to[1] = (uint8_t)(size + (number < 0));
    to[2] = '-';
    to += 2 + (number < 0);
    at = to + size;
    while (rest >= 100) {
        at -= 2;
        memcpy(at, pairs + 2 * (rest % 100), 2);
        rest /= 100;
    }
    if (rest >= 10) {
        memcpy(at - 2, pairs + 2 * rest, 2);
    } else {
        at[-1] = (uint8_t)('0' + rest);
    }
    return to + size;
}

size_t csystem_write_box(const struct csystem_pattern *pattern, uint8_t *out, const uint8_t *tag, size_t tag_len,
                         int has_eight, const uint8_t *values, size_t stride) {
    uint8_t *to = out;
    const uint8_t *text = pattern->text;
    const struct csystem_field *field = pattern->fields, *last = field + pattern->count;
    for (; field < last; field++) {
        memcpy(to, text, 16);
        if (field->length > 16) csystem_copy(to + 16, text + 16, field->length - 16);
        text += field->length;
        to += field->length;
        if (field->place < 0) {
            to[0] = (uint8_t)(tag_len >> 8);
            to[1] = (uint8_t)tag_len;
            to += 2;
            if (has_eight && tag_len <= 8) {
                memcpy(to, tag, 8);
            } else {
                csystem_copy(to, tag, tag_len);
            }
            to += tag_len;
        } else {
            int64_t number;
            memcpy(&number, values + (size_t)field->place * stride, sizeof number);
            to = put_integer(to, number);
        }
    }
    memcpy(to, text, 16);
    if (pattern->tail > 16) csystem_copy(to + 16, text + 16, pattern->tail - 16);
    return (size_t)(to - out) + pattern->tail;
}
