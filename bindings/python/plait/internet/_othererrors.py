"""Exceptions of Twisted's without a status, and those that the package seldom or never raises."""

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


class InvalidAddressError(ValueError):
    """A numeric address was wanted, and this is none."""

    def __init__(self, address: Any, message: str) -> None:
        super().__init__(address, message)
        self.address, self.message = address, message


class UnsupportedAddressFamily(Exception):
    """A socket's family is none that can be used."""


class UnsupportedSocketType(Exception):
    """A socket's type is none that can be used."""


class ConnectInProgressError(Exception):
    """An attempt to connect is under way already."""


class AlreadyCalled(ValueError):
    """The delayed call has been made already."""

    def __str__(self) -> str:
        return "the call was made already"


class AlreadyCancelled(ValueError):
    """The delayed call was cancelled already."""

    def __str__(self) -> str:
        return "the call was cancelled already"


class ReactorAlreadyRunning(RuntimeError):
    """The reactor is running already."""

    def __str__(self) -> str:
        return "the reactor is running already"


class ReactorNotRunning(RuntimeError):
    """The reactor is not running."""

    def __str__(self) -> str:
        return "the reactor is not running"


class AlreadyListened(ValueError):
    """The port listens already."""


class NotConnectingError(RuntimeError):
    """There is no attempt to connect that could be stopped."""


class NotListeningError(RuntimeError):
    """The port does not listen."""


class ReactorNotRestartable(RuntimeError):
    """The reactor cannot run again. Plait's can; the name is for programs that catch it."""
