"""What a program gives for a factory, judged."""

from __future__ import annotations

from types import FunctionType
from typing import Any


def factory_of(
    given: Any, kind: str = "Factory", method: str = "buildProtocol", *, also: str = ""
) -> Any:
    """What builds protocols, of Plait's, of Twisted's, or a program's own.

    :param kind: what is wanted.
    :param method: what it has, and others have not.
    :param also: what else would do.
    :raises TypeError: if it is none; the usual slip is to give a class of protocols.
    """
    found = getattr(given, method, None)
    # A class of factories has the method for its objects.
    if found is not None and not (isinstance(given, type) and isinstance(found, FunctionType)):
        return given
    hint = ""
    if isinstance(given, type):
        made = f"{given.__name__}()" if found is not None else f"{kind}.forProtocol({given.__name__})"
        hint = f"; {made} makes one"
    raise TypeError(f"a {kind} is wanted{also}, not {given!r}{hint}")
