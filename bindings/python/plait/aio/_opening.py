"""Listening and connecting, for coroutines."""

from __future__ import annotations

import asyncio
import inspect
import logging
from collections.abc import AsyncIterator, Awaitable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import TYPE_CHECKING, Any, Callable, TypeVar, overload

from ..internet._factories import factory_of
from ..internet.endpoints import clientFromString, serverFromString
from ..internet.protocol import Factory
from ._loops import getReactor

if TYPE_CHECKING:
    from ..internet.interfaces import IProtocolFactory
    from ..internet.ports import Port

_P = TypeVar("_P")
_log = logging.getLogger("plait")


def _factory(given: Any) -> Any:
    """A factory, of what may be a class of protocols."""
    isOne = hasattr(given, "buildProtocol") or not callable(given) or inspect.iscoroutinefunction(given)
    if not isOne:
        return Factory.forProtocol(given)
    return factory_of(given, also=", or a class of protocols")


async def listen(endpoint: str, factory: Callable[[], Any] | IProtocolFactory) -> Port:
    """Accepts connections where an endpoint string says, and has the factory build protocols.

    :param factory: a factory, or a class of protocols.
    :raises ValueError: if the string is malformed, or lacks something.
    :raises TypeError: if the factory is none, nor a class.
    :raises CannotListenError: if the address cannot be had; an ``OSError``.
    :raises SSLConfigurationError: if a certificate or key in a file of the string's cannot be used.
    :raises FileNotFoundError: if there is no such file.
    :raises RuntimeError: if no loop runs.
    """
    port: Port = await serverFromString(getReactor(), endpoint).listen(_factory(factory))
    return port


@overload
async def connect(endpoint: str, factory: Callable[[], _P]) -> _P: ...


@overload
async def connect(endpoint: str, factory: IProtocolFactory) -> Any: ...


async def connect(endpoint: str, factory: Any) -> Any:
    """Connects to where an endpoint string says; the result is the protocol that the factory built.

    Cancelling the task that waits gives the attempt up.

    >>> import asyncio
    >>> from plait import aio
    >>> async def main():
    ...     try:
    ...         await aio.connect("tcp:127.0.0.1:1", aio.Lines)
    ...     except ConnectionRefusedError as error:
    ...         print(error)
    >>> asyncio.run(main())
    could not connect to tcp:127.0.0.1:1: the connection was refused (error 111)

    :param factory: a factory, or a class of protocols.
    :raises ValueError: if the string is malformed, or lacks something.
    :raises TypeError: if the factory is none, nor a class.
    :raises ConnectError: if nobody can be reached: a ConnectionRefusedError, a TimeoutError (after the
        string's ``timeout``, or 30 seconds), a NoRouteError and others of :mod:`plait.internet.error`,
        all of them an ``OSError``.
    :raises DNSLookupError: if the host's name leads nowhere; an ``OSError``, too.
    :raises SSLError: if TLS comes to nothing, VerificationError if that is because of the peer's
        certificate; both are a ``ConnectionError``.
    :raises SSLConfigurationError: if a certificate or key in a file of the string's cannot be used.
    :raises FileNotFoundError: if there is no such file.
    :raises NoProtocol: if the factory builds none.
    :raises RuntimeError: if no loop runs.
    """
    made: list[Any] = []
    deferred = clientFromString(getReactor(), endpoint).connect(_factory(factory))
    deferred.addCallback(made.append)
    try:
        await deferred
    except asyncio.CancelledError:
        # It may have been made between the cancelling and now, and would be nobody's.
        for protocol in made:
            protocol.transport.abortConnection()
        raise
    return made[0]


@asynccontextmanager
async def listening(
    endpoint: str, factory: Callable[[], Any] | IProtocolFactory
) -> AsyncIterator[Port]:
    """As :func:`listen`; in the end nothing more is accepted. Connections that there are go on.

    :raises CannotListenError: and what else :func:`listen` raises.
    """
    port = await listen(endpoint, factory)
    try:
        yield port
    finally:
        await port.stopListening()


