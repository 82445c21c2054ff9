"""How many connections, and how fast."""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Iterable
from ipaddress import ip_address, ip_network
from typing import TYPE_CHECKING, Any, Callable

from ._wrapping import ProtocolWrapper, WrappingFactory, host_of, later

if TYPE_CHECKING:
    from ..internet.interfaces import IDelayedCall

_log = logging.getLogger("plait")

#: Seconds between two shares of a limit that is shared out.
_SHARE = 0.05
_SEED_LIMIT = 10


class Bucket:
    """So many tokens a second, up to a burst; more may be taken, and has to be waited for."""

    def __init__(self, rate: float, burst: float, now: float) -> None:
        self.rate, self.burst = rate, burst
        self._tokens, self._time = burst, now

    def tokens(self, now: float, isWaitedFor: bool = False) -> float:
        """What is there. What was waited for all the time is no burst."""
        self._tokens += (now - self._time) * self.rate
        if not isWaitedFor:
            self._tokens = min(self.burst, self._tokens)
        self._time = now
        return self._tokens

    def take(self, count: float, now: float) -> float:
        """Takes so many; gives the seconds until what was taken is paid for."""
        self._tokens = self.tokens(now, self._time == now) - count
        return max(0.0, -self._tokens / self.rate)


class ThrottlingProtocol(ProtocolWrapper):
    """Reads and writes no faster than its factory has it."""

    def __init__(self, factory: Any = None, wrappedProtocol: Any = None, **keywords: Any) -> None:
        super().__init__(factory, wrappedProtocol, **keywords)
        self.producer: Any = None
        self._streaming = self._isPaused = self._isClosing = self._rests = False
        #: What was written, and may not be sent yet.
        self.pending: deque[bytes] = deque()
        self.reading: Any = None
        self.writing: Any = None

    # Reading

    def dataReceived(self, data: bytes) -> None:
        """Hands bytes to the inner protocol; reading may have to rest then."""
        self.factory.registerRead(len(data), self)
        super().dataReceived(data)

    def throttleReads(self) -> None:
        """Reading rests."""
        if not self._rests:
            self._rests = True
            self.transport.pauseProducing()

    def unthrottleReads(self) -> None:
        """Reading goes on, unless it ends."""
        if self._rests:
            self._rests = False
            if not self.disconnecting and not self._readingPaused:
                self.transport.resumeProducing()

    _readingPaused = False

    def pauseProducing(self) -> None:
        """The inner protocol wants nothing for now."""
        self._readingPaused = True
        self.transport.pauseProducing()

    def resumeProducing(self) -> None:
        """The inner protocol wants more; so it gets, once the limit has it."""
        self._readingPaused = False
        if not self._rests:
            self.transport.resumeProducing()

    # Writing

    def write(self, data: bytes) -> None:
        """Sends bytes, as soon as they may be sent."""
        if data and not self._isClosing:
            self.pending.append(bytes(data))
            self.factory.registerWritten(self)

    def writeSequence(self, data: Iterable[bytes]) -> None:
        """Sends several pieces."""
        self.write(b"".join(data))

    @property
    def waiting(self) -> int:
        """The bytes that may not be sent yet."""
        return sum(map(len, self.pending))

    def send(self, most: int) -> int:
        """Sends so many bytes at most of those that wait; tells how many."""
        pieces = []
        left = most
        while self.pending and left > 0:
            piece = self.pending.popleft()
            if len(piece) > left:
                self.pending.appendleft(piece[left:])
                piece = piece[:left]
            pieces.append(piece)
            left -= len(piece)
        if pieces:
            super().write(b"".join(pieces))
        if self.pending:
            self.throttleWrites()
        else:
            self.unthrottleWrites()
            if self._isClosing and not self.pending:
                super().loseConnection()
        return most - left

    def throttleWrites(self) -> None:
        """The producer rests."""
        if self.producer is not None and self._streaming and not self._isPaused:
            self._isPaused = True
            self.producer.pauseProducing()

    def unthrottleWrites(self) -> None:
        """The producer goes on."""
        if self.producer is not None and (self._isPaused or not self._streaming):
            self._isPaused = False
            self.producer.resumeProducing()

    def registerProducer(self, producer: Any, streaming: bool) -> None:
        """Has a producer write, no faster than it may."""
        self.producer, self._streaming, self._isPaused = producer, bool(streaming), False
        if streaming:
            super().registerProducer(producer, True)
            if self.pending:
                self.throttleWrites()
        elif not self.pending:
            producer.resumeProducing()

    def unregisterProducer(self) -> None:
        """Ends the registration."""
        streaming, self.producer = self._streaming, None
        if streaming:
            super().unregisterProducer()

    def loseConnection(self) -> None:
        """Ends the connection, once what was written has been sent."""
        self.disconnecting = 1
        if self.pending:
            self._isClosing = True
        else:
            super().loseConnection()

    def abortConnection(self) -> None:
        """Ends the connection at once."""
        self.disconnecting = 1
        self.pending.clear()
        self.transport.abortConnection()


