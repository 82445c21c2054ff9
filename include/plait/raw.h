/**
 * @file plait/raw.h
 * @brief The raw protocol: the host gets bytes as they come.
 *
 * Send by plait_conn_write(). Further protocols can be put on a conn that began raw by
 * plait_conn_set_factory().
 */
#ifndef PLAIT_RAW_H
#define PLAIT_RAW_H

#include "conn.h"
#include "factory.h"

#ifdef __cplusplus
extern "C" {
#endif

/** The callbacks of a raw protocol. The first eight fields are those of every table: see factory.h. */
typedef struct plait_raw_handler {
    uint32_t struct_size;
    uint32_t reserved;
    void (*connected)(void *user, plait_conn conn);
    void (*disconnected)(void *user, plait_conn conn, const plait_reason *reason);
    void (*read_closed)(void *user, plait_conn conn);
    void (*write_paused)(void *user, plait_conn conn);
    void (*write_resumed)(void *user, plait_conn conn);
    void (*release)(void *user);
    /** Bytes arrived: at least one, at most what one read gave (64 KiB from a socket). */
    void (*data)(void *user, plait_conn conn, const uint8_t *data, size_t len);
} plait_raw_handler;
#define PLAIT_RAW_HANDLER_INIT { sizeof(plait_raw_handler), 0, NULL, NULL, NULL, NULL, NULL, NULL, NULL }

/**
 * @brief Makes a factory of raw protocols.
 * @param out [out] the factory.
 * @param handler [in] copied.
 * @param user [in] the first argument of its callbacks.
 * @return 0.
 * @errors #PLAIT_ERR_INVALID, #PLAIT_ERR_STRUCT_SIZE, #PLAIT_ERR_LIMIT, #PLAIT_ERR_NOMEM.
 * @thread any.
 * @callbacks none.
 * @lifetime until plait_factory_release(), and as long as something uses it.
 * @since 0.1.0
 * @twisted `Factory.forProtocol(Protocol)`
 */
PLAIT_API int plait_raw_factory_new(plait_factory *out, const plait_raw_handler *handler, void *user);

#ifdef __cplusplus
}
#endif
#endif
