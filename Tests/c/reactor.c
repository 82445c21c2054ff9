/* A reactor's life: making, turning, stopping, freeing; what it refuses. */
#include "harness.h"

static plait_reactor shared;

static void stop_it(void *user, plait_timer timer) {
    (void)timer;
    note("timer");
    OK(plait_reactor_stop(*(plait_reactor *)user));
}

/* Driving calls answer PLAIT_ERR_REENTRANT inside a callback. */
static void drive(void *user) {
    plait_reactor other = {0};

    (void)user;
    STATUS(plait_reactor_run(shared), PLAIT_ERR_REENTRANT);
    STATUS(plait_reactor_poll(shared, 0), PLAIT_ERR_REENTRANT);
    STATUS(plait_reactor_free(shared), PLAIT_ERR_REENTRANT);
    STATUS(plait_reactor_adopt(shared), PLAIT_ERR_REENTRANT);
    /* Another reactor may be driven. */
    OK(plait_reactor_new(&other, NULL));
    OK(plait_reactor_poll(other, 0));
    OK(plait_reactor_free(other));
    note("drove");
}

static void a_post(void *user) { note("post %s", (const char *)user); }

static void life(void) {
    plait_reactor reactor = {0};
    uint64_t now = 0, later = 0;
    int64_t timeout = 7;
    int fd = -1, again = -1;

    OK(plait_reactor_new(&reactor, NULL));
    SAME(plait_reactor_run(reactor), 1); /* nothing to wait for */
    OK(plait_reactor_poll(reactor, 0));
    OK(plait_reactor_timeout(reactor, &timeout));
    SAME(timeout, -1);
    OK(plait_reactor_now(reactor, &now));
    OK(plait_reactor_fd(reactor, &fd));
    CHECK(fd >= 0 && (fcntl(fd, F_GETFD) & FD_CLOEXEC));
    OK(plait_reactor_fd(reactor, &again));
    SAME(fd, again);

    OK(plait_timer_start(reactor, 5, 0, stop_it, &reactor, NULL));
    OK(plait_timer_start(reactor, 3600000, 0, stop_it, &reactor, NULL)); /* something to wait for */
    OK(plait_reactor_timeout(reactor, &timeout));
    CHECK(timeout >= 0 && timeout <= 5);
    SAME(plait_reactor_run(reactor), 0); /* stopped */
    HEARD("timer|");
    OK(plait_reactor_now(reactor, &later));
    CHECK(later >= now + 5);

    /* Stopped before it runs: the next run returns after one turn. */
    OK(plait_reactor_stop(reactor));
    OK(plait_reactor_post(reactor, a_post, (void *)"1"));
    SAME(plait_reactor_run(reactor), 0);
    HEARD("post 1|");

    /* A post runs on free, a timer does not. */
    OK(plait_reactor_post(reactor, a_post, (void *)"2"));
    OK(plait_reactor_free(reactor));
    HEARD("post 2|");
    SAME(fcntl(fd, F_GETFD), -1);

    STATUS(plait_reactor_free(reactor), PLAIT_ERR_STALE);
    STATUS(plait_reactor_run(reactor), PLAIT_ERR_STALE);
    STATUS(plait_reactor_poll(reactor, 0), PLAIT_ERR_STALE);
    STATUS(plait_reactor_stop(reactor), PLAIT_ERR_STALE);
    STATUS(plait_reactor_post(reactor, a_post, NULL), PLAIT_ERR_STALE);
    STATUS(plait_reactor_now(reactor, &now), PLAIT_ERR_STALE);
    STATUS(plait_reactor_fd(reactor, &fd), PLAIT_ERR_STALE);
}

