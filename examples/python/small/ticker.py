"""A LoopingCall: everybody who is connected hears the time, by the server's count.

Usage: python ticker.py server [PORT] | client PORT COUNT
"""

import sys

from plait.internet import endpoints, protocol, reactor, task
from plait.protocols import basic


class Listener(basic.LineOnlyReceiver):
    def connectionMade(self):
        self.factory.listeners.add(self)

    def connectionLost(self, reason):
        self.factory.listeners.discard(self)


class Ticker(protocol.Factory):
    protocol = Listener

    def __init__(self):
        self.listeners = set()
        self.count = 0
        self.loop = task.LoopingCall(self.tick)

    def startFactory(self):
        self.loop.start(0.02, now=False)

    def tick(self):
        self.count += 1
        for listener in self.listeners:
            listener.sendLine(b"tick %d" % self.count)


class Hearing(basic.LineOnlyReceiver):
    heard = []

    def lineReceived(self, line):
        self.heard.append(int(line.split()[1]))
        if len(self.heard) == int(sys.argv[3]):
            self.transport.loseConnection()

    def connectionLost(self, reason):
        steps = [later - sooner for sooner, later in zip(self.heard, self.heard[1:])]
        print("heard", len(self.heard), "ticks, one after the other:", set(steps) == {1})
        reactor.stop()


if sys.argv[1] == "server":
    number = int(sys.argv[2]) if sys.argv[2:] else 8009
    endpoint = endpoints.TCP4ServerEndpoint(reactor, number, interface="127.0.0.1")
    listening = endpoint.listen(Ticker())
    listening.addCallback(lambda port: print("port", port.getHost().port, flush=True))
else:
    endpoint = endpoints.TCP4ClientEndpoint(reactor, "127.0.0.1", int(sys.argv[2]))
    endpoints.connectProtocol(endpoint, Hearing())
reactor.run()
