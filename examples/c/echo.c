/* Answers every line with the same line:  echo [ENDPOINT]
 *
 * Try it: run it, then `nc -C 127.0.0.1 8080` in another terminal. */
#include <plait/plait.h>
#include <stdio.h>

/* Called for every line that arrives, on any connection. The bytes are valid until we return. */
static void on_line(void *user, plait_conn conn, const uint8_t *line, size_t len) {
    (void)user;
    plait_line_send(conn, line, len); /* if it fails the connection is ending, and there is nobody to answer */
}

int main(int argc, char **argv) {
    const char *endpoint = argc > 1 ? argv[1] : "tcp:8080:interface=127.0.0.1";
    plait_reactor reactor = {0};
    plait_factory factory = {0};
    plait_listener listener = {0};
    plait_line_handler handler = PLAIT_LINE_HANDLER_INIT;
    int status;

    handler.line = on_line;
    if ((status = plait_reactor_new(&reactor, NULL)) == 0 &&
        (status = plait_line_factory_new(&factory, NULL, &handler, NULL)) == 0 &&
        (status = plait_listen(reactor, endpoint, factory, NULL, &listener)) == 0) {
        printf("listening on port %d\n", plait_listener_get_port(listener));
        fflush(stdout);
        status = plait_reactor_run(reactor); /* until the process is stopped */
    }
    if (status < 0) fprintf(stderr, "echo: %s\n", plait_strerror(status));
    plait_factory_release(factory); /* a handle that is still {0} gives an error here, never a crash */
    plait_reactor_free(reactor);
    return status < 0;
}
