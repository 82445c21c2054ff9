"""The sockets of connections, as a program may look at them."""

from __future__ import annotations

import contextlib
import os
import socket
from collections.abc import Iterator
from ctypes import byref, c_int
from typing import Any

from .._native import functions


class SocketHandle:
    """The socket of a connection: for its options, and whatever else is asked by descriptor.

    Twisted gives the socket itself. Here it is the C library's: it cannot be read, written or closed
    by this, and keeping this does not keep the connection.
    """

    __slots__ = ("_conn",)

    def __init__(self, conn: int) -> None:
        self._conn = conn

    def __repr__(self) -> str:
        return f"<SocketHandle fd={self.fileno()}>"

    def fileno(self) -> int:
        """The descriptor, as long as the connection lasts; -1 after that."""
        out = c_int()
        return out.value if functions.conn_get_fd(self._conn, byref(out)) == 0 else -1

    @contextlib.contextmanager
    def _lent(self) -> Iterator[socket.socket]:
        descriptor = os.dup(self.fileno())
        try:
            lent = socket.socket(fileno=descriptor)
        except BaseException:
            os.close(descriptor)
            raise
        with lent:
            yield lent

    @property
    def family(self) -> int:
        """As of a socket: ``socket.AF_INET`` and others."""
        with self._lent() as lent:
            return lent.family

    def getsockopt(self, *arguments: int) -> Any:
        """As a socket's method of that name."""
        with self._lent() as lent:
            return lent.getsockopt(*arguments)

    def setsockopt(self, *arguments: Any) -> None:
        """As a socket's method of that name."""
        with self._lent() as lent:
            lent.setsockopt(*arguments)

    def getsockname(self) -> Any:
        """As a socket's method of that name."""
        with self._lent() as lent:
            return lent.getsockname()

    def getpeername(self) -> Any:
        """As a socket's method of that name."""
        with self._lent() as lent:
            return lent.getpeername()
