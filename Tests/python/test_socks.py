"""SOCKS: the protocol objects, the proxy that C runs, and connections by way of one."""

from __future__ import annotations

import socket
import struct

import pytest

from conftest import LIMIT, run
from plait.internet import defer, endpoints, error
from plait.internet.protocol import Factory, Protocol
from plait.protocols import basic, socks


class Echo(basic.LineReceiver):
    def lineReceived(self, line):
        self.sendLine(line)


class Caller(basic.LineReceiver):
    def connectionMade(self):
        self.heard = defer.Deferred()

    def lineReceived(self, line):
        self.heard.callback(line)


@pytest.fixture
def echo(reactor):
    port = reactor.listenTCP(0, Factory.forProtocol(Echo), interface="127.0.0.1")
    yield port.getHost().port
    port.stopListening()


def ask(reactor, endpoint):
    """Connects, says a word, and gives what came back."""
    caller = run(reactor, endpoint.connect(Factory.forProtocol(Caller)))
    caller.sendLine(b"hello")
    heard = run(reactor, caller.heard)
    caller.transport.loseConnection()
    return heard


class Here(socks.SOCKSv4):
    allowPrivate = True


def serve(reactor, protocol, log=None):
    factory = socks.SOCKSv4Factory(log)
    factory.protocol = lambda logging: protocol(logging, reactor)
    return reactor.listenTCP(0, factory, interface="127.0.0.1").getHost().port


def listening(reactor, proxy):
    port = run(reactor, proxy.listen("tcp:0:interface=127.0.0.1"))
    return port.getHost().port


@pytest.mark.parametrize("version", [4, "4a"])
def test_sockets_of_python(reactor, echo, version, tmp_path):
    log = tmp_path / "log"
    by = f"tcp:127.0.0.1:{serve(reactor, Here, str(log))}"
    assert ask(reactor, socks.SOCKSClientEndpoint(reactor, by, "127.0.0.1", echo, version)) == b"hello"
    text = log.read_text()
    assert f"> 127.0.0.1:{echo}\n68 65 6C 6C 6F 0D 0A" in text and " < " in text


def test_private_is_refused(reactor, echo):
    by = f"tcp:127.0.0.1:{serve(reactor, socks.SOCKSv4)}"
    for host in "127.0.0.1", "localhost":
        with pytest.raises(error.ConnectError, match="refused"):
            ask(reactor, socks.SOCKSClientEndpoint(reactor, by, host, echo, "4a"))


class Asked(Here):
    def authorize(self, code, server, port, user):
        self.transport.write(b"")
        return defer.succeed(user == b"me")


def test_authorize_later(reactor, echo):
    by = f"tcp:127.0.0.1:{serve(reactor, Asked)}"
    good = socks.SOCKSClientEndpoint(reactor, by, "127.0.0.1", echo, 4, user="me")
    assert ask(reactor, good) == b"hello"
    with pytest.raises(error.ConnectError):
        ask(reactor, socks.SOCKSClientEndpoint(reactor, by, "127.0.0.1", echo, 4, user="you"))


class Peer(Protocol):
    """A client of a proxy with its own words."""

    def connectionMade(self):
        self.data, self.wanted = b"", None

    def dataReceived(self, data):
        self.data += data
        self._look()

    def connectionLost(self, reason):
        if self.wanted is not None:
            wanted, self.wanted = self.wanted, None
            wanted[1].callback(self.data)

    def upTo(self, count):
        self.wanted = count, defer.Deferred()
        self._look()
        return self.wanted[1] if self.wanted else defer.succeed(self.data)

    def _look(self):
        if self.wanted is not None and len(self.data) >= self.wanted[0]:
            wanted, self.wanted = self.wanted, None
            wanted[1].callback(self.data)


def dial(reactor, port):
    where = endpoints.clientFromString(reactor, f"tcp:127.0.0.1:{port}")
    return run(reactor, where.connect(Factory.forProtocol(Peer)))


def heard(reactor, peer, count):
    done = defer.Deferred()
    peer.upTo(count).chainDeferred(done)
    return run(reactor, done)


@pytest.mark.parametrize("words", [b"\x05", b"\x04\x01\0\x50\x01\x02\x03\x04" + b"x" * 256, b"\x04\x03\0\x50\x01\x02\x03\x04\0"])
def test_wrong_words(reactor, words):
    peer = dial(reactor, serve(reactor, Here))
    peer.transport.write(words)
    answer = b"" if words[:1] == b"\5" else b"\0\x5b" + bytes(6)
    assert heard(reactor, peer, 100) == answer


