"""TLS: Twisted's ``twisted.internet.ssl``.

Keys and certificates are what their PEM says; making new ones is left to other tools.
"""

from __future__ import annotations

import base64
import enum
from collections.abc import Iterable, Sequence
from typing import Any

from .._core.security import Configuration, Use, Wishes, digest
from .._native import tls as _tls
from ._judging import host_name
from .error import CertificateError, SSLConfigurationError, SSLError, VerificationError

__all__ = [
    "AcceptableCiphers",
    "Certificate",
    "CertificateOptions",
    "ClientContextFactory",
    "ContextFactory",
    "DefaultOpenSSLContextFactory",
    "FILETYPE_ASN1",
    "FILETYPE_PEM",
    "KeyPair",
    "PrivateCertificate",
    "SSLConfigurationError",
    "SSLError",
    "TLSVersion",
    "VerificationError",
    "optionsForClientTLS",
    "platformTrust",
    "trustRootFromCertificates",
]

#: As pyOpenSSL's ``crypto`` has them.
FILETYPE_PEM = 1
FILETYPE_ASN1 = 2

class TLSVersion(enum.Enum):
    """The versions there are. Twisted's older ones are not: nobody should speak them."""

    TLSv1_2 = _tls.TLS_1_2
    TLSv1_3 = _tls.TLS_1_3


class AcceptableCiphers:
    """Ciphers for TLS 1.2, in OpenSSL's notation."""

    def __init__(self, text: str) -> None:
        self._text = text

    @classmethod
    def fromOpenSSLCipherString(cls, cipherString: str) -> AcceptableCiphers:
        """Those that a string of OpenSSL's names."""
        return cls(cipherString)


def _encoded(pem: bytes | str) -> bytes:
    if not isinstance(pem, (bytes, str)):
        raise TypeError(f"PEM is wanted, as bytes or text, not {type(pem).__name__}: {pem!r}")
    # What is not ASCII stands in what is written between the pieces, which nobody reads.
    return pem.encode("ascii", "backslashreplace") if isinstance(pem, str) else pem


class Certificate:
    """A certificate, as its PEM or DER says.

    Its bytes are what others read: who it is for, who has signed it and how long it is good stand in
    ``cryptography.x509.load_der_x509_certificate(certificate.dump())``, for example, or are told by
    ``openssl x509``. (Twisted's ``getSubject``, ``getIssuer``, ``inspect`` and ``getPublicKey`` are not
    here; what is wrong with a peer's certificate a :class:`VerificationError` says.)

    >>> import base64
    >>> der = base64.b64decode("MAMCAQE=")  # a stand-in: a real one has some hundreds of bytes
    >>> certificate = Certificate.load(der)
    >>> certificate.dump() == der
    True
    >>> print(certificate.dumpPEM().decode(), end="")
    -----BEGIN CERTIFICATE-----
    MAMCAQE=
    -----END CERTIFICATE-----
    >>> certificate.digest("sha256")[:11]
    '1B:65:F6:8A'
    """

    def __init__(self, pem: bytes | str) -> None:
        self._pem = _encoded(pem)

    @classmethod
    def load(cls, requestData: bytes, format: int = FILETYPE_ASN1, args: Any = ()) -> Any:
        """From DER, or from PEM."""
        if format == FILETYPE_ASN1:
            requestData = _armoured(requestData)
        return cls(requestData, *args)

    @classmethod
    def loadPEM(cls, data: bytes | str) -> Any:
        """From PEM."""
        return cls.load(_encoded(data), FILETYPE_PEM)

    @classmethod
    def peerFromTransport(cls, transport: Any) -> Any:
        """The one that the peer of a connection has shown."""
        found = transport.getPeerCertificate()
        if found is None:
            raise CertificateError("the peer has shown no certificate")
        return found

    def dump(self, format: int = FILETYPE_ASN1) -> bytes:
        """As DER, or as PEM."""
        if format == FILETYPE_PEM:
            return self._pem
        return base64.b64decode(b"".join(_first(self._pem, b"CERTIFICATE").split(b"\n")[1:-2]))

    def dumpPEM(self) -> bytes:
        """As PEM."""
        return self.dump(FILETYPE_PEM)

    def digest(self, method: str = "md5") -> str:
        """A fingerprint, as ``AA:BB:...``."""
        return digest(self.dump(), method)

    def options(self, *authorities: Certificate) -> CertificateOptions:
        """For those who show no certificate, and trust these authorities."""
        return CertificateOptions(trustRoot=trustRootFromCertificates(authorities))

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Certificate) and self.dump() == other.dump()

    def __hash__(self) -> int:
        return hash(self.dump())

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.digest('sha256')[:23]}...>"


