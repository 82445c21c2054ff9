"""One AMP program on Twisted and on Plait: only the imports differ.

    amp_peer.py PACKAGE server              prints the port it listens on
    amp_peer.py PACKAGE client PORT         prints what becomes of each call, one line for each
"""

import datetime
import decimal
import importlib
import logging
import math
import sys

package = sys.argv[1]
endpoints, protocol, reactor, defer = (
    importlib.import_module(f"{package}.internet.{name}") for name in ("endpoints", "protocol", "reactor", "defer")
)
amp = importlib.import_module(f"{package}.protocols.amp")
basic = importlib.import_module(f"{package}.protocols.basic")
logging.getLogger("plait").addHandler(logging.NullHandler())

zone = datetime.timezone(datetime.timedelta(hours=5, minutes=30))
west = datetime.timezone(-datetime.timedelta(hours=8))
D = decimal.Decimal

#: By type: how it is made, values, and texts that are none.
TYPES = {
    "Integer": (amp.Integer, [0, -1, 2**70, -(10**50), True, 1.9], [b"x", b"", b"1.5", b"0x10"]),
    "String": (amp.String, [b"", b"\0\xff" * 1000, b"x" * 65535], []),
    "Unicode": (amp.Unicode, ["", "\xe9\U0001f600", "\ufeff"], [b"\xff", b"\xed\xa0\x80"]),
    "Boolean": (amp.Boolean, [True, False, "x", None], [b"true", b"", b"1"]),
    "Float": (amp.Float, [0.0, -0.0, 0.1, 1e-05, 1e16, 5e-324, math.nan, math.inf, -math.inf], [b"", b"1,5", b"0x1p3"]),
    "Decimal": (amp.Decimal, [D(t) for t in "0 -0 1E+2 1.50 1E-7 sNaN5 -NaN Infinity 1E+1000".split()], [b"", b"abc"]),
    "DateTime": (
        amp.DateTime,
        [datetime.datetime(2012, 1, 23, 12, 34, 56, 54321, z) for z in (datetime.timezone.utc, zone, west)],
        [b"", b"x" * 32, b"2012-13-23T12:34:56.054321+00:00"],
    ),
    "ListOf": (lambda: amp.ListOf(amp.ListOf(amp.Integer())), [[], [[]], [[1, 20], [500]]], [b"\0\3\0\1x"]),
    "AmpList": (
        lambda: amp.AmpList([(b"a", amp.Integer()), (b"b", amp.Unicode(optional=True))]),
        [[], [{"a": 1, "b": "x"}, {"a": 2}]],
        [b"\0\1b\0\0011\0\0", b"\0\1a\0\1x\0\0"],
    ),
    "Optional": (lambda: amp.Integer(optional=True), [None, 7], [b"x"]),
    "Names": (amp.Unicode, ["x"], []),
}


class Listed(Exception):
    pass


class Below(Listed):
    pass


class Fatal(Exception):
    pass


def command(name, **attributes):
    return type(name, (amp.Command,), attributes)


ECHOES = {}
for kind, (make, _, _) in TYPES.items():
    keys = [b"value"] if kind != "Names" else [b"from", b"dash-ed", b"mixedCase", b"Z", b"_x"]
    fields = [(key, make()) for key in keys]
    ECHOES[kind] = command(f"Echo{kind}", arguments=fields, response=fields)

Fail = command("Fail", arguments=[(b"how", amp.Unicode())], errors={Listed: b"LISTED"}, fatalErrors={Fatal: b"FATAL"})
Tell = command("Tell", arguments=[(b"how", amp.Unicode())], requiresAnswer=False)
Give = command("Give", arguments=[(b"how", amp.Unicode())], response=[(b"value", amp.String())])
Later = command("Later", response=[(b"value", amp.Unicode())])
Unknown = command("Unknown")
Quit = command("Quit", response=[(b"value", amp.String())], responseType=amp.QuitBox)
Raw = command("Raw", arguments=[(b"value", amp.String())], response=[(b"value", amp.String())])
Switch = type("Switch", (amp.ProtocolSwitchCommand,), {"arguments": [(b"to", amp.Unicode())], "errors": {Listed: b"LISTED"}})


class Lines(basic.LineReceiver):
    def connectionMade(self):
        self.sendLine(b"hello")

    def lineReceived(self, line):
        if line != b"hello":
            self.sendLine(b"again " + line)


class Server(amp.AMP):
    def fail(self, how):
        if how == "later":
            deferred = defer.Deferred()
            reactor.callLater(0.01, deferred.errback, Listed("later"))
            return deferred
        raise {"listed": Listed("listed \xe9"), "below": Below("below"), "fatal": Fatal("fatal"), "unlisted": KeyError("secret")}[how]

    Fail.responder(fail)

    def tell(self, how):
        if how == "fail":
            raise KeyError(how)
        return {}

    Tell.responder(tell)

    def give(self, how):
        return {"good": {"value": b"good", "extra": 1}, "nothing": None, "empty": {}}[how]

    Give.responder(give)

    def later(self):
        deferred = defer.Deferred()
        reactor.callLater(0.01, deferred.callback, {"value": "later"})
        return deferred

    Later.responder(later)

    def quit(self):
        return {"value": b"bye"}

    Quit.responder(quit)

    def switch(self, to):
        if to == "nothing":
            raise Listed("nothing")
        return Lines()

    Switch.responder(switch)

    def amp_RAW(self, box):
        return amp.Box(value=box[b"value"] * 2)


