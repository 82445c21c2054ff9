"""``plait/irc_message.h`` and ``plait/irc.h``: constants, structs and functions."""

from __future__ import annotations

from collections.abc import Callable
from ctypes import (
    CFUNCTYPE,
    POINTER,
    Structure,
    c_char,
    c_char_p,
    c_int,
    c_int32,
    c_size_t,
    c_uint32,
    c_uint64,
    c_void_p,
)
from typing import Optional

from .calls import quick
from .structs import TABLE, Bytes, Data, Handle, Reason, Sized

IRC_PARAMETERS_MAX = 32
IRC_LINE_MAX = 510
IRC_TAGS_MAX = 8191
IRC_HAS_SOURCE = 1
IRC_TRAILING = 2
IRC_RFC1459 = 0
IRC_STRICT = 1
IRC_ASCII = 2
IRC_QUOTE_LOW = 0
IRC_QUOTE_CTCP = 1
IRC_DCC_SEND = 0
IRC_DCC_CHAT = 1
IRC_DCC_RESUME = 2
IRC_DCC_ACCEPT = 3
IRC_BOLD = 1
IRC_ITALICS = 2
IRC_UNDERLINE = 4
IRC_STRIKE = 8
IRC_MONOSPACE = 16
IRC_REVERSE = 32
IRC_NO_COLOUR = -1
IRC_HEX_COLOUR = 16777216


class IrcMessage(Sized):
    """``plait_irc_message``."""

    _fields_ = [
        ("struct_size", c_uint32),
        ("flags", c_uint32),
        ("numeric", c_uint32),
        ("count", c_uint32),
        ("tags", Bytes),
        ("source", Bytes),
        ("command", Bytes),
        ("parameters", Bytes * 32),
    ]


class IrcSource(Sized):
    """``plait_irc_source``."""

    _fields_ = [
        ("struct_size", c_uint32),
        ("reserved", c_uint32),
        ("nick", Bytes),
        ("user", Bytes),
        ("host", Bytes),
    ]


class IrcDcc(Sized):
    """``plait_irc_dcc``."""

    _fields_ = [
        ("struct_size", c_uint32),
        ("kind", c_uint32),
        ("port", c_uint32),
        ("has_number", c_uint32),
        ("number", c_uint64),
        ("name", Bytes),
        ("token", Bytes),
        ("address", c_char * 48),
    ]


class IrcTag(Structure):
    """``plait_irc_tag``."""

    _fields_ = [("key", Bytes), ("value", Bytes)]


class IrcRun(Structure):
    """``plait_irc_run``."""

    _fields_ = [
        ("text", Bytes),
        ("flags", c_uint32),
        ("foreground", c_int32),
        ("background", c_int32),
        ("reserved", c_uint32),
    ]


class IrcMode(Structure):
    """``plait_irc_mode``."""

    _fields_ = [
        ("letter", c_uint32),
        ("is_set", c_uint32),
        ("has_parameter", c_uint32),
        ("reserved", c_uint32),
        ("parameter", Bytes),
    ]


