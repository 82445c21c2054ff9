/* Elements and addresses of XMPP: built, parsed, walked, matched, written; everything that is refused; threads. */
#include "harness.h"

#include <pthread.h>

static const uint8_t *bytes(const char *text) { return (const uint8_t *)text; }

static int is(plait_bytes found, const char *wanted) {
    return found.len == strlen(wanted) && memcmp(found.data, wanted, found.len) == 0;
}

static const char *written(plait_element element, uint32_t node, const char *space) {
    static char text[4096];
    size_t len = 0, again = 0;

    OK(plait_element_write(element, node, space, (uint8_t *)text, sizeof text - 1, &len));
    OK(plait_element_write(element, node, space, NULL, 0, &again));
    SAME(len, again);
    if (len) STATUS(plait_element_write(element, node, space, (uint8_t *)text, len - 1, &again), PLAIT_ERR_OVERFLOW);
    text[len] = 0;
    return text;
}
#define WRITTEN(element, wanted)                                                                                       \
    do {                                                                                                               \
        const char *text_ = written(element, 0, NULL);                                                                 \
        if (strcmp(text_, wanted)) DIE("%s\nwanted\n%s", text_, wanted);                                               \
    } while (0)

static plait_element parsed(const char *xml) {
    plait_element element = {0};

    OK(plait_element_parse(&element, bytes(xml), strlen(xml), NULL, NULL));
    return element;
}

static void building(void) {
    plait_element message = {0}, other, copy = {0};
    plait_bytes name, space, value;
    int body, x;

    OK(plait_element_new(&message, "message", "jabber:client"));
    OK(plait_element_set_attribute(message, 0, "to", NULL, bytes("juliet@example.com"), 18));
    OK(plait_element_set_attribute(message, 0, "lang", PLAIT_XML_SPACE, bytes("en"), 2));
    body = plait_element_add(message, 0, "body", NULL);
    SAME(body, 1);
    SAME(plait_element_add_text(message, 1, bytes("Wherefore <art> thou?"), 21), 2);
    x = plait_element_add(message, 0, "x", "urn:x");
    SAME(x, 3);
    WRITTEN(message, "<message xmlns='jabber:client' to='juliet@example.com' xml:lang='en'>"
                     "<body>Wherefore &lt;art&gt; thou?</body><x xmlns='urn:x'/></message>");
    OK(plait_element_get_name(message, 0, &name, &space));
    CHECK(is(name, "message") && is(space, "jabber:client"));
    OK(plait_element_get_name(message, 3, NULL, &space));
    CHECK(is(space, "urn:x"));
    OK(plait_element_get_attribute(message, 0, "lang", PLAIT_XML_SPACE, &value));
    CHECK(is(value, "en"));
    STATUS(plait_element_get_attribute(message, 0, "lang", NULL, &value), PLAIT_ERR_ABSENT);
    OK(plait_element_get_text(message, 1, &value));
    CHECK(is(value, "Wherefore <art> thou?"));
    OK(plait_element_get_text(message, 2, &value));
    STATUS(plait_element_get_text(message, 3, &value), PLAIT_ERR_ABSENT);
    SAME(plait_element_get_child(message, 0, "body", NULL), 1);
    SAME(plait_element_get_child(message, 0, NULL, "urn:x"), 3);
    SAME(plait_element_get_next(message, 1, NULL, NULL), 3);
    STATUS(plait_element_get_next(message, 3, NULL, NULL), PLAIT_ERR_ABSENT);
    STATUS(plait_element_get_child(message, 0, "body", "urn:x"), PLAIT_ERR_ABSENT);

    other = parsed("<iq xmlns='jabber:client'><query xmlns='q'><item n='1'/></query></iq>");
    SAME(plait_element_add_copy(message, 3, other, 1), 4);
    STATUS(plait_element_add_copy(message, 3, message, 1), PLAIT_ERR_INVALID);
    OK(plait_element_copy(&copy, message, 3));
    WRITTEN(copy, "<x xmlns='urn:x'><query xmlns='q'><item n='1'/></query></x>");
    OK(plait_element_set_attribute(message, 0, "to", NULL, NULL, 0));
    CHECK(strstr(written(message, 0, "jabber:client"), "<message xml:lang='en'>") != NULL);

    STATUS(plait_element_add(message, 2, "a", NULL), PLAIT_ERR_INVALID); /* a text */
    STATUS(plait_element_add(message, 99, "a", NULL), PLAIT_ERR_INVALID);
    STATUS(plait_element_add(message, 0, "a b", NULL), PLAIT_ERR_VALUE);
    STATUS(plait_element_add(message, 0, "a", "\1"), PLAIT_ERR_VALUE);
    STATUS(plait_element_add_text(message, 0, bytes("\1"), 1), PLAIT_ERR_VALUE);
    STATUS(plait_element_set_attribute(message, 0, "xmlns", NULL, bytes("x"), 1), PLAIT_ERR_VALUE);
    OK(plait_element_free(message));
    STATUS(plait_element_free(message), PLAIT_ERR_STALE);
    STATUS(plait_element_add(message, 0, "a", NULL), PLAIT_ERR_STALE);
    OK(plait_element_free(copy));
    OK(plait_element_free(other));
}

