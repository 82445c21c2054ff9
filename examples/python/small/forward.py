"""A port forwarder: each side is a producer for the other, so that the slower one sets the pace.

Usage: python forward.py server TARGET [PORT]
"""

import sys

from plait.internet import protocol, reactor


class Side(protocol.Protocol):
    other = None

    def meet(self, other):
        self.other = other
        other.transport.registerProducer(self.transport, True)

    def dataReceived(self, data):
        self.other.transport.write(data)

    def connectionLost(self, reason):
        if self.other is not None:
            self.other.transport.unregisterProducer()
            self.other.transport.loseConnection()


class Outgoing(Side):
    def connectionMade(self):
        incoming = self.factory.incoming
        self.meet(incoming)
        incoming.meet(self)
        # Now there is somebody to hand it to.
        incoming.transport.resumeProducing()


class OutgoingFactory(protocol.ClientFactory):
    protocol = Outgoing

    def __init__(self, incoming):
        self.incoming = incoming

    def clientConnectionFailed(self, connector, reason):
        self.incoming.transport.loseConnection()


class Incoming(Side):
    def connectionMade(self):
        self.transport.pauseProducing()
        reactor.connectTCP("127.0.0.1", self.factory.target, OutgoingFactory(self))


factory = protocol.ServerFactory.forProtocol(Incoming)
factory.target = int(sys.argv[2])
number = int(sys.argv[3]) if sys.argv[3:] else 8008
port = reactor.listenTCP(number, factory, interface="127.0.0.1")
print("port", port.getHost().port, flush=True)
reactor.run()
