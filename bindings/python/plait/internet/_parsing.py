"""Endpoint strings, taken apart where the C library is not to do it alone."""

from __future__ import annotations

import inspect
import os
import re
from ctypes import byref
from typing import TYPE_CHECKING, Any, Callable, NamedTuple

from . import endpoints
from ._bystring import ClientEndpoint, ServerEndpoint
from ._judging import text, without_nul

if TYPE_CHECKING:
    from .ssl import PrivateCertificate, TrustRoot

_PIECE = re.compile(r"(?:\\.|[^:\\]|\\$)*", re.DOTALL)
_NAMED = re.compile(r"((?:\\.|[^=\\])*)=(.*)", re.DOTALL)


def _plain(text: str) -> str:
    return re.sub(r"\\(.)", r"\1", text, flags=re.DOTALL)


class Fields(NamedTuple):
    """What a string says: the kind, what has no name, and what has one."""

    kind: str
    several: list[str]
    named: dict[str, str]


def fields(description: str) -> Fields:
    """Takes a string apart."""
    text(description, "an endpoint string")
    pieces, at = [], 0
    while at <= len(description):
        found = _PIECE.match(description, at)
        pieces.append(found.group() if found is not None else "")
        at += len(pieces[-1]) + 1
    several, named = [], {}
    for piece in pieces[1:]:
        match = _NAMED.fullmatch(piece)
        if match is None:
            several.append(_plain(piece))
        else:
            named[_plain(match[1])] = _plain(match[2])
    return Fields(pieces[0].lower(), several, named)


def _hint(description: str, text: str) -> str:
    """What to do about what is often forgotten."""
    if text == "unknown kind of endpoint":
        return "; it begins with its kind, as in 'tcp:127.0.0.1:80'"
    if "::" in description:
        return "; colons of an address have a backslash each, as in 'tcp:\\\\:\\\\:1:80'"
    return ""


def _check(description: str, use: int) -> None:
    from .._native import constants, functions, structs

    reason = structs.Reason()
    without_nul(description)
    status = functions.endpoint_check(description.encode(), use, byref(reason))
    if status < 0:
        text = (reason.text or b"").decode("utf-8", "replace") or functions.strerror(status).decode()
        at = "" if reason.offset == constants.NO_OFFSET else f" at {reason.offset}"
        raise ValueError(f"{description!r} is no endpoint: {text}{at}{_hint(description, text)}")


#: Fields that name files of certificates and keys, or directories of them.
_FILES = ("privateKey", "certKey", "certificate", "extraCertChain", "trustRoots", "caCertsDir")


def _look(named: dict[str, str]) -> None:
    """What is to be read later is there: whoever has mistyped a name is told at once, as with Twisted."""
    for name in _FILES:
        path = named.get(name)
        if path is not None:
            (os.listdir if os.path.isdir(path) else _read)(path)


def _read(path: str) -> bytes:
    with open(path, "rb") as file:
        return file.read()


def _call(make: Callable[..., Any] | None, reactor: Any, description: str, fields: Fields) -> Any:
    if make is None:
        raise ValueError(f"{description!r} is for the package's own reactors alone")
    try:
        bound = inspect.signature(make).bind(reactor, *fields.several, **fields.named)
    except TypeError as error:
        raise ValueError(f"{description!r} is no endpoint: {error}") from None
    return make(*bound.args, **bound.kwargs)


def server(reactor: Any, description: str) -> Any:
    """Somewhere to listen: see ``serverFromString``."""
    given = fields(description)
    if given.kind == "systemd":
        from ._adopting import systemd

        return _call(systemd, reactor, description, given)
    if given.kind == "tls" and given.several and not given.several[0].isdecimal():
        return _call(_folder, reactor, description, given)
    _check(description, 1)
    if given.kind in ("ssl", "tls"):
        _look(given.named)
    if hasattr(reactor, "getReactor"):
        return ServerEndpoint(reactor, description)
    return _call(_SERVERS.get(given.kind), reactor, description, given)


def client(reactor: Any, description: str) -> Any:
    """Somewhere to connect to: see ``clientFromString``."""
    given = fields(description)
    if given.kind == "tls" and "endpoint" in given.named:
        return _call(_over_tls, reactor, description, given)
    _check(description, 2)
    if given.kind in ("ssl", "tls"):
        _look(given.named)
    if hasattr(reactor, "getReactor"):
        return ClientEndpoint(reactor, description)
    return _call(_CLIENTS.get(given.kind), reactor, description, given)


# TLS whose parts are read here


def _pair(certificate: str | None, privateKey: str | None) -> PrivateCertificate | None:
    from . import ssl

    if certificate is None and privateKey is None:
        return None
    pem = [_read(path) for path in (certificate, privateKey) if path is not None]
    made: PrivateCertificate = ssl.PrivateCertificate.loadPEM(b"\n".join(pem))
    return made


