"""What a client says and asks for."""

from __future__ import annotations

import random
import time
from typing import Any, Optional

from .asking import Answer, ListQuestion, NamesQuestion, WhoisQuestion, WhoQuestion
from .knowing import Knowing
from .texts import ctcpStringify, splitBytes

#: The characters that begin a channel's name.
CHANNEL_PREFIXES = "&#!+"

def _channel(name: str) -> str:
    if not name:
        raise ValueError("a channel has a name")
    return name if name[0] in CHANNEL_PREFIXES else f"#{name}"


class Speaking(Knowing):
    """The commands of :class:`IRCClient`."""

    _pings: Optional[dict[tuple[str, str], float]] = None

    # Channels

    def join(self, channel: str, key: Optional[str] = None) -> None:
        """Goes into a channel. One without any of ``&#!+`` before it gets ``#``."""
        name = _channel(channel)
        self.sendLine(f"JOIN {name}" if key is None else f"JOIN {name} {key}")

    def leave(self, channel: str, reason: Optional[str] = None) -> None:
        """Leaves one."""
        name = _channel(channel)
        self.sendLine(f"PART {name}" if reason is None else f"PART {name} :{reason}")

    part = leave

    def kick(self, channel: str, user: str, reason: Optional[str] = None) -> None:
        """Throws somebody out of one."""
        line = f"KICK {_channel(channel)} {user}"
        self.sendLine(line if reason is None else f"{line} :{reason}")

    def invite(self, user: str, channel: str) -> None:
        """Invites somebody to one."""
        self.sendLine(f"INVITE {user} {_channel(channel)}")

    def topic(self, channel: str, topic: Optional[str] = None) -> None:
        """Sets the topic of one, or asks for it; an empty one clears it."""
        line = f"TOPIC {_channel(channel)}"
        self.sendLine(line if topic is None else f"{line} :{topic}")

    def mode(
        self,
        chan: str,
        set: bool,
        modes: str,
        limit: Optional[int] = None,
        user: Optional[str] = None,
        mask: Optional[str] = None,
    ) -> None:
        """Sets modes of a channel or of this side, or takes them away, with one parameter or none."""
        line = f"MODE {chan} {'+' if set else '-'}{modes}"
        for parameter in (limit, user, mask):
            if parameter is not None:
                line = f"{line} {parameter}"
                break
        self.sendLine(line)

    # Messages

    def say(self, channel: str, message: str, length: Optional[int] = None) -> None:
        """Says something to a channel: :meth:`msg`, with ``#`` where it is missing."""
        self.msg(_channel(channel), message, length)

    def msg(self, user: str, message: str, length: Optional[int] = None) -> None:
        """
        Says something to somebody or to a channel, in as many messages as it takes: at line ends,
        between words, and never inside a character. An empty text is none.

        :param length: the most bytes of a message; so many that all of it arrives, if not given.
        :raises ValueError: nothing fits into so many bytes.
        """
        self._sendMessage("PRIVMSG", user, message, length)

    def notice(self, user: str, message: str, length: Optional[int] = None) -> None:
        """The same, which nobody should answer by itself."""
        self._sendMessage("NOTICE", user, message, length)

    def describe(self, channel: str, action: str) -> None:
        """Does something in a channel, or before somebody: ``/me``."""
        self.ctcpMakeQuery(channel, [("ACTION", action)])

    def _sendMessage(
        self, msgType: str, user: str, message: str, length: Optional[int] = None
    ) -> None:
        start = f"{msgType} {user} :"
        taken = len(self._encoded(start))
        if length is None:
            room = self._room(taken)
        else:
            room = length - taken - 2
            if room <= 0:
                raise ValueError(f"Maximum length must exceed {taken + 2} for message to {user}")
        if len(message) * 4 <= room and "\n" not in message and "\r" not in message and message:
            if not message.isspace():
                self.sendLine(start + message)
            return
        for piece in splitBytes(self._encoded(message), room):
            self.sendLine(self._encoded(start) + piece)

    def _room(self, taken: int) -> int:
        """How many bytes are left of a line that begins with so many, when others get it."""
        most = self.supported.getFeature("LINELEN")
        longest = int(most[0]) if most and most[0].isdigit() else 512
        # What the server puts before it: as it did when this side joined, or as long as it may be.
        mask = self._hostmask or f"{self.nickname}!{'u' * 11}@{'h' * 63}"
        return max(1, longest - 2 - len(self._encoded(mask)) - 2 - taken)

    def away(self, message: str = "") -> None:
        """Tells that nobody is here, and why."""
        self.sendLine(f"AWAY :{message}")

    def back(self) -> None:
        """Tells that somebody is."""
        self.away()

    def quit(self, message: str = "") -> None:
        """Leaves the server, before whatever waits; it closes the connection."""
        self.sendLine(f"QUIT :{message}")

    # Questions

    def whois(self, nickname: str, server: Optional[str] = None) -> Answer:
        """
        Asks who somebody is.

        :return: a Deferred :class:`Whois`; it fails with :class:`IRCError` where there is nobody. As all
            answers it may be left alone, and fails with TimeoutError after ``queryTimeout`` seconds.
        """
        words = f"{server} {nickname}" if server else nickname
        return WhoisQuestion(self, nickname).ask(words, self.queryTimeout)

    def names(self, channel: str) -> Answer:
        """
        Asks who is in a channel.

        :return: a Deferred list of :class:`Member`.
        """
        name = _channel(channel)
        return NamesQuestion(self, name).ask(name, self.queryTimeout)

    def list(self, channels: str = "", server: str = "") -> Answer:
        """
        Asks which channels there are, or about some, with commas between them.

        :return: a Deferred list of :class:`ListEntry`.
        """
        words = filter(None, (channels, server))
        return ListQuestion(self, "").ask(" ".join(words), self.queryTimeout)

    def who(self, mask: str) -> Answer:
        """
        Asks who is in a channel, or fits a mask: with their accounts, where the server has WHOX.

        :return: a Deferred list of :class:`WhoEntry`.
        """
        return WhoQuestion(self, mask).ask(mask, self.queryTimeout)

    def monitor(self, change: str, nicks: str = "") -> None:
        """Has the server tell when somebody comes or goes: ``+`` or ``-`` with nicks and commas between
        them, ``C``, ``L`` or ``S``."""
        self.sendLine(f"MONITOR {change} {nicks}".rstrip(" "))

    # CTCP

    def ctcpMakeQuery(self, user: str, messages: Any) -> None:
        """Sends CTCPs: of (tag, data)."""
        self.msg(user, ctcpStringify(messages))

    def ctcpMakeReply(self, user: str, messages: Any) -> None:
        """Answers with CTCPs."""
        self.notice(user, ctcpStringify(messages))

    def ping(self, user: str, text: Optional[str] = None) -> None:
        """Asks somebody's client for a sign of life, which :meth:`pong` tells of. The twelve newest are
        remembered."""
        if self._pings is None:
            self._pings = {}
        if text is None:
            text = "".join(random.choice("0123456789abcdef") for _ in range(12))
        self._pings[(user, text)] = time.monotonic()
        for old in list(self._pings)[:-12]:
            del self._pings[old]
        self.ctcpMakeQuery(user, [("PING", text)])

    def dccSend(self, user: str, file: Any) -> None:
        """Not to be had: transfers are not made here.

        :raises NotImplementedError: always.
        """
        raise NotImplementedError("files are not sent")

    def dccResume(self, user: str, fileName: str, port: int, resumePos: int) -> None:
        """Asks to go on with a file."""
        self.ctcpMakeQuery(user, [("DCC", ["RESUME", fileName, port, resumePos])])

    def dccAcceptResume(self, user: str, fileName: str, port: int, resumePos: int) -> None:
        """Agrees to that."""
        self.ctcpMakeQuery(user, [("DCC", ["ACCEPT", fileName, port, resumePos])])
