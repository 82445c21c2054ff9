"""Questions to a server, of which each has one result: WHOIS, NAMES, LIST and WHO."""

from __future__ import annotations

from ctypes import byref
from typing import TYPE_CHECKING, Any, Callable, NamedTuple, Optional

from ...._core.registry import drop, entry, hold
from ...._native import constants, functions
from ...._native import irc as native
from ...._native.structs import Bytes, Handle
from ....error import PlaitError
from ....internet.defer import Deferred
from ....internet.error import ConnectionDone, TimeoutError
from .messages import partsOf
from .texts import numeric_to_symbolic

if TYPE_CHECKING:
    from .base import Base


class IRCError(Exception):
    """
    What a server answers instead of what was asked for.

    :ivar numeric: such as ``"401"``.
    :ivar name: such as ``"ERR_NOSUCHNICK"``; the digits, where there is none.
    :ivar params: all that it said.
    """

    def __init__(self, numeric: str, params: list[str]) -> None:
        self.numeric, self.params = numeric, params
        self.name = numeric_to_symbolic.get(numeric, numeric)
        super().__init__(f"{self.name}: {' '.join(params[1:])}")


class Whois(NamedTuple):
    """What WHOIS has told of somebody. What was not told is empty, None or False."""

    nick: str
    user: str = ""
    host: str = ""
    realname: str = ""
    server: str = ""
    serverInfo: str = ""
    channels: tuple[str, ...] = ()
    idle: Optional[int] = None
    signon: Optional[int] = None
    account: Optional[str] = None
    away: Optional[str] = None
    isOperator: bool = False
    isSecure: bool = False
    isBot: bool = False
    #: All lines: numerics, and what they said.
    lines: tuple[tuple[str, tuple[str, ...]], ...] = ()


class Member(NamedTuple):
    """Somebody in a channel. ``user`` and ``host`` are empty where the server does not tell them."""

    nick: str
    prefixes: str = ""
    user: str = ""
    host: str = ""


class ListEntry(NamedTuple):
    """A channel in the list of them."""

    channel: str
    users: int
    topic: str


class WhoEntry(NamedTuple):
    """Somebody, as WHO tells of them. ``account`` is None where the server does not say, ``"0"`` for none."""

    channel: str
    user: str
    host: str
    server: str
    nick: str
    flags: str
    hops: Optional[int]
    realname: str
    account: Optional[str] = None


#: A limit that there is not, in milliseconds.
NEVER = 1 << 40
#: What will be answered. Nobody needs to wait for it: a failure that nobody asks for is no error.
Answer = Deferred[Any]


@entry(native.IrcAnswerFunction)
def _answered(user: int, conn: int, answer: Any, reason: Any) -> None:
    question = drop(user)
    if question is None:
        return
    driver = question.driver
    driver.inside = True
    try:
        question.ended(answer.contents, reason.contents.status)
    except BaseException as error:
        driver.interrupt(error)
    finally:
        driver.leave()