irc_message_parse: Callable[..., int] = quick(
    "plait_irc_message_parse", c_int, c_char_p, c_size_t, POINTER(IrcMessage)
)
irc_message_make: Callable[..., int] = quick(
    "plait_irc_message_make", c_int, POINTER(IrcMessage), c_char_p, c_size_t, POINTER(c_size_t)
)
irc_source_parse: Callable[..., int] = quick(
    "plait_irc_source_parse", c_int, c_char_p, c_size_t, POINTER(IrcSource)
)
irc_tag_get: Callable[..., int] = quick(
    "plait_irc_tag_get", c_int, c_char_p, c_size_t, c_char_p, c_size_t, c_char_p, c_size_t, POINTER(c_size_t)
)
irc_tag_parse: Callable[..., int] = quick(
    "plait_irc_tag_parse", c_int, c_char_p, c_size_t, POINTER(IrcTag), c_size_t, POINTER(c_size_t)
)
irc_tag_read: Callable[..., int] = quick(
    "plait_irc_tag_read", c_int, c_char_p, c_size_t, c_char_p, c_size_t, POINTER(c_size_t)
)
irc_tag_make: Callable[..., int] = quick(
    "plait_irc_tag_make", c_int, c_char_p, c_size_t, c_char_p, c_size_t, c_char_p, c_size_t, POINTER(c_size_t)
)
irc_mask_check: Callable[..., int] = quick(
    "plait_irc_mask_check", c_int, c_uint32, c_char_p, c_size_t, c_char_p, c_size_t
)
irc_host_check: Callable[..., int] = quick("plait_irc_host_check", c_int, c_char_p, c_size_t)
irc_name_make: Callable[..., int] = quick(
    "plait_irc_name_make", c_int, c_uint32, c_char_p, c_size_t, c_char_p, c_size_t, POINTER(c_size_t)
)
irc_split: Callable[..., int] = quick(
    "plait_irc_split", c_int, c_char_p, c_size_t, c_size_t, POINTER(c_uint32), c_size_t, POINTER(c_size_t)
)
irc_quote_make: Callable[..., int] = quick(
    "plait_irc_quote_make", c_int, c_uint32, c_char_p, c_size_t, c_char_p, c_size_t, POINTER(c_size_t)
)
irc_quote_read: Callable[..., int] = quick(
    "plait_irc_quote_read", c_int, c_uint32, c_char_p, c_size_t, c_char_p, c_size_t, POINTER(c_size_t)
)
irc_ctcp_parse: Callable[..., int] = quick(
    "plait_irc_ctcp_parse", c_int, c_char_p, c_size_t, POINTER(Bytes), POINTER(Bytes)
)
irc_dcc_parse: Callable[..., int] = quick(
    "plait_irc_dcc_parse", c_int, c_char_p, c_size_t, POINTER(IrcDcc)
)
irc_ctcp_make: Callable[..., int] = quick(
    "plait_irc_ctcp_make", c_int, c_char_p, c_size_t, c_char_p, c_size_t, c_char_p, c_size_t, POINTER(c_size_t)
)
irc_format_parse: Callable[..., int] = quick(
    "plait_irc_format_parse", c_int, c_char_p, c_size_t, POINTER(IrcRun), c_size_t, POINTER(c_size_t)
)
irc_format_make: Callable[..., int] = quick(
    "plait_irc_format_make", c_int, POINTER(IrcRun), c_size_t, c_char_p, c_size_t, POINTER(c_size_t)
)
irc_format_clear: Callable[..., int] = quick(
    "plait_irc_format_clear", c_int, c_char_p, c_size_t, c_char_p, c_size_t, POINTER(c_size_t)
)
irc_modes_parse: Callable[..., int] = quick(
    "plait_irc_modes_parse",
    c_int,
    c_char_p,
    c_size_t,
    POINTER(Bytes),
    c_size_t,
    c_char_p,
    c_size_t,
    c_char_p,
    c_size_t,
    POINTER(IrcMode),
    c_size_t,
    POINTER(c_size_t),
)
irc_numeric_get: Callable[..., Optional[bytes]] = quick("plait_irc_numeric_get", c_char_p, c_uint32)
irc_numeric_parse: Callable[..., int] = quick("plait_irc_numeric_parse", c_int, c_char_p, c_size_t)

# plait/irc.h
IRC_SASL_OPTIONAL = 1
IRC_REJOIN = 2
IRC_NO_CAPABILITIES = 4
IRC_NO_LOGIN = 8
IRC_NO_OTHER_NICK = 16
IRC_REGAIN = 32
IRC_BOT = 64
IRC_SCRAM_SHA_256_PLUS = 1
IRC_SCRAM_SHA_256 = 2
IRC_SCRAM_SHA_1_PLUS = 4
IRC_SCRAM_SHA_1 = 8
IRC_EXTERNAL = 16
IRC_PLAIN = 32
IRC_FROM_ME = 1
IRC_TO_ME = 2
IRC_REPLY = 4
IRC_SPLIT = 8
IRC_REJOINED = 16
IRC_ENDED = 32
IRC_WHOIS = 0
IRC_NAMES = 1
IRC_LIST = 2
IRC_WHO = 3
IRC_IS_AWAY = 1
IRC_IS_OPERATOR = 2
IRC_IS_SECURE = 4
IRC_IS_BOT = 8
IRC_QUEUED = 0
IRC_URGENT = 1
IRC_MESSAGE = 0
IRC_NOTICE = 1
IRC_ACTION = 2
IRC_ON_SIGNED_ON = 0
IRC_ON_PRIVMSG = 1
IRC_ON_NOTICED = 2
IRC_ON_ACTION = 3
IRC_ON_CTCP_QUERY = 4
IRC_ON_CTCP_REPLY = 5
IRC_ON_JOINED = 6
IRC_ON_LEFT = 7
IRC_ON_KICKED_FROM = 8
IRC_ON_NICK_CHANGED = 9
IRC_ON_MODE_CHANGED = 10
IRC_ON_TOPIC_UPDATED = 11
IRC_ON_USER_JOINED = 12
IRC_ON_USER_LEFT = 13
IRC_ON_USER_QUIT = 14
IRC_ON_USER_KICKED = 15
IRC_ON_USER_RENAMED = 16
IRC_ON_INVITED = 17
IRC_ON_NAMES = 18
IRC_ON_CHANGED = 19
IRC_ON_PONG = 20
IRC_ON_NUMERIC = 21
IRC_ON_OTHER = 22
IRC_ON_BATCH = 23
IRC_ON_TOO_LONG = 24
IRC_ROW_LENGTH = 15


class IrcOptions(Sized):
    """``plait_irc_options``."""

    _fields_ = [
        ("struct_size", c_uint32),
        ("flags", c_uint32),
        ("nick", Bytes),
        ("user", Bytes),
        ("real_name", Bytes),
        ("password", Bytes),
        ("fallback_nick", Bytes),
        ("capabilities", Bytes),
        ("sasl_name", Bytes),
        ("sasl_password", Bytes),
        ("sasl_authority", Bytes),
        ("mechanisms", c_uint32),
        ("burst", c_uint32),
        ("interval_ms", c_uint64),
        ("ping_ms", c_uint64),
        ("pong_ms", c_uint64),
        ("registration_ms", c_uint64),
        ("max_line", c_uint32),
        ("max_waiting", c_uint32),
    ]


