"""Protocols around protocols, and factories around factories: what all policies are made of."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Callable

from ..internet.protocol import ClientFactory, Protocol, connectionDone

if TYPE_CHECKING:
    from ..internet.interfaces import IConnector, IDelayedCall
    from ..python.failure import Failure


@dataclass
class Counters:
    """What has gone through a factory.

    :ivar open: connections that are up.
    :ivar total: connections that there were, those included.
    :ivar refused: connections that this factory refused itself.
    :ivar refusedWithin: connections that a factory further in refused.
    :ivar bytesIn: what peers sent.
    :ivar bytesOut: what was sent to them.
    """

    open: int = 0
    total: int = 0
    refused: int = 0
    refusedWithin: int = 0
    bytesIn: int = 0
    bytesOut: int = 0


class ProtocolWrapper(Protocol):
    """A protocol to its transport, and a transport to the protocol that it wraps.

    The base of policies: one overrides :meth:`makeConnection`, :meth:`dataReceived`,
    :meth:`write`, :meth:`loseConnection` or :meth:`connectionLost`, and calls this class's for what
    is to go on. Whatever else a transport has is the real one's.

    The two arguments may come in either order: the one that has ``buildProtocol`` is the factory.

    :ivar wrappedProtocol: the inner protocol; None after the end.
    :ivar factory: the factory of the wrapper. The inner protocol keeps its own.
    :ivar disconnecting: whether the inner protocol asked for the end.
    """

    disconnecting: Any = 0
    wrappedProtocol: Any

    def __init__(self, factory: Any = None, wrappedProtocol: Any = None, **keywords: Any) -> None:
        inner = keywords.pop("protocol", wrappedProtocol)
        if keywords:
            raise TypeError(f"{type(self).__name__} takes no {', '.join(keywords)}")
        if not hasattr(factory, "buildProtocol") and hasattr(inner, "buildProtocol"):
            factory, inner = inner, factory
        self.factory = factory
        self.wrappedProtocol = inner

    def logPrefix(self) -> str:
        """The inner protocol's, and this class's."""
        return prefixes(self, self.wrappedProtocol)

    # A protocol to the transport

    def makeConnection(self, transport: Any) -> None:
        """Meets the transport; then the inner protocol meets this."""
        super().makeConnection(transport)
        self.factory.registerProtocol(self)
        self.wrappedProtocol.makeConnection(self)

    def dataReceived(self, data: bytes) -> None:
        """Hands bytes to the inner protocol."""
        self.factory.counters.bytesIn += len(data)
        self.wrappedProtocol.dataReceived(data)

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        """Tells the inner protocol, and lets go of it."""
        self.factory.unregisterProtocol(self)
        inner, self.wrappedProtocol = self.wrappedProtocol, None
        inner.connectionLost(reason)

    # A transport to the inner protocol

    def write(self, data: bytes) -> None:
        """Sends bytes."""
        self.factory.counters.bytesOut += len(data)
        self.transport.write(data)

    def writeSequence(self, data: Iterable[bytes]) -> None:
        """Sends several pieces."""
        pieces = list(data)
        self.factory.counters.bytesOut += sum(map(len, pieces))
        self.transport.writeSequence(pieces)

    def loseConnection(self) -> None:
        """Ends the connection."""
        self.disconnecting = 1
        self.transport.loseConnection()

    def getPeer(self) -> Any:
        """Where the other end is."""
        return self.transport.getPeer()

    def getHost(self) -> Any:
        """Where this end is."""
        return self.transport.getHost()

    def registerProducer(self, producer: Any, streaming: bool) -> None:
        """Has a producer write to the transport."""
        self.transport.registerProducer(producer, streaming)

    def unregisterProducer(self) -> None:
        """Ends the registration."""
        self.transport.unregisterProducer()

    def stopConsuming(self) -> None:
        """Ends the connection, as a consumer's end is called."""
        self.transport.stopConsuming()

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__") or name in ("factory", "wrappedProtocol"):
            raise AttributeError(name)
        if name in ("readConnectionLost", "writeConnectionLost"):
            # Only where the inner protocol lives with half a connection does this.
            return getattr(self.wrappedProtocol, name)
        if self.transport is None:
            raise AttributeError(f"{type(self).__name__} has no {name}, and no transport yet")
        return getattr(self.transport, name)


class WrappingFactory(ClientFactory):
    """A factory around a factory: each protocol that that builds gets a wrapper.

    When the inner factory refuses a connection this one does.

    :ivar protocol: what makes a wrapper of the factory and the inner protocol.
    :ivar wrappedFactory: the inner factory.
    :ivar protocols: the wrappers that are connected, as the keys.
    :ivar counters: what has gone through it.
    """

    protocol: Any = ProtocolWrapper

    def __init__(self, wrappedFactory: Any) -> None:
        self.wrappedFactory = wrappedFactory
        self.protocols: dict[Any, int] = {}
        self.counters = Counters()

    def logPrefix(self) -> str:
        """The inner factory's, and this class's."""
        return prefixes(self, self.wrappedFactory)

    def doStart(self) -> None:
        """Something begins to use the factories."""
        self.wrappedFactory.doStart()
        super().doStart()

    def doStop(self) -> None:
        """Something uses the factories no more."""
        self.wrappedFactory.doStop()
        super().doStop()

    def startedConnecting(self, connector: IConnector) -> None:
        """Tells the inner factory."""
        self.wrappedFactory.startedConnecting(connector)

    def clientConnectionFailed(self, connector: IConnector, reason: Failure) -> None:
        """Tells the inner factory."""
        self.wrappedFactory.clientConnectionFailed(connector, reason)

    def clientConnectionLost(self, connector: IConnector, reason: Failure) -> None:
        """Tells the inner factory."""
        self.wrappedFactory.clientConnectionLost(connector, reason)

    def buildProtocol(self, addr: Any) -> Any:
        """Has the inner factory build, and wraps that; None if it refuses."""
        inner = self.wrappedFactory.buildProtocol(addr)
        if inner is None:
            self.counters.refusedWithin += 1
            return None
        return self.wrap(inner)

    def wrap(self, inner: Any) -> Any:
        """Makes the wrapper of a protocol."""
        return self.protocol(self, inner)

    def refuse(self) -> None:
        """A connection is refused by this factory."""
        self.counters.refused += 1

    def registerProtocol(self, p: Any) -> None:
        """A wrapper is connected."""
        self.protocols[p] = 1
        self.counters.open += 1
        self.counters.total += 1

    def unregisterProtocol(self, p: Any) -> None:
        """A wrapper has lost its connection."""
        del self.protocols[p]
        self.counters.open -= 1


def prefixes(outer: Any, inner: Any) -> str:
    """``Inner (Outer)``, for the log."""
    try:
        name = inner.logPrefix()
    except AttributeError:
        name = type(inner).__name__
    return f"{name} ({type(outer).__name__})"


def later(near: Any, period: float, function: Callable[..., Any]) -> IDelayedCall:
    """Calls a function on the reactor of a transport, or on the program's own."""
    reactor = getattr(near, "reactor", None)
    if reactor is None:
        from ..internet import reactor as reactor_module

        reactor = reactor_module
    return reactor.callLater(period, function)  # type: ignore[no-any-return]


def host_of(address: Any) -> str | None:
    """The host of an address; None where there is none, as in memory and on UNIX sockets."""
    host = getattr(address, "host", None)
    return host if isinstance(host, str) else None
