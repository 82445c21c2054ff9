"""Transports that keep what is written."""

from __future__ import annotations

from collections.abc import Iterable
from io import BytesIO
from typing import Any

from ..internet.address import IPv4Address
from ..internet.error import ConnectionAborted, ConnectionDone
from ..python.failure import Failure


class StringTransport:
    """A transport that keeps what is written to it, in the place of a connection.

    :ivar disconnecting: whether the end was asked for.
    :ivar disconnected: whether it was by ``abortConnection``.
    :ivar producer: the registered producer, or None.
    :ivar streaming: whether it is a push producer.
    :ivar producerState: ``"producing"``, ``"paused"`` or ``"stopped"``: what was asked of the
        transport as the producer that it is itself.
    :ivar hostAddr: what :meth:`getHost` gives.
    :ivar peerAddr: what :meth:`getPeer` gives.
    :ivar io: the file in memory that what is written goes to.
    :ivar halfClosed: whether ``loseWriteConnection`` was called. Twisted's has no such method.
    """

    disconnecting = False
    disconnected = False
    halfClosed = False
    producer: Any = None
    streaming: Any = None

    def __init__(
        self, hostAddress: Any = None, peerAddress: Any = None, lenient: bool = False
    ) -> None:
        self.hostAddr = hostAddress or IPv4Address("TCP", "10.0.0.1", 12345)
        self.peerAddr = peerAddress or IPv4Address("TCP", "192.168.1.1", 54321)
        self.producerState = "producing"
        self.connected = True
        self._lenient = lenient
        self.io = BytesIO()

    def clear(self) -> None:
        """Forgets what was written."""
        self.io = BytesIO()

    def value(self) -> bytes:
        """What was written since the beginning, or since it was forgotten."""
        return self.io.getvalue()

    def write(self, data: bytes) -> None:
        """Keeps bytes."""
        if not isinstance(data, bytes):
            raise TypeError(f"bytes are wanted, not {type(data).__name__}")
        self.io.write(data)

    def writeSequence(self, data: Iterable[bytes]) -> None:
        """Keeps several pieces."""
        self.write(b"".join(data))

    def loseConnection(self) -> None:
        """Notes that the end was asked for. A test calls the protocol's ``connectionLost``."""
        self.disconnecting = True

    def abortConnection(self) -> None:
        """Notes that the end was asked for, at once."""
        self.disconnected = True
        self.disconnecting = True

    def loseWriteConnection(self) -> None:
        """Notes that nothing more will be written."""
        self.halfClosed = True

    def getPeer(self) -> Any:
        """Where the other end is said to be."""
        return self.peerAddr

    def getHost(self) -> Any:
        """Where this end is said to be."""
        return self.hostAddr

    def registerProducer(self, producer: Any, streaming: bool) -> None:
        """Notes a producer."""
        if self.producer is not None:
            raise RuntimeError(f"{self.producer!r} was not unregistered")
        self.producer, self.streaming = producer, streaming

    def unregisterProducer(self) -> None:
        """Forgets the producer."""
        if self.producer is None:
            raise RuntimeError("no producer is registered")
        self.producer = self.streaming = None

    def _insist(self) -> None:
        if self.disconnecting and not self._lenient:
            raise RuntimeError("the transport is disconnecting")
        if self.producerState == "stopped":
            raise RuntimeError("a stopped producer cannot be resumed or paused")

    def pauseProducing(self) -> None:
        """Notes that nothing is wanted for now."""
        self._insist()
        self.producerState = "paused"

    def stopProducing(self) -> None:
        """Notes that nothing is wanted any more."""
        self.producerState = "stopped"

    def resumeProducing(self) -> None:
        """Notes that more is wanted."""
        self._insist()
        self.producerState = "producing"


class StringTransportWithDisconnection(StringTransport):
    """A string transport that tells its protocol of the end at once.

    :ivar protocol: whom it tells; to be set by the test.
    """

    protocol: Any = None

    def loseConnection(self) -> None:
        """Ends the connection."""
        self._end(Failure(ConnectionDone()))

    def abortConnection(self) -> None:
        """Ends the connection, for the reason that it was aborted."""
        self.disconnected = True
        self._end(Failure(ConnectionAborted()))

    def _end(self, reason: Failure) -> None:
        if self.connected:
            self.connected = False
            self.disconnecting = True
            self.protocol.connectionLost(reason)
