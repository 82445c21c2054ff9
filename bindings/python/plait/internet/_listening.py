"""The reactor's methods that listen and connect."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from .._core.using import use_of
from . import _strings
from .address import UNIXAddress

if TYPE_CHECKING:
    from .ports import Connector, Port
    from .reactors import Reactor
    from .ssl import ContextFactory


class Listening:
    """``listenTCP``, ``connectTCP``, ``listenUNIX`` and ``connectUNIX``."""

    if TYPE_CHECKING:

        def getReactor(self) -> Reactor: ...

    def listenTCP(
        self,
        port: int,
        factory: Any,
        backlog: int = 1024,
        interface: str = "",
        *,
        parent: Any = None,
    ) -> Port:
        """Accepts TCP connections.

        :param port: the port; 0 for one that the kernel picks: ``getHost().port`` tells.
        :param factory: builds a protocol for each connection.
        :param backlog: how many connections the kernel may hold for us; Twisted has 50.
        :param interface: an address of this machine, of IPv4 or IPv6; all of IPv4 if left out.
        :param parent: the transport of a connection that this is done for. What is accepted is under
            the limits of the policies around that one, in their logs and their counters, and what
            happens on it is activity of that one. It does not end with it.
        :raises CannotListenError: if the address cannot be had, or there is no such port.
        :raises TypeError: if the port is no number.
        """
        from .ports import Port

        where = _strings.tcp_server(port, backlog, interface)
        return Port(self.getReactor(), where, factory, interface, port, parent=parent)

    def listenUNIX(
        self,
        address: str | bytes,
        factory: Any,
        backlog: int = 1024,
        mode: int = 0o666,
        wantPID: bool = False,
        *,
        parent: Any = None,
    ) -> Port:
        """Accepts connections at a path in the file system.

        A socket that nobody listens on any more is replaced: a lock file (``wantPID``) is not
        needed, and none is made.
        """
        from .ports import Port

        path = _strings.unix_path(address)
        where = _strings.unix_server(address, mode, backlog)
        return Port(self.getReactor(), where, factory, "", path, parent=parent)

    def connectTCP(
        self,
        host: str | bytes,
        port: int | str,
        factory: Any,
        timeout: float | None = 30,
        bindAddress: tuple[str, int] | str | None = None,
        *,
        parent: Any = None,
    ) -> Connector:
        """Connects a ClientFactory to a TCP port, over IPv4 or IPv6.

        What cannot be connected to, were it because there is no such port, is told to the factory's
        ``clientConnectionFailed``.

        :param port: a number, or a service's name.
        :param timeout: seconds for all of it, the look-up of the name included.
        :param parent: the transport of a connection that this one is opened for: see :meth:`listenTCP`.
        :raises ServiceNameUnknownError: if there is no service of this name.
        :raises TypeError: if the host is no text, or the port no number.
        """
        from .ports import Connector

        where = _strings.tcp_client(host, port, bindAddress)
        address = _strings.destination(host, port)
        return Connector(self.getReactor(), where, factory, timeout, address, parent=parent)

    def listenSSL(
        self,
        port: int,
        factory: Any,
        contextFactory: ContextFactory,
        backlog: int = 1024,
        interface: str = "",
        *,
        parent: Any = None,
    ) -> Port:
        """Accepts TCP connections, and speaks TLS on them."""
        from .ports import Port

        where = _strings.tcp_server(port, backlog, interface)
        use = use_of(contextFactory, True)
        return Port(self.getReactor(), where, factory, interface, port, use, parent)

    def connectSSL(
        self,
        host: str | bytes,
        port: int | str,
        factory: Any,
        contextFactory: ContextFactory,
        timeout: float | None = 30,
        bindAddress: tuple[str, int] | str | None = None,
        *,
        parent: Any = None,
    ) -> Connector:
        """Connects a ClientFactory to a TCP port where TLS is spoken."""
        from .ports import Connector

        where = _strings.tcp_client(host, port, bindAddress)
        address = _strings.destination(host, port)
        use = use_of(contextFactory, False, host)
        return Connector(self.getReactor(), where, factory, timeout, address, use, parent)

    def adoptStreamPort(self, fileDescriptor: int, addressFamily: int, factory: Any) -> Port:
        """Accepts connections at a listening socket that somebody else has opened.

        :param fileDescriptor: stays the caller's, who may close it.
        :param addressFamily: means nothing here: the socket knows.
        """
        from .ports import Port

        adopted = os.dup(fileDescriptor)
        return Port(self.getReactor(), "", factory, "", fileDescriptor, adopted=adopted)

    def connectUNIX(
        self,
        address: str | bytes,
        factory: Any,
        timeout: float | None = 30,
        checkPID: bool = False,
        *,
        parent: Any = None,
    ) -> Connector:
        """Connects a ClientFactory to a path in the file system. ``checkPID`` is not needed."""
        from .ports import Connector

        where = _strings.endpoint("unix", _strings.unix_path(address))
        to = UNIXAddress(address)
        return Connector(self.getReactor(), where, factory, timeout, to, parent=parent)
