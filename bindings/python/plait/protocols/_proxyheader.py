"""The header of the PROXY protocol, versions 1 and 2, in whatever pieces it arrives."""

from __future__ import annotations

import struct
from ipaddress import IPv4Address as _IPv4, IPv6Address as _IPv6, ip_address
from typing import Any, NamedTuple

from ..internet.address import IPv4Address, IPv6Address, UNIXAddress

_SIGNATURE = b"\r\n\r\n\x00\r\nQUIT\n"
#: The longest line of version 1, with its end.
_LONGEST_LINE = 107


class InvalidProxyHeader(ValueError):
    """What a connection begins with is no header."""


class Header(NamedTuple):
    """What a header says: both are None where it says nothing."""

    source: Any
    destination: Any


def parse(data: bytes) -> tuple[Header, bytes] | None:
    """The header and what is behind it; None while it is not whole.

    :raises InvalidProxyHeader: as soon as it can be none.
    """
    if data[: len(_SIGNATURE)] == _SIGNATURE[: len(data)]:
        return _second(data) if len(data) >= len(_SIGNATURE) else None
    if data[:6] != b"PROXY "[: len(data)]:
        raise InvalidProxyHeader("it begins like no header")
    return _first(data)


def _first(data: bytes) -> tuple[Header, bytes] | None:
    end = data.find(b"\r\n", 0, _LONGEST_LINE)
    if end < 0:
        if len(data) >= _LONGEST_LINE:
            raise InvalidProxyHeader("the line has no end")
        return None
    line, rest = data[:end], data[end + 2 :]
    fields = line.split(b" ")
    if fields[1:2] == [b"UNKNOWN"]:
        return Header(None, None), rest
    if len(fields) != 6 or fields[1] not in (b"TCP4", b"TCP6"):
        raise InvalidProxyHeader("the line has the wrong fields")
    kind = _IPv4 if fields[1] == b"TCP4" else _IPv6
    source, destination = _address(kind, fields[2]), _address(kind, fields[3])
    ports = _port(fields[4]), _port(fields[5])
    made = IPv4Address if kind is _IPv4 else IPv6Address
    return Header(made("TCP", source, ports[0]), made("TCP", destination, ports[1])), rest


def _address(kind: Any, text: bytes) -> str:
    try:
        found = ip_address(text.decode("ascii"))
    except ValueError:
        raise InvalidProxyHeader(f"{text!r} is no address") from None
    if not isinstance(found, kind):
        raise InvalidProxyHeader(f"{text!r} is of the other family")
    return text.decode("ascii")


def _port(text: bytes) -> int:
    number = int(text) if text.isdigit() and len(text) <= 5 else -1
    if not 0 <= number <= 65535 or (text[:1] == b"0" and len(text) > 1):
        raise InvalidProxyHeader(f"{text!r} is no port")
    return number


def _second(data: bytes) -> tuple[Header, bytes] | None:
    if len(data) < 16:
        # What can be told already is.
        if len(data) > 12:
            _command(data[12])
        return None
    command = _command(data[12])
    if data[14] >= 16:
        raise InvalidProxyHeader("it is longer than 4,096 bytes")
    family, length = data[13], struct.unpack("!H", data[14:16])[0]
    if len(data) < 16 + length:
        return None
    body, rest = data[16 : 16 + length], data[16 + length :]
    if command == 0:
        return Header(None, None), rest
    return _addresses(family, body), rest


def _command(byte: int) -> int:
    if byte >> 4 != 2 or byte & 15 > 1:
        raise InvalidProxyHeader(f"version and command are {byte:#x}")
    return byte & 15


def _addresses(family: int, body: bytes) -> Header:
    kind, size = {0x11: (IPv4Address, 4), 0x21: (IPv6Address, 16)}.get(family, (None, 0))
    if kind is not None:
        if len(body) < 2 * size + 4:
            raise InvalidProxyHeader("the addresses are too short")
        source, destination = (str(ip_address(body[at : at + size])) for at in (0, size))
        ports = struct.unpack("!HH", body[2 * size : 2 * size + 4])
        return Header(kind("TCP", source, ports[0]), kind("TCP", destination, ports[1]))
    if family == 0x31:
        if len(body) < 216:
            raise InvalidProxyHeader("the addresses are too short")
        paths = [body[at : at + 108].rstrip(b"\0") for at in (0, 108)]
        return Header(*(UNIXAddress(path or None) for path in paths))
    return Header(None, None)
