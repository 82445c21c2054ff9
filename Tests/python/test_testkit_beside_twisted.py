"""What tests are made with, beside Twisted's: all of its names, and the same answers."""

from __future__ import annotations

import inspect
import logging
import socket
import unittest

import pytest
from twisted.internet import defer as their_defer
from twisted.internet import error as their_error
from twisted.internet import protocol as their_protocol
from twisted.internet import testing as theirs

from plait.internet import defer, error, protocol
from plait.internet import testing as ours

#: What is not here, and why.
DATAGRAMS = {"FakeDatagramTransport", "adoptDatagramPort"}
RESOLVERS = {"installNameResolver", "nameResolver"}

KINDS = {
    "AccumulatingProtocol": (),
    "EventLoggingObserver": (),
    "LineSendingProtocol": ([],),
    "MemoryReactor": (),
    "MemoryReactorClock": (),
    "NonStreamingProducer": (None,),
    "RaisingMemoryReactor": (),
    "StringIOWithoutClosing": (),
    "StringTransport": (),
    "StringTransportWithDisconnection": (),
}


def public(thing):
    return {name for name in dir(thing) if not name.startswith("_")}


def test_all_names_are_there():
    assert set(theirs.__all__) - set(ours.__all__) == {
        "FakeDatagramTransport",
        "_FakeConnector",
        "_FakePort",
    }
    assert set(KINDS) <= set(theirs.__all__)


@pytest.mark.parametrize("kind", KINDS)
def test_all_attributes_are_there(kind):
    their = getattr(theirs, kind)(*KINDS[kind])
    own = getattr(ours, kind)(*KINDS[kind])
    assert public(their) - public(own) - DATAGRAMS - RESOLVERS == set()
    for name in public(type(their)) - DATAGRAMS - RESOLVERS:
        one = getattr(type(their), name)
        if inspect.isfunction(one) and inspect.getmodule(one) is theirs:
            other = getattr(type(own), name)
            given = len(inspect.signature(one).parameters)
            assert len(inspect.signature(other).parameters) == given, name


class Producer:
    def pauseProducing(self): ...

    def resumeProducing(self): ...

    def stopProducing(self): ...


def told(transport):
    """All that a transport says of itself."""
    return [
        transport.value(),
        transport.io.getvalue(),
        transport.disconnecting,
        transport.disconnected,
        transport.connected,
        transport.producerState,
        transport.producer is None,
        transport.streaming,
        str(transport.getPeer()).replace("plait", "twisted"),
        str(transport.getHost()).replace("plait", "twisted"),
    ]


def script(*steps):
    return pytest.param(steps, id=" ".join(str(step[0]) for step in steps))


SCRIPTS = [
    script(("write", b"a"), ("write", b"b"), ("clear",), ("write", b"c")),
    script(("writeSequence", [b"a", b"b"])),
    script(("write", "text")),
    script(("write", bytearray(b"a"))),
    script(("pauseProducing",), ("resumeProducing",), ("stopProducing",), ("resumeProducing",)),
    script(("loseConnection",), ("pauseProducing",), ("write", b"later")),
    script(("abortConnection",), ("resumeProducing",)),
    script(("unregisterProducer",)),
    script(
        ("registerProducer", Producer(), True),
        ("registerProducer", Producer(), False),
        ("unregisterProducer",),
        ("registerProducer", Producer(), False),
    ),
]


@pytest.mark.parametrize("steps", SCRIPTS)
@pytest.mark.parametrize("given", [{}, {"lenient": True}, {"hostAddress": "here", "peerAddress": "there"}])
def test_string_transports(steps, given):
    sides = []
    for module in (theirs, ours):
        transport = module.StringTransport(**given)
        said = [told(transport)]
        for name, *args in steps:
            try:
                getattr(transport, name)(*args)
            except (TypeError, RuntimeError) as problem:
                said.append(type(problem))
            said.append(told(transport))
        sides.append(said)
    assert sides[0] == sides[1]


