"""Receivers of lines on a foreign transport."""

from __future__ import annotations

import gc
import itertools
import random
import socket

import pytest

from conftest import LIMIT, until
from doubles import Lines, Transport, connected, feed, recording
from plait._core.registry import conns
from plait.internet import protocol
from plait.protocols import basic


@pytest.mark.parametrize(
    ("pieces", "events", "closed"),
    [
        ([b"12345678\r\n"], [("line", b"12345678")], False),
        ([b"123456789\r\nab\r\n"], [("exceeded", b"123456789\r\nab\r\n")], True),
        ([b"12345678"], [], False),
        ([b"123456789"], [], False),
        ([b"1234567890"], [("exceeded", b"1234567890")], True),
        ([b"123456789", b"\r\nx"], [("exceeded", b"123456789\r\nx")], True),
        ([b"12345678\r", b"\n"], [("line", b"12345678")], False),
        ([b"a\rb\nc\r\n"], [("line", b"a\rb\nc")], False),
        ([b"\r\n\r\n"], [("line", b""), ("line", b"")], False),
    ],
)
def test_the_limit(pieces, events, closed):
    protocol = connected(Lines, MAX_LENGTH=8)
    for piece in pieces:
        protocol.dataReceived(piece)
    assert protocol.events == events
    assert protocol.transport.disconnecting is closed


@pytest.mark.parametrize("delimiter", [b"\r\n", b"\n", b"END"])
def test_blocks_are_cut(delimiter):
    """Whether the lines are of one size, nearly so, or not at all, and whatever is in them."""
    chance = random.Random(delimiter)
    protocol = connected(Lines, delimiter=delimiter)
    for _ in range(1000):
        size = chance.randrange(6)
        sizes = [size] * chance.randrange(1, 9)
        for _ in range(chance.choice([0, 0, 0, 1, 2])):
            sizes[chance.randrange(len(sizes))] = chance.randrange(6)
        lines = [bytes(chance.choices(b"ab\r\n\0E", k=length)) for length in sizes]
        data = b"".join(line + delimiter for line in lines)
        protocol.events.clear()
        protocol.dataReceived(data)
        assert protocol.events == [("line", line) for line in data.split(delimiter)[:-1]]


def test_a_delimiter_in_two_pieces_at_the_limit():
    protocol = connected(Lines, MAX_LENGTH=4)
    feed(protocol, b"1234\r")
    feed(protocol, b"\n")
    assert protocol.events == [("line", b"1234")]


def test_after_an_excess_that_does_not_close():
    class Lenient(Lines):
        def lineLengthExceeded(self, line):
            self.events.append(("exceeded", line))

    protocol = connected(Lenient, MAX_LENGTH=4)
    protocol.dataReceived(b"12345\r\nab\r\n")
    protocol.dataReceived(b"cd\r\n")
    assert protocol.events == [("exceeded", b"12345\r\nab\r\n"), ("line", b"cd")]


def test_clear_line_buffer_as_an_attribute():
    class Skipping(Lines):
        clearLineBuffer = True

    for size in range(1, 20):
        protocol = connected(Skipping, MAX_LENGTH=4)
        feed(protocol, b"ab\r\n12345678\r\ncd\r\n", size)
        assert protocol.lines() == [b"ab", b"cd"], size
        assert [kind for kind, _ in protocol.events].count("exceeded") == 1
        assert not protocol.transport.disconnecting
    assert not basic.LineReceiver.clearLineBuffer
    assert not protocol.__class__.__base__.clearLineBuffer


def test_clear_line_buffer_as_a_method():
    class Clearing(Lines):
        def on_clear(self, line):
            self.events.append(("cleared", self.clearLineBuffer()))

    protocol = connected(Clearing)
    protocol.dataReceived(b"a\r\nclear\r\nb\r\nc\r\nrest")
    assert protocol.events == [("line", b"a"), ("line", b"clear"), ("cleared", b"b\r\nc\r\nrest")]
    protocol.dataReceived(b"new\r\n")
    assert protocol.lines()[-1] == b"new"
    protocol.dataReceived(b"part")
    assert protocol.clearLineBuffer() == b"part"
    assert basic.LineReceiver.clearLineBuffer(protocol) == b""
    assert connected(Lines).clearLineBuffer() == b""


class Mixed(Lines):
    """Obeys ``raw N``: the next N bytes are raw; and ``pause``."""

    def on_raw(self, line):
        self.length = int(line.split()[1])
        self.buffer = b""
        self.setRawMode()

    def rawDataReceived(self, data):
        self.buffer += data
        if len(self.buffer) >= self.length:
            raw, rest = self.buffer[: self.length], self.buffer[self.length :]
            self.events.append(("raw", raw))
            self.setLineMode(rest)

    def on_pause(self, line):
        self.pauseProducing()


