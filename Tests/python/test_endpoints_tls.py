"""TLS over endpoints of a program's own: begun on what they connect, or nothing is sent at all."""

from __future__ import annotations

import socket

import pytest

from conftest import LIMIT, run, until
from plait.internet import defer, endpoints, error, protocol, ssl
from plait.protocols import basic, haproxy, policies, socks
from plait.test.proto_helpers import StringTransport
from test_tls import Factory, Recorder, certificates, good, root  # noqa: F401


class Own:
    """An endpoint of a program's own, around another."""

    def __init__(self, inner):
        self.inner = inner

    def connect(self, factory):
        return self.inner.connect(factory)

    def listen(self, factory):
        return self.inner.listen(factory)


class Behind(Own):
    """The same with a policy of Python's, or of the C library's, around what it connects."""

    def __init__(self, inner, policy):
        super().__init__(inner)
        self.policy = policy

    def connect(self, factory):
        return self.inner.connect(self.policy(factory))


class Derived(endpoints.TCP4ClientEndpoint):
    """A subclass that connects by itself."""

    def connect(self, factory, parent=None):
        return super().connect(factory)


class InPython(policies.TimeoutFactory):
    """A stock policy with something overridden: Python runs it."""

    def logPrefix(self):
        return "in Python"


WAYS = {
    "own": lambda r, p: Own(endpoints.TCP4ClientEndpoint(r, "127.0.0.1", p)),
    "derived": lambda r, p: Derived(r, "127.0.0.1", p),
    "policy in Python": lambda r, p: Behind(endpoints.TCP4ClientEndpoint(r, "127.0.0.1", p), InPython),
    "policy in C": lambda r, p: Behind(
        endpoints.TCP4ClientEndpoint(r, "127.0.0.1", p), policies.TimeoutFactory
    ),
    "stock": lambda r, p: endpoints.TCP4ClientEndpoint(r, "127.0.0.1", p),
}


def served(reactor, options, wrap=lambda endpoint: endpoint):
    """A server that speaks TLS: its factory, and its port."""
    factory = Factory()
    place = wrap(endpoints.TCP4ServerEndpoint(reactor, 0, interface="127.0.0.1"))
    port = run(reactor, endpoints.wrapServerTLS(options, place).listen(factory))
    return factory, port.getHost().port


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("wrap", [lambda endpoint: endpoint, Own])
def test_both_sides(reactor, root, good, way, wrap):
    factory, number = served(reactor, good.options(), wrap)
    options = ssl.optionsForClientTLS("localhost", root)
    where = endpoints.wrapClientTLS(options, WAYS[way](reactor, number))
    made = run(reactor, endpoints.connectProtocol(where, Recorder()))
    while not isinstance(made, Recorder):
        made = made.wrappedProtocol
    until(reactor, lambda: factory.protocols and factory.protocols[0].connected)
    other = factory.protocols[0]
    made.sendLine(b"hello")
    other.sendLine(b"and back")
    until(reactor, lambda: made.lines and other.lines)
    assert (made.lines, other.lines) == ([b"and back"], [b"hello"])
    for side in (made, other):
        assert side.transport.TLS
    assert made.transport.getPeerCertificate() == good
    made.transport.loseConnection()
    until(reactor, lambda: made.reason and other.reason)
    assert made.reason.check(error.ConnectionDone) and other.reason.check(error.ConnectionDone)


class Plain(protocol.Protocol):
    """Notes what arrives."""

    got = b""

    def connectionMade(self):
        self.factory.made = self

    def dataReceived(self, data):
        self.got += data

    def connectionLost(self, reason):
        self.isOver = True


class Secret(protocol.Protocol):
    """Says at once what nobody else is to read."""

    def connectionMade(self):
        self.transport.write(b"hunter2")


@pytest.mark.parametrize("way", WAYS)
def test_nothing_is_sent_in_plain(reactor, root, way):
    factory = protocol.Factory.forProtocol(Plain)
    number = reactor.listenTCP(0, factory, interface="127.0.0.1").getHost().port
    options = ssl.optionsForClientTLS("localhost", root)
    connecting = endpoints.connectProtocol(
        endpoints.wrapClientTLS(options, WAYS[way](reactor, number)), Secret()
    )
    until(reactor, lambda: getattr(factory, "made", None) and factory.made.got)
    assert factory.made.got.startswith(b"\x16\x03") and b"hunter2" not in factory.made.got
    connecting.cancel()
    with pytest.raises(error.ConnectingCancelledError):
        run(reactor, connecting)
    until(reactor, lambda: hasattr(factory.made, "isOver"))
    assert b"hunter2" not in factory.made.got


def test_a_peer_that_is_not_who_it_says(reactor, root, certificates):  # noqa: F811
    other = ssl.PrivateCertificate.loadPEM((certificates / "other.pem").read_bytes())
    factory, number = served(reactor, other.options())
    where = WAYS["own"](reactor, number)
    where = endpoints.wrapClientTLS(ssl.optionsForClientTLS("localhost", root), where)
    client = Recorder()
    with pytest.raises(ssl.VerificationError):
        run(reactor, endpoints.connectProtocol(where, client))
    assert not client.connected


def test_a_transport_without_tls(root):
    transport, client = StringTransport(), Secret()

    class Memory:
        def connect(self, factory):
            made = factory.buildProtocol(None)
            made.makeConnection(transport)
            return defer.succeed(made)

    where = endpoints.wrapClientTLS(ssl.optionsForClientTLS("localhost", root), Memory())
    got = []
    endpoints.connectProtocol(where, client).addErrback(got.append)
    assert got[0].check(TypeError) and transport.disconnected
    assert transport.value() == b"" and not client.connected


