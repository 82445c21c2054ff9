"""``plait/ident.h``: constants, structs and functions."""

from __future__ import annotations

from collections.abc import Callable
from ctypes import (
    CFUNCTYPE,
    POINTER,
    c_char_p,
    c_int,
    c_int32,
    c_size_t,
    c_uint32,
    c_uint64,
    c_void_p,
)

from .calls import quick
from .structs import TABLE, Address, Bytes, Handle, Sized

IDENT_OPEN_MAX = 64
IDENT_INVALID_PORT = 1
IDENT_NO_USER = 2
IDENT_HIDDEN_USER = 3
IDENT_UNKNOWN_ERROR = 4
IDENT_OTHER = 5
IDENT_HIDE = 1


class IdentServerOptions(Sized):
    """``plait_ident_server_options``."""

    _fields_ = [
        ("struct_size", c_uint32),
        ("flags", c_uint32),
        ("rate", c_uint32),
        ("reserved", c_uint32),
        ("system", c_char_p),
        ("fixed", c_char_p),
    ]


IdentLookupFunction = CFUNCTYPE(None, c_void_p, Handle, c_uint64, c_uint32, c_uint32)


class IdentServerHandler(Sized):
    """``plait_ident_server_handler``."""

    _fields_ = [*TABLE, ("lookup", IdentLookupFunction)]


class IdentOptions(Sized):
    """``plait_ident_options``."""

    _fields_ = [("struct_size", c_uint32), ("max_queries", c_uint32), ("query_ms", c_uint64)]


class IdentHandler(Sized):
    """``plait_ident_handler``."""

    _fields_ = [*TABLE]


class IdentReply(Sized):
    """``plait_ident_reply``."""

    _fields_ = [
        ("struct_size", c_uint32),
        ("status", c_int32),
        ("error", c_uint32),
        ("reserved", c_uint32),
        ("system", Bytes),
        ("charset", Bytes),
        ("user_id", Bytes),
    ]


IdentFunction = CFUNCTYPE(None, c_void_p, Handle, POINTER(IdentReply))

ident_server_factory_new: Callable[..., int] = quick(
    "plait_ident_server_factory_new",
    c_int,
    POINTER(Handle),
    POINTER(IdentServerOptions),
    POINTER(IdentServerHandler),
    c_void_p,
)
ident_answer: Callable[..., int] = quick(
    "plait_ident_answer", c_int, Handle, c_uint64, c_char_p, c_size_t
)
ident_answer_error: Callable[..., int] = quick(
    "plait_ident_answer_error", c_int, Handle, c_uint64, c_uint32
)
ident_factory_new: Callable[..., int] = quick(
    "plait_ident_factory_new",
    c_int,
    POINTER(Handle),
    POINTER(IdentOptions),
    POINTER(IdentHandler),
    c_void_p,
)
ident_call: Callable[..., int] = quick(
    "plait_ident_call",
    c_int,
    Handle,
    c_uint32,
    c_uint32,
    c_uint64,
    IdentFunction,
    c_void_p,
    POINTER(Handle),
)
ident_get_uid: Callable[..., int] = quick(
    "plait_ident_get_uid", c_int, POINTER(Address), POINTER(Address), POINTER(c_uint32)
)
