"""Clients of Python's that keep what they are told, and the reactor that they are on."""

from irc_side import SECONDS
from plait.internet import endpoints
from plait.internet.protocol import Factory
from plait.internet.reactors import Reactor
from plait.words.protocols import irc

TOLD = (
    "created yourHost myInfo luserClient isupport luserChannels luserMe privmsg joined left noticed modeChanged pong signedOn "
    "kickedFrom nickChanged userJoined userLeft userQuit userKicked action topicUpdated userRenamed receivedMOTD irc_unknown "
    "invited ctcpUnknownReply userAway userAccount userHost userRealname userOnline userOffline luserOp ctcpUnknownQuery dccDoSend "
    "dccDoResume dccDoAcceptResume dccDoChat"
).split()


def teller(name):
    def told(self, *arguments):
        self.heard.append((name, *arguments))
        getattr(irc.IRCClient, name)(self, *arguments)

    return told


class Told(irc.IRCClient):
    """A client that keeps what it is told."""

    reason = None

    def __init__(self, nick):
        self.nickname, self.heard = nick, []

    def connectionLost(self, reason):
        super().connectionLost(reason)
        self.reason = reason

    for _name in TOLD:
        locals()[_name] = teller(_name)


class Stage:
    """A reactor with clients of a server."""

    def __init__(self):
        self.reactor = Reactor()

    def until(self, condition):
        expired = []
        timer = self.reactor.callLater(SECONDS, expired.append, True)
        while not condition():
            self.reactor.iterate(1)
            assert not expired, "it took too long"
        timer.cancel()

    def result(self, deferred):
        found = []
        deferred.addBoth(found.append)
        self.until(lambda: found)
        return found[0]

    def connect(self, port, nick, tls=None, **attributes):
        """A client, over TLS if there are options for it."""
        client = Told(nick)
        client.__dict__.update(attributes)
        where = endpoints.clientFromString(self.reactor, f"tcp:127.0.0.1:{port}")
        if tls is not None:
            where = endpoints.wrapClientTLS(tls, where)
        where.connect(Factory.forProtocol(lambda: client))
        return client

    def client(self, port, nick, **attributes):
        """One that the server has let in."""
        client = self.connect(port, nick, **attributes)
        self.hear(client, "signedOn")
        self.until(lambda: any(h[0] == "receivedMOTD" or "ERR_NOMOTD" in h for h in client.heard))
        return client

    def hear(self, client, name, *arguments):
        """Waits until a client was told this, and forgets what it was told before."""

        def heard():
            return [h for h in client.heard if h[0] == name and h[1 : 1 + len(arguments)] == arguments]

        try:
            self.until(lambda: heard() or client.reason is not None)
            assert heard(), (name, arguments, client.reason)
        except AssertionError:
            raise AssertionError((name, arguments, client.heard)) from None
        found = heard()[0]
        del client.heard[: client.heard.index(found) + 1]
        return found
