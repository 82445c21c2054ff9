"""Addresses of XMPP: Twisted's ``twisted.words.protocols.jabber.jid``."""

from __future__ import annotations

from collections import OrderedDict
from ctypes import byref, c_size_t, create_string_buffer
from typing import Any, Optional, Tuple

from ...._native import constants, element

__all__ = ["InvalidFormat", "JID", "escape", "internJID", "parse", "prep", "unescape"]

Parts = Tuple[Optional[str], str, Optional[str]]

#: So many addresses are remembered by :func:`internJID`.
_MOST_INTERNED = 10_000


class InvalidFormat(Exception):
    """This is no address."""


def _check(status: int, text: object) -> None:
    if status == constants.ERR_NOMEM:
        raise MemoryError
    if status < 0:
        raise InvalidFormat(f"no address: {text!r}")


def _parts(found: element.Jid) -> Parts:
    node, domain, resource = (
        part.read().decode() if part.len else None
        for part in (found.node, found.domain, found.resource)
    )
    return node, domain or "", resource


def _encode(text: Optional[str]) -> bytes:
    try:
        return (text or "").encode()
    except UnicodeEncodeError:
        raise InvalidFormat(f"no text: {text!r}") from None


def parse(jidstring: str) -> Parts:
    """An address' user, host and resource, prepared; user and resource are None where there are
    none.

    :raises InvalidFormat: when it is no address.
    """
    text, room, found = _encode(jidstring), create_string_buffer(element.JID_MAX), element.Jid()
    _check(element.jid_parse(text, len(text), room, element.JID_MAX, byref(found)), jidstring)
    return _parts(found)


def prep(user: Optional[str], host: str, resource: Optional[str]) -> Parts:
    """The parts of an address, prepared.

    :raises InvalidFormat: when one of them can't be one.
    """
    room, found, given = create_string_buffer(element.JID_MAX), element.Jid(), element.Jid()
    for part, text in ((given.node, user), (given.domain, host), (given.resource, resource)):
        data = _encode(text)
        part.data, part.len = data, len(data)
    _check(
        element.jid_make(byref(given), room, element.JID_MAX, byref(found)), (user, host, resource)
    )
    return _parts(found)


def _recode(function: Any, text: str, cap: int) -> str:
    data, room, length = _encode(text), create_string_buffer(cap), c_size_t()
    _check(function(data, len(data), room, cap, byref(length)), text)
    return room.raw[: length.value].decode()


def escape(text: str) -> str:
    """Any text as a user part: XEP-0106."""
    return _recode(element.jid_escape, text, 3 * len(_encode(text)) + 1)


def unescape(user: str) -> str:
    """What a user part was that was escaped."""
    return _recode(element.jid_unescape, user, len(_encode(user)) + 1)


class JID:
    """An address, prepared; compared and hashed by its parts."""

    def __init__(self, str: Optional[str] = None, tuple: Optional[Parts] = None) -> None:
        if str is not None:
            self.user, self.host, self.resource = parse(str)
        elif tuple is not None:
            self.user, self.host, self.resource = prep(*tuple)
        else:
            raise RuntimeError("You must provide a value for either 'str' or 'tuple' arguments.")

    def userhost(self) -> str:
        """The address without its resource."""
        return f"{self.user}@{self.host}" if self.user else self.host

    def userhostJID(self) -> JID:
        """The same as an address."""
        return internJID(self.userhost()) if self.resource else self

    def full(self) -> str:
        """All of the address."""
        return f"{self.userhost()}/{self.resource}" if self.resource else self.userhost()

    def __eq__(self, other: object) -> bool:
        if isinstance(other, JID):
            return (self.user, self.host, self.resource) == (
                other.user,
                other.host,
                other.resource,
            )
        return NotImplemented

    def __hash__(self) -> int:
        return hash((self.user, self.host, self.resource))

    def __str__(self) -> str:
        return self.full()

    def __repr__(self) -> str:
        return f"JID({self.full()!r})"


_interned: OrderedDict[str, JID] = OrderedDict()


def internJID(jidstring: str) -> JID:
    """The one object for an address, as long as it is not forgotten for newer ones."""
    found = _interned.get(jidstring)
    if found is None:
        found = _interned[jidstring] = JID(jidstring)
        if len(_interned) > _MOST_INTERNED:
            _interned.popitem(last=False)
    return found
