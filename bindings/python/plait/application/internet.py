"""Services that listen, connect, and call: Twisted's ``twisted.application.internet``."""

from __future__ import annotations

import logging
from typing import Any, Callable

from ..internet import task
from ..internet._current import current
from ..internet.defer import CancelledError, Deferred, maybeDeferred
from ._client import ClientService, backoffPolicy
from .service import Service

__all__ = [
    "ClientService",
    "CooperatorService",
    "SSLClient",
    "SSLServer",
    "StreamServerEndpointService",
    "TCPClient",
    "TCPServer",
    "TimerService",
    "UNIXClient",
    "UNIXServer",
    "backoffPolicy",
]

_log = logging.getLogger("plait")


def _reactor(chosen: Any) -> Any:
    return current() if chosen is None else chosen


class _Calling(Service):
    """Calls a method of the reactor's when it is started.

    :param reactor: which one; the program's own if left out.
    """

    method = ""

    def __init__(self, *args: Any, reactor: Any = None, **kwargs: Any) -> None:
        self.reactor, self.args, self.kwargs = reactor, args, kwargs

    def _call(self) -> Any:
        return getattr(_reactor(self.reactor), self.method)(*self.args, **self.kwargs)


class _Server(_Calling):
    """Listens while it runs; the arguments are those of the reactor's method."""

    _port: Any = None

    def privilegedStartService(self) -> None:
        """Listens."""
        super().privilegedStartService()
        self._port = self._call()

    def startService(self) -> None:
        """Listens, if it does not yet."""
        super().startService()
        if self._port is None:
            self._port = self._call()

    def stopService(self) -> Deferred[Any] | None:
        """Stops listening."""
        super().stopService()
        port, self._port = self._port, None
        return None if port is None else port.stopListening()


class _Client(_Calling):
    """Connects when it is started; the arguments are those of the reactor's method."""

    _connection: Any = None

    def startService(self) -> None:
        """Connects."""
        super().startService()
        self._connection = self._call()

    def stopService(self) -> None:
        """Ends the connection."""
        super().stopService()
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.disconnect()


class TCPServer(_Server):
    """``reactor.listenTCP`` as a service."""

    method = "listenTCP"


class UNIXServer(_Server):
    """``reactor.listenUNIX`` as a service."""

    method = "listenUNIX"


class SSLServer(_Server):
    """``reactor.listenSSL`` as a service."""

    method = "listenSSL"


class TCPClient(_Client):
    """``reactor.connectTCP`` as a service."""

    method = "connectTCP"


class UNIXClient(_Client):
    """``reactor.connectUNIX`` as a service."""

    method = "connectUNIX"


class SSLClient(_Client):
    """``reactor.connectSSL`` as a service."""

    method = "connectSSL"


class StreamServerEndpointService(Service):
    """Listens at an endpoint while it runs.

    :param endpoint: where.
    :param factory: builds the protocols.
    """

    def __init__(self, endpoint: Any, factory: Any) -> None:
        self.endpoint, self.factory = endpoint, factory
        self._waitingForPort: Deferred[Any] | None = None

    def privilegedStartService(self) -> None:
        """Listens; what goes wrong is logged."""
        self._waitingForPort = maybeDeferred(self.endpoint.listen, self.factory)
        self._waitingForPort.addErrback(self._failed)

    def startService(self) -> None:
        """Listens, if it does not yet."""
        super().startService()
        if self._waitingForPort is None:
            self.privilegedStartService()

    def stopService(self) -> Deferred[Any]:
        """Stops listening, or gives it up."""
        super().stopService()
        waiting, self._waitingForPort = self._waitingForPort, None
        if waiting is None:
            return maybeDeferred(lambda: None)
        waiting.cancel()
        return waiting.addCallback(lambda port: port.stopListening() if port is not None else None)

    def _failed(self, failure: Any) -> None:
        if not failure.check(CancelledError):
            info = (failure.type, failure.value, failure.tb)
            _log.error("Unhandled error in %r", self.endpoint, exc_info=info)


class TimerService(Service):
    """Calls a function again and again while it runs.

    :param step: seconds from one call to the next.
    :ivar clock: what it is timed by, if not the program's reactor.
    """

    clock: Any = None

    def __init__(self, step: float, callable: Callable[..., Any], *args: Any, **kwargs: Any) -> None:
        self.step, self.call = step, (callable, args, kwargs)
        self._loop: task.LoopingCall | None = None

    def startService(self) -> None:
        """Makes the first call."""
        super().startService()
        function, args, keywords = self.call
        self._loop = loop = task.LoopingCall(function, *args, **keywords)
        loop.clock = _reactor(self.clock)
        self._loopFinished = loop.start(self.step, now=True)
        self._loopFinished.addErrback(self._failed)

    def _failed(self, failure: Any) -> None:
        self.running = 0
        info = (failure.type, failure.value, failure.tb)
        _log.error("Unhandled error in %r", self.call[0], exc_info=info)

    def stopService(self) -> Deferred[Any]:
        """Makes no call any more; waits for the one that is under way."""
        loop = self._loop
        if loop is not None and loop.running:
            loop.stop()
        done: Deferred[Any] = Deferred()
        if loop is None:
            done.callback(None)
        else:
            self._loopFinished.addCallback(done.callback)
        return done.addCallback(lambda _: super(TimerService, self).stopService())


class CooperatorService(Service):
    """A cooperator that works while the service runs."""

    def __init__(self) -> None:
        self.coop = task.Cooperator(started=False)

    def coiterate(self, iterator: Any) -> Deferred[Any]:
        """Goes through an iterator; the Deferred has it when it has ended."""
        return self.coop.coiterate(iterator)

    def startService(self) -> None:
        """Begins."""
        super().startService()
        self.coop.start()

    def stopService(self) -> None:
        """Ends."""
        super().stopService()
        self.coop.stop()
