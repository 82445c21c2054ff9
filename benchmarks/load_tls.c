/* load_tls: what a TLS echo server costs.
 *
 *   load_tls MODE --port P --pid SERVER [--conns N] [--size L] [--secs T] [--count K]
 *
 *   tls-bulk      one connection sends and awaits blocks of L bytes; an operation is a block, there and back
 *   tls-full      K connections, one after another: handshake, one byte there and back, close
 *   tls-resumed   the same, each resuming the session of the one before
 *   tls-idle      opens K connections and tells the server's memory, before each has echoed a byte and after
 *
 * It prints one JSON object, as load does. */
#define _GNU_SOURCE
#include "load.h"
#include <openssl/ssl.h>

struct options opt = {.conns = 1, .depth = 1, .size = 262144, .secs = 1, .warmup = 0.2, .count = 2000};

static SSL_CTX *context;
static SSL_SESSION *session;

static int keep(SSL *ssl, SSL_SESSION *fresh) {
    (void)ssl;
    SSL_SESSION_free(session);
    session = fresh;
    return 1;
}

static SSL *begin(SSL_SESSION *resumed) {
    SSL *ssl = SSL_new(context);
    SSL_set_fd(ssl, open_socket(0));
    if (resumed) SSL_set_session(ssl, resumed);
    if (SSL_connect(ssl) != 1) die("no handshake");
    return ssl;
}
static void finish(SSL *ssl) {
    int fd = SSL_get_fd(ssl);
    SSL_shutdown(ssl);
    SSL_free(ssl);
    close(fd);
}
static void echo(SSL *ssl, const char *data, char *back, size_t len) {
    size_t got = 0, part = 0, sent = 0;
    while (sent < len) { /* in pieces, or both sides would wait for the other to read */
        size_t piece = len - sent < 65536 ? len - sent : 65536;
        if (SSL_write(ssl, data + sent, (int)piece) != (int)piece) die("write");
        sent += piece;
        while (got < sent) {
            if (SSL_read_ex(ssl, back + got, sent - got, &part) != 1) die("read");
            got += part;
        }
    }
    if (memcmp(data, back, len)) die("other bytes came back");
}

static void run_bulk(void) {
    char *data = malloc((size_t)opt.size), *back = malloc((size_t)opt.size);
    uint64_t operations = 0, start = now_ns(), measured = 0;
    SSL *ssl = begin(NULL);

    for (int i = 0; i < opt.size; i++) data[i] = (char)(i * 7);
    for (;;) {
        uint64_t now = now_ns();
        if (!measured && (double)(now - start) >= opt.warmup * 1e9) {
            measured = now;
            usage_start();
        }
        if (measured && (double)(now - measured) >= opt.secs * 1e9) break;
        echo(ssl, data, back, (size_t)opt.size);
        if (measured) operations++;
    }
    double secs = (double)(now_ns() - measured) / 1e9;
    usage_stop();
    finish(ssl);
    tell(secs, (double)operations, 0);
}

static void run_handshakes(int resumes) {
    char back;
    long resumed = 0;

    for (int i = 0; i < 20; i++) { /* what a server makes once is not counted */
        SSL *ssl = begin(NULL);
        echo(ssl, "x", &back, 1);
        finish(ssl);
    }
    usage_start();
    uint64_t begun = now_ns();
    for (long i = 0; i < opt.count; i++) {
        uint64_t start = now_ns();
        SSL *ssl = begin(resumes ? session : NULL);
        echo(ssl, "x", &back, 1);
        resumed += SSL_session_reused(ssl);
        note_latency(now_ns() - start);
        finish(ssl);
    }
    double secs = (double)(now_ns() - begun) / 1e9;
    usage_stop();
    if (resumed != (resumes ? opt.count : 0)) die("%ld of %ld sessions were resumed", resumed, opt.count);
    tell(secs, (double)opt.count, 1);
}

static void run_idle(void) {
    SSL **all = calloc((size_t)opt.count, sizeof *all);
    char back;
    struct rlimit limit;

    getrlimit(RLIMIT_NOFILE, &limit);
    limit.rlim_cur = limit.rlim_max;
    setrlimit(RLIMIT_NOFILE, &limit);
    SSL_CTX_set_mode(context, SSL_MODE_RELEASE_BUFFERS);
    SSL *first = begin(NULL);
    echo(first, "x", &back, 1);
    finish(first);
    long base = server_memory();
    for (long i = 0; i < opt.count; i++) all[i] = begin(NULL);
    long opened = server_memory();
    for (long i = 0; i < opt.count; i++) echo(all[i], "x", &back, 1);
    long used = server_memory();
    printf("{\"base_kb\":%ld,\"fresh_bytes\":%.0f,\"used_bytes\":%.0f}\n", base,
           (double)(opened - base) * 1024 / (double)opt.count, (double)(used - base) * 1024 / (double)opt.count);
}

int main(int argc, char **argv) {
    read_options(argc, argv);
    context = SSL_CTX_new(TLS_client_method());
    SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL);
    SSL_CTX_sess_set_new_cb(context, keep);
    if (!strcmp(opt.mode, "tls-bulk"))
        run_bulk();
    else if (!strcmp(opt.mode, "tls-idle"))
        run_idle();
    else
        run_handshakes(!strcmp(opt.mode, "tls-resumed"));
    return 0;
}
