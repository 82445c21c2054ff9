"""Framing for protocols whose transport is none of ours."""

from __future__ import annotations

import logging
import os
import sys
import threading
import weakref
from collections import deque
from ctypes import byref
from typing import Any

from .._native import constants, functions, structs
from ..error import PlaitError
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


#: So many conns of a thread have a reactor each; more share them.
_MOST_DRIVERS = 8


class _Drivers(threading.local):
    """This thread's reactors without a loop."""

    def __init__(self) -> None:
        self.all: list[Loopless] = []

    def choose(self) -> Loopless:
        """One for another conn: which has none yet, or is not under way and has few."""
        chosen = min(self.all, key=Loopless.load, default=None)
        if chosen is None or chosen.users or chosen.driving:
            if chosen is None or len(self.all) < _MOST_DRIVERS:
                try:
                    made = Loopless()
                except PlaitError:
                    # There are no more in this process: one has to do.
                    if chosen is None:
                        raise
                    return chosen
                self.all.append(made)
                return made
        return chosen


_drivers = _Drivers()


def _forget() -> None:
    global _drivers
    _drivers = _Drivers()


if hasattr(os, "register_at_fork"):
    # The parent's would refuse to work in a child.
    os.register_at_fork(after_in_child=_forget)


class Loopless:
    """A reactor without a loop, for attached conns of a thread.

    Each conn has its own, as long as they are not too many: a reactor takes nothing in while it calls
    back, and a protocol that is fed from inside another one's callback is to have its messages before
    that goes on.

    :ivar users: how many conns use it.
    :ivar driving: whether one of them is being fed.
    """

    def __init__(self) -> None:
        self.handle = 0
        out = structs.Handle()
        options = structs.ReactorOptions(flags=constants.REACTOR_WITHOUT_LOOP)
        check(functions.reactor_new(byref(out), byref(options)))
        self.handle = out.value
        self.cache = FactoryCache()
        self.inside = False
        self.dirty: list[Any] = []
        self._queue: deque[tuple[Attachment, bytes]] = deque()
        self.users = 0
        self.driving = False

    def load(self) -> tuple[bool, int]:
        """The least is the best to use."""
        return self.driving, self.users

    def flush(self) -> None:
        """There is nothing to hand over: see :func:`_write`."""

    def leave(self) -> None:
        """A callback is done."""
        self.inside = False

    def interrupt(self, error: BaseException) -> None:
        """Nobody asked: there are no conns that the C library opens by itself."""

    def drive(self, attachment: Attachment, data: bytes) -> None:
        """Feeds a conn, and then whatever was to be fed meanwhile.

        The first exception that a callback raises is raised here when all has been fed.
        """
        self._queue.append((attachment, data))
        if self.driving:
            return
        self.driving = True
        first: BaseException | None = None
        try:
            while self._queue:
                chosen, data = self._queue.popleft()
                error = chosen.turn(data)
                if error is not None and first is not None:
                    _log.error("Unhandled error in a queued delivery", exc_info=error)
                first = first or error
        finally:
            self.driving = False
        if first is not None:
            raise first

    def takeQueued(self, attachment: Attachment) -> bytes:
        """Takes what waits to be fed to a conn."""
        mine = [data for chosen, data in self._queue if chosen is attachment]
        if mine:
            others = [item for item in self._queue if item[0] is not attachment]
            self._queue.clear()
            self._queue.extend(others)
        return b"".join(mine)

    def __del__(self) -> None:
        # Whoever drops the last reference may be another thread. When the interpreter is being taken
        # down there is nobody left to call back.
        if not sys.is_finalizing() and functions.reactor_adopt(self.handle) == 0:
            self.cache.clear()
            functions.reactor_free(self.handle)


class Attachment:
    """The conn that frames for a protocol, and is fed by it.

    The protocol owns it; when the protocol is garbage the conn ends.

    :ivar send: what takes the bytes that the conn writes itself, where it does.
    """

    send: Any = None

    def __init__(self, framer: Any, driver: Loopless | None = None) -> None:
        self._conn = 0
        self.driver = driver or _drivers.choose()
        self._framer = weakref.ref(framer, self._gone)
        self._error: BaseException | None = None
        self._stalled = False
        out = structs.Handle()
        factory = framer._nativeFactory(self.driver.cache)
        check(functions.conn_attach(self.driver.handle, factory, byref(_ops), None, byref(out)))
        self._conn = out.value
        self.driver.users += 1
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
        return self.driver.takeQueued(self)

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
            self.driver.users -= 1
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
        self.driver.users -= 1
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
