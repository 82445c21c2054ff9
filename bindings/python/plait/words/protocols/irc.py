"""Internet Relay Chat: Twisted's ``twisted.words.protocols.irc``.

A client is a subclass of :class:`IRCClient`, as with Twisted::

    class Parrot(irc.IRCClient):
        nickname = "parrot"

        def signedOn(self):
            self.join("#here")

        def privmsg(self, user, channel, message):
            self.msg(channel, message)

    endpoints.clientFromString(reactor, "tls:irc.example.org:6697").connect(Factory.forProtocol(Parrot))

and what a server is asked can be awaited::

    found = await client.whois("anna")

Messages are taken apart and put together without a connection, too:

>>> parseMessage(b"@time=12:00 :nick!user@host PRIVMSG #c :hello")
Message(tags={'time': '12:00'}, source='nick!user@host', command='PRIVMSG', params=['#c', 'hello'])
>>> makeMessage("PRIVMSG", ["#c", "hello you"])
b'PRIVMSG #c :hello you'

What is not UTF-8 is read as Latin-1: no line ends anything.
"""

from ._irc.asking import IRCError, ListEntry, Member, WhoEntry, Whois
from ._irc.batches import Batch
from ._irc.client import IRCClient
from ._irc.features import ServerSupportedFeatures
from ._irc.messages import (
    ENCODING,
    FALLBACK,
    IRCBadMessage,
    IRCBadModes,
    IRCPasswordMismatch,
    Message,
    UnhandledCommand,
    isHostName,
    lower,
    makeMessage,
    matchesMask,
    parseMessage,
    parsemsg,
    splitSource,
)
from ._irc.speaking import CHANNEL_PREFIXES
from ._irc.strict import StrictTransportEndpoint
from ._irc.texts import (
    M_QUOTE,
    X_DELIM,
    X_QUOTE,
    Run,
    ctcpDequote,
    ctcpExtract,
    ctcpQuote,
    ctcpStringify,
    dccParseAddress,
    lowDequote,
    lowQuote,
    makeRuns,
    numeric_to_symbolic,
    parseModes,
    parseRuns,
    split,
    splitBytes,
    stripFormatting,
    symbolic_to_numeric,
)

__all__ = [
    "Batch",
    "CHANNEL_PREFIXES",
    "ENCODING",
    "FALLBACK",
    "IRCBadMessage",
    "IRCBadModes",
    "IRCClient",
    "IRCError",
    "IRCPasswordMismatch",
    "ListEntry",
    "M_QUOTE",
    "Member",
    "Message",
    "Run",
    "ServerSupportedFeatures",
    "StrictTransportEndpoint",
    "UnhandledCommand",
    "WhoEntry",
    "Whois",
    "X_DELIM",
    "X_QUOTE",
    "ctcpDequote",
    "ctcpExtract",
    "ctcpQuote",
    "ctcpStringify",
    "dccParseAddress",
    "isHostName",
    "lowDequote",
    "lowQuote",
    "lower",
    "makeMessage",
    "makeRuns",
    "matchesMask",
    "numeric_to_symbolic",
    "parseMessage",
    "parseModes",
    "parseRuns",
    "parsemsg",
    "split",
    "splitBytes",
    "splitSource",
    "stripFormatting",
    "symbolic_to_numeric",
]
