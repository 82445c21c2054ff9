"""Connections for coroutines, on asyncio's loop and on uvloop's."""

from __future__ import annotations

import asyncio
import signal
import socket

import pytest

from conftest import LIMIT, full_listener, started
from plait import aio
from plait.internet import error, protocol
from test_aio import play

__all__ = ["play"]

HERE = "tcp:0:interface=127.0.0.1"


def there(port):
    return f"tcp:127.0.0.1:{port.getHost().port}"


async def echo(conn):
    async for message in conn:
        (conn.sendLine if isinstance(conn, aio.Lines) else conn.sendString)(message)
        await conn.drain()


@pytest.mark.parametrize("kind", [aio.Lines, aio.Strings, aio.Netstrings])
def test_an_echo(play, kind):
    messages = [b"message %d" % number for number in range(5000)]

    async def main():
        async with aio.serving(HERE, kind, echo) as port:
            async with aio.connected(there(port), kind) as conn:
                (conn.sendLines if kind is aio.Lines else conn.sendStrings)(messages)
                heard = [await conn.read() for _ in messages[:100]]
                while len(heard) < len(messages):
                    heard += await conn.readMany()
                assert heard == messages
            assert conn.transport.disconnected
        with pytest.raises(error.ConnectionRefusedError):
            await aio.connect(there(port), kind)

    play(main())


def test_what_the_peer_says_last_is_heard(play):
    async def tell(conn):
        conn.sendLines([b"one", b"", b"three"])

    async def main():
        async with aio.serving(HERE, aio.Lines, tell) as port:
            conn = await aio.connect(there(port), aio.Lines)
            assert [line async for line in conn.lines()] == [b"one", b"", b"three"]
            for _ in range(2):
                with pytest.raises(error.ConnectionDone):
                    await conn.read()
            with pytest.raises(error.ConnectionDone):
                await conn.drain()
            async with await aio.connect(there(port), aio.Lines) as other:
                blocks = [block async for block in other.blocks()]
            assert sum(blocks, []) == [b"one", b"", b"three"]

    play(main())


def test_a_connection_that_breaks(play):
    async def main():
        with socket.create_server(("127.0.0.1", 0)) as listener:
            conn = await aio.connect(f"tcp:127.0.0.1:{listener.getsockname()[1]}", aio.Bytes)
            peer, _ = listener.accept()
            with peer:
                peer.sendall(b"some")
                assert await conn.read() == b"some"
                # With a reset, that is.
                peer.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
            with pytest.raises(error.ConnectionLost):
                async for _ in conn:
                    pass
            assert (await conn.ended()).check(error.ConnectionLost)

    play(main())


class Semicolons(aio.Lines):
    delimiter = b";"
    MAX_LENGTH = 10


def test_a_line_that_is_too_long(play):
    async def main():
        ends = []

        async def hear(conn):
            with pytest.raises(error.PeerError, match="more than 10 bytes"):
                async for line in conn:
                    ends.append(line)

        async with aio.serving(HERE, Semicolons, hear) as port:
            async with aio.connected(there(port), aio.Bytes) as conn:
                conn.write(b"one;two;")
                conn.writeMany([b"x" * 20, b";"])
                assert [data async for data in conn] == []
        assert ends == [b"one", b"two"]

    play(main())


def test_back_pressure(play):
    """A peer that does not read holds up who sends; who does not read holds up the peer."""
    most = 65536
    chunk, count = b"x" * most, 400  # more than the kernel keeps

    async def main():
        sent = 0
        waits, is_held = asyncio.Event(), asyncio.Event()

        class Unread(aio.Bytes):
            def _hear(self, messages):
                super()._hear(messages)
                if self._held:
                    is_held.set()

        async def pour(conn):
            nonlocal sent
            for _ in range(count):
                conn.write(chunk)
                draining = asyncio.ensure_future(conn.drain())
                await asyncio.sleep(0)
                if not draining.done():
                    waits.set()
                await draining
                assert conn.transport.unsent() <= most
                sent += 1

        async with aio.serving(HERE, aio.Bytes, pour) as port:
            conn = await aio.connect(there(port), Unread)
            await is_held.wait()
            await waits.wait()
            assert sent < count
            assert conn._size < 4 * most
            got = 0
            async for data in conn:
                got += len(data)
                assert conn._size < 4 * most
            assert got == count * len(chunk) and sent == count

    play(main())


