/* A SOCKS proxy that decides for itself who may go where:  socks_proxy ENDPOINT PORT...
 *
 * It lets clients reach this machine, at these ports, and says what they do. Any program of Plait's comes by it with an
 * endpoint string:  line_client 'socks5:proxy=tcp\:127.0.0.1\:1080:host=127.0.0.1:port=8080' 2 10 hello */
#include <plait/plait.h>
#include <stdio.h>
#include <stdlib.h>

struct proxy {
    char **ports;
    int count;
};

static void on_request(void *user, plait_conn conn, uint64_t question, const plait_socks_request *request) {
    struct proxy *proxy = (struct proxy *)user;
    uint32_t reply = PLAIT_SOCKS_DENIED;
    int i;

    for (i = 0; i < proxy->count; i++)
        if (strtoul(proxy->ports[i], NULL, 10) == request->port) reply = PLAIT_SOCKS_GRANTED;
    printf("%.*s:%u is %s\n", (int)request->host.len, (const char *)request->host.data, (unsigned)request->port,
           reply == PLAIT_SOCKS_GRANTED ? "granted" : "denied");
    fflush(stdout);
    plait_socks_server_answer(conn, question, reply); /* or later */
}

static void on_disconnected(void *user, plait_conn conn, const plait_reason *reason) {
    plait_socks_tunnel tunnel = PLAIT_SOCKS_TUNNEL_INIT;

    (void)user;
    if (plait_socks_server_get_tunnel(conn, &tunnel) == 0 && tunnel.state == PLAIT_SOCKS_OPEN)
        printf("%u bytes there, %u back\n", (unsigned)tunnel.bytes_out, (unsigned)tunnel.bytes_back);
    else
        printf("no tunnel: %s\n", reason->text);
    fflush(stdout);
}

int main(int argc, char **argv) {
    plait_reactor reactor = {0};
    plait_factory factory = {0};
    plait_listener listener = {0};
    plait_socks_server_options options = PLAIT_SOCKS_SERVER_OPTIONS_INIT;
    plait_socks_server_handler handler = PLAIT_SOCKS_SERVER_HANDLER_INIT;
    struct proxy proxy;
    int status;

    if (argc < 3) {
        fprintf(stderr, "usage: socks_proxy ENDPOINT PORT...\n");
        return 2;
    }
    proxy.ports = argv + 2;
    proxy.count = argc - 2;
    options.allow = "127.0.0.0/8";
    options.idle_ms = 600000;
    handler.request = on_request;
    handler.disconnected = on_disconnected;
    if ((status = plait_reactor_new(&reactor, NULL)) == 0 &&
        (status = plait_socks_server_factory_new(&factory, &options, &handler, &proxy)) == 0 &&
        (status = plait_listen(reactor, argv[1], factory, NULL, &listener)) == 0) {
        printf("listening on port %d\n", plait_listener_get_port(listener));
        fflush(stdout);
        status = plait_reactor_run(reactor);
    }
    if (status < 0) fprintf(stderr, "socks_proxy: %s\n", plait_strerror(status));
    plait_reactor_free(reactor);
    plait_factory_release(factory);
    return status < 0;
}
