/* Says lines, and prints those it hears:  line_client ENDPOINT COUNT SECONDS [LINE...]
 *
 * It ends with 0 once it has heard COUNT lines, and with 1 when the connection fails or SECONDS have passed.
 * For example: line_client tcp:127.0.0.1:8080 2 10 "hello there" */
#include <plait/plait.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct client {
    plait_reactor reactor;
    char **lines; /* what to say */
    int line_count;
    long wanted; /* how many lines are still to be heard */
    int status;  /* how it ended */
};

static void finish(struct client *client, int status) {
    client->status = status;
    plait_reactor_stop(client->reactor); /* run() returns at the end of this turn */
}

static void on_connected(void *user, plait_conn conn) {
    struct client *client = (struct client *)user;
    int i;

    for (i = 0; i < client->line_count; i++)
        plait_line_send(conn, (const uint8_t *)client->lines[i], strlen(client->lines[i]));
}

static void on_line(void *user, plait_conn conn, const uint8_t *line, size_t len) {
    struct client *client = (struct client *)user;

    printf("%.*s\n", (int)len, (const char *)line);
    fflush(stdout);
    if (--client->wanted == 0) {
        plait_conn_close(conn);
        client->status = 0;
    }
}

/* Comes once for every connection, last. */
static void on_disconnected(void *user, plait_conn conn, const plait_reason *reason) {
    struct client *client = (struct client *)user;

    (void)conn;
    if (client->wanted > 0) fprintf(stderr, "line_client: the connection ended: %s\n", reason->text);
    finish(client, client->wanted > 0 ? 1 : 0);
}

/* Comes once for every plait_connect(). */
static void on_connect(void *user, plait_call call, plait_conn conn, const plait_reason *reason) {
    struct client *client = (struct client *)user;

    (void)call;
    (void)conn;
    if (reason->status == 0) return; /* on_connected was called before */
    fprintf(stderr, "line_client: cannot connect: %s\n", reason->text);
    finish(client, 1);
}

static void on_time_limit(void *user, plait_timer timer) {
    struct client *client = (struct client *)user;

    (void)timer;
    fprintf(stderr, "line_client: time is up, and %ld lines were not heard\n", client->wanted);
    finish(client, 1);
}

int main(int argc, char **argv) {
    struct client client = {{0}, NULL, 0, 0, 1};
    plait_factory factory = {0};
    plait_line_options options = PLAIT_LINE_OPTIONS_INIT;
    plait_line_handler handler = PLAIT_LINE_HANDLER_INIT;
    int status;

    if (argc < 4 || (client.wanted = strtol(argv[2], NULL, 10)) < 1) {
        fprintf(stderr, "usage: line_client ENDPOINT COUNT SECONDS [LINE...]\n");
        return 2;
    }
    client.lines = argv + 4;
    client.line_count = argc - 4;
    options.delimiter.data = (const uint8_t *)"\n";
    options.delimiter.len = 1;
    handler.connected = on_connected;
    handler.disconnected = on_disconnected;
    handler.line = on_line;
    if ((status = plait_reactor_new(&client.reactor, NULL)) == 0 &&
        (status = plait_line_factory_new(&factory, &options, &handler, &client)) == 0 &&
        (status = plait_connect(client.reactor, argv[1], factory, NULL, on_connect, &client, NULL)) == 0 &&
        (status = plait_timer_start(client.reactor, strtoul(argv[3], NULL, 10) * 1000, 0, on_time_limit, &client,
                                    NULL)) == 0)
        status = plait_reactor_run(client.reactor);
    if (status < 0) fprintf(stderr, "line_client: %s\n", plait_strerror(status));
    client.wanted = 0; /* what still ends now ends because we leave */
    status = status < 0 ? 1 : client.status;
    plait_reactor_free(client.reactor);
    plait_factory_release(factory);
    return status;
}
