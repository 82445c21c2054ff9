/* The CPU of IRC's messages that are taken apart, beside a splitter by hand: irc_parse plait|memchr [ROUNDS]; and the
 * memory of a client that is in 200 channels with the same 2,000 members: irc_parse members.
 *
 * Prints nanoseconds of CPU for each message, or bytes. */
#include <malloc.h>
#include <plait/plait.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { LINES = 8, MOST = 15, CHANNELS = 200, MEMBERS = 2000 };

static const char *const lines[LINES] = {
    ":anna!~anna@host.example.org PRIVMSG #channel :hello everybody, how are you today?",
    "@time=2026-11-26T01:02:03.456Z;msgid=abc123;account=anna :anna!~anna@host.example.org PRIVMSG #channel :tagged",
    ":irc.example.org 353 me = #channel :@anna +bob carl dora emil frida gustav hanna",
    ":bob!b@198.51.100.7 JOIN #channel",
    ":bob!b@198.51.100.7 QUIT :Ping timeout: 240 seconds",
    "PING :irc.example.org",
    ":anna!~anna@host.example.org MODE #channel +ov bob carl",
    ":irc.example.org 332 me #channel :What this channel is about | and where to read more",
};

static double cpu(void) {
    struct timespec now;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

/* What somebody would write who wants no more than the parts. */
struct message {
    plait_bytes tags, source, command, parameters[MOST];
    int count;
};
static const char *word(const char *at, const char *end, plait_bytes *part) {
    const char *blank = memchr(at, ' ', (size_t)(end - at));
    if (!blank) blank = end;
    part->data = (const uint8_t *)at;
    part->len = (size_t)(blank - at);
    while (blank < end && *blank == ' ') blank++;
    return blank;
}
static int by_hand(const char *at, size_t len, struct message *out) {
    const char *end = at + len;
    out->tags.len = out->source.len = 0;
    out->count = 0;
    if (at < end && *at == '@') at = word(at + 1, end, &out->tags);
    if (at < end && *at == ':') at = word(at + 1, end, &out->source);
    at = word(at, end, &out->command);
    while (at < end && out->count < MOST) {
        plait_bytes *part = &out->parameters[out->count++];
        if (*at == ':') {
            part->data = (const uint8_t *)at + 1;
            part->len = (size_t)(end - at - 1);
            break;
        }
        at = word(at, end, part);
    }
    return out->command.len ? 0 : -1;
}

static double parsed(int by_plait, int rounds) {
    static plait_irc_message ours = PLAIT_IRC_MESSAGE_INIT;
    static struct message theirs;
    size_t lengths[LINES], seen = 0;
    double start;
    for (int i = 0; i < LINES; i++) lengths[i] = strlen(lines[i]);
    start = cpu();
    for (int round = 0; round < rounds; round++)
        for (int i = 0; i < LINES; i++) {
            if (by_plait) {
                if (plait_irc_message_parse((const uint8_t *)lines[i], lengths[i], &ours)) abort();
                seen += ours.count + ours.command.len;
            } else {
                if (by_hand(lines[i], lengths[i], &theirs)) abort();
                seen += (size_t)theirs.count + theirs.command.len;
            }
        }
    start = cpu() - start;
    if (seen != (size_t)rounds * (size_t)(2 + 7 + 2 + 7 + 4 + 3 + 1 + 4 + 1 + 4 + 1 + 4 + 4 + 4 + 3 + 3)) abort();
    return start * 1e9 / rounds / LINES;
}

static size_t swallow(void *user, plait_conn conn, const uint8_t *data, size_t len) {
    (void)user;
    (void)conn;
    (void)data;
    return len;
}
static void feed(plait_conn conn, const char *text) {
    if (plait_conn_feed(conn, (const uint8_t *)text, strlen(text)) < 0) abort();
}
static size_t members(void) {
    plait_reactor reactor = {0};
    plait_reactor_options how = PLAIT_REACTOR_OPTIONS_INIT;
    plait_irc_options options = PLAIT_IRC_OPTIONS_INIT;
    plait_transport_ops ops = PLAIT_TRANSPORT_OPS_INIT;
    plait_factory factory = {0};
    plait_conn conn = {0};
    size_t before, len = 0;
    char line[600];
    how.flags = PLAIT_REACTOR_WITHOUT_LOOP;
    options.nick.data = (const uint8_t *)"me";
    options.nick.len = 2;
    ops.write = swallow;
    if (plait_reactor_new(&reactor, &how) || plait_irc_factory_new(&factory, &options, NULL, NULL)) abort();
    before = mallinfo2().uordblks + mallinfo2().hblkhd;
    if (plait_conn_attach(reactor, factory, &ops, NULL, &conn)) abort();
    feed(conn, ":s 001 me :Welcome\r\n");
    for (int channel = 0; channel < CHANNELS; channel++) {
        snprintf(line, sizeof line, ":me!u@h JOIN #channel%d\r\n", channel);
        feed(conn, line);
        for (int member = 0; member < MEMBERS;) {
            int used = snprintf(line, sizeof line, ":s 353 me = #channel%d :", channel);
            while (member < MEMBERS && used < 480)
                used += snprintf(line + used, sizeof line - (size_t)used, "member%d ", member++);
            strcpy(line + used, "\r\n");
            feed(conn, line);
        }
    }
    if (plait_irc_get_members(conn, (const uint8_t *)"#channel199", 11, NULL, 0, &len) || len < MEMBERS * 8) abort();
    before = mallinfo2().uordblks + mallinfo2().hblkhd - before;
    plait_reactor_free(reactor);
    plait_factory_release(factory);
    return before;
}

int main(int argc, char **argv) {
    int rounds = argc > 2 ? atoi(argv[2]) : 200000;
    if (argc > 1 && !strcmp(argv[1], "members"))
        printf("%zu\n", members());
    else
        printf("%.1f\n", parsed(argc > 1 && !strcmp(argv[1], "plait"), rounds));
    return 0;
}
