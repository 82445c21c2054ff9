"""A pull producer: a server sends files by FileSender; a ClientCreator fetches one.

Usage: python download.py server [PORT] | client PORT FILE
"""

import hashlib
import os
import sys

from plait.internet import protocol, reactor
from plait.protocols import basic


class Files(basic.LineReceiver):
    def lineReceived(self, name):
        try:
            file = open(os.fsdecode(name), "rb")
        except OSError as error:
            self.sendLine(os.strerror(error.errno).encode())
            self.transport.loseConnection()
            return
        sent = basic.FileSender().beginFileTransfer(file, self.transport)
        sent.addErrback(lambda failure: print("given up", flush=True))
        sent.addBoth(lambda last: (file.close(), self.transport.loseConnection()))


class Fetch(protocol.Protocol):
    def __init__(self, name):
        self.name, self.digest, self.size = name, hashlib.sha256(), 0

    def connectionMade(self):
        self.transport.write(os.fsencode(self.name) + b"\r\n")

    def dataReceived(self, data):
        self.digest.update(data)
        self.size += len(data)

    def connectionLost(self, reason):
        print(self.size, "bytes,", self.digest.hexdigest())
        reactor.stop()


if sys.argv[1] == "server":
    number = int(sys.argv[2]) if sys.argv[2:] else 8007
    factory = protocol.Factory.forProtocol(Files)
    port = reactor.listenTCP(number, factory, interface="127.0.0.1")
    print("port", port.getHost().port, flush=True)
else:
    creator = protocol.ClientCreator(reactor, Fetch, sys.argv[3])
    creator.connectTCP("127.0.0.1", int(sys.argv[2]))
reactor.run()
