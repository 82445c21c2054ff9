/* plait-ftp: moves files to and from an FTP server, and lists its directories.
 *
 *     plait-ftp ftp.example.org get pub/file.iso          (-r goes on where an earlier one has stopped)
 *     plait-ftp -u me ftp.example.org put notes.txt
 *     plait-ftp -u me -s ftp.example.org ls
 *
 * A password comes from the environment's PLAIT_FTP_PASSWORD, or is asked for. On a terminal a bar shows how far it is.
 */
#include <plait/plait.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

static plait_reactor reactor;
static plait_ftp_client_request request = PLAIT_FTP_CLIENT_REQUEST_INIT;
static int failed = 1, shows, is_long = 1, is_listing;
static uint64_t began_at, began_from;
static const char *what;

static int usage(void) {
    fprintf(stderr,
            "usage: plait-ftp [options] SERVER get FILE [LOCAL]\n"
            "       plait-ftp [options] SERVER put LOCAL [FILE]\n"
            "       plait-ftp [options] SERVER ls [DIRECTORY]\n"
            "SERVER is a host, or an endpoint such as tcp:host=localhost:port=2121 or tls:host=localhost:port=990;\n"
            "LOCAL may be -, for standard input or output\n"
            "  -u NAME  log in as this user; else anonymously\n"
            "  -r       resume: go on behind what is there already\n"
            "  -t       the file is a text: change the ends of its lines\n"
            "  -P       active: the server opens the data connection\n"
            "  -s       hide the session and the data with TLS (AUTH TLS)\n"
            "  -c FILE  with -s: trust this certificate\n"
            "  -k       with -s: trust any\n"
            "  -n       ls: names alone\n"
            "  -q       no bar\n");
    return 2;
}

static int fail(const char *doing, int status, const char *text) {
    fprintf(stderr, "%splait-ftp: %s: %s\n", shows ? "\r\033[K" : "", doing, text ? text : plait_strerror(status));
    return 1;
}

