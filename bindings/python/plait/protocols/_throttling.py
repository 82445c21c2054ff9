"""How many connections, and how fast."""

from __future__ import annotations

import logging
from ipaddress import ip_address, ip_network
from typing import TYPE_CHECKING, Any, Callable

from .._core.towers import stock
from ..internet._current import current
from ._limiting import _is_count
from ._throttled import Bucket, ThrottledInC, ThrottlingProtocol
from ._wrapping import WrappingFactory, built, host_of, later

if TYPE_CHECKING:
    from ..internet.interfaces import IDelayedCall

_log = logging.getLogger("plait")

#: Seconds between two shares of a limit that is shared out.
_SHARE = 0.05
_SEED_LIMIT = 10


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
    inherits = True

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
        reactor = getattr(self._near, "reactor", None) or current()
        return float(reactor.seconds())

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
        if p.parentWrapper is None:
            self._forget(p.network)
        if not self.protocols:
            for call in (self._readers, self._writers):
                if call is not None and call.active():
                    call.cancel()
            self._readers = self._writers = None

    # Where the C library runs it

    def standIn(self, inner: Any) -> Any:
        """Makes what stands around a protocol."""
        return ThrottledInC(self, inner)

    def entered(self, p: Any, address: Any) -> None:
        """A connection is there, of somebody at an address."""
        super().entered(p, address)
        p.network = peer = self.network(address)
        self.connectionCount += 1
        if peer is not None:
            self.peers[peer] = self.peers.get(peer, 0) + 1

    def left(self, p: Any) -> None:
        """A connection has ended."""
        super().left(p)
        self._forget(p.network)

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


def _in_c(policy: Any, inner: int) -> list[int] | None:
    from .._native import policies

    options = policies.ThrottleOptions()
    counts = (policy.maxConnectionCount, policy.maxConnectionsPerIP)
    if any(count is not None and not _is_count(count) for count in counts):
        return None
    options.max_connections = policy.maxConnectionCount or 0
    options.ipv6_peer_bits = options.ipv6_subnet_bits = policy.subnetPrefixes[1]
    if policy.subnetPrefixes[0] == 32:
        options.max_per_peer = policy.maxConnectionsPerIP or 0
    else:
        options.max_per_subnet = policy.maxConnectionsPerIP or 0
        options.ipv4_subnet_bits = policy.subnetPrefixes[0]
    options.deny_ms = round(policy.denyPeriod * 1000)
    each = policy.perConnection
    for limit, which in (
        (policy.readLimit, options.read_each if each else options.read),
        (policy.writeLimit, options.write_each if each else options.write),
    ):
        if not limit:
            continue
        burst = limit if policy.burst is None else policy.burst
        if limit != int(limit) or burst < limit / 100 or burst < 1:
            return None
        which.limit, which.burst = int(limit), int(burst)
    return built(policies.throttle_factory_new, inner, options)


stock(ThrottlingFactory, _in_c)
