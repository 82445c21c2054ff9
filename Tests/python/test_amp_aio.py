"""AMP on a loop of asyncio's: calls are awaited, and responders are coroutines."""

from __future__ import annotations

import asyncio

import pytest

from conftest import LIMIT
from plait import aio
from plait.internet import error
from plait.internet.protocol import Factory
from plait.protocols import amp

EXTENDED = amp.AmpOptions(extension=True, announce=True)


class Refused(Exception):
    pass


class Sum(amp.Command):
    arguments = [(b"a", amp.Integer()), (b"b", amp.Integer())]
    response = [(b"total", amp.Integer())]
    errors = {Refused: b"REFUSED"}


class Later(Sum):
    commandName = b"Later"


class Forever(amp.Command):
    pass


class Server(amp.AMP):
    ampOptions = EXTENDED

    def __init__(self):
        super().__init__()
        self.cancelled = asyncio.Event()
        self.begun = asyncio.Event()

    async def Sum(self, a, b):
        await asyncio.sleep(0.001)
        if a < 0:
            raise Refused(f"{a} is negative")
        return {"total": a + b}

    def Later(self, a, b):
        future = asyncio.get_running_loop().create_future()
        asyncio.get_running_loop().call_later(0.001, future.set_result, {"total": a * b})
        return future

    async def Forever(self):
        self.begun.set()
        try:
            await asyncio.Event().wait()
        finally:
            self.cancelled.set()


class Client(amp.AMP):
    ampOptions = EXTENDED


def with_both(function):
    """Runs a coroutine function with a client and a server."""

    async def main():
        async with aio.driving():
            servers = []

            class Servers(Factory):
                def buildProtocol(self, addr):
                    servers.append(Server())
                    return servers[-1]

            port = await aio.listen("tcp:0:interface=127.0.0.1", Servers())
            where = f"tcp:127.0.0.1:{port.getHost().port}"
            client = await aio.connect(where, Factory.forProtocol(Client))
            assert await client.callRemote(Sum, a=13, b=81) == {"total": 94}
            await function(client, servers[0])
            client.transport.loseConnection()

    asyncio.run(asyncio.wait_for(main(), LIMIT))


def test_errors():
    async def function(client, server):
        with pytest.raises(Refused, match="-1 is negative"):
            await client.callRemote(Sum, a=-1, b=0)
        with pytest.raises(amp.InvalidSignature):
            await client.callRemote(Sum, a=1)
        with pytest.raises(amp.UnhandledCommand):
            await client.callRemoteString("Nobody")
        assert await client.callRemote(Sum, a=1, b=1) == {"total": 2}

    with_both(function)


def test_many():
    async def function(client, server):
        calls = [client.callRemote(Sum, a=number, b=1) for number in range(100)]
        results = await asyncio.gather(*calls)
        assert [result["total"] for result in results] == list(range(1, 101))

    with_both(function)


def test_futures():
    async def function(client, server):
        assert await client.callRemote(Later, a=6, b=7) == {"total": 42}

    with_both(function)


def test_time_limits():
    async def function(client, server):
        with pytest.raises(error.TimeoutError):
            await client.callRemote(Forever, timeout=0.01)
        await server.cancelled.wait()
        with pytest.raises(asyncio.TimeoutError):
            await asyncio.wait_for(client.callRemote(Forever).asFuture(server_loop()), 0.01)

    with_both(function)


def server_loop():
    return asyncio.get_running_loop()


def test_a_task_that_is_cancelled():
    """The call is given up with it, and so is the responder at the other end."""

    async def function(client, server):
        async def call():
            await client.callRemote(Forever)

        task = asyncio.ensure_future(call())
        await server.begun.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        await server.cancelled.wait()
        assert await client.callRemote(Sum, a=1, b=1) == {"total": 2}

    with_both(function)
