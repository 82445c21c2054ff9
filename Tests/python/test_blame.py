"""What bindings to C are usually blamed for."""

from __future__ import annotations

import gc
import multiprocessing
import os
import signal
import socket
import subprocess
import sys
import threading
import time
import weakref

import pytest

from conftest import LIMIT, started, until
from plait._core import registry
from plait.error import PlaitError
from plait.internet import protocol
from plait.internet.reactors import Reactor
from plait.protocols import basic
from test_tcp import EchoLines


def exits(script, environment, limit=LIMIT):
    """What a program printed that leaves in its own way; it must not crash, and say nothing else."""
    done = subprocess.run(
        [sys.executable, "-c", script],
        env=environment,
        capture_output=True,
        text=True,
        timeout=limit,
    )
    assert done.stderr == ""
    return done.returncode, done.stdout


# Callbacks are not collected early


def test_nothing_is_collected_that_c_may_call(reactor):
    """Nobody holds the port, the factories, the protocols, the timers or the functions."""
    heard, rounds = [], 200

    class Client(basic.LineReceiver):
        def connectionMade(self):
            self.sendLine(b"0")

        def lineReceived(self, line):
            gc.collect(0)
            heard.append(line)
            if len(heard) < rounds:
                reactor.callLater(0, lambda: self.sendLine(b"%d" % len(heard)))
            else:
                self.transport.loseConnection()

        def connectionLost(self, reason):
            reactor.callFromThread(lambda: heard.append(None))

    def begin():
        class Server(EchoLines):
            pass

        port = reactor.listenTCP(0, protocol.Factory.forProtocol(Server), interface="127.0.0.1")
        where = ("127.0.0.1", port.getHost().port)
        reactor.connectTCP(*where, protocol.ClientFactory.forProtocol(Client))

    begin()
    gc.collect()
    until(reactor, lambda: heard and heard[-1] is None)
    assert heard[:-1] == [b"%d" % number for number in range(rounds)]


def test_what_c_calls_is_immortal():
    """All functions that C is given are of modules, and have a reference that is never dropped."""
    from plait._core import opening, signals, tables, timers
    from plait.internet import reactors

    # What was cast from one of them is the same code, and keeps that.
    found = {
        id(thing): thing
        for module in (opening, signals, tables, timers, reactors)
        for thing in vars(module).values()
        if type(thing).__name__ == "CFunctionType"
        and all(kept is thing for kept in thing._objects.values() if callable(kept))
    }
    assert len(found) > 10
    for thing in found.values():
        # The module's, this table's, the loop's, the argument's; and the one that stays.
        assert sys.getrefcount(thing) >= 5
    assert len(registry.entries) >= len(found)


def test_callbacks_are_let_go_of(reactor):
    class Thing:
        def __call__(self):
            seen.append(1)

    seen = []
    things = [Thing() for _ in range(3)]
    watched = [weakref.ref(thing) for thing in things]
    reactor.callLater(0, things[0])
    reactor.callFromThread(things[1])
    reactor.callLater(1000, things[2]).cancel()
    del things
    until(reactor, lambda: len(seen) == 2)
    gc.collect()
    assert [watch() for watch in watched] == [None] * 3


# Memory is not read after the callback it was lent for


