"""What stands in the text of a message: quoting, CTCP, formatting; and modes and numerics."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Sequence
from ctypes import byref, c_size_t, c_uint32, string_at
from struct import Struct
from typing import Any, NamedTuple, Optional

from plait._native import irc as native
from plait._native.structs import Bytes

from .messages import IRCBadMessage, IRCBadModes, check, decode, encode, made

X_DELIM = chr(0o01)
X_QUOTE = "\\"
M_QUOTE = chr(0o20)

_RUN = Struct("@PnIiiI")


def split(str: str, length: int = 80) -> list[str]:
    """
    Split a text at line ends, and between words where a line is longer than so many characters.

    :raises ValueError: the length is not positive.
    """
    if length <= 0:
        raise ValueError("Length must be a number greater than zero")
    return [piece for line in str.split("\n") for piece in textwrap.wrap(line, length)]


def splitBytes(text: str | bytes, room: int) -> list[bytes]:
    """Split a text as `split` does, by the bytes that it takes and never inside a character."""
    data, count = encode(text), c_size_t()
    check(native.irc_split(data, len(data), room, None, 0, byref(count)))
    table = (c_uint32 * (2 * count.value + 2))()
    check(native.irc_split(data, len(data), room, table, count.value, byref(count)))
    return [data[table[i] : table[i] + table[i + 1]] for i in range(0, 2 * count.value, 2)]


def lowQuote(s: str) -> str:
    """Quote what a line cannot hold: NUL, LF and CR."""
    data = encode(s)
    return decode(made(native.irc_quote_make, native.IRC_QUOTE_LOW, data, len(data)))


def lowDequote(s: str) -> str:
    """The text that `lowQuote` quoted."""
    data = encode(s)
    return decode(made(native.irc_quote_read, native.IRC_QUOTE_LOW, data, len(data)))


def ctcpQuote(s: str) -> str:
    """Quote what a CTCP cannot hold: 0x01."""
    data = encode(s)
    return decode(made(native.irc_quote_make, native.IRC_QUOTE_CTCP, data, len(data)))


def ctcpDequote(s: str) -> str:
    """The text that `ctcpQuote` quoted."""
    data = encode(s)
    return decode(made(native.irc_quote_read, native.IRC_QUOTE_CTCP, data, len(data)))


def ctcpExtract(message: str) -> dict[str, list[Optional[str] | tuple[str, Optional[str]]]]:
    """The CTCPs in a text, ``extended``: of (tag, data); and what is between them, ``normal``."""
    extended: list[Optional[str] | tuple[str, Optional[str]]] = []
    normal: list[Optional[str] | tuple[str, Optional[str]]] = []
    for number, part in enumerate(message.split(X_DELIM)):
        if not part:
            continue
        if number % 2:
            tag, blank, data = ctcpDequote(part).partition(" ")
            extended.append((tag, data if blank else None))
        else:
            normal.append(part)
    return {"extended": extended, "normal": normal}


def ctcpStringify(messages: Iterable[tuple[str, object]]) -> str:
    """The text that carries CTCPs: of (tag, data), data a text, a list of them, or nothing."""
    coded = []
    for tag, data in messages:
        if data and not isinstance(data, str):
            try:
                data = " ".join(map(str, data))  # type: ignore[call-overload]
            except TypeError:
                pass
        coded.append(f"{X_DELIM}{ctcpQuote(f'{tag} {data}' if data else str(tag))}{X_DELIM}")
    return "".join(coded)


class Run(NamedTuple):
    """A run of text that looks the same. Colours are numbers of the palette, or ``"RRGGBB"``."""

    text: str
    bold: bool = False
    italics: bool = False
    underline: bool = False
    strike: bool = False
    monospace: bool = False
    reverse: bool = False
    foreground: int | str | None = None
    background: int | str | None = None


def _colour(number: int) -> int | str | None:
    if number == native.IRC_NO_COLOUR:
        return None
    return f"{number & 0xFFFFFF:06X}" if number >= native.IRC_HEX_COLOUR else number


def _number(colour: int | str | None) -> int:
    if colour is None:
        return native.IRC_NO_COLOUR
    return native.IRC_HEX_COLOUR | int(colour, 16) if isinstance(colour, str) else colour


def parseRuns(text: str) -> list[Run]:
    """Cut a text with mIRC's codes into runs that look the same, without the codes."""
    data, count = encode(text), c_size_t()
    check(native.irc_format_parse(data, len(data), None, 0, byref(count)))
    found = (native.IrcRun * (count.value + 1))()
    check(native.irc_format_parse(data, len(data), found, count.value, byref(count)))
    runs = []
    for index in range(count.value):
        start, length, flags, front, back, _ = _RUN.unpack_from(found, index * _RUN.size)
        looks: dict[str, Any] = {
            name: bool(flags & 1 << bit) for bit, name in enumerate(Run._fields[1:7])
        }
        run = Run(decode(string_at(start, length)), foreground=_colour(front), background=_colour(back))
        runs.append(run._replace(**looks))
    return runs


