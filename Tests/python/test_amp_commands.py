"""Commands: how they are declared, and what becomes of arguments and answers."""

from __future__ import annotations

import pytest

from plait.protocols import amp
from plait.python.failure import Failure


class Sum(amp.Command):
    arguments = [(b"a", amp.Integer()), (b"b", amp.Integer())]
    response = [(b"total", amp.Integer())]


class Broken(Exception):
    pass


class Worse(Broken):
    pass


class Base(amp.Command):
    commandName = b"base"
    errors = {Broken: b"BROKEN"}
    fatalErrors = {ZeroDivisionError: b"ZERO"}


def test_names():
    assert Sum.commandName == b"Sum" and Base.commandName == b"base"

    class Derived(Base):
        pass

    assert Derived.commandName == b"Derived"


@pytest.mark.parametrize(
    "attributes",
    [
        {"commandName": "text"},
        {"arguments": [("text", amp.Integer())]},
        {"response": [("text", amp.Integer())]},
        {"errors": {Broken: "TEXT"}},
        {"fatalErrors": {Broken: "TEXT"}},
        {"arguments": [(b"a", amp.Integer)]},
    ],
)
def test_what_a_declaration_may_not_have(attributes):
    with pytest.raises(TypeError):
        type("Wrong", (amp.Command,), attributes)


def test_errors_are_inherited_and_extended():
    class Plain(Base):
        pass

    class More(Base):
        errors = {KeyError: b"KEY"}
        fatalErrors = [(MemoryError, b"MEMORY")]

    assert Plain.allErrors == Base.allErrors == {Broken: b"BROKEN", ZeroDivisionError: b"ZERO"}
    assert More.allErrors == {**Base.allErrors, KeyError: b"KEY", MemoryError: b"MEMORY"}
    assert More.fatalErrors == {MemoryError: b"MEMORY"}
    assert More.allFatalErrors == {ZeroDivisionError: b"ZERO", MemoryError: b"MEMORY"}
    assert More.reverseErrors[b"BROKEN"] is Broken


def test_arguments():
    assert Sum.makeArguments({"a": 1, "b": 2}, None) == {b"a": b"1", b"b": b"2"}
    assert Sum.parseArguments(amp.Box(a=b"1", b=b"2", extra=b""), None) == {"a": 1, "b": 2}
    assert Sum.makeResponse({"total": 3, "extra": 4}, None) == {b"total": b"3"}
    assert Sum.parseResponse(amp.Box(total=b"3", extra=b""), None) == {"total": 3}
    with pytest.raises(amp.InvalidSignature):
        Sum.makeArguments({"a": 1, "b": 2, "c": 3}, None)
    with pytest.raises(amp.InvalidSignature, match="forgot b for b'Sum'"):
        Sum(a=1)


def test_names_of_arguments():
    class Odd(amp.Command):
        arguments = [
            (b"from", amp.String()),
            (b"dash-ed", amp.String()),
            (b"mixedCase", amp.String()),
            (b"async", amp.String()),
            ("é".encode(), amp.String()),
        ]

    objects = {"From": b"1", "dash_ed": b"2", "mixedCase": b"3", "async": b"4", "é": b"5"}
    box = Odd.makeArguments(objects, None)
    assert list(box.values()) == [b"1", b"2", b"3", b"4", b"5"]
    assert Odd.parseArguments(box, None) == objects
    with pytest.raises(amp.InvalidSignature):
        Odd.makeArguments({**objects, "dash-ed": b""}, None)


def test_classes_of_boxes():
    class Other(amp.Command):
        commandType = responseType = amp.QuitBox

    assert type(Other.makeArguments({}, None)) is amp.QuitBox
    assert type(Other.makeResponse({}, None)) is amp.QuitBox


def test_the_decorator_gives_the_function_back():
    def function(self):
        pass

    assert Base.responder(function) is function

    class Locator(amp.CommandLocator):
        """The function belongs to this one."""

    assert Locator._commandDispatch == {b"base": (Base, function)}


class Adding(amp.CommandLocator):
    @Sum.responder
    def sum(self, a, b):
        return {"total": a + b}


class Subtracting(Adding):
    @Sum.responder
    def sum(self, a, b):
        return {"total": a - b}


class Inheriting(Subtracting):
    pass


@pytest.mark.parametrize(
    ("kind", "total"), [(Adding, b"8"), (Subtracting, b"2"), (Inheriting, b"2")]
)
def test_responders_of_subclasses(kind, total):
    answers = []
    kind().locateResponder(b"Sum")(amp.Box(a=b"5", b=b"3")).addCallback(answers.append)
    assert answers == [amp.Box(total=total)]
    assert kind().locateResponder(b"Product") is None