static uint64_t now_ms(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

static const char *human(double bytes, char *out, size_t room) {
    const char *units = "BKMGTP";
    while (bytes >= 9999.5 && units[1]) {
        bytes /= 1024;
        units++;
    }
    snprintf(out, room, "%.0f %c%s", bytes, *units, *units == 'B' ? "" : "iB");
    return out;
}

static void on_progress(void *user, plait_conn conn, uint64_t moved, uint64_t total) {
    char bar[31], so_far[32], rate[32];
    uint64_t time = now_ms() - began_at;
    int full = total ? (int)(moved * 30 / total) : 0, i;

    (void)user;
    (void)conn;
    if (!shows) return;
    for (i = 0; i < 30; i++) bar[i] = i < full ? '#' : '.';
    bar[30] = 0;
    if (!began_from) began_from = moved;
    human((double)moved, so_far, sizeof so_far);
    human((double)(moved - began_from) * 1000 / (double)(time ? time : 1), rate, sizeof rate);
    if (total)
        fprintf(stderr, "\r%s [%s] %3d%% %s %s/s\033[K", what, bar, (int)(moved * 100 / total), so_far, rate);
    else
        fprintf(stderr, "\r%s %s %s/s\033[K", what, so_far, rate);
}

static int to_output(void *user, plait_conn conn, const uint8_t *data, size_t len) {
    (void)user;
    (void)conn;
    return fwrite(data, 1, len, stdout) == len ? 0 : PLAIT_ERR_CLOSED;
}

static int from_input(void *user, plait_conn conn, uint8_t *room, size_t len, size_t *count) {
    (void)user;
    (void)conn;
    *count = fread(room, 1, len, stdin);
    return ferror(stdin) ? PLAIT_ERR_CLOSED : 0;
}

/* What could be taken for the terminal's commands is not shown. */
static void show(plait_bytes text) {
    size_t i;
    for (i = 0; i < text.len; i++) putchar(text.data[i] < 32 || text.data[i] == 127 ? '?' : text.data[i]);
}

static void list(plait_bytes listing) {
    size_t at = 0, used;

    while (at < listing.len) {
        plait_ftp_line entry = PLAIT_FTP_LINE_INIT;
        char size[32] = "", when[32] = "";
        time_t seconds;
        if (plait_ftp_line_parse(listing.data + at, listing.len - at, (int64_t)time(NULL), &entry, &used)) return;
        at += used;
        if (is_long && entry.kind == PLAIT_FTP_LINE_NONE) continue;
        if (is_long) {
            if (entry.kind == PLAIT_FTP_LINE_FILE) human((double)entry.size, size, sizeof size);
            seconds = (time_t)entry.modified;
            if (entry.flags & PLAIT_FTP_LINE_HAS_TIME) strftime(when, sizeof when, "%Y-%m-%d %H:%M", gmtime(&seconds));
            printf("%9s  %-16s  ", size, when);
        }
        show(entry.name);
        if (is_long && entry.kind == PLAIT_FTP_LINE_DIRECTORY) putchar('/');
        if (entry.target.len) {
            printf(" -> ");
            show(entry.target);
        }
        putchar('\n');
    }
}

static void on_done(void *user, plait_conn conn, const plait_reason *reason, const plait_ftp_client_result *result) {
    plait_ftp_client_request quit = PLAIT_FTP_CLIENT_REQUEST_INIT;

    (void)user;
    if (reason->status) {
        fail(what, reason->status, reason->text);
    } else {
        if (shows && result->moved) fputc('\n', stderr);
        if (is_listing) list(result->value);
        failed = fflush(stdout) != 0 ? fail("the output", 0, strerror(errno)) : 0;
    }
    quit.command = PLAIT_FTP_QUIT;
    if (plait_ftp_client_call(conn, &quit, NULL, NULL, NULL)) plait_conn_close(conn);
}

static void on_ready(void *user, plait_conn conn, const uint8_t *greeting, size_t len) {
    int status;

    (void)user;
    (void)greeting;
    (void)len;
    began_at = now_ms();
    status = plait_ftp_client_call(conn, &request, on_done, NULL, NULL);
    if (status) {
        fail(what, status, NULL);
        plait_conn_close(conn);
    }
}

static void on_end(void *user, plait_conn conn, const plait_reason *reason) {
    (void)user;
    (void)conn;
    if (reason->status && failed) fail("the server", reason->status, reason->text);
    plait_reactor_stop(reactor);
}

static void on_connected(void *user, plait_call call, plait_conn conn, const plait_reason *reason) {
    (void)call;
    (void)conn;
    if (!reason->status) return;
    fail(user, reason->status, reason->text);
    plait_reactor_stop(reactor);
}

static const char *password(void) {
    static char word[512];
    const char *known = getenv("PLAIT_FTP_PASSWORD");
    struct termios usual, quiet;

    if (known) return known;
    if (!isatty(0) || tcgetattr(0, &usual)) return "";
    quiet = usual;
    quiet.c_lflag &= ~(tcflag_t)ECHO;
    fprintf(stderr, "Password: ");
    tcsetattr(0, TCSAFLUSH, &quiet);
    if (!fgets(word, sizeof word, stdin)) word[0] = 0;
    tcsetattr(0, TCSAFLUSH, &usual);
    fputc('\n', stderr);
    word[strcspn(word, "\r\n")] = 0;
    return word;
}

static plait_bytes bytes(const char *text) {
    plait_bytes made = {(const uint8_t *)text, strlen(text)};
    return made;
}
static const char *base(const char *path) {
    const char *slash = strrchr(path, '/');
    return slash ? slash + 1 : path;
}

/* What is to be done, in words; 0: they are none. */
static int understand(int count, char **words) {
    const char *verb = words[0], *first = count > 1 ? words[1] : "", *second = count > 2 ? words[2] : base(first);

    what = first;
    if (!strcmp(verb, "ls")) {
        is_listing = 1;
        what = "ls";
        request.command = is_long ? PLAIT_FTP_LIST_LONG : PLAIT_FTP_LIST_NAMES;
        request.path = bytes(first);
        request.flags = 0;
        return count <= 2;
    }
    if (count < 2 || count > 3 || !*second) return 0;
    request.progress = on_progress;
    if (!strcmp(verb, "get")) {
        request.command = PLAIT_FTP_GET;
        request.path = bytes(first);
        if (strcmp(second, "-"))
            request.local = bytes(second);
        else
            request.sink = to_output;
        if (shows && !(request.flags & PLAIT_FTP_TEXT)) request.flags |= PLAIT_FTP_TELL_SIZE;
        return 1;
    }
    if (strcmp(verb, "put")) return 0;
    request.command = PLAIT_FTP_PUT;
    request.path = bytes(second);
    if (strcmp(first, "-"))
        request.local = bytes(first);
    else
        request.source = from_input;
    return 1;
}

static int run(const char *server, plait_ftp_client_options *options) {
    plait_ftp_client_handler handler = PLAIT_FTP_CLIENT_HANDLER_INIT;
    plait_factory factory = {0};
    char endpoint[600];
    int status;

    handler.ready = on_ready;
    handler.disconnected = on_end;
    snprintf(endpoint, sizeof endpoint, strchr(server, ':') ? "%s" : "tcp:host=%s:port=21", server);
    if ((status = plait_reactor_new(&reactor, NULL)) == 0 &&
        (status = plait_ftp_client_factory_new(&factory, options, &handler, NULL)) == 0 &&
        (status = plait_connect(reactor, endpoint, factory, NULL, on_connected, (void *)server, NULL)) == 0)
        status = plait_reactor_run(reactor);
    if (status) fail(server, status, NULL);
    plait_reactor_free(reactor);
    plait_factory_release(factory);
    return failed;
}

int main(int argc, char **argv) {
    plait_ftp_client_options options = PLAIT_FTP_CLIENT_OPTIONS_INIT;
    plait_tls_options tls = PLAIT_TLS_OPTIONS_INIT;
    plait_reason reason = PLAIT_REASON_INIT;
    int letter, is_quiet = 0, is_hidden = 0, status;

    while ((letter = getopt(argc, argv, "+u:rtPsc:knq")) != -1) {
        switch (letter) {
        case 'u': options.username = optarg; break;
        case 'r': request.flags |= PLAIT_FTP_RESUME; break;
        case 't': request.flags |= PLAIT_FTP_TEXT; break;
        case 'P': options.flags |= PLAIT_FTP_CLIENT_ACTIVE; break;
        case 's': is_hidden = 1; break;
        case 'c': tls.ca_file = optarg; break;
        case 'k': tls.flags |= PLAIT_TLS_NO_VERIFY; break;
        case 'n': is_long = 0; break;
        case 'q': is_quiet = 1; break;
        default: return usage();
        }
    }
    shows = !is_quiet && isatty(2);
    if (argc - optind < 2 || !understand(argc - optind - 1, argv + optind + 1)) return usage();
    if (options.username) options.password = password();
    if (is_hidden && (status = plait_tls_config_new(&options.tls, &tls, &reason)) != 0)
        return fail("TLS", status, reason.text);
    return run(argv[optind], &options);
}
