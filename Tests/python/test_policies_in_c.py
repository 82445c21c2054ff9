"""Stock policies on a reactor: the C library runs them, and what can be seen of them is as in Python."""

from __future__ import annotations

import gc
import socket
import time

import pytest

from conftest import LIMIT, run, until
from plait._core import registry, towers
from plait._core.transport import Transport
from plait.internet import endpoints, error, protocol
from plait.internet.address import IPv4Address
from plait.internet.reactors import Reactor
from plait.protocols import basic, haproxy, policies


class Lines(basic.LineReceiver):
    def __init__(self):
        self.lines, self.reason = [], None

    def connectionMade(self):
        if self.factory is not None:
            self.factory.made.append(self)

    def lineReceived(self, line):
        self.lines.append(line)
        self.sendLine(line)

    def connectionLost(self, reason):
        self.reason = reason


def server(kind=Lines):
    factory = protocol.Factory.forProtocol(kind)
    factory.made = []
    return factory


@pytest.fixture
def dial():
    """Plain sockets that are closed in the end."""
    made = []

    def connect(port, host="127.0.0.1"):
        peer = socket.socket()
        made.append(peer)
        peer.bind((host, 0))
        peer.connect(("127.0.0.1", port.getHost().port))
        peer.settimeout(LIMIT)
        return peer

    yield connect
    for peer in made:
        peer.close()


def ended(reactor, peer):
    """Whether the peer sees a close in good order, and nothing else."""
    peer.setblocking(False)
    got = []

    def over():
        try:
            got.append(peer.recv(1))
        except BlockingIOError:
            pass
        return bool(got)

    until(reactor, over)
    return got == [b""]


def listen(reactor, factory):
    return reactor.listenTCP(0, factory, interface="127.0.0.1")


# ---- Which of them


def runs(factory, driver):
    made = towers.tower(factory, driver)
    return [] if made is None else [type(policy).__name__ for policy in made.policies]


def test_which_are_run(reactor, tmp_path):
    inner = server()
    throttled = policies.ThrottlingFactory(inner, 3)
    assert runs(inner, reactor) == []
    assert runs(policies.TimeoutFactory(throttled), reactor) == ["TimeoutFactory", "ThrottlingFactory"]
    for kind in (policies.LimitConnectionsByPeer, policies.WrappingFactory, policies.AccessFactory):
        assert runs(kind(inner), reactor) == [kind.__name__]
    assert runs(haproxy.HAProxyWrappingFactory(inner), reactor) == ["HAProxyWrappingFactory"]
    # What is outermost; behind one that Python runs nothing is.
    log = policies.TrafficLoggingFactory(policies.WrappingFactory(inner), str(tmp_path / "log"))
    assert runs(policies.TimeoutFactory(log), reactor) == ["TimeoutFactory"]
    assert runs(log, reactor) == []


def test_which_are_not(reactor, monkeypatch):
    class Mine(policies.TimeoutFactory):
        pass

    assert runs(Mine(server()), reactor) == []
    own_time = policies.TimeoutFactory(server())
    own_time.callLater = lambda period, function: None
    assert runs(own_time, reactor) == []
    own_protocol = policies.WrappingFactory(server())
    own_protocol.protocol = policies.SpewingProtocol
    assert runs(own_protocol, reactor) == []
    for what in (
        policies.ThrottlingFactory(server(), maxConnectionCount=0),
        policies.ThrottlingFactory(server(), readLimit=0.5),
        policies.TimeoutFactory(server(), None),
        policies.AccessFactory(server(), acceptRate=0.5),
    ):
        assert runs(what, reactor) == []
    ordinary = policies.TimeoutFactory(server())
    assert runs(ordinary, reactor)
    monkeypatch.setattr(policies.TimeoutFactory, "buildProtocol", lambda self, address: None)
    assert runs(ordinary, reactor) == []


# ---- What is seen of them


