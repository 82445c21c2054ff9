/* What an IRC server is asked: answers put together with labels and without, refusals, limits, the end; and batches. */
#include "attached.h"

#define BYTES(text) (const uint8_t *)(text), strlen(text)

static char heard[1 << 14];

static int same(char *kept, const char *text) {
    int is = !strcmp(kept, text);
    if (!is) fprintf(stderr, "it is: %s\n", kept);
    kept[0] = 0;
    return is;
}
static void say(const char *name, plait_bytes part) {
    size_t used = strlen(heard);
    if (part.data)
        snprintf(heard + used, sizeof heard - used, " %s=%.*s", name, (int)part.len, (const char *)part.data);
}
static void number(const char *format, unsigned long value) {
    size_t used = strlen(heard);
    snprintf(heard + used, sizeof heard - used, format, value);
}

static void on_answer(void *user, plait_conn conn, const plait_irc_answer *answer, const plait_reason *reason) {
    size_t index;
    (void)conn;
    number((const char *)user, answer->question);
    SAME(answer->struct_size, sizeof *answer);
    if (reason->status) {
        number(" failed %lu", (unsigned long)-reason->status);
        number("/%lu", (unsigned long)reason->code);
        SAME(answer->count, 0);
        say("", answer->lines);
    }
    for (index = 0; index < answer->count; index++) {
        const plait_irc_entry *entry = &answer->entries[index];
        number(" [%lu", entry->flags);
        if (entry->number || entry->since || entry->hops) {
            number(" %lu", entry->number);
            number(" %lu", entry->since);
            number(" %lu", entry->hops);
        }
        say("nick", entry->nick);
        say("user", entry->user);
        say("host", entry->host);
        say("name", entry->name);
        say("account", entry->account);
        say("server", entry->server);
        say("channel", entry->channel);
        say("prefix", entry->prefix);
        say("text", entry->text);
        number("]", 0);
    }
    number("\n", 0);
}
static void on_event(void *user, plait_conn conn, const plait_irc_event *event) {
    (void)user;
    (void)conn;
    number("%lu", event->kind);
    number(" flags=%lu", event->flags);
    number(" batch=%lu", event->batch);
    if (event->kind == PLAIT_IRC_ON_BATCH) number(" number=%lu", event->number);
    if (event->target.len) say("target", event->target);
    if (event->text.len) say("text", event->text);
    number("\n", 0);
}
static void on_disconnected(void *user, plait_conn conn, const plait_reason *reason) {
    (void)user;
    (void)conn;
    number("ended %lu\n", (unsigned long)-reason->status);
}

static void feed(plait_conn conn, const char *text) {
    OK(plait_conn_feed(conn, BYTES(text)));
    OK(plait_reactor_poll(reactor, 0));
}
static plait_conn inside(plait_factory *factory, const char *capabilities, const char *features) {
    plait_irc_options options = PLAIT_IRC_OPTIONS_INIT;
    plait_irc_handler handler = PLAIT_IRC_HANDLER_INIT;
    plait_transport_ops ops = PLAIT_TRANSPORT_OPS_INIT;
    plait_conn conn = {0};
    char line[256];
    options.nick.data = (const uint8_t *)"me";
    options.nick.len = 2;
    options.burst = 1000;
    handler.user_quit = handler.user_joined = handler.batch = on_event;
    handler.disconnected = on_disconnected;
    ops.write = on_write;
    OK(plait_irc_factory_new(factory, &options, &handler, NULL));
    OK(plait_conn_attach(reactor, *factory, &ops, NULL, &conn));
    OK(plait_reactor_poll(reactor, 0));
    STATUS(plait_irc_call(conn, PLAIT_IRC_LIST, NULL, 0, 0, on_answer, "", NULL), PLAIT_ERR_BOUND);
    snprintf(line, sizeof line, ":s CAP * LS :%s\r\n:s CAP * ACK :%s\r\n:s 001 me :Hi\r\n:s 005 me %s :are\r\n",
             capabilities, capabilities, features);
    feed(conn, line);
    sent[0] = heard[0] = 0;
    return conn;
}
static void ask(plait_conn conn, uint32_t question, const char *about, const char *name) {
    OK(plait_irc_call(conn, question, BYTES(about), 0, on_answer, (void *)name, NULL));
}

