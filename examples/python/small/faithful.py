"""A client that does not give up: ClientService against a server that throws everybody out twice.

Usage: python faithful.py server [PORT] | client PORT
"""

import sys

from plait.application import internet
from plait.internet import defer, endpoints, protocol, reactor
from plait.protocols import basic


class Moody(basic.LineReceiver):
    def connectionMade(self):
        self.factory.visits += 1
        if self.factory.visits < 3:
            self.sendLine(b"go away")
            self.transport.loseConnection()
        else:
            self.sendLine(b"come in")


class Visitor(basic.LineReceiver):
    def __init__(self):
        self.answer, self.gone = defer.Deferred(), defer.Deferred()

    def lineReceived(self, line):
        self.answer.callback(line)

    def connectionLost(self, reason):
        reactor.callLater(0, self.gone.callback, None)


@defer.inlineCallbacks
def visit(service):
    while True:
        visitor = yield service.whenConnected()
        answer = yield visitor.answer
        print("I was told:", answer.decode(), flush=True)
        if answer == b"come in":
            break
        yield visitor.gone
    yield service.stopService()
    reactor.stop()


if sys.argv[1] == "server":
    factory = protocol.ServerFactory.forProtocol(Moody)
    factory.visits = 0
    number = int(sys.argv[2]) if sys.argv[2:] else 8010
    port = reactor.listenTCP(number, factory, interface="127.0.0.1")
    print("port", port.getHost().port, flush=True)
else:
    endpoint = endpoints.TCP4ClientEndpoint(reactor, "127.0.0.1", int(sys.argv[2]))
    factory = protocol.Factory.forProtocol(Visitor)
    service = internet.ClientService(endpoint, factory, retryPolicy=lambda failures: 0.01)
    service.startService()
    visit(service)
reactor.run()
