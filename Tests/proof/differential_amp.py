#!/usr/bin/env python3
"""Random boxes, cut at random, and random values of every type, for Plait and for Twisted: what comes of them must be the same.

    differential_amp.py [--cases 1000] [--seed N]

Where Plait is stricter, that is asserted instead: the first byte of a key's length that is not zero ends the conversation, dates have digits where Twisted takes what Python's int() takes, and a
decimal number's exponent ends where Python's own arithmetic does.
"""

import argparse
import ctypes
import datetime
import decimal
import random
import sys

import abi
from twisted.protocols import amp

C = abi.CONSTANTS
LIBRARY = abi.load()
VALUE = abi.STRUCTS["plait_amp_value"]
TYPES = {
    "Integer": amp.Integer(), "String": amp.String(), "Unicode": amp.Unicode(), "Boolean": amp.Boolean(), "Float": amp.Float(),
    "Decimal": amp.Decimal(), "DateTime": amp.DateTime(), "ListOf(Integer)": amp.ListOf(amp.Integer()),
    "ListOf(ListOf(Unicode))": amp.ListOf(amp.ListOf(amp.Unicode())),
    "AmpList(a: Integer, b: Unicode)": amp.AmpList([(b"a", amp.Integer()), (b"b", amp.Unicode())]),
}
EPOCH = datetime.datetime(1970, 1, 1, tzinfo=datetime.timezone.utc)


class Bench:
    """A conn that hands out boxes as they are, fed by the test; and a command for each type."""

    def __init__(self):
        self.heard, self.ends = [], []
        reactor = ctypes.c_uint64()
        options = abi.struct("reactor_options", flags=3)
        assert LIBRARY.plait_reactor_new(ctypes.addressof(reactor), ctypes.addressof(options)) == 0
        self.reactor = reactor.value
        fields = dict(abi.STRUCTS["plait_amp_handler"]._fields_)
        self.box = fields["box"](lambda user, conn, data, length: self.heard.append(ctypes.string_at(data, length)))
        self.end = fields["disconnected"](lambda user, conn, reason: self.ends.append(1))
        handler = abi.struct("amp_handler", box=self.box, disconnected=self.end)
        factory = ctypes.c_uint64()
        assert LIBRARY.plait_amp_factory_new(ctypes.addressof(factory), None, ctypes.addressof(handler), None) == 0
        self.factory = factory.value
        ops = abi.STRUCTS["plait_transport_ops"]
        self.write = dict(ops._fields_)["write"](lambda user, conn, data, length: length)
        self.ops = abi.struct("transport_ops", write=self.write)
        self.commands = {name: self.command(f"T(v: {name})") for name in TYPES}

    def command(self, signature):
        out = ctypes.c_uint64()
        assert LIBRARY.plait_amp_command_parse(ctypes.addressof(out), 0, signature.encode(), None) == 0
        return out.value

    def feed(self, pieces):
        """The boxes that come of them, and whether the conn was ended."""
        self.heard, self.ends = [], []
        conn = ctypes.c_uint64()
        assert LIBRARY.plait_conn_attach(self.reactor, self.factory, ctypes.addressof(self.ops), None, ctypes.addressof(conn)) == 0
        for piece in pieces:
            if LIBRARY.plait_conn_feed(conn.value, piece, len(piece)) < 0:
                break
        heard, ended = self.heard, bool(self.ends)
        LIBRARY.plait_conn_abort(conn.value)
        LIBRARY.plait_reactor_poll(self.reactor, 0)
        return [dict(pairs(box)) for box in heard], ended

    def read(self, name, text):
        """What Plait reads from a value's text, or None."""
        self.kept = box = field(b"v", text) + b"\0\0"  # the value points into it
        value = VALUE()
        status = LIBRARY.plait_amp_parse_arguments(self.commands[name], box, len(box), ctypes.addressof(value), 1)
        assert status in (1, C["PLAIT_ERR_VALUE"]), status
        return value if status == 1 else None

    def written(self, name, value):
        """The text that Plait writes for a value, or None."""
        out, length = ctypes.create_string_buffer(70000), ctypes.c_size_t()
        status = LIBRARY.plait_amp_make_arguments(self.commands[name], ctypes.addressof(value), 1, ctypes.addressof(out), len(out), ctypes.addressof(length))
        return dict(pairs(out.raw[: length.value - 2]))[b"v"] if status == 0 else None

    def items(self, name, value):
        items = (VALUE * value.count)()
        got = LIBRARY.plait_amp_get_items(self.commands[name], ctypes.addressof(value), ctypes.addressof(items), value.count)
        assert got == value.count
        return list(items)


def field(key, value):
    return len(key).to_bytes(2, "big") + key + len(value).to_bytes(2, "big") + value


