/* Where a service is, by the system's resolver. */
#include "include/CSystem.h"

#include <arpa/nameser.h>
#include <errno.h>
#include <netdb.h>
#include <resolv.h>

/* RFC 2782: priority, weight, port, each 16 bits, and a name. */
enum { FIXED = 6, ANSWER = 16384 };

static int take(const ns_msg *message, const ns_rr *record, struct csystem_service *out, char *name) {
    const unsigned char *data = ns_rr_rdata(*record);
    if (ns_rr_type(*record) != ns_t_srv || ns_rr_class(*record) != ns_c_in || ns_rr_rdlen(*record) <= FIXED) return 0;
    out->priority = ns_get16(data);
    out->weight = ns_get16(data + 2);
    out->port = ns_get16(data + 4);
    return ns_name_uncompress(ns_msg_base(*message), ns_msg_end(*message), data + FIXED, name, CSYSTEM_NAME) >= 0;
}

int csystem_services(const char *question, struct csystem_service *out, char *names, int room) {
    struct __res_state state;
    memset(&state, 0, sizeof state);
    if (res_ninit(&state) != 0) return -ENOMEM;
    unsigned char *answer = malloc(ANSWER);
    if (answer == NULL) {
        res_nclose(&state);
        return -ENOMEM;
    }
    int count = 0, length = res_nquery(&state, question, ns_c_in, ns_t_srv, answer, ANSWER);
    ns_msg message;
    ns_rr record;
    if (length < 0) {
        count = state.res_h_errno == HOST_NOT_FOUND || state.res_h_errno == NO_DATA ? 0 : -EAGAIN;
    } else if (ns_initparse(answer, length < ANSWER ? length : ANSWER, &message) == 0) {
        for (int i = 0; i < ns_msg_count(message, ns_s_an) && count < room; i++) {
            if (ns_parserr(&message, ns_s_an, i, &record) != 0) break;
            if (take(&message, &record, &out[count], names + count * CSYSTEM_NAME)) count++;
        }
    }
    free(answer);
    res_nclose(&state);
    return count;
}
