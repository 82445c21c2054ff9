"""The protocol itself."""

from __future__ import annotations

from collections.abc import Iterable
from ctypes import byref, c_char_p, c_int, c_int64, c_size_t, c_uint32, c_uint64, c_void_p
from typing import TYPE_CHECKING, Any, TypeVar

from ..._native import structs
from ..._native import memcache as native
from ..._native.calls import bare, quickly
from ...internet.defer import Deferred, fail, succeed
from ...internet.error import TimeoutError
from ...internet.protocol import connectionDone
from ...python.failure import Failure
from .._framed import Framed
from ..policies import TimeoutMixin
from .questions import (
    IdentifiedValue,
    Meta,
    Number,
    Question,
    Stats,
    Value,
    Values,
    Version,
    memcache_factory,
)
from .results import META, ClientError, MemCacheOptions, milliseconds, refusal
from .storing import Storing

if TYPE_CHECKING:
    from ..._core.factories import FactoryCache

_Q = TypeVar("_Q", bound=Question)
_nobody = native.MemcacheAnswerFunction()
_call = native.memcache_call
_get = bare("plait_memcache_get", c_int)
#: What a number without a type may be; questions are counted through.
_LONG = 0x7FFFFFFF
#: With plain numbers in the place of what is never given: ctypes takes them quicker.
_set = quickly(
    "plait_memcache_set",
    c_int,
    c_uint64,
    c_char_p,
    c_size_t,
    c_char_p,
    c_size_t,
    c_uint32,
    c_int64,
    *[c_void_p] * 3,
)


