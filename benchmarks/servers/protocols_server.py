"""The same protocol classes on Plait and on Twisted: protocols_server.py plait|plait-blocks|twisted MODE PORT

Only the imports differ, which is the point. With plait-blocks the classes take all messages at hand in one call.
"""

import sys

library, mode, port = sys.argv[1], sys.argv[2], int(sys.argv[3])
if library != "twisted":
    from plait.internet import protocol, reactor
    from plait.protocols import basic

    if mode == "amp-sum":
        from plait.protocols import amp
else:
    from twisted.internet import epollreactor

    epollreactor.install()
    from twisted.internet import protocol, reactor
    from twisted.protocols import amp, basic


class LineEcho(basic.LineReceiver):
    def lineReceived(self, line):
        self.sendLine(line)


class LineSink(basic.LineReceiver):
    count = 0

    def lineReceived(self, line):
        if line == b"COUNT":
            self.sendLine(b"%d" % self.count)
            self.count = 0
        else:
            self.count += 1


class Int32Echo(basic.Int32StringReceiver):
    def stringReceived(self, string):
        self.sendString(string)


class NetstringEcho(basic.NetstringReceiver):
    def stringReceived(self, string):
        self.sendString(string)


def calls():
    class Sum(amp.Command):
        arguments = [(b"a", amp.Integer()), (b"b", amp.Integer())]
        response = [(b"total", amp.Integer())]

    class Adder(amp.AMP):
        @Sum.responder
        def sum(self, a, b):
            return {"total": a + b}

    return Adder


class LineEchoBlocks(basic.LineReceiver):
    def linesReceived(self, lines):
        self.sendLines(lines)


class LineSinkBlocks(basic.LineReceiver):
    count = 0

    def linesReceived(self, lines):
        if lines[-1] == b"COUNT":
            self.sendLine(b"%d" % (self.count + len(lines) - 1))
            self.count = -len(lines)
        self.count += len(lines)


class Int32EchoBlocks(basic.Int32StringReceiver):
    def stringsReceived(self, strings):
        self.sendStrings(strings)


class NetstringEchoBlocks(basic.NetstringReceiver):
    def stringsReceived(self, strings):
        self.sendStrings(strings)


classes = {"line-echo": LineEcho, "line-sink": LineSink, "int32-echo": Int32Echo, "netstring-echo": NetstringEcho}
if library == "plait-blocks":
    classes = {"line-echo": LineEchoBlocks, "line-sink": LineSinkBlocks, "int32-echo": Int32EchoBlocks, "netstring-echo": NetstringEchoBlocks}
factory = protocol.Factory.forProtocol(calls() if mode == "amp-sum" else classes[mode])
factory.noisy = False
reactor.listenTCP(port, factory, interface="127.0.0.1", backlog=1024)
reactor.run()
