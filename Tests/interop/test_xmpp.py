"""XMPP with prosody: logging in by each mechanism, stanzas both ways, sessions that outlive their connections, components."""

from __future__ import annotations

import contextlib
import os
import socket
import subprocess
import sys
import threading
import time
from ctypes import pointer
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "bindings" / "python"))
sys.path.insert(0, str(ROOT / "Tests" / "interop"))

from plait._native import tls, xmpp  # noqa: E402
from prosody_server import Prosody, account, hears, trusting  # noqa: E402
from xmpp_side import LIMIT, REMOTE, Loop, Side  # noqa: E402

@pytest.fixture(scope="module")
def certificates(tmp_path_factory):
    folder = tmp_path_factory.mktemp("certificates")
    subprocess.run([ROOT / "Tests" / "certificates", folder], check=True)
    return folder


@pytest.fixture(scope="module")
def server(tmp_path_factory, certificates):
    made = Prosody(tmp_path_factory.mktemp("prosody"), certificates)
    yield made
    made.stop()


@pytest.fixture
def loop():
    made = Loop()
    yield made
    made.close()


@pytest.mark.parametrize(
    ("allowed", "used"),
    [(0, xmpp.XMPP_SCRAM_SHA_256), (xmpp.XMPP_PLAIN, xmpp.XMPP_PLAIN)],
)
def test_login_by_starttls(loop, server, allowed, used):
    side = account(loop, server, mechanisms=allowed).online(server.plain())
    assert side.jid().startswith("alice@localhost/")
    assert side.session().mechanism == used
    assert side.session().flags == xmpp.XMPP_READY | xmpp.XMPP_MANAGED | xmpp.XMPP_RESUMABLE


def test_login_with_sha_1_and_channel_binding(loop, tmp_path, certificates):
    server = Prosody(tmp_path, certificates, hash="SHA-1", protocol=', protocol = "tlsv1_2"')
    try:
        side = account(loop, server).online(server.plain())
        assert side.session().mechanism == xmpp.XMPP_SCRAM_SHA_1_PLUS
        side = account(loop, server, "bob", mechanisms=xmpp.XMPP_SCRAM_SHA_1).online(server.plain())
        assert side.session().mechanism == xmpp.XMPP_SCRAM_SHA_1
    finally:
        server.stop()


def test_login_over_tls_from_the_start(loop, server):
    place = (
        f"tls:host=localhost:port={server.direct}:trustRoots={server.folder}/root.pem"
    )
    side = Side(loop, "alice@localhost/desk", "secret").online(place)
    assert side.jid() == "alice@localhost/desk"


def test_anonymous_and_in_the_clear(loop, server):
    side = Side(loop, "guests.localhost", flags=xmpp.XMPP_WITHOUT_TLS).online(server.plain())
    assert side.session().mechanism == xmpp.XMPP_ANONYMOUS
    hidden = Side(loop, "alice@localhost", "secret").connect(server.plain())
    loop.until(lambda: hidden.ends)
    assert hidden.ends[0][0] == -8 and not hidden.readies


def test_a_certificate_instead_of_a_password(loop, server, certificates):
    identity = tls.TlsIdentity(cert_file=str(certificates / "client.pem").encode())
    shown = trusting(loop, server, identities=pointer(identity), identity_count=1)
    side = Side(loop, "cert@client.test", tls=shown).online(server.plain())
    assert side.jid().startswith("cert@client.test/") and side.session().mechanism == xmpp.XMPP_EXTERNAL
    side = Side(loop, "cert@client.test", tls=trusting(loop, server)).connect(server.plain())
    loop.until(lambda: side.ends)
    assert side.ends[0][:2] == (REMOTE, xmpp.XMPP_LOGIN_NOT_AUTHORIZED) and not side.readies
    side.stop()


def test_who_is_not_let_in(loop, server):
    side = account(loop, server, password="wrong").connect(server.plain())
    loop.until(lambda: side.ends)
    assert side.ends[0][:2] == (REMOTE, xmpp.XMPP_LOGIN_NOT_AUTHORIZED)
    side.stop()
    side = Side(loop, "alice@elsewhere", "secret", tls=trusting(loop, server)).connect(server.plain())
    loop.until(lambda: side.ends)
    assert side.ends[0][:2] == (REMOTE, xmpp.XMPP_STREAM_HOST_UNKNOWN)


