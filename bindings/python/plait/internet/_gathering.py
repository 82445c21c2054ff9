"""Several Deferreds in one."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Sequence
from typing import Any, TypeVar

from ..python.failure import Failure
from .defer import Deferred

_T = TypeVar("_T")
_log = logging.getLogger("plait")

SUCCESS, FAILURE = True, False


class FirstError(Exception):
    """The first of several Deferreds that failed.

    :ivar subFailure: how it failed.
    :ivar index: which one it was.
    """

    def __init__(self, failure: Failure, index: int) -> None:
        super().__init__(failure, index)
        self.subFailure, self.index = failure, index

    def __repr__(self) -> str:
        return f"FirstError[#{self.index}, {self.subFailure.value!r}]"

    def __str__(self) -> str:
        return f"FirstError[#{self.index}, {self.subFailure}]"

    def __eq__(self, other: object) -> bool:
        if isinstance(other, tuple):
            return (self.subFailure, self.index) == other
        if isinstance(other, FirstError):
            return (self.subFailure, self.index) == (other.subFailure, other.index)
        return NotImplemented

    __hash__ = None  # type: ignore[assignment]


class FailureGroup(Exception):
    """All of several Deferreds failed.

    :ivar failures: how, in the order in which they did.
    """

    def __init__(self, failures: Sequence[Failure]) -> None:
        super().__init__()
        self.failures = failures


class DeferredList(Deferred[Any]):
    """Waits for all of several Deferreds.

    The result is a list of pairs, in the order of the Deferreds: whether it succeeded, and its
    result or Failure. The Deferreds hand their results on as if nobody had asked.

    :param fireOnOneCallback: the result is that of the first that succeeds, and its index.
    :param fireOnOneErrback: the first that fails makes this fail, with a :class:`FirstError`.
    :param consumeErrors: whether the Deferreds' failures count as handled.

    >>> from plait.internet.defer import succeed
    >>> DeferredList([succeed(1), succeed(2)]).addCallback(print).result
    [(True, 1), (True, 2)]
    """

    def __init__(
        self,
        deferredList: Iterable[Deferred[Any]],
        fireOnOneCallback: bool = False,
        fireOnOneErrback: bool = False,
        consumeErrors: bool = False,
    ) -> None:
        super().__init__()
        self._deferredList = list(deferredList)
        self.resultList: list[Any] = [None] * len(self._deferredList)
        self.finishedCount = 0
        self.fireOnOneCallback, self.fireOnOneErrback = fireOnOneCallback, fireOnOneErrback
        self.consumeErrors = consumeErrors
        if not self._deferredList and not fireOnOneCallback:
            self.callback(self.resultList)
        for index, deferred in enumerate(self._deferredList):
            deferred.addBoth(self._arrived, index)

    def _arrived(self, result: Any, index: int) -> Any:
        failed = isinstance(result, Failure)
        self.resultList[index] = (FAILURE if failed else SUCCESS, result)
        self.finishedCount += 1
        if not self.called:
            if self.fireOnOneCallback and not failed:
                self.callback((result, index))
            elif self.fireOnOneErrback and failed:
                self.errback(Failure(FirstError(result, index)))
            elif self.finishedCount == len(self.resultList):
                self.callback(self.resultList)
        return None if failed and self.consumeErrors else result

    def cancel(self) -> None:
        """Cancels all that have no result yet."""
        if self.called:
            return
        for deferred in self._deferredList:
            try:
                deferred.cancel()
            except BaseException:
                _log.exception("Unhandled error in the canceller of %r", deferred)


def gatherResults(
    deferredList: Iterable[Deferred[_T]], consumeErrors: bool = False
) -> Deferred[list[_T]]:
    """Waits for all of several Deferreds: the result is a list of theirs.

    The first that fails makes this fail, with a :class:`FirstError`.

    >>> from plait.internet.defer import succeed
    >>> gatherResults([succeed(1), succeed(2)]).addCallback(print).result
    [1, 2]
    """
    gathered = DeferredList(deferredList, fireOnOneErrback=True, consumeErrors=consumeErrors)
    return gathered.addCallback(lambda results: [result for _, result in results])


def race(ds: Sequence[Deferred[_T]]) -> Deferred[tuple[int, _T]]:
    """Waits for the first of several Deferreds that succeeds, and cancels the others.

    The result is its index, and its result. If all fail, so does this, with a
    :class:`FailureGroup`.
    """
    deferreds = list(ds)
    failures: list[Failure] = []
    over = False

    def cancelAll(ignored: Any = None) -> None:
        nonlocal over
        over = True
        for deferred in deferreds:
            deferred.cancel()

    done: Deferred[tuple[int, _T]] = Deferred(cancelAll)

    def succeeded(result: _T, index: int) -> None:
        nonlocal over
        if over:
            return
        over = True
        for other in deferreds:
            if other is not deferreds[index]:
                other.cancel()
        done.callback((index, result))

    def failed(failure: Failure, index: int) -> None:
        failures.append(failure)
        if len(failures) == len(deferreds) and not done.called:
            done.errback(FailureGroup(failures))

    for index, deferred in enumerate(deferreds):
        deferred.addCallbacks(succeeded, failed, (index,), None, (index,))
    return done