class MemCacheProtocol(Storing, Framed, TimeoutMixin):
    """Asks memcached: any number of questions at a time, each a Deferred.

    Keys and values are bytes. A question fails with :class:`ClientError` before anything is sent if its
    key cannot be one: empty, longer than 250 bytes, or with blanks or control bytes in it.

    All methods that ask take ``timeout``: how many seconds this question may take. Those that store or
    change take ``noreply``: the server does not answer, and the Deferred has its result, None, at once.

    :ivar MAX_KEY_LENGTH: the longest key, its prefix counted.
    :ivar persistentTimeOut: when questions wait and nothing comes for so many seconds, they fail
        with TimeoutError and the connection ends.
    :cvar memCacheOptions: limits, a prefix of all keys, and who this is.
    """

    MAX_KEY_LENGTH = native.MEMCACHE_KEY_MAX
    memCacheOptions: MemCacheOptions = MemCacheOptions()
    #: What the server is chosen by, in the place of the keys: see ``MemCachePool.placedBy``.
    _hashKey = b""

    def __init__(self, timeOut: float | None = 60) -> None:
        self.persistentTimeOut = timeOut
        #: By their numbers: the questions that wait.
        self._asked: dict[int, Question] = {}
        self._last = 0
        self._handle = c_uint64()

    # Values

    def get(
        self,
        key: bytes | Iterable[bytes],
        withIdentifier: bool = False,
        timeout: float | None = None,
    ) -> Deferred[Any]:
        """Gets the value of a key: ``(flags, value)``, or ``(0, None)`` where there is none.

        With an identifier it is ``(flags, identifier, value)``, for :meth:`checkAndSet`. Of several keys it
        is a dictionary: see :meth:`getMultiple`.
        """
        number = self._last + 1
        if (
            type(key) is bytes
            and timeout is None
            and not withIdentifier
            and len(key) <= native.MEMCACHE_KEY_MAX
            and number <= _LONG
            and not self._hashKey
        ):
            asked = self._asked
            self._last = number
            question = asked[number] = Value(asked, number)
            status = _get(self._handle, key, len(key), None, number, None)
            return question if status == 0 and self._feeder is None else self._sent(question, status)
        if not isinstance(key, (bytes, str)):
            return self.getMultiple(key, withIdentifier, timeout)
        command = native.MEMCACHE_GETS if withIdentifier else native.MEMCACHE_GET
        kind = IdentifiedValue if withIdentifier else Value
        return self._ask(kind(), command, (key,), timeout=timeout)

    def getMultiple(
        self, keys: Iterable[bytes], withIdentifier: bool = False, timeout: float | None = None
    ) -> Deferred[Any]:
        """Gets the values of several keys, as a dictionary with what :meth:`get` gives for each."""
        command = native.MEMCACHE_GETS if withIdentifier else native.MEMCACHE_GET
        return self._several(command, keys, withIdentifier, 0, timeout)

    def getAndTouch(
        self,
        key: bytes | Iterable[bytes],
        expireTime: int,
        withIdentifier: bool = False,
        timeout: float | None = None,
    ) -> Deferred[Any]:
        """As :meth:`get`, with a new time of expiry for what is there."""
        command = native.MEMCACHE_GATS if withIdentifier else native.MEMCACHE_GAT
        if not isinstance(key, (bytes, str)):
            return self._several(command, key, withIdentifier, expireTime, timeout)
        kind = IdentifiedValue if withIdentifier else Value
        return self._ask(kind(), command, (key,), expiry=expireTime, timeout=timeout)

    def _several(
        self,
        command: int,
        keys: Iterable[bytes],
        identified: bool,
        expiry: int,
        timeout: float | None,
    ) -> Deferred[Any]:
        listed = list(keys)
        if not listed:
            return succeed({})
        question = Values().begin(listed, identified)
        return self._ask(question, command, listed, expiry=expiry, timeout=timeout)

    # Storing

    def set(
        self,
        key: bytes,
        value: bytes,
        flags: int = 0,
        expireTime: int = 0,
        timeout: float | None = None,
        noreply: bool = False,
    ) -> Deferred[Any]:
        """Stores a value: ``STORED``, which is true."""
        asis = type(key) is bytes and type(value) is bytes and not self._hashKey
        plain = asis and 0 <= flags < 1 << 32
        if plain and timeout is None and not noreply and -1 << 32 < expireTime < 1 << 32:
            asked, number = self._asked, self._last + 1
            self._last = number
            question = asked[number] = Question(asked, number)
            status = _set(
                self._conn, key, len(key), value, len(value), flags, expireTime, None, number, None
            )
            return question if status == 0 and self._feeder is None else self._sent(question, status)
        return self._store(
            native.MEMCACHE_SET, key, value, flags, expireTime, timeout=timeout, noreply=noreply
        )

    # The rest

    def increment(
        self, key: bytes, val: int = 1, timeout: float | None = None, noreply: bool = False
    ) -> Deferred[Any]:
        """Adds to a value that is a number: the new one, or ``NOT_FOUND``, which is false."""
        return self._ask(
            Number(), native.MEMCACHE_INCR, (key,), number=val, timeout=timeout, noreply=noreply
        )

    def decrement(
        self, key: bytes, val: int = 1, timeout: float | None = None, noreply: bool = False
    ) -> Deferred[Any]:
        """Subtracts from a value that is a number: the new one, at least 0; or ``NOT_FOUND``."""
        return self._ask(
            Number(), native.MEMCACHE_DECR, (key,), number=val, timeout=timeout, noreply=noreply
        )

    def touch(
        self, key: bytes, expireTime: int, timeout: float | None = None, noreply: bool = False
    ) -> Deferred[Any]:
        """Gives a value a new time of expiry: ``TOUCHED``, or ``NOT_FOUND``, which is false."""
        return self._ask(
            Question(),
            native.MEMCACHE_TOUCH,
            (key,),
            expiry=expireTime,
            timeout=timeout,
            noreply=noreply,
        )

    def delete(
        self, key: bytes, timeout: float | None = None, noreply: bool = False
    ) -> Deferred[Any]:
        """Forgets a value: ``DELETED``, or ``NOT_FOUND``, which is false."""
        return self._ask(
            Question(), native.MEMCACHE_DELETE, (key,), timeout=timeout, noreply=noreply
        )

    def stats(self, arg: bytes | None = None, timeout: float | None = None) -> Deferred[Any]:
        """The server's statistics, all or some, as a dictionary of bytes."""
        return self._ask(
            Stats().begin(), native.MEMCACHE_STATS, () if arg is None else (arg,), timeout=timeout
        )

    def version(self, timeout: float | None = None) -> Deferred[Any]:
        """The server's version."""
        return self._ask(Version(), native.MEMCACHE_VERSION, (), timeout=timeout)

    def flushAll(
        self, delay: int = 0, timeout: float | None = None, noreply: bool = False
    ) -> Deferred[Any]:
        """Has the server forget everything, after so many seconds."""
        return self._ask(
            Question(),
            native.MEMCACHE_FLUSH_ALL,
            (),
            expiry=delay,
            timeout=timeout,
            noreply=noreply,
        )

    def meta(
        self,
        command: bytes,
        key: bytes | None = None,
        flags: bytes = b"",
        value: bytes = b"",
        timeout: float | None = None,
    ) -> Deferred[Any]:
        """A meta command (``mg``, ``ms``, ``md``, ``ma``, ``mn`` or ``me``) with its flags, separated by
        blanks: a :class:`MetaAnswer`.

        A quiet one, with the flag ``q``, ends when a later one is answered: end a batch of them with
        ``mn``.
        """
        number = META.get(command)
        if number is None:
            return fail(ClientError(f"no meta command: {command!r}"))
        keys = () if key is None else (key,)
        return self._ask(Meta(), number, keys, value, timeout=timeout, meta=flags)

    # Asking

    def _ask(
        self,
        question: _Q,
        command: int,
        keys: Any,
        value: bytes = b"",
        flags: int = 0,
        expiry: int = 0,
        number: int = 0,
        timeout: float | None = None,
        noreply: bool = False,
        meta: bytes = b"",
    ) -> Deferred[Any]:
        """Sends a question."""
        if not self._conn:
            return fail(RuntimeError("not connected"))
        count = len(keys)
        listed = (structs.Bytes * (count or 1))()
        for place, key in zip(listed, keys):
            if not isinstance(key, bytes):
                return fail(ClientError(f"Invalid type for key: {type(key)}, expecting bytes"))
            place.data, place.len = key, len(key)
        if not 0 <= flags < 1 << 32 or not 0 <= number < 1 << 64 or not -1 << 63 <= expiry < 1 << 63:
            return fail(ClientError("a number that memcached cannot have"))
        request = native.MemcacheRequest(
            command=command,
            flags=native.MEMCACHE_NOREPLY if noreply else 0,
            value_flags=flags,
            keys=listed if count else None,
            count=count,
            expiry=expiry,
            number=number,
            limit_ms=milliseconds(timeout),
        )
        request.value.data, request.value.len = value, len(value)
        request.meta.data, request.meta.len = meta, len(meta)
        request.hash_key.data, request.hash_key.len = self._hashKey, len(self._hashKey)
        if not noreply:
            question.asked = self._asked
            question.key = self._last = self._last + 1
            self._asked[question.key] = question
        status = _call(self._conn, byref(request), _nobody, self._last, None)
        if noreply and status == 0:
            self._drive()
            return succeed(None)
        if noreply:
            question.asked, question.key = self._asked, 0
        return self._sent(question, status)

    def _sent(self, question: Question, status: int) -> Deferred[Any]:
        """A question was sent, or it was not."""
        if status == 0:
            if self.timeOut is None and self._feeder is not None:
                self.setTimeout(self.persistentTimeOut)
            self._drive()
            return question
        self._asked.pop(question.key, None)
        question.errback(refusal(status))
        return question

    # A transport that is none of our own

    #: The conn without a socket that finds the answers there, if there is one.
    _feeder: Any = None

    def makeConnection(self, transport: Any) -> None:
        """Connects with a transport of any kind."""
        self._meet(transport)
        self._feeder = None
        self.connected, self.transport = 1, transport
        if not self._conn:
            self._feeder = self._attachment()
            self._feeder.send = transport.write
            self._feeder.feed(b"")
        self.connectionMade()

    def _drive(self) -> None:
        """Has what was asked written to the transport."""
        if self._feeder is not None:
            self._feeder.feed(b"")

    def dataReceived(self, data: bytes) -> None:
        """Takes bytes from a transport that does not find the answers in them."""
        if self._feeder is None:
            raise RuntimeError("the connection finds the answers by itself")
        self.resetTimeout()
        self._feeder.feed(bytes(data))
        if not self._asked:
            self.setTimeout(None)

    def _framesNatively(self) -> bool:
        return getattr(self.dataReceived, "__func__", None) is MemCacheProtocol.dataReceived

    def timeoutConnection(self) -> None:
        """The server says nothing: all questions fail, and the connection ends."""
        self._failAll(Failure(TimeoutError(string="Connection timeout")))
        self.transport.loseConnection()

    def connectionLost(self, reason: Any = connectionDone) -> None:
        """The connection has ended: all questions fail."""
        self.setTimeout(None)
        if self._feeder is not None:
            self._feeder.discard()
            self._feeder = self._attached = None
        self._conn = 0
        self._handle = c_uint64()
        self._failAll(reason)

    def _failAll(self, reason: Failure) -> None:
        asked = list(self._asked.values())
        self._asked.clear()
        for question in asked:
            if not question.called:
                question.errback(reason)

    # What the conn calls

    def _nativeFactory(self, cache: FactoryCache) -> int:
        silence = None if self._attached is not None else self.persistentTimeOut
        return memcache_factory(cache, self._halfCloseable(), self.memCacheOptions, silence)

    def _bound(self, conn: int) -> None:
        self._conn = conn
        self._handle = c_uint64(conn)

    def _settle(self) -> bool:
        return False

    def _peerBroke(self) -> None:
        """The reason of the end says what the server did."""

    def _crashed(self) -> int:
        return 0
