"""Requests, and the Deferreds of their answers."""

from __future__ import annotations

from ctypes import byref
from typing import TYPE_CHECKING, Any, Optional, Union

from ...._core.registry import drop, hold
from ...._native import constants, functions, structs
from ...._native import element as elements
from ...._native import xmpp as native
from ....error import PlaitError
from ....internet import error as internetError
from ....internet.defer import Deferred
from ...xish import domish
from . import error
from ._events import TimeoutError

if TYPE_CHECKING:
    from .xmlstream import XmlStream


Stanza = Union[domish.Element, str, bytes]


def tree_of(obj: Stanza, namespace: str) -> int:
    """A tree of the C library's whose root has the stanza in it: node 1."""
    if isinstance(obj, domish.Element):
        data = obj.toXml(defaultUri=namespace).encode()
    else:
        data = obj.encode() if isinstance(obj, str) else bytes(obj)
    data = b"<s xmlns='%s'>%s</s>" % (namespace.encode(), data)
    out, reason = structs.Handle(), structs.Reason()
    status = elements.element_parse(byref(out), data, len(data), None, byref(reason))
    if status < 0:
        raise domish.ParserError((reason.text or b"").decode())
    return out.value


class IQ(domish.Element):
    """A request: :meth:`send` gives a Deferred of its answer.

    :ivar timeout: in seconds; or None, for the stream's ``iqDefaultTimeout``.
    """

    timeout: Optional[float] = None

    def __init__(self, xmlstream: XmlStream, stanzaType: str = "set") -> None:
        super().__init__((xmlstream.namespace, "iq"))
        self._xmlstream = xmlstream
        self["type"] = stanzaType

    def send(self, to: Optional[str] = None) -> Deferred[domish.Element]:
        """Sends it. The Deferred fails with a :class:`~.error.StanzaError`, with
        :class:`TimeoutError`, or with ``ConnectionLost`` at the end of the session."""
        if to is not None:
            self["to"] = to
        stream = self._xmlstream
        limit = self.timeout if self.timeout is not None else stream.iqDefaultTimeout
        return _Request(stream, limit).begin(self)


class _Request:
    """A request that waits."""

    def __init__(self, stream: XmlStream, limit: Optional[float]) -> None:
        self.stream, self.driver = stream, stream._driver()
        self.limit = 0 if limit is None else max(1, round(limit * 1000))
        self.call = 0
        self.deferred: Deferred[domish.Element] = Deferred(self.cancel)

    def begin(self, request: IQ) -> Deferred[domish.Element]:
        """Sends it."""
        from ._tables import answered

        handle, out, key = tree_of(request, self.stream.namespace), structs.Handle(), hold(self)
        try:
            self.stream._flush()
            status = native.xmpp_call(
                self.stream._conn, handle, 1, self.limit, answered, key, byref(out)
            )
        finally:
            elements.element_free(handle)
        if status < 0:
            drop(key)
            self.deferred.errback(
                internetError.ConnectionLost()
                if status in (constants.ERR_CLOSED, constants.ERR_STALE)
                else PlaitError(status)
            )
        self.call = out.value
        self.stream._push()
        return self.deferred

    def cancel(self, deferred: Any) -> None:
        """Nobody waits any more."""
        functions.call_cancel(self.call)

    def ended(self, answer: int, about: Any) -> None:
        """The C library is done with it."""
        if self.deferred.called:
            return
        if about.status == constants.OK:
            self.deferred.callback(domish.fromHandle(answer))
        elif answer:
            self.deferred.errback(error.exceptionFromStanza(domish.fromHandle(answer)))
        elif about.status == constants.ERR_TIMEOUT:
            self.deferred.errback(TimeoutError("IQ timed out"))
        else:
            self.deferred.errback(internetError.ConnectionLost(about.status, about.text.decode()))
