"""Types of arguments that are made of others, or travel beside the box."""

from __future__ import annotations

from collections.abc import Sequence
from struct import Struct
from typing import TYPE_CHECKING, Any

from .arguments import Argument, Integer
from .boxes import MAX_VALUE_LENGTH, AmpBox, parseString
from .errors import TooLong

if TYPE_CHECKING:
    from .interfaces import IArgumentType

_pack = Struct("!H").pack


def stringsToObjects(
    strings: AmpBox, arglist: Sequence[tuple[bytes, IArgumentType]], proto: Any
) -> dict[str, Any]:
    """Reads arguments from a box."""
    objects: dict[str, Any] = {}
    left = strings.copy()
    for name, argument in arglist:
        argument.fromBox(name, left, objects, proto)
    return objects


def objectsToStrings(
    objects: dict[str, Any],
    arglist: Sequence[tuple[bytes, IArgumentType]],
    strings: AmpBox,
    proto: Any,
) -> AmpBox:
    """Writes arguments into a box; gives the box."""
    left = objects.copy()
    for name, argument in arglist:
        argument.toBox(name, strings, left, proto)
    return strings


class ListOf(Argument):
    """A list of any length, whose elements are of one type.

    The elements have no more than 65,535 bytes together, with two more for each. They are neither
    an AmpList nor a Descriptor: their `toString` and `fromString` alone are used.

    :ivar elementType: the type of the elements.
    """

    def __init__(self, elementType: Argument, optional: bool = False) -> None:
        self.elementType = elementType
        super().__init__(optional)

    def fromString(self, inString: bytes) -> list[Any]:
        """The list of some bytes. An element that is cut off at the end is passed over."""
        convert = self.elementType.fromString
        found = []
        at, end = 0, len(inString)
        while end - at >= 2:
            start = at + 2
            at = start + (inString[at] << 8 | inString[at + 1])
            if at > end:
                break
            found.append(convert(inString[start:at]))
        return found

    def toString(self, inObject: Any) -> bytes:
        """The bytes of a list."""
        convert = self.elementType.toString
        pieces: list[bytes] = []
        for element in inObject:
            data = convert(element)
            if len(data) > MAX_VALUE_LENGTH:
                raise TooLong(False, True, data, None)
            pieces += (_pack(len(data)), data)
        return b"".join(pieces)


class AmpList(Argument):
    """A list of any length of dictionaries, all of the same shape.

    :ivar subargs: the shape: names, as bytes, with their types.
    """

    def __init__(
        self, subargs: Sequence[tuple[bytes, IArgumentType]], optional: bool = False
    ) -> None:
        for name, _ in subargs:
            if not isinstance(name, bytes):
                raise TypeError(f"the names of an AmpList must be bytes: {name!r}")
        self.subargs = subargs
        super().__init__(optional)

    def fromStringProto(self, inString: bytes, proto: Any) -> list[dict[str, Any]]:
        """The list of some bytes. A row that is cut off at the end is passed over."""
        return [stringsToObjects(box, self.subargs, proto) for box in parseString(inString)]

    def toStringProto(self, inObject: Any, proto: Any) -> bytes:
        """The bytes of a list."""
        subargs = self.subargs
        return b"".join(
            objectsToStrings(objects, subargs, AmpBox(), proto).serialize() for objects in inObject
        )


class Descriptor(Integer):
    """An open file, by its descriptor: the other side gets one of its own for it.

    Only for connections over UNIX sockets. The descriptor that is sent remains open here, and is
    not needed any more when the call that sends it has returned; the one that comes is the
    program's to close.
    """

    def fromStringProto(self, inString: bytes, proto: Any) -> int:
        """The descriptor that came under a number."""
        return proto._getDescriptor(int(inString))  # type: ignore[no-any-return]

    def toStringProto(self, inObject: Any, proto: Any) -> bytes:
        """Sends a descriptor; gives the number under which it goes."""
        return self.toString(proto._sendFileDescriptor(inObject))
