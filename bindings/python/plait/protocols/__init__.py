"""Protocols: Twisted's ``twisted.protocols``."""
