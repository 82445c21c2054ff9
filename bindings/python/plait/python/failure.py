"""Exceptions as values: Twisted's ``twisted.python.failure``."""

from __future__ import annotations

import sys
import traceback
from collections.abc import Generator
from types import TracebackType
from typing import IO, Any, NoReturn, Type

__all__ = ["Failure", "NoCurrentExceptionError"]


class NoCurrentExceptionError(Exception):
    """A Failure was to be made of the current exception, and there was none."""


class Failure(BaseException):
    """An exception with its traceback, to be handed on instead of raised.

    Made inside an ``except`` clause it holds the exception that is being handled; otherwise it
    wraps the one it is given. Twisted's counterpart of the same name; stack frames and variables
    are not copied, the traceback itself is kept.

    :ivar value: the exception.
    :ivar type: its class.
    :ivar tb: its traceback, or None.
    """

    value: BaseException
    # Spelt as in typing, because the attribute hides the builtin here.
    type: Type[BaseException]
    tb: TracebackType | None

    def __init__(
        self,
        exc_value: BaseException | Failure | None = None,
        exc_type: Type[BaseException] | None = None,
        exc_tb: TracebackType | None = None,
        captureVars: bool = False,
    ) -> None:
        super().__init__()
        if exc_value is None:
            exc_type, exc_value, exc_tb = sys.exc_info()
            if exc_value is None:
                raise NoCurrentExceptionError()
        if isinstance(exc_value, Failure):
            inner: Failure = exc_value
            exc_value, exc_type, exc_tb = inner.value, inner.type, inner.tb
        self.value = exc_value
        self.type = exc_type or type(exc_value)
        self.tb = exc_tb or exc_value.__traceback__
        self.captureVars = captureVars

    def check(self, *errorTypes: str | Type[BaseException]) -> str | Type[BaseException] | None:
        """Tells which of these the exception is an instance of: the first that fits, or None.

        Classes may be given by their full dotted name.
        """
        names = {f"{kind.__module__}.{kind.__qualname__}" for kind in self.type.__mro__}
        for wanted in errorTypes:
            if isinstance(wanted, str):
                if wanted in names:
                    return wanted
            elif issubclass(self.type, wanted):
                return wanted
        return None

    def trap(self, *errorTypes: str | Type[BaseException]) -> str | Type[BaseException]:
        """As :meth:`check`, but raises the exception again if it is none of these."""
        found = self.check(*errorTypes)
        if found is None:
            self.raiseException()
        return found

    def raiseException(self) -> NoReturn:
        """Raises the exception, with the traceback it had."""
        raise self.value.with_traceback(self.tb)

    def throwExceptionIntoGenerator(self, g: Generator[Any, Any, Any]) -> Any:
        """Raises the exception where a generator waits; gives what that yields next."""
        return g.throw(self.value.with_traceback(self.tb))

    def getErrorMessage(self) -> str:
        """The exception's own words."""
        try:
            return str(self.value)
        except Exception as problem:
            return f"<a {self.type.__qualname__} whose str() raised {type(problem).__qualname__}>"

    def getBriefTraceback(self) -> str:
        """The traceback without source lines."""
        lines = [f"Traceback: {self.type}: {self.getErrorMessage()}"]
        for frame in traceback.extract_tb(self.tb):
            lines.append(f"{frame.filename}:{frame.lineno}:{frame.name}")
        return "\n".join(lines) + "\n"

    def getTraceback(self, elideFrameworkCode: int = 0, detail: str = "default") -> str:
        """The traceback as text. ``detail="brief"`` leaves the source lines out, ``detail="verbose"`` has
        the variables, too.
        """
        if detail == "brief":
            return self.getBriefTraceback()
        if detail == "verbose":
            whole = traceback.TracebackException(
                self.type, self.value, self.tb, capture_locals=True
            )
            return "".join(whole.format())
        return "".join(traceback.format_exception(self.type, self.value, self.tb))

    def printTraceback(
        self,
        file: IO[str] | None = None,
        elideFrameworkCode: bool = False,
        detail: str = "default",
    ) -> None:
        """Writes the traceback to a file, or to standard error."""
        print(self.getTraceback(detail=detail), end="", file=file or sys.stderr)

    def printBriefTraceback(self, file: IO[str] | None = None, elideFrameworkCode: int = 0) -> None:
        """Writes the traceback without source lines to a file, or to standard error."""
        self.printTraceback(file, detail="brief")

    def printDetailedTraceback(
        self, file: IO[str] | None = None, elideFrameworkCode: int = 0
    ) -> None:
        """Writes the traceback, with variables, to a file, or to standard error."""
        self.printTraceback(file, detail="verbose")

    @property
    def frames(self) -> list[tuple[str, str, int, Any, Any]]:
        """The frames of the traceback, the outermost first: the function's name, the file's, the line,
        and the local and the global variables, which are there with ``captureVars`` alone.
        """
        found = []
        for frame, line in traceback.walk_tb(self.tb):
            local: Any = ()
            others: Any = ()
            if self.captureVars:
                local = list(frame.f_locals.items())
                if frame.f_locals is not frame.f_globals:
                    others = [kept for kept in frame.f_globals.items() if kept[0] != "__builtins__"]
            code = frame.f_code
            found.append((code.co_name, code.co_filename, line, local, others))
        return found

    @property
    def stack(self) -> list[Any]:
        """Always empty: it was what is above the traceback."""
        return []

    @property
    def parents(self) -> list[str]:
        """The full names of the exception's class and of those above it."""
        return [f"{kind.__module__}.{kind.__qualname__}" for kind in self.type.__mro__]

    def getTracebackObject(self) -> TracebackType | None:
        """The traceback itself."""
        return self.tb

    def cleanFailure(self) -> None:
        """Lets go of the traceback, and so of all that its frames hold."""
        self.tb = None
        self.value.__traceback__ = None

    def __str__(self) -> str:
        return f"[Failure instance: {self.getBriefTraceback().strip()}]"

    def __repr__(self) -> str:
        return f"<{type(self).__module__}.{type(self).__qualname__} {self.type}: {self.getErrorMessage()}>"

    def __reduce__(self) -> tuple[Type[Failure], tuple[BaseException]]:
        return (Failure, (self.value,))
