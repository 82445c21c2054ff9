"""Components: Twisted's ``twisted.words.protocols.jabber.component``.

A component connects by a :func:`componentFactory`, or as parts of a program within a
:class:`ServiceManager`. What components connect to is an :class:`XMPPComponentServerFactory`, whose
:class:`Router` has stanzas go from one to the other.
"""

from __future__ import annotations

from typing import Any, List, Optional, Union

from ...._native import xmpp as native
from ....application import service
from ....application.internet import ClientService
from ....error import PlaitError
from ....internet import endpoints
from ....internet.protocol import ServerFactory
from ....python.failure import Failure
from ...xish import domish
from . import xmlstream
from ._asking import Stanza
from ._events import STREAM_AUTHD_EVENT, STREAM_CONNECTED_EVENT, STREAM_END_EVENT
from .error import StanzaError
from .jid import JID, InvalidFormat

__all__ = [
    "ConnectComponentAuthenticator",
    "ListenComponentAuthenticator",
    "Router",
    "Service",
    "ServiceManager",
    "XMPPComponentServerFactory",
    "buildServiceManager",
    "componentFactory",
]

NS_COMPONENT_ACCEPT = "jabber:component:accept"


class ConnectComponentAuthenticator(xmlstream.Authenticator):
    """A component, which connects to a server and shows that it knows the secret (XEP-0114)."""

    namespace = NS_COMPONENT_ACCEPT
    _role = native.XMPP_COMPONENT

    def __init__(self, componentjid: Union[JID, str], password: str) -> None:
        jid = JID(componentjid) if isinstance(componentjid, str) else componentjid
        super().__init__(jid, password)


class ListenComponentAuthenticator(xmlstream.Authenticator):
    """What components connect to: whoever knows the secret is let in, by the domain that it names."""

    namespace = NS_COMPONENT_ACCEPT
    _role = native.XMPP_COMPONENT_HOST

    def __init__(self, secret: str) -> None:
        self.secret = secret
        super().__init__(None, secret)


def componentFactory(componentid: Union[JID, str], password: str) -> xmlstream.XmlStreamFactory:
    """Makes the streams of a component, one after the other."""
    return xmlstream.XmlStreamFactory(ConnectComponentAuthenticator(componentid, password))


class Router:
    """Has stanzas go to the stream of the domain that they are for.

    What comes from a domain's stream has to say that it is from there; Twisted's takes its word for it.

    :ivar routes: the streams by their domains; that of None gets what is for no other.
    """

    def __init__(self) -> None:
        self.routes: dict[Optional[str], Any] = {}
        self._observers: dict[Any, Any] = {}

    def addRoute(self, destination: Optional[str], xs: Any) -> None:
        """Has a stream get what is for a domain, and what it sends routed."""

        def came(stanza: domish.Element) -> None:
            if destination is not None and _host(stanza, "from") != destination:
                xs.sendFooter()
            elif not self.route(stanza) and stanza.name == "iq" and stanza.getAttribute("type") in ("get", "set"):
                xs.send(StanzaError("remote-server-not-found").toResponse(stanza))

        self.routes[destination] = xs
        self._observers[destination, id(xs)] = came
        xs.addObserver("/*", came)

    def removeRoute(self, destination: Optional[str], xs: Any) -> None:
        """Ends that."""
        xs.removeObserver("/*", self._observers.pop((destination, id(xs)), None))
        if self.routes.get(destination) is xs:
            del self.routes[destination]

    def route(self, stanza: domish.Element) -> bool:
        """Has a stanza go where it is for; tells whether there is somebody who takes it. A request that
        nobody takes is answered with an error.
        """
        stream = self.routes.get(_host(stanza, "to"), self.routes.get(None))
        if stream is None:
            return False
        try:
            stream.send(stanza)
        except PlaitError:
            # It is full, or on its way out: that is no fault of the sender's.
            return False
        return True


def _host(stanza: domish.Element, name: str) -> Optional[str]:
    try:
        return JID(stanza.getAttribute(name) or "").host
    except InvalidFormat:
        return None


