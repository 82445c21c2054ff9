"""Calls and answers, by each way that boxes can take."""

from __future__ import annotations

import decimal

import pytest

from amps import Memory, Socket, failing, gathered, seen
from conftest import until
from pairs import pair, receive  # noqa: F401
from plait.internet import defer, error, protocol
from plait.protocols import amp
from plait.python.failure import Failure


class Refused(Exception):
    pass


class RefusedMore(Refused):
    pass


class Fatal(Exception):
    pass


class Sum(amp.Command):
    arguments = [(b"a", amp.Integer()), (b"b", amp.Integer())]
    response = [(b"total", amp.Integer())]


class Everything(amp.Command):
    fields = [
        (b"integer", amp.Integer()),
        (b"string", amp.String()),
        (b"unicode", amp.Unicode()),
        (b"boolean", amp.Boolean()),
        (b"float", amp.Float()),
        (b"decimal", amp.Decimal()),
        (b"list", amp.ListOf(amp.ListOf(amp.Integer()))),
        (b"rows", amp.AmpList([(b"x", amp.Integer()), (b"y", amp.Unicode(optional=True))])),
        (b"f", amp.Integer()),
        (b"from", amp.String()),
        (b"dash-ed", amp.String()),
        (b"absent", amp.Integer(optional=True)),
        (b"none", amp.Integer(optional=True)),
    ]
    arguments = fields
    response = fields


VALUES = {
    "integer": -(2**80),
    "string": b"\0\xff" * 20000,
    "unicode": "é\U0001f600",
    "boolean": True,
    "float": 0.1,
    "decimal": decimal.Decimal("1E+2"),
    "list": [[1], [], [2, 3]],
    "rows": [{"x": 1, "y": "é"}, {"x": 2, "y": None}],
    "f": 1,
    "From": b"keyword",
    "dash_ed": b"dash",
    "none": None,
}


class Fail(amp.Command):
    arguments = [(b"how", amp.Unicode())]
    errors = {Refused: b"REFUSED"}
    fatalErrors = {Fatal: b"FATAL"}


class Tell(amp.Command):
    arguments = [(b"what", amp.Integer())]
    requiresAnswer = False
    errors = {Refused: b"REFUSED"}


class Return(amp.Command):
    arguments = [(b"what", amp.Integer())]
    response = [(b"text", amp.String())]


class Wait(amp.Command):
    response = [(b"text", amp.String())]
    errors = {Refused: b"REFUSED"}


class Reflect(amp.Command):
    """Has the other side call back before it answers."""

    response = [(b"total", amp.Integer())]


class Quit(amp.Command):
    response = [(b"bye", amp.String())]
    responseType = amp.QuitBox


class Raw(amp.Command):
    arguments = response = [(b"x", amp.String())]


class Unknown(amp.Command):
    pass


RETURNS = [None, {}, {"text": "text"}, {"text": None}, {"text": b"x" * 65536}, [1], 3]


class Both(amp.AMP):
    """Calls and answers."""

    def __init__(self):
        super().__init__()
        self.told = []
        self.waiting = []
        self.reason = None

    def connectionLost(self, reason):
        self.reason = reason
        amp.AMP.connectionLost(self, reason)

    def Sum(self, a, b):
        return {"total": a + b}

    def Everything(self, absent, **others):
        assert absent is None
        return others

    def Fail(self, how):
        if how == "later":
            return defer.fail(RefusedMore("later"))
        raise {
            "refused": Refused("no, é"),
            "more": RefusedMore("a subclass"),
            "fatal": Fatal("the end"),
            "unlisted": KeyError("secret"),
            "coded": amp.RemoteAmpError(b"CODED", "by itself"),
        }[how]

    def Tell(self, what):
        self.told.append(what)
        if what < 0:
            raise Refused("nobody hears it")
        return {}

    def Return(self, what):
        return RETURNS[what]

    def Wait(self):
        self.waiting.append(defer.Deferred())
        return self.waiting[-1]

    async def Reflect(self):
        result = await self.callRemote(Sum, a=20, b=1)
        return {"total": result["total"] * 2}

    def Quit(self):
        return {"bye": b"bye"}

    def amp_RAW(self, box):
        return defer.succeed(amp.Box(x=box[b"x"] * 2))


