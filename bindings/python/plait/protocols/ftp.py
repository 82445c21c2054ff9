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

A client moves files with any server::

    client = await FTPClientBasic("me", "secret").connectTo("ftp.example.org")
    await client.retrieveFile("pub/file.iso", "/tmp/file.iso", resume=True)
    for entry in await client.mlsd("pub"):
        print(entry.name, entry.size)
    await client.quit()
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
from ._ftp_client.basic import FTPClientBasic, FTPCommand
from ._ftp_client.client import FTPClient
from ._ftp_client.filelist import FTPFileListProtocol
from ._ftp_client.results import (
    BadResponse,
    CommandFailed,
    ConnectionLost,
    Entry,
    FTPError,
    Reply,
    TransferFailed,
    UnexpectedData,
    UnexpectedResponse,
)

__all__ = [
    "AnonUserDeniedError",
    "AuthorizationError",
    "BadCmdSequenceError",
    "BadResponse",
    "BaseFTPRealm",
    "CmdArgSyntaxError",
    "CmdNotImplementedError",
    "CmdNotImplementedForArgError",
    "CmdSyntaxError",
    "CommandFailed",
    "ConnectionLost",
    "Entry",
    "FTP",
    "FTPAnonymousShell",
    "FTPClient",
    "FTPClientBasic",
    "FTPCmdError",
    "FTPCommand",
    "FTPError",
    "FTPFactory",
    "FTPFileListProtocol",
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
    "Reply",
    "SystemFTPRealm",
    "TransferFailed",
    "UnexpectedData",
    "UnexpectedResponse",
    "errnoToFailure",
]

for _name in __all__:
    if isinstance(globals()[_name], type):
        # Where a program finds it, and what its name is told by.
        globals()[_name].__module__ = __name__
