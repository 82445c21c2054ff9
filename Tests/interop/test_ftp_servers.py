"""Plait's FTP client and the servers that people have: vsftpd, proftpd, pyftpdlib, Twisted's, and its own."""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "Tests" / "python"))

from conftest import LIMIT, reactor, run, until, wants  # noqa: E402, F401
from plait.internet import endpoints, ssl  # noqa: E402
from plait.internet.defer import CancelledError  # noqa: E402
from plait.protocols import ftp  # noqa: E402
from ports import free_port  # noqa: E402

TOOL = ROOT / "build" / "stage" / "bin" / "plait-ftp"
FTPD = ROOT / "build" / "stage" / "bin" / "plait-ftpd"
BIG = os.urandom(2 << 20)

VSFTPD = """
listen={four}
listen_ipv6={six}
listen_address{number}={host}
listen_port={port}
background=NO
run_as_launching_user=YES
anonymous_enable=YES
local_enable=NO
anon_root={root}
write_enable=YES
anon_upload_enable=YES
anon_mkdir_write_enable=YES
anon_other_write_enable=YES
anon_umask=022
seccomp_sandbox=NO
xferlog_enable=NO
"""
VSFTPD_TLS = """
implicit_ssl={implicit}
ssl_enable=YES
allow_anon_ssl=YES
force_anon_logins_ssl=YES
force_anon_data_ssl=YES
require_ssl_reuse=YES
ssl_ciphers=HIGH
rsa_cert_file={pem}
rsa_private_key_file={pem}
"""
PROFTPD = """
{modules}
ServerType standalone
DefaultAddress {host}
SocketBindTight on
Port {port}
UseIPv6 {six}
UseReverseDNS off
User nobody
Group nogroup
AuthOrder mod_auth_file.c
AuthUserFile {folder}/pw
AuthGroupFile {folder}/gr
AuthPAM off
RequireValidShell off
AllowOverwrite on
AllowStoreRestart on
AllowRetrieveRestart on
PidFile {folder}/pid
ScoreboardFile {folder}/sb
DelayEngine off
WtmpLog off
{tls}
"""
PROFTPD_TLS = """
TLSEngine on
TLSProtocol {versions}
TLSRSACertificateFile {pem}
TLSRSACertificateKeyFile {pem}
TLSRequired on
TLSLog {folder}/tls.log
"""
PYFTPDLIB = """
import sys
from pyftpdlib.authorizers import DummyAuthorizer
from pyftpdlib.handlers import FTPHandler, TLS_FTPHandler
from pyftpdlib.servers import FTPServer
port, root, pem, host = int(sys.argv[1]), sys.argv[2], sys.argv[3], sys.argv[4]
users = DummyAuthorizer()
users.add_anonymous(root, perm="elradfmwMT")
class Handler(TLS_FTPHandler if pem else FTPHandler):
    authorizer = users
if pem:
    Handler.certfile, Handler.tls_control_required, Handler.tls_data_required = pem, True, True
FTPServer((host, port), Handler).serve_forever()
"""
TWISTED = """
import sys
from twisted.cred.checkers import AllowAnonymousAccess, InMemoryUsernamePasswordDatabaseDontUse
from twisted.cred.portal import Portal
from twisted.internet import reactor
from twisted.protocols.ftp import FTPFactory, FTPRealm, FTPShell
from twisted.python.filepath import FilePath
class Realm(FTPRealm):
    def requestAvatar(self, avatarId, mind, *interfaces):
        from twisted.protocols.ftp import IFTPShell
        return IFTPShell, FTPShell(FilePath(sys.argv[2])), lambda: None
users = InMemoryUsernamePasswordDatabaseDontUse()
users.addUser("me", "secret")
reactor.listenTCP(int(sys.argv[1]), FTPFactory(Portal(Realm(sys.argv[2]), [users])), interface=sys.argv[3])
reactor.run()
"""


