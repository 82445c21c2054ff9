"""AMP's StartTLS with Twisted: one program on either package, in either role, whoever asks."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

HERE = Path(__file__).resolve().parent
SECONDS = 60


@pytest.fixture(scope="module")
def certificates(tmp_path_factory):
    directory = tmp_path_factory.mktemp("certificates")
    subprocess.run([HERE.parent / "certificates", directory], check=True, timeout=SECONDS)
    return directory


def play(server, client, how, directory):
    """What the two sides print."""
    environment = dict(os.environ, PYTHONUNBUFFERED="1")
    command = [sys.executable, HERE / "amp_tls.py"]
    with subprocess.Popen([*command, server, "server", how, directory], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
                          env=environment) as process:
        try:
            port = process.stdout.readline().split()[-1]
            done = subprocess.run([*command, client, "client", how, directory, port], capture_output=True, text=True, timeout=SECONDS,
                                  env=environment)
            said = process.stdout.read() if "server asks" in how else ""
        finally:
            process.kill()
    return said.splitlines(), done.stdout.splitlines(), done.stderr


def digest(directory, name):
    text = subprocess.run(["openssl", "x509", "-in", directory / f"{name}.pem", "-noout", "-fingerprint", "-sha256"], check=True,
                          capture_output=True, text=True).stdout
    return "peer " + text.partition("=")[2][:11]


PAIRS = [("twisted", "plait"), ("plait", "twisted")]


@pytest.mark.parametrize("how", ["checked", "mutual", "nothing"])
@pytest.mark.parametrize("server, client", PAIRS)
def test_the_client_asks(certificates, server, client, how):
    _, said, errors = play(server, client, how, certificates)
    lines = ["started", "server says one, secure", "server says two, secure"]
    assert said[:3] == lines, errors
    if how != "nothing":
        assert said[3] == digest(certificates, "good")
    assert said[-1] == "end" and len(said) == 5


@pytest.mark.parametrize("how", ["server asks, checked", "server asks, mutual"])
@pytest.mark.parametrize("server, client", PAIRS)
def test_the_server_asks(certificates, server, client, how):
    said, _, errors = play(server, client, how, certificates)
    assert said[:3] == ["started", "client says one, secure", "client says two, secure"], errors
    if "mutual" in how:
        assert said[3] == digest(certificates, "client")
    assert said[-1] == "end"


@pytest.mark.parametrize("server, client", PAIRS)
def test_a_certificate_that_is_not_trusted(certificates, server, client):
    _, said, _ = play(server, client, "stranger", certificates)
    assert said == ["started", "one ends with the connection", "two ends with the connection", "end"]


@pytest.mark.parametrize("server", ["twisted", "plait"])
def test_a_refusal(certificates, server):
    """Twisted's caller waits for ever: what it holds back is never released."""
    _, said, _ = play(server, "plait", "refused", certificates)
    assert said == ["start failed: Refused not with you", "server says one, plain", "end"]
