"""Behind a real HAProxy: its headers of both versions, its checks, and limits for its own clients."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "bindings" / "python"))

from plait._core.transport import Transport  # noqa: E402
from plait.internet import endpoints, protocol  # noqa: E402
from plait.internet.reactors import Reactor  # noqa: E402
from plait.protocols import basic, haproxy, policies  # noqa: E402
from conftest import LIMIT  # noqa: E402
from ports import free_port  # noqa: E402

HAPROXY = shutil.which("haproxy") or "/usr/sbin/haproxy"
CONFIGURATION = """
defaults
    mode tcp
    timeout connect 5s
    timeout client 10s
    timeout server 10s
    timeout check 5s
listen balancer
    bind 127.0.0.1:{front}
    server plait 127.0.0.1:{back} {how}
"""


@pytest.fixture
def reactor():
    made = Reactor()
    yield made
    made.close()


def until(reactor, condition):
    end = time.monotonic() + LIMIT
    while not condition():
        reactor.iterate(0.05)
        assert time.monotonic() < end, "it took too long"


@pytest.fixture
def balancer(tmp_path):
    """Starts HAProxies that do not outlive the test; gives the port of each."""
    running = []

    def start(back, how):
        front = free_port()
        conf = tmp_path / f"conf-{front}"
        conf.write_text(CONFIGURATION.format(front=front, back=back, how=how))
        running.append(subprocess.Popen([HAPROXY, "-db", "-f", conf], stderr=subprocess.PIPE, text=True))
        return front

    yield start
    for process in running:
        process.kill()
        process.wait()
        process.stderr.close()


@pytest.fixture
def dial():
    """Plain clients from some address of this machine, which are closed in the end."""
    made = []

    def connect(reactor, port, host="127.0.0.1"):
        peer = None

        def there():
            nonlocal peer
            peer = socket.socket()
            peer.bind((host, 0))
            try:
                peer.connect(("127.0.0.1", port))
            except ConnectionRefusedError:
                peer.close()  # HAProxy is not there yet
                return False
            return True

        until(reactor, there)
        made.append(peer)
        peer.setblocking(False)
        return peer

    yield connect
    for peer in made:
        peer.close()


def hears(reactor, peer, wanted):
    """What a peer hears is this, to the byte; b"" for a close without a byte."""
    got = b""

    def heard():
        nonlocal got
        try:
            more = peer.recv(100)
        except BlockingIOError:
            return False
        got += more
        return not more or len(got) >= len(wanted) > 0

    until(reactor, heard)
    assert got == wanted


class Who(basic.LineReceiver):
    """Says whom it believes to be speaking with."""

    def lineReceived(self, line):
        peer, host = self.transport.getPeer(), self.transport.getHost()
        self.sendLine(f"{peer.host}:{peer.port} at {host.host}:{host.port}".encode())


class Factory(protocol.Factory):
    protocol = Who

    def __init__(self):
        self.made = []

    def buildProtocol(self, addr):
        made = super().buildProtocol(addr)
        self.made.append((addr, made))
        return made


def serve(reactor, factory, prefix="haproxy:", kind="tcp:0:interface=127.0.0.1"):
    got = []
    endpoints.serverFromString(reactor, prefix + kind).listen(factory).addBoth(got.append)
    return got[0].getHost().port


HOW = ["send-proxy", "send-proxy-v2", "send-proxy-v2 proxy-v2-options crc32c,unique-id,authority"]


@pytest.mark.parametrize("how", HOW)
@pytest.mark.parametrize("runs", ["C", "Python"])
def test_addresses(reactor, balancer, dial, how, runs):
    factory = Factory()
    if runs == "C":
        back = serve(reactor, factory)
    else:

        class Mine(haproxy.HAProxyWrappingFactory):
            """Not the stock one: so Python runs it."""

        back = reactor.listenTCP(0, Mine(factory), interface="127.0.0.1").getHost().port
    front = balancer(back, how)
    for host in ("127.0.0.2", "127.0.0.3"):
        peer = dial(reactor, front, host)
        peer.sendall(b"who?\r\nwho?\r\n")
        said = f"{host}:{peer.getsockname()[1]} at 127.0.0.1:{front}\r\n".encode()
        hears(reactor, peer, said * 2)
    assert [address.host for address, made in factory.made] == ["127.0.0.2", "127.0.0.3"]
    assert (isinstance(factory.made[0][1].transport, Transport)) == (runs == "C")


@pytest.mark.parametrize("how", HOW[:2])
def test_limits_of_each_client(reactor, balancer, dial, how):
    limits = policies.ThrottlingFactory(Factory(), maxConnectionsPerIP=2)
    access = policies.AccessFactory(limits, deny=["127.0.0.9"])
    front = balancer(serve(reactor, access, "haproxy:trusted=127.0.0.1:timeout=5:"), how)
    taken = [dial(reactor, front, host) for host in ("127.0.0.2", "127.0.0.3", "127.0.0.2")]
    for peer in taken:
        peer.sendall(b"who?\r\n")
        name, number = peer.getsockname()
        hears(reactor, peer, f"{name}:{number} at 127.0.0.1:{front}\r\n".encode())
    hears(reactor, dial(reactor, front, "127.0.0.2"), b"")
    hears(reactor, dial(reactor, front, "127.0.0.9"), b"")
    assert limits.peers == {"127.0.0.2/32": 2, "127.0.0.3/32": 1}
    assert limits.counters.refused == 1 and access.counters.refused == 1
    taken[0].close()
    until(reactor, lambda: limits.connectionCount == 2)
    again = dial(reactor, front, "127.0.0.2")
    again.sendall(b"who?\r\n")
    hears(reactor, again, f"127.0.0.2:{again.getsockname()[1]} at 127.0.0.1:{front}\r\n".encode())


@pytest.mark.parametrize("how", HOW[:2])
def test_its_checks(reactor, balancer, dial, how):
    """A check comes without a client: version 2 says LOCAL, version 1 gives HAProxy's own address."""
    factory = Factory()
    front = balancer(serve(reactor, factory), how + " check check-send-proxy inter 50ms")
    until(reactor, lambda: len(factory.made) >= 3)
    assert {address.host for address, made in factory.made} == {"127.0.0.1"}
    # The server counts as up, and serves.
    peer = dial(reactor, front, "127.0.0.2")
    peer.sendall(b"who?\r\n")
    hears(reactor, peer, f"127.0.0.2:{peer.getsockname()[1]} at 127.0.0.1:{front}\r\n".encode())


