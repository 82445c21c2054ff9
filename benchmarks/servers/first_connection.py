"""How long it takes from the import of a package to the first connection that it has accepted: first_connection.py PEER

Prints milliseconds: of the clock, and of the processor.
"""

import sys
import time

begun = time.perf_counter(), time.process_time()


def tell():
    print(*((now - before) * 1000 for now, before in zip((time.perf_counter(), time.process_time()), begun)))


def protocols(package):
    import importlib
    import socket

    reactor = importlib.import_module(f"{package}.internet.reactor")
    protocol = importlib.import_module(f"{package}.internet.protocol")
    basic = importlib.import_module(f"{package}.protocols.basic")

    class Echo(basic.LineReceiver):
        def connectionMade(self):
            tell()
            reactor.stop()

    port = reactor.listenTCP(0, protocol.Factory.forProtocol(Echo), interface="127.0.0.1")
    peer = socket.create_connection(("127.0.0.1", port.getHost().port))
    reactor.run()
    peer.close()


def loops(package):
    import asyncio
    import socket

    async def main():
        made = asyncio.Event()

        class Echo(asyncio.Protocol):
            def connection_made(self, transport):
                tell()
                made.set()

        server = await asyncio.get_running_loop().create_server(Echo, "127.0.0.1", 0)
        peer = socket.create_connection(server.sockets[0].getsockname())
        await made.wait()
        peer.close()

    if package == "uvloop":
        import uvloop

        loop = uvloop.new_event_loop()
    else:
        loop = asyncio.new_event_loop()
    loop.run_until_complete(main())


(protocols if sys.argv[1] in ("plait", "twisted") else loops)(sys.argv[1])
