"""What is called later or again, and clocks that a test turns: Twisted's ``twisted.internet.task``."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Sequence
from contextlib import suppress
from typing import Any, Callable, NoReturn

from ..python.failure import Failure
from ._cooperating import (
    CooperativeTask,
    Cooperator,
    NotPaused,
    SchedulerError,
    SchedulerStopped,
    TaskDone,
    TaskFailed,
    TaskFinished,
    TaskStopped,
    coiterate,
    cooperate,
)
from ._looping import LoopingCall
from ._promised import Promised, called
from .defer import Deferred, maybeDeferred
from .error import AlreadyCalled, AlreadyCancelled, ReactorNotRunning
from .interfaces import IDelayedCall, IReactorTime

__all__ = [
    "Clock",
    "CooperativeTask",
    "Cooperator",
    "LoopingCall",
    "NotPaused",
    "SchedulerError",
    "SchedulerStopped",
    "TaskDone",
    "TaskFailed",
    "TaskFinished",
    "TaskStopped",
    "coiterate",
    "cooperate",
    "deferLater",
    "react",
]


class _Call(Promised):
    """A call that a clock has promised: Twisted's ``IDelayedCall``."""

    def __init__(
        self, clock: Clock, time: float, function: Callable[..., Any], args: Any, kw: Any
    ) -> None:
        super().__init__(function, args, kw)
        self._clock, self.time = clock, time

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

    def __repr__(self) -> str:
        return f"<call of {self.func!r} at {self.time}>"


class Clock:
    """A clock that stands still unless it is turned: what is later than that, a test decides.

    >>> clock = Clock()
    >>> call = clock.callLater(3, print, "now")
    >>> clock.advance(2)
    >>> clock.advance(2)
    now

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


def deferLater(
    clock: IReactorTime,
    delay: float,
    callable: Callable[..., Any] | None = None,
    *args: Any,
    **kw: Any,
) -> Deferred[Any]:
    """Calls a function so many seconds from now; the Deferred has its result. Without a function it
    is a Deferred that has None then. Cancelling it sees to it that the call is not made.

    >>> clock = Clock()
    >>> later = deferLater(clock, 3, max, 1, 2).addCallback(print)
    >>> clock.advance(3)
    2
    """

    def cancelled(deferred: Deferred[Any]) -> None:
        call.cancel()

    def due() -> None:
        done.callback(None)

    done: Deferred[Any] = Deferred(cancelled)
    if callable is not None:
        function = called(callable)
        done.addCallback(lambda ignored: function(*args, **kw))
    call: IDelayedCall = clock.callLater(delay, due)
    return done


def react(
    main: Callable[..., Any], argv: Iterable[object] = (), _reactor: Any = None
) -> NoReturn:
    """Runs a program: calls a function with the reactor and these arguments, runs the reactor until
    the Deferred or the coroutine that it gives has its result, and exits.

    The exit status is 0, what a SystemExit says, or 1 after any other failure, which is logged.
    """
    if _reactor is None:
        from . import reactor as _reactor
    outcome: list[Any] = []
    stopping = False

    def ended(result: Any) -> None:
        outcome.append(result)
        if not stopping:
            _reactor.callWhenRunning(stop)

    def stop() -> None:
        with suppress(ReactorNotRunning):
            _reactor.stop()

    def shuttingDown() -> None:
        nonlocal stopping
        stopping = True

    _reactor.addSystemEventTrigger("before", "shutdown", shuttingDown)
    maybeDeferred(main, _reactor, *argv).addBoth(ended)
    _reactor.run()
    sys.exit(_status(outcome))


def _status(outcome: Sequence[Any]) -> Any:
    if not outcome or not isinstance(outcome[0], Failure):
        return 0
    failure = outcome[0]
    if isinstance(failure.value, SystemExit):
        return failure.value.code
    import logging

    log = logging.getLogger("plait")
    log.error("main function encountered error", exc_info=(failure.type, failure.value, failure.tb))
    return 1