@pytest.fixture(scope="module")
def pem(tmp_path_factory):
    folder = tmp_path_factory.mktemp("pem")
    subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=localhost", "-addext",
                    "subjectAltName=DNS:localhost,IP:127.0.0.1", "-keyout", folder / "key", "-out", folder / "cert"],
                   check=True, capture_output=True)
    (folder / "both").write_bytes((folder / "key").read_bytes() + (folder / "cert").read_bytes())
    return folder


class Peer:
    """A server of somebody else's; its user reads and changes `root`."""

    name, secret = "anonymous", "anonymous@"
    environment: dict[str, str] = {}

    def __init__(self, kind, pem, tls="", host="127.0.0.1"):
        self.kind, self.tls, self.pem, self.host = kind, tls, pem, host
        self.is_implicit = tls == "implicit"
        self.folder = Path(tempfile.mkdtemp(dir="/tmp", prefix="plait-peer-"))
        self.root = self.folder / "root"
        self.root.mkdir()
        (self.root / "big").write_bytes(BIG)
        (self.root / "text").write_bytes(b"one\ntwo\n")
        (self.root / "with blanks").write_bytes(b"x")
        (self.root / "sub").mkdir()
        self.port = free_port(host)
        self.both = self.folder / "both.pem"
        shutil.copy(pem / "both", self.both)
        command = getattr(self, kind)()
        self._own()
        drop = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"] if os.getuid() == 0 and kind in ("vsftpd", "proftpd") else []
        self.log = open(self.folder / "log", "wb")
        self.process = subprocess.Popen([*drop, *map(str, command)], stdin=subprocess.PIPE, stdout=self.log, stderr=self.log,
                                        start_new_session=True, cwd=self.folder, env=dict(os.environ, **self.environment))
        end = time.monotonic() + LIMIT
        while True:
            with contextlib.suppress(OSError), socket.create_connection((host, self.port), LIMIT):
                break
            assert self.process.poll() is None and time.monotonic() < end, (self.folder / "log").read_text()
            time.sleep(0.02)

    def _own(self):
        if os.getuid() == 0:
            for path in [self.folder, *self.folder.rglob("*")]:
                os.chown(path, 65534, 65534)

    def close(self):
        os.killpg(self.process.pid, signal.SIGTERM)
        try:
            self.process.wait(LIMIT)
        except subprocess.TimeoutExpired:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait(LIMIT)
        self.process.stdin.close()
        self.log.close()
        shutil.rmtree(self.folder, ignore_errors=True)

    def vsftpd(self):
        text = VSFTPD + (VSFTPD_TLS if self.tls else "")
        self.root.chmod(0o555)  # vsftpd wants no root that anonymous users can write to
        (self.root / "sub").chmod(0o755)
        four, six, number = ("NO", "YES", "6") if ":" in self.host else ("YES", "NO", "")
        (self.folder / "conf").write_text(text.format(port=self.port, root=self.root, pem=self.both, host=self.host, four=four, six=six,
                                                      number=number, implicit="YES" if self.is_implicit else "NO"))
        return [shutil.which("vsftpd", path="/usr/sbin:/usr/bin"), self.folder / "conf"]

    def proftpd(self):
        self.name, self.secret = "me", "secret"
        hashed = subprocess.run(["openssl", "passwd", "-6", "secret"], capture_output=True, text=True, check=True).stdout.strip()
        (self.folder / "pw").write_text(f"me:{hashed}:65534:65534::{self.root}:/bin/sh\n")
        (self.folder / "gr").write_text("nogroup:x:65534:\n")
        for name in ("pw", "gr", "both.pem"):
            (self.folder / name).chmod(0o600)
        modules = f"ModulePath {PROFTPD_AT}/usr/lib/proftpd\n"
        tls = ""
        if self.tls:
            modules += "LoadModule mod_tls.c\n"
            tls = PROFTPD_TLS.format(pem=self.both, folder=self.folder, versions=self.tls)
        (self.folder / "conf").write_text(PROFTPD.format(modules=modules, port=self.port, folder=self.folder, tls=tls, host=self.host,
                                                         six="on" if ":" in self.host else "off"))
        # It is only unpacked (scripts/bootstrap), with two of its libraries.
        self.environment = {"LD_LIBRARY_PATH": ":".join(map(str, (PROFTPD_AT / "usr/lib").glob("*-linux-*")))}
        return [PROFTPD_AT / "usr/sbin/proftpd", "-n", "-q", "-c", self.folder / "conf"]

    def pyftpdlib(self):
        return [sys.executable, "-c", PYFTPDLIB, self.port, self.root, self.both if self.tls else "", self.host]

    def twisted(self):
        self.name, self.secret = "me", "secret"
        return [sys.executable, "-c", TWISTED, self.port, self.root, self.host]

    def plait(self):
        hidden = ["-t", self.both, "-s"] if self.tls else []
        place = f"tcp6:{self.port}:interface=\\:\\:1" if ":" in self.host else f"tcp:{self.port}:interface=127.0.0.1"
        return [FTPD, "-w", "-q", *hidden, *["-i"] * self.is_implicit, place, self.root]

    @property
    def place(self):
        """Where files may be made."""
        return "sub/" if self.kind == "vsftpd" else ""

    def made(self, name):
        return self.root / self.place / name

    def client(self, reactor, **options):  # noqa: F811
        endpoint = endpoints.HostnameEndpoint(reactor, self.host, self.port)
        if self.tls:
            hidden = ssl.optionsForClientTLS("localhost", ssl.Certificate.loadPEM((self.pem / "cert").read_bytes()))
            if self.is_implicit:
                endpoint = endpoints.wrapClientTLS(hidden, endpoint)
            else:
                options["tls"] = hidden
        made = ftp.FTPClient(self.name, self.secret, **options)
        return run(reactor, endpoints.connectProtocol(endpoint, made).addCallback(lambda c: c.whenReady()), LIMIT)


