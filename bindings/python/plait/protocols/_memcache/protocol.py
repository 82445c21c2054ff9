"""The protocol itself."""

from __future__ import annotations

from collections.abc import Iterable
from ctypes import byref, c_int, c_int64, c_uint64
from typing import TYPE_CHECKING, Any, TypeVar

from ..._native import structs
from ..._native import memcache as native
from ..._native.calls import bare
from ...internet.defer import Deferred, fail, succeed
from ...internet.error import TimeoutError
from ...internet.protocol import connectionDone, given_reason
from ...python.failure import Failure
from .._framed import Framed
from ..policies import TimeoutMixin
from .questions import (
    Gathered,
    IdentifiedValue,
    Question,
    Stored,
    Value,
    Values,
    memcache_factory,
)
from .results import ClientError, MemCacheOptions, milliseconds, refusal
from .storing import Storing

if TYPE_CHECKING:
    from ..._core.factories import FactoryCache

_Q = TypeVar("_Q", bound=Question)
_nobody = native.MemcacheAnswerFunction()
_call = native.memcache_call
_get = bare("plait_memcache_get", c_int)
_get_many = bare("plait_memcache_get_many", c_int)
_set = bare("plait_memcache_set", c_int)
#: What a number without a type may be; questions are counted through, and start again.
_LONG = 0x7FFFFFFF
#: Numbers as ctypes hands them over, made once.
_NEVER, _NOBODY = c_int64.from_param(0), c_uint64.from_param(0)


class MemCacheProtocol(Storing, Framed, TimeoutMixin):
    """Asks memcached: any number of questions at a time, each a Deferred.

    Keys and values are bytes. A question fails with :class:`ClientError` before anything is sent if its
    key cannot be one: empty, longer than 250 bytes, or with blanks or control bytes in it.

    Gets that are asked for while several answers are told leave as one, which costs both sides less.

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
    #: What is common may be asked in a quick way: the transport is one of our own, and the key decides.
    _isPlain = False
    #: Gets that leave together when all answers at hand are told, while they are.
    _gathered: Gathered | None = None

    def __init__(self, timeOut: float | None = 60) -> None:
        self.persistentTimeOut = timeOut
        #: By their numbers: the questions that wait.
        self._asked: dict[int, Any] = {}
        self._last = 0
        self._handle: Any = _NOBODY
        #: Where the last one's number stands for C to take from the stack.
        self._number = c_uint64()

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
        if self._isPlain and type(key) is bytes and timeout is None and not withIdentifier:
            # Numbers without types: the length must be one that C cannot misread.
            if len(key) < 251:
                gathered = self._gathered
                if gathered is not None:
                    question = Value()
                    gathered.keys.append(key)
                    gathered.questions.append(question)
                    return question
                self._last = number = self._last + 1 & _LONG
                question = self._asked[number] = Value()
                status = _get(self._handle, key, len(key), None, number, None)
                return question if status == 0 else self._refused(number, status)
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
        if self._isPlain and timeout is None and command == native.MEMCACHE_GET:
            try:
                joined = b" ".join(listed)
            except TypeError:  # told below
                joined = b""
            # As many keys as there are words: none has a blank in it.
            if 1 < len(listed) == joined.count(b" ") + 1 and len(joined) < _LONG:
                question = Values().begin(listed, False)
                status = self._getMany(joined, question)
                return question if status == 0 else self._refused(question.key, status)
        question = Values().begin(listed, identified)
        return self._ask(question, command, listed, expiry=expiry, timeout=timeout)

    def _getMany(self, joined: bytes, question: Values | Gathered) -> int:
        """Asks for many keys; gives a status."""
        if self._gathered is not None:
            self._sendGathered()
        self._last = question.key = self._last + 1 & _LONG
        question.asked = self._asked
        self._asked[question.key] = question
        status: int = _get_many(self._handle, joined, len(joined), None, question.key, None)
        return status

    def _gather(self) -> None:
        """Until :meth:`_sendGathered` keys that are asked for are gathered: they cost less together."""
        if self._isPlain:
            self._gathered = Gathered(self._asked)

    def _sendGathered(self) -> None:
        gathered, self._gathered = self._gathered, None
        if gathered is None or not gathered.keys:
            return
        joined = b" ".join(gathered.keys)
        if len(gathered.keys) == joined.count(b" ") + 1 and len(joined) < _LONG:
            if self._getMany(joined, gathered) == 0:
                return
            del self._asked[gathered.key]
        # One of them cannot be sent: each is told by itself.
        for key, question in zip(gathered.keys, gathered.questions):
            self._ask(question, native.MEMCACHE_GET, (key,))

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
        if (
            self._isPlain
            and type(key) is bytes
            and type(value) is bytes
            and timeout is None
            and not noreply
            and len(key) < 251
            and len(value) < _LONG
            and (not flags or 0 <= flags < 1 << 32)
            and (not expireTime or -1 << 32 < expireTime < 1 << 32)
        ):
            if self._gathered is not None:
                self._sendGathered()
            self._last = self._number.value = number = self._last + 1 & _LONG
            question = self._asked[number] = Stored()
            until = c_int64.from_param(expireTime) if expireTime else _NEVER
            status = _set(
                self._handle, key, len(key), value, len(value), flags, until, None, self._number, None
            )
            return question if status == 0 else self._refused(number, status)
        return self._store(
            native.MEMCACHE_SET, key, value, flags, expireTime, timeout=timeout, noreply=noreply
        )

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
        if self._gathered is not None:
            self._sendGathered()
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
        return self._refused(question.key, status, question)

    def _refused(
        self, number: int, status: int, question: Question | None = None
    ) -> Deferred[Any]:
        """A question was not sent."""
        asked: Any = self._asked.pop(number, question)
        asked.errback(refusal(status))
        refused: Deferred[Any] = asked
        return refused

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
            self._isPlain = False
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

    @given_reason
    def connectionLost(self, reason: Any = connectionDone) -> None:
        """The connection has ended: all questions fail."""
        self.setTimeout(None)
        if self._feeder is not None:
            self._feeder.discard()
            self._feeder = self._attached = None
        gathered, self._gathered = self._gathered, None
        self._conn, self._isPlain = 0, False
        self._handle = _NOBODY
        if gathered is not None:
            gathered.errback(reason)
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
        self._conn, self._isPlain = conn, True
        self._handle = c_uint64.from_param(conn)

    def _settle(self) -> bool:
        return False

    def _peerBroke(self) -> None:
        """The reason of the end says what the server did."""

    def _crashed(self) -> int:
        return 0
