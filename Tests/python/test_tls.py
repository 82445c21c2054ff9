"""TLS from Python: both roles, STARTTLS, what was agreed on, and Python's own ssl as the peer."""

from __future__ import annotations

import socket
import ssl as standard
import subprocess
import threading

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes

from conftest import LIMIT, ROOT, until
from plait.internet import defer, endpoints, error, protocol, ssl
from plait.protocols import basic


@pytest.fixture(scope="module")
def certificates(tmp_path_factory):
    """A directory of certificates."""
    folder = tmp_path_factory.mktemp("certificates")
    subprocess.run([ROOT / "Tests" / "certificates", folder], check=True, timeout=LIMIT)
    return folder


@pytest.fixture
def root(certificates):
    return ssl.Certificate.loadPEM((certificates / "root.pem").read_bytes())


@pytest.fixture
def good(certificates):
    return ssl.PrivateCertificate.loadPEM((certificates / "good.pem").read_bytes())


class Recorder(basic.LineReceiver):
    def __init__(self):
        self.lines, self.reason, self.handshakes = [], None, 0

    def connectionMade(self):
        self.made = True

    def lineReceived(self, line):
        self.lines.append(line)

    def handshakeCompleted(self):
        self.handshakes += 1

    def connectionLost(self, reason):
        self.reason = reason


class Factory(protocol.Factory):
    def __init__(self, made=Recorder):
        self.made, self.protocols = made, []

    def buildProtocol(self, addr):
        self.protocols.append(self.made())
        return self.protocols[-1]


def outcome(reactor, deferred):
    """The result of a Deferred, or its Failure."""
    got = []
    deferred.addBoth(got.append)
    until(reactor, lambda: got)
    return got[0]


def met(reactor, server, client, host="localhost", isServed=True):
    """The two protocols of a connection, or the failure of connecting."""
    factory = Factory()
    port = outcome(
        reactor, endpoints.SSL4ServerEndpoint(reactor, 0, server, interface="127.0.0.1").listen(factory)
    )
    place = endpoints.HostnameEndpoint(reactor, host, port.getHost().port)
    made = outcome(reactor, endpoints.connectProtocol(endpoints.wrapClientTLS(client, place), Recorder()))
    port.stopListening()
    if not isinstance(made, Recorder):
        return made, None
    if not isServed:
        return made, None
    until(reactor, lambda: factory.protocols and factory.protocols[0].connected)
    return made, factory.protocols[0]


def test_both_roles(reactor, root, good):
    server = ssl.CertificateOptions(good.privateKey, good, acceptableProtocols=[b"x", b"chat"])
    client = ssl.optionsForClientTLS("localhost", root, acceptableProtocols=[b"chat", b"x"])
    one, other = met(reactor, server, client)
    one.sendLine(b"hello")
    other.sendLine(b"and back")
    until(reactor, lambda: one.lines and other.lines)
    assert (one.lines, other.lines) == ([b"and back"], [b"hello"])
    for side in (one, other):
        assert side.transport.TLS and side.transport.negotiatedProtocol == b"x"
    shown = one.transport.getPeerCertificate()
    assert shown == good and other.transport.getPeerCertificate() is None
    assert ssl.Certificate.peerFromTransport(one.transport).digest("sha256") == good.digest("sha256")
    for kind, length in [("tls-exporter", 32), ("tls-server-end-point", 32), ("tls-unique", None)]:
        found = one.transport.getChannelBinding(kind)
        assert found == other.transport.getChannelBinding(kind)
        assert length is None if found is None else len(found) == length
    one.transport.loseConnection()
    until(reactor, lambda: one.reason and other.reason)
    assert one.reason.check(error.ConnectionDone) and other.reason.check(error.ConnectionDone)


@pytest.mark.parametrize(
    "pem, host, status, words",
    [
        ("expired.pem", "localhost", -107, "certificate has expired"),
        ("other.pem", "localhost", -108, "it is not for localhost"),
        ("self.pem", "localhost", -106, "self-signed"),
        ("stranger.pem", "localhost", -105, "issuer"),
        ("good.pem", "127.0.0.9", -108, "it is not for 127.0.0.9"),
    ],
)
def test_refused(reactor, certificates, root, pem, host, status, words):
    options = ssl.PrivateCertificate.loadPEM((certificates / pem).read_bytes()).options()
    failure, _ = met(reactor, options, ssl.optionsForClientTLS(host, root))
    assert failure.check(ssl.VerificationError, error.SSLError)
    assert failure.value.status == status and words in str(failure.value)