PROFTPD_AT = Path("/usr/local/lib/plait-peers/proftpd")
PLAIN = ["vsftpd", "proftpd", "pyftpdlib", "twisted", "plait"]
HIDDEN = [("vsftpd", "yes"), ("proftpd", "TLSv1.2"), ("proftpd", "TLSv1.3"), ("pyftpdlib", "yes")]
MOST = [(kind, "") for kind in PLAIN] + HIDDEN
#: TLS from the first byte on, and IPv6.
FURTHER = [("vsftpd", "implicit"), ("plait", "implicit"), ("plait", "yes")]
FURTHER += [(kind, "", "::1") for kind in ("vsftpd", "proftpd", "pyftpdlib", "plait")] + [("plait", "implicit", "::1")]
named = {"ids": lambda p: " ".join(p).replace("  ", " ").strip()}


@pytest.fixture(params=MOST, **named)
def peer(request, pem):
    for host in request.param[2:]:
        wants(host)
    made = Peer(request.param[0], pem, *request.param[1:])
    yield made
    made.close()


@pytest.mark.parametrize("peer", MOST + FURTHER, indirect=True, **named)
def test_everything(reactor, peer, tmp_path):  # noqa: F811
    client = peer.client(reactor)

    def wait(deferred):
        return run(reactor, deferred, LIMIT)

    assert wait(client.getDirectory()).startswith("/")
    got = tmp_path / "got"
    assert wait(client.retrieveFile("big", got)).moved == len(BIG)
    assert got.read_bytes() == BIG
    parts = []
    wait(client.retrieveFile("big", parts.append, offset=len(BIG) - 5 if peer.kind != "twisted" else 0))
    assert b"".join(parts) == (BIG[-5:] if peer.kind != "twisted" else BIG)
    wait(client.retrieveFile("with blanks", got))
    assert got.read_bytes() == b"x"
    (tmp_path / "up").write_bytes(BIG)
    wait(client.storeFile(peer.place + "up", tmp_path / "up"))
    assert peer.made("up").read_bytes() == BIG
    wait(client.storeFile(peer.place + "small", b"12345"))
    assert peer.made("small").read_bytes() == b"12345" and wait(client.size(peer.place + "small")) == 5
    if peer.kind != "twisted":  # which has neither APPE nor REST, and whose TYPE A is broken
        wait(client.append(peer.place + "small", b"67"))
        assert peer.made("small").read_bytes() == b"1234567"
        got.write_bytes(BIG[:1000])
        assert wait(client.retrieveFile("big", got, resume=True)).offset == 1000
        assert got.read_bytes() == BIG
        wait(client.storeFile(peer.place + "part", b"x" * 10))
        (tmp_path / "up").write_bytes(b"x" * 10 + b"rest")
        assert wait(client.storeFile(peer.place + "part", tmp_path / "up", resume=True)).offset == 10
        assert peer.made("part").read_bytes() == b"x" * 10 + b"rest"
        wait(client.retrieveFile("text", got, text=True))
        assert got.read_bytes() == b"one\ntwo\n"
    wait(client.makeDirectory(peer.place + "new dir"))
    wait(client.rename(peer.place + "new dir", peer.place + "other"))
    wait(client.cwd(peer.place + "other"))
    assert wait(client.getDirectory()).endswith("other") and wait(client.list()) == []
    wait(client.cdup())
    wait(client.removeDirectory("other"))
    wait(client.removeFile("small"))
    assert not peer.made("small").exists()
    assert isinstance(wait(client.features()), dict)
    wait(client.quit())


