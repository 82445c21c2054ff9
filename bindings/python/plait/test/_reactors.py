"""Reactors that note what they are asked for."""

from __future__ import annotations

from ipaddress import ip_address
from socket import AF_INET, AF_INET6
from typing import Any, Callable

from ..internet.address import IPv4Address, IPv6Address, UNIXAddress
from ..internet.defer import Deferred, fail, succeed
from ..internet.error import DNSLookupError, UnsupportedAddressFamily, UserError
from ..internet.task import Clock
from ..python.failure import Failure


class _Port:
    """A port that listens nowhere."""

    def __init__(self, reactor: Any, address: Any, factory: Any) -> None:
        self.reactor, self._address, self.factory = reactor, address, factory
        self.isListening = True

    def startListening(self) -> None:
        """Listens."""
        self.isListening = True

    def stopListening(self) -> Any:
        """Listens no more."""
        self.isListening = False
        return succeed(None)

    def getHost(self) -> Any:
        """Where it is said to listen."""
        return self._address


class _Connector:
    """A connector whose attempt the test decides: by :meth:`succeed`, or :meth:`fail`.

    :ivar stoppedConnecting: whether the attempt was given up.
    """

    def __init__(self, reactor: Any, address: Any, factory: Any) -> None:
        self.reactor, self._address, self.factory = reactor, address, factory
        self.stoppedConnecting = False
        self._connected = False

    def getDestination(self) -> Any:
        """Where it is said to connect to."""
        return self._address

    def connect(self) -> None:
        """Begins another attempt."""
        self._connected, self.stoppedConnecting = False, False
        self.factory.startedConnecting(self)

    def stopConnecting(self) -> None:
        """Gives the attempt up."""
        self.stoppedConnecting = True
        self.factory.clientConnectionFailed(self, Failure(UserError()))

    def disconnect(self) -> None:
        """Ends whatever there is."""
        if not self._connected:
            self.stopConnecting()

    def succeed(self, transport: Any) -> Any:
        """Has the attempt succeed: the protocol that the factory builds meets this transport."""
        protocol = self.factory.buildProtocol(self._address)
        if protocol is not None:
            self._connected = True
            protocol.makeConnection(transport)
        return protocol

    def fail(self, reason: Any) -> None:
        """Has the attempt fail."""
        self.factory.clientConnectionFailed(self, Failure(reason))


