"""Calls that wait for their replies, and what the C library tells of them."""

from __future__ import annotations

from ctypes import byref, cast, memmove
from typing import TYPE_CHECKING, Any, Callable

from ..._core.registry import conns, drop, entry, hold, objects
from ..._core.tables import _bound, _table, _tell
from ..._native import constants, functions, structs
from ..._native import ftp_client as native
from ...error import PlaitError
from ...internet._reasons import connection_lost
from ...internet.defer import Deferred
from ...internet.error import TimeoutError
from ...python.failure import Failure
from .results import (
    BadResponse,
    CommandFailed,
    ConnectionLost,
    FTPError,
    Reply,
    TransferFailed,
    UnexpectedResponse,
    decoded,
)

if TYPE_CHECKING:
    from .basic import FTPClientBasic


class Call(Deferred[Any]):
    """A call, and what will come of it.

    :ivar request: what the C library is told.
    :ivar make: makes the result of the reply and of what the C library has found.
    :ivar receiver: what gets bytes.
    :ivar giver: what gives them: bytes, none at the end, or None for later.
    """

    receiver: Any = None
    giver: Callable[[int], bytes | None] | None = None
    progress: Callable[[int, int], Any] | None = None
    #: What a receiver or a giver has raised.
    raised: BaseException | None = None
    handle = 0

    def __init__(self, request: Any, make: Callable[[Reply, Any], Any] | None = None) -> None:
        super().__init__()
        self.request, self.make = request, make
        self.kept: list[bytes] = []

    def put(self, field: str, data: bytes) -> None:
        """Gives the request bytes, which live as long as it does."""
        place = getattr(self.request, field)
        place.data, place.len = data, len(data)
        self.kept.append(data)

    def failed(self, error: BaseException) -> int:
        """A receiver or a giver has raised: what the C library is told."""
        self.raised = error
        return constants.ERR_VALUE

    def begin(self, client: FTPClientBasic) -> None:
        """Asks."""
        self.client, request = client, self.request
        if self.receiver is not None:
            request.sink = _sink
        if self.giver is not None:
            request.source = _source
        if self.progress is not None:
            request.progress = _progress
        key, handle = hold(self), structs.Handle()
        status = native.ftp_client_call(client._conn, byref(request), _done, key, byref(handle))
        if status == 0:
            self.handle = handle.value
            client._drive()
            return
        drop(key)
        if not self.called:
            self.errback(_refusal(status))

    def cancel(self) -> None:
        """Gives the call up; the session goes on."""
        if self.called:
            super().cancel()
            return
        handle, self.handle = self.handle, 0
        super().cancel()
        if handle:
            functions.call_cancel(handle)
            self.client._drive()

    def ended(self, reason: Any, result: Any) -> None:
        """The completion."""
        self.handle = 0
        reply = Reply(decoded(result.reply.read()).splitlines())
        reply.code, reply.offset, reply.moved = result.code, result.offset, result.moved
        receiver = getattr(self.receiver, "finished", None)
        fault = None if reason.status == 0 else self.fault(reason, reply)
        if receiver is not None:
            receiver(fault)
        if self.called:
            return
        if fault is not None:
            self.errback(fault)
            return
        try:
            value = reply if self.make is None else self.make(reply, result)
        except Exception:
            self.errback(Failure())
            return
        self.callback(value)

    def fault(self, reason: Any, reply: Reply) -> BaseException:
        """The exception for a call that has failed."""
        status, text = reason.status, (reason.text or b"").decode("utf-8", "replace")
        if self.raised is not None:
            return self.raised
        made: FTPError
        if status == constants.ERR_TIMEOUT:
            return TimeoutError(string=text)
        if status == constants.ERR_REMOTE and reply:
            made = CommandFailed(list(reply))
        elif status == constants.ERR_PROTOCOL:
            nobody = "nobody has asked for" in text
            made = (UnexpectedResponse if nobody else BadResponse)(text)
        elif self.client._isLost():
            made = ConnectionLost("FTP connection lost", Failure(connection_lost(status, text)))
        else:
            made = TransferFailed(text, PlaitError(status, text))
        made.code, made.lines, made.what = reason.code, list(reply), text
        return made


def _refusal(status: int) -> Exception:
    """The exception for a call that could not be made."""
    if status in (constants.ERR_INVALID, constants.ERR_TOO_LONG):
        return ValueError("a name with CR, LF or NUL, or one that is too long")
    if status in (constants.ERR_CLOSED, constants.ERR_STALE, constants.ERR_TYPE):
        return ConnectionLost("FTP connection lost", Failure(connection_lost(constants.OK)))
    return PlaitError(status)


# What the C library calls


def _run(call: Call, tell: Callable[[], Any], failed: Callable[[BaseException], Any]) -> Any:
    """Has the program's code run as part of a callback, and hands over what that wrote."""
    driver = call.client._driver()
    if driver is not None:
        driver.inside = True
    try:
        return tell()
    except BaseException as error:
        return failed(error)
    finally:
        if driver is not None:
            driver.leave()


def _crashed(conn: int, error: BaseException) -> None:
    self = conns.get(conn)
    if self is not None:
        self.crashed(error)


@entry(native.FtpDoneFunction)
def _done(user: int, conn: int, reason: Any, result: Any) -> None:
    call = drop(user)
    if call is not None:
        about, found = reason.contents, result.contents
        _run(call, lambda: call.ended(about, found), lambda error: _crashed(conn, error))


@entry(native.FtpSinkFunction)
def _sink(user: int, conn: int, data: Any, length: int) -> int:
    call = objects.get(user)
    if call is None:
        return constants.ERR_CANCELLED
    return int(_run(call, lambda: call.receiver(data[:length]) is _LATER, call.failed))


@entry(native.FtpSourceFunction)
def _source(user: int, conn: int, room: Any, length: int, count: Any) -> int:
    call = objects.get(user)
    if call is None:
        return constants.ERR_CANCELLED

    def give() -> int:
        data = call.giver(length)
        if data is None:
            return 1
        if len(data) > length:
            raise ValueError("more bytes than were asked for")
        memmove(room, bytes(data), len(data))
        count[0] = len(data)
        return 0

    return int(_run(call, give, call.failed))


@entry(native.FtpProgressFunction)
def _progress(user: int, conn: int, moved: int, total: int) -> None:
    call = objects.get(user)
    if call is not None:
        _run(call, lambda: call.progress(moved, total), lambda error: _crashed(conn, error))


@entry(native.FtpReadyFunction)
def _ready(user: int, conn: int, greeting: Any, length: int) -> None:
    _tell(conn, "_greeted", decoded(greeting[:length]).splitlines(), framer=True)


#: What a receiver returns that wants no more before ``resume``.
_LATER = object()

#: By whether the protocol goes on when the peer has said its last word.
handlers = [
    _table(
        native.FtpClientHandler,
        half,
        connected=_bound,
        ready=cast(_ready, native.FtpReadyFunction),
    )
    for half in (False, True)
]
