"""AMP's StartTLS, with real TLS: on conns that find requests, on those that give boxes, and in every part."""

import subprocess
from pathlib import Path

import pytest

from amps import Socket, failing, gathered, seen
from plait.internet import defer, error, ssl
from plait.protocols import amp

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def certificates(tmp_path_factory):
    """A directory of certificates."""
    folder = tmp_path_factory.mktemp("certificates")
    subprocess.run([ROOT / "Tests" / "certificates", folder], check=True, timeout=60)
    return folder


@pytest.fixture
def identity(certificates):
    return lambda name: ssl.PrivateCertificate.loadPEM((certificates / f"{name}.pem").read_bytes())


@pytest.fixture
def authority(certificates):
    return lambda name: ssl.Certificate.loadPEM((certificates / f"{name}.pem").read_bytes())


class Sum(amp.Command):
    arguments = [(b"a", amp.Integer()), (b"b", amp.Integer())]
    response = [(b"total", amp.Integer())]


class Side(amp.AMP):
    """One that agrees to TLS, and tells whether it is spoken."""

    shown = {}
    began = None

    @amp.StartTLS.responder
    def startTLS(self):
        return self.shown

    @Sum.responder
    def sum(self, a, b):
        return {"total": a + b}

    def handshakeCompleted(self):
        if self.began is not None:
            self.began.callback(None)


@pytest.fixture(params=["native", "boxes"])
def link(request, reactor):
    def connect(server, client):
        made = Socket(reactor)
        if request.param == "boxes":
            server, client = seen(server), seen(client)
        made.connect(server(), client())
        return made

    return connect


@pytest.mark.parametrize("asker", ["client", "server"])
@pytest.mark.parametrize("mutual", [False, True])
def test_either_side_asks(link, identity, authority, asker, mutual):
    made = link(Side, Side)
    server = {"tls_localCertificate": identity("good")}
    client = {"tls_verifyAuthorities": [authority("root")]}
    if mutual:
        client["tls_localCertificate"] = identity("client")
        server["tls_verifyAuthorities"] = [authority("root")]
    made.server.shown, made.client.shown = server, client
    asks, answers = (made.client, made.server) if asker == "client" else (made.server, made.client)
    begun = [defer.Deferred(), defer.Deferred()]
    made.client.began, made.server.began = begun
    started = asks.callRemote(amp.StartTLS, **asks.shown)
    sums = [asks.callRemote(Sum, a=number, b=1) for number in range(3)]
    assert made.run(started) == {}
    assert made.run(gathered(sums)) == [{"total": number + 1} for number in range(3)]
    assert made.run(answers.callRemote(Sum, a=5, b=6)) == {"total": 11}
    for deferred in begun:
        made.run(deferred)
    assert made.client.transport.TLS and made.server.transport.TLS
    assert made.client.peerCertificate == authority("good")
    if mutual:
        assert made.server.peerCertificate == authority("client")
        made.server.noPeerCertificate = True
        assert made.server.peerCertificate is None
    failing(made, asks.callRemote(amp.StartTLS, **asks.shown), amp.OnlyOneTLS)
    # The other side has it, too, and says so.
    again = failing(made, answers.callRemoteString("StartTLS"), amp.RemoteAmpError)
    assert again.errorCode == b"TLS_ERROR"


@pytest.mark.parametrize("asker", ["client", "server"])
def test_nothing_is_shown(link, asker):
    """A certificate is made up, as Twisted does."""
    made = link(Side, Side)
    asks = getattr(made, asker)
    started = asks.callRemote(amp.StartTLS)
    total = asks.callRemote(Sum, a=1, b=2)
    assert made.run(started) == {}
    assert made.run(total) == {"total": 3}
    assert made.client.transport.TLS


@pytest.mark.parametrize("asker", ["client", "server"])
def test_who_is_not_trusted(link, identity, authority, asker):
    made = link(Side, Side)
    made.server.shown = {"tls_localCertificate": identity("good")}
    made.client.shown = {"tls_verifyAuthorities": [authority("stranger")]}
    asks = getattr(made, asker)
    made.run(asks.callRemote(amp.StartTLS, **asks.shown))
    failing(made, made.client.callRemote(Sum, a=1, b=2), error.PeerVerifyError)


def test_a_server_that_shows_nobody(link, authority):
    """Its made up certificate is by nobody who is trusted."""
    made = link(Side, Side)
    made.client.callRemote(amp.StartTLS, tls_verifyAuthorities=[authority("root")])
    refused = failing(made, made.client.callRemote(Sum, a=1, b=2), error.PeerVerifyError)
    assert "self" in str(refused)


def test_both_ask_at_once(link):
    """Neither can go on before the other answers: both refuse, and go on in plain."""
    made = link(Side, Side)
    questions = [side.callRemote(amp.StartTLS) for side in (made.client, made.server)]
    sums = [side.callRemote(Sum, a=1, b=2) for side in (made.client, made.server)]
    for question in questions:
        crossed = failing(made, question, amp.UnknownRemoteError)
        assert "TLS was asked for by the other side, too" in str(crossed)
    assert made.run(gathered(sums)) == [{"total": 3}] * 2
    assert not made.client.transport.TLS