def test_client_certificates(reactor, certificates, root, good):
    shown = ssl.PrivateCertificate.loadPEM((certificates / "client.pem").read_bytes())
    client = ssl.optionsForClientTLS("localhost", root, clientCertificate=shown)
    one, other = met(reactor, good.options(root), client)
    until(reactor, lambda: other.transport.getPeerCertificate() == shown)
    client = ssl.optionsForClientTLS("localhost", root)
    one, _ = met(reactor, good.options(root), client, isServed=False)
    until(reactor, lambda: one.reason)  # TLS 1.3 tells the client late
    assert one.reason.check(error.SSLError) and one.reason.value.status == -101


def test_options():
    with pytest.raises(ValueError):
        ssl.CertificateOptions(privateKey=b"x")
    with pytest.raises(ValueError):
        ssl.CertificateOptions(verify=True)
    with pytest.raises(TypeError):
        ssl.optionsForClientTLS(b"localhost")
    with pytest.raises(ValueError):
        ssl.trustRootFromCertificates([])
    with pytest.raises(ssl.SSLConfigurationError, match="ciphers NONSENSE"):
        ciphers = ssl.AcceptableCiphers.fromOpenSSLCipherString("NONSENSE")
        ssl.CertificateOptions(acceptableCiphers=ciphers)._use(False)
    with pytest.raises(ValueError):
        ssl.optionsForClientTLS("x")._use(True)


class Starter(Recorder):
    def __init__(self, options, word):
        super().__init__()
        self.options, self.word = options, word

    def lineReceived(self, line):
        super().lineReceived(line)
        if line == self.word:
            if line == b"STARTTLS":
                self.sendLine(b"ready")
            self.transport.startTLS(self.options)
            self.sendLine(b"secret of " + line)


@pytest.mark.parametrize("extra", [b"", b"EVIL\r\n", b"EV"])
def test_start_tls(reactor, root, good, extra):
    server = Factory(lambda: Starter(good.options(), b"STARTTLS"))
    port = reactor.listenTCP(0, server, interface="127.0.0.1")
    client = Starter(ssl.optionsForClientTLS("localhost", root), b"ready")
    place = endpoints.TCP4ClientEndpoint(reactor, "127.0.0.1", port.getHost().port)
    outcome(reactor, endpoints.connectProtocol(place, client))
    client.transport.write(b"STARTTLS\r\n" + extra)
    if extra:
        until(reactor, lambda: server.protocols and server.protocols[0].reason)
        other = server.protocols[0]
        assert other.lines == [b"STARTTLS"] and other.reason.value.status == -104
        until(reactor, lambda: client.reason)
        return
    until(reactor, lambda: len(client.lines) == 2 and len(server.protocols[0].lines) == 2)
    other = server.protocols[0]
    assert client.lines == [b"ready", b"secret of STARTTLS"]
    assert other.lines == [b"STARTTLS", b"secret of ready"]
    assert client.handshakes == other.handshakes == 1
    assert client.transport.TLS and other.transport.TLS
    client.transport.loseConnection()
    until(reactor, lambda: client.reason and other.reason)


def test_pythons_own_client(reactor, certificates, good):
    factory = Factory()
    port = reactor.listenSSL(0, factory, good.options(), interface="127.0.0.1")
    context = standard.create_default_context(cafile=certificates / "root.pem")
    got = []

    def talk():
        with socket.create_connection(("127.0.0.1", port.getHost().port), LIMIT) as plain:
            with context.wrap_socket(plain, server_hostname="localhost") as peer:
                peer.sendall(b"from python\r\n")
                got.append(peer.recv(100))
                peer.unwrap()

    thread = threading.Thread(target=talk, daemon=True)
    thread.start()
    until(reactor, lambda: factory.protocols and factory.protocols[0].lines == [b"from python"])
    factory.protocols[0].sendLine(b"to python")
    until(reactor, lambda: factory.protocols[0].reason)
    thread.join(LIMIT)
    assert got == [b"to python\r\n"]
    assert factory.protocols[0].reason.check(error.ConnectionDone)


