"""Files that are sent."""

from __future__ import annotations

from typing import IO, Any, Callable

from ..internet.defer import Deferred


class FileSender:
    """Sends a file to a transport, or to another consumer, piece by piece as that takes them.

    Twisted's counterpart of the same name has a text for an empty file's last byte; here it is
    bytes, as for any other.

    :ivar CHUNK_SIZE: bytes in a piece.

    >>> import io
    >>> from plait.test.proto_helpers import StringTransport
    >>> transport = StringTransport()
    >>> sent = FileSender().beginFileTransfer(io.BytesIO(b"some bytes"), transport)
    >>> while transport.producer:
    ...     transport.producer.resumeProducing()
    >>> transport.value(), sent.result
    (b'some bytes', b's')
    """

    CHUNK_SIZE = 2**14
    lastSent: Any = b""
    deferred: Deferred[Any] | None = None
    file: Any = None

    def beginFileTransfer(
        self,
        file: IO[bytes],
        consumer: Any,
        transform: Callable[[bytes], bytes] | None = None,
    ) -> Deferred[Any]:
        """Begins.

        :param file: is read from where it is.
        :param consumer: a transport, or what else has ``registerProducer`` and ``write``.
        :param transform: what to make of each piece before it is sent.
        :return: a Deferred that has the last byte sent when all is; it fails if the consumer asks
            for no more before.
        """
        self.file, self.consumer, self.transform = file, consumer, transform
        done: Deferred[Any] = Deferred()
        self.deferred = done
        consumer.registerProducer(self, False)
        return done

    def resumeProducing(self) -> None:
        """Sends the next piece."""
        chunk = self.file.read(self.CHUNK_SIZE) if self.file else b""
        if not chunk:
            self.file = None
            self.consumer.unregisterProducer()
            done, self.deferred = self.deferred, None
            if done is not None:
                done.callback(self.lastSent)
            return
        if self.transform is not None:
            chunk = self.transform(chunk)
        self.consumer.write(chunk)
        self.lastSent = chunk[-1:]

    def pauseProducing(self) -> None:
        """Nothing is sent unless it is asked for."""

    def stopProducing(self) -> None:
        """The consumer takes no more."""
        done, self.deferred = self.deferred, None
        if done is not None:
            done.errback(Exception("Consumer asked us to stop producing"))
