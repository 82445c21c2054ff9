"""XMPP among people: messages, presence, the roster, rooms, and what others can do (RFC 6121, XEP-0030,
0045, 0085, 0115, 0184, 0203, 0280).

All functions take a stream that is ready. Twisted has no counterpart; stanzas as elements work as well.

    >>> from plait.words.protocols.jabber.xmppim import Message
    >>> Message(to="juliet@example.com", body="Wherefore?").body
    'Wherefore?'
"""

from __future__ import annotations

from ctypes import byref, c_size_t, create_string_buffer
from typing import TYPE_CHECKING, Any, Callable, List, Optional, Union

from ...._native import constants, structs
from ...._native import element as elements
from ...._native import xmpp as native
from ...._native import xmpp_im as im
from ....internet._reasons import check
from ....internet.defer import Deferred
from ...xish import domish
from ._asking import Request, root_of
from ._people import (
    AFFILIATIONS,
    PRESENCES,
    ROLES,
    SHOWS,
    STATES,
    SUBSCRIPTIONS,
    TYPES,
    Address,
    Contact,
    Message,
    Presence,
)

if TYPE_CHECKING:
    from .jid import JID
    from .xmlstream import XmlStream

__all__ = [
    "CARBONS",
    "CONTACT_EVENT",
    "Contact",
    "Message",
    "Presence",
    "RECEIPTS",
    "ROSTER",
    "ROSTER_EVENT",
    "capabilities",
    "contacts",
    "query",
    "readMessage",
    "readPresence",
    "removeContact",
    "sendMessage",
    "sendPresence",
    "setContact",
    "setOccupant",
]

#: For the ``flags`` of an account: the roster is kept; copies of other clients' messages come; receipts are
#: sent to who wants them.
ROSTER = native.XMPP_ROSTER
CARBONS = native.XMPP_CARBONS
RECEIPTS = native.XMPP_RECEIPTS

#: The roster is there: observers get the status, 0 when it could be had.
ROSTER_EVENT = "//event/xmpp/roster"
#: A contact was added, changed or removed: observers get a :class:`Contact`.
CONTACT_EVENT = "//event/xmpp/contact"


def sendMessage(stream: XmlStream, message: Message) -> None:
    """Sends a message.

    :raises PlaitError: for what is no address, for what XML can't say, and when the stream is not ready.
    """
    flags = im.XMPP_MESSAGE_WANTS_RECEIPT * message.wantsReceipt
    flags |= im.XMPP_MESSAGE_PRIVATE * message.private
    made, kept = _filled(im.XmppMessage, message, "body", "subject", "thread", "receipt")
    made.flags, made.type = flags, _number(TYPES, message.type)
    made.state = _number(STATES, message.state)
    _sent(stream, im.xmpp_send_message, made)
    del kept


def readMessage(stream: XmlStream, stanza: domish.Element) -> Message:
    """What a stanza says that came; of a copy for another client of this account, what was copied.

    :raises PlaitError: when it is no message.
    """
    out = im.XmppMessage()

    def read() -> Message:
        return Message(
            to=_text(out.to),
            body=_text(out.body),
            type=TYPES[out.type],
            subject=_text(out.subject),
            thread=_text(out.thread),
            id=_text(out.id),
            sender=_text(getattr(out, "from")),
            language=_text(out.language),
            state=STATES[out.state],
            wantsReceipt=bool(out.flags & im.XMPP_MESSAGE_WANTS_RECEIPT),
            private=bool(out.flags & im.XMPP_MESSAGE_PRIVATE),
            receipt=_text(out.receipt),
            copy="sent"
            if out.flags & im.XMPP_MESSAGE_COPY_SENT
            else "received"
            if out.flags & im.XMPP_MESSAGE_COPY_RECEIVED
            else None,
            delayed=bool(out.flags & im.XMPP_MESSAGE_DELAYED),
            error=out.error,
        )

    found: Message = _read(stream, stanza, im.xmpp_read_message, out, read)
    return found


def sendPresence(stream: XmlStream, presence: Optional[Presence] = None) -> None:
    """Sends a presence, to everybody who may see it or to one; without any: this side is there."""
    presence = presence or Presence()
    made, kept = _filled(im.XmppPresence, presence, "status", "password")
    made.type, made.show = _number(PRESENCES, presence.type), _number(SHOWS, presence.show)
    made.priority = presence.priority
    made.flags = im.XMPP_PRESENCE_JOIN * presence.join
    if presence.history is not None:
        made.history = presence.history or 0xFFFFFFFF
    _sent(stream, im.xmpp_send_presence, made)
    del kept


def readPresence(stream: XmlStream, stanza: domish.Element) -> Presence:
    """What a stanza says that came, a room's too.

    :raises PlaitError: when it is no presence.
    """
    out = im.XmppPresence()

    def read() -> Presence:
        return Presence(
            to=_text(out.to),
            type=PRESENCES[out.type],
            show=SHOWS[out.show],
            status=_text(out.status),
            priority=out.priority,
            id=_text(out.id),
            sender=_text(getattr(out, "from")),
            language=_text(out.language),
            flags=out.flags,
            role=ROLES[out.role],
            affiliation=AFFILIATIONS[out.affiliation],
            jid=_text(out.jid),
            nick=_text(out.nick),
            reason=_text(out.reason),
            capsNode=_text(out.caps_node),
            capsVer=_text(out.caps_ver),
            error=out.error,
        )

    found: Presence = _read(stream, stanza, im.xmpp_read_presence, out, read)
    return found


