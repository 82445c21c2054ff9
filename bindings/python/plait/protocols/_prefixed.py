"""Strings behind their length."""

from __future__ import annotations

import struct
import sys
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, ClassVar

from .._native import constants, functions
from ._framed import Framed
from ._lines import _length

if TYPE_CHECKING:
    from .._core.factories import FactoryCache

_memoryview = memoryview


class StringTooLongError(AssertionError):
    """A string is longer than its prefix can tell."""


class StringFramed(Framed):
    """What all receivers of strings share.

    :ivar MAX_LENGTH: the longest string that is accepted. Twisted has 99,999.
    """

    MAX_LENGTH: int = 99999999
    _limit: int = MAX_LENGTH

    def stringReceived(self, string: bytes) -> Any:
        """A string arrived, without its length. To be overridden."""
        raise NotImplementedError(f"{type(self).__name__}.stringReceived")

    def stringsReceived(self, strings: list[bytes]) -> Any:
        """Strings arrived: all whole ones at hand.

        By default :meth:`stringReceived` is called for each. A protocol that overrides this method
        instead does without a call for every string. Twisted has no counterpart.
        """
        for string in strings:
            self.stringReceived(string)

    def lengthLimitExceeded(self, length: int) -> Any:
        """A string was announced that is longer than MAX_LENGTH; it is not delivered. Ends the
        connection unless it is overridden; then reading goes on behind the string.
        """
        self.transport.loseConnection()

    def frame(self, string: bytes) -> bytes:
        """A string with its length."""
        raise NotImplementedError

    def sendString(self, string: bytes) -> None:
        """Sends a string behind its length."""
        self.transport.write(self.frame(string))

    def sendStrings(self, strings: Iterable[bytes]) -> None:
        """Sends strings, each behind its length. Twisted has no counterpart."""
        data = b"".join(map(self.frame, strings))
        if data:
            self.transport.write(data)

    def _bound(self, conn: int) -> None:
        self._conn = conn
        if self._limit <= 0:
            self._limit = 1
        self._own("MAX_LENGTH", int)
        self._settle()

    def _settle(self) -> bool:
        limit, before = self.MAX_LENGTH, self._limit
        self._limit = limit
        if limit == before:
            return False
        functions.string_set_max_length(self._conn, _length(limit))
        return True

    def _takeStrings(self, data: bytes, table: Any, count: int) -> int:
        """Delivers a block; tells how many of its strings were taken."""
        limit = self._limit
        if self.MAX_LENGTH is not limit:
            # Changed outside of a callback; these were framed by the limit of before.
            self._settle()
            limit = self._limit
        bounds = iter(_memoryview(table[: 8 * count]).cast("I").tolist())
        strings = [data[start : start + size] for start, size in zip(bounds, bounds)]
        self._halt = False
        self._count = count
        if type(self).stringsReceived is not StringFramed.stringsReceived:
            self._rest = iter(())
            self.stringsReceived(strings)
            self._rest = None
            self._after()
            return count
        rest: Any = iter(strings)
        self._rest = rest
        received = self.stringReceived
        if self._attached is None:
            for string in rest:
                received(string)
                if self._halt or self.MAX_LENGTH is not limit:
                    if self._settle() or self._mustStop():
                        break
                    limit = self._limit
        else:
            transport = self.transport
            for string in rest:
                received(string)
                if (
                    self._halt
                    or getattr(transport, "disconnecting", False)
                    or self.MAX_LENGTH is not limit
                ):
                    if self._settle() or self._mustStop():
                        break
                    limit = self._limit
        self._rest = None
        return count - int(rest.__length_hint__())

    def _stringTooLong(self, length: int) -> None:
        self.lengthLimitExceeded(length)
        self._after()

    def _after(self) -> None:
        self._settle()
        if self._attached is not None:
            self._ending()