@pytest.fixture
def both(link):
    """Two of them."""
    return link(Both, Both)


def ask(made, command, **arguments):
    return made.run(made.client.callRemote(command, **arguments))


def alive(made):
    assert ask(made, Sum, a=1, b=2) == {"total": 3}


def ended(made):
    made.until(lambda: made.client.reason is not None and made.server.reason is not None)


def test_sum(both):
    assert ask(both, Sum, a=13, b=81) == {"total": 94}
    assert both.run(both.server.callRemote(Sum, a=2**70, b=-1)) == {"total": 2**70 - 1}


def test_every_type(both):
    assert ask(both, Everything, **VALUES) == {**VALUES, "absent": None}


def test_by_name(both):
    call = both.client.callRemoteString
    assert both.run(call(b"Sum", a=b"1", b=b"2"))[b"total"] == b"3"
    assert both.run(call("Sum", a=b"1", b=b"2"))[b"total"] == b"3"
    assert both.run(call("raw", x=b"1"))[b"x"] == b"11"
    assert ask(both, Raw, x=b"ab") == {"x": b"abab"}
    assert call("Tell", requiresAnswer=False, what=b"1") is None
    both.until(lambda: both.server.told == [1])


def test_many_at_once(both):
    calls = [both.client.callRemote(Sum, a=number, b=1) for number in range(1000)]
    calls += [both.server.callRemote(Sum, a=number, b=1) for number in range(1000)]
    results = both.run(gathered(calls))
    assert sorted(one["total"] for one in results) == sorted([*range(1, 1001)] * 2)


def test_answers_in_any_order(both):
    first, second = both.client.callRemote(Wait), both.client.callRemote(Wait)
    both.until(lambda: len(both.server.waiting) == 2)
    both.server.waiting[1].callback({"text": b"second"})
    assert both.run(second) == {"text": b"second"}
    alive(both)
    both.server.waiting[0].callback({"text": b"first"})
    assert both.run(first) == {"text": b"first"}


def test_a_coroutine_that_calls_back(both):
    assert ask(both, Reflect) == {"total": 42}


# What goes wrong


@pytest.mark.parametrize(
    ("how", "text"), [("refused", "no, é"), ("more", "a subclass"), ("later", "later")]
)
def test_errors_that_are_listed(both, how, text):
    error = failing(both, both.client.callRemote(Fail, how=how), Refused)
    assert type(error) is Refused and str(error) == text
    alive(both)


def test_errors_with_a_code_of_their_own(both):
    error = failing(both, both.client.callRemote(Fail, how="coded"), amp.UnknownRemoteError)
    assert error.description == "by itself"
    error = failing(both, both.client.callRemoteString("Fail", how=b"coded"), amp.RemoteAmpError)
    assert error.errorCode == b"CODED"
    alive(both)


def test_fatal_errors(both):
    error = failing(both, both.client.callRemote(Fail, how="fatal"), Fatal)
    assert str(error) == "the end"
    ended(both)


@pytest.mark.logs_errors
def test_errors_that_are_not_listed(both, caplog):
    error = failing(both, both.client.callRemote(Fail, how="unlisted"), amp.UnknownRemoteError)
    assert error.description == "Unknown Error"
    ended(both)
    assert "secret" in caplog.text


