"""The two sides of the differential test: the same host on Plait's framers and on Twisted's."""

import ctypes
import struct

from twisted.protocols import basic

import abi

C = abi.CONSTANTS
FORMATS = {  # Twisted's: struct's letters; ours: format and prefix length
    "int8": ("!B", 0, 1), "int16": ("!H", 0, 2), "int32": ("!I", 0, 4), "int64": ("!Q", 0, 8),
    "little16": ("<H", 1, 2), "little32": ("<I", 1, 4), "little64": ("<Q", 1, 8),
}
STRINGS = [*FORMATS, "netstring"]


class Host:
    """What the application does, driven by what it is told, so that it does the same on both sides.

    A message that begins with "!" is a command; `side` carries it out.
    """

    def __init__(self, case, side):
        self.case, self.side = case, side
        self.events = []
        self.paused = self.closed = False
        self.raw_left = 0
        self.acted = False  # what is left of a block has to be framed again

    def note(self, kind, data):
        if self.closed:  # ours: nothing after close. Twisted's framers differ among themselves there: not compared.
            assert not self.side.is_ours, f"{kind} {data!r} after close"
            return False
        assert not self.paused or not self.side.can_pause, f"{kind} {data!r} while paused"
        if kind == "raw" and self.events and self.events[-1][0] == "raw":
            self.events[-1] = ("raw", self.events[-1][1] + data)  # how raw bytes are cut is nobody's promise
        else:
            self.events.append((kind, data))
        return True

    def message(self, data):
        self.acted = False
        if not self.note("message", data) or not data.startswith(b"!"):
            return
        self.acted = True
        word, _, rest = data[1:].partition(b" ")
        if word in (b"raw", b"max") and not rest.isdigit():
            return
        if word == b"pause":
            self.paused = True
            self.side.pause()
        elif word == b"flip":
            self.side.flip()
        elif word == b"close":
            self.close()
        elif word == b"send":
            self.side.send(rest)
        elif self.case.kind in STRINGS:
            return
        elif word == b"clear":
            self.side.clear()
        elif word == b"max":
            self.side.set_max(int(rest[:5]))
        elif self.case.kind == "line" and word == b"raw":
            self.raw_left = int(rest[:5])
            self.side.set_raw()
        elif word == b"delimiter" and rest:
            self.side.set_delimiter(rest)

    def raw(self, data):
        mine, behind = data[:self.raw_left], data[self.raw_left:]
        if not self.note("raw", mine):
            return
        self.raw_left -= len(mine)
        if b"P" in mine and not self.paused:
            self.paused = True
            self.side.pause()
        if self.raw_left == 0:
            self.side.set_line(behind)

    def too_long(self, what):
        if self.note("too long", what) and self.case.closes_when_too_long:
            self.close()

    def outside(self, what, argument):
        """The same, between two deliveries; what is held then is read by the new mode at once."""
        if what == "raw":
            self.raw_left = argument
            self.side.set_raw()
        elif what == "line":
            self.raw_left = 0
            self.side.set_line(argument)
        elif what == "delimiter":
            self.side.set_delimiter(argument)
        elif what == "max":
            self.side.set_max(argument)
        elif what == "send":
            self.side.send(argument)
        elif what == "clear":
            self.side.clear()
        elif what == "pause":
            self.paused = True
            self.side.pause()
        self.side.settle(what)

    def close(self):
        self.closed = True
        self.side.close()

    def resume(self):
        self.paused = False
        self.side.resume()


class Transport:
    """As much of a Twisted transport as the framers use."""

    disconnecting = False

    def __init__(self):
        self.written = b""

    def write(self, data):
        self.written += data

    def writeSequence(self, parts):
        self.written += b"".join(parts)

    def loseConnection(self):
        self.disconnecting = True

    def pauseProducing(self):
        pass

    resumeProducing = pauseProducing


