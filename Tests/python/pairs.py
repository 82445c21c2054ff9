"""Connections between a protocol and a plain socket."""

from __future__ import annotations

import socket

import pytest

from conftest import LIMIT, until
from plait.internet import protocol


@pytest.fixture
def pair(reactor):
    """A function that connects a protocol, as a server, with a plain socket."""
    peers = []

    def connect(made):
        class One(protocol.Factory):
            def buildProtocol(self, addr):
                return made

        port = reactor.listenTCP(0, One(), interface="127.0.0.1")
        peer = socket.create_connection(("127.0.0.1", port.getHost().port), LIMIT)
        peers.append(peer)
        until(reactor, lambda: made.connected)
        port.stopListening()
        peer.setblocking(False)
        return peer

    yield connect
    for peer in peers:
        peer.close()


def receive(reactor, peer, length=None):
    """What arrives at a plain socket: so many bytes, or all to the end."""
    got = bytearray()

    def done():
        try:
            while True:
                chunk = peer.recv(1 << 20)
                if not chunk:
                    return True
                got.extend(chunk)
        except BlockingIOError:
            return length is not None and len(got) >= length

    until(reactor, done)
    return bytes(got)


class Plain(protocol.Protocol):
    def __init__(self):
        self.data = b""
        self.reason = None

    def dataReceived(self, data):
        self.data += data

    def connectionLost(self, reason):
        self.reason = reason
