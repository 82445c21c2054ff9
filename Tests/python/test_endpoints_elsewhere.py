"""Endpoints on reactors that are not the package's own: those of tests, and Twisted's."""

from __future__ import annotations

import importlib
import socket

import pytest

from plait._core import towers
from plait.application.internet import ClientService, StreamServerEndpointService
from plait.internet import endpoints, error, interfaces, protocol, ssl
from plait.internet.address import IPv4Address, UNIXAddress
from plait.protocols import haproxy
from plait.python.failure import Failure
from plait.test.proto_helpers import (
    AccumulatingProtocol,
    MemoryReactor,
    MemoryReactorClock,
    RaisingMemoryReactor,
    StringTransport,
)
from test_endpoints import Counting
from test_tls import certificates, good, root  # noqa: F401


class Factory(Counting):
    protocol = AccumulatingProtocol
    protocolConnectionMade = None


@pytest.fixture
def memory():
    return MemoryReactorClock()


def result(deferred):
    """What a Deferred has by now."""
    if not deferred.called:
        return None
    got = []
    deferred.addBoth(got.append)
    if not isinstance(got[0], Failure):
        deferred.addCallback(lambda _: got[0])
    return got[0]


SERVERS = [
    (lambda r: endpoints.TCP4ServerEndpoint(r, 80), (80, 50, "")),
    (lambda r: endpoints.TCP4ServerEndpoint(r, 80, 1024, "10.0.0.1"), (80, 1024, "10.0.0.1")),
    (lambda r: endpoints.TCP6ServerEndpoint(r, 80), (80, 50, "::")),
    (lambda r: endpoints.serverFromString(r, "tcp:80"), (80, 50, "")),
    (lambda r: endpoints.serverFromString(r, "tcp:port=80:backlog=7:interface=10.0.0.1"), (80, 7, "10.0.0.1")),
    (lambda r: endpoints.serverFromString(r, "TCP6:80:interface=\\:\\:1"), (80, 50, "::1")),
]


@pytest.mark.parametrize("make, expected", SERVERS)
def test_listening(memory, make, expected):
    factory = Factory()
    port = result(make(memory).listen(factory))
    number, backlog, interface = expected
    assert memory.tcpServers == [(number, factory, backlog, interface)]
    assert port is memory.ports[0] and port.getHost().port == 80


@pytest.mark.parametrize(
    "make, expected",
    [
        (lambda r: endpoints.UNIXServerEndpoint(r, "/x"), (50, 0o666, False)),
        (lambda r: endpoints.UNIXServerEndpoint(r, "/x", 7, 0o600, True), (7, 0o600, True)),
        (lambda r: endpoints.serverFromString(r, "unix:/x:mode=660:lockfile=0"), (50, 0o660, False)),
    ],
)
def test_listening_at_a_path(memory, make, expected):
    factory = Factory()
    assert result(make(memory).listen(factory)).getHost() == UNIXAddress("/x")
    assert memory.unixServers == [("/x", factory, *expected)]


def test_listening_with_tls(memory, certificates):  # noqa: F811
    factory, options = Factory(), object()
    result(endpoints.SSL4ServerEndpoint(memory, 443, options).listen(factory))
    assert memory.sslServers == [(443, factory, options, 50, "")]
    path = endpoints.quoteStringArgument(str(certificates / "good.pem"))
    result(endpoints.serverFromString(memory, f"ssl:443:privateKey={path}").listen(factory))
    number, _, options, *rest = memory.sslServers[1]
    assert isinstance(options, ssl.CertificateOptions) and rest == [50, ""]


CLIENTS = [
    (lambda r: endpoints.TCP4ClientEndpoint(r, "h", 80), (30, None)),
    (lambda r: endpoints.TCP4ClientEndpoint(r, "h", 80, 5, ("10.0.0.1", 0)), (5, ("10.0.0.1", 0))),
    (lambda r: endpoints.HostnameEndpoint(r, "h", 80), (30, None)),
    (lambda r: endpoints.HostnameEndpoint(r, b"h", 80, timeout=5), (5, None)),
    (lambda r: endpoints.clientFromString(r, "tcp:h:80"), (30, None)),
    (lambda r: endpoints.clientFromString(r, "tcp:host=h:port=80:timeout=5:bindAddress=10.0.0.1"), (5, ("10.0.0.1", 0))),
]


