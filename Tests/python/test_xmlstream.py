"""Streams of XMPP on a transport of Twisted's shape: a server's side is fed by hand."""

from __future__ import annotations

import pytest

from plait._native import xmpp
from plait.error import PlaitError
from plait.internet.error import ConnectionDone
from plait.python.failure import Failure
from plait.words.protocols.jabber import client, component, error, jid, sasl, xmlstream
from plait.words.xish import domish, utility

HEADER = (
    b"<?xml version='1.0'?><stream:stream xmlns='jabber:client' "
    b"xmlns:stream='http://etherx.jabber.org/streams' id='s1' version='1.0'>"
)
MECHANISMS = (
    b"<stream:features><mechanisms xmlns='urn:ietf:params:xml:ns:xmpp-sasl'>"
    b"<mechanism>ANONYMOUS</mechanism></mechanisms></stream:features>"
)
SUCCESS = b"<success xmlns='urn:ietf:params:xml:ns:xmpp-sasl'/>"
BIND = b"<stream:features><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'/></stream:features>"
BOUND = (
    b"<iq type='result' id='bind'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'>"
    b"<jid>me@example.org/r</jid></bind></iq>"
)


class Transport:
    """Keeps what is written."""

    disconnecting = False

    def __init__(self):
        self.sent = b""

    def write(self, data):
        self.sent += data

    def loseConnection(self):
        self.disconnecting = True


class Server:
    """The other side of a stream, with what the stream tells."""

    isOver = False

    def __init__(self, factory):
        self.heard = []
        for event in (xmlstream.STREAM_AUTHD_EVENT, xmlstream.INIT_FAILED_EVENT, xmlstream.STREAM_END_EVENT, xmlstream.STREAM_ERROR_EVENT):
            factory.addBootstrap(event, lambda thing, event=event: self.heard.append((event.rpartition("/")[2], thing)))
        self.stream = factory.buildProtocol(None)
        self.transport = Transport()
        self.stream.makeConnection(self.transport)

    def say(self, *texts):
        for text in texts:
            self.stream.dataReceived(text)
        if self.transport.disconnecting and not self.isOver:
            self.isOver = True
            self.stream.connectionLost(Failure(ConnectionDone()))
        sent, self.transport.sent = self.transport.sent, b""
        return sent


def account(**options):
    options.setdefault("flags", xmpp.XMPP_WITHOUT_TLS)
    return client.XMPPClientFactory(jid.JID("example.org"), None, **options)


@pytest.fixture
def server():
    made = Server(account())
    made.say(HEADER + MECHANISMS, SUCCESS, HEADER + BIND, BOUND)
    return made


def test_a_stream_begins_by_itself():
    server = Server(account())
    assert server.say(b"").startswith(b"<?xml version='1.0'?><stream:stream xmlns='jabber:client'")
    assert server.say(HEADER + MECHANISMS).startswith(b"<auth ")
    assert server.heard == []
    with pytest.raises(PlaitError):
        server.stream.send("<message/>")


def test_ready(server):
    assert [event for event, _ in server.heard] == ["authd"]
    assert server.stream.thisEntity == jid.JID("me@example.org/r") and server.stream.sid == "s1"
    assert server.stream.otherEntity == jid.JID("example.org") and not server.stream.resumed


def test_stanzas_both_ways(server):
    got = []
    server.stream.addObserver("/message[@type='chat']", got.append)
    server.stream.addObserver("/message/body", got.append, 1)
    server.say(b"<message type='chat'><body>\xc3\xa4</body></message><message type='x'/>")
    assert len(got) == 2 and got[0].body.uri == "jabber:client" and str(got[0].body) == "\u00e4"
    server.stream.send("<message to='a'/>")
    server.stream.send(b"<presence/>")
    made = domish.Element((None, "message"))
    made.addElement("body", content="<x>")
    server.stream.send(made)
    other = domish.Element(("urn:x", "y"))
    server.stream.send(other)
    assert server.say() == b"<message to='a'/><presence/><message><body>&lt;x&gt;</body></message><y xmlns='urn:x'/>"
    with pytest.raises(domish.ParserError):
        server.stream.send("<message")


def test_requests(server):
    answers = []
    for _ in range(3):
        request = xmlstream.IQ(server.stream, "get")
        request.addElement(("urn:q", "q"))
        request.send("a@b").addBoth(answers.append)
    assert server.say() == b"".join(b"<iq type='get' to='a@b' id='p%d'><q xmlns='urn:q'/></iq>" % n for n in (1, 2, 3))
    server.say(b"<iq type='result' id='p1' from='evil@b'/>")
    assert answers == []
    server.say(
        b"<iq type='result' id='p1' from='a@b'><r xmlns='urn:q'/></iq>"
        b"<iq type='error' id='p2' from='a@b'><error type='auth'><forbidden xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/>"
        b"<text xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'>no</text></error></iq>"
    )
    assert answers[0].r.uri == "urn:q"
    failed = answers[1].value
    assert isinstance(failed, error.StanzaError)
    assert (failed.condition, failed.type, failed.text, failed.code) == ("forbidden", "auth", "no", "403")


