"""The chat by Twisted itself: the judge of the others.

    twisted_chat.py server                                prints the port it listens on
    twisted_chat.py client PORT COUNT SECONDS [LINE...]   ends when it has heard COUNT lines
"""

import sys

from twisted.internet import endpoints, protocol, reactor
from twisted.protocols import basic


class Chat(basic.LineReceiver):
    delimiter = b"\n"

    def connectionMade(self):
        self.sendLine(b"Welcome to chat server!")
        self.factory.clients.append(self)

    def connectionLost(self, reason):
        self.factory.clients.remove(self)

    def lineReceived(self, line):
        for client in self.factory.clients:
            if client is not self:
                client.sendLine(b"User says: " + line)


class Client(basic.LineReceiver):
    delimiter = b"\n"

    def connectionMade(self):
        for line in self.factory.lines:
            self.sendLine(line.encode())

    def lineReceived(self, line):
        print(line.decode(), flush=True)
        self.factory.count -= 1
        if self.factory.count == 0:
            self.transport.loseConnection()

    def connectionLost(self, reason):
        reactor.stop()


def serve():
    factory = protocol.ServerFactory.forProtocol(Chat)
    factory.clients = []
    listening = endpoints.serverFromString(reactor, "tcp:0:interface=127.0.0.1").listen(factory)
    listening.addCallback(lambda port: print("listening on port", port.getHost().port, flush=True))
    reactor.run()


def join(port, count, seconds, *lines):
    factory = protocol.ClientFactory.forProtocol(Client)
    factory.lines, factory.count = lines, int(count)
    factory.clientConnectionFailed = lambda connector, reason: reactor.stop()
    reactor.connectTCP("127.0.0.1", int(port), factory)
    reactor.callLater(float(seconds), reactor.stop)
    reactor.run()
    return factory.count > 0


if __name__ == "__main__":
    sys.exit(serve() if sys.argv[1] == "server" else join(*sys.argv[2:]))
