"""Where to listen, and where to connect to: Twisted's ``twisted.internet.endpoints``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

from .._core.using import use_of
from . import _strings, defer
from ._adopting import AdoptedStreamServerEndpoint
from ._bystring import ClientEndpoint, ServerEndpoint
from ._elsewhere import BACKLOG, Way
from ._judging import client_port, host_name, name_problem
from ._strings import quoteStringArgument
from .address import HostnameAddress, UNIXAddress
from .protocol import Factory

if TYPE_CHECKING:
    from .._core.security import Use
    from .interfaces import (
        IReactor,
        IReactorSSL,
        IReactorTCP,
        IReactorUNIX,
        IStreamClientEndpoint,
        IStreamServerEndpoint,
    )
    from .ssl import ContextFactory

__all__ = [
    "AdoptedStreamServerEndpoint",
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

_P = TypeVar("_P")


def _use(reactor: Any, options: ContextFactory, server: bool, name: Any = None) -> Use | None:
    # Other reactors are given the options as they are.
    return use_of(options, server, name) if hasattr(reactor, "getReactor") else None


def _behind(backlog: int | None, **more: Any) -> dict[str, Any]:
    return {"backlog": BACKLOG if backlog is None else backlog, **more}


class TCP4ServerEndpoint(ServerEndpoint):
    """A TCP port on IPv4.

    :param backlog: how many connections the kernel may hold; 1,024 if left out, and Twisted's 50 on
        reactors that are not the package's own.
    """

    def __init__(
        self,
        reactor: IReactor | IReactorTCP,
        port: int,
        backlog: int | None = None,
        interface: str = "",
    ) -> None:
        where = _strings.tcp_server(port, backlog, interface, "tcp")
        way = Way("listenTCP", (port,), _behind(backlog, interface=interface))
        super().__init__(reactor, where, interface, port, way=way)


class SSL4ServerEndpoint(ServerEndpoint):
    """A TCP port on IPv4 where TLS is spoken.

    :param sslContextFactory: of :mod:`plait.internet.ssl`.
    """

    def __init__(
        self,
        reactor: IReactor | IReactorSSL,
        port: int,
        sslContextFactory: ContextFactory,
        backlog: int | None = None,
        interface: str = "",
    ) -> None:
        where = _strings.tcp_server(port, backlog, interface, "tcp")
        behind = {"contextFactory": sslContextFactory, **_behind(backlog, interface=interface)}
        use = _use(reactor, sslContextFactory, True)
        super().__init__(reactor, where, interface, port, use, Way("listenSSL", (port,), behind))


class TCP6ServerEndpoint(ServerEndpoint):
    """A TCP port on IPv6."""

    def __init__(
        self,
        reactor: IReactor | IReactorTCP,
        port: int,
        backlog: int | None = None,
        interface: str = "::",
    ) -> None:
        where = _strings.tcp_server(port, backlog, interface, "tcp6")
        way = Way("listenTCP", (port,), _behind(backlog, interface=interface))
        super().__init__(reactor, where, interface, port, way=way)


class UNIXServerEndpoint(ServerEndpoint):
    """A path in the file system. Lock files (``wantPID``) are not needed."""

    def __init__(
        self,
        reactor: IReactor | IReactorUNIX,
        address: str | bytes,
        backlog: int | None = None,
        mode: int = 0o666,
        wantPID: bool = False,
    ) -> None:
        where = _strings.unix_server(address, mode, backlog)
        way = Way("listenUNIX", (address,), _behind(backlog, mode=mode, wantPID=wantPID))
        super().__init__(reactor, where, "", _strings.unix_path(address), way=way)


class TCP4ClientEndpoint(ClientEndpoint):
    """A TCP port of a host. Names may lead to IPv6 here, too."""

    def __init__(
        self,
        reactor: IReactor | IReactorTCP,
        host: str | bytes,
        port: int | str,
        timeout: float | None = 30,
        bindAddress: Any = None,
    ) -> None:
        where = _strings.tcp_client(host, port, bindAddress)
        way = Way("connectTCP", (host, port), {"timeout": timeout, "bindAddress": bindAddress})
        super().__init__(reactor, where, timeout, _strings.destination(host, port), way=way)


class SSL4ClientEndpoint(ClientEndpoint):
    """A TCP port of a host where TLS is spoken.

    :param sslContextFactory: of :mod:`plait.internet.ssl`.
    """

    def __init__(
        self,
        reactor: IReactor | IReactorSSL,
        host: str | bytes,
        port: int | str,
        sslContextFactory: ContextFactory,
        timeout: float | None = 30,
        bindAddress: Any = None,
    ) -> None:
        where = _strings.tcp_client(host, port, bindAddress)
        address = _strings.destination(host, port)
        behind = {"timeout": timeout, "bindAddress": bindAddress}
        way = Way("connectSSL", (host, port), {"contextFactory": sslContextFactory, **behind})
        use = _use(reactor, sslContextFactory, False, host)
        super().__init__(reactor, where, timeout, address, None, use, way)


class TCP6ClientEndpoint(TCP4ClientEndpoint):
    """A TCP port of a host."""


class HostnameEndpoint(ClientEndpoint):
    """A TCP port of a host that is known by its name.

    Addresses of both families are tried in turn, each a little after the one before it, and the
    first to answer wins (RFC 8305). Connecting to what is no host's name fails with a ValueError.

    :param attemptDelay: seconds before the next address is tried beside the others; 0.25.
    """

    def __init__(
        self,
        reactor: IReactor | IReactorTCP,
        host: str | bytes,
        port: int | str,
        timeout: float | None = 30,
        bindAddress: Any = None,
        attemptDelay: float | None = None,
    ) -> None:
        where = _strings.tcp_client(host, port, bindAddress)
        name = host_name(host)
        way = Way("connectTCP", (name, port), {"timeout": timeout, "bindAddress": bindAddress})
        address = HostnameAddress(name.encode("ascii"), client_port(port))
        super().__init__(reactor, where, timeout, address, attemptDelay, way=way)
        self._problem = name_problem(host)


class UNIXClientEndpoint(ClientEndpoint):
    """A path in the file system."""

    def __init__(
        self,
        reactor: IReactor | IReactorUNIX,
        path: str | bytes,
        timeout: float | None = 30,
        checkPID: bool = False,
    ) -> None:
        where = _strings.endpoint("unix", _strings.unix_path(path))
        way = Way("connectUNIX", (path,), {"timeout": timeout, "checkPID": checkPID})
        super().__init__(reactor, where, timeout, UNIXAddress(path), way=way)


def serverFromString(reactor: Any, description: str) -> IStreamServerEndpoint:
    """Somewhere to listen, as ``tcp:8080:interface=127.0.0.1`` or ``unix:/run/x.sock`` says.

    With ``haproxy:`` in front, connections begin with a header of the PROXY protocol, from all that connect,
    or from those of ``haproxy:trusted=10.0.0.0/8:tcp:8080`` alone. ``systemd:INET:name=web`` is a
    socket that systemd has opened.

    ``ssl:443:privateKey=key.pem:certKey=cert.pem:extraCertChain=chain.pem`` speaks TLS; ``tls:`` is the same.
    The files are PEM; without ``certKey`` the certificate lies in the key's. ``tls:/directory:port=443`` has the
    certificates in a directory's files that end in ``.pem``, each for the names in it.

    :raises ValueError: if that is malformed, or of an unknown kind.
    """
    from . import _parsing

    made: IStreamServerEndpoint = _parsing.server(reactor, description)
    return made


def clientFromString(reactor: Any, description: str) -> IStreamClientEndpoint:
    """Somewhere to connect to, as ``tcp:host=example.org:port=80`` or ``unix:/run/x.sock`` says.

    ``socks5:proxy=tcp\\:10.0.0.1\\:1080:host=example.org:port=80`` leads by way of a proxy (``plait/socks.h``).

    ``tls:example.org:443`` speaks TLS, and checks the name; ``ssl:`` is the same. ``hostname`` is another name
    to check. ``trustRoots`` (or ``caCertsDir``) is who is trusted instead of the system's authorities: a PEM file,
    or a directory, of which the files that end in ``.pem`` count, and no others. ``certificate`` (or ``certKey``)
    and ``privateKey`` are PEM files, for a server that asks.

    :raises ValueError: if that is malformed, or of an unknown kind.
    """
    from . import _parsing

    made: IStreamClientEndpoint = _parsing.client(reactor, description)
    return made


def wrapClientTLS(
    connectionCreator: ContextFactory, wrappedEndpoint: IStreamClientEndpoint, clock: Any = None
) -> IStreamClientEndpoint:
    """The same place to connect to, where TLS is spoken.

    The endpoint may be a program's own: TLS begins on the connection that it makes, before the
    protocol meets its transport. Where that cannot speak TLS connecting fails with a TypeError.

    :param connectionCreator: what :func:`plait.internet.ssl.optionsForClientTLS` gave.
    :param clock: means nothing here.
    """
    from . import _tlswrapping

    return _tlswrapping.client(connectionCreator, wrappedEndpoint)


def wrapServerTLS(
    connectionCreator: ContextFactory, wrappedEndpoint: IStreamServerEndpoint, clock: Any = None
) -> IStreamServerEndpoint:
    """The same place to listen, where TLS is spoken; as :func:`wrapClientTLS`.

    :param connectionCreator: a :class:`plait.internet.ssl.CertificateOptions`.
    """
    from . import _tlswrapping

    return _tlswrapping.server(connectionCreator, wrappedEndpoint)


class _OneProtocol(Factory):
    """Builds the one protocol that there is already."""

    def __init__(self, protocol: Any) -> None:
        self._protocol = protocol

    def buildProtocol(self, addr: Any) -> Any:
        """Gives it."""
        return self._protocol


def connectProtocol(endpoint: IStreamClientEndpoint, protocol: _P) -> defer.Deferred[_P]:
    """Connects a protocol that was made already; it gets no factory."""
    return endpoint.connect(_OneProtocol(protocol))
