"""Nothing is left of what has ended."""

from __future__ import annotations

import gc
import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from conftest import LIMIT, until
from plait._core.registry import conns, objects
from plait.internet import protocol
from plait.protocols import basic
from test_tcp import EchoBytes, EchoLines


def alive(*kinds):
    """How many objects of these classes there are."""
    gc.collect()
    return sum(isinstance(thing, kinds) for thing in gc.get_objects())


@pytest.mark.parametrize("kind", [EchoLines, EchoBytes])
def test_connections(reactor, kind):
    from plait._core.transport import Transport

    count = []

    class Counted(kind):
        def connectionLost(self, reason):
            count.append(reason.type)

    port = reactor.listenTCP(0, protocol.Factory.forProtocol(Counted), interface="127.0.0.1")
    address = ("127.0.0.1", port.getHost().port)
    gc.collect()  # what earlier tests left
    before = (len(conns), len(objects), alive(Transport, Counted))
    for number in range(200):
        with socket.create_connection(address, LIMIT) as peer:
            peer.sendall(b"hello\r\n" if number % 2 else b"bye\r\n")
        until(reactor, lambda n=number: len(count) > n)
    assert (len(conns), len(objects), alive(Transport, Counted)) == before
    assert not reactor.transports


def test_no_cycles(reactor):
    """A connection that has ended is gone without the collector of cycles."""
    from weakref import ref

    died = []

    class Watched(EchoLines):
        def connectionMade(self):
            watching.append(ref(self, died.append))
            watching.append(ref(self.transport, died.append))

    watching = []
    port = reactor.listenTCP(0, protocol.Factory.forProtocol(Watched), interface="127.0.0.1")
    gc.collect()
    gc.disable()
    try:
        with socket.create_connection(("127.0.0.1", port.getHost().port), LIMIT) as peer:
            peer.sendall(b"bye\r\n")
            until(reactor, lambda: len(died) == 2)
    finally:
        gc.enable()


def test_clients_and_timers(reactor):
    server = protocol.Factory.forProtocol(EchoLines)
    port = reactor.listenTCP(0, server, interface="127.0.0.1")

    class Client(protocol.ClientFactory):
        protocol = basic.LineReceiver
        ended = 0

        def clientConnectionLost(self, connector, reason):
            type(self).ended += 1

        def buildProtocol(self, addr):
            made = super().buildProtocol(addr)
            reactor.callLater(0, made.sendLine, b"bye")
            made.lineReceived = lambda line: None
            return made

    before = None
    for number in range(60):
        reactor.connectTCP("127.0.0.1", port.getHost().port, Client())
        reactor.callLater(1000, print).cancel()
        until(reactor, lambda n=number: Client.ended > n)
        until(reactor, lambda: not reactor.transports)
        if number == 10:
            before = (len(conns), len(objects))
    assert (len(conns), len(objects)) == before
    assert not reactor.attempts and not reactor.connectors and not reactor.getDelayedCalls()


#: A million take minutes: make soak.
_MANY = 1_000_000 if os.environ.get("PLAIT_SOAK") else 2_000
CONNECTIONS = int(os.environ.get("PLAIT_SOAK_CONNECTIONS", _MANY))


def test_what_callbacks_leave(reactor):
    """Nothing: not a block of memory for all their connections, lines and ends."""
    lost = []

    class Counted(EchoLines):
        def connectionLost(self, reason):
            lost.append(None)

    def held():
        gc.collect()
        return sys.getallocatedblocks(), int(Path("/proc/self/statm").read_text().split()[1])

    port = reactor.listenTCP(0, protocol.Factory.forProtocol(Counted), interface="127.0.0.1")
    address = ("127.0.0.1", port.getHost().port)
    blocks = pages = 0
    for number in range(CONNECTIONS):
        if number == CONNECTIONS // 10:
            blocks, pages = held()
        with socket.create_connection(address, LIMIT) as peer:
            peer.sendall(b"hello\r\n" * 10)
        until(reactor, lambda: lost)
        lost.clear()
    now = held()
    print(f"{CONNECTIONS:,} connections: {now[0] - blocks:+} blocks of Python's, {now[1] - pages:+} pages")
    # One left by each would be nine in ten of their number.
    assert now[0] - blocks < min(200, CONNECTIONS // 10)
    # A sanitizer keeps for a while what was given back.
    assert now[1] - pages < 256 or "_rt." in os.environ.get("LD_PRELOAD", "")  # a mebibyte


@pytest.mark.parametrize(
    "way",
    [
        "at exit",
        "of a thread that has ended",
        "in another thread",
        "in another thread, at exit",
        "in a cycle",
    ],
)
def test_leaving_receivers_behind(environment, way):
    program = Path(__file__).parent / "peers" / "leaving.py"
    done = subprocess.run(
        [sys.executable, str(program), way], env=environment, capture_output=True, text=True
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert "b'line'" in done.stdout
