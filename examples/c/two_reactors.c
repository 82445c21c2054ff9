/* Two threads, each with a reactor, share one port:  two_reactors
 *
 * The kernel gives each new connection to one of the two listeners (SO_REUSEPORT). The first thread is the client of
 * both as well; when it has been served often enough, it posts to the second one that it is over. */
#include <plait/plait.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>

enum { CONVERSATIONS = 64 };

/* One thread's side. Reactors share nothing, so nothing here needs a lock. */
struct server {
    const char *name;
    plait_reactor reactor;
    plait_factory factory; /* a factory belongs to one reactor */
    plait_listener listener;
    struct server *first; /* to whom the second reports */
    int ready;
    int port;
};

static struct { int served_by_first, served_by_second, ended; } tally; /* the first thread's */

static void greet(void *user, plait_conn conn) {
    struct server *server = (struct server *)user;

    plait_line_send(conn, (const uint8_t *)server->name, strlen(server->name));
    plait_conn_close(conn); /* after the line has left */
}

static int open_server(struct server *server) {
    char endpoint[64];
    plait_line_handler handler = PLAIT_LINE_HANDLER_INIT;
    plait_listen_options options = PLAIT_LISTEN_OPTIONS_INIT;
    int status;

    snprintf(endpoint, sizeof endpoint, "tcp:%d:interface=127.0.0.1", server->port);
    handler.connected = greet;
    options.flags = PLAIT_LISTEN_REUSE_PORT;
    if ((status = plait_reactor_new(&server->reactor, NULL)) == 0 &&
        (status = plait_line_factory_new(&server->factory, NULL, &handler, server)) == 0)
        status = plait_listen(server->reactor, endpoint, server->factory, &options, &server->listener);
    return status;
}

static void close_server(struct server *server) {
    plait_reactor_free(server->reactor);
    plait_factory_release(server->factory);
}

/* Runs in the first thread, posted by the second. */
static void second_is_ready(void *user) { ((struct server *)user)->ready = 1; }

/* Runs in the second thread, posted by the first. */
static void stop(void *user) {
    struct server *server = (struct server *)user;

    printf("%s: told to stop\n", server->name);
    plait_reactor_stop(server->reactor);
}

static void *second_thread(void *argument) {
    struct server *server = (struct server *)argument;
    int status = open_server(server);

    /* Whoever gets this may use server->reactor, so it comes after. */
    if (status == 0) status = plait_reactor_post(server->first->reactor, second_is_ready, server);
    if (status == 0) status = plait_reactor_run(server->reactor);
    if (status < 0) fprintf(stderr, "second: %s\n", plait_strerror(status));
    close_server(server);
    return NULL;
}

static void on_line(void *user, plait_conn conn, const uint8_t *line, size_t len) {
    (void)user;
    (void)conn;
    if (len == strlen("first") && memcmp(line, "first", len) == 0)
        tally.served_by_first++;
    else
        tally.served_by_second++;
}

static void on_disconnected(void *user, plait_conn conn, const plait_reason *reason) {
    (void)user;
    (void)conn;
    (void)reason;
    tally.ended++;
}

static int run_clients(struct server *first, struct server *second) {
    char endpoint[64];
    plait_factory factory = {0};
    plait_line_handler handler = PLAIT_LINE_HANDLER_INIT;
    int i, status;

    handler.line = on_line;
    handler.disconnected = on_disconnected;
    status = plait_line_factory_new(&factory, NULL, &handler, NULL);
    while (status == 0 && !second->ready) status = plait_reactor_poll(first->reactor, 10000);
    snprintf(endpoint, sizeof endpoint, "tcp:127.0.0.1:%d", first->port);
    for (i = 0; i < CONVERSATIONS && status == 0; i++)
        status = plait_connect(first->reactor, endpoint, factory, NULL, NULL, NULL, NULL);
    while (status == 0 && tally.ended < CONVERSATIONS) status = plait_reactor_poll(first->reactor, 10000);
    plait_factory_release(factory);
    return status;
}

int main(void) {
    struct server first = {"first", {0}, {0}, {0}, NULL, 0, 0};
    struct server second = {"second", {0}, {0}, {0}, NULL, 0, 0};
    pthread_t thread;
    int status = open_server(&first);

    if (status == 0 && (status = plait_listener_get_port(first.listener)) > 0) {
        first.port = second.port = status;
        second.first = &first;
        if (pthread_create(&thread, NULL, second_thread, &second) == 0) {
            status = run_clients(&first, &second);
            if (second.ready) plait_reactor_post(second.reactor, stop, &second);
            pthread_join(thread, NULL);
        }
    }
    close_server(&first);
    if (status < 0) {
        fprintf(stderr, "two_reactors: %s\n", plait_strerror(status));
        return 1;
    }
    printf("%d conversations were served\n", tally.served_by_first + tally.served_by_second);
    if (tally.served_by_first && tally.served_by_second) printf("each reactor had its part\n");
    return 0;
}
