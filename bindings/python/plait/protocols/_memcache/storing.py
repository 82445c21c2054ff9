"""The methods that store and change, and those that ask about the server."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ..._native import memcache as native
from ...internet.defer import Deferred, fail
from .questions import Debug, Meta, Number, Question, Stats, Version
from .results import META, ClientError


class Storing:
    """Those of the protocol's but ``get`` and ``set``, which have ways of their own."""

    # The protocol's.
    _ask: Callable[..., Deferred[Any]]

    def add(
        self,
        key: bytes,
        val: bytes,
        flags: int = 0,
        expireTime: int = 0,
        timeout: float | None = None,
        noreply: bool = False,
    ) -> Deferred[Any]:
        """Stores a value if there is none; else it is ``NOT_STORED``, which is false."""
        return self._store(
            native.MEMCACHE_ADD, key, val, flags, expireTime, timeout=timeout, noreply=noreply
        )

    def replace(
        self,
        key: bytes,
        val: bytes,
        flags: int = 0,
        expireTime: int = 0,
        timeout: float | None = None,
        noreply: bool = False,
    ) -> Deferred[Any]:
        """Stores a value if there is one; else it is ``NOT_STORED``, which is false."""
        return self._store(
            native.MEMCACHE_REPLACE, key, val, flags, expireTime, timeout=timeout, noreply=noreply
        )

    def checkAndSet(
        self,
        key: bytes,
        val: bytes,
        cas: bytes | int,
        flags: int = 0,
        expireTime: int = 0,
        timeout: float | None = None,
        noreply: bool = False,
    ) -> Deferred[Any]:
        """Stores a value if the one that is there has this identifier: ``STORED``; or ``EXISTS`` or
        ``NOT_FOUND``, which both are false.
        """
        try:
            number = int(cas)
        except ValueError:
            return fail(ClientError(f"no identifier: {cas!r}"))
        return self._store(
            native.MEMCACHE_CAS,
            key,
            val,
            flags,
            expireTime,
            timeout=timeout,
            noreply=noreply,
            number=number,
        )

    def append(
        self, key: bytes, val: bytes, timeout: float | None = None, noreply: bool = False
    ) -> Deferred[Any]:
        """Puts bytes behind the value that is there; else it is ``NOT_STORED``, which is false."""
        return self._store(native.MEMCACHE_APPEND, key, val, timeout=timeout, noreply=noreply)

    def prepend(
        self, key: bytes, val: bytes, timeout: float | None = None, noreply: bool = False
    ) -> Deferred[Any]:
        """Puts bytes in front of the value that is there; else it is ``NOT_STORED``, which is false."""
        return self._store(native.MEMCACHE_PREPEND, key, val, timeout=timeout, noreply=noreply)

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
        question = Debug() if number == native.MEMCACHE_META_DEBUG else Meta()
        return self._ask(question, number, keys, value, timeout=timeout, meta=flags)

    def _store(
        self,
        command: int,
        key: bytes,
        value: bytes,
        flags: int = 0,
        expiry: int = 0,
        timeout: float | None = None,
        noreply: bool = False,
        number: int = 0,
    ) -> Deferred[Any]:
        if not isinstance(value, bytes):
            return fail(ClientError(f"Invalid type for value: {type(value)}, expecting bytes"))
        return self._ask(
            Question(), command, (key,), value, flags, expiry, number, timeout, noreply=noreply
        )
