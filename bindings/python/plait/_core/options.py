"""The options of a socket, as a protocol sets them."""

from __future__ import annotations

from .._native import functions
from ..internet._reasons import check
from .producing import Producing


class SocketOptions(Producing):
    """What Twisted's TCP transports have: ``setTcpNoDelay`` and its kin."""

    __slots__ = ("_keepAlive", "_noDelay")

    def __init__(self, conn: int) -> None:
        super().__init__(conn)
        self._noDelay, self._keepAlive = True, False

    def getTcpNoDelay(self) -> bool:
        """Whether small writes leave at once. They do unless told otherwise; not so in Twisted."""
        return self._noDelay

    def setTcpNoDelay(self, enabled: bool) -> None:
        """Sets whether small writes leave at once."""
        check(functions.conn_set_no_delay(self._conn, bool(enabled)))
        self._noDelay = bool(enabled)

    def getTcpKeepAlive(self) -> bool:
        """Whether the kernel probes an idle connection."""
        return self._keepAlive

    def setTcpKeepAlive(self, enabled: bool) -> None:
        """Sets whether the kernel probes a connection that is idle (for two hours)."""
        check(functions.conn_set_keep_alive(self._conn, 7200 if enabled else 0))
        self._keepAlive = bool(enabled)
