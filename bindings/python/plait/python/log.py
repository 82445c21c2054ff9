"""The log, for programs that write to Twisted's old one: of Twisted's ``twisted.python.log``.

All goes to the logger ``plait`` of Python's ``logging``.
"""

from __future__ import annotations

import logging
import sys
from typing import IO, Any

from .failure import Failure

__all__ = ["deferr", "err", "msg", "startLogging"]

_log = logging.getLogger("plait")


def msg(*message: Any, **kw: Any) -> None:
    """Logs things, with blanks in between. Of what else Twisted's takes, ``logLevel``, ``format``
    and the values for that count.
    """
    level = kw.pop("logLevel", logging.INFO)
    text = " ".join(map(str, message))
    if not message and kw.get("format") is not None:
        text = kw["format"] % kw
    _log.log(level, "%s", text)


def err(_stuff: Any = None, _why: Any = None, **kw: Any) -> None:
    """Logs a Failure or an exception, the one that is being handled if none is given; or a thing."""
    if _stuff is None:
        _stuff = Failure()
    text = "Unhandled Error" if _why is None else str(_why)
    if isinstance(_stuff, Failure):
        _log.error("%s", text, exc_info=(_stuff.type, _stuff.value, _stuff.tb))
    elif isinstance(_stuff, BaseException):
        _log.error("%s", text, exc_info=_stuff)
    else:
        _log.error("%s", repr(_stuff) if _why is None else f"{_why}: {_stuff!r}")


#: As an errback it logs, and the Deferred has no failure any more.
deferr = err


def startLogging(file: IO[str] | None = None, setStdout: bool = False) -> None:
    """Has the log written to a file, or to standard output. Twisted's sends what is printed there, too."""
    handler = logging.StreamHandler(sys.stdout if file is None else file)
    handler.setFormatter(logging.Formatter("%(asctime)s [%(name)s] %(message)s"))
    _log.addHandler(handler)
    _log.setLevel(logging.INFO)
