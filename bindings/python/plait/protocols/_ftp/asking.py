"""Questions of the C library to a user's shell, and the way back."""

from __future__ import annotations

import errno
import logging
import os
from collections.abc import Sequence
from ctypes import byref
from typing import Any, Optional

from ..._native import ftp as native
from ..._native import structs
from ...cred._asking import ask
from .errors import FTPCmdError, PermissionDeniedError, number_of
from .files import ReadFile, Reading, WriteFile, Writing

_log = logging.getLogger("plait")

#: What is asked of a shell's files.
_KEYS = ("size", "directory", "permissions", "hardlinks", "modified", "owner", "group")
#: How many names are tried for a file that must be new.
_MOST_NAMES = 1000


def segments(path: bytes) -> list[str]:
    """A path's names."""
    return [name for name in os.fsdecode(path).split("/") if name]


class Question:
    """One question, copied: C's is gone when the callback returns."""

    def __init__(self, given: Any) -> None:
        self.action: int = given.action
        self.flags: int = given.flags
        self.status: int = given.status
        self.path = segments(given.path.read())
        self.other = segments(given.other.read())
        self.data: bytes = given.data.read()
        self.number: int = given.number
        self.file: int = given.file or 0


class Answering:
    """Answers for a shell.

    :param shell: has the methods of IFTPShell.
    """

    def __init__(self, shell: Any) -> None:
        self.shell = shell
        self._files: dict[int, Any] = {}
        self._last = 0

    def asked(self, request: int, question: Question) -> None:
        """Has the shell asked, and its answer told when there is one."""
        done = ask(_ASKED[question.action], self, request, question)
        done.addCallbacks(self._finish, self._failed, callbackArgs=(request,), errbackArgs=(request,))

    def _finish(self, result: Any, request: int) -> None:
        if result is not LATER and request:
            native.ftp_request_finish(request, 0)

    def _failed(self, problem: Any, request: int) -> None:
        error = problem.value
        number = number_of(error)
        if not number:
            number = errno.EIO
            if not isinstance(error, FTPCmdError):
                _log.error("Unhandled error in an FTP shell", exc_info=error)
        if request:
            native.ftp_request_finish(request, -1000 - number)

    def end(self) -> None:
        """The session has ended. What was open, the library has had closed."""
        self._files.clear()

    # What there is

    def _stat(self, request: int, asked: Question) -> Any:
        done = ask(self.shell.stat, asked.path, _KEYS)
        return done.addCallback(_add, request, "")

    def _enter(self, request: int, asked: Question) -> Any:
        return self.shell.access(asked.path)

    def _list(self, request: int, asked: Question) -> Any:
        return ask(self.shell.list, asked.path, _KEYS).addCallback(_add_all, request)

    # What is changed

    def _make(self, request: int, asked: Question) -> Any:
        return self.shell.makeDirectory(asked.path)

    def _remove_directory(self, request: int, asked: Question) -> Any:
        return self.shell.removeDirectory(asked.path)

    def _remove_file(self, request: int, asked: Question) -> Any:
        return self.shell.removeFile(asked.path)

    def _rename(self, request: int, asked: Question) -> Any:
        return self.shell.rename(asked.path, asked.other)

    def _set_mode(self, request: int, asked: Question) -> Any:
        return self._able("setMode")(asked.path, asked.number)

    def _set_time(self, request: int, asked: Question) -> Any:
        return self._able("setTime")(asked.path, asked.number)

    def _able(self, name: str) -> Any:
        found = getattr(self.shell, name, None)
        if found is None:
            raise OSError(errno.EOPNOTSUPP, "the shell can't do that")
        return found

    # Files

    def _open_read(self, request: int, asked: Question) -> Any:
        return ask(self.shell.openForReading, asked.path).addCallback(
            self._reads, request, asked
        )

    def _reads(self, file: Any, request: int, asked: Question) -> Any:
        if isinstance(file, ReadFile):
            return _hand_over(file, request, False)
        reading = Reading(file)
        reading.skip(asked.number)
        return self._keep(reading, request)

    def _open_write(self, request: int, asked: Question) -> Any:
        appends = bool(asked.flags & native.FTP_WRITE_APPEND)
        if asked.flags & native.FTP_WRITE_UNIQUE:
            return self._unique(request, asked, 0)
        if not asked.number and not appends:
            done = ask(self.shell.openForWriting, asked.path)
        else:
            done = ask(self._write_behind, asked, appends)
        return done.addCallback(self._writes, request, appends)

    def _write_behind(self, asked: Question, appends: bool) -> Any:
        try:
            return self.shell.openForWriting(asked.path, asked.number, appends)
        except TypeError:
            raise OSError(errno.EOPNOTSUPP, "the shell writes files from their beginning") from None

    def _unique(self, request: int, asked: Question, number: int) -> Any:
        path = asked.path if not number else [*asked.path[:-1], f"{asked.path[-1]}.{number}"]
        if number > _MOST_NAMES:
            raise PermissionDeniedError("/".join(path))

        def there(result: Any) -> Any:
            return self._unique(request, asked, number + 1)

        def free(problem: Any) -> Any:
            if number_of(problem.value) != errno.ENOENT:
                return problem
            entry = native.FtpEntry()
            name = _put(entry.name, path[-1])
            native.ftp_request_add_entry(request, byref(entry))
            del name
            done = ask(self.shell.openForWriting, path)
            return done.addCallback(self._writes, request, False)

        return ask(self.shell.stat, path, ()).addCallbacks(there, free)

    def _writes(self, file: Any, request: int, appends: bool) -> Any:
        if isinstance(file, WriteFile):
            return _hand_over(file, request, appends)
        return ask(file.receive).addCallback(
            lambda consumer: self._keep(Writing(file, consumer), request)
        )

    def _keep(self, file: Any, request: int) -> Any:
        self._last += 1
        if native.ftp_request_set_file(request, self._last) == 0:
            self._files[self._last] = file
            return None
        file.close()
        return LATER

    def _read(self, request: int, asked: Question) -> Any:
        def give(data: bytes, problem: Any) -> None:
            if problem is not None:
                self._failed(problem, request)
                return
            native.ftp_request_add_data(request, data, len(data))
            native.ftp_request_finish(request, 0)

        self._files[asked.file].read(give)
        return LATER

    def _write(self, request: int, asked: Question) -> Any:
        self._files[asked.file].write(
            asked.data, lambda: native.ftp_request_finish(request, 0) and None
        )
        return LATER

    def _close(self, request: int, asked: Question) -> Any:
        file = self._files.pop(asked.file, None)
        return None if file is None else file.close()


