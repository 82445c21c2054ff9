"""Who is it? A server that looks users up, which takes its time: inlineCallbacks and deferLater.

Usage: python finger.py server [PORT] | client PORT USER ...
"""

import sys

from plait.internet import defer, endpoints, protocol, reactor, task
from plait.protocols import basic

USERS = {b"moshez": b"Happy and well", b"root": b"not at home"}


class Finger(basic.LineReceiver):
    @defer.inlineCallbacks
    def lineReceived(self, user):
        try:
            status = yield self.factory.lookUp(user)
        except KeyError:
            status = b"No such user"
        self.transport.write(status + b"\r\n")
        self.transport.loseConnection()


class FingerFactory(protocol.ServerFactory):
    protocol = Finger

    def lookUp(self, user):
        return task.deferLater(reactor, 0.01, USERS.__getitem__, user)


class Asking(protocol.Protocol):
    def __init__(self, user):
        self.user, self.heard, self.done = user, b"", defer.Deferred()

    def connectionMade(self):
        self.transport.write(self.user.encode() + b"\r\n")

    def dataReceived(self, data):
        self.heard += data

    def connectionLost(self, reason):
        self.done.callback(f"{self.user}: {self.heard.decode().strip()}")


@defer.inlineCallbacks
def ask(endpoint, users):
    for user in users:
        asking = yield endpoints.connectProtocol(endpoint, Asking(user))
        print((yield asking.done))
    reactor.stop()


if sys.argv[1] == "server":
    number = int(sys.argv[2]) if sys.argv[2:] else 1079
    endpoint = endpoints.TCP4ServerEndpoint(reactor, number, interface="127.0.0.1")
    listening = endpoint.listen(FingerFactory())
    listening.addCallback(lambda port: print("port", port.getHost().port, flush=True))
else:
    ask(endpoints.HostnameEndpoint(reactor, "127.0.0.1", int(sys.argv[2])), sys.argv[3:])
reactor.run()
