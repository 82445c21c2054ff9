"""``recvd``: what a receiver of strings has received and not delivered."""

from __future__ import annotations

import gc
import weakref

import pytest

from conftest import until
from doubles import connected
from plait.internet import protocol
from plait.protocols import basic


def message(text):
    return bytes([len(text)]) + text


class Keeps(basic.Int8StringReceiver):
    """Does what a test wants behind a string."""

    MAX_LENGTH = 10

    def __init__(self):
        self.got, self.does, self.exceeded = [], {}, None

    def stringReceived(self, string):
        self.got.append(string)
        if string in self.does:
            self.does[string]()

    def lengthLimitExceeded(self, length):
        self.got.append(length)
        if self.exceeded is not None:
            self.exceeded()


class Blocks(Keeps):
    def stringsReceived(self, strings):
        for string in strings:
            self.stringReceived(string)


def test_read_at_any_time():
    framer = connected(Keeps)
    seen = []
    framer.does = {b"a": lambda: seen.append(framer.recvd), b"c": lambda: seen.append(framer.recvd)}
    assert framer.recvd == b""
    framer.dataReceived(b"\x01")
    assert framer.recvd == b"\x01"
    framer.dataReceived(b"a\x01b\x01c\x03d")
    assert framer.recvd == b"\x03d"
    framer.dataReceived(b"ee")
    assert framer.recvd == b""
    assert seen == [b"\x01b\x01c\x03d", b"\x03d"]
    assert framer.got == [b"a", b"b", b"c", b"dee"]


def test_every_way_to_cut():
    whole = b"".join(map(message, [b"one", b"", b"three", b"x"])) + b"\x05ta"
    for cut in range(len(whole) + 1):
        framer = connected(Keeps)
        left = []
        framer.does = dict.fromkeys([b"one", b"", b"three", b"x"], lambda: left.append(framer.recvd))
        framer.dataReceived(whole[:cut])
        framer.dataReceived(whole[cut:])
        assert framer.got == [b"one", b"", b"three", b"x"]
        assert framer.recvd == b"\x05ta"
        # Each is the end of what had come by then.
        ends = [4, 5, 11, 13]
        seen = [whole[end : cut if end <= cut else None] for end in ends]
        assert left == seen


def test_assigned_in_a_callback():
    framer = connected(Keeps)
    framer.does[b"a"] = lambda: setattr(framer, "recvd", b"\x01c\x01d\x02e")
    framer.dataReceived(b"\x01a\x01b\x05f")
    assert framer.got == [b"a", b"c", b"d"]
    assert framer.recvd == b"\x02e"
    framer.dataReceived(b"e")
    assert framer.got[3:] == [b"ee"]


def test_emptied_in_a_callback():
    framer = connected(Keeps)
    framer.does[b"a"] = lambda: setattr(framer, "recvd", b"")
    framer.dataReceived(b"\x01a\x01b\x05f")
    assert (framer.got, framer.recvd) == ([b"a"], b"")
    framer.dataReceived(b"\x01g")
    assert framer.got == [b"a", b"g"]


def test_assigned_in_a_block():
    framer = connected(Blocks)
    framer.does[b"a"] = lambda: setattr(framer, "recvd", b"\x01c")
    framer.dataReceived(b"\x01a\x01b\x05f")
    assert framer.got == [b"a", b"b", b"c"]


def test_assigned_outside():
    framer = connected(Keeps)
    framer.recvd = b"\x01a\x02b"
    assert (framer.got, framer.recvd) == ([], b"\x01a\x02b")
    framer.dataReceived(b"b\x01")
    assert (framer.got, framer.recvd) == ([b"a", b"bb"], b"\x01")
    framer.recvd = b"\x01c"
    framer.dataReceived(b"")
    assert framer.got == [b"a", b"bb", b"c"]


def test_too_long():
    framer = connected(Keeps)
    seen = []
    framer.exceeded = lambda: seen.append(framer.recvd)
    framer.dataReceived(b"\x01a\x0cbbb")
    assert seen == [b"\x0cbbb"]
    framer.dataReceived(b"b" * 9 + b"\x01c\x02")
    assert framer.got == [b"a", 12, b"c"]
    assert framer.recvd == b"\x02"


def test_too_long_and_replaced():
    framer = connected(Keeps)
    framer.exceeded = lambda: setattr(framer, "recvd", b"\x01x")
    framer.dataReceived(b"\x0cbbb")
    framer.dataReceived(b"\x01y")
    assert framer.got == [12, b"x", b"y"]


def test_an_exception():
    framer = connected(Keeps)

    def fails():
        raise ValueError(framer.recvd)

    framer.does[b"f"] = fails
    with pytest.raises(ValueError, match="x01b"):
        framer.dataReceived(b"\x01a\x01f\x01b")
    assert framer.recvd == b"\x01b"
    framer.dataReceived(b"\x01c")
    assert (framer.got, framer.recvd) == ([b"a", b"f", b"b", b"c"], b"")


def test_paused():
    framer = connected(Keeps)
    framer.does[b"p"] = framer.pauseProducing
    framer.dataReceived(b"\x01p\x01b")
    framer.dataReceived(b"\x01c")
    assert framer.recvd == b"\x01b\x01c"
    framer.resumeProducing()
    assert (framer.got, framer.recvd) == ([b"p", b"b", b"c"], b"")


def test_nothing_is_kept_behind_the_end():
    framer = connected(Keeps)
    framer.does[b"a"] = lambda: framer.transport.loseConnection()
    framer.dataReceived(b"\x01a\x01b")
    for _ in range(3):
        framer.dataReceived(b"\x01c")
    assert (framer.got, framer.recvd) == ([b"a"], b"")


def test_it_is_let_go_of():
    framer = connected(Keeps)
    framer.dataReceived(b"\x01a\x05")
    gone = weakref.ref(framer)
    del framer
    gc.collect()
    assert gone() is None


class Switches(basic.Int8StringReceiver):
    """Speaks something else behind a string."""

    def __init__(self):
        self.got, self.rest = [], None

    def stringReceived(self, string):
        self.got.append(string)
        if string == b"switch":
            self.rest = self.recvd
            self.recvd = b"\x02ok"


class Plain(basic.Int8StringReceiver):
    def stringReceived(self, string):
        self.sendString(string)


def test_on_a_reactor(reactor):
    """A class that names it is fed."""
    made = []

    class Server(Switches):
        def connectionMade(self):
            made.append(self)

    port = reactor.listenTCP(0, protocol.Factory.forProtocol(Server), interface="127.0.0.1")

    class Client(protocol.Protocol):
        def connectionMade(self):
            self.transport.write(b"\x01a\x06switch\x03re")

    client = protocol.ClientFactory.forProtocol(Client)
    reactor.connectTCP("127.0.0.1", port.getHost().port, client)
    until(reactor, lambda: made and b"ok" in made[0].got)
    assert (made[0].got, made[0].rest) == ([b"a", b"switch", b"ok"], b"\x03re")


def test_others_on_a_reactor_say_so(reactor):
    made = []

    class Server(Plain):
        def connectionMade(self):
            made.append(self)

    port = reactor.listenTCP(0, protocol.Factory.forProtocol(Server), interface="127.0.0.1")
    client = protocol.ClientFactory.forProtocol(Plain)
    reactor.connectTCP("127.0.0.1", port.getHost().port, client)
    until(reactor, lambda: made)
    with pytest.raises(RuntimeError, match="recvd"):
        print(made[0].recvd)
    with pytest.raises(RuntimeError, match="recvd"):
        made[0].recvd = b""
