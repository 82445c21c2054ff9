"""What is expected of objects, as typing protocols: Twisted's ``twisted.internet.interfaces``.

Nothing has to be declared: an object that has the methods will do. What programs for Twisted do
with its interfaces works with these: ``implementer`` of zope.interface takes them, and declares
nothing; ``providedBy`` says whether an object has the methods. Those of what the package has nothing
of (processes, datagrams, descriptors, resolvers, plugins) can be imported, too.
"""

from __future__ import annotations

import typing
from abc import ABCMeta
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any, Callable, Protocol, runtime_checkable

if TYPE_CHECKING:
    from ..python.failure import Failure
    from .defer import Deferred
    from .reactors import Reactor

__all__ = [
    "IAcceptableCiphers",
    "IAddress",
    "ICipher",
    "IConnector",
    "IConsumer",
    "IDelayedCall",
    "IFileDescriptor",
    "IFileDescriptorReceiver",
    "IHalfCloseableDescriptor",
    "IHalfCloseableProtocol",
    "IHandshakeListener",
    "IHostResolution",
    "IHostnameResolver",
    "IListeningPort",
    "ILoggingContext",
    "IMulticastTransport",
    "INegotiated",
    "IOpenSSLClientConnectionCreator",
    "IOpenSSLContextFactory",
    "IOpenSSLServerConnectionCreator",
    "IProcessProtocol",
    "IProcessTransport",
    "IProducer",
    "IProtocol",
    "IProtocolFactory",
    "IProtocolNegotiationFactory",
    "IPullProducer",
    "IPushProducer",
    "IReactor",
    "IReactorCore",
    "IReactorDaemonize",
    "IReactorFDSet",
    "IReactorFromThreads",
    "IReactorInThreads",
    "IReactorMulticast",
    "IReactorPluggableNameResolver",
    "IReactorPluggableResolver",
    "IReactorProcess",
    "IReactorSSL",
    "IReactorSocket",
    "IReactorTCP",
    "IReactorThreads",
    "IReactorTime",
    "IReactorUDP",
    "IReactorUNIX",
    "IReactorUNIXDatagram",
    "IReactorWin32Events",
    "IReadDescriptor",
    "IReadWriteDescriptor",
    "IResolutionReceiver",
    "IResolver",
    "IResolverSimple",
    "ISSLTransport",
    "IServiceCollection",
    "IStreamClientEndpoint",
    "IStreamClientEndpointStringParserWithReactor",
    "IStreamServerEndpoint",
    "IStreamServerEndpointStringParser",
    "ISystemHandle",
    "ITCPTransport",
    "ITLSTransport",
    "ITransport",
    "IUDPTransport",
    "IUNIXDatagramConnectedTransport",
    "IUNIXDatagramTransport",
    "IUNIXTransport",
    "IWriteDescriptor",
]

if TYPE_CHECKING:
    _Meta = ABCMeta
else:
    _Meta = type(Protocol)


class _Kind(_Meta):
    """The class of interfaces."""

    def providedBy(cls, thing: object) -> bool:
        """Whether an object has everything that this interface names."""
        names = list(cls._names())
        return bool(names) and all(hasattr(thing, name) for name in names)

    def _names(cls) -> Iterator[str]:
        for base in cls.__mro__:
            if base not in (object, Interface, Protocol, typing.Generic):
                found = {*vars(base), *vars(base).get("__annotations__", ())}
                yield from (name for name in found if not name.startswith("_"))

    # To zope.interface this is a sequence of interfaces; it is an empty one.
    def __iter__(cls) -> Iterator[Any]:
        return iter(())


class Interface(Protocol, metaclass=_Kind):
    """What all interfaces derive from."""


class _Address(_Kind):
    """The class of the interface that names nothing: addresses of different kinds have nothing in common."""

    def providedBy(cls, thing: object) -> bool:
        """Whether an object is an address."""
        from . import address

        kinds = (address.IPv4Address, address.IPv6Address, address.UNIXAddress)
        return isinstance(thing, (*kinds, address.HostnameAddress))


