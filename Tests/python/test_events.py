"""What is done when a reactor starts and ends; and threads that work for it."""

from __future__ import annotations

import asyncio
import signal
import subprocess
import threading

import pytest

from conftest import LIMIT, run, started, until
from plait import aio
from plait.internet import defer, error, protocol, task, threads
from plait.internet import reactor as the_reactor
from plait.python.threadpool import ThreadPool


def test_the_phases(reactor):
    events = []
    for event in ("shutdown", "startup"):
        for phase in ("after", "during", "before"):
            reactor.addSystemEventTrigger(phase, event, events.append, f"{phase} {event}")
    reactor.callWhenRunning(reactor.stop)
    reactor.run()
    wanted = [f"{p} {e}" for e in ("startup", "shutdown") for p in ("before", "during", "after")]
    assert events == wanted
    # Each is called once.
    reactor.callWhenRunning(reactor.stop)
    reactor.run()
    assert events == wanted


def test_what_comes_before_the_end_is_waited_for(reactor):
    events = []
    first, second = defer.Deferred(), defer.succeed(None)

    def before():
        events.append("before")
        reactor.callLater(0.02, lambda: (events.append("done"), first.callback(None)))
        return first

    class Server(protocol.Protocol):
        def connectionMade(self):
            reactor.stop()

        def connectionLost(self, reason):
            events.append("lost")

    port = reactor.listenTCP(0, protocol.Factory.forProtocol(Server), interface="127.0.0.1")
    reactor.connectTCP("127.0.0.1", port.getHost().port, protocol.ClientFactory.forProtocol(Server))
    reactor.addSystemEventTrigger("before", "shutdown", before)
    reactor.addSystemEventTrigger("before", "shutdown", lambda: second)
    reactor.addSystemEventTrigger("during", "shutdown", events.append, "during")
    reactor.run()
    assert events[:2] == ["before", "done"]
    assert events[2:-1] == ["lost"] * len(events[2:-1])
    assert events[-1] == "during"


def test_taking_it_back(reactor):
    events = []
    kept = reactor.addSystemEventTrigger("before", "startup", events.append, "kept")
    taken = reactor.callWhenRunning(events.append, "taken")
    reactor.removeSystemEventTrigger(taken)
    for wrong in (taken, kept[:1] + ("shutdown",) + kept[2:]):
        with pytest.raises(ValueError):
            reactor.removeSystemEventTrigger(wrong)
    with pytest.raises(KeyError):
        reactor.addSystemEventTrigger("sometime", "startup", print)
    with pytest.raises(TypeError):
        reactor.addSystemEventTrigger("before", "startup", None)
    reactor.callWhenRunning(reactor.stop)
    reactor.run()
    assert events == ["kept"]


def test_the_programs_own_events(reactor):
    events = []
    waiting = defer.Deferred()
    reactor.addSystemEventTrigger("before", "lunch", lambda: waiting)
    reactor.addSystemEventTrigger("during", "lunch", events.append, "lunch")
    reactor.fireSystemEvent("lunch")
    assert events == []
    waiting.callback(None)
    assert events == ["lunch"]
    reactor.callWhenRunning(reactor.fireSystemEvent, "shutdown")
    reactor.run()


@pytest.mark.logs_errors
def test_what_raises_does_not_hold_the_end_up(reactor, caplog):
    events = []
    reactor.addSystemEventTrigger("before", "shutdown", lambda: 1 / 0)
    reactor.addSystemEventTrigger("before", "shutdown", lambda: defer.fail(KeyError("k")))
    reactor.addSystemEventTrigger("after", "shutdown", events.append, "after")
    reactor.callWhenRunning(reactor.stop)
    reactor.run()
    assert events == ["after"]
    assert "ZeroDivisionError" in caplog.text


def test_a_second_control_c_does_not_wait(environment):
    script = """
import signal
import subprocess
signal.signal(signal.SIGINT, signal.default_int_handler)
from plait.internet import defer, reactor
def before():
    print("waits", flush=True)
    return defer.Deferred()
reactor.addSystemEventTrigger("before", "shutdown", before)
reactor.addSystemEventTrigger("after", "shutdown", print, "after", flush=True)
reactor.callWhenRunning(print, "ready", flush=True)
try:
    reactor.run()
except KeyboardInterrupt:
    print("left")
"""
    with started(script, environment) as process:
        assert process.stdout.readline() == "ready\n"
        process.send_signal(signal.SIGINT)
        assert process.stdout.readline() == "waits\n"
        process.send_signal(signal.SIGINT)
        assert process.communicate(timeout=LIMIT)[0] == "after\nleft\n"