@pytest.mark.parametrize("method", ["loseConnection", "abortConnection"])
def test_transports_that_end(method):
    sides = []
    for module, errors, base in (
        (theirs, their_error, their_protocol),
        (ours, error, protocol),
    ):
        lost = []

        class Keeping(base.Protocol):
            def connectionLost(self, reason, lost=lost):
                lost.append(reason.type.__name__)

        transport = module.StringTransportWithDisconnection()
        transport.protocol = Keeping()
        transport.protocol.makeConnection(transport)
        getattr(transport, method)()
        getattr(transport, method)()
        sides.append((lost, transport.connected))
    assert sides[0][1] == sides[1][1] is False
    # Twisted's says of an abort that it was a good end.
    assert sides[1][0] == (sides[0][0][:1] if method == "loseConnection" else ["ConnectionAborted"])


def test_memory_reactors():
    sides = []
    for module, base in ((theirs, their_protocol), (ours, protocol)):
        reactor = module.MemoryReactor()
        factory = base.ClientFactory()
        reactor.listenTCP(80, factory, interface="::1")
        reactor.connectTCP("h", 80, factory)
        reactor.adoptStreamPort(7, socket.AF_INET, factory)
        reactor.adoptStreamConnection(8, socket.AF_INET6, factory)
        sides.append(
            (
                [row[0] for row in reactor.tcpServers + reactor.tcpClients],
                [row[:2] for row in reactor.adoptedPorts + reactor.adoptedStreamConnections],
                reactor.connectors[0].stoppedConnecting,
                reactor.connectors[0].getDestination().port,
            )
        )
    assert sides[0] == sides[1]


@pytest.mark.parametrize("name", ["listenTCP", "listenUNIX", "adoptStreamPort", "connectTCP", "adoptStreamConnection"])
def test_reactors_that_raise(name):
    for module in (theirs, ours):
        reactor = module.RaisingMemoryReactor(KeyError("listens"), ValueError("connects"))
        count = len(inspect.signature(getattr(reactor, name)).parameters)
        with pytest.raises((KeyError, ValueError)) as told:
            getattr(reactor, name)(*[None] * count)
        assert told.type is (KeyError if "listen" in name or "Port" in name else ValueError)


@pytest.mark.parametrize("stops", [False, True])
def test_producers(stops):
    sides = []
    for module, deferreds in ((theirs, their_defer), (ours, defer)):
        transport = module.StringTransport()
        producer = module.NonStreamingProducer(transport)
        done = []
        producer.result.addCallback(done.append)
        assert isinstance(producer.result, deferreds.Deferred)
        transport.registerProducer(producer, False)
        for _ in range(3 if stops else 10):
            producer.resumeProducing()
        if stops:
            producer.stopProducing()
        with pytest.raises(RuntimeError):
            producer.resumeProducing()
        with pytest.raises(RuntimeError):
            producer.pauseProducing()
        state = producer.counter, producer.stopped, producer.consumer
        sides.append((transport.value(), state, transport.producer is None, done))
    assert sides[0] == sides[1]


class Publisher:
    """As Twisted's, with the two methods that are used."""

    def __init__(self):
        self.observers = []

    def addObserver(self, observer):
        self.observers.append(observer)

    def removeObserver(self, observer):
        self.observers.remove(observer)


def test_observers_of_publishers():
    for module in (theirs, ours):
        publisher, case = Publisher(), unittest.TestCase("run")
        observer = module.EventLoggingObserver.createWithCleanup(case, publisher)
        for number in range(3):
            for told in publisher.observers:
                told({"number": number})
        assert len(observer) == 3 and observer[0] == {"number": 0}
        assert observer[1:] == [{"number": 1}, {"number": 2}]
        assert [event["number"] for event in observer] == [0, 1, 2]
        case.doCleanups()
        assert not publisher.observers


def test_observers_of_loggers():
    case, log = unittest.TestCase("run"), logging.getLogger("plait.of.a.test")
    observer = ours.EventLoggingObserver.createWithCleanup(case, log)
    log.warning("%s times", 3)
    try:
        raise KeyError
    except KeyError:
        log.warning("this", exc_info=True)
    case.doCleanups()
    log.warning("nobody hears")
    assert len(observer) == 2
    assert observer[0]["log_text"] == "3 times" and observer[0]["log_level"] == "warning"
    assert observer[0]["log_namespace"] == "plait.of.a.test" and "log_failure" not in observer[0]
    assert observer[1]["log_failure"].check(KeyError)
