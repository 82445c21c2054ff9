"""A word for programs of asyncio's that use the reactor's module, and have nobody drive it."""

from __future__ import annotations

import sys
import warnings
import weakref
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .reactors import Reactor

#: Seconds after which who wants to drive it has begun to.
PATIENCE = 1.0

#: By reactor: the loop in which somebody looks if it is driven, or has told that it is not; and weakly,
#: for a program may have one loop after the other.
_watched: weakref.WeakKeyDictionary[Reactor, weakref.ref[Any]] = weakref.WeakKeyDictionary()

_TEXT = (
    "plait.internet.reactor was asked for this, and nobody runs it: what asyncio runs are the reactors"
    " of plait.aio. Use aio.connect, aio.listen or aio.getReactor(), or have the loop drive this one by"
    " `async with aio.driving(reactor):`"
)


def watch(reactor: Reactor) -> None:
    """A reactor that does not run is asked for something: if a loop of asyncio's runs instead, and still
    does in a while, when the reactor has something to do and was not turned, the program is told, once for
    each loop.
    """
    # Nothing is imported here: asyncio takes long.
    asyncio = sys.modules.get("asyncio")
    running = None if asyncio is None else getattr(asyncio, "_get_running_loop", None)
    loop = None if running is None else running()
    if loop is None:
        return
    known = _watched.get(reactor)
    if known is None or known() is not loop:
        _watched[reactor] = weakref.ref(loop)
        loop.call_later(PATIENCE, _look, reactor, *_asker())


def _asker() -> tuple[str, int]:
    """The line of the program that asks."""
    frame: Any = sys._getframe(1)
    between = ("plait.", "contextlib", "asyncio.")
    while frame.f_back is not None and frame.f_globals.get("__name__", "").startswith(between):
        frame = frame.f_back
    return frame.f_code.co_filename, frame.f_lineno


def _look(reactor: Reactor, filename: str, line: int) -> None:
    waiting = reactor.ports or reactor.connectors or reactor.attempts or reactor.delayed
    if reactor.running or reactor.wasTurned or not waiting:
        _watched.pop(reactor, None)
    else:
        warnings.warn_explicit(_TEXT, RuntimeWarning, filename, line)
