"""``plait/xmpp_im.h``: constants, structs and functions."""

from __future__ import annotations

from collections.abc import Callable
from ctypes import POINTER, c_char_p, c_int, c_int32, c_size_t, c_uint32, c_uint64, c_void_p

from .calls import quick
from .structs import Bytes, Handle, Sized
from .xmpp import XmppAnswerFunction, XmppContact

# plait/xmpp_im.h
XMPP_MESSAGE_NORMAL = 0
XMPP_MESSAGE_CHAT = 1
XMPP_MESSAGE_GROUPCHAT = 2
XMPP_MESSAGE_HEADLINE = 3
XMPP_MESSAGE_ERROR = 4
XMPP_MESSAGE_WANTS_RECEIPT = 1
XMPP_MESSAGE_PRIVATE = 2
XMPP_MESSAGE_COPY_SENT = 4
XMPP_MESSAGE_COPY_RECEIVED = 8
XMPP_MESSAGE_DELAYED = 16
XMPP_STATE_NONE = 0
XMPP_STATE_ACTIVE = 1
XMPP_STATE_COMPOSING = 2
XMPP_STATE_PAUSED = 3
XMPP_STATE_INACTIVE = 4
XMPP_STATE_GONE = 5
XMPP_PRESENCE_AVAILABLE = 0
XMPP_PRESENCE_UNAVAILABLE = 1
XMPP_PRESENCE_SUBSCRIBE = 2
XMPP_PRESENCE_SUBSCRIBED = 3
XMPP_PRESENCE_UNSUBSCRIBE = 4
XMPP_PRESENCE_UNSUBSCRIBED = 5
XMPP_PRESENCE_PROBE = 6
XMPP_PRESENCE_ERROR = 7
XMPP_SHOW_NONE = 0
XMPP_SHOW_CHAT = 1
XMPP_SHOW_AWAY = 2
XMPP_SHOW_XA = 3
XMPP_SHOW_DND = 4
XMPP_ROLE_UNSAID = 0
XMPP_ROLE_NONE = 1
XMPP_ROLE_VISITOR = 2
XMPP_ROLE_PARTICIPANT = 3
XMPP_ROLE_MODERATOR = 4
XMPP_AFFILIATION_UNSAID = 0
XMPP_AFFILIATION_NONE = 1
XMPP_AFFILIATION_OUTCAST = 2
XMPP_AFFILIATION_MEMBER = 3
XMPP_AFFILIATION_ADMIN = 4
XMPP_AFFILIATION_OWNER = 5
XMPP_PRESENCE_JOIN = 1
XMPP_PRESENCE_ROOM = 2
XMPP_PRESENCE_SELF = 4
XMPP_PRESENCE_CREATED = 8
XMPP_PRESENCE_RENAMED = 16
XMPP_PRESENCE_KICKED = 32
XMPP_PRESENCE_BANNED = 64
XMPP_PRESENCE_REMOVED = 128
XMPP_PRESENCE_ASSIGNED = 256


class XmppMessage(Sized):
    """``plait_xmpp_message``."""

    _fields_ = [
        ("struct_size", c_uint32),
        ("flags", c_uint32),
        ("type", c_uint32),
        ("state", c_uint32),
        ("error", c_int32),
        ("node", c_uint32),
        ("to", Bytes),
        ("from", Bytes),
        ("id", Bytes),
        ("language", Bytes),
        ("subject", Bytes),
        ("body", Bytes),
        ("thread", Bytes),
        ("receipt", Bytes),
    ]


class XmppPresence(Sized):
    """``plait_xmpp_presence``."""

    _fields_ = [
        ("struct_size", c_uint32),
        ("flags", c_uint32),
        ("type", c_uint32),
        ("show", c_uint32),
        ("priority", c_int32),
        ("error", c_int32),
        ("role", c_uint32),
        ("affiliation", c_uint32),
        ("history", c_uint32),
        ("reserved", c_uint32),
        ("to", Bytes),
        ("from", Bytes),
        ("id", Bytes),
        ("language", Bytes),
        ("status", Bytes),
        ("password", Bytes),
        ("jid", Bytes),
        ("nick", Bytes),
        ("reason", Bytes),
        ("caps_node", Bytes),
        ("caps_ver", Bytes),
    ]

xmpp_send_message: Callable[..., int] = quick(
    "plait_xmpp_send_message", c_int, Handle, POINTER(XmppMessage)
)
xmpp_read_message: Callable[..., int] = quick(
    "plait_xmpp_read_message", c_int, Handle, Handle, POINTER(XmppMessage)
)
xmpp_send_presence: Callable[..., int] = quick(
    "plait_xmpp_send_presence", c_int, Handle, POINTER(XmppPresence)
)
xmpp_read_presence: Callable[..., int] = quick(
    "plait_xmpp_read_presence", c_int, Handle, Handle, POINTER(XmppPresence)
)
xmpp_get_contact: Callable[..., int] = quick(
    "plait_xmpp_get_contact", c_int, Handle, c_uint32, POINTER(XmppContact)
)
xmpp_set_contact: Callable[..., int] = quick(
    "plait_xmpp_set_contact", c_int, Handle, POINTER(XmppContact), XmppAnswerFunction, c_void_p, POINTER(Handle)
)
xmpp_set_occupant: Callable[..., int] = quick(
    "plait_xmpp_set_occupant", c_int, Handle, POINTER(XmppPresence), XmppAnswerFunction, c_void_p, POINTER(Handle)
)
xmpp_query: Callable[..., int] = quick(
    "plait_xmpp_query", c_int, Handle, c_char_p, c_char_p, c_char_p, c_char_p, c_uint64, XmppAnswerFunction, c_void_p, POINTER(Handle)
)
xmpp_get_caps: Callable[..., int] = quick(
    "plait_xmpp_get_caps", c_int, Handle, c_uint32, c_char_p, c_size_t, POINTER(c_size_t)
)
