"""The reactor: time, threads, signals, and running more than once."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time

import pytest

from conftest import LIMIT, started, until
from plait.error import PlaitError
from plait.internet import error, protocol
from plait.internet import reactor as the_reactor
from plait.internet.reactors import Reactor


def test_calls_come_in_the_order_of_their_times(reactor):
    events = []
    reactor.callLater(0.3, events.append, "second")
    reactor.callLater(0.01, events.append, "first")
    reactor.callLater(0.3, events.append, "third")
    reactor.callLater(0, events.append, "at once")
    until(reactor, lambda: len(events) == 4)
    assert events == ["at once", "first", "second", "third"]


def test_a_delayed_call(reactor):
    events, before = [], reactor.seconds()
    call = reactor.callLater(0.01, lambda *a, **k: events.append((a, k)), 1, b=2)
    assert call.active()
    assert before + 0.009 <= call.getTime() <= reactor.seconds() + 0.011
    assert reactor.getDelayedCalls() == [call]
    assert (call.args, call.kw, call.time) == ((1,), {"b": 2}, call.getTime())
    assert callable(call.func) and not call.called and not call.cancelled
    until(reactor, lambda: events)
    assert events == [((1,), {"b": 2})]
    assert not call.active() and call.called and not call.cancelled
    assert reactor.getDelayedCalls() == []
    for change in (call.cancel, lambda: call.reset(1), lambda: call.delay(1)):
        with pytest.raises(error.AlreadyCalled):
            change()


def test_cancelling(reactor):
    events = []
    call = reactor.callLater(0.001, events.append, "never")
    call.cancel()
    assert not call.active() and call.cancelled and not call.called
    for change in (call.cancel, lambda: call.reset(1), lambda: call.delay(1)):
        with pytest.raises(error.AlreadyCancelled):
            change()
    reactor.callLater(0.005, events.append, "later")
    until(reactor, lambda: events)
    assert events == ["later"]


def test_moving(reactor):
    events = []
    sooner = reactor.callLater(1000, events.append, "sooner")
    sooner.reset(0)
    later = reactor.callLater(0.001, events.append, "later")
    later.delay(0.3)
    nearer = reactor.callLater(1000, events.append, "nearer")
    nearer.delay(-999.99)
    until(reactor, lambda: len(events) == 3)
    assert events == ["sooner", "nearer", "later"]


def test_the_past(reactor):
    with pytest.raises(ValueError, match="past"):
        reactor.callLater(-1, print)


@pytest.mark.logs_errors
def test_an_exception_in_a_call_is_logged(reactor, caplog):
    events = []
    reactor.callLater(0, lambda: 1 / 0)
    reactor.callFromThread(lambda: {}["missing"])
    reactor.callLater(0.001, events.append, "after")
    until(reactor, lambda: events)
    assert "ZeroDivisionError" in caplog.text
    assert "KeyError: 'missing'" in caplog.text


def test_calls_from_threads(reactor):
    events = []

    def work(name):
        for number in range(1000):
            reactor.callFromThread(lambda n=number: events.append((name, n, threading.get_ident())))

    threads = [threading.Thread(target=work, args=(name,)) for name in range(4)]
    for thread in threads:
        thread.start()
    until(reactor, lambda: len(events) == 4000)
    for name in range(4):
        assert [n for who, n, _ in events if who == name] == list(range(1000))
    assert {where for _, _, where in events} == {threading.get_ident()}


def test_starting_and_stopping(reactor):
    events = []

    def started():
        events.append(reactor.running)
        reactor.callWhenRunning(events.append, "now")
        events.append("then")
        with pytest.raises(error.ReactorAlreadyRunning):
            reactor.run()
        reactor.stop()

    reactor.callWhenRunning(started)
    reactor.run()
    assert events == [True, "now", "then"]
    assert not reactor.running
    with pytest.raises(error.ReactorNotRunning):
        reactor.stop()


def test_it_waits_even_with_nothing_to_wait_for(reactor):
    threading.Timer(0.05, reactor.callFromThread, [reactor.stop]).start()
    reactor.run()


def test_stopping_from_another_thread(reactor):
    threading.Timer(0.01, reactor.stop).start()
    reactor.run()


def test_a_reactor_per_thread():
    results = []

    def work():
        own = Reactor()
        own.callLater(0.001, own.stop)
        own.run()
        own.close()
        results.append(own)

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(LIMIT)
    assert len(results) == 4


def test_a_reactor_that_another_thread_runs(reactor):
    """It is made here, and belongs to whoever runs it."""
    events = []
    reactor.callWhenRunning(lambda: events.append(threading.current_thread()))
    reactor.callWhenRunning(reactor.stop)
    thread = threading.Thread(target=reactor.run)
    thread.start()
    thread.join(LIMIT)
    assert events == [thread]
    with pytest.raises(PlaitError) as caught:
        reactor.callLater(0, print)
    assert caught.value.name == "PLAIT_ERR_THREAD"
    reactor.callWhenRunning(reactor.stop)
    reactor.run()


def test_the_reactor_of_the_module():
    first = the_reactor.getReactor()
    assert the_reactor.getReactor() is first
    assert not the_reactor.running
    events = []
    the_reactor.callWhenRunning(lambda: events.append(the_reactor.running))
    the_reactor.callLater(0, the_reactor.stop)
    the_reactor.run()
    assert events == [True]
    assert the_reactor.seconds() > 0
    with pytest.raises(AttributeError):
        the_reactor.__nothing__  # noqa: B018


def test_exceptions_that_end_the_program(reactor):
    def leave():
        raise SystemExit(3)

    reactor.callLater(0, leave)
    with pytest.raises(SystemExit):
        reactor.run()
    reactor.callLater(0, reactor.stop)
    reactor.run()


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork")
def test_after_a_fork(reactor):
    child = os.fork()
    if child == 0:
        try:
            reactor.iterate()
        except PlaitError as problem:
            os._exit(0 if problem.name == "PLAIT_ERR_FORKED" else 1)
        os._exit(2)
    assert os.waitpid(child, 0)[1] == 0
    reactor.iterate()


INTERRUPTED = """
import signal, time
signal.signal(signal.SIGINT, signal.default_int_handler)  # ignored where jobs run in the background
from plait.internet import protocol, reactor
def busy():
    print("ready", flush=True)
    {work}
