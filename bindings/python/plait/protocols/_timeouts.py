"""Ends of connections that nothing happens on."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, Callable

from .._core.towers import stock
from ..internet.protocol import connectionDone, given_reason
from ._wrapping import ProtocolWrapper, WrapperInC, WrappingFactory, built, later

if TYPE_CHECKING:
    from ..internet.interfaces import IDelayedCall
    from ..python.failure import Failure

#: Seconds that a peer has to take what it was sent, after the time limit, before it is aborted.
_PATIENCE = 30.0


class _Ending:
    """The end of a connection that was asked for, and is made if the peer has stopped reading."""

    def __init__(
        self, transport: Any, callLater: Callable[[float, Callable[[], None]], IDelayedCall]
    ) -> None:
        self._transport = transport
        self._call: IDelayedCall | None = None
        if getattr(transport, "abortConnection", None) is not None:
            self._call = callLater(_PATIENCE, self._abort)

    def _abort(self) -> None:
        self._call = None
        self._transport.abortConnection()

    def over(self) -> None:
        """It has ended."""
        if self._call is not None and self._call.active():
            self._call.cancel()
        self._call = None


class TimeoutProtocol(ProtocolWrapper):
    """Ends a connection on which nothing was received or sent for a while, and those that are too
    slow or too long otherwise: see :class:`TimeoutFactory`.
    """

    def __init__(
        self,
        factory: Any = None,
        wrappedProtocol: Any = None,
        timeoutPeriod: float | None = None,
        **keywords: Any,
    ) -> None:
        super().__init__(factory, wrappedProtocol, **keywords)
        self.timeoutCall: IDelayedCall | None = None
        self.timeoutPeriod: float | None = None
        self._limits: list[IDelayedCall] = []
        self._absolute: IDelayedCall | None = None
        self._received = 0
        self._ending: _Ending | None = None
        self.setTimeout(timeoutPeriod)

    def setTimeout(self, timeoutPeriod: float | None = None) -> None:
        """Sets the seconds without traffic after which the connection ends; None for never."""
        self.cancelTimeout()
        self.timeoutPeriod = timeoutPeriod
        if timeoutPeriod is not None:
            self.timeoutCall = self.factory.callLater(timeoutPeriod, self._timeIsUp)

    def cancelTimeout(self) -> None:
        """Has the connection go on for ever."""
        self.timeoutPeriod = None
        call, self.timeoutCall = self.timeoutCall, None
        if call is not None and call.active():
            call.cancel()

    def resetTimeout(self) -> None:
        """Something has happened: the time begins anew."""
        if self.timeoutCall is not None and self.timeoutPeriod is not None:
            self.timeoutCall.reset(self.timeoutPeriod)
        if self.parentWrapper is not None:
            # What happens here is life there.
            self.parentWrapper.resetTimeout()

    def _timeIsUp(self) -> None:
        self.timeoutCall = None
        self.timeoutFunc()

    def timeoutFunc(self) -> None:
        """The time is up. By default the connection is ended, and aborted if the peer does not take
        the rest of what it was sent.
        """
        if self._ending is None:
            self._ending = _Ending(self.transport, self.factory.callLater)
            self.transport.loseConnection()

    def makeConnection(self, transport: Any) -> None:
        """Meets the transport; the limits of the factory begin to run."""
        factory = self.factory
        if self.parentWrapper is not None:
            # It need not say anything, but must not outlast the one that it was opened for.
            self._absolute = self.parentWrapper._absolute
            if self._absolute is not None and self._absolute.active():
                call = factory.callLater(0, self.timeoutFunc)
                call.delay(self._absolute.getTime() - call.getTime())
                self._limits.append(call)
            super().makeConnection(transport)
            return
        absolute = getattr(factory, "absolutePeriod", None)
        handshake = getattr(factory, "handshakePeriod", None)
        if absolute is not None:
            self._limit(absolute, self.timeoutFunc)
            self._absolute = self._limits[-1]
        if handshake is not None:
            self._limit(handshake, self._nothingYet)
        if getattr(factory, "minimumRate", None):
            self._limit(factory.ratePeriod, self._lookAtRate)
        super().makeConnection(transport)

    def _limit(self, period: float, function: Callable[[], None]) -> None:
        self._limits.append(self.factory.callLater(period, function))

    def _nothingYet(self) -> None:
        if not self._received:
            self.timeoutFunc()

    def _lookAtRate(self) -> None:
        factory = self.factory
        if self._received < factory.minimumRate * factory.ratePeriod:
            self.timeoutFunc()
            return
        self._received = 0
        self._limits = [call for call in self._limits if call.active()]
        self._limit(factory.ratePeriod, self._lookAtRate)

    def write(self, data: bytes) -> None:
        """Sends bytes."""
        self.resetTimeout()
        super().write(data)

    def writeSequence(self, data: Iterable[bytes]) -> None:
        """Sends several pieces."""
        self.resetTimeout()
        super().writeSequence(data)

    def dataReceived(self, data: bytes) -> None:
        """Hands bytes to the inner protocol."""
        self.resetTimeout()
        self._received += len(data)
        super().dataReceived(data)

    @given_reason
    def connectionLost(self, reason: Failure = connectionDone) -> None:
        """The connection has ended: nothing is waited for any more."""
        self.cancelTimeout()
        for call in self._limits:
            if call.active():
                call.cancel()
        self._limits.clear()
        if self._ending is not None:
            self._ending.over()
        super().connectionLost(reason)


class TimeoutInC(WrapperInC):
    """What stands around a protocol whose time limits the C library keeps."""

    offers = frozenset({"cancelTimeout", "resetTimeout", "setTimeout", "timeoutPeriod"})
    timeoutPeriod: float | None = None

    def setTimeout(self, timeoutPeriod: float | None = None) -> None:
        """Sets the seconds without traffic after which the connection ends; None for never."""
        from .._native import policies

        self.timeoutPeriod = timeoutPeriod
        period = 0 if timeoutPeriod is None else max(1, round(timeoutPeriod * 1000))
        policies.timeout_set_idle(self.transport._conn, period, None)

    def cancelTimeout(self) -> None:
        """Has the connection go on for ever."""
        self.setTimeout(None)

    def resetTimeout(self) -> None:
        """Something has happened: the time begins anew."""
        from .._native import policies

        policies.timeout_reset(self.transport._conn)


class TimeoutFactory(WrappingFactory):
    """Ends connections on which nothing happens.

    :param timeoutPeriod: seconds without traffic in either direction, after which a connection
        ends; None for never.
    :param handshakePeriod: seconds within which a peer must have sent something.
    :param absolutePeriod: seconds after which a connection ends whatever happens on it.
    :param minimumRate: bytes a second that a peer must send, on average of each ``ratePeriod``.
    :param ratePeriod: seconds.
    """

    protocol: Any = TimeoutProtocol
    inherits = True

    def __init__(
        self,
        wrappedFactory: Any,
        timeoutPeriod: float | None = 30 * 60,
        *,
        handshakePeriod: float | None = None,
        absolutePeriod: float | None = None,
        minimumRate: float | None = None,
        ratePeriod: float = 10,
    ) -> None:
        super().__init__(wrappedFactory)
        self.timeoutPeriod = timeoutPeriod
        self.handshakePeriod, self.absolutePeriod = handshakePeriod, absolutePeriod
        self.minimumRate, self.ratePeriod = minimumRate, ratePeriod

    def wrap(self, inner: Any) -> Any:
        """Makes the wrapper of a protocol."""
        return self.protocol(self, inner, timeoutPeriod=self.timeoutPeriod)

    def callLater(self, period: float, func: Callable[[], None]) -> IDelayedCall:
        """Calls a function later. A test overrides it with a clock's."""
        return later(None, period, func)

    def standIn(self, inner: Any) -> Any:
        """Makes what stands around a protocol where the C library keeps the time."""
        made = TimeoutInC(self, inner)
        made.timeoutPeriod = self.timeoutPeriod
        return made


