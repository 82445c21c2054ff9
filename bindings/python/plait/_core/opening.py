"""From a conn that was opened to a protocol that speaks on it."""

from __future__ import annotations

from ctypes import byref, pointer
from typing import TYPE_CHECKING, Any, Callable

from .._native import functions, structs
from ..error import PlaitError
from ..internet._factories import factory_of
from ..python.failure import Failure
from . import towers
from .factories import raw_factory
from .registry import conns, drop, entry, hold
from .transport import Transport, TransportInTower

if TYPE_CHECKING:
    from ..internet.reactors import Reactor
    from .security import Use


@entry(structs.ConnectFunction)
def _completed(user: int, call: int, conn: int, reason: Any) -> None:
    attempt = drop(user)
    if attempt is None:
        return
    driver = attempt.driver
    driver.inside = True
    try:
        about = reason.contents
        attempt.completed(
            about.status, (about.text or b"").decode("utf-8", "replace"), about.os_error
        )
    except BaseException as error:
        driver.failed(error, "Unhandled error in the end of a connection attempt")
    finally:
        driver.leave()


class Opener:
    """What conns are opened for: a listening port, or an attempt to connect."""

    #: Whether it connects, or accepts.
    connects = False
    #: How its conns use TLS, if they do.
    tls: Use | None = None

    def __init__(self, driver: Reactor, factory: Any) -> None:
        self.driver, self.factory = driver, factory_of(factory)
        self._hears = type(self).ended is not Opener.ended
        #: What builds the protocols: the factory, or what is within its policies that C runs.
        self.source = factory
        self.policies: list[Any] = []
        #: The transport of the conversation that its conns belong to, if they do to one.
        self.parent: Any = None
        #: How the protocols are framed, if that can be told before there are any: so are the conns.
        self.expected: Any = None

    def build(self, transport: Transport) -> Any:
        """Makes the protocol for a conn, or None to refuse it."""
        raise NotImplementedError

    def made(self, protocol: Any) -> None:
        """The protocol that was connected for has met its transport."""

    def ended(self, reason: Failure) -> None:
        """The conn has ended, whether a protocol was made or not."""

    def native(self) -> int:
        """A new C factory whose conns come here; the caller releases it."""
        built = towers.tower(self.factory, self.driver)
        if built is not None:
            self.policies, self.source = built.policies, built.source
            made = built.floor.gate.entrance(self, built.floor.handle)
        else:
            self.policies, self.source = [], self.factory
            kind = getattr(self.factory, "protocol", None)
            expects = getattr(kind, "_expects", None) if isinstance(kind, type) else None
            self.expected = None if expects is None else expects()
            key = hold(self)
            try:
                made = raw_factory(key) if self.expected is None else self.expected.factory(key)
            except BaseException:
                drop(key)
                raise
        return made if self.tls is None else self.tls.over(made)

    def family(self) -> tuple[Transport | None, list[Any]]:
        """Whose children the conns are, and the wrappers around that one which Python runs."""
        wrappers, below = [], self.parent
        while below is not None and not isinstance(below, Transport):
            wrappers.append(below)
            below = getattr(below, "transport", None)
        return below, wrappers

    def opened(self, conn: int) -> None:
        """A conn was opened."""
        driver = self.driver
        kind = TransportInTower if self.policies else Transport
        transport = conns[conn] = kind(driver, conn, self, self.connects)
        if self._hears:
            transport.ended = self.ended
        try:
            protocol = self.build(transport)
            expected = self.expected
            if (
                expected is not None
                and type(protocol) is expected.kind
                and self.parent is None
                and protocol._framesAs(expected)
            ):
                # The conn frames as this one wants it: no more than the introduction is left to do.
                transport.meet(protocol)
                return
            if protocol is None:
                for policy in self.policies:
                    policy.refusedWithin()
                transport.loseConnection()
                return
            if self.parent is not None:
                for wrapper in self.family()[1]:
                    protocol = wrapper.inherited(protocol)
            if self.policies:
                transport.wrappers = towers.enter(self.policies, transport, protocol)
            transport.bind(protocol)
            if expected is None and transport.framer is None:
                transport.begin()
            else:
                # The protocol is introduced when the C library frames for it, or not at all.
                transport.frame()
        except BaseException as error:
            transport.crashed(error, self.factory)


class Attempt(Opener):
    """One attempt to connect."""

    connects = True

    def __init__(
        self,
        driver: Reactor,
        factory: Any,
        build: Callable[[Any, Any], Any],
        made: Callable[[Any], None],
        failed: Callable[[int, str, int], None],
        lost: Callable[[Failure], None],
        tls: Use | None = None,
        parent: Any = None,
    ) -> None:
        super().__init__(driver, factory)
        self.tls, self.parent = tls, parent
        self._call = 0
        self._build, self._made, self._failed, self._lost = build, made, failed, lost

    def build(self, transport: Transport) -> Any:
        """Makes the protocol, or None."""
        return self._build(self.source, transport.getPeer())

    def start(
        self, endpoint: str, timeout: float | None, attemptDelay: float | None = None
    ) -> None:
        """Begins. What the C library refuses at once is raised."""
        milliseconds = _FOREVER
        if timeout is not None:
            milliseconds = max(1, round(min(timeout * 1000, _FOREVER)))
        reason = structs.Reason()
        options = structs.ConnectOptions(timeout_ms=milliseconds, reason=pointer(reason))
        if attemptDelay is not None:
            options.attempt_delay_ms = max(1, round(min(attemptDelay * 1000, _LONG)))
        parent = self.family()[0]
        if parent is not None:
            options.parent = parent._conn
        call = structs.Handle()
        factory = self.native()
        key = hold(self)
        try:
            status = functions.connect(
                self.driver.handle,
                endpoint.encode(),
                factory,
                byref(options),
                _completed,
                key,
                byref(call),
            )
            if status < 0:
                raise PlaitError(status, (reason.text or b"").decode("utf-8", "replace"))
        except BaseException:
            drop(key)
            raise
        finally:
            functions.factory_release(factory)
        self._call = call.value
        self.driver.attempts.add(self)

    def cancel(self) -> None:
        """Gives up; the failure comes later."""
        functions.call_cancel(self._call)

    def completed(self, status: int, text: str, number: int) -> None:
        """The C library is done with the attempt."""
        self.driver.attempts.discard(self)
        if status:
            self._failed(status, text, number)

    def made(self, protocol: Any) -> None:
        """The protocol has met its transport."""
        self._made(protocol)

    def ended(self, reason: Failure) -> None:
        """The connection has ended."""
        self._lost(reason)


#: For a time limit that there is not: longer than any process lives.
_FOREVER = 1 << 61
#: The longest delay of an attempt.
_LONG = (1 << 32) - 1
