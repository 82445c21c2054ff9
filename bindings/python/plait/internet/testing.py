"""Protocols, transports and reactors for tests: Twisted's ``twisted.internet.testing``.

The same as :mod:`plait.test.proto_helpers`.
"""

from ..test.proto_helpers import (
    AccumulatingProtocol,
    Clock,
    LineSendingProtocol,
    MemoryReactor,
    MemoryReactorClock,
    NonStreamingProducer,
    RaisingMemoryReactor,
    StringIOWithoutClosing,
    StringTransport,
    StringTransportWithDisconnection,
    waitUntilAllDisconnected,
)

__all__ = [
    "AccumulatingProtocol",
    "Clock",
    "LineSendingProtocol",
    "MemoryReactor",
    "MemoryReactorClock",
    "NonStreamingProducer",
    "RaisingMemoryReactor",
    "StringIOWithoutClosing",
    "StringTransport",
    "StringTransportWithDisconnection",
    "waitUntilAllDisconnected",
]
