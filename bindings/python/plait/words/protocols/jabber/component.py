"""Components: Twisted's ``twisted.words.protocols.jabber.component``."""

from __future__ import annotations

from typing import Union

from ...._native import xmpp as native
from . import xmlstream
from .jid import JID

__all__ = ["ConnectComponentAuthenticator", "componentFactory"]

NS_COMPONENT_ACCEPT = "jabber:component:accept"


class ConnectComponentAuthenticator(xmlstream.Authenticator):
    """A component, which connects to a server and shows that it knows the secret (XEP-0114)."""

    namespace = NS_COMPONENT_ACCEPT
    _role = native.XMPP_COMPONENT

    def __init__(self, componentjid: Union[JID, str], password: str) -> None:
        jid = JID(componentjid) if isinstance(componentjid, str) else componentjid
        super().__init__(jid, password)


def componentFactory(componentid: Union[JID, str], password: str) -> xmlstream.XmlStreamFactory:
    """Makes the streams of a component, one after the other."""
    return xmlstream.XmlStreamFactory(ConnectComponentAuthenticator(componentid, password))
