"""A directory's files for programs in Python: no name and no link leads out of it.

What clients ask the library's own shells is done by the C library, which follows links beneath the
root. Here, where a subclass of a shell calls the methods of its base, no link is followed at all: each name is
opened from the directory before it.
"""

from __future__ import annotations

import errno
import os
import stat as modes
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

_DIRECTORY = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC


class Tree:
    """The files beneath a directory."""

    def __init__(self, root: str) -> None:
        self.root = root

    @contextmanager
    def at(self, path: Sequence[str]) -> Iterator[int]:
        """A directory, open."""
        fd = os.open(self.root, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            for name in path:
                if name in ("", ".", "..") or "/" in name or "\0" in name:
                    raise OSError(errno.ENOENT, os.strerror(errno.ENOENT))
                inner = os.open(name, _DIRECTORY, dir_fd=fd)
                os.close(fd)
                fd = inner
            yield fd
        finally:
            os.close(fd)

    @contextmanager
    def beside(self, path: Sequence[str]) -> Iterator[tuple[int, str]]:
        """The directory that a name is in, open, and the name."""
        if not path:
            raise PermissionError(errno.EPERM, os.strerror(errno.EPERM))
        name = path[-1]
        if name in ("", ".", "..") or "/" in name or "\0" in name:
            raise OSError(errno.ENOENT, os.strerror(errno.ENOENT))
        with self.at(path[:-1]) as fd:
            yield fd, name

    def look(self, path: Sequence[str]) -> os.stat_result:
        """What is there."""
        if not path:
            with self.at(path) as fd:
                return os.fstat(fd)
        with self.beside(path) as (fd, name):
            return os.stat(name, dir_fd=fd, follow_symlinks=False)

    def list(self, path: Sequence[str]) -> list[tuple[str, os.stat_result]]:
        """What is in a directory."""
        found = []
        with self.at(path) as fd:
            for name in sorted(os.listdir(fd)):
                try:
                    found.append((name, os.stat(name, dir_fd=fd, follow_symlinks=False)))
                except FileNotFoundError:
                    continue
        return found

    def open(self, path: Sequence[str], flags: int, mode: int = 0o644) -> int:
        """A plain file, open: its descriptor."""
        with self.beside(path) as (fd, name):
            made = os.open(
                name, flags | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC | os.O_NOCTTY, mode, dir_fd=fd
            )
        kind = os.fstat(made).st_mode
        if not modes.S_ISREG(kind):
            os.close(made)
            number = errno.EISDIR if modes.S_ISDIR(kind) else errno.EACCES
            raise OSError(number, os.strerror(number))
        return made

    def make(self, path: Sequence[str]) -> None:
        """Makes a directory, and those above it that are not there."""
        for length in range(1, len(path)):
            try:
                with self.beside(path[:length]) as (fd, name):
                    os.mkdir(name, 0o755, dir_fd=fd)
            except FileExistsError:
                pass
        with self.beside(path) as (fd, name):
            os.mkdir(name, 0o755, dir_fd=fd)

    def rename(self, path: Sequence[str], other: Sequence[str]) -> None:
        """Gives something another name."""
        with self.beside(path) as (source, name), self.beside(other) as (target, new):
            os.rename(name, new, src_dir_fd=source, dst_dir_fd=target)

    def remove(self, path: Sequence[str], directory: bool) -> None:
        """Removes a file, or an empty directory."""
        with self.beside(path) as (fd, name):
            if directory:
                os.rmdir(name, dir_fd=fd)
            else:
                os.unlink(name, dir_fd=fd)


def told(found: os.stat_result, keys: Sequence[str]) -> list[Any]:
    """What is asked of a file."""
    return [_FACTS[key](found) for key in keys]


def _owner(found: os.stat_result) -> str:
    import pwd

    try:
        return pwd.getpwuid(found.st_uid)[0]
    except KeyError:
        return str(found.st_uid)


def _group(found: os.stat_result) -> str:
    import grp

    try:
        return grp.getgrgid(found.st_gid)[0]
    except KeyError:
        return str(found.st_gid)


_FACTS: dict[str, Any] = {
    "size": lambda found: found.st_size,
    "directory": lambda found: modes.S_ISDIR(found.st_mode),
    "permissions": lambda found: modes.S_IMODE(found.st_mode),
    "hardlinks": lambda found: found.st_nlink,
    "modified": lambda found: found.st_mtime,
    "owner": _owner,
    "group": _group,
}
