"""The program's own reactor: Twisted's ``twisted.internet.reactor``.

It is made when it is first used, and belongs to the thread that runs it. Wherever a function wants
a reactor this module will do. Where asyncio runs, nobody runs this one: see :mod:`plait.aio`; a program
that does not is warned. Programs that want several make
:class:`plait.internet.reactors.Reactor` objects.
"""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING, Any, Callable

if TYPE_CHECKING:
    from .._core.events import Trigger
    from .._core.timers import DelayedCall
    from ..python.threadpool import ThreadPool
    from .defer import Deferred
    from .ports import Connector, Port
    from .reactors import Reactor
    from .ssl import ContextFactory

    #: Whether the reactor runs.
    running: bool

_reactor: Reactor | None = None


def getReactor() -> Reactor:
    """The reactor that this module stands for."""
    global _reactor
    if _reactor is None:
        from .reactors import Reactor

        _reactor = Reactor()
    if not _reactor.running and "asyncio" in sys.modules:
        from ._undriven import watch

        watch(_reactor)
    return _reactor


def _forget() -> None:
    global _reactor
    _reactor = None


if hasattr(os, "register_at_fork"):
    # The parent's reactor would refuse to work in a child.
    os.register_at_fork(after_in_child=_forget)


def __getattr__(name: str) -> Any:
    if name == "running":
        return _reactor is not None and _reactor.running
    if name.startswith("_"):
        raise AttributeError(name)
    return getattr(getReactor(), name)


def run(installSignalHandlers: bool = True) -> None:
    """Runs until :func:`stop`: see :meth:`plait.internet.reactors.Reactor.run`."""
    getReactor().run(installSignalHandlers)


def stop() -> None:
    """Ends :func:`run`."""
    getReactor().stop()


def crash() -> None:
    """Ends :func:`run` and leaves everything open."""
    getReactor().crash()


def iterate(delay: float = 0) -> None:
    """Does what is to be done, waiting so many seconds for it at most."""
    getReactor().iterate(delay)


def seconds() -> float:
    """The time, in seconds since an unspecified moment."""
    return getReactor().seconds()


def callLater(delay: float, callable: Callable[..., Any], *args: Any, **kw: Any) -> DelayedCall:
    """Calls a function so many seconds from now."""
    return getReactor().callLater(delay, callable, *args, **kw)


def getDelayedCalls() -> list[DelayedCall]:
    """The calls that are still to come."""
    return getReactor().getDelayedCalls()


def callFromThread(callable: Callable[..., Any], *args: Any, **kw: Any) -> None:
    """Calls a function in the reactor's thread, in a coming turn. From any thread."""
    getReactor().callFromThread(callable, *args, **kw)


def callWhenRunning(callable: Callable[..., Any], *args: Any, **kw: Any) -> Trigger | None:
    """Calls a function when the reactor starts, or now, if it runs."""
    return getReactor().callWhenRunning(callable, *args, **kw)


def addSystemEventTrigger(
    phase: str, eventType: str, callable: Callable[..., Any], *args: Any, **kw: Any
) -> Trigger:
    """Has a function called before, during or after the startup or the shutdown, once."""
    return getReactor().addSystemEventTrigger(phase, eventType, callable, *args, **kw)


def removeSystemEventTrigger(triggerID: Trigger) -> None:
    """Has a function not be called."""
    getReactor().removeSystemEventTrigger(triggerID)


def fireSystemEvent(eventType: str) -> None:
    """Has the functions for an event called."""
    getReactor().fireSystemEvent(eventType)


def callInThread(callable: Callable[..., Any], *args: Any, **kw: Any) -> None:
    """Calls a function in another thread."""
    getReactor().callInThread(callable, *args, **kw)


def getThreadPool() -> ThreadPool:
    """The threads for :func:`callInThread`."""
    return getReactor().getThreadPool()


def suggestThreadPoolSize(size: int) -> None:
    """Sets how many threads there are at most."""
    getReactor().suggestThreadPoolSize(size)


def resolve(name: str, timeout: Any = None) -> Deferred[str]:
    """Looks an IPv4 address up by its name."""
    return getReactor().resolve(name, timeout)


def setServiceLookup(lookup: Callable[..., Any] | None) -> None:
    """Has a function asked where services are."""
    getReactor().setServiceLookup(lookup)


def listenTCP(port: int, factory: Any, backlog: int = 1024, interface: str = "") -> Port:
    """Accepts TCP connections."""
    return getReactor().listenTCP(port, factory, backlog, interface)


def listenSSL(
    port: int,
    factory: Any,
    contextFactory: ContextFactory,
    backlog: int = 1024,
    interface: str = "",
) -> Port:
    """Accepts TCP connections, and speaks TLS on them."""
    return getReactor().listenSSL(port, factory, contextFactory, backlog, interface)


def connectSSL(
    host: str | bytes,
    port: int | str,
    factory: Any,
    contextFactory: ContextFactory,
    timeout: float | None = 30,
    bindAddress: tuple[str, int] | str | None = None,
) -> Connector:
    """Connects a ClientFactory to a TCP port where TLS is spoken."""
    made = getReactor()
    return made.connectSSL(host, port, factory, contextFactory, timeout, bindAddress)


def listenUNIX(
    address: str | bytes,
    factory: Any,
    backlog: int = 1024,
    mode: int = 0o666,
    wantPID: bool = False,
) -> Port:
    """Accepts connections at a path in the file system."""
    return getReactor().listenUNIX(address, factory, backlog, mode, wantPID)


def connectTCP(
    host: str | bytes,
    port: int | str,
    factory: Any,
    timeout: float | None = 30,
    bindAddress: tuple[str, int] | str | None = None,
) -> Connector:
    """Connects a ClientFactory to a TCP port."""
    return getReactor().connectTCP(host, port, factory, timeout, bindAddress)


def connectUNIX(
    address: str | bytes, factory: Any, timeout: float | None = 30, checkPID: bool = False
) -> Connector:
    """Connects a ClientFactory to a path in the file system."""
    return getReactor().connectUNIX(address, factory, timeout, checkPID)
