/* Connecting: success, refusal, names, time limits, cancelling; each call ends in one completion. */
#include "harness.h"
#include <poll.h>

static plait_reactor reactor;
static int completions;
static plait_reason last_reason;

static void done(void *user, plait_call call, plait_conn conn, const plait_reason *reason) {
    (void)user;
    CHECK(reason->text);
    CHECK((reason->status == 0) == (conn.id != 0));
    (void)call;
    completions++;
    last_reason = *reason;
    last_reason.text = NULL;
    note("done %s", reason->status == 0 ? "0" : plait_err_name(reason->status));
}

/* A port that is taken, for as long as `held` is open, and where nobody listens. */
static int unused_port(int *held) {
    struct sockaddr_in address;
    socklen_t len = sizeof address;
    int fd = socket(AF_INET, SOCK_STREAM, 0);

    memset(&address, 0, sizeof address);
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    SAME(bind(fd, (struct sockaddr *)&address, sizeof address), 0);
    getsockname(fd, (struct sockaddr *)&address, &len);
    *held = fd;
    return ntohs(address.sin_port);
}

/* A listening socket whose backlog is full: whoever connects waits. */
static int full_backlog(int *fds, int count, int *used) {
    struct sockaddr_in address;
    struct pollfd first = {0};
    socklen_t len = sizeof address;
    int i, fd = socket(AF_INET, SOCK_STREAM, 0);

    memset(&address, 0, sizeof address);
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    SAME(bind(fd, (struct sockaddr *)&address, sizeof address), 0);
    SAME(listen(fd, 0), 0);
    getsockname(fd, (struct sockaddr *)&address, &len);
    fds[0] = first.fd = fd;
    first.events = POLLIN;
    for (i = 1; i < count; i++) {
        fds[i] = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
        connect(fds[i], (struct sockaddr *)&address, len);
        SAME(poll(&first, 1, LIMIT_SECONDS * 1000), 1); /* the first one fills it, and is there before others try */
    }
    *used = count;
    return ntohs(address.sin_port);
}

static plait_factory factory;

static void try_for(const char *endpoint, const char *heard) {
    completions = 0;
    journal[0] = 0;
    OK(plait_connect(reactor, endpoint, factory, NULL, done, NULL, NULL));
    HEARD(""); /* never before it has returned */
    UNTIL(reactor, completions == 1);
    if (strcmp(journal, heard)) DIE("%s gave %s, not %s", endpoint, journal, heard);
    journal[0] = 0;
}

/* A name that is not there: nobody has it, or nobody is there to be asked. */
static void no_name(const char *endpoint) {
    OK(plait_connect(reactor, endpoint, factory, NULL, done, NULL, NULL));
    UNTIL(reactor, journal[0]);
    CHECK(!strcmp(journal, "done PLAIT_ERR_NO_NAME|") || !strcmp(journal, "done PLAIT_ERR_NAME_AGAIN|"));
    journal[0] = 0;
}

