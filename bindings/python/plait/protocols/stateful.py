"""Bytes by handlers and counts: Twisted's ``twisted.protocols.stateful``."""

from __future__ import annotations

from typing import Any, Callable, Optional, Tuple

from ..internet.protocol import Protocol

__all__ = ["StatefulProtocol"]

#: So many states of no bytes in a row lead nowhere.
_MOST_IDLE = 1000

_State = Tuple[Callable[[bytes], Any], int]


class StatefulProtocol(Protocol):
    """A protocol whose state is a pair of a handler and how many bytes it gets.

    A handler returns the next state, or nothing to stay in its own.
    """

    _state: Optional[_State] = None
    _held = b""
    _isBusy = False

    def getInitialState(self) -> _State:
        """The state that a conversation begins in. To be overridden."""
        raise NotImplementedError(f"{type(self).__name__}.getInitialState")

    def makeConnection(self, transport: Any) -> None:
        """Connects the protocol with a transport."""
        super().makeConnection(transport)
        self._state, self._held = self.getInitialState(), b""

    def dataReceived(self, data: bytes) -> None:
        """Takes bytes: each state gets its own."""
        self._held += bytes(data)
        if self._isBusy:
            # Called from inside a handler: the loop below goes on with these.
            return
        self._isBusy = True
        held, at, idle = self._held, 0, 0
        try:
            while True:
                assert self._state is not None
                handler, count = self._state
                if len(held) - at < count:
                    if held is self._held:
                        break
                    held = self._held
                    continue
                at += count
                idle = 0 if count else idle + 1
                if idle > _MOST_IDLE:
                    raise RuntimeError(f"{handler!r} is asked for no bytes again and again")
                state = handler(held[at - count : at])
                if getattr(self.transport, "disconnecting", False):
                    # Nothing is delivered after the end was asked for.
                    at = len(self._held)
                    break
                if state:
                    self._state = state
        finally:
            self._isBusy = False
            self._held = self._held[at:]
