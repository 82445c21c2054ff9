#!/usr/bin/env python3
"""Calls every exported function with what it must refuse: misuse.py [NAME...]

The cases are made from the headers: every parameter's type, name and comment say what is wrong to give. So a
function is covered from the day it is declared. One thing is wrong at a time, and the answer must be the code that
belongs to it, be listed among the function's errors, leave the outputs as they were and call nobody back. Each
function has a process of its own, so that a crash is a line in the report; memory given to the library ends at a wall.
"""

import ctypes
import itertools
import os
import re
import signal
import subprocess
import sys
import threading

import abi
from world import PROCESS_WIDE, Untaught, World, at_the_wall

C = abi.CONSTANTS
INVALID, STALE, TYPE, THREAD = (C["PLAIT_ERR_" + name] for name in ("INVALID", "STALE", "TYPE", "THREAD"))
FORKED, SIZE, BOUND = (C["PLAIT_ERR_" + name] for name in ("FORKED", "STRUCT_SIZE", "BOUND"))
PATTERN = 0xA5
# Numbers that are out of range wherever a parameter has this type and this name; other numbers are tried too, and may
# be answered by anything that is documented.
OUT_OF_RANGE = {
    ("size_t", "len"): (C["PLAIT_BYTES_MAX"] + 1, 1 << 31, 1 << 63, (1 << 64) - 1),
    ("size_t", "count"): (C["PLAIT_BYTES_MAX"] + 1, 1 << 61, 1 << 63, (1 << 64) - 1),
    ("size_t", "max_length"): (C["PLAIT_BYTES_MAX"] + 1, 1 << 63, (1 << 64) - 1),
    ("uint32_t", "binding"): (0, 4, 0xFFFFFFFF),
    ("uint64_t", "delay_ms"): ((1 << 62) + 1, (1 << 64) - 1),
    ("uint64_t", "repeat_ms"): ((1 << 62) + 1, (1 << 64) - 1),
    ("uint64_t", "limit_ms"): ((1 << 62) + 1, (1 << 64) - 1),
    ("uint64_t", "idle_ms"): ((1 << 62) + 1, (1 << 64) - 1),
    ("uint64_t", "ms"): ((1 << 62) + 1, (1 << 64) - 1),
    ("int64_t", "more_ms"): ((1 << 62) + 1, (1 << 63) - 1),
    ("size_t", "index"): (1 << 31, 1 << 63, (1 << 64) - 1),
    ("int", "use"): (0, 3, -1, (1 << 31) - 1),
    ("int", "level"): (-1, 5, -(1 << 31), (1 << 31) - 1),
    ("uint32_t", "flags"): (0xFFFFFFFF, 0x80000000),
    ("int64_t", "now"): (-1, -(1 << 63)),
    ("unsigned int", "idle_s"): (32768, 0xFFFFFFFF),
}
# The same for the fields of structs.
FIELDS_OUT_OF_RANGE = {
    "interval_ms": ((1 << 64) - 1,), "ping_ms": ((1 << 64) - 1,), "pong_ms": ((1 << 64) - 1,), "registration_ms": ((1 << 64) - 1,),
    "mechanisms": (1, 0xFFFFFFFF), "burst": (0xFFFFFFFF,), "max_line": (0xFFFFFFFF,), "max_waiting": (0xFFFFFFFF,),
    "flags": (0xFFFFFFFF,), "format": (99,), "prefix_length": (9, 0xFFFFFFFF), "log_level": (5, 0xFFFFFFFF),
    "max_length": (C["PLAIT_BYTES_MAX"] + 1, (1 << 64) - 1), "timeout_ms": ((1 << 64) - 1,), "maximum_ms": ((1 << 64) - 1,),
    "initial_ms": ((1 << 64) - 1,), "cap": (C["PLAIT_BYTES_MAX"] + 1,), "close_ms": ((1 << 64) - 1,),
    "state_count": (0, C["PLAIT_STATES_MAX"] + 1, (1 << 64) - 1), "initial_len": (C["PLAIT_BYTES_MAX"] + 1, (1 << 64) - 1),
    "kind": (3, 0xFFFFFFFF), "cut": (6, 0xFFFFFFFF), "peer_port": (65536,), "local_port": (65536,), "randoms": ((1 << 20) + 1, (1 << 64) - 1),
    "size": (C["PLAIT_BYTES_MAX"] + 1, (1 << 64) - 1), "delay_ms": ((1 << 64) - 1,),
    "min_version": (1, 0x0301, 0x0305), "max_version": (1, 0x0302), "client_certificate": (3, 0xFFFFFFFF),
    "verify_depth": (101, 0xFFFFFFFF), "connect_ms": ((1 << 64) - 1,), "bind_ms": ((1 << 64) - 1,), "version": (1, 0xFFFFFFFF), "family": (77, 0xFFFFFFFF), "port": (65536,), "identity_count": (1, 1001, (1 << 64) - 1), "alpn_count": (1, 33, (1 << 64) - 1),
    "pin_count": (1, 65, (1 << 64) - 1), "ticket_keys_len": (1, 80, (1 << 64) - 1), "role": (99, 0xFFFFFFFF),
    "idle_ms": ((1 << 64) - 1,), "handshake_ms": ((1 << 64) - 1,), "absolute_ms": ((1 << 64) - 1,), "grace_ms": ((1 << 64) - 1,),
    "rate_ms": ((1 << 64) - 1,), "deny_ms": ((1 << 64) - 1,), "ipv6_peer_bits": (129,), "ipv4_subnet_bits": (33,),
    "ipv6_subnet_bits": (129,), "fd": (-1,), "mode": (0o1000,), "distribution": (99,),
    "call_ms": ((1 << 64) - 1,), "silence_ms": ((1 << 64) - 1,), "query_ms": ((1 << 64) - 1,), "limit_ms": ((1 << 64) - 1,), "max_value": (C["PLAIT_BYTES_MAX"] + 1,),
    "mechanisms": (128, 0xFFFFFFFF), "login_ms": ((1 << 64) - 1,), "max_depth": (10_001,),
    "passive_first": (65536,), "passive_last": (65536,), "data_ms": ((1 << 64) - 1,), "stall_ms": ((1 << 64) - 1,), "file_mode": (0o1000,),
    "directory_mode": (0o1000,), "show": (5,), "state": (6,), "error": (1,), "node": (1,), "affiliation": (6,), "subscription": (5,),
    "descriptor": (-2, 1 << 20), "offset": (1, (1 << 64) - 1), "reply_ms": ((1 << 64) - 1,),
    "factor": (0.5, -1.0, float("nan"), float("inf")), "jitter": (1.0, -0.5, float("nan")),
}
RESERVED = {"reserved": (1, 0xFFFFFFFF)}
EXTREMES = {
    "int": (0, 1, -1, -(1 << 31), (1 << 31) - 1), "unsigned int": (0, (1 << 32) - 1), "uint32_t": (0, (1 << 32) - 1),
    "size_t": (0,), "uint64_t": (0, 1 << 62, (1 << 63) - 1), "int64_t": (0, -1, -(1 << 63)),
}
# What a conn may speak.
SPOKEN = abi.SPOKEN
# Numbers that may be anything: that is what their comments say, if not in a way that `out_of_range` would see.
ANY = {
    ("uint32_t", "index"), ("int", "fd"), ("uint64_t", "number"), ("uint64_t", "query"), ("uint64_t", "question"), ("int32_t", "number"), ("size_t", "cap"), ("int", "status"), ("int", "on"),
    ("size_t", "most"), ("size_t", "room"), ("uint32_t", "rounds"), ("uint32_t", "value_flags"), ("int64_t", "expiry"), ("int", "letter"),
    ("int64_t", "timeout_ms"), ("uint64_t", "room"), ("uint32_t", "node"), ("uint32_t", "parent"), ("int32_t", "condition"),
}
# The same for the fields of structs; limits, `max_...`, may be anything.
FIELDS_ANY = {
    "len", "length_limit", "size_limit", "turn_bytes", "seed", "form", "offset_minutes", "integer", "real", "count", "type", "room",
    "accept_rate", "accept_burst", "history", "priority", "read", "write", "read_each", "write_each", "overflow", "attempt_delay_ms", "high_water", "low_water",
    "min_rate", "numeric", "parameters", "keep_alive_ms", "tls", "parent", "most_two", "foreground", "background", "backlog", "value_flags",
    "expiry", "number", "command", "weight", "eject_after", "rate", "scope", "host", "file_size", "modified", "links", "uid", "gid",
}
# Texts that are no endpoint.
BAD_TEXTS = (b"", b"x" * 100000, b"\xff\xfe", b"done")
# function: what is right, and what is none.
NAMES = {
    "plait_service_add": (b"a", (b"", b"x" * 100000)),
    "plait_stateful_string_set_state": (b"init", BAD_TEXTS), "plait_amp_command_parse": (b"Sum()", BAD_TEXTS),
    "plait_amp_command_add_argument": (b"Integer", BAD_TEXTS), "plait_amp_command_add_response": (b"Integer?", BAD_TEXTS),
    "plait_element_match": (b"/a", (b"", b"x" * 100000, b"a", b"/a[")), "plait_xmpp_factory_add_handler": (b"/a", (b"", b"x" * 100000, b"a", b"/a[")), "plait_element_query": (b"/a", (b"", b"x" * 100000, b"a", b"/a[")),
    "plait_amp_command_add_type": (b"Mine", (b"", b"x" * 100000, b"\xff\xfe", b"Integer", b"a b", b"a(")), "plait_amp_answer_error": (b"CODE", ()),
    "plait_ftp_server_factory_add_command": (b"HELLO", (b"", b"x" * 100000, b"\xff\xfe", b"A B", b"A1")),
}
# Numbers of some functions that are right where the usual ones are not.
NUMBERS = {
    ("plait_amp_command_add_error", "flags"): 0, ("plait_amp_answer_error", "flags"): 0, ("plait_amp_get_real", "index"): 1,
    ("plait_memcache_parse_flag", "letter"): ord("a"), ("plait_memcache_pool_get_conn", "index"): 0,
    ("plait_ftp_request_answer", "code"): 200, ("plait_ftp_server_factory_add_command", "flags"): 0,
    ("plait_amp_send_boxes", "len"): 2, ("plait_amp_get_items", "count"): 0,
    ("plait_irc_split", "room"): 8,
    ("plait_element_parse", "len"): 4, ("plait_xmpp_call", "node"): 0, ("plait_xmpp_get_caps", "node"): 0, ("plait_xmpp_answer_error", "condition"): 219,
}
# What is refused though nothing is wrong with the call. ABSENT: the box, the element or the text has no such thing; UNSUPPORTED: the conns
# here have a host's own transport and no TLS; PROTOCOL and VALUE: "abc" is read, or made a part of something. Any other function whose
# call should be right has to succeed, or no case of it would prove anything.
REFUSED = {
    **dict.fromkeys(("plait_amp_get_real", "plait_amp_get_field", "plait_amp_get_error", "plait_amp_take_descriptor", "plait_irc_numeric_parse",
                     "plait_ident_get_uid", "plait_element_get_attribute", "plait_element_get_text", "plait_element_get_child", "plait_element_get_next"), "ABSENT"),
    **dict.fromkeys(("plait_amp_send_descriptor", "plait_conn_set_no_delay", "plait_conn_set_keep_alive", "plait_conn_get_fd",
                     "plait_conn_get_tls",
                     "plait_conn_get_peer_certificate", "plait_conn_get_channel_binding"), "UNSUPPORTED"),
    **dict.fromkeys(("plait_amp_parse_arguments", "plait_amp_parse_response", "plait_amp_box_read", "plait_irc_dcc_parse"), "PROTOCOL"),
    **dict.fromkeys(("plait_irc_message_make", "plait_jid_make"), "VALUE"),
    **dict.fromkeys(("plait_service_add", "plait_service_answer"), "TYPE"),  # the call is no look-up: Tests/c/xmpp_sessions.c has some
    "plait_memcache_pool_get_conn": "CLOSED",  # its server was never reached
}
# Negative and huge ones wait without limit, which is what is asked for.
WITHOUT_EXTREMES = {("plait_reactor_poll", "timeout_ms")}


