"""The functions that every program uses, without their ``plait_`` prefix.

Their documentation is in the headers, ``include/plait/*.h``. Importing this module loads the
library. Data that a call only reads is ``c_char_p``: bytes pass without a copy, and their length
is passed beside them. A header of a protocol family has a module of its own beside this one, with
its constants, structs and functions.
"""

from __future__ import annotations

from collections.abc import Callable
from ctypes import (
    POINTER,
    c_char_p,
    c_int,
    c_int64,
    c_size_t,
    c_uint,
    c_uint32,
    c_uint64,
    c_void_p,
)
from typing import Any

from .calls import driving, quick
from .structs import (
    Address,
    Bytes,
    ConnCounters,
    ConnectFunction,
    ConnectOptions,
    ConnectorHandler,
    ConnectorOptions,
    ConnLimits,
    DrainFunction,
    FactoryCounters,
    Handle,
    LineHandler,
    LineOptions,
    ListenOptions,
    LogFunction,
    PostFunction,
    RawHandler,
    ReactorOptions,
    Reason,
    StringHandler,
    StringOptions,
    TimerFunction,
    TransportOps,
)

# plait/version.h
version: Callable[..., int] = quick("plait_version", c_uint32)

# plait/status.h
strerror: Callable[..., bytes] = quick("plait_strerror", c_char_p, c_int)
err_name: Callable[..., bytes] = quick("plait_err_name", c_char_p, c_int)
err_errno: Callable[..., int] = quick("plait_err_errno", c_int, c_int)

# plait/handle.h
call_cancel: Callable[..., int] = quick("plait_call_cancel", c_int, Handle)

# plait/reactor.h
reactor_new: Callable[..., int] = quick(
    "plait_reactor_new", c_int, POINTER(Handle), POINTER(ReactorOptions)
)
reactor_free: Callable[..., int] = driving("plait_reactor_free", c_int, Handle)
# Reactors let go of the interpreter's lock by themselves where they wait, and have it for all callbacks of a turn.
reactor_run: Callable[..., int] = quick("plait_reactor_run", c_int, Handle)
reactor_poll: Callable[..., int] = quick("plait_reactor_poll", c_int, Handle, c_int64)
reactor_stop: Callable[..., int] = quick("plait_reactor_stop", c_int, Handle)
reactor_post: Callable[..., int] = quick(
    "plait_reactor_post", c_int, Handle, PostFunction, c_void_p
)
reactor_adopt: Callable[..., int] = quick("plait_reactor_adopt", c_int, Handle)
reactor_drain: Callable[..., int] = quick(
    "plait_reactor_drain", c_int, Handle, c_uint64, DrainFunction, c_void_p, POINTER(Handle)
)
reactor_fd: Callable[..., int] = quick("plait_reactor_fd", c_int, Handle, POINTER(c_int))
reactor_timeout: Callable[..., int] = quick(
    "plait_reactor_timeout", c_int, Handle, POINTER(c_int64)
)
reactor_now: Callable[..., int] = quick("plait_reactor_now", c_int, Handle, POINTER(c_uint64))
reactor_advance: Callable[..., int] = quick("plait_reactor_advance", c_int, Handle, c_uint64)
reactor_set_log: Callable[..., int] = quick(
    "plait_reactor_set_log", c_int, Handle, c_int, LogFunction, c_void_p
)

# plait/timer.h
timer_start: Callable[..., int] = quick(
    "plait_timer_start", c_int, Handle, c_uint64, c_uint64, TimerFunction, c_void_p, POINTER(Handle)
)
timer_cancel: Callable[..., int] = quick("plait_timer_cancel", c_int, Handle)
timer_reset: Callable[..., int] = quick("plait_timer_reset", c_int, Handle, c_uint64)
timer_delay: Callable[..., int] = quick("plait_timer_delay", c_int, Handle, c_int64)
timer_get_due: Callable[..., int] = quick("plait_timer_get_due", c_int, Handle, POINTER(c_uint64))

# plait/factory.h
factory_retain: Callable[..., int] = quick("plait_factory_retain", c_int, Handle)
factory_release: Callable[..., int] = quick("plait_factory_release", c_int, Handle)
factory_get_counters: Callable[..., int] = quick(
    "plait_factory_get_counters", c_int, Handle, POINTER(FactoryCounters)
)

