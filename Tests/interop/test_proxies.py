"""SOCKS with real peers: clients of all kinds by way of plait-socksd, and connections by way of dante and microsocks."""

from __future__ import annotations

import contextlib
import ftplib
import http.server
import os
import re
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
import socks as pysocks

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "Tests" / "python"))

from conftest import LIMIT, reactor, run  # noqa: E402, F401
from plait.internet import defer, error  # noqa: E402
from plait.internet.protocol import Factory, Protocol  # noqa: E402
from plait.protocols import socks  # noqa: E402
from ports import free_port  # noqa: E402

PAGE = b"a page by way of a proxy\n" * 4000
STAGE = ROOT / "build" / "stage"


class Page(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.send_header("Content-Length", str(len(PAGE)))
        self.end_headers()
        self.wfile.write(PAGE)

    def log_message(self, *_):
        pass


@pytest.fixture(scope="module")
def page():
    """The port of a web server."""
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Page) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server.server_address[1]
        server.shutdown()


@contextlib.contextmanager
def socksd(*options):
    """Runs plait-socksd; gives its port."""
    environment = dict(os.environ, LD_LIBRARY_PATH=str(STAGE / "lib"))
    command = [STAGE / "bin" / "plait-socksd", *options, "tcp:0:interface=127.0.0.1"]
    with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True) as process:
        try:
            line = process.stdout.readline()
            assert line.startswith("listening on port"), line
            yield int(line.split()[-1])
            process.terminate()
            assert process.wait(LIMIT) == 0
        finally:
            process.kill()


@pytest.fixture(scope="module")
def proxy():
    with socksd("-p", "-v") as port:
        yield port


def said(*command, code=0, **keywords):
    """What a program prints that ends by itself."""
    done = subprocess.run([*map(str, command)], capture_output=True, timeout=LIMIT, **keywords)
    assert done.returncode == code, done.stderr
    return done.stdout


@pytest.mark.parametrize("kind", ["--socks4", "--socks4a", "--socks5", "--socks5-hostname"])
@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
def test_curl(proxy, page, kind, host):
    url = f"http://{host}:{page}/"
    assert said("curl", "-sS", "-4", kind, f"127.0.0.1:{proxy}", url) == PAGE


def test_curl_logs_in(page, tmp_path):
    accounts = tmp_path / "accounts"
    accounts.write_text("# who may\nme:secret\nyou:other\n")
    url = f"http://127.0.0.1:{page}/"
    with socksd("-p", "-u", accounts) as port:
        by = "--socks5", f"127.0.0.1:{port}"
        assert said("curl", "-sS", *by, "--proxy-user", "me:secret", url) == PAGE
        for more in ("--proxy-user", "me:wrong"), ():
            said("curl", "-sS", *by, *more, url, code=97)
        said("curl", "-sS", "--socks4", f"127.0.0.1:{port}", url, code=97)


def test_curl_is_kept_from_what_is_private(page):
    with socksd() as port:
        for host in "127.0.0.1", "localhost", "0.0.0.0", "2130706433", "[::1]", "[::ffff:127.0.0.1]":
            url = f"http://{host}:{page}/"
            said("curl", "-sS", "--socks5-hostname", f"127.0.0.1:{port}", url, code=97)
    with socksd("-a", "127.0.0.0/8", "-d", "127.0.0.2") as port:
        by = "--socks5-hostname", f"127.0.0.1:{port}"
        assert said("curl", "-sS", *by, f"http://localhost:{page}/") == PAGE
        said("curl", "-sS", *by, f"http://127.0.0.2:{page}/", code=97)


@pytest.mark.parametrize("kind", ["socks4", "socks5"])
def test_ncat(proxy, page, kind):
    by = "--proxy", f"127.0.0.1:{proxy}", "--proxy-type", kind
    # Its input ends at once, and the answer has still to come.
    text = said("ncat", *by, "127.0.0.1", page, input=b"GET / HTTP/1.0\r\n\r\n")
    assert text.endswith(PAGE)


@pytest.mark.parametrize("kind", ["4", "5"])
def test_nc(proxy, page, kind):
    text = said("nc", "-X", kind, "-x", f"127.0.0.1:{proxy}", "-N", "127.0.0.1", page, input=b"GET / HTTP/1.0\r\n\r\n")
    assert text.endswith(PAGE)


@pytest.mark.parametrize("kind", ["socks4", "socks5"])
def test_proxychains(proxy, page, kind, tmp_path):
    rules = tmp_path / "rules"
    rules.write_text(f"strict_chain\n[ProxyList]\n{kind} 127.0.0.1 {proxy}\n{kind} 127.0.0.1 {proxy}\n")
    text = said("proxychains4", "-q", "-f", rules, "curl", "-sS", f"http://127.0.0.1:{page}/")
    assert text == PAGE


