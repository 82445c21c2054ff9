"""plait/loopback.h: two factories talk with each other."""

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

from .calls import driving, quick
from .structs import Data, Handle, Reason, Sized

LOOPBACK_BY_HAND = 1
LOOPBACK_IDENTITY = 0
LOOPBACK_COLLAPSING = 1
LOOPBACK_BYTE_BY_BYTE = 2
LOOPBACK_FIXED = 3
LOOPBACK_RANDOM = 4
LOOPBACK_HOST = 5

PumpFunction = CFUNCTYPE(c_size_t, c_void_p, c_int, Data, c_size_t, c_size_t)
LoopbackFunction = CFUNCTYPE(None, c_void_p, Handle, POINTER(Reason), POINTER(Reason))


class LoopbackOptions(Sized):
    """``plait_loopback_options``."""

    _fields_ = [
        ("struct_size", c_uint32),
        ("flags", c_uint32),
        ("cut", c_uint32),
        ("reserved", c_uint32),
        ("size", c_uint64),
        ("seed", c_uint64),
        ("delay_ms", c_uint64),
        ("pump", PumpFunction),
        ("pump_user", c_void_p),
        ("endpoint", c_char_p),
    ]


class LoopbackState(Sized):
    """``plait_loopback_state``."""

    _fields_ = [
        ("struct_size", c_uint32),
        ("established", c_uint32),
        ("server", Handle),
        ("client", Handle),
        ("bytes_to_server", c_uint64),
        ("bytes_to_client", c_uint64),
    ]


loopback: Callable[..., int] = quick(
    "plait_loopback",
    c_int,
    Handle,
    Handle,
    Handle,
    POINTER(LoopbackOptions),
    LoopbackFunction,
    c_void_p,
    POINTER(Handle),
)
loopback_pump: Callable[..., int] = driving("plait_loopback_pump", c_int, Handle, c_uint32)
loopback_get_state: Callable[..., int] = quick(
    "plait_loopback_get_state", c_int, Handle, POINTER(LoopbackState)
)
