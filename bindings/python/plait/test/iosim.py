"""Two protocols whose bytes a test moves by hand: of Twisted's ``twisted.test.iosim``."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Callable

from ..internet.error import ConnectionAborted, ConnectionDone, ConnectionLost
from ..internet.task import Clock
from ..python.failure import Failure

__all__ = [
    "ConnectionCompleter",
    "FakeAddress",
    "FakeTransport",
    "IOPump",
    "connect",
    "connectedServerAndClient",
    "makeFakeClient",
    "makeFakeServer",
]


class FakeAddress:
    """Where an end is that is nowhere."""

    def __repr__(self) -> str:
        return "<FakeAddress>"


class FakeTransport:
    """A transport whose bytes stay where they are until a pump moves them.

    :ivar stream: what was written and not moved, in pieces.
    :ivar disconnecting: whether this side asked for the end.
    :ivar disconnected: whether it has ended.
    :ivar disconnect_done: whether the protocol has heard it.
    :ivar aborted: whether the end was asked for by ``abortConnection``.
    """

    def __init__(
        self, protocol: Any, isServer: bool, hostAddress: Any = None, peerAddress: Any = None
    ) -> None:
        self.protocol, self.isServer = protocol, isServer
        self._host, self._peer = hostAddress or FakeAddress(), peerAddress or FakeAddress()
        self.stream: list[bytes] = []
        self.disconnecting = self.disconnected = self.disconnect_done = self.aborted = False
        self.halfClosed = self.isPaused = False
        self.connected = True
        self.producer: Any = None
        self.streamingProducer = False

    def __repr__(self) -> str:
        return f"<FakeTransport of {'server' if self.isServer else 'client'} {self.protocol!r}>"

    def write(self, data: bytes) -> None:
        """Keeps bytes for the next pump."""
        if not isinstance(data, bytes):
            raise TypeError(f"bytes are wanted, not {type(data).__name__}")
        if not self.disconnecting and not self.disconnected and not self.halfClosed:
            self.stream.append(data)

    def writeSequence(self, iovec: Iterable[bytes]) -> None:
        """Keeps several pieces."""
        self.write(b"".join(iovec))

    def getOutBuffer(self) -> bytes | None:
        """Takes what was written; None when there is nothing more to come of it."""
        if self.stream:
            data, self.stream = b"".join(self.stream), []
            return data
        if self.disconnecting:
            return None
        return b""

    def bufferReceived(self, data: bytes) -> None:
        """Hands bytes to the protocol."""
        if data and not self.disconnecting and not self.disconnected:
            self.protocol.dataReceived(data)

    def loseConnection(self) -> None:
        """Asks for the end."""
        self.disconnecting = True

    def abortConnection(self) -> None:
        """Asks for the end, at once: what was written is dropped."""
        self.aborted = self.disconnecting = True
        self.stream.clear()

    def loseWriteConnection(self) -> None:
        """Tells the peer that nothing more will come."""
        self.halfClosed = True

    def reportDisconnect(self, reason: Exception | None = None) -> None:
        """Tells the protocol of the end."""
        if self.disconnect_done:
            return
        self.disconnected = self.disconnect_done = True
        self.connected = False
        producer, self.producer = self.producer, None
        if producer is not None:
            producer.stopProducing()
        self.protocol.connectionLost(Failure(reason or ConnectionDone()))

    def getPeer(self) -> Any:
        """Where the other end is."""
        return self._peer

    def getHost(self) -> Any:
        """Where this end is."""
        return self._host

    def pauseProducing(self) -> None:
        """Nothing is delivered for now."""
        self.isPaused = True

    def resumeProducing(self) -> None:
        """Deliveries go on, with the next pump."""
        self.isPaused = False

    def stopProducing(self) -> None:
        """Asks for the end."""
        self.loseConnection()

    def registerProducer(self, producer: Any, streaming: bool) -> None:
        """Has a producer write."""
        self.producer, self.streamingProducer = producer, bool(streaming)

    def unregisterProducer(self) -> None:
        """Ends the registration."""
        self.producer = None

    def checkProducer(self) -> None:
        """Asks a pull producer for more."""
        if self.producer is not None and not self.streamingProducer and not self.stream:
            self.producer.resumeProducing()


class IOPump:
    """Moves bytes between two protocols, when it is told to.

    :ivar client: one protocol.
    :ivar server: the other.
    :ivar clock: a clock that each round turns by nothing, so that what is due is called.
    """

    def __init__(
        self,
        client: Any,
        server: Any,
        clientIO: FakeTransport,
        serverIO: FakeTransport,
        debug: bool = False,
        clock: Clock | None = None,
    ) -> None:
        self.client, self.server = client, server
        self.clientIO, self.serverIO = clientIO, serverIO
        self.debug = debug
        self.clock = clock if clock is not None else Clock()

    def flush(self, debug: bool = False) -> bool:
        """Pumps until nothing moves; tells whether anything did.

        :raises AssertionError: if that takes more than a thousand rounds.
        """
        moved = False
        for _ in range(1000):
            if not self.pump(debug):
                return moved
            moved = True
        raise AssertionError("the two do not stop talking")

    def pump(self, debug: bool = False) -> bool:
        """Makes one round: each gets what the other had written before it. Tells whether anything
        happened.
        """
        self.clock.advance(0)
        for end in (self.clientIO, self.serverIO):
            if not end.disconnected:
                end.checkProducer()
        client, server = self._take(self.clientIO), self._take(self.serverIO)
        if self.debug or debug:
            print("client:", client, "server:", server)
        if server:
            self.clientIO.bufferReceived(server)
        if client:
            self.serverIO.bufferReceived(client)
        return bool(client or server) or self._halves() or self._ends()

    def _take(self, end: FakeTransport) -> bytes:
        other = self.clientIO if end is self.serverIO else self.serverIO
        if other.isPaused and not other.disconnecting:
            return b""
        return end.getOutBuffer() or b""

    def _halves(self) -> bool:
        told = False
        for end, other in ((self.clientIO, self.serverIO), (self.serverIO, self.clientIO)):
            if not end.halfClosed or end.stream or getattr(end, "toldEnd", False):
                continue
            end.toldEnd = told = True  # type: ignore[attr-defined]
            ended = getattr(other.protocol, "readConnectionLost", None)
            if ended is None:
                other.loseConnection()
            else:
                ended()
        return told

    def _ends(self) -> bool:
        """Ends both when one is done."""
        ends = (self.clientIO, self.serverIO)
        if all(end.disconnect_done for end in ends):
            return False
        done = [end for end in ends if (end.disconnecting or end.disconnected) and not end.stream]
        if not done:
            return False
        aborted = any(end.aborted for end in done)
        for end in done:
            end.reportDisconnect(ConnectionAborted() if end.aborted else None)
        for end in ends:
            end.reportDisconnect(ConnectionLost() if aborted else None)
        return True


def makeFakeClient(clientProtocol: Any) -> FakeTransport:
    """A transport for a client."""
    return FakeTransport(clientProtocol, isServer=False)


def makeFakeServer(serverProtocol: Any) -> FakeTransport:
    """A transport for a server."""
    return FakeTransport(serverProtocol, isServer=True)


def connect(
    serverProtocol: Any,
    serverTransport: FakeTransport,
    clientProtocol: Any,
    clientTransport: FakeTransport,
    debug: bool = False,
    greet: bool = True,
    clock: Clock | None = None,
) -> IOPump:
    """Connects two protocols; the first bytes are moved unless ``greet`` is false."""
    serverProtocol.makeConnection(serverTransport)
    clientProtocol.makeConnection(clientTransport)
    pump = IOPump(clientProtocol, serverProtocol, clientTransport, serverTransport, debug, clock)
    if greet:
        pump.flush()
    return pump


def connectedServerAndClient(
    ServerClass: Callable[[], Any],
    ClientClass: Callable[[], Any],
    clientTransportFactory: Callable[[Any], FakeTransport] = makeFakeClient,
    serverTransportFactory: Callable[[Any], FakeTransport] = makeFakeServer,
    debug: bool = False,
    greet: bool = True,
    clock: Clock | None = None,
) -> tuple[Any, Any, IOPump]:
    """Makes two protocols and connects them; gives client, server and pump."""
    client, server = ClientClass(), ServerClass()
    pump = connect(
        server,
        serverTransportFactory(server),
        client,
        clientTransportFactory(client),
        debug,
        greet,
        clock,
    )
    return client, server, pump


class ConnectionCompleter:
    """Decides the attempts to connect of a memory reactor, each once."""

    def __init__(self, memoryReactor: Any) -> None:
        self._reactor = memoryReactor
        self._decided = 0

    def _next(self) -> Any:
        if self._decided >= len(self._reactor.connectors):
            return None
        self._decided += 1
        return self._reactor.connectors[self._decided - 1]

    def succeedOnce(self, debug: bool = False) -> IOPump | None:
        """Has the next attempt succeed, with the server of that port; gives the pump."""
        connector = self._next()
        if connector is None:
            return None
        factory = self._reactor.tcpServers[0][1]
        server = factory.buildProtocol(FakeAddress())
        serverIO = makeFakeServer(server)
        clientIO = makeFakeClient(None)
        server.makeConnection(serverIO)
        client = connector.factory.buildProtocol(connector.getDestination())
        clientIO.protocol = client
        client.makeConnection(clientIO)
        return IOPump(client, server, clientIO, serverIO, debug)

    def failOnce(self, reason: Any = None) -> None:
        """Has the next attempt fail."""
        connector = self._next()
        if connector is not None:
            connector.fail(reason if reason is not None else ConnectionLost())
