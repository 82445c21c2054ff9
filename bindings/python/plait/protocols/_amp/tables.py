"""What the C library calls for AMP, and the factories that have it do so."""

from __future__ import annotations

from ctypes import addressof, byref, c_uint32
from typing import TYPE_CHECKING, Any

from ..._core.registry import conns, entry, objects
from ..._core.tables import _blocks, _bound, _table, _tell
from ..._native import amp as native
from ..._native import structs
from ...internet._reasons import check

if TYPE_CHECKING:
    from ..._core.factories import FactoryCache

#: Numbers in memory that the C library lends, of which is known only where they begin.
_Numbers = c_uint32 * (1 << 28)


@entry(native.AmpRequestsFunction)
def _requests(user: int, conn: int, data: Any, length: int, rows: Any, count: int) -> None:
    self = conns.get(conn)
    if self is None:
        return
    driver = self.driver
    driver.inside = True
    try:
        numbers = _Numbers.from_address(addressof(rows.contents))
        self.framer._takeRequests(data[:length], numbers, count)
    except BaseException as error:
        self.crashed(error)
    finally:
        driver.inside = False
        if driver.dirty:
            driver.flush()


@entry(native.AmpAnswerFunction)
def answered(user: int, conn: int, answer: int, reason: Any) -> None:
    """A call has ended."""
    call = objects.pop(user, None)
    if call is None:
        return
    driver = call.driver
    driver.inside = True
    try:
        call.ended(answer, reason)
    except BaseException as error:
        call.transport.crashed(error)
    finally:
        driver.leave()


@entry(native.AmpCancelledFunction)
def _cancelled(user: int, conn: int, request: int, tag: Any, length: int) -> None:
    _tell(conn, "_cancelled", tag[:length], framer=True)


@entry(native.AmpExtendedFunction)
def _extended(user: int, conn: int, most: int) -> None:
    _tell(conn, "_extended", most, framer=True)


#: By whether the protocol goes on when the peer has said its last word.
_boxes_table = [
    _table(native.AmpHandler, half, connected=_bound, boxes=_blocks) for half in (False, True)
]
_requests_table = [
    _table(
        native.AmpHandler,
        half,
        connected=_bound,
        requests=_requests,
        cancelled=_cancelled,
        extended=_extended,
    )
    for half in (False, True)
]


def boxes_factory(cache: FactoryCache, half: bool, max_box: int) -> int:
    """A factory whose conns give all boxes to Python."""

    def make(out: Any) -> None:
        options = native.AmpOptions(max_box=max_box)
        check(native.amp_factory_new(byref(out), byref(options), byref(_boxes_table[half]), None))

    return cache.of(("boxes", half, max_box), make)


def requests_factory(
    cache: FactoryCache, half: bool, options: dict[str, int], commands: Any
) -> int:
    """A factory whose conns give requests to Python, with the places of the arguments of these
    commands: their names, flags and arguments' names.
    """

    def make(out: Any) -> None:
        made = native.AmpOptions(**options)
        made.flags |= native.AMP_ALL_REQUESTS
        check(native.amp_factory_new(byref(out), byref(made), byref(_requests_table[half]), None))
        for name, flags, arguments in commands:
            command = _command(name, flags, arguments)
            try:
                check(native.amp_factory_add_responder(out.value, command, _nobody))
            finally:
                native.amp_command_release(command)

    return cache.of(("requests", half, tuple(options.items()), commands), make)


_nobody = native.AmpResponderFunction()


def _command(name: bytes, flags: int, arguments: Any) -> int:
    """A command for its places alone: values are looked at by Python."""
    out = structs.Handle()
    check(native.amp_command_new(byref(out), 0, name, len(name), flags))
    try:
        for key in arguments:
            check(native.amp_command_add_argument(out.value, key, len(key), b"String?"))
    except BaseException:
        native.amp_command_release(out.value)
        raise
    return out.value
