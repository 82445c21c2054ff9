"""Endpoint strings, put together."""

from __future__ import annotations

import os


def quoteStringArgument(argument: str) -> str:
    """Has the colons and backslashes of an argument mean nothing inside an endpoint string."""
    return argument.replace("\\", "\\\\").replace(":", "\\:")


def endpoint(kind: str, first: object = None, **fields: object) -> str:
    """An endpoint string: the first field without its name; None and "" are left out."""
    parts = [kind] if first is None else [kind, quoteStringArgument(str(first)).replace("=", "\\=")]
    for name, value in fields.items():
        if value is not None and value != "":
            text = quoteStringArgument(str(value)).replace("=", "\\=")
            parts.append(f"{name}={text}")
    return without_nul(":".join(parts))


def without_nul(text: str) -> str:
    """A text that C reads to its end.

    :raises ValueError: if C would take a part of it for the whole.
    """
    if "\0" in text:
        raise ValueError(f"embedded null character: {text!r}")
    return text


def tcp_server(port: int, backlog: int, interface: str) -> str:
    """Where a TCP server listens: on IPv6 if its interface is of that kind."""
    kind = "tcp6" if ":" in interface else "tcp"
    return endpoint(kind, port, backlog=backlog, interface=interface)


def tcp_client(host: str | bytes, port: int, bindAddress: object = None) -> str:
    """Where a TCP client connects to."""
    if isinstance(host, bytes):
        host = host.decode("ascii")
    if not host.isascii():
        host = host.encode("idna").decode("ascii")
    if isinstance(bindAddress, tuple):
        bindAddress = bindAddress[0]
    return endpoint("tcp", host=host, port=port, bindAddress=bindAddress)


def unix_path(address: str | bytes) -> str:
    """A path as endpoint strings have it: an abstract one begins with "@" instead of NUL."""
    path = os.fsdecode(address)
    return "@" + path[1:] if path.startswith("\0") else path
