"""The client."""

from __future__ import annotations

from .handling import Handling


class IRCClient(Handling):
    """
    One conversation with a server. A program overrides what it wants to hear of, as with Twisted's.

    The C library registers, asks for capabilities, authenticates, answers PINGs, keeps to ``lineRate``,
    and knows who is where. An exception that a method of the program's raises is logged, and the
    conversation goes on. ``user`` is ``nick!user@host`` in :meth:`privmsg`, :meth:`noticed`, :meth:`action`
    and :meth:`modeChanged`, and the nick alone elsewhere; :attr:`message` has all of it, and the tags.

    >>> class Bot(IRCClient):
    ...     nickname = "parrot"
    ...     def signedOn(self):
    ...         self.join("#here")
    ...     def privmsg(self, user, channel, message):
    ...         self.msg(channel, message)

    Who it is:

    :cvar nickname: the nick; since the server has welcomed this side, the one that it is called by.
    :cvar password: of the server.
    :cvar realname: the nick, if none.
    :cvar username: the nick, if none.
    :cvar erroneousNickFallback: the nick where the server does not like the other one.
    :cvar regainNick: whether the nick that was wanted is taken when it is to be had again.
    :cvar botMode: whether the server is told that this is a program, where it has a mode for that.
    :cvar performLogin: whether :meth:`connectionMade` registers.
    :cvar saslName: whose account it is; with it this side authenticates, or the connection ends.
    :cvar saslPassword: its password.
    :cvar saslAuthority: whom to act for, if that is somebody else.
    :cvar saslMechanisms: of ``SCRAM-SHA-256-PLUS``, ``SCRAM-SHA-256``, ``SCRAM-SHA-1-PLUS``, ``SCRAM-SHA-1``, ``EXTERNAL`` and
        ``PLAIN``, of which the best that the server has is used; if none are named, ``SCRAM-SHA-256``, and
        within TLS the first and the last of these, too.
    :cvar saslOptional: whether the conversation goes on where that fails.

    How it behaves, read when the connection begins:

    :cvar lineRate: seconds between lines; None: they leave at once. PONG and QUIT do not wait.
    :cvar lineBurst: how many lines may leave at once all the same.
    :cvar heartbeatInterval: seconds after which the server is asked for a sign of life; None: never.
    :cvar pongTimeout: seconds that this may take before the connection ends.
    :cvar registrationTimeout: seconds that the server may take to let this side in.
    :cvar queryTimeout: seconds that it may take to answer :meth:`whois` and its like.
    :cvar useCapabilities: whether the server is asked for capabilities of IRCv3.
    :cvar capabilities: those that are wanted beside the ones that are made use of here.
    :cvar rejoin: whether a factory's next client joins the channels again that this one was in.
    :cvar MAX_LENGTH: a line that is longer is dropped.
    :cvar encoding: of texts; UTF-8 where the server wants nothing else.
    :cvar fallbackEncoding: of what comes and is not in that one.

    What the server says belongs together (netsplits and the like) is told by :meth:`batchStarted` and
    :meth:`batchEnded`, and within by :attr:`batch`. Strict transport security is a :class:`StrictTransportEndpoint`'s.

    What is known:

    :ivar hostname: what the server is called.
    :ivar supported: what it supports, a :class:`ServerSupportedFeatures`.

    On a transport that is not a reactor's own, ``lineRate``, ``heartbeatInterval`` and ``registrationTimeout``
    mean nothing.
    """
