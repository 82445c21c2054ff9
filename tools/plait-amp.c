/* AMP from the shell.
 *
 *   plait-amp call ENDPOINT SIGNATURE [NAME=VALUE...]   calls a command and prints its answer
 *   plait-amp listen ENDPOINT                           prints the boxes that come, and answers what is asked UNHANDLED
 *
 * A value is written as on the wire: 81, True, 1.5, 2012-01-23T12:34:56.054321-00:00. A list is [1,2,3]. For example:
 *   plait-amp call tcp:127.0.0.1:8750 'Sum(a: Integer, b: Integer) -> (total: Integer)' a=13 b=81
 * It ends with 0 when there was an answer, 1 when there was an error, 2 when it was called in a wrong way. */
#include <plait/plait.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MOST = 64, LIMIT_MS = 30000 };

static plait_reactor reactor;
static plait_amp_command command;
static plait_amp_value values[MOST];
static char names[2][MOST][256]; /* of the arguments, and of what is answered */
static int counts[2];
static int code = 1;

/* The names in the parentheses at `text`, none in those inside of them; returns what is behind. */
static const char *read_names(const char *text, int side) {
    int depth = 0, is_name = 1;
    size_t len = 0;

    for (; *text; text++) {
        if (*text == '(') {
            if (depth++ > 0) is_name = 0;
        } else if (*text == ')') {
            if (--depth == 0) return text + 1;
        } else if (depth == 1 && *text == ':') {
            if (counts[side] < MOST) counts[side]++;
            is_name = 0;
        } else if (depth == 1 && *text == ',') {
            is_name = 1;
            len = 0;
        } else if (is_name && depth == 1 && *text > ' ' && len < 255 && counts[side] < MOST) {
            names[side][counts[side]][len++] = *text;
        }
    }
    return text;
}

static plait_amp_value text_value(char *text) {
    plait_amp_value value;

    memset(&value, 0, sizeof value);
    value.form = PLAIT_AMP_TEXT;
    value.bytes.data = (const uint8_t *)text;
    value.bytes.len = strlen(text);
    return value;
}

/* [1,2,3]: the elements, in memory that is kept. */
static plait_amp_value list_value(char *text) {
    plait_amp_value value, *items = NULL;
    uint32_t count = 0;
    char *item;

    memset(&value, 0, sizeof value);
    text[strlen(text) - 1] = 0;
    for (item = strtok(text + 1, ","); item; item = strtok(NULL, ",")) {
        items = realloc(items, (count + 1) * sizeof *items);
        if (!items) exit(1);
        items[count++] = text_value(item);
    }
    value.items = items;
    value.count = count;
    return value;
}

static int read_value(char *word) {
    char *equals = strchr(word, '=');
    int i;

    if (!equals) return 0;
    *equals = 0;
    for (i = 0; i < counts[0]; i++) {
        if (strcmp(names[0][i], word)) continue;
        values[i] =
            equals[1] == '[' && equals[strlen(equals + 1)] == ']' ? list_value(equals + 1) : text_value(equals + 1);
        return 1;
    }
    return 0;
}

static void print_bytes(const uint8_t *data, size_t len) {
    size_t i;

    for (i = 0; i < len; i++) {
        if (data[i] >= ' ' && data[i] != 127)
            putchar(data[i]);
        else
            printf("\\x%02x", data[i]);
    }
}

static void print_value(const plait_amp_value *value) {
    uint32_t i;
    plait_amp_value *items;

    if (value->form == PLAIT_AMP_ABSENT) {
        printf("(absent)");
    } else if (value->count == 0) {
        print_bytes(value->bytes.data, value->bytes.len);
    } else if ((items = calloc(value->count, sizeof *items))) {
        putchar('[');
        if (plait_amp_get_items(command, value, items, value->count) >= 0) {
            for (i = 0; i < value->count; i++) {
                if (i) putchar(',');
                print_value(&items[i]);
            }
        }
        putchar(']');
        free(items);
    }
}

static void on_answer(void *user, plait_conn conn, plait_amp_box answer, const plait_reason *reason) {
    plait_bytes word, text;
    plait_amp_value value;
    int i;

    (void)user;
    if (reason->status == 0) {
        code = 0;
        for (i = 0; i < counts[1]; i++) {
            if (plait_amp_get_value(answer, (uint32_t)i, &value) < 0) continue;
            printf("%s=", names[1][i]);
            print_value(&value);
            putchar('\n');
        }
    } else if (answer.id && plait_amp_get_error(answer, &word, &text) == 0) {
        fprintf(stderr, "plait-amp: %.*s: %.*s\n", (int)word.len, (const char *)word.data, (int)text.len,
                (const char *)text.data);
    } else {
        fprintf(stderr, "plait-amp: %s\n", reason->text);
    }
    plait_conn_close(conn);
}

static void on_connected(void *user, plait_conn conn) {
    int status = plait_amp_call(conn, command, values, (size_t)counts[0], LIMIT_MS, on_answer, NULL, NULL);

    (void)user;
    if (status == 0) return;
    fprintf(stderr, "plait-amp: %s\n", plait_strerror(status));
    code = 2;
    plait_conn_close(conn);
}

