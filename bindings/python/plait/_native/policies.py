"""plait/wrapper.h, timeout.h, throttle.h, access.h, traffic.h, proxy.h: the policies."""

from __future__ import annotations

from collections.abc import Callable
from ctypes import (
    CFUNCTYPE,
    POINTER,
    Structure,
    c_char_p,
    c_int,
    c_int32,
    c_size_t,
    c_uint32,
    c_uint64,
    c_void_p,
)

from .calls import quick
from .structs import Data, Handle, Reason, ReleaseFunction, Sized

# plait/wrapper.h
WRAPPER_PASS = 0
WRAPPER_TAKEN = 1
WRAPPER_INHERITED = 1


WrapperFunction = CFUNCTYPE(c_int, c_void_p, Handle)
WrapperEndFunction = CFUNCTYPE(None, c_void_p, Handle, POINTER(Reason))


class WrapperHandler(Sized):
    """``plait_wrapper_handler``."""

    _fields_ = [
        ("struct_size", c_uint32),
        ("flags", c_uint32),
        ("built", WrapperFunction),
        ("connected", WrapperFunction),
        ("received", CFUNCTYPE(c_int, c_void_p, Handle, Data, c_size_t)),
        ("written", CFUNCTYPE(c_int, c_void_p, Handle, Data, c_size_t)),
        ("read_closed", CFUNCTYPE(None, c_void_p, Handle)),
        ("closing", CFUNCTYPE(None, c_void_p, Handle)),
        ("disconnected", WrapperEndFunction),
        ("release", ReleaseFunction),
    ]


wrapper_factory_new: Callable[..., int] = quick(
    "plait_wrapper_factory_new", c_int, POINTER(Handle), Handle, POINTER(WrapperHandler), c_void_p
)
wrapper_get_conn: Callable[..., int] = quick(
    "plait_wrapper_get_conn", c_int, Handle, POINTER(Handle)
)
wrapper_set_user: Callable[..., int] = quick("plait_wrapper_set_user", c_int, Handle, c_void_p)
wrapper_get_user: Callable[..., int] = quick(
    "plait_wrapper_get_user", c_int, Handle, POINTER(c_void_p)
)
wrapper_open: Callable[..., int] = quick("plait_wrapper_open", c_int, Handle)
wrapper_feed: Callable[..., int] = quick("plait_wrapper_feed", c_int, Handle, c_char_p, c_size_t)
wrapper_write: Callable[..., int] = quick("plait_wrapper_write", c_int, Handle, c_char_p, c_size_t)
wrapper_set_busy: Callable[..., int] = quick("plait_wrapper_set_busy", c_int, Handle, c_int)
wrapper_pause: Callable[..., int] = quick("plait_wrapper_pause", c_int, Handle)
wrapper_resume: Callable[..., int] = quick("plait_wrapper_resume", c_int, Handle)

# plait/timeout.h
TIMEOUT_UNTIL_READY = 1
TIMEOUT_RATE_ALWAYS = 2
TIMEOUT_IDLE = 1
TIMEOUT_HANDSHAKE = 2
TIMEOUT_ABSOLUTE = 3
TIMEOUT_RATE = 4


class TimeoutOptions(Sized):
    """``plait_timeout_options``."""

    _fields_ = [
        ("struct_size", c_uint32),
        ("flags", c_uint32),
        ("idle_ms", c_uint64),
        ("handshake_ms", c_uint64),
        ("absolute_ms", c_uint64),
        ("min_rate", c_uint64),
        ("rate_ms", c_uint64),
        ("grace_ms", c_uint64),
        ("expired", CFUNCTYPE(c_int, c_void_p, Handle, c_int)),
        ("user", c_void_p),
    ]


timeout_factory_new: Callable[..., int] = quick(
    "plait_timeout_factory_new", c_int, POINTER(Handle), Handle, POINTER(TimeoutOptions)
)
timeout_set_ready: Callable[..., int] = quick("plait_timeout_set_ready", c_int, Handle)
timeout_set_idle: Callable[..., int] = quick(
    "plait_timeout_set_idle", c_int, Handle, c_uint64, POINTER(c_uint64)
)
timeout_reset: Callable[..., int] = quick("plait_timeout_reset", c_int, Handle)

