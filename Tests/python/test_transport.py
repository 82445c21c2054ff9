"""What a protocol can do with its transport."""

from __future__ import annotations

import socket

import pytest

from conftest import LIMIT, lost, until
from pairs import Plain, pair, receive
from plait.internet import error, interfaces, protocol
from plait.protocols import basic
from test_tcp import Recorder

__all__ = ["pair"]


def test_writing(reactor, pair):
    made = Plain()
    peer = pair(made)
    assert made.transport.connected and not made.transport.disconnecting
    made.transport.write(b"a")
    made.transport.writeSequence([b"b", b"c"])
    buffer = bytearray(b"d")
    made.transport.write(buffer)
    buffer[0] = 0
    made.transport.write(memoryview(b"e"))
    made.transport.write(b"")
    with pytest.raises(TypeError):
        made.transport.write("text")
    made.transport.loseConnection()
    made.transport.loseConnection()
    assert made.transport.disconnecting
    made.transport.write(b"too late")
    assert receive(reactor, peer) == b"abcde"
    assert lost(reactor, made).type is error.ConnectionDone
    assert not made.transport.connected and made.transport.disconnected
    made.transport.write(b"into the void")
    made.transport.loseConnection()
    made.transport.abortConnection()
    reactor.iterate()


class Leaving(basic.LineReceiver):
    def lineReceived(self, line):
        self.sendLine(b"before")
        self.transport.loseConnection()
        self.sendLine(b"behind " + line)
        self.transport.write(b"and ")
        self.transport.loseConnection()
        self.transport.writeSequence([b"the ", b"last"])


def test_what_a_callback_writes_behind_the_end_leaves(reactor, pair):
    made = Leaving()
    peer = pair(made)
    peer.sendall(b"one\r\ntwo\r\n")
    assert receive(reactor, peer) == b"before\r\nbehind one\r\nand the last"
    assert not made.transport.connected


class AbortingAtTheEnd(Leaving):
    def lineReceived(self, line):
        super().lineReceived(line)
        self.transport.abortConnection()


def test_an_end_that_waits_is_cut_short(reactor, pair):
    made = AbortingAtTheEnd()
    peer = pair(made)
    peer.sendall(b"one\r\n")
    with pytest.raises(ConnectionResetError):
        receive(reactor, peer)
    assert not reactor.dirty and not made.transport.connected


def test_a_write_outside_of_a_callback_leaves_by_itself(reactor, pair):
    made = Recorder()
    peer = pair(made)
    made.sendLine(b"one")
    made.sendLine(b"two")
    assert receive(reactor, peer, 10) == b"one\r\ntwo\r\n"


def test_the_socket_behind_it(reactor, pair):
    made = Plain()
    peer = pair(made)
    handle = made.transport.getHandle()
    assert handle.fileno() >= 0 and handle.family == socket.AF_INET
    assert handle.getpeername() == peer.getsockname() and handle.getsockname() == peer.getpeername()
    handle.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    assert handle.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE) == 1
    made.transport.loseConnection()
    assert receive(reactor, peer) == b""  # what was lent does not keep it
    lost(reactor, made)
    assert handle.fileno() == -1
    with pytest.raises(OSError):
        handle.getsockname()


def test_aborting(reactor, pair):
    made = Plain()
    peer = pair(made)
    made.transport.write(b"x" * 1000000)
    made.transport.abortConnection()
    assert lost(reactor, made).type is error.ConnectionAborted
    with pytest.raises(ConnectionResetError):
        receive(reactor, peer)


def test_the_peer_resets(reactor, pair):
    made = Plain()
    peer = pair(made)
    peer.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
    peer.close()
    reason = lost(reactor, made)
    assert reason.type is error.ConnectionLost
    assert reason.value.errno


def test_the_peer_closes(reactor, pair):
    made = Plain()
    peer = pair(made)
    peer.sendall(b"last words")
    peer.close()
    assert lost(reactor, made).type is error.ConnectionDone
    assert made.data == b"last words"


def test_pausing(reactor, pair):
    made = Plain()
    peer = pair(made)
    made.transport.pauseProducing()
    peer.sendall(b"waiting")
    for _ in range(5):
        reactor.iterate(0)
    assert made.data == b""
    made.transport.resumeProducing()
    until(reactor, lambda: made.data == b"waiting")
    made.transport.stopProducing()
    assert lost(reactor, made).type is error.ConnectionDone


