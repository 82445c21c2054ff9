"""Tests that may give a Deferred: Twisted's ``twisted.trial.unittest``.

A test case of the standard library's, run by ``unittest`` or ``pytest``: when a test, a set-up or a
tear-down gives a Deferred, the program's reactor runs until it has its result.

A test, its class, or its module may have an attribute ``skip``, the reason why it is not run, ``todo``,
the reason why it is to fail, and ``timeout``, in seconds.

>>> class Sums(SynchronousTestCase):
...     def test_sum(self):
...         self.assertApproximates(0.1 + 0.2, 0.3, 1e-9)
...     def test_later(self):
...         self.fail("not yet")
...     test_later.todo = "nobody has written it"
>>> result = unittest.TestResult()
>>> for name in ("test_sum", "test_later"):
...     result = Sums(name).run(result)
>>> result
<unittest.result.TestResult run=2 errors=0 failures=0>
>>> len(result.expectedFailures)
1
"""

from __future__ import annotations

import dis
import inspect
import logging
import os
import sys
import tempfile
import types
import unittest
import warnings
from typing import Any, Callable
from unittest import SkipTest, TestSuite

from ..internet import defer
from ..python._observing import ObservingHandler
from ..python.failure import Failure
from ._assertions import Assertions

__all__ = ["FailTest", "SkipTest", "SynchronousTestCase", "TestCase", "TestSuite"]

#: What a failed assertion raises.
FailTest = AssertionError


#: Seconds after which a Deferred without result fails a test that says nothing else.
DEFAULT_TIMEOUT = 120.0


class _Logged:
    """Keeps the exceptions that are logged as errors."""

    def __init__(self) -> None:
        self.failures: list[Failure] = []
        self.handler = ObservingHandler(self._keep, logging.ERROR)

    def _keep(self, record: logging.LogRecord, failure: Failure | None) -> None:
        if failure is not None:
            self.failures.append(failure)

    def take(self, kinds: tuple[Any, ...]) -> list[Failure]:
        """Takes those of these kinds, or all."""
        taken = [failure for failure in self.failures if not kinds or failure.check(*kinds)]
        self.failures = [failure for failure in self.failures if failure not in taken]
        return taken


def _lines(function: Any) -> tuple[str, int, int]:
    """The file of a function, its first line and its last."""
    function = inspect.unwrap(function)
    if not isinstance(function, (types.FunctionType, types.MethodType)):
        raise ValueError(f"{function!r} is not a function or method")
    code = function.__code__
    lines = [line for _, line in dis.findlinestarts(code) if line]
    return code.co_filename, code.co_firstlineno, max(lines, default=code.co_firstlineno)


def _module(filename: str) -> Any:
    """The module of a file; None if there is none."""
    for module in list(sys.modules.values()):
        if getattr(module, "__dict__", {}).get("__file__") == filename:
            return module
    return None


class Patch:
    """What :meth:`SynchronousTestCase.patch` has replaced."""

    def __init__(self, obj: Any, attribute: str, value: Any) -> None:
        self._obj, self._attribute, self._value = obj, attribute, value
        self._before = getattr(obj, attribute)

    def patch(self) -> None:
        """Replaces it."""
        setattr(self._obj, self._attribute, self._value)

    def restore(self) -> None:
        """Has it be as it was."""
        setattr(self._obj, self._attribute, self._before)


