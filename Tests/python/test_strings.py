"""Receivers of strings on a foreign transport."""

from __future__ import annotations

import ctypes
import random
import socket
import struct

import pytest

from conftest import LIMIT, in_thread, run
from doubles import connected, feed, strings
from plait.internet import protocol
from plait.protocols import basic

Int8 = strings(basic.Int8StringReceiver)
Int16 = strings(basic.Int16StringReceiver)
Int32 = strings(basic.Int32StringReceiver)
Netstring = strings(basic.NetstringReceiver)


class Int24(strings(basic.IntNStringReceiver)):
    structFormat = "!I"
    prefixLength = 3


class Little(strings(basic.IntNStringReceiver)):
    structFormat = "<H"
    prefixLength = 2


class Int64(strings(basic.IntNStringReceiver)):
    structFormat = "!Q"
    prefixLength = 8


KINDS = [Int8, Int16, Int32, Int24, Little, Int64, Netstring]


@pytest.mark.parametrize(
    ("kind", "wire"),
    [
        (Int8, b"\x03foo"),
        (Int16, b"\x00\x03foo"),
        (Int32, b"\x00\x00\x00\x03foo"),
        (Int24, b"\x00\x00\x03foo"),
        (Little, b"\x03\x00foo"),
        (Int64, b"\x00\x00\x00\x00\x00\x00\x00\x03foo"),
        (Netstring, b"3:foo,"),
    ],
)
def test_on_the_wire(kind, wire):
    protocol = connected(kind)
    protocol.sendString(b"foo")
    assert protocol.transport.written == wire
    protocol.dataReceived(wire)
    assert protocol.events == [b"foo"]


@pytest.mark.parametrize("kind", KINDS)
def test_every_way_to_cut(kind):
    messages = [b"one", b"", b"two\x00\x01,:", b"x" * 200, b"1:a,"]
    sender = connected(kind)
    sender.sendStrings(messages)
    data = sender.transport.written
    for size in range(1, len(data) + 1):
        protocol = connected(kind)
        feed(protocol, data, size)
        assert protocol.events == messages, size
    for cut in range(len(data) + 1):
        protocol = connected(kind)
        protocol.dataReceived(data[:cut])
        protocol.dataReceived(data[cut:])
        assert protocol.events == messages, cut


@pytest.mark.parametrize("kind", KINDS)
def test_more_strings_than_a_block_has(kind):
    messages = [b"%d" % number for number in range(10000)]
    sender = connected(kind)
    sender.sendStrings(messages)
    protocol = connected(kind)
    protocol.dataReceived(sender.transport.written)
    assert protocol.events == messages


@pytest.mark.parametrize(
    ("kind", "most"), [(basic.Int8StringReceiver, 255), (basic.Int16StringReceiver, 65535)]
)
def test_what_a_prefix_can_tell(kind, most):
    protocol = connected(kind)
    protocol.sendString(b"x" * most)
    with pytest.raises(basic.StringTooLongError):
        protocol.sendString(b"x" * (most + 1))
    assert issubclass(basic.StringTooLongError, AssertionError)
    with pytest.raises(basic.StringTooLongError):
        connected(Int24).sendString(b"x" * (1 << 24))


def test_text_is_refused():
    with pytest.raises(TypeError):
        connected(Int32).sendString("text")


@pytest.mark.parametrize("kind", [Int8, Int16, Int32, Int24, Little])
def test_the_limit(kind):
    sender = connected(kind)
    sender.sendStrings([b"x" * 10, b"y" * 11, b"z"])
    protocol = connected(kind, MAX_LENGTH=10)
    protocol.dataReceived(sender.transport.written)
    assert protocol.events == [b"x" * 10, 11]
    assert protocol.transport.disconnecting
    protocol.dataReceived(sender.transport.written)
    assert protocol.events == [b"x" * 10, 11]


def test_after_an_excess_that_does_not_close():
    class Lenient(Int32):
        def lengthLimitExceeded(self, length):
            self.events.append(length)

    data = b"".join(struct.pack("!I", len(s)) + s for s in (b"ab", b"x" * 50, b"cd"))
    for size in range(1, len(data) + 1):
        protocol = connected(Lenient, MAX_LENGTH=10)
        feed(protocol, data, size)
        assert protocol.events == [b"ab", 50, b"cd"], size


def test_a_length_that_is_never_sent_costs_nothing():
    protocol = connected(Int32, MAX_LENGTH=2**30)
    protocol.dataReceived(b"\x3f\xff\xff\xff" + b"x" * 100)
    assert protocol.events == []


