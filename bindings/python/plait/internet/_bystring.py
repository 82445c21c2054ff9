"""Where to listen, and where to connect to, as an endpoint string says: what all endpoints are made of."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..error import PlaitError
from . import _elsewhere, defer, error
from ._elsewhere import Way
from ._factories import factory_of
from ._reasons import connect_failed
from .address import place

if TYPE_CHECKING:
    from .._core.security import Use
    from ..python.failure import Failure
    from .ports import Port


class ServerEndpoint:
    """Somewhere to listen, as an endpoint string says: see ``plait/endpoint.h``.

    :param way: how a reactor is asked for it that is not one of the package's own.
    """

    def __init__(
        self,
        reactor: Any,
        where: str,
        interface: str = "",
        port: int | str | None = None,
        tls: Use | None = None,
        way: Way | None = None,
    ) -> None:
        self._tls, self._way = tls, way
        self._reactor, self._where = reactor, where
        self._interface, self._port = interface, where if port is None else port

    def listen(self, protocolFactory: Any, parent: Any = None) -> defer.Deferred[Port]:
        """Listens; the result is the port.

        :param parent: the transport of the connection that this is done for: see ``listenTCP``.
        """
        from .ports import Port

        if not hasattr(self._reactor, "getReactor"):
            return _elsewhere.listen(self._reactor, self._way, self._where, protocolFactory)
        return defer.maybeDeferred(
            Port,
            self._reactor.getReactor(),
            self._where,
            protocolFactory,
            self._interface,
            self._port,
            self._tls,
            parent,
        )

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self._where}>"


class ClientEndpoint:
    """Somewhere to connect to, as an endpoint string says: see ``plait/endpoint.h``."""

    #: Why there is nothing to connect to, if that is known.
    _problem = ""

    def __init__(
        self,
        reactor: Any,
        where: str,
        timeout: float | None = 30,
        address: Any = None,
        attemptDelay: float | None = None,
        tls: Use | None = None,
        way: Way | None = None,
    ) -> None:
        self._tls, self._way = tls, way
        self._reactor, self._where, self._timeout = reactor, where, timeout
        self._attemptDelay = attemptDelay
        self._address = address if address is not None else where

    def connect(self, protocolFactory: Any, parent: Any = None) -> defer.Deferred[Any]:
        """Connects; the result is the protocol. Cancelling gives the attempt up.

        :param parent: the transport of the connection that this one is opened for: see ``connectTCP``.
        """
        from .._core.opening import Attempt

        if self._problem:
            return defer.fail(ValueError(self._problem))
        try:
            factory_of(protocolFactory)
        except TypeError as problem:
            return defer.fail(problem)
        if not hasattr(self._reactor, "getReactor"):
            return _elsewhere.connect(self._reactor, self._way, self._where, protocolFactory)
        done: defer.Deferred[Any] = defer.Deferred(lambda done: self._cancelled(attempt, done))

        def build(source: Any, address: Any) -> Any:
            return None if done.called else source.buildProtocol(address)

        def made(protocol: Any) -> None:
            if not done.called:
                done.callback(protocol)

        def failed(status: int, text: str, number: int) -> None:
            if not done.called:
                done.errback(connect_failed(status, text, number, place(self._address)))
            protocolFactory.doStop()

        def lost(reason: Failure) -> None:
            if not done.called:
                # The connection was up, and nobody has spoken on it.
                clean = reason.check(error.ConnectionDone)
                done.errback(error.NoProtocol() if clean else reason)
            protocolFactory.doStop()

        driver = self._reactor.getReactor()
        attempt = Attempt(driver, protocolFactory, build, made, failed, lost, self._tls, parent)
        protocolFactory.doStart()
        try:
            attempt.start(self._where, self._timeout, self._attemptDelay)
        except BaseException as problem:
            if isinstance(problem, PlaitError):
                problem = connect_failed(problem.status, problem.text, 0, place(self._address))
            done.errback(problem)
            protocolFactory.doStop()
        return done

    def _cancelled(self, attempt: Any, done: defer.Deferred[Any]) -> None:
        attempt.cancel()
        done.errback(error.ConnectingCancelledError(self._address))

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self._where}>"
