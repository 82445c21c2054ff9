/* A SOCKS proxy: 4, 4a and 5, CONNECT and BIND. UDP ASSOCIATE is refused with reply 7.
 *
 *   plait-socksd [OPTION...] ENDPOINT...
 *
 *   -a NETWORKS   may be reached, as "10.1.0.0/16 192.0.2.7"; all, if left out
 *   -d NETWORKS   may not be reached
 *   -p            private ranges and this machine may be reached, too; else only by a network of -a that lies within
 *   -i ADDRESS    connects from there, and listens there for BIND
 *   -u FILE       clients have to log in: a line "USER:PASSWORD" each
 *   -l NUMBER     the most connections at a time of one client's address
 *   -t SECONDS    how long a tunnel may be without a byte; 7200
 *   -v            tells of each tunnel
 *
 * For example: plait-socksd -a "0.0.0.0/0 ::/0" tcp:1080:interface=127.0.0.1
 * INT and TERM end it: it stops listening, and tunnels have ten seconds to end. */
#include <plait/plait.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { MOST_USERS = 1024, DRAIN_MS = 10000 };

struct account {
    char *user, *password;
};

static plait_reactor reactor;
static struct account accounts[MOST_USERS];
static int account_count, is_loud, wake[2];

static int fail(const char *what, const char *why) {
    fprintf(stderr, "plait-socksd: %s: %s\n", what, why);
    return 2;
}

static int read_accounts(const char *path) {
    FILE *file = fopen(path, "r");
    char line[1024];

    if (!file) return 0;
    while (account_count < MOST_USERS && fgets(line, sizeof line, file)) {
        char *colon = strchr(line, ':'), *copy;
        line[strcspn(line, "\r\n")] = 0;
        if (!colon || line[0] == '#') continue;
        copy = malloc(strlen(line) + 1);
        if (!copy) break;
        strcpy(copy, line);
        copy[colon - line] = 0;
        accounts[account_count].user = copy;
        accounts[account_count++].password = copy + (colon - line) + 1;
    }
    fclose(file);
    return 1;
}

/* Are these the same? It takes as long for all passwords of a length. */
static int is_same(plait_bytes bytes, const char *text) {
    size_t i, len = strlen(text);
    unsigned char differs = 0;

    if (bytes.len != len) return 0;
    for (i = 0; i < len; i++) differs |= (unsigned char)(bytes.data[i] ^ (unsigned char)text[i]);
    return !differs;
}

static void on_login(void *user, plait_conn conn, uint64_t question, const plait_socks_request *request) {
    uint32_t reply = PLAIT_SOCKS_DENIED;
    int i;

    (void)user;
    for (i = 0; i < account_count; i++)
        if (is_same(request->user, accounts[i].user) && is_same(request->password, accounts[i].password))
            reply = PLAIT_SOCKS_GRANTED;
    plait_socks_server_answer(conn, question, reply);
}

static void show(plait_conn conn) {
    plait_address peer = PLAIT_ADDRESS_INIT;

    if (plait_conn_get_peer(conn, &peer) < 0) return;
    printf(strchr(peer.host, ':') ? "[%s]:%u" : "%s:%u", peer.host, (unsigned)peer.port);
}

static void on_opened(void *user, plait_conn conn, const plait_socks_request *request) {
    (void)user;
    show(conn);
    printf(" %s %.*s:%u\n", request->command == PLAIT_SOCKS_BIND ? "<" : ">", (int)request->host.len,
           (const char *)request->host.data, (unsigned)request->port);
    fflush(stdout);
}

static void on_disconnected(void *user, plait_conn conn, const plait_reason *reason) {
    plait_socks_tunnel tunnel = PLAIT_SOCKS_TUNNEL_INIT;

    (void)user;
    if (plait_socks_server_get_tunnel(conn, &tunnel) < 0) return;
    show(conn);
    printf(" ended: %llu bytes out, %llu back: %s\n", (unsigned long long)tunnel.bytes_out,
           (unsigned long long)tunnel.bytes_back, reason->status ? reason->text : "in good order");
    fflush(stdout);
}

/* A signal may come at any time: all it does is to write into a pipe, which the reactor reads. The second one ends it
 * at once. */
static void on_signal(int number) {
    signal(number, SIG_DFL);
    if (write(wake[1], "", 1) < 0) _exit(1);
}

static void on_drained(void *user, plait_call call, const plait_reason *reason) {
    (void)user;
    (void)call;
    (void)reason;
    plait_reactor_stop(reactor);
}

