"""Calls that wait for their answers, and what the C library tells of them."""

from __future__ import annotations

from ctypes import CFUNCTYPE, byref, c_size_t, c_uint64, c_void_p, cast
from struct import Struct
from typing import TYPE_CHECKING, Any, Tuple

from ..._core.registry import conns, entry
from ..._core.tables import _bound, _table, memory
from ..._native import constants
from ..._native import memcache as native
from ...internet._reasons import check, connection_lost
from ...internet._calling import stack
from ...internet.defer import Deferred
from ...internet.error import TimeoutError
from .results import (
    OUTCOMES,
    STORED,
    ClientError,
    MemCacheOptions,
    MetaAnswer,
    NoSuchCommand,
    ServerError,
    milliseconds,
)

if TYPE_CHECKING:
    from ..._core.factories import FactoryCache
    from .protocol import MemCacheProtocol

#: An answer as a row of numbers, which are read faster so than as fields: user, status, result, flags,
#: index, number; then address and length of the key, the value and the flags of a meta command.
_ROW = Struct("QiIIIQQQQQQQ")
_row = _ROW.unpack_from
_USER, _STATUS, _RESULT, _FLAGS, _INDEX, _NUMBER, _KEY, _, _VALUE, _, _META, _ = range(12)
Row = Tuple[int, ...]
# Where most answers come by, plain numbers stand for these names, and for PLAIT_MEMCACHE_HIT and STORED.


class Question(Deferred[Any]):
    """A call, and what will come of it."""

    #: The questions that wait, by their numbers, and this one's: of those that are answered in parts.
    asked: dict[int, Question] = {}
    key = 0

    def __init__(self) -> None:
        # As a Deferred does it, without the call.
        self.called = self._running = False
        self.paused, self._unhandled = 0, None
        self._steps = []
        if self.debug:
            self._made = stack()

    def answered(self, row: Row) -> None:
        """The answer has come. (One that was given up does not mind.)"""
        if row[_STATUS]:
            self.errback(failed(row[_STATUS], row[_RESULT], text(row, _VALUE)))
        else:
            self.callback(self.result_of(row[_RESULT], row))

    def result_of(self, result: int, row: Row) -> Any:
        """What the call comes to."""
        return OUTCOMES[result]


def text(row: Row, at: int) -> bytes:
    """Bytes by their address and length."""
    taken: bytes = memory[row[at] : row[at] + row[at + 1]]
    return taken


def failed(status: int, result: int, words: bytes) -> Exception:
    """The exception for a call that has failed."""
    if status == constants.ERR_REMOTE:
        kind = ClientError if result == native.MEMCACHE_CLIENT_ERROR else ServerError
        return kind(words.decode("utf-8", "replace"))
    if status == constants.ERR_UNHANDLED:
        return NoSuchCommand(words.decode("utf-8", "replace"))
    if status == constants.ERR_TIMEOUT:
        return TimeoutError(string="Connection timeout")
    return connection_lost(status, words.decode("utf-8", "replace"))


class Stored(Question):
    """For whether a value was stored."""

    def answered(self, row: Row) -> None:
        """It was, as a rule: what a callback would look at is known."""
        if row[2] == 6 and not self.called:
            self.called, self.result = True, STORED
            self._run()
        else:
            super().answered(row)


class Value(Question):
    """For the value of a key."""

    def answered(self, row: Row) -> None:
        """The value, or that there is none."""
        if row[2] == 1 and not self.called:
            at = row[8]
            self.called, self.result = True, (row[3], memory[at : at + row[9]])
            self._run()
        else:
            super().answered(row)

    def result_of(self, result: int, row: Row) -> Any:
        """What is missing has no flags."""
        return (0, None) if result != native.MEMCACHE_HIT else (row[_FLAGS], text(row, _VALUE))


class Gathered:
    """Gets of single keys that were asked for at one go, and are one question to the server."""

    called = False

    def __init__(self, asked: dict[int, Any]) -> None:
        self.asked = asked
        self.keys: list[bytes] = []
        self.questions: list[Value] = []
        self.key = 0

    def answered(self, row: Row) -> None:
        """One value; or the end: what has not come is not there."""
        if row[2] == 3:  # PLAIT_MEMCACHE_VALUE
            self.asked[self.key] = self
            question, at = self.questions[row[4]], row[8]
            if not question.called:
                question.called, question.result = True, (row[3], memory[at : at + row[9]])
                question._run()
        elif row[_RESULT] == native.MEMCACHE_HIT:
            self.questions[0].answered(row)
        else:
            missing = row[:_RESULT] + (native.MEMCACHE_MISS,) + row[_RESULT + 1 :]
            for question in self.questions:
                if not question.called:
                    question.answered(row if row[_STATUS] else missing)

    def errback(self, reason: Any) -> None:
        """All of them have failed."""
        for question in self.questions:
            if not question.called:
                question.errback(reason)


