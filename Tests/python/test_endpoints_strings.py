"""Endpoint strings of Twisted's that the package takes apart itself, and sockets that others have opened."""

from __future__ import annotations

import os
import socket
import ssl as standard
import subprocess
import sys

import pytest

from conftest import LIMIT, in_thread, run, until
from plait.internet import _adopting, endpoints, error, protocol
from plait.internet._parsing import fields
from plait.test.proto_helpers import MemoryReactor
from test_endpoints import talk
from test_tcp import EchoLines
from test_tls import certificates, good, root  # noqa: F401


@pytest.mark.parametrize(
    "text, expected",
    [
        ("tcp:80", ("tcp", ["80"], {})),
        ("TCP:a=b=c:\\:\\\\x:", ("tcp", [":\\x", ""], {"a": "b=c"})),
        ("x:a\\=b:c\\:d=e\\", ("x", ["a=b"], {"c:d": "e\\"})),
        ("", ("", [], {})),
    ],
)
def test_fields(text, expected):
    assert tuple(fields(text)) == expected


def echo():
    return protocol.Factory.forProtocol(EchoLines)


def listening(kind=socket.AF_INET, where=("127.0.0.1", 0)):
    made = socket.socket(kind)
    made.bind(where)
    made.listen()
    return made


# Sockets that others have opened


def test_adopting(reactor):
    made = listening()
    number, descriptor = made.getsockname()[1], made.detach()
    where = endpoints.AdoptedStreamServerEndpoint(reactor, descriptor, socket.AF_INET)
    port = run(reactor, where.listen(echo()))
    assert port.getHost().port == number
    with pytest.raises(OSError):
        os.fstat(descriptor)
    talk(reactor, endpoints.TCP4ClientEndpoint(reactor, "127.0.0.1", number))
    with pytest.raises(error.AlreadyListened):
        run(reactor, where.listen(echo()))
    run(reactor, port.stopListening())


def test_adopting_a_path(reactor, tmp_path):
    path = str(tmp_path / "socket")
    made = listening(socket.AF_UNIX, path)
    where = endpoints.AdoptedStreamServerEndpoint(reactor, made.detach(), socket.AF_UNIX)
    run(reactor, where.listen(echo()))
    talk(reactor, endpoints.UNIXClientEndpoint(reactor, path))


def test_adopting_by_the_reactor(reactor):
    with listening() as made:
        port = reactor.adoptStreamPort(made.fileno(), socket.AF_INET, echo())
        number = made.getsockname()[1]
    talk(reactor, endpoints.TCP4ClientEndpoint(reactor, "127.0.0.1", number))
    port.stopListening()
    memory, factory = MemoryReactor(), echo()
    memory.adoptStreamPort(7, socket.AF_INET, factory)
    assert memory.adoptedPorts == [(7, socket.AF_INET, factory)]


def test_adopting_what_does_not_listen(reactor):
    with open(os.devnull, "rb") as nothing:
        before = len(os.listdir("/proc/self/fd"))
        with pytest.raises(error.CannotListenError):
            reactor.adoptStreamPort(nothing.fileno(), socket.AF_INET, echo())
        assert len(os.listdir("/proc/self/fd")) == before


PROGRAM = """
import os, socket
# As systemd does it: the first descriptor is 3.
made = socket.socket(); made.bind(("127.0.0.1", 0)); made.listen()
other = socket.socket(); other.bind(("127.0.0.1", 0)); other.listen()
numbers = made.getsockname()[1], other.getsockname()[1]
low, high = os.dup2(made.fileno(), 60), os.dup2(other.fileno(), 61)
made.close(); other.close()
os.dup2(60, 3); os.dup2(61, 4)
os.environ.update(LISTEN_PID=str(os.getpid()), LISTEN_FDS="2", LISTEN_FDNAMES="web:chat")
from plait.internet import endpoints, protocol, reactor
for text, number in [("systemd:INET:name=chat", numbers[1]), ("systemd:domain=INET:index=0", numbers[0])]:
    def listening(port, number=number):
        print(port.getHost().port == number)
    endpoints.serverFromString(reactor, text).listen(protocol.Factory()).addCallback(listening)
print("LISTEN_FDS" in os.environ)
"""


def test_systemd(environment):
    command = [sys.executable, "-c", PROGRAM]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60)
    assert done.stdout.split() == ["True", "True", "False"], done.stderr


