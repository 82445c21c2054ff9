"""Commands: what can be asked, with which arguments, answers and errors."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, ClassVar, TypeVar

from .arguments import identifier
from .boxes import AmpBox, Box
from .composites import objectsToStrings, stringsToObjects
from .errors import InvalidSignature, RemoteAmpError, UnknownRemoteError

if TYPE_CHECKING:
    from ...internet.defer import Deferred
    from ...python.failure import Failure
    from .interfaces import IArgumentType

_F = TypeVar("_F", bound=Callable[..., Any])
_Schema = list[tuple[bytes, "IArgumentType"]]


def _accumulated(cls: type, name: str) -> dict[type[BaseException], bytes]:
    """What a class and its bases map exceptions to, the bases first."""
    found: dict[type[BaseException], bytes] = {}
    for base in reversed(cls.__mro__):
        found.update(base.__dict__.get(name, ()))
    for exception, code in found.items():
        if not isinstance(code, bytes):
            raise TypeError(f"{cls.__name__}: the code of {exception!r} must be bytes: {code!r}")
    return found


class _CommandMeta(type):
    """Gives each command its name, and checks what it declares."""

    commandName: bytes
    arguments: _Schema
    response: _Schema
    allErrors: dict[type[BaseException], bytes]
    allFatalErrors: dict[type[BaseException], bytes]
    reverseErrors: dict[bytes, type[BaseException]]
    #: How it is called without a box; None until somebody wants to know.
    _asking: Any

    def __new__(
        mcs, name: str, bases: tuple[type, ...], attributes: dict[str, Any]
    ) -> _CommandMeta:
        if "commandName" not in attributes:
            attributes["commandName"] = name.encode("ascii")
        made = super().__new__(mcs, name, bases, attributes)
        if not isinstance(made.commandName, bytes):
            raise TypeError(f"{name}: the name of a command must be bytes: {made.commandName!r}")
        for what, schema in (("an argument", made.arguments), ("a result", made.response)):
            for key, argument in schema:
                if not isinstance(key, bytes):
                    raise TypeError(f"{name}: the name of {what} must be bytes: {key!r}")
                if isinstance(argument, type):
                    raise TypeError(f"{name}: {key!r} needs an instance of {argument.__name__}")
        made._asking = None
        made.allFatalErrors = _accumulated(made, "fatalErrors")
        made.allErrors = {**_accumulated(made, "errors"), **made.allFatalErrors}
        made.reverseErrors = {code: exception for exception, code in made.allErrors.items()}
        for attribute in ("errors", "fatalErrors"):
            # Lists of pairs will do.
            setattr(made, attribute, dict(getattr(made, attribute)))
        return made


class Command(metaclass=_CommandMeta):
    """Something that can be asked. To be subclassed; objects of it are AMP's own affair.

    :cvar commandName: what stands on the wire; the class's name unless it says otherwise.
    :cvar arguments: names, as bytes, with their types: a list of pairs.
    :cvar response: the same for what is answered.
    :cvar errors: exceptions that a responder may raise, with their codes on the wire. Those of the
        bases count, too.
    :cvar fatalErrors: such that end the connection once they were sent.
    :cvar requiresAnswer: whether the caller wants an answer.
    :cvar commandType: the class of the boxes that ask.
    :cvar responseType: the class of the boxes that answer.
    """

    commandName: ClassVar[bytes]
    arguments: ClassVar[_Schema] = []
    response: ClassVar[_Schema] = []
    errors: ClassVar[Any] = {}
    fatalErrors: ClassVar[Any] = {}
    #: Those of the bases included: both together, the fatal ones, and the exceptions by code.
    allErrors: ClassVar[dict[type[BaseException], bytes]]
    allFatalErrors: ClassVar[dict[type[BaseException], bytes]]
    reverseErrors: ClassVar[dict[bytes, type[BaseException]]]
    commandType: ClassVar[type[AmpBox]] = Box
    responseType: ClassVar[type[AmpBox]] = Box
    requiresAnswer: ClassVar[bool] = True
    _asking: ClassVar[Any]
    #: Seconds that this call may take.
    _timeout: float | None = None

    def __init__(self, **kw: Any) -> None:
        """A call with these arguments."""
        self.structured = kw
        forgotten = [
            called
            for called, argument in ((identifier(n), a) for n, a in self.arguments)
            if called not in kw and not argument.optional
        ]
        if forgotten:
            raise InvalidSignature(f"forgot {', '.join(forgotten)} for {self.commandName!r}")

    @classmethod
    def makeArguments(cls, objects: dict[str, Any], proto: Any) -> AmpBox:
        """The box that asks with these arguments."""
        allowed = {identifier(name) for name, _ in cls.arguments}
        for name in objects:
            if name not in allowed:
                raise InvalidSignature(f"{name} is not a valid argument of {cls.commandName!r}")
        return objectsToStrings(objects, cls.arguments, cls.commandType(), proto)

    @classmethod
    def parseArguments(cls, box: AmpBox, protocol: Any) -> dict[str, Any]:
        """The arguments that a box asks with."""
        return stringsToObjects(box, cls.arguments, protocol)

    @classmethod
    def makeResponse(cls, objects: dict[str, Any], proto: Any) -> AmpBox:
        """The box that answers with these results."""
        return objectsToStrings(objects, cls.response, cls.responseType(), proto)

    @classmethod
    def parseResponse(cls, box: AmpBox, protocol: Any) -> dict[str, Any]:
        """The results that a box answers with."""
        return stringsToObjects(box, cls.response, protocol)

    @classmethod
    def responder(cls, methodfunc: _F) -> _F:
        """Makes a function in the body of a class of protocols the one that answers this command.

        A decorator; or called with the function, behind it. The function gets the arguments by
        name, and returns the results as a dictionary, or a Deferred of it; it may be a coroutine.
        """
        from .locators import announce

        announce(cls, methodfunc)
        return methodfunc

    def _doCommand(self, proto: Any) -> Deferred[Any] | None:
        """Sends the call."""
        limit = {} if self._timeout is None else {"timeout": self._timeout}
        box = self.makeArguments(self.structured, proto)
        d: Deferred[Any] | None = proto._sendBoxCommand(
            self.commandName, box, self.requiresAnswer, **limit
        )
        if d is None or not self.requiresAnswer:
            return None
        d.addCallback(self.parseResponse, proto)
        return d.addErrback(self._massaged)

    def _massaged(self, failure: Failure) -> Any:
        """From a code to the exception that the command has for it."""
        failure.trap(RemoteAmpError)
        raise self.massaged(failure.value)

    @classmethod
    def massaged(cls, error: Any) -> Any:
        """The exception that the command has for one that came over the wire."""
        if not isinstance(error, RemoteAmpError):
            return error
        kind: Any = cls.reverseErrors.get(error.errorCode, UnknownRemoteError)
        return kind(error.description)
