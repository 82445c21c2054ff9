"""plait-ftpd and the clients that people have: curl, lftp, ncftp, wget, tnftp, ftplib and Twisted's."""

from __future__ import annotations

import contextlib
import ftplib
import io
import os
import re
import shutil
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

from conftest import LIMIT, wants

ROOT = Path(__file__).resolve().parents[2]
FTPD = ROOT / "build" / "stage" / "bin" / "plait-ftpd"
# Names that clients get wrong: blanks at either end, quotes, backslashes, UTF-8, and bytes that are no text.
NAMES = [b"plain", b" leading", b"in the middle", b"quo\"te's", b"back\\slash", "zwölf Boxkämpfer".encode(), b"\xe4lter", b"a#b%20;c", b"-dash"]


class Server:
    def __init__(self, folder: Path, *options: str, host: str = "127.0.0.1"):
        self.host, self.folder = host, folder
        self.log = folder.parent / "ftpd.log"
        # It listens before the program runs: who connects is answered once that is ready.
        with socket.create_server((host, 0), family=socket.AF_INET6 if ":" in host else socket.AF_INET) as listening, open(self.log, "wb") as log:
            self.port = listening.getsockname()[1]
            command = [FTPD, "-w", *options, f"fd:{listening.fileno()}", folder]
            self.process = subprocess.Popen(command, stdout=log, stderr=log, pass_fds=[listening.fileno()])
        if "-i" not in options:  # where it speaks TLS from the start, the client is the first to say something
            with socket.create_connection((host, self.port), LIMIT) as first:
                assert first.recv(3) == b"220", self.log.read_text()

    @property
    def url(self) -> str:
        return f"ftp://[{self.host}]:{self.port}" if ":" in self.host else f"ftp://{self.host}:{self.port}"

    def stop(self) -> None:
        self.process.terminate()
        self.process.wait(LIMIT)
        self.transfers = self.log.read_bytes().decode(errors="surrogateescape").splitlines()[1:]
        assert self.process.returncode == 0, self.transfers


@pytest.fixture(params=["127.0.0.1", "::1"])
def server(request, tmp_path):
    wants(request.param)
    made = Server(filled(tmp_path / "root"), host=request.param)
    yield made
    made.stop()


@pytest.fixture
def one(tmp_path):
    made = Server(filled(tmp_path / "root"), "-b")
    yield made
    made.stop()


def filled(folder: Path) -> Path:
    folder.mkdir()
    (folder / "sub" / "deep").mkdir(parents=True)
    (folder / "big").write_bytes(os.urandom(3 << 20))
    (folder / "text").write_bytes(b"one\ntwo\n")
    (folder / "sub" / "deep" / "small").write_bytes(b"small\n")
    (folder / "out").symlink_to("/etc")
    os.utime(folder / "text", (1_600_000_000, 1_600_000_000))
    return folder


def run(*command, cwd=None, ok=True, data=None) -> str:
    done = subprocess.run(list(map(str, command)), capture_output=True, timeout=LIMIT, cwd=cwd, input=data,
                          env=dict(os.environ, HOME=str(cwd or "/nonexistent"), LC_ALL="C.UTF-8"))
    text = (done.stdout + done.stderr).decode(errors="surrogateescape")
    if ok:
        assert done.returncode == 0, text
    return text


def curl(*arguments, ok=True, cwd=None) -> str:
    return run("curl", "-sS", "-m", "20", *arguments, ok=ok, cwd=cwd)


# ---- curl


@pytest.mark.parametrize("how", [[], ["--disable-epsv"], ["-P", "-"], ["-P", "-", "--disable-eprt"], ["--ftp-method", "nocwd"],
                                 ["--ftp-method", "singlecwd"]], ids=" ".join)
def test_curl_gets(server, tmp_path, how):
    if ":" in server.host and ("--disable-epsv" in how or "--disable-eprt" in how):
        pytest.skip("there is no PASV and no PORT in IPv6")
    curl(*how, f"{server.url}/big", "-o", tmp_path / "got")
    assert (tmp_path / "got").read_bytes() == (server.folder / "big").read_bytes()
    assert curl(*how, f"{server.url}/sub/deep/small", f"{server.url}/text") == "small\none\ntwo\n"


