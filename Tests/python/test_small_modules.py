"""What is small: addresses in texts, ends of connections, the old log; and what the log says of factories."""

from __future__ import annotations

import io
import logging
import socket

import pytest

from conftest import until
from plait.internet import abstract, error, main, protocol
from plait.python import log
from plait.python.failure import Failure


def test_addresses():
    for text in ("127.0.0.1", b"10.0.0.255"):
        assert abstract.isIPAddress(text)
    for text in ("127.0.0", "256.1.1.1", "localhost", "", "::1", b"\xff", "1.2.3.4\0"):
        assert not abstract.isIPAddress(text)
    for text in ("::1", "fe80::1%nosuch", b"::ffff:1.2.3.4"):
        assert abstract.isIPv6Address(text) and abstract.isIPAddress(text, socket.AF_INET6)
    for text in ("1.2.3.4", "::g", "%lo"):
        assert not abstract.isIPv6Address(text)
    with pytest.raises(ValueError, match="family"):
        abstract.isIPAddress("1.2.3.4", -1)


def test_ends():
    assert type(main.CONNECTION_DONE) is error.ConnectionDone
    assert type(main.CONNECTION_LOST) is error.ConnectionLost


@pytest.mark.logs_errors
def test_the_old_log(caplog):
    log.msg("one", 2, b"three")
    log.msg(format="%(what)s happened", what="it", logLevel=logging.WARNING)
    log.err(ValueError("v"), "why")
    log.err(Failure(KeyError("k")))
    log.err("a thing")
    try:
        raise OSError("o")
    except OSError:
        log.err()
    said = [(record.levelname, record.getMessage()) for record in caplog.records]
    assert said == [
        ("INFO", "one 2 b'three'"),
        ("WARNING", "it happened"),
        ("ERROR", "why"),
        ("ERROR", "Unhandled Error"),
        ("ERROR", "'a thing'"),
        ("ERROR", "Unhandled Error"),
    ]
    kinds = [record.exc_info and record.exc_info[0] for record in caplog.records]
    assert kinds == [None, None, ValueError, KeyError, None, OSError]


def test_the_old_log_in_a_file():
    file, logger = io.StringIO(), logging.getLogger("plait")
    before, level = list(logger.handlers), logger.level
    try:
        log.startLogging(file)
        log.msg("hello")
    finally:
        logger.handlers[:] = before
        logger.setLevel(level)
    assert file.getvalue().endswith("[plait] hello\n")


@pytest.mark.logs_errors
def test_a_factory_that_raises_is_named(reactor, caplog):
    class Raises(protocol.Factory):
        def buildProtocol(self, addr):
            raise KeyError("on purpose")

        def __repr__(self):
            return "<the factory that raises>"

    lost = []

    class Client(protocol.ClientFactory):
        protocol = protocol.Protocol

        def clientConnectionLost(self, connector, reason):
            lost.append(reason)

    port = reactor.listenTCP(0, Raises(), interface="127.0.0.1")
    reactor.connectTCP("127.0.0.1", port.getHost().port, Client())
    until(reactor, lambda: lost)
    assert "Unhandled error in <the factory that raises>" in caplog.text


def test_a_name_that_is_not_found():
    found = error.getConnectError(socket.gaierror(socket.EAI_NONAME, "unknown"))
    assert type(found) is error.UnknownHostError
    assert found.args == (socket.EAI_NONAME, "unknown")
    assert type(error.getConnectError(OSError(111, "refused"))) is error.ConnectionRefusedError