STREAM = b"a\r\nraw 5\r\n12\r\n3b\r\nraw 1\r\nxraw 3\r\nyyyc\r\nd\r\nraw 2\r\n\r\nend\r\n"
EXPECTED = [
    ("line", b"a"),
    ("line", b"raw 5"),
    ("raw", b"12\r\n3"),
    ("line", b"b"),
    ("line", b"raw 1"),
    ("raw", b"x"),
    ("line", b"raw 3"),
    ("raw", b"yyy"),
    ("line", b"c"),
    ("line", b"d"),
    ("line", b"raw 2"),
    ("raw", b"\r\n"),
    ("line", b"end"),
]


def test_lines_and_raw_bytes_in_pieces_of_every_size():
    for size in range(1, len(STREAM) + 1):
        protocol = connected(Mixed)
        feed(protocol, STREAM, size)
        assert protocol.events == EXPECTED, size


def test_lines_and_raw_bytes_in_every_two_pieces():
    for cut in range(len(STREAM) + 1):
        protocol = connected(Mixed)
        protocol.dataReceived(STREAM[:cut])
        protocol.dataReceived(STREAM[cut:])
        assert protocol.events == EXPECTED, cut


def test_many_changes_of_mode_in_one_piece():
    protocol = connected(Mixed)
    protocol.dataReceived(b"raw 1\r\nx" * 3000)
    assert len(protocol.events) == 6000


def test_raw_mode_with_nothing_behind():
    protocol = connected(Lines)
    protocol.setRawMode()
    assert protocol.events == []
    protocol.dataReceived(b"x\r\ny")
    assert protocol.events == [("raw", b"x\r\ny")]
    assert protocol.line_mode == 0
    protocol.setLineMode(b"line\r\n")
    assert protocol.lines() == [b"line"]


def test_set_line_mode_before_anything_arrived():
    protocol = connected(Lines)
    protocol.setLineMode(b"first\r\n")
    assert protocol.lines() == [b"first"]


def test_set_line_mode_inside_a_line_queues_behind():
    class Adding(Lines):
        def on_add(self, line):
            self.setLineMode(b"extra\r\n")

    protocol = connected(Adding)
    protocol.dataReceived(b"add\r\nb\r\n")
    assert protocol.lines() == [b"add", b"b", b"extra"]


def test_pausing():
    protocol = connected(Mixed)
    protocol.dataReceived(b"a\r\npause\r\nb\r\nc\r\n")
    assert protocol.lines() == [b"a", b"pause"]
    assert protocol.transport.paused
    protocol.dataReceived(b"d\r\n")
    assert protocol.lines() == [b"a", b"pause"]
    protocol.resumeProducing()
    assert protocol.lines() == [b"a", b"pause", b"b", b"c", b"d"]
    assert not protocol.transport.paused


def test_pausing_and_resuming_inside_a_line():
    class Both(Lines):
        def on_both(self, line):
            self.pauseProducing()
            self.resumeProducing()

    protocol = connected(Both)
    protocol.dataReceived(b"a\r\nboth\r\nb\r\nboth\r\nc\r\n")
    assert protocol.lines() == [b"a", b"both", b"b", b"both", b"c"]


def test_stopping():
    class Stops(Lines):
        def on_stop(self, line):
            self.stopProducing()

    protocol = connected(Stops)
    protocol.dataReceived(b"a\r\nstop\r\nb\r\n")
    protocol.dataReceived(b"c\r\n")
    assert protocol.lines() == [b"a", b"stop"]
    assert protocol.transport.stopped


def test_nothing_is_delivered_after_the_end_was_asked_for():
    class Ends(Lines):
        def on_end(self, line):
            self.transport.loseConnection()

    protocol = connected(Ends)
    protocol.dataReceived(b"a\r\nend\r\nb\r\n")
    protocol.dataReceived(b"c\r\nd\r\n")
    assert protocol.lines() == [b"a", b"end"]


def test_changed_delimiter_and_limit():
    class Changing(Lines):
        def on_semicolon(self, line):
            self.delimiter = b";"

        def on_short(self, line):
            self.MAX_LENGTH = 2

    protocol = connected(Changing)
    protocol.dataReceived(b"a\r\nsemicolon\r\nb\r\n;c;short;de;fgh;i;")
    assert protocol.events == [
        ("line", b"a"),
        ("line", b"semicolon"),
        ("line", b"b\r\n"),
        ("line", b"c"),
        ("line", b"short"),
        ("line", b"de"),
        ("exceeded", b"fgh;i;"),
    ]
    protocol = connected(Lines)
    protocol.dataReceived(b"a\r\n")
    protocol.delimiter = b"|"
    protocol.dataReceived(b"b|")
    assert protocol.lines() == [b"a", b"b"]
    protocol.sendLine(b"out")
    assert protocol.transport.written == b"out|"


