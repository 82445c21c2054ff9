"""Netstrings and Deferreds: numbers are sent, their sum comes back; each answer has its Deferred.

Usage: python sums.py server [PORT] | client PORT
"""

import sys

from plait.internet import defer, endpoints, protocol, reactor
from plait.protocols import basic


class Adder(basic.NetstringReceiver):
    def stringReceived(self, string):
        try:
            answer = str(sum(int(word) for word in string.split()))
        except ValueError as error:
            answer = f"error: {error}"
        self.sendString(answer.encode())


class Client(basic.NetstringReceiver):
    def __init__(self):
        self.waiting = []

    def add(self, *numbers):
        """Asks; gives a Deferred of the sum."""
        self.waiting.append(defer.Deferred())
        self.sendString(" ".join(map(str, numbers)).encode())
        return self.waiting[-1]

    def stringReceived(self, string):
        waiting = self.waiting.pop(0)
        if string.startswith(b"error"):
            waiting.errback(ValueError(string.decode()))
        else:
            waiting.callback(int(string))

    def connectionLost(self, reason):
        reactor.stop()


def ask(client):
    sums = defer.gatherResults([client.add(1, 2, 3), client.add(*range(100)), client.add()])
    sums.addCallback(print)
    wrong = client.add("one", 2)
    wrong.addErrback(lambda failure: print(failure.trap(ValueError).__name__))
    return defer.DeferredList([sums, wrong]).addCallback(
        lambda results: client.transport.loseConnection()
    )


if sys.argv[1] == "server":
    number = int(sys.argv[2]) if sys.argv[2:] else 8004
    endpoint = endpoints.TCP4ServerEndpoint(reactor, number, interface="127.0.0.1")
    listening = endpoint.listen(protocol.Factory.forProtocol(Adder))
    listening.addCallback(lambda port: print("port", port.getHost().port, flush=True))
else:
    endpoint = endpoints.TCP4ClientEndpoint(reactor, "127.0.0.1", int(sys.argv[2]))
    endpoints.connectProtocol(endpoint, Client()).addCallback(ask)
reactor.run()