@pytest.mark.parametrize(
    "rest", ["INET", "INET:index=0:name=x", "INET:index=0", "INET:name=x", "NET:index=0", "INET:index=-1"]
)
def test_systemd_without_a_socket(reactor, rest, monkeypatch):
    monkeypatch.setattr(_adopting, "inherited", lambda: ((), ()))
    with pytest.raises(ValueError):
        endpoints.serverFromString(reactor, f"systemd:{rest}")


def test_systemd_for_another_process(monkeypatch):
    monkeypatch.setenv("LISTEN_PID", str(os.getpid() + 1))
    monkeypatch.setenv("LISTEN_FDS", "1")
    assert _adopting.inherited.__wrapped__() == ((), ())


# TLS


def shown(port, name, folder):
    """The certificate that a server shows to those who ask for a name, as DER."""
    context = standard.create_default_context(cafile=str(folder / "root.pem"))
    context.check_hostname = False
    with socket.create_connection(("127.0.0.1", port), LIMIT) as plain:
        with context.wrap_socket(plain, server_hostname=name) as secured:
            return secured.getpeercert(binary_form=True)


def test_a_directory_of_certificates(reactor, certificates, tmp_path):  # noqa: F811
    (tmp_path / "DEFAULT.pem").write_bytes((certificates / "good.pem").read_bytes())
    (tmp_path / "an.example.pem").write_bytes((certificates / "other.pem").read_bytes())
    quoted = endpoints.quoteStringArgument(str(tmp_path))
    where = endpoints.serverFromString(reactor, f"tls:{quoted}:port=0:interface=127.0.0.1")
    port = run(reactor, where.listen(echo())).getHost().port
    seen = {
        name: run(reactor, in_thread(reactor, shown, port, name, certificates))
        for name in ("localhost", "other.test", "nowhere.example")
    }
    assert seen["localhost"] == seen["nowhere.example"] != seen["other.test"]


def test_an_empty_directory(reactor, tmp_path):
    quoted = endpoints.quoteStringArgument(str(tmp_path))
    with pytest.raises(ValueError, match="no certificates"):
        endpoints.serverFromString(reactor, f"tls:{quoted}:port=0")
    with pytest.raises(OSError):
        endpoints.serverFromString(reactor, f"tls:{quoted}/none:port=0")
    with pytest.raises(ValueError, match="no endpoint"):
        endpoints.serverFromString(reactor, f"tls:{quoted}:port=0:colour=red")


def test_tls_over_another_endpoint(reactor, certificates, tmp_path):  # noqa: F811
    pem = endpoints.quoteStringArgument(str(certificates / "good.pem"))
    server = endpoints.serverFromString(reactor, f"ssl:0:privateKey={pem}:interface=127.0.0.1")
    port = run(reactor, server.listen(echo())).getHost().port
    inner = endpoints.quoteStringArgument(f"tcp:127.0.0.1:{port}")
    trust = endpoints.quoteStringArgument(str(certificates / "root.pem"))
    text = f"tls:localhost:1:trustRoots={trust}:endpoint={inner}"
    talk(reactor, endpoints.clientFromString(reactor, text))
    (tmp_path / "root.pem").write_bytes((certificates / "root.pem").read_bytes())
    folder = endpoints.quoteStringArgument(str(tmp_path))
    text = f"tls:localhost:1:trustRoots={folder}:certificate={pem}:endpoint={inner}"
    talk(reactor, endpoints.clientFromString(reactor, text))
    (tmp_path / "root.pem").unlink()
    with pytest.raises(ValueError, match="nobody would be trusted"):
        endpoints.clientFromString(reactor, text)


@pytest.mark.parametrize(
    "text",
    [
        "ssl:443:privateKey=/none/key.pem",
        "ssl:443:privateKey={good}:certKey=/none/cert.pem",
        "tls:443:privateKey={good}:extraCertChain=/none/chain.pem",
    ],
)
def test_servers_whose_files_are_not_there(reactor, certificates, text):  # noqa: F811
    with pytest.raises(FileNotFoundError):
        endpoints.serverFromString(reactor, text.format(good=certificates / "good.pem"))


def test_clients_whose_files_are_not_there(reactor):
    for field in ("trustRoots", "certificate"):
        with pytest.raises(FileNotFoundError):
            endpoints.clientFromString(reactor, f"tls:localhost:443:{field}=/none")