def test_curl_looks(server, tmp_path):
    assert "small" in curl(f"{server.url}/sub/deep/") and "big" in curl("-l", f"{server.url}/")
    assert "type=file;" in curl("-X", "MLSD", f"{server.url}/")
    head = curl("-I", f"{server.url}/text")
    assert "Content-Length: 8" in head and "Sun, 13 Sep 2020 12:26:40 GMT" in head
    assert curl(f"{server.url}/text;type=a").splitlines() == ["one", "two"]
    assert curl("-r", "4-6", f"{server.url}/text") == "two"
    curl("-R", f"{server.url}/text", "-o", tmp_path / "dated")
    assert (tmp_path / "dated").stat().st_mtime == 1_600_000_000
    assert curl("-z", "01 Jan 2030", f"{server.url}/text") == "" and curl("-B", f"{server.url}/text").splitlines() == ["one", "two"]
    assert "550" in curl("-v", f"{server.url}/nope", ok=False) and "(9)" in curl(f"{server.url}/out/passwd", ok=False)
    assert "250" in curl("-v", "-Q", "MKD made", "-Q", "RMD made", f"{server.url}/text")


def test_curl_puts(server, tmp_path):
    source = tmp_path / "source"
    source.write_bytes(os.urandom(2 << 20))
    curl("-T", source, f"{server.url}/up")
    assert (server.folder / "up").read_bytes() == source.read_bytes()
    curl("-a", "-T", source, f"{server.url}/up")
    assert (server.folder / "up").read_bytes() == source.read_bytes() * 2
    curl("--ftp-create-dirs", "-T", source, f"{server.url}/new/er/up")
    assert (server.folder / "new/er/up").read_bytes() == source.read_bytes()
    (server.folder / "part").write_bytes(source.read_bytes()[:100_000])
    curl("-C", "-", "-T", source, f"{server.url}/part")
    assert (server.folder / "part").read_bytes() == source.read_bytes()
    (tmp_path / "half").write_bytes(source.read_bytes()[:100_000])
    curl("-C", "-", "-o", tmp_path / "half", f"{server.url}/part")
    assert (tmp_path / "half").read_bytes() == source.read_bytes()


# ---- others


def test_wget(server, tmp_path):
    run("wget", "-q", "-r", "-nH", "--no-passive" if ":" not in server.host else "-nv", "-P", tmp_path / "got", f"{server.url}/sub/", cwd=tmp_path)
    assert (tmp_path / "got/sub/deep/small").read_bytes() == b"small\n"
    (tmp_path / "big").write_bytes((server.folder / "big").read_bytes()[:1 << 20])
    run("wget", "-q", "-c", f"{server.url}/big", cwd=tmp_path)
    assert (tmp_path / "big").read_bytes() == (server.folder / "big").read_bytes()


def lftp(server, script, cwd):
    settings = "set net:max-retries 1; set net:timeout 10; set xfer:clobber yes; set ftp:ssl-allow no; set cmd:fail-exit yes; "
    return run("lftp", "-c", f"{settings} open {server.url}; {script}", cwd=cwd)


def test_lftp(server, tmp_path):
    (tmp_path / "up").write_bytes(b"up" * 1000)
    said = lftp(server, "cls -1; put up; chmod 600 up; mv up sub/moved; mkdir d; rmdir d; cat text; get big; pget -n 3 big -o three; "
                        "du sub/deep; put -c up -o sub/moved", tmp_path)
    assert "one\ntwo\n" in said
    assert (server.folder / "sub/moved").read_bytes() == b"up" * 1000
    assert (server.folder / "sub/moved").stat().st_mode & 0o777 == 0o600
    for name in ("big", "three"):
        assert (tmp_path / name).read_bytes() == (server.folder / "big").read_bytes()


def tree(folder: Path, count: int) -> None:
    bare = os.fsencode(folder)
    for number in range(count):
        inner = os.path.join(bare, b"d%d" % (number % 20))
        os.makedirs(inner, exist_ok=True)
        with open(os.path.join(inner, NAMES[number % len(NAMES)] + b"%d" % number), "wb") as file:
            file.write(b"%d" % number * (number % 50))


def contents(folder: Path) -> dict:
    bare = os.fsencode(folder)
    found = {}
    for where, _, files in os.walk(bare):
        for name in files:
            path = os.path.join(where, name)
            with open(path, "rb") as file:
                found[os.path.relpath(path, bare)] = (file.read(), int(os.stat(path).st_mtime))
    return found


def test_lftp_mirrors_two_thousand_files_there_and_back(one, tmp_path):
    tree(tmp_path / "many", 2000)
    lftp(one, "mirror -R -P 4 many there; mirror -P 4 there back", tmp_path)
    assert contents(one.folder / "there") == contents(tmp_path / "many") == contents(tmp_path / "back")


