/* An FTP server for a directory.
 *
 *   plait-ftpd [-w] [-u FILE] [-p FIRST-LAST] [-n ADDRESS] [-t PEM [-s] [-r] [-i]] [-b] [-q] ENDPOINT [DIRECTORY]
 *
 * With a DIRECTORY anonymous users read it; with -w they may change it, too. -u names a file of users, one a line:
 *   name:hash:directory[:ro]
 * where the hash is what crypt(3) makes (openssl passwd -6, mkpasswd). -p has passive connections on those ports, -n
 * shows clients that IPv4 address for them. -t names a file with a certificate and its key, for AUTH TLS; -s refuses
 * logins and data without TLS, -r lets data connections begin TLS sessions of their own, as some clients have to; -i
 * speaks TLS from the first byte on (implicit FTPS). -b writes uploads beside their places, until they are complete. A
 * line is printed for each transfer, unless there is -q. For example: plait-ftpd -u users -p 50000-50100 tcp:2121
 * /srv/ftp It ends with 1 when it could not serve, with 2 when it was called in a wrong way. */
#include <crypt.h>
#include <plait/plait.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static plait_reactor reactor;
static int is_quiet, writes, beside, is_implicit;
static const char *directory, *users;

/* A password that is compared on a thread of its own: good hashes take their time. */
struct login {
    plait_ftp_request request;
    char *password, *hash, *root;
    int is_read_only, is_right;
};

static plait_bytes bytes(const char *text) {
    plait_bytes made = {NULL, 0};

    made.data = (const uint8_t *)text;
    made.len = strlen(text);
    return made;
}

static void admit(plait_ftp_request request, const char *root, int is_read_only) {
    plait_ftp_avatar avatar = PLAIT_FTP_AVATAR_INIT;

    avatar.root = bytes(root);
    if (is_read_only) avatar.flags |= PLAIT_FTP_READ_ONLY;
    if (beside) avatar.flags |= PLAIT_FTP_BESIDE;
    if (plait_ftp_request_accept(request, &avatar) < 0) plait_ftp_request_refuse(request);
}

static void forget(struct login *login) {
    free(login->password);
    free(login->hash);
    free(login->root);
    free(login);
}

/* On the reactor's thread again. The session may have ended: then the request is stale, which is no matter. */
static void compared(void *user) {
    struct login *login = user;

    if (login->is_right)
        admit(login->request, login->root, login->is_read_only);
    else
        plait_ftp_request_refuse(login->request);
    forget(login);
}

static void *compare(void *user) {
    struct login *login = user;
    struct crypt_data *room = calloc(1, sizeof *room);
    const char *made = room ? crypt_r(login->password, login->hash, room) : NULL;

    login->is_right = made && made[0] != '*' && !strcmp(made, login->hash);
    free(room);
    if (plait_reactor_post(reactor, compared, login) < 0) forget(login);
    return NULL;
}

static char *copy(const char *text) {
    char *made = malloc(strlen(text) + 1);

    return made ? strcpy(made, text) : NULL;
}

/* Cuts the next field of a line out of it; NULL: there is none. */
static char *field(char **line) {
    char *start = *line, *end;

    if (!start) return NULL;
    end = strchr(start, ':');
    if (end) *end = 0;
    *line = end ? end + 1 : NULL;
    return start;
}

/* Somebody unknown takes as long as somebody known: nobody learns who there is. */
static struct login *find(const plait_ftp_login *who) {
    static const char nobody[] = "$6$plait$";
    struct login *login = calloc(1, sizeof *login);
    FILE *file = users ? fopen(users, "r") : NULL;
    char line[2048];

    while (login && file && !login->hash && fgets(line, sizeof line, file)) {
        char *rest = line, *name, *hash, *root, *rights;

        line[strcspn(line, "\r\n")] = 0;
        name = field(&rest);
        hash = field(&rest);
        root = field(&rest);
        rights = field(&rest);
        if (!root || !*hash || *name == '#' || strcmp(name, who->name) != 0) continue;
        login->hash = copy(hash);
        login->root = copy(root);
        login->is_read_only = rights && !strcmp(rights, "ro");
    }
    if (file) fclose(file);
    if (login && !login->hash) login->hash = copy(nobody);
    if (login && !login->root) login->root = copy("");
    if (login) login->password = copy(who->password);
    if (!login || (login->hash && login->root && login->password)) return login;
    forget(login);
    return NULL;
}

static void on_login(void *user, plait_conn conn, plait_ftp_request request, const plait_ftp_login *who) {
    struct login *login;
    pthread_t thread;

    (void)user;
    (void)conn;
    if (who->flags & PLAIT_FTP_LOGIN_ANONYMOUS) {
        if (directory)
            admit(request, directory, !writes);
        else
            plait_ftp_request_refuse(request);
        return;
    }
    login = find(who);
    if (login) login->request = request;
    if (login && pthread_create(&thread, NULL, compare, login) == 0) {
        pthread_detach(thread);
        return;
    }
    if (login) forget(login);
    plait_ftp_request_refuse(request);
}

