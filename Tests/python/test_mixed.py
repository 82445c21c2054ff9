"""Plait's protocols on Twisted's transports, and Twisted's protocols on Plait's."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from twisted.internet.testing import StringTransport
from twisted.protocols import basic as theirs

from conftest import LIMIT, in_thread, run
from doubles import Lines
from plait.internet import protocol
from plait.protocols import basic
from test_tcp import talk

MIXED = str(Path(__file__).parent / "peers" / "mixed.py")
DATA = b"one\r\n" + b"x" * 10000 + b"\r\nbye\r\nnever\r\n"


def test_on_twisteds_reactor(environment):
    with subprocess.Popen(
        [sys.executable, MIXED], env=environment, stdout=subprocess.PIPE, text=True
    ) as process:
        try:
            number = int(process.stdout.readline())
            assert talk(("127.0.0.1", number), DATA) == DATA[: -len(b"never\r\n")]
            assert process.communicate(timeout=LIMIT)[0] == "ConnectionDone\n"
        finally:
            process.kill()


def test_on_twisteds_transport_for_tests():
    made = Lines()
    transport = StringTransport()
    made.makeConnection(transport)
    made.on_pause = lambda line: made.pauseProducing()
    made.dataReceived(b"a\r\npause\r\nb\r\n")
    assert transport.producerState == "paused"
    assert made.lines() == [b"a", b"pause"]
    made.resumeProducing()
    assert transport.producerState == "producing"
    assert made.lines() == [b"a", b"pause", b"b"]
    made.sendLine(b"out")
    assert transport.value() == b"out\r\n"
    made.on_end = lambda line: transport.loseConnection()
    made.dataReceived(b"end\r\nc\r\n")
    made.dataReceived(b"d\r\n")
    assert made.lines()[3:] == [b"end"]


@pytest.mark.parametrize("base", [theirs.LineReceiver, theirs.LineOnlyReceiver, basic.LineReceiver])
def test_twisteds_protocols(reactor, base):
    class Echo(base):
        def lineReceived(self, line):
            self.sendLine(line)
            if line == b"bye":
                self.transport.loseConnection()

    port = reactor.listenTCP(0, protocol.Factory.forProtocol(Echo), interface="127.0.0.1")
    answer = run(reactor, in_thread(reactor, talk, ("127.0.0.1", port.getHost().port), DATA[:-7]))
    assert answer == DATA[:-7]


def test_a_limit_of_nothing():
    made = Lines()
    made.MAX_LENGTH = 0
    made.makeConnection(StringTransport())
    made.dataReceived(b"\r\n\r\nx\r\n")
    assert made.events == [("line", b""), ("line", b""), ("exceeded", b"x\r\n")]
