"""Python's IRC client with ngircd: two of them in a channel, and what can happen to them there."""

import logging
import os
import sys
from pathlib import Path

import pytest
from irc_side import SECONDS, Program, Server, Somebody
from ports import free_port
from irc_stage import TOLD, Stage, Told
from plait.internet.protocol import ReconnectingClientFactory
from plait.words.protocols import irc
from test_proxies import socksd

ROOT = Path(__file__).resolve().parent.parent.parent
OPERATOR = "[Operator]\nName = root\nPassword = secret\n"

@pytest.fixture
def stage():
    made = Stage()
    yield made
    made.reactor.close()


@pytest.fixture
def server(tmp_path):
    made = Server(tmp_path, free_port(), more=OPERATOR)
    made.start()
    yield made
    made.stop()


def test_two_in_a_channel(stage, server):
    anna = stage.client(server.port, "anna", versionName="bot", realname="Anna B")
    assert anna.hostname == "irc.test.example" and anna.supported.getFeature("NICKLEN") == 16
    anna.heard.clear()
    bob = stage.client(server.port, "bob")
    anna.join("here")
    stage.hear(anna, "joined", "#here")
    bob.join("#here")
    stage.hear(bob, "joined", "#here")
    stage.hear(anna, "userJoined", "bob", "#here")
    stage.until(lambda: bob.membersOf("#here") == {"anna": "@", "bob": ""})

    bob.msg("#here", "caf\u00e9 " * 150)
    said = [stage.hear(anna, "privmsg")[1:] for _ in range(2)]
    assert " ".join(s[2] for s in said).split() == ["caf\u00e9"] * 150 and said[0][0].startswith("bob!")
    bob.msg("anna", "to you")
    assert stage.hear(anna, "privmsg")[2:] == ("anna", "to you")
    bob.notice("#here", "noticed")
    stage.hear(anna, "noticed")
    bob.describe("#here", "waves")
    assert stage.hear(anna, "action")[2:] == ("#here", "waves")
    bob.ping("anna")
    assert 0 <= stage.hear(bob, "pong")[2] < SECONDS
    bob.ctcpMakeQuery("anna", [("VERSION", None)])
    assert stage.hear(bob, "ctcpUnknownReply")[3:] == ("VERSION", "bot::")

    anna.topic("#here", "all about it")
    stage.hear(bob, "topicUpdated", "anna", "#here", "all about it")
    assert stage.result(anna.names("#here")) and bob.topicOf("#here") == "all about it"
    anna.mode("#here", True, "v", user="bob")
    assert stage.hear(bob, "modeChanged")[2:] == ("#here", True, "v", ("bob",))
    anna.mode("#here", True, "k", user="key")
    stage.hear(bob, "modeChanged")
    assert "k" in bob.modesOf("#here") and bob.membersOf("#here")["bob"] == "+"
    anna.sendLine("MODE #here +l-k 9 key")
    assert stage.hear(bob, "modeChanged")[2:] == ("#here", True, "l", ("9",))
    assert stage.hear(bob, "modeChanged")[2:5] == ("#here", False, "k")

    # What is asked.
    anna.away("for a while")
    found = stage.result(bob.whois("anna"))
    assert (found.nick, found.realname, found.away) == ("anna", "Anna B", "for a while") and "@#here" in found.channels
    assert stage.result(bob.whois("nobody")).check(irc.IRCError)
    assert {m.nick: m.prefixes for m in stage.result(bob.names("#here"))} == {"anna": "@", "bob": "+"}
    assert ("#here", 2, "all about it") in stage.result(bob.list())
    assert sorted(e.nick for e in stage.result(bob.who("#here"))) == ["anna", "bob"]

    # A kick, a ban, an invitation.
    anna.kick("#here", "bob", "enough")
    assert stage.hear(bob, "kickedFrom") == ("kickedFrom", "#here", "anna", "enough")
    assert stage.hear(anna, "userKicked") == ("userKicked", "bob", "#here", "anna", "enough")
    assert bob.channels == []
    anna.mode("#here", True, "b", mask="bob!*@*")
    stage.hear(anna, "modeChanged")
    bob.join("#here")
    assert stage.hear(bob, "irc_unknown", "irc.test.example", "ERR_BANNEDFROMCHAN")
    anna.mode("#here", False, "b", mask="bob!*@*")
    anna.mode("#here", True, "i")
    stage.hear(anna, "modeChanged")
    anna.invite("bob", "#here")
    stage.hear(bob, "invited")
    bob.join("#here")
    stage.hear(anna, "userJoined", "bob", "#here")

    # Other names, and going.
    bob.setNick("robert")
    stage.hear(anna, "userRenamed", "bob", "robert")
    stage.hear(bob, "nickChanged", "robert")
    assert bob.nickname == "robert" and "robert" in anna.membersOf("#here")
    bob.leave("#here", "later")
    stage.hear(anna, "userLeft", "robert", "#here")
    stage.hear(bob, "left", "#here")
    anna.mode("#here", False, "i")
    stage.hear(anna, "modeChanged")
    bob.join("#here")
    stage.hear(anna, "userJoined", "robert", "#here")
    bob.quit("good night")
    assert "good night" in stage.hear(anna, "userQuit", "robert")[2]
    stage.until(lambda: bob.reason is not None)
    assert anna.membersOf("#here") == {"anna": "@"}


