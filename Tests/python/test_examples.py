"""The examples, run as programs; and one program written for Twisted, with its imports changed."""

from __future__ import annotations

import contextlib
import ftplib
import io
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from conftest import LIMIT, ROOT, reserved_port

EXAMPLES = ROOT / "examples" / "python"
CHAT = Path(__file__).parent / "peers" / "chat.py"


@contextlib.contextmanager
def program(environment, *command):
    """A program that is running."""
    with subprocess.Popen(
        [sys.executable, *map(str, command)], env=environment, stdout=subprocess.PIPE, text=True
    ) as process:
        try:
            yield process
        finally:
            process.kill()


def finished(environment, *command, cwd=None):
    """What a program printed that ended by itself."""
    done = subprocess.run(
        [sys.executable, *map(str, command)],
        env=environment,
        capture_output=True,
        text=True,
        timeout=LIMIT,
        cwd=cwd,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.fixture
def chat(environment):
    """The port of the example's chat server."""
    with program(environment, EXAMPLES / "chat_server.py", 0) as server:
        yield int(server.stdout.readline().split()[-1])


class Plain:
    """A client with nothing but a socket."""

    def __init__(self, port):
        self.socket = socket.create_connection(("127.0.0.1", port), LIMIT)
        self.file = self.socket.makefile("rb")
        assert self.hear() == b"Welcome to chat server!\n"

    def say(self, line):
        self.socket.sendall(line + b"\n")

    def hear(self):
        return self.file.readline()

    def close(self):
        self.file.close()
        self.socket.close()


def converse(port):
    """Three plain clients, of whom one leaves."""
    ann, bob, cat = Plain(port), Plain(port), Plain(port)
    ann.say(b"hello")
    assert bob.hear() == cat.hear() == b"User says: hello\n"
    cat.close()
    bob.say(b"one\ntwo")
    assert ann.hear() == b"User says: one\n"
    assert ann.hear() == b"User says: two\n"
    ann.say(b"bye")
    assert bob.hear() == b"User says: bye\n"
    ann.close()
    bob.close()


def test_chat_with_plain_sockets(chat):
    converse(chat)


def test_chat_with_the_client(environment, chat):
    ann = Plain(chat)
    with program(environment, EXAMPLES / "chat_client.py", chat, 3, "first", "second") as client:
        assert ann.hear() == b"User says: first\n"
        assert ann.hear() == b"User says: second\n"
        ann.say(b"hello\nbye")
        printed, _ = client.communicate(timeout=LIMIT)
        assert client.returncode == 0
    assert printed == "Welcome to chat server!\nUser says: hello\nUser says: bye\n"
    ann.close()


def test_chat_with_the_client_on_twisted(environment, chat, tmp_path):
    """The same client, with its imports changed back."""
    text = (EXAMPLES / "chat_client.py").read_text()
    text = text.replace("from plait.", "from twisted.")
    # What Twisted lacks.
    text = text.replace(
        "self.sendLines(line.encode() for line in self.lines)",
        "[self.sendLine(line.encode()) for line in self.lines]",
    )
    path = tmp_path / "client.py"
    path.write_text(text)
    ann = Plain(chat)
    with program(environment, path, chat, 2, "from twisted") as client:
        assert ann.hear() == b"User says: from twisted\n"
        ann.say(b"bye")
        printed, _ = client.communicate(timeout=LIMIT)
        assert client.returncode == 0
    assert printed == "Welcome to chat server!\nUser says: bye\n"
    ann.close()


def test_a_client_that_cannot_connect(environment):
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        number = unused.getsockname()[1]
        command = [sys.executable, str(EXAMPLES / "chat_client.py"), str(number), "1"]
        done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=LIMIT)
    assert done.returncode == 1
    assert "cannot connect" in done.stderr


@pytest.mark.parametrize("package", ["twisted", "plait"])
def test_a_program_for_twisted(environment, tmp_path, package):
    """Nothing but the imports differs, and the port."""
    text = CHAT.read_text().replace("from twisted.", f"from {package}.")
    path = tmp_path / "chat.py"
    with reserved_port() as number:
        path.write_text(text.replace("8080", str(number)))
        with program(environment, path):
            _meet(number)
            converse(number)