def pairs(box):
    at = 0
    while at < len(box):
        key = int.from_bytes(box[at : at + 2], "big")
        value = int.from_bytes(box[at + 2 + key : at + 4 + key], "big")
        yield box[at + 2 : at + 2 + key], box[at + 4 + key : at + 4 + key + value]
        at += 4 + key + value


class Receiver:
    """Twisted's side of boxes."""

    def __init__(self):
        self.heard, self.lost = [], False

    def startReceivingBoxes(self, sender):
        pass

    def ampBoxReceived(self, box):
        self.heard.append(dict(box))

    def stopReceivingBoxes(self, reason):
        self.lost = True


class Transport:
    disconnecting = False

    def write(self, data):
        pass

    def loseConnection(self):
        self.disconnecting = True

    def getPeer(self):
        return None

    getHost = getPeer


def theirs(pieces):
    receiver = Receiver()
    protocol = amp.BinaryBoxProtocol(receiver)
    protocol.makeConnection(Transport())
    for piece in pieces:
        if protocol.transport is None or protocol.transport.disconnecting:
            break
        protocol.dataReceived(piece)
    return receiver.heard, protocol.transport is None or protocol.transport.disconnecting


def random_stream(rng):
    out = b""
    for _ in range(rng.randrange(6)):
        for _ in range(rng.choice([0, 1, 1, 2, 3, 8])):
            key = bytes(rng.choice(b"abZ_0\xff\0") for _ in range(rng.choice([1, 1, 2, 4, 255])))
            out += field(key, bytes(rng.randrange(256) for _ in range(rng.choice([0, 1, 3, 40, 300]))))
        out += b"\0\0"
    if rng.random() < 0.15:
        out += rng.choice([b"\1", b"\1\0x", b"\0\1", b"\xff\xff", b"\0\1a\0\1b\1\0"])
    if rng.random() < 0.3:
        out = out[: rng.randrange(len(out) + 1)]
    return out


def cut(rng, stream):
    size = rng.choice([1, 2, 3, 7, 50, 100000])
    at, pieces = 0, []
    while at < len(stream):
        length = rng.randrange(1, size + 1)
        pieces.append(stream[at : at + length])
        at += length
    return pieces


def random_text(rng, name):
    digits = lambda most: "".join(rng.choice("0123456789") for _ in range(rng.randrange(1, most)))
    mark = lambda: rng.choice(["", "", "", " ", "+", "-", "_", "0", "x", ".", "e", "\n"])
    if name == "Integer":
        return (mark() + rng.choice(["", "-"]) + digits(rng.choice([2, 5, 19, 21, 40])) + mark() + rng.choice(["", digits(3)]) + mark()).encode()
    if name == "Float":
        if rng.random() < 0.1:
            return rng.choice(["nan", "inf", "-inf", "Infinity", "+NaN", "1_0.5", "infinit"]).encode()
        return (mark() + digits(18) + rng.choice(["", "." + digits(18), "."]) + rng.choice(["", "e" + mark() + digits(4), "E-" + digits(3)]) + mark()).encode()
    if name == "Decimal":
        if rng.random() < 0.15:
            return rng.choice(["NaN", "sNaN12", "-Infinity", "inf", "-nan007", "snan", "1_0", "Inf1"]).encode()
        return (mark() + digits(30) + rng.choice(["", "." + digits(30), "."]) + rng.choice(["", "E" + mark() + digits(4), "e-" + digits(3)]) + mark()).encode()
    if name == "Boolean":
        return rng.choice([b"True", b"False", b"true", b"", b"1", b"True ", b"FALSE"])
    if name == "DateTime":
        text = amp.DateTime().toString(random_time(rng))
        if rng.random() < 0.3:
            at = rng.randrange(32)
            text = text[:at] + rng.choice([b"0", b"9", b"-", b"x", b""]) + text[at + 1 :]
        return text
    if name.startswith("ListOf(Integer"):
        out = b"".join(len(text).to_bytes(2, "big") + text for text in (random_text(rng, "Integer") if rng.random() < 0.1 else b"%d" % rng.randrange(-9999, 9999) for _ in range(rng.randrange(6))))
        return out[: rng.randrange(len(out) + 1)] if rng.random() < 0.2 else out
    if name.startswith("ListOf(ListOf"):
        inner = [amp.ListOf(amp.Unicode()).toString(["ä" * rng.randrange(3) for _ in range(rng.randrange(3))]) for _ in range(rng.randrange(3))]
        return b"".join(len(text).to_bytes(2, "big") + text for text in inner)
    if name.startswith("AmpList"):
        rows = [amp.Box({b"a": b"%d" % rng.randrange(99), b"b": b"x" * rng.randrange(3), **({b"c": b"more"} if rng.random() < 0.3 else {})}) for _ in range(rng.randrange(4))]
        out = b"".join(row.serialize() for row in rows)
        return out[: rng.randrange(len(out) + 1)] if rng.random() < 0.2 else out
    return bytes(rng.choice([65, 195, 164, 0, 255, 226, 130, 172, 237, 160, 128]) for _ in range(rng.randrange(6)))


