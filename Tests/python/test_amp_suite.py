"""Twisted's own tests of AMP, with this package's in the place of its."""

from __future__ import annotations

import gc
import logging
import types
import unittest

import pytest
import twisted.test.test_amp as theirs
from twisted.trial.unittest import TestCase

from plait.internet import defer
from plait.protocols import amp
from plait.protocols._amp import numbers, switching

#: What is another way here, and why.
OTHERWISE = {
    # Whatever is wrong with a call, its Deferred tells.
    "AMPTests.test_doubleProtocolSwitch",
    "AMPTests.test_errorAfterSwitch",
    "AMPTests.test_keyTooLong",
    "AMPTests.test_trafficAfterSwitch",
    "AMPTests.test_valueTooLong",
    # Interfaces are typing protocols, and those of other packages are not known.
    "AMPTests.test_interfaceDeclarations",
    "CommandTests.test_argumentInterface",
    "ParsingTests.test_pathValueRoundTrip",
    # The framing is no Int16StringReceiver's.
    "BinaryProtocolTests.test_receiveBoxStateMachine",
    # A name that was deprecated long ago.
    "CommandLocatorTests.test_lookupFunctionDeprecatedInvoke",
    "CommandLocatorTests.test_lookupFunctionDeprecatedOverride",
    # Other words.
    "CommandTests.test_commandArgumentsMustBeNamedWithByteStrings",
    "CommandTests.test_commandErrorsMustUseBytesForOnWireRepresentation",
    "CommandTests.test_commandFatalErrorsMustUseBytesForOnWireRepresentation",
    "CommandTests.test_commandNameMustBeAByteString",
    "CommandTests.test_commandResponseMustBeNamedWithByteStrings",
}

#: They need pyOpenSSL, or that there is none.
TLS = ("LiveFire", "TLSTests", "TLSNotAvailableTests", "WithServerTLS", "test_simpleSSLRepr")


class Errors(logging.Handler):
    """Keeps the errors that are logged."""

    def __init__(self):
        super().__init__(logging.ERROR)
        self.errors = []

    def emit(self, record):
        self.errors.append(record.exc_info[1])


class LoggedTestCase(TestCase):
    """Takes errors from this package's logger, too."""

    def run(self, result):
        self.handler = Errors()
        logging.getLogger("plait").addHandler(self.handler)
        try:
            return super().run(result)
        finally:
            logging.getLogger("plait").removeHandler(self.handler)

    def flushLoggedErrors(self, *kinds):
        kept, self.handler.errors = self.handler.errors, []
        return super().flushLoggedErrors(*kinds) + [e for e in kept if isinstance(e, kinds)]


def suite():
    """The tests, in a module that has other imports."""
    with open(theirs.__file__) as file:
        source = file.read()
    module = types.ModuleType("twisted_suite")
    own = types.SimpleNamespace(
        **vars(amp),
        _FixedOffsetTZInfo=numbers.FixedOffset,
        _SwitchBox=switching._SwitchBox,
    )
    for line in ("from twisted.protocols import amp", "from twisted.trial.unittest import TestCase"):
        assert f"\n{line}\n" in source
        source = source.replace(f"\n{line}\n", "\n")
    head = "from twisted.internet import address, defer, error,"
    assert head in source
    source = source.replace(head, head.replace("defer, ", ""))
    module.__dict__.update(amp=own, defer=defer, TestCase=LoggedTestCase)
    exec(compile(source, theirs.__file__, "exec", dont_inherit=True), module.__dict__)
    tests = unittest.TestSuite()
    for name, value in vars(module).items():
        if isinstance(value, type) and issubclass(value, TestCase) and value is not LoggedTestCase:
            tests.addTests(unittest.defaultTestLoader.loadTestsFromTestCase(value))
    return {test.id().partition(".")[2]: test for test in tests}


SUITE = suite()
CHOSEN = sorted(name for name in SUITE if not any(part in name for part in TLS))


@pytest.mark.logs_errors
@pytest.mark.parametrize("name", CHOSEN)
def test_of_twisted(name):
    result = unittest.TestResult()
    SUITE[name].run(result)
    problems = [text for _, text in [*result.failures, *result.errors]]
    assert result.testsRun == 1 and not result.skipped
    if name in OTHERWISE:
        assert problems
        gc.collect()  # what it leaves unhandled is logged now, and not during another test
    else:
        assert not problems, problems[0]


def test_all_exceptions_are_there():
    assert OTHERWISE <= set(CHOSEN) and len(CHOSEN) > 100
