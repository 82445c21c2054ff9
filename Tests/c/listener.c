/* Listeners: pausing, ports in use and shared, running out of descriptors, drain. */
#include "harness.h"
#include <sys/resource.h>

static plait_reactor reactor;
static int warnings, drained;

static void on_log(void *user, int level, const char *subsystem, const char *message) {
    CHECK(user == &warnings && message && *message);
    if (level == PLAIT_LOG_WARNING && strcmp(subsystem, "listener") == 0) warnings++;
}

static void pausing(void) {
    plait_factory factory = line_factory(echo_line);
    plait_listener listener = {0};
    struct peer peer;
    int i, port = listen_on(reactor, factory, &listener);

    connected_count = disconnected_count = 0;
    OK(plait_listener_pause(listener));
    OK(plait_listener_pause(listener));
    peer_dial(&peer, port); /* into the kernel's backlog */
    peer_say(&peer, "hello\r\n");
    for (i = 0; i < 5; i++) OK(plait_reactor_poll(reactor, 2));
    SAME(connected_count, 0);
    OK(plait_listener_resume(listener));
    OK(plait_listener_resume(listener));
    UNTIL(reactor, peer_heard(&peer, "hello\r\n"));
    /* closing it leaves the connection alone, and frees the port at once */
    OK(plait_listener_close(listener));
    STATUS(plait_listener_get_port(listener), PLAIT_ERR_STALE);
    peer_say(&peer, "again\r\n");
    UNTIL(reactor, peer_heard(&peer, "hello\r\nagain\r\n"));
    peer_close(&peer);
    UNTIL(reactor, disconnected_count == 1);
    OK(plait_factory_release(factory));
    journal[0] = 0;
}

static void ports(void) {
    plait_factory factory = line_factory(echo_line);
    plait_listener first = {0}, second = {0};
    plait_listen_options options = PLAIT_LISTEN_OPTIONS_INIT;
    char endpoint[64];
    int port = listen_on(reactor, factory, &first);

    snprintf(endpoint, sizeof endpoint, "tcp:%d:interface=127.0.0.1", port);
    STATUS(plait_listen(reactor, endpoint, factory, NULL, &second), PLAIT_ERR_SYSTEM - EADDRINUSE);
    SAME(second.id, 0);
    OK(plait_listener_close(first));
    OK(plait_listen(reactor, endpoint, factory, NULL, &first));
    OK(plait_listener_close(first));
    options.flags = PLAIT_LISTEN_REUSE_PORT;
    OK(plait_listen(reactor, endpoint, factory, &options, &first));
    OK(plait_listen(reactor, endpoint, factory, &options, &second));
    OK(plait_listener_close(first));
    OK(plait_listener_close(second));
    options.flags = 1u << 30;
    STATUS(plait_listen(reactor, endpoint, factory, &options, &second), PLAIT_ERR_INVALID);
    STATUS(plait_listen(reactor, endpoint, factory, NULL, NULL), PLAIT_ERR_INVALID);
    STATUS(plait_listen(reactor, NULL, factory, NULL, &second), PLAIT_ERR_INVALID);
    STATUS(plait_listen(reactor, "tcp:80:colour=red", factory, NULL, &second), PLAIT_ERR_ENDPOINT);
    OK(plait_factory_release(factory));
    STATUS(plait_listen(reactor, endpoint, factory, NULL, &second), PLAIT_ERR_STALE);
}

/* No descriptor is left: accepting rests, a warning is logged, nothing is lost. */
static void out_of_descriptors(void) {
    plait_factory factory = line_factory(echo_line);
    plait_listener listener = {0};
    struct rlimit limit, small;
    struct peer peers[3];
    int i, port = listen_on(reactor, factory, &listener), spare[64], count = 0;

    connected_count = disconnected_count = 0;
    for (i = 0; i < 3; i++) peer_dial(&peers[i], port);
    getrlimit(RLIMIT_NOFILE, &limit);
    small = limit;
    small.rlim_cur = 64;
    SAME(setrlimit(RLIMIT_NOFILE, &small), 0);
    while (count < 64 && (spare[count] = dup(0)) >= 0) count++;
    CHECK(errno == EMFILE);
    UNTIL(reactor, warnings > 0);
    SAME(connected_count, 0);
    for (i = 0; i < count; i++) close(spare[i]);
    for (i = 0; i < 3; i++) {
        /* valgrind, in place of the kernel, closes what was accepted beyond the limit: that one comes again */
        if (getenv("VALGRIND") && peer_ended(&peers[i])) {
            peer_close(&peers[i]);
            peer_dial(&peers[i], port);
        }
        peer_say(&peers[i], "hello\r\n");
        UNTIL(reactor, peer_heard(&peers[i], "hello\r\n"));
        peer_close(&peers[i]);
    }
    UNTIL(reactor, disconnected_count == 3);
    setrlimit(RLIMIT_NOFILE, &limit);
    OK(plait_listener_close(listener));
    OK(plait_factory_release(factory));
    journal[0] = 0;
}

