from twisted.protocols import basic
from twisted.internet import protocol, reactor, endpoints

class ChatProtocol(basic.LineReceiver):
    delimiter = b'\n'

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
endpoint = endpoints.TCP4ServerEndpoint(reactor, 8080)
endpoint.listen(ChatFactory())
reactor.run()
