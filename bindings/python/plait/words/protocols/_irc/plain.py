"""What a client does where nobody says otherwise."""

from __future__ import annotations

from typing import Any

_kept: dict[str, Any] = {}


def plain(name: str) -> Any:
    """The method that a client has if nobody overrides it."""
    if name not in _kept:
        from .client import IRCClient

        _kept[name] = getattr(IRCClient, name)
    return _kept[name]