def _armoured(der: bytes) -> bytes:
    # As Python's own ssl does it, which need not be there.
    text = base64.b64encode(der)
    lines = [text[at : at + 64] for at in range(0, len(text), 64)]
    head, tail = b"-----BEGIN CERTIFICATE-----", b"-----END CERTIFICATE-----"
    return b"\n".join([head, *lines, tail, b""])


def _first(pem: bytes, kind: bytes) -> bytes:
    start, end = b"-----BEGIN " + kind, b"-----END " + kind + b"-----"
    if start not in pem or end not in pem:
        raise ValueError(f"there is no {kind.decode().lower()} in it")
    at = pem.index(start)
    return pem[at : pem.index(end, at) + len(end)] + b"\n"


class KeyPair:
    """A private key, as its PEM says."""

    def __init__(self, pem: bytes | str) -> None:
        self._pem = _encoded(pem)

    @classmethod
    def load(cls, data: bytes | str, format: int = FILETYPE_PEM) -> KeyPair:
        """From PEM."""
        if format != FILETYPE_PEM:
            raise ValueError("only keys in PEM can be loaded")
        return cls(data)

    def dump(self, format: int = FILETYPE_PEM) -> bytes:
        """As PEM."""
        if format != FILETYPE_PEM:
            raise ValueError("only keys in PEM can be dumped")
        return self._pem


class PrivateCertificate(Certificate):
    """A certificate with its key."""

    def __init__(self, pem: bytes | str, privateKey: KeyPair | None = None) -> None:
        super().__init__(pem)
        self.privateKey = KeyPair(self._pem) if privateKey is None else privateKey

    @classmethod
    def load(  # type: ignore[override]
        cls, data: bytes, privateKey: Any = None, format: int = FILETYPE_ASN1, *args: Any
    ) -> Any:
        """From DER or PEM, with a key that was loaded apart."""
        if format == FILETYPE_ASN1:
            data = _armoured(data)
        return cls(data, privateKey)

    @classmethod
    def loadPEM(cls, data: bytes | str) -> Any:
        """From PEM that has both."""
        return cls(data)

    @classmethod
    def fromCertificateAndKeyPair(
        cls, certificateInstance: Certificate, privateKey: KeyPair
    ) -> PrivateCertificate:
        """From the two apart."""
        return cls(certificateInstance.dumpPEM(), privateKey)

    def options(self, *authorities: Certificate) -> CertificateOptions:
        """For those who show this certificate; with authorities, peers must show one by them."""
        trust = trustRootFromCertificates(authorities) if authorities else None
        return CertificateOptions(self.privateKey, self, trustRoot=trust)


class TrustRoot:
    """Whom to trust: certificates, or what the system trusts."""

    def __init__(self, pem: bytes = b"") -> None:
        self.pem = pem


def platformTrust() -> TrustRoot:
    """What the system trusts."""
    return TrustRoot()


def trustRootFromCertificates(certificates: Iterable[Certificate | bytes | str]) -> TrustRoot:
    """These alone."""
    pem = b"".join(_pem(certificate) or b"" for certificate in certificates)
    if not pem:
        raise ValueError("nobody would be trusted")
    return TrustRoot(pem)


def _trust(root: Any) -> TrustRoot:
    if root is None or root is True:
        return platformTrust()
    if isinstance(root, TrustRoot):
        return root
    return trustRootFromCertificates([root] if isinstance(root, (Certificate, bytes, str)) else root)


def _pem(thing: Any) -> bytes | None:
    if thing is None:
        return None
    return _encoded(thing.dump(FILETYPE_PEM) if hasattr(thing, "dump") else thing)


class ContextFactory:
    """What TLS is spoken with: this side's certificate, and whom it trusts."""

    def _use(self, server: bool, name: str | bytes | None = None) -> Use:
        raise NotImplementedError


