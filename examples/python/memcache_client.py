"""Counts how often it was run, in memcached, and remembers by whom.

Usage: python memcache_client.py ENDPOINT NAME
"""

import asyncio
import sys

from plait import aio
from plait.internet.protocol import Factory
from plait.protocols import memcache


class Cache(memcache.MemCacheProtocol):
    memCacheOptions = memcache.MemCacheOptions(prefix=b"example:", callTimeout=5)


async def main(where, name):
    async with aio.driving():
        cache = await aio.connect(where, Factory.forProtocol(Cache))
        # What is asked at a time leaves in one write, and is answered in order.
        await asyncio.gather(cache.add(b"runs", b"0"), cache.add(b"names", b""))
        runs, _ = await asyncio.gather(
            cache.increment(b"runs"), cache.append(b"names", name.encode() + b" ")
        )
        flags, names = await cache.get(b"names")
        print(f"run {runs}, by {names.decode().strip()}")

        # A value that somebody else may change meanwhile.
        while True:
            flags, identifier, value = await cache.get(b"names", withIdentifier=True)
            tidy = b"".join(b"%s " % word for word in sorted(set(value.split())))
            outcome = await cache.checkAndSet(b"names", tidy, identifier)
            if outcome is not memcache.EXISTS:
                break
        cache.transport.loseConnection()


asyncio.run(main(*sys.argv[1:3]))
