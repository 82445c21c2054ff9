"""What comes and goes, written down."""

from __future__ import annotations

import logging
import os
from collections.abc import Iterable
from typing import IO, TYPE_CHECKING, Any

from ..internet.protocol import connectionDone, given_reason
from ._wrapping import ProtocolWrapper, WrappingFactory

if TYPE_CHECKING:
    from ..python.failure import Failure

_log = logging.getLogger("plait")
_ELIDED = b"<... elided>"


class SpewingProtocol(ProtocolWrapper):
    """Logs what comes and goes."""

    def dataReceived(self, data: bytes) -> None:
        """Logs bytes, and hands them to the inner protocol."""
        _log.info("Received: %r", data)
        super().dataReceived(data)

    def write(self, data: bytes) -> None:
        """Logs bytes, and sends them."""
        _log.info("Sending: %r", data)
        super().write(data)


class SpewingFactory(WrappingFactory):
    """Logs what comes and goes, by the logger ``plait``."""

    protocol = SpewingProtocol
    inherits = True


class TrafficLoggingProtocol(ProtocolWrapper):
    """Writes to a file what comes (``C``) and goes (``S``, several pieces ``SV``).

    A file that takes no more costs lines, not the connection.

    :ivar logfile: the file, or None when there is none any more.
    :ivar lengthLimit: of a longer piece the end is left out.
    """

    def __init__(
        self,
        factory: Any = None,
        wrappedProtocol: Any = None,
        logfile: IO[str] | None = None,
        lengthLimit: int | None = None,
        number: int = 0,
        **keywords: Any,
    ) -> None:
        super().__init__(factory, wrappedProtocol, **keywords)
        self.logfile, self.lengthLimit, self._number = logfile, lengthLimit, number
        self._size = 0

    def _log(self, line: str) -> None:
        if self.logfile is None or not self.factory.allows(self, len(line) + 1):
            return
        try:
            self.logfile.write(line + "\n")
            self.logfile.flush()
        except (OSError, ValueError) as error:
            self.factory.lost(error)

    def _shown(self, data: bytes) -> str:
        limit = self.lengthLimit
        if limit and len(data) > limit:
            data = data[: max(limit - len(_ELIDED), 0)] + _ELIDED
        return hexdump(data) if getattr(self.factory, "hexdump", False) else repr(data)

    def connectionMade(self) -> None:
        """Writes the beginning down."""
        self._log("*")
        super().connectionMade()

    def dataReceived(self, data: bytes) -> None:
        """Writes bytes down, and hands them to the inner protocol."""
        self._log(f"C {self._number}: {self._shown(data)}")
        super().dataReceived(data)

    @given_reason
    def connectionLost(self, reason: Failure = connectionDone) -> None:
        """Writes the end down."""
        self._log(f"C {self._number}: {reason!r}")
        super().connectionLost(reason)

    def write(self, data: bytes) -> None:
        """Writes bytes down, and sends them."""
        self._log(f"S {self._number}: {self._shown(data)}")
        super().write(data)

    def writeSequence(self, data: Iterable[bytes]) -> None:
        """Writes several pieces down, and sends them."""
        pieces = list(data)
        self._log(f"SV {self._number}: [{', '.join(self._shown(piece) for piece in pieces)}]")
        super().writeSequence(pieces)

    def loseConnection(self) -> None:
        """Writes down that this side ends it, and ends it."""
        self._log(f"S {self._number}: *")
        super().loseConnection()


class TrafficLoggingFactory(WrappingFactory):
    """Writes down what comes and goes.

    ``TrafficLoggingFactory(factory, "traffic")`` has a file for each connection: ``traffic-1``,
    ``traffic-2`` and so on. With a file object, or ``logfile=`` (which may be a path, too), all
    connections are in that one.

    :param lengthLimit: how many bytes of one piece are shown; None for all.
    :param sizeLimit: how many characters a file gets; then no more are written. None for all.
    :param hexdump: whether bytes are shown in hexadecimal, sixteen to a line.
    :ivar failed: why the last line that was lost could not be written, or None.
    """

    protocol: Any = TrafficLoggingProtocol
    inherits = True

    def __init__(
        self,
        wrappedFactory: Any,
        logfilePrefix: Any = None,
        lengthLimit: int | None = None,
        *,
        logfile: Any = None,
        hexdump: bool = False,
        sizeLimit: int | None = None,
    ) -> None:
        super().__init__(wrappedFactory)
        if logfile is None and hasattr(logfilePrefix, "write"):
            logfilePrefix, logfile = None, logfilePrefix
        if logfile is None and logfilePrefix is None:
            raise TypeError("a prefix of files is needed, or a logfile")
        if logfile is not None and not hasattr(logfile, "write"):
            logfile = open(logfile, "a", encoding="utf-8", errors="backslashreplace")
        self.logfilePrefix = None if logfilePrefix is None else os.fspath(logfilePrefix)
        self.logfile: Any = logfile
        self.lengthLimit, self.hexdump, self.sizeLimit = lengthLimit, hexdump, sizeLimit
        self._size = 0
        self.failed: BaseException | None = None
        self._number = 0

    def open(self, name: str) -> IO[str]:
        """Opens the file of a connection."""
        return open(name, "w", encoding="utf-8", errors="backslashreplace")

    def wrap(self, inner: Any) -> Any:
        """Makes the wrapper of a protocol."""
        self._number += 1
        logfile = self.logfile
        if logfile is None:
            try:
                logfile = self.open(f"{self.logfilePrefix}-{self._number}")
            except OSError as error:
                self.lost(error)
        return self.protocol(self, inner, logfile, self.lengthLimit, self._number)

    def allows(self, p: Any, size: int) -> bool:
        """Whether a wrapper's file may get so many characters more; counts them."""
        if self.sizeLimit is None:
            return True
        counted = self if self.logfile is not None else p
        counted._size += size
        return bool(counted._size <= self.sizeLimit)

    def unregisterProtocol(self, p: Any) -> None:
        """A connection has ended, and its last line was written: so has its file."""
        super().unregisterProtocol(p)
        # What somebody else's open gave is theirs to close.
        if self.logfile is None and type(self).open is TrafficLoggingFactory.open and p.logfile:
            try:
                p.logfile.close()
            except OSError as error:
                self.lost(error)

    def resetCounter(self) -> None:
        """Has the numbers of connections begin with 1 again."""
        self._number = 0

    def lost(self, error: BaseException) -> None:
        """A line could not be written."""
        if self.failed is None:
            _log.warning("The traffic log %r takes no more: %s", self, error)
        self.failed = error


def hexdump(data: bytes) -> str:
    """Bytes in hexadecimal and as text, sixteen to a line."""
    lines = []
    for at in range(0, len(data), 16):
        row = data[at : at + 16]
        text = "".join(chr(byte) if 32 <= byte < 127 else "." for byte in row)
        lines.append(f"\n{at:08x}  {row.hex(' '):47}  {text}")
    return "".join(lines)
