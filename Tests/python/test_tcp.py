"""Servers and clients over TCP and UNIX sockets, with plain sockets as their peers."""

from __future__ import annotations

import os
import socket

import pytest

from conftest import LIMIT, in_thread, lost, reserved_port, run, until, wants
from plait.internet import endpoints, error, protocol
from plait.internet.address import IPv4Address, IPv6Address, UNIXAddress
from plait.internet.defer import Deferred
from plait.protocols import basic


class EchoLines(basic.LineReceiver):
    def lineReceived(self, line):
        self.sendLine(line)
        if line == b"bye":
            self.transport.loseConnection()


class EchoBytes(protocol.Protocol):
    def dataReceived(self, data):
        self.transport.write(data)
        if data.endswith(b"bye\r\n"):
            self.transport.loseConnection()


class EchoOverridden(EchoLines):
    """Its own dataReceived sees the bytes first."""

    def dataReceived(self, data):
        self.seen = getattr(self, "seen", b"") + data
        super().dataReceived(data)


def talk(address, data, family=socket.AF_INET):
    """Sends bytes to a server, and gives all that it answers."""
    with socket.socket(family) as peer:
        peer.settimeout(LIMIT)
        peer.connect(address)
        peer.sendall(data)
        answer = b""
        while chunk := peer.recv(65536):
            answer += chunk
        return answer


@pytest.mark.parametrize("kind", [EchoLines, EchoBytes, EchoOverridden])
def test_echo(reactor, kind):
    port = reactor.listenTCP(0, protocol.Factory.forProtocol(kind), interface="127.0.0.1")
    data = b"hello\r\n" + b"x" * 10000 + b"\r\nbye\r\n"
    answer = run(reactor, in_thread(reactor, talk, ("127.0.0.1", port.getHost().port), data))
    assert answer == data


def test_many_connections_at_once(reactor):
    port = reactor.listenTCP(0, protocol.Factory.forProtocol(EchoLines), interface="127.0.0.1")
    address = ("127.0.0.1", port.getHost().port)
    waiting = [
        in_thread(reactor, talk, address, b"%d\r\n" % n * 1000 + b"bye\r\n") for n in range(20)
    ]
    for n, deferred in enumerate(waiting):
        assert run(reactor, deferred) == b"%d\r\n" % n * 1000 + b"bye\r\n"


def test_over_a_unix_socket(reactor, tmp_path):
    path = str(tmp_path / "socket")
    port = reactor.listenUNIX(path, protocol.Factory.forProtocol(EchoLines), mode=0o600)
    assert port.getHost() == UNIXAddress(path)
    assert os.stat(path).st_mode & 0o777 == 0o600
    answer = run(reactor, in_thread(reactor, talk, path, b"bye\r\n", socket.AF_UNIX))
    assert answer == b"bye\r\n"
    port.stopListening()
    assert not os.path.exists(path)


class Recorder(basic.LineReceiver):
    """Tells of everything by Deferreds and lists."""

    def __init__(self):
        self.events = []
        self.made, self.reason = Deferred(), None

    def connectionMade(self):
        self.events.append("made")
        self.made.callback(self)

    def lineReceived(self, line):
        self.events.append(line)

    def connectionLost(self, reason):
        self.events.append(reason.type)
        self.reason = reason


class RecordingFactory(protocol.ClientFactory):
    """Writes down what it is told; its protocols are Recorders."""

    def __init__(self):
        self.events = []
        self.built = []

    def buildProtocol(self, addr):
        self.events.append(("build", addr))
        made = Recorder()
        made.factory = self
        self.built.append(made)
        return made

    def startFactory(self):
        self.events.append("start")

    def stopFactory(self):
        self.events.append("stop")

    def startedConnecting(self, connector):
        self.events.append("started")

    def clientConnectionFailed(self, connector, reason):
        self.events.append(("failed", reason.type))

    def clientConnectionLost(self, connector, reason):
        self.events.append(("lost", reason.type))


