"""FTP sessions in Python, with the standard library's client at the other end."""

from __future__ import annotations

import contextlib
import ftplib
import hashlib
import io
import os
import socket
import ssl as tls
import subprocess

import pytest

from conftest import LIMIT, ROOT, in_thread, run
from plait.cred import checkers, credentials, error
from plait.cred.portal import Portal
from plait.internet import ssl
from plait.internet.defer import Deferred
from plait.protocols import ftp


@pytest.fixture
def root(tmp_path):
    (tmp_path / "sub").mkdir()
    (tmp_path / "file").write_bytes(b"0123456789")
    (tmp_path / "homes/me").mkdir(parents=True)
    os.chmod(tmp_path / "file", 0o640)
    return tmp_path


def portal_of(root):
    users = checkers.InMemoryUsernamePasswordDatabaseDontUse(me="secret")
    realm = ftp.FTPRealm(root, root / "homes")
    return Portal(realm, [checkers.AllowAnonymousAccess(), users])


def served(reactor, factory, talk, *login, kind=ftplib.FTP, **settings):
    """What a client's function gives, which is called with a client of the factory's server."""
    factory.loginDelay = 0.01
    listening = reactor.listenTCP(0, factory, interface="127.0.0.1")
    port = listening.getHost().port

    def work():
        client = kind(encoding="utf-8", **settings)
        try:
            client.connect("127.0.0.1", port, LIMIT)
            if login != (None,):
                client.login(*login)
            return talk(client)
        finally:
            client.close()

    try:
        return run(reactor, in_thread(reactor, work))
    finally:
        run(reactor, listening.stopListening())


def got(client, what):
    held = io.BytesIO()
    client.retrbinary(what, held.write)
    return held.getvalue()


def test_anonymous(reactor, root):
    def talk(client):
        assert got(client, "RETR file") == b"0123456789"
        assert sorted(client.nlst()) == ["file", "homes", "sub"]
        with pytest.raises(ftplib.error_perm, match="550"):
            client.storbinary("STOR new", io.BytesIO(b"x"))
        with pytest.raises(ftplib.error_perm, match="550"):
            client.mkd("new")
        return client.getwelcome()

    factory = ftp.FTPFactory(portal_of(root))
    factory.welcomeMessage = "hello"
    assert served(reactor, factory, talk) == "220 hello"


def test_users(reactor, root):
    def talk(client):
        client.storbinary("STOR new", io.BytesIO(b"x" * 100_000))
        client.mkd("d")
        client.rename("new", "d/new")
        assert client.size("d/new") == 100_000
        with pytest.raises(ftplib.error_perm, match="530"):
            client.login("me", "wrong")
        with pytest.raises(ftplib.error_perm, match="530"):
            client.login("nobody", "secret")

    served(reactor, ftp.FTPFactory(portal_of(root)), talk, "me", "secret")
    assert (root / "homes/me/d/new").read_bytes() == b"x" * 100_000


def test_nobody_without_a_portal(reactor, root):
    def talk(client):
        with pytest.raises(ftplib.error_perm, match="530"):
            client.login()

    served(reactor, ftp.FTPFactory(), talk, None)


def test_anonymous_is_a_name_where_it_is_not_allowed(reactor, root):
    def talk(client):
        with pytest.raises(ftplib.error_perm, match="530"):
            client.login()

    factory = ftp.FTPFactory(portal_of(root))
    factory.allowAnonymous = False
    served(reactor, factory, talk, None)


class Session(ftp.FTP):
    def ftp_RETR(self, path):
        self.asked = path
        return super().ftp_RETR("file")

    def ftp_HELLO(self, name="nobody"):
        self.reply(ftp.CMD_OK)

    def ftp_LATER(self):
        self.later = Deferred()
        reactor = self.transport.reactor
        reactor.callLater(0.01, self.later.callback, (ftp.FILE_STATUS, "at last"))
        return self.later

    def ftp_NEEDS(self, what):
        return ftp.FILE_STATUS, what

    def ftp_FAILS(self, how):
        raise {"no": ftp.FileNotFoundError(how), "key": KeyError(how)}[how]

    def ftp_PASS(self, password):
        return super().ftp_PASS("secret")

    PUBLIC_COMMANDS = ("FEAT", "QUIT", "HELLO")


