"""``plait/jid.h`` and ``plait/element.h``: constants, structs and functions."""

from __future__ import annotations

from collections.abc import Callable
from ctypes import POINTER, Structure, c_char_p, c_int, c_size_t, c_uint32

from .calls import quick
from .structs import Bytes, Handle, Reason, Sized

# plait/jid.h
JID_MAX = 3071
JID_PART_MAX = 1023
JID_BARE = 1

# plait/element.h
XML_SPACE = "http://www.w3.org/XML/1998/namespace"
ELEMENT_NONE = 4294967295


class Jid(Structure):
    """``plait_jid``."""

    _fields_ = [
        ("full", Bytes),
        ("bare", Bytes),
        ("node", Bytes),
        ("domain", Bytes),
        ("resource", Bytes),
    ]


class ElementLimits(Sized):
    """``plait_element_limits``."""

    _fields_ = [
        ("struct_size", c_uint32),
        ("max_bytes", c_uint32),
        ("max_depth", c_uint32),
        ("max_elements", c_uint32),
        ("max_attributes", c_uint32),
    ]


class ElementTable(Sized):
    """``plait_element_table``."""

    _fields_ = [
        ("struct_size", c_uint32),
        ("reserved", c_uint32),
        ("data", c_char_p),
        ("len", c_size_t),
        ("nodes", c_char_p),
        ("node_count", c_size_t),
        ("attributes", c_char_p),
        ("attribute_count", c_size_t),
    ]


# plait/jid.h
jid_parse: Callable[..., int] = quick(
    "plait_jid_parse", c_int, c_char_p, c_size_t, c_char_p, c_size_t, POINTER(Jid)
)
jid_make: Callable[..., int] = quick(
    "plait_jid_make", c_int, POINTER(Jid), c_char_p, c_size_t, POINTER(Jid)
)
jid_compare: Callable[..., int] = quick(
    "plait_jid_compare", c_int, c_char_p, c_size_t, c_char_p, c_size_t, c_uint32
)
jid_escape: Callable[..., int] = quick(
    "plait_jid_escape", c_int, c_char_p, c_size_t, c_char_p, c_size_t, POINTER(c_size_t)
)
jid_unescape: Callable[..., int] = quick(
    "plait_jid_unescape", c_int, c_char_p, c_size_t, c_char_p, c_size_t, POINTER(c_size_t)
)

# plait/element.h
element_new: Callable[..., int] = quick(
    "plait_element_new", c_int, POINTER(Handle), c_char_p, c_char_p
)
element_parse: Callable[..., int] = quick(
    "plait_element_parse",
    c_int,
    POINTER(Handle),
    c_char_p,
    c_size_t,
    POINTER(ElementLimits),
    POINTER(Reason),
)
element_copy: Callable[..., int] = quick(
    "plait_element_copy", c_int, POINTER(Handle), Handle, c_uint32
)
element_free: Callable[..., int] = quick("plait_element_free", c_int, Handle)
element_add: Callable[..., int] = quick(
    "plait_element_add", c_int, Handle, c_uint32, c_char_p, c_char_p
)
element_add_text: Callable[..., int] = quick(
    "plait_element_add_text", c_int, Handle, c_uint32, c_char_p, c_size_t
)
element_add_copy: Callable[..., int] = quick(
    "plait_element_add_copy", c_int, Handle, c_uint32, Handle, c_uint32
)
element_set_attribute: Callable[..., int] = quick(
    "plait_element_set_attribute",
    c_int,
    Handle,
    c_uint32,
    c_char_p,
    c_char_p,
    c_char_p,
    c_size_t,
)
element_get_attribute: Callable[..., int] = quick(
    "plait_element_get_attribute", c_int, Handle, c_uint32, c_char_p, c_char_p, POINTER(Bytes)
)
element_get_name: Callable[..., int] = quick(
    "plait_element_get_name", c_int, Handle, c_uint32, POINTER(Bytes), POINTER(Bytes)
)
element_get_text: Callable[..., int] = quick(
    "plait_element_get_text", c_int, Handle, c_uint32, POINTER(Bytes)
)
element_get_child: Callable[..., int] = quick(
    "plait_element_get_child", c_int, Handle, c_uint32, c_char_p, c_char_p
)
element_get_next: Callable[..., int] = quick(
    "plait_element_get_next", c_int, Handle, c_uint32, c_char_p, c_char_p
)
element_get_table: Callable[..., int] = quick(
    "plait_element_get_table", c_int, Handle, POINTER(ElementTable)
)
element_match: Callable[..., int] = quick(
    "plait_element_match", c_int, Handle, c_uint32, c_char_p
)
element_query: Callable[..., int] = quick(
    "plait_element_query", c_int, Handle, c_uint32, c_char_p, POINTER(c_uint32), c_size_t
)
element_write: Callable[..., int] = quick(
    "plait_element_write",
    c_int,
    Handle,
    c_uint32,
    c_char_p,
    c_char_p,
    c_size_t,
    POINTER(c_size_t),
)
