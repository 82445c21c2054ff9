"""Policies, loopback and test kit beside Twisted's: the same script, the same story."""

from __future__ import annotations

import io
import random

import pytest
import twisted.internet.reactor as their_reactor
from twisted.internet import protocol as their_protocol
from twisted.internet import task as their_task
from twisted.internet.address import IPv4Address as TheirAddress
from twisted.protocols import basic as their_basic
from twisted.protocols import loopback as their_loopback
from twisted.protocols import policies as their_policies
from twisted.protocols import stateful as their_stateful
from twisted.test import proto_helpers as their_helpers

from plait.internet import protocol, task
from plait.internet.address import IPv4Address
from plait.protocols import basic, loopback, policies, stateful
from plait.test import proto_helpers


class Package:
    def __init__(self, protocol, task, address, basic, loopback, policies, stateful, helpers):
        self.protocol, self.task, self.address = protocol, task, address
        self.basic, self.loopback, self.policies = basic, loopback, policies
        self.stateful, self.helpers = stateful, helpers


THEIRS = Package(
    their_protocol,
    their_task,
    TheirAddress,
    their_basic,
    their_loopback,
    their_policies,
    their_stateful,
    their_helpers,
)
OURS = Package(
    protocol, task, IPv4Address, basic, loopback, policies, stateful, proto_helpers
)


def compare(story, *arguments):
    """The same story, told by both."""
    assert story(OURS, *arguments) == story(THEIRS, *arguments), arguments


def noting(package, log, name):
    class Noting(package.protocol.Protocol):
        def connectionMade(self):
            log.append((name, "made"))

        def dataReceived(self, data):
            log.append((name, data))

        def connectionLost(self, reason):
            log.append((name, reason.type.__name__))

    return Noting


# ---- Policies


def connect(package, factory):
    made = factory.buildProtocol(package.address("TCP", "10.0.0.9", 1))
    if made is None:
        return None
    transport = package.helpers.StringTransportWithDisconnection()
    transport.protocol = made
    made.makeConnection(transport)
    return made


def story_of_timeouts(package, seed):
    chance, log, clock = random.Random(seed), [], package.task.Clock()
    within = package.protocol.Factory()
    within.protocol = noting(package, log, "inner")
    factory = package.policies.TimeoutFactory(within, chance.choice([1, 3, 10]))
    factory.callLater = clock.callLater
    made = connect(package, factory)
    for _ in range(30):
        kind = chance.randrange(8)
        if not made.transport.connected:
            log.append(("closed at", clock.seconds()))
            break
        if kind < 3:
            clock.advance(chance.choice([0.5, 1, 2]))
        elif kind == 3:
            made.dataReceived(b"x")
        elif kind == 4:
            made.write(b"y")
        elif kind == 5:
            made.writeSequence([b"y", b"z"])
        elif kind == 6:
            made.setTimeout(chance.choice([None, 1, 2]))
        else:
            chance.choice([made.cancelTimeout, made.resetTimeout])()
        log.append((made.timeoutPeriod, bool(made.timeoutCall)))
    return log, made.transport.value(), made.transport.connected


@pytest.mark.parametrize("seed", range(100))
def test_timeouts(seed):
    compare(story_of_timeouts, seed)


def story_of_the_mixin(package, seed):
    chance, log, clock = random.Random(seed), [], package.task.Clock()

    class Own(package.policies.TimeoutMixin, package.protocol.Protocol):
        def timeoutConnection(self):
            log.append(("time is up", clock.seconds()))

    own = Own()
    own.callLater = clock.callLater
    for _ in range(30):
        kind = chance.randrange(4)
        if kind < 2:
            clock.advance(chance.choice([0.5, 1]))
        elif kind == 2:
            own.resetTimeout()
        else:
            log.append(own.setTimeout(chance.choice([None, 1, 2, 3])))
        log.append(own.timeOut)
    return log


