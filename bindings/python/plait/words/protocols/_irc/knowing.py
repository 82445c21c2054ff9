"""What a client knows: who is where, and how the server is."""

from __future__ import annotations

from ctypes import byref, c_size_t, c_uint64
from typing import Any, Optional

from ...._native import irc as native
from .base import Base
from .batches import Batch
from .messages import made

_UPPER, _LOWER = "ABCDEFGHIJKLMNOPQRSTUVWXYZ", "abcdefghijklmnopqrstuvwxyz"
_FOLDS = {
    "ascii": str.maketrans(_UPPER, _LOWER),
    "rfc1459": str.maketrans(_UPPER + "[]\\~", _LOWER + "{}|^"),
    "strict-rfc1459": str.maketrans(_UPPER + "[]\\", _LOWER + "{}|"),
    "rfc1459-strict": str.maketrans(_UPPER + "[]\\", _LOWER + "{}|"),
}


class Knowing(Base):
    """The state of :class:`IRCClient`, which the C library keeps."""

    def _known(self, function: Any, *name: str) -> str:
        data = [self._encoded(n) for n in name]
        arguments = [x for d in data for x in (d, len(d))]
        try:
            return self._decoded(made(function, self._conn, *arguments))
        except ValueError:
            if name:
                raise KeyError(name[0]) from None
            return ""

    def fold(self, name: str) -> str:
        """The small letters of a nick or channel, as the server has them."""
        mapping = (self.supported.getFeature("CASEMAPPING") or ("rfc1459",))[0]
        return name.translate(_FOLDS.get(mapping, _FOLDS["rfc1459"]))

    def isSame(self, name: str, other: str) -> bool:
        """Whether two names are those of the same person or channel."""
        return name == other or self.fold(name) == self.fold(other)

    @property
    def channels(self) -> list[str]:
        """The channels that this side is in."""
        return self._known(native.irc_get_channels).split()

    def membersOf(self, channel: str) -> dict[str, str]:
        """
        Who is in a channel that this side is in: nicks, each with what stands before it, such as ``@``.

        :raises KeyError: this side is not in it.
        """
        symbols = "".join(s for s, _ in (self.supported.getFeature("PREFIX") or {}).values())
        words = self._known(native.irc_get_members, channel).split()
        return {name: word[: len(word) - len(name)] for word in words for name in [word.lstrip(symbols)]}

    def topicOf(self, channel: str) -> str:
        """The topic of a channel that this side is in, as far as it is known."""
        return self._known(native.irc_get_topic, channel)

    def modesOf(self, channel: str) -> str:
        """The modes of one, as far as the server has told them: ``"+ntk key"``."""
        return self._known(native.irc_get_modes, channel)

    @property
    def batch(self) -> Optional[Batch]:
        """The batch that what is being delivered is part of, or None."""
        if not self._batches or not self._block:
            return None
        found: Optional[Batch] = self._batches.get(self.message.tags.get("batch"))
        return found

    def hasCapability(self, name: str) -> bool:
        """Whether a capability of IRCv3 is in use."""
        data = name.encode()
        return native.irc_get_capability(self._conn, data, len(data)) == 1

    @property
    def lag(self) -> Optional[float]:
        """How many seconds the server's last sign of life took; None: there was none yet."""
        taken = c_uint64()
        status = native.irc_get_lag(self._conn, byref(taken), None)
        return taken.value / 1000 if status == 0 else None

    @property
    def waitingLines(self) -> int:
        """How many lines wait for their turn."""
        count = c_size_t()
        native.irc_get_lag(self._conn, None, byref(count))
        return count.value
