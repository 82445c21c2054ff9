"""Who is let in."""

from __future__ import annotations

from collections.abc import Iterable
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network
from typing import Any, Callable, Union

from .._core.towers import stock
from ..internet._current import current
from ..internet.protocol import ServerFactory
from ._wrapping import Counters, ProtocolWrapper, WrappingFactory, built, host_of

_Network = Union[IPv4Network, IPv6Network]


class LimitConnectionsByPeer(WrappingFactory):
    """Lets so many connections of one host in at a time.

    :ivar maxConnectionsPerPeer: how many.
    :ivar peerConnections: by host, how many there are.
    """

    maxConnectionsPerPeer = 5

    def __init__(self, wrappedFactory: Any, maxConnectionsPerPeer: int | None = None) -> None:
        super().__init__(wrappedFactory)
        if maxConnectionsPerPeer is not None:
            self.maxConnectionsPerPeer = maxConnectionsPerPeer
        self.peerConnections: dict[str, int] = {}

    def startFactory(self) -> None:
        """The factory comes into use."""
        self.peerConnections = {}

    def buildProtocol(self, addr: Any) -> Any:
        """Has the inner factory build, unless the host has enough already."""
        host = host_of(addr)
        if host is None:
            return super().buildProtocol(addr)
        count = self.peerConnections.get(host, 0)
        if count >= self.maxConnectionsPerPeer:
            self.refuse()
            return None
        built = super().buildProtocol(addr)
        if built is not None:
            built.peerHost = host
            self.peerConnections[host] = self.peerConnections.get(host, 0) + 1
        return built

    def unregisterProtocol(self, p: Any) -> None:
        """A connection has ended."""
        super().unregisterProtocol(p)
        self._forget(p)

    def _forget(self, p: Any) -> None:
        host = p.__dict__.get("peerHost")
        if host in self.peerConnections:
            self.peerConnections[host] -= 1
            if not self.peerConnections[host]:
                del self.peerConnections[host]

    def entered(self, p: Any, address: Any) -> None:
        """A connection is there, of somebody at an address."""
        super().entered(p, address)
        p.peerHost = host = host_of(address)
        if host is not None:
            self.peerConnections[host] = self.peerConnections.get(host, 0) + 1

    def left(self, p: Any) -> None:
        """A connection has ended."""
        super().left(p)
        self._forget(p)


def _by_peer_in_c(policy: Any, inner: int) -> list[int] | None:
    from .._native import policies

    most = policy.maxConnectionsPerPeer
    if not _is_count(most):
        return None
    options = policies.ThrottleOptions(max_per_peer=most, ipv6_peer_bits=128)
    return built(policies.throttle_factory_new, inner, options)


def _is_count(value: Any) -> bool:
    """Whether the C library takes it as a limit: there, 0 is none."""
    return type(value) is int and 0 < value < 1 << 32


stock(LimitConnectionsByPeer, _by_peer_in_c)


class LimitTotalConnectionsFactory(ServerFactory):
    """Lets so many connections in at a time; those beyond get another protocol, or are refused.

    :ivar protocol: what is spoken.
    :ivar connectionLimit: how many; None for no limit.
    :ivar overflowProtocol: what is spoken to those beyond the limit; None refuses them.
    :ivar connectionCount: how many there are, those included.
    """

    connectionCount = 0
    connectionLimit: int | None = None
    overflowProtocol: Callable[[], Any] | None = None

    def __init__(self) -> None:
        self.counters = Counters()

    def buildProtocol(self, addr: Any) -> Any:
        """Builds the protocol, or the overflow's."""
        if self.connectionLimit is None or self.connectionCount < self.connectionLimit:
            return self._wrap(super().buildProtocol(addr))
        if self.overflowProtocol is None:
            self.counters.refused += 1
            return None
        built = self.overflowProtocol()
        built.factory = self
        return self._wrap(built)

    def _wrap(self, built: Any) -> Any:
        return None if built is None else ProtocolWrapper(self, built)

    def registerProtocol(self, p: Any) -> None:
        """A connection is there."""
        self.connectionCount += 1
        self.counters.open += 1
        self.counters.total += 1

    def unregisterProtocol(self, p: Any) -> None:
        """A connection has ended."""
        self.connectionCount -= 1
        self.counters.open -= 1


