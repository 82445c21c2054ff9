"""Ends of connections: of Twisted's ``twisted.internet.main``."""

from .error import ConnectionDone, ConnectionLost

__all__ = ["CONNECTION_DONE", "CONNECTION_LOST"]

#: The end of a connection in good order.
CONNECTION_DONE = ConnectionDone()
#: Any other.
CONNECTION_LOST = ConnectionLost()