class IAddress(Interface, Protocol, metaclass=_Address):
    """Where an end of a connection is."""


class IDelayedCall(Interface, Protocol):
    """A call that is to be made later."""

    def getTime(self) -> float: ...
    def active(self) -> bool: ...
    def cancel(self) -> None: ...
    def reset(self, secondsFromNow: float, /) -> None: ...
    def delay(self, secondsLater: float, /) -> None: ...


class IReactorTime(Interface, Protocol):
    """A clock: a reactor, or a test's."""

    def seconds(self) -> float: ...
    def callLater(
        self, delay: float, callable: Callable[..., Any], /, *args: Any, **kw: Any
    ) -> IDelayedCall: ...


class IReactorFromThreads(Interface, Protocol):
    """What can be asked for something by other threads."""

    def callFromThread(self, callable: Callable[..., Any], /, *args: Any, **kw: Any) -> None: ...


class IReactorInThreads(Interface, Protocol):
    """What has threads."""

    def callInThread(self, callable: Callable[..., Any], /, *args: Any, **kw: Any) -> None: ...


class IReactorThreads(IReactorFromThreads, IReactorInThreads, Protocol):
    """What has to do with threads."""

    def getThreadPool(self) -> Any: ...
    def suggestThreadPoolSize(self, size: int, /) -> None: ...


class IReactorCore(Interface, Protocol):
    """What runs."""

    def run(self) -> None: ...
    def stop(self) -> None: ...
    def crash(self) -> None: ...
    def iterate(self, delay: float = 0, /) -> None: ...
    def resolve(self, name: str, /) -> Deferred[str]: ...
    def fireSystemEvent(self, eventType: str, /) -> None: ...
    def addSystemEventTrigger(
        self, phase: str, eventType: str, callable: Callable[..., Any], /, *args: Any, **kw: Any
    ) -> Any: ...
    def removeSystemEventTrigger(self, triggerID: Any, /) -> None: ...
    def callWhenRunning(self, callable: Callable[..., Any], /, *args: Any, **kw: Any) -> Any: ...


class IReactorTCP(Interface, Protocol):
    """What listens and connects by TCP."""

    def listenTCP(self, port: int, factory: Any, /) -> Any: ...
    def connectTCP(self, host: str, port: int, factory: Any, /) -> Any: ...


class IReactorSSL(Interface, Protocol):
    """What listens and connects by TLS over TCP."""

    def listenSSL(self, port: int, factory: Any, contextFactory: Any, /) -> Any: ...
    def connectSSL(self, host: str, port: int, factory: Any, contextFactory: Any, /) -> Any: ...


class IReactorUNIX(Interface, Protocol):
    """What listens and connects at paths."""

    def listenUNIX(self, address: Any, factory: Any, /) -> Any: ...
    def connectUNIX(self, address: Any, factory: Any, /) -> Any: ...


class IReactor(Interface, Protocol):
    """What stands for a reactor: one that was made, or the module of the global one."""

    def getReactor(self) -> Reactor: ...


class ITransport(Interface, Protocol):
    """What a protocol sends through."""

    def write(self, data: bytes, /) -> None: ...
    def writeSequence(self, iovec: Iterable[bytes], /) -> None: ...
    def loseConnection(self) -> None: ...
    def getPeer(self) -> Any: ...
    def getHost(self) -> Any: ...


class IConsumer(Interface, Protocol):
    """What producers write to."""

    def registerProducer(self, producer: Any, streaming: bool, /) -> None: ...
    def unregisterProducer(self) -> None: ...
    def write(self, data: bytes, /) -> None: ...


class ITCPTransport(ITransport, Protocol):
    """A transport over TCP."""

    def loseWriteConnection(self) -> None: ...
    def abortConnection(self) -> None: ...
    def getTcpNoDelay(self) -> bool: ...
    def setTcpNoDelay(self, enabled: bool, /) -> None: ...
    def getTcpKeepAlive(self) -> bool: ...
    def setTcpKeepAlive(self, enabled: bool, /) -> None: ...


