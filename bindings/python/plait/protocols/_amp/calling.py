"""Calls that the C library keeps: tags, time limits, and what is over."""

from __future__ import annotations

import threading
from collections.abc import Callable
from ctypes import byref, c_uint64, string_at
from typing import TYPE_CHECKING, Any

from ..._core.registry import drop, hold
from ..._native import amp as native
from ..._native import constants, functions, structs
from ...error import PlaitError
from ...internet._reasons import connection_lost
from ...internet.defer import Deferred
from ...internet.error import TimeoutError
from ...python.failure import Failure
from .boxes import ANSWER, ERROR, MAX_KEY_LENGTH, AmpBox, fields, largeFields
from .dispatching import remoteError
from .errors import MalformedAmpBox, ProtocolSwitched, TooLong, TooManyCalls
from .options import milliseconds
from .tables import answered

if TYPE_CHECKING:
    from .protocol import AMP

_nobody = native.AmpAnswerFunction()


class _Scratch(threading.local):
    """What calls to the C library write to: a thread has its own."""

    def __init__(self) -> None:
        self.bytes = structs.Bytes()
        #: The same memory as numbers, since a pointer to bytes reads as text in C.
        self.place = (c_uint64 * 2).from_buffer(self.bytes)
        self.out = structs.Handle()
        #: By how many: fields to be sent, filled anew by every call.
        self.pairs: dict[int, Any] = {}


_scratch = _Scratch()


class Question(Deferred[Any]):
    """A call to the peer, and what will come of it."""

    def __init__(self, amp: AMP, read: Callable[[AmpBox], Any], command: Any) -> None:
        super().__init__()
        self.amp, self.command, self._read = amp, command, read
        self.transport: Any = amp.transport
        self.driver: Any = self.transport.driver
        self.handle = 0
        self.key = 0

    def cancel(self) -> None:
        """Gives the call up."""
        if not self.called and self.amp._asked.pop(self.key, None) is not None:
            drop(self.key)
            functions.call_cancel(self.handle)
        super().cancel()

    def ended(self, answer: int, reason: Any) -> None:
        """The C library is done with the call."""
        asked = self.amp._asked
        if answer:
            if asked.pop(self.key, None) is not None:
                self._answered(_box(answer, self.amp.ampExtended))
            return
        status: int = reason.contents.status
        error: Exception
        if status == constants.ERR_TIMEOUT:
            error = TimeoutError(string="there was no answer in time")
        elif status == constants.ERR_SWITCHED:
            error = ProtocolSwitched("the answer can't come any more")
        else:
            # The connection has ended, or is about to: all that wait are told together.
            return
        if asked.pop(self.key, None) is not None:
            self.errback(error)

    def _answered(self, box: AmpBox) -> None:
        self.addErrback(self.amp.unhandledError)
        if ERROR in box:
            error = remoteError(box)
            self.errback(error if self.command is None else self.command.massaged(error))
            return
        try:
            result = self._read(box)
        except Exception:
            self.errback(Failure())
        else:
            self.callback(result)


def ask(
    amp: AMP,
    name: bytes,
    pairs: Any,
    count: int,
    question: Question,
    limit: int,
) -> int:
    """Sends a question; tells how it went."""
    question.transport.flush()
    key = question.key = hold(question)
    out = _scratch.out
    status: int = native.amp_call_string(
        amp._conn, name, len(name), pairs, count, 0, limit, answered, key, byref(out)
    )
    if status < 0:
        drop(key)
    else:
        question.handle = out.value
        amp._asked[key] = question
    return status


def askWithBox(
    amp: AMP, name: bytes, box: AmpBox, requiresAnswer: bool, timeout: float | None
) -> Question | None:
    """Sends a question with these fields.

    :raises TooLong: and whatever else is wrong with it; then nothing was sent.
    """
    pairs = filled(box)
    if requiresAnswer:
        question = Question(amp, _same, None)
        status = ask(amp, name, pairs, len(box), question, milliseconds(timeout))
    else:
        question = None
        amp.transport.flush()
        status = native.amp_call_string(
            amp._conn,
            name,
            len(name),
            pairs,
            len(box),
            native.AMP_ONEWAY,
            0,
            _nobody,
            None,
            None,
        )
    if status < 0:
        raise refused(status, name, box)
    return question


def _same(box: AmpBox) -> AmpBox:
    return box


def refused(status: int, name: bytes, box: AmpBox) -> Exception:
    """The exception for a call that could not be made."""
    if status == constants.ERR_TOO_LONG:
        key = max(box, key=lambda key: len(box[key]))
        return TooLong(False, True, box[key], key)
    if status == constants.ERR_LIMIT:
        return TooManyCalls("too many calls wait for their answers")
    if status == constants.ERR_SWITCHED:
        return ProtocolSwitched("this connection is left to another protocol")
    if status in (constants.ERR_CLOSED, constants.ERR_STALE):
        return connection_lost(constants.ERR_CLOSED)
    if status == constants.ERR_INVALID:
        return MalformedAmpBox(f"{name!r} cannot be called with {box!r}")
    return PlaitError(status)


def filled(box: AmpBox) -> Any:
    """A box as the C library takes it, until the next one."""
    count = len(box)
    known = _scratch.pairs
    pairs = known.get(count)
    if pairs is None:
        pairs = (structs.Bytes * (2 * count or 1))()
        if count < 64:
            known[count] = pairs
    index = 0
    for key, value in box.items():
        if len(key) > MAX_KEY_LENGTH:
            raise TooLong(True, True, key, None)
        for data in (key, value):
            if type(data) is not bytes:
                if isinstance(data, str):
                    raise TypeError(f"a box holds bytes, not text: {key!r}: {value!r}")
                raise TypeError(f"a box holds bytes: {key!r}: {value!r}")
            place = pairs[index]
            place.data, place.len = data, len(data)
            index += 1
    return pairs


def _box(answer: int, extended: bool) -> AmpBox:
    """The box that a handle stands for."""
    scratch = _scratch
    out = byref(scratch.bytes)
    native.amp_get_field(answer, None, 0, out)
    address, size = scratch.place
    data = string_at(address, size)
    if extended:
        # In a box with large values the lengths have four bytes: it shows in front of the tag.
        for key in (ANSWER, ERROR):
            if native.amp_get_field(answer, key, len(key), out) == 0:
                end = scratch.place[0] - address - 2
                if data[end - len(key) : end] != key:
                    return largeFields(data, 0, size)
    return fields(data, 0, size)
