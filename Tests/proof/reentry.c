/* Every callback x every function: reentry TABLE [CALLBACK FUNCTION]
 *
 * For each pair a world is made, the play is played, and in the first callback of that kind the function is called. Its
 * status is compared with TABLE (reentry.txt says how to read it). With "-" for the table it prints one of what it saw.
 */
#include "reentry.h"
#include <ctype.h>

static void nothing_posted(void *user) { (void)user; }
static void nothing_due(void *user, plait_timer timer) {
    (void)user;
    (void)timer;
}
static void nothing_logged(void *user, int level, const char *subsystem, const char *message) {
    (void)user;
    (void)level;
    (void)subsystem;
    if (!message[0]) abort();
}

static void nothing_counted(void *user, plait_conn conn, const uint8_t *data, size_t len) {
    (void)user;
    (void)conn;
    (void)data;
    (void)len;
}

static int nobody_takes(void *user, plait_conn conn, plait_element stanza) {
    (void)user;
    (void)conn;
    (void)stanza;
    return 0;
}
static int nobody_found(void *user, plait_conn conn, const uint8_t *name, size_t len, plait_amp_responder *out) {
    (void)user;
    (void)conn;
    (void)name;
    (void)len;
    (void)out;
    return 0;
}
static void nothing_answered(void *user, plait_conn conn, plait_amp_box request) {
    (void)user;
    (void)conn;
    (void)request;
}

static void nothing_replied(void *user, plait_conn conn, const plait_ident_reply *reply) {
    (void)user;
    (void)conn;
    (void)reply;
}

static void nothing_commanded(void *user, plait_conn conn, plait_ftp_request request, const char *name,
                              const uint8_t *params, size_t len) {
    (void)user;
    (void)conn;
    (void)request;
    (void)name;
    (void)params;
    (void)len;
}

#define FUNCTION(name, call)                                                                                           \
    static int do_##name(struct world *w) {                                                                            \
        (void)w;                                                                                                       \
        return call;                                                                                                   \
    }
#include "reentry_functions.h"
#undef FUNCTION

static const struct {
    const char *name;
    int (*call)(struct world *);
} functions[] = {
#define FUNCTION(name, call) {#name, do_##name},
#include "reentry_functions.h"
#undef FUNCTION
};
enum { FUNCTION_COUNT = sizeof functions / sizeof *functions };

static const char *const kinds[] = {
#define KIND(name) #name,
    KINDS(KIND)
#undef KIND
};

void came(struct world *w, enum kind kind) {
    if (w->kind == kind && !w->made) {
        w->made = 1;
        w->made_in_tower = w->is_tower;
        w->status = functions[w->function].call(w);
    }
    w->conn = w->standing.conn;
    w->timer = w->standing.timer;
    w->call = w->standing.call;
    w->connector = w->standing.connector;
    w->box = w->standing.box;
    w->wrapper = w->standing.wrapper;
}

/* What the table expects, by name; read once. */
static char *expected[FUNCTION_COUNT][KIND_COUNT];

static int find(const char *name, int functions_or_kinds) {
    int count = functions_or_kinds ? (int)FUNCTION_COUNT : KIND_COUNT;
    for (int i = 0; i < count; i++)
        if (!strcmp(name, functions_or_kinds ? functions[i].name : kinds[i])) return i;
    fprintf(stderr, "reentry: the table names %s, which is not known\n", name);
    exit(2);
}

static void read_table(const char *path) {
    FILE *file = fopen(path, "r");
    static char line[4096];
    if (!file) {
        perror(path);
        exit(2);
    }
    while (fgets(line, sizeof line, file)) {
        char *word = strtok(line, " \n");
        if (!word || *word == '#') continue;
        int function = find(word, 1);
        while ((word = strtok(NULL, " \n"))) {
            char *equals = strchr(word, '=');
            if (!equals) { /* the status in every callback that is not named */
                for (int k = 0; k < KIND_COUNT; k++) expected[function][k] = strdup(word);
                continue;
            }
            *equals = 0;
            int kind = find(word, 0);
            free(expected[function][kind]);
            expected[function][kind] = strdup(equals + 1);
        }
    }
    fclose(file);
}

/* The name of a status without its prefix; successes are what they are. */
static const char *short_name(int status) {
    static char number[16];
    if (status > 0) return snprintf(number, sizeof number, "%d", status), number;
    return status == 0 ? "0" : plait_err_name(status) + strlen("PLAIT_ERR_");
}

static int problems;

static void try(int function, int kind, int printing) {
    struct world *w = calloc(1, sizeof *w);
    w->kind = (enum kind)kind;
    w->function = function;
    set_up(w);
    play(w);
    const char *wrong = tear_down(w);
    const char *seen = w->made ? short_name(w->status) : "never";
    /* Of a conn that changed its factory, the former table hears no end. */
    int replaced = w->made && !w->status && !w->made_in_tower && functions[function].call == do_plait_conn_set_factory;
    if (w->opened != w->ended + replaced) wrong = "connected and disconnected do not come in pairs";
    if (printing) {
        free(expected[function][kind]);
        expected[function][kind] = strdup(seen);
    } else if (!expected[function][kind]) {
        wrong = "the table has no row for this function";
    } else if (strcmp(seen, expected[function][kind])) {
        printf("%s in %s: gave %s, not %s\n", functions[function].name, kinds[kind], seen, expected[function][kind]);
        problems++;
    }
    if (wrong) {
        printf("%s in %s: %s\n", functions[function].name, kinds[kind], wrong);
        problems++;
    }
    fflush(stdout);
    free(w);
}

/* A row as short as may be: the commonest status first, then the callbacks that differ. */
static void print_row(int function) {
    int best = 0, most = 0;
    for (int a = 0; a < KIND_COUNT; a++) {
        int same = 0;
        for (int b = 0; b < KIND_COUNT; b++) same += !strcmp(expected[function][a], expected[function][b]);
        if (same > most) most = same, best = a;
    }
    printf("%-28s %s", functions[function].name, expected[function][best]);
    for (int k = 0; k < KIND_COUNT; k++)
        if (strcmp(expected[function][k], expected[function][best])) printf(" %s=%s", kinds[k], expected[function][k]);
    printf("\n");
}

int main(int argc, char **argv) {
    if (argc < 2) return fprintf(stderr, "usage: reentry TABLE [CALLBACK FUNCTION]\n"), 2;
    int printing = !strcmp(argv[1], "-"), pairs = 0;
    if (!printing) read_table(argv[1]);
    for (int f = 0; f < FUNCTION_COUNT; f++) {
        for (int k = 0; k < KIND_COUNT; k++) {
            if (argc == 4 && (strcmp(argv[2], kinds[k]) || strcmp(argv[3], functions[f].name))) continue;
            try(f, k, printing);
            pairs++;
        }
        if (printing && argc == 2) print_row(f);
    }
    for (int f = 0; f < FUNCTION_COUNT; f++)
        for (int k = 0; k < KIND_COUNT; k++) free(expected[f][k]);
    fprintf(printing ? stderr : stdout, "re-entry: %d pairs, %d problems\n", pairs, problems);
    return problems != 0;
}
