"""TLS over endpoints that are a program's own: begun on whatever connection they give."""

from __future__ import annotations

import copy
import logging
from typing import TYPE_CHECKING, Any

from .._core.transport import Transport
from .._core.using import use_of
from ..protocols._wrapping import ProtocolWrapper, WrappingFactory
from ..python.failure import Failure
from . import error
from ._bystring import ClientEndpoint, ServerEndpoint
from .defer import Deferred, maybeDeferred
from .protocol import Protocol, connectionDone, given_reason

if TYPE_CHECKING:
    from .._core.security import Use
    from .interfaces import IStreamClientEndpoint, IStreamServerEndpoint
    from .ssl import ContextFactory

_log = logging.getLogger("plait")


class Secured(ProtocolWrapper):
    """Begins TLS, and introduces the inner protocol to its transport when the handshake is over; never before.

    :ivar done: has the inner protocol then, or the reason why there will be none.
    """

    def __init__(self, factory: Any, wrappedProtocol: Any) -> None:
        super().__init__(factory, wrappedProtocol)
        self.done: Deferred[Any] = Deferred(self._cancelled)
        self._isUp = False

    def makeConnection(self, transport: Any) -> None:
        """Meets the transport, and begins TLS."""
        Protocol.makeConnection(self, transport)
        begin = getattr(transport, "beginTLS", None)
        try:
            if begin is None or getattr(transport, "TLS", False):
                raise TypeError(f"TLS cannot begin on {transport!r}")
            begin(self.factory.use, self._up)
        except Exception:
            self._refuse(Failure())

    def _up(self) -> None:
        """The handshake is over."""
        transport, inner = self.transport, self.wrappedProtocol
        self._isUp = True
        try:
            if type(transport) is Transport and transport.protocol is self:
                # Nobody is between: nor is this one from now on.
                transport.protocol = inner
                inner.makeConnection(transport)
            else:
                self.factory.registerProtocol(self)
                inner.makeConnection(self)
            told = getattr(inner, "handshakeCompleted", None)
            if told is not None:
                told()
        except BaseException:
            self._fail(Failure())
            raise
        if not self.done.called:
            self.done.callback(inner)

    def _refuse(self, reason: Failure) -> None:
        end = getattr(self.transport, "abortConnection", None) or self.transport.loseConnection
        end()
        self._fail(reason)

    def _fail(self, reason: Failure) -> None:
        if not self.done.called:
            self.done.errback(reason)

    def _cancelled(self, done: Deferred[Any]) -> None:
        self._refuse(Failure(error.ConnectingCancelledError(self.transport.getPeer())))

    def dataReceived(self, data: bytes) -> None:
        """Hands bytes to the inner protocol: those that TLS has decrypted."""
        if self._isUp:
            super().dataReceived(data)
        elif not self.done.called:
            # A policy in between had read them before TLS began, and TLS will miss them.
            text = "bytes of the handshake were read by a policy in front of it"
            self._refuse(Failure(error.SSLError(text=text)))

    @given_reason
    def connectionLost(self, reason: Failure = connectionDone) -> None:
        """Tells the inner protocol, if they have met."""
        if self._isUp:
            super().connectionLost(reason)
        else:
            self._fail(reason)


class _Securing(WrappingFactory):
    """Has TLS begun on all connections."""

    protocol = Secured

    def __init__(self, wrappedFactory: Any, use: Use) -> None:
        super().__init__(wrappedFactory)
        self.use = use


class _Serving(_Securing):
    """The same for a server, where nobody waits."""

    def wrap(self, inner: Any) -> Any:
        """Makes the wrapper of a protocol."""
        made = super().wrap(inner)

        def failed(reason: Failure) -> None:
            # What goes wrong with a peer's handshake ends its connection; what is wrong here is an error.
            reason.trap(error.ConnectionClosed)
            transport = made.transport
            peer = None if transport is None else transport.getPeer()
            _log.info("tls: the handshake with %s failed: %s", peer, reason.value)

        made.done.addErrback(failed)
        return made


def _secured(protocol: Any) -> Deferred[Any]:
    """What an endpoint has connected, when TLS is up on it."""
    found = protocol
    while found is not None and not isinstance(found, Secured):
        found = getattr(found, "wrappedProtocol", None)
    if found is None:
        transport = getattr(protocol, "transport", None)
        if transport is not None:
            transport.loseConnection()
        raise TypeError(f"the endpoint connects {protocol!r}, on which TLS was not begun")
    return found.done


class TLSClientEndpoint:
    """Somewhere to connect to where TLS is spoken over what another endpoint connects."""

    def __init__(self, use: Use, wrapped: Any) -> None:
        self._use, self._wrapped = use, wrapped

    def connect(self, protocolFactory: Any, parent: Any = None) -> Deferred[Any]:
        """Connects; the result is the protocol, when the handshake is over."""
        more = {} if parent is None else {"parent": parent}
        connecting: Deferred[Any] = maybeDeferred(
            lambda: self._wrapped.connect(_Securing(protocolFactory, self._use), **more)
        )
        return connecting.addCallback(_secured)

    def __repr__(self) -> str:
        return f"<TLS over {self._wrapped!r}>"


class TLSServerEndpoint:
    """Somewhere to listen where TLS is spoken over what another endpoint accepts."""

    def __init__(self, use: Use, wrapped: Any) -> None:
        # The client begins: its handshake may lie behind a header that somebody else has read.
        self._use, self._wrapped = use._replace(awaits=True), wrapped

    def listen(self, protocolFactory: Any, parent: Any = None) -> Deferred[Any]:
        """Listens; the result is the port."""
        more = {} if parent is None else {"parent": parent}
        return maybeDeferred(
            lambda: self._wrapped.listen(_Serving(protocolFactory, self._use), **more)
        )

    def __repr__(self) -> str:
        return f"<TLS over {self._wrapped!r}>"


def _wrapped(kind: type[Any], method: str, wrapper: type[Any], use: Use, endpoint: Any) -> Any:
    """An endpoint with TLS: one of the package's own has it done by the C library."""
    own = getattr(type(endpoint), method, None) is getattr(kind, method)
    if own and method not in vars(endpoint) and endpoint._tls is None:
        if hasattr(endpoint._reactor, "getReactor"):
            made = copy.copy(endpoint)
            made._tls = use
            return made
    if not callable(getattr(endpoint, method, None)):
        raise TypeError(f"{endpoint!r} is no endpoint that can {method}")
    return wrapper(use, endpoint)


def client(options: ContextFactory, endpoint: Any) -> IStreamClientEndpoint:
    """What ``wrapClientTLS`` gives."""
    use = use_of(options, False)
    made: IStreamClientEndpoint = _wrapped(
        ClientEndpoint, "connect", TLSClientEndpoint, use, endpoint
    )
    return made


def server(options: ContextFactory, endpoint: Any) -> IStreamServerEndpoint:
    """What ``wrapServerTLS`` gives."""
    use = use_of(options, True)
    made: IStreamServerEndpoint = _wrapped(
        ServerEndpoint, "listen", TLSServerEndpoint, use, endpoint
    )
    return made
