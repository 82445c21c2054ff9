"""Boxes: on the wire and as dictionaries; beside Twisted's, at random."""

from __future__ import annotations

import io
import os
import random

import pytest
from twisted.protocols import amp as theirs

from doubles import Transport
from plait.protocols import amp

ASK = b"\0\4_ask\0\0011\0\10_command\0\3Sum\0\1a\0\0011\0\1b\0\0012\0\0"
COUNT = 100_000 if os.environ.get("PLAIT_SOAK") else 1_000


def test_the_wire():
    box = amp.Box(_command=b"Sum", _ask=b"1", b=b"2", a=b"1")
    assert box.serialize() == ASK
    assert amp.parseString(ASK) == [box]
    assert amp.Box().serialize() == b"\0\0"
    assert amp.Box({b"a": b"", b"Z": b"1", b"_": b"2"}).serialize() == (
        b"\0\1Z\0\0011\0\1_\0\0012\0\1a\0\0\0\0"
    )


def test_keys_may_be_text():
    box = amp.Box({"text": b"1"}, other=b"2")
    assert box == {b"text": b"1", b"other": b"2"}
    with pytest.raises(UnicodeEncodeError):
        amp.Box({"é": b""})


def test_copies_and_names():
    box = amp.QuitBox(a=b"1")
    copy = box.copy()
    assert copy == box and copy is not box and type(copy) is amp.QuitBox
    assert repr(amp.Box(a=b"1")) == "AmpBox({b'a': b'1'})"
    assert repr(box) == "QuitBox(**AmpBox({b'a': b'1'}))"
    with pytest.raises(AttributeError):
        amp.Box().attribute = 1


def test_limits():
    assert len(amp.Box({b"k" * 255: b"v" * 65535}).serialize()) == 2 + 255 + 2 + 65535 + 2
    with pytest.raises(amp.TooLong) as caught:
        amp.Box({b"k" * 256: b""}).serialize()
    assert caught.value.isKey and caught.value.isLocal and caught.value.value == b"k" * 256
    assert repr(caught.value) == "local key too long: 256 bytes"
    with pytest.raises(amp.TooLong) as caught:
        amp.Box({b"k": b"v" * 65536}).serialize()
    assert not caught.value.isKey and caught.value.keyName == b"k"
    with pytest.raises(amp.MalformedAmpBox):
        amp.Box({b"": b"1"}).serialize()


@pytest.mark.parametrize("content", [{b"a": "text"}, {b"a": None}, {b"a": 1}])
def test_values_must_be_bytes(content):
    with pytest.raises(TypeError):
        amp.Box(content).serialize()


def test_text_that_is_put_in_later_is_refused():
    box = amp.Box()
    box["key"] = b"1"
    with pytest.raises(TypeError):
        box.serialize()


def test_parsing():
    assert amp.parseString(b"") == []
    assert amp.parseString(b"\0\0\0\0") == [{}, {}]
    assert amp.parseString(ASK + ASK[:-1]) == amp.parseString(ASK)
    assert amp.parse(io.BytesIO(ASK * 2)) == amp.parseString(ASK) * 2
    # The last of two equal keys counts.
    assert amp.parseString(b"\0\1a\0\0011\0\1a\0\0012\0\0") == [{b"a": b"2"}]
    with pytest.raises(amp.TooLong):
        amp.parseString(b"\1\0")


class Receiver:
    """Writes down what happens."""

    def __init__(self):
        self.boxes = []
        self.stopped = None

    def startReceivingBoxes(self, sender):
        self.sender = sender

    def ampBoxReceived(self, box):
        self.boxes.append(dict(box))

    def stopReceivingBoxes(self, reason):
        self.stopped = reason.value


def box(chance):
    """A box of any shape."""
    keys = chance.sample(
        [b"a", b"b", b"Z", b"_ask", b"dash-ed", b"x" * 255, bytes([chance.randrange(256)])],
        chance.randrange(6),
    )
    return {key: chance.randbytes(int(chance.expovariate(0.05))) for key in keys}


def pieces(chance, data):
    """The stream, cut somewhere."""
    most = chance.choice([1, 3, 20, 1000])
    at = 0
    while at < len(data):
        size = chance.randrange(1, most + 1)
        yield data[at : at + size]
        at += size


@pytest.mark.parametrize("block", range(20))
def test_beside_twisted(block):
    for number in range(COUNT // 20):
        seed = 1_000_000 * block + number
        chance = random.Random(seed)
        boxes = [box(chance) for _ in range(chance.randrange(1, 8))]
        data = b"".join(amp.Box(one).serialize() for one in boxes)
        assert data == b"".join(theirs.Box(one).serialize() for one in boxes), seed
        if chance.random() < 0.2:
            # Somewhere there is a key of more than 255 bytes, or what looks like one.
            at = chance.randrange(len(data))
            data = data[:at] + chance.randbytes(2) + data[at:]
        cuts = list(pieces(chance, data))
        told = []
        for package in (theirs, amp):
            receiver = Receiver()
            made = package.BinaryBoxProtocol(receiver)
            made.makeConnection(Transport())
            for piece in cuts:
                if not made.transport.disconnecting:
                    made.dataReceived(piece)
            told.append((receiver.boxes, made.transport.disconnecting))
        assert told[1] == told[0], seed
        if not told[1][1]:
            assert [dict(one) for one in amp.parseString(data)] == told[1][0], seed


def test_a_key_that_is_too_long_ends_the_connection():
    receiver = Receiver()
    made = amp.BinaryBoxProtocol(receiver)
    made.makeConnection(Transport())
    made.dataReceived(ASK + b"\0\1k\0\1v")
    assert not made.transport.disconnecting
    made.dataReceived(b"\1\0")
    assert made.transport.disconnecting
    made.connectionLost(amp_failure())
    assert isinstance(receiver.stopped, amp.TooLong)
    assert receiver.stopped.isKey and not receiver.stopped.isLocal
    assert repr(receiver.stopped) == "remote key too long"


def amp_failure():
    from plait.internet.error import ConnectionDone
    from plait.python.failure import Failure

    return Failure(ConnectionDone())


def test_a_box_can_be_sent_as_soon_as_there_is_a_connection():
    class Eager(Receiver):
        def startReceivingBoxes(self, sender):
            sender.sendBox(amp.Box(foo=b"bar"))

    made = amp.BinaryBoxProtocol(Eager())
    made.makeConnection(Transport())
    assert made.transport.written == b"\0\3foo\0\3bar\0\0"
