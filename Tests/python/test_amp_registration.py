"""Which methods answer which commands: no peer can call what was not meant for it."""

from __future__ import annotations

import sys
import types

import pytest

from amps import failing
from plait.protocols import amp


class Sum(amp.Command):
    commandName = b"sum"
    arguments = [(b"a", amp.Integer()), (b"b", amp.Integer())]
    response = [(b"result", amp.Integer())]


class Plain(amp.Command):
    """Without arguments; named by its class."""

    response = [(b"by", amp.String())]


class Dashed(Plain):
    commandName = b"get-it"


class Private(Plain):
    commandName = b"_private"


class Lost(Plain):
    commandName = b"connectionLost"


class Factory(Plain):
    commandName = b"factory"


class Transport(Plain):
    commandName = b"transport"


class NoMethod(Plain):
    commandName = b"value"


class Server(amp.AMP):
    value = 7

    def sum(self, a, b):
        return {"result": a + b}

    def Plain(self):
        return {"by": b"method"}

    def get_it(self):
        return {"by": b"dashed"}

    def _private(self):
        return {"by": b"private"}

    def undeclared(self):
        return {"by": b"undeclared"}

    def factory(self):
        return {"by": b"factory"}


class Client(amp.AMP):
    pass


def ask(made, command, **arguments):
    return made.run(made.client.callRemote(command, **arguments))


def test_methods_that_are_named_like_commands(link):
    made = link(Server, Client)
    assert ask(made, Sum, a=5, b=3) == {"result": 8}
    assert ask(made, Plain) == {"by": b"method"}
    assert ask(made, Dashed) == {"by": b"dashed"}


@pytest.mark.parametrize(
    "name",
    [
        b"connectionLost",
        b"dataReceived",
        b"makeConnection",
        b"callRemote",
        b"sendBox",
        b"_private",
        b"__init__",
        b"undeclared",
        b"value",
        b"factory",
        b"transport",
        b"get_it",
        b"Sum",
        b"\xff\xfe",
        b"a b",
        b"",
    ],
)
def test_what_no_peer_can_call(link, name):
    made = link(Server, Client)
    if name == b"":
        # The name of a command is never empty, where calls are kept by the C library.
        failing(made, made.client.callRemoteString(name), amp.AmpError)
        return
    error = failing(made, made.client.callRemoteString(name), amp.UnhandledCommand)
    text = name.decode("utf-8", "replace")
    assert error.args == (b"UNHANDLED", f"Unhandled Command: {text}") or name == b"\xff\xfe"
    assert ask(made, Sum, a=1, b=1) == {"result": 2}


class Explicit(Server):
    @Plain.responder
    def anything(self):
        return {"by": b"responder"}

    def amp_PLAIN(self, box):
        return amp.Box(by=b"amp_")

    def amp_SUM(self, box):
        return amp.Box(result=b"-1")


def test_explicit_ones_come_first(link):
    made = link(Explicit, Client)
    assert ask(made, Plain) == {"by": b"responder"}
    assert ask(made, Sum, a=1, b=1) == {"result": -1}
    assert ask(made, Dashed) == {"by": b"dashed"}


class Overriding(Server):
    def sum(self, a, b):
        return {"result": a * b}


def test_a_subclass_overrides(link):
    assert ask(link(Overriding, Client), Sum, a=5, b=3) == {"result": 15}


class Mixin:
    def sum(self, a, b):
        return {"result": 0}


class Mixed(Mixin, amp.AMP):
    pass


def test_a_method_of_another_class_does_not_answer(link):
    made = link(Mixed, Client)
    failing(made, made.client.callRemote(Sum, a=1, b=2), amp.UnhandledCommand)


def module(source):
    """A module of this source."""
    made = types.ModuleType("made_for_a_test")
    sys.modules[made.__name__] = made
    try:
        exec(source, made.__dict__)
    finally:
        del sys.modules[made.__name__]
    return made


HEAD = "from plait.protocols import amp\nfrom test_amp_registration import Sum\n"


def test_only_commands_of_the_same_module():
    made = module(HEAD + "class Server(amp.AMP):\n    def sum(self, a, b): return {'result': 0}\n")
    assert made.Server().locateResponder(b"sum") is None


def test_two_commands_of_one_name():
    commands = "class One(amp.Command): commandName = b'x'\nclass Two(One): commandName = b'x'\n"
    with pytest.raises(TypeError, match="One.*same name|Two.*same name"):
        module(HEAD + commands + "class Server(amp.AMP):\n    def x(self): return {}\n")
    with pytest.raises(TypeError, match="same name"):
        module(
            HEAD
            + commands
            + "class Server(amp.AMP):\n"
            + "    @One.responder\n    def a(self): return {}\n"
            + "    @Two.responder\n    def b(self): return {}\n"
        )
    # A subclass may answer another command of the same name than its base does.
    made = module(
        HEAD
        + commands
        + "class Server(amp.AMP):\n    @One.responder\n    def a(self): return {}\n"
        + "class Derived(Server):\n    @Two.responder\n    def b(self): return {}\n"
    )
    assert made.Derived._commandDispatch[b"x"][0] is made.Two
    # Where one is explicit, it is clear which one a method is for.
    for explicit in ("    @One.responder\n    def x(self): return {}\n", "    def amp_X(self, box): return box\n"):
        body = explicit if "def x" in explicit else "    def x(self): return {}\n" + explicit
        made = module(HEAD + commands + "class Server(amp.AMP):\n" + body)
        assert made.Server()._commandMethods() == {}
        assert made.Server().locateResponder(b"x") is not None
    # And a name in the module that stands for the same command is no other one.
    module(
        HEAD
        + "class One(amp.Command): commandName = b'x'\nAlso = One\n"
        + "class Server(amp.AMP):\n    def x(self): return {}\n"
    )


class Late(amp.AMP):
    def Afterwards(self):
        return {}


class Afterwards(amp.Command):
    pass


def test_a_command_that_is_declared_behind_the_class(link):
    assert ask(link(Late, Client), Afterwards) == {}


class Locator(amp.CommandLocator):
    @Plain.responder
    def plain(self):
        return {"by": b"locator"}


class Located(Server):
    def __init__(self):
        amp.AMP.__init__(self, locator=Locator())


def test_a_locator_of_its_own(link):
    made = link(Located, Client)
    assert ask(made, Plain) == {"by": b"locator"}
    failing(made, made.client.callRemote(Sum, a=1, b=2), amp.UnhandledCommand)


class Chained(Server):
    def locateResponder(self, name):
        return Locator().locateResponder(name) or Server.locateResponder(self, name)


def test_a_chain_of_locators(link):
    made = link(Chained, Client)
    assert ask(made, Plain) == {"by": b"locator"}
    assert ask(made, Sum, a=1, b=2) == {"result": 3}
