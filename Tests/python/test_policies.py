"""Policies, on string transports and clocks."""

from __future__ import annotations

import io
import logging

import pytest

from conftest import until
from plait.internet import error, protocol
from plait.internet.address import IPv4Address, IPv6Address, UNIXAddress
from plait.internet.task import Clock
from plait.protocols import basic, policies
from plait.python.failure import Failure
from plait.test.proto_helpers import (
    AccumulatingProtocol,
    StringTransport,
    StringTransportWithDisconnection,
)

DONE = Failure(error.ConnectionDone())


def address(host="10.0.0.9", port=1):
    kind = IPv6Address if ":" in host else IPv4Address
    return kind("TCP", host, port)


class Refusing(protocol.Factory):
    def buildProtocol(self, addr):
        return None


def inner(kind=AccumulatingProtocol):
    return protocol.Factory.forProtocol(kind)


def connect(factory, host="10.0.0.9", transport=None):
    """A wrapper on a transport; None if it was refused."""
    wrapper = factory.buildProtocol(address(host))
    if wrapper is not None:
        transport = transport or StringTransportWithDisconnection()
        transport.protocol = wrapper
        wrapper.makeConnection(transport)
    return wrapper


# ---- Wrapping


@pytest.mark.parametrize("order", ["factory first", "protocol first", "by name"])
def test_both_orders(order):
    factory, made = policies.WrappingFactory(inner()), protocol.Protocol()
    if order == "factory first":
        wrapper = policies.ProtocolWrapper(factory, made)
    elif order == "protocol first":
        wrapper = policies.ProtocolWrapper(made, factory)
    else:
        wrapper = policies.ProtocolWrapper(protocol=made, factory=factory)
    assert wrapper.factory is factory and wrapper.wrappedProtocol is made
    with pytest.raises(TypeError):
        policies.ProtocolWrapper(factory, made, other=1)


def test_wrapped():
    within = inner()
    factory = policies.WrappingFactory(within)
    wrapper = connect(factory)
    made, transport = wrapper.wrappedProtocol, wrapper.transport
    assert made.transport is wrapper and made.factory is within and made.made
    assert list(factory.protocols) == [wrapper]
    wrapper.dataReceived(b"abc")
    wrapper.write(b"x")
    wrapper.writeSequence([b"y", b"z"])
    assert made.data == b"abc" and transport.value() == b"xyz"
    assert wrapper.getPeer() == transport.getPeer() and wrapper.getHost() == transport.getHost()
    # What it has not itself is the transport's.
    assert wrapper.producerState == "producing"
    with pytest.raises(AttributeError):
        wrapper.nothing
    assert not wrapper.disconnecting
    wrapper.loseConnection()
    assert wrapper.disconnecting and made.closed and wrapper.wrappedProtocol is None
    assert not factory.protocols
    assert wrapper.logPrefix() and "WrappingFactory" in factory.logPrefix()
    counters = factory.counters
    assert (counters.open, counters.total, counters.bytesIn, counters.bytesOut) == (0, 1, 3, 3)


def test_half_closing_is_the_inner_protocols():
    class Half(protocol.Protocol):
        def readConnectionLost(self):
            self.ended = True

    wrapper = connect(policies.WrappingFactory(inner(Half)))
    wrapper.readConnectionLost()
    assert wrapper.wrappedProtocol.ended
    assert not hasattr(connect(policies.WrappingFactory(inner())), "readConnectionLost")


def test_a_refusal_is_a_refusal():
    factory = policies.WrappingFactory(policies.WrappingFactory(Refusing()))
    assert factory.buildProtocol(address()) is None
    assert factory.counters.refusedWithin == 1


def test_a_factory_around_a_client_factory():
    class Client(protocol.ClientFactory):
        def __init__(self):
            self.log = []

        def startFactory(self):
            self.log.append("start")

        def stopFactory(self):
            self.log.append("stop")

        def startedConnecting(self, connector):
            self.log.append("started")

        def clientConnectionFailed(self, connector, reason):
            self.log.append("failed")

        def clientConnectionLost(self, connector, reason):
            self.log.append("lost")

    client = Client()
    factory = policies.WrappingFactory(client)
    factory.doStart()
    factory.startedConnecting(None)
    factory.clientConnectionFailed(None, DONE)
    factory.clientConnectionLost(None, DONE)
    factory.doStop()
    assert client.log == ["start", "started", "failed", "lost", "stop"]


class Echo(basic.LineReceiver):
    def lineReceived(self, line):
        self.sendLine(line)
        if line == b"bye":
            self.transport.loseConnection()