static void on_transferred(void *user, plait_conn conn, const plait_ftp_transfer *transfer) {
    static const char *const kinds[] = {"?", "sent", "stored", "appended", "listed"};
    plait_ftp_session session = PLAIT_FTP_SESSION_INIT;
    plait_address peer;

    (void)user;
    if (is_quiet) return;
    memset(&peer, 0, sizeof peer);
    peer.struct_size = sizeof peer;
    plait_conn_get_peer(conn, &peer);
    plait_ftp_server_get_session(conn, &session);
    printf("%s %.*s %s %.*s %llu bytes %llu ms: %s\n", peer.host, (int)session.name.len,
           (const char *)session.name.data, kinds[transfer->kind < 5 ? transfer->kind : 0], (int)transfer->path.len,
           (const char *)transfer->path.data, (unsigned long long)transfer->moved,
           (unsigned long long)transfer->time_ms, transfer->status == 0 ? "done" : plait_strerror(transfer->status));
    fflush(stdout);
}

static void on_signal(int signal) {
    (void)signal;
    plait_reactor_stop(reactor);
}

static int secure(plait_ftp_server_options *options, const char *pem) {
    plait_tls_options settings = PLAIT_TLS_OPTIONS_INIT;
    plait_tls_identity identity = PLAIT_TLS_IDENTITY_INIT;
    plait_reason reason = PLAIT_REASON_INIT;
    int status;

    identity.cert_file = pem;
    settings.identities = &identity;
    settings.identity_count = 1;
    status = plait_tls_config_new(&options->tls, &settings, &reason);
    if (status < 0) fprintf(stderr, "plait-ftpd: %s\n", reason.text ? reason.text : plait_strerror(status));
    return status;
}

static int usage(void) {
    fputs("usage: plait-ftpd [-w] [-u FILE] [-p FIRST-LAST] [-n ADDRESS] [-t PEM [-s] [-r] [-i]] [-b] [-q] ENDPOINT "
          "[DIRECTORY]\n",
          stderr);
    return 2;
}

int main(int count, char **words) {
    plait_ftp_server_options options = PLAIT_FTP_SERVER_OPTIONS_INIT;
    plait_ftp_server_handler handler = PLAIT_FTP_SERVER_HANDLER_INIT;
    plait_factory factory = {0}, outer = {0};
    plait_listener listener;
    plait_address address;
    const char *pem = NULL;
    int option, status;
    unsigned first, last;

    while ((option = getopt(count, words, "wu:p:n:t:sribq")) != -1) {
        switch (option) {
        case 'w': writes = 1; break;
        case 'b': beside = 1; break;
        case 'q': is_quiet = 1; break;
        case 'u': users = optarg; break;
        case 'i': is_implicit = 1; break;
        case 't': pem = optarg; break;
        case 's': options.flags |= PLAIT_FTP_NEED_TLS | PLAIT_FTP_NEED_PRIVATE; break;
        case 'r': options.flags |= PLAIT_FTP_ANY_SESSION; break;
        case 'n': options.passive_address = bytes(optarg); break;
        case 'p':
            if (sscanf(optarg, "%u-%u", &first, &last) != 2) return usage();
            options.passive_first = first;
            options.passive_last = last;
            break;
        default: return usage();
        }
    }
    if (count - optind < 1 || count - optind > 2) return usage();
    directory = words[optind + 1];
    if (!directory && !users) return usage();
    handler.login = on_login;
    handler.transferred = on_transferred;
    status = plait_reactor_new(&reactor, NULL);
    if (status == 0) {
        signal(SIGINT, on_signal);
        signal(SIGTERM, on_signal);
    }
    if (status == 0 && pem) status = secure(&options, pem);
    if (status == 0) status = plait_ftp_server_factory_new(&factory, &options, &handler, NULL);
    if (status == 0 && is_implicit) status = plait_tls_factory_new(&outer, factory, options.tls, NULL);
    if (status == 0) status = plait_listen(reactor, words[optind], is_implicit ? outer : factory, NULL, &listener);
    if (status == 0) {
        memset(&address, 0, sizeof address);
        address.struct_size = sizeof address;
        if (plait_listener_get_local(listener, &address) == 0)
            printf("serving on %s port %u\n", address.host, address.port);
        fflush(stdout);
        status = plait_reactor_run(reactor);
    }
    if (status < 0) fprintf(stderr, "plait-ftpd: %s\n", plait_strerror(status));
    plait_reactor_free(reactor);
    plait_factory_release(outer);
    plait_factory_release(factory);
    plait_tls_config_release(options.tls);
    return status < 0;
}