def _in_c(policy: Any, inner: int) -> list[int] | None:
    from .._native import policies

    options = policies.TimeoutOptions(grace_ms=round(_PATIENCE * 1000))
    for name, period in (
        ("idle_ms", policy.timeoutPeriod),
        ("handshake_ms", policy.handshakePeriod),
        ("absolute_ms", policy.absolutePeriod),
    ):
        if period is not None:
            if not period > 0:
                return None
            setattr(options, name, max(1, round(period * 1000)))
    if policy.minimumRate:
        options.flags = policies.TIMEOUT_RATE_ALWAYS
        options.min_rate = math.ceil(policy.minimumRate)
        options.rate_ms = max(1, round(policy.ratePeriod * 1000))
    return built(policies.timeout_factory_new, inner, options)


stock(TimeoutFactory, _in_c)


class TimeoutMixin:
    """Gives a protocol a time limit that it resets itself whenever something useful happens.

    :ivar timeOut: the limit in seconds, or None.
    """

    timeOut: float | None = None
    transport: Any
    __call: IDelayedCall | None = None

    def callLater(self, period: float, func: Callable[[], None]) -> IDelayedCall:
        """Calls a function later: on the reactor of the transport. A test overrides it."""
        return later(getattr(self, "transport", None), period, func)

    def resetTimeout(self) -> None:
        """Something useful has happened: the time begins anew."""
        if self.__call is not None and self.timeOut is not None:
            self.__call.reset(self.timeOut)

    def setTimeout(self, period: float | None) -> float | None:
        """Changes the limit, from now on; gives the one before. None for no limit."""
        before, self.timeOut = self.timeOut, period
        call = self.__call
        if call is not None and not call.active():
            call = self.__call = None
        if period is None:
            if call is not None:
                call.cancel()
                self.__call = None
        elif call is not None:
            call.reset(period)
        else:
            self.__call = self.callLater(period, self.__timedOut)
        return before

    def __timedOut(self) -> None:
        self.__call = None
        self.timeoutConnection()

    def timeoutConnection(self) -> None:
        """The time is up. By default the connection is ended."""
        self.transport.loseConnection()
