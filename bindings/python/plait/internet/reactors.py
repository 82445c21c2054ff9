"""Reactors that a program makes itself, one for each thread that wants one."""

from __future__ import annotations

import builtins
import logging
import os
import traceback
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from ctypes import addressof, byref, c_uint64, c_void_p, cast, pythonapi, sizeof
from threading import get_ident
from typing import TYPE_CHECKING, Any, Callable

from .._core.events import SystemEvents
from .._core.factories import FactoryCache
from .._core.logs import logged
from .._core.registry import conns, drop, entry, hold, objects
from .._core.signals import open_wakeup, watched
from .._core.timers import DelayedCall
from .._native import constants, functions, structs
from ..error import PlaitError
from ._current import began, ended
from ._listening import Listening
from ._reasons import check
from ._threading import Threading
from .error import ReactorAlreadyRunning, ReactorNotRunning

if TYPE_CHECKING:
    from .._core.opening import Attempt
    from .._core.transport import Transport
    from .ports import Connector, Port

__all__ = ["Reactor"]

_log = logging.getLogger("plait")


def shown(what: Any) -> str:
    """How an object shows itself, if it can: one whose ``__repr__`` raises may be half made."""
    try:
        return repr(what)
    except Exception:
        return f"<{type(what).__name__} at {id(what):#x}>"


def _address(function: Any) -> Any:
    return cast(function, c_void_p).value


@entry(structs.PostFunction)
def _posted(user: int) -> None:
    self = objects.get(user)
    if self is not None:
        self.inside = True
        try:
            self.runPosted()
        except BaseException as error:
            self.failed(error, "Unhandled error in a posted call")
        finally:
            self.leave()


@entry(structs.TimerFunction)
def _idle(user: int, timer: int) -> None:
    return


