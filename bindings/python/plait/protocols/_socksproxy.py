"""The proxy that the C library runs, and the endpoint by way of one."""

from __future__ import annotations

import logging
from collections.abc import Awaitable
from ctypes import byref, pointer
from typing import TYPE_CHECKING, Any, Union

from .._core.registry import drop, entry, hold, objects
from .._native import constants, functions, structs
from .._native import socks as native
from ..error import PlaitError
from ..internet import _strings, defer
from ..internet._bystring import ClientEndpoint
from ..internet._reasons import check
from ..internet.address import Address, HostnameAddress, from_native
from ..internet.ports import Port
from ..internet.protocol import Factory

if TYPE_CHECKING:
    from ..internet.interfaces import IStreamClientEndpoint
    from ..python.failure import Failure

_log = logging.getLogger("plait")

#: What a proxy's questions are answered: yes or no.
Answer = Union[bool, None, Awaitable[Any]]


class Request:
    """What a client wants.

    :ivar version: 4 or 5.
    :ivar command: 1 for CONNECT, 2 for BIND.
    :ivar host: a name or a numeric address.
    :ivar user: who has logged in, or what a client of SOCKS 4 calls itself.
    """

    def __init__(self, version: int, command: int, host: str, port: int, user: bytes) -> None:
        self.version, self.command, self.user = version, command, user
        self.host, self.port = host, port

    def __repr__(self) -> str:
        name = {1: "CONNECT", 2: "BIND"}.get(self.command, self.command)
        return f"<Request SOCKS {self.version} {name} {self.host}:{self.port} {self.user!r}>"


class Tunnel:
    """How a client's connection is doing.

    :ivar request: what the client has asked for.
    """

    def __init__(self, conn: int, request: Request) -> None:
        self._conn, self.request = conn, request
        self._last = (0, 0)

    def bytesPassed(self) -> tuple[int, int]:
        """How many bytes were passed on to the target, and to the client."""
        out = native.SocksTunnel()
        if native.socks_server_get_tunnel(self._conn, byref(out)) == 0:
            self._last = (out.bytes_out, out.bytes_back)
        return self._last

    def getPeer(self) -> Address:
        """Who the client is."""
        found = structs.Address()
        check(functions.conn_get_peer(self._conn, byref(found)))
        return from_native(found)

    def loseConnection(self) -> None:
        """Ends it in good order."""
        functions.conn_close(self._conn)

    def abortConnection(self) -> None:
        """Ends it at once."""
        functions.conn_abort(self._conn)


def _request(shown: Any) -> Request:
    about = shown.contents
    return Request(
        about.version,
        about.command,
        about.host.read().decode("latin-1"),
        about.port,
        about.user.read(),
    )


def _tell(user: int, what: str, *arguments: Any) -> None:
    proxy = objects.get(user)
    if proxy is None:
        return
    driver = proxy._driver
    driver.inside = True
    try:
        getattr(proxy, what)(*arguments)
    except BaseException as error:
        driver.failed(error, "Unhandled error in a SOCKS proxy")
    finally:
        driver.leave()


@entry(native.SocksQuestionFunction)
def _login(user: int, conn: int, question: int, shown: Any) -> None:
    about = shown.contents
    _tell(user, "_ask", conn, question, "login", about.user.read(), about.password.read())


@entry(native.SocksQuestionFunction)
def _asked(user: int, conn: int, question: int, shown: Any) -> None:
    _tell(user, "_ask", conn, question, "authorize", _request(shown))


@entry(native.SocksOpenedFunction)
def _opened(user: int, conn: int, shown: Any) -> None:
    _tell(user, "_opens", conn, _request(shown))


@entry(structs.DisconnectedFunction)
def _disconnected(user: int, conn: int, reason: Any) -> None:
    about = reason.contents
    text = (about.text or b"").decode("utf-8", "replace") if about.status else ""
    _tell(user, "_ends", conn, about.status, text)


@entry(structs.ReleaseFunction)
def _released(user: int) -> None:
    drop(user)


