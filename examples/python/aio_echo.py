"""An echo server and its client on a loop of asyncio's.

Usage: python aio_echo.py [LINE ...]
"""

import asyncio
import sys

from plait import aio
from plait.internet.protocol import Factory
from plait.protocols.basic import LineReceiver


class Echo(LineReceiver):
    def lineReceived(self, line):
        self.sendLine(line)


class Client(LineReceiver):
    def __init__(self):
        self.heard = asyncio.Queue()

    def lineReceived(self, line):
        self.heard.put_nowait(line)


async def main(lines):
    async with aio.driving():
        port = await aio.listen("tcp:0:interface=127.0.0.1", Factory.forProtocol(Echo))
        where = f"tcp:127.0.0.1:{port.getHost().port}"
        client = await aio.connect(where, Factory.forProtocol(Client))
        for line in lines:
            client.sendLine(line.encode())
            print((await client.heard.get()).decode())
        client.transport.loseConnection()


asyncio.run(main(sys.argv[1:] or ["hello", "world"]))
