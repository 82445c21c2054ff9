/* Takes lines out of bytes, with no loop and no socket:  framer
 *
 * The same protocol that a listener would serve is fed by hand, in pieces as a network might deliver them. */
#include <plait/plait.h>
#include <stdio.h>
#include <string.h>

static void on_line(void *user, plait_conn conn, const uint8_t *line, size_t len) {
    (void)user;
    printf("line: %.*s\n", (int)len, (const char *)line);
    plait_line_send(conn, line, len);
}

static void on_disconnected(void *user, plait_conn conn, const plait_reason *reason) {
    (void)user;
    (void)conn;
    printf("ended: %s\n", reason->status == 0 ? "in good order" : reason->text);
}

/* What the protocol sends comes here. We take all of it; a real transport might take less. */
static size_t on_write(void *user, plait_conn conn, const uint8_t *data, size_t len) {
    (void)user;
    (void)conn;
    (void)data;
    printf("sent: %u bytes\n", (unsigned)len);
    return len;
}

int main(void) {
    static const char *const pieces[] = {"one\r\ntw", "o\r", "\nthr", "ee\r\n"};
    plait_reactor reactor = {0};
    plait_factory factory = {0};
    plait_conn conn = {0};
    plait_reactor_options options = PLAIT_REACTOR_OPTIONS_INIT;
    plait_line_handler handler = PLAIT_LINE_HANDLER_INIT;
    plait_transport_ops ops = PLAIT_TRANSPORT_OPS_INIT;
    size_t i;
    int status;

    options.flags = PLAIT_REACTOR_WITHOUT_LOOP;
    handler.line = on_line;
    handler.disconnected = on_disconnected;
    ops.write = on_write;
    if ((status = plait_reactor_new(&reactor, &options)) == 0 &&
        (status = plait_line_factory_new(&factory, NULL, &handler, NULL)) == 0)
        status = plait_conn_attach(reactor, factory, &ops, NULL, &conn);
    for (i = 0; i < sizeof pieces / sizeof *pieces && status == 0; i++)
        status = plait_conn_feed(conn, (const uint8_t *)pieces[i], strlen(pieces[i]));
    if (status == 0) status = plait_conn_eof(conn, 0);
    if (status < 0) fprintf(stderr, "framer: %s\n", plait_strerror(status));
    plait_reactor_free(reactor);
    plait_factory_release(factory);
    return status < 0;
}