def test_a_tower(reactor, dial):
    inner = server()
    times = policies.TimeoutFactory(inner, 60)
    rates = policies.ThrottlingFactory(times, maxConnectionCount=5, readLimit=100_000)
    access = policies.AccessFactory(rates, allow=["127.0.0.0/8"])
    port = listen(reactor, access)
    peer = dial(port)
    peer.sendall(b"one\r\ntwo\r\n")
    until(reactor, lambda: inner.made and inner.made[0].lines == [b"one", b"two"])
    made = inner.made[0]
    # The protocol is framed by the C library, on the connection's own transport.
    assert isinstance(made.transport, Transport) and made.transport.framer is made
    assert made.factory is inner
    # The wrappers are there as ever, but bytes do not come by.
    [outer] = access.protocols
    assert outer.factory is access and outer.wrappedProtocol.wrappedProtocol.wrappedProtocol is made
    assert outer.transport is made.transport and outer.wrappedProtocol.transport is outer
    assert outer.getPeer() == made.transport.getPeer()
    assert policies.wrapperOf(made, policies.ThrottlingFactory) in rates.protocols
    assert policies.wrapperOf(made, policies.SpewingFactory) is None
    assert rates.connectionCount == 1 and rates.peers == {"127.0.0.1/32": 1}
    outer.write(b"!")
    reactor.iterate()
    assert peer.makefile("rb").read(11) == b"one\r\ntwo\r\n!"
    for factory in (access, rates, times):
        counters = factory.counters
        assert (counters.open, counters.total) == (1, 1)
        assert (counters.bytesIn, counters.bytesOut) == (10, 11)
    outer.loseConnection()
    until(reactor, lambda: made.reason is not None)
    assert made.reason.check(error.ConnectionDone)
    for factory in (access, rates, times):
        assert not factory.protocols and factory.counters.open == 0 and factory.counters.total == 1
    assert rates.connectionCount == 0 and not rates.peers


def test_limits_of_two_ports_together(reactor, dial):
    inner = server()
    limits = policies.ThrottlingFactory(inner, 2)
    ports = [listen(reactor, limits), listen(reactor, policies.TimeoutFactory(limits, 60))]
    peers = [dial(ports[0]), dial(ports[1])]
    until(reactor, lambda: len(inner.made) == 2)
    assert ended(reactor, dial(ports[0])) and ended(reactor, dial(ports[1]))
    assert dial(ports[1], "127.0.0.2") and not until(reactor, lambda: len(inner.made) == 3)
    assert limits.counters.refused == 2 and limits.counters.open == limits.connectionCount == 3
    peers[0].close()
    until(reactor, lambda: limits.connectionCount == 2)
    dial(ports[0])
    until(reactor, lambda: len(inner.made) == 4)


def test_a_port_again(reactor, dial):
    inner = server()
    limits = policies.LimitConnectionsByPeer(inner, 1)
    port = listen(reactor, limits)
    dial(port)
    until(reactor, lambda: inner.made)
    port.stopListening()
    port.startListening()
    assert ended(reactor, dial(port)) and limits.counters.refused == 1


def test_one_host(reactor, dial):
    inner = server()
    limits = policies.LimitConnectionsByPeer(inner, 1)
    port = listen(reactor, limits)
    dial(port)
    until(reactor, lambda: inner.made)
    assert limits.peerConnections == {"127.0.0.1": 1}
    assert ended(reactor, dial(port))
    inner.made[0].transport.loseConnection()
    until(reactor, lambda: not limits.peerConnections)


def test_access(reactor, dial):
    inner = server()
    access = policies.AccessFactory(
        inner, allow=["127.0.0.0/8"], deny=["127.0.0.3/32"], acceptRate=1, acceptBurst=2
    )
    port = listen(reactor, access)
    assert ended(reactor, dial(port, "127.0.0.3"))
    dial(port), dial(port)
    until(reactor, lambda: len(inner.made) == 2)
    # The next is refused, if it comes within a second: on a busy machine one behind it.
    for taken in range(3, 100):
        peer = dial(port)
        until(reactor, lambda taken=taken: len(inner.made) == taken or access.counters.refused == 2)
        if access.counters.refused == 2:
            break
    assert ended(reactor, peer) and access.counters.refused == 2


def test_the_longest_network_decides():
    access = policies.AccessFactory(
        server(), allow=["10.1.2.0/24", "192.0.2.0/24"], deny=["10.0.0.0/8", "192.0.2.0/24"]
    )
    assert access.admits("10.1.2.3") and not access.admits("10.1.3.3")
    assert not access.admits("192.0.2.1") and not access.admits("11.0.0.1")


def test_a_refusal_within(reactor, dial):
    class Refusing(protocol.Factory):
        def buildProtocol(self, address):
            return None

    outer = policies.TimeoutFactory(policies.ThrottlingFactory(Refusing(), 5))
    port = listen(reactor, outer)
    assert ended(reactor, dial(port))
    until(reactor, lambda: outer.counters.open == 0)
    assert (outer.counters.total, outer.counters.refusedWithin) == (0, 1)


def test_time_limits(reactor, dial):
    inner = server()
    times = policies.TimeoutFactory(inner, 0.05)
    port = listen(reactor, times)
    peer = dial(port)
    until(reactor, lambda: inner.made and inner.made[0].reason)
    made = inner.made[0]
    assert made.reason.check(error.ConnectionDone) and "too long" in made.reason.getErrorMessage()
    assert ended(reactor, peer) and not times.protocols