#: What a question's answer is that comes by itself.
LATER: Any = object()

_ASKED = {
    native.FTP_ASK_STAT: Answering._stat,
    native.FTP_ASK_ENTER: Answering._enter,
    native.FTP_ASK_LIST: Answering._list,
    native.FTP_ASK_MAKE_DIRECTORY: Answering._make,
    native.FTP_ASK_REMOVE_DIRECTORY: Answering._remove_directory,
    native.FTP_ASK_REMOVE_FILE: Answering._remove_file,
    native.FTP_ASK_RENAME: Answering._rename,
    native.FTP_ASK_SET_MODE: Answering._set_mode,
    native.FTP_ASK_SET_TIME: Answering._set_time,
    native.FTP_ASK_OPEN_READ: Answering._open_read,
    native.FTP_ASK_OPEN_WRITE: Answering._open_write,
    native.FTP_ASK_READ: Answering._read,
    native.FTP_ASK_WRITE: Answering._write,
    native.FTP_ASK_CLOSE: Answering._close,
}


def _put(place: structs.Bytes, text: Any) -> bytes:
    """Puts a text where C finds it, as long as what this gives lives."""
    data = os.fsencode(text) if isinstance(text, (str, bytes)) else str(text).encode()
    place.data, place.len = data, len(data)
    return data


def _add(facts: Sequence[Any], request: int, name: Any) -> Any:
    size, directory, permissions, links, modified, owner, group = facts
    entry = native.FtpEntry(
        kind=native.FTP_DIRECTORY if directory else native.FTP_FILE,
        file_size=max(0, int(size or 0)),
        modified=int(modified or 0),
        mode=_mode(permissions),
        links=max(1, int(links or 1)),
    )
    kept = [_put(entry.name, name), _put(entry.owner, owner or ""), _put(entry.group, group or "")]
    status = native.ftp_request_add_entry(request, byref(entry))
    del kept
    return status


def _mode(permissions: Any) -> int:
    """A number, or Twisted's object that stands for one."""
    if permissions is None:
        return 0
    if isinstance(permissions, int):
        return permissions & 0o777
    mode = 0
    for shift, who in ((6, "user"), (3, "group"), (0, "other")):
        rights = getattr(permissions, who, None)
        for bit, right in ((4, "read"), (2, "write"), (1, "execute")):
            if getattr(rights, right, False):
                mode |= bit << shift
    return mode


def _add_all(entries: Any, request: int) -> Any:
    for name, facts in entries:
        _add(facts, request, name)


def _hand_over(file: Any, request: int, appends: bool) -> Optional[Any]:
    """Gives the library a descriptor, and what is needed to go on."""
    descriptor = file.take()
    if appends:
        entry = native.FtpEntry(file_size=os.fstat(descriptor).st_size)
        native.ftp_request_add_entry(request, byref(entry))
    if native.ftp_request_set_descriptor(request, descriptor) < 0:
        os.close(descriptor)
        return LATER
    return None
