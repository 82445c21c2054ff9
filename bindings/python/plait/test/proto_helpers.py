"""Protocols, transports and reactors for tests: Twisted's ``twisted.test.proto_helpers``."""

from __future__ import annotations

from collections.abc import Iterable
from io import BytesIO
from typing import Any

from ..internet import defer
from ..internet.protocol import Protocol, connectionDone
from ..internet.task import Clock
from ..protocols.basic import LineReceiver
from ..python.failure import Failure
from ._reactors import MemoryReactor, MemoryReactorClock, RaisingMemoryReactor
from ._transports import StringTransport, StringTransportWithDisconnection

__all__ = [
    "AccumulatingProtocol",
    "Clock",
    "LineSendingProtocol",
    "MemoryReactor",
    "MemoryReactorClock",
    "NonStreamingProducer",
    "RaisingMemoryReactor",
    "StringIOWithoutClosing",
    "StringTransport",
    "StringTransportWithDisconnection",
    "waitUntilAllDisconnected",
]


class AccumulatingProtocol(Protocol):
    """A protocol that keeps what it receives.

    :ivar data: all bytes so far.
    :ivar made: whether it was connected.
    :ivar closed: whether it has lost its connection.
    :ivar closedReason: for which reason.
    :ivar closedDeferred: a Deferred that fires then, if a test has set one.
    """

    made = closed = 0
    closedReason: Failure | None = None
    closedDeferred: defer.Deferred[Any] | None = None
    data = b""

    def connectionMade(self) -> None:
        """Notes it, and tells the factory's ``protocolConnectionMade`` if there is one."""
        self.made = 1
        if self.factory is None:
            return
        waiting = getattr(self.factory, "protocolConnectionMade", None)
        if waiting is not None:
            self.factory.protocolConnectionMade = None
            waiting.callback(self)

    def dataReceived(self, data: bytes) -> None:
        """Keeps bytes."""
        self.data += data

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        """Notes it."""
        self.closed, self.closedReason = 1, reason
        if self.closedDeferred is not None:
            waiting, self.closedDeferred = self.closedDeferred, None
            waiting.callback(None)


class LineSendingProtocol(LineReceiver):
    """Sends lines when it is connected, or after the first line it receives.

    :ivar response: the lines that it received.
    :ivar lostConn: whether it has lost its connection.
    """

    lostConn = False

    def __init__(self, lines: Iterable[bytes], start: bool = True) -> None:
        self.lines = list(lines)
        self.start = start
        self.response: list[bytes] = []

    def connectionMade(self) -> None:
        """Sends the lines, if it is to start."""
        if self.start:
            for line in self.lines:
                self.sendLine(line)

    def lineReceived(self, line: bytes) -> None:
        """Keeps a line; sends its own, if it did not start."""
        if not self.start:
            for own in self.lines:
                self.sendLine(own)
            self.lines = []
        self.response.append(line)

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        """Notes it."""
        self.lostConn = True


class NonStreamingProducer:
    """A pull producer that writes numbers, ten of them."""

    def __init__(self, consumer: Any) -> None:
        self.counter = 0
        self.consumer = consumer
        self.result: Any = None
        self.stopped = False

    def resumeProducing(self) -> None:
        """Writes the next number."""
        if self.consumer is None or self.counter >= 10:
            raise RuntimeError("it was asked for more than it has")
        self.consumer.write(b"%d" % self.counter)
        self.counter += 1
        if self.counter == 10:
            self.consumer.unregisterProducer()
            self._done()

    def pauseProducing(self) -> None:
        """A pull producer is never paused."""
        raise RuntimeError("a pull producer was paused")

    def stopProducing(self) -> None:
        """Stops, and unregisters itself."""
        if self.consumer is not None:
            self.consumer.unregisterProducer()
        self.stopped = True
        self._done()

    def _done(self) -> None:
        self.consumer = None
        waiting, self.result = self.result, None
        if waiting is not None:
            waiting.callback(None)


class StringIOWithoutClosing(BytesIO):
    """A file in memory whose value outlives its close."""

    def close(self) -> None:
        """Does nothing."""


def waitUntilAllDisconnected(reactor: Any, protocols: Iterable[Any]) -> defer.Deferred[None]:
    """Fires when the transports of all these protocols have ended."""
    done: defer.Deferred[None] = defer.Deferred()
    left = list(protocols)

    def look() -> None:
        if any(p.transport is not None and p.transport.connected for p in left):
            reactor.callLater(0.01, look)
        else:
            done.callback(None)

    reactor.callLater(0, look)
    return done
