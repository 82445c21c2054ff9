"""Twisted at the other end."""

from __future__ import annotations

import contextlib
import subprocess
import sys
from pathlib import Path

import pytest

from conftest import LIMIT, in_thread, run, until
from plait.internet import endpoints, error, protocol
from plait.protocols import basic

PEER = str(Path(__file__).parent / "peers" / "echo.py")
KINDS = {
    "lines": basic.LineReceiver,
    "int8": basic.Int8StringReceiver,
    "int16": basic.Int16StringReceiver,
    "int32": basic.Int32StringReceiver,
    "netstrings": basic.NetstringReceiver,
}
COUNT = 3000


def receiver(kind, blocks):
    """An echo of this kind, by message or by block."""

    class Echo(KINDS[kind]):
        got = 0
        reason = None

        def send(self, messages):
            (self.sendLines if kind == "lines" else self.sendStrings)(messages)

        def received(self, message):
            self.got += 1
            (self.sendLine if kind == "lines" else self.sendString)(message)

        def receivedMany(self, messages):
            self.got += len(messages)
            self.send(messages)

        if blocks:
            linesReceived = stringsReceived = receivedMany
        else:
            lineReceived = stringReceived = received

        def connectionLost(self, reason):
            self.reason = reason

    return Echo


@contextlib.contextmanager
def peer(*arguments):
    """A process of Twisted's."""
    with subprocess.Popen(
        [sys.executable, PEER, *map(str, arguments)], stdout=subprocess.PIPE, text=True
    ) as process:
        try:
            yield process
        finally:
            process.kill()


@pytest.mark.parametrize("blocks", [False, True])
@pytest.mark.parametrize("kind", KINDS)
def test_a_twisted_client(reactor, kind, blocks):
    factory = protocol.Factory.forProtocol(receiver(kind, blocks))
    port = reactor.listenTCP(0, factory, interface="127.0.0.1")
    with peer(kind, port.getHost().port, COUNT) as process:
        told = run(reactor, in_thread(reactor, process.stdout.readline))
    assert told == f"{COUNT} ConnectionDone\n"


@pytest.mark.parametrize("blocks", [False, True])
@pytest.mark.parametrize("kind", KINDS)
def test_a_twisted_server(reactor, kind, blocks):
    messages = [b"message %d" % number for number in range(COUNT)]

    class Client(receiver(kind, blocks)):
        heard: list[bytes] = []

        def received(self, message):
            self.heard.append(message)

        def receivedMany(self, messages):
            self.heard += messages

        if blocks:
            linesReceived = stringsReceived = receivedMany
        else:
            lineReceived = stringReceived = received

    with peer(kind) as process:
        number = int(process.stdout.readline())
        where = endpoints.TCP4ClientEndpoint(reactor, "127.0.0.1", number)
        client = run(reactor, endpoints.connectProtocol(where, Client()))
        client.send(messages)
        until(reactor, lambda: len(client.heard) == COUNT, LIMIT)
        assert client.heard == messages
        client.transport.loseConnection()
        until(reactor, lambda: client.reason is not None)
        assert client.reason.type is error.ConnectionDone
