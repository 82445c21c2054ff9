"""A server that computes in threads, and throws out who says nothing: deferToThread, TimeoutMixin.

Usage: python patience.py server [PORT] | client PORT
"""

import sys

from plait.internet import endpoints, protocol, reactor, threads
from plait.protocols import basic, policies


def collatz(number):
    steps = 0
    while number != 1:
        number = number // 2 if number % 2 == 0 else 3 * number + 1
        steps += 1
    return steps


class Server(basic.LineReceiver, policies.TimeoutMixin):
    def connectionMade(self):
        self.setTimeout(0.3)

    def lineReceived(self, line):
        self.resetTimeout()
        computed = threads.deferToThread(collatz, int(line))
        computed.addCallback(lambda steps: self.sendLine(b"%d steps" % steps))

    def timeoutConnection(self):
        self.sendLine(b"you said nothing for too long")
        self.transport.loseConnection()

    def connectionLost(self, reason):
        self.setTimeout(None)


class Client(basic.LineReceiver):
    def connectionMade(self):
        self.sendLine(b"97")

    def lineReceived(self, line):
        print(line.decode())

    def connectionLost(self, reason):
        print(reason.type.__name__)
        reactor.stop()


if sys.argv[1] == "server":
    number = int(sys.argv[2]) if sys.argv[2:] else 8011
    endpoint = endpoints.TCP4ServerEndpoint(reactor, number, interface="127.0.0.1")
    listening = endpoint.listen(protocol.Factory.forProtocol(Server))
    listening.addCallback(lambda port: print("port", port.getHost().port, flush=True))
else:
    endpoint = endpoints.TCP4ClientEndpoint(reactor, "127.0.0.1", int(sys.argv[2]))
    endpoints.connectProtocol(endpoint, Client())
reactor.run()
