"""Exceptions of connections and of the reactor: Twisted's ``twisted.internet.error``.

Those with a status code of the C library behind them are :class:`plait.error.PlaitError` too, so
that ``reason.value.status`` always tells the exact cause.

Those that Python has a class for are of that, too, so that who knows asyncio's exceptions need not
learn others: what connecting and listening fail with is an ``OSError``, and a connection that broke a
``ConnectionError``; ``ConnectionRefusedError``, ``TimeoutError`` and ``ConnectionAborted`` are what
Python calls so.

>>> import builtins
>>> issubclass(ConnectionRefusedError, builtins.ConnectionRefusedError)
True
>>> issubclass(ConnectionDone, OSError)
False
"""

# What OSError and PlaitError both have is told apart below.
# pyright: reportIncompatibleVariableOverride=false, reportIncompatibleMethodOverride=false
# pyright: reportAssignmentType=false

from __future__ import annotations

import builtins
from typing import Any

from .._native import constants
from ..error import PlaitError, sentence

__all__ = [
    "AlreadyCalled",
    "AlreadyCancelled",
    "AlreadyListened",
    "BadFileError",
    "BindError",
    "CannotListenError",
    "CertificateError",
    "ConnectBindError",
    "ConnectError",
    "ConnectInProgressError",
    "ConnectingCancelledError",
    "ConnectionAborted",
    "ConnectionClosed",
    "ConnectionDone",
    "ConnectionFdescWentAway",
    "ConnectionLost",
    "ConnectionRefusedError",
    "DNSLookupError",
    "FileDescriptorOverrun",
    "InvalidAddressError",
    "MessageLengthError",
    "MulticastJoinError",
    "NoProtocol",
    "NoRouteError",
    "NotConnectingError",
    "NotListeningError",
    "PeerError",
    "PeerVerifyError",
    "ProcessDone",
    "ProcessExitedAlready",
    "ProcessTerminated",
    "ReactorAlreadyInstalledError",
    "ReactorAlreadyRunning",
    "ReactorNotRestartable",
    "ReactorNotRunning",
    "SSLConfigurationError",
    "SSLError",
    "ServiceNameUnknownError",
    "TCPTimedOutError",
    "TimeoutError",
    "UnknownHostError",
    "UnsupportedAddressFamily",
    "UnsupportedSocketType",
    "UserError",
    "VerificationError",
    "VerifyError",
    "getConnectError",
]


class ConnectionClosed(PlaitError):
    """A connection has ended, for whatever reason."""

    summary = "the connection was closed"

    def __init__(self, *args: Any, status: int | None = None, text: str = "") -> None:
        super().__init__(*args, status=status, text=text)
        if not args or args[0] is None or isinstance(args[0], int):
            self.args = (self.text,) if self.text else ()

    def __str__(self) -> str:
        return sentence(self.summary, self.text)


class ConnectionDone(ConnectionClosed):
    """The connection ended in good order."""

    default_status = constants.OK
    summary = "the connection was closed cleanly"


class _Systems(PlaitError, OSError):
    """An exception that is one of the operating system's, too."""

    errno = PlaitError.errno
    filename = filename2 = None

    @property
    def strerror(self) -> str:  # type: ignore[override]
        """What happened, in words."""
        return str(self)


class ConnectionLost(ConnectionClosed, _Systems, builtins.ConnectionError):
    """The connection broke."""

    default_status = constants.ERR_CLOSED
    summary = "the connection was lost"


class ConnectionAborted(ConnectionLost, builtins.ConnectionAbortedError):
    """This side ended the connection by ``abortConnection``."""

    default_status = constants.ERR_ABORTED
    summary = "the connection was aborted by this side"


class FileDescriptorOverrun(ConnectionLost):
    """More descriptors were received than bytes."""

    summary = "there were more descriptors than bytes"


class ConnectionFdescWentAway(ConnectionLost):
    """The connection's descriptor was closed by somebody else."""

    summary = "the descriptor is gone"


class PeerError(ConnectionLost):
    """The peer sent what its protocol does not allow, and was hung up on.

    Twisted tells of a hang-up of its own as ConnectionDone; here the cause is kept.
    """

    default_status = constants.ERR_PROTOCOL
    summary = "the peer broke the protocol"


class SSLError(ConnectionLost):
    """TLS came to nothing, before or after its handshake; ``status`` says how."""

    default_status = constants.ERR_TLS
    summary = "TLS failed"


class VerificationError(SSLError):
    """The peer's certificate was refused: ``text`` names the check and the certificate."""

    default_status = constants.ERR_TLS_UNTRUSTED
    summary = "the peer's certificate was refused"

    def __str__(self) -> str:
        # Which certificate it is about the library says.
        return super().__str__() if not self.text else sentence(SSLError.summary, self.text)


#: Twisted's names for it.
PeerVerifyError = VerifyError = VerificationError


class SSLConfigurationError(PlaitError):
    """A certificate, key or list of ciphers cannot be used; ``text`` names it."""

    default_status = constants.ERR_TLS_CONFIG


class Unconnected(_Systems):
    """What connecting fails with.

    :ivar where: the place, if it is known.
    """

    where = ""
    summary = "could not connect"

    def told(self) -> str:
        """Why it failed."""
        return sentence(self.summary, self.text)

    def __str__(self) -> str:
        told = self.told()
        if not self.where:
            return told
        general = Unconnected.summary
        rest = told[len(general) :] if told.startswith(general) else f": {told}"
        return f"{general} to {self.where}{rest}"


