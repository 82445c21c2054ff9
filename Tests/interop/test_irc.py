"""The IRC client with ngircd: a log bot in C, and somebody with a plain socket; the server goes away, and comes back."""

import contextlib
import os
import select
import shutil
import socket
import subprocess
import time
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent.parent
STAGE = ROOT / "build" / "stage"
SECONDS = 60


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


@pytest.fixture(scope="module")
def logbot(tmp_path_factory):
    """The example, built as a user would."""
    program = tmp_path_factory.mktemp("irc") / "irc_logbot"
    environment = dict(os.environ, PKG_CONFIG_PATH=str(STAGE / "lib" / "pkgconfig"))
    flags = subprocess.run(
        ["pkg-config", "--cflags", "--libs", "plait"], env=environment, check=True, capture_output=True, text=True
    ).stdout.split()
    source = ROOT / "examples" / "c" / "irc_logbot.c"
    subprocess.run(["cc", "-std=c99", "-o", program, source, *flags], check=True)
    return program


class Program:
    """One that runs, and what it prints."""

    def __init__(self, *command, **how):
        self.said = ""
        self.process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, **how
        )

    def until(self, wanted, times=1):
        end = time.monotonic() + SECONDS
        while self.said.count(wanted) < times:
            ready, _, _ = select.select([self.process.stdout], [], [], max(0, end - time.monotonic()))
            more = os.read(self.process.stdout.fileno(), 65536) if ready else b""
            assert more, f"never said {wanted}: {self.said}"
            self.said += more.decode("latin-1")


class Server:
    """ngircd on a port of its own."""

    def __init__(self, folder, port):
        self.folder, self.port, self.process = folder, port, None
        (folder / "ngircd.conf").write_text(f"""
[Global]
Name = irc.test.example
Info = A test
Listen = 127.0.0.1
Ports = {port}
MotdPhrase = hello
[Limits]
MaxNickLength = 16
PingTimeout = 5
PongTimeout = 5
MaxJoins = 10
MaxConnectionsIP = 0
[Options]
DNS = no
Ident = no
PAM = no
""")

    def start(self):
        program = shutil.which("ngircd", path=os.environ["PATH"] + ":/usr/sbin")
        server = Program(program, "-n", "-f", self.folder / "ngircd.conf")
        self.process = server.process
        server.until("Now listening on ")

    def stop(self):
        if self.process and self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(60)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait(60)


@pytest.fixture
def server(tmp_path):
    folder = tmp_path
    if os.getuid() == 0:  # it lets go of what root may
        for path in (folder, *folder.parents):
            with contextlib.suppress(OSError):
                path.chmod(path.stat().st_mode | 0o055)
            if path == Path("/tmp"):
                break
    made = Server(folder, free_port())
    made.start()
    yield made
    made.stop()


class Somebody:
    """A client with a plain socket."""

    def __init__(self, port, nick):
        self.socket = socket.create_connection(("127.0.0.1", port), SECONDS)
        self.socket.settimeout(SECONDS)
        self.buffer = b""
        self.send(f"NICK {nick}", f"USER {nick} 0 * :{nick}")
        self.until(" 001 ")

    def send(self, *lines):
        self.socket.sendall("".join(line + "\r\n" for line in lines).encode())

    def line(self):
        while b"\n" not in self.buffer:
            more = self.socket.recv(4096)
            assert more, "the server has hung up"
            self.buffer += more
        line, _, self.buffer = self.buffer.partition(b"\n")
        text = line.decode("latin-1").rstrip("\r")
        if text.startswith("PING"):
            self.send("PONG" + text[4:])
        return text

    def until(self, wanted):
        end = time.monotonic() + SECONDS
        while time.monotonic() < end:
            line = self.line()
            if wanted in line:
                return line
        raise AssertionError(f"never heard {wanted}")


def started(logbot, *arguments):
    return Program(logbot, *arguments, env=dict(os.environ, LD_LIBRARY_PATH=str(STAGE / "lib")))


def test_a_log_bot(logbot, server):
    bot = started(logbot, f"tcp:127.0.0.1:{server.port}", "logbot", "#here")
    try:
        bot.until("joined #here logbot")
        anna = Somebody(server.port, "anna")
        anna.send("JOIN #here")
        bot.until("came to #here anna")
        anna.send("PRIVMSG #here :hello all of you", "PRIVMSG #here :\x01ACTION waves\x01", "PRIVMSG #here :caf\u00e9")
        bot.until("says in #here anna: hello all of you")
        bot.until("does in #here anna: waves")
        bot.until("says in #here anna: caf")
        # What is no UTF-8 ends nothing.
        anna.socket.sendall(b"PRIVMSG #here :\xff\xfe\r\n")
        anna.send("TOPIC #here :all about it")
        anna.send("PART #here :later", "JOIN #here")
        bot.until("left #here anna: later")
        bot.until("came to #here anna", times=2)

        # The server goes away, and comes back: the bot does, too, and is in its channel again.
        server.stop()
        bot.until("no connection")
        server.start()
        bot.until("joined #here logbot", times=2)
        anna = Somebody(server.port, "anna")
        anna.send("JOIN #here", "PRIVMSG #here :logbot: quit")
        anna.until("QUIT")
        assert bot.process.wait(SECONDS) == 0
    finally:
        bot.process.kill()
        bot.process.wait(60)


def test_a_nick_that_is_in_use(logbot, server):
    somebody = Somebody(server.port, "logbot")
    somebody.send("JOIN #here")
    bot = started(logbot, f"tcp:127.0.0.1:{server.port}", "logbot", "#here")
    try:
        bot.until("joined #here logbot_")
        somebody.send("PRIVMSG #here :logbot_: quit")
        assert bot.process.wait(SECONDS) == 0
    finally:
        bot.process.kill()
        bot.process.wait(60)
