"""A client for chat_server.py: says some lines, and prints what it hears.

Usage: python chat_client.py PORT COUNT [LINE ...]

It ends when it has heard COUNT lines, or after ten seconds.
"""

import sys

from plait.internet import endpoints, reactor
from plait.protocols import basic


class ChatClient(basic.LineReceiver):
    delimiter = b"\n"

    def __init__(self, count, lines):
        self.count, self.lines = count, lines

    def connectionMade(self):
        self.sendLines(line.encode() for line in self.lines)

    def lineReceived(self, line):
        print(line.decode(), flush=True)
        self.count -= 1
        if self.count == 0:
            self.transport.loseConnection()

    def connectionLost(self, reason):
        if reactor.running:
            reactor.stop()


def failed(failure):
    print("cannot connect:", failure.getErrorMessage(), file=sys.stderr)
    reactor.stop()


if __name__ == "__main__":
    endpoint = endpoints.TCP4ClientEndpoint(reactor, "127.0.0.1", int(sys.argv[1]))
    client = ChatClient(int(sys.argv[2]), sys.argv[3:])
    endpoints.connectProtocol(endpoint, client).addErrback(failed)
    reactor.callLater(10, reactor.stop)
    reactor.run()
    sys.exit(client.count > 0)
