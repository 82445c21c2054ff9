"""Helpers that are not about networking: Twisted's ``twisted.python``."""
