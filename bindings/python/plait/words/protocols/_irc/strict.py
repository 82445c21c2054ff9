"""Strict transport security: IRCv3's STS, kept and obeyed."""

from __future__ import annotations

import time
from collections.abc import MutableMapping
from typing import TYPE_CHECKING, Any, Optional

from ....internet import endpoints
from ....internet.defer import Deferred

if TYPE_CHECKING:
    from .told import Told


class StrictTransportEndpoint:
    """
    A host that is connected to as its policy of strict transport security says: over TLS alone, as long
    as there is one. Where a server without TLS names a port for it, the connection is aborted, and the
    next one (:class:`plait.application.internet.ClientService` makes it by itself) goes there.

    >>> from plait.internet import reactor
    >>> policies = {"irc.example.org": (6697, 4e9)}  # what shelve.open() gives outlives the program
    >>> StrictTransportEndpoint(reactor, "irc.example.org", 6667, policies).securePort()
    6697

    :param policies: keeps them: by host, the port and until when, in seconds since 1970.
    :param options: of TLS, as :func:`plait.internet.ssl.optionsForClientTLS` makes them.
    """

    def __init__(
        self,
        reactor: Any,
        host: str,
        port: int,
        policies: MutableMapping[str, tuple[int, float]],
        options: Any = None,
        timeout: Optional[float] = 30,
    ) -> None:
        self.reactor, self.host, self.port, self.timeout = reactor, host.lower(), port, timeout
        self.policies, self.options = policies, options
        #: The port for TLS that was named in the clear, and is good for the next connection alone.
        self.upgrade = 0

    def securePort(self) -> int:
        """The port that has to be connected to over TLS, or 0."""
        port, expiry = self.policies.get(self.host, (0, 0.0))
        return self.upgrade or (port if expiry > time.time() else 0)

    def connect(self, protocolFactory: Any) -> Deferred[Any]:
        """Connects; the result is the protocol."""
        port = self.securePort()
        where: Any = endpoints.HostnameEndpoint(self.reactor, self.host, port or self.port, self.timeout)
        if port:
            options = self.options
            if options is None:
                from ....internet.ssl import optionsForClientTLS

                options = optionsForClientTLS(self.host)
            where = endpoints.wrapClientTLS(options, where)
        connecting: Deferred[Any] = where.connect(protocolFactory)
        return connecting.addCallback(self._connected, port)

    def _connected(self, protocol: Any, port: int) -> Any:
        client = protocol
        while hasattr(client, "wrappedProtocol"):
            client = client.wrappedProtocol
        client.strictEndpoint, client._strictPolicy = self, (port, 0)
        return protocol

    def heard(
        self, client: Told, port: Optional[int], duration: Optional[int], isSecure: bool
    ) -> None:
        """What a server says: see :meth:`IRCClient.strictTransport`."""
        if not isSecure and port:
            self.upgrade = port
            client.transport.abortConnection()
        elif isSecure and duration is not None:
            client._strictPolicy = (client._strictPolicy[0], duration)
            self.keep(client)

    def keep(self, client: Any) -> None:
        """The policy's time begins, when it is heard and when the conversation ends."""
        port, duration = client._strictPolicy
        if port and duration:
            self.policies[self.host] = (port, time.time() + duration)
        else:
            self.policies.pop(self.host, None)
