"""Parts of a program that live through streams."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, List, Optional

from ....python.failure import Failure
from ._asking import Stanza
from ._events import (
    INIT_FAILED_EVENT,
    STREAM_AUTHD_EVENT,
    STREAM_CONNECTED_EVENT,
    STREAM_END_EVENT,
)

if TYPE_CHECKING:
    from .xmlstream import XmlStream, XmlStreamFactory


class XMPPHandler:
    """A part of a program that speaks over a :class:`StreamManager`'s streams."""

    def __init__(self) -> None:
        self.parent: Any = None
        self.xmlstream: Optional[XmlStream] = None

    def setHandlerParent(self, parent: Any) -> None:
        """Becomes a part of a manager."""
        self.parent = parent
        parent.addHandler(self)

    def disownHandlerParent(self, parent: Any) -> None:
        """Is a part of it no more."""
        self.parent.removeHandler(self)
        self.parent = None

    def makeConnection(self, xs: XmlStream) -> None:
        """There is a new stream."""
        self.xmlstream = xs
        self.connectionMade()

    def connectionMade(self) -> None:
        """There is a new stream: to be overridden."""

    def connectionInitialized(self) -> None:
        """Stanzas may be sent: to be overridden."""

    def connectionLost(self, reason: Failure) -> None:
        """The stream has ended."""
        self.xmlstream = None

    def send(self, obj: Stanza) -> None:
        """Sends a stanza, now or when there is a stream."""
        self.parent.send(obj)


class XMPPHandlerCollection:
    """Parts of a program."""

    def __init__(self) -> None:
        self.handlers: List[XMPPHandler] = []

    def __iter__(self) -> Any:
        return iter(self.handlers)

    def addHandler(self, handler: XMPPHandler) -> None:
        """Adds one."""
        self.handlers.append(handler)

    def removeHandler(self, handler: XMPPHandler) -> None:
        """Takes one away."""
        self.handlers.remove(handler)


class StreamManager(XMPPHandlerCollection):
    """Parts of a program that live through the streams of a factory. What is sent while there is no
    stream waits for the next one."""

    logTraffic = False

    def __init__(self, factory: XmlStreamFactory) -> None:
        super().__init__()
        self.xmlstream: Optional[XmlStream] = None
        self._packetQueue: List[Stanza] = []
        self._initialized = False
        factory.addBootstrap(STREAM_CONNECTED_EVENT, self._connected)
        factory.addBootstrap(STREAM_AUTHD_EVENT, self._authd)
        factory.addBootstrap(INIT_FAILED_EVENT, self.initializationFailed)
        factory.addBootstrap(STREAM_END_EVENT, self._disconnected)
        self.factory = factory

    def addHandler(self, handler: XMPPHandler) -> None:
        """Adds one, which hears of the stream that there is."""
        super().addHandler(handler)
        if self.xmlstream is not None:
            handler.makeConnection(self.xmlstream)
            if self._initialized:
                handler.connectionInitialized()

    def _connected(self, xs: XmlStream) -> None:
        self.xmlstream = xs
        for handler in list(self):
            handler.makeConnection(xs)

    def _authd(self, xs: XmlStream) -> None:
        while self._packetQueue:
            # One that can't be sent is gone; what it raises is told where it is called from.
            xs.send(self._packetQueue.pop(0))
        self._initialized = True
        for handler in list(self):
            handler.connectionInitialized()

    def initializationFailed(self, reason: Failure) -> None:
        """Logging in failed: to be overridden."""

    def _disconnected(self, reason: Failure) -> None:
        self.xmlstream, self._initialized = None, False
        for handler in list(self):
            handler.connectionLost(reason)

    def send(self, obj: Stanza) -> None:
        """Sends a stanza, now or when there is a stream."""
        if self._initialized and self.xmlstream is not None:
            self.xmlstream.send(obj)
        else:
            self._packetQueue.append(obj)
