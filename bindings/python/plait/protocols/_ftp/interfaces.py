"""What a server asks of the objects that stand for a user's files."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

from ...internet.interfaces import Interface

#: A path from the user's root: its names. None of them is empty, ``.`` or ``..``.
Path = Sequence[str]


class IFTPShell(Interface, Protocol):
    """The files that a user sees. Every method gives its result, or a Deferred of it.

    What is asked of ``stat`` and ``list`` is named by ``keys``: ``size``, ``directory`` (whether it is one),
    ``permissions`` (a number, as chmod has it), ``hardlinks``, ``modified`` (seconds since 1970), ``owner``, ``group``.
    A shell may also have ``setMode(path, mode)`` and ``setTime(path, seconds)``, for SITE CHMOD and MFMT; and
    ``openForWriting(path, offset, append)``, without which uploads begin with the file's first byte.
    """

    def makeDirectory(self, path: Path, /) -> Any: ...
    def removeDirectory(self, path: Path, /) -> Any: ...
    def removeFile(self, path: Path, /) -> Any: ...
    def rename(self, fromPath: Path, toPath: Path, /) -> Any: ...
    def access(self, path: Path, /) -> Any: ...
    def stat(self, path: Path, keys: Sequence[str] = (), /) -> Any: ...
    def list(self, path: Path, keys: Sequence[str] = (), /) -> Any: ...
    def openForReading(self, path: Path, /) -> Any: ...
    def openForWriting(self, path: Path, /) -> Any: ...


class IReadFile(Interface, Protocol):
    """A file that is read, once."""

    def send(self, consumer: Any, /) -> Any: ...


class IWriteFile(Interface, Protocol):
    """A file that is written, once. Only what ``close`` gives tells that all is stored."""

    def receive(self) -> Any: ...
    def close(self) -> Any: ...
