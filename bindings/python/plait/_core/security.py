"""TLS: configurations of the C library, and conns that use them."""

from __future__ import annotations

import hashlib
import weakref
from ctypes import POINTER, byref, c_size_t, cast, create_string_buffer
from typing import Any, Callable, NamedTuple, Optional

from .._native import constants, functions, structs, tls
from ..error import PlaitError
from ..internet._reasons import check
from ..internet.error import SSLConfigurationError
from .registry import conns, drop, entry, hold


class Wishes(NamedTuple):
    """What a configuration is made of: PEM, and what else ``plait_tls_options`` has."""

    certificate: Optional[bytes] = None
    key: Optional[bytes] = None
    chain: bytes = b""
    authorities: bytes = b""
    flags: int = 0
    client_certificate: int = tls.TLS_CLIENT_NONE
    protocols: tuple[bytes, ...] = ()
    ciphers: Optional[bytes] = None
    groups: Optional[bytes] = None
    minimum: int = 0
    maximum: int = 0
    depth: int = 0
    #: Further certificates with their keys, for other names.
    more: tuple[bytes, ...] = ()


class Use(NamedTuple):
    """How a connection uses a configuration."""

    configuration: Configuration
    role: int
    server_name: Optional[bytes] = None
    #: A server's whose client was asked, and begins: its handshake may lie behind its answer.
    awaits: bool = False

    def options(self) -> tls.TlsConnOptions:
        """The same for the C library."""
        return tls.TlsConnOptions(
            role=self.role,
            server_name=self.server_name,
            flags=tls.TLS_CLIENT_IS_READY if self.awaits else 0,
        )

    def over(self, factory: int) -> int:
        """A C factory whose conns speak TLS, over which another's protocols speak; that is released."""
        out = structs.Handle()
        try:
            status = tls.tls_factory_new(
                byref(out), factory, self.configuration.handle, byref(self.options())
            )
            check(status)
        finally:
            functions.factory_release(factory)
        return out.value


class Configuration:
    """A configuration of the C library, which goes when nothing uses it any more."""

    def __init__(self, wishes: Wishes) -> None:
        options = tls.TlsOptions(
            flags=wishes.flags,
            min_version=wishes.minimum,
            max_version=wishes.maximum,
            ciphers=wishes.ciphers,
            groups=wishes.groups,
            client_certificate=wishes.client_certificate,
            verify_depth=wishes.depth,
        )
        if wishes.certificate is not None:
            identities = [tls.TlsIdentity(cert_pem=_bytes(pem)) for pem in wishes.more]
            first = tls.TlsIdentity(cert_pem=_bytes(wishes.certificate))
            first.key_pem = _bytes(wishes.key or b"")
            first.chain_pem = _bytes(wishes.chain)
            shown = (tls.TlsIdentity * (1 + len(identities)))(first, *identities)
            options.identities = cast(shown, POINTER(tls.TlsIdentity))
            options.identity_count = len(shown)
        options.ca_pem = _bytes(wishes.authorities)
        protocols = (structs.Bytes * max(1, len(wishes.protocols)))(*map(_bytes, wishes.protocols))
        options.alpn, options.alpn_count = protocols, len(wishes.protocols)
        out, reason = structs.Handle(), structs.Reason()
        status = tls.tls_config_new(byref(out), byref(options), byref(reason))
        if status < 0:
            raise SSLConfigurationError(status, (reason.text or b"").decode("utf-8", "replace"))
        self.handle = out.value
        weakref.finalize(self, tls.tls_config_release, self.handle)


def _bytes(data: bytes) -> structs.Bytes:
    return structs.Bytes(data, len(data))


@entry(tls.TlsStartedFunction)
def _started(user: int, conn: int, reason: Any) -> None:
    kept = drop(user)
    self = conns.get(conn)
    if kept is None or self is None or reason.contents.status:
        return  # connectionLost tells
    driver = self.driver
    driver.inside = True
    try:
        self.secured(kept[1])
    except BaseException as error:
        self.crashed(error)
    finally:
        driver.leave()


def start(conn: int, use: Use, told: Callable[[], None] | None = None) -> None:
    """Begins TLS on a conn that is under way; its transport's ``secured`` is given what is to be told."""
    # What the conn uses it keeps, but the key lives until the handshake is over.
    key = hold((use, told))
    status = tls.conn_start_tls(
        conn, use.configuration.handle, byref(use.options()), _started, key
    )
    if status < 0:
        drop(key)
        raise PlaitError(status)


def info(conn: int) -> tls.TlsInfo | None:
    """What the two sides have agreed on; None where there is no TLS, or not yet."""
    out = tls.TlsInfo()
    return out if tls.conn_get_tls(conn, byref(out)) == 0 else None


def peer_certificate(conn: int, index: int = 0) -> bytes | None:
    """The DER of a certificate that the peer has shown, or None."""
    length = c_size_t()
    if tls.conn_get_peer_certificate(conn, index, None, 0, byref(length)) < 0:
        return None
    room = create_string_buffer(length.value)
    check(tls.conn_get_peer_certificate(conn, index, room, length.value, byref(length)))
    return room.raw


def channel_binding(conn: int, kind: int) -> bytes | None:
    """What tells the channel from others, or None."""
    length = c_size_t()
    room = create_string_buffer(tls.TLS_BINDING_MAX)
    if tls.conn_get_channel_binding(conn, kind, room, tls.TLS_BINDING_MAX, byref(length)) < 0:
        return None
    return room.raw[: length.value]


def digest(der: bytes, method: str) -> str:
    """A digest as Twisted's certificates have it: ``AA:BB:...``."""
    return hashlib.new(method, der).digest().hex(":").upper()
