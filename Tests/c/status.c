/* Status codes: every number has a name and a sentence. */
#include "harness.h"

int main(void) {
    static const struct {
        int status;
        const char *name;
    } codes[] = {
#define CODE(name) {name, #name}
        CODE(PLAIT_OK),
        CODE(PLAIT_ERR_INVALID),
        CODE(PLAIT_ERR_STALE),
        CODE(PLAIT_ERR_TYPE),
        CODE(PLAIT_ERR_THREAD),
        CODE(PLAIT_ERR_FORKED),
        CODE(PLAIT_ERR_REENTRANT),
        CODE(PLAIT_ERR_STRUCT_SIZE),
        CODE(PLAIT_ERR_BOUND),
        CODE(PLAIT_ERR_UNSUPPORTED),
        CODE(PLAIT_ERR_NOMEM),
        CODE(PLAIT_ERR_LIMIT),
        CODE(PLAIT_ERR_OVERFLOW),
        CODE(PLAIT_ERR_CLOSED),
        CODE(PLAIT_ERR_ABORTED),
        CODE(PLAIT_ERR_TIMEOUT),
        CODE(PLAIT_ERR_CANCELLED),
        CODE(PLAIT_ERR_REFUSED),
        CODE(PLAIT_ERR_ENDPOINT),
        CODE(PLAIT_ERR_NO_NAME),
        CODE(PLAIT_ERR_IN_USE),
        CODE(PLAIT_ERR_NAME_AGAIN),
        CODE(PLAIT_ERR_TOO_LONG),
        CODE(PLAIT_ERR_PROTOCOL),
    };
    size_t i, j;
    int status;

    for (i = 0; i < sizeof codes / sizeof *codes; i++) {
        const char *text = plait_strerror(codes[i].status);

        CHECK(strcmp(plait_err_name(codes[i].status), codes[i].name) == 0);
        CHECK(text && *text && text[strlen(text) - 1] != '.' && text[strlen(text) - 1] != '\n');
        SAME(plait_err_errno(codes[i].status), 0);
        for (j = 0; j < i; j++) CHECK(strcmp(text, plait_strerror(codes[j].status)) != 0);
    }

    CHECK(strcmp(plait_err_name(1), "PLAIT_OK") == 0);
    CHECK(strcmp(plait_err_name(-999), "PLAIT_ERR_UNKNOWN") == 0);
    CHECK(strcmp(plait_err_name(INT32_MIN), "PLAIT_ERR_SYSTEM") == 0 ||
          strcmp(plait_err_name(INT32_MIN), "PLAIT_ERR_UNKNOWN") == 0);
    CHECK(strcmp(plait_err_name(PLAIT_ERR_SYSTEM - ECONNREFUSED), "PLAIT_ERR_SYSTEM") == 0);
    SAME(plait_err_errno(PLAIT_ERR_SYSTEM - ECONNREFUSED), ECONNREFUSED);
    SAME(plait_err_errno(5), 0);
    CHECK(strstr(plait_strerror(PLAIT_ERR_SYSTEM - ECONNREFUSED), "refused") != NULL);

    /* Total: no number is without an answer. */
    for (status = -1300; status < 20; status++) CHECK(plait_strerror(status) && plait_err_name(status));
    CHECK(plait_strerror(INT32_MIN) && plait_strerror(INT32_MAX) && plait_err_name(INT32_MAX));
    CHECK(plait_err_errno(INT32_MIN) >= 0);

    SAME(plait_version(), PLAIT_VERSION_MAJOR << 16 | PLAIT_VERSION_MINOR << 8 | PLAIT_VERSION_PATCH);
    PASSED();
}