class IdentifiedValue(Question):
    """The same, with the value's unique number."""

    def result_of(self, result: int, row: Row) -> Any:
        """A unique number is bytes, as Twisted has it."""
        if result != native.MEMCACHE_HIT:
            return (0, b"", None)
        return (row[_FLAGS], b"%d" % row[_NUMBER], text(row, _VALUE))


class Values(Question):
    """For the values of several keys."""

    def begin(self, keys: list[bytes], identified: bool) -> Values:
        """Has all of them missing until they come."""
        missing: tuple[Any, ...] = (0, b"", None) if identified else (0, None)
        self.keys, self.identified = keys, identified
        self.found: dict[bytes, tuple[Any, ...]] = dict.fromkeys(keys, missing)
        return self

    def answered(self, row: Row) -> None:
        """One value, or the end."""
        if row[_RESULT] == native.MEMCACHE_VALUE:
            self.asked[self.key] = self
            self.take(row)
        else:
            super().answered(row)

    def take(self, row: Row) -> None:
        """A value has come."""
        flags, value = row[_FLAGS], text(row, _VALUE)
        self.found[self.keys[row[_INDEX]]] = (
            (flags, b"%d" % row[_NUMBER], value) if self.identified else (flags, value)
        )

    def result_of(self, result: int, row: Row) -> Any:
        """All of them."""
        if result == native.MEMCACHE_HIT:  # one key alone
            self.take(row)
        return self.found


class Number(Question):
    """For a number, or that there is none."""

    def result_of(self, result: int, row: Row) -> Any:
        """The new number."""
        return row[_NUMBER] if result == native.MEMCACHE_NUMBER else OUTCOMES[result]


class Version(Question):
    """For the server's version."""

    def result_of(self, result: int, row: Row) -> Any:
        """The words."""
        return text(row, _VALUE)


class Stats(Question):
    """For statistics."""

    def begin(self) -> Stats:
        """Has none until they come."""
        self.found: dict[bytes, bytes] = {}
        return self

    def answered(self, row: Row) -> None:
        """One, or the end."""
        if row[_RESULT] == native.MEMCACHE_STAT:
            self.asked[self.key] = self
            self.found[text(row, _KEY)] = text(row, _VALUE)
        else:
            super().answered(row)

    def result_of(self, result: int, row: Row) -> Any:
        """All of them."""
        return self.found


class Meta(Question):
    """For the answer to a meta command."""

    def flag(self, word: bytes) -> tuple[bytes, bytes]:
        """A flag's letter, and what stands behind it."""
        return word[:1], word[1:]

    def result_of(self, result: int, row: Row) -> Any:
        """As it was told."""
        flags = dict(map(self.flag, text(row, _META).split()))
        # A value of no bytes has an address nevertheless.
        value = text(row, _VALUE) if row[_VALUE] else None
        return MetaAnswer(OUTCOMES[result], value, flags)


class Debug(Meta):
    """For what the server knows of an item."""

    def flag(self, word: bytes) -> tuple[bytes, bytes]:
        """A name, and what stands behind its equals sign."""
        name, _, value = word.partition(b"=")
        return name, value


# What the C library calls


#: The same with the address of the answers as a number: an object around it would cost as much as
#: the rest of a short answer.
_AnswersFunction = CFUNCTYPE(None, c_void_p, c_uint64, c_void_p, c_size_t)


@entry(_AnswersFunction)
def _answers(user: int, conn: int, answers: int, count: int) -> None:
    self = conns.get(conn)
    if self is None:
        return
    driver = self.driver
    driver.inside = True
    try:
        waiting = self.framer._asked.pop
        if count > 1:  # so what is asked for now will be much, too
            self.framer._gather()
        while count:
            row = _row(memory, answers)
            question = waiting(row[0], None)
            if question is not None:
                question.answered(row)
            answers += 80  # the length of a row
            count -= 1
    except BaseException as error:
        self.crashed(error)
    finally:
        if self.framer._gathered is not None:
            self.framer._sendGathered()
        driver.inside = False
        if driver.dirty:
            driver.flush()


#: By whether the protocol goes on when the peer has said its last word.
_handlers = [
    _table(
        native.MemcacheHandler,
        half,
        connected=_bound,
        answers=cast(_answers, native.MemcacheAnswerFunction),
    )
    for half in (False, True)
]


def memcache_factory(
    cache: FactoryCache, half: bool, options: MemCacheOptions, silence: float | None
) -> int:
    """A factory whose conns ask as these options say."""

    def make(out: Any) -> None:
        made = native.MemcacheOptions(
            max_calls=options.maxCalls,
            max_value=options.maxValue,
            call_ms=milliseconds(options.callTimeout),
            silence_ms=milliseconds(silence),
        )
        made.prefix.data, made.prefix.len = options.prefix, len(options.prefix)
        if options.username is not None:
            made.username = options.username.encode()
            made.password = (options.password or "").encode()
        check(native.memcache_factory_new(byref(out), byref(made), byref(_handlers[half]), None))

    return cache.of(("memcache", half, options, silence), make)
