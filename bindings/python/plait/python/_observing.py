"""What is logged, for a function: the test kit's and the test cases' ear."""

from __future__ import annotations

import logging
from typing import Callable

from .failure import Failure

__all__ = ["ObservingHandler"]


class ObservingHandler(logging.Handler):
    """Calls a function with each record, and with the Failure of the exception that came with it, or None."""

    def __init__(self, observe: Callable[[logging.LogRecord, Failure | None], None], level: int = logging.NOTSET) -> None:
        super().__init__(level)
        self._observe = observe

    def emit(self, record: logging.LogRecord) -> None:
        """Hands one on."""
        problem = record.exc_info[1] if record.exc_info else None
        self._observe(record, None if problem is None else Failure(problem))