@overload
def connected(endpoint: str, factory: Callable[[], _P]) -> AbstractAsyncContextManager[_P]: ...


@overload
def connected(endpoint: str, factory: IProtocolFactory) -> AbstractAsyncContextManager[Any]: ...


@asynccontextmanager
async def connected(endpoint: str, factory: Any) -> AsyncIterator[Any]:
    """As :func:`connect`; in the end the connection is closed, and its end waited for. If the block
    is left by an exception it is ended at once.

    :raises ConnectError: and what else :func:`connect` raises. The end of the connection raises nothing,
        for whatever reason it comes: who reads or drains is told.
    """
    protocol = await connect(endpoint, factory)
    transport = protocol.transport
    end = asyncio.get_running_loop().create_future()

    def ended(reason: Any) -> None:
        if not end.done():
            end.set_result(None)

    if transport.connected:
        transport.whenEnded(ended)
    else:
        ended(None)
    try:
        yield protocol
        transport.loseConnection()
        await end
    except BaseException:
        transport.abortConnection()
        raise


@overload
def serving(
    endpoint: str, factory: Callable[[], _P], handle: Callable[[_P], Awaitable[object]]
) -> AbstractAsyncContextManager[Port]: ...


@overload
def serving(
    endpoint: str, factory: IProtocolFactory, handle: Callable[[Any], Awaitable[object]]
) -> AbstractAsyncContextManager[Port]: ...


@asynccontextmanager
async def serving(
    endpoint: str, factory: Any, handle: Callable[[Any], Awaitable[object]]
) -> AsyncIterator[Port]:
    """Accepts connections, and runs a coroutine for each, as a task.

    When the coroutine is done its connection is closed; what it raises is logged, and ends that
    connection alone; if that is the connection's own end, as reading raises it, without a traceback.
    In the end nothing more is accepted, and the tasks are cancelled and waited
    for.

    :param factory: a class of protocols, for example :class:`plait.aio.Lines`, or a factory.
    :param handle: is called with the protocol of each connection, and gives a coroutine.
    :raises TypeError: if it is nothing that could.
    :raises CannotListenError: and what else :func:`listen` raises.
    """
    if not callable(handle) or inspect.isgeneratorfunction(handle) or inspect.isasyncgenfunction(handle):
        raise TypeError(f"a function that gives a coroutine is wanted, not {handle!r}")
    loop = asyncio.get_running_loop()
    tasks: set[asyncio.Task[None]] = set()

    async def talk(protocol: Any) -> None:
        try:
            await handle(protocol)
        except asyncio.CancelledError:
            protocol.transport.abortConnection()
            raise
        except Exception as problem:
            if problem is getattr(getattr(protocol, "_ended", None), "value", None):
                # Any peer can have it so.
                _log.info("A connection has ended in %r: %s", handle, problem)
            else:
                _log.exception("Unhandled error in %r", handle)
            protocol.transport.abortConnection()
        else:
            protocol.transport.loseConnection()

    def build(addr: Any) -> Any:
        protocol = factory.buildProtocol(addr)
        if protocol is not None:
            made = protocol.connectionMade

            def connectionMade() -> None:
                del protocol.connectionMade
                made()
                task = loop.create_task(talk(protocol))
                tasks.add(task)
                task.add_done_callback(tasks.discard)

            protocol.connectionMade = connectionMade
        return protocol

    factory = _factory(factory)
    building: Any = _Building(factory, build)
    port = await listen(endpoint, building)
    try:
        yield port
    finally:
        await port.stopListening()
        for task in list(tasks):
            task.cancel()
        if tasks:
            await asyncio.wait(tasks)


class _Building:
    """A factory with another way to build."""

    def __init__(self, factory: Any, build: Callable[[Any], Any]) -> None:
        self._factory, self.buildProtocol = factory, build

    def __getattr__(self, name: str) -> Any:
        return getattr(self._factory, name)
