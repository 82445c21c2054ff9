"""In asyncio's company, and in uvloop's."""

from __future__ import annotations

import asyncio
import gc
import os
import socket
import weakref

import pytest

from conftest import LIMIT, full_listener
from plait import aio
from plait.error import PlaitError
from plait.internet import endpoints, error, protocol
from plait.internet.defer import CancelledError, Deferred, fail, succeed
from plait.internet.reactors import Reactor
from test_tcp import EchoLines, Recorder


def _loops():
    yield pytest.param(asyncio.new_event_loop, id="asyncio")
    try:
        import uvloop
    except ImportError:
        return
    yield pytest.param(uvloop.new_event_loop, id="uvloop")


@pytest.fixture(params=_loops())
def play(request):
    """Runs a coroutine on a loop of each kind."""
    loop = request.param()
    yield lambda coroutine: loop.run_until_complete(asyncio.wait_for(coroutine, LIMIT))
    loop.close()


class Client(Recorder):
    """Has a queue of what it hears."""

    def connectionMade(self):
        self.heard = asyncio.Queue()

    def lineReceived(self, line):
        self.heard.put_nowait(line)

    def connectionLost(self, reason):
        self.heard.put_nowait(reason.type)


def test_an_echo(play):
    async def main():
        factory = protocol.Factory.forProtocol(EchoLines)
        port = await aio.listen("tcp:0:interface=127.0.0.1", factory)
        where = f"tcp:127.0.0.1:{port.getHost().port}"
        clients = [await aio.connect(where, protocol.Factory.forProtocol(Client)) for _ in range(5)]
        for number, client in enumerate(clients):
            client.sendLine(b"hello %d" % number)
        for number, client in enumerate(clients):
            assert await client.heard.get() == b"hello %d" % number
            client.sendLine(b"bye")
            assert await client.heard.get() == b"bye"
            assert await client.heard.get() is error.ConnectionDone
        await port.stopListening()

    play(main())


def test_a_peer_of_asyncios(play):
    async def main():
        async with aio.driving() as reactor:
            factory = protocol.Factory.forProtocol(EchoLines)
            port = await aio.listen("tcp:0:interface=127.0.0.1", factory)
            assert port.driver is reactor
            reader, writer = await asyncio.open_connection("127.0.0.1", port.getHost().port)
            writer.write(b"one\r\ntwo\r\nbye\r\n")
            assert await reader.read() == b"one\r\ntwo\r\nbye\r\n"
            writer.close()

    play(main())


def test_the_end_of_driving(play):
    events = []

    class Server(EchoLines):
        def connectionLost(self, reason):
            events.append(reason.type)

    async def main():
        async with aio.driving():
            factory = protocol.Factory.forProtocol(Server)
            port = await aio.listen("tcp:0:interface=127.0.0.1", factory)
            where = f"tcp:127.0.0.1:{port.getHost().port}"
            client = await aio.connect(where, protocol.Factory.forProtocol(Client))
            client.sendLine(b"x")
            assert await client.heard.get() == b"x"
            with pytest.raises(RuntimeError):
                async with aio.driving():
                    pass
        assert events == [error.ConnectionLost]
        assert await client.heard.get() is error.ConnectionLost
        # The loop may drive another one now.
        async with aio.driving():
            await aio.listen("tcp:0:interface=127.0.0.1", factory)

    play(main())


def test_driving_a_reactor_that_was_there(play):
    reactor = Reactor()

    async def main():
        async with aio.driving(reactor) as driven:
            assert driven is reactor and reactor.running
            done = asyncio.Event()
            reactor.callLater(0.01, done.set)
            await done.wait()
        assert not reactor.running

    play(main())
    reactor.callLater(0, reactor.stop)
    reactor.run()
    reactor.close()