def test_what_errors_say():
    assert str(amp.RemoteAmpError(b"CODE", "text")) == "Code<CODE>: text"
    assert str(amp.RemoteAmpError(b"\xff", "é")) == "Code<\\xff>: é"
    local = Failure(Broken("why"))
    error = amp.RemoteAmpError(b"CODE", "text", fatal=True, local=local)
    assert error.fatal and error.local is local
    assert str(error).startswith("Code<CODE> (local): text\n") and "why" in str(error)
    unknown = amp.UnknownRemoteError("text")
    assert unknown.errorCode == b"UNKNOWN" and isinstance(unknown, amp.AmpError)
    bad = amp.BadLocalReturn("it returned 3", local)
    assert str(bad).startswith("it returned 3 ") and "why" in repr(bad)
    assert type(bad).__module__ == "plait.protocols.amp"


class Sender:
    """Takes boxes, without a connection."""

    def __init__(self):
        self.boxes = []
        self.errors = []

    def sendBox(self, box):
        self.boxes.append(box)

    def unhandledError(self, failure):
        self.errors.append(failure.value)


@pytest.fixture
def dispatcher():
    """One that has a sender, and answers by :class:`Adding`."""
    made = amp.BoxDispatcher(Adding())
    made.startReceivingBoxes(Sender())
    return made


def test_a_dispatcher_asks(dispatcher):
    results = []
    dispatcher.callRemote(Sum, a=13, b=81).addCallback(results.append)
    asked = amp.Box(_command=b"Sum", _ask=b"1", a=b"13", b=b"81")
    assert dispatcher.boxSender.boxes == [asked]
    dispatcher.ampBoxReceived(amp.Box(_answer=b"1", total=b"94"))
    assert results == [{"total": 94}]


def test_tags(dispatcher):
    class Silent(amp.Command):
        requiresAnswer = False

    for _ in range(9):
        dispatcher.callRemoteString(b"x")
    assert dispatcher.callRemote(Silent) is None
    dispatcher.callRemoteString("y")
    boxes = dispatcher.boxSender.boxes
    # A call that wants no answer uses a number up, too.
    assert [box.get(b"_ask") for box in boxes[-3:]] == [b"9", None, b"b"]
    assert boxes[-1][b"_command"] == b"y"


def test_a_dispatcher_answers(dispatcher):
    dispatcher.ampBoxReceived(amp.Box(_command=b"Sum", _ask=b"any tag", a=b"1", b=b"2"))
    dispatcher.ampBoxReceived(amp.Box(_command=b"Sum", _ask=b"", a=b"1", b=b"2"))
    assert dispatcher.boxSender.boxes == [
        amp.Box(_answer=b"any tag", total=b"3"),
        amp.Box(_answer=b"", total=b"3"),
    ]


@pytest.mark.parametrize(
    ("box", "error"),
    [
        ({}, amp.NoEmptyBoxes),
        ({b"x": b"1"}, amp.NoEmptyBoxes),
        ({b"_answer": b"1"}, amp.MalformedAmpBox),
        ({b"_error": b"1", b"_error_code": b"", b"_error_description": b""}, amp.MalformedAmpBox),
        ({b"_error": b"1"}, amp.MalformedAmpBox),
    ],
)
def test_boxes_that_nobody_may_send(dispatcher, box, error):
    with pytest.raises(error):
        dispatcher.ampBoxReceived(amp.Box(box))


def test_the_last_word_of_a_program(dispatcher):
    """What its callbacks raise goes to the sender."""
    dispatcher.callRemote(Sum, a=1, b=1).addCallback(lambda result: 1 // 0)
    dispatcher.ampBoxReceived(amp.Box(_answer=b"1", total=b"2"))
    dispatcher.callRemote(Sum, a=1, b=1).addErrback(lambda failure: 1 // 0)
    error = amp.Box(_error=b"2", _error_code=b"X", _error_description=b"")
    dispatcher.ampBoxReceived(error)
    assert [type(one) for one in dispatcher.boxSender.errors] == [ZeroDivisionError] * 2


def test_not_connected():
    failed = []
    amp.AMP().callRemote(Sum, a=1, b=2).addErrback(failed.append)
    assert "there is no connection yet" in failed[0].getErrorMessage()


def test_a_limit_of_calls(dispatcher):
    dispatcher.ampOptions = amp.AmpOptions(maxCalls=2)
    failed = []
    first = dispatcher.callRemote(Sum, a=1, b=2)
    dispatcher.callRemote(Sum, a=1, b=2)
    dispatcher.callRemote(Sum, a=1, b=2).addErrback(failed.append)
    assert failed.pop().type is amp.TooManyCalls
    # One that was given up counts until its answer comes.
    first.addErrback(lambda failure: None)
    first.cancel()
    dispatcher.callRemote(Sum, a=1, b=2).addErrback(failed.append)
    assert failed.pop().type is amp.TooManyCalls
    dispatcher.ampBoxReceived(amp.Box(_answer=b"1", total=b"2"))
    dispatcher.callRemote(Sum, a=1, b=2).addErrback(failed.append)
    assert not failed