class ITLSTransport(ITCPTransport, Protocol):
    """A transport on which TLS can begin."""

    def startTLS(self, contextFactory: Any, /) -> Any: ...


class ISSLTransport(ITCPTransport, Protocol):
    """A transport on which TLS is spoken."""

    def getPeerCertificate(self) -> Any: ...


class INegotiated(ISSLTransport, Protocol):
    """A transport on which TLS is spoken, and a protocol was agreed on."""

    @property
    def negotiatedProtocol(self) -> bytes | None: ...


class IProducer(Interface, Protocol):
    """What writes to a transport by itself."""

    def stopProducing(self) -> None: ...


class IPullProducer(IProducer, Protocol):
    """A producer that writes once for each time it is asked."""

    def resumeProducing(self) -> None: ...


class IPushProducer(IProducer, Protocol):
    """A producer that writes until it is paused."""

    def pauseProducing(self) -> None: ...
    def resumeProducing(self) -> None: ...


class IProtocol(Interface, Protocol):
    """One conversation."""

    def makeConnection(self, transport: Any, /) -> None: ...
    def connectionMade(self) -> None: ...
    def dataReceived(self, data: bytes, /) -> None: ...
    def connectionLost(self, reason: Failure, /) -> None: ...


@runtime_checkable
class IHalfCloseableProtocol(Interface, Protocol):
    """A protocol that goes on when one direction has ended."""

    def readConnectionLost(self) -> None: ...
    def writeConnectionLost(self) -> None: ...


class IHandshakeListener(Interface, Protocol):
    """A protocol that is told when TLS is up."""

    def handshakeCompleted(self) -> None: ...


class ILoggingContext(Interface, Protocol):
    """What has a name for logs."""

    def logPrefix(self) -> str: ...


class IProtocolFactory(Interface, Protocol):
    """What builds protocols."""

    def buildProtocol(self, addr: Any, /) -> Any: ...
    def doStart(self) -> None: ...
    def doStop(self) -> None: ...


class IListeningPort(Interface, Protocol):
    """A place where connections are accepted."""

    def startListening(self) -> None: ...
    def stopListening(self) -> Deferred[None] | None: ...
    def getHost(self) -> Any: ...


class IConnector(Interface, Protocol):
    """What connects, again whenever asked."""

    def connect(self) -> None: ...
    def disconnect(self) -> None: ...
    def stopConnecting(self) -> None: ...
    def getDestination(self) -> Any: ...


class IStreamServerEndpoint(Interface, Protocol):
    """Somewhere to listen."""

    def listen(self, factory: Any, /) -> Deferred[Any]: ...


class IStreamClientEndpoint(Interface, Protocol):
    """Somewhere to connect to."""

    def connect(self, factory: Any, /) -> Deferred[Any]: ...


# What needs the interfaces above.
from ._otherinterfaces import (  # noqa: E402
    IAcceptableCiphers,
    ICipher,
    IFileDescriptor,
    IFileDescriptorReceiver,
    IHalfCloseableDescriptor,
    IHostResolution,
    IHostnameResolver,
    IMulticastTransport,
    IOpenSSLClientConnectionCreator,
    IOpenSSLContextFactory,
    IOpenSSLServerConnectionCreator,
    IProcessProtocol,
    IProcessTransport,
    IProtocolNegotiationFactory,
    IReactorDaemonize,
    IReactorFDSet,
    IReactorMulticast,
    IReactorPluggableNameResolver,
    IReactorPluggableResolver,
    IReactorProcess,
    IReactorSocket,
    IReactorUDP,
    IReactorUNIXDatagram,
    IReactorWin32Events,
    IReadDescriptor,
    IReadWriteDescriptor,
    IResolutionReceiver,
    IResolver,
    IResolverSimple,
    IServiceCollection,
    IStreamClientEndpointStringParserWithReactor,
    IStreamServerEndpointStringParser,
    ISystemHandle,
    IUDPTransport,
    IUNIXDatagramConnectedTransport,
    IUNIXDatagramTransport,
    IUNIXTransport,
    IWriteDescriptor,
)
