"""Strings by named states."""

from __future__ import annotations

from typing import Any


class StatefulStringProtocol:
    """To be mixed into a receiver of strings: each string goes to the method of the current state.

    The method of a state ``name`` is ``proto_name``. What it returns is the next state: None stays,
    ``"done"`` ends the connection. A state that has no method ends it, too, with a line in the log;
    Twisted drops the string and goes on.

    >>> from plait.protocols.basic import NetstringReceiver
    >>> from plait.test.proto_helpers import StringTransport
    >>> class Login(StatefulStringProtocol, NetstringReceiver):
    ...     def proto_init(self, user):
    ...         self.user = user
    ...         return "password"
    ...     def proto_password(self, password):
    ...         return "done"
    >>> login, transport = Login(), StringTransport()
    >>> login.makeConnection(transport)
    >>> login.dataReceived(b"4:anna,6:secret,")
    >>> login.user, login.state, transport.disconnecting
    (b'anna', 'done', True)

    :ivar state: the name of the current state.
    """

    state: Any = "init"
    transport: Any

    def stringReceived(self, string: bytes) -> None:
        """Has the method of the current state handle a string."""
        handler = getattr(self, f"proto_{self.state}", None)
        if handler is None:
            self._lost(self.state)
            return
        state = handler(string)
        if state is None:
            return
        self.state = state
        if state == "done":
            self.transport.loseConnection()

    def _lost(self, state: Any) -> None:
        import logging

        logging.getLogger("plait").warning("%r has no state %r", self, state)
        self.transport.loseConnection()
