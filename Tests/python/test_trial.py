"""Test cases that wait for Deferreds, by unittest and by pytest."""

from __future__ import annotations

import functools
import logging
import subprocess
import sys
import unittest as standard
import warnings

import pytest
from twisted.trial import unittest as trial

from conftest import LIMIT, ROOT
from plait.internet import defer, reactor
from plait.internet.error import ConnectionDone
from plait.trial import unittest


class Waiting(unittest.TestCase):
    log: list = []
    timeout = LIMIT

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
        self.timeout = 0.05
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


def names(kind):
    """What Twisted's test cases have for those who write tests."""
    return {name for name in dir(kind) if name.startswith(("assert", "fail"))} - {"failureException"}


@pytest.mark.parametrize("kind", ["SynchronousTestCase", "TestCase"])
def test_all_assertions_are_there(kind):
    theirs = names(getattr(trial, kind))
    assert len(theirs) > 70
    assert not {name for name in theirs if not hasattr(getattr(unittest, kind), name)}
    own = getattr(unittest, kind)
    for name in ("flushWarnings", "callDeprecated", "patch", "mktemp", "getSkip", "getTodo", "flushLoggedErrors"):
        assert hasattr(own, name)


ONE, OTHER = object(), object()

#: The same calls, for our test cases and for Twisted's, and what they give; None where they fail.
CALLS = [
    ("assertTrue", (1,), 1),
    ("failUnless", (0,), None),
    ("assertNot", (0,), 0),
    ("failIf", ([1],), None),
    ("assertEquals", (1, 1.0), 1),
    ("failUnlessEqual", (1, 2), None),
    ("assertNotEquals", (1, 2), 1),
    ("failIfEquals", (1, 1), None),
    ("assertIdentical", (ONE, ONE), ONE),
    ("failUnlessIdentical", (ONE, OTHER), None),
    ("assertNotIdentical", (ONE, OTHER), ONE),
    ("failIfIdentical", (ONE, ONE), None),
    ("failUnlessIn", (1, [1]), 1),
    ("failIfIn", (1, [1]), None),
    ("assertSubstring", ("a", "cat"), "a"),
    ("failUnlessSubstring", ("x", "cat"), None),
    ("assertNotSubstring", ("x", "cat"), "x"),
    ("failIfSubstring", ("a", "cat"), None),
    ("assertAlmostEquals", (1.0, 1.00000001), 1.0),
    ("failUnlessAlmostEqual", (1.0, 1.1), None),
    ("assertNotAlmostEquals", (1.0, 1.1), 1.0),
    ("failIfAlmostEquals", (1.0, 1.0), None),
    ("assertApproximates", (1.0, 1.2, 0.3), 1.0),
    ("failUnlessApproximates", (1.0, 1.4, 0.3), None),
    ("failUnlessRaises", (KeyError, int), None),
    ("assertRaises", (ValueError, int), None),
]


@pytest.mark.parametrize("name, args, result", CALLS, ids=[name for name, _, _ in CALLS])
def test_they_say_the_same(name, args, result):
    outcomes = []
    for case in (unittest.SynchronousTestCase("run"), trial.SynchronousTestCase("run")):
        try:
            outcomes.append(("gives", getattr(case, name)(*args)))
        except case.failureException:
            outcomes.append(("fails", None))
    assert outcomes[0] == outcomes[1] == (("fails", None) if result is None else ("gives", result))


def test_what_is_raised_is_given():
    case = unittest.TestCase("run")
    raised = case.assertRaises(ValueError, int, "x")
    assert isinstance(raised, ValueError)
    with case.assertRaises(ValueError) as told:
        int("x")
    assert isinstance(told.exception, ValueError)
    with pytest.raises(unittest.FailTest, match="ZeroDivisionError"):
        case.assertRaises(ValueError, lambda: 1 / 0)
    with pytest.raises(unittest.FailTest, match="3 returned"):
        case.assertRaises(ValueError, int, "3")


def warns(text="old"):
    warnings.warn(text, DeprecationWarning)
    return 7


def test_warnings_asserted():
    case = unittest.TestCase("run")
    assert case.assertWarns(DeprecationWarning, "old", __file__, warns) == 7
    assert case.failUnlessWarns(DeprecationWarning, "older", __file__, warns, text="older") == 7
    for wrong in (
        (DeprecationWarning, "new", __file__, warns),
        (UserWarning, "old", __file__, warns),
        (DeprecationWarning, "old", "/elsewhere.py", warns),
        (DeprecationWarning, "old", __file__, int),
    ):
        with pytest.raises(unittest.FailTest):
            case.assertWarns(*wrong)
    with case.assertWarns(DeprecationWarning) as told:
        warns()
    assert "old" in str(told.warning)
    assert case.callDeprecated("1.2", warns, "old since 1.2") == 7
    assert case.callDeprecated(("1.2", test_by_unittest), warns, "since 1.2; use test_by_unittest") == 7
    for call in ((("1.2", "x"), warns, "since 1.2"), ("1.2", warns, "since 1.3"), ("1.2", int)):
        with pytest.raises(unittest.FailTest):
            case.callDeprecated(*call)


