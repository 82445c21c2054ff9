"""Connections that read and write no faster than they may."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from typing import Any

from ._wrapping import ProtocolWrapper, WrapperInC


class Bucket:
    """So many tokens a second, up to a burst; more may be taken, and has to be waited for."""

    def __init__(self, rate: float, burst: float, now: float) -> None:
        self.rate, self.burst = rate, burst
        self._tokens, self._time = burst, now

    def tokens(self, now: float, isWaitedFor: bool = False) -> float:
        """What is there. What was waited for all the time is no burst."""
        self._tokens += (now - self._time) * self.rate
        if not isWaitedFor:
            self._tokens = min(self.burst, self._tokens)
        self._time = now
        return self._tokens

    def take(self, count: float, now: float) -> float:
        """Takes so many; gives the seconds until what was taken is paid for."""
        self._tokens = self.tokens(now, self._time == now) - count
        return max(0.0, -self._tokens / self.rate)


class ThrottlingProtocol(ProtocolWrapper):
    """Reads and writes no faster than its factory has it."""

    def __init__(self, factory: Any = None, wrappedProtocol: Any = None, **keywords: Any) -> None:
        super().__init__(factory, wrappedProtocol, **keywords)
        self.producer: Any = None
        self._streaming = self._isPaused = self._isClosing = self._rests = False
        #: What was written, and may not be sent yet.
        self.pending: deque[bytes] = deque()
        self.reading: Any = None
        self.writing: Any = None

    # Reading

    def dataReceived(self, data: bytes) -> None:
        """Hands bytes to the inner protocol; reading may have to rest then."""
        self.factory.registerRead(len(data), self)
        super().dataReceived(data)

    def throttleReads(self) -> None:
        """Reading rests."""
        if not self._rests:
            self._rests = True
            self.transport.pauseProducing()

    def unthrottleReads(self) -> None:
        """Reading goes on, unless it ends."""
        if self._rests:
            self._rests = False
            if not self.disconnecting and not self._readingPaused:
                self.transport.resumeProducing()

    _readingPaused = False

    def pauseProducing(self) -> None:
        """The inner protocol wants nothing for now."""
        self._readingPaused = True
        self.transport.pauseProducing()

    def resumeProducing(self) -> None:
        """The inner protocol wants more; so it gets, once the limit has it."""
        self._readingPaused = False
        if not self._rests:
            self.transport.resumeProducing()

    # Writing

    def write(self, data: bytes) -> None:
        """Sends bytes, as soon as they may be sent."""
        if data and not self._isClosing:
            self.pending.append(bytes(data))
            self.factory.registerWritten(self)

    def writeSequence(self, data: Iterable[bytes]) -> None:
        """Sends several pieces."""
        self.write(b"".join(data))

    @property
    def waiting(self) -> int:
        """The bytes that may not be sent yet."""
        return sum(map(len, self.pending))

    def send(self, most: int) -> int:
        """Sends so many bytes at most of those that wait; tells how many."""
        pieces = []
        left = most
        while self.pending and left > 0:
            piece = self.pending.popleft()
            if len(piece) > left:
                self.pending.appendleft(piece[left:])
                piece = piece[:left]
            pieces.append(piece)
            left -= len(piece)
        if pieces:
            super().write(b"".join(pieces))
        if self.pending:
            self.throttleWrites()
        else:
            self.unthrottleWrites()
            if self._isClosing and not self.pending:
                super().loseConnection()
        return most - left

    def throttleWrites(self) -> None:
        """The producer rests."""
        if self.producer is not None and self._streaming and not self._isPaused:
            self._isPaused = True
            self.producer.pauseProducing()

    def unthrottleWrites(self) -> None:
        """The producer goes on."""
        if self.producer is not None and (self._isPaused or not self._streaming):
            self._isPaused = False
            self.producer.resumeProducing()

    def registerProducer(self, producer: Any, streaming: bool) -> None:
        """Has a producer write, no faster than it may."""
        self.producer, self._streaming, self._isPaused = producer, bool(streaming), False
        if streaming:
            super().registerProducer(producer, True)
            if self.pending:
                self.throttleWrites()
        elif not self.pending:
            producer.resumeProducing()

    def unregisterProducer(self) -> None:
        """Ends the registration."""
        streaming, self.producer = self._streaming, None
        if streaming:
            super().unregisterProducer()

    def loseConnection(self) -> None:
        """Ends the connection, once what was written has been sent."""
        self.disconnecting = 1
        if self.pending:
            self._isClosing = True
        else:
            super().loseConnection()

    def abortConnection(self) -> None:
        """Ends the connection at once."""
        self.disconnecting = 1
        self.pending.clear()
        self.transport.abortConnection()


class ThrottledInC(WrapperInC):
    """What stands around a protocol that the C library throttles: nothing waits here."""

    pending: tuple[bytes, ...] = ()

    def throttleReads(self) -> None:
        """The C library's own limit counts."""

    unthrottleReads = unthrottleWrites = throttleReads
