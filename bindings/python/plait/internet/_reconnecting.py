"""The client factory that connects again."""

from __future__ import annotations

import logging
import random
from typing import TYPE_CHECKING, Any

from .protocol import ClientFactory

if TYPE_CHECKING:
    from ..python.failure import Failure
    from .interfaces import IConnector, IDelayedCall, IReactorTime

_log = logging.getLogger("plait")


class ReconnectingClientFactory(ClientFactory):
    """A client factory that connects again when the connection ends or cannot be made.

    The wait grows by ``factor`` with each failure in a row; a protocol calls :meth:`resetDelay`
    once its connection has proved good. Twisted's counterpart has the same attributes.

    :ivar initialDelay: seconds that the growth begins at.
    :ivar maxDelay: the longest wait, in seconds.
    :ivar factor: from one wait to the next.
    :ivar jitter: how much a wait varies, as a part of it (a standard deviation); None for nothing.
    :ivar maxRetries: after so many it gives up; None for never.
    :ivar delay: the next wait.
    :ivar retries: how many there were in a row.
    :ivar clock: what the waits are timed by, if not the connector's reactor.
    """

    maxDelay: float = 3600
    initialDelay: float = 1.0
    factor: float = 2.7182818284590451
    jitter: float | None = 0.119626565582
    delay: float = initialDelay
    retries = 0
    maxRetries: int | None = None
    clock: IReactorTime | None = None
    connector: Any = None
    continueTrying = 1
    _callID: IDelayedCall | None = None

    def clientConnectionFailed(self, connector: IConnector, reason: Failure) -> None:
        """Tries again later."""
        self._again(connector)

    def clientConnectionLost(self, connector: IConnector, reason: Failure) -> None:
        """Tries again later."""
        self._again(connector)

    def _again(self, connector: IConnector) -> None:
        if self.continueTrying:
            self.connector = connector
            self.retry()

    def retry(self, connector: IConnector | None = None) -> None:
        """Has a connector connect again, after a wait."""
        if not self.continueTrying:
            return
        chosen: Any = connector if connector is not None else self.connector
        if chosen is None:
            raise ValueError("there is no connector to try again with")
        self.retries += 1
        if self.maxRetries is not None and self.retries > self.maxRetries:
            _log.info("%r gives up after %d retries", self, self.maxRetries)
            return
        if self.jitter:
            self.delay = max(0.0, random.normalvariate(self.delay, self.delay * self.jitter))

        def connect() -> None:
            self._callID = None
            chosen.connect()

        clock = self.clock if self.clock is not None else chosen.reactor
        self._callID = clock.callLater(self.delay, connect)
        self.delay = min(self.delay * self.factor, self.maxDelay)

    def __getstate__(self) -> dict[str, Any]:
        """What is pickled: how to try, and nothing of what was tried."""
        passing = {"connector", "retries", "delay", "continueTrying", "_callID", "clock"}
        return {name: value for name, value in vars(self).items() if name not in passing}

    def stopTrying(self) -> None:
        """Gives up; a connection that is up is left alone."""
        if self._callID is not None:
            self._callID.cancel()
            self._callID = None
        self.continueTrying = 0
        try:
            if self.connector is not None:
                self.connector.stopConnecting()
        except RuntimeError:
            # There was no attempt under way.
            pass

    def resetDelay(self) -> None:
        """Starts the waits over, because the connection has proved good."""
        self.delay = self.initialDelay
        self.retries = 0
        self._callID = None
        self.continueTrying = 1