@pytest.mark.parametrize("make, expected", CLIENTS)
def test_connecting(memory, make, expected):
    factory = Factory()
    connecting = make(memory).connect(factory)
    host, number, attempt, timeout, bindAddress = memory.tcpClients[0]
    assert (host, number, timeout, bindAddress) == ("h", 80, *expected)
    attempt.doStart()
    made, transport = attempt.buildProtocol(None), StringTransport()
    assert result(connecting) is None
    made.makeConnection(transport)
    inner = result(connecting)
    assert type(inner) is AccumulatingProtocol and inner.transport is transport and inner.made
    made.dataReceived(b"abc")
    made.connectionLost(protocol.connectionDone)
    attempt.doStop()
    assert inner.data == b"abc" and inner.closedReason.check(error.ConnectionDone)
    assert factory.events == ["start", "stop"] and made.logPrefix() == "AccumulatingProtocol"


def test_connecting_at_a_path(memory):
    endpoints.UNIXClientEndpoint(memory, "/x", 5).connect(Factory())
    endpoints.clientFromString(memory, "unix:/x:timeout=9:lockfile=1").connect(Factory())
    seen = [(path, timeout, check) for path, _, timeout, check in memory.unixClients]
    assert seen == [("/x", 5, False), ("/x", 9.0, True)]


def test_connecting_with_tls(memory):
    options = object()
    endpoints.SSL4ClientEndpoint(memory, "h", 443, options).connect(Factory())
    host, number, _, given, timeout, bindAddress = memory.sslClients[0]
    assert (host, number, given, timeout, bindAddress) == ("h", 443, options, 30, None)


def test_a_transport_without_tls_is_told_nothing(memory):
    where = endpoints.wrapClientTLS(
        ssl.optionsForClientTLS("h"), endpoints.TCP4ClientEndpoint(memory, "h", 443)
    )
    connecting, transport = where.connect(Factory()), StringTransport()
    memory.connectors[0].succeed(transport)
    assert result(connecting).check(TypeError)
    assert transport.disconnecting and not transport.value()


def test_failing(memory):
    connecting = endpoints.TCP4ClientEndpoint(memory, "h", 80).connect(Factory())
    memory.connectors[0].fail(error.ConnectionRefusedError())
    assert result(connecting).check(error.ConnectionRefusedError)


def test_a_factory_that_refuses(memory):
    factory = Factory()
    factory.buildProtocol = lambda addr: None
    connecting = endpoints.TCP4ClientEndpoint(memory, "h", 80).connect(factory)
    assert memory.connectors[0].succeed(StringTransport()) is None
    assert result(connecting).check(error.NoProtocol)


def test_a_factory_that_raises(memory):
    connecting = endpoints.TCP4ClientEndpoint(memory, "h", 80).connect(protocol.Factory())
    memory.connectors[0].succeed(StringTransport())
    assert result(connecting).check(AttributeError)


def test_cancelling(memory):
    connecting = endpoints.TCP4ClientEndpoint(memory, "h", 80).connect(Factory())
    connecting.cancel()
    reason = result(connecting)
    assert reason.check(error.ConnectingCancelledError)
    assert reason.value.address == IPv4Address("TCP", "h", 80)
    assert memory.connectors[0].stoppedConnecting


def test_half_of_a_connection(memory):
    class Half(protocol.Protocol):
        seen = ()

        def readConnectionLost(self):
            self.seen += ("read",)

    for kind, hears in ((Half, True), (protocol.Protocol, False)):
        endpoints.TCP4ClientEndpoint(memory, "h", 80).connect(protocol.Factory.forProtocol(kind))
        made = memory.connectors[-1].succeed(StringTransport())
        assert hasattr(made, "readConnectionLost") == hears
        if hears:
            made.readConnectionLost()