class SynchronousTestCase(Assertions):
    """A test case whose tests wait for nothing.

    A test during which this package logs an exception fails with that, unless it takes it by
    :meth:`flushLoggedErrors`.
    """

    _logged: _Logged | None = None
    _warned: list[warnings.WarningMessage] | None = None

    def run(self, result: Any = None) -> Any:
        """Runs the test, with an eye on the log and on warnings."""
        self._logged, log = _Logged(), logging.getLogger("plait")
        log.addHandler(self._logged.handler)
        if self.getTodo() is not None:
            self.__unittest_expecting_failure__ = True
        # The first that is added is the last that is called.
        self.addCleanup(self._raiseLogged)
        try:
            with warnings.catch_warnings(record=True) as self._warned:
                warnings.simplefilter("always")
                ran = super().run(result)
        finally:
            log.removeHandler(self._logged.handler)
        self._warnAgain(result)
        return ran

    def _warnAgain(self, result: Any) -> None:
        """Warns of what the test has not taken, as the program has it: where that makes an error of it,
        the test has one.
        """
        for told in self._warned or ():
            # By its module's name filters know it, and by its registry whether it was told already.
            module = _module(told.filename)
            name = module.__name__ if module else os.path.splitext(told.filename)[0]
            registry = None
            if module:
                # Where Twisted's test cases have run there is None.
                registry = module.__warningregistry__ = getattr(module, "__warningregistry__", None) or {}
            try:
                warnings.warn_explicit(
                    told.message, told.category, told.filename, told.lineno, name, registry, source=told.source
                )
            except Warning:
                if result is None:
                    raise
                result.addError(self, sys.exc_info())

    def flushWarnings(self, offendingFunctions: Any = None) -> list[dict[str, Any]]:
        """Takes what was warned of so far, as dictionaries with ``message``, ``category``, ``filename``
        and ``lineno``.

        :param offendingFunctions: those that the warnings are laid at the door of; all if left out. What
            is not a function or method is a ValueError.
        """
        places = None if offendingFunctions is None else [_lines(function) for function in offendingFunctions]
        taken: list[warnings.WarningMessage] = []
        left: list[warnings.WarningMessage] = []
        for told in self._warned or ():
            is_meant = places is None or any(
                told.filename == filename and first <= told.lineno <= last for filename, first, last in places
            )
            (taken if is_meant else left).append(told)
        if self._warned is not None:
            self._warned[:] = left
        return [
            {
                "message": told.message.args[0] if isinstance(told.message, Warning) else told.message,
                "category": told.category,
                "filename": told.filename,
                "lineno": told.lineno,
            }
            for told in taken
        ]

    def _own(self, name: str) -> Any:
        """What the test has under a name, or its class, or their module, in this order."""
        for one in (getattr(self, self._testMethodName, None), self, sys.modules.get(type(self).__module__)):
            if hasattr(one, name):
                found = getattr(one, name)
                # A module may well have imported a function of that name.
                return None if isinstance(one, types.ModuleType) and callable(found) else found
        return None

    def getSkip(self) -> tuple[bool, Any]:
        """Whether the test is to be skipped, and why."""
        reason = self._own("skip")
        return reason is not None, reason

    def getTodo(self) -> Any:
        """Why the test is to fail, or None."""
        return self._own("todo")

    def _callSetUp(self) -> None:
        isSkipped, reason = self.getSkip()
        if isSkipped:
            raise SkipTest(reason)
        self._prepare()

    def _prepare(self) -> None:
        self.setUp()

    def _raiseLogged(self) -> None:
        left = self.flushLoggedErrors()
        if left:
            left[0].raiseException()

    def flushLoggedErrors(self, *errorTypes: Any) -> list[Failure]:
        """Takes the exceptions that this package has logged during the test: those of these kinds, or
        all.
        """
        return [] if self._logged is None else self._logged.take(errorTypes)

    def successResultOf(self, deferred: defer.Deferred[Any]) -> Any:
        """The result that a Deferred has; the test fails if it has none, or a failure."""
        results = self._results(deferred)
        if not results:
            self.fail(f"{deferred!r} has no result yet")
        if isinstance(results[0], Failure):
            self.fail(f"a result was expected: {results[0].getTraceback()}")
        return results[0]

    def failureResultOf(self, deferred: defer.Deferred[Any], *kinds: Any) -> Failure:
        """The failure that a Deferred has, of one of these kinds; the test fails otherwise."""
        results = self._results(deferred)
        if not results:
            self.fail(f"{deferred!r} has no result yet")
        if not isinstance(results[0], Failure):
            self.fail(f"a failure was expected, not {results[0]!r}")
        failure: Failure = results[0]
        if kinds and not failure.check(*kinds):
            self.fail(f"{kinds} was expected: {failure.getTraceback()}")
        return failure

    def assertNoResult(self, deferred: defer.Deferred[Any]) -> None:
        """The test fails if a Deferred has a result."""
        results: list[Any] = []

        def keep(result: Any) -> Any:
            results.append(result)
            return result

        deferred = defer.ensureDeferred(deferred)
        deferred.addBoth(keep)
        if results:
            # It is told of here.
            deferred.addErrback(lambda failure: None)
            self.fail(f"no result was expected, but {results[0]!r}")

    def _results(self, deferred: defer.Deferred[Any]) -> list[Any]:
        results: list[Any] = []
        defer.ensureDeferred(deferred).addBoth(results.append)
        return results

    def patch(self, obj: Any, attribute: str, value: Any) -> Patch:
        """Replaces an attribute for the rest of the test; ``restore`` of the result ends that sooner."""
        made = Patch(obj, attribute, value)
        self.addCleanup(made.restore)
        made.patch()
        return made

    def mktemp(self) -> str:
        """A path of which nothing exists but its directory."""
        folder = tempfile.mkdtemp(prefix=f"{type(self).__name__}.")
        return os.path.join(folder, "temp")


