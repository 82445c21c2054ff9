/* Answers every line over TLS, and reads its certificate again when the file has changed:  reloading_server PORT PEM
 *
 * The file has the certificate, its chain and its key. Connections that are up go on; new ones get the new certificate.
 * Try it: `openssl s_client -connect 127.0.0.1:PORT`. */
#include <plait/plait.h>
#include <stdio.h>
#include <sys/stat.h>

struct certificate {
    const char *file;
    plait_tls_config config;
    struct stat seen;
};

static void on_line(void *user, plait_conn conn, const uint8_t *line, size_t len) {
    (void)user;
    plait_line_send(conn, line, len);
}

/* Looks at the file, several times a second. */
static void on_timer(void *user, plait_timer timer) {
    struct certificate *certificate = (struct certificate *)user;
    plait_reason reason = PLAIT_REASON_INIT;
    struct stat now;

    (void)timer;
    if (stat(certificate->file, &now) != 0) return;
    if (now.st_ino == certificate->seen.st_ino && now.st_mtime == certificate->seen.st_mtime) return;
    certificate->seen = now;
    /* If it cannot be used, the old one is still there. */
    if (plait_tls_config_reload(certificate->config, &reason) == 0)
        printf("the certificate was read again\n");
    else
        printf("the certificate cannot be used: %s\n", reason.text);
    fflush(stdout);
}

int main(int argc, char **argv) {
    char endpoint[64];
    struct certificate certificate;
    plait_reactor reactor = {0};
    plait_factory lines = {0}, factory = {0};
    plait_listener listener = {0};
    plait_timer timer = {0};
    plait_tls_identity identity = PLAIT_TLS_IDENTITY_INIT;
    plait_tls_options options = PLAIT_TLS_OPTIONS_INIT;
    plait_line_options delimiters = PLAIT_LINE_OPTIONS_INIT;
    plait_line_handler handler = PLAIT_LINE_HANDLER_INIT;
    plait_reason reason = PLAIT_REASON_INIT;
    int status;

    if (argc != 3) {
        fprintf(stderr, "usage: reloading_server PORT PEM\n");
        return 2;
    }
    snprintf(endpoint, sizeof endpoint, "tcp:%.16s:interface=127.0.0.1", argv[1]);
    certificate.file = argv[2];
    certificate.config.id = 0;
    if (stat(certificate.file, &certificate.seen) != 0) {
        fprintf(stderr, "reloading_server: no file %s\n", certificate.file);
        return 1;
    }
    identity.cert_file = certificate.file;
    options.identities = &identity;
    options.identity_count = 1;
    delimiters.delimiter.data = (const uint8_t *)"\n";
    delimiters.delimiter.len = 1;
    handler.line = on_line;
    if ((status = plait_tls_config_new(&certificate.config, &options, &reason)) < 0)
        fprintf(stderr, "reloading_server: %s\n",
                status == PLAIT_ERR_TLS_CONFIG ? reason.text : plait_strerror(status));
    else if ((status = plait_reactor_new(&reactor, NULL)) < 0 ||
             (status = plait_line_factory_new(&lines, &delimiters, &handler, NULL)) < 0 ||
             (status = plait_tls_factory_new(&factory, lines, certificate.config, NULL)) < 0 ||
             (status = plait_listen(reactor, endpoint, factory, NULL, &listener)) < 0 ||
             (status = plait_timer_start(reactor, 200, 200, on_timer, &certificate, &timer)) < 0)
        fprintf(stderr, "reloading_server: %s\n", plait_strerror(status));
    else {
        printf("listening on port %d\n", plait_listener_get_port(listener));
        fflush(stdout);
        status = plait_reactor_run(reactor); /* until the process is stopped */
    }
    plait_reactor_free(reactor);
    plait_factory_release(factory);
    plait_factory_release(lines);
    plait_tls_config_release(certificate.config);
    return status < 0;
}
