"""TLS with real peers, in both roles: openssl, curl, nginx, and Twisted."""

from __future__ import annotations

import os
import select
import shutil
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "bindings" / "python"))

from conftest import LIMIT  # noqa: E402
from plait.internet import endpoints, error, protocol, ssl  # noqa: E402
from plait.internet.reactors import Reactor  # noqa: E402
from plait.protocols import basic  # noqa: E402



@pytest.fixture(scope="module")
def certificates(tmp_path_factory):
    folder = tmp_path_factory.mktemp("certificates")
    subprocess.run([ROOT / "Tests" / "certificates", folder], check=True)
    return folder


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
def started():
    """Starts programs that do not outlive the test."""
    running = []

    def start(*command, **how):
        streams = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.STDOUT}
        running.append(subprocess.Popen(list(map(str, command)), **{**streams, **how}))
        return running[-1]

    yield start
    for process in running:
        process.terminate()  # nginx ends its workers, too
        try:
            process.wait(LIMIT)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def said(process, wanted):
    """The line of its output that begins so, once it comes."""
    seen, end = b"", time.monotonic() + LIMIT
    while select.select([process.stdout], [], [], max(0, end - time.monotonic()))[0]:
        more = os.read(process.stdout.fileno(), 4096)
        if not more:
            break
        seen += more
        for line in seen.split(b"\n")[:-1]:
            if line.startswith(wanted):
                return line.decode()
    raise AssertionError(f"it never said {wanted!r}: {seen!r}")


class Web(basic.LineReceiver):
    """Answers one request."""

    def lineReceived(self, line):
        if not line:
            body = b"hello over TLS\n"
            self.sendLine(b"HTTP/1.0 200 OK\r\nContent-Length: %d\r\n" % len(body))
            self.transport.write(body)
            self.transport.loseConnection()


class Lines(basic.LineReceiver):
    delimiter = b"\n"

    def __init__(self):
        self.lines, self.reason = [], None

    def lineReceived(self, line):
        self.lines.append(line.rstrip(b"\r"))

    def connectionLost(self, reason):
        self.reason = reason


class Echo(Lines):
    def lineReceived(self, line):
        self.sendLine(b"echo " + line)


def serve(reactor, made, options):
    factory = protocol.Factory.forProtocol(made)
    return reactor.listenSSL(0, factory, options, interface="127.0.0.1").getHost().port


def connect(reactor, port, options, made=None):
    place = endpoints.TCP4ClientEndpoint(reactor, "127.0.0.1", port)
    got = []
    waiting = endpoints.connectProtocol(endpoints.wrapClientTLS(options, place), made or Lines())
    waiting.addBoth(got.append)
    until(reactor, lambda: got)
    return got[0]


def options_of(certificates, pem="good.pem", **more):
    data = (certificates / pem).read_bytes()
    return ssl.CertificateOptions(data, data, **more)


def client_of(certificates, name="localhost", **more):
    root = ssl.Certificate.loadPEM((certificates / "root.pem").read_bytes())
    return ssl.optionsForClientTLS(name, root, **more)


@pytest.mark.parametrize("version", ["-tls1_2", "-tls1_3"])
def test_openssl_client(reactor, certificates, started, version):
    port = serve(reactor, Echo, options_of(certificates, acceptableProtocols=[b"chat"]))
    session = certificates / f"session{version}"
    for resumes in (False, True):
        more = ("-sess_in", session) if resumes else ("-sess_out", session)
        peer = started(
            "openssl", "s_client", "-connect", f"127.0.0.1:{port}", "-CAfile", certificates / "root.pem",
            "-verify_return_error", "-servername", "localhost", "-verify_hostname", "localhost", "-alpn", "chat",
            version, *more, cwd=certificates,
        )
        peer.stdin.write(b"hello\n")
        peer.stdin.flush()
        output = b""
        os.set_blocking(peer.stdout.fileno(), False)

        def heard(wanted):
            nonlocal output
            output += peer.stdout.read() or b""
            return wanted in output

        until(reactor, lambda: heard(b"echo hello"))
        peer.stdin.close()  # it says close_notify
        until(reactor, lambda: peer.poll() is not None)
        heard(b"")
        assert b"ALPN protocol: chat" in output
        assert (b"Reused, TLS" in output) == resumes, output.decode()


def test_openssl_server(reactor, certificates, started):
    server = started(
        "openssl", "s_server", "-accept", "127.0.0.1:0", "-cert", certificates / "good.pem", "-rev", "-naccept", "3",
    )
    port = int(said(server, b"ACCEPT").rpartition(":")[2])
    made = connect(reactor, port, client_of(certificates))
    made.sendLine(b"abc")
    until(reactor, lambda: made.lines == [b"cba"])
    made.transport.loseConnection()
    until(reactor, lambda: made.reason is not None)
    assert made.reason.check(error.ConnectionDone)
    failure = connect(reactor, port, client_of(certificates, "other.test"))
    assert failure.value.status == -108


