"""Long work in small steps, several at a time."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from ..python.failure import Failure
from ._current import current
from .defer import Deferred
from .interfaces import IDelayedCall


class SchedulerError(Exception):
    """What a cooperator or a task of its was asked for cannot be done."""


class SchedulerStopped(SchedulerError):
    """The cooperator was stopped."""


class TaskFinished(SchedulerError):
    """The task has ended."""


class TaskDone(TaskFinished):
    """The task has ended, because its iterator has."""


class TaskStopped(TaskFinished):
    """The task has ended, because it was stopped."""


class TaskFailed(TaskFinished):
    """The task has ended, because its iterator raised an exception."""


class NotPaused(SchedulerError):
    """The task was not paused."""


def _tell(waiter: Deferred[Any], result: Any) -> None:
    if isinstance(result, Failure):
        waiter.errback(result)
    else:
        waiter.callback(result)


class CooperativeTask:
    """An iterator that a :class:`Cooperator` goes through."""

    def __init__(self, iterator: Iterator[Any], cooperator: Cooperator) -> None:
        self._iterator, self._cooperator = iterator, cooperator
        self._waiters: list[Deferred[Any]] = []
        self._pauses = 0
        self._result: Any = None
        self._outcome: SchedulerError | None = None
        cooperator._addTask(self)

    def whenDone(self) -> Deferred[Any]:
        """A Deferred that has the iterator when it has ended, or its failure."""
        done: Deferred[Any] = Deferred()
        if self._outcome is None:
            self._waiters.append(done)
        else:
            _tell(done, self._result)
        return done

    def pause(self) -> None:
        """Takes no step until :meth:`resume` was called as often."""
        self._insist()
        self._pauses += 1
        if self._pauses == 1:
            self._cooperator._removeTask(self)

    def resume(self) -> None:
        """Takes one :meth:`pause` back."""
        if self._pauses == 0:
            raise NotPaused()
        self._pauses -= 1
        if self._pauses == 0 and self._outcome is None:
            self._cooperator._addTask(self)

    def stop(self) -> None:
        """Ends it: those who wait get a :class:`TaskStopped`."""
        self._insist()
        self._finish(TaskStopped(), Failure(TaskStopped()))

    def _insist(self) -> None:
        if self._outcome is not None:
            raise self._outcome

    def _finish(self, outcome: SchedulerError, result: Any) -> None:
        self._outcome, self._result = outcome, result
        if self._pauses == 0:
            self._cooperator._removeTask(self)
        waiters, self._waiters = self._waiters, []
        for waiter in waiters:
            _tell(waiter, result)

    def _step(self) -> None:
        try:
            result = next(self._iterator)
        except StopIteration:
            self._finish(TaskDone(), self._iterator)
        except BaseException:
            self._finish(TaskFailed(), Failure())
        else:
            if isinstance(result, Deferred):
                self.pause()
                result.addCallbacks(lambda ignored: self.resume(), self._failedStep)

    def _failedStep(self, failure: Failure) -> None:
        if self._outcome is None:
            self._finish(TaskFailed(), failure)


class _Slice:
    """Says that a turn of steps has lasted long enough: 10 ms."""

    MOST = 0.01

    def __init__(self) -> None:
        import time

        self._time = time.monotonic
        self._end = self._time() + self.MOST

    def __call__(self) -> bool:
        return self._time() > self._end


def _soon(function: Callable[[], None]) -> IDelayedCall:
    call: IDelayedCall = current().callLater(0.00000001, function)
    return call


class Cooperator:
    """Goes through several iterators, a step of each in turn, and lets the reactor do its work in
    between. An iterator that gives a Deferred goes on when that has its result.

    :param terminationPredicateFactory: makes, for each turn, a function that says when it has
        lasted long enough; by default 10 ms.
    :param scheduler: has a function called in a while.
    :param started: whether it begins with :meth:`start` or at once.
    """

    def __init__(
        self,
        terminationPredicateFactory: Callable[[], Callable[[], bool]] = _Slice,
        scheduler: Callable[[Callable[[], None]], Any] = _soon,
        started: bool = True,
    ) -> None:
        self._tasks: list[CooperativeTask] = []
        self._rest: Iterator[CooperativeTask] = iter(())
        self._factory, self._scheduler = terminationPredicateFactory, scheduler
        self._call: Any = None
        self._started, self._stopped = started, False
        self._mustScheduleOnStart = False

    def coiterate(
        self, iterator: Iterator[Any], doneDeferred: Deferred[Any] | None = None
    ) -> Deferred[Any]:
        """Goes through an iterator; the Deferred has it when it has ended."""
        done: Deferred[Any] = Deferred() if doneDeferred is None else doneDeferred
        CooperativeTask(iterator, self).whenDone().chainDeferred(done)
        return done

    def cooperate(self, iterator: Iterator[Any]) -> CooperativeTask:
        """Goes through an iterator; the task can be paused and stopped."""
        return CooperativeTask(iterator, self)

    def start(self) -> None:
        """Begins."""
        self._stopped, self._started = False, True
        if self._mustScheduleOnStart:
            self._mustScheduleOnStart = False
            self._reschedule()

    def stop(self) -> None:
        """Ends all tasks; those who wait for one get a :class:`SchedulerStopped`."""
        self._stopped = True
        for task in list(self._tasks):
            task._finish(SchedulerStopped(), Failure(SchedulerStopped()))
        self._tasks = []
        if self._call is not None:
            self._call.cancel()
            self._call = None

    @property
    def running(self) -> bool:
        """Whether it was started, and not stopped."""
        return self._started and not self._stopped

    def _addTask(self, task: CooperativeTask) -> None:
        if self._stopped:
            self._tasks.append(task)
            task._finish(SchedulerStopped(), Failure(SchedulerStopped()))
        else:
            self._tasks.append(task)
            self._reschedule()

    def _removeTask(self, task: CooperativeTask) -> None:
        self._tasks.remove(task)
        if not self._tasks and self._call is not None:
            self._call.cancel()
            self._call = None

    def _turn(self) -> Iterator[CooperativeTask]:
        enough = self._factory()
        while self._tasks:
            for task in self._rest:
                yield task
                if enough():
                    return
            # A new round, over those that there are now.
            self._rest = iter(list(self._tasks))

    def _tick(self) -> None:
        self._call = None
        for task in self._turn():
            if task in self._tasks:
                task._step()
        self._reschedule()

    def _reschedule(self) -> None:
        if not self._started:
            self._mustScheduleOnStart = True
        elif self._call is None and self._tasks:
            self._call = self._scheduler(self._tick)


_cooperator: Cooperator | None = None


def _shared() -> Cooperator:
    global _cooperator
    if _cooperator is None:
        _cooperator = Cooperator()
    return _cooperator


def coiterate(iterator: Iterator[Any]) -> Deferred[Any]:
    """Goes through an iterator on the program's own cooperator."""
    return _shared().coiterate(iterator)


def cooperate(iterator: Iterator[Any]) -> CooperativeTask:
    """Goes through an iterator on the program's own cooperator; gives the task."""
    return _shared().cooperate(iterator)

