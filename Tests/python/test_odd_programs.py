"""What odd programs do: they fork where they are called, write from signal handlers, raise where nobody expects it."""

from __future__ import annotations

import io
import logging
import os
import signal
import socket
import struct
import threading

import pytest

from conftest import LIMIT, lost, started, until
from pairs import Plain, pair, receive
from plait.error import PlaitError
from plait.internet import error, protocol
from plait.internet.reactors import Reactor
from plait.protocols import basic, policies

__all__ = ["pair"]


def errors(caplog):
    return [record.getMessage() for record in caplog.records if record.levelno >= logging.ERROR]


# Forks

FORKING = """
import os, sys
from plait.error import PlaitError
from plait.internet import protocol, reactor
from plait.protocols import basic

class Forking(basic.LineReceiver):
    def lineReceived(self, line):
        self.sendLine(b"before")
        if line == b"fork" and os.fork() == 0:
            return
        self.sendLine(b"%s of %s" % (line, b"parent" if os.getpid() == parent else b"child"))

parent = os.getpid()
port = reactor.listenTCP(0, protocol.Factory.forProtocol(Forking), interface="127.0.0.1")
print(port.getHost().port, flush=True)
try:
    reactor.run()
except PlaitError as problem:
    print("child" if os.getpid() != parent else "parent", problem.name, flush=True)
"""


def test_a_child_that_comes_back_into_the_loop_ends_it(environment):
    with started(FORKING, environment) as process:
        with socket.create_connection(("127.0.0.1", int(process.stdout.readline())), LIMIT) as peer:
            lines = peer.makefile("rb")
            peer.sendall(b"fork\r\none\r\n")
            assert process.stdout.readline() == "child PLAIT_ERR_FORKED\n"
            for number in range(50):
                peer.sendall(b"%d\r\n" % number)
            wanted = [b"fork of parent", b"one of parent", *(b"%d of parent" % number for number in range(50))]
            for line in wanted:
                assert lines.readline() == b"before\r\n"
                assert lines.readline() == line + b"\r\n"


QUEUED = """
import os, socket, threading
from plait.error import PlaitError
from plait.internet import protocol, reactor

class Both(protocol.Protocol):
    def dataReceived(self, data):
        if data == b"queue":
            self.transport.write(payload)
            first.sendall(b"fork")
        elif data == b"fork":
            # Behind this the other's socket has room again, in this turn.
            other.setblocking(False)
            try:
                while True:
                    drained.extend(other.recv(1 << 20))
            except BlockingIOError:
                other.settimeout(LIMIT)
            if os.fork() != 0:
                threading.Thread(target=rest).start()

def rest():
    while len(drained) < len(payload):
        drained.extend(other.recv(1 << 20))
    # What the child would send comes behind, at the latest when it has ended.
    os.wait()
    other.setblocking(False)
    try:
        drained.extend(other.recv(1 << 20))
    except BlockingIOError:
        pass
    print(len(drained), flush=True)
    reactor.callFromThread(reactor.stop)

payload, drained = bytes(12 << 20), bytearray()
port = reactor.listenTCP(0, protocol.Factory.forProtocol(Both), interface="127.0.0.1")
where = ("127.0.0.1", port.getHost().port)
first, other = socket.create_connection(where), socket.create_connection(where)
other.sendall(b"queue")
try:
    reactor.run()
except PlaitError:
    os._exit(0)
"""


def test_a_child_that_comes_back_sends_nothing_of_the_parents(environment):
    with started(QUEUED.replace("LIMIT", str(LIMIT)), environment) as process:
        assert process.stdout.readline() == f"{12 << 20}\n"


# Peers that are gone

@pytest.mark.parametrize("around", [lambda factory: factory, lambda factory: policies.TimeoutFactory(factory, 100)])
def test_peers_that_reset_before_they_are_met(reactor, caplog, around):
    where = []

    class Noting(protocol.Factory):
        def buildProtocol(self, address):
            where.append(address)
            return super().buildProtocol(address)

    class Counted(protocol.Protocol):
        def connectionLost(self, reason):
            ended.append(self.transport.getPeer())

    ended = []
    port = reactor.listenTCP(0, around(Noting.forProtocol(Counted)), interface="127.0.0.1")
    names = []
    for _ in range(40):
        peer = socket.socket()
        peer.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        peer.connect(("127.0.0.1", port.getHost().port))
        names.append(peer.getsockname()[1])
        peer.close()
    until(reactor, lambda: len(ended) == 40)
    assert sorted(address.port for address in where) == sorted(address.port for address in ended) == sorted(names)
    assert not errors(caplog)


