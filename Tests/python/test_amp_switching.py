"""Commands after which the connection is another: protocol switches and TLS. And descriptors."""

from __future__ import annotations

import os

import pytest

from amps import Memory, Unix, failing, seen
from conftest import until
from doubles import Transport
from pairs import pair, receive  # noqa: F401
from plait.internet import defer, error, protocol
from plait.protocols import amp, basic


class Unwilling(Exception):
    pass


class Switch(amp.ProtocolSwitchCommand):
    arguments = [(b"to", amp.Unicode())]
    errors = {Unwilling: b"UNWILLING"}


class Sum(amp.Command):
    arguments = [(b"a", amp.Integer()), (b"b", amp.Integer())]
    response = [(b"total", amp.Integer())]


class Wait(amp.Command):
    pass


class Lines(basic.LineReceiver):
    """Says hello, and writes down what it hears."""

    def __init__(self):
        self.heard = []
        self.reason = None

    def connectionMade(self):
        self.sendLine(b"hello from " + self.name)

    def lineReceived(self, line):
        self.heard.append(line)

    def connectionLost(self, reason):
        self.reason = reason


class Bytes(protocol.Protocol):
    """The same, without lines."""

    def __init__(self):
        self.heard = []
        self.reason = None

    def connectionMade(self):
        self.transport.write(b"hello from " + self.name + b"\r\n")

    def dataReceived(self, data):
        self.heard += data.splitlines()

    def connectionLost(self, reason):
        self.reason = reason


class Both(amp.AMP):
    inner = Lines
    name = b"server"

    def __init__(self):
        super().__init__()
        self.later = None
        self.waiting = []

    def made(self):
        inner = self.inner()
        inner.name = self.name
        return inner

    def Switch(self, to):
        if to == "nothing":
            raise Unwilling(to)
        if to == "later":
            self.later = defer.Deferred()
            return self.later
        return self.made()

    def Sum(self, a, b):
        return {"total": a + b}

    def Wait(self):
        self.waiting.append(defer.Deferred())
        return self.waiting[-1]


class BothBytes(Both):
    inner = Bytes


class Factory(protocol.ClientFactory):
    """Builds the inner protocol of a client."""

    def __init__(self, client):
        self.client = client
        self.failed = self.lost = self.built = None

    def buildProtocol(self, addr):
        self.built = self.client.made()
        self.built.name = b"client"
        return self.built

    def clientConnectionFailed(self, connector, reason):
        self.failed = reason

    def clientConnectionLost(self, connector, reason):
        self.lost = reason


@pytest.mark.parametrize("kind", [Both, BothBytes])
@pytest.mark.parametrize("to", ["at once", "later"])
def test_switching(link, kind, to):
    made = link(kind, kind)
    factory = Factory(made.client)
    assert made.run(made.client.callRemote(Sum, a=1, b=2)) == {"total": 3}
    waits = made.client.callRemote(Wait)
    waits.addErrback(lambda failure: failure.trap(amp.ProtocolSwitched, error.ConnectionDone))
    call = made.client.callRemote(Switch, factory, to=to)
    failing(made, made.client.callRemote(Sum, a=1, b=2), amp.ProtocolSwitched)
    if to == "later":
        made.until(lambda: made.server.later is not None)
        made.server.later.callback(made.server.made())
    assert made.run(call) == {}
    inner = made.server.innerProtocol
    assert inner is not None and factory.built is made.client.innerProtocol
    made.until(lambda: inner.heard and factory.built.heard)
    assert inner.heard == [b"hello from client"]
    assert factory.built.heard == [b"hello from server"]
    with pytest.raises(amp.ProtocolSwitched):
        made.client.sendBox(amp.Box(a=b"1"))
    # The answer to the other call must not be sent, and its Deferred ends.
    made.server.waiting[0].callback({})
    factory.built.transport.write(b"more\r\n")
    made.until(lambda: len(inner.heard) > 1)
    assert inner.heard[1:] == [b"more"]
    assert f"inner {inner!r}" in repr(made.server)
    factory.built.transport.loseConnection()
    made.until(lambda: factory.lost is not None and inner.reason is not None)
    assert inner.reason.type is factory.lost.type is factory.built.reason.type is error.ConnectionDone
    made.run(waits)


def test_a_switch_that_is_refused(link):
    made = link(Both, Both)
    factory = Factory(made.client)
    call = made.client.callRemote(Switch, factory, to="nothing")
    assert str(failing(made, call, Unwilling)) == "nothing"
    assert factory.failed.type is error.ConnectionLost and factory.built is None
    assert made.run(made.client.callRemote(Sum, a=1, b=2)) == {"total": 3}
    assert made.run(made.server.callRemote(Sum, a=1, b=2)) == {"total": 3}