def test_time_limits_of_one_connection(reactor, dial):
    inner = server()
    port = listen(reactor, policies.TimeoutFactory(inner, LIMIT))
    dial(port), dial(port)
    until(reactor, lambda: len(inner.made) == 2)
    first, second = inner.made
    # In Twisted's way, and in one for both that run in Python and that do not.
    assert first.transport.timeoutPeriod == LIMIT
    first.transport.setTimeout(None)
    policies.wrapperOf(second, policies.TimeoutFactory).setTimeout(0.02)
    begun = time.monotonic()
    until(reactor, lambda: second.reason is not None)
    assert time.monotonic() - begun < LIMIT and first.reason is None
    first.transport.setTimeout(0.02)
    first.transport.resetTimeout()
    until(reactor, lambda: first.reason is not None)
    with pytest.raises(AttributeError):
        first.transport.setTimeout(1)  # nothing is around it any more
    with pytest.raises(AttributeError):
        first.transport.nothing  # noqa: B018


def test_writes_are_throttled(reactor, dial):
    class Much(Lines):
        def connectionMade(self):
            super().connectionMade()
            self.transport.write(b"x" * 20_000)

    inner = server(Much)
    port = listen(reactor, policies.ThrottlingFactory(inner, writeLimit=100_000, burst=1000))
    peer = dial(port)
    got, begun = 0, None
    peer.setblocking(False)

    def count():
        nonlocal got, begun
        try:
            got += len(peer.recv(65536))
        except BlockingIOError:
            pass
        if begun is None and got:
            begun = time.monotonic()
        return got == 20_000

    until(reactor, count)
    # 19,000 bytes at 100,000 a second, however busy the machine is.
    assert time.monotonic() - begun > 0.15


def test_clients(reactor, dial):
    """Each attempt is an opener of its own, and all are of one policy."""
    inner = server()
    port = listen(reactor, inner)

    class Clients(protocol.ReconnectingClientFactory):
        protocol = Lines
        initialDelay = 0.01
        made: list = []

        def clientConnectionLost(self, connector, reason):
            if len(self.made) < 3:
                connector.connect()

    clients = Clients()
    times = policies.TimeoutFactory(clients, 60)
    reactor.connectTCP("127.0.0.1", port.getHost().port, times)
    for count in (1, 2, 3):
        until(reactor, lambda count=count: len(inner.made) == len(clients.made) == count)
        assert isinstance(clients.made[-1].transport, Transport) and times.counters.open == 1
        inner.made[-1].transport.loseConnection()
        until(reactor, lambda count=count: clients.made[count - 1].reason is not None)
    assert times.counters.total == 3
    made = []
    endpoint = endpoints.TCP4ClientEndpoint(reactor, "127.0.0.1", port.getHost().port)
    endpoint.connect(times).addBoth(made.append)
    endpoint.connect(times).addBoth(made.append)
    until(reactor, lambda: len(made) == 2)
    assert made == clients.made[3:] and times.counters.open == 2
    for one in made:
        one.transport.loseConnection()
    until(reactor, lambda: times.counters.open == 0)


@pytest.mark.parametrize("what", ["haproxy:tcp:0:interface=127.0.0.1", "wrapped"])
def test_behind_a_balancer(reactor, dial, what):
    inner = server()
    limits = policies.ThrottlingFactory(inner, 1)
    if what == "wrapped":
        place = endpoints.TCP4ServerEndpoint(reactor, 0, interface="127.0.0.1")
        endpoint = haproxy.proxyEndpoint(place, ["127.0.0.1/32"])
    else:
        endpoint = endpoints.serverFromString(reactor, what)
    port = run(reactor, endpoint.listen(limits))
    header = b"PROXY TCP4 192.0.2.1 10.0.0.1 1 2\r\n"
    first, second = dial(port), dial(port)
    first.sendall(header + b"hello\r\n")
    until(reactor, lambda: inner.made and inner.made[0].lines == [b"hello"])
    made = inner.made[0]
    assert isinstance(made.transport, Transport)
    assert made.transport.getPeer() == IPv4Address("TCP", "192.0.2.1", 1)
    assert limits.peers == {"192.0.2.1/32": 1}
    second.sendall(header)
    assert ended(reactor, second) and limits.counters.refused == 1
    if what == "wrapped":
        assert ended(reactor, dial(port, "127.0.0.2"))


def test_trusted_by_string(reactor, dial):
    inner = server()
    endpoint = endpoints.serverFromString(
        reactor, "haproxy:trusted=127.0.0.1:tcp:0:interface=127.0.0.1"
    )
    port = run(reactor, endpoint.listen(inner))
    assert ended(reactor, dial(port, "127.0.0.2"))
    dial(port).sendall(b"PROXY UNKNOWN\r\n")
    until(reactor, lambda: inner.made)
    assert inner.made[0].transport.getPeer().host == "127.0.0.1"
    with pytest.raises(ValueError):
        endpoints.serverFromString(reactor, "haproxy:trusted=nobody:tcp:0")


