"""Streams of XMPP: Twisted's ``twisted.words.protocols.jabber.xmlstream``.

The C library opens the stream, begins TLS, logs in and binds: what a program sees is the
conversation after that, and how it ends.
"""

from __future__ import annotations

import re
import weakref
from ctypes import byref
from typing import TYPE_CHECKING, Any, Callable, List, Optional, Tuple

from ...._core.using import use_of
from ...._native import constants, functions, structs
from ...._native import element as elements
from ...._native import xmpp as native
from ....internet._reasons import check
from ....internet.protocol import ReconnectingClientFactory, connectionDone, given_reason
from ....protocols._framed import Framed
from ....python.failure import Failure
from ...xish import domish
from ...xish.utility import EventDispatcher
from . import error
from ._asking import IQ, Stanza, tree_of
from ._events import (
    INIT_FAILED_EVENT,
    STANZA_RETURNED_EVENT,
    STREAM_AUTHD_EVENT,
    STREAM_CONNECTED_EVENT,
    STREAM_END_EVENT,
    STREAM_ERROR_EVENT,
    STREAM_START_EVENT,
    TimeoutError,
)
from ._managing import StreamManager, XMPPHandler, XMPPHandlerCollection
from .jid import JID
from .sasl import SASLAuthError

if TYPE_CHECKING:
    from ...._core.factories import FactoryCache

__all__ = [
    "INIT_FAILED_EVENT",
    "IQ",
    "STANZA_RETURNED_EVENT",
    "STREAM_AUTHD_EVENT",
    "STREAM_CONNECTED_EVENT",
    "STREAM_END_EVENT",
    "STREAM_ERROR_EVENT",
    "STREAM_START_EVENT",
    "StreamManager",
    "TimeoutError",
    "XMPPHandler",
    "XMPPHandlerCollection",
    "XmlStream",
    "XmlStreamFactory",
    "toResponse",
]