@pytest.mark.logs_errors
def test_commands(reactor, root):
    made = []

    def talk(client):
        assert client.sendcmd("HELLO") == "200 Command OK"
        client.login("me", "whatever")
        (root / "homes/me/file").write_bytes(b"mine")
        assert got(client, "RETR something else") == b"mine"
        assert client.sendcmd("later") == "213 at last"
        assert client.sendcmd("NEEDS a  b ") == "213 a  b "
        for line, answer in (
            ("NEEDS", "500 Syntax error: NEEDS requires an argument."),
            ("FAILS no", "550 no: No such file or directory."),
            ("FAILS key", "550 Requested action not taken: internal server error"),
        ):
            with pytest.raises(ftplib.error_perm) as problem:
                client.sendcmd(line)
            assert str(problem.value) == answer
        client.cwd("/")
        return client.pwd()

    factory = ftp.FTPFactory(portal_of(root))
    factory.protocol = lambda: made.append(Session()) or made[-1]
    assert served(reactor, factory, talk, None) == "/"
    assert made[0].asked == "something else"


class Sent:
    """A file of a shell's that is sent when it is asked for."""

    def __init__(self, data):
        self.data = data

    def send(self, consumer):
        self.consumer, self.done = consumer, Deferred()
        consumer.registerProducer(self, False)
        return self.done

    def resumeProducing(self):
        part, self.data = self.data[:50_000], self.data[50_000:]
        if part:
            self.consumer.write(part)
        else:
            self.consumer.unregisterProducer()
            self.done.callback(None)

    def stopProducing(self):
        self.done.callback(None)


class Taken:
    """One that is stored; the last word comes late."""

    def __init__(self, shell, path):
        self.shell, self.path, self.parts = shell, path, []

    def receive(self):
        return self

    def registerProducer(self, producer, streaming):
        self.producer = producer

    def unregisterProducer(self):
        pass

    def write(self, data):
        self.parts.append(data)
        self.producer.pauseProducing()
        self.shell.later(self.producer.resumeProducing)

    def close(self):
        self.shell.files[self.path] = b"".join(self.parts)
        self.shell.closed.append(self.path)
        return self.shell.later(lambda: None)


class Shell:
    """Files in memory. Everything is answered later."""

    def __init__(self, reactor):
        self.reactor, self.files, self.directories = reactor, {"hello": b"hello\n"}, {""}
        self.closed = []

    def later(self, function):
        done = Deferred()
        self.reactor.callLater(0, done.callback, None)
        return done.addCallback(lambda _: function())

    def stat(self, path, keys=()):
        return self.later(lambda: self.facts("/".join(path), keys))

    def facts(self, name, keys):
        if name not in self.files and name not in self.directories:
            raise ftp.FileNotFoundError(name)
        known = {
            "size": len(self.files.get(name, b"")),
            "directory": name in self.directories,
            "permissions": 0o600,
            "hardlinks": 1,
            "modified": 1_600_000_000,
            "owner": "somebody",
            "group": "all",
        }
        return [known[key] for key in keys]

    def list(self, path, keys=()):
        def look():
            where = "/".join(path)
            if where in self.files:
                return [(path[-1], self.facts(where, keys))]
            start = where + "/" if where else ""
            names = [name for name in (*self.files, *self.directories) if name and name.startswith(start)]
            return [(name[len(start) :], self.facts(name, keys)) for name in sorted(names) if "/" not in name[len(start) :]]

        return self.later(look)

    def access(self, path):
        return self.later(lambda: self.facts("/".join(path), ()) and None)

    def makeDirectory(self, path):
        return self.later(lambda: self.directories.add("/".join(path)))

    def removeDirectory(self, path):
        return self.later(lambda: self.directories.remove("/".join(path)))

    def removeFile(self, path):
        return self.later(lambda: self.files.pop("/".join(path)) and None)

    def rename(self, old, new):
        return self.later(lambda: self.files.__setitem__("/".join(new), self.files.pop("/".join(old))))

    def openForReading(self, path):
        return self.later(lambda: self.facts("/".join(path), ()) or Sent(self.files["/".join(path)]))

    def openForWriting(self, path):
        return self.later(lambda: Taken(self, "/".join(path)))


