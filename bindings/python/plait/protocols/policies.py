"""Protections around any protocol: Twisted's ``twisted.protocols.policies``.

Each is a factory around a factory, and they can be put around each other in any order::

    guarded = TimeoutFactory(ThrottlingFactory(factory, maxConnectionsPerIP=5), 60)
"""

from ._limiting import AccessFactory, LimitConnectionsByPeer, LimitTotalConnectionsFactory
from ._throttling import ThrottlingFactory, ThrottlingProtocol
from ._timeouts import TimeoutFactory, TimeoutMixin, TimeoutProtocol
from ._traffic import (
    SpewingFactory,
    SpewingProtocol,
    TrafficLoggingFactory,
    TrafficLoggingProtocol,
)
from ._wrapping import Counters, ProtocolWrapper, WrappingFactory

__all__ = [
    "AccessFactory",
    "Counters",
    "LimitConnectionsByPeer",
    "LimitTotalConnectionsFactory",
    "ProtocolWrapper",
    "SpewingFactory",
    "SpewingProtocol",
    "ThrottlingFactory",
    "ThrottlingProtocol",
    "TimeoutFactory",
    "TimeoutMixin",
    "TimeoutProtocol",
    "TrafficLoggingFactory",
    "TrafficLoggingProtocol",
    "WrappingFactory",
]
