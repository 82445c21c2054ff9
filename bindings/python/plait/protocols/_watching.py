"""What notices that attributes of a framer, or of its class, were changed: to look each time would cost a
message a tenth of its time for each of them.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Mapping
from typing import Any

_numbers = itertools.count()


class Watched:
    """An attribute of a framer that may be changed at any time, and whose change is noticed."""

    def __init__(self, default: Any) -> None:
        self.default = default

    def __set_name__(self, owner: type, name: str) -> None:
        # Another than in any base, which is looked at again when this one is deleted. It is always found: a
        # program's __getattr__ is not asked for it.
        self.name = f"_watched_{name}_{next(_numbers)}"
        setattr(owner, self.name, self.default)

    def __get__(self, framer: Any, owner: Any = None) -> Any:
        return self.default if framer is None else getattr(framer, self.name)

    def __set__(self, framer: Any, value: Any) -> None:
        setattr(framer, self.name, value)
        framer._touch()

    def __delete__(self, framer: Any) -> None:
        delattr(framer, self.name)
        framer._touch()


class Places:
    """Where a class has attributes of these names, in its own table or in those of its bases, whose first is
    looked into first; and what was there at the beginning.
    """

    __slots__ = ("_apart", "_found")

    def __init__(self, tables: tuple[Mapping[str, Any], ...], names: tuple[str, ...]) -> None:
        #: What each name was found in, and what was there.
        self._found: list[tuple[Mapping[str, Any], str, Any]] = []
        #: Asks a table whether it has none of these names: each before what they were found in.
        self._apart: list[tuple[Callable[[Iterable[str]], bool], tuple[str, ...]]] = []
        for table in tables:
            self._found += [(table, name, table[name]) for name in names if name in table]
            names = tuple(name for name in names if name not in table)
            if names:
                self._apart.append((table.keys().isdisjoint, names))

    def areKept(self) -> bool:
        """Whether all is still there, and nothing in front of it. Asked for each connection."""
        for isDisjoint, names in self._apart:
            if not isDisjoint(names):
                return False
        try:
            for table, name, found in self._found:
                if table[name] is not found:
                    return False
        except KeyError:
            return False
        return True
