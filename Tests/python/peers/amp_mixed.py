"""Plait's AMP on Twisted's reactor, with a client of Twisted's: prints what it is answered."""

from twisted.internet import defer, endpoints, protocol, reactor, task
from twisted.protocols import amp as theirs

from plait.internet.error import TimeoutError
from plait.protocols import amp


def commands(package):
    class Double(package.Command):
        arguments = response = [(b"x", package.Integer())]

    class Wait(package.Command):
        pass

    return Double, Wait


Double, Wait = commands(amp)


class Server(amp.AMP):
    @Double.responder
    def double(self, x):
        # A Deferred of Twisted's.
        return task.deferLater(reactor, 0.001, lambda: {"x": 2 * x})

    def connectionMade(self):
        call = self.callRemote(Wait, timeout=0.01)
        call.addErrback(lambda failure: failure.trap(TimeoutError))
        call.addCallback(lambda kind: print(kind.__name__, flush=True))


TheirDouble, TheirWait = commands(theirs)


class Client(theirs.AMP):
    @TheirWait.responder
    def wait(self):
        return defer.Deferred()

    def connectionLost(self, reason):
        super().connectionLost(reason)
        reactor.stop()


@defer.inlineCallbacks
def main():
    where = endpoints.TCP4ServerEndpoint(reactor, 0, interface="127.0.0.1")
    port = yield where.listen(protocol.Factory.forProtocol(Server))
    there = endpoints.TCP4ClientEndpoint(reactor, "127.0.0.1", port.getHost().port)
    client = yield endpoints.connectProtocol(there, Client())
    calls = [client.callRemote(TheirDouble, x=number) for number in range(3)]
    for call in calls:
        result = yield call
        print(result["x"], flush=True)
    yield task.deferLater(reactor, 0.05, lambda: None)
    client.transport.loseConnection()


main()
reactor.callLater(30, reactor.stop)
reactor.run()