def test_reactors_that_refuse():
    reactor = RaisingMemoryReactor(error.CannotListenError("", 80, OSError(1)), KeyError("no"))
    listening = endpoints.TCP4ServerEndpoint(reactor, 80).listen(Factory())
    assert result(listening).check(error.CannotListenError)
    assert result(endpoints.TCP4ClientEndpoint(reactor, "h", 80).connect(Factory())).check(KeyError)
    # And those that cannot.
    assert result(endpoints.TCP4ServerEndpoint(object(), 80).listen(Factory())).check(AttributeError)


@pytest.mark.parametrize("where", ["memory:chat", "fd:3"])
def test_what_other_reactors_do_not_have(memory, where):
    with pytest.raises(ValueError, match="own reactors"):
        endpoints.serverFromString(memory, where)
    with pytest.raises(ValueError, match="own reactors"):
        endpoints.clientFromString(memory, where)


def test_malformed(memory):
    for where in ("tcp:80:colour=red", "tcp", "tcp:x"):
        with pytest.raises(ValueError):
            endpoints.serverFromString(memory, where)


def test_services(memory):
    factory = Factory()
    StreamServerEndpointService(endpoints.TCP4ServerEndpoint(memory, 80), factory).startService()
    assert memory.tcpServers == [(80, factory, 50, "")]
    service = ClientService(endpoints.TCP4ClientEndpoint(memory, "h", 80), factory, clock=memory)
    service.startService()
    memory.connectors[0].succeed(StringTransport())
    assert type(result(service.whenConnected())) is AccumulatingProtocol


def test_the_memory_reactor_itself():
    memory, calls = MemoryReactor(), []
    for kind in ("Core", "TCP", "SSL", "UNIX"):
        assert getattr(interfaces, f"IReactor{kind}").providedBy(memory)
    memory.callWhenRunning(calls.append, 1)
    assert calls == []
    memory.run()
    memory.callWhenRunning(calls.append, 2)
    assert calls == [1, 2]
    assert result(memory.resolve("localhost")) == "127.0.0.1"
    assert result(memory.resolve("::1")) == "::1"
    assert result(memory.resolve("example.org")).check(error.DNSLookupError)
    with pytest.raises(error.UnsupportedAddressFamily):
        memory.adoptStreamPort(3, socket.AF_UNIX, Factory())


@pytest.mark.parametrize("package", ["plait.test.proto_helpers", "twisted.internet.testing"])
def test_triggers(package):
    memory = importlib.import_module(package).MemoryReactor()
    memory.addSystemEventTrigger("before", "shutdown", print, 1, end="")
    assert memory.triggers == {"before": {"shutdown": [(print, (1,), {"end": ""})]}}


def test_triggers_that_fire():
    memory, calls = MemoryReactor(), []
    for phase in ("after", "during", "before"):
        memory.addSystemEventTrigger(phase, "shutdown", calls.append, phase)
    gone = memory.addSystemEventTrigger("before", "shutdown", calls.append, "gone")
    memory.removeSystemEventTrigger(gone)
    memory.fireSystemEvent("shutdown")
    assert calls == ["before", "during", "after"]


def test_twisted_s_reactor():
    """It runs the package's protocols."""
    from twisted.internet import reactor as twisted

    factory = Factory()
    port = result(endpoints.TCP4ServerEndpoint(twisted, 0, interface="127.0.0.1").listen(factory))
    made = []
    where = endpoints.TCP4ClientEndpoint(twisted, "127.0.0.1", port.getHost().port)
    where.connect(Factory()).addCallback(made.append)
    for _ in range(1000):
        twisted.iterate(0.01)
        if made:
            break
    assert type(made[0]) is AccumulatingProtocol
    made[0].transport.loseConnection()
    for _ in range(1000):
        twisted.iterate(0.01)
        if made[0].closed:
            break
    assert made[0].closed
    port.stopListening()
    twisted.iterate(0.01)
    # It has asked zope.interface about the factory's class; that overrides nothing.
    assert towers.is_stock(haproxy.HAProxyWrappingFactory(Factory()))
