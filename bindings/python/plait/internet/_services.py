"""Where services are, by a program's own answers."""

from __future__ import annotations

import inspect
from operator import index
from typing import Any

from .._core.registry import entry, objects
from .._native import constants
from .._native import service as native
from ._reasons import check
from .defer import Deferred, ensureDeferred


#: More hosts than this are more than an answer may have.
_MOST = 32


def _records(found: Any) -> list[tuple[bytes, int, int, int]]:
    """What a program answers, looked through before any of it is told."""
    records = []
    for host, port, *order in found or ():
        numbers = [index(number) for number in (port, *order, 0, 0)[:3]]
        if len(order) > 2 or not all(0 <= number <= 0xFFFF for number in numbers):
            raise ValueError(f"no port, priority and weight up to 65535: {(host, port, *order)!r}")
        # (That of ASCII is itself; and "." means nowhere, which is no name.)
        name = host.encode("ascii" if host.isascii() else "idna")
        if not 0 < len(name) < 256 or b"\0" in name:
            raise ValueError(f"no host's name: {host!r}")
        records.append((name, numbers[0], numbers[1], numbers[2]))
    if len(records) > _MOST:
        raise ValueError(f"{len(records)} hosts for a service, of at most {_MOST}")
    return records


def _answer(lookup: int, found: Any) -> None:
    """Answers."""
    for record in _records(found):
        if not _isWanted(native.service_add(lookup, *record)):
            return
    _isWanted(native.service_answer(lookup))


def _isWanted(status: int) -> bool:
    """Whether somebody still waits for the answer: who did may have gone meanwhile."""
    if status in (constants.ERR_CLOSED, constants.ERR_STALE):
        return False
    check(status)
    return True


@entry(native.ServiceFunction)
def asked(user: int, lookup: int, service: bytes, domain: bytes) -> int:
    """The C library asks."""
    reactor = objects.get(user)
    if reactor is None or reactor.serviceLookup is None:
        return 0
    reactor.inside = True
    try:
        found = reactor.serviceLookup(service.decode(), domain.decode("utf-8", "replace"))
        if found is None:
            return 0
        if inspect.iscoroutine(found):
            found = ensureDeferred(found)
        if isinstance(found, Deferred):
            found.addCallback(lambda records: _answer(lookup, records))
            found.addErrback(lambda failure: _failed(reactor, lookup, failure.value))
        else:
            _answer(lookup, found)
    except BaseException as error:
        _failed(reactor, lookup, error)
    finally:
        reactor.leave()
    return 1


def _failed(reactor: Any, lookup: int, error: BaseException) -> None:
    """What a program answers is no answer: as one without hosts."""
    native.service_answer(lookup)
    reactor.failed(error, "Unhandled error in a look-up of services")
