/* Documents and queries: what is accepted is written in one way, and read back as the same; a query finds in both the
 * same. */
#include "fuzz.h"

static uint8_t *write_out(plait_element element, size_t *len) {
    MUST(plait_element_write(element, 0, NULL, NULL, 0, len) == 0);
    uint8_t *text = malloc(*len);
    MUST(plait_element_write(element, 0, NULL, text, *len, len) == 0);
    return text;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len) {
    struct input input = {data, len};
    struct input query = take_bytes(&input, take(&input) & 63);
    char text[64];
    plait_element_limits limits = PLAIT_ELEMENT_LIMITS_INIT;
    plait_element element = {0}, again = {0}, copy = {0};
    plait_reason reason = PLAIT_REASON_INIT;
    uint8_t *document = malloc(input.len ? input.len : 1);

    memcpy(text, query.data, query.len);
    text[query.len] = 0;
    if (input.len) memcpy(document, input.data, input.len); /* so that reading beyond is seen */
    limits.max_depth = 40;
    int status = plait_element_parse(&element, document, input.len, &limits, &reason);
    free(document);
    MUST(status == 0 || ((status == PLAIT_ERR_PROTOCOL || status == PLAIT_ERR_TOO_LONG) && reason.status == status));
    if (status == 0) {
        size_t first, second, third;
        uint8_t *one = write_out(element, &first);
        MUST(plait_element_parse(&again, one, first, NULL, NULL) == 0);
        uint8_t *two = write_out(again, &second);
        MUST(first == second && memcmp(one, two, first) == 0);
        MUST(plait_element_copy(&copy, element, 0) == 0);
        uint8_t *three = write_out(copy, &third);
        MUST(first == third && memcmp(one, three, first) == 0);
        int found = plait_element_query(element, 0, text, NULL, 0);
        MUST(found >= 0 || found == PLAIT_ERR_INVALID);
        MUST(plait_element_query(again, 0, text, NULL, 0) == found);
        MUST(plait_element_match(copy, 0, text) == (found > 0 ? 1 : found));
        plait_element_free(element);
        plait_element_free(again);
        plait_element_free(copy);
        free(one);
        free(two);
        free(three);
    }
    return 0;
}
