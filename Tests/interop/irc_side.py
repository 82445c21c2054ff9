"""What the tests with IRC servers share: ngircd, programs that run, and somebody with a plain socket."""

import contextlib
import os
import select
import shutil
import socket
import subprocess
import time
from pathlib import Path

SECONDS = 60


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

    def __init__(self, folder, port, name="irc.test.example", more=""):
        self.folder, self.port, self.process = folder, port, None
        if os.getuid() == 0:  # it lets go of what root may
            for path in (folder, *folder.parents):
                with contextlib.suppress(OSError):
                    path.chmod(path.stat().st_mode | 0o055)
                if path == Path("/tmp"):
                    break
        (folder / "ngircd.conf").write_text(f"""
[Global]
Name = {name}
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
MaxPenaltyTime = 0
ConnectRetry = 5
[Options]
DNS = no
Ident = no
PAM = no
{more}""")

    def start(self):
        program = shutil.which("ngircd", path=os.environ["PATH"] + ":/usr/sbin")
        server = Program(program, "-n", "-f", self.folder / "ngircd.conf")
        self.process = server.process
        server.until("Now listening on ")
        return server

    def stop(self):
        if self.process and self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(60)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait(60)


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
