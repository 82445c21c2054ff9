"""Elements and queries, beside Twisted's."""

from __future__ import annotations

import pytest

from plait.words.xish import domish, xpath

DOCUMENTS = [
    "<a/>", "<a b='c'>x</a>", "<a xmlns='u'><b/><c xmlns='v'>1<d/>2</c><e xmlns=''/></a>", "<a>x&lt;&amp;&gt;'\"y</a>",
    "<message xmlns='jabber:client' to='a@b'><body>hi</body><x xmlns='jabber:x:event'><composing/></x></message>",
    "<a b='&lt;&amp;&apos;&quot;'/>",
]  # fmt: skip


@pytest.mark.parametrize("document", DOCUMENTS)
def test_what_is_read_is_written(document):
    made = domish.parse(document)
    assert made.toXml() == document
    assert domish.parse(made.toXml().encode()).toXml() == document


@pytest.mark.parametrize("document", DOCUMENTS)
def test_written_as_twisted_does(document):
    theirs = pytest.importorskip("twisted.words.xish.domish")
    found = []
    stream = theirs.elementStream()
    stream.DocumentStartEvent = found.append
    stream.ElementEvent = found[0].addChild if found else lambda element: found[0].addChild(element)
    stream.DocumentEndEvent = lambda: None
    stream.parse(document.encode())
    # Twisted keeps no text of the root's, which is not a stanza there.
    if not any(isinstance(child, str) for child in domish.parse(document).children):
        assert found[0].toXml() == domish.parse(document).toXml()


def build(module):
    message = module.Element(("jabber:client", "message"))
    message["to"] = "a@b"
    message["type"] = "chat"
    message.addElement("body", content="h<i> 'there'")
    x = message.addElement(("jabber:x:event", "x"))
    x.addElement("composing")
    x.addElement("plain", "", "y")
    message.addContent("1")
    message.addContent("2")
    message[("http://www.w3.org/XML/1998/namespace", "lang")] = "en"
    return message


def test_built_as_twisted_does():
    theirs = pytest.importorskip("twisted.words.xish.domish")
    ours, wanted = build(domish), build(theirs)
    assert ours.toXml() == wanted.toXml()
    assert ours.toXml(defaultUri="jabber:client") == wanted.toXml(defaultUri="jabber:client")
    assert ours.toXml(closeElement=False) == wanted.toXml(closeElement=False)
    assert ours.toXml(prefixes={"jabber:client": "c"}) == wanted.toXml(prefixes={"jabber:client": "c"})


def test_access():
    message = build(domish)
    assert str(message.body) == "h<i> 'there'" and message.nothing is None and str(message) == "12"
    assert message["to"] == "a@b" and message.getAttribute("x") is None and message.hasAttribute("type")
    assert message.compareAttribute("type", "chat") and not message.compareAttribute("type", "x")
    assert [child.name for child in message.elements()] == ["body", "x"]
    assert [child.name for child in message.elements("jabber:x:event", "x")] == ["x"]
    assert message.firstChildElement() is message.body and message.body.parent is message
    message["from"] = "c"
    message.swapAttributeValues("to", "from")
    assert (message["to"], message["from"]) == ("c", "a@b")
    del message["from"]
    first, second = domish.Element((None, "iq")), domish.Element((None, "iq"))
    first.addUniqueId()
    second.addUniqueId()
    assert first["id"].startswith("H_") and first["id"] != second["id"]
    with pytest.raises(TypeError):
        message.addContent(b"x")
    with pytest.raises(AttributeError):
        message.__nothing__  # noqa: B018


@pytest.mark.parametrize("document", ["", "x", "<a>", "<!DOCTYPE a [<!ENTITY b 'c'>]><a>&b;</a>", "<a><!-- --></a>", "<a/><b/>"])
def test_what_is_refused(document):
    with pytest.raises(domish.ParserError):
        domish.parse(document)


def test_escaping():
    text = "a<b>&'\"\t\n\rc"
    assert domish.unescapeFromXml(domish.escapeToXml(text, True)) == text
    made = domish.Element((None, "a"))
    made["b"] = text
    made.addContent("x\ry")
    again = domish.parse(made.toXml())
    assert again["b"] == text and str(again) == "x\ry"


TREE = (
    "<a xmlns='u' x='1' z='3' xml:lang='de'><b><c/></b><d xmlns='v'><b><c>hi</c></b></d><b k='1'/></a>"
)


@pytest.mark.parametrize(
    ("query", "wanted"),
    [
        ("/a", "a"), ("/b", ""), ("//b", "bbb"), ("/a/b", "bb"), ("/a//c", "cc"), ("//*", "abcdbcb"), ("/a/b[2]", "b"),
        ("/a[@x='1']", "a"), ("/a[@x='2']", ""), ("/a[@y]", ""), ("/a[not(@y)]", "a"), ("/a[@x='1' and @z='3']", "a"),
        ("/a[@x='2' or (@z='3' and not(@x='1'))]", ""), ("//*[@xmlns='v']", "dbc"), ("//c[text()='hi']", "c"),
        ("/a[@xml:lang='de']", "a"), ("//b/@k", "b"), ("//*[name()='d']", "d"), ("/a[@x!='1']", ""),
    ],
)  # fmt: skip
def test_queries(query, wanted):
    tree = domish.parse(TREE)
    found = xpath.queryForNodes(query, tree)
    assert "".join(element.name for element in found or []) == wanted
    assert (found is None) == (not wanted) == (not xpath.matches(query, tree))


def test_strings():
    tree = domish.parse("<a k='1'><b>x</b><b>y</b></a>")
    assert xpath.queryForString("/a/b", tree) == "x" and xpath.queryForString("/a/z", tree) == ""
    assert xpath.queryForStringList("/a/b", tree) == ["x", "y"]
    assert xpath.queryForString("/a/@k", tree) == "1"
    assert xpath.internQuery("/a") is xpath.internQuery("/a") and xpath.XPathQuery("/a") == xpath.internQuery("/a")


@pytest.mark.parametrize("query", ["", "a", "/", "/a[", "/a[]", "/a[@x=]", "/a[0]", "/@x", "/a b", "/a[foo()]", "//a" * 33, "/a[" + "(" * 99])
def test_what_is_no_query(query):
    with pytest.raises(ValueError):
        xpath.matches(query, domish.parse("<a/>"))