@pytest.mark.parametrize("kind", KINDS)
def test_callbacks_that_interfere(kind):
    class Interfering(kind):
        def stringReceived(self, string):
            super().stringReceived(string)
            if string == b"pause":
                self.pauseProducing()
            elif string == b"both":
                self.pauseProducing()
                self.resumeProducing()
            elif string == b"nest":
                self.dataReceived(self.frame(b"nested"))
            elif string == b"raise":
                raise KeyError(string)
            elif string == b"end":
                self.transport.loseConnection()

    def fed(*messages):
        protocol.dataReceived(b"".join(map(protocol.frame, messages)))

    protocol = connected(Interfering)
    fed(b"a", b"both", b"b", b"nest", b"c", b"pause", b"d")
    assert protocol.events == [b"a", b"both", b"b", b"nest", b"c", b"pause"]
    protocol.resumeProducing()
    assert protocol.events[6:] == [b"d", b"nested"]
    with pytest.raises(KeyError):
        fed(b"raise", b"e")
    fed(b"f")
    assert protocol.events[8:] == [b"raise", b"e", b"f"]
    fed(b"end", b"g")
    fed(b"h")
    assert protocol.events[11:] == [b"end"]


@pytest.mark.parametrize(
    ("data", "events"),
    [
        (b"0:,", [b""]),
        (b"4:1:a,,", [b"1:a"]),
        (b"2:aaa,", []),
        (b"0:a,", []),
        (b":aaa,", []),
        (b"3aaa,", []),
        (b"aaa", []),
        (b"01:a,", []),
        (b"+1:a,", []),
        (b" 1:a,", []),
        (b"1 :a,", []),
        (b"-1:a,", []),
        (b"12\n", []),
        (b"1:a,2:bc,x", [b"a", b"bc"]),
        (b"99999999999999999999999:", []),
    ],
)
def test_netstrings(data, events):
    broken = data not in (b"0:,",)
    if data == b"4:1:a,,":
        events, broken = [b"1:a,"], False
    for size in range(1, len(data) + 1):
        protocol = connected(basic_netstring())
        feed(protocol, data, size)
        assert protocol.events == events, size
        assert protocol.brokenPeer == int(broken), size
        assert protocol.transport.disconnecting == broken


def basic_netstring():
    class Recorder(basic.NetstringReceiver):
        def __init__(self):
            self.events = []

        def stringReceived(self, string):
            self.events.append(string)

    return Recorder


def test_a_netstring_that_is_too_long():
    protocol = connected(Netstring, MAX_LENGTH=99)
    protocol.dataReceived(b"99:" + b"x" * 99 + b",")
    assert protocol.events == [b"x" * 99]
    protocol.dataReceived(b"100:")
    assert protocol.events[1:] == [100]
    assert protocol.brokenPeer == 1
    assert protocol.transport.disconnecting


def test_blocks():
    class Blocks(basic.Int32StringReceiver):
        def __init__(self):
            self.blocks = []

        def stringsReceived(self, strings):
            self.blocks.append(strings)
            self.sendStrings(strings)

    protocol = connected(Blocks)
    data = b"\0\0\0\1a\0\0\0\0\0\0\0\2bc"
    protocol.dataReceived(data)
    assert protocol.blocks == [[b"a", b"", b"bc"]]
    assert protocol.transport.written == data


def test_base_class():
    with pytest.raises(NotImplementedError):
        connected(basic.Int8StringReceiver).dataReceived(b"\1x")


@pytest.mark.parametrize("kind", ["int32", "netstring"])
def test_blocks_are_cut_and_joined(kind):
    """Whether the strings are of one size, nearly so, or not at all."""
    from plait.protocols._cutting import cut
    from plait.protocols._prefixed import _decimal, _heads

    chance = random.Random(kind)
    for _ in range(2000):
        size = chance.randrange(12)
        sizes = [size] * chance.randrange(1, 9)
        for index in range(chance.choice([0, 0, 0, 1, 2])):
            sizes[chance.randrange(len(sizes))] = chance.randrange(12)
        strings = [chance.getrandbits(8 * length or 1).to_bytes(length or 1, "big")[:length] for length in sizes]
        data, table = b"", []
        for string in strings:
            data += struct.pack(">I", len(string)) if kind == "int32" else b"%d:" % len(string)
            table += [len(data), len(string)]
            data += string + b"," * (kind == "netstring")
        bounds = ctypes.create_string_buffer(struct.pack(f"{len(table)}I", *table))
        block = ctypes.create_string_buffer(data)
        assert list(cut(ctypes.addressof(block), len(data), ctypes.addressof(bounds), len(strings))) == strings
        joined = _heads(4, "big").join(strings) if kind == "int32" else _decimal.join(strings, b",")
        assert joined == data


def test_formats_that_are_properties(reactor):
    class Odd(basic.IntNStringReceiver):
        structFormat = property(lambda self: "!H")
        prefixLength = property(lambda self: 2)

        def stringReceived(self, string):
            self.sendString(string)

    factory = protocol.Factory.forProtocol(Odd)
    port = reactor.listenTCP(0, factory, interface="127.0.0.1")
    with socket.create_connection(("127.0.0.1", port.getHost().port), LIMIT) as peer:
        peer.sendall(b"\0\3abc")
        assert run(reactor, in_thread(reactor, peer.recv, 100)) == b"\0\3abc"