def out_of_range(part):
    """What a number must not be, by its name or by its comment: "1 to 999", "at least 4", "PLAIT_A, PLAIT_B or PLAIT_C"; None: that
    is not said."""
    named = part.name.rpartition("_")[2]
    found = OUT_OF_RANGE.get((part.type, part.name if part.type != "size_t" or named not in ("len", "count") else named))
    if found is not None:
        return found
    highest = (1 << 8 * ctypes.sizeof(abi.PLAIN[part.type])) - 1 if part.type.startswith(("u", "size")) else None
    span, least = re.search(r"\b(\d+) to ([\d,]+)", part.about), re.search(r"\bat least (\d+)", part.about)
    chosen = re.match(r"\[in\] (?:a )?(PLAIT_\w+(?:(?:, | or )PLAIT_\w+)+)", part.about)
    if span:
        low, high = int(span[1]), int(span[2].replace(",", ""))
        return tuple(value for value in (low - 1, high + 1, highest) if value is not None and (value >= 0 or highest is None))
    if chosen:
        return max(C[name] for name in re.findall(r"PLAIT_\w+", chosen[1])) + 1, highest or (1 << 31) - 1
    return (int(least[1]) - 1,) if least and int(least[1]) > 0 else None


def untaught():
    """What the headers have that no case can be made for: a function that is not covered must not pass."""
    for function in abi.FUNCTIONS.values():
        for part in function.parameters:
            if part.pointer or part.type in abi.CALLBACKS or part.type in abi.HANDLES:
                continue
            if out_of_range(part) is None and (part.type, part.name) not in ANY:
                yield (f"{function.name}: what must `{part.type} {part.name}` not be? Let its comment say it (\"1 to 9\", \"at least 4\", its constants), "
                       "or OUT_OF_RANGE or ANY of misuse.py")
        for part in function.parameters:
            fields = getattr(abi.STRUCTS.get(part.type), "_fields_", ()) if part.pointer and not part.is_output else ()
            for name, kind in fields:
                is_number = kind is not ctypes.c_void_p and kind is not ctypes.c_char_p and not issubclass(kind, ctypes._CFuncPtr)
                if is_number and not name.startswith("max_") and kind is not abi.STRUCTS["plait_bytes"] and name not in (*FIELDS_OUT_OF_RANGE, *RESERVED, *FIELDS_ANY, "struct_size", "id"):
                    yield f"{part.type}::{name}: what must it not be? Let FIELDS_OUT_OF_RANGE or FIELDS_ANY of misuse.py say it"
        if function.result != "int" and any(part.pointer or part.type in abi.HANDLES for part in function.parameters):
            yield f"{function.name}: answers {function.result}, no status, though it is given what can be wrong"


