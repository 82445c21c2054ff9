"""Questions and answers: who asked what, and who is asked."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from ...internet.defer import Deferred, fail
from ...internet.error import ConnectionClosed, ConnectionLost, TimeoutError
from ...python.failure import Failure
from .boxes import (
    ANSWER,
    ASK,
    COMMAND,
    ERROR,
    ERROR_CODE,
    ERROR_DESCRIPTION,
    AmpBox,
    AtOnceBox,
    Box,
    QuitBox,
)
from .errors import (
    CANCELLED_ERROR_CODE,
    PROTOCOL_ERRORS,
    UNHANDLED_ERROR_CODE,
    UNKNOWN_ERROR_CODE,
    AmpError,
    MalformedAmpBox,
    NoEmptyBoxes,
    ProtocolSwitched,
    RemoteAmpError,
    TooLong,
    TooManyCalls,
    UnhandledCommand,
)
from .options import AmpOptions
from .results import outcome, own

if TYPE_CHECKING:
    from .commands import Command

_log = logging.getLogger("plait")
_RESERVED = frozenset((ASK, ANSWER, COMMAND, ERROR, ERROR_CODE, ERROR_DESCRIPTION))


class BoxDispatcher:
    """Matches answers with questions, and questions with those who answer them.

    :ivar locator: what finds the responders.
    :ivar boxSender: what boxes are sent through, once there is something.
    """

    ampOptions: AmpOptions = AmpOptions()
    locator: Any = None
    boxSender: Any = None
    _failAllReason: Failure | None = None
    _counter = 0
    #: By tag: who waits for the answer; nobody any more, where it is None.
    _outstandingRequests: dict[bytes, Deferred[Any] | None]

    def __init__(self, locator: Any) -> None:
        self._outstandingRequests = {}
        self.locator = locator

    # Being connected

    def startReceivingBoxes(self, boxSender: Any) -> None:
        """Boxes will come, and can be sent."""
        self.boxSender = boxSender

    def stopReceivingBoxes(self, reason: Any) -> None:
        """No more boxes will come: all calls fail."""
        self.failAllOutgoing(own(reason))

    def failAllOutgoing(self, reason: Failure) -> None:
        """Has all calls fail, those of the future included."""
        self._failAllReason = reason
        outstanding, self._outstandingRequests = self._outstandingRequests, {}
        for question in outstanding.values():
            if question is not None:
                question.errback(reason)

    # Asking

    def callRemote(self, commandType: type[Command], *a: Any, **kw: Any) -> Any:
        """Calls a command of the peer's.

        :param a: what special commands need on this side.
        :param kw: the command's arguments, by name. Beside them ``timeout``, unless the command has
            an argument of that name: how many seconds the call may take; then it fails with
            :class:`plait.internet.error.TimeoutError`. Twisted has no time limits.
        :returns: a Deferred, which can be awaited: its result is a dictionary. It fails with an
            exception that the command lists, with UnknownRemoteError, UnhandledCommand, with how
            the connection ended, or with whatever is wrong with the arguments. Cancelling it gives
            the call up. For a command that requires no answer: None, and what is wrong is raised.
        """
        try:
            limit = None
            if "timeout" in kw and not any(name == b"timeout" for name, _ in commandType.arguments):
                limit = kw.pop("timeout")
            call = commandType(*a, **kw)
            if limit is not None:
                call._timeout = limit
            return call._doCommand(self)
        except Exception:
            if not commandType.requiresAnswer:
                raise
            return fail(Failure())

    def callRemoteString(
        self, command: bytes | str, requiresAnswer: bool = True, **kw: Any
    ) -> Deferred[AmpBox] | None:
        """Calls a command by its name, with fields as they are on the wire; the result is a box.

        A ``timeout`` that is a number is a time limit, as that of :meth:`callRemote`.
        """
        name = command if isinstance(command, bytes) else command.encode()
        limit = {}
        if isinstance(kw.get("timeout", b""), (int, float)):
            limit["timeout"] = kw.pop("timeout")
        try:
            box = Box(kw)
            if not _RESERVED.isdisjoint(box):
                raise MalformedAmpBox(f"names that are AMP's own: {box!r}")
            return self._sendBoxCommand(name, box, requiresAnswer, **limit)
        except Exception:
            if not requiresAnswer:
                raise
            return fail(Failure())

    def _nextTag(self) -> bytes:
        self._counter += 1
        return b"%x" % self._counter

    def _sendBoxCommand(
        self,
        command: bytes,
        box: AmpBox,
        requiresAnswer: bool = True,
        timeout: float | None = None,
    ) -> Deferred[AmpBox] | None:
        """Sends a box as a question."""
        reason = self._unable()
        if reason is not None:
            return fail(reason) if requiresAnswer else None
        timeout = self.ampOptions.callTimeout if timeout is None else timeout
        box[COMMAND] = command
        tag = self._nextTag()
        if not requiresAnswer:
            box._sendTo(self.boxSender)
            return None
        box[ASK] = tag
        clock: Any = None if timeout is None else self._clock()
        box._sendTo(self.boxSender)

        def giveUp(_: Any) -> None:
            self._giveUp(tag)

        question: Deferred[AmpBox] = Deferred(giveUp)
        self._outstandingRequests[tag] = question
        if timeout is not None:
            call = clock.callLater(timeout, self._expired, tag, timeout)
            question.addBoth(_disarmed, call)
        return question

    def _unable(self) -> Failure | None:
        """Why nothing can be asked."""
        if self._failAllReason is not None:
            return self._failAllReason
        if self.boxSender is None:
            return Failure(ConnectionLost(text="there is no connection yet"))
        if len(self._outstandingRequests) >= self.ampOptions.maxCalls:
            return Failure(TooManyCalls("too many calls wait for their answers"))
        return None

    def _giveUp(self, tag: bytes) -> Deferred[Any] | None:
        """Nobody waits for this answer any more; it may still come."""
        question = self._outstandingRequests.get(tag)
        if question is not None:
            self._outstandingRequests[tag] = None
        return question

    def _expired(self, tag: bytes, seconds: float) -> None:
        question = self._giveUp(tag)
        if question is not None:
            question.errback(TimeoutError(string=f"no answer within {seconds} seconds"))

    def _clock(self) -> Any:
        """What time limits are counted by: the reactor of the transport."""
        clock = getattr(getattr(self.boxSender, "transport", None), "reactor", None)
        if clock is None:
            raise ValueError("there is no reactor to count a time limit by")
        return clock

    def unhandledError(self, failure: Failure) -> Any:
        """Nobody handled a failure: the box sender deals with it."""
        return self.boxSender.unhandledError(failure)

    # Being answered, and asked

    def ampBoxReceived(self, box: AmpBox) -> None:
        """A box came: a question, an answer or an error."""
        if ANSWER in box:
            self._answerReceived(box)
        elif ERROR in box:
            self._errorReceived(box)
        elif COMMAND in box:
            self._commandReceived(box)
        else:
            raise NoEmptyBoxes(box)

    def _question(self, tag: bytes) -> Deferred[Any] | None:
        try:
            question = self._outstandingRequests.pop(tag)
        except KeyError:
            raise MalformedAmpBox(f"an answer to what was not asked: {tag!r}") from None
        if question is not None:
            question.addErrback(self.unhandledError)
        return question

    def _answerReceived(self, box: AmpBox) -> None:
        question = self._question(box[ANSWER])
        if question is not None:
            question.callback(box)

    def _errorReceived(self, box: AmpBox) -> None:
        if ERROR_CODE not in box or ERROR_DESCRIPTION not in box:
            raise MalformedAmpBox(f"an error without code or description: {box!r}")
        question = self._question(box[ERROR])
        if question is not None:
            question.errback(remoteError(box))

    def _commandReceived(self, box: AmpBox) -> None:
        deferred = self.dispatchCommand(box)
        tag = box.get(ASK)
        if tag is not None:
            asked = tag

            def answer(answerBox: AmpBox) -> AmpBox:
                answerBox[ANSWER] = asked
                return answerBox

            self._pend(deferred, tag)
            deferred.addCallbacks(answer, self._errorBox, errbackArgs=(tag,))
            deferred.addCallback(self._safeEmit, tag)
        deferred.addErrback(self.unhandledError)

    def _safeEmit(self, aBox: AmpBox, tag: bytes) -> None:
        try:
            try:
                aBox._sendTo(self.boxSender)
            except (MalformedAmpBox, TooLong, TypeError):
                # It is no box.
                self._errorBox(Failure(), tag)._sendTo(self.boxSender)
        except (ProtocolSwitched, ConnectionClosed):
            # There is nobody to hear it.
            pass

    def _errorBox(self, failure: Failure, tag: bytes) -> AmpBox:
        """The box that tells of a failure."""
        return errorBox(failure, tag)

    def _pend(self, deferred: Deferred[Any], tag: bytes) -> None:
        """The answer to this question comes later."""

    def dispatchCommand(self, box: AmpBox) -> Deferred[AmpBox]:
        """Has a question answered."""
        name = box[COMMAND]
        responder: Callable[..., Any] | None
        responder = self.locator.locateResponder(name)
        if responder is None:
            text = name.decode("utf-8", "backslashreplace") if isinstance(name, bytes) else name
            error = RemoteAmpError(
                UNHANDLED_ERROR_CODE,
                f"Unhandled Command: {text}",
                local=Failure(UnhandledCommand()),
            )
            return fail(error)
        found = responder
        return outcome(lambda: found(box), {})


def remoteError(box: AmpBox) -> AmpError:
    """The exception that an error box stands for."""
    code = box[ERROR_CODE]
    description = box[ERROR_DESCRIPTION].decode("utf-8", "replace")
    kind: Any = PROTOCOL_ERRORS.get(code, RemoteAmpError)
    error: AmpError = kind(code, description)
    return error


def errorBox(failure: Failure, tag: bytes) -> AmpBox:
    """The box that tells of a failure: it ends the connection unless its exception says otherwise."""
    error: Any = failure.value
    box: AmpBox
    if isinstance(error, RemoteAmpError):
        box = QuitBox() if error.fatal else AtOnceBox() if error._isUrgent else Box()
        code, text = error.errorCode, error.description
    elif type(error).__name__ == "CancelledError":
        # A Deferred's, or a task's: nobody's mistake.
        box, code, text = Box(), CANCELLED_ERROR_CODE, "cancelled"
    else:
        box = QuitBox()
        _log.error("while answering a command", exc_info=(failure.type, error, failure.tb))
        code, text = UNKNOWN_ERROR_CODE, "Unknown Error"
    box[ERROR] = tag
    box[ERROR_CODE] = code
    box[ERROR_DESCRIPTION] = text.encode("utf-8", "replace") if isinstance(text, str) else text
    return box


def _disarmed(result: Any, call: Any) -> Any:
    if call.active():
        call.cancel()
    return result
