"""Which reactor it is where none is given."""

from __future__ import annotations

import os
import sys
import threading
from typing import Any


class _Running(threading.local):
    """This thread's reactors that run, the latest last."""

    def __init__(self) -> None:
        self.reactors: list[Any] = []


_running = _Running()


def _forget() -> None:
    global _running
    _running = _Running()


if hasattr(os, "register_at_fork"):
    # The parent's reactors do not run in a child.
    os.register_at_fork(after_in_child=_forget)


def began(reactor: Any) -> None:
    """A reactor runs in this thread from now on."""
    _running.reactors.append(reactor)


def ended(reactor: Any) -> None:
    """It runs no more."""
    if reactor in _running.reactors:
        _running.reactors.remove(reactor)


def current() -> Any:
    """The reactor that runs in this thread, be it that a loop of asyncio's drives it; else the
    program's own, as the module.

    In a coroutine of asyncio's, of a program that uses :mod:`plait.aio`, that is the one of
    :func:`plait.aio.getReactor`.
    """
    from . import reactor as own

    loops = sys.modules.get("plait.aio._loops")
    # Nothing is imported here: asyncio takes long.
    loop = None if loops is None else loops.asyncio._get_running_loop()
    if loops is not None and loop is not None:
        driven = loops._reactors.get(loop)
        if driven is not None:
            return own if driven is own._reactor else driven
        if not _running.reactors:
            return loops.getReactor()
    if _running.reactors and _running.reactors[-1] is not own._reactor:
        return _running.reactors[-1]
    return own
