"""Finds and loads the C library.

It is looked for in this order: where the environment variable ``PLAIT_LIBRARY`` says, inside the
package (where wheels carry it), and where the system's loader finds ``libplait.so.0``.
"""

from __future__ import annotations

import ctypes
import os
import sys
from collections.abc import Iterator

_NAMES = {"darwin": ("libplait.dylib", "libplait.0.dylib")}.get(
    sys.platform, ("libplait.so", "libplait.so.0")
)


def candidates() -> Iterator[str]:
    """The places to try, the most specific one first."""
    chosen = os.environ.get("PLAIT_LIBRARY")
    if chosen:
        # Whoever names a library wants that one: no other is tried instead.
        yield chosen
        return
    bundled = os.path.join(os.path.dirname(os.path.dirname(__file__)), "_lib", _NAMES[0])
    if os.path.exists(bundled):
        yield bundled
        return
    yield _NAMES[1]
    # Loaded late: it takes as long as all the rest of this package's declarations.
    import ctypes.util

    found = ctypes.util.find_library("plait")
    if found:
        yield found


def _main_interpreter() -> bool:
    api = ctypes.pythonapi
    api.PyInterpreterState_Get.restype = api.PyInterpreterState_Main.restype = ctypes.c_void_p
    same: bool = api.PyInterpreterState_Get() == api.PyInterpreterState_Main()
    return same


def load() -> tuple[ctypes.CDLL, ctypes.PyDLL]:
    """Loads the library twice over: as one whose calls release the interpreter's lock while they
    run, and as one whose calls keep it. The second is for calls that return at once, where letting
    go of the lock would cost more than the call, and a switch to another thread far more.
    """
    if not _main_interpreter():
        raise ImportError(
            "Plait works in the main interpreter only: callbacks from C would come to the wrong one"
        )
    tried: list[str] = []
    for path in candidates():
        try:
            return ctypes.CDLL(path), ctypes.PyDLL(path)
        except OSError as error:
            tried.append(str(error))
    raise ImportError(
        "the C library of Plait was not found; set PLAIT_LIBRARY to its path: " + "; ".join(tried)
    )