def test_cancelling_a_reader_loses_nothing(play):
    async def main():
        async with aio.serving(HERE, aio.Lines, echo) as port:
            async with aio.connected(there(port), aio.Lines) as conn:
                reader = asyncio.ensure_future(conn.read())
                await asyncio.sleep(0)
                with pytest.raises(RuntimeError):
                    await conn.read()
                reader.cancel()
                with pytest.raises(asyncio.CancelledError):
                    await reader
                with pytest.raises(asyncio.TimeoutError):
                    await asyncio.wait_for(conn.read(), 0.01)
                conn.sendLine(b"still here")
                assert await conn.read() == b"still here"

    play(main())


def test_cancelling_who_waits_for_the_end(play):
    async def main():
        with socket.create_server(("127.0.0.1", 0)) as listener:
            where = f"tcp:127.0.0.1:{listener.getsockname()[1]}"
            conn = await aio.connect(where, aio.Bytes)
            # Nobody reads, and the kernel takes little: it would not end by itself.
            conn.transport.getHandle().setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 65536)
            conn.write(b"x" * 10_000_000)
            with pytest.raises(asyncio.TimeoutError):
                await asyncio.wait_for(conn.drain(), 0.01)
            with pytest.raises(asyncio.TimeoutError):
                await asyncio.wait_for(conn.close(), 0.01)
            assert (await conn.ended()).check(error.ConnectionAborted)
            with pytest.raises(KeyError):
                async with aio.connected(where, aio.Bytes) as other:
                    raise KeyError
            with pytest.raises(KeyError):
                async with await aio.connect(where, aio.Bytes) as third:
                    raise KeyError
            assert third.transport.disconnected
            assert (await other.ended()).check(error.ConnectionAborted)

    play(main())


def test_cancelling_an_attempt(play):
    async def main():
        with full_listener() as number:
            with pytest.raises(asyncio.TimeoutError):
                async with aio.connected(f"tcp:127.0.0.1:{number}", aio.Lines):
                    pass

    async def limited():
        with pytest.raises(asyncio.TimeoutError):
            await asyncio.wait_for(main(), 0.05)
        while aio.getReactor().attempts:
            await asyncio.sleep(0)

    play(limited())


class Short(aio.Lines):
    MAX_LENGTH = 8


@pytest.mark.parametrize("how", ["reset", "too long", "closed"])
def test_what_any_peer_can_do_is_no_error(play, caplog, how):
    """Its end that reading raises in a handler is told, shortly; the logger's errors would fail the test."""
    caplog.set_level("INFO", logger="plait")

    async def handle(conn):
        while True:
            conn.sendLine(await conn.read())

    async def main():
        async with aio.serving(HERE, Short, handle) as port:
            async with aio.connected(there(port), aio.Bytes) as bad:
                bad.write(b"x\r\n")
                assert await bad.read() == b"x\r\n"
                if how == "reset":
                    linger = b"\1\0\0\0\0\0\0\0"
                    bad.transport.getHandle().setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
                    bad.transport.abortConnection()
                elif how == "too long":
                    bad.write(b"x" * 100 + b"\r\n")
                    with pytest.raises(error.ConnectionClosed):
                        await bad.read()
            while not told():
                await asyncio.sleep(0.001)

    def told():
        return [record for record in caplog.records if "A connection has ended in <function" in record.getMessage()]

    play(main())
    assert [(record.levelname, record.exc_info) for record in told()] == [("INFO", None)]
    words = {"reset": "lost", "too long": "a line has more than 8 bytes", "closed": "closed cleanly"}
    assert words[how] in told()[0].getMessage()


