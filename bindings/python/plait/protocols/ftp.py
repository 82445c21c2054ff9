"""FTP: Twisted's ``twisted.protocols.ftp``, and what it lacks.

A server that lets anybody read a directory::

    from plait.cred.checkers import AllowAnonymousAccess
    from plait.cred.portal import Portal
    from plait.internet import reactor
    from plait.protocols import ftp

    portal = Portal(ftp.FTPRealm("/srv/ftp"), [AllowAnonymousAccess()])
    reactor.listenTCP(2121, ftp.FTPFactory(portal))
    reactor.run()

Users have homes by their names beneath the realm's ``userHome``, once the portal has a checker that knows them.
"""

from ._ftp.errors import (
    AnonUserDeniedError,
    AuthorizationError,
    BadCmdSequenceError,
    CmdArgSyntaxError,
    CmdNotImplementedError,
    CmdNotImplementedForArgError,
    CmdSyntaxError,
    FileExistsError,
    FileNotFoundError,
    FTPCmdError,
    InvalidPath,
    IsADirectoryError,
    IsNotADirectoryError,
    PermissionDeniedError,
    PortConnectionError,
    errnoToFailure,
)
from ._ftp.factory import FTPFactory, FTPOverflowProtocol
from ._ftp.interfaces import IFTPShell, IReadFile, IWriteFile
from ._ftp.replies import *  # noqa: F403
from ._ftp.replies import RESPONSE
from ._ftp.server import FTP
from ._ftp.shells import BaseFTPRealm, FTPAnonymousShell, FTPRealm, FTPShell, SystemFTPRealm

__all__ = [
    "AnonUserDeniedError",
    "AuthorizationError",
    "BadCmdSequenceError",
    "BaseFTPRealm",
    "CmdArgSyntaxError",
    "CmdNotImplementedError",
    "CmdNotImplementedForArgError",
    "CmdSyntaxError",
    "FTP",
    "FTPAnonymousShell",
    "FTPCmdError",
    "FTPFactory",
    "FTPOverflowProtocol",
    "FTPRealm",
    "FTPShell",
    "FileExistsError",
    "FileNotFoundError",
    "IFTPShell",
    "IReadFile",
    "IWriteFile",
    "InvalidPath",
    "IsADirectoryError",
    "IsNotADirectoryError",
    "PermissionDeniedError",
    "PortConnectionError",
    "RESPONSE",
    "SystemFTPRealm",
    "errnoToFailure",
]

for _name in __all__:
    if isinstance(globals()[_name], type):
        # Where a program finds it, and what its name is told by.
        globals()[_name].__module__ = __name__
