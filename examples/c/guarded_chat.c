/* A guarded chat: the chat of chat_server.c behind four policies.  guarded_chat [PORT [IDLE_MS]]
 *
 * Only this machine may join, at most four connections of one peer and a hundred in all, each of which may say 4 KiB a
 * second; who is silent for too long is told so and leaves; and what everybody says is logged to the standard error. */
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

static int on_expired(void *user, plait_conn conn, int limit) {
    static const char farewell[] = "You were silent for too long.\n";

    (void)user;
    (void)limit;
    plait_conn_write(conn, (const uint8_t *)farewell, strlen(farewell));
    return 0; /* it is closed */
}

/* Each policy goes around the one before, and keeps it: so our own reference to that is given back at once. */
static void wrap(plait_factory *factory, plait_factory made) {
    plait_factory_release(*factory);
    *factory = made;
}

static int guard(plait_factory *factory, uint64_t idle_ms) {
    plait_traffic_options log = PLAIT_TRAFFIC_OPTIONS_INIT;
    plait_timeout_options times = PLAIT_TIMEOUT_OPTIONS_INIT;
    plait_throttle_options rates = PLAIT_THROTTLE_OPTIONS_INIT;
    plait_access_options who = PLAIT_ACCESS_OPTIONS_INIT;
    plait_factory made = {0};
    int status;

    log.fd = 2;
    log.length_limit = 200;
    times.idle_ms = idle_ms;
    times.min_rate = 16; /* bytes a second, of somebody who has begun a line */
    times.expired = on_expired;
    rates.max_connections = 100;
    rates.max_per_peer = 4;
    rates.read_each.limit = 4096;
    who.allow = "127.0.0.0/8, ::1";
    /* The last is outermost: it is asked first. */
    if ((status = plait_traffic_factory_new(&made, *factory, &log))) return status;
    wrap(factory, made);
    if ((status = plait_timeout_factory_new(&made, *factory, &times))) return status;
    wrap(factory, made);
    if ((status = plait_throttle_factory_new(&made, *factory, &rates))) return status;
    wrap(factory, made);
    if ((status = plait_access_factory_new(&made, *factory, &who, NULL))) return status;
    wrap(factory, made);
    return 0;
}

int main(int argc, char **argv) {
    char endpoint[64];
    struct room room = {NULL, 0, 0};
    plait_reactor reactor = {0};
    plait_factory factory = {0};
    plait_listener listener = {0};
    plait_line_options options = PLAIT_LINE_OPTIONS_INIT;
    plait_line_handler handler = PLAIT_LINE_HANDLER_INIT;
    int status;

    snprintf(endpoint, sizeof endpoint, "tcp:%.16s:interface=127.0.0.1", argc > 1 ? argv[1] : "8080");
    options.delimiter.data = (const uint8_t *)"\n";
    options.delimiter.len = 1;
    handler.connected = on_connected;
    handler.disconnected = on_disconnected;
    handler.line = on_line;
    if ((status = plait_reactor_new(&reactor, NULL)) == 0 &&
        (status = plait_line_factory_new(&factory, &options, &handler, &room)) == 0 &&
        (status = guard(&factory, argc > 2 ? strtoul(argv[2], NULL, 10) : 600000)) == 0 &&
        (status = plait_listen(reactor, endpoint, factory, NULL, &listener)) == 0) {
        printf("listening on port %d\n", plait_listener_get_port(listener));
        fflush(stdout);
        status = plait_reactor_run(reactor); /* until the process is stopped */
    }
    if (status < 0) fprintf(stderr, "guarded_chat: %s: %s\n", endpoint, plait_strerror(status));
    plait_reactor_free(reactor); /* ends all connections: on_disconnected is called for each, so the room comes last */
    plait_factory_release(factory);
    free(room.members);
    return status < 0;
}
