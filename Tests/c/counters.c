/* What a factory counts; conns that belong to another's conversation; addresses that a host knows. */
#include "harness.h"
#include <pthread.h>

static plait_reactor reactor;

static size_t take(void *user, plait_conn conn, const uint8_t *data, size_t len) {
    (void)user;
    (void)conn;
    (void)data;
    return len;
}

static plait_conn attach(plait_factory factory, const plait_address *peer, const plait_address *local) {
    plait_transport_ops ops = PLAIT_TRANSPORT_OPS_INIT;
    plait_conn conn = {0};

    ops.write = take;
    ops.peer = peer;
    ops.local = local;
    OK(plait_conn_attach(reactor, factory, &ops, NULL, &conn));
    return conn;
}

static plait_factory_counters count(plait_factory factory) {
    plait_factory_counters counters = PLAIT_FACTORY_COUNTERS_INIT;

    OK(plait_factory_get_counters(factory, &counters));
    return counters;
}

static void feed(plait_conn conn, const char *text) { OK(plait_conn_feed(conn, (const uint8_t *)text, strlen(text))); }

static void factories_count(void) {
    plait_factory factory = line_factory(echo_line);
    plait_conn first = attach(factory, NULL, NULL), second = attach(factory, NULL, NULL);

    feed(first, "one\r\n");
    feed(second, "three\r\n");
    SAME(count(factory).open, 2);
    SAME(count(factory).bytes_in, 12);
    SAME(count(factory).bytes_out, 12);
    OK(plait_conn_eof(first, 0));
    SAME(count(factory).open, 1);
    SAME(count(factory).total, 2);
    SAME(count(factory).bytes_in, 12);
    SAME(count(factory).children, 0);
    OK(plait_conn_abort(second));
    OK(plait_reactor_poll(reactor, 0));
    SAME(count(factory).open, 0);
    OK(plait_factory_release(factory));
    journal[0] = 0;
}

static plait_conn made;
static int outcome = 1;
static void done(void *user, plait_call call, plait_conn conn, const plait_reason *reason) {
    (void)user;
    (void)call;
    made = conn;
    outcome = reason->status;
}

static void dial(plait_factory factory, plait_conn parent, int wanted) {
    plait_connect_options options = PLAIT_CONNECT_OPTIONS_INIT;

    options.parent = parent;
    outcome = 1;
    OK(plait_connect(reactor, "memory:data", factory, &options, done, NULL, NULL));
    UNTIL(reactor, outcome != 1);
    SAME(outcome, wanted);
}

static void children_belong_to_their_parent(void) {
    plait_factory control = raw_factory(echo_bytes), data = raw_factory(NULL), client = raw_factory(NULL),
                  spare = raw_factory(NULL);
    plait_conn parent = attach(control, NULL, NULL), none = {0};
    plait_listen_options options = PLAIT_LISTEN_OPTIONS_INIT;
    plait_connect_options connecting = PLAIT_CONNECT_OPTIONS_INIT;
    plait_listener listener;
    plait_reactor other = new_reactor(PLAIT_REACTOR_WITHOUT_LOOP);

    options.parent.id = 1;
    STATUS(plait_listen(reactor, "memory:data", data, &options, &listener), PLAIT_ERR_STALE);
    options.parent = parent;
    OK(plait_listen(reactor, "memory:data", data, &options, &listener));
    feed(parent, "x");
    dial(client, none, 0);
    SAME(count(control).children, 1);
    OK(plait_conn_write(made, (const uint8_t *)"abc", 3));
    UNTIL(reactor, count(data).bytes_in == 3);
    SAME(count(control).bytes_in, 4);
    SAME(count(control).open, 1);
    dial(client, parent, 0);
    SAME(count(control).children, 3);
    /* One of another reactor cannot be the parent, nor one that closes. */
    connecting.parent = parent;
    STATUS(plait_connect(other, "memory:data", spare, &connecting, done, NULL, NULL), PLAIT_ERR_INVALID);
    OK(plait_conn_close(parent));
    STATUS(plait_connect(reactor, "memory:data", client, &connecting, done, NULL, NULL), PLAIT_ERR_CLOSED);
    OK(plait_reactor_poll(reactor, 0));
    STATUS(plait_connect(reactor, "memory:data", client, &connecting, done, NULL, NULL), PLAIT_ERR_STALE);
    dial(client, none, PLAIT_ERR_REFUSED);
    OK(plait_listener_close(listener));
    OK(plait_factory_release(control));
    OK(plait_factory_release(data));
    OK(plait_factory_release(client));
    OK(plait_factory_release(spare));
    OK(plait_reactor_free(other));
    journal[0] = 0;
}

