"""Connections for coroutines: messages are awaited, and iterated over."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Iterable
from typing import Any, TypeVar

from .._native import constants
from ..internet.error import ConnectionDone, PeerError
from ..internet.protocol import Protocol, connectionDone, given_reason
from ..protocols import basic
from ..python.failure import Failure

_C = TypeVar("_C", bound="Conn")

#: When so many bytes wait to be read, or to be sent, the peer waits, or who sends does.
_MOST = 1 << 16
#: What a message counts beside its bytes.
_EACH = 64


class Conn:
    """One connection. It is a protocol: :func:`plait.aio.connect` and its like build it.

    One coroutine reads at a time. While nobody reads the peer is held up; while the peer does not
    read, :meth:`drain` waits. As an ``async with`` it is closed in the end.
    """

    # Of the protocol that this is mixed with.
    transport: Any

    def __init__(self) -> None:
        self._heard: deque[bytes] = deque()
        self._size = 0
        self._held = False
        self._reader: asyncio.Future[None] | None = None
        self._ended: Failure | None = None
        self._broken: Failure | None = None
        self._enders: list[asyncio.Future[None]] = []

    # Reading

    async def read(self) -> bytes:
        """The next message.

        :raises ConnectionDone: if there is none, because the peer has closed.
        :raises ConnectionLost: if the connection broke, a ``ConnectionError``; PeerError if a message
            is too long, ConnectionAborted if this side has ended it.
        :raises RuntimeError: if another coroutine reads.
        """
        heard = self._heard
        while not heard:
            if self._ended is not None:
                self._ended.raiseException()
            await self._wait()
        message = heard.popleft()
        self._size -= len(message) + _EACH
        if self._held and not heard:
            self._goOn()
        return message

    async def readMany(self) -> list[bytes]:
        """All messages at hand, one at least.

        :raises ConnectionDone: and what else :meth:`read` raises.
        """
        messages = [await self.read()]
        if self._heard:
            messages += self._heard
            self._heard.clear()
            self._size = 0
            if self._held:
                self._goOn()
        return messages

    def __aiter__(self) -> AsyncIterator[bytes]:
        return self

    async def __anext__(self) -> bytes:
        try:
            return await self.read()
        except ConnectionDone:
            raise StopAsyncIteration from None

    async def blocks(self) -> AsyncIterator[list[bytes]]:
        """The messages, as many at a time as there are at hand; it ends when the peer has closed.

        :raises ConnectionLost: as :meth:`read` does.
        """
        while True:
            try:
                messages = await self.readMany()
            except ConnectionDone:
                return
            yield messages

    async def _wait(self) -> None:
        if self._reader is not None:
            raise RuntimeError("another coroutine reads from this connection already")
        self._reader = asyncio.get_running_loop().create_future()
        try:
            await self._reader
        finally:
            self._reader = None

    def _goOn(self) -> None:
        self._held = False
        self.transport.resumeProducing()

    def _hear(self, messages: list[bytes]) -> None:
        self._heard += messages
        self._size += sum(map(len, messages)) + _EACH * len(messages)
        if self._size > _MOST and not self._held:
            self._held = True
            self.transport.pauseProducing()
        self._wake()

    def _wake(self) -> None:
        reader = self._reader
        if reader is not None and not reader.done():
            reader.set_result(None)

    # Sending

    async def drain(self) -> None:
        """Waits while more than 64 KiB wait for the peer to take them.

        :raises ConnectionClosed: if the connection ends, or has ended: ConnectionDone, if that was in good
            order, else a ConnectionLost, which is a ``ConnectionError``.
        """
        if self._ended is not None:
            self._ended.raiseException()
        transport = self.transport
        if transport.unsent() <= _MOST:
            return
        drained: asyncio.Future[None] = asyncio.get_running_loop().create_future()

        def done() -> None:
            if not drained.done():
                drained.set_result(None)

        transport.whenDrained(done)
        self._enders.append(drained)
        try:
            await drained
        finally:
            self._enders.remove(drained)
        if self._ended is not None:
            self._ended.raiseException()

    # Ending

    async def close(self) -> None:
        """Ends the connection when what was sent has left, and waits until that is so. Cancelled, it
        ends it at once. It raises nothing of the connection's: :meth:`ended` has the reason.
        """
        self.transport.loseConnection()
        try:
            await self.ended()
        except asyncio.CancelledError:
            self.transport.abortConnection()
            raise

    def abort(self) -> None:
        """Ends the connection at once."""
        self.transport.abortConnection()

    async def ended(self) -> Failure:
        """Waits until the connection has ended; gives the reason, and does not raise it."""
        while self._ended is None:
            end: asyncio.Future[None] = asyncio.get_running_loop().create_future()
            self._enders.append(end)
            try:
                await end
            finally:
                self._enders.remove(end)
        return self._ended

    async def __aenter__(self: _C) -> _C:
        return self

    async def __aexit__(self, kind: Any, error: Any, traceback: Any) -> None:
        if error is not None:
            self.abort()
        await self.close()

    def _tooLong(self, what: str) -> None:
        # A reader would take it for the peer's good end.
        self._broken = Failure(PeerError(constants.ERR_TOO_LONG, what))
        self.transport.loseConnection()

    @given_reason
    def connectionLost(self, reason: Failure = connectionDone) -> None:
        """The connection has ended."""
        self._ended = reason if self._broken is None else self._broken
        for end in self._enders:
            if not end.done():
                end.set_result(None)
        self._wake()


class Lines(Conn, basic.LineReceiver):
    """A connection of lines. ``sendLine`` and ``sendLines`` send.

    A subclass may have another ``delimiter`` and ``MAX_LENGTH``; a line that is too long ends the
    connection.
    """

    def linesReceived(self, lines: list[bytes]) -> None:
        """Keeps lines for who reads."""
        self._hear(lines)

    def lineLengthExceeded(self, line: bytes) -> None:
        """A line was too long: behind those before it, reading fails with PeerError."""
        self._tooLong(f"a line has more than {self.MAX_LENGTH} bytes")

    def lines(self) -> AsyncIterator[bytes]:
        """The lines: ``async for line in conn.lines()``; it ends when the peer has closed.

        :raises ConnectionLost: as :meth:`read` does.
        """
        return self.__aiter__()


class Strings(Conn, basic.Int32StringReceiver):
    """A connection of strings behind a length of 32 bits. ``sendString`` and ``sendStrings`` send.

    A subclass may have another ``MAX_LENGTH``.
    """

    def stringsReceived(self, strings: list[bytes]) -> None:
        """Keeps strings for who reads."""
        self._hear(strings)

    def lengthLimitExceeded(self, length: int) -> None:
        """A string is too long: behind those before it, reading fails with PeerError."""
        self._tooLong(f"a string of {length} bytes is announced, and {self.MAX_LENGTH} are allowed")

    def strings(self) -> AsyncIterator[bytes]:
        """The strings: ``async for string in conn.strings()``; it ends when the peer has closed.

        :raises ConnectionLost: as :meth:`read` does.
        """
        return self.__aiter__()


class Netstrings(Conn, basic.NetstringReceiver):
    """A connection of netstrings. ``sendString`` and ``sendStrings`` send."""

    def stringsReceived(self, strings: list[bytes]) -> None:
        """Keeps strings for who reads."""
        self._hear(strings)

    def lengthLimitExceeded(self, length: int) -> None:
        """A string is too long: behind those before it, reading fails with PeerError."""
        self._tooLong(f"a string of {length} bytes is announced, and {self.MAX_LENGTH} are allowed")

    def strings(self) -> AsyncIterator[bytes]:
        """The strings: ``async for string in conn.strings()``; it ends when the peer has closed.

        :raises ConnectionLost: as :meth:`read` does.
        """
        return self.__aiter__()


class Bytes(Conn, Protocol):
    """A connection of bytes as they come. ``write`` sends."""

    def dataReceived(self, data: bytes) -> None:
        """Keeps bytes for who reads."""
        self._hear([data])

    def write(self, data: bytes) -> None:
        """Sends bytes; none, if the connection has ended.

        :raises TypeError: if they are none.
        """
        self.transport.write(data)

    def writeMany(self, pieces: Iterable[bytes]) -> None:
        """Sends several pieces, as if they were one.

        :raises TypeError: as :meth:`write` does.
        """
        self.transport.writeSequence(pieces)
