"""How logging in fails: Twisted's ``twisted.words.protocols.jabber.sasl``."""

from __future__ import annotations

from typing import Optional

__all__ = ["SASLAuthError", "SASLError"]


class SASLError(Exception):
    """Logging in failed."""


class SASLAuthError(SASLError):
    """The server has refused.

    :ivar condition: as RFC 6120 names it; ``not-authorized`` for a wrong password.
    """

    def __init__(self, condition: Optional[str] = None) -> None:
        super().__init__(condition)
        self.condition = condition

    def __str__(self) -> str:
        return f"SASLAuthError with condition {self.condition!r}"
