"""Lines."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from ctypes import byref, c_size_t, create_string_buffer
from typing import TYPE_CHECKING, Any

from .._core.factories import Framing, line_factory
from .._core.tables import memory
from .._native import functions, structs
from ._cutting import alike, cut
from ._framed import Framed, MessageFramed, longest
from ._watching import Watched

if TYPE_CHECKING:
    from .._core.factories import FactoryCache


class LineFramed(MessageFramed):
    """What both receivers of lines share."""

    if TYPE_CHECKING:
        delimiter: bytes = b"\r\n"
        MAX_LENGTH: int = 16384
    else:
        delimiter = Watched(b"\r\n")
        MAX_LENGTH = Watched(16384)
    _watched = {"delimiter": bytes, "MAX_LENGTH": int}
    #: What the C library goes by, for comparison.
    _delimiter: bytes = b"\r\n"
    _limit = 16384
    _skips = False

    def lineReceived(self, line: bytes) -> Any:
        """A line arrived, without its delimiter. To be overridden."""
        raise NotImplementedError(f"{type(self).__name__}.lineReceived")

    def linesReceived(self, lines: list[bytes]) -> Any:
        """Lines arrived: all whole ones at hand.

        By default :meth:`lineReceived` is called for each. A protocol that overrides this method
        instead does without a call for every line. Whatever it changes (mode, delimiter, pause)
        takes effect behind these lines. Twisted has no counterpart.
        """
        for line in lines:
            self.lineReceived(line)

    def _each(self, messages: Any) -> None:
        for line in messages:
            self.lineReceived(line)

    def _carefully(self, messages: Any) -> None:
        transport, isFed = self.transport, self._attached is not None
        for line in messages:
            self.lineReceived(line)
            if self._halt or not self._watches or getattr(transport, "disconnecting", False):
                if self._stops():
                    break
            elif isFed and self.paused and self._stops():
                break

    def lineLengthExceeded(self, line: bytes) -> Any:
        """A line was too long. Ends the connection unless it is overridden."""
        self.transport.loseConnection()

    def sendLine(self, line: bytes) -> None:
        """Sends a line and the delimiter. The line is not searched for delimiters."""
        if self.transport is self._gatherer and type(line) is bytes:
            # Behind another line that waits to be handed over: the delimiters come when it is.
            self._gathered.append(line)
            return
        transport = self.transport
        if transport is not self._ours or type(line) is not bytes:
            transport.write(line + self.delimiter)
        elif not self._plain:
            delimiter = self.delimiter
            if type(delimiter) is bytes:
                transport.writeLine(line, delimiter, self)
            else:
                transport.write(line + delimiter)
        elif self._alone:
            self._alone = False
            transport.writeAlone(line + self._delimiter)
        else:
            transport.writeLine(line, self._delimiter, self)

    def sendLines(self, lines: Iterable[bytes]) -> None:
        """Sends lines, each with the delimiter. Twisted has no counterpart."""
        delimiter = self._delimiter if self._plain else self.delimiter
        ended = [*lines, b""]
        if len(ended) > 1:
            self.transport.write(bytes(delimiter).join(ended))

    @classmethod
    def _expects(cls) -> Framing | None:
        delimiter, limit = cls.delimiter, cls.MAX_LENGTH
        plain = cls._stillWatches() and cls.dataReceived is Framed.dataReceived
        if not plain or not 0 < len(delimiter) < 256 or limit <= 0:
            return None
        half, flags = cls._halfCloseable(), int(cls._skips)

        def factory(key: int) -> int:
            return line_factory(half, delimiter, longest(limit), flags, key)

        return Framing(cls, cls._places, (delimiter, limit), factory)

    def _framesAs(self, framing: Framing) -> bool:
        if self._touched or not self._framesNatively() or not getattr(self, "line_mode", True):
            return False
        self._delimiter, self._limit = framing.settings
        # Of a class that watches.
        self._plain = framing.places.areKept()
        return self._plain

    def _nativeFactory(self, cache: FactoryCache) -> int:
        if not self._stillWatches():
            self._watches = False
        self._delimiter, self._limit = _valid(self.delimiter), self.MAX_LENGTH
        # Zero would be the default: what it means is told once the conn is there.
        limit = longest(self._limit) or 1
        return cache.line(self._halfCloseable(), self._delimiter, limit, int(self._skips))

    def _settle(self) -> bool:
        self._notice()
        delimiter, limit = self.delimiter, self.MAX_LENGTH
        changed = False
        if delimiter != self._delimiter:
            delimiter = self._delimiter = _valid(delimiter)
            # A conn that is closing refuses, and needs no delimiter any more.
            functions.line_set_delimiter(self._conn, delimiter, len(delimiter))
            changed = True
        if limit != self._limit:
            functions.line_set_max_length(self._conn, longest(limit), int(self._skips))
            changed = True
        self._limit = limit
        return changed

    def _inject(self, data: bytes) -> None:
        functions.line_set_line_mode(self._conn, data, len(data))

    def _takeBlock(self, address: int, length: int, table: int, count: int) -> int:
        if not self._plain and (self._touched or not self._watches) and self._settle():
            # Changed outside of a callback, when the C library had framed these already: it is
            # asked to do it again.
            functions.line_set_line_mode(self._conn, b"", 0)
            return 0
        self._alone = count == 1
        lines: Sequence[bytes]
        if count == 1:
            lines = (memory[address : address + length - len(self._delimiter)],)
        else:
            lines = self._cut(address, length, table, count)
        if type(self).linesReceived is not _linesReceived:
            return self._atOnce(list(lines), self.linesReceived)
        return self._inTurn(lines)

    def _cut(self, address: int, length: int, table: int, count: int) -> Sequence[bytes]:
        """The lines of a block of several."""
        delimiter = self._delimiter
        if length % count == 0:
            found = alike(address, length, table, count)
            if found is not None:
                return found
        data: bytes = memory[address : address + length]
        if delimiter == b"\r\n":
            # Much faster than a search for two bytes, and the same unless there is a CR or an LF
            # somewhere else: then it finds more.
            lines = data.splitlines()
        else:
            lines = data.split(delimiter)
            del lines[-1]
        return lines if len(lines) == count else cut(address, length, table, count)

    def _lineTooLong(self, data: bytes) -> None:
        self.lineLengthExceeded(data)
        self._after()


#: A look into a class takes longer than a name of the module.
_linesReceived = LineFramed.linesReceived


class LineOnlyReceiver(LineFramed):
    """A protocol that receives lines, and nothing else.

    As Twisted's, but without its quirks: MAX_LENGTH means the same as in LineReceiver, and what was
    too long is dropped.
    """

    def _lineTooLong(self, data: bytes) -> None:
        super()._lineTooLong(data.split(self._delimiter, 1)[0])


class _ClearLineBuffer:
    """The method ``clearLineBuffer``, which also tells that the attribute of that name was not set.

    It is false, as the attribute is unless a class sets it.
    """

    def __init__(self, receiver: LineReceiver | None = None) -> None:
        self._receiver = receiver

    def __get__(self, receiver: LineReceiver | None, owner: Any = None) -> _ClearLineBuffer:
        return self if receiver is None else _ClearLineBuffer(receiver)

    def __bool__(self) -> bool:
        return False

    def __call__(self, receiver: LineReceiver | None = None) -> bytes:
        """Drops what was received and not yet delivered; gives it."""
        chosen = receiver if self._receiver is None else self._receiver
        if chosen is None:
            raise TypeError("clearLineBuffer() needs a protocol")
        return chosen._clear()


class LineReceiver(LineFramed):
    """A protocol that receives lines, and raw bytes in between where it wants them.

    As Twisted's. A changed ``delimiter`` or ``MAX_LENGTH`` takes effect behind the callback that
    changed it.

    :ivar delimiter: what ends a line, 1 to 255 bytes.
    :ivar MAX_LENGTH: the longest line, without its delimiter.
    :ivar line_mode: 1 while lines are wanted, 0 in raw mode.
    :ivar clearLineBuffer: a method that drops what was received and not delivered, and gives it.
        A class that sets it to True has a line that is too long dropped, and reading goes on behind
        its delimiter, if :meth:`lineLengthExceeded` does not end the connection.
    """

    line_mode = 1
    clearLineBuffer: Any = _ClearLineBuffer()

    def __init_subclass__(cls, **keywords: Any) -> None:
        super().__init_subclass__(**keywords)
        cls._skips = cls.clearLineBuffer is True

    def rawDataReceived(self, data: bytes) -> Any:
        """Bytes arrived in raw mode. To be overridden."""
        raise NotImplementedError(f"{type(self).__name__}.rawDataReceived")

    def lineLengthExceeded(self, line: bytes) -> Any:
        """A line was too long: these are all bytes at hand, what is behind it included. They are
        dropped. Ends the connection unless it is overridden.
        """
        if not self._skips:
            self.transport.loseConnection()

    def setRawMode(self) -> None:
        """Has everything behind the current line go to :meth:`rawDataReceived`."""
        self.line_mode = 0
        self._hold()
        if self._conn:
            functions.line_set_raw_mode(self._conn)

    def setLineMode(self, extra: bytes = b"") -> Any:
        """Has lines received again; ``extra`` is read as if it came now."""
        self.line_mode = 1
        if self._conn:
            before = self._delimiter
            if self._settle() and self._rest is not None:
                # In the middle of a block, whose rest is framed again.
                self._reframed = self._reframed or before
                self._hold()
            functions.line_set_line_mode(self._conn, extra, len(extra))
        if extra and (self._attached is not None or not self._conn):
            # Where nobody else drives the conn this does; inside a callback it is under way.
            self.dataReceived(b"" if self._conn else extra)

    def _bound(self, conn: int) -> None:
        super()._bound(conn)
        if not self.line_mode:
            functions.line_set_raw_mode(conn)

    def _mustStop(self) -> bool:
        return super()._mustStop() or not self.line_mode

    def _rawArrived(self, data: bytes) -> None:
        self.rawDataReceived(data)
        self._after()

    def _clear(self) -> bytes:
        # What the block under delivery still has is taken from it.
        rest: list[bytes] = [*(self._left or ()), *(self._rest or ())]
        if self._left is not None:
            self._left.clear()
        delimiter = self._reframed or self._delimiter
        lines = b"".join(line + delimiter for line in rest)
        if self._conn:
            lines += held(self._conn)
        return lines if self._attached is None else lines + self._attached.takeQueued()


def held(conn: int) -> bytes:
    """Takes what a conn has received and not delivered."""
    counters = structs.ConnCounters()
    if functions.conn_get_counters(conn, byref(counters)) < 0:
        return b""
    buffer = create_string_buffer(counters.held + 1)
    size = c_size_t()
    if functions.line_clear_buffer(conn, buffer, len(buffer), byref(size)) < 0:
        return b""
    return buffer.raw[: size.value]


def _valid(delimiter: bytes) -> bytes:
    if not isinstance(delimiter, (bytes, bytearray)):
        raise TypeError(f"the delimiter must be bytes: {delimiter!r}")
    if not 0 < len(delimiter) < 256:
        raise ValueError(f"the delimiter must have 1 to 255 bytes: {delimiter!r}")
    return bytes(delimiter)