static void parsing(void) {
    static const char *const refused[] = {
        "", "x", "<a>", "<a/><b/>", "<!DOCTYPE a [<!ENTITY b 'c'>]><a>&b;</a>", "<a><!--b--></a>", "<a>&b;</a>"};
    plait_element element = {0};
    plait_element_limits limits = PLAIT_ELEMENT_LIMITS_INIT;
    plait_reason reason = PLAIT_REASON_INIT;
    size_t i;

    for (i = 0; i < sizeof refused / sizeof *refused; i++) {
        STATUS(plait_element_parse(&element, bytes(refused[i]), strlen(refused[i]), NULL, &reason), PLAIT_ERR_PROTOCOL);
        CHECK(reason.text && reason.status == PLAIT_ERR_PROTOCOL && reason.offset <= strlen(refused[i]));
    }
    SAME(element.id, 0);
    STATUS(plait_element_parse(&element, bytes("<a></b>"), 7, NULL, &reason), PLAIT_ERR_PROTOCOL);
    SAME(reason.offset, 5);
    limits.max_bytes = 8;
    limits.max_depth = 2;
    OK(plait_element_parse(&element, bytes("<a>1</a>"), 8, &limits, NULL));
    OK(plait_element_free(element));
    STATUS(plait_element_parse(&element, bytes("<a>12</a>"), 9, &limits, &reason), PLAIT_ERR_TOO_LONG);
    limits.max_bytes = 0;
    STATUS(plait_element_parse(&element, bytes("<a><b><c/></b></a>"), 18, &limits, &reason), PLAIT_ERR_TOO_LONG);
}

static void asking(void) {
    plait_element element = parsed("<a xmlns='u' x='1'><b>hi</b><b k='2'/><c xmlns='v'><b/></c></a>");
    plait_element_table table = PLAIT_ELEMENT_TABLE_INIT;
    uint32_t nodes[2] = {9, 9};

    SAME(plait_element_match(element, 0, "/a[@x='1']/b[text()='hi']"), 1);
    SAME(plait_element_match(element, 0, "/a[@xmlns='v']"), 0);
    SAME(plait_element_match(element, 4, "/c/b"), 1);
    STATUS(plait_element_match(element, 0, "a"), PLAIT_ERR_INVALID);
    STATUS(plait_element_match(element, 2, "/b"), PLAIT_ERR_INVALID);
    SAME(plait_element_query(element, 0, "//b", nodes, 2), 3);
    SAME(nodes[0], 1);
    SAME(nodes[1], 3);
    SAME(plait_element_query(element, 0, "//b", NULL, 0), 3);
    OK(plait_element_get_table(element, &table));
    SAME(table.node_count, 6);
    SAME(table.attribute_count, 2);
    CHECK(memcmp(table.data + table.nodes[2 * 10], "hi", 2) == 0 && table.nodes[2 * 10 + 9] == 1);
    CHECK(memcmp(table.data + table.attributes[4], "1", 1) == 0 && table.nodes[8] == 0);
    OK(plait_element_free(element));
}

