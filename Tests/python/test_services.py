"""Services over TCP, and clients that connect once."""

from __future__ import annotations

import importlib
import io

import pytest

from conftest import full_listener, lost, run, until
from plait.application import internet, service
from plait.internet import defer, endpoints, error, protocol, task
from plait.protocols import basic
from plait.test.proto_helpers import StringTransport, StringTransportWithDisconnection
from test_tcp import EchoLines


class Client(basic.LineReceiver):
    reason = None

    def __init__(self):
        self.heard = []

    def lineReceived(self, line):
        self.heard.append(line)

    def connectionLost(self, reason):
        self.reason = reason


def number(reactor):
    """The port of an echo server."""
    factory = protocol.Factory.forProtocol(EchoLines)
    return reactor.listenTCP(0, factory, interface="127.0.0.1").getHost().port


def test_a_client_that_stays_connected(reactor):
    clock = task.Clock()
    where = endpoints.TCP4ClientEndpoint(reactor, "127.0.0.1", number(reactor))
    prepared = []

    def prepare(made):
        prepared.append(made)
        return defer.fail(KeyError("not this one")) if len(prepared) == 2 else None

    client = internet.ClientService(
        where, protocol.Factory.forProtocol(Client), lambda failures: failures + 1, clock, prepare
    )
    with pytest.raises(defer.CancelledError):
        run(reactor, client.whenConnected())
    client.startService()
    first = run(reactor, client.whenConnected())
    first.sendLine(b"hello")
    until(reactor, lambda: first.heard == [b"hello"])
    first.transport.abortConnection()
    lost(reactor, first)
    # The second is not good enough, and so there is a third.
    waiting = client.whenConnected()
    clock.advance(2)
    until(reactor, lambda: clock.getDelayedCalls())
    assert clock.getDelayedCalls()[0].getTime() == 2 + 3
    lost(reactor, prepared[1])
    clock.advance(3)
    third = run(reactor, waiting)
    assert third is prepared[2]
    run(reactor, client.stopService())
    assert third.reason.type is error.ConnectionDone
    assert not client.running and not clock.getDelayedCalls()


@pytest.mark.parametrize("package", ["plait", "twisted"])
def test_how_long_a_client_waits(package):
    """As Twisted's service: a connection that was lost is the first failure."""
    calls, clock = [], task.Clock()
    Service = importlib.import_module(f"{package}.application.internet").ClientService
    Factory = importlib.import_module(f"{package}.internet.protocol").Factory
    defer = importlib.import_module(f"{package}.internet.defer")

    class Place:
        good = True

        def connect(self, factory):
            if not self.good:
                return defer.fail(ValueError("no"))
            made, transport = factory.buildProtocol(None), StringTransportWithDisconnection()
            transport.protocol = made
            made.makeConnection(transport)
            return defer.succeed(made)

    def policy(failures):
        calls.append(failures)
        return 1

    place = Place()
    kind = importlib.import_module(f"{package}.internet.protocol").Protocol
    client = Service(place, Factory.forProtocol(kind), policy, clock)
    client.startService()
    for _ in range(2):
        made = []
        client.whenConnected().addCallback(made.append)
        place.good = False
        made[0].transport.loseConnection()
        for turn in range(3):
            place.good = turn == 2
            clock.advance(1)
    assert calls == [1, 2, 3, 1, 2, 3]


def test_a_client_that_gives_up(reactor):
    clock = task.Clock()
    where = endpoints.TCP4ClientEndpoint(reactor, "127.0.0.1", 1)
    client = internet.ClientService(where, protocol.Factory.forProtocol(Client), clock=clock)
    client.startService()
    given_up = client.whenConnected(failAfterFailures=2)
    until(reactor, lambda: clock.getDelayedCalls())
    clock.advance(10)
    with pytest.raises(error.ConnectionRefusedError):
        run(reactor, given_up)
    still = client.whenConnected()
    run(reactor, client.stopService())
    with pytest.raises(defer.CancelledError):
        run(reactor, still)