static int met_port;

static void on_met(void *user, plait_conn conn) {
    plait_address address = PLAIT_ADDRESS_INIT;

    (void)user;
    OK(plait_conn_get_peer(conn, &address));
    met_port = (int)address.port;
    note("met %s", address.host);
}

/* A peer that has reset meanwhile is nowhere, as the system sees it; its address came with it. */
static void gone_already(void) {
    plait_raw_handler handler = PLAIT_RAW_HANDLER_INIT;
    plait_access_options everybody = PLAIT_ACCESS_OPTIONS_INIT;
    plait_factory factory = {0}, around = {0};
    plait_listener listeners[2];
    struct sockaddr_in name;
    socklen_t len = sizeof name;
    struct peer peer;
    int i;

    handler.connected = on_met;
    handler.disconnected = note_disconnected;
    OK(plait_raw_factory_new(&factory, &handler, NULL));
    OK(plait_access_factory_new(&around, factory, &everybody, NULL));
    for (i = 0; i < 2; i++) {
        peer_dial(&peer, listen_on(reactor, i ? around : factory, &listeners[i]));
        SAME(getsockname(peer.fd, (struct sockaddr *)&name, &len), 0);
        peer_reset(&peer);
        disconnected_count = 0;
        UNTIL(reactor, disconnected_count == 1);
        SAME(met_port, ntohs(name.sin_port));
        CHECK(strncmp(journal, "met 127.0.0.1|disconnected", 26) == 0);
        journal[0] = 0;
        OK(plait_listener_close(listeners[i]));
    }
    OK(plait_factory_release(factory));
    OK(plait_factory_release(around));
}

static void on_drained(void *user, plait_call call, const plait_reason *reason) {
    (void)user;
    (void)call;
    drained++;
    note("drained %s", reason->status ? plait_err_name(reason->status) : "0");
}

static void draining(void) {
    plait_factory factory = line_factory(echo_line);
    plait_listener listener = {0};
    plait_call call = {0};
    struct peer peer;
    int port = listen_on(reactor, factory, &listener);

    connected_count = disconnected_count = drained = 0;
    peer_dial(&peer, port);
    UNTIL(reactor, connected_count == 1);
    OK(plait_reactor_drain(reactor, 0, on_drained, NULL, &call));
    HEARD("connected|");
    STATUS(plait_listener_get_port(listener), PLAIT_ERR_STALE);
    peer_say(&peer, "last\r\n");
    UNTIL(reactor, peer_heard(&peer, "last\r\n")); /* it may finish */
    SAME(drained, 0);
    peer_close(&peer);
    UNTIL(reactor, drained == 1);
    HEARD("disconnected 0|drained 0|");
    STATUS(plait_call_cancel(call), PLAIT_ERR_STALE);

    /* one that does not finish */
    port = listen_on(reactor, factory, &listener);
    peer_dial(&peer, port);
    UNTIL(reactor, connected_count == 2);
    OK(plait_reactor_drain(reactor, 20, on_drained, NULL, NULL));
    UNTIL(reactor, drained == 2);
    HEARD("connected|disconnected PLAIT_ERR_ABORTED|drained PLAIT_ERR_TIMEOUT|");
    peer_close(&peer);

    /* cancelled: it stops waiting */
    port = listen_on(reactor, factory, &listener);
    peer_dial(&peer, port);
    UNTIL(reactor, connected_count == 3);
    OK(plait_reactor_drain(reactor, 0, on_drained, NULL, &call));
    OK(plait_call_cancel(call));
    UNTIL(reactor, drained == 3);
    HEARD("connected|drained PLAIT_ERR_CANCELLED|");
    peer_close(&peer);
    UNTIL(reactor, disconnected_count == 3);

    /* nothing to wait for */
    journal[0] = 0;
    OK(plait_reactor_drain(reactor, 0, on_drained, NULL, NULL));
    HEARD("");
    UNTIL(reactor, drained == 4);
    HEARD("drained 0|");
    OK(plait_factory_release(factory));
}

int main(void) {
    int before = descriptors();

    reactor = new_reactor(0);
    OK(plait_reactor_set_log(reactor, PLAIT_LOG_WARNING, on_log, &warnings));
    pausing();
    ports();
    out_of_descriptors();
    gone_already();
    draining();
    OK(plait_reactor_free(reactor));
    SAME(descriptors(), before);
    PASSED();
}
