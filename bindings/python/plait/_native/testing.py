"""plait/testing.h: what protocols are tested with."""

from __future__ import annotations

from collections.abc import Callable
from ctypes import (
    CFUNCTYPE,
    POINTER,
    c_char,
    c_char_p,
    c_int,
    c_int32,
    c_size_t,
    c_uint32,
    c_uint64,
    c_void_p,
)

from .calls import driving, quick
from .structs import Bytes, Handle, Sized

STRING_TRANSPORT_ATTACHED = 1
STRING_TRANSPORT_READING = 2
STRING_TRANSPORT_HALF_CLOSED = 4
STRING_TRANSPORT_DISCONNECTING = 8
STRING_TRANSPORT_DISCONNECTED = 16
PLACE_TCP = 1
PLACE_TCP6 = 2
PLACE_UNIX = 3
PLACE_FD = 4
PLACE_MEMORY = 5
SPLITS_WITHOUT_END = 1
SPLITS_WHOLE = 1
SPLITS_BYTES = 2
SPLITS_TWO = 3
SPLITS_FIXED = 4
SPLITS_RANDOM = 5

SplitsMakeFunction = CFUNCTYPE(c_int, c_void_p, Handle, POINTER(Handle))
SplitsEventsFunction = CFUNCTYPE(None, c_void_p, POINTER(Bytes))


class StringTransportOptions(Sized):
    """``plait_string_transport_options``."""

    _fields_ = [
        ("struct_size", c_uint32),
        ("reserved", c_uint32),
        ("peer", c_char_p),
        ("local", c_char_p),
        ("peer_port", c_uint32),
        ("local_port", c_uint32),
        ("room", c_uint64),
    ]


class StringTransportState(Sized):
    """``plait_string_transport_state``."""

    _fields_ = [
        ("struct_size", c_uint32),
        ("flags", c_uint32),
        ("status", c_int32),
        ("reserved", c_uint32),
        ("conn", Handle),
        ("writes", c_uint64),
        ("waiting", c_uint64),
    ]


class MemoryPlace(Sized):
    """``plait_memory_place``."""

    _fields_ = [
        ("struct_size", c_uint32),
        ("kind", c_uint32),
        ("port", c_uint32),
        ("backlog", c_uint32),
        ("timeout_ms", c_uint64),
        ("host", c_char * 112),
        ("interface", c_char * 112),
    ]


class Accumulated(Sized):
    """``plait_accumulated``."""

    _fields_ = [
        ("struct_size", c_uint32),
        ("connected", c_uint32),
        ("ended", c_uint32),
        ("lost", c_uint32),
        ("status", c_int32),
        ("reserved", c_uint32),
        ("conn", Handle),
        ("data", c_char_p),
        ("len", c_size_t),
    ]


class SplitsOptions(Sized):
    """``plait_splits_options``."""

    _fields_ = [
        ("struct_size", c_uint32),
        ("flags", c_uint32),
        ("data", Bytes),
        ("most_two", c_uint64),
        ("randoms", c_uint64),
        ("seed", c_uint64),
        ("make", SplitsMakeFunction),
        ("events", SplitsEventsFunction),
        ("user", c_void_p),
    ]


class SplitsResult(Sized):
    """``plait_splits_result``."""

    _fields_ = [
        ("struct_size", c_uint32),
        ("cut", c_uint32),
        ("parameter", c_uint64),
        ("runs", c_uint64),
        ("in_events", c_uint32),
        ("reserved", c_uint32),
        ("offset", c_uint64),
    ]


string_transport_new: Callable[..., int] = quick(
    "plait_string_transport_new", c_int, POINTER(Handle), Handle, POINTER(StringTransportOptions)
)
string_transport_attach: Callable[..., int] = quick(
    "plait_string_transport_attach", c_int, Handle, Handle, POINTER(Handle)
)
string_transport_get_value: Callable[..., int] = quick(
    "plait_string_transport_get_value", c_int, Handle, POINTER(c_void_p), POINTER(c_size_t)
)
string_transport_clear: Callable[..., int] = quick("plait_string_transport_clear", c_int, Handle)
string_transport_set_room: Callable[..., int] = quick(
    "plait_string_transport_set_room", c_int, Handle, c_uint64
)
string_transport_get_state: Callable[..., int] = quick(
    "plait_string_transport_get_state", c_int, Handle, POINTER(StringTransportState)
)
string_transport_free: Callable[..., int] = quick("plait_string_transport_free", c_int, Handle)
memory_get_listener: Callable[..., int] = quick(
    "plait_memory_get_listener", c_int, Handle, c_size_t, POINTER(MemoryPlace), POINTER(Handle)
)
memory_get_attempt: Callable[..., int] = quick(
    "plait_memory_get_attempt", c_int, Handle, c_size_t, POINTER(MemoryPlace), POINTER(Handle)
)
memory_accept: Callable[..., int] = quick(
    "plait_memory_accept", c_int, Handle, Handle, POINTER(Handle)
)
memory_connect: Callable[..., int] = quick("plait_memory_connect", c_int, Handle, Handle)
memory_refuse: Callable[..., int] = quick("plait_memory_refuse", c_int, Handle, c_int)
accumulating_factory_new: Callable[..., int] = quick(
    "plait_accumulating_factory_new", c_int, POINTER(Handle)
)
accumulating_get: Callable[..., int] = quick(
    "plait_accumulating_get", c_int, Handle, c_size_t, POINTER(Accumulated)
)
splits_run: Callable[..., int] = driving(
    "plait_splits_run", c_int, POINTER(SplitsOptions), POINTER(SplitsResult)
)
