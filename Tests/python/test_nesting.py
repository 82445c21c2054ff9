"""Framers that are fed from inside another one's callback, neither of them on a reactor's transport."""

from __future__ import annotations

import gc
import threading

import pytest

from conftest import LIMIT
from plait.protocols import basic
from plait.protocols.amp import AMP
from plait.test.proto_helpers import StringTransport


class Inner(basic.NetstringReceiver):
    def __init__(self):
        self.got = []

    def stringReceived(self, string):
        self.got.append(string)
        if string == b"boom":
            raise ValueError("within")


class Outer(basic.LineReceiver):
    """Hands each line on as a netstring, and writes down what the other one had behind that."""

    def __init__(self, inner):
        self.inner, self.seen = inner, []

    def lineReceived(self, line):
        self.inner.dataReceived(b"%d:%b," % (len(line), line))
        self.seen.append(list(self.inner.got))


def met(protocol):
    protocol.makeConnection(StringTransport())
    return protocol


def pair():
    inner = met(Inner())
    return met(Outer(inner)), inner


def test_delivered_before_it_returns():
    outer, inner = pair()
    outer.dataReceived(b"a\r\nb\r\n")
    assert outer.seen == [[b"a"], [b"a", b"b"]]
    assert inner.got == [b"a", b"b"]


@pytest.mark.parametrize("first", ["inner", "outer", "both"])
def test_both_had_something_before(first):
    outer, inner = pair()
    if first in ("inner", "both"):
        inner.dataReceived(b"1:x,1:")
        inner.dataReceived(b"y,")
    if first in ("outer", "both"):
        outer.dataReceived(b"o")
    before, inner.got[:] = list(inner.got), []
    outer.dataReceived(b"a\r\nb\r\n")
    assert [seen[-1] for seen in outer.seen] == inner.got == [b"oa" if first != "inner" else b"a", b"b"]
    assert before == ([] if first == "outer" else [b"x", b"y"])


def test_of_one_class():
    class Relay(basic.LineReceiver):
        to = None

        def __init__(self):
            self.log = []

        def lineReceived(self, line):
            self.log.append(line)
            if self.to is not None:
                self.to.dataReceived(line + b"\r\n")
                self.log.append(self.to.log[0] if self.to.log else None)

    chain = [met(Relay()) for _ in range(10)]
    for one, other in zip(chain, chain[1:]):
        one.to = other
    for one in chain:
        one.dataReceived(b"hel")
    chain[0].dataReceived(b"lo\r\n")
    assert chain[0].log == [b"hello", b"helhello"]
    assert chain[-1].log[0] == b"hel" * 9 + b"hello"


def test_an_exception_comes_out_where_it_was_fed():
    class Catches(Outer):
        def lineReceived(self, line):
            try:
                super().lineReceived(line)
            except ValueError as error:
                self.seen.append(str(error))

    inner = met(Inner())
    outer = met(Catches(inner))
    outer.dataReceived(b"boom\r\nafter\r\n")
    assert outer.seen == ["within", [b"boom", b"after"]]


def test_two_that_feed_each_other():
    """What comes back to the one that waits is queued, as a protocol's own bytes are."""

    class Count(basic.LineReceiver):
        def __init__(self):
            self.got = []

        def lineReceived(self, line):
            self.got.append(int(line))
            if int(line) < 100:
                self.peer.dataReceived(b"%d\r\n" % (int(line) + 1))

    one, other = met(Count()), met(Count())
    one.peer, other.peer = other, one
    one.dataReceived(b"0\r\n")
    assert one.got == list(range(0, 101, 2))
    assert other.got == list(range(1, 101, 2))


def test_many_share_what_frames_and_lose_nothing():
    many = [pair() for _ in range(60)]
    for outer, inner in many:
        outer.dataReceived(b"a\r")
    for outer, inner in many:
        outer.dataReceived(b"\nb\r\n")
        assert inner.got == [b"a", b"b"]


def test_what_has_ended_leaves_its_place():
    gc.freeze()  # what other tests have left is not looked at each time
    try:
        for _ in range(50):
            outer, inner = pair()
            outer.dataReceived(b"a\r\n")
            assert outer.seen == [[b"a"]]
            del outer, inner
            gc.collect()
    finally:
        gc.unfreeze()


def test_in_threads():
    results = []

    def work():
        for _ in range(20):
            outer, inner = pair()
            outer.dataReceived(b"a\r\nb\r\n")
            results.append(outer.seen == [[b"a"], [b"a", b"b"]])

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(LIMIT)
    assert results == [True] * 160


def test_amp_within_lines():
    class Calls(basic.LineReceiver):
        def lineReceived(self, line):
            amp.dataReceived(bytes.fromhex(line.decode()))
            seen.append(list(boxes))

    class Boxes(AMP):
        def ampBoxReceived(self, box):
            boxes.append(dict(box))

    boxes, seen = [], []
    amp = met(Boxes())
    met(Calls()).dataReceived(b"00036b65790001760000\r\n")
    assert seen == [[{b"key": b"v"}]]
