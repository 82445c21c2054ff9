"""A chat server: what one says, all others hear.

Usage: python chat_server.py [PORT]
"""

import sys

from plait.internet import endpoints, protocol, reactor
from plait.protocols import basic


class ChatProtocol(basic.LineReceiver):
    delimiter = b"\n"

    def connectionMade(self):
        self.sendLine(b"Welcome to chat server!")
        self.factory.clients.append(self)

    def connectionLost(self, reason):
        if self in self.factory.clients:
            self.factory.clients.remove(self)

    def lineReceived(self, line):
        message = f"User says: {line.decode()}"
        # Broadcast to all clients
        for client in self.factory.clients:
            if client != self:
                client.sendLine(message.encode())


class ChatFactory(protocol.ServerFactory):
    def __init__(self):
        self.clients = []

    def buildProtocol(self, addr):
        protocol = ChatProtocol()
        protocol.factory = self
        return protocol


# Start server
endpoint = endpoints.TCP4ServerEndpoint(reactor, int(sys.argv[1]) if sys.argv[1:] else 8080)
listening = endpoint.listen(ChatFactory())
listening.addCallback(lambda port: print("listening on port", port.getHost().port, flush=True))
reactor.run()
