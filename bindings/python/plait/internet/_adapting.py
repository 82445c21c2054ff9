"""What makes a transport of a file, a consumer of a protocol, and a protocol of a consumer."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from ..python.failure import Failure


class FileWrapper:
    """A transport that writes to a file, to look at what a protocol sends.

    >>> import io
    >>> from plait.protocols.basic import LineReceiver
    >>> line = LineReceiver()
    >>> line.makeConnection(FileWrapper(io.BytesIO()))
    >>> line.sendLine(b"hello")
    >>> line.transport.file.getvalue()
    b'hello\\r\\n'

    :ivar file: the file.
    :ivar closed: whether the end was asked for; the file is closed then.
    :ivar producer: the registered producer, or None.
    """

    closed = disconnecting = streamingProducer = 0
    producer: Any = None

    def __init__(self, file: Any) -> None:
        self.file = file

    def write(self, data: bytes) -> None:
        """Writes bytes; what the file raises goes to :meth:`handleException`."""
        try:
            self.file.write(data)
        except Exception:
            self.handleException()

    def writeSequence(self, iovec: Iterable[bytes]) -> None:
        """Writes several pieces."""
        self.write(b"".join(iovec))

    def loseConnection(self) -> None:
        """Closes the file."""
        self.closed = 1
        try:
            self.file.close()
        except OSError:
            self.handleException()

    def handleException(self) -> None:
        """An exception is being handled. To be overridden: nothing is made of it."""

    def getPeer(self) -> Any:
        """There is nobody."""
        return "file", "file"

    def getHost(self) -> Any:
        """There is no address."""
        return "file"

    def registerProducer(self, producer: Any, streaming: Any) -> None:
        """Notes a producer; a pull producer is asked once."""
        self.producer, self.streamingProducer = producer, streaming
        if not streaming:
            producer.resumeProducing()

    def unregisterProducer(self) -> None:
        """Forgets the producer."""
        self.producer = None

    def stopConsuming(self) -> None:
        """Forgets the producer, and closes the file."""
        self.unregisterProducer()
        self.loseConnection()

    def pauseProducing(self) -> None:
        """Nothing comes anyway."""

    def resumeProducing(self) -> None:
        """Nothing comes anyway."""

    def stopProducing(self) -> None:
        """Closes the file."""
        self.loseConnection()


class ProtocolToConsumerAdapter:
    """A consumer that hands what is written to a protocol.

    :ivar original: the protocol.
    """

    def __init__(self, original: Any) -> None:
        self.original = original

    def write(self, data: bytes) -> None:
        """Hands bytes to the protocol."""
        self.original.dataReceived(data)

    def registerProducer(self, producer: Any, streaming: bool) -> None:
        """A protocol takes all."""

    def unregisterProducer(self) -> None:
        """A protocol takes all."""


class ConsumerToProtocolAdapter:
    """A protocol that writes what it receives to a consumer.

    :ivar original: the consumer.
    """

    def __init__(self, original: Any) -> None:
        self.original = original

    def dataReceived(self, data: bytes) -> None:
        """Writes bytes to the consumer."""
        self.original.write(data)

    def makeConnection(self, transport: Any) -> None:
        """A consumer knows no connection."""

    def connectionMade(self) -> None:
        """A consumer knows no connection."""

    def connectionLost(self, reason: Failure) -> None:
        """A consumer knows no connection."""