def test_a_tower_over_tcp(reactor, tmp_path):
    """Six around each other, around a protocol that is framed in C, over a socket."""
    factory = inner(Echo)
    for wrap in (
        lambda f: policies.TimeoutFactory(f, 60),
        lambda f: policies.ThrottlingFactory(f, maxConnectionCount=10),
        lambda f: policies.LimitConnectionsByPeer(f, 3),
        lambda f: policies.AccessFactory(f, allow=["127.0.0.0/8"]),
        lambda f: policies.TrafficLoggingFactory(f, str(tmp_path / "log")),
        policies.WrappingFactory,
    ):
        factory = wrap(factory)
    port = reactor.listenTCP(0, factory, interface="127.0.0.1")

    class Client(basic.LineReceiver):
        lines, reason = (), None

        def connectionMade(self):
            self.sendLine(b"hello")
            self.sendLine(b"bye")

        def lineReceived(self, line):
            self.lines += (line,)

        def connectionLost(self, reason):
            self.reason = reason

    client = Client()
    clients = protocol.ClientFactory()
    clients.protocol = lambda: client
    reactor.connectTCP("127.0.0.1", port.getHost().port, policies.TimeoutFactory(clients, 60))
    until(reactor, lambda: client.reason is not None)
    assert client.lines == (b"hello", b"bye") and client.reason.check(error.ConnectionDone)
    until(reactor, lambda: not factory.protocols)
    assert factory.counters.bytesIn == factory.counters.bytesOut == 12
    assert (tmp_path / "log-1").read_text().startswith("*\nC 1: b'hello\\r\\nbye\\r\\n'\n")


# ---- How many


def test_in_all():
    factory = policies.ThrottlingFactory(inner(), maxConnectionCount=2)
    first, second = connect(factory), connect(factory)
    assert connect(factory) is None and factory.connectionCount == 2
    first.loseConnection()
    assert connect(factory) is not None
    assert factory.counters.refused == 1 and factory.counters.total == 3
    second.loseConnection()


def test_of_one_host():
    factory = policies.ThrottlingFactory(inner(), 2)
    first = connect(factory, "10.0.0.1")
    assert connect(factory, "10.0.0.1") and connect(factory, "10.0.0.1") is None
    assert connect(factory, "10.0.0.2")
    # One network of IPv6 is one host; one of IPv4 in IPv6 is what it is.
    assert connect(factory, "2001:db8::1") and connect(factory, "2001:db8::ffff:2")
    assert connect(factory, "2001:db8::3") is None and connect(factory, "2001:db8:0:1::3")
    assert connect(factory, "::ffff:10.0.0.1") is None
    first.loseConnection()
    assert connect(factory, "10.0.0.1")
    # Those that have no address are not limited by it.
    for _ in range(5):
        assert factory.buildProtocol(UNIXAddress(None)) is not None


@pytest.mark.parametrize(
    "make, per_host, in_all",
    [
        (lambda f: policies.ThrottlingFactory(f), 10, None),
        (lambda f: policies.ThrottlingFactory(f, 3), 3, None),
        (lambda f: policies.ThrottlingFactory(f, maxConnectionsPerIP=3), 3, None),
        (lambda f: policies.ThrottlingFactory(f, maxConnectionCount=3), None, 3),
        (lambda f: policies.ThrottlingFactory(f, 3, 10), None, 3),
        (lambda f: policies.ThrottlingFactory(f, 3, 10, 20), None, 3),
        (lambda f: policies.ThrottlingFactory(f, 3, writeLimit=20), None, 3),
        (lambda f: policies.ThrottlingFactory(f, readLimit=20), None, None),
    ],
)
def test_whose_form_it_is(make, per_host, in_all):
    factory = make(inner())
    assert (factory.maxConnectionsPerIP, factory.maxConnectionCount) == (per_host, in_all)
    with pytest.raises(TypeError):
        policies.ThrottlingFactory(inner(), 1, 2, 3, 4)


def test_denied_for_a_while():
    clock = Clock()
    factory = policies.ThrottlingFactory(inner(), maxConnectionsPerIP=1, denyPeriod=10)
    factory.seconds = clock.seconds
    first = connect(factory)
    assert connect(factory) is None
    first.loseConnection()
    assert connect(factory) is None
    clock.advance(10)
    assert connect(factory) is not None


def test_a_refusal_further_in_does_not_count():
    factory = policies.ThrottlingFactory(Refusing(), maxConnectionCount=1, maxConnectionsPerIP=1)
    for _ in range(3):
        assert factory.buildProtocol(address()) is None
    assert factory.connectionCount == 0 and not factory.peers


