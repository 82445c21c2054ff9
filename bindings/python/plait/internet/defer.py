"""Results that come later: Twisted's ``twisted.internet.defer``."""

from __future__ import annotations

import sys
from collections.abc import Callable, Generator
from typing import TYPE_CHECKING, Any, Generic, TypeVar, cast

from ..python.failure import Failure
from ._stages import Step, Unhandled, wait_for
from .error import TimeoutError

if TYPE_CHECKING:
    from asyncio import AbstractEventLoop, Future

    from .interfaces import IReactorTime

__all__ = [
    "FAILURE",
    "SUCCESS",
    "AlreadyCalledError",
    "CancelledError",
    "Deferred",
    "DeferredList",
    "DeferredLock",
    "DeferredQueue",
    "DeferredSemaphore",
    "FailureGroup",
    "FirstError",
    "NotACoroutineError",
    "QueueOverflow",
    "QueueUnderflow",
    "TimeoutError",
    "ensureDeferred",
    "execute",
    "fail",
    "gatherResults",
    "getDebugging",
    "inlineCallbacks",
    "logError",
    "maybeDeferred",
    "passthru",
    "race",
    "returnValue",
    "setDebugging",
    "succeed",
]

_T = TypeVar("_T")
_ITSELF = "a callback returned the Deferred that it belongs to"


class AlreadyCalledError(Exception):
    """A Deferred was given a second result."""


class CancelledError(Exception):
    """A Deferred was cancelled, and nothing else was made of that."""