# plait/conn.h
conn_write: Callable[..., int] = quick("plait_conn_write", c_int, Handle, c_char_p, c_size_t)
conn_write_many: Callable[..., int] = quick(
    "plait_conn_write_many", c_int, Handle, POINTER(Bytes), c_size_t
)
conn_pause: Callable[..., int] = quick("plait_conn_pause", c_int, Handle)
conn_resume: Callable[..., int] = quick("plait_conn_resume", c_int, Handle)
conn_close: Callable[..., int] = quick("plait_conn_close", c_int, Handle)
conn_close_write: Callable[..., int] = quick("plait_conn_close_write", c_int, Handle)
conn_abort: Callable[..., int] = quick("plait_conn_abort", c_int, Handle)
conn_set_factory: Callable[..., int] = quick("plait_conn_set_factory", c_int, Handle, Handle)
conn_set_user: Callable[..., int] = quick("plait_conn_set_user", c_int, Handle, c_void_p)
conn_get_user: Callable[..., int] = quick("plait_conn_get_user", c_int, Handle, POINTER(c_void_p))
conn_get_peer: Callable[..., int] = quick("plait_conn_get_peer", c_int, Handle, POINTER(Address))
conn_get_local: Callable[..., int] = quick("plait_conn_get_local", c_int, Handle, POINTER(Address))
conn_get_fd: Callable[..., int] = quick("plait_conn_get_fd", c_int, Handle, POINTER(c_int))
conn_get_counters: Callable[..., int] = quick(
    "plait_conn_get_counters", c_int, Handle, POINTER(ConnCounters)
)
conn_set_limits: Callable[..., int] = quick(
    "plait_conn_set_limits", c_int, Handle, POINTER(ConnLimits)
)
conn_set_no_delay: Callable[..., int] = quick("plait_conn_set_no_delay", c_int, Handle, c_int)
conn_set_keep_alive: Callable[..., int] = quick("plait_conn_set_keep_alive", c_int, Handle, c_uint)

# plait/endpoint.h
endpoint_check: Callable[..., int] = quick(
    "plait_endpoint_check", c_int, c_char_p, c_int, POINTER(Reason)
)
listen: Callable[..., int] = quick(
    "plait_listen", c_int, Handle, c_char_p, Handle, POINTER(ListenOptions), POINTER(Handle)
)
listener_get_port: Callable[..., int] = quick("plait_listener_get_port", c_int, Handle)
listener_get_local: Callable[..., int] = quick(
    "plait_listener_get_local", c_int, Handle, POINTER(Address)
)
listener_pause: Callable[..., int] = quick("plait_listener_pause", c_int, Handle)
listener_resume: Callable[..., int] = quick("plait_listener_resume", c_int, Handle)
listener_close: Callable[..., int] = quick("plait_listener_close", c_int, Handle)
connect: Callable[..., int] = quick(
    "plait_connect",
    c_int,
    Handle,
    c_char_p,
    Handle,
    POINTER(ConnectOptions),
    ConnectFunction,
    c_void_p,
    POINTER(Handle),
)

# plait/connector.h
connector_start: Callable[..., int] = quick(
    "plait_connector_start",
    c_int,
    Handle,
    c_char_p,
    Handle,
    POINTER(ConnectorOptions),
    POINTER(ConnectorHandler),
    c_void_p,
    POINTER(Handle),
)
connector_reset: Callable[..., int] = quick("plait_connector_reset", c_int, Handle)
connector_stop: Callable[..., int] = quick("plait_connector_stop", c_int, Handle)
connector_get_conn: Callable[..., int] = quick(
    "plait_connector_get_conn", c_int, Handle, POINTER(Handle)
)

# plait/attach.h
conn_attach: Callable[..., int] = quick(
    "plait_conn_attach", c_int, Handle, Handle, POINTER(TransportOps), c_void_p, POINTER(Handle)
)
conn_feed: Callable[..., int] = quick("plait_conn_feed", c_int, Handle, c_char_p, c_size_t)
conn_eof: Callable[..., int] = quick("plait_conn_eof", c_int, Handle, c_int)
conn_writable: Callable[..., int] = quick("plait_conn_writable", c_int, Handle)

# plait/raw.h
raw_factory_new: Callable[..., int] = quick(
    "plait_raw_factory_new", c_int, POINTER(Handle), POINTER(RawHandler), c_void_p
)

# plait/line.h
line_factory_new: Callable[..., int] = quick(
    "plait_line_factory_new",
    c_int,
    POINTER(Handle),
    POINTER(LineOptions),
    POINTER(LineHandler),
    c_void_p,
)
line_send: Callable[..., int] = quick("plait_line_send", c_int, Handle, c_char_p, c_size_t)
line_send_many: Callable[..., int] = quick(
    "plait_line_send_many", c_int, Handle, c_char_p, c_size_t, c_char_p, c_size_t
)
line_set_raw_mode: Callable[..., int] = quick("plait_line_set_raw_mode", c_int, Handle)
line_set_line_mode: Callable[..., int] = quick(
    "plait_line_set_line_mode", c_int, Handle, c_char_p, c_size_t
)
line_set_delimiter: Callable[..., int] = quick(
    "plait_line_set_delimiter", c_int, Handle, c_char_p, c_size_t
)
line_set_max_length: Callable[..., int] = quick(
    "plait_line_set_max_length", c_int, Handle, c_size_t, c_uint32
)
line_clear_buffer: Callable[..., int] = quick(
    "plait_line_clear_buffer", c_int, Handle, c_char_p, c_size_t, POINTER(c_size_t)
)

# plait/string.h
string_factory_new: Callable[..., int] = quick(
    "plait_string_factory_new",
    c_int,
    POINTER(Handle),
    POINTER(StringOptions),
    POINTER(StringHandler),
    c_void_p,
)
string_send: Callable[..., int] = quick("plait_string_send", c_int, Handle, c_char_p, c_size_t)
string_send_many: Callable[..., int] = quick(
    "plait_string_send_many", c_int, Handle, c_char_p, c_size_t, c_char_p, c_size_t
)
string_set_max_length: Callable[..., int] = quick(
    "plait_string_set_max_length", c_int, Handle, c_size_t
)
