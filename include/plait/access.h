/**
 * @file plait/access.h
 * @brief Lists of addresses that may connect, or may not.
 *
 * A list is a text: addresses and networks of both families in CIDR notation, separated by commas or blanks, for example
 * "127.0.0.1, 10.0.0.0/8 2001:db8::/32". An address without a length is itself alone;
 * the bits behind a length must be 0. IPv4 addresses that
 * come as IPv6 ones (mapped: `0:0:0:0:0:ffff:0:0/96`) are those of IPv4.
 *
 * The longest match of both lists decides; of two alike, deny. A peer in neither is taken if there is no allow list, else refused.
 * So "allow 10.0.0.0/8, deny 10.1.0.0/16" and "deny 0.0.0.0/0, allow 10.1.2.3" do what they say.
 */
#ifndef PLAIT_ACCESS_H
#define PLAIT_ACCESS_H

#include "factory.h"

#ifdef __cplusplus
extern "C" {
#endif

/** The most networks that a list has. */
#define PLAIT_ACCESS_MAX 65536

/** plait_access_options::flags */
enum {
    PLAIT_ACCESS_REFUSE_OTHERS = 1 /**< refuse peers without an IP address (UNIX, memory, attached), who are taken otherwise */
};

/** Who may connect. */
typedef struct plait_access_options {
    uint32_t struct_size;
    uint32_t flags;    /**< PLAIT_ACCESS_ */
    const char *allow; /**< a list, NUL-terminated; or NULL */
    const char *deny;  /**< a list, NUL-terminated; or NULL */
} plait_access_options;
#define PLAIT_ACCESS_OPTIONS_INIT { sizeof(plait_access_options), 0, NULL, NULL }

/**
 * @brief Makes a factory that takes connections from some addresses only.
 * @param out [out] the factory.
 * @param factory [in] what it goes around; it keeps a reference.
 * @param options [in] copied; or NULL: everybody is taken.
 * @param reason [out] what is wrong with a list, and `offset`: where in it; or NULL. Written when the answer is
 *   #PLAIT_ERR_INVALID because of a list.
 * @return 0.
 * @errors #PLAIT_ERR_INVALID, #PLAIT_ERR_STRUCT_SIZE, #PLAIT_ERR_STALE, #PLAIT_ERR_TYPE, #PLAIT_ERR_LIMIT, #PLAIT_ERR_NOMEM.
 * @thread any.
 * @callbacks none.
 * @lifetime until plait_factory_release(), and as long as something uses it. The reason's text is static.
 * @since 0.1.0
 * @twisted none.
 */
PLAIT_API int plait_access_factory_new(plait_factory *out, plait_factory factory, const plait_access_options *options,
                                       plait_reason *reason);

#ifdef __cplusplus
}
#endif
#endif
