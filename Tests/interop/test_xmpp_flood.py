"""Floods of stanzas: a peer that says more than this side takes is held back; nothing is lost, nothing overtakes, and who asks is
answered. By a script that floods as fast as its socket takes it, and by Twisted across prosody."""

from __future__ import annotations

import select
import subprocess
import sys
import threading
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "bindings" / "python"))
sys.path.insert(0, str(ROOT / "Tests" / "interop"))

from plait._native import element, functions, xmpp  # noqa: E402
from prosody_server import Prosody, account, hears  # noqa: E402
from xmpp_script import Script  # noqa: E402
from xmpp_side import LIMIT, Loop, Side, check  # noqa: E402

MESSAGES, ACROSS = 20_000, 6_000
MOST = 8 << 20  # of memory, in bytes; the flood has 20 MB
PING = "<iq xmlns='jabber:client' type='get' to='{}'><ping xmlns='urn:xmpp:ping'/></iq>"


@pytest.fixture
def loop():
    made = Loop()
    yield made
    made.close()


def memory():
    """What this process has, in bytes."""
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * 4096


class Slow:
    """Takes messages, each of which has to be the next one, and nothing more for a while after so many."""

    def __init__(self, side, at_once):
        self.side, self.at_once, self.seen, self.isPaused, self.wrong = side, at_once, 0, False, []
        side.take = self.take

    def take(self, stanza):
        del self.side.messages[:], self.side.requests[:]
        if stanza.name != "message":
            return 0
        if self.isPaused or str(stanza.body).partition(" ")[0] != str(self.seen):
            self.wrong.append((self.seen, self.isPaused, str(stanza.body)[:20]))  # nobody hears of what is raised here
        self.seen += 1
        if self.seen % self.at_once == 0:
            self.isPaused = True
            check(functions.conn_pause(self.side.conn))
        return 1

    def goOn(self):
        if self.isPaused:
            self.isPaused = False
            check(functions.conn_resume(self.side.conn))


class Flooder(Script):
    """Floods whoever logs in, with a request every 100 messages, and reads what it is told meanwhile."""

    sent, isFull = 0, None

    def begin(self):
        filling = b"x" * 950
        for start in range(0, MESSAGES, 100):
            block = b"".join(b"<message from='a@b.example/c'><body>%d %s</body></message>" % (at, filling) for at in range(start, start + 100))
            block += b"<iq type='get' from='a@b.example/c' id='f%d'><ping xmlns='urn:xmpp:ping'/></iq><r xmlns='urn:xmpp:sm:3'/>" % start
            self.push(block)
            self.sent = start + 100

    def push(self, block):
        self.sock.setblocking(False)
        view = memoryview(block)
        while view:
            readable, writable, _ = select.select([self.sock], [self.sock], [], 0)
            if not readable and not writable:
                self.isFull.set()
                readable, writable, _ = select.select([self.sock], [self.sock], [], LIMIT)
                assert readable or writable
            if readable:
                self.heard(self.sock.recv(65536))
            if writable:
                view = view[self.sock.send(view) :]
        self.sock.settimeout(LIMIT)


def test_who_floods_is_held_back(loop):
    server = Flooder()
    server.isFull = threading.Event()
    server.start()
    side = Side(loop, "example.org", flags=xmpp.XMPP_WITHOUT_TLS, keep_alive_ms=20)
    slow = Slow(side, 1000)
    side.connect(f"tcp:127.0.0.1:{server.port}")
    loop.until(lambda: slow.isPaused or server.wrong)
    before = memory()

    # Nothing is taken: so it can't say more than sockets hold; and signs of life go out all the same, and requests.
    loop.until(lambda: server.isFull.is_set() or server.wrong)
    asked = server.asked
    ping = side._parsed(PING.format("example.org"))
    check(xmpp.xmpp_call(side.conn, ping, 0, 0, side.answered, None, None))
    element.element_free(ping)
    loop.until(lambda: server.asked >= asked + 3 or server.wrong)
    assert slow.seen == 1000 and server.sent < MESSAGES and not side.answers
    assert memory() - before < MOST

    # A thousand at a time.
    most = 0
    while slow.seen < MESSAGES:
        slow.goOn()
        loop.until(lambda: slow.isPaused or server.wrong or slow.wrong)
        assert not server.wrong and not slow.wrong
        most = max(most, memory() - before)
    slow.goOn()
    loop.until(lambda: len(server.results) == MESSAGES // 100 or server.wrong)
    assert server.results == [b"f%d" % start for start in range(0, MESSAGES, 100)]
    # Each time that it asked, it was told how many had come.
    loop.until(lambda: len(server.acknowledged) == MESSAGES // 100 or server.wrong)
    assert server.acknowledged == [101 * number for number in range(1, MESSAGES // 100 + 1)]
    server.answer()
    loop.until(lambda: side.answers)
    assert side.answers[0][0] == 0 and not side.ends and not server.wrong and not slow.wrong
    assert most < MOST, most


def test_a_flood_across_prosody(loop, tmp_path, tmp_path_factory):
    certificates = tmp_path_factory.mktemp("certificates")
    subprocess.run([ROOT / "Tests" / "certificates", certificates], check=True)
    server = Prosody(tmp_path, certificates)
    flooder = None
    try:
        alice = account(loop, server, keep_alive_ms=50).online(server.plain())
        slow = Slow(alice, 2000)
        flooder = subprocess.Popen(
            [sys.executable, ROOT / "Tests/interop/twisted_flood.py", str(server.port), "bob@localhost/flood", "secret",
             server.folder / "root.pem", alice.jid(), str(ACROSS)],
            stdout=subprocess.PIPE,
        )
        loop.until(lambda: slow.isPaused)
        hears(flooder, "sent")
        assert slow.seen == 2000
        while slow.seen < ACROSS:
            slow.goOn()
            loop.until(lambda: slow.isPaused or alice.ends or slow.wrong)
            assert not alice.ends and not slow.wrong
        slow.goOn()
        # Both sides' requests come through behind it.
        assert alice.call(PING.format("localhost"))[0] == 0
        loop.until(lambda: select.select([flooder.stdout], [], [], 0)[0])
        hears(flooder, "answered result")
        assert slow.seen == ACROSS and not slow.wrong and len(alice.readies) == 1
    finally:
        if flooder:
            flooder.kill()
            flooder.wait(LIMIT)
        server.stop()