class ConnectError(Unconnected):
    """A connection could not be made.

    :ivar osError: the operating system's error number, or None.
    """

    default_status = constants.ERR_REFUSED

    def __init__(self, osError: Any = None, string: str = "", status: int | None = None) -> None:
        super().__init__(status, string)
        self.osError = osError
        self.args = (osError, string)

    @property
    def errno(self) -> int:  # type: ignore[override]
        """The operating system's error number, or 0."""
        number = self.osError
        return number if isinstance(number, int) else PlaitError.errno.__get__(self)

    def told(self) -> str:
        """Why it failed, with the error's number."""
        told = super().told()
        if self.osError is None:
            return told
        return f"{self.summary} (error {self.osError}){told[len(self.summary):]}"


class ConnectBindError(ConnectError):
    """The local address for a connection could not be had."""

    summary = "could not bind"


class UnknownHostError(ConnectError):
    """There is no such host."""

    default_status = constants.ERR_NO_NAME
    summary = "unknown host"


class DNSLookupError(Unconnected):
    """A host name could not be resolved."""

    default_status = constants.ERR_NO_NAME
    summary = "the name could not be resolved"

    def __init__(self, text: str = "", status: int | None = None) -> None:
        super().__init__(status, text)
        self.args = (text,)


class NoRouteError(ConnectError):
    """There is no way to the host."""

    summary = "no route to the host"


class ConnectionRefusedError(ConnectError, builtins.ConnectionRefusedError):
    """Nobody listens there."""

    summary = "the connection was refused"


class TCPTimedOutError(ConnectError, builtins.TimeoutError):
    """The operating system gave up waiting for the peer."""

    default_status = constants.ERR_TIMEOUT
    summary = "the peer did not answer"


class BadFileError(ConnectError):
    """The path is no socket."""

    summary = "the file is no socket"


class ServiceNameUnknownError(ConnectError):
    """There is no port of this name."""

    summary = "unknown service"


class UserError(ConnectError):
    """The program, not the network, ended the attempt."""

    summary = "the attempt to connect was given up"


class TimeoutError(UserError, builtins.TimeoutError):
    """The time limit for connecting passed; also what ``Deferred.addTimeout`` fails with."""

    default_status = constants.ERR_TIMEOUT
    summary = "the time limit passed"
    errno = PlaitError.errno

    def told(self) -> str:
        """Why it failed, with how long it took."""
        # Deferreds fail with how long they waited in the place of an error's number.
        waited = f" ({self.osError} s)" if isinstance(self.osError, (int, float)) else ""
        return self.summary + waited + sentence(self.summary, self.text)[len(self.summary) :]


class BindError(_Systems):
    """An address could not be had."""


class CannotListenError(BindError):
    """Listening failed.

    :ivar interface: the interface that was asked for.
    :ivar port: the port or path that was asked for.
    :ivar socketError: why it failed.
    """

    def __init__(self, interface: Any, port: Any, socketError: BaseException) -> None:
        super().__init__(getattr(socketError, "status", constants.ERR_INVALID))
        self.interface, self.port, self.socketError = interface, port, socketError
        self.args = (interface, port, socketError)

    @property
    def errno(self) -> int:  # type: ignore[override]
        """The operating system's error number, or 0."""
        return getattr(self.socketError, "errno", None) or 0

    def __str__(self) -> str:
        where = self.port
        if isinstance(where, int):
            host = f"[{self.interface}]" if ":" in (self.interface or "") else self.interface
            where = f"{host}:{where}" if host else f"port {where}"
        return f"cannot listen on {where or repr(where)}: {self.socketError}"


class ConnectingCancelledError(PlaitError):
    """The Deferred of an attempt to connect was cancelled.

    :ivar address: where the attempt went.
    """

    default_status = constants.ERR_CANCELLED

    def __init__(self, address: Any) -> None:
        super().__init__()
        self.address = address
        self.args = (address,)


class NoProtocol(PlaitError):
    """The factory built no protocol for a connection that was made."""

    default_status = constants.ERR_REFUSED


def getConnectError(e: Any) -> ConnectError:
    """The exception for what ``connect`` of the operating system failed with.

    >>> import errno
    >>> getConnectError(OSError(errno.ECONNREFUSED, "refused"))
    ConnectionRefusedError(111, 'refused')

    :param e: an OSError, or a pair of a number and a text.
    """
    from ._reasons import connect_kind

    arguments = getattr(e, "args", e)
    if len(arguments) != 2:
        return ConnectError(string=str(e))
    number, text = arguments
    # Numbers of the resolver's are not those of the system's other calls.
    isOfResolver = type(e).__name__ == "gaierror"
    return (UnknownHostError if isOfResolver else connect_kind(number))(number, text)


# Those without a status, and some that need the classes above.
from ._othererrors import (  # noqa: E402
    AlreadyCalled,
    AlreadyCancelled,
    AlreadyListened,
    CertificateError,
    ConnectInProgressError,
    InvalidAddressError,
    MessageLengthError,
    MulticastJoinError,
    NotConnectingError,
    NotListeningError,
    ProcessDone,
    ProcessExitedAlready,
    ProcessTerminated,
    ReactorAlreadyInstalledError,
    ReactorAlreadyRunning,
    ReactorNotRestartable,
    ReactorNotRunning,
    UnsupportedAddressFamily,
    UnsupportedSocketType,
)