@pytest.mark.parametrize("seed", range(100))
def test_mixin(seed):
    compare(story_of_the_mixin, seed)


def story_of_limits(package, seed):
    chance, log = random.Random(seed), []
    limit = chance.choice([None, 0, 1, 3])
    if chance.random() < 0.5:
        factory = package.policies.LimitTotalConnectionsFactory()
        factory.protocol = noting(package, log, "inner")
        factory.connectionLimit = limit
        if chance.random() < 0.5:
            factory.overflowProtocol = noting(package, log, "overflow")
    else:
        within = package.protocol.Factory()
        within.protocol = noting(package, log, "inner")
        limit = limit or 2
        factory = package.policies.ThrottlingFactory(within, maxConnectionCount=limit)
    made = []
    for _ in range(30):
        if made and chance.random() < 0.5:
            made.pop(chance.randrange(len(made))).loseConnection()
        else:
            one = connect(package, factory)
            log.append(one is not None)
            made += [one] if one is not None else []
        log.append(factory.connectionCount)
    return log


@pytest.mark.parametrize("seed", range(50))
def test_limits(seed):
    compare(story_of_limits, seed)


def story_of_traffic(package, seed):
    chance, log = random.Random(seed), []
    files = []

    class Logging(package.policies.TrafficLoggingFactory):
        def open(self, name):
            files.append((name, io.StringIO()))
            return files[-1][1]

    within = package.protocol.Factory()
    within.protocol = noting(package, log, "inner")
    factory = Logging(within, "prefix")
    for _ in range(3):
        made = connect(package, factory)
        for _ in range(10):
            data = bytes(chance.choices(b"ab\r\n\0\xff'\"", k=chance.randrange(1, 6)))
            chance.choice(
                [made.dataReceived, made.write, lambda d, m=made: m.writeSequence([d, d])]
            )(data)
        made.loseConnection()
        if chance.random() < 0.3:
            factory.resetCounter()
    told = []
    for name, file in files:
        lines = file.getvalue().splitlines()
        # The reason's own words differ.
        told.append((name, [line.partition("<")[0] for line in lines]))
    return log, told


@pytest.mark.parametrize("seed", range(30))
def test_traffic(seed):
    compare(story_of_traffic, seed)


def story_of_wrappers(package, seed):
    chance, log = random.Random(seed), []

    class Wrapper(package.policies.ProtocolWrapper):
        def dataReceived(self, data):
            log.append(("wrapper", data))
            super().dataReceived(data)

        def write(self, data):
            log.append(("wrapper writes", data))
            super().write(data)

    class Wrapping(package.policies.WrappingFactory):
        protocol = Wrapper

    factory = package.protocol.Factory()
    factory.protocol = noting(package, log, "inner")
    for _ in range(chance.randrange(1, 5)):
        factory = Wrapping(factory)
    made = connect(package, factory)
    inner = made
    while hasattr(inner, "wrappedProtocol"):
        inner = inner.wrappedProtocol
    for _ in range(10):
        data = b"%d" % chance.randrange(100)
        chance.choice([made.dataReceived, inner.transport.write])(data)
        log.append((made.disconnecting, len(factory.protocols)))
    if chance.random() < 0.5:
        inner.transport.loseConnection()
    log.append((bool(made.disconnecting), len(factory.protocols), made.transport.value()))
    log.append((made.wrappedProtocol is None, inner.transport.getPeer().port))
    return log


@pytest.mark.parametrize("seed", range(50))
def test_wrappers(seed):
    compare(story_of_wrappers, seed)


# ---- Loopback


