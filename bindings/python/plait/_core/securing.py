"""What a transport can do about TLS."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Callable

from .using import use_of

if TYPE_CHECKING:
    from .security import Use


class Securing:
    """Part of :class:`~plait._core.transport.Transport`."""

    __slots__ = ()

    # What the transport has.
    _conn: int
    _protocol: Any
    _starting: bool
    isClient: bool

    def flush(self) -> None:
        """Hands to the C library what was gathered."""
        raise NotImplementedError

    def _halt(self) -> None:
        raise NotImplementedError

    def startTLS(self, contextFactory: Any, normal: bool = True) -> None:
        """Begins TLS: what was written so far leaves in plain, what follows is encrypted.

        Bytes that the peer has sent behind what was delivered by now are refused: they end the
        connection. When the handshake is over, ``handshakeCompleted`` of the protocol is called,
        if it has that.

        :param contextFactory: of :mod:`plait.internet.ssl`.
        :param normal: whether the side that connected is the client of TLS, too.
        """
        self.beginTLS(use_of(contextFactory, self.isClient != normal))

    def beginTLS(self, use: Use, told: Callable[[], None] | None = None) -> None:
        """The same, in a certain way.

        :param told: called when the handshake is over, in the place of ``handshakeCompleted``.
        """
        from .security import start

        self.flush()
        start(self._conn, use, told)
        self._starting = True  # type: ignore[misc]
        self._halt()

    def secured(self, told: Callable[[], None] | None) -> None:
        """The handshake that :meth:`startTLS` began is over."""
        self._starting = False  # type: ignore[misc]
        told = told or getattr(self._protocol, "handshakeCompleted", None)
        if told is not None:
            told()

    @property
    def isStartingTLS(self) -> bool:
        """Whether a handshake that :meth:`startTLS` began is under way."""
        return self._starting

    @property
    def TLS(self) -> bool:
        """Whether TLS is spoken."""
        return self._tlsInfo() is not None

    @property
    def negotiatedProtocol(self) -> bytes | None:
        """What ALPN has agreed on, or None."""
        found = self._tlsInfo()
        return found.alpn[: found.alpn_len] or None if found is not None else None

    def getPeerCertificate(self) -> Any:
        """The certificate that the peer has shown, or None."""
        from ..internet.ssl import Certificate
        from .security import peer_certificate

        der = peer_certificate(self._conn)
        return None if der is None else Certificate.load(der)

    def getChannelBinding(self, kind: str = "tls-exporter") -> bytes | None:
        """What tells this channel from all others, as ``tls-exporter``, ``tls-unique`` or
        ``tls-server-end-point`` has it; or None.
        """
        from .security import channel_binding

        kinds = ["tls-exporter", "tls-unique", "tls-server-end-point"]
        return channel_binding(self._conn, kinds.index(kind) + 1)

    def _tlsInfo(self) -> Any:
        from .security import info

        return info(self._conn)