class XMPPComponentServerFactory(xmlstream.BootstrapMixin, ServerFactory):
    """Lets components in that know the secret, and routes what they send."""

    protocol: Any = xmlstream.XmlStream

    def __init__(self, router: Router, secret: str = "secret") -> None:
        self.bootstraps: List[Any] = []
        self.router, self.secret = router, secret
        self.authenticator = ListenComponentAuthenticator(secret)
        self.addBootstrap(STREAM_CONNECTED_EVENT, self.onConnectionMade)
        self.addBootstrap(STREAM_AUTHD_EVENT, self.onConnectionAuthenticated)

    def buildProtocol(self, addr: Any) -> xmlstream.XmlStream:
        """A stream with its observers."""
        made: xmlstream.XmlStream = self.protocol(self.authenticator)
        made.factory = self
        self.installBootstraps(made)
        return made

    def onConnectionMade(self, xs: xmlstream.XmlStream) -> None:
        """Somebody has come: to be extended."""

    def onConnectionAuthenticated(self, xs: xmlstream.XmlStream) -> None:
        """He was let in: his domain gets a route."""
        if xs.thisEntity is not None:
            destination = xs.thisEntity.host
            self.router.addRoute(destination, xs)
            xs.addObserver(STREAM_END_EVENT, self.onConnectionLost, 0, destination, xs)

    def onConnectionLost(self, destination: str, xs: xmlstream.XmlStream, reason: Any) -> None:
        """He has left: his route ends."""
        self.router.removeRoute(destination, xs)


class Service(service.Service):
    """A part of a program that speaks as a component, within a :class:`ServiceManager`."""

    def componentConnected(self, xs: xmlstream.XmlStream) -> None:
        """The component was let in: to be extended."""

    def componentDisconnected(self) -> None:
        """It is connected no more: to be extended."""

    def transportConnected(self, xs: xmlstream.XmlStream) -> None:
        """There is a connection: to be extended."""

    def send(self, obj: Stanza) -> None:
        """Sends a stanza, now or when the component is let in."""
        self.parent.send(obj)


class ServiceManager(service.MultiService):
    """The parts of a program that speak as one component, through its connections.

    :ivar jabberId: the component's domain.
    :ivar xmlstream: its stream, while there is one.
    """

    def __init__(self, jid: str, password: str) -> None:
        super().__init__()
        self.jabberId = jid
        self.xmlstream: Optional[xmlstream.XmlStream] = None
        self._isAuthd = False
        self._packetQueue: List[Stanza] = []
        self._xsFactory = componentFactory(jid, password)
        self._xsFactory.addBootstrap(STREAM_CONNECTED_EVENT, self._connected)
        self._xsFactory.addBootstrap(STREAM_AUTHD_EVENT, self._authd)
        self._xsFactory.addBootstrap(STREAM_END_EVENT, self._disconnected)

    def getFactory(self) -> xmlstream.XmlStreamFactory:
        """What makes the streams."""
        return self._xsFactory

    def _parts(self) -> List[Any]:
        return [part for part in self if isinstance(part, Service)]

    def _connected(self, xs: xmlstream.XmlStream) -> None:
        self.xmlstream = xs
        for part in self._parts():
            part.transportConnected(xs)

    def _authd(self, xs: xmlstream.XmlStream) -> None:
        self._isAuthd = True
        while self._packetQueue:
            # One that can't be sent is gone; what it raises is told where it is called from.
            xs.send(self._packetQueue.pop(0))
        for part in self._parts():
            part.componentConnected(xs)

    def _disconnected(self, reason: Failure) -> None:
        self.xmlstream, self._isAuthd = None, False
        for part in self._parts():
            part.componentDisconnected()

    def send(self, obj: Stanza) -> None:
        """Sends a stanza, now or when the component is let in."""
        if self.xmlstream is not None and self._isAuthd:
            self.xmlstream.send(obj)
        else:
            self._packetQueue.append(obj)


def buildServiceManager(jid: str, password: str, strport: str, reactor: Any = None) -> ServiceManager:
    """A component that is kept connected to where an endpoint string says, while its service runs."""
    if reactor is None:
        from ....internet import reactor
    made = ServiceManager(jid, password)
    where = endpoints.clientFromString(reactor, strport)
    ClientService(where, made.getFactory(), clock=reactor).setServiceParent(made)
    return made
