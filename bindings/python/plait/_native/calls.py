"""How the functions of the C library are declared. Importing this module loads the library."""

from __future__ import annotations

from typing import Any

from .library import load

_unlocked, _locked = load()


def driving(name: str, result: Any, *arguments: Any) -> Any:
    """A call that may wait: other threads run meanwhile."""
    function = getattr(_unlocked, name)
    function.restype, function.argtypes = result, arguments
    return function


def quick(name: str, result: Any, *arguments: Any) -> Any:
    """A call that returns at once: the interpreter's lock is kept."""
    function = getattr(_locked, name)
    function.restype, function.argtypes = result, arguments
    return function


def bare(name: str, result: Any) -> Any:
    """A function that is declared already, once more and without the types of its arguments, which takes a
    third of the time. Each has to be what C wants: bytes, None, a number of up to 31 bits, or an
    object of ctypes.
    """
    function = _locked[name]
    function.restype = result
    return function
