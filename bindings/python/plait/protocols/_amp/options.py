"""How AMP is spoken, where that can be chosen."""

from __future__ import annotations

import math
from typing import NamedTuple

from ..._native import amp as native


class AmpOptions(NamedTuple):
    """What :attr:`AMP.ampOptions` holds. Twisted has none of these.

    Keep-alive and the extension are the C library's: they need a reactor's own transport, and a
    protocol that gets its boxes itself, by no ``ampBoxReceived`` of a subclass's.

    :ivar maxBox: the longest box that is received, in bytes.
    :ivar maxLarge: the same for boxes with large values, by the extension.
    :ivar maxCalls: how many calls may wait for their answers, those included that were given up.
    :ivar maxRequests: how many of the peer's calls may wait for their answers, on a reactor's own
        transport: when there are so many, nothing is read until one is answered.
    :ivar callTimeout: how many seconds calls may take that have no ``timeout``; None for ever.
    :ivar keepAlive: after so many seconds of silence the peer is asked for a sign of life, and after
        as many more the connection ends; None for never.
    :ivar extension: whether this side understands what goes beyond Twisted, if the peer does: values
        above 64 KiB, and calls that are given up or have a time limit, which the responder hears of.
    :ivar announce: whether it says so, when the connection is made.
    """

    maxBox: int = 4 << 20
    maxLarge: int = 16 << 20
    maxCalls: int = 131072
    maxRequests: int = 131072
    callTimeout: float | None = None
    keepAlive: float | None = None
    extension: bool = False
    announce: bool = False

    def native(self) -> dict[str, int]:
        """The same for the C library."""
        flags = native.AMP_EXTENSION if self.extension else 0
        return {
            "flags": flags | (native.AMP_ANNOUNCE if self.announce else 0),
            "max_box": self.maxBox,
            "max_large": self.maxLarge,
            "max_calls": self.maxCalls,
            "call_ms": milliseconds(self.callTimeout),
            "keep_alive_ms": milliseconds(self.keepAlive),
        }


def milliseconds(seconds: float | None) -> int:
    """As the C library counts; 0 for no limit."""
    return 0 if seconds is None else max(1, math.ceil(seconds * 1000))
