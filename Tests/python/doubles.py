"""A transport of Twisted's shape, and protocols that write down what happens to them."""

from __future__ import annotations

from plait.protocols import basic


class Transport:
    """What unit tests of Twisted's users have: it keeps what is written."""

    def __init__(self):
        self.written = b""
        self.disconnecting = False
        self.paused = False
        self.stopped = False

    def write(self, data):
        assert type(data) is bytes
        self.written += data

    def writeSequence(self, pieces):
        self.write(b"".join(pieces))

    def loseConnection(self):
        self.disconnecting = True

    abortConnection = loseConnection

    def pauseProducing(self):
        self.paused = True

    def resumeProducing(self):
        self.paused = False

    def stopProducing(self):
        self.stopped = True
        self.loseConnection()

    def getPeer(self):
        return "peer"

    def getHost(self):
        return "host"


def connected(kind, **attributes):
    """A protocol of this class on such a transport."""
    protocol = kind()
    for name, value in attributes.items():
        setattr(protocol, name, value)
    protocol.makeConnection(Transport())
    return protocol


def feed(protocol, data, size=None):
    """Feeds bytes in pieces of a size, or all at once."""
    step = size or max(1, len(data))
    for start in range(0, len(data), step):
        protocol.dataReceived(data[start : start + step])


def recording(base):
    """A subclass of a receiver of lines that writes down its calls, and obeys some lines."""

    class Recorder(base):
        def __init__(self):
            self.events = []

        def lineReceived(self, line):
            self.events.append(("line", line))
            command = getattr(self, "on_" + line.decode("latin-1").partition(" ")[0], None)
            if command is not None:
                command(line)

        def rawDataReceived(self, data):
            self.events.append(("raw", data))

        def lineLengthExceeded(self, line):
            self.events.append(("exceeded", line))
            return base.lineLengthExceeded(self, line)

        def lines(self):
            return [line for kind, line in self.events if kind == "line"]

    return Recorder


Lines = recording(basic.LineReceiver)


def strings(base):
    """A subclass of a receiver of strings that writes down its calls."""

    class Recorder(base):
        def __init__(self):
            self.events = []

        def stringReceived(self, string):
            self.events.append(string)

        def lengthLimitExceeded(self, length):
            self.events.append(length)
            return base.lengthLimitExceeded(self, length)

    return Recorder
