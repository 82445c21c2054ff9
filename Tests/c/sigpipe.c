/* A peer that is gone does not kill the process: SIGPIPE keeps its default disposition, over TCP and UNIX sockets, with
 * nothing, little and a lot of output waiting. */
#include "harness.h"

static plait_reactor reactor;
static char large[8 << 20];

static void try_with(const char *where, size_t waiting, int by_reset) {
    plait_factory factory = raw_factory(note_bytes);
    plait_listener listener = {0};
    struct peer peer;
    int i, status = 0;

    OK(plait_listen(reactor, where, factory, NULL, &listener));
    connected_count = disconnected_count = 0;
    if (where[0] == 't')
        peer_dial(&peer, plait_listener_get_port(listener));
    else
        peer_dial_unix(&peer, strchr(where, '@'));
    UNTIL(reactor, connected_count == 1);
    if (waiting) OK(plait_conn_write(last_conn, (const uint8_t *)large, waiting));
    for (i = 0; i < 3; i++) OK(plait_reactor_poll(reactor, 0)); /* the kernel's buffer is full, the rest waits */
    OK(plait_conn_pause(last_conn));                            /* so that only writing can find out */
    if (by_reset)
        peer_reset(&peer);
    else
        peer_close(&peer);
    for (i = 0; i < 1000 && status == 0 && !disconnected_count; i++) {
        status = plait_conn_write(last_conn, (const uint8_t *)"more", 4);
        OK(plait_reactor_poll(reactor, 1));
    }
    if (!disconnected_count) OK(plait_conn_resume(last_conn));
    UNTIL(reactor, disconnected_count == 1);
    CHECK(strncmp(journal, "connected|disconnected ", 23) == 0);
    journal[0] = 0;
    OK(plait_listener_close(listener));
    OK(plait_factory_release(factory));
}

int main(void) {
    static const size_t sizes[] = {0, 1, 100000, sizeof large};
    struct sigaction action;
    sigset_t mask, pending;
    char name[64];
    size_t i;
    int by_reset;

    signal(SIGPIPE, SIG_DFL);
    reactor = new_reactor(0);
    for (i = 0; i < sizeof sizes / sizeof *sizes; i++)
        for (by_reset = 0; by_reset < 2; by_reset++) {
            try_with("tcp:0:interface=127.0.0.1", sizes[i], by_reset);
            snprintf(name, sizeof name, "unix:@plait-sigpipe-%d", (int)getpid());
            try_with(name, sizes[i], by_reset);
        }
    OK(plait_reactor_free(reactor));

    /* the host's own settings are as they were */
    sigaction(SIGPIPE, NULL, &action);
    CHECK(action.sa_handler == SIG_DFL);
    sigprocmask(SIG_BLOCK, NULL, &mask);
    CHECK(!sigismember(&mask, SIGPIPE));
    sigpending(&pending);
    CHECK(!sigismember(&pending, SIGPIPE));
    PASSED();
}