class Realm:
    def __init__(self, shell):
        self.shell, self.left = shell, []

    def requestAvatar(self, avatarId, mind, *interfaces):
        assert ftp.IFTPShell in interfaces
        return ftp.IFTPShell, self.shell, lambda: self.left.append(avatarId)


def test_a_shell_of_ones_own(reactor):
    shell = Shell(reactor)
    realm = Realm(shell)
    data = os.urandom(3 << 20)

    def talk(client):
        assert got(client, "RETR hello") == b"hello\n"
        assert client.nlst() == ["hello"]
        lines = []
        client.retrlines("LIST", lines.append)
        assert lines == ["-rw-------   1 somebody  all                     6 Sep 13  2020 hello"]
        client.storbinary("STOR big", io.BytesIO(data))
        assert client.size("big") == 3 << 20
        assert got(client, "RETR big") == data
        held = io.BytesIO()
        client.retrbinary("RETR big", held.write, rest=2 << 20)
        assert held.getvalue() == data[2 << 20 :]
        assert client.nlst("b*") == ["big"]
        client.mkd("d")
        client.cwd("d")
        assert client.pwd() == "/d"
        client.rename("/big", "new")
        client.delete("new")
        client.cwd("/")
        client.rmd("d")
        assert client.sendcmd("MDTM hello") == "213 20200913122640"
        assert dict(client.mlsd())["hello"]["size"] == "6"
        for line in ("SIZE nope", "SITE CHMOD 600 hello", "MFMT 20200101000000 hello", "CWD nope"):
            with pytest.raises(ftplib.error_perm, match="550"):
                client.sendcmd(line)
        with pytest.raises(ftplib.error_perm, match="550"):
            client.storbinary("APPE hello", io.BytesIO(b"x"))
        # One that breaks off in the middle, on either side.
        client.voidcmd("TYPE I")
        with client.transfercmd("RETR hello"):
            pass
        client.voidresp()
        client.quit()

    portal = Portal(realm, [checkers.AllowAnonymousAccess()])
    served(reactor, ftp.FTPFactory(portal), talk)
    assert shell.files == {"hello": b"hello\n"} and shell.directories == {""}
    assert shell.closed == ["big"] and realm.left == [checkers.ANONYMOUS]


