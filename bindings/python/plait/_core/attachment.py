"""Framing for protocols whose transport is none of ours."""

from __future__ import annotations

import logging
import sys
import threading
import weakref
from collections import deque
from ctypes import byref
from typing import Any

from .._native import constants, functions, structs
from ..internet._reasons import check
from .factories import FactoryCache
from .registry import conns, entry

_log = logging.getLogger("plait")


@entry(structs.TransportWriteFunction)
def _write(user: int, conn: int, data: Any, length: int) -> int:
    # Most protocols write to their transport, past the conn: there is nothing to send.
    self = conns.get(conn)
    if self is not None and self.send is not None:
        self.send(data[:length])
    return length


@entry(structs.PostFunction)
def _abandon(user: int) -> None:
    functions.conn_abort(user)


_ops = structs.TransportOps(write=_write)


class Loopless:
    """A thread's reactor without a loop, which all attached conns of the thread share."""

    def __init__(self) -> None:
        out = structs.Handle()
        options = structs.ReactorOptions(flags=constants.REACTOR_WITHOUT_LOOP)
        check(functions.reactor_new(byref(out), byref(options)))
        self.handle: int = out.value
        self.cache = FactoryCache()
        self.inside = False
        self.dirty: list[Any] = []
        self._queue: deque[tuple[Attachment, bytes]] = deque()
        self._driving = False

    def flush(self) -> None:
        """There is nothing to hand over: see :func:`_write`."""

    def leave(self) -> None:
        """A callback is done."""
        self.inside = False

    def interrupt(self, error: BaseException) -> None:
        """Nobody asked: there are no conns that the C library opens by itself."""

    def drive(self, attachment: Attachment, data: bytes) -> None:
        """Feeds an attached conn, and then whatever was to be fed meanwhile.

        The first exception that a callback raises is raised here when all has been fed.
        """
        self._queue.append((attachment, data))
        if self._driving:
            return
        self._driving = True
        first: BaseException | None = None
        try:
            while self._queue:
                chosen, data = self._queue.popleft()
                error = chosen.turn(data)
                if error is not None and first is not None:
                    _log.error("Unhandled error in a queued delivery", exc_info=error)
                first = first or error
        finally:
            self._driving = False
        if first is not None:
            raise first

    def __del__(self) -> None:
        # The thread has ended, and whoever drops the last reference may be another one. When the
        # interpreter is being taken down there is nobody left to call back.
        if not sys.is_finalizing() and functions.reactor_adopt(self.handle) == 0:
            self.cache.clear()
            functions.reactor_free(self.handle)


_local = threading.local()


def loopless() -> Loopless:
    """This thread's reactor without a loop."""
    try:
        found: Loopless = _local.driver
    except AttributeError:
        found = _local.driver = Loopless()
    return found


class Attachment:
    """The conn that frames for a protocol, and is fed by it.

    The protocol owns it; when the protocol is garbage the conn ends.

    :ivar send: what takes the bytes that the conn writes itself, where it does.
    """

    send: Any = None

    def __init__(self, framer: Any) -> None:
        self._conn = 0
        self.driver = loopless()
        self._framer = weakref.ref(framer, self._gone)
        self._error: BaseException | None = None
        self._stalled = False
        out = structs.Handle()
        factory = framer._nativeFactory(self.driver.cache)
        check(functions.conn_attach(self.driver.handle, factory, byref(_ops), None, byref(out)))
        self._conn = out.value
        conns[self._conn] = self

    @property
    def framer(self) -> Any:
        """The protocol."""
        return self._framer()

    def feed(self, data: bytes) -> None:
        """Has bytes framed and delivered."""
        self.driver.drive(self, data)

    def takeQueued(self) -> bytes:
        """Takes what waits to be fed."""
        queue = self.driver._queue
        mine = [data for attachment, data in queue if attachment is self]
        if mine:
            others = [item for item in queue if item[0] is not self]
            queue.clear()
            queue.extend(others)
        return b"".join(mine)

    def turn(self, data: bytes) -> BaseException | None:
        """Feeds the conn now; gives what a callback raised."""
        framer = self.framer
        if not self._conn or framer is None:
            return None
        if getattr(framer.transport, "disconnecting", False):
            # Nothing is delivered after the end was asked for.
            self.close()
            return None
        if framer.paused:
            self.pause()
        elif self._stalled:
            self._stalled = False
            functions.conn_resume(self._conn)
        if framer._conn:
            framer._settle()
        if data:
            check(functions.conn_feed(self._conn, data, len(data)))
        else:
            check(functions.reactor_poll(self.driver.handle, 0))
        error, self._error = self._error, None
        return error

    def pause(self) -> None:
        """Has nothing delivered for now: until it is resumed, or fed when the protocol is not paused."""
        self._stalled = True
        functions.conn_pause(self._conn)

    def resume(self) -> None:
        """Has deliveries go on, before this returns unless one is under way."""
        self._stalled = False
        functions.conn_resume(self._conn)
        self.feed(b"")

    def close(self) -> None:
        """Has nothing delivered any more."""
        functions.conn_close(self._conn)

    def unframe(self) -> None:
        """Has the rest of what comes delivered as it is."""
        check(functions.conn_set_factory(self._conn, self.driver.cache.rebound()))

    def discard(self) -> None:
        """Ends the conn without a word."""
        conn, self._conn = self._conn, 0
        if conn:
            conns.pop(conn, None)
            if functions.conn_abort(conn) == constants.ERR_THREAD:
                functions.reactor_post(self.driver.handle, _abandon, conn)

    def _gone(self, reference: Any) -> None:
        self.discard()

    # What the callback tables call

    def bound(self, conn: int) -> None:
        """The conn is there."""
        self.framer._bound(conn)

    def received(self, data: bytes) -> None:
        """Bytes arrived that are not framed."""
        self.framer._rawArrived(data)

    def readClosed(self) -> None:
        """Never comes: the end is told to the protocol, not to the conn."""

    writePaused = writeResumed = readClosed

    def lost(self, status: int, text: str) -> None:
        """The conn has ended: if not because it was closed here, the peer sent nonsense."""
        self._conn = 0
        framer = self.framer
        if framer is not None and status not in (constants.OK, constants.ERR_ABORTED):
            framer._peerBroke()
            framer.transport.loseConnection()

    def crashed(self, problem: BaseException) -> int:
        """A callback raised: what is left waits for the next feeding, as with Twisted."""
        if self._error is None:
            self._error = problem
        self.pause()
        framer = self.framer
        return 0 if framer is None else framer._crashed()