@pytest.mark.parametrize("delimiter", [b"", b"x" * 256, "\n"])
def test_bad_delimiters(delimiter):
    protocol = connected(Lines, delimiter=delimiter)
    with pytest.raises((ValueError, TypeError)):
        protocol.dataReceived(b"a\r\n")


@pytest.mark.parametrize("delimiter", [b"\n", b"aa", b"\r\r\n", b"abc"])
def test_delimiters_of_other_kinds(delimiter):
    data = delimiter.join([b"one", b"", b"t\rw\no", b"b", b""])
    for cut in range(len(data) + 1):
        protocol = connected(Lines, delimiter=delimiter)
        protocol.dataReceived(data[:cut])
        protocol.dataReceived(data[cut:])
        assert protocol.lines() == data.split(delimiter)[:-1], cut


def test_carriage_returns_and_line_feeds_inside_of_lines():
    pieces = [b"\r", b"\n", b"\r\n", b"a", b"\x0b", b"\x85", b"\x1c"]
    for chosen in itertools.product(pieces, repeat=4):
        data = b"".join(chosen) + b"\r\n"
        protocol = connected(Lines)
        protocol.dataReceived(data)
        assert protocol.lines() == data.split(b"\r\n")[:-1], data


def test_data_received_inside_a_callback_is_queued():
    class Nested(Lines):
        def on_nest(self, line):
            self.dataReceived(b"nested\r\n")
            self.events.append("behind")

    protocol = connected(Nested)
    protocol.dataReceived(b"nest\r\nb\r\nhalf")
    assert protocol.events == [("line", b"nest"), "behind", ("line", b"b"), ("line", b"halfnested")]


def test_two_protocols_that_feed_each_other():
    first, second = connected(Lines), connected(Lines)
    first.on_ask = lambda line: second.dataReceived(b"asked\r\n")
    second.on_asked = lambda line: first.dataReceived(b"answer\r\n")
    first.dataReceived(b"ask\r\nb\r\n")
    assert first.lines() == [b"ask", b"b", b"answer"]
    assert second.lines() == [b"asked"]


def test_an_exception_comes_out_and_loses_one_line():
    class Raises(Lines):
        def on_raise(self, line):
            raise KeyError(line)

    protocol = connected(Raises)
    with pytest.raises(KeyError):
        protocol.dataReceived(b"a\r\nraise\r\nb\r\nc\r\n")
    assert protocol.lines() == [b"a", b"raise"]
    protocol.dataReceived(b"d\r\n")
    assert protocol.lines() == [b"a", b"raise", b"b", b"c", b"d"]
    with pytest.raises(KeyError):
        protocol.dataReceived(b"raise\r\n")
    with pytest.raises(NotImplementedError):
        connected(basic.LineReceiver).dataReceived(b"x\r\n")


def test_blocks():
    class Blocks(basic.LineReceiver):
        blocks: list[list[bytes]] = []

        def linesReceived(self, lines):
            self.blocks.append(lines)
            self.sendLines(lines)
            if b"quit" in lines:
                self.transport.loseConnection()

    protocol = connected(Blocks)
    protocol.dataReceived(b"a\r\nb\r\nc")
    protocol.dataReceived(b"\r\nquit\r\n")
    protocol.dataReceived(b"never\r\n")
    assert sum(protocol.blocks, []) == [b"a", b"b", b"c", b"quit"]
    assert len(protocol.blocks) <= 3
    assert protocol.transport.written == b"a\r\nb\r\nc\r\nquit\r\n"


def test_more_lines_than_a_block_has():
    protocol = connected(Lines)
    protocol.dataReceived(b"".join(b"%d\r\n" % number for number in range(10000)))
    assert protocol.lines() == [b"%d" % number for number in range(10000)]


def test_sending():
    protocol = connected(Lines)
    protocol.sendLine(b"a")
    protocol.sendLines([b"b", b"c"])
    protocol.sendLines(line for line in (b"d", b""))
    protocol.sendLines([])
    protocol.sendLines([b""])
    assert protocol.transport.written == b"a\r\nb\r\nc\r\nd\r\n\r\n\r\n"
    with pytest.raises(TypeError):
        protocol.sendLine("text")


