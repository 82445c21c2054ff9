"""Endpoints, by class and by string."""

from __future__ import annotations

import socket

import pytest

from conftest import full_listener, run, until
from plait.internet import defer, endpoints, error, protocol
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
    try:
        port = run(reactor, server.listen(protocol.Factory.forProtocol(EchoLines)))
    except error.CannotListenError:
        pytest.skip("there is no IPv6 here")
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
@pytest.mark.parametrize("way", ["at once", "later", "awaited", "nothing", "raises"])
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
        if way == "nothing":
            return None
        return {"at once": [("127.0.0.1", port, 1, 2)], "later": later}[way] if way != "awaited" else awaited()

    reactor.setServiceLookup(lookup)
    # (A name that the system's resolver has no records of, where it is asked.)
    name = "localhost" if way in ("nothing", "raises") else "chat.invalid"
    client = endpoints.clientFromString(reactor, f"tcp:host={name}:port={port}:srv=chat")
    reactor.callLater(0.01, later.callback, [("127.0.0.1", port)])
    talk(reactor, client)
    assert asked == [("chat", name)]
    assert ("no table" in caplog.text) == (way == "raises")
    reactor.setServiceLookup(None)
    talk(reactor, endpoints.clientFromString(reactor, f"tcp:host=localhost:port={port}:srv=chat"))
    assert len(asked) == 1
