"""Headers of the PROXY protocol, in whatever pieces they arrive."""

from __future__ import annotations

import socket
import struct

import pytest

from conftest import LIMIT, run, until
from plait.internet import endpoints, protocol
from plait.internet.address import IPv4Address, IPv6Address, UNIXAddress
from plait.internet.task import Clock
from plait.protocols import haproxy, policies
from plait.protocols._proxyheader import InvalidProxyHeader, parse
from plait.test.proto_helpers import AccumulatingProtocol, StringTransportWithDisconnection

SIGNATURE = b"\r\n\r\n\x00\r\nQUIT\n"


def second(command, family, body):
    return SIGNATURE + bytes([command, family]) + struct.pack("!H", len(body)) + body


GOOD = [
    (
        b"PROXY TCP4 192.0.2.1 10.0.0.1 56324 443\r\n",
        IPv4Address("TCP", "192.0.2.1", 56324),
        IPv4Address("TCP", "10.0.0.1", 443),
    ),
    (
        b"PROXY TCP6 2001:db8::1 ::1 1 65535\r\n",
        IPv6Address("TCP", "2001:db8::1", 1),
        IPv6Address("TCP", "::1", 65535),
    ),
    (b"PROXY UNKNOWN\r\n", None, None),
    (b"PROXY UNKNOWN whatever it says\r\n", None, None),
    (
        second(0x21, 0x11, bytes([192, 0, 2, 1, 10, 0, 0, 1]) + struct.pack("!HH", 1, 2)),
        IPv4Address("TCP", "192.0.2.1", 1),
        IPv4Address("TCP", "10.0.0.1", 2),
    ),
    (
        second(0x21, 0x21, bytes(15) + b"\1" + bytes(15) + b"\2" + struct.pack("!HH", 1, 2) + b"tlv"),
        IPv6Address("TCP", "::1", 1),
        IPv6Address("TCP", "::2", 2),
    ),
    (
        second(0x21, 0x31, b"/a".ljust(108, b"\0") + b"/b".ljust(108, b"\0")),
        UNIXAddress("/a"),
        UNIXAddress("/b"),
    ),
    (second(0x20, 0x11, b""), None, None),
    (second(0x20, 0, b"local"), None, None),
    (second(0x21, 0, b""), None, None),
]
BAD = [
    b"GET / HTTP/1.0\r\n",
    b"PROXY TCP4 192.0.2.1 10.0.0.1 1\r\n",
    b"PROXY TCP4 192.0.2.1 10.0.0.1 1 65536\r\n",
    b"PROXY TCP4 192.0.2.1 10.0.0.1 01 2\r\n",
    b"PROXY TCP4 ::1 10.0.0.1 1 2\r\n",
    b"PROXY TCP6 192.0.2.1 ::1 1 2\r\n",
    b"PROXY TCP4 192.0.2.256 10.0.0.1 1 2\r\n",
    b"PROXY UDP4 192.0.2.1 10.0.0.1 1 2\r\n",
    b"PROXY TCP4 " + b"1" * 200,
    b"PROXX",
    SIGNATURE[:11] + b"\0",
    second(0x11, 0x11, bytes(12)),
    second(0x22, 0x11, bytes(12)),
    second(0x21, 0x11, bytes(11)),
    second(0x21, 0x21, bytes(35)),
    second(0x21, 0x31, bytes(215)),
    SIGNATURE + b"\x21\x11\xff\xff",
]


@pytest.mark.parametrize("header, source, destination", GOOD)
def test_good(header, source, destination):
    for end in range(len(header)):
        assert parse(header[:end]) is None, end
    found, rest = parse(header + b"rest")
    assert found == (source, destination) and rest == b"rest"


@pytest.mark.parametrize("header", BAD)
def test_bad(header):
    with pytest.raises(InvalidProxyHeader):
        parse(header)
    # As soon as it can be told, and in every piece.
    at = next(
        end for end in range(len(header) + 1) if not passes(lambda: parse(header[:end]))
    )
    assert at <= len(header)


def passes(function):
    try:
        function()
    except InvalidProxyHeader:
        return False
    return True


def connect(factory, host="10.0.0.9"):
    wrapper = factory.buildProtocol(IPv4Address("TCP", host, 1))
    if wrapper is not None:
        transport = StringTransportWithDisconnection()
        transport.protocol = wrapper
        wrapper.makeConnection(transport)
    return wrapper


def behind(**options):
    clock = Clock()
    within = policies.ThrottlingFactory(
        protocol.Factory.forProtocol(AccumulatingProtocol), maxConnectionsPerIP=1
    )
    factory = haproxy.HAProxyWrappingFactory(within, **options)
    factory.callLater = lambda transport, period, function: clock.callLater(period, function)
    return factory, within, clock


@pytest.mark.parametrize("size", [1, 7, 1000])
def test_limits_are_the_clients(size):
    factory, within, clock = behind()
    stream = GOOD[0][0] + b"hello"
    first = connect(factory)
    for at in range(0, len(stream), size):
        first.dataReceived(stream[at : at + size])
    made = first.wrappedProtocol
    assert made.transport.getPeer() == GOOD[0][1] and made.transport.getHost() == GOOD[0][2]
    assert made.wrappedProtocol.data == b"hello" and not clock.calls
    # Another of the same client, over the same balancer; and one of another client.
    second_, third = connect(factory), connect(factory)
    second_.dataReceived(GOOD[0][0])
    assert not second_.transport.connected
    third.dataReceived(GOOD[1][0])
    assert third.transport.connected
    for wrapper in (first, third):
        wrapper.loseConnection()
    assert not factory.protocols and within.connectionCount == 0


def test_wrong_or_late():
    factory, within, clock = behind()
    wrong, late = connect(factory), connect(factory)
    wrong.dataReceived(b"GET ")
    wrong.dataReceived(b"/")
    assert not wrong.transport.connected
    clock.advance(3)
    assert not late.transport.connected
    assert within.counters.total == 0 and not factory.protocols and not clock.calls


def test_trusted():
    factory, within, clock = behind(trusted=["10.0.0.0/24"])
    assert connect(factory, "192.0.2.9") is None and factory.counters.refused == 1
    assert connect(factory, "10.0.0.9") is not None
    factory, within, clock = behind(trusted=["10.0.0.0/24"], direct=True)
    direct = connect(factory, "192.0.2.9")
    direct.dataReceived(GOOD[0][0])
    assert direct.wrappedProtocol.wrappedProtocol.data == GOOD[0][0]
    assert direct.getPeer() == direct.transport.getPeer()


def test_by_endpoint(reactor):
    made = []

    class Server(AccumulatingProtocol):
        def connectionMade(self):
            made.append(self)

    endpoint = endpoints.serverFromString(reactor, "haproxy:tcp:0:interface=127.0.0.1")
    port = run(reactor, endpoint.listen(protocol.Factory.forProtocol(Server)))
    with socket.create_connection(("127.0.0.1", port.getHost().port), LIMIT) as peer:
        peer.sendall(GOOD[1][0] + b"hello")
        until(reactor, lambda: made and made[0].data == b"hello")
        assert made[0].transport.getPeer() == GOOD[1][1]
    with pytest.raises(ValueError):
        endpoints.serverFromString(reactor, "haproxy:nonsense")
