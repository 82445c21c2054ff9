"""AMP under policies, in loopback and in the test kit."""

from __future__ import annotations

import pytest

from conftest import LIMIT, run, until
from plait.internet import endpoints, error, protocol
from plait.protocols import amp, loopback, policies
from plait.test import iosim


class Double(amp.Command):
    arguments = response = [(b"x", amp.Integer())]


class Wait(amp.Command):
    pass


class Server(amp.AMP):
    def Double(self, x):
        return {"x": 2 * x}


class Client(amp.AMP):
    """Asks when it is connected, and leaves with the last answer."""

    def __init__(self):
        super().__init__()
        self.answers = []

    def connectionMade(self):
        for number in range(20):
            self.callRemote(Double, x=number).addCallback(self.answered)

    def answered(self, result):
        self.answers.append(result["x"])
        if len(self.answers) == 20:
            self.transport.loseConnection()


WRAPPERS = {
    "plain": policies.WrappingFactory,
    "limits of time": policies.TimeoutFactory,
    "limits of bytes": policies.ThrottlingFactory,
    "limits of connections": policies.LimitConnectionsByPeer,
}


@pytest.mark.parametrize("name", WRAPPERS)
def test_policies(reactor, name):
    factory = WRAPPERS[name](protocol.Factory.forProtocol(Server))
    factory.callLater = reactor.callLater
    port = reactor.listenTCP(0, factory, interface="127.0.0.1")
    where = endpoints.TCP4ClientEndpoint(reactor, "127.0.0.1", port.getHost().port)
    client = Client()
    run(reactor, endpoints.connectProtocol(where, client))
    until(reactor, lambda: client.transport is None)
    assert client.answers == list(range(0, 40, 2))


def test_a_limit_of_time(reactor):
    """The connection ends, and so do its calls."""
    factory = policies.TimeoutFactory(protocol.Factory.forProtocol(Server), LIMIT)
    factory.callLater = reactor.callLater
    port = reactor.listenTCP(0, factory, interface="127.0.0.1")
    where = endpoints.TCP4ClientEndpoint(reactor, "127.0.0.1", port.getHost().port)
    client = run(reactor, endpoints.connectProtocol(where, amp.AMP()))
    with pytest.raises(amp.UnhandledCommand):
        run(reactor, client.callRemote(Wait))
    [wrapper] = factory.protocols
    wrapper.setTimeout(0.02)
    until(reactor, lambda: client.transport is None)
    failures = []
    client.callRemote(Double, x=1).addErrback(failures.append)
    assert failures[0].check(error.ConnectionClosed)


@pytest.mark.parametrize(
    "policy", [loopback.identityPumpPolicy, loopback.collapsingPumpPolicy, loopback.byteAtATimePumpPolicy]
)
def test_loopback(reactor, policy):
    client = Client()
    done = loopback.loopbackAsync(Server(), client, policy)
    run(reactor, done)
    assert client.answers == list(range(0, 40, 2))


def test_pumps():
    client, _, pump = iosim.connectedServerAndClient(Server, Client)
    pump.flush()
    assert client.answers == list(range(0, 40, 2))