def test_line_only_receiver():
    protocol = connected(recording(basic.LineOnlyReceiver), MAX_LENGTH=4)
    protocol.dataReceived(b"ab\r\n1234\r")
    protocol.dataReceived(b"\ncd\r\n12345\r\nnever\r\n")
    assert protocol.events == [
        ("line", b"ab"),
        ("line", b"1234"),
        ("line", b"cd"),
        ("exceeded", b"12345"),
    ]
    assert protocol.transport.disconnecting


def test_a_protocol_may_be_connected_again():
    protocol = connected(Lines)
    protocol.dataReceived(b"a\r\nhalf")
    protocol.makeConnection(Transport())
    protocol.dataReceived(b"b\r\n")
    assert protocol.lines() == [b"a", b"b"]


def test_nothing_is_left_of_protocols_that_are_garbage():
    before = len(conns)
    for _ in range(100):
        connected(Lines).dataReceived(b"a\r\nhalf")
    gc.collect()
    assert len(conns) == before


@pytest.mark.parametrize("seed", range(6))
def test_whatever_happens_within_a_block(reactor, seed):
    """On a reactor's own transport: every line is delivered once, in order, and answered in order."""
    chance = random.Random(seed)
    lines = [b"%d" % number * chance.randrange(1, 4) for number in range(600)]
    seen, taken = [], []

    class Busy(basic.LineReceiver):
        def lineReceived(self, line):
            seen.append(line)
            self.sendLine(line)
            for _ in range(chance.choice([0, 0, 0, 1, 2])):
                getattr(self, chance.choice(["limit", "rest", "raw", "pause", "write", "clear"]))()

        def limit(self):
            self.MAX_LENGTH = chance.choice([1000, 2000])

        def rest(self):
            self.pauseProducing()
            self.resumeProducing()

        def pause(self):
            self.pauseProducing()
            reactor.callLater(0, self.resumeProducing)

        def raw(self):
            if self.line_mode:
                self.setRawMode()

        def rawDataReceived(self, data):
            self.setLineMode(data)

        def write(self):
            self.transport.write(b"")

        def clear(self):
            # What is taken is put back.
            data = self.clearLineBuffer()
            taken.append(data)
            self.setRawMode()
            self.setLineMode(data)

    port = reactor.listenTCP(0, protocol.Factory.forProtocol(Busy), interface="127.0.0.1")
    data = b"".join(line + b"\r\n" for line in lines)
    with socket.create_connection(("127.0.0.1", port.getHost().port), LIMIT) as peer:
        peer.settimeout(0)
        peer.sendall(data)
        answers = bytearray()

        def answered():
            try:
                answers.extend(peer.recv(65536))
            except BlockingIOError:
                pass
            return len(answers) >= len(data)

        until(reactor, answered)
    assert seen == lines
    assert answers == data
    assert any(taken)
    port.stopListening()


@pytest.mark.parametrize("kind", [bytes, bytearray])
def test_delimiters_that_are_byte_arrays(kind):
    protocol = connected(Lines, delimiter=kind(b"|"))
    protocol.dataReceived(b"a|b;c")
    protocol.sendLine(b"one")
    protocol.sendLines([b"two", b"three"])
    protocol.delimiter = kind(b";")
    protocol.dataReceived(b"|d;e;")
    assert protocol.lines() == [b"a", b"b", b"c|d", b"e"]
    assert protocol.transport.written == b"one|two|three|"

    class Of(Lines):
        delimiter = kind(b"|")

    protocol = connected(Of)
    protocol.dataReceived(b"a|b|")
    assert protocol.lines() == [b"a", b"b"]


@pytest.mark.parametrize("kind", [basic.LineReceiver, basic.Int32StringReceiver])
def test_a_limit_that_is_none(kind):
    protocol = connected(kind, MAX_LENGTH=float("inf"))
    got = []
    protocol.lineReceived = protocol.stringReceived = got.append
    framed = b"x\r\n" if kind is basic.LineReceiver else b"\0\0\0\1x"
    protocol.dataReceived(framed)
    protocol.MAX_LENGTH = 5
    protocol.MAX_LENGTH = float("inf")
    protocol.dataReceived(framed)
    assert got == [b"x"] * 2


def test_only_bytes_are_received():
    protocol = connected(Lines)
    for data in (10, "a\r\n", None, [1, 2]):
        with pytest.raises(TypeError):
            protocol.dataReceived(data)
    protocol.dataReceived(bytearray(b"a\r"))
    protocol.dataReceived(memoryview(b"\n"))
    assert protocol.lines() == [b"a"]