def test_a_certificate_that_nobody_vouches_for(loop, server):
    side = account(loop, server, tls=loop.config()).connect(server.plain())
    loop.until(lambda: side.ends)
    assert side.ends[0][0] <= -100 and not side.readies
    # A good one, for another name.
    side = Side(loop, "x@guests.localhost", "secret", tls=trusting(loop, server)).connect(server.plain())
    loop.until(lambda: side.ends)
    assert side.ends[0][0] <= -100 and not side.readies


def test_a_thousand_messages_each_way(loop, server):
    alice = account(loop, server).online(server.plain())
    bob = account(loop, server, "bob").online(server.plain())
    for side, other in ((alice, bob), (bob, alice)):
        for number in range(1000):
            assert side.send(f"<message to='{other.jid()}' type='chat'><body>{number}</body></message>") == 0
    loop.until(lambda: len(alice.messages) == len(bob.messages) == 1000, 60)
    for side, other in ((alice, bob), (bob, alice)):
        assert [str(message.body) for message in side.messages] == [str(number) for number in range(1000)]
        assert {message["from"] for message in side.messages} == {other.jid()}
    loop.until(lambda: alice.session().waiting < 60)


def test_requests(loop, server):
    alice = account(loop, server).online(server.plain())
    bob = account(loop, server, "bob").online(server.plain())
    status, _, answer = alice.call("<iq xmlns='jabber:client' type='get'><query xmlns='jabber:iq:roster'/></iq>")
    assert status == 0 and answer.query.uri == "jabber:iq:roster"
    ping = "<iq xmlns='jabber:client' type='get' to='{}'><ping xmlns='urn:xmpp:ping'/></iq>"
    assert alice.call(ping.format("localhost"))[0] == 0
    assert alice.call(ping.format(bob.jid()))[0] == 0
    strange = "<iq xmlns='jabber:client' type='set' to='{}'><x xmlns='urn:strange'/></iq>"
    for whom in (bob.jid(), "localhost"):
        status, code, answer = alice.call(strange.format(whom))
        assert (status, code) == (REMOTE, xmpp.XMPP_STANZA_SERVICE_UNAVAILABLE)
        assert answer["type"] == "error"


def test_presence_and_rooms(loop, server):
    alice = account(loop, server).online(server.plain())
    bob = account(loop, server, "bob").online(server.plain())
    for side, nick in ((alice, "Al"), (bob, "Bob")):
        side.send(f"<presence to='room@rooms.localhost/{nick}'><x xmlns='http://jabber.org/protocol/muc'/></presence>".replace(
            "<presence ", "<presence xmlns='jabber:client' "))
        loop.until(lambda: any(presence["from"].endswith(nick) for presence in side.presences))
    bob.send("<message to='room@rooms.localhost' type='groupchat'><body>hello</body></message>")
    loop.until(lambda: any(str(message.body) == "hello" for message in alice.messages))
    bob.send("<presence to='room@rooms.localhost/Bob' type='unavailable'/>")
    loop.until(lambda: any(presence.getAttribute("type") == "unavailable" for presence in alice.presences))


class Proxy:
    """Stands in between, and cuts connections off."""

    def __init__(self, port):
        self.port, self.pairs = port, []
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.place = self.listener.getsockname()[1]
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while True:
            try:
                here, _ = self.listener.accept()
            except OSError:
                return
            there = socket.create_connection(("127.0.0.1", self.port))
            self.pairs.append((here, there))
            for one, other in ((here, there), (there, here)):
                threading.Thread(target=self.move, args=(one, other), daemon=True).start()

    def move(self, one, other):
        try:
            while data := one.recv(65536):
                other.sendall(data)
        except OSError:
            pass

    def cut(self):
        """Resets what there is."""
        for pair in self.pairs:
            for end in pair:
                end.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
                with contextlib.suppress(OSError):  # the other side may have been quicker
                    end.shutdown(socket.SHUT_RDWR)
                end.close()
        self.pairs.clear()

    def close(self):
        self.cut()
        self.listener.close()


