"""Errors of XMPP: Twisted's ``twisted.words.protocols.jabber.error``."""

from __future__ import annotations

from typing import Any, List, Optional

from ...xish import domish

__all__ = ["BaseError", "StanzaError", "StreamError", "exceptionFromStanza", "exceptionFromStreamError"]

NS_XML = "http://www.w3.org/XML/1998/namespace"
NS_XMPP_STREAMS = "urn:ietf:params:xml:ns:xmpp-streams"
NS_XMPP_STANZAS = "urn:ietf:params:xml:ns:xmpp-stanzas"

#: The type and the legacy code that go with a condition.
STANZA_CONDITIONS = {
    "bad-request": ("modify", "400"),
    "conflict": ("cancel", "409"),
    "feature-not-implemented": ("cancel", "501"),
    "forbidden": ("auth", "403"),
    "gone": ("modify", "302"),
    "internal-server-error": ("wait", "500"),
    "item-not-found": ("cancel", "404"),
    "jid-malformed": ("modify", "400"),
    "not-acceptable": ("modify", "406"),
    "not-allowed": ("cancel", "405"),
    "not-authorized": ("auth", "401"),
    "payment-required": ("auth", "402"),
    "policy-violation": ("modify", None),
    "recipient-unavailable": ("wait", "404"),
    "redirect": ("modify", "302"),
    "registration-required": ("auth", "407"),
    "remote-server-not-found": ("cancel", "404"),
    "remote-server-timeout": ("wait", "504"),
    "resource-constraint": ("wait", "500"),
    "service-unavailable": ("cancel", "503"),
    "subscription-required": ("auth", "407"),
    "undefined-condition": (None, "500"),
    "unexpected-request": ("wait", "400"),
}

#: What a legacy code stands for.
CODES_TO_CONDITIONS = {
    "302": ("gone", "modify"),
    "400": ("bad-request", "modify"),
    "401": ("not-authorized", "auth"),
    "402": ("payment-required", "auth"),
    "403": ("forbidden", "auth"),
    "404": ("item-not-found", "cancel"),
    "405": ("not-allowed", "cancel"),
    "406": ("not-acceptable", "modify"),
    "407": ("registration-required", "auth"),
    "408": ("remote-server-timeout", "wait"),
    "409": ("conflict", "cancel"),
    "500": ("internal-server-error", "wait"),
    "501": ("feature-not-implemented", "cancel"),
    "502": ("service-unavailable", "wait"),
    "503": ("service-unavailable", "cancel"),
    "504": ("remote-server-timeout", "wait"),
    "510": ("service-unavailable", "cancel"),
}


class BaseError(Exception):
    """A condition, with what was said about it.

    :ivar condition: its name.
    :ivar text: what was said, for people; or None.
    :ivar textLang: in which language, if that is known.
    :ivar appCondition: an element that says more; or None.
    """

    namespace: Optional[str] = None

    def __init__(
        self,
        condition: str,
        text: Optional[str] = None,
        textLang: Optional[str] = None,
        appCondition: Optional[domish.Element] = None,
    ) -> None:
        super().__init__(condition)
        self.condition, self.text = condition, text
        self.textLang, self.appCondition = textLang, appCondition

    def __str__(self) -> str:
        said = f"{type(self).__name__} with condition {self.condition!r}"
        return f"{said}: {self.text}" if self.text else said

    def getElement(self) -> domish.Element:
        """The error as an element."""
        error = domish.Element((None, "error"))
        error.addElement((self.namespace, self.condition))
        if self.text:
            text = error.addElement((self.namespace, "text"), content=self.text)
            if self.textLang:
                text[(NS_XML, "lang")] = self.textLang
        if self.appCondition is not None:
            error.addChild(self.appCondition)
        return error


class StreamError(BaseError):
    """The end of a stream, with a reason."""

    namespace = NS_XMPP_STREAMS

    def getElement(self) -> domish.Element:
        """The error as an element."""
        error = super().getElement()
        error.uri = error.defaultUri = "http://etherx.jabber.org/streams"
        return error


class StanzaError(BaseError):
    """What is wrong with a stanza.

    :ivar type: what can be done about it: ``auth``, ``cancel``, ``continue``, ``modify`` or ``wait``.
    :ivar code: a number of old.
    :ivar stanza: the stanza that says so, if it came from the other side.
    :ivar children: what it had in it beside the error.
    """

    namespace = NS_XMPP_STANZAS

    def __init__(
        self,
        condition: str,
        type: Optional[str] = None,
        text: Optional[str] = None,
        textLang: Optional[str] = None,
        appCondition: Optional[domish.Element] = None,
    ) -> None:
        super().__init__(condition, text, textLang, appCondition)
        known, self.code = STANZA_CONDITIONS.get(condition, (None, None))
        self.type = type if type is not None else known
        self.stanza: Optional[domish.Element] = None
        self.children: List[Any] = []

    def getElement(self) -> domish.Element:
        """The error as an element."""
        error = super().getElement()
        error["type"] = self.type or "cancel"
        if self.code:
            error["code"] = self.code
        return error

    def toResponse(self, stanza: domish.Element) -> domish.Element:
        """The stanza that tells the sender of another about it."""
        from .xmlstream import toResponse

        response = toResponse(stanza, stanzaType="error")
        for child in stanza.children:
            response.addChild(child)
        response.addChild(self.getElement())
        return response


def _parse(element: domish.Element, namespace: str) -> dict[str, Any]:
    found: dict[str, Any] = {"condition": None, "text": None, "textLang": None, "appCondition": None}
    for child in element.elements():
        if child.uri != namespace:
            found["appCondition"] = child
        elif child.name == "text":
            found["text"] = str(child)
            found["textLang"] = child.getAttribute((NS_XML, "lang"))
        else:
            found["condition"] = child.name
    return found


def exceptionFromStreamError(element: domish.Element) -> StreamError:
    """The exception that a stream's error is."""
    found = _parse(element, NS_XMPP_STREAMS)
    found["condition"] = found["condition"] or "undefined-condition"
    return StreamError(**found)


def exceptionFromStanza(stanza: domish.Element) -> StanzaError:
    """The exception that a stanza of the type ``error`` is."""
    children, found = [], None
    condition, kind = "undefined-condition", None
    parsed: dict[str, Any] = {}
    for child in stanza.elements():
        if child.name == "error" and child.uri == stanza.uri:
            found = child
        else:
            children.append(child)
    if found is not None:
        kind = found.getAttribute("type")
        parsed = _parse(found, NS_XMPP_STANZAS)
        condition = parsed["condition"]
        if condition is None:
            legacy = CODES_TO_CONDITIONS.get(found.getAttribute("code") or "")
            condition, kind = legacy or ("undefined-condition", kind)
            parsed["text"] = parsed["text"] or str(found) or None
    made = StanzaError(
        condition, kind, parsed.get("text"), parsed.get("textLang"), parsed.get("appCondition")
    )
    made.children, made.stanza = children, stanza
    return made
