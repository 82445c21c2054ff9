"""A server that says over TLS that another host is to be seen: that one has to show the first one's name."""

from __future__ import annotations

import ssl
import subprocess
import sys
from ctypes import byref, c_uint64
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "bindings" / "python"))
sys.path.insert(0, str(ROOT / "Tests" / "interop"))

from plait._native import tls  # noqa: E402
from plait._native.constants import ERR_SWITCHED as SWITCHED  # noqa: E402
from xmpp_script import START, Script  # noqa: E402
from xmpp_side import Loop, Side, check  # noqa: E402


class Elsewhere(Script):
    """Sends whoever comes to 127.0.0.1 and a port."""

    there = 0

    def took(self, text, name):
        self.sock.sendall(
            START + b"<stream:error><see-other-host xmlns='urn:ietf:params:xml:ns:xmpp-streams'>127.0.0.1:%d</see-other-host>"
            b"</stream:error></stream:stream>" % self.there
        )
        self.there = 0

    def isMoved(self):
        return self.headers > 0 or self.there == 0


@pytest.fixture
def loop():
    made = Loop()
    yield made
    made.close()


@pytest.fixture(scope="module")
def shown(tmp_path_factory):
    """What servers show, each with one name: the domain's, and that of where they are. Both are trusted."""
    folder = tmp_path_factory.mktemp("shown")
    contexts = {}
    for name in ("DNS:localhost", "IP:127.0.0.1"):
        subprocess.run(
            ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", folder / "key",
             "-out", folder / "cert", "-subj", f"/CN={name[-9:]}", "-days", "10", "-addext", f"subjectAltName={name}"],
            check=True, capture_output=True,
        )
        contexts[name] = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        contexts[name].load_cert_chain(folder / "cert", folder / "key")
        with open(folder / "roots.pem", "ab") as roots:
            roots.write((folder / "cert").read_bytes())
    return contexts, folder / "roots.pem"


@pytest.mark.parametrize("kind", ["tls", "tcp"])
@pytest.mark.parametrize(("name", "isRight"), [("DNS:localhost", True), ("IP:127.0.0.1", False)])
def test_the_name_stays(loop, shown, kind, name, isRight):
    contexts, roots = shown
    here, there = Elsewhere(contexts["DNS:localhost"]), Script(contexts[name])
    here.there = there.port
    here.start()
    there.start()
    side = Side(loop, "localhost")
    if kind == "tcp":  # the factory has TLS around it
        out = c_uint64()
        check(tls.tls_factory_new(byref(out), side.factory, loop.config(ca_file=str(roots).encode()), None))
        side.factory = out.value
        loop.factories.append(out.value)
    side.connect(f"{kind}:host=localhost:port={here.port}" + (f":trustRoots={roots}" if kind == "tls" else ""))
    loop.until(lambda: side.readies or len(side.waits) > 1)
    assert side.waits[0] == SWITCHED
    if isRight:
        assert side.readies == [0] and side.jid() == "me@example.org/r" and not there.wrong
    else:
        # It would do for where it is, but nobody was to be there.
        assert side.waits[1] <= -100 and not side.readies and there.headers == 0
    side.stop()


def test_that_place_alone_has_that_name(loop, shown):
    # The same certificate does, where it is asked for.
    contexts, roots = shown
    there = Script(contexts["IP:127.0.0.1"])
    there.start()
    side = Side(loop, "localhost").online(f"tls:host=127.0.0.1:port={there.port}:trustRoots={roots}")
    assert side.readies == [0]
    side.stop()
