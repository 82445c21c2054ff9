"""From a conn that was opened to a protocol that speaks on it."""

from __future__ import annotations

from ctypes import byref
from typing import TYPE_CHECKING, Any, Callable

from .._native import functions, structs
from ..internet._reasons import check
from ..python.failure import Failure
from .factories import raw_factory
from .registry import drop, entry, hold
from .transport import Transport, register

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

    def __init__(self, driver: Reactor) -> None:
        self.driver = driver

    def build(self, address: Any) -> Any:
        """Makes the protocol for a conn, or None to refuse it."""
        raise NotImplementedError

    def made(self, protocol: Any) -> None:
        """The protocol has met its transport."""

    def ended(self, reason: Failure) -> None:
        """The conn has ended, whether a protocol was made or not."""

    def native(self) -> int:
        """A new C factory whose conns come here; the caller releases it."""
        key = hold(self)
        try:
            made = raw_factory(key)
        except BaseException:
            drop(key)
            raise
        return made if self.tls is None else self.tls.over(made)

    def opened(self, conn: int) -> None:
        """A conn was opened."""
        transport = Transport(self.driver, conn)
        transport.opener, transport.ended = self, self.ended
        transport.isClient = self.connects
        register(transport, conn)
        try:
            protocol = self.build(transport.getPeer())
            if protocol is None:
                transport.loseConnection()
                return
            transport.bind(protocol)
            if transport.framer is None:
                transport.begin()
            else:
                # The protocol is introduced when the C library frames for it.
                transport.frame()
        except BaseException as error:
            transport.crashed(error)


class Attempt(Opener):
    """One attempt to connect."""

    connects = True

    def __init__(
        self,
        driver: Reactor,
        build: Callable[[Any], Any],
        made: Callable[[Any], None],
        failed: Callable[[int, str, int], None],
        lost: Callable[[Failure], None],
        tls: Use | None = None,
    ) -> None:
        super().__init__(driver)
        self.tls = tls
        self._call = 0
        self._build, self._made, self._failed, self._lost = build, made, failed, lost

    def build(self, address: Any) -> Any:
        """Makes the protocol, or None."""
        return self._build(address)

    def start(
        self, endpoint: str, timeout: float | None, attemptDelay: float | None = None
    ) -> None:
        """Begins. What the C library refuses at once is raised."""
        milliseconds = _FOREVER if timeout is None else max(1, round(timeout * 1000))
        options = structs.ConnectOptions(timeout_ms=milliseconds)
        if attemptDelay is not None:
            options.attempt_delay_ms = max(1, round(attemptDelay * 1000))
        call = structs.Handle()
        factory = self.native()
        key = hold(self)
        try:
            check(
                functions.connect(
                    self.driver.handle,
                    endpoint.encode(),
                    factory,
                    byref(options),
                    _completed,
                    key,
                    byref(call),
                )
            )
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
