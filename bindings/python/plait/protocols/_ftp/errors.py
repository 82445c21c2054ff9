"""What goes wrong on a server, and how the client is told."""

from __future__ import annotations

import errno
from typing import Any

from .replies import (
    ANON_USER_DENIED,
    CMD_NOT_IMPLMNTD,
    CMD_NOT_IMPLMNTD_FOR_PARAM,
    BAD_CMD_SEQ,
    AUTH_FAILURE,
    FILE_EXISTS,
    FILE_NOT_FOUND,
    IS_A_DIR,
    IS_NOT_A_DIR,
    PERMISSION_DENIED,
    RESPONSE,
    SYNTAX_ERR,
    SYNTAX_ERR_IN_ARGS,
)


class FTPCmdError(Exception):
    """A command that failed, and its reply."""

    errorCode = CMD_NOT_IMPLMNTD

    def __init__(self, *msg: Any) -> None:
        super().__init__(*msg)
        self.errorMessage = msg

    def response(self) -> str:
        """The reply's line."""
        return RESPONSE[self.errorCode] % self.errorMessage


class FileNotFoundError(FTPCmdError):
    """There is no such file or directory."""

    errorCode = FILE_NOT_FOUND


class AnonUserDeniedError(FTPCmdError):
    """Those without a name may not do that."""

    errorCode = ANON_USER_DENIED


class PermissionDeniedError(FTPCmdError):
    """That is not allowed."""

    errorCode = PERMISSION_DENIED


class IsNotADirectoryError(FTPCmdError):
    """It is a file."""

    errorCode = IS_NOT_A_DIR


class FileExistsError(FTPCmdError):
    """It is there already."""

    errorCode = FILE_EXISTS


class IsADirectoryError(FTPCmdError):
    """It is a directory."""

    errorCode = IS_A_DIR


class CmdSyntaxError(FTPCmdError):
    """The command is not written like that."""

    errorCode = SYNTAX_ERR


class CmdArgSyntaxError(FTPCmdError):
    """The command's arguments are not written like that."""

    errorCode = SYNTAX_ERR_IN_ARGS


class CmdNotImplementedError(FTPCmdError):
    """There is no such command."""

    errorCode = CMD_NOT_IMPLMNTD


class CmdNotImplementedForArgError(FTPCmdError):
    """The command does not do that."""

    errorCode = CMD_NOT_IMPLMNTD_FOR_PARAM


class PortConnectionError(Exception):
    """There is no data connection."""


class BadCmdSequenceError(FTPCmdError):
    """Another command has to come first."""

    errorCode = BAD_CMD_SEQ


class AuthorizationError(FTPCmdError):
    """Somebody is not let in."""

    errorCode = AUTH_FAILURE


class InvalidPath(Exception):
    """A path that leads nowhere."""


def errnoToFailure(e: int, path: Any) -> Exception:
    """What an error of the system's is to a client."""
    kinds: dict[int, type[FTPCmdError]] = {
        errno.ENOENT: FileNotFoundError,
        errno.EPERM: PermissionDeniedError,
        errno.EACCES: PermissionDeniedError,
        errno.ENOTDIR: IsNotADirectoryError,
        errno.EEXIST: FileExistsError,
        errno.EISDIR: IsADirectoryError,
    }
    kind = kinds.get(e)
    name = "/".join(path) if isinstance(path, (list, tuple)) else path
    return kind(name) if kind is not None else OSError(e, "")


#: By the names of exceptions, Twisted's own included.
_NUMBERS = {
    "FileNotFoundError": errno.ENOENT,
    "AnonUserDeniedError": errno.EACCES,
    "PermissionDeniedError": errno.EACCES,
    "IsNotADirectoryError": errno.ENOTDIR,
    "FileExistsError": errno.EEXIST,
    "IsADirectoryError": errno.EISDIR,
    "InvalidPath": errno.ENOENT,
}


def number_of(problem: BaseException) -> int:
    """The number that stands for an exception of a shell's; 0 for one that nobody has foreseen."""
    for kind in type(problem).__mro__:
        if kind.__name__ in _NUMBERS:
            return _NUMBERS[kind.__name__]
    return problem.errno or 0 if isinstance(problem, OSError) else 0