def test_without_a_header(reactor, balancer, dial):
    """A balancer that sends none is told apart at its first byte."""
    factory = Factory()
    front = balancer(serve(reactor, factory), "")
    peer = dial(reactor, front)
    peer.sendall(b"who?\r\n")
    hears(reactor, peer, b"")
    assert not factory.made


@pytest.mark.parametrize("ends", ["here", "at HAProxy"])
def test_tls(reactor, balancer, dial, tmp_path, ends):
    """The header comes before TLS, which is the client's own, or HAProxy's."""
    subprocess.run([ROOT / "Tests" / "certificates", tmp_path], check=True)
    factory = Factory()
    limits = policies.ThrottlingFactory(factory, maxConnectionsPerIP=1)
    pem = str(tmp_path / "good.pem").replace(":", "\\:")
    back = serve(reactor, limits, kind=f"ssl:0:privateKey={pem}:interface=127.0.0.1")
    root = tmp_path / "root.pem"
    how = "send-proxy-v2"
    if ends == "at HAProxy":
        how += f" ssl verify required ca-file {root} sni str(localhost) verifyhost localhost"
    front = balancer(back, how)
    client = ["openssl", "s_client", "-quiet", "-no_ign_eof", "-connect", f"127.0.0.1:{front}", "-bind"]
    if ends == "at HAProxy":
        peer = dial(reactor, front, "127.0.0.4")
        peer.sendall(b"who?\r\n")
        hears(reactor, peer, f"127.0.0.4:{peer.getsockname()[1]} at 127.0.0.1:{front}\r\n".encode())
        return
    dial(reactor, front, "127.0.0.5").close()  # until HAProxy is there
    started = subprocess.Popen(
        [*client, "127.0.0.4:0", "-CAfile", root, "-verify_return_error", "-servername", "localhost", "-crlf"],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
    )
    try:
        started.stdin.write(b"who?\n")
        started.stdin.flush()
        os.set_blocking(started.stdout.fileno(), False)
        said = b""

        def answered():
            nonlocal said
            said += started.stdout.read() or b""
            return said.endswith(b"\n")

        until(reactor, answered)
        assert said.startswith(b"127.0.0.4:") and said.endswith(f" at 127.0.0.1:{front}\r\n".encode())
        # A second one of the same client is refused before a handshake.
        refused = dial(reactor, front, "127.0.0.4")
        hears(reactor, refused, b"")
        assert limits.counters.refused == 1
    finally:
        started.kill()
        started.wait()
        started.stdin.close()
        started.stdout.close()
