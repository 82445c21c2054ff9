"""Clients that connect once, without a factory of the program's own."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Callable

from .defer import Deferred
from .protocol import ClientFactory

if TYPE_CHECKING:
    from ..python.failure import Failure
    from .interfaces import IReactor


class _OneConnection(ClientFactory):
    """Has a Deferred get the protocol, when it is connected, or the reason why it is not."""

    def __init__(self, reactor: Any, made: Any, done: Deferred[Any]) -> None:
        self._reactor, self._made, self._done = reactor, made, done
        self._connector: Any = None
        #: What will tell of the end of the attempt.
        self._pending: Any = None
        self._cancelled = False

    def startedConnecting(self, connector: Any) -> None:
        """Keeps the connector, to give the attempt up by."""
        self._connector = connector

    def buildProtocol(self, addr: Any) -> Any:
        """Gives the protocol; the Deferred has it when it has met its transport."""
        self._pending = self._reactor.callLater(0, self._done.callback, self._made)
        return self._made

    def clientConnectionFailed(self, connector: Any, reason: Failure) -> None:
        """There will be no connection."""
        if not self._cancelled:
            self._pending = self._reactor.callLater(0, self._done.errback, reason)

    def cancelled(self, done: Deferred[Any]) -> None:
        """Nobody waits any more."""
        self._cancelled = True
        if self._pending is not None:
            self._pending.cancel()
        self._connector.disconnect()


class ClientCreator:
    """Connects protocols of a class, each once.

    :param protocolClass: makes the protocol, from the other arguments. It gets no factory.
    """

    def __init__(
        self, reactor: IReactor, protocolClass: Callable[..., Any], *args: Any, **kwargs: Any
    ) -> None:
        self.reactor, self.protocolClass = reactor, protocolClass
        self.args, self.kwargs = args, kwargs

    def _connect(self, method: str, *args: Any, **kwargs: Any) -> Deferred[Any]:
        done: Deferred[Any] = Deferred(lambda done: factory.cancelled(done))
        factory = _OneConnection(self.reactor, self.protocolClass(*self.args, **self.kwargs), done)
        # Behind the address.
        place = 1 if method == "connectUNIX" else 2
        getattr(self.reactor, method)(*args[:place], factory, *args[place:], **kwargs)
        return done

    def connectTCP(
        self, host: str, port: int, timeout: float | None = 30, bindAddress: Any = None
    ) -> Deferred[Any]:
        """Connects to a TCP port; the result is the protocol."""
        return self._connect("connectTCP", host, port, timeout=timeout, bindAddress=bindAddress)

    def connectUNIX(
        self, address: str | bytes, timeout: float | None = 30, checkPID: bool = False
    ) -> Deferred[Any]:
        """Connects to a path in the file system; the result is the protocol."""
        return self._connect("connectUNIX", address, timeout=timeout, checkPID=checkPID)

    def connectSSL(
        self,
        host: str,
        port: int,
        contextFactory: Any,
        timeout: float | None = 30,
        bindAddress: Any = None,
    ) -> Deferred[Any]:
        """Connects to a TCP port where TLS is spoken; the result is the protocol."""
        return self._connect(
            "connectSSL", host, port, contextFactory, timeout=timeout, bindAddress=bindAddress
        )
