"""plait/stateful.h: protocols that are in one of several states."""

from __future__ import annotations

from collections.abc import Callable
from ctypes import (
    CFUNCTYPE,
    POINTER,
    Structure,
    c_char_p,
    c_int,
    c_size_t,
    c_uint64,
    c_void_p,
)

from .calls import quick
from .structs import TABLE, Data, DataFunction, Handle, Sized, StringOptions, StringTooLongFunction

STATES_MAX = 1024
STATE_NAME_MAX = 63

# A name that a callback returns must outlive it: it is passed as an address.
StateFunction = CFUNCTYPE(c_void_p, c_void_p, Handle, Data, c_size_t)
StatefulFunction = DataFunction


class State(Structure):
    """``plait_state``."""

    _fields_ = [("name", c_char_p), ("handler", StateFunction)]


class StatefulStringHandler(Sized):
    """``plait_stateful_string_handler``."""

    _fields_ = [
        *TABLE,
        ("states", POINTER(State)),
        ("state_count", c_uint64),
        ("string_too_long", StringTooLongFunction),
    ]


class StatefulHandler(Sized):
    """``plait_stateful_handler``."""

    _fields_ = [*TABLE, ("initial", StatefulFunction), ("initial_len", c_uint64)]


stateful_string_factory_new: Callable[..., int] = quick(
    "plait_stateful_string_factory_new",
    c_int,
    POINTER(Handle),
    POINTER(StringOptions),
    POINTER(StatefulStringHandler),
    c_void_p,
)
stateful_string_set_state: Callable[..., int] = quick(
    "plait_stateful_string_set_state", c_int, Handle, c_char_p
)
stateful_string_get_state: Callable[..., int] = quick(
    "plait_stateful_string_get_state", c_int, Handle, POINTER(c_char_p)
)
stateful_factory_new: Callable[..., int] = quick(
    "plait_stateful_factory_new", c_int, POINTER(Handle), POINTER(StatefulHandler), c_void_p
)
stateful_set_state: Callable[..., int] = quick(
    "plait_stateful_set_state", c_int, Handle, StatefulFunction, c_size_t
)
