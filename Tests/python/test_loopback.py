"""Two protocols that talk with each other."""

from __future__ import annotations

import os
import tempfile

import pytest

from conftest import run
from plait.internet import error, protocol
from plait.internet.task import Clock
from plait.protocols import basic, loopback
from plait.test.proto_helpers import NonStreamingProducer


class Talker(protocol.Protocol):
    """Notes what it hears under its name, in the log of both."""

    def __init__(self, name, log):
        self.name, self.log = name, log
        self.reason = None

    def connectionMade(self):
        self.log.append(f"{self.name} made")

    def dataReceived(self, data):
        self.log.append(f"{self.name} {data.decode()}")

    def connectionLost(self, reason):
        self.reason = reason
        self.log.append(f"{self.name} lost {type(reason.value).__name__}")


class Half(Talker):
    def readConnectionLost(self):
        self.log.append(f"{self.name} no more")
        self.transport.write(b"last")
        self.transport.loseConnection()

    def writeConnectionLost(self):
        self.log.append(f"{self.name} said all")


@pytest.fixture
def talk():
    """Begins a loopback on a clock of its own; gives both ends, their log, the clock and the end."""

    def begin(policy=None, kind=Talker):
        log, clock = [], Clock()
        server, client = kind("S", log), kind("C", log)
        done = loopback.loopback(server, client, policy, clock=clock)
        return server, client, log, clock, done

    return begin


def test_order(talk):
    server, client, log, clock, done = talk()
    established, over = [], []
    done.established.addCallback(established.append)
    done.addCallback(over.append)
    assert log == ["S made", "C made"] and established == [None]
    server.transport.write(b"s1")
    client.transport.write(b"c1")
    client.transport.writeSequence([b"c", b"2"])
    assert len(log) == 2
    clock.advance(0)
    assert log[2:] == ["C s1", "S c1", "S c2"]
    # What the one that closes has written arrives, what the other has does not.
    server.transport.write(b"dropped")
    client.transport.write(b"bye")
    client.transport.loseConnection()
    clock.advance(0)
    assert log[5:] == ["S bye", "S lost ConnectionDone", "C lost ConnectionDone"]
    assert over == [None]
    client.transport.write(b"more")
    clock.advance(10)
    assert len(log) == 8 and not clock.calls


def test_an_abort(talk):
    server, client, log, clock, done = talk()
    client.transport.write(b"dropped")
    client.transport.abortConnection()
    clock.advance(0)
    assert log[2:] == ["S lost ConnectionLost", "C lost ConnectionAborted"]


def test_a_half_close(talk):
    server, client, log, clock, done = talk(kind=Half)
    client.transport.write(b"all")
    client.transport.loseWriteConnection()
    client.transport.write(b"nothing")
    clock.advance(0)
    assert log[2:] == [
        "S all",
        "C said all",
        "S no more",
        "C last",
        "S lost ConnectionDone",
        "C lost ConnectionDone",
    ]


def test_a_half_close_that_nobody_lives_with(talk):
    server, client, log, clock, done = talk()
    client.transport.loseWriteConnection()
    clock.advance(0)
    assert log[2:] == ["S lost ConnectionDone", "C lost ConnectionDone"]


def test_pausing(talk):
    server, client, log, clock, done = talk()
    server.transport.pauseProducing()
    client.transport.write(b"later")
    clock.advance(1)
    assert len(log) == 2
    server.transport.resumeProducing()
    clock.advance(0)
    assert log[2:] == ["S later"]


@pytest.mark.parametrize(
    "policy, wanted",
    [
        (None, ["abc", "de"]),
        (loopback.identityPumpPolicy, ["abc", "de"]),
        (loopback.collapsingPumpPolicy, ["abcde"]),
        (loopback.byteAtATimePumpPolicy, ["a", "b", "c", "d", "e"]),
        (loopback.fixedSizePumpPolicy(2), ["ab", "cd", "e"]),
        (lambda queue, target: target.dataReceived(queue.get() + queue.get()), ["abcde"]),
    ],
)
def test_policies(talk, policy, wanted):
    server, client, log, clock, done = talk(policy)
    client.transport.write(b"abc")
    client.transport.write(b"de")
    clock.advance(0)
    assert log[2:] == [f"S {piece}" for piece in wanted]


