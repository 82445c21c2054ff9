"""What is expected of objects, as typing protocols: Twisted's ``twisted.internet.interfaces``.

Nothing has to be declared: an object that has the methods will do.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, Callable, Protocol, runtime_checkable

if TYPE_CHECKING:
    from ..python.failure import Failure
    from .defer import Deferred
    from .reactors import Reactor

__all__ = [
    "IConnector",
    "IDelayedCall",
    "IHalfCloseableProtocol",
    "IListeningPort",
    "IProducer",
    "IProtocol",
    "IProtocolFactory",
    "IPullProducer",
    "IPushProducer",
    "IReactor",
    "IReactorTime",
    "IStreamClientEndpoint",
    "IStreamServerEndpoint",
    "ITransport",
]


class IDelayedCall(Protocol):
    """A call that is to be made later."""

    def getTime(self) -> float: ...
    def active(self) -> bool: ...
    def cancel(self) -> None: ...
    def reset(self, secondsFromNow: float, /) -> None: ...
    def delay(self, secondsLater: float, /) -> None: ...


class IReactorTime(Protocol):
    """A clock: a reactor, or a test's."""

    def seconds(self) -> float: ...
    def callLater(
        self, delay: float, callable: Callable[..., Any], /, *args: Any, **kw: Any
    ) -> IDelayedCall: ...


class IReactor(Protocol):
    """What stands for a reactor: one that was made, or the module of the global one."""

    def getReactor(self) -> Reactor: ...


class ITransport(Protocol):
    """What a protocol sends through."""

    def write(self, data: bytes, /) -> None: ...
    def writeSequence(self, iovec: Iterable[bytes], /) -> None: ...
    def loseConnection(self) -> None: ...
    def getPeer(self) -> Any: ...
    def getHost(self) -> Any: ...


class IProducer(Protocol):
    """What writes to a transport by itself."""

    def stopProducing(self) -> None: ...


class IPullProducer(IProducer, Protocol):
    """A producer that writes once for each time it is asked."""

    def resumeProducing(self) -> None: ...


class IPushProducer(IProducer, Protocol):
    """A producer that writes until it is paused."""

    def pauseProducing(self) -> None: ...
    def resumeProducing(self) -> None: ...


class IProtocol(Protocol):
    """One conversation."""

    def makeConnection(self, transport: Any, /) -> None: ...
    def connectionMade(self) -> None: ...
    def dataReceived(self, data: bytes, /) -> None: ...
    def connectionLost(self, reason: Failure, /) -> None: ...


@runtime_checkable
class IHalfCloseableProtocol(Protocol):
    """A protocol that goes on when one direction has ended."""

    def readConnectionLost(self) -> None: ...
    def writeConnectionLost(self) -> None: ...


class IProtocolFactory(Protocol):
    """What builds protocols."""

    def buildProtocol(self, addr: Any, /) -> Any: ...
    def doStart(self) -> None: ...
    def doStop(self) -> None: ...


class IListeningPort(Protocol):
    """A place where connections are accepted."""

    def startListening(self) -> None: ...
    def stopListening(self) -> Deferred[None] | None: ...
    def getHost(self) -> Any: ...


class IConnector(Protocol):
    """What connects, again whenever asked."""

    def connect(self) -> None: ...
    def disconnect(self) -> None: ...
    def stopConnecting(self) -> None: ...
    def getDestination(self) -> Any: ...


class IStreamServerEndpoint(Protocol):
    """Somewhere to listen."""

    def listen(self, factory: Any, /) -> Deferred[Any]: ...


class IStreamClientEndpoint(Protocol):
    """Somewhere to connect to."""

    def connect(self, factory: Any, /) -> Deferred[Any]: ...
