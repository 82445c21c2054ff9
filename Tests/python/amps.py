"""Two AMP protocols that are connected: by TCP, by TCP without the C library's help, by memory."""

from __future__ import annotations

import collections

import pytest

from shared import run, until
from plait.internet import defer, endpoints, error, protocol
from plait.python.failure import Failure


class Wire:
    """A transport of Twisted's shape, in memory."""

    def __init__(self, link):
        self.link = link
        self.reactor = link.reactor
        self.disconnecting = False
        self.descriptors = 0

    def write(self, data):
        assert type(data) is bytes
        self.link.waiting.append((self, data))

    def loseConnection(self):
        self.disconnecting = True

    abortConnection = loseConnection

    def getPeer(self):
        return "peer"

    def getHost(self):
        return "host"


class Memory:
    """A connection in memory."""

    def __init__(self, reactor):
        self.reactor = reactor
        self.waiting = collections.deque()
        self.ends = {}

    def connect(self, server, client):
        self.server, self.client = server, client
        for one, other in ((server, client), (client, server)):
            self.ends[one] = wire = Wire(self)
            wire.peer = other
            one.makeConnection(wire)

    def pump(self):
        while self.waiting:
            wire, data = self.waiting.popleft()
            if wire.peer.transport is not None:
                wire.peer.dataReceived(data)
        if any(wire.disconnecting for wire in self.ends.values()):
            for end in self.ends:
                if end.transport is not None:
                    end.connectionLost(Failure(error.ConnectionDone()))

    def run(self, deferred):
        outcome = []
        deferred.addBoth(outcome.append)

        def ended():
            self.pump()
            return outcome

        until(self.reactor, ended)
        if isinstance(outcome[0], Failure):
            outcome[0].raiseException()
        return outcome[0]

    def until(self, condition):
        def ended():
            self.pump()
            return condition()

        until(self.reactor, ended)


class Socket:
    """A connection by TCP."""

    endpoint = "tcp:0:interface=127.0.0.1"

    def __init__(self, reactor):
        self.reactor = reactor

    def connect(self, server, client):
        self.server, self.client = server, client

        class One(protocol.Factory):
            def buildProtocol(self, addr):
                return server

        listening = endpoints.serverFromString(self.reactor, self.endpoint).listen(One())
        self.port = run(self.reactor, listening)
        where = endpoints.clientFromString(self.reactor, self.where())
        run(self.reactor, endpoints.connectProtocol(where, client))
        until(self.reactor, lambda: server.transport is not None)

    def where(self):
        return f"tcp:127.0.0.1:{self.port.getHost().port}"

    def run(self, deferred):
        return run(self.reactor, deferred)

    def until(self, condition):
        until(self.reactor, condition)


class Unix(Socket):
    """A connection by a UNIX socket."""

    def __init__(self, reactor, path):
        super().__init__(reactor)
        self.endpoint = f"unix:{path}"

    def where(self):
        return self.endpoint


def seen(kind):
    """The same class, but it looks at the boxes: the C library leaves them to it."""

    class Seeing(kind):
        def ampBoxReceived(self, box):
            kind.ampBoxReceived(self, box)

    return Seeing


@pytest.fixture(params=["native", "boxes", "memory"])
def link(request, reactor):
    """A function that connects objects of two classes."""

    def connect(server, client):
        made = (Memory if request.param == "memory" else Socket)(reactor)
        if request.param == "boxes":
            server, client = seen(server), seen(client)
        made.connect(server(), client())
        assert getattr(made.client, "_keeps", False) is (request.param == "native")
        return made

    return connect


def failing(link, deferred, kind):
    """What a Deferred fails with, which is of this class."""
    with pytest.raises(kind) as caught:
        link.run(deferred)
    return caught.value


def gathered(deferreds):
    """A Deferred of the results of several, none of which may fail."""
    results = []
    done = defer.Deferred()

    def one(result):
        results.append(result)
        if len(results) == len(deferreds):
            done.callback(results)

    for deferred in deferreds:
        deferred.addCallbacks(one, done.errback)
    return done