static void addresses(void) {
    uint8_t room[PLAIT_JID_MAX], text[64];
    plait_jid jid, parts = {{NULL, 0}, {NULL, 0}, {NULL, 0}, {NULL, 0}, {NULL, 0}};
    size_t len;

    OK(plait_jid_parse(bytes("Juliet@EXAMPLE.com/Balcony"), 26, room, sizeof room, &jid));
    CHECK(is(jid.full, "juliet@example.com/Balcony") && is(jid.bare, "juliet@example.com"));
    CHECK(is(jid.node, "juliet") && is(jid.domain, "example.com") && is(jid.resource, "Balcony"));
    OK(plait_jid_parse(bytes("example.com"), 11, room, 11, &jid));
    CHECK(jid.node.len == 0 && jid.resource.len == 0 && is(jid.full, "example.com"));
    STATUS(plait_jid_parse(bytes("example.com"), 11, room, 10, &jid), PLAIT_ERR_OVERFLOW);
    STATUS(plait_jid_parse(bytes("a@b@c"), 5, room, sizeof room, &jid), PLAIT_ERR_VALUE);
    parts.node.data = bytes("A");
    parts.domain.data = bytes("B");
    parts.resource.data = bytes("C@/");
    parts.node.len = parts.domain.len = 1;
    parts.resource.len = 3;
    OK(plait_jid_make(&parts, room, sizeof room, &jid));
    CHECK(is(jid.full, "a@b/C@/"));
    SAME(plait_jid_compare(bytes("A@b/c"), 5, bytes("a@B/c"), 5, 0), 1);
    SAME(plait_jid_compare(bytes("a@b/c"), 5, bytes("a@b/d"), 5, 0), 0);
    SAME(plait_jid_compare(bytes("a@b/c"), 5, bytes("a@b/d"), 5, PLAIT_JID_BARE), 1);
    STATUS(plait_jid_compare(bytes("@"), 1, bytes("a@b/d"), 5, 0), PLAIT_ERR_VALUE);
    OK(plait_jid_escape(bytes("a b@c"), 5, text, sizeof text, &len));
    CHECK(len == 9 && memcmp(text, "a\\20b\\40c", 9) == 0);
    OK(plait_jid_unescape(bytes("a\\20b\\40c"), 9, text, 5, &len));
    CHECK(len == 5 && memcmp(text, "a b@c", 5) == 0);
    STATUS(plait_jid_unescape(bytes("a\\20b\\40c"), 9, text, 4, &len), PLAIT_ERR_OVERFLOW);
}

/* Trees belong to no reactor: several threads may use one. */
static plait_element common;
static void *work(void *unused) {
    int i;

    (void)unused;
    for (i = 0; i < 200; i++) {
        plait_element own = {0};
        int node = plait_element_add(common, 0, "item", NULL);
        CHECK(node > 0);
        OK(plait_element_set_attribute(common, (uint32_t)node, "n", NULL, bytes("1"), 1));
        SAME(plait_element_match(common, (uint32_t)node, "/item[@n='1']"), 1);
        OK(plait_element_copy(&own, common, (uint32_t)node));
        OK(plait_element_free(own));
    }
    return NULL;
}
static void threads(void) {
    pthread_t thread[2];
    int i;

    OK(plait_element_new(&common, "list", NULL));
    for (i = 0; i < 2; i++) pthread_create(&thread[i], NULL, work, NULL);
    for (i = 0; i < 2; i++) pthread_join(thread[i], NULL);
    SAME(plait_element_query(common, 0, "/list/item[@n='1']", NULL, 0), 400);
    OK(plait_element_free(common));
}

int main(void) {
    building();
    parsing();
    asking();
    addresses();
    threads();
    printf("ok\n");
    return 0;
}
