"""A quote for everybody who connects. The client is a ClientFactory that is told how it went.

Usage: python quote.py server [PORT] | client PORT
"""

import sys

from plait.internet import protocol, reactor


class Quote(protocol.Protocol):
    def connectionMade(self):
        self.factory.visitors += 1
        self.transport.write(self.factory.quote + b"\r\n")
        self.transport.loseConnection()


class QuoteFactory(protocol.ServerFactory):
    protocol = Quote
    visitors = 0

    def __init__(self, quote):
        self.quote = quote

    def startFactory(self):
        print("somebody may ask", flush=True)


class Reader(protocol.Protocol):
    def dataReceived(self, data):
        self.factory.heard.append(data)


class ReaderFactory(protocol.ClientFactory):
    protocol = Reader

    def __init__(self):
        self.heard = []

    def startedConnecting(self, connector):
        print("connecting to", connector.getDestination().host)

    def clientConnectionLost(self, connector, reason):
        print(b"".join(self.heard).decode().strip())
        print(reason.type.__name__)
        reactor.stop()

    def clientConnectionFailed(self, connector, reason):
        print("nobody is there:", reason.type.__name__)
        reactor.stop()


if sys.argv[1] == "server":
    number = int(sys.argv[2]) if sys.argv[2:] else 8017
    port = reactor.listenTCP(number, QuoteFactory(b"An apple a day"), interface="127.0.0.1")
    print("port", port.getHost().port, flush=True)
else:
    reactor.connectTCP("127.0.0.1", int(sys.argv[2]), ReaderFactory())
reactor.run()
