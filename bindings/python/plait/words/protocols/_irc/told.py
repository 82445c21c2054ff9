"""What a client tells a program, which overrides what it wants to hear of."""

from __future__ import annotations

from typing import Optional

from .batches import Batch
from .ctcps import CTCPs


class Told(CTCPs):
    """The methods of :class:`IRCClient` that are there to be overridden."""

    def signedOn(self) -> None:
        """This side is in."""

    def created(self, when: str) -> None:
        """When the server was."""

    def yourHost(self, info: str) -> None:
        """Which server it is."""

    def myInfo(
        self, servername: Optional[str], version: Optional[str], umodes: Optional[str], cmodes: Optional[str]
    ) -> None:
        """What the server is called, what it runs, and which modes it has."""

    def isupport(self, options: list[str]) -> None:
        """What it supports: see :attr:`supported`."""

    def bounce(self, info: str) -> None:
        """Another server would be better."""

    def luserClient(self, info: str) -> None:
        """How many are on the network, in words."""

    def luserOp(self, ops: int) -> None:
        """How many operators."""

    def luserChannels(self, channels: int) -> None:
        """How many channels."""

    def luserMe(self, info: str) -> None:
        """How many are on the server, in words."""

    def receivedMOTD(self, motd: list[str]) -> None:
        """The message of the day."""

    def noticed(self, user: str, channel: str, message: str) -> None:
        """A message that nobody should answer by itself."""

    def joined(self, channel: str) -> None:
        """This side is in a channel."""

    def left(self, channel: str) -> None:
        """This side has left one."""

    def kickedFrom(self, channel: str, kicker: str, message: str) -> None:
        """This side was thrown out of one."""

    def nickChanged(self, nick: str) -> None:
        """This side is called otherwise now."""
        self.nickname = nick

    def modeChanged(
        self, user: str, channel: str, set: bool, modes: str, args: tuple[Optional[str], ...]
    ) -> None:
        """Modes of a channel or of this side were set or taken away; each has a parameter or None."""

    def userJoined(self, user: str, channel: str) -> None:
        """Somebody has come to a channel."""

    def userLeft(self, user: str, channel: str) -> None:
        """Somebody has left one; why is the last parameter of :attr:`message`."""

    def userQuit(self, user: str, quitMessage: str) -> None:
        """Somebody has left the server."""

    def userKicked(self, kickee: str, channel: str, kicker: str, message: str) -> None:
        """Somebody was thrown out of a channel."""

    def userRenamed(self, oldname: str, newname: str) -> None:
        """Somebody is called otherwise now."""

    def topicUpdated(self, user: str, channel: str, newTopic: str) -> None:
        """A topic was set; when a channel is joined, ``user`` is the server."""

    def invited(self, user: str, invitee: str, channel: str) -> None:
        """Somebody is invited to a channel, mostly this side."""

    def userAway(self, user: str, reason: Optional[str]) -> None:
        """Somebody is away, or, with None, back."""

    def userAccount(self, user: str, account: Optional[str]) -> None:
        """Somebody is logged in, or, with None, out."""

    def userHost(self, user: str, username: str, hostname: str) -> None:
        """Somebody has another host."""

    def userRealname(self, user: str, realname: str) -> None:
        """Somebody has another name."""

    def userOnline(self, user: str) -> None:
        """Somebody who is monitored is there."""

    def userOffline(self, user: str) -> None:
        """Somebody who is monitored is not."""

    def strictTransport(self, port: Optional[int], duration: Optional[int], isSecure: bool) -> None:
        """
        The server wants to be connected to by TLS alone (IRCv3's STS): a :class:`StrictTransportEndpoint`
        sees to it. To be overridden by programs that do so themselves: without TLS, hang up and connect to this
        port with it; with TLS, remember for so many seconds not to connect without, or, for none, forget it.
        """
        if self.strictEndpoint is not None:
            self.strictEndpoint.heard(self, port, duration, isSecure)

    def batchStarted(self, batch: Batch) -> None:
        """What comes with this :attr:`batch` belongs together."""

    def batchEnded(self, batch: Batch) -> None:
        """That was all of it."""

    def standardReply(self, kind: str, command: str, code: str, context: list[str]) -> None:
        """The server says something for programs: ``FAIL``, ``WARN`` or ``NOTE``; about a command or
        ``*``; words, of which the last is for people."""