@pytest.mark.parametrize("way", ["one by one", "blocks", "raw", "strings"])
def test_what_is_kept_stays_as_it_was(reactor, way):
    """All that is delivered is kept, while the memory it was in is used again and again."""
    kept, sent = [], [b"%06d" % number * 20 for number in range(20000)]

    class Kept:
        def connectionLost(self, reason):
            kept.append(None)

    class Lines(Kept, basic.LineReceiver):
        def lineReceived(self, line):
            kept.append(line)

    class Blocks(Kept, basic.LineReceiver):
        def linesReceived(self, lines):
            kept.extend(lines)

    class Raw(Kept, protocol.Protocol):
        def dataReceived(self, data):
            kept.append(data)

    class Strings(Kept, basic.Int16StringReceiver):
        def stringReceived(self, string):
            kept.append(string)

    kind = {"one by one": Lines, "blocks": Blocks, "raw": Raw, "strings": Strings}[way]

    class Sender(basic.Int16StringReceiver if way == "strings" else basic.LineReceiver):
        def connectionMade(self):
            send = self.sendStrings if way == "strings" else self.sendLines
            for start in range(0, len(sent), 1000):
                send(sent[start : start + 1000])
            self.transport.loseConnection()

    port = reactor.listenTCP(0, protocol.Factory.forProtocol(kind), interface="127.0.0.1")
    where = ("127.0.0.1", port.getHost().port)
    reactor.connectTCP(*where, protocol.ClientFactory.forProtocol(Sender))
    until(reactor, lambda: kept and kept[-1] is None)
    if way == "raw":
        assert b"".join(kept[:-1]) == b"".join(line + b"\r\n" for line in sent)
    else:
        assert kept[:-1] == sent


# Leaving

SERVE = """
import sys, os, threading, atexit
from plait.internet import protocol, reactor
from plait.internet.reactors import Reactor
from plait.protocols import basic

class Echo(basic.LineReceiver):
    def lineReceived(self, line):
        self.sendLine(line)

class Client(basic.LineReceiver):
    def connectionMade(self):
        self.sendLine(b"x")

    def lineReceived(self, line):
        self.sendLine(line)
        self.factory.count += 1
        if self.factory.count == 20:
            leave()

def serve(chosen):
    port = chosen.listenTCP(0, protocol.Factory.forProtocol(Echo), interface="127.0.0.1")
    factory = protocol.ClientFactory.forProtocol(Client)
    factory.count = 0
    chosen.connectTCP("127.0.0.1", port.getHost().port, factory)
    chosen.callLater(1000, print)
    chosen.callInThread(threading.Event().wait)
"""

LEAVING = {
    "sys.exit in a callback": "def leave(): sys.exit(3)\nserve(reactor)\nreactor.run()",
    "os._exit in a callback": "def leave(): os._exit(3)\nserve(reactor)\nreactor.run()",
    "without the end of a run": """
def leave():
    reactor.crash()
serve(reactor)
reactor.run()
sys.exit(3)
""",
    "with a reactor that never ran": "def leave(): pass\nserve(reactor)\nsys.exit(3)",
    "with a reactor that runs in a thread": """
done = threading.Event()
leave = done.set
own = Reactor()
serve(own)
threading.Thread(target=own.run, daemon=True).start()
done.wait(5)
sys.exit(3)
""",
    "with a function for the end that uses it": """
def leave():
    reactor.crash()
def last():
    reactor.callLater(0, reactor.stop)
    reactor.run()
    print("last")
atexit.register(last)
serve(reactor)
reactor.run()
sys.exit(3)
""",
}


@pytest.mark.parametrize("way", LEAVING)
def test_leaving(environment, way):
    # A thread of the pool would be waited for by the end of a run.
    serve = SERVE if "run()" not in LEAVING[way] else SERVE.replace("chosen.callInThread", "str")
    status, told = exits(serve + LEAVING[way], environment)
    assert (status, told) == (3, "last\n" if "uses it" in way else "")


# Threads


