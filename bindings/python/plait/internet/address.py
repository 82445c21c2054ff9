"""Where the ends of connections are: Twisted's ``twisted.internet.address``."""

from __future__ import annotations

import os
import re
from typing import Any, NamedTuple, Union

from .._native import constants, structs

__all__ = ["HostnameAddress", "IPv4Address", "IPv6Address", "UNIXAddress"]


class IPv4Address(NamedTuple):
    """An IPv4 address and a port. :ivar type: ``"TCP"``."""

    type: str
    host: str
    port: int


class IPv6Address(NamedTuple):
    """An IPv6 address and a port. :ivar scopeID: a link's number, for link-local addresses."""

    type: str
    host: str
    port: int
    flowInfo: int = 0
    scopeID: int = 0


class UNIXAddress:
    """A socket in the file system, or an abstract one, whose name begins with a NUL byte.

    Two that are paths of one file are equal.

    :ivar name: the path as bytes; None for a socket without a name, as those of clients are.
    """

    __slots__ = ("name",)

    def __init__(self, name: str | bytes | None) -> None:
        self.name = os.fsencode(name) if name is not None else None

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, UNIXAddress):
            return NotImplemented
        if self.name == other.name:
            return True
        mine, theirs = self._file(), other._file()
        return mine is not None and mine == theirs

    def __hash__(self) -> int:
        return hash(self._file() or self.name)

    def _file(self) -> tuple[int, int] | None:
        """Which file it is; None if it is none, or an abstract one."""
        if self.name is None or b"\0" in self.name:
            return None
        try:
            found = os.stat(self.name)
        except OSError:
            return None
        return found.st_dev, found.st_ino

    def __repr__(self) -> str:
        return f"UNIXAddress({os.fsdecode(self.name)!r})" if self.name else "UNIXAddress(None)"


class HostnameAddress(NamedTuple):
    """A host that is known by its name. :ivar hostname: as bytes."""

    hostname: bytes
    port: int


Address = Union[IPv4Address, IPv6Address, UNIXAddress]


def from_native(address: structs.Address) -> Address:
    """The address that the C library has written down."""
    host: bytes = address.host
    if address.family == constants.FAMILY_IPV4:
        return IPv4Address("TCP", host.decode("ascii"), address.port)
    if address.family == constants.FAMILY_IPV6:
        return IPv6Address("TCP", host.decode("ascii"), address.port, 0, address.scope)
    if host.startswith(b"@"):
        host = b"\0" + host[1:]
    return UNIXAddress(host or None)


#: What of an endpoint string is nobody's business.
_SECRET = re.compile(r":(?:user|password)=(?:\\.|[^:\\])*", re.DOTALL)


def place(where: Any) -> str:
    """What messages call a place that cannot be connected to: an address, or an endpoint string."""
    if isinstance(where, str):
        return _SECRET.sub("", where)
    if isinstance(where, UNIXAddress):
        return os.fsdecode(where.name or b"").replace("\0", "@")
    host = where.hostname.decode("ascii") if isinstance(where, HostnameAddress) else where.host
    return f"[{host}]:{where.port}" if ":" in host else f"{host}:{where.port}"
