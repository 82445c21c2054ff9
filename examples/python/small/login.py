"""A protocol with states: who comes in is asked for a name first, and may not take another's.

Usage: python login.py server [PORT] | client PORT NAME ... [LINE ...]
"""

import sys

from plait.internet import endpoints, protocol, reactor
from plait.protocols import basic


class Room(basic.LineReceiver):
    def __init__(self, users):
        self.users = users
        self.name = None
        self.state = self.handle_NAME

    def connectionMade(self):
        self.sendLine(b"What's your name?")

    def connectionLost(self, reason):
        if self.users.get(self.name) is self:
            del self.users[self.name]

    def lineReceived(self, line):
        self.state(line)

    def handle_NAME(self, name):
        if name in self.users:
            self.sendLine(b"Taken, please choose another.")
            return
        self.sendLine(b"Welcome, " + name + b"!")
        self.name = name
        self.users[name] = self
        self.state = self.handle_CHAT

    def handle_CHAT(self, message):
        if message == b"bye":
            self.sendLine(b"See you, " + self.name + b".")
            self.transport.loseConnection()
        for user in self.users.values():
            if user is not self:
                user.sendLine(b"<" + self.name + b"> " + message)


class RoomFactory(protocol.Factory):
    def __init__(self):
        self.users = {}

    def buildProtocol(self, addr):
        return Room(self.users)


class Guest(basic.LineReceiver):
    def __init__(self, lines):
        self.lines = lines

    def lineReceived(self, line):
        print(line.decode(), flush=True)
        # A name as long as there is none that will do; then all there is to say.
        saying = len(self.lines) if line.startswith(b"Welcome") else min(1, len(self.lines))
        for _ in range(saying):
            self.sendLine(self.lines.pop(0).encode())

    def connectionLost(self, reason):
        reactor.stop()


if sys.argv[1] == "server":
    number = sys.argv[2] if sys.argv[2:] else "8001"
    endpoint = endpoints.serverFromString(reactor, f"tcp:{number}:interface=127.0.0.1")
    listening = endpoint.listen(RoomFactory())
    listening.addCallback(lambda port: print("port", port.getHost().port, flush=True))
else:
    endpoint = endpoints.clientFromString(reactor, f"tcp:127.0.0.1:{sys.argv[2]}")
    endpoints.connectProtocol(endpoint, Guest(sys.argv[3:]))
reactor.run()
