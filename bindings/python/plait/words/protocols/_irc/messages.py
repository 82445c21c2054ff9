"""Messages by the C library: lines taken apart and put together."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from ctypes import byref, c_size_t, create_string_buffer, string_at
from struct import Struct
from typing import Any, NamedTuple, Optional

from plait._native import irc as native
from plait._native.structs import Bytes
from plait.error import describe

#: The encoding of what comes, and what is read where it is not in that one.
ENCODING = "utf-8"
FALLBACK = "latin-1"

_HEAD = Struct("@IIII")
_SPAN = Struct("@Pn")


class IRCBadMessage(Exception):
    """A line that is no message of IRC."""


class IRCBadModes(ValueError):
    """A change of modes that is none."""


class IRCPasswordMismatch(Exception):
    """The server did not take the password."""


class UnhandledCommand(RuntimeError):
    """A command that nobody handles."""


class Message(NamedTuple):
    """A message in its parts. ``source`` is None where there is none."""

    tags: dict[str, str]
    source: Optional[str]
    command: str
    params: list[str]


def encode(text: str | bytes) -> bytes:
    """Text as it goes to a server; what came by way of bytes goes back as those."""
    return text if isinstance(text, bytes) else text.encode(ENCODING, "surrogateescape")


def decode(data: bytes) -> str:
    """Text as it came from a server, in whatever encoding."""
    try:
        return data.decode(ENCODING)
    except UnicodeDecodeError:
        return data.decode(FALLBACK)


def check(status: int) -> int:
    """A status that is none of failure; all that these functions fail of is what they were given."""
    if status < 0:
        raise ValueError(describe(status))
    return status


def made(function: Callable[..., int], *arguments: Any) -> bytes:
    """What a function of the library writes into memory of the caller's."""
    length = c_size_t()
    check(function(*arguments, None, 0, byref(length)))
    room = create_string_buffer(length.value + 1)
    check(function(*arguments, room, length.value, byref(length)))
    return room.raw[: length.value]


def unescaped(value: bytes) -> bytes:
    """What the value of a tag says."""
    return value if b"\\" not in value else made(native.irc_tag_read, value, len(value))


def tagsOf(data: bytes) -> dict[str, str]:
    """Tags by their keys; of several that are the same, the last one."""
    found = {}
    for tag in data.split(b";"):
        key, _, value = tag.partition(b"=")
        if key:
            found[decode(key)] = decode(unescaped(value))
    return found


def _parts(line: bytes) -> tuple[int, list[bytes]]:
    message = native.IrcMessage()
    if native.irc_message_parse(line, len(line), byref(message)) < 0:
        raise IRCBadMessage(f"no message: {line!r}")
    _, flags, _, count = _HEAD.unpack_from(message)
    spans = [_SPAN.unpack_from(message, 16 + 16 * index) for index in range(3 + count)]
    return flags, [string_at(start, length) if length else b"" for start, length in spans]


def parseMessage(line: str | bytes) -> Message:
    """
    Take a line apart, tags and all.

    :raises IRCBadMessage: there is no command in it.
    """
    flags, parts = _parts(encode(line))
    source = decode(parts[1]) if flags & native.IRC_HAS_SOURCE else None
    return Message(
        tagsOf(parts[0]) if parts[0] else {}, source, decode(parts[2]), [decode(p) for p in parts[3:]]
    )


def parsemsg(s: str | bytes) -> tuple[str, str, list[str]]:
    """
    Take a line apart as Twisted does: prefix, command and parameters.

    :raises IRCBadMessage: there is no command in it.
    """
    message = parseMessage(s)
    return message.source or "", message.command, message.params


def partsOf(line: str) -> tuple[str, str, list[str]]:
    """A line's source, command and parameters, as :func:`parsemsg` has them, and quicker."""
    rest, source = line, ""
    if rest.startswith("@"):
        rest = rest.partition(" ")[2].lstrip(" ")
    if rest.startswith(":"):
        source, _, rest = rest[1:].partition(" ")
    head, colon, last = rest.partition(" :")
    words = [word for word in head.split(" ") if word]
    if not words:
        raise IRCBadMessage("no command")
    return source, words[0], words[1:] + [last] if colon else words[1:]


def makeMessage(
    command: str,
    params: Sequence[str | bytes] = (),
    source: Optional[str] = None,
    tags: Optional[Mapping[str, Optional[str]]] = None,
) -> bytes:
    """
    Put a message together, without CR LF.

    :raises ValueError: it would not arrive as one message with just these parts.
    """
    message = native.IrcMessage()
    if len(params) > native.IRC_PARAMETERS_MAX:
        raise ValueError(f"{len(params)} parameters are too many")
    parts = [encode(p) for p in params]
    pairs = []
    for key, value in (tags or {}).items():
        name, content = encode(key), encode(value or "")
        pairs.append(made(native.irc_tag_make, name, len(name), content, len(content)))
    joined, origin, verb = b";".join(pairs), encode(source or ""), encode(command)
    message.tags = Bytes(joined, len(joined))
    message.source = Bytes(origin, len(origin))
    message.command = Bytes(verb, len(verb))
    message.count = len(parts)
    for index, part in enumerate(parts):
        message.parameters[index] = Bytes(part, len(part))
    return made(native.irc_message_make, byref(message))


def splitSource(source: str) -> tuple[str, str, str]:
    """The nick, user and host of a source; what is missing is empty."""
    found, data = native.IrcSource(), encode(source)
    check(native.irc_source_parse(data, len(data), byref(found)))
    spans = [_SPAN.unpack_from(found, 8 + 16 * index) for index in range(3)]
    nick, user, host = (decode(string_at(start, length)) if length else "" for start, length in spans)
    return nick, user, host


#: By the names that servers have for them.
CASE_MAPPINGS = {
    "rfc1459": native.IRC_RFC1459,
    "strict-rfc1459": native.IRC_STRICT,
    "rfc1459-strict": native.IRC_STRICT,
    "ascii": native.IRC_ASCII,
}


def lower(name: str, mapping: str = "rfc1459") -> str:
    """The small letters of a nick or channel: two names are the same when these are."""
    data = encode(name)
    return decode(made(native.irc_name_make, CASE_MAPPINGS[mapping], data, len(data)))


def matchesMask(mask: str, text: str, mapping: str = "rfc1459") -> bool:
    """Whether a text, such as a source, fits a mask: ``*`` is anything, ``?`` one byte."""
    wanted, given = encode(mask), encode(text)
    return bool(
        check(
            native.irc_mask_check(CASE_MAPPINGS[mapping], wanted, len(wanted), given, len(given))
        )
    )


def isHostName(name: str) -> bool:
    """Whether a text is the name of a host, with a dot in it."""
    data = encode(name)
    return bool(check(native.irc_host_check(data, len(data))))
