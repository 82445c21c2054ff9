"""What people say, and their words for it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, List, Optional, Union

if TYPE_CHECKING:
    from .jid import JID

TYPES = ("normal", "chat", "groupchat", "headline", "error")
STATES = (None, "active", "composing", "paused", "inactive", "gone")
PRESENCES = (
    "available",
    "unavailable",
    "subscribe",
    "subscribed",
    "unsubscribe",
    "unsubscribed",
    "probe",
    "error",
)
SHOWS = (None, "chat", "away", "xa", "dnd")
ROLES = (None, "none", "visitor", "participant", "moderator")
AFFILIATIONS = (None, "none", "outcast", "member", "admin", "owner")
SUBSCRIPTIONS = ("none", "to", "from", "both", "remove")

Address = Union["JID", str, None]


@dataclass
class Message:
    """A message.

    :ivar type: ``normal``, ``chat``, ``groupchat``, ``headline``; of what came, ``error`` too.
    :ivar state: ``active``, ``composing``, ``paused``, ``inactive`` or ``gone``; or None.
    :ivar receipt: the id of a message of the other side's that has arrived.
    :ivar copy: of what came: ``sent`` or ``received`` when another client of this account has.
    :ivar delayed: of what came: it waited on the way.
    :ivar error: of what came: one of ``PLAIT_XMPP_STANZA_``, or 0.
    """

    to: Address = None
    body: Optional[str] = None
    type: str = "chat"
    subject: Optional[str] = None
    thread: Optional[str] = None
    id: Optional[str] = None
    sender: Address = None
    language: Optional[str] = None
    state: Optional[str] = None
    wantsReceipt: bool = False
    private: bool = False
    receipt: Optional[str] = None
    copy: Optional[str] = None
    delayed: bool = False
    error: int = 0


@dataclass
class Presence:
    """A presence.

    :ivar type: ``available``, ``unavailable``, ``subscribe``, ``subscribed``, ``unsubscribe``,
        ``unsubscribed``, ``probe``; of what came, ``error`` too.
    :ivar show: ``chat``, ``away``, ``xa`` or ``dnd``; or None.
    :ivar join: whether this side enters the room ``to``, by its ``password`` if it has one.
    :ivar history: how many earlier messages are wanted; None: as many as the room likes.
    :ivar flags: of what came, ``PLAIT_XMPP_PRESENCE_``: what a room says of somebody.
    :ivar role: in a room: ``none``, ``visitor``, ``participant`` or ``moderator``; or None.
    :ivar affiliation: with it: ``none``, ``outcast``, ``member``, ``admin`` or ``owner``; or None.
    :ivar jid: who that is, where the room says so.
    :ivar nick: how he is called from now on.
    :ivar reason: why somebody was sent away, or may not enter.
    :ivar capsNode: what the other side's software is.
    :ivar capsVer: the digest of what it can do: see :func:`capabilities`.
    :ivar error: of what came: one of ``PLAIT_XMPP_STANZA_``, or 0.
    """

    to: Address = None
    type: str = "available"
    show: Optional[str] = None
    status: Optional[str] = None
    priority: int = 0
    id: Optional[str] = None
    sender: Address = None
    language: Optional[str] = None
    join: bool = False
    password: Optional[str] = None
    history: Optional[int] = None
    flags: int = 0
    role: Optional[str] = None
    affiliation: Optional[str] = None
    jid: Optional[str] = None
    nick: Optional[str] = None
    reason: Optional[str] = None
    capsNode: Optional[str] = None
    capsVer: Optional[str] = None
    error: int = 0


@dataclass
class Contact:
    """One of the roster.

    :ivar subscription: ``none``, ``to``, ``from`` or ``both``; ``remove``: it is on it no more.
    :ivar asked: whether this side waits to be let see its presence.
    :ivar approved: whether it may see this side's as soon as it asks.
    """

    jid: str
    name: Optional[str] = None
    groups: List[str] = field(default_factory=list)
    subscription: str = "none"
    asked: bool = False
    approved: bool = False