def test_every_callback(stage, server):
    """What Twisted's client tells, a real server has this one tell, but for 010: there is no other server to be sent to."""
    ever = set()

    class Heard(list):
        def append(self, told):
            super().append(told)
            ever.add(told[0])

    def client(nick, **attributes):
        return stage.client(server.port, nick, heard=Heard(), **attributes)

    anna = client("anna")
    anna.sendLine("OPER root secret")
    stage.hear(anna, "irc_unknown", "irc.test.example", "RPL_YOUREOPER")
    bob = client("bob")
    for each in (anna, bob):
        each.join("#here")
        stage.hear(each, "joined", "#here")
    bob.msg("#here", "hello")
    bob.notice("#here", "hello")
    bob.describe("#here", "waves")
    bob.ping("anna")
    stage.hear(bob, "pong")
    queries = (
        ("DCC", ["SEND", "f.txt", 2130706433, 80, 12]), ("DCC", ["RESUME", "f.txt", 80, 5]), ("DCC", ["ACCEPT", "f.txt", 80, 5]),
        ("DCC", ["CHAT", "chat", 2130706433, 80]), ("NONE", "such"),
    )  # fmt: skip
    for query in queries:
        bob.ctcpMakeQuery("anna", [query])
    stage.hear(anna, "ctcpUnknownQuery")
    anna.ctcpMakeReply("bob", [("NONE", "such")])
    stage.hear(bob, "ctcpUnknownReply")
    anna.topic("#here", "about")
    anna.mode("#here", True, "v", user="bob")
    anna.kick("#here", "bob", "why")
    stage.hear(bob, "kickedFrom")
    anna.invite("bob", "#here")
    stage.hear(bob, "invited")
    bob.join("#here")
    stage.hear(bob, "joined")
    bob.setNick("robert")
    stage.hear(anna, "userRenamed")
    bob.leave("#here")
    stage.hear(anna, "userLeft")
    bob.join("#here")
    stage.hear(anna, "userJoined")
    bob.quit()
    stage.hear(anna, "userQuit")
    ircv3 = {"userAway", "userAccount", "userHost", "userRealname", "userOnline", "userOffline"}
    assert ever == set(TOLD) - ircv3


def test_a_nick_that_is_in_use(stage, server):
    first = stage.client(server.port, "anna")
    second = stage.client(server.port, "anna", regainNick=True)
    assert (first.nickname, second.nickname) == ("anna", "anna_")
    for client in (first, second):
        client.join("#here")
        stage.hear(client, "joined", "#here")
    first.quit()
    stage.hear(second, "nickChanged", "anna")
    assert second.nickname == "anna"


