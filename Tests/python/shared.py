"""What the tests share, here and in Tests/interop: a reactor for each, and ways to run it until something has happened."""

from __future__ import annotations

import contextlib
import os
import select
import socket
import subprocess
import sys
import threading
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "bindings" / "python"))
sys.path.insert(0, str(Path(__file__).parent))

from plait.internet.defer import Deferred  # noqa: E402
from plait.internet.reactors import Reactor  # noqa: E402
from plait.python.failure import Failure  # noqa: E402

from limits import LIMIT, pytest_configure  # noqa: E402

__all__ = [
    "LIMIT", "ROOT", "environment", "full_listener", "in_thread", "is_ours", "lost", "pytest_configure", "reactor", "reserved_port",
    "run", "started", "until", "wants",
]


@pytest.fixture
def reactor():
    """A reactor of the test's own, closed in the end."""
    made = Reactor()
    yield made
    made.close()


@pytest.fixture
def environment():
    """The environment of a process that uses the bindings."""
    paths = [str(ROOT / "bindings" / "python"), os.environ.get("PYTHONPATH", "")]
    return dict(os.environ, PYTHONPATH=os.pathsep.join(filter(None, paths)), PYTHONUNBUFFERED="1")


@contextlib.contextmanager
def started(script, environment):
    """A program in Python whose output is read; it does not outlive the test, and one that hangs is ended, so that the output does."""
    command = [sys.executable, "-c", script]
    with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True) as process:
        watch = threading.Timer(2 * LIMIT, process.kill)
        watch.start()
        try:
            yield process
        finally:
            watch.cancel()
            process.kill()


def run(reactor, deferred, limit=LIMIT):
    """Runs a reactor until a Deferred has its result; gives that, or raises what it failed with.

    What the reactor has stays open.
    """
    outcome = []

    def ended(result):
        outcome.append(result)
        if reactor.running:
            reactor.crash()

    deferred.addBoth(ended)
    timer = reactor.callLater(limit, reactor.crash)
    if not outcome:
        reactor.run()
    else:
        reactor.iterate()
    if timer.active():
        timer.cancel()
    assert outcome, "it took too long"
    if isinstance(outcome[0], Failure):
        outcome[0].raiseException()
    return outcome[0]


def lost(reactor, protocol):
    """Runs a reactor until a protocol has lost its connection; gives the reason."""
    until(reactor, lambda: protocol.reason is not None)
    return protocol.reason


def until(reactor, condition, limit=LIMIT):
    """Turns a reactor until a condition holds."""
    expired = []
    timer = reactor.callLater(limit, expired.append, True)
    while not condition():
        reactor.iterate(1)
        assert not expired, "it took too long"
    timer.cancel()


@contextlib.contextmanager
def full_listener():
    """The port of a listener that does not answer, because its backlog is full."""
    with contextlib.ExitStack() as stack:
        full = stack.enter_context(socket.socket())
        full.bind(("127.0.0.1", 0))
        full.listen(0)
        for _ in range(4):
            filler = stack.enter_context(socket.socket())
            filler.setblocking(False)
            filler.connect_ex(full.getsockname())
            # The first one fills it, and is there before others try.
            assert select.select([full], [], [], LIMIT)[0]
        yield full.getsockname()[1]


def is_ours(host):
    """Whether this machine has an address: some have no IPv6."""
    with contextlib.suppress(OSError), socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as probe:
        probe.bind((host, 0))
        return True
    return False


def wants(host):
    """Skips the test where there is no such address."""
    if not is_ours(host):
        pytest.skip("there is no IPv6 here")


@contextlib.contextmanager
def reserved_port():
    """A port where nobody listens, and where nobody will by chance: whoever is told of it may listen there, again and again."""
    with socket.socket() as held:
        held.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        held.bind(("127.0.0.1", 0))
        yield held.getsockname()[1]


def in_thread(reactor, function, *args):
    """Calls a function that blocks in another thread; a Deferred tells what it returned."""
    done = Deferred()

    def work():
        try:
            result = function(*args)
        except BaseException as error:
            reactor.callFromThread(done.errback, error)
        else:
            reactor.callFromThread(done.callback, result)

    threading.Thread(target=work, daemon=True).start()
    return done
