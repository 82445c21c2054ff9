"""A client of memcached: Twisted's ``twisted.protocols.memcache``, and what it lacks.

Questions are methods of a protocol, and Deferreds, which can be awaited::

    endpoint = endpoints.TCP4ClientEndpoint(reactor, "localhost", memcache.DEFAULT_PORT)
    protocol = await endpoints.connectProtocol(endpoint, memcache.MemCacheProtocol())
    await protocol.set(b"key", b"value", expireTime=60)
    flags, value = await protocol.get(b"key")

and :class:`MemCachePool` asks many servers in the same way.
"""

from ._memcache.pool import Distribution, MemCachePool
from ._memcache.protocol import MemCacheProtocol
from ._memcache.results import (
    DELETED,
    EXISTS,
    HIT,
    MISS,
    NOT_FOUND,
    NOT_STORED,
    OK,
    STORED,
    TOUCHED,
    ClientError,
    MemCacheOptions,
    MetaAnswer,
    NoSuchCommand,
    Outcome,
    ServerError,
)

#: Where memcached listens.
DEFAULT_PORT = 11211

__all__ = [
    "ClientError",
    "DEFAULT_PORT",
    "DELETED",
    "Distribution",
    "EXISTS",
    "HIT",
    "MISS",
    "MemCacheOptions",
    "MemCachePool",
    "MemCacheProtocol",
    "MetaAnswer",
    "NOT_FOUND",
    "NOT_STORED",
    "NoSuchCommand",
    "OK",
    "Outcome",
    "STORED",
    "ServerError",
    "TOUCHED",
]

for _name in __all__:
    if isinstance(globals()[_name], type):
        # Where a program finds it, and what its name is told by.
        globals()[_name].__module__ = __name__