class Proxy(Factory):
    """A proxy that speaks SOCKS 4, 4a and 5: CONNECT and BIND. UDP ASSOCIATE is refused, with reply 7 of
    SOCKS 5. What is passed on does not come to Python.

    It reaches no private ranges and not this machine, whatever a host's name leads to, unless
    ``allowPrivate`` is true or a network in ``allow`` lies within them.

    :param allow: networks and addresses that may be reached, as ``"10.0.0.0/8 192.0.2.1"``; None for all.
    :param deny: those that may not.
    :param interface: from where it connects, and where BIND listens.
    :param needsLogin: whether clients have to log in; see :meth:`login`.
    :param idleTime: how many seconds a tunnel may be without a byte; None for ever.
    """

    #: Overridden, it is asked who may log in; as it is, nobody needs to.
    login: Any = None

    def __init__(
        self,
        reactor: Any,
        allow: str | None = None,
        deny: str | None = None,
        *,
        allowPrivate: bool = False,
        needsLogin: bool = False,
        interface: str | None = None,
        handshakeTime: float = 30,
        connectTime: float = 30,
        bindTime: float = 120,
        idleTime: float | None = None,
    ) -> None:
        self._driver = reactor.getReactor()
        flags = native.SOCKS_ALLOW_PRIVATE if allowPrivate else 0
        flags |= native.SOCKS_NEEDS_LOGIN if needsLogin else 0
        reason = structs.Reason()
        self._options = native.SocksServerOptions(flags=flags, reason=pointer(reason))
        for name, text in (("allow", allow), ("deny", deny), ("interface", interface)):
            if text is not None:
                setattr(self._options, name, text.encode())
        self._options.handshake_ms = round(handshakeTime * 1000)
        self._options.connect_ms = round(connectTime * 1000)
        self._options.bind_ms = round(bindTime * 1000)
        self._options.idle_ms = 0 if idleTime is None else round(idleTime * 1000)
        self.tunnels: dict[int, Tunnel] = {}
        functions.factory_release(self._make())  # what is wrong is said here

    def _make(self) -> int:
        handler = native.SocksServerHandler(
            disconnected=_disconnected, request=_asked, opened=_opened, release=_released
        )
        if self.login is not None:
            handler.login = _login
        out, key = structs.Handle(), hold(self)
        reason = self._options.reason.contents
        reason.text = None
        made = native.socks_server_factory_new(byref(out), byref(self._options), byref(handler), key)
        if made < 0:
            drop(key)
            text = (reason.text or b"").decode("utf-8", "replace")
            if made == constants.ERR_INVALID and text:
                raise ValueError(f"{text} at {reason.offset}")
            raise PlaitError(made, text)
        return out.value

    def listen(self, where: str) -> defer.Deferred[Port]:
        """Listens, as ``"tcp:1080:interface=127.0.0.1"`` says; the result is the port."""
        return defer.maybeDeferred(_ProxyPort, self._driver, where, self)

    def authorize(self, request: Request) -> Answer:
        """Says whether a request is granted, or a Deferred of that. To be overridden; it grants.

        What is granted has still to keep to ``allow``, ``deny`` and the private ranges.
        """
        return True

    def opened(self, tunnel: Tunnel) -> None:
        """A tunnel is open. To be overridden."""

    def closed(self, tunnel: Tunnel, status: int, text: str) -> None:
        """A tunnel has ended. To be overridden."""

    def _ask(self, conn: int, question: int, method: str, *arguments: Any) -> None:
        answer = defer.maybeDeferred(getattr(self, method), *arguments)
        answer.addErrback(self._wrong)
        answer.addCallback(lambda verdict: self._answer(conn, question, verdict))

    def _wrong(self, failure: Failure) -> bool:
        _log.error("Unhandled error in a SOCKS proxy", exc_info=failure.value)
        return False

    def _answer(self, conn: int, question: int, verdict: Any) -> None:
        reply = native.SOCKS_GRANTED if verdict else native.SOCKS_DENIED
        native.socks_server_answer(conn, question, reply)  # unless the client has gone

    def _opens(self, conn: int, request: Request) -> None:
        self.tunnels[conn] = tunnel = Tunnel(conn, request)
        self.opened(tunnel)

    def _ends(self, conn: int, status: int, text: str) -> None:
        tunnel = self.tunnels.pop(conn, None)
        if tunnel is not None:
            tunnel.bytesPassed()
            self.closed(tunnel, status, text)


class _ProxyPort(Port):
    """Where a proxy listens."""

    def __init__(self, reactor: Any, where: str, proxy: Proxy) -> None:
        super().__init__(reactor, where, proxy, "", where)

    def native(self) -> int:
        """The C library's factory of the proxy; the caller releases it."""
        made: int = self.factory._make()
        return made


class SOCKSClientEndpoint(ClientEndpoint):
    """A host's port, by way of a proxy, where the host's name is resolved.

    :param proxy: where the proxy is: an endpoint, or a string that says it.
    :param version: ``5``, ``"4a"``, or ``4`` for numeric addresses alone.
    """

    def __init__(
        self,
        reactor: Any,
        proxy: ClientEndpoint | IStreamClientEndpoint | str,
        host: str,
        port: int,
        version: int | str = 5,
        user: str | None = None,
        password: str | None = None,
        timeout: float | None = 30,
    ) -> None:
        inner = proxy if isinstance(proxy, str) else getattr(proxy, "_where", None)
        if inner is None or getattr(proxy, "_tls", None) is not None:
            # Its string alone would be known: without the TLS that was wrapped around it.
            raise TypeError(f"{proxy!r} is no endpoint that a string says all about")
        if not host.isascii():
            host = host.encode("idna").decode("ascii")
        where = _strings.endpoint(
            f"socks{version}", proxy=inner, host=host, port=port, user=user, password=password
        )
        super().__init__(reactor, where, timeout, HostnameAddress(host.encode(), port))
