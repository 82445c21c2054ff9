"""Deferreds of what functions return and raise."""

from __future__ import annotations

import logging
from collections.abc import Callable
from types import CoroutineType
from typing import Any, TypeVar

from ..python.failure import Failure
from .defer import Deferred, fail, succeed

_T = TypeVar("_T")
_log = logging.getLogger("plait")


def maybeDeferred(f: Callable[..., Any], *args: Any, **kwargs: Any) -> Deferred[Any]:
    """Calls a function, and makes a Deferred of whatever it returns or raises."""
    try:
        result = f(*args, **kwargs)
    except BaseException:
        return fail(Failure(captureVars=False))
    if isinstance(result, Deferred):
        return result
    if isinstance(result, CoroutineType):
        return Deferred.fromCoroutine(result)
    return fail(result) if isinstance(result, Failure) else succeed(result)


def execute(callable: Callable[..., Any], *args: Any, **kwargs: Any) -> Deferred[Any]:
    """Calls a function; the Deferred has what it returned, or raised."""
    try:
        return succeed(callable(*args, **kwargs))
    except BaseException:
        return fail()


def passthru(arg: _T) -> _T:
    """Gives back what it gets: for chains that need a function where nothing is to be done."""
    return arg


def logError(err: Failure) -> Failure:
    """An errback that logs the failure, and hands it on."""
    _log.error("Unhandled error", exc_info=(err.type, err.value, err.tb))
    return err


def setDebugging(on: bool) -> None:
    """Sets whether each Deferred keeps where it was made, and tells of it when something is wrong
    with it. That makes them slow.
    """
    Deferred.debug = bool(on)


def getDebugging() -> bool:
    """What :func:`setDebugging` has set."""
    return Deferred.debug


def stack() -> str:
    """Where a Deferred is being made."""
    import traceback

    return "It was made here:\n" + "".join(traceback.format_stack()[:-2])
