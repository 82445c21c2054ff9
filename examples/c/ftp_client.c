/* Gets a file by FTP, and lists where it is.
 *
 *   cc ftp_client.c $(pkg-config --cflags --libs plait) -o ftp_client && ./ftp_client tcp:localhost:2121 file copy */
#include <plait/plait.h>
#include <stdio.h>
#include <string.h>

static plait_reactor reactor;
static const char *wanted, *here;
static int failed = 1, is_listed;

static plait_bytes bytes(const char *text) {
    plait_bytes made = {NULL, 0};

    made.data = (const uint8_t *)text;
    made.len = strlen(text);
    return made;
}

static void on_gone(void *user, plait_conn conn, const plait_reason *reason) {
    (void)user;
    (void)conn;
    if (reason->status) fprintf(stderr, "the server: %s\n", reason->text);
    plait_reactor_stop(reactor);
}

/* Names come from the server: one could hold what steers a terminal. */
static void show(plait_bytes name) {
    size_t i;

    for (i = 0; i < name.len; i++) putchar(name.data[i] < 32 || name.data[i] == 127 ? '?' : name.data[i]);
}

static void on_listed(void *user, plait_conn conn, const plait_reason *reason, const plait_ftp_client_result *result) {
    plait_ftp_client_request quit = PLAIT_FTP_CLIENT_REQUEST_INIT;
    plait_bytes rest = result->value;
    size_t used;

    (void)user;
    if (reason->status)
        fprintf(stderr, "%s\n", reason->text);
    else
        is_listed = 1;
    while (rest.len > 0) {
        plait_ftp_line entry = PLAIT_FTP_LINE_INIT;
        if (plait_ftp_line_parse(rest.data, rest.len, 0, &entry, &used)) break;
        if (entry.kind == PLAIT_FTP_LINE_FILE) {
            show(entry.name);
            printf(": %llu bytes\n", (unsigned long long)entry.size);
        }
        rest.data += used;
        rest.len -= used;
    }
    quit.command = PLAIT_FTP_QUIT;
    if (plait_ftp_client_call(conn, &quit, NULL, NULL, NULL)) plait_conn_close(conn);
}

static void on_got(void *user, plait_conn conn, const plait_reason *reason, const plait_ftp_client_result *result) {
    plait_ftp_client_request list = PLAIT_FTP_CLIENT_REQUEST_INIT;

    (void)user;
    failed = reason->status != 0;
    printf("%s: %s\n", wanted, failed ? reason->text : "done");
    if (!failed) printf("%llu bytes came\n", (unsigned long long)result->moved);
    list.command = PLAIT_FTP_LIST_FACTS;
    if (plait_ftp_client_call(conn, &list, on_listed, NULL, NULL)) plait_conn_close(conn);
}

static void on_ready(void *user, plait_conn conn, const uint8_t *greeting, size_t len) {
    plait_ftp_client_request get = PLAIT_FTP_CLIENT_REQUEST_INIT;

    (void)user;
    (void)greeting;
    (void)len;
    get.command = PLAIT_FTP_GET;
    get.path = bytes(wanted);
    get.local = bytes(here);
    if (plait_ftp_client_call(conn, &get, on_got, NULL, NULL)) plait_conn_close(conn);
}

static void on_connected(void *user, plait_call call, plait_conn conn, const plait_reason *reason) {
    (void)user;
    (void)call;
    (void)conn;
    if (!reason->status) return;
    fprintf(stderr, "%s\n", reason->text);
    plait_reactor_stop(reactor);
}

int main(int argc, char **argv) {
    plait_ftp_client_handler handler = PLAIT_FTP_CLIENT_HANDLER_INIT;
    plait_factory factory = {0};
    int status;

    if (argc != 4) {
        fprintf(stderr, "usage: ftp_client ENDPOINT FILE COPY\n");
        return 2;
    }
    wanted = argv[2];
    here = argv[3];
    handler.ready = on_ready;
    handler.disconnected = on_gone;
    if ((status = plait_reactor_new(&reactor, NULL)) == 0 &&
        (status = plait_ftp_client_factory_new(&factory, NULL, &handler, NULL)) == 0 &&
        (status = plait_connect(reactor, argv[1], factory, NULL, on_connected, NULL, NULL)) == 0)
        status = plait_reactor_run(reactor);
    if (status) fprintf(stderr, "%s\n", plait_strerror(status));
    plait_reactor_free(reactor);
    plait_factory_release(factory);
    return status != 0 || failed || !is_listed;
}
