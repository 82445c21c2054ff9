"""The writing side of flow control: producers that are told when to go on."""

from __future__ import annotations

from ctypes import byref
from typing import TYPE_CHECKING, Any, Callable

from .._native import functions, structs
from .gathering import Gathering

if TYPE_CHECKING:
    from ..internet.reactors import Reactor
    from ..python.failure import Failure

#: A push producer is paused when more than this is waiting, and resumed when nothing is.
_HIGH_WATER = 65536

#: Seconds between two looks at a buffer that drains.
_LOOK_AGAIN = 0.02


def as_bytes(data: Any) -> bytes:
    """What is written, as bytes, if it is anything like that."""
    if isinstance(data, str):
        raise TypeError("data must be bytes, not str")
    return bytes(memoryview(data))


class Producing(Gathering):
    """What a transport does for the producer that writes to it.

    A push producer is paused above 64 KiB of waiting bytes and resumed when all have left; a pull
    producer is asked for more each time. The C library tells when a buffer that had been waiting
    for the peer is empty; what the kernel took at once is found out in the next turn.

    :ivar producer: the registered producer, or None.
    :ivar streamingProducer: whether it is a push producer.
    :ivar producerPaused: whether it was told to pause.
    """

    __slots__ = (
        "__weakref__",
        "_conn",
        "_drained",
        "_unsent",
        "_waitsForDrain",
        "ended",
        "producerPaused",
        "streamingProducer",
    )

    # What the transport begins with is set by its constructor alone: four would take four times as long.
    if TYPE_CHECKING:
        driver: Reactor
        connected: bool
        disconnecting: bool
        _conn: int
        streamingProducer: bool
        producerPaused: bool
        ended: Callable[[Failure], None] | None
        _unsent: int
        _waitsForDrain: bool
        _drained: list[Callable[[], None]] | None

        def flush(self) -> None: ...
        def closeBehind(self) -> None: ...
        def guarded(self, function: Callable[[], None]) -> None: ...

    def registerProducer(self, producer: Any, streaming: bool) -> None:
        """Has a producer write to this transport: one that pushes (streaming) or one that is asked.

        On a transport that has ended the producer is stopped at once.
        """
        if self.producer is not None:
            raise RuntimeError(
                f"cannot register {producer!r}: {self.producer!r} was not unregistered"
            )
        if not self.connected:
            producer.stopProducing()
            return
        self.producer, self.streamingProducer = producer, bool(streaming)
        # What a producer writes has to be counted.
        self.flush()
        self.producerPaused = False
        # A low mark of one byte is as near to an empty buffer as the marks can tell.
        limits = structs.ConnLimits(high_water=1, low_water=1)
        functions.conn_set_limits(self._conn, byref(limits))
        self._unsent = self._waiting()
        if not streaming:
            producer.resumeProducing()
            self.whenDrained(self._drainedProducer)

    def unregisterProducer(self) -> None:
        """Ends the registration; a close that waited for it goes on."""
        if self.producer is None:
            return
        self.producer = None
        functions.conn_set_limits(self._conn, None)
        if self.connected and self.disconnecting:
            self.closeBehind()

    def delaysClose(self) -> bool:
        """Whether the producer has more to write before the connection may be closed."""
        return self.producer is not None and (self.producerPaused or not self.streamingProducer)

    def wrote(self, count: int) -> None:
        """Counts what a push producer writes, and pauses it when that is enough."""
        self._unsent += count
        if self._unsent <= _HIGH_WATER or self.producerPaused or not self.streamingProducer:
            return
        # What left since the last look does not count.
        self.flush()
        self._unsent = self._waiting()
        if self._unsent > _HIGH_WATER:
            self.producerPaused = True
            self.whenDrained(self._drainedProducer)
            self.producer.pauseProducing()

    def _drainedProducer(self) -> None:
        self._unsent = 0
        producer = self.producer
        if producer is None or not self.connected:
            return
        if self.streamingProducer:
            if self.producerPaused:
                self.producerPaused = False
                producer.resumeProducing()
        else:
            producer.resumeProducing()
            if self.producer is not None:
                self.whenDrained(self._drainedProducer)

    def unsent(self) -> int:
        """How many bytes that were written have not left yet."""
        self.flush()
        return self._waiting()

    def whenEnded(self, function: Callable[[Failure], Any]) -> None:
        """Calls a function with the reason when the connection has ended, behind the protocol's
        ``connectionLost``.
        """
        before = self.ended

        def ended(reason: Failure) -> None:
            try:
                if before is not None:
                    before(reason)
            finally:
                function(reason)

        self.ended = ended

    def whenDrained(self, function: Callable[[], None]) -> None:
        """Calls a function in a later turn, when everything written has left."""
        if self._drained is None:
            self._drained = [function]
            self.driver.callLater(0, self._look)
        else:
            self._drained.append(function)

    def _look(self) -> None:
        if self._written or self.lines:
            # It leaves at this turn's end: only then can it be seen what the kernel did not take.
            self.flush()
            self.driver.callLater(0, self._look)
            return
        # The marks tell of one byte as they do of none: see registerProducer.
        if self.connected and self._waiting() > 1:
            self._waitsForDrain = True
            # For bytes that were never above a mark, of which nobody tells when they leave.
            self.driver.callLater(_LOOK_AGAIN, self._lookAgain)
            return
        self._waitsForDrain = False
        drained, self._drained = self._drained, None
        for function in drained or ():
            self.guarded(function)

    def _lookAgain(self) -> None:
        if self._waitsForDrain:
            self._look()

    def _waiting(self) -> int:
        counters = structs.ConnCounters()
        functions.conn_get_counters(self._conn, byref(counters))
        return int(counters.waiting)

    def writePaused(self) -> None:
        """The C library holds bytes that the peer does not take."""

    def writeResumed(self) -> None:
        """What the C library held has left."""
        if self._waitsForDrain:
            self._look()

    def endProducing(self) -> None:
        """Stops the producer of a connection that has ended."""
        producer, self.producer = self.producer, None
        self._drained = None
        if producer is not None:
            producer.stopProducing()
