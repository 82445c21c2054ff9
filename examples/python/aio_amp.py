"""Both sides of AMP on a loop of asyncio's: a server asks back before it answers.

Usage: python aio_amp.py [A B]
"""

import asyncio
import sys

from plait import aio
from plait.internet.protocol import Factory
from plait.protocols import amp


class Sum(amp.Command):
    arguments = [(b"a", amp.Integer()), (b"b", amp.Integer())]
    response = [(b"total", amp.Integer())]
    errors = {OverflowError: b"OVERFLOW"}


class Confirm(amp.Command):
    arguments = [(b"question", amp.Unicode())]
    response = [(b"yes", amp.Boolean())]


class Server(amp.AMP):
    # Responders may be coroutines.
    async def Sum(self, a, b):
        answer = await self.callRemote(Confirm, question=f"{a} + {b}?")
        if not answer["yes"]:
            raise OverflowError("too much")
        await asyncio.sleep(0)
        return {"total": a + b}


class Client(amp.AMP):
    def Confirm(self, question):
        print(question)
        return {"yes": len(question) < 20}


async def main(a, b):
    async with aio.driving():
        port = await aio.listen("tcp:0:interface=127.0.0.1", Factory.forProtocol(Server))
        where = f"tcp:127.0.0.1:{port.getHost().port}"
        proto = await aio.connect(where, Factory.forProtocol(Client))
        try:
            result = await proto.callRemote(Sum, a=a, b=b, timeout=5)
            print(result["total"])
        except OverflowError as error:
            print(error)
        proto.transport.loseConnection()


asyncio.run(main(*map(int, sys.argv[1:] or (13, 81))))
