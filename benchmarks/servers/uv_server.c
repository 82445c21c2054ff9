/* The reference: C on libuv, written by hand for each mode. uv_server MODE PORT
 *
 * One read buffer for all connections; only an unfinished message is copied aside; the answers of one read leave in one
 * uv_try_write. When the peer does not take them the rest is queued, and reading stops meanwhile. */
#include <arpa/inet.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <uv.h>

struct conn {
    uv_tcp_t tcp;
    char *rest; /* of an unfinished message */
    size_t rest_len, rest_cap;
    uint64_t lines;
};

static uv_loop_t *loop;
static char shared[64 * 1024];
static char *out; /* the answers of one read */
static size_t out_len, out_cap;

/* Takes whole messages and appends answers to `out`; returns the bytes used, or -1 to drop the connection. */
static ssize_t (*consume)(struct conn *, const char *data, size_t len);

static char *reserve(size_t len) {
    if (out_len + len > out_cap) {
        out_cap = (out_len + len) * 2;
        out = realloc(out, out_cap);
    }
    return out + out_len;
}

static ssize_t line_echo(struct conn *c, const char *data, size_t len) {
    const char *line = data, *end = data + len, *look = data;
    (void)c;
    while (look < end) {
        const char *hit = memchr(look, '\n', (size_t)(end - look));
        if (!hit) break;
        look = hit + 1;
        if (hit == line || hit[-1] != '\r') continue; /* part of the line */
        size_t size = (size_t)(hit - 1 - line);
        char *to = reserve(size + 2);
        memcpy(to, line, size);
        to[size] = '\r';
        to[size + 1] = '\n';
        out_len += size + 2;
        line = look;
    }
    return line - data;
}

static ssize_t line_sink(struct conn *c, const char *data, size_t len) {
    const char *line = data, *end = data + len, *look = data;
    while (look < end) {
        const char *hit = memchr(look, '\n', (size_t)(end - look));
        if (!hit) break;
        look = hit + 1;
        if (hit == line || hit[-1] != '\r') continue;
        if (hit - 1 - line == 5 && !memcmp(line, "COUNT", 5)) {
            out_len += (size_t)sprintf(reserve(32), "%llu\r\n", (unsigned long long)c->lines);
            c->lines = 0;
        } else {
            c->lines++;
        }
        line = look;
    }
    return line - data;
}

static ssize_t int32_echo(struct conn *c, const char *data, size_t len) {
    size_t at = 0;
    (void)c;
    while (len - at >= 4) {
        uint32_t head;
        memcpy(&head, data + at, 4);
        size_t size = ntohl(head);
        if (size > 16 << 20) return -1;
        if (len - at - 4 < size) break;
        char *to = reserve(4 + size);
        memcpy(to, &head, 4);
        memcpy(to + 4, data + at + 4, size);
        out_len += 4 + size;
        at += 4 + size;
    }
    return (ssize_t)at;
}

static size_t put_number(char *to, size_t number) {
    char text[24], *end = text + sizeof text, *at = end;
    do *--at = (char)('0' + number % 10);
    while (number /= 10);
    memcpy(to, at, (size_t)(end - at));
    return (size_t)(end - at);
}

static ssize_t netstring_echo(struct conn *c, const char *data, size_t len) {
    size_t at = 0;
    (void)c;
    for (;;) {
        size_t look = at, size = 0;
        while (look < len && data[look] >= '0' && data[look] <= '9' && size < 16 << 20)
            size = size * 10 + (size_t)(data[look++] - '0');
        if (look == len) break;
        if (data[look] != ':' || look == at) return -1;
        if (len - look - 1 < size + 1) break;
        if (data[look + 1 + size] != ',') return -1;
        char *to = reserve(size + 24);
        size_t head = put_number(to, size);
        to[head++] = ':';
        memcpy(to + head, data + look + 1, size);
        to[head + size] = ',';
        out_len += head + size + 1;
        at = look + size + 2;
    }
    return (ssize_t)at;
}

static long get_number(const char *text, size_t len) {
    long value = 0;
    size_t at = len && text[0] == '-';
    for (; at < len; at++) value = value * 10 + (text[at] - '0');
    return len && text[0] == '-' ? -value : value;
}

static char *put_field(char *to, const char *key, size_t key_len, const char *value, size_t len) {
    *to++ = 0;
    *to++ = (char)key_len;
    memcpy(to, key, key_len);
    to += key_len;
    *to++ = (char)(len >> 8);
    *to++ = (char)len;
    memcpy(to, value, len);
    return to + len;
}

