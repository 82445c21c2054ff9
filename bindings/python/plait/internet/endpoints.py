"""Where to listen, and where to connect to: Twisted's ``twisted.internet.endpoints``."""

from __future__ import annotations

from ctypes import byref
from typing import TYPE_CHECKING, Any

from . import _strings, defer, error
from ._reasons import connect_failed
from ._strings import quoteStringArgument
from .address import HostnameAddress, IPv4Address, UNIXAddress
from .protocol import Factory

if TYPE_CHECKING:
    from ..python.failure import Failure
    from .._core.security import Use
    from .interfaces import IReactor
    from .ports import Port
    from .ssl import ContextFactory

__all__ = [
    "HostnameEndpoint",
    "SSL4ClientEndpoint",
    "SSL4ServerEndpoint",
    "TCP4ClientEndpoint",
    "TCP4ServerEndpoint",
    "TCP6ClientEndpoint",
    "TCP6ServerEndpoint",
    "UNIXClientEndpoint",
    "UNIXServerEndpoint",
    "clientFromString",
    "connectProtocol",
    "quoteStringArgument",
    "serverFromString",
    "wrapClientTLS",
    "wrapServerTLS",
]


class ServerEndpoint:
    """Somewhere to listen, as an endpoint string says: see ``plait/endpoint.h``."""

    def __init__(
        self,
        reactor: IReactor,
        where: str,
        interface: str = "",
        port: int | str = 0,
        tls: Use | None = None,
    ) -> None:
        self._tls = tls
        self._reactor, self._where = reactor, where
        self._interface, self._port = interface, port or where

    def listen(self, protocolFactory: Any, parent: Any = None) -> defer.Deferred[Port]:
        """Listens; the result is the port.

        :param parent: the transport of the connection that this is done for: see ``listenTCP``.
        """
        from .ports import Port

        return defer.maybeDeferred(
            Port,
            self._reactor.getReactor(),
            self._where,
            protocolFactory,
            self._interface,
            self._port,
            self._tls,
            parent,
        )

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self._where}>"


class TCP4ServerEndpoint(ServerEndpoint):
    """A TCP port on IPv4. Twisted's backlog is 50."""

    def __init__(
        self, reactor: IReactor, port: int, backlog: int = 1024, interface: str = ""
    ) -> None:
        where = _strings.endpoint("tcp", port, backlog=backlog, interface=interface)
        super().__init__(reactor, where, interface, port)


class SSL4ServerEndpoint(ServerEndpoint):
    """A TCP port on IPv4 where TLS is spoken.

    :param sslContextFactory: of :mod:`plait.internet.ssl`.
    """

    def __init__(
        self,
        reactor: IReactor,
        port: int,
        sslContextFactory: ContextFactory,
        backlog: int = 1024,
        interface: str = "",
    ) -> None:
        where = _strings.endpoint("tcp", port, backlog=backlog, interface=interface)
        super().__init__(reactor, where, interface, port, sslContextFactory._use(True))


class TCP6ServerEndpoint(ServerEndpoint):
    """A TCP port on IPv6."""

    def __init__(
        self, reactor: IReactor, port: int, backlog: int = 1024, interface: str = "::"
    ) -> None:
        where = _strings.endpoint("tcp6", port, backlog=backlog, interface=interface)
        super().__init__(reactor, where, interface, port)


class UNIXServerEndpoint(ServerEndpoint):
    """A path in the file system. Lock files (``wantPID``) are not needed."""

    def __init__(
        self,
        reactor: IReactor,
        address: str | bytes,
        backlog: int = 1024,
        mode: int = 0o666,
        wantPID: bool = False,
    ) -> None:
        path = _strings.unix_path(address)
        where = _strings.endpoint("unix", path, mode=f"{mode:o}", backlog=backlog)
        super().__init__(reactor, where, "", path)


class ClientEndpoint:
    """Somewhere to connect to, as an endpoint string says: see ``plait/endpoint.h``."""

    def __init__(
        self,
        reactor: IReactor,
        where: str,
        timeout: float | None = 30,
        address: Any = None,
        attemptDelay: float | None = None,
        tls: Use | None = None,
    ) -> None:
        self._tls = tls
        self._reactor, self._where, self._timeout = reactor, where, timeout
        self._attemptDelay = attemptDelay
        self._address = address if address is not None else where

    def connect(self, protocolFactory: Any, parent: Any = None) -> defer.Deferred[Any]:
        """Connects; the result is the protocol. Cancelling gives the attempt up.

        :param parent: the transport of the connection that this one is opened for: see ``connectTCP``.
        """
        from .._core.opening import Attempt

        done: defer.Deferred[Any] = defer.Deferred(lambda done: self._cancelled(attempt, done))

        def build(source: Any, address: Any) -> Any:
            return None if done.called else source.buildProtocol(address)

        def made(protocol: Any) -> None:
            if not done.called:
                done.callback(protocol)

        def failed(status: int, text: str, number: int) -> None:
            protocolFactory.doStop()
            if not done.called:
                done.errback(connect_failed(status, text, number))

        def lost(reason: Failure) -> None:
            protocolFactory.doStop()
            if not done.called:
                # The connection was up, and nobody has spoken on it.
                clean = reason.check(error.ConnectionDone)
                done.errback(error.NoProtocol() if clean else reason)

        driver = self._reactor.getReactor()
        attempt = Attempt(
            driver, protocolFactory, build, made, failed, lost, self._tls, parent
        )
        protocolFactory.doStart()
        try:
            attempt.start(self._where, self._timeout, self._attemptDelay)
        except BaseException:
            protocolFactory.doStop()
            done.errback()
        return done

    def _cancelled(self, attempt: Any, done: defer.Deferred[Any]) -> None:
        attempt.cancel()
        done.errback(error.ConnectingCancelledError(self._address))

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self._where}>"


