"""What goes beyond Twisted: large values, calls that are given up, time limits that are told."""

from __future__ import annotations

import pytest

from amps import Memory, Socket, failing
from conftest import until
from pairs import pair, receive  # noqa: F401
from plait.internet import defer, error
from plait.protocols import amp

ANNOUNCING = amp.AmpOptions(extension=True, announce=True, maxLarge=1 << 20)
UNDERSTANDING = amp.AmpOptions(extension=True, maxLarge=1 << 20)


class Double(amp.Command):
    arguments = [(b"data", amp.String())]
    response = [(b"data", amp.String())]


class Wait(amp.Command):
    pass


class Listed(amp.Command):
    """One that is answered by way of boxes."""

    arguments = [(b"rows", amp.AmpList([(b"x", amp.String())]))]
    response = [(b"data", amp.String(optional=True))]


class Server(amp.AMP):
    ampOptions = ANNOUNCING

    def __init__(self):
        super().__init__()
        self.left = []
        self.cancelled = 0
        self.waiting = []

    def Double(self, data):
        return {"data": data * 2}

    def Listed(self, rows):
        return {"data": b"".join(row["x"] for row in rows) * 2}

    def Wait(self):
        self.left.append(self.ampTimeLeft)
        self.waiting.append(defer.Deferred(self.giveUp))
        return self.waiting[-1]

    def giveUp(self, deferred):
        self.cancelled += 1


class Client(amp.AMP):
    ampOptions = UNDERSTANDING


@pytest.fixture
def made(reactor):
    """A client and a server that know of each other."""
    link = Socket(reactor)
    link.connect(Server(), Client())
    link.until(lambda: link.client.ampExtended and link.server.ampExtended)
    return link


def double(made, data):
    return made.run(made.client.callRemote(Double, data=data))["data"]


@pytest.mark.parametrize("size", [0, 1, 40000, 65535, 65536, 200_000, 500_000])
def test_large_values(made, size):
    data = bytes(range(256)) * (size // 256 + 1)
    data = data[:size]
    assert double(made, data) == data * 2
    rows = [{"x": data[start : start + 60000]} for start in range(0, size, 60000)]
    assert made.run(made.client.callRemote(Listed, rows=rows)) == {"data": data * 2}


def test_too_large(made):
    error_ = failing(made, made.client.callRemote(Double, data=b"x" * (2 << 20)), amp.TooLong)
    assert error_.keyName == b"data" and error_.isLocal
    assert double(made, b"x") == b"xx"


@pytest.mark.logs_errors
def test_an_answer_that_is_too_large(made):
    call = made.client.callRemote(Double, data=b"x" * 900_000)
    failing(made, call, amp.UnknownRemoteError)


def test_giving_up(made):
    call = made.client.callRemote(Wait)
    made.until(lambda: made.server.waiting)
    call.cancel()
    failing(made, call, defer.CancelledError)
    made.until(lambda: made.server.cancelled == 1)
    failing(made, made.client.callRemote(Wait, timeout=0.02), error.TimeoutError)
    made.until(lambda: made.server.cancelled == 2)
    # The conversation goes on.
    assert double(made, b"x") == b"xx"


def test_giving_up_what_is_answered_all_the_same(made):
    class Stubborn(Server):
        def giveUp(self, deferred):
            deferred.callback({})

    link = Socket(made.reactor)
    link.connect(Stubborn(), Client())
    link.until(lambda: link.client.ampExtended and link.server.ampExtended)
    call = link.client.callRemote(Wait)
    link.until(lambda: link.server.waiting)
    call.cancel()
    failing(link, call, defer.CancelledError)
    assert double(link, b"x") == b"xx"


def test_time_limits_are_told(made):
    calls = [made.client.callRemote(Wait, timeout=30), made.client.callRemote(Wait)]
    made.until(lambda: len(made.server.waiting) == 2)
    first, second = made.server.left
    assert 29 < first <= 30 and second is None
    for waiting, call in zip(made.server.waiting, calls):
        waiting.callback({})
        made.run(call)


class Tasks(Server):
    async def Wait(self):
        self.left.append(self.ampTimeLeft)
        self.waiting.append(defer.Deferred(self.giveUp))
        await self.waiting[-1]
        return {}


def test_a_coroutine_that_is_given_up(reactor):
    link = Socket(reactor)
    link.connect(Tasks(), Client())
    link.until(lambda: link.client.ampExtended and link.server.ampExtended)
    call = link.client.callRemote(Wait)
    link.until(lambda: link.server.waiting)
    call.cancel()
    failing(link, call, defer.CancelledError)
    link.until(lambda: link.server.cancelled == 1)
    assert double(link, b"x") == b"xx"


class Plain(Server):
    ampOptions = amp.AmpOptions()


@pytest.mark.parametrize("memory", [False, True])
def test_a_peer_that_knows_nothing_of_it(reactor, memory):
    class Announcing(amp.AMP):
        ampOptions = ANNOUNCING

    link = (Memory if memory else Socket)(reactor)
    link.connect(Plain(), Announcing())
    assert double(link, b"x") == b"xx"
    assert not link.client.ampExtended and not link.server.ampExtended
    failing(link, link.client.callRemote(Double, data=b"x" * 65536), amp.TooLong)
    call = link.client.callRemote(Wait)
    link.until(lambda: link.server.waiting)
    call.cancel()
    failing(link, call, defer.CancelledError)
    assert double(link, b"x") == b"xx"
    assert link.server.cancelled == 0


def test_a_sign_of_life(reactor, pair):  # noqa: F811
    class Lively(amp.AMP):
        ampOptions = amp.AmpOptions(keepAlive=0.05)
        reason = None

        def connectionLost(self, reason):
            self.reason = reason

    made = Lively()
    peer = pair(made)
    assert receive(reactor, peer, 1)
    until(reactor, lambda: made.reason is not None)
    assert made.reason.type is error.ConnectionLost