static void on_disconnected(void *user, plait_conn conn, const plait_reason *reason) {
    (void)user;
    (void)conn;
    (void)reason;
    plait_reactor_stop(reactor);
}

static void on_connect(void *user, plait_call call, plait_conn conn, const plait_reason *reason) {
    (void)user;
    (void)call;
    (void)conn;
    if (reason->status == 0) return;
    fprintf(stderr, "plait-amp: cannot connect: %s\n", reason->text);
    plait_reactor_stop(reactor);
}

static int call_command(const char *endpoint, const char *signature, char **words, int count) {
    plait_amp_handler handler = PLAIT_AMP_HANDLER_INIT;
    plait_factory factory = {0};
    plait_reason reason = PLAIT_REASON_INIT;
    plait_amp_command base = {0};
    const char *rest;
    int i, status;

    status = plait_amp_command_parse(&command, base, signature, &reason);
    if (status != 0) {
        fprintf(stderr, "plait-amp: %s\n%*s^ %s\n", signature, (int)reason.offset + 11, "",
                status == PLAIT_ERR_INVALID ? reason.text : plait_strerror(status));
        return 2;
    }
    rest = read_names(signature, 0);
    if ((rest = strstr(rest, "->"))) read_names(rest, 1);
    for (i = 0; i < MOST; i++) values[i].form = PLAIT_AMP_ABSENT;
    for (i = 0; i < count; i++) {
        if (!read_value(words[i])) {
            fprintf(stderr, "plait-amp: %s is no argument\n", words[i]);
            return 2;
        }
    }
    handler.connected = on_connected;
    handler.disconnected = on_disconnected;
    if ((status = plait_amp_factory_new(&factory, NULL, &handler, NULL)) == 0 &&
        (status = plait_connect(reactor, endpoint, factory, NULL, on_connect, NULL, NULL)) == 0)
        status = plait_reactor_run(reactor);
    if (status < 0) fprintf(stderr, "plait-amp: %s\n", plait_strerror(status));
    plait_factory_release(factory);
    plait_amp_command_release(command);
    return code;
}

/* Prints a box; answers a request. */
static void on_box(void *user, plait_conn conn, const uint8_t *box, size_t len) {
    static const char *const keys[] = {"_error", "_error_code", "_error_description"};
    plait_bytes pairs[6] = {{NULL, 0}, {NULL, 0}, {NULL, 0}, {(const uint8_t *)"UNHANDLED", 9}, {NULL, 0}, {NULL, 0}};
    size_t at = 0;
    int i, is_asked = 0;

    (void)user;
    for (i = 0; i < 3; i++) {
        pairs[2 * i].data = (const uint8_t *)keys[i];
        pairs[2 * i].len = strlen(keys[i]);
    }
    while (at + 4 <= len) {
        size_t key = (size_t)box[at] << 8 | box[at + 1], value = (size_t)box[at + 2 + key] << 8 | box[at + 3 + key];
        const uint8_t *start = box + at + 4 + key;
        if (at) putchar(' ');
        print_bytes(box + at + 2, key);
        putchar('=');
        print_bytes(start, value);
        if (key == 4 && !memcmp(box + at + 2, "_ask", 4)) {
            pairs[1].data = start;
            pairs[1].len = value;
            is_asked = 1;
        }
        at += 4 + key + value;
    }
    putchar('\n');
    fflush(stdout);
    if (is_asked) plait_amp_send(conn, pairs, 3);
}

static int listen_at(const char *endpoint) {
    plait_amp_handler handler = PLAIT_AMP_HANDLER_INIT;
    plait_factory factory = {0};
    plait_listener listener = {0};
    int status;

    handler.box = on_box;
    if ((status = plait_amp_factory_new(&factory, NULL, &handler, NULL)) == 0 &&
        (status = plait_listen(reactor, endpoint, factory, NULL, &listener)) == 0) {
        printf("listening on port %d\n", plait_listener_get_port(listener));
        fflush(stdout);
        status = plait_reactor_run(reactor);
    }
    if (status < 0) fprintf(stderr, "plait-amp: %s\n", plait_strerror(status));
    plait_factory_release(factory);
    return status < 0;
}

int main(int argc, char **argv) {
    int result = 2, status = plait_reactor_new(&reactor, NULL);

    if (status < 0) {
        fprintf(stderr, "plait-amp: %s\n", plait_strerror(status));
        return 1;
    }
    if (argc >= 4 && !strcmp(argv[1], "call"))
        result = call_command(argv[2], argv[3], argv + 4, argc - 4);
    else if (argc == 3 && !strcmp(argv[1], "listen"))
        result = listen_at(argv[2]);
    else
        fprintf(stderr, "usage: plait-amp call ENDPOINT SIGNATURE [NAME=VALUE...]\n       plait-amp listen ENDPOINT\n");
    plait_reactor_free(reactor);
    return result;
}
