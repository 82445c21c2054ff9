"""Who is let in."""

from __future__ import annotations

from collections.abc import Iterable
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network
from typing import Any, Callable, Union

from ..internet.protocol import ServerFactory
from ._wrapping import Counters, ProtocolWrapper, WrappingFactory, host_of

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
        host = p.__dict__.get("peerHost")
        if host is not None:
            self.peerConnections[host] -= 1
            if not self.peerConnections[host]:
                del self.peerConnections[host]


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

    :param allow: networks such as ``10.0.0.0/8`` or ``2001:db8::/32``; if there are any, nobody
        else is let in.
    :param deny: networks that are not let in, whatever the other list says.
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
        from ..internet import reactor

        return reactor.seconds()

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
        if any(address in network for network in self.deny):
            return False
        return not self.allow or any(address in network for network in self.allow)

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


def _networks(texts: Iterable[str]) -> list[_Network]:
    return [ip_network(text, strict=False) for text in texts]