/* Answers calls of Sum(a, b). */
static ssize_t amp_sum(struct conn *c, const char *data, size_t len) {
    const unsigned char *bytes = (const unsigned char *)data;
    size_t box = 0;
    (void)c;
    for (;;) {
        const char *ask = NULL, *command = NULL;
        size_t ask_len = 0, command_len = 0, at = box;
        long a = 0, b = 0;
        for (;;) {
            if (len - at < 2) return (ssize_t)box;
            size_t key_len = (size_t)bytes[at] << 8 | bytes[at + 1];
            if (!key_len) break;
            if (key_len > 255) return -1;
            if (len - at < 4 + key_len) return (ssize_t)box;
            size_t size = (size_t)bytes[at + 2 + key_len] << 8 | bytes[at + 3 + key_len];
            if (len - at < 4 + key_len + size) return (ssize_t)box;
            const char *key = data + at + 2, *value = key + key_len + 2;
            if (key_len == 4 && !memcmp(key, "_ask", 4)) {
                ask = value;
                ask_len = size;
            } else if (key_len == 8 && !memcmp(key, "_command", 8)) {
                command = value;
                command_len = size;
            } else if (key_len == 1 && *key == 'a') {
                a = get_number(value, size);
            } else if (key_len == 1 && *key == 'b') {
                b = get_number(value, size);
            }
            at += 4 + key_len + size;
        }
        if (!ask || command_len != 3 || memcmp(command, "Sum", 3)) return -1;
        long total = a + b;
        char text[24], *start = reserve(ask_len + 64), *to = start;
        size_t digits = put_number(text, total < 0 ? 0 - (size_t)total : (size_t)total);
        if (total < 0) {
            memmove(text + 1, text, digits++);
            text[0] = '-';
        }
        to = put_field(to, "_answer", 7, ask, ask_len);
        to = put_field(to, "total", 5, text, digits);
        *to++ = 0;
        *to++ = 0;
        out_len += (size_t)(to - start);
        box = at + 2;
    }
}

static void on_closed(uv_handle_t *handle) {
    struct conn *c = (struct conn *)handle;
    free(c->rest);
    free(c);
}
static void drop(struct conn *c) {
    if (!uv_is_closing((uv_handle_t *)c)) uv_close((uv_handle_t *)c, on_closed);
}

static void on_alloc(uv_handle_t *handle, size_t hint, uv_buf_t *buffer) {
    (void)handle;
    (void)hint;
    *buffer = uv_buf_init(shared, sizeof shared);
}

static void on_read(uv_stream_t *, ssize_t, const uv_buf_t *);

struct queued {
    uv_write_t request;
    char bytes[];
};

static void on_written(uv_write_t *request, int status) {
    struct conn *c = (struct conn *)request->handle;
    free(request);
    if (status == 0 && !uv_is_closing((uv_handle_t *)c)) uv_read_start((uv_stream_t *)c, on_alloc, on_read);
}

static void flush(struct conn *c) {
    if (!out_len) return;
    uv_buf_t buffer = uv_buf_init(out, (unsigned)out_len);
    int written = uv_try_write((uv_stream_t *)c, &buffer, 1);
    if (written < 0 && written != UV_EAGAIN) return drop(c);
    size_t done = written > 0 ? (size_t)written : 0, left = out_len - done;
    if (!left) return;
    struct queued *queued = malloc(sizeof *queued + left);
    memcpy(queued->bytes, out + done, left);
    buffer = uv_buf_init(queued->bytes, (unsigned)left);
    uv_read_stop((uv_stream_t *)c);
    if (uv_write(&queued->request, (uv_stream_t *)c, &buffer, 1, on_written)) {
        free(queued);
        drop(c);
    }
}

static void keep(struct conn *c, const char *data, size_t len) {
    if (c->rest_len + len > c->rest_cap) {
        c->rest_cap = (c->rest_len + len) * 2;
        c->rest = realloc(c->rest, c->rest_cap);
    }
    memmove(c->rest + c->rest_len, data, len);
    c->rest_len += len;
}

static void on_read(uv_stream_t *stream, ssize_t len, const uv_buf_t *buffer) {
    struct conn *c = (struct conn *)stream;
    ssize_t used;
    if (len < 0) drop(c);
    if (len <= 0) return;
    out_len = 0;
    if (!c->rest_len) {
        used = consume(c, buffer->base, (size_t)len);
        if (used >= 0 && used < len) keep(c, buffer->base + used, (size_t)(len - used));
    } else {
        keep(c, buffer->base, (size_t)len);
        used = consume(c, c->rest, c->rest_len);
        if (used > 0) {
            c->rest_len -= (size_t)used;
            memmove(c->rest, c->rest + used, c->rest_len);
        }
    }
    if (used < 0) return drop(c);
    flush(c);
}

static void on_connection(uv_stream_t *listener, int status) {
    if (status) return;
    struct conn *c = calloc(1, sizeof *c);
    uv_tcp_init(loop, &c->tcp);
    if (uv_accept(listener, (uv_stream_t *)c)) return drop(c);
    uv_tcp_nodelay(&c->tcp, 1);
    uv_read_start((uv_stream_t *)c, on_alloc, on_read);
}

int main(int argc, char **argv) {
    static const struct {
        const char *name;
        ssize_t (*consume)(struct conn *, const char *, size_t);
    } modes[] = {{"line-echo", line_echo},
                 {"line-sink", line_sink},
                 {"int32-echo", int32_echo},
                 {"netstring-echo", netstring_echo},
                 {"amp-sum", amp_sum}};
    for (size_t i = 0; argc == 3 && i < sizeof modes / sizeof *modes; i++)
        if (!strcmp(argv[1], modes[i].name)) consume = modes[i].consume;
    if (!consume) {
        fprintf(stderr, "usage: uv_server MODE PORT\n");
        return 2;
    }
    loop = uv_default_loop();
    uv_tcp_t listener;
    struct sockaddr_in address;
    uv_tcp_init(loop, &listener);
    uv_ip4_addr("127.0.0.1", atoi(argv[2]), &address);
    int status = uv_tcp_bind(&listener, (struct sockaddr *)&address, 0);
    if (!status) status = uv_listen((uv_stream_t *)&listener, 1024, on_connection);
    if (status) {
        fprintf(stderr, "uv_server: %s\n", uv_strerror(status));
        return 1;
    }
    return uv_run(loop, UV_RUN_DEFAULT);
}
