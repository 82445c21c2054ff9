"""What is given in the place of something else is refused where it is given, in words that say what is wanted."""

from __future__ import annotations

import ssl as standard

import pytest

from plait.internet import ssl, task
from plait.protocols import ftp
from plait.test.proto_helpers import MemoryReactorClock
from plait.words.protocols.jabber.client import XMPPClientFactory
from plait.words.protocols.jabber.jid import JID
from test_tls import certificates, good, root  # noqa: F401

# Functions

CALLS = {
    "callLater": lambda reactor, thing: reactor.callLater(0, thing),
    "callFromThread": lambda reactor, thing: reactor.callFromThread(thing),
    "addSystemEventTrigger": lambda reactor, thing: reactor.addSystemEventTrigger(
        "before", "shutdown", thing
    ),
    "clock": lambda reactor, thing: task.Clock().callLater(0, thing),
    "clock's thread": lambda reactor, thing: task.Clock().callFromThread(thing),
    "memory": lambda reactor, thing: MemoryReactorClock().callLater(0, thing),
    "deferLater": lambda reactor, thing: task.deferLater(reactor, 0, thing),
    "LoopingCall": lambda reactor, thing: task.LoopingCall(thing),
    "withCount": lambda reactor, thing: task.LoopingCall.withCount(thing),
}


@pytest.mark.parametrize("way", CALLS)
def test_what_is_no_function(reactor, way):
    with pytest.raises(TypeError, match="not callable: 5"):
        CALLS[way](reactor, 5)
    assert not reactor.getDelayedCalls()


# TLS

OPTIONS = {
    "listenSSL": lambda reactor, tls: reactor.listenSSL(0, None, tls),
    "FTPFactory": lambda reactor, tls: ftp.FTPFactory(tls=tls),
    "FTPClient": lambda reactor, tls: ftp.FTPClient(tls=tls),
    "XMPPClientFactory": lambda reactor, tls: XMPPClientFactory(JID("a@b"), "secret", tls),
}


@pytest.mark.parametrize("way", OPTIONS)
def test_what_are_no_options_of_tls(reactor, way):
    with pytest.raises(TypeError, match="of plait.internet.ssl is wanted, not SSLContext: "):
        OPTIONS[way](reactor, standard.create_default_context())


def test_options_of_the_other_side(good):  # noqa: F811
    with pytest.raises(ssl.SSLConfigurationError, match="a server needs a certificate"):
        ftp.FTPFactory(tls=ssl.CertificateOptions())
    with pytest.raises(ValueError, match="these options are a client's"):
        ftp.FTPFactory(tls=ssl.optionsForClientTLS("localhost"))
    assert ftp.FTPFactory(tls=good.options()) and ftp.FTPClient(tls=ssl.CertificateOptions())


def test_pem_is_bytes_or_text(good, root):  # noqa: F811
    text = good.dumpPEM().decode()
    key = ssl.KeyPair(text)
    for pem in (text, text.encode()):
        made = ssl.CertificateOptions(key, pem, trustRoot=pem, extraCertChain=[pem])
        assert made._use(True) and made._use(False)
        assert ssl.optionsForClientTLS("localhost", pem) and ssl.optionsForClientTLS("localhost", [pem])
        assert ssl.trustRootFromCertificates([root, pem]).pem == root.dumpPEM() + good.dumpPEM()


def test_what_stands_between_the_pieces_of_pem(good):  # noqa: F811
    commented = "# Zertifikat für \u2603\n" + good.dumpPEM().decode()
    assert ssl.PrivateCertificate.loadPEM(commented).options()._use(True)
    assert ssl.PrivateCertificate.loadPEM(commented) == good


PEMS = {
    "loadPEM": ssl.Certificate.loadPEM,
    "Certificate": ssl.Certificate,
    "KeyPair": ssl.KeyPair,
    "key": lambda thing: ssl.CertificateOptions(thing, b""),
    "trustRoot": lambda thing: ssl.CertificateOptions(trustRoot=[thing]),
}


@pytest.mark.parametrize("way", PEMS)
def test_what_is_no_pem(way):
    with pytest.raises(TypeError, match="PEM is wanted, as bytes or text, not int: 5"):
        PEMS[way](5)