def makeRuns(runs: Sequence[Run]) -> str:
    """
    The text that looks as the runs say.

    :raises ValueError: no codes can say it.
    """
    given, texts = (native.IrcRun * (len(runs) + 1))(), []
    for place, run in zip(given, runs):
        texts.append(encode(run.text))
        place.text = Bytes(texts[-1], len(texts[-1]))
        place.flags = sum(1 << bit for bit in range(6) if run[bit + 1])
        place.foreground, place.background = _number(run.foreground), _number(run.background)
    return decode(made(native.irc_format_make, given, len(runs)))


def stripFormatting(text: str) -> str:
    """The text without mIRC's codes."""
    data = encode(text)
    return decode(made(native.irc_format_clear, data, len(data)))


def parseModes(
    modes: str, params: Sequence[str], paramModes: tuple[str, str] | Sequence[str] = ("", "")
) -> tuple[list[tuple[str, Optional[str]]], list[tuple[str, Optional[str]]]]:
    """
    Take a change of modes apart: what is set, and what is taken away, each as (mode, parameter).

    :param paramModes: the modes that have a parameter when they are set, and when they are not.
    :raises IRCBadModes: no sign stands first, nothing behind one, or the parameters are too few or
        too many.
    """
    if not modes:
        raise IRCBadModes("Empty mode string")
    if modes[0] not in "+-":
        raise IRCBadModes(f"Malformed modes string: {modes!r}")
    data, (when_set, when_unset), count = encode(modes), map(encode, paramModes), c_size_t()
    texts = [encode(p) for p in params]
    given = (Bytes * (len(texts) + 1))(*[Bytes(t, len(t)) for t in texts])
    found = (native.IrcMode * (len(data) + 1))()
    status = native.irc_modes_parse(
        data,
        len(data),
        given,
        len(texts),
        when_set,
        len(when_set),
        when_unset,
        len(when_unset),
        found,
        len(data),
        byref(count),
    )
    if status < 0:
        raise IRCBadModes(f"Malformed modes, or too few or too many parameters: {modes!r} {params!r}")
    added: list[tuple[str, Optional[str]]] = []
    removed: list[tuple[str, Optional[str]]] = []
    rest = iter(params)
    for change in found[: count.value]:
        parameter = next(rest) if change.has_parameter else None
        (added if change.is_set else removed).append((chr(change.letter), parameter))
    return added, removed


def dccParseAddress(address: str) -> str:
    """The address of a DCC offer: dotted, or IPv6, as it is; a number as its four bytes."""
    if "." in address or ":" in address:
        return address
    try:
        number = int(address)
    except ValueError:
        raise IRCBadMessage(f"Indecipherable address {address!r}") from None
    if not 0 <= number < 1 << 32:
        raise IRCBadMessage(f"Indecipherable address {address!r}")
    return ".".join(str(number >> shift & 255) for shift in (24, 16, 8, 0))


#: The names of numerics by their digits, and the other way round.
numeric_to_symbolic = {
    f"{number:03}": name.decode()
    for number in range(1, 1000)
    if (name := native.irc_numeric_get(number)) is not None
}
symbolic_to_numeric = {name: digits for digits, name in reversed(numeric_to_symbolic.items())}
