"""Internet Relay Chat: Twisted's ``twisted.words.protocols.irc``, its messages.

They are taken apart and put together without a connection::

    message = irc.parseMessage(b"@time=12:00 :nick!user@host PRIVMSG #c :hello")
    irc.makeMessage("PRIVMSG", ["#c", "hello you"])

What is not UTF-8 is read as Latin-1: no line ends anything.
"""

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

#: The characters that begin a channel's name.
CHANNEL_PREFIXES = "&#!+"

__all__ = [
    "CHANNEL_PREFIXES",
    "ENCODING",
    "FALLBACK",
    "IRCBadMessage",
    "IRCBadModes",
    "IRCPasswordMismatch",
    "M_QUOTE",
    "Message",
    "Run",
    "UnhandledCommand",
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
