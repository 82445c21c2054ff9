"""The FTP client: on a transport that a test feeds, and with a little server of plain sockets."""

from __future__ import annotations

import io
import os
import subprocess
import sys

import pytest

from conftest import run, until
from ftpserver import FTPServer
from plait.internet import endpoints, error
from plait.internet.defer import CancelledError
from plait.internet.protocol import Protocol
from plait.protocols import ftp
from plait.test.proto_helpers import StringTransportWithDisconnection

FILES = {"a": b"one\ntwo\n", "b c": b"x" * 300_000}


class Fed:
    """A client on a transport that the test feeds."""

    def __init__(self, kind=ftp.FTPClient, *arguments, **options):
        self.client = kind(*arguments, **options)
        self.transport = StringTransportWithDisconnection()
        self.transport.protocol = self.client
        self.client.makeConnection(self.transport)

    def sent(self):
        value = self.transport.value()
        self.transport.clear()
        return value

    def say(self, text):
        for byte in (text + "\r\n").encode():
            self.client.dataReceived(bytes([byte]))
        return self.sent()

    def log_in(self):
        assert self.say("220 hello") == b"USER anonymous\r\n"
        assert self.say("331 who?") == b"PASS twisted@twistedmatrix.com\r\n"
        assert self.say("230 in") == b"TYPE I\r\n"
        assert self.say("200 so") == b""
        return self


def heard(deferred):
    out = []
    deferred.addBoth(lambda result: out.append(getattr(result, "value", result)))
    return out


CASES = [
    (lambda c: c.pwd(), b"PWD\r\n", '257 "/a"', ['257 "/a"']),
    (lambda c: c.getDirectory(), b"PWD\r\n", '257 "/a ""b"""', '/a "b"'),
    (lambda c: c.cwd("x"), b"CWD x\r\n", "250 ok", ["250 ok"]),
    (lambda c: c.cdup(), b"CDUP\r\n", "250 ok", ["250 ok"]),
    (lambda c: c.makeDirectory("ä"), "MKD ä\r\n".encode(), '257 "/ä" x', ['257 "/ä" x']),
    (lambda c: c.removeFile(b"\xe4"), b"DELE \xe4\r\n", "250 ok", ["250 ok"]),
    (lambda c: c.removeDirectory("x"), b"RMD x\r\n", "250-a\r\n250 ok", ["250-a", "250 ok"]),
    (lambda c: c.size("x"), b"SIZE x\r\n", "213 12", 12),
    (lambda c: c.mdtm("x"), b"MDTM x\r\n", "213 20201123000000", 1606089600),
    (lambda c: c.chmod("x", 0o600), b"SITE CHMOD 600 x\r\n", "200 ok", ["200 ok"]),
    (lambda c: c.features(), b"FEAT\r\n", "211-x\r\n REST STREAM\r\n size\r\n211 y", {"REST": "STREAM", "SIZE": ""}),
    (lambda c: c.features(), b"FEAT\r\n", "500 what?", {}),
    (lambda c: c.noop(), b"NOOP\r\n", "200 ok", ["200 ok"]),
    (lambda c: c.queueStringCommand("SYST"), b"SYST\r\n", "215 UNIX", ["215 UNIX"]),
    (lambda c: c.mlst("x"), b"MLST x\r\n", "250-x\r\n type=dir;perm=el; x\r\n250 y",
     ftp.Entry("x", "directory", facts={"type": "dir", "perm": "el"})),
]


@pytest.mark.parametrize("ask, sent, reply, wanted", CASES)
def test_calls(ask, sent, reply, wanted):
    fed = Fed().log_in()
    out = heard(ask(fed.client))
    assert fed.sent() == sent
    fed.say(reply)
    assert out == [wanted]


def test_reply_has_its_code():
    fed = Fed().log_in()
    out = heard(fed.client.rename("a", "b"))
    assert fed.sent() == b"RNFR a\r\n"
    assert fed.say("350 and?") == b"RNTO b\r\n"
    fed.say("250 done")
    assert out[0] == ["350 and?", "250 done"] and out[0].code == 250


def test_failures():
    fed = Fed().log_in()
    out = heard(fed.client.rename("a", "b"))
    next_one = heard(fed.client.pwd())
    fed.sent()
    assert fed.say("550 no") == b"PWD\r\n"
    failed = out[0]
    assert isinstance(failed, ftp.CommandFailed) and failed.args == (["550 no"],)
    assert failed.code == 550 and failed.what == "RNFR a: 550 no" and not next_one
    odd = heard(fed.client.size("x"))
    fed.say('257 "/"')
    fed.say("213 big")
    assert isinstance(odd[0], ftp.BadResponse)
    for name in ("a\nDELE b", "a\rb", "a\0b", "x" * 5000):
        assert isinstance(heard(fed.client.cwd(name))[0], ValueError)
    assert fed.sent() == b""


