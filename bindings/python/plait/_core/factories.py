"""The C factories that Python's protocols are framed by.

A protocol object says how it frames; every way of framing has one C factory, shared by all conns of
a reactor that frame like that.
"""

from __future__ import annotations

from collections.abc import Callable
from ctypes import byref
from typing import Any

from .._native import functions, structs
from ..internet._reasons import check
from . import tables

#: More ways of framing than this at a time are not kept: some program makes up delimiters.
_MOST = 64


def raw_factory(key: int) -> int:
    """A factory of raw conns, each of which is told to the opener behind this key.

    The key is dropped when the factory and its conns are gone.
    """
    out = structs.Handle()
    check(functions.raw_factory_new(byref(out), byref(tables.raw), key))
    return out.value


class Framing:
    """How the protocols of a class frame unless they are told otherwise.

    :ivar kind: the class.
    :ivar places: where the class has what its framing goes by.
    :ivar settings: what that is.
    :ivar factory: makes a C factory of conns that are framed so, and that the opener behind a key is told of.
    """

    __slots__ = ("factory", "kind", "places", "settings")

    def __init__(
        self, kind: Any, places: Any, settings: tuple[Any, ...], factory: Callable[[int], int]
    ) -> None:
        self.kind, self.places = kind, places
        self.settings, self.factory = settings, factory


def line_factory(
    half: bool, delimiter: bytes, max_length: int, flags: int, key: int | None = None
) -> int:
    """A factory of conns that frame lines, which an opener is told of if there is its key."""
    options = structs.LineOptions(flags=flags, max_length=max_length)
    options.delimiter.data, options.delimiter.len = delimiter, len(delimiter)
    table = (tables.line if key is None else tables.opened_line)[half]
    out = structs.Handle()
    check(functions.line_factory_new(byref(out), byref(options), byref(table), key))
    return out.value


def string_factory(
    half: bool, format: int, prefix_length: int, max_length: int, key: int | None = None
) -> int:
    """The same for strings behind their length."""
    options = structs.StringOptions(
        format=format, prefix_length=prefix_length, max_length=max_length
    )
    table = (tables.string if key is None else tables.opened_string)[half]
    out = structs.Handle()
    check(functions.string_factory_new(byref(out), byref(options), byref(table), key))
    return out.value


class FactoryCache:
    """The C factories of one reactor."""

    def __init__(self) -> None:
        self._made: dict[tuple[Any, ...], int] = {}

    def line(self, half: bool, delimiter: bytes, max_length: int, flags: int) -> int:
        """One that frames lines, for protocols that may be half-closed or not."""
        key = (half, delimiter, max_length, flags)
        made = self._made.get(key)
        if made is None:
            made = self._kept(key, line_factory(half, delimiter, max_length, flags))
        return made

    def string(self, half: bool, format: int, prefix_length: int, max_length: int) -> int:
        """One that frames strings behind their length, for protocols that may be half-closed."""
        key = (half, format, prefix_length, max_length)
        made = self._made.get(key)
        if made is None:
            made = self._kept(key, string_factory(half, format, prefix_length, max_length))
        return made

    def of(self, key: tuple[Any, ...], make: Callable[[Any], None]) -> int:
        """One that a function makes, which is given the handle to fill in."""
        made = self._made.get(key)
        if made is None:
            out = structs.Handle()
            try:
                make(out)
            except BaseException:
                functions.factory_release(out.value)
                raise
            made = self._kept(key, out.value)
        return made

    def rebound(self) -> int:
        """One of raw conns that were opened before."""
        made = self._made.get(())
        if made is None:
            out = structs.Handle()
            check(functions.raw_factory_new(byref(out), byref(tables.rebound), None))
            made = self._kept((), out.value)
        return made

    def _kept(self, key: tuple[Any, ...], factory: int) -> int:
        if len(self._made) >= _MOST:
            self.clear()
        self._made[key] = factory
        return factory

    def clear(self) -> None:
        """Lets go of all of them; conns that use one keep it."""
        for factory in self._made.values():
            functions.factory_release(factory)
        self._made.clear()
