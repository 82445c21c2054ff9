"""The client of memcached: on a transport that a test feeds, and on a reactor's own."""

from __future__ import annotations

import pytest
from pymemcache.client import rendezvous

from conftest import reserved_port, run, until
from plait.error import PlaitError
from plait.internet import endpoints, error, task
from plait.internet.defer import CancelledError
from plait.internet.protocol import Factory, Protocol
from plait.protocols import memcache
from plait.test.proto_helpers import StringTransportWithDisconnection


class Fed:
    """A protocol on a transport that the test feeds."""

    def __init__(self, kind=memcache.MemCacheProtocol, **keywords):
        self.clock = task.Clock()
        self.cache = kind(**keywords)
        self.cache.callLater = self.clock.callLater
        self.transport = StringTransportWithDisconnection()
        self.transport.protocol = self.cache
        self.cache.makeConnection(self.transport)

    def sent(self):
        value = self.transport.value()
        self.transport.clear()
        return value

    def check(self, deferred, sent, received, wanted):
        """What is sent, and what comes of the answer, however it is cut."""
        assert self.sent() == sent
        heard = []
        deferred.addBoth(heard.append)
        for cut in range(len(received) // 2, len(received)):
            self.cache.dataReceived(received[: len(received) // 2]) if cut == len(received) // 2 else None
            self.cache.dataReceived(received[cut : cut + 1])
        assert heard == [wanted]


CASES = [
    (lambda c: c.get(b"foo"), b"get foo\r\n", b"VALUE foo 5 3\r\nbar\r\nEND\r\n", (5, b"bar")),
    (lambda c: c.get(b"foo"), b"get foo\r\n", b"END\r\n", (0, None)),
    (lambda c: c.get(b"foo"), b"get foo\r\n", b"VALUE foo 0 0\r\n\r\nEND\r\n", (0, b"")),
    (
        lambda c: c.get(b"foo", True),
        b"gets foo\r\n",
        b"VALUE foo 0 3 1234\r\nbar\r\nEND\r\n",
        (0, b"1234", b"bar"),
    ),
    (lambda c: c.get(b"foo", True), b"gets foo\r\n", b"END\r\n", (0, b"", None)),
    (
        lambda c: c.getMultiple([b"foo", b"cow"]),
        b"get foo cow\r\n",
        b"VALUE foo 0 3\r\nbar\r\nVALUE cow 7 3\r\nmoo\r\nEND\r\n",
        {b"cow": (7, b"moo"), b"foo": (0, b"bar")},
    ),
    (
        lambda c: c.get(iter([b"foo", b"cow"])),
        b"get foo cow\r\n",
        b"VALUE cow 0 7\r\n\r\nEND\r\n\r\nEND\r\n",
        {b"cow": (0, b"\r\nEND\r\n"), b"foo": (0, None)},
    ),
    (
        lambda c: c.getMultiple([b"foo"], True),
        b"gets foo\r\n",
        b"VALUE foo 1 1 9\r\nx\r\nEND\r\n",
        {b"foo": (1, b"9", b"x")},
    ),
    (
        lambda c: c.getMultiple([b"foo", b"cow"], True),
        b"gets foo cow\r\n",
        b"VALUE foo 0 3 1234\r\nbar\r\nEND\r\n",
        {b"cow": (0, b"", None), b"foo": (0, b"1234", b"bar")},
    ),
    (lambda c: c.set(b"foo", b"bar"), b"set foo 0 0 3\r\nbar\r\n", b"STORED\r\n", True),
    (lambda c: c.add(b"foo", b"bar"), b"add foo 0 0 3\r\nbar\r\n", b"STORED\r\n", True),
    (lambda c: c.add(b"foo", b"bar"), b"add foo 0 0 3\r\nbar\r\n", b"NOT_STORED\r\n", False),
    (
        lambda c: c.replace(b"foo", b"bar", 5, 60, timeout=3),
        b"replace foo 5 60 3\r\nbar\r\n",
        b"STORED\r\n",
        True,
    ),
    (
        lambda c: c.checkAndSet(b"foo", b"bar", cas=b"1234"),
        b"cas foo 0 0 3 1234\r\nbar\r\n",
        b"EXISTS\r\n",
        False,
    ),
    (
        lambda c: c.checkAndSet(b"foo", b"bar", 1234),
        b"cas foo 0 0 3 1234\r\nbar\r\n",
        b"NOT_FOUND\r\n",
        False,
    ),
    (lambda c: c.append(b"foo", b"bar"), b"append foo 0 0 3\r\nbar\r\n", b"STORED\r\n", True),
    (lambda c: c.prepend(b"foo", b"bar"), b"prepend foo 0 0 3\r\nbar\r\n", b"STORED\r\n", True),
    (lambda c: c.increment(b"foo"), b"incr foo 1\r\n", b"4\r\n", 4),
    (lambda c: c.increment(b"foo", 8), b"incr foo 8\r\n", b"NOT_FOUND\r\n", False),
    (lambda c: c.decrement(b"foo", 3), b"decr foo 3\r\n", b"5\r\n", 5),
    (lambda c: c.touch(b"foo", 60), b"touch foo 60\r\n", b"TOUCHED\r\n", True),
    (lambda c: c.getAndTouch(b"foo", 9), b"gat 9 foo\r\n", b"END\r\n", (0, None)),
    (lambda c: c.delete(b"bar"), b"delete bar\r\n", b"DELETED\r\n", True),
    (lambda c: c.delete(b"bar"), b"delete bar\r\n", b"NOT_FOUND\r\n", False),
    (
        lambda c: c.stats(),
        b"stats\r\n",
        b"STAT foo bar\r\nSTAT egg spam\r\nEND\r\n",
        {b"foo": b"bar", b"egg": b"spam"},
    ),
    (lambda c: c.stats(b"blah"), b"stats blah\r\n", b"END\r\n", {}),
    (lambda c: c.version(), b"version\r\n", b"VERSION 1.1\r\n", b"1.1"),
    (lambda c: c.flushAll(), b"flush_all\r\n", b"OK\r\n", True),
    (lambda c: c.flushAll(5), b"flush_all 5\r\n", b"OK\r\n", True),
    (
        lambda c: c.meta(b"mg", b"k", b"v t"),
        b"mg k v t\r\n",
        b"VA 2 t5 W\r\nhi\r\n",
        memcache.MetaAnswer(memcache.HIT, b"hi", {b"t": b"5", b"W": b""}),
    ),
    (
        lambda c: c.meta(b"ms", b"k", b"", b"x"),
        b"ms k 1\r\nx\r\n",
        b"NS\r\n",
        memcache.MetaAnswer(memcache.NOT_STORED, None, {}),
    ),
    (lambda c: c.meta(b"mn"), b"mn\r\n", b"MN\r\n", memcache.MetaAnswer(memcache.OK, None, {})),
]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case[1].split()[0].decode())
def test_questions(case):
    ask, sent, received, wanted = case
    fed = Fed()
    fed.check(ask(fed.cache), sent, received, wanted)
    assert fed.clock.getDelayedCalls() == []


def test_outcomes_are_told_apart():
    assert memcache.EXISTS == memcache.NOT_FOUND == False  # noqa: E712
    assert memcache.EXISTS is not memcache.NOT_FOUND
    assert memcache.STORED and repr(memcache.STORED) == str(memcache.STORED) == "STORED"


def test_in_order():
    fed = Fed()
    heard = []
    fed.cache.get(b"foo").addCallback(heard.append)
    fed.cache.get(b"bar").addCallback(heard.append)
    fed.cache.set(b"bar", b"x").addCallback(heard.append)
    fed.cache.dataReceived(b"VALUE foo 0 2\r\nab\r\nEND\r\nVALUE bar 0 1\r\n")
    assert heard == [(0, b"ab")]
    fed.cache.dataReceived(b"y\r\nEND\r\nSTORED\r\n")
    assert heard[1:] == [(0, b"y"), True]


def test_silence():
    fed = Fed(timeOut=10)
    failures = []
    first, second = fed.cache.get(b"foo"), fed.cache.increment(b"bar")
    for question in (first, second):
        question.addErrback(lambda failure: failures.append(failure.trap(error.TimeoutError)))
    fed.clock.advance(9)
    fed.cache.dataReceived(b"VALUE foo 0 2\r\n")
    fed.clock.advance(9)
    assert failures == [] and fed.transport.connected
    fed.clock.advance(1)
    assert failures == [error.TimeoutError] * 2
    assert not fed.transport.connected
    assert fed.clock.getDelayedCalls() == []
    with_nothing = fed.cache.get(b"foo")
    with pytest.raises(RuntimeError, match="not connected"):
        with_nothing.result.raiseException()
    with_nothing.addErrback(lambda _: None)


def test_the_connection_is_lost():
    fed = Fed()
    failures = []
    fed.cache.get(b"foo").addErrback(failures.append)
    fed.cache.get([b"bar", b"baz"]).addErrback(failures.append)
    fed.transport.loseConnection()
    assert [failure.check(error.ConnectionDone) for failure in failures] == [error.ConnectionDone] * 2
    assert fed.clock.getDelayedCalls() == []


def test_cancelling():
    fed = Fed()
    heard = []
    first, second = fed.cache.get(b"foo"), fed.cache.get(b"bar")
    first.addBoth(lambda failure: heard.append(failure.trap(CancelledError)))
    second.addBoth(heard.append)
    first.cancel()
    assert heard == [CancelledError]
    fed.cache.dataReceived(b"VALUE foo 0 1\r\nx\r\nEND\r\nVALUE bar 0 1\r\ny\r\nEND\r\n")
    assert heard[1:] == [(0, b"y")]


def test_errors():
    fed = Fed()
    failures = []
    for question in (fed.cache.set(b"a", b"b"), fed.cache.get(b"a"), fed.cache.delete(b"a")):
        question.addErrback(lambda failure: failures.append((failure.type, str(failure.value))))
    fed.cache.dataReceived(b"ERROR\r\nCLIENT_ERROR bad\r\nSERVER_ERROR out of memory\r\n")
    assert failures == [
        (memcache.NoSuchCommand, "ERROR"),
        (memcache.ClientError, "bad"),
        (memcache.ServerError, "out of memory"),
    ]


@pytest.mark.parametrize("received", [b"VALUE bar 0 1\r\nx\r\nEND\r\n", b"STORED\r\n", b"what?\r\n"])
def test_what_no_server_says(received):
    fed = Fed()
    failures = []
    fed.cache.get(b"foo").addErrback(failures.append)
    fed.cache.dataReceived(received)
    assert len(failures) == 1 and failures[0].check(error.PeerError)
    assert not fed.transport.connected


@pytest.mark.parametrize("key", ["text", b"", b"a b", b"a\r\nflush_all\r\n", b"\x00", b"x" * 251, 5.0])
def test_keys_that_are_none(key):
    fed = Fed()
    asked = [
        lambda: fed.cache.set(key, b"x"),
        lambda: fed.cache.getMultiple([key]),
        lambda: fed.cache.delete(key),
    ]
    if not isinstance(key, float):
        asked.append(lambda: fed.cache.get(key))
    for ask in asked:
        failures = []
        ask().addErrback(failures.append)
        assert failures[0].check(memcache.ClientError)
    assert fed.sent() == b"" and fed.clock.getDelayedCalls() == []


def test_values_and_numbers_that_are_none():
    fed = Fed()
    cache = fed.cache
    for question in (
        cache.set(b"a", "text"),
        cache.append(b"a", None),
        cache.set(b"a", b"", flags=1 << 32),
        cache.set(b"a", b"", expireTime=1 << 63),
        cache.increment(b"a", -1),
        cache.add(b"a", b"", flags=1 << 32),
        cache.checkAndSet(b"a", b"", b"x"),
        cache.meta(b"xx", b"a"),
        cache.meta(b"mg", b"a", b"v  t"),
        cache.set(b"a", bytes(17 << 20)),
    ):
        failures = []
        question.addErrback(failures.append)
        assert failures[0].check(memcache.ClientError)
    assert cache.get([]).result == {}
    assert fed.sent() == b""


def test_options():
    class Cache(memcache.MemCacheProtocol):
        memCacheOptions = memcache.MemCacheOptions(
            prefix=b"app:", username="ann", password="pw", maxValue=10, maxCalls=2
        )

    fed = Fed(Cache)
    assert fed.sent() == b"set auth 0 0 6\r\nann pw\r\n"
    fed.cache.dataReceived(b"STORED\r\n")
    heard = []
    fed.cache.get([b"a", b"b"]).addCallback(heard.append)
    assert fed.sent() == b"get app:a app:b\r\n"
    fed.cache.dataReceived(b"VALUE app:b 0 1\r\nx\r\nEND\r\n")
    assert heard == [{b"a": (0, None), b"b": (0, b"x")}]
    assert fed.cache.set(b"a", b"x", noreply=True).result is None
    assert fed.sent() == b"set app:a 0 0 1 noreply\r\nx\r\n"
    fed.cache.set(b"a", bytes(11)).addErrback(lambda failure: heard.append(failure.type))
    assert heard[1:] == [memcache.ClientError]
    kept = [fed.cache.get(b"a"), fed.cache.get(b"b")]
    fed.cache.get(b"c").addErrback(lambda failure: heard.append(str(failure.value)))
    assert len(heard) == 3
    for question in kept:
        question.addErrback(lambda _: None)
    fed.transport.loseConnection()


# On a reactor's own transport


class Server(Protocol):
    """Answers what it is asked with what it was told to."""

    answers: dict = {}

    def dataReceived(self, data):
        for line in data.split(b"\r\n")[:-1]:
            self.transport.write(self.answers.get(line, b""))


def pair(reactor, answers, kind=memcache.MemCacheProtocol):
    class Told(Server):
        pass

    Told.answers = answers
    listening = endpoints.serverFromString(reactor, "tcp:0:interface=127.0.0.1")
    port = run(reactor, listening.listen(Factory.forProtocol(Told)))
    where = f"tcp:127.0.0.1:{port.getHost().port}"
    return run(reactor, endpoints.clientFromString(reactor, where).connect(Factory.forProtocol(kind)))


def test_on_a_reactor(reactor):
    cache = pair(reactor, {b"get a": b"VALUE a 3 1\r\nx\r\nEND\r\n", b"get b": b"END\r\n", b"delete a": b"DELETED\r\n"})
    waiting = [cache.get(b"a"), cache.get(b"b"), cache.delete(b"a")]
    assert [run(reactor, one) for one in waiting] == [(3, b"x"), (0, None), True]
    silent = cache.get(b"c", timeout=0.02)
    with pytest.raises(error.TimeoutError):
        run(reactor, silent)
    cache.transport.loseConnection()
    with pytest.raises(RuntimeError, match="not connected"):
        run(reactor, cache.get(b"a"))


def burst(reactor, answers, ask):
    """What comes of questions that are asked when several answers are told, and the lines that the server got."""
    lines = []

    class Noted(dict):
        def get(self, line, otherwise):
            lines.append(line)
            return super().get(line, otherwise)

    two = {b"get one": b"END\r\n", b"get two": b"VALUE two 1 1\r\n2\r\nEND\r\n"}
    cache = pair(reactor, Noted({**two, **answers}))
    asked = []
    cache.get(b"one")
    cache.get(b"two").addCallback(lambda _: asked.extend(ask(cache)))
    until(reactor, lambda: asked)
    ends = []
    for one in asked:
        ends.append(None)
        one.addBoth(lambda end, at=len(ends) - 1: ends.__setitem__(at, end))
    until(reactor, lambda: None not in ends)
    return ends, lines[2:]


def test_gets_that_leave_together(reactor):
    value = b"VALUE %b 7 1\r\n%b\r\n"
    answers = {
        b"get a b a c": value % (b"a", b"1") + value % (b"a", b"1") + value % (b"c", b"3") + b"END\r\n",
        b"get d": value % (b"d", b"4") + b"END\r\n",
        b"delete d": b"DELETED\r\n",
    }

    def ask(cache):
        asked = [cache.get(key) for key in (b"a", b"b", b"a", b"c")]
        given_up = cache.get(b"c")
        del given_up
        return asked

    def ask_in_order(cache):
        return [cache.get(b"d"), cache.delete(b"d"), cache.get(b"d")]

    answers[b"get a b a c c"] = answers[b"get a b a c"][:-5] + value % (b"c", b"3") + b"END\r\n"
    found, lines = burst(reactor, answers, ask)
    assert found == [(7, b"1"), (0, None), (7, b"1"), (7, b"3")] and lines == [b"get a b a c c"]
    found, lines = burst(reactor, answers, ask_in_order)
    assert found == [(7, b"4"), memcache.DELETED, (7, b"4")]
    assert lines == [b"get d", b"delete d", b"get d"]

    def ask_and_store(cache):
        return [cache.get(b"d"), cache.set(b"d", b"5"), cache.get([b"a", b"b", b"a", b"c"])]

    answers[b"5"] = b"STORED\r\n"
    found, lines = burst(reactor, answers, ask_and_store)
    assert found[:2] == [(7, b"4"), memcache.STORED] and found[2][b"c"] == (7, b"3")
    assert lines == [b"get d", b"set d 0 0 1", b"5", b"get a b a c"]


def test_gets_that_cannot_leave_together(reactor):
    answers = {b"get a": b"VALUE a 0 1\r\nx\r\nEND\r\n"}
    for bad in (b"b c", b"", b"b\x01"):
        found, lines = burst(reactor, answers, lambda cache, bad=bad: [cache.get(b"a"), cache.get(bad)])
        assert found[0] == (0, b"x") and found[1].check(memcache.ClientError) and lines == [b"get a"]
    answers = {b"get a b": b"SERVER_ERROR out of memory\r\n"}
    found, _ = burst(reactor, answers, lambda cache: [cache.get(b"a"), cache.get(b"b")])
    assert all(end.check(memcache.ServerError) for end in found)

    def ask_and_end(cache):
        asked = [cache.get(b"a"), cache.get(b"b")]
        cache.transport.abortConnection()
        return asked

    found, lines = burst(reactor, {}, ask_and_end)
    assert all(end.check(error.ConnectionAborted, RuntimeError) for end in found) and lines == []


def test_gets_that_leave_together_and_are_given_up(reactor):
    answers = {b"get a b": b"VALUE a 0 1\r\nx\r\nVALUE b 0 1\r\ny\r\nEND\r\n"}

    def ask(cache):
        asked = [cache.get(b"a"), cache.get(b"b")]
        asked[0].cancel()
        return asked

    found, _ = burst(reactor, answers, ask)
    assert found[0].check(CancelledError) and found[1] == (0, b"y")


def test_silence_on_a_reactor(reactor):
    cache = pair(reactor, {}, lambda: memcache.MemCacheProtocol(timeOut=0.05))
    waiting = [cache.get(b"a"), cache.get(b"b")]
    waiting[1].addErrback(lambda failure: failure.trap(error.TimeoutError))
    with pytest.raises(error.TimeoutError):
        run(reactor, waiting[0])
    assert run(reactor, waiting[1]) is error.TimeoutError


def test_nonsense_on_a_reactor(reactor):
    cache = pair(reactor, {b"get a": b"what?\r\n"})
    with pytest.raises(error.PeerError, match="what"):
        run(reactor, cache.get(b"a"))


def test_awaited(reactor):
    cache = pair(reactor, {b"get a": b"VALUE a 0 1\r\nx\r\nEND\r\n"})

    async def ask():
        return await cache.get(b"a")

    coroutine = ask()
    run(reactor, coroutine.send(None))
    with pytest.raises(StopIteration) as stopped:
        coroutine.send(None)
    assert stopped.value.value == (0, b"x")


# Many servers


class Shop(Protocol):
    """A server with one key's value, which is its name."""

    name = b""

    def dataReceived(self, data):
        for line in data.split(b"\r\n")[:-1]:
            words = line.split()
            if words[0] == b"get":
                for key in words[1:]:
                    self.transport.write(b"VALUE %s 0 %d\r\n%s\r\n" % (key, len(self.name), self.name))
                self.transport.write(b"END\r\n")
            elif words[0] == b"flush_all":
                self.transport.write(b"OK\r\n")


def shop(reactor, shop_name, port=0):
    class Named(Shop):
        name = shop_name

    where = endpoints.serverFromString(reactor, f"tcp:{port}:interface=127.0.0.1")
    return run(reactor, where.listen(Factory.forProtocol(Named)))


def test_a_pool(reactor):
    ports = [shop(reactor, b"shop %d" % number) for number in range(3)]
    changes = []

    class Pool(memcache.MemCachePool):
        def serverUp(self, index):
            changes.append(index)

        def serverDown(self, index, reason):
            changes.append((index, reason.type))

    pool = Pool([f"tcp:127.0.0.1:{port.getHost().port}" for port in ports], reactor=reactor)
    assert run(reactor, pool.open()) is pool
    assert sorted(changes) == [0, 1, 2]
    keys = [b"key%d" % number for number in range(100)]
    found = run(reactor, pool.get(keys))
    assert found == {key: (0, b"shop %d" % pool.serverFor(key)) for key in keys}
    assert len({value for _, value in found.values()}) == 3
    assert run(reactor, pool.get(keys[5])) == found[keys[5]]
    assert run(reactor, pool.flushAll()) is memcache.OK
    with pytest.raises(memcache.ClientError):
        run(reactor, pool.stats())
    pool.transport.loseConnection()
    with pytest.raises(RuntimeError, match="not connected"):
        run(reactor, pool.get(b"a"))
    run(reactor, task.deferLater(reactor, 0, lambda: None))
    assert pool._conn == 0


def test_a_pool_whose_server_comes_late(reactor):
    first = shop(reactor, b"first")
    with reserved_port() as number:
        places = [f"tcp:127.0.0.1:{first.getHost().port}", (f"tcp:127.0.0.1:{number}", 3)]
        pool = memcache.MemCachePool(
            places, memcache.Distribution.KETAMA_WEIGHTED, reactor, retryDelay=0.02, maxRetryDelay=0.02
        )
        run(reactor, pool.open())
        key = next(b"k%d" % number for number in range(999) if pool.serverFor(b"k%d" % number) == 1)
        with pytest.raises(error.ConnectionLost, match="no connection to its server"):
            run(reactor, pool.get(key))
        up = []
        pool.serverUp = up.append
        shop(reactor, b"second", number)
    until(reactor, lambda: up)
    assert run(reactor, pool.get(key)) == (0, b"second")
    waiting = pool.get(key)
    pool.close()
    with pytest.raises(error.ConnectionLost):
        run(reactor, waiting)


def test_pools_that_cannot_be(reactor):
    for places in ([], ["nonsense"], ["fd:3"]):
        with pytest.raises(PlaitError):
            memcache.MemCachePool(places, reactor=reactor).open()


def test_where_pymemcache_puts_keys(reactor):
    names = ["127.0.0.1:11211", "127.0.0.1:11212", "cache.example:11211", "10.0.0.9:4000"]
    theirs = rendezvous.RendezvousHash(list(names))
    pool = memcache.MemCachePool(
        [f"tcp:{name}" for name in names], memcache.Distribution.RENDEZVOUS, reactor
    )
    opening = pool.open()
    opening.addErrback(lambda _: None)
    keys = [f"key:{number}" for number in range(10000)]
    assert [names[pool.serverFor(key.encode())] for key in keys] == [theirs.get_node(key) for key in keys]
    pool.close()