class IrcEvent(Sized):
    """``plait_irc_event``."""

    _fields_ = [
        ("struct_size", c_uint32),
        ("kind", c_uint32),
        ("flags", c_uint32),
        ("number", c_uint32),
        ("line", Bytes),
        ("source", Bytes),
        ("nick", Bytes),
        ("target", Bytes),
        ("text", Bytes),
        ("argument", Bytes),
        ("batch", c_uint32),
        ("reserved", c_uint32),
    ]


IrcGetPolicyFunction = CFUNCTYPE(c_uint32, c_void_p, Data, c_size_t)
IrcSetPolicyFunction = CFUNCTYPE(None, c_void_p, Data, c_size_t, c_uint32, c_uint64)
IrcEventFunction = CFUNCTYPE(None, c_void_p, Handle, POINTER(IrcEvent))
#: As BlockFunction, for the callback that has to take everything.
IrcEventsFunction = CFUNCTYPE(None, c_void_p, Handle, Data, c_size_t, Data, c_size_t)


class IrcEntry(Structure):
    """``plait_irc_entry``."""

    _fields_ = [
        ("flags", c_uint32),
        ("hops", c_uint32),
        ("number", c_uint64),
        ("since", c_uint64),
        ("nick", Bytes),
        ("user", Bytes),
        ("host", Bytes),
        ("name", Bytes),
        ("account", Bytes),
        ("server", Bytes),
        ("channel", Bytes),
        ("prefix", Bytes),
        ("text", Bytes),
    ]


class IrcAnswer(Sized):
    """``plait_irc_answer``."""

    _fields_ = [
        ("struct_size", c_uint32),
        ("question", c_uint32),
        ("entries", POINTER(IrcEntry)),
        ("count", c_size_t),
        ("lines", Bytes),
    ]


IrcAnswerFunction = CFUNCTYPE(None, c_void_p, Handle, POINTER(IrcAnswer), POINTER(Reason))


class IrcHandler(Sized):
    """``plait_irc_handler``."""

    _fields_ = [
        *TABLE,
        *[
            (name, IrcEventFunction)
            for name in (
                "signed_on privmsg noticed action ctcp_query ctcp_reply joined left kicked_from "
                "nick_changed mode_changed topic_updated user_joined user_left user_quit "
                "user_kicked user_renamed invited names changed pong numeric other batch "
                "too_long"
            ).split()
        ],
        ("events", IrcEventsFunction),
        ("get_policy", IrcGetPolicyFunction),
        ("set_policy", IrcSetPolicyFunction),
    ]


#: Of functions that are asked about something, and have room for the answer.
_ASKED = (Handle, c_char_p, c_size_t, c_char_p, c_size_t, POINTER(c_size_t))
irc_factory_new: Callable[..., int] = quick(
    "plait_irc_factory_new", c_int, POINTER(Handle), POINTER(IrcOptions), POINTER(IrcHandler), c_void_p
)
irc_send: Callable[..., int] = quick(
    "plait_irc_send", c_int, Handle, c_char_p, c_size_t, POINTER(Bytes), c_size_t, c_uint32
)
irc_send_line: Callable[..., int] = quick(
    "plait_irc_send_line", c_int, Handle, c_char_p, c_size_t, c_uint32
)
irc_say: Callable[..., int] = quick(
    "plait_irc_say", c_int, Handle, c_uint32, c_char_p, c_size_t, c_char_p, c_size_t
)
_HEARD = (IrcAnswerFunction, c_void_p, POINTER(Handle))
irc_call: Callable[..., int] = quick(
    "plait_irc_call", c_int, Handle, c_uint32, c_char_p, c_size_t, c_uint64, *_HEARD
)
irc_close: Callable[..., int] = quick("plait_irc_close", c_int, Handle, c_char_p, c_size_t)
irc_get_nick: Callable[..., int] = quick(
    "plait_irc_get_nick", c_int, Handle, c_char_p, c_size_t, POINTER(c_size_t)
)
irc_get_feature: Callable[..., int] = quick("plait_irc_get_feature", c_int, *_ASKED)
irc_get_capability: Callable[..., int] = quick(
    "plait_irc_get_capability", c_int, Handle, c_char_p, c_size_t
)
irc_get_channels: Callable[..., int] = quick(
    "plait_irc_get_channels", c_int, Handle, c_char_p, c_size_t, POINTER(c_size_t)
)
irc_get_members: Callable[..., int] = quick("plait_irc_get_members", c_int, *_ASKED)
irc_get_topic: Callable[..., int] = quick("plait_irc_get_topic", c_int, *_ASKED)
irc_get_modes: Callable[..., int] = quick("plait_irc_get_modes", c_int, *_ASKED)
irc_get_lag: Callable[..., int] = quick(
    "plait_irc_get_lag", c_int, Handle, POINTER(c_uint64), POINTER(c_size_t)
)
