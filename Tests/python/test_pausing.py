"""Framers that are paused or stopped, on transports that only note it."""

from __future__ import annotations

import pytest
from twisted.internet.testing import StringTransport as TheirTransport

from plait.protocols import basic
from plait.test.proto_helpers import StringTransport


class Kept:
    """Writes messages down, and does what a test has put under one."""

    made = None

    def __init__(self):
        self.got, self.does = [], {}

    def connectionMade(self):
        if self.made is not None:
            self.made()

    def received(self, message):
        self.got.append(message)
        if message in self.does:
            self.does[message]()

    lineReceived = stringReceived = rawDataReceived = received


class Together(Kept):
    """The same, a block at a time."""

    def receivedAll(self, messages):
        for message in messages:
            self.received(message)

    linesReceived = stringsReceived = receivedAll


FRAMERS = [
    (basic.LineReceiver, b"%c\r\n"),
    (basic.LineOnlyReceiver, b"%c\r\n"),
    (basic.Int8StringReceiver, b"\x01%c"),
    (basic.Int32StringReceiver, b"\0\0\0\x01%c"),
    (basic.NetstringReceiver, b"1:%c,"),
]


@pytest.fixture(params=[StringTransport, TheirTransport], ids=["ours", "theirs"])
def transport(request):
    return request.param()


@pytest.fixture(params=FRAMERS, ids=lambda framer: framer[0].__name__)
def framer(request):
    kind, form = request.param
    made = type("Paused", (Kept, kind), {})()
    made.send = lambda text: made.dataReceived(b"".join(form % c for c in text))
    return made


def letters(text):
    return [bytes([c]) for c in text]


def test_paused_before_the_first_bytes(framer, transport):
    framer.makeConnection(transport)
    framer.pauseProducing()
    framer.send(b"xy")
    assert (framer.got, transport.producerState) == ([], "paused")
    framer.resumeProducing()
    assert framer.got == letters(b"xy")


@pytest.mark.parametrize("does", ["pauseProducing", "stopProducing"])
def test_in_connection_made(framer, transport, does):
    framer.made = getattr(framer, does)
    framer.makeConnection(transport)
    framer.send(b"xy")
    framer.send(b"z")
    assert framer.got == []
    if does == "pauseProducing":
        framer.resumeProducing()
        assert framer.got == letters(b"xyz")


def test_stopped_before_the_first_bytes(framer, transport):
    framer.makeConnection(transport)
    framer.stopProducing()
    framer.send(b"x")
    assert (framer.got, framer.paused) == ([], True)
    assert transport.producerState == "stopped"


def test_stopped_in_a_callback(framer, transport):
    framer.does[b"s"] = framer.stopProducing
    framer.makeConnection(transport)
    framer.send(b"asb")
    framer.send(b"c")
    assert framer.got == letters(b"as")
    assert (transport.producerState, transport.disconnecting) == ("stopped", False)


def test_the_attribute_alone(framer, transport):
    """Once it is reset, what is held is delivered with the next bytes, as Twisted's does."""
    framer.makeConnection(transport)
    framer.paused = True
    framer.send(b"xy")
    assert framer.got == []
    framer.paused = False
    framer.send(b"z")
    assert framer.got == letters(b"xyz")


def test_the_attribute_in_a_callback(framer, transport):
    framer.does[b"p"] = framer.does[b"q"] = lambda: setattr(framer, "paused", True)
    framer.makeConnection(transport)
    framer.send(b"apbq")
    framer.send(b"c")
    assert framer.got == letters(b"ap")
    framer.resumeProducing()
    assert framer.got == letters(b"apbq")
    framer.send(b"d")
    assert framer.got == letters(b"apbq")
    framer.resumeProducing()
    assert framer.got == letters(b"apbqcd")


@pytest.mark.parametrize("kind, form", FRAMERS, ids=lambda value: getattr(value, "__name__", ""))
def test_a_class_that_begins_paused(kind, form, transport):
    framer = type("Begins", (Kept, kind), {"paused": True})()
    framer.makeConnection(transport)
    framer.dataReceived(form % b"x")
    assert framer.got == []
    framer.resumeProducing()
    assert framer.got == [b"x"]


@pytest.mark.parametrize("kind, form", FRAMERS, ids=lambda value: getattr(value, "__name__", ""))
@pytest.mark.parametrize("does", ["pause", "stop", "attribute"])
def test_blocks(kind, form, does, transport):
    """What is delivered together is delivered; nothing behind it."""
    framer = type("Blocks", (Together, kind), {})()
    framer.does[b"p"] = {
        "pause": framer.pauseProducing,
        "stop": framer.stopProducing,
        "attribute": lambda: setattr(framer, "paused", True),
    }[does]
    framer.makeConnection(transport)
    framer.dataReceived(b"".join(form % c for c in b"apb"))
    framer.dataReceived(form % b"c")
    assert framer.got == letters(b"apb")
    if does != "stop":
        framer.resumeProducing()
        assert framer.got == letters(b"apbc")


def test_raw_bytes(transport):
    class Raw(Kept, basic.LineReceiver):
        pass

    framer = Raw()
    framer.does[b"raw"] = framer.setRawMode
    framer.does[b"bytes"] = framer.pauseProducing
    framer.makeConnection(transport)
    framer.dataReceived(b"raw\r\nbytes")
    framer.dataReceived(b"more")
    assert framer.got == [b"raw", b"bytes"]
    framer.resumeProducing()
    assert framer.got == [b"raw", b"bytes", b"more"]


def test_an_exception_while_it_is_paused(framer, transport):
    """What is behind waits for the end of the pause, too."""

    def fails():
        framer.pauseProducing()
        raise ValueError("on purpose")

    framer.does[b"f"] = fails
    framer.makeConnection(transport)
    with pytest.raises(ValueError, match="on purpose"):
        framer.send(b"afb")
    framer.send(b"c")
    assert framer.got == letters(b"af")
    framer.resumeProducing()
    assert framer.got == letters(b"afbc")