def test_a_session_outlives_its_connections(loop, server):
    proxy = Proxy(server.port)
    try:
        alice = account(loop, server).online(server.plain(proxy.place))
        bob = account(loop, server, "bob").online(server.plain())
        whom, sent = alice.jid(), 0
        for round in range(1, 4):
            for _ in range(50):
                bob.send(f"<message to='{whom}'><body>{sent}</body></message>")
                alice.send(f"<message to='{bob.jid()}'><body>{sent}</body></message>")
                sent += 1
            proxy.cut()
            loop.until(lambda: len(alice.readies) == round + 1)
            assert alice.readies[-1] == 1 and alice.jid() == whom
        loop.until(lambda: len(alice.messages) >= sent and len(bob.messages) >= sent)
        for side in (alice, bob):
            assert [str(message.body) for message in side.messages] == list(map(str, range(sent)))
    finally:
        proxy.close()


def test_the_server_comes_back_and_has_forgotten(loop, tmp_path, certificates):
    server = Prosody(tmp_path, certificates)
    try:
        alice = account(loop, server).online(server.plain())
        server.process.kill()
        server.process.wait()
        assert alice.send("<message to='bob@localhost'><body>lost?</body></message>") == 0
        loop.until(lambda: alice.ends)
        server.start()
        loop.until(lambda: len(alice.readies) == 2)
        assert alice.readies == [0, 0]
        loop.until(lambda: alice.returned)
        assert [str(message.body) for message in alice.returned] == ["lost?"]
    finally:
        server.stop()


def test_a_component(loop, server):
    component = Side(loop, "comp.localhost", "s3cr3t", role=xmpp.XMPP_COMPONENT).online(server.plain(server.component))
    alice = account(loop, server).online(server.plain())
    alice.send("<message to='service@comp.localhost'><body>hi</body></message>")
    loop.until(lambda: component.messages)
    message = component.messages[0]
    assert message["from"] == alice.jid()
    component.send(
        f"<message xmlns='jabber:component:accept' from='{message['to']}' to='{message['from']}'><body>ho</body></message>"
    )
    loop.until(lambda: alice.messages)
    assert str(alice.messages[0].body) == "ho"
    wrong = Side(loop, "comp.localhost", "wrong", role=xmpp.XMPP_COMPONENT).connect(server.plain(server.component))
    loop.until(lambda: wrong.ends)
    assert wrong.ends[0][:2] == (REMOTE, xmpp.XMPP_STREAM_NOT_AUTHORIZED)


def test_the_echo_bot(loop, server, tmp_path):
    stage = ROOT / "build" / "stage"
    environment = {**os.environ, "PKG_CONFIG_PATH": str(stage / "lib" / "pkgconfig"), "LD_LIBRARY_PATH": str(stage / "lib")}
    flags = subprocess.run(
        ["pkg-config", "--cflags", "--libs", "plait"], env=environment, check=True, capture_output=True, text=True
    ).stdout.split()
    program = tmp_path / "xmpp_echo"
    subprocess.run(["cc", "-std=c99", "-o", program, ROOT / "examples" / "c" / "xmpp_echo.c", *flags], check=True)
    bot = subprocess.Popen(
        [program, server.plain(), "bob@localhost/bot", "secret", server.folder / "root.pem"],
        env=environment,
        stdout=subprocess.PIPE,
    )
    try:
        hears(bot, "ready as bob@localhost/bot")
        alice = account(loop, server).online(server.plain())
        alice.send("<message to='bob@localhost/bot' type='chat'><body>h\u00e9 &amp; ho</body></message>")
        loop.until(lambda: alice.messages)
        assert str(alice.messages[0].body) == "h\u00e9 & ho" and alice.messages[0]["from"] == "bob@localhost/bot"
    finally:
        bot.terminate()
        bot.wait(LIMIT)


@pytest.fixture
def reactor():
    from plait.internet.reactors import Reactor

    made = Reactor()
    yield made
    made.close()


def turn(reactor, condition):
    end = time.monotonic() + LIMIT
    while not condition():
        reactor.iterate(0.05)
        assert time.monotonic() < end, "it took too long"


