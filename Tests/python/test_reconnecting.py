"""The client factory that connects again."""

from __future__ import annotations

import math

from twisted.internet.task import Clock

from conftest import reserved_port, until
from plait.internet import protocol
from test_tcp import EchoLines, Recorder


class Connector:
    """Counts what it is asked for."""

    def __init__(self):
        self.connects = self.stops = 0

    def connect(self):
        self.connects += 1

    def stopConnecting(self):
        self.stops += 1


def waits(factory, connector, clock, count):
    """The times between attempts, each of which fails."""
    found = []
    for _ in range(count):
        factory.clientConnectionFailed(connector, None)
        (call,) = clock.getDelayedCalls()
        found.append(call.getTime() - clock.seconds())
        clock.advance(found[-1])
    return found


def test_the_waits():
    factory = protocol.ReconnectingClientFactory()
    factory.clock = clock = Clock()
    factory.jitter = None
    connector = Connector()
    found = waits(factory, connector, clock, 10)
    assert [round(wait, 3) for wait in found] == [
        round(min(math.e**power, 3600), 3) for power in range(10)
    ]
    assert connector.connects == 10
    factory.resetDelay()
    assert round(waits(factory, connector, clock, 1)[0], 3) == 1


def test_the_jitter():
    factory = protocol.ReconnectingClientFactory()
    factory.clock = clock = Clock()
    factory.factor = 1
    factory.maxDelay = 1
    found = []
    for _ in range(200):
        factory.delay = 1.0
        found += waits(factory, Connector(), clock, 1)
    assert len(set(found)) > 100
    assert 0.9 < sum(found) / len(found) < 1.1
    assert all(0 <= wait < 2 for wait in found)


def test_giving_up():
    factory = protocol.ReconnectingClientFactory()
    factory.clock = clock = Clock()
    factory.maxRetries = 2
    connector = Connector()
    waits(factory, connector, clock, 2)
    factory.clientConnectionLost(connector, None)
    assert clock.getDelayedCalls() == []
    assert connector.connects == 2


def test_stopping():
    factory = protocol.ReconnectingClientFactory()
    factory.clock = clock = Clock()
    connector = Connector()
    factory.clientConnectionLost(connector, None)
    factory.stopTrying()
    assert clock.getDelayedCalls() == []
    assert connector.stops == 1
    factory.clientConnectionLost(connector, None)
    assert clock.getDelayedCalls() == []


def test_over_tcp(reactor):
    class Client(protocol.ReconnectingClientFactory):
        initialDelay = delay = 0.001
        factor = 1.0
        made = 0

        def buildProtocol(self, addr):
            self.made += 1
            self.resetDelay()
            self.last = Recorder()
            return self.last

    factory = Client()
    with reserved_port() as number:
        connector = reactor.connectTCP("127.0.0.1", number, factory)
        until(reactor, lambda: factory.retries >= 2)
        reactor.listenTCP(number, protocol.Factory.forProtocol(EchoLines), interface="127.0.0.1")
    for count in (1, 2, 3):
        until(reactor, lambda c=count: factory.made == c and factory.last.connected)
        factory.last.sendLine(b"bye")
    until(reactor, lambda: factory.made == 4 and factory.last.connected)
    factory.stopTrying()
    connector.disconnect()
    until(reactor, lambda: factory.numPorts == 0)
    assert factory.made == 4
