"""Messages out of the blocks that the C library delivers."""

from __future__ import annotations

import functools
import struct
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple, Tuple

from .._core.tables import memory

#: Blocks of more messages than this are not looked at for being all of one size.
_MOST = 512
_pair = struct.Struct("II").unpack_from
_memoryview = memoryview


def cut(address: int, length: int, table: int, count: int) -> Sequence[bytes]:
    """The messages of a block that C lends, by its table of offsets and lengths."""
    found = alike(address, length, table, count)
    if found is not None:
        return found
    data = memory[address : address + length]
    bounds = iter(_memoryview(memory[table : table + 8 * count]).cast("I").tolist())
    return [data[start : start + size] for start, size in zip(bounds, bounds)]


def alike(address: int, length: int, table: int, count: int) -> Sequence[bytes] | None:
    """The same if they are all of one size, as they often are: it takes a quarter of the time."""
    global _last
    bounds = memory[table : table + 8 * count]
    layout = _last
    if bounds == layout.table and length == layout.length:
        return layout.unpack(memory, address)
    step = length // count
    if not 1 < count <= _MOST or step * count != length:
        return None
    first, size = _pair(bounds)
    # A look at the last one, too, before anything is made for them.
    if _pair(bounds, 8 * (count - 1)) != (first + step * (count - 1), size) or first + size > step:
        return None
    layout = _layout(first, size, step, count)
    if bounds != layout.table:
        return None
    _last = layout
    return layout.unpack(memory, address)


class _Layout(NamedTuple):
    """A block whose messages are all of one size: its table, its length, and what cuts it."""

    table: bytes
    length: int
    unpack: Callable[[Any, int], Tuple[bytes, ...]]


#: That of the latest such block: the next one is often like it.
_last = _Layout(b"", -1, struct.Struct("").unpack_from)


@functools.lru_cache(maxsize=128)
def _layout(first: int, size: int, step: int, count: int) -> _Layout:
    bounds = [number for index in range(count) for number in (first + index * step, size)]
    gap = f"{step - size}x" * bool(step - size)
    form = f"{first}x{size}s" + f"{gap}{size}s" * (count - 1) + f"{step - size - first}x"
    return _Layout(struct.pack(f"{2 * count}I", *bounds), step * count, struct.Struct(form).unpack_from)