reactor.callWhenRunning(busy) if {soon} else reactor.callLater(0.01, busy)
before = signal.getsignal(signal.SIGINT)
try:
    reactor.run()
except KeyboardInterrupt:
    print("interrupted", reactor.running)
assert signal.getsignal(signal.SIGINT) is before
assert signal.set_wakeup_fd(-1) == -1
reactor.callLater(0, reactor.stop)
reactor.run()
print("ran again")
"""


@pytest.mark.parametrize("work", ["pass", "time.sleep(60)", "while True: pass"])
@pytest.mark.parametrize("soon", [True, False])
def test_control_c(environment, work, soon):
    if soon and work != "pass":
        pytest.skip("outside of a callback Python has it at once")
    script = INTERRUPTED.format(work=work, soon=soon)
    with started(script, environment) as process:
        assert process.stdout.readline() == "ready\n"
        begun = time.monotonic()
        process.send_signal(signal.SIGINT)
        assert process.communicate(timeout=LIMIT)[0] == "interrupted False\nran again\n"
        assert process.returncode == 0
        assert time.monotonic() - begun < LIMIT / 2


def test_the_programs_own_handler(environment):
    script = """
import signal
from plait.internet import reactor
signal.signal(signal.SIGTERM, lambda *_: reactor.stop())
signal.signal(signal.SIGINT, lambda *_: print("mine", flush=True))
reactor.callWhenRunning(print, "ready", flush=True)
reactor.run()
print("stopped")
"""
    with started(script, environment) as process:
        assert process.stdout.readline() == "ready\n"
        process.send_signal(signal.SIGINT)
        assert process.stdout.readline() == "mine\n"
        process.terminate()
        assert process.communicate(timeout=LIMIT)[0] == "stopped\n"
        assert process.returncode == 0


def test_leaving_with_a_running_reactor(environment):
    script = """
import threading
from plait.internet import protocol
from plait.internet.reactors import Reactor
started = threading.Event()
def work():
    own = Reactor()
    own.listenTCP(0, protocol.Factory.forProtocol(protocol.Protocol), interface="127.0.0.1")
    def tick():
        started.set()
        own.callLater(0.001, tick)
    own.callWhenRunning(tick)
    own.run()
threading.Thread(target=work, daemon=True).start()
started.wait()
print("leaving")
"""
    done = subprocess.run(
        [sys.executable, "-c", script], env=environment, capture_output=True, timeout=LIMIT
    )
    assert (done.returncode, done.stdout) == (0, b"leaving\n"), done.stderr


def test_importing_is_cheap(environment):
    script = "import sys, plait; print(*(m for m in sys.modules if m.startswith('plait.')))"
    done = subprocess.run(
        [sys.executable, "-c", script], env=environment, capture_output=True, text=True, check=True
    )
    assert done.stdout.split() == ["plait._version"]


def test_a_library_that_is_not_there(environment):
    environment["PLAIT_LIBRARY"] = "/nonexistent/libplait.so"
    done = subprocess.run(
        [sys.executable, "-c", "import plait.protocols.basic, plait.internet.reactors"],
        env=environment,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 1
    assert "set PLAIT_LIBRARY to its path" in done.stderr
    assert protocol.Factory is not None


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork")
def test_a_child_has_a_reactor_and_framers_of_its_own(environment):
    """In a process without other threads, whose children may do anything."""
    script = """
import os
from plait.internet import reactor
from plait.protocols import basic
from plait.test.proto_helpers import StringTransport

class Echo(basic.LineReceiver):
    def lineReceived(self, line):
        self.sendLine(line)

def works():
    echo, transport = Echo(), StringTransport()
    echo.makeConnection(transport)
    echo.dataReceived(b"x\\r\\n")
    reactor.callLater(0, reactor.stop)
    reactor.run()
    return transport.value() == b"x\\r\\n"

kept = Echo()
kept.makeConnection(StringTransport())
kept.dataReceived(b"x")
assert works()
child = os.fork()
if child == 0:
    try:
        os._exit(0 if works() and not reactor.running else 1)
    finally:
        os._exit(2)
print(os.waitpid(child, 0)[1], works())
"""
    with started(script, environment) as process:
        assert process.stdout.read() == "0 True\n"


@pytest.mark.parametrize("delay", [2**64 / 1000, 1e300, float("inf")])
def test_calls_that_nobody_lives_to_see(reactor, delay):
    called = []
    call = reactor.callLater(delay, called.append, 1)
    other = reactor.callLater(60, called.append, 2)
    call.delay(delay)
    call.reset(delay)
    other.delay(delay)
    reactor.iterate()
    reactor.iterate(0.01)
    assert called == [] and call.active() and call.getTime() >= delay
    other.delay(-delay)
    until(reactor, lambda: called)
    assert called == [2]
