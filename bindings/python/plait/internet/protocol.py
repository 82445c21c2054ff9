"""Protocols and the factories that build them: Twisted's ``twisted.internet.protocol``."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any, Callable, ClassVar

from ..python.failure import Failure
from .error import ConnectionDone

if TYPE_CHECKING:
    from .interfaces import IConnector

__all__ = [
    "BaseProtocol",
    "ClientCreator",
    "ClientFactory",
    "ConsumerToProtocolAdapter",
    "Factory",
    "FileWrapper",
    "Protocol",
    "ProtocolToConsumerAdapter",
    "ReconnectingClientFactory",
    "ServerFactory",
    "connectionDone",
]

_log = logging.getLogger("plait")

#: The reason that ``connectionLost`` has by default.
connectionDone = Failure(ConnectionDone())


def given_reason(method: Callable[[Any, Any], None]) -> Callable[[Any, Failure], None]:
    """For types: what ends a protocol always gives the reason, so that a program's own method needs no default."""
    return method


class BaseProtocol:
    """What all protocols have.

    :ivar transport: what the protocol sends through, once it is connected.
    :ivar connected: whether it ever was.
    """

    connected = 0
    transport: Any = None

    def makeConnection(self, transport: Any) -> None:
        """Connects the protocol with a transport, and calls :meth:`connectionMade`."""
        self.connected = 1
        self.transport = transport
        self.connectionMade()

    def connectionMade(self) -> None:
        """The connection is up. To be overridden."""


class Protocol(BaseProtocol):
    """A protocol that gets bytes as they come.

    :ivar factory: the factory that built it.
    """

    factory: Any = None

    def logPrefix(self) -> str:
        """What log messages may call it."""
        return type(self).__name__

    def dataReceived(self, data: bytes) -> None:
        """Bytes arrived, at least one. To be overridden."""

    @given_reason
    def connectionLost(self, reason: Failure = connectionDone) -> None:
        """The connection has ended, for this reason. To be overridden."""


class Factory:
    """Builds a protocol for each connection.

    >>> factory = Factory.forProtocol(Protocol)
    >>> made = factory.buildProtocol(None)
    >>> made.factory is factory
    True

    :ivar protocol: what :meth:`buildProtocol` calls, usually a class of protocols.
    :ivar numPorts: how many ports and connectors use the factory.
    """

    protocol: Callable[[], Any] | None = None
    numPorts = 0
    noisy: ClassVar[bool] = False

    @classmethod
    def forProtocol(cls, protocol: Callable[[], Any], *args: Any, **kwargs: Any) -> Any:
        """Makes a factory for a class of protocols; the arguments are the factory's own."""
        factory = cls(*args, **kwargs)
        factory.protocol = protocol
        return factory

    def logPrefix(self) -> str:
        """What log messages may call it."""
        return type(self).__name__

    def doStart(self) -> None:
        """Something begins to use the factory: for the first, :meth:`startFactory` is called."""
        if self.numPorts == 0:
            self.startFactory()
        self.numPorts += 1

    def doStop(self) -> None:
        """Something uses the factory no more: for the last, :meth:`stopFactory` is called."""
        if self.numPorts == 0:
            return
        self.numPorts -= 1
        if self.numPorts == 0:
            self.stopFactory()

    def startFactory(self) -> None:
        """The factory comes into use. To be overridden."""

    def stopFactory(self) -> None:
        """The factory is out of use. To be overridden."""

    def buildProtocol(self, addr: Any) -> Any:
        """Makes the protocol for a connection from this address; None refuses it."""
        build = self.protocol
        if build is None:
            raise AttributeError(f"{type(self).__name__}.protocol is not set")
        protocol = build()
        protocol.factory = self
        return protocol


class ServerFactory(Factory):
    """A factory for servers."""


class ClientFactory(Factory):
    """A factory for clients, which is told how each attempt to connect goes."""

    def startedConnecting(self, connector: IConnector) -> None:
        """An attempt begins. To be overridden."""

    def clientConnectionFailed(self, connector: IConnector, reason: Failure) -> None:
        """An attempt failed. To be overridden."""

    def clientConnectionLost(self, connector: IConnector, reason: Failure) -> None:
        """The connection has ended. To be overridden."""


# What needs the classes above, and what is beside them.
from ._adapting import (  # noqa: E402
    ConsumerToProtocolAdapter,
    FileWrapper,
    ProtocolToConsumerAdapter,
)
from ._creating import ClientCreator  # noqa: E402
from ._reconnecting import ReconnectingClientFactory  # noqa: E402