def test_listings(reactor, peer):  # noqa: F811
    client = peer.client(reactor)
    wanted = {"big", "text", "with blanks", "sub"}
    names = run(reactor, client.nlst("." if peer.kind == "twisted" else ""), LIMIT)  # which wants an argument
    assert {name.rpartition("/")[2] for name in names} == wanted
    found = {entry.name: entry for entry in run(reactor, client.list(), LIMIT) if entry.name not in (".", "..")}
    assert set(found) == wanted and found["big"].size == len(BIG) and found["sub"].kind == "directory"
    assert abs(found["big"].modified - time.time()) < 2 * 86_400
    if peer.kind in ("proftpd", "pyftpdlib", "plait"):
        facts = {entry.name: entry for entry in run(reactor, client.mlsd(), LIMIT) if entry.kind in ("file", "directory")}
        assert set(facts) == wanted and facts["text"].size == 8 and abs(facts["text"].modified - time.time()) < 600
        assert run(reactor, client.mlst("text"), LIMIT).size == 8
    assert abs(run(reactor, client.mdtm("text"), LIMIT) - time.time()) < 600


def test_failures(reactor, peer, tmp_path):  # noqa: F811
    client = peer.client(reactor)
    for call in (client.retrieveFile("none", tmp_path / "none"), client.cwd("none"), client.removeFile("none"), client.size("none"),
                 client.storeFile("none/there", b"x")):
        with pytest.raises(ftp.CommandFailed) as failed:
            run(reactor, call, LIMIT)
        assert failed.value.code >= 500 and "none" in failed.value.what
    assert not (tmp_path / "none").exists()
    run(reactor, client.noop(), LIMIT)


@pytest.mark.parametrize("peer", MOST + FURTHER, indirect=True, **named)
def test_active(reactor, peer):  # noqa: F811
    client = peer.client(reactor, passive=0)
    parts = []
    run(reactor, client.retrieveFile("big", parts.append), LIMIT)
    assert b"".join(parts) == BIG
    run(reactor, client.storeFile(peer.place + "up", BIG), LIMIT)
    assert peer.made("up").read_bytes() == BIG


