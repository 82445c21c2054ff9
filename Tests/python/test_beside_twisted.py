"""Random streams, cut at random, through Twisted's receivers and ours: the same must happen."""

from __future__ import annotations

import random

import pytest
from twisted.protocols import basic as theirs

from doubles import Transport
from plait.protocols import basic as ours

COMMANDS = [
    b"raw 3",
    b"raw 9",
    b"semicolon",
    b"crlf",
    b"short",
    b"long",
    b"pause",
    b"both",
    b"clear",
]


def line_receiver(base):
    """A receiver that obeys lines."""

    class Receiver(base):
        MAX_LENGTH = 40

        def __init__(self):
            self.events = []
            self.wanted = 0

        def lineReceived(self, line):
            self.events.append(("line", line))
            if line in (b"raw 3", b"raw 9"):
                self.wanted = int(line[4:])
                self.setRawMode()
            elif line == b"semicolon":
                self.delimiter = b";"
            elif line == b"crlf":
                self.delimiter = b"\r\n"
            elif line == b"short":
                self.MAX_LENGTH = 12
            elif line == b"long":
                self.MAX_LENGTH = 40
            elif line == b"pause":
                self.pauseProducing()
            elif line == b"both":
                self.pauseProducing()
                self.resumeProducing()
            elif line == b"clear":
                self.events.append(("cleared", self.clearLineBuffer()))

        def rawDataReceived(self, data):
            head, rest = data[: self.wanted], data[self.wanted :]
            self.wanted -= len(head)
            self.events.append(("raw", head))
            if not self.wanted:
                self.setLineMode(rest)

        def lineLengthExceeded(self, line):
            self.events.append(("exceeded", line))

    return Receiver


def stream(chance):
    """Lines, commands, and bytes that are neither."""
    parts = []
    for _ in range(chance.randrange(5, 60)):
        kind = chance.random()
        if kind < 0.3:
            parts.append(chance.choice(COMMANDS))
        elif kind < 0.4:
            parts.append(bytes(chance.choices(b"ab\r\n;", k=chance.randrange(6))))
        else:
            parts.append(b"x" * int(chance.expovariate(0.1)))
        parts.append(chance.choice([b"\r\n", b"\r\n", b"\r\n", b";", b""]))
    return b"".join(parts)


def pieces(chance, data):
    """The stream, cut somewhere."""
    most = chance.choice([1, 3, 20, 1000])
    at = 0
    while at < len(data):
        size = chance.randrange(1, most + 1)
        yield data[at : at + size]
        at += size


@pytest.mark.parametrize("block", range(20))
def test_lines(block):
    for number in range(50):
        seed = 1000 * block + number
        chance = random.Random(seed)
        data = stream(chance)
        cuts = list(pieces(chance, data))
        resumes = [chance.random() < 0.3 for _ in cuts]
        told = []
        for base in (theirs.LineReceiver, ours.LineReceiver):
            made = line_receiver(base)()
            made.makeConnection(Transport())
            for piece, resume in zip(cuts, resumes):
                made.dataReceived(piece)
                if resume and made.paused:
                    made.resumeProducing()
            # What is left tells that nothing was lost.
            made.events.append(made.clearLineBuffer())
            told.append(made.events)
        assert told[1] == told[0], seed


def string_receiver(base):
    """A receiver that writes down what it gets, and pauses for some of it."""

    class Receiver(base):
        MAX_LENGTH = 60

        def __init__(self):
            self.events = []

        def stringReceived(self, string):
            self.events.append(string)
            if string.startswith(b"p") and hasattr(self, "pauseProducing"):
                self.transport.pauseProducing()

        def lengthLimitExceeded(self, length):
            self.events.append(length)
            self.transport.loseConnection()

    return Receiver


@pytest.mark.parametrize(
    "name",
    ["Int8StringReceiver", "Int16StringReceiver", "Int32StringReceiver", "NetstringReceiver"],
)
def test_strings(name):
    for seed in range(300):
        chance = random.Random(seed)
        sender = getattr(ours, name)()
        sender.makeConnection(Transport())
        for _ in range(chance.randrange(1, 40)):
            sender.sendString(bytes(chance.choices(b"abp:,0123", k=int(chance.expovariate(0.1)))))
        data = sender.transport.written
        if chance.random() < 0.3:
            at = chance.randrange(len(data))
            data = data[:at] + bytes(chance.choices(b"0:,\xff", k=2)) + data[at:]
        told = []
        cuts = list(pieces(chance, data))
        for package in (theirs, ours):
            made = string_receiver(getattr(package, name))()
            made.makeConnection(Transport())
            for piece in cuts:
                # Twisted's go on after the end was asked for; ours do not.
                if not made.transport.disconnecting:
                    made.dataReceived(piece)
            told.append((made.events, made.transport.disconnecting))
        if name == "NetstringReceiver":
            # Twisted has no hook for a length above the limit.
            told = [([e for e in events if not isinstance(e, int)], d) for events, d in told]
        assert told[1] == told[0], seed
