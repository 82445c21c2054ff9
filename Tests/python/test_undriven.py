"""The reactor's module in a program of asyncio's: who has nobody drive it is told, and nobody else."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import threading
import warnings

import pytest

from conftest import LIMIT
from plait import aio
from plait.internet import _undriven, endpoints, protocol, task
from plait.internet import reactor as the_reactor
from plait.protocols import basic


@pytest.fixture(autouse=True)
def fresh(monkeypatch):
    """The program's own reactor, not used so far."""
    monkeypatch.setattr(the_reactor, "_reactor", None)
    monkeypatch.setattr(_undriven, "PATIENCE", 0)
    yield
    if the_reactor._reactor is not None:
        the_reactor._reactor.tryToAdopt()
        the_reactor._reactor.close()


@pytest.fixture
def looked(monkeypatch):
    """When somebody has looked."""
    events = []
    look = _undriven._look

    def notes(*args):
        look(*args)
        for event in events:
            event.set()

    monkeypatch.setattr(_undriven, "_look", notes)
    return events


def told(main):
    """What a coroutine's program is warned of."""
    with warnings.catch_warnings(record=True) as found:
        warnings.simplefilter("always")
        asyncio.run(asyncio.wait_for(main(), LIMIT))
    return [str(w.filename) for w in found if w.category is RuntimeWarning and "plait.aio" in str(w.message)]


def factory():
    return protocol.ClientFactory.forProtocol(basic.LineReceiver)


USES = {
    "callLater": lambda: the_reactor.callLater(3600, print),
    "listenTCP": lambda: the_reactor.listenTCP(0, factory(), interface="127.0.0.1"),
    "connectTCP": lambda: the_reactor.connectTCP("127.0.0.1", 1, factory()),
    "server": lambda: endpoints.serverFromString(the_reactor, "tcp:0").listen(factory()),
    "client": lambda: endpoints.clientFromString(the_reactor, "tcp:127.0.0.1:1").connect(factory()),
    "deferLater": lambda: task.deferLater(the_reactor, 3600, print),
}


@pytest.mark.parametrize("use", USES)
def test_nobody_drives_it(looked, use):
    async def main():
        looked.append(asyncio.Event())
        kept.append(USES[use]())
        kept.append(USES[use]())
        await looked[0].wait()
        kept.append(USES[use]())
        await asyncio.sleep(0)

    kept = []
    # Once for each loop, and it names the line that asked.
    assert told(main) == [__file__]
    assert told(main) == [__file__]


def test_a_program_after_one_that_was_too_short(looked, monkeypatch):
    async def tooShort():
        with monkeypatch.context() as patience:
            patience.setattr(_undriven, "PATIENCE", 3600)
            the_reactor.callLater(3600, print)

    async def main():
        looked[:] = [asyncio.Event()]
        the_reactor.callLater(3600, print)
        await looked[0].wait()

    assert told(tooShort) == []
    assert told(main) == [__file__]


def test_by_uvloop(looked):
    uvloop = pytest.importorskip("uvloop")

    async def main():
        looked.append(asyncio.Event())
        the_reactor.callLater(3600, print)
        await looked[0].wait()

    with pytest.warns(RuntimeWarning, match="aio.driving"):
        loop = uvloop.new_event_loop()
        loop.run_until_complete(main())
        loop.close()


async def drives(event):
    the_reactor.callLater(3600, print)
    async with aio.driving(the_reactor):
        await event.wait()


async def turns(event):
    the_reactor.callLater(3600, print)
    the_reactor.iterate()
    await event.wait()


async def cancels(event):
    the_reactor.callLater(3600, print).cancel()
    await event.wait()


async def asksForNothing(event):
    the_reactor.getDelayedCalls()
    await event.wait()


async def runsInAThread(event):
    calls = []
    call = the_reactor.callLater(3600, print)
    thread = threading.Thread(target=the_reactor.run, args=(False,))
    thread.start()
    while not the_reactor.running:
        await asyncio.sleep(0)
    await event.wait()
    the_reactor.callFromThread(calls.append, 1)
    the_reactor.callFromThread(call.cancel)
    the_reactor.callFromThread(the_reactor.stop)
    while thread.is_alive():
        await asyncio.sleep(0)
    thread.join()
    assert calls == [1]


@pytest.mark.parametrize("program", [drives, turns, cancels, asksForNothing, runsInAThread])
def test_no_false_alarms(looked, program):
    async def main():
        looked.append(asyncio.Event())
        await program(looked[0])

    assert told(main) == []


def test_again_when_it_is_driven_no_more(looked):
    async def main():
        looked.append(asyncio.Event())
        async with aio.driving(the_reactor):
            the_reactor.callLater(3600, print)
            await looked[0].wait()
        looked[0].clear()
        the_reactor.callLater(3600, print)
        await looked[0].wait()

    assert told(main) == [__file__]


def test_no_loop_no_word():
    """Whoever runs the reactor itself may have imported asyncio."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        the_reactor.callLater(0, the_reactor.stop)
        the_reactor.run()


PROGRAM = """
import asyncio
from plait.internet import _undriven, reactor
_undriven.PATIENCE = 0.001

async def main():
    reactor.callLater(1, print)
    await asyncio.sleep(0.1)

asyncio.run(main())
"""


def test_what_a_program_shows(environment):
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM], env=environment, capture_output=True, text=True, timeout=LIMIT
    )
    assert done.returncode == 0
    assert "RuntimeWarning: plait.internet.reactor was asked for this, and nobody runs it" in done.stderr
    assert "<string>:7" in done.stderr and "async with aio.driving(reactor)" in done.stderr
