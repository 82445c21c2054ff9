"""Strings behind their length."""

from __future__ import annotations

import functools
import itertools
import sys
from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, Any, ClassVar, Dict, Literal, cast

from .._core.factories import Framing, string_factory
from .._native import constants, functions
from ._cutting import cut
from ._framed import Framed, MessageFramed, longest
from ._received import Kept, Received, mentions
from ._watching import Watched

if TYPE_CHECKING:
    from .._core.attachment import Attachment
    from .._core.factories import FactoryCache

#: So many lengths of a kind are kept as they stand before strings.
_MOST_HEADS = 1024

class _Heads(Dict[int, bytes]):
    """Lengths that strings have had, as they stand before them."""

    def __init__(self, make: Callable[[int], bytes]) -> None:
        super().__init__()
        self._make = make

    def __missing__(self, length: int) -> bytes:
        head = self._make(length)
        if len(self) < _MOST_HEADS:
            self[length] = head
        return head

    def join(self, strings: Sequence[bytes], tail: bytes = b"") -> bytes:
        """The strings, each behind its length and before a tail."""
        sizes = set(map(len, strings))
        if len(sizes) == 1:
            head = self[sizes.pop()]
            return head + (tail + head).join(strings) + tail
        heads = map(self.__getitem__, map(len, strings))
        if tail:
            return b"".join(itertools.chain.from_iterable(zip(heads, strings, itertools.repeat(tail))))
        return b"".join(itertools.chain.from_iterable(zip(heads, strings)))


@functools.lru_cache(maxsize=None)
def _heads(size: int, order: Literal["big", "little"]) -> _Heads:
    """Those of this many bytes in this order."""

    def make(length: int) -> bytes:
        try:
            return length.to_bytes(size, order)
        except OverflowError:
            raise StringTooLongError(
                f"a string of {length} bytes does not fit a length of {8 * size} bits"
            ) from None

    return _Heads(make)


_decimal = _Heads(lambda length: b"%d:" % length)


class StringTooLongError(AssertionError):
    """A string is longer than its prefix can tell."""


class NetstringParseError(ValueError):
    """What was received is no netstring. It is here for programs that catch it: nothing raises it."""


class IncompleteNetstring(Exception):
    """A netstring has not arrived as a whole. It is here for programs that catch it."""


class StringFramed(MessageFramed):
    """What all receivers of strings share.

    :ivar MAX_LENGTH: the longest string that is accepted. Twisted has 99,999.
    """

    if TYPE_CHECKING:
        MAX_LENGTH: int = 99999999
    else:
        MAX_LENGTH = Watched(99999999)
    _watched = {"MAX_LENGTH": int}
    _limit = 99999999

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

    def _each(self, messages: Any) -> None:
        for string in messages:
            self.stringReceived(string)

    def _carefully(self, messages: Any) -> None:
        transport, isFed = self.transport, self._attached is not None
        for string in messages:
            self.stringReceived(string)
            if self._halt or not self._watches or getattr(transport, "disconnecting", False):
                if self._stops():
                    break
            elif isFed and self.paused and self._stops():
                break

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
        strings = list(strings)
        if strings:
            self.transport.write(self._joined(strings))

    def _joined(self, strings: list[bytes]) -> bytes:
        """Strings, each with its length."""
        return b"".join(map(self.frame, strings))

    @staticmethod
    def _format(whose: Any) -> tuple[int, int]:
        """How a class or an object writes lengths: as the C library counts the ways, and in how many
        bytes.
        """
        raise NotImplementedError

    @classmethod
    def _expects(cls) -> Framing | None:
        limit = cls.MAX_LENGTH
        if not cls._stillWatches() or cls.dataReceived is not Framed.dataReceived or limit <= 0:
            return None
        half, (format, width) = cls._halfCloseable(), cls._format(cls)

        def factory(key: int) -> int:
            return string_factory(half, format, width, longest(limit), key)

        return Framing(cls, cls._places, (format, width, limit), factory)

    def _framesAs(self, framing: Framing) -> bool:
        if self._touched or not self._framesNatively():
            return False
        format, width, self._limit = framing.settings
        self._plain = framing.places.areKept() and self._format(self) == (format, width)
        return self._plain

    def _nativeFactory(self, cache: FactoryCache) -> int:
        if not self._stillWatches():
            self._watches = False
        self._limit = self.MAX_LENGTH
        # Zero would be the default: what it means is told once the conn is there.
        return cache.string(self._halfCloseable(), *self._format(self), longest(self._limit) or 1)

    def _settle(self) -> bool:
        self._notice()
        limit, before = self.MAX_LENGTH, self._limit
        self._limit = limit
        if limit == before:
            return False
        functions.string_set_max_length(self._conn, longest(limit))
        return True

    def _takeBlock(self, address: int, length: int, table: int, count: int) -> int:
        if not self._plain:
            if self._touched or not self._watches:
                # Changed outside of a callback, maybe; these were framed by the limit of before.
                self._settle()
            if self._attached is not None:
                return self._takeFed(cut(address, length, table, count))
        return self._take(cut(address, length, table, count))

    def _takeFed(self, strings: Sequence[bytes]) -> int:
        """Delivers the strings of a block of a conn that is fed; tells how many were taken."""
        return self._take(strings)

    def _take(self, strings: Sequence[bytes]) -> int:
        if type(self).stringsReceived is not _stringsReceived:
            return self._atOnce(list(strings), self.stringsReceived)
        return self._inTurn(strings)

    def _stringTooLong(self, length: int) -> None:
        self.lengthLimitExceeded(length)
        self._after()


