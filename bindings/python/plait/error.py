"""The root of Plait's exceptions."""

from __future__ import annotations

import os
from typing import Any, ClassVar

from ._native import constants

__all__ = ["PlaitError"]


class PlaitError(Exception):
    """Something that the C library answered with a status code.

    What programs usually handle has a class of its own in :mod:`plait.internet.error`, with
    Twisted's name; those derive from this class where a status stands behind them.

    It is made of a status and a text, or, by programs, of what they like.

    :ivar status: the code, for example ``-2`` for ``PLAIT_ERR_STALE``.
    """

    #: The status of an exception that is made without one.
    default_status: ClassVar[int] = constants.ERR_INVALID

    def __init__(self, *args: Any, status: int | None = None, text: str = "") -> None:
        if args and (args[0] is None or isinstance(args[0], int)):
            status, text = args[0], args[1] if len(args) > 1 else text
            args = ()
        self.status = self.default_status if status is None else status
        #: What programs make has a text, as exceptions of Twisted's have, and no status of its own.
        self.text = str(text or " ".join(map(str, args)))
        # Not what stands behind this class: OSError would make an error's number of the status.
        Exception.__init__(self, *(args or (self.status, text)))

    @property
    def name(self) -> str:
        """The code's name in the C headers, for example ``"PLAIT_ERR_STALE"``."""
        from ._native import functions

        return functions.err_name(self.status).decode()

    @property
    def errno(self) -> int:
        """The operating system's error number behind the status, or 0."""
        if self.status > constants.ERR_SYSTEM:
            return 0
        return constants.ERR_SYSTEM - self.status

    def __str__(self) -> str:
        return self.text or describe(self.status)


def describe(status: int) -> str:
    """What a status means, in words."""
    if status <= constants.ERR_SYSTEM:
        return os.strerror(constants.ERR_SYSTEM - status)
    from ._native import functions

    return functions.strerror(status).decode("utf-8", "replace")


#: Words that say nothing.
_SMALL = {"a", "an", "the", "is", "was", "to"}


def _words(text: str) -> set[str]:
    return {word.strip(".,:;") for word in text.lower().split()} - _SMALL


def sentence(summary: str, text: str) -> str:
    """What happened and why, and that once: a cause that says no more than the summary is left out."""
    return summary if _words(text) <= _words(summary) else f"{summary}: {text}"
