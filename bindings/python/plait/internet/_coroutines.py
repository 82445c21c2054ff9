"""Generators and coroutines that wait for Deferreds."""

from __future__ import annotations

import functools
import logging
from collections.abc import Callable, Coroutine, Generator
from contextvars import copy_context
from types import CoroutineType, GeneratorType
from typing import Any, NoReturn, TypeVar, Union

from ..python.failure import Failure
from .defer import Deferred

_T = TypeVar("_T")
_Waits = Union[Coroutine[Any, Any, _T], Generator[Any, Any, _T]]
_log = logging.getLogger("plait")


class NotACoroutineError(TypeError):
    """A coroutine was wanted, and something else was given."""


class Returned(BaseException):
    """What :func:`returnValue` leaves a generator by."""

    def __init__(self, value: Any) -> None:
        super().__init__(value)
        self.value = value


_NOBODY: Deferred[Any] = Deferred()


class Driver:
    """Runs a generator or a coroutine from one Deferred that it waits for to the next.

    :ivar deferred: has its result. Cancelling that cancels what is waited for: what the generator
        makes of the CancelledError it gets is the result.
    """

    __slots__ = ("__weakref__", "_context", "_waiting", "_work", "deferred")

    def __init__(self, work: Any) -> None:
        self._work = work
        self._context = copy_context()
        self._waiting: Any = None
        self.deferred: Deferred[Any] = Deferred(self._cancel)

    def run(self, result: Any = None) -> None:
        """Goes on with a result, as far as there is one for whatever is waited for."""
        while True:
            waited: Any = None
            ended = True
            try:
                waited = self._context.run(_resume, self._work, result)
                ended = False
            except StopIteration as stopped:
                result = stopped.value
            except Returned as returned:
                result = returned.value
            except BaseException:
                result = Failure()
            if ended:
                # Outside of the handlers: callbacks have nothing to do with these exceptions.
                self._finish(result)
                return
            if isinstance(waited, CoroutineType):
                waited = ensureDeferred(waited)
            if isinstance(waited, Deferred):
                arrived = self._wait(waited)
                if not arrived:
                    return
                result = arrived[0]
            elif getattr(waited, "_asyncio_future_blocking", False):
                # A coroutine waits for something of asyncio's, which asks for its result itself.
                waited._asyncio_future_blocking = False
                self._waiting = waited
                waited.add_done_callback(self._done)
                return
            else:
                result = waited

    def _wait(self, waited: Deferred[Any]) -> list[Any]:
        """Waits; gives the result in a list, if it is there already."""
        self._waiting = waited
        arrived: list[Any] = []
        here = True

        def arrive(result: Any) -> None:
            self._waiting = None
            if here:
                arrived.append(result)
            else:
                self.run(result)

        waited.addBoth(arrive)
        here = False
        return arrived

    def _done(self, future: Any) -> None:
        self._waiting = None
        self.run()

    def _finish(self, result: Any) -> None:
        # Its canceller has a way here; there is none back any more.
        done, self.deferred = self.deferred, _NOBODY
        if isinstance(result, Deferred):
            done.errback(TypeError(f"{self._work!r} returned a Deferred: wait for it"))
        elif isinstance(result, Failure):
            done.errback(result)
        else:
            done.callback(result)

    def _cancel(self, deferred: Deferred[Any]) -> None:
        # The result is what the generator makes of it, maybe later.
        after: Deferred[Any] = Deferred(self._cancel)
        self.deferred = after
        deferred._steps.insert(0, (lambda ignored: after, None, None, None, None, None))
        deferred.callback(None)
        if self._waiting is not None:
            self._waiting.cancel()


def _resume(work: Any, result: Any) -> Any:
    if isinstance(result, Failure):
        return result.throwExceptionIntoGenerator(work)
    return work.send(result)


def inlineCallbacks(
    f: Callable[..., Generator[Any, Any, _T]],
) -> Callable[..., Deferred[_T]]:
    """Makes a function that gives a Deferred out of one that yields Deferreds.

    Where the function yields a Deferred it goes on with that one's result, or with an exception
    where that failed; anything else it yields it gets back at once. What it returns is the result.

    >>> @inlineCallbacks
    ... def total():
    ...     first = yield succeed(1)
    ...     second = yield succeed(2)
    ...     return first + second
    >>> from plait.internet.defer import succeed
    >>> total().addCallback(print).result
    3
    """

    @functools.wraps(f)
    def start(*args: Any, **kwargs: Any) -> Deferred[_T]:
        try:
            generator = f(*args, **kwargs)
        except Returned:
            raise TypeError(
                f"inlineCallbacks needs {f!r} to be a generator; it uses returnValue and yields nothing"
            ) from None
        if not isinstance(generator, GeneratorType):
            raise TypeError(f"inlineCallbacks needs {f!r} to be a generator; it gave {generator!r}")
        return drive(generator)

    return start


def returnValue(val: Any) -> NoReturn:
    """Leaves a function of :func:`inlineCallbacks`; ``return`` does the same."""
    raise Returned(val)


def drive(work: _Waits[_T]) -> Deferred[_T]:
    """Runs a generator or a coroutine; the Deferred has its result."""
    driver = Driver(work)
    made = driver.deferred
    driver.run()
    return made


def ensureDeferred(coro: _Waits[_T] | Deferred[_T]) -> Deferred[_T]:
    """Runs a coroutine; the Deferred has its result. A Deferred is given back as it is.

    The coroutine may await Deferreds, and where a loop of asyncio's runs, what that one offers.

    >>> from plait.internet.defer import succeed
    >>> async def total():
    ...     return await succeed(1) + await succeed(2)
    >>> ensureDeferred(total()).addCallback(print).result
    3

    :raises NotACoroutineError: if it is neither.
    """
    if isinstance(coro, Deferred):
        return coro
    if isinstance(coro, (CoroutineType, GeneratorType)):
        return drive(coro)
    raise NotACoroutineError(f"{coro!r} is no coroutine, and no Deferred")