def twisted_names(reactor, server, name, password="secret", resource="twisted", **more):
    """An account by Twisted's names, with what its stream tells."""
    from plait.internet import ssl
    from plait.words.protocols.jabber import client, jid, xmlstream

    trust = ssl.trustRootFromCertificates([ssl.Certificate.loadPEM((server.folder / "root.pem").read_bytes())])
    options = ssl.optionsForClientTLS("localhost", trustRoot=trust)
    factory = client.XMPPClientFactory(jid.JID(f"{name}@localhost/{resource}"), password, options, **more)
    factory.initialDelay = factory.delay = 0.05
    heard = []
    for event in (
        xmlstream.STREAM_CONNECTED_EVENT,
        xmlstream.STREAM_AUTHD_EVENT,
        xmlstream.INIT_FAILED_EVENT,
        xmlstream.STREAM_END_EVENT,
    ):
        factory.addBootstrap(event, lambda thing, event=event: heard.append((event.rpartition("/")[2], thing)))
    reactor.connectTCP("127.0.0.1", server.port, factory)
    return factory, heard


def test_by_the_names_of_twisted(reactor, server):
    from plait.words.protocols.jabber import error, jid, xmlstream
    from plait.words.xish import domish

    sides = [twisted_names(reactor, server, name) for name in ("alice", "bob")]
    turn(reactor, lambda: all([event for event, _ in heard] == ["connected", "authd"] for _, heard in sides))
    alice, bob = (heard[-1][1] for _, heard in sides)
    assert alice.thisEntity == jid.JID("alice@localhost/twisted") and alice.sid
    got = []
    bob.addObserver("/message[@type='chat']/body", got.append)
    bob.addOnetimeObserver("/message", lambda stanza: got.append("once"))
    message = domish.Element((None, "message"))
    message["to"], message["type"] = bob.thisEntity.full(), "chat"
    message.addElement("body", content="h\u00e9 <ho>")
    alice.send(message)
    alice.send(message.toXml())
    turn(reactor, lambda: len(got) == 3)
    assert [str(stanza.body) for stanza in got if stanza != "once"] == ["h\u00e9 <ho>"] * 2

    answers = []
    request = xmlstream.IQ(alice, "get")
    request.addElement(("urn:xmpp:ping", "ping"))
    request.send("localhost").addBoth(answers.append)
    strange = xmlstream.IQ(alice)
    strange.addElement(("urn:strange", "x"))
    strange.send(bob.thisEntity.full()).addBoth(answers.append)

    def answer(stanza):
        response = xmlstream.toResponse(stanza, "result")
        response.addElement(("urn:mine", "mine"))
        bob.send(response)

    bob.addObserver("/iq[@type='get']/mine", answer)
    mine = xmlstream.IQ(alice, "get")
    mine.addElement(("urn:mine", "mine"))
    mine.send(bob.thisEntity.full()).addBoth(answers.append)
    turn(reactor, lambda: len(answers) == 3)
    kinds = {getattr(getattr(answer, "value", answer), "condition", None) for answer in answers}
    assert kinds == {None, "service-unavailable"}
    assert any(isinstance(getattr(answer, "value", None), error.StanzaError) for answer in answers)
    assert any(getattr(answer, "mine", None) for answer in answers)

    for factory, _ in sides:
        factory.stopTrying()
    alice.sendFooter()
    bob.sendFooter()
    turn(reactor, lambda: all(heard[-1][0] == "end" for _, heard in sides))


def test_a_wrong_password_by_the_names_of_twisted(reactor, server):
    from plait.words.protocols.jabber import sasl

    factory, heard = twisted_names(reactor, server, "alice", "wrong")
    turn(reactor, lambda: any(event == "end" for event, _ in heard))
    factory.stopTrying()
    assert [event for event, _ in heard] == ["connected", "initfailed", "end"]
    assert isinstance(heard[1][1].value, sasl.SASLAuthError) and heard[1][1].value.condition == "not-authorized"


