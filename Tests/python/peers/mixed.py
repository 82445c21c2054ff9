"""Plait's receiver of lines on Twisted's reactor: echoes until it hears "bye"."""

from twisted.internet import endpoints, protocol, reactor

from plait.protocols import basic


class Echo(basic.LineReceiver):
    def lineReceived(self, line):
        self.sendLine(line)
        if line == b"bye":
            self.transport.loseConnection()

    def connectionLost(self, reason):
        print(reason.type.__name__, flush=True)
        reactor.stop()


where = endpoints.TCP4ServerEndpoint(reactor, 0, interface="127.0.0.1")
listening = where.listen(protocol.Factory.forProtocol(Echo))
listening.addCallback(lambda port: print(port.getHost().port, flush=True))
reactor.callLater(30, reactor.stop)
reactor.run()