def test_stopping(play):
    async def main():
        reactor = aio.getReactor()
        assert aio.getReactor() is reactor
        port = await aio.listen("tcp:0:interface=127.0.0.1", protocol.Factory())
        reactor.callLater(0, reactor.stop)
        while reactor.running:
            await asyncio.sleep(0)
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection(("127.0.0.1", port.getHost().port), LIMIT)
        assert aio.getReactor() is not reactor

    play(main())


def test_failures(play):
    async def main():
        with socket.socket() as unused:
            unused.bind(("127.0.0.1", 0))
            with pytest.raises(error.ConnectionRefusedError):
                await aio.connect(f"tcp:127.0.0.1:{unused.getsockname()[1]}", protocol.Factory())
            with pytest.raises(error.CannotListenError):
                where = f"tcp:{unused.getsockname()[1]}:interface=127.0.0.1"
                await aio.listen(where, protocol.Factory())
        with pytest.raises(ValueError, match="no endpoint"):
            await aio.listen("nonsense", protocol.Factory())

    play(main())


def test_cancelling_a_task_cancels_the_attempt(play):
    async def main():
        built = []

        class Building(protocol.Factory):
            def buildProtocol(self, addr):
                built.append(addr)

        factory = Building()
        with full_listener() as number:
            task = asyncio.ensure_future(aio.connect(f"tcp:127.0.0.1:{number}", factory))
            await asyncio.sleep(0)
            assert factory.numPorts == 1
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
            while factory.numPorts:
                await asyncio.sleep(0)
        assert built == []

    play(main())


def test_cancelling_too_late(play):
    async def main():
        server = protocol.Factory.forProtocol(EchoLines)
        port = await aio.listen("tcp:0:interface=127.0.0.1", server)

        class Late(Client):
            def connectionMade(self):
                super().connectionMade()
                task.cancel()

        factory = protocol.Factory.forProtocol(Late)
        task = asyncio.ensure_future(aio.connect(f"tcp:127.0.0.1:{port.getHost().port}", factory))
        with pytest.raises(asyncio.CancelledError):
            await task
        while factory.numPorts:
            await asyncio.sleep(0)

    play(main())


def test_deferreds(play):
    async def main():
        assert await succeed(1) == 1
        with pytest.raises(KeyError):
            await fail(KeyError("k"))
        loop = asyncio.get_running_loop()
        later: Deferred[int] = Deferred()
        loop.call_soon(later.callback, 2)
        assert await later == 2
        cancelled = []
        waiting: Deferred[None] = Deferred(cancelled.append)
        future = waiting.asFuture(loop)
        future.cancel()
        await asyncio.sleep(0)
        assert cancelled == [waiting]
        waiting.addErrback(lambda f: f.trap(CancelledError))
        with pytest.raises(RuntimeError, match="StopIteration"):
            await fail(StopIteration(3))
        made = Deferred.fromFuture(_slept(loop))
        assert await made == "slept"
        pending = loop.create_future()
        given_up = Deferred.fromFuture(pending)
        given_up.addErrback(lambda f: f.trap(CancelledError))
        given_up.cancel()
        assert pending.cancelled()

    play(main())


def _slept(loop):
    future = loop.create_future()
    loop.call_soon(future.set_result, "slept")
    return future


def test_endpoints_take_the_reactor(play):
    async def main():
        reactor = aio.getReactor()
        server = endpoints.TCP4ServerEndpoint(reactor, 0, interface="127.0.0.1")
        port = await server.listen(protocol.Factory.forProtocol(EchoLines))
        client = endpoints.TCP4ClientEndpoint(reactor, "127.0.0.1", port.getHost().port)
        made = await endpoints.connectProtocol(client, Client())
        made.sendLine(b"hello")
        assert await made.heard.get() == b"hello"

    play(main())


def test_reactors_of_loops_that_are_garbage():
    before = len(aio._loops._reactors)
    for _ in range(20):
        asyncio.run(aio.listen("tcp:0:interface=127.0.0.1", protocol.Factory()))
    gc.collect()
    assert len(aio._loops._reactors) <= before


