"""The structs and callback types of the C headers.

A handle is a struct around one ``uint64_t``. On x86-64 and arm64 such a struct is passed as the
number itself would be, so handles are plain numbers here: ctypes converts those several times
faster. Data pointers in callbacks are ``POINTER(c_char)``, because slicing one copies bytes
without a detour through Python.
"""

from __future__ import annotations

from ctypes import (
    CFUNCTYPE,
    POINTER,
    Structure,
    c_char,
    c_char_p,
    c_double,
    c_int,
    c_int32,
    c_size_t,
    c_uint32,
    c_uint64,
    c_void_p,
    sizeof,
    string_at,
)
from typing import Any

Handle = c_uint64
Data = POINTER(c_char)


class Sized(Structure):
    """A struct that begins with its own size, which a new one has set."""

    struct_size: int

    def __init__(self, **fields: Any) -> None:
        super().__init__(**fields)
        self.struct_size = sizeof(type(self))


class Bytes(Structure):
    """``plait_bytes``. What C has put in has no NUL behind it: :meth:`read` it; `data` is for putting in."""

    _fields_ = [("data", c_char_p), ("len", c_size_t)]

    def read(self) -> bytes:
        """A copy of the bytes."""
        address = c_void_p.from_buffer(self).value
        return string_at(address, self.len) if address else b""

    def isGiven(self) -> bool:
        """Whether there is something, if only an empty text. (To look at `data` would look for a NUL.)"""
        return c_void_p.from_buffer(self).value is not None


class Reason(Sized):
    """``plait_reason``: why something ended or failed."""

    _fields_ = [
        ("struct_size", c_uint32),
        ("status", c_int32),
        ("os_error", c_int32),
        ("code", c_int32),
        ("offset", c_uint64),
        ("text", c_char_p),
    ]


# Callback types. What C calls with a handle arrives as an int; NULL users arrive as None.
LogFunction = CFUNCTYPE(None, c_void_p, c_int, c_char_p, c_char_p)
BeforeWaitFunction = CFUNCTYPE(c_void_p, c_void_p)
AfterWaitFunction = CFUNCTYPE(None, c_void_p)
PostFunction = CFUNCTYPE(None, c_void_p)
DrainFunction = CFUNCTYPE(None, c_void_p, Handle, POINTER(Reason))
TimerFunction = CFUNCTYPE(None, c_void_p, Handle)
ConnectFunction = CFUNCTYPE(None, c_void_p, Handle, Handle, POINTER(Reason))
ConnFunction = CFUNCTYPE(None, c_void_p, Handle)
DisconnectedFunction = CFUNCTYPE(None, c_void_p, Handle, POINTER(Reason))
ReleaseFunction = CFUNCTYPE(None, c_void_p)
DataFunction = CFUNCTYPE(None, c_void_p, Handle, Data, c_size_t)
BlockFunction = CFUNCTYPE(c_size_t, c_void_p, Handle, Data, c_size_t, Data, c_size_t)
StringTooLongFunction = CFUNCTYPE(None, c_void_p, Handle, c_uint64)
TransportWriteFunction = CFUNCTYPE(c_size_t, c_void_p, Handle, Data, c_size_t)
TransportFlagFunction = CFUNCTYPE(None, c_void_p, Handle, c_int)
WaitingFunction = CFUNCTYPE(None, c_void_p, Handle, POINTER(Reason), c_uint64)
ConnectorConnFunction = CFUNCTYPE(None, c_void_p, Handle, Handle)


class ReactorOptions(Sized):
    """``plait_reactor_options``."""

    _fields_ = [
        ("struct_size", c_uint32),
        ("flags", c_uint32),
        ("turn_bytes", c_uint32),
        ("log_level", c_uint32),
        ("log", LogFunction),
        ("log_user", c_void_p),
        ("seed", c_uint64),
        ("before_wait", BeforeWaitFunction),
        ("after_wait", AfterWaitFunction),
        ("wait_user", c_void_p),
    ]


class Address(Sized):
    """``plait_address``."""

    _fields_ = [
        ("struct_size", c_uint32),
        ("family", c_uint32),
        ("port", c_uint32),
        ("scope", c_uint32),
        ("host", c_char * 112),
    ]


class ConnLimits(Sized):
    """``plait_conn_limits``."""

    _fields_ = [
        ("struct_size", c_uint32),
        ("high_water", c_uint32),
        ("low_water", c_uint32),
        ("cap", c_uint32),
        ("close_ms", c_uint64),
    ]


