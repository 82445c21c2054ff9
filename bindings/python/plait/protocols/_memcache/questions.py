"""Calls that wait for their answers, and what the C library tells of them."""

from __future__ import annotations

import sys
from ctypes import CFUNCTYPE, byref, c_size_t, c_uint64, c_void_p, cast
from typing import TYPE_CHECKING, Any

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

#: Memory as numbers of eight bytes.
_numbers: Any = (c_uint64 * (sys.maxsize // 8)).from_address(0)
#: An answer has so many: user; status and result; flags and index; number; then address and length
#: of the key, the value and the flags.
ROW = 10
_HIT = native.MEMCACHE_HIT << 32
_LOW = 0xFFFFFFFF


class Question(Deferred[Any]):
    """A call, and what will come of it. Each answer is a row of numbers."""

    asked: dict[int, Question]
    key: int

    def __init__(self, asked: dict[int, Question] | None = None, key: int = 0) -> None:
        self._steps = []
        if asked is not None:
            self.asked, self.key = asked, key
        if self.debug:
            self._made = stack()

    def cancel(self) -> None:
        """Gives the call up; the late answer is swallowed."""
        if not self.called:
            self.asked.pop(self.key, None)
        super().cancel()

    def answered(self, row: list[int], at: int) -> None:
        """An answer has come: the last one, if there are several."""
        del self.asked[self.key]
        status = row[at + 1] & _LOW
        if status:
            self.errback(failed(status - (1 << 32), row[at + 1] >> 32, text(row, at + 6)))
        else:
            self.callback(self.result_of(row[at + 1] >> 32, row, at))

    def result_of(self, result: int, row: list[int], at: int) -> Any:
        """What the call comes to."""
        return OUTCOMES[result]


def text(row: list[int], at: int) -> bytes:
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


class Value(Question):
    """For the value of a key."""

    def answered(self, row: list[int], at: int) -> None:
        """The value, or that there is none."""
        if row[at + 1] == _HIT:
            del self.asked[self.key]
            self.callback((row[at + 2] & _LOW, memory[row[at + 6] : row[at + 6] + row[at + 7]]))
        else:
            super().answered(row, at)

    def result_of(self, result: int, row: list[int], at: int) -> Any:
        """What is missing has no flags."""
        return (0, None)


class IdentifiedValue(Value):
    """The same, with the value's unique number."""

    def answered(self, row: list[int], at: int) -> None:
        """The value, or that there is none."""
        Question.answered(self, row, at)

    def result_of(self, result: int, row: list[int], at: int) -> Any:
        """A unique number is bytes, as Twisted has it."""
        if result != native.MEMCACHE_HIT:
            return (0, b"", None)
        return (row[at + 2] & _LOW, b"%d" % row[at + 3], text(row, at + 6))


class Values(Question):
    """For the values of several keys."""

    def begin(self, keys: list[bytes], identified: bool) -> Values:
        """Has all of them missing until they come."""
        missing: tuple[Any, ...] = (0, b"", None) if identified else (0, None)
        self.keys, self.identified = keys, identified
        self.found: dict[bytes, tuple[Any, ...]] = dict.fromkeys(keys, missing)
        return self

    def answered(self, row: list[int], at: int) -> None:
        """One value, or the end."""
        if row[at + 1] >> 32 != native.MEMCACHE_VALUE:
            super().answered(row, at)
            return
        value, both = text(row, at + 6), row[at + 2]
        self.found[self.keys[both >> 32]] = (
            (both & _LOW, b"%d" % row[at + 3], value) if self.identified else (both & _LOW, value)
        )

    def result_of(self, result: int, row: list[int], at: int) -> Any:
        """All of them."""
        if result == native.MEMCACHE_HIT:  # one key alone
            self.answered([0, native.MEMCACHE_VALUE << 32, *row[at + 2 : at + ROW]], 0)
        return self.found


class Number(Question):
    """For a number, or that there is none."""

    def result_of(self, result: int, row: list[int], at: int) -> Any:
        """The new number."""
        return row[at + 3] if result == native.MEMCACHE_NUMBER else OUTCOMES[result]


class Version(Question):
    """For the server's version."""

    def result_of(self, result: int, row: list[int], at: int) -> Any:
        """The words."""
        return text(row, at + 6)


class Stats(Question):
    """For statistics."""

    def begin(self) -> Stats:
        """Has none until they come."""
        self.found: dict[bytes, bytes] = {}
        return self

    def answered(self, row: list[int], at: int) -> None:
        """One, or the end."""
        if row[at + 1] >> 32 == native.MEMCACHE_STAT:
            self.found[text(row, at + 4)] = text(row, at + 6)
        else:
            super().answered(row, at)

    def result_of(self, result: int, row: list[int], at: int) -> Any:
        """All of them."""
        return self.found


class Meta(Question):
    """For the answer to a meta command."""

    def result_of(self, result: int, row: list[int], at: int) -> Any:
        """As it was told."""
        words = text(row, at + 8).split()
        flags = {word[:1]: word[1:] for word in words}
        # A value of no bytes has an address nevertheless.
        value = text(row, at + 6) if row[at + 6] else None
        return MetaAnswer(OUTCOMES[result], value, flags)


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
        asked = self.framer._asked
        row = _numbers[answers >> 3 : (answers >> 3) + ROW * count]
        for at in range(0, ROW * count, ROW):
            question = asked.get(row[at])
            if question is not None:
                question.answered(row, at)
    except BaseException as error:
        self.crashed(error)
    if driver.dirty:
        driver.flush()
    driver.inside = False


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
