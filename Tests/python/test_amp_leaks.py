"""Nothing is left of AMP's connections and calls."""

from __future__ import annotations

import gc
import socket
import weakref

import pytest

from amps import Socket, seen
from conftest import LIMIT, until
from plait._core.registry import conns, objects
from plait._core.transport import Transport
from plait.internet import defer, endpoints, error, protocol
from plait.protocols import amp
from test_leaks import alive


class Double(amp.Command):
    arguments = response = [(b"x", amp.Integer())]


class Wait(amp.Command):
    pass


class Server(amp.AMP):
    def Double(self, x):
        return {"x": 2 * x}

    def Wait(self):
        return defer.Deferred()


class Client(amp.AMP):
    reason = None

    def connectionLost(self, reason):
        self.reason = reason.type
        super().connectionLost(reason)


@pytest.mark.parametrize("kind", [Server, seen(Server)])
def test_connections(reactor, kind):
    port = reactor.listenTCP(0, protocol.Factory.forProtocol(kind), interface="127.0.0.1")
    where = endpoints.TCP4ClientEndpoint(reactor, "127.0.0.1", port.getHost().port)
    gc.collect()
    before = None
    failures = []
    for number in range(60):
        client = Client()
        met = []
        endpoints.connectProtocol(where, client).addCallback(met.append)
        until(reactor, lambda m=met: m)
        answers = []
        client.callRemote(Double, x=number).addCallback(answers.append)
        client.callRemote(Double, x=number, timeout=100).addCallback(answers.append)
        client.callRemote(Wait).addErrback(failures.append)
        client.callRemote(Wait).addErrback(failures.append).cancel()
        until(reactor, lambda a=answers: len(a) == 2)
        client.transport.loseConnection()
        until(reactor, lambda c=client: c.reason is not None)
        until(reactor, lambda: not reactor.transports)
        del client, met
        if number == 10:
            failures.clear()
            before = (len(conns), len(objects), alive(Transport, amp.AMP, defer.Deferred))
    assert len(failures) == 2 * 49
    assert {failure.type for failure in failures} == {error.ConnectionDone, defer.CancelledError}
    failures.clear()
    assert (len(conns), len(objects), alive(Transport, amp.AMP, defer.Deferred)) == before


def test_no_cycles(reactor):
    """A connection that has ended is gone without the collector of cycles."""
    died = []
    watching = []

    class Watched(Server):
        def connectionMade(self):
            watching.extend(weakref.ref(thing, died.append) for thing in (self, self.transport))

    port = reactor.listenTCP(0, protocol.Factory.forProtocol(Watched), interface="127.0.0.1")
    gc.collect()
    gc.disable()
    try:
        with socket.create_connection(("127.0.0.1", port.getHost().port), LIMIT) as peer:
            peer.sendall(amp.Box(_command=b"Nobody", _ask=b"1").serialize())
            until(reactor, lambda: len(watching) == 2)
        until(reactor, lambda: len(died) == 2)
    finally:
        gc.enable()


def test_no_cycles_of_calls(reactor):
    link = Socket(reactor)
    link.connect(Server(), Client())
    gc.collect()
    gc.disable()
    try:
        calls = [
            link.client.callRemote(Double, x=1),
            link.client.callRemote(Double, x=2, timeout=10),
            link.client.callRemoteString("Double", x=b"3"),
        ]
        watching = [weakref.ref(call) for call in calls]
        for call in calls:
            link.run(call)
        del call, calls
        assert [reference() for reference in watching] == [None] * 3
    finally:
        gc.enable()


def test_many_calls_at_once(reactor):
    """All are answered, and nothing of them is kept."""
    link = Socket(reactor)
    link.connect(Server(), Client())
    link.run(link.client.callRemote(Double, x=1))
    gc.collect()
    before = (len(objects), alive(defer.Deferred))
    left = [10_000]

    def answered(result):
        left[0] -= 1

    for number in range(left[0]):
        link.client.callRemote(Double, x=number).addCallback(answered)
    link.until(lambda: not left[0])
    assert (len(objects), alive(defer.Deferred)) == before