class Deferred(Generic[_T]):
    """A result that comes later, with the chain of callbacks that it will run through.

    As Twisted's: each stage gets what the one before it returned, exceptions go to the errback
    side, a stage that returns a Deferred suspends the chain until that has a result, and a failure
    that nobody handled is logged (by the logger "plait") when the Deferred is garbage. It can be
    awaited, also in asyncio's tasks, where cancelling the task cancels the Deferred.

    >>> d = Deferred()
    >>> chain = d.addCallback(lambda number: 10 // number).addErrback(lambda failure: failure.type)
    >>> d.callback(0)
    >>> d.result
    <class 'ZeroDivisionError'>

    :ivar called: whether it was given a result.
    :ivar paused: how often it was paused, and not yet unpaused.
    :ivar result: the current result, once there is one.
    """

    called = False
    paused = 0
    result: Any
    _running = False
    _ignoreNextResult = False
    #: Whether Deferreds keep where they were made: see :func:`setDebugging`.
    debug = False
    _made = ""
    _canceller: Callable[[Deferred[Any]], object] | None = None
    _unhandled: Unhandled | None = None

    def __init__(self, canceller: Callable[[Deferred[Any]], object] | None = None) -> None:
        # What is looked at for each result is the object's own: to find it at the class takes longer.
        self.called = self._running = False
        self.paused = 0
        self._unhandled = None
        self._steps: list[Step] = []
        self._canceller = canceller
        if self.debug:
            self._made = stack()

    # Building the chain

    def addCallbacks(
        self,
        callback: Callable[..., Any] | None,
        errback: Callable[..., Any] | None = None,
        callbackArgs: Any = None,
        callbackKeywords: Any = None,
        errbackArgs: Any = None,
        errbackKeywords: Any = None,
    ) -> Deferred[Any]:
        """Appends a stage: one function for values, one for failures."""
        if not (callback is None or callable(callback)):
            raise TypeError(f"not callable: {callback!r}")
        if not (errback is None or callable(errback)):
            raise TypeError(f"not callable: {errback!r}")
        self._steps.append(
            (callback, errback, callbackArgs, callbackKeywords, errbackArgs, errbackKeywords)
        )
        if self.called:
            self._run()
        return self

    def addCallback(self, callback: Callable[..., Any], *args: Any, **kw: Any) -> Deferred[Any]:
        """Appends a function for values."""
        if not callable(callback):
            raise TypeError(f"not callable: {callback!r}")
        self._steps.append((callback, None, args, kw, None, None))
        if self.called:
            self._run()
        return self

    def addErrback(self, errback: Callable[..., Any], *args: Any, **kw: Any) -> Deferred[Any]:
        """Appends a function for failures; it gets a Failure."""
        if not callable(errback):
            raise TypeError(f"not callable: {errback!r}")
        self._steps.append((None, errback, None, None, args, kw))
        if self.called:
            self._run()
        return self

    def addBoth(self, callback: Callable[..., Any], *args: Any, **kw: Any) -> Deferred[Any]:
        """Appends one function for values and failures alike."""
        return self.addCallbacks(callback, callback, args, kw, args, kw)

    def chainDeferred(self, d: Deferred[Any]) -> Deferred[Any]:
        """Has another Deferred get this one's result."""
        return self.addCallbacks(d.callback, d.errback)

    def addTimeout(
        self,
        timeout: float,
        clock: IReactorTime,
        onTimeoutCancel: Callable[[Any, float], Any] | None = None,
    ) -> Deferred[_T]:
        """Cancels after so many seconds; the failure becomes a TimeoutError, or whatever
        ``onTimeoutCancel(result, timeout)`` makes of it.
        """
        expired: list[bool] = []

        def expire() -> None:
            expired.append(True)
            self.cancel()

        call = clock.callLater(timeout, expire)

        def settle(result: Any) -> Any:
            if call.active():
                call.cancel()
            if not expired:
                return result
            if onTimeoutCancel is not None:
                return onTimeoutCancel(result, timeout)
            if isinstance(result, Failure):
                result.trap(CancelledError)
                raise TimeoutError(timeout, "Deferred")
            return result

        self.addBoth(settle)
        return self

    # Giving the result

    def callback(self, result: Any = None) -> None:
        """Gives the result, and runs the chain."""
        if isinstance(result, Deferred):
            raise TypeError("a Deferred cannot be the result of another")
        if self.called:
            return self._again()
        self.called = True
        self.result, self._canceller = result, None
        self._run()

    def errback(self, fail: Failure | BaseException | None = None) -> None:
        """Gives a failure as the result: a Failure, an exception, or the one being handled."""
        self.callback(fail if isinstance(fail, Failure) else Failure(fail))

    def _again(self) -> None:
        """A second result has come."""
        if not self._ignoreNextResult:
            raise AlreadyCalledError(*filter(None, [self._made]))
        self._ignoreNextResult = False

    # Holding it up

    def pause(self) -> None:
        """Runs no further stage until :meth:`unpause` was called as often."""
        self.paused += 1

    def unpause(self) -> None:
        """Takes one :meth:`pause` back."""
        self.paused -= 1
        if not self.paused and self.called:
            self._run()

    def cancel(self) -> None:
        """Asks for no result any more.

        The canceller may give one; otherwise the result is a CancelledError, and what comes later
        is ignored. If the chain waits for another Deferred, that one is cancelled.
        """
        if not self.called:
            if self._canceller is not None:
                self._canceller(self)
            else:
                self._ignoreNextResult = True
            if not self.called:
                self.errback(CancelledError())
        elif isinstance(self.result, Deferred):
            self.result.cancel()

    # Running the chain

    def _run(self) -> None:
        if self._running or self.paused:
            return
        current: Deferred[Any] = self
        # Those to go on with; no recursion, since chains of waiting Deferreds may be long.
        ready: list[Deferred[Any]] | None = None
        while True:
            if current._unhandled is not None:
                current._handled()
            steps, result = current._steps, current.result
            failing, current._running = isinstance(result, Failure), True
            done = 0  # of them, and of those that are appended meanwhile
            try:
                for function, errback, args, keywords, failed, named in steps:
                    done += 1
                    if failing:
                        function, args, keywords = errback, failed, named
                    if function is None:
                        continue
                    if function is wait_for:
                        waiter: Deferred[Any] = args
                        waiter.result, current.result = result, None
                        waiter.paused -= 1
                        # Who waited goes on first, then what is left here.
                        ready, failing = ready or [], False
                        ready += [current, waiter] if done < len(steps) else [waiter]
                        break
                    try:
                        if args or keywords:
                            result = function(result, *(args or ()), **(keywords or {}))
                        else:
                            result = function(result)
                    except BaseException:
                        result = Failure()
                    if result is None:
                        failing = False
                    else:
                        if isinstance(result, Deferred):
                            inner = result
                            if current._wait(inner):
                                current.result, failing = inner, False
                                break
                            result, inner.result = inner.result, None
                            if inner is current:
                                result = Failure(RuntimeError(_ITSELF))
                        failing = isinstance(result, Failure)
                    current.result = result
                else:
                    steps.clear()
                    done = 0
            finally:
                current._running = False
                if done:
                    del steps[:done]
            if failing and isinstance(result, Failure) and not steps:
                current._unhandled = Unhandled(result, current._made)
            while ready and (ready[-1]._running or ready[-1].paused):
                ready.pop()  # it goes on by itself
            if not ready:
                return
            current = ready.pop()

    def _wait(self, inner: Deferred[Any]) -> bool:
        """Waits for another's result, unless that is there."""
        if inner is self:
            return False
        if inner.called and not (inner.paused or inner._steps or inner._running):
            if not isinstance(inner.result, Deferred):
                inner._handled()
                return False
        self.paused += 1
        inner._steps.append((wait_for, wait_for, self, None, self, None))
        return True

    def _handled(self) -> None:
        """What was the end of the chain is none any more."""
        unhandled, self._unhandled = self._unhandled, None
        if unhandled is not None:
            unhandled.failure = None

    def __repr__(self) -> str:
        state = f" current result: {self.result!r}" if self.called else ""
        if self.called and isinstance(self.result, Deferred):
            state = f" waiting on Deferred at {id(self.result):#x}"
        return f"<{type(self).__name__} at {id(self):#x}{state}>"

    # Coroutines and futures

    def __await__(self) -> Generator[Any, None, _T]:
        # In a task of asyncio that loop has to see one of its own futures; elsewhere whoever
        # drives the coroutine gets the Deferred itself.
        asyncio: Any = sys.modules.get("asyncio")
        if asyncio is not None:
            running = asyncio._get_running_loop()
            if running and asyncio.current_task(running):
                return (yield from self.asFuture(running))
        settled: list[Any] = []
        self.addBoth(settled.append)
        while not settled:
            yield self
        if isinstance(settled[0], Failure):
            settled[0].raiseException()
        return cast(_T, settled[0])

    __iter__ = __await__

    def asFuture(self, loop: AbstractEventLoop) -> Future[_T]:
        """Makes a future of a loop of asyncio's; cancelling that cancels this."""
        return as_future(self, loop)

    @classmethod
    def fromCoroutine(cls, coro: Any) -> Deferred[Any]:
        """Runs a coroutine: see :func:`ensureDeferred`."""
        if isinstance(coro, Deferred):
            raise NotACoroutineError(f"{coro!r} is no coroutine")
        return ensureDeferred(coro)

    @classmethod
    def fromFuture(cls, future: Future[Any]) -> Deferred[Any]:
        """Makes a Deferred of a future of asyncio's; cancelling that cancels the future."""
        return from_future(cls, future)


def succeed(result: _T) -> Deferred[_T]:
    """A Deferred that has its result."""
    d: Deferred[_T] = Deferred()
    d.callback(result)
    return d


def fail(result: Failure | BaseException | None = None) -> Deferred[Any]:
    """A Deferred that has failed."""
    d: Deferred[Any] = Deferred()
    d.errback(result)
    return d


# What needs the above.
from ._calling import (  # noqa: E402
    execute,
    getDebugging,
    logError,
    maybeDeferred,
    passthru,
    setDebugging,
    stack,
)
from ._coroutines import NotACoroutineError, ensureDeferred, inlineCallbacks, returnValue  # noqa: E402
from ._futures import as_future, from_future  # noqa: E402
from ._gathering import (  # noqa: E402
    FAILURE,
    SUCCESS,
    DeferredList,
    FailureGroup,
    FirstError,
    gatherResults,
    race,
)
from ._locks import (  # noqa: E402
    DeferredLock,
    DeferredQueue,
    DeferredSemaphore,
    QueueOverflow,
    QueueUnderflow,
)