def test_a_reactor_per_thread_with_connections():
    told = []

    def work(name):
        own = Reactor()
        heard = []

        class Client(basic.LineReceiver):
            def connectionMade(self):
                self.sendLine(name)

            def lineReceived(self, line):
                heard.append((line, threading.current_thread()))
                if len(heard) == 500:
                    own.stop()
                else:
                    self.sendLine(line)

        port = own.listenTCP(0, protocol.Factory.forProtocol(EchoLines), interface="127.0.0.1")
        where = ("127.0.0.1", port.getHost().port)
        own.connectTCP(*where, protocol.ClientFactory.forProtocol(Client))
        own.callLater(LIMIT, own.stop)
        own.run()
        own.close()
        told.append((name, heard, threading.current_thread()))

    threads = [threading.Thread(target=work, args=(b"thread %d" % n,)) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(2 * LIMIT)
    assert len(told) == 4
    for name, heard, thread in told:
        assert heard == [(name, thread)] * 500


def test_the_callbacks_of_a_turn_follow_each_other(reactor, tmp_path):
    """Another thread that wants the interpreter's lock gets it while the reactor waits, not in between."""
    turns, seen = 0, []

    class Looking(protocol.Protocol):
        def dataReceived(self, data):
            seen.append(turns)

    # What is sent over a UNIX socket is there at once: one turn sees all of it.
    where = str(tmp_path / "socket")
    factory = protocol.Factory.forProtocol(Looking)
    reactor.listenUNIX(where, factory)
    peers = [socket.socket(socket.AF_UNIX) for _ in range(4)]
    for peer in peers:
        peer.connect(where)
    until(reactor, lambda: len(reactor.transports) == 4)
    ended = threading.Event()

    def other():
        nonlocal turns
        while not ended.is_set():
            turns += 1
            time.sleep(0)

    interval = sys.getswitchinterval()
    sys.setswitchinterval(LIMIT)  # nobody is made to let go of it
    thread = threading.Thread(target=other)
    thread.start()
    try:
        for _ in range(8):
            before = turns
            for peer in peers:
                peer.send(b"x")
            until(reactor, lambda: len(seen) == 4)
            assert len(set(seen)) == 1
            seen.clear()
            until(reactor, lambda: turns > before)
    finally:
        sys.setswitchinterval(interval)
        ended.set()
        thread.join()
        for peer in peers:
            peer.close()


def test_another_threads_reactor(reactor):
    problems = []

    def work():
        for function in (lambda: reactor.callLater(0, print), reactor.iterate):
            try:
                function()
            except PlaitError as problem:
                problems.append(problem)

    thread = threading.Thread(target=work)
    thread.start()
    thread.join(LIMIT)
    assert [problem.name for problem in problems] == ["PLAIT_ERR_THREAD"] * 2
    assert "thread" in str(problems[0])


# Forks


def forked(function):
    """The exit status of a child that calls a function."""
    child = os.fork()
    if child == 0:
        status = 99
        try:
            status = function()
        finally:
            os._exit(status)
    return os.waitpid(child, 0)[1] >> 8


def test_a_fork_is_refused(reactor):
    factory = protocol.Factory.forProtocol(EchoLines)
    port = reactor.listenTCP(0, factory, interface="127.0.0.1")
    where = ("127.0.0.1", port.getHost().port)

    def child():
        for number, use in enumerate(
            (
                reactor.run,
                reactor.iterate,
                lambda: reactor.callLater(0, print),
                lambda: reactor.listenTCP(0, factory),
                lambda: reactor.connectTCP(*where, protocol.ClientFactory()),
            )
        ):
            try:
                use()
            except PlaitError as problem:
                if problem.name != "PLAIT_ERR_FORKED" or "fork" not in str(problem):
                    return number + 1
            else:
                return number + 10
        # One of its own works.
        own = Reactor()
        own.callLater(0, own.stop)
        own.run()
        own.close()
        return 0

    assert forked(child) == 0
    # The parent's is none the worse for it.
    done = []
    reactor.callLater(0, done.append, 1)
    until(reactor, lambda: done)


def _child_of_multiprocessing(queue):
    own = Reactor()
    own.callLater(0, own.stop)
    own.run()
    queue.put(os.getpid())


@pytest.mark.parametrize("way", ["spawn", "fork"])
def test_multiprocessing(way):
    if os.environ.get("LD_PRELOAD"):
        pytest.skip("a sanitizer and the interpreters that are spawned get into each other's way")
    context = multiprocessing.get_context(way)
    queue = context.SimpleQueue()
    process = context.Process(target=_child_of_multiprocessing, args=(queue,))
    process.start()
    process.join(2 * LIMIT)
    if process.is_alive():
        process.kill()
    assert process.exitcode == 0
    assert queue.get() == process.pid


# Interpreters


def test_another_interpreter_is_refused(environment):
    script = """
try:
    import _interpreters as interpreters
    def run(script):
        return interpreters.run_string(interpreters.create(), script)
except ImportError:
    import _xxsubinterpreters as interpreters
    def run(script):
        return interpreters.run_string(interpreters.create(), script)
told = run('''
try:
    import plait.internet.reactors
except ImportError as problem:
    print(problem, flush=True)
else:
    print("imported", flush=True)
''')
assert told is None, told
"""
    done = subprocess.run(
        [sys.executable, "-c", script],
        env=environment,
        capture_output=True,
        text=True,
        timeout=LIMIT,
    )
    # The interpreter may forbid ctypes there by itself.
    assert "main interpreter only" in done.stdout or "subinterpreters" in done.stdout, done.stderr


# Signals


def test_control_c_ends_what_a_callback_of_c_has_called(environment):
    """Inside a block of lines, that is, with many frames of the package's around."""
    script = """
import signal
signal.signal(signal.SIGINT, signal.default_int_handler)
from plait.internet import protocol, reactor
from plait.protocols import basic
class Server(basic.LineReceiver):
    def lineReceived(self, line):
        print("ready", flush=True)
        while True:
            pass
    def connectionLost(self, reason):
        print(reason.type.__name__)
class Client(basic.LineReceiver):
    def connectionMade(self):
        self.sendLine(b"x")
port = reactor.listenTCP(0, protocol.Factory.forProtocol(Server), interface="127.0.0.1")
reactor.connectTCP("127.0.0.1", port.getHost().port, protocol.ClientFactory.forProtocol(Client))
try:
    reactor.run()
except KeyboardInterrupt:
    print("interrupted")
"""
    with started(script, environment) as process:
        assert process.stdout.readline() == "ready\n"
        process.send_signal(signal.SIGINT)
        told = process.communicate(timeout=LIMIT)[0]
        assert told == "KeyboardInterrupt\ninterrupted\n"
        assert process.returncode == 0


# The start

FIRST = """
import time
begun = time.process_time()
import socket
from plait.internet import protocol, reactor
from plait.protocols import basic
class Echo(basic.LineReceiver):
    def connectionMade(self):
        print((time.process_time() - begun) * 1000)
        reactor.stop()
port = reactor.listenTCP(0, protocol.Factory.forProtocol(Echo), interface="127.0.0.1")
peer = socket.create_connection(("127.0.0.1", port.getHost().port))
reactor.run()
"""


#: The same with what Python has.
ASYNCIO = """
import time
begun = time.process_time()
import asyncio, socket
async def main():
    made = asyncio.Event()
    class Echo(asyncio.Protocol):
        def connection_made(self, transport):
            made.set()
    server = await asyncio.get_running_loop().create_server(Echo, "127.0.0.1", 0)
    peer = socket.create_connection(server.sockets[0].getsockname())
    await made.wait()
    print((time.process_time() - begun) * 1000)
asyncio.run(main())
"""


@pytest.mark.skipif(bool(os.environ.get("LD_PRELOAD")), reason="a sanitizer takes its time")
def test_the_way_to_the_first_connection_is_short(environment, tmp_path):
    """Of the processor's time, beside asyncio's, with bytecode that was compiled before, as installed; each at its best."""
    environment.pop("PYTHONDONTWRITEBYTECODE", None)
    environment["PYTHONPYCACHEPREFIX"] = str(tmp_path)
    taken = {FIRST: [], ASYNCIO: []}
    for _ in range(12):
        for script, times in taken.items():
            status, told = exits(script, environment)
            assert status == 0
            times.append(float(told))
        # It was 0.95 times as long; with all of asyncio beside it, it is 1.4 times.
        if len(times) > 1 and min(taken[FIRST]) < 1.3 * min(taken[ASYNCIO]):
            return
    raise AssertionError(list(taken.values()))
