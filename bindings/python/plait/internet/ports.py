"""Listening ports, and connectors that connect again when asked."""

from __future__ import annotations

import os
from ctypes import byref, pointer
from typing import TYPE_CHECKING, Any

from .._core.opening import Attempt, Opener
from .._native import functions, structs
from ..error import PlaitError
from ..python.failure import Failure
from . import defer, error
from ._factories import factory_of
from ._reasons import cannot_listen, check, check_owner, connect_failed
from .address import Address, from_native, place
from .protocol import Factory

if TYPE_CHECKING:
    from .._core.security import Use
    from .._core.transport import Transport
    from .reactors import Reactor

__all__ = ["Connector", "Port"]


#: A look into a class takes longer than a name of the module.
_buildProtocol = Factory.buildProtocol


class Port(Opener):
    """A place where connections are accepted: Twisted's ``IListeningPort``."""

    def __init__(
        self,
        reactor: Reactor,
        where: str,
        factory: Any,
        interface: str = "",
        port: Any = 0,
        tls: Use | None = None,
        parent: Any = None,
        adopted: int | None = None,
    ) -> None:
        super().__init__(reactor, factory)
        self.tls, self.parent = tls, parent
        self.interface, self.port = interface, port
        #: Where it listens; a descriptor that is adopted is the C library's once it does.
        self._where = where if adopted is None else f"fd:{adopted}"
        self._adopted = adopted
        self._listener = 0
        self._host: Address | None = None
        self.startListening()

    def startListening(self) -> None:
        """Listens, again after :meth:`stopListening`."""
        if self._listener:
            raise error.AlreadyListened()
        if self._where == "":
            # By now its number may be anybody's.
            raise error.CannotListenError(self.interface, self.port, OSError("it was adopted, and is closed"))
        try:
            out = self._listen()
        except BaseException:
            adopted, self._adopted = self._adopted, None
            if adopted is not None:
                os.close(adopted)
                self._where = ""
            raise
        self._listener = out
        if self._adopted is not None:
            self._adopted, self._where = None, ""
        try:
            # Asked for once: other threads want to know it, too.
            answer = structs.Address()
            check(functions.listener_get_local(self._listener, byref(answer)))
            self._host = from_native(answer)
            self.driver.ports.add(self)
            self.factory.doStart()
        except BaseException:
            # Whoever is told of that has no port to close.
            self._close()
            raise

    def _listen(self) -> int:
        out = structs.Handle()
        native = self.native()
        reason = structs.Reason()
        options = structs.ListenOptions(reason=pointer(reason))
        parent = self.family()[0]
        if parent is not None:
            options.parent = parent._conn
        try:
            status = functions.listen(
                self.driver.handle, self._where.encode(), native, byref(options), byref(out)
            )
        finally:
            functions.factory_release(native)
        if status < 0:
            text = (reason.text or b"").decode("utf-8", "replace")
            raise cannot_listen(self.interface, self.port, status, text)
        return out.value

    def stopListening(self) -> defer.Deferred[None]:
        """Stops accepting; connections that were accepted go on.

        The port is free at once. In the next turn the factory is told, and then the Deferred has
        its result.
        """
        if not self._listener:
            return defer.succeed(None)
        self._close()
        stopped: defer.Deferred[None] = defer.Deferred()
        if self.driver.stopping:
            self._stopped(stopped)
        else:
            self.driver.soon(lambda: self._stopped(stopped))
        return stopped

    def _stopped(self, stopped: defer.Deferred[None]) -> None:
        try:
            self.factory.doStop()
        finally:
            if not stopped.called:
                stopped.callback(None)

    def _close(self) -> None:
        check_owner(functions.listener_close(self._listener))
        self._listener = 0
        self.driver.ports.discard(self)

    loseConnection = stopListening

    @property
    def connected(self) -> bool:
        """Whether it listens."""
        return bool(self._listener)

    def logPrefix(self) -> str:
        """What log messages may call it: by its factory."""
        kind = type(self.factory)
        return f"{kind.__module__}.{kind.__qualname__}"

    def pauseProducing(self) -> None:
        """Leaves new connections to the kernel."""
        check(functions.listener_pause(self._listener))

    def resumeProducing(self) -> None:
        """Accepts again."""
        check(functions.listener_resume(self._listener))

    def getHost(self) -> Address:
        """Where it listens."""
        if self._host is None:
            raise error.CannotListenError(self.interface, self.port, OSError("it does not listen"))
        return self._host

    def build(self, transport: Transport) -> Any:
        """Has the factory build the protocol of a connection."""
        build = self.source.buildProtocol
        if getattr(build, "__func__", None) is _buildProtocol:
            # It does not look at the address.
            transport.notePeer()
            return build(None)
        return build(transport.getPeer())

    def __repr__(self) -> str:
        return f"<Port {self._where or 'adopted'} of {self.factory!r}>"


