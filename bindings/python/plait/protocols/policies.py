"""Protections around any protocol: Twisted's ``twisted.protocols.policies``.

Each is a factory around a factory, and they can be put around each other in any order::

    guarded = TimeoutFactory(ThrottlingFactory(factory, maxConnectionsPerIP=5), 60)

On a reactor the C library runs those of them that stand outermost and are exactly the classes that are here: no
subclass, nothing overridden. What they have to say is the same, but bytes do not pass Python, and a protocol's
transport is the connection's own. Their limits are those that they had when they came into use. Logs of
traffic, SpewingFactory and LimitTotalConnectionsFactory run in Python, and so does what is within them.
"""

from ._limiting import AccessFactory, LimitConnectionsByPeer, LimitTotalConnectionsFactory
from ._throttled import ThrottlingProtocol
from ._throttling import ThrottlingFactory
from ._timeouts import TimeoutFactory, TimeoutMixin, TimeoutProtocol
from ._traffic import (
    SpewingFactory,
    SpewingProtocol,
    TrafficLoggingFactory,
    TrafficLoggingProtocol,
)
from ._wrapping import Counters, ProtocolWrapper, WrappingFactory, wrapperOf

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
    "wrapperOf",
]