class TestCase(SynchronousTestCase):
    """A test case whose tests may give a Deferred, and are over when that has its result.

    :ivar timeout: seconds after which a Deferred that has none fails the test; 120 if it is left out or None.
    :ivar reactor: the reactor that runs meanwhile; the program's own if it is None.
    """

    timeout: float | None
    reactor: Any = None

    def assertFailure(self, deferred: defer.Deferred[Any], *kinds: Any) -> defer.Deferred[Any]:
        """A Deferred that has the exception a Deferred fails with, which must be of these kinds."""

        def succeeded(result: Any) -> Any:
            raise self.failureException(f"{kinds} was expected, not {result!r}")

        def failed(failure: Failure) -> Any:
            if not failure.check(*kinds):
                raise self.failureException(f"{kinds} was expected: {failure.getTraceback()}")
            return failure.value

        return deferred.addCallbacks(succeeded, failed)

    failUnlessFailure = assertFailure

    def getTimeout(self) -> float:
        """After how many seconds a Deferred without result fails the test."""
        found = self._own("timeout")
        try:
            return DEFAULT_TIMEOUT if found is None else float(found)
        except (TypeError, ValueError):
            warnings.warn(f"timeout is a number, not {found!r}", DeprecationWarning, stacklevel=2)
            return DEFAULT_TIMEOUT

    # What unittest calls

    def _prepare(self) -> None:
        self._wait(self.setUp())  # type: ignore[func-returns-value]

    def _callTestMethod(self, method: Callable[[], Any]) -> None:
        self._wait(method())

    def _callTearDown(self) -> None:
        self._wait(self.tearDown())  # type: ignore[func-returns-value]

    def _callCleanup(self, function: Callable[..., Any], *args: Any, **kwargs: Any) -> None:
        self._wait(function(*args, **kwargs))

    def _wait(self, result: Any) -> None:
        """Runs the reactor until a Deferred has its result, or a coroutine; raises what it fails with."""
        if inspect.iscoroutine(result):
            result = defer.ensureDeferred(result)
        if not isinstance(result, defer.Deferred):
            return
        outcome: list[Any] = []
        reactor = self.reactor
        if reactor is None:
            from ..internet import reactor as own

            reactor = own.getReactor()

        def ended(value: Any) -> None:
            outcome.append(value)
            if reactor.running:
                reactor.crash()

        result.addBoth(ended)
        if not outcome:
            limit = reactor.callLater(self.getTimeout(), reactor.crash)
            try:
                reactor.run()
            finally:
                if limit.active():
                    limit.cancel()
        if not outcome:
            result.addErrback(lambda failure: None)
            raise defer.TimeoutError(string=f"no result within {self.getTimeout()} seconds")
        if isinstance(outcome[0], Failure):
            outcome[0].raiseException()
