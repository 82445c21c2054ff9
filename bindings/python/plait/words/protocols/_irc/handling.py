"""What a client makes of what a server says: a method for each command, which calls what a program overrides."""

from __future__ import annotations

import logging
from typing import Any, Optional

from .batches import Batch
from .messages import IRCBadModes
from .texts import X_DELIM, ctcpExtract, parseModes
from .told import Told

_log = logging.getLogger("plait")


def _nick(prefix: str) -> str:
    return prefix.partition("!")[0]


def _at(params: list[str], index: int) -> str:
    return params[index] if len(params) > index else ""


class Handling(Told):
    """The commands that :class:`IRCClient` knows."""

    # Who this side is

    def irc_RPL_WELCOME(self, prefix: str, params: list[str]) -> None:
        """This side is in, by the nick that the server says."""
        self.hostname, self._registered = prefix, True
        if self._strictPolicy[0]:
            self.strictEndpoint.upgrade = 0  # what lasts is kept
        self.nickname = params[0] if len(params) > 1 and params[0] not in ("", "*") else self._attemptedNick
        self._attemptedNick = self.nickname
        self.signedOn()

    def irc_ERR_NICKNAMEINUSE(self, prefix: str, params: list[str]) -> None:
        """The nick is somebody else's: another one is tried."""
        refused = _at(params, 1)
        if self._registered and not self.isSame(refused, self._attemptedNick):
            return
        self._attemptedNick = self.alterCollidedNick(self._attemptedNick)
        self.setNick(self._attemptedNick)

    def irc_ERR_NICKCOLLISION(self, prefix: str, params: list[str]) -> None:
        """The same."""
        self.irc_ERR_NICKNAMEINUSE(prefix, params)

    def irc_ERR_UNAVAILRESOURCE(self, prefix: str, params: list[str]) -> None:
        """The nick is not to be had now; or it is a channel."""
        if self.isSame(_at(params, 1), self._attemptedNick):
            self.irc_ERR_NICKNAMEINUSE(prefix, params)
        else:
            self.irc_unknown(prefix, "ERR_UNAVAILRESOURCE", params)

    def alterCollidedNick(self, nickname: str) -> str:
        """Makes another nick of one that is in use."""
        return f"{nickname}_"

    def irc_ERR_ERRONEUSNICKNAME(self, prefix: str, params: list[str]) -> None:
        """The server takes no such nick: ``erroneousNickFallback`` is tried."""
        if not self._registered:
            self.setNick(self.erroneousNickFallback)

    def irc_NICK(self, prefix: str, params: list[str]) -> None:
        """Somebody is called otherwise now."""
        nick, name = _nick(prefix), _at(params, 0)
        if self.isSame(nick, self.nickname):
            if self._hostmask:
                self._hostmask = name + self._hostmask[len(nick) :]
            self._attemptedNick = name
            self.nickChanged(name)
        else:
            self.userRenamed(nick, name)

    # Channels

    def irc_JOIN(self, prefix: str, params: list[str]) -> None:
        """Somebody has come."""
        nick, channel = _nick(prefix), _at(params, 0)
        if self.isSame(nick, self.nickname):
            if "!" in prefix and "@" in prefix:
                self._hostmask = prefix
            self.joined(channel)
        else:
            self.userJoined(nick, channel)

    def irc_PART(self, prefix: str, params: list[str]) -> None:
        """Somebody has gone."""
        nick, channel = _nick(prefix), _at(params, 0)
        if self.isSame(nick, self.nickname):
            self.left(channel)
        else:
            self.userLeft(nick, channel)

    def irc_QUIT(self, prefix: str, params: list[str]) -> None:
        """Somebody has left the server."""
        self.userQuit(_nick(prefix), _at(params, 0))

    def irc_KICK(self, prefix: str, params: list[str]) -> None:
        """Somebody was thrown out."""
        channel, kicked, reason = _at(params, 0), _at(params, 1), _at(params, 2)
        if self.isSame(kicked, self.nickname):
            self.kickedFrom(channel, _nick(prefix), reason)
        else:
            self.userKicked(kicked, channel, _nick(prefix), reason)

    def irc_TOPIC(self, prefix: str, params: list[str]) -> None:
        """Somebody has set the topic."""
        self.topicUpdated(_nick(prefix), _at(params, 0), _at(params, 1))

    def irc_RPL_TOPIC(self, prefix: str, params: list[str]) -> None:
        """What the topic is."""
        self.topicUpdated(_nick(prefix), _at(params, 1), _at(params, 2))

    def irc_RPL_NOTOPIC(self, prefix: str, params: list[str]) -> None:
        """There is none."""
        self.topicUpdated(_nick(prefix), _at(params, 1), "")

    def irc_MODE(self, user: str, params: list[str]) -> None:
        """Modes were changed."""
        channel, modes, arguments = _at(params, 0), _at(params, 1), params[2:]
        if modes[:1] not in ("-", "+"):
            modes = f"+{modes}"
        isMe = self.isSame(channel, self.nickname)
        kinds = self.getUserModeParams() if isMe else self.getChannelModeParams()
        try:
            added, removed = parseModes(modes, arguments, kinds)
        except IRCBadModes:
            _log.warning("modes that make no sense: %r", params)
            return
        for isSet, changes in ((True, added), (False, removed)):
            if changes:
                letters = "".join(letter for letter, _ in changes)
                self.modeChanged(user, channel, isSet, letters, tuple(p for _, p in changes))

    def getUserModeParams(self) -> list[str]:
        """The modes of users that have a parameter when set, and when taken away: none."""
        return ["", ""]

    def getChannelModeParams(self) -> list[str]:
        """The modes of channels that have one, as far as the server has told."""
        kinds = self.supported.getFeature("CHANMODES") or {}
        always = "".join(self.supported.getFeature("PREFIX") or {})
        always += kinds.get("addressModes", "") + kinds.get("param", "")
        return [always + kinds.get("setParam", ""), always]

    # Messages

    def irc_PING(self, prefix: str, params: list[str]) -> None:
        """Never called: the C library answers."""

    def irc_PONG(self, prefix: str, params: list[str]) -> None:
        """The server's sign of life: see :attr:`lag`."""

    def irc_PRIVMSG(self, prefix: str, params: list[str]) -> None:
        """A message, with or without CTCPs in it."""
        self._said(prefix, params, self.ctcpQuery, self.privmsg)

    def irc_NOTICE(self, prefix: str, params: list[str]) -> None:
        """The same, which is not answered."""
        self._said(prefix, params, self.ctcpReply, self.noticed)

    def _said(self, user: str, params: list[str], extended: Any, normal: Any) -> None:
        channel, message = _at(params, 0), _at(params, 1)
        if message.startswith(X_DELIM):
            found = ctcpExtract(message)
            if found["extended"]:
                extended(user, channel, found["extended"])
            message = " ".join(str(part) for part in found["normal"])
        if message:
            normal(user, channel, message)

    # What the server says of itself

    def irc_RPL_YOURHOST(self, prefix: str, params: list[str]) -> None:
        """002."""
        self.yourHost(_at(params, 1))

    def irc_RPL_CREATED(self, prefix: str, params: list[str]) -> None:
        """003."""
        self.created(_at(params, 1))

    def irc_RPL_MYINFO(self, prefix: str, params: list[str]) -> None:
        """004: four words, of which some servers make one parameter."""
        words: list[Optional[str]] = [*(params[1:] if len(params) > 2 else _at(params, 1).split(None, 3))]
        words = [*words, None, None, None, None]
        self.myInfo(words[0], words[1], words[2], words[3])

    def irc_RPL_ISUPPORT(self, prefix: str, params: list[str]) -> None:
        """005."""
        self.supported.parse(params[1:-1])
        if self.supported.hasFeature("UTF8ONLY"):
            self.encoding = "utf-8"
        self.isupport(params[1:-1])

    def irc_RPL_BOUNCE(self, prefix: str, params: list[str]) -> None:
        """010."""
        self.bounce(" ".join(params[1:]))

    def irc_RPL_LUSERCLIENT(self, prefix: str, params: list[str]) -> None:
        """251."""
        self.luserClient(_at(params, 1))

    def irc_RPL_LUSEROP(self, prefix: str, params: list[str]) -> None:
        """252."""
        if _at(params, 1).isdigit():
            self.luserOp(int(params[1]))

    def irc_RPL_LUSERCHANNELS(self, prefix: str, params: list[str]) -> None:
        """254."""
        if _at(params, 1).isdigit():
            self.luserChannels(int(params[1]))

    def irc_RPL_LUSERME(self, prefix: str, params: list[str]) -> None:
        """255."""
        self.luserMe(_at(params, 1))

    def irc_RPL_MOTDSTART(self, prefix: str, params: list[str]) -> None:
        """375: a message of the day begins."""
        self.motd = [params[-1][2:] if params[-1].startswith("- ") else params[-1]]

    def irc_RPL_MOTD(self, prefix: str, params: list[str]) -> None:
        """372: a line of it."""
        if self.motd is None:
            self.motd = []
        if len(self.motd) < 10000:
            self.motd.append(params[-1][2:] if params[-1].startswith("- ") else params[-1])

    def irc_RPL_ENDOFMOTD(self, prefix: str, params: list[str]) -> None:
        """376: its end."""
        motd, self.motd = self.motd or [], None
        self.receivedMOTD(motd)

    # Beyond Twisted

    def irc_INVITE(self, prefix: str, params: list[str]) -> None:
        """Somebody invites somebody."""
        self.invited(prefix, _at(params, 0), _at(params, 1))

    def irc_AWAY(self, prefix: str, params: list[str]) -> None:
        """away-notify."""
        self.userAway(_nick(prefix), _at(params, 0) or None)

    def irc_ACCOUNT(self, prefix: str, params: list[str]) -> None:
        """account-notify."""
        account = _at(params, 0)
        self.userAccount(_nick(prefix), None if account in ("", "*") else account)

    def irc_CHGHOST(self, prefix: str, params: list[str]) -> None:
        """chghost."""
        if self.isSame(_nick(prefix), self.nickname) and self._hostmask:
            self._hostmask = f"{_nick(prefix)}!{_at(params, 0)}@{_at(params, 1)}"
        self.userHost(_nick(prefix), _at(params, 0), _at(params, 1))

    def irc_SETNAME(self, prefix: str, params: list[str]) -> None:
        """setname."""
        self.userRealname(_nick(prefix), _at(params, 0))

    def irc_CAP(self, prefix: str, params: list[str]) -> None:
        """Capabilities, which the C library asks for; a policy of strict transport security among them."""
        if _at(params, 1) in ("LS", "NEW"):
            for word in params[-1].split():
                name, _, value = word.partition("=")
                if name == "sts":
                    pairs = [pair.partition("=") for pair in value.split(",")]
                    keys = {key: its for key, _, its in pairs}
                    port, duration = keys.get("port", ""), keys.get("duration", "")
                    self.strictTransport(
                        int(port) if port.isdecimal() and 0 < int(port) < 65536 else None,
                        int(duration) if duration.isdecimal() else None,
                        bool(getattr(self.transport, "TLS", False)),
                    )
        self.irc_unknown(prefix, "CAP", params)

    def irc_BATCH(self, prefix: str, params: list[str]) -> None:
        """A batch begins, or ends."""
        reference = _at(params, 0)[1:]
        if _at(params, 0).startswith("+"):
            if reference not in self._batches and len(self._batches) < 64:
                batch = Batch(_at(params, 1), tuple(params[2:]), self.batch, reference)
                self._batches[reference] = batch
                self.batchStarted(batch)
        elif reference in self._batches:
            self.batchEnded(self._batches.pop(reference))

    def irc_FAIL(self, prefix: str, params: list[str]) -> None:
        """standard-replies."""
        self.standardReply("FAIL", _at(params, 0), _at(params, 1), params[2:])

    def irc_WARN(self, prefix: str, params: list[str]) -> None:
        """standard-replies."""
        self.standardReply("WARN", _at(params, 0), _at(params, 1), params[2:])

    def irc_NOTE(self, prefix: str, params: list[str]) -> None:
        """standard-replies."""
        self.standardReply("NOTE", _at(params, 0), _at(params, 1), params[2:])

    def irc_RPL_MONONLINE(self, prefix: str, params: list[str]) -> None:
        """730: who is there, of those that are monitored."""
        for mask in filter(None, params[-1].split(",")):
            self.userOnline(_nick(mask))

    def irc_RPL_MONOFFLINE(self, prefix: str, params: list[str]) -> None:
        """731: who is not."""
        for mask in filter(None, params[-1].split(",")):
            self.userOffline(_nick(mask))
