"""``plait/amp_command.h`` and ``plait/amp.h``: constants, structs and functions."""

from __future__ import annotations

from collections.abc import Callable
from ctypes import (
    CFUNCTYPE,
    POINTER,
    Structure,
    c_char_p,
    c_double,
    c_int,
    c_int32,
    c_int64,
    c_size_t,
    c_uint32,
    c_uint64,
    c_void_p,
)

from .calls import quick
from .structs import TABLE, BlockFunction, Bytes, Data, DataFunction, Handle, Reason, Sized
from .tls import TlsConnOptions, TlsStartedFunction

# plait/amp_command.h
AMP_NATURAL = 0
AMP_ABSENT = 1
AMP_TEXT = 2
AMP_ONEWAY = 1
AMP_SWITCH = 2
AMP_FATAL = 4
AMP_NONE = 4294967295

# plait/amp.h
AMP_EXTENSION = 1
AMP_ANNOUNCE = 2
AMP_ALL_REQUESTS = 4


class AmpValue(Structure):
    """``plait_amp_value``."""


AmpValue._fields_ = [
    ("form", c_uint32),
    ("offset_minutes", c_int32),
    ("integer", c_int64),
    ("real", c_double),
    ("bytes", Bytes),
    ("items", POINTER(AmpValue)),
    ("count", c_uint32),
    ("type", c_uint32),
]

AmpCheckFunction = CFUNCTYPE(c_int, c_void_p, Data, c_size_t)
AmpResponderFunction = CFUNCTYPE(None, c_void_p, Handle, Handle)
AmpAnswerFunction = CFUNCTYPE(None, c_void_p, Handle, Handle, POINTER(Reason))
AmpCancelledFunction = CFUNCTYPE(None, c_void_p, Handle, Handle, Data, c_size_t)
AmpExtendedFunction = CFUNCTYPE(None, c_void_p, Handle, c_uint64)
#: As BlockFunction, for the callback that has to take everything.
AmpRequestsFunction = CFUNCTYPE(None, c_void_p, Handle, Data, c_size_t, Data, c_size_t)


class AmpOptions(Sized):
    """``plait_amp_options``."""

    _fields_ = [
        ("struct_size", c_uint32),
        ("flags", c_uint32),
        ("max_box", c_uint32),
        ("max_large", c_uint32),
        ("max_calls", c_uint32),
        ("max_requests", c_uint32),
        ("call_ms", c_uint64),
        ("keep_alive_ms", c_uint64),
        ("tls", Handle),
    ]


class AmpHandler(Sized):
    """``plait_amp_handler``."""

    _fields_ = [
        *TABLE,
        ("box", DataFunction),
        ("boxes", BlockFunction),
        ("requests", AmpRequestsFunction),
        ("cancelled", AmpCancelledFunction),
        ("extended", AmpExtendedFunction),
    ]


class AmpResponder(Sized):
    """``plait_amp_responder``."""

    _fields_ = [
        ("struct_size", c_uint32),
        ("reserved", c_uint32),
        ("command", Handle),
        ("function", AmpResponderFunction),
    ]


AmpLocatorFunction = CFUNCTYPE(c_int, c_void_p, Handle, Data, c_size_t, POINTER(AmpResponder))

# plait/amp_command.h
amp_command_parse: Callable[..., int] = quick(
    "plait_amp_command_parse", c_int, POINTER(Handle), Handle, c_char_p, POINTER(Reason)
)
amp_command_new: Callable[..., int] = quick(
    "plait_amp_command_new", c_int, POINTER(Handle), Handle, c_char_p, c_size_t, c_uint32
)
amp_command_add_argument: Callable[..., int] = quick(
    "plait_amp_command_add_argument", c_int, Handle, c_char_p, c_size_t, c_char_p
)
amp_command_add_response: Callable[..., int] = quick(
    "plait_amp_command_add_response", c_int, Handle, c_char_p, c_size_t, c_char_p
)
amp_command_add_error: Callable[..., int] = quick(
    "plait_amp_command_add_error", c_int, Handle, c_char_p, c_size_t, c_int32, c_uint32
)
amp_command_add_type: Callable[..., int] = quick(
    "plait_amp_command_add_type", c_int, Handle, c_char_p, AmpCheckFunction, c_void_p
)
amp_command_retain: Callable[..., int] = quick("plait_amp_command_retain", c_int, Handle)
amp_command_release: Callable[..., int] = quick("plait_amp_command_release", c_int, Handle)
amp_make_arguments: Callable[..., int] = quick(
    "plait_amp_make_arguments",
    c_int,
    Handle,
    POINTER(AmpValue),
    c_size_t,
    c_char_p,
    c_size_t,
    POINTER(c_size_t),
)
amp_parse_arguments: Callable[..., int] = quick(
    "plait_amp_parse_arguments", c_int, Handle, c_char_p, c_size_t, POINTER(AmpValue), c_size_t
)
amp_make_response: Callable[..., int] = quick(
    "plait_amp_make_response",
    c_int,
    Handle,
    POINTER(AmpValue),
    c_size_t,
    c_char_p,
    c_size_t,
    POINTER(c_size_t),
)
amp_parse_response: Callable[..., int] = quick(
    "plait_amp_parse_response", c_int, Handle, c_char_p, c_size_t, POINTER(AmpValue), c_size_t
)
amp_get_items: Callable[..., int] = quick(
    "plait_amp_get_items", c_int, Handle, POINTER(AmpValue), POINTER(AmpValue), c_size_t
)
amp_box_write: Callable[..., int] = quick(
    "plait_amp_box_write",
    c_int,
    POINTER(Bytes),
    c_size_t,
    c_char_p,
    c_size_t,
    POINTER(c_size_t),
)
amp_box_read: Callable[..., int] = quick(
    "plait_amp_box_read",
    c_int,
    c_char_p,
    c_size_t,
    POINTER(c_uint32),
    c_size_t,
    POINTER(c_size_t),
    POINTER(c_size_t),
)

