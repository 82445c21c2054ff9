"""What tests are made of, tested."""

from __future__ import annotations

import pytest

from plait.internet import defer, error, protocol
from plait.internet.address import IPv4Address, UNIXAddress
from plait.internet.task import Clock
from plait.protocols import basic, stateful
from plait.test import iosim, splits
from plait.test.proto_helpers import (
    AccumulatingProtocol,
    LineSendingProtocol,
    MemoryReactorClock,
    RaisingMemoryReactor,
    StringIOWithoutClosing,
    StringTransport,
    StringTransportWithDisconnection,
    waitUntilAllDisconnected,
)


# ---- The clock


def test_clock():
    clock, log = Clock(), []
    clock.callLater(2, log.append, "two")
    clock.callLater(1, log.append, "one")
    call = clock.callLater(1, log.append, "other")
    assert [c.getTime() for c in clock.getDelayedCalls()] == [1, 1, 2]
    clock.advance(1)
    assert log == ["one", "other"] and not call.active()
    with pytest.raises(error.AlreadyCalled):
        call.cancel()
    clock.callLater(5, lambda: clock.callLater(0, log.append, "asked for meanwhile"))
    moved = clock.callLater(1, log.append, "moved")
    moved.reset(3)
    moved.delay(1)
    gone = clock.callLater(1, log.append, "gone")
    gone.cancel()
    with pytest.raises(error.AlreadyCancelled):
        gone.reset(1)
    clock.pump([1, 1, 1, 1, 1])
    assert log[2:] == ["two", "moved", "asked for meanwhile"] and clock.seconds() == 6
    with pytest.raises(ValueError):
        clock.callLater(-1, log.append)


# ---- Transports


def test_string_transport():
    transport = StringTransport()
    transport.write(b"a")
    transport.writeSequence([b"b", b"c"])
    assert transport.value() == b"abc"
    transport.clear()
    assert transport.value() == b""
    with pytest.raises(TypeError):
        transport.write("text")
    assert transport.getHost() == IPv4Address("TCP", "10.0.0.1", 12345)
    assert transport.getPeer() == IPv4Address("TCP", "192.168.1.1", 54321)
    producer = object()
    transport.registerProducer(producer, True)
    assert transport.producer is producer and transport.streaming
    with pytest.raises(RuntimeError):
        transport.registerProducer(producer, True)
    transport.unregisterProducer()
    with pytest.raises(RuntimeError):
        transport.unregisterProducer()
    transport.pauseProducing()
    assert transport.producerState == "paused"
    transport.resumeProducing()
    transport.loseConnection()
    assert transport.disconnecting and not transport.disconnected
    with pytest.raises(RuntimeError):
        transport.pauseProducing()
    transport.abortConnection()
    assert transport.disconnected
    StringTransport(lenient=True).loseConnection()


def test_string_transport_with_disconnection():
    for abort in (False, True):
        made, transport = AccumulatingProtocol(), StringTransportWithDisconnection()
        transport.protocol = made
        made.makeConnection(transport)
        made.dataReceived(b"x")
        waiting = made.closedDeferred = defer.Deferred()
        (transport.abortConnection if abort else transport.loseConnection)()
        assert made.closed and made.data == b"x" and waiting.called
        assert made.closedReason.check(error.ConnectionAborted if abort else error.ConnectionDone)


def test_line_sender():
    for starts in (True, False):
        made = LineSendingProtocol([b"a", b"b"], start=starts)
        made.makeConnection(transport := StringTransport())
        assert transport.value() == (b"a\r\nb\r\n" if starts else b"")
        made.dataReceived(b"x\r\ny\r\n")
        assert transport.value() == b"a\r\nb\r\n" and made.response == [b"x", b"y"]


def test_file():
    file = StringIOWithoutClosing()
    file.write(b"x")
    file.close()
    assert file.getvalue() == b"x"


# ---- Reactors