def test_pausing_a_receiver_of_lines(reactor, pair):
    class Pausing(Recorder):
        def lineReceived(self, line):
            super().lineReceived(line)
            if line == b"pause":
                self.pauseProducing()

    made = Pausing()
    peer = pair(made)
    peer.sendall(b"a\r\npause\r\nb\r\nc\r\n")
    until(reactor, lambda: made.paused)
    for _ in range(5):
        reactor.iterate(0)
    assert made.events == ["made", b"a", b"pause"]
    made.resumeProducing()
    until(reactor, lambda: made.events == ["made", b"a", b"pause", b"b", b"c"])


def test_modes_and_the_line_buffer(reactor, pair):
    class Modes(Recorder):
        def lineReceived(self, line):
            super().lineReceived(line)
            if line == b"raw":
                self.setRawMode()
            elif line == b"clear":
                self.events.append(("cleared", self.clearLineBuffer()))
            elif line == b"semicolon":
                self.delimiter = b";"

        def rawDataReceived(self, data):
            self.events.append(("raw", data))
            head, mark, rest = data.partition(b"!")
            if mark:
                self.setLineMode(rest)

    made = Modes()
    peer = pair(made)
    peer.sendall(b"a\r\nraw\r\nx\r\n!b\r\nclear\r\nc\r\nd")
    until(reactor, lambda: len(made.events) >= 7)
    assert made.events == [
        "made",
        b"a",
        b"raw",
        ("raw", b"x\r\n!b\r\nclear\r\nc\r\nd"),
        b"b",
        b"clear",
        ("cleared", b"c\r\nd"),
    ]
    peer.sendall(b"semicolon\r\ne\r\n;f;")
    until(reactor, lambda: len(made.events) >= 10)
    assert made.events[7:] == [b"semicolon", b"e\r\n", b"f"]


def test_nothing_is_delivered_after_the_end_was_asked_for(reactor, pair):
    class Ends(Recorder):
        def lineReceived(self, line):
            super().lineReceived(line)
            self.transport.loseConnection()

    made = Ends()
    peer = pair(made)
    peer.sendall(b"a\r\nb\r\nc\r\n")
    assert lost(reactor, made).type is error.ConnectionDone
    assert made.events == ["made", b"a", error.ConnectionDone]


def test_a_line_that_is_too_long(reactor, pair):
    made = Recorder()
    made.MAX_LENGTH = 5
    peer = pair(made)
    peer.sendall(b"12345\r\n123456\r\nnever\r\n")
    lost(reactor, made)
    assert made.events == ["made", b"12345", error.ConnectionDone]


def test_a_peer_that_sends_no_netstrings(reactor, pair):
    class Netstrings(basic.NetstringReceiver):
        reason = None

        def connectionLost(self, reason):
            self.reason = reason

    made = Netstrings()
    peer = pair(made)
    peer.sendall(b"nonsense")
    reason = lost(reactor, made)
    assert reason.check(error.PeerError) and reason.check(error.ConnectionLost)
    assert made.brokenPeer == 1


def test_options(reactor, pair):
    made = Plain()
    pair(made)
    assert made.transport.getTcpNoDelay() is True
    made.transport.setTcpNoDelay(False)
    assert made.transport.getTcpNoDelay() is False
    assert made.transport.getTcpKeepAlive() is False
    made.transport.setTcpKeepAlive(True)
    assert made.transport.getTcpKeepAlive() is True


class HalfCloseable(Plain):
    def __init__(self):
        super().__init__()
        self.events = []

    def readConnectionLost(self):
        self.events.append("read")

    def writeConnectionLost(self):
        self.events.append("write")


def test_half_closing(reactor, pair):
    made = HalfCloseable()
    assert isinstance(made, interfaces.IHalfCloseableProtocol)
    peer = pair(made)
    made.transport.write(b"x" * 300000)
    made.transport.loseWriteConnection()
    assert len(receive(reactor, peer)) == 300000
    until(reactor, lambda: made.events == ["write"])
    peer.sendall(b"still heard")
    until(reactor, lambda: made.data == b"still heard")
    peer.shutdown(socket.SHUT_WR)
    until(reactor, lambda: made.events == ["write", "read"])
    made.transport.loseConnection()
    assert lost(reactor, made).type is error.ConnectionDone


