"""A push producer: a server sends numbers as fast as the client takes them, and no faster.

Usage: python stream.py server [PORT] | client PORT COUNT
"""

import sys

from zope.interface import implementer

from plait.internet import interfaces, protocol, reactor
from plait.protocols import basic


@implementer(interfaces.IPushProducer)
class Numbers:
    def __init__(self, transport, count):
        self.transport, self.count = transport, count
        self.produced, self.paused, self.pauses = 0, False, 0

    def pauseProducing(self):
        self.paused = True
        self.pauses += 1

    def resumeProducing(self):
        self.paused = False
        while not self.paused and self.produced < self.count:
            self.transport.write(b"%d\r\n" % self.produced)
            self.produced += 1
        if self.produced == self.count:
            self.transport.unregisterProducer()
            self.transport.loseConnection()

    def stopProducing(self):
        self.produced = self.count


class Server(basic.LineReceiver):
    def lineReceived(self, line):
        self.numbers = Numbers(self.transport, int(line))
        self.transport.registerProducer(self.numbers, True)
        self.numbers.resumeProducing()

    def connectionLost(self, reason):
        print("paused at all:", self.numbers.pauses > 0, flush=True)


class Client(basic.LineReceiver):
    got = 0

    def connectionMade(self):
        self.sendLine(sys.argv[3].encode())

    def lineReceived(self, line):
        assert int(line) == self.got
        self.got += 1
        if self.got % 10000 == 0:
            # Has to think.
            self.pauseProducing()
            reactor.callLater(0.01, self.resumeProducing)

    def connectionLost(self, reason):
        print("got", self.got)
        reactor.stop()


if sys.argv[1] == "server":
    number = int(sys.argv[2]) if sys.argv[2:] else 8006
    factory = protocol.Factory.forProtocol(Server)
    port = reactor.listenTCP(number, factory, interface="127.0.0.1")
    print("port", port.getHost().port, flush=True)
else:
    factory = protocol.ClientFactory.forProtocol(Client)
    reactor.connectTCP("127.0.0.1", int(sys.argv[2]), factory)
reactor.run()