@pytest.mark.parametrize("make", ["python", "C"])
def test_bind(reactor, make):
    if make == "python":
        port = serve(reactor, Here)
    else:
        port = listening(reactor, socks.Proxy(reactor, allow="127.0.0.0/8"))
    for host, wanted in ("127.0.0.1", 90), ("127.0.0.9", 91):
        peer = dial(reactor, port)
        peer.transport.write(b"\x04\x02\0\x50" + socket.inet_aton(host) + b"me\0")
        answer = heard(reactor, peer, 8)
        _, code, bound = struct.unpack("!BBH", answer[:4])
        assert code == 90 and socket.inet_ntoa(answer[4:]) == "127.0.0.1"
        with socket.create_connection(("127.0.0.1", bound), LIMIT) as other:
            assert heard(reactor, peer, 16)[9] == wanted
            if wanted == 90:
                other.sendall(b"there")
                assert heard(reactor, peer, 21)[16:] == b"there"
                peer.transport.loseConnection()


def test_bytes_behind_the_request(reactor, echo):
    for port in serve(reactor, Here), listening(reactor, socks.Proxy(reactor, allowPrivate=True)):
        peer = dial(reactor, port)
        peer.transport.write(b"\x04\x01" + struct.pack("!H", echo) + b"\x7f\0\0\1\0early\r\n")
        assert heard(reactor, peer, 15)[8:] == b"early\r\n"
        peer.transport.loseConnection()


class Judge(socks.Proxy):
    def __init__(self, *arguments, **keywords):
        super().__init__(*arguments, **keywords)
        self.asked, self.ended = [], defer.Deferred()

    def authorize(self, request):
        self.asked.append((request.version, request.host, request.user))
        return defer.succeed(request.user != b"you")

    def closed(self, tunnel, status, text):
        self.ended.callback((tunnel.bytesPassed(), status))


class Door(Judge):
    async def login(self, user, password):
        return password == b"secret"


def test_proxy(reactor, echo):
    proxy = Judge(reactor, allow="127.0.0.0/8")
    by = f"tcp:127.0.0.1:{listening(reactor, proxy)}"
    assert ask(reactor, socks.SOCKSClientEndpoint(reactor, by, "localhost", echo)) == b"hello"
    assert run(reactor, proxy.ended) == ((7, 7), 0) and not proxy.tunnels
    with pytest.raises(error.ConnectError, match="rules do not allow"):
        ask(reactor, socks.SOCKSClientEndpoint(reactor, by, "10.0.0.1", echo))
    with pytest.raises(error.ConnectError, match="refused"):
        ask(reactor, socks.SOCKSClientEndpoint(reactor, by, "127.0.0.1", echo, 4, user="you"))
    assert proxy.asked == [(5, "localhost", b""), (5, "10.0.0.1", b""), (4, "127.0.0.1", b"you")]


def test_login(reactor, echo):
    by = f"tcp:127.0.0.1:{listening(reactor, Door(reactor, allowPrivate=True, needsLogin=True))}"
    good = socks.SOCKSClientEndpoint(reactor, by, "127.0.0.1", echo, user="me", password="secret")
    assert ask(reactor, good) == b"hello"
    for keywords in {}, {"user": "me", "password": "wrong"}:
        with pytest.raises(error.ConnectError, match="proxy"):
            ask(reactor, socks.SOCKSClientEndpoint(reactor, by, "127.0.0.1", echo, **keywords))


def test_strings(reactor, echo):
    by = listening(reactor, socks.Proxy(reactor, allowPrivate=True))
    where = rf"socks5:proxy=tcp\:127.0.0.1\:{by}:host=127.0.0.1:port={echo}"
    assert ask(reactor, endpoints.clientFromString(reactor, where)) == b"hello"
    inner = endpoints.TCP4ClientEndpoint(reactor, "127.0.0.1", by)
    twice = socks.SOCKSClientEndpoint(
        reactor, socks.SOCKSClientEndpoint(reactor, inner, "127.0.0.1", by), "127.0.0.1", echo
    )
    assert ask(reactor, twice) == b"hello"
    with pytest.raises(ValueError, match="the proxy is missing"):
        endpoints.clientFromString(reactor, "socks5:host=a:port=1")
    with pytest.raises(ValueError, match="an address is expected at 0"):
        socks.Proxy(reactor, allow="nonsense")


@pytest.mark.logs_errors
def test_what_the_program_raises(reactor, echo):
    class Broken(socks.Proxy):
        def authorize(self, request):
            raise RuntimeError("no")

    by = f"tcp:127.0.0.1:{listening(reactor, Broken(reactor, allowPrivate=True))}"
    with pytest.raises(error.ConnectError, match="rules do not allow"):
        ask(reactor, socks.SOCKSClientEndpoint(reactor, by, "127.0.0.1", echo))
