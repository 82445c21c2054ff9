"""Files between a shell's objects and the C library, which asks for bytes and brings them."""

from __future__ import annotations

import os
from typing import Any, Callable, Optional

from ...cred._asking import ask
from ...internet.defer import Deferred, succeed

_CHUNK = 1 << 16


class StockFile:
    """A file of a stock shell's, as a descriptor that the library takes."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor

    def take(self) -> int:
        """The descriptor, which is the caller's from now on."""
        taken, self._descriptor = self._descriptor, -1
        return taken

    def __del__(self) -> None:
        if self._descriptor >= 0:
            os.close(self.take())


class ReadFile(StockFile):
    """One that is read. The library reads its descriptor; to others it sends."""

    def send(self, consumer: Any) -> Deferred[Any]:
        """Sends everything to a consumer, as it asks for more."""
        from ..basic import FileSender

        file = os.fdopen(self.take(), "rb")
        return FileSender().beginFileTransfer(file, consumer).addBoth(_closed, file)


def _closed(result: Any, file: Any) -> Any:
    file.close()
    return result


class WriteFile(StockFile):
    """One that is written."""

    _file: Any = None

    def receive(self) -> Deferred[Any]:
        """What takes the bytes."""
        self._file = os.fdopen(self.take(), "wb")
        return succeed(self)

    def write(self, data: bytes) -> None:
        """Stores bytes."""
        self._file.write(data)

    def registerProducer(self, producer: Any, streaming: bool) -> None:
        """Whoever writes need not wait."""

    def unregisterProducer(self) -> None:
        """Nobody writes any more."""

    def close(self) -> Deferred[Any]:
        """All is stored."""
        file, self._file = self._file, None
        return ask(file.close) if file is not None else succeed(None)


class Reading:
    """A consumer of what a shell's file sends, from which the C library takes as much as there is room for."""

    def __init__(self, file: Any) -> None:
        self._held: list[bytes] = []
        self._size = 0
        self._producer: Any = None
        self._streaming = False
        self._paused = False
        self._problem: Any = None
        self._over = False
        self._wanted: Optional[Callable[[bytes, Any], None]] = None
        self._skip = 0
        ask(file.send, self).addCallbacks(self._ended, self._failed)

    # What the shell calls

    def registerProducer(self, producer: Any, streaming: bool) -> None:
        """Somebody writes, by itself or when it is asked to."""
        self._producer, self._streaming = producer, streaming

    def unregisterProducer(self) -> None:
        """Nobody writes any more."""
        self._producer = None

    def write(self, data: bytes) -> None:
        """Bytes come."""
        if self._skip:
            cut = min(self._skip, len(data))
            self._skip -= cut
            data = data[cut:]
        if not data:
            return
        self._held.append(bytes(data))
        self._size += len(data)
        if self._producer is not None and self._streaming and self._size > _CHUNK and not self._paused:
            self._paused = True
            self._producer.pauseProducing()
        self._give()

    def _ended(self, result: Any) -> None:
        self._over = True
        self._give()

    def _failed(self, problem: Any) -> None:
        self._over, self._problem = True, problem
        self._give()

    # What the library calls

    def skip(self, count: int) -> None:
        """The first bytes are not wanted."""
        self._skip = count

    def read(self, give: Callable[[bytes, Any], None]) -> None:
        """Has the next bytes given, or none at the end; now or later."""
        self._wanted = give
        while self._wanted is not None and not self._over:
            self._give()
            if self._wanted is None or self._over:
                break
            producer = self._producer
            if producer is None:
                return
            if self._streaming:
                if self._paused:
                    self._paused = False
                    producer.resumeProducing()
                return
            before = self._size, self._skip
            producer.resumeProducing()
            if before == (self._size, self._skip):
                return
        self._give()

    def _give(self) -> None:
        wanted = self._wanted
        if wanted is None or not (self._held or self._over):
            return
        self._wanted = None
        data = b"".join(self._held)
        self._held = [data[1 << 20 :]] if len(data) > 1 << 20 else []
        data = data[: 1 << 20]
        self._size -= len(data)
        wanted(data, self._problem if not data else None)

    def close(self) -> None:
        """Nothing more is wanted."""
        producer, self._producer = self._producer, None
        self._wanted = None
        if producer is not None and not self._over:
            producer.stopProducing()


class Writing:
    """A producer for what a shell's file takes, which the C library brings."""

    def __init__(self, file: Any, consumer: Any) -> None:
        self._file, self._consumer = file, consumer
        self._paused = False
        self._waiting: Optional[Callable[[], None]] = None
        register = getattr(consumer, "registerProducer", None)
        if register is not None:
            register(self, True)

    # What the shell calls

    def pauseProducing(self) -> None:
        """It has enough for now."""
        self._paused = True

    def resumeProducing(self) -> None:
        """It takes more."""
        self._paused = False
        waiting, self._waiting = self._waiting, None
        if waiting is not None:
            waiting()

    def stopProducing(self) -> None:
        """It wants no more."""
        self.resumeProducing()

    # What the library calls

    def write(self, data: bytes, done: Callable[[], None]) -> None:
        """Has bytes stored."""
        self._consumer.write(data)
        if self._paused:
            self._waiting = done
        else:
            done()

    def close(self) -> Deferred[Any]:
        """All has come, or nothing more will."""
        unregister = getattr(self._consumer, "unregisterProducer", None)
        if unregister is not None:
            unregister()
        return ask(self._file.close)