def random_time(rng):
    zone = datetime.timezone(datetime.timedelta(minutes=rng.randrange(-1439, 1440)))
    return datetime.datetime(rng.randrange(2, 9999), rng.randrange(1, 13), rng.randrange(1, 29), rng.randrange(24), rng.randrange(60),
                             rng.randrange(60), rng.randrange(1000000), tzinfo=zone)


def same(bench, name, ours, their, text):
    """Is what was read the same?"""
    if name == "Integer":
        big = ours.form == C["PLAIT_AMP_TEXT"]
        return big == (abs(their) >= 1 << 63 and their != -(1 << 63)) and (big or ours.integer == their)
    if name == "Boolean":
        return bool(ours.integer) == their
    if name == "Float":
        return repr(ours.real) == repr(their)
    if name == "DateTime":
        if abs(ours.offset_minutes) >= 24 * 60:
            return True  # Python reads no such zone, though Twisted does
        return ours.integer == (their - EPOCH) // datetime.timedelta(microseconds=1) and ours.offset_minutes == their.utcoffset() // datetime.timedelta(minutes=1)
    if name.startswith("ListOf(Integer"):
        return [int(TEXT(item)) for item in bench.items(name, ours)] == their
    if name.startswith("ListOf(ListOf"):
        return [amp.ListOf(amp.Unicode()).fromString(TEXT(item)) for item in bench.items(name, ours)] == their
    if name.startswith("AmpList"):
        cells = [TEXT(item) for item in bench.items(name, ours)]
        return [{"a": int(a), "b": b.decode()} for a, b in zip(cells[::2], cells[1::2])] == their
    return TEXT(ours) == text


def TEXT(value):
    return ctypes.string_at(value.bytes.data, value.bytes.len) if value.bytes.len else b""


def write_again(bench, name, ours, their):
    """What is written for what was read, beside Twisted's own; nothing where it is what came."""
    value = VALUE()
    if name == "DateTime" and abs(ours.offset_minutes) >= 24 * 60:
        return None
    if name == "Decimal":
        value.bytes = ours.bytes
    elif name == "Integer" and ours.form == C["PLAIT_AMP_NATURAL"] or name in ("Boolean", "DateTime"):
        value.integer, value.offset_minutes = ours.integer, ours.offset_minutes
    elif name == "Float":
        value.real = ours.real
    else:
        return None
    return bench.written(name, value), TYPES[name].toString(their)


def check(bench, seed):
    rng = random.Random(seed)
    stream = random_stream(rng)
    pieces = cut(rng, stream)
    mine, other = bench.feed(pieces), theirs(pieces)
    if mine[1] and not other[1]:  # a key's length is refused at its first byte already
        other = theirs([*pieces, b"\0"])
    if mine != other:
        return f"boxes of {stream!r} in {[len(piece) for piece in pieces]}: {mine}, Twisted {other}"
    for name, kind in TYPES.items():
        text = random_text(rng, name)
        try:
            their = kind.fromString(text) if not name.startswith("AmpList") else kind.fromStringProto(text, None)
        except Exception:
            their = None
            refused = True
        else:
            refused = False
        ours = bench.read(name, text)
        if (ours is None) != refused:
            if name == "DateTime" and ours is None and not all(text[at : at + 1].isdigit() for at in (*range(4), 5, 6, 8, 9, 11, 12, 14, 15, 17, 18, *range(20, 26), 27, 28, 30, 31)):
                continue
            return f"{name} {text!r}: {'refused' if ours is None else 'read'}, Twisted {'refuses it' if refused else their}"
        if ours is None:
            continue
        if not same(bench, name, ours, their, text):
            return f"{name} {text!r}: not what Twisted reads, {their!r}"
        again = write_again(bench, name, ours, their)
        if again and again[0] != again[1]:
            return f"{name} {text!r}: written as {again[0]!r}, by Twisted as {again[1]!r}"
    return None


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cases", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(1 << 32))
    options = parser.parse_args()
    bench = Bench()
    for case in range(options.cases):
        problem = check(bench, options.seed + case)
        if problem:
            print(f"differential: AMP, seed {options.seed + case}: {problem}")
            return 1
    print(f"differential: {options.cases} streams of boxes and {options.cases * len(TYPES)} values are the same as Twisted's (seed {options.seed})")
    return 0


sys.exit(main())
