"""Python's IRC client with inspircd and atheme: IRCv3, accounts, SASL by password and by certificate."""

import logging

import pytest
from irc_services import Network
from irc_stage import Stage, Told
from plait.application.internet import ClientService
from plait.internet import ssl
from plait.internet.protocol import Factory
from plait.words.protocols import irc

WANTED = "account-notify account-tag away-notify chghost extended-join invite-notify labeled-response message-tags server-time setname".split()


@pytest.fixture(scope="module")
def network(tmp_path_factory):
    made = Network(tmp_path_factory.mktemp("network"))
    try:
        made.start()
        yield made
    finally:
        made.stop()


@pytest.fixture
def stage():
    made = Stage()
    yield made
    made.reactor.close()


@pytest.fixture
def tls(network):
    pem = (network.folder / "cert.pem").read_bytes()
    shown = ssl.PrivateCertificate.loadPEM(pem + (network.folder / "key.pem").read_bytes())
    return ssl.optionsForClientTLS("localhost", ssl.Certificate.loadPEM(pem), clientCertificate=shown)


def registered(stage, network, tls, nick):
    """A client that has made an account, which knows its certificate."""
    client = stage.client(network.tls_port, nick, tls=tls)
    for said, answer in (("REGISTER secret a@test.local", "is now registered"), ("CERT ADD", "Added fingerprint")):
        client.msg("NickServ", said)
        while answer not in stage.hear(client, "noticed")[3].replace("\x02", ""):
            pass
    return client


def test_accounts(stage, network, tls):
    anna = registered(stage, network, tls, "anna")
    bob = stage.client(network.port, "bob")
    for client in (anna, bob):
        assert all(map(client.hasCapability, WANTED))
        client.join("#here")
        stage.hear(client, "joined", "#here")

    # With a password, from elsewhere; with the certificate alone; and with neither.
    second = stage.client(network.port, "second", saslName="anna", saslPassword="secret", saslMechanisms=("PLAIN",))
    third = stage.client(network.tls_port, "third", tls=tls, saslName="anna", saslMechanisms=("EXTERNAL",))
    for client in (second, third):
        found = stage.result(bob.whois(client.nickname))
        assert found.account == "anna" and found.isSecure == (client is third)
        client.join("#here")
        stage.hear(bob, "userJoined", client.nickname, "#here")
    entries = {e.nick: e.account for e in stage.result(bob.who("#here"))}
    assert entries == {"anna": "anna", "bob": "0", "second": "anna", "third": "anna"}
    wrong = stage.connect(network.port, "wrong", saslName="anna", saslPassword="no", saslMechanisms=("PLAIN",))
    stage.until(lambda: wrong.reason is not None)
    assert "did not let this side in" in str(wrong.reason.value) and not any(h[0] == "signedOn" for h in wrong.heard)
    guest = stage.client(network.port, "guest", saslName="anna", saslPassword="no", saslMechanisms=("PLAIN",), saslOptional=True)
    assert stage.result(guest.whois("guest")).account is None


def test_what_capabilities_tell(stage, network):
    tags = []

    class Heard(list):
        """Looks at the tags while something is told."""

        def append(self, told):
            super().append(told)
            tags.append((told[0], bob.message.tags if bob._block else {}))

    bob = stage.client(network.port, "bob", capabilities=["echo-message", "batch"])
    anna = stage.client(network.port, "anna")
    bob.monitor("+", "anna,nobody")
    stage.hear(bob, "userOnline", "anna")
    stage.hear(bob, "userOffline", "nobody")
    for client in (anna, bob):
        client.join("#there")
        stage.hear(client, "joined", "#there")
    assert {m.nick: bool(m.host) for m in stage.result(bob.names("#there"))} == {"anna": True, "bob": True}
    anna.away("gone")
    stage.hear(bob, "userAway", "anna", "gone")
    anna.back()
    stage.hear(bob, "userAway", "anna", None)
    anna.sendLine("SETNAME :Anna the Second")
    stage.hear(bob, "userRealname", "anna", "Anna the Second")
    bob.heard = Heard()
    anna.sendLine("@+plait/test=yes PRIVMSG #there :tagged")
    stage.hear(bob, "privmsg")
    found = dict(tags)["privmsg"]
    assert found["+plait/test"] == "yes" and found["time"].endswith("Z") and found["msgid"]
    # What is said comes back, and an answer says what it answers.
    bob.sendLine("@label=7 PRIVMSG #there :mine")
    assert stage.hear(bob, "privmsg")[3] == "mine"
    assert dict(tags)["privmsg"]["label"] == "7"
    anna.invite("bob", "#elsewhere")
    anna.quit()
    stage.until(lambda: {h[:2] for h in bob.heard} >= {("userQuit", "anna"), ("userOffline", "anna")})


def test_strict_transport(stage, network, tls):
    policies, clients = {}, []

    def made():
        clients.append(Told("strict"))
        return clients[-1]

    endpoint = irc.StrictTransportEndpoint(stage.reactor, "localhost", network.port, policies, tls)
    service = ClientService(endpoint, Factory.forProtocol(made), retryPolicy=lambda attempt: 0.01, clock=stage.reactor)
    service.startService()
    stage.until(lambda: policies)
    stage.hear(clients[-1], "signedOn")
    assert len(clients) == 2 and policies["localhost"][0] == network.tls_port and clients[1].transport.TLS
    assert stage.result(clients[1].whois("strict")).isSecure
    stage.result(service.stopService())


@pytest.fixture(autouse=True)
def nothing_logged(caplog):
    yield
    assert not [r for r in caplog.get_records("call") if r.name == "plait" and r.levelno >= logging.ERROR]