# Exceptions

class Half(basic.LineReceiver):
    """One whose name is only known later."""

    heard = ()

    def __repr__(self):
        return f"<{self.name}>"

    def lineReceived(self, line):
        self.heard = (*self.heard, line)
        raise ValueError(line)

    def connectionLost(self, reason):
        self.reason = reason


@pytest.mark.logs_errors
def test_an_object_that_cannot_be_shown(reactor, pair, caplog):
    made = Half()
    peer = pair(made)
    peer.sendall(b"one\r\ntwo\r\n")
    until(reactor, lambda: hasattr(made, "reason"))
    assert made.heard == (b"one",) and made.reason.type is ValueError
    assert any("<Half at 0x" in text for text in errors(caplog))


@pytest.mark.logs_errors
def test_a_call_that_cannot_be_shown(reactor, caplog):
    class Call:
        def __repr__(self):
            raise AttributeError("name")

        def __call__(self):
            raise ValueError("called")

    done = []
    reactor.callFromThread(Call())
    reactor.callFromThread(done.append, 1)
    reactor.callLater(0, Call())
    reactor.callLater(0, done.append, 2)
    until(reactor, lambda: len(done) == 2)
    assert sum("Call at 0x" in text for text in errors(caplog)) == 2


def test_a_log_that_raises(reactor, capsys):
    class Filter(logging.Filter):
        def filter(self, record):
            raise RuntimeError("no log")

    def broken():
        raise ValueError("what was to be logged")

    done = []
    filter = Filter()
    logging.getLogger("plait").addFilter(filter)
    try:
        reactor.callLater(0, broken)
        reactor.callLater(0, done.append, 1)
        until(reactor, lambda: done)
    finally:
        logging.getLogger("plait").removeFilter(filter)
    assert "what was to be logged" in capsys.readouterr().err


@pytest.mark.logs_errors
def test_a_shutdown_goes_on(caplog):
    reactor = Reactor()

    class Raising(protocol.Factory):
        def stopFactory(self):
            raise ValueError("not now")

    told = []

    class Told(protocol.Protocol):
        def connectionMade(self):
            reactor.stop()

        def connectionLost(self, reason):
            told.append("lost")

    reactor.addSystemEventTrigger("during", "shutdown", told.append, "during")
    reactor.addSystemEventTrigger("after", "shutdown", told.append, "after")
    reactor.listenTCP(0, Raising.forProtocol(protocol.Protocol), interface="127.0.0.1")
    port = reactor.listenTCP(0, protocol.Factory.forProtocol(Told), interface="127.0.0.1")
    reactor.listenTCP(0, Raising.forProtocol(protocol.Protocol), interface="127.0.0.1")
    with socket.create_connection(("127.0.0.1", port.getHost().port), LIMIT):
        reactor.run()
    assert sorted(told) == ["after", "during", "lost"] and told[-1] == "after"
    assert not reactor.ports and not reactor.transports
    assert sum("stopListening" in text for text in errors(caplog)) == 2
    reactor.close()


def test_a_stop_that_comes_late_is_for_no_later_run():
    reactor = Reactor()
    reactor.addSystemEventTrigger("during", "shutdown", reactor.stop)
    reactor.callLater(0, reactor.stop)
    reactor.run()
    reactor.crash()
    done = []
    reactor.callLater(0.02, done.append, 1)
    reactor.callLater(0.03, reactor.stop)
    reactor.run()
    assert done == [1]
    reactor.close()


# Ends

def test_what_a_producer_ends_with_leaves(reactor, pair):
    class Sending(protocol.Protocol):
        def dataReceived(self, data):
            sent = basic.FileSender().beginFileTransfer(io.BytesIO(b"file"), self.transport)
            sent.addCallback(lambda _: self.transport.write(b" and more"))
            self.transport.loseConnection()

    peer = pair(Sending())
    peer.send(b"x")
    assert receive(reactor, peer) == b"file and more"


def test_a_descriptor_that_was_adopted_is_closed_once(reactor):
    class Refusing(protocol.Factory):
        def startFactory(self):
            self.others = [os.open("/dev/null", os.O_RDONLY) for _ in range(3)]
            raise ValueError("no")

    factory = Refusing()
    with socket.create_server(("127.0.0.1", 0)) as listening:
        with pytest.raises(ValueError):
            reactor.adoptStreamPort(listening.fileno(), socket.AF_INET, factory)
        for descriptor in factory.others:
            os.close(descriptor)  # still ours
        port = reactor.adoptStreamPort(listening.fileno(), socket.AF_INET, protocol.Factory())
        port.stopListening()
        with pytest.raises(error.CannotListenError):
            port.startListening()