def contacts(stream: XmlStream) -> List[Contact]:
    """The roster, of an account with :data:`ROSTER`; empty before it came."""
    found: List[Contact] = []
    out = native.XmppContact()
    while True:
        status = im.xmpp_get_contact(stream._conn, len(found), byref(out))
        if status == constants.ERR_ABSENT:
            return found
        check(status)
        found.append(contactOf(out))


def contactOf(out: Any) -> Contact:
    """What the C library shows of a contact."""
    return Contact(
        jid=out.jid.read().decode(),
        name=_text(out.name),
        groups=out.groups.read().decode().split("\0")[:-1],
        subscription=SUBSCRIPTIONS[out.subscription],
        asked=bool(out.flags & native.XMPP_CONTACT_ASKED),
        approved=bool(out.flags & native.XMPP_CONTACT_APPROVED),
    )


def setContact(stream: XmlStream, contact: Contact) -> Deferred[domish.Element]:
    """Adds a contact to the roster on the server, or changes its name and groups."""
    made = native.XmppContact()
    jid, name = contact.jid.encode(), (contact.name or "").encode()
    groups = "".join(group + "\0" for group in contact.groups).encode()
    made.jid, made.name, made.groups = map(_bytes, (jid, name, groups))
    if contact.subscription == "remove":
        made.subscription = native.XMPP_SUBSCRIPTION_REMOVE
    return _asked(stream, im.xmpp_set_contact, made)


def removeContact(stream: XmlStream, jid: Union[JID, str]) -> Deferred[domish.Element]:
    """Takes a contact off the roster on the server."""
    return setContact(stream, Contact(_address(jid) or "", subscription="remove"))


def setOccupant(
    stream: XmlStream,
    room: Union[JID, str],
    *,
    nick: Optional[str] = None,
    role: Optional[str] = None,
    jid: Address = None,
    affiliation: Optional[str] = None,
    reason: Optional[str] = None,
) -> Deferred[domish.Element]:
    """Changes somebody's role in a room, by his nick, or his affiliation with it, by his address: to kick is the
    role ``none``, to ban the affiliation ``outcast``."""
    given = Presence(to=room, nick=nick, jid=_address(jid), reason=reason)
    made, kept = _filled(im.XmppPresence, given, "nick", "jid", "reason")
    made.role = _number(ROLES, role)
    made.affiliation = _number(AFFILIATIONS, affiliation)
    deferred = _asked(stream, im.xmpp_set_occupant, made)
    del kept
    return deferred


def query(
    stream: XmlStream,
    to: Address,
    name: str,
    space: str,
    node: Optional[str] = None,
    timeout: Optional[float] = None,
) -> Deferred[domish.Element]:
    """Asks by an element that has no more than a name, as ``query`` in
    ``http://jabber.org/protocol/disco#info`` or ``ping`` in ``urn:xmpp:ping``."""
    request = Request(stream, timeout if timeout is not None else stream.iqDefaultTimeout)
    address = _address(to)
    return request.begin(
        lambda *callback: im.xmpp_query(
            stream._conn,
            address.encode() if address else None,
            name.encode(),
            space.encode(),
            node.encode() if node else None,
            request.limit,
            *callback,
        )
    )


def capabilities(info: domish.Element) -> str:
    """The digest of an answer to a query of disco#info, or of the query in it, to be compared with
    :attr:`Presence.capsVer`.

    :raises PlaitError: when the answer names something twice, as no honest one does.
    """
    found = info if info.name == "query" else info.firstChildElement()
    if found is None:
        raise ValueError("the answer is empty")
    handle = root_of(found, "http://jabber.org/protocol/disco#info")
    out, size = create_string_buffer(28), c_size_t()
    try:
        check(im.xmpp_get_caps(handle, 0, out, len(out), byref(size)))
    finally:
        elements.element_free(handle)
    return out.raw[: size.value].decode()


def _number(words: Any, word: Optional[str]) -> int:
    if word not in words:
        raise ValueError(f"{word!r} is none of {', '.join(str(known) for known in words)}")
    return int(words.index(word))


def _address(given: Address) -> Optional[str]:
    return given if given is None or isinstance(given, str) else given.full()


def _text(found: Any) -> Optional[str]:
    return found.read().decode() if found.len else None


def _bytes(data: bytes) -> structs.Bytes:
    return structs.Bytes(data, len(data))


def _filled(kind: Any, given: Any, *names: str) -> Any:
    """A struct of what both messages and presences have, and of these texts; with what has to live as long."""
    made = kind()
    texts = {name: getattr(given, name) for name in ("id", "language", *names)}
    texts["to"], texts["from"] = _address(given.to), _address(given.sender)
    kept = {name: text.encode() for name, text in texts.items() if text}
    for name, data in kept.items():
        setattr(made, name, _bytes(data))
    return made, kept


def _sent(stream: XmlStream, function: Any, made: Any) -> None:
    stream._flush()
    check(function(stream._conn, byref(made)))
    stream._push()


def _asked(stream: XmlStream, function: Any, made: Any) -> Deferred[domish.Element]:
    request = Request(stream, None)
    return request.begin(lambda *callback: function(stream._conn, byref(made), *callback))


def _read(
    stream: XmlStream, stanza: domish.Element, function: Any, out: Any, read: Callable[[], Any]
) -> Any:
    handle = root_of(stanza, stream.namespace)
    try:
        check(function(stream._conn, handle, byref(out)))
        return read()
    finally:
        elements.element_free(handle)
