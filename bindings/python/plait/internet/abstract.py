"""What is an address: of Twisted's ``twisted.internet.abstract``."""

from __future__ import annotations

import socket

__all__ = ["isIPAddress", "isIPv6Address"]


def isIPAddress(addr: str | bytes, family: int = socket.AF_INET) -> bool:
    """Whether a text is an address: of IPv4, or of the family that is given.

    >>> isIPAddress("127.0.0.1"), isIPAddress("localhost"), isIPAddress("::1")
    (True, False, False)
    """
    if isinstance(addr, bytes):
        try:
            addr = addr.decode("ascii")
        except UnicodeDecodeError:
            return False
    if family == socket.AF_INET6:
        # The scope need not be one of this machine's.
        addr = addr.partition("%")[0]
    elif family != socket.AF_INET:
        raise ValueError(f"unknown address family {family!r}")
    try:
        socket.inet_pton(family, addr)
    except (OSError, ValueError):
        return False
    return True


def isIPv6Address(addr: str | bytes) -> bool:
    """Whether a text is an address of IPv6."""
    return isIPAddress(addr, socket.AF_INET6)
