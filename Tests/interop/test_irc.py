"""The IRC client with ngircd: a log bot in C, and somebody with a plain socket; the server goes away, and comes back."""

import os
import subprocess
from pathlib import Path

import pytest
from irc_side import SECONDS, Program, Server, Somebody
from ports import free_port

ROOT = Path(__file__).resolve().parent.parent.parent
STAGE = ROOT / "build" / "stage"


@pytest.fixture(scope="module")
def logbot(tmp_path_factory):
    """The example, built as a user would."""
    program = tmp_path_factory.mktemp("irc") / "irc_logbot"
    environment = dict(os.environ, PKG_CONFIG_PATH=str(STAGE / "lib" / "pkgconfig"))
    flags = subprocess.run(
        ["pkg-config", "--cflags", "--libs", "plait"], env=environment, check=True, capture_output=True, text=True
    ).stdout.split()
    source = ROOT / "examples" / "c" / "irc_logbot.c"
    subprocess.run(["cc", "-std=c99", "-o", program, source, *flags], check=True)
    return program


@pytest.fixture
def server(tmp_path):
    made = Server(tmp_path, free_port())
    made.start()
    yield made
    made.stop()


def started(logbot, *arguments):
    return Program(logbot, *arguments, env=dict(os.environ, LD_LIBRARY_PATH=str(STAGE / "lib")))


def test_a_log_bot(logbot, server):
    bot = started(logbot, f"tcp:127.0.0.1:{server.port}", "logbot", "#here")
    try:
        bot.until("joined #here logbot")
        anna = Somebody(server.port, "anna")
        anna.send("JOIN #here")
        bot.until("came to #here anna")
        bot.until("anna is anna, in #here")
        anna.send("PRIVMSG #here :hello all of you", "PRIVMSG #here :\x01ACTION waves\x01", "PRIVMSG #here :caf\u00e9")
        bot.until("says in #here anna: hello all of you")
        bot.until("does in #here anna: waves")
        bot.until("says in #here anna: caf")
        # What is no UTF-8 ends nothing.
        anna.socket.sendall(b"PRIVMSG #here :\xff\xfe\r\n")
        anna.send("TOPIC #here :all about it")
        anna.send("PART #here :later", "JOIN #here")
        bot.until("left #here anna: later")
        bot.until("came to #here anna", times=2)

        # The server goes away, and comes back: the bot does, too, and is in its channel again.
        server.stop()
        bot.until("no connection")
        server.start()
        bot.until("joined #here logbot", times=2)
        anna = Somebody(server.port, "anna")
        anna.send("JOIN #here", "PRIVMSG #here :logbot: quit")
        anna.until("QUIT")
        assert bot.process.wait(SECONDS) == 0
    finally:
        bot.process.kill()
        bot.process.wait(60)


def test_a_nick_that_is_in_use(logbot, server):
    somebody = Somebody(server.port, "logbot")
    somebody.send("JOIN #here")
    bot = started(logbot, f"tcp:127.0.0.1:{server.port}", "logbot", "#here")
    try:
        bot.until("joined #here logbot_")
        somebody.send("PRIVMSG #here :logbot_: quit")
        assert bot.process.wait(SECONDS) == 0
    finally:
        bot.process.kill()
        bot.process.wait(60)
