"""Questions to a server, of which each has one result: WHOIS, NAMES, LIST and WHO."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Callable, NamedTuple, Optional

from ....internet.defer import Deferred
from ....internet.error import TimeoutError
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


#: What will be answered. Nobody needs to wait for it: a failure that nobody asks for is no error.
Answer = Deferred[Any]


def _digits(text: str) -> Optional[int]:
    return int(text) if text.isascii() and text.isdigit() else None


def _at(params: list[str], index: int) -> str:
    return params[index] if len(params) > index else ""


class Question:
    """One that was asked. What it collects ends with one of these numerics."""

    #: The command, which some errors name; the numerics that it collects, and those that it fails by.
    command = ""
    collects: frozenset[str] = frozenset()
    ending = ""
    failing: frozenset[str] = frozenset()
    #: Whether a server that failed says the end, too.
    endsTwice = False

    def __init__(self, client: Base, about: str) -> None:
        self.client, self.about = client, about
        self.deferred: Answer = Deferred(lambda _: self.forget())
        self.lines: list[tuple[str, list[str]]] = []
        self.timer: Any = None

    def ask(self, line: str, limit: Optional[float]) -> Answer:
        """Sends it."""
        client = self.client
        client._asked.append(self)
        try:
            client.sendLine(line)
        except BaseException:
            self.forget()
            raise
        driver = client._ours.driver if client._ours is not None else None
        if driver is not None and limit is not None and not self.deferred.called:
            self.timer = driver.callLater(limit, self.late)
        return self.deferred

    def forget(self) -> None:
        """Nobody waits any more."""
        if self in self.client._asked:
            self.client._asked.remove(self)
        if self.timer is not None and self.timer.active():
            self.timer.cancel()

    def late(self) -> None:
        """The server has not answered in time."""
        self.fail(TimeoutError(string=f"{self.command} was not answered"))

    def fail(self, why: Any) -> None:
        """Ends it without a result."""
        self.forget()
        deferred = self.deferred
        if not deferred.called:
            isAwaited = bool(deferred._steps)
            deferred.errback(why)
            if not isAwaited:
                deferred._handled()

    def belongs(self, params: list[str]) -> bool:
        """Whether a line is about what was asked for."""
        return self.client.isSame(_at(params, 1), self.about)

    def take(self, numeric: str, params: list[str]) -> bool:
        """Looks at a line; tells whether it was for this question."""
        if numeric in self.collects:
            if not self.belongs(params):
                return False
            self.lines.append((numeric, params))
            return True
        if numeric == self.ending:
            if not self.ends(params):
                return False
            self.forget()
            self.deferred.callback(self.result())
            return True
        named = numeric in ("263", "421", "461") and _at(params, 1).upper() == self.command
        if named or (numeric in self.failing and self.belongs(params)):
            if self.endsTwice and not named:
                key = (self.ending, self.client.fold(self.about))
                self.client._spent[key] = self.client._spent.get(key, 0) + 1
            self.fail(IRCError(numeric, params))
            return True
        return False

    def ends(self, params: list[str]) -> bool:
        """Whether the end is this one's."""
        key = (self.ending, self.client.fold(self.about))
        if not self.belongs(params):
            return False
        if self.client._spent.get(key, 0) and not self.lines:
            # The end of one that has failed already.
            self.client._spent[key] -= 1
            return False
        return True

    def result(self) -> Any:
        """What was collected."""
        raise NotImplementedError