class MemoryReactor:
    """A reactor without a network: it notes what it is asked for, and a test completes it.

    :ivar tcpServers: ``(port, factory, backlog, interface)`` of each ``listenTCP``.
    :ivar tcpClients: ``(host, port, factory, timeout, bindAddress)`` of each ``connectTCP``.
    :ivar unixServers: ``(address, factory, backlog, mode, wantPID)`` of each ``listenUNIX``.
    :ivar unixClients: ``(address, factory, timeout, checkPID)`` of each ``connectUNIX``.
    :ivar sslServers: ``(port, factory, contextFactory, backlog, interface)`` of each ``listenSSL``.
    :ivar sslClients: ``(host, port, factory, contextFactory, timeout, bindAddress)`` of each
        ``connectSSL``.
    :ivar adoptedPorts: ``(fileDescriptor, addressFamily, factory)`` of each ``adoptStreamPort``.
    :ivar adoptedStreamConnections: the same of each ``adoptStreamConnection``.
    :ivar connectors: what ``connectTCP`` and ``connectUNIX`` gave.
    :ivar ports: what ``listenTCP`` and ``listenUNIX`` gave.
    :ivar triggers: by phase and event, what ``addSystemEventTrigger`` was given.
    :ivar whenRunningHooks: what ``callWhenRunning`` was given.
    """

    def __init__(self) -> None:
        self.hasInstalled = self.running = self.hasRun = self.hasStopped = self.hasCrashed = False
        self.tcpServers: list[tuple[Any, ...]] = []
        self.tcpClients: list[tuple[Any, ...]] = []
        self.unixServers: list[tuple[Any, ...]] = []
        self.unixClients: list[tuple[Any, ...]] = []
        self.sslServers: list[tuple[Any, ...]] = []
        self.sslClients: list[tuple[Any, ...]] = []
        self.adoptedPorts: list[tuple[Any, ...]] = []
        self.adoptedStreamConnections: list[tuple[Any, ...]] = []
        self.connectors: list[_Connector] = []
        self.ports: list[_Port] = []
        self.triggers: dict[str, dict[str, list[Any]]] = {}
        self.whenRunningHooks: list[tuple[Any, ...]] = []
        self._ids: dict[int, tuple[str, str, Any]] = {}
        self.readers: set[Any] = set()
        self.writers: set[Any] = set()

    # Listening and connecting

    def listenTCP(self, port: int, factory: Any, backlog: int = 50, interface: str = "") -> _Port:
        """Notes a TCP port."""
        self.tcpServers.append((port, factory, backlog, interface))
        kind = IPv6Address if ":" in interface else IPv4Address
        return self._port(kind("TCP", interface or "0.0.0.0", port), factory)

    def connectTCP(
        self, host: str, port: int, factory: Any, timeout: float = 30, bindAddress: Any = None
    ) -> _Connector:
        """Notes an attempt to connect."""
        self.tcpClients.append((host, port, factory, timeout, bindAddress))
        kind = IPv6Address if ":" in host else IPv4Address
        return self._connector(kind("TCP", host, port), factory)

    def listenUNIX(
        self, address: Any, factory: Any, backlog: int = 50, mode: int = 0o666, wantPID: Any = 0
    ) -> _Port:
        """Notes a UNIX socket."""
        self.unixServers.append((address, factory, backlog, mode, wantPID))
        return self._port(UNIXAddress(address), factory)

    def connectUNIX(
        self, address: Any, factory: Any, timeout: float = 30, checkPID: Any = 0
    ) -> _Connector:
        """Notes an attempt to connect."""
        self.unixClients.append((address, factory, timeout, checkPID))
        return self._connector(UNIXAddress(address), factory)

    def listenSSL(
        self, port: int, factory: Any, contextFactory: Any, backlog: int = 50, interface: str = ""
    ) -> _Port:
        """Notes a TCP port where TLS is spoken."""
        self.sslServers.append((port, factory, contextFactory, backlog, interface))
        kind = IPv6Address if ":" in interface else IPv4Address
        return self._port(kind("TCP", interface or "0.0.0.0", port), factory)

    def connectSSL(
        self,
        host: str,
        port: int,
        factory: Any,
        contextFactory: Any,
        timeout: float = 30,
        bindAddress: Any = None,
    ) -> _Connector:
        """Notes an attempt to connect to where TLS is spoken."""
        self.sslClients.append((host, port, factory, contextFactory, timeout, bindAddress))
        kind = IPv6Address if ":" in host else IPv4Address
        return self._connector(kind("TCP", host, port), factory)

    def adoptStreamPort(self, fileDescriptor: int, addressFamily: int, factory: Any) -> _Port:
        """Notes a socket that is said to listen."""
        if addressFamily not in (AF_INET, AF_INET6):
            raise UnsupportedAddressFamily(addressFamily)
        self.adoptedPorts.append((fileDescriptor, addressFamily, factory))
        if addressFamily == AF_INET6:
            return self._port(IPv6Address("TCP", "::", 1234), factory)
        return self._port(IPv4Address("TCP", "0.0.0.0", 1234), factory)

    def adoptStreamConnection(self, fileDescriptor: int, addressFamily: int, factory: Any) -> None:
        """Notes a socket that is said to be connected."""
        self.adoptedStreamConnections.append((fileDescriptor, addressFamily, factory))

    def resolve(self, name: str, timeout: Any = 10) -> Deferred[str]:
        """Knows the names of this machine alone, and numeric addresses."""
        if name == "localhost":
            name = "127.0.0.1"
        try:
            return succeed(str(ip_address(name)))
        except ValueError:
            return fail(DNSLookupError(f"{name!r} is not known here"))

    def _port(self, address: Any, factory: Any) -> _Port:
        port = _Port(self, address, factory)
        self.ports.append(port)
        return port

    def _connector(self, address: Any, factory: Any) -> _Connector:
        connector = _Connector(self, address, factory)
        self.connectors.append(connector)
        factory.startedConnecting(connector)
        return connector

    # Running

    def install(self) -> None:
        """Notes that it was installed."""
        self.hasInstalled = True

    def run(self) -> None:
        """Notes that it was run, and makes the calls that were to be made then."""
        self.running = self.hasRun = True
        for function, args, keywords in self.whenRunningHooks:
            function(*args, **keywords)
        self.stop()

    def stop(self) -> None:
        """Notes that it was stopped."""
        self.running, self.hasStopped = False, True

    def crash(self) -> None:
        """Notes that it was crashed."""
        self.running, self.hasCrashed = False, True

    def iterate(self, delay: float = 0) -> None:
        """Does nothing."""

    def callWhenRunning(self, callable: Callable[..., Any], *args: Any, **kw: Any) -> None:
        """Notes a call that is to be made when it runs; makes it, if it ever did."""
        if self.hasRun:
            callable(*args, **kw)
            return
        self.whenRunningHooks.append((callable, args, kw))

    def addSystemEventTrigger(
        self, phase: str, eventType: str, callable: Callable[..., Any], *args: Any, **kw: Any
    ) -> int:
        """Notes a call that is to be made at an event."""
        number = max(self._ids, default=0) + 1
        self._ids[number] = (eventType, phase, (callable, args, kw))
        self.triggers.setdefault(phase, {}).setdefault(eventType, []).append((callable, args, kw))
        return number

    def removeSystemEventTrigger(self, triggerID: int) -> None:
        """Forgets such a call."""
        eventType, phase, made = self._ids.pop(triggerID)
        self.triggers[phase][eventType].remove(made)

    def fireSystemEvent(self, eventType: str) -> None:
        """Makes the calls of an event."""
        for phase in ("before", "during", "after"):
            for function, args, keywords in list(self.triggers.get(phase, {}).get(eventType, [])):
                function(*args, **keywords)

    # Descriptors

    def addReader(self, reader: Any) -> None:
        """Notes a reader."""
        self.readers.add(reader)

    def removeReader(self, reader: Any) -> None:
        """Forgets a reader."""
        self.readers.discard(reader)

    def addWriter(self, writer: Any) -> None:
        """Notes a writer."""
        self.writers.add(writer)

    def removeWriter(self, writer: Any) -> None:
        """Forgets a writer."""
        self.writers.discard(writer)

    def getReaders(self) -> list[Any]:
        """The readers."""
        return list(self.readers)

    def getWriters(self) -> list[Any]:
        """The writers."""
        return list(self.writers)

    def removeAll(self) -> list[Any]:
        """Forgets readers and writers; gives them."""
        all_ = list(self.readers | self.writers)
        self.readers.clear()
        self.writers.clear()
        return all_