def _runners():
    yield pytest.param(asyncio.run, id="asyncio")
    try:
        import uvloop
    except ImportError:
        return
    if hasattr(uvloop, "run"):
        yield pytest.param(uvloop.run, id="uvloop")


def _descriptors():
    return len(os.listdir("/proc/self/fd"))


@pytest.mark.skipif(not os.path.isdir("/proc/self/fd"), reason="there is no list of descriptors")
@pytest.mark.parametrize("run", list(_runners()))
def test_nothing_is_left_of_what_refers_to_its_loop(run):
    ended = []

    class Client(aio.Lines):
        def connectionLost(self, reason):
            super().connectionLost(reason)
            # The loop is there for what is done now.
            asyncio.get_running_loop().call_soon(ended.append, reason.type)

    async def main():
        loop = asyncio.get_running_loop()
        factory = protocol.Factory.forProtocol(aio.Lines)
        factory.loop = loop
        port = await aio.listen("tcp:0:interface=127.0.0.1", factory)
        where = f"tcp:127.0.0.1:{port.getHost().port}"
        await aio.connect(where, protocol.Factory.forProtocol(Client))
        aio.getReactor().callLater(1000, loop.stop)
        return weakref.ref(loop)

    run(main())
    gc.collect()
    before, reactors = _descriptors(), len(aio._loops._reactors)
    loops = [run(main()) for _ in range(5)]
    assert len(ended) == 6
    assert (_descriptors(), len(aio._loops._reactors)) == (before, reactors)
    gc.collect()
    assert [loop() for loop in loops] == [None] * 5


def test_a_reactor_that_was_stopped_or_closed_before_its_loop_ends():
    async def main(end):
        reactor = aio.getReactor()
        end(reactor)
        while reactor.host is not None and end is Reactor.stop:
            await asyncio.sleep(0)
        return reactor

    for end in (Reactor.stop, lambda reactor: None):
        reactor = asyncio.run(main(end))
        with pytest.raises(PlaitError):
            reactor.iterate()


@pytest.mark.parametrize("way", ["raises", "is cancelled", "is cancelled twice"])
def test_driving_ends_however_its_body_ends(play, way):
    reactor, events = Reactor(), []

    async def body():
        async with aio.driving(reactor):
            reactor.addSystemEventTrigger("before", "shutdown", events.append, "before")
            if way == "is cancelled twice":
                reactor.addSystemEventTrigger("before", "shutdown", Deferred)
            reactor.addSystemEventTrigger("after", "shutdown", events.append, "after")
            await aio.listen("tcp:0:interface=127.0.0.1", aio.Lines)
            if way == "raises":
                raise KeyError("body")
            await asyncio.Event().wait()

    async def main():
        task = asyncio.ensure_future(body())
        while not reactor.ports and not task.done():
            await asyncio.sleep(0)
        task.cancel()
        if way == "is cancelled twice":
            while not events:
                await asyncio.sleep(0)
            task.cancel()
        with pytest.raises((KeyError, asyncio.CancelledError)):
            await task

    play(main())
    assert events == ["before", "after"]
    assert not reactor.ports and not reactor.running
    reactor.close()


@pytest.mark.logs_errors
def test_a_factory_whose_end_raises(play):
    class Raising(protocol.Factory):
        def stopFactory(self):
            raise ValueError("from stopFactory")

    async def main():
        factory = Raising.forProtocol(aio.Lines)
        port = await aio.listen("tcp:0:interface=127.0.0.1", aio.Lines)
        where = f"tcp:127.0.0.1:{port.getHost().port}"
        async with aio.connected(where, factory) as conn:
            conn.sendLine(b"x")
        await port.stopListening()
        with pytest.raises(error.ConnectionRefusedError):
            await aio.connect(where, factory)

    play(main())
