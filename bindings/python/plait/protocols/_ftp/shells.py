"""The stock shells and realms."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from typing import Any, Union

from ...cred import error as cred_error
from ...cred.checkers import ANONYMOUS
from ...internet.defer import Deferred, fail, succeed
from .errors import AnonUserDeniedError, PermissionDeniedError, errnoToFailure
from .files import ReadFile, WriteFile
from .interfaces import IFTPShell
from .tree import Tree, told

_Place = Union[str, bytes, "os.PathLike[str]"]


def place_of(root: Any) -> str:
    """A directory's path: of a path of any kind, Twisted's ``FilePath`` included."""
    return os.fsdecode(root if isinstance(root, (str, bytes, os.PathLike)) else root.path)


class FTPAnonymousShell:
    """A directory that can be read.

    The C library answers for it, off the loop. The methods of a subclass are asked instead; they may call
    those of their base, which do their work at once and follow no links.

    :param filesystemRoot: a directory.
    """

    #: Whether nothing can be changed.
    readOnly = True

    def __init__(self, filesystemRoot: Any) -> None:
        self.filesystemRoot = filesystemRoot
        self._tree = Tree(place_of(filesystemRoot))

    def _do(self, path: Sequence[str], what: Callable[[], Any]) -> Deferred[Any]:
        try:
            return succeed(what())
        except OSError as problem:
            return fail(errnoToFailure(problem.errno or 0, path))

    def makeDirectory(self, path: Sequence[str]) -> Deferred[Any]:
        """Is refused."""
        return fail(AnonUserDeniedError())

    def removeDirectory(self, path: Sequence[str]) -> Deferred[Any]:
        """Is refused."""
        return fail(AnonUserDeniedError())

    def removeFile(self, path: Sequence[str]) -> Deferred[Any]:
        """Is refused."""
        return fail(AnonUserDeniedError())

    def rename(self, fromPath: Sequence[str], toPath: Sequence[str]) -> Deferred[Any]:
        """Is refused."""
        return fail(AnonUserDeniedError())

    def openForWriting(
        self, path: Sequence[str], offset: int = 0, append: bool = False
    ) -> Deferred[Any]:
        """Is refused."""
        return fail(PermissionDeniedError("/".join(path)))

    def access(self, path: Sequence[str]) -> Deferred[Any]:
        """Fails unless there is such a directory, which can be listed."""
        return self._do(path, lambda: self._tree.list(path) and None)

    def stat(self, path: Sequence[str], keys: Sequence[str] = ()) -> Deferred[Any]:
        """What is asked of a file or directory, in the order of the keys."""
        return self._do(path, lambda: told(self._tree.look(path), keys))

    def list(self, path: Sequence[str], keys: Sequence[str] = ()) -> Deferred[Any]:
        """Names and what is asked of them: of what is in a directory, or of a file alone."""

        def look() -> Any:
            try:
                return [(name, told(found, keys)) for name, found in self._tree.list(path)]
            except NotADirectoryError:
                return [(path[-1], told(self._tree.look(path), keys))]

        return self._do(path, look)

    def openForReading(self, path: Sequence[str]) -> Deferred[Any]:
        """A file that is read."""
        return self._do(path, lambda: ReadFile(self._tree.open(path, os.O_RDONLY)))


class FTPShell(FTPAnonymousShell):
    """A directory that can be read and changed.

    :ivar fileMode: of new files; :ivar directoryMode: of new directories.
    """

    readOnly = False

    def makeDirectory(self, path: Sequence[str]) -> Deferred[Any]:
        """Makes a directory, and those above it."""
        return self._do(path, lambda: self._tree.make(path))

    def removeDirectory(self, path: Sequence[str]) -> Deferred[Any]:
        """Removes an empty directory."""
        return self._do(path, lambda: self._tree.remove(path, True))

    def removeFile(self, path: Sequence[str]) -> Deferred[Any]:
        """Removes a file."""
        return self._do(path, lambda: self._tree.remove(path, False))

    def rename(self, fromPath: Sequence[str], toPath: Sequence[str]) -> Deferred[Any]:
        """Gives something another name."""
        return self._do(fromPath, lambda: self._tree.rename(fromPath, toPath))

    def openForWriting(
        self, path: Sequence[str], offset: int = 0, append: bool = False
    ) -> Deferred[Any]:
        """A file that is written: from its first byte on, from an offset on, or behind what is there."""

        def begin() -> WriteFile:
            flags = os.O_WRONLY | os.O_CREAT | (0 if offset or append else os.O_TRUNC)
            return WriteFile(self._tree.open(path, flags))

        return self._do(path, begin)


class BaseFTPRealm:
    """Gives those without a name a shell that reads a directory, and others one of their own.

    :param anonymousRoot: the directory of those without a name.
    """

    def __init__(self, anonymousRoot: Any) -> None:
        self.anonymousRoot = anonymousRoot

    def getHomeDirectory(self, avatarId: Any) -> Any:
        """The directory of somebody. To be overridden."""
        raise NotImplementedError(f"{type(self)} did not override getHomeDirectory")

    def requestAvatar(self, avatarId: Any, mind: Any, *interfaces: Any) -> Any:
        """A shell, and nothing that has to be done in the end."""
        for interface in interfaces:
            if getattr(interface, "__name__", "") == "IFTPShell":
                if avatarId is ANONYMOUS:
                    return interface, FTPAnonymousShell(self.anonymousRoot), _nothing
                return interface, FTPShell(self.getHomeDirectory(avatarId)), _nothing
        raise NotImplementedError("Only IFTPShell interface is supported by this realm")


def _nothing() -> None:
    """Nothing has to be done."""


class FTPRealm(BaseFTPRealm):
    """Homes beneath one directory, by the users' names.

    :param userHome: where they are.
    """

    def __init__(self, anonymousRoot: Any, userHome: _Place = "/home") -> None:
        super().__init__(anonymousRoot)
        self.userHome = userHome

    def getHomeDirectory(self, avatarId: Any) -> str:
        """The directory of that name."""
        name = os.fsdecode(avatarId)
        if name in ("", ".", "..") or "/" in name or "\0" in name:
            raise cred_error.UnauthorizedLogin(f"{name!r} is no name of a home")
        return os.path.join(place_of(self.userHome), name)


class SystemFTPRealm(BaseFTPRealm):
    """The homes that the system's users have."""

    def getHomeDirectory(self, avatarId: Any) -> str:
        """The home of the system's user of that name."""
        import pwd

        try:
            return pwd.getpwnam(os.fsdecode(avatarId)).pw_dir
        except (KeyError, ValueError):
            raise cred_error.UnauthorizedLogin("there is no such user") from None


__all__ = [
    "BaseFTPRealm",
    "FTPAnonymousShell",
    "FTPRealm",
    "FTPShell",
    "IFTPShell",
    "SystemFTPRealm",
]
