/* AMP: calls that a host's worker threads answer. A responder gives the request to a thread and returns; the thread
 * posts the result, and the reactor's thread answers. Some callers are gone by then. */
#include "amp_harness.h"
#include <pthread.h>

enum { WORKERS = 4, CALLS = 2000 };

struct task {
    plait_amp_box request;
    int64_t a, b, total;
    struct task *next;
};

static plait_reactor reactor;
static plait_conn server, client;
static plait_amp_command sum;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t wake = PTHREAD_COND_INITIALIZER;
static struct task *first, **last = &first;
static int is_over, is_held;
static int answered, ended, wrong, stale;

static void on_answered(void *user) { /* the reactor's thread */
    struct task *task = (struct task *)user;
    plait_amp_value total = {0};
    int status;

    total.integer = task->total;
    status = plait_amp_answer(task->request, &total, 1);
    if (status == PLAIT_ERR_STALE || status == PLAIT_ERR_CLOSED)
        stale++;
    else
        OK(status);
    answered++;
    free(task);
}

static void *work(void *argument) {
    (void)argument;
    for (;;) {
        struct task *task;

        pthread_mutex_lock(&lock);
        while (!is_over && (is_held || !first)) pthread_cond_wait(&wake, &lock);
        task = first;
        if (task && !(first = task->next)) last = &first;
        pthread_mutex_unlock(&lock);
        if (!task) return NULL;
        /* A request is the reactor's alone. */
        STATUS(plait_amp_answer(task->request, NULL, 0), PLAIT_ERR_THREAD);
        task->total = task->a + task->b;
        OK(plait_reactor_post(reactor, on_answered, task));
    }
}

static void let_work(int is_allowed) {
    pthread_mutex_lock(&lock);
    is_held = !is_allowed;
    pthread_cond_broadcast(&wake);
    pthread_mutex_unlock(&lock);
}

static void on_sum(void *user, plait_conn conn, plait_amp_box request) {
    struct task *task = calloc(1, sizeof *task);

    (void)user;
    (void)conn;
    CHECK(task);
    OK(plait_amp_get_int(request, 0, &task->a));
    OK(plait_amp_get_int(request, 1, &task->b));
    task->request = request;
    pthread_mutex_lock(&lock);
    *last = task;
    last = &task->next;
    pthread_cond_signal(&wake);
    pthread_mutex_unlock(&lock);
}

static void on_total(void *user, plait_conn conn, plait_amp_box answer, const plait_reason *reason) {
    int64_t total = 0;

    (void)conn;
    ended++;
    if (reason->status == 0) {
        OK(plait_amp_get_int(answer, 0, &total));
        if (total != 3 * (int64_t)(intptr_t)user) wrong++;
    } else {
        note("%s", plait_err_name(reason->status));
    }
}

static void call(int number) {
    plait_amp_value values[2];

    memset(values, 0, sizeof values);
    values[0].integer = number;
    values[1].integer = 2 * (int64_t)number;
    OK(plait_amp_call(client, sum, values, 2, 0, on_total, (void *)(intptr_t)number, NULL));
}

static void on_server(void *user, plait_conn conn) {
    (void)user;
    server = conn;
}

static void on_client(void *user, plait_conn conn) {
    (void)user;
    client = conn;
}

int main(void) {
    plait_amp_handler one = PLAIT_AMP_HANDLER_INIT, other = PLAIT_AMP_HANDLER_INIT;
    plait_factory servers, clients;
    plait_listener listener;
    plait_call opening;
    pthread_t threads[WORKERS];
    char where[64];
    size_t requests = 0;
    int i;

    sum = command_of("Sum(a: Integer, b: Integer) -> (total: Integer)");
    reactor = new_reactor(0);
    one.connected = on_server;
    other.connected = on_client;
    OK(plait_amp_factory_new(&servers, NULL, &one, NULL));
    OK(plait_amp_factory_new(&clients, NULL, &other, NULL));
    SAME(plait_amp_factory_add_responder(servers, sum, on_sum), 0);
    snprintf(where, sizeof where, "tcp:127.0.0.1:%d", listen_on(reactor, servers, &listener));
    OK(plait_connect(reactor, where, clients, NULL, NULL, NULL, &opening));
    for (i = 0; i < WORKERS; i++) SAME(pthread_create(&threads[i], NULL, work, NULL), 0);
    UNTIL(reactor, client.id && server.id);

    /* Each call gets its own total, whoever answered first. */
    for (i = 0; i < CALLS; i++) call(i);
    UNTIL(reactor, ended == CALLS);
    SAME(answered, CALLS);
    SAME(wrong, 0);
    SAME(stale, 0);
    HEARD("");
    OK(plait_amp_get_pending(server, NULL, &requests));
    SAME(requests, 0);

    /* The connection ends while the workers have its requests: their answers find it gone. */
    let_work(0);
    for (i = 0; i < 3; i++) call(i);
    UNTIL(reactor, !plait_amp_get_pending(server, NULL, &requests) && requests == 3);
    OK(plait_conn_abort(client));
    UNTIL(reactor, ended == CALLS + 3);
    HEARD("PLAIT_ERR_ABORTED|PLAIT_ERR_ABORTED|PLAIT_ERR_ABORTED|");
    UNTIL(reactor, plait_amp_get_pending(server, NULL, &requests) == PLAIT_ERR_STALE);
    let_work(1);
    UNTIL(reactor, answered == CALLS + 3);
    SAME(stale, 3);

    pthread_mutex_lock(&lock);
    is_over = 1;
    pthread_cond_broadcast(&wake);
    pthread_mutex_unlock(&lock);
    for (i = 0; i < WORKERS; i++) pthread_join(threads[i], NULL);
    OK(plait_amp_command_release(sum));
    OK(plait_reactor_free(reactor));
    OK(plait_factory_release(servers));
    OK(plait_factory_release(clients));
    PASSED();
}
