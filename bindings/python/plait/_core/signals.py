"""Signals while the reactor runs.

Python runs its signal handlers between two of its own instructions, and there are none while the
reactor waits in C. So a signal writes a byte to a pipe that the reactor watches.
"""

from __future__ import annotations

import contextlib
import os
import signal
import threading
from collections.abc import Iterator
from ctypes import byref, cast
from types import FrameType
from typing import TYPE_CHECKING, Any

from .._native import functions, structs
from ..internet._reasons import check
from .registry import entries

if TYPE_CHECKING:
    from ..internet.reactors import Reactor


# What arrives has `plait_reactor_stop` called by C itself, with the reactor's handle: so the run returns to Python, which runs the
# handlers in the frame of Reactor.run. In a callback of Python's, what they raise would be lost.
_stop: Any = functions.reactor_stop
_table = structs.RawHandler(data=cast(_stop, structs.DataFunction))


def open_wakeup(reactor: int) -> int:
    """Makes a pipe: whatever is written to the descriptor given back has the reactor turn."""
    theirs, ours = os.pipe()
    os.set_blocking(ours, False)
    factory = structs.Handle()
    check(functions.raw_factory_new(byref(factory), byref(_table), reactor))
    try:
        where = b"fd:%d" % theirs
        nobody = structs.ConnectFunction()
        check(functions.connect(reactor, where, factory, None, nobody, None, None))
    except BaseException:
        os.close(theirs)
        os.close(ours)
        raise
    finally:
        functions.factory_release(factory)
    return ours


@contextlib.contextmanager
def watched(reactor: Reactor) -> Iterator[None]:
    """Has signals wake the reactor, in the main thread; and Ctrl-C end its run.

    A handler of the program's own for SIGINT stays; Python's default one is replaced meanwhile, as
    it would raise its exception at places where that could only be lost.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.set_wakeup_fd(reactor.wakeup(), warn_on_full_buffer=False)
    ours = signal.getsignal(signal.SIGINT) is signal.default_int_handler

    def interrupted(number: int, frame: FrameType | None) -> None:
        problem = KeyboardInterrupt()
        reactor.interrupt(problem)
        if reactor.inside and frame is not None and frame.f_code not in entries:
            # The program's own code is running, maybe for long: that ends at once.
            raise problem

    if ours:
        signal.signal(signal.SIGINT, interrupted)
    try:
        yield
    finally:
        signal.set_wakeup_fd(before)
        if ours:
            signal.signal(signal.SIGINT, signal.default_int_handler)