class Theirs:
    is_ours = False

    def __init__(self, case):
        self.case = case
        self.host = host = Host(case, self)
        self.can_pause = case.kind not in ("netstring", "lineonly")
        base = {"line": basic.LineReceiver, "lineonly": basic.LineOnlyReceiver, "netstring": basic.NetstringReceiver}.get(
            case.kind, basic.IntNStringReceiver)

        class Protocol(base):
            MAX_LENGTH = case.max_length
            delimiter = case.delimiter
            if case.kind in FORMATS:
                structFormat = FORMATS[case.kind][0]
                prefixLength = struct.calcsize(structFormat)

            def lineReceived(self, line):
                host.message(line)

            stringReceived = lineReceived

            def rawDataReceived(self, data):
                host.raw(data)
        if case.hook:
            Protocol.lineLengthExceeded = Protocol.lengthLimitExceeded = lambda _, what: host.too_long(what)
        self.protocol = Protocol()
        self.transport = Transport()
        self.protocol.makeConnection(self.transport)

    def feed(self, data):
        if not self.ended:
            self.protocol.dataReceived(data)

    def settle(self, what):
        """Theirs looks at what it holds only when something comes; ours at once after a change of mode."""
        if what in ("raw", "line"):
            self.feed(b"")

    @property
    def ended(self):
        return self.transport.disconnecting

    def pause(self):
        if self.can_pause:
            self.protocol.pauseProducing()

    def resume(self):
        if self.can_pause and not self.ended:
            self.protocol.resumeProducing()

    def flip(self):
        """Pauses and resumes at once. Their strings are delivered for ever then; ours go on, as if nothing had been."""
        if self.case.kind == "line":
            self.protocol.pauseProducing()
            self.protocol.resumeProducing()

    def close(self):
        self.transport.loseConnection()

    def clear(self):
        if self.case.kind == "line":
            self.protocol.clearLineBuffer()

    def set_max(self, length):
        self.protocol.MAX_LENGTH = length

    def set_delimiter(self, delimiter):
        self.protocol.delimiter = delimiter

    def set_raw(self):
        self.protocol.setRawMode()

    def set_line(self, extra):
        self.protocol.setLineMode(extra)

    def send(self, data):
        (self.protocol.sendLine if self.case.kind in ("line", "lineonly") else self.protocol.sendString)(data)

    def left(self):
        """What was received and not delivered; None where that cannot be asked."""
        if self.case.kind == "line":
            return self.protocol.clearLineBuffer()
        return len(self.protocol.recvd) if self.case.kind in FORMATS else None

    def done(self):
        pass