def request(**fields):
    return amp.Box({key.encode(): value for key, value in fields.items()}).serialize()


ASK = request(_command=b"Switch", _ask=b"1", to=b"it")
ANSWER = request(_answer=b"1") + b"hello from server\r\n"


class Seeing(Both):
    def ampBoxReceived(self, box):
        super().ampBoxReceived(box)


@pytest.mark.parametrize("kind", [Both, BothBytes, Seeing])
def test_what_follows_in_the_same_piece(reactor, pair, kind):  # noqa: F811
    """It is no box, although it looks like one."""
    made = kind()
    peer = pair(made)
    line = b"\0\0Hello\r\n"
    peer.sendall(ASK + line)
    until(reactor, lambda: made.innerProtocol is not None and made.innerProtocol.heard)
    assert made.innerProtocol.heard == [b"\0\0Hello"]
    assert receive(reactor, peer, len(ANSWER)) == ANSWER


@pytest.mark.parametrize("kind", [Both, BothBytes])
@pytest.mark.parametrize("size", [None, 1, 7])
def test_what_follows_on_another_transport(kind, size):
    made = kind()
    made.makeConnection(Transport())
    data = ASK + b"\0\0Hello\r\nmore\r\n"
    for start in range(0, len(data), size or len(data)):
        made.dataReceived(data[start : start + (size or len(data))])
    assert made.transport.written == ANSWER
    assert b"".join(made.innerProtocol.heard) == b"\0\0Hellomore"
    made.connectionLost(error_of(error.ConnectionDone))
    assert made.innerProtocol.reason.type is error.ConnectionDone


def error_of(kind):
    from plait.python.failure import Failure

    return Failure(kind())


def test_a_client_that_is_answered_in_one_piece(reactor, pair):  # noqa: F811
    made = Both()
    peer = pair(made)
    factory = Factory(made)
    made.callRemote(Switch, factory, to="it")
    receive(reactor, peer, len(ASK))
    peer.sendall(request(_answer=b"1") + b"\0\0one\r\ntwo\r\n")
    until(reactor, lambda: factory.built is not None and len(factory.built.heard) == 2)
    assert factory.built.heard == [b"\0\0one", b"two"]


# TLS


class Certificate:
    """What is asked for options, as Twisted's."""

    def options(self, *authorities):
        return ("options", authorities)


class Secured(Both):
    certificate = Certificate()

    @amp.StartTLS.responder
    def startTLS(self):
        if self.certificate is None:
            raise Unwilling("no TLS today")
        return {"tls_localCertificate": self.certificate, "tls_verifyAuthorities": ["me"]}


class Refusing(amp.StartTLS):
    commandName = b"StartTLS"
    errors = {Unwilling: b"UNWILLING"}


class SecuredRefusing(Both):
    @Refusing.responder
    def startTLS(self):
        raise Unwilling("no TLS today")


@pytest.fixture
def memory(reactor):
    """Two of a class, on transports that can speak TLS."""

    def connect(server, client):
        made = Memory(reactor)
        made.connect(server(), client())
        made.secured = []
        for end in made.ends.values():
            end.startTLS = made.secured.append
        return made

    return connect


def test_starting_tls(memory):
    made = memory(Secured, Secured)
    sent = []
    made.client.transport.write = lambda data: sent.append(data)
    call = made.client.callRemote(
        amp.StartTLS, tls_localCertificate=Certificate(), tls_verifyAuthorities=["you"]
    )
    # What is sent meanwhile has to wait.
    total = made.client.callRemote(Sum, a=1, b=2)
    assert sent == [request(_command=b"StartTLS", _ask=b"1")]
    del made.client.transport.write
    made.client.transport.write(sent[0])
    assert made.run(call) == {}
    assert made.run(total) == {"total": 3}
    assert sorted(made.secured) == [("options", ("me",)), ("options", ("you",))]
    failing(
        made,
        made.client.callRemote(amp.StartTLS, tls_localCertificate=Certificate()),
        amp.OnlyOneTLS,
    )


def test_tls_that_is_refused(memory):
    """What was held back leaves; on Twisted it never does."""
    made = memory(SecuredRefusing, Both)
    call = made.client.callRemote(Refusing, tls_localCertificate=Certificate())
    total = made.client.callRemote(Sum, a=1, b=2)
    assert str(failing(made, call, Unwilling)) == "no TLS today"
    assert made.run(total) == {"total": 3}
    assert made.secured == []