for kind in ECHOES.values():
    setattr(Server, f"echo_{kind.__name__}", lambda self, **values: values)
    # As the body of the class would, had it a name for each.
    Server._commandDispatch[kind.commandName] = (kind, getattr(Server, f"echo_{kind.__name__}"))


class Inner(protocol.ClientFactory):
    """What a client switches to."""

    def __init__(self):
        self.heard = defer.Deferred()

    def buildProtocol(self, addr):
        factory = self

        class Heard(Lines):
            def lineReceived(self, line):
                factory.heard.callback(line)
                self.lineReceived = lambda line: None

        return Heard()


def switched(client, to):
    inner = Inner()
    deferred = client.callRemote(Switch, inner, to=to)
    return deferred.addCallback(lambda answer: inner.heard)


def calls():
    """Names, with what they do with a client."""
    for name, (_, values, texts) in TYPES.items():
        echo = ECHOES[name]
        for index, value in enumerate(values):
            names = ["value"] if name != "Names" else ["From", "dash_ed", "mixedCase", "Z", "_x"]
            arguments = {key: value for key in names}
            yield f"{name} {index}", lambda c, e=echo, a=arguments: c.callRemote(e, **a)
        for index, text in enumerate(texts):
            yield f"{name} bad {index}", lambda c, e=echo, t=text: c.callRemoteString(e.commandName, value=t)
        if name not in ("Optional", "Names"):
            yield f"{name} missing", lambda c, e=echo: c.callRemoteString(e.commandName)
    for how in ("listed", "below", "fatal", "unlisted", "later"):
        yield f"fail {how}", lambda c, h=how: c.callRemote(Fail, how=h)
        yield f"fail by name {how}", lambda c, h=how: c.callRemoteString(b"Fail", how=h.encode())
    for how in ("good", "nothing", "empty"):
        yield f"give {how}", lambda c, h=how: c.callRemote(Give, how=h)
    for how in ("well", "fail"):
        yield f"tell {how}", lambda c, h=how: c.callRemote(Tell, how=h)
        yield f"tell and ask {how}", lambda c, h=how: c.callRemoteString(b"Tell", how=h.encode())
    yield "later", lambda c: c.callRemote(Later)
    yield "unknown", lambda c: c.callRemote(Unknown)
    yield "unknown by name", lambda c: c.callRemoteString(b"Unknown")
    yield "unknown, no answer", lambda c: c.callRemoteString(b"Unknown", requiresAnswer=False)
    yield "quit", lambda c: c.callRemote(Quit)
    yield "raw", lambda c: c.callRemote(Raw, value=b"ab")
    yield "switch", lambda c: switched(c, "lines")
    yield "no switch", lambda c: switched(c, "nothing")


def told(value):
    """A value in words, the same on both packages."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{k}: {told(v)}" for k, v in sorted(value.items()) if k != b"_answer") + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(told, value)) + "]"
    if isinstance(value, datetime.datetime):
        return f"{value.isoformat()}"
    if hasattr(value, "getErrorMessage"):
        error = value.value
        if isinstance(error, amp.RemoteAmpError):
            return f"{type(error).__name__} {error.errorCode} {error.description}"
        if type(error).__name__ in ("ConnectionDone", "ConnectionLost"):
            return "connection lost"
        return f"{type(error).__name__} {error.args}"
    text = repr(value)
    return text if len(text) < 200 else f"{len(text)} characters, {hash(text) if isinstance(value, int) else text[:20]}"


class Client(amp.AMP):
    pass


def play(port):
    """Makes one call after the other, each on a connection of its own."""
    left = list(calls())
    where = endpoints.TCP4ClientEndpoint(reactor, "127.0.0.1", port)

    def next_one(_=None):
        if not left:
            print("end", flush=True)
            reactor.stop()
            return
        name, call = left.pop(0)
        endpoints.connectProtocol(where, Client()).addCallback(made, name, call)

    def made(client, name, call):
        outcome = call(client)
        if outcome is None:
            # Nothing is answered: the next call tells whether it went well.
            outcome = defer.succeed(None)
        outcome.addBoth(answered, client, name)

    def answered(result, client, name):
        if name == "switch":
            print(f"{name}: {told(result)}", flush=True)
            client.transport.loseConnection()
            next_one()
            return
        alive = client.callRemote(Raw, value=b"")
        alive.addCallbacks(lambda _: "goes on", lambda _: "hangs up")
        alive.addCallback(done, told(result), client, name)

    def done(state, text, client, name):
        print(f"{name}: {text}; {state}", flush=True)
        if client.transport is not None:
            client.transport.loseConnection()
        next_one()

    reactor.callLater(60, reactor.stop)
    reactor.callWhenRunning(next_one)
    reactor.run()


def serve():
    where = endpoints.serverFromString(reactor, "tcp:0:interface=127.0.0.1")
    listening = where.listen(protocol.Factory.forProtocol(Server))
    listening.addCallback(lambda port: print("listening on port", port.getHost().port, flush=True))
    reactor.run()


if __name__ == "__main__":
    serve() if sys.argv[2] == "server" else play(int(sys.argv[3]))