class Ours:
    is_ours = can_pause = True

    def __init__(self, case, library, block, rng):
        self.case, self.library, self.rng = case, library, rng
        self.host = Host(case, self)
        self.written, self.status, self.failure, self.stalled = b"", None, None, False
        lines = case.kind in ("line", "lineonly")
        word = "line" if lines else "string"
        self.prefix = f"plait_{word}_"
        handler = {"disconnected": self._disconnected, word + "s" if block else word: self._block if block else self._one}
        if lines:
            handler["raw"] = self._raw
            options = abi.struct("line_options", max_length=case.max_length, flags=case.skip)
            self._delimiter = ctypes.create_string_buffer(case.delimiter, len(case.delimiter))
            options.delimiter = abi.STRUCTS["plait_bytes"](ctypes.addressof(self._delimiter), len(case.delimiter))
        else:
            kind = (2, 0) if case.kind == "netstring" else FORMATS[case.kind][1:]
            options = abi.struct("string_options", max_length=case.max_length, format=kind[0], prefix_length=kind[1])
        if case.hook:
            handler[word + "_too_long"] = self._too_long
        self.handler = abi.struct(word + "_handler", **handler)
        self.ops = abi.struct("transport_ops", write=self._write)
        reactor_options = abi.struct("reactor_options", flags=C["PLAIT_REACTOR_WITHOUT_LOOP"])
        self.reactor, self.factory, self.conn = (ctypes.c_uint64() for _ in range(3))
        self.must(library.plait_reactor_new(ctypes.byref(self.reactor), ctypes.byref(reactor_options)))
        make = getattr(library, self.prefix + "factory_new")
        self.must(make(ctypes.byref(self.factory), ctypes.byref(options), ctypes.byref(self.handler), None))
        self.must(library.plait_conn_attach(self.reactor, self.factory, ctypes.byref(self.ops), None, ctypes.byref(self.conn)))
        self.settle()

    def must(self, status):
        assert status >= 0, abi.name_of(status)

    def settle(self, _=None):
        self.must(self.library.plait_reactor_poll(self.reactor, 0))
        self.check()
        if not self.stalled:
            return
        self.go_on()

    def check(self):
        if self.failure:
            raise self.failure

    def guarded(self, function, *arguments):
        """ctypes swallows what a callback raises: it is kept until the call is back."""
        try:
            return function(*arguments)
        except BaseException as failure:
            self.failure = self.failure or failure
            return 0

    def _write(self, _user, _conn, data, length):
        self.written += ctypes.string_at(data, length)
        return length

    def _disconnected(self, _user, _conn, reason):
        self.status = abi.STRUCTS["plait_reason"].from_address(reason).status

    def _one(self, _user, _conn, data, length):
        self.guarded(self.host.message, ctypes.string_at(data, length))

    def _raw(self, _user, _conn, data, length):
        self.guarded(self.host.raw, ctypes.string_at(data, length))

    def _too_long(self, _user, _conn, *what):
        self.guarded(self.host.too_long, ctypes.string_at(*what) if len(what) == 2 else what[0])

    def _block(self, _user, _conn, data, length, table, count):
        return self.guarded(self._take, ctypes.string_at(data, length), (ctypes.c_uint32 * (2 * count)).from_address(table), count)

    def _take(self, data, table, count):
        most = count if self.rng.random() < 0.7 else self.rng.randrange(count + 1)
        if most == 0:
            self.stalled = True  # taking none pauses
            return 0
        for index in range(most):
            first, length = table[2 * index], table[2 * index + 1]
            assert first + length <= len(data), "the table points out of its block"
            self.host.message(data[first:first + length])
            if self.host.acted:
                return index + 1
        return most

    def feed(self, data):
        status = self.library.plait_conn_feed(self.conn, data, len(data))
        self.check()
        self.go_on()
        assert status == 0 or self.host.closed or self.status is not None, abi.name_of(status)

    def go_on(self):
        """Resumes for as long as a block was refused, so that the stream is where it is on the other side."""
        while self.stalled:
            self.stalled = False
            assert not self.host.paused, "delivered while paused"
            if not self.ended and not self.host.closed:
                self.must(self.library.plait_conn_resume(self.conn))
                self.settle()

    @property
    def ended(self):
        return self.status is not None

    def pause(self):
        self.must(self.library.plait_conn_pause(self.conn))

    def resume(self):
        if not self.ended:
            self.must(self.library.plait_conn_resume(self.conn))
            self.settle()
            self.go_on()

    def flip(self):
        self.must(self.library.plait_conn_pause(self.conn))
        self.must(self.library.plait_conn_resume(self.conn))

    def close(self):
        self.must(self.library.plait_conn_close(self.conn))

    def clear(self):
        if self.case.kind == "line":
            self.must(self.library.plait_line_clear_buffer(self.conn, None, 0, None))

    def set_max(self, length):
        self.must(self.library.plait_line_set_max_length(self.conn, length, self.case.skip))

    def set_delimiter(self, delimiter):
        self.must(self.library.plait_line_set_delimiter(self.conn, delimiter, len(delimiter)))

    def set_raw(self):
        self.must(self.library.plait_line_set_raw_mode(self.conn))

    def set_line(self, extra):
        if not self.host.closed:
            self.must(self.library.plait_line_set_line_mode(self.conn, extra, len(extra)))

    def send(self, data):
        self.must(getattr(self.library, self.prefix + "send")(self.conn, data, len(data)))

    def left(self):
        counters = abi.struct("conn_counters")
        self.must(self.library.plait_conn_get_counters(self.conn, ctypes.byref(counters)))
        if self.case.kind != "line":
            return counters.held
        out, length = ctypes.create_string_buffer(counters.held + 1), ctypes.c_size_t()
        self.must(self.library.plait_line_clear_buffer(self.conn, out, counters.held, ctypes.byref(length)))
        assert length.value == counters.held
        return out.raw[:length.value]

    def done(self):
        self.must(self.library.plait_reactor_free(self.reactor))
        self.must(self.library.plait_factory_release(self.factory))
        assert self.status is not None, "disconnected never came"
