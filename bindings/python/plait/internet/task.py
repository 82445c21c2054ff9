"""A clock that a test turns: of Twisted's ``twisted.internet.task``."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Callable

from .error import AlreadyCalled, AlreadyCancelled

__all__ = ["Clock"]


class _Call:
    """A call that a clock has promised: Twisted's ``IDelayedCall``."""

    def __init__(
        self, clock: Clock, time: float, function: Callable[..., Any], args: Any, kw: Any
    ) -> None:
        self._clock, self.time = clock, time
        self.func, self.args, self.kw = function, args, kw
        self._state: type[ValueError] | None = None

    def getTime(self) -> float:
        """When it is due."""
        return self.time

    def active(self) -> bool:
        """Whether it is still to come."""
        return self._state is None

    def cancel(self) -> None:
        """Sees to it that it is not made."""
        self._insist()
        self._state = AlreadyCancelled
        self._clock.calls.remove(self)

    def reset(self, secondsFromNow: float) -> None:
        """Has it made so many seconds from now instead."""
        self._insist()
        self.time = self._clock.rightNow + secondsFromNow

    def delay(self, secondsLater: float) -> None:
        """Has it made so many seconds later than it would be."""
        self._insist()
        self.time += secondsLater

    def make(self) -> None:
        """Makes it."""
        self._state = AlreadyCalled
        self.func(*self.args, **self.kw)

    def _insist(self) -> None:
        if self._state is not None:
            raise self._state()

    def __repr__(self) -> str:
        return f"<call of {self.func!r} at {self.time}>"


class Clock:
    """A clock that stands still unless it is turned: what is later than that, a test decides.

    :ivar rightNow: its time.
    :ivar calls: those that are still to come.
    """

    rightNow = 0.0

    def __init__(self) -> None:
        self.calls: list[_Call] = []

    def seconds(self) -> float:
        """Its time."""
        return self.rightNow

    def callLater(self, delay: float, callable: Callable[..., Any], *args: Any, **kw: Any) -> _Call:
        """Has a function called when the clock has been turned so far."""
        if delay < 0:
            raise ValueError(f"a call cannot be made in the past: {delay}")
        call = _Call(self, self.rightNow + delay, callable, args, kw)
        self.calls.append(call)
        self._sort()
        return call

    def _sort(self) -> None:
        # Those of one time stay in the order in which they were.
        self.calls.sort(key=_Call.getTime)

    def getDelayedCalls(self) -> list[_Call]:
        """The calls that are still to come."""
        return list(self.calls)

    def callFromThread(self, callable: Callable[..., Any], *args: Any, **kw: Any) -> None:
        """Has a function called when the clock is turned next."""
        self.callLater(0, callable, *args, **kw)

    def advance(self, amount: float) -> None:
        """Turns the clock, and makes the calls that are due then, in their order; those too that they
        ask for.
        """
        self.rightNow += amount
        self._sort()
        while self.calls and self.calls[0].time <= self.rightNow:
            self.calls.pop(0).make()
            self._sort()

    def pump(self, timings: Iterable[float]) -> None:
        """Turns the clock several times."""
        for amount in timings:
            self.advance(amount)