@pytest.mark.parametrize("times", [1, 6])
def test_another_host_is_to_be_seen(reactor, server, times):
    from plait.internet.protocol import Factory, Protocol

    class Elsewhere(Protocol):
        def connectionMade(self):
            came.append(self)
            # Whoever goes round in circles has to stop.
            port = there if len(came) >= times else here
            self.transport.write(
                b"<stream:stream xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams' version='1.0'>"
                b"<stream:error><see-other-host xmlns='urn:ietf:params:xml:ns:xmpp-streams'>127.0.0.1:%d</see-other-host>"
                b"</stream:error></stream:stream>" % port
            )
            self.transport.loseConnection()

    came, there = [], server.port
    here = reactor.listenTCP(0, Factory.forProtocol(Elsewhere), interface="127.0.0.1").getHost().port
    server.port = here
    try:
        factory, heard = twisted_names(reactor, server, "alice")
    finally:
        server.port = there
    factory.initialDelay = factory.delay = 0.01
    if times > factory.maxRedirects:
        turn(reactor, lambda: len(came) > factory.maxRedirects)
        factory.stopTrying()
        return
    turn(reactor, lambda: any(event == "authd" for event, _ in heard))
    assert len(came) == times and factory._redirects == 0
    factory.stopTrying()
    heard[-1][1].sendFooter()
    turn(reactor, lambda: heard[-1][0] == "end")


def test_parts_of_a_program(reactor, server):
    from plait.words.protocols.jabber import xmlstream

    factory, _ = twisted_names(reactor, server, "alice")
    manager, heard = xmlstream.StreamManager(factory), []

    class Part(xmlstream.XMPPHandler):
        def connectionInitialized(self):
            heard.append("initialized")
            self.xmlstream.addObserver("/message", lambda stanza: heard.append(str(stanza.body)))

        def connectionLost(self, reason):
            super().connectionLost(reason)
            heard.append("lost")

    part = Part()
    part.setHandlerParent(manager)
    part.send("<message xmlns='jabber:client' to='alice@localhost/twisted'><body>waited</body></message>")
    turn(reactor, lambda: heard == ["initialized", "waited"])
    factory.stopTrying()
    manager.xmlstream.sendFooter()
    turn(reactor, lambda: heard[-1] == "lost")


class Person:
    """An account as people use it: what it hears, by the names of xmppim."""

    def __init__(self, reactor, server, name, resource="im"):
        from plait.words.protocols.jabber import xmppim

        self.heard, self.contacts, self.rosters = [], [], []
        self.factory, events = twisted_names(
            reactor, server, name, resource=resource, software="Probe", software_version="1", identity="client/bot",
            features="urn:x", flags=xmppim.ROSTER | xmppim.CARBONS | xmppim.RECEIPTS,
        )
        self.factory.addBootstrap(xmppim.CONTACT_EVENT, self.contacts.append)
        self.factory.addBootstrap(xmppim.ROSTER_EVENT, self.rosters.append)
        turn(reactor, lambda: events and events[-1][0] == "authd")
        self.stream = events[-1][1]
        self.stream.addObserver("/message", lambda stanza: self.heard.append(xmppim.readMessage(self.stream, stanza)))
        self.stream.addObserver("/presence", lambda stanza: self.heard.append(xmppim.readPresence(self.stream, stanza)))
        turn(reactor, lambda: self.rosters == [0])
        xmppim.sendPresence(self.stream)

    def take(self, reactor, wanted):
        turn(reactor, lambda: any(wanted(thing) for thing in self.heard))
        found = next(thing for thing in self.heard if wanted(thing))
        self.heard.remove(found)
        return found

    def leave(self, reactor):
        self.factory.stopTrying()
        self.stream.sendFooter()


def done(reactor, deferred):
    results = []
    deferred.addBoth(results.append)
    turn(reactor, lambda: results)
    return results[0]


