"""Strings behind their length: a server turns words around.

Usage: python words.py server [PORT] | client PORT [WORD ...]
"""

import sys

from plait.internet import endpoints, protocol, reactor
from plait.protocols import basic


class Turning(basic.Int16StringReceiver):
    MAX_LENGTH = 1000

    def stringReceived(self, string):
        self.sendString(string[::-1])

    def lengthLimitExceeded(self, length):
        print("somebody announced", length, "bytes", flush=True)
        self.transport.loseConnection()


class Asking(basic.Int16StringReceiver):
    def __init__(self, words):
        self.words = words
        self.left = len(words)

    def connectionMade(self):
        for word in self.words:
            self.sendString(word.encode())

    def stringReceived(self, string):
        print(string.decode())
        self.left -= 1
        if not self.left:
            # Too long for the server, which hangs up.
            self.sendString(b"x" * 2000)

    def connectionLost(self, reason):
        print("hung up")
        reactor.stop()


if sys.argv[1] == "server":
    number = int(sys.argv[2]) if sys.argv[2:] else 8003
    endpoint = endpoints.TCP4ServerEndpoint(reactor, number, interface="127.0.0.1")
    listening = endpoint.listen(protocol.Factory.forProtocol(Turning))
    listening.addCallback(lambda port: print("port", port.getHost().port, flush=True))
else:
    endpoint = endpoints.TCP4ClientEndpoint(reactor, "127.0.0.1", int(sys.argv[2]))
    endpoints.connectProtocol(endpoint, Asking(sys.argv[3:] or ["stressed", "drawer"]))
reactor.run()
