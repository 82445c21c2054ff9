"""One conversation under every way of cutting what is received. Twisted has none.

>>> from plait.protocols.basic import LineOnlyReceiver
>>> class Recorder(LineOnlyReceiver):
...     def connectionMade(self):
...         self.lines = []
...     def lineReceived(self, line):
...         self.lines.append(line)
>>> assertSameForAllCuts(Recorder, b"one\\r\\ntwo\\r\\n", lambda p: p.lines)
59
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from typing import Any, Callable

from ..internet.error import ConnectionDone
from ..python.failure import Failure
from ._transports import StringTransport

__all__ = ["assertSameForAllCuts", "everyCut"]


def everyCut(
    data: bytes, twos: int | None = None, randoms: int = 32, seed: int = 1
) -> Iterator[tuple[str, list[bytes]]]:
    """Ways of cutting bytes, each with its name: whole, byte by byte, every way in two, pieces of 2 to
    17 bytes, and random ones.

    :param twos: how many ways in two, evenly spread; None for all.
    """
    yield "whole", [data]
    yield "byte by byte", _pieces(data, lambda: 1)
    places = range(1, len(data))
    if twos is not None and twos < len(places):
        places = range(1, len(data), max(1, len(places) // max(twos, 1)))
    for place in places:
        yield f"in two behind {place}", [data[:place], data[place:]]
    for size in range(2, 18):
        yield f"in pieces of {size}", _pieces(data, lambda size=size: size)  # type: ignore[misc]
    for number in range(seed, seed + randoms):
        chance = random.Random(number)
        yield (
            f"at random by the seed {number}",
            _pieces(data, lambda c=chance: c.randint(1, 2 ** c.randrange(8))),  # type: ignore[misc]
        )


def _pieces(data: bytes, size: Callable[[], int]) -> list[bytes]:
    pieces, at = [], 0
    while at < len(data):
        end = at + size()
        pieces.append(data[at:end])
        at = end
    return pieces


def assertSameForAllCuts(
    make: Callable[[], Any],
    data: bytes,
    events: Callable[[Any], Any] | None = None,
    end: bool = True,
    twos: int | None = None,
    randoms: int = 32,
    seed: int = 1,
) -> int:
    """Feeds bytes to new protocols, cut in every way: what they send, and what ``events`` makes of
    them in the end, must be the same. Gives how many conversations there were.

    :param make: makes a protocol.
    :param end: whether the connection is lost in the end, unless the protocol has asked for that.
    """
    first: Any = None
    count = 0
    for name, pieces in everyCut(data, twos, randoms, seed):
        protocol, transport = make(), StringTransport()
        protocol.makeConnection(transport)
        for piece in pieces:
            if not transport.disconnecting:
                protocol.dataReceived(piece)
        if end:
            transport.connected = False
            protocol.connectionLost(Failure(ConnectionDone()))
        told = None if events is None else events(protocol)
        outcome = (transport.value(), transport.disconnecting, told)
        if count == 0:
            first = outcome
        count += 1
        if outcome != first:
            raise AssertionError(f"cut {name}: {outcome!r}, and not {first!r}")
    return count
