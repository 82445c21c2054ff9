"""What IRC has got since Twisted's client: answers by labels, batches, strict transport security, modes of bots, UTF-8 alone."""

from __future__ import annotations

import subprocess
import time

import pytest

from conftest import ROOT, run, until
from plait.application.internet import ClientService
from plait.error import PlaitError
from plait.internet import endpoints, ssl
from plait.internet.protocol import Factory
from plait.protocols import basic
from plait.words.protocols import irc
from test_irc_client import ANNA, MORE, TOLD, fed, feed, heard_of, inside, sent, telling

Telling = telling(irc.IRCClient, [*TOLD, *MORE, "batchStarted", "batchEnded"])


def labelled(**attributes):
    """A client of a server that has labels."""
    client = fed(Telling, **attributes)
    feed(client, ":s CAP * LS :batch labeled-response", ":s CAP * ACK :batch labeled-response", ":s 001 me :Welcome")
    sent(client)
    client.heard.clear()
    return client


def test_answers_are_told_apart_by_their_labels():
    client = labelled()
    anna, nobody = heard_of(client.whois("anna")), heard_of(client.whois("nobody"))
    listed, elsewhere = heard_of(client.list()), heard_of(client.names("#c"))
    lines = sent(client)
    assert [line.partition(" ")[2] for line in lines] == ["WHOIS anna", "WHOIS nobody", "LIST", "NAMES #c"]
    labels = [line.partition(" ")[0] for line in lines]
    feed(client, f"{labels[1]} :s BATCH +n labeled-response", f"{labels[0]} :s BATCH +a labeled-response")
    feed(client, *(f"@batch=a {line}" for line in ANNA), "@batch=n :s 401 me nobody :No such nick", ":s 401 me anna :said to nobody")
    assert anna == nobody == []
    feed(client, ":s BATCH -n", "@batch=a :s 318 me anna :End", ":s BATCH -a")
    assert nobody[0].value.numeric == "401" and nobody[0].value.params == ["me", "nobody", "No such nick"]
    assert anna[0].host == "host" and anna[0].channels == ("@#c", "+#d") and len(anna[0].lines) == 8
    feed(client, f"{labels[2]} :s FAIL LIST NOT_NOW :Later")
    assert listed[0].value.numeric == "FAIL" and str(listed[0].value).endswith("NOT_NOW Later")
    feed(client, f"{labels[3]} :s ACK", ":s 353 me = #c :@a!b@c", ":s 366 me #c :End")
    assert elsewhere == [[("a", "@", "b", "c")]]


def test_what_belongs_together():
    client = inside(Telling)
    inner, told = [], client.userQuit
    client.userQuit = lambda user, message: (told(user, message), inner.append(client.batch))
    feed(client, ":s BATCH +x netsplit a.net b.net", "@batch=x :s BATCH +y part", "@batch=y :a!b@c QUIT :a.net b.net", ":d!b@c QUIT :bye")
    outer = irc.Batch("netsplit", ("a.net", "b.net"), None, "x")
    part = irc.Batch("part", (), outer, "y")
    assert inner == [part, None]
    feed(client, ":s BATCH -y", ":s BATCH -x", ":s BATCH -x", ":s BATCH", ":s BATCH +")
    assert [h for h in client.heard if "batch" in h[0]] == [("batchStarted", outer), ("batchStarted", part), ("batchEnded", part),
                                                            ("batchEnded", outer), ("batchStarted", irc.Batch("", (), None, ""))]  # fmt: skip
    assert client.batch is None


def test_nothing_is_asked_before_the_welcome():
    client = fed()
    with pytest.raises(PlaitError):
        client.whois("anna")
    feed(client, ":s CAP * LS :", ":s 001 me :Welcome")
    client.transport_.loseConnection()
    assert heard_of(client.whois("anna"))[0].type.__name__ == "ConnectionDone"


def test_a_bot_says_so():
    client = inside(botMode=True)
    feed(client, ":s 005 me BOT=B :are supported", ":s 005 me BOT=B :are supported")
    assert sent(client) == ["MODE me +B"]
    client = inside()
    feed(client, ":s 005 me BOT=B :are supported")
    assert sent(client) == []