class Holding(Both):
    """As if its transport could speak TLS."""

    def __init__(self):
        super().__init__()
        self.agreed = defer.Deferred()
        self.asked = []
        self.begun = False

    @amp.StartTLS.responder
    def startTLS(self):
        self.begun = True
        return self.agreed

    def Sum(self, a, b):
        self.asked.append(a)
        return {"total": a + b}

    def _canTLS(self):
        return True

    def _startTLS(self, certificate, verifyAuthorities):
        self.hostCertificate = True
        self._release()


@pytest.mark.parametrize("way", ["agreed", "refused", "lost"])
def test_what_is_held_back(link, way):
    made = link(Holding, Holding)
    start = made.client.callRemote(amp.StartTLS)
    calls = [made.client.callRemote(Sum, a=number, b=1) for number in range(3)]
    calls[1].addErrback(lambda failure: failure.trap(defer.CancelledError))
    calls[1].cancel()
    made.until(lambda: made.server.begun)
    assert made.server.asked == []
    if way == "lost":
        made.server.transport.loseConnection()
        for call in (start, calls[0], calls[2]):
            failing(made, call, error.ConnectionClosed)
        return
    if way == "agreed":
        made.server.agreed.callback({})
        assert made.run(start) == {}
    else:
        made.server.agreed.errback(amp.RemoteAmpError(b"NO", "not today"))
        failing(made, start, amp.UnknownRemoteError)
    assert made.run(calls[0]) == {"total": 1} and made.run(calls[2]) == {"total": 3}
    if made.server.asked != [0, 1, 2]:
        # One that was given up in time is not sent.
        assert made.server.asked == [0, 2]


def test_no_tls(reactor):
    """A transport of somebody else's that knows nothing of it."""
    made = Memory(reactor)
    made.connect(Both(), Both())
    failing(made, made.client.callRemote(amp.StartTLS), RuntimeError)
    call = made.client.callRemoteString("StartTLS")
    error_ = failing(made, call, amp.RemoteAmpError)
    assert error_.errorCode == b"TLS_ERROR" and error_.description == "TLS not available"
    assert made.run(made.client.callRemote(Sum, a=1, b=2)) == {"total": 3}


# Descriptors


class Pass(amp.Command):
    arguments = [(b"one", amp.Descriptor()), (b"two", amp.Descriptor())]
    response = [(b"text", amp.String()), (b"file", amp.Descriptor())]


class Passing(amp.AMP):
    def Pass(self, one, two):
        text = b"".join(os.read(descriptor, 100) for descriptor in (one, two))
        os.close(one)
        os.close(two)
        return {"text": text, "file": pipe(b"back")}


def pipe(data):
    """A descriptor that this can be read from."""
    reading, writing = os.pipe()
    os.write(writing, data)
    os.close(writing)
    return reading


@pytest.mark.parametrize("server", [Passing, seen(Passing)])
@pytest.mark.parametrize("client", [amp.AMP, seen(amp.AMP)])
def test_descriptors(reactor, tmp_path, server, client):
    made = Unix(reactor, tmp_path / "socket")
    made.connect(server(), client())
    for number in range(3):
        one, two = pipe(b"one %d, " % number), pipe(b"two")
        result = made.run(made.client.callRemote(Pass, one=one, two=two))
        os.close(one)
        os.close(two)
        assert result["text"] == b"one %d, two" % number
        assert os.read(result["file"], 100) == b"back"
        os.close(result["file"])


def test_descriptors_that_did_not_come(link):
    made = link(Passing, amp.AMP)
    call = made.client.callRemoteString("Pass", one=b"0", two=b"1")
    assert "a bad argument: one" in failing(made, call, amp.RemoteAmpError).description
    # And none can be sent this way.
    call = made.client.callRemote(Pass, one=0, two=0)
    assert made.run(call.addErrback(lambda failure: "no")) == "no"


class Carrier(Transport):
    """Somebody else's transport that carries descriptors."""

    def __init__(self):
        super().__init__()
        self.sent = []

    def sendFileDescriptor(self, descriptor):
        self.sent.append(descriptor)


def test_descriptors_on_another_transport():
    made = Passing()
    made.makeConnection(Carrier())
    made.callRemote(Pass, one=10, two=11)
    made.callRemote(Pass, one=12, two=13)
    assert made.transport.sent == [10, 11, 12, 13]
    boxes = amp.parseString(made.transport.written)
    assert [box[b"one"] + box[b"two"] for box in boxes] == [b"01", b"23"]
    for data in (b"x", b"y"):
        made.fileDescriptorReceived(pipe(data))
    made.dataReceived(request(_command=b"Pass", _ask=b"1", one=b"1", two=b"0"))
    assert amp.parseString(made.transport.written)[2][b"text"] == b"yx"
    os.close(made.transport.sent[-1])
