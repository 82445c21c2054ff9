#include <uv.h>

/* libuv lists the watchers of which its epoll has yet to be told. This one, begun for these events alone, the epoll
 * knows already: it is taken off the list, as stopping it would, and counts as told of. */
static inline void clibuv_is_known(uv__io_t *watcher, unsigned events) {
    void **entry = (void **)&watcher->watcher_queue; /* its next, its previous, whatever their type is called */
    _Static_assert(sizeof watcher->watcher_queue == 2 * sizeof(void *), "a list of two links");
    ((void **)entry[1])[0] = entry[0];
    ((void **)entry[0])[1] = entry[1];
    entry[0] = entry[1] = entry;
    watcher->events = events;
}