class Reactor(Listening, Threading):
    """An event loop: Twisted's reactor, of which a program may have several.

    One thread uses it, the one that makes it or runs it; :meth:`callFromThread` and :meth:`stop`
    may be called from any. Unlike Twisted's it can be run again after it was stopped.

    :ivar running: whether it runs.
    """

    def __init__(self) -> None:
        out = structs.Handle()
        self._key = hold(self)
        options = structs.ReactorOptions(
            log_level=constants.LOG_INFO,
            log=logged,
            log_user=self._key,
            before_wait=structs.BeforeWaitFunction(_address(pythonapi.PyEval_SaveThread)),
            after_wait=structs.AfterWaitFunction(_address(pythonapi.PyEval_RestoreThread)),
        )
        status = functions.reactor_new(byref(out), byref(options))
        if status < 0:
            drop(self._key)
        check(status)
        self.handle: int = out.value
        self.running = self.stopping = False
        #: Whether it was turned by hand.
        self.wasTurned = False
        self.cache = FactoryCache()
        self.ports: set[Port] = set()
        self.connectors: set[Connector] = set()
        self.attempts: set[Attempt] = set()
        self.delayed: set[DelayedCall] = set()
        #: Where the C library writes addresses down, one after the other.
        self.address = structs.Address()
        self.addressReference = byref(self.address)
        start = addressof(self.address)
        self.addressAt = slice(start, start + sizeof(self.address))
        # Whether a callback runs now, and whose output it will have to hand over in the end.
        self.inside = False
        self.dirty: list[Any] = []
        self._calls: deque[tuple[Callable[..., Any], Any, Any]] = deque()
        self._posting = self._keeps = self._ends = False
        self._owner, self._process = get_ident(), os.getpid()
        self.events = SystemEvents(self.failed)
        self._raised: BaseException | None = None
        self._wakeup: int | None = None
        #: What stops the reactor when another loop drives it.
        self.host: Callable[[], None] | None = None

    def getReactor(self) -> Reactor:
        """This reactor: where a reactor is asked for, the module of the global one will do too."""
        return self

    @property
    def transports(self) -> list[Transport]:
        """The transports of its connections."""
        here = conns.copy().values()
        return [conn for conn in here if conn.driver is self and hasattr(conn, "abortConnection")]

    # Running

    def run(self, installSignalHandlers: bool = True) -> None:
        """Runs until :meth:`stop`; then connections and ports are closed.

        Ctrl-C ends it with KeyboardInterrupt, whatever the program is doing.

        :param installSignalHandlers: whether signals wake the reactor. It takes no signal over but
            SIGINT, and that only in the main thread, while it runs, and if Python's own handler is
            in place; Twisted also takes SIGTERM.
        """
        if self.running:
            raise ReactorAlreadyRunning()
        self.adopt()
        with watched(self) if installSignalHandlers else nullcontext():
            with self.driven():
                try:
                    # A signal wakes the reactor without ending it: its handler runs here.
                    while not self._ends and self._raised is None:
                        check(functions.reactor_run(self.handle))
                finally:
                    if not self._keeps and os.getpid() == self._process:
                        self._windDown()
        self._raise()

    def adopt(self) -> None:
        """Makes the calling thread the one that may use the reactor."""
        check(self.tryToAdopt())

    def tryToAdopt(self) -> int:
        """The same, where it may have been closed: gives the status."""
        status = functions.reactor_adopt(self.handle)
        if status == 0:
            self._owner, self._process = get_ident(), os.getpid()
        return status

    @contextmanager
    def driven(self) -> Iterator[None]:
        """Counts as running meanwhile, and waits even when there is nothing to wait for."""
        forever = self.startTimer(1 << 61, _idle, 0)
        self.running, self.stopping, self._keeps, self._ends = True, False, False, False
        try:
            began(self)
            self.events.fire("startup")
            yield
        finally:
            ended(self)
            functions.timer_cancel(forever)
            self.running = self.stopping = False

    def _windDown(self) -> None:
        """Does what was asked for the end, and waits for what is to be done before."""
        first, self._raised = self._raised, None
        arrived: list[bool] = []

        def arrive() -> None:
            arrived.append(True)
            functions.reactor_stop(self.handle)

        if not self.events.begin("shutdown", arrive):
            # A second Ctrl-C does not wait.
            while not arrived and self._raised is None:
                check(functions.reactor_run(self.handle))
        self.shutdown()
        self.events.finish("shutdown")
        self._raised = first or self._raised

    def stop(self) -> None:
        """Ends :meth:`run`, from any thread: ports are closed, and connections lost."""
        if not self.running:
            raise ReactorNotRunning()
        if self.host is not None:
            self.host()
        else:
            self._end()

    def crash(self) -> None:
        """Ends :meth:`run` and leaves everything open, for the next run."""
        self._keeps = True
        self._end()

    def _end(self) -> None:
        self._ends = True
        check(functions.reactor_stop(self.handle))

    def iterate(self, delay: float = 0) -> None:
        """Does what is to be done, waiting so many seconds for it at most."""
        self.wasTurned = True
        check(functions.reactor_poll(self.handle, round(delay * 1000)))
        self._raise()

    def close(self) -> None:
        """Closes all that the reactor has, and the reactor itself, for good."""
        self.stopping = True
        try:
            check(functions.reactor_free(self.handle))
        finally:
            self.stopping = False
        self.stopThreadPool()
        self.cache.clear()
        drop(self._key)
        for call in list(self.delayed):
            call.discard()
        if self._wakeup is not None:
            os.close(self._wakeup)

    def shutdown(self) -> None:
        """Closes ports and connections."""
        self.stopping = True
        for connector in list(self.connectors):
            self._call(connector.disconnect)
        for port in list(self.ports):
            self._call(port.stopListening)
        for attempt in list(self.attempts):
            self._call(attempt.cancel)
        for transport in self.transports:
            self._call(transport.loseConnection)
        functions.reactor_poll(self.handle, 0)
        # Those left have something to send that their peers do not take.
        for transport in self.transports:
            self._call(transport.abortConnection)
        functions.reactor_poll(self.handle, 0)

    def interrupt(self, error: BaseException) -> None:
        """Ends the run, and has it raise this exception."""
        if self._raised is None:
            self._raised = error
        if self.running and self.host is None:
            functions.reactor_stop(self.handle)

    def _raise(self) -> None:
        raised, self._raised = self._raised, None
        if raised is not None:
            raise raised

    def wakeup(self) -> int:
        """A descriptor: whatever is written to it has the reactor turn."""
        if self._wakeup is None:
            self._wakeup = open_wakeup(self.handle)
        return self._wakeup

    # Time

    def seconds(self) -> float:
        """The time, in seconds since an unspecified moment; not so in Twisted, where it is the
        time of day."""
        out = c_uint64()
        check(functions.reactor_now(self.handle, byref(out)))
        return out.value / 1000

    def callLater(
        self, delay: float, callable: Callable[..., Any], *args: Any, **kw: Any
    ) -> DelayedCall:
        """Calls a function so many seconds from now."""
        call = DelayedCall(self, delay, callable, args, kw)
        self.delayed.add(call)
        return call

    def getDelayedCalls(self) -> list[DelayedCall]:
        """The calls that are still to come."""
        return list(self.delayed)

    def startTimer(self, milliseconds: int, function: Any, key: int) -> int:
        """Starts a timer of the C library's; gives its handle."""
        out = structs.Handle()
        check(functions.timer_start(self.handle, milliseconds, 0, function, key, byref(out)))
        return out.value

    # Calls from elsewhere

    def callFromThread(self, callable: Callable[..., Any], *args: Any, **kw: Any) -> None:
        """Calls a function in the reactor's thread, in a coming turn. From any thread."""
        if not builtins.callable(callable):
            raise TypeError(f"not callable: {callable!r}")
        self._calls.append((callable, args, kw))
        if not self._posting:
            self._post()

    def _post(self) -> None:
        # Cleared before the calls are looked at: none is left behind unposted.
        self._posting = True
        status = functions.reactor_post(self.handle, _posted, self._key)
        if status < 0:
            self._posting = False
            self._calls.clear()
            check(status)

    def soon(self, function: Callable[[], Any]) -> None:
        """Calls a function in a coming turn."""
        self.callFromThread(function)

    def runPosted(self) -> None:
        """Makes the calls that came from elsewhere."""
        self._posting = False
        try:
            for _ in range(len(self._calls)):
                function, args, keywords = self._calls.popleft()
                self._call(function, *args, **keywords)
        finally:
            if self._calls and not self._posting:
                self._post()

    def _call(self, function: Callable[..., Any], *args: Any, **keywords: Any) -> None:
        try:
            function(*args, **keywords)
        except BaseException as error:
            self.failed(error, "Unhandled error in", function)

    def failed(self, problem: BaseException, text: str, what: Any = None) -> None:
        """Tells of an exception that no caller is there for, and what it happened in."""
        if isinstance(problem, (KeyboardInterrupt, SystemExit)):
            return self.interrupt(problem)
        about = (type(problem), problem, problem.__traceback__)
        try:
            _log.error(text if what is None else f"{text} {shown(what)}", exc_info=about)
        except Exception:
            # A program's own logging raised: that there was an error must not be lost with it.
            traceback.print_exception(*about)

    # Output

    def mark(self, transport: Transport) -> None:
        """Notes that a transport has gathered output."""
        if get_ident() != self._owner:
            raise PlaitError(constants.ERR_THREAD)
        self.dirty.append(transport)
        if not self.inside and len(self.dirty) == 1:
            # No callback is under way at whose end it would be handed over.
            functions.reactor_post(self.handle, _posted, self._key)

    def flush(self) -> None:
        """Hands over what was gathered."""
        # What is written meanwhile, as by a signal's handler, is marked in the next list.
        while self.dirty:
            dirty, self.dirty = self.dirty, []
            left = iter(dirty)
            try:
                for transport in left:
                    try:
                        transport.flush()
                    except BaseException as error:
                        transport.dropWritten()
                        transport.crashed(error)
            except BaseException:
                # Raised in between, by a signal's handler.
                self.dirty[:0] = left
                functions.reactor_post(self.handle, _posted, self._key)
                raise

    def leave(self) -> None:
        """A callback is done."""
        # In this order: what a signal's handler writes from now on has the reactor turn.
        self.inside = False
        if self.dirty:
            self.flush()
