"""What calls to memcached come to."""

from __future__ import annotations

import math
from typing import NamedTuple

from ..._native import constants
from ..._native import memcache as native
from ...error import PlaitError


class NoSuchCommand(Exception):
    """The server knows no such command."""


class ClientError(Exception):
    """The request is wrong: says the server, or this library before anything was sent."""


class ServerError(Exception):
    """The server could not do it."""


class Outcome(int):
    """What became of a request: true where it was done, and false where it was not.

    It equals ``True`` or ``False``, as Twisted has it; the names below tell apart why.

    :ivar name: the same as text.
    """

    name: str

    def __new__(cls, done: bool, name: str) -> Outcome:
        made = super().__new__(cls, done)
        made.name = name
        return made

    def __repr__(self) -> str:
        return self.name

    __str__ = __repr__


#: It was done.
STORED = Outcome(True, "STORED")
DELETED = Outcome(True, "DELETED")
TOUCHED = Outcome(True, "TOUCHED")
OK = Outcome(True, "OK")
#: There is a value (of meta commands).
HIT = Outcome(True, "HIT")
#: The condition of add, replace, append or prepend did not hold.
NOT_STORED = Outcome(False, "NOT_STORED")
#: The value was changed meanwhile.
EXISTS = Outcome(False, "EXISTS")
#: There is nothing under that key.
NOT_FOUND = Outcome(False, "NOT_FOUND")
#: There is no value (of meta commands).
MISS = Outcome(False, "MISS")

#: By what the C library says.
OUTCOMES = {
    native.MEMCACHE_HIT: HIT,
    native.MEMCACHE_MISS: MISS,
    native.MEMCACHE_STORED: STORED,
    native.MEMCACHE_NOT_STORED: NOT_STORED,
    native.MEMCACHE_EXISTS: EXISTS,
    native.MEMCACHE_NOT_FOUND: NOT_FOUND,
    native.MEMCACHE_DELETED: DELETED,
    native.MEMCACHE_TOUCHED: TOUCHED,
    native.MEMCACHE_NUMBER: OK,
    native.MEMCACHE_OK: OK,
}


class MetaAnswer(NamedTuple):
    """The answer to a meta command.

    :ivar result: what became of it.
    :ivar value: the value, if it was asked for and is there.
    :ivar flags: by letter: what stands behind it in the answer. Of ``me``: by name, such as ``b"exp"``.
    """

    result: Outcome
    value: bytes | None
    flags: dict[bytes, bytes]


class MemCacheOptions(NamedTuple):
    """What :attr:`MemCacheProtocol.memCacheOptions` holds. Twisted has none of these.

    :ivar maxValue: the longest value that is sent or received, in bytes.
    :ivar maxCalls: how many calls may wait for their answers, those included that were given up.
    :ivar callTimeout: how many seconds calls may take that have no ``timeout``; None for ever.
    :ivar prefix: stands in front of every key on the wire; answers come without it.
    :ivar username: with ``password``: who this is, for a server that wants to know (its option -Y).
    """

    maxValue: int = 16 << 20
    maxCalls: int = 131072
    callTimeout: float | None = None
    prefix: bytes = b""
    username: str | None = None
    password: str | None = None


def milliseconds(seconds: float | None) -> int:
    """As the C library counts; 0 for no limit."""
    return 0 if seconds is None else max(1, math.ceil(seconds * 1000))


#: Meta commands, as the C library counts them.
META = {
    b"mg": native.MEMCACHE_META_GET,
    b"ms": native.MEMCACHE_META_SET,
    b"md": native.MEMCACHE_META_DELETE,
    b"ma": native.MEMCACHE_META_ARITHMETIC,
    b"mn": native.MEMCACHE_META_NOOP,
    b"me": native.MEMCACHE_META_DEBUG,
}


def refusal(status: int) -> Exception:
    """The exception for a question that could not be sent."""
    if status == constants.ERR_TOO_LONG:
        return ClientError("Key too long, or a value longer than allowed")
    if status == constants.ERR_INVALID:
        return ClientError("a key that memcached cannot have, or flags that are none")
    if status in (constants.ERR_CLOSED, constants.ERR_STALE, constants.ERR_TYPE):
        return RuntimeError("not connected")
    return PlaitError(status)