class WhoisQuestion(Question):
    """Who is somebody?"""

    command, ending, endsTwice = "WHOIS", "318", True
    collects = frozenset(
        "276 301 307 311 312 313 317 319 320 330 335 338 378 379 671".split()
    )
    failing = frozenset(("401", "402", "406", "431"))

    def belongs(self, params: list[str]) -> bool:
        """The nick, or, of an error, the server that was to be asked."""
        return super().belongs(params) or self.client.isSame(_at(params, 1), self.server)

    server = ""

    def result(self) -> Whois:
        """One, of all that was told."""
        found: dict[str, Any] = {}
        for numeric, params in self.lines:
            rest = params[2:]
            if numeric == "311" and len(rest) >= 3:
                found.update(nick=params[1], user=rest[0], host=rest[1], realname=rest[-1])
            elif numeric == "312" and rest:
                found.update(server=rest[0], serverInfo=_at(rest, 1))
            elif numeric == "317" and rest:
                found.update(idle=_digits(rest[0]))
                if len(rest) > 2:
                    found.update(signon=_digits(rest[1]))
            elif numeric == "319" and rest:
                found["channels"] = found.get("channels", ()) + tuple(rest[-1].split())
            elif numeric == "330" and rest:
                found.update(account=rest[0])
            elif numeric == "307":
                found.setdefault("account", params[1])
            elif numeric == "301" and rest:
                found.update(away=rest[-1])
            else:
                flag = {"313": "isOperator", "671": "isSecure", "335": "isBot"}.get(numeric)
                if flag:
                    found[flag] = True
        found.setdefault("nick", self.about)
        return Whois(lines=tuple((n, tuple(p)) for n, p in self.lines), **found)


class NamesQuestion(Question):
    """Who is in a channel?"""

    command, ending = "NAMES", "366"
    collects = frozenset(("353",))
    failing = frozenset(("402", "403", "416", "442"))

    def belongs(self, params: list[str]) -> bool:
        """The channel stands behind its kind in those with names."""
        return any(self.client.isSame(param, self.about) for param in params[1:3])

    def result(self) -> list[Member]:
        """All of them."""
        symbols = "".join(s for s, _ in (self.client.supported.getFeature("PREFIX") or {}).values())
        members = []
        for _, params in self.lines:
            for word in params[-1].split(" "):
                name = word.lstrip(symbols)
                if name:
                    nick, _, rest = name.partition("!")
                    user, _, host = rest.partition("@")
                    members.append(Member(nick, word[: len(word) - len(name)], user, host))
        return members


class ListQuestion(Question):
    """Which channels are there?"""

    command, ending = "LIST", "323"
    collects = frozenset(("322",))
    failing = frozenset(("402", "416", "481"))

    def belongs(self, params: list[str]) -> bool:
        """There is one list at a time."""
        return True

    def result(self) -> list[ListEntry]:
        """All of them."""
        rows = (params for _, params in self.lines if len(params) >= 3)
        return [ListEntry(p[1], _digits(p[2]) or 0, _at(p, 3)) for p in rows]


class WhoQuestion(Question):
    """Who fits a mask?"""

    command, ending = "WHO", "315"
    collects = frozenset(("352", "354"))
    failing = frozenset(("402", "403", "416"))
    #: What a server of WHOX gives back.
    token = ""

    def take(self, numeric: str, params: list[str]) -> bool:
        """Lines do not say what they answer; WHOX's do. Servers answer in order."""
        if numeric in self.collects:
            if (numeric == "354") != bool(self.token) or (self.token and _at(params, 1) != self.token):
                return False
            self.lines.append((numeric, params))
            return True
        return super().take(numeric, params)

    def result(self) -> list[WhoEntry]:
        """All of them."""
        found = []
        for numeric, p in self.lines:
            if numeric == "352" and len(p) >= 8:
                hops, _, name = p[7].partition(" ")
                found.append(WhoEntry(p[1], p[2], p[3], p[4], p[5], p[6], _digits(hops), name))
            elif numeric == "354" and len(p) >= 11:
                found.append(
                    WhoEntry(p[2], p[3], p[4], p[5], p[6], p[7], _digits(p[8]), p[10], p[9])
                )
        return found


#: All numerics that a question may want to see.
WATCHED = frozenset(("263", "421", "461")).union(
    *(kind.collects | kind.failing | {kind.ending} for kind in Question.__subclasses__())
)


def offer(asked: list[Question], numeric: str, params: list[str]) -> None:
    """Shows a line to the questions that wait, the oldest first."""
    for question in list(asked):
        if question.take(numeric, params):
            return


def closed(asked: list[Question], why: Callable[[], Any]) -> None:
    """The connection has ended."""
    for question in list(asked):
        question.fail(why())