def test_ncftp(server, tmp_path):
    if ":" in server.host:
        pytest.skip("ncftp knows no IPv6")
    where = ("-P", str(server.port))
    assert "big" in run("ncftpls", *where, f"ftp://127.0.0.1:{server.port}/", cwd=tmp_path)
    run("ncftpget", "-V", "-R", *where, "127.0.0.1", tmp_path, "/sub", cwd=tmp_path)
    assert (tmp_path / "sub/deep/small").read_bytes() == b"small\n"
    (tmp_path / "up").write_bytes(os.urandom(500_000))
    run("ncftpput", "-V", *where, "127.0.0.1", "/sub", tmp_path / "up", cwd=tmp_path)
    assert (server.folder / "sub/up").read_bytes() == (tmp_path / "up").read_bytes()


def test_tnftp(server, tmp_path):
    run("tnftp", "-a", "-V", "-o", tmp_path / "got", f"{server.url}/big", cwd=tmp_path)
    assert (tmp_path / "got").read_bytes() == (server.folder / "big").read_bytes()
    (tmp_path / "up").write_bytes(b"x" * 100_000)
    script = f"open {server.host} {server.port}\nuser anonymous a@b\nbinary\nls\nput up\nget text\npassive\nls sub\nrename up sub/up\nsize sub/up\nquit\n"
    said = run("tnftp", "-n", "-v", cwd=tmp_path, data=script.encode())
    assert "sub/up\t100000" in said and (server.folder / "sub/up").read_bytes() == b"x" * 100_000, said
    assert (tmp_path / "text").read_bytes() == b"one\ntwo\n"


def test_inetutils(server, tmp_path):
    """Active by default."""
    (tmp_path / "up").write_bytes(b"x" * 100_000)
    script = "user anonymous a@b\nbinary\nls\nput up\nget text\npassive\nget big\nls sub\nquit\n"
    said = run("inetutils-ftp", "-n", "-v", server.host, server.port, cwd=tmp_path, data=script.encode())
    assert (server.folder / "up").read_bytes() == b"x" * 100_000 and "deep" in said, said
    assert (tmp_path / "text").read_bytes() == b"one\ntwo\n"
    assert (tmp_path / "big").read_bytes() == (server.folder / "big").read_bytes()


@pytest.fixture
def client(server):
    made = ftplib.FTP(encoding="utf-8")
    made.connect(server.host, server.port, LIMIT)
    made.login()
    yield made
    made.close()


@pytest.mark.parametrize("passive", [True, False])
def test_ftplib(client, server, passive):
    client.set_pasv(passive)
    assert sorted(client.nlst()) == ["big", "out", "sub", "text"]
    lines = []
    client.retrlines("LIST", lines.append)
    assert any(line.endswith(" out -> /etc") for line in lines)
    facts = dict(client.mlsd("/sub"))
    assert facts["deep"]["type"] == "dir"
    assert client.size("text") == 10, "in TYPE A, with CR LF"
    client.voidcmd("TYPE I")
    assert client.size("big") == 3 << 20
    got = io.BytesIO()
    client.retrbinary("RETR big", got.write, rest=1000)
    assert got.getvalue() == (server.folder / "big").read_bytes()[1000:]
    client.storbinary("STOR ftplib", io.BytesIO(b"abc" * 100_000))
    client.storlines("STOR lines", io.BytesIO(b"a\nb\n"))
    assert (server.folder / "ftplib").read_bytes() == b"abc" * 100_000 and (server.folder / "lines").read_bytes() == b"a\nb\n"
    client.rename("ftplib", "sub/ftplib")
    client.delete("sub/ftplib")
    assert client.mkd('a "b"') == '/a "b"' and client.cwd('a "b"') and client.pwd() == '/a "b"'
    client.cwd("..")
    client.rmd('a "b"')
    assert client.quit().startswith("221")