def test_unknown_commands(both):
    error = failing(both, both.client.callRemote(Unknown), amp.UnhandledCommand)
    assert error.args == (b"UNHANDLED", "Unhandled Command: Unknown")
    alive(both)


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        ({"a": b"1"}, "a missing argument: b"),
        ({"a": b"1", "b": b"x"}, "a bad argument: b: "),
        ({"a": b"", "b": b"1"}, "a bad argument: a: "),
        ({}, "a missing argument: a"),
    ],
)
def test_arguments_that_cannot_be_read(both, arguments, text):
    """One call alone is refused; Twisted hangs up."""
    call = both.client.callRemoteString("Sum", **arguments)
    error = failing(both, call, amp.RemoteAmpError)
    assert error.errorCode == b"UNKNOWN" and error.description.startswith(text)
    alive(both)


@pytest.mark.logs_errors
@pytest.mark.parametrize("what", range(len(RETURNS)))
def test_returning_what_cannot_be_sent(both, what, caplog):
    error = failing(both, both.client.callRemote(Return, what=what), amp.UnknownRemoteError)
    assert error.description == "Unknown Error"
    ended(both)
    assert "could not serialize" in caplog.text or "while answering" in caplog.text


@pytest.mark.parametrize(
    ("command", "arguments", "kind"),
    [
        (Sum, {"a": 1}, amp.InvalidSignature),
        (Sum, {"a": 1, "b": 2, "c": 3}, amp.InvalidSignature),
        (Sum, {"a": "x", "b": 2}, TypeError),
        (Raw, {"x": b"x" * 65536}, amp.TooLong),
        (Raw, {"x": "text"}, TypeError),
        (Raw, {"x": None}, TypeError),
    ],
)
def test_calls_that_cannot_be_made(both, command, arguments, kind):
    """There is one path for errors, whatever it is; and nothing is sent."""
    failing(both, both.client.callRemote(command, **arguments), kind)
    alive(both)


def test_calls_by_name_that_cannot_be_made(both):
    failing(both, both.client.callRemoteString("Raw", x="text"), TypeError)
    failing(both, both.client.callRemoteString("Raw", **{"k" * 256: b""}), amp.TooLong)
    failing(both, both.client.callRemoteString("Raw", é=b""), UnicodeEncodeError)
    alive(both)


def test_no_answer(both):
    assert both.client.callRemote(Tell, what=1) is None
    assert both.client.callRemote(Tell, what=2) is None
    both.until(lambda: both.server.told == [1, 2])
    # What is wrong is raised: there is no Deferred.
    with pytest.raises(TypeError):
        both.client.callRemote(Tell, what="x")
    with pytest.raises(amp.InvalidSignature):
        both.client.callRemote(Tell)
    # Whoever asks nevertheless is answered.
    assert b"_answer" in both.run(both.client.callRemoteString("Tell", what=b"3"))


@pytest.mark.logs_errors
def test_an_error_that_nobody_waits_for(both):
    both.client.callRemote(Tell, what=-1)
    ended(both)
    assert both.server.told == [-1]


@pytest.mark.logs_errors
def test_an_unknown_command_that_nobody_waits_for(both):
    both.client.callRemoteString("Nobody", requiresAnswer=False)
    ended(both)


def test_leaving_with_the_answer(both):
    assert ask(both, Quit) == {"bye": b"bye"}
    ended(both)


def test_leaving_with_the_question(both):
    class AskAndQuit(Sum):
        commandName = b"Sum"
        commandType = amp.QuitBox

    call = both.client.callRemote(AskAndQuit, a=1, b=2)
    failing(both, call, error.ConnectionClosed)
    ended(both)


def test_answers_that_cannot_be_read(both):
    class Other(Sum):
        commandName = b"Sum"
        response = [(b"total", amp.Boolean())]

    class More(Sum):
        commandName = b"Sum"
        response = [(b"total", amp.Integer()), (b"more", amp.Integer())]

    failing(both, both.client.callRemote(Other, a=1, b=2), TypeError)
    failing(both, both.client.callRemote(More, a=1, b=2), KeyError)
    alive(both)


@pytest.mark.logs_errors
def test_an_error_that_the_program_does_not_handle(both, caplog):
    both.client.callRemote(Fail, how="refused")
    ended(both)
    assert "no, é" in caplog.text