def test_what_ends_it():
    fed = Fed().log_in()
    out = heard(fed.client.noop())
    fed.say("no reply")
    assert isinstance(out[0], ftp.BadResponse) and not fed.transport.connected
    fed = Fed().log_in()
    out, queued = heard(fed.client.noop()), heard(fed.client.pwd())
    fed.client.connectionLost(error.ConnectionLost())
    assert isinstance(out[0], ftp.ConnectionLost) and isinstance(queued[0], ftp.ConnectionLost)
    assert isinstance(heard(fed.client.pwd())[0], ftp.ConnectionLost)


def test_cancelling():
    fed = Fed().log_in()
    first, second = fed.client.cwd("x"), fed.client.noop()
    out, other = heard(first), heard(second)
    first.cancel()
    assert isinstance(out[0], CancelledError) and fed.sent() == b"CWD x\r\n"
    assert fed.say("250 late") == b"NOOP\r\n"
    fed.say("200 yes")
    assert other == [["200 yes"]]


def test_basic_says_nothing_by_itself():
    fed = Fed(ftp.FTPClientBasic)
    assert fed.say("220-one\r\n220 two") == b"" and fed.client.greeting == ["220-one", "220 two"]
    said = [heard(d) for d in fed.client.queueLogin("me", "secret")]
    assert fed.sent() == b"USER me\r\n"
    assert fed.say("331 who?") == b"PASS secret\r\n"
    fed.say("230 in")
    assert said == [[["331 who?"]], [["230 in"]]]
    command = ftp.FTPCommand("NOOP")
    out = heard(command.deferred)
    fed.client.queueCommand(command)
    fed.say("200 x")
    assert out == [["200 x"]]
    fed = Fed(ftp.FTPClientBasic)
    fed.say("220 x")
    fed.client.queueLogin("me", "secret")
    fed.sent()
    assert fed.say("230 you are known") == b""


# ---- with a server


@pytest.fixture
def server():
    with FTPServer(FILES) as made:
        yield made


def connected(reactor, server, *arguments, **options):
    endpoint = endpoints.TCP4ClientEndpoint(reactor, "127.0.0.1", server.port)
    client = run(reactor, endpoints.connectProtocol(endpoint, ftp.FTPClient(*arguments, **options)))
    return run(reactor, client.whenReady())


class Getter(Protocol):
    def __init__(self):
        self.data, self.reason = b"", None

    def dataReceived(self, data):
        self.data += data

    def connectionLost(self, reason):
        self.reason = reason


def test_retrieving(reactor, server, tmp_path):
    client = connected(reactor, server)
    parts, steps = [], []
    reply = run(reactor, client.retrieveFile("b c", parts.append, progress=lambda *step: steps.append(step)))
    assert b"".join(parts) == FILES["b c"] and reply.code == 226 and reply.moved == 300_000
    assert reply[-2:] == ["150 here it comes", "226 done"] and steps[-1] == (300_000, 300_000)
    getter = Getter()
    run(reactor, client.retrieveFile("a", getter))
    assert getter.data == FILES["a"] and getter.reason.check(error.ConnectionDone)
    run(reactor, client.retrieveFile("a", getter := Getter(), 4))
    assert getter.data == b"two\n"
    run(reactor, client.retrieveFile("a", made := io.BytesIO()))
    assert made.getvalue() == FILES["a"]
    (tmp_path / "got").write_bytes(b"one")
    run(reactor, client.retrieveFile("a", tmp_path / "got", resume=True))
    assert (tmp_path / "got").read_bytes() == FILES["a"]
    with pytest.raises(ftp.CommandFailed) as failed:
        run(reactor, client.retrieveFile("none", getter := Getter()))
    assert failed.value.what == "RETR none: 550 no such file" and getter.reason is not None
    with pytest.raises(ZeroDivisionError):
        run(reactor, client.retrieveFile("a", lambda data: 1 / 0))
    with pytest.raises(TypeError):
        run(reactor, client.retrieveFile("a", 5))
    assert run(reactor, client.getDirectory()) == '/a "b"'
    run(reactor, client.quit())


def test_storing(reactor, server, tmp_path):
    client = connected(reactor, server)
    big = os.urandom(500_000)
    (tmp_path / "up").write_bytes(big)
    run(reactor, client.storeFile("path", tmp_path / "up"))
    run(reactor, client.storeFile("file", io.BytesIO(big)))
    run(reactor, client.storeFile("bytes", b"12345"))
    run(reactor, client.append("bytes", b"67"))
    run(reactor, client.storeFile("bytes", b"end", 2))
    assert server.files["path"] == server.files["file"] == big and server.files["bytes"] == b"12end"
    ready, done = client.storeFile("old way")

    def feed(consumer):
        consumer.write(b"one")
        consumer.write(b"two" * 100_000)
        consumer.finish()

    ready.addCallback(feed)
    assert run(reactor, done).code == 226
    assert server.files["old way"] == b"one" + b"two" * 100_000
    ready, done = client.storeFile("produced")

    class Producer:
        left = 20

        def resumeProducing(self):
            self.left -= 1
            self.consumer.write(b"y" * 10_000)
            if not self.left:
                self.consumer.unregisterProducer()
                self.consumer.finish()

        def stopProducing(self):
            pass

    def register(consumer):
        Producer.consumer = consumer
        consumer.registerProducer(Producer(), False)

    ready.addCallback(register)
    run(reactor, done)
    assert server.files["produced"] == b"y" * 200_000
    server.replies["STOR"] = "553 no"
    ready, done = client.storeFile("no")
    failures = heard(ready)
    with pytest.raises(ftp.CommandFailed):
        run(reactor, done)
    assert isinstance(failures[0], ftp.CommandFailed)