def _meet(number):
    """Waits until somebody listens."""
    for _ in range(1000):
        with contextlib.suppress(ConnectionRefusedError):
            return socket.create_connection(("127.0.0.1", number), LIMIT).close()
        # Something to do meanwhile that takes a moment.
        subprocess.run([sys.executable, "-c", "pass"], check=True, timeout=LIMIT)
    raise AssertionError("nobody listens")


def test_asyncio(environment):
    assert finished(environment, EXAMPLES / "aio_echo.py") == "hello\nworld\n"
    assert finished(environment, EXAMPLES / "aio_echo.py", "a", "b c") == "a\nb c\n"


def test_the_guarded_chat(environment):
    told = finished(environment, EXAMPLES / "guarded_chat.py", "test")
    assert told == "all is well: 5 lines, 64 ways of cutting\n"
    with program(environment, EXAMPLES / "guarded_chat.py", 0) as server:
        port = int(server.stdout.readline().split()[-1])
        first, second = Plain(port), Plain(port)
        first.say(b"hello")
        assert second.hear() == b"User says: hello\n"


def test_ftp_server(environment, tmp_path):
    """Hashed passwords, homes, a command that is passed on and one of the program's own."""
    (tmp_path / "all").mkdir()
    (tmp_path / "homes/me").mkdir(parents=True)
    (tmp_path / "all/file").write_bytes(b"for all")
    hashed = subprocess.run(
        ["openssl", "passwd", "-6", "secret"], capture_output=True, text=True, check=True
    ).stdout
    (tmp_path / "users").write_text(f"# name:hash\nme:{hashed}")
    arguments = (0, tmp_path / "all", tmp_path / "users", tmp_path / "homes")
    with program(environment, EXAMPLES / "ftp_server.py", *arguments) as server:
        port = int(server.stdout.readline().split()[-1])
        client = ftplib.FTP()
        assert client.connect("127.0.0.1", port, LIMIT) == "220 Welcome"
        client.login()
        got = io.BytesIO()
        client.retrbinary("RETR file", got.write)
        assert got.getvalue() == b"for all"
        assert server.stdout.readline() == "asked for file\n"
        client.login("me", "secret")
        client.storbinary("STOR mine", io.BytesIO(b"mine"))
        assert (tmp_path / "homes/me/mine").read_bytes() == b"mine"
        client.mkd("d")
        client.cwd("d")
        assert client.sendcmd("WHERE") == "213 /d"
        for name, password in (("me", "wrong"), ("nobody", "secret")):
            with pytest.raises(ftplib.error_perm, match="530"):
                client.login(name, password)
        client.close()


def test_ftp_client(environment, tmp_path):
    """It gets what is not here yet, goes on with what is, and is told when it may not store."""
    for folder in ("all", "homes/me", "here"):
        (tmp_path / folder).mkdir(parents=True)
    (tmp_path / "all/long").write_bytes(b"0123456789" * 10_000)
    (tmp_path / "all/short").write_bytes(b"short")
    (tmp_path / "here/long").write_bytes(b"0123456789")
    hashed = subprocess.run(["openssl", "passwd", "-6", "secret"], capture_output=True, text=True, check=True).stdout
    (tmp_path / "users").write_text(f"me:{hashed}")
    arguments = (0, tmp_path / "all", tmp_path / "users", tmp_path / "homes")
    with program(environment, EXAMPLES / "ftp_server.py", *arguments) as server:
        port = int(server.stdout.readline().split()[-1])
        script = EXAMPLES / "ftp_client.py"
        told = finished(environment, script, "127.0.0.1", port, "/", tmp_path / "users", cwd=tmp_path / "here")
        assert told.splitlines() == [
            "long: 99990 bytes from 10 on",
            "short: 5 bytes from 0 on",
            "not stored: 550 STOR users: 550 users: Permission denied: nothing may be changed here.",
        ]
        assert (tmp_path / "here/long").read_bytes() == b"0123456789" * 10_000
        told = finished(environment, script, "127.0.0.1", port, "/", tmp_path / "users", "me", "secret", cwd=tmp_path / "here")
        assert told == "users is there\n"
        assert (tmp_path / "homes/me/users").read_text() == f"me:{hashed}"
