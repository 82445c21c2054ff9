"""Spreads values over several memcached servers, as libmemcached would, and gets all of them back at once.

Usage: python memcache_pool.py COUNT ENDPOINT [ENDPOINT...]

A server that is not there costs its own keys alone: run it again when one has been stopped.
"""

import asyncio
import sys

from plait import aio
from plait.internet.error import ConnectionLost
from plait.protocols import memcache


class Pool(memcache.MemCachePool):
    def serverDown(self, index, reason):
        print(f"{self.servers[index]}: {reason.getErrorMessage()}", file=sys.stderr)


async def main(count, *servers):
    async with aio.driving() as reactor:
        pool = await Pool(servers, reactor=reactor, connectTimeout=5).open()
        keys = [b"item:%d" % number for number in range(int(count))]
        stored = await asyncio.gather(
            *(pool.set(key, key, expireTime=60, timeout=5) for key in keys), return_exceptions=True
        )
        lost = sum(isinstance(outcome, ConnectionLost) for outcome in stored)
        # One question to each server, whatever the number of keys; what fails, fails alone.
        there = [key for key, outcome in zip(keys, stored) if outcome is memcache.STORED]
        values = await pool.get(there) if there else {}
        held = [0] * len(servers)
        for key, (_, value) in values.items():
            if value == key:
                held[pool.serverFor(key)] += 1
        print(f"stored {len(there)}, found {sum(held)}, lost {lost}:", *held)
        pool.close()


asyncio.run(main(*sys.argv[1:]))