class Question:
    """One that was asked, and that the C library puts the answer to together."""

    kind = 0
    command = ""

    def __init__(self, client: Base, about: str) -> None:
        self.client, self.about = client, about
        self.deferred: Answer = Deferred(lambda _: self._cancel())
        self.call = Handle()
        self.key = 0
        self.driver: Any = None

    def ask(self, words: str, limit: Optional[float]) -> Answer:
        """Sends it."""
        client = self.client
        if not client._conn:
            self.fail(ConnectionDone())
            return self.deferred
        if client._ours is not None and client._ours._written:
            client._ours.flush()
        conn: Any = client._ours if client._ours is not None else client._attached
        self.driver = conn.driver
        data = client._encoded(words)
        self.key = hold(self)
        time = NEVER if limit is None else max(1, round(limit * 1000))
        status = native.irc_call(
            client._conn, self.kind, data, len(data), time, _answered, self.key, byref(self.call)
        )
        if status < 0:
            drop(self.key)
            client._refused(status, words)
            self.fail(ConnectionDone())
            return self.deferred
        client._asked.append(self)
        if client._attached is not None:
            client._attached.feed(b"")
        return self.deferred

    def _cancel(self) -> None:
        self._forget()
        functions.call_cancel(self.call.value)

    def _forget(self) -> None:
        """Nobody waits any more."""
        drop(self.key)
        if self in self.client._asked:
            self.client._asked.remove(self)

    def fail(self, why: Any) -> None:
        """Ends it without a result."""
        self._forget()
        deferred = self.deferred
        if not deferred.called:
            isAwaited = bool(deferred._steps)
            deferred.errback(why)
            if not isAwaited:
                deferred._handled()

    def ended(self, answer: native.IrcAnswer, status: int) -> None:
        """The C library says how."""
        lines = [partsOf(self._text(line)) for line in answer.lines.read().split(b"\n")[:-1]]
        if status == 0:
            self._forget()
            if not self.deferred.called:
                self.deferred.callback(self.result(answer.entries[: answer.count], lines))
        elif status == constants.ERR_REMOTE:
            _, numeric, params = lines[0] if lines else ("", "", [])
            self.fail(IRCError(numeric, params))
        elif status == constants.ERR_TIMEOUT:
            self.fail(TimeoutError(string=f"{self.command} was not answered"))
        elif status in (constants.ERR_TOO_LONG, constants.ERR_NOMEM):
            self.fail(PlaitError(status))
        # Else the connection has ended, and why is told when it is lost.

    def _text(self, data: bytes) -> str:
        return self.client._decoded(data)

    def _texts(self, entry: Any, *names: str) -> list[str]:
        """Fields of an entry; empty where the server has not told them."""
        return [self._text(getattr(entry, name).read()) for name in names]

    def _known(self, part: Bytes) -> Optional[str]:
        return self._text(part.read()) if part.isGiven() else None

    def result(self, entries: Any, lines: Any) -> Any:
        """Of what C has found."""
        raise NotImplementedError


class WhoisQuestion(Question):
    """Who is somebody?"""

    kind, command = native.IRC_WHOIS, "WHOIS"

    def result(self, entries: Any, lines: Any) -> Whois:
        """One, of all that was told."""
        said = tuple((numeric, tuple(params)) for _, numeric, params in lines)
        last = {numeric: params for numeric, params in said}
        if not entries:
            return Whois(self.about, lines=said)
        found = entries[0]
        nick, user, host, realname, server, channels = self._texts(
            found, "nick", "user", "host", "name", "server", "channel"
        )
        return Whois(
            nick, user, host, realname, server,
            serverInfo=last["312"][-1] if len(last.get("312", ())) > 3 else "",
            channels=tuple(channels.split()),
            idle=found.number if "317" in last else None,
            signon=found.since or None,
            account=self._known(found.account),
            away=self._known(found.text),
            isOperator=bool(found.flags & native.IRC_IS_OPERATOR),
            isSecure=bool(found.flags & native.IRC_IS_SECURE),
            isBot=bool(found.flags & native.IRC_IS_BOT),
            lines=said,
        )  # fmt: skip


class NamesQuestion(Question):
    """Who is in a channel?"""

    kind, command = native.IRC_NAMES, "NAMES"

    def result(self, entries: Any, lines: Any) -> list[Member]:
        """All of them."""
        return [Member(*self._texts(e, "nick", "prefix", "user", "host")) for e in entries]


class ListQuestion(Question):
    """Which channels are there?"""

    kind, command = native.IRC_LIST, "LIST"

    def result(self, entries: Any, lines: Any) -> list[ListEntry]:
        """All of them."""
        return [ListEntry(self._text(e.channel.read()), e.number, self._text(e.text.read())) for e in entries]


class WhoQuestion(Question):
    """Who fits a mask?"""

    kind, command = native.IRC_WHO, "WHO"

    def result(self, entries: Any, lines: Any) -> list[WhoEntry]:
        """All of them."""
        found = []
        for e in entries:
            channel, user, host, server, nick, flags, name = self._texts(
                e, "channel", "user", "host", "server", "nick", "prefix", "name"
            )
            account = self._account(e.account)
            found.append(WhoEntry(channel, user, host, server, nick, flags, e.hops, name, account))
        return found

    def _account(self, part: Bytes) -> Optional[str]:
        known = self._known(part)
        return "0" if known == "" else known


def closed(asked: list[Question], why: Callable[[], Any]) -> None:
    """The connection has ended."""
    for question in list(asked):
        question.fail(why())
