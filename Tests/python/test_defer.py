"""Deferreds, beside Twisted's: each script is played on both, and must tell the same."""

from __future__ import annotations

import gc
import tracemalloc

import pytest
import twisted.internet.defer as theirs
import twisted.internet.task as their_task
import twisted.python.failure as their_failure

import plait.internet.defer as ours
import plait.python.failure as our_failure


class Both:
    """One of the two implementations, and what happened on it."""

    def __init__(self, defer, failure):
        self.defer, self.Failure = defer, failure.Failure
        self.events = []

    def note(self, result, *more, **keywords):
        shown = result
        if isinstance(result, self.Failure):
            shown = ("failure", result.type.__name__, str(result.value))
        elif isinstance(result, self.defer.Deferred):
            shown = "a Deferred"
        self.events.append((shown, *more, *sorted(keywords.items())))
        return result

    def swallow(self, result, *more):
        self.note(result, *more)

    def fail(self, result):
        self.note(result)
        raise ValueError("from a callback")


SCRIPTS = []


def script(function):
    SCRIPTS.append(function)
    return function


@script
def values_go_down_the_chain(b):
    d = b.defer.Deferred()
    d.addCallback(b.note, 1, a=2).addErrback(b.note, "never").addCallback(lambda r: r + 1)
    d.addBoth(b.note, "both")
    d.callback(10)
    d.addCallback(b.note, "late")


@script
def exceptions_go_to_the_errbacks(b):
    d = b.defer.Deferred()
    d.addCallback(b.fail).addCallback(b.note, "never").addErrback(b.swallow).addCallback(b.note)
    d.callback(1)


@script
def errback_takes_exceptions(b):
    d = b.defer.Deferred()
    d.errback(KeyError("x"))
    d.addErrback(b.swallow)
    d = b.defer.Deferred()
    try:
        raise KeyError("y")
    except KeyError:
        d.errback()
    d.addErrback(b.swallow)


@script
def both_sides_get_their_arguments(b):
    for fails in (False, True):
        d = b.defer.Deferred()
        d.addCallbacks(b.note, b.swallow, (1,), {"k": 2}, ("e",), {})
        d.errback(ValueError("v")) if fails else d.callback(0)


@script
def a_returned_deferred_suspends(b):
    inner, outer = b.defer.Deferred(), b.defer.Deferred()
    inner.addCallback(b.note, "inner")
    outer.addCallback(lambda _: inner).addCallback(b.note, "outer")
    outer.callback(0)
    b.note("before")
    inner.addCallback(b.note, "behind")
    inner.callback(21)
    inner.addCallback(b.note, "inner after")


@script
def a_returned_deferred_that_has_its_result(b):
    inner, outer = b.defer.succeed(5), b.defer.Deferred()
    outer.addCallback(lambda _: inner).addCallback(b.note)
    outer.callback(0)
    inner.addCallback(b.note, "inner")


@script
def a_returned_deferred_that_failed(b):
    outer = b.defer.Deferred()
    outer.addCallback(lambda _: b.defer.fail(ValueError("inner"))).addErrback(b.swallow)
    outer.callback(0)


@script
def three_deep(b):
    a, c, e = b.defer.Deferred(), b.defer.Deferred(), b.defer.Deferred()
    e.addCallback(lambda _: c).addCallback(b.note, "e")
    c.addCallback(lambda _: a).addCallback(b.note, "c")
    e.callback(1)
    c.callback(2)
    a.callback(3)


@script
def callbacks_of_the_waiting_one_come_before_the_rest(b):
    inner, outer = b.defer.Deferred(), b.defer.Deferred()
    outer.addCallback(lambda _: inner).addCallback(b.note, "outer")
    outer.callback(0)
    inner.addCallback(b.note, "behind")
    inner.callback(1)


@script
def pausing(b):
    d = b.defer.Deferred()
    d.addCallback(b.note)
    d.pause()
    d.pause()
    d.callback(1)
    d.unpause()
    b.note("still")
    d.unpause()


@script
def pausing_inside_a_callback(b):
    d = b.defer.Deferred()
    d.addCallback(lambda r: d.pause() or r).addCallback(b.note)
    d.callback(1)
    b.note("paused")
    d.unpause()


@script
def adding_inside_a_callback(b):
    d = b.defer.Deferred()
    d.addCallback(lambda r: d.addCallback(b.note, "added") and r).addCallback(b.note, "next")
    d.callback(1)


@script
def a_second_result(b):
    d = b.defer.Deferred()
    d.callback(1)
    for again in (lambda: d.callback(2), lambda: d.errback(ValueError())):
        try:
            again()
        except b.defer.AlreadyCalledError as error:
            b.note(type(error).__name__)


@script
def cancelling(b):
    d = b.defer.Deferred()
    d.addErrback(b.swallow)
    d.cancel()
    d.callback("ignored")
    try:
        d.callback("not ignored")
    except b.defer.AlreadyCalledError:
        b.note("already")


@script
def cancelling_with_a_canceller(b):
    for canceller in (
        b.swallow,
        lambda d: d.callback("cancelled"),
        lambda d: d.errback(KeyError()),
    ):
        d = b.defer.Deferred(canceller)
        d.addBoth(b.swallow)
        d.cancel()
        d.cancel()
        try:
            d.callback("late")
        except b.defer.AlreadyCalledError:
            b.note("already")


