/* Answers Sum and Greeting over AMP:  amp_server [ENDPOINT [PEM]]
 *
 * PEM has a certificate and its key: then clients may ask to go on under TLS (StartTLS).
 *
 * Any AMP client can ask, Twisted's too. From the shell:
 *     plait-amp call tcp:127.0.0.1:PORT 'Sum(a: Integer, b: Integer) -> (total: Integer)' a=13 b=81 */
#include <plait/plait.h>
#include <stdio.h>
#include <string.h>

static void on_sum(void *user, plait_conn conn, plait_amp_box request) {
    int64_t a, b;
    plait_amp_value total = {0, 0, 0, 0, {NULL, 0}, NULL, 0, 0};

    (void)user;
    (void)conn;
    if (plait_amp_get_int(request, 0, &a) < 0 || plait_amp_get_int(request, 1, &b) < 0) {
        plait_amp_answer_error(request, "TOO_LARGE", NULL, 0, 0); /* a number of more than 64 bits */
        return;
    }
    total.integer = (int64_t)((uint64_t)a + (uint64_t)b);
    plait_amp_answer(request, &total, 1);
}

static void on_greeting(void *user, plait_conn conn, plait_amp_box request) {
    char text[256];
    plait_bytes name;
    plait_amp_value greeting = {0, 0, 0, 0, {NULL, 0}, NULL, 0, 0};

    (void)user;
    (void)conn;
    if (plait_amp_get_bytes(request, 0, &name) < 0 || name.len == 0 || name.len > 200) {
        plait_amp_answer_error(request, "NO_NAME", (const uint8_t *)"who are you?", 12, 0);
        return;
    }
    greeting.bytes.len = (size_t)snprintf(text, sizeof text, "Hello, %.*s!", (int)name.len, (const char *)name.data);
    greeting.bytes.data = (const uint8_t *)text;
    plait_amp_answer(request, &greeting, 1);
}

static int add(plait_factory factory, const char *signature, plait_amp_responder_fn responder) {
    plait_amp_command command = {0}, base = {0};
    int status = plait_amp_command_parse(&command, base, signature, NULL);

    if (status == 0) status = plait_amp_factory_add_responder(factory, command, responder);
    plait_amp_command_release(command); /* the factory keeps it */
    return status;
}

static int show(const char *pem, plait_tls_config *config) {
    plait_tls_identity identity = PLAIT_TLS_IDENTITY_INIT;
    plait_tls_options options = PLAIT_TLS_OPTIONS_INIT;
    plait_reason reason = PLAIT_REASON_INIT;
    int status;

    identity.cert_file = pem;
    options.identities = &identity;
    options.identity_count = 1;
    if ((status = plait_tls_config_new(config, &options, &reason)) < 0)
        fprintf(stderr, "amp_server: %s\n", reason.text);
    return status;
}

int main(int argc, char **argv) {
    plait_reactor reactor = {0};
    plait_amp_options options = PLAIT_AMP_OPTIONS_INIT;
    plait_factory factory = {0};
    plait_listener listener = {0};
    const char *endpoint = argc > 1 ? argv[1] : "tcp:8750:interface=127.0.0.1";
    int status;

    if ((argc < 3 || (status = show(argv[2], &options.tls)) == 0) &&
        (status = plait_reactor_new(&reactor, NULL)) == 0 &&
        (status = plait_amp_factory_new(&factory, &options, NULL, NULL)) == 0 &&
        (status = add(factory, "Sum(a: Integer, b: Integer) -> (total: Integer) raises TOO_LARGE", on_sum)) >= 0 &&
        (status = add(factory, "Greeting(name: Unicode) -> (text: Unicode) raises NO_NAME", on_greeting)) >= 0 &&
        (status = plait_listen(reactor, endpoint, factory, NULL, &listener)) == 0) {
        printf("listening on port %d\n", plait_listener_get_port(listener));
        fflush(stdout);
        status = plait_reactor_run(reactor);
    }
    if (status < 0) fprintf(stderr, "amp_server: %s\n", plait_strerror(status));
    plait_reactor_free(reactor);
    plait_factory_release(factory);
    plait_tls_config_release(options.tls);
    return status < 0;
}
