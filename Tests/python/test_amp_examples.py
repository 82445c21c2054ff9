"""The examples of AMP, run as programs; and one written for Twisted's names, with its imports changed."""

from __future__ import annotations

import socket
import subprocess
import sys
from pathlib import Path

import pytest

from conftest import LIMIT
from test_examples import EXAMPLES, finished, program
from test_types import mypy

SEED = Path(__file__).parent / "peers" / "amp_seed.py"

#: What has its two sides meet.
MEETING = """
from plait.internet import endpoints, protocol

def meet(port):
    where = endpoints.TCP4ClientEndpoint(reactor, "127.0.0.1", port.getHost().port)
    endpoints.connectProtocol(where, MathClient()).addCallback(wait)

def wait(client):
    # Answers come in order: when this one is there, the others are.
    client.callRemote(Greeting, name="nobody").addCallback(lambda result: reactor.stop())

listening = endpoints.TCP4ServerEndpoint(reactor, 0, interface="127.0.0.1")
listening.listen(protocol.Factory.forProtocol(MathServer)).addCallback(meet)
reactor.run()
"""


def test_the_seed(environment, tmp_path):
    path = tmp_path / "seed.py"
    path.write_text(SEED.read_text().replace("from twisted.", "from plait.") + MEETING)
    assert finished(environment, path) == "Sum: 8\nGreeting: Hello, Alice!\n"


def test_a_client_and_a_server(environment):
    client = EXAMPLES / "amp_client.py"
    with program(environment, EXAMPLES / "amp_server.py", 0) as server:
        port = server.stdout.readline().split()[-1]
        assert finished(environment, client, port, 13, 81, "Alice") == "13 + 81 = 94\nHello, Alice!\n"
        printed = finished(environment, client, port, -1, 2**70, "é")
        assert printed == f"-1 + {2**70} = {2**70 - 1}\nHello, é!\n"
        code, error = failed(environment, client, port, 1, 2, "")
        assert code == 1 and error == "amp_client: who are you?\n"


def test_a_client_without_a_server(environment):
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        port = unused.getsockname()[1]
        code, error = failed(environment, EXAMPLES / "amp_client.py", port, 1, 2, "Alice")
    assert code == 1 and error.startswith("amp_client: cannot connect: ")


def failed(environment, *command):
    """How a program ended, and what it said of that."""
    done = subprocess.run(
        [sys.executable, *map(str, command)],
        env=environment,
        capture_output=True,
        text=True,
        timeout=LIMIT,
    )
    return done.returncode, done.stderr


def test_types(tmp_path):
    mypy(SEED.parent / "amp_typed.py", folder=tmp_path)


def test_asyncio(environment):
    assert finished(environment, EXAMPLES / "aio_amp.py") == "13 + 81?\n94\n"
    printed = finished(environment, EXAMPLES / "aio_amp.py", 10**12, 10**8)
    assert printed == "1000000000000 + 100000000?\ntoo much\n"
