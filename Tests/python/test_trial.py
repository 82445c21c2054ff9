"""Test cases that wait for Deferreds, by unittest and by pytest."""

from __future__ import annotations

import logging
import subprocess
import sys
import unittest as standard

import pytest

from conftest import ROOT
from plait.internet import defer, reactor
from plait.internet.error import ConnectionDone
from plait.trial import unittest


class Waiting(unittest.TestCase):
    log: list = []
    timeout = 0.05

    def setUp(self):
        return self.soon("set up")

    def tearDown(self):
        return self.soon("torn down")

    def soon(self, word, fails=None):
        done = defer.Deferred()
        self.log.append(word)
        reactor.callLater(0.001, done.errback if fails else done.callback, fails or word)
        return done

    def succeeds(self):
        self.addCleanup(self.soon, "cleaned up")
        return self.soon("tested")

    def fails(self):
        return self.soon("tested", fails=KeyError("x"))

    def never(self):
        return defer.Deferred()

    def plain(self):
        self.log.append("plain")

    def fired(self):
        return defer.succeed(1)


@pytest.mark.parametrize(
    "name, words, problem",
    [
        ("succeeds", ["set up", "tested", "torn down", "cleaned up"], None),
        ("fails", ["set up", "tested", "torn down"], "KeyError"),
        ("never", ["set up", "torn down"], "no result within"),
        ("plain", ["set up", "plain", "torn down"], None),
        ("fired", ["set up", "torn down"], None),
    ],
)
def test_waits(name, words, problem):
    Waiting.log.clear()
    result = standard.TestResult()
    Waiting(name).run(result)
    problems = [text for _, text in result.errors + result.failures]
    assert Waiting.log == words
    assert result.testsRun == 1
    if problem is None:
        assert not problems
    else:
        assert len(problems) == 1 and problem in problems[0]


class Helpers(unittest.TestCase):
    def test_results(self):
        self.assertEqual(self.successResultOf(defer.succeed(3)), 3)
        self.assertTrue(self.failureResultOf(defer.fail(KeyError()), KeyError))
        waiting = defer.Deferred()
        self.assertNoResult(waiting)
        for wrong in (
            lambda: self.successResultOf(defer.Deferred()),
            lambda: self.successResultOf(defer.fail(KeyError())),
            lambda: self.failureResultOf(defer.succeed(1)),
            lambda: self.failureResultOf(defer.fail(KeyError()), ValueError),
            lambda: self.assertNoResult(defer.succeed(1)),
        ):
            self.assertRaises(unittest.FailTest, wrong)

    def test_failure(self):
        return self.assertFailure(defer.fail(ConnectionDone()), ConnectionDone)

    def test_patch(self):
        before = sys.argv
        self.patch(sys, "argv", [])
        self.assertEqual(sys.argv, [])
        self.doCleanups()
        self.assertIs(sys.argv, before)

    def test_mktemp(self):
        with open(self.mktemp(), "w") as file:
            file.write("x")


def test_by_unittest(environment):
    done = subprocess.run(
        [sys.executable, "-m", "unittest", "-v", "test_seed_loopback"],
        cwd=ROOT / "Tests" / "python",
        env=environment,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 0 and "Ran 1 test" in done.stderr, done.stderr


class Logging(unittest.SynchronousTestCase):
    def log(self, error):
        logging.getLogger("plait").error("on purpose", exc_info=error)

    def flushes(self):
        self.log(KeyError("a"))
        self.log(ValueError("b"))
        assert [f.value.args for f in self.flushLoggedErrors(ValueError)] == [("b",)]
        assert [f.type for f in self.flushLoggedErrors()] == [KeyError]
        assert self.flushLoggedErrors() == []

    def leaves(self):
        self.log(KeyError("left"))

    def words(self):
        logging.getLogger("plait").error("no exception")


class LoggingLater(Logging, unittest.TestCase):
    def leaves(self):
        done = defer.Deferred()
        reactor.callLater(0, self.log, KeyError("left"))
        reactor.callLater(0.001, done.callback, None)
        return done


@pytest.mark.logs_errors
@pytest.mark.parametrize("kind", [Logging, LoggingLater])
def test_what_is_logged(kind):
    for name, fails in (("flushes", False), ("words", False), ("leaves", True)):
        result = standard.TestResult()
        before = list(logging.getLogger("plait").handlers)
        kind(name).run(result)
        problems = [text for _, text in [*result.errors, *result.failures]]
        assert len(problems) == fails, problems
        assert not fails or "KeyError: 'left'" in problems[0]
        assert logging.getLogger("plait").handlers == before
    assert kind("words").flushLoggedErrors() == []
