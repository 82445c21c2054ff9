"""Producers, of both kinds."""

from __future__ import annotations

import pytest

from conftest import lost
from pairs import Plain, pair, receive
from plait.internet import error

__all__ = ["pair"]


class PushProducer:
    """Writes whenever it may, up to a number of chunks."""

    def __init__(self, reactor, transport, chunks):
        self.reactor, self.transport, self.left = reactor, transport, chunks
        self.paused = False
        self.events = []

    def produce(self):
        while self.left and not self.paused:
            self.left -= 1
            self.transport.write(b"x" * 10000)
        if not self.left and self.transport.producer is self:
            self.transport.unregisterProducer()
            self.transport.loseConnection()

    def pauseProducing(self):
        self.events.append("pause")
        self.paused = True

    def resumeProducing(self):
        self.events.append("resume")
        self.paused = False
        self.produce()

    def stopProducing(self):
        self.events.append("stop")


@pytest.mark.parametrize("chunks", [3, 100, 2000])
def test_a_push_producer(reactor, pair, chunks):
    made = Plain()
    peer = pair(made)
    producer = PushProducer(reactor, made.transport, chunks)
    made.transport.registerProducer(producer, True)
    with pytest.raises(RuntimeError):
        made.transport.registerProducer(producer, True)
    producer.produce()
    if chunks > 10:
        assert producer.events == ["pause"]
        assert producer.left > chunks - 10
    assert len(receive(reactor, peer)) == chunks * 10000
    lost(reactor, made)
    paused = producer.events.count("pause")
    assert producer.events == ["pause", "resume"] * paused


class PullProducer:
    """Writes one chunk each time it is asked."""

    def __init__(self, transport, chunks):
        self.transport, self.left = transport, chunks
        self.events = []

    def resumeProducing(self):
        self.events.append("resume")
        self.left -= 1
        self.transport.write(b"y" * 100000)
        if not self.left:
            self.transport.unregisterProducer()

    def stopProducing(self):
        self.events.append("stop")


def test_a_pull_producer(reactor, pair):
    made = Plain()
    peer = pair(made)
    producer = PullProducer(made.transport, 30)
    made.transport.registerProducer(producer, False)
    assert producer.events == ["resume"]
    # The close waits until the producer is done.
    made.transport.loseConnection()
    assert len(receive(reactor, peer)) == 30 * 100000
    assert producer.events == ["resume"] * 30
    assert lost(reactor, made).type is error.ConnectionDone


def test_a_producer_is_stopped_with_its_connection(reactor, pair):
    made = Plain()
    peer = pair(made)
    producer = PullProducer(made.transport, 10**6)
    made.transport.registerProducer(producer, False)
    peer.close()
    lost(reactor, made)
    assert producer.events[-1] == "stop"
    late = PullProducer(made.transport, 1)
    made.transport.registerProducer(late, False)
    assert late.events == ["stop"]
