"""What programs give for hosts, ports, services and texts, judged: what is none is refused where it is given."""

from __future__ import annotations

import operator

from .error import ServiceNameUnknownError

#: What is in no name.
_NEVER = set(' \t\r\n\\/@')


def without_nul(text: str) -> str:
    """A text that C reads to its end.

    :raises ValueError: if C would take a part of it for the whole.
    """
    if "\0" in text:
        raise ValueError(f"embedded null character: {text!r}")
    return text


def port_number(port: object, what: str = "a port") -> int:
    """A number, of what may be taken for one; whether there is such a port others know.

    :raises TypeError: if it is none.
    """
    try:
        return operator.index(port)  # type: ignore[arg-type] # pyright: ignore
    except TypeError:
        raise TypeError(f"{what} is a number, not {type(port).__name__}: {port!r}") from None


def client_port(port: object) -> int:
    """The same where a service's name will do, as for Twisted's clients.

    :raises ServiceNameUnknownError: if there is no such service.
    """
    if not isinstance(port, str):
        return port_number(port)
    if port.isdecimal():
        return int(port)
    import socket

    try:
        return socket.getservbyname(without_nul(port), "tcp")
    except OSError as problem:
        raise ServiceNameUnknownError(string=f"{problem} ({port!r})") from None


def host_name(host: object) -> str:
    """A host in text. What has no form that a look-up could ask for is looked up as it is, and not found.

    :raises TypeError: if it is no text, nor bytes.
    """
    if isinstance(host, bytes):
        return host.decode("ascii", "backslashreplace")
    if not isinstance(host, str):
        raise TypeError(f"a host is text, not {type(host).__name__}: {host!r}")
    if host.isascii():
        return host
    try:
        return host.encode("idna").decode("ascii")
    except UnicodeError:
        return host.encode("ascii", "backslashreplace").decode("ascii")


def name_problem(host: str | bytes) -> str:
    """What is wrong with a host's name that no host can have; nothing, if one can."""
    name = host_name(host)
    try:
        if ":" in name:
            from .abstract import isIPv6Address

            if isIPv6Address(name):
                return ""
        elif name and not set(name) & _NEVER and name.encode("idna"):
            return ""
    except UnicodeError:
        pass
    return f"invalid hostname: {name!r}"


def text(value: object, what: str) -> str:
    """A text.

    :raises TypeError: if it is none.
    """
    if isinstance(value, str):
        return value
    raise TypeError(f"{what} is text, not {type(value).__name__}: {value!r}")


def listening(backlog: object) -> int | None:
    """How many connections wait, as far as kernels go."""
    return None if backlog is None else min(max(port_number(backlog, "a backlog"), 1), 65535)
