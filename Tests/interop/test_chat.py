"""The chat over real TCP: servers in C, Python and Twisted; nc and clients in C, Python and Twisted talk through each."""

import os
import selectors
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
        self.said = {}
        self.ears = selectors.DefaultSelector()

    def start(self, name, *command, stdin=subprocess.DEVNULL):
        environment = dict(os.environ, LD_LIBRARY_PATH=str(STAGE / "lib"), PYTHONUNBUFFERED="1")
        with open(self.directory / f"{name}.log", "wb") as log:
            process = subprocess.Popen(list(map(str, command)), stdin=stdin, stdout=subprocess.PIPE, stderr=log, env=environment)
        self.processes[name] = process
        self.said[name] = b""
        self.ears.register(process.stdout, selectors.EVENT_READ, name)
        return process

    def listen(self, seconds):
        """Waits until somebody says something, and takes that."""
        for key, _ in self.ears.select(seconds):
            said = os.read(key.fd, 65536)
            self.said[key.data] += said
            if not said:
                self.ears.unregister(key.fileobj)

    def heard(self, name):
        """All that it said; to the end, if that is known."""
        while self.processes[name].poll() is not None and self.is_open(name):
            self.listen(SECONDS)
        return self.said[name].decode()

    def is_open(self, name):
        return any(key.data == name for key in self.ears.get_map().values())

    def log(self):
        return [self.said, *(path.read_text() for path in self.directory.iterdir())]

    def until_heard(self, name, text):
        deadline = time.monotonic() + SECONDS
        while text not in self.said[name].decode():
            assert self.ears.get_map() and time.monotonic() < deadline, self.log()
            self.listen(deadline - time.monotonic())

    def close(self):
        for process in self.processes.values():
            process.kill()
            process.wait()
            process.stdout.close()
        self.ears.close()


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
    room.until_heard("server", "\n")
    assert room.heard("server").startswith("listening on port ")
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
