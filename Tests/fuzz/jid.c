/* Addresses: what is prepared once stays as it is, its parts make it again, and a node comes back from its escape. */
#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len) {
    uint8_t room[PLAIT_JID_MAX], second[PLAIT_JID_MAX];
    plait_jid jid, again;

    if (len && data[len - 1] == '\n') len--; /* kept inputs are text files */
    uint8_t *copy = malloc(len ? len : 1), *escaped = malloc(3 * len + 1), *back = malloc(3 * len + 1);
    if (len) memcpy(copy, data, len);
    int status = plait_jid_parse(copy, len, room, sizeof room, &jid);
    MUST(status == 0 || status == PLAIT_ERR_VALUE || status == PLAIT_ERR_TOO_LONG);
    if (status == 0) {
        MUST(jid.node.len <= PLAIT_JID_PART_MAX && jid.domain.len >= 1 && jid.domain.len <= PLAIT_JID_PART_MAX);
        MUST(jid.resource.len <= PLAIT_JID_PART_MAX && jid.full.len <= PLAIT_JID_MAX && jid.bare.len <= jid.full.len);
        MUST(plait_jid_make(&jid, second, sizeof second, &again) == 0);
        MUST(plait_jid_compare(room, jid.full.len, copy, len, 0) == 1);
    }
    size_t size, restored;
    if (plait_jid_escape(copy, len, escaped, 3 * len, &size) == 0) {
        MUST(plait_jid_unescape(escaped, size, back, 3 * len, &restored) == 0);
        MUST(restored == len && memcmp(back, copy, len) == 0);
    }
    free(copy);
    free(escaped);
    free(back);
    return 0;
}
