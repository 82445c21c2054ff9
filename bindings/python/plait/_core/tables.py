"""The callback tables that all conns share.

One callback from C per block, whatever the number of messages in it. Each finds its conn, runs the
program's code, and hands over what that wrote; what the program raises ends here.
"""

from __future__ import annotations

import sys
from ctypes import CFUNCTYPE, c_char, c_size_t, c_uint64, c_void_p, cast
from typing import Any

from .._native import functions, structs
from .registry import conns, drop, entry, objects

#: What the C library lends, by its address: a slice of this copies it. (An object around each address
#: would take longer than the copy.)
memory: Any = (c_char * sys.maxsize).from_address(0)


# Methods of what was imported by its name are looked up anew each time.
_held, _find, _take = objects.get, conns.get, conns.pop


@entry(structs.ConnFunction)
def _opened(user: int, conn: int) -> None:
    opener = _held(user)
    if opener is None:
        return
    driver = opener.driver
    driver.inside = True
    try:
        opener.opened(conn)
    except BaseException as error:
        if conn not in conns:
            functions.conn_abort(conn)
        driver.interrupt(error)
    finally:
        driver.leave()


@entry(structs.ConnFunction)
def _bound(user: int, conn: int) -> None:
    _tell(conn, "bound", conn)


#: As ``DisconnectedFunction``; of the reason the status alone is wanted, as a rule.
_EndFunction = CFUNCTYPE(None, c_void_p, c_uint64, c_void_p)
_FROM = structs.Reason.status.offset
_TO = _FROM + structs.Reason.status.size
_GOOD = bytes(structs.Reason.status.size)


@entry(_EndFunction)
def _ended(user: int, conn: int, reason: int) -> None:
    self = _take(conn, None)
    if self is None:
        return
    driver = self.driver
    driver.inside = True
    try:
        if memory[reason + _FROM : reason + _TO] == _GOOD:
            self.lost(0, "")
        else:
            about = structs.Reason.from_address(reason)
            self.lost(about.status, (about.text or b"").decode("utf-8", "replace"))
    except BaseException as error:
        self.crashed(error)
    finally:
        driver.inside = False
        if driver.dirty:
            driver.flush()


@entry(structs.ConnFunction)
def _read_closed(user: int, conn: int) -> None:
    _tell(conn, "readClosed")


@entry(structs.ConnFunction)
def _write_paused(user: int, conn: int) -> None:
    _tell(conn, "writePaused")


@entry(structs.ConnFunction)
def _write_resumed(user: int, conn: int) -> None:
    _tell(conn, "writeResumed")


def _tell(conn: int, what: str, *arguments: Any, framer: bool = False) -> None:
    """Calls a method of the conn's, or of what frames for it."""
    self = _find(conn)
    if self is None:
        return
    driver = self.driver
    driver.inside = True
    try:
        getattr(self.framer if framer else self, what)(*arguments)
    except BaseException as error:
        self.crashed(error)
    finally:
        driver.leave()


@entry(structs.ReleaseFunction)
def _released(user: int) -> None:
    drop(user)


#: As ``DataFunction`` and ``BlockFunction``, with addresses as numbers: to make an object around each
#: would cost as much as all the rest of a short block.
_DataFunction = CFUNCTYPE(None, c_void_p, c_uint64, c_void_p, c_size_t)
_BlockFunction = CFUNCTYPE(c_size_t, c_void_p, c_uint64, c_void_p, c_size_t, c_void_p, c_size_t)

@entry(_DataFunction)
def _bytes(user: int, conn: int, data: int, length: int) -> None:
    self = _find(conn)
    if self is None:
        return
    driver = self.driver
    driver.inside = True
    try:
        self.received(memory[data : data + length])
    except BaseException as error:
        self.crashed(error)
    finally:
        driver.inside = False
        if driver.dirty:
            driver.flush()


@entry(_BlockFunction)
def _messages(user: int, conn: int, data: int, length: int, table: int, count: int) -> int:
    self = _find(conn)
    if self is None:
        return count
    driver = self.driver
    driver.inside = True
    try:
        taken: int = self.framer._takeBlock(data, length, table, count)
    except BaseException as error:
        taken = self.crashed(error)
    finally:
        driver.inside = False
        if driver.dirty:
            driver.flush()
    return taken


@entry(structs.DataFunction)
def _line_too_long(user: int, conn: int, data: Any, length: int) -> None:
    _tell(conn, "_lineTooLong", data[:length], framer=True)


@entry(structs.StringTooLongFunction)
def _string_too_long(user: int, conn: int, length: int) -> None:
    _tell(conn, "_stringTooLong", length, framer=True)


def _table(kind: Any, half_closeable: bool = True, **callbacks: Any) -> Any:
    if half_closeable:
        callbacks["read_closed"] = _read_closed
    return kind(
        disconnected=_disconnected,
        write_paused=_write_paused,
        write_resumed=_write_resumed,
        release=_released,
        **callbacks,
    )


_data = cast(_bytes, structs.DataFunction)
_blocks = cast(_messages, structs.BlockFunction)
_disconnected = cast(_ended, structs.DisconnectedFunction)
raw = _table(structs.RawHandler, connected=_opened, data=_data)
#: For a conn that goes back from a framer to raw bytes.
rebound = _table(structs.RawHandler, connected=_bound, data=_data)
_lines = {"lines": _blocks, "raw": _data, "line_too_long": _line_too_long}
_strings = {"strings": _blocks, "string_too_long": _string_too_long}
#: By whether the protocol goes on when the peer has said its last word: for those that do not, the
#: C library closes by itself.
line, string = (
    [_table(kind, half, connected=_bound, **callbacks) for half in (False, True)]
    for kind, callbacks in ((structs.LineHandler, _lines), (structs.StringHandler, _strings))
)
#: The same for conns that are framed from the beginning on: their openers take them on.
opened_line, opened_string = (
    [_table(kind, half, connected=_opened, **callbacks) for half in (False, True)]
    for kind, callbacks in ((structs.LineHandler, _lines), (structs.StringHandler, _strings))
)
