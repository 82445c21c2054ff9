"""Endpoints, by class and by string."""

from __future__ import annotations

import socket

import pytest

from conftest import full_listener, run, until, wants
from plait._native import constants
from plait.internet import _services, defer, endpoints, error, protocol
from plait.internet import reactor as the_reactor
from plait.internet.address import HostnameAddress
from plait.python.failure import Failure
from test_tcp import EchoLines, Recorder


class Counting(protocol.Factory):
    """Counts how it is started and stopped."""

    protocol = Recorder

    def __init__(self):
        self.events = []

    def startFactory(self):
        self.events.append("start")

    def stopFactory(self):
        self.events.append("stop")


def talk(reactor, client):
    """Has a client echo a line."""
    made = run(reactor, client.connect(Counting()))
    assert made.events == ["made"]
    made.sendLine(b"bye")
    until(reactor, lambda: made.reason)
    assert made.events == ["made", b"bye", error.ConnectionDone]
    assert made.factory.events == ["start", "stop"]


@pytest.mark.parametrize(
    "client",
    [
        lambda r, p: endpoints.TCP4ClientEndpoint(r, "127.0.0.1", p),
        lambda r, p: endpoints.TCP4ClientEndpoint(r, "127.0.0.1", p, 5, ("127.0.0.1", 0)),
        lambda r, p: endpoints.HostnameEndpoint(r, "127.0.0.1", p),
        lambda r, p: endpoints.HostnameEndpoint(r, b"localhost", p, timeout=None),
        lambda r, p: endpoints.HostnameEndpoint(r, "localhost", p, attemptDelay=0.01),
        lambda r, p: endpoints.clientFromString(r, f"tcp:127.0.0.1:{p}"),
        lambda r, p: endpoints.clientFromString(r, f"tcp:host=127.0.0.1:port={p}:timeout=5"),
    ],
)
def test_tcp(reactor, client):
    server = endpoints.TCP4ServerEndpoint(reactor, 0, interface="127.0.0.1")
    port = run(reactor, server.listen(protocol.Factory.forProtocol(EchoLines)))
    talk(reactor, client(reactor, port.getHost().port))


def test_tcp_on_ipv6(reactor):
    server = endpoints.TCP6ServerEndpoint(reactor, 0, interface="::1")
    wants("::1")
    port = run(reactor, server.listen(protocol.Factory.forProtocol(EchoLines)))
    number = port.getHost().port
    talk(reactor, endpoints.TCP6ClientEndpoint(reactor, "::1", number))
    talk(reactor, endpoints.clientFromString(reactor, f"tcp:host=\\:\\:1:port={number}"))


def test_unix(reactor, tmp_path):
    path = str(tmp_path / "a:b=c\\d")
    server = endpoints.UNIXServerEndpoint(reactor, path)
    run(reactor, server.listen(protocol.Factory.forProtocol(EchoLines)))
    talk(reactor, endpoints.UNIXClientEndpoint(reactor, path))
    quoted = endpoints.quoteStringArgument(path).replace("=", "\\=")
    talk(reactor, endpoints.clientFromString(reactor, f"unix:{quoted}"))


@pytest.mark.parametrize("where", ["tcp:0:interface=127.0.0.1", "memory:chat"])
def test_servers_from_strings(reactor, where):
    server = endpoints.serverFromString(reactor, where)
    port = run(reactor, server.listen(protocol.Factory.forProtocol(EchoLines)))
    if where.startswith("tcp"):
        where = f"tcp:127.0.0.1:{port.getHost().port}"
    talk(reactor, endpoints.clientFromString(reactor, where))
    port.stopListening()


@pytest.mark.parametrize(
    "where", ["", "nothing:80", "tcp", "tcp:port", "tcp:80:colour=red", "tcp:80:81:82:83:84"]
)
def test_malformed_strings(reactor, where):
    with pytest.raises(ValueError, match="no endpoint"):
        endpoints.serverFromString(reactor, where)
    with pytest.raises(ValueError, match="no endpoint"):
        endpoints.clientFromString(reactor, where)


def test_the_module_stands_for_its_reactor():
    server = endpoints.TCP4ServerEndpoint(the_reactor, 0, interface="127.0.0.1")
    reactor = the_reactor.getReactor()
    port = run(reactor, server.listen(protocol.Factory.forProtocol(EchoLines)))
    talk(reactor, endpoints.TCP4ClientEndpoint(the_reactor, "127.0.0.1", port.getHost().port))
    port.stopListening()


def test_failures(reactor):
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        number = unused.getsockname()[1]
        factory = Counting()
        client = endpoints.TCP4ClientEndpoint(reactor, "127.0.0.1", number)
        with pytest.raises(error.ConnectionRefusedError) as caught:
            run(reactor, client.connect(factory))
        assert caught.value.osError
        assert factory.events == ["start", "stop"]
        server = endpoints.TCP4ServerEndpoint(reactor, number, interface="127.0.0.1")
        with pytest.raises(error.CannotListenError):
            run(reactor, server.listen(factory))


def test_names_that_do_not_exist(reactor):
    client = endpoints.HostnameEndpoint(reactor, "no-such-host.invalid", 80)
    with pytest.raises(error.DNSLookupError):
        run(reactor, client.connect(Counting()))


def test_a_time_limit(reactor):
    with full_listener() as number:
        factory = Counting()
        client = endpoints.TCP4ClientEndpoint(reactor, "127.0.0.1", number, timeout=0.05)
        with pytest.raises(error.TimeoutError):
            run(reactor, client.connect(factory))
        assert factory.events == ["start", "stop"]


