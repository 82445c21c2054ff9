"""A function that is called again and again."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ..python.failure import Failure
from ._current import current
from ._promised import called
from .defer import Deferred, maybeDeferred
from .interfaces import IDelayedCall, IReactorTime


class LoopingCall:
    """Calls a function again and again, as long as it raises nothing.

    The calls are due on a grid that begins with :meth:`start`: what is late is left out, and what
    takes long is not called twice at a time. A function that returns a Deferred is called again
    when that has its result.

    :ivar clock: what it is timed by; the reactor that runs when it is made, or the program's own, if none is set.
    :ivar running: whether it goes on.
    :ivar interval: seconds from one call to the next.
    :ivar starttime: when the grid began, on the clock.

    >>> from plait.internet.task import Clock
    >>> call = LoopingCall(print, "tick")
    >>> call.clock = Clock()
    >>> done = call.start(2)
    tick
    >>> call.clock.pump([1, 1])
    tick
    >>> call.stop()
    """

    call: IDelayedCall | None = None
    running = False
    interval: float | None = None
    starttime: float | None = None
    _deferred: Deferred[LoopingCall] | None = None
    _runAtStart = False
    _lastTime: float | None = None

    def __init__(self, f: Callable[..., Any], *a: Any, **kw: Any) -> None:
        self.f, self.a, self.kw = called(f), a, kw
        self.clock: IReactorTime = current()

    @property
    def deferred(self) -> Deferred[LoopingCall] | None:
        """What :meth:`start` has given, while it goes on."""
        return self._deferred

    @classmethod
    def withCount(cls, countCallable: Callable[[int], Any]) -> LoopingCall:
        """One whose function is told how many calls were due since the last one, with this one."""

        def counted() -> Any:
            now = made.clock.seconds()
            count = 1
            if made.interval:
                before = made._lastTime
                if before is None:
                    assert made.starttime is not None
                    before = made.starttime
                    if made._runAtStart:
                        before -= made.interval
                count = made._passed(now) - made._passed(before)
            if count < 1:
                return None
            made._lastTime = now
            return function(count)

        function = called(countCallable)
        made = cls(counted)
        return made

    def _passed(self, when: float) -> int:
        """How many marks of the grid there are up to a time."""
        assert self.starttime is not None and self.interval
        return int((when - self.starttime) / self.interval + (when < self.starttime) * -0.5)

    def start(self, interval: float, now: bool = True) -> Deferred[LoopingCall]:
        """Begins.

        :param interval: seconds from one call to the next; 0 for in every turn.
        :param now: whether the first call is made at once.
        :return: a Deferred that has this object when :meth:`stop` was called, or the failure of the
            function.
        """
        assert not self.running, "a LoopingCall that runs cannot be started"
        if interval < 0:
            raise ValueError("interval must be >= 0")
        self.running = True
        done: Deferred[LoopingCall] = Deferred()
        self._deferred = done
        self.starttime = self.clock.seconds()
        self.interval, self._runAtStart = interval, now
        self._lastTime = None
        if now:
            self()
        else:
            self._plan(self.starttime)
        return done

    def stop(self) -> None:
        """Ends: no call is made any more."""
        assert self.running, "a LoopingCall that does not run cannot be stopped"
        self.running = False
        if self.call is not None:
            self.call.cancel()
            self.call = None
            self._end(self)

    def reset(self) -> None:
        """Has the grid begin now, and the next call be made after one interval."""
        assert self.running, "a LoopingCall that does not run cannot be reset"
        if self.call is not None:
            self.call.cancel()
            self.call = None
            self.starttime = self.clock.seconds()
            self._plan(self.starttime)

    def __call__(self) -> None:
        self.call = None
        maybeDeferred(self.f, *self.a, **self.kw).addCallbacks(self._again, self._failed)

    def _again(self, ignored: Any) -> None:
        if self.running:
            self._plan(self.clock.seconds())
        else:
            self._end(self)

    def _failed(self, failure: Failure) -> None:
        self.running = False
        self._end(failure)

    def _end(self, result: Any) -> None:
        done, self._deferred = self._deferred, None
        if done is None:
            return
        if isinstance(result, Failure):
            done.errback(result)
        else:
            done.callback(result)

    def _plan(self, now: float) -> None:
        assert self.starttime is not None and self.interval is not None
        wait = 0.0
        if self.interval:
            wait = self.interval - (now - self.starttime) % self.interval
            if now + wait == now:
                # Too little for the clock to tell.
                wait = self.interval
        self.call = self.clock.callLater(wait, self)

    def __repr__(self) -> str:
        name = getattr(self.f, "__qualname__", None) or getattr(self.f, "__name__", repr(self.f))
        return f"LoopingCall<{self.interval!r}>({name}, *{self.a!r}, **{self.kw!r})"