@pytest.mark.logs_errors
def test_an_error_in_the_programs_callback(both):
    both.client.callRemote(Sum, a=1, b=2).addCallback(lambda result: 1 // 0)
    ended(both)


# The end of the connection


def test_calls_that_the_connection_does_not_outlive(both):
    calls = [both.client.callRemote(Wait) for _ in range(3)]
    both.until(lambda: len(both.server.waiting) == 3)
    both.server.transport.loseConnection()
    for call in calls:
        failing(both, call, error.ConnectionClosed)
    # Later ones fail at once.
    failing(both, both.client.callRemote(Sum, a=1, b=2), error.ConnectionClosed)
    assert both.client.callRemote(Tell, what=1) is None
    assert both.client.transport is None
    # And late answers bother nobody.
    both.until(lambda: both.server.reason is not None)
    both.server.waiting[0].callback({"text": b""})
    both.server.waiting[1].errback(Refused())
    both.server.waiting[2].errback(Failure(Refused()))


class Leaving(Both):
    def Sum(self, a, b):
        self.told.append(a)
        self.transport.loseConnection()
        return Both.Sum(self, a, b)


def test_nothing_is_answered_after_the_end_was_asked_for(link):
    made = link(Leaving, Both)
    calls = [made.client.callRemote(Sum, a=number, b=2) for number in range(3)]
    for call in calls:
        call.addErrback(lambda failure: failure.trap(error.ConnectionClosed))
    ended(made)
    assert made.server.told == [0]


# Giving up


def test_time_limits(both):
    failing(both, both.client.callRemote(Wait, timeout=0.02), error.TimeoutError)
    failing(both, both.client.callRemoteString("Wait", timeout=0.02), error.TimeoutError)
    assert ask(both, Sum, a=1, b=2, timeout=60) == {"total": 3}
    # The late answers are swallowed.
    both.server.waiting[0].callback({"text": b"late"})
    both.server.waiting[1].errback(Refused("late"))
    alive(both)


def test_time_limits_for_all_calls(link):
    class Hasty(Both):
        ampOptions = amp.AmpOptions(callTimeout=0.02)

    made = link(Both, Hasty)
    failing(made, made.client.callRemote(Wait), error.TimeoutError)


def test_an_argument_of_that_name():
    class Timed(amp.Command):
        arguments = [(b"timeout", amp.Integer())]

    sent = []

    class Sender:
        sendBox = sent.append

    made = amp.BoxDispatcher(None)
    made.startReceivingBoxes(Sender())
    made.callRemote(Timed, timeout=3)
    made.callRemoteString("Timed", timeout=b"4")
    assert [box[b"timeout"] for box in sent] == [b"3", b"4"]


def test_a_time_limit_without_a_clock(reactor):
    made = Memory(None)
    made.connect(Both(), Both())
    failed = []
    made.client.callRemote(Wait, timeout=1).addErrback(failed.append)
    assert "no reactor" in failed[0].getErrorMessage()


def test_cancelling(both):
    call = both.client.callRemote(Wait)
    both.until(lambda: both.server.waiting)
    call.cancel()
    failing(both, call, defer.CancelledError)
    both.server.waiting[0].callback({"text": b"late"})
    alive(both)
    call.cancel()


@pytest.mark.parametrize("kind", [Both, seen(Both)])
def test_a_limit_of_requests(reactor, kind):
    class Busy(kind):
        ampOptions = amp.AmpOptions(maxRequests=2)

    made = Socket(reactor)
    made.connect(Busy(), Both())
    calls = [made.client.callRemote(Wait) for _ in range(2)]
    made.until(lambda: len(made.server.waiting) == 2)
    calls += [made.client.callRemote(Sum, a=1, b=number) for number in range(3)]
    # What it is sent waits, answers too.
    failing(made, made.server.callRemote(Sum, a=1, b=2, timeout=0.05), error.TimeoutError)
    assert not any(call.called for call in calls)
    made.server.waiting[0].callback({"text": b""})
    assert len(made.run(gathered([calls[0], *calls[2:]]))) == 4
    made.server.waiting[1].callback({"text": b""})
    made.run(calls[1])


def test_a_responder_that_is_cancelled(both):
    call = both.client.callRemote(Wait)
    both.until(lambda: both.server.waiting)
    both.server.waiting[0].cancel()
    assert failing(both, call, amp.UnknownRemoteError).description == "cancelled"
    alive(both)


def test_a_limit_of_calls(link):
    class Few(Both):
        ampOptions = amp.AmpOptions(maxCalls=2)

    made = link(Both, Few)
    waiting = [made.client.callRemote(Wait) for _ in range(2)]
    failing(made, made.client.callRemote(Wait), amp.TooManyCalls)
    made.until(lambda: len(made.server.waiting) == 2)
    made.server.waiting[0].callback({"text": b""})
    made.run(waiting[0])
    alive(made)
    waiting[1].addErrback(lambda failure: None).cancel()


# Who has no constructor, and who has another


def test_a_subclass_that_forgets_the_constructor(link):
    class Old(Both):
        def __init__(self):
            self.reason = None

    made = link(Old, Old)
    alive(made)


def test_a_receiver_of_its_own(reactor, pair):  # noqa: F811
    class Receiver:
        boxes = []

        def startReceivingBoxes(self, sender):
            sender.sendBox(amp.Box(hello=b"1"))

        def ampBoxReceived(self, box):
            self.boxes.append(box)

        def stopReceivingBoxes(self, reason):
            self.reason = reason

    receiver = Receiver()
    made = amp.AMP(boxReceiver=receiver)
    peer = pair(made)
    assert receive(reactor, peer, 12) == b"\0\5hello\0\0011\0\0"
    peer.sendall(b"\0\1a\0\0011\0\0" * 3)
    until(reactor, lambda: len(receiver.boxes) == 3)
    peer.sendall(b"\1\0")
    until(reactor, lambda: hasattr(receiver, "reason"))
    assert receiver.reason.type is amp.TooLong


@pytest.mark.parametrize(
    "data",
    [
        b"\0\0",
        b"\0\1x\0\0011\0\0",
        b"\0\7_answer\0\0011\0\0",
        b"\0\6_error\0\0011\0\0",
        b"\1\0",
    ],
)
@pytest.mark.logs_errors
def test_what_no_peer_may_send(reactor, pair, data):  # noqa: F811
    made = Both()
    peer = pair(made)
    call = made.callRemote(Wait)
    receive(reactor, peer, 27)
    if b"_answer" in data or b"_error" in data:
        # There is no such call.
        data = data.replace(b"\0\0011", b"\0\0019")
    peer.sendall(data)
    until(reactor, lambda: made.reason is not None)
    assert made.reason.type is error.PeerError
    failed = []
    call.addErrback(failed.append)
    assert issubclass(failed[0].type, (error.PeerError, amp.TooLong))


def test_what_it_is_called(both):
    assert repr(both.client) in [f"<{type(both.client).__name__} at {id(both.client):#x}>"]


def test_writing_past_amp(reactor, pair):  # noqa: F811
    """What is no box leaves all the same, and in order."""
    made = Both()
    peer = pair(made)
    made.transport.write(b"raw")
    made.sendBox(amp.Box(a=b"1"))
    assert receive(reactor, peer, 11) == b"raw\0\1a\0\0011\0\0"


class Kind(dict):
    pass


class Other(Both):
    def Sum(self, a, b):
        return Kind(total=a + b, extra=1)


def test_other_results(link):
    """Dictionaries of other classes, and what is more than was asked for."""
    alive(link(Other, Both))


def test_a_factory(reactor):
    factory = protocol.Factory.forProtocol(Both)
    port = reactor.listenTCP(0, factory, interface="127.0.0.1")
    assert port.getHost().port