# ---- Connections that a protocol opens itself


class Control(Lines):
    """Like FTP: asked for it, it sends what it has over a connection of its own."""

    def lineReceived(self, line):
        self.data = server()
        self.data.startedConnecting = lambda connector: None
        self.data.clientConnectionLost = lambda connector, reason: None
        reactor = self.transport.reactor
        reactor.connectTCP("127.0.0.1", int(line), self.data, parent=self.transport)


class PythonTimeout(policies.TimeoutFactory):
    """Not stock: Python runs it."""

    def callLater(self, period, func):
        return self.reactor.callLater(period, func)


@pytest.mark.parametrize("kind", [policies.TimeoutFactory, PythonTimeout])
def test_what_children_inherit(reactor, dial, kind):
    # Where the machine was so busy that the time limit went by between two lines, it is tried once more with a longer one.
    assert any(inherits(reactor, dial, kind, limit) for limit in (0.6, 2.4, 9.6))


def inherits(reactor, dial, kind, limit):
    """Whether there was no pause that was too long."""
    inner = server(Control)
    times = kind(inner, limit)
    times.reactor = reactor
    port = listen(reactor, times)
    accepting = socket.create_server(("127.0.0.1", 0))
    with accepting:
        peer = dial(port)
        peer.sendall(b"%d\r\n" % accepting.getsockname()[1])
        until(reactor, lambda: inner.made and getattr(inner.made[0], "data", None) and inner.made[0].data.made)
        other = accepting.accept()[0]
        with other:
            control, child = inner.made[0], inner.made[0].data.made[0]
            # What happens on the child is life of the one that opened it.
            begun = now = time.monotonic()
            while now - begun < limit / 0.6:
                other.sendall(b"hello\r\n")
                reactor.iterate(0.01)
                before, now = now, time.monotonic()
                if now - before > limit / 2:
                    return False
                assert control.reason is None and child.reason is None
            before = len(child.lines) * 7
            until(reactor, lambda: times.counters.bytesIn - len(b"12345\r\n") >= before - 7)
            assert times.counters.children == 1 and times.counters.total == 1
            # Both rest, and both end.
            until(reactor, lambda: control.reason is not None and child.reason is not None)
    return True


def test_children_of_several(reactor, dial, tmp_path):
    """Some in C and some in Python around one protocol: the child has all of them."""
    inner = server(Control)
    log = policies.TrafficLoggingFactory(inner, str(tmp_path / "log"))
    rates = policies.ThrottlingFactory(log, maxConnectionCount=1)
    port = listen(reactor, rates)
    with socket.create_server(("127.0.0.1", 0)) as accepting:
        peer = dial(port)
        peer.sendall(b"%d\r\n" % accepting.getsockname()[1])
        other = accepting.accept()[0] if not until(
            reactor, lambda: inner.made and getattr(inner.made[0], "data", None) and inner.made[0].data.made
        ) else None
        with other:
            other.sendall(b"hi\r\n")
            child = inner.made[0].data.made[0]
            until(reactor, lambda: child.lines == [b"hi"])
            # Not counted as a second connection, but as a child, and in the log under its own number.
            assert (rates.counters.open, rates.counters.children) == (1, 1)
            assert (tmp_path / "log-2").read_text().startswith("*\nC 2: b'hi\\r\\n'\n")
            assert log.counters.children == 1 and log.counters.open == 1


def test_children_of_a_port(reactor, dial):
    """What is accepted for a connection belongs to it, too."""
    inner, data = server(), server()
    times = policies.TimeoutFactory(inner, 60)
    dial(listen(reactor, times))
    until(reactor, lambda: inner.made)
    control = inner.made[0]
    own = reactor.listenTCP(0, data, interface="127.0.0.1", parent=control.transport)
    dial(own).sendall(b"hi\r\n")
    until(reactor, lambda: data.made and data.made[0].lines)
    assert (times.counters.children, times.counters.total) == (1, 1)
    place = endpoints.TCP4ServerEndpoint(reactor, 0, interface="127.0.0.1")
    other = run(reactor, place.listen(data, control.transport))
    dial(other)
    until(reactor, lambda: times.counters.children == 2)
    control.transport.loseConnection()
    until(reactor, lambda: control.reason is not None)


# ---- What stays behind


def test_nothing_stays(dial):
    def once():
        reactor = Reactor()
        inner = server()
        limits = policies.ThrottlingFactory(policies.TimeoutFactory(inner, 60), 3)
        ports = [listen(reactor, limits) for _ in range(3)]
        for port in ports:
            dial(port)
        until(reactor, lambda: len(inner.made) == 3)
        reactor.close()
        return limits.counters

    assert once().total == 3
    gc.collect()
    before = len(registry.objects)
    for _ in range(3):
        once()
    gc.collect()
    assert len(registry.objects) == before