def test_by_peer():
    factory = policies.LimitConnectionsByPeer(inner())
    factory.maxConnectionsPerPeer = 2
    factory.doStart()
    first = connect(factory)
    assert connect(factory) and connect(factory) is None and connect(factory, "10.0.0.8")
    first.loseConnection()
    assert factory.peerConnections == {"10.0.0.9": 1, "10.0.0.8": 1}
    assert connect(factory)


def test_total_with_an_overflow():
    class Full(protocol.Protocol):
        def connectionMade(self):
            self.transport.write(b"full")

    factory = policies.LimitTotalConnectionsFactory()
    factory.protocol = AccumulatingProtocol
    factory.protocolConnectionMade = None
    factory.connectionLimit = 1
    first = connect(factory)
    assert connect(factory) is None
    factory.overflowProtocol = Full
    second = connect(factory)
    assert second.transport.value() == b"full" and factory.connectionCount == 2
    first.loseConnection()
    second.loseConnection()
    assert factory.connectionCount == 0


def test_lists():
    factory = policies.AccessFactory(
        inner(), allow=["10.0.0.0/8", "2001:db8::/32"], deny=["10.1.0.0/16"]
    )
    for host, admitted in [
        ("10.0.0.1", True),
        ("10.1.0.1", False),
        ("192.0.2.1", False),
        ("2001:db8::1", True),
        ("2001:db9::1", False),
        ("::ffff:10.0.0.1", True),
    ]:
        assert (connect(factory, host) is not None) == admitted, host
    assert factory.counters.refused == 3
    assert factory.buildProtocol(UNIXAddress(None)) is None
    with pytest.raises(ValueError):
        policies.AccessFactory(inner(), allow=["10.0.0.0/33"])


def test_accept_rate():
    clock = Clock()
    factory = policies.AccessFactory(inner(), acceptRate=2, acceptBurst=3)
    factory.seconds = clock.seconds
    assert [connect(factory) is not None for _ in range(4)] == [True] * 3 + [False]
    clock.advance(0.5)
    assert [connect(factory) is not None for _ in range(2)] == [True, False]


# ---- How fast


def throttled(clock, **limits):
    factory = policies.ThrottlingFactory(inner(), **limits)
    factory.callLater, factory.seconds = clock.callLater, clock.seconds
    return factory


def test_reading():
    clock = Clock()
    factory = throttled(clock, readLimit=100)
    wrapper, other = connect(factory), connect(factory)
    wrapper.dataReceived(b"x" * 100)
    assert wrapper.transport.producerState == "producing"
    wrapper.dataReceived(b"x" * 50)
    assert wrapper.transport.producerState == other.transport.producerState == "paused"
    clock.advance(0.499)
    assert wrapper.transport.producerState == "paused"
    clock.advance(0.001)
    assert wrapper.transport.producerState == other.transport.producerState == "producing"


def test_reading_of_each():
    clock = Clock()
    factory = throttled(clock, readLimit=100, perConnection=True)
    wrapper, other = connect(factory), connect(factory)
    wrapper.dataReceived(b"x" * 150)
    assert wrapper.transport.producerState == "paused"
    assert other.transport.producerState == "producing"
    # A protocol that does not want more is not made to read.
    wrapper.wrappedProtocol.transport.pauseProducing()
    clock.advance(1)
    assert wrapper.transport.producerState == "paused"
    wrapper.wrappedProtocol.transport.resumeProducing()
    assert wrapper.transport.producerState == "producing"


@pytest.mark.parametrize("connections", [1, 3])
def test_bandwidth_is_held(connections):
    """Within two hundredths over ten seconds, for plain writes, in reading and in writing."""
    clock = Clock()
    factory = throttled(clock, writeLimit=1000, readLimit=1000, burst=10)
    wrappers = [connect(factory) for _ in range(connections)]
    for wrapper in wrappers:
        wrapper.write(b"y" * 100_000)
    received = 0
    for _ in range(1000):
        for wrapper in wrappers:
            if wrapper.transport.producerState == "producing":
                wrapper.dataReceived(b"x" * 20)
                received += 20
        clock.advance(0.01)
    sent = [len(wrapper.transport.value()) for wrapper in wrappers]
    assert abs(sum(sent) - 10_000) <= 200 and abs(received - 10_000) <= 200
    assert max(sent) - min(sent) <= 0.05 * sum(sent)
    assert wrappers[0].waiting == 100_000 - sent[0]