@pytest.mark.parametrize("kind", [EchoLines, EchoBytes])
def test_a_client(reactor, kind):
    port = reactor.listenTCP(0, protocol.Factory.forProtocol(kind), interface="127.0.0.1")
    address = port.getHost()
    factory = RecordingFactory()
    connector = reactor.connectTCP("127.0.0.1", address.port, factory)
    assert connector.state == "connecting"
    assert connector.getDestination() == IPv4Address("TCP", "127.0.0.1", address.port)
    until(reactor, lambda: factory.built)
    client = factory.built[0]
    run(reactor, client.made)
    assert connector.state == "connected"
    assert client.transport.getPeer() == address
    assert client.transport.getHost().host == "127.0.0.1"
    client.sendLine(b"one")
    client.sendLine(b"bye")
    until(reactor, lambda: factory.events[-1] == "stop")
    assert client.events == ["made", b"one", b"bye", error.ConnectionDone]
    assert factory.events == [
        "start",
        "started",
        ("build", address),
        ("lost", error.ConnectionDone),
        "stop",
    ]
    assert connector.state == "disconnected"


def test_nobody_listens(reactor):
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        factory = RecordingFactory()
        reactor.connectTCP("127.0.0.1", unused.getsockname()[1], factory)
        until(reactor, lambda: factory.events[-1] == "stop")
    assert factory.events == ["start", "started", ("failed", error.ConnectionRefusedError), "stop"]


def test_giving_an_attempt_up(reactor):
    factory = RecordingFactory()
    connector = reactor.connectTCP("127.0.0.1", 1, factory)
    connector.stopConnecting()
    assert factory.events == ["start", "started", ("failed", error.UserError), "stop"]
    with pytest.raises(error.NotConnectingError):
        connector.stopConnecting()
    reactor.iterate()
    assert len(factory.events) == 4


def test_connecting_again(reactor):
    port = reactor.listenTCP(0, protocol.Factory.forProtocol(EchoLines), interface="127.0.0.1")

    class Again(RecordingFactory):
        def clientConnectionLost(self, connector, reason):
            super().clientConnectionLost(connector, reason)
            if len(self.built) < 3:
                connector.connect()

    factory = Again()
    connector = reactor.connectTCP("127.0.0.1", port.getHost().port, factory)
    for number in range(3):
        until(reactor, lambda n=number: len(factory.built) == n + 1 and factory.built[n].connected)
        connector.disconnect()
    until(reactor, lambda: factory.events[-1] == "stop")
    assert [event for event in factory.events if event in ("start", "started", "stop")] == [
        "start",
        "started",
        "started",
        "started",
        "stop",
    ]


def test_a_port_that_is_taken(reactor):
    factory = RecordingFactory()
    port = reactor.listenTCP(0, factory, interface="127.0.0.1")
    with pytest.raises(error.CannotListenError) as caught:
        reactor.listenTCP(port.getHost().port, factory, interface="127.0.0.1")
    assert caught.value.port == port.getHost().port
    assert isinstance(caught.value.socketError, OSError)
    assert factory.events == ["start"]
    order = []
    stopped = port.stopListening().addCallback(lambda _: order.extend(factory.events))
    # The factory is told in the next turn, and whoever waits then.
    assert factory.events == ["start"] and not port.connected
    run(reactor, stopped)
    assert order == factory.events == ["start", "stop"]
    assert port.stopListening().called
    port.startListening()
    with pytest.raises(error.AlreadyListened):
        port.startListening()
    port.stopListening()


def test_ipv6(reactor):
    factory = RecordingFactory()
    wants("::1")
    port = reactor.listenTCP(0, factory, interface="::1")
    client = RecordingFactory()
    reactor.connectTCP("::1", port.getHost().port, client)
    until(reactor, lambda: factory.built and client.built)
    assert isinstance(port.getHost(), IPv6Address)
    assert factory.built[0].transport.getHost() == port.getHost()


def test_a_factory_that_refuses(reactor):
    class Refusing(protocol.Factory):
        def buildProtocol(self, addr):
            return None

    port = reactor.listenTCP(0, Refusing(), interface="127.0.0.1")
    address = ("127.0.0.1", port.getHost().port)
    assert run(reactor, in_thread(reactor, talk, address, b"")) == b""


