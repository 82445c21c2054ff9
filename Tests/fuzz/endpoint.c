/* Endpoint strings, for both uses: what is malformed is told with its place, and what is accepted once is accepted
 * again. */
#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len) {
    char *text = malloc(len + 1);
    memcpy(text, data, len);
    text[len] = 0;
    if (len && text[len - 1] == '\n') text[len - 1] = 0; /* kept inputs are text files */
    for (int use = PLAIT_ENDPOINT_LISTEN; use <= PLAIT_ENDPOINT_CONNECT; use++) {
        plait_reason reason = PLAIT_REASON_INIT;
        int status = plait_endpoint_check(text, use, &reason);
        MUST(status == 0 || status == PLAIT_ERR_ENDPOINT || status == PLAIT_ERR_UNSUPPORTED);
        MUST(status == plait_endpoint_check(text, use, NULL));
        if (status == PLAIT_ERR_ENDPOINT) {
            MUST(reason.status == status && reason.text && reason.text[0]);
            MUST(reason.offset == PLAIT_NO_OFFSET || reason.offset <= strlen(text));
        }
    }
    free(text);
    return 0;
}