@pytest.mark.parametrize("pem, code", [("good.pem", 0), ("expired.pem", 60), ("self.pem", 60), ("other.pem", 60)])
def test_curl(reactor, certificates, started, pem, code):
    port = serve(reactor, Web, options_of(certificates, pem))
    peer = started(
        "curl", "--silent", "--show-error", "--noproxy", "*", "--cacert", certificates / "root.pem",
        f"https://localhost:{port}/",
    )
    until(reactor, lambda: peer.poll() is not None)
    output = peer.stdout.read()
    assert peer.returncode == code, output
    assert code or output == b"hello over TLS\n"


def test_curl_with_a_certificate(reactor, certificates, started):
    root = ssl.Certificate.loadPEM((certificates / "root.pem").read_bytes())
    port = serve(reactor, Web, options_of(certificates, trustRoot=root))
    for shown in (("--cert", certificates / "client.pem"), ()):
        peer = started(
            "curl", "--silent", "--noproxy", "*", "--cacert", certificates / "root.pem", *shown, f"https://localhost:{port}/"
        )
        until(reactor, lambda peer=peer: peer.poll() is not None)
        assert (peer.returncode == 0) == bool(shown)


def test_nginx(reactor, certificates, started, tmp_path):
    nginx = shutil.which("nginx") or "/usr/sbin/nginx"
    # It is given a socket that listens already, as it gives its own to the next one when it is renewed.
    listener = socket.create_server(("127.0.0.1", 0))
    port = listener.getsockname()[1]
    (tmp_path / "index.html").write_text("from nginx\n" * 20000)
    (tmp_path / "conf").write_text(f"""
        {"user root;" if os.getuid() == 0 else ""} daemon off; pid {tmp_path}/pid; error_log {tmp_path}/error; events {{ }}
        http {{
            access_log off;
            client_body_temp_path {tmp_path}/a; proxy_temp_path {tmp_path}/b; fastcgi_temp_path {tmp_path}/c;
            uwsgi_temp_path {tmp_path}/d; scgi_temp_path {tmp_path}/e;
            server {{
                listen 127.0.0.1:{port} ssl; root {tmp_path};
                ssl_certificate {certificates}/good.pem; ssl_certificate_key {certificates}/good.key;
                ssl_client_certificate {certificates}/root.pem; ssl_verify_client optional;
                add_header X-Client "$ssl_client_s_dn";
            }}
        }}
    """)
    tmp_path.chmod(0o755)
    with listener:
        inherited = dict(os.environ, NGINX=f"{listener.fileno()};")
        started(nginx, "-c", tmp_path / "conf", "-p", tmp_path, env=inherited, pass_fds=[listener.fileno()])
    shown = ssl.PrivateCertificate.loadPEM((certificates / "client.pem").read_bytes())
    options = client_of(certificates, clientCertificate=shown, acceptableProtocols=[b"http/1.1"])
    for _ in range(2):  # the second resumes
        made = connect(reactor, port, options)
        assert made.transport.negotiatedProtocol in (b"http/1.1", None)
        made.transport.write(b"GET / HTTP/1.0\r\n\r\n")
        until(reactor, lambda made=made: made.reason is not None)
        assert made.reason.check(error.ConnectionDone), made.reason
        assert made.lines[0].endswith(b"200 OK") and b"X-Client: CN=client" in made.lines
        assert made.lines.count(b"from nginx") == 20000


TWISTED = """
import sys
from twisted.internet import endpoints, protocol, reactor, ssl
from twisted.protocols import basic

class Starter(basic.LineReceiver):
    def lineReceived(self, line):
        if line == b"STARTTLS":
            self.sendLine(b"ready")
            pem = open(sys.argv[1]).read()
            self.transport.startTLS(ssl.PrivateCertificate.loadPEM(pem).options())
        else:
            self.sendLine(b"echo " + line)

port = reactor.listenTCP(0, protocol.Factory.forProtocol(Starter), interface="127.0.0.1")
print(port.getHost().port, flush=True)
reactor.run()
"""


def test_twisted_starts_tls(reactor, certificates, started):
    peer = started(sys.executable, "-c", TWISTED, certificates / "good.pem", stderr=None)
    port = int(peer.stdout.readline())

    class Client(Lines):
        delimiter = b"\r\n"

        def connectionMade(self):
            self.sendLine(b"STARTTLS")

        def lineReceived(self, line):
            super().lineReceived(line)
            if line == b"ready":
                self.transport.startTLS(client_of(certificates))
                self.sendLine(b"hello")

    made = Client()
    place = endpoints.TCP4ClientEndpoint(reactor, "127.0.0.1", port)
    endpoints.connectProtocol(place, made)
    until(reactor, lambda: made.lines == [b"ready", b"echo hello"])
    assert made.transport.TLS
    made.transport.loseConnection()
    until(reactor, lambda: made.reason is not None)
