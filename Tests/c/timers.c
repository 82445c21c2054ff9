/* Timers: order, repetition, changing and cancelling them; thousands at once. */
#include "harness.h"

enum { MANY = 20000 };

static plait_reactor reactor;
static plait_timer timers[MANY];
static uint64_t fired_at[MANY];
static int fired;

static void tick(void *user, plait_timer timer) {
    uint64_t now;

    (void)timer;
    OK(plait_reactor_now(reactor, &now));
    note("%s@%llu", (const char *)user, (unsigned long long)now);
}

static void once(void *user, plait_timer timer) {
    (void)user;
    STATUS(plait_timer_cancel(timer), PLAIT_ERR_STALE); /* one without repetition is stale by then */
    note("once");
}

static void cancel_itself(void *user, plait_timer timer) {
    int *left = (int *)user;

    note("again");
    if (--*left == 0) OK(plait_timer_cancel(timer));
}

static void count(void *user, plait_timer timer) {
    uint64_t now;

    (void)timer;
    OK(plait_reactor_now(reactor, &now));
    fired_at[(size_t)(uintptr_t)user] = now;
    fired++;
}

static void on_a_manual_clock(void) {
    plait_timer a, b, c;
    uint64_t due = 0;
    int left = 3;

    OK(plait_timer_start(reactor, 10, 0, tick, (void *)"b", &b));
    OK(plait_timer_start(reactor, 5, 0, tick, (void *)"a", &a));
    OK(plait_timer_start(reactor, 10, 0, tick, (void *)"c", &c));
    OK(plait_timer_get_due(c, &due));
    SAME(due, 10);
    OK(plait_reactor_advance(reactor, 4));
    HEARD("");
    OK(plait_reactor_advance(reactor, 6)); /* each at its own time, one time's in the order of their start */
    HEARD("a@5|b@10|c@10|");
    STATUS(plait_timer_cancel(a), PLAIT_ERR_STALE);
    STATUS(plait_timer_get_due(a, &due), PLAIT_ERR_STALE);

    /* 0 fires in the next turn, not at once */
    OK(plait_timer_start(reactor, 0, 0, tick, (void *)"now", NULL));
    HEARD("");
    OK(plait_reactor_advance(reactor, 0));
    HEARD("now@10|");

    /* reset counts from now, delay from when it was due, negative delays too */
    OK(plait_timer_start(reactor, 10, 0, tick, (void *)"a", &a)); /* 20 */
    OK(plait_timer_start(reactor, 10, 0, tick, (void *)"b", &b)); /* 20 */
    OK(plait_timer_start(reactor, 90, 0, tick, (void *)"c", &c)); /* 100 */
    OK(plait_reactor_advance(reactor, 5));
    OK(plait_timer_reset(a, 10));
    OK(plait_timer_delay(b, 10));
    OK(plait_timer_delay(c, -60));
    OK(plait_timer_get_due(a, &due));
    SAME(due, 25);
    OK(plait_timer_get_due(b, &due));
    SAME(due, 30);
    OK(plait_timer_get_due(c, &due));
    SAME(due, 40);
    OK(plait_timer_delay(c, -1000)); /* at the soonest in the next turn */
    OK(plait_reactor_advance(reactor, 0));
    HEARD("c@15|");
    OK(plait_reactor_advance(reactor, 100));
    HEARD("a@25|b@30|");

    /* repetition keeps its grid */
    OK(plait_timer_start(reactor, 5, 10, tick, (void *)"r", &a)); /* now 115 */
    OK(plait_reactor_advance(reactor, 25));
    HEARD("r@120|r@130|r@140|");
    OK(plait_timer_cancel(a));
    OK(plait_reactor_advance(reactor, 100));
    HEARD("");
    OK(plait_timer_start(reactor, 1, 1, cancel_itself, &left, NULL));
    OK(plait_reactor_advance(reactor, 50));
    HEARD("again|again|again|");
    OK(plait_timer_start(reactor, 1, 0, once, NULL, NULL));
    OK(plait_reactor_advance(reactor, 1));
    HEARD("once|");

    STATUS(plait_timer_start(reactor, 1, 0, NULL, NULL, NULL), PLAIT_ERR_INVALID);
    STATUS(plait_timer_start(reactor, (1ull << 62) + 1, 0, tick, NULL, NULL), PLAIT_ERR_INVALID);
    STATUS(plait_timer_start(reactor, 0, UINT64_MAX, tick, NULL, NULL), PLAIT_ERR_INVALID);
    OK(plait_timer_start(reactor, 1, 0, tick, (void *)"x", &a));
    STATUS(plait_timer_reset(a, UINT64_MAX), PLAIT_ERR_INVALID);
    STATUS(plait_timer_delay(a, INT64_MAX), PLAIT_ERR_INVALID);
    OK(plait_timer_delay(a, INT64_MIN));
    OK(plait_timer_cancel(a));
    STATUS(plait_reactor_advance(reactor, 1ull << 63), PLAIT_ERR_INVALID);
}