class Connector:
    """Connects a ClientFactory, again whenever asked: Twisted's ``IConnector``.

    :ivar state: ``"disconnected"``, ``"connecting"`` or ``"connected"``.
    """

    def __init__(
        self,
        reactor: Reactor,
        where: str,
        factory: Any,
        timeout: float | None,
        destination: Any,
        tls: Use | None = None,
        parent: Any = None,
    ) -> None:
        self._tls, self._parent = tls, parent
        self.reactor, self.timeout = reactor, timeout
        self.factory = factory_of(factory, "ClientFactory", "startedConnecting")
        self.state = "disconnected"
        self.transport: Any = None
        self._where, self._destination = where, destination
        self._attempt: Attempt | None = None
        self._started = False
        self.connect()

    def getDestination(self) -> Any:
        """Where it connects to."""
        return self._destination

    @property
    def host(self) -> str:
        """The host that it connects to; on UNIX sockets there is none."""
        host: str = self._destination.host
        return host

    @property
    def port(self) -> int:
        """The port that it connects to; on UNIX sockets there is none."""
        port: int = self._destination.port
        return port

    def connect(self) -> None:
        """Begins an attempt. ``startedConnecting`` of the factory is called first."""
        if self.state != "disconnected":
            raise RuntimeError("a connector can connect only when it is disconnected")
        self.state = "connecting"
        try:
            if not self._started:
                self.factory.doStart()
                self._started = True
            self.reactor.connectors.add(self)
            self.factory.startedConnecting(self)
            if self.state == "connecting":
                self._begin()
        except BaseException:
            # Whoever is told of that waits for no other end.
            self.state, self._attempt = "disconnected", None
            self._rest()
            raise

    def _begin(self) -> None:
        attempt = self._attempt = Attempt(
            self.reactor,
            self.factory,
            self._build,
            self._made,
            self._failed,
            self._lost,
            self._tls,
            self._parent,
        )

        def refused() -> None:
            # Unless it was given up, and another one is under way.
            if self._attempt is attempt:
                self._failed(status, text, 0)

        try:
            attempt.start(self._where, self.timeout)
        except PlaitError as problem:
            status, text = problem.status, problem.text
            self.reactor.soon(refused)

    def stopConnecting(self) -> None:
        """Gives the attempt up: the factory is told that it failed."""
        if self.state != "connecting":
            raise error.NotConnectingError("there is no attempt to stop")
        self.state = "disconnected"
        if self._attempt is not None:
            self._attempt.cancel()
        self._fail(Failure(error.UserError()))

    def disconnect(self) -> None:
        """Ends whatever there is, an attempt or the connection."""
        if self.state == "connecting":
            self.stopConnecting()
        elif self.state == "connected" and self.transport is not None:
            self.transport.loseConnection()

    def _build(self, source: Any, address: Any) -> Any:
        if self.state != "connecting":
            return None
        self.state = "connected"
        return source.buildProtocol(address)

    def _made(self, protocol: Any) -> None:
        self.transport = protocol.transport

    def _failed(self, status: int, text: str, number: int) -> None:
        if self.state == "connecting":
            self.state = "disconnected"
            self._fail(Failure(connect_failed(status, text, number, place(self._destination))))

    def _fail(self, reason: Failure) -> None:
        self._attempt = None
        self.factory.clientConnectionFailed(self, reason)
        self._rest()

    def _lost(self, reason: Failure) -> None:
        if self.state != "connected":
            return
        self.state = "disconnected"
        self.transport = self._attempt = None
        self.factory.clientConnectionLost(self, reason)
        self._rest()

    def _rest(self) -> None:
        # The factory may have begun the next attempt.
        if self.state == "disconnected":
            self.reactor.connectors.discard(self)
            if self._started:
                self._started = False
                self.factory.doStop()