class XmlStream(Framed, EventDispatcher):
    """One connection of an account or a component.

    :ivar thisEntity: this side's address, once it is bound.
    :ivar otherEntity: the server's.
    :ivar sid: the stream's, as the server has named it.
    :ivar resumed: whether the session is the one that an earlier connection had.
    """

    initiating = True
    sid: Optional[str] = None
    thisEntity: Optional[JID] = None
    otherEntity: Optional[JID] = None
    resumed = False
    iqDefaultTimeout: Optional[float] = None
    _isReady = False
    _ending_: Any = None

    def __init__(self, authenticator: Any) -> None:
        EventDispatcher.__init__(self)
        self.authenticator = authenticator
        self.namespace = authenticator.namespace
        self.otherEntity = authenticator.otherEntity
        self.initiating = authenticator.jid is not None
        authenticator.associateWithStream(self)

    # The conn

    def _framesNatively(self) -> bool:
        return True

    def _nativeFactory(self, cache: FactoryCache) -> int:
        made: int = self.authenticator._native(cache)
        return made

    def _bound(self, conn: int) -> None:
        self._conn = conn

    def _settle(self) -> bool:
        return False

    def _peerBroke(self) -> None:
        pass

    def dataReceived(self, data: bytes) -> None:
        """Takes bytes from a transport that is not a reactor's."""
        self._attachment().feed(bytes(data))

    def connectionMade(self) -> None:
        """The connection is there: the C library begins."""
        if self._ours is None:
            attached = self._attachment()
            attached.send = self.transport.write
            attached.feed(b"")
        self.dispatch(self, STREAM_CONNECTED_EVENT)

    @given_reason
    def connectionLost(self, reason: Failure = connectionDone) -> None:
        """The connection has ended. What the server said about that, or why logging in failed, is
        told first."""
        status, code, text = self._ending_ or (constants.OK, 0, "")
        if status not in (constants.OK, constants.ERR_ABORTED) and (code or not self._isReady):
            condition, _, words = text.partition(": ")
            if status == constants.ERR_REMOTE and code > 200:  # no resource was bound
                failure: BaseException = error.StanzaError(condition, text=words or None)
            elif status == constants.ERR_REMOTE and code > 100:
                failure = SASLAuthError(condition)
            elif status == constants.ERR_REMOTE and code:
                failure = error.StreamError(condition, words or None)
            else:
                failure = reason.value
            if code and code <= 100:
                self.dispatch(Failure(failure), STREAM_ERROR_EVENT)
                if condition == "see-other-host" and isinstance(self.factory, XmlStreamFactory):
                    self.factory.seeOther(words)
            if not self._isReady:
                self.dispatch(Failure(failure), INIT_FAILED_EVENT)
        self._isReady = False
        self.dispatch(reason, STREAM_END_EVENT)

    def _ended(self, status: int, code: int, text: str) -> None:
        self._ending_ = status, code, text
        if self._attached is not None and status == constants.OK:
            self.transport.loseConnection()

    def _ready(self, resumed: bool) -> None:
        found = native.XmppSession()
        check(native.xmpp_get_session(self._conn, byref(found)))
        # A server's side has the domain of the component that came.
        self.thisEntity = JID((found.component if found.component.len else found.jid).read().decode())
        self.sid = found.stream_id.read().decode() if found.stream_id.len else None
        self._isReady, self.resumed = True, resumed
        if self.initiating:
            self.authenticator.jid = self.thisEntity
        self.dispatch(self, STREAM_START_EVENT)
        self.dispatch(self, STREAM_AUTHD_EVENT)

    def _stanza(self, handle: int) -> bool:
        stanza = domish.fromHandle(handle)
        self.onElement(stanza)
        return self.dispatch(stanza) or bool(stanza.getAttribute("_handled"))

    def _returned(self, handle: int) -> None:
        self.dispatch(domish.fromHandle(handle), STANZA_RETURNED_EVENT)

    def _rosterCame(self, status: int) -> None:
        from .xmppim import ROSTER_EVENT

        self.dispatch(status, ROSTER_EVENT)

    def _contactChanged(self, contact: Any) -> None:
        from .xmppim import CONTACT_EVENT, contactOf

        self.dispatch(contactOf(contact), CONTACT_EVENT)

    def onElement(self, element: domish.Element) -> None:
        """A stanza came: to be overridden. It is dispatched afterwards."""

    # Sending

    def send(self, obj: Stanza) -> None:
        """Sends a stanza: an element, or the XML of one.

        :raises PlaitError: before the stream is ready, and after its end.
        """
        handle = tree_of(obj, self.namespace)
        try:
            self._flush()
            check(native.xmpp_send(self._conn, handle, 1))
        finally:
            elements.element_free(handle)
        self._push()

    def _flush(self) -> None:
        if self._ours is not None:
            self._ours.flush()

    def _push(self) -> None:
        """Has what was sent leave, where no reactor does."""
        if self._attached is not None:
            self._attached.feed(b"")

    def sendFooter(self) -> None:
        """Ends the session in good order."""
        self._flush()
        native.xmpp_close(self._conn)
        self._push()

    def _driver(self) -> Any:
        return self._ours.driver if self._ours is not None else self._attachment().driver


class Authenticator:
    """Who this side is: what the C library is told of it.

    :ivar jid: the address, which is the bound one once there is one.
    """

    namespace = "jabber:client"
    _role = native.XMPP_CLIENT

    def __init__(
        self,
        jid: Optional[JID],
        password: Optional[str] = None,
        configurationForTLS: Any = None,
        **options: Any,
    ) -> None:
        self.jid, self.password = jid, password
        self.otherEntity = JID(jid.host) if jid is not None else None
        self.xmlstream: Optional[XmlStream] = None
        self._wanted, self._options = jid.full() if jid is not None else "", options
        self._tls = use_of(configurationForTLS, False) if configurationForTLS is not None else None
        self._made: dict[Any, Any] = {}

    def associateWithStream(self, xmlstream: XmlStream) -> None:
        """A stream is to be this one's."""
        self.xmlstream = xmlstream

    def _use(self) -> Any:
        if self._role != native.XMPP_CLIENT or self.jid is None:
            return None
        from ....internet import ssl

        if self._tls is None:
            self._tls = use_of(ssl.optionsForClientTLS(self.jid.host), False)
        return self._tls

    def _native(self, cache: FactoryCache) -> int:
        found = self._made.get(cache)
        if found is None:
            use = self._use()
            settings = dict(self._options)
            if self._role == native.XMPP_CLIENT:  # the factory goes where it is sent
                settings["flags"] = settings.get("flags", 0) | native.XMPP_WITHOUT_REDIRECTS
            options = native.XmppOptions(
                role=self._role,
                jid=self._wanted.encode() or None,
                password=self.password.encode() if self.password else None,
                tls=use.configuration.handle if use is not None else 0,
                **{
                    name: value.encode() if isinstance(value, str) else value
                    for name, value in settings.items()
                },
            )
            out = structs.Handle()
            check(native.xmpp_factory_new(byref(out), byref(options), byref(_table()), None))
            found = self._made[cache] = out.value
            weakref.finalize(self, functions.factory_release, found)
        return int(found)


