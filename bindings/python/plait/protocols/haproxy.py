"""Behind a load balancer: connections that begin with a header of the PROXY protocol.

Twisted's ``twisted.protocols.haproxy``. Where the header says who the peer is, the factory is asked for a
protocol for *that* address, so that whatever counts peers or lets them in counts and lets in the
right ones. ::

    endpoint = endpoints.serverFromString(reactor, "haproxy:tcp:8080")
    endpoint = haproxy.proxyEndpoint(endpoints.TCP4ServerEndpoint(reactor, 8080), ["10.0.0.0/8"])
"""

from __future__ import annotations

import logging
from collections.abc import Iterable
from ipaddress import ip_address
from typing import TYPE_CHECKING, Any

from .._core.towers import stock
from ..internet._bystring import ServerEndpoint
from ..internet.protocol import connectionDone, given_reason
from ._limiting import _networks, list_in_c
from ._proxyheader import Header, InvalidProxyHeader, parse
from ._wrapping import ProtocolWrapper, WrappingFactory, built, host_of, later

if TYPE_CHECKING:
    from ..internet import defer
    from ..python.failure import Failure

__all__ = [
    "HAProxyProtocolWrapper",
    "HAProxyWrappingFactory",
    "InvalidProxyHeader",
    "proxyEndpoint",
]

_log = logging.getLogger("plait")


class HAProxyProtocolWrapper(ProtocolWrapper):
    """Takes the header off, and has the inner protocol built when it is there.

    ``getPeer`` and ``getHost`` are what the header says, if it says something.
    """

    def __init__(self, factory: Any, address: Any) -> None:
        super().__init__(factory, None)
        self._address = address
        self._held = b""
        self._header: Header | None = None
        self._isOver = False
        self._limit: Any = None

    def makeConnection(self, transport: Any) -> None:
        """Meets the transport, and waits for the header: from those that may send one."""
        self.transport, self.connected = transport, 1
        self.factory.registerProtocol(self)
        if self.factory.trusts(host_of(self._address)):
            period = self.factory.timeoutPeriod
            self._limit = self.factory.callLater(transport, period, self._tooLate)
        else:
            self._begin(Header(None, None))

    def _tooLate(self) -> None:
        self._limit = None
        self._fail("it took too long")

    def _fail(self, why: object) -> None:
        _log.info("%r sent no header: %s", self._address, why)
        self._isOver = True
        self.transport.loseConnection()

    def _inTime(self) -> None:
        limit, self._limit = self._limit, None
        if limit is not None:
            limit.cancel()

    def _begin(self, header: Header) -> None:
        self._inTime()
        self._header = header
        inner = self.factory.buildInner(header.source or self._address)
        if inner is None:
            self._isOver = True
            self.transport.loseConnection()
            return
        self.wrappedProtocol = inner
        inner.makeConnection(self)

    def dataReceived(self, data: bytes) -> None:
        """Takes bytes: those behind the header are the inner protocol's."""
        if self._isOver:
            return
        if self._header is not None:
            super().dataReceived(data)
            return
        self._held += data
        try:
            found = parse(self._held)
        except InvalidProxyHeader as error:
            self._inTime()
            self._fail(error)
            return
        if found is not None:
            self._held = b""
            header, rest = found
            self._begin(header)
            if rest and not self._isOver:
                super().dataReceived(rest)

    @given_reason
    def connectionLost(self, reason: Failure = connectionDone) -> None:
        """Tells the inner protocol, if there is one."""
        self._inTime()
        if self.wrappedProtocol is None:
            self.factory.unregisterProtocol(self)
        else:
            super().connectionLost(reason)

    def getPeer(self) -> Any:
        """Who the peer is, by the header."""
        if self._header is not None and self._header.source is not None:
            return self._header.source
        return self.transport.getPeer()

    def getHost(self) -> Any:
        """Where the peer has connected to, by the header."""
        if self._header is not None and self._header.destination is not None:
            return self._header.destination
        return self.transport.getHost()


class HAProxyWrappingFactory(WrappingFactory):
    """Expects a header in front of each connection.

    Who can send a header can claim any address: let nobody but the load balancer reach the port, or
    say who it is. A header that is wrong, or not there in time, ends the connection, and the inner
    factory never hears of it.

    :param trusted: networks that headers are taken from; all, if there are none.
    :param direct: whether others may connect without a header; else they are refused.
    :param timeoutPeriod: seconds for the whole header.
    """

    protocol: Any = HAProxyProtocolWrapper

    def __init__(
        self,
        wrappedFactory: Any,
        trusted: Iterable[str] = (),
        direct: bool = False,
        timeoutPeriod: float = 3,
    ) -> None:
        super().__init__(wrappedFactory)
        self.trusted, self.direct = _networks(trusted), direct
        self.timeoutPeriod = timeoutPeriod

    def callLater(self, transport: Any, period: float, function: Any) -> Any:
        """Calls a function later, on the reactor of a transport. A test overrides it."""
        return later(transport, period, function)

    def trusts(self, host: str | None) -> bool:
        """Whether a host's header counts."""
        if not self.trusted:
            return True
        if host is None:
            # Nobody but this machine's own programs has none.
            return True
        address = ip_address(host.partition("%")[0])
        address = getattr(address, "ipv4_mapped", None) or address
        return any(address in network for network in self.trusted)

    def buildProtocol(self, addr: Any) -> Any:
        """Makes a wrapper, whose inner protocol is built when its header is there."""
        if not self.direct and not self.trusts(host_of(addr)):
            self.refuse()
            return None
        return self.protocol(self, addr)

    def buildInner(self, addr: Any) -> Any:
        """Has the inner factory build for the address of a header; None if it refuses."""
        inner = self.wrappedFactory.buildProtocol(addr)
        if inner is None:
            self.counters.refusedWithin += 1
        return inner


def _in_c(policy: Any, inner: int) -> list[int] | None:
    from .._native import policies

    if not policy.timeoutPeriod > 0:
        return None
    options = policies.ProxyOptions(
        flags=policies.PROXY_DIRECT if policy.direct else 0,
        trusted=list_in_c(policy.trusted),
        timeout_ms=max(1, round(policy.timeoutPeriod * 1000)),
    )
    return built(policies.proxy_factory_new, inner, options, None)


stock(HAProxyWrappingFactory, _in_c)


class ProxyEndpoint(ServerEndpoint):
    """An endpoint whose connections begin with headers."""

    def __init__(self, wrapped: Any, trusted: Iterable[str] = (), direct: bool = False) -> None:
        self._wrapped, self._trusted, self._direct = wrapped, list(trusted), direct

    def listen(self, protocolFactory: Any, parent: Any = None) -> defer.Deferred[Any]:
        """Listens; the result is the port."""
        factory = HAProxyWrappingFactory(protocolFactory, self._trusted, self._direct)
        more = {} if parent is None else {"parent": parent}
        done: defer.Deferred[Any] = self._wrapped.listen(factory, **more)
        return done

    def __repr__(self) -> str:
        return f"<haproxy:{self._wrapped!r}>"


def proxyEndpoint(
    wrappedEndpoint: Any, trusted: Iterable[str] = (), direct: bool = False
) -> ProxyEndpoint:
    """An endpoint whose connections begin with headers: see :class:`HAProxyWrappingFactory`."""
    return ProxyEndpoint(wrappedEndpoint, trusted, direct)
