"""SOCKS: a proxy, and connections by way of one. Twisted's ``twisted.protocols.socks``, and more::

    reactor.listenTCP(1080, socks.SOCKSv4Factory(None))              # SOCKS 4 and 4a, protocol objects
    socks.Proxy(reactor).listen("tcp:1080:interface=127.0.0.1")      # 4, 4a and 5, run by the C library
    socks.SOCKSClientEndpoint(reactor, "tcp:127.0.0.1:1080", "example.org", 80).connect(factory)

None of them reaches this machine, its networks or other private ranges, unless it is told to.
"""

from __future__ import annotations

import logging
import socket
import struct
import time
from collections.abc import Awaitable
from ipaddress import IPv4Address, IPv6Address, ip_address
from typing import TYPE_CHECKING, Any, Union

from ..internet import defer
from ..internet._current import current
from ..internet.protocol import ClientCreator, Factory, Protocol, connectionDone, given_reason
from ._socksproxy import Proxy, Request, SOCKSClientEndpoint, Tunnel

if TYPE_CHECKING:
    from ..python.failure import Failure

__all__ = [
    "Proxy",
    "Request",
    "SOCKSClientEndpoint",
    "SOCKSv4",
    "SOCKSv4Factory",
    "SOCKSv4Incoming",
    "SOCKSv4IncomingFactory",
    "SOCKSv4Outgoing",
    "Tunnel",
]

_log = logging.getLogger("plait")

#: What :meth:`SOCKSv4.authorize` answers.
Verdict = Union[bool, int, None, Awaitable[Any]]


def _isOpen(host: str) -> bool:
    """Whether an address is the whole world's."""
    found: IPv4Address | IPv6Address = ip_address(host)
    mapped = getattr(found, "ipv4_mapped", None)
    found = mapped or found
    return found.is_global and not found.is_multicast


class _Other(Protocol):
    """The other end of a tunnel: what comes here goes to the client."""

    def __init__(self, socks: SOCKSv4) -> None:
        self.socks = socks

    @given_reason
    def connectionLost(self, reason: Failure = connectionDone) -> None:
        """The client hears what there still is, and no more."""
        self.connected = 0
        self.socks.parted()
        self.socks.transport.loseConnection()

    def dataReceived(self, data: bytes) -> None:
        """Bytes for the client."""
        self.socks.write(data)

    def write(self, data: bytes) -> None:
        """Bytes from the client."""
        self.socks.log(self, data)
        self.transport.write(data)


class SOCKSv4Outgoing(_Other):
    """The connection to the target of a CONNECT."""

    def connectionMade(self) -> None:
        """It is there: the client hears of it."""
        peer = self.transport.getPeer()
        self.socks.joined(self)
        self.socks.makeReply(90, 0, port=peer.port, ip=peer.host)
        self.socks.forwardHeld()


class SOCKSv4Incoming(_Other):
    """The connection that a BIND has waited for."""

    def __init__(self, socks: SOCKSv4) -> None:
        super().__init__(socks)
        socks.otherConn = self

    def connectionMade(self) -> None:
        """It is there; the factory has told the client."""
        self.socks.joined(self)
        self.socks.forwardHeld()