class ConnCounters(Sized):
    """``plait_conn_counters``."""

    _fields_ = [
        ("struct_size", c_uint32),
        ("reserved", c_uint32),
        ("bytes_in", c_uint64),
        ("bytes_out", c_uint64),
        ("waiting", c_uint64),
        ("held", c_uint64),
    ]


class FactoryCounters(Sized):
    """``plait_factory_counters``."""

    _fields_ = [
        ("struct_size", c_uint32),
        ("reserved", c_uint32),
        ("open", c_uint64),
        ("total", c_uint64),
        ("refused", c_uint64),
        ("refused_within", c_uint64),
        ("closed", c_uint64),
        ("children", c_uint64),
        ("bytes_in", c_uint64),
        ("bytes_out", c_uint64),
    ]


class ListenOptions(Sized):
    """``plait_listen_options``."""

    _fields_ = [
        ("struct_size", c_uint32),
        ("flags", c_uint32),
        ("backlog", c_uint32),
        ("reserved", c_uint32),
        ("parent", Handle),
        ("reason", POINTER(Reason)),
    ]


class ConnectOptions(Sized):
    """``plait_connect_options``."""

    _fields_ = [
        ("struct_size", c_uint32),
        ("attempt_delay_ms", c_uint32),
        ("timeout_ms", c_uint64),
        ("parent", Handle),
        ("reason", POINTER(Reason)),
    ]


class ConnectorOptions(Sized):
    """``plait_connector_options``."""

    _fields_ = [
        ("struct_size", c_uint32),
        ("flags", c_uint32),
        ("initial_ms", c_uint64),
        ("maximum_ms", c_uint64),
        ("factor", c_double),
        ("jitter", c_double),
        ("max_retries", c_uint32),
        ("attempt_delay_ms", c_uint32),
        ("timeout_ms", c_uint64),
        ("reason", POINTER(Reason)),
    ]


class ConnectorHandler(Sized):
    """``plait_connector_handler``."""

    _fields_ = [
        ("struct_size", c_uint32),
        ("reserved", c_uint32),
        ("connected", ConnectorConnFunction),
        ("waiting", WaitingFunction),
        ("stopped", DisconnectedFunction),
        ("release", ReleaseFunction),
    ]


class TransportOps(Sized):
    """``plait_transport_ops``: the host's side of an attached conn."""

    _fields_ = [
        ("struct_size", c_uint32),
        ("reserved", c_uint32),
        ("write", TransportWriteFunction),
        ("set_reading", TransportFlagFunction),
        ("close_write", ConnFunction),
        ("close", TransportFlagFunction),
        ("release", ReleaseFunction),
        ("peer", POINTER(Address)),
        ("local", POINTER(Address)),
    ]


# What every callback table begins with: see plait/factory.h.
TABLE: list[tuple[str, Any]] = [
    ("struct_size", c_uint32),
    ("reserved", c_uint32),
    ("connected", ConnFunction),
    ("disconnected", DisconnectedFunction),
    ("read_closed", ConnFunction),
    ("write_paused", ConnFunction),
    ("write_resumed", ConnFunction),
    ("release", ReleaseFunction),
]


class RawHandler(Sized):
    """``plait_raw_handler``."""

    _fields_ = [*TABLE, ("data", DataFunction)]


class LineOptions(Sized):
    """``plait_line_options``."""

    _fields_ = [
        ("struct_size", c_uint32),
        ("flags", c_uint32),
        ("delimiter", Bytes),
        ("max_length", c_uint64),
    ]


class LineHandler(Sized):
    """``plait_line_handler``."""

    _fields_ = [
        *TABLE,
        ("line", DataFunction),
        ("lines", BlockFunction),
        ("raw", DataFunction),
        ("line_too_long", DataFunction),
    ]


class StringOptions(Sized):
    """``plait_string_options``."""

    _fields_ = [
        ("struct_size", c_uint32),
        ("format", c_uint32),
        ("prefix_length", c_uint32),
        ("reserved", c_uint32),
        ("max_length", c_uint64),
    ]


class StringHandler(Sized):
    """``plait_string_handler``."""

    _fields_ = [
        *TABLE,
        ("string", DataFunction),
        ("strings", BlockFunction),
        ("string_too_long", StringTooLongFunction),
    ]
