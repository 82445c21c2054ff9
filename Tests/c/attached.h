/* A conn without a network: what it sends is kept as text, and what it receives is fed to it. */
#include "harness.h"

static plait_reactor reactor;
static char sent[1 << 16];

static size_t on_write(void *user, plait_conn conn, const uint8_t *data, size_t len) {
    size_t used = strlen(sent);

    (void)user;
    (void)conn;
    CHECK(used + len < sizeof sent);
    memcpy(sent + used, data, len);
    sent[used + len] = 0;
    return len;
}
