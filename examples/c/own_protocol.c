/* A protocol of one's own, over named states, and its tests:  own_protocol
 *
 * A client names itself, sends amounts, and asks for their sum:
 *
 *     4:anna,2:12,2:30,1:=,        is answered by       5:anna!,2:42,
 *
 * Two ends talk with each other first, with no socket; then what the server receives is cut in every way. */
#include <plait/plait.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- The protocol ----------------------------------------------------------------------------- */

struct teller {
    long sum;
};

static void on_connected(void *user, plait_conn conn) {
    (void)user;
    plait_conn_set_user(conn, calloc(1, sizeof(struct teller)));
}

static void on_disconnected(void *user, plait_conn conn, const plait_reason *reason) {
    (void)conn;
    (void)reason;
    free(user);
}

/* "init": a name, which is answered. */
static const char *on_name(void *user, plait_conn conn, const uint8_t *string, size_t len) {
    char answer[64];
    int size = snprintf(answer, sizeof answer, "%.*s!", (int)(len < 40 ? len : 40), (const char *)string);

    (void)user;
    plait_string_send(conn, (const uint8_t *)answer, (size_t)size);
    return "amounts";
}

/* "amounts": numbers up to "=". */
static const char *on_amount(void *user, plait_conn conn, const uint8_t *string, size_t len) {
    struct teller *teller = (struct teller *)user;
    char text[32];
    int size;

    if (!teller || len >= sizeof text) return "done";
    if (len != 1 || *string != '=') {
        memcpy(text, string, len);
        text[len] = 0;
        teller->sum += strtol(text, NULL, 10);
        return NULL;
    }
    size = snprintf(text, sizeof text, "%ld", teller->sum);
    plait_string_send(conn, (const uint8_t *)text, (size_t)size);
    return "done";
}

static int server_factory(plait_factory *out) {
    static const plait_state states[] = {{"init", on_name}, {"amounts", on_amount}};
    plait_string_options options = PLAIT_STRING_OPTIONS_INIT;
    plait_stateful_string_handler handler = PLAIT_STATEFUL_STRING_HANDLER_INIT;

    options.format = PLAIT_STRING_NETSTRING;
    options.max_length = 1000;
    handler.connected = on_connected;
    handler.disconnected = on_disconnected;
    handler.states = states;
    handler.state_count = sizeof states / sizeof *states;
    return plait_stateful_string_factory_new(out, &options, &handler, NULL);
}

/* ---- Its tests -------------------------------------------------------------------------------- */

static void client_connected(void *user, plait_conn conn) {
    static const char *const words[] = {"anna", "12", "30", "="};
    size_t i;

    (void)user;
    for (i = 0; i < 4; i++) plait_string_send(conn, (const uint8_t *)words[i], strlen(words[i]));
}

static void client_string(void *user, plait_conn conn, const uint8_t *string, size_t len) {
    (void)user;
    (void)conn;
    printf("the client hears %.*s\n", (int)len, (const char *)string);
}

static void on_done(void *user, plait_call call, const plait_reason *server, const plait_reason *client) {
    (void)user;
    (void)call;
    printf("over: %s\n", server->status == 0 && client->status == 0 ? "in good order" : server->text);
}

/* Both ends in one program, byte by byte. */
static int talk(void) {
    plait_reactor reactor = {0};
    plait_factory server = {0}, client = {0};
    plait_reactor_options options = PLAIT_REACTOR_OPTIONS_INIT;
    plait_loopback_options loopback = PLAIT_LOOPBACK_OPTIONS_INIT;
    plait_string_options strings = PLAIT_STRING_OPTIONS_INIT;
    plait_string_handler handler = PLAIT_STRING_HANDLER_INIT;
    int status;

    options.flags = PLAIT_REACTOR_WITHOUT_LOOP;
    loopback.cut = PLAIT_LOOPBACK_BYTE_BY_BYTE;
    strings.format = PLAIT_STRING_NETSTRING;
    handler.connected = client_connected;
    handler.string = client_string;
    if ((status = plait_reactor_new(&reactor, &options)) == 0 && (status = server_factory(&server)) == 0 &&
        (status = plait_string_factory_new(&client, &strings, &handler, NULL)) == 0 &&
        (status = plait_loopback(reactor, server, client, &loopback, on_done, NULL, NULL)) == 0)
        status = plait_reactor_poll(reactor, 0);
    plait_reactor_free(reactor);
    plait_factory_release(client);
    plait_factory_release(server);
    return status;
}

static int make(void *user, plait_reactor reactor, plait_factory *out) {
    (void)user;
    (void)reactor;
    return server_factory(out);
}

/* However what it receives is cut, it answers the same. */
static int cut(void) {
    static const char received[] = "4:anna,2:12,2:30,1:=,";
    plait_splits_options options = PLAIT_SPLITS_OPTIONS_INIT;
    plait_splits_result result = PLAIT_SPLITS_RESULT_INIT;
    int status;

    options.data.data = (const uint8_t *)received;
    options.data.len = sizeof received - 1;
    options.make = make;
    status = plait_splits_run(&options, &result);
    if (status == 0) printf("cut in %u ways: always the same\n", (unsigned)result.runs);
    if (status == 1)
        printf("not the same when cut in the way %u at %u\n", (unsigned)result.cut, (unsigned)result.parameter);
    return status;
}

int main(void) {
    int status = talk();

    if (status == 0) status = cut();
    if (status < 0) fprintf(stderr, "own_protocol: %s\n", plait_strerror(status));
    return status != 0;
}
