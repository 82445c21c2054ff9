"""Accounts: Twisted's ``twisted.words.protocols.jabber.client``."""

from __future__ import annotations

from typing import Any

from . import xmlstream
from .jid import JID
from .xmlstream import IQ

__all__ = ["IQ", "XMPPAuthenticator", "XMPPClientFactory"]


class XMPPAuthenticator(xmlstream.Authenticator):
    """An account: by TLS, SASL with what is safest, and the binding of a resource.

    :param configurationForTLS: of :mod:`plait.internet.ssl`; without one the server's certificate
        is checked against the system's authorities and the account's domain.
    :param options: those of ``plait_xmpp_options``, by their names.
    """


def XMPPClientFactory(
    jid: JID, password: str, configurationForTLS: Any = None, **options: Any
) -> xmlstream.XmlStreamFactory:
    """Makes the streams of an account, one after the other."""
    authenticator = XMPPAuthenticator(jid, password, configurationForTLS, **options)
    return xmlstream.XmlStreamFactory(authenticator)