def test_pythons_own_server(reactor, certificates, root):
    context = standard.SSLContext(standard.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificates / "good.pem")
    listening = socket.create_server(("127.0.0.1", 0))
    listening.settimeout(LIMIT)

    def serve():
        for ending in ("clean", "truncated"):
            plain, _ = listening.accept()
            plain.settimeout(LIMIT)
            peer = context.wrap_socket(plain, server_side=True)
            peer.sendall(peer.recv(100))
            if ending == "clean":
                peer.unwrap().close()
            else:
                peer.shutdown(socket.SHUT_RDWR)
                peer.close()

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    reasons = []
    for _ in range(2):
        place = endpoints.SSL4ClientEndpoint(
            reactor, "localhost", listening.getsockname()[1], ssl.optionsForClientTLS("localhost", root)
        )
        made = outcome(reactor, endpoints.connectProtocol(place, Recorder()))
        made.sendLine(b"hello")
        until(reactor, lambda made=made: made.reason)
        assert made.lines == [b"hello"]
        reasons.append(made.reason.value.status)
    thread.join(LIMIT)
    listening.close()
    assert reasons == [0, -103]


def test_strings(reactor, certificates):
    factory = Factory()
    where = f"ssl:0:privateKey={certificates}/good.key:certKey={certificates}/good.cert:interface=127.0.0.1"
    port = outcome(reactor, endpoints.serverFromString(reactor, where).listen(factory))
    there = f"tls:host=localhost:port={port.getHost().port}:trustRoots={certificates}/root.pem"
    made = outcome(
        reactor, endpoints.connectProtocol(endpoints.clientFromString(reactor, there), Recorder())
    )
    made.sendLine(b"hello")
    until(reactor, lambda: factory.protocols and factory.protocols[0].lines == [b"hello"])
    assert isinstance(defer.succeed(made), defer.Deferred) and made.transport.TLS


def test_certificates_are_bytes_for_others(reactor, root, good):
    """What is in the peer's certificate others tell: they are given its DER, or its PEM."""
    client, server = met(reactor, good.options(), ssl.optionsForClientTLS("localhost", root))
    shown = ssl.Certificate.peerFromTransport(client.transport)
    assert standard.DER_cert_to_PEM_cert(shown.dump()) == shown.dumpPEM().decode()
    assert standard.PEM_cert_to_DER_cert(shown.dumpPEM().decode()) == shown.dump() == good.dump()
    read = x509.load_der_x509_certificate(shown.dump())
    assert "localhost" in read.extensions.get_extension_for_class(
        x509.SubjectAlternativeName
    ).value.get_values_for_type(x509.DNSName)
    assert read.issuer == x509.load_pem_x509_certificate(root.dumpPEM()).subject
    sha = read.fingerprint(hashes.SHA256()).hex(":").upper()
    assert shown.digest("sha256") == sha and len(shown.digest()) == 47
    assert shown == good and hash(shown) == hash(good) and sha[:8] in repr(shown)
    with pytest.raises(error.CertificateError):
        ssl.Certificate.peerFromTransport(server.transport)


def test_what_is_missing_is_named(good):
    for options, words in (
        (ssl.CertificateOptions(b"nonsense", good.dumpPEM()), "private key: there is none that can be read"),
        (ssl.CertificateOptions(good.privateKey, b"nonsense"), "certificate: there is no certificate in it"),
    ):
        with pytest.raises(ssl.SSLConfigurationError, match=words):
            options._use(True)


def test_a_certificate_without_its_key(good):
    """As programs have it that forget the key, or read the wrong file."""
    begin, end = b"-----BEGIN CERTIFICATE-----", b"-----END CERTIFICATE-----\n"
    pem = good.dumpPEM()
    alone = pem[pem.index(begin) : pem.index(end) + len(end)]
    with pytest.raises(ssl.SSLConfigurationError, match="private key: there is none that can be read"):
        ssl.PrivateCertificate.loadPEM(alone).options()._use(True)


def test_refusals_say_once_what_they_are_about(reactor, root, certificates):
    other = ssl.PrivateCertificate.loadPEM((certificates / "other.pem").read_bytes())
    failure, _ = met(reactor, other.options(), ssl.optionsForClientTLS("localhost", root))
    told = failure.getErrorMessage()
    assert told.startswith("TLS failed: the server's certificate ") and told.count("certificate") == 1
    assert str(ssl.VerificationError()) == "the peer's certificate was refused"
