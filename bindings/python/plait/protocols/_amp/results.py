"""What responders return: a result now, or one that comes later."""

from __future__ import annotations

import sys
from collections.abc import Callable, Coroutine
from types import CoroutineType
from typing import Any

from ...internet.defer import Deferred, fail, succeed
from ...python.failure import Failure


def outcome(function: Callable[..., Any], arguments: dict[str, Any]) -> Deferred[Any]:
    """Calls a function, and makes a Deferred of what it returns or raises."""
    try:
        result = function(**arguments)
    except Exception:
        return fail(Failure())
    return later(result) or succeed(result)


def later(result: Any) -> Deferred[Any] | None:
    """A Deferred for a result that comes later, whatever stands for it; None for one that is there.

    It may be a Deferred (also one of Twisted's), a Failure, a coroutine or a future of asyncio's.
    """
    if isinstance(result, Deferred):
        return result
    if isinstance(result, Failure):
        return fail(result)
    if isinstance(result, CoroutineType):
        return _task(result)
    if hasattr(result, "add_done_callback"):
        return Deferred.fromFuture(result)
    if hasattr(result, "addCallbacks"):
        foreign: Any = result
        made: Deferred[Any] = Deferred(lambda _: foreign.cancel())
        foreign.addCallbacks(made.callback, lambda failure: made.errback(failure.value))
        return made
    return None


def own(reason: Any) -> Failure:
    """A Failure of ours for one of Twisted's."""
    if isinstance(reason, Failure):
        return reason
    return Failure(getattr(reason, "value", reason))


def _task(coroutine: Coroutine[Any, Any, Any]) -> Deferred[Any]:
    asyncio = sys.modules.get("asyncio")
    if asyncio is not None and asyncio._get_running_loop() is not None:
        return Deferred.fromFuture(asyncio.ensure_future(coroutine))
    return _Driven(coroutine).done


class _Driven:
    """A coroutine that waits for Deferreds, where no loop of asyncio's runs."""

    def __init__(self, coroutine: Coroutine[Any, Any, Any]) -> None:
        self._coroutine = coroutine
        self._waits: Deferred[Any] | None = None
        self.done: Deferred[Any] = Deferred(self._cancel)
        self._step()

    def _step(self, _: Any = None) -> None:
        # What the Deferred came to was kept by its __await__, which hands it on or raises it.
        try:
            waits: Any = self._coroutine.send(None)
        except StopIteration as stop:
            self._end(self.done.callback, stop.value)
        except Exception:
            self._end(self.done.errback, Failure())
        else:
            self._waits = waits
            waits.addBoth(self._step)

    def _end(self, tell: Callable[[Any], None], result: Any) -> None:
        if not self.done.called:
            tell(result)

    def _cancel(self, _: Any) -> None:
        if self._waits is not None:
            self._waits.cancel()
