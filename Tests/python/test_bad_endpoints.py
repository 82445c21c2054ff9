"""Ports and hosts that there cannot be: the same is said of them, in the same way, wherever they are given."""

from __future__ import annotations

import pytest

from conftest import run, until
from plait.internet import defer, endpoints, error, protocol, ssl
from plait.protocols import basic
from plait.test.proto_helpers import MemoryReactor

#: A port, and what comes of it: raised at once, or told as a failure of listening or connecting.
PORTS = [
    (70000, None),
    (-1, None),
    (1 << 80, None),
    (None, TypeError),
    (80.0, TypeError),
    (b"80", TypeError),
]

#: A host; what is raised at once, what connecting to it fails with, and by HostnameEndpoint.
HOSTS = [
    ("", None, error.ConnectError, ValueError),
    ("x" * 300, None, error.ConnectError, ValueError),
    ("\xfc" * 70, None, error.ConnectError, ValueError),
    ("no such name", None, error.DNSLookupError, ValueError),
    ("a..b", None, error.DNSLookupError, ValueError),
    (b"\xff.invalid", None, error.DNSLookupError, ValueError),
    ("http://x", None, error.DNSLookupError, ValueError),
    ("tcp:127.0.0.1:80", None, error.DNSLookupError, ValueError),
    (b"1:2", None, error.DNSLookupError, ValueError),
    ("name.invalid", None, error.DNSLookupError, error.DNSLookupError),
    ("nul\0", ValueError, None, None),
    (None, TypeError, None, None),
    (7, TypeError, None, None),
]


def factory():
    return protocol.Factory.forProtocol(basic.LineReceiver)


class Client(protocol.ClientFactory):
    protocol = basic.LineReceiver

    def __init__(self):
        self.done = defer.Deferred()

    def clientConnectionFailed(self, connector, reason):
        self.done.errback(reason)


def by_reactor(name, *behind):
    def connect(reactor, *where):
        client = Client()
        getattr(reactor, name)(*where, client, *behind)
        return client.done

    return connect


def by_endpoint(kind, *behind):
    def connect(reactor, *where):
        return kind(reactor, *where, *behind).connect(factory())

    return connect


def over_tls(kind):
    def connect(reactor, *where):
        options = ssl.optionsForClientTLS("localhost")
        return endpoints.wrapClientTLS(options, kind(reactor, *where)).connect(factory())

    return connect


UNCHECKED = ssl.CertificateOptions()
CLIENTS = {
    "connectTCP": by_reactor("connectTCP"),
    "connectSSL": by_reactor("connectSSL", UNCHECKED),
    "TCP4": by_endpoint(endpoints.TCP4ClientEndpoint),
    "TCP6": by_endpoint(endpoints.TCP6ClientEndpoint),
    "SSL4": by_endpoint(endpoints.SSL4ClientEndpoint, UNCHECKED),
    "Hostname": by_endpoint(endpoints.HostnameEndpoint),
    "TCP4 over TLS": over_tls(endpoints.TCP4ClientEndpoint),
    "Hostname over TLS": over_tls(endpoints.HostnameEndpoint),
}


def listen_by_endpoint(kind, *behind):
    return lambda reactor, port: kind(reactor, port, *behind).listen(factory())


def listen_by_reactor(name, *behind):
    return lambda reactor, port: getattr(reactor, name)(port, factory(), *behind)


MADE_UP = ssl.temporary()
SERVERS = {
    "listenTCP": listen_by_reactor("listenTCP"),
    "listenSSL": listen_by_reactor("listenSSL", MADE_UP),
    "TCP4": listen_by_endpoint(endpoints.TCP4ServerEndpoint),
    "TCP6": listen_by_endpoint(endpoints.TCP6ServerEndpoint),
    "SSL4": listen_by_endpoint(endpoints.SSL4ServerEndpoint, MADE_UP),
}


def outcome(reactor, function, *given):
    """What is raised at once, and what a Deferred fails with."""
    try:
        result = function(reactor, *given)
    except Exception as raised:
        return raised, None
    with pytest.raises(Exception) as told:
        run(reactor, result)
    return None, told.value


def same(found, kind):
    assert kind is None or type(found) is kind, repr(found)


@pytest.mark.parametrize("port, raised", PORTS)
@pytest.mark.parametrize("way", CLIENTS)
def test_ports_of_clients(reactor, way, port, raised):
    at_once, later = outcome(reactor, CLIENTS[way], "127.0.0.1", port)
    same(at_once, raised)
    if raised is None:
        assert at_once is None and type(later) is error.ConnectError
        told = f"could not connect to 127.0.0.1:{port}: a port is a number from 0 to 65535"
        assert str(later) == told
    else:
        assert "a port is a number, not" in str(at_once)


@pytest.mark.parametrize("port, raised", [*PORTS, ("80", TypeError), ("http", TypeError)])
@pytest.mark.parametrize("way", SERVERS)
def test_ports_of_servers(reactor, way, port, raised):
    try:
        listening = SERVERS[way](reactor, port)
        with pytest.raises(error.CannotListenError) as told:
            run(reactor, listening)
    except TypeError as at_once:
        assert raised is TypeError and "a port is a number, not" in str(at_once)
    except error.CannotListenError as at_once:
        assert raised is None and way.startswith("listen")
        assert "a port is a number from 0 to 65535" in str(at_once) and str(port) in str(at_once)
    else:
        assert raised is None and not way.startswith("listen") and told.value.port == port


