"""XMPP: Twisted's ``twisted.words.protocols.jabber``."""
