/* An echo server over TLS on Plait: plait_tls_server MODE PORT PEM */
#include <plait/plait.h>
#include <stdio.h>

static void on_data(void *user, plait_conn conn, const uint8_t *data, size_t len) {
    (void)user;
    plait_conn_write(conn, data, len);
}

int main(int argc, char **argv) {
    plait_raw_handler handler = PLAIT_RAW_HANDLER_INIT;
    plait_tls_identity identity = PLAIT_TLS_IDENTITY_INIT;
    plait_tls_options options = PLAIT_TLS_OPTIONS_INIT;
    plait_reason reason = PLAIT_REASON_INIT;
    plait_reactor reactor = {0};
    plait_factory raw = {0}, factory = {0};
    plait_tls_config config = {0};
    plait_listener listener = {0};
    char endpoint[64];
    int status;

    if (argc < 4) return 2;
    handler.data = on_data;
    identity.cert_file = argv[3];
    options.identities = &identity;
    options.identity_count = 1;
    snprintf(endpoint, sizeof endpoint, "tcp:%s:interface=127.0.0.1", argv[2]);
    if ((status = plait_tls_config_new(&config, &options, &reason)) == 0 &&
        (status = plait_reactor_new(&reactor, NULL)) == 0 &&
        (status = plait_raw_factory_new(&raw, &handler, NULL)) == 0 &&
        (status = plait_tls_factory_new(&factory, raw, config, NULL)) == 0 &&
        (status = plait_listen(reactor, endpoint, factory, NULL, &listener)) == 0)
        status = plait_reactor_run(reactor);
    fprintf(stderr, "%s\n", plait_strerror(status));
    return status < 0;
}