@pytest.mark.parametrize("kind", [pysocks.SOCKS4, pysocks.SOCKS5])
@pytest.mark.parametrize("there", [False, True])
def test_pysocks(proxy, page, kind, there):
    with pysocks.socksocket() as plain:
        plain.settimeout(LIMIT)
        plain.set_proxy(kind, "127.0.0.1", proxy, rdns=there)
        plain.connect(("localhost" if there else "127.0.0.1", page))
        plain.sendall(b"GET / HTTP/1.0\r\n\r\n")
        parts = list(iter(lambda: plain.recv(65536), b""))
    assert b"".join(parts).endswith(PAGE)


def test_datagrams_are_refused(proxy):
    with pysocks.socksocket(socket.AF_INET, socket.SOCK_DGRAM) as plain:
        plain.settimeout(LIMIT)
        plain.set_proxy(pysocks.SOCKS5, "127.0.0.1", proxy)
        with pytest.raises(pysocks.ProxyError, match="0x07: Command not supported"):
            plain.sendto(b"question", ("127.0.0.1", 53))


class FTP(threading.Thread):
    """A server of one file, which knows active mode alone."""

    def __init__(self):
        super().__init__(daemon=True)
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        self.came_from = None

    def run(self):
        control, _ = self.listener.accept()
        with control, control.makefile("r", newline="\r\n") as lines:
            control.sendall(b"220 there\r\n")
            for line in lines:
                word, _, rest = line.strip().partition(" ")
                control.sendall(self.answer(word.upper(), rest).encode() + b"\r\n")
                if word == "RETR":
                    self.data.sendall(PAGE)
                    self.data.close()
                    control.sendall(b"226 done\r\n")
                if word == "QUIT":
                    return

    def answer(self, word, rest):
        if word == "PORT":
            numbers = [int(part) for part in rest.split(",")]
            where = ".".join(map(str, numbers[:4])), numbers[4] * 256 + numbers[5]
            self.data = socket.create_connection(where, LIMIT)
            self.came_from = where
        known = {"USER": "230 in", "PWD": '257 "/"', "PORT": "200 as you like", "TYPE": "200 as it is"}
        return {**known, "SIZE": f"213 {len(PAGE)}", "RETR": "150 it comes", "QUIT": "221 bye"}.get(word, "502 no")


class Bound:
    """A BIND at a proxy, in the place of a socket that listens."""

    def __init__(self, proxy, version, by_name):
        self.version, self.plain = version, socket.create_connection(("127.0.0.1", proxy), LIMIT)
        if version == 4:
            self.plain.sendall(b"\4\2\0\0\0\0\0\1me\0localhost\0" if by_name else b"\4\2\0\0\x7f\0\0\1me\0")
        else:
            self.plain.sendall(b"\5\1\0")
            assert self.hear(2) == b"\5\0"
            self.plain.sendall(b"\5\2\0\3\x09localhost\0\0" if by_name else b"\5\2\0\1\x7f\0\0\1\0\0")
        self.place = self.reply()

    def hear(self, count):
        return self.plain.recv(count, socket.MSG_WAITALL)

    def reply(self):
        """The address in the proxy's next reply."""
        if self.version == 4:
            answer = self.hear(8)
            assert answer[:2] == b"\0\x5a"
            return socket.inet_ntoa(answer[4:]), int.from_bytes(answer[2:4], "big")
        answer = self.hear(10)
        assert answer[:4] == b"\5\0\0\1"
        return socket.inet_ntoa(answer[4:8]), int.from_bytes(answer[8:], "big")

    def accept(self):
        return self.plain, self.reply()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        pass  # ftplib closes what was accepted


class Client(ftplib.FTP):
    """In active mode, at the proxy's port."""

    def makeport(self):
        bound = Bound(*self.by)
        self.sendport(*bound.place)
        return bound


@pytest.mark.parametrize("version", [4, 5])
@pytest.mark.parametrize("name, by_name", [("proxy", False), ("proxy", True), ("dante", False)])
def test_ftp_in_active_mode(request, name, by_name, version):
    server = FTP()
    server.start()
    with Client(timeout=LIMIT) as client:
        client.by = request.getfixturevalue(name), version, by_name
        client.connect("127.0.0.1", server.port)
        client.login("me", "secret")
        client.set_pasv(False)
        parts = []
        client.retrbinary("RETR file", parts.append)
    assert b"".join(parts) == PAGE and server.came_from is not None


# The other way round: connections of Plait's by way of other proxies.


class Reader(Protocol):
    def connectionMade(self):
        self.data, self.over = b"", defer.Deferred()
        self.transport.write(b"GET / HTTP/1.0\r\n\r\n")

    def dataReceived(self, data):
        self.data += data

    def connectionLost(self, reason):
        self.over.callback(self.data)


def fetch(reactor, port, page, host="127.0.0.1", **how):  # noqa: F811
    where = socks.SOCKSClientEndpoint(reactor, f"tcp:127.0.0.1:{port}", host, page, **how)
    return run(reactor, run(reactor, where.connect(Factory.forProtocol(Reader))).over)


