"""The callback tables that all conns share.

One callback from C per block, whatever the number of messages in it. Each finds its conn, runs the
program's code, and hands over what that wrote; what the program raises ends here.
"""

from __future__ import annotations

from typing import Any

from .._native import structs
from .registry import conns, drop, entry, objects


@entry(structs.ConnFunction)
def _opened(user: int, conn: int) -> None:
    opener = objects.get(user)
    if opener is None:
        return
    driver = opener.driver
    driver.inside = True
    try:
        opener.opened(conn)
    except BaseException as error:
        driver.interrupt(error)
    finally:
        driver.leave()


@entry(structs.ConnFunction)
def _bound(user: int, conn: int) -> None:
    _tell(conn, "bound", conn)


@entry(structs.DisconnectedFunction)
def _disconnected(user: int, conn: int, reason: Any) -> None:
    self = conns.pop(conn, None)
    if self is None:
        return
    driver = self.driver
    driver.inside = True
    try:
        about = reason.contents
        status: int = about.status
        self.lost(status, (about.text or b"").decode("utf-8", "replace") if status else "")
    except BaseException as error:
        self.crashed(error)
    finally:
        driver.leave()


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
    self = conns.get(conn)
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


@entry(structs.DataFunction)
def _data(user: int, conn: int, data: Any, length: int) -> None:
    self = conns.get(conn)
    if self is None:
        return
    driver = self.driver
    driver.inside = True
    try:
        self.received(data[:length])
    except BaseException as error:
        self.crashed(error)
    if driver.dirty:
        driver.flush()
    driver.inside = False


@entry(structs.BlockFunction)
def _blocks(user: int, conn: int, data: Any, length: int, table: Any, count: int) -> int:
    self = conns.get(conn)
    if self is None:
        return count
    driver = self.driver
    driver.inside = True
    try:
        taken: int = self.framer._takeBlock(data[:length], table, count)
    except BaseException as error:
        taken = self.crashed(error)
    if driver.dirty:
        driver.flush()
    driver.inside = False
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


raw = _table(structs.RawHandler, connected=_opened, data=_data)
#: For a conn that goes back from a framer to raw bytes.
rebound = _table(structs.RawHandler, connected=_bound, data=_data)
#: By whether the protocol goes on when the peer has said its last word: for those that do not, the
#: C library closes by itself.
line = [
    _table(
        structs.LineHandler,
        half,
        connected=_bound,
        lines=_blocks,
        raw=_data,
        line_too_long=_line_too_long,
    )
    for half in (False, True)
]
string = [
    _table(
        structs.StringHandler,
        half,
        connected=_bound,
        strings=_blocks,
        string_too_long=_string_too_long,
    )
    for half in (False, True)
]