@pytest.mark.logs_errors
def test_the_end_of_another_connection_is_an_error(play, caplog):
    async def handle(conn):
        raise error.ConnectionLost("another one")

    async def main():
        async with aio.serving(HERE, aio.Lines, handle) as port:
            async with aio.connected(there(port), aio.Lines) as conn:
                with pytest.raises(error.ConnectionLost):
                    await conn.read()

    play(main())
    assert "Unhandled error in" in caplog.text and "Traceback" in caplog.text


def test_what_is_no_handler_is_refused_at_once(play):
    async def generator(conn):
        yield conn

    def sync(conn):
        yield conn

    async def main(wrong):
        with pytest.raises(TypeError, match="a function that gives a coroutine is wanted, not "):
            async with aio.serving(HERE, aio.Lines, wrong):
                pass

    for wrong in (None, 5, generator, sync):
        play(main(wrong))


@pytest.mark.logs_errors
def test_a_handler_that_raises_ends_its_connection_alone(play, caplog):
    async def handle(conn):
        async for line in conn:
            conn.sendLine(b"%d" % (10 // int(line)))

    async def main():
        async with aio.serving(HERE, aio.Lines, handle) as port:
            async with aio.connected(there(port), aio.Lines) as good:
                async with aio.connected(there(port), aio.Lines) as bad:
                    bad.sendLine(b"0")
                    with pytest.raises(error.ConnectionLost):
                        await bad.read()
                good.sendLine(b"5")
                assert await good.read() == b"2"

    play(main())
    assert "ZeroDivisionError" in caplog.text and "Traceback" in caplog.text


def test_the_end_of_serving_cancels_its_tasks(play):
    async def main():
        begun, cancelled = [], []

        async def handle(conn):
            begun.append(conn)
            try:
                await conn.read()
            except asyncio.CancelledError:
                cancelled.append(conn)
                raise

        async with aio.serving(HERE, aio.Lines, handle) as port:
            conns = [await aio.connect(there(port), aio.Lines) for _ in range(3)]
            while len(begun) < 3:  # a task that has not begun is cancelled without a word
                await asyncio.sleep(0)
        assert len(cancelled) == 3
        for conn in conns:
            assert (await conn.ended()).check(error.ConnectionLost)

    play(main())


def test_listening(play):
    class Echo(protocol.Protocol):
        def dataReceived(self, data):
            self.transport.write(data)

    async def main():
        async with aio.listening(HERE, Echo) as port:
            async with aio.connected(there(port), aio.Bytes) as conn:
                conn.write(b"x")
                assert await conn.read() == b"x"
        with pytest.raises(error.ConnectionRefusedError):
            await aio.connect(there(port), aio.Bytes)

    play(main())


@pytest.mark.parametrize("loop", ["asyncio", "uvloop"])
def test_control_c(environment, loop):
    script = f"""
import asyncio, signal, {loop} as loops
from plait import aio
begun = asyncio.Event()
async def handle(conn):
    begun.set()
    try:
        await conn.read()
    finally:
        print("cancelled", flush=True)
async def main():
    async with aio.serving("{HERE}", aio.Lines, handle) as port:
        async with aio.connected(f"tcp:127.0.0.1:{{port.getHost().port}}", aio.Lines):
            await begun.wait()
            print("ready", flush=True)
            await asyncio.sleep(60)
loop = loops.new_event_loop()
task = loop.create_task(main())
# As asyncio's own runner does it.
loop.add_signal_handler(signal.SIGINT, task.cancel)
try:
    loop.run_until_complete(task)
except asyncio.CancelledError:
    print("left")
"""
    with started(script, environment) as process:
        assert process.stdout.readline() == "ready\n"
        process.send_signal(signal.SIGINT)
        assert process.communicate(timeout=LIMIT)[0] == "cancelled\nleft\n"
        assert process.returncode == 0