static void on_wake(void *user, plait_conn conn, const uint8_t *data, size_t len) {
    (void)user;
    (void)data;
    (void)len;
    plait_conn_close(conn);
    if (plait_reactor_drain(reactor, DRAIN_MS, on_drained, NULL, NULL) < 0) plait_reactor_stop(reactor);
}

static int watch_signals(void) {
    plait_raw_handler handler = PLAIT_RAW_HANDLER_INIT;
    plait_factory factory = {0};
    char endpoint[32];
    int status;

    if (pipe(wake) < 0) return -1;
    handler.data = on_wake;
    snprintf(endpoint, sizeof endpoint, "fd:%d", wake[0]);
    if ((status = plait_raw_factory_new(&factory, &handler, NULL)) == 0)
        status = plait_connect(reactor, endpoint, factory, NULL, NULL, NULL, NULL);
    plait_factory_release(factory);
    signal(SIGINT, on_signal);
    signal(SIGTERM, on_signal);
    return status;
}

static int serve(plait_factory factory, char **endpoints, int count) {
    plait_reason reason = PLAIT_REASON_INIT;
    plait_listen_options options = PLAIT_LISTEN_OPTIONS_INIT;
    plait_listener listener;
    int i, status;

    options.reason = &reason;
    for (i = 0; i < count; i++) {
        reason.text = NULL;
        status = plait_listen(reactor, endpoints[i], factory, &options, &listener);
        if (status < 0) return fail(endpoints[i], reason.text ? reason.text : plait_strerror(status));
        status = plait_listener_get_port(listener);
        if (status > 0)
            printf("listening on port %d\n", status);
        else
            printf("listening at %s\n", endpoints[i]);
        fflush(stdout);
    }
    if ((status = watch_signals()) >= 0) status = plait_reactor_run(reactor);
    return status < 0 ? fail("the reactor", plait_strerror(status)) : 0;
}

int main(int argc, char **argv) {
    plait_socks_server_options options = PLAIT_SOCKS_SERVER_OPTIONS_INIT;
    plait_socks_server_handler handler = PLAIT_SOCKS_SERVER_HANDLER_INIT;
    plait_throttle_options throttle = PLAIT_THROTTLE_OPTIONS_INIT;
    plait_factory proxy = {0}, outer = {0};
    plait_reason reason = PLAIT_REASON_INIT;
    int i, status;

    options.idle_ms = 7200000;
    options.reason = &reason;
    for (i = 1; i < argc && argv[i][0] == '-' && argv[i][1]; i++) {
        char option = argv[i][1];
        const char *value = strchr("pv", option) ? "" : argv[i][2] ? argv[i] + 2 : ++i < argc ? argv[i] : NULL;
        if (!value) return fail(argv[i - 1], "its value is missing");
        if (option == 'a')
            options.allow = value;
        else if (option == 'd')
            options.deny = value;
        else if (option == 'i')
            options.interface = value;
        else if (option == 'p')
            options.flags |= PLAIT_SOCKS_ALLOW_PRIVATE;
        else if (option == 'l')
            throttle.max_per_peer = (uint32_t)strtoul(value, NULL, 10);
        else if (option == 't')
            options.idle_ms = strtoull(value, NULL, 10) * 1000;
        else if (option == 'v')
            is_loud = 1;
        else if (option == 'u') {
            if (!read_accounts(value)) return fail(value, "cannot be read");
            options.flags |= PLAIT_SOCKS_NEEDS_LOGIN;
            handler.login = on_login;
        } else
            return fail(argv[i], "is no option");
    }
    if (i >= argc) {
        fprintf(stderr, "usage: plait-socksd [-a NETWORKS] [-d NETWORKS] [-p] [-i ADDRESS] [-u FILE] [-l NUMBER] "
                        "[-t SECONDS] [-v] ENDPOINT...\n");
        return 2;
    }
    if (is_loud) {
        handler.opened = on_opened;
        handler.disconnected = on_disconnected;
    }
    if ((status = plait_reactor_new(&reactor, NULL)) < 0) return fail("the reactor", plait_strerror(status));
    status = plait_socks_server_factory_new(&proxy, &options, &handler, NULL);
    if (status < 0) {
        status = fail("the options", reason.text ? reason.text : plait_strerror(status));
    } else if (throttle.max_per_peer && (status = plait_throttle_factory_new(&outer, proxy, &throttle)) < 0) {
        status = fail("the limit", plait_strerror(status));
    } else {
        status = serve(outer.id ? outer : proxy, argv + i, argc - i);
    }
    plait_reactor_free(reactor);
    plait_factory_release(outer);
    plait_factory_release(proxy);
    while (account_count > 0) free(accounts[--account_count].user);
    return status;
}
