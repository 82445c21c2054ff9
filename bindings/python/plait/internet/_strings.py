"""Endpoint strings, put together."""

from __future__ import annotations

import os

from ._judging import client_port, host_name, listening, port_number, text, without_nul
from .address import IPv4Address, IPv6Address


def quoteStringArgument(argument: str) -> str:
    """Has the colons and backslashes of an argument mean nothing inside an endpoint string."""
    return argument.replace("\\", "\\\\").replace(":", "\\:")


def endpoint(kind: str, first: object = None, **fields: object) -> str:
    """An endpoint string: the first field without its name; None and "" are left out."""
    parts = [kind] if first is None else [kind, quoteStringArgument(str(first)).replace("=", "\\=")]
    for name, value in fields.items():
        if value is not None and value != "":
            quoted = quoteStringArgument(str(value)).replace("=", "\\=")
            parts.append(f"{name}={quoted}")
    return without_nul(":".join(parts))


def tcp_server(port: object, backlog: object, interface: object, kind: str = "") -> str:
    """Where a TCP server listens: on IPv6 if its interface is of that kind."""
    interface = text(interface, "an interface")
    kind = kind or ("tcp6" if ":" in interface else "tcp")
    return endpoint(kind, port_number(port), backlog=listening(backlog), interface=interface)


def unix_server(address: str | bytes, mode: object, backlog: object) -> str:
    """Where a server of UNIX sockets listens."""
    bits = f"{port_number(mode, 'a mode'):o}"
    return endpoint("unix", unix_path(address), mode=bits, backlog=listening(backlog))


def tcp_client(host: object, port: object, bindAddress: object = None) -> str:
    """Where a TCP client connects to."""
    if isinstance(bindAddress, tuple):
        bindAddress = bindAddress[0]
    where = {"host": host_name(host), "port": client_port(port)}
    return endpoint("tcp", **where, bindAddress=bindAddress)


def destination(host: object, port: object) -> IPv4Address | IPv6Address:
    """The address that a TCP client connects to, as far as it was told."""
    name = host_name(host)
    kind = IPv6Address if ":" in name else IPv4Address
    return kind("TCP", name, client_port(port))


def unix_path(address: str | bytes) -> str:
    """A path as endpoint strings have it: an abstract one begins with "@" instead of NUL."""
    path = os.fsdecode(address)
    return "@" + path[1:] if path.startswith("\0") else path