static void refusals(void) {
    plait_reactor reactor = {0}, zero = {0};
    struct {
        plait_reactor_options options;
        uint64_t more;
    } longer;
    plait_reactor_options options = PLAIT_REACTOR_OPTIONS_INIT;
    plait_factory factory = raw_factory(note_bytes);
    plait_reactor wrong;
    uint64_t now = 42;

    STATUS(plait_reactor_new(NULL, NULL), PLAIT_ERR_INVALID);
    options.struct_size = 3;
    STATUS(plait_reactor_new(&reactor, &options), PLAIT_ERR_STRUCT_SIZE);
    SAME(reactor.id, 0); /* no output on failure */
    options.struct_size = sizeof options;
    options.log_level = 77;
    STATUS(plait_reactor_new(&reactor, &options), PLAIT_ERR_INVALID);
    options.log_level = 0;
    options.flags = 1u << 31;
    STATUS(plait_reactor_new(&reactor, &options), PLAIT_ERR_INVALID);
    options.flags = 0;

    /* A struct of a later version: welcome as long as what we do not know is zero. */
    memset(&longer, 0, sizeof longer);
    longer.options.struct_size = sizeof longer;
    OK(plait_reactor_new(&reactor, &longer.options));
    OK(plait_reactor_free(reactor));
    longer.more = 1;
    STATUS(plait_reactor_new(&reactor, &longer.options), PLAIT_ERR_STRUCT_SIZE);

    STATUS(plait_reactor_run(zero), PLAIT_ERR_STALE);
    wrong.id = factory.id;
    STATUS(plait_reactor_run(wrong), PLAIT_ERR_TYPE);
    STATUS(plait_reactor_now(wrong, &now), PLAIT_ERR_TYPE);
    SAME(now, 42);

    OK(plait_reactor_new(&reactor, NULL));
    STATUS(plait_reactor_post(reactor, NULL, NULL), PLAIT_ERR_INVALID);
    STATUS(plait_reactor_now(reactor, NULL), PLAIT_ERR_INVALID);
    STATUS(plait_reactor_fd(reactor, NULL), PLAIT_ERR_INVALID);
    STATUS(plait_reactor_timeout(reactor, NULL), PLAIT_ERR_INVALID);
    STATUS(plait_reactor_advance(reactor, 1), PLAIT_ERR_UNSUPPORTED);
    STATUS(plait_reactor_set_log(reactor, 5, NULL, NULL), PLAIT_ERR_INVALID);
    STATUS(plait_reactor_set_log(reactor, -1, NULL, NULL), PLAIT_ERR_INVALID);
    OK(plait_reactor_free(reactor));
    OK(plait_factory_release(factory));
}

static void many(void) {
    static plait_reactor reactors[1024];
    plait_reactor_options options = PLAIT_REACTOR_OPTIONS_INIT;
    plait_reactor old;
    int i;

    options.flags = PLAIT_REACTOR_WITHOUT_LOOP;
    for (i = 0; i < 1023; i++) OK(plait_reactor_new(&reactors[i], &options));
    STATUS(plait_reactor_new(&reactors[1023], &options), PLAIT_ERR_LIMIT);
    old = reactors[7];
    OK(plait_reactor_free(reactors[7]));
    OK(plait_reactor_new(&reactors[7], &options)); /* its place is free again, its handle is not */
    CHECK(old.id != reactors[7].id);
    STATUS(plait_reactor_poll(old, 0), PLAIT_ERR_STALE);
    OK(plait_reactor_poll(reactors[7], -1)); /* without a loop it never waits */
    STATUS(plait_reactor_run(reactors[7]), PLAIT_ERR_UNSUPPORTED);
    STATUS(plait_reactor_fd(reactors[7], &i), PLAIT_ERR_UNSUPPORTED);
    for (i = 0; i < 1023; i++) OK(plait_reactor_free(reactors[i]));
}

int main(void) {
    int before = descriptors();

    life();
    refusals();
    many();

    OK(plait_reactor_new(&shared, NULL));
    OK(plait_reactor_post(shared, drive, NULL));
    OK(plait_reactor_poll(shared, 0));
    HEARD("drove|");
    OK(plait_reactor_free(shared));

    SAME(descriptors(), before);
    PASSED();
}
