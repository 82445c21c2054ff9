"""What a client makes of CTCPs."""

from __future__ import annotations

import shlex
import time
from typing import Any, Callable, Optional

from .messages import IRCBadMessage
from .speaking import Speaking
from .texts import dccParseAddress


def _nick(user: str) -> str:
    return user.partition("!")[0]


class CTCPs(Speaking):
    """The CTCPs of :class:`IRCClient`. Each is a method, which a program may have more of."""

    userinfo: Optional[str] = None
    fingerReply: str | Callable[[], str] | None = None
    versionName: Optional[str] = None
    versionNum: Optional[str] = None
    versionEnv: Optional[str] = None
    sourceURL: Optional[str] = None
    dcc_destdir = "."
    dcc_sessions: Any = None

    # Queries

    def ctcpQuery(self, user: str, channel: str, messages: Any) -> None:
        """Calls ``ctcpQuery_TAG`` for each CTCP; one that is there twice is answered once."""
        seen = set()
        for tag, data in messages:
            if tag in seen:
                continue
            seen.add(tag)
            method = getattr(self, f"ctcpQuery_{tag}", None)
            if method is not None:
                method(user, channel, data)
            else:
                self.ctcpUnknownQuery(user, channel, tag, data)

    def ctcpUnknownQuery(self, user: str, channel: str, tag: str, data: Optional[str]) -> None:
        """One that nothing here knows. It is not answered: everybody in a channel would."""

    def ctcpQuery_ACTION(self, user: str, channel: str, data: str) -> None:
        """What somebody does."""
        self.action(user, channel, data)

    def action(self, user: str, channel: str, data: str) -> None:
        """What somebody does. To be overridden."""

    def ctcpQuery_PING(self, user: str, channel: str, data: Optional[str]) -> None:
        """PING: the same back."""
        self.ctcpMakeReply(_nick(user), [("PING", data)])

    def _odd(self, user: str, tag: str, data: Optional[str]) -> None:
        if data is not None:
            self.quirkyMessage(f"{user} sent {data!r} with {tag}")

    def ctcpQuery_FINGER(self, user: str, channel: str, data: Optional[str]) -> None:
        """FINGER: what ``fingerReply`` says."""
        self._odd(user, "FINGER", data)
        if self.fingerReply:
            text = self.fingerReply() if callable(self.fingerReply) else str(self.fingerReply)
            self.ctcpMakeReply(_nick(user), [("FINGER", text)])

    def ctcpQuery_VERSION(self, user: str, channel: str, data: Optional[str]) -> None:
        """VERSION: what ``versionName``, ``versionNum`` and ``versionEnv`` say."""
        self._odd(user, "VERSION", data)
        if self.versionName:
            text = f"{self.versionName}:{self.versionNum or ''}:{self.versionEnv or ''}"
            self.ctcpMakeReply(_nick(user), [("VERSION", text)])

    def ctcpQuery_SOURCE(self, user: str, channel: str, data: Optional[str]) -> None:
        """SOURCE: where the program is to be had."""
        self._odd(user, "SOURCE", data)
        if self.sourceURL:
            self.ctcpMakeReply(_nick(user), [("SOURCE", self.sourceURL), ("SOURCE", None)])

    def ctcpQuery_USERINFO(self, user: str, channel: str, data: Optional[str]) -> None:
        """USERINFO: what ``userinfo`` says."""
        self._odd(user, "USERINFO", data)
        if self.userinfo:
            self.ctcpMakeReply(_nick(user), [("USERINFO", self.userinfo)])

    def ctcpQuery_CLIENTINFO(self, user: str, channel: str, data: Optional[str]) -> None:
        """CLIENTINFO: which CTCPs are answered, or what one of them is."""
        nick, start = _nick(user), "ctcpQuery_"
        if not data:
            names = sorted(name[len(start) :] for name in dir(type(self)) if name.startswith(start))
            self.ctcpMakeReply(nick, [("CLIENTINFO", " ".join(names))])
            return
        word = (data.split() or [""])[0]
        method = getattr(self, start + word, None)
        if method is None:
            self.ctcpMakeReply(nick, [("ERRMSG", f"CLIENTINFO {data} :Unknown query '{word}'")])
            return
        about = (method.__doc__ or "").strip().partition("\n")[0]
        self.ctcpMakeReply(nick, [("CLIENTINFO", about)])

    def ctcpQuery_ERRMSG(self, user: str, channel: str, data: Optional[str]) -> None:
        """ERRMSG: the same back, without an error."""
        self.ctcpMakeReply(_nick(user), [("ERRMSG", f"{data} :No error has occurred.")])

    def ctcpQuery_TIME(self, user: str, channel: str, data: Optional[str]) -> None:
        """TIME: what the clock says here."""
        self._odd(user, "TIME", data)
        self.ctcpMakeReply(_nick(user), [("TIME", f":{time.asctime()}")])

    # Replies

    def ctcpReply(self, user: str, channel: str, messages: Any) -> None:
        """Calls ``ctcpReply_TAG`` for each."""
        for tag, data in messages:
            method = getattr(self, f"ctcpReply_{tag}", None)
            if method is not None:
                method(user, channel, data)
            else:
                self.ctcpUnknownReply(user, channel, tag, data)

    def ctcpReply_PING(self, user: str, channel: str, data: Optional[str]) -> None:
        """The answer to :meth:`ping`; if it is none, an unknown one."""
        sent = (self._pings or {}).pop((_nick(user), data or ""), None)
        if sent is None:
            self.ctcpUnknownReply(user, channel, "PING", data)
        else:
            self.pong(user, time.monotonic() - sent)

    def pong(self, user: str, secs: float) -> None:
        """Somebody's client has given a sign of life, which took so long. To be overridden."""

    def ctcpUnknownReply(self, user: str, channel: str, tag: str, data: Optional[str]) -> None:
        """An answer that nothing here knows. To be overridden."""

    # DCC

    def ctcpQuery_DCC(self, user: str, channel: str, data: Optional[str]) -> None:
        """DCC: an offer, for which there is a method ``dcc_TYPE``."""
        if not data:
            return
        kind, _, rest = data.lstrip().partition(" ")
        method = getattr(self, f"dcc_{kind.upper()}", None)
        if method is not None:
            method(user, channel, rest)
            return
        self.ctcpMakeReply(_nick(user), [("ERRMSG", f"DCC {data} :Unknown DCC type '{kind.upper()}'")])
        self.quirkyMessage(f"{user} offered unknown DCC type {kind}")

    def _words(self, kind: str, data: str) -> list[str]:
        try:
            words = shlex.split(data)
        except ValueError:
            words = []
        if len(words) < 3:
            raise IRCBadMessage(f"malformed DCC {kind} request: {data!r}")
        return words

    def _port(self, text: str) -> int:
        if not (text.isascii() and text.isdigit() and int(text) < 65536):
            raise IRCBadMessage(f"Indecipherable port {text!r}")
        return int(text)

    def dcc_SEND(self, user: str, channel: str, data: str) -> None:
        """A file is offered. Its name is told without directories."""
        words = self._words("SEND", data)
        address, port = dccParseAddress(words[1]), self._port(words[2])
        size = int(words[3]) if len(words) > 3 and words[3].isdigit() else -1
        name = words[0].replace("\\", "/").rpartition("/")[2]
        self.dccDoSend(user, address, port, name, size, words)

    def dcc_ACCEPT(self, user: str, channel: str, data: str) -> None:
        """Somebody agrees to go on with a file."""
        name, port, position = self._words("SEND ACCEPT", data)[:3]
        if port.isdigit() and position.isdigit():
            self.dccDoAcceptResume(user, name, int(port), int(position))

    def dcc_RESUME(self, user: str, channel: str, data: str) -> None:
        """Somebody wants to go on with a file."""
        name, port, position = self._words("SEND RESUME", data)[:3]
        if port.isdigit() and position.isdigit():
            self.dccDoResume(user, name, int(port), int(position))

    def dcc_CHAT(self, user: str, channel: str, data: str) -> None:
        """A conversation is offered."""
        words = self._words("CHAT", data)
        self.dccDoChat(user, channel, dccParseAddress(words[1]), self._port(words[2]), words)

    def dccDoSend(
        self, user: str, address: str, port: int, fileName: str, size: int, data: list[str]
    ) -> None:
        """A file is offered; ``size`` is -1 where it is not told. To be overridden."""

    def dccDoResume(self, user: str, file: str, port: int, resumePos: int) -> None:
        """Somebody wants to go on with a file: see :meth:`dccAcceptResume`. To be overridden."""

    def dccDoAcceptResume(self, user: str, file: str, port: int, resumePos: int) -> None:
        """Somebody agrees to go on with a file. To be overridden."""

    def dccDoChat(self, user: str, channel: str, address: str, port: int, data: list[str]) -> None:
        """A conversation is offered. To be overridden."""