static void without_labels(void) {
    plait_factory factory = {0};
    plait_conn conn = inside(&factory, "batch", "PREFIX=(ov)@+ BOT=B");
    plait_call call = {0};
    ask(conn, PLAIT_IRC_WHOIS, "s Anna", "anna %lu");
    ask(conn, PLAIT_IRC_NAMES, "#C", "names %lu");
    ask(conn, PLAIT_IRC_LIST, "", "list %lu");
    ask(conn, PLAIT_IRC_WHO, "#c", "who %lu");
    OK(plait_reactor_poll(reactor, 0));
    CHECK(same(sent, "WHOIS s Anna\r\nNAMES #C\r\nLIST\r\nWHO #c\r\n"));
    feed(conn,
         ":s 311 me anna u h * :Anna B\r\n:s 319 me anna :@#c \r\n:s 319 me anna :+#d\r\n:s 312 me anna s2 :info\r\n"
         ":s 317 me anna 12 1700000000 :idle\r\n:s 330 me anna acc :is\r\n:s 301 me anna :gone\r\n"
         ":s 671 me anna :is\r\n:s 335 me anna :is\r\n:s 313 me anna :is\r\n:s 311 me other u h * :x\r\n");
    CHECK(same(heard, ""));
    feed(conn, ":s 318 me anna :End\r\n:s 353 me = #c :@+bob!u@h me\r\n:s 353 me = #d :x\r\n:s 353 me #c carl\r\n");
    CHECK(same(heard, "anna 0 [15 12 1700000000 0 nick=anna user=u host=h name=Anna B account=acc server=s2 "
                      "channel=@#c +#d text=gone]\n"));
    feed(conn, ":s 366 me #c :End\r\n:s 321 me :x\r\n:s 322 me #c 3 :about\r\n:s 322 me #d 1\r\n:s 323 me :End\r\n");
    CHECK(same(heard,
               "names 1 [0 nick=bob user=u host=h channel=#c prefix=@+] [0 nick=me channel=#c prefix=] "
               "[0 nick=carl channel=#c prefix=]\nlist 2 [0 3 0 0 channel=#c text=about] [0 1 0 0 channel=#d]\n"));
    feed(conn, ":s 352 me #c u h s bob G*B@ :2 Bob B\r\n:s 315 me #c :End\r\n");
    CHECK(same(heard, "who 3 [11 0 0 2 nick=bob user=u host=h name=Bob B server=s channel=#c prefix=G*B@]\n"));

    /* Nobody of that name, who is asked for twice; nothing at all; what the server does not want. */
    ask(conn, PLAIT_IRC_WHOIS, "no", "one %lu");
    ask(conn, PLAIT_IRC_WHOIS, "no", "two %lu");
    ask(conn, PLAIT_IRC_NAMES, "#no", "names %lu");
    ask(conn, PLAIT_IRC_LIST, "", "list %lu");
    feed(conn, ":s 401 me no :No such\r\n:s 318 me no :End\r\n:s 318 me no :End\r\n:s 366 me #no :End\r\n"
               ":s 263 me LIST :Later\r\n");
    CHECK(same(heard,
               "one 0 failed 60/401 =:s 401 me no :No such\n\ntwo 0\nnames 1\nlist 2 failed 60/263 =:s 263 me LIST "
               ":Later\n\n"));

    /* Cancelled; too late; the end. */
    OK(plait_irc_call(conn, PLAIT_IRC_WHOIS, BYTES("anna"), 0, on_answer, "gone %lu", &call));
    OK(plait_call_cancel(call));
    OK(plait_reactor_poll(reactor, 0));
    STATUS(plait_call_cancel(call), PLAIT_ERR_STALE);
    CHECK(same(heard, "gone 0 failed 33/0\n"));
    OK(plait_irc_call(conn, PLAIT_IRC_WHOIS, BYTES("anna"), 50, on_answer, "late %lu", NULL));
    OK(plait_reactor_advance(reactor, 49));
    CHECK(same(heard, ""));
    OK(plait_reactor_advance(reactor, 1));
    CHECK(same(heard, "late 0 failed 32/0\n"));
    STATUS(plait_irc_call(conn, PLAIT_IRC_WHOIS, BYTES("a\r\nQUIT"), 0, on_answer, "", NULL), PLAIT_ERR_VALUE);
    STATUS(plait_irc_call(conn, PLAIT_IRC_WHOIS, BYTES(" "), 0, on_answer, "", NULL), PLAIT_ERR_VALUE);
    STATUS(plait_irc_call(conn, 4, BYTES("a"), 0, on_answer, "", NULL), PLAIT_ERR_INVALID);
    STATUS(plait_irc_call(conn, PLAIT_IRC_WHOIS, BYTES("a"), UINT64_MAX, on_answer, "", NULL), PLAIT_ERR_INVALID);
    ask(conn, PLAIT_IRC_LIST, "", "lost %lu");
    OK(plait_irc_call(conn, PLAIT_IRC_LIST, NULL, 0, 0, NULL, NULL, NULL));
    OK(plait_conn_close(conn));
    OK(plait_reactor_poll(reactor, 0));
    CHECK(same(heard, "lost 2 failed 30/0\nended 0\n"));
    OK(plait_factory_release(factory));
}