class SOCKSv4(Protocol):
    """A client of a proxy that speaks SOCKS 4 and 4a.

    :ivar logging: the name of a file to which all that is passed on is written, or None.
    :ivar buf: what is there of the request, and afterwards what came behind it.
    :ivar otherConn: the other end of the tunnel, once there is one.
    :cvar allowPrivate: whether this machine, its networks and other private ranges may be reached.
    :cvar timeOut: how many seconds a client has for its request; None for ever.
    :cvar bindTimeOut: how many seconds a BIND waits for somebody to come.
    """

    allowPrivate = False
    timeOut: float | None = 30
    bindTimeOut: float | None = 120
    #: How long a user's and a host's name may be.
    mostText = 255

    def __init__(self, logging: Any = None, reactor: Any = None) -> None:
        self.logging, self.reactor = logging, current() if reactor is None else reactor
        self.buf = b""
        self.otherConn: Any = None
        self._isAsked = self._isOver = self._rests = self._areJoined = False
        self._limit: Any = None
        self._port: Any = None

    def connectionMade(self) -> None:
        """A client is there."""
        self.buf, self.otherConn = b"", None
        self._wait(self.timeOut)

    def _wait(self, seconds: float | None) -> None:
        if self._limit is not None and self._limit.active():
            self._limit.cancel()
        later = getattr(self.reactor, "callLater", None)  # a test's reactor may have no clock
        self._limit = later(seconds, self._expire) if later and seconds is not None else None

    def _expire(self) -> None:
        self.makeReply(91)

    def dataReceived(self, data: bytes) -> None:
        """Bytes from the client: of its request, or to be passed on."""
        if self.otherConn is not None and not self.buf:
            self.otherConn.write(data)
            return
        self.buf += data
        if self._isOver:
            return
        if not self._isAsked:
            self._readRequest()
        elif not self._rests and len(self.buf) > 65536:
            self._rests = True
            self.transport.pauseProducing()

    def _readRequest(self) -> None:
        if self.buf[:1] != b"\4"[: len(self.buf)]:
            self._end()  # no answer would be understood
            return
        end = self.buf.find(b"\0", 8)
        if end < 0 or end - 8 > self.mostText:
            if len(self.buf) > 8 + self.mostText:
                self.makeReply(91)
            return
        code, port = struct.unpack("!BH", self.buf[1:4])
        address, user = self.buf[4:8], self.buf[8:end]
        if address[:3] != b"\0\0\0" or address[3] == 0:
            self.buf = self.buf[end + 1 :]
            self._isAsked = True
            self._decide(socket.inet_ntoa(address), user, code, port)
            return
        last = self.buf.find(b"\0", end + 1)
        if last < 0 or last - end > self.mostText + 1:
            if len(self.buf) - end > self.mostText + 1:
                self.makeReply(91)
            return
        host, self.buf = self.buf[end + 1 : last], self.buf[last + 1 :]
        self._isAsked = True
        found = defer.maybeDeferred(self.reactor.resolve, host)
        found.addCallback(self._decide, user, code, port)
        found.addErrback(self._failed)

    def _decide(self, server: str, user: bytes, code: int, port: int) -> None:
        if self._isOver:
            return
        verdict = defer.maybeDeferred(self.authorize, code, server, port, user)
        verdict.addCallback(self._proceed, code, server, port)
        verdict.addErrback(self._failed)

    def _failed(self, failure: Failure) -> None:
        from ..internet import error

        expected = error.ConnectError, error.DNSLookupError, error.CannotListenError, PermissionError
        if not failure.check(*expected):
            _log.error("Unhandled error in a SOCKS request", exc_info=failure.value)
        if not self._isOver:
            self.makeReply(91)

    def _proceed(self, verdict: Any, code: int, server: str, port: int) -> Any:
        if self._isOver:
            return None
        if not verdict or code not in (1, 2):
            self.makeReply(91)
            return None
        if code == 1:
            self._wait(None)
            return self.connectClass(server, port, SOCKSv4Outgoing, self)
        listening = self.listenClass(0, SOCKSv4IncomingFactory, self, server)
        listening.addCallback(self._listens)
        return listening

    def _listens(self, place: Any) -> None:
        host, port = place
        self._wait(self.bindTimeOut)
        self.makeReply(90, 0, port, host)

    def joined(self, other: Any) -> None:
        """The other end is there: each makes the other one rest while it takes no more."""
        self._wait(None)
        self._stopListening()
        self.otherConn, self._areJoined = other, True
        for one, two in ((self.transport, other.transport), (other.transport, self.transport)):
            one.registerProducer(two, True)

    def parted(self) -> None:
        """One of the two has gone: the other one waits for nobody."""
        if self._areJoined:
            self._areJoined = False
            for one in (self.transport, self.otherConn.transport):
                one.unregisterProducer()

    def forwardHeld(self) -> None:
        """What came behind the request is passed on."""
        held, self.buf = self.buf, b""
        if held:
            self.otherConn.write(held)
        if self._rests:
            self._rests = False
            self.transport.resumeProducing()

    def _stopListening(self) -> None:
        port, self._port = self._port, None
        if port is not None:
            port.stopListening()

    def _end(self) -> None:
        self._isOver = True
        self._wait(None)
        self._stopListening()
        self.transport.loseConnection()

    @given_reason
    def connectionLost(self, reason: Failure = connectionDone) -> None:
        """The client has gone: so does the other end."""
        self.connected = 0
        self._isOver = True
        self._wait(None)
        self._stopListening()
        self.parted()
        if self.otherConn is not None:
            self.otherConn.transport.loseConnection()

    def authorize(self, code: int, server: str, port: int, user: bytes) -> Verdict:
        """Says whether a request is granted, or a Deferred of that. To be overridden; it logs and grants.

        :param code: 1 for CONNECT, 2 for BIND.
        """
        _log.info("code %s connection to %s:%s (user %s) authorized", code, server, port, user)
        return 1

    def _check(self, host: str) -> None:
        if not self.allowPrivate and not _isOpen(host):
            raise PermissionError(f"{host} is not the whole world's")

    def connectClass(self, host: str, port: int, klass: Any, *args: Any) -> defer.Deferred[Any]:
        """Connects, and has the class make the protocol."""
        self._check(host)
        return ClientCreator(self.reactor, klass, *args).connectTCP(host, port)

    def listenClass(self, port: int, klass: Any, *args: Any) -> defer.Deferred[tuple[str, int]]:
        """Listens at the address that the client has come to; the result is where."""
        self._check(args[-1])
        host = self.transport.getHost().host
        self._port = self.reactor.listenTCP(port, klass(*args), interface=host)
        where = self._port.getHost()
        return defer.succeed((where.host, where.port))

    def makeReply(self, reply: int, version: int = 0, port: int = 0, ip: str = "0.0.0.0") -> None:
        """Answers; unless that is 90, the connection ends."""
        address = socket.inet_aton(ip) if ":" not in ip else bytes(4)
        self.transport.write(struct.pack("!BBH", version, reply, port) + address)
        if reply != 90:
            self._end()

    def write(self, data: bytes) -> None:
        """Bytes for the client."""
        self.log(self, data)
        self.transport.write(data)

    def log(self, proto: Any, data: bytes) -> None:
        """Writes what is passed on to the log, if there is one: when, between whom, and each byte."""
        if not self.logging:
            return
        ends = self.transport.getPeer(), self.otherConn.transport.getPeer()
        names = [f"{end.host}:{end.port}" for end in ends]
        lines = [f"{time.ctime()}\t{names[0]} {'<' if proto is self else '>'} {names[1]}"]
        for start in range(0, len(data), 16):
            part = data[start : start + 16]
            shown = "".join(chr(byte) if 32 <= byte < 127 else "." for byte in part)
            lines.append(f"{part.hex(' ').upper():<47} {shown}")
        with open(self.logging, "a", encoding="utf-8") as file:
            file.write("\n".join(lines) + "\n\n")


class SOCKSv4Factory(Factory):
    """Makes a proxy that speaks SOCKS 4 and 4a.

    :param log: the name of a file to which all that is passed on is written, or None.
    """

    protocol = SOCKSv4

    def __init__(self, log: Any) -> None:
        self.logging = log

    def buildProtocol(self, addr: Any) -> Any:
        """Makes the protocol of a client."""
        make: Any = self.protocol
        if make is None:
            return None
        made = make(self.logging)
        made.factory = self
        return made


class SOCKSv4IncomingFactory(Factory):
    """Takes the one connection that a BIND waits for, from this address alone."""

    def __init__(self, socks: SOCKSv4, ip: str) -> None:
        self.socks, self.ip = socks, ip

    def buildProtocol(self, addr: Any) -> Any:
        """Tells the client who has come: it, or somebody else, after which nobody is taken."""
        isPlain = not hasattr(addr, "host")  # a host and a port
        host = addr[0] if isPlain else addr.host
        wanted, self.ip = self.ip, ""
        if host == wanted:
            port = 0 if isPlain else addr.port
            self.socks.makeReply(90, 0, port, host if port else "0.0.0.0")
            return SOCKSv4Incoming(self.socks)
        if wanted:
            self.socks.makeReply(91, 0)
        return None
