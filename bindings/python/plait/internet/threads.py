"""To threads and back: Twisted's ``twisted.internet.threads``."""

from __future__ import annotations

import queue
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, Callable

from ..python.failure import Failure
from ._current import current
from .defer import Deferred, maybeDeferred

if TYPE_CHECKING:
    from ..python.threadpool import ThreadPool
    from .interfaces import IReactorFromThreads

__all__ = [
    "blockingCallFromThread",
    "callMultipleInThread",
    "deferToThread",
    "deferToThreadPool",
]


def deferToThreadPool(
    reactor: IReactorFromThreads,
    threadpool: ThreadPool,
    f: Callable[..., Any],
    *args: Any,
    **kwargs: Any,
) -> Deferred[Any]:
    """Calls a function in a thread of a pool; the Deferred has its result in the reactor's."""
    done: Deferred[Any] = Deferred()

    def arrived(succeeded: bool, result: Any) -> None:
        reactor.callFromThread(done.callback if succeeded else done.errback, result)

    threadpool.callInThreadWithCallback(arrived, f, *args, **kwargs)
    return done


def deferToThread(f: Callable[..., Any], *args: Any, **kwargs: Any) -> Deferred[Any]:
    """Calls a function in a thread of the reactor's pool; the Deferred has its result.

    The reactor is the one that runs in this thread, or else the program's own.
    """
    reactor = current()
    return deferToThreadPool(reactor, reactor.getThreadPool(), f, *args, **kwargs)


def callMultipleInThread(
    tupleList: Iterable[tuple[Callable[..., Any], Any, dict[str, Any]]],
) -> None:
    """Calls several functions in a thread, one after the other."""
    def callAll() -> None:
        for function, args, keywords in tupleList:
            function(*args, **keywords)

    current().callInThread(callAll)


def blockingCallFromThread(
    reactor: IReactorFromThreads, f: Callable[..., Any], *a: Any, **kw: Any
) -> Any:
    """Calls a function in the reactor's thread, from another one, and waits for its result; for that
    of the Deferred, if it gives one.

    >>> import threading
    >>> from plait.internet.reactors import Reactor
    >>> own = Reactor()
    >>> def work():
    ...     print(blockingCallFromThread(own, max, 1, 2))
    ...     own.stop()
    >>> own.callWhenRunning(own.callInThread, work) and None
    >>> own.run()
    2
    >>> own.close()
    """
    answers: queue.SimpleQueue[Any] = queue.SimpleQueue()

    def call() -> None:
        maybeDeferred(f, *a, **kw).addBoth(answers.put)

    reactor.callFromThread(call)
    answer = answers.get()
    if isinstance(answer, Failure):
        answer.raiseException()
    return answer
