"""Logging in to XMPP where no server at hand offers it: bound to TLS by tls-exporter, offers that somebody has changed on
the way, and a certificate instead of a password. The server is a script on a TLS server of the library's own."""

from __future__ import annotations

import base64
import re
import subprocess

import pytest

from conftest import ROOT, run, until
from plait.internet import endpoints, ssl
from plait.internet.protocol import Factory, Protocol
from plait.words.protocols.jabber import client, jid, sasl, xmlstream
from scram import Scram

HEADER = b"<stream:stream xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams' id='s' version='1.0'>"
SASL = "xmlns='urn:ietf:params:xml:ns:xmpp-sasl'"
BINDINGS = "<sasl-channel-binding xmlns='urn:xmpp:sasl-cb:0'><channel-binding type='tls-exporter'/></sasl-channel-binding>"
BIND = "<bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'/>"
BOUND = "<iq type='result' id='bind'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'><jid>me@localhost/r</jid></bind></iq>"


class Server(Protocol):
    """Offers some mechanisms, and plays its part in each."""

    def connectionMade(self):
        self.factory.made = self
        self.data, self.used, self.first, self.isIn, self.authzid = b"", None, None, False, None

    def say(self, text):
        self.transport.write(text.encode())

    def dataReceived(self, data):
        self.data += data
        for found in iter(lambda: re.match(rb"<\?xml[^>]*\?>|<(stream:stream|auth|response|iq)\b.*?(?:</\1>|(?<=stream:streams'>)|/>)|<stream:stream[^>]*>", self.data), None):
            self.data = self.data[found.end() :]
            self.took(found[0].decode())

    def took(self, text):
        if text.startswith("<stream"):
            self.transport.write(HEADER)
            offered = "".join(f"<mechanism>{name}</mechanism>" for name in self.factory.offered)
            self.say(f"<stream:features>{BIND if self.isIn else f'<mechanisms {SASL}>{offered}</mechanisms>' + self.factory.more}</stream:features>")
        elif text.startswith("<iq"):
            self.say(BOUND)
        elif text.startswith(("<auth", "<response")):
            words = re.search(r">([^<]*)<", text)[1]
            words = "" if words == "=" else base64.b64decode(words).decode()
            if text.startswith("<auth"):
                self.used = re.search("mechanism='([^']*)'", text)[1]
            self.login(words)

    def login(self, words):
        if self.used == "EXTERNAL":
            self.authzid = words
            return self.end(self.transport.getPeerCertificate() is not None)
        if self.first is None:
            binding = self.transport.getChannelBinding("tls-exporter") if self.used.endswith("PLUS") else b""
            self.first = Scram(b"secret", self.factory.binding or binding)
            return self.say(f"<challenge {SASL}>{base64.b64encode(self.first.first(words).encode()).decode()}</challenge>")
        try:
            proof = self.first.final(words)
        except AssertionError:
            proof = None
        # RFC 5802 §6: who could have bound, and saw no offer, has seen another one than this side's.
        return self.end(proof is not None and not (self.first.header == b"y,," and self.factory.binds), proof)

    def end(self, isIn, proof=None):
        self.isIn = isIn
        proof = base64.b64encode((self.factory.proof or proof or "").encode()).decode()
        self.say(f"<success {SASL}>{proof}</success>" if isIn else f"<failure {SASL}><not-authorized/></failure>")


@pytest.fixture(scope="module")
def certificates(tmp_path_factory):
    folder = tmp_path_factory.mktemp("certificates")
    subprocess.run([ROOT / "Tests" / "certificates", folder], check=True)
    return {name: (folder / f"{name}.pem").read_bytes() for name in ("root", "good", "client")}


def log_in(reactor, certificates, offered, password="secret", own=False, **settings):
    """What the client hears, and the server's side."""
    serving = Factory.forProtocol(Server)
    serving.offered, serving.more, serving.binding, serving.proof, serving.binds = offered, "", None, None, False
    vars(serving).update(settings)
    root = ssl.Certificate.loadPEM(certificates["root"])
    authorities = [root] if own else []
    options = ssl.PrivateCertificate.loadPEM(certificates["good"]).options(*authorities)
    listening = endpoints.SSL4ServerEndpoint(reactor, 0, options, interface="127.0.0.1")
    port = run(reactor, listening.listen(serving))
    shown = ssl.PrivateCertificate.loadPEM(certificates["client"]) if own else None
    options = ssl.optionsForClientTLS("localhost", trustRoot=root, clientCertificate=shown)
    factory = client.XMPPClientFactory(jid.JID("me@localhost/r"), password, options)
    heard = []
    for event in (xmlstream.STREAM_AUTHD_EVENT, xmlstream.INIT_FAILED_EVENT):
        factory.addBootstrap(event, heard.append)
    where = endpoints.TCP4ClientEndpoint(reactor, "127.0.0.1", port.getHost().port)
    stream = run(reactor, endpoints.wrapClientTLS(options, where).connect(factory))
    until(reactor, lambda: heard)
    stream.transport.loseConnection()
    run(reactor, port.stopListening())
    return heard[0], serving.made


PLUS = "SCRAM-SHA-256-PLUS"


def test_bound_by_tls_exporter(reactor, certificates):
    result, server = log_in(reactor, certificates, ["PLAIN", "SCRAM-SHA-256", PLUS], more=BINDINGS, binds=True)
    assert result.thisEntity.full() == "me@localhost/r" and server.used == PLUS
    assert server.first.header == b"p=tls-exporter,," and len(server.first.binding) == 32


def test_somebody_between_who_has_a_channel_of_his_own(reactor, certificates):
    result, server = log_in(reactor, certificates, [PLUS], more=BINDINGS, binding=b"another channel", binds=True)
    assert isinstance(result.value, sasl.SASLAuthError) and server.used == PLUS


def test_an_offer_that_was_taken_away(reactor, certificates):
    # The server can bind, and did not hide it: so it knows that what the client saw was changed.
    result, server = log_in(reactor, certificates, ["SCRAM-SHA-256"], binds=True)
    assert isinstance(result.value, sasl.SASLAuthError) and server.first.header == b"y,,"
    # One that can't takes it.
    result, server = log_in(reactor, certificates, ["SCRAM-SHA-256"])
    assert result.thisEntity.full() == "me@localhost/r"


def test_a_server_that_does_not_know_the_password(reactor, certificates):
    proof = "v=" + base64.b64encode(b"x" * 32).decode()
    result, _ = log_in(reactor, certificates, [PLUS], more=BINDINGS, proof=proof)
    assert not isinstance(result, xmlstream.XmlStream)


def test_a_certificate_instead_of_a_password(reactor, certificates):
    result, server = log_in(reactor, certificates, ["PLAIN", "EXTERNAL"], password=None, own=True)
    assert result.thisEntity.full() == "me@localhost/r" and server.used == "EXTERNAL" and server.authzid in ("", "me@localhost")