static void with_labels(void) {
    plait_factory factory = {0};
    plait_conn conn = inside(&factory, "batch labeled-response", "WHOX");
    ask(conn, PLAIT_IRC_WHO, "#c", "who %lu");
    ask(conn, PLAIT_IRC_WHOIS, "anna", "anna %lu");
    ask(conn, PLAIT_IRC_WHOIS, "no", "no %lu");
    ask(conn, PLAIT_IRC_LIST, "#d", "list %lu");
    ask(conn, PLAIT_IRC_NAMES, "#e", "names %lu");
    OK(plait_reactor_poll(reactor, 0));
    CHECK(same(sent, "@label=plait1 WHO #c %tcuhsnfdar,1\r\n@label=plait2 WHOIS anna\r\n@label=plait3 WHOIS no\r\n"
                     "@label=plait4 LIST #d\r\n@label=plait5 NAMES #e\r\n"));
    /* In any order, and mixed with what answers nothing. */
    feed(conn, "@label=plait2 :s BATCH +a labeled-response\r\n@label=plait1 :s BATCH +b labeled-response\r\n"
               "@batch=a :s 311 me anna u h * :Anna\r\n:s 311 me no u h * :not asked\r\n:s 318 me no :not asked\r\n"
               "@batch=b :s BATCH +c inner\r\n@batch=c :s 354 me 1 #c u h s bob H 2 0 :Bob B\r\n:s BATCH -c\r\n"
               "@batch=b :s 315 me #c :End\r\n:s BATCH -b\r\n");
    CHECK(strstr(heard, "who 3 [0 0 0 2 nick=bob user=u host=h name=Bob B account= server=s channel=#c prefix=H]\n"));
    CHECK(strstr(heard, "23 flags=0 batch=2 number=3 target=inner\n23 flags=32 batch=0 number=3\n"));
    CHECK(!strstr(heard, "no"));
    heard[0] = 0;
    feed(conn, "@batch=a :s 318 me anna :End\r\n:s BATCH -a\r\n@label=plait4 :s FAIL LIST NO :Not now\r\n@label=plait9 "
               ":s 1 2\r\n"
               "@label=plait5 :s ACK\r\n:s 353 me = #e :anna\r\n:s 366 me #e :End\r\n");
    CHECK(
        same(heard,
             "23 flags=32 batch=0 number=1\nanna 0 [0 nick=anna user=u host=h name=Anna]\nlist 2 failed 60/0 =:s FAIL "
             "LIST NO :Not now\n\nnames 1 [0 nick=anna channel=#e prefix=]\n"));
    feed(
        conn,
        "@label=plait3 :s BATCH +a labeled-response\r\n@batch=a :s 401 me no :No such\r\n@batch=a :s 318 me no :End\r\n"
        ":s BATCH -a\r\n");
    CHECK(strstr(heard, "no 0 failed 60/401 =:s 401 me no :No such\n"));
    heard[0] = 0;

    /* A network falls apart, and is whole again. */
    feed(conn, ":s BATCH +x netsplit a.net b.net\r\n@batch=x :anna!u@h QUIT :a.net b.net\r\n:bob!u@h QUIT :bye\r\n"
               "@batch=x :carl!u@h QUIT :a.net b.net\r\n:s BATCH -x\r\n:s BATCH +x netjoin a.net b.net\r\n"
               "@batch=x :anna!u@h JOIN #c\r\n:s BATCH -x\r\n:s BATCH -x\r\n:s BATCH +\r\n:s BATCH\r\n");
    CHECK(same(heard,
               "23 flags=0 batch=0 number=5 target=netsplit text=a.net b.net\n14 flags=8 batch=5 text=a.net b.net\n"
               "14 flags=0 batch=0 text=bye\n14 flags=8 batch=5 text=a.net b.net\n23 flags=40 batch=0 "
               "number=5\n23 flags=0 batch=0 number=6 target=netjoin text=a.net b.net\n12 flags=16 batch=6 target=#c\n"
               "23 flags=48 batch=0 number=6\n"));
    OK(plait_conn_abort(conn));
    OK(plait_reactor_poll(reactor, 0));
    OK(plait_factory_release(factory));
}

int main(void) {
    plait_reactor_options options = PLAIT_REACTOR_OPTIONS_INIT;
    options.flags = PLAIT_REACTOR_WITHOUT_LOOP | PLAIT_REACTOR_MANUAL_CLOCK;
    OK(plait_reactor_new(&reactor, &options));
    without_labels();
    with_labels();
    /* Freed with a question that waits. */
    {
        plait_factory factory = {0};
        plait_conn conn = inside(&factory, "batch", "X");
        ask(conn, PLAIT_IRC_LIST, "", "freed %lu");
        OK(plait_reactor_free(reactor));
        CHECK(strstr(heard, "freed 2 failed"));
        OK(plait_factory_release(factory));
    }
    return 0;
}