def test_control_c_does_not_wait_for_threads_at_work(environment):
    script = """
import signal, time
signal.signal(signal.SIGINT, signal.default_int_handler)
from plait.internet import reactor
reactor.addSystemEventTrigger("during", "shutdown", print, "waits", flush=True)
reactor.addSystemEventTrigger("after", "shutdown", print, "after", flush=True)
reactor.callInThread(time.sleep, 1000)
reactor.callWhenRunning({begin})
try:
    reactor.run()
except KeyboardInterrupt:
    print("left")
"""
    for begin in ("reactor.stop", "signal.raise_signal, signal.SIGINT"):
        with started(script.format(begin=begin), environment) as process:
            assert process.stdout.readline() == "waits\n"
            # The first may come before the wait has begun.
            for _ in range(round(LIMIT / 0.1)):
                process.send_signal(signal.SIGINT)
                try:
                    process.wait(0.1)
                    break
                except subprocess.TimeoutExpired:
                    pass
            assert process.communicate(timeout=LIMIT)[0] == "after\nleft\n"


def test_in_asyncios_company():
    events = []

    async def main():
        async with aio.driving() as reactor:
            waiting = defer.Deferred()
            reactor.addSystemEventTrigger("before", "shutdown", lambda: waiting)
            reactor.addSystemEventTrigger("during", "shutdown", events.append, "during")
            reactor.callLater(0.02, lambda: (events.append("done"), waiting.callback(None)))
        assert events == ["done", "during"]
        events.clear()
        reactor = aio.getReactor()
        waiting = defer.Deferred()
        reactor.addSystemEventTrigger("before", "shutdown", lambda: waiting)
        over = asyncio.Event()
        reactor.addSystemEventTrigger("during", "shutdown", over.set)
        reactor.stop()
        await asyncio.sleep(0.01)
        assert reactor.running and not over.is_set()
        waiting.callback(None)
        await over.wait()

    asyncio.run(asyncio.wait_for(main(), LIMIT))


# Threads


def test_calls_in_threads(reactor):
    seen = []
    reactor.suggestThreadPoolSize(2)
    at_once = threading.Barrier(2)

    def work():
        at_once.wait(LIMIT)
        seen.append(threading.get_ident())
        reactor.callFromThread(lambda: len(seen) == 2 and reactor.stop())

    for _ in range(2):
        reactor.callInThread(work)
    # They begin with the reactor.
    assert not seen
    reactor.run()
    assert len(set(seen)) == 2 and threading.get_ident() not in seen
    # The next run has threads of its own.
    reactor.callWhenRunning(reactor.callInThread, reactor.callFromThread, reactor.stop)
    reactor.run()


def test_results_of_threads(reactor):
    pool = reactor.getThreadPool()
    pool.start()

    def later(function, *args):
        return threads.deferToThreadPool(reactor, pool, function, *args)

    assert run(reactor, later(threading.get_ident)) != threading.get_ident()
    with pytest.raises(ZeroDivisionError):
        run(reactor, later(lambda: 1 / 0))

    def back():
        assert threads.blockingCallFromThread(reactor, threading.get_ident) == ours
        with pytest.raises(KeyError):
            threads.blockingCallFromThread(reactor, lambda: {}["k"])
        return threads.blockingCallFromThread(reactor, task.deferLater, reactor, 0, max, 1, 2)

    ours = threading.get_ident()
    assert run(reactor, later(back)) == 2
    reactor.stopThreadPool()


def test_the_modules_threads():
    seen = []
    done = threads.deferToThread(seen.append, 1)
    done.addBoth(lambda _: threads.callMultipleInThread([(seen.append, (2,), {}), (ended, (), {})]))

    def ended():
        the_reactor.callFromThread(the_reactor.stop)

    the_reactor.callWhenRunning(lambda: None)
    the_reactor.run()
    assert seen == [1, 2]


@pytest.mark.logs_errors
def test_an_exception_in_a_thread_is_logged(reactor, caplog):
    def fails():
        reactor.callFromThread(lambda: None)
        raise ValueError("in a thread")

    reactor.callInThread(fails)
    reactor.callWhenRunning(reactor.callInThread, lambda: reactor.callFromThread(reactor.stop))
    reactor.run()
    assert "in a thread" in caplog.text and "Traceback" in caplog.text


def test_names(reactor):
    pool = reactor.getThreadPool()
    pool.start()
    assert run(reactor, reactor.resolve("127.0.0.1")) == "127.0.0.1"
    with pytest.raises(error.DNSLookupError):
        run(reactor, reactor.resolve("a name with blanks"))
    until(reactor, lambda: not pool.working)
    reactor.stopThreadPool()


@pytest.mark.logs_errors
def test_no_exception_ends_a_thread_of_a_pool(caplog):
    pool = ThreadPool(0, 1)
    pool.start()
    done = threading.Event()

    def leaves(*args):
        raise SystemExit("from onResult")

    pool.callInThreadWithCallback(leaves, leaves)
    pool.callInThread(leaves)
    pool.callInThread(done.set)
    assert done.wait(LIMIT)
    pool.stop()
    assert pool.working == 0 and not pool.threads
    assert "from onResult" in caplog.text
