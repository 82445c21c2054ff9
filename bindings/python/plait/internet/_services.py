"""Where services are, by a program's own answers."""

from __future__ import annotations

import inspect
from typing import Any

from .._core.registry import entry, objects
from .._native import service as native
from .defer import Deferred, ensureDeferred


def _answer(lookup: int, records: Any) -> None:
    """Answers; whoever waited may have gone meanwhile."""
    for host, port, *order in records or ():
        priority, weight = (*order, 0, 0)[:2]
        native.service_add(lookup, host.encode("idna"), port, priority, weight)
    native.service_answer(lookup)


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
        if not isinstance(found, Deferred):
            _answer(lookup, found)
            return 1

        def failed(failure: Any) -> None:
            native.service_answer(lookup)
            reactor.failed(failure.value, "Unhandled error in a look-up of services")

        found.addCallback(lambda records: _answer(lookup, records)).addErrback(failed)
        return 1
    except BaseException as error:
        reactor.failed(error, "Unhandled error in a look-up of services")
        return 0
    finally:
        reactor.leave()