def test_one_transfer_is_cancelled(reactor, peer):  # noqa: F811
    client = peer.client(reactor)
    (peer.root / "sub" / "huge").write_bytes(BIG * 8)
    seen = []

    class Slow:
        def makeConnection(self, transport):
            self.transport = transport

        def dataReceived(self, data):
            seen.append(data)
            self.transport.pauseProducing()

        def connectionLost(self, reason):
            pass

    call = client.retrieveFile("sub/huge", Slow())
    out = []
    call.addBoth(out.append)
    until(reactor, lambda: seen, LIMIT)
    call.cancel()
    assert out[0].check(CancelledError)
    assert run(reactor, client.getDirectory(), LIMIT).startswith("/")
    parts = []
    run(reactor, client.retrieveFile("text", parts.append), LIMIT)
    assert b"".join(parts) == b"one\ntwo\n"


def tool(*arguments, ok=True, **options):
    done = subprocess.run([TOOL, *map(str, arguments)], capture_output=True, timeout=LIMIT,
                          env=dict(os.environ, PLAIT_FTP_PASSWORD="secret"), **options)
    assert (done.returncode == 0) == ok, done.stderr
    return done.stdout if ok else done.stderr.decode()


@pytest.mark.parametrize("peer", MOST + FURTHER[:2], indirect=True, **named)
def test_tool(peer, tmp_path):
    where = ["-u", peer.name] + (["-s", "-c", peer.pem / "cert"] if peer.tls else [])
    server = f"tcp:host=localhost:port={peer.port}"
    if peer.is_implicit:
        where, server = where[:2], f"tls:host=localhost:port={peer.port}:trustRoots={peer.pem / 'cert'}"
    tool(*where, server, "get", "big", tmp_path / "got")
    assert (tmp_path / "got").read_bytes() == BIG
    assert tool(*where, server, "get", "text", "-") == b"one\ntwo\n"
    tool(*where, server, "put", tmp_path / "got", peer.place + "up")
    assert peer.made("up").read_bytes() == BIG
    tool(*where, server, "put", "-", peer.place + "piped", input=b"piped")
    assert peer.made("piped").read_bytes() == b"piped"
    listed = tool(*where, server, "ls").decode()
    assert re.search(r"^ *8 B  20\d\d-\d\d-\d\d \d\d:\d\d  text$", listed, re.M) and "sub/" in listed
    assert "with blanks" in tool("-n", *where, server, "ls", *["."] * (peer.kind == "twisted")).decode()
    assert "RETR none: 550" in tool(*where, server, "get", "none", tmp_path / "none", ok=False)
    if peer.kind != "twisted":
        (tmp_path / "half").write_bytes(BIG[:77])
        tool("-r", *where, server, "get", "big", tmp_path / "half")
        assert (tmp_path / "half").read_bytes() == BIG


def test_the_bar(pem, tmp_path):
    """On a terminal it shows how far it is, and elsewhere it does not."""
    peer = Peer("plait", pem)
    try:
        (peer.root / "more").write_bytes(BIG * 20)
        mine, its = os.openpty()
        command = [TOOL, f"tcp:host=127.0.0.1:port={peer.port}", "get", "more", tmp_path / "got"]
        done = subprocess.run(list(map(str, command)), stderr=its, timeout=LIMIT)
        os.close(its)
        seen = b""
        with contextlib.suppress(OSError):  # the other side of a terminal has gone
            while part := os.read(mine, 10_000):
                seen += part
        os.close(mine)
        assert done.returncode == 0 and (tmp_path / "got").stat().st_size == len(BIG) * 20
        assert re.search(rb"\rmore \[#{30}\] 100% 40 MiB [0-9]+ [BKMG]i?B?/s", seen), seen
        assert subprocess.run(list(map(str, command)), stderr=subprocess.PIPE, timeout=LIMIT).stderr == b""
    finally:
        peer.close()


def test_strangers_are_not_trusted(reactor, pem):  # noqa: F811
    peer = Peer("pyftpdlib", pem, "yes")
    try:
        assert "certificate" in tool("-s", f"tcp:host=localhost:port={peer.port}", "ls", ok=False)
    finally:
        peer.close()
