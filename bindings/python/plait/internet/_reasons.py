"""From status codes to exceptions."""

from __future__ import annotations

import errno
import os

from .._native import constants
from ..error import PlaitError, describe
from . import error

_CONNECT_BY_ERRNO: dict[int, type[error.ConnectError]] = {
    errno.ECONNREFUSED: error.ConnectionRefusedError,
    errno.ETIMEDOUT: error.TCPTimedOutError,
    errno.ENETUNREACH: error.NoRouteError,
    errno.EHOSTUNREACH: error.NoRouteError,
    errno.EADDRNOTAVAIL: error.ConnectBindError,
    errno.EADDRINUSE: error.ConnectBindError,
    errno.ENOTSOCK: error.BadFileError,
}


def check(status: int) -> int:
    """Gives back what is no failure, and raises what is."""
    if status < 0:
        raise PlaitError(status)
    return status


def check_owner(status: int) -> None:
    """Raises where another thread asks, or a child of the process; what has ended already needs nothing."""
    if status in (constants.ERR_THREAD, constants.ERR_FORKED):
        check(status)


def connection_lost(status: int, text: str = "") -> error.ConnectionClosed:
    """The exception that ``connectionLost`` gets."""
    if status == constants.OK:
        return error.ConnectionDone()
    if status == constants.ERR_ABORTED:
        return error.ConnectionAborted()
    if status in (constants.ERR_PROTOCOL, constants.ERR_TOO_LONG):
        return error.PeerError(status, text)
    return _tls_failed(status, text) or error.ConnectionLost(status, text or describe(status))


def _tls_failed(status: int, text: str) -> error.ConnectionClosed | None:
    """The exception for a failure of TLS, or None for any other."""
    if status == constants.ERR_TLS_TRUNCATED or not -200 < status <= constants.ERR_TLS:
        return None
    refused = status <= constants.ERR_TLS_UNTRUSTED
    kind = error.VerificationError if refused else error.SSLError
    return kind(status, text or describe(status))


def connect_kind(number: int) -> type[error.ConnectError]:
    """The class of exceptions for an error number of ``connect``."""
    return _CONNECT_BY_ERRNO.get(number, error.ConnectError)


def connect_failed(status: int, text: str = "", number: int = 0, where: str = "") -> Exception:
    """The exception that a failed attempt to connect ends in.

    :param number: the operating system's error number behind it.
    :param where: the place, if it is known.
    """
    made = _connect_failed(status, text, number)
    if isinstance(made, error.Unconnected):
        made.where = where
    return made


def _connect_failed(status: int, text: str, number: int) -> Exception:
    if status <= constants.ERR_SYSTEM:
        number = constants.ERR_SYSTEM - status
        return connect_kind(number)(number, os.strerror(number), status)
    if status == constants.ERR_TIMEOUT:
        if number:
            return error.TCPTimedOutError(number, text, status)
        return error.TimeoutError(string=text)
    if status in (constants.ERR_NO_NAME, constants.ERR_NAME_AGAIN):
        return error.DNSLookupError(text or describe(status), status)
    if status == constants.ERR_CANCELLED:
        return error.UserError(string=text, status=status)
    if status == constants.ERR_REFUSED:
        return error.ConnectionRefusedError(number or None, text, status)
    if status == constants.ERR_TLS_CONFIG:
        return error.SSLConfigurationError(status, text)
    return _tls_failed(status, text) or error.ConnectError(None, text or describe(status), status)


def cannot_listen(
    interface: str, port: int | str, status: int, text: str = ""
) -> error.CannotListenError | error.SSLConfigurationError:
    """The exception that listening fails with."""
    if status == constants.ERR_TLS_CONFIG:
        return error.SSLConfigurationError(status, text)
    cause: Exception
    if status <= constants.ERR_SYSTEM:
        number = constants.ERR_SYSTEM - status
        cause = OSError(number, os.strerror(number))
        wrapped = error.CannotListenError(interface, port, cause)
        wrapped.status = status
        return wrapped
    return error.CannotListenError(interface, port, PlaitError(status, text))
