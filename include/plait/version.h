/**
 * @file plait/version.h
 * @brief The library's version, and what every header needs to declare a function.
 */
#ifndef PLAIT_VERSION_H
#define PLAIT_VERSION_H

#include <stddef.h>
#include <stdint.h>

#define PLAIT_VERSION_MAJOR 0
#define PLAIT_VERSION_MINOR 1
#define PLAIT_VERSION_PATCH 0
#define PLAIT_VERSION_STRING "0.1.0"

/** Marks what the shared library exports. */
#if defined(__GNUC__)
#define PLAIT_API __attribute__((visibility("default")))
#else
#define PLAIT_API
#endif

#ifdef __cplusplus
extern "C" {
#endif

/**
 * @brief Tells the version of the library that runs, which may be newer than its headers.
 * @return `major << 16 | minor << 8 | patch`, for example 0x000100 for 0.1.0.
 * @errors none: it cannot fail.
 * @thread any, also inside a signal handler.
 * @callbacks none.
 * @lifetime nothing is kept.
 * @since 0.1.0
 * @twisted `twisted.__version__`
 */
PLAIT_API uint32_t plait_version(void);

#ifdef __cplusplus
}
#endif
#endif