def test_memory_reactor():
    reactor = MemoryReactorClock()
    factory = protocol.ClientFactory()
    factory.protocol = AccumulatingProtocol
    factory.protocolConnectionMade = None
    port = reactor.listenTCP(80, factory, interface="127.0.0.1")
    assert reactor.tcpServers == [(80, factory, 50, "127.0.0.1")]
    assert port.getHost() == IPv4Address("TCP", "127.0.0.1", 80)
    assert port.stopListening().called and not port.isListening
    reactor.listenUNIX("/x", factory)
    assert reactor.unixServers[0][0] == "/x" and reactor.ports[1].getHost() == UNIXAddress("/x")
    connector = reactor.connectTCP("example.org", 80, factory, timeout=3)
    reactor.connectUNIX("/x", factory)
    assert reactor.tcpClients == [("example.org", 80, factory, 3, None)]
    assert len(reactor.unixClients) == 1 and len(reactor.connectors) == 2
    made = connector.succeed(StringTransport())
    assert made.made and connector.getDestination().host == "example.org"
    failed = []
    factory.clientConnectionFailed = lambda connector, reason: failed.append(reason.value)
    reactor.connectors[1].fail(error.ConnectionRefusedError())
    reactor.connectors[1].disconnect()
    assert [type(e) for e in failed] == [error.ConnectionRefusedError, error.UserError]
    assert reactor.connectors[1].stoppedConnecting

    log = []
    trigger = reactor.addSystemEventTrigger("before", "shutdown", log.append, "before")
    reactor.addSystemEventTrigger("after", "shutdown", log.append, "after")
    reactor.fireSystemEvent("shutdown")
    reactor.removeSystemEventTrigger(trigger)
    reactor.fireSystemEvent("shutdown")
    reactor.callWhenRunning(log.append, "running")
    reactor.run()
    assert log == ["before", "after", "after", "running"] and reactor.hasRun and reactor.hasStopped
    reactor.callLater(1, log.append, "later")
    reactor.advance(1)
    assert log[-1] == "later"


def test_reactor_that_can_do_nothing():
    reactor = RaisingMemoryReactor(KeyError(), ValueError())
    with pytest.raises(KeyError):
        reactor.listenTCP(1, None)
    with pytest.raises(ValueError):
        reactor.connectTCP("h", 1, None)


def test_wait_until_all_disconnected():
    clock, made = Clock(), AccumulatingProtocol()
    transport = StringTransportWithDisconnection()
    transport.protocol = made
    made.makeConnection(transport)
    done = waitUntilAllDisconnected(clock, [made])
    clock.advance(0)
    assert not done.called
    transport.loseConnection()
    clock.advance(0.01)
    assert done.called


# ---- The pump


class Echo(basic.LineReceiver):
    def lineReceived(self, line):
        self.sendLine(line)


class Asking(basic.LineReceiver):
    def __init__(self):
        self.lines = []

    def connectionMade(self):
        self.sendLine(b"hello")

    def lineReceived(self, line):
        self.lines.append(line)


def test_pump():
    client, server, pump = iosim.connectedServerAndClient(Echo, Asking, greet=False)
    assert client.lines == []
    assert pump.pump() and client.lines == []
    assert pump.pump() and client.lines == [b"hello"]
    assert not pump.pump() and not pump.flush()
    client.sendLine(b"more")
    assert pump.flush() and client.lines == [b"hello", b"more"]
    ends = []
    client.connectionLost = server.connectionLost = lambda reason: ends.append(reason.type)
    client.transport.loseConnection()
    assert pump.flush() and ends == [error.ConnectionDone] * 2 and not pump.flush()


def test_pump_of_two_that_do_not_stop():
    client, server, pump = iosim.connectedServerAndClient(Echo, Echo)
    client.sendLine(b"x")
    with pytest.raises(AssertionError):
        pump.flush()


def test_pump_with_an_abort_and_half_a_close():
    class Half(AccumulatingProtocol):
        def readConnectionLost(self):
            self.ended = True

    client, server, pump = iosim.connectedServerAndClient(Half, Half)
    client.transport.write(b"all")
    client.transport.loseWriteConnection()
    client.transport.write(b"nothing")
    assert pump.flush() and server.data == b"all" and server.ended and not server.closed
    server.transport.abortConnection()
    pump.flush()
    assert server.closedReason.check(error.ConnectionAborted)
    assert client.closedReason.check(error.ConnectionLost)


