/* A chat: what one says all others hear.  chat_server [PORT or ENDPOINT]
 *
 * Port 0 has the kernel pick one. Lines end with "\n". Join with `nc 127.0.0.1 PORT`, or with line_client. Over TLS:
 * `chat_server ssl:8443:privateKey=chat.pem`, and `line_client tls:localhost:8443:trustRoots=chat.pem`. */
#include <plait/plait.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Everybody who is in the room. It is the factory's user, so every callback gets it first. */
struct room {
    plait_conn *members;
    size_t count, capacity;
};

static void on_connected(void *user, plait_conn conn) {
    static const char greeting[] = "Welcome to chat server!";
    struct room *room = (struct room *)user;

    if (room->count == room->capacity) {
        size_t capacity = room->capacity ? room->capacity * 2 : 16;
        plait_conn *members = (plait_conn *)realloc(room->members, capacity * sizeof *members);
        if (!members) {
            plait_conn_abort(conn);
            return;
        }
        room->members = members;
        room->capacity = capacity;
    }
    room->members[room->count++] = conn;
    plait_line_send(conn, (const uint8_t *)greeting, strlen(greeting));
}

static void on_disconnected(void *user, plait_conn conn, const plait_reason *reason) {
    struct room *room = (struct room *)user;
    size_t i;

    (void)reason;
    for (i = 0; i < room->count; i++)
        if (room->members[i].id == conn.id) room->members[i--] = room->members[--room->count];
}

static void on_line(void *user, plait_conn conn, const uint8_t *line, size_t len) {
    static const char prefix[] = "User says: ";
    struct room *room = (struct room *)user;
    plait_bytes parts[3];
    size_t i;

    /* The pieces of one line, without putting them together first. */
    parts[0].data = (const uint8_t *)prefix;
    parts[0].len = strlen(prefix);
    parts[1].data = line;
    parts[1].len = len;
    parts[2].data = (const uint8_t *)"\n";
    parts[2].len = 1;
    for (i = 0; i < room->count; i++)
        if (room->members[i].id != conn.id) plait_conn_write_many(room->members[i], parts, 3);
}

int main(int argc, char **argv) {
    const char *place = argc > 1 ? argv[1] : "8080";
    char endpoint[512];
    struct room room = {NULL, 0, 0};
    plait_reactor reactor = {0};
    plait_factory factory = {0};
    plait_listener listener = {0};
    plait_line_options options = PLAIT_LINE_OPTIONS_INIT;
    plait_line_handler handler = PLAIT_LINE_HANDLER_INIT;
    int status;

    snprintf(endpoint, sizeof endpoint, strchr(place, ':') ? "%.500s" : "tcp:%.16s:interface=127.0.0.1", place);
    options.delimiter.data = (const uint8_t *)"\n";
    options.delimiter.len = 1;
    handler.connected = on_connected;
    handler.disconnected = on_disconnected;
    handler.line = on_line;
    if ((status = plait_reactor_new(&reactor, NULL)) == 0 &&
        (status = plait_line_factory_new(&factory, &options, &handler, &room)) == 0 &&
        (status = plait_listen(reactor, endpoint, factory, NULL, &listener)) == 0) {
        printf("listening on port %d\n", plait_listener_get_port(listener));
        fflush(stdout);
        status = plait_reactor_run(reactor); /* until the process is stopped */
    }
    if (status < 0) fprintf(stderr, "chat_server: %s: %s\n", endpoint, plait_strerror(status));
    plait_reactor_free(reactor); /* ends all connections: on_disconnected is called for each, so the room comes last */
    plait_factory_release(factory);
    free(room.members);
    return status < 0;
}
