"""Commands that are answered and called in their own ways, among those that need none."""

from __future__ import annotations

import copy
import pickle

import pytest

from amps import Socket, failing
from plait.internet import defer
from plait.protocols import amp
from plait.python.failure import Failure

STRING = amp.String()


def command(name, arguments=(), response=(), base=amp.Command, **more):
    """A command with arguments and results of these names."""
    attributes = {
        "__module__": __name__,
        "arguments": [(key, STRING) for key in arguments],
        "response": [(key, STRING) for key in response],
        **more,
    }
    return type(name, (base,), attributes)


class Own(amp.String):
    """With methods of its own."""

    def fromBox(self, name, strings, objects, proto):
        objects["own"] = strings.pop(name, b"") + b"!"

    def toBox(self, name, strings, objects, proto):
        strings[name] = objects.pop("own", b"") + b"?"


class Changing(amp.Command):
    """It changes what is sent and received."""

    arguments = response = [(b"x", STRING)]

    @classmethod
    def makeArguments(cls, objects, proto):
        return amp.Box({b"x": b"made " + objects["x"]})

    @classmethod
    def parseArguments(cls, box, proto):
        return {"x": b"parsed " + box[b"x"]}

    @classmethod
    def makeResponse(cls, objects, proto):
        return amp.Box({b"x": b"made " + objects["x"]})

    @classmethod
    def parseResponse(cls, box, proto):
        return {"x": b"parsed " + box[b"x"]}


#: By name: the command, arguments, and results, if these are others.
COMMANDS = {
    "nothing": (command("Nothing"), {}, {}),
    "many": (
        command("Many", [b"a%d" % n for n in range(300)], [b"a%d" % n for n in range(300)]),
        {f"a{n}": b"%d" % n for n in range(300)},
        None,
    ),
    "no identifiers": (command("Odd", [b"a b", b"1"], [b"a b", b"1"]), {"a b": b"x", "1": b"y"}, None),
    "keywords": (command("Words", [b"lambda", b"async"], [b"async"]), {"Lambda": b"x", "async": b"y"}, {"async": b"y"}),
    "capitals": (command("Big", [b"Z", b"a"], [b"Z", b"a"]), {"Z": b"1", "a": b"2"}, None),
    "percent": (command("Percent", [b"100%b"], [b"100%b"]), {"100%b": b"x"}, None),
    "long names": (command("Long", [b"x" * 255], [b"x" * 255]), {"x" * 255: b"1"}, None),
    "own": (
        type("Owner", (amp.Command,), {"arguments": [(b"k", Own(optional=True))], "response": [(b"k", Own())]}),
        {},
        {"own": b"?!?!"},
    ),
    "changing": (Changing, {"x": b"x"}, {"x": b"parsed made parsed made x"}),
    "another class of boxes": (
        command("Boxes", [b"x"], [b"x"], responseType=type("Other", (amp.AmpBox,), {})),
        {"x": b"1"},
        None,
    ),
    "none": (
        type("None_", (amp.Command,), {"arguments": [(b"x", amp.Integer(optional=True))]}),
        {"x": None},
        {},
    ),
    "optional": (
        type(
            "Optional",
            (amp.Command,),
            {
                "arguments": [(b"x", amp.Integer(optional=True)), (b"y", amp.Integer(optional=True))],
                "response": [(b"x", amp.Integer(optional=True)), (b"y", amp.Integer(optional=True))],
            },
        ),
        {"x": 0},
        {"x": 0, "y": None},
    ),
}


class Mirror(amp.AMP):
    """Answers each with its arguments."""


for one, _, wanted in COMMANDS.values():
    keys = {name: None for name, _ in one.response}

    def responder(self, _command=one, **arguments):
        names = {name.decode() for name, _ in _command.response} | {"own"}
        return {key: value for key, value in arguments.items() if key in names}

    Mirror._commandDispatch[one.commandName] = (one, responder)


