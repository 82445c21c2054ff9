"""The methods that store."""

from __future__ import annotations

from typing import Any

from ..._native import memcache as native
from ...internet.defer import Deferred, fail
from .questions import Question
from .results import ClientError


class Storing:
    """Those of the protocol's but ``set``, which has a way of its own."""

    # The protocol's.
    _ask: Any

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
        asked: Deferred[Any] = self._ask(
            Question(), command, (key,), value, flags, expiry, number, timeout, noreply=noreply
        )
        return asked
