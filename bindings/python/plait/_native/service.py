"""``plait/service.h``: where services are."""

from __future__ import annotations

from collections.abc import Callable
from ctypes import CFUNCTYPE, c_char_p, c_int, c_uint32, c_void_p

from .calls import quick
from .structs import Handle

ServiceFunction = CFUNCTYPE(c_int, c_void_p, Handle, c_char_p, c_char_p)

reactor_set_service_lookup: Callable[..., int] = quick(
    "plait_reactor_set_service_lookup", c_int, Handle, ServiceFunction, c_void_p
)
service_add: Callable[..., int] = quick(
    "plait_service_add", c_int, Handle, c_char_p, c_uint32, c_uint32, c_uint32
)
service_answer: Callable[..., int] = quick("plait_service_answer", c_int, Handle)
