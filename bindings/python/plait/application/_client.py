"""The service that keeps a client connected."""

from __future__ import annotations

import logging
import random
from typing import Any, Callable

from ..internet._current import current
from ..internet.defer import CancelledError, Deferred, maybeDeferred, succeed
from ..python.failure import Failure
from .service import Service

_log = logging.getLogger("plait")


def backoffPolicy(
    initialDelay: float = 1.0,
    maxDelay: float = 60.0,
    factor: float = 1.5,
    jitter: Callable[[], float] = random.random,
) -> Callable[[int], float]:
    """Waits that grow: a function from the number of failures in a row to seconds.

    >>> [backoffPolicy(jitter=lambda: 0)(attempt) for attempt in (0, 1, 2, 100)]
    [1.0, 1.5, 2.25, 60.0]
    """

    def policy(attempt: int) -> float:
        try:
            delay = min(initialDelay * factor ** min(100, attempt), maxDelay)
        except OverflowError:
            delay = maxDelay
        return delay + jitter()

    return policy


def _listen(protocol: Any, told: Callable[[Failure], None]) -> None:
    """Has a function called when a protocol has lost its connection, behind its own method."""
    before = protocol.connectionLost

    def connectionLost(reason: Failure) -> Any:
        # It happens once, and the way back to the protocol would be a cycle.
        del protocol.connectionLost
        try:
            return before(reason)
        finally:
            told(reason)

    protocol.connectionLost = connectionLost


class _Telling:
    """The factory of a service's, which tells when its protocols have lost their connection."""

    def __init__(self, factory: Any, lost: Callable[[Failure], None]) -> None:
        self._factory, self._lost = factory, lost

    def __getattr__(self, name: str) -> Any:
        return getattr(self._factory, name)

    def buildProtocol(self, addr: Any) -> Any:
        """Has the factory build."""
        protocol = self._factory.buildProtocol(addr)
        if protocol is not None:
            _listen(protocol, self._lost)
        return protocol


class ClientService(Service):
    """Keeps a client connected, from :meth:`startService` to :meth:`stopService`.

    :param endpoint: where to.
    :param factory: builds the protocol for each connection.
    :param retryPolicy: how long to wait after so many failures in a row, of which the first may be the
        loss of a connection; see
        :func:`backoffPolicy`.
    :param clock: what the waits are timed by; the reactor that runs then if left out.
    :param prepareConnection: is given each new protocol, before those who wait get it. If it
        raises, or its Deferred fails, the connection is closed, and counts as failed.
    """

    def __init__(
        self,
        endpoint: Any,
        factory: Any,
        retryPolicy: Callable[[int], float] | None = None,
        clock: Any = None,
        prepareConnection: Callable[[Any], Any] | None = None,
    ) -> None:
        self._endpoint, self._factory = endpoint, factory
        self._given = clock
        self._policy = backoffPolicy() if retryPolicy is None else retryPolicy
        self._prepare = prepareConnection
        self._failures = 0
        self._attempt: Deferred[Any] | None = None
        self._retry: Any = None
        #: The protocol of the connection that is up, and whether it was prepared.
        self._protocol: Any = None
        self._ready = False
        self._waiters: list[tuple[Deferred[Any], int | None]] = []
        self._stopping: list[Deferred[Any]] = []

    # What programs call

    def startService(self) -> None:
        """Begins to connect."""
        if self.running:
            _log.warning("%r was started already", self)
            return
        super().startService()
        self._failures = 0
        if not self._stopping:
            self._connect()

    def stopService(self) -> Deferred[Any]:
        """Ends whatever there is; the Deferred says when the connection has ended. Those who wait
        for one get a CancelledError.
        """
        super().stopService()
        if self._retry is not None:
            self._retry.cancel()
            self._retry = None
        self._disappoint()
        if self._attempt is None and self._protocol is None:
            return succeed(None)
        stopped: Deferred[Any] = Deferred()
        self._stopping.append(stopped)
        if len(self._stopping) == 1:
            if self._protocol is not None:
                self._protocol.transport.loseConnection()
            if self._attempt is not None:
                self._attempt.cancel()
        return stopped

    def whenConnected(self, failAfterFailures: int | None = None) -> Deferred[Any]:
        """Waits for a connection; the result is its protocol.

        :param failAfterFailures: give up after so many attempts have failed: the Deferred has the
            failure of the last one.
        """
        if self._ready and not self._stopping:
            return succeed(self._protocol)
        waiter: Deferred[Any] = Deferred()
        if not (self.running or self._stopping):
            waiter.errback(Failure(CancelledError()))
        else:
            self._waiters.append((waiter, failAfterFailures))
        return waiter

    # What happens

    def _disappoint(self) -> None:
        waiters, self._waiters = self._waiters, []
        for waiter, _ in waiters:
            waiter.errback(Failure(CancelledError()))

    def _connect(self) -> None:
        self._retry = None
        factory = _Telling(self._factory, self._lost)
        self._attempt = attempt = maybeDeferred(self._endpoint.connect, factory)
        attempt.addCallback(self._connected).addErrback(self._failed)

    def _connected(self, protocol: Any) -> Any:
        self._protocol = protocol
        if self._prepare is None or self._stopping:
            self._prepared(protocol)
            return None
        prepared = maybeDeferred(self._prepare, protocol)
        return prepared.addCallbacks(lambda _: self._prepared(protocol), self._unprepared)

    def _prepared(self, protocol: Any) -> None:
        self._attempt = None
        if self._protocol is None or self._stopping:
            return
        self._failures = 0
        self._ready = True
        waiters, self._waiters = self._waiters, []
        for waiter, _ in waiters:
            waiter.callback(protocol)

    def _unprepared(self, failure: Failure) -> Failure:
        protocol = self._protocol
        if protocol is not None:
            # It is of no use, and its end is not another failure.
            self._protocol = None
            protocol.transport.loseConnection()
        return failure

    def _failed(self, failure: Failure) -> None:
        self._attempt = None
        self._protocol = None
        if self._stopping:
            self._over()
            return
        remaining, ended = [], []
        for waiter, left in self._waiters:
            if left is not None and left <= 1:
                ended.append(waiter)
            else:
                remaining.append((waiter, None if left is None else left - 1))
        self._waiters = remaining
        for waiter in ended:
            waiter.errback(failure)
        self._wait()

    def _lost(self, reason: Failure) -> None:
        if self._protocol is None:
            return
        self._protocol, self._ready = None, False
        if self._stopping:
            self._over()
        elif self._attempt is None:
            self._wait()

    def _wait(self) -> None:
        if self.running and self._retry is None:
            # A connection that was lost counts, too.
            self._failures += 1
            self._retry = (self._given or current()).callLater(self._policy(self._failures), self._connect)

    def _over(self) -> None:
        if self._attempt is not None or self._protocol is not None:
            return
        stopped, self._stopping = self._stopping, []
        if self.running:
            # Started again meanwhile.
            self._connect()
        else:
            self._disappoint()
        for one in stopped:
            one.callback(None)
