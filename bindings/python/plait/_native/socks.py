"""``plait/socks.h``: constants, structs and functions."""

from __future__ import annotations

from collections.abc import Callable
from ctypes import (
    CFUNCTYPE,
    POINTER,
    c_char_p,
    c_int,
    c_size_t,
    c_uint32,
    c_uint64,
    c_void_p,
)

from .calls import quick
from .structs import TABLE, Bytes, Data, Handle, Reason, Sized

SOCKS_4 = 4
SOCKS_5 = 5
SOCKS_4A = 74
SOCKS_CONNECT = 1
SOCKS_BIND = 2
SOCKS_GRANTED = 0
SOCKS_FAILED = 1
SOCKS_DENIED = 2
SOCKS_NO_NETWORK = 3
SOCKS_NO_HOST = 4
SOCKS_REFUSED = 5
SOCKS_EXPIRED = 6
SOCKS_BAD_COMMAND = 7
SOCKS_BAD_ADDRESS = 8
SOCKS_WITHOUT_4 = 1
SOCKS_WITHOUT_5 = 2
SOCKS_WITHOUT_BIND = 4
SOCKS_ALLOW_PRIVATE = 8
SOCKS_NEEDS_LOGIN = 16
SOCKS_READING = 1
SOCKS_ASKING = 2
SOCKS_CONNECTING = 3
SOCKS_BOUND = 4
SOCKS_OPEN = 5


class SocksServerOptions(Sized):
    """``plait_socks_server_options``."""

    _fields_ = [
        ("struct_size", c_uint32),
        ("flags", c_uint32),
        ("handshake_ms", c_uint64),
        ("connect_ms", c_uint64),
        ("bind_ms", c_uint64),
        ("idle_ms", c_uint64),
        ("allow", c_char_p),
        ("deny", c_char_p),
        ("interface", c_char_p),
        ("reason", POINTER(Reason)),
    ]


class SocksRequest(Sized):
    """``plait_socks_request``."""

    _fields_ = [
        ("struct_size", c_uint32),
        ("version", c_uint32),
        ("command", c_uint32),
        ("port", c_uint32),
        ("host", Bytes),
        ("user", Bytes),
        ("password", Bytes),
    ]


SocksQuestionFunction = CFUNCTYPE(None, c_void_p, Handle, c_uint64, POINTER(SocksRequest))
SocksOpenedFunction = CFUNCTYPE(None, c_void_p, Handle, POINTER(SocksRequest))
SocksDataFunction = CFUNCTYPE(None, c_void_p, Handle, c_int, Data, c_size_t)


class SocksServerHandler(Sized):
    """``plait_socks_server_handler``."""

    _fields_ = [
        *TABLE,
        ("login", SocksQuestionFunction),
        ("request", SocksQuestionFunction),
        ("opened", SocksOpenedFunction),
        ("data", SocksDataFunction),
    ]


class SocksTunnel(Sized):
    """``plait_socks_tunnel``."""

    _fields_ = [
        ("struct_size", c_uint32),
        ("state", c_uint32),
        ("version", c_uint32),
        ("command", c_uint32),
        ("target", Handle),
        ("bytes_out", c_uint64),
        ("bytes_back", c_uint64),
    ]


class SocksOptions(Sized):
    """``plait_socks_options``."""

    _fields_ = [
        ("struct_size", c_uint32),
        ("version", c_uint32),
        ("port", c_uint32),
        ("reserved", c_uint32),
        ("handshake_ms", c_uint64),
        ("host", c_char_p),
        ("user", c_char_p),
        ("password", c_char_p),
    ]


socks_server_factory_new: Callable[..., int] = quick(
    "plait_socks_server_factory_new",
    c_int,
    POINTER(Handle),
    POINTER(SocksServerOptions),
    POINTER(SocksServerHandler),
    c_void_p,
)
socks_server_answer: Callable[..., int] = quick(
    "plait_socks_server_answer", c_int, Handle, c_uint64, c_uint32
)
socks_server_get_tunnel: Callable[..., int] = quick(
    "plait_socks_server_get_tunnel", c_int, Handle, POINTER(SocksTunnel)
)
socks_factory_new: Callable[..., int] = quick(
    "plait_socks_factory_new",
    c_int,
    POINTER(Handle),
    Handle,
    POINTER(SocksOptions),
    POINTER(Reason),
)
