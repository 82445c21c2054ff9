"""What the C library calls for IRC, and the factories of its clients."""

from __future__ import annotations

from ctypes import byref
from typing import TYPE_CHECKING, Any

from ...._core.registry import conns, entry
from ...._core.tables import _bound, _table
from ...._native import irc as native
from ...._native.structs import Bytes
from ....internet._reasons import check

if TYPE_CHECKING:
    from ...._core.factories import FactoryCache

#: A row's bytes.
ROW = 4 * native.IRC_ROW_LENGTH


@entry(native.IrcEventsFunction)
def _events(user: int, conn: int, data: Any, length: int, rows: Any, count: int) -> None:
    self = conns.get(conn)
    if self is None:
        return
    driver = self.driver
    driver.inside = True
    try:
        self.framer._takeEvents(data[:length], rows[: ROW * count])
    except BaseException as error:
        self.crashed(error)
    finally:
        driver.inside = False
        if driver.dirty:
            driver.flush()


#: All clients have the same table.
handler = _table(native.IrcHandler, False, connected=_bound, events=_events)


def client_factory(cache: FactoryCache, fields: tuple[tuple[str, Any], ...], key: Any) -> int:
    """A factory whose conns behave as these options say: texts, and numbers. Those of one key have the
    same one."""

    def make(out: Any) -> None:
        options = native.IrcOptions()
        for name, value in fields:
            setattr(options, name, Bytes(value, len(value)) if isinstance(value, bytes) else value)
        check(native.irc_factory_new(byref(out), byref(options), byref(handler), None))

    return cache.of(("irc", fields, key), make)
