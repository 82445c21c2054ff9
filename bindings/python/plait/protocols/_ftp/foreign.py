"""Portals that are Twisted's own, with Twisted's checkers and realms."""

from __future__ import annotations

import sys
from typing import Any

from ...cred.credentials import Anonymous
from .interfaces import IFTPShell


def as_known(portal: Any, shown: Any) -> tuple[Any, list[Any]]:
    """Credentials and the interface of shells as a portal knows them."""
    interfaces: list[Any] = [IFTPShell]
    theirs = sys.modules.get("twisted.protocols.ftp")
    if theirs is not None:
        interfaces.append(theirs.IFTPShell)
    known = sys.modules.get("twisted.cred.credentials")
    if known is not None and type(portal).__module__.startswith("twisted."):
        if isinstance(shown, Anonymous):
            return known.Anonymous(), interfaces
        return known.UsernamePassword(shown.username, shown.password), interfaces
    return shown, interfaces