def test_what_was_written_before_the_end_is_sent():
    clock = Clock()
    factory = throttled(clock, writeLimit=10)
    wrapper = connect(factory)
    wrapper.write(b"x" * 25)
    wrapper.loseConnection()
    wrapper.write(b"dropped")
    assert len(wrapper.transport.value()) == 10 and wrapper.transport.connected
    clock.pump([0.1] * 16)
    assert len(wrapper.transport.value()) == 25 and not wrapper.transport.connected
    assert not clock.calls and factory.connectionCount == 0


def test_an_abort_drops_what_waits():
    clock = Clock()
    factory = throttled(clock, writeLimit=10)
    wrapper = connect(factory)
    wrapper.write(b"x" * 25)
    wrapper.abortConnection()
    assert not wrapper.transport.connected and not clock.calls


def test_a_producer_rests():
    class Producer:
        log: list = []

        def pauseProducing(self):
            self.log.append("pause")

        def resumeProducing(self):
            self.log.append("resume")

        def stopProducing(self):
            self.log.append("stop")

    clock, producer = Clock(), Producer()
    factory = throttled(clock, writeLimit=10)
    wrapper = connect(factory)
    wrapper.registerProducer(producer, True)
    wrapper.write(b"x" * 15)
    assert producer.log == ["pause"]
    clock.pump([0.1] * 6)
    assert producer.log == ["pause", "resume"]
    wrapper.unregisterProducer()
    wrapper.registerProducer(producer, False)
    assert producer.log == ["pause", "resume", "resume"]
    wrapper.unregisterProducer()
    wrapper.loseConnection()


# ---- How long


def timed(clock, period=3, **limits):
    factory = policies.TimeoutFactory(inner(), period, **limits)
    factory.callLater = clock.callLater
    return factory


def test_idle():
    clock = Clock()
    wrapper = connect(timed(clock))
    clock.advance(2)
    wrapper.dataReceived(b"x")
    clock.advance(2)
    wrapper.write(b"x")
    clock.advance(2)
    wrapper.writeSequence([b"x"])
    clock.advance(2.9)
    assert wrapper.transport.connected
    clock.advance(0.1)
    assert not wrapper.transport.connected and not clock.calls


def test_never_idle():
    clock = Clock()
    wrapper = connect(timed(clock))
    wrapper.setTimeout(None)
    clock.advance(100)
    assert wrapper.transport.connected
    wrapper.setTimeout(5)
    wrapper.cancelTimeout()
    wrapper.resetTimeout()
    wrapper.setTimeout(1)
    clock.advance(1)
    assert not wrapper.transport.connected


def test_a_peer_that_does_not_read_is_aborted():
    clock, transport = Clock(), StringTransport()
    connect(timed(clock), transport=transport)
    clock.advance(3)
    assert transport.disconnecting and not transport.disconnected
    clock.advance(30)
    assert transport.disconnected


def test_handshake_and_absolute():
    clock = Clock()
    factory = timed(clock, None, handshakePeriod=2, absolutePeriod=10)
    silent, talking = connect(factory), connect(factory)
    talking.dataReceived(b"x")
    clock.advance(2)
    assert not silent.transport.connected and talking.transport.connected
    clock.advance(7.9)
    talking.dataReceived(b"x")
    assert talking.transport.connected
    clock.advance(0.1)
    assert not talking.transport.connected and not clock.calls


def test_minimum_rate():
    clock = Clock()
    factory = timed(clock, None, minimumRate=10, ratePeriod=5)
    slow, fast = connect(factory), connect(factory)
    for _ in range(20):
        slow.dataReceived(b"x")
        fast.dataReceived(b"x" * 10)
        clock.advance(1)
        if not slow.transport.connected:
            break
    assert clock.seconds() == 5 and fast.transport.connected
    fast.loseConnection()
    assert not clock.calls


def test_mixin():
    class Own(policies.TimeoutMixin, protocol.Protocol):
        closed = 0

        def timeoutConnection(self):
            self.closed += 1

    clock, own = Clock(), Own()
    own.callLater = clock.callLater
    own.makeConnection(StringTransport())
    assert own.setTimeout(5) is None
    clock.advance(3)
    own.resetTimeout()
    clock.advance(4)
    assert own.closed == 0 and own.setTimeout(2) == 5
    clock.advance(2)
    assert own.closed == 1 and own.setTimeout(None) == 2
    own.setTimeout(1)
    own.setTimeout(None)
    own.resetTimeout()
    assert not clock.calls
    policies.TimeoutMixin.timeoutConnection(own)
    assert own.transport.disconnecting