def test_a_refused_attempt_that_was_given_up_does_not_end_the_next(reactor):
    failed = []

    class Client(protocol.ClientFactory):
        def clientConnectionFailed(self, connector, reason):
            failed.append(reason.type)

    port = reactor.listenTCP(0, protocol.Factory.forProtocol(protocol.Protocol), interface="127.0.0.1")
    connector = reactor.connectUNIX("/" + "x" * 200, Client())
    connector.stopConnecting()
    connector._where = f"tcp:127.0.0.1:{port.getHost().port}"
    connector.factory.protocol = protocol.Protocol
    connector.connect()
    until(reactor, lambda: connector.state == "connected")
    assert failed == [error.UserError]


# Threads

def test_another_threads_transport_is_refused(reactor, pair):
    made = Plain()
    peer = pair(made)
    refused = []

    def elsewhere():
        transport = made.transport
        for use in (
            lambda: transport.write(b"x"),
            transport.pauseProducing,
            transport.resumeProducing,
            transport.loseWriteConnection,
            transport.loseConnection,
            transport.abortConnection,
        ):
            try:
                use()
            except PlaitError as problem:
                refused.append(problem.name)

        try:
            port.stopListening()
        except PlaitError as problem:
            refused.append(problem.name)

    port = reactor.listenTCP(0, protocol.Factory.forProtocol(Plain), interface="127.0.0.1")
    thread = threading.Thread(target=elsewhere)
    thread.start()
    thread.join()
    assert refused == ["PLAIT_ERR_THREAD"] * 7
    assert port in reactor.ports
    assert not made.transport.disconnecting
    made.transport.write(b"here")
    made.transport.loseConnection()
    assert receive(reactor, peer) == b"here"
    assert lost(reactor, made).type is error.ConnectionDone


# Signals

EXITING = """
import signal, sys
from plait.internet import reactor
signal.signal(signal.SIGTERM, lambda *_: sys.exit(3))
reactor.addSystemEventTrigger("after", "shutdown", print, "shut down", flush=True)
reactor.callWhenRunning(print, "runs", flush=True)
reactor.run()
"""


def test_what_a_signal_handler_raises_ends_an_idle_run(environment):
    with started(EXITING, environment) as process:
        assert process.stdout.readline() == "runs\n"
        process.send_signal(signal.SIGTERM)
        assert process.stdout.readline() == "shut down\n"
        assert process.wait(LIMIT) == 3


def test_a_signal_handler_writes_while_output_is_handed_over(reactor, pair):
    """At any moment, also in the middle of a flush: nothing is lost, mixed up or left behind."""

    class Echo(basic.LineReceiver):
        def lineReceived(self, line):
            self.sendLine(line)

    made = Echo()
    peer = pair(made)
    sent = 0

    def alarm(number, frame):
        nonlocal sent
        if sent < 3000:
            sent += 1  # first: another signal may come meanwhile
            made.sendLine(b"signal")

    before = signal.signal(signal.SIGALRM, alarm)
    signal.setitimer(signal.ITIMER_REAL, 0.0001, 0.0001)
    got = bytearray()
    asked = 0
    try:
        while sent < 3000:
            if asked < 3000:
                peer.send(b"line %d\r\nand\r\n" % asked)
                asked += 1
            reactor.iterate()
            try:
                got += peer.recv(1 << 16)
            except BlockingIOError:
                pass
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)

    def complete():
        try:
            got.extend(peer.recv(1 << 20))
        except BlockingIOError:
            pass
        return got.count(b"\r\n") == 3000 + 2 * asked

    until(reactor, complete)
    lines = bytes(got).split(b"\r\n")[:-1]
    assert lines.count(b"signal") == 3000
    assert [line for line in lines if line.startswith(b"line")] == [b"line %d" % number for number in range(asked)]
    assert lines.count(b"and") == asked


def test_calls_to_a_reactor_that_is_closed_are_refused_each_time():
    reactor = Reactor()
    reactor.close()
    for _ in range(3):
        with pytest.raises(PlaitError):
            reactor.callFromThread(print)
    assert not reactor._calls