# plait/throttle.h


class Rate(Structure):
    """``plait_rate``."""

    _fields_ = [
        ("limit", c_uint64),
        ("burst", c_uint64),
    ]


class ThrottleOptions(Sized):
    """``plait_throttle_options``."""

    _fields_ = [
        ("struct_size", c_uint32),
        ("max_connections", c_uint32),
        ("max_per_peer", c_uint32),
        ("max_per_subnet", c_uint32),
        ("ipv6_peer_bits", c_uint32),
        ("ipv4_subnet_bits", c_uint32),
        ("ipv6_subnet_bits", c_uint32),
        ("accept_rate", c_uint32),
        ("accept_burst", c_uint32),
        ("max_overflow", c_uint32),
        ("deny_ms", c_uint64),
        ("read", Rate),
        ("write", Rate),
        ("read_each", Rate),
        ("write_each", Rate),
        ("overflow", Handle),
    ]


class ThrottleCounters(Sized):
    """``plait_throttle_counters``."""

    _fields_ = [
        ("struct_size", c_uint32),
        ("reserved", c_uint32),
        ("peers", c_uint64),
        ("refused_connections", c_uint64),
        ("refused_peer", c_uint64),
        ("refused_subnet", c_uint64),
        ("refused_rate", c_uint64),
        ("refused_denied", c_uint64),
        ("overflowed", c_uint64),
        ("read_waits", c_uint64),
        ("write_waits", c_uint64),
    ]


throttle_factory_new: Callable[..., int] = quick(
    "plait_throttle_factory_new", c_int, POINTER(Handle), Handle, POINTER(ThrottleOptions)
)
throttle_get_counters: Callable[..., int] = quick(
    "plait_throttle_get_counters", c_int, Handle, POINTER(ThrottleCounters)
)

# plait/access.h
ACCESS_REFUSE_OTHERS = 1
ACCESS_MAX = 65536


class AccessOptions(Sized):
    """``plait_access_options``."""

    _fields_ = [
        ("struct_size", c_uint32),
        ("flags", c_uint32),
        ("allow", c_char_p),
        ("deny", c_char_p),
    ]


access_factory_new: Callable[..., int] = quick(
    "plait_access_factory_new", c_int, POINTER(Handle), Handle, POINTER(AccessOptions), POINTER(Reason)
)

# plait/traffic.h
TRAFFIC_HEXDUMP = 1
TRAFFIC_TIME = 2
TrafficFunction = CFUNCTYPE(None, c_void_p, c_uint64, c_char_p, c_size_t)


class TrafficOptions(Sized):
    """``plait_traffic_options``."""

    _fields_ = [
        ("struct_size", c_uint32),
        ("flags", c_uint32),
        ("length_limit", c_uint64),
        ("size_limit", c_uint64),
        ("lines", TrafficFunction),
        ("user", c_void_p),
        ("fd", c_int32),
        ("mode", c_uint32),
        ("prefix", c_char_p),
    ]


class TrafficCounters(Sized):
    """``plait_traffic_counters``."""

    _fields_ = [
        ("struct_size", c_uint32),
        ("last_error", c_int32),
        ("written", c_uint64),
        ("lost", c_uint64),
    ]


traffic_factory_new: Callable[..., int] = quick(
    "plait_traffic_factory_new", c_int, POINTER(Handle), Handle, POINTER(TrafficOptions)
)
traffic_reset: Callable[..., int] = quick("plait_traffic_reset", c_int, Handle)
traffic_get_counters: Callable[..., int] = quick(
    "plait_traffic_get_counters", c_int, Handle, POINTER(TrafficCounters)
)

# plait/proxy.h
PROXY_DIRECT = 1


class ProxyOptions(Sized):
    """``plait_proxy_options``."""

    _fields_ = [
        ("struct_size", c_uint32),
        ("flags", c_uint32),
        ("trusted", c_char_p),
        ("timeout_ms", c_uint64),
        ("max_length", c_uint64),
    ]


proxy_factory_new: Callable[..., int] = quick(
    "plait_proxy_factory_new", c_int, POINTER(Handle), Handle, POINTER(ProxyOptions), POINTER(Reason)
)
