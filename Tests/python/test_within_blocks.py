"""What a callback changes holds for the very next message, of the same block, too."""

from __future__ import annotations

import pytest

from conftest import lost, until
from doubles import Lines, Transport, connected
from pairs import pair, receive
from plait.protocols import basic

__all__ = ["pair"]


class Told(basic.LineReceiver):
    """Has the line that is "do" do something."""

    def __init__(self, does=lambda made: None):
        self.does, self.lines, self.reason = does, [], None

    def lineReceived(self, line):
        self.lines.append(line)
        self.sendLine(line)
        if line == b"do":
            self.does(self)

    def connectionLost(self, reason):
        self.reason = reason


class Strings(basic.Int8StringReceiver):
    def __init__(self, does):
        self.does, self.strings = does, []

    def stringReceived(self, string):
        self.strings.append(string)
        self.does(self)


def both_ways(pair, reactor, does, data, wanted):
    """The same on a reactor's transport and on another one."""
    fed, made = Told(does), Told(does)
    fed.makeConnection(Transport())
    fed.dataReceived(data)
    assert fed.lines == wanted
    peer = pair(made)
    peer.sendall(data)
    until(reactor, lambda: len(made.lines) >= len(wanted))
    reactor.iterate()
    assert made.lines == wanted


@pytest.mark.logs_errors
@pytest.mark.parametrize("when", ["made", "line"])
def test_a_delimiter_that_is_none(reactor, pair, when, caplog):
    def does(made):
        made.delimiter = "text"
        made.sendLine(b"x")

    class Early(Told):
        def connectionMade(self):
            self.does(self)

    made = Early(does) if when == "made" else Told(does)
    peer = pair(made)
    if when == "line":
        peer.sendall(b"a\r\ndo\r\nb\r\n")
    assert lost(reactor, made).type is TypeError
    assert caplog.text.count("Unhandled error in") == 1
    assert receive(reactor, peer) == (b"a\r\ndo\r\n" if when == "line" else b"")
    # All others go on.
    another = Told()
    peer = pair(another)
    another.sendLine(b"outside of a callback")
    assert receive(reactor, peer, 23) == b"outside of a callback\r\n"


@pytest.mark.logs_errors
def test_what_cannot_be_framed_when_it_leaves(reactor, pair):
    class Broken(basic.Int32StringReceiver):
        reason = None

        def stringReceived(self, string):
            self.sendString(string)
            self.prefixLength = 0

        def connectionLost(self, reason):
            self.reason = reason

    made, another = Broken(), Told()
    peer, other = pair(made), pair(another)
    peer.sendall(b"\0\0\0\1a")
    assert lost(reactor, made).type is basic.StringTooLongError
    assert receive(reactor, peer) == b""
    another.sendLine(b"outside of a callback")
    assert receive(reactor, other, 23) == b"outside of a callback\r\n"


def test_a_method_that_is_assigned(reactor, pair):
    later = []

    def does(made):
        made.lineReceived = later.append

    both_ways(pair, reactor, does, b"a\r\ndo\r\nb\r\nc\r\n", [b"a", b"do"])
    until(reactor, lambda: len(later) == 4)
    assert later == [b"b", b"c"] * 2

    def once(made):
        made.stringReceived = later.append

    made = Strings(once)
    peer = pair(made)
    peer.sendall(b"\1d\1e\1f")
    until(reactor, lambda: len(later) == 6)
    assert made.strings == [b"d"] and later[4:] == [b"e", b"f"]


def test_another_class(reactor, pair):
    class Upper(Told):
        def lineReceived(self, line):
            self.lines.append(line.upper())

    def does(made):
        made.__class__ = Upper

    both_ways(pair, reactor, does, b"a\r\ndo\r\nb\r\nc\r\n", [b"a", b"do", b"B", b"C"])


@pytest.mark.parametrize("then", ["", "loseConnection", "pauseProducing"])
def test_another_protocol_in_the_middle(reactor, pair, then):
    new = Told()

    def does(made):
        # (Not for the conn any more.)
        made.delimiter = b"|"
        made.transport.protocol = new
        new.makeConnection(made.transport)
        getattr(made.transport, then or "getPeer")()

    made = Told(does)
    peer = pair(made)
    peer.sendall(b"a\r\ndo\r\nb\r\nc\r\nd")
    if then == "loseConnection":
        assert receive(reactor, peer) == b"a\r\ndo\r\n"
    else:
        if then:
            assert receive(reactor, peer, 7) == b"a\r\ndo\r\n"
            assert new.lines == []
            new.transport.resumeProducing()
        peer.sendall(b"e\r\n")
        until(reactor, lambda: len(new.lines) == 3)
    assert made.lines == [b"a", b"do"]
    assert new.lines == ([] if then == "loseConnection" else [b"b", b"c", b"de"])


