/**
 * @file plait/proxy.h
 * @brief The PROXY protocol: who the peer is, as told by the load balancer in front of us.
 *
 * A policy: a factory around a factory. Each connection begins with a header, version 1 (text) or 2 (binary), which says from where
 * the balancer's own client came; everything after that is that client's. Only when the header is whole and right is the inner factory
 * asked to build: so plait_conn_get_peer(), the limits per peer and the lists of addresses that stand within it see the client's
 * address. A header that says LOCAL or UNKNOWN (a health check of the balancer's own), or is about datagrams, leaves the socket's addresses.
 * Its further fields are checked for length and, where there is one, for their checksum, and otherwise skipped.
 *
 * Who can send a header can claim any address: let nobody else than the balancer reach the port, or name it in `trusted`.
 *
 * A wrong header, one that is longer than allowed, or one that does not come in time ends the connection, with #PLAIT_ERR_PROTOCOL,
 * #PLAIT_ERR_TOO_LONG or #PLAIT_ERR_TIMEOUT; a peer that is not trusted is refused. Nobody hears of it but the counters.
 *
 * `haproxy:` in front of an endpoint to listen at (endpoint.h) does the same for all of its connections.
 */
#ifndef PLAIT_PROXY_H
#define PLAIT_PROXY_H

#include "factory.h"

#ifdef __cplusplus
extern "C" {
#endif

/** plait_proxy_options::flags */
enum {
    PLAIT_PROXY_DIRECT = 1 /**< peers that are not trusted speak without a header, as if this policy were not there */
};

/** From whom headers are taken; 0 means the default. */
typedef struct plait_proxy_options {
    uint32_t struct_size;
    uint32_t flags;      /**< PLAIT_PROXY_ */
    const char *trusted; /**< a list of addresses (access.h) that may send headers; NULL: everybody. Peers without an IP address
                              (UNIX, memory, attached) may. */
    uint64_t timeout_ms; /**< for the whole header; 3 seconds */
    uint64_t max_length; /**< of a header; 4,096; at most 65,551, which is the most that there can be */
} plait_proxy_options;
#define PLAIT_PROXY_OPTIONS_INIT { sizeof(plait_proxy_options), 0, NULL, 0, 0 }

/**
 * @brief Makes a factory whose connections begin with a PROXY header.
 * @param out [out] the factory.
 * @param factory [in] what it goes around; it keeps a reference.
 * @param options [in] copied; or NULL.
 * @param reason [out] what is wrong with `trusted`, and `offset`: where in it; or NULL. Written when the answer is
 *   #PLAIT_ERR_INVALID because of it.
 * @return 0.
 * @errors #PLAIT_ERR_INVALID, #PLAIT_ERR_STRUCT_SIZE, #PLAIT_ERR_STALE, #PLAIT_ERR_TYPE, #PLAIT_ERR_LIMIT, #PLAIT_ERR_NOMEM.
 * @thread any.
 * @callbacks none.
 * @lifetime until plait_factory_release(), and as long as something uses it. The reason's text is static.
 * @since 0.1.0
 * @twisted `protocols.haproxy.HAProxyWrappingFactory`, `haproxy:` endpoints
 */
PLAIT_API int plait_proxy_factory_new(plait_factory *out, plait_factory factory, const plait_proxy_options *options,
                                      plait_reason *reason);

#ifdef __cplusplus
}
#endif
#endif
