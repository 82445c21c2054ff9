"""Reactors that loops of asyncio's drive."""

from __future__ import annotations

import asyncio
import weakref
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from ctypes import byref, c_int
from typing import Any

from .._native import functions
from ..internet._reasons import check
from ..internet.reactors import Reactor

_reactors: weakref.WeakKeyDictionary[asyncio.AbstractEventLoop, Reactor] = (
    weakref.WeakKeyDictionary()
)


def getReactor() -> Reactor:
    """The reactor that the running loop drives; one is made if there is none.

    It is closed when the loop is garbage. :func:`driving` closes it sooner.
    """
    loop = asyncio.get_running_loop()
    reactor = _reactors.get(loop)
    if reactor is None:
        reactor = Reactor()
        _attach(loop, reactor)
        disposal: Any = weakref.finalize(loop, _dispose, reactor)
        disposal.atexit = False
    return reactor


@asynccontextmanager
async def driving(reactor: Reactor | None = None) -> AsyncIterator[Reactor]:
    """Has the running loop drive a reactor inside this context: the given one, or a new one.

    In the end ports are closed and connections lost; a new reactor is closed altogether.
    """
    loop = asyncio.get_running_loop()
    if loop in _reactors:
        raise RuntimeError("this loop drives a reactor already")
    chosen = Reactor() if reactor is None else reactor.getReactor()
    check(functions.reactor_adopt(chosen.handle))
    _attach(loop, chosen)
    try:
        with chosen.driven():
            yield chosen
            if chosen.host is not None:
                waits: asyncio.Future[None] = loop.create_future()
                if not chosen.events.begin("shutdown", lambda: waits.set_result(None)):
                    await waits
                _finish(chosen)
    finally:
        _detach(loop, chosen)
        if reactor is None:
            chosen.close()


def _attach(loop: asyncio.AbstractEventLoop, reactor: Reactor) -> None:
    descriptor = c_int()
    check(functions.reactor_fd(reactor.handle, byref(descriptor)))
    loop.add_reader(descriptor.value, reactor.iterate)
    _reactors[loop] = reactor
    reactor.running = True
    # Weakly, or the loop would never be garbage: the table of reactors would keep it.
    weakly = weakref.ref(loop)

    def stop() -> None:
        found = weakly()
        if found is not None:
            found.call_soon_threadsafe(_stop, found, reactor)

    reactor.host = stop


def _stop(loop: asyncio.AbstractEventLoop, reactor: Reactor) -> None:
    # Whoever asks for it is inside of a callback, where the reactor could not be turned.
    def finish() -> None:
        if reactor.host is not None:
            _finish(reactor)
            _detach(loop, reactor)

    def later() -> None:
        loop.call_soon(finish)

    if reactor.host is not None:
        if reactor.events.begin("shutdown", later):
            finish()


def _finish(reactor: Reactor) -> None:
    reactor.shutdown()
    reactor.events.finish("shutdown")


def _detach(loop: asyncio.AbstractEventLoop, reactor: Reactor) -> None:
    if reactor.host is None:
        return
    descriptor = c_int()
    check(functions.reactor_fd(reactor.handle, byref(descriptor)))
    if not loop.is_closed():
        loop.remove_reader(descriptor.value)
    _reactors.pop(loop, None)
    reactor.host = None
    reactor.running = False


def _dispose(reactor: Reactor) -> None:
    # Whatever thread finds the loop to be garbage.
    if functions.reactor_adopt(reactor.handle) == 0:
        reactor.running = False
        reactor.host = None
        reactor.close()
