"""What the calls that a reactor promises have in common with those that a clock for tests promises."""

from __future__ import annotations

from typing import Any, Callable

from .error import AlreadyCalled, AlreadyCancelled


def called(function: Any) -> Callable[..., Any]:
    """A function that is called later.

    :raises TypeError: if it is none: then nobody would know who has given it.
    """
    if not callable(function):
        raise TypeError(f"not callable: {function!r}")
    made: Callable[..., Any] = function
    return made


class Promised:
    """A call that is still to come, was made, or was cancelled.

    :ivar func: what is called, with ``args`` and ``kw``.
    :ivar time: when it is due.
    """

    __slots__ = ("_state", "args", "func", "kw", "time")

    time: float

    def __init__(self, function: Callable[..., Any], args: Any, keywords: Any) -> None:
        self.func, self.args, self.kw = called(function), args, keywords
        self._state: type[ValueError] | None = None

    def getTime(self) -> float:
        """When the call is due, on the clock of ``seconds()``."""
        return self.time

    def active(self) -> bool:
        """Whether the call is still to come."""
        return self._state is None

    @property
    def called(self) -> bool:
        """Whether the call was made."""
        return self._state is AlreadyCalled

    @property
    def cancelled(self) -> bool:
        """Whether the call was cancelled."""
        return self._state is AlreadyCancelled

    def _insist(self) -> None:
        if self._state is not None:
            raise self._state()
