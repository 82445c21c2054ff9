"""Failures."""

from __future__ import annotations

import io

import pytest

from plait.internet import error
from plait.python.failure import Failure, NoCurrentExceptionError


def raised():
    try:
        raise KeyError("k")
    except KeyError:
        return Failure()


def test_of_the_current_exception():
    failure = raised()
    assert failure.type is KeyError
    assert failure.getErrorMessage() == "'k'"
    assert "in raised" in failure.getTraceback()
    assert "raise KeyError" not in failure.getTraceback(detail="brief")
    with pytest.raises(NoCurrentExceptionError):
        Failure()


def test_of_a_value():
    value = ValueError("v")
    failure = Failure(value)
    assert failure.value is value
    assert failure.type is ValueError
    assert Failure(failure).value is value


def test_check_and_trap():
    failure = raised()
    assert failure.check(ValueError) is None
    assert failure.check(ValueError, LookupError, KeyError) is LookupError
    assert failure.check("builtins.KeyError") == "builtins.KeyError"
    assert failure.trap(KeyError) is KeyError
    with pytest.raises(KeyError):
        failure.trap(ValueError)


def test_raising_keeps_the_traceback():
    failure = raised()
    with pytest.raises(KeyError) as caught:
        failure.raiseException()
    assert any(entry.name == "raised" for entry in caught.traceback)


def test_printing():
    out = io.StringIO()
    raised().printTraceback(out)
    assert out.getvalue().endswith("KeyError: 'k'\n")
    assert "KeyError" in repr(raised())
    assert "KeyError" in str(raised())


def test_cleaning():
    failure = raised()
    failure.cleanFailure()
    assert failure.getTracebackObject() is None
    assert failure.value.__traceback__ is None


def test_errors_of_connections():
    assert issubclass(error.ConnectionAborted, error.ConnectionLost)
    assert issubclass(error.ConnectionDone, error.ConnectionClosed)
    for kind in (error.ConnectionRefusedError, error.TimeoutError, error.TCPTimedOutError):
        assert issubclass(kind, error.ConnectError)
    assert error.ConnectionRefusedError(111, "refused").osError == 111
    assert str(error.AlreadyCalled())


def test_printing_briefly_and_in_detail():
    def fails():
        inside = "a local's value"
        raise KeyError(inside)

    try:
        fails()
    except KeyError:
        failure = Failure(captureVars=True)
    brief, detailed = io.StringIO(), io.StringIO()
    failure.printBriefTraceback(brief)
    failure.printDetailedTraceback(detailed)
    assert "fails" in brief.getvalue() and "raise KeyError" not in brief.getvalue()
    assert "inside = " in detailed.getvalue() and "raise KeyError" in detailed.getvalue()


@pytest.mark.parametrize("keeps", [True, False])
def test_frames(keeps):
    try:
        raised().raiseException()
    except KeyError:
        failure = Failure(captureVars=keeps)
    names = [frame[0] for frame in failure.frames]
    assert names[0] == "test_frames" and names[-1] == "raised"
    name, file, line, local, others = failure.frames[0]
    assert file == __file__ and line > 0
    assert (("keeps", keeps) in local) == keeps
    assert (len(others) > 0) == keeps
    assert failure.stack == []


def test_parents():
    assert raised().parents == [
        "builtins.KeyError",
        "builtins.LookupError",
        "builtins.Exception",
        "builtins.BaseException",
        "builtins.object",
    ]


def test_an_exception_without_words():
    class Mute(Exception):
        def __str__(self):
            raise KeyError("no words")

    failure = Failure(Mute())
    assert failure.getErrorMessage() == (
        "<a test_an_exception_without_words.<locals>.Mute whose str() raised KeyError>"
    )
    assert "raised KeyError" in failure.getBriefTraceback()
    assert "raised KeyError" in str(failure)
    assert failure.getTraceback()