class MemoryReactorClock(MemoryReactor, Clock):
    """A memory reactor that has a clock, too."""

    def __init__(self) -> None:
        MemoryReactor.__init__(self)
        Clock.__init__(self)


class RaisingMemoryReactor:
    """A reactor that can do nothing: it raises the exceptions that it was given."""

    def __init__(
        self, listenException: Exception | None = None, connectException: Exception | None = None
    ) -> None:
        self._listenException, self._connectException = listenException, connectException

    def _listens(self) -> Exception:
        return self._listenException or RuntimeError("nothing can be listened at")

    def _connects(self) -> Exception:
        return self._connectException or RuntimeError("nothing can be connected to")

    def listenTCP(self, port: int, factory: Any, backlog: int = 50, interface: str = "") -> Any:
        """Raises."""
        raise self._listens()

    def listenUNIX(
        self, address: Any, factory: Any, backlog: int = 50, mode: int = 0o666, wantPID: Any = 0
    ) -> Any:
        """Raises."""
        raise self._listens()

    def listenSSL(
        self, port: int, factory: Any, contextFactory: Any, backlog: int = 50, interface: str = ""
    ) -> Any:
        """Raises."""
        raise self._listens()

    def adoptStreamPort(self, fileDescriptor: int, addressFamily: int, factory: Any) -> Any:
        """Raises."""
        raise self._listens()

    def connectTCP(
        self, host: str, port: int, factory: Any, timeout: float = 30, bindAddress: Any = None
    ) -> Any:
        """Raises."""
        raise self._connects()

    def connectUNIX(
        self, address: Any, factory: Any, timeout: float = 30, checkPID: Any = 0
    ) -> Any:
        """Raises."""
        raise self._connects()

    def connectSSL(
        self,
        host: str,
        port: int,
        factory: Any,
        contextFactory: Any,
        timeout: float = 30,
        bindAddress: Any = None,
    ) -> Any:
        """Raises."""
        raise self._connects()

    def adoptStreamConnection(self, fileDescriptor: int, addressFamily: int, factory: Any) -> Any:
        """Raises."""
        raise self._connects()