def test_many_sessions_at_once(one):
    """A thousand sessions, of which two hundred transfer, in under 64 MiB; and one more works as if they were not there."""
    held = []
    for number in range(1000):
        raw = Raw(one)
        held.append(raw)
        if number % 5 == 0:
            raw.data = raw.passive()
            raw.socket.sendall(b"RETR big\r\n")
            assert raw.reply() in (125, 150)
    status = Path(f"/proc/{one.process.pid}/status").read_text()
    peak = int(re.search(r"VmHWM:\s+(\d+) kB", status).group(1))
    quick = Raw(one)
    with quick.passive() as data:
        quick.socket.sendall(b"NLST sub\r\n")
        assert quick.reply() in (125, 150) and data.recv(100) == b"deep\r\n" and quick.reply() == 226
    whole = (one.folder / "big").read_bytes()
    for raw in held[:100:5]:
        assert b"".join(iter(lambda: raw.data.recv(1 << 18), b"")) == whole
        assert raw.reply() == 226
    for raw in held:
        raw.socket.close()
    assert peak < 64 << 10, f"{peak} KiB"


def test_users(tmp_path):
    hashed = run("openssl", "passwd", "-6", "secret").strip()
    (tmp_path / "mine").mkdir()
    users = tmp_path / "users"
    users.write_text(f"# who may come\nme:{hashed}:{tmp_path / 'mine'}\nguest:{hashed}:{tmp_path / 'mine'}:ro\n")
    (tmp_path / "root").mkdir()
    server = Server(tmp_path / "root", "-u", str(users))
    try:
        curl("-T", users, f"ftp://me:secret@127.0.0.1:{server.port}/up")
        assert (tmp_path / "mine/up").read_text() == users.read_text()
        assert "(67)" in curl(f"ftp://me:wrong@127.0.0.1:{server.port}/", ok=False)
        assert "(67)" in curl(f"ftp://nobody:secret@127.0.0.1:{server.port}/", ok=False)
        assert "(25)" in curl("-T", users, f"ftp://guest:secret@127.0.0.1:{server.port}/up2", ok=False)
    finally:
        server.stop()
    assert server.transfers[0].startswith("127.0.0.1 me stored /up ")
    assert "usage" in run(FTPD, ok=False)


TWISTED = r"""
import sys
from twisted.internet import protocol, reactor
from twisted.protocols import ftp
class Take(protocol.Protocol):
    def __init__(self): self.data = b""
    def dataReceived(self, data): self.data += data
def fail(reason):
    print(reason)
    reactor.stop()
async def talk(client):
    listing = ftp.FTPFileListProtocol()
    await client.list("/", listing)
    print(sorted(f["filename"] for f in listing.files))
    got = Take()
    await client.retrieveFile("text", got)
    print(got.data)
    sending, replies = client.storeFile("twisted")
    consumer = await sending
    consumer.write(b"from twisted")
    consumer.finish()
    await replies
    await client.rename("twisted", "sub/twisted")
    await client.quit()
def made(client):
    from twisted.internet.defer import ensureDeferred
    ensureDeferred(talk(client)).addCallbacks(lambda _: reactor.stop(), fail)
protocol.ClientCreator(reactor, ftp.FTPClient, passive=int(sys.argv[2])).connectTCP("127.0.0.1", int(sys.argv[1])).addCallbacks(made, fail)
reactor.callLater(20, reactor.stop)
reactor.run()
"""


@pytest.mark.parametrize("passive", [1, 0])
def test_twisted(one, passive):
    said = run(sys.executable, "-c", TWISTED, one.port, passive)
    assert said.splitlines() == ["['big', 'out', 'sub', 'text']", "b'one\\ntwo\\n'"], said
    assert (one.folder / "sub/twisted").read_bytes() == b"from twisted"


# What clients say, and what is expected, in one session.
EVERYTHING = """
SYST 215 & FEAT 211 & OPTS UTF8 ON 200 & OPTS MLST type;size; 200 & OPTS NOSUCH 501
CLNT me 200 & HELP 214 & HELP SITE 214 & SITE HELP 214 & NOOP 200 & noop 200
PWD 257 & XPWD 257 & CWD sub 250 & CDUP 250 & XCWD sub 250 & XCUP 250 & CWD none 550
MKD new 257 & MKD new 550 & RMD new 250 & XMKD new 257 & XRMD new 250 & RMD none 550
TYPE A 200 & TYPE A N 200 & TYPE I 200 & TYPE L 8 200 & TYPE E 504 & STRU F 200 & STRU R 504 & MODE S 200 & MODE B 504 & ALLO 100 202 & ACCT x 202
SIZE text 213 & SIZE sub 550 & MDTM text 213 & MDTM none 550
MFMT 20200101000000 text 213 & MDTM 20200102000000 text 213 & SITE CHMOD 600 text 200 & HASH text 213
MLST text 250 & MLST 250 & MLST none 550 & STAT 211 & STAT text 213 & STAT sub 213 & REST 5 350 & REST x 501 & REST 0 350 & ABOR 226
RNFR none 550 & RNFR text 350 & RNTO moved 250 & RNFR moved 350 & RNTO text 250 & RNTO text 503 & DELE none 550
EPSV 229 & EPSV 1 229 & EPSV 3 522 & PASV 227 & PORT 127,0,0,1,4,1 200 & PORT 127,0,0,1,4 501 & EPRT |1|127.0.0.1|1025| 200 & EPRT |9|127.0.0.1|1025| 522
EPSV ALL 200 & PASV 503 & PORT 127,0,0,1,4,1 503 & EPSV 229 & RETR none 550 & RETR text 503 & LIST 503
CCC 502 & HOST x 502 & SMNT / 502 & XYZZY 502 & USER 500 & RETR 500 & PBSZ 0 503 & AUTH TLS 502 & PASS x 503
REIN 220 & PWD 530 & USER anonymous 331 & PWD 503 & PASS x 230 & USER anonymous 331 & PASS x 230 & PWD 257
QUIT 221
"""