class Failing(basic.LineReceiver):
    """Raises where it is told to."""

    def __init__(self, where):
        self.where = where
        self.reason = None

    def connectionMade(self):
        if self.where == "made":
            raise KeyError("made")

    def lineReceived(self, line):
        if line == b"fail":
            self.sendLine(b"before")
            raise KeyError("line")
        self.sendLine(line)

    def connectionLost(self, reason):
        self.reason = reason


@pytest.mark.logs_errors
@pytest.mark.parametrize("where", ["made", "line", "build"])
def test_an_exception_ends_its_connection_alone(reactor, caplog, where):
    class Building(protocol.Factory):
        def __init__(self):
            self.built = []

        def buildProtocol(self, addr):
            if where == "build" and not self.built:
                self.built.append(None)
                raise KeyError("build")
            self.built.append(Failing(where if not self.built else ""))
            return self.built[-1]

    factory = Building()
    port = reactor.listenTCP(0, factory, interface="127.0.0.1")
    address = ("127.0.0.1", port.getHost().port)
    data = b"ok\r\nfail\r\nnever\r\n" if where == "line" else b""
    answer = run(reactor, in_thread(reactor, talk, address, data))
    assert answer == (b"ok\r\nbefore\r\n" if where == "line" else b"")
    assert f"KeyError: '{where}'" in caplog.text
    if where != "build":
        reason = lost(reactor, factory.built[0])
        assert reason.type is KeyError
    # The reactor goes on, and so does the port.
    with socket.create_connection(address, LIMIT) as peer:
        peer.sendall(b"still here\r\n")
        until(reactor, lambda: len(factory.built) == 2)
        peer.setblocking(False)
        got = []
        until(reactor, lambda: got or _arrived(peer, got))
        assert got == [b"still here\r\n"]


def _arrived(peer, got):
    try:
        got.append(peer.recv(1000))
    except BlockingIOError:
        return False
    return True


def test_running_again(reactor):
    for _ in range(3):
        factory = protocol.Factory.forProtocol(EchoLines)
        port = reactor.listenTCP(0, factory, interface="127.0.0.1")
        done = in_thread(reactor, talk, ("127.0.0.1", port.getHost().port), b"bye\r\n")
        done.addBoth(lambda result: reactor.stop() or results.append(result))
        results = []
        reactor.run()
        assert results == [b"bye\r\n"]
        assert factory.numPorts == 0


def test_stopping_loses_the_connections(reactor):
    server, client = RecordingFactory(), RecordingFactory()
    port = reactor.listenTCP(0, server, interface="127.0.0.1")
    reactor.connectTCP("127.0.0.1", port.getHost().port, client)
    until(reactor, lambda: server.built and client.built and client.built[0].connected)
    reactor.callWhenRunning(reactor.stop)
    reactor.run()
    assert server.built[0].events == ["made", error.ConnectionLost]
    assert client.events[-2:] == [("lost", error.ConnectionLost), "stop"]
    assert not reactor.transports and not reactor.ports


def test_closing_a_reactor(reactor):
    from plait.internet.reactors import Reactor

    other = Reactor()
    server, client = RecordingFactory(), RecordingFactory()
    port = other.listenTCP(0, server, interface="127.0.0.1")
    other.connectTCP("127.0.0.1", port.getHost().port, client)
    until(other, lambda: server.built and client.built and client.built[0].connected)
    other.close()
    assert server.built[0].events == ["made", error.ConnectionLost]


class Fails(protocol.ClientFactory):
    protocol = EchoBytes
    fails = "startFactory"

    def startFactory(self):
        self.fail("startFactory")

    def startedConnecting(self, connector):
        self.connector = connector
        self.fail("startedConnecting")

    def fail(self, name):
        if name == self.fails:
            raise ValueError(name)


def test_a_port_whose_factory_does_not_start(reactor):
    with reserved_port() as number:
        with pytest.raises(ValueError, match="startFactory"):
            reactor.listenTCP(number, Fails(), interface="127.0.0.1")
        assert not reactor.ports
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection(("127.0.0.1", number), LIMIT)


