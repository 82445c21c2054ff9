/**
 * @file plait/timer.h
 * @brief Timers.
 *
 * Time is in milliseconds. Timers that fall due in one turn fire in the order of their times, and
 * those of one time in the order in which they were started. A timer that is cancelled never
 * fires; neither does one whose reactor is freed.
 */
#ifndef PLAIT_TIMER_H
#define PLAIT_TIMER_H

#include "handle.h"

#ifdef __cplusplus
extern "C" {
#endif

/** What a timer calls. One without repetition is stale by then. */
typedef void (*plait_timer_fn)(void *user, plait_timer timer);

/**
 * @brief Starts a timer.
 * @param reactor [in]
 * @param delay_ms [in] until it fires first; 0: in the next turn.
 * @param repeat_ms [in] 0: it fires once; else the time between two firings. One that is late skips those it
 *   missed and keeps its grid.
 * @param function [in] what to call.
 * @param user [in] given to it.
 * @param out [out] the timer, or NULL.
 * @return 0.
 * @errors those of a handle; #PLAIT_ERR_INVALID (no function, more than 2^62 ms), #PLAIT_ERR_LIMIT, #PLAIT_ERR_NOMEM.
 * @thread the reactor's.
 * @callbacks the function, in a later driving call.
 * @lifetime until it fires for the last time, is cancelled, or its reactor is freed.
 * @since 0.1.0
 * @twisted `reactor.callLater`, `task.LoopingCall`
 */
PLAIT_API int plait_timer_start(plait_reactor reactor, uint64_t delay_ms, uint64_t repeat_ms, plait_timer_fn function,
                                void *user, plait_timer *out);

/**
 * @brief Cancels a timer; its handle is stale at once.
 * @param timer [in]
 * @return 0.
 * @errors those of a handle; a timer that has fired is stale.
 * @thread the reactor's.
 * @callbacks none, now or later.
 * @lifetime `user` may be freed afterwards.
 * @since 0.1.0
 * @twisted `IDelayedCall.cancel`
 */
PLAIT_API int plait_timer_cancel(plait_timer timer);

/**
 * @brief Has a timer fire so many milliseconds from now, instead of when it would.
 * @param timer [in]
 * @param delay_ms [in] from now.
 * @return 0.
 * @errors those of a handle; #PLAIT_ERR_INVALID for more than 2^62 ms.
 * @thread the reactor's.
 * @callbacks none.
 * @lifetime unchanged.
 * @since 0.1.0
 * @twisted `IDelayedCall.reset`
 */
PLAIT_API int plait_timer_reset(plait_timer timer, uint64_t delay_ms);

/**
 * @brief Has a timer fire so many milliseconds later than it would.
 * @param timer [in]
 * @param more_ms [in] added to its time; negative: sooner, at the soonest in the next turn.
 * @return 0.
 * @errors those of a handle; #PLAIT_ERR_INVALID for a time beyond 2^62 ms.
 * @thread the reactor's.
 * @callbacks none.
 * @lifetime unchanged.
 * @since 0.1.0
 * @twisted `IDelayedCall.delay`
 */
PLAIT_API int plait_timer_delay(plait_timer timer, int64_t more_ms);

/**
 * @brief Tells when a timer fires next.
 * @param timer [in]
 * @param due_ms [out] on the clock of plait_reactor_now().
 * @return 0.
 * @errors those of a handle; #PLAIT_ERR_INVALID.
 * @thread the reactor's.
 * @callbacks none.
 * @lifetime nothing is kept.
 * @since 0.1.0
 * @twisted `IDelayedCall.getTime`
 */
PLAIT_API int plait_timer_get_due(plait_timer timer, uint64_t *due_ms);

#ifdef __cplusplus
}
#endif
#endif
