"""The commands that the library knows, as methods."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

#: What a command's method gives when the library goes on with it.
PASSED: Any = object()


def _passing(name: str) -> Callable[..., Any]:
    def method(self: Any, params: str = "") -> Any:
        return self._pass(name, params)

    method.__name__ = method.__qualname__ = f"ftp_{name}"
    method.__doc__ = f"Has the library do what {name} means."
    return method


class Commands:
    """Each method has the library do what its command means: for subclasses, which answer some by themselves."""

    ftp_USER = _passing("USER")
    ftp_PASS = _passing("PASS")
    ftp_ACCT = _passing("ACCT")
    ftp_REIN = _passing("REIN")
    ftp_QUIT = _passing("QUIT")
    ftp_PASV = _passing("PASV")
    ftp_EPSV = _passing("EPSV")
    ftp_PORT = _passing("PORT")
    ftp_EPRT = _passing("EPRT")
    ftp_LIST = _passing("LIST")
    ftp_NLST = _passing("NLST")
    ftp_MLSD = _passing("MLSD")
    ftp_MLST = _passing("MLST")
    ftp_STAT = _passing("STAT")
    ftp_RETR = _passing("RETR")
    ftp_STOR = _passing("STOR")
    ftp_APPE = _passing("APPE")
    ftp_STOU = _passing("STOU")
    ftp_REST = _passing("REST")
    ftp_ALLO = _passing("ALLO")
    ftp_ABOR = _passing("ABOR")
    ftp_RNFR = _passing("RNFR")
    ftp_RNTO = _passing("RNTO")
    ftp_DELE = _passing("DELE")
    ftp_MKD = _passing("MKD")
    ftp_RMD = _passing("RMD")
    ftp_CWD = _passing("CWD")
    ftp_CDUP = _passing("CDUP")
    ftp_PWD = _passing("PWD")
    ftp_SIZE = _passing("SIZE")
    ftp_MDTM = _passing("MDTM")
    ftp_MFMT = _passing("MFMT")
    ftp_TYPE = _passing("TYPE")
    ftp_STRU = _passing("STRU")
    ftp_MODE = _passing("MODE")
    ftp_SYST = _passing("SYST")
    ftp_FEAT = _passing("FEAT")
    ftp_OPTS = _passing("OPTS")
    ftp_HELP = _passing("HELP")
    ftp_NOOP = _passing("NOOP")
    ftp_SITE = _passing("SITE")
    ftp_CLNT = _passing("CLNT")
    ftp_AUTH = _passing("AUTH")
    ftp_PBSZ = _passing("PBSZ")
    ftp_PROT = _passing("PROT")
    ftp_HASH = _passing("HASH")