def test_every_command_is_answered(one):
    raw = Raw(one)
    for step in EVERYTHING.strip().replace("\n", " & ").split(" & "):
        line, _, code = step.rpartition(" ")
        assert raw.say(line) == int(code), (step, raw.line)
    assert raw.file.readline() == b"", "it has closed"


# ---- clients that mean harm


class Raw:
    """A control connection, byte by byte."""

    def __init__(self, server, login=True):
        self.server = server
        self.socket = socket.create_connection((server.host, server.port), LIMIT)
        self.file = self.socket.makefile("rb")
        assert self.reply() == 220
        if login:
            assert self.say("USER anonymous") == 331 and self.say("PASS x") == 230

    def reply(self) -> int:
        while True:
            self.line = self.file.readline()
            assert self.line.endswith(b"\r\n"), self.line
            if self.line[3:4] == b" ":
                return int(self.line[:3])

    def say(self, line) -> int:
        self.socket.sendall((line if isinstance(line, bytes) else line.encode()) + b"\r\n")
        return self.reply()

    def passive(self, connect=True):
        assert self.say("EPSV") == 229
        port = int(re.search(rb"\|\|\|(\d+)\|", self.line).group(1))
        return socket.create_connection((self.server.host, port), LIMIT) if connect else port


def test_nobody_bounces(one):
    raw = Raw(one)
    with socket.create_server(("127.0.0.1", 0)) as victim:
        port = victim.getsockname()[1]
        for line in (f"PORT 127,0,0,2,{port >> 8},{port & 255}", "PORT 127,0,0,1,0,25", f"EPRT |1|127.0.0.2|{port}|", "EPRT |1|127.0.0.1|22|",
                     f"EPRT |2|::1|{port}|"):
            assert raw.say(line) == 504, line
            assert raw.say("LIST") == 503
    # Another address may not take what this one has asked for.
    port = raw.passive(connect=False)
    thief = socket.socket()
    thief.bind(("127.0.0.3", 0))
    thief.settimeout(LIMIT)
    thief.connect(("127.0.0.1", port))
    assert thief.recv(1) == b""
    raw.socket.sendall(b"RETR text\r\n")
    assert raw.reply() == 150
    with socket.create_connection(("127.0.0.1", port), LIMIT) as data:
        assert data.recv(100) == b"one\ntwo\n"
    assert raw.reply() == 226


def test_nobody_gets_out(one):
    secret = one.folder.parent / "secret"
    secret.write_text("secret")
    (one.folder / "far").symlink_to("../secret")
    (one.folder / "up").symlink_to("..")
    raw = Raw(one)
    for path in ("../secret", "/../secret", "sub/../../secret", "far", "up/secret", "//..//secret", "sub/deep/../../../secret", "out/passwd"):
        for verb in ("RETR", "STOR", "APPE", "DELE", "SIZE", "MDTM", "MLST", "RNFR", "SITE CHMOD 777", "MFMT 20200101000000"):
            if verb in ("DELE", "STOR") and path == "far":
                continue  # the link is the user's own: with -b an upload takes its place
            if verb in ("RETR", "STOR", "APPE"):
                raw.passive().close()
            assert raw.say(f"{verb} {path}") == 550, (verb, path)
    assert secret.read_text() == "secret"
    assert raw.say("MKD up/made") == 550 and raw.say("CWD up") == 550 and raw.say("CWD out") == 550


