"""Answering requests that the C library has found in what came, and cut into arguments."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..._native import amp as native
from ..._native import constants, functions
from ..._native.amp import AMP_NONE, AMP_SWITCH
from ...internet._reasons import check
from ...internet.defer import Deferred
from ...python.failure import Failure
from .boxes import ANSWER, AmpBox, fields, largeFields
from .calling import filled
from .dispatching import BoxDispatcher
from .errors import CANCELLED_ERROR_CODE, RemoteAmpError, TooLong
from .framing import BinaryBoxProtocol
from .plans import Plan, plan
from .responding import bad_return, known, unreadable
from .results import later
from .switching import ProtocolSwitchCommand, StartTLS

if TYPE_CHECKING:
    from collections.abc import Callable

    from .commands import Command

#: A command as the C library has to know it: name, flags, names of arguments.
_Known = tuple[bytes, int, tuple[bytes, ...]]


class Served:
    """What a class of protocols answers.

    :ivar known: the commands that the C library finds for it; their places are its numbers.
    :ivar plans: by number: how to answer; None means by the command's own methods.
    """

    def __init__(self, responders: dict[bytes, tuple[type[Command], Callable[..., Any]]]) -> None:
        self.plans: list[Plan | None] = []
        commands: list[_Known] = []
        for name, (command, function) in responders.items():
            if not 0 < len(name) < 65536:
                continue
            made = plan(command, function)
            names = () if made is None else tuple(key for key, _ in command.arguments)
            # One that switches has to be the last of what is delivered; and so is one that the C
            # library does not know, as it may be such a one.
            switches = issubclass(command, (ProtocolSwitchCommand, StartTLS))
            self.plans.append(made)
            commands.append((name, AMP_SWITCH if switches else 0, names))
        self.known = tuple(commands)


class Serving(BinaryBoxProtocol, BoxDispatcher):
    """The part of AMP that answers."""

    #: Whether both sides understand what goes beyond Twisted.
    ampExtended = False
    #: How many seconds the caller of the request that a responder is called for goes on waiting, if
    #: it said so.
    ampTimeLeft: float | None = None
    _plans: list[Plan | None]
    #: How many requests wait for their answers, and whether these are as many as may wait.
    _unanswered = 0
    _isFull = False
    #: By tag, where the caller may give a call up: what will answer it; None once it did.
    _pending: dict[bytes, Deferred[Any] | None]

    def _takeRequests(self, data: bytes, numbers: Any, count: int) -> None:
        """Answers a block of requests: see amp.h for the numbers of each."""
        self._halt = False
        plans = self._plans
        at = 0
        for _ in range(count):
            number = numbers[at + 1]
            chosen = plans[number] if number != AMP_NONE else None
            if self.ampExtended:
                left = numbers[at + 8]
                self.ampTimeLeft = None if left == AMP_NONE else left / 1000
            if chosen is None:
                start, size, width = numbers[at + 4], numbers[at + 5], numbers[at + 9]
                self._commandReceived(_fields(data, start, size, width))
            else:
                chosen.serve(self, data, numbers, 4 * at)
            at += numbers[at]
            if self._halt and self.transport.disconnecting:
                # Nothing is delivered after the end was asked for.
                break

    # Beyond Twisted

    def _extended(self, most: int) -> None:
        self.ampExtended, self._pending = True, {}

    def _pend(self, deferred: Deferred[Any], tag: bytes) -> None:
        if deferred.called and not deferred.paused:
            return
        self._unanswered += 1
        if self.ampExtended:
            self._pending[tag] = deferred
        if self._unanswered >= self.ampOptions.maxRequests and not self._isFull and self._reads():
            self._isFull = True
            functions.conn_pause(self._conn)
        deferred.addBoth(self._settled, tag)

    def _settled(self, result: Any, tag: bytes) -> Any:
        """What answers a request is there; a request that its caller gave up ends without harm."""
        self._unanswered -= 1
        if self._isFull:
            self._isFull = False
            if self._reads() and not self._ours.halted:
                functions.conn_resume(self._conn)
        if self.ampExtended and self._pending.pop(tag, result) is None:
            if isinstance(result, Failure):
                raise RemoteAmpError(CANCELLED_ERROR_CODE, "the caller gave up")
        return result

    def _reads(self) -> bool:
        """Whether the conn reads by itself."""
        return bool(self._conn) and self._ours is not None

    def _cancelled(self, tag: bytes) -> None:
        deferred = self._pending.get(tag)
        if deferred is not None:
            self._pending[tag] = None
            deferred.cancel()

    def sendBox(self, box: AmpBox) -> None:
        """Sends a box."""
        try:
            super().sendBox(box)
        except TooLong as error:
            if not self.ampExtended or error.isKey:
                raise
            self.transport.flush()
            status = native.amp_send(self._conn, filled(box), len(box))
            if status == constants.ERR_TOO_LONG:
                raise
            check(status)

    # What is unusual about a request for which there is a plan

    def _respond(self, result: Any, chosen: Plan, tag: bytes | None) -> None:
        """Answers with what a responder returned, now or when it is there."""
        deferred = None if type(result) is dict else later(result)
        if deferred is None:
            self._answer(result, chosen, tag)
            return
        if tag is not None:
            self._pend(deferred, tag)
        about = (chosen, tag)
        deferred.addCallbacks(self._answer, self._failed, about, None, about)
        deferred.addErrback(self.unhandledError)

    def _answer(self, result: Any, chosen: Plan, tag: bytes | None) -> None:
        try:
            data = chosen.encode(tag or b"", result)
        except Exception as error:
            if self.ampExtended and isinstance(error, TooLong) and tag is not None:
                box = chosen.command.makeResponse(result, self)
                box[ANSWER] = tag
                self._safeEmit(box, tag)
                return
            bad = bad_return(result, chosen.function, chosen.command, Failure(error))
            self._failed(bad, chosen, tag)
            return
        if tag is not None and not self._locked and self.transport is not None:
            self._put(data)

    def _failed(self, problem: Exception | Failure, chosen: Plan, tag: bytes | None) -> None:
        """A responder raised, or returned what cannot be sent."""
        failure = problem if isinstance(problem, Failure) else Failure(problem)
        try:
            known(failure, chosen.command)
        except BaseException as error:
            # Whatever the responder failed with, which is no failure of this side's.
            self._refuse(error, tag)

    def _unreadable(
        self,
        chosen: Plan,
        tag: bytes | None,
        data: bytes,
        start: int,
        size: int,
        width: int,
        error: Exception,
    ) -> None:
        """The arguments of a request are not what they should be."""
        box = _fields(data, start, size, width)
        self._refuse(unreadable(chosen.command, box, self, Failure(error)), tag)

    def _refuse(self, error: BaseException, tag: bytes | None) -> None:
        failure = Failure(error)
        if tag is None:
            self.unhandledError(failure)
        else:
            self._safeEmit(self._errorBox(failure, tag), tag)


def _fields(data: bytes, start: int, size: int, width: int) -> AmpBox:
    return (fields if width == 2 else largeFields)(data, start, start + size)