static void many(void) {
    int i, cancelled = 0;
    uint64_t start;

    OK(plait_reactor_now(reactor, &start));
    for (i = 0; i < MANY; i++)
        OK(plait_timer_start(reactor, (uint64_t)(i * 7919 % 1000), 0, count, (void *)(uintptr_t)i, &timers[i]));
    for (i = 0; i < MANY; i += 3) {
        OK(plait_timer_cancel(timers[i]));
        cancelled++;
    }
    OK(plait_reactor_advance(reactor, 999));
    SAME(fired, MANY - cancelled);
    for (i = 0; i < MANY; i++) {
        STATUS(plait_timer_cancel(timers[i]), PLAIT_ERR_STALE);
        if (i % 3)
            SAME(fired_at[i], start + (uint64_t)(i * 7919 % 1000));
        else
            SAME(fired_at[i], 0);
    }
}

/* The last timer falls due while another one's callback runs: run() returns all the same. */
static void slow(void *user, plait_timer timer) {
    double start = seconds();

    (void)user;
    (void)timer;
    while (seconds() - start < 0.01) continue;
}

static void due_meanwhile(void) {
    int i;

    fired = 0;
    for (i = 0; i < 20; i++) {
        reactor = new_reactor(0);
        OK(plait_timer_start(reactor, 1, 0, slow, NULL, NULL));
        OK(plait_timer_start(reactor, 5, 0, count, (void *)0, NULL));
        SAME(plait_reactor_run(reactor), 1);
        OK(plait_reactor_free(reactor));
    }
    SAME(fired, 20);
}

static void on_the_systems_clock(void) {
    double start;
    int i, left = 3;

    reactor = new_reactor(0);
    fired = 0;
    start = seconds();
    for (i = 0; i < 1000; i++) OK(plait_timer_start(reactor, (uint64_t)(20 - i % 20), 0, count, (void *)0, NULL));
    OK(plait_timer_start(reactor, 30, 0, tick, (void *)"never", &timers[0]));
    OK(plait_timer_cancel(timers[0]));
    SAME(plait_reactor_run(reactor), 1);
    SAME(fired, 1000);
    CHECK(seconds() - start >= 0.019);
    OK(plait_timer_start(reactor, 2, 2, cancel_itself, &left, NULL));
    SAME(plait_reactor_run(reactor), 1);
    HEARD("again|again|again|");
    /* freed with timers that are not yet due: they do not fire */
    OK(plait_timer_start(reactor, 0, 0, tick, (void *)"never", &timers[0]));
    OK(plait_reactor_free(reactor));
    HEARD("");
    STATUS(plait_timer_cancel(timers[0]), PLAIT_ERR_STALE);
}

int main(void) {
    reactor = new_reactor(PLAIT_REACTOR_WITHOUT_LOOP);
    on_a_manual_clock();
    many();
    OK(plait_reactor_free(reactor));

    reactor = new_reactor(PLAIT_REACTOR_MANUAL_CLOCK);
    on_a_manual_clock();
    OK(plait_reactor_free(reactor));

    on_the_systems_clock();
    due_meanwhile();
    PASSED();
}
