"""Echo, the simplest protocol of all: what one says comes back.

Usage: python echo.py server [PORT] | client PORT
"""

import sys

from plait.internet import endpoints, protocol, reactor


class Echo(protocol.Protocol):
    def dataReceived(self, data):
        self.transport.write(data)


class EchoClient(protocol.Protocol):
    words = b"hello, world!"
    heard = b""

    def connectionMade(self):
        self.transport.write(self.words)

    def dataReceived(self, data):
        self.heard += data
        if self.heard == self.words:
            print("the server said:", self.heard.decode())
            self.transport.loseConnection()

    def connectionLost(self, reason):
        print("connection lost:", reason.type.__name__)
        reactor.stop()


if sys.argv[1] == "server":
    number = int(sys.argv[2]) if sys.argv[2:] else 8000
    endpoint = endpoints.TCP4ServerEndpoint(reactor, number, interface="127.0.0.1")
    listening = endpoint.listen(protocol.Factory.forProtocol(Echo))
    listening.addCallback(lambda port: print("port", port.getHost().port, flush=True))
else:
    endpoint = endpoints.TCP4ClientEndpoint(reactor, "127.0.0.1", int(sys.argv[2]))
    endpoints.connectProtocol(endpoint, EchoClient())
reactor.run()