@script
def cancelling_goes_inward(b):
    inner, outer = b.defer.Deferred(), b.defer.Deferred()
    inner.addErrback(b.note, "inner")
    outer.addCallback(lambda _: inner).addErrback(b.swallow, "outer")
    outer.callback(0)
    outer.cancel()


@script
def cancelling_what_is_done(b):
    d = b.defer.succeed(1)
    d.cancel()
    d.addCallback(b.note)


@script
def chaining(b):
    for fails in (False, True):
        first, second = b.defer.Deferred(), b.defer.Deferred()
        second.addBoth(b.swallow, "second")
        first.chainDeferred(second).addBoth(b.swallow, "first")
        first.errback(ValueError("v")) if fails else first.callback(3)


@script
def timing_out(b):
    clock = their_task.Clock()
    d = b.defer.Deferred().addTimeout(2, clock)
    d.addErrback(lambda f: b.events.append((f.type.__name__, f.value.args)))
    clock.advance(2)
    d = b.defer.Deferred().addTimeout(2, clock)
    d.addCallback(b.note)
    clock.advance(1)
    d.callback("in time")
    b.note(len(clock.getDelayedCalls()))
    d = b.defer.Deferred().addTimeout(2, clock, lambda r, t: (r.type.__name__, t))
    d.addCallback(b.note)
    clock.advance(2)
    d = b.defer.Deferred(lambda d: d.callback("by the canceller")).addTimeout(2, clock)
    d.addCallback(b.note)
    clock.advance(2)


@script
def maybe(b):
    b.defer.maybeDeferred(lambda x: x + 1, 1).addCallback(b.note)
    b.defer.maybeDeferred(lambda: {}["no"]).addErrback(b.swallow)
    d = b.defer.Deferred()
    b.note(b.defer.maybeDeferred(lambda: d) is d)
    b.defer.maybeDeferred(lambda: b.Failure(ValueError("f"))).addErrback(b.swallow)


@script
def a_callback_that_returns_a_failure(b):
    d = b.defer.succeed(1)
    d.addCallback(lambda _: b.Failure(ValueError("returned"))).addErrback(b.swallow)


@script
def handing_on_without_a_function(b):
    d = b.defer.Deferred()
    d.addCallbacks(b.note, None).addErrback(b.swallow)
    d.errback(ValueError("through"))


@pytest.mark.parametrize("play", SCRIPTS, ids=lambda play: play.__name__)
def test_as_twisted(play):
    told = []
    for both in (Both(ours, our_failure), Both(theirs, their_failure)):
        play(both)
        assert both.events
        told.append(both.events)
    assert told[0] == told[1]


def test_a_long_chain_needs_no_stack():
    first = last = ours.Deferred()
    for _ in range(5000):
        outer = ours.Deferred()
        outer.addCallback(lambda _, inner=last: inner)
        outer.callback(None)
        last = outer
    seen = []
    last.addCallback(seen.append)
    first.callback("through")
    assert seen == ["through"]


@pytest.mark.logs_errors
def test_an_unhandled_error_is_logged(caplog):
    ours.fail(ValueError("nobody cares"))
    gc.collect()
    assert "nobody cares" in caplog.text
    assert "Unhandled error in Deferred" in caplog.text


def test_handled_errors_are_not_logged(caplog):
    d = ours.fail(ValueError("somebody cares"))
    d.addErrback(lambda _: None)
    del d
    gc.collect()
    assert "cares" not in caplog.text


def test_misuse():
    with pytest.raises(TypeError):
        ours.Deferred().addCallback(3)
    with pytest.raises(TypeError):
        ours.Deferred().callback(ours.Deferred())
    seen = []
    d = ours.Deferred()
    d.addCallback(lambda _: d).addErrback(lambda f: seen.append(f.type))
    d.callback(1)
    assert seen == [RuntimeError]


def test_awaited_without_a_loop():
    async def waits(deferred):
        return await deferred

    coroutine = waits(ours.succeed(7))
    with pytest.raises(StopIteration) as stopped:
        coroutine.send(None)
    assert stopped.value.value == 7
    with pytest.raises(KeyError):
        waits(ours.fail(KeyError("k"))).send(None)
    pending = ours.Deferred()
    coroutine = waits(pending)
    assert coroutine.send(None) is pending
    pending.callback(8)
    with pytest.raises(StopIteration) as stopped:
        coroutine.send(None)
    assert stopped.value.value == 8


def test_long_chains_take_no_room():
    """Those that are done are not kept, and copied, until the last one is."""
    peaks = []
    for length in (100, 5000):
        chain = [ours.Deferred() for _ in range(length)]
        for one, following in zip(chain, chain[1:]):
            one.addCallback(lambda _, following=following: following)
        for one in chain[:-1]:
            one.callback(None)
        tracemalloc.start()
        try:
            chain[-1].callback("through")
            peaks.append(tracemalloc.get_traced_memory()[1])
        finally:
            tracemalloc.stop()
        assert chain[0].result == "through"
    assert peaks[1] < peaks[0] + 10000
