"""The options of a socket, as a protocol sets them."""

from __future__ import annotations

from .._native import functions
from ..internet._reasons import check
from .handles import SocketHandle
from .producing import Producing


class SocketOptions(Producing):
    """What Twisted's TCP transports have: ``setTcpNoDelay`` and its kin."""

    __slots__ = ("_keepAlive", "_noDelay")

    # Set when they are asked for: most connections never are.
    _keepAlive: bool
    _noDelay: bool

    def getHandle(self) -> SocketHandle:
        """The connection's socket, for options that have no method here."""
        return SocketHandle(self._conn)

    def getTcpNoDelay(self) -> bool:
        """Whether small writes leave at once. They do unless told otherwise; not so in Twisted."""
        return getattr(self, "_noDelay", True)

    def setTcpNoDelay(self, enabled: bool) -> None:
        """Sets whether small writes leave at once."""
        check(functions.conn_set_no_delay(self._conn, bool(enabled)))
        self._noDelay = bool(enabled)

    def getTcpKeepAlive(self) -> bool:
        """Whether the kernel probes an idle connection."""
        return getattr(self, "_keepAlive", False)

    def setTcpKeepAlive(self, enabled: bool) -> None:
        """Sets whether the kernel probes a connection that is idle (for two hours)."""
        check(functions.conn_set_keep_alive(self._conn, 7200 if enabled else 0))
        self._keepAlive = bool(enabled)