def test_at_random(talk):
    def pieces(seed):
        server, client, log, clock, done = talk(loopback.randomPumpPolicy(seed, 3))
        client.transport.write(b"abcdefghijklmnopqrstuvwxyz")
        clock.advance(0)
        assert "".join(entry[2:] for entry in log[2:]) == "abcdefghijklmnopqrstuvwxyz"
        return log

    assert pieces(1) == pieces(1) != pieces(2)
    with pytest.raises(ValueError):
        loopback.fixedSizePumpPolicy(0)


def test_delayed(talk):
    server, client, log, clock, done = talk(loopback.delayedPumpPolicy(1))
    client.transport.write(b"a")
    clock.advance(0.5)
    client.transport.write(b"b")
    client.transport.loseConnection()
    assert len(log) == 2
    clock.advance(0.5)
    assert log[2:] == ["S a"]
    clock.advance(0.4)
    assert log[3:] == []
    clock.advance(0.1)
    assert log[3:] == ["S b", "S lost ConnectionDone", "C lost ConnectionDone"]


def test_producers(talk):
    server, client, log, clock, done = talk(loopback.collapsingPumpPolicy)
    producer = NonStreamingProducer(client.transport)
    client.transport.registerProducer(producer, False)
    client.transport.loseConnection()
    with pytest.raises(RuntimeError):
        client.transport.registerProducer(producer, False)
    clock.advance(0)
    # A close waits for what is asked for more.
    assert "".join(entry[2:] for entry in log[2:-2]) == "0123456789"
    assert log[-1] == "C lost ConnectionDone"


def test_pulled(talk):
    server, client, log, clock, done = talk()
    client.transport.registerProducer(NonStreamingProducer(client.transport), False)
    clock.advance(0)
    assert log[2:] == [f"S {number}" for number in range(10)]


def test_what_is_raised_ends_it(talk):
    server, client, log, clock, done = talk()
    server.dataReceived = lambda data: 1 / 0
    client.transport.write(b"x")
    problems = []
    done.addErrback(lambda failure: problems.append(failure.trap(ZeroDivisionError)))
    clock.advance(0)
    assert problems == [ZeroDivisionError]


def test_cancelled(talk):
    server, client, log, clock, done = talk()
    done.addErrback(lambda failure: None)
    done.cancel()
    clock.advance(0)
    assert log[2:] == ["S lost ConnectionAborted", "C lost ConnectionAborted"]


def test_texts_are_refused(talk):
    server, client, log, clock, done = talk()
    with pytest.raises(TypeError):
        client.transport.write("text")


class Lines(basic.LineReceiver):
    def __init__(self, closes=None):
        self.lines, self.closes, self.reason = [], closes, None

    def lineReceived(self, line):
        self.lines.append(line)
        if self.closes is None:
            self.sendLine(line.upper())
        elif len(self.lines) == self.closes:
            self.transport.loseConnection()

    def connectionLost(self, reason):
        self.reason = reason


def over_memory(server, client, reactor):
    return loopback.loopbackAsync(server, client, clock=reactor)


def over_tcp(server, client, reactor):
    return loopback.loopbackTCP(server, client, reactor=reactor)


def over_unix(server, client, reactor):
    return loopback.loopbackUNIX(server, client, reactor=reactor)


@pytest.mark.parametrize("over", [over_memory, over_tcp, over_unix])
def test_the_same_over(reactor, over):
    server, client = Lines(), Lines(closes=2)
    done = over(server, client, reactor)
    done.established.addCallback(lambda _: client.sendLine(b"one"))
    done.established.addCallback(lambda _: client.sendLine(b"two"))
    run(reactor, done)
    assert client.lines == [b"ONE", b"TWO"]
    assert server.reason.check(error.ConnectionDone) and client.reason.check(error.ConnectionDone)
    assert not reactor.ports


def test_no_socket_is_left(reactor, tmp_path, monkeypatch):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    server, client = Lines(), Lines(closes=1)
    done = loopback.loopbackUNIX(server, client, reactor=reactor)
    done.established.addCallback(lambda _: client.sendLine(b"x"))
    run(reactor, done)
    assert os.listdir(tmp_path) == []


def test_a_port_that_is_taken(reactor):
    port = reactor.listenTCP(0, protocol.Factory(), interface="127.0.0.1")
    with pytest.raises(error.CannotListenError):
        loopback.loopbackTCP(Lines(), Lines(), port.getHost().port, reactor=reactor)
