"""What is written is gathered: lines and strings as they are, to be framed together."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

#: What a framer has in the place of a transport that gathers for it: nothing is the same.
NOBODY = object()


class Gathering:
    """What a transport does for the framer that sends by it."""

    __slots__ = ("_written", "delimiter", "gatherer", "lines", "producer")

    if TYPE_CHECKING:
        driver: Any
        gatherer: Any
        _written: list[bytes]
        lines: list[bytes]
        delimiter: bytes | None
        producer: Any

        def write(self, data: bytes) -> None: ...

    def writeLine(self, line: bytes, delimiter: bytes | None, framer: Any) -> None:
        """Sends a line of the framer's, which may append those that follow as they are. Where there is no
        delimiter it is a string, and the framer joins them.
        """
        if self.producer is not None:
            self.write(framer._joined([line]) if delimiter is None else line + delimiter)
            return
        if self.lines:
            self.foldLines()
        elif not self._written:
            self.driver.mark(self)
        self.delimiter = delimiter
        self.lines.append(line)
        self.gatherFor(framer)

    def writeString(self, data: bytes, framer: Any) -> None:
        """Sends a framed string of the framer's, which may append those that follow."""
        self.write(data)
        if self.producer is None:
            self.gatherFor(framer, True)

    def gatherFor(self, framer: Any, framed: bool = False) -> None:
        """Lets a framer append by itself, until it is flushed or something else is written."""
        gatherer = self.gatherer
        if gatherer is not framer:
            if gatherer is not None:
                gatherer._gatherer = NOBODY
            self.gatherer = framer
        if framer._watches:
            # Looked up here: a signal's handler that ran meanwhile may have had the lines put together.
            framer._gatherer, framer._gathered = self, self._written if framed else self.lines

    def endGathering(self) -> None:
        """The framer that appends by itself has to ask again."""
        if self.gatherer is not None:
            self.gatherer._gatherer = NOBODY
            self.gatherer = None

    def foldLines(self) -> None:
        """Puts the delimiters into the lines that were gathered."""
        lines, gatherer = self.lines, self.gatherer
        self.lines = []
        self.endGathering()
        self._written.append(self.joined(lines, gatherer))

    def joined(self, lines: list[bytes], gatherer: Any) -> bytes:
        """What was gathered of the framer's lines or strings, framed."""
        delimiter = self.delimiter
        if delimiter is None:
            data: bytes = gatherer._joined(lines)
        else:
            lines.append(b"")
            data = delimiter.join(lines)
        return data

    def dropWritten(self) -> None:
        """Forgets what was gathered."""
        self._written.clear()
        self.lines.clear()
        self.endGathering()