class Case:
    """Arguments of which one is wrong, and the answers that are right."""

    def __init__(self, what, arguments, wanted, thread=False, fork=False):
        self.what, self.arguments, self.wanted, self.thread, self.fork = what, arguments, wanted, thread, fork


class Cases:
    def __init__(self, function):
        self.function = function
        self.world = World(abi.load())
        self.call = getattr(self.world.library, function.name)
        self.outputs = []  # (address, size, bytes before)
        self.valid = [self.valid_argument(place, part) for place, part in enumerate(function.parameters)]

    # What is right

    def struct_at_the_wall(self, made, size=None):
        content = bytes(made)
        size = len(content) if size is None else size
        return at_the_wall((content + bytes(size))[:size], 8)

    def valid_struct(self, part):
        name = part.type.removeprefix("plait_")
        made = abi.struct(name) if part.is_output else self.world.filled(name)
        if part.is_output:
            ctypes.memset(ctypes.addressof(made) + 4, PATTERN, ctypes.sizeof(made) - 4)
        return made

    def output(self, content):
        address = at_the_wall(content)
        self.outputs.append((address, len(content), bytes(content)))
        return address

    def accumulating(self):
        """A factory that has built a protocol already."""
        made = self.world.factories["accumulating"]
        self.world.conn(self.world.reactor, made)
        return made

    def conn_for(self, name):
        if name.startswith("plait_memcache_pool_"):
            return self.world.pool
        if name.startswith("plait_ident_answer"):
            return self.world.conns["ident_server"]
        if name.startswith("plait_timeout_"):
            return self.world.timed
        return self.world.conns[next((kind for kind in SPOKEN if name.startswith(f"plait_{kind}_")), "raw")]

    def valid_argument(self, place, part):
        function, world = self.function, self.world
        if part.type in abi.CALLBACKS:
            return world.callback(abi.CALLBACKS[part.type], part.name)
        if part.pointer:
            if part.type == "char" and function.name in NAMES:
                return NAMES[function.name][0]
            if function.name == "plait_amp_get_items" and part.name == "list":
                return at_the_wall(bytes(abi.STRUCTS["plait_amp_value"](type=world.list_type)))
            if part.name == "pairs":  # of a key and a value each
                return at_the_wall(bytes(abi.STRUCTS["plait_bytes"](at_the_wall(b"abc"), 3)) * 2)
            if part.type == "char" and function.name.startswith(("plait_element_", "plait_xmpp_")):
                return {"name": b"a", "space": b"u"}.get(part.name if function.name == "plait_xmpp_query" or part.name == "name" else "")
            if part.type == "char":
                return b"memory:spare" if function.name == "plait_listen" else b"memory:here"
            if part.type == "void" or (function.name, part.name) == ("plait_irc_get_lag", "lag_ms"):  # there is none yet
                return None
            if part.is_output:
                if "struct_size" in dict(getattr(abi.STRUCTS.get(part.type), "_fields_", ())):
                    return self.output(bytes(self.valid_struct(part)))
                size = ctypes.sizeof(abi.STRUCTS[part.type]) if part.type in abi.STRUCTS else 8
                return self.output(bytes([PATTERN]) * (4096 if part.type == "uint8_t" else size * (8 if part.name == "values" else 1)))
            if function.name == "plait_amp_send_boxes":
                return at_the_wall(b"\0\0")
            if function.name == "plait_element_parse" and part.name == "data":
                return at_the_wall(b"<a/>")
            if part.type == "uint8_t":
                return at_the_wall(bytes(80) if part.name == "keys" and "memcache" not in function.name else b"abc")
            if part.type == "uint32_t":
                return at_the_wall(bytes(abi.STRUCTS["plait_reactor"](1 << 32)))  # offset 0, length 1
            if part.type == "plait_bytes":
                return at_the_wall(bytes(abi.STRUCTS["plait_bytes"](at_the_wall(b"abc"), 3)))
            return self.struct_at_the_wall(self.valid_struct(part))
        if part.type == "plait_conn":
            return self.conn_for(function.name)
        if function.name.startswith("plait_memory_") and part.type in world.hand:
            return world.hand[part.type]
        if function.name.startswith("plait_loopback_") and part.type == "plait_call":
            return world.loopback
        if function.name.startswith("plait_accumulating_") and part.type == "plait_factory":
            return self.accumulating()
        if part.type == "plait_factory" and function.name == "plait_memcache_pool_open":
            return world.factories["memcache"]
        if part.type == "plait_ftp_request" and function.name in ("plait_ftp_request_answer", "plait_ftp_request_pass"):
            return world.ftp_command
        if part.type == "plait_ftp_request" and function.name in world.FTP_ASKED:
            return world.ftp_asked(world.FTP_ASKED[function.name])
        if function.name == "plait_ftp_request_set_descriptor" and part.name == "fd":
            return os.dup(2)  # it is the library's
        if part.type == "plait_factory" and function.name.startswith("plait_ftp_"):
            return world.factories["ftp_server"]
        if part.type == "plait_factory" and function.name.startswith("plait_amp_factory_"):
            return world.factories["amp"]
        if part.type == "plait_amp_command" and "_add_" in function.name and part.name == "command" and "factory" not in function.name:
            return world.command(b"Fresh()")
        if part.type == "plait_amp_command" and function.name == "plait_amp_call_switch":
            return world.command(b"Switch(a: Integer?) switch")
        if part.type == "plait_factory" and place == 0 and function.name.split("_")[1] in world.policies:
            return world.policies[function.name.split("_")[1]]
        if part.type == "plait_amp_box" and function.name in world.requests:
            return world.requests[function.name]
        if function.name == "plait_xmpp_call" and part.type == "plait_element":
            return world.element(b"<iq xmlns='jabber:client' type='get'><q/></iq>")
        if function.name in ("plait_xmpp_read_message", "plait_xmpp_read_presence") and part.type == "plait_element":
            return world.element(b"<%s xmlns='jabber:client'/>" % function.name.rsplit("_", 1)[1].encode())
        if part.type == "plait_factory" and function.name.startswith("plait_xmpp_factory_"):
            return world.factories["xmpp"]
        if part.type == "plait_element" and part.name in ("from", "payload"):
            return world.element()  # another one than that which gets a copy
        if part.type in abi.HANDLES:
            return world.live[part.type]
        if (function.name, part.name) in NUMBERS:
            return NUMBERS[function.name, part.name]
        if function.name == "plait_tls_config_set_ticket_keys":
            return 80
        return {"len": 3, "count": 1, "cap": 4096, "index": 0, "status": -34 if function.name == "plait_memory_refuse" else 0}.get(part.name, 1)

    # What is wrong

    def cases(self):
        yield Case("all right", self.valid, None)
        for place, part in enumerate(self.function.parameters):
            if part.type in abi.HANDLES and not part.pointer:
                yield from self.wrong_handles(place, part)
            elif part.pointer or part.type in abi.CALLBACKS:
                yield from self.wrong_pointers(place, part)
            else:
                yield from self.wrong_numbers(place, part)

    def at(self, place, value, what, wanted, **how):
        arguments = list(self.valid)
        arguments[place] = value
        name = self.function.parameters[place].name
        return Case(f"{name}: {what}", arguments, wanted, **how)

    def wrong_handles(self, place, part):
        world, right = self.world, self.valid[place]
        stale = {STALE}
        yield self.at(place, 0, "zero", None if "or {0}" in part.about else stale)
        yield self.at(place, (1 << 64) - 1, "all ones", stale)
        yield self.at(place, world.ended[part.type], "ended", stale)
        yield self.at(place, right ^ 1, "another generation", stale)
        yield self.at(place, right ^ 1 << 49, "a slot that never was", stale)
        yield self.at(place, right ^ 1 << 59, "a reactor that never was", stale)
        yield self.at(place, right & ~(15 << 60) | 15 << 60, "a kind that never was", stale)
        for kind, handle in world.live.items():
            if kind != part.type:
                yield self.at(place, handle, "a live " + kind, {TYPE})
                yield self.at(place, world.ended[kind], "an ended " + kind, stale)
        if part.type == "plait_conn" and self.function.name.startswith(tuple(f"plait_{kind}_" for kind in SPOKEN)):
            for kind in ("raw", *SPOKEN):
                # One of states is one of strings, too.
                if world.conns[kind] != right and not (kind == "stateful_string" and right == world.conns["string"]):
                    yield self.at(place, world.conns[kind], f"one that speaks {kind}", {TYPE})
        if part.type in PROCESS_WIDE:
            if part.type == "plait_factory" and place > 0 and BOUND in self.function.documented_errors()[0]:
                yield self.at(place, world.elsewhere["bound factory"], "of another reactor",
                              {TYPE} if "memcache" in self.function.name or "xmpp" in self.function.name else {BOUND})
            return
        thread = self.function.sections.get("thread", "")
        if thread.startswith(("the reactor's", "the owner")):
            yield self.at(place, world.elsewhere[part.type], "of another thread's reactor", {THREAD})
            yield self.at(place, right, "called by another thread", {THREAD}, thread=True)
        yield self.at(place, right, "called by a child after fork", {FORKED}, fork=True)

    def wrong_pointers(self, place, part):
        if part.type in abi.CALLBACKS:
            yield self.at(place, abi.CALLBACKS[part.type](), "NULL", None if part.may_be_null or part.type == "plait_log_fn" else {INVALID})
            return
        if part.type == "void":
            return
        yield self.at(place, None, "NULL", None if part.may_be_null else {INVALID})
        if part.type == "char" and self.function.name in NAMES:
            for text in NAMES[self.function.name][1]:
                yield self.at(place, text, repr(text[:24]), {INVALID})
        elif part.type == "char" and self.function.name.startswith(("plait_element_", "plait_xmpp_")):
            yield self.at(place, b"x" * 100000, "too long", {INVALID})
            for text in (b"", b"a b", b"1", b"\1", b"\xff\xfe"):
                yield self.at(place, text, repr(text), None)
        elif part.type == "char":
            wanted = {C["PLAIT_ERR_ENDPOINT"]}
            for text in (b"", b":", b"tcp", b"tcp:", b"\xff\xfe", b"tcp:99999999999999999999", b"no such kind:1", b"x" * 100000, b"tcp:1:2:3:4:5"):
                yield self.at(place, text, repr(text[:24]), wanted)
            yield self.at(place, b"tls:example.org", "tls", wanted)
        fields = dict(getattr(abi.STRUCTS.get(part.type), "_fields_", ()))
        if "struct_size" in fields:
            yield from self.wrong_structs(place, part, fields)

    def wrong_structs(self, place, part, fields):
        known = ctypes.sizeof(abi.STRUCTS[part.type])
        made = self.valid_struct(part)

        def sized(size, content):
            made.struct_size = size
            return at_the_wall((bytes(made) + content)[:max(size if size < 70000 else known, 4)], 8)
        for size in sorted({0, 1, 3, 4, 8, known // 2, known - 8, known - 1}):
            yield self.at(place, sized(size, b""), f"struct_size {size}", {SIZE})
        for size in (0x7FFFFFFF, 0xFFFFFFFF):
            yield self.at(place, sized(size, b""), f"struct_size {size}", {SIZE})
        yield self.at(place, sized(known + 8, bytes(8)), "longer, with zeros", None)
        made.struct_size = known
        if part.is_output:
            return
        for where in (0, 7, 23):
            tail = bytearray(24)
            tail[where] = 1
            yield self.at(place, sized(known + 24, bytes(tail)), f"longer, with something at {where}", {SIZE})
        made.struct_size = known
        for name, values in {**FIELDS_OUT_OF_RANGE, **RESERVED}.items():
            for value in values if name in fields else ():
                kept = getattr(made, name)
                setattr(made, name, value)
                yield self.at(place, self.struct_at_the_wall(made), f"{name} {value}", {INVALID, SIZE} if name in RESERVED else {INVALID})
                setattr(made, name, kept)
        for name, kind in fields.items():
            if kind is not abi.STRUCTS["plait_bytes"]:
                continue
            kept = bytes(getattr(made, name))
            for data, size in ((None, 3), (at_the_wall(b"abc"), C["PLAIT_BYTES_MAX"] + 1), (at_the_wall(b"abc"), (1 << 64) - 1)):
                setattr(made, name, kind(data, size))
                yield self.at(place, self.struct_at_the_wall(made), f"{name} of {size} bytes at {'NULL' if data is None else 'a few'}", {INVALID})
            setattr(made, name, kind.from_buffer_copy(kept))

    def wrong_numbers(self, place, part):
        wrong = out_of_range(part) or ()
        for value in wrong:
            yield self.at(place, value, str(value), {INVALID})
        if (self.function.name, part.name) in WITHOUT_EXTREMES:
            return
        for value in EXTREMES.get(part.type, ()):
            if value not in wrong:
                yield self.at(place, value, str(value), None)


# Running them

def answer(cases, case):
    """The status, by whichever thread or process is to make the call."""
    if case.fork:
        child = os.fork()
        if child == 0:
            status = cases.call(*case.arguments)
            os._exit(0 if status in case.wanted else 100 + min(-status, 100) if status < 0 else 99)
        code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        return next(iter(case.wanted)) if code == 0 else -(code - 100) if code >= 100 else code
    if case.thread:
        got = []
        thread = threading.Thread(target=lambda: got.append(cases.call(*case.arguments)))
        thread.start()
        thread.join()
        return got[0]
    return cases.call(*case.arguments)


def problems_of(cases, case, status):
    """What is wrong with the answer, if anything."""
    function = cases.function
    if case.wanted is None:
        if not function.documents(status):
            yield f"{abi.name_of(status)} is not among its errors"
        return
    if status not in case.wanted:
        yield f"gave {abi.name_of(status) if status else status}, not {' or '.join(map(abi.name_of, sorted(case.wanted)))}"
    elif not case.fork and not function.documents(status):
        yield f"{abi.name_of(status)} is right, and not among its errors"
    if status < 0:
        for address, size, before in cases.outputs:
            if ctypes.string_at(address, size) != before:
                ctypes.memmove(address, before, size)
                if not function.writes_on(status):
                    yield "failed, and has written an output"
        if cases.world.calls:
            yield f"failed, and called {cases.world.calls[0]}"


def restart(cases, function):
    """A success changes the world, so the next case gets a new one; reactors are many, and freed by the thread that made them."""
    cases.world.free()
    return Cases(function)


def check_function(name):
    """Prints a line for each problem; the process that runs this may die of one."""
    function = abi.FUNCTIONS[name]
    if not function.parameters:
        return 0
    if function.result != "int":  # any number will do
        for values in itertools.product(*(EXTREMES[part.type] for part in function.parameters)):
            getattr(abi.load(), name)(*values)
        return 0
    try:
        cases, count, bad = Cases(function), 0, 0
    except Untaught as problem:
        print(f"problem {problem}", flush=True)
        return 1
    total = len(list(cases.cases()))
    index = 0
    while index < total:
        case = list(cases.cases())[index]
        print(f"at {case.what}", flush=True)
        cases.world.calls.clear()
        if name == "plait_reactor_run":
            cases.world.library.plait_reactor_stop(cases.world.reactor)
        status = answer(cases, case)
        for problem in problems_of(cases, case, status):
            bad += 1
            print(f"problem {case.what}: {problem}", flush=True)
        if status >= 0:
            cases = restart(cases, function)
        elif case.what == "all right" and abi.name_of(status).removeprefix("PLAIT_ERR_") != REFUSED.get(name):
            bad += 1
            print(f"problem {case.what}: {abi.name_of(status)}: teach world.py or misuse.py to make a call of it that is right", flush=True)
        count += 1
        index += 1
    print(f"cases {count}", flush=True)
    return bad


def main(names):
    signal.signal(signal.SIGPIPE, signal.SIG_DFL)
    if names[:1] == ["--one"]:
        return 1 if check_function(names[1]) else 0
    abi.load()  # or say at once, and only once, that there is none
    failed = cases = 0
    for problem in dict.fromkeys(untaught()):
        print(problem)
        failed += 1
    for name in names or abi.FUNCTIONS:
        done = subprocess.run([sys.executable, __file__, "--one", name], capture_output=True, text=True, timeout=120)
        lines = done.stdout.splitlines()
        problems = [line.removeprefix("problem ") for line in lines if line.startswith("problem ")]
        if done.returncode not in (0, 1):
            last = next((line[3:] for line in reversed(lines) if line.startswith("at ")), "the start")
            problems.append(f"{last}: died ({done.returncode}) {done.stderr.strip()[-400:]}")
        elif done.returncode == 1 and not problems:
            problems.append(done.stderr.strip()[-800:])
        cases += sum(int(line.split()[1]) for line in lines if re.match(r"cases \d+", line))
        failed += bool(problems)
        for problem in problems:
            print(f"{name}: {problem}")
    print(f"misuse: {len(names or abi.FUNCTIONS)} functions, {cases} cases, {failed} functions with problems")
    return failed != 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
