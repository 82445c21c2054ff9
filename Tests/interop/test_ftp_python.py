"""FTP sessions in Python with Twisted's portal, checkers, realm and shells, which work by their shape."""

from __future__ import annotations

import ftplib
import io
import subprocess
import sys

import pytest

from conftest import LIMIT

SERVER = r"""
import sys
from twisted.cred.checkers import AllowAnonymousAccess, InMemoryUsernamePasswordDatabaseDontUse
from twisted.cred.portal import Portal as TheirPortal
from twisted.protocols import ftp as theirs
from plait.cred.portal import Portal
from plait.internet import reactor
from plait.protocols import ftp
users = InMemoryUsernamePasswordDatabaseDontUse()
users.addUser("me", "secret")
realm = theirs.FTPRealm(sys.argv[2] + "/all", sys.argv[2] + "/homes")
portal = (TheirPortal if sys.argv[1] == "portal" else Portal)(realm, [AllowAnonymousAccess(), users])
factory = ftp.FTPFactory(portal)
factory.loginDelay = 0.01
listening = reactor.listenTCP(0, factory, interface="127.0.0.1")
print(listening.getHost().port, flush=True)
reactor.run()
"""


@pytest.mark.parametrize("whose", ["portal", "realm"])
def test_twisteds_objects(tmp_path, whose):
    (tmp_path / "all").mkdir()
    (tmp_path / "homes/me/sub").mkdir(parents=True)
    big = bytes(range(256)) * 4096
    (tmp_path / "all/file").write_bytes(big)
    with subprocess.Popen([sys.executable, "-c", SERVER, whose, tmp_path], stdout=subprocess.PIPE, text=True) as server:
        try:
            client = ftplib.FTP(encoding="utf-8")
            client.connect("127.0.0.1", int(server.stdout.readline()), LIMIT)
            client.login()
            got = io.BytesIO()
            client.retrbinary("RETR file", got.write)
            assert got.getvalue() == big
            with pytest.raises(ftplib.error_perm, match="550"):
                client.mkd("new")
            client.login("me", "secret")
            client.storbinary("STOR up", io.BytesIO(big))
            assert (tmp_path / "homes/me/up").read_bytes() == big
            assert sorted(client.nlst()) == ["sub", "up"]
            client.voidcmd("TYPE I")
            assert client.size("up") == len(big)
            client.rename("up", "sub/moved")
            facts = dict(client.mlsd("sub"))
            assert facts["moved"]["size"] == str(len(big)) and facts["moved"]["type"] == "file"
            client.delete("sub/moved")
            client.rmd("sub")
            with pytest.raises(ftplib.error_perm, match="550"):
                client.cwd("nowhere")
            for name, password in (("me", "wrong"), ("nobody", "secret")):
                with pytest.raises(ftplib.error_perm, match="530"):
                    client.login(name, password)
            client.close()
        finally:
            server.kill()
