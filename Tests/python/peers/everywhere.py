"""All that the package is made of, by the standard library alone: for interpreters that have nothing else installed."""

import asyncio
import gc
import importlib
import logging
import pkgutil
import sys
import threading
import warnings

warnings.simplefilter("error")
errors = []


class Errors(logging.Handler):
    def emit(self, record):
        errors.append(self.format(record))


logging.getLogger("plait").addHandler(Errors(logging.ERROR))

import plait  # noqa: E402

for found in pkgutil.walk_packages(plait.__path__, "plait."):
    importlib.import_module(found.name)

from plait import aio  # noqa: E402
from plait.internet import defer, endpoints, error, protocol, reactor, task, threads  # noqa: E402
from plait.internet.reactors import Reactor  # noqa: E402
from plait.protocols import amp, basic  # noqa: E402
from plait.test.proto_helpers import StringTransport  # noqa: E402


def echoes():
    """Every kind of message, one by one and in blocks, over TCP; each protocol on a string transport, too."""
    kinds = [
        basic.LineReceiver, basic.LineOnlyReceiver, basic.NetstringReceiver,
        basic.Int8StringReceiver, basic.Int16StringReceiver, basic.Int32StringReceiver,
    ]
    messages = [b"message %d" % number for number in range(3000)]
    for base in kinds:
        lines = hasattr(base, "lineReceived")
        for blocks in (False, True):

            class Echo(base):
                def one(self, message):
                    (self.sendLine if lines else self.sendString)(message)

                def many(self, some):
                    (self.sendLines if lines else self.sendStrings)(some)

                if blocks:
                    linesReceived = stringsReceived = many
                else:
                    lineReceived = stringReceived = one

            class Client(Echo):
                def __init__(self):
                    self.heard, self.done = [], defer.Deferred()

                def one(self, message):
                    self.many([message])

                def many(self, some):
                    self.heard += some
                    if len(self.heard) == len(messages):
                        self.transport.loseConnection()

                if blocks:
                    linesReceived = stringsReceived = many
                else:
                    lineReceived = stringReceived = one

                def connectionLost(self, reason):
                    self.done.callback(reason.type)

            own = Reactor()
            port = own.listenTCP(0, protocol.Factory.forProtocol(Echo), interface="127.0.0.1")
            where = endpoints.TCP4ClientEndpoint(own, "127.0.0.1", port.getHost().port)
            client = Client()
            connected = endpoints.connectProtocol(where, client)
            connected.addCallback(lambda made: Echo.many(made, messages))
            client.done.addCallback(lambda kind: (check(kind is error.ConnectionDone), own.stop()))
            own.callLater(20, own.stop)
            own.run()
            own.close()
            check(client.heard == messages)

            alone, transport = Echo(), StringTransport()
            alone.makeConnection(transport)
            Echo.many(alone, messages[:5])
            sent = transport.value()
            transport.clear()
            for at in range(len(sent)):
                alone.dataReceived(sent[at : at + 1])
            check(transport.value() == sent)


def deferreds():
    @defer.inlineCallbacks
    def generator():
        first = yield task.deferLater(reactor, 0, max, 1, 2)
        second = yield threads.deferToThread(threading.active_count)
        return first, second > 1

    async def coroutine():
        return await generator(), await defer.succeed(3)

    told = []
    defer.ensureDeferred(coroutine()).addCallback(told.append).addBoth(lambda _: reactor.stop())
    reactor.callLater(20, reactor.stop)
    reactor.run()
    check(told == [((2, True), 3)])


class Sum(amp.Command):
    arguments = [(b"a", amp.Integer()), (b"b", amp.Integer())]
    response = [(b"total", amp.Integer())]


class Math(amp.AMP):
    @Sum.responder
    def sum(self, a, b):
        return {"total": a + b}


async def company():
    async def echo(conn):
        async for line in conn.lines():
            conn.sendLine(line)
            await conn.drain()

    async with aio.serving("tcp:0:interface=127.0.0.1", aio.Lines, echo) as port:
        async with aio.connected(f"tcp:127.0.0.1:{port.getHost().port}", aio.Lines) as conn:
            conn.sendLines([b"one", b"two"])
            check([await conn.read(), await conn.read()] == [b"one", b"two"])
    async with aio.listening("tcp:0:interface=127.0.0.1", Math) as port:
        async with aio.connected(f"tcp:127.0.0.1:{port.getHost().port}", amp.AMP) as proto:
            check((await proto.callRemote(Sum, a=13, b=81))["total"] == 94)


def check(holds):
    assert holds


echoes()
deferreds()
asyncio.run(asyncio.wait_for(company(), 20))
gc.collect()
assert not errors, errors
print("well")