@pytest.mark.parametrize("fails", ["startFactory", "startedConnecting", "timeout"])
def test_a_connector_that_raises_has_ended(reactor, fails):
    factory = Fails()
    factory.fails, timeout = fails, 30 if fails != "timeout" else float("nan")
    with pytest.raises(ValueError):
        reactor.connectTCP("127.0.0.1", 1, factory, timeout=timeout)
    assert not reactor.connectors and factory.numPorts == 0
    if fails != "startFactory":
        assert factory.connector.state == "disconnected"


def test_connecting_without_end(reactor):
    port = reactor.listenTCP(0, protocol.Factory.forProtocol(EchoBytes), interface="127.0.0.1")
    factory = Fails()
    factory.fails = ""
    number = port.getHost().port
    connector = reactor.connectTCP("127.0.0.1", number, factory, timeout=float("inf"))
    until(reactor, lambda: connector.state == "connected")
    connector.disconnect()
    until(reactor, lambda: not reactor.connectors)


def test_names_that_c_would_cut(reactor, tmp_path):
    """Where a NUL is inside, C would read a part of it as the whole, without its options."""
    path = str(tmp_path / "socket")
    factory = Fails()
    for function in (
        lambda: reactor.listenUNIX(path + "\0.sock", factory, mode=0o600),
        lambda: reactor.listenUNIX(os.fsencode(path) + b"\0", factory),
        lambda: reactor.connectUNIX(path + "\0", factory),
        lambda: reactor.listenTCP(0, factory, interface="127.0.0.1\0"),
        lambda: reactor.connectTCP("localhost\0.invalid", 1, factory),
        lambda: endpoints.serverFromString(reactor, f"unix:{path}\0:mode=600"),
        lambda: endpoints.clientFromString(reactor, "tcp:localhost:1\0"),
    ):
        with pytest.raises(ValueError, match="null"):
            function()
    assert os.listdir(tmp_path) == []


class Answers:
    """Has an answer to whatever it is asked: it is no framer for that."""

    def __init__(self, heard):
        self.heard = heard

    def __getattr__(self, name):
        return lambda *args: self.heard.append((name, *args))


class Delegate:
    """Changes what it hands on."""

    def __init__(self, inner):
        self.inner = inner

    def __getattr__(self, name):
        return getattr(self.inner, name)

    def dataReceived(self, data):
        self.inner.dataReceived(data.upper())


def test_protocols_that_hand_on_what_they_are_asked(reactor):
    heard = []

    class Factory(protocol.Factory):
        def buildProtocol(self, addr):
            return made.pop()

    made = [Answers(heard), Delegate(EchoLines())]
    port = reactor.listenTCP(0, Factory(), interface="127.0.0.1")
    where = ("127.0.0.1", port.getHost().port)
    with socket.create_connection(where, LIMIT) as peer:
        peer.sendall(b"one\r\n")
        answer = in_thread(reactor, peer.recv, 100)
        assert run(reactor, answer) == b"ONE\r\n"
    with socket.create_connection(where, LIMIT) as peer:
        peer.sendall(b"one\r\n")
        until(reactor, lambda: len(heard) > 1)
    assert [event[0] for event in heard[:2]] == ["makeConnection", "dataReceived"]
    assert heard[1][1] == b"one\r\n"


class AnswersAll(EchoLines):
    reason = None

    def __getattr__(self, name):
        return lambda *args: None

    def connectionLost(self, reason):
        self.reason = reason


def test_a_framer_that_has_an_answer_to_everything(reactor):
    made = AnswersAll()

    class Factory(protocol.Factory):
        def buildProtocol(self, addr):
            return made

    port = reactor.listenTCP(0, Factory(), interface="127.0.0.1")
    with socket.create_connection(("127.0.0.1", port.getHost().port), LIMIT) as peer:
        peer.sendall(b"one\r\n")
        assert run(reactor, in_thread(reactor, peer.recv, 100)) == b"one\r\n"
    assert lost(reactor, made).type is error.ConnectionDone
