"""Threads that wait for work: Twisted's ``twisted.python.threadpool``."""

from __future__ import annotations

import contextvars
import logging
import threading
from collections import deque
from typing import Any, Callable

from .failure import Failure

__all__ = ["ThreadPool"]

_log = logging.getLogger("plait")


class ThreadPool:
    """Threads, as many as are needed, which call functions.

    The threads are daemons: a program that leaves without stopping the pool does not wait for them.

    :param minthreads: so many are kept.
    :param maxthreads: there are never more; what they cannot do waits.
    :ivar started: whether it was started, and not stopped.
    :ivar threads: the threads.
    :ivar working: how many of them work at the moment.
    """

    min, max = 5, 20

    def __init__(self, minthreads: int = 5, maxthreads: int = 20, name: str | None = None) -> None:
        self._check(minthreads, maxthreads)
        self.min, self.max, self.name = minthreads, maxthreads, name
        self.started = self.joined = False
        self.threads: list[threading.Thread] = []
        self.working = 0
        self._work: deque[Any] = deque()
        self._changed = threading.Condition()

    @staticmethod
    def _check(least: int, most: int) -> None:
        if least < 0:
            raise ValueError("minimum is negative")
        if least > most:
            raise ValueError("minimum is greater than maximum")

    def start(self) -> None:
        """Begins with what was asked for, and makes the threads that are kept."""
        with self._changed:
            self.started, self.joined = True, False
        self.adjustPoolsize()

    def stop(self) -> None:
        """Waits until all that was asked for is done, and ends the threads."""
        with self._changed:
            self.started, self.joined = False, True
            self._changed.notify_all()
            threads = list(self.threads)
        for thread in threads:
            if thread is not threading.current_thread():
                thread.join()

    def adjustPoolsize(self, minthreads: int | None = None, maxthreads: int | None = None) -> None:
        """Sets how many threads there may be, and makes those that are kept."""
        least = self.min if minthreads is None else minthreads
        most = self.max if maxthreads is None else maxthreads
        self._check(least, most)
        with self._changed:
            self.min, self.max = least, most
            # Those that are too many end when they look.
            self._changed.notify_all()
            if self.started:
                wanted = min(self.max, max(self.min, self.working + len(self._work)))
                while len(self.threads) < wanted:
                    self._add()

    def callInThread(self, func: Callable[..., Any], *args: Any, **kw: Any) -> None:
        """Has a function called in one of the threads; what it raises is logged."""
        self.callInThreadWithCallback(None, func, *args, **kw)

    def callInThreadWithCallback(
        self,
        onResult: Callable[[bool, Any], Any] | None,
        func: Callable[..., Any],
        *args: Any,
        **kw: Any,
    ) -> None:
        """Has a function called in one of the threads, and then another one, there too: with True
        and what the function returned, or with False and a Failure.
        """
        if self.joined:
            return
        context = contextvars.copy_context()
        with self._changed:
            self._work.append([context, onResult, func, args, kw])
            if self.started:
                if len(self._work) > len(self.threads) - self.working:
                    if len(self.threads) < self.max:
                        self._add()
                self._changed.notify()

    def _add(self) -> None:
        name = f"PoolThread-{self.name or id(self)}-{len(self.threads)}"
        thread = threading.Thread(target=self._loop, name=name, daemon=True)
        self.threads.append(thread)
        thread.start()

    def _next(self) -> Any:
        """The next piece of work; None if the thread is to end."""
        with self._changed:
            while not self._work:
                if not self.started or len(self.threads) > self.max:
                    self.threads.remove(threading.current_thread())
                    return None
                self._changed.wait()
            self.working += 1
            return self._work.popleft()

    def _loop(self) -> None:
        while True:
            work = self._next()
            if work is None:
                return
            # Nothing of it is kept behind it.
            try:
                work.pop(0).run(_call, work)
            finally:
                del work
                with self._changed:
                    self.working -= 1


def _call(work: list[Any]) -> None:
    onResult, function, args, keywords = work
    work.clear()
    try:
        result = function(*args, **keywords)
        succeeded = True
    except BaseException as error:
        if onResult is None:
            _log.exception("Unhandled error in %r, in a thread", function)
            return
        result, succeeded = Failure(error), False
    if onResult is not None:
        del function, args, keywords
        try:
            onResult(succeeded, result)
        except BaseException:  # even one that ends a program ends no thread of the pool
            _log.exception("Unhandled error in %r, in a thread", onResult)