def test_killed(stage, server):
    anna, bob = stage.client(server.port, "anna"), stage.client(server.port, "bob")
    anna.sendLine("OPER root secret")
    stage.hear(anna, "irc_unknown", "irc.test.example", "RPL_YOUREOPER")
    anna.sendLine("KILL bob :begone")
    stage.until(lambda: bob.reason is not None)
    errors = [h for h in bob.heard if h[0] == "irc_unknown" and h[2] in ("KILL", "ERROR")]
    assert errors and "begone" in str(errors)


def test_the_server_goes_away_and_comes_back(stage, server):
    clients = []

    class Again(ReconnectingClientFactory):
        initialDelay, maxDelay = 0.05, 0.2

        def buildProtocol(self, addr):
            clients.append(Told("anna"))
            clients[-1].factory, clients[-1].rejoin = self, True
            return clients[-1]

    factory = Again()
    connector = stage.reactor.connectTCP("127.0.0.1", server.port, factory)
    stage.until(lambda: clients)
    stage.hear(clients[0], "receivedMOTD")
    clients[0].join("#here")
    stage.hear(clients[0], "joined", "#here")
    server.stop()
    stage.until(lambda: clients[0].reason is not None)
    server.start()
    stage.until(lambda: len(clients) > 1)
    stage.hear(clients[-1], "joined", "#here")
    factory.stopTrying()
    connector.disconnect()
    stage.until(lambda: clients[-1].reason is not None)


def test_a_net_is_split(stage, tmp_path):
    first, second, link = free_port(), free_port(), "MyPassword = x\nPeerPassword = x\n"
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
    one = Server(tmp_path / "a", first, "a.test.example", f"[Server]\nName = b.test.example\n{link}")
    two = Server(
        tmp_path / "b", second, "b.test.example", f"[Server]\nName = a.test.example\nHost = 127.0.0.1\nPort = {first}\n{link}"
    )
    one.start()
    linked = two.start()
    try:
        linked.until("Synchronization with")
        anna, bob = stage.client(first, "anna"), stage.client(second, "bob")
        for client in (anna, bob):
            client.join("#here")
            stage.hear(client, "joined", "#here")
        stage.until(lambda: set(anna.membersOf("#here")) == {"anna", "bob"})
        two.stop()
        assert "b.test.example" in stage.hear(anna, "userQuit", "bob")[2]
        assert list(anna.membersOf("#here")) == ["anna"]
    finally:
        two.stop()
        one.stop()


def test_by_way_of_a_proxy(server):
    with socksd("-p") as proxy:
        echoes(server, rf"socks5:proxy=tcp\:127.0.0.1\:{proxy}:host=127.0.0.1:port={server.port}")


def test_the_example(server):
    echoes(server, f"tcp:127.0.0.1:{server.port}")


def echoes(server, where):
    """The example answers, connected to the server by this endpoint."""
    program = ROOT / "examples" / "python" / "irc_echo.py"
    echo = Program(sys.executable, program, where, "echo", "#here", env=os.environ)
    try:
        echo.until("in #here as echo")
        anna = Somebody(server.port, "anna")
        anna.send("JOIN #here", "PRIVMSG #here :hello there")
        assert anna.until("PRIVMSG").endswith("PRIVMSG #here :hello there")
        anna.send("PRIVMSG echo :between us", "PRIVMSG #here :whois anna", "PRIVMSG #here :whois nobody")
        assert anna.until("PRIVMSG").endswith("PRIVMSG anna :between us")
        assert anna.until("PRIVMSG").endswith("anna is anna, in #here")
        assert "no nobody: " in anna.until("PRIVMSG")
        anna.send("PRIVMSG #here :echo: quit")
        anna.until("QUIT")
        assert echo.process.wait(SECONDS) == 0
    finally:
        echo.process.kill()
        echo.process.wait(60)


@pytest.fixture(autouse=True)
def nothing_logged(caplog):
    yield
    assert not [r for r in caplog.get_records("call") if r.name == "plait" and r.levelno >= logging.ERROR]
