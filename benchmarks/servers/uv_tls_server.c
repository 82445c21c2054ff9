/* An echo server over TLS as a C program has it on libuv and OpenSSL, with memory BIOs: uv_tls_server MODE PORT PEM */
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <uv.h>

struct conn {
    uv_tcp_t tcp;
    SSL *ssl;
    BIO *in, *out;
};
struct request {
    uv_write_t write;
    char data[];
};

static uv_loop_t loop;
static SSL_CTX *context;
static char scratch[64 * 1024], plain[64 * 1024];

static void closed(uv_handle_t *handle) {
    struct conn *conn = handle->data;
    SSL_free(conn->ssl);
    free(conn);
}
static void end(struct conn *conn) {
    if (!uv_is_closing((uv_handle_t *)&conn->tcp)) uv_close((uv_handle_t *)&conn->tcp, closed);
}

static void written(uv_write_t *write, int status) {
    struct conn *conn = write->handle->data;
    free(write);
    if (status < 0) end(conn);
}

/* Sends what SSL has written: at once what the socket takes, the rest by libuv. */
static void flush(struct conn *conn) {
    char *data;
    long len = BIO_get_mem_data(conn->out, &data);
    uv_buf_t buffer = uv_buf_init(data, (unsigned)len);
    int sent;

    if (len <= 0) return;
    sent = uv_try_write((uv_stream_t *)&conn->tcp, &buffer, 1);
    if (sent < 0) sent = 0;
    if (sent < len) {
        struct request *request = malloc(sizeof *request + (size_t)(len - sent));
        memcpy(request->data, data + sent, (size_t)(len - sent));
        buffer = uv_buf_init(request->data, (unsigned)(len - sent));
        if (uv_write(&request->write, (uv_stream_t *)&conn->tcp, &buffer, 1, written)) end(conn);
    }
    (void)BIO_reset(conn->out);
}

static void got(struct conn *conn, const char *data, long len) {
    int count;

    BIO_write(conn->in, data, (int)len);
    ERR_clear_error();
    for (;;) {
        count = SSL_read(conn->ssl, plain, sizeof plain);
        if (count <= 0) break;
        SSL_write(conn->ssl, plain, count);
    }
    switch (SSL_get_error(conn->ssl, count)) {
    case SSL_ERROR_WANT_READ: flush(conn); return;
    case SSL_ERROR_ZERO_RETURN: SSL_shutdown(conn->ssl); break;
    }
    flush(conn);
    end(conn);
}

static void on_alloc(uv_handle_t *handle, size_t size, uv_buf_t *buffer) {
    (void)handle, (void)size;
    *buffer = uv_buf_init(scratch, sizeof scratch);
}
static void on_read(uv_stream_t *stream, ssize_t len, const uv_buf_t *buffer) {
    struct conn *conn = stream->data;
    if (len > 0) got(conn, buffer->base, len);
    if (len < 0) end(conn);
}
static void on_connection(uv_stream_t *server, int status) {
    struct conn *conn = malloc(sizeof *conn);

    if (status < 0 || !conn) return;
    uv_tcp_init(&loop, &conn->tcp);
    conn->tcp.data = conn;
    conn->ssl = SSL_new(context);
    conn->in = BIO_new(BIO_s_mem());
    conn->out = BIO_new(BIO_s_mem());
    SSL_set_bio(conn->ssl, conn->in, conn->out);
    SSL_set_accept_state(conn->ssl);
    if (uv_accept(server, (uv_stream_t *)&conn->tcp)) return end(conn);
    uv_tcp_nodelay(&conn->tcp, 1);
    uv_read_start((uv_stream_t *)&conn->tcp, on_alloc, on_read);
}

int main(int argc, char **argv) {
    struct sockaddr_in address;
    uv_tcp_t server;

    if (argc < 4) return 2;
    context = SSL_CTX_new(TLS_server_method());
    SSL_CTX_set_mode(context, SSL_MODE_RELEASE_BUFFERS);
    SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
    if (SSL_CTX_use_certificate_chain_file(context, argv[3]) != 1 ||
        SSL_CTX_use_PrivateKey_file(context, argv[3], SSL_FILETYPE_PEM) != 1)
        return 1;
    uv_loop_init(&loop);
    uv_tcp_init(&loop, &server);
    uv_ip4_addr("127.0.0.1", atoi(argv[2]), &address);
    uv_tcp_bind(&server, (struct sockaddr *)&address, 0);
    if (uv_listen((uv_stream_t *)&server, 1024, on_connection)) return 1;
    return uv_run(&loop, UV_RUN_DEFAULT);
}