class TCP4ClientEndpoint(ClientEndpoint):
    """A TCP port of a host. Names may lead to IPv6 here, too."""

    def __init__(
        self,
        reactor: IReactor,
        host: str,
        port: int,
        timeout: float | None = 30,
        bindAddress: Any = None,
    ) -> None:
        where = _strings.tcp_client(host, port, bindAddress)
        super().__init__(reactor, where, timeout, IPv4Address("TCP", host, port))


class SSL4ClientEndpoint(ClientEndpoint):
    """A TCP port of a host where TLS is spoken.

    :param sslContextFactory: of :mod:`plait.internet.ssl`.
    """

    def __init__(
        self,
        reactor: IReactor,
        host: str,
        port: int,
        sslContextFactory: ContextFactory,
        timeout: float | None = 30,
        bindAddress: Any = None,
    ) -> None:
        where = _strings.tcp_client(host, port, bindAddress)
        address = IPv4Address("TCP", host, port)
        super().__init__(
            reactor, where, timeout, address, tls=sslContextFactory._use(False, host)
        )


class TCP6ClientEndpoint(TCP4ClientEndpoint):
    """A TCP port of a host."""


class HostnameEndpoint(ClientEndpoint):
    """A TCP port of a host that is known by its name.

    Addresses of both families are tried in turn, each a little after the one before it, and the
    first to answer wins (RFC 8305).

    :param attemptDelay: seconds before the next address is tried beside the others; 0.25.
    """

    def __init__(
        self,
        reactor: IReactor,
        host: str | bytes,
        port: int,
        timeout: float | None = 30,
        bindAddress: Any = None,
        attemptDelay: float | None = None,
    ) -> None:
        where = _strings.tcp_client(host, port, bindAddress)
        name = host if isinstance(host, bytes) else host.encode("idna" if host else "ascii")
        super().__init__(reactor, where, timeout, HostnameAddress(name, port), attemptDelay)


class UNIXClientEndpoint(ClientEndpoint):
    """A path in the file system."""

    def __init__(
        self,
        reactor: IReactor,
        path: str | bytes,
        timeout: float | None = 30,
        checkPID: bool = False,
    ) -> None:
        where = _strings.endpoint("unix", _strings.unix_path(path))
        super().__init__(reactor, where, timeout, UNIXAddress(path))


def _check(description: str, use: int) -> str:
    from .._native import constants, functions, structs

    reason = structs.Reason()
    status = functions.endpoint_check(description.encode(), use, byref(reason))
    if status < 0:
        text = (reason.text or b"").decode() or functions.strerror(status).decode()
        at = "" if reason.offset == constants.NO_OFFSET else f" at {reason.offset}"
        raise ValueError(f"{description!r} is no endpoint: {text}{at}")
    return description


def serverFromString(reactor: IReactor, description: str) -> ServerEndpoint:
    """Somewhere to listen, as ``tcp:8080:interface=127.0.0.1`` or ``unix:/run/x.sock`` says.

    With ``haproxy:`` in front, connections begin with a header of the PROXY protocol, from all that connect,
    or from those of ``haproxy:trusted=10.0.0.0/8:tcp:8080`` alone.

    :raises ValueError: if that is malformed, or of an unknown kind.
    """
    return ServerEndpoint(reactor, _check(description, 1))


def clientFromString(reactor: IReactor, description: str) -> ClientEndpoint:
    """Somewhere to connect to, as ``tcp:host=example.org:port=80`` or ``unix:/run/x.sock`` says.

    ``socks5:proxy=tcp\\:10.0.0.1\\:1080:host=example.org:port=80`` leads by way of a proxy: see ``plait/socks.h``.

    :raises ValueError: if that is malformed, or of an unknown kind.
    """
    return ClientEndpoint(reactor, _check(description, 2))


def wrapClientTLS(
    connectionCreator: ContextFactory, wrappedEndpoint: Any, clock: Any = None
) -> Any:
    """The same place to connect to, where TLS is spoken.

    The endpoint may be a program's own: TLS begins on the connection that it makes, before the
    protocol meets its transport. Where that cannot speak TLS connecting fails with a TypeError.

    :param connectionCreator: what :func:`plait.internet.ssl.optionsForClientTLS` gave.
    :param clock: means nothing here.
    """
    from . import _tlswrapping

    wrapper = _tlswrapping.TLSClientEndpoint
    use = connectionCreator._use(False)
    return _tlswrapping.wrapped(ClientEndpoint, "connect", wrapper, use, wrappedEndpoint)


def wrapServerTLS(
    connectionCreator: ContextFactory, wrappedEndpoint: Any, clock: Any = None
) -> Any:
    """The same place to listen, where TLS is spoken; as :func:`wrapClientTLS`.

    :param connectionCreator: a :class:`plait.internet.ssl.CertificateOptions`.
    """
    from . import _tlswrapping

    wrapper = _tlswrapping.TLSServerEndpoint
    use = connectionCreator._use(True)
    return _tlswrapping.wrapped(ServerEndpoint, "listen", wrapper, use, wrappedEndpoint)


class _OneProtocol(Factory):
    """Builds the one protocol that there is already."""

    def __init__(self, protocol: Any) -> None:
        self._protocol = protocol

    def buildProtocol(self, addr: Any) -> Any:
        """Gives it."""
        return self._protocol


def connectProtocol(endpoint: ClientEndpoint, protocol: Any) -> defer.Deferred[Any]:
    """Connects a protocol that was made already; it gets no factory."""
    return endpoint.connect(_OneProtocol(protocol))
