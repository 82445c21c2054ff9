"""Who answers a command."""

from __future__ import annotations

import sys
from collections.abc import Callable
from types import FunctionType, MethodType
from typing import TYPE_CHECKING, Any, ClassVar

from .arguments import identifier
from .commands import Command
from .responding import respond

if TYPE_CHECKING:
    from .boxes import AmpBox

#: The responders that were declared since the last class of locators was made.
_announced: list[tuple[type[Command], Callable[..., Any]]] = []


def announce(command: type[Command], function: Callable[..., Any]) -> None:
    """Notes a responder for the class in whose body it is."""
    _announced.append((command, function))


def _unambiguous(cls: type, commands: list[type[Command]]) -> None:
    """Checks that no two commands have the same name."""
    known: dict[bytes, type[Command]] = {}
    for command in commands:
        if known.setdefault(command.commandName, command) is not command:
            raise TypeError(
                f"{cls.__name__}: {command.__qualname__} and "
                f"{known[command.commandName].__qualname__} have the same name "
                f"{command.commandName!r}"
            )


class _CommandLocatorMeta(type):
    """Collects the responders of each class."""

    _commandDispatch: dict[bytes, tuple[type[Command], Callable[..., Any]]]

    def __new__(
        mcs, name: str, bases: tuple[type, ...], attributes: dict[str, Any], **keywords: Any
    ) -> Any:
        announced = _announced[:]
        _announced.clear()
        made: Any = super().__new__(mcs, name, bases, attributes, **keywords)
        _unambiguous(made, [command for command, _ in announced])
        dispatch = {}
        for base in reversed(made.__mro__[1:]):
            dispatch.update(base.__dict__.get("_commandDispatch", {}))
        for command, function in announced:
            dispatch[command.commandName] = (command, function)
        made._commandDispatch = dispatch
        if any(isinstance(base, mcs) and issubclass(base, MethodLocator) for base in bases):
            # For what is wrong with them; they are looked for when they are needed.
            methods(made, made._reserved())
        return made


class CommandLocator(metaclass=_CommandLocatorMeta):
    """Finds the responders that were declared by :meth:`Command.responder`.

    Those of a class take the place of its bases' for the same command.
    """

    _commandDispatch: ClassVar[dict[bytes, tuple[type[Command], Callable[..., Any]]]]

    def locateResponder(self, name: bytes) -> Callable[[AmpBox], Any] | None:
        """A function of a box that has the command answered, or None."""
        found = self._commandDispatch.get(name)
        if found is None:
            return None
        command, function = found
        return self._wrapWithSerialization(MethodType(function, self), command)

    def _wrapWithSerialization(
        self, aCallable: Callable[..., Any], command: type[Command]
    ) -> Callable[[AmpBox], Any]:
        """From a function of arguments to one of a box."""
        return lambda box: respond(self, aCallable, command, box)


class SimpleStringLocator:
    """Finds methods that are named like the command in capitals, behind ``amp_``.

    They get the box as it came, and return a box, or a Deferred of one.
    """

    baseDispatchPrefix = b"amp_"

    def locateResponder(self, name: bytes) -> Callable[[AmpBox], Any] | None:
        """The method for a command, or None."""
        try:
            method = (self.baseDispatchPrefix + name.upper()).decode("ascii")
        except UnicodeDecodeError:
            return None
        found: Callable[[AmpBox], Any] | None = getattr(self, method, None)
        return found


class MethodLocator:
    """Finds methods that are named like a command.

    Whatever a peer may ask for, only such methods answer as a program meant to: those that are
    defined in a class below the one that `reserved` tells, have no name of that one's and none with
    an underscore in front; and only for commands that the same module declares.
    """

    #: By class: the command of each name, and the method's name.
    _methods: dict[bytes, tuple[type[Command], str]] | None = None

    @classmethod
    def _reserved(cls) -> type:
        """The class whose names are its own, and below which methods answer."""
        raise NotImplementedError

    @classmethod
    def _commandMethods(cls) -> dict[bytes, tuple[type[Command], str]]:
        found = cls.__dict__.get("_methods")
        if found is None:
            # Commands may be declared behind the class that answers them: so this is done late.
            found = cls._methods = methods(cls, cls._reserved())
        return found

    def _locateMethod(self, name: bytes) -> tuple[Callable[..., Any], type[Command]] | None:
        found = self._commandMethods().get(name)
        return found and (getattr(self, found[1]), found[0])


def methods(cls: type, top: type) -> dict[bytes, tuple[type[Command], str]]:
    """The methods of a class that answer, by the commands' names; those of its bases, too.

    :raises TypeError: if it cannot be told which command a method is for.
    """
    found: dict[bytes, tuple[type[Command], str]] = {}
    explicit: dict[bytes, Any] = getattr(cls, "_commandDispatch", {})
    for base in reversed(cls.__mro__):
        if base is top or not issubclass(base, top):
            continue
        named = [
            (command, method)
            for command in _declared(base.__module__)
            for method in [_called(command)]
            if isinstance(base.__dict__.get(method), FunctionType)
            and not method.startswith("_")
            and not hasattr(top, method)
            # Somebody else answers it anyway.
            and command.commandName not in explicit
            and not hasattr(cls, "amp_" + command.commandName.upper().decode("latin-1"))
        ]
        _unambiguous(base, [command for command, _ in named])
        found.update({command.commandName: (command, method) for command, method in named})
    return found


def _declared(module: str) -> list[type[Command]]:
    """The commands that a module declares."""
    names = vars(sys.modules.get(module, object))
    return [
        value
        for value in dict.fromkeys(v for v in names.values() if isinstance(v, type))
        if issubclass(value, Command) and value.__module__ == module
    ]


def _called(command: type[Command]) -> str:
    try:
        return identifier(command.commandName)
    except UnicodeDecodeError:
        return ""
