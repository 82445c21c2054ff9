/**
 * @file plait/connector.h
 * @brief Connectors: clients that keep a connection up.
 *
 * A connector connects; when that fails or the connection ends, it waits and connects again. The wait
 * begins at initial_ms, grows by factor after each failure up to maximum_ms, and is varied by jitter, so
 * that clients of one server do not come back together. plait_connector_reset() starts it over, as
 * a protocol does once its peer has proved useful. A conn that ends with #PLAIT_ERR_SWITCHED, because it is
 * to be spoken with otherwise or elsewhere, is no failure, ten times in a row: it connects again at once.
 */
#ifndef PLAIT_CONNECTOR_H
#define PLAIT_CONNECTOR_H

#include "endpoint.h"
#include "handle.h"
#include "status.h"

#ifdef __cplusplus
extern "C" {
#endif

/** plait_connector_options::flags */
enum {
    PLAIT_CONNECTOR_WITHOUT_JITTER = 1 /**< waits are exact */
};

/** How to reconnect; 0 means the default, which is Twisted's. */
typedef struct plait_connector_options {
    uint32_t struct_size;
    uint32_t flags;            /**< PLAIT_CONNECTOR_ */
    uint64_t initial_ms;       /**< the first wait; 1,000 */
    uint64_t maximum_ms;       /**< the longest wait; 3,600,000 */
    double factor;             /**< from one wait to the next, at least 1; e = 2.718... */
    double jitter;             /**< standard deviation of the wait, as a part of it, below 1; 0.1196 */
    uint32_t max_retries;      /**< it gives up when so many retries in a row have failed; 0: never */
    uint32_t attempt_delay_ms; /**< as in plait_connect_options */
    uint64_t timeout_ms;       /**< for one attempt, as in plait_connect_options */
    plait_reason *reason;      /**< as in plait_connect_options */
} plait_connector_options;
#define PLAIT_CONNECTOR_OPTIONS_INIT { sizeof(plait_connector_options), 0, 0, 0, 0.0, 0.0, 0, 0, 0, NULL }

/** What a connector tells. Any of them may be NULL. Reasons are valid until the callback returns. */
typedef struct plait_connector_handler {
    uint32_t struct_size;
    uint32_t reserved;
    /** The connection is up; the factory's `connected` has run. */
    void (*connected)(void *user, plait_connector connector, plait_conn conn);
    /** An attempt failed or the connection ended, for this reason; the next attempt is in delay_ms. */
    void (*waiting)(void *user, plait_connector connector, const plait_reason *reason, uint64_t delay_ms);
    /** It has stopped: status 0 when asked to, #PLAIT_ERR_ABORTED when its reactor is freed, else the last
     *  failure after max_retries. Once, last; the connector is stale afterwards. */
    void (*stopped)(void *user, plait_connector connector, const plait_reason *reason);
    /** Once, after the last callback: `user` may be freed. */
    void (*release)(void *user);
} plait_connector_handler;
#define PLAIT_CONNECTOR_HANDLER_INIT { sizeof(plait_connector_handler), 0, NULL, NULL, NULL, NULL }

/**
 * @brief Starts a connector; the first attempt begins at once.
 * @param reactor [in]
 * @param endpoint [in] NUL-terminated; copied. Not `fd:`.
 * @param factory [in] builds a protocol for each connection; the connector keeps a reference.
 * @param options [in] or NULL.
 * @param handler [in] copied; or NULL.
 * @param user [in] the first argument of the handler's callbacks.
 * @param out [out] the connector.
 * @return 0.
 * @errors those of a handle; #PLAIT_ERR_INVALID, #PLAIT_ERR_STRUCT_SIZE, #PLAIT_ERR_ENDPOINT, #PLAIT_ERR_UNSUPPORTED,
 *   #PLAIT_ERR_TLS_CONFIG when a file of a `tls:` endpoint cannot be used, #PLAIT_ERR_BOUND, #PLAIT_ERR_LIMIT, #PLAIT_ERR_NOMEM.
 * @thread the reactor's.
 * @callbacks none now.
 * @lifetime until `stopped`.
 * @since 0.1.0
 * @twisted `ReconnectingClientFactory`, `ClientService.startService`
 */
PLAIT_API int plait_connector_start(plait_reactor reactor, const char *endpoint, plait_factory factory,
                                    const plait_connector_options *options, const plait_connector_handler *handler,
                                    void *user, plait_connector *out);

/**
 * @brief Starts the waits over at initial_ms and the retries at 0; if it is waiting, it tries at once.
 * @param connector [in]
 * @return 0.
 * @errors those of a handle.
 * @thread the reactor's.
 * @callbacks none now.
 * @lifetime nothing is kept.
 * @since 0.1.0
 * @twisted `ReconnectingClientFactory.resetDelay`
 */
PLAIT_API int plait_connector_reset(plait_connector connector);

/**
 * @brief Stops a connector: an attempt is cancelled, a connection that is up is left alone.
 * @param connector [in]
 * @return 0; stopping twice is stopping once.
 * @errors those of a handle.
 * @thread the reactor's.
 * @callbacks none now; `stopped` at the turn's end.
 * @lifetime the handle is stale after `stopped`.
 * @since 0.1.0
 * @twisted `ReconnectingClientFactory.stopTrying`
 */
PLAIT_API int plait_connector_stop(plait_connector connector);

/**
 * @brief Gives the connection that is up.
 * @param connector [in]
 * @param out [out] the conn, `{0}` when there is none.
 * @return 0.
 * @errors those of a handle; #PLAIT_ERR_INVALID.
 * @thread the reactor's.
 * @callbacks none.
 * @lifetime the conn's own.
 * @since 0.1.0
 * @twisted `ClientService.whenConnected`
 */
PLAIT_API int plait_connector_get_conn(plait_connector connector, plait_conn *out);

#ifdef __cplusplus
}
#endif
#endif