@pytest.mark.parametrize("host, raised, fails, by_name", HOSTS)
@pytest.mark.parametrize("way", CLIENTS)
def test_hosts(reactor, way, host, raised, fails, by_name):
    at_once, later = outcome(reactor, CLIENTS[way], host, 80)
    same(at_once, raised)
    if raised is None:
        kind = by_name if way.startswith("Hostname") else fails
        assert at_once is None and type(later) is kind, repr(later)
        if kind is ValueError:
            assert str(later).startswith("invalid hostname: ")


@pytest.mark.parametrize("interface", ["nowhere.invalid", "300.0.0.1", "::g"])
@pytest.mark.parametrize("way", ["listenTCP", "TCP4", "TCP6"])
def test_interfaces(reactor, way, interface):
    with pytest.raises(error.CannotListenError) as told:
        if way == "listenTCP":
            reactor.listenTCP(0, factory(), interface=interface)
        kind = endpoints.TCP4ServerEndpoint if way == "TCP4" else endpoints.TCP6ServerEndpoint
        run(reactor, kind(reactor, 0, interface=interface).listen(factory()))
    assert interface in str(told.value)
    with pytest.raises(TypeError, match="an interface is text"):
        reactor.listenTCP(0, factory(), interface=None)


@pytest.mark.parametrize(
    "path, raised, words",
    [
        ("", None, "empty"),
        ("x" * 200, None, "too long"),
        ("/no/such/place", None, "No such file or directory"),
        (None, TypeError, "NoneType"),
        (7, TypeError, "int"),
    ],
)
@pytest.mark.parametrize("client", [False, True])
@pytest.mark.parametrize("endpoint", [False, True])
def test_paths(reactor, path, raised, words, client, endpoint):
    if endpoint:
        kind = endpoints.UNIXClientEndpoint if client else endpoints.UNIXServerEndpoint
        method = "connect" if client else "listen"

        def ask(reactor):
            return getattr(kind(reactor, path), method)(factory())

    elif client:

        def ask(reactor):
            return by_reactor("connectUNIX")(reactor, path)

    else:

        def ask(reactor):
            return defer.maybeDeferred(reactor.listenUNIX, path, factory())

    at_once, later = outcome(reactor, ask)
    if raised is not None:
        assert type(at_once or later) is raised and words in str(at_once or later)
    else:
        assert type(later) is (error.ConnectError if client else error.CannotListenError)
        assert words in str(later)


@pytest.mark.parametrize("backlog", [0, -1, 1 << 20])
def test_backlogs_are_what_the_kernel_makes_of_them(reactor, backlog):
    for listening in (
        reactor.listenTCP(0, factory(), backlog, "127.0.0.1"),
        run(reactor, endpoints.TCP4ServerEndpoint(reactor, 0, backlog, "127.0.0.1").listen(factory())),
    ):
        assert listening.getHost().port
    with pytest.raises(TypeError, match="a backlog is a number, not str"):
        reactor.listenTCP(0, factory(), "50")


def test_servers_without_certificates(reactor):
    with pytest.raises(ssl.SSLConfigurationError, match="a server needs a certificate"):
        reactor.listenSSL(0, factory(), UNCHECKED, interface="127.0.0.1")
    place = endpoints.TCP4ServerEndpoint(reactor, 0, interface="127.0.0.1")
    with pytest.raises(ssl.SSLConfigurationError, match="a server needs a certificate"):
        endpoints.SSL4ServerEndpoint(reactor, 0, UNCHECKED, interface="127.0.0.1")
    with pytest.raises(ssl.SSLConfigurationError, match="a server needs a certificate"):
        endpoints.wrapServerTLS(UNCHECKED, place)


def test_services_have_names(reactor):
    assert reactor.connectTCP("127.0.0.1", "http", Client()).getDestination().port == 80
    for way in CLIENTS.values():
        with pytest.raises(error.ServiceNameUnknownError, match="'no such service'"):
            way(reactor, "127.0.0.1", "no such service")


@pytest.mark.parametrize("way", ["connectTCP", "TCP4", "Hostname"])
def test_text_and_bytes_will_do(reactor, way):
    """Hosts in bytes, and ports in digits, which programs have out of files."""
    met = []

    class Server(protocol.Protocol):
        def connectionMade(self):
            met.append(self)

    port = reactor.listenTCP(0, protocol.Factory.forProtocol(Server), interface="127.0.0.1")
    CLIENTS[way](reactor, b"127.0.0.1", str(port.getHost().port))
    until(reactor, lambda: met)


def test_reactors_of_other_kinds_are_asked_all_the_same():
    memory = MemoryReactor()
    failed = []
    endpoints.HostnameEndpoint(memory, "a..b", 80).connect(factory()).addErrback(failed.append)
    assert failed[0].check(ValueError) and not memory.tcpClients
    endpoints.TCP4ClientEndpoint(memory, "a..b", 80).connect(factory())
    assert memory.tcpClients[0][:2] == ("a..b", 80)