def test_listings(reactor, server):
    client = connected(reactor, server)
    names = [("a", 8), ("b c", 300_000)]
    assert [(e.name, e.size) for e in run(reactor, client.list())] == names
    assert [(e.name, e.size, e.facts["perm"]) for e in run(reactor, client.mlsd())] == [(*n, "r") for n in names]
    assert run(reactor, client.nlst("x")) == ["a", "b c"]
    lister = ftp.FTPFileListProtocol()
    run(reactor, client.list("d", lister))
    assert [(f["filename"], f["size"], f["owner"], f["nlinks"]) for f in lister.files] == [("a", 8, "me", 1), ("b c", 300_000, "me", 1)]
    getter = Getter()
    run(reactor, client.receiveFromConnection(["SITE X", "NLST"], getter))
    assert getter.data == b"a\r\nb c\r\n" and server.heard[-2:] == ["SITE X", "NLST"]


def test_active_and_older_servers(reactor, server):
    client = connected(reactor, server, passive=0)
    run(reactor, client.retrieveFile("a", made := io.BytesIO()))
    assert made.getvalue() == FILES["a"] and any(h.startswith("EPRT |1|127.0.0.1|") for h in server.heard)
    client.passive = 1
    server.replies["EPSV"] = "500 what?"
    run(reactor, client.retrieveFile("a", made := io.BytesIO()))
    assert made.getvalue() == FILES["a"] and "PASV" in server.heard


def test_one_transfer_ends_and_the_session_goes_on(reactor, server):
    client = connected(reactor, server)
    seen = []

    class Slow(Getter):
        def dataReceived(self, data):
            seen.append(data)
            self.transport.pauseProducing()

    call = client.retrieveFile("b c", Slow())
    out = heard(call)
    until(reactor, lambda: seen)
    aborted = client.abort()
    assert isinstance(out[0], CancelledError)
    assert run(reactor, aborted).code == 200
    slow = Slow()
    call = client.retrieveFile("b c", slow)
    seen.clear()
    until(reactor, lambda: seen)
    Slow.dataReceived = Getter.dataReceived
    slow.transport.resumeProducing()
    assert run(reactor, call).moved == 300_000


def test_logging_in(reactor):
    with FTPServer(FILES) as server:
        client = run(reactor, ftp.FTPClientBasic("me", "secret").connectTo("127.0.0.1", server.port, reactor=reactor))
        assert server.heard[:2] == ["USER me", "PASS secret"] and client.greeting == ["220 hello"]
        client.transport.abortConnection()
    with FTPServer(replies={"PASS": "530 no"}) as server:
        with pytest.raises(ftp.ConnectionLost) as failed:
            run(reactor, ftp.FTPClientBasic("me", "x").connectTo("127.0.0.1", server.port, reactor=reactor))
        assert "530 no" in str(failed.value.args[1].value)
    with FTPServer(FILES) as server:
        # Asked before there is a connection, and before the login.
        client = ftp.FTPClient()
        early = client.size("a")
        endpoint = endpoints.TCP4ClientEndpoint(reactor, "127.0.0.1", server.port)
        run(reactor, endpoints.connectProtocol(endpoint, client))
        assert run(reactor, early) == 8


def test_lines_of_listings():
    lister = ftp.FTPFileListProtocol()
    unknown = []
    lister.unknownLine = unknown.append
    lister.makeConnection(StringTransportWithDisconnection())
    lister.dataReceived(
        b"total 4\r\nlrwxrwxrwx   1 root     other           9 Oct 04  1999 a\\ b -> c\\ d\r\n"
        b"-rw-r--r--+  1 root   20  Nov 23 01:17 x\n"
    )
    assert unknown == ["total 4\r"]
    assert lister.files[0] == {
        "filetype": "l", "perms": "rwxrwxrwx", "nlinks": 1, "owner": "root", "group": "other", "size": 9,
        "date": "Oct 04  1999", "filename": "a b", "linktarget": "c d",
    }
    assert lister.files[1]["group"] is None and lister.files[1]["size"] == 20


def test_asyncio(environment):
    with FTPServer(FILES) as server:
        script = f"""
import asyncio
from plait import aio
from plait.protocols import ftp

async def main():
    client = await ftp.FTPClientBasic("me", "x").connectTo("127.0.0.1", {server.port}, reactor=aio.getReactor())
    parts = []
    await client.retrieveFile("a", parts.append)
    print(parts, await client.nlst())
    await client.quit()
asyncio.run(main())
"""
        done = subprocess.run([sys.executable, "-c", script], env=environment, capture_output=True, text=True, timeout=60)
    assert done.stdout == "[b'one\\ntwo\\n'] ['a', 'b c']\n", done.stderr
