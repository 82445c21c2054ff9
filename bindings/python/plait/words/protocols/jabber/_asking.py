"""Requests, and the Deferreds of their answers."""

from __future__ import annotations

from ctypes import byref
from typing import TYPE_CHECKING, Any, Callable, Optional, Union

from ...._core.registry import drop, hold
from ...._native import constants, functions, structs
from ...._native import element as elements
from ...._native import xmpp as native
from ....error import PlaitError
from ....internet import error as internetError
from ....internet._reasons import check
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
    return _parsed(b"<s xmlns='%s'>%s</s>" % (namespace.encode(), data))


def root_of(stanza: domish.Element, namespace: str) -> int:
    """A tree of the C library's that is the stanza; what has no namespace of its own has this one."""
    if stanza.uri is None:
        tree = tree_of(stanza, namespace)
        out = structs.Handle()
        status = elements.element_copy(byref(out), tree, 1)
        elements.element_free(tree)
        check(status)
        return int(out.value)
    return _parsed(stanza.toXml().encode())


def _parsed(data: bytes) -> int:
    out, reason = structs.Handle(), structs.Reason()
    status = elements.element_parse(byref(out), data, len(data), None, byref(reason))
    if status < 0:
        raise domish.ParserError((reason.text or b"").decode("utf-8", "replace"))
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
        request = Request(stream, limit)
        handle = tree_of(self, stream.namespace)
        try:
            return request.begin(
                lambda *callback: native.xmpp_call(stream._conn, handle, 1, request.limit, *callback)
            )
        finally:
            elements.element_free(handle)


class Request:
    """A request that waits."""

    def __init__(self, stream: XmlStream, limit: Optional[float]) -> None:
        self.stream, self.driver = stream, stream._driver()
        self.limit = 0 if limit is None else max(1, round(limit * 1000))
        self.call = 0
        self.deferred: Deferred[domish.Element] = Deferred(self.cancel)

    def begin(self, ask: Callable[..., int]) -> Deferred[domish.Element]:
        """Sends it: ``ask`` calls the C library's function, whose last arguments it is given."""
        from ._tables import answered

        out, key = structs.Handle(), hold(self)
        self.stream._flush()
        status = ask(answered, key, byref(out))
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
            self.deferred.errback(internetError.ConnectionLost(about.status, about.text.decode("utf-8", "replace")))
