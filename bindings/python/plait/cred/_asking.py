"""Results of objects that may be somebody else's: Twisted's Deferreds are as good as ours."""

from __future__ import annotations

from typing import Any, Callable

from ..internet.defer import Deferred, maybeDeferred


def ask(f: Callable[..., Any], *args: Any) -> Deferred[Any]:
    """Calls a function; a Deferred has what it gave, raised, or gives later by a Deferred of any kind."""
    done = maybeDeferred(f, *args)
    return done.addCallback(_ours)


def _ours(result: Any) -> Any:
    if isinstance(result, Deferred) or not hasattr(result, "addCallbacks"):
        return result
    made: Deferred[Any] = Deferred()
    result.addCallbacks(made.callback, lambda problem: made.errback(problem.value))
    return made