def test_people(reactor, server):
    from plait.words.protocols.jabber import xmppim
    from plait.words.protocols.jabber.xmppim import Contact, Message, Presence
    from plait.words.xish import domish

    alice, other, bob = (Person(reactor, server, *who) for who in (("alice", "one"), ("alice", "two"), ("bob", "im")))

    # The roster: what one client changes, the other is told; the contact answers.
    result = done(reactor, xmppim.setContact(alice.stream, Contact("bob@localhost", "Bob", ["Friends", "H\u00e9"])))
    assert isinstance(result, domish.Element), result
    for side in (alice, other):
        turn(reactor, lambda side=side: side.contacts)
        assert side.contacts[0].jid == "bob@localhost" and sorted(side.contacts[0].groups) == ["Friends", "H\u00e9"]
        assert [contact.name for contact in xmppim.contacts(side.stream)] == ["Bob"]
    xmppim.sendPresence(alice.stream, Presence(to="bob@localhost", type="subscribe"))
    asked = bob.take(reactor, lambda thing: getattr(thing, "type", "") == "subscribe")
    assert asked.sender == "alice@localhost"
    xmppim.sendPresence(bob.stream, Presence(to=asked.sender, type="subscribed"))
    turn(reactor, lambda: alice.contacts[-1].subscription == "to")
    seen = alice.take(reactor, lambda thing: thing.sender == "bob@localhost/im" and thing.type == "available")

    # What the other's software can do is what its digest says.
    info = done(reactor, xmppim.query(alice.stream, seen.sender, "query", "http://jabber.org/protocol/disco#info"))
    assert xmppim.capabilities(info) == seen.capsVer and seen.capsNode == "Probe"
    version = done(reactor, xmppim.query(alice.stream, seen.sender, "query", "jabber:iq:version"))
    assert str(version.query.firstChildElement()) == "Probe"
    assert done(reactor, xmppim.query(alice.stream, None, "ping", "urn:xmpp:ping"))["type"] == "result"

    # A message, its receipt, and the copy that the other client gets of each.
    xmppim.sendMessage(alice.stream, Message("bob@localhost/im", "h\u00e9 <ho>", id="m1", thread="t", state="active", wantsReceipt=True))
    got = bob.take(reactor, lambda thing: isinstance(thing, Message))
    assert (got.body, got.id, got.thread, got.state, got.wantsReceipt, got.copy) == ("h\u00e9 <ho>", "m1", "t", "active", True, None)
    assert alice.take(reactor, lambda thing: isinstance(thing, Message)).receipt == "m1"
    copied = other.take(reactor, lambda thing: isinstance(thing, Message) and thing.copy == "sent")
    assert copied.body == "h\u00e9 <ho>" and copied.sender == "alice@localhost/one"
    xmppim.sendMessage(bob.stream, Message("alice@localhost/one", "secret", private=True))
    assert alice.take(reactor, lambda thing: isinstance(thing, Message)).body == "secret"

    # A room: who is there, what is said, and who is sent away.
    room = "people@rooms.localhost"
    xmppim.sendPresence(alice.stream, Presence(to=f"{room}/alice", join=True))
    mine = alice.take(reactor, lambda thing: thing.sender == f"{room}/alice")
    assert mine.role == "moderator" and mine.affiliation == "owner" and mine.flags & 4
    xmppim.sendPresence(bob.stream, Presence(to=f"{room}/bob", join=True, history=0))
    assert alice.take(reactor, lambda thing: thing.sender == f"{room}/bob").role == "participant"
    xmppim.sendMessage(bob.stream, Message(room, "hi all", type="groupchat"))
    assert alice.take(reactor, lambda thing: getattr(thing, "body", None) == "hi all").sender == f"{room}/bob"
    xmppim.sendMessage(alice.stream, Message(room, subject="Tea", type="groupchat"))
    assert bob.take(reactor, lambda thing: getattr(thing, "subject", None) == "Tea").type == "groupchat"
    assert done(reactor, xmppim.setOccupant(alice.stream, room, nick="bob", role="none", reason="late"))["type"] == "result"
    gone = bob.take(reactor, lambda thing: thing.sender == f"{room}/bob" and thing.type == "unavailable")
    assert gone.flags & 32 and gone.reason == "late"
    done(reactor, xmppim.setOccupant(alice.stream, room, jid="bob@localhost", affiliation="outcast"))
    xmppim.sendPresence(bob.stream, Presence(to=f"{room}/bob", join=True))
    assert bob.take(reactor, lambda thing: thing.type == "error").error == 204  # forbidden

    done(reactor, xmppim.removeContact(alice.stream, "bob@localhost"))
    turn(reactor, lambda: other.contacts[-1].subscription == "remove")
    assert xmppim.contacts(alice.stream) == []
    for side in (alice, other, bob):
        side.leave(reactor)


def test_a_component_by_the_names_of_twisted(reactor, server):
    from plait.words.protocols.jabber import component, xmlstream

    factory = component.componentFactory("comp.localhost", "s3cr3t")
    ready = []
    factory.addBootstrap(xmlstream.STREAM_AUTHD_EVENT, ready.append)
    reactor.connectTCP("127.0.0.1", server.component, factory)
    turn(reactor, lambda: ready)
    assert ready[0].thisEntity.full() == "comp.localhost"
    factory.stopTrying()
    ready[0].sendFooter()
    turn(reactor, lambda: not factory.connector or ready[0]._conn)


