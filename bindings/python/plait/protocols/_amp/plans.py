"""How commands are answered that nobody has taught other ways: without a box in between.

What happens for every request is compiled once for each command, as a function that does nothing
but what has to be done; whatever is unusual it leaves to :mod:`.serving`.
"""

from __future__ import annotations

from collections.abc import Callable
from keyword import iskeyword
from struct import Struct
from typing import Any

from ..._native.amp import AMP_NONE
from .arguments import Argument, Integer, String, identifier
from .boxes import ANSWER, ASK, COMMAND, LENGTHS, MAX_VALUE_LENGTH, Box, prefixed
from .commands import Command
from .errors import TooLong

#: How many numbers a request has in front of the places of its arguments; amp.h has their meaning.
_FIXED = 10

_SOURCE = """
def serve(self, data, numbers, at):
    _, _, t, t_, b, b_, _, _, _, w, {places} = read(numbers, at)
    tag = None if t == NONE else data[t : t + t_]
    try:
        {decoding}
    except Exception as error:
        self._unreadable(plan, tag, data, b, b_, w, error)
        return
    try:
        result = function(self, {arguments})
    except Exception as error:
        self._failed(error, plan, tag)
        return
    if type(result) is not dict or not self._direct:
        self._respond(result, plan, tag)
        return
    try:
        {encoding}
        answer = shape % (LENGTHS[len(tag)], tag, {pieces})
    except Exception:
        self._respond(result, plan, tag)
        return
    transport = self.transport
    if transport is self._gatherer:
        self._gathered.append(answer)
    else:
        transport.writeString(answer, self)
"""


class Plan:
    """One command and the function that answers it.

    :ivar serve: answers a request: the protocol, the block, the numbers of the block's requests,
        and in which byte of them its own begin.
    """

    __slots__ = ("_results", "_shape", "command", "function", "serve")

    def __init__(self, command: type[Command], function: Callable[..., Any]) -> None:
        self.command, self.function = command, function
        results: list[tuple[bytes, Any]] = sorted(command.response, key=lambda pair: pair[0])
        #: For each result: its names on the wire and in Python, and what makes bytes of its value.
        self._results = [(n, identifier(n), argument.toString) for n, argument in results]
        names = (ANSWER, *(name for name, _ in results))
        shape = b"".join(prefixed(name).replace(b"%", b"%%") + b"%b%b" for name in names)
        self._shape = shape + b"\0\0"
        self.serve = self._compiled()

    def encode(self, tag: bytes, objects: dict[str, Any]) -> bytes:
        """The box that answers with these results."""
        pieces = [prefixed(tag)[:2], tag]
        for name, called, convert in self._results:
            value = convert(objects[called])
            if len(value) > MAX_VALUE_LENGTH:
                raise TooLong(False, True, value, name)
            pieces += (prefixed(value)[:2], value)
        return self._shape % tuple(pieces)

    def _compiled(self) -> Callable[..., None]:
        arguments = self.command.arguments
        scope: dict[str, Any] = {
            "LENGTHS": LENGTHS,
            "NONE": AMP_NONE,
            "function": self.function,
            "plan": self,
            "read": Struct(f"={_FIXED + 2 * len(arguments)}I").unpack_from,
            "shape": self._shape,
        }
        decoding, encoding = [], []
        for index, (name, argument) in enumerate(arguments):
            value = f"data[p{index} : p{index} + p{index}_]"
            convert = _decoder(argument)
            if convert is not None:
                scope[f"from{index}"] = convert
                value = f"from{index}({value})"
            if argument.optional:
                value = f"None if p{index} == NONE else {value}"
            else:
                decoding.append(f"if p{index} == NONE: raise KeyError({identifier(name)!r})")
            decoding.append(f"a{index} = {value}")
        for index, (_, called, convert) in enumerate(self._results):
            scope[f"to{index}"] = convert
            encoding.append(f"r{index} = to{index}(result[{called!r}])")
        source = _SOURCE.format(
            places=" ".join(f"p{index}, p{index}_," for index in range(len(arguments))),
            decoding="\n        ".join(decoding or ["pass"]),
            arguments=", ".join(f"{identifier(n)}=a{i}" for i, (n, _) in enumerate(arguments)),
            encoding="\n        ".join(encoding or ["pass"]),
            pieces="".join(f"LENGTHS[len(r{i})], r{i}, " for i in range(len(self._results))),
        )
        exec(compile(source, f"<how {self.command.__qualname__} is answered>", "exec"), scope)
        return scope["serve"]  # type: ignore[no-any-return]


def plan(command: type[Command], function: Callable[..., Any]) -> Plan | None:
    """A plan for a command; None if it has to be answered by its own methods."""
    own: Any = Command
    for method in ("parseArguments", "makeResponse"):
        if getattr(command, method).__func__ is not getattr(own, method).__func__:
            return None
    if command.responseType is not Box:
        return None
    if not all(isPlain(argument) for _, argument in command.arguments):
        return None
    for name, argument in command.response:
        # A box is ordered by key.
        if argument.optional or name < ANSWER or not isPlain(argument):
            return None
    names, results = dict(command.arguments), dict(command.response)
    if len(names) < len(command.arguments) or len(results) < len(command.response):
        return None
    if len(names) > 255 or not all(map(_isNamed, (*names, *results))):
        return None
    return Plan(command, function)


_PLAIN = {
    name: getattr(Argument, name)
    for name in ("retrieve", "fromBox", "toBox", "fromStringProto", "toStringProto")
}


def isPlain(argument: Any) -> bool:
    """Whether an argument is one field, whatever its toString and fromString make of it."""
    return isinstance(argument, Argument) and all(
        getattr(getattr(argument, name), "__func__", None) is method
        for name, method in _PLAIN.items()
    )


def _isNamed(name: bytes) -> bool:
    """Whether a name can be used in the source of a function, and is no name of AMP's own."""
    try:
        called = identifier(name)
    except UnicodeDecodeError:
        return False
    if len(name) > 255 or name in (ASK, ANSWER, COMMAND) or called == "self":
        return False
    return called.isidentifier() and not iskeyword(called)


def _decoder(argument: Any) -> Callable[[bytes], Any] | None:
    """What makes a value of bytes; None if they are the value."""
    convert: Callable[[bytes], Any] = argument.fromString
    method = getattr(convert, "__func__", None)
    if method is String.fromString:
        return None
    return int if method is Integer.fromString else convert