class CertificateOptions(ContextFactory):
    """Who this side is, and whom it trusts.

    A server asks its clients for a certificate if it is told whom to trust. A client that was not
    told takes any certificate, as in Twisted; use :func:`optionsForClientTLS` to have it checked.

    Of Twisted's arguments, those that made old versions and broken peers work are taken and mean
    nothing. Keys and certificates, and whom to trust, may be given as PEM.
    """

    def __init__(
        self,
        privateKey: Any = None,
        certificate: Any = None,
        method: Any = None,
        verify: bool = False,
        caCerts: Iterable[Certificate] | None = None,
        verifyDepth: int = 9,
        requireCertificate: bool = True,
        verifyOnce: bool = True,
        enableSingleUseKeys: bool = True,
        enableSessions: bool = False,
        fixBrokenPeers: bool = False,
        enableSessionTickets: bool = False,
        extraCertChain: Sequence[Any] | None = None,
        acceptableCiphers: AcceptableCiphers | None = None,
        dhParameters: Any = None,
        trustRoot: Any = None,
        acceptableProtocols: Sequence[bytes] | None = None,
        raiseMinimumTo: TLSVersion | None = None,
        insecurelyLowerMinimumTo: TLSVersion | None = None,
        lowerMaximumSecurityTo: TLSVersion | None = None,
    ) -> None:
        if (privateKey is None) != (certificate is None):
            raise ValueError("privateKey and certificate go together")
        if trustRoot is None and verify:
            if not caCerts:
                raise ValueError("verify needs caCerts")
            trustRoot = trustRootFromCertificates(caCerts)
        self.verify = trustRoot is not None
        self.requireCertificate = requireCertificate
        self._made: dict[bool, Configuration] = {}
        self._serverFlags = 0
        least = insecurelyLowerMinimumTo or raiseMinimumTo
        self._wishes = Wishes(
            certificate=_pem(certificate),
            key=_pem(privateKey),
            chain=b"".join(_pem(more) or b"" for more in extraCertChain or ()),
            authorities=_trust(trustRoot).pem,
            protocols=tuple(acceptableProtocols or ()),
            ciphers=None if acceptableCiphers is None else acceptableCiphers._text.encode(),
            minimum=least.value if least else 0,
            maximum=lowerMaximumSecurityTo.value if lowerMaximumSecurityTo else 0,
            depth=verifyDepth,
        )

    def _use(self, server: bool, name: str | bytes | None = None) -> Use:
        made = self._made.get(server)
        if made is None:
            wishes = self._wishes
            if server and self.verify:
                wanted = _tls.TLS_CLIENT_REQUIRED
                if not self.requireCertificate:
                    wanted = _tls.TLS_CLIENT_OPTIONAL
                wishes = wishes._replace(client_certificate=wanted)
            if server:
                if wishes.certificate is None and not self._serverFlags:
                    raise SSLConfigurationError(text="a server needs a certificate")
                wishes = wishes._replace(flags=self._serverFlags)
            else:
                # Twisted's checks the chain, and leaves the name to optionsForClientTLS.
                flags = _tls.TLS_NO_NAME_CHECK if self.verify else _tls.TLS_NO_VERIFY
                wishes = wishes._replace(flags=flags)
            made = self._made[server] = Configuration(wishes)
        return Use(made, *_role(server, name))


def temporary(*authorities: Certificate) -> CertificateOptions:
    """For those who have no certificate: a server makes one up, which no peer can check."""
    made = CertificateOptions(trustRoot=authorities or None)
    made._serverFlags = _tls.TLS_SELF_SIGNED
    return made


def _role(server: bool, name: str | bytes | None) -> tuple[int, bytes | None]:
    if server:
        return _tls.TLS_ROLE_SERVER, None
    if isinstance(name, str):
        name = host_name(name).encode("ascii")
    return _tls.TLS_ROLE_CLIENT, name


class _ClientOptions(ContextFactory):
    """What :func:`optionsForClientTLS` gives."""

    def __init__(self, hostname: str, configuration: Configuration) -> None:
        self._hostname, self._configuration = hostname, configuration

    def _use(self, server: bool, name: str | bytes | None = None) -> Use:
        if server:
            raise ValueError("these options are a client's")
        return Use(self._configuration, *_role(False, self._hostname))


def optionsForClientTLS(
    hostname: str,
    trustRoot: Any = None,
    clientCertificate: PrivateCertificate | None = None,
    acceptableProtocols: Sequence[bytes] | None = None,
    *,
    extraCertificateOptions: dict[str, Any] | None = None,
) -> ContextFactory:
    """A client that checks the server's certificate, and that it is for this name.

    :param hostname: the name, or a numeric address; text, not bytes.
    :param trustRoot: whom to trust; the system's store if left out.
    :param clientCertificate: shown to servers that ask for one.
    :param acceptableProtocols: for ALPN, in order of preference.
    """
    if not isinstance(hostname, str):
        kind = type(hostname).__name__
        raise TypeError(f"optionsForClientTLS requires text for host names, not {kind}")
    more = dict(extraCertificateOptions or {})
    if clientCertificate is not None:
        more.update(privateKey=clientCertificate.privateKey, certificate=clientCertificate)
    options = CertificateOptions(
        trustRoot=_trust(trustRoot), acceptableProtocols=acceptableProtocols, **more
    )
    return _ClientOptions(hostname, Configuration(options._wishes))


class ClientContextFactory(CertificateOptions):
    """A client that checks nothing, as Twisted's of this name: for tests."""

    def __init__(self) -> None:
        super().__init__()


class DefaultOpenSSLContextFactory(CertificateOptions):
    """A server whose key and certificate are in two files of PEM."""

    def __init__(
        self, privateKeyFileName: str, certificateFileName: str, sslmethod: Any = None
    ) -> None:
        with open(privateKeyFileName, "rb") as key, open(certificateFileName, "rb") as certificate:
            super().__init__(key.read(), certificate.read())
