/* Endpoint strings: what is accepted, and where the bad part of the others begins. */
#include "harness.h"

static void good(const char *endpoint, int use) {
    plait_reason reason = PLAIT_REASON_INIT;
    int status = plait_endpoint_check(endpoint, use, &reason);

    if (status) DIE("%s is refused: %s at %d", endpoint, reason.text ? reason.text : "?", (int)reason.offset);
    OK(plait_endpoint_check(endpoint, use, NULL));
}

static void bad(const char *endpoint, int use, int offset) {
    plait_reason reason = PLAIT_REASON_INIT;
    int status = plait_endpoint_check(endpoint, use, &reason);

    if (status != PLAIT_ERR_ENDPOINT) DIE("\"%s\" gave %s", endpoint, plait_err_name(status));
    SAME(reason.status, PLAIT_ERR_ENDPOINT);
    CHECK(reason.text && *reason.text);
    if (reason.offset != (uint64_t)offset)
        DIE("\"%s\": the bad part is said to begin at %d, not %d (%s)", endpoint, (int)reason.offset, offset,
            reason.text);
}

int main(void) {
    enum { L = PLAIT_ENDPOINT_LISTEN, C = PLAIT_ENDPOINT_CONNECT };
    plait_reason reason = PLAIT_REASON_INIT;

    good("tcp:8080", L);
    good("tcp:0", L);
    good("tcp:port=8080", L);
    good("tcp:8080:interface=127.0.0.1:backlog=128", L);
    good("tcp:8080:interface=localhost", L);
    good("tcp6:8080:interface=\\:\\:1", L);
    good("tcp6:8080", L);
    good("unix:/run/chat.sock:mode=660:backlog=128", L);
    good("unix:/run/a\\:b\\=c\\\\d", L);
    good("unix:@name:lockfile=1", L);
    good("fd:3", L);
    good("memory:chat", L);
    good("haproxy:tcp:8080", L);
    good("haproxy:trusted=10.0.0.0/8, 192.0.2.7:timeout=3:tcp:8080", L);
    good("haproxy:trusted=2001\\:db8\\:\\:/32:unix:/run/chat.sock", L);

    good("tcp:host=example.org:port=80:timeout=5:bindAddress=192.0.2.1", C);
    good("tcp:example.org:80", C);
    good("tcp:127.0.0.1:80", C);
    good("unix:/run/chat.sock:timeout=5", C);
    good("unix:path=/run/chat.sock", C);
    good("fd:3", C);
    good("memory:chat", C);

    bad("", L, 0);
    bad("udp:53", L, 0);
    bad("tcp", L, 3);
    bad("tcp:http", L, 4);
    bad("tcp:65536", L, 4);
    bad("tcp:-1", L, 4);
    bad("tcp:80:interface=999.0.0.1", L, 17);
    bad("tcp:80:colour=red", L, 7);
    bad("tcp:80:backlog=many", L, 15);
    bad("unix:/x:mode=999", L, 13);
    bad("fd:x", L, 3);
    bad("haproxy:tcp", L, 11);
    bad("haproxy:trusted=10.0.0.0/8,nobody:tcp:80", L, 27);
    bad("haproxy:trusted=10.0.0.1/8:tcp:80", L, 16);
    bad("haproxy:tcp:80", C, 0);
    bad("tcp:example.org:http", C, 16);
    bad("tcp:example.org:80:timeout=soon", C, 27);
    bad("tcp:example.org:80:interface=127.0.0.1", C, 19);

    STATUS(plait_endpoint_check(NULL, L, NULL), PLAIT_ERR_INVALID);
    STATUS(plait_endpoint_check("tcp:80", 0, NULL), PLAIT_ERR_INVALID);
    STATUS(plait_endpoint_check("tcp:80", 3, NULL), PLAIT_ERR_INVALID);
    STATUS(plait_endpoint_check("tls:example.org:443", C, NULL), 0);
    STATUS(plait_endpoint_check("haproxy:ssl:443:key.pem", L, NULL), 0);
    bad("ssl:443", L, 7);
    reason.struct_size = 3;
    STATUS(plait_endpoint_check("tcp:80", L, &reason), PLAIT_ERR_STRUCT_SIZE);
    PASSED();
}
