/**
 * @file plait/traffic.h
 * @brief A log of what goes over connections.
 *
 * A policy: a factory around a factory, which changes nothing. Each connection has a number, from 1 on. As text:
 *
 *     * 1 127.0.0.1:54321                  connected, the peer's address if it has one
 *     C 1: "hello\r\n"                     received
 *     S 1: "HELLO\r\n"                     sent
 *     S 1: *                               this side closes
 *     C 1: no error                        the end, and why
 *
 * As a hexdump, data comes in lines of sixteen bytes:
 *
 *     C 1 00000000  68 65 6c 6c 6f 0d 0a                             |hello..|
 *
 * The offset is that in the piece of data. What stands nearer to the transport than this policy (TLS) is not seen.
 * The log goes to a callback, to a descriptor, to files, or, if none of these is given, to the reactor's log with the level
 * debug. A line that can't be written, because the disk is full or a pipe's reader is slow, is lost; the connection goes on.
 * The connections that a protocol opens itself are logged with their own numbers.
 */
#ifndef PLAIT_TRAFFIC_H
#define PLAIT_TRAFFIC_H

#include "conn.h"
#include "factory.h"

#ifdef __cplusplus
extern "C" {
#endif

/** plait_traffic_options::flags */
enum {
    PLAIT_TRAFFIC_HEXDUMP = 1, /**< data as a hexdump instead of text */
    PLAIT_TRAFFIC_TIME = 2     /**< each line begins with the reactor's time in seconds, with three decimals */
};

/** Gets the lines of one event: each ends in "\n"; not NUL-terminated. Called inside driving calls. */
typedef void (*plait_traffic_fn)(void *user, uint64_t number, const char *lines, size_t len);

/** Where the log goes, and how much of it; at most one of lines, fd and prefix. */
typedef struct plait_traffic_options {
    uint32_t struct_size;
    uint32_t flags;        /**< PLAIT_TRAFFIC_ */
    uint64_t length_limit; /**< data bytes that are shown of one piece, the rest is only counted; 0: all */
    uint64_t size_limit;   /**< bytes of the log (of each file, with prefix), after which nothing is logged; 0: no limit */
    plait_traffic_fn lines; /**< or NULL */
    void *user;            /**< given to lines; the host frees it when the factory is gone */
    int32_t fd;            /**< a descriptor, which stays the host's and open as long as the factory lives; 0: none */
    uint32_t mode;         /**< of the files, as for open(2); 0600 if 0 */
    const char *prefix;    /**< a file for each connection: the prefix, "-" and its number; what was there is overwritten; or NULL */
} plait_traffic_options;
#define PLAIT_TRAFFIC_OPTIONS_INIT { sizeof(plait_traffic_options), 0, 0, 0, NULL, NULL, 0, 0, NULL }

/** What a traffic log has done so far. */
typedef struct plait_traffic_counters {
    uint32_t struct_size; /**< set by #PLAIT_TRAFFIC_COUNTERS_INIT */
    int32_t last_error;   /**< the status for which something was lost last, or 0 */
    uint64_t written;     /**< bytes of the log */
    uint64_t lost;        /**< bytes that could not be written, or came above size_limit */
} plait_traffic_counters;
#define PLAIT_TRAFFIC_COUNTERS_INIT { sizeof(plait_traffic_counters), 0, 0, 0 }

/**
 * @brief Makes a factory that logs what goes over another's connections.
 * @param out [out] the factory.
 * @param factory [in] what it goes around; it keeps a reference.
 * @param options [in] copied; or NULL: all, as text, to the reactor's log.
 * @return 0.
 * @errors #PLAIT_ERR_INVALID, #PLAIT_ERR_STRUCT_SIZE, #PLAIT_ERR_STALE, #PLAIT_ERR_TYPE, #PLAIT_ERR_LIMIT, #PLAIT_ERR_NOMEM.
 * @thread any.
 * @callbacks none.
 * @lifetime until plait_factory_release(), and as long as something uses it.
 * @since 0.1.0
 * @twisted `policies.TrafficLoggingFactory`, `policies.SpewingFactory`
 */
PLAIT_API int plait_traffic_factory_new(plait_factory *out, plait_factory factory, const plait_traffic_options *options);

/**
 * @brief Has the next connection get the number 1 again.
 * @param factory [in] one of plait_traffic_factory_new().
 * @return 0.
 * @errors #PLAIT_ERR_STALE; #PLAIT_ERR_TYPE, also for a factory of another kind; #PLAIT_ERR_THREAD.
 * @thread the reactor's that the factory serves; any as long as it serves none.
 * @callbacks none.
 * @lifetime connections that are there keep their numbers.
 * @since 0.1.0
 * @twisted `TrafficLoggingFactory.resetCounter`
 */
PLAIT_API int plait_traffic_reset(plait_factory factory);

/**
 * @brief Tells how much was logged, and how much was lost.
 * @param factory [in] one of plait_traffic_factory_new().
 * @param out [out] with its struct_size set.
 * @return 0.
 * @errors #PLAIT_ERR_STALE; #PLAIT_ERR_TYPE, also for a factory of another kind; #PLAIT_ERR_THREAD, #PLAIT_ERR_INVALID,
 *   #PLAIT_ERR_STRUCT_SIZE.
 * @thread the reactor's that the factory serves; any as long as it serves none.
 * @callbacks none.
 * @lifetime a copy.
 * @since 0.1.0
 * @twisted none.
 */
PLAIT_API int plait_traffic_get_counters(plait_factory factory, plait_traffic_counters *out);

#ifdef __cplusplus
}
#endif
#endif