#: A look into a class takes longer than a name of the module.
_stringsReceived = StringFramed.stringsReceived


class IntNStringReceiver(StringFramed):
    """A protocol that receives strings behind a binary length.

    :ivar structFormat: how the length is written, as the module struct has it. Its first character
        tells the byte order: ``!`` or ``>`` big-endian, ``<`` little-endian, else the machine's.
    :ivar prefixLength: how many bytes the length has, 1 to 8. It alone counts: lengths of 24 bits,
        for which there is no format, are ``structFormat = "!I"`` with ``prefixLength = 3``. Both are
        fixed once there is a connection; Twisted has what is sent go by them as they are then.
    :ivar recvd: what was received and not yet delivered; what is assigned to it in a callback is read
        instead. It is there on other transports than a reactor's, and on those for classes whose own
        methods name it, or that have a ``dataReceived`` of their own: they are framed more slowly.
    """

    structFormat: ClassVar[str] = "!I"
    prefixLength: ClassVar[int] = 4
    recvd = Received()

    def __init_subclass__(cls, **keywords: Any) -> None:
        super().__init_subclass__(**keywords)
        if cls.dataReceived is Framed.dataReceived and mentions(cls, "recvd"):
            cls.dataReceived = _fed  # type: ignore[assignment, method-assign]

    def _attachment(self) -> Attachment:
        if self._attached is None:
            self._attached = Kept(self)
            self._plain = False
        return self._attached

    def _sizeOf(self, strings: Sequence[bytes]) -> int:
        """So many bytes these had, with their lengths."""
        return sum(map(len, strings)) + self.prefixLength * len(strings)

    def _takeFed(self, strings: Sequence[bytes]) -> int:
        kept = cast(Kept, self._attached)
        kept.block = strings
        taken = super()._takeFed(strings)
        kept.block = ()
        kept.passed(self._sizeOf(strings if taken == len(strings) else strings[:taken]))
        return taken

    def _crashed(self) -> int:
        taken, kept = super()._crashed(), self._attached
        if isinstance(kept, Kept):
            kept.passed(self._sizeOf(kept.block[:taken]))
            kept.block = ()
        return taken

    def _stringTooLong(self, length: int) -> None:
        kept = self._attached
        try:
            super()._stringTooLong(length)
        finally:
            if isinstance(kept, Kept):
                kept.passed(length + self.prefixLength)

    def frame(self, string: bytes) -> bytes:
        """A string with its length.

        :raises StringTooLongError: if the prefix cannot tell the length.
        """
        return self._head(string) + string

    def sendString(self, string: bytes) -> None:
        """Sends a string behind its length.

        :raises StringTooLongError: if the prefix cannot tell the length.
        """
        if self.transport is self._gatherer and type(string) is bytes:
            # Behind another one that waits to be handed over: their lengths come when they are.
            self._gathered.append(string)
            return
        transport = self.transport
        if (
            transport is self._ours
            and self.prefixLength >= 4
            and type(string) is bytes
            and type(self).frame is IntNStringReceiver.frame
        ):
            transport.writeLine(string, None, self)
        else:
            transport.write(self.frame(string))

    def _head(self, string: bytes) -> bytes:
        return _heads(self.prefixLength, self._order(self))[len(string)]

    def _joined(self, strings: list[bytes]) -> bytes:
        if type(self).frame is not IntNStringReceiver.frame:
            return super()._joined(strings)
        return _heads(self.prefixLength, self._order(self)).join(strings)

    @staticmethod
    def _order(whose: Any) -> Literal["big", "little"]:
        first = whose.structFormat[:1]
        if first in ("!", ">"):
            return "big"
        return "little" if first == "<" else sys.byteorder

    @staticmethod
    def _format(whose: Any) -> tuple[int, int]:
        big = IntNStringReceiver._order(whose) == "big"
        order = constants.STRING_BIG_ENDIAN if big else constants.STRING_LITTLE_ENDIAN
        return order, whose.prefixLength


    @classmethod
    def _expects(cls) -> Framing | None:
        # They may be properties.
        told = isinstance(cls.structFormat, str) and isinstance(cls.prefixLength, int)
        return super()._expects() if told else None


def _fed(self: IntNStringReceiver, data: bytes) -> None:
    Framed.dataReceived(self, data)


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

    def sendString(self, string: bytes) -> None:
        """Sends a netstring."""
        if self.transport is self._gatherer and type(string) is bytes:
            self._gathered.append(string)
            return
        transport = self.transport
        if (
            transport is self._ours
            and type(string) is bytes
            and type(self).frame is NetstringReceiver.frame
        ):
            transport.writeLine(string, None, self)
        else:
            transport.write(self.frame(string))

    def _joined(self, strings: list[bytes]) -> bytes:
        if type(self).frame is not NetstringReceiver.frame:
            return super()._joined(strings)
        return _decimal.join(strings, b",")

    @staticmethod
    def _format(whose: Any) -> tuple[int, int]:
        return constants.STRING_NETSTRING, 0

    def _peerBroke(self) -> None:
        self.brokenPeer = 1
