/* The log: silent by default; up to its level; its words are those of the header. */
#include "harness.h"

static int messages[5];

static void on_log(void *user, int level, const char *subsystem, const char *message) {
    CHECK(user == messages && message && *message && level >= 1 && level <= 4);
    CHECK(strcmp(subsystem, "reactor") == 0 || strcmp(subsystem, "listener") == 0 ||
          strcmp(subsystem, "connector") == 0 || strcmp(subsystem, "conn") == 0);
    messages[level]++;
}

static int some_traffic(plait_reactor reactor) {
    plait_factory factory = line_factory(echo_line);
    plait_listener listener = {0};
    struct peer peer;
    int i, sum = 0;

    memset(messages, 0, sizeof messages);
    connected_count = disconnected_count = 0;
    peer_dial(&peer, listen_on(reactor, factory, &listener));
    UNTIL(reactor, connected_count == 1);
    peer_close(&peer);
    UNTIL(reactor, disconnected_count == 1);
    OK(plait_listener_close(listener));
    OK(plait_factory_release(factory));
    journal[0] = 0;
    for (i = 1; i < 5; i++) sum += messages[i];
    return sum;
}

int main(void) {
    plait_reactor reactor = {0};
    plait_reactor_options options = PLAIT_REACTOR_OPTIONS_INIT;

    options.log = on_log;
    options.log_user = messages;
    options.log_level = PLAIT_LOG_DEBUG;
    OK(plait_reactor_new(&reactor, &options));
    some_traffic(reactor);
    CHECK(messages[PLAIT_LOG_DEBUG] >= 2); /* connections come and go */
    CHECK(messages[PLAIT_LOG_INFO] >= 1);  /* listeners come and go */
    OK(plait_reactor_set_log(reactor, PLAIT_LOG_INFO, on_log, messages));
    some_traffic(reactor);
    CHECK(messages[PLAIT_LOG_DEBUG] == 0 && messages[PLAIT_LOG_INFO] >= 1);
    OK(plait_reactor_set_log(reactor, PLAIT_LOG_OFF, on_log, messages));
    SAME(some_traffic(reactor), 0);
    OK(plait_reactor_set_log(reactor, PLAIT_LOG_DEBUG, NULL, NULL));
    SAME(some_traffic(reactor), 0);
    OK(plait_reactor_free(reactor));
    PASSED();
}
