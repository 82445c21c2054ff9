/* UNIX sockets: echo, the socket's file, abstract names; what stays behind is replaced. */
#include "harness.h"
#include <sys/stat.h>

static plait_reactor reactor;

int main(void) {
    char directory[] = "/tmp/plait-unix-XXXXXX", path[64], endpoint[96], abstract[64];
    plait_factory factory = line_factory(echo_line);
    plait_listener listener = {0}, second = {0};
    plait_address address = PLAIT_ADDRESS_INIT;
    struct stat info;
    struct peer peer;
    struct sockaddr_un stale;
    struct ucred who;
    socklen_t len = sizeof who;
    int before = descriptors(), fd;

    reactor = new_reactor(0);
    CHECK(mkdtemp(directory));
    snprintf(path, sizeof path, "%s/chat", directory);
    snprintf(endpoint, sizeof endpoint, "unix:%s:mode=600", path);

    /* a socket file that nobody listens on */
    memset(&stale, 0, sizeof stale);
    stale.sun_family = AF_UNIX;
    strcpy(stale.sun_path, path);
    fd = socket(AF_UNIX, SOCK_STREAM, 0);
    SAME(bind(fd, (struct sockaddr *)&stale, sizeof stale), 0);
    close(fd);

    OK(plait_listen(reactor, endpoint, factory, NULL, &listener));
    SAME(plait_listener_get_port(listener), 0);
    SAME(stat(path, &info), 0);
    SAME(info.st_mode & 0777, 0600);
    OK(plait_listener_get_local(listener, &address));
    SAME(address.family, PLAIT_FAMILY_UNIX);
    CHECK(strcmp(address.host, path) == 0);
    /* one that somebody listens on is left alone (finding that out may take a connection, which ends at once) */
    STATUS(plait_listen(reactor, endpoint, factory, NULL, &second), PLAIT_ERR_SYSTEM - EADDRINUSE);

    peer_dial_unix(&peer, path);
    peer_say(&peer, "hello\r\n");
    UNTIL(reactor, peer_heard(&peer, "hello\r\n"));
    OK(plait_conn_get_local(last_conn, &address));
    SAME(address.family, PLAIT_FAMILY_UNIX);
    OK(plait_conn_get_fd(last_conn, &fd));
    OK(getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &who, &len));
    SAME(who.pid, getpid());
    STATUS(plait_conn_set_no_delay(last_conn, 1), PLAIT_ERR_UNSUPPORTED);
    STATUS(plait_conn_set_keep_alive(last_conn, 1), PLAIT_ERR_UNSUPPORTED);
    peer_close(&peer);
    UNTIL(reactor, connected_count == disconnected_count);
    journal[0] = 0;

    /* the file goes with the listener */
    OK(plait_listener_close(listener));
    OK(plait_reactor_poll(reactor, 0));
    SAME(stat(path, &info), -1);
    rmdir(directory);

    /* abstract names, and our own client */
    snprintf(abstract, sizeof abstract, "unix:@plait-test-%d", (int)getpid());
    OK(plait_listen(reactor, abstract, factory, NULL, &listener));
    OK(plait_connect(reactor, abstract, factory, NULL, NULL, NULL, NULL));
    connected_count = disconnected_count = 0;
    UNTIL(reactor, connected_count == 2);
    OK(plait_conn_get_local(last_conn, &address));
    OK(plait_listener_get_local(listener, &address));
    CHECK(strcmp(address.host, strchr(abstract, '@')) == 0);
    OK(plait_conn_close(last_conn));
    UNTIL(reactor, disconnected_count == 2);
    OK(plait_reactor_free(reactor));
    OK(plait_factory_release(factory));
    SAME(descriptors(), before);
    PASSED();
}
