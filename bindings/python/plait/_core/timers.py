"""Calls that are made later."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, Callable

from .._native import functions, structs
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
        driver.failed(error, f"Unhandled error in {call!r}")
    finally:
        driver.leave()


class DelayedCall:
    """A call that ``reactor.callLater`` promised: Twisted's ``IDelayedCall``.

    Times are whole milliseconds: a fraction is rounded up.
    """

    __slots__ = ("_function", "_key", "_state", "_time", "_timer", "args", "driver", "keywords")

    def __init__(
        self,
        driver: Reactor,
        delay: float,
        function: Callable[..., Any],
        args: tuple[Any, ...],
        keywords: dict[str, Any],
    ) -> None:
        self.driver = driver
        self._function, self.args, self.keywords = function, args, keywords
        self._state: type[ValueError] | None = None
        self._key = hold(self)
        try:
            self._timer = driver.startTimer(_milliseconds(delay), _fired, self._key)
        except BaseException:
            drop(self._key)
            raise
        self._time = driver.seconds() + delay

    def fire(self) -> None:
        """Makes the call."""
        self._state = AlreadyCalled
        self.driver.delayed.discard(self)
        self._function(*self.args, **self.keywords)

    def getTime(self) -> float:
        """When the call is due, on the clock of ``reactor.seconds``."""
        return self._time

    def active(self) -> bool:
        """Whether the call is still to come."""
        return self._state is None

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
        self._function, self.args, self.keywords = _nothing, (), {}

    def reset(self, secondsFromNow: float) -> None:
        """Has the call made so many seconds from now instead."""
        self._insist()
        check(functions.timer_reset(self._timer, _milliseconds(secondsFromNow)))
        self._time = self.driver.seconds() + secondsFromNow

    def delay(self, secondsLater: float) -> None:
        """Has the call made so many seconds later than it would be; sooner, if negative."""
        self._insist()
        check(functions.timer_delay(self._timer, math.ceil(secondsLater * 1000)))
        self._time += secondsLater

    def _insist(self) -> None:
        if self._state is not None:
            raise self._state()

    def __lt__(self, other: DelayedCall) -> bool:
        return self._time < other._time

    def __repr__(self) -> str:
        name = getattr(self._function, "__qualname__", repr(self._function))
        state = "active" if self._state is None else self._state.__name__
        return f"<DelayedCall of {name}{self.args!r}, {state}>"


def _nothing(*args: Any, **keywords: Any) -> None:
    pass


def _milliseconds(delay: float) -> int:
    if delay < 0:
        raise ValueError(f"a call cannot be made in the past: {delay}")
    return math.ceil(delay * 1000)
