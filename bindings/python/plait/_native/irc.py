"""``plait/irc_message.h``: constants, structs and functions."""

from __future__ import annotations

from collections.abc import Callable
from ctypes import POINTER, Structure, c_char_p, c_int, c_int32, c_size_t, c_uint32
from typing import Optional

from .calls import quick
from .structs import Bytes, Sized

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
    "plait_irc_tag_get",
    c_int,
    c_char_p,
    c_size_t,
    c_char_p,
    c_size_t,
    c_char_p,
    c_size_t,
    POINTER(c_size_t),
)
irc_tag_parse: Callable[..., int] = quick(
    "plait_irc_tag_parse", c_int, c_char_p, c_size_t, POINTER(IrcTag), c_size_t, POINTER(c_size_t)
)
irc_tag_read: Callable[..., int] = quick(
    "plait_irc_tag_read", c_int, c_char_p, c_size_t, c_char_p, c_size_t, POINTER(c_size_t)
)
irc_tag_make: Callable[..., int] = quick(
    "plait_irc_tag_make",
    c_int,
    c_char_p,
    c_size_t,
    c_char_p,
    c_size_t,
    c_char_p,
    c_size_t,
    POINTER(c_size_t),
)
irc_mask_check: Callable[..., int] = quick(
    "plait_irc_mask_check", c_int, c_uint32, c_char_p, c_size_t, c_char_p, c_size_t
)
irc_host_check: Callable[..., int] = quick("plait_irc_host_check", c_int, c_char_p, c_size_t)
irc_name_make: Callable[..., int] = quick(
    "plait_irc_name_make",
    c_int,
    c_uint32,
    c_char_p,
    c_size_t,
    c_char_p,
    c_size_t,
    POINTER(c_size_t),
)
irc_split: Callable[..., int] = quick(
    "plait_irc_split",
    c_int,
    c_char_p,
    c_size_t,
    c_size_t,
    POINTER(c_uint32),
    c_size_t,
    POINTER(c_size_t),
)
irc_quote_make: Callable[..., int] = quick(
    "plait_irc_quote_make",
    c_int,
    c_uint32,
    c_char_p,
    c_size_t,
    c_char_p,
    c_size_t,
    POINTER(c_size_t),
)
irc_quote_read: Callable[..., int] = quick(
    "plait_irc_quote_read",
    c_int,
    c_uint32,
    c_char_p,
    c_size_t,
    c_char_p,
    c_size_t,
    POINTER(c_size_t),
)
irc_ctcp_parse: Callable[..., int] = quick(
    "plait_irc_ctcp_parse", c_int, c_char_p, c_size_t, POINTER(Bytes), POINTER(Bytes)
)
irc_ctcp_make: Callable[..., int] = quick(
    "plait_irc_ctcp_make",
    c_int,
    c_char_p,
    c_size_t,
    c_char_p,
    c_size_t,
    c_char_p,
    c_size_t,
    POINTER(c_size_t),
)
irc_format_parse: Callable[..., int] = quick(
    "plait_irc_format_parse",
    c_int,
    c_char_p,
    c_size_t,
    POINTER(IrcRun),
    c_size_t,
    POINTER(c_size_t),
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