def story_of_a_loopback(package, seed, monkeypatch):
    chance, log, clock = random.Random(seed), [], package.task.Clock()
    budget = [chance.randrange(1, 25)]

    def end(name):
        class End(noting(package, log, name)):
            def connectionMade(self):
                super().connectionMade()
                self.speak()

            def dataReceived(self, data):
                super().dataReceived(data)
                self.speak()
                # Not before something was received: what comes after it is dropped here.
                if budget[0] == 0:
                    budget[0] = -1
                    self.transport.loseConnection()

            def speak(self):
                for _ in range(chance.randrange(3)):
                    if budget[0] > 0:
                        budget[0] -= 1
                        chance.choice([self.transport.write, self.split])(b"%d." % budget[0])

            def split(self, data):
                self.transport.writeSequence([data, b"+"])

        return End()

    server, client = end("S"), end("C")
    policy = chance.choice(["identityPumpPolicy", "collapsingPumpPolicy"])
    policy = getattr(package.loopback, policy)
    if package is THEIRS:
        monkeypatch.setattr(their_reactor, "callLater", clock.callLater)
        done = package.loopback.loopbackAsync(server, client, policy)
    else:
        done = package.loopback.loopbackAsync(server, client, policy, clock=clock)
    done.addCallback(lambda _: log.append("over"))
    for _ in range(20):
        if budget[0] > 0:
            budget[0] -= 1
            chance.choice([server, client]).transport.write(b"outside")
        clock.advance(0)
    return log


@pytest.mark.parametrize("seed", range(200))
def test_loopback(seed, monkeypatch):
    compare(story_of_a_loopback, seed, monkeypatch)


# ---- States


def story_of_counts(package, seed):
    chance, log = random.Random(seed), []
    sizes = [chance.choice([0, 1, 1, 2, 5]) for _ in range(30)] + [1]

    class Counting(package.stateful.StatefulProtocol):
        def getInitialState(self):
            return self.take, 1

        def take(self, data):
            log.append(data)
            return (self.take, sizes.pop(0)) if len(sizes) > 1 else (self.take, 3)

    made = Counting()
    made.makeConnection(package.helpers.StringTransport())
    data = bytes(chance.choices(b"abc", k=100))
    while data:
        size = chance.randrange(1, 9)
        made.dataReceived(data[:size])
        data = data[size:]
    return log


@pytest.mark.parametrize("seed", range(50))
def test_counts(seed):
    compare(story_of_counts, seed)


def story_of_states(package, seed):
    chance, log = random.Random(seed), []

    class States(package.basic.StatefulStringProtocol, package.basic.Int8StringReceiver):
        def proto_init(self, string):
            log.append(("init", string))
            return chance.choice(["init", "next"])

        def proto_next(self, string):
            log.append(("next", string))
            return chance.choice(["init", "next", "next", "done"])

    made = States()
    made.makeConnection(package.helpers.StringTransport())
    for _ in range(30):
        # Twisted's goes on after the end was asked for, and drops what comes.
        made.dataReceived(b"\2%d" % chance.randrange(10, 99))
        log.append((made.state, made.transport.disconnecting))
        if made.transport.disconnecting:
            break
    return log


@pytest.mark.parametrize("seed", range(50))
def test_states(seed):
    compare(story_of_states, seed)


# ---- The clock


def story_of_the_clock(package, seed):
    chance, log, clock = random.Random(seed), [], package.task.Clock()
    calls = []
    for number in range(40):
        kind = chance.randrange(6)
        active = [call for call in calls if call.active()]
        if kind < 2:
            calls.append(clock.callLater(chance.choice([0, 1, 1, 2]), log.append, number))
        elif kind == 2 and active:
            chance.choice(active).cancel()
        elif kind == 3 and active:
            chance.choice(active).reset(chance.choice([0, 1, 3]))
        elif kind == 4 and active:
            chance.choice(active).delay(chance.choice([1, 2]))
        else:
            clock.advance(chance.choice([0, 0.5, 1]))
        log.append((clock.seconds(), [call.getTime() for call in clock.getDelayedCalls()]))
    return log


@pytest.mark.parametrize("seed", range(100))
def test_clock(seed):
    compare(story_of_the_clock, seed)
