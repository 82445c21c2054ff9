"""Reactors that loops of asyncio's drive."""

from __future__ import annotations

import asyncio
import sys
import weakref
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager
from ctypes import byref, c_int
from typing import Any

from .._native import functions
from ..internet._reasons import check
from ..internet.reactors import Reactor

_reactors: weakref.WeakKeyDictionary[asyncio.AbstractEventLoop, Reactor] = (
    weakref.WeakKeyDictionary()
)

#: What closes the reactors of a loop that is shut down.
_keepers: weakref.WeakKeyDictionary[asyncio.AbstractEventLoop, list[AsyncGenerator[None, None]]] = (
    weakref.WeakKeyDictionary()
)


def getReactor() -> Reactor:
    """The reactor that the running loop drives; one is made if there is none.

    It is closed when the loop's asynchronous generators are shut down, as ``asyncio.run`` does in the
    end, or when the loop is garbage. :func:`driving` closes it sooner.

    :raises RuntimeError: if no loop runs.
    """
    loop = asyncio.get_running_loop()
    reactor = _reactors.get(loop)
    if reactor is None:
        reactor = Reactor()
        _attach(loop, reactor)
        disposal: Any = weakref.finalize(loop, _dispose, reactor)
        disposal.atexit = False
        _keepers.setdefault(loop, []).append(_kept(weakref.ref(loop), reactor, disposal))
    return reactor


def _kept(
    weakly: weakref.ref[asyncio.AbstractEventLoop], reactor: Reactor, disposal: Any
) -> AsyncGenerator[None, None]:
    """An asynchronous generator of the running loop's, whose end is the reactor's.

    Loops whose reactors refer to them would never be garbage, but they are told to end such generators.
    """

    async def keep() -> AsyncGenerator[None, None]:
        try:
            yield
        finally:
            loop = weakly()
            # What is garbage together with its loop is disposed of by that.
            if loop is not None and loop.is_running():
                disposal.detach()
                await _end(loop, reactor)

    keeper = keep()
    hooks = sys.get_asyncgen_hooks()
    # With a finalizer, which is the loop's, the generator would keep the loop.
    sys.set_asyncgen_hooks(finalizer=None)
    try:
        keeper.__anext__().send(None)
    except StopIteration:
        pass
    finally:
        sys.set_asyncgen_hooks(*hooks)
    return keeper


@asynccontextmanager
async def driving(reactor: Reactor | None = None) -> AsyncIterator[Reactor]:
    """Has the running loop drive a reactor inside this context: the given one, or a new one.

    In the end ports are closed and connections lost; a new reactor is closed altogether.

    :raises RuntimeError: if no loop runs, or this one drives a reactor already.
    :raises PlaitError: if another thread runs the reactor.
    """
    loop = asyncio.get_running_loop()
    if loop in _reactors:
        raise RuntimeError("this loop drives a reactor already")
    chosen = Reactor() if reactor is None else reactor.getReactor()
    chosen.adopt()
    _attach(loop, chosen)
    try:
        with chosen.driven():
            try:
                yield chosen
            finally:
                if chosen.host is not None:
                    await _shutdown(loop, chosen)
    finally:
        _detach(loop, chosen)
        if reactor is None:
            chosen.close()


async def _shutdown(loop: asyncio.AbstractEventLoop, reactor: Reactor) -> None:
    waits: asyncio.Future[None] = loop.create_future()

    def arrive() -> None:
        if not waits.done():
            waits.set_result(None)

    try:
        if not reactor.events.begin("shutdown", arrive):
            await waits
    finally:
        # Whoever is cancelled does not wait.
        if reactor.host is not None:
            _finish(reactor)


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
    # From now on nobody turns it.
    reactor.running = reactor.wasTurned = False


async def _end(loop: asyncio.AbstractEventLoop, reactor: Reactor) -> None:
    # It may have been closed by the program.
    if reactor.tryToAdopt() == 0:
        if reactor.host is not None:
            await _shutdown(loop, reactor)
            _detach(loop, reactor)
        if not reactor.running:
            reactor.close()


def _dispose(reactor: Reactor) -> None:
    # Whatever thread finds the loop to be garbage.
    if reactor.tryToAdopt() == 0:
        reactor.running = False
        reactor.host = None
        reactor.close()
