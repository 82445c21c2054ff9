"""Protocols around protocols, and factories around factories: what all policies are made of."""

from __future__ import annotations

from collections.abc import Iterable
from ctypes import byref
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Callable

from .._core.towers import stock
from .._native import structs
from ..internet._current import current
from ..internet._factories import factory_of
from ..internet.protocol import ClientFactory, Protocol, connectionDone, given_reason

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
    :ivar children: connections that were opened for these, with ``parent=``; not among the others, but
        for their bytes.
    """

    open: int = 0
    total: int = 0
    refused: int = 0
    refusedWithin: int = 0
    bytesIn: int = 0
    bytesOut: int = 0
    children: int = 0


#: What counts alike here and in the C library.
_COUNTED = {
    "open": "open",
    "total": "total",
    "refused": "refused",
    "refusedWithin": "refused_within",
    "bytesIn": "bytes_in",
    "bytesOut": "bytes_out",
    "children": "children",
}


class CountersInC(Counters):
    """The same for a factory that the C library runs: what that counts, and what is counted here."""

    def __init__(self, own: Counters, floors: list[Any]) -> None:
        self.__dict__["_own"], self.__dict__["_floors"] = own, floors

    def __getattribute__(self, name: str) -> Any:
        counted = _COUNTED.get(name)
        if counted is None:
            return super().__getattribute__(name)
        own: int = getattr(self._own, name)
        return own + sum(getattr(floor.counted(), counted) for floor in self._floors)

    def __setattr__(self, name: str, value: Any) -> None:
        if name not in _COUNTED:
            super().__setattr__(name, value)
            return
        elsewhere = getattr(self, name) - getattr(self._own, name)
        setattr(self._own, name, value - elsewhere)


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
    #: For a connection that was opened for another one: the wrapper of that.
    parentWrapper: Any = None

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

    def inherited(self, inner: Any) -> Any:
        """Gives what stands for the protocol of a connection that is opened for this one."""
        inherit = getattr(self.factory, "inherit", None)
        return inner if inherit is None else inherit(self, inner)

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

    @given_reason
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


class WrapperInC(ProtocolWrapper):
    """What stands around a protocol where the C library runs the policy: bytes do not come by here, and
    what is asked of the transport is asked of the real one.
    """

    #: What the protocol's transport has because of it.
    offers: frozenset[str] = frozenset()

    def write(self, data: bytes) -> None:
        """Sends bytes."""
        self.transport.write(data)

    def writeSequence(self, data: Iterable[bytes]) -> None:
        """Sends several pieces."""
        self.transport.writeSequence(data)


class WrappingFactory(ClientFactory):
    """A factory around a factory: each protocol that that builds gets a wrapper.

    When the inner factory refuses a connection this one does.

    :ivar protocol: what makes a wrapper of the factory and the inner protocol.
    :ivar wrappedFactory: the inner factory.
    :ivar protocols: the wrappers that are connected, as the keys.
    :ivar counters: what has gone through it.
    """

    protocol: Any = ProtocolWrapper
    #: Whether connections that are opened for others, with ``parent=``, are wrapped as those are.
    inherits = False
    #: What the C library has of it, by reactor.
    _floors: Any = None

    def __init__(self, wrappedFactory: Any) -> None:
        self.wrappedFactory = factory_of(wrappedFactory)
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

    def inherit(self, parent: Any, inner: Any) -> Any:
        """Gives what stands for the protocol of a connection that is opened for a wrapper's."""
        if not self.inherits:
            return inner
        wrapper = self.wrap(inner)
        wrapper.parentWrapper = parent
        return wrapper

    def refuse(self) -> None:
        """A connection is refused by this factory."""
        self.counters.refused += 1

    def registerProtocol(self, p: Any) -> None:
        """A wrapper is connected."""
        self.protocols[p] = 1
        if p.parentWrapper is None:
            self.counters.open += 1
            self.counters.total += 1
        else:
            self.counters.children += 1

    def unregisterProtocol(self, p: Any) -> None:
        """A wrapper has lost its connection."""
        del self.protocols[p]
        if p.parentWrapper is None:
            self.counters.open -= 1

    # Where the C library runs it

    def _runsInC(self, floor: Any) -> None:
        if isinstance(self.counters, CountersInC):
            self.counters._floors.append(floor)
        else:
            self.counters = CountersInC(self.counters, [floor])

    def refusedWithin(self) -> None:
        """What the C library has counted as built was refused by the factory within."""
        self.counters.total -= 1
        self.counters.refusedWithin += 1

    def standIn(self, inner: Any) -> Any:
        """Makes what stands around a protocol."""
        return WrapperInC(self, inner)

    def entered(self, p: Any, address: Any) -> None:
        """A connection is there, of somebody at an address."""
        self.protocols[p] = 1

    def left(self, p: Any) -> None:
        """A connection has ended."""
        del self.protocols[p]


def wrapperOf(protocol: Any, kind: type[Any]) -> ProtocolWrapper | None:
    """The wrapper around a protocol that is of a kind of factory, nearest first; None if there is none.

    It has the same methods whether the policy runs in Python or in the C library::

        wrapperOf(self, TimeoutFactory).setTimeout(5)
    """
    below = getattr(protocol, "transport", None)
    while isinstance(below, ProtocolWrapper):
        if isinstance(below.factory, kind):
            return below
        below = below.transport
    found: ProtocolWrapper
    for found in reversed(getattr(below, "wrappers", ())):
        if isinstance(found.factory, kind):
            return found
    return None


def wrapper_in_c(policy: Any, inner: int) -> list[int] | None:
    """The C library's wrapper without a hook."""
    from .._native import policies

    return built(policies.wrapper_factory_new, inner, policies.WrapperHandler(), None)


def built(make: Any, inner: int, options: Any, *more: Any) -> list[int] | None:
    """One C factory around another, or None if its options cannot be had."""
    out = structs.Handle()
    if make(byref(out), inner, byref(options), *more) < 0:
        return None
    return [out.value]


def prefixes(outer: Any, inner: Any) -> str:
    """``Inner (Outer)``, for the log."""
    try:
        name = inner.logPrefix()
    except AttributeError:
        name = type(inner).__name__
    return f"{name} ({type(outer).__name__})"


def later(near: Any, period: float, function: Callable[..., Any]) -> IDelayedCall:
    """Calls a function on the reactor of a transport, or on the one that runs here."""
    reactor = getattr(near, "reactor", None)
    if reactor is None:
        reactor = current()
    return reactor.callLater(period, function)  # type: ignore[no-any-return]


def host_of(address: Any) -> str | None:
    """The host of an address; None where there is none, as in memory and on UNIX sockets."""
    host = getattr(address, "host", None)
    return host if isinstance(host, str) else None


stock(WrappingFactory, wrapper_in_c)