class AccessFactory(WrappingFactory):
    """Lets in whom its lists let in, and no more a second than it says. Twisted has none.

    The longest network of both lists that has an address decides; of two alike, that of ``deny``.

    :param allow: networks such as ``10.0.0.0/8`` or ``2001:db8::/32``; if there are any, nobody
        else is let in.
    :param deny: networks that are not let in.
    :param acceptRate: connections a second, in all; with ``acceptBurst`` at once.
    """

    def __init__(
        self,
        wrappedFactory: Any,
        allow: Iterable[str] = (),
        deny: Iterable[str] = (),
        acceptRate: float | None = None,
        acceptBurst: int = 1,
    ) -> None:
        super().__init__(wrappedFactory)
        self.allow, self.deny = _networks(allow), _networks(deny)
        self.acceptRate, self.acceptBurst = acceptRate, acceptBurst
        self._tokens, self._time = float(acceptBurst), None

    _time: float | None

    def seconds(self) -> float:
        """The time. A test overrides it with a clock's."""
        now: float = current().seconds()
        return now

    def buildProtocol(self, addr: Any) -> Any:
        """Has the inner factory build for those that are let in."""
        if not self.admits(host_of(addr)) or not self._inTime():
            self.refuse()
            return None
        return super().buildProtocol(addr)

    def admits(self, host: str | None) -> bool:
        """Whether the lists let a host in. Those without an address are let in by none."""
        if host is None:
            return not self.allow
        try:
            address = ip_address(host.partition("%")[0])
        except ValueError:
            return not self.allow
        address = getattr(address, "ipv4_mapped", None) or address
        denied, allowed = _longest(address, self.deny), _longest(address, self.allow)
        return not self.allow if denied == allowed == -1 else allowed > denied

    def _inTime(self) -> bool:
        if self.acceptRate is None:
            return True
        now = self.seconds()
        if self._time is not None:
            gained = (now - self._time) * self.acceptRate
            self._tokens = min(float(self.acceptBurst), self._tokens + gained)
        self._time = now
        if self._tokens < 1 - 1e-9:
            return False
        self._tokens -= 1
        return True


def _longest(address: Any, networks: list[_Network]) -> int:
    """The bits of the longest network that has an address, or -1."""
    return max((network.prefixlen for network in networks if address in network), default=-1)


def _access_in_c(policy: Any, inner: int) -> list[int] | None:
    from .._native import functions, policies

    made: list[int] = []
    rate, burst = policy.acceptRate, policy.acceptBurst
    if rate is not None:
        if rate != int(rate) or not _is_count(int(rate)) or not _is_count(burst):
            return None
        limits = policies.ThrottleOptions(accept_rate=int(rate), accept_burst=burst)
        made += built(policies.throttle_factory_new, inner, limits) or []
        if not made:
            return None
    options = policies.AccessOptions(
        flags=policies.ACCESS_REFUSE_OTHERS if policy.allow else 0,
        allow=list_in_c(policy.allow),
        deny=list_in_c(policy.deny),
    )
    outer = built(policies.access_factory_new, made[-1] if made else inner, options, None)
    if outer is None:
        for handle in made:
            functions.factory_release(handle)
        return None
    return made + outer


def list_in_c(networks: list[_Network]) -> bytes | None:
    """A list as the C library reads it; None for none."""
    return ",".join(map(str, networks)).encode() if networks else None


stock(AccessFactory, _access_in_c)


def _networks(texts: Iterable[str]) -> list[_Network]:
    return [ip_network(text, strict=False) for text in texts]
