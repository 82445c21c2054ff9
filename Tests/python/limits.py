"""A limit on every test: one that waits for ever fails, and says where each of its threads is. A plugin of pytest's.

First a signal has the main thread raise, again and again, and what the test has started is ended, so that the test fails, the
others follow, and nothing is left behind. If the main thread can't, since it is in a function of C's, the process ends.
All that begins anew with each phase: with the set-up, the call, and the tear-down.
"""

from __future__ import annotations

import contextlib
import faulthandler
import os
import signal
from pathlib import Path

import pytest

#: Seconds after which a test that waits for something has failed.
LIMIT = 60.0
#: Seconds for a phase of a test: more than all waits within one may take, and far more than a test takes.
PHASE = 4 * LIMIT * (2 if "san" in os.environ.get("LD_PRELOAD", "") else 1)
#: Seconds until the next attempt.
AGAIN = 15.0

# Where a name server does not answer, that is known soon.
os.environ.setdefault("RES_OPTIONS", "timeout:1 attempts:1")


def children():
    """The processes that this one has started."""
    for task in Path("/proc/self/task").iterdir():
        with contextlib.suppress(OSError):
            yield from map(int, (task / "children").read_text().split())


class Limits:
    def __init__(self, phase=PHASE, again=AGAIN):
        self.phase, self.again = phase, again
        self.attempts = 0
        # Not that which pytest captures.
        self.errors = os.dup(2)

    def raise_now(self, number, frame):
        """What the signal calls."""
        self.attempts += 1
        if self.attempts == 1:
            faulthandler.dump_traceback(2, all_threads=True)
        else:
            for child in children():
                with contextlib.suppress(OSError):
                    os.kill(child, signal.SIGKILL)
        pytest.fail(f"it took longer than {self.phase:.0f} s", pytrace=True)

    @contextlib.contextmanager
    def within(self):
        """A phase of a test."""
        self.attempts = 0
        before = signal.signal(signal.SIGALRM, self.raise_now)
        signal.setitimer(signal.ITIMER_REAL, self.phase, self.again)
        self.end_later()
        try:
            yield
        finally:
            faulthandler.cancel_dump_traceback_later()
            signal.setitimer(signal.ITIMER_REAL, 0)
            signal.signal(signal.SIGALRM, before)

    def end_later(self):
        faulthandler.dump_traceback_later(self.phase + 4 * self.again, exit=True, file=self.errors)

    @pytest.hookimpl(hookwrapper=True)
    def pytest_runtest_setup(self, item):
        with self.within():
            yield

    @pytest.hookimpl(hookwrapper=True)
    def pytest_runtest_call(self, item):
        with self.within():
            yield

    @pytest.hookimpl(hookwrapper=True)
    def pytest_runtest_teardown(self, item):
        with self.within():
            yield

    def pytest_unconfigure(self):
        """Threads that still wait must not keep the process."""
        self.end_later()


def pytest_configure(config):
    if not config.pluginmanager.has_plugin("plait-limits"):
        config.pluginmanager.register(Limits(), "plait-limits")