class ThrottlingFactory(WrappingFactory):
    """Limits how many connections there are, and how fast they read and write.

    ``ThrottlingFactory(factory)`` and ``ThrottlingFactory(factory, 5)`` limit the connections of
    one host, to 10 or to that. Twisted's form limits those in all, and the bytes a second:
    ``ThrottlingFactory(factory, 100, 5000, 5000)``, or by its names. The limits of bytes are token
    buckets: for a burst after a quiet time, and exact beyond it.

    :param maxConnectionsPerIP: of one host; a network of IPv6 with 64 bits counts as one host.
    :param readLimit: bytes a second, of all connections together; None for no limit.
    :param writeLimit: the same for writing: what is written beyond it waits.
    :param maxConnectionCount: in all; None for no limit.
    :param perConnection: whether the two limits are each connection's own.
    :param burst: bytes that may be read, or written, at once after a quiet time; what a second has.
    :param subnetPrefixes: how many bits of an address of IPv4, and of IPv6, count as one host.
    :param denyPeriod: seconds for which a host that was refused is refused everything.
    :ivar connectionCount: how many there are.
    """

    protocol: Any = ThrottlingProtocol

    def __init__(
        self,
        wrappedFactory: Any,
        *limits: Any,
        maxConnectionsPerIP: int | None = None,
        maxConnectionCount: int | None = None,
        readLimit: float | None = None,
        writeLimit: float | None = None,
        perConnection: bool = False,
        burst: float | None = None,
        subnetPrefixes: tuple[int, int] = (32, 64),
        denyPeriod: float = 0,
    ) -> None:
        super().__init__(wrappedFactory)
        if len(limits) > 3:
            raise TypeError("ThrottlingFactory takes at most three limits by their place")
        if len(limits) == 1 and readLimit is None and writeLimit is None:
            maxConnectionsPerIP = limits[0]
        elif limits:
            maxConnectionCount = limits[0]
            readLimit = limits[1] if len(limits) > 1 else readLimit
            writeLimit = limits[2] if len(limits) > 2 else writeLimit
        elif (
            maxConnectionsPerIP is maxConnectionCount is readLimit is writeLimit is None
            and not denyPeriod
        ):
            maxConnectionsPerIP = _SEED_LIMIT
        self.maxConnectionsPerIP, self.maxConnectionCount = maxConnectionsPerIP, maxConnectionCount
        self.readLimit, self.writeLimit = readLimit, writeLimit
        self.perConnection, self.burst = perConnection, burst
        self.subnetPrefixes, self.denyPeriod = subnetPrefixes, denyPeriod
        self.connectionCount = 0
        #: By network: how many connections it has, and until when it is denied.
        self.peers: dict[str, int] = {}
        self.denied: dict[str, float] = {}
        self._reading: Bucket | None = None
        self._writing: Bucket | None = None
        self._readers: IDelayedCall | None = None
        self._writers: IDelayedCall | None = None

    # Time, which a test overrides

    def callLater(self, period: float, func: Callable[[], None]) -> IDelayedCall:
        """Calls a function later."""
        return later(self._near, period, func)

    def seconds(self) -> float:
        """The time."""
        reactor = getattr(self._near, "reactor", None)
        if reactor is not None:
            return float(reactor.seconds())
        from ..internet import reactor as own

        return own.seconds()

    @property
    def _near(self) -> Any:
        return next((p.transport for p in self.protocols), None)

    # Connections

    def buildProtocol(self, addr: Any) -> Any:
        """Has the inner factory build, unless there are too many connections already."""
        peer = self.network(addr)
        if self._mustRefuse(peer):
            self.refuse()
            return None
        self.connectionCount += 1
        if peer is not None:
            self.peers[peer] = self.peers.get(peer, 0) + 1
        built = None
        try:
            built = super().buildProtocol(addr)
        finally:
            if built is None:
                self._forget(peer)
        if built is not None:
            built.network = peer
        return built

    def _mustRefuse(self, peer: str | None) -> bool:
        if self.maxConnectionCount is not None and self.connectionCount >= self.maxConnectionCount:
            _log.info("%r has its %d connections", self, self.connectionCount)
            return True
        if peer is None:
            return False
        if self.denyPeriod and self.denied:
            now = self.seconds()
            self.denied = {host: end for host, end in self.denied.items() if end > now}
            if peer in self.denied:
                return True
        limit = self.maxConnectionsPerIP
        if limit is None or self.peers.get(peer, 0) < limit:
            return False
        if self.denyPeriod:
            self.denied[peer] = self.seconds() + self.denyPeriod
        return True

    def network(self, addr: Any) -> str | None:
        """What counts as one host for an address; None where there are no hosts."""
        host = host_of(addr)
        if host is None:
            return None
        try:
            parsed = ip_address(host.partition("%")[0])
        except ValueError:
            return host
        mapped = getattr(parsed, "ipv4_mapped", None)
        parsed = mapped or parsed
        bits = self.subnetPrefixes[0 if parsed.version == 4 else 1]
        return str(ip_network((parsed, bits), strict=False))

    def _forget(self, peer: str | None) -> None:
        self.connectionCount -= 1
        if peer is not None:
            left = self.peers[peer] - 1
            if left:
                self.peers[peer] = left
            else:
                del self.peers[peer]

    def unregisterProtocol(self, p: Any) -> None:
        """A connection has ended."""
        super().unregisterProtocol(p)
        p.pending.clear()
        self._forget(p.network)
        if not self.connectionCount:
            for call in (self._readers, self._writers):
                if call is not None and call.active():
                    call.cancel()
            self._readers = self._writers = None

    # Bytes

    def _bucket(self, limit: float) -> Bucket:
        return Bucket(limit, limit if self.burst is None else self.burst, self.seconds())

    def registerRead(self, length: int, p: Any = None) -> None:
        """So many bytes were read."""
        if not self.readLimit:
            return
        if self.perConnection and p is not None:
            if p.reading is None:
                p.reading = self._bucket(self.readLimit)
            wait = p.reading.take(length, self.seconds())
            if wait > 0 and not p._rests:
                p.throttleReads()
                self.callLater(wait, p.unthrottleReads)
            return
        if self._reading is None:
            self._reading = self._bucket(self.readLimit)
        wait = self._reading.take(length, self.seconds())
        if wait > 0:
            self.throttleReads(wait)

    def throttleReads(self, wait: float = 1) -> None:
        """Has all connections rest from reading, for so many seconds."""
        for p in list(self.protocols):
            p.throttleReads()
        if self._readers is None or not self._readers.active():
            self._readers = self.callLater(wait, self.unthrottleReads)
        else:
            self._readers.reset(wait)

    def unthrottleReads(self) -> None:
        """Has all connections read again."""
        self._readers = None
        for p in list(self.protocols):
            p.unthrottleReads()

    def registerWritten(self, p: Any) -> None:
        """A connection has something to send: it sends what it may."""
        if not self.writeLimit:
            p.send(p.waiting)
            return
        if self._writers is not None and self._writers.active():
            # Others wait, or this one: it has its share with the next.
            if p.writing is not None and len(p.pending) == 1:
                p.writing.tokens(self.seconds())
            p.throttleWrites()
            return
        self._share([p])

    def _share(self, writers: list[Any], haveWaited: bool = False) -> None:
        limit = self.writeLimit
        assert limit is not None
        now = self.seconds()
        for index, p in enumerate(writers):
            if self.perConnection:
                if p.writing is None:
                    p.writing = self._bucket(limit)
                bucket, others = p.writing, 1
            else:
                if self._writing is None:
                    self._writing = self._bucket(limit)
                bucket, others = self._writing, len(writers) - index
            # Half a byte's worth of a float's error is no byte.
            may = int(bucket.tokens(now, haveWaited) + 1e-6) // others
            if may > 0 or not p.pending:
                bucket.take(p.send(min(may, p.waiting)), now)
        if any(p.pending for p in self.protocols):
            self._writers = self.callLater(max(_SHARE, 1 / limit), self.unthrottleWrites)

    def unthrottleWrites(self) -> None:
        """Has those connections send that have something to send."""
        self._writers = None
        self._share([p for p in self.protocols if p.pending], True)
