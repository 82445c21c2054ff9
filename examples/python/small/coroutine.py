"""Coroutines, run by task.react: a client that asks again until it has what it wants.

Usage: python coroutine.py server [PORT] | client PORT
"""

import sys

from plait.internet import defer, endpoints, protocol, task
from plait.protocols import basic


class Countdown(basic.LineReceiver):
    left = 3

    def lineReceived(self, line):
        self.sendLine(b"not yet" if self.left else b"now")
        self.left -= 1


class Client(basic.LineReceiver):
    def connectionMade(self):
        self.answers = defer.DeferredQueue()

    def lineReceived(self, line):
        self.answers.put(line)

    async def ask(self):
        self.sendLine(b"now?")
        return await self.answers.get()


async def client(reactor, number):
    endpoint = endpoints.TCP4ClientEndpoint(reactor, "127.0.0.1", int(number))
    made = await endpoints.connectProtocol(endpoint, Client())
    while await made.ask() != b"now":
        print("waiting", flush=True)
        await task.deferLater(reactor, 0.01)
    print("at last")
    return 0


async def server(reactor, number="8005"):
    endpoint = endpoints.serverFromString(reactor, f"tcp:{number}:interface=127.0.0.1")
    port = await endpoint.listen(protocol.Factory.forProtocol(Countdown))
    print("port", port.getHost().port, flush=True)
    await defer.Deferred()


task.react({"server": server, "client": client}[sys.argv[1]], sys.argv[2:])
