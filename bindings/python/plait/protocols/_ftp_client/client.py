"""The client that moves files."""

from __future__ import annotations

import os
from collections.abc import Iterable
from typing import Any, Callable

from ..._core.using import use_of
from ..._native import ftp_client as native
from ...internet.defer import Deferred
from ...python.failure import Failure
from .basic import FTPClientBasic
from .calls import Call
from .moving import Consumer, giver_for, receiver_for
from .results import CommandFailed, Entry, Reply, decoded, entries


class FTPClient(FTPClientBasic):
    """A client that logs in by itself, and moves files.

    Everything asked is a Deferred, which can be awaited; calls are done one after the other. They may be made
    before there is a connection. Names are text, or bytes where they are no UTF-8.

    What gets a file is a protocol, which sees a connection of its own; a function of bytes; an open file; or a path
    here, which the C library writes on another thread. What gives one is the same, read.

    :ivar passive: whether data connections are this side's to open; may be changed at any time.
    """

    def __init__(
        self,
        username: str = "anonymous",
        password: str = "twisted@twistedmatrix.com",
        passive: int = 1,
        trustPasvAddr: bool = False,
        *,
        account: str | None = None,
        tls: Any = None,
        protectData: bool = True,
    ) -> None:
        super().__init__(username, password)
        self.passive = passive
        self._account = account
        self._tls = use_of(tls, False) if tls is not None else None
        self._flags = native.FTP_CLIENT_TRUST_ADDRESS if trustPasvAddr else 0
        if not protectData:
            self._flags |= native.FTP_CLIENT_CLEAR_DATA

    # Files

    def retrieveFile(
        self,
        path: str | bytes,
        protocol: Any,
        offset: int = 0,
        *,
        text: bool = False,
        resume: bool = False,
        progress: Callable[[int, int], Any] | None = None,
        timeout: float | None = None,
    ) -> Deferred[Any]:
        """Gets a file: its :class:`Reply`, when all of it has come.

        :param protocol: what gets it.
        :param offset: where to begin.
        :param text: it has lines, which end in LF here.
        :param resume: go on behind what the path here has already.
        :param progress: called with how many bytes there are, and of how many, or of 0.
        """
        flags = native.FTP_TEXT if text else 0
        flags |= native.FTP_RESUME if resume else 0
        flags |= native.FTP_TELL_SIZE if progress is not None else 0
        call = self._ask(native.FTP_GET, path, timeout=timeout, offset=offset, flags=flags)
        return self._move(call, protocol, progress)

    retr = retrieveFile

    def storeFile(
        self,
        path: str | bytes,
        file: Any = None,
        offset: int = 0,
        *,
        text: bool = False,
        resume: bool = False,
        progress: Callable[[int, int], Any] | None = None,
        timeout: float | None = None,
    ) -> Any:
        """Stores a file: its :class:`Reply`.

        Without what gives it, as in Twisted, it is two Deferreds: of a consumer with ``write``, ``registerProducer``
        and ``finish``, and of the reply.
        """
        if isinstance(file, int):
            file, offset = None, file
        flags = native.FTP_TEXT if text else 0
        flags |= native.FTP_RESUME if resume else 0
        call = self._ask(native.FTP_PUT, path, timeout=timeout, offset=offset, flags=flags)
        return self._send(call, file, progress)

    stor = storeFile

    def append(
        self,
        path: str | bytes,
        file: Any = None,
        *,
        text: bool = False,
        progress: Callable[[int, int], Any] | None = None,
        timeout: float | None = None,
    ) -> Any:
        """Puts bytes behind a file's, as :meth:`storeFile` does."""
        flags = native.FTP_TEXT if text else 0
        call = self._ask(native.FTP_APPEND_TO, path, timeout=timeout, flags=flags)
        return self._send(call, file, progress)

    def receiveFromConnection(self, commands: Iterable[str], protocol: Any) -> Deferred[Any]:
        """Says lines of which the last has the server send something."""
        call = self._ask(native.FTP_RECEIVE, "\n".join(commands))
        return self._move(call, protocol, None)

    def sendToConnection(self, commands: Iterable[str]) -> Any:
        """The same for what it takes: two Deferreds, as of :meth:`storeFile`."""
        return self._send(self._ask(native.FTP_SEND, "\n".join(commands)), None, None)

    def _move(self, call: Call, target: Any, progress: Any) -> Call:
        if isinstance(target, (str, os.PathLike)):
            call.put("local", os.fsencode(target))
        else:
            try:
                call.receiver = receiver_for(self, target)
            except TypeError:
                call.errback()
                return call
        return self._transfer(call, progress)

    def _send(self, call: Call, source: Any, progress: Any) -> Any:
        if isinstance(source, (str, os.PathLike)):
            call.put("local", os.fsencode(source))
        elif source is None:
            consumer = Consumer(self)
            call.giver = consumer
            call.addErrback(consumer.failed)
            return consumer.ready, self._transfer(call, progress)
        else:
            try:
                call.giver = giver_for(source)
            except TypeError:
                call.errback()
                return call
        return self._transfer(call, progress)

    def _transfer(self, call: Call, progress: Any) -> Call:
        call.progress = progress
        if not self.passive:
            call.request.flags |= native.FTP_BY_PORT
        return self._begin(call)

    # Directories

    def list(self, path: str | bytes = "", protocol: Any = None) -> Deferred[Any]:
        """A directory as people read it: what gets the listing, or, without that, a list of :class:`Entry`."""
        return self._list(native.FTP_LIST_LONG, path, protocol, _entries)

    def nlst(self, path: str | bytes = "", protocol: Any = None) -> Deferred[Any]:
        """A directory's names: what gets them, or, without that, a list."""
        return self._list(native.FTP_LIST_NAMES, path, protocol, _names)

    def mlsd(self, path: str | bytes = "", protocol: Any = None) -> Deferred[Any]:
        """A directory for machines: a list of :class:`Entry`."""
        return self._list(native.FTP_LIST_FACTS, path, protocol, _entries)

    def _list(self, command: int, path: str | bytes, protocol: Any, make: Any) -> Deferred[Any]:
        if protocol is None:
            return self._transfer(self._ask(command, path, make=make), None)
        return self._move(self._ask(command, path), protocol, None)

    def mlst(self, path: str | bytes = "") -> Deferred[Entry]:
        """What is known of one file: an :class:`Entry`."""
        return self._begin(self._ask(native.FTP_MLST, path, make=lambda r, f: _entries(r, f)[0]))

    # The rest

    def rename(self, pathFrom: str | bytes, pathTo: str | bytes) -> Deferred[Any]:
        """Renames a file or a directory."""
        return self._begin(self._ask(native.FTP_RENAME, pathFrom, pathTo))

    def makeDirectory(self, path: str | bytes) -> Deferred[Any]:
        """Makes a directory."""
        return self._begin(self._ask(native.FTP_MKD, path))

    def removeFile(self, path: str | bytes) -> Deferred[Any]:
        """Removes a file."""
        return self._begin(self._ask(native.FTP_DELE, path))

    def removeDirectory(self, path: str | bytes) -> Deferred[Any]:
        """Removes a directory, which has to be empty."""
        return self._begin(self._ask(native.FTP_RMD, path))

    def cwd(self, path: str | bytes) -> Deferred[Any]:
        """Changes the working directory."""
        return self._begin(self._ask(native.FTP_CWD, path))

    def cdup(self) -> Deferred[Any]:
        """Changes it to the one above."""
        return self._begin(self._ask(native.FTP_CDUP))

    def pwd(self) -> Deferred[Any]:
        """Asks for the working directory: the reply."""
        return self._begin(self._ask(native.FTP_PWD))

    def getDirectory(self) -> Deferred[Any]:
        """The working directory's path."""
        return self._begin(self._ask(native.FTP_PWD, make=lambda reply, found: _value(found)))

    def size(self, path: str | bytes) -> Deferred[Any]:
        """A file's size."""
        return self._begin(self._ask(native.FTP_SIZE, path, make=_number))

    def mdtm(self, path: str | bytes) -> Deferred[Any]:
        """When a file was changed, in seconds since 1970."""
        return self._begin(self._ask(native.FTP_MDTM, path, make=_number))

    def chmod(self, path: str | bytes, mode: int) -> Deferred[Any]:
        """Sets a file's permissions."""
        return self._begin(self._ask(native.FTP_CHMOD, path, mode=mode))

    def features(self) -> Deferred[Any]:
        """What the server can do: a dictionary of names in capitals and what stands behind them."""
        return self._begin(self._ask(native.FTP_FEAT, make=_features)).addErrback(_none)

    def noop(self) -> Deferred[Any]:
        """Asks for a reply, and nothing else."""
        return self._begin(self._ask(native.FTP_NOOP))

    def quit(self) -> Deferred[Any]:
        """Says good-bye; the connection ends."""
        return self._begin(self._ask(native.FTP_QUIT))


def _value(found: Any) -> str:
    return decoded(found.value.read())


def _number(reply: Reply, found: Any) -> int:
    return int(found.number)


def _entries(reply: Reply, found: Any) -> list[Entry]:
    return list(entries(found.value.read()))


def _names(reply: Reply, found: Any) -> list[str]:
    return [decoded(line.rstrip(b"\r")) for line in found.value.read().split(b"\n") if line]


def _features(reply: Reply, found: Any) -> dict[str, str]:
    """The lines that begin with a blank."""
    known = {}
    for line in reply:
        if line.startswith(" ") and line.strip():
            name, _, rest = line.strip().partition(" ")
            known[name.upper()] = rest
    return known


def _none(reason: Failure) -> dict[str, str]:
    """A server that knows no FEAT can do what RFC 959 says."""
    reason.trap(CommandFailed)
    return {}