static plait_address address(uint32_t family, const char *host, uint32_t port) {
    plait_address made_one = PLAIT_ADDRESS_INIT;

    made_one.family = family;
    made_one.port = port;
    strcpy(made_one.host, host);
    return made_one;
}

static void addresses_that_a_host_knows(void) {
    plait_factory factory = raw_factory(echo_bytes);
    plait_address peer = address(PLAIT_FAMILY_IPV6, "2001:db8::7", 4000), found = PLAIT_ADDRESS_INIT;
    plait_address local = address(PLAIT_FAMILY_UNIX, "/run/here", 0);
    const char *const dotted[] = {"0.9.10.99", "100.101.110.199", "255.255.255.255", "1.0.200.0"};
    int fd = -7;
    plait_transport_ops ops = PLAIT_TRANSPORT_OPS_INIT;
    plait_conn conn = attach(factory, &peer, &local);

    OK(plait_conn_get_peer(conn, &found));
    CHECK(found.family == PLAIT_FAMILY_IPV6 && found.port == 4000 && !strcmp(found.host, "2001:db8::7"));
    OK(plait_conn_get_local(conn, &found));
    CHECK(found.family == PLAIT_FAMILY_UNIX && !strcmp(found.host, "/run/here"));
    STATUS(plait_conn_get_fd(conn, &fd), PLAIT_ERR_UNSUPPORTED);
    SAME(fd, -7);
    conn = attach(factory, &peer, NULL);
    OK(plait_conn_get_local(conn, &found));
    SAME(found.family, PLAIT_FAMILY_NONE);
    for (size_t i = 0; i < sizeof dotted / sizeof *dotted; i++) {
        peer = address(PLAIT_FAMILY_IPV4, dotted[i], 7);
        OK(plait_conn_get_peer(attach(factory, &peer, NULL), &found));
        CHECK(found.family == PLAIT_FAMILY_IPV4 && found.port == 7 && !strcmp(found.host, dotted[i]));
    }
    ops.write = take;
    ops.peer = &peer;
    peer = address(PLAIT_FAMILY_IPV4, "1.2.3", 1);
    STATUS(plait_conn_attach(reactor, factory, &ops, NULL, &conn), PLAIT_ERR_INVALID);
    peer = address(PLAIT_FAMILY_IPV4, "1.2.3.4", 65536);
    STATUS(plait_conn_attach(reactor, factory, &ops, NULL, &conn), PLAIT_ERR_INVALID);
    peer = address(99, "1.2.3.4", 1);
    STATUS(plait_conn_attach(reactor, factory, &ops, NULL, &conn), PLAIT_ERR_INVALID);
    peer = address(PLAIT_FAMILY_IPV4, "1.2.3.4", 1);
    memset(peer.host, '1', sizeof peer.host);
    STATUS(plait_conn_attach(reactor, factory, &ops, NULL, &conn), PLAIT_ERR_INVALID);
    peer = address(PLAIT_FAMILY_IPV4, "1.2.3.4", 1);
    peer.struct_size = 4;
    STATUS(plait_conn_attach(reactor, factory, &ops, NULL, &conn), PLAIT_ERR_STRUCT_SIZE);
    OK(plait_factory_release(factory));
    journal[0] = 0;
}

static plait_factory shared;
static void *elsewhere(void *unused) {
    plait_factory_counters counters = PLAIT_FACTORY_COUNTERS_INIT;

    STATUS(plait_factory_get_counters(shared, &counters), PLAIT_ERR_THREAD);
    SAME(counters.total, 0);
    return unused;
}
static void *afterwards(void *unused) {
    SAME(count(shared).total, 1);
    SAME(count(shared).bytes_in, 2);
    return unused;
}

/* The reactor's thread reads them; when it is freed, whoever likes. */
static void whose_they_are(void) {
    pthread_t thread;
    plait_conn conn;

    shared = raw_factory(echo_bytes);
    SAME(count(shared).total, 0);
    conn = attach(shared, NULL, NULL);
    feed(conn, "ab");
    pthread_create(&thread, NULL, elsewhere, NULL);
    pthread_join(thread, NULL);
    OK(plait_reactor_free(reactor));
    pthread_create(&thread, NULL, afterwards, NULL);
    pthread_join(thread, NULL);
    OK(plait_factory_release(shared));
}

int main(void) {
    reactor = new_reactor(PLAIT_REACTOR_WITHOUT_LOOP);
    factories_count();
    children_belong_to_their_parent();
    addresses_that_a_host_knows();
    whose_they_are();
    PASSED();
}