def test_cancelling(reactor):
    server = endpoints.TCP4ServerEndpoint(reactor, 0, interface="127.0.0.1")
    port = run(reactor, server.listen(protocol.Factory.forProtocol(EchoLines)))
    factory = Counting()
    client = endpoints.HostnameEndpoint(reactor, "127.0.0.1", port.getHost().port)
    deferred = client.connect(factory)
    outcome = []
    deferred.addErrback(outcome.append)
    deferred.cancel()
    assert isinstance(outcome[0], Failure)
    assert outcome[0].check(error.ConnectingCancelledError)
    assert outcome[0].value.address == HostnameAddress(b"127.0.0.1", port.getHost().port)
    until(reactor, lambda: factory.events == ["start", "stop"])


def test_a_client_that_builds_nothing(reactor):
    class Nothing(protocol.Factory):
        def buildProtocol(self, addr):
            return None

    server = endpoints.TCP4ServerEndpoint(reactor, 0, interface="127.0.0.1")
    port = run(reactor, server.listen(protocol.Factory.forProtocol(EchoLines)))
    client = endpoints.TCP4ClientEndpoint(reactor, "127.0.0.1", port.getHost().port)
    with pytest.raises(error.NoProtocol):
        run(reactor, client.connect(Nothing()))


def test_connecting_a_protocol(reactor):
    server = endpoints.TCP4ServerEndpoint(reactor, 0, interface="127.0.0.1")
    port = run(reactor, server.listen(protocol.Factory.forProtocol(EchoLines)))
    client = endpoints.TCP4ClientEndpoint(reactor, "127.0.0.1", port.getHost().port)
    made = Recorder()
    assert run(reactor, endpoints.connectProtocol(client, made)) is made
    made.transport.loseConnection()
    until(reactor, lambda: made.reason)


def test_quoting():
    assert endpoints.quoteStringArgument("C:\\x") == "C\\:\\\\x"


@pytest.mark.logs_errors
@pytest.mark.parametrize("way", ["at once", "later", "awaited", "raises", "fails", "no list"])
def test_where_services_are(reactor, way, caplog):
    server = endpoints.TCP4ServerEndpoint(reactor, 0, interface="127.0.0.1")
    port = run(reactor, server.listen(protocol.Factory.forProtocol(EchoLines))).getHost().port
    asked, later = [], defer.Deferred()

    async def awaited():
        return await later

    def lookup(service, domain):
        asked.append((service, domain))
        if way == "raises":
            raise ValueError("no table")
        if way == "no list":
            return [("127.0.0.1", port), ("127.0.0.1", 65536)]
        return {"at once": [("127.0.0.1", port, 1, 2)], "awaited": None}.get(way, later) or awaited()

    reactor.setServiceLookup(lookup)
    # Where nothing is said it is at the domain; a name that the system knows without asking anybody.
    fails = way in ("raises", "fails", "no list")
    name = "localhost" if fails else "chat.invalid"
    client = endpoints.clientFromString(reactor, f"tcp:host={name}:port={port}:srv=chat")
    answer = ValueError("no table") if way == "fails" else [("127.0.0.1", port)]
    reactor.callLater(0.01, later.errback if way == "fails" else later.callback, answer)
    talk(reactor, client)
    assert asked == [("chat", name)]
    assert ("Unhandled error in a look-up of services" in caplog.text) == fails


BAD = [("h", -1)], [("h", 65536)], [("h", 1, 65536)], [("h", 1, 0, -1)], [("h", 1, 0, 0, 0)], [("h",)], ["h"]
BAD += [("", 1)], [("a\0b", 1)], [("x" * 256, 1)], [("\u00e4..b", 1)], [("h", 1)] * 33, 5, [("h", "1")]


@pytest.mark.logs_errors
def test_answers_about_services(reactor, monkeypatch, caplog):
    added, ended = [], []
    monkeypatch.setattr(_services.native, "service_add", lambda *record: added.append(record) or status)
    monkeypatch.setattr(_services.native, "service_answer", lambda lookup: ended.append(lookup) or status)
    status = 0

    def ask(answer):
        added.clear()
        ended.clear()
        caplog.clear()
        reactor.serviceLookup = lambda service, domain: answer
        return _services.asked(reactor._key, 7, b"chat", b"example.org")

    good = [(".", 0), ("a.b", 1, 2), ("b\u00fccher.example", 65535, 65535, 65535), ("::1", True)] * 8
    for answer in (good, defer.succeed(good)):
        assert ask(answer) == 1 and ended == [7] and not caplog.text
        assert added[:3] == [(7, b".", 0, 0, 0), (7, b"a.b", 1, 2, 0), (7, b"xn--bcher-kva.example", 65535, 65535, 65535)]
        assert len(added) == 32
    for bad in BAD:
        for answer in (bad, defer.succeed(bad)):
            assert ask(answer) == 1 and ended == [7] and not added, bad
            assert "Unhandled error in a look-up of services" in caplog.text
    # Nobody waits any more.
    for status in (constants.ERR_CLOSED, constants.ERR_STALE):
        assert ask(good) == 1 and len(added) == 1 and not ended and not caplog.text
    assert ask([]) == 1 and ended == [7] and not caplog.text
    # The system is asked.
    assert ask(None) == 0 and not ended
    reactor.setServiceLookup(None)
    assert _services.asked(reactor._key, 7, b"chat", b"example.org") == 0


def test_a_service_that_is_nowhere(reactor):
    reactor.setServiceLookup(lambda service, domain: [(".", 0)])
    client = endpoints.clientFromString(reactor, "tcp:host=localhost:port=1:srv=chat")
    with pytest.raises(error.DNSLookupError, match="does not offer the service"):
        run(reactor, client.connect(Counting()))
