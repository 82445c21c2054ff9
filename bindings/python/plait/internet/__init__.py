"""The reactor, and what runs on it: Twisted's ``twisted.internet``."""
