"""Plait in asyncio's company: its protocols and endpoints on a loop of asyncio's, or of uvloop's.

The running loop watches the one descriptor of a reactor, and turns it when that is readable::

    async def main():
        port = await aio.listen("tcp:8080:interface=127.0.0.1", Echo)
        client = await aio.connect("tcp:127.0.0.1:8080", Client)

    asyncio.run(main())

Coroutines can do without protocols of their own: :class:`Lines`, :class:`Strings`,
:class:`Netstrings` and :class:`Bytes` are connections that are read by ``async for``.

>>> import asyncio
>>> from plait import aio
>>> async def echo(conn):
...     async for line in conn.lines():
...         conn.sendLine(line.upper())
...         await conn.drain()
>>> async def main():
...     async with aio.serving("tcp:0:interface=127.0.0.1", aio.Lines, echo) as port:
...         where = f"tcp:127.0.0.1:{port.getHost().port}"
...         async with aio.connected(where, aio.Lines) as conn:
...             conn.sendLines([b"hello", b"world"])
...             print(await conn.read(), await conn.read())
>>> asyncio.run(main())
b'HELLO' b'WORLD'

Every Deferred can be awaited, and is cancelled with the task that waits. Twisted's counterpart is
its ``asyncioreactor``, which takes the place of its reactor instead.
"""

from ._loops import driving, getReactor
from ._opening import connect, connected, listen, listening, serving
from ._streams import Bytes, Conn, Lines, Netstrings, Strings

__all__ = [
    "Bytes",
    "Conn",
    "Lines",
    "Netstrings",
    "Strings",
    "connect",
    "connected",
    "driving",
    "getReactor",
    "listen",
    "listening",
    "serving",
]
