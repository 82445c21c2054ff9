/* A program with an epoll loop of its own, in which the reactor is one descriptor among others:  epoll_host [ENDPOINT]
 *
 * It answers lines as echo does, and reads standard input itself: at its end the program ends. */
#include <plait/plait.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

static void on_line(void *user, plait_conn conn, const uint8_t *line, size_t len) {
    (void)user;
    plait_line_send(conn, line, len);
}

static int watch(int loop, int fd) {
    struct epoll_event event;

    memset(&event, 0, sizeof event);
    event.events = EPOLLIN;
    event.data.fd = fd;
    return epoll_ctl(loop, EPOLL_CTL_ADD, fd, &event);
}

/* The host's loop. It knows nothing of the library but one descriptor and one call. */
static int loop_until_eof(plait_reactor reactor, int reactor_fd) {
    struct epoll_event event;
    char buffer[256];
    int status = 0, loop = epoll_create1(EPOLL_CLOEXEC);

    if (loop < 0 || watch(loop, reactor_fd) < 0 || watch(loop, STDIN_FILENO) < 0) {
        perror("epoll_host");
        return -1;
    }
    while (status == 0) {
        if (epoll_wait(loop, &event, 1, -1) < 1) continue;
        if (event.data.fd == reactor_fd)
            status = plait_reactor_poll(reactor, 0);
        else if (read(STDIN_FILENO, buffer, sizeof buffer) <= 0)
            break;
        else
            printf("the host has input of its own\n");
    }
    close(loop);
    return status;
}

int main(int argc, char **argv) {
    const char *endpoint = argc > 1 ? argv[1] : "tcp:8080:interface=127.0.0.1";
    plait_reactor reactor = {0};
    plait_factory factory = {0};
    plait_listener listener = {0};
    plait_line_handler handler = PLAIT_LINE_HANDLER_INIT;
    int status, fd = -1;

    handler.line = on_line;
    if ((status = plait_reactor_new(&reactor, NULL)) == 0 &&
        (status = plait_line_factory_new(&factory, NULL, &handler, NULL)) == 0 &&
        (status = plait_listen(reactor, endpoint, factory, NULL, &listener)) == 0 &&
        (status = plait_reactor_fd(reactor, &fd)) == 0) {
        printf("listening on port %d\n", plait_listener_get_port(listener));
        fflush(stdout);
        status = loop_until_eof(reactor, fd);
    }
    if (status < 0) fprintf(stderr, "epoll_host: %s\n", plait_strerror(status));
    plait_factory_release(factory);
    plait_reactor_free(reactor); /* closes the descriptor too */
    return status < 0;
}
