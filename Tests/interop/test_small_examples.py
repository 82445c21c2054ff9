"""The small examples: each is a program for Twisted with its imports changed, and runs with Twisted at the other end."""

import contextlib
import hashlib
import os
import selectors
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent.parent
EXAMPLES = ROOT / "examples" / "python" / "small"
SECONDS = 10

# What each client prints, by the arguments it gets.
CLIENTS = {
    "echo": ([], "the server said: hello, world!\nconnection lost: ConnectionDone\n"),
    "quote": ([], "connecting to 127.0.0.1\nAn apple a day\nConnectionDone\n"),
    "login": (["ann", "hello", "bye"], "What's your name?\nWelcome, ann!\nSee you, ann.\n"),
    "upload": (["300000"], "error: put LENGTH, please\nstored twice, and well: True\n"),
    "words": ([], "desserts\nreward\nhung up\n"),
    "sums": ([], "[6, 4950, 0]\nValueError\n"),
    "finger": (["moshez", "nobody", "root"], "moshez: Happy and well\nnobody: No such user\nroot: not at home\n"),
    "coroutine": ([], "waiting\nwaiting\nwaiting\nat last\n"),
    "stream": (["50000"], "got 50000\n"),
    "download": (None, None),
    "ticker": (["3"], "heard 3 ticks, one after the other: True\n"),
    "faithful": ([], "I was told: go away\nI was told: go away\nI was told: come in\n"),
    "patience": ([], "118 steps\nyou said nothing for too long\nConnectionDone\n"),
}
#: What a server prints behind its port.
SERVERS = {"words": "somebody announced 2000 bytes\n", "stream": "paused at all: True\n"}


@pytest.fixture(scope="module")
def programs(tmp_path_factory):
    """By package and name: the examples as they stand, and with Twisted's imports."""
    folder = tmp_path_factory.mktemp("twisted")
    found = {}
    for path in EXAMPLES.glob("*.py"):
        text = path.read_text()
        changed = text.replace("from plait.", "from twisted.")
        assert "plait" not in changed.lower() and changed != text
        (folder / path.name).write_text(changed)
        found["plait", path.stem] = path
        found["twisted", path.stem] = folder / path.name
    return found


@contextlib.contextmanager
def server(path, *arguments):
    """A server and its port; it is ended with the block."""
    environment = dict(os.environ, PYTHONUNBUFFERED="1")
    with subprocess.Popen([sys.executable, path, "server", *arguments], stdout=subprocess.PIPE, env=environment) as process:
        try:
            word, number = "", ""
            while word != "port":
                word, _, number = line(process).partition(" ")
            yield int(number), process
        finally:
            process.kill()


def line(process):
    """The next line, within the limit. Nothing is read ahead of it."""
    said = b""
    with selectors.DefaultSelector() as waiting:
        waiting.register(process.stdout, selectors.EVENT_READ)
        while not said.endswith(b"\n"):
            assert waiting.select(SECONDS), "nothing was said in time"
            one = os.read(process.stdout.fileno(), 1)
            assert one, "it has ended"
            said += one
    return said.decode()


def client(path, *arguments):
    done = subprocess.run([sys.executable, path, "client", *map(str, arguments)], capture_output=True, text=True, timeout=SECONDS)
    assert done.returncode == 0 and done.stderr == "", done.stderr
    return done.stdout


PAIRS = [("plait", "twisted"), ("twisted", "plait")]


@pytest.mark.parametrize("serving, asking", PAIRS)
@pytest.mark.parametrize("name", CLIENTS)
def test_an_example(programs, name, serving, asking):
    arguments, wanted = CLIENTS[name]
    if name == "download":
        data = Path(sys.executable).resolve().read_bytes()
        arguments, wanted = [sys.executable], f"{len(data)} bytes, {hashlib.sha256(data).hexdigest()}\n"
    with server(programs[serving, name], "0") as (port, process):
        assert client(programs[asking, name], port, *arguments) == wanted
        if name in SERVERS:
            assert line(process) == SERVERS[name]


def test_a_name_that_is_taken(programs):
    with server(programs["plait", "login"], "0") as (port, _):
        command = [sys.executable, programs["twisted", "login"], "client", str(port), "ann"]
        with subprocess.Popen(command, stdout=subprocess.PIPE) as first:
            assert line(first) == "What's your name?\n"
            assert line(first) == "Welcome, ann!\n"
            told = client(programs["plait", "login"], port, "ann", "bob", "hello", "bye")
            assert told == "What's your name?\nTaken, please choose another.\nWelcome, bob!\nSee you, bob.\n"
            first.kill()


@pytest.mark.parametrize("forwarding, serving", PAIRS)
def test_forwarding(programs, forwarding, serving):
    with server(programs[serving, "upload"], "0") as (target, _):
        with server(programs[forwarding, "forward"], str(target), "0") as (port, _):
            told = client(programs[serving, "upload"], port, 3000000)
            assert told == CLIENTS["upload"][1]


def test_all_are_played():
    assert {path.stem for path in EXAMPLES.glob("*.py")} == {*CLIENTS, "forward"}
    assert len(CLIENTS) > 12
