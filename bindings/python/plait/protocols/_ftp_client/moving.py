"""What gets a file's bytes, and what gives them: protocols, functions, files, consumers."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, Any

from ..._native import ftp_client as native
from ...internet.defer import Deferred
from ...internet.error import ConnectionDone
from ...python.failure import Failure
from .calls import _LATER

if TYPE_CHECKING:
    from .basic import FTPClientBasic


class Receiver:
    """A protocol that gets a file as it would from a data connection of its own.

    It is the protocol's transport, too.
    """

    disconnecting = False

    def __init__(self, client: FTPClientBasic, protocol: Any) -> None:
        self.client, self.protocol = client, protocol
        self.isPaused = self.isMet = False

    def meet(self) -> None:
        """The data connection is there."""
        if not self.isMet:
            self.isMet = True
            self.protocol.makeConnection(self)

    def __call__(self, data: bytes) -> Any:
        self.meet()
        self.protocol.dataReceived(data)
        return _LATER if self.isPaused else None

    def finished(self, fault: BaseException | None) -> None:
        """Nothing more comes."""
        self.meet()
        self.protocol.connectionLost(Failure(fault or ConnectionDone()))

    # What a protocol asks of its transport

    def pauseProducing(self) -> None:
        """Wants no more for now."""
        self.isPaused = True

    def resumeProducing(self) -> None:
        """Wants more."""
        if self.isPaused:
            self.isPaused = False
            native.ftp_client_resume(self.client._conn)

    def stopProducing(self) -> None:
        """Wants no more at all."""
        self.loseConnection()

    def loseConnection(self) -> None:
        """Ends this transfer alone."""
        self.disconnecting = True
        self.client.abort()

    def write(self, data: bytes) -> None:
        """Nobody takes it."""

    def getHost(self) -> Any:
        """As the control connection's."""
        return self.client.transport.getHost()

    def getPeer(self) -> Any:
        """As the control connection's."""
        return self.client.transport.getPeer()


class Consumer:
    """What a file that is stored is written to: Twisted's way.

    It takes a producer, which is paused while more waits than a little.
    """

    _MOST = 256 * 1024

    def __init__(self, client: FTPClientBasic) -> None:
        self.client = client
        self.ready: Deferred[Any] = Deferred()
        self.chunks: deque[bytes] = deque()
        self.waiting = 0
        self.isOver = self.isPaused = False
        self.producer: Any = None
        self.streaming = False

    def __call__(self, length: int) -> bytes | None:
        if not self.ready.called:
            self.ready.callback(self)
        if not self.chunks:
            self._wantsMore()
        if not self.chunks:
            return b"" if self.isOver else None
        chunk = self.chunks.popleft()
        if len(chunk) > length:
            self.chunks.appendleft(chunk[length:])
            chunk = chunk[:length]
        self.waiting -= len(chunk)
        return chunk

    def _wantsMore(self) -> None:
        if self.producer is None or self.isOver:
            return
        if not self.streaming or self.isPaused:
            self.isPaused = False
            self.producer.resumeProducing()

    def write(self, data: bytes) -> None:
        """Takes bytes of the file."""
        if data and not self.isOver:
            self.chunks.append(bytes(data))
            self.waiting += len(data)
            native.ftp_client_resume(self.client._conn)
            if self.streaming and self.producer is not None and self.waiting > self._MOST:
                self.isPaused = True
                self.producer.pauseProducing()

    def finish(self) -> None:
        """That was all of it."""
        self.isOver = True
        native.ftp_client_resume(self.client._conn)

    loseConnection = finish

    def registerProducer(self, producer: Any, streaming: bool) -> None:
        """Has bytes come from there."""
        self.producer, self.streaming = producer, streaming
        if not streaming:
            producer.resumeProducing()

    def unregisterProducer(self) -> None:
        """Nothing more comes from there."""
        self.producer = None

    def failed(self, reason: Failure) -> Failure:
        """The transfer has failed: maybe before it began."""
        self.isOver = True
        producer, self.producer = self.producer, None
        if producer is not None:
            producer.stopProducing()
        if not self.ready.called:
            self.ready.errback(reason)
        return reason


def receiver_for(client: FTPClientBasic, target: Any) -> Any:
    """What gets bytes: a protocol, a function, or what can be written to."""
    if hasattr(target, "dataReceived"):
        return Receiver(client, target)
    if callable(target):
        return target
    if hasattr(target, "write"):
        write = target.write

        def put(data: bytes) -> None:
            write(data)

        return put
    raise TypeError(f"nothing that gets bytes: {target!r}")


def giver_for(source: Any) -> Any:
    """What gives bytes: a function, bytes, or what can be read."""
    if isinstance(source, (bytes, bytearray, memoryview)):
        rest = memoryview(bytes(source))

        def give(length: int) -> bytes:
            nonlocal rest
            part, rest = bytes(rest[:length]), rest[length:]
            return part

        return give
    if hasattr(source, "read"):
        return source.read
    if callable(source):
        return source
    raise TypeError(f"nothing that gives bytes: {source!r}")
