"""What the chain of a Deferred is made of."""

from __future__ import annotations

import logging
import sys
from typing import Any, Tuple

from ..python.failure import Failure

_log = logging.getLogger("plait")


def wait_for(result: Any) -> None:
    """Stands in a stage for a Deferred that waits for the result: see ``Deferred._run``."""


#: One stage of a chain: what to call with a value and what with a failure, and with which further
#: arguments. None stands for handing on.
Step = Tuple[Any, Any, Any, Any, Any, Any]


class Unhandled:
    """A failure that has come to the end of its chain. It is logged when the Deferred is garbage, unless
    something took it. (A Deferred that had a ``__del__`` itself would cost more, and few fail.)
    """

    __slots__ = ("failure", "made")

    def __init__(self, failure: Failure, made: str) -> None:
        self.failure: Failure | None = failure
        self.made = made

    def __del__(self) -> None:
        failure = self.failure
        if failure is not None and not sys.is_finalizing():
            _log.error(
                "Unhandled error in Deferred: %s%s",
                failure.getErrorMessage(),
                self.made and f"\n{self.made}",
                exc_info=(failure.type, failure.value, failure.tb),
            )