@pytest.mark.parametrize("version", [tls.TLSVersion.TLSv1_2, tls.TLSVersion.TLSv1_3])
def test_a_shell_of_ones_own_over_tls(reactor, tmp_path, version):
    """The end of the handshake is all that waits to be sent when the first bytes are asked for: they come nevertheless."""
    subprocess.run([ROOT / "Tests" / "certificates", tmp_path], check=True, timeout=60)
    identity = ssl.PrivateCertificate.loadPEM((tmp_path / "good.pem").read_bytes())
    shell = Shell(reactor)
    shell.files["big"] = data = os.urandom(1 << 20)

    def talk(client):
        client.prot_p()
        for _ in range(3):
            assert got(client, "RETR hello") == b"hello\n"
        assert got(client, "RETR big") == data
        client.storbinary("STOR new", io.BytesIO(data))
        assert client.sendcmd("HASH new") == f"213 SHA-256 0-{1 << 20} {hashlib.sha256(data).hexdigest()} new"
        client.voidcmd("TYPE A")
        assert client.size("hello") == 7

    context = tls.SSLContext(tls.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, tls.CERT_NONE
    context.minimum_version = context.maximum_version = version
    portal = Portal(Realm(shell), [checkers.AllowAnonymousAccess()])
    factory = ftp.FTPFactory(portal, tls=identity.options(), requireTLS=True, resumeTLS=False)
    served(reactor, factory, talk, kind=ftplib.FTP_TLS, context=context)
    assert shell.files["new"] == data


class Counting(ftp.FTPShell):
    """The stock shell, with something between."""

    def __init__(self, root):
        super().__init__(root)
        self.opened = []

    def openForReading(self, path):
        self.opened.append("/".join(path))
        return super().openForReading(path)


def test_a_shell_derived_from_the_stock_one(reactor, root):
    shell = Counting(root)
    (root / "out").symlink_to("/etc")

    def talk(client):
        assert got(client, "RETR file") == b"0123456789"
        client.storbinary("STOR new", io.BytesIO(b"abc"))
        client.storbinary("APPE new", io.BytesIO(b"def"))
        client.storbinary("STOR new", io.BytesIO(b"X"), rest=5)
        assert got(client, "RETR new") == b"abcdeX"
        client.mkd("a/b")
        client.rename("new", "a/b/new")
        assert client.size("a/b/new") == 6
        assert client.storbinary("STOU file", io.BytesIO(b"unique")).startswith("226")
        client.delete("a/b/new")
        client.rmd("a/b")
        for line in ("RETR out/passwd", "DELE nope", "RMD file", "DELE sub"):
            with pytest.raises(ftplib.error_perm, match="550"):
                if line[:4] == "RETR":
                    client.retrbinary(line, print)
                else:
                    client.sendcmd(line)

    realm = Realm(shell)
    served(reactor, ftp.FTPFactory(Portal(realm, [checkers.AllowAnonymousAccess()])), talk)
    assert shell.opened == ["file", "new", "out/passwd"] and (root / "file.1").read_bytes() == b"unique"


def test_too_many(reactor, root):
    def talk(client):
        with pytest.raises(ftplib.error_temp, match="421 Too many users"):
            ftplib.FTP().connect(client.host, client.port, LIMIT)

    factory = ftp.FTPFactory(portal_of(root))
    factory.connectionLimit = 1
    served(reactor, factory, talk)


def test_passive_ports(reactor, root):
    """Drawn from the range that is wanted, one that is free; an error where none is."""

    def port(client):
        return int(client.sendcmd("EPSV").split("|")[3])

    def talk(client):
        with contextlib.closing(ftplib.FTP()) as other:
            other.connect(client.host, client.port, LIMIT)
            other.login()
            mine, its = port(client), port(other)
            assert mine in factory.passivePortRange and its in factory.passivePortRange and mine != its
            assert len({port(client) for _ in range(20)}) > 1

    factory = ftp.FTPFactory(portal_of(root))
    factory.passivePortRange = range(20000, 30000)
    served(reactor, factory, talk)

    def refused(client):
        with pytest.raises(ftplib.error_temp, match="425 Can't open data connection"):
            client.sendcmd("EPSV")

    with socket.create_server(("127.0.0.1", 0)) as taken:
        factory = ftp.FTPFactory(portal_of(root))
        factory.passivePortRange = range(taken.getsockname()[1], taken.getsockname()[1] + 1)
        served(reactor, factory, refused)


def test_idle(reactor, root):
    def talk(client):
        assert client.getmultiline() == "421 Timeout: closing control connection."

    factory = ftp.FTPFactory(portal_of(root))
    factory.timeOut = 0.05
    served(reactor, factory, talk, None)


def test_any_transport(root):
    """Without a reactor there are no data connections; all else is as ever."""
    from plait.test.proto_helpers import StringTransport

    factory = ftp.FTPFactory(portal_of(root))
    session = factory.buildProtocol(None)
    transport = StringTransport()
    session.makeConnection(transport)
    assert session.state == session.UNAUTH and session.workingDirectory is None
    session.dataReceived(b"USER me\r\nPASS secret\r\n")
    session.dataReceived(b"PWD\r\nTYPE A\r\nQUIT\r\n")
    lines = transport.value().decode().splitlines()
    assert lines[:3] == [
        "220 Welcome to FTP server",
        "331 Password required for me.",
        "230 User logged in, proceed",
    ]
    assert lines[3:] == ['257 "/"', "200 Type set to A.", "221 Goodbye."]
    session.connectionLost()
    assert session.shell is None


def test_the_seeds_example(reactor, root):
    """As it is written there: a factory, and methods of its session."""

    class MyFTP(ftp.FTP):
        def ftp_LIST(self, params=""):
            return ftp.FTP.ftp_LIST(self, params)

        def ftp_USER(self, params):
            return ftp.FTP.ftp_USER(self, params)

    factory = ftp.FTPFactory(portal_of(root))
    assert (factory.timeOut, factory.welcomeMessage) == (600, "Welcome to FTP server")
    assert (MyFTP.shell, isinstance(MyFTP.workingDirectory, property)) == (None, True)
    factory.protocol = MyFTP

    def talk(client):
        lines = []
        client.retrlines("LIST", lines.append)
        return len(lines)

    assert served(reactor, factory, talk) == 3


# ---- cred


def outcome(deferred):
    found = []
    deferred.addBoth(found.append)
    return found[0]


def test_portals():
    known = checkers.InMemoryUsernamePasswordDatabaseDontUse()
    known.addUser("a", b"b")
    portal = Portal(Realm("shell"), [known])
    assert credentials.IUsernamePassword in portal.listCredentialsInterfaces()
    assert outcome(portal.login(credentials.UsernamePassword(b"a", "b"), None, ftp.IFTPShell))[1] == "shell"
    for shown, kind in (
        (credentials.UsernamePassword("a", "x"), error.UnauthorizedLogin),
        (credentials.UsernamePassword("x", "b"), error.UnauthorizedLogin),
        (credentials.Anonymous(), error.UnhandledCredentials),
    ):
        assert outcome(portal.login(shown, None, ftp.IFTPShell)).check(kind)


def test_password_files(tmp_path):
    place = tmp_path / "passwords"
    place.write_text("# a comment\nme:secret:x\nYou:other:x\n")
    known = checkers.FilePasswordDB(place, caseSensitive=False, cache=True)
    for _ in range(2):
        assert outcome(known.requestAvatarId(credentials.UsernamePassword("you", "other"))) == "you"
        assert outcome(known.requestAvatarId(credentials.UsernamePassword("me", "x"))).check(error.UnauthorizedLogin)
    with pytest.raises(KeyError):
        known.getUser("nobody")
    assert outcome(checkers.FilePasswordDB(tmp_path / "nope").requestAvatarId(credentials.UsernamePassword("a", "b"))).check(OSError)
    hashed = b"$6$salt$IxDD3jeSOb5eB1CX5LBsqZFVkJdido3OUILO5Ifz5iwMuTS4XMS130MTSuDDl3aCI6WouIL9AjRbLCelDCy.g."
    assert checkers.crypted(b"", b"password", hashed) == hashed != checkers.crypted(b"", b"Password", hashed)
    assert checkers.crypted(b"", b"password", b"nonsense!") == b"*"


def test_realms(tmp_path):
    realm = ftp.FTPRealm(tmp_path, "/homes")
    _, shell, logout = realm.requestAvatar(b"me", None, ftp.IFTPShell)
    assert type(shell) is ftp.FTPShell and shell.filesystemRoot == "/homes/me" and logout() is None
    assert type(realm.requestAvatar(checkers.ANONYMOUS, None, ftp.IFTPShell)[1]) is ftp.FTPAnonymousShell
    for name in ("..", "a/b", ""):
        with pytest.raises(error.UnauthorizedLogin):
            realm.requestAvatar(name, None, ftp.IFTPShell)
    with pytest.raises(error.UnauthorizedLogin):
        ftp.SystemFTPRealm(tmp_path).getHomeDirectory("nobody of that name")
    assert ftp.SystemFTPRealm(tmp_path).getHomeDirectory("root") == "/root"
    with pytest.raises(NotImplementedError):
        realm.requestAvatar(b"me", None, object)