def test_a_line_that_is_too_long():
    client = inside(MAX_LENGTH=600)
    exceeded = []
    client.lineLengthExceeded = exceeded.append
    feed(client, ":a!b@c PRIVMSG me :before", ":a!b@c PRIVMSG me :" + "x" * 700, ":a!b@c PRIVMSG me :behind")
    assert [h[3] for h in client.heard if h[0] == "privmsg"] == ["before", "behind"]
    assert exceeded == [b":a!b@c PRIVMSG me :" + b"x" * 581]


def test_utf_8_alone():
    client = inside(encoding="latin-1")
    client.msg("#c", "caf\u00e9")
    assert sent(client) == ["PRIVMSG #c :caf\udce9"]
    feed(client, ":s 005 me UTF8ONLY :is supported")
    client.msg("#c", "caf\u00e9")
    assert sent(client) == ["PRIVMSG #c :caf\u00e9"]
    with pytest.raises(ValueError):
        client.sendLine(b"PRIVMSG #c :caf\xe9")


class Strict(basic.LineReceiver):
    """A server that wants TLS, and how."""

    policy = ""

    def connectionMade(self):
        self.factory.met.append(self)

    def lineReceived(self, line):
        if line.startswith(b"USER"):
            self.sendLine(b":s CAP * LS :sts=" + self.factory.policy.encode())
            if getattr(self.transport, "TLS", False):
                self.sendLine(b":s 001 me :Welcome")


def test_strict_transport_security(reactor, tmp_path):
    def served(endpoint, policy):
        factory = Factory.forProtocol(Strict)
        factory.met, factory.policy = [], policy
        return factory, run(reactor, endpoint.listen(factory))

    subprocess.run([ROOT / "Tests" / "certificates", tmp_path], check=True)
    root, good = ((tmp_path / name).read_bytes() for name in ("root.pem", "good.pem"))
    identity = ssl.PrivateCertificate.loadPEM(good).options()
    secure, listening = served(endpoints.SSL4ServerEndpoint(reactor, 0, identity, interface="127.0.0.1"), "duration=60")
    tls_port = listening.getHost().port
    clear, cleartext = served(endpoints.TCP4ServerEndpoint(reactor, 0, interface="127.0.0.1"), f"port={tls_port},duration=1")
    options = ssl.optionsForClientTLS("localhost", ssl.Certificate.loadPEM(root))
    policies: dict[str, tuple[int, float]] = {}
    clients = []

    class Client(irc.IRCClient):
        nickname, reason = "me", None

        def connectionMade(self):
            clients.append(self)
            super().connectionMade()

        def connectionLost(self, reason):
            super().connectionLost(reason)
            self.reason = reason

    def endpoint():
        return irc.StrictTransportEndpoint(reactor, "LocalHost", cleartext.getHost().port, policies, options)

    # The one in the clear names the port, and the next one is there.
    service = ClientService(endpoint(), Factory.forProtocol(Client), retryPolicy=lambda attempt: 0.01, clock=reactor)
    service.startService()
    until(reactor, lambda: clients and clients[-1]._registered)
    assert len(clear.met) == 1 and len(secure.met) == 1 and clients[0].reason is not None
    port, expiry = policies["localhost"]
    assert port == tls_port and 0 < expiry - time.time() <= 60
    # Its time begins anew when the conversation ends.
    policies.clear()
    run(reactor, service.stopService())
    until(reactor, lambda: clients[-1].reason is not None)
    assert policies["localhost"][0] == tls_port

    # What is kept is obeyed from the beginning, until the server wants it no longer, or its time is over.
    secure.policy = "duration=0"
    client = run(reactor, endpoint().connect(Factory.forProtocol(Client)))
    until(reactor, lambda: client._registered)
    assert len(clear.met) == 1 and policies == {}
    client.transport.loseConnection()
    policies["localhost"] = (tls_port, time.time() - 1)
    client = run(reactor, endpoint().connect(Factory.forProtocol(Client)))
    until(reactor, lambda: client.reason is not None)
    assert len(clear.met) == 2
    for listener in (listening, cleartext):
        listener.stopListening()
