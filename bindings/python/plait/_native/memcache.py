"""``plait/memcache.h``: constants, structs and functions."""

from __future__ import annotations

from collections.abc import Callable
from ctypes import (
    CFUNCTYPE,
    POINTER,
    Structure,
    c_char_p,
    c_int,
    c_int32,
    c_int64,
    c_size_t,
    c_uint32,
    c_uint64,
    c_void_p,
)

from .calls import quick
from .structs import TABLE, Bytes, Handle, Reason, Sized

MEMCACHE_KEY_MAX = 250

# plait_memcache_request::command
MEMCACHE_GET = 1
MEMCACHE_GETS = 2
MEMCACHE_GAT = 3
MEMCACHE_GATS = 4
MEMCACHE_SET = 5
MEMCACHE_ADD = 6
MEMCACHE_REPLACE = 7
MEMCACHE_APPEND = 8
MEMCACHE_PREPEND = 9
MEMCACHE_CAS = 10
MEMCACHE_INCR = 11
MEMCACHE_DECR = 12
MEMCACHE_TOUCH = 13
MEMCACHE_DELETE = 14
MEMCACHE_STATS = 15
MEMCACHE_VERSION = 16
MEMCACHE_FLUSH_ALL = 17
MEMCACHE_META_GET = 18
MEMCACHE_META_SET = 19
MEMCACHE_META_DELETE = 20
MEMCACHE_META_ARITHMETIC = 21
MEMCACHE_META_NOOP = 22
MEMCACHE_META_DEBUG = 23

# plait_memcache_request::flags
MEMCACHE_NOREPLY = 1

# plait_memcache_answer::result
MEMCACHE_NONE = 0
MEMCACHE_HIT = 1
MEMCACHE_MISS = 2
MEMCACHE_VALUE = 3
MEMCACHE_STAT = 4
MEMCACHE_END = 5
MEMCACHE_STORED = 6
MEMCACHE_NOT_STORED = 7
MEMCACHE_EXISTS = 8
MEMCACHE_NOT_FOUND = 9
MEMCACHE_DELETED = 10
MEMCACHE_TOUCHED = 11
MEMCACHE_NUMBER = 12
MEMCACHE_VERSION_TEXT = 13
MEMCACHE_OK = 14
MEMCACHE_CLIENT_ERROR = 15
MEMCACHE_SERVER_ERROR = 16


class MemcacheAnswer(Structure):
    """``plait_memcache_answer``."""

    _fields_ = [
        ("user", c_void_p),
        ("status", c_int32),
        ("result", c_uint32),
        ("flags", c_uint32),
        ("index", c_uint32),
        ("number", c_uint64),
        ("key", Bytes),
        ("value", Bytes),
        ("meta", Bytes),
    ]


class MemcacheRequest(Sized):
    """``plait_memcache_request``."""

    _fields_ = [
        ("struct_size", c_uint32),
        ("command", c_uint32),
        ("flags", c_uint32),
        ("value_flags", c_uint32),
        ("keys", POINTER(Bytes)),
        ("count", c_size_t),
        ("value", Bytes),
        ("meta", Bytes),
        ("hash_key", Bytes),
        ("expiry", c_int64),
        ("number", c_uint64),
        ("limit_ms", c_uint64),
    ]


class MemcacheOptions(Sized):
    """``plait_memcache_options``."""

    _fields_ = [
        ("struct_size", c_uint32),
        ("max_calls", c_uint32),
        ("max_value", c_uint64),
        ("call_ms", c_uint64),
        ("silence_ms", c_uint64),
        ("prefix", Bytes),
        ("username", c_char_p),
        ("password", c_char_p),
    ]


MemcacheAnswerFunction = CFUNCTYPE(None, c_void_p, Handle, POINTER(MemcacheAnswer), c_size_t)


class MemcacheHandler(Sized):
    """``plait_memcache_handler``."""

    _fields_ = [*TABLE, ("answers", MemcacheAnswerFunction)]


memcache_factory_new: Callable[..., int] = quick(
    "plait_memcache_factory_new",
    c_int,
    POINTER(Handle),
    POINTER(MemcacheOptions),
    POINTER(MemcacheHandler),
    c_void_p,
)
memcache_call: Callable[..., int] = quick(
    "plait_memcache_call",
    c_int,
    Handle,
    POINTER(MemcacheRequest),
    MemcacheAnswerFunction,
    c_void_p,
    POINTER(Handle),
)
memcache_get: Callable[..., int] = quick(
    "plait_memcache_get",
    c_int,
    Handle,
    c_char_p,
    c_size_t,
    MemcacheAnswerFunction,
    c_void_p,
    POINTER(Handle),
)
memcache_get_many: Callable[..., int] = quick(
    "plait_memcache_get_many",
    c_int,
    Handle,
    c_char_p,
    c_size_t,
    MemcacheAnswerFunction,
    c_void_p,
    POINTER(Handle),
)
memcache_set: Callable[..., int] = quick(
    "plait_memcache_set",
    c_int,
    Handle,
    c_char_p,
    c_size_t,
    c_char_p,
    c_size_t,
    c_uint32,
    c_int64,
    MemcacheAnswerFunction,
    c_void_p,
    POINTER(Handle),
)
memcache_get_pending: Callable[..., int] = quick(
    "plait_memcache_get_pending", c_int, Handle, POINTER(c_size_t), POINTER(c_size_t)
)
memcache_parse_flag: Callable[..., int] = quick(
    "plait_memcache_parse_flag", c_int, c_char_p, c_size_t, c_int, POINTER(Bytes)
)

# plait/memcache_pool.h
MEMCACHE_SERVERS_MAX = 1024

# plait_memcache_pool_options::distribution
MEMCACHE_KETAMA = 0
MEMCACHE_KETAMA_WEIGHTED = 1
MEMCACHE_RENDEZVOUS = 2

#: ``plait_memcache_pool_options::server``
MemcacheServerFunction = CFUNCTYPE(None, c_void_p, Handle, c_uint32, c_int, POINTER(Reason))


class MemcacheServer(Sized):
    """``plait_memcache_server``."""

    _fields_ = [
        ("struct_size", c_uint32),
        ("weight", c_uint32),
        ("endpoint", c_char_p),
        ("name", c_char_p),
    ]


class MemcachePoolOptions(Sized):
    """``plait_memcache_pool_options``."""

    _fields_ = [
        ("struct_size", c_uint32),
        ("distribution", c_uint32),
        ("eject_after", c_uint32),
        ("reserved", c_uint32),
        ("initial_ms", c_uint64),
        ("maximum_ms", c_uint64),
        ("timeout_ms", c_uint64),
        ("user", c_void_p),
        ("server", MemcacheServerFunction),
    ]


memcache_pool_open: Callable[..., int] = quick(
    "plait_memcache_pool_open",
    c_int,
    Handle,
    Handle,
    POINTER(MemcacheServer),
    c_size_t,
    POINTER(MemcachePoolOptions),
    POINTER(Handle),
)
memcache_pool_get_server: Callable[..., int] = quick(
    "plait_memcache_pool_get_server", c_int, Handle, c_char_p, c_size_t, POINTER(c_uint32)
)
memcache_pool_get_conn: Callable[..., int] = quick(
    "plait_memcache_pool_get_conn", c_int, Handle, c_uint32, POINTER(Handle)
)
