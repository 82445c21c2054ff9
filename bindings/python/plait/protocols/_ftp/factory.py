"""What makes sessions."""

from __future__ import annotations

from typing import Any, Optional

from ..._core.using import use_of
from ..._native import ftp as native
from ...internet.protocol import ServerFactory
from ..basic import LineOnlyReceiver
from .replies import RESPONSE, TOO_MANY_CONNECTIONS
from .server import FTP


class FTPOverflowProtocol(LineOnlyReceiver):
    """What is spoken to those who are too many."""

    delimiter = b"\r\n"

    def connectionMade(self) -> None:
        """Tells so, and ends the connection."""
        self.sendLine(RESPONSE[TOO_MANY_CONNECTIONS].encode())
        self.transport.loseConnection()


class FTPFactory(ServerFactory):
    """Makes sessions.

    :param portal: what lets people in; without one nobody is.
    :param userAnonymous: the name of those who have none.
    :param tls: of :mod:`plait.internet.ssl`, for a server: clients may give AUTH TLS, and have their data
        connections encrypted. Twisted has none.
    :param requireTLS: refuses logins and transfers without it.
    :param resumeTLS: whether data connections have to go on with the control connection's TLS session,
        which some clients (Python's ``ftplib`` is one) can't.
    :ivar timeOut: after so many seconds without a command or a transfer a session ends.
    :ivar connectionLimit: so many sessions may there be; None for no limit.
    :ivar passiveAddress: the IPv4 address that clients reach this host by, where it is not its own.
    :ivar loginDelay: seconds before a login is refused.
    """

    protocol: Any = FTP
    overflowProtocol: Any = FTPOverflowProtocol
    connectionLimit: Optional[int] = None
    connectionCount = 0
    allowAnonymous = True
    userAnonymous = "anonymous"
    timeOut: Optional[float] = 600
    welcomeMessage: Any = "Welcome to FTP server"
    passivePortRange: Any = range(0, 1)
    passiveAddress: Optional[str] = None
    loginDelay: float = 1.0

    def __init__(
        self,
        portal: Any = None,
        userAnonymous: Optional[str] = None,
        tls: Any = None,
        requireTLS: bool = False,
        resumeTLS: bool = True,
    ) -> None:
        self.portal = portal
        self.userAnonymous = userAnonymous or type(self).userAnonymous
        self._tls = use_of(tls, True) if tls is not None else None
        flags = native.FTP_NEED_TLS | native.FTP_NEED_PRIVATE if requireTLS else 0
        self._flags = flags | (0 if resumeTLS else native.FTP_ANY_SESSION)
        self.instances: list[Any] = []

    def buildProtocol(self, addr: Any) -> Any:
        """A session, or what tells that there are too many."""
        self.instances = [kept for kept in self.instances if not kept.disconnected]
        if self.connectionLimit is not None and len(self.instances) >= self.connectionLimit:
            built = self.overflowProtocol()
            built.factory = self
            return built
        built = super().buildProtocol(addr)
        if built is not None and built.portal is None:
            built.portal = self.portal
        if self.connectionLimit is not None and built is not None:
            self.instances.append(built)
        return built
