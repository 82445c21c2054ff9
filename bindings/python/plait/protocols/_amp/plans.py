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

    __slots__ = ("_results", "command", "function", "serve")

    def __init__(self, command: type[Command], function: Callable[..., Any]) -> None:
        self.command, self.function = command, function
        fields: list[tuple[bytes, Any]] = [*command.response, (ANSWER, None)]
        #: For each field in the order of a box: its name on the wire and in Python, what makes bytes
        #: of its value, and whether it is optional. The tag has nothing but its name.
        self._results = [
            (name, identifier(name), argument and argument.toString, argument and argument.optional)
            for name, argument in sorted(fields, key=lambda pair: pair[0])
        ]
        self.serve = self._compiled()

    def encode(self, tag: bytes, objects: dict[str, Any]) -> bytes:
        """The box that answers with these results."""
        pieces: list[bytes] = []
        for name, called, convert, optional in self._results:
            value: Any = tag
            if convert is not None:
                value = objects.get(called) if optional else objects[called]
                if value is None and optional:
                    continue
                value = convert(value)
                if len(value) > MAX_VALUE_LENGTH:
                    raise TooLong(False, True, value, name)
            pieces += (prefixed(name), prefixed(value))
        pieces.append(b"\0\0")
        return b"".join(pieces)

    def _compiled(self) -> Callable[..., None]:
        arguments = self.command.arguments
        scope: dict[str, Any] = {
            "LENGTHS": LENGTHS,
            "NONE": AMP_NONE,
            "function": self.function,
            "plan": self,
            "read": Struct(f"={_FIXED + 2 * len(arguments)}I").unpack_from,
        }
        decoding = []
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
        source = _SOURCE.format(
            places=" ".join(f"p{index}, p{index}_," for index in range(len(arguments))),
            decoding="\n        ".join(decoding or ["pass"]),
            arguments=", ".join(f"{identifier(n)}=a{i}" for i, (n, _) in enumerate(arguments)),
            encoding="\n        ".join(self._encoding(scope)),
        )
        exec(compile(source, f"<how {self.command.__qualname__} is answered>", "exec"), scope)
        return scope["serve"]  # type: ignore[no-any-return]


    def _encoding(self, scope: dict[str, Any]) -> list[str]:
        """The part of the source that makes the answer, and puts what it needs into the scope."""
        if any(optional for _, _, _, optional in self._results):
            scope["encode"] = self.encode
            return ["answer = encode(tag, result)"]
        lines, pieces, shape = [], [], b""
        for index, (name, called, convert, _) in enumerate(self._results):
            value = "tag"
            if convert is not None:
                value = f"r{index}"
                scope[f"to{index}"] = convert
                lines.append(f"{value} = to{index}(result[{called!r}])")
            pieces.append(f"LENGTHS[len({value})], {value}")
            shape += prefixed(name).replace(b"%", b"%%") + b"%b%b"
        scope["shape"] = shape + b"\0\0"
        return [*lines, f"answer = shape % ({', '.join(pieces)})"]


def plan(command: type[Command], function: Callable[..., Any]) -> Plan | None:
    """A plan for a command; None if it has to be answered by its own methods."""
    own: Any = Command
    for method in ("parseArguments", "makeResponse"):
        if getattr(command, method).__func__ is not getattr(own, method).__func__:
            return None
    if command.responseType is not Box:
        return None
    if not all(isPlain(argument) for _, argument in [*command.arguments, *command.response]):
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
