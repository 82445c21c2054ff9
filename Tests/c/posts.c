/* Posts: from many threads, each once and in order; they wake a reactor that waits. */
#include "harness.h"
#include <pthread.h>

enum { THREADS = 4, EACH = 2000 };

static plait_reactor reactor;
static int seen[THREADS], total;

struct item {
    int thread, number;
};
static struct item items[THREADS][EACH];

static void take(void *user) {
    struct item *item = (struct item *)user;

    SAME(item->number, seen[item->thread]); /* in the order in which this thread posted */
    seen[item->thread]++;
    if (++total == THREADS * EACH) OK(plait_reactor_stop(reactor));
}

static void *poster(void *argument) {
    int i, thread = (int)(intptr_t)argument;

    for (i = 0; i < EACH; i++) {
        items[thread][i].thread = thread;
        items[thread][i].number = i;
        OK(plait_reactor_post(reactor, take, &items[thread][i]));
    }
    return NULL;
}

static void say(void *user) { note("%s", (const char *)user); }

static void say_and_post(void *user) {
    note("%s", (const char *)user);
    OK(plait_reactor_post(reactor, say, (void *)"posted by a post"));
}

static void *stopper(void *argument) {
    (void)argument;
    OK(plait_reactor_stop(reactor));
    return NULL;
}

static void hour(void *user, plait_timer timer) {
    (void)user;
    (void)timer;
    DIE("an hour has passed");
}

int main(void) {
    pthread_t threads[THREADS];
    int i;

    reactor = new_reactor(0);
    OK(plait_timer_start(reactor, 3600000, 0, hour, NULL, NULL)); /* so that it waits, and only posts wake it */
    for (i = 0; i < THREADS; i++) SAME(pthread_create(&threads[i], NULL, poster, (void *)(intptr_t)i), 0);
    SAME(plait_reactor_run(reactor), 0);
    SAME(total, THREADS * EACH);
    for (i = 0; i < THREADS; i++) pthread_join(threads[i], NULL);

    /* stop from another thread, and a post alone keeps run() from returning before it has run */
    SAME(pthread_create(&threads[0], NULL, stopper, NULL), 0);
    SAME(plait_reactor_run(reactor), 0);
    pthread_join(threads[0], NULL);

    OK(plait_reactor_post(reactor, say_and_post, (void *)"a"));
    OK(plait_reactor_post(reactor, say, (void *)"b"));
    HEARD("");
    UNTIL(reactor, strlen(journal) > 10);
    HEARD("a|b|posted by a post|");
    OK(plait_reactor_post(reactor, say_and_post, (void *)"c"));
    OK(plait_reactor_free(reactor)); /* all posts run, those of posts too */
    HEARD("c|posted by a post|");

    reactor = new_reactor(PLAIT_REACTOR_WITHOUT_LOOP);
    OK(plait_reactor_post(reactor, say, (void *)"a"));
    OK(plait_reactor_poll(reactor, 0));
    HEARD("a|");
    OK(plait_reactor_free(reactor));
    PASSED();
}