@pytest.mark.parametrize("name", COMMANDS)
def test_one(link, name):
    one, arguments, results = COMMANDS[name]
    made = link(Mirror, amp.AMP)
    for _ in range(2):
        expected = arguments if results is None else results
        assert made.run(made.client.callRemote(one, **arguments)) == expected


def test_names_that_are_given_twice(link):
    class Twice(amp.Command):
        arguments = [(b"x", STRING), (b"x", STRING)]

    made = link(Mirror, amp.AMP)
    failing(made, made.client.callRemote(Twice, x=b""), KeyError)


class Sending(amp.AMP):
    """Has a method of its own for what every call goes through."""

    def __init__(self):
        super().__init__()
        self.sent = []

    def _sendBoxCommand(self, command, box, requiresAnswer=True, **limit):
        self.sent.append(command)
        return super()._sendBoxCommand(command, box, requiresAnswer, **limit)


def test_a_method_that_every_call_goes_through(link):
    made = link(Mirror, Sending)
    one, arguments, results = COMMANDS["optional"]
    assert made.run(made.client.callRemote(one, **arguments, timeout=60)) == results
    assert made.run(made.client.callRemote(one, x=1, y=2)) == {"x": 1, "y": 2}
    assert made.client.sent == [b"Optional"] * 2


class Refused(Exception):
    pass


class Results(amp.Command):
    arguments = [(b"how", amp.Unicode())]
    response = [(b"x", STRING)]
    errors = {Refused: b"REFUSED"}


class Various(amp.AMP):
    def Results(self, how):
        if how == "failure":
            return Failure(Refused("failure"))
        if how == "fired":
            return defer.succeed({"x": b"fired"})
        if how == "failed":
            return defer.fail(Refused("failed"))
        if how == "coroutine":
            return self.coroutine(False)
        if how == "failing coroutine":
            return self.coroutine(True)
        deferred = defer.Deferred()
        deferred.addCallback(lambda result: defer.succeed(result))
        deferred.callback({"x": b"chained"})
        return deferred

    async def coroutine(self, fails):
        first = await defer.succeed(b"awaited")
        if fails:
            raise Refused("in a coroutine")
        return {"x": first}


@pytest.mark.parametrize(
    ("how", "result"),
    [
        ("failure", "failure"),
        ("fired", b"fired"),
        ("failed", "failed"),
        ("coroutine", b"awaited"),
        ("failing coroutine", "in a coroutine"),
        ("chained", b"chained"),
    ],
)
def test_what_responders_return(link, how, result):
    made = link(Various, amp.AMP)
    call = made.client.callRemote(Results, how=how)
    if isinstance(result, str):
        assert str(failing(made, call, Refused)) == result
    else:
        assert made.run(call) == {"x": result}


def test_moments_can_be_copied():
    moment = amp.DateTime().fromString(b"2012-01-23T12:34:56.054321+05:30")
    for again in (copy.deepcopy(moment), pickle.loads(pickle.dumps(moment))):
        assert again == moment and again.tzname() == "+05:30"


@pytest.mark.logs_errors
@pytest.mark.parametrize("name", ["ampBoxReceived", "_commandReceived"])
def test_what_a_program_raises_where_it_should_not(reactor, name):
    """It ends that connection alone."""

    def broken(self, box):
        raise Refused(name)

    kind = type("Broken", (Mirror,), {name: broken})
    link = Socket(reactor)
    link.connect(kind(), amp.AMP())
    one, arguments, _ = COMMANDS["nothing"]
    failing(link, link.client.callRemote(one), Exception)


def test_reserved_names(link):
    made = link(Mirror, amp.AMP)
    for name in ("_answer", "_ask", "_command", "_error", "_error_code", "_error_description"):
        failing(made, made.client.callRemoteString("Nothing", **{name: b"1"}), amp.MalformedAmpBox)
