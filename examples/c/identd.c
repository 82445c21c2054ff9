/* An ident server, and a question to one:
 *     identd ENDPOINT [USER]                      answers what the kernel knows, or always USER
 *     identd ask ENDPOINT PORT-THERE PORT-HERE    asks whose connection that is */
#include <plait/plait.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static plait_reactor reactor;
static uint32_t there, here;
static int failed = 1;

static void on_reply(void *user, plait_conn conn, const plait_ident_reply *reply) {
    (void)user;
    failed = reply->status != 0;
    if (failed)
        fprintf(stderr, "identd: %.*s\n", (int)reply->user_id.len, (const char *)reply->user_id.data);
    else
        printf("%.*s (%.*s)\n", (int)reply->user_id.len, (const char *)reply->user_id.data, (int)reply->system.len,
               (const char *)reply->system.data);
    plait_conn_close(conn);
}
static void on_connected(void *user, plait_conn conn) {
    if (plait_ident_call(conn, there, here, 5000, on_reply, user, NULL)) plait_conn_close(conn);
}
static void on_disconnected(void *user, plait_conn conn, const plait_reason *reason) {
    (void)user;
    (void)conn;
    (void)reason;
    plait_reactor_stop(reactor);
}
static void on_connect(void *user, plait_call call, plait_conn conn, const plait_reason *reason) {
    (void)user;
    (void)call;
    (void)conn;
    if (reason->status == 0) return;
    fprintf(stderr, "identd: cannot connect: %s\n", reason->text);
    plait_reactor_stop(reactor);
}

static int ask(const char *endpoint, plait_factory *factory) {
    plait_ident_handler handler = PLAIT_IDENT_HANDLER_INIT;
    int status;

    handler.connected = on_connected;
    handler.disconnected = on_disconnected;
    if ((status = plait_ident_factory_new(factory, NULL, &handler, NULL)) < 0) return status;
    return plait_connect(reactor, endpoint, *factory, NULL, on_connect, NULL, NULL);
}

static int serve(const char *endpoint, const char *fixed, plait_factory *factory) {
    plait_ident_server_options options = PLAIT_IDENT_SERVER_OPTIONS_INIT;
    plait_listener listener;
    int status;

    options.fixed = fixed;
    options.rate = 100;
    failed = 0;
    if ((status = plait_ident_server_factory_new(factory, &options, NULL, NULL)) < 0) return status;
    if ((status = plait_listen(reactor, endpoint, *factory, NULL, &listener)) < 0) return status;
    printf("listening on port %d\n", plait_listener_get_port(listener));
    fflush(stdout);
    return 0;
}

int main(int argc, char **argv) {
    plait_factory factory = {0};
    int status, asks = argc == 5 && !strcmp(argv[1], "ask");

    if (!asks && argc != 2 && argc != 3) {
        fprintf(stderr, "usage: identd ENDPOINT [USER] | identd ask ENDPOINT PORT-THERE PORT-HERE\n");
        return 2;
    }
    if (asks) {
        there = (uint32_t)strtoul(argv[3], NULL, 10);
        here = (uint32_t)strtoul(argv[4], NULL, 10);
    }
    if ((status = plait_reactor_new(&reactor, NULL)) == 0)
        status = asks ? ask(argv[2], &factory) : serve(argv[1], argc == 3 ? argv[2] : NULL, &factory);
    if (status == 0) status = plait_reactor_run(reactor);
    if (status < 0) fprintf(stderr, "identd: %s\n", plait_strerror(status));
    plait_reactor_free(reactor);
    plait_factory_release(factory);
    return status < 0 || failed;
}
