"""What a receiver of strings has received and not yet delivered, for those that ask: ``recvd``."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from types import CodeType, FunctionType
from typing import Any

from .._core.attachment import Attachment, Loopless


class Kept(Attachment):
    """A conn that is fed, and whose bytes are kept until they are delivered.

    :ivar block: the strings under delivery.
    """

    block: Sequence[bytes] = ()

    def __init__(self, framer: Any, driver: Loopless | None = None, head: bytes = b"") -> None:
        #: What is fed in front of what comes next.
        self._head = head
        self._pieces: deque[bytes] = deque()
        #: So many bytes of the pieces are done with, or more, while some are to be skipped.
        self._done = 0
        super().__init__(framer, driver)

    def turn(self, data: bytes) -> BaseException | None:
        """Feeds the conn now; gives what a callback raised."""
        if self._head:
            data, self._head = self._head + data, b""
        pieces = self._pieces
        if data:
            pieces.append(data)
        try:
            return super().turn(data)
        finally:
            while pieces and self._done >= len(pieces[0]):
                self._done -= len(pieces.popleft())
            if pieces:
                framer = self.framer
                ends = framer is None or getattr(framer.transport, "disconnecting", False)
                if ends or not self._conn:
                    pieces.clear()

    def passed(self, size: int) -> None:
        """So many bytes more are done with."""
        self._done += size

    def left(self, size: int) -> bytes:
        """What is behind that, and so many bytes more."""
        return b"".join(self._pieces)[self._done + size :] + self._head


class Received:
    """The attribute ``recvd`` of receivers of strings behind a binary length, as Twisted has it: what
    was received and not yet delivered. Within a callback it may be assigned to, and reading goes on
    there.

    What a reactor's conn holds is the C library's. So protocols whose methods name the attribute, and
    those that have a ``dataReceived`` of their own, are fed.
    """

    def __get__(self, framer: Any, owner: Any = None) -> Any:
        if framer is None:
            return self
        kept = self._kept(framer)
        return b"" if kept is None else kept.left(framer._sizeOf(self._begun(framer, kept)))

    def __set__(self, framer: Any, data: bytes) -> None:
        old = self._kept(framer)
        driver, data = None, bytes(data)
        if old is not None:
            driver, data = old.driver, data + old.takeQueued()
            old.discard()
            framer._conn = 0
            if framer._rest is not None:
                # In the middle of a block, whose rest is dropped.
                framer._reframed = b"recvd"
                framer._hold()
        framer._attached = new = Kept(framer, driver, data)
        framer._plain = False
        if driver is not None and driver.driving and data:
            new.feed(b"")

    @staticmethod
    def _begun(framer: Any, kept: Kept) -> Sequence[bytes]:
        """The strings of the block under delivery that were delivered, the latest one included."""
        rest = 0 if framer._rest is None else framer._rest.__length_hint__()
        return kept.block[: len(kept.block) - rest]

    @staticmethod
    def _kept(framer: Any) -> Kept | None:
        if framer._conn and framer._attached is None:
            raise RuntimeError(
                f"{type(framer).__name__} is framed by the C library, which keeps what it has received: "
                "recvd is there for classes whose methods name it, or that have a dataReceived"
            )
        kept: Kept | None = framer._attached
        return kept


def mentions(owner: type, name: str) -> bool:
    """Whether methods that a class adds name an attribute."""
    found = [value.__code__ for value in vars(owner).values() if isinstance(value, FunctionType)]
    for code in found:
        if name in code.co_names:
            return True
        found += [value for value in code.co_consts if isinstance(value, CodeType)]
    return False
