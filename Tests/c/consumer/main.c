/* Uses enough of the library to need most of it: a line goes through a listener, a connection and back. */
#include <plait/plait.h>
#include <stdio.h>
#include <string.h>

#ifdef WITH_OTHER
long long other_sum(long long count); /* other.swift */
#endif

static int heard;

static void echo(void *user, plait_conn conn, const uint8_t *line, size_t len) {
    (void)user;
    plait_line_send(conn, line, len);
}
static void greet(void *user, plait_conn conn) {
    (void)user;
    plait_line_send(conn, (const uint8_t *)"hello", 5);
}
static void check(void *user, plait_conn conn, const uint8_t *line, size_t len) {
    (void)user;
    heard = len == 5 && memcmp(line, "hello", 5) == 0;
    plait_conn_close(conn);
}
static void stop(void *user, plait_conn conn, const plait_reason *reason) {
    (void)conn;
    (void)reason;
    plait_reactor_stop(*(plait_reactor *)user);
}

int main(void) {
    char endpoint[64];
    plait_reactor reactor = {0};
    plait_factory server = {0}, client = {0};
    plait_listener listener = {0};
    plait_line_handler handler = PLAIT_LINE_HANDLER_INIT;
    int status;

    handler.line = echo;
    if ((status = plait_reactor_new(&reactor, NULL)) == 0 &&
        (status = plait_line_factory_new(&server, NULL, &handler, NULL)) == 0) {
        handler.connected = greet;
        handler.line = check;
        handler.disconnected = stop;
        status = plait_line_factory_new(&client, NULL, &handler, &reactor);
    }
    if (status == 0) status = plait_listen(reactor, "tcp:0:interface=127.0.0.1", server, NULL, &listener);
    if (status == 0) {
        snprintf(endpoint, sizeof endpoint, "tcp:127.0.0.1:%d", plait_listener_get_port(listener));
        status = plait_connect(reactor, endpoint, client, NULL, NULL, NULL, NULL);
    }
    if (status == 0) status = plait_reactor_run(reactor);
    if (status < 0 || !heard) printf("%s, heard %d\n", plait_strerror(status), heard);
    plait_reactor_free(reactor);
    plait_factory_release(server);
    plait_factory_release(client);
#ifdef WITH_OTHER
    if (other_sum(1000) != 499500) return 1;
#endif
    return status < 0 || !heard;
}
