"""What a program gives for TLS, taken without loading what TLS needs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .security import Use


def use_of(options: Any, server: bool, name: str | bytes | None = None) -> Use:
    """How options of :mod:`plait.internet.ssl` are used.

    :raises TypeError: if they are none: those of Python's own ssl, or of pyOpenSSL.
    """
    use = getattr(options, "_use", None)
    if use is None:
        wanted = "a CertificateOptions, or what optionsForClientTLS gives, of plait.internet.ssl is wanted"
        raise TypeError(f"{wanted}, not {type(options).__name__}: {options!r}")
    made: Use = use(server, name)
    return made
