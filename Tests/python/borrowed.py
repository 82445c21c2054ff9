"""Twisted's own tests, with this package's modules in the place of Twisted's."""

from __future__ import annotations

import ast
import gc
import importlib
import importlib.util
import logging
import types
import unittest

import pytest
from twisted.internet import defer as their_defer
from twisted.trial import unittest as trial

from plait.internet import defer
from plait.python.failure import Failure
from plait.trial import unittest as our_unittest


class Errors(logging.Handler):
    """Keeps the errors that are logged."""

    def __init__(self):
        super().__init__(logging.ERROR)
        self.errors = []

    def emit(self, record):
        self.errors.append(record.exc_info[1] if record.exc_info else None)


class TestCase(trial.TestCase):
    """Takes errors from this package's logger, too, and this package's Deferreds."""

    def run(self, result):
        self.handler = Errors()
        logging.getLogger("plait").addHandler(self.handler)
        try:
            return super().run(result)
        finally:
            logging.getLogger("plait").removeHandler(self.handler)

    def flushLoggedErrors(self, *kinds):
        kept, self.handler.errors = self.handler.errors, []
        ours = [Failure(e) for e in kept if e and (not kinds or isinstance(e, kinds))]
        return super().flushLoggedErrors(*kinds) + ours

    def _of(name):  # noqa: N805
        def method(self, deferred, *more):
            if isinstance(deferred, their_defer.Deferred):
                return getattr(trial.TestCase, name)(self, deferred, *more)
            chosen = defer.ensureDeferred(deferred)
            return getattr(our_unittest.TestCase, name)(self, chosen, *more)

        return method

    successResultOf, failureResultOf = _of("successResultOf"), _of("failureResultOf")
    _results = our_unittest.TestCase._results
    assertNoResult, assertFailure = _of("assertNoResult"), _of("assertFailure")

    def __getattribute__(self, name):
        found = super().__getattribute__(name)
        return waited(found) if name.startswith("test") and callable(found) else found


def waited(method):
    """A test whose Deferred is Twisted's, so that it is waited for."""

    def test(*args, **kwargs):
        result = method(*args, **kwargs)
        if not isinstance(result, defer.Deferred):
            return result
        theirs = their_defer.Deferred()
        result.addCallbacks(theirs.callback, lambda failure: theirs.errback(failure.value))
        return theirs

    for name in ("skip", "todo", "timeout", "suppress"):
        if hasattr(method, name):
            setattr(test, name, getattr(method, name))
    return test


# What Twisted's tests import from where their test cases are.
SynchronousTestCase = TestCase
SkipTest, FailTest, Todo = trial.SkipTest, trial.FailTest, trial.Todo


class Missing:
    """What is not here."""


class Changed(ast.NodeTransformer):
    """Imports, changed: by the names of modules, from theirs to ours."""

    def __init__(self, modules):
        self.modules = {**modules, "twisted.trial.unittest": "borrowed"}

    def visit_ImportFrom(self, node):
        new = []
        for alias in node.names:
            whole = f"{node.module}.{alias.name}"
            module = node.module
            if node.module in self.modules:
                module = self.modules[node.module]
            elif whole in self.modules:
                # A module of its own.
                new += ast.parse(
                    f"import importlib; {alias.asname or alias.name} ="
                    f" importlib.import_module({self.modules[whole]!r})"
                ).body
                continue
            if module != node.module and not known(module, alias.name):
                name = alias.asname or alias.name
                new += ast.parse(f"from borrowed import Missing as {name}").body
            else:
                new.append(ast.ImportFrom(module, [alias], 0))
        return new


def known(module, name):
    """Whether a module has a name."""
    try:
        return hasattr(importlib.import_module(module), name) or importlib.util.find_spec(
            f"{module}.{name}"
        )
    except ImportError:
        return False


def suite(name, modules, extra=None):
    """The tests of a module of Twisted's, by their names; ``extra`` goes into the module."""
    spec = importlib.util.find_spec(name)
    with open(spec.origin) as file:
        tree = Changed(modules).visit(ast.parse(file.read()))
    module = types.ModuleType("borrowed_" + name.rpartition(".")[2])
    module.__dict__.update(__file__=spec.origin)
    exec(compile(ast.fix_missing_locations(tree), spec.origin, "exec"), module.__dict__)
    module.__dict__.update(extra or {})
    tests = {}
    for value in list(vars(module).values()):
        if isinstance(value, type) and issubclass(value, TestCase) and value is not TestCase:
            for test in unittest.defaultTestLoader.loadTestsFromTestCase(value):
                tests[test.id().removeprefix(module.__name__ + ".")] = test
    return tests


def play(test, otherwise):
    """Runs one; those that are another way here have to fail."""
    result = unittest.TestResult()
    test.run(result)
    problems = [text for _, text in [*result.failures, *result.errors]]
    if result.skipped:
        pytest.skip(result.skipped[0][1])
    assert result.testsRun == 1
    if otherwise:
        assert problems, "this is as Twisted has it"
        gc.collect()  # what it leaves unhandled is logged now, and not during another test
    else:
        assert not problems, problems[0]