def test_the_peer_half_closes(reactor, pair):
    made = HalfCloseable()
    peer = pair(made)
    peer.sendall(b"question")
    peer.shutdown(socket.SHUT_WR)
    until(reactor, lambda: made.events == ["read"])
    made.transport.write(b"answer to " + made.data)
    made.transport.loseConnection()
    assert receive(reactor, peer) == b"answer to question"
    lost(reactor, made)


def test_receivers_of_lines_may_be_half_closed(reactor, pair):
    class HalfCloseableLines(Recorder):
        def readConnectionLost(self):
            self.sendLine(b"read")
            self.transport.loseConnection()

        def writeConnectionLost(self):
            pass

    made = HalfCloseableLines()
    peer = pair(made)
    peer.sendall(b"a\r\nhalf")
    peer.shutdown(socket.SHUT_WR)
    assert receive(reactor, peer) == b"read\r\n"
    assert lost(reactor, made).type is error.ConnectionDone
    assert made.events == ["made", b"a", error.ConnectionDone]
    made = Recorder()
    peer = pair(made)
    made.sendLine(b"x" * 10000)
    peer.shutdown(socket.SHUT_WR)
    assert len(receive(reactor, peer)) == 10002
    assert lost(reactor, made).type is error.ConnectionDone


@pytest.mark.parametrize("kind", [basic.LineReceiver, basic.Int8StringReceiver])
def test_a_class_learns_of_half_closing_while_its_factory_listens(reactor, kind):
    class Late(kind):
        def connectionLost(self, reason):
            ended.append(reason.type)

    def told(self):
        self.transport.write(b"read")
        self.transport.loseConnection()

    ended = []
    port = reactor.listenTCP(0, protocol.Factory.forProtocol(Late), interface="127.0.0.1")
    for wanted in (b"", b"read"):
        with socket.create_connection(("127.0.0.1", port.getHost().port), LIMIT) as peer:
            peer.shutdown(socket.SHUT_WR)
            peer.setblocking(False)
            assert receive(reactor, peer) == wanted
        Late.readConnectionLost = told
    until(reactor, lambda: len(ended) == 2)
    assert ended == [error.ConnectionDone] * 2


def listens(port, sent):
    with socket.create_connection(("127.0.0.1", port.getHost().port), LIMIT) as peer:
        peer.sendall(sent)
        peer.shutdown(socket.SHUT_WR)
        peer.setblocking(False)
        return receive(port.driver, peer)


def test_a_class_is_changed_while_its_factory_listens(reactor, monkeypatch):
    class Base(basic.LineReceiver):
        def lineReceived(self, line):
            self.sendLine(line)

    class Late(Base):
        delimiter = b";"
        note = other = None

    port = reactor.listenTCP(0, protocol.Factory.forProtocol(Late), interface="127.0.0.1")
    assert listens(port, b"a;b\r\n") == b"a;"
    # As many names as before.
    del Late.delimiter
    Late.more = 1
    assert listens(port, b"a;b\r\n") == b"a;b\r\n"
    del Late.note
    Late.MAX_LENGTH = 1
    assert listens(port, b"a\r\nbb\r\n") == b"a\r\n"
    del Late.MAX_LENGTH
    with monkeypatch.context() as patch:
        patch.setattr(Base, "delimiter", b"|")
        assert listens(port, b"a|b\r\n") == b"a|"
    assert listens(port, b"a|b\r\n") == b"a|b\r\n"
    del Late.other
    Late.readConnectionLost = lambda made: made.sendLine(b"read") or made.transport.loseConnection()
    assert listens(port, b"a\r\n") == b"a\r\nread\r\n"


def test_another_protocol_takes_over(reactor, pair):
    class First(Recorder):
        def lineReceived(self, line):
            super().lineReceived(line)
            if line == b"switch":
                self.transport.protocol = second
                second.makeConnection(self.transport)

    class Second(basic.Int8StringReceiver):
        def __init__(self):
            self.events = []

        def stringReceived(self, string):
            self.events.append(string)
            if string == b"plain":
                self.transport.protocol = third
                third.makeConnection(self.transport)

    made, second, third = First(), Second(), Plain()
    peer = pair(made)
    peer.sendall(b"a\r\nswitch\r\n\x03one\x05plainrest")
    until(reactor, lambda: third.data == b"rest")
    assert made.events == ["made", b"a", b"switch"]
    assert second.events == [b"one", b"plain"]
    peer.close()
    assert lost(reactor, third).type is error.ConnectionDone
    assert len(made.events) == 3
