"""Ident with real peers: oidentd as server, ngircd as the one that asks, and the examples."""

from __future__ import annotations

import contextlib
import os
import pwd
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "Tests" / "python"))

from conftest import LIMIT, reactor, run  # noqa: E402, F401
from plait.internet import endpoints  # noqa: E402
from plait.internet.protocol import Factory  # noqa: E402
from plait.protocols import ident  # noqa: E402
from ports import free_port  # noqa: E402

ME = pwd.getpwuid(os.getuid()).pw_name


@contextlib.contextmanager
def running(command, port, **keywords):
    """A program that listens."""
    with subprocess.Popen(command, **keywords) as process:
        try:
            end = time.monotonic() + LIMIT * 2
            while True:
                with socket.socket() as probe:
                    if probe.connect_ex(("127.0.0.1", port)) == 0:
                        break
                assert process.poll() is None, f"{command} has ended"
                assert time.monotonic() < end, f"{command} does not listen"
            yield process
        finally:
            process.kill()


def client(reactor, port):  # noqa: F811
    place = endpoints.clientFromString(reactor, f"tcp:127.0.0.1:{port}")
    return run(reactor, place.connect(Factory.forProtocol(ident.IdentClient)))


def test_asking_oidentd(reactor):  # noqa: F811
    port = free_port()
    user = ["-u", "nobody"] if os.getuid() == 0 else []
    command = ["/usr/sbin/oidentd", "-i", "-p", str(port), "-a", "127.0.0.1", "-S", "-C", "/dev/null", *user]
    with running(command, port, stderr=subprocess.DEVNULL):
        asking = client(reactor, port)
        here, there = asking.transport.getHost().port, asking.transport.getPeer().port
        # oidentd may serve one query a connection.
        system, name = run(reactor, asking.lookup(here, there))
        assert name == ME and system
        other = client(reactor, port)
        with pytest.raises(ident.IdentError):
            run(reactor, other.lookup(1, 2))


def test_what_a_socket_says(reactor):  # noqa: F811
    """The bytes of RFC 1413, from the example in C."""
    environment = dict(os.environ, LD_LIBRARY_PATH=str(ROOT / "build" / "stage" / "lib"))
    flags = subprocess.run(
        ["pkg-config", "--cflags", "--libs", "plait"],
        env=dict(environment, PKG_CONFIG_PATH=str(ROOT / "build/stage/lib/pkgconfig")),
        capture_output=True,
        text=True,
        check=True,
    ).stdout.split()
    program = ROOT / "build" / "interop_identd"
    source = ROOT / "examples" / "c" / "identd.c"
    subprocess.run(["gcc", "-std=c99", "-Wall", "-o", program, source, *flags], check=True)

    def started(*command):
        process = subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True)
        return process, int(process.stdout.readline().split()[-1])

    python = (sys.executable, str(ROOT / "examples" / "python" / "identd.py"))
    for command in ((program, "tcp:0:interface=127.0.0.1"), (*python, "0")):
        process, port = started(*command)
        try:
            with socket.create_connection(("127.0.0.1", port), LIMIT) as plain:
                here = plain.getsockname()[1]
                # In two pieces, and a second query behind the first.
                plain.sendall(f"{port} , ".encode())
                plain.sendall(f"{here}\r\n1, 2\r\n0, 1\r\n".encode())
                lines = plain.makefile()
                heard = [lines.readline() for _ in range(3)]
                system = "UNIX" if command[0] == program else "LINUX"
                assert heard == [
                    f"{port}, {here} : USERID : {system} : {ME}\n",
                    "1, 2 : ERROR : NO-USER\n",
                    "0, 1 : ERROR : INVALID-PORT\n",
                ]
                asked = subprocess.run(
                    [program, "ask", f"tcp:127.0.0.1:{port}", str(port), str(here)],
                    env=environment,
                    capture_output=True,
                    text=True,
                    timeout=LIMIT * 2,
                )
                assert asked.stdout == f"{ME} ({system})\n"
        finally:
            process.kill()
            process.communicate()
    process, port = started(*python, "0", ME)
    try:
        asking = client(reactor, port)
        here = asking.transport.getHost().port
        with pytest.raises(ident.HiddenUser):
            run(reactor, asking.lookup(port, here))
    finally:
        process.kill()
        process.communicate()


#: Run in a network of its own, where port 113 is free for everybody.
NGIRCD = """
import os, socket, subprocess, sys, time
folder, python, server, example = sys.argv[1:5]
subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
conf = os.path.join(folder, "ngircd.conf")
with open(conf, "w") as file:
    file.write("[Global]\\nName = irc.example.net\\nInfo = test\\nListen = 127.0.0.1\\nPorts = 6667\\n"
               "[Options]\\nDNS = yes\\nIdent = yes\\nPAM = no\\n")
def until(port):
    end = time.monotonic() + 60
    while True:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        assert time.monotonic() < end, port
identd = subprocess.Popen([python, example, "113"], stdout=subprocess.DEVNULL)
irc = subprocess.Popen([server, "-n", "-f", conf], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
try:
    until(113)
    until(6667)
    with socket.create_connection(("127.0.0.1", 6667), 60) as plain:
        plain.sendall(b"NICK tester\\r\\nUSER claimed 0 * :x\\r\\n")
        for line in plain.makefile():
            if line.startswith("PING"):
                plain.sendall(line.replace("PING", "PONG").encode())
            if " 001 " in line:
                plain.sendall(b"WHOIS tester\\r\\n")
            if " 311 " in line:
                print(line.split()[4])
                break
finally:
    identd.kill()
    irc.kill()
"""


def test_ngircd_asks(tmp_path):
    environment = dict(os.environ)
    uid = os.getuid()
    # ngircd does not want to be root, and becomes nobody, who has to exist there.
    own = [] if uid == 0 else ["--user", f"--map-user={uid}", "--keep-caps"]
    command = ["unshare", "--net", *own, sys.executable, "-c", NGIRCD, str(tmp_path)]
    example = str(ROOT / "examples" / "python" / "identd.py")
    done = subprocess.run(
        [*command, sys.executable, "/usr/sbin/ngircd", example],
        env=environment,
        capture_output=True,
        text=True,
        timeout=LIMIT * 3,
    )
    # A name that the server could not ask for would have "~" in front.
    assert done.stdout.strip() == ME, done.stderr