def test_an_endpoint_that_connects_something_else(root):
    class Strange:
        def connect(self, factory):
            client.makeConnection(transport)
            return defer.succeed(client)

    transport, client = StringTransport(), protocol.Protocol()
    where = endpoints.wrapClientTLS(ssl.optionsForClientTLS("localhost", root), Strange())
    got = []
    where.connect(protocol.Factory()).addErrback(got.append)
    assert got[0].check(TypeError) and transport.disconnecting


def test_tls_within_tls(reactor, root, good):
    """One after the other is refused, at both ends."""
    server = endpoints.SSL4ServerEndpoint(reactor, 0, good.options(), interface="127.0.0.1")
    port = run(reactor, server.listen(Factory())).getHost().port
    options = ssl.optionsForClientTLS("localhost", root)
    inner = endpoints.SSL4ClientEndpoint(reactor, "localhost", port, options)
    for where in (inner, endpoints.wrapClientTLS(options, Derived(reactor, "127.0.0.1", port))):
        with pytest.raises(TypeError, match="cannot begin"):
            run(reactor, endpoints.connectProtocol(endpoints.wrapClientTLS(options, where), Secret()))


def test_a_proxy_is_not_reached_without_its_tls(reactor, root):
    proxy = endpoints.TCP4ClientEndpoint(reactor, "127.0.0.1", 1080)
    socks.SOCKSClientEndpoint(reactor, proxy, "example.org", 80)
    options = ssl.optionsForClientTLS("localhost", root)
    for secured in (proxy, Own(proxy)):
        secured = endpoints.wrapClientTLS(options, secured)
        with pytest.raises(TypeError):
            socks.SOCKSClientEndpoint(reactor, secured, "example.org", 80, password="secret")


def test_no_endpoint_at_all(root, good):
    options = ssl.optionsForClientTLS("localhost", root)
    with pytest.raises(TypeError):
        endpoints.wrapClientTLS(options, object())
    with pytest.raises(TypeError):
        endpoints.wrapServerTLS(good.options(), object())


def test_a_header_in_front(reactor, root, good):
    """What a load balancer says comes before TLS."""
    seen = []

    class Address(Factory):
        def buildProtocol(self, addr):
            seen.append(addr)
            return super().buildProtocol(addr)

    factory = Address()
    place = haproxy.proxyEndpoint(endpoints.TCP4ServerEndpoint(reactor, 0, interface="127.0.0.1"))
    port = run(reactor, endpoints.wrapServerTLS(good.options(), place).listen(factory))

    class Header(Own):
        """Sends one, and then has TLS begun."""

        def connect(self, inner):
            return self.inner.connect(_Headed(inner))

    class _Headed(protocol.ClientFactory):
        def __init__(self, inner):
            self.inner = inner

        def buildProtocol(self, addr):
            made = self.inner.buildProtocol(addr)
            meet = made.makeConnection

            def makeConnection(transport):
                transport.write(b"PROXY TCP4 192.0.2.1 192.0.2.2 1 2\r\n")
                meet(transport)

            made.makeConnection = makeConnection
            return made

    where = Header(endpoints.TCP4ClientEndpoint(reactor, "127.0.0.1", port.getHost().port))
    where = endpoints.wrapClientTLS(ssl.optionsForClientTLS("localhost", root), where)
    client = run(reactor, endpoints.connectProtocol(where, Recorder()))
    client.sendLine(b"hello")
    until(reactor, lambda: factory.protocols and factory.protocols[0].lines)
    assert seen[0].host == "192.0.2.1" and factory.protocols[0].lines == [b"hello"]


def over(peer):
    """A function that says whether the other side has ended a connection, whatever it has said before."""
    peer.setblocking(False)

    def isOver():
        try:
            while peer.recv(100):
                pass
        except BlockingIOError:
            return False
        except ConnectionError:
            pass
        return True

    return isOver


def test_a_header_that_python_reads(reactor, good):
    """Behind it TLS may begin later, not in the same breath: that is refused at once."""

    class InPython(haproxy.HAProxyWrappingFactory):
        def logPrefix(self):
            return "in Python"

    class Place(Own):
        def listen(self, factory):
            return self.inner.listen(InPython(factory))

    factory, number = served(reactor, good.options(), Place)
    with socket.create_connection(("127.0.0.1", number), LIMIT) as peer:
        peer.sendall(b"PROXY TCP4 192.0.2.1 192.0.2.2 1 2\r\n\x16\x03\x01")
        until(reactor, lambda: factory.protocols)
        until(reactor, over(peer))
    assert not factory.protocols[0].connected


def test_a_server_ends_what_is_no_handshake(reactor, good):
    factory, number = served(reactor, good.options(), Own)
    with socket.create_connection(("127.0.0.1", number), LIMIT) as peer:
        peer.sendall(b"GET / HTTP/1.0\r\n\r\n")
        until(reactor, over(peer))
    assert not any(made.connected for made in factory.protocols)


@pytest.mark.logs_errors
def test_a_protocol_that_raises_when_it_is_up(reactor, root, good):
    factory, number = served(reactor, good.options())

    class Faulty(basic.LineReceiver):
        def connectionMade(self):
            raise ValueError("not today")

    where = endpoints.wrapClientTLS(
        ssl.optionsForClientTLS("localhost", root), WAYS["own"](reactor, number)
    )
    with pytest.raises(ValueError, match="not today"):
        run(reactor, endpoints.connectProtocol(where, Faulty()))

