"""The chat over real TCP: servers in C, Python and Twisted; nc and clients in C, Python and Twisted talk through each."""

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent.parent
STAGE = ROOT / "build" / "stage"
HERE = Path(__file__).resolve().parent
SECONDS = 60


@pytest.fixture(scope="session")
def programs(tmp_path_factory):
    """The C examples, built as a user would."""
    directory = tmp_path_factory.mktemp("programs")
    environment = dict(os.environ, PKG_CONFIG_PATH=str(STAGE / "lib" / "pkgconfig"))
    flags = subprocess.run(["pkg-config", "--cflags", "--libs", "plait"], env=environment, check=True, capture_output=True,
                           text=True).stdout.split()
    for name in ("chat_server", "line_client"):
        subprocess.run(["cc", "-std=c99", "-o", directory / name, ROOT / "examples" / "c" / f"{name}.c", *flags], check=True)
    return directory


class Room:
    """Processes with what each has said to its standard output; all of them end with the room."""

    def __init__(self, directory):
        self.directory = directory
        self.processes = {}

    def start(self, name, *command, stdin=subprocess.DEVNULL):
        environment = dict(os.environ, LD_LIBRARY_PATH=str(STAGE / "lib"), PYTHONUNBUFFERED="1")
        with open(self.directory / name, "wb") as out, open(self.directory / f"{name}.log", "wb") as log:
            self.processes[name] = subprocess.Popen(list(map(str, command)), stdin=stdin, stdout=out, stderr=log, env=environment)
        return self.processes[name]

    def heard(self, name):
        return (self.directory / name).read_text()

    def log(self):
        return {path.name: path.read_text() for path in self.directory.iterdir()}

    def until(self, condition):
        deadline = time.monotonic() + SECONDS
        while not condition():
            assert time.monotonic() < deadline, self.log()
            time.sleep(0.02)

    def until_heard(self, name, text):
        self.until(lambda: text in self.heard(name))

    def close(self):
        for process in self.processes.values():
            process.kill()
            process.wait()


@pytest.fixture
def room(tmp_path):
    room = Room(tmp_path)
    yield room
    room.close()


SERVERS = {
    "c": lambda programs: [programs / "chat_server", 0],
    "python": lambda programs: [sys.executable, ROOT / "examples" / "python" / "chat_server.py", 0],
    "twisted": lambda programs: [sys.executable, HERE / "twisted_chat.py", "server"],
}


@pytest.mark.parametrize("server", SERVERS)
def test_all_talk_with_each_other(server, programs, room):
    room.start("server", *SERVERS[server](programs))
    room.until_heard("server", "listening on port")
    port = room.heard("server").split()[-1]

    nc = room.start("nc", "nc", "127.0.0.1", port, stdin=subprocess.PIPE)
    room.until_heard("nc", "Welcome")
    clients = {
        "c": [programs / "line_client", f"tcp:127.0.0.1:{port}", 4, SECONDS, "this is C"],
        "python": [sys.executable, ROOT / "examples" / "python" / "chat_client.py", port, 3, "this is Python"],
        "twisted": [sys.executable, HERE / "twisted_chat.py", "client", port, 2, SECONDS, "this is Twisted"],
    }
    says = {"c": "this is C", "python": "this is Python", "twisted": "this is Twisted"}
    joined = ["nc"]
    for name, command in clients.items():
        room.start(name, *command)
        for other in joined:
            room.until_heard(other, f"User says: {says[name]}\n")
        joined.append(name)
    nc.stdin.write(b"this is nc\n")
    nc.stdin.flush()
    for name in clients:
        assert room.processes[name].wait(SECONDS) == 0, room.log()

    welcome, c, python, twisted, by_nc = ("Welcome to chat server!\n", "User says: this is C\n", "User says: this is Python\n",
                                          "User says: this is Twisted\n", "User says: this is nc\n")
    assert room.heard("nc") == welcome + c + python + twisted
    assert room.heard("c") == welcome + python + twisted + by_nc
    assert room.heard("python") == welcome + twisted + by_nc
    assert room.heard("twisted") == welcome + by_nc
    assert room.processes["server"].poll() is None
