"""Calls that are made later."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, Callable

from .._native import functions, structs
from ..internet._promised import Promised
from ..internet._reasons import check
from ..internet.error import AlreadyCalled, AlreadyCancelled
from .registry import drop, entry, hold

if TYPE_CHECKING:
    from ..internet.reactors import Reactor


@entry(structs.TimerFunction)
def _fired(user: int, timer: int) -> None:
    call = drop(user)
    if call is None:
        return
    driver = call.driver
    driver.inside = True
    try:
        call.fire()
    except BaseException as error:
        driver.failed(error, "Unhandled error in", call)
    finally:
        driver.leave()


class DelayedCall(Promised):
    """A call that ``reactor.callLater`` promised: Twisted's ``IDelayedCall``.

    Times are whole milliseconds: a fraction is rounded up.

    Of a call that was cancelled nothing is kept.
    """

    __slots__ = ("_key", "_timer", "driver")

    def __init__(
        self,
        driver: Reactor,
        delay: float,
        function: Callable[..., Any],
        args: tuple[Any, ...],
        keywords: dict[str, Any],
    ) -> None:
        super().__init__(function, args, keywords)
        self.driver = driver
        self._key = hold(self)
        try:
            self._timer = driver.startTimer(_milliseconds(delay), _fired, self._key)
        except BaseException:
            drop(self._key)
            raise
        self.time = driver.seconds() + delay

    def fire(self) -> None:
        """Makes the call."""
        self._state = AlreadyCalled
        self.driver.delayed.discard(self)
        self.func(*self.args, **self.kw)

    def cancel(self) -> None:
        """Sees to it that the call is not made."""
        self._insist()
        self._state = AlreadyCancelled
        self.discard()
        check(functions.timer_cancel(self._timer))

    def discard(self) -> None:
        """Forgets the call."""
        self.driver.delayed.discard(self)
        drop(self._key)
        self.func, self.args, self.kw = _nothing, (), {}

    def reset(self, secondsFromNow: float) -> None:
        """Has the call made so many seconds from now instead."""
        self._insist()
        check(functions.timer_reset(self._timer, _milliseconds(secondsFromNow)))
        self.time = self.driver.seconds() + secondsFromNow

    def delay(self, secondsLater: float) -> None:
        """Has the call made so many seconds later than it would be; sooner, if negative."""
        self._insist()
        most = max(0, _FOREVER - self.time * 1000)
        more = max(-_FOREVER, min(secondsLater * 1000, most))
        check(functions.timer_delay(self._timer, math.ceil(more)))
        self.time += secondsLater

    def __lt__(self, other: DelayedCall) -> bool:
        return self.time < other.time

    def __repr__(self) -> str:
        name = getattr(self.func, "__qualname__", repr(self.func))
        state = "active" if self._state is None else self._state.__name__
        return f"<DelayedCall of {name}{self.args!r}, {state}>"


def _nothing(*args: Any, **keywords: Any) -> None:
    pass


def _milliseconds(delay: float) -> int:
    if delay < 0:
        raise ValueError(f"a call cannot be made in the past: {delay}")
    milliseconds = delay * 1000
    return _FOREVER if milliseconds > _FOREVER else math.ceil(milliseconds)


#: Milliseconds that no process lives; more would not fit the C library's numbers.
_FOREVER = 1 << 61