def test_attempts_by_hand():
    reactor = MemoryReactorClock()
    server, client = protocol.ServerFactory(), protocol.ClientFactory()
    server.protocol, client.protocol = Echo, Asking
    failed = []
    client.clientConnectionFailed = lambda connector, reason: failed.append(reason.type)
    reactor.listenTCP(1, server)
    completer = iosim.ConnectionCompleter(reactor)
    assert completer.succeedOnce() is None
    reactor.connectTCP("h", 1, client)
    reactor.connectTCP("h", 1, client)
    pump = completer.succeedOnce()
    pump.flush()
    assert pump.client.lines == [b"hello"]
    completer.failOnce(error.ConnectionRefusedError())
    assert failed == [error.ConnectionRefusedError]


# ---- Every cut


class Lines(basic.LineReceiver):
    def __init__(self):
        self.lines = []

    def lineReceived(self, line):
        self.lines.append(line)
        self.sendLine(line)


def test_every_cut():
    data = b"one\r\ntwo\r\n\r\nrest"
    ways = list(splits.everyCut(data))
    assert len(ways) == 2 + len(data) - 1 + 16 + 32
    assert all(b"".join(pieces) == data and all(pieces) for _, pieces in ways)
    assert splits.assertSameForAllCuts(Lines, data, lambda made: made.lines) == len(ways)
    assert splits.assertSameForAllCuts(Lines, data, twos=4, randoms=3) < 2 + 8 + 16 + 3

    class Reads(protocol.Protocol):
        def dataReceived(self, data):
            self.transport.write(b"read")

    with pytest.raises(AssertionError, match="byte by byte"):
        splits.assertSameForAllCuts(Reads, data)


# ---- States


class Login(basic.StatefulStringProtocol, basic.NetstringReceiver):
    def __init__(self):
        self.log = []

    def proto_init(self, string):
        self.log.append(("init", string))
        return {b"user": "user", b"lost": "nowhere"}.get(string)

    def proto_user(self, string):
        self.log.append(("user", string))
        return "done"


def test_named_states():
    splits.assertSameForAllCuts(Login, b"2:hi,4:user,3:bob,4:more,", lambda made: made.log)
    made = Login()
    made.makeConnection(StringTransport())
    made.dataReceived(b"2:hi,4:user,3:bob,4:more,")
    assert made.log == [("init", b"hi"), ("init", b"user"), ("user", b"bob")]
    assert made.state == "done" and made.transport.disconnecting


def test_a_state_that_is_not_there(caplog):
    made = Login()
    made.makeConnection(StringTransport())
    made.dataReceived(b"4:lost,4:more,4:more,")
    assert made.log == [("init", b"lost")] and made.transport.disconnecting
    assert "nowhere" in caplog.text


class Counting(stateful.StatefulProtocol):
    def __init__(self):
        self.log = []

    def getInitialState(self):
        return self.head, 1

    def head(self, data):
        if data == b"x":
            self.transport.loseConnection()
        return None if data == b"k" else (self.body, int(data))

    def body(self, data):
        self.log.append(data)
        return self.head, 1


def test_counted_states():
    data = b"3abc0k2de9123456789"
    splits.assertSameForAllCuts(Counting, data, lambda made: made.log)
    made = Counting()
    made.makeConnection(StringTransport())
    made.dataReceived(data)
    assert made.log == [b"abc", b"", b"de", b"123456789"]


def test_counted_states_end():
    made = Counting()
    made.head = lambda data: made.transport.loseConnection()
    made.makeConnection(StringTransport())
    made.dataReceived(b"1a1b")
    assert made.log == []
    made.dataReceived(b"1a")


def test_counted_states_inside():
    made = Counting()
    made.makeConnection(StringTransport())
    body = made.body
    made.body = lambda data: (data == b"a" and made.dataReceived(b"1c"), body(data))[1]
    made.dataReceived(b"1a1b")
    assert made.log == [b"a", b"b", b"c"]


def test_counted_states_lead_somewhere():
    class Nowhere(stateful.StatefulProtocol):
        def getInitialState(self):
            return self.stay, 0

        def stay(self, data):
            return None

    made = Nowhere()
    made.makeConnection(StringTransport())
    with pytest.raises(RuntimeError):
        made.dataReceived(b"x")
    with pytest.raises(NotImplementedError):
        stateful.StatefulProtocol().makeConnection(StringTransport())
