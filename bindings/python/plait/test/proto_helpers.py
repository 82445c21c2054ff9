"""Protocols, transports and reactors for tests: Twisted's ``twisted.test.proto_helpers``."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Sequence
from io import BytesIO
from typing import Any, Dict

from ..internet import defer
from ..internet.protocol import Protocol, connectionDone, given_reason
from ..internet.task import Clock
from ..protocols.basic import LineReceiver
from ..python._observing import ObservingHandler
from ..python.failure import Failure
from ._reactors import MemoryReactor, MemoryReactorClock, RaisingMemoryReactor
from ._transports import StringTransport, StringTransportWithDisconnection

__all__ = [
    "AccumulatingProtocol",
    "Clock",
    "EventLoggingObserver",
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

    @given_reason
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

    @given_reason
    def connectionLost(self, reason: Failure = connectionDone) -> None:
        """Notes it."""
        self.lostConn = True


class NonStreamingProducer:
    """A pull producer that writes numbers, ten of them.

    :ivar counter: how many it has written.
    :ivar stopped: whether it was stopped.
    :ivar result: a Deferred that fires when it is done.
    """

    counter = 0
    stopped = False

    def __init__(self, consumer: Any) -> None:
        self.consumer = consumer
        self.result: defer.Deferred[None] = defer.Deferred()

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
        """Stops."""
        self.stopped = True
        self._done()

    def _done(self) -> None:
        self.consumer = None
        if not self.result.called:
            self.result.callback(None)


class EventLoggingObserver(Sequence[Dict[str, Any]]):
    """Keeps what is logged, as dictionaries with Twisted's names.

    >>> import unittest
    >>> class Logs(unittest.TestCase):
    ...     def test_it(self):
    ...         events = EventLoggingObserver.createWithCleanup(self, logging.getLogger("plait"))
    ...         logging.getLogger("plait").warning("%s was lost", "it")
    ...         self.assertIn("was lost", events[0]["log_text"])
    >>> Logs("test_it").run()
    <unittest.result.TestResult run=1 errors=0 failures=0>

    Each has ``log_namespace`` (the logger), ``log_level`` (its name, in small letters), ``log_text``,
    ``log_time``, and, where an exception was logged, ``log_failure``.
    """

    def __init__(self) -> None:
        self._events: list[dict[str, Any]] = []

    def __len__(self) -> int:
        return len(self._events)

    def __getitem__(self, index: Any) -> Any:
        return self._events[index]

    def __call__(self, event: dict[str, Any]) -> None:
        """Keeps an event."""
        self._events.append(event)

    def _observe(self, record: logging.LogRecord, failure: Failure | None) -> None:
        event: dict[str, Any] = {
            "log_namespace": record.name,
            "log_level": record.levelname.lower(),
            "log_text": record.getMessage(),
            "log_time": record.created,
        }
        if failure is not None:
            event["log_failure"] = failure
        self(event)

    @classmethod
    def createWithCleanup(cls, testInstance: Any, publisher: Any) -> EventLoggingObserver:
        """An observer of a logger's, for as long as a test runs.

        :param publisher: a logger of the standard library's, or what has Twisted's ``addObserver``
            and ``removeObserver``.
        """
        made = cls()
        if hasattr(publisher, "addObserver"):
            publisher.addObserver(made)
            testInstance.addCleanup(publisher.removeObserver, made)
        else:
            handler = ObservingHandler(made._observe)
            publisher.addHandler(handler)
            testInstance.addCleanup(publisher.removeHandler, handler)
        return made


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
