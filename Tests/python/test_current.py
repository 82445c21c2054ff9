"""Which reactor it is where none is given: the one that runs in this thread, whoever drives it."""

from __future__ import annotations

import asyncio
import threading

import pytest

from conftest import LIMIT
from plait import aio
from plait.application import internet as services
from plait.internet import defer, endpoints, protocol, task, threads
from plait.internet import reactor as the_reactor
from plait.internet._current import current
from plait.internet.reactors import Reactor
from plait.protocols import basic, policies


def play(coroutine):
    return asyncio.run(asyncio.wait_for(coroutine, LIMIT))


def test_where_nothing_runs():
    assert current() is the_reactor
    assert task.LoopingCall(print).clock is the_reactor


def test_the_programs_own():
    seen = []
    the_reactor.callWhenRunning(lambda: (seen.append(current()), the_reactor.stop()))
    the_reactor.run()
    assert seen == [the_reactor]


def test_another_one_that_runs(reactor):
    seen, done = [], []

    def work():
        seen.append(current())
        task.LoopingCall(seen.append, "tick").start(10)
        threads.deferToThread(threading.current_thread).addCallback(done.append).addBoth(
            lambda _: reactor.stop()
        )

    reactor.callWhenRunning(work)
    reactor.run()
    assert seen == [reactor, "tick"]
    assert done[0].name.startswith("PoolThread")
    assert current() is the_reactor


def test_one_in_a_thread():
    seen = []

    def work():
        own = Reactor()
        own.callWhenRunning(lambda: (seen.append(current() is own), own.stop()))
        own.run()
        own.close()
        seen.append(current() is the_reactor)

    thread = threading.Thread(target=work)
    thread.start()
    thread.join(LIMIT)
    assert seen == [True, True]


def test_in_a_coroutine_of_asyncios():
    async def main():
        assert await threads.deferToThread(lambda: 5) == 5
        ticks = []
        call = task.LoopingCall(lambda: ticks.append(1) or (len(ticks) == 3 and call.stop()))
        await call.start(0.001)
        assert ticks == [1, 1, 1]
        assert current() is aio.getReactor()

    play(main())
    assert current() is the_reactor


def test_the_programs_own_driven_by_asyncio():
    async def main():
        async with aio.driving(the_reactor):
            assert current() is the_reactor
            assert await threads.deferToThread(lambda: 5) == 5

    play(main())


@pytest.mark.parametrize("stock", [True, False])
def test_time_limits_in_asyncios_company(stock):
    class Limited(policies.TimeoutFactory):
        pass

    kind = policies.TimeoutFactory if stock else Limited

    async def main():
        factory = kind(protocol.Factory.forProtocol(protocol.Protocol), 0.01)
        port = await aio.listen("tcp:0:interface=127.0.0.1", factory)
        where = f"tcp:127.0.0.1:{port.getHost().port}"
        async with aio.connected(where, aio.Lines) as peer:
            with pytest.raises(Exception):  # noqa: B017
                await asyncio.wait_for(peer.read(), LIMIT)
            assert peer.transport is None or not peer.transport.connected

    play(main())


def test_a_service_that_connects_again_in_asyncios_company():
    class Refused:
        def __init__(self):
            self.times = 0

        def connect(self, factory):
            self.times += 1
            return defer.fail(OSError("refused"))

    async def main():
        endpoint = Refused()
        service = services.ClientService(endpoint, protocol.Factory(), retryPolicy=lambda n: 0.001)
        service.startService()
        with pytest.raises(OSError, match="refused"):
            await service.whenConnected(failAfterFailures=3)
        assert endpoint.times >= 3
        await service.stopService()

    play(main())


def test_a_protocol_with_a_time_limit(reactor):
    """It uses its transport's reactor, as before."""

    class Limited(basic.LineReceiver, policies.TimeoutMixin):
        def connectionMade(self):
            self.setTimeout(0.01)

    lost = []

    class Client(protocol.Protocol):
        def connectionLost(self, reason):
            lost.append(current())
            reactor.stop()

    port = reactor.listenTCP(0, protocol.Factory.forProtocol(Limited), interface="127.0.0.1")
    where = endpoints.TCP4ClientEndpoint(reactor, "127.0.0.1", port.getHost().port)
    endpoints.connectProtocol(where, Client())
    reactor.callLater(LIMIT, reactor.stop)
    reactor.run()
    assert lost == [reactor]
