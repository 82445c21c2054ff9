"""Plait in asyncio's company: its protocols and endpoints on a loop of asyncio's, or of uvloop's.

The running loop watches the one descriptor of a reactor, and turns it when that is readable::

    async def main():
        port = await aio.listen("tcp:8080:interface=127.0.0.1", Factory.forProtocol(Echo))
        client = await aio.connect("tcp:127.0.0.1:8080", Factory.forProtocol(Client))

    asyncio.run(main())

Every Deferred can be awaited. Twisted's counterpart is its ``asyncioreactor``, which takes the
place of its reactor instead.
"""

from __future__ import annotations

import asyncio
import weakref
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from ctypes import byref, c_int
from typing import TYPE_CHECKING, Any

from ._native import functions
from .internet._reasons import check
from .internet.endpoints import clientFromString, serverFromString
from .internet.reactors import Reactor

if TYPE_CHECKING:
    from .internet.ports import Port

__all__ = ["connect", "driving", "getReactor", "listen"]

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
                chosen.shutdown()
    finally:
        _detach(loop, chosen)
        if reactor is None:
            chosen.close()


async def listen(endpoint: str, factory: Any) -> Port:
    """Accepts connections where an endpoint string says, and has the factory build protocols."""
    return await serverFromString(getReactor(), endpoint).listen(factory)


async def connect(endpoint: str, factory: Any) -> Any:
    """Connects to where an endpoint string says; the result is the protocol that the factory built.

    Cancelling the task that waits gives the attempt up.
    """
    made: list[Any] = []
    deferred = clientFromString(getReactor(), endpoint).connect(factory)
    deferred.addCallback(made.append)
    try:
        await deferred
    except asyncio.CancelledError:
        # It may have been made between the cancelling and now, and would be nobody's.
        for protocol in made:
            protocol.transport.abortConnection()
        raise
    return made[0]


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
    if reactor.host is not None:
        reactor.shutdown()
        _detach(loop, reactor)


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
