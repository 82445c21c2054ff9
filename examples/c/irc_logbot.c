/* Sits in channels and prints what happens there, and who it is that comes:  irc_logbot ENDPOINT NICK CHANNEL
 * [CHANNEL...]
 *
 * It connects again when the connection is lost, joins the channels again, and leaves when somebody tells it to: "NICK:
 * quit". For example: irc_logbot tls:irc.libera.chat:6697 logbot-x "#logbot-x" */
#include <plait/plait.h>
#include <stdio.h>
#include <string.h>

struct bot {
    plait_reactor reactor;
    plait_connector connector;
    char **channels; /* to join first */
    int channel_count;
    int has_joined;
    int is_leaving;
    char nick[64];
};

static plait_bytes bytes(const char *text) {
    plait_bytes made;
    made.data = (const uint8_t *)text;
    made.len = strlen(text);
    return made;
}

static void say(const char *what, const plait_irc_event *event) {
    printf("%s %.*s %.*s: %.*s\n", what, (int)event->target.len, (const char *)event->target.data, (int)event->nick.len,
           (const char *)event->nick.data, (int)event->text.len, (const char *)event->text.data);
    fflush(stdout);
}

static void on_signed_on(void *user, plait_conn conn, const plait_irc_event *event) {
    struct bot *bot = (struct bot *)user;
    size_t len = 0;
    int i;

    (void)event;
    if (plait_irc_get_nick(conn, (uint8_t *)bot->nick, sizeof bot->nick - 1, &len) == 0) bot->nick[len] = 0;
    plait_connector_reset(bot->connector); /* the server is of use: the next wait is short again */
    if (bot->has_joined) return;           /* PLAIT_IRC_REJOIN does it */
    bot->has_joined = 1;
    for (i = 0; i < bot->channel_count; i++) {
        plait_bytes channel = bytes(bot->channels[i]);
        plait_irc_send(conn, (const uint8_t *)"JOIN", 4, &channel, 1, PLAIT_IRC_QUEUED);
    }
}

static void on_privmsg(void *user, plait_conn conn, const plait_irc_event *event) {
    struct bot *bot = (struct bot *)user;
    size_t len = strlen(bot->nick);

    say("says in", event);
    if (event->text.len == len + 6 && memcmp(event->text.data, bot->nick, len) == 0 &&
        memcmp(event->text.data + len, ": quit", 6) == 0) {
        bot->is_leaving = 1;
        plait_connector_stop(bot->connector);
        plait_irc_close(conn, (const uint8_t *)"told to", 7);
    }
}

static void on_action(void *user, plait_conn conn, const plait_irc_event *event) {
    (void)user;
    (void)conn;
    say("does in", event);
}
static void on_joined(void *user, plait_conn conn, const plait_irc_event *event) {
    (void)user;
    (void)conn;
    say("joined", event);
}
/* One result, whatever the server needs to say it; or why there is none. */
static void on_whois(void *user, plait_conn conn, const plait_irc_answer *answer, const plait_reason *reason) {
    size_t i;
    (void)user;
    (void)conn;
    if (reason->status) printf("who is it? %s\n", reason->text);
    for (i = 0; i < answer->count; i++) {
        const plait_irc_entry *who = &answer->entries[i];
        printf("%.*s is %.*s, in %.*s%s\n", (int)who->nick.len, (const char *)who->nick.data, (int)who->name.len,
               (const char *)who->name.data, (int)who->channel.len, (const char *)who->channel.data,
               who->flags & PLAIT_IRC_IS_OPERATOR ? ", an operator" : "");
    }
    fflush(stdout);
}

static void on_user_joined(void *user, plait_conn conn, const plait_irc_event *event) {
    say(event->flags & PLAIT_IRC_REJOINED ? "is back in" : "came to", event);
    plait_irc_call(conn, PLAIT_IRC_WHOIS, event->nick.data, event->nick.len, 0, on_whois, user, NULL);
}
static void on_user_left(void *user, plait_conn conn, const plait_irc_event *event) {
    (void)user;
    (void)conn;
    say("left", event);
}
static void on_user_quit(void *user, plait_conn conn, const plait_irc_event *event) {
    (void)user;
    (void)conn;
    say(event->flags & PLAIT_IRC_SPLIT ? "is cut off" : "is gone", event);
}
static void on_topic(void *user, plait_conn conn, const plait_irc_event *event) {
    (void)user;
    (void)conn;
    say("topic of", event);
}

static void on_waiting(void *user, plait_connector connector, const plait_reason *reason, uint64_t delay_ms) {
    (void)user;
    (void)connector;
    printf("no connection: %s; again in %lu ms\n", reason->text, (unsigned long)delay_ms);
    fflush(stdout);
}
static void on_stopped(void *user, plait_connector connector, const plait_reason *reason) {
    (void)user;
    (void)connector;
    if (reason->status) fprintf(stderr, "irc_logbot: %s\n", reason->text);
}
static void on_disconnected(void *user, plait_conn conn, const plait_reason *reason) {
    struct bot *bot = (struct bot *)user;

    (void)conn;
    (void)reason;
    if (bot->is_leaving) plait_reactor_stop(bot->reactor); /* else the connector goes on */
}

int main(int argc, char **argv) {
    plait_irc_options options = PLAIT_IRC_OPTIONS_INIT;
    plait_irc_handler handler = PLAIT_IRC_HANDLER_INIT;
    plait_connector_options waits = PLAIT_CONNECTOR_OPTIONS_INIT;
    plait_connector_handler connecting = PLAIT_CONNECTOR_HANDLER_INIT;
    plait_factory factory = {0};
    struct bot bot;
    int status;

    memset(&bot, 0, sizeof bot);
    if (argc < 4) {
        fprintf(stderr, "usage: irc_logbot ENDPOINT NICK CHANNEL...\n");
        return 2;
    }
    bot.channels = argv + 3;
    bot.channel_count = argc - 3;
    options.nick = bytes(argv[2]);
    options.flags = PLAIT_IRC_REJOIN;
    handler.signed_on = on_signed_on;
    handler.privmsg = on_privmsg;
    handler.action = on_action;
    handler.joined = on_joined;
    handler.user_joined = on_user_joined;
    handler.user_left = on_user_left;
    handler.user_quit = on_user_quit;
    handler.topic_updated = on_topic;
    handler.disconnected = on_disconnected;
    waits.maximum_ms = 60000;
    connecting.waiting = on_waiting;
    connecting.stopped = on_stopped;
    if ((status = plait_reactor_new(&bot.reactor, NULL)) == 0 &&
        (status = plait_irc_factory_new(&factory, &options, &handler, &bot)) == 0 &&
        (status = plait_connector_start(bot.reactor, argv[1], factory, &waits, &connecting, &bot, &bot.connector)) == 0)
        status = plait_reactor_run(bot.reactor);
    if (status < 0) fprintf(stderr, "irc_logbot: %s\n", plait_strerror(status));
    plait_reactor_free(bot.reactor);
    plait_factory_release(factory);
    return status < 0;
}