class Odd(unittest.TestCase):
    def takes(self):
        warns("taken")
        found = self.flushWarnings([warns])
        self.assertEqual([w["message"] for w in found], ["taken"])
        self.assertIdentical(found[0]["category"], DeprecationWarning)
        self.assertEqual(self.flushWarnings(), [])
        warnings.warn("mine", UserWarning)
        self.assertEqual(self.flushWarnings([warns]), [])
        self.assertEqual(len(self.flushWarnings()), 1)

    def leaves(self):
        warns("left")

    def leavesTwice(self):
        for _ in range(2):
            warns("left")

    def skipped(self):
        raise KeyError

    skipped.skip = "not today"

    def wanting(self):
        raise KeyError

    wanting.todo = "some day"

    def slow(self):
        return defer.Deferred()

    slow.timeout = 0.01

    def waits(self):
        return defer.Deferred()

    async def awaits(self):
        done = defer.Deferred()
        reactor.callLater(0.001, done.callback, 3)
        self.assertEqual(await done, 3)

    async def awaitsInVain(self):
        raise KeyError


class Later(unittest.SynchronousTestCase):
    skip = "the whole class"

    def setUp(self):
        raise KeyError

    def whatever(self):
        raise KeyError


def outcome(case):
    result = standard.TestResult()
    case.run(result)
    return {
        kind: [text for _, text in getattr(result, kind)]
        for kind in ("errors", "failures", "skipped", "expectedFailures")
        if getattr(result, kind)
    }


def test_marks_on_modules(monkeypatch):
    here = sys.modules[__name__]
    monkeypatch.setattr(here, "skip", "the whole file", raising=False)
    assert outcome(Odd("takes")) == {"skipped": ["the whole file"]}
    assert outcome(Odd("skipped")) == {"skipped": ["not today"]}
    # Nothing is meant by a function that was imported.
    monkeypatch.setattr(here, "skip", standard.skip)
    assert outcome(Odd("takes")) == {}
    monkeypatch.setattr(here, "todo", "one day", raising=False)
    assert list(outcome(Odd("awaitsInVain"))) == ["expectedFailures"]
    monkeypatch.undo()
    monkeypatch.setattr(here, "timeout", 0.02, raising=False)
    assert "no result within 0.02 seconds" in outcome(Odd("waits"))["errors"][0]
    assert "no result within 0.01 seconds" in outcome(Odd("slow"))["errors"][0]


@pytest.mark.parametrize("given, warned", [(None, 0), ("soon", 1), ("7", 0)])
def test_odd_time_limits(given, warned):
    """They are taken as Twisted takes them."""
    kinds = [type("Case", (module.TestCase,), {"timeout": given, "runTest": None}) for module in (unittest, trial)]
    found = []
    for kind in kinds:
        with warnings.catch_warnings(record=True) as told:
            warnings.simplefilter("always")
            found.append(kind("runTest").getTimeout())
        if kind is kinds[0]:
            assert [warning.category for warning in told] == [DeprecationWarning] * warned
    assert found[0] == found[1]
    assert unittest.TestCase("run").getTimeout() == trial.TestCase("run").getTimeout()


def test_marks_on_tests():
    assert outcome(Odd("takes")) == {}
    assert outcome(Odd("skipped")) == {"skipped": ["not today"]}
    assert outcome(Later("whatever")) == {"skipped": ["the whole class"]}
    assert list(outcome(Odd("wanting"))) == ["expectedFailures"]
    assert "no result within 0.01 seconds" in outcome(Odd("slow"))["errors"][0]
    assert outcome(Odd("awaits")) == {}
    assert "KeyError" in outcome(Odd("awaitsInVain"))["errors"][0]


def test_warnings_that_nobody_takes_are_given_again():
    with pytest.warns(DeprecationWarning, match="left"):
        assert outcome(Odd("leaves")) == {}
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert "left" in outcome(Odd("leaves"))["errors"][0]


def test_filters_know_the_module_of_what_is_given_again():
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("error")
        warnings.filterwarnings("ignore", module=__name__)
        assert outcome(Odd("leaves")) == {}
    assert not told
    # As everywhere, "default" shows one of each place; Twisted's test cases leave no registry behind.
    globals()["__warningregistry__"] = None
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("default")
        assert outcome(Odd("leavesTwice")) == {}
    assert [str(warning.message) for warning in told] == ["left"]


def test_what_is_left_open_is_named_again():
    source = object()

    class Opens(unittest.TestCase):
        def opens(self):
            warnings.warn("open", ResourceWarning, source=source)

    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        assert outcome(Opens("opens")) == {}
    assert [warning.source for warning in told] == [source]


def behind():
    warnings.warn("behind", DeprecationWarning)


class Flushes(unittest.TestCase):
    def exact(self):
        behind()
        self.assertEqual(self.flushWarnings([warns]), [])
        self.assertEqual([w["message"] for w in self.flushWarnings([warns, behind])], ["behind"])

    def wrapped(self):
        warns()
        self.assertEqual(len(self.flushWarnings([functools.wraps(warns)(lambda: None)])), 1)

    def wrong(self):
        for what in (functools.partial(warns), len, Flushes):
            self.assertRaises(ValueError, self.flushWarnings, [what])


@pytest.mark.parametrize("name", ["exact", "wrapped", "wrong"])
def test_whose_warnings_are_taken(name):
    assert outcome(Flushes(name)) == {}


def test_coroutines_have_results():
    case = unittest.SynchronousTestCase("run")

    async def gives(what):
        if isinstance(what, Exception):
            raise what
        return await defer.succeed(what)

    async def waits():
        await defer.Deferred()

    assert case.successResultOf(gives(3)) == 3
    assert case.failureResultOf(gives(KeyError()), KeyError)
    case.assertNoResult(waits())
    with pytest.raises(unittest.FailTest):
        case.assertNoResult(gives(KeyError()))


def test_patches_end_when_told_to():
    case = unittest.SynchronousTestCase("run")
    before = sys.argv
    patch = case.patch(sys, "argv", [])
    assert sys.argv == []
    patch.restore()
    assert sys.argv is before
