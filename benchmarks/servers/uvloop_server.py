"""uvloop with protocols whose splitting is written by hand, the fastest plausible pure Python: uvloop_server.py MODE PORT"""

import asyncio
import sys

import uvloop

mode, port = sys.argv[1], int(sys.argv[2])


class LineEcho(asyncio.Protocol):
    rest = b""

    def connection_made(self, transport):
        self.transport = transport

    def data_received(self, data):
        lines = (self.rest + data if self.rest else data).split(b"\r\n")
        self.rest = lines.pop()
        if lines:
            out = []
            for line in lines:
                self.line_received(line, out)
            out.append(b"")
            self.transport.write(b"\r\n".join(out))

    def line_received(self, line, out):
        out.append(line)


class LineSink(LineEcho):
    count = 0

    def data_received(self, data):
        lines = (self.rest + data if self.rest else data).split(b"\r\n")
        self.rest = lines.pop()
        for line in lines:
            self.line_received(line)

    def line_received(self, line):
        if line == b"COUNT":
            self.transport.write(b"%d\r\n" % self.count)
            self.count = 0
        else:
            self.count += 1


class Int32Echo(LineEcho):
    def data_received(self, data):
        if self.rest:
            data = self.rest + data
        at, out, total = 0, [], len(data)
        while total - at >= 4:
            end = at + 4 + int.from_bytes(data[at:at + 4], "big")
            if end > total:
                break
            self.string_received(data[at + 4:end], out)
            at = end
        self.rest = data[at:]
        if out:
            self.transport.write(b"".join(out))

    def string_received(self, string, out):
        out.append(len(string).to_bytes(4, "big"))
        out.append(string)


class NetstringEcho(LineEcho):
    def data_received(self, data):
        if self.rest:
            data = self.rest + data
        at, out, total = 0, [], len(data)
        while True:
            colon = data.find(b":", at, at + 9)
            if colon < 0:
                break
            end = colon + 1 + int(data[at:colon])
            if end >= total:
                break
            if data[end] != 44:
                return self.transport.abort()
            self.string_received(data[colon + 1:end], out)
            at = end + 1
        self.rest = data[at:]
        if out:
            self.transport.write(b"".join(out))

    def string_received(self, string, out):
        out.append(b"%d:%b," % (len(string), string))


async def main():
    classes = {"line-echo": LineEcho, "line-sink": LineSink, "int32-echo": Int32Echo, "netstring-echo": NetstringEcho}
    server = await asyncio.get_running_loop().create_server(classes[mode], "127.0.0.1", port, backlog=1024)
    await server.serve_forever()


uvloop.run(main())