int main(void) {
    plait_factory server = line_factory(echo_line);
    plait_listener listener = {0};
    plait_call call = {0};
    plait_conn_counters counters = PLAIT_CONN_COUNTERS_INIT;
    plait_connect_options options = PLAIT_CONNECT_OPTIONS_INIT;
    plait_address local = PLAIT_ADDRESS_INIT;
    plait_conn client;
    char endpoint[128];
    int before = descriptors(), port, i, fds[8], used, held;
    double start;

    reactor = new_reactor(0);
    factory = line_factory(note_bytes);
    port = listen_on(reactor, server, &listener);

    /* success: connected comes first; positional and by keys, by name and number */
    snprintf(endpoint, sizeof endpoint, "tcp:127.0.0.1:%d", port);
    OK(plait_connect(reactor, endpoint, factory, NULL, done, NULL, &call));
    CHECK(call.id);
    UNTIL(reactor, completions == 1 && connected_count == 2);
    CHECK(strstr(journal, "connected|done 0|"));
    client = last_conn;
    journal[0] = 0;
    snprintf(endpoint, sizeof endpoint, "tcp:host=localhost:port=%d:timeout=5:bindAddress=127.0.0.1", port);
    OK(plait_connect(reactor, endpoint, factory, NULL, done, NULL, NULL));
    UNTIL(reactor, completions == 2 && connected_count == 4);
    journal[0] = 0;

    /* bytes there and back */
    OK(plait_conn_get_counters(client, &counters));
    if (plait_conn_get_peer(client, &local) == 0 && local.port != (uint32_t)port) client = last_conn;
    OK(plait_listener_close(listener));

    /* failures */
    snprintf(endpoint, sizeof endpoint, "tcp:127.0.0.1:%d", unused_port(&held));
    try_for(endpoint, "done PLAIT_ERR_REFUSED|");
    close(held);
    SAME(last_reason.os_error, ECONNREFUSED);
    try_for("unix:/nonexistent/socket", "done PLAIT_ERR_SYSTEM|");
    SAME(last_reason.os_error, ENOENT);
    no_name("tcp:host=name.invalid:port=1");

    /* a time limit, by option and by endpoint; and cancelling */
    port = full_backlog(fds, 8, &used);
    snprintf(endpoint, sizeof endpoint, "tcp:127.0.0.1:%d", port);
    options.timeout_ms = 50;
    completions = 0;
    start = seconds();
    OK(plait_connect(reactor, endpoint, factory, &options, done, NULL, NULL));
    UNTIL(reactor, completions == 1);
    HEARD("done PLAIT_ERR_TIMEOUT|");
    CHECK(seconds() - start >= 0.049);
    OK(plait_connect(reactor, endpoint, factory, NULL, done, NULL, &call));
    OK(plait_reactor_poll(reactor, 0));
    OK(plait_call_cancel(call));
    HEARD("");
    UNTIL(reactor, completions == 2);
    HEARD("done PLAIT_ERR_CANCELLED|");
    STATUS(plait_call_cancel(call), PLAIT_ERR_STALE);
    /* cancelled before anything began, and during a name look-up */
    OK(plait_connect(reactor, endpoint, factory, NULL, done, NULL, &call));
    OK(plait_call_cancel(call));
    UNTIL(reactor, completions == 3);
    OK(plait_connect(reactor, "tcp:host=name.invalid:port=1", factory, NULL, done, NULL, &call));
    OK(plait_call_cancel(call));
    UNTIL(reactor, completions == 4);
    HEARD("done PLAIT_ERR_CANCELLED|done PLAIT_ERR_CANCELLED|");
    for (i = 0; i < used; i++) close(fds[i]);

    /* what is wrong at once */
    call.id = 0;
    STATUS(plait_connect(reactor, NULL, factory, NULL, done, NULL, &call), PLAIT_ERR_INVALID);
    STATUS(plait_connect(reactor, "tcp:", factory, NULL, done, NULL, &call), PLAIT_ERR_ENDPOINT);
    STATUS(plait_connect(reactor, "tls:example.org:443:trustRoots=/nowhere", factory, NULL, done, NULL, &call),
           PLAIT_ERR_TLS_CONFIG);
    STATUS(plait_connect(reactor, "tls:example.org:443:certificate=/nowhere", factory, NULL, done, NULL, &call),
           PLAIT_ERR_TLS_CONFIG);
    options.struct_size = 5;
    STATUS(plait_connect(reactor, endpoint, factory, &options, done, NULL, &call), PLAIT_ERR_STRUCT_SIZE);
    SAME(call.id, 0);

    /* freed while it is under way: the completion comes */
    OK(plait_connect(reactor, "tcp:host=localhost:port=1", factory, NULL, done, NULL, NULL));
    OK(plait_connect(reactor, "tcp:127.0.0.1:1", factory, NULL, done, NULL, NULL));
    completions = 0;
    OK(plait_reactor_free(reactor));
    SAME(completions, 2);
    CHECK(strstr(journal, "done PLAIT_ERR_CANCELLED|"));
    OK(plait_factory_release(factory));
    OK(plait_factory_release(server));
    SAME(descriptors(), before);
    PASSED();
}