def test_requests_of_the_other_side(server):
    def answer(stanza):
        server.stream.send(xmlstream.toResponse(stanza, "result"))

    server.stream.addObserver("/iq/mine", answer)
    sent = server.say(b"<iq type='get' id='1' from='x@y'><mine xmlns='m'/></iq><iq type='get' id='2' from='x@y'><no xmlns='m'/></iq>")
    assert sent.startswith(b"<iq to='x@y' id='1' type='result'/><iq type='error' id='2' to='x@y'><error type='cancel'><service-unavailable")


def test_a_refusal():
    server = Server(account())
    server.say(HEADER + MECHANISMS, b"<failure xmlns='urn:ietf:params:xml:ns:xmpp-sasl'><account-disabled/></failure>")
    assert [event for event, _ in server.heard][0] == "initfailed"
    assert isinstance(server.heard[0][1].value, sasl.SASLAuthError)
    assert server.heard[0][1].value.condition == "account-disabled"


def test_the_end_of_a_stream(server):
    server.say(
        b"<stream:error><conflict xmlns='urn:ietf:params:xml:ns:xmpp-streams'/>"
        b"<text xmlns='urn:ietf:params:xml:ns:xmpp-streams'>again</text></stream:error></stream:stream>"
    )
    assert "error" in [event for event, _ in server.heard]
    failed = dict(server.heard)["error"].value
    assert (failed.condition, failed.text) == ("conflict", "again")


def test_a_component():
    server = Server(component.componentFactory("comp.example.org", "secret"))
    assert b"to='comp.example.org'" in server.say(b"")
    sent = server.say(
        b"<stream:stream xmlns='jabber:component:accept' xmlns:stream='http://etherx.jabber.org/streams' "
        b"from='comp.example.org' id='3BF96D32'>"
    )
    assert sent == b"<handshake>b09ea9b3b7f586be8a08d0a3dd7466f110aeb136</handshake>"
    server.say(b"<handshake/>")
    assert [event for event, _ in server.heard] == ["authd"]
    server.stream.send("<message from='x@comp.example.org' to='a'/>")
    assert server.say() == b"<message from='x@comp.example.org' to='a'/>"


def test_errors_as_elements():
    failed = error.StanzaError("item-not-found", text="gone")
    stanza = domish.parse("<iq xmlns='jabber:client' type='get' id='1' from='a' to='b'><q xmlns='q'/></iq>")
    response = failed.toResponse(stanza)
    assert (response["to"], response["from"], response["id"], response["type"]) == ("a", "b", "1", "error")
    again = error.exceptionFromStanza(domish.parse(response.toXml(defaultUri="")))
    assert (again.condition, again.type, again.text) == ("item-not-found", "cancel", "gone")
    legacy = domish.parse("<iq type='error'><error code='404'>what?</error></iq>")
    assert error.exceptionFromStanza(legacy).condition == "item-not-found"
    ended = error.StreamError("reset", "bye", appCondition=domish.Element(("urn:x", "x")))
    parsed = error.exceptionFromStreamError(domish.parse(ended.getElement().toXml()))
    assert (parsed.condition, parsed.text, parsed.appCondition.name) == ("reset", "bye", "x")


def test_observers(caplog):
    heard = []
    events = utility.EventDispatcher()
    events.addObserver("//event/a", lambda thing: heard.append(("low", thing)))
    events.addObserver("//event/a", lambda thing: heard.append(("high", thing)), 5)
    events.addOnetimeObserver("//event/a", lambda thing: heard.append(("once", thing)), -1)

    def adds(thing):
        events.addObserver("//event/a", lambda thing: heard.append(("later", thing)), -9)
        raise ValueError("an observer's own")

    events.addOnetimeObserver("//event/a", adds, 9)
    assert events.dispatch(1, "//event/a")
    assert heard == [("high", 1), ("low", 1), ("once", 1)]
    heard.clear()
    assert events.dispatch(2, "//event/a")
    assert heard == [("high", 2), ("low", 2), ("later", 2)]
    assert not events.dispatch(3, "//event/b")
    function = heard.append
    events.addObserver("/a[@b]", function)
    element = domish.parse("<a b='1'/>")
    assert events.dispatch(element) and heard[-1] is element
    events.removeObserver("/a[@b]", function)
    assert not events.dispatch(element)
    assert "an observer's own" in caplog.text
    caplog.clear()


def test_parts_are_told_late(server):
    class Part(xmlstream.XMPPHandler):
        def __init__(self):
            super().__init__()
            self.told = []

        def connectionMade(self):
            self.told.append("made")

        def connectionInitialized(self):
            self.told.append("initialized")

    factory = account()
    manager = xmlstream.StreamManager(factory)
    first, second = Part(), Part()
    manager.addHandler(first)
    manager.send("<message/>")
    other = Server(factory)
    other.say(HEADER + MECHANISMS, SUCCESS, HEADER + BIND, BOUND)
    assert first.told == ["made", "initialized"]
    manager.addHandler(second)
    assert second.told == ["made", "initialized"]
    other.stream.connectionLost(Failure(ConnectionDone()))
    assert manager.xmlstream is None and first.xmlstream is None
