/* The policies' part of the re-entry matrix: a tower whose hooks all come, and time limits that pass. */
#include "reentry.h"

static struct world *world_of(void *user) { return user; }

#define ON_WRAPPER(name)                                                                                               \
    static void name(void *user, plait_wrapper wrapper) {                                                              \
        plait_conn conn = {0};                                                                                         \
        if (!plait_wrapper_get_conn(wrapper, &conn)) world_of(user)->conn = conn;                                      \
        world_of(user)->wrapper = wrapper;                                                                             \
        world_of(user)->is_tower = 1;                                                                                  \
        came(user, K_##name);                                                                                          \
        world_of(user)->is_tower = 0;                                                                                  \
    }
ON_WRAPPER(wrapper_built)
ON_WRAPPER(wrapper_connected)
ON_WRAPPER(wrapper_received)
ON_WRAPPER(wrapper_written)
ON_WRAPPER(wrapper_read_closed)
ON_WRAPPER(wrapper_closing)
ON_WRAPPER(wrapper_disconnected)

static int built(void *user, plait_wrapper wrapper) {
    wrapper_built(user, wrapper);
    return 0;
}
static int connected(void *user, plait_wrapper wrapper) {
    wrapper_connected(user, wrapper);
    return PLAIT_WRAPPER_PASS;
}
static int received(void *user, plait_wrapper wrapper, const uint8_t *data, size_t len) {
    wrapper_received(user, wrapper);
    if (data[len - 1] == 255) abort(); /* the bytes are still there */
    return PLAIT_WRAPPER_PASS;
}
static int written(void *user, plait_wrapper wrapper, const uint8_t *data, size_t len) {
    wrapper_written(user, wrapper);
    if (data[len - 1] == 255) abort();
    return PLAIT_WRAPPER_PASS;
}
static void disconnected(void *user, plait_wrapper wrapper, const plait_reason *reason) {
    if (!world_of(user)->freeing) wrapper_disconnected(user, wrapper);
    if (!reason->text[0]) abort();
}
static void wrapper_release(void *user) {
    if (!world_of(user)->freeing) came(user, K_wrapper_release);
}
static int expired(void *user, plait_conn conn, int limit) {
    (void)limit;
    world_of(user)->conn = conn;
    world_of(user)->is_tower = 1;
    came(user, K_expired);
    world_of(user)->is_tower = 0;
    return 0;
}
static void traffic(void *user, uint64_t number, const char *lines, size_t len) {
    (void)number;
    if (!world_of(user)->freeing) came(user, K_traffic);
    if (lines[len - 1] != '\n') abort();
}

static plait_conn attach(struct world *w, plait_factory factory) {
    plait_conn conn = {0};
    if (plait_conn_attach(w->reactor, factory, &w->quiet, w, &conn)) abort();
    return conn;
}

static int standing(void *user, plait_wrapper wrapper) {
    world_of(user)->standing.wrapper = wrapper;
    return 0;
}

static plait_factory wrap(struct world *w, plait_factory inner, const plait_wrapper_handler *hooks) {
    plait_factory made = {0};
    if (plait_wrapper_factory_new(&made, inner, hooks, w)) abort();
    return made;
}

void set_up_policies(struct world *w) {
    plait_raw_handler raw = PLAIT_RAW_HANDLER_INIT;
    plait_wrapper_handler quiet = PLAIT_WRAPPER_HANDLER_INIT, hooks = PLAIT_WRAPPER_HANDLER_INIT;
    plait_traffic_options log = PLAIT_TRAFFIC_OPTIONS_INIT;
    plait_factory timed = {0}, logged = {0}, wrapped = {0};

    w->no_hooks = quiet;
    w->limits = (plait_timeout_options)PLAIT_TIMEOUT_OPTIONS_INIT;
    w->rates = (plait_throttle_options)PLAIT_THROTTLE_OPTIONS_INIT;
    w->lists = (plait_access_options)PLAIT_ACCESS_OPTIONS_INIT;
    w->throttled = (plait_throttle_counters)PLAIT_THROTTLE_COUNTERS_INIT;
    w->logged = (plait_traffic_counters)PLAIT_TRAFFIC_COUNTERS_INIT;
    w->limits.idle_ms = 1000000;
    if (plait_raw_factory_new(&w->within, &raw, w)) abort();
    quiet.built = standing;
    wrapped = wrap(w, w->within, &quiet);
    if (plait_timeout_factory_new(&w->guarded, wrapped, &w->limits)) abort();
    if (plait_throttle_factory_new(&w->throttle, w->within, &w->rates)) abort();
    if (plait_traffic_factory_new(&w->traffic, w->within, NULL)) abort();
    plait_factory_release(wrapped);
    w->timed = attach(w, w->guarded);
    w->wrapper = w->standing.wrapper;

    hooks.built = built;
    hooks.connected = connected;
    hooks.received = received;
    hooks.written = written;
    hooks.read_closed = wrapper_read_closed;
    hooks.closing = wrapper_closing;
    hooks.disconnected = disconnected;
    hooks.release = wrapper_release;
    log.lines = traffic;
    log.user = w;
    w->limits.idle_ms = 50;
    w->limits.expired = expired;
    w->limits.user = w;
    wrapped = wrap(w, w->within, &hooks);
    if (plait_traffic_factory_new(&logged, wrapped, &log) || plait_timeout_factory_new(&timed, logged, &w->limits))
        abort();
    w->tower = timed;
    w->limits.expired = NULL;
    plait_factory_release(wrapped);
    plait_factory_release(logged);
}

void play_policies(struct world *w) {
    plait_conn first = {0}, second = {0};

    /* What the call under test did may make any of these fail. */
    plait_conn_attach(w->reactor, w->tower, &w->quiet, w, &first);
    plait_reactor_poll(w->reactor, 0);
    plait_conn_feed(first, (const uint8_t *)"bytes", 5);
    plait_conn_write(first, (const uint8_t *)"more", 4);
    plait_reactor_poll(w->reactor, 0);
    plait_conn_eof(first, 0);
    plait_conn_attach(w->reactor, w->tower, &w->quiet, w, &second);
    plait_reactor_poll(w->reactor, 0);
    plait_factory_release(w->tower); /* the conn holds the last reference now */
    plait_reactor_advance(w->reactor, 100);
    plait_conn_abort(second);
    plait_reactor_poll(w->reactor, 0);
}

void tear_down_policies(struct world *w) {
    plait_factory_release(w->guarded);
    plait_factory_release(w->throttle);
    plait_factory_release(w->traffic);
    plait_factory_release(w->within);
}
