"""Endpoints on reactors that are not the package's own: a test's, which keeps what it is asked for, or Twisted's.

They are asked by the methods, and with the arguments, that Twisted's endpoints ask by.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from ..python.failure import Failure
from . import error
from .defer import Deferred, maybeDeferred
from .protocol import ClientFactory, Protocol, connectionDone, given_reason

if TYPE_CHECKING:
    from .interfaces import IConnector

#: What Twisted's endpoints have the kernel hold.
BACKLOG = 50


class Way(NamedTuple):
    """How a reactor is asked: the method, and its arguments in front of the factory and behind it."""

    method: str
    before: tuple[Any, ...]
    behind: dict[str, Any]

    def ask(self, reactor: Any, factory: Any) -> Any:
        """Asks."""
        return getattr(reactor, self.method)(*self.before, factory, **self.behind)


def _way(way: Way | None, what: object) -> Way:
    if way is None:
        raise ValueError(f"only the package's own reactors can have {what!r}")
    return way


def listen(reactor: Any, way: Way | None, what: object, factory: Any) -> Deferred[Any]:
    """Has a reactor listen; the result is the port."""
    return maybeDeferred(lambda: _way(way, what).ask(reactor, factory))


def connect(reactor: Any, way: Way | None, what: object, factory: Any) -> Deferred[Any]:
    """Has a reactor connect; the result is the protocol, when it has met its transport."""
    attempt = _Attempt(factory)
    try:
        _way(way, what).ask(reactor, attempt)
    except BaseException:
        return maybeDeferred(Failure().raiseException)
    return attempt.done


class _Attempt(ClientFactory):
    """Has a factory build the protocol of one connection, and tells when that is up."""

    def __init__(self, factory: Any) -> None:
        self._factory = factory
        self._connector: Any = None
        self.done: Deferred[Any] = Deferred(self._cancelled)

    def __repr__(self) -> str:
        return f"<{type(self).__name__} of {self._factory!r}>"

    def _cancelled(self, done: Deferred[Any]) -> None:
        done.errback(error.ConnectingCancelledError(self._connector.getDestination()))
        self._connector.stopConnecting()

    def doStart(self) -> None:
        """Something begins to use the factory."""
        self._factory.doStart()

    def doStop(self) -> None:
        """Something uses the factory no more."""
        self._factory.doStop()

    def startedConnecting(self, connector: IConnector) -> None:
        """Keeps the connector, to give the attempt up by."""
        self._connector = connector

    def buildProtocol(self, addr: Any) -> Any:
        """Has the factory build; None if it refuses."""
        try:
            inner = self._factory.buildProtocol(addr)
            if inner is None:
                raise error.NoProtocol()
        except BaseException:
            self._failed(Failure())
            return None
        return _Waiting(self, inner)

    def clientConnectionFailed(self, connector: IConnector, reason: Failure) -> None:
        """There will be no connection."""
        self._failed(reason)

    def _failed(self, reason: Failure) -> None:
        if not self.done.called:
            self.done.errback(reason)


class _Waiting(Protocol):
    """What meets the transport: it tells, and hands all on."""

    def __init__(self, attempt: _Attempt, inner: Any) -> None:
        self._attempt, self._inner = attempt, inner

    def connectionMade(self) -> None:
        """Introduces the protocol."""
        self._inner.makeConnection(self.transport)
        if not self._attempt.done.called:
            self._attempt.done.callback(self._inner)

    def dataReceived(self, data: bytes) -> None:
        """Hands bytes on."""
        self._inner.dataReceived(data)

    @given_reason
    def connectionLost(self, reason: Failure = connectionDone) -> None:
        """Tells the protocol."""
        self._inner.connectionLost(reason)

    def logPrefix(self) -> str:
        """As the protocol's."""
        named = getattr(self._inner, "logPrefix", None)
        return type(self._inner).__name__ if named is None else named()

    def __getattr__(self, name: str) -> Any:
        # Those hooks that not all protocols have.
        if name.endswith("Lost") or name in ("handshakeCompleted", "fileDescriptorReceived"):
            return getattr(self._inner, name)
        raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}")
