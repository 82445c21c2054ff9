"""From a box to a responder's arguments, and from what it returns to a box."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from ...internet.defer import Deferred, fail
from ...python.failure import Failure
from .errors import UNKNOWN_ERROR_CODE, BadLocalReturn, RemoteAmpError
from .results import outcome

if TYPE_CHECKING:
    from .boxes import AmpBox
    from .commands import Command


def respond(
    proto: Any, function: Callable[..., Any], command: type[Command], box: AmpBox
) -> Deferred[AmpBox]:
    """Has a function answer a box."""
    try:
        arguments = command.parseArguments(box, proto)
    except Exception:
        return fail(unreadable(command, box, proto, Failure()))
    deferred = outcome(function, arguments)
    deferred.addCallback(_response, proto, function, command)
    return deferred.addErrback(known, command)


def _response(objects: Any, proto: Any, function: Any, command: type[Command]) -> AmpBox:
    try:
        return command.makeResponse(objects, proto)
    except Exception:
        raise bad_return(objects, function, command, Failure()) from None


def bad_return(
    objects: Any, function: Any, command: type[Command], failure: Failure
) -> BadLocalReturn:
    """The exception for a responder that returned what cannot be sent."""
    return BadLocalReturn(
        f"{function!r} returned {objects!r} and {command!r} could not serialize it", failure
    )


def known(failure: Failure, command: type[Command]) -> Any:
    """From an exception that the command lists to the error that is sent."""
    kind: Any = failure.trap(*command.allErrors)
    fatal = kind in command.allFatalErrors
    raise RemoteAmpError(command.allErrors[kind], str(failure.value), fatal, local=failure)


def unreadable(
    command: type[Command], box: AmpBox, proto: Any, failure: Failure
) -> RemoteAmpError:
    """The error for a question whose arguments cannot be read. It names the one that is to blame;
    the conversation goes on. Twisted tells nothing, and hangs up.
    """
    left = box.copy()
    text = failure.getErrorMessage()
    for name, argument in command.arguments:
        called = name.decode("utf-8", "replace")
        if name not in left and not argument.optional:
            text = f"a missing argument: {called}"
            break
        try:
            argument.fromBox(name, left, {}, proto)
        except Exception as error:
            text = f"a bad argument: {called}: {error}"
            break
    return RemoteAmpError(UNKNOWN_ERROR_CODE, text, local=failure)
