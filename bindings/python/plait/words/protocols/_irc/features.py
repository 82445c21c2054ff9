"""What a server says of itself: its ISUPPORT."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, Optional


def _number(value: str, default: Optional[int] = None) -> Optional[int]:
    try:
        return int(value)
    except ValueError:
        return default


def _pairs(params: Iterable[str], process: Callable[[str], Any] = str) -> list[tuple[str, Any]]:
    """Of ``key:value``, or of a key alone."""
    parted = (param.partition(":") for param in params)
    return [(key, process(value)) for key, _, value in parted]


def _unescaped(value: str) -> str:
    r"""``\x20`` is a blank."""
    first, *rest = value.split("\\x")
    made = [first]
    for part in rest:
        try:
            made.append(chr(int(part[:2], 16)) + part[2:])
        except ValueError:
            raise ValueError(f"Invalid hex octet: {part[:2]!r}") from None
    return "".join(made)


def _prefixes(value: str) -> Optional[dict[str, tuple[str, int]]]:
    """``(ov)@+``: the letters, with what stands for each, and its rank."""
    if not value:
        return None
    modes, end, symbols = value.partition(")")
    if not value.startswith("(") or not end:
        raise ValueError("Malformed PREFIX parameter")
    return {mode: (symbol, rank) for rank, (mode, symbol) in enumerate(zip(modes[1:], symbols))}


_KINDS = ("addressModes", "param", "setParam", "noParam")


def _modes(params: list[str]) -> dict[str, str]:
    """The letters of lists, those with a parameter, those with one when set, and those without. More
    kinds than these have no parameter."""
    return dict(zip(_KINDS, params))


class ServerSupportedFeatures:
    """
    What a server has said it supports, and what is assumed until it does.

    A feature that nothing here knows is a tuple of texts. One whose value is malformed stays what it
    was.

    >>> features = ServerSupportedFeatures()
    >>> features.parse(["NICKLEN=30", "PREFIX=(ov)@+", "SAFELIST", "X=a,b"])
    >>> features.getFeature("NICKLEN"), features.getFeature("X"), features.hasFeature("SAFELIST")
    (30, ('a', 'b'), True)
    >>> features.getFeature("PREFIX")
    {'o': ('@', 0), 'v': ('+', 1)}
    """

    def __init__(self) -> None:
        self._features: dict[str, Any] = {
            "CHANNELLEN": 200,
            "CHANTYPES": tuple("#&"),
            "MODES": 3,
            "NICKLEN": 9,
            "PREFIX": _prefixes("(ovh)@+%"),
            "CHANMODES": _modes(["b", "k", "l", ""]),
        }

    def getFeature(self, feature: str, default: Any = None) -> Any:
        """The value of a feature, or the default where the server has none."""
        return self._features.get(feature, default)

    def hasFeature(self, feature: str) -> bool:
        """Whether the server has it."""
        return self.getFeature(feature) is not None

    def parse(self, params: Iterable[str]) -> None:
        """Takes words of ISUPPORT: ``KEY``, ``KEY=value`` or ``-KEY``."""
        for param in params:
            key, _, value = param.partition("=")
            if key.startswith("-"):
                self._features.pop(key[1:], None)
                continue
            try:
                values = [_unescaped(part) for part in value.split(",")]
                self._features[key] = self.dispatch(key, values)
            except ValueError:
                continue

    def dispatch(self, commandName: str, *args: Any) -> Any:
        """Has the method of a feature read its values."""
        method = getattr(self, f"isupport_{commandName}", None)
        if method is None:
            return self.isupport_unknown(commandName, *args)
        return method(*args)

    def isupport_unknown(self, command: str, params: list[str]) -> tuple[str, ...]:
        """A feature that nothing here knows."""
        return tuple(params)

    def isupport_CHANLIMIT(self, params: list[str]) -> Any:
        """How many channels of each kind one may be in."""
        return _pairs(params, _number)

    def isupport_CHANMODES(self, params: list[str]) -> Any:
        """The letters of channels' modes, by whether they have a parameter."""
        return _modes(params)

    def isupport_CHANNELLEN(self, params: list[str]) -> Any:
        """How long a channel's name may be."""
        return _number(params[0], self.getFeature("CHANNELLEN"))

    def isupport_CHANTYPES(self, params: list[str]) -> Any:
        """What channels' names begin with."""
        return tuple(params[0])

    def isupport_EXCEPTS(self, params: list[str]) -> Any:
        """The mode for exceptions from bans."""
        return params[0] or "e"

    def isupport_IDCHAN(self, params: list[str]) -> Any:
        """How long the identifiers of safe channels are."""
        return _pairs(params)

    def isupport_INVEX(self, params: list[str]) -> Any:
        """The mode for those who need no invitation."""
        return params[0] or "I"

    def isupport_KICKLEN(self, params: list[str]) -> Any:
        """How long the reason of a kick may be."""
        return _number(params[0])

    def isupport_MAXLIST(self, params: list[str]) -> Any:
        """How long the list of each mode may be."""
        return _pairs(params, _number)

    def isupport_MODES(self, params: list[str]) -> Any:
        """How many modes with parameters may be changed at a time; None: any number."""
        return _number(params[0])

    def isupport_NETWORK(self, params: list[str]) -> Any:
        """What the network is called."""
        return params[0]

    def isupport_NICKLEN(self, params: list[str]) -> Any:
        """How long a nick may be."""
        return _number(params[0], self.getFeature("NICKLEN"))

    def isupport_PREFIX(self, params: list[str]) -> Any:
        """The modes of members that stand before their nicks."""
        return _prefixes(params[0])

    def isupport_SAFELIST(self, params: list[str]) -> Any:
        """LIST may be asked for without being disconnected for its length."""
        return True

    def isupport_STATUSMSG(self, params: list[str]) -> Any:
        """Messages may be sent to those members alone who have one of these before their nicks."""
        return params[0]

    def isupport_TARGMAX(self, params: list[str]) -> Any:
        """How many targets each command may have."""
        return dict(_pairs(params, _number))

    def isupport_TOPICLEN(self, params: list[str]) -> Any:
        """How long a topic may be."""
        return _number(params[0])
