"""Tests that may give a Deferred: Twisted's ``twisted.trial.unittest``.

A test case of the standard library's, run by ``unittest`` or ``pytest``: when a test, a set-up or a
tear-down gives a Deferred, the program's reactor runs until it has its result.
"""

from __future__ import annotations

import logging
import os
import tempfile
import unittest
from typing import Any, Callable
from unittest import SkipTest

from ..internet import defer
from ..python.failure import Failure

__all__ = ["FailTest", "SkipTest", "SynchronousTestCase", "TestCase"]

#: What a failed assertion raises.
FailTest = AssertionError


class _Logged(logging.Handler):
    """Keeps the errors that are logged."""

    def __init__(self) -> None:
        super().__init__(logging.ERROR)
        self.failures: list[Failure] = []

    def emit(self, record: logging.LogRecord) -> None:
        """Keeps one, if it comes with an exception."""
        problem = record.exc_info[1] if record.exc_info else None
        if problem is not None:
            self.failures.append(Failure(problem))

    def take(self, kinds: tuple[Any, ...]) -> list[Failure]:
        """Takes those of these kinds, or all."""
        taken = [failure for failure in self.failures if not kinds or failure.check(*kinds)]
        self.failures = [failure for failure in self.failures if failure not in taken]
        return taken


class SynchronousTestCase(unittest.TestCase):
    """A test case whose tests wait for nothing.

    A test during which this package logs an exception fails with that, unless it takes it by
    :meth:`flushLoggedErrors`.
    """

    _logged: _Logged | None = None

    def run(self, result: Any = None) -> Any:
        """Runs the test, with an eye on the log."""
        self._logged, log = _Logged(), logging.getLogger("plait")
        log.addHandler(self._logged)
        # The first that is added is the last that is called.
        self.addCleanup(self._raiseLogged)
        try:
            return super().run(result)
        finally:
            log.removeHandler(self._logged)

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

        deferred.addBoth(keep)
        if results:
            self.fail(f"no result was expected, but {results[0]!r}")

    def _results(self, deferred: defer.Deferred[Any]) -> list[Any]:
        results: list[Any] = []
        deferred.addBoth(results.append)
        return results

    def patch(self, obj: Any, attribute: str, value: Any) -> None:
        """Replaces an attribute for the rest of the test."""
        before = getattr(obj, attribute)
        self.addCleanup(setattr, obj, attribute, before)
        setattr(obj, attribute, value)

    def mktemp(self) -> str:
        """A path of which nothing exists but its directory."""
        folder = tempfile.mkdtemp(prefix=f"{type(self).__name__}.")
        return os.path.join(folder, "temp")


class TestCase(SynchronousTestCase):
    """A test case whose tests may give a Deferred, and are over when that has its result.

    :ivar timeout: seconds after which a Deferred that has none fails the test.
    :ivar reactor: the reactor that runs meanwhile; the program's own if it is None.
    """

    timeout: float = 120.0
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

    # What unittest calls

    def _callSetUp(self) -> None:
        self._wait(self.setUp())  # type: ignore[func-returns-value]

    def _callTestMethod(self, method: Callable[[], Any]) -> None:
        self._wait(method())

    def _callTearDown(self) -> None:
        self._wait(self.tearDown())  # type: ignore[func-returns-value]

    def _callCleanup(self, function: Callable[..., Any], *args: Any, **kwargs: Any) -> None:
        self._wait(function(*args, **kwargs))

    def _wait(self, result: Any) -> None:
        """Runs the reactor until a Deferred has its result; raises what it fails with."""
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
            limit = reactor.callLater(self.timeout, reactor.crash)
            try:
                reactor.run()
            finally:
                if limit.active():
                    limit.cancel()
        if not outcome:
            result.addErrback(lambda failure: None)
            raise defer.TimeoutError(string=f"no result within {self.timeout} seconds")
        if isinstance(outcome[0], Failure):
            outcome[0].raiseException()
