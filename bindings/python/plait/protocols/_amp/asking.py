"""How commands are called that nobody has taught other ways: without a box in between."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

from ..._native import structs
from .arguments import identifier
from .boxes import AmpBox, Box
from .calling import Question, ask, refused
from .commands import Command
from .options import milliseconds
from .plans import isPlain

if TYPE_CHECKING:
    from .protocol import AMP


class _Fields(threading.local):
    """The fields of a command as the C library takes them: a thread has its own.

    The keys stay where they are; values are put beside them for each call.
    """

    def __init__(self, names: list[bytes]) -> None:
        self.pairs = (structs.Bytes * (2 * len(names) or 1))()
        self.places = [self.pairs[2 * index + 1] for index in range(len(names))]
        for index, name in enumerate(names):
            key = self.pairs[2 * index]
            key.data, key.len = name, len(name)


class Asking:
    """What is known of a command before it is called."""

    def __init__(self, command: type[Command]) -> None:
        self.command = command
        arguments: list[tuple[bytes, Any]] = command.arguments
        results: list[tuple[bytes, Any]] = command.response
        self._names = frozenset(identifier(name) for name, _ in arguments)
        #: With a time limit, unless that is an argument of the command's.
        self._timed = self._names | {"timeout"}
        self._arguments = [(n, identifier(n), argument.toString) for n, argument in arguments]
        self._fields = _Fields([name for name, _ in arguments])
        self._results = [
            (name, identifier(name), argument.fromString, argument.optional)
            for name, argument in results
        ]

    def __call__(self, amp: AMP, objects: dict[str, Any]) -> Any:
        """Calls the command; None if that has to be done in another way."""
        limit = 0
        if objects.keys() != self._names:
            if objects.keys() != self._timed:
                return None
            limit = milliseconds(objects["timeout"])
        fields = self._fields
        for (_, called, convert), place in zip(self._arguments, fields.places):
            value = objects[called]
            if value is None:
                # It may be optional.
                return None
            data = convert(value)
            if type(data) is not bytes:
                return None
            place.data, place.len = data, len(data)
        question = Question(amp, self._read, self.command)
        name = self.command.commandName
        status = ask(amp, name, fields.pairs, len(fields.places), question, limit)
        if status < 0:
            box = {key: convert(objects[called]) for key, called, convert in self._arguments}
            raise refused(status, name, Box(box))
        return question

    def _read(self, box: AmpBox) -> dict[str, Any]:
        objects = {}
        for name, called, convert, optional in self._results:
            data = box.get(name)
            if data is not None:
                objects[called] = convert(data)
            elif optional:
                objects[called] = None
            else:
                raise KeyError(name)
        return objects


def asking(command: type[Command]) -> Asking | bool:
    """How to call a command; False if it has ways of its own."""
    own: Any = Command
    for method in ("__init__", "_doCommand", "_massaged"):
        if getattr(command, method) is not getattr(own, method):
            return False
    for method in ("makeArguments", "parseResponse"):
        if getattr(command, method).__func__ is not getattr(own, method).__func__:
            return False
    if command.commandType is not Box or not command.requiresAnswer:
        return False
    fields = [*command.arguments, *command.response]
    if not all(isPlain(argument) and 0 < len(name) < 256 for name, argument in fields):
        return False
    if len(dict(command.arguments)) < len(command.arguments):
        return False
    return Asking(command)
