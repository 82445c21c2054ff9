/* AMP over a UNIX socket: open files travel with calls and answers; over TCP they can't. */
#include "amp_harness.h"

static plait_reactor reactor;
static plait_amp_command pass, give;
static plait_conn caller;
static int ended;

static void on_connected(void *user, plait_conn conn) {
    (void)user;
    caller = conn;
}

/* Reads what is in the files that came, in their order. */
static void on_pass(void *user, plait_conn conn, plait_amp_box request) {
    plait_amp_value file, words;
    char text[64] = "";
    uint32_t i;

    (void)user;
    (void)conn;
    for (i = 0; i < 2; i++) {
        OK(plait_amp_get_value(request, i, &file));
        CHECK(read((int)file.integer, text + strlen(text), 3) == 3);
        SAME(close((int)file.integer), 0);
        STATUS(plait_amp_get_value(request, i, &file), PLAIT_ERR_VALUE); /* it was taken */
    }
    memset(&words, 0, sizeof words);
    words.bytes.data = (const uint8_t *)text;
    words.bytes.len = strlen(text);
    OK(plait_amp_answer(request, &words, 1));
}
static void on_give(void *user, plait_conn conn, plait_amp_box request) {
    plait_amp_value file;
    int ends[2];

    (void)user;
    (void)conn;
    SAME(pipe(ends), 0);
    CHECK(write(ends[1], "given", 5) == 5);
    memset(&file, 0, sizeof file);
    file.integer = ends[0];
    OK(plait_amp_answer(request, &file, 1));
    close(ends[0]);
    close(ends[1]);
}
static void on_text(void *user, plait_conn conn, plait_amp_box answer, const plait_reason *reason) {
    plait_bytes text;

    (void)user;
    (void)conn;
    ended++;
    if (reason->status) DIE("%s", reason->text);
    OK(plait_amp_get_bytes(answer, 0, &text));
    note("%.*s", (int)text.len, text.data);
}
static void on_file(void *user, plait_conn conn, plait_amp_box answer, const plait_reason *reason) {
    plait_amp_value file;
    char text[8] = "";

    (void)user;
    (void)conn;
    ended++;
    if (reason->status) DIE("%s", reason->text);
    OK(plait_amp_get_value(answer, 0, &file));
    CHECK(read((int)file.integer, text, 5) == 5);
    close((int)file.integer);
    note("%s", text);
}

static int file_with(const char *text) {
    int ends[2];

    SAME(pipe(ends), 0);
    CHECK(write(ends[1], text, strlen(text)) == (ssize_t)strlen(text));
    close(ends[1]);
    return ends[0];
}

static void over(const char *listen, const char *connect, int works) {
    plait_amp_handler handler = PLAIT_AMP_HANDLER_INIT;
    plait_factory asking = {0}, answering = {0};
    plait_listener listener = {0};
    plait_amp_value files[2];
    char endpoint[128];
    uint64_t number = 7;
    int i, fd = -1, before = descriptors();

    handler.connected = on_connected;
    OK(plait_amp_factory_new(&asking, NULL, &handler, NULL));
    OK(plait_amp_factory_new(&answering, NULL, NULL, NULL));
    SAME(plait_amp_factory_add_responder(answering, pass, on_pass), 0);
    SAME(plait_amp_factory_add_responder(answering, give, on_give), 1);
    OK(plait_listen(reactor, listen, answering, NULL, &listener));
    snprintf(endpoint, sizeof endpoint, connect, plait_listener_get_port(listener));
    caller.id = 0;
    OK(plait_connect(reactor, endpoint, asking, NULL, NULL, NULL, NULL));
    UNTIL(reactor, caller.id != 0);
    memset(files, 0, sizeof files);
    files[0].integer = file_with("one");
    files[1].integer = file_with("two");
    if (!works) {
        STATUS(plait_amp_call(caller, pass, files, 2, 0, on_text, NULL, NULL), PLAIT_ERR_UNSUPPORTED);
        STATUS(plait_amp_send_descriptor(caller, 0, &number), PLAIT_ERR_UNSUPPORTED);
        SAME(number, 7);
    } else {
        ended = 0;
        OK(plait_amp_call(caller, pass, files, 2, 0, on_text, NULL, NULL));
        OK(plait_amp_call(caller, give, NULL, 0, 0, on_file, NULL, NULL));
        UNTIL(reactor, ended == 2);
        HEARD("onetwo|given|");
        for (i = 0; i < 70; i++) { /* more than go at once; nobody takes them */
            OK(plait_amp_send_descriptor(caller, (int)files[0].integer, &number));
            SAME(number, 2 + i);
        }
        STATUS(plait_amp_send_descriptor(caller, 1000000, &number), PLAIT_ERR_SYSTEM - EBADF);
        STATUS(plait_amp_take_descriptor(caller, 5, &fd), PLAIT_ERR_ABSENT);
        OK(plait_amp_call(caller, give, NULL, 0, 0, on_file, NULL, NULL));
        UNTIL(reactor, ended == 3);
        HEARD("given|");
    }
    close((int)files[0].integer);
    close((int)files[1].integer);
    OK(plait_conn_close(caller));
    OK(plait_listener_close(listener));
    OK(plait_factory_release(asking));
    OK(plait_factory_release(answering));
    UNTIL(reactor, plait_conn_pause(caller) == PLAIT_ERR_STALE && (!works || descriptors() == before));
}

int main(void) {
    char path[64], listen[80], connect[80];
    int before = descriptors();

    pass = command_of("Pass(one: Descriptor, two: Descriptor) -> (text: String)");
    give = command_of("Give() -> (file: Descriptor)");
    reactor = new_reactor(0);
    snprintf(path, sizeof path, "/tmp/plait-files-%d", (int)getpid());
    snprintf(listen, sizeof listen, "unix:%s", path);
    snprintf(connect, sizeof connect, "unix:%s", path);
    over(listen, connect, 1);
    over("tcp:0:interface=127.0.0.1", "tcp:127.0.0.1:%d", 0);
    OK(plait_reactor_free(reactor));
    OK(plait_amp_command_release(pass));
    OK(plait_amp_command_release(give));
    SAME(descriptors(), before);
    PASSED();
}
