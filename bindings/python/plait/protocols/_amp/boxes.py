"""Boxes: what messages are on the wire."""

from __future__ import annotations

from struct import Struct
from typing import IO, TYPE_CHECKING, Any

from .errors import MalformedAmpBox, TooLong

if TYPE_CHECKING:
    from .interfaces import IBoxSender

ASK = b"_ask"
ANSWER = b"_answer"
COMMAND = b"_command"
ERROR = b"_error"
ERROR_CODE = b"_error_code"
ERROR_DESCRIPTION = b"_error_description"

MAX_KEY_LENGTH = 0xFF
MAX_VALUE_LENGTH = 0xFFFF

_length = Struct("!H").pack
_length_at = Struct("!H").unpack_from

#: By number: short lengths as they are on the wire.
LENGTHS = [_length(number) for number in range(256)]


def prefixed(data: bytes) -> bytes:
    """Bytes behind their length."""
    return _length(len(data)) + data


class AmpBox(dict[bytes, bytes]):
    """A message: values by key, all of them bytes. Text is taken for keys, if it is ASCII."""

    __slots__: tuple[str, ...] = ()

    def __init__(self, *args: Any, **kw: Any) -> None:
        super().__init__(*args, **kw)
        if kw or args:
            keys: list[Any] = [key for key in self if not isinstance(key, bytes)]
            for key in keys:
                self[key.encode("ascii")] = self.pop(key)

    def copy(self) -> AmpBox:
        """Another box of the same class with the same content."""
        made = self.__class__()
        made.update(self)
        return made

    def serialize(self) -> bytes:
        """The box as it is on the wire: ordered by key, with an empty key at the end.

        :raises TooLong: if a key has more than 255 bytes, or a value more than 65,535.
        """
        pieces: list[bytes] = []
        for key, value in sorted(self.items()):
            size, length = len(key), len(value)
            if isinstance(key, str) or isinstance(value, str):
                raise TypeError(f"a box holds bytes, not text: {key!r}: {value!r}")
            if size > MAX_KEY_LENGTH:
                raise TooLong(True, True, key, None)
            if length > MAX_VALUE_LENGTH:
                raise TooLong(False, True, value, key)
            if not size:
                raise MalformedAmpBox("an empty key would end the box")
            pieces += (LENGTHS[size], key, _length(length), value)
        pieces.append(b"\0\0")
        return b"".join(pieces)

    def _sendTo(self, proto: IBoxSender) -> None:
        proto.sendBox(self)

    def __repr__(self) -> str:
        return f"AmpBox({dict.__repr__(self)})"


#: The name that is mostly used.
Box = AmpBox


class AtOnceBox(AmpBox):
    """A box that is not held back where others are."""

    __slots__ = ()

    def _sendTo(self, proto: Any) -> None:
        getattr(proto, "_sendAtOnce", proto.sendBox)(self)


class QuitBox(AmpBox):
    """A box that ends the connection once it was sent."""

    __slots__ = ()

    def __repr__(self) -> str:
        return f"QuitBox(**{super().__repr__()})"

    def _sendTo(self, proto: Any) -> None:
        super()._sendTo(proto)
        proto.transport.loseConnection()


def fields(data: bytes, start: int, end: int) -> AmpBox:
    """The box of which the bytes from start to end are the fields."""
    box = AmpBox()
    while start < end:
        at = start + 2 + data[start + 1]
        value = at + 2 + (data[at] << 8 | data[at + 1])
        box[data[start + 2 : at]] = data[at + 2 : value]
        start = value
    return box


def largeFields(data: bytes, start: int, end: int) -> AmpBox:
    """The same where the lengths of values have four bytes."""
    box = AmpBox()
    while start < end:
        at = start + 2 + data[start + 1]
        value = at + 4 + int.from_bytes(data[at : at + 4], "big")
        box[data[start + 2 : at]] = data[at + 4 : value]
        start = value
    return box


def parseString(data: bytes) -> list[AmpBox]:
    """The boxes in a byte string. One that is not finished is passed over.

    :raises TooLong: if a key has more than 255 bytes.
    """
    boxes = []
    start = at = 0
    end = len(data)
    while end - at >= 2:
        if data[at]:
            raise TooLong(True, False, None, None)
        size = data[at + 1]
        if size == 0:
            boxes.append(fields(data, start, at))
            start = at = at + 2
            continue
        at += 2 + size
        if end - at < 2:
            break
        at += 2 + int(_length_at(data, at)[0])
    return boxes


def parse(fileObj: IO[bytes]) -> list[AmpBox]:
    """The boxes in a file."""
    return parseString(fileObj.read())
