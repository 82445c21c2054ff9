"""Deferreds and asyncio's futures, each made of the other."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from asyncio import AbstractEventLoop, Future

    from ..python.failure import Failure
    from .defer import Deferred

_T = TypeVar("_T")


def as_future(deferred: Deferred[_T], loop: AbstractEventLoop) -> Future[_T]:
    """A future that has a Deferred's result; cancelling it cancels that."""
    future: Future[_T] = loop.create_future()

    def succeeded(result: _T) -> None:
        if not future.done():
            future.set_result(result)

    def failed(failure: Failure) -> None:
        if not future.done():
            value = failure.value
            if isinstance(value, StopIteration):
                # No future takes it, for to raise it in a coroutine would mean its end.
                value = RuntimeError(f"a Deferred failed with {value!r}")
                value.__cause__ = failure.value
            future.set_exception(value)

    def ended(future: Future[_T]) -> None:
        if future.cancelled():
            deferred.cancel()

    future.add_done_callback(ended)
    deferred.addCallbacks(succeeded, failed)
    return future


def from_future(kind: type[Deferred[Any]], future: Future[Any]) -> Deferred[Any]:
    """A Deferred that has a future's result; cancelling it cancels that."""

    def ended(future: Future[Any]) -> None:
        try:
            result = future.result()
        except BaseException:
            deferred.errback()
        else:
            deferred.callback(result)

    def cancelled(deferred: Deferred[Any]) -> None:
        # The future tells of its end in a later turn; this result must be there at once.
        future.remove_done_callback(ended)
        future.cancel()

    deferred: Deferred[Any] = kind(cancelled)
    future.add_done_callback(ended)
    return deferred