def test_mixin_on_a_reactor(reactor):
    class Own(policies.TimeoutMixin, protocol.Protocol):
        reason = None

        def connectionMade(self):
            self.setTimeout(0.01)

        def connectionLost(self, reason):
            self.reason = reason

    own = Own()
    factory = protocol.Factory()
    factory.protocol = lambda: own
    port = reactor.listenTCP(0, factory, interface="127.0.0.1")
    clients = protocol.ClientFactory()
    clients.protocol = protocol.Protocol
    reactor.connectTCP("127.0.0.1", port.getHost().port, clients)
    until(reactor, lambda: own.reason is not None)


# ---- What is written down


def logged(**options):
    file = io.StringIO()
    factory = policies.TrafficLoggingFactory(inner(), file, **options)
    return factory, file


def test_traffic():
    factory, file = logged()
    wrapper = connect(factory)
    wrapper.dataReceived(b"abc")
    wrapper.write(b"x")
    wrapper.writeSequence([b"y", b"z"])
    wrapper.loseConnection()
    lines = file.getvalue().splitlines()
    assert lines[:5] == ["*", "C 1: b'abc'", "S 1: b'x'", "SV 1: [b'y', b'z']", "S 1: *"]
    assert lines[5].startswith("C 1: ") and "ConnectionDone" in lines[5] and len(lines) == 6
    connect(factory).write(b"x")
    assert file.getvalue().splitlines()[-1] == "S 2: b'x'"
    factory.resetCounter()
    connect(factory).write(b"x")
    assert file.getvalue().splitlines()[-1] == "S 1: b'x'"


def test_files_of_their_own(tmp_path):
    factory = policies.TrafficLoggingFactory(inner(), str(tmp_path / "log"))
    first, second = connect(factory), connect(factory)
    second.write(b"x")
    first.loseConnection()
    assert first.logfile.closed and not second.logfile.closed
    second.loseConnection()
    assert (tmp_path / "log-2").read_text().splitlines()[:2] == ["*", "S 2: b'x'"]
    with pytest.raises(TypeError):
        policies.TrafficLoggingFactory(inner())


def test_one_file_by_name(tmp_path):
    factory = policies.TrafficLoggingFactory(inner(), logfile=tmp_path / "log")
    connect(factory).write(b"x")
    assert (tmp_path / "log").read_text() == "*\nS 1: b'x'\n"
    factory.logfile.close()


def test_elided():
    factory, file = logged(lengthLimit=20)
    wrapper = connect(factory)
    wrapper.write(b"x" * 20)
    wrapper.write(b"x" * 21)
    lines = file.getvalue().splitlines()
    assert lines[1:] == ["S 1: " + repr(b"x" * 20), "S 1: " + repr(b"x" * 8 + b"<... elided>")]


def test_hexdump():
    factory, file = logged(hexdump=True)
    connect(factory).write(b"0123456789abcdef\n")
    assert file.getvalue() == (
        "*\nS 1: \n"
        "00000000  30 31 32 33 34 35 36 37 38 39 61 62 63 64 65 66  0123456789abcdef\n"
        f"00000010  {'0a':47}  .\n"
    )


def test_so_much_and_no_more():
    factory, file = logged(sizeLimit=10)
    wrapper = connect(factory)
    wrapper.write(b"x" * 100)
    wrapper.write(b"x")
    assert file.getvalue() == "*\n" and wrapper.transport.value() == b"x" * 101


def test_a_full_disk_costs_lines(caplog):
    class Full(io.StringIO):
        def write(self, text):
            raise OSError(28, "No space left on device")

    factory = policies.TrafficLoggingFactory(inner(), Full())
    wrapper = connect(factory)
    for _ in range(3):
        wrapper.dataReceived(b"x")
    assert wrapper.wrappedProtocol.data == b"xxx" and factory.failed.errno == 28
    assert len([r for r in caplog.records if r.levelno == logging.WARNING]) == 1


def test_no_file_costs_lines(tmp_path):
    factory = policies.TrafficLoggingFactory(inner(), str(tmp_path / "no" / "log"))
    wrapper = connect(factory)
    wrapper.dataReceived(b"x")
    wrapper.loseConnection()
    assert isinstance(factory.failed, OSError)


def test_spewing(caplog):
    wrapper = connect(policies.SpewingFactory(inner()))
    wrapper.dataReceived(b"abc")
    wrapper.write(b"xyz")
    assert [r.getMessage() for r in caplog.records if r.levelno == logging.INFO] == [
        "Received: b'abc'",
        "Sending: b'xyz'",
    ]
    assert wrapper.wrappedProtocol.data == b"abc" and wrapper.transport.value() == b"xyz"
