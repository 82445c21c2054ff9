"""Strings by named states."""

from __future__ import annotations

from typing import Any


class StatefulStringProtocol:
    """To be mixed into a receiver of strings: each string goes to the method of the current state.

    The method of a state ``name`` is ``proto_name``. What it returns is the next state: None stays,
    ``"done"`` ends the connection. A state that has no method ends it, too, with a line in the log;
    Twisted drops the string and goes on. ::

        class Login(StatefulStringProtocol, NetstringReceiver):
            def proto_init(self, user):
                self.user = user
                return "password"

            def proto_password(self, password):
                return "done"

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
