"""What C's callbacks find Python's objects by.

C keeps no reference to a Python object: it is given numbers, and the tables here turn them back.
A handle is never used twice, and neither is a key, so that a number which is no longer in its table
belongs to something that has ended.
"""

from __future__ import annotations

import itertools
from ctypes import py_object, pythonapi
from types import CodeType
from typing import Any, Callable, Protocol

_keys = itertools.count(1)

#: By key: what was given to C as ``user``.
objects: dict[int, Any] = {}

#: Code of functions that C calls directly. An exception that a signal handler raised there, outside
#: of every ``try``, would be lost.
entries: set[CodeType] = set()


class Driver(Protocol):
    """Whatever is driven: a reactor, or the thread's reactor without a loop."""

    inside: bool
    dirty: list[Any]

    def flush(self) -> None:
        """Hands to C what was written since the last time."""

    def interrupt(self, error: BaseException) -> None:
        """Ends the driving call, and has it raise this exception."""


class Conn(Protocol):
    """What a conn's handle stands for in Python."""

    driver: Driver
    framer: Any

    def bound(self, conn: int) -> None:
        """The conn speaks the framer's protocol from now on."""

    def received(self, data: bytes) -> None:
        """Bytes without framing arrived."""

    def lost(self, status: int, text: str) -> None:
        """The conn has ended."""

    def crashed(self, error: BaseException) -> None:
        """A callback of the program's raised an exception."""


#: By handle: the conns whose callbacks are wanted.
conns: dict[int, Any] = {}


def hold(thing: Any) -> int:
    """Gives a key by which C's callbacks find this object, until :func:`drop`."""
    key = next(_keys)
    objects[key] = thing
    return key


def drop(key: int) -> Any:
    """Forgets a key; gives what it stood for, or None."""
    return objects.pop(key, None)


def entry(kind: Any) -> Callable[[Callable[..., Any]], Any]:
    """Makes a function into one that C may call.

    Only for functions of modules: C may call them as long as the process lives, even when the
    interpreter is being taken down and has cleared the modules.
    """

    def make(function: Callable[..., Any]) -> Any:
        entries.add(function.__code__)
        made = kind(function)
        pythonapi.Py_IncRef(py_object(made))
        return made

    return make
