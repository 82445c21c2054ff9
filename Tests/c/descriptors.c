/* `fd:`: descriptors that the host made or inherited: connected sockets, listening ones, pipes. */
#include "harness.h"

static plait_reactor reactor;

static plait_factory factory;
static char endpoint[32];
static const char *fd_endpoint(int fd) {
    snprintf(endpoint, sizeof endpoint, "fd:%d", fd);
    return endpoint;
}

static void socket_pair(void) {
    struct peer peer;
    int fds[2];

    connected_count = disconnected_count = 0;
    SAME(socketpair(AF_UNIX, SOCK_STREAM, 0, fds), 0);
    OK(plait_connect(reactor, fd_endpoint(fds[0]), factory, NULL, NULL, NULL, NULL));
    peer_open(&peer, fds[1]);
    peer_say(&peer, "hello\r\n");
    UNTIL(reactor, peer_heard(&peer, "hello\r\n"));
    OK(plait_conn_close(last_conn));
    UNTIL(reactor, disconnected_count == 1);
    SAME(fcntl(fds[0], F_GETFD), -1); /* it was taken over */
    CHECK(peer_ended(&peer));
    peer_close(&peer);
    HEARD("connected|disconnected 0|");
}

static void listening(void) {
    struct sockaddr_in address;
    socklen_t len = sizeof address;
    struct peer peer;
    plait_listener listener = {0};
    int fd = socket(AF_INET, SOCK_STREAM, 0);

    connected_count = disconnected_count = 0;
    memset(&address, 0, sizeof address);
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    SAME(bind(fd, (struct sockaddr *)&address, sizeof address), 0);
    SAME(listen(fd, 5), 0);
    getsockname(fd, (struct sockaddr *)&address, &len);
    OK(plait_listen(reactor, fd_endpoint(fd), factory, NULL, &listener));
    SAME(plait_listener_get_port(listener), ntohs(address.sin_port));
    peer_dial(&peer, ntohs(address.sin_port));
    peer_say(&peer, "hello\r\n");
    UNTIL(reactor, peer_heard(&peer, "hello\r\n"));
    peer_close(&peer);
    UNTIL(reactor, disconnected_count == 1);
    OK(plait_listener_close(listener));
    OK(plait_reactor_poll(reactor, 0));
    SAME(fcntl(fd, F_GETFD), -1);
    journal[0] = 0;
}

/* One end of a pipe reads, the other one writes. */
static void pipes(void) {
    plait_factory reader = line_factory(note_bytes);
    int fds[2];

    connected_count = disconnected_count = 0;
    SAME(pipe(fds), 0);
    OK(plait_connect(reactor, fd_endpoint(fds[0]), reader, NULL, NULL, NULL, NULL));
    SAME(write(fds[1], "one\r\ntwo\r\n", 10), 10);
    UNTIL(reactor, strstr(journal, "two|"));
    HEARD("connected|one|two|");
    close(fds[1]);
    UNTIL(reactor, disconnected_count == 1);
    HEARD("disconnected 0|");

    SAME(pipe(fds), 0);
    OK(plait_connect(reactor, fd_endpoint(fds[1]), reader, NULL, NULL, NULL, NULL));
    UNTIL(reactor, connected_count == 2);
    OK(plait_line_send(last_conn, (const uint8_t *)"out", 3));
    OK(plait_conn_close(last_conn));
    UNTIL(reactor, disconnected_count == 2);
    {
        char buffer[16];
        SAME(read(fds[0], buffer, sizeof buffer), 5);
        CHECK(memcmp(buffer, "out\r\n", 5) == 0);
        SAME(read(fds[0], buffer, sizeof buffer), 0);
    }
    close(fds[0]);
    OK(plait_factory_release(reader));
    journal[0] = 0;
}

static int failed;
static void on_done(void *user, plait_call call, plait_conn conn, const plait_reason *reason) {
    (void)user;
    (void)call;
    CHECK(conn.id == 0 && reason->status < 0);
    failed = 1;
}

static void useless(void) {
    plait_listener listener = {0};
    int status, fd = open("/dev/null", O_RDWR | O_CLOEXEC);

    /* told at once or by the completion, but told */
    status = plait_connect(reactor, fd_endpoint(999), factory, NULL, on_done, NULL, NULL);
    if (status == 0)
        UNTIL(reactor, failed);
    else
        CHECK(status < 0);
    CHECK(plait_listen(reactor, fd_endpoint(999), factory, NULL, &listener) < 0);
    CHECK(plait_listen(reactor, fd_endpoint(fd), factory, NULL, &listener) < 0);
    CHECK(fcntl(fd, F_GETFD) != -1); /* a failure leaves it to the host */
    close(fd);
}

int main(void) {
    int before = descriptors();

    reactor = new_reactor(0);
    factory = line_factory(echo_line);
    socket_pair();
    listening();
    pipes();
    useless();
    OK(plait_reactor_free(reactor));
    OK(plait_factory_release(factory));
    SAME(descriptors(), before);
    PASSED();
}
