"""Exceptions of Twisted's that programs name, and the package seldom or never raises."""

from __future__ import annotations

from typing import Any

from .error import ConnectionDone, ConnectionLost


class CertificateError(Exception):
    """There is no certificate where one was expected."""


class MessageLengthError(Exception):
    """A datagram is too long. There are none here."""


class MulticastJoinError(Exception):
    """A group could not be joined. There are none here."""


class ProcessExitedAlready(Exception):
    """A process has ended before something was to be done to it. There are none here."""


class ProcessDone(ConnectionDone):
    """A process has ended well. There are none here.

    :ivar exitCode: 0.
    """

    exitCode = 0
    signal = None

    def __init__(self, status: Any = None) -> None:
        super().__init__(text="a process has ended")
        self.exitStatus = status


class ProcessTerminated(ConnectionLost):
    """A process has ended otherwise. There are none here."""

    def __init__(self, exitCode: Any = None, signal: Any = None, status: Any = None) -> None:
        how = f" by signal {signal}" if signal is not None else ""
        super().__init__(text=f"a process has ended with exit code {exitCode}{how}")
        self.exitCode, self.signal, self.exitStatus = exitCode, signal, status


class ReactorAlreadyInstalledError(AssertionError):
    """A reactor was to be put in another's place. Nobody does so here."""