class IntNStringReceiver(StringFramed):
    """A protocol that receives strings behind a binary length.

    :ivar structFormat: how the length is written, as the module struct has it. Its first character
        tells the byte order: ``!`` or ``>`` big-endian, ``<`` little-endian, else the machine's.
    :ivar prefixLength: how many bytes the length has, 1 to 8. It alone counts: lengths of 24 bits,
        for which there is no format, are ``structFormat = "!I"`` with ``prefixLength = 3``.
    """

    structFormat: ClassVar[str] = "!I"
    prefixLength: ClassVar[int] = 4
    _pack: Any = None

    def frame(self, string: bytes) -> bytes:
        """A string with its length.

        :raises StringTooLongError: if the prefix cannot tell the length.
        """
        pack = self._pack
        if pack is None:
            pack = self._pack = self._packer()
        try:
            return pack(len(string)) + string  # type: ignore[no-any-return]
        except (struct.error, OverflowError):
            raise self._tooLong(string) from None

    def sendString(self, string: bytes) -> None:
        """Sends a string behind its length.

        :raises StringTooLongError: if the prefix cannot tell the length.
        """
        pack = self._pack
        transport = self.transport
        if pack is None or transport is not self._ours:
            transport.write(self.frame(string))
            return
        try:
            data = pack(len(string)) + string
        except (struct.error, OverflowError):
            raise self._tooLong(string) from None
        gathered = transport.gathered
        if gathered and not transport.lines:
            # Behind something else that waits to be handed over.
            gathered.append(data)
        else:
            transport.write(data)

    def sendStrings(self, strings: Iterable[bytes]) -> None:
        """Sends strings, each behind its length. Twisted has no counterpart."""
        pack = self._pack or self._packer()
        strings = list(strings)
        try:
            data = b"".join([pack(len(string)) + string for string in strings])
        except (struct.error, OverflowError):
            raise self._tooLong(max(strings, key=len)) from None
        if data:
            self.transport.write(data)

    def _tooLong(self, string: bytes) -> StringTooLongError:
        return StringTooLongError(
            f"a string of {len(string)} bytes does not fit a length of {8 * self.prefixLength} bits"
        )

    def _order(self) -> str:
        first = self.structFormat[:1]
        return {"!": "big", ">": "big", "<": "little"}.get(first, sys.byteorder)

    def _packer(self) -> Any:
        size, order = self.prefixLength, self._order()
        unsigned = {1: "B", 2: "H", 4: "I", 8: "Q"}.get(size)
        if unsigned is None:
            return lambda length: length.to_bytes(size, order)
        return struct.Struct((">" if order == "big" else "<") + unsigned).pack

    def _nativeFactory(self, cache: FactoryCache) -> int:
        big = self._order() == "big"
        order = constants.STRING_BIG_ENDIAN if big else constants.STRING_LITTLE_ENDIAN
        self._limit = self.MAX_LENGTH
        limit = _length(self._limit) or 1
        return cache.string(self._halfCloseable(), order, self.prefixLength, limit)


class Int32StringReceiver(IntNStringReceiver):
    """Strings behind a length of 32 bits."""

    structFormat = "!I"
    prefixLength = 4


class Int16StringReceiver(IntNStringReceiver):
    """Strings behind a length of 16 bits."""

    structFormat = "!H"
    prefixLength = 2


class Int8StringReceiver(IntNStringReceiver):
    """Strings behind a length of 8 bits."""

    structFormat = "!B"
    prefixLength = 1


class NetstringReceiver(StringFramed):
    """A protocol that receives netstrings: ``5:hello,``.

    :ivar brokenPeer: 1 once the peer has sent what is no netstring, or too long a one.
    """

    brokenPeer = 0

    def lengthLimitExceeded(self, length: int) -> Any:
        """A netstring was announced that is longer than MAX_LENGTH. Ends the connection unless it
        is overridden. Twisted has no such method, and always ends it.
        """
        self.brokenPeer = 1
        self.transport.loseConnection()

    def frame(self, string: bytes) -> bytes:
        """A string as a netstring."""
        return b"%d:%b," % (len(string), string)

    def _nativeFactory(self, cache: FactoryCache) -> int:
        self._limit = self.MAX_LENGTH
        limit = _length(self._limit) or 1
        return cache.string(self._halfCloseable(), constants.STRING_NETSTRING, 0, limit)

    def _peerBroke(self) -> None:
        self.brokenPeer = 1
