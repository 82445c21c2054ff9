"""Transports of files, adapters, addresses of files, and the names of ``internet.testing``."""

from __future__ import annotations

import io
import os

import plait.test.proto_helpers
from plait.internet import protocol, testing
from plait.internet.address import UNIXAddress
from plait.protocols import basic


def test_a_file_as_a_transport():
    class Echo(basic.LineReceiver):
        def lineReceived(self, line):
            self.sendLine(line)
            if line == b"end":
                self.transport.loseConnection()

    echo, file = Echo(), io.BytesIO()
    echo.makeConnection(protocol.FileWrapper(file))
    echo.dataReceived(b"a\r\nb\r\n")
    assert file.getvalue() == b"a\r\nb\r\n"
    echo.dataReceived(b"end\r\n")
    assert file.closed and echo.transport.closed


def test_what_a_file_raises():
    class Noting(protocol.FileWrapper):
        noted = 0

        def handleException(self):
            self.noted += 1

    transport = Noting(io.BytesIO())
    transport.write("no bytes")
    transport.stopProducing()
    transport.write(b"behind its end")
    assert transport.noted == 2


def test_a_file_and_producers():
    class Producer:
        asked = 0

        def resumeProducing(self):
            self.asked += 1

    transport, producer = protocol.FileWrapper(io.BytesIO()), Producer()
    transport.registerProducer(producer, True)
    assert (transport.producer, producer.asked) == (producer, 0)
    transport.registerProducer(producer, False)
    assert producer.asked == 1
    transport.stopConsuming()
    assert transport.producer is None and transport.file.closed


def test_adapters():
    file = protocol.FileWrapper(io.BytesIO())
    writes = protocol.ConsumerToProtocolAdapter(file)
    consumer = protocol.ProtocolToConsumerAdapter(writes)
    consumer.registerProducer(None, True)
    consumer.write(b"there and back")
    consumer.unregisterProducer()
    assert file.file.getvalue() == b"there and back"


def test_two_paths_of_one_file(tmp_path):
    one, other = tmp_path / "one", tmp_path / "other"
    one.touch()
    os.link(one, other)
    assert UNIXAddress(str(one)) == UNIXAddress(str(other))
    assert len({UNIXAddress(str(one)), UNIXAddress(str(other))}) == 1
    other.unlink()
    assert UNIXAddress(str(one)) != UNIXAddress(str(other))
    assert UNIXAddress(b"\0abstract") == UNIXAddress(b"\0abstract") != UNIXAddress(b"\0other")
    assert UNIXAddress(None) == UNIXAddress(None) != UNIXAddress(str(one))
    assert UNIXAddress(None) != "UNIXAddress(None)"


def test_names_for_tests():
    for name in testing.__all__:
        assert getattr(testing, name) is getattr(plait.test.proto_helpers, name)
    assert set(testing.__all__) == set(plait.test.proto_helpers.__all__)


def test_the_calls_of_a_clock():
    clock = testing.Clock()
    made, dropped = clock.callLater(1, max, 1, 2), clock.callLater(2, max)
    assert clock.calls == [made, dropped]
    assert (made.func, made.args, made.kw, made.time) == (max, (1, 2), {}, 1.0)
    assert not made.called and not made.cancelled
    dropped.cancel()
    clock.advance(1)
    assert made.called and not made.cancelled
    assert dropped.cancelled and not dropped.called
