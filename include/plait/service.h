/**
 * @file plait/service.h
 * @brief Where services are: a host's own answers, in the place of the system's resolver.
 *
 * Endpoints with `srv=` ask where a service of a domain is: the system's resolver, on another thread, for the domain's SRV records (RFC 2782). A host that knows better (it has a
 * resolver or a table of its own, or DNS over HTTPS) sets a function, which is asked first:
 *
 *     static int where(void *user, plait_call lookup, const char *service, const char *domain) {
 *         if (strcmp(service, "xmpp-client") || strcmp(domain, "example.org")) return 0;
 *         plait_service_add(lookup, "xmpp1.example.net", 5222, 10, 0);
 *         plait_service_add(lookup, "xmpp2.example.net", 5222, 20, 0);
 *         plait_service_answer(lookup);
 *         return 1;
 *     }
 *     ...
 *     plait_reactor_set_service_lookup(reactor, where, NULL);
 *     plait_connect(reactor, "tcp:host=example.org:port=5222:srv=xmpp-client", factory, NULL, on_connected, NULL, NULL);
 *
 * It may answer later, too, as long as somebody waits: the handle is stale when nobody does. What it answers is tried as records of the domain's would be: by priority, and among
 * equals by lot in proportion to their weights.
 */
#ifndef PLAIT_SERVICE_H
#define PLAIT_SERVICE_H

#include "handle.h"
#include "status.h"

#ifdef __cplusplus
extern "C" {
#endif

/**
 * Asked where a service (as in `srv=`) of a domain is; both texts are NUL-terminated and valid until it returns. 1: it has answered, or will: by plait_service_add() for each host and
 * plait_service_answer(). 0: the system is asked.
 */
typedef int (*plait_service_fn)(void *user, plait_call lookup, const char *service, const char *domain);

/**
 * @brief Has a function asked where services are, before the system is.
 * @param reactor [in]
 * @param function [in] what is asked; NULL: nobody is.
 * @param user [in] given to it.
 * @return 0.
 * @errors those of a handle; #PLAIT_ERR_UNSUPPORTED without a loop.
 * @thread the reactor's.
 * @callbacks none now; the function at the end of the turn in which an attempt begins, once for each attempt to connect to an endpoint with `srv=`.
 * @lifetime `user` must be valid until it is replaced or the reactor is freed.
 * @since 0.1.0
 * @twisted the `reactor` of `names.client.lookupService`; `reactor.installNameResolver`
 */
PLAIT_API int plait_reactor_set_service_lookup(plait_reactor reactor, plait_service_fn function, void *user);

/**
 * @brief Adds a host to the answer.
 * @param lookup [in] what the function was given.
 * @param host [in] NUL-terminated, copied: a name or an address, up to 255 bytes; "." says that the domain does not offer the service, and then without any other nothing is connected to.
 * @param port [in] 0 to 65535.
 * @param priority [in] 0 to 65535; the lowest ones are tried first.
 * @param weight [in] 0 to 65535; how often one of several with the same priority is the first.
 * @return 0.
 * @errors those of a handle; #PLAIT_ERR_TYPE; #PLAIT_ERR_INVALID; #PLAIT_ERR_CLOSED when it has been answered, or the function has said that it will not; #PLAIT_ERR_LIMIT above 32 hosts;
 *   #PLAIT_ERR_NOMEM.
 * @thread the reactor's.
 * @callbacks none.
 * @lifetime nothing of the host's is kept.
 * @since 0.1.0
 * @twisted `dns.Record_SRV`
 */
PLAIT_API int plait_service_add(plait_call lookup, const char *host, uint32_t port, uint32_t priority, uint32_t weight);

/**
 * @brief Ends the answer: the connection is tried at the hosts that were added, or where there are none at the domain itself and the endpoint's port.
 * @param lookup [in] what the function was given.
 * @return 0.
 * @errors those of a handle; #PLAIT_ERR_TYPE; #PLAIT_ERR_CLOSED as above.
 * @thread the reactor's.
 * @callbacks none now.
 * @lifetime the look-up ends. plait_call_cancel() in its place is an answer without hosts, whatever was added.
 * @since 0.1.0
 * @twisted the result of `names.client.lookupService`
 */
PLAIT_API int plait_service_answer(plait_call lookup);

#ifdef __cplusplus
}
#endif
#endif
