"""What the C library tells, in Python's own log."""

from __future__ import annotations

import logging

from .._native import constants, structs
from .registry import entry, objects

_log = logging.getLogger("plait")
_LEVELS = {
    constants.LOG_ERROR: logging.ERROR,
    constants.LOG_WARNING: logging.WARNING,
    constants.LOG_INFO: logging.INFO,
    constants.LOG_DEBUG: logging.DEBUG,
}


@entry(structs.LogFunction)
def logged(user: int, level: int, subsystem: bytes, message: bytes) -> None:
    """The library has something to tell of a reactor, whose key this is."""
    # That ports come and go the program knows, for it opens and closes them.
    if level < constants.LOG_INFO or subsystem == b"tls":
        try:
            text = message.decode("utf-8", "replace")
            _log.log(_LEVELS.get(level, logging.DEBUG), "%s: %s", subsystem.decode(), text)
        except Exception:
            raise
        except BaseException as error:
            # What a signal's handler has raised here: it is for the run.
            self = objects.get(user)
            if self is None:
                raise
            self.interrupt(error)