def test_services_together(reactor):
    calls = []
    whole = service.MultiService()
    where = endpoints.TCP4ServerEndpoint(reactor, 0, interface="127.0.0.1")
    server = internet.StreamServerEndpointService(where, protocol.Factory.forProtocol(EchoLines))
    server.setServiceParent(whole)
    timer = internet.TimerService(0.001, calls.append, "tick")
    timer.clock = reactor
    timer.setName("timer")
    timer.setServiceParent(whole)
    tcp = internet.TCPServer(
        0, protocol.Factory.forProtocol(EchoLines), interface="127.0.0.1", reactor=reactor
    )
    tcp.setServiceParent(whole)
    assert whole.getServiceNamed("timer") is timer and list(whole) == [server, timer, tcp]
    with pytest.raises(RuntimeError):
        timer.setName("another")
    whole.startService()
    until(reactor, lambda: len(calls) > 3)
    assert len(reactor.ports) == 2
    late = internet.TCPClient(
        "127.0.0.1",
        tcp._port.getHost().port,
        protocol.ClientFactory.forProtocol(Client),
        reactor=reactor,
    )
    late.setServiceParent(whole)
    until(reactor, lambda: len(reactor.transports) == 2)
    run(reactor, late.disownServiceParent())
    until(reactor, lambda: not reactor.transports)
    run(reactor, whole.stopService())
    assert not reactor.ports and not any(one.running for one in whole)


@pytest.mark.logs_errors
def test_a_server_that_cannot_listen(reactor, caplog):
    taken = endpoints.TCP4ServerEndpoint(reactor, number(reactor), interface="127.0.0.1")
    server = internet.StreamServerEndpointService(taken, protocol.Factory())
    server.startService()
    run(reactor, server.stopService())
    assert "CannotListenError" in caplog.text


# Clients that connect once


def test_creating(reactor, tmp_path):
    class Named(Client):
        def __init__(self, name, more=0):
            super().__init__()
            self.name, self.more = name, more

    creator = protocol.ClientCreator(reactor, Named, "x", more=1)
    made = run(reactor, creator.connectTCP("127.0.0.1", number(reactor)))
    assert (made.name, made.more, made.factory) == ("x", 1, None)
    made.sendLine(b"hello")
    until(reactor, lambda: made.heard == [b"hello"])
    path = str(tmp_path / "socket")
    reactor.listenUNIX(path, protocol.Factory.forProtocol(EchoLines))
    made = run(reactor, creator.connectUNIX(path))
    made.transport.loseConnection()
    assert lost(reactor, made).type is error.ConnectionDone


def test_creating_in_vain(reactor):
    creator = protocol.ClientCreator(reactor, Client)
    with pytest.raises(error.ConnectionRefusedError):
        run(reactor, creator.connectTCP("127.0.0.1", 1))
    with full_listener() as busy:
        waiting = creator.connectTCP("127.0.0.1", busy)
        waiting.cancel()
        with pytest.raises(defer.CancelledError):
            run(reactor, waiting)
        assert not reactor.connectors


# Files


@pytest.mark.parametrize("size", [0, 1, 16384, 3_000_000])
def test_sending_a_file(reactor, size):
    data = bytes(range(256)) * (size // 256) + bytes(range(size % 256))

    class Server(protocol.Protocol):
        def connectionMade(self):
            sent = basic.FileSender().beginFileTransfer(io.BytesIO(data), self.transport)
            sent.addCallback(told.append).addBoth(lambda _: self.transport.loseConnection())

    class Reader(protocol.Protocol):
        reason = None

        def __init__(self):
            self.data = bytearray()

        def dataReceived(self, piece):
            self.data += piece

        def connectionLost(self, reason):
            self.reason = reason

    told = []
    port = reactor.listenTCP(0, protocol.Factory.forProtocol(Server), interface="127.0.0.1")
    creator = protocol.ClientCreator(reactor, Reader)
    made = run(reactor, creator.connectTCP("127.0.0.1", port.getHost().port))
    assert lost(reactor, made).type is error.ConnectionDone
    assert made.data == data and told == [data[-1:]]


def test_sending_a_file_that_nobody_wants():
    transport = StringTransport()
    sender = basic.FileSender()
    failures = []
    sent = sender.beginFileTransfer(io.BytesIO(b"x" * 40000), transport, bytes.upper)
    sent.addErrback(failures.append)
    transport.producer.resumeProducing()
    assert transport.value() == b"X" * sender.CHUNK_SIZE
    transport.producer.stopProducing()
    assert failures