def _trust(path: str | None) -> TrustRoot | None:
    from . import ssl

    if path is None:
        return None
    if not os.path.isdir(path):
        return ssl.TrustRoot(_read(path))
    names = sorted(name for name in os.listdir(path) if name.endswith(".pem"))
    pem = b"\n".join(_read(os.path.join(path, name)) for name in names)
    if not pem:
        raise ValueError(f"nobody would be trusted: there are no .pem files in {path!r}")
    return ssl.TrustRoot(pem)


def _over_tls(
    reactor: Any,
    host: str,
    port: str,
    timeout: str = "30",
    bindAddress: str | None = None,
    certificate: str | None = None,
    privateKey: str | None = None,
    trustRoots: str | None = None,
    endpoint: str | None = None,
    hostname: str | None = None,
) -> Any:
    """TLS with a host that another endpoint leads to."""
    from . import ssl

    where: Any
    if endpoint is None:
        local = None if bindAddress is None else (bindAddress, 0)
        where = endpoints.HostnameEndpoint(reactor, host, int(port), float(timeout), local)
    else:
        int(port)
        where = endpoints.clientFromString(reactor, endpoint)
    name, trust = hostname or host, _trust(trustRoots)
    options = ssl.optionsForClientTLS(name, trust, _pair(certificate, privateKey))
    return endpoints.wrapClientTLS(options, where)


def _folder(
    reactor: Any, directory: str, port: str, interface: str = "", backlog: str | None = None
) -> Any:
    """TLS with a directory's certificates, each for the names in it."""
    from ._certificates import certificatesOf

    where = _tcp(reactor, port, interface, backlog)
    return endpoints.wrapServerTLS(certificatesOf(directory), where)


# Those that reactors of other kinds have, with Twisted's arguments


def _number(text: str | None) -> int | None:
    return None if text is None else int(text)


def _tcp(reactor: Any, port: str, interface: str = "", backlog: str | None = None) -> Any:
    number = _number(backlog)
    if ":" in interface:
        return endpoints.TCP6ServerEndpoint(reactor, int(port), number, interface)
    return endpoints.TCP4ServerEndpoint(reactor, int(port), number, interface)


def _tcp6(reactor: Any, port: str, backlog: str | None = None, interface: str = "::") -> Any:
    return endpoints.TCP6ServerEndpoint(reactor, int(port), _number(backlog), interface)


def _unix(
    reactor: Any,
    address: str,
    mode: str = "666",
    backlog: str | None = None,
    lockfile: str = "1",
) -> Any:
    wants = bool(int(lockfile))
    return endpoints.UNIXServerEndpoint(reactor, address, _number(backlog), int(mode, 8), wants)


def _ssl(
    reactor: Any,
    port: str,
    privateKey: str = "server.pem",
    certKey: str | None = None,
    sslmethod: str | None = None,
    interface: str = "",
    backlog: str | None = None,
    extraCertChain: str | None = None,
    dhParameters: str | None = None,
) -> Any:
    from . import ssl

    chain = [] if extraCertChain is None else [_read(extraCertChain)]
    key, certificate = _read(privateKey), _read(certKey or privateKey)
    options = ssl.CertificateOptions(key, certificate, extraCertChain=chain)
    return endpoints.SSL4ServerEndpoint(reactor, int(port), options, _number(backlog), interface)


def _tcp_client(
    reactor: Any, host: str, port: str, timeout: str = "30", bindAddress: str | None = None
) -> Any:
    local = None if bindAddress is None else (bindAddress, 0)
    return endpoints.TCP4ClientEndpoint(reactor, host, int(port), float(timeout), local)


def _unix_client(reactor: Any, path: str, timeout: str = "30", lockfile: str = "0") -> Any:
    return endpoints.UNIXClientEndpoint(reactor, path, float(timeout), bool(int(lockfile)))


def _ssl_client(
    reactor: Any,
    host: str,
    port: str,
    timeout: str = "30",
    bindAddress: str | None = None,
    certKey: str | None = None,
    privateKey: str | None = None,
    caCertsDir: str | None = None,
    hostname: str | None = None,
) -> Any:
    from . import ssl

    name, trust = hostname or host, _trust(caCertsDir)
    options = ssl.optionsForClientTLS(name, trust, _pair(certKey, privateKey))
    local = None if bindAddress is None else (bindAddress, 0)
    return endpoints.SSL4ClientEndpoint(reactor, host, int(port), options, float(timeout), local)


_SERVERS: dict[str, Callable[..., Any]] = {"tcp": _tcp, "tcp6": _tcp6, "unix": _unix, "ssl": _ssl, "tls": _ssl}
_CLIENTS: dict[str, Callable[..., Any]] = {
    "tcp": _tcp_client,
    "unix": _unix_client,
    "ssl": _ssl_client,
    "tls": _over_tls,
}
