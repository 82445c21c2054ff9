"""What notices that attributes of a framer, or of its class, were changed: to look each time would cost a
message a tenth of its time for each of them.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


class Watched:
    """An attribute of a framer that may be changed at any time, and whose change is noticed."""

    def __init__(self, default: Any) -> None:
        self.default = default

    def __set_name__(self, owner: type, name: str) -> None:
        self.name = "_watched_" + name
        # It is always found: a program's __getattr__ is not asked for it.
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

    __slots__ = ("_count", "_found", "_names", "_tables")

    def __init__(self, tables: tuple[Mapping[str, Any], ...], names: tuple[str, ...]) -> None:
        self._tables, self._names = tables, names
        self._found = self._look()
        #: How many names the tables had when they were last looked through.
        self._count = sum(map(len, tables))

    def areKept(self) -> bool:
        """Whether all is still there, and nothing in front of it. Asked for each connection."""
        count = sum(map(len, self._tables))
        if count != self._count:
            if self._look() != self._found:
                return False
            self._count = count
        # As long as no name came or went, all are where they were.
        for table, name, found in self._found:
            if table[name] is not found:
                return False
        return True

    def _look(self) -> list[tuple[Mapping[str, Any], str, Any]]:
        found = []
        for name in self._names:
            table = next((table for table in self._tables if name in table), None)
            if table is not None:
                found.append((table, name, table[name]))
        return found
