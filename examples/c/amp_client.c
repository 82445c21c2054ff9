/* Asks an AMP server for a sum and a greeting:  amp_client ENDPOINT A B NAME [AUTHORITY]
 *
 * AUTHORITY is a file with certificates that are trusted: then all of it is said under TLS, or not at all. */
#include <plait/plait.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct client {
    plait_reactor reactor;
    plait_amp_command sum, greeting;
    plait_tls_config config;
    long a, b;
    const char *name;
    int waiting; /* for so many answers */
    int failed;
};

static void note_end(struct client *client, plait_conn conn) {
    if (--client->waiting == 0) plait_conn_close(conn);
}

static void on_total(void *user, plait_conn conn, plait_amp_box answer, const plait_reason *reason) {
    struct client *client = (struct client *)user;
    int64_t total = 0;

    if (reason->status == 0 && plait_amp_get_int(answer, 0, &total) == 0) {
        printf("%ld + %ld = %lld\n", client->a, client->b, (long long)total);
    } else {
        fprintf(stderr, "amp_client: Sum: %s\n", reason->text);
        client->failed = 1;
    }
    note_end(client, conn);
}

static void on_text(void *user, plait_conn conn, plait_amp_box answer, const plait_reason *reason) {
    struct client *client = (struct client *)user;
    plait_bytes text;

    if (reason->status == 0 && plait_amp_get_bytes(answer, 0, &text) == 0) {
        printf("%.*s\n", (int)text.len, (const char *)text.data);
    } else {
        /* of the errors that the command lists, reason->code says which */
        fprintf(stderr, "amp_client: Greeting: %s\n", reason->text);
        client->failed = 1;
    }
    note_end(client, conn);
}

static void ask(struct client *client, plait_conn conn) {
    plait_amp_value numbers[2], name;

    /* Both are asked at once: answers come in any order. */
    memset(numbers, 0, sizeof numbers);
    memset(&name, 0, sizeof name);
    numbers[0].integer = client->a;
    numbers[1].integer = client->b;
    name.bytes.data = (const uint8_t *)client->name;
    name.bytes.len = strlen(client->name);
    if (plait_amp_call(conn, client->sum, numbers, 2, 5000, on_total, client, NULL) == 0) client->waiting++;
    if (plait_amp_call(conn, client->greeting, &name, 1, 5000, on_text, client, NULL) == 0) client->waiting++;
    if (client->waiting != 2) client->failed = 1;
}

/* Nothing was said so far. Had the two been asked behind plait_amp_start_tls() they had waited for its answer, and left
 * in plain if the server had refused. */
static void on_tls(void *user, plait_conn conn, plait_amp_box answer, const plait_reason *reason) {
    struct client *client = (struct client *)user;

    (void)answer;
    if (reason->status == 0) {
        ask(client, conn);
        return;
    }
    fprintf(stderr, "amp_client: no TLS: %s\n", reason->text);
    client->failed = 1;
    plait_conn_close(conn);
}

static void on_connected(void *user, plait_conn conn) {
    struct client *client = (struct client *)user;

    if (!client->config.id) {
        ask(client, conn);
    } else if (plait_amp_start_tls(conn, client->config, NULL, 5000, on_tls, client, NULL) < 0) {
        client->failed = 1;
        plait_conn_close(conn);
    }
}

static void on_disconnected(void *user, plait_conn conn, const plait_reason *reason) {
    struct client *client = (struct client *)user;

    (void)conn;
    (void)reason;
    plait_reactor_stop(client->reactor);
}

static void on_connect(void *user, plait_call call, plait_conn conn, const plait_reason *reason) {
    struct client *client = (struct client *)user;

    (void)call;
    (void)conn;
    if (reason->status == 0) return;
    fprintf(stderr, "amp_client: cannot connect: %s\n", reason->text);
    client->failed = 1;
    plait_reactor_stop(client->reactor);
}

int main(int argc, char **argv) {
    struct client client;
    plait_amp_handler handler = PLAIT_AMP_HANDLER_INIT;
    plait_factory factory = {0};
    plait_tls_options trust = PLAIT_TLS_OPTIONS_INIT;
    plait_amp_command base = {0};
    int status;

    if (argc != 5 && argc != 6) {
        fprintf(stderr, "usage: amp_client ENDPOINT A B NAME [AUTHORITY]\n");
        return 2;
    }
    memset(&client, 0, sizeof client);
    client.a = atol(argv[2]);
    client.b = atol(argv[3]);
    client.name = argv[4];
    handler.connected = on_connected;
    handler.disconnected = on_disconnected;
    trust.ca_file = argv[5];
    if ((argc == 5 || (status = plait_tls_config_new(&client.config, &trust, NULL)) == 0) &&
        (status = plait_reactor_new(&client.reactor, NULL)) == 0 &&
        (status = plait_amp_command_parse(&client.sum, base, "Sum(a: Integer, b: Integer) -> (total: Integer)",
                                          NULL)) == 0 &&
        (status = plait_amp_command_parse(&client.greeting, base,
                                          "Greeting(name: Unicode) -> (text: Unicode) raises NO_NAME", NULL)) == 0 &&
        (status = plait_amp_factory_new(&factory, NULL, &handler, &client)) == 0 &&
        (status = plait_connect(client.reactor, argv[1], factory, NULL, on_connect, &client, NULL)) == 0)
        status = plait_reactor_run(client.reactor);
    if (status < 0) fprintf(stderr, "amp_client: %s\n", plait_strerror(status));
    plait_reactor_free(client.reactor);
    plait_factory_release(factory);
    plait_amp_command_release(client.sum);
    plait_amp_command_release(client.greeting);
    plait_tls_config_release(client.config);
    return status < 0 || client.failed;
}