@contextlib.contextmanager
def listening(port, *command):
    with subprocess.Popen([*map(str, command)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        try:
            end = time.monotonic() + LIMIT
            while True:
                with socket.socket() as probe:
                    if probe.connect_ex(("127.0.0.1", port)) == 0:
                        break
                assert process.poll() is None, f"{command} has ended"
                assert time.monotonic() < end, f"{command} does not listen"
            yield port
        finally:
            process.terminate()


@pytest.fixture(scope="module")
def dante(tmp_path_factory):
    port, rules = free_port(), tmp_path_factory.mktemp("dante") / "danted.conf"
    user = "nobody" if os.getuid() == 0 else ""
    users = f"user.privileged: root\nuser.unprivileged: {user}\n" if user else ""
    rules.write_text(
        f"logoutput: /dev/null\ninternal: 127.0.0.1 port = {port}\nexternal: lo\nclientmethod: none\n"
        f"socksmethod: none\n{users}client pass {{ from: 127.0.0.0/8 to: 0.0.0.0/0 }}\n"
        "socks block { from: 127.0.0.0/8 to: 127.0.0.9/32 }\nsocks pass { from: 127.0.0.0/8 to: 0.0.0.0/0 }\n"
    )
    with listening(port, "/usr/sbin/danted", "-f", rules) as found:
        yield found


@pytest.mark.parametrize("version", [4, 5])
def test_dante(reactor, dante, page, version):  # noqa: F811
    assert fetch(reactor, dante, page, version=version).endswith(PAGE)
    with pytest.raises(error.ConnectError, match="rules do not allow|refused"):
        fetch(reactor, dante, page, "127.0.0.9", version=version)
    with pytest.raises(error.ConnectError, match="nobody listens|refused"):
        fetch(reactor, dante, 1, version=version)


def test_dante_resolves(reactor, dante, page):  # noqa: F811
    assert fetch(reactor, dante, page, "localhost").endswith(PAGE)


def test_microsocks(reactor, page):  # noqa: F811
    port = free_port()
    with listening(port, "microsocks", "-i", "127.0.0.1", "-p", port):
        for host in "127.0.0.1", "localhost":
            assert fetch(reactor, port, page, host).endswith(PAGE)
        with pytest.raises(error.ConnectError, match="nobody listens"):
            fetch(reactor, port, 1)
    with listening(port, "microsocks", "-i", "127.0.0.1", "-p", port, "-u", "me", "-P", "secret"):
        assert fetch(reactor, port, page, user="me", password="secret").endswith(PAGE)
        with pytest.raises(error.ConnectError, match="proxy"):
            fetch(reactor, port, page, user="me", password="wrong")
        with pytest.raises(error.ConnectError, match="ways to log in"):
            fetch(reactor, port, page)


def test_each_by_way_of_the_others(reactor, dante, proxy, page):  # noqa: F811
    inner = socks.SOCKSClientEndpoint(reactor, f"tcp:127.0.0.1:{dante}", "127.0.0.1", proxy, 4)
    outer = socks.SOCKSClientEndpoint(reactor, inner, "localhost", page)
    reader = run(reactor, outer.connect(Factory.forProtocol(Reader)))
    assert run(reactor, reader.over).endswith(PAGE)


def test_what_socksd_tells(page):
    environment = dict(os.environ, LD_LIBRARY_PATH=str(STAGE / "lib"))
    command = [STAGE / "bin" / "plait-socksd", "-p", "-v", "-l", "1", "tcp:0:interface=127.0.0.1"]
    with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True) as process:
        try:
            port = int(process.stdout.readline().split()[-1])
            said("curl", "-sS", "--socks5", f"127.0.0.1:{port}", f"http://127.0.0.1:{page}/")
            assert re.match(rf"127\.0\.0\.1:\d+ > 127\.0\.0\.1:{page}$", process.stdout.readline())
            assert re.search(rf"ended: \d+ bytes out, \d{{6}} back: in good order$", process.stdout.readline())
        finally:
            process.kill()
    assert said(command[0], "-x", "tcp:0", code=2, env=environment) == b""


def test_the_examples_in_python(page):
    environment = dict(os.environ, PYTHONUNBUFFERED="1")
    here = ROOT / "examples" / "python"
    command = [sys.executable, here / "socks_proxy.py", "0", str(page)]
    with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True) as process:
        try:
            port = process.stdout.readline().split()[-1]
            client = sys.executable, here / "socks_client.py", port
            assert said(*client, "localhost", page, env=environment).endswith(PAGE)
            assert process.stdout.readline() == f"localhost {page} granted\n"
            assert re.match(r"\d+ bytes there, \d{6} back$", process.stdout.readline())
            assert b"the proxy's rules do not allow it" in said(*client, "127.0.0.1", 1, env=environment)
        finally:
            process.kill()
