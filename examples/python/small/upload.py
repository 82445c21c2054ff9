"""Lines, and raw bytes in between: a client sends a file behind its length, and gets its digest.

Usage: python upload.py server [PORT] | client PORT BYTES
"""

import hashlib
import sys

from plait.internet import endpoints, protocol, reactor
from plait.protocols import basic


class Store(basic.LineReceiver):
    def lineReceived(self, line):
        command, _, number = line.partition(b" ")
        if command != b"put" or not number.isdigit():
            self.sendLine(b"error: put LENGTH, please")
            return
        self.left, self.digest = int(number), hashlib.sha256()
        self.setRawMode()

    def rawDataReceived(self, data):
        data, rest = data[: self.left], data[self.left :]
        self.digest.update(data)
        self.left -= len(data)
        if not self.left:
            self.sendLine(self.digest.hexdigest().encode())
            self.setLineMode(rest)


class Client(basic.LineReceiver):
    def __init__(self, data):
        self.data = data
        self.answers = []

    def connectionMade(self):
        self.sendLine(b"get something")
        for part in (self.data, self.data[::-1]):
            self.sendLine(b"put %d" % len(part))
            self.transport.write(part)

    def lineReceived(self, line):
        self.answers.append(line)
        if len(self.answers) == 3:
            self.transport.loseConnection()

    def connectionLost(self, reason):
        wanted = [hashlib.sha256(part).hexdigest().encode() for part in (self.data, self.data[::-1])]
        print(self.answers[0].decode())
        print("stored twice, and well:", self.answers[1:] == wanted)
        reactor.stop()


if sys.argv[1] == "server":
    number = int(sys.argv[2]) if sys.argv[2:] else 8002
    endpoint = endpoints.TCP4ServerEndpoint(reactor, number, interface="127.0.0.1")
    listening = endpoint.listen(protocol.Factory.forProtocol(Store))
    listening.addCallback(lambda port: print("port", port.getHost().port, flush=True))
else:
    data = bytes(range(256)) * (int(sys.argv[3]) // 256) + b"the end"
    endpoint = endpoints.TCP4ClientEndpoint(reactor, "127.0.0.1", int(sys.argv[2]))
    endpoints.connectProtocol(endpoint, Client(data))
reactor.run()
