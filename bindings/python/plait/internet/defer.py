"""Results that come later: Twisted's ``twisted.internet.defer``."""

from __future__ import annotations

import logging
import sys
from collections.abc import Callable, Generator
from typing import TYPE_CHECKING, Any, Generic, TypeVar, cast

from ..python.failure import Failure
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
_log = logging.getLogger("plait")


class AlreadyCalledError(Exception):
    """A Deferred was given a second result."""


class CancelledError(Exception):
    """A Deferred was cancelled, and nothing else was made of that."""


class _Step:
    """One stage of a chain: what to call with a value, and what with a failure.

    None stands for handing on. A stage with a ``waiter`` gives the result to that Deferred instead,
    which is suspended until then.
    """

    __slots__ = ("callback", "errback", "waiter")

    def __init__(
        self,
        callback: Callable[[Any], Any] | None,
        errback: Callable[[Any], Any] | None,
        waiter: Deferred[Any] | None = None,
    ) -> None:
        self.callback, self.errback, self.waiter = callback, errback, waiter


def _bound(function: Callable[..., Any], args: Any, keywords: Any) -> Callable[[Any], Any]:
    return lambda result: function(result, *(args or ()), **(keywords or {}))


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

    def __init__(self, canceller: Callable[[Deferred[Any]], None] | None = None) -> None:
        self._steps: list[_Step] = []
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
        if callbackArgs or callbackKeywords:
            callback = callback and _bound(callback, callbackArgs, callbackKeywords)
        if errbackArgs or errbackKeywords:
            errback = errback and _bound(errback, errbackArgs, errbackKeywords)
        self._steps.append(_Step(callback, errback))
        if self.called:
            self._run()
        return self

    def addCallback(self, callback: Callable[..., Any], *args: Any, **kw: Any) -> Deferred[Any]:
        """Appends a function for values."""
        return self.addCallbacks(callback, None, args, kw)

    def addErrback(self, errback: Callable[..., Any], *args: Any, **kw: Any) -> Deferred[Any]:
        """Appends a function for failures; it gets a Failure."""
        return self.addCallbacks(None, errback, None, None, args, kw)

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
        self._start(result)

    def errback(self, fail: Failure | BaseException | None = None) -> None:
        """Gives a failure as the result: a Failure, an exception, or the one being handled."""
        self._start(fail if isinstance(fail, Failure) else Failure(fail))

    def _start(self, result: Any) -> None:
        if self.called:
            if self._ignoreNextResult:
                self._ignoreNextResult = False
                return
            raise AlreadyCalledError(*filter(None, [self._made]))
        self.called = True
        self.result = result
        self._canceller = None
        self._run()

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
        # A list of those to go on with, and no recursion: chains of waiting Deferreds may be long.
        ready: list[Deferred[Any]] = [self]
        while ready:
            current = ready.pop()
            if current._running or current.paused:
                continue
            current._running = True
            try:
                while current._steps:
                    step = current._steps.pop(0)
                    if step.waiter is None:
                        if current._take(step):
                            break
                        continue
                    waiter = step.waiter
                    waiter.result, current.result = current.result, None
                    waiter.paused -= 1
                    # Who waited goes on first, then what is left here.
                    ready += (current, waiter)
                    break
            finally:
                current._running = False

    def _take(self, step: _Step) -> bool:
        """Runs a stage; tells whether the chain has to wait for the Deferred that it returned."""
        function = step.errback if isinstance(self.result, Failure) else step.callback
        if function is None:
            return False
        try:
            result = function(self.result)
        except BaseException:
            result = Failure()
        if result is self:
            result = Failure(RuntimeError("a callback returned the Deferred that it belongs to"))
        self.result = result
        return isinstance(result, Deferred) and self._wait(result)

    def _wait(self, inner: Deferred[Any]) -> bool:
        settled = inner.called and not inner.paused and not inner._steps and not inner._running
        if settled and not isinstance(inner.result, Deferred):
            self.result, inner.result = inner.result, None
            return False
        self.paused += 1
        inner._steps.append(_Step(None, None, self))
        return True

    def __del__(self) -> None:
        if self.called and isinstance(self.result, Failure) and not sys.is_finalizing():
            failure = self.result
            _log.error(
                "Unhandled error in Deferred: %s%s",
                failure.getErrorMessage(),
                self._made and f"\n{self._made}",
                exc_info=(failure.type, failure.value, failure.tb),
            )

    def __repr__(self) -> str:
        state = ""
        if self.called:
            state = f" current result: {self.result!r}"
            if isinstance(self.result, Deferred):
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
from ._coroutines import (  # noqa: E402
    NotACoroutineError,
    ensureDeferred,
    inlineCallbacks,
    returnValue,
)
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
