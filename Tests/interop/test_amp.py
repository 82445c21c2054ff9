"""AMP over real TCP: the examples in C, in Python and, with other imports, on Twisted understand each other; and one program on Plait
and on Twisted, as server and as client, says the same of every call."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent.parent
STAGE = ROOT / "build" / "stage"
PEER = Path(__file__).resolve().parent / "amp_peer.py"
SECONDS = 90
#: What hangs up, but answers what had come with it, or not: it depends on who was faster.
RACES = ("tell fail:", "unknown, no answer:")


def play(server, client):
    """The lines of a client."""
    environment = dict(os.environ, PYTHONUNBUFFERED="1")
    with subprocess.Popen([sys.executable, PEER, server, "server"], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
                          env=environment) as process:
        try:
            port = process.stdout.readline().split()[-1]
            done = subprocess.run([sys.executable, PEER, client, "client", port], capture_output=True, text=True, timeout=SECONDS,
                                  env=environment)
        finally:
            process.kill()
    lines = done.stdout.splitlines()
    assert done.returncode == 0 and lines[-1] == "end", done.stdout + done.stderr
    return [line.rpartition("; ")[0] if line.startswith(RACES) else line for line in lines]


@pytest.fixture(scope="module")
def twisted():
    """What Twisted says to Twisted."""
    lines = play("twisted", "twisted")
    assert len(lines) > 90
    return lines


def better(line):
    """What a server of Plait's makes of a call about which Twisted has less to say."""
    name = line.partition(":")[0]
    if name.endswith(" missing"):
        return re.escape(f"{name}: RemoteAmpError b'UNKNOWN' a missing argument: value; goes on")
    if re.search(r" bad \d$", name):
        return re.escape(f"{name}: RemoteAmpError b'UNKNOWN' a bad argument: value: ") + ".*; goes on"
    return re.escape(line.replace("b'Unknown'", "Unknown").replace('"', "'")) if name.startswith("unknown") else re.escape(line)


def test_a_client_of_twisteds_server(twisted):
    assert play("twisted", "plait") == twisted


@pytest.mark.parametrize("client", ["twisted", "plait"])
def test_a_server(twisted, client):
    lines = play("plait", client)
    assert len(lines) == len(twisted)
    for ours, theirs in zip(lines, twisted):
        assert re.fullmatch(better(theirs), ours), (ours, theirs)


@pytest.fixture(scope="module")
def programs(tmp_path_factory):
    """By name: the commands of a server and of a client."""
    directory = tmp_path_factory.mktemp("amp")
    environment = dict(os.environ, PKG_CONFIG_PATH=str(STAGE / "lib" / "pkgconfig"))
    flags = subprocess.run(["pkg-config", "--cflags", "--libs", "plait"], env=environment, check=True, capture_output=True,
                           text=True).stdout.split()
    for name in ("amp_server", "amp_client"):
        subprocess.run(["cc", "-std=c99", "-o", directory / name, ROOT / "examples" / "c" / f"{name}.c", *flags], check=True)
        text = (ROOT / "examples" / "python" / f"{name}.py").read_text()
        # Twisted has no time limits.
        (directory / f"{name}.py").write_text(text.replace("from plait.", "from twisted.").replace(", timeout=5", ""))
    python = ROOT / "examples" / "python"
    return {
        "c": ([directory / "amp_server", "tcp:0:interface=127.0.0.1"], lambda port: [directory / "amp_client", f"tcp:127.0.0.1:{port}"]),
        "python": ([sys.executable, python / "amp_server.py", "0"], lambda port: [sys.executable, python / "amp_client.py", port]),
        "twisted": ([sys.executable, directory / "amp_server.py", "0"], lambda port: [sys.executable, directory / "amp_client.py", port]),
    }


@pytest.fixture(scope="module")
def certificates(tmp_path_factory):
    directory = tmp_path_factory.mktemp("certificates")
    subprocess.run([ROOT / "Tests" / "certificates", directory], check=True, timeout=SECONDS)
    return directory


@pytest.mark.parametrize("server", ["c", "python", "twisted"])
def test_the_examples(programs, certificates, server):
    environment = dict(os.environ, LD_LIBRARY_PATH=str(STAGE / "lib"), PYTHONUNBUFFERED="1")
    serve = [*programs[server][0], certificates / "good.pem"]
    with subprocess.Popen(serve, stdout=subprocess.PIPE, text=True, env=environment) as process:
        try:
            port = process.stdout.readline().split()[-1]
            for _, client in programs.values():
                done = subprocess.run([*client(port), "13", "81", "\xc5sa"], capture_output=True, text=True, timeout=SECONDS, env=environment)
                assert (done.returncode, done.stdout) == (0, "13 + 81 = 94\nHello, \xc5sa!\n"), done.stderr
                done = subprocess.run([*client(port), "1", "2", ""], capture_output=True, text=True, timeout=SECONDS, env=environment)
                assert (done.returncode, done.stdout) == (1, "1 + 2 = 3\n") and "who are you?" in done.stderr
                for authority, answered in [("root", True), ("stranger", False)][: 2 if server == "c" else 1]:
                    done = subprocess.run([*client(port), "13", "81", "you", certificates / f"{authority}.pem"], capture_output=True,
                                          text=True, timeout=SECONDS, env=environment)
                    assert (done.returncode == 0, "13 + 81 = 94" in done.stdout) == (answered, answered), done.stderr
        finally:
            process.kill()


@pytest.mark.parametrize("client", ["twisted", "plait"])
@pytest.mark.parametrize("server", ["twisted", "plait"])
def test_open_files(tmp_path, server, client):
    environment = dict(os.environ, PYTHONUNBUFFERED="1")
    command = [sys.executable, Path(__file__).resolve().parent / "amp_files.py"]
    path = tmp_path / "socket"
    with subprocess.Popen([*command, server, "server", path], stdout=subprocess.PIPE, text=True, env=environment) as process:
        try:
            assert process.stdout.readline() == "listening\n"
            done = subprocess.run([*command, client, "client", path], capture_output=True, text=True, timeout=SECONDS, env=environment)
        finally:
            process.kill()
    expected = "".join(f"{number} one {number}, two {number} from the server: {number}\n" for number in range(5))
    assert done.stdout == expected, done.stderr