def test_lines_without_end(one):
    raw = Raw(one)
    raw.socket.sendall(b"x" * 100_000 + b"\r\n")
    assert raw.reply() == 500
    assert raw.say("NOOP") == 200
    raw.socket.sendall(b"NOOP\r\n" * 5000)
    for _ in range(5000):
        assert raw.reply() == 200
    assert raw.say(b"CWD " + b"\xff\xfe\x01\x80" * 100) == 550
    assert raw.say(b"RETR " + b"a/" * 5000) in (503, 550)
    # It says so, and goes, while this is still on its way.
    with contextlib.suppress(BrokenPipeError, ConnectionResetError):
        raw.socket.sendall(b"y" * (2 << 20))
    assert raw.reply() == 421
    # Those who never say a word, or go at once.
    for data in (b"", b"\xff", b"USER", b"USER x\r\nPASS", b"\r\n" * 100):
        with socket.create_connection((one.host, one.port), LIMIT) as other:
            other.sendall(data)
    assert Raw(one).say("NOOP") == 200


def test_urgent_abort(one):
    raw = Raw(one)
    data = raw.passive()
    raw.socket.sendall(b"RETR big\r\n")
    assert raw.reply() in (125, 150)
    data.recv(1000)
    raw.socket.sendall(b"\xff\xf4")
    raw.socket.send(b"\xff\xf2", socket.MSG_OOB)
    raw.socket.sendall(b"ABOR\r\n")
    codes = [raw.reply()]
    if codes[0] == 226:  # all of it may have left before
        assert raw.reply() == 226
    else:
        assert codes == [426] and raw.reply() == 226
    assert raw.say("NOOP") == 200


def test_connections_that_are_left(one):
    for number in range(50):
        raw = Raw(one)
        raw.passive(connect=False)
        data = raw.passive()
        raw.socket.sendall(b"STOR left%d\r\n" % number)
        assert raw.reply() in (125, 150)
        data.sendall(b"x" * 10)
        raw.socket.close()
    assert Raw(one).say("NOOP") == 200
    # Nothing is kept of them: the process has as many descriptors as before.
    end = time.monotonic() + LIMIT
    while len(os.listdir(f"/proc/{one.process.pid}/fd")) > 25:
        assert time.monotonic() < end, "descriptors are left"
        time.sleep(0.02)


def test_a_full_disk(tmp_path):
    """Uploads to where nothing fits are told so, and the session lives."""
    if os.geteuid() != 0:
        pytest.skip("mounting needs root")
    folder = tmp_path / "root"
    folder.mkdir()
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", folder], capture_output=True).returncode:
        pytest.skip("no mounting here")
    try:
        server = Server(folder)
        raw = Raw(server)
        data = raw.passive()
        raw.socket.sendall(b"STOR big\r\n")
        assert raw.reply() in (125, 150)
        with pytest.raises(OSError):
            for _ in range(1000):
                data.sendall(b"x" * 10_000)
            data.shutdown(socket.SHUT_WR)
            if data.recv(1) == b"":
                raise OSError
        assert raw.reply() == 552
        assert raw.say("NOOP") == 200
        raw.socket.close()
        server.stop()
    finally:
        subprocess.run(["umount", folder], check=True)


def test_killed_in_the_midst(tmp_path):
    """With -b a file is there as a whole, or not at all; what was sent can be gone on with."""
    folder = tmp_path / "root"
    folder.mkdir()
    server = Server(folder, "-b")
    raw = Raw(server)
    data = raw.passive()
    raw.socket.sendall(b"STOR file\r\n")
    assert raw.reply() in (125, 150)
    data.sendall(b"a" * 100_000)
    end = time.monotonic() + LIMIT
    while not (folder / ".file.part").exists() or (folder / ".file.part").stat().st_size < 100_000:
        assert time.monotonic() < end
        time.sleep(0.01)
    server.process.kill()
    server.process.wait()
    assert not (folder / "file").exists()
    server = Server(folder, "-b")
    raw = Raw(server)
    assert raw.say("SIZE file") == 213 and raw.line == b"213 100000\r\n"
    assert raw.say("REST 100000") == 350
    data = raw.passive()
    raw.socket.sendall(b"STOR file\r\n")
    assert raw.reply() in (125, 150)
    data.sendall(b"b" * 10)
    data.close()
    assert raw.reply() == 226
    assert (folder / "file").read_bytes() == b"a" * 100_000 + b"b" * 10
    raw.socket.close()
    server.stop()
