"""Locks, semaphores and queues whose waits are Deferreds."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Generic, TypeVar

from ._calling import maybeDeferred
from .defer import Deferred, succeed

_T = TypeVar("_T")


class QueueOverflow(Exception):
    """A queue has as many objects as it may."""


class QueueUnderflow(Exception):
    """As many wait for a queue's objects as may."""


class _Primitive:
    """What can be acquired and released. ``async with`` does both.

    :ivar waiting: those that wait, the first one first.
    """

    def __init__(self) -> None:
        self.waiting: list[Deferred[Any]] = []

    def acquire(self) -> Deferred[Any]:
        """Waits for its turn; the result is this object."""
        acquired: Deferred[Any] = Deferred(self._giveUp)
        if self._take():
            acquired.callback(self)
        else:
            self.waiting.append(acquired)
        return acquired

    def release(self) -> None:
        """Lets the next one in."""
        raise NotImplementedError

    def _take(self) -> bool:
        raise NotImplementedError

    def _giveUp(self, acquired: Deferred[Any]) -> None:
        self.waiting.remove(acquired)

    def _admit(self) -> None:
        if self.waiting and self._take():
            self.waiting.pop(0).callback(self)

    def run(self, f: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Deferred[Any]:
        """Calls a function when its turn has come, and releases when that has its result."""

        def call(ignored: Any) -> Deferred[Any]:
            return maybeDeferred(f, *args, **kwargs).addBoth(leave)

        def leave(result: Any) -> Any:
            self.release()
            return result

        return self.acquire().addCallback(call)

    def __aenter__(self) -> Deferred[Any]:
        return self.acquire()

    def __aexit__(self, kind: Any, error: Any, traceback: Any) -> Deferred[bool]:
        self.release()
        return succeed(False)


class DeferredLock(_Primitive):
    """Lets one in at a time.

    :ivar locked: whether somebody is in.

    >>> lock = DeferredLock()
    >>> first, second = lock.acquire(), lock.acquire()
    >>> first.called, second.called
    (True, False)
    >>> lock.release()
    >>> second.called
    True
    """

    locked = False

    def _take(self) -> bool:
        if self.locked:
            return False
        self.locked = True
        return True

    def release(self) -> None:
        """Lets the next one in."""
        assert self.locked, "the lock was not acquired"
        self.locked = False
        self._admit()


class DeferredSemaphore(_Primitive):
    """Lets several in at a time.

    :ivar limit: how many.
    :ivar tokens: how many more at the moment.
    """

    def __init__(self, tokens: int) -> None:
        super().__init__()
        if tokens < 1:
            raise ValueError("a semaphore needs at least one token")
        self.tokens = self.limit = tokens

    def _take(self) -> bool:
        if not self.tokens:
            return False
        self.tokens -= 1
        return True

    def release(self) -> None:
        """Lets the next one in."""
        assert self.tokens < self.limit, "the semaphore was not acquired"
        self.tokens += 1
        self._admit()


class DeferredQueue(Generic[_T]):
    """Hands objects from those who have them to those who wait for them.

    :param size: how many objects may wait to be fetched; any number if None.
    :param backlog: how many may wait for an object; any number if None.

    >>> queue = DeferredQueue()
    >>> queue.put("first")
    >>> queue.get().addCallback(print).result
    first
    """

    def __init__(self, size: int | None = None, backlog: int | None = None) -> None:
        self.waiting: list[Deferred[_T]] = []
        self.pending: list[_T] = []
        self.size, self.backlog = size, backlog

    def put(self, obj: _T) -> None:
        """Has the first that waits get an object, or keeps that.

        :raises QueueOverflow: if there are too many.
        """
        if self.waiting:
            self.waiting.pop(0).callback(obj)
        elif self.size is None or len(self.pending) < self.size:
            self.pending.append(obj)
        else:
            raise QueueOverflow()

    def get(self) -> Deferred[_T]:
        """Waits for an object.

        :raises QueueUnderflow: if too many do.
        """
        if self.pending:
            return succeed(self.pending.pop(0))
        if self.backlog is not None and len(self.waiting) >= self.backlog:
            raise QueueUnderflow()
        wanted: Deferred[_T] = Deferred(self.waiting.remove)
        self.waiting.append(wanted)
        return wanted