def test_a_server_of_components(reactor):
    from plait.words.protocols.jabber import component, xmlstream

    router, heard = component.Router(), []
    factory = component.XMPPComponentServerFactory(router, "s3cr3t")
    port = reactor.listenTCP(0, factory, interface="127.0.0.1").getHost().port

    class Part(component.Service):
        def componentConnected(self, xs):
            heard.append("connected")
            xs.addObserver("/message/body", lambda stanza: heard.append(str(stanza.body)))

        def componentDisconnected(self):
            heard.append("disconnected")

    def message(sender, text):
        return f"<message to='two.example/x' from='{sender}'><body>{text}</body></message>"

    manager = component.buildServiceManager("one.example", "s3cr3t", f"tcp:127.0.0.1:{port}", reactor)
    part = Part()
    part.setServiceParent(manager)
    manager.startService()
    turn(reactor, lambda: "one.example" in router.routes and heard == ["connected"])

    # Nobody is there for it yet.
    request = xmlstream.IQ(manager.xmlstream, "get")
    request["from"] = "one.example"
    request.addElement(("urn:x", "x"))
    refused = done(reactor, request.send("two.example"))
    assert refused.value.condition == "remote-server-not-found"

    peers = [
        subprocess.Popen(
            [sys.executable, ROOT / "Tests/interop/twisted_component.py", str(port), domain, secret], stdout=subprocess.PIPE, text=True
        )
        for domain, secret in (("two.example", "s3cr3t"), ("three.example", "wrong"))
    ]
    try:
        turn(reactor, lambda: "two.example" in router.routes)
        part.send(message("a@one.example", "there and back"))
        turn(reactor, lambda: heard[-1] == "there and back")
        turn(reactor, lambda: peers[1].poll() is not None)
        assert peers[1].stdout.read() == "refused not-authorized\n" and "three.example" not in router.routes

        # Who speaks for another is not heard any more.
        part.send(message("a@two.example", "forged"))
        turn(reactor, lambda: heard[-1] == "disconnected" or heard[-1] == "connected" and len(heard) > 2)
        assert "forged" not in heard
    finally:
        manager.stopService()
        for peer in peers:
            peer.kill()
            peer.wait(LIMIT)
    turn(reactor, lambda: not router.routes)


def test_the_presence_watcher(loop, server):
    command = [sys.executable, ROOT / "examples" / "python" / "xmpp_presence.py", "127.0.0.1", str(server.port), "bob@localhost/eye"]
    for password, said in (("wrong", "not let in: SASLAuthError with condition 'not-authorized'"), ("secret", "watching as bob@localhost/eye")):
        watcher = subprocess.Popen(
            [*command, password, server.folder / "root.pem"],
            stdout=subprocess.PIPE,
            env={**os.environ, "PYTHONPATH": str(ROOT / "bindings" / "python")},
        )
        try:
            hears(watcher, said)
            if password == "secret":
                hears(watcher, "bob@localhost/eye is available ")
                bob = account(loop, server, "bob").online(server.plain())
                bob.send("<presence><show>away</show><status>at lunch</status></presence>".replace("<presence>", "<presence xmlns='jabber:client'>"))
                loop.until(lambda: bob.presences)
                hears(watcher, f"{bob.jid()} is away at lunch")
        finally:
            watcher.terminate()
            watcher.wait(LIMIT)


@pytest.mark.parametrize("program", ["twisted_xmpp.py", "slixmpp_bot.py"])
def test_others_at_the_other_end(loop, server, program):
    bot = subprocess.Popen(
        [sys.executable, ROOT / "Tests" / "interop" / program, str(server.port), "bob@localhost/bot", "secret", server.folder / "root.pem"],
        stdout=subprocess.PIPE,
    )
    try:
        hears(bot, "ready")
        alice = account(loop, server).online(server.plain())
        for number in range(100):
            alice.send(f"<message to='bob@localhost/bot' type='chat'><body>{number} &lt;\u20ac&gt;</body></message>")
        loop.until(lambda: len(alice.messages) == 100)
        assert [str(message.body) for message in alice.messages] == [f"{number} <\u20ac>" for number in range(100)]
    finally:
        bot.terminate()
        bot.wait(LIMIT)
