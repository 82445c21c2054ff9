/* C on libevent, as its own manual teaches it: bufferevent and evbuffer_readln. libevent_server MODE PORT */
#include <arpa/inet.h>
#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/event.h>
#include <event2/listener.h>
#include <netinet/tcp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void line_echo(struct bufferevent *event, void *user) {
    struct evbuffer *in = bufferevent_get_input(event), *out = bufferevent_get_output(event);
    size_t len;
    (void)user;
    for (char *line; (line = evbuffer_readln(in, &len, EVBUFFER_EOL_CRLF_STRICT)); free(line)) {
        evbuffer_add(out, line, len);
        evbuffer_add(out, "\r\n", 2);
    }
}

static void line_sink(struct bufferevent *event, void *user) {
    struct evbuffer *in = bufferevent_get_input(event);
    uint64_t *lines = user;
    size_t len;
    for (char *line; (line = evbuffer_readln(in, &len, EVBUFFER_EOL_CRLF_STRICT)); free(line)) {
        if (len == 5 && !memcmp(line, "COUNT", 5)) {
            evbuffer_add_printf(bufferevent_get_output(event), "%llu\r\n", (unsigned long long)*lines);
            *lines = 0;
        } else {
            ++*lines;
        }
    }
}

static void int32_echo(struct bufferevent *event, void *user) {
    struct evbuffer *in = bufferevent_get_input(event), *out = bufferevent_get_output(event);
    uint32_t head;
    (void)user;
    while (evbuffer_copyout(in, &head, 4) == 4) {
        size_t len = ntohl(head);
        if (evbuffer_get_length(in) < 4 + len) break;
        evbuffer_drain(in, 4);
        char *string = malloc(len);
        evbuffer_remove(in, string, len);
        evbuffer_add(out, &head, 4);
        evbuffer_add(out, string, len);
        free(string);
    }
}

static void netstring_echo(struct bufferevent *event, void *user) {
    struct evbuffer *in = bufferevent_get_input(event), *out = bufferevent_get_output(event);
    char head[16], *end;
    (void)user;
    for (;;) {
        ev_ssize_t got = evbuffer_copyout(in, head, sizeof head - 1);
        if (got <= 0) return;
        head[got] = 0;
        size_t len = strtoul(head, &end, 10), size = (size_t)(end - head) + 1;
        if (!*end) return;
        if (*end != ':') return bufferevent_free(event);
        if (evbuffer_get_length(in) < size + len + 1) return;
        evbuffer_drain(in, size);
        char *string = malloc(len + 1);
        evbuffer_remove(in, string, len + 1);
        evbuffer_add_printf(out, "%zu:", len);
        evbuffer_add(out, string, len + 1);
        free(string);
    }
}

static bufferevent_data_cb on_data;

static void on_event(struct bufferevent *event, short what, void *user) {
    if (!(what & (BEV_EVENT_EOF | BEV_EVENT_ERROR))) return;
    free(user);
    bufferevent_free(event);
}

static void on_accept(struct evconnlistener *listener, evutil_socket_t fd, struct sockaddr *address, int len,
                      void *base) {
    int one = 1;
    (void)listener;
    (void)address;
    (void)len;
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    struct bufferevent *event = bufferevent_socket_new(base, fd, BEV_OPT_CLOSE_ON_FREE);
    bufferevent_setcb(event, on_data, NULL, on_event, calloc(1, sizeof(uint64_t)));
    bufferevent_enable(event, EV_READ | EV_WRITE);
}

int main(int argc, char **argv) {
    static const struct {
        const char *name;
        bufferevent_data_cb on_data;
    } modes[] = {{"line-echo", line_echo},
                 {"line-sink", line_sink},
                 {"int32-echo", int32_echo},
                 {"netstring-echo", netstring_echo}};
    for (size_t i = 0; argc == 3 && i < sizeof modes / sizeof *modes; i++)
        if (!strcmp(argv[1], modes[i].name)) on_data = modes[i].on_data;
    if (!on_data) {
        fprintf(stderr, "usage: libevent_server MODE PORT\n");
        return 2;
    }
    struct event_base *base = event_base_new();
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)atoi(argv[2]))};
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (!evconnlistener_new_bind(base, on_accept, base, LEV_OPT_REUSEABLE | LEV_OPT_CLOSE_ON_FREE, 1024,
                                 (struct sockaddr *)&address, sizeof address)) {
        perror("libevent_server");
        return 1;
    }
    return event_base_dispatch(base);
}