def _table() -> Any:
    from ._tables import table

    return table


class BootstrapMixin:
    """Observers that every new stream has."""

    bootstraps: List[Any]

    def addBootstrap(self, event: str, fn: Callable[..., Any]) -> None:
        """Has a function observe each stream that is made from now on."""
        self.bootstraps.append((event, fn))

    def removeBootstrap(self, event: str, fn: Callable[..., Any]) -> None:
        """Has it observe no more."""
        self.bootstraps.remove((event, fn))

    def installBootstraps(self, dispatcher: EventDispatcher) -> None:
        """Adds them all."""
        for event, fn in self.bootstraps:
            dispatcher.addObserver(event, fn)


#: What see-other-host says: a name or an address, in brackets where it has colons, and a port.
_ELSEWHERE = re.compile(r"(?:\[([0-9A-Fa-f:.]+)\]|([^:\s\[\]]+))(?::([0-9]{1,5}))?")


class XmlStreamFactory(BootstrapMixin, ReconnectingClientFactory):
    """Makes streams, and new ones when they end. The session goes on where the server keeps it.

    A server may say that another host is to be seen instead: connections go there from then on, and it has to
    show the certificate of the account's domain all the same (RFC 6120 §4.9.3.19). That is for connectors; an
    endpoint's user gets the error, with where to go in its text.

    :ivar maxRedirects: how often in a row that is done.
    """

    #: What makes streams.
    protocol: Any = XmlStream
    maxRedirects = 5
    _redirects = 0
    _elsewhere: Optional[Tuple[str, int]] = None

    def __init__(self, authenticator: Authenticator) -> None:
        self.bootstraps = []
        self.authenticator = authenticator

    def buildProtocol(self, addr: Any) -> XmlStream:
        """A stream with its observers."""
        self.resetDelay()
        made: XmlStream = self.protocol(self.authenticator)
        made.factory = self
        made.addOnetimeObserver(STREAM_AUTHD_EVENT, self._arrived)
        self.installBootstraps(made)
        return made

    def _arrived(self, stream: XmlStream) -> None:
        self._redirects = 0

    def seeOther(self, text: str) -> None:
        """Has the next connection go to another host, ``host`` or ``host:port``."""
        found = _ELSEWHERE.fullmatch(text.strip())
        if found is not None and 0 < int(found[3] or 5222) < 65536:
            self._elsewhere = found[1] or found[2], int(found[3] or 5222)

    def clientConnectionLost(self, connector: Any, reason: Failure) -> None:
        """Connects again: where it was, or where the server said."""
        where, self._elsewhere = self._elsewhere, None
        if where is None or not self.continueTrying or self._redirects >= self.maxRedirects:
            super().clientConnectionLost(connector, reason)
            return
        self._redirects += 1
        connector.reactor.connectTCP(*where, self)


def toResponse(stanza: domish.Element, stanzaType: Optional[str] = None) -> domish.Element:
    """The beginning of an answer to a stanza: its addresses change places, its ``id`` stays."""
    response = domish.Element((None, stanza.name))
    for ours, theirs in (("to", "from"), ("from", "to"), ("id", "id")):
        value = stanza.getAttribute(theirs)
        if value is not None:
            response[ours] = value
    if stanzaType:
        response["type"] = stanzaType
    return response