@pytest.mark.parametrize("base", [basic.LineReceiver, basic.Int8StringReceiver])
def test_an_attribute_and_the_end_at_once(base):
    got = []

    class Ends(base):
        def received(self, message):
            got.append(message)
            self.MAX_LENGTH = 100 + len(got)
            self.transport.loseConnection()

        lineReceived = stringReceived = received

    made = connected(Ends)
    made.dataReceived(b"a\r\nb\r\n" if base is basic.LineReceiver else b"\1a\1b\1c")
    made.dataReceived(b"\1\r\n")
    assert got == [b"a"]


def test_a_delimiter_and_the_mode(reactor, pair):
    def does(made):
        made.delimiter = b"\n"
        made.setLineMode()

    both_ways(pair, reactor, does, b"do\r\nb\nc\r\nd\n", [b"do", b"b", b"c\r", b"d"])
    taken = []

    def clears(made):
        made.delimiter = b"|"
        made.setLineMode()
        made.delimiter = b"#"
        made.setLineMode()
        taken.append(made.clearLineBuffer())

    both_ways(pair, reactor, clears, b"a\r\ndo\r\nc\r\nd|e", [b"a", b"do"])
    assert taken == [b"c\r\nd|e"] * 2


def test_a_buffer_that_is_cleared_behind_what_was_handed_over():
    taken = []

    class Clears(Lines):
        def on_clear(self, line):
            self.dataReceived(b"more\r\nha")
            taken.append(self.clearLineBuffer())

    made = connected(Clears)
    made.dataReceived(b"a\r\nclear\r\nb\r\nc")
    made.dataReceived(b"lf\r\n")
    assert taken == [b"b\r\ncmore\r\nha"]
    assert made.lines() == [b"a", b"clear", b"lf"]


def test_a_transport_that_the_protocol_lets_go(reactor, pair):
    def does(made):
        made.transport.loseConnection()
        made.transport = None

    made = Told(does)
    peer = pair(made)
    peer.sendall(b"a\r\ndo\r\nb\r\n")
    assert receive(reactor, peer) == b"a\r\ndo\r\n"
    until(reactor, lambda: made.reason is not None)
    assert made.lines == [b"a", b"do"]


@pytest.mark.logs_errors
def test_nothing_is_left_behind_an_exception(reactor, pair):
    at_the_end = []

    class Raises(Told):
        def connectionLost(self, reason):
            super().connectionLost(reason)
            at_the_end.append(self.clearLineBuffer())

    def does(made):
        raise KeyError("do")

    # What was not delivered can be had until the end, as with Twisted.
    made = Raises(does)
    pair(made).sendall(b"do\r\nb\r\nc\r\n")
    assert lost(reactor, made).type is KeyError
    assert at_the_end == [b"b\r\nc\r\n"]
    # And is nothing to the next connection.
    made = Told(does)
    pair(made).sendall(b"do\r\nb\r\nc\r\n")
    assert lost(reactor, made).type is KeyError
    assert made.clearLineBuffer() == b""
    fed = connected(Lines)
    fed.on_raise = does
    with pytest.raises(KeyError):
        fed.dataReceived(b"raise\r\nb\r\n")
    fed.makeConnection(Transport())
    assert fed.clearLineBuffer() == b""
    fed.dataReceived(b"c\r\n")
    assert fed.lines() == [b"raise", b"c"]


def test_what_a_class_says_later_is_changed_within_a_block(reactor, pair):
    class Late(Told):
        pass

    class LateStrings(basic.Int8StringReceiver):
        def stringReceived(self, string):
            strings.append(string)
            self.MAX_LENGTH = 1

        def lengthLimitExceeded(self, length):
            strings.append(length)

    Late.delimiter = b"\n"
    LateStrings.MAX_LENGTH = 10
    strings = []

    def does(made):
        made.delimiter = b";"
        made.sendLine(b"x")

    made = Late(does)
    peer = pair(made)
    peer.sendall(b"a\ndo\nb;c\n;")
    assert receive(reactor, peer, 12) == b"a\ndo\nx;b;c\n;"
    fed = Late(does)
    fed.makeConnection(Transport())
    fed.dataReceived(b"a\ndo\nb;c\n;")
    assert fed.lines == made.lines == [b"a", b"do", b"b", b"c\n"]
    connected(LateStrings).dataReceived(b"\2ab\2cd\1e")
    assert strings == [b"ab", 2, b"e"]
