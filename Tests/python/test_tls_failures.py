"""Handshakes that fail: who speaks is told why, and where nobody speaks yet the log is."""

from __future__ import annotations

import logging
import signal
import socket
import ssl as standard

import pytest

from conftest import LIMIT, in_thread, until
from plait.internet import endpoints, error, protocol, ssl
from plait.protocols import basic
from test_tls import Factory, Recorder, certificates, good, root  # noqa: F401


def plain(port):
    with socket.create_connection(("127.0.0.1", port), LIMIT) as peer:
        peer.sendall(b"GET / HTTP/1.1\r\nHost: me\r\n\r\n")
        while peer.recv(4096):
            pass


def silent(port):
    """A look whether something listens."""
    socket.create_connection(("127.0.0.1", port), LIMIT).close()


def shaken(adjust):
    """A client that reads to the end, so that what it has said of its own end arrives."""

    def talk(port):
        context = standard.SSLContext(standard.PROTOCOL_TLS_CLIENT)
        context.check_hostname, context.verify_mode = False, standard.CERT_NONE
        adjust(context)
        incoming, outgoing = standard.MemoryBIO(), standard.MemoryBIO()
        secure = context.wrap_bio(incoming, outgoing)
        with socket.create_connection(("127.0.0.1", port), LIMIT) as peer:
            isOver, data = False, b"x"
            while data:
                try:
                    secure.do_handshake()
                    secure.read(1)
                except standard.SSLWantReadError:
                    pass
                except standard.SSLError:
                    isOver = True
                peer.sendall(outgoing.read())
                if isOver:
                    peer.shutdown(socket.SHUT_WR)
                data = peer.recv(65536)
                while isOver and data:
                    data = peer.recv(65536)
                incoming.write(data)

    return talk


def old(context):
    context.maximum_version = standard.TLSVersion.TLSv1_2


def suspicious(context):
    """Trusts nobody: it ends the handshake by an alert."""
    context.verify_mode = standard.CERT_REQUIRED


def listening(way, reactor, options, factory):
    if way == "listenSSL":
        return reactor.listenSSL(0, factory, options, interface="127.0.0.1")
    place = endpoints.TCP4ServerEndpoint(reactor, 0, interface="127.0.0.1")
    if way == "over a program's own":

        class Own:
            def listen(self, factory):
                return place.listen(factory)

        made = endpoints.wrapServerTLS(options, Own())
    else:
        made = endpoints.wrapServerTLS(options, place)
    found = []
    made.listen(factory).addCallback(found.append)
    return found[0]


def told(caplog):
    return [r.getMessage() for r in caplog.records if r.levelno == logging.INFO]


PEERS = {
    "plain": (plain, "it seems that the peer does not speak TLS"),
    "silent": (silent, "the peer ended the connection during the TLS handshake"),
    "old": (shaken(old), "unsupported protocol"),
    "without certificate": (shaken(lambda context: None), "the client has shown no certificate"),
    "suspicious": (shaken(suspicious), "the peer ended TLS with an alert: unknown CA"),
}


@pytest.mark.parametrize("peer", PEERS)
@pytest.mark.parametrize("way", ["listenSSL", "wrapServerTLS", "over a program's own"])
def test_servers_log_it(reactor, root, good, caplog, way, peer):  # noqa: F811
    talk, words = PEERS[peer]
    options = ssl.CertificateOptions(
        good.privateKey,
        good,
        trustRoot=[root] if peer == "without certificate" else None,
        raiseMinimumTo=ssl.TLSVersion.TLSv1_3,
    )
    factory = Factory()
    port = listening(way, reactor, options, factory)
    talking = in_thread(reactor, talk, port.getHost().port)
    until(reactor, lambda: told(caplog))
    ended = []
    talking.addBoth(ended.append)
    until(reactor, lambda: ended)
    (line,) = told(caplog)
    assert line.startswith("tls: the handshake with ") and words in line, line
    assert "127.0.0.1" in line
    # They were never introduced.
    assert not any(hasattr(made, "made") for made in factory.protocols)


