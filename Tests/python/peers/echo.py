"""Echoes, on Twisted: the other end of tests. ``echo.py KIND`` serves and tells its port;
``echo.py KIND PORT COUNT`` is a client that sends so many messages and checks what comes back.
"""

import sys

from twisted.internet import endpoints, protocol, reactor
from twisted.protocols import basic

kind = sys.argv[1]
BASES = {
    "lines": basic.LineReceiver,
    "int8": basic.Int8StringReceiver,
    "int16": basic.Int16StringReceiver,
    "int32": basic.Int32StringReceiver,
    "netstrings": basic.NetstringReceiver,
}
base = BASES[kind]
messages = [b"message %d" % number for number in range(int(sys.argv[3]))] if sys.argv[3:] else []


class Echo(base):
    def lineReceived(self, message):
        self.send(message)

    stringReceived = lineReceived

    def send(self, message):
        (self.sendLine if kind == "lines" else self.sendString)(message)


class Client(Echo):
    got = 0

    def connectionMade(self):
        for message in messages:
            self.send(message)

    def lineReceived(self, message):
        assert message == messages[self.got], message
        self.got += 1
        if self.got == len(messages):
            self.transport.loseConnection()

    stringReceived = lineReceived

    def connectionLost(self, reason):
        print(self.got, reason.type.__name__, flush=True)
        reactor.stop()


if messages:
    where = endpoints.TCP4ClientEndpoint(reactor, "127.0.0.1", int(sys.argv[2]))
    endpoints.connectProtocol(where, Client())
else:
    where = endpoints.TCP4ServerEndpoint(reactor, 0, interface="127.0.0.1")
    listening = where.listen(protocol.Factory.forProtocol(Echo))
    listening.addCallback(lambda port: print(port.getHost().port, flush=True))
reactor.callLater(30, reactor.stop)
reactor.run()
