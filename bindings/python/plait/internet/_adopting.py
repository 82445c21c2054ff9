"""Sockets that others have opened: a parent process, or systemd."""

from __future__ import annotations

import os
from functools import lru_cache
from typing import Any

from . import error
from .defer import Deferred, fail, maybeDeferred

#: The first descriptor that systemd hands over.
_FIRST = 3


class AdoptedStreamServerEndpoint:
    """A listening socket that somebody else has opened.

    :param fileno: its descriptor, which is taken over: it can be listened at once.
    :param addressFamily: ``socket.AF_INET``, ``AF_INET6`` or ``AF_UNIX``.
    """

    def __init__(self, reactor: Any, fileno: int, addressFamily: int) -> None:
        self.reactor, self.fileno, self.addressFamily = reactor, fileno, addressFamily
        self._used = False

    def listen(self, protocolFactory: Any) -> Deferred[Any]:
        """Listens; the result is the port."""
        if self._used:
            return fail(error.AlreadyListened())
        self._used = True
        return maybeDeferred(self._adopt, protocolFactory)

    def _adopt(self, factory: Any) -> Any:
        os.set_blocking(self.fileno, False)
        port = self.reactor.adoptStreamPort(self.fileno, self.addressFamily, factory)
        os.close(self.fileno)
        return port

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.fileno}>"


@lru_cache(maxsize=None)
def inherited() -> tuple[tuple[int, ...], tuple[str, ...]]:
    """The descriptors that systemd has handed over, and their names. They are this process's alone: the
    environment does not name them any more."""
    if os.environ.get("LISTEN_PID") != str(os.getpid()):
        return (), ()
    try:
        count = int(os.environ["LISTEN_FDS"])
    except (KeyError, ValueError):
        return (), ()
    del os.environ["LISTEN_PID"], os.environ["LISTEN_FDS"]
    names = os.environ.get("LISTEN_FDNAMES", "")
    return tuple(range(_FIRST, _FIRST + count)), tuple(names.split(":")) if names else ()


def systemd(
    reactor: Any, domain: str, index: str | None = None, name: str | None = None
) -> AdoptedStreamServerEndpoint:
    """What ``systemd:`` stands for.

    :raises ValueError: if systemd has handed no such socket over.
    """
    import socket

    if (index is None) == (name is None):
        raise ValueError("systemd's sockets go by an index or by a name: exactly one is wanted")
    descriptors, names = inherited()
    wanted = names.index(name) if name in names else -1 if index is None else int(index)
    if not 0 <= wanted < len(descriptors):
        raise ValueError(f"systemd has handed no socket {name or index} over")
    family = getattr(socket, f"AF_{domain}", None)
    if family is None:
        raise ValueError(f"sockets have no family {domain!r}")
    return AdoptedStreamServerEndpoint(reactor, descriptors[wanted], family)