# plait/amp.h
amp_factory_new: Callable[..., int] = quick(
    "plait_amp_factory_new",
    c_int,
    POINTER(Handle),
    POINTER(AmpOptions),
    POINTER(AmpHandler),
    c_void_p,
)
amp_factory_add_responder: Callable[..., int] = quick(
    "plait_amp_factory_add_responder", c_int, Handle, Handle, AmpResponderFunction
)
amp_factory_add_locator: Callable[..., int] = quick(
    "plait_amp_factory_add_locator", c_int, Handle, AmpLocatorFunction
)
amp_call: Callable[..., int] = quick(
    "plait_amp_call",
    c_int,
    Handle,
    Handle,
    POINTER(AmpValue),
    c_size_t,
    c_uint64,
    AmpAnswerFunction,
    c_void_p,
    POINTER(Handle),
)
amp_call_string: Callable[..., int] = quick(
    "plait_amp_call_string",
    c_int,
    Handle,
    c_char_p,
    c_size_t,
    POINTER(Bytes),
    c_size_t,
    c_uint32,
    c_uint64,
    AmpAnswerFunction,
    c_void_p,
    POINTER(Handle),
)
amp_call_switch: Callable[..., int] = quick(
    "plait_amp_call_switch",
    c_int,
    Handle,
    Handle,
    POINTER(AmpValue),
    c_size_t,
    Handle,
    c_uint64,
    AmpAnswerFunction,
    c_void_p,
    POINTER(Handle),
)
amp_start_tls: Callable[..., int] = quick(
    "plait_amp_start_tls",
    c_int,
    Handle,
    Handle,
    POINTER(TlsConnOptions),
    c_uint64,
    AmpAnswerFunction,
    c_void_p,
    POINTER(Handle),
)
amp_answer: Callable[..., int] = quick(
    "plait_amp_answer", c_int, Handle, POINTER(AmpValue), c_size_t
)
amp_answer_box: Callable[..., int] = quick(
    "plait_amp_answer_box", c_int, Handle, POINTER(Bytes), c_size_t
)
amp_answer_error: Callable[..., int] = quick(
    "plait_amp_answer_error", c_int, Handle, c_char_p, c_char_p, c_size_t, c_uint32
)
amp_answer_switch: Callable[..., int] = quick("plait_amp_answer_switch", c_int, Handle, Handle)
amp_answer_tls: Callable[..., int] = quick(
    "plait_amp_answer_tls",
    c_int,
    Handle,
    Handle,
    POINTER(TlsConnOptions),
    TlsStartedFunction,
    c_void_p,
)
amp_box_retain: Callable[..., int] = quick("plait_amp_box_retain", c_int, Handle)
amp_get_int: Callable[..., int] = quick(
    "plait_amp_get_int", c_int, Handle, c_uint32, POINTER(c_int64)
)
amp_get_real: Callable[..., int] = quick(
    "plait_amp_get_real", c_int, Handle, c_uint32, POINTER(c_double)
)
amp_get_bytes: Callable[..., int] = quick(
    "plait_amp_get_bytes", c_int, Handle, c_uint32, POINTER(Bytes)
)
amp_get_value: Callable[..., int] = quick(
    "plait_amp_get_value", c_int, Handle, c_uint32, POINTER(AmpValue)
)
amp_get_field: Callable[..., int] = quick(
    "plait_amp_get_field", c_int, Handle, c_char_p, c_size_t, POINTER(Bytes)
)
amp_get_error: Callable[..., int] = quick(
    "plait_amp_get_error", c_int, Handle, POINTER(Bytes), POINTER(Bytes)
)
amp_get_waiting: Callable[..., int] = quick(
    "plait_amp_get_waiting", c_int, Handle, POINTER(c_int), POINTER(c_uint64)
)
amp_send: Callable[..., int] = quick("plait_amp_send", c_int, Handle, POINTER(Bytes), c_size_t)
amp_send_boxes: Callable[..., int] = quick(
    "plait_amp_send_boxes", c_int, Handle, c_char_p, c_size_t
)
amp_send_descriptor: Callable[..., int] = quick(
    "plait_amp_send_descriptor", c_int, Handle, c_int, POINTER(c_uint64)
)
amp_take_descriptor: Callable[..., int] = quick(
    "plait_amp_take_descriptor", c_int, Handle, c_uint64, POINTER(c_int)
)
amp_get_pending: Callable[..., int] = quick(
    "plait_amp_get_pending", c_int, Handle, POINTER(c_size_t), POINTER(c_size_t)
)