def test_nobodys_name_writes_into_the_log(reactor, good, caplog, tmp_path):
    place = endpoints.UNIXServerEndpoint(reactor, str(tmp_path / "socket"))
    endpoints.wrapServerTLS(good.options(), place).listen(Factory())
    with socket.socket(socket.AF_UNIX) as peer:
        peer.bind(b"\0a client\nINFO:plait:forged\x1b[31m\xff")
        peer.connect(str(tmp_path / "socket"))
        peer.sendall(b"GET / HTTP/1.1\r\n\r\n")
        until(reactor, lambda: told(caplog))
    (line,) = told(caplog)
    assert line.startswith("tls: the handshake with @a client?INFO:plait:forged?[31m\ufffd failed: ")


def test_what_a_signal_handler_raises_in_the_log_ends_the_run(reactor, good):
    """Where the reactor does not take the signal."""

    class Handler(logging.Handler):
        def emit(self, record):
            signal.raise_signal(signal.SIGINT)

    port = listening("listenSSL", reactor, good.options(), Factory())
    in_thread(reactor, plain, port.getHost().port)
    timer = reactor.callLater(LIMIT, reactor.crash)
    handler = Handler()
    logger = logging.getLogger("plait")
    logger.addHandler(handler)
    try:
        with pytest.raises(KeyboardInterrupt):
            reactor.run(installSignalHandlers=False)
    finally:
        logger.removeHandler(handler)
    assert timer.active()
    timer.cancel()


def test_who_speaks_is_told(reactor, good, caplog):
    """A protocol that begins TLS itself hears what went wrong."""

    class Server(Recorder):
        def connectionMade(self):
            super().connectionMade()
            self.transport.startTLS(good.options())

    factory = Factory(Server)
    port = reactor.listenTCP(0, factory, interface="127.0.0.1")
    ended = []
    in_thread(reactor, plain, port.getHost().port).addBoth(ended.append)
    until(reactor, lambda: ended and factory.protocols and factory.protocols[0].reason)
    reason = factory.protocols[0].reason
    assert reason.check(error.SSLError) and reason.check(ConnectionError)
    assert "does not speak TLS" in reason.getErrorMessage()
    assert reason.getErrorMessage().count("TLS") == 2
    assert not told(caplog)


def test_clients_are_told(reactor, good, caplog):
    """So are those that connect: their Deferred, and not the log."""
    port = reactor.listenTCP(0, protocol.Factory.forProtocol(Talkative), interface="127.0.0.1")
    place = endpoints.TCP4ClientEndpoint(reactor, "127.0.0.1", port.getHost().port)
    failed = []
    endpoints.wrapClientTLS(ssl.CertificateOptions(), place).connect(
        protocol.Factory.forProtocol(basic.LineReceiver)
    ).addErrback(failed.append)
    until(reactor, lambda: failed)
    assert failed[0].check(error.SSLError) and "does not speak TLS" in failed[0].getErrorMessage()
    assert not told(caplog)


class Talkative(protocol.Protocol):
    """Greets in plain."""

    def connectionMade(self):
        self.transport.write(b"220 mail.example.org ready\r\n")


def test_good_ones_leave_no_word(reactor, root, good, caplog):  # noqa: F811
    factory = Factory()
    port = listening("listenSSL", reactor, good.options(), factory)
    place = endpoints.HostnameEndpoint(reactor, "localhost", port.getHost().port)
    client = Recorder()
    endpoints.connectProtocol(
        endpoints.wrapClientTLS(ssl.optionsForClientTLS("localhost", root), place), client
    )
    until(reactor, lambda: client.transport and factory.protocols and factory.protocols[0].transport)
    client.transport.loseConnection()
    until(reactor, lambda: client.reason and factory.protocols[0].reason)
    port.stopListening()
    assert not told(caplog)
